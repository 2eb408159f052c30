// A gateway as a process: notices, identities, publications, draining, the authority's end.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/gateway_fixture.h"

static struct gateway_fixture g;
static struct gateway_pki pki;

static int set_up(void **state) {
    (void)state;
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    gateway_stop(&g);
    return 0;
}

static int make_pki(void **state) {
    (void)state;
    gateway_pki_make(&pki);
    return 0;
}

static int clear_pki(void **state) {
    (void)state;
    gateway_pki_clear(&pki);
    return 0;
}

// `who` NULL: without a certificate.
static struct tls_context *client_of(const struct credential *who) {
    struct error err = {0};
    struct tls_context *context = NULL;
    assert_ok(tls_client_context_new(buf_bytes(&pki.ca.der),
                                     who != NULL ? buf_bytes(&who->der) : (struct bytes){0},
                                     who != NULL ? who->key : NULL, &context, &err),
              &err);
    return context;
}

static const struct http_message *ask(struct peer *peer, const char *request) {
    peer_connect(peer, g.port);
    peer_send(peer, request);
    return peer_response(peer);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: x\r\n\r\n"

// --- TLS and who asks ------------------------------------------------------------------------

static void the_enroll_gateway_takes_clients_with_and_without_certificate(void **state) {
    (void)state;
    gateway_start(&g, CHANNEL_ENROLL, &fixture_setup);
    gateway_identify(&g, &pki.server, &pki.ca);
    const struct credential *clients[] = {NULL, &pki.client};
    for (size_t i = 0; i < 2; i++) {
        AUTO(peer_close) struct peer peer = {0};
        AUTO(tls_context_free_at) struct tls_context *client = client_of(clients[i]);
        peer_connect(&peer, g.port);
        assert_true(peer_start_tls(&peer, client));
        peer_send(&peer, GET("/v1/authority"));
        const struct frame frame = gateway_next(&g);
        assert_int_equal(frame.number, OPERATION_AUTHORITY);
        assert_int_equal(frame.body.size, 0);
        assert_bytes_equal(frame.peer_address, BYTES_LITERAL("127.0.0.1"));
        assert_bytes_equal(frame.peer_certificate,
                           i == 1 ? buf_bytes(&pki.client.der) : (struct bytes){0});
        struct authority_info info = {.time = 1700000000};
        assert_int_equal(text_set(&info.name, "Test"), RESULT_OK);
        assert_int_equal(text_set(&info.version, "1"), RESULT_OK);
        assert_int_equal(text_set(&info.fingerprint, "00"), RESULT_OK);
        assert_int_equal(blob_set(&info.chain, buf_bytes(&pki.ca.der)), RESULT_OK);
        gateway_reply(&g, frame.id, &authority_info_type, &info);
        message_clear(&authority_info_type, &info);
        assert_body_has(peer_response(&peer), "BEGIN CERTIFICATE");
    }
}

static void a_certificate_of_a_strange_ca_is_refused_in_the_handshake(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    AUTO(tls_context_free_at) struct tls_context *client = client_of(&pki.stranger);
    gateway_start(&g, CHANNEL_ENROLL, &fixture_setup);
    gateway_identify(&g, &pki.server, &pki.ca);
    peer_connect(&peer, g.port);
    (void)peer_start_tls(&peer, client);
    peer_wait_end(&peer);
    assert_true(peer.is_refused);
}

static void the_admin_gateway_wants_a_certificate(void **state) {
    (void)state;
    AUTO(peer_close) struct peer without = {0};
    AUTO(peer_close) struct peer with = {0};
    AUTO(tls_context_free_at) struct tls_context *nobody = client_of(NULL);
    AUTO(tls_context_free_at) struct tls_context *client = client_of(&pki.client);
    gateway_start(&g, CHANNEL_ADMIN, &fixture_setup);
    gateway_identify(&g, &pki.server, &pki.ca);
    peer_connect(&without, g.port);
    (void)peer_start_tls(&without, nobody);
    peer_wait_end(&without);
    assert_true(without.is_refused);
    peer_connect(&with, g.port);
    assert_true(peer_start_tls(&with, client));
    peer_send(&with, GET("/v1/crl"));
    const struct frame frame = gateway_next(&g);
    assert_int_equal(frame.number, OPERATION_CRL_SHOW);
    assert_bytes_equal(frame.peer_certificate, buf_bytes(&pki.client.der));
}

static void plain_http_on_a_tls_port_is_told_to_use_https(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    gateway_start(&g, CHANNEL_ENROLL, &fixture_setup);
    gateway_identify(&g, &pki.server, &pki.ca);
    const struct http_message *response = ask(&peer, GET("/v1/authority"));
    assert_error(response, 400, "not_tls", "https://");
    assert_null(peer_response(&peer));
    assert_false(peer.is_reset);
}

static void a_new_identity_serves_new_connections(void **state) {
    (void)state;
    AUTO(peer_close) struct peer before = {0};
    AUTO(peer_close) struct peer after = {0};
    AUTO(tls_context_free_at) struct tls_context *client = client_of(NULL);
    gateway_start(&g, CHANNEL_ENROLL, &fixture_setup);
    gateway_identify(&g, &pki.server, &pki.ca);
    gateway_publish(&g, "/first", "\"1\"", BYTES_LITERAL("x"));
    peer_connect(&before, g.port);
    assert_true(peer_start_tls(&before, client));
    gateway_identify(&g, &pki.second_server, &pki.ca);
    // A notice that cannot be used leaves the last identity in force.
    gateway_send_frame(&g, &(struct frame){.kind = FRAME_NOTICE,
                                           .number = NOTICE_IDENTITY,
                                           .body = BYTES_LITERAL("nonsense")});
    gateway_publish(&g, "/second", "\"1\"", BYTES_LITERAL("x"));
    // Notices are taken in order: who sees the second document meets the second identity.
    int status = 0;
    for (int i = 0; i < 200 && status != 200; i++) {
        peer_send(&before, GET("/second"));
        status = peer_response(&before)->status;
        (void)poll(NULL, 0, 5);
    }
    assert_int_equal(status, 200);
    peer_connect(&after, g.port);
    assert_true(peer_start_tls(&after, client));
    assert_bytes_equal(tls_peer_certificate(before.tls), buf_bytes(&pki.server.der));
    assert_bytes_equal(tls_peer_certificate(after.tls), buf_bytes(&pki.second_server.der));
}

// --- publications ----------------------------------------------------------------------------

static void publications_are_served_with_their_conditions(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    gateway_start_silent(&g, CHANNEL_PUBLIC);
    gateway_publish(&g, "/crl/issuing.crl", "\"7\"", BYTES_LITERAL("the CRL"));
    gateway_set_up(&g, &fixture_setup);
    const struct http_message *response = ask(&peer, GET("/crl/issuing.crl"));
    assert_non_null(response);
    assert_int_equal(response->status, 200);
    assert_bytes_equal(buf_bytes(&response->body), BYTES_LITERAL("the CRL"));
    assert_header(response, "etag", "\"7\"");
    assert_header(response, "content-type", "application/pkix-crl");
    peer_send(&peer,
              "GET /crl/issuing.crl HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"7\"\r\n\r\n");
    assert_int_equal(peer_response(&peer)->status, 304);
    peer_send(&peer,
              "GET /crl/issuing.crl HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"6\"\r\n\r\n");
    assert_int_equal(peer_response(&peer)->status, 200);
    peer_send(&peer, "HEAD /crl/issuing.crl HTTP/1.1\r\nHost: x\r\n\r\n");
    response = peer_response_to(&peer, true);
    assert_int_equal(response->status, 200);
    assert_header(response, "content-length", "7");
    peer_send(&peer, "POST /crl/issuing.crl HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
    response = peer_response(&peer);
    assert_error(response, 405, "method_not_allowed", NULL);
    assert_header(response, "allow", "GET, HEAD");
    peer_send(&peer, GET("/crl/isuing.crl"));
    assert_error(peer_response(&peer), 404, "unknown_path", "/crl/issuing.crl");
    peer_send(&peer, GET("/v1/status"));
    assert_error(peer_response(&peer), 404, "unknown_path", "admin gateway");
    peer_send(&peer, "GET /crl/../ca.pem HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_error(peer_response(&peer), 400, NULL, NULL);
    assert_false(gateway_speaks_within(&g, 0)); // all that without the authority
}

static void a_large_publication_arrives_whole_even_when_it_is_replaced(void **state) {
    (void)state;
    AUTO(peer_close) struct peer slow = {0};
    AUTO(peer_close) struct peer other = {0};
    const size_t size = 20 * 1024 * 1024;
    uint8_t *old = malloc(size);
    assert_non_null(old);
    for (size_t i = 0; i < size; i++) {
        old[i] = (uint8_t)(i * 13 + i / 257);
    }
    gateway_start(&g, CHANNEL_PUBLIC, &fixture_setup);
    gateway_publish(&g, "/crl", "\"old\"", bytes_of(old, size));
    peer_connect_with(&slow, g.port, 8192);
    peer_send(&slow, GET("/crl"));
    assert_true(peer_wait_bytes(&slow, 1000)); // it is on its way
    gateway_publish(&g, "/crl", "\"new\"", BYTES_LITERAL("new"));
    int new_seen = 0;
    peer_connect(&other, g.port);
    for (int i = 0; i < 200 && new_seen == 0; i++) {
        peer_send(&other, "GET /crl HTTP/1.1\r\nHost: x\r\nIf-None-Match: \"old\"\r\n\r\n");
        new_seen = peer_response(&other)->status == 200;
    }
    assert_int_equal(new_seen, 1);
    const struct http_message *response = peer_response(&slow);
    assert_non_null(response);
    assert_bytes_equal(buf_bytes(&response->body), bytes_of(old, size));
    free(old);
}

static long resident_bytes(pid_t process) {
    char path[64];
    char line[128] = "";
    (void)snprintf(path, sizeof(path), "/proc/%ld/statm", (long)process);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
    char *rest = line;
    (void)strtol(rest, &rest, 10);
    return strtol(rest, NULL, 10) * sysconf(_SC_PAGESIZE);
}

// Connections to the gateway that it has not closed.
static int count_served(uint16_t port) {
    char line[512];
    char wanted[8];
    int count = 0;
    (void)snprintf(wanted, sizeof(wanted), ":%04X", port);
    FILE *file = fopen("/proc/net/tcp", "r");
    assert_non_null(file);
    while (fgets(line, sizeof(line), file) != NULL) {
        // "  0: 0100007F:1F90 0100007F:D2F4 01 …": its end first, and the state 01, established
        const char *local = strchr(line, ':');
        const char *address = local != NULL ? strchr(&local[1], ':') : NULL;
        const char *peer = address != NULL ? strchr(&address[1], ':') : NULL;
        count += peer != NULL && strncmp(address, wanted, 5) == 0 &&
                 strncmp(&peer[5], " 01 ", 4) == 0;
    }
    (void)fclose(file);
    return count;
}

#define SLOW_READERS 200
#define LARGE_CRL_BYTES (1024 * 1024)

// As when a large CRL goes out to thousands, some of whom hardly read.
static void slow_readers_of_a_large_crl_cost_little_and_are_cut_off(void **state) {
    (void)state;
    static struct peer slow[SLOW_READERS];
    AUTO(peer_close) struct peer fast = {0};
    static char body[LARGE_CRL_BYTES];
    struct setup limits = fixture_setup;
    limits.request_seconds = 3;
    memset(body, 'b', sizeof(body));
    gateway_start(&g, CHANNEL_PUBLIC, &limits);
    gateway_publish(&g, "/crl", "\"1\"", bytes_of(body, sizeof(body)));
    assert_int_equal(ask(&fast, GET("/crl"))->body.size, sizeof(body));
    const long before = resident_bytes(g.process);
    for (int i = 0; i < SLOW_READERS; i++) {
        peer_connect_with(&slow[i], g.port, 4096);
        peer_send(&slow[i], GET("/crl"));
    }
    for (int i = 0; i < SLOW_READERS; i++) {
        assert_true(peer_wait_bytes(&slow[i], 1000)); // and nothing after that
    }
    peer_send(&fast, GET("/crl"));
    assert_int_equal(peer_response(&fast)->body.size, sizeof(body));
    const long grown = resident_bytes(g.process) - before;
    assert_in_range(grown + LARGE_CRL_BYTES, 0, 64L * 1024 * 1024); // not 200 MB
    const int64_t deadline = peer_deadline();
    int served = SLOW_READERS;
    while (served > 1 && clock_monotonic_milliseconds() < deadline) {
        peer_send(&fast, GET("/crl"));
        assert_int_equal(peer_response(&fast)->body.size, sizeof(body));
        served = count_served(g.port);
    }
    assert_int_equal(served, 1); // the fast one
    for (int i = 0; i < SLOW_READERS; i++) {
        peer_wait_end(&slow[i]);
        assert_true(slow[i].received.size < LARGE_CRL_BYTES);
        peer_close(&slow[i]);
    }
}

static void many_pipelined_requests_for_a_publication_are_all_answered(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    static char body[100 * 1024];
    memset(body, 'b', sizeof(body));
    gateway_start(&g, CHANNEL_PUBLIC, &fixture_setup);
    gateway_publish(&g, "/crl", "\"1\"", bytes_of(body, sizeof(body)));
    peer_connect(&peer, g.port);
    for (int i = 0; i < 100; i++) {
        peer_send(&peer, GET("/crl"));
    }
    for (int i = 0; i < 100; i++) {
        const struct http_message *response = peer_response(&peer);
        assert_non_null(response);
        assert_int_equal(response->body.size, sizeof(body));
    }
}

static void the_admin_gateway_publishes_nothing(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    AUTO(tls_context_free_at) struct tls_context *client = client_of(&pki.client);
    gateway_start_silent(&g, CHANNEL_ADMIN);
    gateway_publish(&g, "/ca.pem", "\"1\"", BYTES_LITERAL("x"));
    gateway_set_up(&g, &fixture_setup);
    gateway_identify(&g, &pki.server, &pki.ca);
    peer_connect(&peer, g.port);
    assert_true(peer_start_tls(&peer, client));
    peer_send(&peer, GET("/ca.pem"));
    assert_error(peer_response(&peer), 404, "unknown_path", NULL);
}

// --- limits ----------------------------------------------------------------------------------

static void the_limits_are_those_of_the_last_setup(void **state) {
    (void)state;
    struct peer peers[3] = {0};
    struct setup limits = fixture_setup;
    limits.connections_per_address = 2;
    gateway_start(&g, CHANNEL_PUBLIC, &limits);
    gateway_publish(&g, "/a", "\"1\"", BYTES_LITERAL("a"));
    assert_int_equal(ask(&peers[0], GET("/a"))->status, 200);
    assert_int_equal(ask(&peers[1], GET("/a"))->status, 200);
    peer_connect(&peers[2], g.port);
    peer_wait_end(&peers[2]);
    peer_close(&peers[2]);
    limits.connections_per_address = 3;
    gateway_set_up(&g, &limits);
    gateway_publish(&g, "/b", "\"1\"", BYTES_LITERAL("b"));
    int status = 0;
    for (int i = 0; i < 200 && status != 200; i++) {
        peer_send(&peers[0], GET("/b"));
        status = peer_response(&peers[0])->status;
    }
    assert_int_equal(ask(&peers[2], GET("/b"))->status, 200);
    for (size_t i = 0; i < 3; i++) {
        peer_close(&peers[i]);
    }
}

// --- the end ---------------------------------------------------------------------------------

static void draining_answers_what_was_asked_and_ends_well(void **state) {
    (void)state;
    AUTO(peer_close) struct peer waiting = {0};
    AUTO(peer_close) struct peer idle = {0};
    AUTO(tls_context_free_at) struct tls_context *client = client_of(&pki.client);
    gateway_start(&g, CHANNEL_ADMIN, &fixture_setup);
    gateway_identify(&g, &pki.server, &pki.ca);
    peer_connect(&idle, g.port);
    assert_true(peer_start_tls(&idle, client));
    peer_connect(&waiting, g.port);
    assert_true(peer_start_tls(&waiting, client));
    peer_send(&waiting, "POST /v1/tokens/a/revoke HTTP/1.1\r\nHost: x\r\n\r\n");
    const uint32_t id = gateway_next(&g).id;
    gateway_notice(&g, NOTICE_DRAIN, NULL, NULL);
    peer_wait_end(&idle);
    peer_close(&idle);
    gateway_reply_token(&g, id, "a");
    assert_body_has(peer_response(&waiting), "\"id\":\"a\"");
    assert_null(peer_response(&waiting));
    peer_close(&waiting);
    assert_int_equal(gateway_wait(&g), RESULT_OK);
}

static void draining_before_anything_began_ends_well(void **state) {
    (void)state;
    gateway_start_silent(&g, CHANNEL_PUBLIC);
    gateway_notice(&g, NOTICE_DRAIN, NULL, NULL);
    assert_int_equal(gateway_wait(&g), RESULT_OK);
}

static void an_authority_that_goes_away_ends_the_gateway(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    gateway_start(&g, CHANNEL_PUBLIC, &fixture_setup);
    gateway_publish(&g, "/a", "\"1\"", BYTES_LITERAL("a"));
    assert_int_equal(ask(&peer, GET("/a"))->status, 200);
    (void)close(g.channel);
    g.channel = 0;
    peer_wait_end(&peer); // also for those who are connected
    assert_int_equal(gateway_wait(&g), RESULT_UNAVAILABLE);
}

static void signals_meant_for_the_authority_are_ignored(void **state) {
    (void)state;
    AUTO(peer_close) struct peer peer = {0};
    gateway_start(&g, CHANNEL_PUBLIC, &fixture_setup);
    gateway_publish(&g, "/a", "\"1\"", BYTES_LITERAL("a"));
    assert_int_equal(ask(&peer, GET("/a"))->status, 200);
    static const int signals[] = {SIGHUP, SIGTERM, SIGINT, SIGPIPE};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(kill(g.process, signals[i]), 0);
        peer_send(&peer, GET("/a"));
        assert_int_equal(peer_response(&peer)->status, 200);
    }
}

static void a_broken_frame_ends_the_gateway(void **state) {
    (void)state;
    gateway_start(&g, CHANNEL_PUBLIC, &fixture_setup);
    assert_int_equal(send(g.channel, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, MSG_NOSIGNAL), 8);
    assert_int_equal(gateway_wait(&g), RESULT_INVALID);
}

static void a_request_from_the_authority_ends_the_gateway(void **state) {
    (void)state;
    gateway_start(&g, CHANNEL_PUBLIC, &fixture_setup);
    gateway_send_frame(&g, &(struct frame){.kind = FRAME_REQUEST, .number = OPERATION_STATUS});
    assert_int_equal(gateway_wait(&g), RESULT_INTERNAL);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_enroll_gateway_takes_clients_with_and_without_certificate),
        TEST(a_certificate_of_a_strange_ca_is_refused_in_the_handshake),
        TEST(the_admin_gateway_wants_a_certificate),
        TEST(plain_http_on_a_tls_port_is_told_to_use_https),
        TEST(a_new_identity_serves_new_connections),
        TEST(publications_are_served_with_their_conditions),
        TEST(a_large_publication_arrives_whole_even_when_it_is_replaced),
        TEST(slow_readers_of_a_large_crl_cost_little_and_are_cut_off),
        TEST(many_pipelined_requests_for_a_publication_are_all_answered),
        TEST(the_admin_gateway_publishes_nothing),
        TEST(the_limits_are_those_of_the_last_setup),
        TEST(draining_answers_what_was_asked_and_ends_well),
        TEST(draining_before_anything_began_ends_well),
        TEST(an_authority_that_goes_away_ends_the_gateway),
        TEST(signals_meant_for_the_authority_are_ignored),
        TEST(a_broken_frame_ends_the_gateway),
        TEST(a_request_from_the_authority_ends_the_gateway),
    };
    return cmocka_run_group_tests(tests, make_pki, clear_pki);
}
