// A connection of some transport, with the memory TLS engine on top.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/endpoint.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "client/connect/socket.h"

struct endpoint {
    const struct transport *transport;
    void *connection;  // of the transport; NULL: not open
    struct tls *tls;   // NULL: plain
    struct buf plain;  // decrypted and not handed out yet
    bool tls_has_more; // tls_input said that more is left than `plain` may hold
    int64_t deadline;  // of clock_monotonic_milliseconds
    char name[URL_HOST_SIZE + 16];
};

static enum result carry_out(struct endpoint *endpoint, struct bytes bytes, struct error *err) {
    return endpoint->transport->write(endpoint->connection, bytes, endpoint->deadline, err);
}

// Transports wait no longer than the deadline for bytes. A peer that always has some is bounded
// here, for all of them.
static enum result carry_in(struct endpoint *endpoint, struct buf *out, bool *out_is_end,
                            struct error *err) {
    if (clock_monotonic_milliseconds() > endpoint->deadline) {
        return transport_unreachable(endpoint->name, "did not answer in time", err);
    }
    return endpoint->transport->read(endpoint->connection, out, out_is_end, endpoint->deadline,
                                     err);
}

// --- TLS ---------------------------------------------------------------------------------

static enum result flush_tls(struct endpoint *endpoint, struct error *err) {
    struct buf *output = tls_output(endpoint->tls);
    TRY(carry_out(endpoint, buf_bytes(output), err));
    buf_consume(output, output->size);
    return RESULT_OK;
}

// The field of an error, in front of the alert's name.
#define ALERT_PREFIX "alert:"

const char *endpoint_alert(const struct error *err) {
    const size_t size = sizeof(ALERT_PREFIX) - 1;
    return strncmp(err->field, ALERT_PREFIX, size) == 0 ? &err->field[size] : NULL;
}

// Names what failed in a way that the exit status can tell trust from reachability.
static enum result explain_tls(const struct endpoint *endpoint, enum result result,
                               struct error *err) {
    if (err == NULL || strcmp(err->code, "out_of_memory") == 0) {
        return result;
    }
    const bool wants_certificate = strcmp(err->field, "certificate_required") == 0;
    bool is_alert = result == RESULT_DENIED && strcmp(err->code, "tls_alert") == 0;
    AUTO(buf_clear) struct buf field = {0};
    buf_init(&field, sizeof(err->field));
    if (is_alert) {
        TRY(buf_printf(&field, ALERT_PREFIX "%s", err->field));
    }
    error_field(err, buf_string(&field));
    if (result == RESULT_DENIED) {
        memcpy(err->code, "untrusted", sizeof("untrusted"));
        if (wants_certificate) {
            error_hint(err, "Only administrators connect there. Devices enroll at the address "
                            "that signetd.conf calls enroll_url.");
        }
    } else if (strcmp(err->code, "not_tls") == 0) {
        error_hint(err, "Is there another service on this port, or does it speak plain HTTP?");
    } else {
        memcpy(err->code, "tls", sizeof("tls"));
    }
    error_context(err, "%s", endpoint->name);
    return result;
}

static enum result feed_tls(struct endpoint *endpoint, struct bytes cipher, struct error *err) {
    struct error reason = {0};
    enum result result = tls_input(endpoint->tls, cipher, &endpoint->plain, &reason);
    endpoint->tls_has_more = result == RESULT_LIMIT;
    if (result == RESULT_OK || result == RESULT_LIMIT) {
        return flush_tls(endpoint, err);
    }
    (void)flush_tls(endpoint, NULL); // the alert; the reason matters more than its delivery
    if (err != NULL) {
        *err = reason;
    }
    return explain_tls(endpoint, result, err);
}

// Reads from the transport once and feeds it; *out_is_end when the peer closed.
static enum result read_tls(struct endpoint *endpoint, bool *out_is_end, struct error *err) {
    AUTO(buf_clear) struct buf cipher = {0};
    buf_init(&cipher, TRANSPORT_READ_BYTES);
    TRY(carry_in(endpoint, &cipher, out_is_end, err));
    return *out_is_end ? RESULT_OK : feed_tls(endpoint, buf_bytes(&cipher), err);
}

static enum result handshake(struct endpoint *endpoint, struct tls_context *context,
                             const char *host, struct error *err) {
    TRY(tls_connect_new(context, host, &endpoint->tls, err));
    enum result started = tls_start(endpoint->tls, err);
    if (started != RESULT_OK) {
        return explain_tls(endpoint, started, err);
    }
    TRY(flush_tls(endpoint, err));
    while (!tls_is_established(endpoint->tls)) {
        bool is_end = false;
        TRY(read_tls(endpoint, &is_end, err));
        if (is_end) {
            return transport_unreachable(endpoint->name,
                                         "closed the connection during the TLS handshake", err);
        }
    }
    return RESULT_OK;
}

// --- opening -----------------------------------------------------------------------------

