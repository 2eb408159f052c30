// One round of watching a CRL.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/owner.h"
#include "base/random.h"
#include "client/watch/watch_private.h"
#include "x509/crl.h"
#include "x509/pem.h"

#define MARKER_SUFFIX ".reload"
#define LOCK_SUFFIX ".lock"
#define REVOKED_SUFFIX ".revoked"
#define COPY_SUFFIX ".crls"
// In a folder without file beside it, what these suffixes are put behind.
#define FOLDER_NAME "signet"
#define WARN_PERCENT 25

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

static enum result follow_links(const char *option, const char *path, struct buf *out,
                                struct error *err) {
    enum result result = owner_resolve(path, out, err);
    if (result != RESULT_OK && err != NULL) {
        struct error reason = *err;
        (void)error_set_code(err, result, "misconfigured", "%s %s is a link: %s", option, path,
                             reason.message);
        error_hint(err, "Name what it leads to, or: %s", reason.hint);
    }
    return result;
}

// rename() would replace a link instead of the file that the relying party reads. A link that
// somebody else made, a service in its own folder, would have root replace any file.
static enum result resolve_file(struct watch *watch, struct error *err) {
    const struct watch_options *options = watch->options;
    AUTO(buf_clear) struct buf base = {0};
    buf_init(&base, LIMIT_PATH_BYTES);
    if (options->folder != NULL) {
        TRY(follow_links("the folder", options->folder, &watch->folder, err));
    }
    if (options->file != NULL) {
        TRY(follow_links("the file", options->file, &watch->file, err));
        TRY(buf_append(&base, buf_bytes(&watch->file)));
    } else {
        TRY(path_join(&base, buf_string(&watch->folder), FOLDER_NAME));
    }
    TRY(buf_printf(&watch->marker, "%s" MARKER_SUFFIX, buf_string(&base)));
    TRY(buf_printf(&watch->revoked, "%s" REVOKED_SUFFIX, buf_string(&base)));
    return buf_printf(&watch->lock, "%s" LOCK_SUFFIX, buf_string(&base));
}

