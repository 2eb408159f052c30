// The DER writer, and the strict reader that everything from outside passes through.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/der.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"

// --- writing ---

// Tag and length octets (X.690, 8.1.3) of an element with this much content; returns their
// number.
static size_t encode_header(uint8_t tag, size_t length, uint8_t out_header[6]) {
    out_header[0] = tag;
    if (length < 0x80) {
        out_header[1] = (uint8_t)length;
        return 2;
    }
    size_t octets = 1;
    while (octets < 4 && length >> (8 * octets) != 0) {
        octets++;
    }
    out_header[1] = (uint8_t)(0x80 | octets);
    for (size_t i = 0; i < octets; i++) {
        out_header[2 + i] = (uint8_t)(length >> (8 * (octets - 1 - i)));
    }
    return 2 + octets;
}

enum result der_write_header(struct buf *out, uint8_t tag, size_t content_size) {
    if (content_size > UINT32_MAX) {
        return RESULT_LIMIT;
    }
    uint8_t header[6];
    size_t header_size = encode_header(tag, content_size, header);
    return buf_append(out, bytes_of(header, header_size));
}

enum result der_begin(struct buf *out, uint8_t tag, size_t *out_mark) {
    size_t mark = out->size;
    TRY(buf_append(out, bytes_of((const uint8_t[]){tag, 0}, 2)));
    *out_mark = mark;
    return RESULT_OK;
}

enum result der_end(struct buf *out, size_t mark) {
    size_t length = out->size - mark - 2;
    if (length > UINT32_MAX) {
        return RESULT_LIMIT;
    }
    uint8_t header[6];
    size_t header_size = encode_header(out->data[mark], length, header);
    // One move per nesting level: linear in the size, whatever the number of elements.
    TRY(buf_insert(out, mark + 2, bytes_of(header + 2, header_size - 2)));
    memcpy(out->data + mark, header, header_size);
    return RESULT_OK;
}

enum result der_write(struct buf *out, uint8_t tag, struct bytes content) {
    if (content.size > UINT32_MAX) {
        return RESULT_LIMIT;
    }
    uint8_t header[6];
    size_t header_size = encode_header(tag, content.size, header);
    uint8_t *room = NULL;
    TRY(buf_reserve(out, header_size + content.size, &room));
    memcpy(room, header, header_size);
    if (content.size > 0) {
        memcpy(room + header_size, content.data, content.size);
    }
    buf_commit(out, header_size + content.size);
    return RESULT_OK;
}

enum result der_write_raw(struct buf *out, struct bytes element) {
    return buf_append(out, element);
}

enum result der_write_boolean(struct buf *out, bool value) {
    return der_write(out, DER_BOOLEAN, bytes_of((const uint8_t[]){value ? 0xff : 0x00}, 1));
}

enum result der_write_integer(struct buf *out, int64_t value) {
    uint8_t octets[8];
    for (size_t i = 0; i < sizeof(octets); i++) {
        octets[i] = (uint8_t)((uint64_t)value >> (8 * (sizeof(octets) - 1 - i)));
    }
    // X.690, 8.3.2: the first nine bits are never all equal.
    size_t start = 0;
    uint8_t filler = value < 0 ? 0xff : 0x00;
    while (start < 7 && octets[start] == filler &&
           (octets[start + 1] & 0x80) == (filler & 0x80)) {
        start++;
    }
    return der_write(out, DER_INTEGER, bytes_of(octets + start, sizeof(octets) - start));
}

enum result der_write_unsigned(struct buf *out, uint8_t tag, struct bytes big_endian) {
    while (big_endian.size > 0 && big_endian.data[0] == 0) {
        big_endian = bytes_slice(big_endian, 1, big_endian.size);
    }
    bool needs_zero = big_endian.size == 0 || (big_endian.data[0] & 0x80) != 0;
    if (!needs_zero) {
        return der_write(out, tag, big_endian);
    }
    if (big_endian.size >= UINT32_MAX) {
        return RESULT_LIMIT;
    }
    uint8_t header[7];
    size_t header_size = encode_header(tag, big_endian.size + 1, header);
    header[header_size++] = 0;
    uint8_t *room = NULL;
    TRY(buf_reserve(out, header_size + big_endian.size, &room));
    memcpy(room, header, header_size);
    if (big_endian.size > 0) {
        memcpy(room + header_size, big_endian.data, big_endian.size);
    }
    buf_commit(out, header_size + big_endian.size);
    return RESULT_OK;
}

