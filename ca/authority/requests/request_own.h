// Whose request it is: nobody approves their own, whichever way it came.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/error.h"
#include "store/store.h"

struct authority;
struct peer;

// RESULT_DENIED (code "own_request") for the administrator who asked, whose key or certificate it
// is, or who made the token that it came with, or with which the certificates began that it rests
// on: the one to be renewed, or a holder's and those that this one was got with.
enum result request_refuse_own(struct authority *authority, const struct peer *peer,
                               const struct request_record *record, struct error *err);
// The same for whatever approves a key (SHA-256 of its SubjectPublicKeyInfo) without a request.
enum result request_refuse_own_key(struct authority *authority, const struct peer *peer,
                                   struct bytes key_hash, struct error *err);
