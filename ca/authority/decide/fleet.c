// Patterns of fleet tokens against profiles, requests, and the names that others own.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "authority/decide/fleet.h"

#include <string.h>

#include "authority/authority.h"
#include "authority/config/name_pattern.h"
#include "authority/decide/policy_names.h"
#include "x509/hash.h"

void fleet_clear(struct fleet *fleet) {
    for (size_t i = 0; i < fleet->count; i++) {
        string_free_at(&fleet->patterns[i].type);
        string_free_at(&fleet->patterns[i].value);
    }
    *fleet = (struct fleet){0};
}

// --- reading ---------------------------------------------------------------------------------

static enum result add_pattern(struct fleet *fleet, const char *text, struct error *err) {
    if (fleet->count == LIMIT_NAME_PATTERNS) {
        return error_set(err, RESULT_LIMIT, "a token has at most %d patterns",
                         LIMIT_NAME_PATTERNS);
    }
    enum name_type type = NAME_CN;
    AUTO(buf_clear) struct buf canonical = {0};
    buf_init(&canonical, LIMIT_PATTERN_BYTES + 16);
    TRY(name_pattern_read(text, &type, &canonical, err));
    const char *prefix = name_type_prefix(type);
    struct bytes value = bytes_slice(buf_bytes(&canonical), strlen(prefix) + 1, SIZE_MAX);
    struct name_record *pattern = &fleet->patterns[fleet->count++];
    pattern->type = string_copy(prefix);
    pattern->value = string_copy_bytes(value);
    return pattern->type == NULL || pattern->value == NULL ? error_out_of_memory(err)
                                                           : RESULT_OK;
}

enum result fleet_read(const struct text_list *texts, struct fleet *out_fleet,
                       struct error *err) {
    AUTO(fleet_clear) struct fleet fleet = {0};
    for (size_t i = 0; i < texts->count; i++) {
        enum result result = add_pattern(&fleet, texts->items[i], err);
        if (result != RESULT_OK) {
            error_field(err, "patterns");
            return result;
        }
    }
    *out_fleet = fleet;
    fleet = (struct fleet){0};
    return RESULT_OK;
}

// --- against the profile ---------------------------------------------------------------------

static enum name_type type_of(const struct name_record *pattern) {
    enum name_type type = NAME_CN;
    (void)name_type_from_prefix(pattern->type, &type); // fleet_read wrote it
    return type;
}

// A name that fits the pattern: each star becomes the filling.
static enum result add_sample(const struct name_record *pattern, const char *filling,
                              struct names *names, struct error *err) {
    AUTO(buf_clear) struct buf value = {0};
    buf_init(&value, LIMIT_NAME_BYTES);
    for (size_t i = 0; pattern->value[i] != '\0'; i++) {
        TRY(pattern->value[i] == '*' ? buf_append_string(&value, filling)
                                     : buf_append_byte(&value, (uint8_t)pattern->value[i]));
    }
    return names_add(names, type_of(pattern), buf_bytes(&value), err);
}

// One device's choice. Patterns that are alike get different names.
static enum result check_sample(const struct fleet *fleet, const struct names *fixed,
                                const char *filling, const struct profile *profile,
                                int64_t lifetime, struct error *err) {
    AUTO(names_clear) struct names names = {0};
    if (names_copy(&names, fixed) != RESULT_OK) {
        return error_out_of_memory(err);
    }
    for (size_t i = 0; i < fleet->count; i++) {
        AUTO(buf_clear) struct buf own = {0};
        buf_init(&own, 16);
        TRY(buf_printf(&own, "%s%zu", filling, i));
        TRY(add_sample(&fleet->patterns[i], buf_string(&own), &names, err));
    }
    const struct grant grant = {.names = &names, .lifetime = lifetime};
    return policy_check_grant(profile, &grant, err);
}

// Counts and forms, by what devices could pick. Some types want more than a digit: a scheme in
// a URI, a domain in an address.
static enum result check_samples(const struct fleet *fleet, const struct names *fixed,
                                 const struct profile *profile, int64_t lifetime,
                                 struct error *err) {
    static const char *const fillings[] = {"", "a", "a.a", "a:a", "a@a"};
    enum result result = check_sample(fleet, fixed, fillings[0], profile, lifetime, err);
    for (size_t i = 1; result != RESULT_OK && i < sizeof(fillings) / sizeof(fillings[0]); i++) {
        // The first one's error says most.
        if (check_sample(fleet, fixed, fillings[i], profile, lifetime, NULL) == RESULT_OK) {
            return RESULT_OK;
        }
    }
    return result;
}

