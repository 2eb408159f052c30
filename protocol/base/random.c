// getrandom(2), or firmware's generator, or for tests a seeded stream.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

static bool is_seeded;
static uint64_t state;
static random_source *other_source;

// splitmix64: repeatable and fast; not for anything that matters.
static uint64_t seeded_next(void) {
    state += 0x9e3779b97f4a7c15u;
    uint64_t value = state;
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

enum result random_bytes(uint8_t *out, size_t size, struct error *err) {
    if (is_seeded) {
        for (size_t i = 0; i < size; i++) {
            out[i] = (uint8_t)seeded_next();
        }
        return RESULT_OK;
    }
    if (other_source != NULL) {
        return other_source(out, size)
                   ? RESULT_OK
                   : error_set(err, RESULT_UNAVAILABLE, "the random generator failed");
    }
    size_t filled = 0;
    while (filled < size) {
        ssize_t count = getrandom(out + filled, size - filled, 0);
        if (count < 0) {
            if (errno == EINTR) {
                continue;
            }
            return error_from_errno(err, errno, "the system's random generator");
        }
        filled += (size_t)count;
    }
    return RESULT_OK;
}

void random_use_source(random_source *source) {
    other_source = source;
}

void random_use_insecure_seed(uint64_t seed) {
    is_seeded = true;
    state = seed;
}

void random_use_system(void) {
    is_seeded = false;
}
