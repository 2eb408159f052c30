// Steps of one credential's turn.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/agent.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/random.h"
#include "client/device/agent_state.h"
#include "client/connect/credential.h"
#include "client/device/folder.h"
#include "client/device/ownership.h"
#include "client/device/install.h"
#include "client/device/reload.h"
#include "client/device/renew.h"
#include "client/device/rollover.h"
#include "client/device/settings.h"

#define REST_SECONDS 86400

// A turn as it goes on.
struct turn {
    const char *folder;
    const char *name;
    struct agent_state state;
    struct settings settings;
    struct agent_report *report;
};

static void turn_clear(struct turn *turn) {
    agent_state_clear(&turn->state);
    settings_clear(&turn->settings);
}

// Jitter needs no secrecy: without randomness everything is due at once, which is allowed.
static uint64_t draw(void) {
    uint64_t chance = 0;
    return random_bytes((uint8_t *)&chance, sizeof(chance), NULL) == RESULT_OK ? chance : 0;
}

// Names what is installed: number and serial, so that a number that is used again after a
// rollback is another.
static enum result name_generation(const char *folder, const struct about *about,
                                   struct buf *out) {
    AUTO(buf_clear) struct buf link = {0};
    char target[128];
    buf_init(&link, LIMIT_PATH_BYTES);
    buf_init(out, 512);
    TRY(path_join(&link, folder, CREDENTIAL_CURRENT));
    ssize_t size = readlink(buf_string(&link), target, sizeof(target));
    TRY(buf_append(out, bytes_of(target, size > 0 ? (size_t)size : 0)));
    return buf_printf(out, ":%s", about->serial);
}

static enum result read_about(struct turn *turn, struct error *err) {
    message_clear(&about_type, &turn->report->about);
    turn->report->about = (struct about){0};
    TRY(credential_read_about(turn->folder, &turn->report->about, err));
    return agent_state_follow(&turn->state, &turn->report->about, clock_now(), draw()) ==
                   RESULT_OK
               ? RESULT_OK
               : error_out_of_memory(err);
}

// --- the hook ----------------------------------------------------------------------------

// A variable is not set for a file that the credential does not have. Paths are whole: a hook may
// change its folder.
static enum result put_path(const char *variable, const char *folder, const char *file) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(string_free_at) char *whole = *folder != '/' ? realpath(folder, NULL) : NULL;
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(path_join(&path, whole != NULL ? whole : folder, CREDENTIAL_CURRENT));
    TRY(file != NULL ? buf_printf(&path, "/%s", file) : RESULT_OK);
    if (file != NULL && !file_exists(buf_string(&path))) {
        return unsetenv(variable) == 0 ? RESULT_OK : RESULT_INTERNAL;
    }
    return setenv(variable, buf_string(&path), 1) == 0 ? RESULT_OK : RESULT_INTERNAL;
}

static enum result put_environment(const struct turn *turn) {
    static const struct {
        const char *variable, *file;
    } paths[] = {
        {"SIGNET_FOLDER", NULL},
        {"SIGNET_KEY", CREDENTIAL_KEY},
        {"SIGNET_KEY_URI", CREDENTIAL_KEY_URI},
        {"SIGNET_CERTIFICATE", CREDENTIAL_CERTIFICATE},
        {"SIGNET_CHAIN", CREDENTIAL_CHAIN},
        {"SIGNET_FULLCHAIN", CREDENTIAL_FULL_CHAIN},
        {"SIGNET_COMBINED", CREDENTIAL_COMBINED},
        {"SIGNET_CA", CREDENTIAL_TRUST},
    };
    AUTO(buf_clear) struct buf end = {0};
    buf_init(&end, 64);
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        TRY(put_path(paths[i].variable, turn->folder, paths[i].file));
    }
    TRY(time_format_rfc3339(turn->report->about.not_after, &end));
    bool is_put = setenv("SIGNET_NAME", turn->name, 1) == 0 &&
                  setenv("SIGNET_SERIAL", turn->report->about.serial, 1) == 0 &&
                  setenv("SIGNET_NOT_AFTER", buf_string(&end), 1) == 0;
    return is_put ? RESULT_OK : RESULT_INTERNAL;
}

