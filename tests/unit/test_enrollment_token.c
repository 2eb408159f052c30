// Enrollment tokens: their text, and which part of a damaged one is named.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdlib.h>

#include "wire/enrollment_token.h"

#define ID "AAECAwQFBgc"
#define SECRET "EBESExQVFhcYGRobHB0eHyAhIiM"
#define FINGERPRINT "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8"
#define TOKEN "signet://ca.example:8443/" ID "." SECRET "." FINGERPRINT

static struct enrollment_token sample(const char *host) {
    struct enrollment_token token = {.port = 8443};
    memcpy(token.host, host, strlen(host) + 1);
    for (size_t i = 0; i < TOKEN_ID_SIZE; i++) {
        token.id[i] = (uint8_t)i;
    }
    for (size_t i = 0; i < TOKEN_SECRET_SIZE; i++) {
        token.secret[i] = (uint8_t)(0x10 + i);
    }
    for (size_t i = 0; i < SHA256_SIZE; i++) {
        token.root_fingerprint[i] = (uint8_t)(0x40 + i);
    }
    return token;
}

static void a_token_is_written_as_documented_and_read_back(void **state) {
    (void)state;
    static const char *const hosts[] = {"ca.example", "192.0.2.7", "[2001:db8::7]", "a",
                                        "CA-1.example"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct error err = {0};
        struct enrollment_token token = sample(hosts[i]), read = {0};
        AUTO(buf_clear) struct buf text = {0};
        buf_init_secret(&text, 512);
        assert_ok(enrollment_token_format(&token, &text), &err);
        assert_ok(enrollment_token_read(buf_string(&text), &read, &err), &err);
        assert_string_equal(read.host, hosts[i]);
        assert_int_equal(read.port, 8443);
        assert_memory_equal(read.id, token.id, TOKEN_ID_SIZE);
        assert_memory_equal(read.secret, token.secret, TOKEN_SECRET_SIZE);
        assert_memory_equal(read.root_fingerprint, token.root_fingerprint, SHA256_SIZE);
        if (i == 0) {
            assert_string_equal(buf_string(&text), TOKEN);
        }
        enrollment_token_clear(&read);
        assert_int_equal(read.port, 0);
    }
}

static void a_damaged_token_is_refused_and_the_part_is_named(void **state) {
    (void)state;
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"", "signet://"},
        {"https://ca.example:8443/" ID "." SECRET "." FINGERPRINT, "signet://"},
        {" " TOKEN, "signet://"},
        {"SIGNET://ca.example:8443/" ID "." SECRET "." FINGERPRINT, "signet://"},
        {"signet://", "address"},
        {"signet://x", "address"},
        {"signet://ca.example:8443", "address"},
        {"signet://ca.example/" ID "." SECRET "." FINGERPRINT, "HOST:PORT"},
        {"signet:///" ID "." SECRET "." FINGERPRINT, "HOST:PORT"},
        {"signet://:8443/" ID "." SECRET "." FINGERPRINT, "host"},
        {"signet://ca.example:/" ID "." SECRET "." FINGERPRINT, "port"},
        {"signet://ca.example:0/" ID "." SECRET "." FINGERPRINT, "port"},
        {"signet://ca.example:65536/" ID "." SECRET "." FINGERPRINT, "port"},
        {"signet://ca.example:x/" ID "." SECRET "." FINGERPRINT, "port"},
        {"signet://c a:8443/" ID "." SECRET "." FINGERPRINT, "host"},
        {"signet://user@ca:8443/" ID "." SECRET "." FINGERPRINT, "host"},
        {"signet://2001:db8::7:8443/" ID "." SECRET "." FINGERPRINT, "host"},
        {"signet://[192.0.2.7]:8443/" ID "." SECRET "." FINGERPRINT, "host"},
        {"signet://[2001:db8::7:8443/" ID "." SECRET "." FINGERPRINT, "host"},
        {"signet://[]:8443/" ID "." SECRET "." FINGERPRINT, "host"},
        {"signet://ca.example:8443/", "ID.SECRET.FINGERPRINT"},
        {"signet://ca.example:8443/" ID, "ID.SECRET.FINGERPRINT"},
        {"signet://ca.example:8443/" ID "." SECRET, "ID.SECRET.FINGERPRINT"},
        {"signet://ca.example:8443/" ID "." SECRET ".", "fingerprint is cut off"},
        {"signet://ca.example:8443/" ID "." SECRET ".QEFC", "fingerprint is cut off"},
        {TOKEN "A", "fingerprint is too long"},
        {TOKEN ".", "fingerprint is too long"},
        {TOKEN " ", "fingerprint is too long"},
        {"signet://ca.example:8443/AAECAwQFBg." SECRET "." FINGERPRINT, "id is cut off"},
        {"signet://ca.example:8443/A" ID "." SECRET "." FINGERPRINT, "id is too long"},
        {"signet://ca.example:8443/AAECAwQFB+c." SECRET "." FINGERPRINT,
         "id holds a wrong character"},
        // the unused bits of the last character
        {"signet://ca.example:8443/AAECAwQFBgd." SECRET "." FINGERPRINT,
         "id holds a wrong character"},
        {"signet://ca.example:8443/" ID ".EBES." FINGERPRINT, "secret is cut off"},
        {"signet://ca.example:8443/" ID "." SECRET "A." FINGERPRINT, "secret is too long"},
        {"signet://ca.example:8443/" ID ".EBESExQVFhcYGRobHB0eHyAhIi=." FINGERPRINT,
         "secret holds a wrong character"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct enrollment_token token = {.port = 7};
        print_message("%s\n", cases[i].text);
        assert_result(RESULT_INVALID, enrollment_token_read(cases[i].text, &token, &err), &err);
        assert_string_equal(err.code, "token_malformed");
        assert_string_equal(err.field, "token");
        print_message("    %s\n", err.message);
        assert_non_null(strstr(err.message, cases[i].part));
        assert_null(strstr(err.message, "EBES")); // never the secret
        assert_true(err.hint[0] != '\0');
        assert_int_equal(token.port, 7);
    }
}

