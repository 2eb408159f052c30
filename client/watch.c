// One round of watching a CRL.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/random.h"
#include "client/api.h"
#include "client/exchange.h"
#include "client/folder.h"
#include "client/reload.h"
#include "wire/tls.h"
#include "x509/hash.h"
#include "x509/pem.h"

#define MARKER_SUFFIX ".reload"
#define NEW_SUFFIX ".new"
#define ETAG_BYTES 200
#define DEFAULT_MODE 0644

struct watch {
    const struct watch_options *options;
    struct buf file; // where the link, if it is one, leads
    struct buf marker;
    struct buf trust;               // concatenated DER
    struct tls_context *tls;        // NULL for http
    struct buf etag;                // of what is installed; empty when unknown
    uint8_t etag_hash[SHA256_SIZE]; // of the DER that the etag belongs to
    int64_t retry_after_seconds;
    int64_t jitter_milliseconds;
};

// --- making ------------------------------------------------------------------------------

static enum result read_trust(struct watch *watch, struct error *err) {
    const char *path = watch->options->trust_file;
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * LIMIT_CHAIN_BYTES);
    enum result result = file_read(path, &text, err);
    if (result == RESULT_OK) {
        result = pem_decode_all(buf_bytes(&text), PEM_CERTIFICATE, &watch->trust, err);
    }
    if (result != RESULT_OK && err != NULL) {
        struct error reason = *err;
        (void)error_set_code(err, result, "misconfigured", "--ca %s: %s", path, reason.message);
    }
    return result;
}

static enum result resolve_file(struct watch *watch) {
    // rename() would replace a link instead of the file that the relying party reads.
    AUTO(string_free_at) char *real = realpath(watch->options->file, NULL);
    const char *path = real != NULL ? real : watch->options->file;
    TRY(buf_assign(&watch->file, bytes_of_string(path)));
    return buf_printf(&watch->marker, "%s" MARKER_SUFFIX, path);
}

static enum result draw_jitter(struct watch *watch, struct error *err) {
    uint8_t drawn[2];
    TRY(random_bytes(drawn, sizeof(drawn), err));
    int64_t whole = ((int64_t)drawn[0] << 8) | drawn[1];
    watch->jitter_milliseconds = watch->options->interval_seconds * 100 * whole / 65536;
    return RESULT_OK;
}

static enum result watch_init(struct watch *watch, struct error *err) {
    buf_init(&watch->file, LIMIT_PATH_BYTES);
    buf_init(&watch->marker, LIMIT_PATH_BYTES);
    buf_init(&watch->trust, LIMIT_CHAIN_BYTES);
    buf_init(&watch->etag, ETAG_BYTES);
    TRY(read_trust(watch, err));
    TRY(resolve_file(watch));
    TRY(draw_jitter(watch, err));
    if (!watch->options->url.is_https) {
        return RESULT_OK;
    }
    return tls_client_context_new(buf_bytes(&watch->trust), (struct bytes){0}, NULL,
                                  &watch->tls, err);
}

enum result watch_new(const struct watch_options *options, struct watch **out_watch,
                      struct error *err) {
    struct watch *watch = calloc(1, sizeof(*watch));
    if (watch == NULL) {
        return error_out_of_memory(err);
    }
    watch->options = options;
    enum result result = watch_init(watch, err);
    if (result != RESULT_OK) {
        watch_free(watch);
        return result;
    }
    *out_watch = watch;
    return RESULT_OK;
}

void watch_free(struct watch *watch) {
    if (watch != NULL) {
        buf_clear(&watch->file);
        buf_clear(&watch->marker);
        buf_clear(&watch->trust);
        buf_clear(&watch->etag);
        tls_context_free(watch->tls);
        free(watch);
    }
}

void watch_free_at(struct watch **watch) {
    watch_free(*watch);
    *watch = NULL;
}

// --- fetching ----------------------------------------------------------------------------

