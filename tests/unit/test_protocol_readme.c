// The protocol's specification against the sources: fields, limits, operations, examples.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/limits.h"
#include "wire/enrollment_token.h"
#include "wire/json.h"
#include "wire/messages.h"

static const struct message_type *const types[] = {
#define MESSAGE_TYPE(message) &message##_type,
    MESSAGES(MESSAGE_TYPE)
#undef MESSAGE_TYPE
};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

static struct buf readme;

static int read_readme(void **state) {
    (void)state;
    struct error err = {0};
    buf_init(&readme, 1 << 20);
    assert_ok(file_read(PROTOCOL_README, &readme, &err), &err);
    return 0;
}

static int forget_readme(void **state) {
    (void)state;
    buf_clear(&readme);
    return 0;
}

// Takes a line off the text, without its end.
static bool next_line(struct bytes *text, struct buf *out_line) {
    if (text->size == 0) {
        return false;
    }
    const uint8_t *end = memchr(text->data, '\n', text->size);
    size_t size = end != NULL ? (size_t)(end - text->data) : text->size;
    assert_int_equal(buf_assign(out_line, bytes_slice(*text, 0, size)), RESULT_OK);
    *text = bytes_slice(*text, size + 1, text->size);
    return true;
}

static bool starts_with(const struct buf *line, const char *prefix) {
    return strncmp(buf_string(line), prefix, strlen(prefix)) == 0;
}

static const struct message_type *type_named(const char *name) {
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        if (strcmp(types[i]->name, name) == 0) {
            return types[i];
        }
    }
    return NULL;
}

// --- fields ----------------------------------------------------------------------------------

static const char *type_text(const struct field *field) {
    static const char *const texts[] = {
        [FIELD_TEXT] = "text",           [FIELD_SECRET] = "secret text",
        [FIELD_INTEGER] = "integer",     [FIELD_BOOLEAN] = "boolean",
        [FIELD_TIME] = "time",           [FIELD_BYTES] = "base64",
        [FIELD_REQUEST] = "request",     [FIELD_CERTIFICATES] = "certificates",
        [FIELD_TEXTS] = "list of texts",
    };
    return texts[field->type];
}

static void write_limit(const struct field *field, struct buf *out) {
    struct error err = {0};
    long long limit = (long long)field->limit;
    switch (field->type) {
    case FIELD_TEXT:
    case FIELD_SECRET:
    case FIELD_BYTES:
        assert_ok(buf_printf(out, "%lld bytes", limit), &err);
        break;
    case FIELD_INTEGER:
        assert_ok(buf_printf(out, "0 to %lld",
                             limit < MESSAGE_INTEGER_MAXIMUM ? limit : MESSAGE_INTEGER_MAXIMUM),
                  &err);
        break;
    case FIELD_BOOLEAN:
    case FIELD_TIME:
        assert_ok(buf_append_string(out, "–"), &err);
        break;
    case FIELD_CERTIFICATES:
    case FIELD_REQUEST:
        assert_ok(buf_printf(out, "%lld bytes of DER", limit), &err);
        break;
    case FIELD_TEXTS:
    case FIELD_RECORDS:
        assert_ok(buf_printf(out, "%lld items", limit), &err);
        break;
    }
}

// "| `name` | type | limit | required |", which the meaning follows.
static void write_row(const struct field *field, struct buf *out) {
    struct error err = {0};
    buf_reset(out);
    assert_ok(buf_printf(out, "| `%s` | ", field->name), &err);
    assert_ok(field->type == FIELD_RECORDS
                  ? buf_printf(out, "list of `%s`", field->record->name)
                  : buf_append_string(out, type_text(field)),
              &err);
    assert_ok(buf_append_string(out, " | "), &err);
    write_limit(field, out);
    assert_ok(buf_printf(out, " | %s | ", field->need == REQUIRED ? "yes" : "no"), &err);
}

