// The canary pair: what counts as revoked, and which replacement takes the place of the revoked one.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/canary.h"

#include "base/file.h"
#include "client/device/folder.h"
#include "client/device/install.h"
#include "support/canned_server.h"
#include "support/client_fixture.h"

static struct test_ca ca;
static struct tls_context *ours;     // of a server that our credentials trust
static struct tls_context *anothers; // of one that they do not

static void make_server(const struct test_identity *issuer, struct tls_context **out_tls) {
    struct error err = {0};
    struct test_identity leaf = {0};
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    make_identity(&leaf, (struct test_names){{"ip:127.0.0.1"}}, issuer, false, NOW - 60,
                  NOW + DAY);
    assert_ok(buf_append(&chain, buf_bytes(&leaf.certificate)), &err);
    assert_ok(buf_append(&chain, buf_bytes(&issuer->certificate)), &err);
    assert_ok(tls_server_context_new(buf_bytes(&chain), leaf.key, (struct bytes){0},
                                     TLS_CLIENT_CERTIFICATE_NONE, out_tls, &err),
              &err);
    test_identity_clear(&leaf);
}

static int make_all(void **state) {
    (void)state;
    test_now = clock_now();
    make_test_ca(&ca);
    make_server(&ca.issuing, &ours);
    make_server(&ca.stranger, &anothers);
    return 0;
}

static int clear_all(void **state) {
    (void)state;
    tls_context_free_at(&ours);
    tls_context_free_at(&anothers);
    test_ca_clear(&ca);
    return 0;
}

// Installs FOLDER/name, which ends in so many days, and gives its serial.
static void install(const char *name, int64_t days, const struct url *url,
                    struct crl_entry *out_entry) {
    struct error err = {0};
    struct test_identity leaf = {0};
    struct issued issued;
    struct certificate certificate;
    AUTO(buf_clear) struct buf origin = {0};
    buf_init(&origin, URL_TARGET_SIZE);
    make_identity(&leaf, (struct test_names){{"cn:canary"}}, &ca.issuing, false, NOW - DAY,
                  NOW + days * DAY - (days == 0));
    make_issued(&ca, &leaf, &issued);
    assert_ok(url_format_origin(url, &origin), &err);
    const struct installation installation = {
        .key = leaf.key, .issued = &issued, .url = buf_string(&origin)};
    assert_ok(install_credential(in_test_folder(name), &installation, &err), &err);
    assert_ok(certificate_read(buf_bytes(&leaf.certificate), &certificate, &err), &err);
    *out_entry = (struct crl_entry){.serial_size = (uint8_t)certificate.serial.size,
                                    .revoked_at = NOW - 10};
    memcpy(out_entry->serial, certificate.serial.data, certificate.serial.size);
    message_clear(&issued_type, &issued);
    test_identity_clear(&leaf);
}

static const struct url nowhere = {.is_https = true, .host = "127.0.0.1", .port = 1};

static void list(const struct crl_entry *entries, size_t count, struct buf *out_crls) {
    struct error err = {0};
    struct certificate issuer;
    uint8_t id[SHA1_SIZE];
    buf_init(out_crls, 10000);
    assert_ok(certificate_read(buf_bytes(&ca.issuing.certificate), &issuer, &err), &err);
    assert_ok(public_key_identifier(issuer.spki, id), &err);
    const struct crl_plan plan = {.issuer = issuer.subject,
                                  .authority_key_id = bytes_of(id, sizeof(id)),
                                  .number = 1,
                                  .this_update = NOW - 5,
                                  .next_update = NOW + DAY,
                                  .entries = entries,
                                  .entry_count = count};
    assert_ok(crl_build(&plan, ca.issuing.key, out_crls, &err), &err);
}

// --- what an authority says ---------------------------------------------------------------

// What comes of asking to revoke one that may be revoked already: code, or NULL when it counts.
static const struct {
    const char *status;
    const char *sent;
    bool is_anothers;
    const char *code;
} answers[] = {
    {"403 Forbidden", "certificate_revoked", false, NULL},
    {"409 Conflict", "already_revoked", false, NULL},
    {"403 Forbidden", "certificate_unknown", false, "certificate_unknown"},
    {"403 Forbidden", "certificate_held", false, "certificate_held"},
    {"409 Conflict", "certificate_expired", false, "certificate_expired"},
    {"503 Service Unavailable", "certificate_revoked", false, "certificate_revoked"},
    {"403 Forbidden", "certificate_revoked", true, "untrusted"},
};
#define ANSWERS (sizeof(answers) / sizeof(answers[0]))

static void serve_answer(size_t which, struct test_server *out_server) {
    static char texts[ANSWERS][400];
    char body[200];
    snprintf(body, sizeof(body), "{\"error\":{\"code\":\"%s\",\"message\":\"no\"}}",
             answers[which].sent);
    snprintf(texts[which], sizeof(texts[which]), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s",
             answers[which].status, strlen(body), body);
    start_server(out_server,
                 &(struct script){.answer = texts[which],
                                  .tls = answers[which].is_anothers ? anothers : ours,
                                  .says_goodbye = true});
}

static void only_a_refusal_that_says_so_makes_a_pair_complete(void **state) {
    (void)state;
    for (size_t i = 0; i < ANSWERS; i++) {
        struct error err = {0};
        struct test_server server;
        struct crl_entry ignored;
        serve_answer(i, &server);
        install(CANARY_GOOD, 30, &server.url, &ignored);
        install(CANARY_REVOKED, 30, &server.url, &ignored);
        enum result result = canary_enroll("unused", test_folder, false, &err);
        stop_server(&server);
        assert_int_not_equal(result, RESULT_OK);
        assert_string_equal(err.code, answers[i].code != NULL ? answers[i].code : "unchanged");
        assert_true(answers[i].code != NULL || result == RESULT_CONFLICT);
    }
}

