// Tests of policy: each rule has a neighbour that is accepted, and a refusal with its code.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/policy_fixture.h"

#include "x509/der.h"
#include "x509/oid.h"

static enum result decide_bytes(struct policy_fixture *f, struct bytes tbs, struct error *err) {
    return policy_decide(tbs, &f->profile, &f->grant, &f->ca, POLICY_NOW, err);
}

static enum result decide(struct policy_fixture *f, struct error *err) {
    AUTO(buf_clear) struct buf tbs = {0};
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    assert_ok(certificate_build_tbs(&f->plan, key_signature_algorithm(f->ca_key), &tbs, err),
              err);
    return decide_bytes(f, buf_bytes(&tbs), err);
}

static void expect_allowed(struct policy_fixture *f) {
    struct error err = {0};
    assert_ok(decide(f, &err), &err);
}

static void expect_denied(struct policy_fixture *f, const char *code) {
    struct error err = {0};
    enum result result = decide(f, &err);
    if (result != RESULT_DENIED || strcmp(err.code, code) != 0) {
        print_error("expected %s, got %s: %s\n", code, err.code, err.message);
    }
    assert_int_equal(result, RESULT_DENIED);
    assert_string_equal(err.code, code);
    assert_non_null(strstr(err.message, "test"));
}

// --- names -----------------------------------------------------------------------------------

static const struct {
    const char *names[4];
    const char *code; // NULL: allowed
    const char *field;
} name_cases[] = {
    {{"cn:sensor-1"}, NULL, NULL},
    {{"dns:a.example"}, NULL, NULL}, // empty subject, critical SAN
    {{"cn:sensor-1", "dns:a.example", "dns:b.example"}, NULL, NULL},
    {{"dns:a.example", "dns:b.example", "dns:c.example"}, "name_count", "dns"},
    {{"dns:a.example", "dns:b.example", "ip:192.0.2.1"}, "name_count", "dns"},
    {{"email:a@a.example"}, "name_count", "email"},
    {{"cn:sensor-1", "uri:urn:x:y"}, "name_count", "uri"},
    {{"dns:*.example.org"}, "name_form", "dns"},
    {{"xmpp:hamlet@shakespeare.lit"}, NULL, NULL},
    {{"xmpp:hamlet@shakespeare.lit/phone"}, "name_form", "xmpp"},
    {{"xmpp:Hamlet@shakespeare.lit"}, "name_form", "xmpp"},
};

static void names_follow_the_profiles_counts_and_forms(void **state) {
    struct policy_fixture *f = *state;
    for (size_t i = 0; i < sizeof(name_cases) / sizeof(name_cases[0]); i++) {
        size_t count = 0;
        while (count < 4 && name_cases[i].names[count] != NULL) {
            count++;
        }
        policy_fixture_name(f, name_cases[i].names, count);
        struct error grant_err = {0};
        enum result of_grant = policy_check_grant(&f->profile, &f->grant, &grant_err);
        if (name_cases[i].code == NULL) {
            expect_allowed(f);
            assert_ok(of_grant, &grant_err);
        } else {
            expect_denied(f, name_cases[i].code);
            // A token with such names is refused when it is made.
            assert_result(RESULT_DENIED, of_grant, &grant_err);
            assert_string_equal(grant_err.code, name_cases[i].code);
            assert_string_equal(grant_err.field, name_cases[i].field);
        }
    }
}

static void a_missing_name_is_refused(void **state) {
    struct policy_fixture *f = *state;
    f->profile.names[NAME_DNS].minimum = 1;
    expect_denied(f, "name_count");
    const char *const names[] = {"cn:sensor-1", "dns:a.example"};
    policy_fixture_name(f, names, 2);
    expect_allowed(f);
    f->profile.alternative_names.minimum = 2;
    expect_denied(f, "name_count");
}

static void names_for_mqtt_have_no_topic_characters(void **state) {
    struct policy_fixture *f = *state;
    static const char *const bad[] = {"cn:a/b", "cn:a+b", "cn:#"};
    for (size_t i = 0; i < 3; i++) {
        policy_fixture_name(f, &bad[i], 1);
        f->profile.common_name_fits_mqtt = false;
        expect_allowed(f);
        f->profile.common_name_fits_mqtt = true;
        expect_denied(f, "name_form");
    }
    const char *const good[] = {"cn:Zo\xc3\xab M\xc3\xbcller"};
    policy_fixture_name(f, good, 1);
    expect_allowed(f);
}

static void wildcards_are_allowed_where_the_profile_says_so(void **state) {
    struct policy_fixture *f = *state;
    const char *const names[] = {"dns:*.example.org"};
    policy_fixture_name(f, names, 1);
    f->profile.dns_wildcards = true;
    expect_allowed(f);
}

static void a_wildcard_needs_a_domain_of_its_own(void **state) {
    struct policy_fixture *f = *state;
    f->profile.dns_wildcards = true;
    const char *const names[] = {"dns:*.org"};
    policy_fixture_name(f, names, 1);
    expect_denied(f, "name_form");
}

