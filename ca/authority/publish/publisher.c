// When CRLs are made, and what is made of them for the gateways.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publish/publisher.h"

#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/publish/crl_check.h"
#include "authority/publish/crl_make.h"
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

// A CRL that nobody here can renew is told of when this much of its life is left.
#define CRL_WARNING_PART 3

void publisher_clear(struct publisher *publisher) {
    for (size_t i = 0; i < publisher->item_count; i++) {
        message_clear(&publication_type, &publisher->items[i].message);
    }
    *publisher = (struct publisher){0};
}

// --- issuers and when their CRLs are due -----------------------------------------------------

static const struct issuer *issuer_at(const struct authority *authority, size_t index) {
    return &authority->issuers.items[index];
}

static bool is_above(const struct issuer *issuer) {
    return issuer->record.kind == ISSUER_ROOT;
}

static int64_t lifetime_of(const struct authority *authority, const struct issuer *issuer) {
    return is_above(issuer) ? authority->config.root_crl_lifetime
                            : authority->config.crl_lifetime;
}

// Nothing is revoked by a root for years: a third of its CRL's life is often enough.
static int64_t period_of(const struct authority *authority, const struct issuer *issuer) {
    return is_above(issuer) ? authority->config.root_crl_lifetime / 3
                            : authority->config.crl_period;
}

// RFC 5280, 3.3: one CRL after the end of its last certificate, and a retired CA is done.
static bool is_done(const struct issuer *issuer, const struct crl_line *line) {
    return issuer->record.retired_at != 0 && line->crl.number != 0 && !line->is_outdated &&
           line->crl.this_update > line->last_not_after;
}

// Before the CA's own beginning the clock is certainly wrong, as on a host that has none of its own
// and does not know the time yet: a CRL of then would be refused everywhere.
static bool is_within_life(const struct issuer *issuer, int64_t now) {
    return now >= issuer->certificate.not_before && now <= issuer->certificate.not_after;
}

static bool can_make(const struct authority *authority, size_t index, int64_t now) {
    const struct issuer *issuer = issuer_at(authority, index);
    return issuer->key != NULL && is_within_life(issuer, now) &&
           !is_done(issuer, &authority->publisher.lines[index]);
}

static bool is_due(const struct authority *authority, size_t index, int64_t now) {
    const struct crl_line *line = &authority->publisher.lines[index];
    if (!can_make(authority, index, now)) {
        return false;
    }
    int64_t period = period_of(authority, issuer_at(authority, index));
    return line->is_outdated || line->crl.number == 0 ||
           crl_lies_ahead(line->crl.this_update, now) ||
           now >= line->crl.this_update + period || now >= line->crl.next_update - period;
}

void publisher_mark_outdated(struct authority *authority, int64_t issuer_id) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (issuer_at(authority, i)->record.id == issuer_id) {
            authority->publisher.lines[i].is_outdated = true;
        }
    }
}

bool publisher_is_due(const struct authority *authority, int64_t now) {
    bool is_any_due = authority->publisher.has_news;
    for (size_t i = 0; i < authority->issuers.count; i++) {
        is_any_due = is_any_due || is_due(authority, i, now);
    }
    return is_any_due;
}

const struct published_crl *publisher_crl(const struct authority *authority,
                                          const char *issuer_name) {
    static const struct published_crl none = {0};
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (strcmp(issuer_at(authority, i)->record.name, issuer_name) == 0) {
            return &authority->publisher.lines[i].crl;
        }
    }
    return &none;
}

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

