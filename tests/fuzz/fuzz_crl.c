// Fuzzes the reader of revocation lists; what was read once must be walked without error.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>

#include "x509/crl.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct crl crl = {0};
    struct crl_entry entry = {0}, found = {0};
    struct error err = {0};
    size_t count = 0, walked = 0;
    if (crl_read(bytes_of(data, size), &crl, &err) != RESULT_OK) {
        return 0;
    }
    struct bytes cursor = crl.entries;
    enum result result = RESULT_OK;
    while ((result = crl_next_entry(&cursor, &entry, &err)) == RESULT_OK) {
        walked++;
        if (walked < 4 && crl_find(&crl, bytes_of(entry.serial, entry.serial_size), &found,
                                   &err) != RESULT_OK) {
            abort();
        }
    }
    if (result != RESULT_NOT_FOUND || crl_count(&crl, &count, &err) != RESULT_OK ||
        count != walked) {
        abort();
    }
    return 0;
}