// --- patterns --------------------------------------------------------------------------------

static const struct {
    enum name_type type;
    const char *pattern;
    const char *name;
    bool is_allowed;
} pattern_cases[] = {
    {NAME_CN, "sensor-*", "cn:sensor-1", true},
    {NAME_CN, "sensor-*", "cn:tracker-1", false},
    {NAME_CN, "sensor-*", "cn:sensor-*", false},
    {NAME_DNS, "*.example.org", "dns:a.example.org", true},
    {NAME_DNS, "*.example.org", "dns:*.iot.example.org", true},
    {NAME_DNS, "a.example.org", "dns:*.example.org", false},
    {NAME_DNS, "*.example.org", "dns:example.org", false},
    {NAME_IP, "10.0.0.0/8", "ip:10.255.0.1", true},
    {NAME_IP, "10.0.0.0/8", "ip:11.0.0.1", false},
    {NAME_IP, "10.0.0.0/8", "ip:::ffff:10.0.0.1", false},
    {NAME_IP, "2001:db8::/33", "ip:2001:db8:7fff::1", true},
    {NAME_IP, "2001:db8::/33", "ip:2001:db8:8000::1", false},
    {NAME_IP, "0.0.0.0/0", "ip:192.0.2.1", true},
    {NAME_IP, "0.0.0.0/0", "ip:::1", false},
    {NAME_XMPP, "example.org", "xmpp:a@example.org", true},
    {NAME_XMPP, "example.org", "xmpp:example.org", true},
    {NAME_XMPP, "example.org", "xmpp:a@sub.example.org", false},
    {NAME_XMPP, "example.org", "xmpp:a@evil.test/x@example.org", false},
    {NAME_XMPP, "example.org", "xmpp:evil.test/example.org", false},
};

static void names_match_one_of_the_profiles_patterns(void **state) {
    struct policy_fixture *f = *state;
    f->profile.dns_wildcards = true;
    f->profile.xmpp_form = JID_EITHER;
    for (size_t i = 0; i < sizeof(pattern_cases) / sizeof(pattern_cases[0]); i++) {
        struct config_list *patterns = &f->profile.patterns[pattern_cases[i].type];
        struct error err = {0};
        policy_fixture_name(f, &pattern_cases[i].name, 1);
        expect_allowed(f);
        assert_ok(config_list_add(patterns, "nothing.test", &err), &err);
        expect_denied(f, "name_pattern");
        assert_ok(config_list_add(patterns, pattern_cases[i].pattern, &err), &err);
        if (pattern_cases[i].is_allowed) {
            expect_allowed(f);
        } else {
            expect_denied(f, "name_pattern");
            assert_result(RESULT_DENIED, policy_check_grant(&f->profile, &f->grant, &err),
                          &err);
            assert_non_null(strstr(err.hint, pattern_cases[i].pattern));
        }
        config_list_clear(patterns);
    }
}

static void jids_have_the_profiles_form(void **state) {
    struct policy_fixture *f = *state;
    static const struct {
        enum jid_form form;
        bool bare, full;
    } forms[] = {{JID_BARE, true, false}, {JID_FULL, false, true}, {JID_EITHER, true, true}};
    const char *const bare[] = {"xmpp:a@example.org"};
    const char *const full[] = {"xmpp:a@example.org/phone"};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        f->profile.xmpp_form = forms[i].form;
        for (int is_full = 0; is_full < 2; is_full++) {
            policy_fixture_name(f, is_full ? full : bare, 1);
            if (is_full ? forms[i].full : forms[i].bare) {
                expect_allowed(f);
            } else {
                expect_denied(f, "name_form");
            }
        }
    }
}

static void a_wildcard_in_a_grant_is_no_pattern(void **state) {
    struct policy_fixture *f = *state;
    struct error err = {0};
    f->profile.dns_wildcards = true;
    const char *const names[] = {"dns:*.example.org"};
    policy_fixture_name(f, names, 1);
    names_clear(&f->names);
    assert_ok(names_add_text(&f->names, "dns:a.example.org", &err), &err);
    struct error refused = {0};
    assert_result(RESULT_DENIED, decide(f, &refused), &refused);
    assert_string_equal(refused.code, "name_not_granted");
}

static void a_name_outside_the_grant_is_refused(void **state) {
    struct policy_fixture *f = *state;
    struct error err = {0};
    assert_ok(names_add_text(&f->names, "dns:a.example", &err), &err);
    assert_result(RESULT_DENIED, decide(f, &err), &err);
    assert_string_equal(err.code, "name_not_granted");
    assert_string_equal(err.field, "dns");
    assert_non_null(strstr(err.message, "a.example"));
    assert_non_null(strstr(err.hint, "cn:sensor-1"));
    assert_ok(names_add_text(&f->granted, "dns:a.example", &err), &err);
    expect_allowed(f);
}

