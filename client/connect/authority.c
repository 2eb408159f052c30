// The way to an authority.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/authority.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "client/connect/ask.h"
#include "client/connect/issued.h"

// A clock that is further off than this explains a certificate that is not valid "yet".
#define CLOCK_TOLERANCE_SECONDS 120

enum result authority_read_token(const char *text, struct authority_place *out_place,
                                 struct buf *out_credential, struct error *err) {
    AUTO(enrollment_token_clear) struct enrollment_token token = {0};
    struct error reason = {0};
    const enum result result = enrollment_token_read(text, &token, &reason);
    if (result == RESULT_INTERNAL) {
        return error_out_of_memory(err);
    }
    if (result != RESULT_OK) {
        (void)error_set_code(err, RESULT_INVALID, "usage", "%s", reason.message);
        error_hint(err, "%s",
                   reason.hint[0] != '\0' ? reason.hint
                                          : "Copy the whole token, from signet:// to the end.");
        return RESULT_INVALID;
    }
    struct url *url = &out_place->url;
    *url = (struct url){.is_https = true, .port = token.port, .target = "/"};
    size_t size = strlen(token.host);
    struct bytes host = bytes_of_string(token.host);
    if (size > 2 && token.host[0] == '[') {
        host = bytes_slice(host, 1, size - 2);
    }
    memcpy(url->host, host.data, host.size); // both have room for 255 bytes
    memcpy(out_place->fingerprint, token.root_fingerprint, SHA256_SIZE);
    return token_credential_format(token.id, token.secret, out_credential) == RESULT_OK
               ? RESULT_OK
               : error_out_of_memory(err);
}

enum result authority_find_root(const struct authority_place *place, struct buf *out_root,
                                int64_t *out_clock_error, struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    TRY(tls_client_context_new_insecure(&tls, err));
    AUTO(exchange_clear) struct exchange exchange = {0};
    exchange_init(&exchange, &place->url, tls, LIMIT_HTTP_RESPONSE_BODY_BYTES);
    exchange.transport = place->transport;
    struct authority_info info = {0};
    enum result result = ask_authority(&exchange, &info, err);
    struct bytes root = {0};
    if (result == RESULT_OK) {
        result = issued_find_root(blob_bytes(&info.chain),
                                  bytes_of(place->fingerprint, SHA256_SIZE), &root, err);
    }
    if (result == RESULT_OK) {
        *out_clock_error = info.time - clock_now();
        result = buf_assign(out_root, root) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
    }
    message_clear(&authority_info_type, &info);
    return result;
}

void authority_explain_clock(int64_t clock_error, const char *cure, struct error *err) {
    AUTO(buf_clear) struct buf ours = {0};
    AUTO(buf_clear) struct buf theirs = {0};
    bool is_off =
        clock_error > CLOCK_TOLERANCE_SECONDS || clock_error < -CLOCK_TOLERANCE_SECONDS;
    buf_init(&ours, 64);
    buf_init(&theirs, 64);
    if (!is_off || err == NULL || strcmp(err->code, "untrusted") != 0 ||
        time_format_rfc3339(clock_now(), &ours) != RESULT_OK ||
        time_format_rfc3339(clock_now() + clock_error, &theirs) != RESULT_OK) {
        return;
    }
    error_hint(err, "This machine's clock says %s, the authority's %s: %s.", buf_string(&ours),
               buf_string(&theirs), cure);
}

enum result authority_connect(const struct url *url, const struct transport *transport,
                              struct bytes trust, const struct own_certificate *own,
                              struct tls_context **out_tls, struct exchange *out_exchange,
                              struct error *err) {
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES + LIMIT_CERTIFICATE_BYTES);
    if (buf_append(&chain, own->certificate) != RESULT_OK ||
        buf_append(&chain, own->chain) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    TRY(tls_client_context_new(trust, buf_bytes(&chain), own->key, out_tls, err));
    tls_client_expect_authority(*out_tls);
    exchange_init(out_exchange, url, *out_tls, LIMIT_HTTP_RESPONSE_BODY_BYTES);
    out_exchange->transport = transport;
    return RESULT_OK;
}