static enum result call_hook(const struct turn *turn, struct error *err) {
    char *arguments[LIMIT_HOOK_ARGUMENTS + 1] = {0};
    for (size_t i = 0; i < turn->settings.hook.count && i < LIMIT_HOOK_ARGUMENTS; i++) {
        arguments[i] = turn->settings.hook.items[i];
    }
    if (put_environment(turn) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    int64_t seconds = turn->settings.hook_seconds;
    return reload_run_within(arguments, seconds > 0 ? (int)seconds : LIMIT_RELOAD_SECONDS, err);
}

static bool is_hooked(const struct agent_state *state, const char *generation) {
    return state->hooked != NULL && strcmp(state->hooked, generation) == 0;
}

static enum result run_hook(struct turn *turn, enum agent_mode mode, struct error *err) {
    AUTO(buf_clear) struct buf generation = {0};
    struct error reason = {0};
    TRY(name_generation(turn->folder, &turn->report->about, &generation));
    if (turn->settings.hook.count == 0 || is_hooked(&turn->state, buf_string(&generation))) {
        return RESULT_OK;
    }
    int64_t now = clock_now();
    // What is newly installed is told at once, whatever failed before.
    bool is_new = turn->report->is_renewed || turn->report->has_new_cas;
    if (mode == AGENT_WHEN_DUE && now < turn->state.hook_next && !is_new) {
        return RESULT_OK;
    }
    enum result result = call_hook(turn, &reason);
    turn->report->is_hooked = result == RESULT_OK;
    if (agent_state_hook(&turn->state, buf_string(&generation),
                         result == RESULT_OK ? NULL : &reason, clock_now(),
                         draw()) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    if (result != RESULT_OK && err != NULL) {
        *err = reason;
        error_context(err, "the hook of %s", turn->name);
        error_hint(err, "It is run again until it succeeds; the certificate is installed.");
    }
    return result;
}

// --- renewal -----------------------------------------------------------------------------

static int64_t moment(const struct turn *turn, enum agent_mode mode) {
    const struct about *about = &turn->report->about;
    switch (mode) {
    case AGENT_FORCED:
        return INT64_MIN;
    case AGENT_WHEN_ALLOWED:
        return about->renew_after;
    case AGENT_AT_ONCE:
        return agent_due(&turn->state, about);
    case AGENT_WHEN_DUE:
        break;
    }
    return agent_next(&turn->state, about);
}

static enum result renew(struct turn *turn, struct error *err) {
    struct error reason = {0};
    int64_t retry_after = 0;
    enum result result = renew_locked(turn->folder, &retry_after, &reason);
    if (result == RESULT_OK) {
        turn->report->is_renewed = true;
        TRY(read_about(turn, err));
        return agent_state_renewed(&turn->state, &turn->report->about, clock_now(), draw()) ==
                       RESULT_OK
                   ? RESULT_OK
                   : error_out_of_memory(err);
    }
    if (agent_state_fail(&turn->state, &turn->report->about, &reason, retry_after, clock_now(),
                         draw()) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    if (err != NULL) {
        *err = reason;
        error_context(err, "%s", turn->name);
    }
    return result;
}

static enum result refuse_undue(const struct turn *turn, enum agent_mode mode,
                                struct error *err) {
    AUTO(buf_clear) struct buf due = {0};
    buf_init(&due, 64);
    TRY(time_format_rfc3339(moment(turn, mode), &due));
    (void)error_set_code(err, RESULT_CONFLICT, "unchanged",
                         "renewal of %s is not due before %s, nothing was changed", turn->name,
                         buf_string(&due));
    error_hint(err, "Renew all the same with --force.");
    return RESULT_CONFLICT;
}

// Known CAs before they are needed. That the authority cannot be asked today is noted, and no harm.
static enum result look_for_cas(struct turn *turn, struct error *err) {
    struct error reason = {0};
    if (clock_now() < agent_next_check(&turn->state)) {
        return RESULT_OK;
    }
    enum result result = rollover_check(turn->folder, &turn->report->has_new_cas, &reason);
    if (agent_state_check(&turn->state, result == RESULT_OK ? NULL : &reason, clock_now()) !=
        RESULT_OK) {
        return error_out_of_memory(err);
    }
    return RESULT_OK;
}

// The hook runs also where the renewal failed: it may still owe something to the one before.
static enum result act(struct turn *turn, enum agent_mode mode, struct error *err) {
    struct error hook_error = {0};
    bool is_due = clock_now() >= moment(turn, mode);
    enum result result = is_due ? renew(turn, err) : look_for_cas(turn, err);
    enum result hooked = run_hook(turn, mode, &hook_error);
    if (result == RESULT_OK && hooked != RESULT_OK) {
        turn->report->has_hook_failed = true;
        *err = hook_error;
        return hooked;
    }
    bool has_acted = is_due || turn->report->is_hooked || turn->report->has_new_cas;
    return has_acted || result != RESULT_OK ? result : refuse_undue(turn, mode, err);
}

// The first failure says more than that it could not be noted.
static enum result keep(const struct turn *turn, enum result result, struct error *err) {
    struct error reason = {0};
    if (agent_state_write(turn->folder, &turn->state, &reason) == RESULT_OK ||
        result != RESULT_OK) {
        return result;
    }
    return error_set_code(err, RESULT_UNAVAILABLE, "state_not_kept", "%s", reason.message);
}

static bool is_credential(const char *folder) {
    AUTO(buf_clear) struct buf link = {0};
    buf_init(&link, LIMIT_PATH_BYTES);
    return path_join(&link, folder, CREDENTIAL_CURRENT) == RESULT_OK &&
           file_exists(buf_string(&link));
}

enum result agent_step(const char *folder, const char *name, enum agent_mode mode,
                       struct agent_report *out_report, struct error *err) {
    AUTO(turn_clear) struct turn turn = {.folder = folder, .name = name, .report = out_report};
    struct error reason = {0};
    // Looked at before locking, so that a name that does not exist is not made by the lock.
    if (!is_credential(folder)) {
        AUTO(credential_clear) struct credential none = {0};
        enum result result = credential_read(folder, &none, err);
        return result != RESULT_OK
                   ? result
                   : error_set_code(err, RESULT_INVALID, "misconfigured",
                                    "%s was not installed by signet enroll", folder);
    }
    AUTO(folder_unlock) struct folder_lock lock = {0};
    TRY(ownership_lock(folder, &lock, err));
    install_tidy(folder);
    agent_state_read(folder, &turn.state);
    TRY(settings_read(folder, &turn.settings, err));
    TRY(read_about(&turn, err));
    renew_tidy(folder, out_report->about.serial);
    enum result result = act(&turn, mode, &reason);
    result = keep(&turn, result, &reason);
    if (err != NULL) {
        *err = reason;
    }
    return result;
}

// --- looking -----------------------------------------------------------------------------

static bool is_pending(const char *folder, const struct agent_state *state,
                       const struct about *about) {
    AUTO(settings_clear) struct settings settings = {0};
    AUTO(buf_clear) struct buf generation = {0};
    return settings_read(folder, &settings, NULL) == RESULT_OK && settings.hook.count > 0 &&
           name_generation(folder, about, &generation) == RESULT_OK &&
           !is_hooked(state, buf_string(&generation));
}

enum result agent_find_next(const char *folder, int64_t *out_time, struct error *err) {
    AUTO(agent_state_clear) struct agent_state state = {0};
    struct about about = {0};
    TRY(credential_read_about(folder, &about, err));
    agent_state_read(folder, &state);
    // One that was never looked at gets its jitter first; that is the time now.
    bool is_known = state.serial != NULL && strcmp(state.serial, about.serial) == 0;
    int64_t next = is_known ? agent_next(&state, &about) : 0;
    next = agent_next_check(&state) < next ? agent_next_check(&state) : next;
    if (is_pending(folder, &state, &about) && state.hook_next < next) {
        next = state.hook_next;
    }
    message_clear(&about_type, &about);
    *out_time = next;
    return RESULT_OK;
}

bool agent_is_hook_pending(const char *folder) {
    AUTO(agent_state_clear) struct agent_state state = {0};
    struct about about = {0};
    if (credential_read_about(folder, &about, NULL) != RESULT_OK) {
        return false;
    }
    agent_state_read(folder, &state);
    bool result = is_pending(folder, &state, &about);
    message_clear(&about_type, &about);
    return result;
}

enum result agent_hook_done(const char *folder, const char *serial, struct error *err) {
    AUTO(agent_state_clear) struct agent_state state = {0};
    AUTO(buf_clear) struct buf generation = {0};
    struct about about = {0};
    TRY(credential_read_about(folder, &about, err));
    bool is_installed = strcmp(about.serial, serial) == 0;
    enum result result = name_generation(folder, &about, &generation);
    message_clear(&about_type, &about);
    TRY(result);
    if (!is_installed) {
        return RESULT_OK;
    }
    agent_state_read(folder, &state);
    TRY(agent_state_hook(&state, buf_string(&generation), NULL, clock_now(), draw()));
    return agent_state_write(folder, &state, err);
}

enum result agent_rest(const char *folder, struct error *err) {
    AUTO(agent_state_clear) struct agent_state state = {0};
    struct about about = {0};
    TRY(credential_read_about(folder, &about, err));
    agent_state_read(folder, &state);
    int64_t now = clock_now();
    int64_t half = (about.not_after - now) / 2;
    enum result result = agent_state_follow(&state, &about, now, draw());
    state.next = now + (half < REST_SECONDS ? half : REST_SECONDS);
    int64_t due = agent_due(&state, &about);
    state.next = state.next > due ? state.next : 0;
    message_clear(&about_type, &about);
    return result == RESULT_OK ? agent_state_write(folder, &state, err)
                               : error_out_of_memory(err);
}

enum result agent_note_revoked(const char *folder, struct error *err) {
    AUTO(agent_state_clear) struct agent_state state = {0};
    struct about about = {0};
    TRY(credential_read_about(folder, &about, err));
    agent_state_read(folder, &state);
    enum result result = agent_state_follow(&state, &about, clock_now(), draw());
    state.revoked = clock_now();
    message_clear(&about_type, &about);
    return result == RESULT_OK ? agent_state_write(folder, &state, err)
                               : error_out_of_memory(err);
}

enum result agent_forget_hook(const char *folder, struct error *err) {
    AUTO(agent_state_clear) struct agent_state state = {0};
    agent_state_read(folder, &state);
    if (state.hook_failures == 0) {
        return RESULT_OK;
    }
    agent_state_forget_hook(&state);
    return agent_state_write(folder, &state, err);
}
