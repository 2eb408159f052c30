// The only doorway to cJSON.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/json.h"

#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "wire/json_scan.h"

// A `struct json` is a cJSON value under another name: callers never see cJSON's header.
static const cJSON *inner(const struct json *json) {
    return (const cJSON *)json;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum result check_one_object(const cJSON *object, struct error *err) {
    size_t count = 0;
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        count++;
    }
    if (count < 2) {
        return RESULT_OK;
    }
    const char **names = calloc(count, sizeof(*names));
    if (names == NULL) {
        return error_out_of_memory(err);
    }
    size_t filled = 0;
    for (const cJSON *member = object->child; member != NULL; member = member->next) {
        names[filled++] = member->string;
    }
    qsort(names, count, sizeof(*names), compare_names);
    enum result result = RESULT_OK;
    for (size_t i = 1; i < count && result == RESULT_OK; i++) {
        if (strcmp(names[i - 1], names[i]) == 0) {
            result = error_set_code(err, RESULT_INVALID, "duplicate_field",
                                    "the member \"%.64s\" appears twice", names[i]);
            error_field(err, names[i]);
            error_hint(err, "Send it once.");
        }
    }
    free(names);
    return result;
}

// The scan has bounded the depth of this recursion.
static enum result check_duplicates(const cJSON *value, struct error *err) {
    if (cJSON_IsObject(value)) {
        TRY(check_one_object(value, err));
    }
    for (const cJSON *child = value->child; child != NULL; child = child->next) {
        TRY(check_duplicates(child, err));
    }
    return RESULT_OK;
}

// Enrollment tokens come in JSON: their copies are wiped.
static void wipe_strings(cJSON *value) {
    if (cJSON_IsString(value)) {
        memory_wipe(value->valuestring, strlen(value->valuestring));
    }
    for (cJSON *child = value->child; child != NULL; child = child->next) {
        wipe_strings(child);
    }
}

void json_free(struct json *json) {
    if (json != NULL) {
        wipe_strings((cJSON *)json);
        cJSON_Delete((cJSON *)json);
    }
}

enum result json_parse(struct bytes text, struct json **out_json, struct error *err) {
    TRY(json_scan(text, err));
    cJSON *tree = cJSON_ParseWithLength((const char *)text.data, text.size);
    if (tree == NULL) {
        return error_out_of_memory(err); // the scan has found nothing else to refuse
    }
    enum result result = check_duplicates(tree, err);
    if (result != RESULT_OK) {
        json_free((struct json *)tree);
        return result;
    }
    *out_json = (struct json *)tree;
    return RESULT_OK;
}

void json_free_at(struct json **json) {
    json_free(*json);
    *json = NULL;
}

bool json_is_object(const struct json *json) {
    return cJSON_IsObject(inner(json));
}

bool json_is_array(const struct json *json) {
    return cJSON_IsArray(inner(json));
}

const char *json_string(const struct json *json) {
    return cJSON_GetStringValue(inner(json));
}

bool json_integer(const struct json *json, int64_t *out_value) {
    if (!cJSON_IsNumber(inner(json))) {
        return false;
    }
    double number = inner(json)->valuedouble;
    // From 2^53 on a double no longer holds every integer (RFC 7493, 2.2).
    if (!(number > -9007199254740992.0 && number < 9007199254740992.0)) {
        return false;
    }
    int64_t value = (int64_t)number;
    if ((double)value < number || (double)value > number) {
        return false;
    }
    *out_value = value;
    return true;
}

bool json_boolean(const struct json *json, bool *out_value) {
    if (!cJSON_IsBool(inner(json))) {
        return false;
    }
    *out_value = cJSON_IsTrue(inner(json));
    return true;
}

bool json_is_null(const struct json *json) {
    return cJSON_IsNull(inner(json));
}

const struct json *json_first(const struct json *container) {
    return (const struct json *)inner(container)->child;
}

const struct json *json_next(const struct json *element) {
    return (const struct json *)inner(element)->next;
}

const char *json_name(const struct json *member) {
    return inner(member)->string;
}

const struct json *json_member(const struct json *object, const char *name) {
    return (const struct json *)cJSON_GetObjectItemCaseSensitive(inner(object), name);
}

enum result json_write_string(struct buf *out, struct bytes text) {
    TRY(buf_append_byte(out, '"'));
    size_t start = 0;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t character = text.data[i];
        if (character >= 0x20 && character != '"' && character != '\\') {
            continue;
        }
        TRY(buf_append(out, bytes_slice(text, start, i - start)));
        start = i + 1;
        if (character == '"' || character == '\\') {
            TRY(buf_append_byte(out, '\\'));
            TRY(buf_append_byte(out, character));
        } else if (character == '\n') {
            TRY(buf_append_string(out, "\\n"));
        } else {
            TRY(buf_printf(out, "\\u%04x", character));
        }
    }
    TRY(buf_append(out, bytes_slice(text, start, text.size - start)));
    return buf_append_byte(out, '"');
}
