// Loading modules, finding tokens, opening sessions, and doing it again when a token comes back.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/pkcs11_token.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/owner.h"
#include "x509/pkcs11_pin.h"

static struct pkcs11_token *open_tokens;

// --- what modules say ------------------------------------------------------------------------

enum result pkcs11_token_failed(struct error *err, const char *what, CK_RV code) {
    (void)error_set_code(err, RESULT_UNAVAILABLE, "token_failed",
                         "the token could not %s: %s (0x%lx)", what, p11_kit_strerror(code),
                         code);
    error_hint(err, "Try the module by itself: pkcs11-tool --module PATH --login --test. A "
                    "module that writes files needs its folder in pkcs11_paths of "
                    "signetd.conf.");
    return RESULT_UNAVAILABLE;
}

bool pkcs11_token_is_lost(CK_RV code) {
    switch (code) {
    case CKR_SESSION_HANDLE_INVALID:
    case CKR_SESSION_CLOSED:
    case CKR_DEVICE_REMOVED:
    case CKR_DEVICE_ERROR:
    case CKR_TOKEN_NOT_PRESENT:
    case CKR_USER_NOT_LOGGED_IN:
    case CKR_OBJECT_HANDLE_INVALID:
    case CKR_KEY_HANDLE_INVALID:
    case CKR_OPERATION_ACTIVE: // one that was begun is in the way, and ends with its session
        return true;
    default:
        return false;
    }
}

struct bytes pkcs11_token_label(const CK_TOKEN_INFO *info) {
    size_t size = sizeof(info->label);
    while (size > 0 && (info->label[size - 1] == ' ' || info->label[size - 1] == '\0')) {
        size--;
    }
    return bytes_of(info->label, size);
}

// --- modules ---------------------------------------------------------------------------------

static enum result refuse_module(const char *path, const char *reason, struct error *err) {
    (void)error_set_code(err, RESULT_NOT_FOUND, "token_module",
                         "the PKCS#11 module %.120s cannot be used: %s", path, reason);
    error_hint(err,
               "Install it (libsofthsm2, libtpm2-pkcs11-1, opensc-pkcs11, or its maker's), "
               "or give the right module-path in the URI.");
    return RESULT_NOT_FOUND;
}

// What root loads is root: not a module that somebody else could put there.
static enum result check_module(const char *path, const char *real, struct error *err) {
    struct error reason = {0};
    enum result result = geteuid() == 0 ? owner_check_all(real, &reason) : RESULT_OK;
    if (result != RESULT_OK) {
        (void)error_set_code(err, result, "token_module",
                             "root does not load the PKCS#11 module %.120s: %s", path,
                             reason.message);
        error_hint(err, "%s", reason.hint);
    }
    return result;
}

static enum result load_module(struct pkcs11_token *token, const char *path,
                               struct error *err) {
    // p11-kit would look for it, and say on standard error that it is not there.
    AUTO(string_free_at) char *real = realpath(path, NULL);
    if (real == NULL) {
        return refuse_module(path, strerror(errno), err);
    }
    TRY(check_module(path, real, err));
    token->modules = calloc(2, sizeof(CK_FUNCTION_LIST *));
    if (token->modules == NULL) {
        return error_out_of_memory(err);
    }
    // What was checked, wherever a link leads by now.
    CK_FUNCTION_LIST *module = p11_kit_module_load(real, P11_KIT_MODULE_CRITICAL);
    if (module == NULL) {
        const char *reason = p11_kit_message();
        return refuse_module(path, reason != NULL ? reason : "it is no PKCS#11 module", err);
    }
    const CK_RV code = p11_kit_module_initialize(module);
    if (code != CKR_OK) {
        p11_kit_module_release(module);
        return refuse_module(path, p11_kit_strerror(code), err);
    }
    token->modules[0] = module;
    return RESULT_OK;
}

static enum result load_modules(struct pkcs11_token *token, struct error *err) {
    const char *path = p11_kit_uri_get_module_path(token->uri.parsed);
    token->is_only_module = path != NULL;
    if (path != NULL) {
        return load_module(token, path, err);
    }
    token->modules = p11_kit_modules_load_and_initialize(0);
    if (token->modules == NULL) {
        const char *reason = p11_kit_message();
        return refuse_module("that p11-kit has registered",
                             reason != NULL ? reason : "none can be loaded", err);
    }
    return RESULT_OK;
}

