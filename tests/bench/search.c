// Fills a store with a million certificates and tokens and times each kind of search in it.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/limits.h"
#include "store/store.h"

#define NOW 1800000000
#define DAY 86400
#define BATCH 20000
#define ROUNDS 15
#define PAGE 100
#define DER_BYTES 640

static double now_milliseconds(void) {
    struct timespec time = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static void require(enum result result, const struct error *err) {
    if (result != RESULT_OK) {
        (void)fprintf(stderr, "search: %s\n", err->message);
        exit(1);
    }
}

static struct buf borrow(const void *data, size_t size) {
    return (struct buf){.data = (uint8_t *)(uintptr_t)data, .size = size};
}

// --- filling ---------------------------------------------------------------------------------

// Spreads numbers like a digest does, so that keys and serials come in no order.
static void scatter(uint64_t number, uint8_t *out, size_t size) {
    for (size_t i = 0; i < size; i++) {
        number = number * 6364136223846793005ULL + 1442695040888963407ULL;
        out[i] = (uint8_t)(number >> 56);
    }
}

static void serial_of(int64_t i, uint8_t serial[16]) {
    scatter((uint64_t)i, serial, 16);
    serial[0] |= 1;
}

static void key_of(int64_t i, uint8_t key[32]) {
    scatter((uint64_t)i ^ 0x5851f42d4c957f2dULL, key, 32);
}

// Half of a fleet: of one profile, from a few gateways' addresses, all named tracker-…; each
// tenth is revoked, each fourth has ended, and half of them end in one second, with their issuer.
static void add_certificate(struct store *store, int64_t i) {
    static uint8_t der[DER_BYTES];
    struct error err = {0};
    uint8_t serial[16];
    uint8_t key[32];
    char cn[32];
    char dns[48];
    char address[24];
    serial_of(i, serial);
    key_of(i, key);
    (void)snprintf(cn, sizeof(cn), "tracker-%07lld", (long long)i);
    (void)snprintf(dns, sizeof(dns), "tracker-%07lld.example", (long long)i);
    (void)snprintf(address, sizeof(address), "192.0.2.%lld", (long long)(i % 200));
    struct name_record names[] = {{"cn", cn}, {"dns", dns}};
    const struct certificate_record record = {
        .issuer_id = 1 + i % 2,
        .serial = borrow(serial, sizeof(serial)),
        .der = borrow(der, sizeof(der)),
        .profile = i % 10 == 0 ? "server" : "mqtt",
        .not_before = NOW - DAY,
        .not_after = i % 4 == 0   ? NOW - i
                     : i % 2 == 0 ? NOW + 1 + i
                                  : NOW + 20 * DAY,
        .key_hash = borrow(key, sizeof(key)),
        .created = NOW - DAY,
        .address = address,
        .names = names,
        .name_count = 2,
    };
    int64_t id = 0;
    require(store_add_certificate(store, &record, &id, &err), &err);
    if (i % 10 == 1) {
        require(store_revoke_certificate(store, id, NOW, 1, 0, &err), &err);
    }
}

static void add_token(struct store *store, int64_t i) {
    struct error err = {0};
    uint8_t id[8];
    uint8_t hash[32] = {0};
    char cn[32];
    scatter((uint64_t)i ^ 0xda3e39cb94b95bdbULL, id, sizeof(id));
    (void)snprintf(cn, sizeof(cn), "tracker-%07lld", (long long)i);
    struct name_record name = {"cn", cn};
    const struct token_record record = {
        .id = borrow(id, sizeof(id)),
        .secret_hash = borrow(hash, sizeof(hash)),
        .profile = "mqtt",
        .names = &name,
        .name_count = 1,
        .uses_allowed = 1,
        .created = NOW,
        .expires = NOW + 1 + i,
        .created_by = "admin:jane",
    };
    require(store_add_token(store, &record, &err), &err);
}

static void add_issuers(struct store *store) {
    struct error err = {0};
    int64_t id = 0;
    const struct issuer_record first = {.name = "issuing",
                                        .kind = ISSUER_ISSUING,
                                        .certificate = borrow("der", 3),
                                        .created = NOW};
    const struct issuer_record second = {.name = "fleet",
                                         .kind = ISSUER_ISSUING,
                                         .certificate = borrow("der", 3),
                                         .created = NOW};
    require(store_add_issuer(store, &first, &id, &err), &err);
    require(store_add_issuer(store, &second, &id, &err), &err);
}

static void fill(struct store *store, int64_t certificates, int64_t tokens) {
    struct error err = {0};
    require(store_begin(store, &err), &err);
    add_issuers(store);
    for (int64_t i = 0; i < certificates || i < tokens; i++) {
        if (i < certificates) {
            add_certificate(store, i);
        }
        if (i < tokens) {
            add_token(store, i);
        }
        if (i % BATCH == BATCH - 1) {
            require(store_commit(store, &err), &err);
            require(store_begin(store, &err), &err);
        }
    }
    require(store_commit(store, &err), &err);
}

// --- measuring -------------------------------------------------------------------------------

static enum result count_certificate(void *context, const struct certificate_record *record,
                                     struct error *err) {
    (void)record;
    (void)err;
    (*(size_t *)context)++;
    return RESULT_OK;
}

static enum result count_token(void *context, const struct token_record *record,
                               struct error *err) {
    (void)record;
    (void)err;
    (*(size_t *)context)++;
    return RESULT_OK;
}

static int compare(const void *a, const void *b) {
    double first = *(const double *)a;
    double second = *(const double *)b;
    return (first > second) - (first < second);
}

// A search is one of certificates, or one of tokens.
struct search {
    const char *title;
    struct certificate_filter certificates;
    const struct token_filter *tokens;
    struct list_position middle; // of the walk; a list of a few has none
};

static size_t run(struct store *store, const struct search *search,
                  const struct list_position *after, struct list_position *out_next) {
    struct error err = {0};
    size_t count = 0;
    if (search->tokens != NULL) {
        struct token_filter filter = *search->tokens;
        filter.now = NOW;
        filter.limit = PAGE;
        filter.after = *after;
        require(store_list_tokens(store, &filter, count_token, &count, out_next, &err), &err);
        return count;
    }
    struct certificate_filter filter = search->certificates;
    filter.now = NOW;
    filter.limit = PAGE;
    filter.after = *after;
    require(store_list_certificates(store, &filter, count_certificate, &count, out_next, &err),
            &err);
    return count;
}

static double median_of_page(struct store *store, const struct search *search,
                             const struct list_position *after, size_t *out_count) {
    double times[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
        struct list_position next = {0};
        double start = now_milliseconds();
        *out_count = run(store, search, after, &next);
        times[i] = now_milliseconds() - start;
    }
    qsort(times, ROUNDS, sizeof(times[0]), compare);
    return times[ROUNDS / 2];
}

static double median_of_lookup(struct store *store, int64_t certificates) {
    double times[1001];
    struct error err = {0};
    for (int i = 0; i < 1001; i++) {
        uint8_t serial[16];
        serial_of((i * 7919LL) % certificates, serial);
        struct certificate_record record = {0};
        double start = now_milliseconds();
        require(store_find_certificate_by_serial(store, bytes_of(serial, sizeof(serial)),
                                                 &record, &err),
                &err);
        times[i] = now_milliseconds() - start;
        certificate_record_clear(&record);
    }
    qsort(times, 1001, sizeof(times[0]), compare);
    return times[500];
}

static void measure_counts(struct store *store) {
    struct error err = {0};
    int64_t counts[3] = {0};
    int64_t open = 0;
    for (int i = 0; i < 2; i++) {
        double start = now_milliseconds();
        require(store_count_certificates(store, NOW, &counts[0], &counts[1], &counts[2], &err),
                &err);
        (void)printf("%-52s %8.2f ms\n",
                     i == 0 ? "count of certificates, first" : "count of certificates, again",
                     now_milliseconds() - start);
    }
    for (int i = 0; i < 2; i++) {
        double start = now_milliseconds();
        require(store_count_open_tokens(store, NOW, &open, &err), &err);
        (void)printf("%-52s %8.2f ms\n",
                     i == 0 ? "count of open tokens, first" : "count of open tokens, again",
                     now_milliseconds() - start);
    }
    (void)printf("%lld valid, %lld expired, %lld revoked, %lld tokens open\n",
                 (long long)counts[0], (long long)counts[1], (long long)counts[2],
                 (long long)open);
}

struct slowest {
    const char *title;
    double milliseconds;
};

static void measure_page(struct store *store, const struct search *search,
                         const struct list_position *after, struct slowest *slowest) {
    size_t rows = 0;
    double milliseconds = median_of_page(store, search, after, &rows);
    (void)printf(" %5zu %9.2f ms", rows, milliseconds);
    if (milliseconds > slowest->milliseconds) {
        *slowest = (struct slowest){.title = search->title, .milliseconds = milliseconds};
    }
}

static void measure_search(struct store *store, const struct search *search,
                           struct slowest *slowest) {
    const struct list_position start = {0};
    (void)printf("%-40s", search->title);
    measure_page(store, search, &start, slowest);
    if (search->middle.is_set) {
        measure_page(store, search, &search->middle, slowest);
    }
    (void)printf("\n");
}

static void measure(struct store *store, int64_t certificates, int64_t tokens) {
    uint8_t key[32];
    char name[32];
    key_of(certificates / 2, key);
    (void)snprintf(name, sizeof(name), "tracker-%07lld", (long long)(certificates / 2));
    const struct token_filter token_prefix = {.prefix = {"cn", "tracker-"}};
    const struct token_filter token_name = {.name = {"cn", name}};
    const struct token_filter token_by = {.created_by = "admin:jane"};
    const struct token_filter token_ending = {.expires_from = NOW,
                                              .expires_before = NOW + 30 * DAY};
    const struct token_filter token_nothing = {.state = TOKEN_SPENT};
    const struct list_position none = {0};
    const struct list_position id = {true, certificates / 2, 0};
    const struct list_position token_id = {true, tokens / 2, 0};
    const struct list_position ending = {true, NOW + 20 * DAY, certificates / 2};
    const struct list_position ended = {true, NOW - certificates / 2, certificates / 2};
    const struct list_position token_ending_at = {true, NOW + tokens / 2, tokens / 2};
    const struct search searches[] = {
        {"all", {.limit = PAGE}, NULL, id},
        {"name", {.name = {"cn", name}}, NULL, none},
        {"name of any type", {.name = {NULL, name}}, NULL, none},
        {"prefix of 10", {.prefix = {"cn", "tracker-012345"}}, NULL, none},
        {"prefix of all, one type", {.prefix = {"cn", "tracker-"}}, NULL, id},
        {"prefix of all, any type", {.prefix = {NULL, "t"}}, NULL, id},
        {"key", {.key_hash = bytes_of(key, sizeof(key))}, NULL, none},
        {"address", {.address = "192.0.2.7"}, NULL, id},
        {"profile", {.profile = "mqtt"}, NULL, id},
        {"issuer", {.issuer_id = 2}, NULL, id},
        {"state valid", {.state = CERTIFICATE_VALID}, NULL, id},
        {"state expired", {.state = CERTIFICATE_EXPIRED}, NULL, ended},
        {"state revoked", {.state = CERTIFICATE_REVOKED}, NULL, id},
        {"expiring 30d",
         {.state = CERTIFICATE_VALID, .expires_from = NOW, .expires_before = NOW + 30 * DAY},
         NULL,
         ending},
        {"expiring 30d, revoked, of a profile",
         {.state = CERTIFICATE_REVOKED,
          .profile = "mqtt",
          .expires_from = NOW,
          .expires_before = NOW + 30 * DAY},
         NULL,
         ending},
        {"prefix, profile, valid",
         {.prefix = {"cn", "tracker-"}, .profile = "server", .state = CERTIFICATE_VALID},
         NULL,
         id},
        {"nothing: profile and revoked",
         {.profile = "server", .state = CERTIFICATE_REVOKED},
         NULL,
         id},
        {"nothing: prefix and another profile",
         {.prefix = {"cn", "tracker-"}, .profile = "xmpp"},
         NULL,
         id},
        {"nothing: prefix of another type", {.prefix = {"uri", "tracker-"}}, NULL, id},
        {"tokens: prefix", {.limit = PAGE}, &token_prefix, token_id},
        {"tokens: name", {.limit = PAGE}, &token_name, none},
        {"tokens: by", {.limit = PAGE}, &token_by, token_id},
        {"tokens: expiring 30d", {.limit = PAGE}, &token_ending, token_ending_at},
        {"tokens: nothing: spent", {.limit = PAGE}, &token_nothing, token_id},
    };
    double lookup = median_of_lookup(store, certificates);
    struct slowest slowest = {0};
    (void)printf("%-40s %5s %12s %5s %12s\n", "search", "rows", "first page", "rows",
                 "middle page");
    for (size_t i = 0; i < sizeof(searches) / sizeof(searches[0]); i++) {
        measure_search(store, &searches[i], &slowest);
    }
    measure_counts(store);
    (void)printf("lookup by serial: %.4f ms; slowest: %s, %.2f ms, %.0f lookups\n", lookup,
                 slowest.title, slowest.milliseconds, slowest.milliseconds / lookup);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        (void)fprintf(stderr, "usage: search STORE CERTIFICATES TOKENS\n");
        return 2;
    }
    struct error err = {0};
    struct store *store = NULL;
    int64_t certificates = strtoll(argv[2], NULL, 10);
    int64_t tokens = strtoll(argv[3], NULL, 10);
    require(store_open(argv[1], true, &store, &err), &err);
    double start = now_milliseconds();
    fill(store, certificates, tokens);
    (void)printf(
        "%lld certificates, %lld tokens, filled in %.0f s; pages of %d, medians of %d\n",
        (long long)certificates, (long long)tokens, (now_milliseconds() - start) / 1e3, PAGE,
        ROUNDS);
    measure(store, certificates, tokens);
    store_close(store);
    struct rusage usage = {0};
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("greatest memory: %.1f MB\n", (double)usage.ru_maxrss / 1024);
    return 0;
}
