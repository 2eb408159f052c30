// Fuzzes what a request's path, query and body become: first byte the route, then the three, by
// lines. SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "base/limits.h"
#include "gateway/router.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// Takes a line, which like the parser's output holds no zero byte.
static char *take_line(struct bytes *input) {
    const uint8_t *end = input->size == 0 ? NULL : memchr(input->data, '\n', input->size);
    const size_t size = end == NULL ? input->size : (size_t)(end - input->data);
    const struct bytes line = bytes_slice(*input, 0, size);
    *input = bytes_slice(*input, size + 1, SIZE_MAX);
    return bytes_contain_zero(line) ? NULL : string_copy_bytes(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    size_t count = 0;
    const struct route *routes = router_routes(&count);
    if (size == 0) {
        return 0;
    }
    struct bytes input = bytes_slice(bytes_of(data, size), 1, SIZE_MAX);
    AUTO(string_free_at) char *path = take_line(&input);
    AUTO(string_free_at) char *query = take_line(&input);
    if (path != NULL && query != NULL) {
        struct error err = {0};
        AUTO(buf_clear) struct buf binary;
        const struct route *found = NULL;
        char allow[ROUTER_ALLOW_BYTES];
        enum channel other = CHANNEL_ADMIN;
        buf_init(&binary, LIMIT_FRAME_REQUEST_BYTES);
        (void)router_find(CHANNEL_ADMIN, "GET", path, &found, allow, &other);
        // A line too many costs nothing: the query serves as the header, too.
        const struct route_input parts = {
            .path = path, .query = query, .body = input, .authorization = query};
        (void)!router_read_request(&routes[data[0] % count], &parts, &binary, &err);
    }
    return 0;
}
