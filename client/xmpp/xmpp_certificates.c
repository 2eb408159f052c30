// Questions of XEP-0257, and how their answers are read.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/xmpp_certificates.h"

#include <string.h>

#include "base/limits.h"
#include "base/random.h"
#include "base/text.h"

#define CERTIFICATES_NAMESPACE "urn:xmpp:saslcert:1"
#define STANZAS_NAMESPACE "urn:ietf:params:xml:ns:xmpp-stanzas"
#define ID_SIZE 8
// A certificate, and a name as long as lists may show them, every character escaped.
#define QUESTION_BYTES (4 * LIMIT_CERTIFICATE_BYTES + 6 * LIMIT_XMPP_STANZA_BYTES)

// --- questions and answers -------------------------------------------------------------------

static const struct {
    const char *condition;
    enum result result;
    const char *code;
    const char *message;
    const char *hint;
} errors[] = {
    {"service-unavailable", RESULT_NOT_FOUND, "unsupported",
     "the server keeps no certificates for accounts (XEP-0257)",
     "Prosody needs mod_client_certs. A server that trusts the CA, as by mod_auth_ccert, needs "
     "no "
     "registration."},
    {"feature-not-implemented", RESULT_NOT_FOUND, "unsupported",
     "the server keeps no certificates for accounts (XEP-0257)",
     "A server that trusts the CA needs no registration."},
    {"forbidden", RESULT_DENIED, "server_denied",
     "the server does not let this login manage certificates", "Log in with the password."},
    {"not-allowed", RESULT_DENIED, "server_denied",
     "the server does not let this login manage certificates", "Log in with the password."},
    {"conflict", RESULT_CONFLICT, "conflict", "the account has a certificate of this name", ""},
    {"resource-constraint", RESULT_LIMIT, "server_limit",
     "the account has as many certificates as the server lets it have",
     "signet xmpp prune removes those that have expired."},
    {"policy-violation", RESULT_LIMIT, "server_limit", "the server's rules do not allow it",
     ""},
    {"item-not-found", RESULT_NOT_FOUND, "not_found",
     "the account has no certificate of this name", "signet xmpp list shows them."},
    {"bad-request", RESULT_INVALID, "server_refused", "the server does not take it",
     "Certificates must name the account, in the server's own spelling, in an xmppAddr."},
    {"not-acceptable", RESULT_INVALID, "server_refused",
     "the server cannot read the certificate", ""},
};

static enum result explain_error(const struct xml_element *answer, struct error *err) {
    const struct xml_element *error = xml_element_child(answer, XMPP_CLIENT_NAMESPACE, "error");
    const char *text = xml_element_text(xml_element_child(error, STANZAS_NAMESPACE, "text"));
    const char *separator = *text != '\0' ? ": " : "";
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (xml_element_child(error, STANZAS_NAMESPACE, errors[i].condition) != NULL) {
            (void)error_set_code(err, errors[i].result, errors[i].code, "%s%s%.150s",
                                 errors[i].message, separator, text);
            error_hint(err, "%s", errors[i].hint);
            return errors[i].result;
        }
    }
    const struct xml_element *condition = error != NULL ? xml_element_first(error) : NULL;
    return error_set_code(
        err, RESULT_INVALID, "server_refused", "the server answers %.60s%s%.150s",
        condition != NULL ? xml_element_name(condition) : "with an error", separator, text);
}

// The server stamps who sent a stanza: an answer about the account comes from nobody or from the
// account (RFC 6120, 8.1.2.1), and nobody else's passes for one.
static bool is_from_account(const struct xml_element *stanza,
                            const struct xmpp_address *account) {
    const char *from = xml_element_attribute(stanza, "from");
    return from == NULL || strcmp(from, buf_string(&account->bare)) == 0;
}

