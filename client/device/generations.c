// Looking at numbered folders, and removing those that nobody needs any more.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/generations.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/connect/credential.h"
#include "client/device/agent_state.h"
#include "client/device/device_key.h"
#include "client/device/folder.h"
#include "client/device/settings.h"

// --- where they are ----------------------------------------------------------------------

// The number that `current` leads to; 0 when there is none.
static enum result read_current(const char *link, int64_t *out_number, struct error *err) {
    char target[64];
    ssize_t size = readlink(link, target, sizeof(target));
    if (size < 0 && errno == ENOENT) {
        *out_number = 0;
        return RESULT_OK;
    }
    struct bytes text = bytes_of(target, size > 0 ? (size_t)size : 0);
    const size_t prefix = sizeof(CREDENTIAL_GENERATIONS "/") - 1;
    if (text.size <= prefix || memcmp(text.data, CREDENTIAL_GENERATIONS "/", prefix) != 0 ||
        text_read_int64(bytes_slice(text, prefix, text.size), 1, INT64_MAX - 2, out_number) !=
            RESULT_OK) {
        (void)error_set_code(err, RESULT_CONFLICT, "misconfigured",
                             "%s is not a link to " CREDENTIAL_GENERATIONS "/N", link);
        error_hint(err, "Move it away, or install under another name.");
        return RESULT_CONFLICT;
    }
    return RESULT_OK;
}

void generations_clear(struct generations *all) {
    buf_clear(&all->link);
    buf_clear(&all->folder);
}

enum result generations_open(const char *credential, struct generations *out_all,
                             struct error *err) {
    out_all->credential = credential;
    buf_init(&out_all->link, LIMIT_PATH_BYTES);
    buf_init(&out_all->folder, LIMIT_PATH_BYTES);
    TRY(path_join(&out_all->link, credential, CREDENTIAL_CURRENT));
    TRY(path_join(&out_all->folder, credential, CREDENTIAL_GENERATIONS));
    return read_current(buf_string(&out_all->link), &out_all->number, err);
}

enum result generations_path(const struct generations *all, int64_t number, struct buf *out) {
    buf_init(out, LIMIT_PATH_BYTES);
    return buf_printf(out, "%s/%lld", buf_string(&all->folder), (long long)number);
}

// Calls `visit` with the number of every generation.
static void visit_all(const struct generations *all,
                      void (*visit)(const struct generations *all, int64_t number,
                                    void *context),
                      void *context) {
    AUTO(text_list_clear) struct text_list names = {0};
    if (folder_list(buf_string(&all->folder), &names, NULL) != RESULT_OK) {
        return;
    }
    for (size_t i = 0; i < names.count; i++) {
        int64_t number = 0;
        if (text_read_int64(bytes_of_string(names.items[i]), 0, INT64_MAX, &number) ==
            RESULT_OK) {
            visit(all, number, context);
        }
    }
}

// --- which of them -----------------------------------------------------------------------

// The serial number of what is in a folder; NULL where nobody can tell. To be freed.
static char *read_serial(const char *folder) {
    struct about about = {0};
    char *serial = NULL;
    if (credential_read_about(folder, &about, NULL) == RESULT_OK) {
        serial = about.serial;
        about.serial = NULL;
    }
    message_clear(&about_type, &about);
    return serial;
}

static bool has_serial(const struct generations *all, int64_t number, const char *serial) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(string_free_at) char *its = NULL;
    if (serial == NULL || generations_path(all, number, &path) != RESULT_OK) {
        return false;
    }
    its = read_serial(buf_string(&path));
    return its != NULL && strcmp(its, serial) == 0;
}

struct search {
    const char *serial;
    int64_t found;
};

static void find_other_before(const struct generations *all, int64_t number, void *context) {
    struct search *search = context;
    if (number < all->number && number > search->found &&
        !has_serial(all, number, search->serial)) {
        search->found = number;
    }
}

int64_t generations_before(const struct generations *all) {
    AUTO(string_free_at) char *present = read_serial(buf_string(&all->link));
    struct search search = {.serial = present};
    visit_all(all, find_other_before, &search);
    return search.found;
}

static void find_serial(const struct generations *all, int64_t number, void *context) {
    struct search *search = context;
    if (number != all->number && number > search->found &&
        has_serial(all, number, search->serial)) {
        search->found = number;
    }
}

static bool has_hook(const struct generations *all) {
    AUTO(settings_clear) struct settings settings = {0};
    return settings_read(all->credential, &settings, NULL) == RESULT_OK &&
           settings.hook.count > 0;
}

int64_t generations_hooked(const struct generations *all) {
    AUTO(agent_state_clear) struct agent_state state = {0};
    agent_state_read(all->credential, &state);
    // "generations/N:SERIAL": the number may have been another's since.
    const char *colon = state.hooked != NULL ? strrchr(state.hooked, ':') : NULL;
    struct search search = {.serial = colon != NULL ? &colon[1] : NULL};
    if (colon == NULL || !has_hook(all) || has_serial(all, all->number, search.serial)) {
        return 0;
    }
    visit_all(all, find_serial, &search);
    return search.found;
}

int64_t generations_next(const struct generations *all) {
    int64_t next = all->number + 1;
    return next == generations_hooked(all) ? next + 1 : next;
}

// --- removing ----------------------------------------------------------------------------

#define KEPT 3

// The present one and those that stay beside it, and their folders, for keys on tokens.
struct kept {
    int64_t numbers[KEPT];
    struct buf paths[KEPT];
    const char *folders[KEPT + 1]; // ended by NULL
};

static void kept_clear(struct kept *kept) {
    for (size_t i = 0; i < KEPT; i++) {
        buf_clear(&kept->paths[i]);
    }
}

static enum result find_kept(const struct generations *all, struct kept *kept) {
    const int64_t numbers[KEPT] = {all->number, generations_before(all),
                                   generations_hooked(all)};
    for (size_t i = 0; i < KEPT; i++) {
        kept->numbers[i] = numbers[i];
        TRY(generations_path(all, numbers[i], &kept->paths[i]));
        kept->folders[i] = buf_string(&kept->paths[i]);
    }
    return RESULT_OK;
}

// While its key is on the token the folder stays, too: it says which one is still to be removed.
static void remove_other(const struct generations *all, int64_t number, void *context) {
    const struct kept *kept = context;
    AUTO(buf_clear) struct buf path = {0};
    for (size_t i = 0; i < KEPT; i++) {
        if (number == kept->numbers[i]) {
            return;
        }
    }
    if (generations_path(all, number, &path) == RESULT_OK &&
        device_key_remove(buf_string(&path), kept->folders, NULL) == RESULT_OK) {
        (void)folder_remove(buf_string(&path), NULL);
    }
}

void generations_prune(const struct generations *all) {
    AUTO(kept_clear) struct kept kept = {0};
    if (find_kept(all, &kept) == RESULT_OK) {
        visit_all(all, remove_other, &kept);
    }
}