enum result der_write_bit_string(struct buf *out, struct bytes whole_octets) {
    if (whole_octets.size >= UINT32_MAX) {
        return RESULT_LIMIT;
    }
    uint8_t header[7];
    size_t header_size = encode_header(DER_BIT_STRING, whole_octets.size + 1, header);
    header[header_size++] = 0; // no unused bits
    uint8_t *room = NULL;
    TRY(buf_reserve(out, header_size + whole_octets.size, &room));
    memcpy(room, header, header_size);
    if (whole_octets.size > 0) {
        memcpy(room + header_size, whole_octets.data, whole_octets.size);
    }
    buf_commit(out, header_size + whole_octets.size);
    return RESULT_OK;
}

enum result der_write_named_bits(struct buf *out, uint16_t bits) {
    uint8_t content[3] = {0};
    size_t count = 0; // up to and with the last bit that is set
    for (size_t i = 0; i < 16; i++) {
        if ((bits >> i & 1) != 0) {
            content[1 + i / 8] = (uint8_t)(content[1 + i / 8] | 0x80 >> (i % 8));
            count = i + 1;
        }
    }
    size_t octets = (count + 7) / 8;
    content[0] = (uint8_t)(octets * 8 - count);
    return der_write(out, DER_BIT_STRING, bytes_of(content, 1 + octets));
}

enum result der_write_null(struct buf *out) {
    return der_write(out, DER_NULL, (struct bytes){0});
}

static void put_digits(uint8_t *target, int value, size_t count) {
    for (size_t i = count; i > 0; i--) {
        target[i - 1] = (uint8_t)('0' + value % 10);
        value /= 10;
    }
}

// "YYMMDDHHMMSSZ", or with four digits of the year.
static enum result write_date(struct buf *out, struct date date, bool is_generalized) {
    uint8_t text[15];
    size_t used = is_generalized ? 4 : 2;
    put_digits(text, is_generalized ? date.year : date.year % 100, used);
    const int parts[] = {date.month, date.day, date.hour, date.minute, date.second};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        put_digits(text + used, parts[i], 2);
        used += 2;
    }
    text[used++] = 'Z';
    return der_write(out, is_generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME,
                     bytes_of(text, used));
}

// 0000-01-01 and 9999-12-31T23:59:59Z: what four digits can say.
#define FIRST_TIME (-62167219200)
#define LAST_TIME 253402300799

enum result der_write_time(struct buf *out, int64_t time) {
    if (time < FIRST_TIME || time > LAST_TIME) {
        return RESULT_INVALID;
    }
    struct date date = date_from_time(time);
    return write_date(out, date, date.year < 1950 || date.year > 2049);
}

enum result der_write_generalized_time(struct buf *out, int64_t time) {
    if (time < FIRST_TIME || time > LAST_TIME) {
        return RESULT_INVALID;
    }
    return write_date(out, date_from_time(time), true);
}

// --- reading ---

static enum result bad(const struct der *der, struct error *err, const char *what) {
    size_t offset = der->left.data != NULL ? (size_t)(der->left.data - der->start) : 0;
    return error_set(err, RESULT_INVALID, "DER at offset %zu: %s", offset, what);
}

struct der der_of(struct bytes input) {
    return (struct der){.left = input, .start = input.data};
}

struct der der_inside(const struct der *parent, struct bytes content) {
    return (struct der){.left = content, .start = parent->start};
}

bool der_at_end(const struct der *der) {
    return der->left.size == 0;
}

uint8_t der_peek(const struct der *der) {
    return der->left.size > 0 ? der->left.data[0] : 0;
}

struct element {
    uint8_t tag;
    size_t header_size, content_size;
};

static enum result read_long_length(const struct der *der, struct element *element,
                                    struct error *err) {
    const uint8_t *data = der->left.data;
    size_t octets = data[1] & 0x7f;
    if (octets == 0) {
        return bad(der, err, "indefinite length; DER has definite lengths only");
    }
    if (octets > 4) {
        return bad(der, err, "length of more than four octets");
    }
    if (der->left.size < 2 + octets) {
        return bad(der, err, "the length is cut off");
    }
    size_t length = 0;
    for (size_t i = 0; i < octets; i++) {
        length = length << 8 | data[2 + i];
    }
    if (length < 0x80 || data[2] == 0) {
        return bad(der, err, "the length is not in its shortest form");
    }
    element->header_size = 2 + octets;
    element->content_size = length;
    return RESULT_OK;
}

