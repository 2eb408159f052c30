// Fuzzes the reader of certification requests.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/csr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    AUTO(csr_clear) struct csr csr = {0};
    struct error err = {0};
    if (csr_read(bytes_of(data, size), &csr, &err) == RESULT_OK) {
        (void)csr_verify(&csr, &err);
    }
    return 0;
}
