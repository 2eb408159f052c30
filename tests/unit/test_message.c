// Messages: struct to JSON to binary and back for every type, and what each reader refuses.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/test.h"

#include <stdlib.h>

#include "support/message_samples.h"
#include "wire/messages.h"

// A message with a field of every kind.
#define item_FIELDS(F, R)                                                                      \
    F(TEXT, label, 8, REQUIRED)                                                                \
    F(INTEGER, count, 10, OPTIONAL)

#define every_FIELDS(F, R)                                                                     \
    F(TEXT, text, 8, OPTIONAL)                                                                 \
    F(SECRET, secret, 8, OPTIONAL)                                                             \
    F(INTEGER, integer, 1000, OPTIONAL)                                                        \
    F(INTEGER, unbounded, INT64_MAX, OPTIONAL)                                                 \
    F(BOOLEAN, boolean, 0, OPTIONAL)                                                           \
    F(TIME, time, 0, OPTIONAL)                                                                 \
    F(BYTES, bytes, 4, OPTIONAL)                                                               \
    F(CERTIFICATES, certificates, 10, OPTIONAL)                                                \
    F(REQUEST, request, 10, OPTIONAL)                                                          \
    F(TEXTS, texts, 2, OPTIONAL)                                                               \
    R(records, item, 2)

#define needed_FIELDS(F, R)                                                                    \
    F(TEXT, text, 8, REQUIRED)                                                                 \
    F(INTEGER, integer, 8, REQUIRED)                                                           \
    F(BOOLEAN, boolean, 0, REQUIRED)                                                           \
    F(TIME, time, 0, REQUIRED)                                                                 \
    F(BYTES, bytes, 8, REQUIRED)                                                               \
    F(TEXTS, texts, 8, REQUIRED)

MESSAGE_DECLARE(item);
MESSAGE_DECLARE(every);
MESSAGE_DECLARE(needed);
MESSAGE_DEFINE(item);
MESSAGE_DEFINE(every);
MESSAGE_DEFINE(needed);

#define PEM_OF(label, base64)                                                                  \
    "-----BEGIN " label "-----\\n" base64 "\\n-----END " label "-----\\n"
#define CERTIFICATE_PEM PEM_OF("CERTIFICATE", "MAMCAQU=")
#define REQUEST_PEM PEM_OF("CERTIFICATE REQUEST", "MAMCAQU=")
#define REQUEST_CRLF                                                                           \
    "-----BEGIN CERTIFICATE REQUEST-----\\r\\nMAMCAQU=\\r\\n-----END CERTIFICATE REQUEST-----"

static const struct message_type *const types[] = {
#define MESSAGE_TYPE(message) &message##_type,
    MESSAGES(MESSAGE_TYPE)
#undef MESSAGE_TYPE
        & needed_type,
};
#define TYPE_COUNT (sizeof(types) / sizeof(types[0]))

static void *new_message(const struct message_type *type) {
    void *message = calloc(1, type->size + 1);
    assert_non_null(message);
    return message;
}

static void free_message(const struct message_type *type, void *message) {
    message_clear(type, message);
    free(message);
}

static void to_json(const struct message_type *type, const void *message, struct buf *out) {
    struct error err = {0};
    buf_init(out, 1 << 20);
    assert_ok(message_to_json(type, message, out, &err), &err);
}

static void to_binary(const struct message_type *type, const void *message, struct buf *out) {
    struct error err = {0};
    buf_init(out, 1 << 20);
    assert_ok(message_to_binary(type, message, out, &err), &err);
}

// A view of a heap copy of exactly this size, freed by the caller: a sanitizer sees a read
// behind it.
static uint8_t *exact_copy(struct bytes bytes) {
    uint8_t *copy = malloc(bytes.size > 0 ? bytes.size : 1);
    assert_non_null(copy);
    if (bytes.size > 0) {
        memcpy(copy, bytes.data, bytes.size);
    }
    return copy;
}

static void assert_round_trips(const struct message_type *type, const void *message) {
    struct error err = {0};
    void *from_json = new_message(type), *from_binary = new_message(type);
    AUTO(buf_clear) struct buf json = {0}, again = {0}, binary = {0}, same = {0};
    to_json(type, message, &json);
    assert_ok(message_from_json(type, buf_bytes(&json), from_json, &err), &err);
    to_binary(type, from_json, &binary);
    uint8_t *copy = exact_copy(buf_bytes(&binary));
    assert_ok(message_from_binary(type, bytes_of(copy, binary.size), from_binary, &err), &err);
    free(copy);
    to_json(type, from_binary, &again);
    assert_bytes_equal(buf_bytes(&json), buf_bytes(&again));
    to_binary(type, message, &same);
    assert_bytes_equal(buf_bytes(&binary), buf_bytes(&same));
    free_message(type, from_json);
    free_message(type, from_binary);
}

