// A load of OCSP requests over plain HTTP: forked clients ask with GET, one connection each or one per request.
// SPDX-License-Identifier: GPL-3.0-or-later
// usage: ocsp_load PORT FILE COUNT CLIENTS [keep-alive]
// FILE has one request path per line; clients take them in turn. Prints one line of JSON: requests, seconds, rate, p50 and p99 in
// milliseconds. Every answer must be a successful OCSP response.
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
#include "wire/http.h"

// A million requests of 200 bytes.
#define FILE_BYTES (256 * 1024 * 1024)

static double now_milliseconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static _Noreturn void die(const char *what) {
    fprintf(stderr, "ocsp_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

struct load {
    uint16_t port;
    char **paths;
    size_t path_count;
    size_t count; // of requests of all clients
    size_t clients;
    bool keep_alive;
    double *latencies; // shared with the clients
};

static int connect_to(uint16_t port) {
    const struct sockaddr_in address = {.sin_family = AF_INET,
                                        .sin_port = htons(port),
                                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const int one = 1;
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (descriptor < 0 ||
        connect(descriptor, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        die("connect");
    }
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    return descriptor;
}

static void send_all(int descriptor, const char *text, size_t size) {
    for (size_t sent = 0; sent < size;) {
        ssize_t count = write(descriptor, &text[sent], size - sent);
        if (count <= 0) {
            die("write");
        }
        sent += (size_t)count;
    }
}

// OCSPResponse { successful, … }: 30 82 LL LL 0a 01 00.
static void check(const struct http_message *answer) {
    if (answer->status != 200 || answer->body.size < 7 || answer->body.data[6] != 0) {
        fprintf(stderr, "ocsp_load: status %d, %zu bytes\n", answer->status, answer->body.size);
        exit(1);
    }
}

static void read_answer(int descriptor, struct http_parser *parser) {
    struct error err = {0};
    while (true) {
        uint8_t bytes[16384];
        ssize_t count = read(descriptor, bytes, sizeof(bytes));
        size_t used = 0;
        if (count < 0) {
            die("read");
        }
        enum result result =
            count == 0 ? http_parser_finish(parser, &err)
                       : http_parser_feed(parser, bytes_of(bytes, (size_t)count), &used, &err);
        if (result == RESULT_OK) {
            check(http_parser_message(parser));
            return;
        }
        if (result != RESULT_PENDING) {
            fprintf(stderr, "ocsp_load: %s\n", err.message);
            exit(1);
        }
    }
}

static void run_client(const struct load *load, size_t client) {
    struct http_parser *parser = NULL;
    int descriptor = -1;
    for (size_t i = client; i < load->count; i += load->clients) {
        char request[4096];
        int size =
            snprintf(request, sizeof(request), "GET %s HTTP/1.%d\r\nHost: localhost\r\n\r\n",
                     load->paths[i % load->path_count], load->keep_alive ? 1 : 0);
        const double begin = now_milliseconds();
        if (descriptor < 0) {
            descriptor = connect_to(load->port);
        }
        if (parser == NULL &&
            http_parser_new(HTTP_RESPONSE, 65536, &parser, NULL) != RESULT_OK) {
            die("parser");
        }
        send_all(descriptor, request, (size_t)size);
        read_answer(descriptor, parser);
        if (load->keep_alive) {
            http_parser_next(parser);
        } else {
            http_parser_free_at(&parser);
            (void)close(descriptor);
            descriptor = -1;
        }
        load->latencies[i] = now_milliseconds() - begin;
    }
    exit(0);
}

// Cuts the text into its lines, in place.
static void cut_lines(char *text, struct load *load) {
    for (char *line = text; *line != '\0';) {
        char *end = strchr(line, '\n');
        load->paths[load->path_count++] = line;
        if (end == NULL) {
            return;
        }
        *end = '\0';
        line = &end[1];
    }
}

static void read_paths(const char *file, struct buf *text, struct load *load) {
    struct error err = {0};
    buf_init(text, FILE_BYTES);
    if (file_read(file, text, &err) != RESULT_OK || buf_append_byte(text, 0) != RESULT_OK) {
        die(file);
    }
    size_t lines = 1;
    for (size_t i = 0; i < text->size; i++) {
        lines += text->data[i] == '\n';
    }
    load->paths = calloc(lines, sizeof(*load->paths));
    if (load->paths == NULL) {
        die("memory");
    }
    cut_lines((char *)text->data, load);
}

static int by_size(const void *a, const void *b) {
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void run_all(const struct load *load) {
    for (size_t i = 0; i < load->clients; i++) {
        if (fork() == 0) {
            run_client(load, i);
        }
    }
    for (size_t i = 0; i < load->clients; i++) {
        int status = 0;
        if (wait(&status) < 0 || status != 0) {
            exit(1);
        }
    }
}

int main(int argc, char **argv) {
    AUTO(buf_clear) struct buf text = {0};
    if (argc < 5) {
        fprintf(stderr, "usage: ocsp_load PORT FILE COUNT CLIENTS [keep-alive]\n");
        return 2;
    }
    struct load load = {
        .port = (uint16_t)strtoul(argv[1], NULL, 10),
        .count = strtoul(argv[3], NULL, 10),
        .clients = strtoul(argv[4], NULL, 10),
        .keep_alive = argc > 5 && strcmp(argv[5], "keep-alive") == 0,
    };
    read_paths(argv[2], &text, &load);
    load.latencies = mmap(NULL, load.count * sizeof(double), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (load.latencies == MAP_FAILED) {
        die("mmap");
    }
    const double begin = now_milliseconds();
    run_all(&load);
    const double seconds = (now_milliseconds() - begin) / 1e3;
    qsort(load.latencies, load.count, sizeof(double), by_size);
    printf("{\"count\": %zu, \"seconds\": %.3f, \"per_second\": %.1f, \"p50\": %.3f, "
           "\"p99\": %.3f}\n",
           load.count, seconds, (double)load.count / seconds, load.latencies[load.count / 2],
           load.latencies[load.count * 99 / 100]);
    free(load.paths);
    return 0;
}
