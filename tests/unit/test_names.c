// Names: their syntax, their canonical form, and their DER.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/x509_fixture.h"

#include "x509/der.h"
#include "x509/oid.h"

#define A10 "aaaaaaaaaa"
#define A60 A10 A10 A10 A10 A10 A10
#define A63 A60 "aaa"
#define A1000 A100 A100 A100 A100 A100 A100 A100 A100 A100 A100
#define A100 A10 A10 A10 A10 A10 A10 A10 A10 A10 A10

static void each_type_takes_its_syntax_and_refuses_the_rest(void **state) {
    (void)state;
    static const struct {
        const char *text, *canonical; // NULL: refused
    } cases[] = {
        {"cn:Zoë Müller", "cn:Zoë Müller"},
        {"cn:a/b+c", "cn:a/b+c"},
        {"cn:" A60 "aaaa", "cn:" A60 "aaaa"},
        {"cn:" A60 "aaaaa", NULL},
        {"cn:", NULL},
        {"cn: x", NULL},
        {"cn:x ", NULL},
        {"cn:a\nb", NULL},
        {"cn:a\x7f", NULL},
        {"cn:a\xc2\x85", NULL},    // a C1 control character
        {"cn:\xc0\xaf", NULL},     // overlong
        {"cn:\xed\xa0\x80", NULL}, // a surrogate

        {"dns:Broker.Example", "dns:broker.example"},
        {"dns:localhost", "dns:localhost"},
        {"dns:*.broker.example", "dns:*.broker.example"},
        {"dns:xn--mller-kva.example", "dns:xn--mller-kva.example"},
        {"dns:" A63 ".example", "dns:" A63 ".example"},
        {"dns:" A63 "a.example", NULL},
        {"dns:müller.example", NULL},
        {"dns:broker.example.", NULL},
        {"dns:.example", NULL},
        {"dns:a..b", NULL},
        {"dns:-a.example", NULL},
        {"dns:a-.example", NULL},
        {"dns:a_b.example", NULL},
        {"dns:*", NULL},
        {"dns:*.", NULL},
        {"dns:a.*.example", NULL},
        {"dns:*a.example", NULL},
        {"dns:192.0.2.1", NULL}, // an address, not a name
        {"dns:", NULL},
        {"dns:" A63 "." A63 "." A63 "." A60, "dns:" A63 "." A63 "." A63 "." A60},
        {"dns:" A63 "." A63 "." A63 "." A60 "aaa", NULL}, // 255 octets

        {"ip:192.0.2.1", "ip:192.0.2.1"},
        {"ip:2001:DB8:0:0:0:0:0:1", "ip:2001:db8::1"},
        {"ip:::1", "ip:::1"},
        {"ip:192.0.2", NULL},
        {"ip:192.0.2.256", NULL},
        {"ip:fe80::1%eth0", NULL},
        {"ip:localhost", NULL},

        {"email:Jane.Doe+x@Example.NET", "email:Jane.Doe+x@example.net"},
        {"email:jane", NULL},
        {"email:@example.net", NULL},
        {"email:jane@", NULL},
        {"email:a@b@example.net", NULL},
        {"email:a..b@example.net", NULL},
        {"email:.a@example.net", NULL},
        {"email:a.@example.net", NULL},
        {"email:jané@example.net", NULL},
        {"email:a b@example.net", NULL},
        {"email:" A60 "aaaaa@example.net", NULL},

        {"uri:urn:uuid:f81d4fae", "uri:urn:uuid:f81d4fae"},
        {"uri:https://Example.net/A?b=c#d", "uri:https://Example.net/A?b=c#d"},
        {"uri:example.net/a", NULL},
        {"uri::a", NULL},
        {"uri:1a:b", NULL},
        {"uri:a:", NULL},
        {"uri:a:b c", NULL},
        {"uri:a:<b>", NULL},
        {"uri:a:é", NULL},

        {"xmpp:Hamlet@Shakespeare.LIT", "xmpp:Hamlet@shakespeare.lit"},
        {"xmpp:hamlet@shakespeare.lit/Elsinore Castle",
         "xmpp:hamlet@shakespeare.lit/Elsinore Castle"},
        {"xmpp:shakespeare.lit", "xmpp:shakespeare.lit"},
        {"xmpp:shakespeare.lit/a@b/c", "xmpp:shakespeare.lit/a@b/c"},
        {"xmpp:zoë@müller.example", "xmpp:zoë@müller.example"},
        {"xmpp:a@[2001:db8::1]", "xmpp:a@[2001:db8::1]"},
        {"xmpp:a@192.0.2.1", "xmpp:a@192.0.2.1"},
        {"xmpp:@shakespeare.lit", NULL},
        {"xmpp:hamlet@", NULL},
        {"xmpp:hamlet@shakespeare.lit/", NULL},
        {"xmpp:ham let@shakespeare.lit", NULL},
        {"xmpp:a@b@c.example", NULL},
        {"xmpp:a@b..c", NULL},
        {"xmpp:a@*.example", NULL},
        {"xmpp:a@example.net/x\ny", NULL},
        {"xmpp:a@[192.0.2.1]", NULL},
        {"xmpp:" A1000 A10 A10 "aaaa@example.net", NULL},

        {"tel:123", NULL},
        {"example.net", NULL},
        {"DNS:example.net", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(names_clear) struct names names = {0};
        AUTO(buf_clear) struct buf text = {0};
        struct error err = {0};
        buf_init(&text, 8192);
        enum result result = names_add_text(&names, cases[i].text, &err);
        enum result expected = cases[i].canonical != NULL ? RESULT_OK : RESULT_INVALID;
        if (result != expected) {
            fail_msg("%s: gave %s: %s", cases[i].text, result_wire_name(result), err.message);
        }
        if (result != RESULT_OK) {
            assert_int_equal(names.count, 0);
            assert_true(err.message[0] != '\0');
            continue;
        }
        assert_int_equal(name_format(&names.items[0], &text), RESULT_OK);
        assert_string_equal(buf_string(&text), cases[i].canonical);
    }
}

static void a_zero_byte_is_refused_in_every_type(void **state) {
    (void)state;
    static const struct {
        enum name_type type;
        struct bytes value;
    } cases[] = {
        {NAME_CN, {(const uint8_t *)"ad\0min", 6}},
        {NAME_DNS, {(const uint8_t *)"a.example\0.evil", 15}},
        {NAME_IP, {(const uint8_t *)"192.0.2.1\0", 10}},
        {NAME_EMAIL, {(const uint8_t *)"a\0b@example.net", 15}},
        {NAME_URI, {(const uint8_t *)"urn:a\0", 6}},
        {NAME_XMPP, {(const uint8_t *)"a\0b@example.net", 15}},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(names_clear) struct names names = {0};
        struct error err = {0};
        assert_result(RESULT_INVALID, names_add(&names, cases[i].type, cases[i].value, &err),
                      &err);
        assert_string_equal(err.field, name_type_prefix(cases[i].type));
    }
}

static void the_same_name_is_refused_in_whatever_form_it_comes(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0};
    struct error err = {0};
    assert_ok(names_add_text(&names, "dns:a.example", &err), &err);
    assert_result(RESULT_CONFLICT, names_add_text(&names, "dns:A.EXAMPLE", &err), &err);
    assert_string_equal(err.code, "name_duplicate");
    assert_ok(names_add_text(&names, "cn:a.example", &err), &err); // another type
    assert_int_equal(names.count, 2);
}

