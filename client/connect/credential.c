// Reading credentials, and the rules for their names and places.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/connect/credential.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/text.h"
#include "client/connect/authority.h"
#include "x509/certificate.h"
#include "x509/hash.h"
#include "x509/key_pkcs11.h"
#include "x509/pem.h"

#define NAME_MAXIMUM 200

void credential_clear(struct credential *credential) {
    key_free_at(&credential->key);
    buf_clear(&credential->certificate);
    buf_clear(&credential->chain);
    buf_clear(&credential->trust);
    buf_clear(&credential->root);
    buf_clear(&credential->url_file);
    message_clear(&about_type, &credential->about);
    *credential = (struct credential){0};
}

static enum result misconfigured(const char *path, enum result result, struct error *err) {
    if (err != NULL && strcmp(err->code, "not_private") != 0) {
        struct error reason = *err;
        (void)error_set_code(err, result, "misconfigured", "%s", reason.message);
        if (strstr(reason.message, path) == NULL) {
            error_context(err, "%s", path);
        }
        error_hint(err, "%s", reason.hint);
    }
    return result;
}

// --- files -------------------------------------------------------------------------------

static enum result read_text(const char *folder, const char *name, struct buf *out,
                             struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(path_join(&path, folder, name));
    enum result result = file_read_no_link(buf_string(&path), out, err);
    return result == RESULT_OK ? result : misconfigured(buf_string(&path), result, err);
}

// Appends the DER of all certificates in a file; at least one.
static enum result read_certificates(const char *folder, const char *name, struct buf *out,
                                     struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * LIMIT_CHAIN_BYTES);
    TRY(read_text(folder, name, &text, err));
    enum result result = pem_decode_all(buf_bytes(&text), PEM_CERTIFICATE, out, err);
    return result == RESULT_OK ? result : misconfigured(name, result, err);
}

static bool has_file(const char *folder, const char *name) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    return path_join(&path, folder, name) == RESULT_OK && file_exists(buf_string(&path));
}

static enum result read_optional(const char *folder, const char *name, struct buf *out,
                                 struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * LIMIT_CHAIN_BYTES);
    if (!has_file(folder, name)) {
        return RESULT_OK;
    }
    TRY(read_text(folder, name, &text, err));
    // A leaf issued by the root itself has nothing behind it.
    if (strstr(buf_string(&text), "-----BEGIN") == NULL) {
        return RESULT_OK;
    }
    enum result result = pem_decode_all(buf_bytes(&text), PEM_CERTIFICATE, out, err);
    return result == RESULT_OK ? result : misconfigured(name, result, err);
}

// A URI has a module loaded into this process: it is believed where only this user and root write.
static enum result read_key_on_token(const char *folder, struct key **out_key,
                                     struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    buf_init_secret(&text, LIMIT_KEY_FILE_BYTES);
    TRY(path_join(&path, folder, CREDENTIAL_KEY_URI));
    enum result result = file_read_own(buf_string(&path), &text, err);
    if (result != RESULT_OK) {
        return misconfigured(buf_string(&path), result, err);
    }
    result = key_load_text(buf_bytes(&text), NULL, out_key, err);
    if (result != RESULT_OK) {
        error_context(err, "%s", buf_string(&path)); // what a token says has codes of its own
    }
    return result;
}

static enum result load_pem(struct bytes text, struct key **out_key, struct error *err) {
    AUTO(string_free_secret_at) char *start = string_copy_bytes(bytes_slice(text, 0, 16));
    if (start == NULL) {
        return error_out_of_memory(err);
    }
    if (!key_is_uri(start)) {
        return key_load_pem(text, NULL, out_key, err);
    }
    (void)error_set(err, RESULT_INVALID, "a URI is believed in %s only", CREDENTIAL_KEY_URI);
    error_hint(err, "Whoever the key belongs to may write here. If it is yours, rename it.");
    return RESULT_INVALID;
}

