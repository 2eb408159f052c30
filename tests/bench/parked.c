// How much memory a gateway takes for polls that wait: parked N, connections with TLS and without polls.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/gateway_fixture.h"

#include <sys/resource.h>

#define POLL                                                                                   \
    "GET /v1/enroll/0123456789abcdef0123456789abcdef?wait=120 HTTP/1.1\r\nHost: x\r\n"         \
    "Authorization: Bearer q6mFr2Zl0gX1c8uTnVw5yA\r\n\r\n"
#define AUTHORITY "GET /none HTTP/1.1\r\nHost: x\r\n\r\n"

static long resident_kilobytes(pid_t process) {
    char path[64];
    char line[128];
    long pages = 0;
    (void)snprintf(path, sizeof(path), "/proc/%ld/statm", (long)process);
    FILE *file = fopen(path, "r");
    if (file != NULL && fgets(line, sizeof(line), file) != NULL) {
        char *rest = line;
        (void)strtol(rest, &rest, 10);
        pages = strtol(rest, NULL, 10);
    }
    if (file != NULL) {
        (void)fclose(file);
    }
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void reply_held(struct gateway_fixture *g) {
    struct error err = {0};
    AUTO(buf_clear) struct buf body;
    struct held held = {.approvals = 1, .expires = 1800000000, .retry_after = 7};
    buf_init(&body, 4096);
    assert_int_equal(text_set(&held.id, "0123456789abcdef0123456789abcdef"), RESULT_OK);
    assert_int_equal(text_set(&held.profile, "mqtt"), RESULT_OK);
    assert_int_equal(text_set(&held.code, "7K3M-Q9ZT"), RESULT_OK);
    assert_int_equal(text_list_add(&held.names, "cn:tracker-0001"), RESULT_OK);
    assert_ok(message_to_binary(&held_type, &held, &body, &err), &err);
    message_clear(&held_type, &held);
    const uint32_t id = gateway_next(g).id;
    gateway_send_frame(g, &(struct frame){.kind = FRAME_REPLY,
                                          .result = RESULT_PENDING,
                                          .id = id,
                                          .body = buf_bytes(&body)});
}

int main(int argc, char **argv) {
    const size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 5000;
    struct gateway_fixture g;
    struct gateway_pki pki = {0};
    struct tls_context *client = NULL;
    struct error err = {0};
    struct rlimit descriptors;
    struct setup limits = fixture_setup;
    (void)getrlimit(RLIMIT_NOFILE, &descriptors);
    descriptors.rlim_cur = descriptors.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &descriptors);
    limits.connections = limits.connections_per_address = (int64_t)count + 100;
    gateway_pki_make(&pki);
    gateway_start(&g, CHANNEL_ENROLL, &limits);
    gateway_identify(&g, &pki.server, &pki.ca);
    assert_ok(
        tls_client_context_new(buf_bytes(&pki.ca.der), (struct bytes){0}, NULL, &client, &err),
        &err);
    struct peer *peers = calloc(count, sizeof(*peers));
    assert_non_null(peers);
    const long at_start = resident_kilobytes(g.process);
    for (size_t i = 0; i < count; i++) {
        peer_connect(&peers[i], g.port);
        assert_true(peer_start_tls(&peers[i], client));
        peer_send(&peers[i], AUTHORITY); // all that a first request needs is there
        assert_int_equal(peer_response(&peers[i])->status, 404);
    }
    const long connected = resident_kilobytes(g.process);
    for (size_t i = 0; i < count; i++) {
        peer_send(&peers[i], POLL);
        reply_held(&g);
    }
    (void)poll(NULL, 0, 500);
    const long parked = resident_kilobytes(g.process);
    struct decided decided = {0};
    assert_int_equal(text_set(&decided.id, "0123456789abcdef0123456789abcdef"), RESULT_OK);
    const int64_t start = clock_monotonic_milliseconds();
    gateway_notice(&g, NOTICE_DECIDED, &decided_type, &decided);
    const size_t asked = count < LIMIT_FRAMES_WAITING ? count : LIMIT_FRAMES_WAITING;
    for (size_t i = 0; i < asked; i++) {
        (void)gateway_next(&g);
    }
    const int64_t woken = clock_monotonic_milliseconds() - start;
    printf("gateway at start              %ld kB\n", at_start);
    printf("%zu idle TLS connections     %ld kB, %ld bytes each\n", count, connected,
           (connected - at_start) * 1024 / (long)count);
    printf("%zu parked polls             %ld kB, %ld bytes each beside the connection\n", count,
           parked, (parked - connected) * 1024 / (long)count);
    printf("all woken by one notice, %zu asked again within %lld ms\n", asked,
           (long long)woken);
    message_clear(&decided_type, &decided);
    for (size_t i = 0; i < count; i++) {
        peer_close(&peers[i]);
    }
    free(peers);
    gateway_stop(&g);
    tls_context_free_at(&client);
    gateway_pki_clear(&pki);
    return 0;
}
