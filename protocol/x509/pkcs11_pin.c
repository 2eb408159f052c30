// Where a token's PIN comes from, and the care that no program locks a token with a wrong one.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/pkcs11_pin.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/limits.h"
#include "x509/hash.h"
#include "x509/key_pkcs11.h"

struct pin {
    struct buf text; // secret
    bool is_typed_now;
    // Of a PIN that will be the same at the next try: what was refused is known again by it.
    bool has_fingerprint;
    uint8_t fingerprint[SHA256_SIZE];
};

static void pin_clear(struct pin *pin) {
    buf_clear(&pin->text);
}

static key_pin_prompt *ask_for_pin;

void key_pin_prompt_set(key_pin_prompt *prompt) {
    ask_for_pin = prompt;
}

// --- what was refused ------------------------------------------------------------------------

// As long as the program runs: keys are opened and freed, and the token goes on counting.
static uint8_t refused[LIMIT_REFUSED_PINS][SHA256_SIZE];
static size_t refused_count; // of all that were; the oldest give way

// Of the token, the PIN and the time when its file was changed: a PIN that is written down once
// more is tried again, since the token may have got that PIN in the meantime.
static enum result fingerprint(const struct pkcs11_token *token, struct pin *pin,
                               struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    struct stat status = {0};
    const CK_TOKEN_INFO *info = &token->info;
    buf_init_secret(&text, LIMIT_PIN_BYTES + 256);
    if (token->uri.file != NULL && stat(token->uri.file, &status) != 0) {
        return error_from_errno(err, errno, "%s", token->uri.file);
    }
    TRY(buf_append(&text, bytes_of(info->label, sizeof(info->label))));
    TRY(buf_append(&text, bytes_of(info->serialNumber, sizeof(info->serialNumber))));
    TRY(buf_printf(&text, "%lld.%ld ", (long long)status.st_mtim.tv_sec,
                   status.st_mtim.tv_nsec));
    TRY(buf_append(&text, buf_bytes(&pin->text)));
    TRY(hash_sha256(buf_bytes(&text), pin->fingerprint));
    pin->has_fingerprint = true;
    return RESULT_OK;
}

static bool was_refused(const struct pin *pin) {
    for (size_t i = 0; i < LIMIT_REFUSED_PINS && i < refused_count; i++) {
        if (pin->has_fingerprint && memcmp(refused[i], pin->fingerprint, SHA256_SIZE) == 0) {
            return true;
        }
    }
    return false;
}

static void note_refused(const struct pin *pin) {
    if (pin->has_fingerprint) {
        memcpy(refused[refused_count++ % LIMIT_REFUSED_PINS], pin->fingerprint, SHA256_SIZE);
    }
}

// --- where it comes from ---------------------------------------------------------------------

static enum result read_pin_file(const char *path, struct buf *out, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init_secret(&text, LIMIT_PIN_BYTES + 2);
    TRY(file_read_private(path, &text, err));
    const size_t size = strcspn(buf_string(&text), "\r\n");
    if (size == 0) {
        return error_set_code(err, RESULT_INVALID, "pin_needed",
                              "%s: expected the PIN on the first line", path);
    }
    return buf_append(out, bytes_slice(buf_bytes(&text), 0, size));
}

static enum result refuse_pin(const struct pkcs11_token *token, const char *code,
                              const char *what, const char *hint, struct error *err) {
    const struct bytes label = pkcs11_token_label(&token->info);
    (void)error_set_code(err, RESULT_DENIED, code, "the token \"%.*s\" %s", (int)label.size,
                         (const char *)label.data, what);
    error_hint(err, "%s", hint);
    return RESULT_DENIED;
}

static enum result ask(const struct pkcs11_token *token, struct buf *out, struct error *err) {
    const struct bytes label = pkcs11_token_label(&token->info);
    AUTO(buf_clear) struct buf question = {0};
    buf_init(&question, 128);
    TRY(buf_printf(&question, "PIN of the token \"%.*s\": ", (int)label.size,
                   (const char *)label.data));
    const enum result result =
        ask_for_pin != NULL ? ask_for_pin(buf_string(&question), out, err) : RESULT_NOT_FOUND;
    return result == RESULT_NOT_FOUND
               ? refuse_pin(token, "pin_needed", "wants a PIN",
                            "Put it into a file of mode 0600, and add "
                            "pin-source=file:/the/path to the query of the URI.",
                            err)
               : result;
}

