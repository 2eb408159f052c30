// The other side of a request: where it comes from, its certificate, its role.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"

struct authority;

// Constant, value in masks, name in admin records.
#define ADMIN_ROLE_TABLE(X)                                                                    \
    X(OWNER, 1, "owner")                                                                       \
    X(APPROVER, 2, "approver")                                                                 \
    X(OPERATOR, 4, "operator")                                                                 \
    X(AUDITOR, 8, "auditor")

enum admin_role {
#define ADMIN_ROLE_CONSTANT(constant, value, name) ADMIN_ROLE_##constant = value,
    ADMIN_ROLE_TABLE(ADMIN_ROLE_CONSTANT)
#undef ADMIN_ROLE_CONSTANT
};

// 0 for what is no role.
unsigned admin_role_from_name(const char *name);
const char *admin_role_name(enum admin_role role);

struct peer {
    char address[64];
    char actor[320]; // for the audit: "admin:jane", "certificate:5e0c…", "token:…", "anyone"
    bool is_identified;
    struct certificate_record certificate; // of an identified peer
    bool is_manufacturers; // holds a certificate of a manufacturer that is configured
    struct bytes
        shown;        // the certificate whose key it proved to hold, identified or not; a view
    unsigned role;    // one enum admin_role; 0 for all but administrators
    struct held held; // with RESULT_PENDING: what the peer is told
};

// A peer of whom nothing but the address is known.
void peer_init(struct peer *peer, struct bytes address);
void peer_clear(struct peer *peer);
void peer_set_actor(struct peer *peer, const char *kind, const char *name);

// Looks up the certificate whose key the peer proved to hold, by issuer and serial, compares
// the exact bytes, and checks that it is neither revoked nor expired. RESULT_DENIED with the
// codes "certificate_required", "certificate_unknown", "issuer_revoked",
// "certificate_revoked", "certificate_expired", "certificate_not_yet_valid"; "admin_removed" for
// whatever is left of one who is no administrator any more.
enum result peer_identify(struct authority *authority, struct bytes certificate, int64_t now,
                          struct peer *peer, struct error *err);
// Who may approve and deny requests, and list devices that are approved at once.
#define ADMIN_ROLES_THAT_DECIDE (ADMIN_ROLE_OWNER | ADMIN_ROLE_APPROVER)
// Whether the administrator of that name is active and has one of these roles.
enum result peer_admin_may(struct authority *authority, const char *name, unsigned roles,
                           bool *out_may, struct error *err);
// As peer_identify, for a renewal: a certificate that expired renews for as long as its profile's
// renew_grace says, to the second. One of a profile that is gone has no grace.
enum result peer_identify_for_renewal(struct authority *authority, struct bytes certificate,
                                      int64_t now, struct peer *peer, struct error *err);
// The name of an administrator whose certificate this is or was; NULL for other certificates.
const char *peer_admin_name(const struct peer *peer);
// Of an identified peer: its certificate is an administrator's, who is active and has one of
// these roles. RESULT_DENIED with the codes "admin_required", "admin_removed", "role_denied".
enum result peer_require_role(struct authority *authority, unsigned roles, struct peer *peer,
                              struct error *err);
