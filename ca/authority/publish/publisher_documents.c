// What is made of CA certificates and CRLs for the gateways: the paths, and what stands there.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/publish/publisher_private.h"
#include "x509/pem.h"

#define TYPE_CRL "application/pkix-crl"
#define TYPE_PEM "application/x-pem-file"
#define TYPE_CERTIFICATE "application/pkix-cert"

// How long caches may answer by themselves: what bounds the way of a revocation through them.
#define CRL_MAX_AGE_SECONDS 60
#define CA_MAX_AGE_SECONDS 3600

// --- publications ----------------------------------------------------------------------------

struct form {
    const char *content_type;
    int64_t last_modified;
    int64_t expires; // 0: never
    int64_t max_age;
};

static struct published_item *find_item(struct publisher *publisher, const char *path) {
    for (size_t i = 0; i < publisher->item_count; i++) {
        if (strcmp(publisher->items[i].message.path, path) == 0) {
            return &publisher->items[i];
        }
    }
    return NULL;
}

const struct publication *publisher_find(const struct publisher *publisher, const char *path) {
    for (size_t i = 0; i < publisher->item_count; i++) {
        if (strcmp(publisher->items[i].message.path, path) == 0) {
            return &publisher->items[i].message;
        }
    }
    return NULL;
}

// Gateways make what is not DER, so that bytes are kept and sent once.
struct content {
    struct bytes body;
    struct buf *taken_body;         // instead of `body`, when it is not NULL
    const struct text_list *pem_of; // paths; NULL: none
    const char *same_as;            // a path; NULL: none
};

static enum result fill(struct publication *publication, const char *path, const char *etag,
                        const struct form *form, const struct content *content) {
    TRY(text_set(&publication->path, path));
    TRY(text_set(&publication->content_type, form->content_type));
    TRY(text_set(&publication->etag, etag));
    TRY(blob_set(&publication->body, content->body));
    for (size_t i = 0; content->pem_of != NULL && i < content->pem_of->count; i++) {
        TRY(text_list_add(&publication->pem_of, content->pem_of->items[i]));
    }
    if (content->same_as != NULL) {
        TRY(text_set(&publication->same_as, content->same_as));
    }
    if (content->taken_body != NULL) {
        blob_take(&publication->body, content->taken_body);
    }
    publication->last_modified = form->last_modified;
    publication->expires = form->expires;
    publication->max_age = form->max_age;
    return RESULT_OK;
}

// The old publication stays whole until the new one is.
static enum result publish(struct publisher *publisher, const char *path, const char *etag,
                           const struct form *form, const struct content *content,
                           struct error *err) {
    struct published_item *item = find_item(publisher, path);
    if (item == NULL && publisher->item_count == LIMIT_PUBLISHED) {
        return error_set(err, RESULT_LIMIT, "more than %d paths are published",
                         LIMIT_PUBLISHED);
    }
    struct publication publication = {0};
    if (fill(&publication, path, etag, form, content) != RESULT_OK) {
        message_clear(&publication_type, &publication);
        return error_out_of_memory(err);
    }
    if (item == NULL) {
        item = &publisher->items[publisher->item_count++];
    }
    message_clear(&publication_type, &item->message);
    *item = (struct published_item){.message = publication, .is_new = true};
    return RESULT_OK;
}

// "/crl/" or "/ca/", the issuer's name, and an ending.
static enum result path_of(const char *folder, const struct issuer *issuer, const char *ending,
                           struct buf *out_path) {
    buf_reset(out_path);
    return buf_printf(out_path, "/%s/%s%s", folder, issuer->record.name, ending);
}

// --- CA certificates -------------------------------------------------------------------------

static enum result hash_etag(struct bytes contents, char out_etag[80]) {
    AUTO(buf_clear) struct buf hash = {0};
    buf_init(&hash, 2 * SHA256_SIZE);
    TRY(hash_sha256_hex(contents, &hash));
    (void)snprintf(out_etag, 80, "\"%s\"", buf_string(&hash));
    return RESULT_OK;
}

static enum result publish_pem(struct publisher *publisher, const char *path, struct form form,
                               struct bytes ders, struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    buf_init(&pem, 2 * LIMIT_CHAIN_BYTES);
    TRY(pem_encode_all(PEM_CERTIFICATE, ders, &pem));
    char etag[80];
    TRY(hash_etag(ders, etag));
    form.content_type = TYPE_PEM;
    const struct content content = {.body = buf_bytes(&pem)};
    return publish(publisher, path, etag, &form, &content, err);
}

