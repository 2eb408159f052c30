// SQL of lists and counts, which must stay fast in a store of millions of records.
// SPDX-License-Identifier: GPL-3.0-or-later

// A list walks one index, in its order, from where the page before ended. What else is asked for
// is compared in C, row by row, so that the work of a page is bounded by the rows it examines and
// every filter needs one statement only. Text is compared byte by byte (in PostgreSQL: collation
// "C"). tests/unit/test_store_plans.c holds each to its index.
//
// A walk by a time needs two parts: the rest of the rows of the very second where the page before
// ended, and those behind it. A million certificates that end with their issuer share one.
#pragma once

// Behind what the index selects: from the id where the page before ended downwards.
#define NEWEST_CERTIFICATES "AND c.id < $2 ORDER BY c.id DESC LIMIT $3"

#define CERTIFICATE_NAME_SELECT                                                                \
    CERTIFICATE_COLUMNS ", n.position, n.type FROM certificate_name n"                         \
                        " JOIN certificate c ON c.id = n.certificate_id"                       \
                        " LEFT JOIN revocation r ON r.certificate_id = n.certificate_id "

#define CERTIFICATE_LIST_TABLE(X)                                                              \
    X(CERTIFICATE_LIST, CERTIFICATE_SELECT "WHERE c.id < $1 ORDER BY c.id DESC LIMIT $2")      \
    X(CERTIFICATE_LIST_OF_KEY,                                                                 \
      CERTIFICATE_SELECT "WHERE c.key_hash = $1 " NEWEST_CERTIFICATES)                         \
    X(CERTIFICATE_LIST_FROM_ADDRESS,                                                           \
      CERTIFICATE_SELECT "WHERE c.address = $1 " NEWEST_CERTIFICATES)                          \
    X(CERTIFICATE_LIST_OF_PROFILE,                                                             \
      CERTIFICATE_SELECT "WHERE c.profile = $1 " NEWEST_CERTIFICATES)                          \
    X(CERTIFICATE_LIST_OF_ISSUER,                                                              \
      CERTIFICATE_SELECT "WHERE c.issuer_id = $1 " NEWEST_CERTIFICATES)                        \
    X(CERTIFICATE_LIST_REVOKED,                                                                \
      CERTIFICATE_COLUMNS "FROM revocation r JOIN certificate c ON c.id = r.certificate_id"    \
                          " WHERE r.certificate_id < $1"                                       \
                          " ORDER BY r.certificate_id DESC LIMIT $2")                          \
    X(CERTIFICATE_LIST_HELD,                                                                   \
      CERTIFICATE_COLUMNS "FROM certificate_hold o JOIN certificate c ON c.id ="               \
                          " o.certificate_id LEFT JOIN revocation r"                           \
                          " ON r.certificate_id = o.certificate_id"                            \
                          " WHERE o.certificate_id < $1 AND NOT EXISTS (SELECT 1 FROM"         \
                          " certificate_hold_release y WHERE y.hold_id = o.id)"                \
                          " ORDER BY o.certificate_id DESC LIMIT $2")                          \
    /* The soonest to end first; column 7 is not_after. */                                     \
    X(CERTIFICATE_LIST_ENDING,                                                                 \
      CERTIFICATE_SELECT "WHERE c.not_after = $1 AND c.id > $2 UNION ALL " CERTIFICATE_SELECT  \
                         "WHERE c.not_after > $1 AND c.not_after < $3"                         \
                         " ORDER BY 7, 1 LIMIT $4")                                            \
    /* The last to have ended first. */                                                        \
    X(CERTIFICATE_LIST_ENDED,                                                                  \
      CERTIFICATE_SELECT "WHERE c.not_after = $1 AND c.id < $2 UNION ALL " CERTIFICATE_SELECT  \
                         "WHERE c.not_after < $1 AND c.not_after >= $3"                        \
                         " ORDER BY 7 DESC, 1 DESC LIMIT $4")                                  \
    X(CERTIFICATE_LIST_OF_NAME,                                                                \
      CERTIFICATE_NAME_SELECT "WHERE n.value = $1 AND (n.certificate_id, n.type) < ($2, $3)"   \
                              " ORDER BY n.certificate_id DESC, n.type DESC LIMIT $4")         \
    X(CERTIFICATE_LIST_OF_PREFIX, CERTIFICATE_NAME_SELECT                                      \
      "WHERE (n.value, n.certificate_id, n.type) > ($1, $2, $3) AND n.value < $4"              \
      " ORDER BY n.value, n.certificate_id, n.type LIMIT $5")                                  \
    X(CERTIFICATE_NAME_AT,                                                                     \
      "SELECT type, value FROM certificate_name WHERE certificate_id = $1 AND position = $2")  \
    /* Ids are dense: the last one is the number of all. */                                    \
    X(CERTIFICATE_COUNT, "SELECT COALESCE(MAX(id), 0) FROM certificate")                       \
    X(REVOCATION_COUNT, "SELECT COALESCE(MAX(id), 0) FROM revocation")                         \
    X(CERTIFICATE_END, "SELECT not_after FROM certificate WHERE id = $1")                      \
    X(CERTIFICATE_COUNT_ENDED,                                                                 \
      "SELECT COUNT(*) FROM certificate WHERE not_after >= $1 AND not_after < $2")             \
    /* Its index begins with the issuer, of which there are few. */                            \
    X(REVOCATION_COUNT_ENDED,                                                                  \
      "SELECT COALESCE(SUM((SELECT COUNT(*) FROM revocation r WHERE r.issuer_id = i.id"        \
      " AND r.not_after >= $1 AND r.not_after < $2)), 0) FROM issuer i")                       \
    /* Of those that have not ended. */                                                        \
    X(HOLD_COUNT, "SELECT COALESCE(SUM((SELECT COUNT(*) FROM certificate_hold h"               \
                  " WHERE h.issuer_id = i.id AND h.not_after >= $1"                            \
                  " AND " HOLD_IS_OPEN " AND " HOLD_IS_NOT_FINAL ")), 0) FROM issuer i")

