// Opening streams, with TLS or not at all, and what travels on them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/xmpp/xmpp_stream.h"

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "client/xmpp/xmpp_text.h"

#define PORT 5222
#define DIRECT_TLS_PORT 5223
#define HEADER_BYTES 8192
#define ERROR_NAMESPACE "urn:ietf:params:xml:ns:xmpp-streams"

// --- stanzas -------------------------------------------------------------------------------

static void set_deadline(struct xmpp_stream *stream) {
    endpoint_set_deadline(stream->endpoint, stream->milliseconds);
}

enum result xmpp_stream_send(struct xmpp_stream *stream, const struct buf *text,
                             struct error *err) {
    set_deadline(stream);
    return endpoint_write(stream->endpoint, buf_bytes(text), err);
}

static enum result send_text(struct xmpp_stream *stream, const char *text, struct error *err) {
    set_deadline(stream);
    return endpoint_write(stream->endpoint, bytes_of_string(text), err);
}

static enum result ended(const struct xmpp_stream *stream, struct error *err) {
    return error_set_code(err, RESULT_UNAVAILABLE, "unreachable",
                          "the server of %s ended the stream", stream->domain);
}

static enum result read_more(struct xmpp_stream *stream, struct error *err) {
    AUTO(buf_clear) struct buf chunk = {0};
    buf_init(&chunk, LIMIT_TLS_INPUT_BYTES);
    TRY(endpoint_read(stream->endpoint, &chunk, err));
    return chunk.size > 0 ? xml_stream_feed(stream->xml, buf_bytes(&chunk), err)
                          : ended(stream, err);
}

// <stream:error><not-authorized xmlns='…'/><text>…</text></stream:error>
static enum result explain_stream_error(const struct xmpp_stream *stream,
                                        const struct xml_element *stanza, struct error *err) {
    const struct xml_element *condition = xml_element_first(stanza);
    const char *text = xml_element_text(xml_element_child(stanza, ERROR_NAMESPACE, "text"));
    return error_set_code(err, RESULT_UNAVAILABLE, "stream_error",
                          "the server of %.100s ended the stream: %.60s%s%.100s",
                          stream->domain,
                          condition != NULL ? xml_element_name(condition) : "no reason",
                          *text != '\0' ? ", " : "", text);
}

enum result xmpp_stream_receive(struct xmpp_stream *stream, struct xml_element **out_stanza,
                                struct error *err) {
    AUTO(xml_element_free_at) struct xml_element *stanza = NULL;
    enum result result = RESULT_PENDING;
    while ((result = xml_stream_next(stream->xml, &stanza, err)) == RESULT_PENDING) {
        TRY(read_more(stream, err));
    }
    if (result == RESULT_NOT_FOUND) {
        return ended(stream, err);
    }
    TRY(result);
    if (xml_element_is(stanza, XMPP_STREAM_NAMESPACE, "error")) {
        return explain_stream_error(stream, stanza, err);
    }
    *out_stanza = stanza;
    stanza = NULL;
    return RESULT_OK;
}

// --- beginning a stream --------------------------------------------------------------------

enum result xmpp_stream_restart(struct xmpp_stream *stream, struct xml_element **out_features,
                                struct error *err) {
    AUTO(buf_clear) struct buf header = {0};
    AUTO(xml_element_free_at) struct xml_element *features = NULL;
    buf_init(&header, HEADER_BYTES);
    xml_stream_free_at(&stream->xml);
    TRY(xml_stream_new(&stream->xml, err));
    TRY(buf_append_string(&header, "<?xml version='1.0'?><stream:stream to='"));
    TRY(xml_escape(stream->domain, &header));
    TRY(buf_append_string(&header, "' version='1.0' xml:lang='en' xmlns='" XMPP_CLIENT_NAMESPACE
                                   "' xmlns:stream='" XMPP_STREAM_NAMESPACE "'>"));
    TRY(xmpp_stream_send(stream, &header, err));
    TRY(xmpp_stream_receive(stream, &features, err));
    if (!xml_element_is(features, XMPP_STREAM_NAMESPACE, "features")) {
        return error_set_code(err, RESULT_INVALID, "answer",
                              "the server of %s does not say what it offers", stream->domain);
    }
    *out_features = features;
    features = NULL;
    return RESULT_OK;
}

// --- TLS -----------------------------------------------------------------------------------

