// In place of qr.c where libqrencode is not installed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/export/qr.h"

enum result qr_check(struct error *err) {
    (void)error_set_code(err, RESULT_UNAVAILABLE, "no_qr",
                         "this program was built without libqrencode");
    error_hint(err, "Leave --qr out, or build it where libqrencode-dev is installed.");
    return RESULT_UNAVAILABLE;
}

enum result qr_write(struct bytes text, struct buf *out, struct error *err) {
    (void)text;
    (void)out;
    return qr_check(err);
}
