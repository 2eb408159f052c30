// Fuzzes the PEM reader; what it decodes must survive being encoded again.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>

#include "x509/pem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes text = bytes_of(data, size);
    AUTO(pem_block_clear) struct pem_block block = {0}, again = {0};
    struct error err = {0};
    while (pem_read_next(&text, &block, &err) == RESULT_OK) {
        AUTO(buf_clear) struct buf encoded = {0};
        buf_init(&encoded, 4 * size + 256);
        if (pem_encode("X", buf_bytes(&block.der), &encoded) != RESULT_OK) {
            abort();
        }
        struct bytes left = buf_bytes(&encoded);
        if (pem_read_next(&left, &again, &err) != RESULT_OK ||
            !bytes_equal(buf_bytes(&again.der), buf_bytes(&block.der))) {
            abort();
        }
    }
    return 0;
}
