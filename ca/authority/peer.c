// From a client certificate to its record, and from there to an administrator's role.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/peer.h"

#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/config/profile.h"
#include "x509/certificate.h"

static const struct {
    unsigned role;
    const char *name;
} admin_roles[] = {
#define ADMIN_ROLE_ROW(constant, value, name) {value, name},
    ADMIN_ROLE_TABLE(ADMIN_ROLE_ROW)
#undef ADMIN_ROLE_ROW
};

unsigned admin_role_from_name(const char *name) {
    for (size_t i = 0; i < sizeof(admin_roles) / sizeof(admin_roles[0]); i++) {
        if (strcmp(admin_roles[i].name, name) == 0) {
            return admin_roles[i].role;
        }
    }
    return 0;
}

const char *admin_role_name(enum admin_role role) {
    for (size_t i = 0; i < sizeof(admin_roles) / sizeof(admin_roles[0]); i++) {
        if (admin_roles[i].role == (unsigned)role) {
            return admin_roles[i].name;
        }
    }
    return "unknown";
}

void peer_init(struct peer *peer, struct bytes address) {
    *peer = (struct peer){0};
    size_t size =
        address.size < sizeof(peer->address) - 1 ? address.size : sizeof(peer->address) - 1;
    if (size > 0) {
        memcpy(peer->address, address.data, size);
    }
    (void)snprintf(peer->actor, sizeof(peer->actor), "anyone");
}

void peer_clear(struct peer *peer) {
    certificate_record_clear(&peer->certificate);
    message_clear(&held_type, &peer->held);
    *peer = (struct peer){0};
}

void peer_set_actor(struct peer *peer, const char *kind, const char *name) {
    (void)snprintf(peer->actor, sizeof(peer->actor), "%s:%s", kind, name);
}

static enum result unknown(struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "certificate_unknown",
                         "this authority has not issued the client certificate");
    error_hint(err, "Use a certificate of this authority, or enroll with a token.");
    return RESULT_DENIED;
}

static enum result revoked_issuer(const struct issuer *issuer, struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "issuer_revoked",
                         "the CA %s, which issued the client certificate, has been revoked",
                         issuer->record.name);
    error_hint(err, "Enroll again with a new key and a new token.");
    return RESULT_DENIED;
}

// Names of issuers may repeat (a CA renewed with a new key), so every one is asked.
static enum result find_record(struct authority *authority,
                               const struct certificate *certificate,
                               struct certificate_record *out_record, struct error *err) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = &authority->issuers.items[i];
        if (!bytes_equal(issuer->certificate.subject, certificate->issuer)) {
            continue;
        }
        enum result result = store_find_certificate(authority->store, issuer->record.id,
                                                    certificate->serial, out_record, err);
        if (result == RESULT_OK &&
            !bytes_equal(buf_bytes(&out_record->der), certificate->der)) {
            certificate_record_clear(out_record);
            result = RESULT_NOT_FOUND;
        }
        if (result == RESULT_OK && issuer->is_revoked) {
            certificate_record_clear(out_record);
            return revoked_issuer(issuer, err);
        }
        if (result != RESULT_NOT_FOUND) {
            return result;
        }
    }
    return unknown(err);
}

static const char *admin_name(const struct certificate_record *record) {
    return strcmp(record->profile, PROFILE_ADMIN) == 0 ? certificate_common_name(record) : NULL;
}

const char *peer_admin_name(const struct peer *peer) {
    return peer->is_identified ? admin_name(&peer->certificate) : NULL;
}

static enum result admin_removed(const char *name, struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "admin_removed",
                         "administrator %s has been removed", name);
    error_hint(err, "Ask an owner for an invitation under another name.");
    return RESULT_DENIED;
}

// Removing an administrator revokes the certificates, but it is the removal that people should
// hear of: a new key does not help them.
static enum result check_admin(struct authority *authority,
                               const struct certificate_record *record, struct error *err) {
    const char *name = admin_name(record);
    if (name == NULL) {
        return RESULT_OK;
    }
    AUTO(admin_record_clear) struct admin_record admin = {0};
    struct error reason = {0};
    enum result result = store_find_admin(authority->store, name, &admin, &reason);
    if (result == RESULT_OK || result == RESULT_NOT_FOUND) {
        return admin.removed_at == 0 ? RESULT_OK : admin_removed(name, err);
    }
    return error_set(err, result, "%s", reason.message);
}

