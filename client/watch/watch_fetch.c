// Asking the authority, or a mirror, for CRLs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "client/connect/route.h"
#include "client/watch/crl_set.h"
#include "client/watch/watch_private.h"
#include "x509/crl.h"

// Of a set of CRLs in any order: a CApath gives them back in that of their CAs.
static enum result hash_set(struct bytes set, uint8_t out_hash[SHA256_SIZE]) {
    memset(out_hash, 0, SHA256_SIZE);
    while (set.size > 0) {
        struct crl crl;
        uint8_t one[SHA256_SIZE];
        TRY(crl_read_next(&set, &crl, NULL));
        TRY(hash_sha256(crl.der, one));
        for (size_t i = 0; i < SHA256_SIZE; i++) {
            out_hash[i] ^= one[i];
        }
    }
    return RESULT_OK;
}

// The etag is worth something only while the file is what came with it.
static enum result write_conditions(const struct watch *watch, struct bytes installed,
                                    struct buf *out) {
    uint8_t digest[SHA256_SIZE];
    if (watch->etag.size == 0 || installed.size == 0) {
        return RESULT_OK;
    }
    TRY(hash_set(installed, digest));
    if (memcmp(digest, watch->etag_hash, sizeof(digest)) != 0) {
        return RESULT_OK;
    }
    return buf_printf(out, "If-None-Match: %s\r\n", buf_string(&watch->etag));
}

// The number of the first CRL of an answer, which is the issuing CA's in a bundle; 0 without.
static int64_t first_number(struct bytes answer) {
    struct crl crl;
    int64_t number = 0;
    if (crl_read_next(&answer, &crl, NULL) != RESULT_OK || crl.number.size > 7) {
        return 0;
    }
    for (size_t i = 0; i < crl.number.size; i++) {
        number = number << 8 | crl.number.data[i];
    }
    return number;
}

// Servers that know nothing of waiting answer at once.
static enum result write_target(const struct watch *watch, int64_t wait_seconds,
                                struct buf *out) {
    const char *target = watch->options->url.target;
    TRY(buf_append_string(out, target));
    if (wait_seconds <= 0 || watch->etag_number <= 0) {
        return RESULT_OK;
    }
    return buf_printf(out, "%cafter=%lld&wait=%lld", strchr(target, '?') == NULL ? '?' : '&',
                      (long long)watch->etag_number, (long long)wait_seconds);
}

static enum result refuse_answer(struct watch *watch, const struct http_message *answer,
                                 struct error *err) {
    watch->retry_after_seconds = exchange_retry_after(answer);
    enum result result = api_read_error(answer, err);
    error_context(err, "%s", watch->options->url.target);
    if (answer->status >= 300 && answer->status <= 399) {
        error_hint(err, "Redirections are not followed: give the address it leads to.");
    } else if (answer->status == 404) {
        error_hint(err, "Has the authority published a CRL under this name yet? `signetctl "
                        "status` lists them.");
    }
    return result;
}

static enum result read_answer(const struct http_message *answer, struct buf *out_der,
                               struct error *err) {
    enum result result = crl_set_read(buf_bytes(&answer->body), out_der, err);
    if (result != RESULT_OK && err != NULL) {
        struct error reason = *err;
        (void)error_set_code(err, result, "crl_refused", "the answer is no CRL: %s",
                             reason.message);
    }
    return result;
}

enum result watch_fetch(struct watch *watch, struct bytes installed, int64_t wait_seconds,
                        struct buf *out_der, struct buf *out_etag, struct error *err) {
    AUTO(buf_clear) struct buf headers = {0};
    AUTO(buf_clear) struct buf target = {0};
    buf_init(&headers, LIMIT_ETAG_BYTES + 128);
    buf_init(&target, URL_TARGET_SIZE + 100);
    TRY(write_conditions(watch, installed, &headers));
    TRY(write_target(watch, headers.size > 0 ? wait_seconds : 0, &target));
    AUTO(exchange_clear) struct exchange exchange = {0};
    exchange_init(&exchange, &watch->options->url, watch->tls, LIMIT_CRL_BUNDLE_BYTES);
    const struct http_question question = {
        .method = "GET", .target = buf_string(&target), .extra_headers = buf_string(&headers)};
    const struct http_message *answer = NULL;
    watch->retry_after_seconds = 0;
    TRY(exchange_ask(&exchange, &question, &answer, err));
    bool says_unchanged = answer->status == 304 || answer->status == 204;
    if (says_unchanged && headers.size > 0) {
        return RESULT_OK;
    }
    if (answer->status != 200) {
        return refuse_answer(watch, answer, err);
    }
    const char *etag = http_message_header(answer, "etag");
    if (etag != NULL && strlen(etag) < LIMIT_ETAG_BYTES) {
        TRY(buf_assign(out_etag, bytes_of_string(etag)));
    }
    return read_answer(answer, out_der, err);
}

enum result watch_remember_etag(struct watch *watch, struct buf *etag, struct bytes der) {
    TRY(hash_set(der, watch->etag_hash));
    watch->etag_number = first_number(der);
    return buf_assign(&watch->etag, buf_bytes(etag));
}
