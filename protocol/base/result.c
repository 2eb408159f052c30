// The names, HTTP statuses and default texts of results.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/result.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *wire_name;
    int http_status;
    const char *text;
} results[] = {
#define RESULT_ROW(constant, wire, status, text) [RESULT_##constant] = {wire, status, text},
    RESULT_TABLE(RESULT_ROW)
#undef RESULT_ROW
};

static size_t result_index(enum result result) {
    return (unsigned)result < RESULT_COUNT ? (size_t)result : (size_t)RESULT_INTERNAL;
}

const char *result_wire_name(enum result result) {
    return results[result_index(result)].wire_name;
}

enum result result_from_wire_name(const char *name) {
    for (size_t i = 0; i < RESULT_COUNT; i++) {
        if (strcmp(results[i].wire_name, name) == 0) {
            return (enum result)i;
        }
    }
    return RESULT_INTERNAL;
}

int result_http_status(enum result result) {
    return results[result_index(result)].http_status;
}

const char *result_text(enum result result) {
    return results[result_index(result)].text;
}
