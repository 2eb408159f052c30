// Text encodings and small text readers.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/text.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

// --- UTF-8 -----------------------------------------------------------------------------------

// Reads one character from the start of a non-empty text. Returns its size, 0 for a malformed
// one.
static size_t read_character(struct bytes text, uint32_t *out_character) {
    uint8_t lead = text.data[0];
    if (lead < 0x80) {
        *out_character = lead;
        return 1;
    }
    size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (lead < 0xc2 || lead > 0xf4 || text.size < size) {
        return 0;
    }
    uint32_t character = lead & (0x7fu >> size);
    for (size_t i = 1; i < size; i++) {
        if ((text.data[i] & 0xc0) != 0x80) {
            return 0;
        }
        character = character << 6 | (text.data[i] & 0x3f);
    }
    bool is_surrogate = character >= 0xd800 && character <= 0xdfff;
    if (character < least[size] || character > 0x10ffff || is_surrogate) {
        return 0;
    }
    *out_character = character;
    return size;
}

bool text_is_utf8(struct bytes text) {
    uint32_t character = 0;
    while (text.size > 0) {
        size_t size = read_character(text, &character);
        if (size == 0) {
            return false;
        }
        text = bytes_slice(text, size, text.size);
    }
    return true;
}

bool text_next_character(struct bytes *text, uint32_t *out_character) {
    size_t size = text->size > 0 ? read_character(*text, out_character) : 0;
    *text = bytes_slice(*text, size, SIZE_MAX);
    return size > 0;
}

bool text_has_control(struct bytes text) {
    uint32_t character = 0;
    while (text.size > 0) {
        size_t size = read_character(text, &character);
        if (size == 0 || character < 0x20 || (character >= 0x7f && character <= 0x9f)) {
            return true;
        }
        text = bytes_slice(text, size, text.size);
    }
    return false;
}

size_t text_count_characters(struct bytes text) {
    size_t count = 0;
    for (size_t i = 0; i < text.size; i++) {
        count += (text.data[i] & 0xc0) != 0x80;
    }
    return count;
}

enum result text_ucs2_encode(struct bytes text, struct buf *out) {
    while (text.size > 0) {
        uint32_t character = 0;
        size_t size = read_character(text, &character);
        if (size == 0 || character > 0xffff) {
            return RESULT_INVALID;
        }
        const uint8_t octets[] = {(uint8_t)(character >> 8), (uint8_t)character};
        TRY(buf_append(out, bytes_of(octets, sizeof(octets))));
        text = bytes_slice(text, size, text.size);
    }
    return RESULT_OK;
}

// --- hex and base64 --------------------------------------------------------------------------

enum result text_hex_encode(struct bytes bytes, struct buf *out) {
    static const char digits[] = "0123456789abcdef";
    uint8_t *room = NULL;
    TRY(buf_reserve(out, bytes.size * 2, &room));
    for (size_t i = 0; i < bytes.size; i++) {
        room[2 * i] = (uint8_t)digits[bytes.data[i] >> 4];
        room[2 * i + 1] = (uint8_t)digits[bytes.data[i] & 15];
    }
    buf_commit(out, bytes.size * 2);
    return RESULT_OK;
}

static int hex_digit(uint8_t character) {
    if (character >= '0' && character <= '9') {
        return character - '0';
    }
    if (character >= 'a' && character <= 'f') {
        return character - 'a' + 10;
    }
    if (character >= 'A' && character <= 'F') {
        return character - 'A' + 10;
    }
    return -1;
}

enum result text_hex_decode(struct bytes text, struct buf *out) {
    if (text.size % 2 != 0) {
        return RESULT_INVALID;
    }
    uint8_t *room = NULL;
    TRY(buf_reserve(out, text.size / 2, &room));
    for (size_t i = 0; i < text.size / 2; i++) {
        int high = hex_digit(text.data[2 * i]);
        int low = hex_digit(text.data[2 * i + 1]);
        if (high < 0 || low < 0) {
            return RESULT_INVALID;
        }
        room[i] = (uint8_t)(high << 4 | low);
    }
    buf_commit(out, text.size / 2);
    return RESULT_OK;
}

