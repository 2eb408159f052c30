// Exports: which files a target gets, what is in those for Apple and OwnTracks, passwords, and what is refused.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <sys/stat.h>

#include "base/file.h"
#include "client/export/export.h"
#include "client/export/mobileconfig.h"
#include "client/export/owntracks.h"
#include "client/terminal/password.h"
#include "support/client_fixture.h"

static struct test_ca ca;
static struct test_identity leaf;
static struct credential credential;

static int make_all(void **state) {
    make_test_ca(&ca);
    make_identity(&leaf, (struct test_names){{"cn:jjolie"}}, &ca.issuing, false, NOW - 60,
                  NOW + 90 * DAY);
    credential = (struct credential){.key = leaf.key,
                                     .certificate = leaf.certificate,
                                     .chain = ca.issuing.certificate,
                                     .root = ca.root.certificate}; // borrowed
    return make_test_folder(state);
}

static int remove_all(void **state) {
    test_identity_clear(&leaf);
    test_ca_clear(&ca);
    return remove_test_folder(state);
}

static struct export_plan plan_for_target(const char *name) {
    struct export_plan plan = {.credential = &credential,
                               .name = "phone",
                               .password = "correct horse",
                               .host = "broker.example",
                               .port = 8883};
    struct error err = {0};
    assert_ok(export_find_target(name, &plan.target, &err), &err);
    return plan;
}

