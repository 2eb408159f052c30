// Keeping a key and its request until they are answered.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/pending.h"

#include "base/file.h"
#include "base/limits.h"
#include "x509/csr.h"
#include "x509/pem.h"

#define REQUEST_FILE "request.pem"

static enum result file_of(const struct pending *pending, const char *name, struct buf *out) {
    buf_init(out, LIMIT_PATH_BYTES);
    return path_join(out, buf_string(&pending->path), name);
}

static enum result read_request(struct pending *pending, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    TRY(file_of(pending, REQUEST_FILE, &path));
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * LIMIT_CSR_BYTES);
    TRY(file_read(buf_string(&path), &text, err));
    TRY(pem_decode_all(buf_bytes(&text), PEM_CERTIFICATE_REQUEST, &pending->request, err));
    AUTO(csr_clear) struct csr csr = {0};
    TRY(csr_read(buf_bytes(&pending->request), &csr, err));
    TRY(csr_verify(&csr, err));
    return bytes_equal(csr.spki, key_public(pending->key)) ? RESULT_OK : RESULT_INVALID;
}

static enum result make_request(struct pending *pending, const char *serial_number,
                                const struct names *names, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    TRY(file_of(pending, REQUEST_FILE, &path));
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * LIMIT_CSR_BYTES);
    buf_reset(&pending->request);
    TRY(csr_build_device(pending->key, serial_number, names, &pending->request, err));
    TRY(pem_encode(PEM_CERTIFICATE_REQUEST, buf_bytes(&pending->request), &text));
    return file_replace(buf_string(&path), buf_bytes(&text), 0600, err);
}

static enum result fill(struct pending *pending, const struct device_key_wish *key,
                        const char *serial_number, const struct names *names,
                        struct error *err) {
    TRY(device_key_open(buf_string(&pending->path), key, &pending->key, err));
    return read_request(pending, NULL) == RESULT_OK
               ? RESULT_OK
               : make_request(pending, serial_number, names, err);
}

enum result pending_open(const char *path, const struct device_key_wish *key,
                         const char *serial_number, const struct names *names,
                         struct pending *out_pending, struct error *err) {
    AUTO(pending_clear) struct pending pending = {0};
    buf_init(&pending.path, LIMIT_PATH_BYTES);
    buf_init(&pending.request, LIMIT_CSR_BYTES);
    TRY(buf_assign(&pending.path, bytes_of_string(path)));
    TRY(folder_make_all(path, 0755, err));
    TRY(folder_lock(path, &pending.lock, err));
    TRY(fill(&pending, key, serial_number, names, err));
    *out_pending = pending;
    pending = (struct pending){0};
    return RESULT_OK;
}

enum result pending_take(const char *path, struct pending *out_pending, struct error *err) {
    AUTO(pending_clear) struct pending pending = {0};
    buf_init(&pending.path, LIMIT_PATH_BYTES);
    TRY(buf_assign(&pending.path, bytes_of_string(path)));
    enum result result = folder_lock_now(path, FOLDER_LOCK, &pending.lock, err);
    if (result == RESULT_CONFLICT) {
        (void)error_set_code(err, result, "busy", "another signet goes on with it now");
        error_hint(err, "End that one first: fuser '%s/" FOLDER_LOCK "' finds it.", path);
    }
    TRY(result);
    *out_pending = pending;
    pending = (struct pending){0};
    return RESULT_OK;
}

void pending_clear(struct pending *pending) {
    folder_unlock(&pending->lock);
    key_free_at(&pending->key);
    buf_clear(&pending->request);
    buf_clear(&pending->path);
}

enum result pending_finish(struct pending *pending, struct error *err) {
    return folder_remove(buf_string(&pending->path), err);
}

enum result pending_discard(struct pending *pending, struct error *err) {
    static const char *const none[] = {NULL};
    TRY(device_key_remove(buf_string(&pending->path), none, err));
    return pending_finish(pending, err);
}
