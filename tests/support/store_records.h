// A store with two issuers, small certificates, and visitors that note what they saw.
// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/store.h"
#include "support/store_fixture.h"

#define NOW 1800000000

// A view as a borrowed buffer, for records that are only added.
static inline struct buf borrow(struct bytes bytes) {
    return (struct buf){.data = (uint8_t *)(uintptr_t)bytes.data, .size = bytes.size};
}
#define BORROW(text) borrow(BYTES_LITERAL(text))

static inline void begin(struct store *store) {
    struct error err = {0};
    assert_ok(store_begin(store, &err), &err);
}

static inline void commit(struct store *store) {
    struct error err = {0};
    assert_ok(store_commit(store, &err), &err);
}

// A store in memory with two issuers, inside a transaction.
static inline struct store *open_with_issuers(void) {
    struct error err = {0};
    struct store *store = NULL;
    int64_t id = 0;
    assert_ok(store_open(":memory:", true, &store, &err), &err);
    begin(store);
    const struct issuer_record root = {.name = "root",
                                       .kind = ISSUER_ROOT,
                                       .certificate = BORROW("root der"),
                                       .key_reference = "keys/root.key",
                                       .created = NOW};
    assert_ok(store_add_issuer(store, &root, &id, &err), &err);
    assert_int_equal(id, 1);
    const struct issuer_record issuing = {.name = "issuing",
                                          .kind = ISSUER_ISSUING,
                                          .parent_id = id,
                                          .certificate = BORROW("issuing der"),
                                          .created = NOW + 1};
    assert_ok(store_add_issuer(store, &issuing, &id, &err), &err);
    assert_int_equal(id, 2);
    return store;
}

static inline struct certificate_record certificate_of(const char *serial) {
    return (struct certificate_record){
        .issuer_id = 2,
        .serial = borrow(bytes_of_string(serial)),
        .der = BORROW("der"),
        .profile = "client",
        .not_before = NOW - 60,
        .not_after = NOW + 1000,
        .key_hash = BORROW("key hash"),
        .created = NOW,
    };
}

static inline int64_t add(struct store *store, const struct certificate_record *record) {
    struct error err = {0};
    int64_t id = 0;
    assert_ok(store_add_certificate(store, record, &id, &err), &err);
    return id;
}

// The serials that were visited, each followed by a space.
struct seen {
    char text[400];
};

static inline enum result see(void *context, const struct certificate_record *record,
                              struct error *err) {
    (void)err;
    struct seen *seen = context;
    size_t used = strlen(seen->text);
    snprintf(seen->text + used, sizeof(seen->text) - used, "%.*s ", (int)record->serial.size,
             (const char *)record->serial.data);
    return RESULT_OK;
}

static inline void assert_listed(struct store *store, const struct certificate_filter *filter,
                                 const char *expected) {
    struct error err = {0};
    struct seen seen = {0};
    struct list_position next = {0};
    struct certificate_filter whole = *filter;
    whole.limit = whole.limit == 0 ? 100 : whole.limit;
    whole.now = whole.now == 0 ? NOW : whole.now;
    assert_ok(store_list_certificates(store, &whole, see, &seen, &next, &err), &err);
    assert_string_equal(seen.text, expected);
    assert_false(next.is_set);
}