// Who cannot enroll with the token of a device needs another cure.
static void hint_new_certificate(const struct certificate_record *record, const char *usual,
                                 struct error *err) {
    error_hint(
        err, "%s",
        admin_name(record) == NULL
            ? usual
            : "Ask an owner for an invitation under another name, or run \"signetd admin "
              "reset\" on the authority's host.");
}

// `grace`: seconds after notAfter in which it still counts.
static enum result check_state(const struct certificate_record *record, int64_t grace,
                               int64_t now, struct error *err) {
    if (record->revoked_at != 0) {
        (void)certificate_refuse_revoked(record, "the client certificate", "", err);
        if (!record->is_on_hold) {
            hint_new_certificate(record, "Enroll again with a new key and a new token.", err);
        }
        return RESULT_DENIED;
    }
    if (now > record->not_after + grace) {
        (void)error_set_code(err, RESULT_DENIED, "certificate_expired",
                             "the client certificate has expired");
        hint_new_certificate(record, "Enroll again with a new token.", err);
        return RESULT_DENIED;
    }
    if (now < record->not_before) {
        (void)error_set_code(err, RESULT_DENIED, "certificate_not_yet_valid",
                             "the client certificate is not valid yet");
        error_hint(err, "The authority's clock went back: set it.");
        return RESULT_DENIED;
    }
    return RESULT_OK;
}

static int64_t grace_of(const struct authority *authority,
                        const struct certificate_record *record) {
    const struct profile *profile = profile_find(&authority->config.profiles, record->profile);
    return profile == NULL ? 0 : profile->renew_grace;
}

static enum result identify(struct authority *authority, struct bytes certificate,
                            bool is_for_renewal, int64_t now, struct peer *peer,
                            struct error *err) {
    if (certificate.size == 0) {
        (void)error_set_code(err, RESULT_DENIED, "certificate_required",
                             "this request needs a client certificate of this authority");
        error_hint(err, "Present the current certificate and its key in the TLS handshake.");
        return RESULT_DENIED;
    }
    struct certificate parsed = {0};
    TRY(certificate_read(certificate, &parsed, err));
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(find_record(authority, &parsed, &record, err));
    TRY(check_admin(authority, &record, err));
    TRY(check_state(&record, is_for_renewal ? grace_of(authority, &record) : 0, now, err));
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record.serial), serial);
    peer_set_actor(peer, "certificate", serial);
    peer->is_identified = true;
    peer->certificate = record;
    record = (struct certificate_record){0};
    return RESULT_OK;
}

enum result peer_identify(struct authority *authority, struct bytes certificate, int64_t now,
                          struct peer *peer, struct error *err) {
    return identify(authority, certificate, false, now, peer, err);
}

enum result peer_identify_for_renewal(struct authority *authority, struct bytes certificate,
                                      int64_t now, struct peer *peer, struct error *err) {
    return identify(authority, certificate, true, now, peer, err);
}

enum result peer_admin_may(struct authority *authority, const char *name, unsigned roles,
                           bool *out_may, struct error *err) {
    AUTO(admin_record_clear) struct admin_record admin = {0};
    enum result result = store_find_admin(authority->store, name, &admin, err);
    if (result == RESULT_NOT_FOUND) {
        *out_may = false;
        return RESULT_OK;
    }
    TRY(result);
    *out_may = admin.removed_at == 0 && (admin_role_from_name(admin.role) & roles) != 0;
    return RESULT_OK;
}

static enum result admin_required(struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "admin_required",
                         "this request needs an administrator's certificate");
    error_hint(err, "Use the credential in the authority's folder admin/.");
    return RESULT_DENIED;
}

enum result peer_require_role(struct authority *authority, unsigned roles, struct peer *peer,
                              struct error *err) {
    const char *name = peer_admin_name(peer);
    if (name == NULL) {
        return admin_required(err);
    }
    AUTO(admin_record_clear) struct admin_record admin = {0};
    enum result result = store_find_admin(authority->store, name, &admin, err);
    if (result == RESULT_NOT_FOUND) {
        return admin_required(err);
    }
    TRY(result);
    if (admin.removed_at != 0) {
        return admin_removed(name, err);
    }
    peer_set_actor(peer, "admin", name); // a refusal is noted under this name as well
    unsigned role = admin_role_from_name(admin.role);
    if ((role & roles) == 0) {
        (void)error_set_code(err, RESULT_DENIED, "role_denied",
                             "administrator %s has the role %s, which may not do this", name,
                             admin.role);
        error_hint(err, "Ask an owner.");
        return RESULT_DENIED;
    }
    peer->role = role;
    return RESULT_OK;
}
