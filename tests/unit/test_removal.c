// Which certificates of an account are taken off it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/removal.h"
#include "support/client_fixture.h"

static struct test_ca ca;
static struct test_identity ours, strangers;

static int make_all(void **state) {
    (void)state;
    const struct test_names names = {{"xmpp:hamlet@shakespeare.lit"}};
    make_test_ca(&ca);
    make_identity(&ours, names, &ca.issuing, false, NOW - 60, NOW + DAY);
    make_identity(&strangers, names, &ca.stranger, false, NOW - 60, NOW + DAY);
    return 0;
}

static int remove_all(void **state) {
    (void)state;
    test_identity_clear(&ours);
    test_identity_clear(&strangers);
    test_ca_clear(&ca);
    return 0;
}

// A view, not to be cleared.
static struct registered line_of(const struct test_identity *identity, char *name, char *label,
                                 char *state) {
    struct registered line = {.name = name, .label = label, .state = state};
    if (identity != NULL) {
        line.certificate = (struct blob){.data = identity->certificate.data,
                                         .size = identity->certificate.size};
    }
    return line;
}

static void what_is_asked_for_is_taken(void **state) {
    (void)state;
    static char phone[] = "phone", first[] = "phone-1", second[] = "phone-2", other[] = "x";
    static char valid[] = "valid", expired[] = "expired", superseded[] = "superseded";
    const struct {
        struct removal removal;
        struct registered line;
        bool is_taken;
    } cases[] = {
        {{.name = "phone-1"}, line_of(&ours, first, phone, valid), true},
        {{.name = "phone"}, line_of(&ours, first, phone, valid), true},
        {{.name = "phone"}, line_of(&ours, phone, NULL, valid), true},
        {{.name = "phone-2"}, line_of(&ours, first, phone, valid), false},
        {{.name = "x"}, line_of(NULL, other, NULL, valid), true},
        // A name is asked for alone.
        {{.name = "x", .takes_expired = true}, line_of(&ours, first, phone, expired), false},
        {{.takes_expired = true}, line_of(&ours, first, phone, expired), true},
        {{.takes_expired = true}, line_of(&ours, first, phone, superseded), false},
        {{.takes_superseded = true}, line_of(&ours, first, phone, superseded), true},
        {{.takes_superseded = true}, line_of(&ours, first, phone, valid), false},
        {{.label = "phone", .keeps = "phone-2"}, line_of(&ours, first, phone, valid), true},
        {{.label = "phone", .keeps = "phone-2"}, line_of(&ours, second, phone, valid), false},
        {{.label = "phone", .keeps = "phone-2"}, line_of(&ours, other, NULL, valid), false},
        {{0}, line_of(&ours, first, phone, expired), false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(removal_takes(&cases[i].removal, &cases[i].line), cases[i].is_taken);
    }
}

static void foreign_is_what_no_ca_of_ours_has_signed(void **state) {
    (void)state;
    static char name[] = "x", valid[] = "valid";
    struct error err = {0};
    AUTO(buf_clear) struct buf both = {0};
    buf_init(&both, LIMIT_CHAIN_BYTES);
    assert_ok(buf_append(&both, buf_bytes(&ca.root.certificate)), &err);
    assert_ok(buf_append(&both, buf_bytes(&ca.issuing.certificate)), &err);
    const struct removal foreign = {.issuers = buf_bytes(&both)};
    const struct removal root_only = {.issuers = buf_bytes(&ca.root.certificate)};
    const struct removal not_asked = {0};
    const struct registered of_ours = line_of(&ours, name, NULL, valid);
    const struct registered of_strangers = line_of(&strangers, name, NULL, valid);
    const struct registered unreadable = line_of(NULL, name, NULL, valid);
    assert_false(removal_takes(&foreign, &of_ours));
    assert_true(removal_takes(&foreign, &of_strangers));
    assert_false(removal_takes(&foreign, &unreadable));
    assert_true(removal_takes(&root_only, &of_ours));
    assert_false(removal_takes(&not_asked, &of_strangers));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked_for_is_taken),
        cmocka_unit_test(foreign_is_what_no_ca_of_ours_has_signed),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
