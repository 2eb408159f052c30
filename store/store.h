// The records of an authority: issuers, certificates, tokens, requests, CRLs, admins, audit.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

struct store;

// Not for use by several threads. A visitor may look up and change other records; what it adds
// may or may not be visited too.

// Opens the database, creating it if `create`, and brings its schema up to date by the numbered
// migrations. RESULT_NOT_FOUND without file; RESULT_INTERNAL for a damaged one, RESULT_INVALID
// for one of another program and for one of a newer version, each with the cure.
enum result store_open(const char *path, bool create, struct store **out_store,
                       struct error *err);
// A second view of an open store that only reads, and sees it as it was at store_begin_reading until
// store_end_reading. RESULT_INVALID for a store in memory.
enum result store_open_reader(const struct store *store, struct store **out_reader,
                              struct error *err);
enum result store_begin_reading(struct store *reader, struct error *err);
void store_end_reading(struct store *reader);
void store_close(struct store *store);
void store_close_at(struct store **store);
// Reads and compares everything; RESULT_INTERNAL names the first damage.
enum result store_check(struct store *store, struct error *err);
// A consistent copy into a new file, also while the store is in use; RESULT_CONFLICT when the
// file exists.
enum result store_backup(struct store *store, const char *path, struct error *err);

// Every change happens inside a transaction together with its audit record. A savepoint wraps
// one request of a group, so that a refused one leaves nothing behind; a second one within it may
// wrap a step of that request.
enum result store_begin(struct store *store, struct error *err);
enum result store_commit(struct store *store, struct error *err);
void store_rollback(struct store *store);
enum result store_savepoint(struct store *store, struct error *err);
enum result store_release(struct store *store, struct error *err);
void store_rollback_to_savepoint(struct store *store);

// Record conventions: a struct's `char *` and `struct buf` members are owned by the struct when
// it was read from the store and released by its …_record_clear; `store_add_…` borrows. Texts
// may be NULL for "none". Serials are big-endian without leading zeros, as X.509 reads them.

// --- issuers --------------------------------------------------------------------------------

// Roots and whatever stands above an adopted CA; CAs that profiles choose from; CAs of the authority's
// own internal profiles.
enum issuer_kind { ISSUER_ROOT = 1, ISSUER_ISSUING = 2, ISSUER_OPERATORS = 3 };

struct issuer_record {
    int64_t id;
    char *name; // unique: "root", "issuing"
    int kind;   // enum issuer_kind; an adopted self-signed CA is both: kind ISSUING, parent
                // itself
    int64_t parent_id;      // 0 for a self-signed one
    struct buf certificate; // DER
    char *key_reference;    // file name under the state folder, later a PKCS#11 URI
    int64_t created;
    int64_t retired_at; // 0: it issues
};
void issuer_record_clear(struct issuer_record *record);
enum result store_add_issuer(struct store *store, const struct issuer_record *record,
                             int64_t *out_id, struct error *err);
enum result store_find_issuer(struct store *store, const char *name,
                              struct issuer_record *out_record, struct error *err);
// All issuers in order of id: `visit` is called for each; a result other than OK ends the walk.
enum result store_each_issuer(struct store *store,
                              enum result (*visit)(void *context,
                                                   const struct issuer_record *record,
                                                   struct error *err),
                              void *context, struct error *err);
// RESULT_CONFLICT (code "issuer_retired") when it was retired before.
enum result store_retire_issuer(struct store *store, int64_t id, int64_t retired_at,
                                struct error *err);
// NULL: the key is kept elsewhere from now on.
enum result store_set_issuer_key(struct store *store, int64_t id, const char *key_reference,
                                 struct error *err);
// How many certificates it issued, how many of them have not expired, and when the last one does;
// all 0 for none.
struct issuer_usage {
    int64_t issued;
    int64_t valid;
    int64_t last_not_after;
};
enum result store_issuer_usage(struct store *store, int64_t id, int64_t now,
                               struct issuer_usage *out_usage, struct error *err);

// --- certificates ---------------------------------------------------------------------------

// One name of a certificate or token, as x509/names.h writes it: type prefix and value.
struct name_record {
    char *type;
    char *value;
};

