// The authority fixture with profiles that hold requests, and several administrators.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "authority/authority_open.h"
#include "authority/decide/issuance.h"
#include "authority/requests/request.h"
#include "base/text.h"
#include "support/authority_fixture.h"

#define OPEN_PROFILE "open-test" // anyone may ask; one approval
#define PAIR_PROFILE "pair-test" // with a token or without; two approvals
#define CLAIM "q6mFr2Zl0gX1c8uTnVw5yA"
#define OTHER_CLAIM "AAAAAAAAAAAAAAAAAAAAAA"

#define HELD_PROFILES                                                                          \
    "\n[profile " OPEN_PROFILE "]\nextended_key_usages = clientAuth\n"                         \
    "common_name = 1\ndns = 0-3\nask = anyone\napprovals = 1\nhold = 2d\n"                     \
    "mqtt_common_name = yes\nkey_algorithms = p256\nlifetime = 30d\nlifetime_maximum = 60d\n"  \
    "\n[profile " PAIR_PROFILE "]\nextended_key_usages = clientAuth\n"                         \
    "common_name = 1\ndns = 0-3\nask = token anyone\napprovals = 2\nhold = 2d\n"               \
    "lifetime = 30d\nlifetime_maximum = 60d\n"

// Replaces what `request_configure` added before.
static inline void request_configure(struct fixture *f, const char *profiles) {
    static const char mark[] = "\n# test\n";
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, LAYOUT_CONFIG);
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    assert_ok(file_read(path, &text, &f->err), &f->err);
    const char *end = strstr(buf_string(&text), mark);
    if (end != NULL) {
        text.size = (size_t)(end - buf_string(&text));
    }
    assert_ok(buf_append_string(&text, mark), &f->err);
    assert_ok(buf_append_string(&text, profiles), &f->err);
    assert_ok(file_replace(path, buf_bytes(&text), 0600, &f->err), &f->err);
    bool needs_restart = false;
    assert_ok(authority_reload(&f->authority, &needs_restart, &f->err), &f->err);
}

static inline int request_set_up(void **state) {
    if (fixture_set_up(state) != 0) {
        return -1;
    }
    request_configure(*state, HELD_PROFILES);
    return 0;
}

// Asks without a token; `claim` and `name` may be NULL.
static inline struct waiting *request_ask_for(struct fixture *f, const char *profile,
                                              const struct key *key, const char *name,
                                              const char *claim) {
    struct enroll request = {0};
    assert_int_equal(RESULT_OK, text_set(&request.profile, profile));
    if (claim != NULL) {
        assert_int_equal(RESULT_OK, text_set(&request.claim, claim));
    }
    fixture_csr(key, name, &request.csr);
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0});
    message_clear(&enroll_type, &request);
    return waiting;
}

static inline struct waiting *request_claimed(struct fixture *f, const char *id,
                                              const char *claim_text) {
    struct claim claim = {0};
    assert_int_equal(RESULT_OK, text_set(&claim.id, id));
    assert_int_equal(RESULT_OK, text_set(&claim.claim, claim_text));
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_CLAIM, &claim, (struct bytes){0});
    message_clear(&claim_type, &claim);
    return waiting;
}

// Requires that it is held; the caller clears the reply.
static inline void request_expect_held(struct waiting *waiting, struct held *out_held) {
    struct error err = {0};
    if (waiting->answer.result != RESULT_PENDING) {
        fixture_error(waiting, &err);
        print_error("not held: %s %s\n", err.code, err.message);
    }
    assert_int_equal(RESULT_PENDING, waiting->answer.result);
    assert_ok(message_from_binary(&held_type, buf_bytes(&waiting->answer.body), out_held, &err),
              &err);
    waiting_free(waiting);
}

// One more held request for that name; *out_key stays the caller's.
static inline void request_hold_one(struct fixture *f, const char *profile, const char *name,
                                    struct key **out_key, char out_id[REQUEST_ID_TEXT_SIZE]) {
    struct held held = {0};
    *out_key = fixture_key();
    request_expect_held(request_ask_for(f, profile, *out_key, name, CLAIM), &held);
    (void)snprintf(out_id, REQUEST_ID_TEXT_SIZE, "%s", held.id);
    message_clear(&held_type, &held);
}

// --- administrators --------------------------------------------------------------------------

// One more active administrator; appends the certificate.
static inline void request_admin(struct fixture *f, const char *name, const char *role,
                                 struct buf *out_certificate) {
    AUTO(key_free_at) struct key *key = fixture_key();
    AUTO(names_clear) struct names names = {0};
    struct authority *authority = &f->authority;
    assert_ok(names_add(&names, NAME_CN, bytes_of_string(name), &f->err), &f->err);
    const struct admin_record admin = {.name = (char *)(uintptr_t)name,
                                       .role = (char *)(uintptr_t)role,
                                       .created = clock_now()};
    const struct grant grant = {.names = &names};
    const struct issuance issuance = {
        .profile = profile_find(&authority->config.profiles, PROFILE_ADMIN),
        .grant = &grant,
        .names = &names,
        .spki = key_public(key),
        .now = clock_now(),
    };
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    assert_ok(store_begin(authority->store, &f->err), &f->err);
    assert_ok(store_add_admin(authority->store, &admin, &f->err), &f->err);
    assert_ok(issuance_run(authority, NULL, "administrator made", &issuance, &record, &f->err),
              &f->err);
    assert_ok(store_commit(authority->store, &f->err), &f->err);
    decisions_drop(&authority->decisions, 0);
    buf_init(out_certificate, LIMIT_CERTIFICATE_BYTES);
    assert_ok(buf_append(out_certificate, buf_bytes(&record.der)), &f->err);
}

static inline void request_shown(struct fixture *f, const char *id,
                                 struct request_info *out_info) {
    struct request_show show = {.id = (char *)(uintptr_t)id};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_REQUEST_SHOW, &show, buf_bytes(&f->admin)),
        &request_info_type, out_info);
}

// As shown just before.
static inline void request_digest_of(struct fixture *f, const char *id,
                                     char out_digest[LIMIT_FINGERPRINT_TEXT + 1]) {
    struct request_info info = {0};
    request_shown(f, id, &info);
    (void)snprintf(out_digest, LIMIT_FINGERPRINT_TEXT + 1, "%s", info.digest);
    message_clear(&request_info_type, &info);
}

static inline struct waiting *request_approve_as(struct fixture *f, struct bytes admin,
                                                 const char *id, const char *digest) {
    struct request_approve approve = {.id = (char *)(uintptr_t)id,
                                      .digest = (char *)(uintptr_t)digest};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_REQUEST_APPROVE, &approve, admin);
}

static inline struct waiting *request_deny_as(struct fixture *f, struct bytes admin,
                                              const char *id, const char *reason) {
    struct request_deny deny = {.id = (char *)(uintptr_t)id,
                                .reason = (char *)(uintptr_t)reason};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_REQUEST_DENY, &deny, admin);
}

static inline void request_expect_state(struct waiting *waiting, const char *state) {
    struct request_info info = {0};
    fixture_expect_ok(waiting, &request_info_type, &info);
    assert_string_equal(state, info.state);
    message_clear(&request_info_type, &info);
}

// Runs what the tick does.
static inline enum result request_expire_body(struct authority *authority, void *context,
                                              struct error *err) {
    (void)context;
    return request_expire_due(authority, clock_now(), err);
}
static inline void request_tick(struct fixture *f) {
    assert_ok(authority_transact(&f->authority, request_expire_body, NULL, &f->err), &f->err);
}
