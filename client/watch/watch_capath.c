// Folders of CAs and CRLs by OpenSSL's names.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/watch/crl_set.h"
#include "client/device/folder.h"
#include "client/watch/watch_form.h"
#include "x509/certificate.h"
#include "x509/crl.h"
#include "x509/name_hash.h"
#include "x509/pem.h"

#define FILE_MODE 0644
// More files of one CA than we ever leave there are somebody else's.
#define COUNT_MAXIMUM (4 * WATCH_CAPATH_FILES)

// "FOLDER/HASH.NUMBER" or, of CRLs, "FOLDER/HASH.rNUMBER".
static enum result name_file(const char *folder, struct bytes subject, const char *kind,
                             size_t number, struct buf *out_path, struct error *err) {
    uint32_t hash = 0;
    char name[32];
    TRY(distinguished_name_hash(subject, &hash, err));
    (void)snprintf(name, sizeof(name), "%08" PRIx32 ".%s%zu", hash, kind, number);
    buf_init(out_path, LIMIT_PATH_BYTES);
    return path_join(out_path, folder, name);
}

// The numbers in use from 0 on without a gap.
static enum result count_files(const char *folder, struct bytes subject, const char *kind,
                               size_t *out_count, struct error *err) {
    for (size_t count = 0; count <= COUNT_MAXIMUM; count++) {
        AUTO(buf_clear) struct buf path = {0};
        TRY(name_file(folder, subject, kind, count, &path, err));
        if (!file_exists(buf_string(&path))) {
            *out_count = count;
            return RESULT_OK;
        }
    }
    (void)error_set_code(err, RESULT_LIMIT, "misconfigured",
                         "%s has more than %d files of one CA", folder, COUNT_MAXIMUM);
    error_hint(err, "Remove those that `signet watch` did not make.");
    return RESULT_LIMIT;
}

// RESULT_INVALID when it is no single CRL of this CA.
static enum result read_crl_file(const char *path, struct bytes subject, struct buf *out_der,
                                 struct crl *out_crl, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CRL_BUNDLE_BYTES);
    buf_init(out_der, LIMIT_CRL_BYTES);
    TRY(file_read(path, &text, err));
    if (crl_set_read(buf_bytes(&text), out_der, NULL) != RESULT_OK ||
        crl_read(buf_bytes(out_der), out_crl, NULL) != RESULT_OK ||
        !bytes_equal(out_crl->issuer, subject)) {
        return error_set(err, RESULT_INVALID, "%s is no CRL of its CA", path);
    }
    return RESULT_OK;
}

// One of the same subject came before it: its CRLs are the same files.
static bool came_before(struct bytes trust, const struct certificate *ca) {
    struct certificate other;
    while (certificate_read_next(&trust, &other, NULL) == RESULT_OK &&
           other.der.data != ca->der.data) {
        if (bytes_equal(other.subject, ca->subject)) {
            return true;
        }
    }
    return false;
}

static enum result write_pem(const char *path, const char *label, struct bytes der,
                             struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CRL_BUNDLE_BYTES);
    TRY(pem_encode(label, der, &text));
    return file_replace(path, buf_bytes(&text), FILE_MODE, err);
}

// --- reading -----------------------------------------------------------------------------

static enum result find_certificate(const char *folder, const struct certificate *ca,
                                    bool *out_is_there, size_t *out_count, struct error *err) {
    *out_is_there = false;
    TRY(count_files(folder, ca->subject, "", out_count, err));
    for (size_t i = 0; i < *out_count && !*out_is_there; i++) {
        AUTO(buf_clear) struct buf path = {0};
        AUTO(buf_clear) struct buf text = {0};
        AUTO(buf_clear) struct buf der = {0};
        buf_init(&text, 2 * LIMIT_CHAIN_BYTES);
        buf_init(&der, LIMIT_CHAIN_BYTES);
        TRY(name_file(folder, ca->subject, "", i, &path, err));
        TRY(file_read(buf_string(&path), &text, err));
        *out_is_there =
            pem_decode_all(buf_bytes(&text), PEM_CERTIFICATE, &der, NULL) == RESULT_OK &&
            bytes_equal(buf_bytes(&der), ca->der);
    }
    return RESULT_OK;
}

// The newest is the one that OpenSSL takes: by thisUpdate, not by number.
static enum result read_newest(const char *folder, const struct certificate *ca,
                               struct buf *out_der, bool *out_is_damaged, struct error *err) {
    size_t count = 0;
    int64_t newest = INT64_MIN;
    TRY(count_files(folder, ca->subject, "r", &count, err));
    for (size_t i = 0; i < count; i++) {
        AUTO(buf_clear) struct buf path = {0};
        AUTO(buf_clear) struct buf der = {0};
        struct crl crl;
        TRY(name_file(folder, ca->subject, "r", i, &path, err));
        enum result result = read_crl_file(buf_string(&path), ca->subject, &der, &crl, err);
        if (result == RESULT_INVALID) {
            *out_is_damaged = true;
            continue;
        }
        TRY(result);
        if (crl.this_update > newest) {
            newest = crl.this_update;
            TRY(buf_assign(out_der, buf_bytes(&der)));
        }
    }
    return RESULT_OK;
}

