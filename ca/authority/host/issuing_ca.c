// Adding, requesting, installing, retiring and revoking issuing CAs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/issuing_ca.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "authority/authority.h"
#include "authority/issuers/ca_certificate.h"
#include "authority/certificate_text.h"
#include "authority/folder_owner.h"
#include "authority/config/layout.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "x509/csr.h"
#include "x509/pem.h"

#define SECRET_MODE 0600
#define PUBLIC_MODE 0644
#define LIMIT_DETAIL_BYTES 1024
#define ENDING_REQUESTED ".requested"
// Of the record behind a revocation; no profile of the configuration has a blank in its name.
#define PROFILE_CA "(ca)"

void peer_init_host(struct peer *peer) {
    peer_init(peer, (struct bytes){0});
    (void)snprintf(peer->actor, sizeof(peer->actor), "host");
}

// --- names -----------------------------------------------------------------------------------

static enum result refuse_unknown(const char *name, struct error *err) {
    (void)error_set_code(err, RESULT_NOT_FOUND, "issuer_unknown", "there is no CA named %.64s",
                         name);
    error_hint(err, "See: signetd issuer list");
    return RESULT_NOT_FOUND;
}

static enum result find_issuing(const struct authority *authority, const char *name,
                                const struct issuer **out_issuer, struct error *err) {
    const struct issuer *issuer = issuer_set_find(&authority->issuers, name);
    if (issuer == NULL) {
        return refuse_unknown(name, err);
    }
    if (issuer->record.kind == ISSUER_ROOT) {
        (void)error_set_code(err, RESULT_INVALID, "issuer_root",
                             "%s stands above the issuing CAs and issues nothing itself", name);
        error_hint(err, "See: signetd issuer list");
        return RESULT_INVALID;
    }
    *out_issuer = issuer;
    return RESULT_OK;
}

static enum result check_free(const struct authority *authority, const char *name,
                              struct error *err) {
    TRY(issuer_check_name(name, err));
    if (authority->issuers.count >= LIMIT_ISSUERS) {
        (void)error_set_code(err, RESULT_LIMIT, "issuer_limit",
                             "there are %d CAs, and more is not possible", LIMIT_ISSUERS);
        error_hint(err, "Use one that there is, or found another authority.");
        return RESULT_LIMIT;
    }
    if (issuer_set_find(&authority->issuers, name) != NULL) {
        (void)error_set_code(err, RESULT_CONFLICT, "issuer_exists",
                             "there is a CA named %s already", name);
        error_hint(err, "Choose another name; those of retired CAs stay taken.");
        return RESULT_CONFLICT;
    }
    return RESULT_OK;
}

// "AUTHORITY TITLE". Relying parties find CRLs by the subject: no two CAs may share one.
static enum result make_subject(const struct authority *authority,
                                const struct issuing_ca *wanted, struct buf *out,
                                struct error *err) {
    const char *title = wanted->title == NULL ? wanted->name : wanted->title;
    if (buf_printf(out, "%s %s", authority->config.name, title) != RESULT_OK ||
        text_count_characters(buf_bytes(out)) > LIMIT_COMMON_NAME_CHARACTERS) {
        (void)error_set_code(err, RESULT_INVALID, "title_long",
                             "\"%s %.80s\" is longer than the %d characters of a subject",
                             authority->config.name, title, LIMIT_COMMON_NAME_CHARACTERS);
        error_hint(err, "Give a shorter one with --title.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result check_subject(const struct authority *authority, struct bytes subject,
                                 struct error *err) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = &authority->issuers.items[i];
        if (bytes_equal(issuer->certificate.subject, subject)) {
            (void)error_set_code(err, RESULT_CONFLICT, "title_taken",
                                 "the CA %s has the same subject", issuer->record.name);
            error_hint(err, "Give another one with --title.");
            return RESULT_CONFLICT;
        }
    }
    return RESULT_OK;
}

static enum result check_common_name(const struct authority *authority, const char *name,
                                     struct error *err) {
    AUTO(buf_clear) struct buf subject = {0};
    buf_init(&subject, LIMIT_CERTIFICATE_BYTES);
    TRY(distinguished_name_write(&subject, name));
    return check_subject(authority, buf_bytes(&subject), err);
}

