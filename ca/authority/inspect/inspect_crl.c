// Reading the last CRLs of a CA as the store keeps them.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/inspect/inspect_crl.h"

#include "authority/authority.h"

static enum result refuse_issuer(const char *name, struct error *err) {
    (void)error_set_code(err, RESULT_NOT_FOUND, "issuer_unknown", "there is no CA %.64s", name);
    error_field(err, "issuer");
    error_hint(err, "signetctl issuer list shows them.");
    return RESULT_NOT_FOUND;
}

static enum result fill(const char *issuer, const struct crl_piece *piece,
                        struct crl_part *reply) {
    reply->number = piece->number;
    reply->size = piece->size;
    reply->previous = piece->previous;
    TRY(text_set(&reply->issuer, issuer));
    return blob_set(&reply->der, buf_bytes(&piece->der));
}

enum result inspect_read_crl(struct authority *authority, const struct peer *peer,
                             const struct crl_read *request, struct crl_part *reply,
                             struct error *err) {
    (void)peer;
    const struct issuer *issuer = issuer_set_find(&authority->issuers, request->issuer);
    if (issuer == NULL) {
        return refuse_issuer(request->issuer, err);
    }
    AUTO(crl_piece_clear) struct crl_piece piece = {0};
    TRY(store_read_crl(authority->store, issuer->record.id, request->number, request->offset,
                       LIMIT_CRL_PART_BYTES, &piece, err));
    if (piece.der.size == 0) {
        (void)error_set_code(err, RESULT_INVALID, "wrong_value",
                             "the CRL ends before this offset");
        error_field(err, "offset");
        return RESULT_INVALID;
    }
    return fill(request->issuer, &piece, reply) == RESULT_OK ? RESULT_OK
                                                             : error_out_of_memory(err);
}