// Fits names of this type (NULL: any) and value (NULL: no filter at all). Values are compared
// byte by byte: "*" and "%" mean themselves.
struct name_filter {
    const char *type;
    const char *value;
};

// Lists come in pages: this is where one ended, to be given as `after` to the next call with the
// same filter. A page examines no more than LIMIT_LIST_EXAMINED records, so it may hold fewer
// than `limit` records, or none, and yet not be the last: that one ends with is_set false.
struct list_position {
    bool is_set;
    int64_t major;
    int64_t minor;
};

struct certificate_record {
    int64_t id; // grows with time
    int64_t issuer_id;
    struct buf serial;
    struct buf der;
    char *profile;
    int64_t not_before;
    int64_t not_after;
    struct buf key_hash;    // SHA-256 of the SubjectPublicKeyInfo
    struct buf csr_hash;    // SHA-256 of the CSR's DER; empty when there was none
    struct buf token_id;    // empty when not from a token
    struct buf request_id;  // of the held request that was approved; empty without
    char *address;          // where it was requested from; NULL when made here
    int64_t predecessor_id; // of a renewal, else 0
    int64_t lineage_id;     // id of the first certificate of the line (own id for a first)
    int64_t holder_id;      // the certificate of another profile that was shown for it, else 0
    int64_t created;
    struct name_record *names;
    size_t name_count;
    // From the revocations and holds; 0 when valid.
    int64_t revoked_at;
    int revocation_reason; // REVOCATION_HOLD exactly when it is on hold
    int64_t invalid_since;
    bool is_on_hold; // revoked, but not for good
};
void certificate_record_clear(struct certificate_record *record);
// RESULT_CONFLICT when issuer and serial exist already. lineage_id 0 means "starts a lineage".
enum result store_add_certificate(struct store *store, const struct certificate_record *record,
                                  int64_t *out_id, struct error *err);
enum result store_find_certificate(struct store *store, int64_t issuer_id, struct bytes serial,
                                   struct certificate_record *out_record, struct error *err);
// By serial alone, for people; RESULT_CONFLICT when two issuers used it.
enum result store_find_certificate_by_serial(struct store *store, struct bytes serial,
                                             struct certificate_record *out_record,
                                             struct error *err);
enum result store_find_certificate_by_id(struct store *store, int64_t id,
                                         struct certificate_record *out_record,
                                         struct error *err);
// Every certificate ever issued for this key (SHA-256 of its SubjectPublicKeyInfo), newest
// first.
enum result store_each_certificate_of_key(
    struct store *store, struct bytes key_hash,
    enum result (*visit)(void *context, const struct certificate_record *record,
                         struct error *err),
    void *context, struct error *err);
// The certificates of a lineage that end at or after `not_after_from`, newest first.
enum result store_each_certificate_of_lineage(
    struct store *store, int64_t lineage_id, int64_t not_after_from,
    enum result (*visit)(void *context, const struct certificate_record *record,
                         struct error *err),
    void *context, struct error *err);
// What was issued to the holder of this certificate under other profiles, newest first.
enum result store_each_certificate_of_holder(
    struct store *store, int64_t holder_id,
    enum result (*visit)(void *context, const struct certificate_record *record,
                         struct error *err),
    void *context, struct error *err);
// What this token was already given for this very CSR (a lost answer asked again).
enum result store_find_certificate_of_token(struct store *store, struct bytes token_id,
                                            struct bytes csr_hash,
                                            struct certificate_record *out_record,
                                            struct error *err);
// The valid certificates of all lines of an identity: lines whose first certificate is of this
// profile and has this name as its first one. Oldest line first.
enum result store_each_certificate_of_identity(
    struct store *store, const char *profile, const struct name_record *name, int64_t now,
    enum result (*visit)(void *context, const struct certificate_record *record,
                         struct error *err),
    void *context, struct error *err);
// How many renewals of a line were made after this time.
enum result store_count_renewals(struct store *store, int64_t lineage_id, int64_t created_after,
                                 int64_t *out_count, struct error *err);
// The renewal of this predecessor for this very CSR; with an empty csr_hash any renewal of it.
enum result store_find_successor(struct store *store, int64_t predecessor_id,
                                 struct bytes csr_hash, struct certificate_record *out_record,
                                 struct error *err);

