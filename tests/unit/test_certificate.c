// Certificates: built, read, refused, verified, alone and in chains.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/x509_fixture.h"

#include "base/random.h"
#include "x509/der.h"
#include "x509/oid.h"

static struct made root, other_root;

static int make_roots(void **state) {
    (void)state;
    make_certificate(&root, "Root", true, NULL);
    make_certificate(&other_root, "Root", true, NULL); // same name, other key
    return 0;
}

static int clear_roots(void **state) {
    (void)state;
    made_clear(&root);
    made_clear(&other_root);
    return 0;
}

// --- building ---

static void everything_in_the_plan_is_read_back(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0}, read = {0};
    AUTO(made_clear) struct made leaf = {0};
    struct error err = {0};
    static const uint8_t serial[] = {0x80, 0x00, 0x01};
    struct certificate_plan plan = plan_for(&names, "broker.example", false);
    assert_ok(names_add_text(&names, "dns:broker.example", &err), &err);
    assert_ok(names_add_text(&names, "xmpp:a@example.net", &err), &err);
    plan.serial = bytes_of(serial, sizeof(serial));
    plan.not_before = 2524607999; // the last second of 2049
    plan.not_after = 2524608000;
    plan.key_usage = KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_KEY_ENCIPHERMENT;
    plan.extended_key_usages[0] = OID_SERVER_AUTH;
    plan.extended_key_usages[1] = OID_CLIENT_AUTH;
    plan.crl_url = "http://ca.example/x.crl";
    plan.ocsp_url = "http://ca.example/ocsp";
    plan.ca_issuers_url = "http://ca.example/ca.der";
    make_by_plan(&leaf, plan, &root);
    const struct certificate *certificate = &leaf.certificate;
    assert_int_equal(certificate->version, 3);
    assert_bytes_equal(certificate->serial, bytes_of(serial, sizeof(serial)));
    assert_bytes_equal(certificate->issuer, root.certificate.subject);
    assert_true(certificate->not_before == 2524607999);
    assert_true(certificate->not_after == 2524608000);
    assert_bytes_equal(certificate->spki, key_public(leaf.key));
    assert_true(certificate->has_basic_constraints && certificate->basic_constraints_critical);
    assert_false(certificate->is_ca);
    assert_int_equal(certificate->path_length, PATH_LENGTH_NONE);
    assert_true(certificate->has_key_usage && certificate->key_usage_critical);
    assert_int_equal(certificate->key_usage, plan.key_usage);
    assert_true(certificate_has_extended_key_usage(certificate, OID_SERVER_AUTH));
    assert_true(certificate_has_extended_key_usage(certificate, OID_CLIENT_AUTH));
    assert_false(certificate_has_extended_key_usage(certificate, OID_CODE_SIGNING));
    assert_true(certificate->has_subject_alt_name);
    assert_false(certificate->subject_alt_name_critical);
    assert_bytes_equal(certificate->subject_key_id, bytes_of(leaf.key_id, SHA1_SIZE));
    assert_bytes_equal(certificate->authority_key_id, bytes_of(root.key_id, SHA1_SIZE));
    assert_true(certificate->crl_distribution_points.size > 0);
    assert_true(certificate->authority_info_access.size > 0);
    assert_false(certificate->has_unknown_critical);
    assert_false(certificate_is_self_issued(certificate));
    assert_ok(certificate_names(certificate, &read, &err), &err);
    assert_true(names_equal(&read, &names));
}

static void what_is_not_in_the_plan_is_left_out(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0};
    AUTO(made_clear) struct made own = {0};
    struct certificate_plan plan = plan_for(&names, "Own", true);
    plan.key_usage = 0;
    plan.path_length = 0;
    make_by_plan(&own, plan, NULL);
    assert_false(own.certificate.has_key_usage);
    assert_false(own.certificate.has_subject_alt_name);
    assert_int_equal(own.certificate.authority_key_id.size, 0);
    assert_int_equal(own.certificate.extended_key_usages.size, 0);
    assert_int_equal(own.certificate.crl_distribution_points.size, 0);
    assert_int_equal(own.certificate.authority_info_access.size, 0);
    assert_true(own.certificate.is_ca);
    assert_int_equal(own.certificate.path_length, 0);
    assert_true(certificate_is_self_issued(&own.certificate));
}

