// Which CRLs may replace which: never back, never another's, never stale, never fewer.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/crl_set.h"
#include "support/client_fixture.h"
#include "x509/pem.h"

static struct test_ca ca;
static struct buf trust;

static int make_ca(void **state) {
    (void)state;
    make_test_ca(&ca);
    buf_init(&trust, LIMIT_CHAIN_BYTES);
    return buf_append(&trust, buf_bytes(&ca.root.certificate)) == RESULT_OK &&
                   buf_append(&trust, buf_bytes(&ca.issuing.certificate)) == RESULT_OK
               ? 0
               : -1;
}

static int clear_ca(void **state) {
    (void)state;
    buf_clear(&trust);
    test_ca_clear(&ca);
    return 0;
}

static void set_init(struct buf *set) {
    buf_init(set, 100000);
}

// The usual bundle: issuing and root, this number.
static void add_bundle(struct buf *set, uint64_t number) {
    make_crl(&ca.issuing, number, NOW - 100 + (int64_t)number, NOW + DAY, number % 8, set);
    make_crl(&ca.root, 1, NOW - 1000, NOW + 30 * DAY, 0, set);
}

static void require_decision(const struct buf *offered, const struct buf *installed,
                             enum crl_set_decision expected) {
    struct error err = {0};
    enum crl_set_decision decision = CRL_SET_UNCHANGED;
    struct crl_set_summary summary;
    assert_ok(crl_set_decide(buf_bytes(offered), buf_bytes(installed), buf_bytes(&trust), NOW,
                             &decision, &summary, &err),
              &err);
    assert_int_equal(decision, expected);
}

static void require_refusal(const struct buf *offered, const struct buf *installed,
                            enum result result, const char *word) {
    struct error err = {0};
    enum crl_set_decision decision = CRL_SET_UNCHANGED;
    struct crl_set_summary summary;
    assert_result(result,
                  crl_set_decide(buf_bytes(offered), buf_bytes(installed), buf_bytes(&trust),
                                 NOW, &decision, &summary, &err),
                  &err);
    if (strstr(err.message, word) == NULL) {
        print_error("'%s' lacks '%s'\n", err.message, word);
        fail();
    }
    assert_string_equal(err.code, "crl_refused");
}

static void newer_lists_replace_older_and_equal_ones_are_unchanged(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf none = {0};
    AUTO(buf_clear) struct buf first = {0};
    AUTO(buf_clear) struct buf second = {0};
    set_init(&none), set_init(&first), set_init(&second);
    add_bundle(&first, 5);
    require_decision(&first, &none, CRL_SET_REPLACE);
    require_decision(&first, &first, CRL_SET_UNCHANGED);
    make_crl(&ca.issuing, 6, NOW - 50, NOW + DAY, 2, &second);
    // The root's CRL byte for byte as before, and in another order.
    struct bytes rest = buf_bytes(&first);
    struct crl crl;
    struct error err = {0};
    assert_ok(crl_read_next(&rest, &crl, &err), &err);
    assert_ok(buf_insert(&second, 0, rest), &err);
    require_decision(&second, &first, CRL_SET_REPLACE);
}

static void the_summary_tells_newest_and_earliest(void **state) {
    (void)state;
    struct error err = {0};
    enum crl_set_decision decision = CRL_SET_UNCHANGED;
    struct crl_set_summary summary;
    AUTO(buf_clear) struct buf first = {0};
    set_init(&first);
    add_bundle(&first, 5);
    assert_ok(crl_set_decide(buf_bytes(&first), (struct bytes){0}, buf_bytes(&trust), NOW,
                             &decision, &summary, &err),
              &err);
    assert_int_equal(summary.lists, 2);
    assert_int_equal(summary.entries, 5);
    assert_int_equal(summary.this_update, NOW - 95);
    assert_int_equal(summary.next_update, NOW + DAY);
    assert_int_equal(summary.life, DAY + 95);

    // The newest is not the one that ends earliest: its date says nothing of that one's life.
    AUTO(buf_clear) struct buf newer = {0};
    set_init(&newer);
    make_crl(&ca.issuing, 5, NOW - 1000, NOW + DAY, 0, &newer);
    make_crl(&ca.root, 1, NOW - 10, NOW + 30 * DAY, 0, &newer);
    assert_ok(crl_set_decide(buf_bytes(&newer), (struct bytes){0}, buf_bytes(&trust), NOW,
                             &decision, &summary, &err),
              &err);
    assert_int_equal(summary.this_update, NOW - 10);
    assert_int_equal(summary.life, DAY + 1000);
}

