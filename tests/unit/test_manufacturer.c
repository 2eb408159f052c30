// Tests of manufacturers: which devices are theirs, and the names that subjects give.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/pki.h"

#include <stdlib.h>
#include <unistd.h>

#include "authority/config/config.h"
#include "authority/config/manufacturer.h"
#include "base/file.h"
#include "x509/der.h"
#include "x509/oid.h"
#include "x509/pem.h"

struct attribute {
    enum oid oid;
    uint8_t tag;
    const char *value;
};

static void write_subject(struct buf *out, const struct attribute *attributes, size_t count) {
    size_t name = 0;
    buf_init(out, 8192);
    assert_int_equal(der_begin(out, DER_SEQUENCE, &name), RESULT_OK);
    for (size_t i = 0; i < count && attributes[i].value != NULL; i++) {
        size_t set = 0, attribute = 0;
        assert_int_equal(der_begin(out, DER_SET, &set), RESULT_OK);
        assert_int_equal(der_begin(out, DER_SEQUENCE, &attribute), RESULT_OK);
        assert_int_equal(oid_write(out, attributes[i].oid), RESULT_OK);
        assert_int_equal(
            der_write(out, attributes[i].tag, bytes_of_string(attributes[i].value)), RESULT_OK);
        assert_int_equal(der_end(out, attribute), RESULT_OK);
        assert_int_equal(der_end(out, set), RESULT_OK);
    }
    assert_int_equal(der_end(out, name), RESULT_OK);
}

#define UTF8(name, text)                                                                       \
    { OID_##name, DER_UTF8_STRING, text }

static const struct {
    const char *template;
    struct attribute subject[3];
    const char *name; // NULL: refused
    const char *code;
    const char *message;
} grants[] = {
    {"cn:{serialNumber}", {UTF8(SERIAL_NUMBER, "PID:X SN:1")}, "cn:PID:X SN:1", NULL, NULL},
    {"cn:acme-{serialNumber}",
     {{OID_SERIAL_NUMBER, DER_PRINTABLE_STRING, "7"}},
     "cn:acme-7",
     NULL,
     NULL},
    {"cn:{O}-{CN}", {UTF8(ORGANIZATION, "a"), UTF8(COMMON_NAME, "b")}, "cn:a-b", NULL, NULL},
    {"cn:{2.5.4.5}", {UTF8(SERIAL_NUMBER, "7")}, "cn:7", NULL, NULL},
    {"dns:{CN}.Example.org", {UTF8(COMMON_NAME, "Gw-1")}, "dns:gw-1.example.org", NULL, NULL},
    {"uri:urn:device:{serialNumber}",
     {UTF8(SERIAL_NUMBER, "7")},
     "uri:urn:device:7",
     NULL,
     NULL},
    {"xmpp:{CN}", {UTF8(COMMON_NAME, "a@example.org")}, "xmpp:a@example.org", NULL, NULL},
    // Values are data: nothing in them is expanded.
    {"cn:{CN}", {UTF8(COMMON_NAME, "{O}"), UTF8(ORGANIZATION, "x")}, "cn:{O}", NULL, NULL},
    {"cn:{CN}", {UTF8(COMMON_NAME, "*")}, NULL, "manufacturer_name", "*"},
    {"dns:{CN}", {UTF8(COMMON_NAME, "*.example.org")}, NULL, "manufacturer_name", "*"},
    {"xmpp:{CN}@example.org",
     {UTF8(COMMON_NAME, "a@evil.test/")},
     NULL,
     "manufacturer_name",
     "one of the characters"},
    {"email:{CN}@example.org",
     {UTF8(COMMON_NAME, "a@evil.test")},
     NULL,
     "manufacturer_name",
     "one of the characters"},
    {"uri:https://{CN}.example.org/",
     {UTF8(COMMON_NAME, "evil.test/x")},
     NULL,
     "manufacturer_name",
     "one of the characters"},
    {"dns:{CN}", {UTF8(COMMON_NAME, "no host")}, NULL, "manufacturer_name", "no host"},
    {"cn:{serialNumber}",
     {UTF8(COMMON_NAME, "7")},
     NULL,
     "manufacturer_attribute",
     "has no serialNumber"},
    {"cn:{CN}",
     {UTF8(COMMON_NAME, "7"), UTF8(COMMON_NAME, "8")},
     NULL,
     "manufacturer_attribute",
     "has more than one CN"},
    {"cn:{CN}",
     {{OID_COMMON_NAME, DER_BMP_STRING, "a"}},
     NULL,
     "manufacturer_attribute",
     "has no text in its CN"},
    {"cn:{CN}", {UTF8(COMMON_NAME, "\xff")}, NULL, "manufacturer_attribute", "no text"},
    {"cn:{CN}", {UTF8(COMMON_NAME, "")}, NULL, "manufacturer_attribute", "no text"},
};

static void subjects_are_mapped_to_names(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(grants) / sizeof(grants[0]); i++) {
        AUTO(buf_clear) struct buf subject = {0};
        AUTO(manufacturer_clear) struct manufacturer manufacturer = {0};
        AUTO(names_clear) struct names names = {0};
        struct error err = {0};
        write_subject(&subject, grants[i].subject, 3);
        assert_ok(manufacturer_check_template(grants[i].template, &err), &err);
        assert_ok(config_list_add(&manufacturer.names, grants[i].template, &err), &err);
        const struct certificate device = {.subject = buf_bytes(&subject)};
        enum result result = manufacturer_grant(&manufacturer, &device, &names, &err);
        if (grants[i].name != NULL) {
            assert_ok(result, &err);
            AUTO(buf_clear) struct buf text = {0};
            buf_init(&text, 512);
            assert_int_equal(names.count, 1);
            assert_int_equal(name_format(&names.items[0], &text), RESULT_OK);
            assert_string_equal(buf_string(&text), grants[i].name);
            continue;
        }
        assert_result(RESULT_DENIED, result, &err);
        assert_string_equal(err.code, grants[i].code);
        if (strstr(err.message, grants[i].message) == NULL) {
            print_error("%s\n", err.message);
        }
        assert_non_null(strstr(err.message, grants[i].message));
        assert_int_not_equal(err.hint[0], '\0');
        assert_int_equal(names.count, 0);
    }
}