static void the_number_of_names_is_limited(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0};
    struct error err = {0};
    char text[32];
    for (int i = 0; i < LIMIT_NAMES; i++) {
        snprintf(text, sizeof(text), "dns:a%d.example", i);
        assert_ok(names_add_text(&names, text, &err), &err);
    }
    assert_result(RESULT_LIMIT, names_add_text(&names, "dns:more.example", &err), &err);
}

static void add_all(struct names *names, const char *const *texts) {
    struct error err = {0};
    for (; *texts != NULL; texts++) {
        assert_ok(names_add_text(names, *texts, &err), &err);
    }
}

static void sets_are_compared_without_order(void **state) {
    (void)state;
    AUTO(names_clear) struct names a = {0}, b = {0}, copy = {0};
    add_all(&a, (const char *const[]){"cn:x", "dns:a.example", NULL});
    add_all(&b, (const char *const[]){"dns:a.example", "cn:x", NULL});
    assert_true(names_equal(&a, &b));
    assert_int_equal(names_copy(&copy, &a), RESULT_OK);
    assert_true(names_equal(&copy, &a));
    add_all(&b, (const char *const[]){"dns:b.example", NULL});
    assert_false(names_equal(&a, &b));
    assert_null(names_outside(&a, &b));
    assert_string_equal(names_outside(&b, &a)->value, "b.example");
    assert_int_equal(names_count_type(&b, NAME_DNS), 2);
    assert_string_equal(names_first(&b, NAME_DNS), "a.example");
    assert_null(names_first(&b, NAME_URI));
}

static void a_wildcard_is_a_value_not_a_pattern(void **state) {
    (void)state;
    AUTO(names_clear) struct names allowed = {0}, wanted = {0};
    add_all(&allowed, (const char *const[]){"dns:*.example", NULL});
    add_all(&wanted, (const char *const[]){"dns:a.example", NULL});
    assert_string_equal(names_outside(&wanted, &allowed)->value, "a.example");
}

// --- DER ---

