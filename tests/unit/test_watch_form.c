// The shapes that relying parties read: what is written is read back, and OpenSSL finds it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/watch_form.h"

#include <inttypes.h>

#include "base/file.h"
#include "client/watch/crl_set.h"
#include "support/client_fixture.h"
#include "x509/name_hash.h"
#include "x509/pem.h"

static struct test_ca ca;
static struct buf trust;
static struct buf root_crl; // signed once: a signature is another one each time

static int start(void **state) {
    make_test_ca(&ca);
    buf_init(&trust, LIMIT_CHAIN_BYTES);
    (void)!buf_append(&trust, buf_bytes(&ca.issuing.certificate));
    (void)!buf_append(&trust, buf_bytes(&ca.root.certificate));
    buf_init(&root_crl, 10000);
    make_crl(&ca.root, 1, NOW - 1000, NOW + 30 * DAY, 0, &root_crl);
    return make_test_folder(state);
}

static int stop(void **state) {
    buf_clear(&root_crl);
    buf_clear(&trust);
    test_ca_clear(&ca);
    return remove_test_folder(state);
}

// Issuing CA's with this number, then the root's.
static void make_bundle(uint64_t number, struct buf *out) {
    buf_init(out, 100000);
    make_crl(&ca.issuing, number, NOW - 1000 + (int64_t)number, NOW + DAY, number % 8, out);
    assert_int_equal(buf_append(out, buf_bytes(&root_crl)), RESULT_OK);
}

// --- files -------------------------------------------------------------------------------

static void files_are_read_back(void **state) {
    (void)state;
    static const enum watch_form forms[] = {WATCH_FORM_CRLS, WATCH_FORM_CAFILE};
    for (size_t i = 0; i < 2; i++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf crls = {0};
        AUTO(buf_clear) struct buf text = {0};
        AUTO(buf_clear) struct buf back = {0};
        make_bundle(3, &crls);
        buf_init(&text, 100000);
        buf_init(&back, 100000);
        assert_ok(watch_form_write(forms[i], buf_bytes(&trust), buf_bytes(&crls), &text), &err);
        bool has_certificates = strstr(buf_string(&text), "BEGIN CERTIFICATE") != NULL;
        assert_int_equal(has_certificates, forms[i] == WATCH_FORM_CAFILE);
        assert_ok(watch_form_read(forms[i], buf_bytes(&text), buf_bytes(&trust), &back, &err),
                  &err);
        assert_true(bytes_equal(buf_bytes(&back), buf_bytes(&crls)));
        // Cut off anywhere in the last block, it is damaged.
        buf_reset(&back);
        struct bytes cut = bytes_slice(buf_bytes(&text), 0, text.size - 40);
        assert_result(RESULT_INVALID,
                      watch_form_read(forms[i], cut, buf_bytes(&trust), &back, &err), &err);
    }
}

