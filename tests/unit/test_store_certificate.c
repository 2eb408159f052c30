// Certificates and revocations: each comes out as it went in, lists and pages are exact.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/limits.h"
#include "support/store_records.h"

// --- certificates ----------------------------------------------------------------------------

static void a_certificate_comes_out_as_it_went_in(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct name_record names[] = {{"cn", "phone"}, {"dns", "a.example"}, {"email", ""}};
    struct certificate_record first = certificate_of("A");
    first.serial = BORROW("\x7f\x00\xff");
    first.der = BORROW("\x30\x00\x01");
    first.csr_hash = BORROW("csr hash");
    first.token_id = BORROW("token id");
    first.names = names;
    first.name_count = 3;
    int64_t first_id = add(store, &first);
    struct certificate_record second = certificate_of("B");
    second.predecessor_id = first_id;
    second.lineage_id = first_id;
    int64_t second_id = add(store, &second);
    assert_true(second_id > first_id);

    AUTO(certificate_record_clear) struct certificate_record found = {0};
    assert_ok(store_find_certificate(store, 2, BYTES_LITERAL("\x7f\x00\xff"), &found, &err),
              &err);
    assert_int_equal(found.id, first_id);
    assert_int_equal(found.issuer_id, 2);
    assert_bytes_equal(buf_bytes(&found.serial), BYTES_LITERAL("\x7f\x00\xff"));
    assert_bytes_equal(buf_bytes(&found.der), BYTES_LITERAL("\x30\x00\x01"));
    assert_string_equal(found.profile, "client");
    assert_int_equal(found.not_before, NOW - 60);
    assert_int_equal(found.not_after, NOW + 1000);
    assert_bytes_equal(buf_bytes(&found.key_hash), BYTES_LITERAL("key hash"));
    assert_bytes_equal(buf_bytes(&found.csr_hash), BYTES_LITERAL("csr hash"));
    assert_bytes_equal(buf_bytes(&found.token_id), BYTES_LITERAL("token id"));
    assert_int_equal(found.predecessor_id, 0);
    assert_int_equal(found.lineage_id, first_id); // it starts its own
    assert_int_equal(found.created, NOW);
    assert_int_equal(found.revoked_at, 0);
    assert_int_equal(found.name_count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(found.names[i].type, names[i].type);
        assert_string_equal(found.names[i].value, names[i].value);
    }

    AUTO(certificate_record_clear) struct certificate_record renewed = {0};
    assert_ok(store_find_certificate_by_id(store, second_id, &renewed, &err), &err);
    assert_int_equal(renewed.predecessor_id, first_id);
    assert_int_equal(renewed.lineage_id, first_id);
    assert_int_equal(renewed.csr_hash.size, 0);
    assert_int_equal(renewed.token_id.size, 0);
    assert_int_equal(renewed.name_count, 0);
}

static void a_certificate_is_found_by_its_exact_issuer_and_serial_only(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("AB");
    add(store, &record);
    AUTO(certificate_record_clear) struct certificate_record found = {0};
    static const struct {
        int64_t issuer_id;
        const char *serial;
        enum result result;
    } cases[] = {
        {1, "AB", RESULT_NOT_FOUND},  {2, "A", RESULT_NOT_FOUND}, {2, "ab", RESULT_NOT_FOUND},
        {2, "ABC", RESULT_NOT_FOUND}, {2, "", RESULT_NOT_FOUND},  {2, "AB", RESULT_OK},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct bytes serial = bytes_of_string(cases[i].serial);
        assert_result(cases[i].result,
                      store_find_certificate(store, cases[i].issuer_id, serial, &found, &err),
                      &err);
    }
    AUTO(certificate_record_clear) struct certificate_record none = {0};
    assert_result(RESULT_NOT_FOUND, store_find_certificate_by_id(store, 99, &none, &err), &err);
}

static void a_serial_is_unique_per_issuer_and_ambiguous_across_them(void **state) {
    (void)state;
    struct error err = {0};
    int64_t id = 0;
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("A");
    add(store, &record);
    assert_result(RESULT_CONFLICT, store_add_certificate(store, &record, &id, &err), &err);
    AUTO(certificate_record_clear) struct certificate_record found = {0};
    assert_ok(store_find_certificate_by_serial(store, BYTES_LITERAL("A"), &found, &err), &err);
    record.issuer_id = 1;
    add(store, &record);
    AUTO(certificate_record_clear) struct certificate_record other = {0};
    assert_result(RESULT_CONFLICT,
                  store_find_certificate_by_serial(store, BYTES_LITERAL("A"), &other, &err),
                  &err);
    assert_result(RESULT_NOT_FOUND,
                  store_find_certificate_by_serial(store, BYTES_LITERAL("B"), &other, &err),
                  &err);
}