static void unload_modules(struct pkcs11_token *token) {
    if (token->modules == NULL) {
        return;
    }
    if (!token->is_only_module) {
        p11_kit_modules_finalize_and_release(token->modules);
        return;
    }
    if (token->modules[0] != NULL) {
        (void)p11_kit_module_finalize(token->modules[0]);
        p11_kit_module_release(token->modules[0]);
    }
    free(token->modules);
}

// --- slots -----------------------------------------------------------------------------------

// What a search through all slots came to.
struct search {
    const struct pkcs11_uri *uri;
    size_t matches;
    CK_FUNCTION_LIST *module;
    CK_SLOT_ID slot;
    CK_TOKEN_INFO info;
    struct buf seen; // labels of all tokens, for a person
};

static void search_clear(struct search *search) {
    buf_clear(&search->seen);
}

static bool module_matches(const struct pkcs11_uri *uri, CK_FUNCTION_LIST *module) {
    const char *wanted = p11_kit_uri_get_module_name(uri->parsed);
    CK_INFO info;
    if (module->C_GetInfo(&info) != CKR_OK ||
        !p11_kit_uri_match_module_info(uri->parsed, &info)) {
        return false;
    }
    if (wanted == NULL) {
        return true;
    }
    char *name = p11_kit_module_get_name(module);
    const bool is_same = name != NULL && strcmp(name, wanted) == 0;
    free(name);
    return is_same;
}

static bool slot_matches(const struct pkcs11_uri *uri, CK_FUNCTION_LIST *module,
                         CK_SLOT_ID slot) {
    const CK_SLOT_ID wanted = p11_kit_uri_get_slot_id(uri->parsed);
    CK_SLOT_INFO info;
    return (wanted == (CK_SLOT_ID)-1 || wanted == slot) &&
           module->C_GetSlotInfo(slot, &info) == CKR_OK &&
           p11_kit_uri_match_slot_info(uri->parsed, &info);
}

static void look_at_slot(struct search *search, CK_FUNCTION_LIST *module, CK_SLOT_ID slot) {
    CK_TOKEN_INFO info;
    if (module->C_GetTokenInfo(slot, &info) != CKR_OK ||
        (info.flags & CKF_TOKEN_INITIALIZED) == 0) {
        return;
    }
    const struct bytes label = pkcs11_token_label(&info);
    // The list is for a person: what has no room is left out.
    (void)!buf_printf(&search->seen, "%s\"%.*s\"", search->seen.size > 0 ? ", " : "",
                      (int)label.size, (const char *)label.data);
    if (module_matches(search->uri, module) && slot_matches(search->uri, module, slot) &&
        p11_kit_uri_match_token_info(search->uri->parsed, &info)) {
        search->matches++;
        search->module = module;
        search->slot = slot;
        search->info = info;
    }
}

static enum result search_module(struct search *search, CK_FUNCTION_LIST *module,
                                 struct error *err) {
    CK_SLOT_ID slots[LIMIT_TOKEN_SLOTS];
    CK_ULONG count = 0;
    // Asking without room makes a module look which readers and tokens there are now.
    CK_RV code = module->C_GetSlotList(CK_TRUE, NULL, &count);
    if (code == CKR_OK) {
        count = LIMIT_TOKEN_SLOTS;
        code = module->C_GetSlotList(CK_TRUE, slots, &count);
    }
    if (code != CKR_OK) {
        return pkcs11_token_failed(err, "list its slots", code);
    }
    for (CK_ULONG i = 0; i < count; i++) {
        look_at_slot(search, module, slots[i]);
    }
    return RESULT_OK;
}

static enum result refuse_search(const struct search *search, struct error *err) {
    const char *uri = buf_string(&search->uri->shown);
    if (search->matches > 1) {
        (void)error_set_code(err, RESULT_CONFLICT, "token_several",
                             "%zu tokens fit the URI %.200s", search->matches, uri);
        error_hint(err, "Say which one, with token= or serial=. There are: %s",
                   buf_string(&search->seen));
        return RESULT_CONFLICT;
    }
    (void)error_set_code(err, RESULT_NOT_FOUND, "token_missing", "no token fits the URI %.200s",
                         uri);
    error_hint(err, "Connect it, or correct the URI. %s%s",
               search->seen.size > 0 ? "There are: " : "There is none at all.",
               buf_string(&search->seen));
    return RESULT_NOT_FOUND;
}

