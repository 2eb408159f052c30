// A hash table of OCSP answers by serial, whose places are given away in turn when all are taken.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "gateway/ocsp_store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/random.h"

struct place {
    struct place *next;  // in its chain, or of the free ones
    struct place **from; // what points here; NULL: the place is free
    struct buf bytes;    // CertID, serial, response
    struct bytes id, serial;
    struct ocsp_kept answer;
    bool has_asked; // for the answer after this one
};

struct ocsp_store {
    uint64_t seed; // nobody outside can choose serials that share a chain
    int64_t epoch;
    size_t capacity, count;
    size_t turn; // the place that is given away next
    struct place *free;
    size_t used; // places that were ever taken: the others are memory that was never touched
    struct place *places;
    struct place **chains; // `capacity` of them
};

enum result ocsp_etag(struct bytes response, char out_etag[2 * SHA256_SIZE + 3]) {
    AUTO(buf_clear) struct buf hash = {0};
    buf_init(&hash, 2 * SHA256_SIZE);
    TRY(hash_sha256_hex(response, &hash));
    (void)snprintf(out_etag, 2 * SHA256_SIZE + 3, "\"%s\"", buf_string(&hash));
    return RESULT_OK;
}

enum result ocsp_store_new(size_t capacity, struct ocsp_store **out_store, struct error *err) {
    struct ocsp_store *store = calloc(1, sizeof(*store));
    if (store == NULL) {
        return error_out_of_memory(err);
    }
    store->capacity = capacity;
    store->places = calloc(capacity, sizeof(*store->places));
    store->chains = calloc(capacity, sizeof(*store->chains));
    uint8_t seed[sizeof(store->seed)] = {0};
    enum result result = store->places == NULL || store->chains == NULL
                             ? error_out_of_memory(err)
                             : random_bytes(seed, sizeof(seed), err);
    memcpy(&store->seed, seed, sizeof(seed));
    if (result != RESULT_OK) {
        ocsp_store_free(store);
        return result;
    }
    *out_store = store;
    return RESULT_OK;
}

static void free_place(struct ocsp_store *store, struct place *place) {
    if (place->from == NULL) {
        return;
    }
    *place->from = place->next;
    if (place->next != NULL) {
        place->next->from = place->from;
    }
    buf_clear(&place->bytes);
    *place = (struct place){.next = store->free};
    store->free = place;
    store->count--;
}

static void free_all(struct ocsp_store *store) {
    for (size_t i = 0; store->count > 0 && i < store->used; i++) {
        free_place(store, &store->places[i]);
    }
}

void ocsp_store_free(struct ocsp_store *store) {
    if (store == NULL) {
        return;
    }
    if (store->places != NULL) {
        free_all(store);
    }
    free(store->places);
    free(store->chains);
    free(store);
}

// FNV-1a, which the seed makes unpredictable enough for serials that the authority drew.
static struct place **chain_of(const struct ocsp_store *store, struct bytes serial) {
    uint64_t hash = store->seed ^ 14695981039346656037u;
    for (size_t i = 0; i < serial.size; i++) {
        hash = (hash ^ serial.data[i]) * 1099511628211u;
    }
    return &store->chains[hash % store->capacity];
}

static struct place *find(const struct ocsp_store *store, struct bytes id,
                          struct bytes serial) {
    struct place *place = *chain_of(store, serial);
    while (place != NULL && !bytes_equal(place->id, id)) {
        place = place->next;
    }
    return place;
}

static enum result fill(struct place *place, struct bytes id, struct bytes serial,
                        const struct ocsp_kept *answer) {
    const size_t size = id.size + serial.size + answer->response.size;
    uint8_t *room = NULL;
    buf_init(&place->bytes, size);
    TRY(buf_reserve(&place->bytes, size, &room)); // then nothing of it moves
    TRY(buf_append(&place->bytes, id));
    TRY(buf_append(&place->bytes, serial));
    TRY(buf_append(&place->bytes, answer->response));
    const struct bytes all = buf_bytes(&place->bytes);
    place->id = bytes_slice(all, 0, id.size);
    place->serial = bytes_slice(all, id.size, serial.size);
    place->answer = *answer;
    place->answer.response = bytes_slice(all, id.size + serial.size, SIZE_MAX);
    return ocsp_etag(answer->response, place->answer.etag);
}

// That of the same question, a free one, one that was never used, or the next in turn; free when
// this returns.
static struct place *take_place(struct ocsp_store *store, struct bytes id,
                                struct bytes serial) {
    struct place *place = find(store, id, serial);
    if (place == NULL && store->free == NULL && store->used < store->capacity) {
        return &store->places[store->used++];
    }
    if (place == NULL && store->free == NULL) {
        place = &store->places[store->turn];
        store->turn = (store->turn + 1) % store->capacity;
    }
    if (place != NULL) {
        free_place(store, place);
    }
    place = store->free;
    store->free = place->next;
    *place = (struct place){0};
    return place;
}

void ocsp_store_put(struct ocsp_store *store, struct bytes id, struct bytes serial,
                    int64_t epoch, const struct ocsp_kept *answer) {
    if (epoch < store->epoch || id.size + answer->response.size > LIMIT_OCSP_KEPT_BYTES) {
        return;
    }
    struct place *place = take_place(store, id, serial);
    if (fill(place, id, serial, answer) != RESULT_OK) {
        buf_clear(&place->bytes);
        *place = (struct place){.next = store->free};
        store->free = place;
        return;
    }
    place->from = chain_of(store, serial);
    place->next = *place->from;
    if (place->next != NULL) {
        place->next->from = &place->next;
    }
    *place->from = place;
    store->count++;
}

const struct ocsp_kept *ocsp_store_find(const struct ocsp_store *store, struct bytes id,
                                        struct bytes serial, int64_t now) {
    const struct place *place = find(store, id, serial);
    // A clock that went back makes an answer of the future, which nobody would take.
    return place != NULL && now >= place->answer.this_update && now < place->answer.next_update
               ? &place->answer
               : NULL;
}

bool ocsp_store_wants_next(struct ocsp_store *store, struct bytes id, struct bytes serial,
                           int64_t now) {
    struct place *place = find(store, id, serial);
    if (place == NULL || place->has_asked) {
        return false;
    }
    const int64_t life = place->answer.next_update - place->answer.this_update;
    place->has_asked = now >= place->answer.next_update - life / 3;
    return place->has_asked;
}

void ocsp_store_forget(struct ocsp_store *store, struct bytes serial, int64_t epoch) {
    store->epoch = epoch;
    if (serial.size == 0) {
        free_all(store);
        return;
    }
    struct place *place = *chain_of(store, serial);
    while (place != NULL) {
        struct place *next = place->next;
        if (bytes_equal(place->serial, serial)) {
            free_place(store, place);
        }
        place = next;
    }
}

size_t ocsp_store_count(const struct ocsp_store *store) {
    return store->count;
}