// The table below the heading of this message, up to the next empty line.
static void check_table(const struct message_type *type, struct bytes *text) {
    AUTO(buf_clear) struct buf line = {0}, expected = {0};
    buf_init(&line, 65536);
    buf_init(&expected, 1024);
    print_message("%s\n", type->name);
    assert_true(next_line(text, &line));
    assert_int_equal(line.size, 0);
    assert_true(next_line(text, &line));
    if (type->field_count == 0) {
        assert_false(starts_with(&line, "|"));
        return;
    }
    assert_string_equal(buf_string(&line), "| field | type | limit | required | meaning |");
    assert_true(next_line(text, &line));
    for (size_t i = 0; i < type->field_count; i++) {
        assert_true(next_line(text, &line));
        write_row(&type->fields[i], &expected);
        if (!starts_with(&line, buf_string(&expected))) {
            print_error("expected: %s\nfound:    %s\n", buf_string(&expected),
                        buf_string(&line));
            fail();
        }
    }
    assert_true(!next_line(text, &line) || line.size == 0); // and nothing more
}

static void every_message_and_field_is_specified_and_nothing_more(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf line = {0};
    buf_init(&line, 65536);
    struct bytes text = buf_bytes(&readme);
    bool is_seen[TYPE_COUNT] = {false};
    while (next_line(&text, &line)) {
        char name[64] = "";
        if (sscanf(buf_string(&line), "### message `%63[a-z_]`", name) != 1) {
            continue;
        }
        const struct message_type *type = type_named(name);
        print_message("%s\n", name);
        assert_non_null(type);
        check_table(type, &text);
        for (size_t i = 0; i < TYPE_COUNT; i++) {
            if (types[i] == type) {
                assert_false(is_seen[i]);
                is_seen[i] = true;
            }
        }
    }
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        print_message("%s\n", types[i]->name);
        assert_true(is_seen[i]);
    }
}

// --- examples --------------------------------------------------------------------------------

// What is between a line "```json NAME" and the next "```", and the name.
static bool next_example(struct bytes *text, char name[64], struct buf *out_json) {
    AUTO(buf_clear) struct buf line = {0};
    buf_init(&line, 65536);
    struct error err = {0};
    buf_reset(out_json);
    while (next_line(text, &line)) {
        if (!starts_with(&line, "```json")) {
            continue;
        }
        assert_int_equal(sscanf(buf_string(&line), "```json %63[a-z_]", name), 1);
        while (next_line(text, &line) && !starts_with(&line, "```")) {
            assert_ok(buf_append(out_json, buf_bytes(&line)), &err);
            assert_ok(buf_append_byte(out_json, '\n'), &err);
        }
        return true;
    }
    return false;
}

static void check_error_example(const struct buf *text) {
    struct error err = {0};
    AUTO(json_free_at) struct json *json = NULL;
    assert_ok(json_parse(buf_bytes(text), &json, &err), &err);
    const struct json *error = json_member(json, "error");
    assert_non_null(error);
    static const char *const members[] = {"code", "message", "field", "hint"};
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(json_string(json_member(error, members[i])));
    }
    // It is what the reader really says.
    struct token_create request = {0};
    assert_result(
        RESULT_INVALID,
        message_from_json(&token_create_type, BYTES_LITERAL("{\"lifetme\":1}"), &request, &err),
        &err);
    assert_string_equal(json_string(json_member(error, "code")), err.code);
    assert_string_equal(json_string(json_member(error, "message")), err.message);
    assert_string_equal(json_string(json_member(error, "field")), err.field);
    assert_string_equal(json_string(json_member(error, "hint")), err.hint);
}

static void check_example(const struct message_type *type, const struct buf *text) {
    struct error err = {0};
    void *first = calloc(1, type->size + 1), *second = calloc(1, type->size + 1);
    AUTO(buf_clear) struct buf json = {0}, again = {0};
    buf_init(&json, 1 << 20);
    buf_init(&again, 1 << 20);
    assert_non_null(first);
    assert_non_null(second);
    assert_ok(message_from_json(type, buf_bytes(text), first, &err), &err);
    assert_ok(message_to_json(type, first, &json, &err), &err);
    assert_ok(message_from_json(type, buf_bytes(&json), second, &err), &err);
    assert_ok(message_to_json(type, second, &again, &err), &err);
    assert_string_equal(buf_string(&json), buf_string(&again));
    message_clear(type, first);
    message_clear(type, second);
    free(first);
    free(second);
}