static void a_san_is_critical_when_the_subject_is_empty(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0}, unused = {0};
    AUTO(made_clear) struct made leaf = {0};
    struct error err = {0};
    struct certificate_plan plan = plan_for(&unused, "unused", false);
    assert_ok(names_add_text(&names, "xmpp:hamlet@shakespeare.lit", &err), &err);
    plan.names = &names;
    make_by_plan(&leaf, plan, &root);
    assert_true(leaf.certificate.subject_alt_name_critical);
    assert_hex(leaf.certificate.subject, "3000");
}

static void impossible_plans_are_refused(void **state) {
    (void)state;
    static const uint8_t zero[] = {0}, leading[] = {0, 1}, top[20] = {0x80}, long_[21] = {1};
    AUTO(names_clear) struct names one = {0}, two = {0}, none = {0}, san = {0};
    struct error err = {0};
    const struct certificate_plan good = plan_for(&one, "x", false);
    assert_ok(names_add_text(&two, "cn:x", &err), &err);
    assert_ok(names_add_text(&two, "cn:y", &err), &err);
    assert_ok(names_add_text(&san, "dns:x.example", &err), &err);
    struct certificate_plan plans[11];
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        plans[i] = good;
        plans[i].issuer = root.certificate.subject;
        plans[i].spki = key_public(root.key);
    }
    plans[0].serial = (struct bytes){0};
    plans[1].serial = bytes_of(zero, sizeof(zero));
    plans[2].serial = bytes_of(leading, sizeof(leading));
    plans[3].serial = bytes_of(top, sizeof(top)); // 21 octets with its sign
    plans[4].serial = bytes_of(long_, sizeof(long_));
    plans[5].not_after = plans[5].not_before - 1;
    plans[6].names = &two;
    plans[7].names = &none;
    plans[8].is_ca = true;
    plans[8].names = &san;
    plans[9].key_usage = KEY_USAGE_KEY_CERT_SIGN;
    plans[10].not_after = INT64_MAX;
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]); i++) {
        AUTO(buf_clear) struct buf tbs = {0};
        buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
        print_message("plan %zu\n", i);
        assert_result(
            RESULT_INVALID,
            certificate_build_tbs(&plans[i], key_signature_algorithm(root.key), &tbs, &err),
            &err);
        assert_int_equal(tbs.size, 0);
    }
}

static void serials_are_positive_and_have_16_octets(void **state) {
    (void)state;
    random_use_insecure_seed(7);
    for (int i = 0; i < 2000; i++) {
        uint8_t serial[SERIAL_SIZE];
        struct error err = {0};
        assert_ok(certificate_make_serial(serial, &err), &err);
        assert_true(serial[0] > 0 && serial[0] < 0x80);
    }
    random_use_system();
}

// --- reading what is made by hand ---

// Parts of a TBSCertificate in hex; NULL: the usual one.
struct parts {
    const char *version, *serial, *validity, *extensions;
};

#define VERSION_3 "a003020102"
#define VALIDITY "301e 170d3235303130313030303030305a 170d3236303130313030303030305a"
#define BASIC_CONSTRAINTS "300c0603551d130101ff04023000"

