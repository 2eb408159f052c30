// Judging a TLS peer's certificate with our own readers, beside wolfSSL's verdict.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/tls_peer.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "x509/certificate.h"

// --- dates -------------------------------------------------------------------------------

// Both clocks in one sentence: nobody can tell otherwise which of them is wrong.
static enum result refuse_date(const char *code, const char *what, int64_t limit, int64_t now,
                               struct error *err) {
    AUTO(buf_clear) struct buf limit_text = {0};
    AUTO(buf_clear) struct buf now_text = {0};
    buf_init(&limit_text, 64);
    buf_init(&now_text, 64);
    TRY(time_format_rfc3339(limit, &limit_text));
    TRY(time_format_rfc3339(now, &now_text));
    (void)error_set_code(err, RESULT_DENIED, code,
                         "the server's certificate %s %s, and this machine's clock says %s",
                         what, buf_string(&limit_text), buf_string(&now_text));
    error_hint(err, "Check this machine's clock first, then the server's certificate.");
    return RESULT_DENIED;
}

static enum result check_server_dates(const struct certificate *leaf, int64_t now,
                                      struct error *err) {
    if (now < leaf->not_before) {
        return refuse_date("certificate_not_yet_valid", "is not valid before", leaf->not_before,
                           now, err);
    }
    if (now > leaf->not_after) {
        return refuse_date("certificate_expired", "expired at", leaf->not_after, now, err);
    }
    return RESULT_OK;
}

static int64_t nearest_valid_moment(const struct certificate *leaf, int64_t now) {
    if (now < leaf->not_before) {
        return leaf->not_before;
    }
    return now > leaf->not_after ? leaf->not_after : now;
}

// --- usage and chain ---------------------------------------------------------------------

// RFC 5280, 4.2.1.12: a certificate without the extension may be used for everything.
static enum result check_usage(const struct certificate *leaf, enum oid usage,
                               struct error *err) {
    if (leaf->extended_key_usages.size == 0 ||
        certificate_has_extended_key_usage(leaf, usage) ||
        certificate_has_extended_key_usage(leaf, OID_ANY_EXTENDED_KEY_USAGE)) {
        return RESULT_OK;
    }
    return error_set_code(err, RESULT_DENIED, "certificate_usage",
                          "the peer's certificate is not for %s", oid_name(usage));
}

// Silence is no permission here: neither no extension nor anyExtendedKeyUsage makes an authority.
static enum result check_authority(const struct certificate *leaf, struct error *err) {
    if (certificate_has_extended_key_usage(leaf, OID_CMC_RA)) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "certificate_usage",
                         "this server's certificate is not that of an authority: it lacks the "
                         "extended key usage %s",
                         oid_name(OID_CMC_RA));
    error_hint(err,
               "Nothing was sent. Check the address: another server of the same CA answers "
               "there, or a signetd that must be updated.");
    return RESULT_DENIED;
}

static enum result refuse_issuer(const struct certificate *leaf, struct error *err) {
    AUTO(buf_clear) struct buf issuer = {0};
    buf_init(&issuer, 4096);
    TRY(distinguished_name_format(leaf->issuer, &issuer));
    (void)error_set_code(err, RESULT_DENIED, "issuer_unknown",
                         "the peer's certificate was issued by \"%s\", which does not lead to "
                         "a CA that is trusted here",
                         buf_string(&issuer));
    error_hint(err, "Check that both sides belong to the same authority.");
    return RESULT_DENIED;
}

// Tries each anchor. Of several failures the one that says most wins.
static enum result check_chain(const struct certificate *leaf, const struct tls_peer *peer,
                               int64_t now, struct error *err) {
    struct error nearest = {0};
    for (struct bytes trust = peer->trust; trust.size > 0;) {
        struct certificate anchor = {0};
        struct error failure = {0};
        TRY(certificate_read_next(&trust, &anchor, err));
        const enum result result =
            certificate_verify_chain(leaf, peer->others, &anchor, now, &failure);
        if (result == RESULT_OK) {
            return RESULT_OK;
        }
        if (result == RESULT_INTERNAL) {
            return error_out_of_memory(err);
        }
        if (nearest.result == RESULT_OK || strcmp(nearest.code, "issuer_unknown") == 0) {
            nearest = failure;
        }
    }
    if (nearest.result == RESULT_OK || strcmp(nearest.code, "issuer_unknown") == 0) {
        return refuse_issuer(leaf, err);
    }
    if (err != NULL) {
        *err = nearest;
        err->result = RESULT_DENIED;
    }
    return RESULT_DENIED;
}