static const struct {
    const char *template;
    const char *message;
} templates[] = {
    {"{CN}", "does not start with the type"},
    {"xx:{CN}", "does not start with the type"},
    {"cn:device", "the same name"},
    {"cn:{CN", "a brace has no partner"},
    {"cn:CN}", "a brace has no partner"},
    {"cn:{{CN}}", "a brace has no partner"},
    {"cn:{}", "no attribute between the braces"},
    {"cn:{serialnumber}", "is no attribute of a subject"},
    {"cn:{clientAuth}", "is no attribute of a subject"},
    {"cn:{1.2.}", "is no attribute of a subject"},
};

static void templates_are_checked(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++) {
        struct error err = {0};
        assert_result(RESULT_INVALID, manufacturer_check_template(templates[i].template, &err),
                      &err);
        assert_string_equal(err.code, "template_invalid");
        assert_non_null(strstr(err.message, templates[i].message));
        assert_int_not_equal(err.hint[0], '\0');
    }
}

// --- whose device it is ----------------------------------------------------------------------

struct fixture {
    char folder[64];
    struct identity root;
    struct identity other;
    struct identity device;
    struct identity foreign;
};

static int set_up(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/signet-maker-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    identity_make(&f->root, NULL,
                  &(struct identity_plan){.names = {"cn:Maker CA"}, .is_ca = true});
    identity_make(&f->other, NULL,
                  &(struct identity_plan){.names = {"cn:Maker CA"}, .is_ca = true});
    identity_make(&f->device, &f->root, &(struct identity_plan){.names = {"cn:7"}});
    identity_make(&f->foreign, &f->other, &(struct identity_plan){.names = {"cn:7"}});
    *state = f;
    return 0;
}

