// The steps of a renewal, and self-revocation.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/renew.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/connect/ask.h"
#include "client/connect/credential.h"
#include "client/device/folder.h"
#include "client/device/ownership.h"
#include "client/device/install.h"
#include "client/connect/issued.h"
#include "client/device/pending.h"
#include "client/device/settings.h"
#include "client/connect/trust.h"
#include "x509/certificate.h"
#include "x509/key_pkcs11.h"

static enum result check_due(const struct about *about, bool is_forced, struct error *err) {
    if (is_forced || clock_now() >= about->renew_after) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf due = {0};
    buf_init(&due, 64);
    TRY(time_format_rfc3339(about->renew_after, &due));
    (void)error_set_code(err, RESULT_CONFLICT, "unchanged",
                         "renewal is not due before %s, nothing was changed", buf_string(&due));
    error_hint(err, "Renew all the same with --force.");
    return RESULT_CONFLICT;
}

// The serial in its name binds a pending key to the certificate that it follows.
static enum result open_pending(const char *folder, const struct credential *credential,
                                const struct names *names, bool keeps_key,
                                struct pending *out_pending, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    struct certificate certificate;
    TRY(certificate_read(buf_bytes(&credential->certificate), &certificate, err));
    TRY(path_join(&path, folder, RENEW_PENDING_PREFIX));
    TRY(text_hex_encode(certificate.serial, &path));
    const char *place = buf_string(&path);
    const struct device_key_wish wish = {.algorithm = key_algorithm(credential->key),
                                         .uri = key_uri(credential->key),
                                         .is_fresh = true,
                                         .kept = keeps_key ? credential->key : NULL};
    TRY(pending_open(place, &wish, NULL, names, out_pending, err));
    if (bytes_equal(key_public(out_pending->key), certificate.spki) == keeps_key) {
        return RESULT_OK;
    }
    // Of a try that was to do otherwise.
    TRY(pending_discard(out_pending, err));
    pending_clear(out_pending);
    return pending_open(place, &wish, NULL, names, out_pending, err);
}

static enum result send_request(const struct credential *credential, struct bytes csr,
                                struct issued *out_issued, int64_t *out_retry_after,
                                struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    AUTO(exchange_clear) struct exchange exchange = {0};
    AUTO(api_delay_clear) struct api_delay delay = {0};
    TRY(credential_connect(credential, &tls, &exchange, err));
    enum result result = ask_renew(&exchange, csr, out_issued, &delay, err);
    *out_retry_after = result == RESULT_PENDING ? delay.held.retry_after : delay.retry_after;
    return result;
}

static enum result ask(const struct credential *credential, struct pending *pending,
                       const struct names *names, struct issued *out_issued,
                       int64_t *out_retry_after, struct error *err) {
    enum result result = send_request(credential, buf_bytes(&pending->request), out_issued,
                                      out_retry_after, err);
    if (result != RESULT_OK && api_is_refusal(result, err)) {
        (void)pending_discard(pending, NULL); // another try begins with another key
    }
    TRY(result);
    const struct issued_expectation expectation = {.public_key = key_public(pending->key),
                                                   .root = buf_bytes(&credential->root),
                                                   .names = names,
                                                   .profile = credential->about.profile,
                                                   .now = clock_now()};
    return issued_check(out_issued, &expectation, err);
}

static enum result install(const char *folder, const struct credential *credential,
                           const struct pending *pending, const struct issued *issued,
                           struct error *err) {
    AUTO(buf_clear) struct buf origin = {0};
    AUTO(buf_clear) struct buf trust = {0};
    buf_init(&origin, URL_TARGET_SIZE);
    buf_init(&trust, LIMIT_CHAIN_BYTES);
    TRY(url_format_origin(&credential->url, &origin));
    TRY(trust_gather(buf_bytes(&credential->root), blob_bytes(&issued->chain),
                     buf_bytes(&credential->trust), &trust, err));
    const struct installation installation = {
        .key = pending->key,
        .is_key_made = device_key_is_made(buf_string(&pending->path)),
        .issued = issued,
        .url = buf_string(&origin),
        .trust = buf_bytes(&trust)};
    return install_credential(folder, &installation, err);
}

