// When CRLs are made, and what is made of them for the gateways.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publisher.h"

#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/crl_check.h"
#include "authority/crl_make.h"
#include "authority/peer.h"
#include "base/clock.h"
#include "x509/pem.h"

#define TYPE_CRL "application/pkix-crl"
#define TYPE_PEM "application/x-pem-file"
#define TYPE_CERTIFICATE "application/pkix-cert"

// How long caches may answer by themselves: what bounds the way of a revocation through them.
#define CRL_MAX_AGE_SECONDS 60
#define CA_MAX_AGE_SECONDS 3600

#define CODE_TOO_SOON "crl_too_soon"

void publisher_clear(struct publisher *publisher) {
    for (int i = 0; i < PUBLICATION_COUNT; i++) {
        message_clear(&publication_type, &publisher->publications[i]);
    }
    *publisher = (struct publisher){0};
}

// --- issuers and when their CRLs are due -----------------------------------------------------

// NULL when there is no such issuer, or its CRLs are made elsewhere.
static const struct issuer *issuer_at(const struct authority *authority, size_t index) {
    const struct issuer *issuing = authority->issuers.issuing;
    const struct issuer *root = authority->issuers.root;
    if (index == 0) {
        return issuing;
    }
    return root == issuing || root->key == NULL ? NULL : root;
}

static int64_t lifetime_of(const struct authority *authority, size_t index) {
    return index == 0 ? authority->config.crl_lifetime : authority->config.root_crl_lifetime;
}

// Nothing is revoked by a root for years: a third of its CRL's life is often enough.
static int64_t period_of(const struct authority *authority, size_t index) {
    return index == 0 ? authority->config.crl_period : authority->config.root_crl_lifetime / 3;
}

static bool is_due(const struct authority *authority, size_t index, int64_t now) {
    const struct published_crl *crl = &authority->publisher.crls[index];
    if (issuer_at(authority, index) == NULL) {
        return false;
    }
    int64_t period = period_of(authority, index);
    return authority->publisher.is_outdated[index] || crl->number == 0 ||
           now >= crl->this_update + period || now >= crl->next_update - period;
}

void publisher_mark_outdated(struct authority *authority, int64_t issuer_id) {
    for (size_t i = 0; i < PUBLISHER_ISSUERS; i++) {
        const struct issuer *issuer = issuer_at(authority, i);
        if (issuer != NULL && issuer->record.id == issuer_id) {
            authority->publisher.is_outdated[i] = true;
        }
    }
}

bool publisher_is_due(const struct authority *authority, int64_t now) {
    return authority->publisher.has_news || is_due(authority, 0, now) ||
           is_due(authority, 1, now);
}

// --- publications ----------------------------------------------------------------------------

struct form {
    enum publication_id id;
    const char *content_type;
    int64_t last_modified;
    int64_t expires; // 0: never
    int64_t max_age;
};

static enum result fill(struct publication *publication, const char *path, const char *etag,
                        const struct form *form, struct bytes body) {
    TRY(text_set(&publication->path, path));
    TRY(text_set(&publication->content_type, form->content_type));
    TRY(text_set(&publication->etag, etag));
    TRY(blob_set(&publication->body, body));
    publication->last_modified = form->last_modified;
    publication->expires = form->expires;
    publication->max_age = form->max_age;
    return RESULT_OK;
}

// The old publication stays whole until the new one is.
static enum result publish(struct publisher *publisher, const char *path, const char *etag,
                           const struct form *form, struct bytes body, struct error *err) {
    struct publication publication = {0};
    if (fill(&publication, path, etag, form, body) != RESULT_OK) {
        message_clear(&publication_type, &publication);
        return error_out_of_memory(err);
    }
    message_clear(&publication_type, &publisher->publications[form->id]);
    publisher->publications[form->id] = publication;
    publisher->is_new[form->id] = true;
    return RESULT_OK;
}

static enum result publish_certificates(struct authority *authority, struct error *err) {
    const struct certificate *root = &authority->issuers.root->certificate;
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 2 * LIMIT_CHAIN_BYTES);
    TRY(pem_encode_all(PEM_CERTIFICATE, buf_bytes(&authority->chain), &pem));
    char etag[80];
    (void)snprintf(etag, sizeof(etag), "\"%s\"", authority->root_fingerprint_text);
    AUTO(buf_clear) struct buf chain_hash = {0};
    buf_init(&chain_hash, 64);
    TRY(hash_sha256_hex(buf_bytes(&authority->chain), &chain_hash));
    char chain_etag[80];
    (void)snprintf(chain_etag, sizeof(chain_etag), "\"%s\"", buf_string(&chain_hash));
    struct form form = {
        .id = PUBLICATION_CA_PEM,
        .content_type = TYPE_PEM,
        .last_modified = authority->issuers.issuing->record.created,
        .max_age = CA_MAX_AGE_SECONDS,
    };
    struct publisher *publisher = &authority->publisher;
    TRY(publish(publisher, "/ca.pem", chain_etag, &form, buf_bytes(&pem), err));
    form.content_type = TYPE_CERTIFICATE;
    form.id = PUBLICATION_CA_DER;
    TRY(publish(publisher, "/ca.der", etag, &form, root->der, err));
    form.id = PUBLICATION_CA_OTRE;
    return publish(publisher, "/ca.otre", etag, &form, root->der, err);
}