#define TOKEN_NAME_SELECT                                                                      \
    TOKEN_COLUMNS                                                                              \
    ", n.position, n.type FROM token_name n JOIN token ON sequence = n.token_sequence "
#define NEWEST_TOKENS "AND sequence < $2 ORDER BY sequence DESC LIMIT $3"

#define TOKEN_LIST_TABLE(X)                                                                    \
    X(TOKEN_LIST, TOKEN_SELECT "WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2")          \
    X(TOKEN_LIST_MADE_BY, TOKEN_SELECT "WHERE created_by = $1 " NEWEST_TOKENS)                 \
    /* The soonest to expire first; column 10 is expires. */                                   \
    X(TOKEN_LIST_ENDING,                                                                       \
      TOKEN_SELECT "WHERE expires = $1 AND sequence > $2 UNION ALL " TOKEN_SELECT              \
                   "WHERE expires > $1 AND expires < $3 ORDER BY 10, 1 LIMIT $4")              \
    X(TOKEN_LIST_OF_NAME,                                                                      \
      TOKEN_NAME_SELECT "WHERE n.value = $1 AND (n.token_sequence, n.type) < ($2, $3)"         \
                        " ORDER BY n.token_sequence DESC, n.type DESC LIMIT $4")               \
    X(TOKEN_LIST_OF_PREFIX, TOKEN_NAME_SELECT                                                  \
      "WHERE (n.value, n.token_sequence, n.type) > ($1, $2, $3) AND n.value < $4"              \
      " ORDER BY n.value, n.token_sequence, n.type LIMIT $5")                                  \
    X(TOKEN_NAME_AT,                                                                           \
      "SELECT type, value FROM token_name WHERE token_sequence = $1 AND position = $2")        \
    X(TOKEN_COUNT_OPEN, "SELECT COUNT(*) FROM token WHERE expires > $1 AND expires <= $2"      \
                        " AND revoked_at IS NULL AND uses_spent < uses_allowed")

#define REQUEST_NAME_SELECT                                                                    \
    REQUEST_COLUMNS ", n.position, n.type FROM request_name n"                                 \
                    " JOIN request ON sequence = n.request_sequence "
#define NEWEST_REQUESTS "AND sequence < $2 ORDER BY sequence DESC LIMIT $3"

#define REQUEST_LIST_TABLE(X)                                                                  \
    X(REQUEST_LIST, REQUEST_SELECT "WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2")      \
    X(REQUEST_LIST_OF_STATE, REQUEST_SELECT "WHERE state = $1 " NEWEST_REQUESTS)               \
    /* Expired, and what still waits: whether its time is over is looked at row by row. */     \
    X(REQUEST_LIST_EXPIRED,                                                                    \
      REQUEST_SELECT "WHERE state = 4 AND sequence < $1 UNION ALL " REQUEST_SELECT             \
                     "WHERE state = 1 AND sequence < $1 ORDER BY 1 DESC LIMIT $2")             \
    X(REQUEST_LIST_OF_PROFILE, REQUEST_SELECT "WHERE profile = $1 " NEWEST_REQUESTS)           \
    X(REQUEST_LIST_FROM_ADDRESS, REQUEST_SELECT "WHERE address = $1 " NEWEST_REQUESTS)         \
    X(REQUEST_LIST_OF_CODE, REQUEST_SELECT "WHERE code = $1 " NEWEST_REQUESTS)                 \
    X(REQUEST_LIST_OF_KEY, REQUEST_SELECT "WHERE key_hash = $1 " NEWEST_REQUESTS)              \
    X(REQUEST_LIST_OF_NAME,                                                                    \
      REQUEST_NAME_SELECT "WHERE n.value = $1 AND (n.request_sequence, n.type) < ($2, $3)"     \
                          " ORDER BY n.request_sequence DESC, n.type DESC LIMIT $4")           \
    X(REQUEST_LIST_OF_PREFIX, REQUEST_NAME_SELECT                                              \
      "WHERE (n.value, n.request_sequence, n.type) > ($1, $2, $3) AND n.value < $4"            \
      " ORDER BY n.value, n.request_sequence, n.type LIMIT $5")                                \
    X(REQUEST_NAME_AT,                                                                         \
      "SELECT type, value FROM request_name WHERE request_sequence = $1 AND position = $2")

#define NEWEST_RULES "AND sequence < $2 ORDER BY sequence DESC LIMIT $3"

#define RULE_LIST_TABLE(X)                                                                     \
    X(RULE_LIST, RULE_SELECT "WHERE sequence < $1 ORDER BY sequence DESC LIMIT $2")            \
    X(RULE_LIST_OF_VALUE, RULE_SELECT "WHERE value = $1 " NEWEST_RULES)                        \
    X(RULE_LIST_OPEN, RULE_SELECT "WHERE certificate_id IS NULL AND sequence < $1"             \
                                  " ORDER BY sequence DESC LIMIT $2")                          \
    X(RULE_LIST_OF_PROFILE, RULE_SELECT "WHERE profile = $1 " NEWEST_RULES)