// With one key, what one CA signs would count as the other's.
static enum result check_key(const struct authority *authority, const struct key *key,
                             struct error *err) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = &authority->issuers.items[i];
        if (bytes_equal(issuer->certificate.spki, key_public(key))) {
            (void)error_set_code(err, RESULT_CONFLICT, "key_taken",
                                 "the key is that of the CA %s", issuer->record.name);
            error_hint(err, "Give another object or id in the URI.");
            return RESULT_CONFLICT;
        }
    }
    return RESULT_OK;
}

// --- files -----------------------------------------------------------------------------------

struct ca_files {
    struct buf key;         // keys/NAME.key
    struct buf requested;   // keys/NAME.requested.key, until the certificate is there
    struct buf certificate; // certificates/NAME.pem, for people
};

static void ca_files_clear(struct ca_files *files) {
    buf_clear(&files->key);
    buf_clear(&files->requested);
    buf_clear(&files->certificate);
}

static enum result ca_files_name(const char *folder, const char *name, struct ca_files *files) {
    AUTO(buf_clear) struct buf file = {0};
    buf_init(&file, NAME_MAX);
    buf_init(&files->key, PATH_MAX);
    buf_init(&files->requested, PATH_MAX);
    buf_init(&files->certificate, PATH_MAX);
    TRY(issuer_key_path(folder, name, &files->key));
    TRY(buf_printf(&file, "%s" ENDING_REQUESTED, name));
    TRY(issuer_key_path(folder, buf_string(&file), &files->requested));
    buf_reset(&file);
    TRY(buf_printf(&file, LAYOUT_CERTIFICATES "/%s.pem", name));
    return path_join(&files->certificate, folder, buf_string(&file));
}

// Nothing refers to such a file before its record is there: one that a crash left is replaced.
static enum result write_key(const char *folder, const char *path, const struct key *key,
                             struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init_secret(&pem, LIMIT_KEY_FILE_BYTES);
    TRY(key_save_text(key, &pem, err));
    TRY(file_replace(path, buf_bytes(&pem), SECRET_MODE, err));
    return folder_hand_over(folder, path, err);
}

static enum result write_certificate(const char *folder, const char *path, struct bytes der,
                                     struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 2 * LIMIT_CERTIFICATE_BYTES);
    TRY(pem_encode(PEM_CERTIFICATE, der, &pem));
    TRY(file_replace(path, buf_bytes(&pem), PUBLIC_MODE, err));
    return folder_hand_over(folder, path, err);
}

// --- taking a certificate into service -------------------------------------------------------

struct taking {
    const struct peer *peer;
    const struct issuing_ca *wanted;
    const struct key *key;
    struct bytes der;
    int64_t now;
};

static enum result write_detail(const struct taking *taking, struct buf *detail) {
    struct certificate certificate = {0};
    TRY(certificate_read(taking->der, &certificate, NULL));
    AUTO(buf_clear) struct buf end = {0};
    buf_init(&end, 64);
    TRY(time_format_rfc3339(certificate.not_after, &end));
    TRY(buf_printf(detail, "kind=%s key=%s not_after=%s subject=",
                   taking->wanted->for_operators ? "operators" : "issuing",
                   key_algorithm_name(key_algorithm(taking->key)), buf_string(&end)));
    TRY(distinguished_name_format(certificate.subject, detail));
    TRY(buf_append_string(detail, " sha256="));
    return hash_sha256_hex(taking->der, detail);
}