static void build_tbs(const struct parts *parts, struct buf *out) {
    size_t tbs = 0, wrapper = 0, list = 0;
    buf_init(out, LIMIT_CERTIFICATE_BYTES);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &tbs), RESULT_OK);
    append_hex(out, parts->version != NULL ? parts->version : VERSION_3);
    append_hex(out, parts->serial != NULL ? parts->serial : "020101");
    assert_int_equal(der_write_raw(out, key_signature_algorithm(root.key)), RESULT_OK);
    assert_int_equal(distinguished_name_write(out, "Root"), RESULT_OK);
    append_hex(out, parts->validity != NULL ? parts->validity : VALIDITY);
    assert_int_equal(distinguished_name_write(out, "x"), RESULT_OK);
    assert_int_equal(der_write_raw(out, key_public(root.key)), RESULT_OK);
    const char *extensions = parts->extensions != NULL ? parts->extensions : BASIC_CONSTRAINTS;
    if (extensions[0] != '-') {
        assert_int_equal(der_begin(out, DER_CONTEXT_CONSTRUCTED(3), &wrapper), RESULT_OK);
        assert_int_equal(der_begin(out, DER_SEQUENCE, &list), RESULT_OK);
        append_hex(out, extensions);
        assert_int_equal(der_end(out, list), RESULT_OK);
        assert_int_equal(der_end(out, wrapper), RESULT_OK);
    }
    assert_int_equal(der_end(out, tbs), RESULT_OK);
}

static void fields_in_another_form_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *what;
        struct parts parts;
        enum result expected;
    } cases[] = {
        {"the usual", {NULL, NULL, NULL, NULL}, RESULT_OK},
        {"version 1 with extensions", {"", NULL, NULL, NULL}, RESULT_INVALID},
        {"version 1", {"", NULL, NULL, "-"}, RESULT_OK},
        {"version 1 written out", {"a003020100", NULL, NULL, "-"}, RESULT_INVALID},
        {"version 2", {"a003020101", NULL, NULL, "-"}, RESULT_INVALID},
        {"version 4", {"a003020103", NULL, NULL, NULL}, RESULT_INVALID},
        {"no extensions", {NULL, NULL, NULL, "-"}, RESULT_OK},
        {"an empty list of extensions", {NULL, NULL, NULL, ""}, RESULT_INVALID},

        {"serial zero", {NULL, "020100", NULL, NULL}, RESULT_INVALID},
        {"negative serial", {NULL, "0201fb", NULL, NULL}, RESULT_INVALID},
        {"serial with a needless zero", {NULL, "02020001", NULL, NULL}, RESULT_INVALID},
        {"serial of 20 octets",
         {NULL, "0214 7f00000000000000000000000000000000000001", NULL, NULL},
         RESULT_OK},
        {"serial of 20 octets and a sign",
         {NULL, "0215 00ff00000000000000000000000000000000000001", NULL, NULL},
         RESULT_INVALID},
        {"serial of 21 octets",
         {NULL, "0215 010000000000000000000000000000000000000001", NULL, NULL},
         RESULT_INVALID},

        {"ends before it begins",
         {NULL, NULL, "301e 170d3236303130313030303030305a 170d3235303130313030303030305a",
          NULL},
         RESULT_INVALID},
        {"one second",
         {NULL, NULL, "301e 170d3235303130313030303030305a 170d3235303130313030303030305a",
          NULL},
         RESULT_OK},
        {"into 2050",
         {NULL, NULL, "3020 170d3439313233313233353935395a 180f32303530303130313030303030305a",
          NULL},
         RESULT_OK},
        {"one time", {NULL, NULL, "300f 170d3235303130313030303030305a", NULL}, RESULT_INVALID},

        {"an extension twice",
         {NULL, NULL, NULL, BASIC_CONSTRAINTS BASIC_CONSTRAINTS},
         RESULT_INVALID},
        {"an unknown one twice",
         {NULL, NULL, NULL,
          "300806032b0101040105"
          "300806032b0101040106"},
         RESULT_INVALID},
        {"an unknown one", {NULL, NULL, NULL, "300806032b0101040105"}, RESULT_OK},
        {"an encoded default",
         {NULL, NULL, NULL, "300c0603551d1301010004023000"},
         RESULT_INVALID},
        {"trailing byte in a value",
         {NULL, NULL, NULL, "300d0603551d130101ff0403300000"},
         RESULT_INVALID},
        {"key usage with zeros at the end",
         {NULL, NULL, NULL, "300b0603551d0f040403020080"},
         RESULT_INVALID},
        {"key usage", {NULL, NULL, NULL, "300b0603551d0f040403020106"}, RESULT_OK},
        {"empty extended key usage",
         {NULL, NULL, NULL, "30090603551d2504023000"},
         RESULT_INVALID},
        {"extended key usage", {NULL, NULL, NULL, "300d0603551d250406300406022a03"}, RESULT_OK},
        {"empty SAN", {NULL, NULL, NULL, "30090603551d1104023000"}, RESULT_OK},
        {"SAN that is no DER", {NULL, NULL, NULL, "30090603551d1104023001"}, RESULT_INVALID},
        {"something behind the extensions' wrapper",
         {NULL, NULL, NULL,
          "300806032b0101040105"
          "0500"},
         RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf tbs = {0};
        struct certificate certificate = {0};
        struct error err = {0};
        build_tbs(&cases[i].parts, &tbs);
        print_message("%s\n", cases[i].what);
        assert_result(cases[i].expected,
                      certificate_read_tbs(buf_bytes(&tbs), &certificate, &err), &err);
    }
}