static enum result publish_certificates(struct authority *authority, struct error *err) {
    struct publisher *publisher = &authority->publisher;
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, 256);
    struct form form = {.max_age = CA_MAX_AGE_SECONDS};
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = issuer_at(authority, i);
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
                               const struct crl_record *record, struct error *err) {
    struct publisher *publisher = &authority->publisher;
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf der_path = {0};
    buf_init(&path, 256);
    buf_init(&der_path, 256);
    char etag[80];
    (void)snprintf(etag, sizeof(etag), "\"%lld\"", (long long)record->number);
    int64_t period = period_of(authority, issuer);
    struct form form = {
        .content_type = TYPE_CRL,
        .last_modified = record->this_update,
        .expires = record->next_update,
        .max_age = period < CRL_MAX_AGE_SECONDS ? period : CRL_MAX_AGE_SECONDS,
    };
    TRY(path_of("crl", issuer, ".crl", &der_path));
    const struct content der = {.body = buf_bytes(&record->der)};
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

static struct published_crl summary_of(const struct issuer *issuer,
                                       const struct crl_record *record, size_t size) {
    return (struct published_crl){
        .issuer_name = issuer->record.name,
        .number = record->number,
        .this_update = record->this_update,
        .next_update = record->next_update,
        .entry_count = record->entry_count,
        .size = size,
    };
}

// *out_changed is set when the store had a newer CRL than what is published.
static enum result refresh_one(struct authority *authority, size_t index, bool *out_changed,
                               struct error *err) {
    const struct issuer *issuer = issuer_at(authority, index);
    struct published_crl *crl = &authority->publisher.lines[index].crl;
    AUTO(crl_record_clear) struct crl_record record = {0};
    enum result result = store_last_crl(authority->store, issuer->record.id, &record, err);
    if (result == RESULT_NOT_FOUND || (result == RESULT_OK && record.number == crl->number)) {
        return RESULT_OK;
    }
    TRY(result);
    TRY(publish_crl(authority, issuer, &record, err));
    *crl = summary_of(issuer, &record, record.der.size);
    *out_changed = true;
    return RESULT_OK;
}

// Whether the CRL of this CA or of one above it is among the changed ones.
static bool is_touched(const struct authority *authority, const struct issuer *issuer,
                       const bool changed[LIMIT_ISSUERS]) {
    for (size_t steps = 0; issuer != NULL && steps < LIMIT_CHAIN_CERTIFICATES; steps++) {
        for (size_t i = 0; i < authority->issuers.count; i++) {
            if (issuer_at(authority, i) == issuer && changed[i]) {
                return true;
            }
        }
        issuer = issuer_parent(&authority->issuers, issuer);
    }
    return false;
}

enum result publisher_refresh(struct authority *authority, struct error *err) {
    bool changed[LIMIT_ISSUERS] = {false};
    for (size_t i = 0; i < authority->issuers.count; i++) {
        TRY(refresh_one(authority, i, &changed[i], err));
    }
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct issuer *issuer = issuer_at(authority, i);
        if (!is_above(issuer) && is_touched(authority, issuer, changed)) {
            TRY(publish_bundle(authority, issuer, err));
        }
    }
    authority->publisher.has_news = false;
    return RESULT_OK;
}

// A crash between a revocation and its CRL must not keep the revocation from taking effect.
static enum result find_unpublished(struct authority *authority, size_t index,
                                    struct error *err) {
    const struct issuer *issuer = issuer_at(authority, index);
    struct crl_line *line = &authority->publisher.lines[index];
    if (line->crl.number == 0) {
        return RESULT_OK;
    }
    AUTO(crl_record_clear) struct crl_record last = {0};
    TRY(store_last_crl(authority->store, issuer->record.id, &last, err));
    enum result result =
        crl_check_is_current(authority->store, issuer, clock_now(), &last, err);
    if (result == RESULT_CONFLICT) {
        line->is_outdated = true;
        return RESULT_OK;
    }
    return result;
}

// Nothing is issued by a retired CA any more, so this stays true.
static enum result find_last_end(struct authority *authority, size_t index, struct error *err) {
    const struct issuer *issuer = issuer_at(authority, index);
    if (issuer->record.retired_at == 0) {
        return RESULT_OK;
    }
    struct issuer_usage usage = {0};
    TRY(store_issuer_usage(authority->store, issuer->record.id, clock_now(), &usage, err));
    authority->publisher.lines[index].last_not_after = usage.last_not_after;
    return RESULT_OK;
}

enum result publisher_start(struct authority *authority, struct error *err) {
    TRY(publish_certificates(authority, err));
    TRY(publisher_refresh(authority, err));
    for (size_t i = 0; i < authority->issuers.count; i++) {
        TRY(find_unpublished(authority, i, err));
        TRY(find_last_end(authority, i, err));
    }
    return RESULT_OK;
}

// --- making CRLs -----------------------------------------------------------------------------

static enum result make(struct authority *authority, const struct peer *peer,
                        const struct issuer *issuer, int64_t now, int64_t lifetime,
                        struct published_crl *out_crl, struct error *err) {
    AUTO(crl_record_clear) struct crl_record record = {0};
    size_t size = 0;
    bool clock_went_back = false;
    TRY(crl_make(authority->store, issuer, now, lifetime, &record, &size, &clock_went_back,
                 err));
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 256);
    TRY(buf_printf(&detail, "number=%lld entries=%lld bytes=%zu%s", (long long)record.number,
                   (long long)record.entry_count, size,
                   clock_went_back ? " the last one lies ahead: the clock was set back" : ""));
    *out_crl = summary_of(issuer, &record, size);
    return decision_record(authority, peer,
                           clock_went_back ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                           "crl published", issuer->record.name, buf_string(&detail), err);
}

enum result publisher_make(struct authority *authority, const struct peer *peer,
                           const struct issuer *issuer, int64_t now, int64_t lifetime,
                           struct error *err) {
    struct published_crl made = {0};
    return make(authority, peer, issuer, now,
                lifetime > 0 ? lifetime : lifetime_of(authority, issuer), &made, err);
}

struct making {
    size_t index;
    int64_t now;
};

static enum result make_one(struct authority *authority, void *context, struct error *err) {
    const struct making *making = context;
    return publisher_make(authority, NULL, issuer_at(authority, making->index), making->now, 0,
                          err);
}