// The entity tag of a CRL is its number: gateways answer "newer than number N" from it.
static enum result publish_crl(struct authority *authority, size_t index,
                               const struct crl_record *record, struct error *err) {
    const struct issuer *issuer = issuer_at(authority, index);
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, 256);
    TRY(buf_printf(&path, "/crl/%s.crl", issuer->record.name));
    char etag[80];
    (void)snprintf(etag, sizeof(etag), "\"%lld\"", (long long)record->number);
    int64_t period = period_of(authority, index);
    struct form form = {
        .id = index == 0 ? PUBLICATION_ISSUING_DER : PUBLICATION_ROOT_DER,
        .content_type = TYPE_CRL,
        .last_modified = record->this_update,
        .expires = record->next_update,
        .max_age = period < CRL_MAX_AGE_SECONDS ? period : CRL_MAX_AGE_SECONDS,
    };
    struct publisher *publisher = &authority->publisher;
    TRY(publish(publisher, buf_string(&path), etag, &form, buf_bytes(&record->der), err));
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 2UL * LIMIT_CRL_BYTES);
    TRY(pem_encode(PEM_CRL, buf_bytes(&record->der), &pem));
    buf_reset(&path);
    TRY(buf_printf(&path, "/crl/%s.pem", issuer->record.name));
    form.id = index == 0 ? PUBLICATION_ISSUING_PEM : PUBLICATION_ROOT_PEM;
    form.content_type = TYPE_PEM;
    return publish(publisher, buf_string(&path), etag, &form, buf_bytes(&pem), err);
}

// What nginx and HAProxy load: the CRL of every CA of the chain in one file.
static enum result publish_bundle(struct authority *authority, struct error *err) {
    struct publisher *publisher = &authority->publisher;
    const struct publication *issuing = &publisher->publications[PUBLICATION_ISSUING_PEM];
    const struct publication *root = &publisher->publications[PUBLICATION_ROOT_PEM];
    const struct published_crl *crls = publisher->crls;
    if (issuing->path == NULL || (issuer_at(authority, 1) != NULL && root->path == NULL)) {
        return RESULT_OK; // one is still to be made
    }
    AUTO(buf_clear) struct buf body = {0};
    buf_init(&body, 4UL * LIMIT_CRL_BYTES);
    TRY(buf_append(&body, blob_bytes(&issuing->body)));
    TRY(buf_append(&body, blob_bytes(&root->body)));
    char etag[80];
    (void)snprintf(etag, sizeof(etag), "\"%lld.%lld\"", (long long)crls[0].number,
                   (long long)crls[1].number);
    bool root_is_newer = root->path != NULL && root->last_modified > issuing->last_modified;
    bool root_ends_first = root->path != NULL && root->expires < issuing->expires;
    struct form form = {
        .id = PUBLICATION_BUNDLE,
        .content_type = TYPE_PEM,
        .last_modified = root_is_newer ? root->last_modified : issuing->last_modified,
        .expires = root_ends_first ? root->expires : issuing->expires,
        .max_age = issuing->max_age,
    };
    return publish(publisher, "/crl/bundle.pem", etag, &form, buf_bytes(&body), err);
}

// *out_changed is set when the store had a newer CRL than what is published.
static enum result refresh_one(struct authority *authority, size_t index, bool *out_changed,
                               struct error *err) {
    const struct issuer *issuer = issuer_at(authority, index);
    if (issuer == NULL) {
        return RESULT_OK;
    }
    AUTO(crl_record_clear) struct crl_record record = {0};
    enum result result = store_last_crl(authority->store, issuer->record.id, &record, err);
    if (result == RESULT_NOT_FOUND ||
        (result == RESULT_OK && record.number == authority->publisher.crls[index].number)) {
        return RESULT_OK;
    }
    TRY(result);
    TRY(publish_crl(authority, index, &record, err));
    authority->publisher.crls[index] = (struct published_crl){
        .issuer_name = issuer->record.name,
        .number = record.number,
        .this_update = record.this_update,
        .next_update = record.next_update,
        .entry_count = record.entry_count,
        .size = record.der.size,
    };
    *out_changed = true;
    return RESULT_OK;
}

enum result publisher_refresh(struct authority *authority, struct error *err) {
    bool is_changed = false;
    for (size_t i = 0; i < PUBLISHER_ISSUERS; i++) {
        TRY(refresh_one(authority, i, &is_changed, err));
    }
    if (is_changed) {
        TRY(publish_bundle(authority, err));
    }
    authority->publisher.has_news = false;
    return RESULT_OK;
}

