// Comparing sets of CRLs.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/watch/crl_set.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "x509/certificate.h"
#include "x509/crl.h"
#include "x509/names.h"
#include "x509/pem.h"

enum result crl_set_read(struct bytes file, struct buf *out_der, struct error *err) {
    static const char armour[] = "-----BEGIN";
    if (file.size > 0 && memmem(file.data, file.size, armour, sizeof(armour) - 1) != NULL) {
        return pem_decode_all(file, PEM_CRL, out_der, err);
    }
    struct crl crl;
    TRY(crl_read(file, &crl, err));
    return buf_append(out_der, file);
}

// --- refusals ----------------------------------------------------------------------------

static enum result refuse(const struct crl *crl, enum result result, const char *why,
                          struct error *err) {
    AUTO(buf_clear) struct buf issuer = {0};
    buf_init(&issuer, LIMIT_CERTIFICATE_BYTES);
    if (distinguished_name_format(crl->issuer, &issuer) != RESULT_OK) {
        buf_reset(&issuer);
    }
    return error_set_code(err, result, "crl_refused", "the CRL of \"%.100s\" is refused: %s",
                          buf_string(&issuer), why);
}

static enum result refuse_time(const struct crl *crl, const char *what, int64_t time,
                               struct error *err) {
    AUTO(buf_clear) struct buf why = {0};
    buf_init(&why, 128);
    TRY(buf_append_string(&why, what));
    TRY(time_format_rfc3339(time, &why));
    (void)refuse(crl, RESULT_INVALID, buf_string(&why), err);
    error_hint(err, "If that should not be, look at the clocks of this machine and the "
                    "authority's.");
    return RESULT_INVALID;
}

// --- one list ----------------------------------------------------------------------------

// RESULT_NOT_FOUND when no CA of that name is trusted, RESULT_DENIED when none of them signed
// it.
static enum result check_signature(const struct crl *crl, struct bytes trust,
                                   struct error *err) {
    enum result result = RESULT_NOT_FOUND;
    while (trust.size > 0) {
        struct certificate issuer;
        TRY(certificate_read_next(&trust, &issuer, err));
        if (!bytes_equal(issuer.subject, crl->issuer)) {
            continue;
        }
        if (crl_verify(crl, &issuer, NULL) == RESULT_OK) {
            return RESULT_OK;
        }
        result = RESULT_DENIED;
    }
    if (result == RESULT_NOT_FOUND) {
        (void)refuse(crl, result, "none of the trusted certificates is of that CA", err);
        error_hint(err, "Put the certificates of all its CAs into the file of --ca.");
        return result;
    }
    return refuse(crl, result, "its signature is not by that CA", err);
}

static enum result check_offered(const struct crl *crl, struct bytes trust, int64_t now,
                                 struct error *err) {
    TRY(check_signature(crl, trust, err));
    if (crl->has_unknown_critical) {
        return refuse(crl, RESULT_INVALID,
                      "it has a critical extension that relying parties do not understand",
                      err);
    }
    if (crl->this_update > now) {
        return refuse_time(crl, "it is from the future, ", crl->this_update, err);
    }
    if (crl->next_update == 0) {
        return refuse(crl, RESULT_INVALID, "it does not say when the next one is due", err);
    }
    if (crl->next_update <= now) {
        return refuse_time(crl, "it has expired at ", crl->next_update, err);
    }
    return RESULT_OK;
}

// --- old against new ---------------------------------------------------------------------

// The CRL of this issuer in a set; RESULT_NOT_FOUND without.
static enum result find_issuer(struct bytes set, struct bytes issuer, struct crl *out_crl) {
    while (set.size > 0) {
        struct crl crl;
        TRY(crl_read_next(&set, &crl, NULL));
        if (bytes_equal(crl.issuer, issuer)) {
            *out_crl = crl;
            return RESULT_OK;
        }
    }
    return RESULT_NOT_FOUND;
}

// Of numbers without leading zeros.
static int compare_numbers(struct bytes a, struct bytes b) {
    if (a.size != b.size) {
        return a.size < b.size ? -1 : 1;
    }
    return bytes_compare(a, b);
}

static enum result check_successor(const struct crl *old, const struct crl *new, int64_t now,
                                   struct error *err) {
    if (bytes_equal(old->der, new->der)) {
        return RESULT_OK;
    }
    int order = compare_numbers(new->number, old->number);
    if (order < 0) {
        return refuse(new, RESULT_DENIED, "its number is lower than that of the installed one",
                      err);
    }
    // What lies in the future was made by a clock that ran ahead, and nobody can use it.
    if (new->this_update < old->this_update && old->this_update <= now) {
        return refuse(new, RESULT_DENIED, "it is older than the installed one", err);
    }
    if (order == 0 && (new->number.size > 0 || new->this_update == old->this_update)) {
        return refuse(new, RESULT_DENIED,
                      "it differs from the installed one, but has the same number", err);
    }
    return RESULT_OK;
}

