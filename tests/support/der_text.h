// DER written as text with braces, so that a test can spoil exactly one part: hex digits are
// octets, 'abc' is the text abc, and 30{ … } an element whose length is counted.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ctype.h>
#include <stdlib.h>

#include "support/test.h"
#include "x509/der.h"

static inline const char *der_text_read(const char *at, struct buf *out) {
    while (*at != '\0' && *at != '}') {
        if (isspace((unsigned char)*at)) {
            at++;
        } else if (*at == '\'') {
            for (at++; *at != '\''; at++) {
                assert_int_equal(buf_append_byte(out, (uint8_t)*at), RESULT_OK);
            }
            at++;
        } else {
            const char digits[] = {at[0], at[1], '\0'};
            uint8_t octet = (uint8_t)strtoul(digits, NULL, 16);
            at = &at[2];
            if (*at != '{') {
                assert_int_equal(buf_append_byte(out, octet), RESULT_OK);
                continue;
            }
            size_t mark = 0;
            assert_int_equal(der_begin(out, octet, &mark), RESULT_OK);
            at = der_text_read(&at[1], out);
            assert_int_equal(*at, '}');
            assert_int_equal(der_end(out, mark), RESULT_OK);
            at++;
        }
    }
    return at;
}

// The text with its first `find` replaced.
static inline void der_text_replace(const char *text, const char *find, const char *replace,
                                    struct buf *out) {
    buf_init(out, 1 << 20);
    const char *at = strstr(text, find);
    if (at == NULL) {
        print_error("\"%s\" is not in the text\n", find);
        fail();
    }
    assert_int_equal(buf_append(out, bytes_of(text, (size_t)(at - text))), RESULT_OK);
    assert_int_equal(buf_append_string(out, replace), RESULT_OK);
    assert_int_equal(buf_append_string(out, &at[strlen(find)]), RESULT_OK);
}

// As der_text_replace, as DER.
static inline void der_text_spoiled(const char *text, const char *find, const char *replace,
                                    struct buf *out) {
    AUTO(buf_clear) struct buf spoiled = {0};
    der_text_replace(text, find, replace, &spoiled);
    buf_init(out, 1 << 20);
    assert_string_equal(der_text_read(buf_string(&spoiled), out), "");
}
