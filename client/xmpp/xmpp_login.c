// SASL (RFC 6120, 6), and the resource behind it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/xmpp_login.h"

#include <string.h>

#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"
#include "client/xmpp/scram.h"

#define NONCE_SIZE 18
// A message of SASL in base64 with its element around it.
#define SASL_BYTES (4 * LIMIT_SCRAM_MESSAGE_BYTES)
#define SASL_OPEN "<%s xmlns='" XMPP_SASL_NAMESPACE "'%s%s%s>"

// --- messages of SASL ------------------------------------------------------------------------

// <auth mechanism='…'>, or <response> when `mechanism` is NULL. "=" stands for an empty message
// (RFC 6120, 6.4.2).
static enum result write_sasl(const char *mechanism, struct bytes message, struct buf *out) {
    const char *element = mechanism != NULL ? "auth" : "response";
    TRY(buf_printf(out, SASL_OPEN, element, mechanism != NULL ? " mechanism='" : "",
                   mechanism != NULL ? mechanism : "", mechanism != NULL ? "'" : ""));
    if (message.size > 0) {
        TRY(text_base64_encode(message, out));
    } else if (mechanism != NULL) {
        TRY(buf_append_byte(out, '='));
    }
    return buf_printf(out, "</%s>", element);
}

static enum result send_sasl(struct xmpp_stream *stream, const char *mechanism,
                             const struct buf *message, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, SASL_BYTES);
    if (write_sasl(mechanism, buf_bytes(message), &text) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return xmpp_stream_send(stream, &text, err);
}

// How servers name it (RFC 6120, 6.5).
static const struct {
    const char *condition;
    enum result result;
    const char *code;
    const char *message;
} failures[] = {
    {"not-authorized", RESULT_DENIED, "login_refused", "does not take it"},
    {"account-disabled", RESULT_DENIED, "login_refused",
     "has disabled the account, or takes no such certificate"},
    {"credentials-expired", RESULT_DENIED, "login_refused", "says that it has expired"},
    {"temporary-auth-failure", RESULT_UNAVAILABLE, "server_unavailable",
     "cannot look at it now; try again later"},
};

static enum result explain_failure(const struct xmpp_stream *stream,
                                   const struct xmpp_login *login,
                                   const struct xml_element *failure, struct error *err) {
    const char *what = login->password != NULL ? "a password" : "a certificate";
    const char *account = buf_string(&login->account->bare);
    const char *text =
        xml_element_text(xml_element_child(failure, XMPP_SASL_NAMESPACE, "text"));
    const char *separator = *text != '\0' ? ": " : "";
    for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
        if (xml_element_child(failure, XMPP_SASL_NAMESPACE, failures[i].condition) != NULL) {
            return error_set_code(err, failures[i].result, failures[i].code,
                                  "%.80s by %s: the server %s%s%.80s", account, what,
                                  failures[i].message, separator, text);
        }
    }
    const struct xml_element *condition = xml_element_first(failure);
    return error_set_code(
        err, RESULT_DENIED, "login_refused",
        "%.80s by %s: the server of %.60s answers %.40s%s%.80s", account, what, stream->domain,
        condition != NULL ? xml_element_name(condition) : "failure", separator, text);
}

enum sasl_step { SASL_CHALLENGE, SASL_SUCCESS };

// The server's next message, decoded; a failure is an error.
static enum result receive_sasl(struct xmpp_stream *stream, const struct xmpp_login *login,
                                enum sasl_step *out_step, struct buf *out_message,
                                struct error *err) {
    AUTO(xml_element_free_at) struct xml_element *answer = NULL;
    TRY(xmpp_stream_receive(stream, &answer, err));
    if (xml_element_is(answer, XMPP_SASL_NAMESPACE, "failure")) {
        return explain_failure(stream, login, answer, err);
    }
    bool is_success = xml_element_is(answer, XMPP_SASL_NAMESPACE, "success");
    if (!is_success && !xml_element_is(answer, XMPP_SASL_NAMESPACE, "challenge")) {
        return error_set_code(err, RESULT_INVALID, "answer",
                              "the server answers a login with <%.60s>",
                              xml_element_name(answer));
    }
    const char *text = xml_element_text(answer);
    buf_init(out_message, LIMIT_SCRAM_MESSAGE_BYTES);
    if (strcmp(text, "=") != 0 &&
        text_base64_decode(bytes_of_string(text), out_message) != RESULT_OK) {
        return error_set_code(err, RESULT_INVALID, "answer",
                              "the server's message of SASL is no base64 or too long");
    }
    *out_step = is_success ? SASL_SUCCESS : SASL_CHALLENGE;
    return RESULT_OK;
}