static void going_back_is_refused(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf installed = {0};
    AUTO(buf_clear) struct buf lower = {0};
    AUTO(buf_clear) struct buf older = {0};
    AUTO(buf_clear) struct buf same_number = {0};
    set_init(&installed), set_init(&lower), set_init(&older), set_init(&same_number);
    make_crl(&ca.issuing, 6, NOW - 50, NOW + DAY, 2, &installed);
    make_crl(&ca.issuing, 5, NOW - 40, NOW + DAY, 2, &lower);
    make_crl(&ca.issuing, 7, NOW - 51, NOW + DAY, 2, &older);
    make_crl(&ca.issuing, 6, NOW - 40, NOW + DAY, 1, &same_number);
    require_refusal(&lower, &installed, RESULT_DENIED, "number is lower");
    require_refusal(&older, &installed, RESULT_DENIED, "older than the installed");
    require_refusal(&same_number, &installed, RESULT_DENIED, "same number");
}

// The authority's clock ran ahead and was set back: the number alone says which is newer.
static void an_installed_one_from_the_future_gives_way_to_a_higher_number(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf ahead = {0};
    AUTO(buf_clear) struct buf present = {0};
    AUTO(buf_clear) struct buf lower = {0};
    set_init(&ahead), set_init(&present), set_init(&lower);
    make_crl(&ca.issuing, 6, NOW + DAY, NOW + 2 * DAY, 2, &ahead);
    make_crl(&ca.issuing, 7, NOW - 50, NOW + DAY, 2, &present);
    make_crl(&ca.issuing, 5, NOW - 50, NOW + DAY, 2, &lower);
    require_decision(&present, &ahead, CRL_SET_REPLACE);
    require_refusal(&lower, &ahead, RESULT_DENIED, "number is lower");
}

static void numbers_are_compared_as_numbers(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf small = {0};
    AUTO(buf_clear) struct buf large = {0};
    set_init(&small), set_init(&large);
    make_crl(&ca.issuing, 0xff, NOW - 50, NOW + DAY, 0, &small);
    make_crl(&ca.issuing, 0x100, NOW - 40, NOW + DAY, 0, &large);
    require_decision(&large, &small, CRL_SET_REPLACE);
    require_refusal(&small, &large, RESULT_DENIED, "number is lower");
}

static void wrong_signers_are_refused(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf stranger = {0};
    AUTO(buf_clear) struct buf forged = {0};
    AUTO(buf_clear) struct buf none = {0};
    set_init(&stranger), set_init(&forged), set_init(&none);
    make_crl(&ca.stranger, 1, NOW - 50, NOW + DAY, 0, &stranger);
    require_refusal(&stranger, &none, RESULT_NOT_FOUND, "none of the trusted");
    // The right name, another key.
    struct test_identity impostor = {0};
    make_identity(&impostor, (struct test_names){{"cn:Test Issuing"}}, NULL, true, NOW - DAY,
                  NOW + DAY);
    make_crl(&impostor, 9, NOW - 50, NOW + DAY, 0, &forged);
    test_identity_clear(&impostor);
    require_refusal(&forged, &none, RESULT_DENIED, "signature");
}

static void lists_out_of_their_time_are_refused(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf future = {0};
    AUTO(buf_clear) struct buf expired = {0};
    AUTO(buf_clear) struct buf last_second = {0};
    AUTO(buf_clear) struct buf none = {0};
    set_init(&future), set_init(&expired), set_init(&last_second), set_init(&none);
    make_crl(&ca.issuing, 1, NOW + 1, NOW + DAY, 0, &future);
    make_crl(&ca.issuing, 1, NOW - DAY, NOW, 0, &expired);
    make_crl(&ca.issuing, 1, NOW, NOW + 1, 0, &last_second);
    require_refusal(&future, &none, RESULT_INVALID, "future");
    require_refusal(&expired, &none, RESULT_INVALID, "expired");
    require_decision(&last_second, &none, CRL_SET_REPLACE);
}