static void an_unknown_critical_extension_is_noticed(void **state) {
    (void)state;
    static const struct {
        const char *extensions;
        bool is_noticed;
    } cases[] = {
        {"300806032b0101040105", false},
        {"300b06032b01010101ff040105", true},
        // Name constraints are known by name but not enforced here.
        {"300c0603551d1e0101ff04023000", true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf tbs = {0};
        struct certificate certificate = {0};
        struct error err = {0};
        const struct parts parts = {.extensions = cases[i].extensions};
        build_tbs(&parts, &tbs);
        assert_ok(certificate_read_tbs(buf_bytes(&tbs), &certificate, &err), &err);
        assert_int_equal(certificate.has_unknown_critical, cases[i].is_noticed);
    }
}

static void the_two_signature_algorithms_must_be_equal(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    struct certificate certificate = {0};
    struct error err = {0};
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    assert_int_equal(buf_append(&der, buf_bytes(&root.der)), RESULT_OK);
    // ecdsa-with-SHA256 behind the TBSCertificate becomes ecdsa-with-SHA384.
    size_t offset = root.certificate.tbs.size + 4 + root.certificate.signature_algorithm.size;
    assert_int_equal(der.data[offset - 1], 0x02);
    der.data[offset - 1] = 0x03;
    assert_result(RESULT_INVALID, certificate_read(buf_bytes(&der), &certificate, &err), &err);
    assert_non_null(strstr(err.message, "two different"));
}

static void a_certificate_with_any_byte_changed_does_not_verify(void **state) {
    (void)state;
    AUTO(made_clear) struct made leaf = {0};
    struct error err = {0};
    make_certificate(&leaf, "leaf", false, &root);
    assert_ok(certificate_verify(&leaf.certificate, &root.certificate, &err), &err);
    for (size_t i = 0; i < leaf.der.size; i++) {
        struct certificate certificate = {0};
        leaf.der.data[i] ^= 0x01;
        enum result result = certificate_read(buf_bytes(&leaf.der), &certificate, &err);
        if (result == RESULT_OK) {
            result = certificate_verify(&certificate, &root.certificate, &err);
        }
        assert_true(result == RESULT_INVALID || result == RESULT_DENIED);
        leaf.der.data[i] ^= 0x01;
    }
    for (size_t size = 0; size < leaf.der.size; size++) {
        struct certificate certificate = {0};
        assert_result(
            RESULT_INVALID,
            certificate_read(bytes_slice(buf_bytes(&leaf.der), 0, size), &certificate, &err),
            &err);
    }
}

// --- certificates of others ---

static void read_file(const char *name, struct buf *der, struct certificate *certificate) {
    struct error err = {0};
    read_data_der(name, der);
    assert_ok(certificate_read(buf_bytes(der), certificate, &err), &err);
}

static void owntracks_certificates_are_read(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf ca_der = {0}, client_der = {0}, server_der = {0}, text = {0};
    AUTO(names_clear) struct names names = {0};
    struct certificate ca = {0}, client = {0}, server = {0};
    struct error err = {0};
    buf_init(&text, 256);
    read_file("owntracks-ca.crt", &ca_der, &ca);
    assert_int_equal(distinguished_name_format(ca.subject, &text), RESULT_OK);
    assert_string_equal(buf_string(&text), "emailAddress=nobody@example.net,OU=generate-CA,"
                                           "O=OwnTracks.org,CN=An MQTT broker");
    assert_true(ca.is_ca);
    assert_ok(certificate_verify(&ca, &ca, &err), &err); // RSA 4096, SHA-512
    read_file("owntracks-client.crt", &client_der, &client);
    assert_true(client.has_subject_alt_name);
    assert_hex(client.subject_alt_name, "3000");
    assert_ok(certificate_names(&client, &names, &err), &err);
    assert_int_equal(names.count, 1);
    assert_string_equal(names_first(&names, NAME_CN), "jjolie");
    assert_ok(certificate_verify(&client, &ca, &err), &err);
    assert_ok(
        certificate_verify_chain(&client, (struct bytes){0}, &ca, ca.not_before + DAY, &err),
        &err);
    read_file("owntracks-server.crt", &server_der, &server);
    assert_ok(certificate_names(&server, &names, &err), &err);
    assert_int_equal(names.count, 5);
    assert_true(names_contain(&names, NAME_IP, "::1"));
    assert_ok(certificate_verify(&server, &ca, &err), &err);
}

static void roots_of_openssl_are_read(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf plain_der = {0}, old_der = {0}, below_der = {0}, sha1_der = {0};
    struct certificate plain = {0}, old = {0}, below = {0}, sha1 = {0};
    struct error err = {0};
    read_file("openssl-root.crt", &plain_der, &plain);
    assert_true(plain.is_ca);
    assert_ok(certificate_verify(&plain, &plain, &err), &err);
    read_file("version-1-root.crt", &old_der, &old);
    assert_int_equal(old.version, 1);
    read_file("below-version-1-root.crt", &below_der, &below);
    // As a configured root it may sign, as anything else not.
    assert_ok(certificate_verify_chain(&below, (struct bytes){0}, &old, below.not_before, &err),
              &err);
    assert_result(RESULT_DENIED, certificate_verify(&below, &old, &err), &err);
    read_file("sha1-root.crt", &sha1_der, &sha1);
    assert_result(RESULT_INVALID, certificate_verify(&sha1, &sha1, &err), &err);
    assert_string_equal(err.code, "signature_algorithm_unknown");
}

// --- verifying ---

static void an_issuer_must_be_the_right_ca(void **state) {
    (void)state;
    AUTO(made_clear) struct made leaf = {0}, below_leaf = {0}, no_sign = {0}, child = {0};
    AUTO(names_clear) struct names names = {0};
    struct error err = {0};
    make_certificate(&leaf, "leaf", false, &root);
    assert_ok(certificate_verify(&leaf.certificate, &root.certificate, &err), &err);
    assert_result(RESULT_DENIED,
                  certificate_verify(&leaf.certificate, &other_root.certificate, &err), &err);
    assert_string_equal(err.code, "issuer_other"); // the key identifiers differ
    make_certificate(&below_leaf, "below", false, &leaf);
    assert_result(RESULT_DENIED,
                  certificate_verify(&below_leaf.certificate, &leaf.certificate, &err), &err);
    assert_string_equal(err.code, "issuer_no_ca");
    struct certificate_plan plan = plan_for(&names, "CA without keyCertSign", true);
    plan.key_usage = KEY_USAGE_CRL_SIGN;
    make_by_plan(&no_sign, plan, &root);
    make_certificate(&child, "child", false, &no_sign);
    assert_result(RESULT_DENIED,
                  certificate_verify(&child.certificate, &no_sign.certificate, &err), &err);
    assert_string_equal(err.code, "issuer_no_ca");
}

static void a_signature_of_another_key_of_that_name_is_denied(void **state) {
    (void)state;
    AUTO(made_clear) struct made leaf = {0};
    AUTO(names_clear) struct names names = {0};
    struct error err = {0};
    // As made by other_root, but with the key identifier of root.
    struct made forger = {.key = other_root.key, .subject = other_root.subject};
    memcpy(forger.key_id, root.key_id, SHA1_SIZE);
    make_by_plan(&leaf, plan_for(&names, "leaf", false), &forger);
    assert_result(RESULT_DENIED, certificate_verify(&leaf.certificate, &root.certificate, &err),
                  &err);
    assert_string_equal(err.code, "signature_wrong");
}

static enum result verify_chain(const struct made *leaf, const struct made *const *middle,
                                size_t count, int64_t now, struct error *err) {
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, 2 * LIMIT_CHAIN_BYTES);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(buf_append(&chain, buf_bytes(&middle[i]->der)), RESULT_OK);
    }
    return certificate_verify_chain(&leaf->certificate, buf_bytes(&chain), &root.certificate,
                                    now, err);
}