static void every_shorter_text_is_refused(void **state) {
    (void)state;
    for (size_t size = 0; size < strlen(TOKEN); size++) {
        struct error err = {0};
        struct enrollment_token token = {0};
        char *text = string_copy_bytes(bytes_of(TOKEN, size));
        assert_non_null(text);
        assert_result(RESULT_INVALID, enrollment_token_read(text, &token, &err), &err);
        free(text);
    }
}

static void a_host_may_be_as_long_as_its_array(void **state) {
    (void)state;
    for (size_t size = 255; size <= 256; size++) {
        struct error err = {0};
        struct enrollment_token token = {0};
        char host[257] = "";
        memset(host, 'h', size);
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, 512);
        assert_ok(buf_printf(&text, "signet://%s:1/" ID "." SECRET "." FINGERPRINT, host),
                  &err);
        assert_result(size == 255 ? RESULT_OK : RESULT_INVALID,
                      enrollment_token_read(buf_string(&text), &token, &err), &err);
    }
}

static void the_credential_alone_is_written_and_read(void **state) {
    (void)state;
    struct error err = {0};
    struct enrollment_token token = sample("h");
    uint8_t id[TOKEN_ID_SIZE] = {0}, secret[TOKEN_SECRET_SIZE] = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, 64);
    assert_ok(token_credential_format(token.id, token.secret, &text), &err);
    assert_string_equal(buf_string(&text), ID "." SECRET);
    assert_ok(token_credential_read(buf_string(&text), id, secret, &err), &err);
    assert_memory_equal(id, token.id, TOKEN_ID_SIZE);
    assert_memory_equal(secret, token.secret, TOKEN_SECRET_SIZE);

    static const char *const refused[] = {
        "",
        ".",
        ID,
        ID ".",
        "." SECRET,
        ID "." SECRET ".",
        ID "." SECRET "." FINGERPRINT,
        TOKEN,
        SECRET "." ID,
        ID "." SECRET "\n",
    };
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        uint8_t untouched[TOKEN_ID_SIZE] = {9};
        print_message("%s\n", refused[i]);
        assert_result(RESULT_INVALID,
                      token_credential_read(refused[i], untouched, secret, &err), &err);
        assert_string_equal(err.code, "token_malformed");
        assert_int_equal(untouched[0], 9);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_is_written_as_documented_and_read_back),
        cmocka_unit_test(a_damaged_token_is_refused_and_the_part_is_named),
        cmocka_unit_test(every_shorter_text_is_refused),
        cmocka_unit_test(a_host_may_be_as_long_as_its_array),
        cmocka_unit_test(the_credential_alone_is_written_and_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
