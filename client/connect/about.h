// What is known about an installed credential beside its certificate: about.json, and `status`.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/messages.h"

// In about.json. Renewal is due from `renew_after` on.
#define about_FIELDS(F, R)                                                                     \
    F(TEXT, serial, LIMIT_SERIAL_TEXT, REQUIRED)                                               \
    F(TEXT, profile, LIMIT_PROFILE_NAME, REQUIRED)                                             \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TIME, not_before, 0, REQUIRED)                                                           \
    F(TIME, not_after, 0, REQUIRED)                                                            \
    F(TIME, renew_after, 0, REQUIRED)

// One line of `signet status --json`. `state` is "valid" or "due", or that it is of no use now:
// "expired", "future", "revoked" (since when we know is `revoked`), "held", "unsafe" (others may
// have the key) or "damaged"; `problem` and `hint` tell of the last two, of which the rest may be
// missing. `key_fingerprint` is of the public key. The rest is what the agent keeps:
// when it tries next, what went wrong at its last try (`last_error` at `failed`, for the
// `failures`th time in a row), and whether the hook has still to succeed ("pending", else "done",
// or absent without one).
#define credential_status_FIELDS(F, R)                                                         \
    F(TEXT, name, 256, REQUIRED)                                                               \
    F(TEXT, folder, LIMIT_PATH_BYTES, REQUIRED)                                                \
    F(TEXT, state, 16, REQUIRED)                                                               \
    F(TEXT, problem, 1024, OPTIONAL)                                                           \
    F(TEXT, hint, 512, OPTIONAL)                                                               \
    F(TEXT, serial, LIMIT_SERIAL_TEXT, OPTIONAL)                                               \
    F(TEXT, profile, LIMIT_PROFILE_NAME, OPTIONAL)                                             \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TIME, not_before, 0, OPTIONAL)                                                           \
    F(TIME, not_after, 0, OPTIONAL)                                                            \
    F(TIME, renew_after, 0, OPTIONAL)                                                          \
    F(TEXT, key_fingerprint, LIMIT_FINGERPRINT_TEXT, OPTIONAL)                                 \
    F(TIME, revoked, 0, OPTIONAL)                                                              \
    F(TIME, next, 0, OPTIONAL)                                                                 \
    F(TIME, renewed, 0, OPTIONAL)                                                              \
    F(TEXT, last_error, 512, OPTIONAL)                                                         \
    F(TEXT, last_code, 32, OPTIONAL)                                                           \
    F(TIME, failed, 0, OPTIONAL)                                                               \
    F(INTEGER, failures, 1000000, OPTIONAL)                                                    \
    F(TEXT, hook, 16, OPTIONAL)                                                                \
    F(TEXT, hook_error, 512, OPTIONAL)

// An enrollment that waits for approval, or was interrupted (then without `expires`). `state` is
// "waiting", "interrupted" or "expired".
#define enrollment_status_FIELDS(F, R)                                                         \
    F(TEXT, code, LIMIT_CODE_TEXT, REQUIRED)                                                   \
    F(TEXT, state, 16, REQUIRED)                                                               \
    F(TEXT, profile, LIMIT_PROFILE_NAME, OPTIONAL)                                             \
    F(TEXTS, names, LIMIT_NAMES, OPTIONAL)                                                     \
    F(TEXT, url, LIMIT_URL_BYTES, REQUIRED)                                                    \
    F(TIME, created, 0, REQUIRED)                                                              \
    F(TIME, expires, 0, OPTIONAL)                                                              \
    F(TEXT, key_fingerprint, LIMIT_FINGERPRINT_TEXT, OPTIONAL)

#define status_page_FIELDS(F, R)                                                               \
    R(credentials, credential_status, LIMIT_CREDENTIALS)                                       \
    R(pending, enrollment_status, LIMIT_CREDENTIALS)

MESSAGE_DECLARE(about);
MESSAGE_DECLARE(credential_status);
MESSAGE_DECLARE(enrollment_status);
MESSAGE_DECLARE(status_page);
