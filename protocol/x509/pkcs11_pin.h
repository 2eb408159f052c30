// PINs of tokens: from a file, the URI or a person, and never tried once too often.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "x509/pkcs11_token.h"

// C_Login in the token's session. One that was refused is not tried again before its file has
// changed or the program is started anew, and the last try is left to a person. Codes:
// "pin_needed", "pin_wrong", "pin_locked", "pin_last_try".
enum result pkcs11_pin_give(struct pkcs11_token *token, CK_USER_TYPE user, struct error *err);