static void each_target_gets_its_files(void **state) {
    (void)state;
    static const struct {
        const char *target;
        const char *suffixes[EXPORT_FILES + 1];
        bool is_private[EXPORT_FILES];
        bool has_link;
    } cases[] = {
        {"generic", {".p12"}, {true}, false},
        {"browser", {".p12"}, {true}, false},
        {"home-assistant", {".p12"}, {true}, false},
        {"owntracks-android", {".p12", "-ca.crt"}, {true, false}, false},
        {"owntracks-ios", {".otrp", ".otrc", "-ca.mobileconfig"}, {true, true, false}, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(export_files_clear) struct export_files files = {0};
        struct export_plan plan = plan_for_target(cases[i].target);
        struct error err = {0};
        assert_ok(export_make(&plan, &files, &err), &err);
        size_t count = 0;
        for (; cases[i].suffixes[count] != NULL; count++) {
            assert_string_equal(files.items[count].suffix, cases[i].suffixes[count]);
            assert_string_equal(export_suffix(plan.target, NULL, count),
                                cases[i].suffixes[count]);
            assert_int_equal(files.items[count].is_private, cases[i].is_private[count]);
            assert_true(files.items[count].contents.size > 0);
        }
        assert_int_equal(files.count, count);
        assert_int_equal(export_count(plan.target, NULL), count);
        assert_int_equal(files.link.size > 0, cases[i].has_link);
        assert_int_equal(export_configures(plan.target, NULL), cases[i].has_link);
        assert_true(export_needs_password(plan.target, NULL));
    }
}

static void a_format_replaces_the_targets_files(void **state) {
    (void)state;
    static const struct {
        const char *format, *suffix;
        bool needs_password;
    } cases[] = {
        {"p12", ".p12", true},
        {"pem", ".pem", true},
        {"der", ".der", false},
        {"ca-pem", "-ca.pem", false},
        {"ca-der", "-ca.der", false},
        {"ca-otre", "-ca.otre", false},
        {"ca-mobileconfig", "-ca.mobileconfig", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(export_files_clear) struct export_files files = {0};
        struct export_plan plan = plan_for_target("owntracks-ios");
        struct error err = {0};
        assert_ok(export_find_format(cases[i].format, &plan.format, &err), &err);
        plan.host = NULL; // no configuration, no need
        assert_int_equal(export_needs_password(plan.target, plan.format),
                         cases[i].needs_password);
        assert_ok(export_make(&plan, &files, &err), &err);
        assert_int_equal(files.count, 1);
        assert_string_equal(files.items[0].suffix, cases[i].suffix);
        assert_int_equal(files.items[0].is_private, cases[i].needs_password);
    }
}

static void der_and_otre_are_the_certificates(void **state) {
    (void)state;
    static const char *const names[] = {"der", "ca-der", "ca-otre"};
    for (size_t i = 0; i < 3; i++) {
        AUTO(export_files_clear) struct export_files files = {0};
        struct export_plan plan = plan_for_target("generic");
        struct error err = {0};
        assert_ok(export_find_format(names[i], &plan.format, &err), &err);
        assert_ok(export_make(&plan, &files, &err), &err);
        assert_bytes_equal(buf_bytes(&files.items[0].contents),
                           buf_bytes(i == 0 ? &leaf.certificate : &ca.root.certificate));
    }
}

static void a_root_among_the_trusted_serves_for_root_pem(void **state) {
    (void)state;
    AUTO(export_files_clear) struct export_files files = {0};
    AUTO(buf_clear) struct buf trust = {0};
    struct credential first = credential;
    struct export_plan plan = plan_for_target("generic");
    struct error err = {0};
    buf_init(&trust, LIMIT_CHAIN_BYTES);
    assert_ok(buf_append(&trust, buf_bytes(&ca.issuing.certificate)), &err);
    first.root = (struct buf){0};
    first.trust = trust;
    plan.credential = &first;
    assert_ok(export_find_format("ca-der", &plan.format, &err), &err);
    assert_result(RESULT_NOT_FOUND, export_make(&plan, &files, &err), &err);
    assert_string_equal(err.code, "misconfigured");
    assert_ok(buf_append(&trust, buf_bytes(&ca.root.certificate)), &err);
    first.trust = trust;
    assert_ok(export_make(&plan, &files, &err), &err);
    assert_bytes_equal(buf_bytes(&files.items[0].contents), buf_bytes(&ca.root.certificate));
}

static void what_a_target_cannot_use_is_refused(void **state) {
    (void)state;
    struct error err = {0};
    struct export_plan plan = plan_for_target("owntracks-ios");
    assert_ok(export_check(&plan, KEY_P384, &err), &err);
    assert_result(RESULT_INVALID, export_check(&plan, KEY_ED25519, &err), &err);
    assert_string_equal(err.code, "key_unsuitable");
    static const char *const hosts[] = {NULL, "", "broker:8883", "https://broker", "a b"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        plan.host = hosts[i];
        assert_result(RESULT_INVALID, export_check(&plan, KEY_P256, &err), &err);
        assert_string_equal(err.code, "usage");
    }
    plan.host = "2001:db8::1";
    assert_ok(export_check(&plan, KEY_P256, &err), &err);
    plan.encryption = "legacy";
    assert_result(RESULT_INVALID, export_check(&plan, KEY_P256, &err), &err);
    plan = plan_for_target("generic");
    assert_ok(export_check(&plan, KEY_ED25519, &err), &err);
    assert_result(RESULT_INVALID, export_find_target("browzer", &plan.target, &err), &err);
    assert_string_equal(err.hint, "Did you mean 'browser'?");
    assert_result(RESULT_INVALID, export_find_format("otrp", &plan.format, &err), &err);
}

static void a_configuration_holds_what_the_app_needs(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf link = {0};
    struct error err = {0};
    buf_init(&text, 4096);
    buf_init(&link, 4096);
    const struct owntracks_plan plan = {
        .host = "broker.example", .port = 8883, .clientpkcs = "phone.otrp"};
    assert_ok(owntracks_write_configuration(&plan, &text, &err), &err);
    assert_string_equal(
        buf_string(&text),
        "{\"_type\":\"configuration\",\"mode\":0,\"host\":\"broker.example\",\"port\":8883,"
        "\"tls\":true,\"ws\":false,\"allowinvalidcerts\":false,\"auth\":false,"
        "\"usePassword\":false,\"clientpkcs\":\"phone.otrp\"}\n");
    // 0xfb 0xff 0xfe is "+//+" in base64, and one octet more gives "==".
    assert_ok(owntracks_write_link(BYTES_LITERAL("\xfb\xff\xfe\x01"), &link), &err);
    assert_string_equal(buf_string(&link), "owntracks:///config?inline=%2B%2F%2F%2BAQ%3D%3D");
}

static void a_profile_is_made_of_the_root_alone(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf first = {0};
    AUTO(buf_clear) struct buf second = {0};
    AUTO(buf_clear) struct buf other = {0};
    struct error err = {0};
    buf_init(&first, LIMIT_CHAIN_BYTES);
    buf_init(&second, LIMIT_CHAIN_BYTES);
    buf_init(&other, LIMIT_CHAIN_BYTES);
    assert_ok(mobileconfig_write(buf_bytes(&ca.root.certificate), &first, &err), &err);
    assert_ok(mobileconfig_write(buf_bytes(&ca.root.certificate), &second, &err), &err);
    assert_ok(mobileconfig_write(buf_bytes(&ca.issuing.certificate), &other, &err), &err);
    assert_bytes_equal(buf_bytes(&first), buf_bytes(&second));
    assert_false(bytes_equal(buf_bytes(&first), buf_bytes(&other)));
    assert_non_null(strstr(buf_string(&first), "com.apple.security.root"));
    assert_result(RESULT_INVALID, mobileconfig_write(BYTES_LITERAL("x"), &other, &err), &err);
}

// --- passwords -----------------------------------------------------------------------------

static void made_passwords_are_typed_easily(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf first = {0};
    AUTO(buf_clear) struct buf second = {0};
    struct error err = {0};
    buf_init_secret(&first, 64);
    buf_init_secret(&second, 64);
    assert_ok(password_generate(&first, &err), &err);
    assert_ok(password_generate(&second, &err), &err);
    assert_int_equal(first.size, 23);
    assert_int_equal(strspn(buf_string(&first), "abcdefghjkmnpqrstuvwxyz23456789-"), 23);
    assert_false(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
    assert_ok(pkcs12_check_password(buf_string(&first), &err), &err);
}

static void a_file_gives_its_first_line(void **state) {
    (void)state;
    static const struct {
        const char *text;
        mode_t mode;
        enum result result;
    } cases[] = {
        {"correct horse", 0600, RESULT_OK},
        {"correct horse\n", 0600, RESULT_OK},
        {"correct horse\r\n", 0400, RESULT_OK},
        {"correct horse\nof the phone, from last year\n", 0600, RESULT_OK},
        {"correct horse\r\n\r\n", 0600, RESULT_OK},
        {"\ncorrect horse\n", 0600, RESULT_INVALID},
        {"correct horse\n", 0640, RESULT_DENIED},
        {"\n", 0600, RESULT_INVALID},
        {"", 0600, RESULT_INVALID},
        {"correct\nhorse\n", 0600, RESULT_INVALID},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf password = {0};
        struct error err = {0};
        const char *path = in_test_folder("password");
        const struct password_source source = {.file = path};
        buf_init_secret(&password, LIMIT_PKCS12_PASSWORD_BYTES);
        assert_ok(file_replace(path, bytes_of_string(cases[i].text), cases[i].mode, &err),
                  &err);
        assert_result(cases[i].result, password_obtain(&source, &password, &err), &err);
        if (cases[i].result == RESULT_OK) {
            assert_string_equal(buf_string(&password), "correct horse");
        }
    }
}

static void sources_must_not_contradict(void **state) {
    (void)state;
    static const struct password_source sources[] = {
        {.file = "/x", .is_generated = true},
        {.out_file = "/x"},
        {.file = "/x", .out_file = "/y"},
    };
    for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
        AUTO(buf_clear) struct buf password = {0};
        struct error err = {0};
        buf_init_secret(&password, LIMIT_PKCS12_PASSWORD_BYTES);
        assert_result(RESULT_INVALID, password_obtain(&sources[i], &password, &err), &err);
        assert_string_equal(err.code, "usage");
        assert_int_equal(password.size, 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_target_gets_its_files),
        cmocka_unit_test(a_format_replaces_the_targets_files),
        cmocka_unit_test(der_and_otre_are_the_certificates),
        cmocka_unit_test(a_root_among_the_trusted_serves_for_root_pem),
        cmocka_unit_test(what_a_target_cannot_use_is_refused),
        cmocka_unit_test(a_configuration_holds_what_the_app_needs),
        cmocka_unit_test(a_profile_is_made_of_the_root_alone),
        cmocka_unit_test(made_passwords_are_typed_easily),
        cmocka_unit_test(a_file_gives_its_first_line),
        cmocka_unit_test(sources_must_not_contradict),
    };
    return cmocka_run_group_tests(tests, make_all, remove_all);
}
