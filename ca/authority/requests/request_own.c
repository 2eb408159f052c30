// Whose request it is: the direct ways, and those by way of other certificates.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/requests/request_own.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/certificate_text.h"
#include "authority/peer.h"
#include "base/text.h"

// --- the direct ways --------------------------------------------------------------------------

static enum result own_request(const char *why, struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "own_request", "%s", why);
    error_hint(err, "Another administrator has to approve it.");
    return RESULT_DENIED;
}

static bool is_certificate_of(const struct certificate_record *record, const char *admin) {
    const char *name = certificate_common_name(record);
    return strcmp(record->profile, PROFILE_ADMIN) == 0 && name != NULL &&
           strcmp(name, admin) == 0;
}

static enum result refuse_certificate(void *context, const struct certificate_record *record,
                                      struct error *err) {
    return is_certificate_of(record, context)
               ? own_request("this is the key of your own certificate", err)
               : RESULT_OK;
}

// Whoever asked with a certificate of theirs is that administrator.
static enum result refuse_own_certificate(struct authority *authority,
                                          const struct request_record *record,
                                          const char *admin, struct error *err) {
    static const char kind[] = "certificate:";
    AUTO(certificate_record_clear) struct certificate_record used = {0};
    enum result result = RESULT_NOT_FOUND;
    if (record->predecessor_id != 0) {
        result =
            store_find_certificate_by_id(authority->store, record->predecessor_id, &used, err);
    } else if (text_starts_with(record->requested_by, kind)) {
        uint8_t serial[LIMIT_SERIAL_BYTES];
        size_t size = 0;
        TRY(serial_read(&record->requested_by[strlen(kind)], serial, &size, err));
        result = store_find_certificate_by_serial(authority->store, bytes_of(serial, size),
                                                  &used, err);
    }
    if (result == RESULT_NOT_FOUND) {
        return RESULT_OK;
    }
    TRY(result);
    return is_certificate_of(&used, admin)
               ? own_request("you asked for this certificate yourself", err)
               : RESULT_OK;
}

// --- tokens behind other certificates --------------------------------------------------------

static enum result refuse_own_token(struct authority *authority, const struct peer *peer,
                                    struct bytes token_id, struct error *err) {
    if (token_id.size == 0) {
        return RESULT_OK;
    }
    AUTO(token_record_clear) struct token_record token = {0};
    TRY(store_find_token(authority->store, token_id, &token, err));
    return token.created_by != NULL && strcmp(token.created_by, peer->actor) == 0
               ? own_request("the request rests on a certificate from a token that you made",
                             err)
               : RESULT_OK;
}

// The certificate that the line of *id began with; *id becomes the one that it was got with.
static enum result climb(struct authority *authority, const struct peer *peer, int64_t *id,
                         struct error *err) {
    AUTO(certificate_record_clear) struct certificate_record shown = {0};
    AUTO(certificate_record_clear) struct certificate_record first = {0};
    TRY(store_find_certificate_by_id(authority->store, *id, &shown, err));
    TRY(store_find_certificate_by_id(authority->store, shown.lineage_id, &first, err));
    TRY(refuse_own_token(authority, peer, buf_bytes(&first.token_id), err));
    *id = first.holder_id;
    return RESULT_OK;
}

// Whoever made the token of a holder's certificate decided who asks with it.
static enum result refuse_own_line(struct authority *authority, const struct peer *peer,
                                   int64_t id, struct error *err) {
    for (int step = 0; id != 0 && step < LIMIT_HOLDER_STEPS; step++) {
        TRY(climb(authority, peer, &id, err));
    }
    if (id == 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "own_request",
                         "the request rests on a chain of more than %d holders' certificates: "
                         "whose token it began with is not looked for",
                         LIMIT_HOLDER_STEPS);
    error_hint(err,
               "Deny it; the device enrolls anew, with a token or a certificate from one.");
    return RESULT_DENIED;
}

// --- whole -----------------------------------------------------------------------------------

enum result request_refuse_own_key(struct authority *authority, const struct peer *peer,
                                   struct bytes key_hash, struct error *err) {
    const char *admin = certificate_common_name(&peer->certificate);
    return store_each_certificate_of_key(authority->store, key_hash, refuse_certificate,
                                         (void *)(uintptr_t)admin, err);
}

enum result request_refuse_own(struct authority *authority, const struct peer *peer,
                               const struct request_record *record, struct error *err) {
    const char *admin = certificate_common_name(&peer->certificate);
    if (strcmp(record->requested_by, peer->actor) == 0) {
        return own_request("you asked for this certificate yourself", err);
    }
    if (record->responsible != NULL && strcmp(record->responsible, peer->actor) == 0) {
        return own_request("the request came with a token that you made", err);
    }
    TRY(refuse_own_certificate(authority, record, admin, err));
    TRY(refuse_own_line(authority, peer, record->holder_id, err));
    TRY(refuse_own_line(authority, peer, record->predecessor_id, err));
    return request_refuse_own_key(authority, peer, buf_bytes(&record->key_hash), err);
}