// --- key, usages, CA -------------------------------------------------------------------------

static void a_key_type_that_the_profile_lacks_is_refused(void **state) {
    struct policy_fixture *f = *state;
    AUTO(key_free_at) struct key *p384 = NULL;
    AUTO(key_free_at) struct key *ed25519 = NULL;
    struct error err = {0};
    assert_ok(key_generate(KEY_P384, &p384, &err), &err);
    assert_ok(key_generate(KEY_ED25519, &ed25519, &err), &err);
    f->plan.spki = key_public(p384);
    expect_allowed(f);
    f->plan.spki = key_public(ed25519);
    expect_denied(f, "key_algorithm");
    assert_result(RESULT_DENIED, decide(f, &err), &err);
    assert_string_equal(err.hint, "make a key of one of these: p256 p384");
}

static void key_usage_is_exactly_the_profiles(void **state) {
    struct policy_fixture *f = *state;
    f->plan.key_usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_AGREEMENT;
    expect_denied(f, "key_usage");
    f->plan.key_usage = 0;
    expect_denied(f, "extension");
    f->plan.key_usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_AGREEMENT;
    f->profile.key_usage = f->plan.key_usage;
    expect_allowed(f);
}

static void extended_key_usage_is_exactly_the_profiles(void **state) {
    struct policy_fixture *f = *state;
    f->plan.extended_key_usages[0] = OID_SERVER_AUTH;
    expect_denied(f, "extended_key_usage");
    f->plan.extended_key_usages[0] = OID_CLIENT_AUTH;
    f->plan.extended_key_usages[1] = OID_SERVER_AUTH;
    f->plan.extended_key_usages[2] = OID_UNKNOWN;
    expect_denied(f, "extended_key_usage");
    f->profile.extended_key_usages[0] = OID_SERVER_AUTH; // the same two, in another order
    f->profile.extended_key_usages[1] = OID_CLIENT_AUTH;
    f->profile.extended_key_usages[2] = OID_UNKNOWN;
    expect_allowed(f);
    f->plan.extended_key_usages[1] = OID_UNKNOWN;
    expect_denied(f, "extended_key_usage");
    f->plan.extended_key_usages[0] = OID_UNKNOWN;
    expect_denied(f, "extension");
}

// Also when a profile asks for it, in whichever of its two lists.
static void usages_of_the_authority_are_for_its_own_profiles(void **state) {
    struct policy_fixture *f = *state;
    struct error err = {0};
    static const struct {
        enum oid usage;
        const char *dotted;
        char *profile;
    } rows[] = {
        {OID_CMC_RA, "1.3.6.1.5.5.7.3.28", PROFILE_SERVICE},
        {OID_OCSP_SIGNING, "1.3.6.1.5.5.7.3.9", PROFILE_OCSP},
    };
    char *name = f->profile.name;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        f->plan.extended_key_usages[0] = rows[i].usage;
        f->profile.extended_key_usages[0] = rows[i].usage;
        expect_denied(f, "extended_key_usage");
        f->profile.name = rows[i].profile;
        expect_allowed(f);
        f->profile.name = name;
        f->profile.extended_key_usages[0] = OID_UNKNOWN;
        assert_ok(config_list_add(&f->profile.other_usages, rows[i].dotted, &err), &err);
        expect_denied(f, "extended_key_usage");
        config_list_clear(&f->profile.other_usages);
    }
}

static void a_usage_without_a_name_is_as_exact(void **state) {
    struct policy_fixture *f = *state;
    struct error err = {0};
    static const uint8_t ipsec[] = {DER_OID, 8, 0x2b, 6, 1, 5, 5, 7, 3, 17};
    static const uint8_t other[] = {DER_OID, 8, 0x2b, 6, 1, 5, 5, 7, 3, 18};
    f->plan.other_usages = bytes_of(ipsec, sizeof(ipsec));
    expect_denied(f, "extended_key_usage");
    assert_ok(config_list_add(&f->profile.other_usages, "1.3.6.1.5.5.7.3.17", &err), &err);
    expect_allowed(f);
    f->plan.other_usages = bytes_of(other, sizeof(other));
    expect_denied(f, "extended_key_usage");
    f->plan.other_usages = (struct bytes){0};
    expect_denied(f, "extended_key_usage");
    config_list_clear(&f->profile.other_usages);
    expect_allowed(f);
}

static void addresses_are_carried_where_the_profile_says_so(void **state) {
    struct policy_fixture *f = *state;
    expect_allowed(f);
    f->profile.crl_distribution_point = false;
    expect_denied(f, "extension");
    f->plan.crl_url = NULL;
    expect_allowed(f);
    f->plan.ca_issuers_url = "http://ca.example/ca/issuing.der";
    expect_denied(f, "extension");
    f->profile.authority_info_access = true;
    expect_allowed(f);
}

static void a_ca_certificate_is_refused(void **state) {
    struct policy_fixture *f = *state;
    f->plan.is_ca = true;
    expect_denied(f, "is_ca");
}

