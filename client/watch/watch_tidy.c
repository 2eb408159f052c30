// Removing the temporary files of a watcher that was killed while it wrote.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/limits.h"
#include "client/device/folder.h"
#include "client/watch/watch_private.h"

// What file_replace puts behind a name: ".069f8a74a67f.tmp".
#define TEMPORARY_END ".tmp"
#define TEMPORARY_DIGITS 12
#define TEMPORARY_SIZE (1 + TEMPORARY_DIGITS + sizeof(TEMPORARY_END) - 1)
#define HASH_DIGITS 8

static const char hex_digits[] = "0123456789abcdef";

// The length of the name that it was to become; 0 when it is no temporary file.
static size_t size_of_name(const char *entry) {
    size_t size = strlen(entry);
    if (size <= TEMPORARY_SIZE) {
        return 0;
    }
    const char *end = &entry[size - TEMPORARY_SIZE];
    bool is_temporary = end[0] == '.' && strspn(&end[1], hex_digits) == TEMPORARY_DIGITS &&
                        strcmp(&end[1 + TEMPORARY_DIGITS], TEMPORARY_END) == 0;
    return is_temporary ? size - TEMPORARY_SIZE : 0;
}

static bool is_name_of(const char *entry, const char *base, const char *suffix) {
    char name[LIMIT_PATH_BYTES];
    int size = snprintf(name, sizeof(name), "%s%s", base, suffix);
    return size > 0 && (size_t)size == size_of_name(entry) &&
           strncmp(entry, name, (size_t)size) == 0;
}

static bool is_of_capath(const char *entry) {
    return size_of_name(entry) > HASH_DIGITS && strspn(entry, hex_digits) == HASH_DIGITS &&
           entry[HASH_DIGITS] == '.';
}

// Those of `base` with one of the suffixes, or, without `base`, those of a CApath.
static void tidy(const char *folder, const char *base, const char *const *suffixes) {
    AUTO(text_list_clear) struct text_list names = {0};
    if (folder_list(folder, &names, NULL) != RESULT_OK) {
        return;
    }
    for (size_t i = 0; i < names.count; i++) {
        bool is_ours = base == NULL && is_of_capath(names.items[i]);
        for (size_t j = 0; base != NULL && suffixes[j] != NULL; j++) {
            is_ours = is_ours || is_name_of(names.items[i], base, suffixes[j]);
        }
        AUTO(buf_clear) struct buf path = {0};
        buf_init(&path, LIMIT_PATH_BYTES);
        if (is_ours && path_join(&path, folder, names.items[i]) == RESULT_OK) {
            (void)unlink(buf_string(&path));
        }
    }
}

static void tidy_beside(const char *path) {
    static const char *const suffixes[] = {".new", ".reload", ".revoked", NULL};
    AUTO(string_free_at) char *folder = string_copy(path);
    char *slash = folder != NULL ? strrchr(folder, '/') : NULL;
    if (slash == NULL || slash == folder) {
        return; // in the working folder or the root: nobody configures that
    }
    *slash = '\0';
    tidy(folder, &slash[1], suffixes);
    AUTO(buf_clear) struct buf new_file = {0};
    buf_init(&new_file, LIMIT_PATH_BYTES);
    if (buf_printf(&new_file, "%s.new", path) == RESULT_OK) {
        (void)unlink(buf_string(&new_file));
    }
}

void watch_tidy(const struct watch *watch) {
    static const char *const of_state[] = {".json", ".crls", NULL};
    const struct watch_options *options = watch->options;
    if (watch->file.size > 0) {
        tidy_beside(buf_string(&watch->file));
    }
    if (watch->preset->form == WATCH_FORM_CAPATH) {
        tidy(buf_string(&watch->folder), NULL, NULL);
    }
    if (watch->copy.size > 0) {
        tidy(options->state_folder, options->name, of_state);
    }
}
