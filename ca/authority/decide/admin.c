// Administrators and what they hold: one place decides who is one and who is not any more.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/admin.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/peer.h"
#include "authority/decide/revoke.h"
#include "authority/decide/token.h"
#include "base/clock.h"
#include "base/text.h"

// Certificates revoked between two looks at the store.
#define REVOKE_BATCH 64

// --- names and roles ---------------------------------------------------------------------------

enum result admin_check_name(const char *name, struct error *err) {
    AUTO(names_clear) struct names names = {0};
    struct error reason = {0};
    const char *why = NULL;
    if (names_add(&names, NAME_CN, bytes_of_string(name), &reason) != RESULT_OK) {
        why = reason.message;
    } else if (text_count_characters(bytes_of_string(name)) > LIMIT_ADMIN_NAME_CHARACTERS) {
        why = "it is too long";
    } else if (strchr(name, '/') != NULL || strcmp(name, ".") == 0 || strcmp(name, "..") == 0) {
        why = "it could not stand in a path";
    }
    if (why == NULL) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "name_invalid",
                         "this cannot be the name of an administrator: %s", why);
    error_field(err, "name");
    error_hint(err, "Use 1 to %d characters without \"/\", for instance jane.",
               LIMIT_ADMIN_NAME_CHARACTERS);
    return RESULT_INVALID;
}

static enum result check_role(const char *role, struct error *err) {
    static const char *const names[] = {
#define ROLE_NAME(constant, value, name) name,
        ADMIN_ROLE_TABLE(ROLE_NAME)
#undef ROLE_NAME
    };
    if (admin_role_from_name(role) != 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "role_unknown", "there is no role %s", role);
    error_field(err, "role");
    const char *nearest = text_nearest(role, names, sizeof(names) / sizeof(names[0]));
    if (nearest != NULL) {
        error_hint(err, "Did you mean %s?", nearest);
    } else {
        error_hint(err, "Use owner, approver, operator or auditor.");
    }
    return RESULT_INVALID;
}

static enum result find_admin(struct authority *authority, const char *name,
                              struct admin_record *out_admin, struct error *err) {
    enum result result = store_find_admin(authority->store, name, out_admin, err);
    if (result == RESULT_NOT_FOUND) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "admin_unknown",
                             "there is no administrator %s", name);
        error_field(err, "name");
        error_hint(err, "signetctl admin list shows the names (GET /v1/admins); case matters.");
    }
    return result;
}

// --- show ----------------------------------------------------------------------------------------

static enum result fill_info(struct authority *authority, const struct admin_record *admin,
                             struct admin_info *info, struct error *err) {
    struct admin_certificates certificates = {0};
    TRY(store_count_admin_certificates(authority->store, admin->name, PROFILE_ADMIN,
                                       clock_now(), &certificates, err));
    const char *state = admin->removed_at != 0     ? "removed"
                        : certificates.issued == 0 ? "invited"
                                                   : "active";
    if (text_set(&info->name, admin->name) != RESULT_OK ||
        text_set(&info->role, admin->role) != RESULT_OK ||
        text_set(&info->state, state) != RESULT_OK ||
        (admin->created_by != NULL &&
         text_set(&info->created_by, admin->created_by) != RESULT_OK)) {
        return error_out_of_memory(err);
    }
    info->created = admin->created;
    info->removed_at = admin->removed_at;
    info->certificates = certificates.valid;
    info->not_after = certificates.not_after;
    return RESULT_OK;
}

struct admin_listing {
    struct authority *authority;
    struct admin_page *page;
};

