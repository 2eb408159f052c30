// signetctl issue: key, certificate and files for an app in one go, for those whose phone cannot enroll.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/file.h"
#include "base/limits.h"
#include "client/connect/api.h"
#include "client/device/enroll.h"
#include "client/export/export_command.h"
#include "client/device/folder.h"
#include "client/admin/issue_folder.h"
#include "client/admin/signetctl.h"
#include "client/terminal/waiting.h"

// The token is spent at once; when it is not, it should not lie about for long.
#define TOKEN_SECONDS 600
// Who issues sits there; who approves may have to be found.
#define WAIT_SECONDS 600
#define LABEL "signetctl issue"
#define CREDENTIAL_NAME "issued"

const struct option issue_options[] = {
    {"profile", "NAME", "the kind of certificate: client, mqtt, xmpp, …", false, false},
    {"cn", "VALUE", "its common name", false, false},
    {"dns", "VALUE", "a DNS name; may be repeated, as the others below", true, false},
    {"ip", "VALUE", "an IP address", true, false},
    {"email", "VALUE", "an e-mail address", true, false},
    {"uri", "VALUE", "a URI", true, false},
    {"xmpp", "VALUE", "an XMPP address (JID)", true, false},
    {"lifetime", "TIME", "of the certificate: 90d (default: the profile's)", false, false},
    {"key", "TYPE", "p256 (default), p384, ed25519, rsa2048, rsa3072 or rsa4096", false, false},
    {"name", "NAME", "how the files are called (default: the common name)", false, false},
    {"wait", "TIME", "how long to wait where the profile wants an approval (10m)", false,
     false},
    {"no-wait", NULL, "end with status 3 then; the same command goes on", false, false},
    EXPORT_OPTIONS,
};

// What the line says.
struct issue {
    struct export_request export;
    struct token_create token;
    enum key_algorithm algorithm;
    int64_t wait_seconds;
    struct buf name;
};

static void issue_clear(struct issue *issue) {
    message_clear(&token_create_type, &issue->token);
    buf_clear(&issue->name);
}

// --- the options ---------------------------------------------------------------------------

static enum result read_token(const struct arguments *arguments, struct token_create *token,
                              struct error *err) {
    const char *profile = arguments_value(arguments, "profile");
    if (profile == NULL) {
        (void)arguments_refuse(err, "profile", "issue needs it");
        error_hint(err, "signetctl authority lists the profiles.");
        return RESULT_INVALID;
    }
    token->uses = 1;
    token->expires_in = TOKEN_SECONDS;
    TRY(text_set(&token->profile, profile));
    TRY(text_set(&token->label, LABEL));
    TRY(arguments_duration(arguments, "lifetime", 0, &token->lifetime, err));
    TRY(collect_names(arguments, &token->names, err));
    if (token->names.count == 0) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "issue: expected a name for the certificate");
        error_hint(err, "Give at least one of --cn, --dns, --ip, --email, --uri and --xmpp.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result read_key_type(const struct arguments *arguments,
                                 enum key_algorithm *out_algorithm, struct error *err) {
    const char *text = arguments_value(arguments, "key");
    *out_algorithm = KEY_P256;
    return text == NULL || key_algorithm_from_name(text, out_algorithm)
               ? RESULT_OK
               : arguments_refuse(err, "key",
                                  "'%s' is none of p256, p384, ed25519, rsa2048, "
                                  "rsa3072, rsa4096",
                                  text);
}

static enum result read_wait(const struct arguments *arguments, int64_t *out_seconds,
                             struct error *err) {
    if (!arguments_have(arguments, "no-wait")) {
        return arguments_duration(arguments, "wait", WAIT_SECONDS, out_seconds, err);
    }
    *out_seconds = 0;
    return arguments_have(arguments, "wait")
               ? arguments_refuse(err, "no-wait", "contradicts --wait")
               : RESULT_OK;
}

// The name chosen, or the common name, or the first name, fit for a file.
static enum result choose_name(const struct arguments *arguments, struct buf *out,
                               struct error *err) {
    static const char *const types[] = {"cn", "xmpp", "email", "dns", "ip", "uri"};
    const char *name = arguments_value(arguments, "name");
    buf_init(out, LIMIT_PATH_BYTES);
    if (name != NULL) {
        TRY(credential_check_name(name, err));
        return buf_assign(out, bytes_of_string(name));
    }
    for (size_t i = 0; name == NULL && i < sizeof(types) / sizeof(types[0]); i++) {
        name = arguments_value(arguments, types[i]);
    }
    return credential_safe_name(name != NULL ? name : "", out, err);
}

static enum result read_issue(const struct arguments *arguments, struct issue *issue,
                              struct error *err) {
    TRY(read_token(arguments, &issue->token, err));
    TRY(read_key_type(arguments, &issue->algorithm, err));
    TRY(read_wait(arguments, &issue->wait_seconds, err));
    TRY(export_read_request(arguments, &issue->export, err));
    return choose_name(arguments, &issue->name, err);
}

