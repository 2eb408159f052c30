// The library for firmware: what it takes, and how it refuses what is wrong, cut off, forged or too large.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/memory_authority.h"

#include "x509/csr.h"

#define assert_signet(expected, code_, call, client)                                           \
    do {                                                                                       \
        const enum signet_result result_ = (call);                                             \
        if (result_ != (expected) || strcmp(signet_error_code(client), (code_)) != 0) {        \
            print_error("%s gave %d, \"%s\": %s\n", #call, (int)result_,                       \
                        signet_error_code(client), signet_error_text(client));                 \
            fail();                                                                            \
        }                                                                                      \
    } while (0)

// A client of the authority in memory, with a key and a request.
struct scene {
    struct memory_authority authority;
    struct signet_client *client;
    struct signet_key *key;
    struct signet_request *request;
    struct signet_credential *credential;
};

static int64_t wrong_by; // of the board's clock, in seconds

static int64_t board_now(void) {
    return NOW + wrong_by;
}

static void connect_client(struct scene *scene, bool trusts_server_time) {
    const struct signet_options options = {.transport = &scene->authority.transport,
                                           .trusts_server_time = trusts_server_time};
    assert_int_equal(signet_client_new(&options, &scene->client), SIGNET_OK);
}

static void make_request(struct scene *scene, const char *token) {
    assert_signet(SIGNET_OK, "", signet_key_generate(scene->client, SIGNET_P256, &scene->key),
                  scene->client);
    assert_signet(
        SIGNET_OK, "",
        signet_enrollment_new(scene->client, token, scene->key, NULL, 0, &scene->request),
        scene->client);
}

static void scene_init(struct scene *scene) {
    *scene = (struct scene){0};
    memory_authority_init(&scene->authority);
    connect_client(scene, false);
    make_request(scene, scene->authority.token);
}

static void end_client(struct scene *scene) {
    signet_credential_free(scene->credential);
    signet_request_free(scene->request);
    signet_key_free(scene->key);
    signet_client_free(scene->client);
    scene->credential = NULL;
    scene->request = NULL;
    scene->key = NULL;
    scene->client = NULL;
}

static void scene_clear(struct scene *scene) {
    end_client(scene);
    memory_authority_clear(&scene->authority);
}

static enum signet_result send_now(struct scene *scene) {
    return signet_request_send(scene->request, 0, &scene->credential);
}

// With the certificate of its request.
static void enroll(struct scene *scene) {
    will_issue(&scene->authority, scene->key, "mqtt", NOW + 10 * DAY);
    assert_signet(SIGNET_OK, "", send_now(scene), scene->client);
    forget_answers(&scene->authority);
}

// --- the way it should go ----------------------------------------------------------------

static void a_token_becomes_a_credential(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    enroll(&scene);
    const struct signet_credential *credential = scene.credential;
    assert_string_equal(signet_credential_name(credential, 0), "cn:tracker-7");
    assert_null(signet_credential_name(credential, 1));
    assert_string_equal(signet_credential_profile(credential), "mqtt");
    assert_int_equal(signet_credential_not_after(credential), NOW + 10 * DAY);
    // In the first quarter of what follows the time that the authority told.
    assert_true(signet_credential_renew_after(credential) >= NOW - DAY);
    assert_true(signet_credential_renew_after(credential) <= NOW - DAY + 11 * DAY / 4);
    assert_true(signet_credential_key(credential) == scene.key);
    size_t size = 0;
    assert_memory_equal(signet_credential_chain(credential, &size),
                        scene.authority.ca.issuing.certificate.data, size);
    assert_int_equal(size, scene.authority.ca.issuing.certificate.size);
    assert_memory_equal(signet_credential_trust(credential, &size),
                        scene.authority.ca.root.certificate.data,
                        scene.authority.ca.root.certificate.size);
    assert_int_equal(size, scene.authority.ca.root.certificate.size +
                               scene.authority.ca.issuing.certificate.size);
}

