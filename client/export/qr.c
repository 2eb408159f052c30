// Drawing QR codes with libqrencode (ISO/IEC 18004).
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/export/qr.h"

#include <errno.h>
#include <stdbool.h>

#include <qrencode.h>

// ISO/IEC 18004, 6.3.8: four modules of light around the code.
#define QUIET_MODULES 4
// Black on white (SGR 30 and 47 with their bright white), and back to usual.
#define COLOURS "\033[30;107m"
#define USUAL "\033[0m\n"

enum result qr_check(struct error *err) {
    (void)err;
    return RESULT_OK;
}

static void code_free(QRcode **code) {
    QRcode_free(*code);
}

static bool is_dark(const QRcode *code, int x, int y) {
    if (x < 0 || y < 0 || x >= code->width || y >= code->width) {
        return false;
    }
    return (code->data[y * code->width + x] & 1) != 0;
}

// Two rows of modules in one row of characters.
static enum result write_row(const QRcode *code, int y, struct buf *out) {
    static const char *const blocks[2][2] = {{" ", "\u2584"}, {"\u2580", "\u2588"}};
    TRY(buf_append_string(out, COLOURS));
    for (int x = -QUIET_MODULES; x < code->width + QUIET_MODULES; x++) {
        TRY(buf_append_string(out, blocks[is_dark(code, x, y)][is_dark(code, x, y + 1)]));
    }
    return buf_append_string(out, USUAL);
}

enum result qr_write(struct bytes text, struct buf *out, struct error *err) {
    AUTO(code_free)
    QRcode *code = QRcode_encodeData((int)text.size, text.data, 0, QR_ECLEVEL_M);
    if (code == NULL && errno == ERANGE) {
        return error_set(err, RESULT_LIMIT, "%zu bytes do not fit into a QR code", text.size);
    }
    if (code == NULL) {
        return error_set(err, RESULT_INTERNAL, "cannot make the QR code");
    }
    for (int y = -QUIET_MODULES; y < code->width + QUIET_MODULES; y += 2) {
        TRY(write_row(code, y, out));
    }
    return RESULT_OK;
}
