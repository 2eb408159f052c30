// Enrolling, renewing and judging the canary pair.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/canary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "client/connect/route.h"
#include "client/device/enroll.h"
#include "client/device/folder.h"
#include "client/device/ownership.h"
#include "client/device/install.h"
#include "client/device/renew.h"
#include "x509/certificate.h"
#include "x509/crl.h"

// A pair that is valid by its dates is replaced only so.
#define FORCE_HINT                                                                             \
    "Replace the pair with: signet watch --enroll-canary TOKEN --force (a token with --uses "  \
    "2)"

void canary_pair_clear(struct canary_pair *pair) {
    credential_clear(&pair->good);
    credential_clear(&pair->revoked);
}

static enum result useless(struct error *err, const char *name, const char *why) {
    (void)error_set_code(err, RESULT_UNAVAILABLE, "canary", "the %s canary %s", name, why);
    error_hint(err, "Make a pair with: signet watch --enroll-canary TOKEN (a token with "
                    "--uses 2)");
    return RESULT_UNAVAILABLE;
}

static enum result path_of(const char *folder, const char *name, struct buf *out) {
    buf_init(out, LIMIT_PATH_BYTES);
    return path_join(out, folder, name);
}

// When it ends; 0 when it has ended, or is not readable.
static int64_t end_of(const char *folder, const char *name) {
    AUTO(buf_clear) struct buf path = {0};
    struct about about = {0};
    int64_t end = 0;
    if (path_of(folder, name, &path) == RESULT_OK &&
        credential_read_about(buf_string(&path), &about, NULL) == RESULT_OK) {
        end = about.not_after > clock_now() ? about.not_after : 0;
    }
    message_clear(&about_type, &about);
    return end;
}

// --- revoking ----------------------------------------------------------------------------

// Whatever else fails (an authority that is away, or is another one) leaves it unrevoked.
static bool says_revoked(enum result result, const struct error *err) {
    return api_is_refusal(result, err) && (strcmp(err->code, "certificate_revoked") == 0 ||
                                           strcmp(err->code, "already_revoked") == 0);
}

// With its own key. *out_was_revoked: the authority says that this was done already.
static enum result revoke(const char *folder, const char *name, const char *reason,
                          bool *out_was_revoked, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    struct error refusal = {0};
    TRY(path_of(folder, name, &path));
    enum result result = renew_revoke(buf_string(&path), reason, &refusal);
    *out_was_revoked = says_revoked(result, &refusal);
    if (result == RESULT_OK || *out_was_revoked) {
        return RESULT_OK;
    }
    if (err != NULL) {
        *err = refusal;
    }
    error_context(err, "the %s canary cannot be revoked", name);
    return result;
}

// --- enrolling ---------------------------------------------------------------------------

static enum result enroll_one(const char *token, const char *folder, const char *name,
                              struct error *err) {
    AUTO(enrolled_clear) struct enrolled enrolled = {0};
    const struct names none = {0};
    const struct enroll_options options = {.token = token,
                                           .folder = folder,
                                           .name = name,
                                           .algorithm = KEY_P256,
                                           .names = &none,
                                           .replaces = true};
    const enum result result = enroll_run(&options, &enrolled, err);
    if (result != RESULT_OK && strcmp(err->code, "token_spent") == 0) {
        error_hint(err,
                   "The pair takes two uses: signetctl token create --uses 2, and the same "
                   "command again. What was enrolled stays.");
    }
    return result;
}

static enum result remove_one(const char *folder, const char *name, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    TRY(path_of(folder, name, &path));
    return folder_remove(buf_string(&path), err);
}

// So that whoever is interrupted from here on goes on without force; and with what was to follow
// it, which would end sooner than the new one.
static enum result forget_revoked(const char *folder, struct error *err) {
    AUTO(folder_unlock) struct folder_lock lock = {0};
    TRY(folder_lock(folder, &lock, err));
    TRY(remove_one(folder, CANARY_REPLACEMENT, err));
    return remove_one(folder, CANARY_REVOKED, err);
}