static enum result add_to_page(void *context, const struct admin_record *admin,
                               struct error *err) {
    struct admin_listing *listing = context;
    void *info = NULL;
    if (record_add(&listing->page->admins, &admin_info_type, &info) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return fill_info(listing->authority, admin, info, err);
}

enum result admin_list(struct authority *authority, const struct peer *peer,
                       const struct nothing *request, struct admin_page *reply,
                       struct error *err) {
    (void)peer;
    (void)request;
    struct admin_listing listing = {.authority = authority, .page = reply};
    return store_each_admin(authority->store, LIMIT_LIST_PAGE, add_to_page, &listing, err);
}

// The reply of a change: what the record says now.
static enum result fill_changed(struct authority *authority, const char *name,
                                struct admin_info *reply, struct error *err) {
    AUTO(admin_record_clear) struct admin_record admin = {0};
    TRY(find_admin(authority, name, &admin, err));
    return fill_info(authority, &admin, reply, err);
}

// --- remove --------------------------------------------------------------------------------------

// The store is not changed while it is walked: ids first, a batch at a time.
struct batch {
    int64_t ids[REVOKE_BATCH];
    size_t count;
};

static enum result collect(void *context, const struct certificate_record *record,
                           struct error *err) {
    struct batch *batch = context;
    (void)err;
    if (batch->count < REVOKE_BATCH) {
        batch->ids[batch->count++] = record->id;
    }
    return RESULT_OK;
}

static enum result revoke_batch(struct authority *authority, const struct peer *peer,
                                const struct batch *batch, enum crl_reason reason, int64_t now,
                                struct error *err) {
    for (size_t i = 0; i < batch->count; i++) {
        AUTO(certificate_record_clear) struct certificate_record record = {0};
        TRY(store_find_certificate_by_id(authority->store, batch->ids[i], &record, err));
        TRY(revoke_one(authority, peer, &record, reason, now, err));
    }
    return RESULT_OK;
}

static enum result revoke_in_state(struct authority *authority, const struct peer *peer,
                                   const char *name, enum certificate_state state,
                                   enum crl_reason reason, int64_t now, int64_t *count,
                                   struct error *err) {
    struct certificate_filter filter = {
        .name = {.type = name_type_prefix(NAME_CN), .value = name},
        .profile = PROFILE_ADMIN,
        .state = state,
        .now = now,
        .limit = REVOKE_BATCH,
    };
    do {
        struct batch batch = {0};
        TRY(store_list_certificates(authority->store, &filter, collect, &batch, &filter.after,
                                    err));
        TRY(revoke_batch(authority, peer, &batch, reason, now, err));
        *count += (int64_t)batch.count;
    } while (filter.after.is_set);
    return RESULT_OK;
}

// One on hold could be released once the administrator is gone.
enum result admin_revoke_certificates(struct authority *authority, const struct peer *peer,
                                      const char *name, enum crl_reason reason, int64_t now,
                                      int64_t *out_count, struct error *err) {
    int64_t count = 0;
    TRY(revoke_in_state(authority, peer, name, CERTIFICATE_VALID, reason, now, &count, err));
    TRY(revoke_in_state(authority, peer, name, CERTIFICATE_HELD, reason, now, &count, err));
    *out_count = count;
    return RESULT_OK;
}

static enum result revoke_invitation(struct authority *authority, const struct peer *peer,
                                     const struct admin_record *admin, int64_t now,
                                     struct error *err) {
    if (admin->token_id.size == 0) {
        return RESULT_OK;
    }
    AUTO(token_record_clear) struct token_record token = {0};
    TRY(store_find_token(authority->store, buf_bytes(&admin->token_id), &token, err));
    if (token_record_state(&token, now) != TOKEN_OPEN) {
        return RESULT_OK;
    }
    TRY(store_revoke_token(authority->store, buf_bytes(&token.id), now, err));
    char id[TOKEN_ID_TEXT_SIZE];
    token_id_text(buf_bytes(&token.id), id);
    return decision_record(authority, peer, LOG_LEVEL_INFO, "token revoked", id, "", err);
}

enum result admin_take_away(struct authority *authority, const struct peer *peer,
                            const struct admin_record *admin, int64_t now, struct error *err) {
    TRY(store_remove_admin(authority->store, admin->name, now, err));
    TRY(revoke_invitation(authority, peer, admin, now, err));
    int64_t revoked = 0;
    TRY(admin_revoke_certificates(authority, peer, admin->name,
                                  CRL_REASON_CESSATION_OF_OPERATION, now, &revoked, err));
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 1024);
    TRY(buf_printf(&detail, "role=%s certificates=%lld", admin->role, (long long)revoked));
    return decision_record(authority, peer, LOG_LEVEL_INFO, "admin removed", admin->name,
                           buf_string(&detail), err);
}