static enum result record_taking(struct authority *authority, void *context,
                                 struct error *err) {
    const struct taking *taking = context;
    const char *name = taking->wanted->name;
    AUTO(buf_clear) struct buf reference = {0};
    AUTO(buf_clear) struct buf detail = {0};
    AUTO(issuer_record_clear) struct issuer_record record = {0};
    buf_init(&reference, NAME_MAX);
    buf_init(&detail, LIMIT_DETAIL_BYTES);
    buf_init(&record.certificate, LIMIT_CERTIFICATE_BYTES);
    TRY(buf_printf(&reference, LAYOUT_KEYS "/%s.key", name));
    TRY(buf_append(&record.certificate, taking->der));
    record.name = string_copy(name);
    record.key_reference = string_copy(buf_string(&reference));
    if (record.name == NULL || record.key_reference == NULL) {
        return error_out_of_memory(err);
    }
    record.kind = taking->wanted->for_operators ? ISSUER_OPERATORS : ISSUER_ISSUING;
    record.parent_id = authority->issuers.root->record.id;
    record.created = taking->now;
    int64_t id = 0;
    TRY(store_add_issuer(authority->store, &record, &id, err));
    TRY(write_detail(taking, &detail));
    return decision_record(authority, taking->peer, LOG_LEVEL_INFO, "issuer added", name,
                           buf_string(&detail), err);
}

// The files come first: a record without its key would keep the authority from starting.
static enum result take(struct authority *authority, struct taking *taking,
                        const struct ca_files *files, struct error *err) {
    TRY(write_key(authority->folder, buf_string(&files->key), taking->key, err));
    enum result result =
        write_certificate(authority->folder, buf_string(&files->certificate), taking->der, err);
    if (result == RESULT_OK) {
        result = authority_transact(authority, record_taking, taking, err);
    }
    if (result != RESULT_OK) {
        (void)unlink(buf_string(&files->key));
        (void)unlink(buf_string(&files->certificate));
    }
    return result;
}

// --- made here -------------------------------------------------------------------------------

static enum result require_root_key(const struct authority *authority, const char *name,
                                    struct error *err) {
    if (authority->issuers.root->key != NULL) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_UNAVAILABLE, "root_offline",
                         "the root's key is not here, so nothing can be signed with it");
    error_hint(
        err,
        "Make a request for it: signetd issuer request %s; or bring the key back: signetd "
        "root import",
        name);
    return RESULT_UNAVAILABLE;
}

enum result issuing_ca_add(struct authority *authority, const struct peer *peer,
                           const struct issuing_ca *wanted, struct error *err) {
    TRY(check_free(authority, wanted->name, err));
    TRY(require_root_key(authority, wanted->name, err));
    AUTO(buf_clear) struct buf subject = {0};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(ca_files_clear) struct ca_files files = {0};
    AUTO(ca_key_clear) struct ca_key made = {0};
    buf_init(&subject, 2 * LIMIT_COMMON_NAME_BYTES);
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    TRY(make_subject(authority, wanted, &subject, err));
    TRY(check_common_name(authority, buf_string(&subject), err));
    TRY(ca_files_name(authority->folder, wanted->name, &files));
    TRY(ca_key_make(&wanted->key, &made, err));
    TRY(check_key(authority, made.key, err));
    const struct issuer *root = authority->issuers.root;
    const struct ca_plan plan = {
        .common_name = buf_string(&subject),
        .now = clock_now(),
        .lifetime = wanted->lifetime,
        .path_length = ISSUING_PATH_LENGTH,
        .spki = key_public(made.key),
        .parent = &root->certificate,
        .signer = root->key,
    };
    TRY(ca_certificate_make(&plan, &der, err));
    struct taking taking = {.peer = peer,
                            .wanted = wanted,
                            .key = made.key,
                            .der = buf_bytes(&der),
                            .now = plan.now};
    TRY(take(authority, &taking, &files, err));
    made.is_kept = true;
    return RESULT_OK;
}

// --- made by an offline root -----------------------------------------------------------------

struct noting {
    const struct peer *peer;
    const char *event;
    const char *subject;
    const char *detail;
};

static enum result note(struct authority *authority, void *context, struct error *err) {
    const struct noting *noting = context;
    return decision_record(authority, noting->peer, LOG_LEVEL_INFO, noting->event,
                           noting->subject, noting->detail, err);
}

