// TLS connections over memory, through wolfSSL's native API.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/tls.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "wire/tls_peer.h"
#include "wire/tls_private.h"

#include <wolfssl/error-ssl.h>

// What a full output may still be given: handshake messages, alerts, key updates.
#define OUTPUT_SLACK (64 * 1024)
// A record carries at most this much.
#define RECORD_BYTES 16384
// Header, nonce, tag and padding of a record, generously.
#define RECORD_OVERHEAD 64

// Turns wolfSSL's failure into an error, once; the connection is unusable from now on.
static enum result fail_connection(struct tls *tls, int code, struct error *err) {
    WOLFSSL_ALERT_HISTORY history = {0};
    tls->is_failed = true;
    wolfSSL_ERR_clear_error();
    if (tls->refusal != NULL) {
        if (err != NULL) {
            *err = *tls->refusal;
        }
        return tls->refusal->result;
    }
    if (code == FATAL_ERROR &&
        wolfSSL_get_alert_history(tls->wolf, &history) == WOLFSSL_SUCCESS &&
        history.last_rx.level == alert_fatal) {
        return tls_refuse_alert(history.last_rx.code, err);
    }
    return tls_refuse_code(code, err);
}

// --- the peer's certificate --------------------------------------------------------------

void tls_keep_refusal(struct tls *tls, const struct error *refusal) {
    if (tls->refusal == NULL) {
        tls->refusal = malloc(sizeof(*tls->refusal));
        if (tls->refusal != NULL) {
            *tls->refusal = *refusal;
        }
    }
}

// The certificates behind the leaf, concatenated.
static enum result collect_others(const WOLFSSL_X509_STORE_CTX *store, struct buf *out) {
    for (int i = 1; i < store->totalCerts; i++) {
        TRY(buf_append(out, bytes_of(store->certs[i].buffer, store->certs[i].length)));
    }
    return RESULT_OK;
}

static enum result check_peer(struct tls *tls, const WOLFSSL_X509_STORE_CTX *store,
                              struct error *err) {
    AUTO(buf_clear) struct buf others = {0};
    buf_init(&others, LIMIT_CHAIN_BYTES);
    const struct bytes leaf = bytes_of(store->certs[0].buffer, store->certs[0].length);
    if (tls->context->verification != VERIFY_INSECURE) {
        TRY(collect_others(store, &others));
        const struct tls_peer peer = {.leaf = leaf,
                                      .others = buf_bytes(&others),
                                      .trust = buf_bytes(&tls->context->trust),
                                      .host = tls->host,
                                      .is_authority = tls->context->expects_authority};
        TRY(tls_peer_check(&peer, err));
    }
    return buf_assign(&tls->peer, leaf);
}

// The words of a failure that has none. It is never RESULT_LIMIT, by which tls_input tells that more
// is waiting.
static void describe_refusal(enum result result, struct error *refusal) {
    if (result == RESULT_INTERNAL) {
        (void)error_out_of_memory(refusal);
    } else if (result == RESULT_LIMIT) {
        (void)error_set_code(refusal, RESULT_DENIED, "certificate_too_large",
                             "the peer's certificate chain is too large");
    }
}

// Called for every certificate that was sent, the leaf last. wolfSSL's refusal stands, except
// for the leaf's dates and usage; about those, and beside wolfSSL about everything else,
// tls_peer_check decides. An intermediate must never be passed here against wolfSSL's verdict:
// it would become a trusted CA of the whole context. Returns 1 to go on.
int tls_verify_peer(int is_accepted, WOLFSSL_X509_STORE_CTX *store) {
    struct tls *tls = store->userCtx;
    struct error refusal = {0};
    const bool is_insecure = tls->context->verification == VERIFY_INSECURE;
    const bool is_leaf = store->error_depth == 0;
    if (store->totalCerts == 0) {
        return is_accepted; // the peer sent none; whether it may is decided already
    }
    if (!is_accepted && !is_insecure && !(is_leaf && tls_is_left_to_us(store->error))) {
        (void)tls_refuse_certificate(store->error, &refusal);
        tls_keep_refusal(tls, &refusal);
        return 0;
    }
    const enum result result = is_leaf ? check_peer(tls, store, &refusal) : RESULT_OK;
    if (result != RESULT_OK) {
        describe_refusal(result, &refusal);
        tls_keep_refusal(tls, &refusal);
        return 0;
    }
    return 1;
}

