// wolfCrypt's failures as errors.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/crypto.h"

#include <stdbool.h>
#include <stdint.h>

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/cryptocb.h>
#include <wolfssl/wolfcrypt/error-crypt.h>
#include <wolfssl/wolfcrypt/wc_port.h>

#include "base/random.h"

static int answer_device(int device, wc_CryptoInfo *info, void *context) {
    (void)device;
    (void)context;
    if (info->algo_type != WC_ALGO_TYPE_SEED) {
        return CRYPTOCB_UNAVAILABLE;
    }
    return random_bytes(info->seed.seed, info->seed.sz, NULL) == RESULT_OK ? 0 : RNG_FAILURE_E;
}

enum result crypto_prepare(struct error *err) {
    static bool is_ready;
    if (is_ready) {
        return RESULT_OK;
    }
    int code = wolfCrypt_Init();
    if (code == 0) {
        code = wc_CryptoCb_RegisterDevice(CRYPTO_RANDOM_DEVICE, answer_device, NULL);
    }
    if (code != 0) {
        return crypto_failed(err, "start wolfCrypt", code);
    }
    is_ready = true;
    return RESULT_OK;
}

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