static void what_cannot_be_a_certificate_is_not_kept(void **state) {
    (void)state;
    struct error err = {0};
    int64_t id = 0;
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("");
    assert_result(RESULT_INVALID, store_add_certificate(store, &record, &id, &err), &err);
    record = certificate_of("twenty-one bytes here");
    assert_result(RESULT_INVALID, store_add_certificate(store, &record, &id, &err), &err);
    record = certificate_of("twenty bytes in here");
    assert_ok(store_add_certificate(store, &record, &id, &err), &err);
    record = certificate_of("A");
    record.issuer_id = 3;
    assert_result(RESULT_INVALID, store_add_certificate(store, &record, &id, &err), &err);
    assert_string_equal(err.code, "reference_missing");
    static struct name_record names[LIMIT_NAMES + 1];
    for (size_t i = 0; i <= LIMIT_NAMES; i++) {
        names[i] = (struct name_record){"dns", "same.example"};
    }
    record = certificate_of("A");
    record.names = names;
    record.name_count = LIMIT_NAMES + 1;
    assert_ok(store_savepoint(store, &err), &err);
    assert_result(RESULT_LIMIT, store_add_certificate(store, &record, &id, &err), &err);
    store_rollback_to_savepoint(store);
    record.name_count = LIMIT_NAMES;
    assert_ok(store_add_certificate(store, &record, &id, &err), &err);
    AUTO(certificate_record_clear) struct certificate_record found = {0};
    assert_ok(store_find_certificate_by_id(store, id, &found, &err), &err);
    assert_int_equal(found.name_count, LIMIT_NAMES);
}

static void a_lost_answer_is_found_by_token_and_csr(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("A");
    record.token_id = BORROW("token");
    record.csr_hash = BORROW("csr");
    add(store, &record);
    struct certificate_record without = certificate_of("B");
    add(store, &without);
    AUTO(certificate_record_clear) struct certificate_record found = {0};
    assert_ok(store_find_certificate_of_token(store, BYTES_LITERAL("token"),
                                              BYTES_LITERAL("csr"), &found, &err),
              &err);
    AUTO(certificate_record_clear) struct certificate_record none = {0};
    assert_result(RESULT_NOT_FOUND,
                  store_find_certificate_of_token(store, BYTES_LITERAL("token"),
                                                  BYTES_LITERAL("other"), &none, &err),
                  &err);
    assert_result(RESULT_NOT_FOUND,
                  store_find_certificate_of_token(store, BYTES_LITERAL("other"),
                                                  BYTES_LITERAL("csr"), &none, &err),
                  &err);
    assert_result(RESULT_NOT_FOUND,
                  store_find_certificate_of_token(store, (struct bytes){0}, (struct bytes){0},
                                                  &none, &err),
                  &err);
}

static void a_successor_is_found_by_its_predecessor_and_csr(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("A");
    int64_t first = add(store, &record);
    AUTO(certificate_record_clear) struct certificate_record none = {0};
    assert_result(RESULT_NOT_FOUND,
                  store_find_successor(store, first, (struct bytes){0}, &none, &err), &err);
    record = certificate_of("B");
    record.predecessor_id = first;
    record.lineage_id = first;
    record.csr_hash = BORROW("csr");
    add(store, &record);
    AUTO(certificate_record_clear) struct certificate_record any = {0};
    AUTO(certificate_record_clear) struct certificate_record same = {0};
    assert_ok(store_find_successor(store, first, (struct bytes){0}, &any, &err), &err);
    assert_ok(store_find_successor(store, first, BYTES_LITERAL("csr"), &same, &err), &err);
    assert_bytes_equal(buf_bytes(&same.serial), BYTES_LITERAL("B"));
    assert_result(RESULT_NOT_FOUND,
                  store_find_successor(store, first, BYTES_LITERAL("other"), &none, &err),
                  &err);
    assert_result(RESULT_NOT_FOUND,
                  store_find_successor(store, same.id, (struct bytes){0}, &none, &err), &err);
}