// Holds the installed CRL against what is offered; *out_differs when it would change.
static enum result compare_installed(const struct crl *old, struct bytes offered,
                                     struct bytes trust, int64_t now, bool *out_differs,
                                     struct error *err) {
    enum result signature = check_signature(old, trust, NULL);
    if (signature == RESULT_DENIED) {
        *out_differs = true;
        return RESULT_OK;
    }
    struct crl new;
    if (find_issuer(offered, old->issuer, &new) != RESULT_OK) {
        (void)refuse(old, RESULT_DENIED, "it is installed, and the new file lacks it", err);
        error_hint(err, "Relying parties may refuse everybody without it. If that CA is gone "
                        "for good, remove the installed file.");
        return RESULT_DENIED;
    }
    TRY(check_successor(old, &new, now, err));
    *out_differs = *out_differs || !bytes_equal(old->der, new.der);
    return RESULT_OK;
}

static enum result count_lists(struct bytes set, size_t *out_count, struct error *err) {
    size_t count = 0;
    while (set.size > 0) {
        struct crl crl;
        TRY(crl_read_next(&set, &crl, err));
        count++;
    }
    *out_count = count;
    return RESULT_OK;
}

static enum result compare_sets(struct bytes offered, struct bytes installed,
                                struct bytes trust, int64_t now,
                                enum crl_set_decision *out_decision, struct error *err) {
    size_t old_count = 0;
    size_t new_count = 0;
    TRY(count_lists(offered, &new_count, err));
    if (count_lists(installed, &old_count, NULL) != RESULT_OK) {
        *out_decision = CRL_SET_REPLACE; // damaged
        return RESULT_OK;
    }
    bool differs = old_count != new_count;
    while (installed.size > 0) {
        struct crl old;
        TRY(crl_read_next(&installed, &old, err));
        TRY(compare_installed(&old, offered, trust, now, &differs, err));
    }
    *out_decision = differs ? CRL_SET_REPLACE : CRL_SET_UNCHANGED;
    return RESULT_OK;
}

// --- the decision ------------------------------------------------------------------------

static enum result add_to_summary(const struct crl *crl, struct crl_set_summary *summary,
                                  struct error *err) {
    size_t entries = 0;
    TRY(crl_count(crl, &entries, err));
    summary->lists++;
    summary->entries += entries;
    if (crl->this_update > summary->this_update) {
        summary->this_update = crl->this_update;
    }
    if (summary->next_update == 0 || crl->next_update < summary->next_update) {
        summary->next_update = crl->next_update;
        summary->life = crl->next_update - crl->this_update;
    }
    return RESULT_OK;
}

enum result crl_set_decide(struct bytes offered, struct bytes installed, struct bytes trust,
                           int64_t now, enum crl_set_decision *out_decision,
                           struct crl_set_summary *out_summary, struct error *err) {
    struct crl_set_summary summary = {0};
    struct bytes left = offered;
    while (left.size > 0) {
        struct crl crl;
        TRY(crl_read_next(&left, &crl, err));
        TRY(check_offered(&crl, trust, now, err));
        struct crl same;
        if (find_issuer(left, crl.issuer, &same) == RESULT_OK) {
            return refuse(&crl, RESULT_INVALID, "there are two of this CA", err);
        }
        TRY(add_to_summary(&crl, &summary, err));
    }
    if (summary.lists == 0) {
        return error_set_code(err, RESULT_INVALID, "crl_refused", "there is no CRL in it");
    }
    TRY(compare_sets(offered, installed, trust, now, out_decision, err));
    *out_summary = summary;
    return RESULT_OK;
}

bool crl_set_has(struct bytes set, struct bytes issuer) {
    struct crl crl;
    return find_issuer(set, issuer, &crl) == RESULT_OK;
}

enum result crl_set_summarise(struct bytes set, struct crl_set_summary *out_summary) {
    struct crl_set_summary summary = {0};
    while (set.size > 0) {
        struct crl crl;
        TRY(crl_read_next(&set, &crl, NULL));
        TRY(add_to_summary(&crl, &summary, NULL));
    }
    *out_summary = summary;
    return RESULT_OK;
}

// --- who is revoked now ------------------------------------------------------------------

// Both lists come in one order when the authority keeps one, as ours does: then each entry of
// the new one is the next of the old one, or new. In any other order some that are old count
// as new, which ends more sessions than needed and never fewer.
static enum result has_more(const struct crl *new, const struct crl *old, bool *out_does,
                            struct error *err) {
    struct bytes new_cursor = new->entries;
    struct bytes old_cursor = old != NULL ? old->entries : (struct bytes){0};
    struct crl_entry entry;
    struct crl_entry known = {0};
    enum result result = RESULT_OK;
    while ((result = crl_next_entry(&new_cursor, &entry, err)) == RESULT_OK) {
        bool is_known = false;
        while (!is_known && crl_next_entry(&old_cursor, &known, NULL) == RESULT_OK) {
            is_known = bytes_equal(bytes_of(known.serial, known.serial_size),
                                   bytes_of(entry.serial, entry.serial_size));
        }
        if (!is_known) {
            *out_does = true;
            return RESULT_OK;
        }
    }
    return result == RESULT_NOT_FOUND ? RESULT_OK : result;
}

enum result crl_set_revokes_more(struct bytes new_set, struct bytes old_set, bool *out_does,
                                 struct error *err) {
    *out_does = false;
    while (new_set.size > 0 && !*out_does) {
        struct crl new;
        struct crl old;
        TRY(crl_read_next(&new_set, &new, err));
        bool is_known = find_issuer(old_set, new.issuer, &old) == RESULT_OK;
        TRY(has_more(&new, is_known ? &old : NULL, out_does, err));
    }
    return RESULT_OK;
}
