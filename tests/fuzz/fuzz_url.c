// Addresses from files and command lines: what is taken is written back and taken again.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdint.h>
#include <stdlib.h>

#include "client/connect/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO(string_free_at) char *text = string_copy_bytes(bytes_of(data, size));
    struct url url;
    struct url again;
    struct error err = {0};
    if (text == NULL || url_read(text, &url, &err) != RESULT_OK) {
        return 0;
    }
    AUTO(buf_clear) struct buf origin = {0};
    buf_init(&origin, 1024);
    if (url_format_origin(&url, &origin) != RESULT_OK ||
        url_read(buf_string(&origin), &again, &err) != RESULT_OK || again.port != url.port) {
        abort();
    }
    return 0;
}
