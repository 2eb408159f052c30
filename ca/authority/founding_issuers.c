// The CA certificates of a new authority: made here, or taken over.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/founding.h"

#include <stdio.h>
#include <string.h>

#include "authority/adopt.h"
#include "authority/layout.h"
#include "x509/certificate.h"

#define HOUR (60LL * 60)
#define YEAR (365LL * 24 * HOUR)
#define ROOT_YEARS 20
#define ISSUING_YEARS 10
// Devices whose clock is behind still accept what a new authority issues.
#define CA_BACKDATE HOUR
// One issuing CA below the root, and none below that.
#define ROOT_PATH_LENGTH 1
#define ISSUING_PATH_LENGTH 0

struct ca_plan {
    const char *title; // behind the authority's name
    int64_t lifetime;
    int path_length;
    const struct key *key;
    const struct certificate *parent; // NULL for the root
    const struct key *parent_key;
};

// A Name of its own for the root; the parent's subject, byte by byte, for others.
static enum result write_issuer_name(const struct ca_plan *ca, const char *common_name,
                                     struct buf *out) {
    return ca->parent == NULL ? distinguished_name_write(out, common_name)
                              : buf_append(out, ca->parent->subject);
}

static enum result make_certificate(const struct founding *founding, const struct ca_plan *ca,
                                    struct buf *out_der, struct error *err) {
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf name = {0};
    AUTO(buf_clear) struct buf issuer = {0};
    AUTO(buf_clear) struct buf tbs = {0};
    buf_init(&name, LIMIT_COMMON_NAME_BYTES + 16);
    buf_init(&issuer, LIMIT_CERTIFICATE_BYTES);
    buf_init(&tbs, LIMIT_CERTIFICATE_BYTES);
    TRY(buf_printf(&name, "%s %s", founding->options->name, ca->title));
    TRY(names_add(&names, NAME_CN, buf_bytes(&name), err));
    TRY(write_issuer_name(ca, buf_string(&name), &issuer));
    uint8_t serial[SERIAL_SIZE] = {0};
    uint8_t identifier_room[SHA1_SIZE] = {0};
    TRY(certificate_make_serial(serial, err));
    struct certificate_plan plan = {
        .serial = bytes_of(serial, sizeof(serial)),
        .issuer = buf_bytes(&issuer),
        .names = &names,
        .not_before = founding->now - CA_BACKDATE,
        .not_after = founding->now - CA_BACKDATE + ca->lifetime - 1,
        .spki = key_public(ca->key),
        .is_ca = true,
        .path_length = ca->path_length,
        .key_usage = KEY_USAGE_KEY_CERT_SIGN | KEY_USAGE_CRL_SIGN,
    };
    if (ca->parent != NULL) {
        TRY(issuer_key_identifier(ca->parent, identifier_room, &plan.authority_key_id));
    }
    TRY(certificate_build_tbs(&plan, key_signature_algorithm(ca->parent_key), &tbs, err));
    return certificate_sign(buf_bytes(&tbs), ca->parent_key, out_der, err);
}

static struct founded_issuer *add_issuer(struct founding *founding, const char *name,
                                         int kind) {
    struct founded_issuer *issuer = &founding->issuers[founding->issuer_count++];
    (void)snprintf(issuer->name, sizeof(issuer->name), "%s", name);
    issuer->kind = kind;
    buf_init(&issuer->certificate, LIMIT_CERTIFICATE_BYTES);
    return issuer;
}

static enum result make_new(struct founding *founding, struct error *err) {
    enum key_algorithm algorithm = founding->options->algorithm;
    struct founded_issuer *root = add_issuer(founding, ISSUER_NAME_ROOT, ISSUER_ROOT);
    TRY(key_generate(algorithm, &root->key, err));
    const struct ca_plan root_plan = {
        .title = "root",
        .lifetime = ROOT_YEARS * YEAR,
        .path_length = ROOT_PATH_LENGTH,
        .key = root->key,
        .parent_key = root->key,
    };
    TRY(make_certificate(founding, &root_plan, &root->certificate, err));

    struct certificate parent = {0};
    TRY(certificate_read(buf_bytes(&root->certificate), &parent, err));
    struct founded_issuer *issuing = add_issuer(founding, ISSUER_NAME_ISSUING, ISSUER_ISSUING);
    TRY(key_generate(algorithm, &issuing->key, err));
    const struct ca_plan issuing_plan = {
        .title = "issuing",
        .lifetime = ISSUING_YEARS * YEAR,
        .path_length = ISSUING_PATH_LENGTH,
        .key = issuing->key,
        .parent = &parent,
        .parent_key = root->key,
    };
    return make_certificate(founding, &issuing_plan, &issuing->certificate, err);
}

static enum result count_certificates(struct bytes chain, size_t *out_count,
                                      struct error *err) {
    size_t count = 0;
    while (chain.size > 0) {
        struct certificate certificate = {0};
        TRY(certificate_read_next(&chain, &certificate, err));
        count++;
    }
    *out_count = count;
    return RESULT_OK;
}

// The chain comes with the adopted CA first; the store wants parents before children.
static enum result take_chain(struct founding *founding, struct adoption *adoption,
                              struct error *err) {
    size_t count = 0;
    TRY(count_certificates(buf_bytes(&adoption->chain), &count, err));
    for (size_t above = count - 1; above > 0; above--) {
        char name[sizeof("intermediate-") + 20];
        (void)snprintf(name, sizeof(name), "intermediate-%zu", above);
        (void)add_issuer(founding, above == count - 1 ? ISSUER_NAME_ROOT : name, ISSUER_ROOT);
    }
    struct founded_issuer *adopted = add_issuer(founding, ISSUER_NAME_ISSUING, ISSUER_ISSUING);
    adopted->key = adoption->key;
    adoption->key = NULL;
    struct bytes chain = buf_bytes(&adoption->chain);
    for (size_t i = count; i > 0; i--) {
        struct certificate certificate = {0};
        TRY(certificate_read_next(&chain, &certificate, err));
        TRY(buf_append(&founding->issuers[i - 1].certificate, certificate.der));
    }
    return RESULT_OK;
}

static enum result adopt(struct founding *founding, struct error *err) {
    AUTO(adoption_clear) struct adoption adoption = {0};
    TRY(adoption_read(founding->options, founding->now, &adoption, err));
    buf_move(&founding->notes, &adoption.notes);
    return take_chain(founding, &adoption, err);
}

enum result founding_make_issuers(struct founding *founding, struct error *err) {
    return founding->options->import_certificate == NULL ? make_new(founding, err)
                                                         : adopt(founding, err);
}