static void every_message_survives_json_and_binary(void **state) {
    (void)state;
    static const enum sample samples[] = {SAMPLE_REQUIRED, SAMPLE_ALL, SAMPLE_LARGEST};
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        for (size_t k = 0; k < 3; k++) {
            void *message = new_message(types[i]);
            message_sample(types[i], samples[k], message);
            assert_round_trips(types[i], message);
            free_message(types[i], message);
        }
    }
}

static void a_field_of_every_kind_survives_json_and_binary(void **state) {
    (void)state;
    struct item items[] = {{.label = (char[]){"a"}, .count = 10}, {.label = (char[]){""}}};
    struct every every = {
        .text = (char[]){"\"\\\xc3\xa9"},
        .secret = (char[]){"hush"},
        .integer = 1000,
        .unbounded = MESSAGE_INTEGER_MAXIMUM,
        .boolean = true,
        .time = 1795247253,
        .bytes = {(uint8_t[]){0, 1, 2, 255}, 4},
        .certificates = {(uint8_t *)(char[]){SAMPLE_DER SAMPLE_DER}, 10},
        .request = {(uint8_t *)(char[]){SAMPLE_DER}, 5},
        .texts = {(char *[]){(char[]){"b"}, (char[]){""}}, 2},
        .records = {items, 2},
    };
    assert_round_trips(&every_type, &every);
    AUTO(buf_clear) struct buf json = {0};
    to_json(&every_type, &every, &json);
    assert_string_equal(
        buf_string(&json),
        "{\"text\":\"\\\"\\\\\xc3\xa9\",\"secret\":\"hush\",\"integer\":1000,"
        "\"unbounded\":9007199254740991,\"boolean\":true,\"time\":\"2026-11-21T07:47:33Z\","
        "\"bytes\":\"AAEC/w==\",\"certificates\":\"" CERTIFICATE_PEM CERTIFICATE_PEM
        "\",\"request\":\"" REQUEST_PEM "\",\"texts\":[\"b\",\"\"],"
        "\"records\":[{\"label\":\"a\",\"count\":10},{\"label\":\"\"}]}");
    struct every nothing_set = {0};
    assert_round_trips(&every_type, &nothing_set);
}

static void the_tables_agree_with_their_structs(void **state) {
    (void)state;
    assert_int_equal(nothing_type.field_count, 0);
    assert_int_equal(nothing_type.size, sizeof(struct nothing));
    assert_string_equal(enroll_type.name, "enroll");
    assert_int_equal(enroll_type.field_count, 4);
    assert_int_equal(enroll_type.fields[3].offset, offsetof(struct enroll, csr));
    assert_int_equal(every_type.field_count, 11);
    assert_int_equal(every_type.fields[10].type, FIELD_RECORDS);
    assert_ptr_equal(every_type.fields[10].record, &item_type);
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        size_t end = 0;
        for (size_t k = 0; k < types[i]->field_count; k++) {
            assert_true(types[i]->fields[k].offset >= end); // in order, each at its own place
            end = types[i]->fields[k].offset + 1;
        }
        assert_true(end <= types[i]->size);
    }
}

// --- JSON ------------------------------------------------------------------------------------

static void what_fits_is_read_from_json(void **state) {
    (void)state;
    static const char *const texts[] = {
        "",
        "{}",
        "{\"records\":[]}",
        "{\"text\":\"\"}",
        "{\"text\":\"12345678\"}",
        "{\"text\":\"\\u00e9\\u00e9\\u00e9\\u00e9\"}",
        "{\"text\":null,\"integer\":null,\"texts\":null,\"bytes\":null}",
        "{\"integer\":0}",
        "{\"integer\":1000}",
        "{\"integer\":1e3}",
        "{\"unbounded\":9007199254740991}",
        "{\"boolean\":false}",
        "{\"time\":\"1970-01-01T00:00:00Z\"}",
        "{\"time\":\"9999-12-31T23:59:59Z\"}",
        "{\"bytes\":\"\"}",
        "{\"bytes\":\"AAECAw==\"}",
        "{\"certificates\":\"" CERTIFICATE_PEM CERTIFICATE_PEM "\"}",
        "{\"request\":\"" REQUEST_PEM "\"}",
        "{\"request\":\"" REQUEST_CRLF "\"}",
        "{\"texts\":[]}",
        "{\"texts\":[\"a\",\"b\"]}",
        "{\"records\":[{\"label\":\"a\"},{\"count\":10,\"label\":\"\"}]}",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct error err = {0};
        struct every every = {0};
        // `records` is required, as every list of records: the table lists it last.
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, 4096);
        bool has_records = strstr(texts[i], "records") != NULL;
        size_t size = strlen(texts[i]);
        assert_ok(
            buf_append(&text, bytes_of(size == 0 ? "{" : texts[i], size == 0 ? 1 : size - 1)),
            &err);
        assert_ok(has_records ? RESULT_OK
                              : buf_printf(&text, "%s\"records\":[]", size > 2 ? "," : ""),
                  &err);
        assert_ok(buf_append_byte(&text, '}'), &err);
        print_message("%s\n", buf_string(&text));
        assert_ok(message_from_json(&every_type, buf_bytes(&text), &every, &err), &err);
        message_clear(&every_type, &every);
    }
}