// A crash between a revocation and its CRL must not keep the revocation from taking effect.
static enum result find_unpublished(struct authority *authority, struct error *err) {
    for (size_t i = 0; i < PUBLISHER_ISSUERS; i++) {
        const struct issuer *issuer = issuer_at(authority, i);
        if (issuer == NULL || authority->publisher.crls[i].number == 0) {
            continue;
        }
        AUTO(crl_record_clear) struct crl_record last = {0};
        TRY(store_last_crl(authority->store, issuer->record.id, &last, err));
        enum result result =
            crl_check_is_current(authority->store, issuer, clock_now(), &last, err);
        if (result == RESULT_CONFLICT) {
            authority->publisher.is_outdated[i] = true;
        } else {
            TRY(result);
        }
    }
    return RESULT_OK;
}

enum result publisher_start(struct authority *authority, struct error *err) {
    TRY(publish_certificates(authority, err));
    TRY(publisher_refresh(authority, err));
    return find_unpublished(authority, err);
}

// --- making CRLs -----------------------------------------------------------------------------

static enum result make(struct authority *authority, const struct peer *peer, size_t index,
                        int64_t now, struct published_crl *out_crl, struct error *err) {
    const struct issuer *issuer = issuer_at(authority, index);
    AUTO(crl_record_clear) struct crl_record record = {0};
    size_t size = 0;
    bool clock_went_back = false;
    TRY(crl_make(authority->store, issuer, now, lifetime_of(authority, index), &record, &size,
                 &clock_went_back, err));
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 256);
    TRY(buf_printf(&detail, "number=%lld entries=%lld bytes=%zu%s", (long long)record.number,
                   (long long)record.entry_count, size,
                   clock_went_back ? " thisUpdate lies in the future: the clock went back"
                                   : ""));
    *out_crl = (struct published_crl){
        .issuer_name = issuer->record.name,
        .number = record.number,
        .this_update = record.this_update,
        .next_update = record.next_update,
        .entry_count = record.entry_count,
        .size = size,
    };
    return decision_record(authority, peer,
                           clock_went_back ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                           "crl published", issuer->record.name, buf_string(&detail), err);
}

static enum result make_due(struct authority *authority, void *context, struct error *err) {
    int64_t now = *(const int64_t *)context;
    for (size_t i = 0; i < PUBLISHER_ISSUERS; i++) {
        if (is_due(authority, i, now)) {
            struct published_crl made = {0};
            TRY(make(authority, NULL, i, now, &made, err));
        }
    }
    return RESULT_OK;
}

static enum result audit_failure(struct authority *authority, void *context,
                                 struct error *err) {
    const struct error *failure = context;
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 1024);
    TRY(buf_printf(&detail, "code=%s %s", failure->code, failure->message));
    return decision_record(authority, NULL, LOG_LEVEL_ERROR, "crl refused",
                           authority->issuers.issuing->record.name, buf_string(&detail), err);
}

static void note_failure(struct authority *authority, struct error *failure) {
    struct publisher *publisher = &authority->publisher;
    if (strcmp(failure->code, publisher->last_failure) == 0) {
        return;
    }
    _Static_assert(sizeof(publisher->last_failure) == sizeof(failure->code), "same size");
    memcpy(publisher->last_failure, failure->code, sizeof(publisher->last_failure));
    // A store that is full refuses this as well; the caller logs the failure itself.
    (void)authority_transact(authority, audit_failure, failure, NULL);
}

enum result publisher_run(struct authority *authority, int64_t now, struct error *err) {
    struct error own = {0};
    struct error *failure = err == NULL ? &own : err;
    enum result result = authority_transact(authority, make_due, &now, failure);
    if (result != RESULT_OK) {
        if (strcmp(failure->code, CODE_TOO_SOON) != 0) {
            note_failure(authority, failure);
        }
        return result;
    }
    memset(authority->publisher.is_outdated, 0, sizeof(authority->publisher.is_outdated));
    authority->publisher.has_news = true;
    authority->publisher.last_failure[0] = '\0';
    return publisher_refresh(authority, failure);
}

// --- operation -------------------------------------------------------------------------------

enum result published_crl_add(const struct published_crl *crl, struct record_list *list) {
    void *added = NULL;
    TRY(record_add(list, &crl_info_type, &added));
    struct crl_info *info = added;
    TRY(text_set(&info->issuer, crl->issuer_name));
    info->number = crl->number;
    info->this_update = crl->this_update;
    info->next_update = crl->next_update;
    info->entries = crl->entry_count;
    info->size = (int64_t)crl->size;
    return RESULT_OK;
}

enum result publisher_publish(struct authority *authority, const struct peer *peer,
                              const struct nothing *request, struct crl_page *reply,
                              struct error *err) {
    (void)request;
    int64_t now = clock_now();
    for (size_t i = 0; i < PUBLISHER_ISSUERS; i++) {
        if (issuer_at(authority, i) == NULL) {
            continue;
        }
        struct published_crl made = {0};
        TRY(make(authority, peer, i, now, &made, err));
        if (published_crl_add(&made, &reply->crls) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    authority->publisher.has_news = true;
    return RESULT_OK;
}