static void a_held_request_is_asked_again_with_its_claim(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    will_hold(&scene.authority, signet_request_code(scene.request));
    assert_signet(SIGNET_PENDING, "pending", send_now(&scene), scene.client);
    assert_non_null(
        strstr(signet_error_text(scene.client), signet_request_code(scene.request)));
    // What was asked survives a restart of the board.
    char saved[8192];
    size_t size = 0;
    assert_signet(SIGNET_OK, "",
                  signet_request_save(scene.request, saved, sizeof(saved), &size),
                  scene.client);
    assert_non_null(strstr(saved, "\"id\":\"0a\""));
    signet_request_free(scene.request);
    scene.request = NULL;
    assert_signet(SIGNET_OK, "", signet_request_load(scene.client, saved, size, &scene.request),
                  scene.client);
    // It was forgotten, as after a restored backup: then the request itself goes once more.
    forget_answers(&scene.authority);
    will_refuse(&scene.authority, 404, "request_unknown");
    will_issue(&scene.authority, scene.key, "mqtt", NOW + 10 * DAY);
    assert_signet(SIGNET_OK, "", send_now(&scene), scene.client);
    assert_int_equal(scene.authority.asked, 2);
}

static void a_credential_is_kept_and_renewed(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    AUTO(signet_key_free_at) struct signet_key *key = NULL;
    scene_init(&scene);
    enroll(&scene);
    char saved[16384];
    size_t size = 0;
    assert_signet(SIGNET_OK, "",
                  signet_credential_save(scene.credential, saved, sizeof(saved), &size),
                  scene.client);
    end_client(&scene);
    connect_client(&scene, false);
    struct signet_credential *old = NULL;
    assert_signet(SIGNET_OK, "", signet_credential_load(scene.client, saved, size, &old),
                  scene.client);
    assert_string_equal(signet_credential_name(old, 0), "cn:tracker-7");
    assert_signet(SIGNET_OK, "", signet_key_generate(scene.client, SIGNET_ED25519, &key),
                  scene.client);
    assert_signet(SIGNET_OK, "", signet_renewal_new(scene.client, old, key, &scene.request),
                  scene.client);
    signet_credential_free(old); // lives on in the request
    // As the one of an enrollment, it survives a restart.
    char kept[32768];
    assert_signet(SIGNET_OK, "", signet_request_save(scene.request, kept, sizeof(kept), &size),
                  scene.client);
    signet_request_free(scene.request);
    assert_signet(SIGNET_OK, "", signet_request_load(scene.client, kept, size, &scene.request),
                  scene.client);
    will_issue(&scene.authority, key, "mqtt", NOW + 20 * DAY);
    assert_signet(SIGNET_OK, "", send_now(&scene), scene.client);
    assert_int_equal(signet_credential_not_after(scene.credential), NOW + 20 * DAY);
    // Another kind of certificate is no renewal.
    forget_answers(&scene.authority);
    will_issue(&scene.authority, key, "admin", NOW + 20 * DAY);
    struct signet_credential *none = NULL;
    assert_signet(SIGNET_DENIED, "untrusted", signet_request_send(scene.request, 0, &none),
                  scene.client);
    assert_null(none);
}

static void keys_of_every_kind_are_saved_and_loaded(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    for (int algorithm = SIGNET_P256; algorithm <= SIGNET_RSA2048; algorithm++) {
        AUTO(signet_key_free_at) struct signet_key *key = NULL, *again = NULL;
        uint8_t der[2500];
        size_t size = 0;
        assert_signet(SIGNET_OK, "",
                      signet_key_generate(scene.client, (enum signet_algorithm)algorithm, &key),
                      scene.client);
        assert_signet(SIGNET_OK, "",
                      signet_key_save(scene.client, key, der, sizeof(der), &size),
                      scene.client);
        assert_signet(SIGNET_OK, "", signet_key_load(scene.client, der, size, &again),
                      scene.client);
        assert_bytes_equal(key_public(key->key), key_public(again->key));
        struct signet_key *none = NULL;
        assert_int_equal(signet_key_load(scene.client, der, size - 1, &none), SIGNET_INVALID);
        assert_null(none);
    }
}