struct refusal {
    const char *json;
    enum result result;
    const char *code;
    const char *field;
    const char *word; // in the message or hint
};

static void assert_refused(const struct message_type *type, const struct refusal *refusal) {
    struct error err = {0};
    void *message = new_message(type), *zeros = new_message(type);
    print_message("%s\n", refusal->json);
    assert_result(refusal->result,
                  message_from_json(type, bytes_of_string(refusal->json), message, &err), &err);
    print_message("    %s (%s)\n", err.message, err.hint);
    assert_string_equal(err.code, refusal->code);
    assert_string_equal(err.field, refusal->field);
    assert_true(strstr(err.message, refusal->word) != NULL ||
                strstr(err.hint, refusal->word) != NULL);
    assert_memory_equal(message, zeros, type->size); // nothing was written
    free(message);
    free(zeros);
}

static void what_does_not_fit_is_refused_by_name(void **state) {
    (void)state;
    static const struct refusal refusals[] = {
        {"[]", RESULT_INVALID, "wrong_type", "", "an array"},
        {"1", RESULT_INVALID, "wrong_type", "", "a number"},
        {"null", RESULT_INVALID, "wrong_type", "", "null"},
        {"{", RESULT_INVALID, "not_json", "", "ends"},
        {"{}", RESULT_INVALID, "missing_field", "records", "missing"},
        {"{\"txt\":\"a\"}", RESULT_INVALID, "unknown_field", "txt", "\"text\""},
        {"{\"Text\":\"a\"}", RESULT_INVALID, "unknown_field", "Text", "\"text\""},
        {"{\"nothing like it\":1}", RESULT_INVALID, "unknown_field", "nothing like it",
         "Leave"},
        {"{\"txt\":null}", RESULT_INVALID, "unknown_field", "txt", "\"text\""},
        {"{\"records\":[],\"text\":\"a\",\"text\":\"b\"}", RESULT_INVALID, "duplicate_field",
         "text", "twice"},
        {"{\"records\":[],\"text\":1}", RESULT_INVALID, "wrong_type", "text",
         "should be a string, but is a number"},
        {"{\"records\":[],\"text\":[\"a\"]}", RESULT_INVALID, "wrong_type", "text", "an array"},
        {"{\"records\":[],\"text\":\"123456789\"}", RESULT_LIMIT, "too_long", "text",
         "9 bytes"},
        {"{\"records\":[],\"text\":\"\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\"}", RESULT_LIMIT,
         "too_long", "text", "10 bytes"},
        {"{\"records\":[],\"text\":\"a\\nb\"}", RESULT_INVALID, "wrong_value", "text",
         "control"},
        {"{\"records\":[],\"text\":\"a\\u007f\"}", RESULT_INVALID, "wrong_value", "text",
         "control"},
        {"{\"records\":[],\"text\":\"\\u0085\"}", RESULT_INVALID, "wrong_value", "text",
         "control"},
        {"{\"records\":[],\"text\":\"a\\u0000\"}", RESULT_INVALID, "not_json", "", "NUL"},
        {"{\"records\":[],\"secret\":\"hush-hush\"}", RESULT_LIMIT, "too_long", "secret",
         "9 bytes"},
        {"{\"records\":[],\"secret\":\"h\\t\"}", RESULT_INVALID, "wrong_value", "secret",
         "control"},
        {"{\"records\":[],\"integer\":\"1\"}", RESULT_INVALID, "wrong_type", "integer",
         "a string"},
        {"{\"records\":[],\"integer\":1.5}", RESULT_INVALID, "wrong_type", "integer",
         "fraction"},
        {"{\"records\":[],\"integer\":1e300}", RESULT_INVALID, "wrong_type", "integer",
         "beyond"},
        {"{\"records\":[],\"integer\":-1}", RESULT_INVALID, "wrong_value", "integer", "-1"},
        {"{\"records\":[],\"integer\":1001}", RESULT_LIMIT, "too_large", "integer", "1000"},
        {"{\"records\":[],\"unbounded\":9007199254740992}", RESULT_INVALID, "wrong_type",
         "unbounded", "beyond"},
        {"{\"records\":[],\"boolean\":1}", RESULT_INVALID, "wrong_type", "boolean", "a number"},
        {"{\"records\":[],\"boolean\":\"true\"}", RESULT_INVALID, "wrong_type", "boolean",
         "a string"},
        {"{\"records\":[],\"time\":1700000000}", RESULT_INVALID, "wrong_type", "time",
         "a number"},
        {"{\"records\":[],\"time\":\"2026-11-21\"}", RESULT_INVALID, "wrong_value", "time",
         "2026-11-21T07:47:33Z"},
        {"{\"records\":[],\"time\":\"2026-02-30T00:00:00Z\"}", RESULT_INVALID, "wrong_value",
         "time", "not a time"},
        {"{\"records\":[],\"time\":\"2026-11-21T07:47:33+01:00\"}", RESULT_INVALID,
         "wrong_value", "time", "UTC"},
        {"{\"records\":[],\"time\":\"1969-12-31T23:59:59Z\"}", RESULT_INVALID, "wrong_value",
         "time", "1970"},
        {"{\"records\":[],\"bytes\":[1]}", RESULT_INVALID, "wrong_type", "bytes", "an array"},
        {"{\"records\":[],\"bytes\":\"AAE\"}", RESULT_INVALID, "wrong_value", "bytes",
         "base64"},
        {"{\"records\":[],\"bytes\":\"AA-_\"}", RESULT_INVALID, "wrong_value", "bytes",
         "base64"},
        {"{\"records\":[],\"bytes\":\"AAECAwQ=\"}", RESULT_LIMIT, "too_long", "bytes", "4"},
        {"{\"records\":[],\"bytes\":\"AAECAwQFBgcICQ==\"}", RESULT_LIMIT, "too_long", "bytes",
         "4"},
        {"{\"records\":[],\"certificates\":\"\"}", RESULT_INVALID, "wrong_value",
         "certificates", "BEGIN CERTIFICATE"},
        {"{\"records\":[],\"certificates\":\"" REQUEST_PEM "\"}", RESULT_INVALID, "wrong_value",
         "certificates", "CERTIFICATE REQUEST"},
        {"{\"records\":[],\"certificates\":\"" CERTIFICATE_PEM CERTIFICATE_PEM CERTIFICATE_PEM
         "\"}",
         RESULT_LIMIT, "too_long", "certificates", "10"},
        {"{\"records\":[],\"certificates\":\"" PEM_OF("CERTIFICATE", "MAMCAQUA") "\"}",
         RESULT_INVALID, "wrong_value", "certificates", "DER"},
        {"{\"records\":[],\"certificates\":\"" PEM_OF("CERTIFICATE", "MAMCAQ==") "\"}",
         RESULT_INVALID, "wrong_value", "certificates", "DER"},
        {"{\"records\":[],\"certificates\":\"" PEM_OF("CERTIFICATE", "AgEF") "\"}",
         RESULT_INVALID, "wrong_value", "certificates", "DER"},
        {"{\"records\":[],\"request\":\"MAMCAQU=\"}", RESULT_INVALID, "wrong_value", "request",
         "BEGIN CERTIFICATE REQUEST"},
        {"{\"records\":[],\"request\":\"" REQUEST_PEM REQUEST_PEM "\"}", RESULT_INVALID,
         "wrong_value", "request", "expected one"},
        {"{\"records\":[],\"request\":\"-----BEGIN CERTIFICATE REQUEST-----\\nMAMCAQU=\\n\"}",
         RESULT_INVALID, "wrong_value", "request", "END"},
        {"{\"records\":[],\"texts\":\"a\"}", RESULT_INVALID, "wrong_type", "texts", "a string"},
        {"{\"records\":[],\"texts\":[\"a\",1]}", RESULT_INVALID, "wrong_type", "texts",
         "a number"},
        {"{\"records\":[],\"texts\":[null]}", RESULT_INVALID, "wrong_type", "texts", "null"},
        {"{\"records\":[],\"texts\":[\"a\",\"b\",\"c\"]}", RESULT_LIMIT, "too_many", "texts",
         "2"},
        {"{\"records\":[],\"texts\":[\"a\\n\"]}", RESULT_INVALID, "wrong_value", "texts",
         "control"},
        {"{\"records\":{}}", RESULT_INVALID, "wrong_type", "records", "an object"},
        {"{\"records\":[1]}", RESULT_INVALID, "wrong_type", "records", "a number"},
        {"{\"records\":[{\"label\":\"a\"},{\"label\":\"b\"},{\"label\":\"c\"}]}", RESULT_LIMIT,
         "too_many", "records", "2"},
        {"{\"records\":[{\"label\":\"a\"},{}]}", RESULT_INVALID, "missing_field",
         "records[1].label", "missing"},
        {"{\"records\":[{\"lable\":\"a\"}]}", RESULT_INVALID, "unknown_field",
         "records[0].lable", "\"label\""},
        {"{\"records\":[{\"label\":\"a\",\"count\":11}]}", RESULT_LIMIT, "too_large",
         "records[0].count", "10"},
    };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        assert_refused(&every_type, &refusals[i]);
    }
}

