// A certificate as the lints see it, and those lints that have files of their own.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "x509/lint_walk.h"

struct lint_certificate {
    bool has_version;
    struct element version;
    struct element serial;
    struct element signature_algorithm;
    struct element issuer;
    struct element not_before;
    struct element not_after;
    struct element subject;
    struct element key; // SubjectPublicKeyInfo
    bool has_unique_id;
    struct lint_extensions extensions;
};

// lint_names.c
bool lint_subject_strings(const struct lint_certificate *certificate);
bool lint_common_name(const struct lint_certificate *certificate);
bool lint_san_filled(const struct lint_certificate *certificate);
bool lint_san_types(const struct lint_certificate *certificate);
bool lint_san_dns(const struct lint_certificate *certificate);
bool lint_san_ip(const struct lint_certificate *certificate);
bool lint_san_email(const struct lint_certificate *certificate);
bool lint_san_uri(const struct lint_certificate *certificate);
bool lint_san_xmpp(const struct lint_certificate *certificate);
// lint_ca.c
bool lint_ca_basic_constraints(const struct lint_certificate *certificate);
bool lint_ca_key_usage(const struct lint_certificate *certificate);
bool lint_ca_purpose(const struct lint_certificate *certificate);
bool lint_ca_subject(const struct lint_certificate *certificate);
bool lint_ca_authority_key_id(const struct lint_certificate *certificate);
// lint_key.c
bool lint_key(const struct lint_certificate *certificate);
bool lint_key_usage(const struct lint_certificate *certificate);
bool lint_key_usage_of_key(const struct lint_certificate *certificate);
bool lint_extended_key_usage(const struct lint_certificate *certificate);
bool lint_key_usage_of_purpose(const struct lint_certificate *certificate);