static void only_a_refusal_that_says_so_makes_a_replacement_revoked(void **state) {
    (void)state;
    for (size_t i = 0; i < ANSWERS; i++) {
        struct error err = {0};
        struct test_server server;
        struct crl_entry ignored;
        serve_answer(i, &server);
        install(CANARY_GOOD, 30, &server.url, &ignored);
        install(CANARY_REVOKED, 20, &server.url, &ignored);
        install(CANARY_REPLACEMENT, 30, &server.url, &ignored);
        enum result result = canary_renew(test_folder, &err);
        stop_server(&server);
        assert_int_equal(result == RESULT_OK, answers[i].code == NULL);
        if (answers[i].code != NULL) {
            assert_string_equal(err.code, answers[i].code);
        }
    }
}

// --- which replacement is one -------------------------------------------------------------

static void only_a_listed_valid_longer_replacement_takes_the_place(void **state) {
    (void)state;
    static const struct {
        int64_t days; // the replacement's; the revoked one has 20, or none
        bool has_revoked, is_listed, takes_it;
    } cases[] = {
        {30, true, true, true},  {30, true, false, false}, {20, true, true, false},
        {10, true, true, false}, {0, true, true, false},   {10, false, true, true},
        {0, false, true, false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct crl_entry entries[3] = {0};
        AUTO(buf_clear) struct buf crls = {0};
        AUTO(canary_pair_clear) struct canary_pair pair = {0};
        install(CANARY_GOOD, 30, &nowhere, &entries[2]);
        install(CANARY_REPLACEMENT, cases[i].days, &nowhere, &entries[0]);
        install(CANARY_REVOKED, 20, &nowhere, &entries[1]);
        if (!cases[i].has_revoked) {
            assert_int_equal(folder_remove(in_test_folder(CANARY_REVOKED), &err), RESULT_OK);
        }
        // The revoked one is listed always.
        list(cases[i].is_listed ? entries : &entries[1], cases[i].is_listed ? 2 : 1, &crls);
        enum result result = canary_read(test_folder, buf_bytes(&crls), &pair, &err);
        bool is_complete = cases[i].has_revoked || cases[i].takes_it;
        assert_int_equal(result, is_complete ? RESULT_OK : RESULT_UNAVAILABLE);
        assert_int_equal(file_exists(in_test_folder(CANARY_REPLACEMENT)), !cases[i].takes_it);
        if (is_complete) {
            struct certificate read;
            const struct crl_entry *wanted = &entries[cases[i].takes_it ? 0 : 1];
            assert_ok(certificate_read(buf_bytes(&pair.revoked.certificate), &read, &err),
                      &err);
            assert_bytes_equal(read.serial, bytes_of(wanted->serial, wanted->serial_size));
        }
    }
}

static void a_replacement_that_is_no_gain_is_removed(void **state) {
    (void)state;
    static const struct {
        int64_t days;
        bool stays;
    } cases[] = {{0, false}, {10, false}, {20, false}, {30, true}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct crl_entry ignored;
        install(CANARY_GOOD, 30, &nowhere, &ignored);
        install(CANARY_REVOKED, 20, &nowhere, &ignored);
        install(CANARY_REPLACEMENT, cases[i].days, &nowhere, &ignored);
        // One that is a gain is to be revoked, for which there is no authority here.
        assert_result(cases[i].stays ? RESULT_UNAVAILABLE : RESULT_OK,
                      canary_renew(test_folder, &err), &err);
        assert_int_equal(file_exists(in_test_folder(CANARY_REPLACEMENT)), cases[i].stays);
    }
}

// --- what the proof says ------------------------------------------------------------------

static void a_pair_that_only_force_replaces_is_told_so(void **state) {
    (void)state;
    struct error err = {0};
    struct crl_entry entries[2] = {0};
    struct canary_pair pair;
    AUTO(buf_clear) struct buf both = {0};
    AUTO(buf_clear) struct buf none = {0};
    install(CANARY_GOOD, 30, &nowhere, &entries[0]);
    install(CANARY_REVOKED, 30, &nowhere, &entries[1]);
    list(entries, 2, &both);
    list(entries, 0, &none);
    assert_result(RESULT_UNAVAILABLE, canary_read(test_folder, buf_bytes(&both), &pair, &err),
                  &err);
    assert_string_equal(err.code, "canary");
    assert_non_null(strstr(err.message, "the good canary is revoked"));
    assert_non_null(strstr(err.hint, "--enroll-canary TOKEN --force"));
    assert_result(RESULT_UNAVAILABLE, canary_read(test_folder, buf_bytes(&none), &pair, &err),
                  &err);
    assert_non_null(strstr(err.message, "the revoked canary is not in the installed CRLs"));
    assert_non_null(strstr(err.hint, "--force (a token with --uses 2)"));
    install(CANARY_GOOD, 0, &nowhere, &entries[0]);
    assert_result(RESULT_UNAVAILABLE, canary_read(test_folder, buf_bytes(&both), &pair, &err),
                  &err);
    assert_non_null(strstr(err.message, "has expired"));
    assert_null(strstr(err.hint, "--force"));
}

#define IN_FOLDER(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, make_test_folder, remove_test_folder)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(only_a_refusal_that_says_so_makes_a_pair_complete),
        IN_FOLDER(only_a_refusal_that_says_so_makes_a_replacement_revoked),
        IN_FOLDER(only_a_listed_valid_longer_replacement_takes_the_place),
        IN_FOLDER(a_replacement_that_is_no_gain_is_removed),
        IN_FOLDER(a_pair_that_only_force_replaces_is_told_so),
    };
    return cmocka_run_group_tests(tests, make_all, clear_all);
}
