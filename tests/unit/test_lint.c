// Tests of the lints: each has a certificate or CRL that is spoiled in exactly its way, and the
// neighbours that pass.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/der_text.h"
#include "support/x509_fixture.h"

#include <time.h>

#include "x509/crl.h"
#include "x509/lint.h"

#define POINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define P256 "30{30{06{2a8648ce3d0201} 06{2a8648ce3d030107}} 03{00 04" POINT POINT "}}"
#define ED25519 "30{30{06{2b6570}} 03{00" POINT "}}"
#define BYTES_64 POINT POINT
#define BYTES_252                                                                              \
    BYTES_64 BYTES_64 BYTES_64 POINT "0123456789abcdef0123456789abcdef0123456789abcdef0123456" \
                                     "7"
#define RSA_OF(exponent)                                                                       \
    "30{30{06{2a864886f70d010101} 05{}} 03{00 30{02{00 c1c2c3" BYTES_252 "01} 02{" exponent    \
    "}}}}"

#define CERTIFICATE                                                                            \
    "30{ a0{02{02}} 02{7f01} 30{06{2a8648ce3d040302}} 30{31{30{06{550403} 0c{'CA'}}}}"         \
    "30{17{'260101000000Z'} 17{'260401000000Z'}} 30{31{30{06{550403} 13{'sensor-1'}}}}" P256   \
    "a3{30{"                                                                                   \
    "30{06{551d13} 0101ff 04{30{}}}"                                                           \
    "30{06{551d0f} 0101ff 04{03{0780}}}"                                                       \
    "30{06{551d25} 04{30{06{2b06010505070302}}}}"                                              \
    "30{06{551d11} 04{30{ 82{'a.example.org'} 87{c0000201} 81{'a@example.org'} 86{'urn:x:y'}"  \
    " a0{06{2b06010505070805} a0{0c{'a@example.org'}}} }}}"                                    \
    "30{06{551d0e} 04{04{0102}}}"                                                              \
    "30{06{551d23} 04{30{80{0304}}}}"                                                          \
    "30{06{551d1f} 04{30{30{a0{a0{86{'http://ca.example/x.crl'}}}}}}}"                         \
    "30{06{2b06010505070101} 04{30{30{06{2b06010505073002} 86{'http://ca.example/x.der'}}}}}"  \
    "}} '' }"

static enum result judge(const char *find, const char *replace, struct error *err) {
    AUTO(buf_clear) struct buf tbs = {0};
    der_text_spoiled(CERTIFICATE, find, replace, &tbs);
    return lint_certificate(buf_bytes(&tbs), err);
}

// Replaced in the certificate above; `lint` NULL: it still passes.
struct spoiled {
    const char *lint;
    const char *find;
    const char *replace;
};

#define SUBJECT "31{30{06{550403} 13{'sensor-1'}}}"
#define SAN_HEAD "30{06{551d11} 04{30{ "
#define LONGEST_CN "'0123456789012345678901234567890123456789012345678901234567890123'"
#define LABEL_63 "012345678901234567890123456789012345678901234567890123456789012"

