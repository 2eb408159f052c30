// Addresses: what is taken apart, and what is no usable address.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/url.h"
#include "support/test.h"

static void addresses_are_taken_apart(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool is_https;
        const char *host;
        int port;
        const char *target, *origin;
    } cases[] = {
        {"https://ca.example", true, "ca.example", 443, "/", "https://ca.example:443"},
        {"http://ca.example:8080/crl/bundle.pem?x=1", false, "ca.example", 8080,
         "/crl/bundle.pem?x=1", "http://ca.example:8080"},
        {"http://[2001:db8::1]:81/a", false, "2001:db8::1", 81, "/a",
         "http://[2001:db8::1]:81"},
        {"https://192.0.2.7:1?q", true, "192.0.2.7", 1, "/?q", "https://192.0.2.7:1"},
        {"http://h/a:b@c", false, "h", 80, "/a:b@c", "http://h:80"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct url url;
        AUTO(buf_clear) struct buf origin = {0};
        buf_init(&origin, 400);
        assert_ok(url_read(cases[i].text, &url, &err), &err);
        assert_int_equal(url.is_https, cases[i].is_https);
        assert_string_equal(url.host, cases[i].host);
        assert_int_equal(url.port, cases[i].port);
        assert_string_equal(url.target, cases[i].target);
        assert_ok(url_format_origin(&url, &origin), &err);
        assert_string_equal(buf_string(&origin), cases[i].origin);
    }
}

static void other_texts_are_refused(void **state) {
    (void)state;
    static const char *const cases[] = {
        "",
        "ca.example",
        "ftp://ca.example",
        "https://",
        "https:///x",
        "https://a:0",
        "https://a:65536",
        "https://a:",
        "https://a:1x",
        "https://u@a",
        "http://[::1",
        "http://[zz]",
        "http://[]",
        "http://a b/",
        "http://a/b c",
        "http://a/b#c",
        "http://a/\r\nX: y",
        "http://a\r\n",
        "http://[::1]x",
        "http://[1.2.3.4]/",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct url url;
        assert_result(RESULT_INVALID, url_read(cases[i], &url, &err), &err);
        assert_string_equal(err.code, "url");
    }
}

static void lengths_are_bounded(void **state) {
    (void)state;
    struct error err = {0};
    struct url url;
    char text[2000] = "http://a/";
    memset(text + 9, 'x', URL_TARGET_SIZE - 2);
    text[9 + URL_TARGET_SIZE - 2] = '\0';
    assert_ok(url_read(text, &url, &err), &err);
    text[9 + URL_TARGET_SIZE - 2] = 'x';
    assert_result(RESULT_INVALID, url_read(text, &url, &err), &err);
    memset(text + 7, 'h', URL_HOST_SIZE - 1);
    text[7 + URL_HOST_SIZE - 1] = '\0';
    assert_ok(url_read(text, &url, &err), &err);
    text[7 + URL_HOST_SIZE - 1] = 'h';
    text[7 + URL_HOST_SIZE] = '\0';
    assert_result(RESULT_INVALID, url_read(text, &url, &err), &err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_taken_apart),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(lengths_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
