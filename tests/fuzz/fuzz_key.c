// Fuzzes the readers of private keys in PKCS#8 and of public keys.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>

#include "x509/key.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bytes input = bytes_of(data, size);
    AUTO(key_free_at) struct key *key = NULL;
    enum key_algorithm algorithm = KEY_P256;
    uint8_t identifier[SHA1_SIZE];
    struct error err = {0};
    (void)public_key_identifier(input, identifier);
    if (public_key_check(input, &algorithm, &err) == RESULT_OK) {
        (void)public_key_verify(
            input, BYTES_LITERAL("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"), input,
            input, &err);
    }
    if (key_load_pkcs8(input, &key, &err) == RESULT_OK &&
        public_key_check(key_public(key), &algorithm, &err) != RESULT_OK) {
        abort(); // a key that loads has a valid public part
    }
    return 0;
}
