// A load of enrollments: forked clients, each with fresh keys and, unless told otherwise, a fresh TLS 1.3 handshake per request.
// SPDX-License-Identifier: GPL-3.0-or-later
// usage: load PORT ROOT.PEM ID.SECRET|PROFILE/PREFIX/FIRST COUNT CLIENTS [keep-alive]
// With a profile the devices have no token: their common names are PREFIX and a number from FIRST.
// Keys and CSRs are made before the clock starts. Prints one line of JSON: seconds, rate, p50 and p99 in milliseconds.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "wire/http.h"
#include "wire/messages.h"
#include "wire/tls.h"
#include "x509/csr.h"
#include "x509/pem.h"

static double now_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static _Noreturn void die(const char *what, const struct error *err) {
    fprintf(stderr, "load: %s: %s\n", what, err != NULL ? err->message : strerror(errno));
    exit(1);
}

// One connection to the enroll gateway.
struct peer {
    int descriptor;
    struct tls *tls;
    struct buf plain;
    struct http_parser *parser;
};

static void flush_output(struct peer *peer) {
    struct buf *output = tls_output(peer->tls);
    while (output->size > 0) {
        ssize_t count = write(peer->descriptor, output->data, output->size);
        if (count <= 0) {
            die("write", NULL);
        }
        buf_consume(output, (size_t)count);
    }
}

static void read_some(struct peer *peer) {
    uint8_t bytes[16384];
    ssize_t count = read(peer->descriptor, bytes, sizeof(bytes));
    if (count <= 0) {
        die("the server closed", NULL);
    }
    struct error err = {0};
    if (tls_input(peer->tls, bytes_of(bytes, (size_t)count), &peer->plain, &err) != RESULT_OK) {
        die("TLS", &err);
    }
    flush_output(peer);
}

static void peer_open(struct peer *peer, struct tls_context *context, uint16_t port) {
    struct error err = {0};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(peer->descriptor, (struct sockaddr *)&address, sizeof(address)) != 0) {
        die("connect", NULL);
    }
    int yes = 1; // the request must not wait for the acknowledgement of the handshake's end
    (void)setsockopt(peer->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    buf_init(&peer->plain, LIMIT_HTTP_RESPONSE_BODY_BYTES);
    if (tls_connect_new(context, "localhost", &peer->tls, &err) != RESULT_OK ||
        tls_start(peer->tls, &err) != RESULT_OK ||
        http_parser_new(HTTP_RESPONSE, LIMIT_HTTP_RESPONSE_BODY_BYTES, &peer->parser, &err) !=
            RESULT_OK) {
        die("connection", &err);
    }
    flush_output(peer);
    while (!tls_is_established(peer->tls)) {
        read_some(peer);
    }
}

static void peer_close(struct peer *peer) {
    tls_close(peer->tls);
    flush_output(peer);
    close(peer->descriptor);
    tls_free(peer->tls);
    http_parser_free(peer->parser);
    buf_clear(&peer->plain);
}

static void ask(struct peer *peer, struct bytes request) {
    struct error err = {0};
    if (tls_write(peer->tls, request, &err) != RESULT_OK) {
        die("TLS", &err);
    }
    flush_output(peer);
    for (;;) {
        size_t used = 0;
        enum result result =
            peer->plain.size == 0
                ? RESULT_PENDING
                : http_parser_feed(peer->parser, buf_bytes(&peer->plain), &used, &err);
        buf_consume(&peer->plain, used);
        if (result == RESULT_OK) {
            break;
        }
        if (result != RESULT_PENDING) {
            die("HTTP", &err);
        }
        read_some(peer);
    }
    const struct http_message *answer = http_parser_message(peer->parser);
    if (answer->status != 200) {
        fprintf(stderr, "load: status %d: %.*s\n", answer->status, (int)answer->body.size,
                (const char *)answer->body.data);
        exit(1);
    }
    http_parser_next(peer->parser);
}

// Who asks: a token, or a profile and the device's name in the CSR.
static enum result name_asker(const char *credential, size_t number, struct enroll *message,
                              struct names *names, struct error *err) {
    char profile[LIMIT_PROFILE_NAME + 1], prefix[33], name[64];
    size_t first = 0;
    if (strchr(credential, '/') == NULL) {
        return text_set(&message->token, credential);
    }
    if (sscanf(credential, "%64[^/]/%32[^/]/%zu", profile, prefix, &first) != 3) {
        return error_set(err, RESULT_INVALID, "expected PROFILE/PREFIX/FIRST");
    }
    (void)snprintf(name, sizeof(name), "cn:%s%zu", prefix, first + number);
    TRY(names_add_text(names, name, err));
    return text_set(&message->profile, profile);
}

