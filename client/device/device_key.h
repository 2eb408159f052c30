// Keys of devices in folders: in a file, or on a token, with a note of what signet made there.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "client/connect/credential.h"
#include "x509/key.h"

// Those of generations and of pending requests, by the names in client/connect/credential.h.

// What key is to be made.
struct device_key_wish {
    enum key_algorithm algorithm;
    const char *uri; // NULL: in a file
    // One that is there is never taken, even where the URI names it.
    bool is_fresh;
    // This very key instead of a new one; NULL: a new one. On a token it counts as somebody
    // else's from then on: signet does not remove it any more.
    const struct key *kept;
};

// Opens the key that the folder names, or makes the one that is wished for. What is made on a
// token is noted first, so that an interrupted step goes on with the same key. Durable on return.
enum result device_key_open(const char *folder, const struct device_key_wish *wish,
                            struct key **out_key, struct error *err);
// The folder's key, whoever may read it. RESULT_NOT_FOUND when it has none.
enum result device_key_read(const char *folder, struct key **out_key, struct error *err);
// Signet made the key that the folder names, on a token.
bool device_key_is_made(const char *folder);
// Removes from its token the key that `folder` names, if signet made it and none of the `kept`
// folders (as many as there are before a NULL) names it, too. The folder itself stays.
enum result device_key_remove(const char *folder, const char *const *kept, struct error *err);
