// Settings of a credential in a file.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/settings.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"

#define SETTINGS_BYTES (2 * (size_t)LIMIT_HOOK_ARGUMENTS * LIMIT_LIST_TEXT_BYTES)
#define NAME_SERVICE_BYTES 16384

MESSAGE_DEFINE(settings);

void settings_clear(struct settings *settings) {
    message_clear(&settings_type, settings);
}

static void take_text(char **member, char **from) {
    if (*from != NULL) {
        string_free_at(member);
        *member = *from;
        *from = NULL;
    }
}

void settings_take(struct settings *settings, struct settings *from) {
    take_text(&settings->owner, &from->owner);
    take_text(&settings->group, &from->group);
    take_text(&settings->mode, &from->mode);
    if (from->hook.count > 0) {
        text_list_clear(&settings->hook);
        settings->hook = from->hook;
        from->hook = (struct text_list){0};
    }
    if (from->hook_seconds > 0) {
        settings->hook_seconds = from->hook_seconds;
    }
    settings->keep_key = settings->keep_key || from->keep_key;
}

bool settings_are_empty(const struct settings *settings) {
    return settings->owner == NULL && settings->group == NULL && settings->mode == NULL &&
           settings->hook.count == 0 && settings->hook_seconds == 0 && !settings->keep_key;
}

static enum result file_of(const char *folder, struct buf *out) {
    buf_init(out, LIMIT_PATH_BYTES);
    return path_join(out, folder, SETTINGS_FILE);
}

// It is no secret as keys are: why others are kept out has to be said.
static enum result refuse_file(const char *path, enum result result, struct error *reason,
                               struct error *err) {
    struct stat status;
    if (strcmp(reason->code, "not_private") == 0 && stat(path, &status) == 0) {
        (void)snprintf(reason->message, sizeof(reason->message),
                       "%s says which command is run after a renewal, with all its words, so "
                       "nobody but its owner may open it (mode %04o, user %u)",
                       path, (unsigned)status.st_mode & 07777, (unsigned)status.st_uid);
    }
    if (err != NULL) {
        *err = *reason;
    }
    return result;
}

enum result settings_read(const char *folder, struct settings *out_settings,
                          struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, SETTINGS_BYTES);
    TRY(file_of(folder, &path));
    *out_settings = (struct settings){0};
    if (!file_exists(buf_string(&path))) {
        return RESULT_OK;
    }
    struct error reason = {0};
    const enum result read = file_read_private(buf_string(&path), &text, &reason);
    if (read != RESULT_OK) {
        return refuse_file(buf_string(&path), read, &reason, err);
    }
    if (message_from_json(&settings_type, buf_bytes(&text), out_settings, &reason) !=
        RESULT_OK) {
        settings_clear(out_settings);
        (void)error_set_code(err, RESULT_INVALID, "misconfigured", "%s: %s", buf_string(&path),
                             reason.message);
        error_hint(err, "Write it anew with signet set.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

enum result settings_write(const char *folder, const struct settings *settings,
                           struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, SETTINGS_BYTES);
    TRY(file_of(folder, &path));
    TRY(message_to_json(&settings_type, settings, &text, err));
    TRY(buf_append_byte(&text, '\n'));
    return file_replace(buf_string(&path), buf_bytes(&text), 0600, err);
}

// --- access ------------------------------------------------------------------------------

static enum result find_user(const char *name, uid_t *out_user, struct error *err) {
    char room[NAME_SERVICE_BYTES];
    struct passwd entry;
    struct passwd *found = NULL;
    if (getpwnam_r(name, &entry, room, sizeof(room), &found) != 0 || found == NULL) {
        return error_set_code(err, RESULT_INVALID, "usage", "there is no user %s", name);
    }
    *out_user = found->pw_uid;
    return RESULT_OK;
}

static enum result find_group(const char *name, gid_t *out_group, struct error *err) {
    char room[NAME_SERVICE_BYTES];
    struct group entry;
    struct group *found = NULL;
    if (getgrnam_r(name, &entry, room, sizeof(room), &found) != 0 || found == NULL) {
        return error_set_code(err, RESULT_INVALID, "usage", "there is no group %s", name);
    }
    *out_group = found->gr_gid;
    return RESULT_OK;
}

static enum result read_mode(const char *text, mode_t *out_mode, struct error *err) {
    mode_t mode = 0;
    size_t digits = strspn(text, "01234567");
    for (size_t i = 0; i < digits && i < 4; i++) {
        mode = mode * 8 + (mode_t)(text[i] - '0');
    }
    bool is_number = digits >= 3 && digits <= 4 && text[digits] == '\0';
    if (!is_number || (mode & ~(mode_t)0640) != 0 || (mode & 0400) == 0) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "'%.20s' is no mode for a private key", text);
        error_hint(err, "Use 0600, or 0640 to let a group read it; 0400 and 0440 do too.");
        return RESULT_INVALID;
    }
    *out_mode = mode;
    return RESULT_OK;
}

enum result settings_access(const struct settings *settings, struct folder_access *out_access,
                            struct error *err) {
    struct folder_access access = {.owner = FOLDER_UNCHANGED, .group = FOLDER_UNCHANGED};
    if (settings->owner != NULL) {
        TRY(find_user(settings->owner, &access.owner, err));
    }
    if (settings->group != NULL) {
        TRY(find_group(settings->group, &access.group, err));
    }
    if (settings->mode != NULL) {
        TRY(read_mode(settings->mode, &access.mode, err));
    }
    *out_access = access;
    return RESULT_OK;
}