static const struct spoiled certificates[] = {
    {NULL, "a0", "a0"},
    {"structure", "'' }", "'' } 00"},
    {"structure", "30{17{'260101000000Z'}", "31{17{'260101000000Z'}"},
    {"structure", "30{06{551d0e} 04{04{0102}}}", "30{06{551d0e} 0101 01 04{04{0102}}}"},
    {"structure", "30{06{551d0e} 04{04{0102}}}", "30{06{551d0e} 03{00}}"},
    // A length that is not the shortest, and one without end.
    {"structure", "02{7f01}", "02 81 02 7f01"},
    {"structure", "02{7f01}", "02 80 7f01 0000"},
    {"structure", "02{7f01}", "02 84 ffffffff 7f01"},
    {"version", "a0{02{02}}", "a0{02{01}}"},
    {"version", "a0{02{02}}", ""},
    {"serial", "02{7f01}", "02{00}"},
    {"serial", "02{7f01}", "02{ff01}"},
    {"serial", "02{7f01}", "02{0001}"},
    {"serial", "02{7f01}", "02{}"},
    {"serial", "02{7f01}", "02{0102030405060708090a0b0c0d0e0f101112131415}"},
    {NULL, "02{7f01}", "02{0102030405060708090a0b0c0d0e0f1011121314}"},
    {NULL, "02{7f01}", "02{00ff}"},
    {"signature_algorithm", "30{06{2a8648ce3d040302}}", "30{06{2a8648ce3d040302} 05{}}"},
    {"signature_algorithm", "30{06{2a8648ce3d040302}}", "30{06{2a8648ce3d0401}}"},
    {"signature_algorithm", "30{06{2a8648ce3d040302}}", "30{06{2a864886f70d01010b}}"},
    {"signature_algorithm", "30{06{2a8648ce3d040302}}", "30{06{2a864886f70d010105} 05{}}"},
    {"signature_algorithm", "30{06{2a8648ce3d040302}}", "30{06{2b6570} 05{}}"},
    {NULL, "30{06{2a8648ce3d040302}}", "30{06{2a864886f70d01010b} 05{}}"},
    {NULL, "30{06{2a8648ce3d040302}}", "30{06{2b6570}}"},
    {"issuer", "30{31{30{06{550403} 0c{'CA'}}}}", "30{}"},
    {"issuer", "30{31{30{06{550403} 0c{'CA'}}}}", "30{31{}}"},
    {"validity_encoding", "17{'260101000000Z'}", "18{'20260101000000Z'}"},
    {"validity_encoding", "17{'260401000000Z'}", "18{'20500101000000.5Z'}"},
    {"validity_encoding", "17{'260101000000Z'}", "17{'2601010000Z'}"},
    {"validity_encoding", "17{'260101000000Z'}", "17{'260101000000+0000'}"},
    {"validity_encoding", "17{'260101000000Z'}", "17{'260230000000Z'}"},
    {"validity_encoding", "17{'260101000000Z'}", "17{'260101240000Z'}"},
    {"validity_encoding", "17{'260101000000Z'}", "17{'261301000000Z'}"},
    {"validity_encoding", "17{'260101000000Z'}", "17{'26010100000xZ'}"},
    {NULL, "17{'260401000000Z'}", "18{'20500101000000Z'}"},
    {NULL, "17{'260401000000Z'}", "17{'280229235959Z'}"},
    {"validity_order", "17{'260401000000Z'}", "17{'251231235959Z'}"},
    // 1999, which UTCTime writes with a greater year.
    {"validity_order", "17{'260401000000Z'}", "17{'990101000000Z'}"},
    {NULL, "17{'260401000000Z'}", "17{'260101000000Z'}"},
    {"subject_strings", "13{'sensor-1'}", "14{'sensor-1'}"},
    {"subject_strings", "13{'sensor-1'}", "1e{0073}"},
    {"subject_strings", "13{'sensor-1'}", "1c{00000073}"},
    {"subject_strings", "13{'sensor-1'}", "16{'sensor-1'}"},
    {"subject_strings", "13{'sensor-1'}", "13{'sensor_1'}"},
    {"subject_strings", "13{'sensor-1'}", "0c{c0af}"},
    {"subject_strings", "13{'sensor-1'}", "0c{eda080}"},
    {"subject_strings", "13{'sensor-1'}", "0c{}"},
    {NULL, "13{'sensor-1'}", "0c{5ac3ab}"},
    {NULL, "13{'sensor-1'}", "0c{" LONGEST_CN "}"},
    {"common_name", "13{'sensor-1'}", "0c{" LONGEST_CN "'x'}"},
    {"common_name", SUBJECT, SUBJECT SUBJECT},
    {"unique_id", "a3{30{", "81{00 01} a3{30{"},
    {"key", "06{2a8648ce3d030107}", "05{}"},
    {"key", "06{2a8648ce3d030107}", "06{2b8104000a}"},
    {"key", "03{00 04", "03{00 04 01"},
    {"key", "03{00 04", "03{00 03"},
    {"key", P256, "30{30{06{2b6570} 05{}} 03{00" POINT "}}"},
    {"key", P256, "30{30{06{2b6570}} 03{00" POINT "01}}"},
    {"key", P256, RSA_OF("03")},
    {"key", P256, RSA_OF("ffff")},
    {"key", P256, RSA_OF("010000")},
    {"key", P256, RSA_OF("00010001")},
    {"key", P256, "30{30{06{2a864886f70d010101}} 03{00 30{02{03} 02{010001}}}}"},
    {"key", P256,
     "30{30{06{2a864886f70d010101} 05{}} 03{00 30{02{00c1" POINT "} 02{010001}}}}"},
    {NULL, P256, ED25519},
    {NULL, P256, RSA_OF("010001")},
    {"extension_duplicate", "30{06{551d0e} 04{04{0102}}}",
     "30{06{551d0e} 04{04{0102}}} 30{06{551d0e} 04{04{0102}}}"},
    {"extension_default", "30{06{551d0e} 04", "30{06{551d0e} 010100 04"},
    {"extension_criticality", "30{06{551d13} 0101ff", "30{06{551d13}"},
    {"extension_criticality", "30{06{551d0f} 0101ff", "30{06{551d0f}"},
    {"extension_criticality", "06{551d0e}", "06{551d0e} 0101ff"},
    {"extension_criticality", "06{551d23}", "06{551d23} 0101ff"},
    {"extension_criticality", "06{551d1f}", "06{551d1f} 0101ff"},
    {"extension_criticality", "06{551d25}", "06{551d25} 0101ff"},
    {"extension_criticality", "06{2b06010505070101}", "06{2b06010505070101} 0101ff"},
    {"basic_constraints", "04{30{}}", "04{30{0101ff}}"},
    {"basic_constraints", "04{30{}}", "04{30{0201 00}}"},
    {"basic_constraints", "30{06{551d13} 0101ff 04{30{}}}", ""},
    {"key_usage", "03{0780}", "03{0700}"},
    {"key_usage", "03{0780}", "03{00}"},
    {"key_usage", "03{0780}", "03{0680}"},
    {"key_usage", "03{0780}", "03{0284}"},
    {"key_usage", "03{0780}", "03{0182}"},
    {"key_usage", "30{06{551d0f} 0101ff 04{03{0780}}}", ""},
    {NULL, "03{0780}", "03{0388}"},
    {NULL, "03{0780}", "03{06c0}"},
    {"key_usage_of_key", "03{0780}", "03{05a0}"},
    {"key_usage_of_key", "03{0780}", "03{0490}"},
    {"extended_key_usage", "30{06{2b06010505070302}}", "30{}"},
    {"extended_key_usage", "06{2b06010505070302}", "06{551d2500}"},
    {"extended_key_usage", "06{2b06010505070302}", "06{2b06010505070302} 06{2b06010505070302}"},
    {"extended_key_usage", "30{06{551d25} 04{30{06{2b06010505070302}}}}", ""},
    {NULL, "06{2b06010505070302}", "06{2b06010505070302} 06{2b06010505070311}"},
    {"key_usage_of_purpose", "03{0780}", "03{0640}"},
    {"subject_or_san", SUBJECT, ""},
    {"subject_or_san", "06{551d11} 04", "06{551d11} 0101ff 04"},
    {"san_empty", SAN_HEAD, "30{06{551d11} 04{30{}}} 30{06{550102} 04{30{ "},
    {"san_type", "87{c0000201}", "88{2a0304}"},
    {"san_type", "87{c0000201}", "a4{30{}}"},
    {"san_type", "06{2b06010505070805}", "06{2b0601040182371402 03}"},
    {"san_dns", "82{'a.example.org'}", "82{}"},
    {"san_dns", "82{'a.example.org'}", "82{'a..org'}"},
    {"san_dns", "82{'a.example.org'}", "82{'a.example.org.'}"},
    {"san_dns", "82{'a.example.org'}", "82{'a_b.example.org'}"},
    {"san_dns", "82{'a.example.org'}", "82{'-a.example.org'}"},
    {"san_dns", "82{'a.example.org'}", "82{62c3bc'cher.example'}"},
    {"san_dns", "82{'a.example.org'}", "82{'a.*.org'}"},
    {"san_dns", "82{'a.example.org'}", "82{'*.org'}"},
    {"san_dns", "82{'a.example.org'}", "82{'a' 00 'b.org'}"},
    {"san_dns", "82{'a.example.org'}", "82{'" LABEL_63 "x.org'}"},
    {NULL, "82{'a.example.org'}", "82{'" LABEL_63 ".org'}"},
    {NULL, "82{'a.example.org'}", "82{'*.example.org'}"},
    {"san_ip", "87{c0000201}", "87{c0000201ffffff00}"},
    {"san_ip", "87{c0000201}", "87{}"},
    {"san_email", "81{'a@example.org'}", "81{'a'}"},
    {"san_email", "81{'a@example.org'}", "81{'a@b@example.org'}"},
    {"san_email", "81{'a@example.org'}", "81{c3a4'@example.org'}"},
    {"san_uri", "86{'urn:x:y'}", "86{'x/y'}"},
    {"san_uri", "86{'urn:x:y'}", "86{'1urn:x'}"},
    {"san_uri", "86{'urn:x:y'}", "86{'urn:'}"},
    {"san_uri", "86{'urn:x:y'}", "86{'urn:x y'}"},
    {"san_xmpp", "0c{'a@example.org'}", "16{'a@example.org'}"},
    {"san_xmpp", "0c{'a@example.org'}", "0c{}"},
    {"san_xmpp", "0c{'a@example.org'}", "0c{ff}"},
    {"authority_key_id", "30{80{0304}}", "30{}"},
    {"authority_key_id", "30{06{551d23} 04{30{80{0304}}}}", ""},
    {"subject_key_id", "04{04{0102}}", "04{04{}}"},
    {"subject_key_id", "30{06{551d0e} 04{04{0102}}}", ""},
    {"crl_distribution_points", "'http://ca.example/x.crl'", "'ldap://ca.example/x'"},
    {"crl_distribution_points", "'http://ca.example/x.crl'", "'https://ca.example/x'"},
    {"crl_distribution_points", "30{a0{a0{86{'http://ca.example/x.crl'}}}}",
     "30{a0{a0{86{'http://ca.example/x.crl'}}} 81{0780}}"},
    {"crl_distribution_points", "30{30{a0{a0{86{'http://ca.example/x.crl'}}}}}", "30{}"},
    {"authority_info_access", "'http://ca.example/x.der'", "'file:///x.der'"},
    {"authority_info_access", "06{2b06010505073002}", "06{2b06010505073003}"},
    {"authority_info_access", "30{30{06{2b06010505073002} 86{'http://ca.example/x.der'}}}",
     "30{}"},
};

