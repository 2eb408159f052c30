// Where signetctl issue keeps key, token and request until the files are written, or it is approved.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire/messages.h"
#include "x509/key.h"

// In XDG_RUNTIME_DIR, which the system keeps in memory, else in TMPDIR or /tmp; for its owner alone.
// The same question has the same folder, so that the same command goes on. Code "not_private" when
// somebody else has made it.
enum result issue_folder_open(const struct token_create *question, enum key_algorithm algorithm,
                              struct buf *out_path, struct error *err);
// The token of a request that waits. RESULT_NOT_FOUND: none does.
enum result issue_folder_read_token(const char *path, struct token_created *out_token,
                                    struct error *err);
enum result issue_folder_keep_token(const char *path, const struct token_created *token,
                                    struct error *err);