// --- issuer and serial -----------------------------------------------------------------------

static void another_issuers_name_is_refused(void **state) {
    struct policy_fixture *f = *state;
    AUTO(buf_clear) struct buf other = {0};
    buf_init(&other, 256);
    assert_int_equal(distinguished_name_write(&other, "Test CB"), RESULT_OK);
    f->plan.issuer = buf_bytes(&other);
    expect_denied(f, "issuer");
}

static void another_authority_key_id_is_refused(void **state) {
    struct policy_fixture *f = *state;
    uint8_t other[SHA1_SIZE] = {1};
    f->plan.authority_key_id = bytes_of(other, sizeof(other));
    expect_denied(f, "authority_key_id");
    f->plan.authority_key_id = (struct bytes){0};
    expect_denied(f, "extension");
}

static void a_ca_without_key_id_is_named_by_the_hash_of_its_key(void **state) {
    struct policy_fixture *f = *state;
    f->ca.subject_key_id = (struct bytes){0}; // the plan still names the hash
    expect_allowed(f);
}

static void serials_have_sixteen_octets(void **state) {
    struct policy_fixture *f = *state;
    uint8_t longer[SERIAL_SIZE + 1] = {1};
    f->plan.serial = bytes_of(f->serial, SERIAL_SIZE - 1);
    expect_denied(f, "serial");
    f->plan.serial = bytes_of(longer, sizeof(longer));
    expect_denied(f, "serial");
    f->plan.serial = bytes_of(f->serial, SERIAL_SIZE);
    expect_allowed(f);
}

// --- time ------------------------------------------------------------------------------------

static const struct {
    int64_t before; // relative to now
    int64_t after;
    int64_t granted;
    const char *code; // NULL: allowed
} time_cases[] = {
    {-300, 90 * POLICY_DAY - 1, 0, NULL},
    {-300, 90 * POLICY_DAY, 0, "lifetime"}, // a second too long
    {0, 0, 0, NULL},                        // this very second
    {-10, -1, 0, "not_after"},
    {1, 100, 0, "not_before"},
    {-301, 100, 0, "not_before"},
    {-300, 120 * POLICY_DAY - 300 - 1, 200 * POLICY_DAY, NULL},
    {-300, 120 * POLICY_DAY - 300, 200 * POLICY_DAY, "lifetime"},
    {-300, 3599, 3600, NULL},
    {-300, 3600, 3600, "lifetime"},
};

static void validity_is_within_profile_and_grant(void **state) {
    struct policy_fixture *f = *state;
    for (size_t i = 0; i < sizeof(time_cases) / sizeof(time_cases[0]); i++) {
        f->plan.not_before = POLICY_NOW + time_cases[i].before;
        f->plan.not_after = POLICY_NOW + time_cases[i].after;
        f->grant.lifetime = time_cases[i].granted;
        if (time_cases[i].code == NULL) {
            expect_allowed(f);
        } else {
            expect_denied(f, time_cases[i].code);
        }
    }
}

static void a_certificate_does_not_outlive_its_issuer(void **state) {
    struct policy_fixture *f = *state;
    f->ca.not_after = f->plan.not_after;
    expect_allowed(f);
    f->ca.not_after = f->plan.not_after - 1;
    expect_denied(f, "outlives_issuer");
    f->ca.not_after = f->plan.not_after;
    f->ca.not_before = f->plan.not_before + 1;
    expect_denied(f, "outlives_issuer");
}

static void a_grant_longer_than_the_profile_allows_is_refused(void **state) {
    struct policy_fixture *f = *state;
    struct error err = {0};
    f->grant.lifetime = f->profile.lifetime_maximum;
    assert_ok(policy_check_grant(&f->profile, &f->grant, &err), &err);
    f->grant.lifetime++;
    assert_result(RESULT_DENIED, policy_check_grant(&f->profile, &f->grant, &err), &err);
    assert_string_equal(err.code, "lifetime");
    assert_string_equal(err.field, "lifetime");
}

// --- form: what the builder would never write ------------------------------------------------

static const uint8_t extension_crl_number[] = {0x30, 0x0a, 0x06, 0x03, 0x55, 0x1d,
                                               0x14, 0x04, 0x03, 0x02, 0x01, 0x07};
static const uint8_t extension_unknown[] = {0x30, 0x09, 0x06, 0x03, 0x2a, 0x03,
                                            0x04, 0x04, 0x02, 0x05, 0x00};
// A subjectAltName with dns:a.example, critical and not.
static const uint8_t extension_san_critical[] = {
    0x30, 0x1a - 4, 0x06, 0x03, 0x55, 0x1d, 0x11, 0x01, 0x01, 0xff, 0x04, 0x0c,
    0x30, 0x0a,     0x82, 0x08, 'a',  '.',  'e',  'x',  'a',  'm',  'p',  'l'};