static void expect(const struct spoiled *row, enum result result, const struct error *err) {
    char start[64] = "";
    if (row->lint != NULL) {
        (void)snprintf(start, sizeof(start), "%s: expected ", row->lint);
    }
    bool is_right = row->lint == NULL
                        ? result == RESULT_OK
                        : result == RESULT_DENIED && strcmp(err->code, LINT_CODE) == 0 &&
                              strncmp(err->message, start, strlen(start)) == 0 &&
                              strchr(err->message, '(') != NULL;
    if (!is_right) {
        print_error("%s -> %s: wanted %s, got %s\n", row->find, row->replace,
                    row->lint == NULL ? "nothing" : row->lint, err->message);
        fail();
    }
}

static void each_lint_finds_its_mistake_in_a_certificate(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(certificates) / sizeof(certificates[0]); i++) {
        struct error err = {0};
        enum result result = judge(certificates[i].find, certificates[i].replace, &err);
        expect(&certificates[i], result, &err);
    }
}

// Two changes at once.
static void what_a_key_can_do_depends_on_its_type(void **state) {
    (void)state;
    static const struct {
        const char *key;
        const char *usage;
        bool passes;
    } keys[] = {
        {ED25519, "03{0780}", true},          {ED25519, "03{06c0}", true},
        {ED25519, "03{0388}", false},         {ED25519, "03{05a0}", false},
        {RSA_OF("010001"), "03{05a0}", true}, {RSA_OF("010001"), "03{0388}", false},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        AUTO(buf_clear) struct buf text = {0};
        AUTO(buf_clear) struct buf tbs = {0};
        struct error err = {0};
        der_text_replace(CERTIFICATE, P256, keys[i].key, &text);
        der_text_spoiled(buf_string(&text), "03{0780}", keys[i].usage, &tbs);
        const struct spoiled row = {keys[i].passes ? NULL : "key_usage_of_key", keys[i].key,
                                    keys[i].usage};
        expect(&row, lint_certificate(buf_bytes(&tbs), &err), &err);
    }
}

