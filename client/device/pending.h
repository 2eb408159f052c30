// A key and its request that wait for a certificate: kept on disk, so that asking again is the
// same question and gets the same answer. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "client/device/folder.h"
#include "x509/key.h"
#include "x509/names.h"

// PATH/key.pem (0600), PATH/request.pem and PATH/lock, in one folder. Zeroed memory holds
// nothing. The request is kept too because an ECDSA signature is another one each time, and
// the authority recognises a repetition by the request's bytes.
struct pending {
    struct buf path;
    struct key *key;
    struct buf request; // DER
    struct folder_lock lock;
};

// Locks the folder (made with its parents when missing), and reads what an interrupted run left
// in it; makes key and request when there is none, or a damaged one. Both are durable on
// return.
enum result pending_open(const char *path, enum key_algorithm algorithm,
                         const struct names *names, struct pending *out_pending,
                         struct error *err);
// The same with a copy of this key, whatever key was there.
enum result pending_open_with(const char *path, const struct key *key,
                              const struct names *names, struct pending *out_pending,
                              struct error *err);
// Unlocks; the files stay for the next try.
void pending_clear(struct pending *pending);
// Removes the folder: its certificate is installed.
enum result pending_finish(struct pending *pending, struct error *err);
