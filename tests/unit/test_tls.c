// TLS engine to TLS engine through two buffers: who is let in, who is refused, and with what
// words. SPDX-License-Identifier: GPL-3.0-or-later
#include "support/pki.h"

#include <stdlib.h>
#include <sys/resource.h>

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include "base/limits.h"
#include "wire/tls.h"
#include "wire/tls_peer.h"

#define DAY 86400

// One authority with a server and clients of all kinds, and an impostor with the same names.
static struct pki {
    struct identity root, issuing, server, client, rsa_server, ed_client;
    struct identity expired_client, early_client, expired_server, early_server;
    struct identity client_as_server, forged_client, forged_expired;
    struct identity authority, ra_alone, any_usage, no_usage;
    struct identity other_root, other_issuing, other_client, other_expired, other_server;
} pki;

static int make_pki(void **state) {
    (void)state;
    const int64_t now = clock_now();
    const struct identity_plan root = {.names = {"cn:Root"},
                                       .is_ca = true,
                                       .not_before = now - 30 * DAY,
                                       .not_after = now + 30 * DAY};
    struct identity_plan issuing = root;
    issuing.names[0] = "cn:Issuing";
    const struct identity_plan server = {
        .names = {"cn:server", "dns:ca.example", "dns:*.wild.example", "ip:192.0.2.7"},
        .usage = OID_SERVER_AUTH};
    const struct identity_plan client = {.names = {"cn:device"}, .usage = OID_CLIENT_AUTH};
    identity_make(&pki.root, NULL, &root);
    identity_make(&pki.issuing, &pki.root, &issuing);
    identity_make(&pki.server, &pki.issuing, &server);
    identity_make(&pki.client, &pki.issuing, &client);
    identity_make(
        &pki.client_as_server, &pki.issuing,
        &(struct identity_plan){.names = {"dns:ca.example"}, .usage = OID_CLIENT_AUTH});
    struct identity_plan other_usage = server;
    other_usage.is_authority = true;
    identity_make(&pki.authority, &pki.issuing, &other_usage);
    other_usage = (struct identity_plan){.names = {"dns:ca.example"}, .usage = OID_CMC_RA};
    identity_make(&pki.ra_alone, &pki.issuing, &other_usage);
    other_usage.usage = OID_ANY_EXTENDED_KEY_USAGE;
    identity_make(&pki.any_usage, &pki.issuing, &other_usage);
    other_usage.usage = OID_UNKNOWN;
    identity_make(&pki.no_usage, &pki.issuing, &other_usage);
    // Says what the client's certificate says, but the signature is another one's.
    identity_make(&pki.forged_client, &pki.issuing, &client);
    pki.forged_client.der.data[pki.forged_client.der.size - 1] ^= 1;
    struct identity_plan plan = server;
    plan.algorithm = KEY_RSA2048;
    identity_make(&pki.rsa_server, &pki.issuing, &plan);
    plan = client;
    plan.algorithm = KEY_ED25519;
    identity_make(&pki.ed_client, &pki.issuing, &plan);
    struct identity_plan expired = client;
    expired.not_before = now - 3 * DAY;
    expired.not_after = now - 2 * DAY;
    struct identity_plan early = client;
    early.not_before = now + 2 * DAY;
    early.not_after = now + 3 * DAY;
    identity_make(&pki.expired_client, &pki.issuing, &expired);
    identity_make(&pki.early_client, &pki.issuing, &early);
    identity_make(&pki.forged_expired, &pki.issuing, &expired);
    pki.forged_expired.der.data[pki.forged_expired.der.size - 1] ^= 1;
    plan = server;
    plan.not_before = expired.not_before;
    plan.not_after = expired.not_after;
    identity_make(&pki.expired_server, &pki.issuing, &plan);
    plan.not_before = early.not_before;
    plan.not_after = early.not_after;
    identity_make(&pki.early_server, &pki.issuing, &plan);
    identity_make(&pki.other_root, NULL, &root);
    identity_make(&pki.other_issuing, &pki.other_root, &issuing);
    identity_make(&pki.other_client, &pki.other_issuing, &client);
    identity_make(&pki.other_expired, &pki.other_issuing, &expired);
    identity_make(&pki.other_server, &pki.other_issuing, &server);
    return 0;
}

static int clear_pki(void **state) {
    (void)state;
    struct identity *all = (struct identity *)&pki;
    for (size_t i = 0; i < sizeof(pki) / sizeof(struct identity); i++) {
        identity_clear(&all[i]);
    }
    return 0;
}

// --- a pair of engines -------------------------------------------------------------------

struct end {
    struct tls *tls;
    struct buf plain;
    enum result result;
    struct error err;
};

struct pair {
    struct tls_context *server_context;
    struct tls_context *client_context;
    struct end server;
    struct end client;
};

static void pair_clear(struct pair *pair) {
    tls_free_at(&pair->server.tls);
    tls_free_at(&pair->client.tls);
    buf_clear(&pair->server.plain);
    buf_clear(&pair->client.plain);
    tls_context_free_at(&pair->server_context);
    tls_context_free_at(&pair->client_context);
}

// Concatenated DER of up to two certificates.
static void join(struct buf *out, const struct identity *first, const struct identity *second) {
    buf_init(out, LIMIT_CHAIN_BYTES);
    if (first != NULL) {
        assert_int_equal(buf_append(out, buf_bytes(&first->der)), RESULT_OK);
    }
    if (second != NULL) {
        assert_int_equal(buf_append(out, buf_bytes(&second->der)), RESULT_OK);
    }
}

