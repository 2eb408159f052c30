// The older private key forms that only PEM files hold (PKCS#8 itself is in key.h).
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "x509/key.h"

// ECPrivateKey (RFC 5915), with its curve inside.
enum result key_load_ec_private(struct bytes der, struct key **out_key, struct error *err);
// RSAPrivateKey (RFC 8017).
enum result key_load_rsa_private(struct bytes der, struct key **out_key, struct error *err);