static enum result endpoint_new(const struct transport *transport, const struct url *url,
                                struct endpoint **out_endpoint, struct error *err) {
    struct endpoint *endpoint = calloc(1, sizeof(*endpoint));
    if (endpoint == NULL) {
        return error_out_of_memory(err);
    }
    endpoint->transport = transport;
    buf_init(&endpoint->plain, LIMIT_TLS_INPUT_BYTES);
    endpoint_set_deadline(endpoint, LIMIT_CLIENT_CONNECT_SECONDS * 1000);
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, sizeof(endpoint->name) - 1);
    if (url_format_host(url, &name) == RESULT_OK) {
        memcpy(endpoint->name, buf_string(&name), name.size + 1);
    }
    *out_endpoint = endpoint;
    return RESULT_OK;
}

// The connection was opened, or `result` says why not.
static enum result finish_opening(struct endpoint *endpoint, enum result result,
                                  const struct url *url, struct tls_context *tls,
                                  struct endpoint **out_endpoint, struct error *err) {
    endpoint_set_deadline(endpoint, LIMIT_CLIENT_CONNECT_SECONDS * 1000);
    if (result == RESULT_OK && tls != NULL) {
        result = handshake(endpoint, tls, url->host, err);
    }
    if (result != RESULT_OK) {
        endpoint_close(endpoint);
        return result;
    }
    *out_endpoint = endpoint;
    return RESULT_OK;
}

enum result endpoint_open(const struct transport *transport, const struct url *url,
                          struct tls_context *tls, struct endpoint **out_endpoint,
                          struct error *err) {
    struct endpoint *endpoint = NULL;
    TRY(endpoint_new(transport != NULL ? transport : &socket_transport, url, &endpoint, err));
    enum result result =
        endpoint->transport->open(endpoint->transport->context, url, endpoint->name,
                                  endpoint->deadline, &endpoint->connection, err);
    return finish_opening(endpoint, result, url, tls, out_endpoint, err);
}

enum result endpoint_open_socket(int descriptor, const struct url *url, struct tls_context *tls,
                                 struct endpoint **out_endpoint, struct error *err) {
    struct endpoint *endpoint = NULL;
    enum result result = endpoint_new(&socket_transport, url, &endpoint, err);
    if (result != RESULT_OK) {
        (void)close(descriptor);
        return result;
    }
    result = socket_adopt(descriptor, endpoint->name, &endpoint->connection, err);
    return finish_opening(endpoint, result, url, tls, out_endpoint, err);
}

enum result endpoint_start_tls(struct endpoint *endpoint, struct tls_context *tls,
                               const char *host, struct error *err) {
    return handshake(endpoint, tls, host, err);
}

void endpoint_close(struct endpoint *endpoint) {
    if (endpoint == NULL) {
        return;
    }
    if (endpoint->tls != NULL && tls_is_established(endpoint->tls)) {
        tls_close(endpoint->tls);
        endpoint_set_deadline(endpoint, 0); // best effort: it is taken now or not at all
        (void)!carry_out(endpoint, buf_bytes(tls_output(endpoint->tls)), NULL);
    }
    tls_free(endpoint->tls);
    if (endpoint->connection != NULL) {
        endpoint->transport->close(endpoint->connection);
    }
    buf_clear(&endpoint->plain);
    free(endpoint);
}

void endpoint_close_at(struct endpoint **endpoint) {
    endpoint_close(*endpoint);
    *endpoint = NULL;
}

// --- use ---------------------------------------------------------------------------------

void endpoint_set_deadline(struct endpoint *endpoint, int64_t milliseconds) {
    endpoint->deadline = clock_monotonic_milliseconds() + milliseconds;
}

enum result endpoint_write(struct endpoint *endpoint, struct bytes bytes, struct error *err) {
    if (endpoint->tls == NULL) {
        return carry_out(endpoint, bytes, err);
    }
    TRY(tls_write(endpoint->tls, bytes, err));
    return flush_tls(endpoint, err);
}

static enum result read_plain_of_tls(struct endpoint *endpoint, struct error *err) {
    while (endpoint->plain.size == 0) {
        if (endpoint->tls_has_more) {
            TRY(feed_tls(endpoint, (struct bytes){0}, err));
            continue;
        }
        if (tls_peer_closed(endpoint->tls)) {
            return RESULT_OK;
        }
        bool is_end = false;
        TRY(read_tls(endpoint, &is_end, err));
        if (is_end) {
            // Without close_notify somebody else may have cut the answer off.
            return transport_unreachable(endpoint->name, "cut the connection off", err);
        }
    }
    return RESULT_OK;
}

enum result endpoint_read(struct endpoint *endpoint, struct buf *out, struct error *err) {
    if (endpoint->tls == NULL) {
        bool is_end = false;
        return carry_in(endpoint, out, &is_end, err);
    }
    TRY(read_plain_of_tls(endpoint, err));
    if (buf_append(out, buf_bytes(&endpoint->plain)) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    buf_reset(&endpoint->plain);
    return RESULT_OK;
}

bool endpoint_is_quiet(const struct endpoint *endpoint) {
    const struct transport *transport = endpoint->transport;
    return endpoint->plain.size == 0 && !endpoint->tls_has_more &&
           transport->is_quiet != NULL && transport->is_quiet(endpoint->connection);
}