struct plan {
    const struct identity *server;  // default: the server
    const struct identity *issuing; // sent behind the server's; default: the issuing CA
    enum tls_client_certificate wanted;
    const struct identity *client;        // NULL: none
    const struct identity *client_sends;  // behind its own; NULL: the leaf only
    const struct identity *client_trusts; // default: the root
    const char *host;                     // default: "ca.example"
    bool wants_authority;                 // the client does
};

static void pair_open(struct pair *pair, const struct plan *plan) {
    struct error err = {0};
    AUTO(buf_clear) struct buf server_chain = {0};
    AUTO(buf_clear) struct buf client_chain = {0};
    AUTO(buf_clear) struct buf trust = {0};
    const struct identity *server = plan->server != NULL ? plan->server : &pki.server;
    const struct identity *root = plan->client_trusts != NULL ? plan->client_trusts : &pki.root;
    join(&server_chain, server, plan->issuing != NULL ? plan->issuing : &pki.issuing);
    join(&client_chain, plan->client, plan->client_sends);
    join(&trust, &pki.issuing, &pki.root);
    assert_ok(tls_server_context_new(buf_bytes(&server_chain), server->key, buf_bytes(&trust),
                                     plan->wanted, &pair->server_context, &err),
              &err);
    assert_ok(tls_client_context_new(buf_bytes(&root->der), buf_bytes(&client_chain),
                                     plan->client != NULL ? plan->client->key : NULL,
                                     &pair->client_context, &err),
              &err);
    if (plan->wants_authority) {
        tls_client_expect_authority(pair->client_context);
    }
    assert_ok(tls_accept_new(pair->server_context, &pair->server.tls, &err), &err);
    assert_ok(tls_connect_new(pair->client_context,
                              plan->host != NULL ? plan->host : "ca.example", &pair->client.tls,
                              &err),
              &err);
    buf_init(&pair->server.plain, 1024 * 1024);
    buf_init(&pair->client.plain, 1024 * 1024);
    assert_ok(tls_start(pair->client.tls, &err), &err);
}

// Moves up to `step` bytes of what one end wants to send to the other; false when there is
// nothing.
static bool carry(struct end *from, struct end *to, size_t step) {
    struct buf *output = tls_output(from->tls);
    const size_t size = output->size < step ? output->size : step;
    if (size == 0 || to->result != RESULT_OK) {
        buf_reset(output);
        return false;
    }
    to->result =
        tls_input(to->tls, bytes_slice(buf_bytes(output), 0, size), &to->plain, &to->err);
    buf_consume(output, size);
    return true;
}

// Until both are silent, as always bounded.
static void run(struct pair *pair, size_t step) {
    bool moves = true;
    for (size_t i = 0; moves && i < 10000000; i++) {
        moves = carry(&pair->client, &pair->server, step);
        moves |= carry(&pair->server, &pair->client, step);
    }
    assert_false(moves);
}

static void require_established(const struct pair *pair) {
    assert_result(RESULT_OK, pair->server.result, &pair->server.err);
    assert_result(RESULT_OK, pair->client.result, &pair->client.err);
    assert_true(tls_is_established(pair->server.tls));
    assert_true(tls_is_established(pair->client.tls));
}

static void require_refused(const struct end *end, enum result result, const char *code) {
    if (end->result != result || strcmp(end->err.code, code) != 0) {
        print_error("%s, %s instead of %s, %s: %s\n", result_wire_name(end->result),
                    end->err.code, result_wire_name(result), code, end->err.message);
        fail();
    }
}

static void send_text(struct end *end, const char *text) {
    struct error err = {0};
    assert_ok(tls_write(end->tls, bytes_of_string(text), &err), &err);
}

// Both directions carry data.
static void require_talk(struct pair *pair) {
    send_text(&pair->client, "ping");
    send_text(&pair->server, "pong");
    run(pair, SIZE_MAX);
    require_established(pair);
    assert_bytes_equal(buf_bytes(&pair->server.plain), BYTES_LITERAL("ping"));
    assert_bytes_equal(buf_bytes(&pair->client.plain), BYTES_LITERAL("pong"));
}

// --- handshakes --------------------------------------------------------------------------

static void two_engines_speak_tls_1_3(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair, &(struct plan){0});
    run(&pair, SIZE_MAX);
    require_established(&pair);
    assert_string_equal(tls_version(pair.server.tls), "TLSv1.3");
    assert_int_equal(tls_peer_certificate(pair.server.tls).size, 0);
    assert_bytes_equal(tls_peer_certificate(pair.client.tls), buf_bytes(&pki.server.der));
    require_talk(&pair);
}

// A sandboxed process cannot open anything, neither for a new identity nor for a connection.
static void nothing_is_opened_after_tls_prepare(void **state) {
    (void)state;
    struct error err = {0};
    struct rlimit before = {0};
    assert_ok(tls_prepare(&err), &err);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_null(fopen("/dev/urandom", "rb"));
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair, &(struct plan){.client = &pki.client,
                                    .client_sends = &pki.issuing,
                                    .wanted = TLS_CLIENT_CERTIFICATE_REQUIRED});
    run(&pair, SIZE_MAX);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    require_established(&pair);
    assert_bytes_equal(tls_peer_certificate(pair.server.tls), buf_bytes(&pki.client.der));
    require_talk(&pair);
}

static void bytes_may_come_one_by_one(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair,
              &(struct plan){.client = &pki.client, .wanted = TLS_CLIENT_CERTIFICATE_REQUIRED});
    run(&pair, 1);
    require_established(&pair);
    send_text(&pair.client, "ping");
    run(&pair, 1);
    assert_bytes_equal(buf_bytes(&pair.server.plain), BYTES_LITERAL("ping"));
}

static void contexts_may_be_freed_before_their_connections(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair,
              &(struct plan){.client = &pki.client, .wanted = TLS_CLIENT_CERTIFICATE_OPTIONAL});
    tls_context_free_at(&pair.server_context);
    tls_context_free_at(&pair.client_context);
    run(&pair, SIZE_MAX);
    require_established(&pair);
    require_talk(&pair);
}