enum certificate_state {
    CERTIFICATE_ANY,
    CERTIFICATE_VALID,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_REVOKED,
    CERTIFICATE_HELD
};
// Each certificate is in one state: revoked or on hold, else expired (after notAfter), else valid. All that
// is given must fit; zeroed memory fits every certificate.
struct certificate_filter {
    struct bytes key_hash; // empty: any
    struct name_filter name;
    struct name_filter prefix;
    const char *address; // NULL: any
    const char *profile; // NULL: any
    int64_t issuer_id;   // 0: any
    enum certificate_state state;
    int64_t now;            // what valid and expired are measured against
    int64_t expires_from;   // notAfter at or after this time; 0: any
    int64_t expires_before; // notAfter before this time; 0: any
    struct list_position after;
    size_t limit;
};
// Of a prefix in the order of the names, with expires_before the soonest to end first, of those
// that expired the last first, else the newest first.
enum result store_list_certificates(
    struct store *store, const struct certificate_filter *filter,
    enum result (*visit)(void *context, const struct certificate_record *record,
                         struct error *err),
    void *context, struct list_position *out_next, struct error *err);
// As with tokens, only what ended since the last count is looked at. Those on hold
// (store_count_holds) count as what they were before.
enum result store_count_certificates(struct store *store, int64_t now, int64_t *out_valid,
                                     int64_t *out_expired, int64_t *out_revoked,
                                     struct error *err);

// --- names: whose they are ------------------------------------------------------------------

// The newest certificate that carries this name and was issued after the name's last release:
// its line owns the name. RESULT_NOT_FOUND when nobody does.
enum result store_find_name_owner(struct store *store, const struct name_record *name,
                                  struct certificate_record *out_record, struct error *err);
// Certificates with this name that are not revoked and end at or after `not_after_from`, newest
// first.
enum result store_each_certificate_of_name(
    struct store *store, const struct name_record *name, int64_t not_after_from,
    enum result (*visit)(void *context, const struct certificate_record *record,
                         struct error *err),
    void *context, struct error *err);
// All certificates with this name up to `certificate_id` are past: others may have it.
// Append-only; RESULT_CONFLICT when it was released up to this one before.
enum result store_release_name(struct store *store, const struct name_record *name,
                               int64_t certificate_id, int64_t released_at,
                               const char *released_by, struct error *err);
// The certificate up to which this name is released; 0: never.
enum result store_last_name_release(struct store *store, const struct name_record *name,
                                    int64_t *out_certificate_id, struct error *err);
// Whether a request with a token, of another key than this one, waits for a decision on this
// name.
enum result store_is_name_held(struct store *store, const struct name_record *name,
                               struct bytes key_hash, int64_t now, bool *out_is_held,
                               struct error *err);
// Certificates that ever carried this name.
enum result store_count_name(struct store *store, const struct name_record *name,
                             int64_t *out_count, struct error *err);

// --- revocations (append-only: the schema refuses update and delete) ------------------------

// RESULT_CONFLICT when it is revoked already, RESULT_NOT_FOUND without such a certificate.
enum result store_revoke_certificate(struct store *store, int64_t certificate_id,
                                     int64_t revoked_at, int reason, int64_t invalid_since,
                                     struct error *err);
// The reason of what is on hold (certificateHold, RFC 5280, 5.3.1).
#define REVOCATION_HOLD 6
// RESULT_CONFLICT when it is revoked or on hold already, RESULT_NOT_FOUND without such a
// certificate. A hold counts as a revocation until it is released or a final one takes its place.
enum result store_hold_certificate(struct store *store, int64_t certificate_id, int64_t held_at,
                                   struct error *err);
// RESULT_CONFLICT (code "not_on_hold") when it is not on hold, or revoked for good.
enum result store_release_certificate(struct store *store, int64_t certificate_id,
                                      int64_t released_at, struct error *err);
// Whether a hold of that certificate that began then was released.
enum result store_was_released(struct store *store, int64_t certificate_id, int64_t held_at,
                               bool *out_was_released, struct error *err);
// Certificates on hold that have not ended.
enum result store_count_holds(struct store *store, int64_t now, int64_t *out_count,
                              struct error *err);
