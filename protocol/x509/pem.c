// Reading and writing PEM blocks.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/pem.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"
#include "x509/der.h"

#define PEM_BEGIN "-----BEGIN "
#define PEM_END "-----END "
#define PEM_DASHES "-----"
// 64 characters of base64 (RFC 7468, section 2).
#define PEM_LINE_OCTETS 48

enum result pem_encode(const char *label, struct bytes der, struct buf *out) {
    size_t lines = (der.size + PEM_LINE_OCTETS - 1) / PEM_LINE_OCTETS;
    uint8_t *room = NULL;
    TRY(buf_reserve(out, (der.size + 2) / 3 * 4 + lines + 2 * strlen(label) + 32, &room));
    TRY(buf_printf(out, PEM_BEGIN "%s" PEM_DASHES "\n", label));
    for (size_t offset = 0; offset < der.size; offset += PEM_LINE_OCTETS) {
        TRY(text_base64_encode(bytes_slice(der, offset, PEM_LINE_OCTETS), out));
        TRY(buf_append_byte(out, '\n'));
    }
    return buf_printf(out, PEM_END "%s" PEM_DASHES "\n", label);
}

// --- a part of a block ---

#define PEM_LINE_SIZE (PEM_LINE_OCTETS / 3 * 4 + 1)

static size_t boundary_size(const char *opening, const char *label) {
    return strlen(opening) + strlen(label) + strlen(PEM_DASHES "\n");
}

size_t pem_size(const char *label, size_t der_size) {
    size_t lines = (der_size + PEM_LINE_OCTETS - 1) / PEM_LINE_OCTETS;
    return boundary_size(PEM_BEGIN, label) + (der_size + 2) / 3 * 4 + lines +
           boundary_size(PEM_END, label);
}

// What of `piece`, which begins at `start` of the whole, lies at *offset and behind.
static enum result append_from(struct bytes piece, size_t start, size_t *offset, size_t end,
                               struct buf *out) {
    if (*offset >= start + piece.size || *offset >= end) {
        return RESULT_OK;
    }
    struct bytes wanted = bytes_slice(piece, *offset - start, end - *offset);
    *offset += wanted.size;
    return buf_append(out, wanted);
}

enum result pem_encode_part(const char *label, struct bytes der, size_t offset, size_t at_most,
                            struct buf *out) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 256);
    const size_t head = boundary_size(PEM_BEGIN, label);
    const size_t tail = pem_size(label, der.size) - boundary_size(PEM_END, label);
    const size_t end = at_most > SIZE_MAX - offset ? SIZE_MAX : offset + at_most;
    TRY(buf_printf(&text, PEM_BEGIN "%s" PEM_DASHES "\n", label));
    TRY(append_from(buf_bytes(&text), 0, &offset, end, out));
    while (offset < end && offset < tail) {
        const size_t line = (offset - head) / PEM_LINE_SIZE;
        buf_reset(&text);
        TRY(text_base64_encode(bytes_slice(der, line * PEM_LINE_OCTETS, PEM_LINE_OCTETS),
                               &text));
        TRY(buf_append_byte(&text, '\n'));
        TRY(append_from(buf_bytes(&text), head + line * PEM_LINE_SIZE, &offset, end, out));
    }
    buf_reset(&text);
    TRY(buf_printf(&text, PEM_END "%s" PEM_DASHES "\n", label));
    return append_from(buf_bytes(&text), tail, &offset, end, out);
}

// --- reading ---

void pem_block_clear(struct pem_block *block) {
    buf_clear(&block->der);
    *block = (struct pem_block){0};
}

// Takes one line off the text, without its end (LF or CR LF).
static bool take_line(struct bytes *text, struct bytes *out_line) {
    if (text->size == 0) {
        return false;
    }
    const uint8_t *newline = memchr(text->data, '\n', text->size);
    size_t length = newline != NULL ? (size_t)(newline - text->data) : text->size;
    struct bytes line = bytes_slice(*text, 0, length);
    *text = bytes_slice(*text, length + 1, text->size);
    if (line.size > 0 && line.data[line.size - 1] == '\r') {
        line.size--;
    }
    *out_line = line;
    return true;
}

// The label when the line is "-----BEGIN label-----" or "-----END label-----".
static bool read_boundary(struct bytes line, const char *opening, struct bytes *out_label) {
    while (line.size > 0 &&
           (line.data[line.size - 1] == ' ' || line.data[line.size - 1] == '\t')) {
        line.size--;
    }
    struct bytes begin = bytes_of_string(opening), dashes = BYTES_LITERAL(PEM_DASHES);
    if (line.size < begin.size + dashes.size ||
        !bytes_equal(bytes_slice(line, 0, begin.size), begin) ||
        !bytes_equal(bytes_slice(line, line.size - dashes.size, dashes.size), dashes)) {
        return false;
    }
    *out_label = bytes_slice(line, begin.size, line.size - begin.size - dashes.size);
    return true;
}

// Base64 characters on their way to octets: whole groups of four, a chunk at a time.
struct decoder {
    uint8_t chunk[4096];
    size_t used;
    bool has_ended; // padding was seen
    struct buf *out;
};

static void decoder_clear(struct decoder *decoder) {
    memory_wipe(decoder->chunk, sizeof(decoder->chunk));
}

