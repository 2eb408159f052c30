// watch.conf: what its keys become, and every mistake with its place.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/limits.h"
#include "client/watch/watch_config.h"
#include "support/test.h"

#define COMMON                                                                                 \
    "[watch]\ncrl = http://ca.example:8080/crl/issuing.bundle.pem\nca = /etc/signet/ca.pem\n"

static void parse(const char *text, struct watch_config *out_config) {
    struct error err = {0};
    assert_ok(watch_config_parse("watch.conf", bytes_of_string(text), out_config, &err), &err);
}

static void targets_inherit_and_override(void **state) {
    (void)state;
    AUTO(watch_config_clear) struct watch_config config = {0};
    parse(COMMON "interval = 30s # of all\nwarn = 40\ncanary = /c\n\n"
                 "[target broker]\npreset = mosquitto\npid_file = /run/mosquitto.pid\n"
                 "restart = systemctl restart mosquitto\nproof = localhost:8883\n"
                 "[target web]\npreset = nginx\nfile = /etc/nginx/other.pem\ninterval = 5s\n"
                 "crl = https://other.example/crl\n",
          &config);
    assert_int_equal(config.target_count, 2);
    const struct watch_options *broker = &config.targets[0].options;
    assert_string_equal(broker->name, "broker");
    assert_string_equal(broker->file, "/etc/mosquitto/crl.pem");
    assert_string_equal(broker->pid_file, "/run/mosquitto.pid");
    assert_null(broker->reload);
    assert_string_equal(broker->restart[1], "restart");
    assert_null(broker->restart[3]);
    assert_string_equal(broker->url.host, "ca.example");
    assert_string_equal(broker->proof.host, "localhost");
    assert_int_equal(broker->proof.port, 8883);
    assert_int_equal(broker->interval_seconds, 30);
    assert_int_equal(broker->warn_percent, 40);
    assert_null(broker->revoked);
    const struct watch_options *web = &config.targets[1].options;
    assert_string_equal(web->file, "/etc/nginx/other.pem");
    assert_string_equal(web->reload[2], "nginx");
    assert_string_equal(web->url.host, "other.example");
    assert_int_equal(web->interval_seconds, 5);
    assert_string_equal(web->proof.host, "");
    assert_string_equal(web->state_folder, WATCH_STATE_FOLDER);
}

static void every_preset_can_be_used(void **state) {
    (void)state;
    for (size_t i = 0; watch_presets[i].name != NULL; i++) {
        const struct watch_preset *preset = &watch_presets[i];
        AUTO(watch_config_clear) struct watch_config config = {0};
        char text[500];
        bool has_folder = preset->form == WATCH_FORM_CAPATH;
        snprintf(text, sizeof(text), COMMON "[target t]\npreset = %s\n%s\n", preset->name,
                 has_folder             ? "folder = /f"
                 : preset->file == NULL ? "file = /f"
                                        : "");
        parse(text, &config);
        const struct watch_options *options = &config.targets[0].options;
        assert_ptr_equal(options->preset, preset);
        assert_int_equal(options->folder != NULL, has_folder);
        assert_true(options->reload != NULL || !preset->needs_reload);
        assert_non_null(preset->sessions_text);
    }
}