// A profile has domains for JIDs; all JIDs of one are those that these patterns stand for.
static bool overlaps_domain(const char *pattern, const char *domain) {
    static const struct {
        const char *before;
        const char *behind;
    } forms[] = {{"", ""}, {"*@", ""}, {"", "/*"}, {"*@", "/*"}};
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        AUTO(buf_clear) struct buf jids = {0};
        buf_init(&jids, LIMIT_PATTERN_BYTES + 8);
        if (buf_printf(&jids, "%s%s%s", forms[i].before, domain, forms[i].behind) ==
                RESULT_OK &&
            name_pattern_overlaps(NAME_XMPP, pattern, buf_string(&jids))) {
            return true;
        }
    }
    return false;
}

static enum result check_overlap(const struct name_record *pattern,
                                 const struct profile *profile, struct error *err) {
    enum name_type type = type_of(pattern);
    const struct config_list *allowed = &profile->patterns[type];
    for (size_t i = 0; i < allowed->count; i++) {
        if (type == NAME_XMPP
                ? overlaps_domain(pattern->value, allowed->items[i])
                : name_pattern_overlaps(type, pattern->value, allowed->items[i])) {
            return RESULT_OK;
        }
    }
    if (allowed->count == 0) {
        return RESULT_OK;
    }
    (void)error_set_code(err, RESULT_DENIED, "name_pattern",
                         "profile %s takes no %s that fits %s", profile->name,
                         name_type_text(type), pattern->value);
    error_field(err, "patterns");
    error_hint(err, "The profile's own patterns: %s%s", allowed->items[0],
               allowed->count > 1 ? ", …" : "");
    return RESULT_DENIED;
}

enum result fleet_check(const struct fleet *fleet, const struct names *fixed,
                        const struct profile *profile, int64_t lifetime, struct error *err) {
    const struct grant fixed_alone = {.names = fixed, .lifetime = lifetime};
    if (fleet->count == 0) {
        return policy_check_grant(profile, &fixed_alone, err);
    }
    // What a sample looks like between the pattern's own characters is no device's choice:
    // whether a name fits the profile's patterns as well is asked of the patterns themselves.
    struct profile shape = *profile;
    memset(shape.patterns, 0, sizeof(shape.patterns));
    TRY(check_samples(fleet, fixed, &shape, lifetime, err));
    TRY(policy_check_patterns(fixed, profile, err));
    for (size_t i = 0; i < fleet->count; i++) {
        TRY(check_overlap(&fleet->patterns[i], profile, err));
    }
    return RESULT_OK;
}

// --- picking ---------------------------------------------------------------------------------

// Which pattern each picked name stands for. One name more than there are patterns is enough to
// know that they are too many.
struct choice {
    const struct name *names[LIMIT_NAME_PATTERNS + 1];
    size_t count;
    bool fits[LIMIT_NAME_PATTERNS + 1][LIMIT_NAME_PATTERNS];
    size_t name_of[LIMIT_NAME_PATTERNS]; // index into names; SIZE_MAX: none yet
};

// A matching of names and patterns, grown along augmenting paths: patterns may overlap, and the
// order in which a request lists its names must not matter. Bounded by the two counts.
static bool place(struct choice *choice, size_t name, size_t pattern_count,
                  bool is_visited[LIMIT_NAME_PATTERNS]) {
    for (size_t i = 0; i < pattern_count; i++) {
        if (!choice->fits[name][i] || is_visited[i]) {
            continue;
        }
        is_visited[i] = true;
        if (choice->name_of[i] == SIZE_MAX ||
            place(choice, choice->name_of[i], pattern_count, is_visited)) {
            choice->name_of[i] = name;
            return true;
        }
    }
    return false;
}

static enum result refuse_name(const struct token_record *token, const struct name *name,
                               struct error *err) {
    (void)error_set_code(err, RESULT_DENIED, "name_not_granted",
                         "the %s \"%.200s\" fits none of the token's patterns that has no name "
                         "yet",
                         name_type_text(name->type), name->value);
    error_field(err, name_type_prefix(name->type));
    AUTO(buf_clear) struct buf patterns = {0};
    buf_init(&patterns, 200);
    for (size_t i = 0; i < token->pattern_count; i++) {
        const struct name_record *pattern = &token->patterns[i];
        if (buf_printf(&patterns, "%s%s:%s", i == 0 ? "" : ", ", pattern->type,
                       pattern->value) != RESULT_OK) {
            break; // what does not fit into the hint is left out
        }
    }
    error_hint(err, "Pick one name for each of: %s", buf_string(&patterns));
    return RESULT_DENIED;
}

static bool is_ascii(char c) {
    return ((unsigned char)c & 0x80) == 0;
}

static size_t count_beyond_ascii(const char *text) {
    size_t count = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        count += !is_ascii(text[i]);
    }
    return count;
}

