// Making the CRLs that are due one after the other, in turns, between the requests.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdlib.h>
#include <string.h>

#include "authority/authority.h"
#include "authority/publish/crl_job.h"
#include "authority/publish/publisher_private.h"

// Parts that one transaction lets go of.
#define PARTS_DROPPED 4

struct publisher_turns {
    size_t index;           // of the CA whose turn it is
    struct store *reader;   // sees the store as it was when the job began
    struct crl_job *job;    // NULL: none for this CA yet
    bool is_made;           // the job is over: it is being stored
    size_t parts;           // that are
    struct crl_record last; // what the job compares with; its DER is that of the publication
    struct error first;     // failure of this round
    bool is_tidy;           // parts of CRLs that are not kept are gone
};

static void end_job(struct publisher_turns *turns) {
    crl_job_free_at(&turns->job);
    if (turns->reader != NULL) {
        store_end_reading(turns->reader);
    }
    turns->last = (struct crl_record){0};
    turns->is_made = false;
    turns->parts = 0;
}

void publisher_turns_free(struct publisher_turns *turns) {
    if (turns != NULL) {
        end_job(turns);
        store_close(turns->reader);
        free(turns);
    }
}

bool publisher_is_replacing(const struct authority *authority, size_t index) {
    const struct publisher_turns *turns = authority->publisher.turns;
    return authority->publisher.lines[index].is_outdated ||
           (turns != NULL && turns->job != NULL && turns->index == index);
}

void publisher_turns_drop(struct authority *authority, size_t index) {
    struct publisher_turns *turns = authority->publisher.turns;
    if (turns != NULL && turns->job != NULL && turns->index == index) {
        end_job(turns);
        authority->publisher.lines[index].is_outdated = true;
    }
}

// --- the beginning of one --------------------------------------------------------------------

// A borrowed view of the last CRL as it is published; NULL without one.
static const struct crl_record *last_of(struct authority *authority, size_t index,
                                        struct crl_record *record) {
    const struct published_crl *crl = &authority->publisher.lines[index].crl;
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, 256);
    if (crl->number == 0 || buf_printf(&path, "/crl/%s.crl", crl->issuer_name) != RESULT_OK) {
        return NULL;
    }
    const struct publication *document =
        publisher_find(&authority->publisher, buf_string(&path));
    *record = (struct crl_record){
        .number = crl->number,
        .this_update = crl->this_update,
        .next_update = crl->next_update,
        .entry_count = crl->entry_count,
        .der = {.data = document->body.data, .size = document->body.size},
    };
    return record;
}

// From here on what is revoked is for the next one.
static enum result begin_job(struct authority *authority, struct publisher_turns *turns,
                             int64_t now, struct error *err) {
    const struct issuer *issuer = publisher_issuer(authority, turns->index);
    const struct crl_order order = {
        .issuer = issuer,
        .last = last_of(authority, turns->index, &turns->last),
        .now = now,
        .lifetime = publisher_lifetime(authority, issuer),
    };
    if (turns->reader == NULL) {
        TRY(store_open_reader(authority->store, &turns->reader, err));
    }
    TRY(store_begin_reading(turns->reader, err));
    enum result result = crl_job_new(turns->reader, &order, &turns->job, err);
    if (result != RESULT_OK) {
        end_job(turns);
        return result;
    }
    authority->publisher.lines[turns->index].is_outdated = false;
    return RESULT_OK;
}

// --- the end of one --------------------------------------------------------------------------

static enum result store_part(struct authority *authority, void *context, struct error *err) {
    struct publisher_turns *turns = context;
    return store_put_crl_part(authority->store, crl_job_made(turns->job), turns->parts + 1,
                              err);
}

static enum result store_made(struct authority *authority, void *context, struct error *err) {
    struct publisher_turns *turns = context;
    const struct crl_record *made = crl_job_made(turns->job);
    const struct issuer *issuer = publisher_issuer(authority, turns->index);
    struct published_crl crl = publisher_summary(issuer, made, made->der.size);
    TRY(store_finish_crl(authority->store, made, err));
    return publisher_record(authority, NULL, issuer, &crl,
                            crl_job_dates(turns->job)->clock_went_back, err);
}

