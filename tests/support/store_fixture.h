// A folder for the files of a store test, and a view of them past the store's own code.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdlib.h>

#include <sqlite3.h>

#include "support/test.h"

static char fixture_folder[64];

static inline const char *in_folder(const char *name) {
    static char paths[2][200];
    static size_t next;
    char *path = paths[next++ % 2];
    snprintf(path, sizeof(paths[0]), "%s/%s", fixture_folder, name);
    return path;
}

static inline int make_folder(void **state) {
    (void)state;
    snprintf(fixture_folder, sizeof(fixture_folder), "/tmp/signet-test-XXXXXX");
    return mkdtemp(fixture_folder) == NULL ? -1 : 0;
}

static inline int remove_folder(void **state) {
    (void)state;
    char command[128];
    snprintf(command, sizeof(command), "rm -rf '%s'", fixture_folder);
    return system(command);
}

// Runs SQL on the file over a connection of its own, as an administrator with a shell could.
// *out_text (may be NULL) gets the last column of all rows, one per line.
static inline int run_sql(const char *path, const char *sql, char *out_text, size_t size) {
    sqlite3 *handle = NULL;
    assert_int_equal(
        sqlite3_open_v2(path, &handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL),
        SQLITE_OK);
    size_t used = 0;
    int code = SQLITE_OK;
    for (const char *rest = sql; code == SQLITE_OK && *rest != '\0';) {
        sqlite3_stmt *statement = NULL;
        code = sqlite3_prepare_v2(handle, rest, -1, &statement, &rest);
        while (code == SQLITE_OK && statement != NULL &&
               (code = sqlite3_step(statement)) == SQLITE_ROW) {
            int last = sqlite3_column_count(statement) - 1;
            const char *text = (const char *)sqlite3_column_text(statement, last);
            if (out_text != NULL && used < size) {
                used += (size_t)snprintf(out_text + used, size - used, "%s\n",
                                         text == NULL ? "" : text);
            }
            code = SQLITE_OK;
        }
        code = code == SQLITE_DONE ? SQLITE_OK : code;
        sqlite3_finalize(statement);
    }
    sqlite3_close(handle);
    return code;
}