static void an_empty_subject_needs_a_critical_san(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    struct error err = {0};
    der_text_replace(CERTIFICATE, SUBJECT, "", &text);
    der_text_spoiled(buf_string(&text), "06{551d11} 04", "06{551d11} 0101ff 04", &tbs);
    assert_ok(lint_certificate(buf_bytes(&tbs), &err), &err);
}

// --- CAs -------------------------------------------------------------------------------------

#define CA_CERTIFICATE                                                                         \
    "30{ a0{02{02}} 02{7f01} 30{06{2a8648ce3d040302}} 30{31{30{06{550403} 0c{'Root'}}}}"       \
    "30{17{'260101000000Z'} 17{'260401000000Z'}} 30{31{30{06{550403} 0c{'Name'}}}}" P256       \
    "a3{30{"                                                                                   \
    "30{06{551d13} 0101ff 04{30{0101ff 02{00}}}}"                                              \
    "30{06{551d0f} 0101ff 04{03{0106}}}"                                                       \
    "30{06{551d0e} 04{04{0102}}}"                                                              \
    "30{06{551d23} 04{30{80{0304}}}}"                                                          \
    "}} '' }"

static const struct spoiled ca_certificates[] = {
    {NULL, "a0", "a0"},
    {"structure", "'' }", "'' } 00"},
    {"serial", "02{7f01}", "02{00}"},
    {"validity_order", "17{'260401000000Z'}", "17{'250401000000Z'}"},
    {NULL, "0101ff 02{00}", "0101ff"},
    {"ca_basic_constraints", "04{30{0101ff 02{00}}}", "04{30{}}"},
    {"ca_basic_constraints", "0101ff 02{00}", "010101 02{00}"},
    {"ca_basic_constraints", "0101ff 02{00}", "0101ff 02{ff}"},
    {"ca_basic_constraints", "0101ff 02{00}", "0101ff 02{00} 0500"},
    {"extension_criticality", "30{06{551d13} 0101ff 04", "30{06{551d13} 04"},
    {"ca_key_usage", "03{0106}", "03{0780}"},
    {"ca_key_usage", "03{0106}", "03{0204}"},
    {"ca_key_usage", "03{0106}", "03{0186}"},
    {"ca_key_usage", "30{06{551d0f} 0101ff 04{03{0106}}}", ""},
    {"ca_purpose", "30{06{551d0e}",
     "30{06{551d25} 04{30{06{2b06010505070302}}}} 30{06{551d0e}"},
    {"ca_subject", "31{30{06{550403} 0c{'Name'}}}", ""},
    {"ca_subject", "30{06{551d0e}", "30{06{551d11} 04{30{82{'a.example'}}}} 30{06{551d0e}"},
    {"ca_authority_key_id", "30{06{551d23} 04{30{80{0304}}}}", ""},
    {"subject_key_id", "30{06{551d0e} 04{04{0102}}}", ""},
};