struct revocation_record {
    uint8_t serial[20];
    uint8_t serial_size;
    int reason;
    int64_t revoked_at;
    int64_t invalid_since;
    int64_t not_after;
};
// Revocations of an issuer whose certificate's notAfter is not before `not_after_from`, in
// order of revocation; behind them, those on hold. A walk through a million of them is made in
// turns: first revocation_walk_prepare until it is ready, then revocation_walk_next, while nothing
// is written that the store's connection sees.
struct revocation_walk;
enum result revocation_walk_new(struct store *store, int64_t issuer_id, int64_t not_after_from,
                                struct revocation_walk **out_walk, struct error *err);
enum result revocation_walk_prepare(struct revocation_walk *walk, size_t at_most,
                                    bool *out_is_ready, struct error *err);
// RESULT_NOT_FOUND at the end.
enum result revocation_walk_next(struct revocation_walk *walk,
                                 struct revocation_record *out_record, struct error *err);
void revocation_walk_free(struct revocation_walk *walk);
void revocation_walk_free_at(struct revocation_walk **walk);
// All of it in one go.
enum result store_each_revocation(struct store *store, int64_t issuer_id,
                                  int64_t not_after_from,
                                  enum result (*visit)(void *context,
                                                       const struct revocation_record *record,
                                                       struct error *err),
                                  void *context, struct error *err);

// --- tokens ---------------------------------------------------------------------------------

struct token_record {
    struct buf id;          // random, primary key
    struct buf secret_hash; // SHA-256
    char *profile;
    struct name_record *names;
    size_t name_count;
    struct name_record *patterns; // a fleet's: each device picks one free name for each
    size_t pattern_count;
    int64_t uses_allowed;
    int64_t uses_spent;
    int64_t failures; // wrong secrets seen
    int64_t lifetime; // seconds asked for the certificates; 0: the profile's default
    int64_t created;
    int64_t expires;
    int64_t revoked_at; // 0: not
    char *created_by;
    char *label;
    int64_t sequence; // grows with creation; for paging
};
void token_record_clear(struct token_record *record);
enum result store_add_token(struct store *store, const struct token_record *record,
                            struct error *err);
enum result store_find_token(struct store *store, struct bytes id,
                             struct token_record *out_record, struct error *err);
// Counts one use; RESULT_CONFLICT when none is left (so that two at once cannot both succeed).
enum result store_spend_token(struct store *store, struct bytes id, struct error *err);
// Takes one use back: what it was spent for came to nothing.
enum result store_give_token_back(struct store *store, struct bytes id, struct error *err);
enum result store_count_token_failure(struct store *store, struct bytes id, struct error *err);
// RESULT_CONFLICT when it is revoked already.
enum result store_revoke_token(struct store *store, struct bytes id, int64_t now,
                               struct error *err);
enum token_state { TOKEN_ANY, TOKEN_OPEN, TOKEN_SPENT, TOKEN_EXPIRED, TOKEN_REVOKED };
// All that is given must fit; zeroed memory fits every token.
struct token_filter {
    struct name_filter name; // of the names that it grants
    struct name_filter prefix;
    const char *created_by; // NULL: any
    const char *profile;    // NULL: any
    enum token_state state;
    int64_t now;
    int64_t expires_from;   // at or after this time; 0: any
    int64_t expires_before; // 0: any
    struct list_position after;
    size_t limit;
};
// The first that holds of: revoked, spent, expired (from the second `expires` on), open.
enum token_state token_record_state(const struct token_record *record, int64_t now);
// Of a prefix in the order of the names, with expires_before the soonest to expire first, else
// the newest first.
enum result store_list_tokens(struct store *store, const struct token_filter *filter,
                              enum result (*visit)(void *context,
                                                   const struct token_record *record,
                                                   struct error *err),
                              void *context, struct list_position *out_next, struct error *err);

// Tokens that can still be used: not revoked, not expired, uses left. Counted once; after that
// the count is kept with every change, and only what expired in between is looked at.
enum result store_count_open_tokens(struct store *store, int64_t now, int64_t *out_count,
                                    struct error *err);