static enum result no_tls(const struct xmpp_stream *stream, const char *what,
                          struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "untrusted", "the server of %s %s", stream->domain,
                         what);
    error_hint(err,
               "Nothing was sent in clear. Is this the right --port? A server with TLS from "
               "the first byte needs --direct-tls.");
    return RESULT_DENIED;
}

// Up to where TLS begins. What stands behind <proceed/> in clear would be taken for a part of the
// protected stream (as in CVE-2011-0411), so there must be nothing.
static enum result ask_for_tls(struct xmpp_stream *stream, struct error *err) {
    AUTO(xml_element_free_at) struct xml_element *features = NULL;
    AUTO(xml_element_free_at) struct xml_element *answer = NULL;
    TRY(xmpp_stream_restart(stream, &features, err));
    if (xml_element_child(features, XMPP_TLS_NAMESPACE, "starttls") == NULL) {
        return no_tls(stream, "offers no STARTTLS", err);
    }
    TRY(send_text(stream, "<starttls xmlns='" XMPP_TLS_NAMESPACE "'/>", err));
    TRY(xmpp_stream_receive(stream, &answer, err));
    if (!xml_element_is(answer, XMPP_TLS_NAMESPACE, "proceed")) {
        return no_tls(stream, "refuses STARTTLS", err);
    }
    return xml_stream_is_drained(stream->xml)
               ? RESULT_OK
               : no_tls(stream, "sends more in clear behind the beginning of TLS", err);
}

static enum result start_tls(struct xmpp_stream *stream, struct tls_context *tls,
                             struct error *err) {
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, LIMIT_JID_BYTES);
    TRY(xmpp_ascii_domain(stream->domain, &name, err));
    set_deadline(stream);
    return endpoint_start_tls(stream->endpoint, tls, buf_string(&name), err);
}

// --- opening -------------------------------------------------------------------------------

static enum result find_address(const struct xmpp_server *server, struct url *out_url,
                                struct error *err) {
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, LIMIT_JID_BYTES);
    TRY(server->host != NULL ? buf_append_string(&name, server->host)
                             : xmpp_ascii_domain(server->domain, &name, err));
    if (name.size == 0 || name.size >= sizeof(out_url->host)) {
        return error_set_code(err, RESULT_INVALID, "usage", "'%.100s' is no host",
                              buf_string(&name));
    }
    *out_url = (struct url){.is_https = server->is_direct_tls, .target = "/"};
    memcpy(out_url->host, buf_string(&name), name.size + 1);
    out_url->port = server->port != 0       ? server->port
                    : server->is_direct_tls ? DIRECT_TLS_PORT
                                            : PORT;
    return RESULT_OK;
}

static enum result open_all(const struct xmpp_server *server, struct tls_context *tls,
                            struct xmpp_stream *stream, struct xml_element **out_features,
                            struct error *err) {
    struct url address;
    TRY(find_address(server, &address, err));
    TRY(endpoint_open(NULL, &address, NULL, &stream->endpoint, err));
    if (!server->is_direct_tls) {
        TRY(ask_for_tls(stream, err));
    }
    TRY(start_tls(stream, tls, err));
    return xmpp_stream_restart(stream, out_features, err);
}

enum result xmpp_stream_open(const struct xmpp_server *server, struct tls_context *tls,
                             struct xmpp_stream *out_stream, struct xml_element **out_features,
                             struct error *err) {
    AUTO(xmpp_stream_close)
    struct xmpp_stream stream = {
        .domain = server->domain,
        .milliseconds = server->milliseconds > 0 ? server->milliseconds
                                                 : LIMIT_XMPP_ANSWER_SECONDS * INT64_C(1000),
    };
    TRY(open_all(server, tls, &stream, out_features, err));
    *out_stream = stream;
    stream = (struct xmpp_stream){0};
    return RESULT_OK;
}

void xmpp_stream_close(struct xmpp_stream *stream) {
    // A stream that never began anew is not one of ours to end.
    if (stream->endpoint != NULL && stream->xml != NULL) {
        endpoint_set_deadline(stream->endpoint, 0);
        (void)!endpoint_write(stream->endpoint, BYTES_LITERAL("</stream:stream>"), NULL);
    }
    endpoint_close_at(&stream->endpoint);
    xml_stream_free_at(&stream->xml);
    *stream = (struct xmpp_stream){0};
}