// The installed CRLs as DER; left empty, with *out_is_damaged, when there is no such file or it
// is no set of CRLs. Any other trouble is an error: what cannot be read must not be
// overwritten.
static enum result read_installed(const struct watch *watch, struct buf *out_der,
                                  bool *out_is_damaged, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CRL_BUNDLE_BYTES);
    *out_is_damaged = true;
    if (!file_exists(buf_string(&watch->file))) {
        return RESULT_OK;
    }
    TRY(file_read(buf_string(&watch->file), &text, err));
    if (crl_set_read(buf_bytes(&text), out_der, NULL) != RESULT_OK) {
        buf_reset(out_der);
        return RESULT_OK;
    }
    *out_is_damaged = false;
    return RESULT_OK;
}

// The etag is worth something only while the file is what came with it.
static enum result write_conditions(const struct watch *watch, struct bytes installed,
                                    struct buf *out) {
    uint8_t digest[SHA256_SIZE];
    if (watch->etag.size == 0 || installed.size == 0) {
        return RESULT_OK;
    }
    TRY(hash_sha256(installed, digest));
    if (memcmp(digest, watch->etag_hash, sizeof(digest)) != 0) {
        return RESULT_OK;
    }
    return buf_printf(out, "If-None-Match: %s\r\n", buf_string(&watch->etag));
}

static enum result refuse_answer(struct watch *watch, const struct http_message *answer,
                                 struct error *err) {
    watch->retry_after_seconds = exchange_retry_after(answer);
    enum result result = api_read_error(answer, err);
    error_context(err, "%s", watch->options->url.target);
    if (answer->status >= 300 && answer->status <= 399) {
        error_hint(err, "Redirections are not followed: give the address it leads to.");
    }
    return result;
}

// Fetches into `out_der`; left empty when the server says that nothing changed.
static enum result fetch(struct watch *watch, struct bytes installed, struct buf *out_der,
                         struct buf *out_etag, struct error *err) {
    AUTO(buf_clear) struct buf headers = {0};
    buf_init(&headers, ETAG_BYTES + 128);
    TRY(write_conditions(watch, installed, &headers));
    AUTO(exchange_clear) struct exchange exchange = {0};
    exchange_init(&exchange, &watch->options->url, watch->tls, LIMIT_CRL_BUNDLE_BYTES);
    const struct http_question question = {.method = "GET",
                                           .target = watch->options->url.target,
                                           .extra_headers = buf_string(&headers)};
    const struct http_message *answer = NULL;
    watch->retry_after_seconds = 0;
    TRY(exchange_ask(&exchange, &question, &answer, err));
    if (answer->status == 304 && headers.size > 0) {
        return RESULT_OK;
    }
    if (answer->status != 200) {
        return refuse_answer(watch, answer, err);
    }
    const char *etag = http_message_header(answer, "etag");
    if (etag != NULL && strlen(etag) < ETAG_BYTES) {
        TRY(buf_assign(out_etag, bytes_of_string(etag)));
    }
    enum result result = crl_set_read(buf_bytes(&answer->body), out_der, err);
    if (result != RESULT_OK && err != NULL) {
        struct error reason = *err;
        (void)error_set_code(err, result, "crl_refused", "the answer is no CRL: %s",
                             reason.message);
    }
    return result;
}

// --- installing --------------------------------------------------------------------------

static enum result replace_file(const struct watch *watch, struct bytes der,
                                struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf new_file = {0};
    buf_init(&text, LIMIT_CRL_BUNDLE_BYTES);
    buf_init(&new_file, LIMIT_PATH_BYTES);
    const char *path = buf_string(&watch->file);
    TRY(pem_encode_all(PEM_CRL, der, &text));
    TRY(buf_printf(&new_file, "%s" NEW_SUFFIX, path));
    TRY(file_replace(buf_string(&new_file), buf_bytes(&text), DEFAULT_MODE, err));
    // The relying party must be able to read the new file as it read the old one.
    enum result result = folder_take_over_access(buf_string(&new_file), path, 0777, err);
    if (result == RESULT_OK && rename(buf_string(&new_file), path) != 0) {
        result = error_from_errno(err, errno, "cannot replace %s", path);
    }
    if (result != RESULT_OK) {
        (void)unlink(buf_string(&new_file));
        return result;
    }
    char *slash = strrchr(buf_string(&new_file), '/');
    if (slash == NULL) {
        return folder_sync(".", err);
    }
    *(slash == buf_string(&new_file) ? slash + 1 : slash) = '\0';
    return folder_sync(buf_string(&new_file), err);
}

