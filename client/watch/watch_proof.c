// Proving that a CRL took effect: the good canary gets in and the revoked one does not.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "client/watch/canary.h"
#include "client/watch/probe.h"
#include "client/watch/watch_private.h"
#include "x509/pem.h"

#define PAUSE_MILLISECONDS 200

static enum result read_trust(const struct watch *watch, struct buf *out, struct error *err) {
    const char *path = watch->options->proof_ca;
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * LIMIT_CHAIN_BYTES);
    if (path == NULL) {
        return buf_append(out, buf_bytes(&watch->trust));
    }
    TRY(file_read(path, &text, err));
    return pem_decode_all(buf_bytes(&text), PEM_CERTIFICATE, out, err);
}

static enum result make_context(const struct credential *credential, struct bytes trust,
                                struct tls_context **out_tls, struct error *err) {
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    TRY(buf_append(&chain, buf_bytes(&credential->certificate)));
    TRY(buf_append(&chain, buf_bytes(&credential->chain)));
    return tls_client_context_new(trust, buf_bytes(&chain), credential->key, out_tls, err);
}

static enum probe_verdict probe(const struct watch *watch, struct tls_context *tls,
                                struct error *err) {
    const struct watch_options *options = watch->options;
    const char *name = options->proof_name != NULL ? options->proof_name : options->proof.host;
    return probe_run(watch->preset->probe, &options->proof, name, tls, err);
}

// Whoever was interrupted has seen nothing, and is about to end.
static enum result failed(struct error *err, const char *what, const struct error *reason) {
    if (strcmp(reason->code, "interrupted") == 0) {
        if (err != NULL) {
            *err = *reason;
        }
        return RESULT_UNAVAILABLE;
    }
    (void)error_set_code(err, RESULT_DENIED, "proof_failed", "%s%s%s", what,
                         reason->message[0] != '\0' ? ": " : "", reason->message);
    error_hint(err, "Look at the server's log and at the file that it reads.");
    return RESULT_DENIED;
}

static enum result try_once(const struct watch *watch, struct tls_context *good,
                            struct tls_context *revoked, struct error *err) {
    struct error reason = {0};
    enum probe_verdict verdict = probe(watch, good, &reason);
    if (verdict != PROBE_IN) {
        return failed(err,
                      verdict == PROBE_NO_ANSWER ? "the server does not answer the good canary"
                                                 : "the server refuses the good canary",
                      &reason);
    }
    switch (probe(watch, revoked, &reason)) {
    case PROBE_IN:
        return failed(err, "the server lets the revoked canary in", &(struct error){0});
    case PROBE_OUT_OTHERWISE:
        return failed(err, "the server refuses the revoked canary, but not as revoked",
                      &reason);
    case PROBE_NO_ANSWER:
        return failed(err, "the server does not answer the revoked canary", &reason);
    case PROBE_OUT:
        break;
    }
    return RESULT_OK;
}

// A server takes up its new file some time after it was told.
static enum result try_until(const struct watch *watch, struct tls_context *good,
                             struct tls_context *revoked, struct error *err) {
    int64_t end = clock_monotonic_milliseconds() + LIMIT_PROOF_SECONDS * 1000;
    for (;;) {
        enum result result = try_once(watch, good, revoked, err);
        if (result != RESULT_DENIED || clock_monotonic_milliseconds() > end) {
            return result;
        }
        if (poll(NULL, 0, PAUSE_MILLISECONDS) < 0) {
            return error_set_code(err, RESULT_UNAVAILABLE, "interrupted",
                                  "interrupted by a signal");
        }
    }
}

enum result watch_prove(const struct watch *watch, struct bytes installed, struct error *err) {
    AUTO(canary_pair_clear) struct canary_pair pair = {0};
    AUTO(tls_context_free_at) struct tls_context *good = NULL;
    AUTO(tls_context_free_at) struct tls_context *revoked = NULL;
    AUTO(buf_clear) struct buf trust = {0};
    buf_init(&trust, LIMIT_CHAIN_BYTES);
    TRY(canary_read(watch->options->canary, installed, &pair, err));
    TRY(read_trust(watch, &trust, err));
    TRY(make_context(&pair.good, buf_bytes(&trust), &good, err));
    TRY(make_context(&pair.revoked, buf_bytes(&trust), &revoked, err));
    return try_until(watch, good, revoked, err);
}