static void an_item_of_a_list_has_a_limit_of_its_own(void **state) {
    (void)state;
    for (size_t extra = 0; extra <= 1; extra++) {
        struct error err = {0};
        struct every every = {0};
        char item[LIMIT_LIST_TEXT_BYTES + 2] = "";
        memset(item, 'x', LIMIT_LIST_TEXT_BYTES + extra);
        AUTO(buf_clear) struct buf text = {0};
        buf_init(&text, 8192);
        assert_ok(buf_printf(&text, "{\"records\":[],\"texts\":[\"%s\"]}", item), &err);
        assert_result(extra == 0 ? RESULT_OK : RESULT_LIMIT,
                      message_from_json(&every_type, buf_bytes(&text), &every, &err), &err);
        assert_string_equal(err.code, extra == 0 ? "" : "too_long");
        message_clear(&every_type, &every);
    }
}

static void each_required_field_is_missed(void **state) {
    (void)state;
    static const char whole[] =
        "{\"text\":\"\",\"integer\":0,\"boolean\":false,"
        "\"time\":\"1970-01-01T00:00:00Z\",\"bytes\":\"AA==\",\"texts\":[]}";
    struct error err = {0};
    struct needed needed = {0};
    AUTO(buf_clear) struct buf json = {0};
    assert_ok(message_from_json(&needed_type, bytes_of_string(whole), &needed, &err), &err);
    // What is zero and required is written all the same.
    to_json(&needed_type, &needed, &json);
    assert_string_equal(buf_string(&json), whole);
    message_clear(&needed_type, &needed);

    for (size_t i = 0; i < needed_type.field_count; i++) {
        AUTO(buf_clear) struct buf renamed = {0};
        buf_init(&renamed, 256);
        assert_ok(buf_append_string(&renamed, whole), &err);
        char quoted[32];
        (void)snprintf(quoted, sizeof(quoted), "\"%s\":", needed_type.fields[i].name);
        // Its value becomes null, by hand: from behind the colon to the next comma or the end.
        size_t start = (size_t)(strstr(whole, quoted) - whole) + strlen(quoted);
        size_t length = strcspn(whole + start, i == 5 ? "}" : ",");
        renamed.size = start;
        assert_ok(buf_append_string(&renamed, "null"), &err);
        assert_ok(buf_append_string(&renamed, whole + start + length), &err);
        print_message("%s\n", buf_string(&renamed));
        assert_result(RESULT_INVALID,
                      message_from_json(&needed_type, buf_bytes(&renamed), &needed, &err),
                      &err);
        assert_string_equal(err.code, "missing_field");
        assert_string_equal(err.field, needed_type.fields[i].name);
    }
    static const struct refusal empty = {
        "{\"text\":\"\",\"integer\":0,\"boolean\":false,\"time\":\"1970-01-01T00:00:00Z\","
        "\"bytes\":\"\",\"texts\":[]}",
        RESULT_INVALID, "missing_field", "bytes", "missing"};
    assert_refused(&needed_type, &empty);
}

