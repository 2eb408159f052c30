// Searches: each filter alone and with each other, names and prefixes as bytes, bounded pages.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/limits.h"
#include "support/store_records.h"

// --- filters ---------------------------------------------------------------------------------

// What one certificate of the pairs below is.
struct sample {
    const char *serial;
    const char *name;
    const char *key;
    const char *address;
    const char *profile;
    int64_t issuer_id;
    int64_t not_after;
    bool is_revoked;
};

// A has every property that is searched for; each of the others lacks one, and Z all.
static const struct sample samples[] = {
    {"A", "tracker-1", "key", "192.0.2.7", "mqtt", 1, NOW + 50, true},
    {"B", "camera-1", "key", "192.0.2.7", "mqtt", 1, NOW + 50, true},
    {"C", "tracker-1", "yek", "192.0.2.7", "mqtt", 1, NOW + 50, true},
    {"D", "tracker-1", "key", "192.0.2.70", "mqtt", 1, NOW + 50, true},
    {"E", "tracker-1", "key", "192.0.2.7", "mqt", 1, NOW + 50, true},
    {"F", "tracker-1", "key", "192.0.2.7", "mqtt", 2, NOW + 50, true},
    {"G", "tracker-1", "key", "192.0.2.7", "mqtt", 1, NOW + 100, true},
    {"H", "tracker-1", "key", "192.0.2.7", "mqtt", 1, NOW + 50, false},
    {"I", "tracker-2", "key", "192.0.2.7", "mqtt", 1, NOW + 50, true},
    {"Z", "camera-9", "other", NULL, "client", 2, NOW + 900, false},
};
#define SAMPLE_COUNT (sizeof(samples) / sizeof(samples[0]))

static void add_sample(struct store *store, const struct sample *sample) {
    struct error err = {0};
    struct name_record name = {"cn", (char *)(uintptr_t)sample->name};
    struct certificate_record record = certificate_of(sample->serial);
    record.names = &name;
    record.name_count = 1;
    record.key_hash = borrow(bytes_of_string(sample->key));
    record.address = (char *)(uintptr_t)sample->address;
    record.profile = (char *)(uintptr_t)sample->profile;
    record.issuer_id = sample->issuer_id;
    record.not_after = sample->not_after;
    int64_t id = add(store, &record);
    if (sample->is_revoked) {
        assert_ok(store_revoke_certificate(store, id, NOW, 1, 0, &err), &err);
    }
}

static struct store *open_with_samples(void) {
    struct store *store = open_with_issuers();
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        add_sample(store, &samples[i]);
    }
    return store;
}

// The filters by number: sets one, and says whether a sample fits it.
#define FILTER_COUNT 8

static void set_filter(int number, struct certificate_filter *filter) {
    switch (number) {
    case 0:
        filter->name = (struct name_filter){"cn", "tracker-1"};
        break;
    case 1:
        filter->prefix = (struct name_filter){"cn", "tracker-"};
        break;
    case 2:
        filter->key_hash = BYTES_LITERAL("key");
        break;
    case 3:
        filter->address = "192.0.2.7";
        break;
    case 4:
        filter->profile = "mqtt";
        break;
    case 5:
        filter->issuer_id = 1;
        break;
    case 6:
        filter->expires_from = NOW;
        filter->expires_before = NOW + 100;
        break;
    default:
        filter->state = CERTIFICATE_REVOKED;
        break;
    }
}

static bool sample_fits(int number, const struct sample *sample) {
    switch (number) {
    case 0:
        return strcmp(sample->name, "tracker-1") == 0;
    case 1:
        return strncmp(sample->name, "tracker-", 8) == 0;
    case 2:
        return strcmp(sample->key, "key") == 0;
    case 3:
        return sample->address != NULL && strcmp(sample->address, "192.0.2.7") == 0;
    case 4:
        return strcmp(sample->profile, "mqtt") == 0;
    case 5:
        return sample->issuer_id == 1;
    case 6:
        return sample->not_after < NOW + 100;
    default:
        return sample->is_revoked;
    }
}

// The serials that are found, in alphabetical order; the order of each walk has its own test.
static void sort(char *serials) {
    for (char *a = serials; *a != '\0'; a += 2) {
        for (char *b = a + 2; *b != '\0'; b += 2) {
            if (*b < *a) {
                char kept = *a;
                *a = *b;
                *b = kept;
            }
        }
    }
}

