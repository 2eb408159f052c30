// Enrolling, renewing and judging the canary pair.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/canary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "client/device/enroll.h"
#include "client/device/folder.h"
#include "client/device/install.h"
#include "client/device/renew.h"
#include "x509/certificate.h"
#include "x509/crl.h"

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

// --- enrolling ---------------------------------------------------------------------------

static bool is_valid_until(const char *folder, int64_t *out_not_after) {
    struct about about = {0};
    bool is_readable = credential_read_about(folder, &about, NULL) == RESULT_OK;
    *out_not_after = about.not_after;
    message_clear(&about_type, &about);
    return is_readable && *out_not_after > clock_now();
}

static enum result enroll_one(const char *token, const char *folder, const char *name,
                              bool *out_is_new, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(enrolled_clear) struct enrolled enrolled = {0};
    int64_t not_after = 0;
    const struct names none = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(path_join(&path, folder, name));
    *out_is_new = !is_valid_until(buf_string(&path), &not_after);
    if (!*out_is_new) {
        return RESULT_OK;
    }
    const struct enroll_options options = {.token = token,
                                           .folder = folder,
                                           .name = name,
                                           .algorithm = KEY_P256,
                                           .names = &none,
                                           .replaces = true};
    return enroll_run(&options, &enrolled, err);
}

enum result canary_enroll(const char *token, const char *folder, struct error *err) {
    AUTO(buf_clear) struct buf revoked = {0};
    bool is_good_new = false;
    bool is_revoked_new = false;
    buf_init(&revoked, LIMIT_PATH_BYTES);
    TRY(folder_make_all(folder, 0700, err));
    TRY(path_join(&revoked, folder, CANARY_REVOKED));
    TRY(enroll_one(token, folder, CANARY_GOOD, &is_good_new, err));
    TRY(enroll_one(token, folder, CANARY_REVOKED, &is_revoked_new, err));
    // Also when it was enrolled before: an interruption may have come between the two steps.
    struct error reason = {0};
    enum result result = renew_revoke(buf_string(&revoked), "cessationOfOperation", &reason);
    bool was_revoked_before = result != RESULT_OK && !is_revoked_new;
    if (result != RESULT_OK && !was_revoked_before) {
        if (err != NULL) {
            *err = reason;
        }
        return result;
    }
    if (was_revoked_before && !is_good_new) {
        return error_set_code(err, RESULT_CONFLICT, "unchanged",
                              "there is a valid canary pair in %s already", folder);
    }
    return RESULT_OK;
}

// --- renewing ----------------------------------------------------------------------------

static enum result path_of(const char *folder, const char *name, struct buf *out) {
    buf_init(out, LIMIT_PATH_BYTES);
    return path_join(out, folder, name);
}

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

// With its own key; a refusal says that this was done already.
static enum result revoke_replacement(const char *folder, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    TRY(path_of(folder, CANARY_REPLACEMENT, &path));
    enum result result = renew_revoke(buf_string(&path), "superseded", err);
    return result == RESULT_DENIED ? RESULT_OK : result;
}

// The good one is young here, so that the one before it has its life still before it.
static enum result make_replacement(const char *folder, struct error *err) {
    AUTO(buf_clear) struct buf good = {0};
    AUTO(buf_clear) struct buf replacement = {0};
    TRY(path_of(folder, CANARY_GOOD, &good));
    TRY(path_of(folder, CANARY_REPLACEMENT, &replacement));
    TRY(renew_good(folder, true, err));
    AUTO(folder_unlock) struct folder_lock lock = {0};
    TRY(folder_lock(buf_string(&good), &lock, err));
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
        return revoke_replacement(folder, err);
    }
    return is_due(folder, CANARY_REVOKED) ? make_replacement(folder, err) : RESULT_OK;
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

// Whether there is a replacement that the CRLs list.
static bool is_replacement_ready(const char *folder, struct bytes crls) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(credential_clear) struct credential credential = {0};
    struct certificate certificate;
    bool is_ready = false;
    return path_of(folder, CANARY_REPLACEMENT, &path) == RESULT_OK &&
           file_exists(buf_string(&path)) &&
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
        return useless(err, CANARY_GOOD, "is revoked");
    }
    return is_revoked_listed ? RESULT_OK
                             : useless(err, CANARY_REVOKED, "is not in the installed CRLs");
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