// --- binary ----------------------------------------------------------------------------------

static enum result from_binary(const struct message_type *type, struct bytes bytes,
                               void *message, struct error *err) {
    uint8_t *copy = exact_copy(bytes);
    enum result result = message_from_binary(type, bytes_of(copy, bytes.size), message, err);
    free(copy);
    return result;
}

static void binary_cut_off_anywhere_or_with_more_behind_it_is_refused(void **state) {
    (void)state;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        struct error err = {0};
        void *message = new_message(types[i]), *read = new_message(types[i]);
        AUTO(buf_clear) struct buf binary = {0};
        message_sample(types[i], SAMPLE_ALL, message);
        to_binary(types[i], message, &binary);
        for (size_t size = 0; size < binary.size; size++) {
            assert_result(
                RESULT_INVALID,
                from_binary(types[i], bytes_slice(buf_bytes(&binary), 0, size), read, &err),
                &err);
        }
        assert_ok(buf_append_byte(&binary, 0), &err);
        assert_result(RESULT_INVALID, from_binary(types[i], buf_bytes(&binary), read, &err),
                      &err);
        free_message(types[i], message);
        free(read);
    }
}

// Whatever a hostile gateway sends: refused, or a message that is written as the same bytes.
static void tampered_binary_is_refused_or_canonical(void **state) {
    (void)state;
    for (size_t i = 0; i < TYPE_COUNT; i++) {
        void *message = new_message(types[i]);
        AUTO(buf_clear) struct buf binary = {0};
        message_sample(types[i], SAMPLE_ALL, message);
        to_binary(types[i], message, &binary);
        for (size_t k = 0; k < binary.size * 8; k++) {
            struct error err = {0};
            void *read = new_message(types[i]);
            binary.data[k / 8] = (uint8_t)(binary.data[k / 8] ^ (1u << (k % 8)));
            enum result result = from_binary(types[i], buf_bytes(&binary), read, &err);
            assert_true(result == RESULT_OK || result == RESULT_INVALID ||
                        result == RESULT_LIMIT);
            if (result == RESULT_OK) {
                AUTO(buf_clear) struct buf again = {0};
                to_binary(types[i], read, &again);
                assert_bytes_equal(buf_bytes(&again), buf_bytes(&binary));
            }
            binary.data[k / 8] = (uint8_t)(binary.data[k / 8] ^ (1u << (k % 8)));
            free_message(types[i], read);
        }
        free_message(types[i], message);
    }
}