static enum result publish_der(struct publisher *publisher, const char *path, struct form form,
                               struct bytes der, struct error *err) {
    char etag[80];
    TRY(hash_etag(der, etag));
    form.content_type = TYPE_CERTIFICATE;
    const struct content content = {.body = der};
    return publish(publisher, path, etag, &form, &content, err);
}

enum result publisher_certificates(struct authority *authority, struct error *err) {
    struct publisher *publisher = &authority->publisher;
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, 256);
    struct form form = {.max_age = CA_MAX_AGE_SECONDS};
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = publisher_issuer(authority, i);
        form.last_modified = issuer->record.created;
        TRY(path_of("ca", issuer, ".der", &path));
        TRY(publish_der(publisher, buf_string(&path), form, issuer->certificate.der, err));
        TRY(path_of("ca", issuer, ".pem", &path));
        TRY(publish_pem(publisher, buf_string(&path), form, issuer->certificate.der, err));
    }
    struct bytes root = authority->issuers.root->certificate.der;
    form.last_modified = authority->issuers.issuing->record.created;
    TRY(publish_pem(publisher, "/ca.pem", form, buf_bytes(&authority->chain), err));
    TRY(publish_der(publisher, "/ca.der", form, root, err));
    return publish_der(publisher, "/ca.otre", form, root, err);
}

// --- CRLs ------------------------------------------------------------------------------------

// The entity tag of a CRL is its number: gateways answer "newer than number N" from it.
static enum result publish_crl(struct authority *authority, const struct issuer *issuer,
                               struct crl_record *record, struct error *err) {
    struct publisher *publisher = &authority->publisher;
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf der_path = {0};
    buf_init(&path, 256);
    buf_init(&der_path, 256);
    char etag[80];
    (void)snprintf(etag, sizeof(etag), "\"%lld\"", (long long)record->number);
    int64_t period = publisher_period(authority, issuer);
    struct form form = {
        .content_type = TYPE_CRL,
        .last_modified = record->this_update,
        .expires = record->next_update,
        .max_age = period < CRL_MAX_AGE_SECONDS ? period : CRL_MAX_AGE_SECONDS,
    };
    TRY(path_of("crl", issuer, ".crl", &der_path));
    const struct content der = {.taken_body = &record->der};
    TRY(publish(publisher, buf_string(&der_path), etag, &form, &der, err));
    char *paths[] = {(char *)(uintptr_t)buf_string(&der_path)};
    const struct text_list list = {.items = paths, .count = 1};
    const struct content pem = {.pem_of = &list};
    form.content_type = TYPE_PEM;
    TRY(path_of("crl", issuer, ".pem", &path));
    return publish(publisher, buf_string(&path), etag, &form, &pem, err);
}

// The CRLs of a CA and of those above it, while they are gathered.
struct bundle {
    struct text_list paths;
    struct buf etag; // the numbers, with "." between
    struct form form;
    bool is_whole; // every CRL that is made here is in it
};

static void bundle_clear(struct bundle *bundle) {
    text_list_clear(&bundle->paths);
    buf_clear(&bundle->etag);
}

static enum result bundle_add(struct bundle *bundle, const struct authority *authority,
                              const struct issuer *issuer) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, 256);
    TRY(path_of("crl", issuer, ".crl", &path));
    const struct publication *crl = publisher_find(&authority->publisher, buf_string(&path));
    if (crl == NULL) {
        bundle->is_whole = bundle->is_whole && issuer->key == NULL;
        return RESULT_OK;
    }
    struct form *form = &bundle->form;
    bool is_first = bundle->paths.count == 0;
    if (is_first || crl->last_modified > form->last_modified) {
        form->last_modified = crl->last_modified;
    }
    if (is_first || crl->expires < form->expires) {
        form->expires = crl->expires;
    }
    form->max_age = is_first ? crl->max_age : form->max_age;
    TRY(buf_printf(&bundle->etag, "%s%lld", is_first ? "\"" : ".",
                   (long long)publisher_crl(authority, issuer->record.name)->number));
    return text_list_add(&bundle->paths, crl->path);
}