// The marker is there before the new file is, so that no crash forgets the reload.
static enum result install(const struct watch *watch, struct bytes der, struct error *err) {
    if (watch->options->reload != NULL) {
        TRY(file_replace(buf_string(&watch->marker), BYTES_LITERAL("reload is due\n"), 0644,
                         err));
    }
    return replace_file(watch, der, err);
}

static enum result reload_if_due(const struct watch *watch, bool *out_is_reloaded,
                                 struct error *err) {
    if (watch->options->reload == NULL || !file_exists(buf_string(&watch->marker))) {
        return RESULT_OK;
    }
    TRY(reload_run(watch->options->reload, err));
    if (unlink(buf_string(&watch->marker)) != 0) {
        return error_from_errno(err, errno, "cannot remove %s", buf_string(&watch->marker));
    }
    *out_is_reloaded = true;
    return RESULT_OK;
}

// --- a round -----------------------------------------------------------------------------

static enum result remember_etag(struct watch *watch, struct buf *etag, struct bytes der) {
    TRY(hash_sha256(der, watch->etag_hash));
    return buf_assign(&watch->etag, buf_bytes(etag));
}

static bool expires_soon(const struct crl_set_summary *summary, int64_t now) {
    int64_t life = summary->next_update - summary->this_update;
    return summary->next_update - now < life / 4;
}

// Fetches, decides, installs; the report tells what happened.
static enum result refresh(struct watch *watch, struct watch_report *report,
                           struct error *err) {
    AUTO(buf_clear) struct buf installed = {0};
    AUTO(buf_clear) struct buf offered = {0};
    AUTO(buf_clear) struct buf etag = {0};
    buf_init(&installed, LIMIT_CRL_BUNDLE_BYTES);
    buf_init(&offered, LIMIT_CRL_BUNDLE_BYTES);
    buf_init(&etag, ETAG_BYTES);
    TRY(read_installed(watch, &installed, &report->was_damaged, err));
    TRY(fetch(watch, buf_bytes(&installed), &offered, &etag, err));
    // After a 304 the installed ones are judged once more: they may have expired meanwhile.
    bool is_fresh = offered.size > 0;
    struct bytes candidate = buf_bytes(is_fresh ? &offered : &installed);
    enum crl_set_decision decision = CRL_SET_UNCHANGED;
    int64_t now = clock_now();
    TRY(crl_set_decide(candidate, buf_bytes(&installed), buf_bytes(&watch->trust), now,
                       &decision, &report->summary, err));
    report->expires_soon = expires_soon(&report->summary, now);
    if (decision == CRL_SET_REPLACE) {
        TRY(install(watch, candidate, err));
        report->is_replaced = true;
    }
    return is_fresh ? remember_etag(watch, &etag, candidate) : RESULT_OK;
}

enum result watch_round(struct watch *watch, struct watch_report *out_report,
                        struct error *err) {
    struct watch_report report = {0};
    struct error reload_error = {0};
    enum result result = refresh(watch, &report, err);
    // A reload that is due does not wait for a server that is away.
    enum result reloaded = reload_if_due(watch, &report.is_reloaded, &reload_error);
    *out_report = report;
    TRY(result);
    if (reloaded != RESULT_OK) {
        if (err != NULL) {
            *err = reload_error;
        }
        return reloaded;
    }
    if (report.is_replaced || report.is_reloaded) {
        return RESULT_OK;
    }
    return error_set_code(err, RESULT_CONFLICT, "unchanged", "%s is up to date",
                          buf_string(&watch->file));
}

int64_t watch_pause(const struct watch *watch, unsigned failures) {
    int64_t interval = watch->options->interval_seconds * 1000;
    int64_t pause = interval - watch->jitter_milliseconds;
    if (failures > 0) {
        int64_t backed_off = failures < 20 ? 1000LL << (failures - 1) : interval;
        pause = backed_off < interval ? backed_off : interval;
    }
    int64_t asked = watch->retry_after_seconds * 1000;
    return pause > asked ? pause : asked;
}