static enum result hint_another_owner(struct error *err) {
    error_hint(err,
               "Invite another owner first, who enrolls; or make one on the authority's host "
               "with \"signetd admin reset\".");
    return RESULT_DENIED;
}

static enum result count_able_owners(struct authority *authority, const char *except,
                                     int64_t *out_count, struct error *err) {
    return store_count_able_admins(authority->store, admin_role_name(ADMIN_ROLE_OWNER), except,
                                   PROFILE_ADMIN, clock_now(), out_count, err);
}

enum result admin_require_owner(struct authority *authority, struct error *err) {
    int64_t owners = 0;
    TRY(count_able_owners(authority, "", &owners, err));
    if (owners > 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "last_owner",
                         "no owner would be left who has a valid certificate");
    return hint_another_owner(err);
}

// Somebody must be left who can undo it: an owner with a certificate, not one who is invited.
static enum result require_other_owner(struct authority *authority,
                                       const struct admin_record *admin, const char *what,
                                       struct error *err) {
    if (admin_role_from_name(admin->role) != ADMIN_ROLE_OWNER) {
        return RESULT_OK;
    }
    int64_t others = 0;
    TRY(count_able_owners(authority, admin->name, &others, err));
    if (others > 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "last_owner",
                         "administrator %s is the last owner who has a valid certificate and "
                         "cannot be %s",
                         admin->name, what);
    return hint_another_owner(err);
}

static enum result refuse_self(const struct peer *peer, const char *name, struct error *err) {
    const char *own = peer_admin_name(peer);
    if (own == NULL || strcmp(own, name) != 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "own_admin",
                         "you are %s: you would lock yourself out for good", name);
    error_hint(err, "Let another owner remove you.");
    return RESULT_DENIED;
}

enum result admin_remove(struct authority *authority, const struct peer *peer,
                         const struct admin_remove *request, struct admin_info *reply,
                         struct error *err) {
    AUTO(admin_record_clear) struct admin_record admin = {0};
    TRY(find_admin(authority, request->name, &admin, err));
    if (admin.removed_at == 0) {
        TRY(require_other_owner(authority, &admin, "removed", err));
        TRY(refuse_self(peer, request->name, err));
    }
    TRY(admin_take_away(authority, peer, &admin, clock_now(), err));
    return fill_changed(authority, request->name, reply, err);
}

// --- add -----------------------------------------------------------------------------------------

static enum result check_room(struct authority *authority, struct error *err) {
    int64_t count = 0;
    TRY(store_count_admins(authority->store, &count, err));
    if (count < LIMIT_ADMINS) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_LIMIT, "too_many_admins",
                         "there are %lld administrators already", (long long)count);
    error_hint(err, "Remove those who are none any more.");
    return RESULT_LIMIT;
}

static enum result make_invitation(struct authority *authority, const struct peer *peer,
                                   const struct admin_add *request, struct token_created *reply,
                                   struct error *err) {
    const struct profile *profile = NULL;
    TRY(authority_find_token_profile(authority, PROFILE_ADMIN, &profile, err));
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, LIMIT_NAME_BYTES + 16);
    TRY(buf_printf(&name, "cn:%s", request->name));
    char profile_name[] = PROFILE_ADMIN;
    char *names[] = {(char *)(uintptr_t)buf_string(&name)};
    const struct token_create invitation = {
        .profile = profile_name,
        .names = {.items = names, .count = 1},
        .uses = 1,
        .expires_in =
            request->expires_in == 0 ? LIMIT_INVITATION_SECONDS_DEFAULT : request->expires_in,
    }; // borrows: nothing to clear
    return token_create_in(authority, peer, profile, &invitation, reply, err);
}

static enum result add_record(struct authority *authority, const struct peer *peer,
                              const struct admin_add *request, const char *token_id,
                              struct error *err) {
    struct admin_record admin = {
        .name = request->name,
        .role = request->role,
        .created = clock_now(),
        .created_by = (char *)(uintptr_t)peer->actor,
    };
    AUTO(buf_clear) struct buf id = {0};
    buf_init(&id, TOKEN_ID_SIZE);
    TRY(text_hex_decode(bytes_of_string(token_id), &id));
    admin.token_id = id;
    TRY(store_add_admin(authority->store, &admin, err));
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 1024);
    TRY(buf_printf(&detail, "role=%s token=%s", request->role, token_id));
    return decision_record(authority, peer, LOG_LEVEL_INFO, "admin added", request->name,
                           buf_string(&detail), err);
}

