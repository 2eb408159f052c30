// CRLs told to people: entries of one, and what one has that another has not.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/x509_fixture.h"

#include "client/admin/crl_report.h"

static struct made root, other;

static int make_issuers(void **state) {
    (void)state;
    make_certificate(&root, "Root", true, NULL);
    make_certificate(&other, "Other", true, NULL);
    return 0;
}

static int clear_issuers(void **state) {
    (void)state;
    made_clear(&root);
    made_clear(&other);
    return 0;
}

struct built {
    struct buf der;
    struct crl crl;
};

static void built_clear(struct built *built) {
    buf_clear(&built->der);
}

static void build(const struct made *issuer, int64_t this_update,
                  const struct crl_entry *entries, size_t count, struct built *out_built) {
    struct error err = {0};
    const struct crl_plan plan = {
        .issuer = issuer->certificate.subject,
        .authority_key_id = bytes_of(issuer->key_id, SHA1_SIZE),
        .number = (uint64_t)this_update,
        .this_update = this_update,
        .next_update = this_update + DAY,
        .entries = entries,
        .entry_count = count,
    };
    buf_init(&out_built->der, LIMIT_CRL_BYTES);
    assert_ok(crl_build(&plan, issuer->key, &out_built->der, &err), &err);
    assert_ok(crl_read(buf_bytes(&out_built->der), &out_built->crl, &err), &err);
}

static const struct crl_entry stays = {
    .serial = {0x80, 0x01}, .serial_size = 2, .revoked_at = TODAY - 9};
static const struct crl_entry held = {.serial = {0x11},
                                      .serial_size = 1,
                                      .reason = CRL_REASON_CERTIFICATE_HOLD,
                                      .revoked_at = TODAY - 8};
static const struct crl_entry revoked = {.serial = {0x11},
                                         .serial_size = 1,
                                         .reason = CRL_REASON_KEY_COMPROMISE,
                                         .revoked_at = TODAY - 8,
                                         .invalid_since = TODAY - 90};
static const struct crl_entry ends = {
    .serial = {0x22, 0x33}, .serial_size = 2, .revoked_at = TODAY - 7};
static const struct crl_entry comes = {
    .serial = {0x12}, .serial_size = 1, .reason = CRL_REASON_SUPERSEDED, .revoked_at = TODAY};

static void the_same_crl_does_not_differ(void **state) {
    (void)state;
    AUTO(built_clear) struct built built = {0};
    struct crl_difference difference = {0};
    struct error err = {0};
    const struct crl_entry entries[] = {stays, ends};
    build(&root, TODAY, entries, 2, &built);
    assert_ok(crl_compare(&built.crl, &built.crl, &difference, &err), &err);
    assert_true(difference.is_same);
    assert_int_equal(
        difference.added.count + difference.removed.count + difference.changed.count, 0);
    message_clear(&crl_difference_type, &difference);
}

// The second one lists what stays in another order, too.
static void what_came_went_and_changed_is_told_apart(void **state) {
    (void)state;
    AUTO(built_clear) struct built before = {0};
    AUTO(built_clear) struct built after = {0};
    struct crl_difference difference = {0};
    struct error err = {0};
    const struct crl_entry first[] = {stays, held, ends};
    const struct crl_entry second[] = {comes, revoked, stays};
    build(&root, TODAY, first, 3, &before);
    build(&root, TODAY + 60, second, 3, &after);
    assert_ok(crl_compare(&before.crl, &after.crl, &difference, &err), &err);
    assert_false(difference.is_same);
    const struct crl_head *heads = difference.crls.items;
    assert_int_equal(difference.crls.count, 2);
    assert_int_equal(heads[0].number, TODAY);
    assert_int_equal(heads[1].number, TODAY + 60);
    assert_int_equal(heads[1].entries, 3);
    const struct crl_line *added = difference.added.items;
    const struct crl_line *removed = difference.removed.items;
    const struct crl_changed_line *changed = difference.changed.items;
    assert_int_equal(difference.added.count, 1);
    assert_string_equal(added[0].serial, "12");
    assert_string_equal(added[0].reason, "superseded");
    assert_int_equal(difference.removed.count, 1);
    assert_string_equal(removed[0].serial, "2233");
    assert_int_equal(difference.changed.count, 1);
    assert_string_equal(changed[0].serial, "11");
    assert_string_equal(changed[0].old_reason, "certificateHold");
    assert_string_equal(changed[0].reason, "keyCompromise");
    assert_int_equal(changed[0].old_invalid_since, 0);
    assert_int_equal(changed[0].invalid_since, TODAY - 90);
    message_clear(&crl_difference_type, &difference);
}

