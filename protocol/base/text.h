// Text encodings and small text readers: UTF-8, hex, base64, numbers, durations, addresses.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

// Well-formed UTF-8 by RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool text_is_utf8(struct bytes text);
// Holds a C0 or C1 control character, DEL, or (as NUL) a zero byte. `text` is valid UTF-8.
bool text_has_control(struct bytes text);
// Takes the next character off *text, which is valid UTF-8; false at its end.
bool text_next_character(struct bytes *text, uint32_t *out_character);
// Number of code points; `text` is valid UTF-8.
size_t text_count_characters(struct bytes text);
// Two octets for each character, the greater first (UCS-2, what a BMPString holds), appended.
// RESULT_INVALID for characters above U+FFFF. `text` is valid UTF-8.
enum result text_ucs2_encode(struct bytes text, struct buf *out);

// Lower-case hex, no separators. Decoding takes both cases and an even number of digits only.
enum result text_hex_encode(struct bytes bytes, struct buf *out);
enum result text_hex_decode(struct bytes text, struct buf *out);
// Fingerprints and serials as people copy them: octets in hex of either case, "AB:CD:…" as
// openssl prints them or the same without colons. RESULT_INVALID for anything else, and for none.
enum result text_read_octets(const char *text, struct buf *out);

// RFC 4648. `base64` is section 4 with padding, without line breaks; `base64url` is section 5
// without padding. Decoding is strict: no white space, canonical trailing bits.
enum result text_base64_encode(struct bytes bytes, struct buf *out);
enum result text_base64_decode(struct bytes text, struct buf *out);
enum result text_base64url_encode(struct bytes bytes, struct buf *out);
enum result text_base64url_decode(struct bytes text, struct buf *out);

// Decimal digits only, the whole text, within [minimum, maximum].
enum result text_read_int64(struct bytes text, int64_t minimum, int64_t maximum,
                            int64_t *out_value);
// "90s", "15m", "24h", "30d", "52w", "2y" (a year is 365 days), or plain seconds; not negative.
enum result text_read_duration(const char *text, int64_t *out_seconds, struct error *err);
// The largest exact unit: 86400 -> "1d".
enum result text_format_duration(int64_t seconds, struct buf *out);
// "yes", "no", "true", "false", "on", "off".
enum result text_read_bool(const char *text, bool *out_value);

// An IPv4 or IPv6 address in text; 4 or 16 bytes in network order.
enum result text_read_ip(const char *text, uint8_t out_address[16], size_t *out_size);
// The canonical text (RFC 5952 for IPv6) of 4 or 16 bytes.
enum result text_format_ip(struct bytes address, struct buf *out);

bool text_equal_ignoring_case(const char *a, const char *b);
bool text_starts_with(const char *text, const char *prefix);
// ASCII lower case, in place.
void text_lower(char *text);

// The candidate nearest to `word` by edit distance, or NULL when none is near enough to
// suggest.
const char *text_nearest(const char *word, const char *const *candidates, size_t count);