static enum result find_slot(struct pkcs11_token *token, struct error *err) {
    AUTO(search_clear) struct search search = {.uri = &token->uri};
    buf_init(&search.seen, sizeof(err->hint));
    for (size_t i = 0; token->modules[i] != NULL; i++) {
        // One broken module among many must not keep the others from being asked.
        enum result result =
            search_module(&search, token->modules[i], token->is_only_module ? err : NULL);
        if (result != RESULT_OK && token->is_only_module) {
            return result;
        }
    }
    if (search.matches != 1) {
        return refuse_search(&search, err);
    }
    token->module = search.module;
    token->slot = search.slot;
    token->info = search.info;
    return RESULT_OK;
}

// --- sessions --------------------------------------------------------------------------------

static bool is_logged_in(const struct pkcs11_token *token) {
    CK_SESSION_INFO info;
    return token->module->C_GetSessionInfo(token->session, &info) == CKR_OK &&
           (info.state == CKS_RO_USER_FUNCTIONS || info.state == CKS_RW_USER_FUNCTIONS);
}

static void close_session(struct pkcs11_token *token) {
    if (token->session != CK_INVALID_HANDLE) {
        (void)token->module->C_CloseSession(token->session);
    }
    token->session = CK_INVALID_HANDLE;
}

static enum result log_in(struct pkcs11_token *token, struct error *err) {
    const bool wants_login = (token->info.flags & CKF_LOGIN_REQUIRED) != 0;
    return !wants_login || is_logged_in(token) ? RESULT_OK
                                               : pkcs11_pin_give(token, CKU_USER, err);
}

static enum result open_session(struct pkcs11_token *token, struct error *err) {
    const CK_RV code = token->module->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL, NULL,
                                                    &token->session);
    if (code != CKR_OK) {
        token->session = CK_INVALID_HANDLE;
        return pkcs11_token_failed(err, "open a session", code);
    }
    token->session_number++;
    enum result result = log_in(token, err);
    if (result != RESULT_OK) {
        close_session(token); // it would show the token without its private keys
    }
    return result;
}

void pkcs11_token_drop_operation(struct pkcs11_token *token) {
    const CK_SESSION_HANDLE dropped = token->session;
    const bool wants_login = (token->info.flags & CKF_LOGIN_REQUIRED) != 0;
    // Before the other is closed: the last one that closes logs out.
    if (token->module->C_OpenSession(token->slot, CKF_SERIAL_SESSION, NULL, NULL,
                                     &token->session) == CKR_OK) {
        token->session_number++;
        if (wants_login && !is_logged_in(token)) {
            close_session(token);
        }
    } else {
        token->session = CK_INVALID_HANDLE;
    }
    (void)token->module->C_CloseSession(dropped);
}

static bool shares_module(const struct pkcs11_token *a, const struct pkcs11_token *b) {
    return !a->is_only_module || !b->is_only_module ||
           strcmp(p11_kit_uri_get_module_path(a->uri.parsed),
                  p11_kit_uri_get_module_path(b->uri.parsed)) == 0;
}

// The module begins anew: some (SoftHSM is one) look for tokens in C_Initialize only, and never
// see one again that was away. p11-kit counts who uses a module, so that all tokens of it have to
// let go of it first; each of them opens a session again when it is to sign.
static void begin_modules_anew(const struct pkcs11_token *missing) {
    for (struct pkcs11_token *token = open_tokens; token != NULL; token = token->next) {
        if (shares_module(token, missing)) {
            close_session(token);
            for (size_t i = 0; token->modules[i] != NULL; i++) {
                (void)p11_kit_module_finalize(token->modules[i]);
            }
        }
    }
    for (struct pkcs11_token *token = open_tokens; token != NULL; token = token->next) {
        for (size_t i = 0; shares_module(token, missing) && token->modules[i] != NULL; i++) {
            // One that fails here says so itself when it is asked for its slots.
            (void)p11_kit_module_initialize(token->modules[i]);
        }
    }
}

