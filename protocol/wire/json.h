// The only doorway to cJSON: strict parsing within limits, and the few accessors messages need.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

struct json; // a value; a parsed tree is freed by its root

// RESULT_INVALID for text that is not JSON (RFC 8259), holds a NUL ("\u0000"), invalid UTF-8,
// a duplicate member or bytes behind the value; RESULT_LIMIT beyond LIMIT_JSON_DEPTH or
// LIMIT_JSON_MEMBERS.
enum result json_parse(struct bytes text, struct json **out_json, struct error *err);
void json_free(struct json *json);
void json_free_at(struct json **json);

bool json_is_object(const struct json *json);
bool json_is_array(const struct json *json);
// NULL when it is not a string.
const char *json_string(const struct json *json);
// False when it is not a number without fraction that a double holds exactly.
bool json_integer(const struct json *json, int64_t *out_value);
bool json_boolean(const struct json *json, bool *out_value);
bool json_is_null(const struct json *json);
// Members and elements in order, NULL at the end.
const struct json *json_first(const struct json *container);
const struct json *json_next(const struct json *element);
const char *json_name(const struct json *member);
// Case-sensitive; NULL when absent.
const struct json *json_member(const struct json *object, const char *name);

// Appends a quoted and escaped string. `text` is valid UTF-8.
enum result json_write_string(struct buf *out, struct bytes text);
