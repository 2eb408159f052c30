// Taking certificates off an account: which of them, and that they are gone.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>

#include "base/error.h"
#include "client/xmpp/registered.h"
#include "client/xmpp/xmpp_stream.h"
#include "client/xmpp/xmpp_text.h"

// With a name those of that name or label, whatever they are. Else all that one of the others
// means. Borrowed.
struct removal {
    const char *name;
    bool takes_expired;
    bool takes_superseded;
    const char *label; // all of this label but the one called `keeps`; NULL: not asked for
    const char *keeps;
    struct bytes
        issuers;        // DER of CAs: those that none of them has signed; empty: not asked for
    bool ends_sessions; // revoke, not disable
};

// What was taken off an account, as the names are shown. `is_checked`: the server was seen not to have
// them any more; of a list that is cut only the beginning is seen.
#define removed_FIELDS(F, R)                                                                   \
    F(TEXTS, removed, LIMIT_XMPP_CERTIFICATES, REQUIRED)                                       \
    F(BOOLEAN, is_checked, 0, REQUIRED)

MESSAGE_DECLARE(removed);

void removed_clear(struct removed *removed);
// It takes this one. One that cannot be read is only taken by its name.
bool removal_takes(const struct removal *removal, const struct registered *line);
// Removes what it takes of the page, and looks whether the server has done so. Where the page is cut, a
// name that is not on it is asked for all the same: the server says yes also when it has none. What
// was done is in *out_removed, zeroed memory, also when something failed later. RESULT_CONFLICT,
// code "server_refused", when the server said so and has not.
enum result removal_run(const struct removal *removal, struct xmpp_stream *stream,
                        const struct xmpp_address *account, const struct registered_page *page,
                        struct removed *out_removed, struct error *err);