static enum result obtain_pin(struct pkcs11_token *token, struct pin *out, struct error *err) {
    if (token->uri.file != NULL) {
        TRY(read_pin_file(token->uri.file, &out->text, err));
        return fingerprint(token, out, err);
    }
    if (token->uri.pin != NULL) {
        TRY(buf_append_string(&out->text, token->uri.pin));
        return fingerprint(token, out, err);
    }
    out->is_typed_now = token->typed_pin.size == 0;
    if (out->is_typed_now) {
        TRY(ask(token, &token->typed_pin, err));
    }
    return buf_append(&out->text, buf_bytes(&token->typed_pin));
}

// --- giving it ----------------------------------------------------------------------------------

static enum result refuse_locked(const struct pkcs11_token *token, struct error *err) {
    return refuse_pin(token, "pin_locked", "is locked, after too many wrong PINs",
                      "Set a new PIN with its security officer's (SO) PIN: pkcs11-tool "
                      "--login --login-type so --init-pin.",
                      err);
}

static enum result refuse_wrong(struct pkcs11_token *token, const struct pin *pin,
                                struct error *err) {
    buf_reset(&token->typed_pin);
    note_refused(pin);
    CK_TOKEN_INFO now = token->info;
    (void)token->module->C_GetTokenInfo(token->slot, &now);
    if ((now.flags & CKF_USER_PIN_LOCKED) != 0) {
        return refuse_locked(token, err);
    }
    return refuse_pin(token, "pin_wrong", "refused the PIN",
                      (now.flags & CKF_USER_PIN_FINAL_TRY) != 0
                          ? "One try is left before it is locked. Correct the PIN in the file "
                            "of pin-source before anything else."
                      : (now.flags & CKF_USER_PIN_COUNT_LOW) != 0
                          ? "Correct the PIN in the file of pin-source; the token counts wrong "
                            "ones, and is locked after a few."
                          : "Correct the PIN in the file of pin-source.",
                      err);
}

// What the token counts is asked anew each time: a wrong PIN since then may have been ours.
static enum result check_tries(struct pkcs11_token *token, const struct pin *pin,
                               struct error *err) {
    const CK_RV code = token->module->C_GetTokenInfo(token->slot, &token->info);
    if (code != CKR_OK) {
        return pkcs11_token_failed(err, "tell how many tries of the PIN are left", code);
    }
    if (was_refused(pin)) {
        return refuse_pin(token, "pin_wrong", "refused the PIN before; it is not tried again",
                          "Correct the PIN in the file of pin-source: it is tried when the "
                          "file has changed, or in another run of the program.",
                          err);
    }
    // A program that tries again by itself would lock the token.
    return (token->info.flags & CKF_USER_PIN_FINAL_TRY) == 0 || pin->is_typed_now
               ? RESULT_OK
               : refuse_pin(token, "pin_last_try", "allows one more try of the PIN",
                            "It is left to you: a right one, with pkcs11-tool --login --test, "
                            "makes the token count anew.",
                            err);
}

enum result pkcs11_pin_give(struct pkcs11_token *token, CK_USER_TYPE user, struct error *err) {
    AUTO(pin_clear) struct pin pin = {0};
    const bool is_elsewhere = (token->info.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0;
    buf_init_secret(&pin.text, LIMIT_PIN_BYTES);
    if (!is_elsewhere) {
        TRY(obtain_pin(token, &pin, err));
        TRY(check_tries(token, &pin, err));
    }
    const CK_RV code =
        token->module->C_Login(token->session, user, is_elsewhere ? NULL : pin.text.data,
                               is_elsewhere ? 0 : pin.text.size);
    switch (code) {
    case CKR_OK:
    case CKR_USER_ALREADY_LOGGED_IN:
        return RESULT_OK;
    case CKR_PIN_INCORRECT:
    case CKR_PIN_INVALID:
    case CKR_PIN_LEN_RANGE:
        return refuse_wrong(token, &pin, err);
    case CKR_PIN_LOCKED:
        return refuse_locked(token, err);
    default:
        return pkcs11_token_failed(err, "log in", code);
    }
}