#define ABSENT "\0"
// The fields of `every` around the one in question, all absent; records are always there.
#define NO_RECORDS "\1\0\0\0\0"

static void binary_obeys_the_same_limits_as_json(void **state) {
    (void)state;
    static const struct {
        size_t before, after; // absent fields around the part
        const char *part;
        size_t size;
        enum result expected;
        const char *code;
    } cases[] = {
#define CASE(index, part, expected, code)                                                      \
    {index, 9 - (index), part, sizeof(part) - 1, expected, code}
        CASE(0, "\1\0\0\0\0010", RESULT_OK, ""),
        CASE(0, "\1\0\0\0\0", RESULT_OK, ""), // an empty text is one
        CASE(0, "\2\0\0\0\0", RESULT_INVALID, "invalid"),
        CASE(0, "\1\0\0\0\01012345678", RESULT_OK, ""),
        CASE(0, "\1\0\0\0\011123456789", RESULT_LIMIT, "too_long"),
        CASE(0, "\1\0\0\0\2a\n", RESULT_INVALID, "wrong_value"),
        CASE(0, "\1\0\0\0\2a\0", RESULT_INVALID, "invalid"),
        CASE(0, "\1\0\0\0\1\xff", RESULT_INVALID, "wrong_value"),
        CASE(0, "\1\xff\xff\xff\xff", RESULT_INVALID, "invalid"),
        CASE(2, "\1\0\0\0\0\0\0\3\xe8", RESULT_OK, ""),
        CASE(2, "\1\0\0\0\0\0\0\3\xe9", RESULT_LIMIT, "too_large"),
        CASE(2, "\1\xff\xff\xff\xff\xff\xff\xff\xff", RESULT_INVALID, "wrong_value"),
        CASE(2, "\1\0\0\0\0\0\0\0\0", RESULT_INVALID, "invalid"), // 0 is absent
        CASE(3, "\1\0\x1f\xff\xff\xff\xff\xff\xff", RESULT_OK, ""),
        CASE(3, "\1\0\x20\0\0\0\0\0\0", RESULT_LIMIT, "too_large"),
        CASE(4, "\1\1", RESULT_OK, ""),
        CASE(4, "\1\0", RESULT_INVALID, "invalid"),
        CASE(4, "\1\2", RESULT_INVALID, "invalid"),
        CASE(5, "\1\0\0\0\x3a\xff\xf4\x41\x7f", RESULT_OK, ""),
        CASE(5, "\1\0\0\0\x3a\xff\xf4\x41\x80", RESULT_INVALID, "wrong_value"),
        CASE(5, "\1\xff\xff\xff\xff\xff\xff\xff\xff", RESULT_INVALID, "wrong_value"),
        CASE(6, "\1\0\0\0\0041234", RESULT_OK, ""),
        CASE(6, "\1\0\0\0\00512345", RESULT_LIMIT, "too_long"),
        CASE(6, "\1\0\0\0\0", RESULT_INVALID, "invalid"),
        CASE(7, "\1\0\0\0\5" SAMPLE_DER, RESULT_OK, ""),
        CASE(7, "\1\0\0\0\4\x30\3\2\1", RESULT_INVALID, "wrong_value"),
        CASE(7, "\1\0\0\0\3\2\1\5", RESULT_INVALID, "wrong_value"),
        CASE(7, "\1\0\0\0\x0f" SAMPLE_DER SAMPLE_DER SAMPLE_DER, RESULT_LIMIT, "too_long"),
        CASE(8, "\1\0\0\0\5" SAMPLE_DER, RESULT_OK, ""),
        CASE(8, "\1\0\0\0\x0a" SAMPLE_DER SAMPLE_DER, RESULT_INVALID, "wrong_value"),
        CASE(9, "\1\0\0\0\2\0\0\0\1a\0\0\0\1b", RESULT_OK, ""),
        CASE(9, "\1\0\0\0\3\0\0\0\1a\0\0\0\1b\0\0\0\1c", RESULT_LIMIT, "too_many"),
        CASE(9, "\1\xff\xff\xff\xff\0\0\0\1a", RESULT_INVALID, "invalid"),
        CASE(9, "\1\0\0\0\0", RESULT_INVALID, "invalid"),
        CASE(9, "\1\0\0\0\1\0\0\0\1\t", RESULT_INVALID, "wrong_value"),
#undef CASE
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        struct every every = {0};
        AUTO(buf_clear) struct buf binary = {0};
        buf_init(&binary, 1024);
        for (size_t k = 0; k < cases[i].before; k++) {
            assert_ok(buf_append(&binary, BYTES_LITERAL(ABSENT)), &err);
        }
        assert_ok(buf_append(&binary, bytes_of(cases[i].part, cases[i].size)), &err);
        for (size_t k = 0; k < cases[i].after; k++) {
            assert_ok(buf_append(&binary, BYTES_LITERAL(ABSENT)), &err);
        }
        assert_ok(buf_append(&binary, BYTES_LITERAL(NO_RECORDS)), &err);
        print_message("case %zu\n", i);
        assert_result(cases[i].expected,
                      from_binary(&every_type, buf_bytes(&binary), &every, &err), &err);
        assert_string_equal(err.code, cases[i].code);
        message_clear(&every_type, &every);
    }
}

