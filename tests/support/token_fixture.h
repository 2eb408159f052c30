// For tests with keys on tokens: a SoftHSM of their own, and a module that fails on demand.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/test.h"
#include "x509/key.h"
#include "x509/key_pkcs11.h"

#define TOKEN_PIN "1234"

// SoftHSM loses memory of OpenSSL's, which is nothing of ours.
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
    return "leak:libcrypto.so\n";
}

static char token_folder[64];

// "FOLDER/name" in one of sixteen buffers, used in turn.
__attribute__((unused)) static const char *in_token_folder(const char *name) {
    static char paths[16][300];
    static unsigned turn;
    char *path = paths[turn++ % 16];
    (void)snprintf(path, sizeof(paths[0]), "%s/%s", token_folder, name);
    return path;
}

__attribute__((unused)) static void write_token_file(const char *name, const char *text) {
    FILE *file = fopen(in_token_folder(name), "we");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(in_token_folder(name), 0600), 0);
}

__attribute__((unused)) static void run_command(const char *format, ...) {
    char command[1024];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    if (system(command) != 0) {
        print_error("failed: %s\n", command);
        fail();
    }
}

__attribute__((unused)) static void make_token(const char *label) {
    run_command(
        "softhsm2-util --init-token --free --label %s --so-pin 12345678 --pin " TOKEN_PIN
        " >/dev/null",
        label);
}

// The tokens "device" and "other", and the right PIN in the file "pin".
__attribute__((unused)) static int make_tokens(void **state) {
    (void)state;
    char text[512];
    (void)snprintf(token_folder, sizeof(token_folder), "/tmp/signet-token-XXXXXX");
    if (mkdtemp(token_folder) == NULL || mkdir(in_token_folder("tokens"), 0700) != 0) {
        return -1;
    }
    (void)snprintf(text, sizeof(text), "directories.tokendir = %s/tokens\nlog.level = ERROR\n",
                   token_folder);
    write_token_file("softhsm2.conf", text);
    write_token_file("pin", TOKEN_PIN "\n");
    (void)setenv("SOFTHSM2_CONF", in_token_folder("softhsm2.conf"), 1);
    (void)setenv("FAULTY_PKCS11", in_token_folder("fault"), 1);
    make_token("device");
    make_token("other");
    return 0;
}

__attribute__((unused)) static int remove_tokens(void **state) {
    (void)state;
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", token_folder);
    return system(command);
}

// "pkcs11:PATH?module-path=…&pin-source=file:FOLDER/pin" in one of four buffers, used in turn.
__attribute__((unused)) static const char *token_uri(const char *path) {
    static char uris[4][512];
    static unsigned turn;
    char *uri = uris[turn++ % 4];
    (void)snprintf(uri, sizeof(uris[0]),
                   "pkcs11:%s?module-path=" FAULTY_MODULE "&pin-source=file:%s/pin", path,
                   token_folder);
    return uri;
}

// From the next call on; "" ends it.
__attribute__((unused)) static void set_fault(const char *fault) {
    if (fault[0] == '\0') {
        (void)unlink(in_token_folder("fault"));
    } else {
        write_token_file("fault", fault);
    }
}
