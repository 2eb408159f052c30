// JSON into a message of any type, then to binary and back: the forms have to agree.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>
#include <string.h>

#include "wire/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct message_type *const types[] = {
#define MESSAGE_TYPE(message) &message##_type,
    MESSAGES(MESSAGE_TYPE)
#undef MESSAGE_TYPE
};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))
// A certificate of two octets becomes a PEM block of 59 characters.
#define ROOM ((size_t)64 * 1024 * 1024)

static void need(bool condition) {
    if (!condition) {
        abort();
    }
}

static void *new_message(const struct message_type *type) {
    void *message = calloc(1, type->size + 1);
    need(message != NULL);
    return message;
}

static void compare_forms(const struct message_type *type, const void *message) {
    struct buf json = {0}, again = {0}, binary = {0};
    void *read = new_message(type), *copy = new_message(type);
    buf_init(&json, ROOM);
    buf_init(&again, ROOM);
    buf_init(&binary, ROOM);
    need(message_to_json(type, message, &json, NULL) == RESULT_OK);
    need(message_from_json(type, buf_bytes(&json), read, NULL) == RESULT_OK);
    need(message_to_binary(type, read, &binary, NULL) == RESULT_OK);
    need(message_from_binary(type, buf_bytes(&binary), copy, NULL) == RESULT_OK);
    need(message_to_json(type, copy, &again, NULL) == RESULT_OK);
    need(bytes_equal(buf_bytes(&json), buf_bytes(&again)));
    message_clear(type, read);
    message_clear(type, copy);
    free(read);
    free(copy);
    buf_clear(&json);
    buf_clear(&again);
    buf_clear(&binary);
}

// The first byte chooses the type; '@' is the first of them, so that seeds are texts.
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size == 0) {
        return 0;
    }
    const struct message_type *type = types[(uint8_t)(data[0] - '@') % TYPE_COUNT];
    void *message = new_message(type);
    struct error err = {0};
    enum result result = message_from_json(type, bytes_of(data + 1, size - 1), message, &err);
    need(result == err.result);
    if (result == RESULT_OK) {
        compare_forms(type, message);
    }
    message_clear(type, message);
    free(message);
    return 0;
}