// --- host names --------------------------------------------------------------------------

// RFC 9525, 6.3: a wildcard is the whole leftmost label and stands for exactly one.
static bool is_dns_match(const char *pattern, const char *host) {
    if (!text_starts_with(pattern, "*.")) {
        return strcmp(pattern, host) == 0;
    }
    const char *rest = strchr(host, '.');
    return rest != NULL && rest != host && strcmp(pattern + 1, rest) == 0;
}

static bool has_host(const struct names *names, enum name_type type, const char *host) {
    for (size_t i = 0; i < names->count; i++) {
        const struct name *name = &names->items[i];
        if (name->type == type && (type == NAME_DNS ? is_dns_match(name->value, host)
                                                    : strcmp(name->value, host) == 0)) {
            return true;
        }
    }
    return false;
}

// The host as certificates write it: canonical address, or lower-case name without a dot
// behind.
static enum result canonical_host(const char *host, struct buf *out, enum name_type *out_type,
                                  struct error *err) {
    uint8_t address[16];
    size_t size = 0;
    if (text_read_ip(host, address, &size) == RESULT_OK) {
        *out_type = NAME_IP;
        return text_format_ip(bytes_of(address, size), out);
    }
    size_t length = strlen(host);
    if (length > 0 && host[length - 1] == '.') {
        length--;
    }
    AUTO(string_free_at) char *copy = string_copy_bytes(bytes_of(host, length));
    if (copy == NULL) {
        return error_out_of_memory(err);
    }
    text_lower(copy);
    *out_type = NAME_DNS;
    return buf_append_string(out, copy);
}

static enum result refuse_host(const struct names *names, const char *host, struct error *err) {
    // The message has room for a few; more would not help anyone either.
    AUTO(buf_clear) struct buf list = {0};
    buf_init(&list, 200);
    for (size_t i = 0; i < names->count; i++) {
        if (list.size > 0 && buf_append_string(&list, ", ") != RESULT_OK) {
            break;
        }
        if (name_format(&names->items[i], &list) != RESULT_OK) {
            (void)buf_append_string(&list, "...");
            break;
        }
    }
    (void)error_set_code(err, RESULT_DENIED, "host_mismatch",
                         "the server's certificate is not for \"%s\" but for %s", host,
                         list.size > 0 ? buf_string(&list) : "no name at all");
    error_hint(err,
               "Connect under a name that the certificate carries, or have \"%s\" added "
               "to the server's names.",
               host);
    return RESULT_DENIED;
}

// Subject alternative names only; a common name is not a host name (RFC 9525, 2).
static enum result check_host(const struct certificate *leaf, const char *host,
                              struct error *err) {
    AUTO(names_clear) struct names names = {0};
    AUTO(buf_clear) struct buf canonical = {0};
    enum name_type type = NAME_DNS;
    buf_init(&canonical, LIMIT_DNS_NAME_BYTES + 1);
    if (leaf->has_subject_alt_name) {
        TRY(names_read_san(&names, leaf->subject_alt_name, true, err));
    }
    const enum result result = canonical_host(host, &canonical, &type, err);
    if (result == RESULT_INTERNAL) {
        return error_out_of_memory(err);
    }
    if (result != RESULT_OK || !has_host(&names, type, buf_string(&canonical))) {
        return refuse_host(&names, host, err);
    }
    return RESULT_OK;
}

enum result tls_peer_check(const struct tls_peer *peer, struct error *err) {
    struct certificate leaf = {0};
    TRY(certificate_read(peer->leaf, &leaf, err));
    const int64_t now = clock_now();
    if (peer->host == NULL) {
        return check_chain(&leaf, peer, nearest_valid_moment(&leaf, now), err);
    }
    TRY(check_server_dates(&leaf, now, err));
    TRY(check_chain(&leaf, peer, now, err));
    TRY(check_usage(&leaf, OID_SERVER_AUTH, err));
    if (peer->is_authority) {
        TRY(check_authority(&leaf, err));
    }
    return check_host(&leaf, peer->host, err);
}
