// The schema of the SQLite store, step by step; a released step is never changed.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/migrations.h"

#include "base/clock.h"

// The schema itself refuses what must never happen, whatever a later version of the code tries.
#define APPEND_ONLY(table)                                                                     \
    "CREATE TRIGGER " table "_refuses_update BEFORE UPDATE ON " table                          \
    " BEGIN SELECT RAISE(ABORT, '" table " is append-only'); END;\n"                           \
    "CREATE TRIGGER " table "_refuses_delete BEFORE DELETE ON " table                          \
    " BEGIN SELECT RAISE(ABORT, '" table " is append-only'); END;\n"

#define NOT_DELETED(table)                                                                     \
    "CREATE TRIGGER " table "_refuses_delete BEFORE DELETE ON " table                          \
    " BEGIN SELECT RAISE(ABORT, '" table " is never deleted from'); END;\n"

// application_id is "SIGN" in ASCII: database_open knows our files by it.
static const char first_schema[] =
    "PRAGMA application_id = 1397311310;\n"
    "CREATE TABLE schema_version (version INTEGER PRIMARY KEY, applied INTEGER NOT NULL)"
    " STRICT;\n"

    "CREATE TABLE issuer (\n"
    " id INTEGER PRIMARY KEY,\n"
    " name TEXT NOT NULL UNIQUE,\n"
    " kind INTEGER NOT NULL,\n"
    " parent_id INTEGER REFERENCES issuer (id),\n"
    " certificate BLOB NOT NULL,\n"
    " key_reference TEXT,\n"
    " created INTEGER NOT NULL) STRICT;\n" NOT_DELETED("issuer")

    // The index starts with the serial so that people can look one up without its issuer.
    "CREATE TABLE certificate (\n"
    " id INTEGER PRIMARY KEY,\n"
    " issuer_id INTEGER NOT NULL REFERENCES issuer (id),\n"
    " serial BLOB NOT NULL CHECK (length(serial) BETWEEN 1 AND 20),\n"
    " profile TEXT NOT NULL,\n"
    " not_before INTEGER NOT NULL,\n"
    " not_after INTEGER NOT NULL,\n"
    " key_hash BLOB NOT NULL,\n"
    " csr_hash BLOB,\n"
    " token_id BLOB,\n"
    " predecessor_id INTEGER REFERENCES certificate (id),\n"
    " lineage_id INTEGER NOT NULL REFERENCES certificate (id),\n"
    " created INTEGER NOT NULL,\n"
    " der BLOB NOT NULL,\n"
    " UNIQUE (serial, issuer_id)) STRICT;\n"
    "CREATE INDEX certificate_key ON certificate (key_hash);\n"
    "CREATE INDEX certificate_token ON certificate (token_id, csr_hash)"
    " WHERE token_id IS NOT NULL;\n"
    "CREATE INDEX certificate_predecessor ON certificate (predecessor_id)"
    " WHERE predecessor_id IS NOT NULL;\n"
    "CREATE INDEX certificate_lineage ON certificate (lineage_id);\n"
    "CREATE INDEX certificate_profile ON certificate (profile);\n"
    "CREATE INDEX certificate_not_after ON certificate (not_after);\n" APPEND_ONLY(
        "certificate")

        "CREATE TABLE certificate_name (\n"
        " certificate_id INTEGER NOT NULL REFERENCES certificate (id),\n"
        " position INTEGER NOT NULL,\n"
        " type TEXT NOT NULL,\n"
        " value TEXT NOT NULL,\n"
        " PRIMARY KEY (certificate_id, position)) STRICT, WITHOUT ROWID;\n"
        "CREATE INDEX certificate_name_value"
        " ON certificate_name (value, certificate_id, type);\n" APPEND_ONLY("certificate_name")

    // Serial, issuer and notAfter are repeated here: a CRL is made from this table alone.
    "CREATE TABLE revocation (\n"
    " id INTEGER PRIMARY KEY,\n"
    " certificate_id INTEGER NOT NULL UNIQUE REFERENCES certificate (id),\n"
    " issuer_id INTEGER NOT NULL REFERENCES issuer (id),\n"
    " serial BLOB NOT NULL,\n"
    " not_after INTEGER NOT NULL,\n"
    " revoked_at INTEGER NOT NULL,\n"
    " reason INTEGER NOT NULL,\n"
    " invalid_since INTEGER) STRICT;\n"
    "CREATE INDEX revocation_issuer ON revocation (issuer_id, not_after);\n" APPEND_ONLY(
        "revocation")

        "CREATE TABLE token (\n"
        " sequence INTEGER PRIMARY KEY,\n"
        " id BLOB NOT NULL UNIQUE,\n"
        " secret_hash BLOB NOT NULL,\n"
        " profile TEXT NOT NULL,\n"
        " uses_allowed INTEGER NOT NULL,\n"
        " uses_spent INTEGER NOT NULL,\n"
        " failures INTEGER NOT NULL,\n"
        " lifetime INTEGER NOT NULL,\n"
        " created INTEGER NOT NULL,\n"
        " expires INTEGER NOT NULL,\n"
        " revoked_at INTEGER,\n"
        " created_by TEXT,\n"
        " label TEXT,\n"
        " CHECK (uses_spent <= uses_allowed)) STRICT;\n"
        "CREATE INDEX token_expires ON token (expires);\n"
        "CREATE TABLE token_name (\n"
        " token_sequence INTEGER NOT NULL REFERENCES token (sequence),\n"
        " position INTEGER NOT NULL,\n"
        " type TEXT NOT NULL,\n"
        " value TEXT NOT NULL,\n"
        " PRIMARY KEY (token_sequence, position)) STRICT, WITHOUT ROWID;\n" NOT_DELETED("token")

            "CREATE TABLE request (\n"
            " sequence INTEGER PRIMARY KEY,\n"
            " id BLOB NOT NULL UNIQUE,\n"
            " csr BLOB NOT NULL,\n"
            " csr_hash BLOB NOT NULL,\n"
            " profile_hash BLOB NOT NULL,\n"
            " profile TEXT NOT NULL,\n"
            " address TEXT,\n"
            " state INTEGER NOT NULL,\n"
            " created INTEGER NOT NULL,\n"
            " expires INTEGER NOT NULL,\n"
            " decided_at INTEGER,\n"
            " decided_by TEXT,\n"
            " reason TEXT,\n"
            " certificate_id INTEGER REFERENCES certificate (id)) STRICT;\n"
            "CREATE INDEX request_state ON request (state, sequence);\n"

            // The DER stands last: reading the other columns then never touches its pages.
            "CREATE TABLE crl (\n"
            " issuer_id INTEGER NOT NULL REFERENCES issuer (id),\n"
            " number INTEGER NOT NULL,\n"
            " this_update INTEGER NOT NULL,\n"
            " next_update INTEGER NOT NULL,\n"
            " entry_count INTEGER NOT NULL,\n"
            " der BLOB,\n"
            " UNIQUE (issuer_id, number)) STRICT;\n"
            "CREATE INDEX crl_with_der ON crl (issuer_id, number)"
            " WHERE der IS NOT NULL;\n" NOT_DELETED("crl")

                "CREATE TABLE admin (\n"
                " name TEXT PRIMARY KEY NOT NULL,\n"
                " role TEXT NOT NULL,\n"
                " created INTEGER NOT NULL,\n"
                " removed_at INTEGER) STRICT;\n" NOT_DELETED("admin")

                    "CREATE TABLE audit (\n"
                    " sequence INTEGER PRIMARY KEY,\n"
                    " time INTEGER NOT NULL,\n"
                    " actor TEXT,\n"
                    " event TEXT NOT NULL,\n"
                    " subject TEXT,\n"
                    " detail TEXT,\n"
                    " previous_hash BLOB NOT NULL,\n"
                    " hash BLOB NOT NULL) STRICT;\n" APPEND_ONLY("audit");

