// The steps of an enrollment.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/enroll.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/api.h"
#include "client/credential.h"
#include "client/folder.h"
#include "client/install.h"
#include "client/issued.h"
#include "client/pending.h"
#include "wire/enrollment_token.h"

#define PENDING_FOLDER ".pending"
// 128 bits of the hash name a pending folder.
#define PENDING_NAME_BYTES 16
// A clock that is further off than this explains a certificate that is not valid "yet".
#define CLOCK_TOLERANCE_SECONDS 120

void enrolled_clear(struct enrolled *enrolled) {
    buf_clear(&enrolled->folder);
    message_clear(&about_type, &enrolled->about);
}

// --- before anything is sent -------------------------------------------------------------

static enum result read_token(const char *text, struct enrollment_token *out_token,
                              struct url *out_url, struct error *err) {
    struct error reason = {0};
    if (enrollment_token_read(text, out_token, &reason) != RESULT_OK) {
        (void)error_set_code(err, RESULT_INVALID, "usage", "%s", reason.message);
        error_hint(err, "%s",
                   reason.hint[0] != '\0' ? reason.hint
                                          : "Copy the whole token, from signet:// to the end.");
        return RESULT_INVALID;
    }
    *out_url = (struct url){.is_https = true, .port = out_token->port, .target = "/"};
    size_t size = strlen(out_token->host);
    struct bytes host = bytes_of_string(out_token->host);
    if (size > 2 && out_token->host[0] == '[') {
        host = bytes_slice(host, 1, size - 2);
    }
    memcpy(out_url->host, host.data, host.size); // both have room for 255 bytes
    return RESULT_OK;
}