enum result issuing_ca_request(struct authority *authority, const struct peer *peer,
                               const struct issuing_ca *wanted, struct buf *out_pem,
                               struct error *err) {
    TRY(check_free(authority, wanted->name, err));
    AUTO(buf_clear) struct buf subject = {0};
    AUTO(buf_clear) struct buf der = {0};
    AUTO(names_clear) struct names names = {0};
    AUTO(ca_files_clear) struct ca_files files = {0};
    AUTO(ca_key_clear) struct ca_key made = {0};
    buf_init(&subject, 2 * LIMIT_COMMON_NAME_BYTES);
    buf_init(&der, LIMIT_CSR_BYTES);
    TRY(make_subject(authority, wanted, &subject, err));
    TRY(check_common_name(authority, buf_string(&subject), err));
    TRY(names_add(&names, NAME_CN, buf_bytes(&subject), err));
    TRY(ca_files_name(authority->folder, wanted->name, &files));
    TRY(ca_key_make(&wanted->key, &made, err));
    TRY(check_key(authority, made.key, err));
    TRY(csr_build(made.key, &names, &der, err));
    TRY(write_key(authority->folder, buf_string(&files.requested), made.key, err));
    made.is_kept = true;
    struct noting noting = {
        .peer = peer, .event = "issuer requested", .subject = wanted->name, .detail = ""};
    TRY(authority_transact(authority, note, &noting, err));
    return pem_encode(PEM_CERTIFICATE_REQUEST, buf_bytes(&der), out_pem);
}

static enum result load_requested(const struct ca_files *files, const char *name,
                                  struct key **out_key, struct error *err) {
    if (!file_exists(buf_string(&files->requested))) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "issuer_not_requested",
                             "there is no key of a requested CA named %s", name);
        error_hint(err, "Make it first: signetd issuer request %s", name);
        return RESULT_NOT_FOUND;
    }
    return key_load_file(buf_string(&files->requested), NULL, out_key, err);
}

enum result issuing_ca_install(struct authority *authority, const struct peer *peer,
                               const struct issuing_ca *wanted, struct bytes der,
                               struct error *err) {
    TRY(check_free(authority, wanted->name, err));
    AUTO(ca_files_clear) struct ca_files files = {0};
    AUTO(key_free_at) struct key *key = NULL;
    struct certificate certificate = {0};
    TRY(certificate_read(der, &certificate, err));
    TRY(ca_files_name(authority->folder, wanted->name, &files));
    TRY(load_requested(&files, wanted->name, &key, err));
    int64_t now = clock_now();
    TRY(ca_certificate_check(&certificate, &authority->issuers.root->certificate, now, err));
    TRY(issuer_check_key(&certificate, key, err));
    TRY(check_subject(authority, certificate.subject, err));
    struct taking taking = {.peer = peer, .wanted = wanted, .key = key, .der = der, .now = now};
    TRY(take(authority, &taking, &files, err));
    (void)unlink(buf_string(&files.requested)); // a copy that is of no use any more
    return RESULT_OK;
}

// --- the end ---------------------------------------------------------------------------------

struct ending {
    const struct peer *peer;
    const struct issuer *issuer;
    enum crl_reason reason;
    int64_t now;
};

static enum result retire(struct authority *authority, void *context, struct error *err) {
    const struct ending *ending = context;
    TRY(store_retire_issuer(authority->store, ending->issuer->record.id, ending->now, err));
    return decision_record(authority, ending->peer, LOG_LEVEL_INFO, "issuer retired",
                           ending->issuer->record.name, "", err);
}

enum result issuing_ca_retire(struct authority *authority, const struct peer *peer,
                              const char *name, struct error *err) {
    struct ending ending = {.peer = peer, .now = clock_now()};
    TRY(find_issuing(authority, name, &ending.issuer, err));
    if (ending.issuer->record.retired_at != 0) {
        (void)error_set_code(err, RESULT_CONFLICT, "issuer_retired",
                             "the CA %s has been retired already", name);
        error_hint(err, "To declare all that it issued invalid: signetd issuer revoke %s",
                   name);
        return RESULT_CONFLICT;
    }
    return authority_transact(authority, retire, &ending, err);
}

