// A PKCS#11 module that fails on demand: SoftHSM behind it, and a file that says what goes wrong.
// SPDX-License-Identifier: GPL-3.0-or-later
//
// FAULTY_PKCS11 names the file; its first word is one of those below, and while there is no such
// file the module is SoftHSM itself. Read at every call, so that a test changes it in a program
// that runs.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <p11-kit/pkcs11.h>

#define SOFTHSM "/usr/lib/softhsm/libsofthsm2.so"

static CK_FUNCTION_LIST_PTR real;
static CK_FUNCTION_LIST faulty;

static unsigned wrong_pins; // while it "counts"

static bool fails_with(const char *fault) {
    const char *path = getenv("FAULTY_PKCS11");
    FILE *file = path != NULL ? fopen(path, "re") : NULL;
    char line[64] = {0};
    if (file == NULL) {
        return false;
    }
    const bool has_line = fgets(line, sizeof(line), file) != NULL;
    (void)fclose(file);
    line[strcspn(line, "\n")] = '\0';
    return has_line && strcmp(line, fault) == 0;
}

// The token is taken out.
static CK_RV get_slot_list(CK_BBOOL with_token, CK_SLOT_ID_PTR slots, CK_ULONG_PTR count) {
    if (fails_with("removed")) {
        *count = 0;
        return CKR_OK;
    }
    return real->C_GetSlotList(with_token, slots, count);
}

static CK_RV get_token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
    const CK_RV code = real->C_GetTokenInfo(slot, info);
    if (code == CKR_OK && fails_with("last-try")) {
        info->flags |= CKF_USER_PIN_FINAL_TRY;
    }
    if (code == CKR_OK && fails_with("counts")) {
        info->flags |= wrong_pins > 0 ? CKF_USER_PIN_COUNT_LOW : 0;
        info->flags |= wrong_pins == 2 ? CKF_USER_PIN_FINAL_TRY : 0;
        info->flags |= wrong_pins > 2 ? CKF_USER_PIN_LOCKED : 0;
    }
    return code;
}

static CK_RV get_mechanism_info(CK_SLOT_ID slot, CK_MECHANISM_TYPE type,
                                CK_MECHANISM_INFO_PTR info) {
    return fails_with("no-mechanism") ? CKR_MECHANISM_INVALID
                                      : real->C_GetMechanismInfo(slot, type, info);
}

// A key for other uses.
static CK_RV get_attribute_value(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                                 CK_ATTRIBUTE_PTR template, CK_ULONG count) {
    const CK_RV code = real->C_GetAttributeValue(session, object, template, count);
    if (code == CKR_OK && template[0].type == CKA_SIGN && fails_with("no-sign")) {
        *(CK_BBOOL *)template[0].pValue = CK_FALSE;
    }
    return code;
}

// Locked after three wrong PINs, as cards are.
static CK_RV login_counted(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin,
                           CK_ULONG size) {
    if (wrong_pins > 2) {
        return CKR_PIN_LOCKED;
    }
    const CK_RV code = real->C_Login(session, user, pin, size);
    wrong_pins = code == CKR_PIN_INCORRECT ? wrong_pins + 1 : 0;
    return code;
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin,
                   CK_ULONG size) {
    if (fails_with("pin-locked")) {
        return CKR_PIN_LOCKED;
    }
    if (fails_with("counts")) {
        return login_counted(session, user, pin, size);
    }
    wrong_pins = 0;
    return real->C_Login(session, user, pin, size);
}

static CK_RV sign_init(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism,
                       CK_OBJECT_HANDLE key) {
    if (fails_with("removed")) {
        return CKR_DEVICE_REMOVED;
    }
    if (fails_with("broken")) {
        return CKR_FUNCTION_FAILED;
    }
    if (fails_with("session-lost")) {
        // Once: the next session is as good as new.
        (void)unlink(getenv("FAULTY_PKCS11"));
        return CKR_SESSION_HANDLE_INVALID;
    }
    if (fails_with("left-open")) {
        // Once: a session in which nothing was begun is as good as new.
        (void)unlink(getenv("FAULTY_PKCS11"));
        return CKR_OPERATION_ACTIVE;
    }
    return real->C_SignInit(session, mechanism, key);
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR out_list) {
    if (real == NULL) {
        void *library = dlopen(SOFTHSM, RTLD_NOW);
        CK_C_GetFunctionList get = NULL;
        if (library != NULL) {
            *(void **)&get = dlsym(library, "C_GetFunctionList");
        }
        if (get == NULL || get(&real) != CKR_OK) {
            return CKR_GENERAL_ERROR;
        }
        // What a module opens, it may leave open for programs that are started: nobody's are.
        (void)open(SOFTHSM, O_RDONLY);
        faulty = *real;
        faulty.C_GetFunctionList = C_GetFunctionList;
        faulty.C_GetSlotList = get_slot_list;
        faulty.C_GetTokenInfo = get_token_info;
        faulty.C_GetMechanismInfo = get_mechanism_info;
        faulty.C_GetAttributeValue = get_attribute_value;
        faulty.C_Login = login;
        faulty.C_SignInit = sign_init;
    }
    *out_list = &faulty;
    return CKR_OK;
}