// It may be a service's, who can write what it likes into it: a key, or nothing.
static enum result read_key_in_file(const char *folder, struct key **out_key,
                                    struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    buf_init_secret(&text, LIMIT_KEY_FILE_BYTES);
    TRY(path_join(&path, folder, CREDENTIAL_KEY));
    enum result result = file_read_key(buf_string(&path), &text, err);
    if (result == RESULT_OK) {
        result = load_pem(buf_bytes(&text), out_key, err);
    }
    return result == RESULT_OK ? result : misconfigured(buf_string(&path), result, err);
}

static enum result read_key(const char *folder, struct key **out_key, struct error *err) {
    return has_file(folder, CREDENTIAL_KEY_URI) ? read_key_on_token(folder, out_key, err)
                                                : read_key_in_file(folder, out_key, err);
}

static enum result read_url(const char *folder, struct url *out_url, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, URL_TARGET_SIZE);
    TRY(read_text(folder, CREDENTIAL_URL, &text, err));
    while (text.size > 0 && strchr(" \r\n\t", text.data[text.size - 1]) != NULL) {
        text.size--;
    }
    enum result result = url_read(buf_string(&text), out_url, err);
    if (result == RESULT_OK && !out_url->is_https) {
        result = error_set(err, RESULT_INVALID, "expected an https address");
    }
    return result == RESULT_OK ? result : misconfigured(CREDENTIAL_URL, result, err);
}

static enum result read_about_file(const char *folder, struct about *out_about,
                                   struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 2 * LIMIT_NAMES * LIMIT_NAME_BYTES);
    TRY(read_text(folder, CREDENTIAL_ABOUT, &text, err));
    enum result result = message_from_json(&about_type, buf_bytes(&text), out_about, err);
    return result == RESULT_OK ? result : misconfigured(CREDENTIAL_ABOUT, result, err);
}

// --- the whole ---------------------------------------------------------------------------

static enum result check_pair(const struct credential *credential, const char *folder,
                              struct error *err) {
    struct certificate certificate;
    enum result result =
        certificate_read(buf_bytes(&credential->certificate), &certificate, err);
    if (result == RESULT_OK && !bytes_equal(certificate.spki, key_public(credential->key))) {
        result = error_set(err, RESULT_INVALID, "%s and %s do not belong together",
                           CREDENTIAL_KEY, CREDENTIAL_CERTIFICATE);
    }
    return result == RESULT_OK ? result : misconfigured(folder, result, err);
}

static enum result read_files(const char *folder, struct credential *credential,
                              struct error *err) {
    buf_init(&credential->certificate, LIMIT_CERTIFICATE_BYTES);
    buf_init(&credential->chain, LIMIT_CHAIN_BYTES);
    buf_init(&credential->trust, LIMIT_CHAIN_BYTES);
    buf_init(&credential->root, LIMIT_CERTIFICATE_BYTES);
    buf_init(&credential->url_file, LIMIT_PATH_BYTES);
    TRY(read_key(folder, &credential->key, err));
    TRY(read_certificates(folder, CREDENTIAL_CERTIFICATE, &credential->certificate, err));
    TRY(read_optional(folder, CREDENTIAL_CHAIN, &credential->chain, err));
    TRY(read_certificates(folder, CREDENTIAL_TRUST, &credential->trust, err));
    TRY(read_optional(folder, CREDENTIAL_ROOT, &credential->root, err));
    TRY(read_url(folder, &credential->url, err));
    TRY(path_join(&credential->url_file, folder, CREDENTIAL_URL));
    if (has_file(folder, CREDENTIAL_ABOUT)) {
        TRY(read_about_file(folder, &credential->about, err));
    }
    return check_pair(credential, folder, err);
}

