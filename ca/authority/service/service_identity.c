// Issuing the gateways' certificate under the internal profile "service".
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/service/service_identity.h"

#include "authority/authority.h"
#include "authority/decide/issuance.h"
#include "authority/config/profile.h"
#include "base/clock.h"
#include "base/text.h"
#include "wire/messages.h"

void service_identity_clear(struct service_identity *identity) {
    buf_clear(&identity->key);
    buf_clear(&identity->chain);
    buf_clear(&identity->serial);
    *identity = (struct service_identity){0};
}

bool service_identity_is_due(const struct authority *authority, int64_t now) {
    const struct service_identity *identity = &authority->identity;
    return identity->key.size == 0 || identity->is_outdated || now >= identity->rotate_at;
}

static enum result host_names(const struct config_list *hosts, struct names *out_names,
                              struct error *err) {
    AUTO(names_clear) struct names names = {0};
    for (size_t i = 0; i < hosts->count; i++) {
        uint8_t address[16];
        size_t size = 0;
        bool is_address = text_read_ip(hosts->items[i], address, &size) == RESULT_OK;
        enum result result = names_add(&names, is_address ? NAME_IP : NAME_DNS,
                                       bytes_of_string(hosts->items[i]), err);
        if (result != RESULT_OK && result != RESULT_CONFLICT) {
            error_context(err, "hosts");
            return result;
        }
    }
    names_move(out_names, &names);
    return RESULT_OK;
}

static enum result issue(struct authority *authority, struct service_identity *identity,
                         int64_t now, struct error *err) {
    const struct profile *profile = profile_find(&authority->config.profiles, PROFILE_SERVICE);
    if (profile == NULL) {
        return error_set(err, RESULT_INTERNAL, "profile %s is missing", PROFILE_SERVICE);
    }
    AUTO(names_clear) struct names names = {0};
    TRY(host_names(&authority->config.hosts, &names, err));
    AUTO(key_free_at) struct key *key = NULL;
    TRY(key_generate(KEY_P256, &key, err));
    int64_t lifetime = authority->config.service_lifetime;
    struct grant grant = {
        .names = &names,
        .lifetime = lifetime < profile->lifetime_maximum ? lifetime : profile->lifetime_maximum,
    };
    struct issuance issuance = {
        .profile = profile,
        .grant = &grant,
        .names = &names,
        .spki = key_public(key),
        .now = now,
    };
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    TRY(issuance_run(authority, NULL, "service certificate issued", &issuance, &record, err));
    TRY(key_save_pkcs8(key, &identity->key));
    TRY(buf_append(&identity->chain, buf_bytes(&record.der)));
    TRY(issuer_set_chain(&authority->issuers,
                         authority_find_issuer(authority, record.issuer_id), &identity->chain));
    TRY(buf_append(&identity->serial, buf_bytes(&record.serial)));
    // Half-way: a gateway that was asleep, or a clock that jumps, has the other half.
    identity->rotate_at = now + (record.not_after - now) / 2;
    return RESULT_OK;
}

struct replacement {
    struct service_identity identity;
    int64_t now;
};

static enum result replace(struct authority *authority, void *context, struct error *err) {
    struct replacement *replacement = context;
    return issue(authority, &replacement->identity, replacement->now, err);
}

static enum result audit_refusal(struct authority *authority, void *context,
                                 struct error *err) {
    const struct error *refusal = context;
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 1024);
    TRY(buf_printf(&detail, "code=%s %s", refusal->code, refusal->message));
    return decision_record(authority, NULL, LOG_LEVEL_ERROR, "service certificate refused",
                           PROFILE_SERVICE, buf_string(&detail), err);
}

// Policy and lint refuse what they will refuse again: once in the audit trail is enough.
static void note_refusal(struct authority *authority, struct error *refusal) {
    bool *is_noted = &authority->identity.is_refusal_noted;
    if (refusal->result == RESULT_DENIED && !*is_noted) {
        // A store that is full refuses this as well; the caller logs the refusal itself.
        *is_noted = authority_transact(authority, audit_refusal, refusal, NULL) == RESULT_OK;
    }
}

enum result service_identity_replace(struct authority *authority, int64_t now,
                                     struct error *err) {
    struct error own = {0};
    struct error *failure = err == NULL ? &own : err;
    struct replacement replacement = {.now = now};
    buf_init_secret(&replacement.identity.key, LIMIT_KEY_FILE_BYTES);
    buf_init(&replacement.identity.chain, LIMIT_CHAIN_BYTES);
    buf_init(&replacement.identity.serial, LIMIT_SERIAL_BYTES);
    enum result result = authority_transact(authority, replace, &replacement, failure);
    if (result != RESULT_OK) {
        service_identity_clear(&replacement.identity);
        note_refusal(authority, failure);
        return result;
    }
    service_identity_clear(&authority->identity);
    authority->identity = replacement.identity;
    return RESULT_OK;
}

// The message borrows: nothing of it is cleared.
static struct blob borrowed(const struct buf *buf) {
    return (struct blob){.data = buf->data, .size = buf->size};
}

static enum result add_manufacturers(const struct manufacturer_list *manufacturers,
                                     struct buf *trust, struct error *err) {
    for (size_t i = 0; i < manufacturers->count; i++) {
        if (buf_append(trust, buf_bytes(&manufacturers->items[i].chain)) != RESULT_OK) {
            (void)error_set(err, RESULT_LIMIT,
                            "the certificates of all manufacturers have more than %d bytes",
                            LIMIT_TRUST_BYTES);
            error_hint(err, "Leave out what no device chains to.");
            return RESULT_LIMIT;
        }
    }
    return RESULT_OK;
}

enum result service_identity_encode(const struct authority *authority, enum channel role,
                                    struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf trust = {0};
    buf_init(&trust, LIMIT_TRUST_BYTES);
    TRY(buf_append(&trust, buf_bytes(&authority->trust)));
    if (role == CHANNEL_ENROLL) {
        TRY(add_manufacturers(&authority->config.manufacturers, &trust, err));
    }
    struct identity message = {
        .key = borrowed(&authority->identity.key),
        .chain = borrowed(&authority->identity.chain),
        .trust = borrowed(&trust),
    };
    return message_to_binary(&identity_type, &message, out, err);
}