// --- bytes in and out --------------------------------------------------------------------

int tls_give_bytes(WOLFSSL *wolf, char *room, int size, void *context) {
    struct tls *tls = context;
    (void)wolf;
    const struct bytes part = bytes_slice(tls->offered, 0, (size_t)size);
    if (part.size == 0) {
        return WOLFSSL_CBIO_ERR_WANT_READ;
    }
    memcpy(room, part.data, part.size);
    tls->offered = bytes_slice(tls->offered, part.size, tls->offered.size);
    return (int)part.size;
}

// Always takes everything, so that wolfSSL never has to repeat a write; a peer that makes us
// talk without reading is cut off at the buffer's maximum.
int tls_take_bytes(WOLFSSL *wolf, char *bytes, int size, void *context) {
    struct tls *tls = context;
    (void)wolf;
    const enum result result = buf_append(&tls->output, bytes_of(bytes, (size_t)size));
    if (result == RESULT_INTERNAL) {
        struct error refusal = {0};
        (void)error_out_of_memory(&refusal);
        tls_keep_refusal(tls, &refusal);
    }
    if (result != RESULT_OK) {
        return WOLFSSL_CBIO_ERR_GENERAL;
    }
    return size;
}

// --- connections -------------------------------------------------------------------------

static enum result connection_new(struct tls_context *context, const char *host,
                                  struct tls **out_tls, struct error *err) {
    AUTO(tls_free_at) struct tls *tls = calloc(1, sizeof(*tls));
    if (tls == NULL) {
        return error_out_of_memory(err);
    }
    tls->context = context;
    context->references++;
    buf_init(&tls->unread, LIMIT_TLS_INPUT_BYTES);
    buf_init(&tls->output, LIMIT_TLS_OUTPUT_BYTES + OUTPUT_SLACK);
    buf_init(&tls->peer, LIMIT_CERTIFICATE_BYTES);
    tls->wolf = wolfSSL_new(context->wolf);
    if (tls->wolf == NULL) {
        wolfSSL_ERR_clear_error();
        return error_out_of_memory(err);
    }
    wolfSSL_SetIOReadCtx(tls->wolf, tls);
    wolfSSL_SetIOWriteCtx(tls->wolf, tls);
    wolfSSL_SetCertCbCtx(tls->wolf, tls);
    if (host != NULL) {
        tls->host = string_copy(host);
        if (tls->host == NULL) {
            return error_out_of_memory(err);
        }
    }
    *out_tls = tls;
    tls = NULL;
    return RESULT_OK;
}

enum result tls_accept_new(struct tls_context *context, struct tls **out_tls,
                           struct error *err) {
    return connection_new(context, NULL, out_tls, err);
}

