// The table of operations: who may ask, what runs, what remains of a refusal.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "authority/decide/admin.h"
#include "authority/inspect/audit_view.h"
#include "authority/authority.h"
#include "authority/requests/enroll.h"
#include "authority/inspect/inspect.h"
#include "authority/inspect/inspect_crl.h"
#include "authority/inspect/inspect_profiles.h"
#include "authority/issuers/issuer_info.h"
#include "authority/decide/name_release.h"
#include "authority/publish/ocsp.h"
#include "authority/peer.h"
#include "authority/config/profile.h"
#include "authority/decide/renew.h"
#include "authority/requests/request.h"
#include "authority/requests/request_review.h"
#include "authority/decide/revoke.h"
#include "authority/requests/rule.h"
#include "authority/decide/token.h"
#include "base/clock.h"
#include "base/log.h"

#define LIMIT_ERROR_BODY_BYTES 4096

// --- the table -------------------------------------------------------------------------------

// Who must be behind a request for it to be looked at.
enum peer_need {
    PEER_ANYONE,
    PEER_CERTIFICATE,
    PEER_RENEWABLE, // a certificate that may have expired, within its profile's grace
    PEER_ADMIN,
};

typedef enum result handler_run(struct authority *authority, struct peer *peer,
                                const void *request, void *reply, struct error *err);
// Called after the roll-back of a refused request, in the group's transaction.
typedef enum result handler_refused(struct authority *authority, struct peer *peer,
                                    const struct operation *operation, const void *request,
                                    const struct error *refusal, struct error *err);

struct handler {
    enum operation_id id;
    handler_run *run;
    enum peer_need need;
    unsigned roles; // with PEER_ADMIN
    handler_refused *refused;
};

// Each operation has typed messages; the table calls them all alike.
#define ADAPTER(operation)                                                                     \
    static enum result run_##operation(struct authority *authority, struct peer *peer,         \
                                       const void *request, void *reply, struct error *err) {  \
        return operation(authority, peer, request, reply, err);                                \
    }
ADAPTER(inspect_authority)
ADAPTER(enroll_device)
ADAPTER(renew_certificate)
ADAPTER(revoke_own_certificate)
ADAPTER(request_claim)
ADAPTER(ocsp_answer_query)
ADAPTER(token_create)
ADAPTER(token_list)
ADAPTER(token_revoke)
ADAPTER(inspect_list_certificates)
ADAPTER(inspect_show_certificate)
ADAPTER(revoke_certificate)
ADAPTER(hold_certificate)
ADAPTER(release_certificate)
ADAPTER(name_release)
ADAPTER(inspect_crls)
ADAPTER(inspect_read_crl)
ADAPTER(publisher_publish)
ADAPTER(inspect_status)
ADAPTER(issuer_list)
ADAPTER(request_list)
ADAPTER(request_show)
ADAPTER(request_approve)
ADAPTER(request_deny)
ADAPTER(admin_add)
ADAPTER(admin_list)
ADAPTER(inspect_profiles)
ADAPTER(admin_remove)
ADAPTER(admin_change)
ADAPTER(audit_list)
ADAPTER(audit_sign_checkpoint)
ADAPTER(rule_add)
ADAPTER(rule_list)
ADAPTER(rule_remove)

// Of peers that hold a valid certificate: who has none fills no audit trail.
static enum result certificate_holder_refused(struct authority *authority, struct peer *peer,
                                              const struct operation *operation,
                                              const void *request, const struct error *refusal,
                                              struct error *err) {
    (void)request;
    if (!peer->is_identified && !peer->is_manufacturers) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 1024);
    TRY(buf_printf(&detail, "code=%s %s", refusal->code, refusal->message));
    return decision_record(authority, peer, LOG_LEVEL_WARNING, "request refused",
                           operation->name, buf_string(&detail), err);
}

static enum result enrollment_refused(struct authority *authority, struct peer *peer,
                                      const struct operation *operation, const void *request,
                                      const struct error *refusal, struct error *err) {
    const struct enroll *enroll = request;
    return enroll->token != NULL
               ? token_note_refusal(authority, peer, enroll->token, refusal, err)
               : certificate_holder_refused(authority, peer, operation, request, refusal, err);
}

#define ROLES_THAT_ACT (ADMIN_ROLE_OWNER | ADMIN_ROLE_OPERATOR)
#define ROLES_THAT_LOOK                                                                        \
    (ADMIN_ROLE_OWNER | ADMIN_ROLE_APPROVER | ADMIN_ROLE_OPERATOR | ADMIN_ROLE_AUDITOR)