// The pattern's own characters are an administrator's choice. What a device puts in the place
// of a star is plain: names that only look like another's, and wildcards, are for people to
// grant one by one.
static enum result check_plain(const struct name_record *pattern, const struct name *name,
                               struct error *err) {
    bool has_wildcard = strchr(name->value, '*') != NULL;
    if (!has_wildcard &&
        count_beyond_ascii(name->value) == count_beyond_ascii(pattern->value)) {
        return RESULT_OK;
    }
    (void)error_set_code(
        err, RESULT_DENIED, "name_form",
        "the %s \"%.200s\" has %s in the place of the star in %s", name_type_text(name->type),
        name->value, has_wildcard ? "a wildcard" : "characters beyond ASCII", pattern->value);
    error_field(err, name_type_prefix(name->type));
    error_hint(err, "Pick a name of ASCII letters, digits and signs, or ask for a token that "
                    "grants this very name.");
    return RESULT_DENIED;
}

static enum result choose(const struct token_record *token, const struct names *asked,
                          const struct names *fixed, struct choice *choice, struct error *err) {
    for (size_t i = 0; i < token->pattern_count; i++) {
        choice->name_of[i] = SIZE_MAX;
    }
    for (size_t i = 0; i < asked->count; i++) {
        const struct name *name = &asked->items[i];
        if (names_contain(fixed, name->type, name->value)) {
            continue;
        }
        size_t index = choice->count++;
        choice->names[index] = name;
        for (size_t j = 0; j < token->pattern_count; j++) {
            const struct name_record *pattern = &token->patterns[j];
            choice->fits[index][j] =
                type_of(pattern) == name->type &&
                name_pattern_matches(name->type, pattern->value, name->value);
        }
        bool is_visited[LIMIT_NAME_PATTERNS] = {false};
        if (!place(choice, index, token->pattern_count, is_visited)) {
            return refuse_name(token, name, err);
        }
    }
    for (size_t i = 0; i < token->pattern_count; i++) {
        if (choice->name_of[i] == SIZE_MAX) {
            const struct name_record *pattern = &token->patterns[i];
            (void)error_set_code(err, RESULT_DENIED, "name_not_chosen",
                                 "the request has no name for the token's pattern %s:%s",
                                 pattern->type, pattern->value);
            error_field(err, pattern->type);
            error_hint(err,
                       "The token is for many devices: each asks for a name of its own, "
                       "with signet enroll --%s NAME.",
                       pattern->type);
            return RESULT_DENIED;
        }
    }
    return RESULT_OK;
}

// --- whose a name is -------------------------------------------------------------------------

static enum result taken(const struct name *name, const char *why, struct error *err) {
    (void)error_set_code(err, RESULT_CONFLICT, "name_taken", "the name %s:%.200s %s",
                         name_type_prefix(name->type), name->value, why);
    error_field(err, name_type_prefix(name->type));
    error_hint(err,
               "Pick another name, or have an administrator release this one: signetctl "
               "name release %s:%.60s",
               name_type_prefix(name->type), name->value);
    return RESULT_CONFLICT;
}

static enum result check_free(struct authority *authority, const struct name *name,
                              struct bytes key_hash, int64_t now, struct error *err) {
    const struct name_record record = {.type = (char *)(uintptr_t)name_type_prefix(name->type),
                                       .value = name->value};
    AUTO(certificate_record_clear) struct certificate_record owner = {0};
    enum result result = store_find_name_owner(authority->store, &record, &owner, NULL);
    if (result == RESULT_OK && !bytes_equal(buf_bytes(&owner.key_hash), key_hash)) {
        return taken(name, "belongs to another device", err);
    }
    if (result == RESULT_OK && owner.revoked_at != 0) {
        return taken(name, "is that of a certificate that is revoked or on hold", err);
    }
    if (result != RESULT_OK && result != RESULT_NOT_FOUND) {
        return error_set(err, result, "%s", result_text(result));
    }
    bool is_held = false;
    TRY(store_is_name_held(authority->store, &record, key_hash, now, &is_held, err));
    return is_held ? taken(name, "is asked for by another device that waits for approval", err)
                   : RESULT_OK;
}

enum result fleet_pick(struct authority *authority, const struct token_record *token,
                       const struct csr *csr, int64_t now, struct names *granted,
                       struct error *err) {
    uint8_t key_hash[SHA256_SIZE];
    TRY(hash_sha256(csr->spki, key_hash));
    struct choice choice = {0};
    TRY(choose(token, &csr->names, granted, &choice, err));
    for (size_t i = 0; i < token->pattern_count; i++) {
        const struct name *name = choice.names[choice.name_of[i]];
        TRY(check_plain(&token->patterns[i], name, err));
        TRY(check_free(authority, name, bytes_of(key_hash, SHA256_SIZE), now, err));
        TRY(names_add(granted, name->type, bytes_of_string(name->value), err));
    }
    return RESULT_OK;
}
