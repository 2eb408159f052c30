// Distinguished Encoding Rules (X.690): a writer that nests, and a strict, bounded reader.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

enum der_tag {
    DER_BOOLEAN = 0x01,
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_ENUMERATED = 0x0a,
    DER_UTF8_STRING = 0x0c,
    DER_SEQUENCE = 0x30,
    DER_SET = 0x31,
    DER_PRINTABLE_STRING = 0x13,
    DER_T61_STRING = 0x14,
    DER_IA5_STRING = 0x16,
    DER_UTC_TIME = 0x17,
    DER_GENERALIZED_TIME = 0x18,
    DER_BMP_STRING = 0x1e,
};

// Context-specific tags [n]: primitive for IMPLICIT strings, constructed for EXPLICIT.
#define DER_CONTEXT(n) (0x80 | (n))
#define DER_CONTEXT_CONSTRUCTED(n) (0xa0 | (n))

// --- writing -------------------------------------------------------------------------------
// All writers append to `out` and fail only when its maximum or memory is reached (and a
// time's, with RESULT_INVALID, when it needs more than four digits for the year).

// Only what stands before the content, for one that is somewhere else.
enum result der_write_header(struct buf *out, uint8_t tag, size_t content_size);
// Opens a constructed (or wrapping) element; der_end closes it and inserts the length.
// `*out_mark` must be handed to der_end in reverse order.
enum result der_begin(struct buf *out, uint8_t tag, size_t *out_mark);
enum result der_end(struct buf *out, size_t mark);

enum result der_write(struct buf *out, uint8_t tag, struct bytes content);
// A whole encoded element, as it is.
enum result der_write_raw(struct buf *out, struct bytes element);
enum result der_write_boolean(struct buf *out, bool value);
enum result der_write_integer(struct buf *out, int64_t value);
// A non-negative big-endian number: leading zeros dropped, one added when the top bit is set.
enum result der_write_unsigned(struct buf *out, uint8_t tag, struct bytes big_endian);
enum result der_write_bit_string(struct buf *out, struct bytes whole_octets);
// Named bits: bit i of `bits` is the i-th named bit; trailing zero bits dropped
// (X.690, 11.2.2).
enum result der_write_named_bits(struct buf *out, uint16_t bits);
enum result der_write_null(struct buf *out);
// RFC 5280, 4.1.2.5: UTCTime through 2049, GeneralizedTime after; seconds, Z.
enum result der_write_time(struct buf *out, int64_t time);
// GeneralizedTime whatever the year, as invalidityDate and OCSP want it.
enum result der_write_generalized_time(struct buf *out, int64_t time);

// --- reading -------------------------------------------------------------------------------
// A cursor over encoded elements. Definite, minimal lengths and single-byte tags only; anything
// else is RESULT_INVALID with the offset in the message. Views point into the cursor's bytes.
struct der {
    struct bytes left;
    const uint8_t *start; // of the outermost input, for offsets in messages
};

struct der der_of(struct bytes input);
// A cursor inside `content`, keeping the parent's offsets.
struct der der_inside(const struct der *parent, struct bytes content);
bool der_at_end(const struct der *der);
// The next element's tag, 0 at the end.
uint8_t der_peek(const struct der *der);
enum result der_read_any(struct der *der, uint8_t *out_tag, struct bytes *out_content,
                         struct error *err);
enum result der_read(struct der *der, uint8_t tag, struct bytes *out_content,
                     struct error *err);
// The whole element with tag and length.
enum result der_read_element(struct der *der, uint8_t tag, struct bytes *out_element,
                             struct error *err);
// Opens a constructed element: *out_inside is a cursor over its content.
enum result der_enter(struct der *der, uint8_t tag, struct der *out_inside, struct error *err);
// RESULT_INVALID unless everything was read.
enum result der_expect_end(const struct der *der, struct error *err);
// X.690: TRUE is 0xff.
enum result der_read_boolean(struct der *der, bool *out_value, struct error *err);
// Minimal two's complement that fits 64 bits.
enum result der_read_integer(struct der *der, int64_t *out_value, struct error *err);
// A positive or zero INTEGER of any size, minimal; the view has no leading zero byte, so that
// of zero is empty.
enum result der_read_unsigned(struct der *der, struct bytes *out_big_endian, struct error *err);
// A bit string of whole octets (no unused bits).
enum result der_read_bit_string(struct der *der, struct bytes *out_octets, struct error *err);
enum result der_read_named_bits(struct der *der, uint16_t *out_bits, struct error *err);
// UTCTime or GeneralizedTime in the form of RFC 5280.
enum result der_read_time(struct der *der, int64_t *out_time, struct error *err);
// Checks that one element, nesting at most LIMIT_DER_DEPTH, fills `input` exactly.
enum result der_check(struct bytes input, struct error *err);