static void servers_with_other_keys_are_accepted(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair, &(struct plan){.server = &pki.rsa_server,
                                    .client = &pki.ed_client,
                                    .wanted = TLS_CLIENT_CERTIFICATE_REQUIRED});
    run(&pair, SIZE_MAX);
    require_established(&pair);
    require_talk(&pair);
}

// --- client certificates -----------------------------------------------------------------

static void a_client_certificate_is_kept(void **state) {
    (void)state;
    static const enum tls_client_certificate wanted[] = {TLS_CLIENT_CERTIFICATE_OPTIONAL,
                                                         TLS_CLIENT_CERTIFICATE_REQUIRED};
    const struct identity *const sends[] = {NULL, &pki.issuing};
    for (size_t i = 0; i < 4; i++) {
        AUTO(pair_clear) struct pair pair = {0};
        pair_open(&pair, &(struct plan){.client = &pki.client,
                                        .client_sends = sends[i / 2],
                                        .wanted = wanted[i % 2]});
        assert_int_equal(tls_peer_certificate(pair.server.tls).size, 0);
        run(&pair, SIZE_MAX);
        require_established(&pair);
        assert_bytes_equal(tls_peer_certificate(pair.server.tls), buf_bytes(&pki.client.der));
        require_talk(&pair);
    }
}

static void an_optional_certificate_may_be_absent(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair, &(struct plan){.wanted = TLS_CLIENT_CERTIFICATE_OPTIONAL});
    run(&pair, SIZE_MAX);
    require_established(&pair);
    assert_int_equal(tls_peer_certificate(pair.server.tls).size, 0);
    require_talk(&pair);
}

static void a_required_certificate_must_not_be_absent(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair, &(struct plan){.wanted = TLS_CLIENT_CERTIFICATE_REQUIRED});
    run(&pair, SIZE_MAX);
    require_refused(&pair.server, RESULT_DENIED, "certificate_missing");
    assert_false(tls_is_established(pair.server.tls));
    require_refused(&pair.client, RESULT_DENIED, "tls_alert");
    assert_non_null(strstr(pair.client.err.message, "certificate_required"));
}

static void dates_of_client_certificates_are_left_to_the_authority(void **state) {
    (void)state;
    const struct identity *const clients[] = {&pki.expired_client, &pki.early_client};
    for (size_t i = 0; i < 2; i++) {
        AUTO(pair_clear) struct pair pair = {0};
        pair_open(&pair, &(struct plan){.client = clients[i],
                                        .wanted = TLS_CLIENT_CERTIFICATE_REQUIRED});
        run(&pair, SIZE_MAX);
        require_established(&pair);
        assert_bytes_equal(tls_peer_certificate(pair.server.tls), buf_bytes(&clients[i]->der));
    }
}

// The impostor's CAs have the same names; neither sending its chain nor being expired helps.
static void client_certificates_of_another_ca_are_refused(void **state) {
    (void)state;
    const struct {
        const struct identity *client, *sends;
        const char *code;
    } rows[] = {
        {&pki.other_client, NULL, "issuer_unknown"},
        {&pki.other_client, &pki.other_issuing, "issuer_unknown"},
        {&pki.other_client, &pki.other_root, "signature_wrong"},
        {&pki.other_client, &pki.issuing, "issuer_unknown"},
        {&pki.other_expired, NULL, "issuer_unknown"},
        {&pki.other_expired, &pki.other_issuing, "issuer_unknown"},
        {&pki.other_root, NULL, "signature_wrong"},
        {&pki.forged_client, NULL, "signature_wrong"},
        {&pki.forged_expired, NULL, "signature_wrong"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t k = 0; k < 2; k++) {
            AUTO(pair_clear) struct pair pair = {0};
            pair_open(&pair,
                      &(struct plan){.client = rows[i].client,
                                     .client_sends = rows[i].sends,
                                     .wanted = k == 0 ? TLS_CLIENT_CERTIFICATE_OPTIONAL
                                                      : TLS_CLIENT_CERTIFICATE_REQUIRED});
            run(&pair, SIZE_MAX);
            require_refused(&pair.server, RESULT_DENIED, rows[i].code);
            assert_false(tls_is_established(pair.server.tls));
            assert_int_equal(tls_peer_certificate(pair.server.tls).size, 0);
            require_refused(&pair.client, RESULT_DENIED, "tls_alert");
        }
    }
}

// A broker renews its serverAuth certificate with it: what it may do is for the authority to
// say.
static void a_client_may_show_a_server_certificate(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair,
              &(struct plan){.client = &pki.server, .wanted = TLS_CLIENT_CERTIFICATE_OPTIONAL});
    run(&pair, SIZE_MAX);
    assert_true(tls_is_established(pair.server.tls));
    assert_bytes_equal(tls_peer_certificate(pair.server.tls), buf_bytes(&pki.server.der));
}

// --- server certificates -----------------------------------------------------------------

