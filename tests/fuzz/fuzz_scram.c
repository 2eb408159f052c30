// Fuzzes what SCRAM makes of a server's two messages, divided by a line feed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/scram.h"

#include <string.h>

#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO(scram_clear) struct scram scram = {0};
    AUTO(buf_clear) struct buf out = {0};
    struct error err = {0};
    const uint8_t *divider = size > 0 ? memchr(data, '\n', size) : NULL;
    size_t first = divider != NULL ? (size_t)(divider - data) : size;
    // Deriving a key of many iterations is slow, and not what is looked for.
    if (first > 0 && memmem(data, first, "i=", 2) != NULL &&
        memmem(data, first, ",i=4096", 7) == NULL) {
        return 0;
    }
    buf_init(&out, 4 * LIMIT_SCRAM_MESSAGE_BYTES);
    if (scram_begin(&scram, "SCRAM-SHA-256", "user", "pencil", "rOprNGfwEbeRWgbNEkqO", &out,
                    &err) == RESULT_OK &&
        scram_answer(&scram, bytes_of(data, first), &out, &err) == RESULT_OK) {
        struct bytes rest = bytes_slice(bytes_of(data, size), first + 1, size);
        (void)!scram_finish(&scram, rest, &err);
    }
    return 0;
}