// --- requests (held for approval) -----------------------------------------------------------

enum request_state { REQUEST_PENDING = 1, REQUEST_APPROVED, REQUEST_DENIED, REQUEST_EXPIRED };
struct request_record {
    int64_t sequence; // grows with time; for paging
    struct buf id;    // random, primary key
    struct buf csr;   // DER
    struct buf csr_hash;
    struct buf key_hash;   // SHA-256 of the SubjectPublicKeyInfo
    struct buf claim_hash; // SHA-256 of the secret with which the device asks again
    char *code;            // short, made from the key, for people to compare
    char *profile;
    struct buf profile_hash; // of the profile when the request was held or last shown to be new
    struct buf token_id;     // empty when not with a token
    struct name_record *names; // that the certificate would carry
    size_t name_count;
    bool is_granted;    // the names are a grant's; false: the requester chose them
    int64_t lifetime;   // seconds; 0: the profile's default
    char *requested_by; // "anyone", "token:…", "certificate:…", "manufacturer:…"
    char *responsible;  // the administrator who made the token: cannot approve; NULL without
    char *address;      // the requester's
    char *source;       // who is counted as one: an address, or an IPv6 network of one site
    char *network;      // the larger one around
    int64_t predecessor_id; // of a held renewal, else 0
    int64_t holder_id;      // the certificate that was shown for it, of another profile; else 0
    int64_t approvals;      // needed
    int state;              // enum request_state; the rest is for those that are decided
    int64_t created;
    int64_t expires;
    int64_t decided_at;
    char *decided_by;
    char *reason;
    int64_t certificate_id; // 0 until one is issued
};
void request_record_clear(struct request_record *record);
enum result store_add_request(struct store *store, const struct request_record *record,
                              struct error *err);
enum result store_find_request(struct store *store, struct bytes id,
                               struct request_record *out_record, struct error *err);
// The newest with this very CSR by this requester.
enum result store_find_request_of_csr(struct store *store, struct bytes csr_hash,
                                      const char *requested_by,
                                      struct request_record *out_record, struct error *err);
// Those that wait and whose time is not over: all, those of one source, those of one network.
enum result store_count_held_requests(struct store *store, int64_t now, int64_t *out_count,
                                      struct error *err);
enum result store_count_held_of_source(struct store *store, const char *source, int64_t now,
                                       int64_t *out_count, struct error *err);
enum result store_count_held_of_network(struct store *store, const char *network, int64_t now,
                                        int64_t *out_count, struct error *err);
// Those that still wait although their time is over, the oldest first, at most `limit`. The
// visitor changes nothing.
enum result store_each_request_over(struct store *store, int64_t now, size_t limit,
                                    enum result (*visit)(void *context,
                                                         const struct request_record *record,
                                                         struct error *err),
                                    void *context, struct error *err);
// Only from PENDING: RESULT_CONFLICT when somebody decided before.
enum result store_decide_request(struct store *store, struct bytes id, int state,
                                 int64_t decided_at, const char *decided_by, const char *reason,
                                 int64_t certificate_id, struct error *err);

// The profile as it is now, while the request waits.
enum result store_refresh_request(struct store *store, struct bytes id,
                                  struct bytes profile_hash, int64_t approvals,
                                  struct error *err);

// All that is given must fit; zeroed memory fits every request.
struct request_filter {
    int state;           // enum request_state at `now`; 0: any
    int64_t now;         // what pending and expired are measured against
    const char *profile; // NULL: any
    struct name_filter name;
    struct name_filter prefix;
    const char *address;   // NULL: any
    const char *code;      // NULL: any
    struct bytes key_hash; // empty: any
    struct list_position after;
    size_t limit;
};
// Of a prefix in the order of the names, else the newest first.
enum result store_list_requests(
    struct store *store, const struct request_filter *filter,
    enum result (*visit)(void *context, const struct request_record *record, struct error *err),
    void *context, struct list_position *out_next, struct error *err);
// Those of this key that wait for a certificate of this profile and whose time is not over,
// newest first. The visitor changes nothing.
enum result store_each_held_of_key(
    struct store *store, struct bytes key_hash, const char *profile, int64_t now,
    enum result (*visit)(void *context, const struct request_record *record, struct error *err),
    void *context, struct error *err);

