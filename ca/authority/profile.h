// Profiles: what a certificate of each kind may and must contain.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "x509/certificate.h"
#include "x509/key.h"
#include "x509/names.h"

// How many names of one type, or of several together.
struct name_rule {
    size_t minimum;
    size_t maximum;
};

struct profile {
    char *name;
    bool is_internal; // "admin" and "service": not editable, never granted by a token
    enum oid extended_key_usages[LIMIT_EXTENDED_KEY_USAGES]; // ended by OID_UNKNOWN
    uint16_t key_usage;
    struct name_rule names[NAME_TYPE_COUNT];
    struct name_rule alternative_names; // all types but the common name, together
    bool common_name_fits_mqtt; // no "+", "#", "/" (use_identity_as_username, ACL patterns)
    bool xmpp_bare;             // JIDs without resource only
    bool dns_wildcards;         // "*." in front of a DNS name is allowed
    bool key_algorithms[KEY_ALGORITHM_COUNT];
    int64_t lifetime_default; // seconds
    int64_t lifetime_maximum;
    int64_t backdate;  // notBefore lies this long before the issuance
    int renew_percent; // renewal is due when this share of the lifetime has passed
    uint8_t hash[32];  // SHA-256 over everything above; freezes a decision
};

struct profile_list {
    struct profile *items;
    size_t count;
};

void profile_list_clear(struct profile_list *list);
// NULL when there is none of that name.
const struct profile *profile_find(const struct profile_list *list, const char *name);
#define PROFILE_ADMIN "admin"     // of administrators: signetctl's certificate
#define PROFILE_SERVICE "service" // of the gateways' TLS certificate

bool profile_is_internal_name(const char *name);
// Adds the internal profiles and fills the hashes; called once when a configuration is
// complete.
enum result profile_list_finish(struct profile_list *list, struct error *err);
