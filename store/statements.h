// Every SQL statement of the records, by number: one line is a constant and its text.
// SPDX-License-Identifier: GPL-3.0-or-later

// The text is plain enough for SQLite and PostgreSQL. Two rules keep it so: parameters are $1,
// $2, … and are first mentioned in that order (SQLite numbers them by appearance; the backend
// checks), and a unary plus before a column keeps the planner from choosing its index.
#pragma once

#include "store/statements_list.h"

// --- pieces ----------------------------------------------------------------------------------

// Ids are dense and grow: rows of these tables are never deleted. Counting on from the largest
// one says so in both dialects.
#define NEXT_ID "COALESCE(MAX(id), 0) + 1"
#define NEXT_SEQUENCE "COALESCE(MAX(sequence), 0) + 1"

#define ISSUER_COLUMNS                                                                         \
    "SELECT id, name, kind, parent_id, certificate, key_reference, created, retired_at"        \
    " FROM issuer "

// Of a hold h: it has not been released. A final revocation does not end it, but counts instead.
#define HOLD_IS_OPEN                                                                           \
    "NOT EXISTS (SELECT 1 FROM certificate_hold_release x WHERE x.hold_id = h.id)"
#define HOLD_IS_NOT_FINAL                                                                      \
    "NOT EXISTS (SELECT 1 FROM revocation r WHERE r.certificate_id = h.certificate_id)"

#define CERTIFICATE_COLUMNS                                                                    \
    "SELECT c.id, c.issuer_id, c.serial, c.der, c.profile, c.not_before, c.not_after,"         \
    " c.key_hash, c.csr_hash, c.token_id, c.predecessor_id, c.lineage_id, c.created,"          \
    " r.revoked_at, r.reason, r.invalid_since, c.request_id, c.address, c.holder_id,"          \
    " (SELECT h.held_at FROM certificate_hold h WHERE h.certificate_id = c.id"                 \
    " AND " HOLD_IS_OPEN ") "
#define CERTIFICATE_TABLES                                                                     \
    "FROM certificate c LEFT JOIN revocation r ON r.certificate_id = c.id "
#define CERTIFICATE_SELECT CERTIFICATE_COLUMNS CERTIFICATE_TABLES

#define TOKEN_COLUMNS                                                                          \
    "SELECT sequence, id, secret_hash, profile, uses_allowed, uses_spent, failures, lifetime," \
    " created, expires, revoked_at, created_by, label "
#define TOKEN_SELECT TOKEN_COLUMNS "FROM token "

#define REQUEST_COLUMNS                                                                        \
    "SELECT sequence, id, csr, csr_hash, key_hash, claim_hash, code, profile, profile_hash,"   \
    " token_id, granted, lifetime, requested_by, responsible, address, predecessor_id,"        \
    " approvals, state, created, expires, decided_at, decided_by, reason, certificate_id,"     \
    " source, network, holder_id "
#define REQUEST_SELECT REQUEST_COLUMNS "FROM request "

// Of an approval a: the certificate with which it was given is neither revoked nor on hold.
#define APPROVAL_STANDS                                                                        \
    "NOT EXISTS (SELECT 1 FROM revocation r WHERE r.certificate_id = a.certificate_id)"        \
    " AND NOT EXISTS (SELECT 1 FROM certificate_hold h"                                        \
    " WHERE h.certificate_id = a.certificate_id AND " HOLD_IS_OPEN ")"

#define RULE_SELECT                                                                            \
    "SELECT sequence, profile, kind, value, created, created_by, label, certificate_id"        \
    " FROM rule "

#define AUDIT_SELECT                                                                           \
    "SELECT sequence, time, actor, event, subject, detail, previous_hash, hash FROM audit "

// Valid or not, the certificates with this common name: a name of administrators is theirs alone.
#define ADMIN_CERTIFICATES(name)                                                               \
    "FROM certificate_name n JOIN certificate c ON c.id = n.certificate_id"                    \
    " LEFT JOIN revocation r ON r.certificate_id = c.id"                                       \
    " WHERE n.value = " name " AND n.type = 'cn' AND +c.profile = "
