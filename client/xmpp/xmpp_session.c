// Whom to trust, whose account it is, and the ways in.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/xmpp_session.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/device/install.h"
#include "client/terminal/password.h"
#include "client/terminal/terminal.h"
#include "client/xmpp/xmpp_login.h"
#include "x509/certificate.h"
#include "x509/pem.h"

// --- whom to trust ---------------------------------------------------------------------------

// Appends what is a certificate to us. Of those that a system trusts some are not, such as an old
// root whose serial number is zero: leaving one out trusts less.
static enum result append_anchor(struct bytes der, bool skips_strange, struct buf *out,
                                 struct error *err) {
    struct certificate certificate;
    struct error reason = {0};
    if (certificate_read(der, &certificate, &reason) == RESULT_OK) {
        return buf_append(out, der) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
    }
    if (!skips_strange) {
        *err = reason;
    }
    return skips_strange ? RESULT_OK : reason.result;
}

static enum result read_anchors(const char *path, bool skips_strange, struct buf *out,
                                struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_TRUST_FILE_BYTES);
    TRY(file_read(path, &text, err));
    struct bytes rest = buf_bytes(&text);
    for (;;) {
        AUTO(pem_block_clear) struct pem_block block = {0};
        enum result result = pem_read_next(&rest, &block, err);
        if (result == RESULT_NOT_FOUND) {
            return out->size > 0 ? RESULT_OK
                                 : error_set(err, RESULT_INVALID, "there is no certificate");
        }
        TRY(result);
        if (bytes_equal(block.label, BYTES_LITERAL(PEM_CERTIFICATE))) {
            TRY(append_anchor(buf_bytes(&block.der), skips_strange, out, err));
        }
    }
}

static enum result read_trust_file(const char *path, bool skips_strange, struct buf *out,
                                   struct error *err) {
    struct error reason = {0};
    enum result result = read_anchors(path, skips_strange, out, &reason);
    if (result != RESULT_OK) {
        bool is_named = strstr(reason.message, path) != NULL;
        (void)error_set_code(err, result, "misconfigured", "%s%s%s", is_named ? "" : path,
                             is_named ? "" : ": ", reason.message);
        error_hint(err,
                   "--ca takes PEM certificates of the CAs that the server's may be from.");
    }
    return result;
}

static enum result find_trust(const struct xmpp_session_options *options,
                              const struct credential *credential, struct buf *out,
                              struct error *err) {
    buf_init(out, LIMIT_TRUST_FILE_BYTES);
    if (options->trust_file != NULL) {
        bool is_system = strcmp(options->trust_file, XMPP_SYSTEM_TRUST) == 0;
        return read_trust_file(options->trust_file, is_system, out, err);
    }
    if (options->credential != NULL) {
        return buf_assign(out, credential->root.size > 0 ? buf_bytes(&credential->root)
                                                         : buf_bytes(&credential->trust));
    }
    return read_trust_file(XMPP_SYSTEM_TRUST, true, out, err);
}

// --- whose account ---------------------------------------------------------------------------

static enum result read_names(const struct credential *credential, struct names *out,
                              struct error *err) {
    struct certificate certificate;
    TRY(certificate_read(buf_bytes(&credential->certificate), &certificate, err));
    return certificate_names(&certificate, out, err);
}

static enum result usage(struct error *err, const char *message, const char *hint) {
    (void)error_set_code(err, RESULT_INVALID, "usage", "%s", message);
    error_hint(err, "%s", hint);
    return RESULT_INVALID;
}

// The address to log in as: what --jid says, else the only one in the certificate.
static enum result find_account(const struct xmpp_session_options *options,
                                const struct names *names, struct xmpp_address *out,
                                struct error *err) {
    size_t count = names_count_type(names, NAME_XMPP);
    if (options->jid != NULL) {
        return xmpp_address_read(options->jid, out, err);
    }
    if (options->credential == NULL) {
        return usage(err, "whose account?", "Give --with NAME or --jid USER@DOMAIN.");
    }
    if (count == 1) {
        return xmpp_address_read(names_first(names, NAME_XMPP), out, err);
    }
    return count == 0
               ? usage(err, "the certificate names no XMPP address",
                       "Enroll one with --profile xmpp --xmpp USER@DOMAIN, or give --jid.")
               : usage(err, "the certificate names several XMPP addresses",
                       "Say which with --jid.");
}

// --- ways in ---------------------------------------------------------------------------------

// A way as it is tried: what all of them share.
struct attempt {
    const struct xmpp_session_options *options;
    struct bytes trust;
    struct xmpp_session *session;
};

// `is_named`: see xmpp_login.h.
static enum result log_in(const struct attempt *attempt, struct tls_context *tls,
                          const char *password, bool is_named, struct error *err) {
    AUTO(xmpp_stream_close) struct xmpp_stream stream = {0};
    AUTO(xml_element_free_at) struct xml_element *features = NULL;
    struct xmpp_server server = attempt->options->server;
    const struct xmpp_login login = {
        .account = &attempt->session->account, .password = password, .is_named = is_named};
    server.domain = buf_string(&attempt->session->account.domain);
    TRY(xmpp_stream_open(&server, tls, &stream, &features, err));
    TRY(xmpp_log_in(&stream, features, &login, err));
    attempt->session->stream = stream;
    stream = (struct xmpp_stream){0};
    return RESULT_OK;
}

// The certificate names the account and nobody else: servers that are told no name take it for this
// account then, and for no other.
static bool names_only(const struct credential *credential,
                       const struct xmpp_address *account) {
    AUTO(names_clear) struct names names = {0};
    AUTO(xmpp_address_clear) struct xmpp_address address = {0};
    return read_names(credential, &names, NULL) == RESULT_OK &&
           names_count_type(&names, NAME_XMPP) == 1 &&
           xmpp_address_read(names_first(&names, NAME_XMPP), &address, NULL) == RESULT_OK &&
           bytes_equal(buf_bytes(&address.bare), buf_bytes(&account->bare));
}