// Revocations refer to records of certificates; that of a CA is made when it is needed.
static enum result find_or_record(struct authority *authority, const struct issuer *issuer,
                                  const struct issuer *parent, int64_t *out_id,
                                  struct error *err) {
    const struct certificate *certificate = &issuer->certificate;
    AUTO(certificate_record_clear) struct certificate_record found = {0};
    enum result result = store_find_certificate(authority->store, parent->record.id,
                                                certificate->serial, &found, err);
    if (result != RESULT_NOT_FOUND) {
        *out_id = found.id;
        return result;
    }
    AUTO(certificate_record_clear) struct certificate_record record = {0};
    uint8_t key_hash[SHA256_SIZE];
    TRY(hash_sha256(certificate->spki, key_hash));
    buf_init(&record.der, LIMIT_CERTIFICATE_BYTES);
    buf_init(&record.serial, LIMIT_SERIAL_BYTES);
    buf_init(&record.key_hash, SHA256_SIZE);
    TRY(buf_append(&record.der, certificate->der));
    TRY(buf_append(&record.serial, certificate->serial));
    TRY(buf_append(&record.key_hash, bytes_of(key_hash, SHA256_SIZE)));
    record.profile = string_copy(PROFILE_CA);
    if (record.profile == NULL) {
        return error_out_of_memory(err);
    }
    record.issuer_id = parent->record.id;
    record.not_before = certificate->not_before;
    record.not_after = certificate->not_after;
    record.created = issuer->record.created;
    return store_add_certificate(authority->store, &record, out_id, err);
}

enum result issuing_ca_record_revocation(struct authority *authority, const struct peer *peer,
                                         const struct issuer *issuer, enum crl_reason reason,
                                         int64_t revoked_at, struct error *err) {
    const struct issuer *parent = issuer_parent(&authority->issuers, issuer);
    int64_t id = 0;
    TRY(find_or_record(authority, issuer, parent, &id, err));
    TRY(store_revoke_certificate(authority->store, id, revoked_at, (int)reason, 0, err));
    if (issuer->record.retired_at == 0) {
        TRY(store_retire_issuer(authority->store, issuer->record.id, revoked_at, err));
    }
    AUTO(buf_clear) struct buf detail = {0};
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    buf_init(&detail, LIMIT_DETAIL_BYTES);
    serial_text(issuer->certificate.serial, serial);
    TRY(buf_printf(&detail, "reason=%s serial=%s", crl_reason_name(reason), serial));
    return decision_record(authority, peer, LOG_LEVEL_WARNING, "issuer revoked",
                           issuer->record.name, buf_string(&detail), err);
}

static enum result revoke_and_publish(struct authority *authority, void *context,
                                      struct error *err) {
    const struct ending *ending = context;
    const struct issuer *parent = issuer_parent(&authority->issuers, ending->issuer);
    TRY(issuing_ca_record_revocation(authority, ending->peer, ending->issuer, ending->reason,
                                     ending->now, err));
    return parent->key == NULL
               ? RESULT_OK
               : publisher_make(authority, ending->peer, parent, ending->now, 0, err);
}

enum result issuing_ca_revoke(struct authority *authority, const struct peer *peer,
                              const char *name, enum crl_reason reason, bool *out_is_published,
                              struct error *err) {
    struct ending ending = {.peer = peer, .reason = reason, .now = clock_now()};
    TRY(find_issuing(authority, name, &ending.issuer, err));
    const struct issuer *parent = issuer_parent(&authority->issuers, ending.issuer);
    if (parent == NULL) {
        (void)error_set_code(err, RESULT_INVALID, "issuer_root",
                             "%s is a root, and nobody stands above it to revoke it", name);
        error_hint(err, "Have everybody who trusts it remove it.");
        return RESULT_INVALID;
    }
    if (ending.issuer->is_revoked) {
        (void)error_set_code(err, RESULT_CONFLICT, "already_revoked",
                             "the CA %s has been revoked already", name);
        error_hint(err, "See: signetd issuer list");
        return RESULT_CONFLICT;
    }
    TRY(authority_transact(authority, revoke_and_publish, &ending, err));
    *out_is_published = parent->key != NULL;
    return RESULT_OK;
}
