// TLS with a client's key on a token: the handshake is signed there, or fails with the reason.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/pki.h"
#include "support/token_fixture.h"

#include "base/limits.h"
#include "wire/tls.h"

static struct identity root, server;

static int make_pki(void **state) {
    identity_make(&root, NULL, &(struct identity_plan){.names = {"cn:Root"}, .is_ca = true});
    identity_make(&server, &root,
                  &(struct identity_plan){.names = {"cn:server", "dns:ca.example"},
                                          .usage = OID_SERVER_AUTH});
    return make_tokens(state);
}

static int clear_pki(void **state) {
    identity_clear(&root);
    identity_clear(&server);
    return remove_tokens(state);
}

struct end {
    struct tls *tls;
    struct buf plain;
    enum result result;
    struct error err;
};

static void end_clear(struct end *end) {
    tls_free_at(&end->tls);
    buf_clear(&end->plain);
}

static bool carry(struct end *from, struct end *to) {
    struct buf *output = tls_output(from->tls);
    if (output->size == 0 || to->result != RESULT_OK) {
        return false;
    }
    to->result = tls_input(to->tls, buf_bytes(output), &to->plain, &to->err);
    buf_reset(output);
    return true;
}

// The client's contexts are gone before the handshake: connections keep what they need.
static void connect_ends(struct identity *client, struct end *client_end,
                         struct end *server_end) {
    AUTO(tls_context_free_at) struct tls_context *server_context = NULL, *client_context = NULL;
    struct error err = {0};
    assert_ok(tls_server_context_new(buf_bytes(&server.der), server.key, buf_bytes(&root.der),
                                     TLS_CLIENT_CERTIFICATE_REQUIRED, &server_context, &err),
              &err);
    assert_ok(tls_client_context_new(buf_bytes(&root.der), buf_bytes(&client->der), client->key,
                                     &client_context, &err),
              &err);
    assert_ok(tls_accept_new(server_context, &server_end->tls, &err), &err);
    assert_ok(tls_connect_new(client_context, "ca.example", &client_end->tls, &err), &err);
    key_free_at(&client->key);
    buf_init(&server_end->plain, 4096);
    buf_init(&client_end->plain, 4096);
    assert_ok(tls_start(client_end->tls, &err), &err);
}

static void run(struct end *client_end, struct end *server_end) {
    bool moves = true;
    for (size_t i = 0; moves && i < 1000; i++) {
        moves = carry(client_end, server_end);
        moves = carry(server_end, client_end) || moves;
    }
}

static void make_client(const char *path, enum key_algorithm algorithm,
                        struct identity *out_client) {
    struct error err = {0};
    assert_ok(key_make_at_uri(token_uri(path), algorithm, &out_client->key, &err), &err);
    identity_make(out_client, &root,
                  &(struct identity_plan){.names = {"cn:device"}, .usage = OID_CLIENT_AUTH});
}

static void the_token_signs_the_handshake(void **state) {
    (void)state;
    static const enum key_algorithm algorithms[] = {KEY_P256, KEY_P384, KEY_ED25519,
                                                    KEY_RSA2048, KEY_RSA4096};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        AUTO(identity_clear) struct identity client = {0};
        AUTO(end_clear) struct end client_end = {0}, server_end = {0};
        char path[64];
        (void)snprintf(path, sizeof(path), "token=device;object=%s",
                       key_algorithm_name(algorithms[i]));
        make_client(path, algorithms[i], &client);
        connect_ends(&client, &client_end, &server_end);
        run(&client_end, &server_end);
        assert_ok(client_end.result, &client_end.err);
        assert_ok(server_end.result, &server_end.err);
        assert_true(tls_is_established(server_end.tls));
        assert_string_equal(tls_version(server_end.tls), "TLSv1.3");
        assert_bytes_equal(tls_peer_certificate(server_end.tls), buf_bytes(&client.der));
    }
}

static void a_token_that_is_gone_ends_the_handshake_with_the_reason(void **state) {
    (void)state;
    AUTO(identity_clear) struct identity client = {0};
    AUTO(end_clear) struct end client_end = {0}, server_end = {0};
    make_client("token=device;object=gone", KEY_P256, &client);
    connect_ends(&client, &client_end, &server_end);
    set_fault("removed");
    run(&client_end, &server_end);
    set_fault("");
    assert_int_equal(client_end.result, RESULT_UNAVAILABLE);
    assert_string_equal(client_end.err.code, "key_unavailable");
    assert_false(tls_is_established(client_end.tls));
    assert_false(tls_is_established(server_end.tls));
}

static void a_token_key_of_another_certificate_is_refused(void **state) {
    (void)state;
    AUTO(identity_clear) struct identity client = {0};
    AUTO(tls_context_free_at) struct tls_context *context = NULL;
    struct error err = {0};
    make_client("token=device;object=mine", KEY_P256, &client);
    key_free_at(&client.key);
    assert_ok(
        key_make_at_uri(token_uri("token=device;object=other"), KEY_P256, &client.key, &err),
        &err);
    assert_result(RESULT_INVALID,
                  tls_client_context_new(buf_bytes(&root.der), buf_bytes(&client.der),
                                         client.key, &context, &err),
                  &err);
    assert_string_equal(err.code, "key_mismatch");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_token_signs_the_handshake),
        cmocka_unit_test(a_token_that_is_gone_ends_the_handshake_with_the_reason),
        cmocka_unit_test(a_token_key_of_another_certificate_is_refused),
    };
    return cmocka_run_group_tests(tests, make_pki, clear_pki);
}