static void each_lint_finds_what_is_wrong_with_a_ca(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(ca_certificates) / sizeof(ca_certificates[0]); i++) {
        AUTO(buf_clear) struct buf tbs = {0};
        struct error err = {0};
        der_text_spoiled(CA_CERTIFICATE, ca_certificates[i].find, ca_certificates[i].replace,
                         &tbs);
        expect(&ca_certificates[i], lint_ca_certificate(buf_bytes(&tbs), &err), &err);
    }
}

static void a_root_needs_no_identifier_of_its_issuer(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    struct error err = {0};
    der_text_replace(CA_CERTIFICATE, "'Root'", "'Name'", &text);
    der_text_spoiled(buf_string(&text), "30{06{551d23} 04{30{80{0304}}}}", "", &tbs);
    assert_ok(lint_ca_certificate(buf_bytes(&tbs), &err), &err);
    // A CA's certificate is none of an end entity, and the other way round.
    assert_result(RESULT_DENIED, lint_certificate(buf_bytes(&tbs), &err), &err);
    AUTO(buf_clear) struct buf leaf = {0};
    der_text_spoiled(CERTIFICATE, "a0", "a0", &leaf);
    assert_result(RESULT_DENIED, lint_ca_certificate(buf_bytes(&leaf), &err), &err);
}

// --- CRLs ------------------------------------------------------------------------------------