// RFC 6066, 3: a name, not an address.
static enum result send_server_name(struct tls *tls, struct error *err) {
    uint8_t address[16];
    size_t size = 0;
    const size_t length = strlen(tls->host);
    if (text_read_ip(tls->host, address, &size) == RESULT_OK) {
        return RESULT_OK;
    }
    if (length == 0 || length > LIMIT_DNS_NAME_BYTES + 1) {
        return error_set(err, RESULT_INVALID, "\"%s\" is not a host name", tls->host);
    }
    if (wolfSSL_UseSNI(tls->wolf, WOLFSSL_SNI_HOST_NAME, tls->host, (unsigned short)length) !=
        WOLFSSL_SUCCESS) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

enum result tls_connect_new(struct tls_context *context, const char *host, struct tls **out_tls,
                            struct error *err) {
    AUTO(tls_free_at) struct tls *tls = NULL;
    TRY(connection_new(context, host, &tls, err));
    TRY(send_server_name(tls, err));
    *out_tls = tls;
    tls = NULL;
    return RESULT_OK;
}

void tls_free(struct tls *tls) {
    if (tls != NULL) {
        wolfSSL_free(tls->wolf);
        buf_clear(&tls->unread);
        buf_clear(&tls->output);
        buf_clear(&tls->peer);
        free(tls->refusal);
        free(tls->host);
        tls_context_free(tls->context);
        free(tls);
    }
}

void tls_free_at(struct tls **tls) {
    tls_free(*tls);
    *tls = NULL;
}

// --- input -------------------------------------------------------------------------------

// The first bytes must be a record header of TLS: handshake, or an alert instead of one, and
// version 3.x (RFC 8446, 5.1).
static enum result check_is_tls(struct tls *tls, struct bytes cipher, struct error *err) {
    for (size_t i = 0; i < cipher.size && tls->begun < 3; i++, tls->begun++) {
        const uint8_t byte = cipher.data[i];
        const bool is_type = byte == 0x16 || byte == 0x15;
        const bool is_fine = tls->begun == 0   ? is_type
                             : tls->begun == 1 ? byte == 3
                                               : byte <= 4;
        if (!is_fine) {
            tls->is_failed = true;
            (void)error_set_code(err, RESULT_INVALID, "not_tls",
                                 "expected TLS, but the peer speaks something else");
            error_hint(err, tls->context->is_server ? "Connect with https:// or another TLS "
                                                      "client."
                                                    : "Check the port: this one may be for "
                                                      "plain HTTP.");
            return RESULT_INVALID;
        }
    }
    return RESULT_OK;
}

// RESULT_PENDING when the peer's next message is needed.
static enum result shake_hands(struct tls *tls, struct error *err) {
    const int done =
        tls->context->is_server ? wolfSSL_accept(tls->wolf) : wolfSSL_connect(tls->wolf);
    if (done != WOLFSSL_SUCCESS) {
        const int code = wolfSSL_get_error(tls->wolf, done);
        return code == WOLFSSL_ERROR_WANT_READ ? RESULT_PENDING
                                               : fail_connection(tls, code, err);
    }
    const bool needs_peer =
        tls->context->requires_certificate || tls->context->verification == VERIFY_SERVER;
    if (needs_peer && tls->peer.size == 0) {
        return fail_connection(tls, NO_PEER_CERT, err);
    }
    tls->is_established = true;
    return RESULT_OK;
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

// Room to read into: what is surely enough for the bytes at hand, and fits.
static size_t choose_room(const struct tls *tls, const struct buf *plain) {
    const size_t pending = (size_t)wolfSSL_pending(tls->wolf);
    size_t wanted = pending > tls->offered.size ? pending : tls->offered.size;
    wanted = wanted < 64 ? 64 : smaller(wanted, RECORD_BYTES);
    return smaller(wanted, plain->maximum - plain->size);
}

static enum result read_plain(struct tls *tls, struct buf *plain, struct error *err) {
    while (!tls->is_peer_closed) {
        const size_t size = choose_room(tls, plain);
        if (size == 0) {
            const bool is_more = wolfSSL_pending(tls->wolf) > 0 || tls->offered.size > 0;
            return is_more ? error_set(err, RESULT_LIMIT, "more plain bytes are waiting")
                           : RESULT_OK;
        }
        uint8_t *room = NULL;
        if (buf_reserve(plain, size, &room) != RESULT_OK) {
            return error_out_of_memory(err);
        }
        const int count = wolfSSL_read(tls->wolf, room, (int)size);
        if (count > 0) {
            buf_commit(plain, (size_t)count);
            continue;
        }
        const int code = wolfSSL_get_error(tls->wolf, count);
        if (code == WOLFSSL_ERROR_WANT_READ) {
            return RESULT_OK;
        }
        if (code != WOLFSSL_ERROR_ZERO_RETURN) {
            return fail_connection(tls, code, err);
        }
        tls->is_peer_closed = true;
    }
    return RESULT_OK;
}

static enum result process(struct tls *tls, struct buf *plain, struct error *err) {
    if (!tls->is_established) {
        const enum result result = shake_hands(tls, err);
        if (result != RESULT_OK) {
            return result == RESULT_PENDING ? RESULT_OK : result;
        }
    }
    return read_plain(tls, plain, err);
}

enum result tls_input(struct tls *tls, struct bytes cipher, struct buf *plain,
                      struct error *err) {
    if (tls->is_failed) {
        return error_set(err, RESULT_INVALID, "this TLS connection has failed before");
    }
    if (tls->is_peer_closed) {
        return RESULT_OK; // nothing counts behind close_notify (RFC 8446, 6.1)
    }
    TRY(check_is_tls(tls, cipher, err));
    const bool is_stored = tls->unread.size > 0;
    if (is_stored && buf_append(&tls->unread, cipher) != RESULT_OK) {
        tls->is_failed = true;
        return error_set(err, RESULT_INVALID, "the peer sends faster than it is read");
    }
    tls->offered = is_stored ? buf_bytes(&tls->unread) : cipher;
    enum result result = process(tls, plain, err);
    if (is_stored) {
        buf_consume(&tls->unread, tls->unread.size - tls->offered.size);
    } else if (buf_append(&tls->unread, tls->offered) != RESULT_OK) {
        tls->is_failed = true;
        result = error_set(err, RESULT_INVALID, "more TLS bytes came than can be kept");
    }
    tls->offered = (struct bytes){0};
    if (tls->unread.size == 0) {
        buf_clear(&tls->unread);
        buf_init(&tls->unread, LIMIT_TLS_INPUT_BYTES);
    }
    return result;
}

// --- output ------------------------------------------------------------------------------

enum result tls_write(struct tls *tls, struct bytes plain, struct error *err) {
    if (tls->is_failed || tls->is_closed) {
        return error_set(err, RESULT_INVALID, "this TLS connection is closed for writing");
    }
    if (!tls->is_established) {
        return error_set(err, RESULT_PENDING, "the TLS handshake is not over");
    }
    if (plain.size == 0) {
        return RESULT_OK;
    }
    const size_t overhead = (plain.size / RECORD_BYTES + 1) * RECORD_OVERHEAD;
    if (plain.size > LIMIT_TLS_OUTPUT_BYTES ||
        tls->output.size + plain.size + overhead > LIMIT_TLS_OUTPUT_BYTES) {
        return error_set(err, RESULT_LIMIT, "%zu bytes wait to be sent already",
                         tls->output.size);
    }
    const int count = wolfSSL_write(tls->wolf, plain.data, (int)plain.size);
    if (count != (int)plain.size) {
        return fail_connection(tls, wolfSSL_get_error(tls->wolf, count), err);
    }
    return RESULT_OK;
}

struct buf *tls_output(struct tls *tls) {
    return &tls->output;
}

enum result tls_start(struct tls *tls, struct error *err) {
    const enum result result = shake_hands(tls, err);
    return result == RESULT_PENDING ? RESULT_OK : result;
}

void tls_close(struct tls *tls) {
    // Only once: wolfSSL would begin to read at the second call.
    if (tls->is_established && !tls->is_closed && !tls->is_failed) {
        (void)wolfSSL_shutdown(tls->wolf);
    }
    tls->is_closed = true;
}

// --- what is known -----------------------------------------------------------------------

bool tls_is_established(const struct tls *tls) {
    return tls->is_established;
}

bool tls_peer_closed(const struct tls *tls) {
    return tls->is_peer_closed;
}

// Before the handshake is over the peer has not proved that it holds the key.
struct bytes tls_peer_certificate(const struct tls *tls) {
    return tls->is_established ? buf_bytes(&tls->peer) : (struct bytes){0};
}

const char *tls_version(const struct tls *tls) {
    return wolfSSL_get_version(tls->wolf);
}