static const char *const of_every_type[] = {"dns:a.example",
                                            "ip:192.0.2.1",
                                            "ip:2001:db8::1",
                                            "email:a@example.net",
                                            "uri:urn:a",
                                            "xmpp:hamlet@shakespeare.lit",
                                            NULL};

static void every_type_survives_the_san(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0}, read = {0};
    AUTO(buf_clear) struct buf san = {0};
    struct error err = {0};
    buf_init(&san, 4096);
    add_all(&names, of_every_type);
    assert_int_equal(names_write_san(&san, &names), RESULT_OK);
    assert_ok(names_read_san(&read, buf_bytes(&san), false, &err), &err);
    assert_true(names_equal(&names, &read));
}

static void an_xmpp_address_is_a_utf8_string_in_an_other_name(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf san = {0};
    buf_init(&san, 4096);
    add_all(&names, (const char *const[]){"cn:not here", "xmpp:a@b.c", NULL});
    assert_int_equal(names_write_san(&san, &names), RESULT_OK);
    assert_hex(buf_bytes(&san), "30 15 a0 13 06082b06010505070805 a0 07 0c 05 6140622e63");
}

static void foreign_sans_are_refused_or_skipped(void **state) {
    (void)state;
    static const struct {
        const char *what, *hex;
        enum result strict, foreign;
        size_t foreign_count;
    } cases[] = {
        {"one name", "3003820161", RESULT_OK, RESULT_OK, 1},
        {"empty", "3000", RESULT_INVALID, RESULT_OK, 0},
        {"directoryName", "3007a4023000820161", RESULT_INVALID, RESULT_OK, 1},
        {"registeredID", "3008880355040382016100", RESULT_INVALID, RESULT_INVALID, 0},
        {"registeredID alone", "30058803550403", RESULT_INVALID, RESULT_OK, 0},
        {"another otherName", "300ca00a06032b0101a0030c0161", RESULT_INVALID, RESULT_OK, 0},
        {"xmppAddr as IA5String", "3013a01106082b06010505070805a0051603612e62", RESULT_INVALID,
         RESULT_OK, 0},
        {"duplicate", "3006820161820141", RESULT_INVALID, RESULT_INVALID, 0},
        {"address of three octets", "30058703010203", RESULT_INVALID, RESULT_INVALID, 0},
        {"address with a mask", "300a8708c0000201ffffffff", RESULT_INVALID, RESULT_INVALID, 0},
        {"zero byte in a DNS name", "3005820361002e", RESULT_INVALID, RESULT_INVALID, 0},
        {"trailing byte", "300382016100", RESULT_INVALID, RESULT_INVALID, 0},
        {"no sequence", "820161", RESULT_INVALID, RESULT_INVALID, 0},
        {"nothing", "", RESULT_INVALID, RESULT_INVALID, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(names_clear) struct names strict = {0}, foreign = {0};
        AUTO(buf_clear) struct buf san = {0};
        struct error err = {0};
        buf_init(&san, 256);
        append_hex(&san, cases[i].hex);
        print_message("%s\n", cases[i].what);
        assert_result(cases[i].strict, names_read_san(&strict, buf_bytes(&san), false, &err),
                      &err);
        assert_result(cases[i].foreign, names_read_san(&foreign, buf_bytes(&san), true, &err),
                      &err);
        assert_int_equal(foreign.count, cases[i].foreign_count);
    }
}

static void a_common_name_is_printable_when_it_can_be(void **state) {
    (void)state;
    static const struct {
        const char *common_name, *hex;
    } cases[] = {
        {NULL, "3000"},
        {"ab 1", "300f310d300b06035504031304 61622031"},
        {"a_b", "300e310c300a06035504030c03 615f62"},
        {"é", "300d310b300906035504030c02 c3a9"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(names_clear) struct names names = {0};
        AUTO(buf_clear) struct buf name = {0};
        struct error err = {0};
        buf_init(&name, 256);
        assert_int_equal(distinguished_name_write(&name, cases[i].common_name), RESULT_OK);
        assert_hex(buf_bytes(&name), cases[i].hex);
        assert_ok(names_read_subject(&names, buf_bytes(&name), &err), &err);
        assert_int_equal(names.count, cases[i].common_name != NULL ? 1 : 0);
        if (cases[i].common_name != NULL) {
            assert_string_equal(names_first(&names, NAME_CN), cases[i].common_name);
        }
    }
}

// Appends SET { SEQUENCE { type, value } }.
static void add_attribute(struct buf *out, enum oid type, uint8_t tag, struct bytes value) {
    size_t set = 0, attribute = 0;
    assert_int_equal(der_begin(out, DER_SET, &set), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &attribute), RESULT_OK);
    assert_int_equal(oid_write(out, type), RESULT_OK);
    assert_int_equal(der_write(out, tag, value), RESULT_OK);
    assert_int_equal(der_end(out, attribute), RESULT_OK);
    assert_int_equal(der_end(out, set), RESULT_OK);
}

static void subjects_have_one_common_name_of_a_text_type(void **state) {
    (void)state;
    static const struct {
        uint8_t tag;
        struct bytes value;
        int copies;
        enum result expected;
    } cases[] = {
        {DER_UTF8_STRING, BYTES_LITERAL("a"), 1, RESULT_OK},
        {DER_PRINTABLE_STRING, BYTES_LITERAL("a"), 1, RESULT_OK},
        {DER_IA5_STRING, BYTES_LITERAL("a"), 1, RESULT_OK},
        {DER_UTF8_STRING, BYTES_LITERAL("a"), 0, RESULT_OK},
        {DER_UTF8_STRING, BYTES_LITERAL("a"), 2, RESULT_INVALID},
        {DER_BMP_STRING, BYTES_LITERAL("\0a"), 1, RESULT_INVALID},
        {DER_T61_STRING, BYTES_LITERAL("a"), 1, RESULT_INVALID},
        {DER_UTF8_STRING, BYTES_LITERAL("a\0b"), 1, RESULT_INVALID},
        {DER_UTF8_STRING, BYTES_LITERAL("a\x1b"), 1, RESULT_INVALID},
        {DER_UTF8_STRING, BYTES_LITERAL("\xff"), 1, RESULT_INVALID},
        {DER_IA5_STRING, BYTES_LITERAL("\xe9"), 1, RESULT_INVALID},
        {DER_UTF8_STRING, BYTES_LITERAL(""), 1, RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(names_clear) struct names names = {0};
        AUTO(buf_clear) struct buf name = {0};
        struct error err = {0};
        size_t mark = 0;
        buf_init(&name, 256);
        assert_int_equal(der_begin(&name, DER_SEQUENCE, &mark), RESULT_OK);
        add_attribute(&name, OID_ORGANIZATION, DER_UTF8_STRING, BYTES_LITERAL("Example"));
        for (int k = 0; k < cases[i].copies; k++) {
            add_attribute(&name, OID_COMMON_NAME, cases[i].tag, cases[i].value);
        }
        assert_int_equal(der_end(&name, mark), RESULT_OK);
        print_message("case %zu\n", i);
        assert_result(cases[i].expected, names_read_subject(&names, buf_bytes(&name), &err),
                      &err);
    }
}

static void distinguished_names_are_shown_as_rfc_4514_says(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf name = {0}, text = {0};
    size_t mark = 0;
    buf_init(&name, 1024);
    buf_init(&text, 1024);
    assert_int_equal(der_begin(&name, DER_SEQUENCE, &mark), RESULT_OK);
    add_attribute(&name, OID_COUNTRY, DER_PRINTABLE_STRING, BYTES_LITERAL("DE"));
    add_attribute(&name, OID_ORGANIZATION, DER_UTF8_STRING, BYTES_LITERAL("A, B + \"C\""));
    add_attribute(&name, OID_XMPP_ADDR, DER_BMP_STRING, BYTES_LITERAL("\0a"));
    add_attribute(&name, OID_COMMON_NAME, DER_UTF8_STRING, BYTES_LITERAL(" #a\n "));
    assert_int_equal(der_end(&name, mark), RESULT_OK);
    assert_int_equal(distinguished_name_format(buf_bytes(&name), &text), RESULT_OK);
    assert_string_equal(buf_string(&text), "CN=\\ #a\\0a\\ ,xmppAddr=#1e020061,"
                                           "O=A\\, B \\+ \\\"C\\\",C=DE");
    assert_int_equal(distinguished_name_format(BYTES_LITERAL("\x30\x01\x05"), &text),
                     RESULT_INVALID);
    buf_reset(&text);
    assert_int_equal(distinguished_name_format(BYTES_LITERAL("\x30\x00"), &text), RESULT_OK);
    assert_int_equal(text.size, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_type_takes_its_syntax_and_refuses_the_rest),
        cmocka_unit_test(a_zero_byte_is_refused_in_every_type),
        cmocka_unit_test(the_same_name_is_refused_in_whatever_form_it_comes),
        cmocka_unit_test(the_number_of_names_is_limited),
        cmocka_unit_test(sets_are_compared_without_order),
        cmocka_unit_test(a_wildcard_is_a_value_not_a_pattern),
        cmocka_unit_test(every_type_survives_the_san),
        cmocka_unit_test(an_xmpp_address_is_a_utf8_string_in_an_other_name),
        cmocka_unit_test(foreign_sans_are_refused_or_skipped),
        cmocka_unit_test(a_common_name_is_printable_when_it_can_be),
        cmocka_unit_test(subjects_have_one_common_name_of_a_text_type),
        cmocka_unit_test(distinguished_names_are_shown_as_rfc_4514_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
