// How many connections each peer address has: a hash table of counters.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire/server_peers.h"

#include <stdlib.h>
#include <string.h>

#include "base/random.h"

// A power of two. There are never more entries than connections.
#define BUCKETS 1024

struct peer {
    struct peer *next;
    struct peer_key key;
    size_t count;
};

struct server_peers {
    uint64_t seed; // so that nobody can choose addresses of one bucket
    struct peer *buckets[BUCKETS];
};

struct peer_key peer_key_make(const uint8_t *address, size_t size) {
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
    struct peer_key key = {0};
    if (size == 16 && memcmp(address, mapped, sizeof(mapped)) != 0) {
        key.bytes[0] = 6;
        memcpy(&key.bytes[1], address, 8);
    } else {
        key.bytes[0] = 4;
        memcpy(&key.bytes[1], size == 16 ? &address[12] : address, 4);
    }
    return key;
}

enum result server_peers_new(struct server_peers **out_peers, struct error *err) {
    struct server_peers *peers = calloc(1, sizeof(*peers));
    if (peers == NULL) {
        return error_out_of_memory(err);
    }
    enum result result = random_bytes((uint8_t *)&peers->seed, sizeof(peers->seed), err);
    if (result != RESULT_OK) {
        free(peers);
        return result;
    }
    *out_peers = peers;
    return RESULT_OK;
}

void server_peers_free(struct server_peers *peers) {
    if (peers == NULL) {
        return;
    }
    for (size_t i = 0; i < BUCKETS; i++) {
        while (peers->buckets[i] != NULL) {
            struct peer *peer = peers->buckets[i];
            peers->buckets[i] = peer->next;
            free(peer);
        }
    }
    free(peers);
}

// The place that points to the peer, or to the end of its bucket.
static struct peer **find(struct server_peers *peers, const struct peer_key *key) {
    uint64_t hash = peers->seed;
    for (size_t i = 0; i < sizeof(key->bytes); i++) {
        // Multiply and mix (the finaliser of MurmurHash3): enough behind a secret seed.
        hash = (hash ^ key->bytes[i]) * 0xff51afd7ed558ccdULL;
        hash ^= hash >> 33;
    }
    struct peer **place = &peers->buckets[hash % BUCKETS];
    while (*place != NULL && memcmp(&(*place)->key, key, sizeof(*key)) != 0) {
        place = &(*place)->next;
    }
    return place;
}

enum result server_peers_add(struct server_peers *peers, const struct peer_key *key,
                             size_t maximum, struct error *err) {
    struct peer **place = find(peers, key);
    const size_t count = *place == NULL ? 0 : (*place)->count;
    if (count >= maximum) {
        return error_set_code(err, RESULT_LIMIT, "too_many_from_address",
                              "this address has %zu connections already", count);
    }
    if (*place == NULL) {
        *place = calloc(1, sizeof(**place));
        if (*place == NULL) {
            return error_out_of_memory(err);
        }
        (*place)->key = *key;
    }
    (*place)->count++;
    return RESULT_OK;
}

void server_peers_remove(struct server_peers *peers, const struct peer_key *key) {
    struct peer **place = find(peers, key);
    struct peer *peer = *place;
    if (peer == NULL) {
        return;
    }
    peer->count--;
    if (peer->count == 0) {
        *place = peer->next;
        free(peer);
    }
}
