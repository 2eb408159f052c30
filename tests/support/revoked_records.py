"""Very many revoked certificates in the store of an authority that does not run."""
# SPDX-License-Identifier: GPL-3.0-or-later
import os
import sqlite3
import time

YEAR = 365 * 86400


def serials(count):
    return (bytes([0x40 | (number >> 24) & 0x3f]) + os.urandom(15) for number in range(count))


def fill(path, count):
    """Revoked certificates, as the store has them but without their DER, which no CRL looks at."""
    now = int(time.time())
    with sqlite3.connect(path) as database:
        issuer = database.execute("SELECT id FROM issuer WHERE name = 'issuing'").fetchone()[0]
        first = database.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM certificate").fetchone()[0]
        rows = [(first + i, serial) for i, serial in enumerate(serials(count))]
        database.executemany(
            "INSERT INTO certificate (id, issuer_id, serial, profile, not_before, not_after, key_hash, lineage_id, created, der)"
            f" VALUES (?1, {issuer}, ?2, 'client', {now - 60}, {now + YEAR}, ?2, ?1, {now}, x'00')", rows)
        database.executemany(
            "INSERT INTO revocation (id, certificate_id, issuer_id, serial, not_after, revoked_at, reason)"
            f" VALUES (?1 - {first - 1}, ?1, {issuer}, ?2, {now + YEAR}, {now}, 0)", rows)