struct failed_making {
    const struct issuer *issuer;
    const struct error *failure;
};

static enum result audit_failure(struct authority *authority, void *context,
                                 struct error *err) {
    const struct failed_making *failed = context;
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 1024);
    TRY(buf_printf(&detail, "code=%s %s", failed->failure->code, failed->failure->message));
    return decision_record(authority, NULL, LOG_LEVEL_ERROR, "crl refused",
                           failed->issuer->record.name, buf_string(&detail), err);
}

static void note_failure(struct authority *authority, const struct issuer *issuer,
                         const struct error *failure) {
    struct publisher *publisher = &authority->publisher;
    if (strcmp(failure->code, CODE_TOO_SOON) == 0 ||
        strcmp(failure->code, publisher->last_failure) == 0) {
        return;
    }
    _Static_assert(sizeof(publisher->last_failure) == sizeof(failure->code), "same size");
    memcpy(publisher->last_failure, failure->code, sizeof(publisher->last_failure));
    struct failed_making failed = {.issuer = issuer, .failure = failure};
    // A store that is full refuses this as well; the caller logs the failure itself.
    (void)authority_transact(authority, audit_failure, &failed, NULL);
}

enum result publisher_run(struct authority *authority, int64_t now, struct error *err) {
    struct error first = {0};
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (!is_due(authority, i, now)) {
            continue;
        }
        struct making making = {.index = i, .now = now};
        struct error failure = {0};
        if (authority_transact(authority, make_one, &making, &failure) == RESULT_OK) {
            authority->publisher.lines[i].is_outdated = false;
            authority->publisher.has_news = true;
            continue;
        }
        note_failure(authority, issuer_at(authority, i), &failure);
        // One that is only too soon must not hide another that is broken.
        if (first.result == RESULT_OK || strcmp(first.code, CODE_TOO_SOON) == 0) {
            first = failure;
        }
    }
    enum result refreshed = publisher_refresh(authority, err);
    if (first.result == RESULT_OK) {
        authority->publisher.last_failure[0] = '\0';
        return refreshed;
    }
    if (err != NULL) {
        *err = first;
    }
    return first.result;
}

// --- telling ---------------------------------------------------------------------------------

static enum result warn_of(const struct issuer *issuer, const struct published_crl *crl,
                           int64_t now, struct text_list *warnings) {
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf when = {0};
    buf_init(&text, 512);
    buf_init(&when, 64);
    TRY(time_format_rfc3339(crl->next_update, &when));
    TRY(buf_printf(&text,
                   "the CRL of the CA \"%s\" %s at %s, and its key is not here: make one where "
                   "the key is (signetd root crl) and take it over (signetd root install-crl)",
                   issuer->record.name, now > crl->next_update ? "ran out" : "runs out",
                   buf_string(&when)));
    return text_list_add(warnings, buf_string(&text));
}

bool crl_runs_out(int64_t this_update, int64_t next_update, int64_t now) {
    return now >= next_update - (next_update - this_update) / CRL_WARNING_PART;
}

enum result publisher_warn(const struct authority *authority, int64_t now,
                           struct text_list *warnings) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        const struct published_crl *crl = &authority->publisher.lines[i].crl;
        if (issuer_at(authority, i)->key == NULL && crl->number != 0 &&
            crl_runs_out(crl->this_update, crl->next_update, now)) {
            TRY(warn_of(issuer_at(authority, i), crl, now, warnings));
        }
    }
    return RESULT_OK;
}

static enum result add_info(const struct published_crl *crl, struct record_list *list) {
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

// The default issuing CA comes first: it is what most people look for.
static size_t place_in_list(const struct authority *authority, size_t rank) {
    size_t first = (size_t)(authority->issuers.issuing - authority->issuers.items);
    if (rank == 0) {
        return first;
    }
    return rank <= first ? rank - 1 : rank;
}

enum result publisher_list(const struct authority *authority, struct record_list *list) {
    for (size_t rank = 0; rank < authority->issuers.count; rank++) {
        const struct crl_line *line =
            &authority->publisher.lines[place_in_list(authority, rank)];
        if (line->crl.number != 0) {
            TRY(add_info(&line->crl, list));
        }
    }
    return RESULT_OK;
}

// --- operation -------------------------------------------------------------------------------

enum result publisher_publish(struct authority *authority, const struct peer *peer,
                              const struct nothing *request, struct crl_page *reply,
                              struct error *err) {
    (void)request;
    int64_t now = clock_now();
    for (size_t rank = 0; rank < authority->issuers.count; rank++) {
        size_t i = place_in_list(authority, rank);
        if (!can_make(authority, i, now)) {
            continue;
        }
        struct published_crl made = {0};
        const struct issuer *issuer = issuer_at(authority, i);
        TRY(make(authority, peer, issuer, now, lifetime_of(authority, issuer), &made, err));
        if (add_info(&made, &reply->crls) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    authority->publisher.has_news = true;
    return RESULT_OK;
}