static void keys_and_lineages_are_walked_newest_first(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("A");
    int64_t first = add(store, &record);
    record = certificate_of("B");
    record.key_hash = BORROW("other key");
    add(store, &record);
    record = certificate_of("C");
    record.lineage_id = first;
    record.predecessor_id = first;
    record.not_after = NOW + 2000;
    add(store, &record);
    struct seen of_key = {0};
    assert_ok(
        store_each_certificate_of_key(store, BYTES_LITERAL("key hash"), see, &of_key, &err),
        &err);
    assert_string_equal(of_key.text, "C A ");
    struct seen of_no_key = {0};
    assert_ok(store_each_certificate_of_key(store, BYTES_LITERAL("key"), see, &of_no_key, &err),
              &err);
    assert_string_equal(of_no_key.text, "");
    static const struct {
        int64_t from;
        const char *expected;
    } cases[] = {{NOW + 1000, "C A "}, {NOW + 1001, "C "}, {NOW + 2001, ""}};
    for (size_t i = 0; i < 3; i++) {
        struct seen line = {0};
        assert_ok(
            store_each_certificate_of_lineage(store, first, cases[i].from, see, &line, &err),
            &err);
        assert_string_equal(line.text, cases[i].expected);
    }
}

// --- lists -----------------------------------------------------------------------------------

// A: valid, two names. B: expired a second ago. C: ends this second, so still valid. D:
// revoked. E: revoked and expired. F: valid, of another profile, the same name as two types.
static struct store *open_with_six(void) {
    struct error err = {0};
    struct store *store = open_with_issuers();
    struct name_record two[] = {{"dns", "a.example"}, {"cn", "shared"}};
    struct name_record twice[] = {{"cn", "shared"}, {"dns", "shared"}};
    struct certificate_record record = certificate_of("A");
    record.names = two;
    record.name_count = 2;
    add(store, &record);
    record = certificate_of("B");
    record.not_after = NOW - 1;
    record.names = &two[1];
    record.name_count = 1;
    add(store, &record);
    record = certificate_of("C");
    record.not_after = NOW;
    add(store, &record);
    record = certificate_of("D");
    record.names = two;
    record.name_count = 2;
    int64_t revoked = add(store, &record);
    record = certificate_of("E");
    record.not_after = NOW - 1;
    int64_t both = add(store, &record);
    record = certificate_of("F");
    record.profile = "server";
    record.not_after = NOW + 5000;
    record.names = twice;
    record.name_count = 2;
    add(store, &record);
    assert_ok(store_revoke_certificate(store, revoked, NOW - 10, 1, 0, &err), &err);
    assert_ok(store_revoke_certificate(store, both, NOW - 20, 4, 0, &err), &err);
    return store;
}

static void lists_are_filtered(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_six();
    static const struct {
        struct certificate_filter filter;
        const char *expected;
    } cases[] = {
        {{.state = CERTIFICATE_ANY}, "F E D C B A "},
        {{.state = CERTIFICATE_VALID}, "F C A "},
        {{.state = CERTIFICATE_EXPIRED}, "B "},
        {{.state = CERTIFICATE_REVOKED}, "E D "},
        {{.profile = "client"}, "E D C B A "},
        {{.profile = "client", .state = CERTIFICATE_VALID}, "C A "},
        {{.profile = "client", .state = CERTIFICATE_REVOKED}, "E D "},
        {{.profile = "server", .state = CERTIFICATE_REVOKED}, ""},
        {{.profile = "cli"}, ""},
        {{.expires_before = NOW + 1000}, "B E C "},
        {{.expires_before = NOW + 1001}, "B E C A D "},
        {{.expires_before = NOW + 1001, .state = CERTIFICATE_VALID}, "C A "},
        {{.expires_before = NOW + 1001, .state = CERTIFICATE_EXPIRED}, "B "},
        {{.expires_before = NOW + 1001, .state = CERTIFICATE_REVOKED}, "E D "},
        {{.expires_before = NOW + 9000, .profile = "server"}, "F "},
        {{.name = {NULL, "a.example"}}, "D A "},
        {{.name = {NULL, "shared"}}, "F D B A "},
        {{.name = {"cn", "shared"}}, "F D B A "},
        {{.name = {"dns", "shared"}}, "F "},
        {{.name = {"email", "shared"}}, ""},
        {{.name = {NULL, "Shared"}}, ""},
        {{.name = {NULL, "%"}}, ""},
        {{.name = {NULL, "*"}}, ""},
        {{.name = {NULL, "shared"}, .state = CERTIFICATE_VALID}, "F A "},
        {{.name = {NULL, "shared"}, .state = CERTIFICATE_REVOKED}, "D "},
        {{.name = {NULL, "shared"}, .profile = "server"}, "F "},
        {{.name = {NULL, "shared"}, .expires_before = NOW}, "B "},
        {{.now = NOW + 1, .state = CERTIFICATE_EXPIRED}, "C B "},
        {{.now = NOW + 1, .state = CERTIFICATE_VALID}, "F A "},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_listed(store, &cases[i].filter, cases[i].expected);
    }
}