// The folder that holds the files: `folder` itself, or what its `current` leads to.
static enum result resolve(const char *folder, struct buf *out, struct error *err) {
    buf_init(out, LIMIT_PATH_BYTES);
    const bool has_key =
        has_file(folder, CREDENTIAL_KEY) || has_file(folder, CREDENTIAL_KEY_URI);
    if (!has_key && has_file(folder, CREDENTIAL_CURRENT)) {
        TRY(path_join(out, folder, CREDENTIAL_CURRENT));
    } else {
        TRY(buf_assign(out, bytes_of_string(folder)));
    }
    // One generation for all files, also when a renewal moves the link meanwhile.
    AUTO(string_free_at) char *real = realpath(buf_string(out), NULL);
    if (real == NULL && errno == ENOENT) {
        (void)error_set_code(err, RESULT_NOT_FOUND, "misconfigured",
                             "there is no credential in %s", folder);
        error_hint(err, "Expected a folder with %s, %s, %s and %s in it.", CREDENTIAL_KEY,
                   CREDENTIAL_CERTIFICATE, CREDENTIAL_TRUST, CREDENTIAL_URL);
        return RESULT_NOT_FOUND;
    }
    if (real == NULL) {
        enum result result = error_from_errno(err, errno, "cannot open %s", folder);
        return misconfigured(folder, result, err);
    }
    return buf_assign(out, bytes_of_string(real));
}

enum result credential_read(const char *folder, struct credential *out_credential,
                            struct error *err) {
    AUTO(buf_clear) struct buf real = {0};
    TRY(resolve(folder, &real, err));
    AUTO(credential_clear) struct credential credential = {0};
    TRY(read_files(buf_string(&real), &credential, err));
    *out_credential = credential;
    credential = (struct credential){0};
    return RESULT_OK;
}

static enum result about_from_certificate(const char *folder, struct about *out_about,
                                          struct error *err) {
    AUTO(buf_clear) struct buf der = {0};
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    TRY(read_certificates(folder, CREDENTIAL_CERTIFICATE, &der, err));
    struct certificate certificate;
    enum result result = certificate_read(buf_bytes(&der), &certificate, err);
    if (result != RESULT_OK) {
        return misconfigured(CREDENTIAL_CERTIFICATE, result, err);
    }
    AUTO(buf_clear) struct buf serial = {0};
    buf_init(&serial, LIMIT_SERIAL_TEXT);
    TRY(text_hex_encode(certificate.serial, &serial));
    out_about->not_before = certificate.not_before;
    out_about->not_after = certificate.not_after;
    out_about->renew_after = certificate.not_after;
    return text_set(&out_about->serial, buf_string(&serial));
}

// Moves `about` to the caller, or ends it.
static enum result give_about(enum result result, struct about *about,
                              struct about *out_about) {
    if (result == RESULT_OK) {
        *out_about = *about;
    } else {
        message_clear(&about_type, about);
    }
    return result;
}

enum result credential_read_about(const char *folder, struct about *out_about,
                                  struct error *err) {
    AUTO(buf_clear) struct buf real = {0};
    TRY(resolve(folder, &real, err));
    struct about certified = {0};
    struct about about = {0};
    enum result result = about_from_certificate(buf_string(&real), &certified, err);
    if (result != RESULT_OK || !has_file(buf_string(&real), CREDENTIAL_ABOUT)) {
        return give_about(result, &certified, out_about);
    }
    result = read_about_file(buf_string(&real), &about, err);
    if (result == RESULT_OK && strcmp(about.serial, certified.serial) != 0) {
        result = error_set_code(err, RESULT_CONFLICT, "misconfigured",
                                "%s: %s and %s are of different certificates", folder,
                                CREDENTIAL_CERTIFICATE, CREDENTIAL_ABOUT);
        error_hint(err, "Enroll anew with a token and --force.");
    }
    message_clear(&about_type, &certified);
    return give_about(result, &about, out_about);
}

static enum result check_file(const char *folder, const char *name, struct error *err) {
    AUTO(buf_clear) struct buf path = {0};
    buf_init(&path, LIMIT_PATH_BYTES);
    TRY(path_join(&path, folder, name));
    enum result result = file_check_key(buf_string(&path), err);
    return result == RESULT_OK ? result : misconfigured(buf_string(&path), result, err);
}