static void a_required_field_is_missed_in_binary(void **state) {
    (void)state;
    struct error err = {0};
    struct token_revoke revoke = {0};
    assert_result(RESULT_INVALID,
                  from_binary(&token_revoke_type, BYTES_LITERAL("\0\0"), &revoke, &err), &err);
    assert_string_equal(err.code, "missing_field");
    assert_string_equal(err.field, "id");
    struct token_page page = {0};
    assert_result(RESULT_INVALID,
                  from_binary(&token_page_type, BYTES_LITERAL("\0\0"), &page, &err), &err);
    assert_string_equal(err.field, "tokens");
    assert_ok(from_binary(&token_page_type, BYTES_LITERAL("\1\0\0\0\0\0"), &page, &err), &err);
}

// --- writing ---------------------------------------------------------------------------------

static void what_no_reader_would_take_is_not_written(void **state) {
    (void)state;
    struct item bad_item = {.label = (char[]){"123456789"}};
    struct item nameless = {0};
    const struct {
        const struct message_type *type;
        struct every every;
        const char *code, *field;
    } cases[] = {
        {&every_type, {.text = (char[]){"123456789"}}, "too_long", "text"},
        {&every_type, {.text = (char[]){"\xff"}}, "wrong_value", "text"},
        {&every_type, {.integer = 1001}, "too_large", "integer"},
        {&every_type, {.integer = -1}, "wrong_value", "integer"},
        {&every_type, {.unbounded = MESSAGE_INTEGER_MAXIMUM + 1}, "too_large", "unbounded"},
        {&every_type, {.time = -1}, "wrong_value", "time"},
        {&every_type, {.time = INT64_MAX}, "wrong_value", "time"},
        {&every_type, {.bytes = {(uint8_t[]){1, 2, 3, 4, 5}, 5}}, "too_long", "bytes"},
        {&every_type, {.certificates = {(uint8_t[]){0x30}, 1}}, "wrong_value", "certificates"},
        {&every_type, {.records = {&bad_item, 1}}, "too_long", "label"},
        {&every_type, {.records = {&nameless, 1}}, "missing_field", "label"},
        {&every_type, {.records = {&bad_item, 3}}, "too_many", "records"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        AUTO(buf_clear) struct buf out = {0};
        buf_init(&out, 4096);
        assert_ok(buf_append_string(&out, "before"), &err);
        print_message("case %zu\n", i);
        enum result json = message_to_json(cases[i].type, &cases[i].every, &out, &err);
        assert_true(json == RESULT_INVALID || json == RESULT_LIMIT);
        assert_string_equal(err.code, cases[i].code);
        assert_string_equal(err.field, cases[i].field);
        struct error again = {0};
        assert_result(json, message_to_binary(cases[i].type, &cases[i].every, &out, &again),
                      &again);
        assert_string_equal(again.code, cases[i].code);
        assert_string_equal(buf_string(&out), "before");
    }
    struct error err = {0};
    struct every small = {.text = (char[]){"text"}};
    struct buf full = {0};
    buf_init(&full, 8);
    assert_result(RESULT_LIMIT, message_to_json(&every_type, &small, &full, &err), &err);
    assert_result(RESULT_LIMIT, message_to_binary(&every_type, &small, &full, &err), &err);
    assert_int_equal(full.size, 0);
    buf_clear(&full);
}

// --- path and query --------------------------------------------------------------------------

static void members_are_set_from_path_and_query(void **state) {
    (void)state;
    struct error err = {0};
    struct every every = {0};
    assert_ok(message_set(&every_type, &every, "text", "value", &err), &err);
    assert_ok(message_set(&every_type, &every, "integer", "1000", &err), &err);
    assert_ok(message_set(&every_type, &every, "boolean", "true", &err), &err);
    assert_ok(message_set(&every_type, &every, "time", "2026-11-21T07:47:33Z", &err), &err);
    assert_string_equal(every.text, "value");
    assert_int_equal(every.integer, 1000);
    assert_true(every.boolean);
    assert_int_equal(every.time, 1795247253);
    static const char *const names[] = {"text", "integer", "boolean", "time"};
    for (size_t i = 0; i < 4; i++) {
        assert_result(RESULT_CONFLICT, message_set(&every_type, &every, names[i], "1", &err),
                      &err);
        assert_string_equal(err.code, "duplicate_field");
        assert_string_equal(err.field, names[i]);
    }
    assert_string_equal(every.text, "value");
    message_clear(&every_type, &every);

    static const struct {
        const char *name, *value;
        enum result expected;
        const char *code;
    } refusals[] = {
        {"txt", "a", RESULT_NOT_FOUND, "unknown_field"},
        {"secret", "a", RESULT_NOT_FOUND, "unknown_field"},
        {"bytes", "AA==", RESULT_NOT_FOUND, "unknown_field"},
        {"texts", "a", RESULT_NOT_FOUND, "unknown_field"},
        {"records", "[]", RESULT_NOT_FOUND, "unknown_field"},
        {"text", "123456789", RESULT_LIMIT, "too_long"},
        {"text", "a\nb", RESULT_INVALID, "wrong_value"},
        {"text", "\xff", RESULT_INVALID, "wrong_value"},
        {"integer", "1001", RESULT_LIMIT, "too_large"},
        {"integer", "-1", RESULT_INVALID, "wrong_value"},
        {"integer", "", RESULT_INVALID, "wrong_value"},
        {"integer", "1.0", RESULT_INVALID, "wrong_value"},
        {"unbounded", "9007199254740992", RESULT_LIMIT, "too_large"},
        {"boolean", "1", RESULT_INVALID, "wrong_value"},
        {"time", "yesterday", RESULT_INVALID, "wrong_value"},
    };
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        print_message("%s=%s\n", refusals[i].name, refusals[i].value);
        assert_result(
            refusals[i].expected,
            message_set(&every_type, &every, refusals[i].name, refusals[i].value, &err), &err);
        assert_string_equal(err.code, refusals[i].code);
        assert_string_equal(err.field, refusals[i].name);
        assert_null(every.text);
    }
}