static void every_list_is_paged(void **state) {
    (void)state;
    AUTO(store_close_at) struct store *store = open_with_six();
    static const struct {
        struct certificate_filter filter;
        const char *pages[3];
    } cases[] = {
        {{.limit = 4}, {"F E D C ", "B A ", NULL}},
        {{.limit = 2, .profile = "client"}, {"E D ", "C B ", "A "}},
        {{.limit = 3, .expires_before = NOW + 9000}, {"B E C ", "A D F ", NULL}},
        {{.limit = 1, .state = CERTIFICATE_REVOKED}, {"E ", "D ", NULL}},
        {{.limit = 1, .name = {NULL, "a.example"}}, {"D ", "A ", NULL}},
        {{.limit = 3, .name = {NULL, "shared"}}, {"F D B ", "A ", NULL}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct certificate_filter filter = cases[i].filter;
        filter.now = NOW;
        for (size_t page = 0; page == 0 || filter.after.is_set; page++) {
            struct error err = {0};
            struct seen seen = {0};
            assert_true(page < 3);
            assert_non_null(cases[i].pages[page]);
            assert_ok(store_list_certificates(store, &filter, see, &seen, &filter.after, &err),
                      &err);
            assert_string_equal(seen.text, cases[i].pages[page]);
            assert_int_equal(filter.after.is_set, page < 2 && cases[i].pages[page + 1] != NULL);
        }
    }
}

static void every_certificate_is_counted_once(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_six();
    int64_t valid = 0;
    int64_t expired = 0;
    int64_t revoked = 0;
    assert_ok(store_count_certificates(store, NOW, &valid, &expired, &revoked, &err), &err);
    assert_int_equal(valid, 3);
    assert_int_equal(expired, 1);
    assert_int_equal(revoked, 2);
    assert_ok(store_count_certificates(store, NOW + 1, &valid, &expired, &revoked, &err), &err);
    assert_int_equal(valid, 2);
    assert_int_equal(expired, 2);
    assert_int_equal(revoked, 2);
    // Backwards, and on again.
    assert_ok(store_count_certificates(store, NOW - 5, &valid, &expired, &revoked, &err), &err);
    assert_int_equal(valid, 4);
    assert_int_equal(expired, 0);
    assert_ok(store_count_certificates(store, NOW + 1, &valid, &expired, &revoked, &err), &err);
    assert_int_equal(valid, 2);
    assert_int_equal(expired, 2);
}

static void what_changes_among_the_ended_is_counted_again(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_six();
    int64_t valid = 0;
    int64_t expired = 0;
    int64_t revoked = 0;
    assert_ok(store_count_certificates(store, NOW, &valid, &expired, &revoked, &err), &err);
    assert_int_equal(expired, 1);
    struct certificate_record record = certificate_of("old");
    record.not_after = NOW - 5000;
    int64_t old = add(store, &record);
    assert_ok(store_count_certificates(store, NOW, &valid, &expired, &revoked, &err), &err);
    assert_int_equal(valid, 3);
    assert_int_equal(expired, 2);
    assert_ok(store_revoke_certificate(store, old, NOW, 1, 0, &err), &err);
    assert_ok(store_count_certificates(store, NOW, &valid, &expired, &revoked, &err), &err);
    assert_int_equal(expired, 1);
    assert_int_equal(revoked, 3);
    store_rollback(store);
    begin(store);
    assert_ok(store_count_certificates(store, NOW, &valid, &expired, &revoked, &err), &err);
    assert_int_equal(valid + expired + revoked, 0);
}

struct nested {
    struct store *store;
    int found;
};

static enum result look_up_again(void *context, const struct certificate_record *record,
                                 struct error *err) {
    struct nested *nested = context;
    struct seen seen = {0};
    TRY(store_each_certificate_of_key(nested->store, buf_bytes(&record->key_hash), see, &seen,
                                      err));
    AUTO(certificate_record_clear) struct certificate_record same = {0};
    TRY(store_find_certificate_by_id(nested->store, record->id, &same, err));
    nested->found += strcmp(seen.text, "B A ") == 0;
    if (record->revoked_at == 0) {
        TRY(store_revoke_certificate(nested->store, record->id, NOW, 1, 0, err));
    }
    return RESULT_OK;
}

static void a_visitor_may_look_up_and_revoke(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("A");
    add(store, &record);
    record = certificate_of("B");
    add(store, &record);
    struct nested nested = {.store = store};
    assert_ok(store_each_certificate_of_key(store, BYTES_LITERAL("key hash"), look_up_again,
                                            &nested, &err),
              &err);
    assert_int_equal(nested.found, 2);
    assert_listed(store, &(struct certificate_filter){.state = CERTIFICATE_REVOKED}, "B A ");
}

// --- revocations -----------------------------------------------------------------------------

static enum result see_revocation(void *context, const struct revocation_record *record,
                                  struct error *err) {
    (void)err;
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof(seen->text) - used, "%.*s:%d:%lld:%lld:%lld ",
             (int)record->serial_size, (const char *)record->serial, record->reason,
             (long long)(record->revoked_at - NOW),
             (long long)(record->invalid_since == 0 ? 0 : record->invalid_since - NOW),
             (long long)(record->not_after - NOW));
    return RESULT_OK;
}