static void chains_are_found_in_any_order(void **state) {
    (void)state;
    AUTO(made_clear) struct made first = {0}, second = {0}, leaf = {0}, foreign = {0};
    struct error err = {0};
    make_certificate(&first, "First", true, &root);
    make_certificate(&second, "Second", true, &first);
    make_certificate(&leaf, "leaf", false, &second);
    make_certificate(&foreign, "Second", true, &other_root); // of that name, but untrusted
    const struct made *orders[][3] = {
        {&first, &second, &foreign}, {&second, &foreign, &first}, {&foreign, &second, &first}};
    for (size_t i = 0; i < 3; i++) {
        assert_ok(verify_chain(&leaf, orders[i], 3, TODAY, &err), &err);
    }
    assert_result(RESULT_DENIED, verify_chain(&leaf, orders[0], 1, TODAY, &err), &err);
    assert_string_equal(err.code, "issuer_unknown");
    const struct made *gap[] = {&second};
    assert_result(RESULT_DENIED, verify_chain(&leaf, gap, 1, TODAY, &err), &err);
    const struct made *wrong[] = {&first, &foreign};
    assert_result(RESULT_DENIED, verify_chain(&leaf, wrong, 2, TODAY, &err), &err);
    assert_result(RESULT_DENIED,
                  certificate_verify_chain(&leaf.certificate, buf_bytes(&second.der),
                                           &first.certificate, TODAY + 200 * DAY, &err),
                  &err);
    // The first intermediate as a trusted root needs no other.
    assert_ok(certificate_verify_chain(&leaf.certificate, buf_bytes(&second.der),
                                       &first.certificate, TODAY, &err),
              &err);
}

