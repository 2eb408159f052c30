// Texts in the forms that XMPP compares: passwords, domains, addresses.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "base/bytes.h"
#include "base/error.h"

// A password or user name as SASLprep (RFC 4013) has it, appended. RESULT_INVALID, code
// "password", for one that it forbids.
enum result xmpp_prepare_secret(const char *text, struct buf *out, struct error *err);
// A domain in letters of ASCII, as it stands in certificates and in the DNS, appended.
enum result xmpp_ascii_domain(const char *domain, struct buf *out, struct error *err);

// user@domain: an account. A resource behind it is dropped.
struct xmpp_address {
    struct buf bare;
    struct buf user;
    struct buf domain;
};

void xmpp_address_clear(struct xmpp_address *address);
// RESULT_INVALID, code "usage", for what names no account.
enum result xmpp_address_read(const char *text, struct xmpp_address *out_address,
                              struct error *err);
