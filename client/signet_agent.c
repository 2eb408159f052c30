// Commands about keeping credentials: the agent, their settings, going back, revoking.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/signet_agent.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "client/device/agent.h"
#include "client/device/agent_config.h"
#include "client/device/agent_loop.h"
#include "client/connect/credential.h"
#include "client/terminal/display.h"
#include "client/device/folder.h"
#include "client/device/ownership.h"
#include "client/device/install.h"
#include "client/device/renew.h"
#include "client/terminal/program.h"
#include "client/device/settings.h"

#define DIR_OPTION                                                                             \
    { "dir", "DIR", "where credentials are kept (default: see the man page)", false, false }

// --- run ---------------------------------------------------------------------------------

const struct option signet_run_options[] = {
    {"dir", "DIR", "a folder of credentials; may be repeated", true, false},
    {"config", "FILE", "names the folders instead (default: " AGENT_CONFIG_FILE " if there)",
     false, false},
    {0},
};

static enum result add_folder(struct text_list *folders, const char *option,
                              struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    buf_init(&folder, LIMIT_PATH_BYTES);
    TRY(credentials_folder(option, &folder, err));
    if (folders->count == LIMIT_AGENT_FOLDERS) {
        return arguments_refuse(err, "dir", "%d folders at most", LIMIT_AGENT_FOLDERS);
    }
    for (size_t i = 0; i < folders->count; i++) {
        if (strcmp(folders->items[i], buf_string(&folder)) == 0) {
            return arguments_refuse(err, "dir", "%s comes twice", folders->items[i]);
        }
    }
    return text_list_add(folders, buf_string(&folder)) == RESULT_OK ? RESULT_OK
                                                                    : error_out_of_memory(err);
}

static enum result find_folders(const struct arguments *arguments, struct text_list *folders,
                                struct error *err) {
    const char *config = arguments_value(arguments, "config");
    for (size_t i = 0; i < arguments->value_count; i++) {
        if (strcmp(arguments->values[i].option->name, "dir") == 0) {
            TRY(add_folder(folders, arguments->values[i].text, err));
        }
    }
    if (folders->count > 0) {
        return config == NULL ? RESULT_OK
                              : arguments_refuse(err, "config", "contradicts --dir");
    }
    const char *environment = getenv(CREDENTIALS_VARIABLE);
    bool has_environment = environment != NULL && *environment != '\0';
    if (config != NULL || (!has_environment && file_exists(AGENT_CONFIG_FILE))) {
        return agent_config_read(config != NULL ? config : AGENT_CONFIG_FILE, folders, err);
    }
    return add_folder(folders, NULL, err);
}

enum result signet_run_agent(const struct arguments *arguments, struct error *err) {
    AUTO(text_list_clear) struct text_list folders = {0};
    TRY(find_folders(arguments, &folders, err));
    return agent_run(&folders, err);
}

// --- one credential ----------------------------------------------------------------------

// The folder of the credential that the operand names, locked. RESULT_NOT_FOUND when it is not
// there.
static enum result open_credential(const struct arguments *arguments, struct buf *out_folder,
                                   struct folder_lock *out_lock, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    struct about about = {0};
    buf_init(&folder, LIMIT_PATH_BYTES);
    buf_init(out_folder, LIMIT_PATH_BYTES);
    TRY(credentials_folder(arguments_value(arguments, "dir"), &folder, err));
    TRY(credential_check_name(arguments->operands[0], err));
    TRY(path_join(out_folder, buf_string(&folder), arguments->operands[0]));
    TRY(credential_read_about(buf_string(out_folder), &about, err));
    message_clear(&about_type, &about);
    return ownership_lock(buf_string(out_folder), out_lock, err);
}

// --- set ---------------------------------------------------------------------------------

const struct option signet_set_options[] = {
    DIR_OPTION,
    SETTINGS_OPTIONS,
    {"no-hook", NULL, "run nothing after a renewal", false, false},
    {"new-key", NULL, "renew with a new key, as is the default", false, false},
    {0},
};

static enum result take_text(const struct arguments *arguments, const char *option,
                             char **member, struct error *err) {
    const char *text = arguments_value(arguments, option);
    if (text == NULL) {
        return RESULT_OK;
    }
    if (*text == '\0') {
        string_free_at(member);
        *member = NULL;
        return RESULT_OK;
    }
    return text_set(member, text) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
}