static enum result make_request(const char *credential, size_t number, bool keep_alive,
                                struct buf *out, struct error *err) {
    AUTO(key_free_at) struct key *key = NULL;
    TRY(key_generate(KEY_P256, &key, err));
    AUTO(buf_clear) struct buf csr;
    buf_init(&csr, LIMIT_CSR_BYTES);
    AUTO(names_clear) struct names names = {0};
    struct enroll message = {0};
    TRY(name_asker(credential, number, &message, &names, err));
    TRY(csr_build(key, &names, &csr, err));
    TRY(blob_set(&message.csr, buf_bytes(&csr)));
    AUTO(buf_clear) struct buf body;
    buf_init(&body, LIMIT_HTTP_REQUEST_BODY_BYTES);
    enum result result = message_to_json(&enroll_type, &message, &body, err);
    message_clear(&enroll_type, &message);
    TRY(result);
    return http_write_request("POST", "/v1/enroll", "localhost",
                              keep_alive ? NULL : "Connection: close\r\n", "application/json",
                              buf_bytes(&body), out);
}

// What one client does with its share of the requests.
static void work(struct tls_context *context, uint16_t port, struct buf *requests, size_t count,
                 bool keep_alive, double *milliseconds) {
    struct peer peer = {0};
    for (size_t i = 0; i < count; i++) {
        double started = now_milliseconds();
        if (i == 0 || !keep_alive) {
            peer_open(&peer, context, port);
        }
        ask(&peer, buf_bytes(&requests[i]));
        milliseconds[i] = now_milliseconds() - started;
        if (!keep_alive) {
            peer_close(&peer);
        }
    }
}

static int compare_doubles(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

int main(int argc, char **argv) {
    if (argc < 6) {
        fprintf(stderr, "usage: load PORT ROOT.PEM ID.SECRET|PROFILE/PREFIX/FIRST COUNT "
                        "CLIENTS [keep-alive]\n");
        return 2;
    }
    uint16_t port = (uint16_t)strtoul(argv[1], NULL, 10);
    size_t clients = strtoul(argv[5], NULL, 10);
    size_t share = strtoul(argv[4], NULL, 10) / clients;
    size_t count = share * clients;
    bool keep_alive = argc > 6;
    struct error err = {0};
    AUTO(buf_clear) struct buf text;
    AUTO(buf_clear) struct buf root;
    buf_init(&text, LIMIT_CHAIN_BYTES);
    buf_init(&root, LIMIT_CHAIN_BYTES);
    AUTO(tls_context_free_at) struct tls_context *context = NULL;
    if (file_read(argv[2], &text, &err) != RESULT_OK ||
        pem_decode_all(buf_bytes(&text), PEM_CERTIFICATE, &root, &err) != RESULT_OK ||
        tls_client_context_new(buf_bytes(&root), (struct bytes){0}, NULL, &context, &err) !=
            RESULT_OK) {
        die(argv[2], &err);
    }
    struct buf *requests = calloc(count, sizeof(struct buf));
    double *milliseconds = mmap(NULL, count * sizeof(double), PROT_READ | PROT_WRITE,
                                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (requests == NULL || milliseconds == MAP_FAILED) {
        die("memory", NULL);
    }
    for (size_t i = 0; i < count; i++) {
        buf_init(&requests[i], LIMIT_HTTP_REQUEST_BODY_BYTES);
        if (make_request(argv[3], i, keep_alive, &requests[i], &err) != RESULT_OK) {
            die("request", &err);
        }
    }
    double started = now_milliseconds();
    for (size_t i = 0; i < clients; i++) {
        if (fork() == 0) {
            work(context, port, requests + i * share, share, keep_alive,
                 milliseconds + i * share);
            _exit(0);
        }
    }
    int status = 0, failures = 0;
    while (wait(&status) > 0) {
        failures += status != 0;
    }
    double seconds = (now_milliseconds() - started) / 1e3;
    qsort(milliseconds, count, sizeof(double), compare_doubles);
    printf("{\"count\": %zu, \"seconds\": %.3f, \"per_second\": %.1f, \"p50\": %.2f, \"p99\": "
           "%.2f}\n",
           count, seconds, (double)count / seconds, milliseconds[count / 2],
           milliseconds[count * 99 / 100]);
    return failures != 0;
}
