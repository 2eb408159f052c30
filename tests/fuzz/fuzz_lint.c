// Feeds any bytes to both lints.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stddef.h>
#include <stdint.h>

#include "x509/lint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error err = {0};
    (void)!lint_certificate(bytes_of(data, size), &err);
    (void)!lint_ca_certificate(bytes_of(data, size), &err);
    (void)!lint_crl(bytes_of(data, size), &err);
    return 0;
}