enum result canary_enroll(const char *token, const char *folder, bool is_forced,
                          struct error *err) {
    bool was_revoked = false;
    TRY(folder_make_all(folder, 0700, err));
    const bool wants_good = is_forced || end_of(folder, CANARY_GOOD) == 0;
    const bool wants_revoked = is_forced || end_of(folder, CANARY_REVOKED) == 0;
    if (wants_good) {
        TRY(enroll_one(token, folder, CANARY_GOOD, err));
    }
    if (wants_revoked) {
        TRY(forget_revoked(folder, err));
        TRY(enroll_one(token, folder, CANARY_REVOKED, err));
    }
    // Also when it was enrolled before: an interruption may have come between the two steps.
    enum result result =
        revoke(folder, CANARY_REVOKED, "cessationOfOperation", &was_revoked, err);
    if (result != RESULT_OK && result != RESULT_UNAVAILABLE && !wants_revoked) {
        error_hint(err, "Begin anew with --force and a token with --uses 2.");
    }
    TRY(result);
    if (was_revoked && !wants_good && !wants_revoked) {
        (void)error_set_code(err, RESULT_CONFLICT, "unchanged",
                             "there is a valid canary pair in %s already", folder);
        error_hint(err, "If the proof says that it is of no use, replace it with --force and a "
                        "token with --uses 2.");
        return RESULT_CONFLICT;
    }
    return RESULT_OK;
}

// --- renewing ----------------------------------------------------------------------------

// `is_forced`: also when it is not due. Code "unchanged" when it is not.
static enum result renew_good(const char *folder, bool is_forced, struct error *err) {
    AUTO(buf_clear) struct buf good = {0};
    struct about about = {0};
    TRY(path_of(folder, CANARY_GOOD, &good));
    enum result result = renew_credential(buf_string(&good), is_forced, &about, err);
    message_clear(&about_type, &about);
    return result;
}

static bool is_there(const char *folder, const char *name) {
    AUTO(buf_clear) struct buf path = {0};
    return path_of(folder, name, &path) == RESULT_OK && file_exists(buf_string(&path));
}

// Of age, expired, or not readable.
static bool is_due(const char *folder, const char *name) {
    AUTO(buf_clear) struct buf path = {0};
    struct about about = {0};
    bool is_readable = path_of(folder, name, &path) == RESULT_OK &&
                       credential_read_about(buf_string(&path), &about, NULL) == RESULT_OK;
    int64_t now = clock_now();
    bool is_young = is_readable && now < about.renew_after && now < about.not_after;
    message_clear(&about_type, &about);
    return !is_young;
}

static enum result revoke_replacement(const char *folder, struct error *err) {
    bool was_revoked = false;
    return revoke(folder, CANARY_REPLACEMENT, "superseded", &was_revoked, err);
}

// Valid, and longer than the revoked one.
static bool outlives_revoked(const char *folder, const char *name) {
    return end_of(folder, name) > end_of(folder, CANARY_REVOKED);
}

// The good one is young here, so that the one before it has its life still before it.
static enum result make_replacement(const char *folder, struct error *err) {
    AUTO(buf_clear) struct buf good = {0};
    AUTO(buf_clear) struct buf replacement = {0};
    TRY(path_of(folder, CANARY_GOOD, &good));
    TRY(path_of(folder, CANARY_REPLACEMENT, &replacement));
    TRY(renew_good(folder, true, err));
    AUTO(folder_unlock) struct folder_lock lock = {0};
    TRY(ownership_lock(buf_string(&good), &lock, err));
    TRY(install_take_before(buf_string(&good), buf_string(&replacement), err));
    return revoke_replacement(folder, err);
}

enum result canary_renew(const char *folder, struct error *err) {
    bool has_replacement = is_there(folder, CANARY_REPLACEMENT);
    if (!has_replacement && !is_due(folder, CANARY_GOOD) && !is_due(folder, CANARY_REVOKED)) {
        return error_set_code(err, RESULT_CONFLICT, "unchanged", "no canary is due");
    }
    // Every target's process comes here, and they may share the pair.
    AUTO(folder_unlock) struct folder_lock lock = {0};
    TRY(folder_lock(folder, &lock, err));
    if (is_due(folder, CANARY_GOOD)) {
        TRY(renew_good(folder, false, err));
    }
    if (is_there(folder, CANARY_REPLACEMENT)) {
        if (outlives_revoked(folder, CANARY_REPLACEMENT)) {
            return revoke_replacement(folder, err);
        }
        TRY(remove_one(folder, CANARY_REPLACEMENT, err)); // left over
    }
    // One that ends sooner would be no gain; the good one's next certificate will be.
    return is_due(folder, CANARY_REVOKED) && outlives_revoked(folder, CANARY_GOOD)
               ? make_replacement(folder, err)
               : RESULT_OK;
}

// --- judging -----------------------------------------------------------------------------

