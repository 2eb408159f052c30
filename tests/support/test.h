// What every unit test includes: cmocka, and assertions on results that say what went wrong.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "base/error.h"

// Requires an exact result; on another one prints the error's message as well.
#define assert_result(expected, call, err)                                                     \
    do {                                                                                       \
        enum result result_ = (call);                                                          \
        if (result_ != (expected)) {                                                           \
            print_error("%s gave %s instead of %s: %s\n", #call, result_wire_name(result_),    \
                        result_wire_name(expected), (err)->message);                           \
            fail();                                                                            \
        }                                                                                      \
    } while (0)

#define assert_ok(call, err) assert_result(RESULT_OK, call, err)

#define assert_bytes_equal(a, b)                                                               \
    do {                                                                                       \
        struct bytes a_ = (a), b_ = (b);                                                       \
        assert_int_equal(a_.size, b_.size);                                                    \
        if (a_.size > 0) {                                                                     \
            assert_memory_equal(a_.data, b_.data, a_.size);                                    \
        }                                                                                      \
    } while (0)