// --- what an authority may do wrong ------------------------------------------------------

static void another_root_is_refused_before_anything_is_sent(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    char *last = scene.authority.token + strlen(scene.authority.token) - 2;
    *last = *last == 'A' ? 'B' : 'A';
    end_client(&scene);
    connect_client(&scene, false);
    make_request(&scene, scene.authority.token);
    will_issue(&scene.authority, scene.key, "mqtt", NOW + DAY);
    assert_signet(SIGNET_DENIED, "untrusted", send_now(&scene), scene.client);
    assert_int_equal(scene.authority.asked, 0);
    assert_null(scene.credential);
}

static void an_answer_cut_off_anywhere_gives_no_credential(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    will_issue(&scene.authority, scene.key, "mqtt", NOW + 10 * DAY);
    assert_signet(SIGNET_OK, "", send_now(&scene), scene.client);
    const size_t whole = scene.authority.sent;
    end_client(&scene);
    for (size_t cut = 0; cut < whole; cut += 61) {
        connect_client(&scene, false);
        make_request(&scene, scene.authority.token);
        scene.authority.sent = 0;
        scene.authority.cut_after = cut;
        assert_signet(SIGNET_UNAVAILABLE, "unreachable", send_now(&scene), scene.client);
        assert_null(scene.credential);
        if (cut + 61 >= whole) {
            // The same request again, over a line that holds.
            forget_answers(&scene.authority);
            will_issue(&scene.authority, scene.key, "mqtt", NOW + 10 * DAY);
            scene.authority.cut_after = SIZE_MAX;
            assert_signet(SIGNET_OK, "", send_now(&scene), scene.client);
        }
        end_client(&scene);
    }
}