static enum result decoder_flush(struct decoder *decoder) {
    if (decoder->used == 0) {
        return RESULT_OK;
    }
    if (decoder->has_ended) {
        return RESULT_INVALID;
    }
    decoder->has_ended = decoder->chunk[decoder->used - 1] == '=';
    struct bytes chunk = bytes_of(decoder->chunk, decoder->used);
    decoder->used = 0;
    return text_base64_decode(chunk, decoder->out);
}

static enum result decoder_feed(struct decoder *decoder, struct bytes line) {
    for (size_t i = 0; i < line.size; i++) {
        uint8_t character = line.data[i];
        if (character == ' ' || character == '\t') {
            continue;
        }
        decoder->chunk[decoder->used++] = character;
        if (decoder->used == sizeof(decoder->chunk)) {
            TRY(decoder_flush(decoder));
        }
    }
    return RESULT_OK;
}

static enum result damaged(struct error *err, struct bytes label, const char *what) {
    int shown = (int)(label.size < 40 ? label.size : 40);
    return error_set(err, RESULT_INVALID, "PEM block \"%.*s\": %s", shown,
                     label.size > 0 ? (const char *)label.data : "", what);
}

// RFC 1421 headers: lines with a colon up to an empty line. Base64 has no colon.
static struct bytes take_headers(struct bytes *text) {
    struct bytes before = *text, line = {0}, after = *text;
    size_t size = 0;
    if (!take_line(&after, &line) || line.size == 0 ||
        memchr(line.data, ':', line.size) == NULL) {
        return (struct bytes){0};
    }
    while (line.size > 0) {
        size = before.size - after.size;
        if (!take_line(&after, &line)) {
            break;
        }
    }
    *text = after;
    return bytes_slice(before, 0, size);
}

// Everything behind the BEGIN line. Moves *text behind the END line.
static enum result read_body(struct bytes *text, struct pem_block *block, struct error *err) {
    block->headers = take_headers(text);
    AUTO(decoder_clear) struct decoder decoder = {.out = &block->der};
    struct bytes line = {0}, label = {0};
    while (take_line(text, &line)) {
        if (read_boundary(line, PEM_END, &label)) {
            if (!bytes_equal(label, block->label)) {
                return damaged(err, block->label, "its END line has another label");
            }
            enum result result = decoder_flush(&decoder);
            return result == RESULT_INVALID ? damaged(err, label, "it is not valid base64")
                                            : result;
        }
        enum result result = decoder_feed(&decoder, line);
        if (result != RESULT_OK) {
            return result == RESULT_INVALID
                       ? damaged(err, block->label, "it is not valid base64")
                       : result;
        }
    }
    return damaged(err, block->label, "its END line is missing, the text is cut off");
}

enum result pem_read_next(struct bytes *text, struct pem_block *out_block, struct error *err) {
    struct bytes rest = *text, line = {0}, label = {0};
    bool is_found = false;
    while (!is_found && take_line(&rest, &line)) {
        is_found = read_boundary(line, PEM_BEGIN, &label);
    }
    if (!is_found) {
        return error_set(err, RESULT_NOT_FOUND,
                         "expected a PEM block (\"-----BEGIN …-----\"), came none");
    }
    AUTO(pem_block_clear) struct pem_block block = {.label = label};
    buf_init_secret(&block.der, rest.size);
    TRY(read_body(&rest, &block, err));
    if (block.der.size == 0) {
        return damaged(err, label, "it is empty");
    }
    pem_block_clear(out_block);
    *out_block = block;
    block = (struct pem_block){0};
    *text = rest;
    return RESULT_OK;
}

static enum result append_block(const struct pem_block *block, const char *label,
                                struct buf *out, struct error *err) {
    if (!bytes_equal(block->label, bytes_of_string(label))) {
        int shown = (int)(block->label.size < 40 ? block->label.size : 40);
        return error_set(err, RESULT_INVALID, "expected a PEM block \"%s\", came \"%.*s\"",
                         label, shown,
                         block->label.size > 0 ? (const char *)block->label.data : "");
    }
    enum result result = buf_append(out, buf_bytes(&block->der));
    if (result == RESULT_LIMIT) {
        return error_set(err, RESULT_LIMIT, "the PEM text holds more than %zu bytes of %s",
                         out->maximum, label);
    }
    return result == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
}

static enum result decode_all(struct bytes text, const char *label, struct buf *out,
                              struct error *err) {
    AUTO(pem_block_clear) struct pem_block block = {0};
    struct error none = {0};
    size_t count = 0;
    while (true) {
        enum result result = pem_read_next(&text, &block, &none);
        if (result == RESULT_NOT_FOUND && count > 0) {
            return RESULT_OK;
        }
        if (result != RESULT_OK) {
            return error_set(err, result == RESULT_NOT_FOUND ? RESULT_INVALID : result,
                             "%s%s%s", none.message,
                             count == 0 ? "; expected one with the label " : "",
                             count == 0 ? label : "");
        }
        TRY(append_block(&block, label, out, err));
        count++;
    }
}

enum result pem_decode_all(struct bytes text, const char *label, struct buf *out,
                           struct error *err) {
    size_t before = out->size;
    enum result result = decode_all(text, label, out, err);
    if (result != RESULT_OK) {
        out->size = before;
    }
    return result;
}

enum result pem_encode_all(const char *label, struct bytes concatenated_der, struct buf *out) {
    struct der der = der_of(concatenated_der);
    while (!der_at_end(&der)) {
        struct bytes element = {0};
        TRY(der_read_element(&der, DER_SEQUENCE, &element, NULL));
        TRY(pem_encode(label, element, out));
    }
    return RESULT_OK;
}