static bool is_answer(const struct xml_element *stanza, const char *id,
                      const struct xmpp_address *account) {
    const char *its_id = xml_element_attribute(stanza, "id");
    const char *type = xml_element_attribute(stanza, "type");
    return xml_element_is(stanza, XMPP_CLIENT_NAMESPACE, "iq") && its_id != NULL &&
           strcmp(its_id, id) == 0 && type != NULL &&
           (strcmp(type, "result") == 0 || strcmp(type, "error") == 0) &&
           is_from_account(stanza, account);
}

// Whatever else comes meanwhile is not for us, as long as it does not come for ever.
static enum result await_answer(struct xmpp_stream *stream, const char *id,
                                const struct xmpp_address *account,
                                struct xml_element **out_answer, struct error *err) {
    for (size_t others = 0; others <= LIMIT_XMPP_OTHER_STANZAS; others++) {
        AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
        TRY(xmpp_stream_receive(stream, &stanza, err));
        if (!is_answer(stanza, id, account)) {
            continue;
        }
        if (strcmp(xml_element_attribute(stanza, "type"), "error") == 0) {
            return explain_error(stanza, err);
        }
        *out_answer = stanza;
        stanza = NULL;
        return RESULT_OK;
    }
    return error_set_code(err, RESULT_LIMIT, "answer",
                          "the server sent more than %d other stanzas instead of an answer",
                          LIMIT_XMPP_OTHER_STANZAS);
}

static enum result make_id(struct buf *out, struct error *err) {
    uint8_t random[ID_SIZE];
    buf_init(out, 2 * ID_SIZE);
    TRY(random_bytes(random, sizeof(random), err));
    return text_hex_encode(bytes_of(random, sizeof(random)), out);
}

static enum result ask(struct xmpp_stream *stream, const struct xmpp_address *account,
                       const char *type, const struct buf *payload,
                       struct xml_element **out_answer, struct error *err) {
    AUTO(buf_clear) struct buf id = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, QUESTION_BYTES);
    TRY(make_id(&id, err));
    if (buf_printf(&text, "<iq type='%s' id='%s'>%s</iq>", type, buf_string(&id),
                   buf_string(payload)) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    TRY(xmpp_stream_send(stream, &text, err));
    return await_answer(stream, buf_string(&id), account, out_answer, err);
}

// --- list ------------------------------------------------------------------------------------

// Base64 without the blanks that presentation puts in.
static enum result decode_certificate(const char *text, struct buf *out) {
    AUTO(buf_clear) struct buf digits = {0};
    buf_init(&digits, 2 * LIMIT_CERTIFICATE_BYTES);
    for (const char *at = text; *at != '\0'; at++) {
        if (strchr(" \t\r\n", *at) == NULL) {
            TRY(buf_append_byte(&digits, (uint8_t)*at));
        }
    }
    return text_base64_decode(buf_bytes(&digits), out);
}

static enum result read_resources(const struct xml_element *item, struct text_list *out) {
    const struct xml_element *users = xml_element_child(item, CERTIFICATES_NAMESPACE, "users");
    const struct xml_element *at = users != NULL ? xml_element_first(users) : NULL;
    for (; at != NULL; at = xml_element_next(at)) {
        if (xml_element_is(at, CERTIFICATES_NAMESPACE, "resource")) {
            TRY(text_list_add(out, xml_element_text(at)));
        }
    }
    return RESULT_OK;
}

