// Reading tokens from files and pipes.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/terminal/token_file.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"

static enum result read_input(struct buf *out, struct error *err) {
    uint8_t byte = 0;
    while (byte != '\n') { // what is behind the line is somebody else's
        ssize_t count = read(STDIN_FILENO, &byte, 1);
        if (count < 0 && errno != EINTR) {
            return error_from_errno(err, errno, "cannot read standard input");
        }
        if (count == 0) {
            return RESULT_OK;
        }
        if (count > 0 && buf_append_byte(out, byte) != RESULT_OK) {
            return error_set_code(err, RESULT_INVALID, "usage",
                                  "a token has at most %d characters", LIMIT_TOKEN_TEXT_BYTES);
        }
    }
    return RESULT_OK;
}

enum result token_file_read(const char *path, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_TOKEN_TEXT_BYTES);
    TRY(strcmp(path, "-") == 0 ? read_input(&text, err) : file_read_private(path, &text, err));
    struct bytes line = bytes_slice(buf_bytes(&text), 0, strcspn(buf_string(&text), " \t\r\n"));
    if (line.size == 0) {
        return error_set_code(err, RESULT_INVALID, "usage", "there is no token in %s",
                              strcmp(path, "-") == 0 ? "standard input" : path);
    }
    return buf_append(out, line) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
}