enum result credential_check(const char *folder, struct error *err) {
    AUTO(buf_clear) struct buf real = {0};
    AUTO(buf_clear) struct buf key = {0};
    AUTO(credential_clear) struct credential credential = {0};
    buf_init(&key, LIMIT_PATH_BYTES);
    TRY(resolve(folder, &real, err));
    const bool is_on_token = has_file(buf_string(&real), CREDENTIAL_KEY_URI);
    TRY(check_file(buf_string(&real), is_on_token ? CREDENTIAL_KEY_URI : CREDENTIAL_KEY, err));
    if (has_file(buf_string(&real), CREDENTIAL_COMBINED)) {
        TRY(check_file(buf_string(&real), CREDENTIAL_COMBINED, err)); // holds the key, too
    }
    TRY(path_join(&key, buf_string(&real), CREDENTIAL_KEY));
    return is_on_token || access(buf_string(&key), R_OK) != 0
               ? RESULT_OK
               : credential_read(buf_string(&real), &credential, err);
}

enum result credential_key_hash(const char *folder, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf real = {0};
    AUTO(buf_clear) struct buf der = {0};
    struct certificate certificate;
    uint8_t digest[SHA256_SIZE];
    buf_init(&der, LIMIT_CERTIFICATE_BYTES);
    TRY(resolve(folder, &real, err));
    TRY(read_certificates(buf_string(&real), CREDENTIAL_CERTIFICATE, &der, err));
    TRY(certificate_read(buf_bytes(&der), &certificate, err));
    TRY(hash_sha256(certificate.spki, digest));
    return text_hex_encode(bytes_of(digest, sizeof(digest)), out);
}

enum result credential_connect(const struct credential *credential,
                               struct tls_context **out_tls, struct exchange *out_exchange,
                               struct error *err) {
    const struct own_certificate own = {.key = credential->key,
                                        .certificate = buf_bytes(&credential->certificate),
                                        .chain = buf_bytes(&credential->chain)};
    TRY(authority_connect(&credential->url, NULL, buf_bytes(&credential->trust), &own, out_tls,
                          out_exchange, err));
    out_exchange->url_file =
        credential->url_file.size > 0 ? buf_string(&credential->url_file) : NULL;
    return RESULT_OK;
}

// --- names and places --------------------------------------------------------------------

enum result credentials_folder(const char *option, struct buf *out, struct error *err) {
    if (option != NULL && *option == '\0') {
        return error_set_code(err, RESULT_INVALID, "usage", "--dir: expected a folder");
    }
    const char *environment = getenv(CREDENTIALS_VARIABLE);
    if (option == NULL && environment != NULL && *environment != '\0') {
        option = environment;
    }
    if (option != NULL) {
        return buf_assign(out, bytes_of_string(option));
    }
    if (geteuid() == 0) {
        return buf_assign(out, BYTES_LITERAL("/etc/signet/credentials"));
    }
    const char *home = getenv("HOME");
    if (home == NULL || *home != '/') {
        (void)error_set_code(err, RESULT_INVALID, "misconfigured",
                             "HOME is not set, so there is no default folder for credentials");
        error_hint(err, "Name one with --dir.");
        return RESULT_INVALID;
    }
    return path_join(out, home, ".config/signet/credentials");
}

static bool is_safe_character(char c, bool is_first) {
    bool is_alphanumeric =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_alphanumeric || c == '_' || (!is_first && (c == '.' || c == '@' || c == '-'));
}

enum result credential_safe_name(const char *text, struct buf *out, struct error *err) {
    size_t length = strlen(text);
    for (size_t i = 0; i < length && i < NAME_MAXIMUM; i++) {
        char c = is_safe_character(text[i], i == 0) ? text[i] : '_';
        TRY(buf_append_byte(out, (uint8_t)c));
    }
    if (length == 0) {
        return error_set(err, RESULT_INVALID, "an empty name cannot be a folder");
    }
    return RESULT_OK;
}

enum result credential_check_name(const char *name, struct error *err) {
    AUTO(buf_clear) struct buf safe = {0};
    buf_init(&safe, NAME_MAXIMUM + 1);
    if (credential_safe_name(name, &safe, NULL) != RESULT_OK ||
        strcmp(buf_string(&safe), name) != 0) {
        (void)error_set_code(err, RESULT_INVALID, "usage",
                             "'%.100s' cannot be the name of a credential", name);
        error_hint(err, "Use letters, digits and ._@- (not in front), %d at most.",
                   NAME_MAXIMUM);
        return RESULT_INVALID;
    }
    return RESULT_OK;
}
