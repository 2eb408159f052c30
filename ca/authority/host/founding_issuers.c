// The CA certificates of a new authority: made here, or taken over.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/host/founding.h"

#include <stdio.h>

#include "authority/host/adopt.h"
#include "authority/issuers/ca_certificate.h"
#include "authority/config/layout.h"
#include "x509/certificate.h"

static struct founded_issuer *add_issuer(struct founding *founding, const char *name, int kind,
                                         const struct founded_issuer *parent) {
    struct founded_issuer *issuer = &founding->issuers[founding->issuer_count++];
    (void)snprintf(issuer->name, sizeof(issuer->name), "%s", name);
    issuer->kind = kind;
    issuer->parent = parent;
    buf_init(&issuer->certificate, LIMIT_CERTIFICATE_BYTES);
    return issuer;
}

// Two URIs may lead to one key.
static enum result check_key(const struct founding *founding,
                             const struct founded_issuer *issuer, struct error *err) {
    for (size_t i = 0; i < founding->issuer_count; i++) {
        const struct founded_issuer *other = &founding->issuers[i];
        if (other != issuer && other->key.key != NULL &&
            bytes_equal(key_public(other->key.key), key_public(issuer->key.key))) {
            (void)error_set_code(err, RESULT_CONFLICT, "key_taken",
                                 "the CAs %s and %s would have the same key", other->name,
                                 issuer->name);
            error_hint(err, "Give each a URI with an object or id of its own.");
            return RESULT_CONFLICT;
        }
    }
    return RESULT_OK;
}

static enum result make_one(struct founding *founding, struct founded_issuer *issuer,
                            const char *title, const char *uri, struct error *err) {
    AUTO(buf_clear) struct buf name = {0};
    buf_init(&name, LIMIT_COMMON_NAME_BYTES + 16);
    TRY(buf_printf(&name, "%s %s", founding->options->name, title));
    const struct ca_key_wish wish = {founding->options->algorithm, uri};
    TRY(ca_key_make(&wish, &issuer->key, err));
    TRY(check_key(founding, issuer, err));
    const struct founded_issuer *above = issuer->parent;
    struct certificate parent = {0};
    if (above != NULL) {
        TRY(certificate_read(buf_bytes(&above->certificate), &parent, err));
    }
    const struct ca_plan plan = {
        .common_name = buf_string(&name),
        .now = founding->now,
        .lifetime = above == NULL ? ROOT_LIFETIME : ISSUING_LIFETIME,
        .path_length = above == NULL ? ROOT_PATH_LENGTH : ISSUING_PATH_LENGTH,
        .spki = key_public(issuer->key.key),
        .parent = above == NULL ? NULL : &parent,
        .signer = above == NULL ? issuer->key.key : above->key.key,
    };
    return ca_certificate_make(&plan, &issuer->certificate, err);
}

// Administrators and gateways have a CA of their own, so that their certificates are no devices'.
static enum result make_new(struct founding *founding, struct error *err) {
    const struct init_options *options = founding->options;
    struct founded_issuer *root = add_issuer(founding, ISSUER_NAME_ROOT, ISSUER_ROOT, NULL);
    TRY(make_one(founding, root, ISSUER_NAME_ROOT, options->root_key_uri, err));
    struct founded_issuer *issuing =
        add_issuer(founding, ISSUER_NAME_ISSUING, ISSUER_ISSUING, root);
    TRY(make_one(founding, issuing, ISSUER_NAME_ISSUING, options->key_uri, err));
    struct founded_issuer *operators =
        add_issuer(founding, ISSUER_NAME_OPERATORS, ISSUER_OPERATORS, root);
    return make_one(founding, operators, ISSUER_TITLE_OPERATORS, options->operators_key_uri,
                    err);
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
    const struct founded_issuer *parent = NULL;
    for (size_t above = count - 1; above > 0; above--) {
        char name[sizeof("intermediate-") + 20];
        (void)snprintf(name, sizeof(name), "intermediate-%zu", above);
        parent = add_issuer(founding, above == count - 1 ? ISSUER_NAME_ROOT : name, ISSUER_ROOT,
                            parent);
    }
    struct founded_issuer *adopted =
        add_issuer(founding, ISSUER_NAME_ISSUING, ISSUER_ISSUING, parent);
    adopted->key.key = adoption->key;
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
