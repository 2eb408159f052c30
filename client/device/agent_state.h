// When the agent does what, and what it remembers of each credential. Pure, but for the file.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "client/connect/about.h"

// DIR/NAME/agent.json. `jitter` in thousandths is drawn once for the certificate `serial`. `next`
// is the next try after `failures` in a row, or the next question about a renewal that is held;
// `code`, `problem` and `hint` tell of the last of them, at `failed`. `hooked` names the
// generation that the hook has succeeded for. `revoked` is when we learned that this certificate
// was. The authority was asked for new CAs at `checked`;
// `check_problem` is why that failed.
#define agent_state_FIELDS(F, R)                                                               \
    F(TEXT, serial, LIMIT_SERIAL_TEXT, OPTIONAL)                                               \
    F(INTEGER, jitter, 1000, OPTIONAL)                                                         \
    F(TIME, next, 0, OPTIONAL)                                                                 \
    F(INTEGER, failures, 1000000, OPTIONAL)                                                    \
    F(TEXT, code, 32, OPTIONAL)                                                                \
    F(TEXT, problem, 512, OPTIONAL)                                                            \
    F(TEXT, hint, 512, OPTIONAL)                                                               \
    F(TIME, failed, 0, OPTIONAL)                                                               \
    F(TIME, revoked, 0, OPTIONAL)                                                              \
    F(TIME, renewed, 0, OPTIONAL)                                                              \
    F(TEXT, hooked, 512, OPTIONAL)                                                             \
    F(TIME, hook_next, 0, OPTIONAL)                                                            \
    F(INTEGER, hook_failures, 1000000, OPTIONAL)                                               \
    F(TEXT, hook_problem, 512, OPTIONAL)                                                       \
    F(TIME, checked, 0, OPTIONAL)                                                              \
    F(TEXT, check_problem, 512, OPTIONAL)

MESSAGE_DECLARE(agent_state);

void agent_state_clear(struct agent_state *state);
// Zeroed when there is none, or a damaged one: it holds nothing that cannot be had again.
void agent_state_read(const char *folder, struct agent_state *out_state);
// Durable on return.
enum result agent_state_write(const char *folder, const struct agent_state *state,
                              struct error *err);

// Begins anew at `now`, with a jitter drawn by `chance` (any number), when the certificate is
// another than before.
enum result agent_state_follow(struct agent_state *state, const struct about *about,
                               int64_t now, uint64_t chance);
// The moment of the first try: within the first quarter of the time between the moment that the
// authority names and the end, so that devices that were made together spread.
int64_t agent_due(const struct agent_state *state, const struct about *about);
// The moment of the next try, whether it is the first or not.
int64_t agent_next(const struct agent_state *state, const struct about *about);
// Seconds until another try after `failures` in a row: doubling, shortened by up to a quarter by
// `chance`, not below what the server asked for; shorter near the end at `not_after`.
int64_t agent_pause(int64_t failures, int64_t retry_after, int64_t remaining, uint64_t chance);
// Takes note of a renewal at `now` that gave `about`: one that is due again already is left alone
// for as long as after a failure.
enum result agent_state_renewed(struct agent_state *state, const struct about *about,
                                int64_t now, uint64_t chance);
// The moment to ask the authority for new CAs: once a day, the first time within one.
int64_t agent_next_check(const struct agent_state *state);
// Takes note of a question that gave `reason`, NULL: none.
enum result agent_state_check(struct agent_state *state, const struct error *reason,
                              int64_t now);
// Takes note of a failed try at `now`. What an authority holds is no failure.
enum result agent_state_fail(struct agent_state *state, const struct about *about,
                             const struct error *reason, int64_t retry_after, int64_t now,
                             uint64_t chance);
// The same of the hook; NULL: it succeeded, for `generation`.
enum result agent_state_hook(struct agent_state *state, const char *generation,
                             const struct error *reason, int64_t now, uint64_t chance);
// Forgets the hook's failures, and keeps what it has succeeded for.
void agent_state_forget_hook(struct agent_state *state);