static void another_number_alone_is_a_difference(void **state) {
    (void)state;
    AUTO(built_clear) struct built before = {0};
    AUTO(built_clear) struct built after = {0};
    struct crl_difference difference = {0};
    struct error err = {0};
    build(&root, TODAY, NULL, 0, &before);
    build(&root, TODAY + 1, NULL, 0, &after);
    assert_ok(crl_compare(&before.crl, &after.crl, &difference, &err), &err);
    assert_false(difference.is_same);
    assert_int_equal(difference.added.count + difference.removed.count, 0);
    message_clear(&crl_difference_type, &difference);
}

static void crls_of_two_cas_are_not_compared(void **state) {
    (void)state;
    AUTO(built_clear) struct built ours = {0};
    AUTO(built_clear) struct built theirs = {0};
    struct crl_difference difference = {0};
    struct error err = {0};
    build(&root, TODAY, NULL, 0, &ours);
    build(&other, TODAY, NULL, 0, &theirs);
    assert_result(RESULT_INVALID, crl_compare(&ours.crl, &theirs.crl, &difference, &err), &err);
    assert_string_equal(err.code, "issuer_other");
    message_clear(&crl_difference_type, &difference);
}

static void one_serial_is_looked_up_and_another_is_missed(void **state) {
    (void)state;
    AUTO(built_clear) struct built built = {0};
    struct error err = {0};
    const struct crl_entry entries[] = {stays, revoked};
    build(&root, TODAY, entries, 2, &built);
    static const struct {
        const char *serial, *code;
        enum result result;
    } cases[] = {
        {"8001", NULL, RESULT_OK},
        {"80:01", NULL, RESULT_OK},
        {"11", NULL, RESULT_OK},
        {"0011", NULL, RESULT_OK},
        {"12", "not_listed", RESULT_NOT_FOUND},
        {"1", "usage", RESULT_INVALID},
        {"xy", "usage", RESULT_INVALID},
        {"", "usage", RESULT_INVALID},
        {"0102030405060708091011121314151617181920212223", "usage", RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct crl_report report = {0};
        const char *const serials[] = {cases[i].serial};
        enum result result = crl_report(&built.crl, "root", serials, 1, &report, &err);
        assert_int_equal(result, cases[i].result);
        assert_int_equal(report.revoked.count, result == RESULT_OK ? 1 : 0);
        if (result != RESULT_OK) {
            assert_string_equal(err.code, cases[i].code);
        }
        message_clear(&crl_report_type, &report);
    }
    struct crl_report all = {0};
    assert_ok(crl_report(&built.crl, "root", NULL, 0, &all, &err), &err);
    assert_int_equal(all.entries, 2);
    assert_int_equal(all.revoked.count, 2);
    assert_int_equal(all.number, TODAY);
    message_clear(&crl_report_type, &all);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_crl_does_not_differ),
        cmocka_unit_test(what_came_went_and_changed_is_told_apart),
        cmocka_unit_test(another_number_alone_is_a_difference),
        cmocka_unit_test(crls_of_two_cas_are_not_compared),
        cmocka_unit_test(one_serial_is_looked_up_and_another_is_missed),
    };
    return cmocka_run_group_tests(tests, make_issuers, clear_issuers);
}
