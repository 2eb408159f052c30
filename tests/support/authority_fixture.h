// A real authority in a temporary folder, at a manual clock, asked through its group commit.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <ftw.h>
#include <stdlib.h>
#include <unistd.h>

#include "authority/audit.h"
#include "authority/authority.h"
#include "authority/authority_open.h"
#include "authority/service/group.h"
#include "authority/host/init.h"
#include "authority/config/layout.h"
#include "base/clock.h"
#include "base/file.h"
#include "support/test.h"
#include "wire/enrollment_token.h"
#include "x509/csr.h"
#include "x509/pem.h"

#define FIXTURE_NOW 1800000000
#define FIXTURE_PROFILE "device"
#define FIXTURE_DAY 86400

struct fixture {
    char folder[64];
    struct authority authority;
    struct buf admin;    // certificate of the first administrator, DER
    int64_t first_audit; // the first record that the test itself makes
    struct error err;
};

static inline int fixture_remove_one(const char *path, const struct stat *status, int type,
                                     struct FTW *walk) {
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline void fixture_configure(struct fixture *f) {
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s", f->folder, LAYOUT_CONFIG);
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    assert_ok(file_read(path, &text, &f->err), &f->err);
    assert_ok(buf_append_string(&text, "\n[profile " FIXTURE_PROFILE "-test]\n"
                                       "extended_key_usages = clientAuth\n"
                                       "common_name = 1\n"
                                       "dns = 0-3\n"
                                       "lifetime = 30d\n"
                                       "lifetime_maximum = 60d\n"),
              &f->err);
    assert_ok(file_replace(path, buf_bytes(&text), 0600, &f->err), &f->err);
}

static inline void fixture_open(struct fixture *f) {
    assert_ok(authority_open(f->folder, &f->authority, &f->err), &f->err);
    assert_ok(publisher_start(&f->authority, &f->err), &f->err);
}

static inline int fixture_set_up(void **state) {
    struct fixture *f = calloc(1, sizeof(*f));
    clock_use_manual(FIXTURE_NOW);
    log_configure(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT, "test");
    (void)snprintf(f->folder, sizeof(f->folder), "/tmp/signet-test-XXXXXX");
    if (mkdtemp(f->folder) == NULL) {
        return -1;
    }
    char host[] = "ca.example";
    char *hosts[] = {host};
    struct config_list list = {.items = hosts, .count = 1};
    struct init_options options = {
        .folder = f->folder, .name = "Test CA", .hosts = &list, .algorithm = KEY_P256};
    AUTO(buf_clear) struct buf report = {0};
    buf_init(&report, 65536);
    assert_ok(authority_init(&options, &report, &f->err), &f->err);
    fixture_configure(f);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/%s/cert.pem", f->folder, LAYOUT_ADMIN);
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 65536);
    assert_ok(file_read(path, &pem, &f->err), &f->err);
    buf_init(&f->admin, LIMIT_CHAIN_BYTES);
    assert_ok(pem_decode_all(buf_bytes(&pem), PEM_CERTIFICATE, &f->admin, &f->err), &f->err);
    fixture_open(f);
    AUTO(audit_record_clear) struct audit_record last = {0};
    assert_ok(store_last_audit(f->authority.store, &last, &f->err), &f->err);
    f->first_audit = last.sequence + 1;
    *state = f;
    return 0;
}

