// Sets of CRLs as a watcher meets them: an offered file, an installed one, and CA certificates.
// SPDX-License-Identifier: GPL-3.0-or-later
// The input is three texts with a line "====" between them.
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "client/watch/crl_set.h"
#include "x509/pem.h"

#define NOW 1800000000
#define PART_BYTES (1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct bytes take_part(struct bytes *left) {
    static const char separator[] = "====\n";
    const uint8_t *end = left->size > 0
                             ? memmem(left->data, left->size, separator, sizeof(separator) - 1)
                             : NULL;
    size_t length = end != NULL ? (size_t)(end - left->data) : left->size;
    struct bytes part = bytes_slice(*left, 0, length);
    *left = bytes_slice(*left, length + sizeof(separator) - 1, left->size);
    return part;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes left = bytes_of(data, size);
    AUTO(buf_clear) struct buf offered = {0};
    AUTO(buf_clear) struct buf installed = {0};
    AUTO(buf_clear) struct buf trust = {0};
    buf_init(&offered, PART_BYTES);
    buf_init(&installed, PART_BYTES);
    buf_init(&trust, PART_BYTES);
    enum crl_set_decision decision = CRL_SET_UNCHANGED;
    struct crl_set_summary summary;
    struct error err = {0};
    if (crl_set_read(take_part(&left), &offered, &err) != RESULT_OK) {
        return 0;
    }
    (void)!crl_set_read(take_part(&left), &installed, &err);
    (void)!pem_decode_all(left, PEM_CERTIFICATE, &trust, &err);
    (void)!crl_set_decide(buf_bytes(&offered), buf_bytes(&installed), buf_bytes(&trust), NOW,
                          &decision, &summary, &err);
    return 0;
}