// Approvals, lists of devices, fleet tokens, several issuing CAs, and indexes for looking things up.
// No released version wrote a request, so that table is made anew.
static const char decisions_schema[] =
    "ALTER TABLE issuer ADD COLUMN retired_at INTEGER;\n"

    "ALTER TABLE certificate ADD COLUMN request_id BLOB;\n"
    "ALTER TABLE certificate ADD COLUMN address TEXT;\n"
    // Whose certificate was shown for it, under another profile.
    "ALTER TABLE certificate ADD COLUMN holder_id INTEGER REFERENCES certificate (id);\n"
    "CREATE INDEX certificate_holder ON certificate (holder_id)"
    " WHERE holder_id IS NOT NULL;\n"
    "CREATE INDEX certificate_issuer ON certificate (issuer_id, not_after);\n"
    "CREATE INDEX certificate_issuer_id ON certificate (issuer_id);\n"
    "CREATE INDEX certificate_address ON certificate (address, id)"
    " WHERE address IS NOT NULL;\n"

    // What a fleet token grants: each device picks a free name that fits one of them.
    "CREATE TABLE token_pattern (\n"
    " token_sequence INTEGER NOT NULL REFERENCES token (sequence),\n"
    " position INTEGER NOT NULL,\n"
    " type TEXT NOT NULL,\n"
    " value TEXT NOT NULL,\n"
    " PRIMARY KEY (token_sequence, position)) STRICT, WITHOUT ROWID;\n"
    "CREATE INDEX token_name_value ON token_name (value, token_sequence, type);\n"
    "CREATE INDEX token_created_by ON token (created_by, sequence);\n"
    "CREATE INDEX token_open ON token (expires, revoked_at, uses_spent, uses_allowed)"
    " WHERE revoked_at IS NULL AND uses_spent < uses_allowed;\n"

    // A name belongs to the line of certificates that carry it, up to certificate_id: those are
    // past, and others may have the name.
    "CREATE TABLE name_release (\n"
    " type TEXT NOT NULL,\n"
    " value TEXT NOT NULL,\n"
    " certificate_id INTEGER NOT NULL REFERENCES certificate (id),\n"
    " released_at INTEGER NOT NULL,\n"
    " released_by TEXT NOT NULL,\n"
    " PRIMARY KEY (type, value, certificate_id)) STRICT, WITHOUT ROWID;\n" APPEND_ONLY(
        "name_release")

        "DROP TABLE request;\n"
        "CREATE TABLE request (\n"
        " sequence INTEGER PRIMARY KEY,\n"
        " id BLOB NOT NULL UNIQUE,\n"
        " csr BLOB NOT NULL,\n"
        " csr_hash BLOB NOT NULL,\n"
        " key_hash BLOB NOT NULL,\n"
        " claim_hash BLOB NOT NULL,\n"
        " code TEXT NOT NULL,\n"
        " profile TEXT NOT NULL,\n"
        " profile_hash BLOB NOT NULL,\n"
        " token_id BLOB,\n"
        " granted INTEGER NOT NULL,\n" // the names are a grant's; 0: the requester chose them
        " lifetime INTEGER NOT NULL,\n"
        " requested_by TEXT NOT NULL,\n"
        " responsible TEXT,\n" // the administrator who made the token
        " address TEXT,\n"
        " source TEXT,\n"  // who is counted as one, and the network around: their share
        " network TEXT,\n" // of the queue is bounded
        " predecessor_id INTEGER REFERENCES certificate (id),\n"
        " holder_id INTEGER REFERENCES certificate (id),\n"
        " approvals INTEGER NOT NULL,\n"
        " state INTEGER NOT NULL,\n"
        " created INTEGER NOT NULL,\n"
        " expires INTEGER NOT NULL,\n"
        " decided_at INTEGER,\n"
        " decided_by TEXT,\n"
        " reason TEXT,\n"
        " certificate_id INTEGER REFERENCES certificate (id)) STRICT;\n"
        "CREATE INDEX request_state ON request (state, sequence, expires);\n"
        "CREATE INDEX request_source ON request (source, expires, state) WHERE state = 1;\n"
        "CREATE INDEX request_network ON request (network, expires, state) WHERE state = 1;\n"
        "CREATE INDEX request_expires ON request (expires) WHERE state = 1;\n"
        "CREATE INDEX request_csr ON request (csr_hash);\n"
        "CREATE INDEX request_key ON request (key_hash, sequence);\n"
        "CREATE INDEX request_address ON request (address, sequence);\n"
        "CREATE INDEX request_profile ON request (profile, sequence);\n"
        "CREATE INDEX request_code ON request (code, sequence);\n" NOT_DELETED("request")
    // The names that the certificate would carry.
    "CREATE TABLE request_name (\n"
    " request_sequence INTEGER NOT NULL REFERENCES request (sequence),\n"
    " position INTEGER NOT NULL,\n"
    " type TEXT NOT NULL,\n"
    " value TEXT NOT NULL,\n"
    " PRIMARY KEY (request_sequence, position)) STRICT, WITHOUT ROWID;\n"
    "CREATE INDEX request_name_value ON request_name (value, request_sequence, type);\n"
    // An approval counts for the digest that its administrator saw, while the certificate with
    // which it was given is good.
    "CREATE TABLE approval (\n"
    " request_sequence INTEGER NOT NULL REFERENCES request (sequence),\n"
    " position INTEGER NOT NULL,\n"
    " admin TEXT NOT NULL,\n"
    " certificate_id INTEGER NOT NULL REFERENCES certificate (id),\n"
    " digest BLOB NOT NULL,\n"
    " approved_at INTEGER NOT NULL,\n"
    " PRIMARY KEY (request_sequence, position)) STRICT, WITHOUT ROWID;\n" APPEND_ONLY(
        "approval")

    // Devices that are approved at once: by their key, or by a serial number.
    "CREATE TABLE rule (\n"
    " sequence INTEGER PRIMARY KEY,\n"
    " profile TEXT NOT NULL,\n"
    " kind TEXT NOT NULL,\n"
    " value TEXT NOT NULL,\n"
    " created INTEGER NOT NULL,\n"
    " created_by TEXT,\n"
    " label TEXT,\n"
    " certificate_id INTEGER REFERENCES certificate (id),\n" // NULL: not used yet
    " UNIQUE (value, kind, profile)) STRICT;\n"
    "CREATE INDEX rule_value ON rule (value, sequence);\n"
    "CREATE INDEX rule_profile ON rule (profile, sequence);\n"
    "CREATE INDEX rule_open ON rule (sequence) WHERE certificate_id IS NULL;\n"
    "CREATE TABLE rule_name (\n"
    " rule_sequence INTEGER NOT NULL REFERENCES rule (sequence) ON DELETE CASCADE,\n"
    " position INTEGER NOT NULL,\n"
    " type TEXT NOT NULL,\n"
    " value TEXT NOT NULL,\n"
    " PRIMARY KEY (rule_sequence, position)) STRICT, WITHOUT ROWID;\n"

    "ALTER TABLE admin ADD COLUMN created_by TEXT;\n"
    "ALTER TABLE admin ADD COLUMN token_id BLOB;\n" // of the invitation

    "CREATE INDEX audit_event ON audit (event, sequence);\n"
    "CREATE INDEX audit_actor ON audit (actor, sequence);\n"
    "CREATE INDEX audit_subject ON audit (subject, sequence);\n";