static bool needs_example(const struct message_type *type) {
    return type->field_count > 0 && type != &identity_type && type != &publication_type &&
           type != &publication_piece_type && type != &setup_type && type != &decided_type &&
           type != &ocsp_query_type && type != &ocsp_reply_type && type != &status_changed_type;
}

static void every_example_is_read_and_every_public_message_has_one(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf text = {0};
    buf_init(&text, 65536);
    struct bytes left = buf_bytes(&readme);
    char name[64] = "";
    size_t count[TYPE_COUNT] = {0}, errors = 0;
    while (next_example(&left, name, &text)) {
        print_message("%s\n", name);
        if (strcmp(name, "error") == 0) {
            check_error_example(&text);
            errors++;
            continue;
        }
        const struct message_type *type = type_named(name);
        assert_non_null(type);
        check_example(type, &text);
        for (size_t i = 0; i < TYPE_COUNT; i++) {
            count[i] += types[i] == type;
        }
    }
    assert_int_equal(errors, 1);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        print_message("%s\n", types[i]->name);
        assert_true(count[i] > 0 || !needs_example(types[i]));
    }
}

// --- tokens ----------------------------------------------------------------------------------

static void the_token_of_the_examples_is_one(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf text = {0}, line = {0};
    buf_init(&text, 65536);
    buf_init(&line, 65536);
    struct error err = {0};
    struct bytes left = buf_bytes(&readme);
    char name[64] = "";
    AUTO(enrollment_token_clear) struct enrollment_token token = {0}, shown = {0};
    uint8_t id[TOKEN_ID_SIZE] = {0}, secret[TOKEN_SECRET_SIZE] = {0};
    while (next_line(&left, &line)) {
        if (starts_with(&line, "    signet://") && strstr(buf_string(&line), "HOST") == NULL) {
            assert_ok(enrollment_token_read(buf_string(&line) + 4, &shown, &err), &err);
        }
    }
    left = buf_bytes(&readme);
    while (next_example(&left, name, &text)) {
        if (strcmp(name, "token_created") == 0) {
            struct token_created created = {0};
            assert_ok(message_from_json(&token_created_type, buf_bytes(&text), &created, &err),
                      &err);
            assert_ok(enrollment_token_read(created.token, &token, &err), &err);
            message_clear(&token_created_type, &created);
        }
        if (strcmp(name, "enroll") == 0) {
            struct enroll enroll = {0};
            assert_ok(message_from_json(&enroll_type, buf_bytes(&text), &enroll, &err), &err);
            assert_ok(token_credential_read(enroll.token, id, secret, &err), &err);
            message_clear(&enroll_type, &enroll);
        }
    }
    assert_string_equal(token.host, "ca.example");
    assert_memory_equal(&token, &shown, sizeof(token));
    assert_memory_equal(id, token.id, TOKEN_ID_SIZE);
    assert_memory_equal(secret, token.secret, TOKEN_SECRET_SIZE);
}

// --- tables ----------------------------------------------------------------------------------

static size_t count_columns(const struct buf *line) {
    size_t count = 0;
    for (const char *at = buf_string(line); (at = strchr(at, '|')) != NULL; at++) {
        count++;
    }
    return count;
}

// A row of another table, or two tables in one, is shown as a row with cells that are not its own.
static void every_table_is_one_and_has_the_columns_of_its_head(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf line = {0};
    buf_init(&line, 65536);
    struct bytes text = buf_bytes(&readme);
    size_t row = 0, columns = 0, tables = 0;
    while (next_line(&text, &line)) {
        row = starts_with(&line, "|") ? row + 1 : 0;
        if (row == 0) {
            continue;
        }
        columns = row == 1 ? count_columns(&line) : columns;
        tables += row == 1;
        if (count_columns(&line) != columns || starts_with(&line, "|---") != (row == 2)) {
            print_error("not a row of this table: %s\n", buf_string(&line));
            fail();
        }
    }
    assert_true(tables > TYPE_COUNT / 2);
}

