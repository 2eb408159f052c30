// PEM files of CRLs, alone or behind their CAs' certificates.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/watch_form.h"

#include "base/limits.h"
#include "client/watch/crl_set.h"
#include "x509/crl.h"
#include "x509/pem.h"

#include <string.h>

enum result watch_form_write(enum watch_form form, struct bytes trust, struct bytes crls,
                             struct buf *out_text) {
    if (form == WATCH_FORM_CAFILE) {
        TRY(pem_encode_all(PEM_CERTIFICATE, trust, out_text));
    }
    return pem_encode_all(PEM_CRL, crls, out_text);
}

// Sorts the blocks of a file into certificates and CRLs.
static enum result read_cafile(struct bytes text, struct buf *out_certificates,
                               struct buf *out_crls, struct error *err) {
    for (;;) {
        AUTO(pem_block_clear) struct pem_block block = {0};
        enum result result = pem_read_next(&text, &block, err);
        if (result == RESULT_NOT_FOUND) {
            return RESULT_OK;
        }
        TRY(result);
        struct crl crl;
        if (bytes_equal(block.label, BYTES_LITERAL(PEM_CERTIFICATE))) {
            TRY(buf_append(out_certificates, buf_bytes(&block.der)));
        } else if (bytes_equal(block.label, BYTES_LITERAL(PEM_CRL))) {
            TRY(crl_read(buf_bytes(&block.der), &crl, err));
            TRY(buf_append(out_crls, buf_bytes(&block.der)));
        } else {
            return error_set(err, RESULT_INVALID, "something else is among the CRLs");
        }
    }
}

enum result watch_form_read(enum watch_form form, struct bytes text, struct bytes trust,
                            struct buf *out_crls, struct error *err) {
    if (form != WATCH_FORM_CAFILE) {
        return crl_set_read(text, out_crls, err);
    }
    AUTO(buf_clear) struct buf certificates = {0};
    buf_init(&certificates, LIMIT_CRL_BUNDLE_BYTES);
    TRY(read_cafile(text, &certificates, out_crls, err));
    if (!bytes_equal(buf_bytes(&certificates), trust)) {
        return error_set(err, RESULT_INVALID, "its certificates are not those of --ca");
    }
    return out_crls->size > 0 ? RESULT_OK : error_set(err, RESULT_INVALID, "it has no CRL");
}

// Nothing, or what a power cut leaves of it.
static bool is_blank(struct bytes text) {
    size_t size = 0;
    while (size < text.size && (text.data[size] == '\0' || text.data[size] == '\n')) {
        size++;
    }
    return size == text.size;
}

bool watch_form_may_replace(enum watch_form form, struct bytes text, struct bytes trust) {
    static const char start[] = "-----BEGIN " PEM_CRL "-----";
    struct crl crl;
    if (is_blank(text) || crl_read(text, &crl, NULL) == RESULT_OK ||
        memmem(text.data, text.size, start, sizeof(start) - 1) != NULL) {
        return true;
    }
    AUTO(buf_clear) struct buf certificates = {0};
    buf_init(&certificates, LIMIT_CHAIN_BYTES);
    return form == WATCH_FORM_CAFILE &&
           pem_decode_all(text, PEM_CERTIFICATE, &certificates, NULL) == RESULT_OK &&
           bytes_equal(buf_bytes(&certificates), trust);
}
