// The queue from the administrators' side: list, show, approve, deny.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/store.h"
#include "wire/messages.h"

struct authority;
struct peer;

enum result request_list(struct authority *authority, const struct peer *peer,
                         const struct request_list *request, struct request_page *reply,
                         struct error *err);
// RESULT_NOT_FOUND (code "request_unknown").
enum result request_show(struct authority *authority, const struct peer *peer,
                         const struct request_show *request, struct request_info *reply,
                         struct error *err);

// Approves what `digest` stands for; the last approval that is needed issues the certificate in
// the same transaction, after policy has looked at it anew. What policy then refuses is the
// answer, and the request waits on without this approval. RESULT_DENIED: "own_request" (the
// administrator asked for it, or made its token or that of a certificate it rests on),
// "token_revoked"; RESULT_CONFLICT: "already_decided" (the message says by whom),
// "request_expired", "already_approved",
// "profile_changed" and "request_changed" (show it again: the digest is another);
// RESULT_NOT_FOUND: "request_unknown", "profile_unknown".
enum result request_approve(struct authority *authority, const struct peer *peer,
                            const struct request_approve *request, struct request_info *reply,
                            struct error *err);
// The reason is told to the requester. RESULT_CONFLICT: "already_decided", "request_expired".
enum result request_deny(struct authority *authority, const struct peer *peer,
                         const struct request_deny *request, struct request_info *reply,
                         struct error *err);

// For the files of this header: the request that an administrator names.
enum result request_find_named(struct authority *authority, const char *id,
                               struct request_record *out_record, struct error *err);