#define CRL                                                                                    \
    "30{ 02{01} 30{06{2a8648ce3d040302}} 30{31{30{06{550403} 0c{'CA'}}}} 17{'260101000000Z'}"  \
    " 17{'260104000000Z'} 30{"                                                                 \
    " 30{02{05} 17{'260101000030Z'} 30{30{06{551d15} 04{0a{01}}}"                              \
    " 30{06{551d18} 04{18{'20251231000000Z'}}}}}"                                              \
    " 30{02{03} 17{'251231000000Z'}} 30{02{04} 17{'251231000000Z'}} }"                         \
    " a0{30{ 30{06{551d23} 04{30{80{0304}}}} 30{06{551d14} 04{02{07}}} }} '' }"

static const struct spoiled crls[] = {
    {NULL, "02", "02"},
    {"crl_structure", "'' }", "'' } 00"},
    {"crl_structure", "30{02{04} 17{'251231000000Z'}} }", "30{02{04}} }"},
    {"crl_structure", "30{02{04} 17{'251231000000Z'}} }",
     "30{02{04} 17{'251231000000Z'} 30{}} }"},
    {"crl_structure", "30{02{04} 17{'251231000000Z'}} }", "31{02{04} 17{'251231000000Z'}} }"},
    {"crl_version", "02{01}", "02{00}"},
    {"crl_version", "02{01}", ""},
    {"crl_signature_algorithm", "30{06{2a8648ce3d040302}}", "30{06{2a8648ce3d040302} 05{}}"},
    {"crl_issuer", "30{31{30{06{550403} 0c{'CA'}}}}", "30{}"},
    {"crl_time_encoding", "17{'260101000000Z'}", "18{'20260101000000Z'}"},
    {"crl_time_encoding", " 17{'260104000000Z'} ", " "},
    {"crl_time_encoding", " 17{'260104000000Z'} ", " 17{'2601040000Z'} "},
    {NULL, " 17{'260104000000Z'} ", " 18{'20500104000000Z'} "},
    {"crl_time_order", " 17{'260104000000Z'} ", " 17{'260101000000Z'} "},
    {"crl_entries_empty",
     " 30{02{05} 17{'260101000030Z'} 30{30{06{551d15} 04{0a{01}}} 30{06{551d18} "
     "04{18{'20251231000000Z'}}}}} 30{02{03} 17{'251231000000Z'}} 30{02{04} "
     "17{'251231000000Z'}} }",
     "}"},
    {NULL,
     " 30{ 30{02{05} 17{'260101000030Z'} 30{30{06{551d15} 04{0a{01}}} 30{06{551d18} "
     "04{18{'20251231000000Z'}}}}} 30{02{03} 17{'251231000000Z'}} 30{02{04} "
     "17{'251231000000Z'}} }",
     ""},
    {"crl_extension_duplicate", "30{06{551d14} 04{02{07}}}",
     "30{06{551d14} 04{02{07}}} 30{06{551d14} 04{02{08}}}"},
    {"crl_extension_duplicate", "30{06{551d14} 04", "30{06{551d14} 010100 04"},
    {"crl_extension", "30{06{551d14} 04", "30{06{551d14} 0101ff 04"},
    // issuingDistributionPoint, deltaCRLIndicator, freshestCRL
    {"crl_extension", "a0{30{ ", "a0{30{ 30{06{551d1c} 0101ff 04{30{}}}"},
    {"crl_extension", "a0{30{ ", "a0{30{ 30{06{551d1b} 0101ff 04{02{01}}}"},
    {"crl_extension", "a0{30{ ", "a0{30{ 30{06{551d2e} 04{30{}}}"},
    {"crl_authority_key_id", "30{80{0304}}", "30{}"},
    {"crl_authority_key_id", "30{06{551d23} 04{30{80{0304}}}}", ""},
    {"crl_number", "04{02{07}}", "04{02{ff}}"},
    {"crl_number", "04{02{07}}", "04{02{0102030405060708090a0b0c0d0e0f101112131415}}"},
    {"crl_number", "30{06{551d14} 04{02{07}}}", ""},
    {NULL, "04{02{07}}", "04{02{00}}"},
    {NULL, "04{02{07}}", "04{02{0102030405060708090a0b0c0d0e0f1011121314}}"},
    {"entry_serial", "02{05}", "02{00}"},
    {"entry_serial", "02{05}", "02{85}"},
    {"entry_date_encoding", "17{'260101000030Z'}", "18{'20260101000030Z'}"},
    {"entry_date", "17{'260101000030Z'}", "17{'260104000000Z'}"},
    {"entry_extension", "06{551d15} 04", "06{551d15} 0101ff 04"},
    {"entry_extension", "30{06{551d15} 04{0a{01}}}",
     "30{06{551d15} 04{0a{01}}} 30{06{551d15} 04{0a{01}}}"},
    {"entry_value", "0a{01}", "0a{00}"},
    {"entry_value", "0a{01}", "0a{07}"},
    {"entry_value", "0a{01}", "0a{08}"},
    {"entry_value", "0a{01}", "0a{0b}"},
    {"entry_value", "0a{01}", "02{01}"},
    {"entry_value", "18{'20251231000000Z'}", "17{'251231000000Z'}"},
    {"entry_value", "06{551d15}", "06{551d1d}"}, // certificateIssuer: of indirect lists
    {NULL, "0a{01}", "0a{0a}"},
    {"entry_duplicate", "02{04}", "02{05}"},
    {"entry_duplicate", "02{04}", "02{03}"},
};

