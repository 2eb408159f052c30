// Checks and matches patterns of names.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/config/name_pattern.h"

#include <string.h>

#include "base/limits.h"
#include "base/lookalike.h"
#include "base/text.h"

const char *name_pattern_separators(enum name_type type) {
    static const char *const separators[NAME_TYPE_COUNT] = {
        [NAME_CN] = "*",     [NAME_DNS] = "",      [NAME_IP] = "*",
        [NAME_EMAIL] = "*@", [NAME_URI] = "*/?#@", [NAME_XMPP] = "*@/",
    };
    return separators[type];
}

static enum result refuse(struct error *err, enum name_type type, const char *pattern,
                          const char *why) {
    (void)error_set_code(err, RESULT_INVALID, "pattern_invalid",
                         "\"%.100s\" is no pattern of a %s: %s", pattern, name_type_text(type),
                         why);
    error_field(err, name_type_prefix(type));
    return RESULT_INVALID;
}

static size_t count_stars(const char *pattern) {
    size_t count = 0;
    for (size_t i = 0; pattern[i] != '\0'; i++) {
        count += pattern[i] == '*';
    }
    return count;
}

static enum result check_stars(enum name_type type, const char *pattern, struct error *err) {
    if (count_stars(pattern) > LIMIT_PATTERN_STARS) {
        (void)refuse(err, type, pattern, "it has too many stars");
        error_hint(err, "Use at most %d stars.", LIMIT_PATTERN_STARS);
        return RESULT_INVALID;
    }
    if (strstr(pattern, "**") != NULL) {
        (void)refuse(err, type, pattern, "two stars stand side by side");
        error_hint(err, "One star stands for any number of characters.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

// Host names are compared in lower case; so are the domains of e-mail addresses and JIDs.
static void lower_host(enum name_type type, char *text) {
    char *at = strchr(text, '@');
    if (type == NAME_DNS) {
        text_lower(text);
    } else if (type == NAME_EMAIL || type == NAME_XMPP) {
        char *host = at == NULL ? text : at;
        char *slash = type == NAME_XMPP ? strchr(host, '/') : NULL;
        if (slash == NULL) {
            text_lower(host);
            return;
        }
        *slash = '\0';
        text_lower(host);
        *slash = '/';
    }
}

// Each star as one letter: what results must be a name, or nothing that matches is one. A star
// may stand for nothing or for a part with a scheme, so a second attempt has other fillings.
static bool can_match(enum name_type type, const char *pattern) {
    static const char *const fillings[] = {"a", "", "a.a", "a:a", "a@a", "1"};
    for (size_t i = 0; i < sizeof(fillings) / sizeof(fillings[0]); i++) {
        AUTO(buf_clear) struct buf value = {0};
        AUTO(names_clear) struct names names = {0};
        buf_init(&value, LIMIT_NAME_BYTES);
        enum result result = RESULT_OK;
        for (size_t at = 0; pattern[at] != '\0' && result == RESULT_OK; at++) {
            result = pattern[at] == '*' ? buf_append_string(&value, fillings[i])
                                        : buf_append_byte(&value, (uint8_t)pattern[at]);
        }
        if (result == RESULT_OK &&
            names_add(&names, type, buf_bytes(&value), NULL) == RESULT_OK) {
            return true;
        }
    }
    return false;
}

enum result name_pattern_canonicalize(enum name_type type, const char *pattern, struct buf *out,
                                      struct error *err) {
    struct bytes text = bytes_of_string(pattern);
    if (type == NAME_IP) {
        return refuse(err, type, pattern,
                      "addresses have networks instead, such as 10.0.0.0/8");
    }
    if (text.size == 0 || text.size > LIMIT_PATTERN_BYTES) {
        (void)refuse(err, type, pattern, "it is empty or too long");
        error_hint(err, "Use 1 to %d bytes.", LIMIT_PATTERN_BYTES);
        return RESULT_INVALID;
    }
    if (!text_is_utf8(text) || text_has_hidden(text)) {
        return error_set_code(err, RESULT_INVALID, "pattern_invalid",
                              "a pattern is UTF-8 text without control characters");
    }
    TRY(check_stars(type, pattern, err));
    AUTO(string_free_at) char *canonical = string_copy(pattern);
    if (canonical == NULL) {
        return error_out_of_memory(err);
    }
    lower_host(type, canonical);
    if (!can_match(type, canonical)) {
        (void)refuse(err, type, pattern, "no name could match it");
        error_hint(err, "Write a name of this type, with * in the place of what varies.");
        return RESULT_INVALID;
    }
    return buf_append_string(out, canonical);
}

enum result name_pattern_read(const char *text, enum name_type *out_type, struct buf *out,
                              struct error *err) {
    const char *colon = strchr(text, ':');
    AUTO(string_free_at)
    char *prefix =
        string_copy_bytes(bytes_of(text, colon == NULL ? 0 : (size_t)(colon - text)));
    if (prefix == NULL) {
        return error_out_of_memory(err);
    }
    enum name_type type = NAME_CN;
    if (colon == NULL || !name_type_from_prefix(prefix, &type)) {
        (void)error_set_code(err, RESULT_INVALID, "pattern_invalid",
                             "\"%.100s\" does not start with the type of the name", text);
        error_hint(err, "Write cn:, dns:, email:, uri: or xmpp: in front of it, such as "
                        "cn:tracker-*.");
        return RESULT_INVALID;
    }
    AUTO(buf_clear) struct buf pattern = {0};
    buf_init(&pattern, LIMIT_PATTERN_BYTES);
    TRY(name_pattern_canonicalize(type, &text[strlen(prefix) + 1], &pattern, err));
    TRY(buf_printf(out, "%s:%s", prefix, buf_string(&pattern)));
    *out_type = type;
    return RESULT_OK;
}

// The usual walk with one step back: only the last star may still grow, for an earlier one can
// always have been as short as it was (what a longer one would gain lies in the last star's reach,
// separators included). Hence no more than pattern times value steps.
bool name_pattern_matches(enum name_type type, const char *pattern, const char *value) {
    const char *separators = name_pattern_separators(type);
    size_t p = 0, v = 0, star = SIZE_MAX, grown = 0;
    while (value[v] != '\0') {
        if (pattern[p] == '*') {
            star = p++;
            grown = v;
        } else if (pattern[p] == value[v]) {
            p++;
            v++;
        } else if (star != SIZE_MAX && strchr(separators, value[grown]) == NULL) {
            p = star + 1;
            v = ++grown;
        } else {
            return false;
        }
    }
    while (pattern[p] == '*') {
        p++;
    }
    return pattern[p] == '\0';
}

// Of "*" on one side, and what stands on the other: a star there, or a character it may stand for.
static bool covers(const char *separators, char other) {
    return other == '*' || (other != '\0' && strchr(separators, other) == NULL);
}

// next[j] tells whether the rests behind a[i + 1] and b[j] overlap, here[j] the same of a[i].
bool name_pattern_overlaps(enum name_type type, const char *a, const char *b) {
    enum { SIZE = LIMIT_PATTERN_BYTES + 8 };
    const char *separators = name_pattern_separators(type);
    size_t a_size = strlen(a), b_size = strlen(b);
    bool rows[2][SIZE + 2] = {{false}};
    if (b_size > SIZE) {
        return false;
    }
    for (size_t i = a_size + 1; i-- > 0;) {
        bool *here = rows[i % 2];
        const bool *next = rows[(i + 1) % 2];
        for (size_t j = b_size + 1; j-- > 0;) {
            bool is_end = i == a_size && j == b_size;
            bool by_a = a[i] == '*' && (next[j] || (covers(separators, b[j]) && here[j + 1]));
            bool by_b = b[j] == '*' && (here[j + 1] || (covers(separators, a[i]) && next[j]));
            bool is_same = a[i] == b[j] && i < a_size && next[j + 1];
            here[j] = is_end || by_a || by_b || is_same;
        }
        here[b_size + 1] = false;
    }
    return rows[0][0];
}
