// Profiles: what a certificate of each kind may and must contain.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "authority/config/config_list.h"
#include "authority/config/jid.h"
#include "base/error.h"
#include "x509/certificate.h"
#include "x509/key.h"
#include "x509/names.h"

// How many names of one type, or of several together.
struct name_rule {
    size_t minimum;
    size_t maximum;
};

// "no", "exactly 1", "at most 5", "2 to 5".
enum result name_rule_format(const struct name_rule *rule, struct buf *out);

// Who may ask for a certificate of a profile.
enum ask {
    ASK_TOKEN = 1,        // whoever holds a token
    ASK_ANYONE = 2,       // anybody: always held for approval, with the names they choose
    ASK_HOLDERS = 4,      // holders of a certificate of another profile, with its names
    ASK_MANUFACTURER = 8, // holders of a manufacturer's certificate (IEEE 802.1AR IDevID)
};

struct profile_ask {
    unsigned kinds;     // mask of enum ask
    char *holders;      // with ASK_HOLDERS: the profile of the certificate to hold
    char *manufacturer; // with ASK_MANUFACTURER: the [manufacturer NAME] section
};

// What happens to one more line of certificates of an identity that has `active_maximum`.
enum at_limit { AT_LIMIT_REFUSE, AT_LIMIT_SUPERSEDE };

struct profile {
    char *name;
    bool is_internal; // "admin", "service", "ocsp": not editable, never granted by a token
    char *issuer;     // name of the issuing CA; NULL: the default one
    struct profile_ask ask;
    int64_t approvals;      // needed before anything is issued; 0: none
    int64_t hold_seconds;   // how long a held request waits for them
    int64_t renew_grace;    // seconds after its expiry in which a certificate still renews
    bool key_reuse;         // a renewal may keep the key of the certificate that it follows
    int64_t active_maximum; // lines of certificates that one identity may have; 0: any number
    enum at_limit at_limit;
    enum oid extended_key_usages[LIMIT_EXTENDED_KEY_USAGES]; // ended by OID_UNKNOWN
    struct config_list other_usages; // those without a name here, dotted, sorted
    uint16_t key_usage;
    struct name_rule names[NAME_TYPE_COUNT];
    struct name_rule alternative_names; // all types but the common name, together
    // Of each type, what a name must match one of; none: any name. Canonical patterns
    // (name_pattern.h), but networks of IP addresses and domains of JIDs.
    struct config_list patterns[NAME_TYPE_COUNT];
    bool common_name_fits_mqtt; // no "+", "#", "/" (use_identity_as_username, ACL patterns)
    enum jid_form xmpp_form;
    bool dns_wildcards;          // "*." in front of a DNS name is allowed
    bool crl_distribution_point; // certificates say where the CRL is (if there is an address)
    bool authority_info_access;  // and where the issuer's certificate is
    bool ocsp_url;               // and where their status is told
    bool ocsp_no_check;          // of "ocsp": its status is not asked for
    bool key_algorithms[KEY_ALGORITHM_COUNT];
    int64_t lifetime_default; // seconds
    int64_t lifetime_maximum;
    int64_t backdate;  // notBefore lies this long before the issuance
    int renew_percent; // renewal is due when this share of the lifetime has passed
    uint8_t hash[32];  // SHA-256 over everything above; freezes a decision
    // No server takes whoever has a certificate of this CA without xmppAddr for any user, as
    // ejabberd does. Decides nothing: it ends a warning.
    bool xmpp_shares_issuer;
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
#define PROFILE_OCSP "ocsp"       // of OCSP responders

bool profile_is_internal_name(const char *name);

// What a configuration says about profiles without belonging to one. Borrowed.
struct profile_settings {
    const char *admin_issuer; // of the internal profiles; NULL: the default CA
    int64_t admin_lifetime;   // 0: 397 days
    const char *service_issuer;
    const char *public_url; // where certificates say that CRLs are; NULL: nowhere
};

// Adds the internal profiles and fills the hashes; called once when a configuration is
// complete.
enum result profile_list_finish(struct profile_list *list,
                                const struct profile_settings *settings, struct error *err);