static void answers_that_are_not_ours_are_refused(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    AUTO(signet_key_free_at) struct signet_key *other = NULL;
    scene_init(&scene);
    assert_signet(SIGNET_OK, "", signet_key_generate(scene.client, SIGNET_P256, &other),
                  scene.client);
    will_issue(&scene.authority, other, "mqtt", NOW + 10 * DAY); // for another key
    will_issue(&scene.authority, scene.key, "mqtt", NOW - 1);    // it has ended
    will_hold(&scene.authority, "AAAA-AAAA");                    // another request
    will_refuse(&scene.authority, 403, "token_spent");
    static const char *const codes[] = {"untrusted", "untrusted", "untrusted", "token_spent"};
    for (size_t i = 0; i < 4; i++) {
        assert_signet(SIGNET_DENIED, codes[i], send_now(&scene), scene.client);
        assert_null(scene.credential);
    }
    assert_string_equal(signet_error_text(scene.client), "No.");
    assert_string_equal(signet_error_hint(scene.client), "Go.");
    forget_answers(&scene.authority);
    buf_init(next_answer(&scene.authority), 64);
    assert_int_equal(buf_append_string(&scene.authority.answers[0],
                                       "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
                     RESULT_OK);
    assert_signet(SIGNET_INVALID, "answer", send_now(&scene), scene.client);
}

static void names_that_were_asked_for_must_be_granted(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    const char *const names[] = {"cn:tracker-7", "dns:tracker.example"};
    for (size_t count = 1; count <= 2; count++) {
        signet_request_free(scene.request);
        scene.request = NULL;
        assert_signet(SIGNET_OK, "",
                      signet_enrollment_new(scene.client, scene.authority.token, scene.key,
                                            names, count, &scene.request),
                      scene.client);
        forget_answers(&scene.authority);
        will_issue(&scene.authority, scene.key, "mqtt", NOW + 10 * DAY);
        if (count == 1) {
            assert_signet(SIGNET_OK, "", send_now(&scene), scene.client);
        } else {
            signet_credential_free(scene.credential);
            scene.credential = NULL;
            assert_signet(SIGNET_DENIED, "untrusted", send_now(&scene), scene.client);
        }
    }
}

// --- what a board may have wrong ---------------------------------------------------------

static void a_clock_that_is_not_set_is_named_or_corrected(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    signet_use_platform(&(struct signet_platform){.now = board_now});
    wrong_by = -3 * 365 * DAY;
    will_issue(&scene.authority, scene.key, "mqtt", NOW + 10 * DAY);
    assert_signet(SIGNET_DENIED, "untrusted", send_now(&scene), scene.client);
    assert_non_null(strstr(signet_error_hint(scene.client), "clock says"));
    end_client(&scene);
    connect_client(&scene, true);
    make_request(&scene, scene.authority.token);
    forget_answers(&scene.authority);
    will_issue(&scene.authority, scene.key, "mqtt", NOW + 10 * DAY);
    assert_signet(SIGNET_OK, "", send_now(&scene), scene.client);
    assert_int_equal(clock_now(), NOW);
    // A second enrollment corrects what is left to correct: nothing.
    signet_credential_free(scene.credential);
    scene.credential = NULL;
    assert_signet(SIGNET_OK, "", send_now(&scene), scene.client);
    assert_int_equal(clock_now(), NOW);
    clock_correct(0);
    signet_use_platform(&(struct signet_platform){0});
}

// After a restart a saved credential is all that a board has.
static void a_board_without_a_clock_asks_before_it_renews(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    signet_use_platform(&(struct signet_platform){.now = board_now});
    wrong_by = 0;
    enroll(&scene);
    assert_signet(SIGNET_DENIED, "usage", signet_credential_ask_time(scene.credential),
                  scene.client);
    char saved[16384];
    size_t size = 0;
    assert_signet(SIGNET_OK, "",
                  signet_credential_save(scene.credential, saved, sizeof(saved), &size),
                  scene.client);
    end_client(&scene);
    connect_client(&scene, true);
    assert_signet(SIGNET_OK, "",
                  signet_credential_load(scene.client, saved, size, &scene.credential),
                  scene.client);
    wrong_by = -3 * 365 * DAY;
    assert_signet(SIGNET_OK, "", signet_credential_ask_time(scene.credential), scene.client);
    assert_int_equal(clock_now(), NOW);
    // A renewal does it by itself.
    clock_correct(0);
    assert_signet(SIGNET_OK, "", signet_key_generate(scene.client, SIGNET_P256, &scene.key),
                  scene.client);
    assert_signet(SIGNET_OK, "",
                  signet_renewal_new(scene.client, scene.credential, scene.key, &scene.request),
                  scene.client);
    struct signet_credential *renewed = NULL;
    will_issue(&scene.authority, scene.key, "mqtt", NOW + 10 * DAY);
    assert_signet(SIGNET_OK, "", signet_request_send(scene.request, 0, &renewed), scene.client);
    assert_int_equal(clock_now(), NOW);
    signet_credential_free(renewed);
    clock_correct(0);
    signet_use_platform(&(struct signet_platform){0});
}

static bool no_random(uint8_t *out, size_t size) {
    (void)out;
    (void)size;
    return false;
}

static void without_randomness_there_is_no_key(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    struct signet_key *key = NULL;
    signet_use_platform(&(struct signet_platform){.random = no_random});
    assert_int_equal(signet_key_generate(scene.client, SIGNET_P256, &key), SIGNET_INTERNAL);
    assert_null(key);
    signet_use_platform(&(struct signet_platform){0});
    assert_signet(SIGNET_OK, "", signet_key_generate(scene.client, SIGNET_P256, &key),
                  scene.client);
    signet_key_free(key);
}

static int open_nothing(void *context, const char *host, uint16_t port, int timeout,
                        void **out_connection) {
    (void)context;
    (void)host;
    (void)port;
    (void)out_connection;
    assert_true(timeout > 0 && timeout <= LIMIT_CLIENT_CONNECT_SECONDS * 1000);
    return -1;
}

static long carry_nothing(void *connection, const void *data, size_t size, int timeout) {
    (void)connection;
    (void)data;
    (void)size;
    (void)timeout;
    return -1;
}

static long carry_too_much(void *connection, void *data, size_t size, int timeout) {
    (void)connection;
    (void)data;
    (void)timeout;
    return (long)size + 1;
}

static void a_transport_that_fails_is_unreachable(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    const struct signet_transport good = scene.authority.transport;
    struct signet_transport *transport = &scene.authority.transport;
    will_issue(&scene.authority, scene.key, "mqtt", NOW + 10 * DAY);
    transport->open = open_nothing;
    assert_signet(SIGNET_UNAVAILABLE, "unreachable", send_now(&scene), scene.client);
    *transport = good;
    transport->write = carry_nothing;
    assert_signet(SIGNET_UNAVAILABLE, "unreachable", send_now(&scene), scene.client);
    *transport = good;
    transport->read = carry_too_much;
    assert_signet(SIGNET_UNAVAILABLE, "unreachable", send_now(&scene), scene.client);
    *transport = good;
    assert_signet(SIGNET_OK, "", send_now(&scene), scene.client);
}

// --- what a caller may do wrong ----------------------------------------------------------

static void arguments_that_are_missing_are_named(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    struct signet_client *c = scene.client;
    struct signet_key *key = NULL;
    struct signet_request *request = NULL;
    struct signet_credential *credential = NULL;
    struct signet_token token;
    const char *const null_name[] = {NULL};
    size_t size = 0;
    const char *good = scene.authority.token;
    const struct {
        enum signet_result result;
        const char *word; // of the error's text; NULL: there is no client to keep one
    } cases[] = {
        {signet_client_new(NULL, NULL), NULL},
        {signet_key_generate(NULL, SIGNET_P256, &key), NULL},
        {signet_request_send(NULL, 0, &credential), NULL},
        {signet_credential_save(NULL, NULL, 0, &size), NULL},
        {signet_credential_chain_pem(NULL, NULL, 0, &size), NULL},
        {signet_request_save(NULL, NULL, 0, &size), NULL},
        {signet_token_parse(NULL, good, &token), NULL},
#define CASE(call, word) {call, strstr(signet_error_text(c), word)}
        CASE(signet_key_generate(c, SIGNET_P256, NULL), "out_key"),
        CASE(signet_key_generate(c, (enum signet_algorithm)6, &key), "algorithm 6"),
        CASE(signet_key_generate(c, (enum signet_algorithm) - 1, &key), "algorithm -1"),
        CASE(signet_key_load(c, NULL, 10, &key), "der"),
        CASE(signet_key_save(c, NULL, NULL, 0, &size), "key"),
        CASE(signet_key_save(c, scene.key, NULL, 0, NULL), "out_size"),
        CASE(signet_token_parse(c, NULL, &token), "token"),
        CASE(signet_token_parse(c, good, NULL), "out_token"),
        CASE(signet_enrollment_new(c, NULL, scene.key, NULL, 0, &request), "token"),
        CASE(signet_enrollment_new(c, good, NULL, NULL, 0, &request), "key"),
        CASE(signet_enrollment_new(c, good, scene.key, NULL, 0, NULL), "out_request"),
        CASE(signet_enrollment_new(c, good, scene.key, NULL, 1, &request), "names"),
        CASE(signet_enrollment_new(c, good, scene.key, null_name, 1, &request), "a name"),
        CASE(signet_renewal_new(c, NULL, scene.key, &request), "credential"),
        CASE(signet_request_send(scene.request, 0, NULL), "out_credential"),
        CASE(signet_request_send(scene.request, -1, &credential), "wait_seconds"),
        CASE(signet_request_send(scene.request, 51, &credential), "wait_seconds"),
        CASE(signet_request_load(c, NULL, 5, &request), "saved"),
        CASE(signet_credential_load(c, NULL, 5, &credential), "saved"),
#undef CASE
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(cases[i].result, SIGNET_INVALID);
        assert_true(i < 7 || cases[i].word != NULL);
    }
    assert_int_equal(scene.authority.asked, 0);
    assert_string_equal(signet_error_code(NULL), "");
    signet_client_free(NULL);
    signet_key_free(NULL);
    signet_request_free(NULL);
    signet_credential_free(NULL);
}

static void what_is_too_large_or_damaged_is_refused(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    enroll(&scene);
    struct signet_client *c = scene.client;
    struct signet_key *key = NULL;
    struct signet_request *request = NULL;
    struct signet_credential *credential = NULL;
    static const char *names[LIMIT_NAMES + 1];
    static char many[8 << 20];
    for (size_t i = 0; i <= LIMIT_NAMES; i++) {
        names[i] = "cn:a";
    }
    memset(many, 'a', sizeof(many) - 1);
    const char *good = scene.authority.token;
    assert_signet(SIGNET_LIMIT, "too_many",
                  signet_enrollment_new(c, good, scene.key, names, LIMIT_NAMES + 1, &request),
                  c);
    assert_signet(SIGNET_CONFLICT, "name_duplicate",
                  signet_enrollment_new(c, good, scene.key, names, 2, &request), c);
    names[0] = "a";
    assert_signet(SIGNET_INVALID, "invalid",
                  signet_enrollment_new(c, good, scene.key, names, 1, &request), c);
    assert_signet(SIGNET_INVALID, "usage",
                  signet_enrollment_new(c, many, scene.key, NULL, 0, &request), c);
    assert_signet(SIGNET_LIMIT, "too_long",
                  signet_key_load(c, (const uint8_t *)many, LIMIT_KEY_FILE_BYTES + 1, &key), c);
    assert_signet(SIGNET_LIMIT, "too_long",
                  signet_request_load(c, many, sizeof(many), &request), c);
    assert_signet(SIGNET_LIMIT, "too_long",
                  signet_credential_load(c, many, sizeof(many), &credential), c);
    assert_signet(SIGNET_INVALID, "not_json", signet_credential_load(c, many, 5, &credential),
                  c);
    assert_signet(SIGNET_INVALID, "missing_field", signet_request_load(c, "{}", 2, &request),
                  c);
    assert_null(request);
    assert_null(credential);
    assert_null(key);
}

static void a_credential_with_another_key_is_refused(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    AUTO(signet_key_free_at) struct signet_key *other = NULL;
    scene_init(&scene);
    enroll(&scene);
    assert_signet(SIGNET_OK, "", signet_key_generate(scene.client, SIGNET_P256, &other),
                  scene.client);
    signet_key_free(scene.credential->key);
    scene.credential->key = key_keep(other);
    char saved[16384];
    size_t size = 0;
    struct signet_credential *none = NULL;
    assert_signet(SIGNET_OK, "",
                  signet_credential_save(scene.credential, saved, sizeof(saved), &size),
                  scene.client);
    assert_signet(SIGNET_INVALID, "key_mismatch",
                  signet_credential_load(scene.client, saved, size, &none), scene.client);
    assert_null(none);
}

static void too_little_room_says_how_much_it_takes(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    enroll(&scene);
    size_t needed = 0, size = 0;
    static char room[16384];
    assert_signet(SIGNET_LIMIT, "room",
                  signet_credential_chain_pem(scene.credential, NULL, 0, &needed),
                  scene.client);
    assert_signet(SIGNET_LIMIT, "room",
                  signet_credential_chain_pem(scene.credential, room, needed - 1, &size),
                  scene.client);
    assert_int_equal(size, needed);
    assert_int_equal(room[0], 0); // nothing was written
    assert_signet(SIGNET_OK, "",
                  signet_credential_chain_pem(scene.credential, room, needed, &size),
                  scene.client);
    assert_memory_equal(room, "-----BEGIN CERTIFICATE-----\n", 28);
    assert_memory_equal(room + needed - 26, "-----END CERTIFICATE-----\n", 26);
}

static void a_token_is_taken_apart(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    struct signet_token token;
    uint8_t fingerprint[SHA256_SIZE];
    assert_signet(SIGNET_OK, "",
                  signet_token_parse(scene.client, scene.authority.token, &token),
                  scene.client);
    assert_string_equal(token.host, "localhost");
    assert_int_equal(token.port, 8443);
    assert_int_equal(hash_sha256(buf_bytes(&scene.authority.ca.root.certificate), fingerprint),
                     RESULT_OK);
    assert_memory_equal(token.fingerprint, fingerprint, sizeof(fingerprint));
    scene.authority.token[strlen(scene.authority.token) - 4] = '\0';
    assert_signet(SIGNET_INVALID, "usage",
                  signet_token_parse(scene.client, scene.authority.token, &token),
                  scene.client);
}

// --- memory ------------------------------------------------------------------------------

static bool may_fail, has_failed;
static size_t allocations_left;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);