static enum result bundle_fill(struct bundle *bundle, const struct authority *authority,
                               const struct issuer *issuer) {
    *bundle = (struct bundle){.is_whole = true, .form = {.content_type = TYPE_PEM}};
    buf_init(&bundle->etag, 200);
    for (size_t steps = 0; issuer != NULL && steps < LIMIT_CHAIN_CERTIFICATES; steps++) {
        TRY(bundle_add(bundle, authority, issuer));
        issuer = issuer_parent(&authority->issuers, issuer);
    }
    return bundle->paths.count == 0 ? RESULT_OK : buf_append_string(&bundle->etag, "\"");
}

// What nginx and HAProxy load: the CRL of every CA of the chain in one file.
static enum result publish_bundle(struct authority *authority, const struct issuer *issuer,
                                  struct error *err) {
    AUTO(bundle_clear) struct bundle bundle = {0};
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, 256);
    TRY(bundle_fill(&bundle, authority, issuer));
    if (!bundle.is_whole || bundle.paths.count == 0) {
        return RESULT_OK; // one is still to be made
    }
    struct publisher *publisher = &authority->publisher;
    TRY(path_of("crl", issuer, ".bundle.pem", &path));
    const struct content pem = {.pem_of = &bundle.paths};
    TRY(publish(publisher, buf_string(&path), buf_string(&bundle.etag), &bundle.form, &pem,
                err));
    if (issuer != authority->issuers.issuing) {
        return RESULT_OK;
    }
    const struct content same = {.same_as = buf_string(&path)};
    return publish(publisher, "/crl/bundle.pem", buf_string(&bundle.etag), &bundle.form, &same,
                   err);
}

enum result publisher_show(struct authority *authority, size_t index, struct crl_record *record,
                           struct error *err) {
    const struct issuer *issuer = publisher_issuer(authority, index);
    struct published_crl shown = publisher_summary(issuer, record, record->der.size);
    publisher_turns_drop(authority, index); // compares with what is replaced
    TRY(publish_crl(authority, issuer, record, err));
    authority->publisher.lines[index].crl = shown;
    return RESULT_OK;
}

// *out_changed is set when the store had a newer CRL than what is published.
static enum result refresh_one(struct authority *authority, size_t index, bool *out_changed,
                               struct error *err) {
    const struct issuer *issuer = publisher_issuer(authority, index);
    AUTO(crl_record_clear) struct crl_record record = {0};
    int64_t number = 0;
    enum result result =
        store_last_crl_number(authority->store, issuer->record.id, &number, err);
    if (result == RESULT_NOT_FOUND ||
        (result == RESULT_OK && number == authority->publisher.lines[index].crl.number)) {
        return RESULT_OK;
    }
    TRY(result);
    TRY(store_last_crl(authority->store, issuer->record.id, &record, err));
    TRY(publisher_show(authority, index, &record, err));
    *out_changed = true;
    return RESULT_OK;
}

// Whether the CRL of this CA or of one above it is among the changed ones.
static bool is_touched(const struct authority *authority, const struct issuer *issuer,
                       const bool changed[LIMIT_ISSUERS]) {
    for (size_t steps = 0; issuer != NULL && steps < LIMIT_CHAIN_CERTIFICATES; steps++) {
        for (size_t i = 0; i < authority->issuers.count; i++) {
            if (publisher_issuer(authority, i) == issuer && changed[i]) {
                return true;
            }
        }
        issuer = issuer_parent(&authority->issuers, issuer);
    }
    return false;
}

enum result publisher_show_bundles(struct authority *authority,
                                   const bool changed[LIMIT_ISSUERS], struct error *err) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = publisher_issuer(authority, i);
        if (!publisher_is_above(issuer) && is_touched(authority, issuer, changed)) {
            TRY(publish_bundle(authority, issuer, err));
        }
    }
    return RESULT_OK;
}

enum result publisher_refresh(struct authority *authority, struct error *err) {
    bool changed[LIMIT_ISSUERS] = {false};
    for (size_t i = 0; i < authority->issuers.count; i++) {
        TRY(refresh_one(authority, i, &changed[i], err));
    }
    TRY(publisher_show_bundles(authority, changed, err));
    authority->publisher.has_news = false;
    return RESULT_OK;
}