static enum result read_one(const char *folder, const char *name,
                            struct credential *out_credential,
                            struct certificate *out_certificate, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    struct error reason = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(path_join(&path, folder, name));
    if (credential_read(buf_string(&path), out_credential, &reason) != RESULT_OK) {
        return useless(err, name, reason.message);
    }
    TRY(certificate_read(buf_bytes(&out_credential->certificate), out_certificate, err));
    int64_t now = clock_now();
    if (now >= out_certificate->not_after) {
        return useless(err, name, "has expired");
    }
    return now < out_certificate->not_before
               ? useless(err, name, "is not valid yet: look at this machine's clock")
               : RESULT_OK;
}

static enum result is_listed(const struct certificate *certificate, struct bytes crls,
                             bool *out_is_listed, struct error *err) {
    *out_is_listed = false;
    while (crls.size > 0) {
        struct crl crl;
        struct crl_entry entry;
        TRY(crl_read_next(&crls, &crl, err));
        if (!bytes_equal(crl.issuer, certificate->issuer)) {
            continue;
        }
        enum result result = crl_find(&crl, certificate->serial, &entry, err);
        *out_is_listed = *out_is_listed || result == RESULT_OK;
        if (result != RESULT_OK && result != RESULT_NOT_FOUND) {
            return result;
        }
    }
    return RESULT_OK;
}

// Whether there is a replacement that the CRLs list, and that is one.
static bool is_replacement_ready(const char *folder, struct bytes crls) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(credential_clear) struct credential credential = {0};
    struct certificate certificate;
    bool is_ready = false;
    return path_of(folder, CANARY_REPLACEMENT, &path) == RESULT_OK &&
           outlives_revoked(folder, CANARY_REPLACEMENT) &&
           credential_read(buf_string(&path), &credential, NULL) == RESULT_OK &&
           certificate_read(buf_bytes(&credential.certificate), &certificate, NULL) ==
               RESULT_OK &&
           is_listed(&certificate, crls, &is_ready, NULL) == RESULT_OK && is_ready;
}

// A crash in between leaves only the replacement, which is put in place the next time.
static enum result put_replacement_in_place(const char *folder, struct bytes crls,
                                            struct error *err) {
    AUTO(buf_clear) struct buf from = {0};
    AUTO(buf_clear) struct buf to = {0};
    AUTO(folder_unlock) struct folder_lock lock = {0};
    if (!is_replacement_ready(folder, crls)) {
        return RESULT_OK;
    }
    TRY(folder_lock(folder, &lock, err));
    if (!is_replacement_ready(folder, crls)) {
        return RESULT_OK; // another target's process was faster
    }
    TRY(path_of(folder, CANARY_REPLACEMENT, &from));
    TRY(path_of(folder, CANARY_REVOKED, &to));
    TRY(folder_remove(buf_string(&to), err));
    return rename(buf_string(&from), buf_string(&to)) == 0
               ? RESULT_OK
               : error_from_errno(err, errno, "cannot move %s", buf_string(&from));
}

static enum result judge(const char *folder, struct bytes crls, struct canary_pair *pair,
                         struct error *err) {
    struct certificate good;
    struct certificate revoked;
    bool is_good_listed = false;
    bool is_revoked_listed = false;
    TRY(read_one(folder, CANARY_GOOD, &pair->good, &good, err));
    TRY(read_one(folder, CANARY_REVOKED, &pair->revoked, &revoked, err));
    TRY(is_listed(&good, crls, &is_good_listed, err));
    TRY(is_listed(&revoked, crls, &is_revoked_listed, err));
    if (is_good_listed) {
        (void)useless(err, CANARY_GOOD, "is revoked");
        error_hint(err, FORCE_HINT);
        return RESULT_UNAVAILABLE;
    }
    if (!is_revoked_listed) {
        (void)useless(err, CANARY_REVOKED, "is not in the installed CRLs");
        error_hint(err, "It should be in the next one. If it is not: " FORCE_HINT);
        return RESULT_UNAVAILABLE;
    }
    return RESULT_OK;
}

enum result canary_read(const char *folder, struct bytes crls, struct canary_pair *out_pair,
                        struct error *err) {
    struct canary_pair pair = {0};
    TRY(put_replacement_in_place(folder, crls, err));
    enum result result = judge(folder, crls, &pair, err);
    if (result != RESULT_OK) {
        canary_pair_clear(&pair);
        return result;
    }
    *out_pair = pair;
    return RESULT_OK;
}
