// Private keys in PEM text, and in files, which hold that or the URI of a key on a token.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "x509/key.h"
#include "x509/key_encryption.h"
#include "x509/key_pkcs11.h"
#include "x509/key_pkcs8.h"
#include "x509/pem.h"

#define PEM_ENCRYPTED_PRIVATE_KEY "ENCRYPTED PRIVATE KEY"
#define PEM_EC_PRIVATE_KEY "EC PRIVATE KEY"
#define PEM_RSA_PRIVATE_KEY "RSA PRIVATE KEY"

static bool has_label(const struct pem_block *block, const char *label) {
    return bytes_equal(block->label, bytes_of_string(label));
}

static enum result load_encrypted(struct bytes der, const char *passphrase,
                                  struct key **out_key, struct error *err) {
    if (passphrase == NULL) {
        return error_set_code(err, RESULT_DENIED, "passphrase_needed",
                              "the private key is encrypted and no passphrase was given");
    }
    AUTO(buf_clear) struct buf pkcs8 = {0};
    buf_init_secret(&pkcs8, LIMIT_KEY_FILE_BYTES);
    TRY(key_decrypt(der, passphrase, &pkcs8, err));
    return key_load_pkcs8(buf_bytes(&pkcs8), out_key, err);
}

// One block; RESULT_NOT_FOUND when it is no private key.
static enum result load_block(const struct pem_block *block, const char *passphrase,
                              struct key **out_key, struct error *err) {
    struct bytes der = buf_bytes(&block->der);
    bool is_ec = has_label(block, PEM_EC_PRIVATE_KEY);
    bool is_rsa = has_label(block, PEM_RSA_PRIVATE_KEY);
    if ((is_ec || is_rsa) && block->headers.size > 0) {
        // "Proc-Type: 4,ENCRYPTED": a single MD5 of the passphrase is no protection.
        (void)error_set_code(
            err, RESULT_INVALID, "key_encryption_unknown",
            "the private key is encrypted in the old PEM form; expected PKCS#8");
        error_hint(err, "Convert it: openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD.key -out "
                        "NEW.key");
        return RESULT_INVALID;
    }
    if (is_ec) {
        return key_load_ec_private(der, out_key, err);
    }
    if (is_rsa) {
        return key_load_rsa_private(der, out_key, err);
    }
    if (has_label(block, PEM_PRIVATE_KEY)) {
        return key_load_pkcs8(der, out_key, err);
    }
    if (has_label(block, PEM_ENCRYPTED_PRIVATE_KEY)) {
        return load_encrypted(der, passphrase, out_key, err);
    }
    return RESULT_NOT_FOUND;
}

enum result key_load_pem(struct bytes pem, const char *passphrase, struct key **out_key,
                         struct error *err) {
    AUTO(pem_block_clear) struct pem_block block = {0};
    while (true) {
        enum result result = pem_read_next(&pem, &block, err);
        if (result == RESULT_NOT_FOUND) {
            return error_set(err, RESULT_INVALID,
                             "expected a private key in PEM (\"-----BEGIN PRIVATE KEY-----\"), "
                             "came none");
        }
        TRY(result);
        result = load_block(&block, passphrase, out_key, err);
        if (result != RESULT_NOT_FOUND) {
            return result;
        }
    }
}

enum result key_save_pem(const struct key *key, const char *passphrase, struct buf *out,
                         struct error *err) {
    AUTO(buf_clear) struct buf pkcs8 = {0}, encrypted = {0}, pem = {0};
    buf_init_secret(&pkcs8, LIMIT_KEY_FILE_BYTES);
    buf_init_secret(&pem, LIMIT_KEY_FILE_BYTES);
    buf_init(&encrypted, LIMIT_KEY_FILE_BYTES);
    enum result result = key_save_pkcs8(key, &pkcs8);
    if (result == RESULT_DENIED) {
        (void)error_set_code(err, RESULT_DENIED, "key_not_exportable",
                             "the key is on a token and never leaves it");
        error_hint(err,
                   "Only a key that is in a file can be exported, or used by a program that "
                   "does not know tokens.");
        return RESULT_DENIED;
    }
    if (result != RESULT_OK) {
        return error_set(err, result, "could not encode the private key");
    }
    if (passphrase != NULL) {
        TRY(key_encrypt(buf_bytes(&pkcs8), passphrase, &encrypted, err));
        result = pem_encode(PEM_ENCRYPTED_PRIVATE_KEY, buf_bytes(&encrypted), &pem);
    } else {
        result = pem_encode(PEM_PRIVATE_KEY, buf_bytes(&pkcs8), &pem);
    }
    if (result == RESULT_OK) {
        result = buf_append(out, buf_bytes(&pem));
    }
    return result == RESULT_OK ? RESULT_OK
                               : error_set(err, result, "could not write the private key");
}

enum result key_save_text(const struct key *key, struct buf *out, struct error *err) {
    const char *uri = key_uri(key);
    if (uri == NULL) {
        return key_save_pem(key, NULL, out, err);
    }
    return buf_printf(out, "%s\n", uri) == RESULT_OK ? RESULT_OK : error_out_of_memory(err);
}

// The one line of a file with a URI.
static enum result load_line(struct bytes text, struct key **out_key, struct error *err) {
    AUTO(string_free_secret_at) char *line = string_copy_bytes(text);
    if (line == NULL) {
        return error_out_of_memory(err);
    }
    size_t size = strcspn(line, "\r\n");
    if (size + strspn(line + size, "\r\n \t") != text.size) {
        return error_set_code(
            err, RESULT_INVALID, "key_uri",
            "expected one line with the URI of the key, and nothing behind it");
    }
    line[size] = '\0';
    return key_open_uri(line, out_key, err);
}

enum result key_load_text(struct bytes text, const char *passphrase, struct key **out_key,
                          struct error *err) {
    AUTO(string_free_secret_at) char *start = string_copy_bytes(bytes_slice(text, 0, 16));
    if (start == NULL) {
        return error_out_of_memory(err);
    }
    return key_is_uri(start) ? load_line(text, out_key, err)
                             : key_load_pem(text, passphrase, out_key, err);
}

enum result key_load_file(const char *path, const char *passphrase, struct key **out_key,
                          struct error *err) {
    if (key_is_uri(path)) {
        return key_open_uri(path, out_key, err);
    }
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_KEY_FILE_BYTES);
    TRY(file_read_private(path, &text, err));
    enum result result = key_load_text(buf_bytes(&text), passphrase, out_key, err);
    if (result != RESULT_OK) {
        error_context(err, "%s", path);
    }
    return result;
}
