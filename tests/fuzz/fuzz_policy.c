// Feeds any bytes to policy as a TBSCertificate, under a profile that forbids little.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stddef.h>
#include <stdint.h>

#include "authority/decide/policy.h"
#include "base/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char name[] = "fuzz";
    struct profile profile = {
        .name = name,
        .extended_key_usages = {OID_CLIENT_AUTH, OID_UNKNOWN},
        .key_usage = KEY_USAGE_DIGITAL_SIGNATURE,
        .alternative_names = {0, LIMIT_NAMES},
        .lifetime_default = 1000000,
        .lifetime_maximum = 1000000,
        .backdate = 300,
    };
    for (size_t i = 0; i < NAME_TYPE_COUNT; i++) {
        profile.names[i] = (struct name_rule){0, LIMIT_NAMES};
    }
    for (size_t i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        profile.key_algorithms[i] = true;
    }
    // The grant holds what the bytes name, so that the checks behind it are reached as well.
    AUTO(names_clear) struct names names = {0};
    struct certificate certificate = {0};
    struct error err = {0};
    if (certificate_read_tbs(bytes_of(data, size), &certificate, &err) == RESULT_OK) {
        (void)!certificate_names(&certificate, &names, &err);
    }
    const struct grant grant = {.names = &names};
    const struct certificate issuer = {
        .subject = certificate.issuer,
        .subject_key_id = certificate.authority_key_id,
        .spki = certificate.spki,
        .not_after = INT64_MAX,
    };
    (void)!policy_decide(bytes_of(data, size), &profile, &grant, &issuer, 1800000000, &err);
    return 0;
}