static void revocations_come_out_in_their_order(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("A");
    int64_t a = add(store, &record);
    record = certificate_of("B");
    record.not_after = NOW + 5;
    int64_t b = add(store, &record);
    record = certificate_of("C");
    record.issuer_id = 1;
    int64_t c = add(store, &record);
    assert_ok(store_revoke_certificate(store, b, NOW, 1, NOW - 100, &err), &err);
    assert_ok(store_revoke_certificate(store, c, NOW, 5, 0, &err), &err);
    assert_ok(store_revoke_certificate(store, a, NOW - 3, 0, 0, &err), &err);
    static const struct {
        int64_t issuer_id;
        int64_t from;
        const char *expected;
    } cases[] = {
        {2, NOW + 5, "B:1:0:-100:5 A:0:-3:0:1000 "},
        {2, NOW + 6, "A:0:-3:0:1000 "},
        {1, NOW, "C:5:0:0:1000 "},
        {3, NOW, ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct seen seen = {0};
        assert_ok(store_each_revocation(store, cases[i].issuer_id, cases[i].from,
                                        see_revocation, &seen, &err),
                  &err);
        assert_string_equal(seen.text, cases[i].expected);
    }
    AUTO(certificate_record_clear) struct certificate_record found = {0};
    assert_ok(store_find_certificate_by_id(store, b, &found, &err), &err);
    assert_int_equal(found.revoked_at, NOW);
    assert_int_equal(found.revocation_reason, 1);
    assert_int_equal(found.invalid_since, NOW - 100);
}

static void a_certificate_is_revoked_once(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    struct certificate_record record = certificate_of("A");
    int64_t id = add(store, &record);
    assert_ok(store_revoke_certificate(store, id, NOW, 1, 0, &err), &err);
    assert_result(RESULT_CONFLICT, store_revoke_certificate(store, id, NOW + 1, 4, 0, &err),
                  &err);
    assert_string_equal(err.code, "already_revoked");
    assert_result(RESULT_NOT_FOUND, store_revoke_certificate(store, 99, NOW, 1, 0, &err), &err);
    AUTO(certificate_record_clear) struct certificate_record found = {0};
    assert_ok(store_find_certificate_by_id(store, id, &found, &err), &err);
    assert_int_equal(found.revoked_at, NOW);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_certificate_comes_out_as_it_went_in),
        cmocka_unit_test(a_certificate_is_found_by_its_exact_issuer_and_serial_only),
        cmocka_unit_test(a_serial_is_unique_per_issuer_and_ambiguous_across_them),
        cmocka_unit_test(what_cannot_be_a_certificate_is_not_kept),
        cmocka_unit_test(a_lost_answer_is_found_by_token_and_csr),
        cmocka_unit_test(a_successor_is_found_by_its_predecessor_and_csr),
        cmocka_unit_test(keys_and_lineages_are_walked_newest_first),
        cmocka_unit_test(lists_are_filtered),
        cmocka_unit_test(every_list_is_paged),
        cmocka_unit_test(every_certificate_is_counted_once),
        cmocka_unit_test(what_changes_among_the_ended_is_counted_again),
        cmocka_unit_test(a_visitor_may_look_up_and_revoke),
        cmocka_unit_test(revocations_come_out_in_their_order),
        cmocka_unit_test(a_certificate_is_revoked_once),
    };
    return cmocka_run_group_tests_name("store_certificate", tests, make_folder, remove_folder);
}
