// A folder named after the question that is asked.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/admin/issue_folder.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "x509/hash.h"

#define QUESTION_BYTES (2 * (size_t)LIMIT_NAMES * LIMIT_NAME_BYTES)
#define TOKEN_FILE "token.json"
// 128 bits of the hash name the folder.
#define NAME_BYTES 16

static enum result hash_question(const struct token_create *question,
                                 enum key_algorithm algorithm, struct buf *out_path,
                                 struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    uint8_t digest[SHA256_SIZE];
    buf_init(&text, QUESTION_BYTES);
    TRY(message_to_json(&token_create_type, question, &text, err));
    TRY(buf_append_string(&text, key_algorithm_name(algorithm)));
    TRY(hash_sha256(buf_bytes(&text), digest));
    return text_hex_encode(bytes_of(digest, NAME_BYTES), out_path);
}

static const char *find_parent(void) {
    const char *parent = getenv("XDG_RUNTIME_DIR");
    if (parent == NULL || *parent != '/') {
        parent = getenv("TMPDIR");
    }
    return parent == NULL || *parent != '/' ? "/tmp" : parent;
}

// Everybody may make folders in /tmp, and guess this one's name.
static enum result require_own(const char *path, struct error *err) {
    struct stat status;
    if (lstat(path, &status) != 0) {
        return error_from_errno(err, errno, "cannot look at %s", path);
    }
    if (S_ISDIR(status.st_mode) && status.st_uid == geteuid() && (status.st_mode & 0077) == 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "not_private",
                         "%s was made by somebody else, or is open to others", path);
    error_hint(err, "Set TMPDIR to a folder of your own.");
    return RESULT_DENIED;
}

enum result issue_folder_open(const struct token_create *question, enum key_algorithm algorithm,
                              struct buf *out_path, struct error *err) {
    TRY(path_join(out_path, find_parent(), "signetctl-issue."));
    TRY(hash_question(question, algorithm, out_path, err));
    if (mkdir(buf_string(out_path), 0700) == 0) {
        return RESULT_OK;
    }
    return errno == EEXIST ? require_own(buf_string(out_path), err)
                           : error_from_errno(err, errno, "cannot make the folder %s",
                                              buf_string(out_path));
}

enum result issue_folder_read_token(const char *path, struct token_created *out_token,
                                    struct error *err) {
    AUTO(buf_clear) struct buf file = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&file, LIMIT_PATH_BYTES);
    buf_init_secret(&text, QUESTION_BYTES);
    TRY(path_join(&file, path, TOKEN_FILE));
    if (!file_exists(buf_string(&file))) {
        return RESULT_NOT_FOUND;
    }
    TRY(file_read_private(buf_string(&file), &text, err));
    return message_from_json(&token_created_type, buf_bytes(&text), out_token, err);
}

enum result issue_folder_keep_token(const char *path, const struct token_created *token,
                                    struct error *err) {
    AUTO(buf_clear) struct buf file = {0};
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&file, LIMIT_PATH_BYTES);
    buf_init_secret(&text, QUESTION_BYTES);
    TRY(path_join(&file, path, TOKEN_FILE));
    TRY(message_to_json(&token_created_type, token, &text, err));
    return file_replace(buf_string(&file), buf_bytes(&text), 0600, err);
}
