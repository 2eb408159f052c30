// Schedules of the agent.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/agent_state.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/terminal/display.h"

#define STATE_FILE "agent.json"
#define STATE_BYTES 16384
// A try more for a certificate that is about to end costs little; one each second would.
#define PAUSE_LEAST_SECONDS 5
#define CHECK_SECONDS 86400

MESSAGE_DEFINE(agent_state);

void agent_state_clear(struct agent_state *state) {
    message_clear(&agent_state_type, state);
}

// --- file --------------------------------------------------------------------------------

static enum result file_of(const char *folder, struct buf *out) {
    buf_init(out, LIMIT_PATH_BYTES);
    return path_join(out, folder, STATE_FILE);
}

void agent_state_read(const char *folder, struct agent_state *out_state) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, STATE_BYTES);
    *out_state = (struct agent_state){0};
    if (file_of(folder, &path) != RESULT_OK ||
        file_read(buf_string(&path), &text, NULL) != RESULT_OK ||
        message_from_json(&agent_state_type, buf_bytes(&text), out_state, NULL) != RESULT_OK) {
        agent_state_clear(out_state);
        *out_state = (struct agent_state){0};
    }
}

enum result agent_state_write(const char *folder, const struct agent_state *state,
                              struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, STATE_BYTES);
    TRY(file_of(folder, &path));
    TRY(message_to_json(&agent_state_type, state, &text, err));
    TRY(buf_append_byte(&text, '\n'));
    return file_replace(buf_string(&path), buf_bytes(&text), 0644, err);
}

// --- when --------------------------------------------------------------------------------

int64_t agent_due(const struct agent_state *state, const struct about *about) {
    int64_t quarter = (about->not_after - about->renew_after) / 4;
    // Divided first: dates may be centuries apart.
    return about->renew_after + quarter / 1000 * state->jitter +
           quarter % 1000 * state->jitter / 1000;
}

int64_t agent_next(const struct agent_state *state, const struct about *about) {
    return state->next > 0 ? state->next : agent_due(state, about);
}

int64_t agent_pause(int64_t failures, int64_t retry_after, int64_t remaining, uint64_t chance) {
    int64_t pause = LIMIT_AGENT_PAUSE_FIRST_SECONDS;
    for (int64_t i = 1; i < failures && pause < LIMIT_AGENT_PAUSE_SECONDS; i++) {
        pause *= 2;
    }
    pause = pause < LIMIT_AGENT_PAUSE_SECONDS ? pause : LIMIT_AGENT_PAUSE_SECONDS;
    if (remaining > 0 && remaining / 8 < pause) {
        pause = remaining / 8 > PAUSE_LEAST_SECONDS ? remaining / 8 : PAUSE_LEAST_SECONDS;
    }
    pause -= (int64_t)(chance % (uint64_t)(pause / 4 + 1));
    return pause > retry_after ? pause : retry_after;
}

// --- what happened -----------------------------------------------------------------------

static void forget(char **text) {
    string_free_at(text);
    *text = NULL;
}

static void forget_problem(struct agent_state *state) {
    forget(&state->code);
    forget(&state->problem);
    forget(&state->hint);
    state->failures = 0;
    state->next = 0;
    state->failed = 0;
    state->revoked = 0;
}

int64_t agent_next_check(const struct agent_state *state) {
    return state->checked + CHECK_SECONDS;
}

enum result agent_state_follow(struct agent_state *state, const struct about *about,
                               int64_t now, uint64_t chance) {
    // Spread over a day: machines that start together do not ask together.
    if (state->checked == 0 || state->checked > now) {
        state->checked = now - (int64_t)(chance / 1001 % CHECK_SECONDS);
    }
    if (state->serial != NULL && strcmp(state->serial, about->serial) == 0) {
        return RESULT_OK;
    }
    forget_problem(state);
    state->jitter = (int64_t)(chance % 1001);
    return text_set(&state->serial, about->serial);
}

enum result agent_state_renewed(struct agent_state *state, const struct about *about,
                                int64_t now, uint64_t chance) {
    TRY(agent_state_follow(state, about, now, chance));
    int64_t least = now + agent_pause(1, 0, about->not_after - now, chance);
    state->renewed = now;
    state->next = agent_due(state, about) < least ? least : 0;
    return RESULT_OK;
}

// Others chose some of its bytes; nothing but text is kept.
static enum result set_shown(char **member, const char *text) {
    AUTO(buf_clear) struct buf shown = {0};
    buf_init(&shown, 2 * sizeof(((struct error *)NULL)->message));
    forget(member);
    TRY(display_text(text, &shown));
    return shown.size > 0 ? text_set(member, buf_string(&shown)) : RESULT_OK;
}

// For good: what is on hold has another code, and may be released.
static bool says_revoked(const struct error *reason) {
    return strcmp(reason->code, "certificate_revoked") == 0 ||
           strcmp(reason->code, "issuer_revoked") == 0;
}

enum result agent_state_fail(struct agent_state *state, const struct about *about,
                             const struct error *reason, int64_t retry_after, int64_t now,
                             uint64_t chance) {
    state->failures += state->failures < 1000000;
    state->failed = now;
    if (state->revoked == 0 && says_revoked(reason)) {
        state->revoked = now;
    }
    state->next =
        now + agent_pause(state->failures, retry_after, about->not_after - now, chance);
    TRY(set_shown(&state->code, reason->code));
    TRY(set_shown(&state->problem, reason->message));
    return set_shown(&state->hint, reason->hint);
}

enum result agent_state_check(struct agent_state *state, const struct error *reason,
                              int64_t now) {
    state->checked = now;
    forget(&state->check_problem);
    return reason != NULL ? set_shown(&state->check_problem, reason->message) : RESULT_OK;
}

void agent_state_forget_hook(struct agent_state *state) {
    forget(&state->hook_problem);
    state->hook_failures = 0;
    state->hook_next = 0;
}

enum result agent_state_hook(struct agent_state *state, const char *generation,
                             const struct error *reason, int64_t now, uint64_t chance) {
    if (reason == NULL) {
        agent_state_forget_hook(state);
        return text_set(&state->hooked, generation);
    }
    state->hook_failures += state->hook_failures < 1000000;
    state->hook_next = now + agent_pause(state->hook_failures, 0, 0, chance);
    return set_shown(&state->hook_problem, reason->message);
}