static void each_lint_finds_its_mistake_in_a_crl(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(crls) / sizeof(crls[0]); i++) {
        AUTO(buf_clear) struct buf tbs = {0};
        struct error err = {0};
        der_text_spoiled(CRL, crls[i].find, crls[i].replace, &tbs);
        expect(&crls[i], lint_crl(buf_bytes(&tbs), &err), &err);
    }
}

// --- what the builder makes ------------------------------------------------------------------

static struct bytes tbs_of(struct bytes der) {
    struct der outer = der_of(der), inside = {0};
    struct bytes tbs = {0};
    struct error err = {0};
    assert_ok(der_enter(&outer, DER_SEQUENCE, &inside, &err), &err);
    assert_ok(der_read_element(&inside, DER_SEQUENCE, &tbs, &err), &err);
    return tbs;
}

static enum result remember(struct bytes tbs, struct error *err) {
    return error_set_code(err, RESULT_DENIED, "remembered", "%zu", tbs.size);
}

static void a_judge_stops_the_signature(void **state) {
    (void)state;
    struct made root = {0};
    make_certificate(&root, "Root", true, NULL);
    AUTO(buf_clear) struct buf der = {0};
    struct error err = {0};
    buf_init(&der, LIMIT_CRL_BYTES);
    const struct crl_plan plan = {
        .issuer = root.certificate.subject,
        .authority_key_id = bytes_of(root.key_id, SHA1_SIZE),
        .number = 1,
        .this_update = TODAY,
        .next_update = TODAY + DAY,
        .judge = remember,
    };
    assert_result(RESULT_DENIED, crl_build(&plan, root.key, &der, &err), &err);
    assert_string_equal(err.code, "remembered");
    assert_int_equal(der.size, 0);
    made_clear(&root);
}