static void mistakes_name_their_place(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *message; // part of it
        const char *hint;
    } cases[] = {
        {"crl = x\n", "watch.conf:1: key \"crl\" stands before the first section", "[watch]"},
        {COMMON, "there is no target", "[target mosquitto]"},
        {COMMON "[targt a]\n", "watch.conf:4: unknown section [targt a]", "[target NAME]"},
        {COMMON "[watch]\n", "watch.conf:4: there is a [watch] already", ""},
        {COMMON "[target a/b]\n", "\"a/b\" cannot be a target's name", ""},
        {COMMON "[target]\n", "cannot be a target's name", ""},
        {COMMON "[target a]\npreset = nginx\n[target a]\n", "there is a [target a] already",
         ""},
        {COMMON "[target a]\npreste = nginx\n",
         "watch.conf:5: unknown key \"preste\" in [target]", "preset"},
        {COMMON "file = /x\n", "unknown key \"file\" in [watch]", ""},
        {COMMON "[target a]\nstate = /x\n", "unknown key \"state\" in [target]", ""},
        {COMMON "[target a]\npreset = ngnix\n", "unknown preset \"ngnix\"", "nginx"},
        {COMMON "[target a]\nfile = /x\n", "[target a]: preset is missing", ""},
        {"[target a]\npreset = nginx\nca = /x\n", "[target a]: crl is missing", ""},
        {"[target a]\npreset = nginx\ncrl = http://h/\n", "[target a]: ca is missing", ""},
        {COMMON "[target a]\npreset = command\n", "file is missing", ""},
        {COMMON "[target a]\npreset = mosquitto-capath\n", "folder is missing", ""},
        {COMMON "[target a]\npreset = nginx\nfolder = /x\n", "folder is for presets", ""},
        {COMMON "[target a]\npreset = prosody-capath\nfolder = /f\nfile = /x\n",
         "this preset has a folder, no file", ""},
        {COMMON "[target a]\npreset = nginx\nreload = a\npid_file = /p\n", "not both", ""},
        {COMMON "[target a]\npreset = nginx\nsocket = /s\n", "this preset has no socket", ""},
        {COMMON "[target a]\npreset = haproxy\nsessions_map = /m\n", "sessions_map is for", ""},
        {COMMON "[target a]\npreset = haproxy\nsocket_bytes = 9999\n", "without socket", ""},
        {COMMON "[target a]\npreset = prosody\nrestart = a\n", "without restart", ""},
        {COMMON "[target a]\npreset = haproxy\nrevoked = a\n", "without revoked", ""},
        {COMMON "[target a]\npreset = mosquitto\nrestart = a\nrevoked = b\n",
         "either restart or revoked", ""},
        {COMMON "[target a]\npreset = nginx\nshell = a\n", "shell is for Prosody", ""},
        {COMMON "[target a]\npreset = nginx\nproof = h:1\n", "proof needs a canary pair", ""},
        {COMMON "canary = /c\n[target a]\npreset = nginx\nproof = h\n", "expected HOST:PORT",
         ""},
        {COMMON "canary = /c\n[target a]\npreset = nginx\nproof_name = h\n", "for a proof", ""},
        {COMMON "[target a]\npreset = nginx\n[target b]\npreset = nginx\n",
         "[target b]: another target writes", ""},
        {COMMON "[target a]\npreset = nginx\ncrl = ftp://h/\n", "[target a]: crl: ", ""},
        {COMMON "interval = 0s\n", "watch.conf:4: interval: expected a time", ""},
        {COMMON "interval = 86401\n", "to 86400 seconds", ""},
        {COMMON "warn = 100\n", "warn: expected a number from 1 to 99", ""},
        {COMMON "crl = http://h/\n", "watch.conf:4: key \"crl\" was given on line 2 already",
         ""},
        {COMMON "canary =\n", "canary has no value", ""},
        {COMMON "[target a\n", "expected \"]\"", ""},
        {COMMON "nonsense\n", "expected [section] or key = value", ""},
        {COMMON "canary = \x01\n", "a control character (0x01)", ""},
        {COMMON "canary = \xff\n", "expected text in UTF-8", ""},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(watch_config_clear) struct watch_config config = {0};
        assert_result(
            RESULT_INVALID,
            watch_config_parse("watch.conf", bytes_of_string(cases[i].text), &config, &err),
            &err);
        assert_string_equal(err.code, "misconfigured");
        if (strstr(err.message, cases[i].message) == NULL ||
            strstr(err.hint, cases[i].hint) == NULL) {
            fail_msg("case %zu: %s (%s)", i, err.message, err.hint);
        }
    }
}

static void targets_are_bounded(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 100000);
    assert_int_equal(buf_append_string(&text, COMMON), RESULT_OK);
    for (int i = 0; i < LIMIT_WATCH_TARGETS; i++) {
        assert_int_equal(buf_printf(&text, "[target t%d]\npreset = nginx\nfile = /%d\n", i, i),
                         RESULT_OK);
    }
    AUTO(watch_config_clear) struct watch_config config = {0};
    parse(buf_string(&text), &config);
    assert_int_equal(config.target_count, LIMIT_WATCH_TARGETS);
    assert_int_equal(buf_append_string(&text, "[target more]\n"), RESULT_OK);
    struct error err = {0};
    AUTO(watch_config_clear) struct watch_config other = {0};
    assert_result(RESULT_INVALID, watch_config_parse("p", buf_bytes(&text), &other, &err),
                  &err);
    assert_non_null(strstr(err.message, "at most"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(targets_inherit_and_override),
        cmocka_unit_test(every_preset_can_be_used),
        cmocka_unit_test(mistakes_name_their_place),
        cmocka_unit_test(targets_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