static bool is_program(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

// As execvp looks for it.
static bool is_in_path(const char *name) {
    const char *path = getenv("PATH");
    if (path == NULL) {
        return true; // whoever runs it has one
    }
    while (*path != '\0') {
        AUTO(buf_clear) struct buf file = {0};
        size_t length = strcspn(path, ":");
        buf_init(&file, LIMIT_PATH_BYTES);
        if (buf_printf(&file, "%.*s/%s", (int)length, path, name) == RESULT_OK &&
            is_program(buf_string(&file))) {
            return true;
        }
        path += length + (path[length] == ':');
    }
    return false;
}

// Told now, and not in the night of the first renewal. The agent runs elsewhere: what begins here
// begins somewhere else there.
static enum result check_program(const char *program, struct error *err) {
    bool is_path = strchr(program, '/') != NULL;
    if (is_path && *program != '/') {
        (void)arguments_refuse(err, "hook", "'%s' begins where you are now", program);
        error_hint(err, "Give the whole path: the agent runs in another folder.");
        return RESULT_INVALID;
    }
    if (is_path ? !is_program(program) : !is_in_path(program)) {
        (void)arguments_refuse(err, "hook", "there is no program %s%s that can be run", program,
                               is_path ? "" : " in PATH");
        error_hint(err, "No shell is involved: the first word is the program's name alone.");
        return RESULT_INVALID;
    }
    return RESULT_OK;
}

static enum result take_hook(const struct arguments *arguments, struct settings *settings,
                             struct error *err) {
    int64_t seconds = settings->hook_seconds;
    TRY(arguments_duration(arguments, "hook-timeout", seconds, &seconds, err));
    if (seconds > LIMIT_HOOK_SECONDS) {
        return arguments_refuse(err, "hook-timeout", "at most %d seconds", LIMIT_HOOK_SECONDS);
    }
    settings->hook_seconds = seconds;
    if (arguments->rest != NULL && arguments_have(arguments, "no-hook")) {
        return arguments_refuse(err, "no-hook", "contradicts --hook");
    }
    if (arguments->rest != NULL || arguments_have(arguments, "no-hook")) {
        text_list_clear(&settings->hook);
    }
    if (arguments->rest != NULL) {
        TRY(check_program(arguments->rest[0], err));
    }
    for (size_t i = 0; arguments->rest != NULL && arguments->rest[i] != NULL; i++) {
        if (i == LIMIT_HOOK_ARGUMENTS) {
            return arguments_refuse(err, "hook", "%d words at most", LIMIT_HOOK_ARGUMENTS);
        }
        if (text_list_add(&settings->hook, arguments->rest[i]) != RESULT_OK) {
            return error_out_of_memory(err);
        }
    }
    return RESULT_OK;
}

enum result signet_take_settings(const struct arguments *arguments, struct settings *settings,
                                 struct error *err) {
    struct folder_access access;
    TRY(take_text(arguments, "owner", &settings->owner, err));
    TRY(take_text(arguments, "group", &settings->group, err));
    TRY(take_text(arguments, "mode", &settings->mode, err));
    TRY(take_hook(arguments, settings, err));
    if (arguments_have(arguments, "keep-key") && arguments_have(arguments, "new-key")) {
        return arguments_refuse(err, "new-key", "contradicts --keep-key");
    }
    settings->keep_key = arguments_have(arguments, "keep-key") ||
                         (settings->keep_key && !arguments_have(arguments, "new-key"));
    return settings_access(settings, &access, err);
}

enum result signet_run_set(const struct arguments *arguments, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    AUTO(folder_unlock) struct folder_lock lock = {0};
    AUTO(settings_clear) struct settings settings = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_PATH_BYTES + 256);
    TRY(open_credential(arguments, &folder, &lock, err));
    TRY(settings_read(buf_string(&folder), &settings, err));
    TRY(signet_take_settings(arguments, &settings, err));
    TRY(settings_write(buf_string(&folder), &settings, err));
    if (arguments->rest != NULL || arguments_have(arguments, "no-hook")) {
        TRY(agent_forget_hook(buf_string(&folder), err));
    }
    if (arguments_have(arguments, "owner") || arguments_have(arguments, "group") ||
        arguments_have(arguments, "mode")) {
        TRY(install_again(buf_string(&folder), err));
    }
    TRY(buf_printf(&text, "Settings of %s are kept in %s/%s.\n", arguments->operands[0],
                   buf_string(&folder), SETTINGS_FILE));
    return program_print(&text, err);
}

