// A strict validator of JSON text.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/json_scan.h"

#include "base/limits.h"
#include "base/text.h"

struct scan {
    struct bytes text;
    size_t offset;
    unsigned depth;
    unsigned members;
};

static int peek(const struct scan *scan) {
    return scan->offset < scan->text.size ? scan->text.data[scan->offset] : -1;
}

static bool take(struct scan *scan, char wanted) {
    if (peek(scan) != (unsigned char)wanted) {
        return false;
    }
    scan->offset++;
    return true;
}

static void skip_space(struct scan *scan) {
    while (peek(scan) == ' ' || peek(scan) == '\t' || peek(scan) == '\n' ||
           peek(scan) == '\r') {
        scan->offset++;
    }
}

static enum result fail(const struct scan *scan, const char *expected, struct error *err) {
    if (peek(scan) < 0) {
        return error_set_code(err, RESULT_INVALID, "not_json",
                              "the JSON text ends where %s was expected", expected);
    }
    return error_set_code(err, RESULT_INVALID, "not_json",
                          "not JSON: %s was expected at byte %zu", expected, scan->offset);
}

static bool take_digits(struct scan *scan) {
    size_t start = scan->offset;
    while (peek(scan) >= '0' && peek(scan) <= '9') {
        scan->offset++;
    }
    return scan->offset > start;
}

// cJSON copies a number into a buffer of 64 characters, and would leave what does not fit.
#define NUMBER_CHARACTERS 63

static enum result scan_number(struct scan *scan, struct error *err) {
    size_t start = scan->offset;
    (void)take(scan, '-');
    if (!take(scan, '0') && !take_digits(scan)) {
        return fail(scan, "a value", err);
    }
    if (take(scan, '.') && !take_digits(scan)) {
        return fail(scan, "a digit", err);
    }
    if (take(scan, 'e') || take(scan, 'E')) {
        (void)(take(scan, '+') || take(scan, '-'));
        if (!take_digits(scan)) {
            return fail(scan, "a digit", err);
        }
    }
    if (scan->offset - start > NUMBER_CHARACTERS) {
        return error_set_code(err, RESULT_INVALID, "not_json",
                              "a number of %zu characters at byte %zu, at most %d are read",
                              scan->offset - start, start, NUMBER_CHARACTERS);
    }
    return RESULT_OK;
}

static int hex_digit(int character) {
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    return character >= 'A' && character <= 'F' ? character - 'A' + 10 : -1;
}

// The four digits of "\uXXXX".
static enum result scan_code_unit(struct scan *scan, unsigned *out_unit, struct error *err) {
    unsigned unit = 0;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(peek(scan));
        if (digit < 0) {
            return fail(scan, "a hex digit", err);
        }
        unit = unit << 4 | (unsigned)digit;
        scan->offset++;
    }
    *out_unit = unit;
    return RESULT_OK;
}

static enum result scan_unicode_escape(struct scan *scan, struct error *err) {
    unsigned unit = 0;
    TRY(scan_code_unit(scan, &unit, err));
    if (unit == 0) {
        return error_set_code(err, RESULT_INVALID, "not_json",
                              "a string holds a NUL character at byte %zu", scan->offset - 6);
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        return RESULT_OK;
    }
    unsigned low = 0;
    if (unit > 0xdbff || !take(scan, '\\') || !take(scan, 'u')) {
        return fail(scan, "a pair of surrogates", err);
    }
    TRY(scan_code_unit(scan, &low, err));
    if (low < 0xdc00 || low > 0xdfff) {
        return fail(scan, "a low surrogate", err);
    }
    return RESULT_OK;
}

static enum result scan_escape(struct scan *scan, struct error *err) {
    int character = peek(scan);
    if (character < 0) {
        return fail(scan, "an escape", err);
    }
    scan->offset++;
    switch (character) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        return RESULT_OK;
    case 'u':
        return scan_unicode_escape(scan, err);
    default:
        return fail(scan, "a known escape", err);
    }
}

static enum result scan_string(struct scan *scan, struct error *err) {
    if (!take(scan, '"')) {
        return fail(scan, "a string", err);
    }
    for (;;) {
        int character = peek(scan);
        if (character < 0) {
            return fail(scan, "the end of a string", err);
        }
        if (character < 0x20) {
            return error_set_code(err, RESULT_INVALID, "not_json",
                                  "a string holds a control character at byte %zu",
                                  scan->offset);
        }
        scan->offset++;
        if (character == '"') {
            return RESULT_OK;
        }
        if (character == '\\') {
            TRY(scan_escape(scan, err));
        }
    }
}

static enum result scan_word(struct scan *scan, const char *word, struct error *err) {
    for (; *word != '\0'; word++) {
        if (!take(scan, *word)) {
            return fail(scan, "a value", err);
        }
    }
    return RESULT_OK;
}

static enum result scan_value(struct scan *scan, struct error *err);

// Members of an object or elements of an array, up to the closing bracket.
static enum result scan_container(struct scan *scan, bool is_object, struct error *err) {
    char closing = is_object ? '}' : ']';
    scan->offset++;
    if (++scan->depth > LIMIT_JSON_DEPTH) {
        return error_set_code(err, RESULT_LIMIT, "too_deep",
                              "the JSON text nests deeper than %d levels", LIMIT_JSON_DEPTH);
    }
    skip_space(scan);
    bool is_empty = take(scan, closing);
    while (!is_empty) {
        if (++scan->members > LIMIT_JSON_MEMBERS) {
            return error_set_code(err, RESULT_LIMIT, "too_many",
                                  "the JSON text has more than %d members and elements",
                                  LIMIT_JSON_MEMBERS);
        }
        skip_space(scan);
        if (is_object) {
            TRY(scan_string(scan, err));
            skip_space(scan);
            if (!take(scan, ':')) {
                return fail(scan, "\":\"", err);
            }
        }
        TRY(scan_value(scan, err));
        skip_space(scan);
        if (take(scan, closing)) {
            break;
        }
        if (!take(scan, ',')) {
            return fail(scan, is_object ? "\",\" or \"}\"" : "\",\" or \"]\"", err);
        }
    }
    scan->depth--;
    return RESULT_OK;
}

static enum result scan_value(struct scan *scan, struct error *err) {
    skip_space(scan);
    switch (peek(scan)) {
    case '{':
        return scan_container(scan, true, err);
    case '[':
        return scan_container(scan, false, err);
    case '"':
        return scan_string(scan, err);
    case 't':
        return scan_word(scan, "true", err);
    case 'f':
        return scan_word(scan, "false", err);
    case 'n':
        return scan_word(scan, "null", err);
    default:
        return scan_number(scan, err);
    }
}

enum result json_scan(struct bytes text, struct error *err) {
    if (!text_is_utf8(text)) {
        return error_set_code(err, RESULT_INVALID, "not_json", "the JSON text is not UTF-8");
    }
    struct scan scan = {.text = text};
    TRY(scan_value(&scan, err));
    skip_space(&scan);
    if (scan.offset != text.size) {
        return fail(&scan, "the end", err);
    }
    return RESULT_OK;
}
