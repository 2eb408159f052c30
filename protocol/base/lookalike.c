// Ranges of Unicode 15.1, and a walk over a text's characters.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/lookalike.h"

#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct range {
    uint32_t first, last;
};

static const struct range hidden[] = {
    {0x0000, 0x001f},   {0x007f, 0x00a0},   {0x00ad, 0x00ad},   {0x034f, 0x034f},
    {0x0600, 0x0605},   {0x061c, 0x061c},   {0x06dd, 0x06dd},   {0x070f, 0x070f},
    {0x0890, 0x0891},   {0x08e2, 0x08e2},   {0x115f, 0x1160},   {0x1680, 0x1680},
    {0x17b4, 0x17b5},   {0x180b, 0x180f},   {0x2000, 0x200f},   {0x2028, 0x202f},
    {0x205f, 0x206f},   {0x2800, 0x2800},   {0x3000, 0x3000},   {0x3164, 0x3164},
    {0xfe00, 0xfe0f},   {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
    {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff},
};

enum { LATIN = 1, GREEK = 2, CYRILLIC = 4, ARMENIAN = 8 };

static const struct {
    struct range range;
    unsigned script;
} letters[] = {
    {{0x0041, 0x005a}, LATIN},    {{0x0061, 0x007a}, LATIN},    {{0x00c0, 0x00d6}, LATIN},
    {{0x00d8, 0x00f6}, LATIN},    {{0x00f8, 0x02af}, LATIN},    {{0x0370, 0x03ff}, GREEK},
    {{0x0400, 0x052f}, CYRILLIC}, {{0x0531, 0x058f}, ARMENIAN}, {{0x1c80, 0x1c8f}, CYRILLIC},
    {{0x1e00, 0x1eff}, LATIN},    {{0x1f00, 0x1fff}, GREEK},    {{0x2de0, 0x2dff}, CYRILLIC},
    {{0xa640, 0xa69f}, CYRILLIC}, {{0xff21, 0xff3a}, LATIN},    {{0xff41, 0xff5a}, LATIN},
};

static bool is_in(uint32_t character, const struct range *range) {
    return character >= range->first && character <= range->last;
}

bool text_has_hidden(struct bytes text) {
    uint32_t character = 0;
    while (text_next_character(&text, &character)) {
        for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++) {
            if (is_in(character, &hidden[i])) {
                return true;
            }
        }
    }
    return false;
}

bool text_mixes_scripts(struct bytes text) {
    uint32_t character = 0;
    unsigned scripts = 0;
    while (text_next_character(&text, &character)) {
        for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
            scripts |= is_in(character, &letters[i].range) ? letters[i].script : 0;
        }
    }
    return (scripts & (scripts - 1)) != 0;
}