// --- rollback ----------------------------------------------------------------------------

const struct option signet_rollback_options[] = {
    DIR_OPTION,
    {0},
};

enum result signet_run_rollback(const struct arguments *arguments, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    AUTO(folder_unlock) struct folder_lock lock = {0};
    AUTO(buf_clear) struct buf text = {0};
    struct about about = {0};
    buf_init(&text, LIMIT_PATH_BYTES + 256);
    TRY(open_credential(arguments, &folder, &lock, err));
    TRY(install_rollback(buf_string(&folder), err));
    TRY(agent_rest(buf_string(&folder), err));
    TRY(credential_read_about(buf_string(&folder), &about, err));
    enum result result = buf_printf(&text, "Back to certificate %s of %s, valid until ",
                                    about.serial, arguments->operands[0]);
    (void)!display_time(about.not_after, &text);
    message_clear(&about_type, &about);
    TRY(result);
    TRY(buf_append_string(&text,
                          ". Run its hook with signet renew, or let the agent do it.\n"));
    return program_print(&text, err);
}

// --- revoke ------------------------------------------------------------------------------

const struct option signet_revoke_options[] = {
    DIR_OPTION,
    {"reason", "REASON", "keyCompromise, superseded, cessationOfOperation, …", false, false},
    {"previous", NULL, "the certificate before the present one instead", false, false},
    {0},
};

// The certificate before the present one. Code "no_generation" where there is none.
static enum result find_before(const char *folder, struct buf *out_path,
                               struct about *out_about, struct error *err) {
    TRY(install_previous(folder, out_path, err));
    return credential_read_about(buf_string(out_path), out_about, err);
}

// The one before is another certificate, and stays good: a person should know.
static enum result mention_previous(const char *folder, const char *name, struct buf *text) {
    AUTO(buf_clear) struct buf path = {0};
    struct about before = {0};
    enum result result = RESULT_OK;
    if (find_before(folder, &path, &before, NULL) == RESULT_OK &&
        before.not_after > clock_now()) {
        result =
            buf_printf(text, "The certificate before it, %s, was not revoked with it and ends ",
                       before.serial);
        (void)!display_time(before.not_after, text);
        (void)!buf_printf(text, ".\nRevoke it, too: signet revoke --previous %s\n", name);
    }
    message_clear(&about_type, &before);
    return result;
}

static enum result revoke_previous(const char *folder, const char *name, const char *reason,
                                   struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    struct about before = {0};
    buf_init(&text, LIMIT_PATH_BYTES + 256);
    enum result result = find_before(folder, &path, &before, err);
    if (result == RESULT_OK) {
        result = renew_revoke(buf_string(&path), reason, err);
    }
    if (result == RESULT_OK) {
        result =
            buf_printf(&text, "Revoked %s, the certificate before the present one of %s.\n",
                       before.serial, name);
    }
    message_clear(&about_type, &before);
    return result == RESULT_OK ? program_print(&text, err) : result;
}

enum result signet_run_revoke(const struct arguments *arguments, struct error *err) {
    AUTO(buf_clear) struct buf folder = {0};
    AUTO(folder_unlock) struct folder_lock lock = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_PATH_BYTES + 1024);
    const char *name = arguments->operands[0];
    const char *reason = arguments_value(arguments, "reason");
    TRY(arguments_choice(arguments, "reason", revocation_reasons, err));
    TRY(open_credential(arguments, &folder, &lock, err));
    if (arguments_have(arguments, "previous")) {
        return revoke_previous(buf_string(&folder), name, reason, err);
    }
    TRY(renew_revoke(buf_string(&folder), reason, err));
    TRY(buf_printf(&text, "Revoked %s. Its files are still in %s.\n", name,
                   buf_string(&folder)));
    if (reason == NULL || strcmp(reason, "keyCompromise") != 0) {
        TRY(mention_previous(buf_string(&folder), name, &text));
    }
    TRY(program_print(&text, err));
    return agent_note_revoked(buf_string(&folder), err);
}