static bool may_begin_anew(void) {
    static int64_t last_milliseconds;
    const int64_t now = clock_monotonic_milliseconds();
    if (last_milliseconds != 0 &&
        now < last_milliseconds + INT64_C(1000) * LIMIT_TOKEN_MODULE_SECONDS) {
        return false;
    }
    last_milliseconds = now;
    return true;
}

enum result pkcs11_token_reopen(struct pkcs11_token *token, struct error *err) {
    close_session(token);
    enum result result = find_slot(token, err);
    if (result != RESULT_OK && result != RESULT_CONFLICT && may_begin_anew()) {
        begin_modules_anew(token);
        result = find_slot(token, err);
    }
    TRY(result);
    return open_session(token, err);
}

// Whether the session that others opened is still what it was.
static enum result require_session(struct pkcs11_token *token, struct error *err) {
    CK_SESSION_INFO info;
    const bool is_alive = token->session != CK_INVALID_HANDLE &&
                          token->module->C_GetSessionInfo(token->session, &info) == CKR_OK;
    return is_alive && log_in(token, NULL) == RESULT_OK ? RESULT_OK
                                                        : pkcs11_token_reopen(token, err);
}

enum result pkcs11_token_begin_writing(struct pkcs11_token *token,
                                       CK_SESSION_HANDLE *out_session, struct error *err) {
    const CK_RV code = token->module->C_OpenSession(
        token->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, out_session);
    return code == CKR_OK ? RESULT_OK
                          : pkcs11_token_failed(err, "open a session for writing", code);
}

void pkcs11_token_end_writing(struct pkcs11_token *token, CK_SESSION_HANDLE session) {
    (void)token->module->C_CloseSession(session);
}

// --- tokens in use ---------------------------------------------------------------------------

static void pkcs11_token_free(struct pkcs11_token *token) {
    close_session(token);
    unload_modules(token);
    buf_clear(&token->typed_pin);
    pkcs11_uri_clear(&token->uri);
    free(token);
}

static void pkcs11_token_free_at(struct pkcs11_token **token) {
    if (*token != NULL) {
        pkcs11_token_free(*token);
    }
    *token = NULL;
}

static bool is_same(const struct pkcs11_token *a, const struct pkcs11_token *b) {
    return a->slot == b->slot &&
           memcmp(a->info.label, b->info.label, sizeof(a->info.label)) == 0 &&
           memcmp(a->info.serialNumber, b->info.serialNumber, sizeof(a->info.serialNumber)) ==
               0 &&
           memcmp(a->info.model, b->info.model, sizeof(a->info.model)) == 0 &&
           memcmp(a->info.manufacturerID, b->info.manufacturerID,
                  sizeof(a->info.manufacturerID)) == 0;
}

// One that is open already has been logged in to, and needs no PIN once more.
static struct pkcs11_token *find_open(const struct pkcs11_token *wanted) {
    for (struct pkcs11_token *token = open_tokens; token != NULL; token = token->next) {
        if (is_same(token, wanted)) {
            return token;
        }
    }
    return NULL;
}

enum result pkcs11_token_open(const char *uri, struct pkcs11_token **out_token,
                              struct error *err) {
    AUTO(pkcs11_token_free_at) struct pkcs11_token *token = calloc(1, sizeof(*token));
    if (token == NULL) {
        return error_out_of_memory(err);
    }
    token->users = 1;
    buf_init_secret(&token->typed_pin, LIMIT_PIN_BYTES);
    TRY(pkcs11_uri_read(uri, &token->uri, err));
    TRY(pkcs11_uri_forget_object(&token->uri, err));
    TRY(load_modules(token, err));
    TRY(find_slot(token, err));
    struct pkcs11_token *open = find_open(token);
    if (open != NULL) {
        TRY(require_session(open, err));
        open->users++;
        *out_token = open;
        return RESULT_OK;
    }
    TRY(open_session(token, err));
    token->next = open_tokens;
    open_tokens = token;
    *out_token = token;
    token = NULL;
    return RESULT_OK;
}

void pkcs11_token_close(struct pkcs11_token *token) {
    if (--token->users > 0) {
        return;
    }
    struct pkcs11_token **at = &open_tokens;
    while (*at != token) {
        at = &(*at)->next;
    }
    *at = token->next;
    pkcs11_token_free(token);
}

void pkcs11_token_close_at(struct pkcs11_token **token) {
    if (*token != NULL) {
        pkcs11_token_close(*token);
    }
    *token = NULL;
}