static const uint8_t extension_san_empty[] = {0x30, 0x09, 0x06, 0x03, 0x55, 0x1d,
                                              0x11, 0x04, 0x02, 0x30, 0x00};

// Rebuilds the TBSCertificate of the plan with one more extension, or without one kind.
static void rebuild(struct policy_fixture *f, struct bytes extra, enum oid left_out,
                    struct buf *out) {
    struct error err = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    buf_init(out, LIMIT_CERTIFICATE_BYTES);
    assert_ok(certificate_build_tbs(&f->plan, key_signature_algorithm(f->ca_key), &tbs, &err),
              &err);
    struct der outer = der_of(buf_bytes(&tbs));
    struct der fields = {0};
    assert_ok(der_enter(&outer, DER_SEQUENCE, &fields, &err), &err);
    size_t tbs_mark = 0, wrapper_mark = 0, list_mark = 0;
    assert_int_equal(der_begin(out, DER_SEQUENCE, &tbs_mark), RESULT_OK);
    while (der_peek(&fields) != DER_CONTEXT_CONSTRUCTED(3)) {
        struct bytes element = {0};
        assert_ok(der_read_element(&fields, der_peek(&fields), &element, &err), &err);
        assert_int_equal(der_write_raw(out, element), RESULT_OK);
    }
    struct der wrapper = {0}, list = {0};
    assert_ok(der_enter(&fields, DER_CONTEXT_CONSTRUCTED(3), &wrapper, &err), &err);
    assert_ok(der_enter(&wrapper, DER_SEQUENCE, &list, &err), &err);
    assert_int_equal(der_begin(out, DER_CONTEXT_CONSTRUCTED(3), &wrapper_mark), RESULT_OK);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &list_mark), RESULT_OK);
    while (!der_at_end(&list)) {
        struct bytes element = {0}, identifier = {0};
        assert_ok(der_read_element(&list, DER_SEQUENCE, &element, &err), &err);
        struct der extension = der_of(element), inside = {0};
        assert_ok(der_enter(&extension, DER_SEQUENCE, &inside, &err), &err);
        assert_ok(der_read(&inside, DER_OID, &identifier, &err), &err);
        if (oid_find(identifier) != left_out) {
            assert_int_equal(der_write_raw(out, element), RESULT_OK);
        }
    }
    assert_int_equal(der_write_raw(out, extra), RESULT_OK);
    assert_int_equal(der_end(out, list_mark), RESULT_OK);
    assert_int_equal(der_end(out, wrapper_mark), RESULT_OK);
    assert_int_equal(der_end(out, tbs_mark), RESULT_OK);
}

static void expect_rebuilt(struct policy_fixture *f, struct bytes extra, enum oid left_out,
                           enum result result, const char *code) {
    AUTO(buf_clear) struct buf tbs = {0};
    struct error err = {0};
    rebuild(f, extra, left_out, &tbs);
    assert_result(result, decide_bytes(f, buf_bytes(&tbs), &err), &err);
    if (code != NULL) {
        assert_string_equal(err.code, code);
    }
}

static void extensions_are_those_of_the_table(void **state) {
    struct policy_fixture *f = *state;
    struct bytes none = {0};
    expect_rebuilt(f, none, OID_UNKNOWN, RESULT_OK, NULL);
    expect_rebuilt(f, none, OID_CRL_DISTRIBUTION_POINTS, RESULT_OK, NULL);
    expect_rebuilt(f, bytes_of(extension_crl_number, sizeof(extension_crl_number)), OID_UNKNOWN,
                   RESULT_DENIED, "extension");
    expect_rebuilt(f, bytes_of(extension_unknown, sizeof(extension_unknown)), OID_UNKNOWN,
                   RESULT_DENIED, "extension");
    static const enum oid required[] = {OID_SUBJECT_KEY_ID, OID_AUTHORITY_KEY_ID,
                                        OID_BASIC_CONSTRAINTS, OID_KEY_USAGE,
                                        OID_EXTENDED_KEY_USAGE};
    for (size_t i = 0; i < sizeof(required) / sizeof(required[0]); i++) {
        expect_rebuilt(f, none, required[i], RESULT_DENIED, "extension");
    }
}

static void a_subject_alt_name_is_never_empty_and_critical_only_without_subject(void **state) {
    struct policy_fixture *f = *state;
    struct error err = {0};
    assert_ok(names_add_text(&f->granted, "dns:a.exampl", &err), &err);
    expect_rebuilt(f, bytes_of(extension_san_empty, sizeof(extension_san_empty)), OID_UNKNOWN,
                   RESULT_INVALID, NULL);
    expect_rebuilt(f, bytes_of(extension_san_critical, sizeof(extension_san_critical)),
                   OID_UNKNOWN, RESULT_DENIED, "subject_alt_name");
    assert_ok(names_add_text(&f->names, "dns:a.exampl", &err), &err);
    expect_rebuilt(f, (struct bytes){0}, OID_UNKNOWN, RESULT_OK, NULL);
}

