// Handshakes as each kind of server must be asked, and how its answers are read.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/probe.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "client/connect/endpoint.h"

#define ANSWER_MILLISECONDS 4000
// A server that has sent no alert by now took the certificate.
#define ALERT_MILLISECONDS 1500

struct probe {
    const struct url *address;
    const char *name;
    struct tls_context *tls;
    struct endpoint *endpoint;
    struct buf answer;
    int64_t deadline;
};

static void probe_clear(struct probe *probe) {
    endpoint_close(probe->endpoint);
    buf_clear(&probe->answer);
}

static void set_deadline(struct probe *probe, int64_t milliseconds) {
    probe->deadline = clock_monotonic_milliseconds() + milliseconds;
    endpoint_set_deadline(probe->endpoint, milliseconds);
}

// Alerts that complain of something else about a certificate than that it is revoked. Many
// servers have only general ones for that: bad_certificate, certificate_unknown.
static bool is_about_something_else(const char *alert) {
    static const char *const others[] = {"handshake_failure", "unsupported_certificate",
                                         "certificate_expired", "unknown_ca",
                                         "certificate_required"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (strcmp(alert, others[i]) == 0) {
            return true;
        }
    }
    return false;
}

// PROBE_NO_ANSWER when there was no alert about our certificate.
static enum probe_verdict verdict_of_alert(const struct error *err) {
    const char *alert = endpoint_alert(err);
    if (alert == NULL) {
        return PROBE_NO_ANSWER;
    }
    return is_about_something_else(alert) ? PROBE_OUT_OTHERWISE : PROBE_OUT;
}

// After the handshake a connection that breaks, with an alert or without (the alert of TLS 1.3
// and the end race), is a refusal; silence is none.
static enum probe_verdict verdict_of_end(const struct probe *probe, const struct error *err) {
    enum probe_verdict verdict = verdict_of_alert(err);
    if (verdict != PROBE_NO_ANSWER) {
        return verdict;
    }
    bool is_silence = clock_monotonic_milliseconds() >= probe->deadline ||
                      strcmp(err->code, "interrupted") == 0;
    return is_silence ? PROBE_NO_ANSWER : PROBE_OUT;
}

static enum probe_verdict no_answer(struct error *err, const char *what,
                                    const struct buf *answer) {
    (void)error_set_code(err, RESULT_INVALID, "probe", "%s: %.100s", what, buf_string(answer));
    return PROBE_NO_ANSWER;
}

static enum probe_verdict refused(struct error *err, const char *what) {
    (void)error_set_code(err, RESULT_DENIED, "probe", "%s", what);
    return PROBE_OUT;
}

// PROBE_IN when TLS stands, as far as this side can tell.
static enum probe_verdict start_tls(struct probe *probe, struct error *err) {
    set_deadline(probe, ANSWER_MILLISECONDS);
    if (endpoint_start_tls(probe->endpoint, probe->tls, probe->name, err) == RESULT_OK) {
        return PROBE_IN;
    }
    return verdict_of_alert(err);
}

// --- TLS alone ---------------------------------------------------------------------------

static enum probe_verdict ask_tls(struct probe *probe, struct error *err) {
    set_deadline(probe, ALERT_MILLISECONDS);
    if (endpoint_read(probe->endpoint, &probe->answer, err) == RESULT_OK) {
        // Bytes, or a clean end, which a server that dislikes the certificate does not send.
        return PROBE_IN;
    }
    enum probe_verdict verdict = verdict_of_end(probe, err);
    return verdict == PROBE_NO_ANSWER ? PROBE_IN : verdict;
}

// --- MQTT --------------------------------------------------------------------------------

#define MQTT_CLIENT "signet-canary"

static enum probe_verdict ask_mqtt(struct probe *probe, struct error *err) {
    // CONNECT of MQTT 3.1.1 (3.1): clean session, 10 s keep alive, and the client's name.
    static const char connect[] = "\x10\x19\x00\x04MQTT\x04\x02\x00\x0a\x00\x0d" MQTT_CLIENT;
    static const char disconnect[] = "\xe0\x00";
    set_deadline(probe, ANSWER_MILLISECONDS);
    if (endpoint_write(probe->endpoint, bytes_of(connect, sizeof(connect) - 1), err) !=
        RESULT_OK) {
        return verdict_of_end(probe, err);
    }
    while (probe->answer.size < 4) {
        size_t before = probe->answer.size;
        if (endpoint_read(probe->endpoint, &probe->answer, err) != RESULT_OK) {
            return verdict_of_end(probe, err);
        }
        if (probe->answer.size == before) {
            return refused(err, "the broker closed the connection before CONNACK");
        }
    }
    // What CONNACK says is about users, not about certificates: those who are kept out by TLS
    // never see one.
    if (probe->answer.data[0] != 0x20) {
        return no_answer(err, "this is no MQTT", &probe->answer);
    }
    (void)endpoint_write(probe->endpoint, bytes_of(disconnect, sizeof(disconnect) - 1), NULL);
    return PROBE_IN;
}

// --- HTTP --------------------------------------------------------------------------------

static enum probe_verdict read_http(struct probe *probe, struct error *err) {
    size_t before = 0;
    do {
        before = probe->answer.size;
        if (endpoint_read(probe->endpoint, &probe->answer, err) != RESULT_OK) {
            // Some servers end without close_notify, which is fine behind an answer.
            return probe->answer.size > 0 ? PROBE_IN : verdict_of_end(probe, err);
        }
    } while (probe->answer.size > before && probe->answer.size < LIMIT_PROBE_ANSWER_BYTES / 2);
    return PROBE_IN;
}