// Who was invited and never had a certificate may be invited anew: the invitation expired, or got
// lost on its way.
static enum result find_invited(struct authority *authority, const char *name,
                                struct admin_record *out_admin, bool *out_is_invited,
                                struct error *err) {
    struct error unknown = {0};
    enum result result = store_find_admin(authority->store, name, out_admin, &unknown);
    if (result == RESULT_NOT_FOUND) {
        *out_is_invited = false;
        return RESULT_OK;
    }
    if (result != RESULT_OK) {
        *err = unknown;
        return result;
    }
    struct admin_certificates certificates = {0};
    TRY(store_count_admin_certificates(authority->store, name, PROFILE_ADMIN, clock_now(),
                                       &certificates, err));
    *out_is_invited = out_admin->removed_at == 0 && certificates.issued == 0;
    return RESULT_OK;
}

// The invitation before it is worth nothing from now on.
static enum result invite_again(struct authority *authority, const struct peer *peer,
                                const struct admin_add *request,
                                const struct admin_record *known, struct token_created *reply,
                                struct error *err) {
    TRY(revoke_invitation(authority, peer, known, clock_now(), err));
    TRY(make_invitation(authority, peer, request, reply, err));
    AUTO(buf_clear) struct buf id = {0};
    buf_init(&id, TOKEN_ID_SIZE);
    TRY(text_hex_decode(bytes_of_string(reply->id), &id));
    TRY(store_invite_admin_again(authority->store, known->name, request->role, buf_bytes(&id),
                                 err));
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 1024);
    TRY(buf_printf(&detail, "role=%s token=%s", request->role, reply->id));
    return decision_record(authority, peer, LOG_LEVEL_INFO, "admin invited again", known->name,
                           buf_string(&detail), err);
}

enum result admin_add(struct authority *authority, const struct peer *peer,
                      const struct admin_add *request, struct token_created *reply,
                      struct error *err) {
    TRY(admin_check_name(request->name, err));
    TRY(check_role(request->role, err));
    AUTO(admin_record_clear) struct admin_record known = {0};
    bool is_invited = false;
    TRY(find_invited(authority, request->name, &known, &is_invited, err));
    if (is_invited) {
        return invite_again(authority, peer, request, &known, reply, err);
    }
    TRY(check_room(authority, err));
    TRY(make_invitation(authority, peer, request, reply, err));
    enum result result = add_record(authority, peer, request, reply->id, err);
    if (result == RESULT_CONFLICT) {
        error_field(err, "name");
    }
    return result;
}

// --- change --------------------------------------------------------------------------------------

static enum result check_change(struct authority *authority, const struct admin_record *admin,
                                const char *role, struct error *err) {
    if (admin->removed_at != 0) {
        (void)error_set_code(err, RESULT_CONFLICT, "admin_removed",
                             "administrator %s has been removed", admin->name);
        error_hint(err, "Invite the person under another name.");
        return RESULT_CONFLICT;
    }
    if (strcmp(admin->role, role) == 0) {
        (void)error_set_code(err, RESULT_CONFLICT, "role_unchanged",
                             "administrator %s has the role %s already", admin->name, role);
        error_hint(err, "Nothing needs to be done.");
        return RESULT_CONFLICT;
    }
    return require_other_owner(authority, admin, "given another role", err);
}

enum result admin_change(struct authority *authority, const struct peer *peer,
                         const struct admin_change *request, struct admin_info *reply,
                         struct error *err) {
    TRY(check_role(request->role, err));
    AUTO(admin_record_clear) struct admin_record admin = {0};
    TRY(find_admin(authority, request->name, &admin, err));
    TRY(check_change(authority, &admin, request->role, err));
    TRY(store_change_admin(authority->store, request->name, request->role, err));
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 256);
    TRY(buf_printf(&detail, "role=%s was=%s", request->role, admin.role));
    TRY(decision_record(authority, peer, LOG_LEVEL_INFO, "admin changed", request->name,
                        buf_string(&detail), err));
    return fill_changed(authority, request->name, reply, err);
}