// One folder per question: the same token with other wishes is another request.
static enum result pending_path(const struct enroll_options *options, struct buf *out,
                                struct error *err) {
    AUTO(buf_clear) struct buf question = {0};
    buf_init_secret(&question, (size_t)LIMIT_NAMES * LIMIT_NAME_BYTES);
    TRY(buf_printf(&question, "%s\n%s\n", options->token,
                   key_algorithm_name(options->algorithm)));
    for (size_t i = 0; i < options->names->count; i++) {
        TRY(name_format(&options->names->items[i], &question));
        TRY(buf_append_byte(&question, '\n'));
    }
    uint8_t digest[SHA256_SIZE];
    TRY(hash_sha256(buf_bytes(&question), digest));
    TRY(path_join(out, options->folder, PENDING_FOLDER "/"));
    if (text_hex_encode(bytes_of(digest, PENDING_NAME_BYTES), out) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

static enum result credential_path(const struct enroll_options *options, const char *name,
                                   struct buf *out) {
    return path_join(out, options->folder, name);
}

static enum result refuse_existing(const char *folder, struct error *err) {
    AUTO(buf_clear) struct buf link = {0};
    buf_init(&link, LIMIT_PATH_BYTES);
    TRY(path_join(&link, folder, CREDENTIAL_CURRENT));
    if (!file_exists(buf_string(&link))) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "exists", "there is a credential in %s already",
                         folder);
    error_hint(err, "Renew it with signet renew, choose another --name, or replace it with "
                    "--force.");
    return RESULT_CONFLICT;
}

// An interrupted enrollment may have installed already: then it goes on to the end.
static enum result check_name(const struct enroll_options *options, const char *pending,
                              struct error *err) {
    if (options->name == NULL) {
        return RESULT_OK;
    }
    TRY(credential_check_name(options->name, err));
    if (options->replaces || file_exists(pending)) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf folder = {0};
    buf_init(&folder, LIMIT_PATH_BYTES);
    TRY(credential_path(options, options->name, &folder));
    return refuse_existing(buf_string(&folder), err);
}

// --- the network -------------------------------------------------------------------------

// The root that the token means, as DER, and how far our clock is behind the authority's.
static enum result fetch_root(const struct url *url, const struct enrollment_token *token,
                              struct buf *out_root, int64_t *out_clock_error,
                              struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    TRY(tls_client_context_new_insecure(&tls, err));
    AUTO(exchange_clear) struct exchange exchange = {0};
    exchange_init(&exchange, url, tls, LIMIT_HTTP_RESPONSE_BODY_BYTES);
    struct authority_info info = {0};
    const struct nothing question = {};
    enum result result = api_call(&exchange, OPERATION_AUTHORITY, &question, &info, err);
    struct bytes root = {0};
    if (result == RESULT_OK) {
        result = issued_find_root(
            blob_bytes(&info.chain),
            bytes_of(token->root_fingerprint, sizeof(token->root_fingerprint)), &root, err);
    }
    if (result == RESULT_OK) {
        *out_clock_error = info.time - clock_now();
        result = buf_assign(out_root, root);
    }
    message_clear(&authority_info_type, &info);
    return result;
}

static enum result send_request(const struct url *url, const struct enrollment_token *token,
                                struct bytes root, struct bytes csr, struct issued *out_issued,
                                struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    TRY(tls_client_context_new(root, (struct bytes){0}, NULL, &tls, err));
    AUTO(exchange_clear) struct exchange exchange = {0};
    exchange_init(&exchange, url, tls, LIMIT_HTTP_RESPONSE_BODY_BYTES);
    AUTO(buf_clear) struct buf credential = {0};
    buf_init_secret(&credential, LIMIT_TOKEN_TEXT_BYTES);
    TRY(token_credential_format(token->id, token->secret, &credential));
    struct enroll request = {0};
    enum result result = text_set_bytes(&request.token, buf_bytes(&credential));
    if (result == RESULT_OK) {
        result = blob_set(&request.csr, csr);
    }
    if (result == RESULT_OK) {
        result = api_call(&exchange, OPERATION_ENROLL, &request, out_issued, err);
    } else {
        result = error_out_of_memory(err);
    }
    message_clear(&enroll_type, &request);
    return result;
}

static void explain_clock(int64_t clock_error, struct error *err) {
    bool is_off =
        clock_error > CLOCK_TOLERANCE_SECONDS || clock_error < -CLOCK_TOLERANCE_SECONDS;
    if (is_off && err != NULL && strcmp(err->code, "untrusted") == 0) {
        error_hint(err,
                   "This machine's clock is %" PRId64 " seconds %s the authority's: set it "
                   "first.",
                   clock_error > 0 ? clock_error : -clock_error,
                   clock_error > 0 ? "behind" : "ahead of");
    }
}

static enum result ask(const struct url *url, const struct enrollment_token *token,
                       struct pending *pending, const struct names *names,
                       struct issued *out_issued, struct error *err) {
    AUTO(buf_clear) struct buf root = {0};
    buf_init(&root, LIMIT_CERTIFICATE_BYTES);
    int64_t clock_error = 0;
    TRY(fetch_root(url, token, &root, &clock_error, err));
    enum result result = send_request(url, token, buf_bytes(&root),
                                      buf_bytes(&pending->request), out_issued, err);
    if (result != RESULT_OK && api_is_refusal(result, err)) {
        (void)pending_finish(pending, NULL); // no certificate will ever come of this request
    }
    if (result == RESULT_OK) {
        const struct issued_expectation expectation = {.public_key = key_public(pending->key),
                                                       .root = buf_bytes(&root),
                                                       .names = names,
                                                       .now = clock_now()};
        result = issued_check(out_issued, &expectation, err);
    }
    if (result != RESULT_OK) {
        explain_clock(clock_error, err);
    }
    return result;
}

// --- installing --------------------------------------------------------------------------

// The name chosen, or the common name, or the first name, fit for a folder.
static enum result choose_name(const struct enroll_options *options,
                               const struct issued *issued, struct buf *out,
                               struct error *err) {
    if (options->name != NULL) {
        return buf_assign(out, bytes_of_string(options->name));
    }
    AUTO(names_clear) struct names names = {0};
    TRY(issued_read_names(&issued->names, &names, err));
    const char *common_name = names_first(&names, NAME_CN);
    if (common_name == NULL && names.count == 0) {
        (void)error_set_code(err, RESULT_INVALID, "usage", "the certificate carries no name");
        error_hint(err, "Give the credential one with --name.");
        return RESULT_INVALID;
    }
    return credential_safe_name(common_name != NULL ? common_name : names.items[0].value, out,
                                err);
}

// The certificate in current/ is the one just issued: a crash came between installing and
// tidying.
static bool is_installed(const char *folder, const struct issued *issued) {
    struct about about = {0};
    if (credential_read_about(folder, &about, NULL) != RESULT_OK) {
        return false;
    }
    bool is_same = about.serial != NULL && strcmp(about.serial, issued->serial) == 0;
    message_clear(&about_type, &about);
    return is_same;
}

static enum result install(const struct enroll_options *options, const struct url *url,
                           const struct pending *pending, const struct issued *issued,
                           struct enrolled *out_enrolled, struct error *err) {
    AUTO(buf_clear) struct buf name = {0};
    AUTO(buf_clear) struct buf folder = {0};
    AUTO(buf_clear) struct buf origin = {0};
    buf_init(&name, LIMIT_PATH_BYTES);
    buf_init(&folder, LIMIT_PATH_BYTES);
    buf_init(&origin, URL_TARGET_SIZE);
    TRY(choose_name(options, issued, &name, err));
    TRY(credential_path(options, buf_string(&name), &folder));
    TRY(url_format_origin(url, &origin));
    TRY(folder_make_all(buf_string(&folder), 0755, err));
    AUTO(folder_unlock) struct folder_lock lock = {0};
    TRY(folder_lock(buf_string(&folder), &lock, err));
    if (!is_installed(buf_string(&folder), issued)) {
        if (!options->replaces) {
            TRY(refuse_existing(buf_string(&folder), err));
        }
        const struct installation installation = {
            .key = pending->key, .issued = issued, .url = buf_string(&origin)};
        TRY(install_credential(buf_string(&folder), &installation, err));
    }
    TRY(path_join(&out_enrolled->folder, buf_string(&folder), CREDENTIAL_CURRENT));
    return credential_read_about(buf_string(&folder), &out_enrolled->about, err);
}

enum result enroll_run(const struct enroll_options *options, struct enrolled *out_enrolled,
                       struct error *err) {
    AUTO(enrollment_token_clear) struct enrollment_token token = {0};
    struct url url;
    TRY(read_token(options->token, &token, &url, err));
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(pending_path(options, &path, err));
    TRY(check_name(options, buf_string(&path), err));
    AUTO(pending_clear) struct pending pending = {0};
    TRY(pending_open(buf_string(&path), options->algorithm, options->names, &pending, err));
    AUTO(enrolled_clear) struct enrolled enrolled = {0};
    buf_init(&enrolled.folder, LIMIT_PATH_BYTES);
    struct issued issued = {0};
    enum result result = ask(&url, &token, &pending, options->names, &issued, err);
    if (result == RESULT_OK) {
        result = install(options, &url, &pending, &issued, &enrolled, err);
    }
    message_clear(&issued_type, &issued);
    TRY(result);
    // It is installed: a pending folder that stays is untidy, not wrong.
    (void)pending_finish(&pending, NULL);
    *out_enrolled = enrolled;
    enrolled = (struct enrolled){0};
    return RESULT_OK;
}