enum result text_read_octets(const char *text, struct buf *out) {
    struct bytes rest = bytes_of_string(text);
    while (rest.size > 0) {
        TRY(text_hex_decode(bytes_slice(rest, 0, 2), out));
        rest = bytes_slice(rest, 2, SIZE_MAX);
        if (rest.size > 1 && rest.data[0] == ':') {
            rest = bytes_slice(rest, 1, SIZE_MAX);
        }
    }
    return out->size > 0 ? RESULT_OK : RESULT_INVALID;
}

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static enum result base64_encode(struct bytes bytes, const char *digits, bool is_padded,
                                 struct buf *out) {
    uint8_t *room = NULL;
    TRY(buf_reserve(out, (bytes.size + 2) / 3 * 4, &room));
    size_t used = 0;
    for (size_t i = 0; i < bytes.size; i += 3) {
        size_t left = bytes.size - i;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
        group |= left > 2 ? bytes.data[i + 2] : 0;
        size_t characters = left > 2 ? 4 : left + 1;
        for (size_t k = 0; k < 4; k++) {
            if (k < characters) {
                room[used++] = (uint8_t)digits[group >> (18 - 6 * k) & 63];
            } else if (is_padded) {
                room[used++] = '=';
            }
        }
    }
    buf_commit(out, used);
    return RESULT_OK;
}

static int base64_digit(uint8_t character, bool is_url) {
    if (character >= 'A' && character <= 'Z') {
        return character - 'A';
    }
    if (character >= 'a' && character <= 'z') {
        return character - 'a' + 26;
    }
    if (character >= '0' && character <= '9') {
        return character - '0' + 52;
    }
    if (character == (is_url ? '-' : '+')) {
        return 62;
    }
    if (character == (is_url ? '_' : '/')) {
        return 63;
    }
    return -1;
}

// Digits only, without padding; the unused bits of the last digit must be zero.
static enum result base64_decode(struct bytes text, bool is_url, struct buf *out) {
    if (text.size % 4 == 1) {
        return RESULT_INVALID;
    }
    uint8_t *room = NULL;
    TRY(buf_reserve(out, text.size / 4 * 3 + 2, &room));
    size_t used = 0;
    uint32_t group = 0;
    int bits = 0;
    for (size_t i = 0; i < text.size; i++) {
        int digit = base64_digit(text.data[i], is_url);
        if (digit < 0) {
            return RESULT_INVALID;
        }
        group = group << 6 | (uint32_t)digit;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            room[used++] = (uint8_t)(group >> bits);
            group &= (1u << bits) - 1;
        }
    }
    if (group != 0) {
        return RESULT_INVALID;
    }
    buf_commit(out, used);
    return RESULT_OK;
}

enum result text_base64_encode(struct bytes bytes, struct buf *out) {
    return base64_encode(bytes, base64_digits, true, out);
}

enum result text_base64_decode(struct bytes text, struct buf *out) {
    if (text.size % 4 != 0) {
        return RESULT_INVALID;
    }
    size_t size = text.size;
    while (size > 0 && text.size - size < 2 && text.data[size - 1] == '=') {
        size--;
    }
    return base64_decode(bytes_slice(text, 0, size), false, out);
}

enum result text_base64url_encode(struct bytes bytes, struct buf *out) {
    return base64_encode(bytes, base64url_digits, false, out);
}

enum result text_base64url_decode(struct bytes text, struct buf *out) {
    return base64_decode(text, true, out);
}

// --- numbers, durations, words ---------------------------------------------------------------

enum result text_read_int64(struct bytes text, int64_t minimum, int64_t maximum,
                            int64_t *out_value) {
    if (text.size == 0 || text.size > 19) {
        return RESULT_INVALID;
    }
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') {
            return RESULT_INVALID;
        }
        value = value * 10 + (text.data[i] - '0'); // 19 digits fit 64 bits
    }
    if (value > INT64_MAX || (int64_t)value < minimum || (int64_t)value > maximum) {
        return RESULT_INVALID;
    }
    *out_value = (int64_t)value;
    return RESULT_OK;
}

static const struct {
    char letter;
    int64_t seconds;
} duration_units[] = {{'y', 365 * 86400}, {'w', 7 * 86400}, {'d', 86400},
                      {'h', 3600},        {'m', 60},        {'s', 1}};
#define DURATION_UNIT_COUNT (sizeof(duration_units) / sizeof(duration_units[0]))

