// Names: owned by the newest certificate after a release, and the lines of an identity.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/store_records.h"

static const struct name_record tracker = {(char[]){"cn"}, (char[]){"tracker-1"}};

// A certificate with this common name and, behind it, a DNS name.
static int64_t add_named(struct store *store, const char *serial, const char *name,
                         int64_t predecessor_id, int64_t lineage_id) {
    struct name_record names[] = {{(char[]){"cn"}, (char *)(uintptr_t)name},
                                  {(char[]){"dns"}, (char[]){"second.example"}}};
    struct certificate_record record = certificate_of(serial);
    record.names = names;
    record.name_count = 2;
    record.predecessor_id = predecessor_id;
    record.lineage_id = lineage_id;
    return add(store, &record);
}

static void assert_owner(struct store *store, const struct name_record *name, int64_t id) {
    struct error err = {0};
    AUTO(certificate_record_clear) struct certificate_record owner = {0};
    enum result result = store_find_name_owner(store, name, &owner, &err);
    assert_result(id == 0 ? RESULT_NOT_FOUND : RESULT_OK, result, &err);
    assert_int_equal(owner.id, id);
}

static void a_name_belongs_to_its_newest_certificate_until_it_is_released(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    assert_owner(store, &tracker, 0);
    int64_t first = add_named(store, "a", "tracker-1", 0, 0);
    int64_t second = add_named(store, "b", "tracker-1", first, first);
    int64_t other = add_named(store, "c", "tracker-10", 0, 0);
    assert_owner(store, &tracker, second);
    assert_ok(store_release_name(store, &tracker, second, NOW, "admin:jane", &err), &err);
    assert_owner(store, &tracker, 0);
    int64_t third = add_named(store, "d", "tracker-1", 0, 0);
    assert_owner(store, &tracker, third);
    // The release is of this name alone: a DNS name of the same value is another.
    const struct name_record longer = {(char[]){"cn"}, (char[]){"tracker-10"}};
    const struct name_record dns = {(char[]){"dns"}, (char[]){"tracker-1"}};
    assert_owner(store, &longer, other);
    assert_owner(store, &dns, 0);
}

static void a_release_is_kept_for_ever_and_not_made_twice(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    int64_t last = -1;
    assert_ok(store_last_name_release(store, &tracker, &last, &err), &err);
    assert_int_equal(last, 0);
    int64_t id = add_named(store, "a", "tracker-1", 0, 0);
    assert_ok(store_release_name(store, &tracker, id, NOW, "admin:jane", &err), &err);
    assert_result(RESULT_CONFLICT,
                  store_release_name(store, &tracker, id, NOW + 1, "admin:joe", &err), &err);
    int64_t next = add_named(store, "b", "tracker-1", 0, 0);
    assert_ok(store_release_name(store, &tracker, next, NOW + 2, "admin:joe", &err), &err);
    assert_ok(store_last_name_release(store, &tracker, &last, &err), &err);
    assert_int_equal(last, next);
    int64_t count = 0;
    assert_ok(store_count_name(store, &tracker, &count, &err), &err);
    assert_int_equal(count, 2);
    // A release names a certificate that there is.
    assert_result(RESULT_INVALID,
                  store_release_name(store, &tracker, 99, NOW, "admin:jane", &err), &err);
}

static void certificates_of_a_name_are_those_that_still_count(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    int64_t revoked = add_named(store, "a", "tracker-1", 0, 0);
    (void)add_named(store, "b", "tracker-1", 0, 0);
    (void)add_named(store, "c", "tracker-2", 0, 0);
    assert_ok(store_revoke_certificate(store, revoked, NOW, 4, 0, &err), &err);
    struct seen seen = {0};
    assert_ok(store_each_certificate_of_name(store, &tracker, NOW + 1000, see, &seen, &err),
              &err);
    assert_string_equal(seen.text, "b ");
    struct seen past = {0};
    assert_ok(store_each_certificate_of_name(store, &tracker, NOW + 1001, see, &past, &err),
              &err);
    assert_string_equal(past.text, "");
}

static void an_identity_is_profile_and_first_name_of_a_line(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    int64_t first = add_named(store, "a", "tracker-1", 0, 0);
    (void)add_named(store, "b", "tracker-1", 0, 0);
    // A renewal counts to its line, whatever it carries itself.
    (void)add_named(store, "c", "tracker-2", first, first);
    int64_t revoked = add_named(store, "d", "tracker-1", 0, 0);
    assert_ok(store_revoke_certificate(store, revoked, NOW, 4, 0, &err), &err);
    struct certificate_record elsewhere = certificate_of("e");
    struct name_record names[] = {tracker};
    elsewhere.profile = "server";
    elsewhere.names = names;
    elsewhere.name_count = 1;
    (void)add(store, &elsewhere);
    struct seen seen = {0};
    assert_ok(store_each_certificate_of_identity(store, "client", &tracker, NOW + 1000, see,
                                                 &seen, &err),
              &err);
    assert_string_equal(seen.text, "a c b ");
    struct seen expired = {0};
    assert_ok(store_each_certificate_of_identity(store, "client", &tracker, NOW + 1001, see,
                                                 &expired, &err),
              &err);
    assert_string_equal(expired.text, "");
    // The second name of a certificate is nobody's identity.
    const struct name_record second = {(char[]){"dns"}, (char[]){"second.example"}};
    struct seen none = {0};
    assert_ok(
        store_each_certificate_of_identity(store, "client", &second, NOW, see, &none, &err),
        &err);
    assert_string_equal(none.text, "");
}

static void renewals_are_counted_by_line_and_time(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(store_close_at) struct store *store = open_with_issuers();
    int64_t first = add_named(store, "a", "tracker-1", 0, 0);
    int64_t second = add_named(store, "b", "tracker-1", first, first);
    (void)add_named(store, "c", "tracker-1", second, first);
    (void)add_named(store, "d", "tracker-1", 0, 0);
    int64_t count = 0;
    assert_ok(store_count_renewals(store, first, NOW - 1, &count, &err), &err);
    assert_int_equal(count, 2);
    assert_ok(store_count_renewals(store, first, NOW, &count, &err), &err);
    assert_int_equal(count, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_belongs_to_its_newest_certificate_until_it_is_released),
        cmocka_unit_test(a_release_is_kept_for_ever_and_not_made_twice),
        cmocka_unit_test(certificates_of_a_name_are_those_that_still_count),
        cmocka_unit_test(an_identity_is_profile_and_first_name_of_a_line),
        cmocka_unit_test(renewals_are_counted_by_line_and_time),
    };
    return cmocka_run_group_tests_name("store_name", tests, NULL, NULL);
}