static enum result read_header(const struct der *der, struct element *out_element,
                               struct error *err) {
    const uint8_t *data = der->left.data;
    if (der->left.size < 2) {
        return bad(der, err, der->left.size == 0 ? "an element is missing" : "cut off");
    }
    if (data[0] == 0 || (data[0] & 0x1f) == 0x1f) {
        return bad(der, err, "a tag that X.509 does not use");
    }
    struct element element = {.tag = data[0], .header_size = 2, .content_size = data[1]};
    if (data[1] >= 0x80) {
        TRY(read_long_length(der, &element, err));
    }
    if (element.content_size > der->left.size - element.header_size) {
        return bad(der, err, "the length reaches behind the end");
    }
    *out_element = element;
    return RESULT_OK;
}

static void advance(struct der *der, size_t size) {
    der->left.data += size;
    der->left.size -= size;
}

enum result der_read_any(struct der *der, uint8_t *out_tag, struct bytes *out_content,
                         struct error *err) {
    struct element element = {0};
    TRY(read_header(der, &element, err));
    *out_tag = element.tag;
    *out_content = bytes_of(der->left.data + element.header_size, element.content_size);
    advance(der, element.header_size + element.content_size);
    return RESULT_OK;
}

static enum result expect_tag(const struct der *der, uint8_t tag, struct error *err) {
    if (der_peek(der) == tag) {
        return RESULT_OK;
    }
    size_t offset = der->left.data != NULL ? (size_t)(der->left.data - der->start) : 0;
    if (der_at_end(der)) {
        return error_set(err, RESULT_INVALID,
                         "DER at offset %zu: expected tag 0x%02x, came the end", offset, tag);
    }
    return error_set(err, RESULT_INVALID, "DER at offset %zu: expected tag 0x%02x, came 0x%02x",
                     offset, tag, der_peek(der));
}

enum result der_read(struct der *der, uint8_t tag, struct bytes *out_content,
                     struct error *err) {
    TRY(expect_tag(der, tag, err));
    uint8_t came = 0;
    return der_read_any(der, &came, out_content, err);
}

enum result der_read_element(struct der *der, uint8_t tag, struct bytes *out_element,
                             struct error *err) {
    TRY(expect_tag(der, tag, err));
    struct element element = {0};
    TRY(read_header(der, &element, err));
    *out_element = bytes_of(der->left.data, element.header_size + element.content_size);
    advance(der, out_element->size);
    return RESULT_OK;
}

enum result der_enter(struct der *der, uint8_t tag, struct der *out_inside, struct error *err) {
    struct bytes content = {0};
    TRY(der_read(der, tag, &content, err));
    *out_inside = der_inside(der, content);
    return RESULT_OK;
}

enum result der_expect_end(const struct der *der, struct error *err) {
    if (!der_at_end(der)) {
        return bad(der, err, "more follows where the end was expected");
    }
    return RESULT_OK;
}

enum result der_read_boolean(struct der *der, bool *out_value, struct error *err) {
    struct der before = *der;
    struct bytes content = {0};
    TRY(der_read(der, DER_BOOLEAN, &content, err));
    if (content.size != 1 || (content.data[0] != 0x00 && content.data[0] != 0xff)) {
        return bad(&before, err, "a BOOLEAN is one octet, 0x00 or 0xff");
    }
    *out_value = content.data[0] == 0xff;
    return RESULT_OK;
}

// The content of an INTEGER whose first nine bits are not all equal (X.690, 8.3.2).
static enum result read_minimal_integer(struct der *der, struct bytes *out_content,
                                        struct error *err) {
    struct der before = *der;
    struct bytes content = {0};
    TRY(der_read(der, DER_INTEGER, &content, err));
    if (content.size == 0) {
        return bad(&before, err, "an INTEGER without content");
    }
    bool has_filler =
        content.size > 1 && ((content.data[0] == 0x00 && (content.data[1] & 0x80) == 0) ||
                             (content.data[0] == 0xff && (content.data[1] & 0x80) != 0));
    if (has_filler) {
        return bad(&before, err, "an INTEGER that is not in its shortest form");
    }
    *out_content = content;
    return RESULT_OK;
}

enum result der_read_integer(struct der *der, int64_t *out_value, struct error *err) {
    struct der before = *der;
    struct bytes content = {0};
    TRY(read_minimal_integer(der, &content, err));
    if (content.size > 8) {
        return bad(&before, err, "an INTEGER of more than 64 bits");
    }
    uint64_t value = (content.data[0] & 0x80) != 0 ? UINT64_MAX : 0;
    for (size_t i = 0; i < content.size; i++) {
        value = value << 8 | content.data[i];
    }
    *out_value = (int64_t)value;
    return RESULT_OK;
}

