// Cursors are opaque to those who hold them: the place behind a letter, and for searches a digest.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/cursor.h"

#include "base/limits.h"
#include "base/text.h"
#include "wire/message.h"
#include "x509/hash.h"

#include <string.h>

// Of a digest: against mistakes, not against attackers, who gain nothing here.
#define DIGEST_BYTES 8
// Two numbers and the digest; messages leave as much room for it.
#define CURSOR_BYTES 64

static enum result refuse(struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "cursor_invalid",
                         "this is not where a page of this list ended");
    error_field(err, "after");
    error_hint(err, "Use the member next of the page before, unchanged, and ask for the same "
                    "as before.");
    return RESULT_INVALID;
}

enum result cursor_read(const char *text, int64_t *out_position, struct error *err) {
    if (text == NULL) {
        *out_position = 0;
        return RESULT_OK;
    }
    struct bytes whole = bytes_of_string(text);
    struct bytes digits = bytes_slice(whole, 1, whole.size);
    if (text[0] != 'p' || text_read_int64(digits, 1, INT64_MAX, out_position) != RESULT_OK) {
        return refuse(err);
    }
    return RESULT_OK;
}

enum result cursor_write(int64_t position, char **out_text) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 32);
    TRY(buf_printf(&text, "p%lld", (long long)position));
    return text_set(out_text, buf_string(&text));
}

// --- searches --------------------------------------------------------------------------------

static enum result write_search(const struct list_position *position,
                                const struct message_type *type, const void *search,
                                struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf digested = {0};
    buf_init(&digested, LIMIT_FRAME_REQUEST_BYTES);
    TRY(buf_printf(&digested, "%s %lld.%lld ", type->name, (long long)position->major,
                   (long long)position->minor));
    TRY(message_to_binary(type, search, &digested, err));
    uint8_t digest[SHA256_SIZE];
    TRY(hash_sha256(buf_bytes(&digested), digest));
    TRY(buf_printf(out, "s%lld.%lld.", (long long)position->major, (long long)position->minor));
    return text_hex_encode(bytes_of(digest, DIGEST_BYTES), out);
}

// Two numbers between points. Whether they are written as we write them shows the comparison
// with what we would have written.
static bool read_numbers(const char *text, struct list_position *out_position) {
    struct bytes whole = bytes_of_string(text);
    int64_t numbers[2] = {0};
    size_t start = 1;
    for (int i = 0; i < 2; i++) {
        struct bytes rest = bytes_slice(whole, start, whole.size);
        const uint8_t *point = rest.size == 0 ? NULL : memchr(rest.data, '.', rest.size);
        size_t size = point == NULL ? rest.size : (size_t)(point - rest.data);
        if (text_read_int64(bytes_slice(rest, 0, size), 0, INT64_MAX, &numbers[i]) !=
            RESULT_OK) {
            return false;
        }
        start += size + 1;
    }
    *out_position =
        (struct list_position){.is_set = true, .major = numbers[0], .minor = numbers[1]};
    return true;
}

enum result cursor_read_search(const char *text, const struct message_type *type,
                               const void *search, struct list_position *out_position,
                               struct error *err) {
    struct list_position position = {0};
    if (text == NULL) {
        *out_position = position;
        return RESULT_OK;
    }
    if (!read_numbers(text, &position)) {
        return refuse(err);
    }
    AUTO(buf_clear) struct buf expected = {0};
    buf_init(&expected, CURSOR_BYTES);
    TRY(write_search(&position, type, search, &expected, err));
    if (strcmp(text, buf_string(&expected)) != 0) {
        return refuse(err);
    }
    *out_position = position;
    return RESULT_OK;
}

enum result cursor_write_search(const struct list_position *position,
                                const struct message_type *type, const void *search,
                                char **out_text, struct error *err) {
    if (!position->is_set) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, CURSOR_BYTES);
    TRY(write_search(position, type, search, &text, err));
    return text_set(out_text, buf_string(&text));
}

size_t cursor_page_size(int64_t asked) {
    if (asked <= 0) {
        return LIMIT_LIST_PAGE_DEFAULT;
    }
    return asked > LIMIT_LIST_PAGE ? LIMIT_LIST_PAGE : (size_t)asked;
}