struct approval_record {
    char *admin;
    int64_t certificate_id; // with which it was given
    struct buf digest; // of what the administrator saw (ca/authority/requests/request_info.h)
    int64_t approved_at;
    bool stands; // read only: its certificate is neither revoked nor on hold
};
// RESULT_CONFLICT (code "already_approved") when an approval of this digest by this administrator
// stands.
enum result store_add_approval(struct store *store, int64_t request_sequence,
                               const struct approval_record *record, struct error *err);
// In order of time; the same administrator's again when one did not stand for a while.
enum result store_each_approval(struct store *store, int64_t request_sequence,
                                enum result (*visit)(void *context,
                                                     const struct approval_record *record,
                                                     struct error *err),
                                void *context, struct error *err);

// --- rules (devices that are approved at once) ----------------------------------------------

struct rule_record {
    int64_t sequence; // for paging
    char *profile;
    char *kind;  // "key", "serial"
    char *value; // with kind and profile unique
    struct name_record *names;
    size_t name_count;
    int64_t created;
    char *created_by;
    char *label;
    int64_t certificate_id; // the first of the line that it was used for; 0: not used yet
};
void rule_record_clear(struct rule_record *record);
// RESULT_CONFLICT when there is one of that profile, kind and value.
enum result store_add_rule(struct store *store, const struct rule_record *record,
                           struct error *err);
enum result store_find_rule(struct store *store, const char *profile, const char *kind,
                            const char *value, struct rule_record *out_record,
                            struct error *err);
// RESULT_CONFLICT when it was used before.
enum result store_use_rule(struct store *store, int64_t sequence, int64_t certificate_id,
                           struct error *err);
enum result store_remove_rule(struct store *store, int64_t sequence, struct error *err);

enum rule_state { RULE_ANY, RULE_OPEN, RULE_USED };
// All that is given must fit; zeroed memory fits every rule.
struct rule_filter {
    enum rule_state state;
    const char *profile; // NULL: any
    const char *value;   // NULL: any
    struct list_position after;
    size_t limit;
};
// Newest first.
enum result store_list_rules(struct store *store, const struct rule_filter *filter,
                             enum result (*visit)(void *context,
                                                  const struct rule_record *record,
                                                  struct error *err),
                             void *context, struct list_position *out_next, struct error *err);

// --- CRLs -----------------------------------------------------------------------------------

struct crl_record {
    int64_t issuer_id;
    int64_t number; // unique per issuer, strictly increasing
    int64_t this_update;
    int64_t next_update;
    int64_t entry_count;
    struct buf der;
};
void crl_record_clear(struct crl_record *record);
// RESULT_CONFLICT unless number and thisUpdate are greater than those of the last one, whose
// thisUpdate does not count while it lies in the future. Older
// ones keep their row; their DER is dropped except for the last two.
enum result store_add_crl(struct store *store, const struct crl_record *record,
                          struct error *err);
// The same for a large one, so that no single transaction takes long: first each part, 1, 2, … of
// store_crl_parts, in transactions of their own, then the record. RESULT_INTERNAL when a part is
// missing.
size_t store_crl_parts(const struct crl_record *record);
enum result store_put_crl_part(struct store *store, const struct crl_record *record,
                               size_t position, struct error *err);
enum result store_finish_crl(struct store *store, const struct crl_record *record,
                             struct error *err);
// Lets go of at most so many parts of CRLs that are not kept, or that were never finished.
enum result store_drop_crl_parts(struct store *store, size_t at_most, size_t *out_dropped,
                                 struct error *err);
// RESULT_NOT_FOUND without one.
enum result store_last_crl_number(struct store *store, int64_t issuer_id, int64_t *out_number,
                                  struct error *err);
enum result store_last_crl(struct store *store, int64_t issuer_id,
                           struct crl_record *out_record, struct error *err);
// A piece of one of those whose DER is kept.
struct crl_piece {
    int64_t number;
    int64_t size;     // of the whole DER
    int64_t previous; // number of the kept one before it; 0: none
    struct buf der;   // at most `limit` bytes from `offset` on
};
void crl_piece_clear(struct crl_piece *piece);
// `number` 0: the last one. RESULT_NOT_FOUND (code "crl_unknown"). At the end the piece is empty.
enum result store_read_crl(struct store *store, int64_t issuer_id, int64_t number,
                           int64_t offset, int64_t limit, struct crl_piece *out_piece,
                           struct error *err);