static void assert_pair(struct store *store, int first, int second) {
    struct error err = {0};
    struct certificate_filter filter = {.now = NOW, .limit = 3};
    set_filter(first, &filter);
    set_filter(second, &filter);
    char expected[64] = {0};
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        if (sample_fits(first, &samples[i]) && sample_fits(second, &samples[i])) {
            size_t used = strlen(expected);
            (void)snprintf(expected + used, sizeof(expected) - used, "%s ", samples[i].serial);
        }
    }
    struct seen seen = {0};
    do {
        assert_ok(store_list_certificates(store, &filter, see, &seen, &filter.after, &err),
                  &err);
    } while (filter.after.is_set);
    sort(seen.text);
    if (strcmp(expected, seen.text) != 0) {
        print_error("filters %d and %d\n", first, second);
    }
    assert_string_equal(expected, seen.text);
}

static void every_filter_and_every_pair_of_them_finds_what_fits(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_samples();
    for (int first = 0; first < FILTER_COUNT; first++) {
        for (int second = first; second < FILTER_COUNT; second++) {
            assert_pair(store, first, second);
        }
    }
    struct certificate_filter all = {.limit = 100};
    for (int i = 0; i < FILTER_COUNT; i++) {
        set_filter(i, &all);
    }
    assert_listed(store, &all, "A ");
}

