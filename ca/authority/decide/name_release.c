// Releasing names that no living certificate carries.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/name_release.h"

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/peer.h"
#include "base/clock.h"

// A name read from its text; `record` is a view of it.
struct named {
    struct names names;
    struct name_record record;
};

static void named_clear(struct named *named) {
    names_clear(&named->names);
}

static enum result read_name(const char *text, struct named *named, struct error *err) {
    enum result result = names_add_text(&named->names, text, err);
    if (result != RESULT_OK) {
        error_field(err, "name");
        return result;
    }
    const struct name *name = &named->names.items[0];
    named->record = (struct name_record){
        .type = (char *)(uintptr_t)name_type_prefix(name->type), .value = name->value};
    return RESULT_OK;
}

static enum result find_owner(struct authority *authority, const struct name_record *name,
                              struct certificate_record *out_owner, struct error *err) {
    enum result result = store_find_name_owner(authority->store, name, out_owner, err);
    if (result != RESULT_NOT_FOUND) {
        return result;
    }
    int64_t released = 0;
    TRY(store_last_name_release(authority->store, name, &released, err));
    if (released != 0) {
        return error_set_code(err, RESULT_CONFLICT, "name_free",
                              "the name %s:%.200s is free already", name->type, name->value);
    }
    (void)error_set_code(err, RESULT_NOT_FOUND, "name_unknown",
                         "no certificate ever carried the name %s:%.200s", name->type,
                         name->value);
    error_field(err, "name");
    error_hint(err, "Copy it from the list of certificates, with its type in front.");
    return RESULT_NOT_FOUND;
}

struct use {
    const struct authority *authority;
    int64_t now;
};

static int64_t greatest_grace(const struct profile_list *profiles) {
    int64_t greatest = 0;
    for (size_t i = 0; i < profiles->count; i++) {
        int64_t grace = profiles->items[i].renew_grace;
        greatest = grace > greatest ? grace : greatest;
    }
    return greatest;
}

static enum result refuse_living(void *context, const struct certificate_record *record,
                                 struct error *err) {
    const struct use *use = context;
    const struct profile *profile =
        profile_find(&use->authority->config.profiles, record->profile);
    int64_t grace = profile == NULL ? 0 : profile->renew_grace;
    if (use->now > record->not_after + grace) {
        return RESULT_OK;
    }
    char serial[CERTIFICATE_SERIAL_TEXT_SIZE];
    serial_text(buf_bytes(&record->serial), serial);
    (void)error_set_code(err, RESULT_CONFLICT, "name_in_use",
                         "certificate %s carries this name and %s", serial,
                         use->now > record->not_after ? "may still renew" : "is valid");
    error_field(err, "name");
    error_hint(err, "Revoke it first: signetctl certificate revoke %s", serial);
    return RESULT_CONFLICT;
}

static enum result release(struct authority *authority, const struct peer *peer,
                           const struct named *named, int64_t now, struct name_released *reply,
                           struct error *err) {
    const struct name_record *name = &named->record;
    AUTO(certificate_record_clear) struct certificate_record owner = {0};
    TRY(find_owner(authority, name, &owner, err));
    struct use use = {.authority = authority, .now = now};
    TRY(store_each_certificate_of_name(authority->store, name,
                                       now - greatest_grace(&authority->config.profiles),
                                       refuse_living, &use, err));
    TRY(store_release_name(authority->store, name, owner.id, now, peer->actor, err));
    TRY(store_count_name(authority->store, name, &reply->certificates, err));
    AUTO(buf_clear) struct buf text = {0};
    AUTO(buf_clear) struct buf detail = {0};
    buf_init(&text, LIMIT_NAME_BYTES + 16);
    buf_init(&detail, 64);
    TRY(name_format(&named->names.items[0], &text));
    TRY(buf_printf(&detail, "certificates=%lld", (long long)reply->certificates));
    if (text_set(&reply->name, buf_string(&text)) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    return decision_record(authority, peer, LOG_LEVEL_INFO, "name released", reply->name,
                           buf_string(&detail), err);
}

enum result name_release(struct authority *authority, const struct peer *peer,
                         const struct name_release *request, struct name_released *reply,
                         struct error *err) {
    AUTO(named_clear) struct named named = {0};
    TRY(read_name(request->name, &named, err));
    return release(authority, peer, &named, clock_now(), reply, err);
}