// One allocation fails, those after it are given.
static bool fails_now(void) {
    if (!may_fail || is_authority_at_work || has_failed) {
        return false;
    }
    has_failed = allocations_left-- == 0;
    return has_failed;
}

void *__wrap_malloc(size_t size) {
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size) {
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size) {
    return fails_now() ? NULL : __real_realloc(memory, size);
}

// Everything from the token to a saved credential.
static enum signet_result run_all(struct scene *scene) {
    static char saved[16384];
    size_t size = 0;
    struct signet_client *c = scene->client;
    struct signet_credential *again = NULL;
    enum signet_result result =
        signet_enrollment_new(c, scene->authority.token, scene->key, NULL, 0, &scene->request);
    if (result == SIGNET_OK) {
        result = send_now(scene);
    }
    if (result == SIGNET_OK) {
        result = signet_credential_save(scene->credential, saved, sizeof(saved), &size);
    }
    if (result == SIGNET_OK) {
        result = signet_credential_load(c, saved, size, &again);
    }
    signet_credential_free(again);
    signet_request_free(scene->request);
    signet_credential_free(scene->credential);
    scene->request = NULL;
    scene->credential = NULL;
    return result;
}

static void every_allocation_may_fail(void **state) {
    (void)state;
    AUTO(scene_clear) struct scene scene;
    scene_init(&scene);
    signet_request_free(scene.request);
    scene.request = NULL;
    will_issue(&scene.authority, scene.key, "mqtt", NOW + 10 * DAY);
    size_t count = 0;
    for (has_failed = true; has_failed && count < 5000; count++) {
        has_failed = false;
        allocations_left = count;
        may_fail = true;
        const enum signet_result result = run_all(&scene);
        may_fail = false;
        if (has_failed && result != SIGNET_OK) { // a name for messages is not needed
            assert_signet(SIGNET_INTERNAL, signet_error_code(scene.client), result,
                          scene.client);
            assert_true(*signet_error_text(scene.client) != '\0');
        } else {
            assert_int_equal(result, SIGNET_OK);
        }
    }
    assert_true(count > 100 && count < 5000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_becomes_a_credential),
        cmocka_unit_test(a_held_request_is_asked_again_with_its_claim),
        cmocka_unit_test(a_credential_is_kept_and_renewed),
        cmocka_unit_test(keys_of_every_kind_are_saved_and_loaded),
        cmocka_unit_test(another_root_is_refused_before_anything_is_sent),
        cmocka_unit_test(an_answer_cut_off_anywhere_gives_no_credential),
        cmocka_unit_test(answers_that_are_not_ours_are_refused),
        cmocka_unit_test(names_that_were_asked_for_must_be_granted),
        cmocka_unit_test(a_clock_that_is_not_set_is_named_or_corrected),
        cmocka_unit_test(a_board_without_a_clock_asks_before_it_renews),
        cmocka_unit_test(without_randomness_there_is_no_key),
        cmocka_unit_test(a_transport_that_fails_is_unreachable),
        cmocka_unit_test(arguments_that_are_missing_are_named),
        cmocka_unit_test(what_is_too_large_or_damaged_is_refused),
        cmocka_unit_test(a_credential_with_another_key_is_refused),
        cmocka_unit_test(too_little_room_says_how_much_it_takes),
        cmocka_unit_test(a_token_is_taken_apart),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