static enum result finish_job(struct authority *authority, struct publisher_turns *turns,
                              struct error *err) {
    AUTO(crl_record_clear) struct crl_record made = {0};
    bool changed[LIMIT_ISSUERS] = {false};
    TRY(authority_transact(authority, store_made, turns, err));
    crl_job_take(turns->job, &made);
    end_job(turns);
    authority->publisher.has_news = true; // the store knows it, and maybe nobody else will
    changed[turns->index] = true;
    TRY(publisher_show(authority, turns->index, &made, err));
    TRY(publisher_show_bundles(authority, changed, err));
    authority->publisher.has_news = false;
    return RESULT_OK;
}

// --- turns -----------------------------------------------------------------------------------

// One that cannot be made does not keep the others from being made.
static void fail(struct authority *authority, struct publisher_turns *turns,
                 const struct error *failure) {
    end_job(turns);
    authority->publisher.lines[turns->index].is_outdated = true;
    publisher_note_failure(authority, publisher_issuer(authority, turns->index), failure,
                           &turns->first);
    turns->index++;
}

// The parts in a transaction each, and the record last, which makes a CRL of them.
static enum result go_on_storing(struct authority *authority, struct publisher_turns *turns,
                                 struct error *err) {
    if (turns->parts < store_crl_parts(crl_job_made(turns->job))) {
        TRY(authority_transact(authority, store_part, turns, err));
        turns->parts++;
        return RESULT_OK;
    }
    TRY(finish_job(authority, turns, err));
    turns->index++;
    return RESULT_OK;
}

static enum result go_on(struct authority *authority, struct publisher_turns *turns,
                         struct error *err) {
    return turns->is_made ? go_on_storing(authority, turns, err)
                          : crl_job_go_on(turns->job, &turns->is_made, err);
}

static enum result start(struct authority *authority, struct publisher_turns **out_turns,
                         struct error *err) {
    if (authority->publisher.has_news) {
        TRY(publisher_refresh(authority, err)); // an administrator's, made at once
    }
    if (authority->publisher.turns == NULL) {
        authority->publisher.turns = calloc(1, sizeof(**out_turns));
    }
    *out_turns = authority->publisher.turns;
    return *out_turns != NULL ? RESULT_OK : error_out_of_memory(err);
}

static enum result tidy(struct authority *authority, void *context, struct error *err) {
    struct publisher_turns *turns = context;
    size_t dropped = 0;
    TRY(store_drop_crl_parts(authority->store, PARTS_DROPPED, &dropped, err));
    turns->is_tidy = dropped < PARTS_DROPPED;
    return RESULT_OK;
}

static enum result end_round(struct authority *authority, struct publisher_turns *turns,
                             struct error *err) {
    struct error first = turns->first;
    publisher_turns_free(turns);
    authority->publisher.turns = NULL;
    if (first.result == RESULT_OK) {
        authority->publisher.last_failure[0] = '\0';
        return RESULT_OK;
    }
    *err = first;
    return first.result;
}

enum result publisher_go_on(struct authority *authority, int64_t now, bool *out_is_over,
                            struct error *err) {
    struct publisher_turns *turns = NULL;
    struct error failure = {0};
    enum result result = RESULT_OK;
    *out_is_over = true;
    TRY(start(authority, &turns, err));
    while (turns->job == NULL && turns->index < authority->issuers.count &&
           !publisher_line_is_due(authority, turns->index, now)) {
        turns->index++;
    }
    if (turns->index == authority->issuers.count && !turns->is_tidy) {
        *out_is_over = false;
        turns->is_tidy = true; // also when it fails: the next round tries again
        return authority_transact(authority, tidy, turns, err);
    }
    if (turns->index == authority->issuers.count) {
        return end_round(authority, turns, err);
    }
    result = turns->job != NULL ? go_on(authority, turns, &failure)
                                : begin_job(authority, turns, now, &failure);
    if (result != RESULT_OK) {
        fail(authority, turns, &failure);
    }
    *out_is_over = false;
    return RESULT_OK;
}