// --- admins ---------------------------------------------------------------------------------

struct admin_record {
    char *name; // primary key
    char *role; // "owner", "approver", "operator", "auditor"
    int64_t created;
    int64_t removed_at;  // 0: active
    char *created_by;    // NULL: the authority's founding
    struct buf token_id; // of the invitation; empty without
};
void admin_record_clear(struct admin_record *record);
// RESULT_CONFLICT for a name that was ever used: a removed admin's old certificate must not
// come back to life with a namesake.
enum result store_add_admin(struct store *store, const struct admin_record *record,
                            struct error *err);
enum result store_find_admin(struct store *store, const char *name,
                             struct admin_record *out_record, struct error *err);
// Another invitation, and perhaps another role, for one who has not enrolled yet. RESULT_CONFLICT
// (code "admin_removed") for one who is removed.
enum result store_invite_admin_again(struct store *store, const char *name, const char *role,
                                     struct bytes token_id, struct error *err);
// RESULT_CONFLICT when removed already.
enum result store_remove_admin(struct store *store, const char *name, int64_t now,
                               struct error *err);
// RESULT_CONFLICT (code "admin_removed") for one who is removed.
enum result store_change_admin(struct store *store, const char *name, const char *role,
                               struct error *err);
// Those who are not removed by name, then the removed ones, the latest first; `limit` in all.
enum result store_each_admin(struct store *store, size_t limit,
                             enum result (*visit)(void *context,
                                                  const struct admin_record *record,
                                                  struct error *err),
                             void *context, struct error *err);
// Who are not removed.
enum result store_count_admins(struct store *store, int64_t *out_count, struct error *err);
// Those of this role, but for `except`, who are not removed and have a certificate of `profile`
// with their name that is valid at `now`: who can really act.
enum result store_count_able_admins(struct store *store, const char *role, const char *except,
                                    const char *profile, int64_t now, int64_t *out_count,
                                    struct error *err);
struct admin_certificates {
    int64_t issued; // ever
    int64_t valid;
    int64_t not_after; // the last end among the valid ones; 0 without
};
enum result store_count_admin_certificates(struct store *store, const char *name,
                                           const char *profile, int64_t now,
                                           struct admin_certificates *out_certificates,
                                           struct error *err);

// --- audit (append-only, hash-chained) ------------------------------------------------------

struct audit_record {
    int64_t sequence; // 1, 2, 3, … without gaps
    int64_t time;
    char *actor;   // "admin:jane", "token:…", "certificate:…", "authority"
    char *event;   // "certificate issued"
    char *subject; // serial, token id, …
    char *detail;  // one line of text, no secrets
    uint8_t previous_hash[32];
    uint8_t hash[32];
};
void audit_record_clear(struct audit_record *record);
// The caller computes the hash over the record and previous_hash (ca/authority/audit.h); this
// only keeps it. RESULT_CONFLICT unless the sequence is one more than the last.
enum result store_add_audit(struct store *store, const struct audit_record *record,
                            struct error *err);
// RESULT_NOT_FOUND when there is none yet.
enum result store_last_audit(struct store *store, struct audit_record *out_record,
                             struct error *err);
struct audit_filter {
    const char *event;   // NULL: any; exact, as the others
    const char *actor;   // NULL: any
    const char *subject; // NULL: any
    bool is_ascending;   // else newest first
    int64_t from_sequence;
    int64_t before_sequence; // 0: to the end
    size_t limit;
};
enum result store_list_audit(struct store *store, const struct audit_filter *filter,
                             enum result (*visit)(void *context,
                                                  const struct audit_record *record,
                                                  struct error *err),
                             void *context, struct error *err);
// In order from `from_sequence` on.
enum result store_each_audit(struct store *store, int64_t from_sequence,
                             enum result (*visit)(void *context,
                                                  const struct audit_record *record,
                                                  struct error *err),
                             void *context, struct error *err);