enum result text_read_duration(const char *text, int64_t *out_seconds, struct error *err) {
    struct bytes digits = bytes_of_string(text);
    int64_t unit = 1;
    for (size_t i = 0; i < DURATION_UNIT_COUNT && digits.size > 0; i++) {
        if (digits.data[digits.size - 1] == (uint8_t)duration_units[i].letter) {
            unit = duration_units[i].seconds;
            digits.size--;
            break;
        }
    }
    int64_t number = 0;
    if (text_read_int64(digits, 0, INT64_MAX / unit, &number) != RESULT_OK) {
        (void)error_set(err, RESULT_INVALID, "\"%s\" is not a duration", text);
        error_hint(err, "Write a number and a unit, such as 90s, 15m, 24h, 30d, 2w or 1y.");
        return RESULT_INVALID;
    }
    *out_seconds = number * unit;
    return RESULT_OK;
}

enum result text_format_duration(int64_t seconds, struct buf *out) {
    for (size_t i = 0; i < DURATION_UNIT_COUNT; i++) {
        int64_t unit = duration_units[i].seconds;
        // Weeks and years only where people would say so.
        if (seconds >= unit && seconds % unit == 0 && duration_units[i].letter != 'w') {
            return buf_printf(out, "%lld%c", (long long)(seconds / unit),
                              duration_units[i].letter);
        }
    }
    return buf_printf(out, "%llds", (long long)seconds);
}

enum result text_read_bool(const char *text, bool *out_value) {
    static const struct {
        const char *word;
        bool value;
    } words[] = {{"yes", true},    {"no", false}, {"true", true},
                 {"false", false}, {"on", true},  {"off", false}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(words[i].word, text) == 0) {
            *out_value = words[i].value;
            return RESULT_OK;
        }
    }
    return RESULT_INVALID;
}

// --- addresses -------------------------------------------------------------------------------

enum result text_read_ip(const char *text, uint8_t out_address[16], size_t *out_size) {
    uint8_t address[16] = {0};
    if (inet_pton(AF_INET, text, address) == 1) {
        *out_size = 4;
    } else if (inet_pton(AF_INET6, text, address) == 1) {
        *out_size = 16;
    } else {
        return RESULT_INVALID;
    }
    memcpy(out_address, address, *out_size);
    return RESULT_OK;
}

enum result text_format_ip(struct bytes address, struct buf *out) {
    char text[INET6_ADDRSTRLEN] = "";
    int family = address.size == 4 ? AF_INET : address.size == 16 ? AF_INET6 : -1;
    if (family < 0 || inet_ntop(family, address.data, text, sizeof(text)) == NULL) {
        return RESULT_INVALID;
    }
    return buf_append_string(out, text);
}

bool text_equal_ignoring_case(const char *a, const char *b) {
    return strcasecmp(a, b) == 0;
}

bool text_starts_with(const char *text, const char *prefix) {
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

void text_lower(char *text) {
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z') {
            *text = (char)(*text - 'A' + 'a');
        }
    }
}

// --- suggestions -----------------------------------------------------------------------------

#define WORD_MAXIMUM 64

static size_t minimum_of(size_t a, size_t b, size_t c) {
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

// Levenshtein's distance; words longer than WORD_MAXIMUM are never near anything.
static size_t edit_distance(const char *a, const char *b) {
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > WORD_MAXIMUM || b_size > WORD_MAXIMUM) {
        return SIZE_MAX;
    }
    size_t row[WORD_MAXIMUM + 1];
    for (size_t k = 0; k <= b_size; k++) {
        row[k] = k;
    }
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t k = 1; k <= b_size; k++) {
            size_t above = row[k];
            row[k] = minimum_of(above + 1, row[k - 1] + 1, diagonal + (a[i - 1] != b[k - 1]));
            diagonal = above;
        }
    }
    return row[b_size];
}

const char *text_nearest(const char *word, const char *const *candidates, size_t count) {
    const char *nearest = NULL;
    // One letter may be wrong, and of a longer word a third more: of "foo" nothing would be left.
    const size_t length = strlen(word);
    size_t best = length < 4 ? 2 : length / 3 + 2;
    for (size_t i = 0; i < count; i++) {
        size_t distance = edit_distance(word, candidates[i]);
        if (distance < best) {
            best = distance;
            nearest = candidates[i];
        }
    }
    return nearest;
}