static void walks_have_their_order(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_samples();
    static const struct {
        struct certificate_filter filter;
        const char *expected;
    } cases[] = {
        {{.name = {"cn", "tracker-1"}}, "H G F E D C A "},
        {{.prefix = {"cn", "tracker-"}}, "A C D E F G H I "},
        {{.prefix = {NULL, "camera-"}}, "B Z "},
        {{.address = "192.0.2.70"}, "D "},
        {{.profile = "mqtt"}, "I H G F D C B A "},
        {{.issuer_id = 2}, "Z F "},
        {{.expires_from = NOW + 100, .expires_before = NOW + 901}, "G Z "},
        {{.state = CERTIFICATE_REVOKED, .issuer_id = 2}, "F "},
        {{.now = NOW + 901, .state = CERTIFICATE_EXPIRED}, "Z H "},
        {{.now = NOW + 900, .state = CERTIFICATE_EXPIRED}, "H "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_listed(store, &cases[i].filter, cases[i].expected);
    }
}

// --- names -----------------------------------------------------------------------------------

static void add_named(struct store *store, const char *serial, const char *type,
                      const char *value) {
    struct name_record name = {(char *)(uintptr_t)type, (char *)(uintptr_t)value};
    struct certificate_record record = certificate_of(serial);
    record.names = &name;
    record.name_count = 1;
    add(store, &record);
}

static void a_prefix_is_compared_as_bytes(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_issuers();
    static const struct {
        const char *serial;
        const char *value;
    } named[] = {
        {"A", "a"},
        {"B", "a%b"},
        {"C", "a*"},
        {"D", "a_c"},
        {"E", "aX"},
        {"F", "a\x7f"},
        {"G", "a\x7f\U0010FFFF\U0010FFFF"},
        {"H", "a\xc2\x80"},
        {"I", "a\uD7FF"},
        {"J", "a\uE000"},
        {"K", "a\U0010FFFF"},
        {"L", "a\U0010FFFF\U0010FFFFz"},
        {"M", "b"},
        {"N", "\U0010FFFF"},
        {"O", "\U0010FFFF\U0010FFFF\U0010FFFF"},
        {"P", "A"},
    };
    for (size_t i = 0; i < sizeof(named) / sizeof(named[0]); i++) {
        add_named(store, named[i].serial, "cn", named[i].value);
    }
    static const struct {
        const char *prefix;
        const char *expected;
    } cases[] = {
        {"a", "A B C D E F G H I J K L "},
        {"a%", "B "},
        {"a*", "C "},
        {"a_", "D "},
        {"a?", ""},
        {"a\x7f", "F G "},
        {"a\xc2\x80", "H "},
        {"a\uD7FF", "I "},
        {"a\U0010FFFF", "K L "},
        {"a\U0010FFFF\U0010FFFF", "L "},
        {"\U0010FFFF", "N O "},
        {"\U0010FFFF\U0010FFFF", "O "},
        {"b", "M "},
        {"c", ""},
        {"A", "P "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct certificate_filter filter = {.prefix = {NULL, cases[i].prefix}};
        struct seen seen = {0};
        struct error err = {0};
        filter.limit = 100;
        struct list_position next = {0};
        assert_ok(store_list_certificates(store, &filter, see, &seen, &next, &err), &err);
        sort(seen.text);
        assert_string_equal(cases[i].expected, seen.text);
    }
}

static void the_longest_name_is_within_its_prefix(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_issuers();
    static char longest[LIMIT_NAME_BYTES + 1];
    for (size_t i = 0; i + 4 <= LIMIT_NAME_BYTES; i += 4) {
        memcpy(longest + i, "\U0010FFFF", 4);
    }
    add_named(store, "A", "uri", longest);
    add_named(store, "B", "uri", "z");
    assert_listed(store, &(struct certificate_filter){.prefix = {"uri", "\U0010FFFF"}}, "A ");
    assert_listed(store, &(struct certificate_filter){.prefix = {"uri", longest}}, "A ");
    assert_listed(store, &(struct certificate_filter){.name = {"uri", longest}}, "A ");
}

// A: a name twice as two types, and two more with the same beginning. B: as another type only.
static void a_certificate_is_listed_once_whatever_fits(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct name_record names[] = {
        {"dns", "t-2"}, {"cn", "t-1"}, {"dns", "t-1"}, {"email", "t-0"}, {"uri", "x"}};
    struct certificate_record record = certificate_of("A");
    record.names = names;
    record.name_count = 5;
    add(store, &record);
    add_named(store, "B", "dns", "t-1");
    static const struct {
        struct certificate_filter filter;
        const char *expected;
    } cases[] = {
        {{.prefix = {NULL, "t-"}}, "A B "},
        {{.prefix = {"dns", "t-"}}, "A B "},
        {{.prefix = {"cn", "t-"}}, "A "},
        {{.prefix = {"email", "t-"}}, "A "},
        {{.prefix = {"uri", "t-"}}, ""},
        {{.name = {NULL, "t-1"}}, "B A "},
        {{.name = {"dns", "t-1"}}, "B A "},
        {{.name = {"cn", "t-1"}}, "A "},
        {{.name = {"xmpp", "t-1"}}, ""},
        {{.name = {"cn", "t-1"}, .prefix = {"uri", "x"}}, "A "},
        {{.name = {"dns", "t-1"}, .prefix = {"uri", "x"}}, "A "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct certificate_filter filter = cases[i].filter;
        assert_listed(store, &filter, cases[i].expected);
        // The same in pages of one.
        struct seen seen = {0};
        struct error err = {0};
        filter.now = NOW;
        filter.limit = 1;
        do {
            assert_ok(store_list_certificates(store, &filter, see, &seen, &filter.after, &err),
                      &err);
        } while (filter.after.is_set);
        assert_string_equal(seen.text, cases[i].expected);
    }
}

static void a_walk_along_names_goes_on_from_a_name_of_its_own_only(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct name_record names[] = {{"cn", "t-1"}, {"uri", "x"}};
    struct certificate_record record = certificate_of("A");
    record.names = names;
    record.name_count = 2;
    int64_t id = add(store, &record);
    const struct {
        struct list_position after;
        enum result result;
    } cases[] = {
        {{true, id, 0}, RESULT_OK},       {{true, id, 1}, RESULT_INVALID}, // another name
        {{true, id, 2}, RESULT_INVALID},  {{true, id + 1, 0}, RESULT_INVALID},
        {{true, -1, -1}, RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (int is_prefix = 0; is_prefix < 2; is_prefix++) {
            struct error err = {0};
            struct seen seen = {0};
            struct list_position next = {0};
            struct certificate_filter filter = {.limit = 1, .after = cases[i].after};
            *(is_prefix != 0 ? &filter.prefix : &filter.name) =
                (struct name_filter){"cn", "t-1"};
            enum result result =
                store_list_certificates(store, &filter, see, &seen, &next, &err);
            assert_result(cases[i].result, result, &err);
            assert_string_equal(err.code, result == RESULT_OK ? "" : "cursor_invalid");
            assert_string_equal(seen.text, "");
        }
    }
}

// --- pages -----------------------------------------------------------------------------------

static enum result count_one(void *context, const struct certificate_record *record,
                             struct error *err) {
    (void)record;
    (void)err;
    (*(int *)context)++;
    return RESULT_OK;
}

// Certificates that all end in the same second, as those do that end with their issuer.
static struct store *open_with_many(int count) {
    struct store *store = open_with_issuers();
    struct name_record name = {"cn", "same"};
    for (int i = 0; i < count; i++) {
        char serial[16];
        (void)snprintf(serial, sizeof(serial), "%d", i);
        struct certificate_record record = certificate_of(serial);
        record.names = &name;
        record.name_count = 1;
        record.address = (char *)(uintptr_t) "192.0.2.7";
        (void)add(store, &record);
    }
    return store;
}

static void pages_meet_without_gap_and_overlap(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_many(50);
    static const struct certificate_filter filters[] = {
        {.limit = 7},
        {.limit = 7, .name = {"cn", "same"}},
        {.limit = 7, .prefix = {NULL, "sa"}},
        {.limit = 7, .profile = "client"},
        {.limit = 7, .issuer_id = 2},
        {.limit = 7, .address = "192.0.2.7"},
        {.limit = 7, .key_hash = BYTES_LITERAL("key hash")},
        {.limit = 7, .expires_before = NOW + 1001},
        {.limit = 7, .state = CERTIFICATE_EXPIRED, .now = NOW + 1001},
        {.limit = 50, .expires_before = NOW + 1001},
    };
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        struct certificate_filter filter = filters[i];
        int found = 0;
        int pages = 0;
        do {
            struct error err = {0};
            assert_ok(
                store_list_certificates(store, &filter, count_one, &found, &filter.after, &err),
                &err);
            pages++;
        } while (filter.after.is_set);
        assert_int_equal(found, 50);
        assert_int_equal(pages, filter.limit == 50 ? 1 : 8);
    }
}

// Walks that pass thousands of certificates of which none fits.
static void a_page_examines_a_bounded_number_of_certificates(void **state) {
    (void)state;
    static const struct certificate_filter filters[] = {
        {.profile = "client", .state = CERTIFICATE_EXPIRED, .now = NOW},
        {.state = CERTIFICATE_VALID, .now = NOW + 2000},
        {.name = {"cn", "same"}, .profile = "none"},
        {.prefix = {"cn", "same"}, .profile = "none"},
        {.prefix = {"dns", "same"}},
        {.expires_before = NOW + 1001, .issuer_id = 1},
        {.issuer_id = 2, .expires_from = NOW + 2000},
        {.address = "192.0.2.7", .profile = "none"},
        {.key_hash = BYTES_LITERAL("key hash"), .issuer_id = 1},
    };
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_many(LIMIT_LIST_EXAMINED);
    for (int more = 0; more < 2; more++) {
        for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
            struct certificate_filter filter = filters[i];
            int found = 0;
            filter.limit = 10;
            assert_ok(
                store_list_certificates(store, &filter, count_one, &found, &filter.after, &err),
                &err);
            // One more than a page examines: a page of nothing, and then the end.
            assert_int_equal(filter.after.is_set, more);
            while (filter.after.is_set) {
                assert_ok(store_list_certificates(store, &filter, count_one, &found,
                                                  &filter.after, &err),
                          &err);
            }
            assert_int_equal(found, 0);
        }
        struct name_record name = {"cn", "same"};
        struct certificate_record record = certificate_of("more");
        record.names = &name;
        record.name_count = 1;
        record.address = (char *)(uintptr_t) "192.0.2.7";
        record.serial = borrow(bytes_of_string(more == 0 ? "more" : "most"));
        (void)add(store, &record);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_filter_and_every_pair_of_them_finds_what_fits),
        cmocka_unit_test(walks_have_their_order),
        cmocka_unit_test(a_prefix_is_compared_as_bytes),
        cmocka_unit_test(the_longest_name_is_within_its_prefix),
        cmocka_unit_test(a_certificate_is_listed_once_whatever_fits),
        cmocka_unit_test(a_walk_along_names_goes_on_from_a_name_of_its_own_only),
        cmocka_unit_test(pages_meet_without_gap_and_overlap),
        cmocka_unit_test(a_page_examines_a_bounded_number_of_certificates),
    };
    return cmocka_run_group_tests_name("store_search", tests, make_folder, remove_folder);
}