static inline int fixture_tear_down(void **state) {
    struct fixture *f = *state;
    if (f->authority.store != NULL) {
        assert_ok(audit_verify(f->authority.store, &f->err), &f->err);
    }
    authority_clear(&f->authority);
    buf_clear(&f->admin);
    (void)nftw(f->folder, fixture_remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    clock_use_system();
    return 0;
}

// --- asking ----------------------------------------------------------------------------------

// Asks for an operation as a gateway does, in a group of one.
static inline struct waiting *fixture_ask_bytes(struct fixture *f, enum channel channel,
                                                unsigned number, struct bytes body,
                                                struct bytes certificate) {
    struct frame frame = {
        .kind = FRAME_REQUEST,
        .number = (uint16_t)number,
        .id = 7,
        .peer_address = BYTES_LITERAL("192.0.2.7"),
        .peer_certificate = certificate,
        .body = body,
    };
    struct waiting *waiting = NULL;
    assert_ok(waiting_new(channel, &frame, &waiting, &f->err), &f->err);
    group_run(&f->authority, &waiting, 1);
    return waiting;
}

static inline struct waiting *fixture_ask(struct fixture *f, enum channel channel,
                                          enum operation_id id, const void *request,
                                          struct bytes certificate) {
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, LIMIT_FRAME_REQUEST_BYTES);
    assert_ok(message_to_binary(operation_find(id)->request, request, &body, &f->err), &f->err);
    return fixture_ask_bytes(f, channel, id, buf_bytes(&body), certificate);
}

static inline void fixture_error(const struct waiting *waiting, struct error *out_error) {
    *out_error = (struct error){0};
    if (waiting->answer.result != RESULT_OK) {
        assert_int_equal(RESULT_OK,
                         frame_read_error(buf_bytes(&waiting->answer.body), out_error));
    }
}

// Requires success and gives the reply, which the caller clears.
static inline void fixture_expect_ok(struct waiting *waiting, const struct message_type *type,
                                     void *out_reply) {
    struct error err = {0};
    fixture_error(waiting, &err);
    if (waiting->answer.result != RESULT_OK) {
        print_error("refused: %s %s %s\n", err.code, err.field, err.message);
    }
    assert_int_equal(RESULT_OK, waiting->answer.result);
    assert_ok(message_from_binary(type, buf_bytes(&waiting->answer.body), out_reply, &err),
              &err);
    waiting_free(waiting);
}

static inline void fixture_expect_refusal(struct waiting *waiting, enum result result,
                                          const char *code) {
    struct error err = {0};
    fixture_error(waiting, &err);
    if (strcmp(code, err.code) != 0 || result != waiting->answer.result) {
        print_error("expected %s, got %s: %s\n", code, err.code, err.message);
    }
    assert_int_equal(result, waiting->answer.result);
    assert_string_equal(code, err.code);
    waiting_free(waiting);
}

// --- tokens, requests, certificates ----------------------------------------------------------

static inline void fixture_credential(const char *token_text, char **out_credential) {
    struct error err = {0};
    AUTO(enrollment_token_clear) struct enrollment_token token = {0};
    assert_ok(enrollment_token_read(token_text, &token, &err), &err);
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_TOKEN_TEXT_BYTES);
    assert_ok(token_credential_format(token.id, token.secret, &text), &err);
    *out_credential = string_copy(buf_string(&text));
}

// A token for one "type:value" name and `uses` enrollments; `out_id` may be NULL.
static inline char *fixture_token(struct fixture *f, const char *name, int64_t uses,
                                  char out_id[LIMIT_TOKEN_ID_TEXT + 1]) {
    struct token_create request = {.uses = uses};
    assert_int_equal(RESULT_OK, text_set(&request.profile, FIXTURE_PROFILE "-test"));
    assert_int_equal(RESULT_OK, text_list_add(&request.names, name));
    struct token_created reply = {0};
    fixture_expect_ok(
        fixture_ask(f, CHANNEL_ADMIN, OPERATION_TOKEN_CREATE, &request, buf_bytes(&f->admin)),
        &token_created_type, &reply);
    if (out_id != NULL) {
        (void)snprintf(out_id, LIMIT_TOKEN_ID_TEXT + 1, "%s", reply.id);
    }
    char *credential = NULL;
    fixture_credential(reply.token, &credential);
    message_clear(&token_create_type, &request);
    message_clear(&token_created_type, &reply);
    return credential;
}

// A CSR of this key, with one name or none (NULL).
static inline void fixture_csr(const struct key *key, const char *name, struct blob *out_csr) {
    struct error err = {0};
    AUTO(names_clear) struct names names = {0};
    if (name != NULL) {
        assert_ok(names_add_text(&names, name, &err), &err);
    }
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, LIMIT_CSR_BYTES);
    assert_ok(csr_build(key, &names, &der, &err), &err);
    assert_int_equal(RESULT_OK, blob_set(out_csr, buf_bytes(&der)));
}