static void in_folder(const struct fixture *f, const char *name, struct buf *out) {
    buf_init(out, 256);
    assert_int_equal(path_join(out, f->folder, name), RESULT_OK);
}

static int tear_down(void **state) {
    struct fixture *f = *state;
    static const char *const files[] = {"maker.pem", "signetd.conf"};
    for (size_t i = 0; i < 2; i++) {
        AUTO(buf_clear) struct buf path = {0};
        in_folder(f, files[i], &path);
        (void)unlink(buf_string(&path));
    }
    (void)rmdir(f->folder);
    identity_clear(&f->root);
    identity_clear(&f->other);
    identity_clear(&f->device);
    identity_clear(&f->foreign);
    free(f);
    return 0;
}

static void save(const struct fixture *f, const char *name, struct bytes contents) {
    AUTO(buf_clear) struct buf path = {0};
    struct error err = {0};
    in_folder(f, name, &path);
    assert_ok(file_replace(buf_string(&path), contents, 0600, &err), &err);
}

static void save_certificates(const struct fixture *f, const struct identity *identity) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 65536);
    assert_int_equal(pem_encode_all(PEM_CERTIFICATE, buf_bytes(&identity->der), &pem),
                     RESULT_OK);
    save(f, "maker.pem", buf_bytes(&pem));
}

#define CONFIG                                                                                 \
    "[authority]\nname = Test\nhosts = ca.example\nenroll_url = https://ca.example:8443\n"     \
    "admin_url = https://ca.example:8444\npublic_url = http://ca.example:8080\n"               \
    "[profile client]\nextended_key_usages = clientAuth\ncommon_name = 1\n"                    \
    "[manufacturer maker]\nnames = cn:{CN}\ncertificates = maker.pem\n"

static enum result load(const struct fixture *f, struct config *config, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    in_folder(f, "signetd.conf", &path);
    save(f, "signetd.conf", BYTES_LITERAL(CONFIG));
    return config_load(buf_string(&path), config, err);
}

static void only_devices_of_the_manufacturer_are_taken(void **state) {
    const struct fixture *f = *state;
    AUTO(config_clear) struct config config = {0};
    struct error err = {0};
    save_certificates(f, &f->root);
    assert_ok(load(f, &config, &err), &err);
    const struct manufacturer *maker = manufacturer_find(&config.manufacturers, "maker");
    assert_non_null(maker);
    assert_null(manufacturer_find(&config.manufacturers, "make"));
    struct certificate device = identity_certificate(&f->device);
    struct certificate foreign = identity_certificate(&f->foreign);
    int64_t now = clock_now();
    assert_ok(manufacturer_verify(maker, &device, now, &err), &err);
    // A CA of the same name with another key.
    assert_result(RESULT_DENIED, manufacturer_verify(maker, &foreign, now, &err), &err);
    assert_string_equal(err.code, "manufacturer_unknown");
    assert_result(RESULT_DENIED, manufacturer_verify(maker, &device, now + 10 * 86400, &err),
                  &err);
    assert_string_equal(err.code, "manufacturer_unknown");
}

static void a_file_that_is_no_ca_is_refused_with_its_line(void **state) {
    const struct fixture *f = *state;
    AUTO(config_clear) struct config config = {0};
    struct error err = {0};
    assert_result(RESULT_INVALID, load(f, &config, &err), &err);
    assert_non_null(
        strstr(err.message, "signetd.conf:12: certificates in [manufacturer maker]"));
    assert_string_equal(err.field, "certificates");
    save_certificates(f, &f->device);
    assert_result(RESULT_INVALID, load(f, &config, &err), &err);
    assert_non_null(strstr(err.message, "is not that of a CA"));
    save(f, "maker.pem", BYTES_LITERAL("nothing\n"));
    assert_result(RESULT_INVALID, load(f, &config, &err), &err);
    assert_non_null(strstr(err.message, "signetd.conf:12"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(subjects_are_mapped_to_names),
        cmocka_unit_test(templates_are_checked),
        cmocka_unit_test_setup_teardown(only_devices_of_the_manufacturer_are_taken, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_is_no_ca_is_refused_with_its_line, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
