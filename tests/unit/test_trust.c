// Which CAs are believed: all that the root vouches for, however many old ones there are.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/trust.h"
#include "support/client_fixture.h"

// A root, many CAs below it, and a stranger.
static struct {
    struct test_ca ca;
    struct buf cas; // LIMIT_TRUST_CERTIFICATES and one, after another
} made;

static int make_cas(void **state) {
    (void)state;
    make_test_ca(&made.ca);
    buf_init(&made.cas, LIMIT_CHAIN_BYTES);
    for (size_t i = 0; i <= LIMIT_TRUST_CERTIFICATES; i++) {
        struct test_identity issuing = {0};
        char name[32];
        (void)snprintf(name, sizeof(name), "cn:Issuing %03zu", i);
        make_identity(&issuing, (struct test_names){{name}}, &made.ca.root, true, NOW - DAY,
                      NOW + 900 * DAY);
        assert_int_equal(RESULT_OK, buf_append(&made.cas, buf_bytes(&issuing.certificate)));
        test_identity_clear(&issuing);
    }
    return 0;
}

static int clear_cas(void **state) {
    (void)state;
    test_ca_clear(&made.ca);
    buf_clear(&made.cas);
    return 0;
}

static struct bytes root(void) {
    return buf_bytes(&made.ca.root.certificate);
}

// The first `count` of them, and behind them `last`, if any.
static void some(size_t count, const struct test_identity *last, struct buf *out) {
    struct bytes rest = buf_bytes(&made.cas);
    struct certificate ca;
    struct error err = {0};
    buf_init(out, 2 * LIMIT_CHAIN_BYTES);
    for (size_t i = 0; i < count; i++) {
        assert_ok(certificate_read_next(&rest, &ca, &err), &err);
        assert_int_equal(RESULT_OK, buf_append(out, ca.der));
    }
    if (last != NULL) {
        assert_int_equal(RESULT_OK, buf_append(out, buf_bytes(&last->certificate)));
    }
}

static size_t count(const struct buf *trust) {
    struct bytes rest = buf_bytes(trust);
    struct certificate ca;
    struct error err = {0};
    size_t count = 0;
    for (; rest.size > 0; count++) {
        assert_ok(certificate_read_next(&rest, &ca, &err), &err);
    }
    return count;
}

static void require_too_many(enum result result, const struct error *err) {
    assert_int_equal(RESULT_LIMIT, result);
    assert_string_equal(err->code, "too_many_cas");
    assert_string_equal(
        err->message, "there are more CAs than a device can keep: 64 of them, in 262144 bytes");
}

// A renewal comes with the chain of today, and ca.pem has those of years.
static void those_of_before_stay_however_many(void **state) {
    (void)state;
    static const size_t befores[] = {1, 7, 8, 9, 32, LIMIT_TRUST_CERTIFICATES - 2};
    for (size_t i = 0; i < sizeof(befores) / sizeof(befores[0]); i++) {
        AUTO(buf_clear) struct buf before = {0}, trust = {0};
        struct error err = {0};
        some(befores[i], &made.ca.stranger, &before);
        buf_init(&trust, LIMIT_CHAIN_BYTES);
        assert_ok(trust_gather(root(), buf_bytes(&made.ca.issuing.certificate),
                               buf_bytes(&before), &trust, &err),
                  &err);
        // With the root and the new one, and without the stranger.
        assert_int_equal(count(&trust), befores[i] + 2);
    }
}

static void one_more_than_can_be_kept_is_refused_and_not_dropped(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf before = {0}, trust = {0}, small = {0}, few = {0};
    struct error err = {0};
    struct bytes issuing = buf_bytes(&made.ca.issuing.certificate);
    some(LIMIT_TRUST_CERTIFICATES - 1, NULL, &before);
    buf_init(&trust, LIMIT_CHAIN_BYTES);
    require_too_many(trust_gather(root(), issuing, buf_bytes(&before), &trust, &err), &err);
    // Nor what has no room.
    some(1, NULL, &few);
    buf_init(&small, root().size + issuing.size + few.size - 1);
    require_too_many(trust_gather(root(), issuing, buf_bytes(&few), &small, &err), &err);
}

static void what_an_authority_announces_is_all_looked_at(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf announced = {0}, foreign = {0}, many = {0};
    struct error err = {0};
    some(LIMIT_TRUST_CERTIFICATES - 1, &made.ca.root, &announced);
    assert_ok(trust_check(buf_bytes(&announced), root(), &err), &err);
    some(LIMIT_TRUST_CERTIFICATES - 1, &made.ca.stranger, &foreign);
    assert_result(RESULT_DENIED, trust_check(buf_bytes(&foreign), root(), &err), &err);
    assert_string_equal(err.code, "untrusted");
    some(LIMIT_TRUST_CERTIFICATES + 1, NULL, &many);
    require_too_many(trust_check(buf_bytes(&many), root(), &err), &err);
}

int main(void) {
    clock_use_manual(NOW);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_of_before_stay_however_many),
        cmocka_unit_test(one_more_than_can_be_kept_is_refused_and_not_dropped),
        cmocka_unit_test(what_an_authority_announces_is_all_looked_at),
    };
    return cmocka_run_group_tests(tests, make_cas, clear_cas);
}