void renew_tidy(const char *folder, const char *serial) {
    AUTO(text_list_clear) struct text_list names = {0};
    AUTO(buf_clear) struct buf kept = {0};
    AUTO(buf_clear) struct buf current = {0};
    buf_init(&kept, sizeof(RENEW_PENDING_PREFIX) + LIMIT_SERIAL_TEXT);
    buf_init(&current, LIMIT_PATH_BYTES);
    if (path_join(&current, folder, CREDENTIAL_CURRENT) != RESULT_OK ||
        buf_printf(&kept, RENEW_PENDING_PREFIX "%s", serial) != RESULT_OK ||
        folder_list(folder, &names, NULL) != RESULT_OK) {
        return;
    }
    for (size_t i = 0; i < names.count; i++) {
        AUTO(buf_clear) struct buf path = {0};
        buf_init(&path, LIMIT_PATH_BYTES);
        if (text_starts_with(names.items[i], RENEW_PENDING_PREFIX) &&
            strcmp(names.items[i], buf_string(&kept)) != 0 &&
            path_join(&path, folder, names.items[i]) == RESULT_OK &&
            device_key_remove(buf_string(&path),
                              (const char *const[]){buf_string(&current), NULL},
                              NULL) == RESULT_OK) {
            (void)folder_remove(buf_string(&path), NULL);
        }
    }
}

static enum result run(const char *folder, const struct credential *credential,
                       int64_t *out_retry_after, struct error *err) {
    AUTO(names_clear) struct names names = {0};
    struct certificate certificate;
    TRY(certificate_read(buf_bytes(&credential->certificate), &certificate, err));
    TRY(certificate_names(&certificate, &names, err));
    AUTO(settings_clear) struct settings settings = {0};
    TRY(settings_read(folder, &settings, err));
    AUTO(pending_clear) struct pending pending = {0};
    // The request names nothing: the authority grants what the predecessor carries.
    const struct names none = {0};
    TRY(open_pending(folder, credential, &none, settings.keep_key, &pending, err));
    struct issued issued = {0};
    enum result result = ask(credential, &pending, &names, &issued, out_retry_after, err);
    if (result == RESULT_OK) {
        result = install(folder, credential, &pending, &issued, err);
    }
    message_clear(&issued_type, &issued);
    return result;
}

static enum result require_installed(const char *folder, const struct credential *credential,
                                     struct error *err) {
    if (credential->root.size > 0 && credential->about.serial != NULL) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "misconfigured",
                         "%s was not installed by signet enroll (%s or %s is missing)", folder,
                         CREDENTIAL_ROOT, CREDENTIAL_ABOUT);
    error_hint(err, "Enroll anew with a token.");
    return RESULT_INVALID;
}

enum result renew_locked(const char *folder, int64_t *out_retry_after, struct error *err) {
    AUTO(credential_clear) struct credential credential = {0};
    *out_retry_after = 0;
    TRY(credential_read(folder, &credential, err));
    TRY(require_installed(folder, &credential, err));
    TRY(run(folder, &credential, out_retry_after, err));
    renew_tidy(folder, ""); // no certificate will come of them any more
    return RESULT_OK;
}

enum result renew_credential(const char *folder, bool is_forced, struct about *out_about,
                             struct error *err) {
    AUTO(credential_clear) struct credential credential = {0};
    int64_t retry_after = 0;
    // Read before locking, so that a name that does not exist is not made by the lock.
    TRY(credential_read(folder, &credential, err));
    AUTO(folder_unlock) struct folder_lock lock = {0};
    TRY(ownership_lock(folder, &lock, err));
    credential_clear(&credential);
    TRY(credential_read(folder, &credential, err));
    TRY(require_installed(folder, &credential, err));
    TRY(check_due(&credential.about, is_forced, err));
    TRY(renew_locked(folder, &retry_after, err));
    return credential_read_about(folder, out_about, err);
}

enum result renew_revoke(const char *folder, const char *reason, struct error *err) {
    AUTO(credential_clear) struct credential credential = {0};
    TRY(credential_read(folder, &credential, err));
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    AUTO(exchange_clear) struct exchange exchange = {0};
    TRY(credential_connect(&credential, &tls, &exchange, err));
    return ask_revoke(&exchange, reason, err);
}
