// Looking at installed credentials.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/status.h"

#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "client/device/agent.h"
#include "client/device/agent_state.h"
#include "client/connect/credential.h"
#include "client/device/folder.h"
#include "client/device/settings.h"
#include "client/device/ticket.h"
#include "x509/hash.h"

// What was decided for good goes before what time does.
static const char *state_of(const struct credential_status *line, const struct about *about,
                            int64_t now) {
    if (line->revoked != 0) {
        return "revoked";
    }
    if (line->last_code != NULL && strcmp(line->last_code, "certificate_held") == 0) {
        return "held";
    }
    if (now > about->not_after) {
        return "expired";
    }
    if (now < about->not_before) {
        return "future";
    }
    return now >= about->renew_after ? "due" : "valid";
}

// Moves what is known into the line.
static enum result fill_line(struct credential_status *line, struct about *about) {
    TRY(text_set(&line->state, state_of(line, about, clock_now())));
    line->serial = about->serial;
    line->profile = about->profile;
    line->names = about->names;
    line->not_before = about->not_before;
    line->not_after = about->not_after;
    line->renew_after = about->renew_after;
    *about = (struct about){0};
    return RESULT_OK;
}

static enum result fill_problem(struct credential_status *line, const struct error *reason) {
    bool is_open = strcmp(reason->code, "not_private") == 0;
    TRY(text_set(&line->state, is_open ? "unsafe" : "damaged"));
    TRY(reason->hint[0] != '\0' ? text_set(&line->hint, reason->hint) : RESULT_OK);
    return text_set(&line->problem, reason->message);
}

// What would be refused when it is used, is of no use whatever its dates say.
static enum result fill_use(struct credential_status *line) {
    struct error reason = {0};
    AUTO(buf_clear) struct buf hash = {0};
    buf_init(&hash, 2 * SHA256_SIZE);
    if (credential_key_hash(line->folder, &hash, NULL) == RESULT_OK) {
        TRY(text_set(&line->key_fingerprint, buf_string(&hash)));
    }
    return credential_check(line->folder, &reason) == RESULT_OK ? RESULT_OK
                                                                : fill_problem(line, &reason);
}

static enum result set_if(char **member, const char *text) {
    return text != NULL ? text_set(member, text) : RESULT_OK;
}

// What the agent keeps beside the credential. Its settings are private: for others than their
// owner there is no hook to be seen.
static enum result fill_agent(struct credential_status *line, const struct about *about) {
    AUTO(agent_state_clear) struct agent_state state = {0};
    AUTO(settings_clear) struct settings settings = {0};
    agent_state_read(line->folder, &state);
    bool is_of_this = state.serial != NULL && strcmp(state.serial, about->serial) == 0;
    line->next = is_of_this ? agent_next(&state, about) : about->renew_after;
    line->renewed = state.renewed;
    if (is_of_this) {
        TRY(set_if(&line->last_error, state.problem));
        TRY(set_if(&line->last_code, state.code));
        line->failed = state.failed;
        line->revoked = state.revoked;
        line->failures = state.failures;
    }
    if (settings_read(line->folder, &settings, NULL) != RESULT_OK || settings.hook.count == 0) {
        return RESULT_OK;
    }
    bool is_pending = agent_is_hook_pending(line->folder);
    TRY(is_pending ? set_if(&line->hook_error, state.hook_problem) : RESULT_OK);
    return text_set(&line->hook, is_pending ? "pending" : "done");
}

static enum result inspect(const char *folder, const char *name, struct status_page *page) {
    void *record = NULL;
    TRY(record_add(&page->credentials, &credential_status_type, &record));
    struct credential_status *line = record;
    TRY(text_set(&line->name, name));
    TRY(text_set(&line->folder, folder));
    struct about about = {0};
    struct error reason = {0};
    // Others than the key's owner may ask for the status.
    if (credential_read_about(folder, &about, &reason) != RESULT_OK) {
        return fill_problem(line, &reason);
    }
    enum result result = fill_agent(line, &about);
    if (result == RESULT_OK) {
        result = fill_line(line, &about);
    }
    if (result == RESULT_OK) {
        result = fill_use(line);
    }
    message_clear(&about_type, &about);
    return result;
}

static bool is_credential(const char *folder) {
    AUTO(buf_clear) struct buf link = {0};
    buf_init(&link, LIMIT_PATH_BYTES);
    return path_join(&link, folder, CREDENTIAL_CURRENT) == RESULT_OK &&
           file_exists(buf_string(&link));
}

static enum result collect(const char *folder, const struct text_list *names,
                           struct status_page *page, struct error *err) {
    for (size_t i = 0; i < names->count; i++) {
        AUTO(buf_clear) struct buf path = {0};
        buf_init(&path, LIMIT_PATH_BYTES);
        TRY(path_join(&path, folder, names->items[i]));
        if (is_credential(buf_string(&path)) &&
            inspect(buf_string(&path), names->items[i], page) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    return RESULT_OK;
}

static enum result list_names(const char *folder, const char *name, struct text_list *out_names,
                              struct error *err) {
    if (name != NULL) {
        TRY(credential_check_name(name, err));
        return text_list_add(out_names, name);
    }
    // Nothing enrolled yet is not an error.
    return file_exists(folder) ? folder_list(folder, out_names, err) : RESULT_OK;
}

// --- pending enrollments -----------------------------------------------------------------

static const char *pending_state(const struct ticket *ticket, int64_t now) {
    if (ticket->id == NULL) {
        return "interrupted";
    }
    return now > ticket->expires ? "expired" : "waiting";
}

// Moves what is known into a line.
static enum result add_pending(struct ticket *ticket, struct status_page *page) {
    void *record = NULL;
    TRY(record_add(&page->pending, &enrollment_status_type, &record));
    struct enrollment_status *line = record;
    TRY(text_set(&line->state, pending_state(ticket, clock_now())));
    TRY(text_set(&line->code, ticket->code));
    TRY(text_set(&line->url, ticket->url));
    const char *profile = ticket->profile != NULL ? ticket->profile : ticket->held_profile;
    TRY(profile != NULL ? text_set(&line->profile, profile) : RESULT_OK);
    line->names = ticket->names;
    ticket->names = (struct text_list){0};
    line->key_fingerprint = ticket->key_fingerprint;
    ticket->key_fingerprint = NULL;
    line->created = ticket->created;
    line->expires = ticket->expires;
    return RESULT_OK;
}

// Tickets are private: others than their owner see none, which is no error.
static enum result collect_pending(const char *folder, struct status_page *page,
                                   struct error *err) {
    AUTO(ticket_list_clear) struct ticket_list list = {0};
    TRY(ticket_list_read(folder, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        if (add_pending(&list.items[i], page) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    return RESULT_OK;
}

enum result status_collect(const char *folder, const char *name, struct status_page *out_page,
                           struct error *err) {
    AUTO(text_list_clear) struct text_list names = {0};
    TRY(list_names(folder, name, &names, err));
    struct status_page page = {0};
    enum result result = collect(folder, &names, &page, err);
    if (result == RESULT_OK && name == NULL) {
        result = collect_pending(folder, &page, err);
    }
    if (result == RESULT_OK && name != NULL && page.credentials.count == 0) {
        result = error_set_code(err, RESULT_NOT_FOUND, "misconfigured",
                                "there is no credential %s in %s", name, folder);
        error_hint(err, "signet status --dir '%s' lists those that are there.", folder);
    }
    if (result != RESULT_OK) {
        message_clear(&status_page_type, &page);
        return result;
    }
    *out_page = page;
    return RESULT_OK;
}