static enum result out_of_turn(struct error *err) {
    return error_set_code(
        err, RESULT_INVALID, "answer",
        "the server ended the login too early or asks for more than there is");
}

static enum result await_success(struct xmpp_stream *stream, const struct xmpp_login *login,
                                 struct error *err) {
    AUTO(buf_clear) struct buf rest = {0};
    enum sasl_step step = SASL_CHALLENGE;
    TRY(receive_sasl(stream, login, &step, &rest, err));
    return step == SASL_SUCCESS ? RESULT_OK : out_of_turn(err);
}

// --- mechanisms ------------------------------------------------------------------------------

// XEP-0178: without a name the server takes the only address of the certificate.
static enum result log_in_external(struct xmpp_stream *stream, const char *mechanism,
                                   const struct xmpp_login *login, struct error *err) {
    AUTO(buf_clear) struct buf message = {0};
    buf_init(&message, LIMIT_JID_BYTES);
    if (login->is_named) {
        TRY(buf_assign(&message, buf_bytes(&login->account->bare)));
    }
    TRY(send_sasl(stream, mechanism, &message, err));
    return await_success(stream, login, err);
}

// RFC 4616: NUL, user, NUL, password.
static enum result log_in_plain(struct xmpp_stream *stream, const char *mechanism,
                                const struct xmpp_login *login, struct error *err) {
    AUTO(buf_clear) struct buf message = {0};
    buf_init_secret(&message, LIMIT_SCRAM_MESSAGE_BYTES);
    TRY(buf_append_byte(&message, 0));
    TRY(buf_append(&message, buf_bytes(&login->account->user)));
    TRY(buf_append_byte(&message, 0));
    TRY(xmpp_prepare_secret(login->password, &message, err));
    TRY(send_sasl(stream, mechanism, &message, err));
    return await_success(stream, login, err);
}

static enum result begin_scram(struct scram *scram, const char *mechanism,
                               const struct xmpp_login *login, struct buf *out_message,
                               struct error *err) {
    AUTO(buf_clear) struct buf user = {0};
    AUTO(buf_clear) struct buf password = {0};
    AUTO(buf_clear) struct buf nonce = {0};
    uint8_t random[NONCE_SIZE];
    buf_init(&user, LIMIT_XMPP_NAME_BYTES);
    buf_init_secret(&password, LIMIT_XMPP_PASSWORD_BYTES);
    buf_init(&nonce, 2 * NONCE_SIZE);
    TRY(random_bytes(random, sizeof(random), err));
    TRY(text_base64_encode(bytes_of(random, sizeof(random)), &nonce));
    TRY(xmpp_prepare_secret(buf_string(&login->account->user), &user, err));
    TRY(xmpp_prepare_secret(login->password, &password, err));
    return scram_begin(scram, mechanism, buf_string(&user), buf_string(&password),
                       buf_string(&nonce), out_message, err);
}

// The server's proof comes with the success, or in a challenge before it.
static enum result finish_scram(struct xmpp_stream *stream, const struct scram *scram,
                                const struct xmpp_login *login, struct error *err) {
    AUTO(buf_clear) struct buf message = {0};
    const struct buf nothing = {0};
    enum sasl_step step = SASL_CHALLENGE;
    TRY(receive_sasl(stream, login, &step, &message, err));
    TRY(scram_finish(scram, buf_bytes(&message), err));
    if (step == SASL_SUCCESS) {
        return RESULT_OK;
    }
    TRY(send_sasl(stream, NULL, &nothing, err));
    return await_success(stream, login, err);
}

static enum result log_in_scram(struct xmpp_stream *stream, const char *mechanism,
                                const struct xmpp_login *login, struct error *err) {
    AUTO(scram_clear) struct scram scram = {0};
    AUTO(buf_clear) struct buf first = {0};
    AUTO(buf_clear) struct buf challenge = {0};
    AUTO(buf_clear) struct buf final = {0};
    enum sasl_step step = SASL_SUCCESS;
    buf_init(&first, LIMIT_SCRAM_MESSAGE_BYTES);
    buf_init_secret(&final, 2 * LIMIT_SCRAM_MESSAGE_BYTES);
    TRY(begin_scram(&scram, mechanism, login, &first, err));
    TRY(send_sasl(stream, mechanism, &first, err));
    TRY(receive_sasl(stream, login, &step, &challenge, err));
    if (step != SASL_CHALLENGE) {
        return out_of_turn(err);
    }
    TRY(scram_answer(&scram, buf_bytes(&challenge), &final, err));
    TRY(send_sasl(stream, NULL, &final, err));
    return finish_scram(stream, &scram, login, err);
}