static void bytes_that_are_no_certificate_are_invalid(void **state) {
    struct policy_fixture *f = *state;
    struct error err = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    rebuild(f, (struct bytes){0}, OID_UNKNOWN, &tbs);
    assert_int_equal(decide_bytes(f, (struct bytes){0}, &err), RESULT_INVALID);
    assert_int_equal(decide_bytes(f, bytes_slice(buf_bytes(&tbs), 0, tbs.size - 1), &err),
                     RESULT_INVALID);
    assert_int_equal(buf_append_byte(&tbs, 0), RESULT_OK);
    assert_int_equal(decide_bytes(f, buf_bytes(&tbs), &err), RESULT_INVALID);
}

// A second attribute in the subject.
static void a_subject_holds_a_common_name_only(void **state) {
    struct policy_fixture *f = *state;
    struct error err = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    AUTO(buf_clear) struct buf changed = {0};
    AUTO(buf_clear) struct buf subject = {0};
    rebuild(f, (struct bytes){0}, OID_UNKNOWN, &tbs);
    buf_init(&changed, LIMIT_CERTIFICATE_BYTES);
    buf_init(&subject, 256);
    // SEQUENCE { SET { CN }, SET { O "x" } }
    static const uint8_t organization[] = {0x31, 0x0a, 0x30, 0x08, 0x06, 0x03,
                                           0x55, 0x04, 0x0a, 0x0c, 0x01, 'x'};
    struct certificate read = {0};
    assert_ok(certificate_read_tbs(buf_bytes(&tbs), &read, &err), &err);
    struct der name = der_of(read.subject);
    struct bytes inside = {0};
    assert_ok(der_read(&name, DER_SEQUENCE, &inside, &err), &err);
    size_t mark = 0;
    assert_int_equal(der_begin(&subject, DER_SEQUENCE, &mark), RESULT_OK);
    assert_int_equal(der_write_raw(&subject, inside), RESULT_OK);
    assert_int_equal(der_write_raw(&subject, bytes_of(organization, sizeof(organization))),
                     RESULT_OK);
    assert_int_equal(der_end(&subject, mark), RESULT_OK);

    struct der outer = der_of(buf_bytes(&tbs)), fields = {0};
    assert_ok(der_enter(&outer, DER_SEQUENCE, &fields, &err), &err);
    assert_int_equal(der_begin(&changed, DER_SEQUENCE, &mark), RESULT_OK);
    while (!der_at_end(&fields)) {
        struct bytes element = {0};
        assert_ok(der_read_element(&fields, der_peek(&fields), &element, &err), &err);
        bool is_subject = element.data == read.subject.data;
        assert_int_equal(der_write_raw(&changed, is_subject ? buf_bytes(&subject) : element),
                         RESULT_OK);
    }
    assert_int_equal(der_end(&changed, mark), RESULT_OK);
    assert_result(RESULT_DENIED, decide_bytes(f, buf_bytes(&changed), &err), &err);
    assert_string_equal(err.code, "subject");
}

// --- choosing names --------------------------------------------------------------------------

static void make_csr(struct policy_fixture *f, const char *const *names, size_t count,
                     struct buf *der, struct csr *out_csr) {
    struct error err = {0};
    AUTO(names_clear) struct names wanted = {0};
    for (size_t i = 0; i < count; i++) {
        assert_ok(names_add_text(&wanted, names[i], &err), &err);
    }
    buf_init(der, LIMIT_CSR_BYTES);
    assert_ok(csr_build(f->key, &wanted, der, &err), &err);
    assert_ok(csr_read(buf_bytes(der), out_csr, &err), &err);
}

static void a_request_without_names_takes_all_granted(void **state) {
    struct policy_fixture *f = *state;
    AUTO(buf_clear) struct buf der = {0};
    AUTO(csr_clear) struct csr csr = {0};
    AUTO(names_clear) struct names chosen = {0};
    struct error err = {0};
    assert_ok(names_add_text(&f->granted, "dns:a.example", &err), &err);
    make_csr(f, NULL, 0, &der, &csr);
    assert_ok(policy_choose_names(&csr, &f->grant, &chosen, &err), &err);
    assert_true(names_equal(&chosen, &f->granted));
}

static void a_request_may_ask_for_fewer_names_but_no_others(void **state) {
    struct policy_fixture *f = *state;
    struct error err = {0};
    assert_ok(names_add_text(&f->granted, "dns:a.example", &err), &err);
    {
        static const char *const fewer[] = {"dns:a.example"};
        AUTO(buf_clear) struct buf der = {0};
        AUTO(csr_clear) struct csr csr = {0};
        AUTO(names_clear) struct names chosen = {0};
        make_csr(f, fewer, 1, &der, &csr);
        assert_ok(policy_choose_names(&csr, &f->grant, &chosen, &err), &err);
        assert_int_equal(chosen.count, 1);
        assert_true(names_contain(&chosen, NAME_DNS, "a.example"));
    }
    static const char *const others[] = {"cn:sensor-1", "dns:b.example"};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(csr_clear) struct csr csr = {0};
    AUTO(names_clear) struct names chosen = {0};
    make_csr(f, others, 2, &der, &csr);
    assert_result(RESULT_DENIED, policy_choose_names(&csr, &f->grant, &chosen, &err), &err);
    assert_string_equal(err.code, "name_not_granted");
    assert_string_equal(err.field, "dns");
    assert_int_equal(chosen.count, 0);
}