static const struct handler handlers[] = {
    {OPERATION_AUTHORITY, run_inspect_authority, PEER_ANYONE, 0, NULL},
    {OPERATION_ENROLL, run_enroll_device, PEER_ANYONE, 0, enrollment_refused},
    {OPERATION_RENEW, run_renew_certificate, PEER_RENEWABLE, 0, certificate_holder_refused},
    {OPERATION_REVOKE_SELF, run_revoke_own_certificate, PEER_CERTIFICATE, 0,
     certificate_holder_refused},
    {OPERATION_CLAIM, run_request_claim, PEER_ANYONE, 0, NULL},
    {OPERATION_OCSP, run_ocsp_answer_query, PEER_ANYONE, 0, NULL},
    {OPERATION_TOKEN_CREATE, run_token_create, PEER_ADMIN, ROLES_THAT_ACT,
     certificate_holder_refused},
    {OPERATION_TOKEN_LIST, run_token_list, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_TOKEN_REVOKE, run_token_revoke, PEER_ADMIN, ROLES_THAT_ACT,
     certificate_holder_refused},
    {OPERATION_CERTIFICATE_LIST, run_inspect_list_certificates, PEER_ADMIN, ROLES_THAT_LOOK,
     NULL},
    {OPERATION_CERTIFICATE_SHOW, run_inspect_show_certificate, PEER_ADMIN, ROLES_THAT_LOOK,
     NULL},
    {OPERATION_CERTIFICATE_REVOKE, run_revoke_certificate, PEER_ADMIN, ROLES_THAT_ACT,
     certificate_holder_refused},
    {OPERATION_CERTIFICATE_HOLD, run_hold_certificate, PEER_ADMIN, ROLES_THAT_ACT,
     certificate_holder_refused},
    {OPERATION_CERTIFICATE_RELEASE, run_release_certificate, PEER_ADMIN, ROLES_THAT_ACT,
     certificate_holder_refused},
    {OPERATION_NAME_RELEASE, run_name_release, PEER_ADMIN, ROLES_THAT_ACT,
     certificate_holder_refused},
    {OPERATION_CRL_SHOW, run_inspect_crls, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_CRL_READ, run_inspect_read_crl, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_CRL_PUBLISH, run_publisher_publish, PEER_ADMIN, ROLES_THAT_ACT,
     certificate_holder_refused},
    {OPERATION_STATUS, run_inspect_status, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_REQUEST_LIST, run_request_list, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_REQUEST_SHOW, run_request_show, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_REQUEST_APPROVE, run_request_approve, PEER_ADMIN, ADMIN_ROLES_THAT_DECIDE,
     certificate_holder_refused},
    {OPERATION_REQUEST_DENY, run_request_deny, PEER_ADMIN, ADMIN_ROLES_THAT_DECIDE,
     certificate_holder_refused},
    {OPERATION_ADMIN_ADD, run_admin_add, PEER_ADMIN, ADMIN_ROLE_OWNER,
     certificate_holder_refused},
    {OPERATION_ADMIN_LIST, run_admin_list, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_ADMIN_REMOVE, run_admin_remove, PEER_ADMIN, ADMIN_ROLE_OWNER,
     certificate_holder_refused},
    {OPERATION_ADMIN_CHANGE, run_admin_change, PEER_ADMIN, ADMIN_ROLE_OWNER,
     certificate_holder_refused},
    {OPERATION_AUDIT_LIST, run_audit_list, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_AUDIT_CHECKPOINT, run_audit_sign_checkpoint, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_RULE_ADD, run_rule_add, PEER_ADMIN, ADMIN_ROLES_THAT_DECIDE,
     certificate_holder_refused},
    {OPERATION_RULE_LIST, run_rule_list, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_RULE_REMOVE, run_rule_remove, PEER_ADMIN, ADMIN_ROLES_THAT_DECIDE,
     certificate_holder_refused},
    {OPERATION_PROFILE_LIST, run_inspect_profiles, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
    {OPERATION_ISSUER_LIST, run_issuer_list, PEER_ADMIN, ROLES_THAT_LOOK, NULL},
};

static const struct handler *handler_find(unsigned number) {
    for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
        if ((unsigned)handlers[i].id == number) {
            return &handlers[i];
        }
    }
    return NULL;
}