#define ADMIN_CERTIFICATE_IS_VALID                                                             \
    "r.certificate_id IS NULL AND NOT EXISTS (SELECT 1 FROM certificate_hold h"                \
    " WHERE h.certificate_id = c.id AND " HOLD_IS_OPEN ") AND +c.not_after >= "

// $1 <= sequence < $2; $3: event, $4: actor, $5: subject, '' for any. One of them leads.
#define AUDIT_LIST(event, actor, subject, direction)                                           \
    AUDIT_SELECT "WHERE sequence >= $1 AND sequence < $2 AND " event " AND " actor             \
                 " AND " subject " ORDER BY sequence " direction " LIMIT $6"
#define AUDIT_ANY(parameter, column) "(" parameter " = '' OR +" column " = " parameter ")"
#define AUDIT_LIST_ROWS(X, direction)                                                          \
    X(AUDIT_LIST_##direction, AUDIT_LIST(AUDIT_ANY("$3", "event"), AUDIT_ANY("$4", "actor"),   \
                                         AUDIT_ANY("$5", "subject"), #direction))              \
    X(AUDIT_LIST_BY_EVENT_##direction, AUDIT_LIST("event = $3", AUDIT_ANY("$4", "actor"),      \
                                                  AUDIT_ANY("$5", "subject"), #direction))     \
    X(AUDIT_LIST_BY_ACTOR_##direction, AUDIT_LIST(AUDIT_ANY("$3", "event"), "actor = $4",      \
                                                  AUDIT_ANY("$5", "subject"), #direction))     \
    X(AUDIT_LIST_BY_SUBJECT_##direction,                                                       \
      AUDIT_LIST(AUDIT_ANY("$3", "event"), AUDIT_ANY("$4", "actor"), "subject = $5",           \
                 #direction))

// --- the table -------------------------------------------------------------------------------

#define STATEMENT_TABLE(X)                                                                     \
    X(SCHEMA_VERSION, "SELECT MAX(version) FROM schema_version")                               \
    X(SCHEMA_VERSION_ADD, "INSERT INTO schema_version (version, applied) VALUES ($1, $2)")     \
                                                                                               \
    X(ISSUER_ADD,                                                                              \
      "INSERT INTO issuer (id, name, kind, parent_id, certificate, key_reference, created)"    \
      " SELECT " NEXT_ID ", $1, $2, $3, $4, $5, $6 FROM issuer RETURNING id")                  \
    X(ISSUER_FIND, ISSUER_COLUMNS "WHERE name = $1")                                           \
    X(ISSUER_EACH, ISSUER_COLUMNS "ORDER BY id")                                               \
    X(ISSUER_RETIRE, "UPDATE issuer SET retired_at = $1 WHERE id = $2 AND retired_at IS NULL") \
    X(ISSUER_SET_KEY, "UPDATE issuer SET key_reference = $1 WHERE id = $2")                    \
    X(ISSUER_USAGE,                                                                            \
      "SELECT (SELECT COUNT(*) FROM certificate WHERE issuer_id = $1),"                        \
      " (SELECT COUNT(*) FROM certificate WHERE issuer_id = $1 AND not_after >= $2),"          \
      " (SELECT COALESCE(MAX(not_after), 0) FROM certificate WHERE issuer_id = $1)")           \
                                                                                               \
    X(CERTIFICATE_ADD,                                                                         \
      "INSERT INTO certificate (id, issuer_id, serial, der, profile, not_before, not_after,"   \
      " key_hash, csr_hash, token_id, predecessor_id, lineage_id, created, request_id,"        \
      " address, holder_id)"                                                                   \
      " SELECT n.id, $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, COALESCE($11, n.id), $12, $13,"  \
      " $14, $15"                                                                              \
      " FROM (SELECT " NEXT_ID " AS id FROM certificate) n RETURNING id")                      \
    X(CERTIFICATE_NAME_ADD,                                                                    \
      "INSERT INTO certificate_name (certificate_id, position, type, value)"                   \
      " VALUES ($1, $2, $3, $4)")                                                              \
    X(CERTIFICATE_NAMES, "SELECT type, value FROM certificate_name"                            \
                         " WHERE certificate_id = $1 ORDER BY position")                       \
    X(CERTIFICATE_FIND, CERTIFICATE_SELECT "WHERE c.issuer_id = $1 AND c.serial = $2")         \
    X(CERTIFICATE_FIND_BY_SERIAL,                                                              \
      CERTIFICATE_SELECT "WHERE c.serial = $1 ORDER BY c.issuer_id LIMIT 2")                   \
    X(CERTIFICATE_FIND_BY_ID, CERTIFICATE_SELECT "WHERE c.id = $1")                            \
    X(CERTIFICATE_OF_KEY, CERTIFICATE_SELECT "WHERE c.key_hash = $1 ORDER BY c.id DESC")       \
    X(CERTIFICATE_OF_LINEAGE,                                                                  \
      CERTIFICATE_SELECT "WHERE c.lineage_id = $1 AND +c.not_after >= $2 ORDER BY c.id DESC")  \
    X(CERTIFICATE_OF_HOLDER, CERTIFICATE_SELECT "WHERE c.holder_id = $1 ORDER BY c.id DESC")   \
    X(CERTIFICATE_OF_TOKEN, CERTIFICATE_SELECT                                                 \
      "WHERE c.token_id = $1 AND c.csr_hash = $2 ORDER BY c.id DESC LIMIT 1")                  \
    X(CERTIFICATE_SUCCESSOR,                                                                   \
      CERTIFICATE_SELECT "WHERE c.predecessor_id = $1 ORDER BY c.id DESC LIMIT 1")             \
    X(CERTIFICATE_SUCCESSOR_OF_CSR, CERTIFICATE_SELECT                                         \
      "WHERE c.predecessor_id = $1 AND +c.csr_hash = $2 ORDER BY c.id DESC LIMIT 1")           \
    CERTIFICATE_LIST_TABLE(X)                                                                  \
    /* The lines whose first certificate has this name in front: active_maximum's identity. */ \
    X(CERTIFICATE_OF_IDENTITY, CERTIFICATE_COLUMNS                                             \
      "FROM certificate_name n JOIN certificate c ON c.lineage_id = n.certificate_id"          \
      " LEFT JOIN revocation r ON r.certificate_id = c.id"                                     \
      " WHERE n.value = $1 AND n.type = $2 AND n.position = 0 AND +c.profile = $3"             \
      " AND +c.not_after >= $4 AND r.certificate_id IS NULL"                                   \
      " ORDER BY n.certificate_id")                                                            \
    X(CERTIFICATE_RENEWALS, "SELECT COUNT(*) FROM certificate WHERE lineage_id = $1"           \
                            " AND +predecessor_id IS NOT NULL AND created > $2")               \
                                                                                               \
    /* Of the certificates with a name, those after its last release own it. */                \
    X(NAME_OWNER, CERTIFICATE_COLUMNS                                                          \
      "FROM certificate_name n JOIN certificate c ON c.id = n.certificate_id"                  \
      " LEFT JOIN revocation r ON r.certificate_id = n.certificate_id"                         \
      " WHERE n.value = $1 AND n.type = $2 AND n.certificate_id > COALESCE((SELECT"            \
      " MAX(certificate_id) FROM name_release WHERE type = $2 AND value = $1), 0)"             \
      " ORDER BY n.certificate_id DESC LIMIT 1")                                               \
    X(NAME_CERTIFICATES, CERTIFICATE_COLUMNS                                                   \
      "FROM certificate_name n JOIN certificate c ON c.id = n.certificate_id"                  \
      " LEFT JOIN revocation r ON r.certificate_id = n.certificate_id"                         \
      " WHERE n.value = $1 AND n.type = $2 AND +c.not_after >= $3"                             \
      " AND r.certificate_id IS NULL ORDER BY n.certificate_id DESC")                          \
    X(NAME_RELEASE_ADD,                                                                        \
      "INSERT INTO name_release (type, value, certificate_id, released_at, released_by)"       \
      " VALUES ($1, $2, $3, $4, $5)")                                                          \
    X(NAME_RELEASE_LAST, "SELECT MAX(certificate_id) FROM name_release"                        \
                         " WHERE type = $1 AND value = $2")                                    \
    /* By who has a token: anybody else could block names by asking for them. */               \
    X(NAME_HELD, "SELECT 1 FROM request_name n JOIN request r"                                 \
                 " ON r.sequence = n.request_sequence WHERE n.value = $1 AND n.type = $2"      \
                 " AND r.key_hash <> $3 AND r.state = 1 AND +r.expires > $4"                   \
                 " AND r.token_id IS NOT NULL LIMIT 1")                                        \
    X(NAME_COUNT, "SELECT COUNT(*) FROM certificate_name WHERE value = $1 AND type = $2")      \
                                                                                               \
    X(REVOCATION_ADD,                                                                          \
      "INSERT INTO revocation (id, certificate_id, issuer_id, serial, not_after, revoked_at,"  \
      " reason, invalid_since)"                                                                \
      " SELECT n.id, c.id, c.issuer_id, c.serial, c.not_after, $1, $2, $3"                     \
      " FROM certificate c, (SELECT " NEXT_ID " AS id FROM revocation) n WHERE c.id = $4")     \
    /* The index tells where those begin that matter; then the table is read as it lies, */    \
    /* which is many times faster than following the index. Hence the "+". */                  \
    X(REVOCATION_IDS, "SELECT id FROM revocation WHERE issuer_id = $1 AND not_after >= $2")    \
    X(REVOCATION_EACH,                                                                         \
      "SELECT serial, reason, revoked_at, invalid_since, not_after FROM revocation"            \
      " WHERE id >= $1 AND +issuer_id = $2 AND +not_after >= $3 ORDER BY id")                  \
                                                                                               \
    /* Nothing is added for a certificate that is revoked or on hold. */                       \
    X(HOLD_ADD,                                                                                \
      "INSERT INTO certificate_hold (id, certificate_id, issuer_id, serial, not_after,"        \
      " held_at)"                                                                              \
      " SELECT n.id, c.id, c.issuer_id, c.serial, c.not_after, $1"                             \
      " FROM certificate c, (SELECT " NEXT_ID " AS id FROM certificate_hold) n"                \
      " WHERE c.id = $2"                                                                       \
      " AND NOT EXISTS (SELECT 1 FROM revocation r WHERE r.certificate_id = c.id)"             \
      " AND NOT EXISTS (SELECT 1 FROM certificate_hold h WHERE h.certificate_id = c.id"        \
      " AND " HOLD_IS_OPEN ")")                                                                \
    X(HOLD_RELEASE_ADD, "INSERT INTO certificate_hold_release (hold_id, released_at)"          \
                        " SELECT h.id, $1 FROM certificate_hold h WHERE h.certificate_id = $2" \
                        " AND " HOLD_IS_OPEN " AND " HOLD_IS_NOT_FINAL)                        \
    X(HOLD_EACH, "SELECT h.serial, h.held_at, h.not_after FROM certificate_hold h"             \
                 " WHERE h.issuer_id = $1 AND h.not_after >= $2"                               \
                 " AND " HOLD_IS_OPEN " AND " HOLD_IS_NOT_FINAL " ORDER BY h.id")              \
    X(HOLD_RELEASED,                                                                           \
      "SELECT 1 FROM certificate_hold h JOIN certificate_hold_release x ON x.hold_id = h.id"   \
      " WHERE h.certificate_id = $1 AND h.held_at = $2 LIMIT 1")                               \
                                                                                               \
    X(TOKEN_ADD,                                                                               \
      "INSERT INTO token (sequence, id, secret_hash, profile, uses_allowed, uses_spent,"       \
      " failures, lifetime, created, expires, revoked_at, created_by, label)"                  \
      " SELECT " NEXT_SEQUENCE ", $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12"           \
      " FROM token RETURNING sequence")                                                        \
    X(TOKEN_NAME_ADD, "INSERT INTO token_name (token_sequence, position, type, value)"         \
                      " VALUES ($1, $2, $3, $4)")                                              \
    X(TOKEN_NAMES,                                                                             \
      "SELECT type, value FROM token_name WHERE token_sequence = $1 ORDER BY position")        \
    X(TOKEN_PATTERN_ADD, "INSERT INTO token_pattern (token_sequence, position, type, value)"   \
                         " VALUES ($1, $2, $3, $4)")                                           \
    X(TOKEN_PATTERNS, "SELECT type, value FROM token_pattern"                                  \
                      " WHERE token_sequence = $1 ORDER BY position")                          \
    X(TOKEN_USES, "SELECT uses_allowed - uses_spent, expires, revoked_at FROM token"           \
                  " WHERE id = $1")                                                            \
    X(TOKEN_FIND, TOKEN_SELECT "WHERE id = $1")                                                \
    X(TOKEN_SPEND, "UPDATE token SET uses_spent = uses_spent + 1"                              \
                   " WHERE id = $1 AND uses_spent < uses_allowed")                             \
    X(TOKEN_GIVE_BACK, "UPDATE token SET uses_spent = uses_spent - 1"                          \
                       " WHERE id = $1 AND uses_spent > 0")                                    \
    X(TOKEN_COUNT_FAILURE, "UPDATE token SET failures = failures + 1 WHERE id = $1")           \
    X(TOKEN_REVOKE, "UPDATE token SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")   \
    TOKEN_LIST_TABLE(X)                                                                        \
                                                                                               \
    X(REQUEST_ADD,                                                                             \
      "INSERT INTO request (sequence, id, csr, csr_hash, key_hash, claim_hash, code, profile," \
      " profile_hash, token_id, granted, lifetime, requested_by, responsible, address,"        \
      " predecessor_id, approvals, state, created, expires, source, network, holder_id)"       \
      " SELECT " NEXT_SEQUENCE ", $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"     \
      " $14, $15, $16, 1, $17, $18, $19, $20, $21 FROM request RETURNING sequence")            \
    X(REQUEST_NAME_ADD, "INSERT INTO request_name (request_sequence, position, type, value)"   \
                        " VALUES ($1, $2, $3, $4)")                                            \
    X(REQUEST_NAMES,                                                                           \
      "SELECT type, value FROM request_name WHERE request_sequence = $1 ORDER BY position")    \
    X(REQUEST_FIND, REQUEST_SELECT "WHERE id = $1")                                            \
    X(REQUEST_FIND_OF_CSR, REQUEST_SELECT                                                      \
      "WHERE csr_hash = $1 AND requested_by = $2 ORDER BY sequence DESC LIMIT 1")              \
    X(REQUEST_DECIDE, "UPDATE request SET state = $1, decided_at = $2, decided_by = $3,"       \
                      " reason = $4, certificate_id = $5 WHERE id = $6 AND state = 1")         \
    X(REQUEST_COUNT_HELD, "SELECT COUNT(*) FROM request WHERE state = 1 AND expires > $1")     \
    X(REQUEST_COUNT_HELD_OF_SOURCE,                                                            \
      "SELECT COUNT(*) FROM request WHERE state = 1 AND source = $1 AND expires > $2")         \
    X(REQUEST_COUNT_HELD_OF_NETWORK,                                                           \
      "SELECT COUNT(*) FROM request WHERE state = 1 AND network = $1 AND expires > $2")        \
    X(REQUEST_EACH_HELD_OF_KEY,                                                                \
      REQUEST_SELECT "WHERE key_hash = $1 AND +profile = $2 AND +state = 1 AND +expires > $3"  \
                     " ORDER BY sequence DESC")                                                \
    X(REQUEST_EACH_OVER,                                                                       \
      REQUEST_SELECT "WHERE state = 1 AND expires <= $1 ORDER BY expires LIMIT $2")            \
                                                                                               \
    X(REQUEST_REFRESH, "UPDATE request SET profile_hash = $1, approvals = $2"                  \
                       " WHERE id = $3 AND state = 1")                                         \
    REQUEST_LIST_TABLE(X)                                                                      \
                                                                                               \
    X(APPROVAL_ADD,                                                                            \
      "INSERT INTO approval (request_sequence, position, admin, digest, approved_at,"          \
      " certificate_id) SELECT $1, COUNT(*), $2, $3, $4, $5 FROM approval a"                   \
      " WHERE a.request_sequence = $1 HAVING COUNT(CASE WHEN a.admin = $2 AND a.digest = $3"   \
      " AND " APPROVAL_STANDS " THEN 1 END) = 0")                                              \
    X(APPROVAL_EACH, "SELECT a.admin, a.digest, a.approved_at, a.certificate_id,"              \
                     " CASE WHEN " APPROVAL_STANDS " THEN 1 ELSE 0 END FROM approval a"        \
                     " WHERE a.request_sequence = $1 ORDER BY a.position")                     \
                                                                                               \
    X(RULE_ADD,                                                                                \
      "INSERT INTO rule (sequence, profile, kind, value, created, created_by, label)"          \
      " SELECT " NEXT_SEQUENCE ", $1, $2, $3, $4, $5, $6 FROM rule RETURNING sequence")        \
    X(RULE_NAME_ADD, "INSERT INTO rule_name (rule_sequence, position, type, value)"            \
                     " VALUES ($1, $2, $3, $4)")                                               \
    X(RULE_NAMES,                                                                              \
      "SELECT type, value FROM rule_name WHERE rule_sequence = $1 ORDER BY position")          \
    X(RULE_FIND, RULE_SELECT "WHERE value = $1 AND kind = $2 AND profile = $3")                \
    X(RULE_USE, "UPDATE rule SET certificate_id = $1"                                          \
                " WHERE sequence = $2 AND certificate_id IS NULL")                             \
    X(RULE_REMOVE, "DELETE FROM rule WHERE sequence = $1")                                     \
    RULE_LIST_TABLE(X)                                                                         \
                                                                                               \
    X(CRL_ADD, "INSERT INTO crl (issuer_id, number, this_update, next_update, entry_count,"    \
               " der) VALUES ($1, $2, $3, $4, $5, $6)")                                        \
    X(CRL_LAST_NUMBER, "SELECT number, this_update FROM crl WHERE issuer_id = $1"              \
                       " ORDER BY number DESC LIMIT 1")                                        \
    X(CRL_LAST, "SELECT issuer_id, number, this_update, next_update, entry_count, der"         \
                " FROM crl WHERE issuer_id = $1 ORDER BY number DESC LIMIT 1")                 \
    X(CRL_READ, "SELECT c.number, c.der, COALESCE((SELECT SUM(length(p.der)) FROM crl_part p"  \
                " WHERE p.issuer_id = c.issuer_id AND p.number = c.number), 0), COALESCE("     \
                " (SELECT MAX(o.number) FROM crl o WHERE o.issuer_id = c.issuer_id"            \
                " AND o.number < c.number AND o.der IS NOT NULL), 0) FROM crl c"               \
                " WHERE c.issuer_id = $1 AND c.der IS NOT NULL AND ($2 = 0 OR c.number = $2)"  \
                " ORDER BY c.number DESC LIMIT 1")                                             \
    X(CRL_PART_ADD, "INSERT INTO crl_part (issuer_id, number, position, der)"                  \
                    " VALUES ($1, $2, $3, $4)")                                                \
    X(CRL_PART_EACH, "SELECT der FROM crl_part WHERE issuer_id = $1 AND number = $2"           \
                     " AND position >= $3 ORDER BY position")                                  \
    X(CRL_PART_SIZE, "SELECT COALESCE(SUM(length(der)), 0) FROM crl_part"                      \
                     " WHERE issuer_id = $1 AND number = $2")                                  \
    X(CRL_PART_DROP, "DELETE FROM crl_part WHERE issuer_id = $1 AND number = $2")              \
    X(CRL_PART_DROP_UNUSED,                                                                    \
      "DELETE FROM crl_part WHERE rowid IN (SELECT p.rowid FROM crl_part p"                    \
      " WHERE NOT EXISTS (SELECT 1 FROM crl c WHERE c.issuer_id = p.issuer_id"                 \
      " AND c.number = p.number AND c.der IS NOT NULL) LIMIT $1)")                             \
    X(CRL_DROP_OLDER, "UPDATE crl SET der = NULL"                                              \
                      " WHERE issuer_id = $1 AND number < $2 AND der IS NOT NULL")             \
                                                                                               \
    X(ADMIN_ADD, "INSERT INTO admin (name, role, created, removed_at, created_by, token_id)"   \
                 " VALUES ($1, $2, $3, $4, $5, $6)")                                           \
    X(ADMIN_FIND, "SELECT name, role, created, removed_at, created_by, token_id FROM admin"    \
                  " WHERE name = $1")                                                          \
    X(ADMIN_REMOVE, "UPDATE admin SET removed_at = $1 WHERE name = $2 AND removed_at IS NULL") \
    X(ADMIN_INVITE_AGAIN, "UPDATE admin SET role = $1, token_id = $2"                          \
                          " WHERE name = $3 AND removed_at IS NULL")                           \
    X(ADMIN_CHANGE, "UPDATE admin SET role = $1 WHERE name = $2 AND removed_at IS NULL")       \
    /* Those who may act first, then the removed ones, the latest before the others. */        \
    X(ADMIN_EACH, "SELECT name, role, created, removed_at, created_by, token_id FROM admin"    \
                  " ORDER BY COALESCE(removed_at, 0) > 0, removed_at DESC, name LIMIT $1")     \
    X(ADMIN_COUNT, "SELECT COUNT(*) FROM admin WHERE removed_at IS NULL")                      \
    X(ADMIN_COUNT_ABLE,                                                                        \
      "SELECT COUNT(*) FROM admin a WHERE a.role = $1 AND a.removed_at IS NULL"                \
      " AND a.name <> $2 AND EXISTS (SELECT 1 " ADMIN_CERTIFICATES(                            \
          "a.name") "$3 AND " ADMIN_CERTIFICATE_IS_VALID "$4)")                                \
    X(ADMIN_COUNT_CERTIFICATES,                                                                \
      "SELECT COUNT(*), COALESCE(SUM(CASE WHEN " ADMIN_CERTIFICATE_IS_VALID                    \
      "$1 THEN 1 ELSE 0 END), 0), MAX(CASE WHEN " ADMIN_CERTIFICATE_IS_VALID                   \
      "$1 THEN c.not_after ELSE 0 END) " ADMIN_CERTIFICATES("$2") "$3")                        \
                                                                                               \
    X(AUDIT_ADD,                                                                               \
      "INSERT INTO audit (sequence, time, actor, event, subject, detail, previous_hash, hash)" \
      " SELECT $1, $2, $3, $4, $5, $6, $7, $8"                                                 \
      " WHERE $1 = (SELECT " NEXT_SEQUENCE " FROM audit)")                                     \
    X(AUDIT_LAST, AUDIT_SELECT "ORDER BY sequence DESC LIMIT 1")                               \
    AUDIT_LIST_ROWS(X, ASC)                                                                    \
    AUDIT_LIST_ROWS(X, DESC)                                                                   \
    X(AUDIT_EACH, AUDIT_SELECT "WHERE sequence >= $1 ORDER BY sequence")                       \
    X(AUDIT_GAPS, "SELECT COALESCE(MAX(sequence), 0) - COUNT(*) FROM audit")

enum statement {
#define STATEMENT_CONSTANT(constant, sql) STATEMENT_##constant,
    STATEMENT_TABLE(STATEMENT_CONSTANT)
#undef STATEMENT_CONSTANT
        STATEMENT_COUNT
};

const char *statement_sql(enum statement statement);
