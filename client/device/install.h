// Installing key, certificate and chain as one unit: a crash leaves the old set or the new one.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "wire/messages.h"
#include "x509/key.h"

// What one generation is made of; all borrowed. The answer was checked before
// (client/connect/issued.h).
struct installation {
    const struct key *key;
    bool is_key_made; // by signet, on a token
    const struct issued *issued;
    const char *url;    // "https://host:port"
    struct bytes trust; // concatenated DER for ca.pem; empty: root and issuing CA
};

// Files with the key as one file, for HAProxy and the like, and as nginx and Mosquitto take
// them, are all parts of it (client/connect/credential.h).
//
// For a key on a token there is key.uri in place of key.pem, and no combined.pem.
//
// Puts it into `folder` (DIR/NAME, made when missing) as the next generation and moves
// `current` to it. Of the other generations those stay that client/device/generations.h names; what a
// crash left goes.
// key.pem and combined.pem have the owner of the credential's settings (client/device/settings.h); the
// rest belongs to who installs it. Group and mode are the settings', too; what these leave open is
// taken over from the generation before (a broker's group keeps its access); the first has 0600 for
// what holds the key and 0644 for the rest. The caller holds the folder's lock, and root installs
// only where client/device/ownership.h allows it.
enum result install_credential(const char *folder, const struct installation *installation,
                               struct error *err);
// The same files as a new generation, with the access that the settings give now.
enum result install_again(const char *folder, struct error *err);
// The same with another ca.pem, of this concatenated DER.
enum result install_trust(const char *folder, struct bytes trust, struct error *err);
// Removes what a crash left: half a generation, a link that was not moved. Failures cost only
// space. The caller holds the folder's lock.
void install_tidy(const char *folder);
// The folders of the other certificates that are kept, for a peer that does not know the present one
// yet: the last one that the hook has succeeded for first, then the one before the present.
enum result install_others(const char *folder, struct text_list *out_paths, struct error *err);
// The folder of the certificate before; *out_path is initialised here. RESULT_NOT_FOUND, code
// "no_generation", when there is none.
enum result install_previous(const char *folder, struct buf *out_path, struct error *err);
// Moves `current` back to the last generation with another certificate. RESULT_NOT_FOUND, code "no_generation", when
// there is none that is whole; RESULT_DENIED, code "generation_expired", when its certificate
// has ended. The caller holds the folder's lock.
enum result install_rollback(const char *folder, struct error *err);
// Moves that same one away, to be the only one of the new credential `to`, in place of
// what was left there. RESULT_NOT_FOUND, code "no_generation", when there is none. The caller
// holds the lock of `folder`.
enum result install_take_before(const char *folder, const char *to, struct error *err);
