// read_pkcs12 FILE PASSWORD: opens a PKCS#12 file with wolfSSL's own reader, for the interoperability tests.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/pkcs12.h>

#include "base/file.h"
#include "base/limits.h"

int main(int argc, char **argv) {
    AUTO(buf_clear) struct buf file = {0};
    struct error err = {0};
    buf_init(&file, LIMIT_PKCS12_BYTES);
    if (argc != 3 || file_read(argv[1], &file, &err) != RESULT_OK) {
        (void)fprintf(stderr, "read_pkcs12 FILE PASSWORD %s\n", err.message);
        return 2;
    }
    byte *key = NULL, *certificate = NULL;
    word32 key_size = 0, certificate_size = 0;
    WC_DerCertList *others = NULL;
    WC_PKCS12 *pkcs12 = wc_PKCS12_new();
    int code = wc_d2i_PKCS12(file.data, (word32)file.size, pkcs12);
    if (code == 0) {
        code = wc_PKCS12_parse(pkcs12, argv[2], &key, &key_size, &certificate,
                               &certificate_size, &others);
    }
    wc_PKCS12_free(pkcs12);
    if (code != 0) {
        (void)fprintf(stderr, "wolfSSL: %d\n", code);
        return 1;
    }
    int count = 0;
    while (others != NULL) {
        WC_DerCertList *next = others->next;
        free(others->buffer);
        free(others);
        others = next;
        count++;
    }
    (void)printf("%s, %s, %d others\n", key_size > 0 ? "key" : "no key",
                 certificate_size > 0 ? "certificate" : "no certificate", count);
    free(key);
    free(certificate);
    return 0;
}