static enum result try_certificate(const struct attempt *attempt,
                                   const struct credential *credential, struct error *err) {
    bool is_named = !names_only(credential, &attempt->session->account);
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CERTIFICATE_BYTES + LIMIT_CHAIN_BYTES);
    TRY(buf_append(&chain, buf_bytes(&credential->certificate)));
    TRY(buf_append(&chain, buf_bytes(&credential->chain)));
    TRY(tls_client_context_new(attempt->trust, buf_bytes(&chain), credential->key, &tls, err));
    TRY(log_in(attempt, tls, NULL, is_named, err));
    buf_init(&attempt->session->shown, LIMIT_CERTIFICATE_BYTES);
    return buf_assign(&attempt->session->shown, buf_bytes(&credential->certificate));
}

// What says "not this certificate", so that another way may be better.
static bool is_refusal(const struct error *err) {
    return strcmp(err->code, "login_refused") == 0 || endpoint_alert(err) != NULL;
}

// The others that are kept, as long as the answer is that it is not the one; `reason` is of the try
// before.
static enum result try_others(const struct attempt *attempt, struct error *reason) {
    AUTO(text_list_clear) struct text_list paths = {0};
    enum result result = reason->result;
    if (install_others(attempt->options->credential, &paths, NULL) != RESULT_OK) {
        return result;
    }
    for (size_t i = 0; i < paths.count && result != RESULT_OK && is_refusal(reason); i++) {
        AUTO(credential_clear) struct credential other = {0};
        if (credential_read(paths.items[i], &other, NULL) == RESULT_OK) {
            attempt->options->on_note(reason);
            result = try_certificate(attempt, &other, reason);
        }
    }
    return result;
}

static enum result try_certificates(const struct attempt *attempt, struct error *err) {
    struct error reason = {0};
    enum result result = try_certificate(attempt, &attempt->session->credential, &reason);
    if (result != RESULT_OK) {
        result = try_others(attempt, &reason);
    }
    if (result != RESULT_OK) {
        *err = reason;
    }
    return result;
}

static enum result obtain_password(const struct attempt *attempt, struct buf *out,
                                   struct error *err) {
    AUTO(buf_clear) struct buf question = {0};
    buf_init(&question, LIMIT_JID_BYTES + 32);
    buf_init_secret(out, LIMIT_XMPP_PASSWORD_BYTES);
    if (attempt->options->password_file != NULL) {
        return password_read_line(attempt->options->password_file, out, err);
    }
    TRY(buf_printf(&question, "Password of %s: ", buf_string(&attempt->session->account.bare)));
    return terminal_ask_secret(buf_string(&question), out, err);
}

static enum result try_password(const struct attempt *attempt, struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    AUTO(buf_clear) struct buf password = {0};
    AUTO(buf_clear) struct buf prepared = {0};
    buf_init_secret(&prepared, LIMIT_XMPP_PASSWORD_BYTES);
    TRY(obtain_password(attempt, &password, err));
    TRY(xmpp_prepare_secret(buf_string(&password), &prepared, err)); // before anybody is asked
    TRY(tls_client_context_new(attempt->trust, (struct bytes){0}, NULL, &tls, err));
    return log_in(attempt, tls, buf_string(&password), false, err);
}

static enum result try_all(const struct attempt *attempt, struct error *err) {
    struct error reason = {0};
    if (attempt->options->password_file != NULL) {
        return try_password(attempt, err);
    }
    if (attempt->options->credential != NULL) {
        enum result result = try_certificates(attempt, &reason);
        if (result == RESULT_OK) {
            return result;
        }
        if (!is_refusal(&reason) || !terminal_exists()) {
            *err = reason;
            if (is_refusal(&reason)) {
                error_hint(err,
                           "Until the account has this certificate, give --password-file.");
            }
            return result;
        }
        attempt->options->on_note(&reason);
    }
    return terminal_exists()
               ? try_password(attempt, err)
               : usage(err, "there is no terminal to ask for a password",
                       "Give --password-file FILE, or --with NAME to log in by certificate.");
}

static enum result open_session(const struct xmpp_session_options *options,
                                struct xmpp_session *session, struct error *err) {
    AUTO(buf_clear) struct buf trust = {0};
    AUTO(names_clear) struct names names = {0};
    if (options->credential != NULL) {
        TRY(credential_read(options->credential, &session->credential, err));
        TRY(read_names(&session->credential, &names, err));
    }
    TRY(find_account(options, &names, &session->account, err));
    TRY(find_trust(options, &session->credential, &trust, err));
    const struct attempt attempt = {
        .options = options, .trust = buf_bytes(&trust), .session = session};
    return try_all(&attempt, err);
}

enum result xmpp_session_open(const struct xmpp_session_options *options,
                              struct xmpp_session *out_session, struct error *err) {
    AUTO(xmpp_session_close) struct xmpp_session session = {0};
    struct error reason = {0};
    enum result result = open_session(options, &session, &reason);
    if (result != RESULT_OK) {
        if (err != NULL) {
            *err = reason;
        }
        return result;
    }
    // The stream speaks of the domain, which moves along.
    *out_session = session;
    session = (struct xmpp_session){0};
    return RESULT_OK;
}

void xmpp_session_close(struct xmpp_session *session) {
    xmpp_stream_close(&session->stream);
    xmpp_address_clear(&session->account);
    credential_clear(&session->credential);
    buf_clear(&session->shown);
    *session = (struct xmpp_session){0};
}