unsigned dispatch_roles(unsigned number) {
    const struct handler *handler = handler_find(number);
    return handler != NULL && handler->need == PEER_ADMIN ? handler->roles : 0;
}

// --- answers ---------------------------------------------------------------------------------

void answer_clear(struct answer *answer) {
    buf_clear(&answer->body);
    answer->result = RESULT_OK;
}

void answer_refuse(struct answer *answer, const struct error *err) {
    answer_clear(answer);
    answer->result = err->result == RESULT_OK ? RESULT_INTERNAL : err->result;
    buf_init(&answer->body, LIMIT_ERROR_BODY_BYTES);
    if (frame_write_error(err, &answer->body) != RESULT_OK) {
        buf_reset(&answer->body); // out of memory: the result alone must do
    }
}

// Details of what went wrong on this side are for the log, not for peers.
static void refuse_peer(struct authority *authority, struct answer *answer,
                        const struct error *err) {
    struct error masked = {0};
    if (err->result == RESULT_INTERNAL) {
        (void)error_set(&masked, RESULT_INTERNAL, "%s", result_text(RESULT_INTERNAL));
        error_hint(&masked, "The authority's log says more.");
    } else if (store_trouble_is(err)) {
        store_trouble_note(&authority->store_trouble, err);
        store_trouble_refuse(&authority->store_trouble, answer->is_for_admin, &masked);
    } else if (strcmp(err->code, "key_unavailable") == 0) {
        (void)error_set_code(&masked, RESULT_UNAVAILABLE, "key_unavailable",
                             "the authority cannot sign at the moment: the token with its key "
                             "does not answer");
        error_hint(&masked, "Try again later; the authority's log says more.");
    } else {
        answer_refuse(answer, err);
        return;
    }
    answer_refuse(answer, &masked);
}

// --- one request -----------------------------------------------------------------------------

// A message on the heap with its type.
struct holder {
    const struct message_type *type;
    void *message;
};

static void holder_clear(struct holder *holder) {
    if (holder->message != NULL) {
        message_clear(holder->type, holder->message);
        free(holder->message);
    }
    *holder = (struct holder){0};
}

static enum result holder_make(const struct message_type *type, struct holder *out_holder,
                               struct error *err) {
    void *message = calloc(1, type->size == 0 ? 1 : type->size);
    if (message == NULL) {
        return error_out_of_memory(err);
    }
    *out_holder = (struct holder){.type = type, .message = message};
    return RESULT_OK;
}

static enum result find(unsigned number, enum channel channel,
                        const struct operation **out_operation,
                        const struct handler **out_handler, struct error *err) {
    const struct operation *operation = operation_find(number);
    const struct handler *handler = handler_find(number);
    if (operation == NULL || handler == NULL) {
        return error_set_code(err, RESULT_INVALID, "operation_unknown",
                              "there is no operation %u", number);
    }
    if ((operation->channels & (unsigned)channel) == 0) {
        return error_set_code(err, RESULT_DENIED, "wrong_channel",
                              "operation %s may not be asked for here", operation->name);
    }
    *out_operation = operation;
    *out_handler = handler;
    return RESULT_OK;
}

// The enroll gateways are the ones that face everybody, and that a peer holds its key is what
// they say: taken over, they must not get a certificate in an administrator's name.
static enum result refuse_internal(const struct peer *peer, struct error *err) {
    const char *name = peer->certificate.profile;
    if (!profile_is_internal_name(name)) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "profile_internal",
                         "certificates of profile %s are not taken here", name);
    error_hint(err, "Administrators' certificates are for the admin gateway, renewals too.");
    return RESULT_DENIED;
}

static enum result admit(struct authority *authority, enum channel channel,
                         const struct handler *handler, const struct frame *request,
                         struct peer *peer, struct error *err) {
    if (handler->need == PEER_ANYONE) {
        return RESULT_OK;
    }
    struct bytes certificate = request->peer_certificate;
    int64_t now = clock_now();
    TRY(handler->need == PEER_RENEWABLE
            ? peer_identify_for_renewal(authority, certificate, now, peer, err)
            : peer_identify(authority, certificate, now, peer, err));
    if (channel != CHANNEL_ADMIN) {
        TRY(refuse_internal(peer, err));
    }
    if (handler->need == PEER_ADMIN) {
        TRY(peer_require_role(authority, handler->roles, peer, err));
    }
    return RESULT_OK;
}