// --- numbers ---------------------------------------------------------------------------------

static void assert_documented(const char *row) {
    if (strstr(buf_string(&readme), row) == NULL) {
        print_error("not in protocol/README.md: %s\n", row);
        fail();
    }
}

static void the_limits_are_those_of_the_sources(void **state) {
    (void)state;
    static const struct {
        const char *name;
        long long value;
    } limits[] = {
#define LIMIT(name) {#name, name}
        LIMIT(LIMIT_HTTP_HEADER_BYTES),
        LIMIT(LIMIT_HTTP_HEADERS),
        LIMIT(LIMIT_HTTP_TARGET_BYTES),
        LIMIT(LIMIT_HTTP_REQUEST_BODY_BYTES),
        LIMIT(LIMIT_HTTP_RESPONSE_BODY_BYTES),
        LIMIT(LIMIT_HTTP_PIPELINE),
        LIMIT(LIMIT_HTTP_INTERIM),
        LIMIT(LIMIT_JSON_DEPTH),
        LIMIT(LIMIT_JSON_MEMBERS),
        LIMIT(LIMIT_LIST_TEXT_BYTES),
        LIMIT(LIMIT_CONNECTIONS),
        LIMIT(LIMIT_CONNECTIONS_PER_ADDRESS),
        LIMIT(LIMIT_HANDSHAKE_SECONDS),
        LIMIT(LIMIT_REQUEST_SECONDS),
        LIMIT(LIMIT_IDLE_SECONDS),
        LIMIT(LIMIT_LIST_PAGE),
        LIMIT(LIMIT_LIST_PAGE_DEFAULT),
        LIMIT(LIMIT_TOKEN_FAILURES),
        LIMIT(LIMIT_TOKEN_USES),
        LIMIT(LIMIT_NAME_PATTERNS),
        LIMIT(LIMIT_PATTERN_STARS),
        LIMIT(LIMIT_RENEWALS),
#undef LIMIT
    };
    char row[128];
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        (void)snprintf(row, sizeof(row), "| `%s` | %lld | ", limits[i].name, limits[i].value);
        assert_documented(row);
    }
    (void)snprintf(row, sizeof(row), "at most %d bytes (`LIMIT_FRAME_REQUEST_BYTES`)",
                   LIMIT_FRAME_REQUEST_BYTES);
    assert_documented(row);
    (void)snprintf(row, sizeof(row), "%d\n(`LIMIT_FRAME_REPLY_BYTES`)",
                   LIMIT_FRAME_REPLY_BYTES);
    assert_documented(row);
}

static const char *gateways_of(unsigned channels) {
    return channels == (CHANNEL_ENROLL | CHANNEL_ADMIN)    ? "enroll, admin"
           : channels == (CHANNEL_PUBLIC | CHANNEL_ENROLL) ? "public, enroll"
           : channels == CHANNEL_ENROLL                    ? "enroll"
                                                           : "admin";
}

static void every_operation_is_listed(void **state) {
    (void)state;
    char row[256];
    for (unsigned number = 0; number <= UINT16_MAX; number++) {
        const struct operation *operation = operation_find(number);
        if (operation != NULL) {
            (void)snprintf(row, sizeof(row), "\n| `%s` | %u | %s | `%s` | `%s` |\n",
                           operation->name, number, gateways_of(operation->channels),
                           operation->request->name, operation->reply->name);
            assert_documented(row);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_and_field_is_specified_and_nothing_more),
        cmocka_unit_test(every_example_is_read_and_every_public_message_has_one),
        cmocka_unit_test(the_token_of_the_examples_is_one),
        cmocka_unit_test(every_table_is_one_and_has_the_columns_of_its_head),
        cmocka_unit_test(the_limits_are_those_of_the_sources),
        cmocka_unit_test(every_operation_is_listed),
    };
    return cmocka_run_group_tests(tests, read_readme, forget_readme);
}
