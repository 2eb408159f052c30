// Gathering CAs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/rollover.h"

#include "base/clock.h"
#include "base/limits.h"
#include "client/connect/ask.h"
#include "client/connect/credential.h"
#include "client/connect/trust.h"
#include "client/device/install.h"

static enum result ask(const struct credential *credential, struct authority_info *out_info,
                       struct error *err) {
    AUTO(tls_context_free_at) struct tls_context *tls = NULL;
    AUTO(exchange_clear) struct exchange exchange = {0};
    TRY(credential_connect(credential, &tls, &exchange, err));
    return ask_authority(&exchange, out_info, err);
}

static enum result take(const char *folder, const struct credential *credential,
                        struct bytes chain, bool *out_is_changed, struct error *err) {
    AUTO(buf_clear) struct buf trust = {0};
    struct bytes root = buf_bytes(&credential->root);
    buf_init(&trust, LIMIT_CHAIN_BYTES);
    TRY(trust_check(chain, root, err));
    TRY(buf_append(&trust, buf_bytes(&credential->trust)));
    TRY(trust_add(chain, root, clock_now(), &trust, err));
    *out_is_changed = trust.size > credential->trust.size;
    return *out_is_changed ? install_trust(folder, buf_bytes(&trust), err) : RESULT_OK;
}

enum result rollover_check(const char *folder, bool *out_is_changed, struct error *err) {
    AUTO(credential_clear) struct credential credential = {0};
    *out_is_changed = false;
    TRY(credential_read(folder, &credential, err));
    if (credential.root.size == 0) {
        return RESULT_OK; // not of an enrollment: nothing says which root is ours
    }
    struct authority_info info = {0};
    enum result result = ask(&credential, &info, err);
    if (result == RESULT_OK) {
        result = take(folder, &credential, blob_bytes(&info.chain), out_is_changed, err);
    }
    message_clear(&authority_info_type, &info);
    return result;
}
