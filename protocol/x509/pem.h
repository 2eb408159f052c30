// Textual encoding of DER (RFC 7468): "-----BEGIN label-----" and base64 lines of 64
// characters. SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

#define PEM_CERTIFICATE "CERTIFICATE"
#define PEM_CERTIFICATE_REQUEST "CERTIFICATE REQUEST"
#define PEM_CRL "X509 CRL"
#define PEM_PRIVATE_KEY "PRIVATE KEY"

// Appends one block.
enum result pem_encode(const char *label, struct bytes der, struct buf *out);

// Of what pem_encode makes of so many bytes.
size_t pem_size(const char *label, size_t der_size);
// Appends at most `at_most` bytes of it from `offset` on, without making the rest.
enum result pem_encode_part(const char *label, struct bytes der, size_t offset, size_t at_most,
                            struct buf *out);

// One block found in a text.
struct pem_block {
    struct bytes label;   // view into the text
    struct bytes headers; // RFC 1421 headers ("Proc-Type: …"), empty in modern files
    struct buf der;       // owned, secret
};

void pem_block_clear(struct pem_block *block);

// Reads the next block of *text and moves *text behind it. Text between blocks is skipped.
// RESULT_NOT_FOUND when none is left; RESULT_INVALID for a damaged one.
enum result pem_read_next(struct bytes *text, struct pem_block *out_block, struct error *err);

// Decodes all blocks of this label, each DER appended to `out` (DER delimits itself). Other
// labels are an error, and so is a text without any block.
enum result pem_decode_all(struct bytes text, const char *label, struct buf *out,
                           struct error *err);
// Encodes each of the concatenated DER values as a block of this label.
enum result pem_encode_all(const char *label, struct bytes concatenated_der, struct buf *out);