// nginx lets everybody shake hands and then answers 400 "The SSL certificate error", or what
// error_page makes of its own codes 495 and 496.
static bool is_http_refusal(const char *answer) {
    const char *status = strchr(answer, ' ');
    if (status == NULL) {
        return false;
    }
    status = &status[1];
    return (strncmp(status, "400", 3) == 0 && strstr(answer, "SSL certificate") != NULL) ||
           strncmp(status, "495", 3) == 0 || strncmp(status, "496", 3) == 0;
}

static enum probe_verdict ask_http(struct probe *probe, struct error *err) {
    AUTO(buf_clear) struct buf question = {0};
    buf_init(&question, 1024);
    set_deadline(probe, ANSWER_MILLISECONDS);
    if (buf_printf(&question,
                   "GET / HTTP/1.1\r\nHost: %s\r\nUser-Agent: signet-canary\r\n"
                   "Connection: close\r\n\r\n",
                   probe->name) != RESULT_OK) {
        return no_answer(err, "the name is too long", &question);
    }
    if (endpoint_write(probe->endpoint, buf_bytes(&question), err) != RESULT_OK) {
        return verdict_of_end(probe, err);
    }
    enum probe_verdict verdict = read_http(probe, err);
    if (verdict != PROBE_IN) {
        return verdict;
    }
    const char *answer = buf_string(&probe->answer);
    if (strncmp(answer, "HTTP/", 5) != 0) {
        return probe->answer.size == 0 ? refused(err, "the server closed the connection")
                                       : no_answer(err, "this is no HTTP", &probe->answer);
    }
    return is_http_refusal(answer) ? refused(err, "the server answered that the certificate is "
                                                  "no good")
                                   : PROBE_IN;
}

// --- XMPP --------------------------------------------------------------------------------

// Sends, and reads until one of two texts is in what came since; *out_has_first tells which.
static enum result xmpp_ask(struct probe *probe, const char *question, const char *first,
                            const char *second, bool *out_has_first, struct error *err) {
    buf_reset(&probe->answer);
    TRY(endpoint_write(probe->endpoint, bytes_of_string(question), err));
    for (;;) {
        const char *answer = buf_string(&probe->answer);
        *out_has_first = strstr(answer, first) != NULL;
        if (*out_has_first || strstr(answer, second) != NULL) {
            return RESULT_OK;
        }
        size_t before = probe->answer.size;
        TRY(endpoint_read(probe->endpoint, &probe->answer, err));
        if (probe->answer.size == before) {
            return error_set_code(err, RESULT_UNAVAILABLE, "probe",
                                  "the server ended the stream: %.100s", answer);
        }
    }
}

static enum result xmpp_open_stream(struct probe *probe, struct error *err) {
    AUTO(buf_clear) struct buf header = {0};
    bool is_open = false;
    buf_init(&header, 1024);
    TRY(buf_printf(&header,
                   "<?xml version='1.0'?><stream:stream to='%s' version='1.0' "
                   "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
                   probe->name));
    TRY(xmpp_ask(probe, buf_string(&header), "</stream:features>", "</stream:stream>", &is_open,
                 err));
    return is_open ? RESULT_OK
                   : error_set_code(err, RESULT_UNAVAILABLE, "probe",
                                    "the server refused the stream: %.100s",
                                    buf_string(&probe->answer));
}

// Over plain TCP: up to where TLS begins.
static enum result xmpp_begin(struct probe *probe, struct error *err) {
    bool may_proceed = false;
    set_deadline(probe, ANSWER_MILLISECONDS);
    TRY(xmpp_open_stream(probe, err));
    TRY(xmpp_ask(probe, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "<proceed",
                 "<failure", &may_proceed, err));
    return may_proceed ? RESULT_OK
                       : error_set_code(err, RESULT_UNAVAILABLE, "probe",
                                        "the server does no STARTTLS");
}

static enum probe_verdict ask_xmpp(struct probe *probe, struct error *err) {
    bool is_in = false;
    set_deadline(probe, ANSWER_MILLISECONDS);
    if (xmpp_open_stream(probe, err) != RESULT_OK) {
        return verdict_of_end(probe, err);
    }
    if (xmpp_ask(probe,
                 "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>",
                 "<success", "<failure", &is_in, err) != RESULT_OK) {
        return verdict_of_end(probe, err);
    }
    return is_in ? PROBE_IN : refused(err, "SASL EXTERNAL failed");
}

// --- all of them -------------------------------------------------------------------------

static enum probe_verdict ask(struct probe *probe, enum watch_probe kind, struct error *err) {
    switch (kind) {
    case WATCH_PROBE_MQTT:
        return ask_mqtt(probe, err);
    case WATCH_PROBE_HTTP:
        return ask_http(probe, err);
    case WATCH_PROBE_XMPP:
        return ask_xmpp(probe, err);
    case WATCH_PROBE_TLS:
        break;
    }
    return ask_tls(probe, err);
}

enum probe_verdict probe_run(enum watch_probe kind, const struct url *address, const char *name,
                             struct tls_context *tls, struct error *err) {
    struct error reason = {0};
    AUTO(probe_clear)
    struct probe probe = {.address = address, .name = name, .tls = tls};
    buf_init(&probe.answer, LIMIT_PROBE_ANSWER_BYTES);
    enum result opened = endpoint_open(NULL, address, NULL, &probe.endpoint, &reason);
    if (opened == RESULT_OK && kind == WATCH_PROBE_XMPP) {
        opened = xmpp_begin(&probe, &reason);
    }
    enum probe_verdict verdict =
        opened == RESULT_OK ? start_tls(&probe, &reason) : PROBE_NO_ANSWER;
    if (verdict == PROBE_IN) {
        reason = (struct error){0};
        verdict = ask(&probe, kind, &reason);
    }
    if (err != NULL) {
        *err = reason;
    }
    return verdict;
}
