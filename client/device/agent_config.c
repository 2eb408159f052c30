// Reading the agent's configuration.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/device/agent_config.h"

#include <string.h>

#include "base/file.h"
#include "base/limits.h"
#include "base/section_file.h"
#include "client/device/folder.h"

struct reading {
    struct section_reader reader;
    struct text_list folders;
    bool is_inside;
};

static enum result begin_section(void *context, const char *title, struct error *err) {
    struct reading *reading = context;
    if (strcmp(title, "agent") != 0 || reading->is_inside) {
        return section_file_mistake(&reading->reader, err, "[%s]: expected one [agent]", title);
    }
    reading->is_inside = true;
    return RESULT_OK;
}

static enum result add_folder(struct reading *reading, const char *path, struct error *err) {
    for (size_t i = 0; i < reading->folders.count; i++) {
        if (strcmp(reading->folders.items[i], path) == 0) {
            return section_file_mistake(&reading->reader, err, "dir: %s comes twice", path);
        }
    }
    if (path[0] != '/') {
        return section_file_mistake(&reading->reader, err, "dir: expected an absolute path");
    }
    if (reading->folders.count == LIMIT_AGENT_FOLDERS) {
        return section_file_mistake(&reading->reader, err, "dir: %d folders at most",
                                    LIMIT_AGENT_FOLDERS);
    }
    return text_list_add(&reading->folders, path) == RESULT_OK ? RESULT_OK
                                                               : error_out_of_memory(err);
}

static enum result set(void *context, const char *key, const char *value, struct error *err) {
    struct reading *reading = context;
    if (!reading->is_inside || strcmp(key, "dir") != 0) {
        return section_file_mistake(&reading->reader, err, "%s: [agent] knows only dir", key);
    }
    return add_folder(reading, value, err);
}

static enum result read_all(struct reading *reading, struct error *err) {
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, LIMIT_CONFIG_BYTES);
    TRY(file_read(reading->reader.path, &text, err));
    TRY(section_file_read(&reading->reader, buf_bytes(&text), err));
    if (reading->folders.count == 0) {
        return error_set_code(err, RESULT_INVALID, "misconfigured", "%s names no dir",
                              reading->reader.path);
    }
    return RESULT_OK;
}

enum result agent_config_read(const char *path, struct text_list *out_folders,
                              struct error *err) {
    struct reading reading = {
        .reader = {.path = path, .begin_section = begin_section, .set = set}};
    reading.reader.context = &reading;
    enum result result = read_all(&reading, err);
    if (result != RESULT_OK) {
        text_list_clear(&reading.folders);
        return result;
    }
    *out_folders = reading.folders;
    return RESULT_OK;
}
