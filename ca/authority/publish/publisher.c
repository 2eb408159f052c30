// When CRLs are made, and what is made of them for the gateways.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/publish/publisher.h"

#include <stdio.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/publish/crl_check.h"
#include "authority/publish/crl_make.h"
#include "authority/publish/publisher_private.h"
#include "authority/peer.h"
#include "base/clock.h"

#define CODE_TOO_SOON "crl_too_soon"

// A larger CRL would keep other requests waiting: it is made in turns, behind the answer.
#define ENTRIES_AT_ONCE 5000

// A CRL that nobody here can renew is told of when this much of its life is left.
#define CRL_WARNING_PART 3

void publisher_clear(struct publisher *publisher) {
    publisher_turns_free(publisher->turns);
    for (size_t i = 0; i < publisher->item_count; i++) {
        message_clear(&publication_type, &publisher->items[i].message);
    }
    *publisher = (struct publisher){0};
}

// --- issuers and when their CRLs are due -----------------------------------------------------

const struct issuer *publisher_issuer(const struct authority *authority, size_t index) {
    return &authority->issuers.items[index];
}

bool publisher_is_above(const struct issuer *issuer) {
    return issuer->record.kind == ISSUER_ROOT;
}

int64_t publisher_lifetime(const struct authority *authority, const struct issuer *issuer) {
    return publisher_is_above(issuer) ? authority->config.root_crl_lifetime
                                      : authority->config.crl_lifetime;
}

// Nothing is revoked by a root for years: a third of its CRL's life is often enough.
int64_t publisher_period(const struct authority *authority, const struct issuer *issuer) {
    return publisher_is_above(issuer) ? authority->config.root_crl_lifetime / 3
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
    const struct issuer *issuer = publisher_issuer(authority, index);
    return issuer->key != NULL && is_within_life(issuer, now) &&
           !is_done(issuer, &authority->publisher.lines[index]);
}

bool publisher_line_is_due(const struct authority *authority, size_t index, int64_t now) {
    const struct crl_line *line = &authority->publisher.lines[index];
    if (!can_make(authority, index, now)) {
        return false;
    }
    int64_t period = publisher_period(authority, publisher_issuer(authority, index));
    return line->is_outdated || line->crl.number == 0 ||
           crl_lies_ahead(line->crl.this_update, now) ||
           now >= line->crl.this_update + period || now >= line->crl.next_update - period;
}

void publisher_mark_outdated(struct authority *authority, int64_t issuer_id) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (publisher_issuer(authority, i)->record.id == issuer_id) {
            authority->publisher.lines[i].is_outdated = true;
        }
    }
}

bool publisher_is_due(const struct authority *authority, int64_t now) {
    bool is_any_due = authority->publisher.has_news;
    for (size_t i = 0; i < authority->issuers.count; i++) {
        is_any_due = is_any_due || publisher_line_is_due(authority, i, now);
    }
    return is_any_due;
}

bool publisher_takes_long(const struct authority *authority, int64_t now) {
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (publisher_line_is_due(authority, i, now) &&
            authority->publisher.lines[i].crl.entry_count > ENTRIES_AT_ONCE) {
            return true;
        }
    }
    return false;
}

const struct published_crl *publisher_crl(const struct authority *authority,
                                          const char *issuer_name) {
    static const struct published_crl none = {0};
    for (size_t i = 0; i < authority->issuers.count; i++) {
        if (strcmp(publisher_issuer(authority, i)->record.name, issuer_name) == 0) {
            return &authority->publisher.lines[i].crl;
        }
    }
    return &none;
}