// Every kind of key as subject and as issuer, names of all types, purposes and addresses.
static void what_the_builder_makes_passes(void **state) {
    (void)state;
    static const uint8_t other[] = {DER_OID, 8, 0x2b, 6, 1, 5, 5, 7, 3, 17};
    static const enum key_algorithm algorithms[] = {KEY_P256, KEY_P384, KEY_ED25519,
                                                    KEY_RSA2048};
    static const char *const texts[] = {"cn:Zo\xc3\xab 7",  "dns:*.pump.example",
                                        "ip:2001:db8::1",   "email:pump@example.net",
                                        "uri:urn:device:7", "xmpp:pump@example.net"};
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf issuer = {0};
    struct error err = {0};
    uint8_t serial[SERIAL_SIZE];
    buf_init(&issuer, 256);
    assert_int_equal(distinguished_name_write(&issuer, "CA"), RESULT_OK);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_ok(names_add_text(&names, texts[i], &err), &err);
    }
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        AUTO(key_free_at) struct key *made = NULL;
        AUTO(buf_clear) struct buf tbs = {0};
        AUTO(buf_clear) struct buf crl = {0};
        buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
        buf_init(&crl, LIMIT_CERTIFICATE_BYTES);
        assert_ok(key_generate(algorithms[i], &made, &err), &err);
        assert_ok(certificate_make_serial(serial, &err), &err);
        const struct certificate_plan plan = {
            .serial = bytes_of(serial, sizeof(serial)),
            .issuer = buf_bytes(&issuer),
            .names = &names,
            .not_before = TODAY,
            .not_after = TODAY + 30LL * 365 * DAY, // GeneralizedTime
            .spki = key_public(made),
            .path_length = PATH_LENGTH_NONE,
            .key_usage = KEY_USAGE_DIGITAL_SIGNATURE,
            .extended_key_usages = {OID_CLIENT_AUTH, OID_SERVER_AUTH, OID_UNKNOWN},
            .other_usages = bytes_of(other, sizeof(other)),
            .authority_key_id = BYTES_LITERAL("key"),
            .crl_url = "http://ca.example/crl/issuing.crl",
            .ca_issuers_url = "http://ca.example/ca/issuing.der",
        };
        assert_ok(certificate_build_tbs(&plan, key_signature_algorithm(made), &tbs, &err),
                  &err);
        assert_ok(lint_certificate(buf_bytes(&tbs), &err), &err);
        const struct crl_plan list = {
            .issuer = buf_bytes(&issuer),
            .authority_key_id = BYTES_LITERAL("key"),
            .number = UINT64_MAX,
            .this_update = TODAY,
            .next_update = TODAY + DAY,
            .judge = lint_crl,
        };
        assert_ok(crl_build(&list, made, &crl, &err), &err);
    }
}

static double seconds_since(clock_t begin) {
    return (double)(clock() - begin) / CLOCKS_PER_SEC;
}

// The lint reads every entry of a large list, and must not be what publishing waits for.
static void a_large_list_is_judged_quickly(void **state) {
    (void)state;
    enum { ENTRIES = 100000 };
    struct made root = {0};
    make_certificate(&root, "Root", true, NULL);
    struct crl_entry *entries = calloc(ENTRIES, sizeof(*entries));
    assert_non_null(entries);
    uint32_t seed = 1;
    for (size_t i = 0; i < ENTRIES; i++) {
        entries[i].serial_size = 16;
        entries[i].reason = (uint8_t)(i % 2 == 0 ? CRL_REASON_SUPERSEDED : 0);
        entries[i].revoked_at = TODAY - (int64_t)i;
        for (size_t j = 0; j < 12; j++) {
            seed = seed * 1664525 + 1013904223;
            entries[i].serial[j] = (uint8_t)(seed >> 24);
        }
        entries[i].serial[0] = (uint8_t)(entries[i].serial[0] % 127 + 1);
        memcpy(&entries[i].serial[12], &i, 4); // no two are equal
    }
    AUTO(buf_clear) struct buf der = {0};
    struct error err = {0};
    buf_init(&der, LIMIT_CRL_BYTES);
    const struct crl_plan plan = {
        .issuer = root.certificate.subject,
        .authority_key_id = bytes_of(root.key_id, SHA1_SIZE),
        .number = 1,
        .this_update = TODAY,
        .next_update = TODAY + DAY,
        .entries = entries,
        .entry_count = ENTRIES,
    };
    clock_t begin = clock();
    assert_ok(crl_build(&plan, root.key, &der, &err), &err);
    double building = seconds_since(begin);
    begin = clock();
    assert_ok(lint_crl(tbs_of(buf_bytes(&der)), &err), &err);
    double judging = seconds_since(begin);
    print_message("%d entries: built and signed in %.1f ms, judged in %.1f ms\n", ENTRIES,
                  building * 1000, judging * 1000);
    assert_true(judging < 1.0);
    free(entries);
    made_clear(&root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_lint_finds_its_mistake_in_a_certificate),
        cmocka_unit_test(what_a_key_can_do_depends_on_its_type),
        cmocka_unit_test(an_empty_subject_needs_a_critical_san),
        cmocka_unit_test(each_lint_finds_what_is_wrong_with_a_ca),
        cmocka_unit_test(a_root_needs_no_identifier_of_its_issuer),
        cmocka_unit_test(each_lint_finds_its_mistake_in_a_crl),
        cmocka_unit_test(a_judge_stops_the_signature),
        cmocka_unit_test(what_the_builder_makes_passes),
        cmocka_unit_test(a_large_list_is_judged_quickly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
