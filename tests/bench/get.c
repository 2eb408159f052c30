// A load of GETs over plain HTTP, in one process: so many keep-alive connections ask again and again; or so many wait for one event.
// SPDX-License-Identifier: GPL-3.0-or-later
// usage: get PORT TARGET CONNECTIONS SECONDS [HEADER]
//        get PORT TARGET CONNECTIONS wait [HEADER]
// Prints one line of JSON: responses per second, by status, and bytes. With "wait" it prints "waiting" when all have asked, then the
// times (Unix, seconds) of the first and the last whole answer.
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct peer {
    int descriptor;
    char head[2048];
    size_t head_size;
    size_t body_left;
    int is_in_body;
};

static char request[2048];
static size_t request_size;
static long responses, unchanged, others;
static long long bytes;

static double now(clockid_t clock) {
    struct timespec time;
    (void)clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static _Noreturn void die(const char *what) {
    fprintf(stderr, "get: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int open_connection(long port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    const int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (descriptor < 0 ||
        connect(descriptor, (struct sockaddr *)&address, sizeof(address)) != 0) {
        die("connecting");
    }
    (void)setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return descriptor;
}

static void ask(const struct peer *peer) {
    if (send(peer->descriptor, request, request_size, MSG_NOSIGNAL) != (ssize_t)request_size) {
        die("sending");
    }
}

static void count(const struct peer *peer) {
    responses++;
    if (strncmp(&peer->head[9], "304", 3) == 0) {
        unchanged++;
    } else if (strncmp(&peer->head[9], "200", 3) != 0) {
        others++;
    }
}

// What of the bytes belongs to the head is kept until it is whole. True when the answer is.
static int take(struct peer *peer, const char *at, size_t size) {
    if (!peer->is_in_body) {
        size_t room = sizeof(peer->head) - 1 - peer->head_size;
        size_t copied = size < room ? size : room;
        memcpy(&peer->head[peer->head_size], at, copied);
        size_t before = peer->head_size;
        peer->head_size += copied;
        peer->head[peer->head_size] = '\0';
        const char *end = strstr(peer->head, "\r\n\r\n");
        if (end == NULL) {
            return 0;
        }
        const char *length = strcasestr(peer->head, "\r\nContent-Length:");
        peer->is_in_body = 1;
        peer->body_left = length == NULL || length > end ? 0 : strtoul(&length[17], NULL, 10);
        size -= (size_t)(end - peer->head) + 4 - before;
    }
    peer->body_left -= size < peer->body_left ? size : peer->body_left;
    return peer->body_left == 0;
}

// True when a whole answer came.
static int read_some(struct peer *peer) {
    static char buffer[256 * 1024];
    ssize_t size = recv(peer->descriptor, buffer, sizeof(buffer), 0);
    if (size <= 0) {
        die("reading");
    }
    bytes += size;
    if (!take(peer, buffer, (size_t)size)) {
        return 0;
    }
    count(peer);
    peer->is_in_body = 0;
    peer->head_size = 0;
    return 1;
}

static int watch(struct peer *peers, size_t connections, long port) {
    int poll = epoll_create1(0);
    for (size_t i = 0; i < connections; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &peers[i]};
        peers[i].descriptor = open_connection(port);
        (void)epoll_ctl(poll, EPOLL_CTL_ADD, peers[i].descriptor, &event);
        ask(&peers[i]);
    }
    return poll;
}

static void ask_again_and_again(int poll, double seconds) {
    struct epoll_event events[256];
    double start = now(CLOCK_MONOTONIC);
    double end = start;
    while (end - start < seconds) {
        int ready = epoll_wait(poll, events, 256, 1000);
        for (int i = 0; i < ready; i++) {
            if (read_some(events[i].data.ptr)) {
                ask(events[i].data.ptr);
            }
        }
        end = now(CLOCK_MONOTONIC);
    }
    printf("{\"per_second\":%.0f,\"responses\":%ld,\"unchanged\":%ld,\"others\":%ld,"
           "\"bytes\":%lld}\n",
           (double)responses / (end - start), responses, unchanged, others, bytes);
}

static void wait_for_all(int poll, long connections) {
    struct epoll_event events[256];
    double first = 0;
    printf("waiting\n");
    (void)fflush(stdout);
    while (responses < connections) {
        int ready = epoll_wait(poll, events, 256, 120000);
        if (ready <= 0) {
            die("nothing came");
        }
        for (int i = 0; i < ready; i++) {
            if (read_some(events[i].data.ptr) && first == 0) {
                first = now(CLOCK_REALTIME);
            }
        }
    }
    printf("{\"first\":%.6f,\"last\":%.6f,\"responses\":%ld,\"unchanged\":%ld,\"others\":%ld,"
           "\"bytes\":%lld}\n",
           first, now(CLOCK_REALTIME), responses, unchanged, others, bytes);
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: get PORT TARGET CONNECTIONS SECONDS|wait [HEADER]\n");
        return 2;
    }
    struct rlimit descriptors;
    (void)getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &descriptors);
    request_size = (size_t)snprintf(request, sizeof(request),
                                    "GET %s HTTP/1.1\r\nHost: localhost\r\n%s%s\r\n", argv[2],
                                    argc > 5 ? argv[5] : "", argc > 5 ? "\r\n" : "");
    size_t connections = strtoul(argv[3], NULL, 10);
    struct peer *peers = calloc(connections, sizeof(*peers));
    if (peers == NULL) {
        die("memory");
    }
    int poll = watch(peers, connections, strtol(argv[1], NULL, 10));
    if (strcmp(argv[4], "wait") == 0) {
        wait_for_all(poll, (long)connections);
    } else {
        ask_again_and_again(poll, strtod(argv[4], NULL));
    }
    return 0;
}