static void dates_are_inclusive_on_both_ends(void **state) {
    (void)state;
    AUTO(names_clear) struct names names = {0}, ca_names = {0};
    AUTO(made_clear) struct made leaf = {0}, middle = {0}, below = {0};
    struct error err = {0};
    struct certificate_plan plan = plan_for(&names, "leaf", false);
    plan.not_before = TODAY;
    plan.not_after = TODAY + 9;
    make_by_plan(&leaf, plan, &root);
    static const struct {
        int64_t now;
        const char *code; // NULL: valid
    } cases[] = {
        {TODAY - 1, "certificate_not_yet_valid"},
        {TODAY, NULL},
        {TODAY + 9, NULL},
        {TODAY + 10, "certificate_expired"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_result(cases[i].code == NULL ? RESULT_OK : RESULT_DENIED,
                      verify_chain(&leaf, NULL, 0, cases[i].now, &err), &err);
        if (cases[i].code != NULL) {
            assert_string_equal(err.code, cases[i].code);
        }
    }
    // An expired intermediate ends the chain as well.
    struct certificate_plan ca_plan = plan_for(&ca_names, "Middle", true);
    ca_plan.not_after = TODAY;
    make_by_plan(&middle, ca_plan, &root);
    make_certificate(&below, "below", false, &middle);
    const struct made *chain[] = {&middle};
    assert_ok(verify_chain(&below, chain, 1, TODAY, &err), &err);
    assert_result(RESULT_DENIED, verify_chain(&below, chain, 1, TODAY + 1, &err), &err);
    assert_string_equal(err.code, "certificate_expired");
}

static void path_lengths_are_kept(void **state) {
    (void)state;
    AUTO(names_clear) struct names zero_names = {0}, one_names = {0};
    AUTO(made_clear)
    struct made zero = {0}, one = {0}, below_zero = {0}, below_one = {0}, leaf_zero = {0},
                leaf_one = {0}, deep = {0};
    struct error err = {0};
    struct certificate_plan plan = plan_for(&zero_names, "Zero", true);
    plan.path_length = 0;
    make_by_plan(&zero, plan, &root);
    plan = plan_for(&one_names, "One", true);
    plan.path_length = 1;
    make_by_plan(&one, plan, &root);
    make_certificate(&below_zero, "Below zero", true, &zero);
    make_certificate(&below_one, "Below one", true, &one);
    make_certificate(&leaf_zero, "leaf", false, &zero);
    make_certificate(&leaf_one, "leaf", false, &below_one);
    make_certificate(&deep, "deep", false, &below_zero);
    const struct made *chain_zero[] = {&zero, &below_zero};
    const struct made *chain_one[] = {&one, &below_one};
    assert_ok(verify_chain(&leaf_zero, chain_zero, 1, TODAY, &err), &err);
    assert_ok(verify_chain(&leaf_one, chain_one, 2, TODAY, &err), &err);
    assert_result(RESULT_DENIED, verify_chain(&deep, chain_zero, 2, TODAY, &err), &err);
    assert_string_equal(err.code, "path_too_long");
}

static void a_leaf_in_the_chain_signs_nothing(void **state) {
    (void)state;
    AUTO(made_clear) struct made leaf = {0}, forged = {0};
    struct error err = {0};
    make_certificate(&leaf, "leaf", false, &root);
    make_certificate(&forged, "admin", false, &leaf);
    const struct made *chain[] = {&leaf};
    assert_result(RESULT_DENIED, verify_chain(&forged, chain, 1, TODAY, &err), &err);
    assert_string_equal(err.code, "issuer_no_ca");
}

static void too_long_and_damaged_chains_are_refused(void **state) {
    (void)state;
    AUTO(made_clear) struct made leaf = {0};
    struct error err = {0};
    make_certificate(&leaf, "leaf", false, &root);
    const struct made *chain[LIMIT_CHAIN_CERTIFICATES + 1];
    for (size_t i = 0; i < LIMIT_CHAIN_CERTIFICATES + 1; i++) {
        chain[i] = &other_root;
    }
    assert_ok(verify_chain(&leaf, chain, LIMIT_CHAIN_CERTIFICATES, TODAY, &err), &err);
    assert_result(RESULT_LIMIT,
                  verify_chain(&leaf, chain, LIMIT_CHAIN_CERTIFICATES + 1, TODAY, &err), &err);
    assert_result(RESULT_INVALID,
                  certificate_verify_chain(&leaf.certificate, BYTES_LITERAL("\x30\x00"),
                                           &root.certificate, TODAY, &err),
                  &err);
}

// Strangers may send eight certificates; a device knows more CAs than that.
static void among_more_cas_than_a_chain_has_the_right_one_is_found(void **state) {
    (void)state;
    AUTO(made_clear) struct made ca = {0}, leaf = {0};
    AUTO(buf_clear) struct buf others = {0};
    struct error err = {0};
    make_certificate(&ca, "Issuing", true, &root);
    make_certificate(&leaf, "leaf", false, &ca);
    buf_init(&others, 2 * LIMIT_CHAIN_BYTES);
    for (size_t i = 0; i < LIMIT_TRUST_CERTIFICATES - 1; i++) {
        assert_int_equal(buf_append(&others, buf_bytes(&other_root.der)), RESULT_OK);
    }
    assert_result(RESULT_DENIED,
                  certificate_verify_among(&leaf.certificate, buf_bytes(&others),
                                           &root.certificate, TODAY, &err),
                  &err);
    assert_string_equal(err.code, "signature_wrong"); // the other root has the same name
    assert_int_equal(buf_append(&others, buf_bytes(&ca.der)), RESULT_OK);
    assert_ok(certificate_verify_among(&leaf.certificate, buf_bytes(&others), &root.certificate,
                                       TODAY, &err),
              &err);
    assert_int_equal(buf_append(&others, buf_bytes(&ca.der)), RESULT_OK);
    assert_result(RESULT_LIMIT,
                  certificate_verify_among(&leaf.certificate, buf_bytes(&others),
                                           &root.certificate, TODAY, &err),
                  &err);
}

static void a_chain_is_walked_one_certificate_at_a_time(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf chain = {0};
    struct certificate certificate = {0};
    struct error err = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    assert_int_equal(buf_append(&chain, buf_bytes(&root.der)), RESULT_OK);
    assert_int_equal(buf_append(&chain, buf_bytes(&other_root.der)), RESULT_OK);
    struct bytes left = buf_bytes(&chain);
    assert_ok(certificate_read_next(&left, &certificate, &err), &err);
    assert_bytes_equal(certificate.der, buf_bytes(&root.der));
    assert_ok(certificate_read_next(&left, &certificate, &err), &err);
    assert_bytes_equal(certificate.der, buf_bytes(&other_root.der));
    assert_int_equal(left.size, 0);
    assert_result(RESULT_INVALID, certificate_read_next(&left, &certificate, &err), &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_in_the_plan_is_read_back),
        cmocka_unit_test(what_is_not_in_the_plan_is_left_out),
        cmocka_unit_test(a_san_is_critical_when_the_subject_is_empty),
        cmocka_unit_test(impossible_plans_are_refused),
        cmocka_unit_test(serials_are_positive_and_have_16_octets),
        cmocka_unit_test(fields_in_another_form_are_refused),
        cmocka_unit_test(an_unknown_critical_extension_is_noticed),
        cmocka_unit_test(the_two_signature_algorithms_must_be_equal),
        cmocka_unit_test(a_certificate_with_any_byte_changed_does_not_verify),
        cmocka_unit_test(owntracks_certificates_are_read),
        cmocka_unit_test(roots_of_openssl_are_read),
        cmocka_unit_test(an_issuer_must_be_the_right_ca),
        cmocka_unit_test(a_signature_of_another_key_of_that_name_is_denied),
        cmocka_unit_test(chains_are_found_in_any_order),
        cmocka_unit_test(dates_are_inclusive_on_both_ends),
        cmocka_unit_test(path_lengths_are_kept),
        cmocka_unit_test(a_leaf_in_the_chain_signs_nothing),
        cmocka_unit_test(too_long_and_damaged_chains_are_refused),
        cmocka_unit_test(among_more_cas_than_a_chain_has_the_right_one_is_found),
        cmocka_unit_test(a_chain_is_walked_one_certificate_at_a_time),
    };
    return cmocka_run_group_tests(tests, make_roots, clear_roots);
}
