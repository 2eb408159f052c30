// A key and its request that wait for a certificate: kept on disk, so that asking again is the
// same question and gets the same answer. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"
#include "client/device/device_key.h"
#include "client/device/folder.h"
#include "x509/key.h"
#include "x509/names.h"

// PATH/key.pem (0600; or key.uri), PATH/request.pem and PATH/lock, in one folder. Zeroed memory holds
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
// return. `serial_number` is what the request claims to be of; NULL: none.
enum result pending_open(const char *path, const struct device_key_wish *key,
                         const char *serial_number, const struct names *names,
                         struct pending *out_pending, struct error *err);
// Locks what is there, to be discarded; nothing is opened or made. RESULT_CONFLICT, code "busy", when
// another signet is at it.
enum result pending_take(const char *path, struct pending *out_pending, struct error *err);
// Unlocks; the files stay for the next try.
void pending_clear(struct pending *pending);
// Removes the folder: its certificate is installed.
enum result pending_finish(struct pending *pending, struct error *err);
// Removes the folder and what was made on a token: no certificate will ever come of the request.
enum result pending_discard(struct pending *pending, struct error *err);