// What a request asks for, under a grant for hamlet@shakespeare.lit.
static const struct {
    const char *name;
    enum result result;
    const char *code; // of a refusal
} jids[] = {
    {"xmpp:hamlet@shakespeare.lit", RESULT_OK, NULL},
    {"xmpp:Hamlet@Shakespeare.LIT", RESULT_OK, NULL},
    {"xmpp:HAMLET@shakespeare.lit", RESULT_OK, NULL},
    // Full-width letters, which are compatibility forms of the plain ones.
    {"xmpp:\xef\xbd\x88\xef\xbd\x81mlet@shakespeare.lit", RESULT_OK, NULL},
    {"xmpp:hamlet@\xef\xbd\x93hakespeare.lit", RESULT_OK, NULL},
    // A soft hyphen and a zero-width joiner are mapped to nothing.
    {"xmpp:ham\xc2\xadlet@shakespeare.lit", RESULT_OK, NULL},
    {"xmpp:ham\xe2\x80\x8dlet@shakespeare.lit", RESULT_OK, NULL},
    // Look-alikes stay other names: Cyrillic "а", Greek "ο", dotless "ı".
    {"xmpp:h\xd0\xb0mlet@shakespeare.lit", RESULT_DENIED, "name_not_granted"},
    {"xmpp:hamlet@shakespe\xd0\xb0re.lit", RESULT_DENIED, "name_not_granted"},
    {"xmpp:hamlet@shakespeare.l\xc4\xb1t", RESULT_DENIED, "name_not_granted"},
    {"xmpp:hamlet@shakespeare.lit/phone", RESULT_DENIED, "name_not_granted"},
    {"xmpp:shakespeare.lit", RESULT_DENIED, "name_not_granted"},
    // Prohibited: a right-to-left override, a private code point, a blank of another alphabet.
    {"xmpp:ham\xe2\x80\xaelet@shakespeare.lit", RESULT_INVALID, "name_invalid"},
    {"xmpp:ham\xee\x80\x80let@shakespeare.lit", RESULT_INVALID, "name_invalid"},
    {"xmpp:ham\xe2\x80\x83let@shakespeare.lit", RESULT_INVALID, "name_invalid"},
    // Not assigned in Unicode 3.2.
    {"xmpp:ham\xf0\x9f\x98\x80let@shakespeare.lit", RESULT_INVALID, "name_invalid"},
    // "℀" would become "a/c" and bring a separator in.
    {"xmpp:ham\xe2\x84\x80let@shakespeare.lit", RESULT_INVALID, "name_invalid"},
};

static void jids_are_compared_in_prepared_form(void **state) {
    struct policy_fixture *f = *state;
    const char *const granted[] = {"xmpp:hamlet@shakespeare.lit"};
    policy_fixture_name(f, granted, 1);
    for (size_t i = 0; i < sizeof(jids) / sizeof(jids[0]); i++) {
        AUTO(buf_clear) struct buf der = {0};
        AUTO(csr_clear) struct csr csr = {0};
        AUTO(names_clear) struct names chosen = {0};
        struct error err = {0};
        make_csr(f, &jids[i].name, 1, &der, &csr);
        enum result result = policy_choose_names(&csr, &f->grant, &chosen, &err);
        if (result != jids[i].result) {
            print_error("%s: %s\n", jids[i].name, err.message);
        }
        assert_int_equal(result, jids[i].result);
        if (result == RESULT_OK) {
            assert_true(names_equal(&chosen, &f->granted));
        } else {
            assert_string_equal(err.code, jids[i].code);
            assert_string_equal(err.field, "xmpp");
            assert_int_not_equal(err.hint[0], '\0');
        }
    }
}

// The Kelvin sign folds to "k"; so does nobody else's letter.
static void a_kelvin_sign_is_a_k(void **state) {
    struct policy_fixture *f = *state;
    const char *const granted[] = {"xmpp:k@example.org"};
    const char *const kelvin[] = {"xmpp:\xe2\x84\xaa@example.org"};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(csr_clear) struct csr csr = {0};
    AUTO(names_clear) struct names chosen = {0};
    struct error err = {0};
    policy_fixture_name(f, granted, 1);
    make_csr(f, kelvin, 1, &der, &csr);
    assert_ok(policy_choose_names(&csr, &f->grant, &chosen, &err), &err);
    assert_string_equal(names_first(&chosen, NAME_XMPP), "k@example.org");
}