static enum result run(struct authority *authority, const struct handler *handler,
                       const struct operation *operation, struct peer *peer,
                       const void *request, struct buf *out_body, struct error *err) {
    AUTO(holder_clear) struct holder reply = {0};
    TRY(holder_make(operation->reply, &reply, err));
    enum result result = handler->run(authority, peer, request, reply.message, err);
    if (result == RESULT_PENDING) {
        TRY(message_to_binary(&held_type, &peer->held, out_body, err));
    }
    TRY(result);
    return message_to_binary(operation->reply, reply.message, out_body, err);
}

// A request that is held is kept and answered like one that is done.
static bool is_kept(enum result result) {
    return result == RESULT_OK || result == RESULT_PENDING;
}

static enum result run_in_savepoint(struct authority *authority, enum channel channel,
                                    const struct handler *handler,
                                    const struct operation *operation,
                                    const struct frame *frame, struct peer *peer,
                                    const void *request, struct buf *out_body,
                                    struct error *err) {
    size_t decided = authority->decisions.count;
    TRY(store_savepoint(authority->store, err));
    enum result result = admit(authority, channel, handler, frame, peer, err);
    if (result == RESULT_OK) {
        result = run(authority, handler, operation, peer, request, out_body, err);
    }
    if (is_kept(result)) {
        enum result released = store_release(authority->store, err);
        result = released == RESULT_OK ? result : released;
    } else {
        store_rollback_to_savepoint(authority->store);
    }
    if (!is_kept(result)) {
        decisions_drop(&authority->decisions, decided);
    }
    return result;
}

static void note_refusal(struct authority *authority, const struct handler *handler,
                         const struct operation *operation, struct peer *peer,
                         const void *request, const struct error *refusal) {
    struct error err = {0};
    if (handler->refused == NULL || refusal->result == RESULT_INTERNAL ||
        refusal->result == RESULT_UNAVAILABLE) {
        return;
    }
    if (handler->refused(authority, peer, operation, request, refusal, &err) != RESULT_OK) {
        log_error(LOG_LEVEL_ERROR, "refusal not audited", &err);
    }
}

static enum result answer_request(struct authority *authority, enum channel channel,
                                  const struct frame *frame, struct peer *peer,
                                  struct buf *out_body, struct error *err) {
    const struct operation *operation = NULL;
    const struct handler *handler = NULL;
    TRY(find(frame->number, channel, &operation, &handler, err));
    AUTO(holder_clear) struct holder request = {0};
    TRY(holder_make(operation->request, &request, err));
    TRY(message_from_binary(operation->request, frame->body, request.message, err));
    enum result result = run_in_savepoint(authority, channel, handler, operation, frame, peer,
                                          request.message, out_body, err);
    if (!is_kept(result)) {
        if (err->result == RESULT_OK) {
            (void)error_set(err, result, "%s", result_text(result));
        }
        note_refusal(authority, handler, operation, peer, request.message, err);
    }
    return result;
}

static void log_refusal(const struct peer *peer, const struct frame *frame,
                        const struct error *err) {
    const struct operation *operation = operation_find(frame->number);
    bool is_ours = err->result == RESULT_INTERNAL || err->result == RESULT_UNAVAILABLE;
    log_event(is_ours ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO, "request failed", "operation",
              operation == NULL ? "unknown" : operation->name, "address", peer->address,
              "actor", peer->actor, "code", err->code, "field",
              err->field[0] == '\0' ? NULL : err->field, "message", err->message, NULL);
}

void dispatch(struct authority *authority, enum channel channel, const struct frame *request,
              struct answer *out_answer) {
    struct error err = {0};
    AUTO(peer_clear) struct peer peer = {0};
    peer_init(&peer, request->peer_address);
    peer.shown = request->peer_certificate;
    struct answer answer = {0};
    // The reply may hold a token's secret.
    buf_init_secret(&answer.body, LIMIT_FRAME_REPLY_BYTES);
    answer.result = answer_request(authority, channel, request, &peer, &answer.body, &err);
    answer.is_for_admin = peer.role != 0;
    if (!is_kept(answer.result)) {
        if (err.result == RESULT_OK) {
            (void)error_set(&err, answer.result, "%s", result_text(answer.result));
        }
        log_refusal(&peer, request, &err);
        refuse_peer(authority, &answer, &err);
    }
    answer_clear(out_answer);
    *out_answer = answer;
}
