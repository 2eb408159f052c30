// Opening, making and removing keys of devices.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/device_key.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "x509/key_pkcs11.h"

// Of a key whose URI names no object.
#define DEFAULT_LABEL "signet"
#define KEY_MODE 0600

static enum result path_of(const char *folder, const char *name, struct buf *out) {
    buf_init(out, LIMIT_PATH_BYTES);
    return path_join(out, folder, name);
}

static bool has_file(const char *folder, const char *name) {
    AUTO(buf_clear) struct buf path = {0};
    return path_of(folder, name, &path) == RESULT_OK && file_exists(buf_string(&path));
}

static enum result write_file(const char *folder, const char *name, struct bytes contents,
                              struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    TRY(path_of(folder, name, &path));
    return file_replace(buf_string(&path), contents, KEY_MODE, err);
}

bool device_key_is_made(const char *folder) {
    return has_file(folder, CREDENTIAL_KEY_MADE);
}

// The URI without the end of its line; a secret, for it may hold a PIN.
static enum result read_uri(const char *folder, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_KEY_FILE_BYTES);
    TRY(path_of(folder, CREDENTIAL_KEY_URI, &path));
    TRY(file_read_own(buf_string(&path), &text, err));
    return buf_append(out,
                      bytes_slice(buf_bytes(&text), 0, strcspn(buf_string(&text), "\r\n")));
}

// A URI is taken from key.uri only.
enum result device_key_read(const char *folder, struct key **out_key, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_KEY_FILE_BYTES);
    if (has_file(folder, CREDENTIAL_KEY_URI)) {
        TRY(read_uri(folder, &text, err));
        return key_open_uri(buf_string(&text), out_key, err);
    }
    TRY(path_of(folder, CREDENTIAL_KEY, &path));
    TRY(file_read_private(buf_string(&path), &text, err));
    enum result result = key_load_pem(buf_bytes(&text), NULL, out_key, err);
    if (result != RESULT_OK) {
        error_context(err, "%s", buf_string(&path));
    }
    return result;
}

// --- in a file -------------------------------------------------------------------------------

static enum result save_in_file(const char *folder, const struct key *key, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_KEY_FILE_BYTES);
    TRY(key_save_text(key, &text, err));
    return write_file(folder, CREDENTIAL_KEY, buf_bytes(&text), err);
}

static enum result copy_in_file(const char *folder, const struct key *key, struct key **out_key,
                                struct error *err) {
    TRY(save_in_file(folder, key, err));
    return device_key_read(folder, out_key, err);
}

static enum result make_in_file(const char *folder, enum key_algorithm algorithm,
                                struct key **out_key, struct error *err) {
    AUTO(key_free_at) struct key *key = NULL;
    TRY(key_generate(algorithm, &key, err));
    TRY(save_in_file(folder, key, err));
    *out_key = key;
    key = NULL;
    return RESULT_OK;
}

// --- on a token ------------------------------------------------------------------------------

static enum result write_uri(const char *folder, const char *uri, struct error *err) {
    AUTO(buf_clear) struct buf line = {0};
    buf_init_secret(&line, LIMIT_KEY_FILE_BYTES);
    TRY(buf_printf(&line, "%s\n", uri));
    return write_file(folder, CREDENTIAL_KEY_URI, buf_bytes(&line), err);
}

static bool is_missing(enum result result, const struct error *reason) {
    return result == RESULT_NOT_FOUND && strcmp(reason->code, "key_missing") == 0;
}

static enum result give(enum result result, const struct error *reason, struct error *err) {
    if (result != RESULT_OK && err != NULL) {
        *err = *reason;
    }
    return result;
}

// The note that signet made it comes before the URI: a key is never left without it.
static enum result make_on_token(const char *folder, const struct device_key_wish *wish,
                                 struct key **out_key, struct error *err) {
    AUTO(buf_clear) struct buf uri = {0};
    buf_init_secret(&uri, LIMIT_KEY_FILE_BYTES);
    TRY(key_uri_for_new(wish->uri, DEFAULT_LABEL, &uri, err));
    TRY(write_file(folder, CREDENTIAL_KEY_MADE, (struct bytes){0}, err));
    TRY(write_uri(folder, buf_string(&uri), err));
    return key_make_at_uri(buf_string(&uri), wish->algorithm, out_key, err);
}

static enum result take_from_token(const char *folder, const char *uri, struct key **out_key,
                                   struct error *err) {
    AUTO(key_free_at) struct key *key = NULL;
    TRY(key_open_uri(uri, &key, err));
    TRY(write_uri(folder, key_uri(key), err));
    *out_key = key;
    key = NULL;
    return RESULT_OK;
}

static enum result open_on_token(const char *folder, const struct device_key_wish *wish,
                                 struct key **out_key, struct error *err) {
    struct error reason = {0};
    if (!wish->is_fresh && key_uri_names_object(wish->uri)) {
        enum result result = take_from_token(folder, wish->uri, out_key, &reason);
        if (!is_missing(result, &reason)) {
            return give(result, &reason, err);
        }
    }
    return make_on_token(folder, wish, out_key, err);
}

// What was noted is opened, or made if that is where it was interrupted.
static enum result open_noted(const char *folder, enum key_algorithm algorithm,
                              struct key **out_key, struct error *err) {
    struct error reason = {0};
    AUTO(buf_clear) struct buf uri = {0};
    buf_init_secret(&uri, LIMIT_KEY_FILE_BYTES);
    TRY(read_uri(folder, &uri, err));
    enum result result = key_open_uri(buf_string(&uri), out_key, &reason);
    return is_missing(result, &reason) && device_key_is_made(folder)
               ? key_make_at_uri(buf_string(&uri), algorithm, out_key, err)
               : give(result, &reason, err);
}

// --- either ----------------------------------------------------------------------------------

enum result device_key_open(const char *folder, const struct device_key_wish *wish,
                            struct key **out_key, struct error *err) {
    if (has_file(folder, CREDENTIAL_KEY_URI)) {
        return open_noted(folder, wish->algorithm, out_key, err);
    }
    if (wish->kept != NULL && key_uri(wish->kept) != NULL) {
        return take_from_token(folder, key_uri(wish->kept), out_key, err);
    }
    if (wish->uri != NULL) {
        return open_on_token(folder, wish, out_key, err);
    }
    // A damaged file is replaced.
    if (device_key_read(folder, out_key, NULL) == RESULT_OK) {
        return RESULT_OK;
    }
    return wish->kept != NULL ? copy_in_file(folder, wish->kept, out_key, err)
                              : make_in_file(folder, wish->algorithm, out_key, err);
}

enum result device_key_remove(const char *folder, const char *const *kept, struct error *err) {
    AUTO(buf_clear) struct buf uri = {0};
    buf_init_secret(&uri, LIMIT_KEY_FILE_BYTES);
    if (!device_key_is_made(folder) || !has_file(folder, CREDENTIAL_KEY_URI)) {
        return RESULT_OK;
    }
    TRY(read_uri(folder, &uri, err));
    for (size_t i = 0; kept[i] != NULL; i++) {
        AUTO(buf_clear) struct buf other = {0};
        buf_init_secret(&other, LIMIT_KEY_FILE_BYTES);
        if (read_uri(kept[i], &other, NULL) == RESULT_OK &&
            bytes_equal(buf_bytes(&other), buf_bytes(&uri))) {
            return RESULT_OK;
        }
    }
    return key_destroy_at_uri(buf_string(&uri), err);
}