static void what_the_path_gave_counts_and_is_not_given_again(void **state) {
    (void)state;
    static const struct message_type *const type = &certificate_revoke_type;
    struct error err = {0};
    struct certificate_revoke request = {0};
    assert_result(RESULT_INVALID, message_from_json(type, BYTES_LITERAL("{}"), &request, &err),
                  &err);
    assert_string_equal(err.code, "missing_field");
    assert_ok(message_set(type, &request, "serial", "0a1b", &err), &err);
    static const char *const refused[] = {"{\"serial\":\"ff\"}", "{\"serial\":\"0a1b\"}"};
    for (size_t i = 0; i < 2; i++) {
        assert_result(RESULT_INVALID,
                      message_from_json(type, bytes_of_string(refused[i]), &request, &err),
                      &err);
        assert_string_equal(err.code, "duplicate_field");
        assert_string_equal(err.field, "serial");
        assert_string_equal(request.serial, "0a1b");
    }
    assert_ok(
        message_from_json(type, BYTES_LITERAL("{\"reason\":\"superseded\"}"), &request, &err),
        &err);
    assert_string_equal(request.serial, "0a1b");
    assert_string_equal(request.reason, "superseded");
    message_clear(type, &request);
    assert_null(request.serial);
}

// --- operations ------------------------------------------------------------------------------

static void operations_are_found_by_their_number(void **state) {
    (void)state;
    size_t found = 0;
    for (unsigned number = 0; number <= UINT16_MAX; number++) {
        const struct operation *operation = operation_find(number);
        if (operation != NULL) {
            assert_int_equal(operation->id, number);
            assert_true(operation->channels != 0);
            // Anyone, without TLS: only what is public anyway.
            assert_int_equal((operation->channels & CHANNEL_PUBLIC) != 0,
                             operation->id == OPERATION_OCSP);
            found++;
        }
    }
#define COUNT_OPERATION(constant, number, request, reply, channels) +1
    assert_int_equal(found, 0 OPERATION_TABLE(COUNT_OPERATION));
#undef COUNT_OPERATION
    const struct operation *enroll = operation_find(OPERATION_ENROLL);
    assert_string_equal(enroll->name, "ENROLL");
    assert_ptr_equal(enroll->request, &enroll_type);
    assert_ptr_equal(enroll->reply, &issued_type);
    assert_int_equal(enroll->channels, CHANNEL_ENROLL);
    assert_null(operation_find(UINT32_MAX));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_message_survives_json_and_binary),
        cmocka_unit_test(a_field_of_every_kind_survives_json_and_binary),
        cmocka_unit_test(the_tables_agree_with_their_structs),
        cmocka_unit_test(what_fits_is_read_from_json),
        cmocka_unit_test(what_does_not_fit_is_refused_by_name),
        cmocka_unit_test(an_item_of_a_list_has_a_limit_of_its_own),
        cmocka_unit_test(each_required_field_is_missed),
        cmocka_unit_test(binary_cut_off_anywhere_or_with_more_behind_it_is_refused),
        cmocka_unit_test(tampered_binary_is_refused_or_canonical),
        cmocka_unit_test(binary_obeys_the_same_limits_as_json),
        cmocka_unit_test(a_required_field_is_missed_in_binary),
        cmocka_unit_test(what_no_reader_would_take_is_not_written),
        cmocka_unit_test(members_are_set_from_path_and_query),
        cmocka_unit_test(what_the_path_gave_counts_and_is_not_given_again),
        cmocka_unit_test(operations_are_found_by_their_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