// A hold is a revocation that can be taken back, which a row of `revocation` never is. Both its
// beginning and its end are records that stay. As there, a CRL is made from this table alone.
static const char holds_schema[] =
    "CREATE TABLE certificate_hold (\n"
    " id INTEGER PRIMARY KEY,\n"
    " certificate_id INTEGER NOT NULL REFERENCES certificate (id),\n"
    " issuer_id INTEGER NOT NULL REFERENCES issuer (id),\n"
    " serial BLOB NOT NULL,\n"
    " not_after INTEGER NOT NULL,\n"
    " held_at INTEGER NOT NULL) STRICT;\n"
    "CREATE INDEX certificate_hold_certificate ON certificate_hold (certificate_id, held_at);\n"
    "CREATE INDEX certificate_hold_issuer ON certificate_hold (issuer_id, "
    "not_after);\n" APPEND_ONLY("certificate_hold")

        "CREATE TABLE certificate_hold_release (\n"
        " hold_id INTEGER PRIMARY KEY REFERENCES certificate_hold (id),\n"
        " released_at INTEGER NOT NULL) STRICT;\n" APPEND_ONLY("certificate_hold_release");

// The bytes of a CRL behind the first part, which stands in `crl`: a large one is written part by part
// before its row is, so that no transaction holds others up. Parts without such a row are of a CRL
// that a crash kept from being made, or that was let go.
static const char crl_parts_schema[] = "CREATE TABLE crl_part (\n"
                                       " issuer_id INTEGER NOT NULL REFERENCES issuer (id),\n"
                                       " number INTEGER NOT NULL,\n"
                                       " position INTEGER NOT NULL,\n"
                                       " der BLOB NOT NULL,\n"
                                       " UNIQUE (issuer_id, number, position)) STRICT;\n";