static enum result read_item(const struct xml_element *item, struct registered_page *page,
                             struct error *err) {
    AUTO(buf_clear) struct buf certificate = {0};
    AUTO(text_list_clear) struct text_list resources = {0};
    const struct xml_element *name = xml_element_child(item, CERTIFICATES_NAMESPACE, "name");
    const struct xml_element *text =
        xml_element_child(item, CERTIFICATES_NAMESPACE, "x509cert");
    buf_init(&certificate, LIMIT_CERTIFICATE_BYTES);
    if (decode_certificate(xml_element_text(text), &certificate) != RESULT_OK) {
        buf_reset(&certificate);
    }
    if (read_resources(item, &resources) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return registered_add(page, xml_element_text(name), buf_bytes(&certificate), &resources,
                          err);
}

static enum result read_items(const struct xml_element *answer, struct registered_page *page,
                              struct error *err) {
    const struct xml_element *items =
        xml_element_child(answer, CERTIFICATES_NAMESPACE, "items");
    if (items == NULL) {
        return error_set_code(err, RESULT_INVALID, "answer",
                              "the server answers without a list of certificates");
    }
    page->is_cut = xml_element_is_cut(answer);
    for (const struct xml_element *at = xml_element_first(items); at != NULL;
         at = xml_element_next(at)) {
        if (xml_element_is(at, CERTIFICATES_NAMESPACE, "item") && !xml_element_is_cut(at)) {
            TRY(read_item(at, page, err));
        }
    }
    return RESULT_OK;
}

enum result xmpp_certificates_list(struct xmpp_stream *stream,
                                   const struct xmpp_address *account, int64_t now,
                                   struct registered_page *out_page, struct error *err) {
    AUTO(buf_clear) struct buf payload = {0};
    AUTO(xml_element_free_at) struct xml_element *answer = NULL;
    AUTO(registered_page_clear) struct registered_page page = {0};
    buf_init(&payload, 128);
    TRY(buf_append_string(&payload, "<items xmlns='" CERTIFICATES_NAMESPACE "'/>"));
    xml_stream_keep_beginnings(stream->xml, true);
    enum result result = ask(stream, account, "get", &payload, &answer, err);
    xml_stream_keep_beginnings(stream->xml, false);
    TRY(result);
    TRY(read_items(answer, &page, err));
    TRY(registered_judge(&page, now, err));
    *out_page = page;
    page = (struct registered_page){0};
    return RESULT_OK;
}

bool xmpp_certificates_unreadable(enum result result, const struct error *err) {
    return result == RESULT_LIMIT ||
           (result == RESULT_UNAVAILABLE && strcmp(err->code, "unreachable") == 0);
}

// --- changes ---------------------------------------------------------------------------------

static enum result write_name(const char *element, const char *name, struct buf *out) {
    TRY(buf_printf(out, "<%s xmlns='" CERTIFICATES_NAMESPACE "'><name>", element));
    TRY(xml_escape(name, out));
    return buf_append_string(out, "</name>");
}

static enum result write_append(const char *name, struct bytes certificate, struct buf *out) {
    TRY(write_name("append", name, out));
    TRY(buf_append_string(out, "<x509cert>"));
    TRY(text_base64_encode(certificate, out));
    return buf_append_string(out, "</x509cert></append>");
}

static enum result write_remove(const char *name, bool ends_sessions, struct buf *out) {
    const char *element = ends_sessions ? "revoke" : "disable";
    TRY(write_name(element, name, out));
    return buf_printf(out, "</%s>", element);
}

enum result xmpp_certificates_append(struct xmpp_stream *stream,
                                     const struct xmpp_address *account, const char *name,
                                     struct bytes certificate, struct error *err) {
    AUTO(buf_clear) struct buf payload = {0};
    AUTO(xml_element_free_at) struct xml_element *answer = NULL;
    buf_init(&payload, QUESTION_BYTES);
    if (write_append(name, certificate, &payload) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return ask(stream, account, "set", &payload, &answer, err);
}

enum result xmpp_certificates_remove(struct xmpp_stream *stream,
                                     const struct xmpp_address *account, const char *name,
                                     bool ends_sessions, struct error *err) {
    AUTO(buf_clear) struct buf payload = {0};
    AUTO(xml_element_free_at) struct xml_element *answer = NULL;
    buf_init(&payload, QUESTION_BYTES);
    if (write_remove(name, ends_sessions, &payload) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return ask(stream, account, "set", &payload, &answer, err);
}