static enum result resolve_copy(struct watch *watch, struct error *err) {
    const struct watch_options *options = watch->options;
    if (options->state_folder == NULL || options->name == NULL) {
        return RESULT_OK;
    }
    TRY(folder_make_all(options->state_folder, 0755, err));
    return buf_printf(&watch->copy, "%s/%s" COPY_SUFFIX, options->state_folder, options->name);
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
    buf_init(&watch->folder, LIMIT_PATH_BYTES);
    buf_init(&watch->marker, LIMIT_PATH_BYTES);
    buf_init(&watch->trust, LIMIT_CHAIN_BYTES);
    buf_init(&watch->etag, LIMIT_ETAG_BYTES);
    buf_init(&watch->lock, LIMIT_PATH_BYTES);
    buf_init(&watch->copy, LIMIT_PATH_BYTES);
    buf_init(&watch->revoked, LIMIT_PATH_BYTES);
    TRY(read_trust(watch, err));
    TRY(resolve_file(watch, err));
    TRY(resolve_copy(watch, err));
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
    watch->preset = options->preset != NULL ? options->preset : watch_preset_default();
    watch->is_proof_due = options->proof.host[0] != '\0';
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
        buf_clear(&watch->folder);
        buf_clear(&watch->marker);
        buf_clear(&watch->lock);
        buf_clear(&watch->copy);
        buf_clear(&watch->revoked);
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

// --- a round -----------------------------------------------------------------------------

// What a round works on; owned.
struct round {
    struct buf installed;
    struct buf copy;
    struct buf offered; // what the server gave; empty: nothing new
    struct buf etag;
    bool is_damaged;
};

static void round_clear(struct round *round) {
    buf_clear(&round->installed);
    buf_clear(&round->copy);
    buf_clear(&round->offered);
    buf_clear(&round->etag);
}

static void round_init(struct round *round) {
    *round = (struct round){0};
    buf_init(&round->installed, LIMIT_CRL_BUNDLE_BYTES);
    buf_init(&round->copy, LIMIT_CRL_BUNDLE_BYTES);
    buf_init(&round->offered, LIMIT_CRL_BUNDLE_BYTES);
    buf_init(&round->etag, LIMIT_ETAG_BYTES);
}

static bool expires_soon(const struct watch *watch, const struct crl_set_summary *summary) {
    int percent =
        watch->options->warn_percent > 0 ? watch->options->warn_percent : WARN_PERCENT;
    int64_t left = summary->next_update - clock_now();
    return summary->lists > 0 && left < summary->life * percent / 100;
}

// nginx and HAProxy refuse everybody when one CA of the chain has no CRL.
static enum result require_every_crl(const struct watch *watch, struct bytes offered,
                                     struct error *err) {
    struct bytes left = buf_bytes(&watch->trust);
    while (watch->preset->needs_every_crl && left.size > 0) {
        struct certificate ca;
        TRY(certificate_read_next(&left, &ca, err));
        if (crl_set_has(offered, ca.subject)) {
            continue;
        }
        AUTO(buf_clear) struct buf name = {0};
        buf_init(&name, LIMIT_CERTIFICATE_BYTES);
        (void)distinguished_name_format(ca.subject, &name);
        (void)error_set_code(err, RESULT_INVALID, "crl_refused",
                             "the CRL of \"%.100s\" is not in the answer, and %s refuses "
                             "everybody without it",
                             buf_string(&name), watch->preset->name);
        error_hint(err, "Ask for the bundle: /crl/NAME.bundle.pem");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

// What is to be done about a candidate that may be installed.
struct verdict {
    bool is_new;    // for the relying party
    bool is_behind; // the copy is not the candidate
};

// The copy is what was installed last by our own account: a file that somebody removed or put
// back must not open the way behind it.
static enum result decide(const struct watch *watch, const struct round *round,
                          struct bytes candidate, struct verdict *out_verdict,
                          struct crl_set_summary *out_summary, struct error *err) {
    struct crl_set_summary summary = {0};
    enum crl_set_decision about_copy = CRL_SET_UNCHANGED;
    enum crl_set_decision about_installed = CRL_SET_UNCHANGED;
    struct bytes trust = buf_bytes(&watch->trust);
    int64_t now = clock_now();
    TRY(crl_set_decide(candidate, buf_bytes(&round->copy), trust, now, &about_copy, &summary,
                       err));
    TRY(crl_set_decide(candidate, buf_bytes(&round->installed), trust, now, &about_installed,
                       &summary, err));
    TRY(require_every_crl(watch, candidate, err));
    *out_summary = summary;
    *out_verdict =
        (struct verdict){.is_new = about_installed == CRL_SET_REPLACE || round->is_damaged,
                         .is_behind = watch->copy.size > 0 && about_copy == CRL_SET_REPLACE};
    return RESULT_OK;
}

static enum result install(const struct watch *watch, struct round *round,
                           struct bytes candidate, struct bytes before,
                           struct watch_report *report, struct error *err) {
    bool revokes_more = false;
    TRY(crl_set_revokes_more(candidate, before, &revokes_more, err));
    TRY(watch_install(watch, candidate,
                      revokes_more ? WATCH_CAUSE_REVOCATION : WATCH_CAUSE_CHANGE, err));
    report->is_replaced = true;
    return buf_assign(&round->installed, candidate) == RESULT_OK ? RESULT_OK
                                                                 : error_out_of_memory(err);
}

// Noted first, so that no crash forgets whom to tell of; but that this cannot be done keeps nobody
// in who is revoked. The copy then stays behind, and the next round notes what came after it.
static enum result consider(const struct watch *watch, struct round *round,
                            struct bytes candidate, struct watch_report *report,
                            struct error *err) {
    struct verdict verdict = {0};
    struct error note_error = {0};
    TRY(decide(watch, round, candidate, &verdict, &report->summary, err));
    report->was_damaged = round->is_damaged;
    if (!verdict.is_new && !verdict.is_behind) {
        return RESULT_OK;
    }
    struct bytes before = buf_bytes(round->copy.size > 0 ? &round->copy : &round->installed);
    enum result noted =
        watch_note_revoked(watch, candidate, before, &report->untold, &note_error);
    if (verdict.is_new) {
        TRY(install(watch, round, candidate, before, report, err));
    }
    if (noted != RESULT_OK) {
        if (err != NULL) {
            *err = note_error;
        }
        error_context(err, "who was revoked could not be noted");
        return noted;
    }
    return watch_write_copy(watch, candidate, err);
}

// Without an answer: what is installed may still be broken, old or about to expire.
static void look_after_installed(const struct watch *watch, struct round *round,
                                 struct watch_report *report) {
    if (round->copy.size > 0 && !report->is_replaced) {
        AUTO(buf_clear) struct buf candidate = {0};
        buf_init(&candidate, LIMIT_CRL_BUNDLE_BYTES);
        if (buf_assign(&candidate, buf_bytes(&round->copy)) == RESULT_OK) {
            (void)consider(watch, round, buf_bytes(&candidate), report, NULL);
        }
        report->was_restored = report->is_replaced;
    }
    if (report->summary.lists == 0) {
        (void)crl_set_summarise(buf_bytes(&round->installed), &report->summary);
    }
}

static enum result read_both(const struct watch *watch, struct round *round,
                             struct error *err) {
    buf_reset(&round->installed);
    buf_reset(&round->copy);
    TRY(watch_read_installed(watch, &round->installed, &round->is_damaged, err));
    return watch_read_copy(watch, &round->copy);
}

// Under the lock: takes what was fetched, or looks after what is there.
static enum result refresh(struct watch *watch, struct round *round, enum result fetched,
                           struct watch_report *report, struct error *err) {
    TRY(read_both(watch, round, err));
    if (fetched != RESULT_OK) {
        look_after_installed(watch, round, report);
        return RESULT_OK;
    }
    // After a 304 the installed ones are judged once more: they may have expired meanwhile.
    bool is_fresh = round->offered.size > 0;
    AUTO(buf_clear) struct buf candidate = {0};
    buf_init(&candidate, LIMIT_CRL_BUNDLE_BYTES);
    TRY(buf_assign(&candidate, buf_bytes(is_fresh ? &round->offered : &round->installed)));
    enum result result = consider(watch, round, buf_bytes(&candidate), report, err);
    if (result != RESULT_OK) {
        look_after_installed(watch, round, report);
        return result;
    }
    return is_fresh ? watch_remember_etag(watch, &round->etag, buf_bytes(&candidate))
                    : RESULT_OK;
}

// Writes and tells once more when the canaries say that it did not take effect.
static enum result prove(struct watch *watch, struct round *round, struct watch_report *report,
                         struct error *err) {
    watch->is_proof_due = watch->options->proof.host[0] != '\0' &&
                          (watch->is_proof_due || report->is_replaced || report->is_reloaded);
    struct bytes installed = buf_bytes(&round->installed);
    if (!watch->is_proof_due || installed.size == 0) {
        return RESULT_OK;
    }
    enum result result = watch_prove(watch, installed, err);
    if (result == RESULT_DENIED) {
        TRY(watch_install(watch, installed, WATCH_CAUSE_REPAIR, err));
        TRY(watch_apply(watch, installed, report, err));
        result = watch_prove(watch, installed, err);
        report->was_repaired = result == RESULT_OK;
    }
    TRY(result);
    watch->is_proof_due = false;
    report->is_proven = true;
    return RESULT_OK;
}

static enum result apply_and_prove(struct watch *watch, struct round *round,
                                   struct watch_report *report, struct error *err) {
    // Also when telling failed, or sessions could not be ended: what holds then must be known.
    struct error proof_error = {0};
    enum result applied = watch_apply(watch, buf_bytes(&round->installed), report, err);
    enum result proven = prove(watch, round, report, &proof_error);
    if (applied != RESULT_OK && proven != RESULT_DENIED) {
        return applied;
    }
    if (proven != RESULT_OK && err != NULL) {
        *err = proof_error;
    }
    return proven;
}

// The first failure is the round's, but each step does what it can: telling that is due does
// not wait for a server that is away.
static enum result run_round(struct watch *watch, struct round *round, int64_t wait_seconds,
                             struct watch_report *report, struct error *err) {
    struct error fetch_error = {0};
    struct error refresh_error = {0};
    TRY(read_both(watch, round, err));
    watch->has_been_ours = watch->has_been_ours || !round->is_damaged;
    bool may_wait = !round->is_damaged && !file_exists(buf_string(&watch->marker)) &&
                    !watch_has_noted(watch);
    enum result fetched =
        watch_fetch(watch, buf_bytes(&round->installed), may_wait ? wait_seconds : 0,
                    &round->offered, &round->etag, &fetch_error);
    AUTO(watch_unlock_at) int lock = -1;
    TRY(watch_lock(watch, &lock, err));
    if (!watch->is_tidy) {
        watch_tidy(watch);
        watch->is_tidy = true;
    }
    enum result refreshed = refresh(watch, round, fetched, report, &refresh_error);
    watch->has_been_ours = watch->has_been_ours || report->is_replaced;
    report->expires_soon = expires_soon(watch, &report->summary);
    enum result applied = apply_and_prove(watch, round, report, err);
    const struct error *first = fetched != RESULT_OK     ? &fetch_error
                                : refreshed != RESULT_OK ? &refresh_error
                                                         : NULL;
    if (first == NULL) {
        return applied;
    }
    if (err != NULL) {
        *err = *first;
    }
    return fetched != RESULT_OK ? fetched : refreshed;
}

enum result watch_round(struct watch *watch, int64_t wait_seconds,
                        struct watch_report *out_report, struct error *err) {
    struct watch_report report = {0};
    AUTO(round_clear) struct round round = {0};
    round_init(&round);
    enum result result = run_round(watch, &round, wait_seconds, &report, err);
    *out_report = report;
    TRY(result);
    if (report.is_replaced || report.is_reloaded || report.is_proven || report.told > 0) {
        return RESULT_OK;
    }
    const char *place = buf_string(watch->file.size > 0 ? &watch->file : &watch->folder);
    return error_set_code(err, RESULT_CONFLICT, "unchanged", "%s is up to date", place);
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
