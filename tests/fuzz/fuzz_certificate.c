// Fuzzes the reader of certificates and the verification of chains.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes input = bytes_of(data, size), chain = input;
    struct certificate certificate = {0}, first = {0};
    struct error err = {0};
    (void)certificate_read_tbs(input, &certificate, &err);
    for (size_t i = 0; certificate_read_next(&chain, &certificate, &err) == RESULT_OK; i++) {
        AUTO(names_clear) struct names names = {0};
        (void)certificate_names(&certificate, &names, &err);
        (void)certificate_has_extended_key_usage(&certificate, OID_CLIENT_AUTH);
        (void)certificate_verify(&certificate, &certificate, &err);
        if (i == 0) {
            first = certificate;
        } else {
            (void)certificate_verify_chain(&first, chain, &certificate, first.not_before, &err);
        }
    }
    return 0;
}