static void only_what_may_be_a_list_is_replaced(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf crls = {0};
    AUTO(buf_clear) struct buf list = {0};
    AUTO(buf_clear) struct buf cas = {0};
    AUTO(buf_clear) struct buf other = {0};
    make_bundle(3, &crls);
    buf_init(&list, 100000);
    buf_init(&cas, 100000);
    buf_init(&other, 100000);
    assert_ok(watch_form_write(WATCH_FORM_CRLS, (struct bytes){0}, buf_bytes(&crls), &list),
              &err);
    assert_ok(pem_encode_all(PEM_CERTIFICATE, buf_bytes(&trust), &cas), &err);
    assert_ok(pem_encode(PEM_CERTIFICATE, buf_bytes(&ca.root.certificate), &other), &err);
    const struct {
        struct bytes text;
        bool as_crls, as_cafile;
    } cases[] = {
        {BYTES_LITERAL(""), true, true},
        {BYTES_LITERAL("\0\0\0\n"), true, true},
        {buf_bytes(&list), true, true},
        {bytes_slice(buf_bytes(&list), 0, 100), true, true},
        {buf_bytes(&root_crl), true, true}, // in DER
        {buf_bytes(&cas), false, true},
        {buf_bytes(&other), false, false},
        {BYTES_LITERAL("root:x:0:0:root:/root:/bin/bash\n"), false, false},
        {BYTES_LITERAL("-----BEGIN PRIVATE KEY-----\n"), false, false},
        {BYTES_LITERAL("\0x"), false, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(
            watch_form_may_replace(WATCH_FORM_CRLS, cases[i].text, buf_bytes(&trust)),
            cases[i].as_crls);
        assert_int_equal(
            watch_form_may_replace(WATCH_FORM_CAFILE, cases[i].text, buf_bytes(&trust)),
            cases[i].as_cafile);
    }
}

static void a_cafile_with_other_certificates_is_damaged(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf crls = {0};
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf back = {0};
    make_bundle(3, &crls);
    buf_init(&text, 100000);
    buf_init(&back, 100000);
    assert_ok(watch_form_write(WATCH_FORM_CAFILE, buf_bytes(&ca.stranger.certificate),
                               buf_bytes(&crls), &text),
              &err);
    assert_result(
        RESULT_INVALID,
        watch_form_read(WATCH_FORM_CAFILE, buf_bytes(&text), buf_bytes(&trust), &back, &err),
        &err);
}

// --- folders -----------------------------------------------------------------------------

static void name_crl(const struct test_identity *issuer, int number, char out_name[32]) {
    struct error err = {0};
    struct certificate certificate;
    uint32_t hash = 0;
    assert_ok(certificate_read(buf_bytes(&issuer->certificate), &certificate, &err), &err);
    assert_ok(distinguished_name_hash(certificate.subject, &hash, &err), &err);
    snprintf(out_name, 32, "%08" PRIx32 ".r%d", hash, number);
}

static bool has_crl(const struct test_identity *issuer, int number) {
    char name[32];
    name_crl(issuer, number, name);
    return file_exists(in_test_folder(name));
}

static bool write_folder(const struct buf *crls) {
    struct error err = {0};
    bool needs_reload = false;
    assert_ok(watch_capath_write(test_folder, buf_bytes(&trust), buf_bytes(crls), &needs_reload,
                                 &err),
              &err);
    return needs_reload;
}

static void require_newest(const struct buf *crls, bool expected_damaged) {
    struct error err = {0};
    bool is_damaged = false;
    AUTO(buf_clear) struct buf back = {0};
    buf_init(&back, 100000);
    assert_ok(watch_capath_read(test_folder, buf_bytes(&trust), &back, &is_damaged, &err),
              &err);
    assert_int_equal(is_damaged, expected_damaged);
    assert_true(bytes_equal(buf_bytes(&back), buf_bytes(crls)));
}

static void a_folder_gets_the_next_number(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf first = {0};
    AUTO(buf_clear) struct buf second = {0};
    AUTO(buf_clear) struct buf nothing = {0};
    make_bundle(1, &first);
    make_bundle(2, &second);
    require_newest(&nothing, true);
    assert_false(write_folder(&first));
    require_newest(&first, false);
    assert_false(write_folder(&first)); // the same again changes nothing
    assert_false(has_crl(&ca.issuing, 1));
    assert_false(write_folder(&second));
    assert_true(has_crl(&ca.issuing, 1));
    assert_false(has_crl(&ca.root, 1)); // the root's is the same as before
    require_newest(&second, false);
}

static void damaged_files_of_a_folder_are_healed(void **state) {
    (void)state;
    struct error err = {0};
    char name[32];
    AUTO(buf_clear) struct buf crls = {0};
    AUTO(buf_clear) struct buf newer = {0};
    bool is_damaged = false;
    AUTO(buf_clear) struct buf back = {0};
    buf_init(&back, 100000);
    make_bundle(2, &crls);
    make_bundle(3, &newer);
    name_crl(&ca.issuing, 0, name);
    assert_ok(file_replace(in_test_folder(name), BYTES_LITERAL("broken"), 0644, &err), &err);
    assert_ok(watch_capath_read(test_folder, buf_bytes(&trust), &back, &is_damaged, &err),
              &err);
    assert_true(is_damaged);
    assert_false(write_folder(&newer));
    require_newest(&newer, false);
}

// A clock ran ahead, and was set back.
static void what_is_dated_later_is_replaced_and_told(void **state) {
    (void)state;
    struct error err = {0};
    AUTO(buf_clear) struct buf first = {0};
    AUTO(buf_clear) struct buf ahead = {0};
    AUTO(buf_clear) struct buf text = {0};
    char name[32];
    buf_init(&text, 100000);
    make_bundle(2, &first);
    make_bundle(50, &ahead);
    assert_false(write_folder(&ahead));
    assert_true(write_folder(&first));
    require_newest(&first, false);
    assert_true(has_crl(&ca.issuing, 1)); // which a running process reads next
    assert_ok(watch_form_write(WATCH_FORM_CRLS, (struct bytes){0}, buf_bytes(&ahead), &text),
              &err);
    for (int i = 0; i < 2; i++) {
        AUTO(buf_clear) struct buf file = {0};
        buf_init(&file, 100000);
        name_crl(&ca.issuing, i, name);
        assert_ok(file_read(in_test_folder(name), &file, &err), &err);
        assert_null(strstr(buf_string(&text), buf_string(&file)));
    }
    assert_false(write_folder(&first)); // and nothing is left to do
}

static void a_full_folder_is_emptied(void **state) {
    (void)state;
    bool needs_reload = false;
    AUTO(buf_clear) struct buf crls = {0};
    for (uint64_t number = 10; number < 10 + WATCH_CAPATH_FILES && !needs_reload; number++) {
        buf_clear(&crls);
        make_bundle(number, &crls);
        needs_reload = write_folder(&crls);
    }
    assert_true(needs_reload);
    assert_true(has_crl(&ca.issuing, 0));
    assert_false(has_crl(&ca.issuing, 1));
    require_newest(&crls, false);
}

// --- names -------------------------------------------------------------------------------

// `openssl x509 -subject_hash` of names written in other ways.
static void hashes_are_those_of_openssl(void **state) {
    (void)state;
    static const char *const subjects[] = {
        "/CN=Test Issuing",
        "/C=DE/O=  Some   Blanks  /CN=Mixed CASE",
        "/CN=Z\xc3\xbcrich \xc3\x84",
        "/emailAddress=A@Example.ORG/CN=x",
        "/CN=1234567890123456789012345678901234567890123456789012345678901234",
    };
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        char command[600];
        char line[64] = "";
        snprintf(command, sizeof(command),
                 "openssl req -x509 -utf8 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                 "-keyout /dev/null -days 9 -subj '%s' -out %s 2>/dev/null && "
                 "openssl x509 -in %s -noout -subject_hash",
                 subjects[i], in_test_folder("subject.pem"), in_test_folder("subject.pem"));
        FILE *openssl = popen(command, "r");
        assert_non_null(openssl);
        assert_non_null(fgets(line, sizeof(line), openssl));
        assert_int_equal(pclose(openssl), 0);
        struct error err = {0};
        struct certificate certificate;
        char ours[16];
        uint32_t hash = 0;
        AUTO(buf_clear) struct buf text = {0};
        AUTO(buf_clear) struct buf der = {0};
        buf_init(&text, 10000);
        buf_init(&der, 10000);
        assert_ok(file_read(in_test_folder("subject.pem"), &text, &err), &err);
        assert_ok(pem_decode_all(buf_bytes(&text), PEM_CERTIFICATE, &der, &err), &err);
        assert_ok(certificate_read(buf_bytes(&der), &certificate, &err), &err);
        assert_ok(distinguished_name_hash(certificate.subject, &hash, &err), &err);
        snprintf(ours, sizeof(ours), "%08" PRIx32, hash);
        line[strcspn(line, "\n")] = '\0';
        assert_string_equal(ours, line);
    }
}

static void names_that_we_cannot_hash_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *hex;
    } names[] = {
        // BMPString; two attributes in one RDN; not a Name
        {"300d310b300906035504031e020041"},
        {"30183116300a06035504030c0161300806035504030c0162"},
        {"0500"},
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct error err = {0};
        uint32_t hash = 0;
        AUTO(buf_clear) struct buf der = {0};
        buf_init(&der, 100);
        assert_ok(text_hex_decode(bytes_of_string(names[i].hex), &der), &err);
        assert_result(RESULT_INVALID, distinguished_name_hash(buf_bytes(&der), &hash, &err),
                      &err);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_back),
        cmocka_unit_test(only_what_may_be_a_list_is_replaced),
        cmocka_unit_test(a_cafile_with_other_certificates_is_damaged),
        cmocka_unit_test(a_folder_gets_the_next_number),
        cmocka_unit_test(damaged_files_of_a_folder_are_healed),
        cmocka_unit_test(what_is_dated_later_is_replaced_and_told),
        cmocka_unit_test(a_full_folder_is_emptied),
        cmocka_unit_test(hashes_are_those_of_openssl),
        cmocka_unit_test(names_that_we_cannot_hash_are_refused),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
