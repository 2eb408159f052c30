// Loads CA certificates and keys, and checks that they can do their work.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/issuer.h"

#include <limits.h>
#include <stdlib.h>

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

static enum result check_ca_dates(const struct certificate *certificate, int64_t now,
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

enum result issuer_check(const struct certificate *certificate, const struct key *key,
                         int64_t now, struct error *err) {
    enum key_algorithm algorithm = KEY_P256;
    TRY(check_ca_flags(certificate, err));
    TRY(check_ca_purposes(certificate, err));
    if (certificate->has_unknown_critical) {
        (void)error_set_code(err, RESULT_INVALID, "ca_extension",
                             "the CA certificate has a critical extension (such as "
                             "nameConstraints) that this authority does not enforce");
        error_hint(err, "use a CA certificate without it");
        return RESULT_INVALID;
    }
    TRY(public_key_check(certificate->spki, &algorithm, err));
    if (!bytes_equal(certificate->spki, key_public(key))) {
        (void)error_set_code(err, RESULT_INVALID, "key_mismatch",
                             "the key does not belong to the CA certificate");
        error_hint(err,
                   "compare: openssl pkey -in KEY -pubout and openssl x509 -in CERTIFICATE "
                   "-noout -pubkey");
        return RESULT_INVALID;
    }
    return check_ca_dates(certificate, now, err);
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

static enum result load_key(const char *folder, struct issuer *issuer, struct error *err) {
    if (issuer->record.key_reference == NULL) {
        return RESULT_OK;
    }
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, PATH_MAX);
    TRY(path_join(&path, folder, issuer->record.key_reference));
    TRY(key_load_file(buf_string(&path), NULL, &issuer->key, err));
    return issuer_check(&issuer->certificate, issuer->key, clock_now(), err);
}

static enum result load_issuer(void *context, const struct issuer_record *record,
                               struct error *err) {
    struct loading *loading = context;
    struct issuer_set *set = loading->set;
    struct issuer *items = realloc(set->items, (set->count + 1) * sizeof(*items));
    if (items == NULL) {
        return error_out_of_memory(err);
    }
    set->items = items;
    struct issuer *issuer = &items[set->count];
    *issuer = (struct issuer){0};
    set->count++;
    TRY(copy_record(record, &issuer->record, err));
    enum result result =
        certificate_read(buf_bytes(&issuer->record.certificate), &issuer->certificate, err);
    if (result == RESULT_OK) {
        result = load_key(loading->folder, issuer, err);
    }
    if (result != RESULT_OK) {
        error_context(err, "CA \"%s\"", record->name);
    }
    return result;
}

static struct issuer *find_by_id(const struct issuer_set *set, int64_t id) {
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].record.id == id) {
            return &set->items[i];
        }
    }
    return NULL;
}

// Roots are their own parents, or have none.
static bool is_root(const struct issuer *issuer) {
    return issuer->record.parent_id == 0 || issuer->record.parent_id == issuer->record.id;
}

// The CAs between the issuing one and the root, lowest first; then *out_root.
static enum result climb(const struct issuer_set *set, struct buf *intermediates,
                         struct issuer **out_root, struct error *err) {
    struct issuer *issuer = set->issuing;
    for (size_t steps = 0; steps <= set->count && issuer != NULL; steps++) {
        if (is_root(issuer)) {
            *out_root = issuer;
            return RESULT_OK;
        }
        if (issuer != set->issuing) {
            TRY(buf_append(intermediates, buf_bytes(&issuer->record.certificate)));
        }
        issuer = find_by_id(set, issuer->record.parent_id);
    }
    return error_set(err, RESULT_INVALID, "the store lacks the root of the issuing CA");
}

static enum result arrange(struct issuer_set *set, struct error *err) {
    for (size_t i = 0; i < set->count; i++) {
        if (set->items[i].record.kind == ISSUER_ISSUING) {
            set->issuing = &set->items[i];
        }
    }
    if (set->issuing == NULL || set->issuing->key == NULL) {
        (void)error_set(err, RESULT_NOT_FOUND, "the store holds no issuing CA with a key");
        error_hint(err, "restore a backup, or make an authority with: signetd init");
        return RESULT_NOT_FOUND;
    }
    AUTO(buf_clear) struct buf intermediates = {0};
    buf_init(&intermediates, LIMIT_CHAIN_BYTES);
    TRY(climb(set, &intermediates, &set->root, err));
    if (set->root == set->issuing) {
        return RESULT_OK;
    }
    enum result result =
        certificate_verify_chain(&set->issuing->certificate, buf_bytes(&intermediates),
                                 &set->root->certificate, clock_now(), err);
    if (result != RESULT_OK) {
        error_context(err, "chain of the issuing CA");
    }
    return result;
}

enum result issuer_set_load(const char *folder, struct store *store, struct issuer_set *out_set,
                            struct error *err) {
    AUTO(issuer_set_clear) struct issuer_set set = {0};
    struct loading loading = {.folder = folder, .set = &set};
    TRY(store_each_issuer(store, load_issuer, &loading, err));
    TRY(arrange(&set, err));
    *out_set = set;
    set = (struct issuer_set){0};
    return RESULT_OK;
}

enum result issuer_set_chain(const struct issuer_set *set, struct buf *out_der) {
    AUTO(buf_clear) struct buf intermediates = {0};
    buf_init(&intermediates, LIMIT_CHAIN_BYTES);
    struct issuer *root = NULL;
    TRY(climb(set, &intermediates, &root, NULL));
    if (root != set->issuing) {
        TRY(buf_append(out_der, buf_bytes(&set->issuing->record.certificate)));
        TRY(buf_append(out_der, buf_bytes(&intermediates)));
    }
    return buf_append(out_der, buf_bytes(&root->record.certificate));
}