static inline struct key *fixture_key(void) {
    struct error err = {0};
    struct key *key = NULL;
    assert_ok(key_generate(KEY_P256, &key, &err), &err);
    return key;
}

static inline struct waiting *fixture_enroll(struct fixture *f, const char *credential,
                                             const struct key *key, const char *name) {
    struct enroll request = {0};
    assert_int_equal(RESULT_OK, text_set(&request.token, credential));
    fixture_csr(key, name, &request.csr);
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_ENROLL, &request, (struct bytes){0});
    message_clear(&enroll_type, &request);
    return waiting;
}

// A device with a certificate for this name, enrolled with a token of its own.
static inline void fixture_device(struct fixture *f, const char *name, const struct key *key,
                                  struct issued *out_issued) {
    char *credential = fixture_token(f, name, 1, NULL);
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, out_issued);
    string_free_secret_at(&credential);
}

// Invites an administrator; `by` is the certificate of an owner. The caller expects the answer.
static inline struct waiting *fixture_invite(struct fixture *f, struct bytes by,
                                             const char *name, const char *role) {
    struct admin_add request = {.name = (char *)(uintptr_t)name,
                                .role = (char *)(uintptr_t)role};
    return fixture_ask(f, CHANNEL_ADMIN, OPERATION_ADMIN_ADD, &request, by);
}

// The credential of an invitation.
static inline char *fixture_invitation(struct fixture *f, const char *name, const char *role) {
    struct token_created reply = {0};
    fixture_expect_ok(fixture_invite(f, buf_bytes(&f->admin), name, role), &token_created_type,
                      &reply);
    char *credential = NULL;
    fixture_credential(reply.token, &credential);
    message_clear(&token_created_type, &reply);
    return credential;
}

// An administrator with a certificate.
static inline void fixture_admin(struct fixture *f, const char *name, const char *role,
                                 const struct key *key, struct issued *out_issued) {
    char *credential = fixture_invitation(f, name, role);
    fixture_expect_ok(fixture_enroll(f, credential, key, NULL), &issued_type, out_issued);
    string_free_secret_at(&credential);
}

static inline struct waiting *fixture_renew(struct fixture *f, struct bytes certificate,
                                            const struct key *key, const char *name) {
    struct renew request = {0};
    fixture_csr(key, name, &request.csr);
    struct waiting *waiting =
        fixture_ask(f, CHANNEL_ENROLL, OPERATION_RENEW, &request, certificate);
    message_clear(&renew_type, &request);
    return waiting;
}

static inline struct waiting *fixture_revoke(struct fixture *f, const char *serial,
                                             const char *reason) {
    struct certificate_revoke request = {0};
    assert_int_equal(RESULT_OK, text_set(&request.serial, serial));
    if (reason != NULL) {
        assert_int_equal(RESULT_OK, text_set(&request.reason, reason));
    }
    struct waiting *waiting = fixture_ask(f, CHANNEL_ADMIN, OPERATION_CERTIFICATE_REVOKE,
                                          &request, buf_bytes(&f->admin));
    message_clear(&certificate_revoke_type, &request);
    return waiting;
}

// How many audit records of this test tell of this event.
struct fixture_event_count {
    const char *event;
    int count;
};

static inline enum result fixture_count_event(void *context, const struct audit_record *record,
                                              struct error *err) {
    struct fixture_event_count *counted = context;
    (void)err;
    if (strcmp(record->event, counted->event) == 0) {
        counted->count++;
    }
    return RESULT_OK;
}

static inline int fixture_audited(struct fixture *f, const char *event) {
    struct fixture_event_count counted = {.event = event};
    assert_ok(store_each_audit(f->authority.store, f->first_audit, fixture_count_event,
                               &counted, &f->err),
              &f->err);
    return counted.count;
}