enum result der_read_unsigned(struct der *der, struct bytes *out_big_endian,
                              struct error *err) {
    struct der before = *der;
    struct bytes content = {0};
    TRY(read_minimal_integer(der, &content, err));
    if ((content.data[0] & 0x80) != 0) {
        return bad(&before, err, "a negative INTEGER where none may be");
    }
    if (content.data[0] == 0) {
        content = bytes_of(content.data + 1, content.size - 1);
    }
    *out_big_endian = content;
    return RESULT_OK;
}

enum result der_read_bit_string(struct der *der, struct bytes *out_octets, struct error *err) {
    struct der before = *der;
    struct bytes content = {0};
    TRY(der_read(der, DER_BIT_STRING, &content, err));
    if (content.size == 0 || content.data[0] != 0) {
        return bad(&before, err, "a BIT STRING that is not made of whole octets");
    }
    *out_octets = bytes_of(content.data + 1, content.size - 1);
    return RESULT_OK;
}

enum result der_read_named_bits(struct der *der, uint16_t *out_bits, struct error *err) {
    struct der before = *der;
    struct bytes content = {0};
    TRY(der_read(der, DER_BIT_STRING, &content, err));
    if (content.size == 0 || content.size > 3 || content.data[0] > 7) {
        return bad(&before, err, "named bits that are no BIT STRING of up to 16 bits");
    }
    uint8_t unused = content.data[0];
    uint8_t last = content.size > 1 ? content.data[content.size - 1] : 0;
    // X.690, 11.2.2: the last bit that is sent is set; none are sent when none is set.
    bool is_shortest = content.size == 1
                           ? unused == 0
                           : (last & ((1u << unused) - 1)) == 0 && (last >> unused & 1) == 1;
    if (!is_shortest) {
        return bad(&before, err, "named bits with zero bits at their end");
    }
    uint16_t bits = 0;
    for (size_t i = 0; i < 8 * (content.size - 1); i++) {
        unsigned bit = (unsigned)content.data[1 + i / 8] >> (7 - i % 8) & 1u;
        bits = (uint16_t)(bits | bit << i);
    }
    *out_bits = bits;
    return RESULT_OK;
}

static bool read_digits(struct bytes *text, size_t count, int *out_value) {
    int value = 0;
    if (text->size < count) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (text->data[i] < '0' || text->data[i] > '9') {
            return false;
        }
        value = value * 10 + (text->data[i] - '0');
    }
    *text = bytes_of(text->data + count, text->size - count);
    *out_value = value;
    return true;
}

enum result der_read_time(struct der *der, int64_t *out_time, struct error *err) {
    struct der before = *der;
    bool is_generalized = der_peek(der) == DER_GENERALIZED_TIME;
    struct bytes text = {0};
    TRY(der_read(der, is_generalized ? DER_GENERALIZED_TIME : DER_UTC_TIME, &text, err));
    struct date date = {0};
    bool is_whole = read_digits(&text, is_generalized ? 4 : 2, &date.year) &&
                    read_digits(&text, 2, &date.month) && read_digits(&text, 2, &date.day) &&
                    read_digits(&text, 2, &date.hour) && read_digits(&text, 2, &date.minute) &&
                    read_digits(&text, 2, &date.second);
    if (!is_whole || text.size != 1 || text.data[0] != 'Z') {
        return bad(&before, err, "a time that is not [YY]YYMMDDHHMMSSZ (RFC 5280, 4.1.2.5)");
    }
    if (!is_generalized) {
        date.year += date.year < 50 ? 2000 : 1900;
    }
    if (date_to_time(date, out_time) != RESULT_OK) {
        return bad(&before, err, "a time that does not exist");
    }
    return RESULT_OK;
}

// `depth` is that of the elements at the cursor, the outermost being 1.
static enum result check_elements(struct der *der, unsigned depth, struct error *err) {
    while (!der_at_end(der)) {
        if (depth > LIMIT_DER_DEPTH) {
            return bad(der, err, "nested too deeply");
        }
        uint8_t tag = 0;
        struct bytes content = {0};
        TRY(der_read_any(der, &tag, &content, err));
        if ((tag & 0x20) != 0) {
            struct der inside = der_inside(der, content);
            TRY(check_elements(&inside, depth + 1, err));
        }
    }
    return RESULT_OK;
}

enum result der_check(struct bytes input, struct error *err) {
    struct der der = der_of(input);
    struct bytes content = {0};
    uint8_t tag = 0;
    TRY(der_read_any(&der, &tag, &content, err));
    TRY(der_expect_end(&der, err));
    if ((tag & 0x20) == 0) {
        return RESULT_OK;
    }
    struct der inside = der_inside(&der, content);
    return check_elements(&inside, 2, err);
}