struct published_crl publisher_summary(const struct issuer *issuer,
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

// A crash between a revocation and its CRL must not keep the revocation from taking effect.
static enum result find_unpublished(struct authority *authority, size_t index,
                                    struct error *err) {
    const struct issuer *issuer = publisher_issuer(authority, index);
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

// The store may be an older one that was restored: then later CRLs have been published, which a next
// one exceeds, for numbers and dates follow the clock. A CRL more for each start is nothing; a start after
// a crash has just made one.
static void expect_a_restored_store(struct authority *authority, size_t index, int64_t now) {
    struct crl_line *line = &authority->publisher.lines[index];
    line->is_outdated =
        line->is_outdated || (can_make(authority, index, now) &&
                              now - line->crl.this_update > 2 * CRL_BACKDATE_SECONDS);
}

// Nothing is issued by a retired CA any more, so this stays true.
static enum result find_last_end(struct authority *authority, size_t index, struct error *err) {
    const struct issuer *issuer = publisher_issuer(authority, index);
    if (issuer->record.retired_at == 0) {
        return RESULT_OK;
    }
    struct issuer_usage usage = {0};
    TRY(store_issuer_usage(authority->store, issuer->record.id, clock_now(), &usage, err));
    authority->publisher.lines[index].last_not_after = usage.last_not_after;
    return RESULT_OK;
}

enum result publisher_start(struct authority *authority, struct error *err) {
    TRY(publisher_certificates(authority, err));
    TRY(publisher_refresh(authority, err));
    for (size_t i = 0; i < authority->issuers.count; i++) {
        TRY(find_unpublished(authority, i, err));
        TRY(find_last_end(authority, i, err));
        expect_a_restored_store(authority, i, clock_now());
    }
    return RESULT_OK;
}

// --- making CRLs -----------------------------------------------------------------------------

enum result publisher_record(struct authority *authority, const struct peer *peer,
                             const struct issuer *issuer, const struct published_crl *crl,
                             bool clock_went_back, struct error *err) {
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&detail, 256);
    TRY(buf_printf(&detail, "number=%lld entries=%lld bytes=%zu%s", (long long)crl->number,
                   (long long)crl->entry_count, crl->size,
                   clock_went_back ? " the last one lies ahead: the clock was set back" : ""));
    return decision_record(authority, peer,
                           clock_went_back ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
                           "crl published", issuer->record.name, buf_string(&detail), err);
}

static enum result make(struct authority *authority, const struct peer *peer,
                        const struct issuer *issuer, int64_t now, int64_t lifetime,
                        struct published_crl *out_crl, struct error *err) {
    AUTO(crl_record_clear) struct crl_record record = {0};
    size_t size = 0;
    bool clock_went_back = false;
    TRY(crl_make(authority->store, issuer, now, lifetime, &record, &size, &clock_went_back,
                 err));
    *out_crl = publisher_summary(issuer, &record, size);
    return publisher_record(authority, peer, issuer, out_crl, clock_went_back, err);
}

enum result publisher_make(struct authority *authority, const struct peer *peer,
                           const struct issuer *issuer, int64_t now, int64_t lifetime,
                           struct error *err) {
    struct published_crl made = {0};
    return make(authority, peer, issuer, now,
                lifetime > 0 ? lifetime : publisher_lifetime(authority, issuer), &made, err);
}

struct making {
    size_t index;
    int64_t now;
};

static enum result make_one(struct authority *authority, void *context, struct error *err) {
    const struct making *making = context;
    return publisher_make(authority, NULL, publisher_issuer(authority, making->index),
                          making->now, 0, err);
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

void publisher_note_failure(struct authority *authority, const struct issuer *issuer,
                            const struct error *failure, struct error *first) {
    struct publisher *publisher = &authority->publisher;
    if (first->result == RESULT_OK || strcmp(first->code, CODE_TOO_SOON) == 0) {
        *first = *failure;
    }
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
        if (!publisher_line_is_due(authority, i, now)) {
            continue;
        }
        struct making making = {.index = i, .now = now};
        struct error failure = {0};
        if (authority_transact(authority, make_one, &making, &failure) == RESULT_OK) {
            authority->publisher.lines[i].is_outdated = false;
            authority->publisher.has_news = true;
            continue;
        }
        publisher_note_failure(authority, publisher_issuer(authority, i), &failure, &first);
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
        if (publisher_issuer(authority, i)->key == NULL && crl->number != 0 &&
            crl_runs_out(crl->this_update, crl->next_update, now)) {
            TRY(warn_of(publisher_issuer(authority, i), crl, now, warnings));
        }
    }
    return RESULT_OK;
}

static enum result add_info(const struct authority *authority, size_t index,
                            const struct published_crl *crl, struct record_list *list) {
    void *added = NULL;
    TRY(record_add(list, &crl_info_type, &added));
    struct crl_info *info = added;
    TRY(text_set(&info->issuer, crl->issuer_name));
    info->number = crl->number;
    info->this_update = crl->this_update;
    info->next_update = crl->next_update;
    info->entries = crl->entry_count;
    info->size = (int64_t)crl->size;
    info->is_being_replaced = publisher_is_replacing(authority, index);
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
            TRY(add_info(authority, place_in_list(authority, rank), &line->crl, list));
        }
    }
    return RESULT_OK;
}

// --- operation -------------------------------------------------------------------------------

static enum result publish_one(struct authority *authority, const struct peer *peer,
                               size_t index, int64_t now, struct crl_page *reply,
                               struct error *err) {
    const struct issuer *issuer = publisher_issuer(authority, index);
    struct crl_line *line = &authority->publisher.lines[index];
    if (line->crl.entry_count > ENTRIES_AT_ONCE) {
        line->is_outdated = true;
        return add_info(authority, index, &line->crl, &reply->crls);
    }
    struct published_crl made = {0};
    TRY(make(authority, peer, issuer, now, publisher_lifetime(authority, issuer), &made, err));
    authority->publisher.has_news = true;
    return add_info(authority, index, &made, &reply->crls);
}

enum result publisher_publish(struct authority *authority, const struct peer *peer,
                              const struct nothing *request, struct crl_page *reply,
                              struct error *err) {
    (void)request;
    int64_t now = clock_now();
    for (size_t rank = 0; rank < authority->issuers.count; rank++) {
        size_t i = place_in_list(authority, rank);
        if (can_make(authority, i, now)) {
            TRY(publish_one(authority, peer, i, now, reply, err));
        }
    }
    return RESULT_OK;
}