enum result watch_capath_read(const char *folder, struct bytes trust, struct buf *out_crls,
                              bool *out_is_damaged, struct error *err) {
    struct bytes left = trust;
    *out_is_damaged = false;
    while (left.size > 0) {
        struct certificate ca;
        AUTO(buf_clear) struct buf newest = {0};
        bool is_there = false;
        size_t count = 0;
        buf_init(&newest, LIMIT_CRL_BYTES);
        TRY(certificate_read_next(&left, &ca, err));
        TRY(find_certificate(folder, &ca, &is_there, &count, err));
        *out_is_damaged = *out_is_damaged || !is_there;
        if (!came_before(trust, &ca)) {
            TRY(read_newest(folder, &ca, &newest, out_is_damaged, err));
            TRY(buf_append(out_crls, buf_bytes(&newest)));
        }
    }
    *out_is_damaged = *out_is_damaged || out_crls->size == 0;
    return RESULT_OK;
}

// --- writing -----------------------------------------------------------------------------

static enum result write_certificates(const char *folder, struct bytes trust,
                                      struct error *err) {
    while (trust.size > 0) {
        struct certificate ca;
        AUTO(buf_clear) struct buf path = {0};
        bool is_there = false;
        size_t count = 0;
        TRY(certificate_read_next(&trust, &ca, err));
        TRY(find_certificate(folder, &ca, &is_there, &count, err));
        if (!is_there) {
            TRY(name_file(folder, ca.subject, "", count, &path, err));
            TRY(write_pem(buf_string(&path), PEM_CERTIFICATE, ca.der, err));
        }
    }
    return RESULT_OK;
}

// From the top, so that an interruption leaves no gap.
static enum result remove_files(const char *folder, struct bytes subject, size_t count,
                                struct error *err) {
    for (size_t i = count; i > 1; i--) {
        AUTO(buf_clear) struct buf path = {0};
        TRY(name_file(folder, subject, "r", i - 1, &path, err));
        if (unlink(buf_string(&path)) != 0) {
            return error_from_errno(err, errno, "cannot remove %s", buf_string(&path));
        }
    }
    return RESULT_OK;
}

// What lies in the future, made by a clock that ran ahead: OpenSSL passes it over now, and would
// take it before `crl` when its time comes, and with it everybody back who was revoked since.
static bool would_win_later(const struct crl *other, const struct crl *crl) {
    return other->this_update > crl->this_update;
}

// A process that runs has read what is of no use, and goes on with it until it reads again.
static enum result replace_useless(const char *folder, const struct crl *crl, size_t count,
                                   bool *out_needs_reload, struct error *err) {
    for (size_t i = 0; i < count; i++) {
        AUTO(buf_clear) struct buf path = {0};
        AUTO(buf_clear) struct buf der = {0};
        struct crl other = {0};
        TRY(name_file(folder, crl->issuer, "r", i, &path, err));
        bool is_damaged =
            read_crl_file(buf_string(&path), crl->issuer, &der, &other, NULL) == RESULT_INVALID;
        bool is_of_future = !is_damaged && would_win_later(&other, crl);
        if (is_damaged || is_of_future) {
            TRY(write_pem(buf_string(&path), PEM_CRL, crl->der, err));
        }
        *out_needs_reload = *out_needs_reload || is_of_future;
    }
    return RESULT_OK;
}

static enum result is_last(const char *folder, const struct crl *crl, size_t count,
                           bool *out_is_last, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf der = {0};
    struct crl last;
    *out_is_last = false;
    if (count == 0) {
        return RESULT_OK;
    }
    TRY(name_file(folder, crl->issuer, "r", count - 1, &path, err));
    *out_is_last =
        read_crl_file(buf_string(&path), crl->issuer, &der, &last, NULL) == RESULT_OK &&
        bytes_equal(last.der, crl->der);
    return RESULT_OK;
}

static enum result write_crl(const char *folder, const struct crl *crl, bool *out_needs_reload,
                             struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    size_t count = 0;
    bool is_there = false;
    TRY(count_files(folder, crl->issuer, "r", &count, err));
    TRY(is_last(folder, crl, count, &is_there, err));
    TRY(replace_useless(folder, crl, count, out_needs_reload, err));
    if (is_there) {
        return RESULT_OK;
    }
    bool is_full = count >= WATCH_CAPATH_FILES;
    TRY(name_file(folder, crl->issuer, "r", is_full ? 0 : count, &path, err));
    TRY(write_pem(buf_string(&path), PEM_CRL, crl->der, err));
    if (is_full) {
        *out_needs_reload = true;
        TRY(remove_files(folder, crl->issuer, count, err));
    }
    return RESULT_OK;
}

enum result watch_capath_write(const char *folder, struct bytes trust, struct bytes crls,
                               bool *out_needs_reload, struct error *err) {
    *out_needs_reload = false;
    TRY(write_certificates(folder, trust, err));
    while (crls.size > 0) {
        struct crl crl;
        TRY(crl_read_next(&crls, &crl, err));
        TRY(write_crl(folder, &crl, out_needs_reload, err));
    }
    return folder_sync(folder, err);
}