// In order of preference. PLAIN shows the password to the server, which has proven who it is.
static const struct mechanism {
    const char *name;
    bool takes_password;
    enum result (*log_in)(struct xmpp_stream *stream, const char *mechanism,
                          const struct xmpp_login *login, struct error *err);
} mechanisms[] = {
    {"EXTERNAL", false, log_in_external},
    {"SCRAM-SHA-256", true, log_in_scram},
    {"SCRAM-SHA-1", true, log_in_scram},
    {"PLAIN", true, log_in_plain},
};

static bool is_offered(const struct xml_element *features, const char *mechanism) {
    const struct xml_element *list =
        xml_element_child(features, XMPP_SASL_NAMESPACE, "mechanisms");
    const struct xml_element *at = list != NULL ? xml_element_first(list) : NULL;
    for (; at != NULL; at = xml_element_next(at)) {
        if (xml_element_is(at, XMPP_SASL_NAMESPACE, "mechanism") &&
            strcmp(xml_element_text(at), mechanism) == 0) {
            return true;
        }
    }
    return false;
}

static enum result no_mechanism(const struct xmpp_stream *stream,
                                const struct xmpp_login *login, struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "login_refused",
                         login->password != NULL
                             ? "the server of %s offers no login by password that is known here"
                             : "the server of %s offers no login with this certificate",
                         stream->domain);
    error_hint(err, login->password != NULL
                        ? "Known are SCRAM-SHA-256, SCRAM-SHA-1 and PLAIN."
                        : "It asks for certificates when it is set up so, and offers EXTERNAL "
                          "to those it knows: log in with a password to register this one.");
    return RESULT_DENIED;
}

// --- the resource ----------------------------------------------------------------------------

// Whose session it is, which the server alone decides (RFC 6120, 7.6.1): every command would act
// on that account.
static enum result check_bound(const struct xmpp_stream *stream,
                               const struct xmpp_address *account,
                               const struct xml_element *answer, struct error *err) {
    AUTO(xmpp_address_clear) struct xmpp_address bound = {0};
    const struct xml_element *bind = xml_element_child(answer, XMPP_BIND_NAMESPACE, "bind");
    const char *jid = xml_element_text(xml_element_child(bind, XMPP_BIND_NAMESPACE, "jid"));
    if (xmpp_address_read(jid, &bound, NULL) != RESULT_OK) {
        return error_set_code(err, RESULT_INVALID, "answer",
                              "the server of %s does not say whose session it is",
                              stream->domain);
    }
    if (bytes_equal(buf_bytes(&bound.bare), buf_bytes(&account->bare))) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_CONFLICT, "other_account",
                         "the server of %.60s logs in to %.100s, not to %.100s; nothing was "
                         "changed",
                         stream->domain, buf_string(&bound.bare), buf_string(&account->bare));
    error_hint(err, "Give --jid as the server spells it, and a certificate of that account.");
    return RESULT_CONFLICT;
}

static enum result bind_resource(struct xmpp_stream *stream, const struct xmpp_address *account,
                                 struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    AUTO(xml_element_free_at) struct xml_element *answer = NULL;
    buf_init(&text, 256);
    TRY(buf_append_string(&text, "<iq type='set' id='bind'><bind xmlns='" XMPP_BIND_NAMESPACE
                                 "'/></iq>"));
    TRY(xmpp_stream_send(stream, &text, err));
    TRY(xmpp_stream_receive(stream, &answer, err));
    const char *type = xml_element_attribute(answer, "type");
    if (!xml_element_is(answer, XMPP_CLIENT_NAMESPACE, "iq") || type == NULL ||
        strcmp(type, "result") != 0) {
        return error_set_code(err, RESULT_UNAVAILABLE, "server_unavailable",
                              "the server of %s gives no resource: does the account have too "
                              "many sessions?",
                              stream->domain);
    }
    return check_bound(stream, account, answer, err);
}

static enum result authenticate(struct xmpp_stream *stream, const struct xml_element *features,
                                const struct xmpp_login *login, struct error *err) {
    for (size_t i = 0; i < sizeof(mechanisms) / sizeof(mechanisms[0]); i++) {
        const struct mechanism *mechanism = &mechanisms[i];
        if (mechanism->takes_password == (login->password != NULL) &&
            is_offered(features, mechanism->name)) {
            return mechanism->log_in(stream, mechanism->name, login, err);
        }
    }
    return no_mechanism(stream, login, err);
}

enum result xmpp_log_in(struct xmpp_stream *stream, const struct xml_element *features,
                        const struct xmpp_login *login, struct error *err) {
    AUTO(xml_element_free_at) struct xml_element *bound = NULL;
    TRY(authenticate(stream, features, login, err));
    TRY(xmpp_stream_restart(stream, &bound, err));
    return bind_resource(stream, login->account, err);
}
