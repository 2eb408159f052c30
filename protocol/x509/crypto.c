// wolfCrypt's failures as errors.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/crypto.h"

#include <stdint.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/error-crypt.h>

enum result crypto_failed(struct error *err, const char *what, int wolfcrypt_code) {
    if (wolfcrypt_code == MEMORY_E) {
        return error_out_of_memory(err);
    }
    return error_set_code(err, RESULT_INTERNAL, "crypto_failed", "could not %s: %s (%d)", what,
                          wc_GetErrorString(wolfcrypt_code), wolfcrypt_code);
}

enum result crypto_check_size(struct bytes data, struct error *err) {
    if (data.size > UINT32_MAX / 2) {
        return error_set(err, RESULT_LIMIT, "%zu bytes are more than can be hashed at once",
                         data.size);
    }
    return RESULT_OK;
}
