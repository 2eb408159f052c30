// Loads CA certificates and keys, and checks that they can do their work.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/issuers/issuer.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "authority/config/layout.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "x509/der.h"
#include "x509/hash.h"

static void issuer_clear(struct issuer *issuer) {
    issuer_record_clear(&issuer->record);
    key_free_at(&issuer->key);
    issuer->certificate = (struct certificate){0};
}

void issuer_set_clear(struct issuer_set *set) {
    for (size_t i = 0; i < set->count; i++) {
        issuer_clear(&set->items[i]);
    }
    free(set->items);
    *set = (struct issuer_set){0};
}

enum result issuer_key_identifier(const struct certificate *certificate,
                                  uint8_t room[SHA1_SIZE], struct bytes *out_identifier) {
    if (certificate->subject_key_id.size > 0) {
        *out_identifier = certificate->subject_key_id;
        return RESULT_OK;
    }
    TRY(public_key_identifier(certificate->spki, room));
    *out_identifier = bytes_of(room, SHA1_SIZE);
    return RESULT_OK;
}

// --- fitness ---------------------------------------------------------------------------------

static enum result check_ca_flags(const struct certificate *certificate, struct error *err) {
    const uint16_t needed = KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN;
    if (!certificate->is_ca) {
        (void)error_set_code(err, RESULT_INVALID, "not_a_ca",
                             "the certificate is not a CA's: basicConstraints %s",
                             certificate->has_basic_constraints ? "says CA:FALSE"
                                                                : "is missing");
        error_hint(err,
                   "make it anew over the same key and subject: openssl req -x509 -new -key "
                   "ca.key -subj … -addext basicConstraints=critical,CA:TRUE");
        return RESULT_INVALID;
    }
    if (certificate->has_key_usage && (certificate->key_usage & needed) != needed) {
        (void)error_set_code(err, RESULT_INVALID, "ca_key_usage",
                             "the CA certificate's keyUsage lacks %s",
                             (certificate->key_usage & KEY_USAGE_KEY_CERT_SIGN) == 0
                                 ? "keyCertSign"
                                 : "cRLSign, so that no CRL of it would be accepted");
        error_hint(err,
                   "make it anew over the same key and subject: openssl req -x509 -new -key "
                   "ca.key -subj … -addext keyUsage=critical,keyCertSign,cRLSign");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

// A CA with EKUs bounds what its certificates are good for.
static enum result check_ca_purposes(const struct certificate *certificate, struct error *err) {
    if (certificate->extended_key_usages.size == 0 ||
        certificate_has_extended_key_usage(certificate, OID_ANY_EXTENDED_KEY_USAGE) ||
        (certificate_has_extended_key_usage(certificate, OID_CLIENT_AUTH) &&
         certificate_has_extended_key_usage(certificate, OID_SERVER_AUTH))) {
        return RESULT_OK;
    }
    (void)error_set_code(
        err, RESULT_INVALID, "ca_extended_key_usage",
        "the CA certificate's extendedKeyUsage lacks clientAuth or serverAuth");
    error_hint(err, "have it made anew with both, or without extendedKeyUsage");
    return RESULT_INVALID;
}

enum result issuer_check_dates(const struct certificate *certificate, int64_t now,
                               struct error *err) {
    if (now >= certificate->not_before && now <= certificate->not_after) {
        return RESULT_OK;
    }
    bool is_expired = now > certificate->not_after;
    AUTO(buf_clear) struct buf when = {0};
    buf_init(&when, 64);
    TRY(time_format_rfc3339(is_expired ? certificate->not_after : certificate->not_before,
                            &when));
    (void)error_set_code(err, RESULT_INVALID, is_expired ? "ca_expired" : "ca_not_yet_valid",
                         "the CA certificate %s %s",
                         is_expired ? "expired on" : "is not valid before", buf_string(&when));
    if (is_expired) {
        error_hint(err, "if the clock (date -u) is right, make a new CA: signetd init --dir …");
    } else {
        error_hint(err, "set the clock right: date -u");
    }
    return RESULT_INVALID;
}

enum result issuer_check_flags(const struct certificate *certificate, struct error *err) {
    TRY(check_ca_flags(certificate, err));
    TRY(check_ca_purposes(certificate, err));
    if (certificate->has_unknown_critical) {
        (void)error_set_code(err, RESULT_INVALID, "ca_extension",
                             "the CA certificate has a critical extension (such as "
                             "nameConstraints) that this authority does not enforce");
        error_hint(err, "use a CA certificate without it");
        return RESULT_INVALID;
    }
    enum key_algorithm algorithm = KEY_P256;
    return public_key_check(certificate->spki, &algorithm, err);
}

enum result issuer_check_key(const struct certificate *certificate, const struct key *key,
                             struct error *err) {
    if (!bytes_equal(certificate->spki, key_public(key))) {
        (void)error_set_code(err, RESULT_INVALID, "key_mismatch",
                             "the key does not belong to the CA certificate");
        error_hint(err,
                   "compare: openssl pkey -in KEY -pubout and openssl x509 -in CERTIFICATE "
                   "-noout -pubkey");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum result issuer_check(const struct certificate *certificate, const struct key *key,
                         int64_t now, struct error *err) {
    TRY(issuer_check_flags(certificate, err));
    TRY(issuer_check_key(certificate, key, err));
    return issuer_check_dates(certificate, now, err);
}

// --- loading ---------------------------------------------------------------------------------

struct loading {
    const char *folder;
    struct issuer_set *set;
};

static enum result copy_record(const struct issuer_record *from, struct issuer_record *to,
                               struct error *err) {
    to->id = from->id;
    to->kind = from->kind;
    to->parent_id = from->parent_id;
    to->created = from->created;
    to->retired_at = from->retired_at;
    to->name = string_copy(from->name);
    if (from->key_reference != NULL && from->key_reference[0] != '\0') {
        to->key_reference = string_copy(from->key_reference);
        if (to->key_reference == NULL) {
            return error_out_of_memory(err);
        }
    }
    buf_init(&to->certificate, LIMIT_CERTIFICATE_BYTES);
    if (to->name == NULL ||
        buf_append(&to->certificate, buf_bytes(&from->certificate)) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

static enum result refuse_missing_key(const struct issuer *issuer, const char *path,
                                      struct error *err) {
    (void)error_set_code(err, RESULT_NOT_FOUND, "key_missing", "there is no key file %s", path);
    error_hint(err, "put the file back, from your copy of the keys%s",
               issuer->record.kind == ISSUER_ROOT
                   ? "; to keep the root's key elsewhere, use: signetd root export"
                   : "");
    return RESULT_NOT_FOUND;
}

// Dates are looked at where they matter: of the default CA when all are loaded, of others when
// they issue. One that has run out must not keep the rest from working.
static enum result load_key(const char *folder, struct issuer *issuer, struct error *err) {
    if (issuer->record.key_reference == NULL) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, PATH_MAX);
    TRY(path_join(&path, folder, issuer->record.key_reference));
    if (!file_exists(buf_string(&path))) {
        return refuse_missing_key(issuer, buf_string(&path), err);
    }
    TRY(key_load_file(buf_string(&path), NULL, &issuer->key, err));
    TRY(issuer_check_flags(&issuer->certificate, err));
    return issuer_check_key(&issuer->certificate, issuer->key, err);
}

static enum result load_one(const struct loading *loading, struct issuer *issuer,
                            const struct issuer_record *record, struct error *err) {
    TRY(copy_record(record, &issuer->record, err));
    TRY(certificate_read(buf_bytes(&issuer->record.certificate), &issuer->certificate, err));
    return load_key(loading->folder, issuer, err);
}

static enum result load_issuer(void *context, const struct issuer_record *record,
                               struct error *err) {
    struct loading *loading = context;
    struct issuer_set *set = loading->set;
    if (set->count == LIMIT_ISSUERS) {
        return error_set(err, RESULT_LIMIT, "the store holds more than %d CAs", LIMIT_ISSUERS);
    }
    struct issuer *items = realloc(set->items, (set->count + 1) * sizeof(*items));
    if (items == NULL) {
        return error_out_of_memory(err);
    }
    set->items = items;
    struct issuer *issuer = &items[set->count];
    *issuer = (struct issuer){0};
    set->count++;
    enum result result = load_one(loading, issuer, record, err);
    if (result != RESULT_OK) {
        error_context(err, "CA \"%s\"", record->name);
    }
    return result;
}

enum result issuer_key_path(const char *folder, const char *name, struct buf *out_path) {
    AUTO(buf_clear) struct buf file = {0};
    buf_init(&file, NAME_MAX);
    TRY(buf_printf(&file, LAYOUT_KEYS "/%s.key", name));
    return path_join(out_path, folder, buf_string(&file));
}

// --- looking up ------------------------------------------------------------------------------

static struct issuer *find_by_id(const struct issuer_set *set, int64_t id) {
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].record.id == id) {
            return &set->items[i];
        }
    }
    return NULL;
}

const struct issuer *issuer_set_find(const struct issuer_set *set, const char *name) {
    for (size_t i = 0; i < set->count; i++) {
        if (strcmp(set->items[i].record.name, name) == 0) {
            return &set->items[i];
        }
    }
    return NULL;
}

// Roots are their own parents, or have none.
const struct issuer *issuer_parent(const struct issuer_set *set, const struct issuer *issuer) {
    int64_t parent = issuer->record.parent_id;
    return parent == 0 || parent == issuer->record.id ? NULL : find_by_id(set, parent);
}

// --- chains ----------------------------------------------------------------------------------

enum result issuer_set_intermediates(const struct issuer_set *set, const struct issuer *issuer,
                                     struct buf *out_der) {
    for (size_t steps = 0; steps <= set->count; steps++) {
        const struct issuer *parent = issuer_parent(set, issuer);
        if (parent == NULL) {
            return RESULT_OK;
        }
        TRY(buf_append(out_der, buf_bytes(&issuer->record.certificate)));
        issuer = parent;
    }
    return RESULT_INVALID;
}

enum result issuer_set_chain(const struct issuer_set *set, const struct issuer *issuer,
                             struct buf *out_der) {
    TRY(issuer_set_intermediates(set, issuer, out_der));
    return buf_append(out_der, buf_bytes(&set->root->record.certificate));
}

static bool is_above(const struct issuer_set *set, const struct issuer *issuer,
                     const struct issuer *below) {
    for (size_t steps = 0; below != NULL && steps <= set->count; steps++) {
        if (below == issuer) {
            return true;
        }
        below = issuer_parent(set, below);
    }
    return false;
}

static bool is_announced(const struct issuer_set *set, const struct issuer *issuer,
                         int64_t now) {
    return issuer != set->root && !issuer->is_revoked &&
           issuer->record.kind != ISSUER_OPERATORS && now >= issuer->certificate.not_before &&
           now <= issuer->certificate.not_after && !is_above(set, issuer, set->issuing);
}

enum result issuer_set_announced(const struct issuer_set *set, int64_t now,
                                 struct buf *out_der) {
    const struct bytes root = buf_bytes(&set->root->record.certificate);
    TRY(issuer_set_intermediates(set, set->issuing, out_der));
    for (size_t i = 0; i < set->count; i++) {
        const struct bytes der = buf_bytes(&set->items[i].record.certificate);
        if (is_announced(set, &set->items[i], now) &&
            der.size + root.size <= out_der->maximum - out_der->size) {
            TRY(buf_append(out_der, der));
        }
    }
    return buf_append(out_der, root);
}

enum result issuer_set_trust(const struct issuer_set *set, struct buf *out_der) {
    TRY(buf_append(out_der, buf_bytes(&set->root->record.certificate)));
    for (size_t i = 0; i < set->count; i++) {
        const struct issuer *issuer = &set->items[i];
        if (issuer != set->root && !issuer->is_revoked) {
            TRY(buf_append(out_der, buf_bytes(&issuer->record.certificate)));
        }
    }
    return RESULT_OK;
}

// --- arranging -------------------------------------------------------------------------------

static enum result find_root(struct issuer_set *set, struct error *err) {
    const struct issuer *issuer = set->issuing;
    for (size_t steps = 0; steps <= set->count; steps++) {
        const struct issuer *parent = issuer_parent(set, issuer);
        if (parent == NULL) {
            set->root = find_by_id(set, issuer->record.id);
            bool is_whole =
                issuer->record.parent_id == 0 || issuer->record.parent_id == issuer->record.id;
            return is_whole ? RESULT_OK
                            : error_set(err, RESULT_INVALID,
                                        "the store lacks the parent of the CA \"%s\"",
                                        issuer->record.name);
        }
        issuer = parent;
    }
    return error_set(err, RESULT_INVALID, "the CAs of the store stand above each other");
}

static enum result check_chain(const struct issuer_set *set, struct error *err) {
    const struct certificate *issuing = &set->issuing->certificate;
    TRY(issuer_check_dates(issuing, clock_now(), err));
    if (set->root == set->issuing) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf chain = {0};
    buf_init(&chain, LIMIT_CHAIN_BYTES);
    TRY(issuer_set_intermediates(set, set->issuing, &chain));
    struct bytes above = bytes_slice(buf_bytes(&chain), issuing->der.size, SIZE_MAX);
    enum result result =
        certificate_verify_chain(issuing, above, &set->root->certificate, clock_now(), err);
    if (result != RESULT_OK) {
        error_context(err, "chain of the issuing CA");
    }
    return result;
}

// Among the CAs of the store, the first issuing one is the default, and the newest one for
// operators that is not retired counts.
static enum result arrange(struct issuer_set *set, struct error *err) {
    for (size_t i = 0; i < set->count; i++) {
        struct issuer *issuer = &set->items[i];
        if (issuer->record.kind == ISSUER_ISSUING && set->issuing == NULL) {
            set->issuing = issuer;
        }
        if (issuer->record.kind == ISSUER_OPERATORS && issuer->record.retired_at == 0) {
            set->operators = issuer;
        }
    }
    if (set->issuing == NULL || set->issuing->key == NULL) {
        (void)error_set(err, RESULT_NOT_FOUND, "the store holds no issuing CA with a key");
        error_hint(err, "restore a backup, or make an authority with: signetd init");
        return RESULT_NOT_FOUND;
    }
    TRY(find_root(set, err));
    if (set->issuing->record.retired_at != 0) {
        return RESULT_OK; // it only makes CRLs, and not for long
    }
    enum result result = check_chain(set, err);
    if (result != RESULT_OK && result != RESULT_LIMIT) {
        error_context(err, "CA \"%s\"", set->issuing->record.name);
    }
    return result;
}

static enum result find_revoked(struct issuer_set *set, struct store *store,
                                struct error *err) {
    for (size_t i = 0; i < set->count; i++) {
        struct issuer *issuer = &set->items[i];
        const struct issuer *parent = issuer_parent(set, issuer);
        if (parent == NULL) {
            continue;
        }
        AUTO(certificate_record_clear) struct certificate_record record = {0};
        enum result result = store_find_certificate(store, parent->record.id,
                                                    issuer->certificate.serial, &record, err);
        if (result != RESULT_NOT_FOUND) {
            TRY(result);
            issuer->is_revoked = record.revoked_at != 0;
        }
    }
    return RESULT_OK;
}

enum result issuer_set_load(const char *folder, struct store *store, struct issuer_set *out_set,
                            struct error *err) {
    AUTO(issuer_set_clear) struct issuer_set set = {0};
    struct loading loading = {.folder = folder, .set = &set};
    TRY(store_each_issuer(store, load_issuer, &loading, err));
    TRY(arrange(&set, err));
    TRY(find_revoked(&set, store, err));
    *out_set = set;
    set = (struct issuer_set){0};
    return RESULT_OK;
}

// --- names -----------------------------------------------------------------------------------

// "bundle" has a path among the CRLs.
enum result issuer_check_name(const char *name, struct error *err) {
    size_t size = strlen(name);
    bool is_good = size > 0 && size <= LIMIT_ISSUER_NAME && name[0] != '-' &&
                   strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
    if (is_good && strcmp(name, "bundle") != 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_INVALID, "issuer_name",
                         "\"%.64s\" cannot be the name of a CA", name);
    error_hint(err, "Use up to %d of a to z, 0 to 9 and \"-\", not \"bundle\".",
               LIMIT_ISSUER_NAME);
    return RESULT_INVALID;
}

const char *issuer_kind_name(const struct issuer *issuer) {
    switch (issuer->record.kind) {
    case ISSUER_ROOT:
        return "root";
    case ISSUER_OPERATORS:
        return "operators";
    default:
        return "issuing";
    }
}

const char *issuer_state_name(const struct issuer *issuer, int64_t now) {
    if (issuer->is_revoked) {
        return "revoked";
    }
    if (now > issuer->certificate.not_after) {
        return "expired";
    }
    if (issuer->record.retired_at != 0) {
        return "retired";
    }
    return issuer->key == NULL ? "offline" : "active";
}