static void an_installed_list_must_not_get_lost(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf both = {0};
    AUTO(buf_clear) struct buf one = {0};
    set_init(&both), set_init(&one);
    add_bundle(&both, 5);
    make_crl(&ca.issuing, 6, NOW - 50, NOW + DAY, 2, &one);
    require_refusal(&one, &both, RESULT_DENIED, "lacks it");
    // One more is fine.
    AUTO(buf_clear) struct buf root_only = {0};
    set_init(&root_only);
    struct bytes rest = buf_bytes(&both);
    struct crl first;
    struct error err = {0};
    assert_ok(crl_read_next(&rest, &first, &err), &err);
    assert_ok(buf_append(&root_only, rest), &err);
    require_decision(&both, &root_only, CRL_SET_REPLACE);
}

static void two_lists_of_one_ca_and_none_at_all_are_refused(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf two = {0};
    AUTO(buf_clear) struct buf none = {0};
    set_init(&two), set_init(&none);
    make_crl(&ca.issuing, 5, NOW - 60, NOW + DAY, 2, &two);
    make_crl(&ca.issuing, 6, NOW - 50, NOW + DAY, 2, &two);
    require_refusal(&two, &none, RESULT_INVALID, "two of this CA");
    require_refusal(&none, &none, RESULT_INVALID, "no CRL");
}

static void an_installed_list_that_does_not_verify_defends_nothing(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf tampered = {0};
    AUTO(buf_clear) struct buf good = {0};
    set_init(&tampered), set_init(&good);
    make_crl(&ca.issuing, 1000, NOW - 10, NOW + DAY, 2, &tampered);
    tampered.data[tampered.size - 1] ^= 1;
    make_crl(&ca.issuing, 6, NOW - 50, NOW + DAY, 2, &good);
    require_decision(&good, &tampered, CRL_SET_REPLACE);
}

static void every_cut_off_set_is_refused(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf whole = {0};
    set_init(&whole);
    make_crl(&ca.issuing, 5, NOW - 60, NOW + DAY, 2, &whole);
    for (size_t size = 1; size < whole.size; size++) {
        struct error err = {0};
        enum crl_set_decision decision = CRL_SET_UNCHANGED;
        struct crl_set_summary summary;
        assert_result(RESULT_INVALID,
                      crl_set_decide(bytes_slice(buf_bytes(&whole), 0, size), (struct bytes){0},
                                     buf_bytes(&trust), NOW, &decision, &summary, &err),
                      &err);
    }
}

static void pem_bundles_and_single_der_lists_are_read(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(buf_clear) struct buf pem = {0};
    AUTO(buf_clear) struct buf read = {0};
    set_init(&der), set_init(&pem), set_init(&read);
    add_bundle(&der, 5);
    assert_ok(pem_encode_all(PEM_CRL, buf_bytes(&der), &pem), &err);
    assert_ok(crl_set_read(buf_bytes(&pem), &read, &err), &err);
    assert_bytes_equal(buf_bytes(&read), buf_bytes(&der));
    // Two lists in DER, a PEM file cut in a block, and something else.
    buf_reset(&read);
    assert_result(RESULT_INVALID, crl_set_read(buf_bytes(&der), &read, &err), &err);
    assert_result(RESULT_INVALID,
                  crl_set_read(bytes_slice(buf_bytes(&pem), 0, pem.size - 10), &read, &err),
                  &err);
    assert_result(RESULT_INVALID, crl_set_read(BYTES_LITERAL("<html>"), &read, &err), &err);
    struct bytes list = buf_bytes(&der);
    struct crl crl;
    assert_ok(crl_read_next(&list, &crl, &err), &err);
    buf_reset(&read);
    assert_ok(crl_set_read(crl.der, &read, &err), &err);
    assert_bytes_equal(buf_bytes(&read), crl.der);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(newer_lists_replace_older_and_equal_ones_are_unchanged),
        cmocka_unit_test(the_summary_tells_newest_and_earliest),
        cmocka_unit_test(going_back_is_refused),
        cmocka_unit_test(an_installed_one_from_the_future_gives_way_to_a_higher_number),
        cmocka_unit_test(numbers_are_compared_as_numbers),
        cmocka_unit_test(wrong_signers_are_refused),
        cmocka_unit_test(lists_out_of_their_time_are_refused),
        cmocka_unit_test(an_installed_list_must_not_get_lost),
        cmocka_unit_test(two_lists_of_one_ca_and_none_at_all_are_refused),
        cmocka_unit_test(an_installed_list_that_does_not_verify_defends_nothing),
        cmocka_unit_test(every_cut_off_set_is_refused),
        cmocka_unit_test(pem_bundles_and_single_der_lists_are_read),
    };
    return cmocka_run_group_tests(tests, make_ca, clear_ca);
}