static void two_spellings_of_one_jid_are_a_conflict(void **state) {
    struct policy_fixture *f = *state;
    const char *const granted[] = {"xmpp:hamlet@shakespeare.lit"};
    const char *const twice[] = {"xmpp:hamlet@shakespeare.lit", "xmpp:Hamlet@shakespeare.lit"};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(csr_clear) struct csr csr = {0};
    AUTO(names_clear) struct names chosen = {0};
    struct error err = {0};
    policy_fixture_name(f, granted, 1);
    make_csr(f, twice, 2, &der, &csr);
    assert_result(RESULT_CONFLICT, policy_choose_names(&csr, &f->grant, &chosen, &err), &err);
    assert_string_equal(err.code, "name_duplicate");
}

// Host names in a request: case does not matter, an international name has one form.
static void host_names_are_compared_in_lower_case(void **state) {
    struct policy_fixture *f = *state;
    const char *const granted[] = {"dns:xn--bcher-kva.example"};
    const char *const wanted[] = {"dns:XN--Bcher-KVA.Example"};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(csr_clear) struct csr csr = {0};
    AUTO(names_clear) struct names chosen = {0};
    struct error err = {0};
    policy_fixture_name(f, granted, 1);
    make_csr(f, wanted, 1, &der, &csr);
    assert_ok(policy_choose_names(&csr, &f->grant, &chosen, &err), &err);
    assert_true(names_equal(&chosen, &f->granted));
    assert_result(RESULT_INVALID,
                  names_add_text(&chosen,
                                 "dns:b\xc3\xbc"
                                 "cher.example",
                                 &err),
                  &err);
    assert_string_equal(err.code, "name_invalid");
    assert_non_null(strstr(err.hint, "xn--"));
}

static void a_request_for_a_ca_is_refused(void **state) {
    struct policy_fixture *f = *state;
    AUTO(buf_clear) struct buf der = {0};
    AUTO(csr_clear) struct csr csr = {0};
    AUTO(names_clear) struct names chosen = {0};
    struct error err = {0};
    make_csr(f, NULL, 0, &der, &csr);
    csr.asks_for_ca = true;
    assert_result(RESULT_DENIED, policy_choose_names(&csr, &f->grant, &chosen, &err), &err);
    assert_string_equal(err.code, "ca_requested");
}

#define POLICY_TEST(test)                                                                      \
    cmocka_unit_test_setup_teardown(test, policy_fixture_set_up, policy_fixture_tear_down)

int main(void) {
    const struct CMUnitTest tests[] = {
        POLICY_TEST(names_follow_the_profiles_counts_and_forms),
        POLICY_TEST(a_missing_name_is_refused),
        POLICY_TEST(names_for_mqtt_have_no_topic_characters),
        POLICY_TEST(wildcards_are_allowed_where_the_profile_says_so),
        POLICY_TEST(a_wildcard_needs_a_domain_of_its_own),
        POLICY_TEST(names_match_one_of_the_profiles_patterns),
        POLICY_TEST(jids_have_the_profiles_form),
        POLICY_TEST(a_wildcard_in_a_grant_is_no_pattern),
        POLICY_TEST(a_name_outside_the_grant_is_refused),
        POLICY_TEST(a_key_type_that_the_profile_lacks_is_refused),
        POLICY_TEST(key_usage_is_exactly_the_profiles),
        POLICY_TEST(extended_key_usage_is_exactly_the_profiles),
        POLICY_TEST(usages_of_the_authority_are_for_its_own_profiles),
        POLICY_TEST(a_usage_without_a_name_is_as_exact),
        POLICY_TEST(addresses_are_carried_where_the_profile_says_so),
        POLICY_TEST(a_ca_certificate_is_refused),
        POLICY_TEST(another_issuers_name_is_refused),
        POLICY_TEST(another_authority_key_id_is_refused),
        POLICY_TEST(a_ca_without_key_id_is_named_by_the_hash_of_its_key),
        POLICY_TEST(serials_have_sixteen_octets),
        POLICY_TEST(validity_is_within_profile_and_grant),
        POLICY_TEST(a_certificate_does_not_outlive_its_issuer),
        POLICY_TEST(a_grant_longer_than_the_profile_allows_is_refused),
        POLICY_TEST(extensions_are_those_of_the_table),
        POLICY_TEST(a_subject_alt_name_is_never_empty_and_critical_only_without_subject),
        POLICY_TEST(bytes_that_are_no_certificate_are_invalid),
        POLICY_TEST(a_subject_holds_a_common_name_only),
        POLICY_TEST(a_request_without_names_takes_all_granted),
        POLICY_TEST(a_request_may_ask_for_fewer_names_but_no_others),
        POLICY_TEST(jids_are_compared_in_prepared_form),
        POLICY_TEST(a_kelvin_sign_is_a_k),
        POLICY_TEST(two_spellings_of_one_jid_are_a_conflict),
        POLICY_TEST(host_names_are_compared_in_lower_case),
        POLICY_TEST(a_request_for_a_ca_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