// Step n stands at index n - 1.
static const char *const migrations[] = {
    first_schema,
    decisions_schema,
    holds_schema,
    crl_parts_schema,
};

int64_t migrations_latest(void) {
    return (int64_t)(sizeof(migrations) / sizeof(migrations[0]));
}

// 0 for an empty database.
static enum result read_version(struct database *database, int64_t *out_version,
                                struct error *err) {
    bool is_empty = false;
    TRY(database_is_empty(database, &is_empty, err));
    if (is_empty) {
        *out_version = 0;
        return RESULT_OK;
    }
    AUTO(query_end) struct query query = {0};
    TRY(query_start(database, STATEMENT_SCHEMA_VERSION, NULL, 0, &query, err));
    TRY(query_next(&query, err));
    *out_version = query_integer(&query, 0);
    return RESULT_OK;
}

static enum result refuse_version(int64_t version, struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "store_newer",
                         "the store has schema version %lld, this program knows versions up to "
                         "%lld",
                         (long long)version, (long long)migrations_latest());
    error_hint(err, "Run the version of signetd that wrote it or a later one, or restore the "
                    "backup made before the upgrade.");
    return RESULT_INVALID;
}

static enum result apply_missing(struct database *database, struct error *err) {
    // Read again inside the transaction: another process may have been faster.
    int64_t version = 0;
    TRY(read_version(database, &version, err));
    for (int64_t next = version + 1; next <= migrations_latest(); next++) {
        TRY(database_execute(database, migrations[next - 1], err));
        const struct value parameters[] = {value_integer(next), value_integer(clock_now())};
        TRY(statement_run(database, STATEMENT_SCHEMA_VERSION_ADD, parameters, 2, NULL, err));
    }
    return RESULT_OK;
}

enum result migrations_apply(struct database *database, struct error *err) {
    int64_t version = 0;
    TRY(read_version(database, &version, err));
    if (version > migrations_latest()) {
        return refuse_version(version, err);
    }
    if (version == migrations_latest()) {
        return RESULT_OK;
    }
    TRY(database_begin(database, err));
    enum result result = apply_missing(database, err);
    if (result != RESULT_OK) {
        database_rollback(database);
        error_context(err, "cannot bring the schema up to date");
        return result;
    }
    return database_commit(database, err);
}