static void the_host_must_be_in_the_certificate(void **state) {
    (void)state;
    static const struct {
        const char *host;
        bool is_accepted;
    } rows[] = {
        {"ca.example", true},      {"CA.Example", true},     {"ca.example.", true},
        {"other.example", false},  {"example", false},       {"a.ca.example", false},
        {"ca.example.org", false}, {"server", false}, // the common name does not count
        {"a.wild.example", true},  {"wild.example", false},  {"a.b.wild.example", false},
        {".wild.example", false},  {"*.wild.example", true}, {"192.0.2.7", true},
        {"192.0.2.8", false},      {"::1", false},           {"::ffff:192.0.2.7", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO(pair_clear) struct pair pair = {0};
        pair_open(&pair, &(struct plan){.host = rows[i].host});
        run(&pair, SIZE_MAX);
        if (rows[i].is_accepted) {
            require_established(&pair);
        } else {
            require_refused(&pair.client, RESULT_DENIED, "host_mismatch");
            assert_non_null(strstr(pair.client.err.message, rows[i].host));
            assert_non_null(strstr(pair.client.err.message, "dns:ca.example"));
            assert_false(tls_is_established(pair.client.tls));
        }
    }
}

static void bad_server_certificates_are_refused(void **state) {
    (void)state;
    const struct {
        struct plan plan;
        const char *code;
    } rows[] = {
        {{.client_trusts = &pki.other_root}, "issuer_unknown"},
        {{.server = &pki.other_server}, "issuer_unknown"},
        {{.server = &pki.other_server, .issuing = &pki.other_issuing}, "issuer_unknown"},
        {{.issuing = &pki.client}, "issuer_unknown"},
        {{.server = &pki.expired_server}, "certificate_expired"},
        {{.server = &pki.early_server}, "certificate_not_yet_valid"},
        {{.server = &pki.client_as_server}, "certificate_usage"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO(pair_clear) struct pair pair = {0};
        pair_open(&pair, &rows[i].plan);
        run(&pair, SIZE_MAX);
        require_refused(&pair.client, RESULT_DENIED, rows[i].code);
        assert_false(tls_is_established(pair.client.tls));
        assert_int_not_equal(pair.server.result, RESULT_OK);
    }
}

// A broker on the authority's machine has a certificate of the same CA for the same host name.
static void another_server_does_not_pass_for_the_authority(void **state) {
    (void)state;
    const struct {
        const struct identity *server;
        bool is_server, is_authority;
    } rows[] = {
        {&pki.authority, true, true},  {&pki.server, true, false},
        {&pki.any_usage, true, false}, {&pki.no_usage, true, false},
        {&pki.ra_alone, false, false}, {&pki.client_as_server, false, false},
    };
    for (size_t i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
        const bool wants_authority = i % 2 == 0;
        AUTO(pair_clear) struct pair pair = {0};
        pair_open(&pair, &(struct plan){.server = rows[i / 2].server,
                                        .wants_authority = wants_authority});
        run(&pair, SIZE_MAX);
        if (wants_authority ? rows[i / 2].is_authority : rows[i / 2].is_server) {
            require_established(&pair);
            continue;
        }
        require_refused(&pair.client, RESULT_DENIED, "certificate_usage");
        assert_false(tls_is_established(pair.client.tls));
        if (rows[i / 2].is_server) {
            assert_string_equal(pair.client.err.message,
                                "this server's certificate is not that of an authority: it "
                                "lacks the extended key usage cmcRA");
        }
    }
}

static void a_wrong_date_names_both_clocks(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    AUTO(buf_clear) struct buf until = {0};
    buf_init(&until, 64);
    pair_open(&pair, &(struct plan){.server = &pki.expired_server});
    run(&pair, SIZE_MAX);
    assert_int_equal(
        time_format_rfc3339(identity_certificate(&pki.expired_server).not_after, &until),
        RESULT_OK);
    assert_non_null(strstr(pair.client.err.message, buf_string(&until)));
    assert_non_null(strstr(pair.client.err.message, "this machine's clock says 20"));
}

static void an_insecure_client_verifies_nothing_but_shows_the_certificate(void **state) {
    (void)state;
    const struct identity *const servers[] = {&pki.other_server, &pki.expired_server,
                                              &pki.client_as_server};
    for (size_t i = 0; i < 3; i++) {
        AUTO(pair_clear) struct pair pair = {0};
        struct error err = {0};
        pair_open(&pair, &(struct plan){.server = servers[i]});
        tls_free_at(&pair.client.tls);
        tls_context_free_at(&pair.client_context);
        assert_ok(tls_client_context_new_insecure(&pair.client_context, &err), &err);
        assert_ok(tls_connect_new(pair.client_context, "192.0.2.99", &pair.client.tls, &err),
                  &err);
        assert_ok(tls_start(pair.client.tls, &err), &err);
        run(&pair, SIZE_MAX);
        require_established(&pair);
        assert_bytes_equal(tls_peer_certificate(pair.client.tls), buf_bytes(&servers[i]->der));
        require_talk(&pair);
    }
}

// What tls_peer_check says by itself, without wolfSSL in front of it.
static void our_own_verdict_refuses_the_same(void **state) {
    (void)state;
    const struct {
        const struct identity *leaf, *other, *trust;
        const char *host;
        const char *code; // NULL: accepted
    } rows[] = {
        {&pki.client, NULL, &pki.issuing, NULL, NULL},
        {&pki.client, &pki.issuing, &pki.root, NULL, NULL},
        {&pki.client, NULL, &pki.root, NULL, "issuer_unknown"},
        {&pki.expired_client, NULL, &pki.issuing, NULL, NULL},
        {&pki.early_client, &pki.issuing, &pki.root, NULL, NULL},
        {&pki.other_client, NULL, &pki.issuing, NULL, "issuer_unknown"},
        {&pki.other_expired, NULL, &pki.issuing, NULL, "issuer_unknown"},
        {&pki.other_client, &pki.other_issuing, &pki.root, NULL, "issuer_unknown"},
        {&pki.forged_client, NULL, &pki.issuing, NULL, "signature_wrong"},
        {&pki.client, &pki.issuing, &pki.client, NULL, "issuer_unknown"},
        {&pki.server, NULL, &pki.issuing, NULL, NULL},
        {&pki.server, &pki.issuing, &pki.root, "ca.example", NULL},
        {&pki.server, &pki.issuing, &pki.root, "cb.example", "host_mismatch"},
        {&pki.server, NULL, &pki.root, "ca.example", "issuer_unknown"},
        {&pki.client_as_server, &pki.issuing, &pki.root, "ca.example", "certificate_usage"},
        {&pki.expired_server, &pki.issuing, &pki.root, "ca.example", "certificate_expired"},
        {&pki.early_server, &pki.issuing, &pki.root, "ca.example", "certificate_not_yet_valid"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error err = {0};
        const struct tls_peer peer = {
            .leaf = buf_bytes(&rows[i].leaf->der),
            .others =
                rows[i].other != NULL ? buf_bytes(&rows[i].other->der) : (struct bytes){0},
            .trust = buf_bytes(&rows[i].trust->der),
            .host = rows[i].host,
        };
        assert_result(rows[i].code == NULL ? RESULT_OK : RESULT_DENIED,
                      tls_peer_check(&peer, &err), &err);
        assert_string_equal(err.code, rows[i].code != NULL ? rows[i].code : "");
    }
}

// --- peers with other settings -----------------------------------------------------------

// A wolfSSL client of its own, for what our client never does.
struct foreign {
    WOLFSSL_CTX *context;
    WOLFSSL *wolf;
    struct buf to_client;
};

static void foreign_clear(struct foreign *foreign) {
    wolfSSL_free(foreign->wolf);
    wolfSSL_CTX_free(foreign->context);
    buf_clear(&foreign->to_client);
}

static int foreign_receive(WOLFSSL *wolf, char *room, int size, void *context) {
    struct foreign *foreign = context;
    (void)wolf;
    const struct bytes part = bytes_slice(buf_bytes(&foreign->to_client), 0, (size_t)size);
    if (part.size == 0) {
        return WOLFSSL_CBIO_ERR_WANT_READ;
    }
    memcpy(room, part.data, part.size);
    buf_consume(&foreign->to_client, part.size);
    return (int)part.size;
}

static struct end foreign_server;

static int foreign_send(WOLFSSL *wolf, char *bytes, int size, void *context) {
    (void)wolf;
    (void)context;
    if (foreign_server.result == RESULT_OK) {
        foreign_server.result = tls_input(foreign_server.tls, bytes_of(bytes, (size_t)size),
                                          &foreign_server.plain, &foreign_server.err);
    }
    return size;
}

static void foreign_open(struct foreign *foreign, WOLFSSL_METHOD *method, const char *ciphers) {
    foreign->context = wolfSSL_CTX_new(method);
    assert_non_null(foreign->context);
    wolfSSL_CTX_set_verify(foreign->context, WOLFSSL_VERIFY_NONE, NULL);
    wolfSSL_CTX_SetIORecv(foreign->context, foreign_receive);
    wolfSSL_CTX_SetIOSend(foreign->context, foreign_send);
    if (ciphers != NULL) {
        assert_int_equal(wolfSSL_CTX_set_cipher_list(foreign->context, ciphers),
                         WOLFSSL_SUCCESS);
    }
    buf_init(&foreign->to_client, 1024 * 1024);
}

// One connection of it to a fresh engine of the server context; true when it was established.
static bool foreign_connect(struct foreign *foreign, struct tls_context *context,
                            WOLFSSL_SESSION *session) {
    struct error err = {0};
    wolfSSL_free(foreign->wolf);
    foreign->wolf = wolfSSL_new(foreign->context);
    assert_non_null(foreign->wolf);
    wolfSSL_SetIOReadCtx(foreign->wolf, foreign);
    wolfSSL_SetIOWriteCtx(foreign->wolf, foreign);
    if (session != NULL) {
        (void)wolfSSL_set_session(foreign->wolf, session);
    }
    buf_reset(&foreign->to_client);
    tls_free_at(&foreign_server.tls);
    buf_clear(&foreign_server.plain);
    foreign_server = (struct end){0};
    buf_init(&foreign_server.plain, 65536);
    assert_ok(tls_accept_new(context, &foreign_server.tls, &err), &err);
    int done = 0;
    for (size_t i = 0; done != WOLFSSL_SUCCESS && i < 20; i++) {
        done = wolfSSL_connect(foreign->wolf);
        struct buf *output = tls_output(foreign_server.tls);
        assert_int_equal(buf_append(&foreign->to_client, buf_bytes(output)), RESULT_OK);
        buf_reset(output);
    }
    return done == WOLFSSL_SUCCESS && tls_is_established(foreign_server.tls);
}

static void foreign_end(void) {
    tls_free_at(&foreign_server.tls);
    buf_clear(&foreign_server.plain);
}

static struct tls_context *new_server_context(const struct identity *server,
                                              enum tls_client_certificate wanted) {
    struct tls_context *context = NULL;
    struct error err = {0};
    AUTO(buf_clear) struct buf trust = {0};
    join(&trust, &pki.issuing, &pki.root);
    assert_ok(tls_server_context_new(buf_bytes(&server->der), server->key, buf_bytes(&trust),
                                     wanted, &context, &err),
              &err);
    return context;
}

static void tls_1_2_is_spoken_with_old_devices(void **state) {
    (void)state;
    const struct identity *const servers[] = {&pki.server, &pki.rsa_server};
    for (size_t i = 0; i < 2; i++) {
        AUTO(tls_context_free_at)
        struct tls_context *context =
            new_server_context(servers[i], TLS_CLIENT_CERTIFICATE_OPTIONAL);
        AUTO(foreign_clear) struct foreign foreign = {0};
        foreign_open(&foreign, wolfTLSv1_2_client_method(), NULL);
        assert_true(foreign_connect(&foreign, context, NULL));
        assert_string_equal(tls_version(foreign_server.tls), "TLSv1.2");
        assert_int_equal(tls_peer_certificate(foreign_server.tls).size, 0);
        assert_int_equal(wolfSSL_write(foreign.wolf, "old", 3), 3);
        assert_bytes_equal(buf_bytes(&foreign_server.plain), BYTES_LITERAL("old"));
        foreign_end();
    }
}

static void client_certificates_work_in_tls_1_2(void **state) {
    (void)state;
    const struct {
        const struct identity *client; // NULL: none
        enum tls_client_certificate wanted;
        enum result result;
        const char *code;
    } rows[] = {
        {&pki.client, TLS_CLIENT_CERTIFICATE_REQUIRED, RESULT_OK, ""},
        {&pki.expired_client, TLS_CLIENT_CERTIFICATE_REQUIRED, RESULT_OK, ""},
        {NULL, TLS_CLIENT_CERTIFICATE_REQUIRED, RESULT_DENIED, "certificate_missing"},
        {&pki.other_client, TLS_CLIENT_CERTIFICATE_OPTIONAL, RESULT_DENIED, "issuer_unknown"},
        {&pki.other_expired, TLS_CLIENT_CERTIFICATE_OPTIONAL, RESULT_DENIED, "issuer_unknown"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO(tls_context_free_at)
        struct tls_context *context = new_server_context(&pki.server, rows[i].wanted);
        AUTO(foreign_clear) struct foreign foreign = {0};
        foreign_open(&foreign, wolfTLSv1_2_client_method(), NULL);
        if (rows[i].client != NULL) {
            AUTO(buf_clear) struct buf key = {0};
            buf_init_secret(&key, 4096);
            assert_int_equal(key_save_pkcs8(rows[i].client->key, &key), RESULT_OK);
            assert_int_equal(wolfSSL_CTX_use_certificate_buffer(
                                 foreign.context, rows[i].client->der.data,
                                 (long)rows[i].client->der.size, WOLFSSL_FILETYPE_ASN1),
                             WOLFSSL_SUCCESS);
            assert_int_equal(wolfSSL_CTX_use_PrivateKey_buffer(foreign.context, key.data,
                                                               (long)key.size,
                                                               WOLFSSL_FILETYPE_ASN1),
                             WOLFSSL_SUCCESS);
        }
        assert_int_equal(foreign_connect(&foreign, context, NULL), rows[i].result == RESULT_OK);
        require_refused(&foreign_server, rows[i].result, rows[i].code);
        assert_bytes_equal(tls_peer_certificate(foreign_server.tls),
                           rows[i].result == RESULT_OK ? buf_bytes(&rows[i].client->der)
                                                       : (struct bytes){0});
        foreign_end();
    }
}

static void weak_parameters_are_refused(void **state) {
    (void)state;
    const struct {
        WOLFSSL_METHOD *method;
        const char *ciphers;
        bool is_accepted;
        const struct identity *server;
    } rows[] = {
        {wolfTLSv1_2_client_method(), "ECDHE-ECDSA-AES128-GCM-SHA256", true, &pki.server},
        {wolfTLSv1_2_client_method(), "ECDHE-ECDSA-AES128-SHA256", false, &pki.server},
        {wolfTLSv1_2_client_method(), "ECDHE-RSA-AES256-GCM-SHA384", true, &pki.rsa_server},
        {wolfTLSv1_2_client_method(), "DHE-RSA-AES256-GCM-SHA384", false, &pki.rsa_server},
        {wolfTLSv1_2_client_method(), "ECDHE-RSA-AES128-SHA", false, &pki.rsa_server},
        {wolfTLSv1_1_client_method(), NULL, false, &pki.rsa_server},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        AUTO(tls_context_free_at)
        struct tls_context *context =
            new_server_context(rows[i].server, TLS_CLIENT_CERTIFICATE_OPTIONAL);
        AUTO(foreign_clear) struct foreign foreign = {0};
        foreign_open(&foreign, rows[i].method, rows[i].ciphers);
        assert_int_equal(foreign_connect(&foreign, context, NULL), rows[i].is_accepted);
        if (!rows[i].is_accepted) {
            require_refused(&foreign_server, RESULT_INVALID,
                            rows[i].ciphers != NULL ? "tls_parameters" : "tls_version");
        }
        foreign_end();
    }
}

static void sessions_are_never_resumed(void **state) {
    (void)state;
    WOLFSSL_METHOD *const methods[] = {wolfTLSv1_2_client_method(),
                                       wolfTLSv1_3_client_method()};
    for (size_t i = 0; i < 2; i++) {
        AUTO(tls_context_free_at)
        struct tls_context *context =
            new_server_context(&pki.server, TLS_CLIENT_CERTIFICATE_OPTIONAL);
        AUTO(foreign_clear) struct foreign foreign = {0};
        foreign_open(&foreign, methods[i], NULL);
        (void)wolfSSL_CTX_UseSessionTicket(foreign.context);
        assert_true(foreign_connect(&foreign, context, NULL));
        // A ticket would come behind the handshake.
        char byte = 0;
        assert_int_equal(wolfSSL_read(foreign.wolf, &byte, 1), -1);
        WOLFSSL_SESSION *session = wolfSSL_get1_session(foreign.wolf);
        assert_true(foreign_connect(&foreign, context, session));
        assert_int_equal(wolfSSL_session_reused(foreign.wolf), 0);
        wolfSSL_SESSION_free(session);
        foreign_end();
    }
}

// --- contexts ----------------------------------------------------------------------------

static void a_key_of_another_certificate_is_refused(void **state) {
    (void)state;
    AUTO(tls_context_free_at) struct tls_context *context = NULL;
    struct error err = {0};
    assert_result(RESULT_INVALID,
                  tls_server_context_new(buf_bytes(&pki.server.der), pki.client.key,
                                         (struct bytes){0}, TLS_CLIENT_CERTIFICATE_NONE,
                                         &context, &err),
                  &err);
    assert_string_equal(err.code, "key_mismatch");
    assert_null(context);
}

static void verifying_without_a_ca_is_refused(void **state) {
    (void)state;
    AUTO(tls_context_free_at) struct tls_context *context = NULL;
    struct error err = {0};
    assert_result(RESULT_INVALID,
                  tls_server_context_new(buf_bytes(&pki.server.der), pki.server.key,
                                         (struct bytes){0}, TLS_CLIENT_CERTIFICATE_OPTIONAL,
                                         &context, &err),
                  &err);
    assert_result(
        RESULT_INVALID,
        tls_client_context_new((struct bytes){0}, (struct bytes){0}, NULL, &context, &err),
        &err);
    assert_null(context);
}

// --- bytes that are not TLS, or not whole ------------------------------------------------

static void other_protocols_are_told_apart_from_tls(void **state) {
    (void)state;
    static const char *const texts[] = {"GET / HTTP/1.1\r\n\r\n", "\x80\x2e\x01", "\x16\x02",
                                        "\x16\x03\x05", "\x17\x03\x03"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        for (size_t step = 1; step <= 20; step += 19) {
            AUTO(pair_clear) struct pair pair = {0};
            pair_open(&pair, &(struct plan){0});
            const struct bytes text = bytes_of_string(texts[i]);
            for (size_t at = 0; at < text.size && pair.server.result == RESULT_OK; at += step) {
                pair.server.result = tls_input(pair.server.tls, bytes_slice(text, at, step),
                                               &pair.server.plain, &pair.server.err);
            }
            require_refused(&pair.server, RESULT_INVALID, "not_tls");
        }
    }
}

static void a_server_without_tls_is_told_apart(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair, &(struct plan){0});
    pair.client.result =
        tls_input(pair.client.tls, BYTES_LITERAL("HTTP/1.1 400 Bad Request\r\n\r\n"),
                  &pair.client.plain, &pair.client.err);
    require_refused(&pair.client, RESULT_INVALID, "not_tls");
}

static void a_tampered_byte_breaks_the_connection(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair, &(struct plan){0});
    run(&pair, SIZE_MAX);
    require_established(&pair);
    send_text(&pair.client, "transfer 1");
    struct buf *output = tls_output(pair.client.tls);
    output->data[output->size - 1] ^= 1;
    run(&pair, SIZE_MAX);
    require_refused(&pair.server, RESULT_INVALID, "tls_broken");
    assert_int_equal(pair.server.plain.size, 0);
    // It stays broken.
    assert_result(
        RESULT_INVALID,
        tls_input(pair.server.tls, BYTES_LITERAL("x"), &pair.server.plain, &pair.server.err),
        &pair.server.err);
    assert_result(RESULT_INVALID,
                  tls_write(pair.server.tls, BYTES_LITERAL("x"), &pair.server.err),
                  &pair.server.err);
}

// Bytes all over the first flight are flipped, one at a time; nobody may come to trust the
// other.
static void a_tampered_handshake_never_succeeds(void **state) {
    (void)state;
    size_t flight = SIZE_MAX;
    for (size_t at = 3; at < flight; at += 7) {
        AUTO(pair_clear) struct pair pair = {0};
        pair_open(&pair, &(struct plan){.client = &pki.client,
                                        .wanted = TLS_CLIENT_CERTIFICATE_REQUIRED});
        struct buf *output = tls_output(pair.client.tls);
        flight = output->size;
        output->data[at] ^= 1;
        run(&pair, SIZE_MAX);
        assert_false(tls_is_established(pair.server.tls));
        assert_false(tls_is_established(pair.client.tls));
    }
    assert_true(flight > 100);
}

static void a_close_is_clean_only_with_close_notify(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    pair_open(&pair, &(struct plan){0});
    run(&pair, SIZE_MAX);
    send_text(&pair.client, "last words");
    // All but the last byte: the record must wait, and an end here would be a cut.
    struct buf *output = tls_output(pair.client.tls);
    assert_ok(tls_input(pair.server.tls, bytes_slice(buf_bytes(output), 0, output->size - 1),
                        &pair.server.plain, &pair.server.err),
              &pair.server.err);
    assert_int_equal(pair.server.plain.size, 0);
    assert_false(tls_peer_closed(pair.server.tls));
    buf_consume(output, output->size - 1);
    tls_close(pair.client.tls);
    tls_close(pair.client.tls);
    run(&pair, SIZE_MAX);
    require_established(&pair);
    assert_bytes_equal(buf_bytes(&pair.server.plain), BYTES_LITERAL("last words"));
    assert_true(tls_peer_closed(pair.server.tls));
    assert_false(tls_peer_closed(pair.client.tls));
    // The other direction is still open, and closes by itself.
    send_text(&pair.server, "bye");
    tls_close(pair.server.tls);
    run(&pair, SIZE_MAX);
    assert_bytes_equal(buf_bytes(&pair.client.plain), BYTES_LITERAL("bye"));
    assert_true(tls_peer_closed(pair.client.tls));
    assert_result(RESULT_INVALID,
                  tls_write(pair.client.tls, BYTES_LITERAL("x"), &pair.client.err),
                  &pair.client.err);
    // Bytes behind close_notify are not looked at.
    assert_ok(
        tls_input(pair.server.tls, BYTES_LITERAL("junk"), &pair.server.plain, &pair.server.err),
        &pair.server.err);
}

// --- amounts -----------------------------------------------------------------------------

static void writing_waits_for_the_handshake(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    struct error err = {0};
    pair_open(&pair, &(struct plan){0});
    assert_result(RESULT_PENDING, tls_write(pair.client.tls, BYTES_LITERAL("early"), &err),
                  &err);
    run(&pair, SIZE_MAX);
    require_established(&pair);
    assert_int_equal(pair.server.plain.size, 0);
}

static void large_data_arrives_whole(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    AUTO(buf_clear) struct buf large = {0};
    buf_init(&large, 900000);
    while (large.size < large.maximum) {
        assert_int_equal(buf_append_byte(&large, (uint8_t)(large.size * 7 / 3)), RESULT_OK);
    }
    pair_open(&pair, &(struct plan){0});
    run(&pair, SIZE_MAX);
    assert_ok(tls_write(pair.server.tls, buf_bytes(&large), &pair.server.err),
              &pair.server.err);
    run(&pair, 1000);
    require_established(&pair);
    assert_bytes_equal(buf_bytes(&pair.client.plain), buf_bytes(&large));
}

static void output_is_limited(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    static uint8_t block[LIMIT_TLS_OUTPUT_BYTES / 4];
    pair_open(&pair, &(struct plan){0});
    run(&pair, SIZE_MAX);
    struct error err = {0};
    for (size_t i = 0; i < 3; i++) {
        assert_ok(tls_write(pair.server.tls, bytes_of(block, sizeof(block)), &err), &err);
    }
    const size_t before = tls_output(pair.server.tls)->size;
    assert_result(RESULT_LIMIT,
                  tls_write(pair.server.tls, bytes_of(block, sizeof(block)), &err), &err);
    assert_int_equal(tls_output(pair.server.tls)->size, before);
    // What was refused is not missing in the stream, and the connection lives on.
    run(&pair, SIZE_MAX);
    assert_int_equal(pair.client.plain.size, 3 * sizeof(block));
    assert_ok(tls_write(pair.server.tls, bytes_of(block, sizeof(block)), &err), &err);
}

static void a_full_plain_buffer_loses_nothing(void **state) {
    (void)state;
    AUTO(pair_clear) struct pair pair = {0};
    AUTO(buf_clear) struct buf all = {0};
    AUTO(buf_clear) struct buf small = {0};
    buf_init(&all, 100000);
    buf_init(&small, 1000);
    pair_open(&pair, &(struct plan){0});
    run(&pair, SIZE_MAX);
    for (size_t i = 0; i < 5000; i++) {
        assert_int_equal(buf_append_byte(&pair.client.plain, (uint8_t)(i / 3)), RESULT_OK);
    }
    struct error err = {0};
    assert_ok(
        tls_write(pair.client.tls, bytes_slice(buf_bytes(&pair.client.plain), 0, 2500), &err),
        &err);
    assert_ok(tls_write(pair.client.tls, bytes_slice(buf_bytes(&pair.client.plain), 2500, 2500),
                        &err),
              &err);
    enum result result =
        tls_input(pair.server.tls, buf_bytes(tls_output(pair.client.tls)), &small, &err);
    size_t rounds = 0;
    while (result == RESULT_LIMIT && rounds++ < 10) {
        assert_int_equal(small.size, small.maximum);
        assert_int_equal(buf_append(&all, buf_bytes(&small)), RESULT_OK);
        buf_reset(&small);
        result = tls_input(pair.server.tls, (struct bytes){0}, &small, &err);
    }
    assert_result(RESULT_OK, result, &err);
    assert_int_equal(rounds, 4);
    assert_int_equal(buf_append(&all, buf_bytes(&small)), RESULT_OK);
    assert_bytes_equal(buf_bytes(&all), buf_bytes(&pair.client.plain));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_engines_speak_tls_1_3),
        cmocka_unit_test(nothing_is_opened_after_tls_prepare),
        cmocka_unit_test(bytes_may_come_one_by_one),
        cmocka_unit_test(contexts_may_be_freed_before_their_connections),
        cmocka_unit_test(servers_with_other_keys_are_accepted),
        cmocka_unit_test(a_client_certificate_is_kept),
        cmocka_unit_test(an_optional_certificate_may_be_absent),
        cmocka_unit_test(a_required_certificate_must_not_be_absent),
        cmocka_unit_test(dates_of_client_certificates_are_left_to_the_authority),
        cmocka_unit_test(client_certificates_of_another_ca_are_refused),
        cmocka_unit_test(a_client_may_show_a_server_certificate),
        cmocka_unit_test(the_host_must_be_in_the_certificate),
        cmocka_unit_test(bad_server_certificates_are_refused),
        cmocka_unit_test(another_server_does_not_pass_for_the_authority),
        cmocka_unit_test(a_wrong_date_names_both_clocks),
        cmocka_unit_test(an_insecure_client_verifies_nothing_but_shows_the_certificate),
        cmocka_unit_test(our_own_verdict_refuses_the_same),
        cmocka_unit_test(tls_1_2_is_spoken_with_old_devices),
        cmocka_unit_test(client_certificates_work_in_tls_1_2),
        cmocka_unit_test(weak_parameters_are_refused),
        cmocka_unit_test(sessions_are_never_resumed),
        cmocka_unit_test(a_key_of_another_certificate_is_refused),
        cmocka_unit_test(verifying_without_a_ca_is_refused),
        cmocka_unit_test(other_protocols_are_told_apart_from_tls),
        cmocka_unit_test(a_server_without_tls_is_told_apart),
        cmocka_unit_test(a_tampered_byte_breaks_the_connection),
        cmocka_unit_test(a_tampered_handshake_never_succeeds),
        cmocka_unit_test(a_close_is_clean_only_with_close_notify),
        cmocka_unit_test(writing_waits_for_the_handshake),
        cmocka_unit_test(large_data_arrives_whole),
        cmocka_unit_test(output_is_limited),
        cmocka_unit_test(a_full_plain_buffer_loses_nothing),
    };
    return cmocka_run_group_tests(tests, make_pki, clear_pki);
}