// --- issuing -------------------------------------------------------------------------------

// What was not spent is made useless; when that fails, it ends by itself soon.
static void revoke_token(struct session *session, const char *id) {
    struct token_revoke request = {0};
    struct token_info reply = {0};
    if (text_set(&request.id, id) == RESULT_OK) {
        (void)api_call(&session->exchange, OPERATION_TOKEN_REVOKE, &request, &reply, NULL);
    }
    message_clear(&token_revoke_type, &request);
    message_clear(&token_info_type, &reply);
}

static enum result make_token(struct session *session, const struct issue *issue,
                              const char *folder, struct token_created *out_token,
                              struct error *err) {
    TRY(api_call(&session->exchange, OPERATION_TOKEN_CREATE, &issue->token, out_token, err));
    return issue_folder_keep_token(folder, out_token, err);
}

static enum result enroll_with(const struct issue *issue, const char *token, const char *folder,
                               struct error *err) {
    AUTO(enrolled_clear) struct enrolled enrolled = {0};
    const struct names none = {0};
    const struct enroll_options options = {.token = token,
                                           .folder = folder,
                                           .name = CREDENTIAL_NAME,
                                           .algorithm = issue->algorithm,
                                           .names = &none,
                                           .wait_seconds = issue->wait_seconds,
                                           .events = {.on_held = waiting_begins,
                                                      .on_wait = waiting_goes_on,
                                                      .on_trouble = waiting_has_trouble}};
    return enroll_run(&options, &enrolled, err);
}

// Spends a token of its own as every device does: the key is made here, and the authority sees a
// request. *out_is_kept: it waits, and the same command goes on with what is in the folder.
static enum result enroll_here(const struct arguments *arguments, const struct issue *issue,
                               const char *folder, bool *out_is_kept, struct error *err) {
    AUTO(session_close) struct session session = {0};
    struct token_created token = {0};
    TRY(session_open(arguments, &session, err));
    enum result result = issue_folder_read_token(folder, &token, err);
    const bool is_resumed = result == RESULT_OK;
    if (result == RESULT_NOT_FOUND) {
        result = make_token(&session, issue, folder, &token, err);
    }
    if (result == RESULT_OK) {
        result = enroll_with(issue, token.token, folder, err);
    }
    // One that waited before still does, whatever the network says today.
    *out_is_kept = result == RESULT_PENDING ||
                   (is_resumed && (result == RESULT_UNAVAILABLE || result == RESULT_LIMIT));
    if (*out_is_kept) {
        error_hint(err, "The same command goes on; until then key and request are kept in %s.",
                   folder);
    } else if (result != RESULT_OK && token.id != NULL) {
        revoke_token(&session, token.id);
    }
    message_clear(&token_created_type, &token);
    return result;
}

// There is a certificate now whose key is about to vanish.
static void explain_lost_certificate(const struct credential *credential, struct error *err) {
    if (err != NULL && credential->about.serial != NULL) {
        error_hint(err,
                   "The certificate was issued, and its key is gone: signetctl certificate "
                   "revoke %s, and issue another.",
                   credential->about.serial);
    }
}

static enum result issue_in(const struct arguments *arguments, const struct issue *issue,
                            const char *folder, const struct buf *password, bool *out_is_kept,
                            struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(credential_clear) struct credential credential = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(path_join(&path, folder, CREDENTIAL_NAME "/" CREDENTIAL_CURRENT));
    if (!file_exists(buf_string(&path))) { // or a kill came before the files were written
        TRY(enroll_here(arguments, issue, folder, out_is_kept, err));
    }
    buf_reset(&path);
    TRY(path_join(&path, folder, CREDENTIAL_NAME));
    TRY(credential_read(buf_string(&path), &credential, err));
    enum result result =
        export_finish(&issue->export, &credential, buf_string(&issue->name), password, err);
    if (result != RESULT_OK) {
        explain_lost_certificate(&credential, err);
    }
    return result;
}

enum result run_issue(const struct arguments *arguments, struct error *err) {
    AUTO(issue_clear) struct issue issue = {0};
    AUTO(buf_clear) struct buf password = {0};
    AUTO(buf_clear) struct buf folder = {0};
    buf_init_secret(&password, LIMIT_PKCS12_PASSWORD_BYTES);
    buf_init(&folder, LIMIT_PATH_BYTES);
    TRY(read_issue(arguments, &issue, err));
    TRY(export_prepare(&issue.export, buf_string(&issue.name), issue.algorithm, &password,
                       err));
    bool is_kept = false;
    TRY(issue_folder_open(&issue.token, issue.algorithm, &folder, err));
    enum result result =
        issue_in(arguments, &issue, buf_string(&folder), &password, &is_kept, err);
    if (is_kept) {
        return result;
    }
    struct error reason = {0};
    if (folder_remove(buf_string(&folder), &reason) != RESULT_OK && result == RESULT_OK) {
        error_context(&reason, "the key is still on this disk");
        *err = reason;
        return reason.result;
    }
    return result;
}
