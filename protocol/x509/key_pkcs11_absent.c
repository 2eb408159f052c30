// Stands in for the keys on tokens where this was built without p11-kit, and says so.
// SPDX-License-Identifier: GPL-3.0-or-later
#include <strings.h>

#include "x509/key_pkcs11.h"

static enum result refuse(struct error *err) {
    (void)error_set_code(err, RESULT_INVALID, "key_uri",
                         "this program was built without keys on tokens (PKCS#11)");
    error_hint(err,
               "Build it with libp11-kit-dev installed and -DSIGNET_PKCS11=ON, or keep the "
               "key in a file.");
    return RESULT_INVALID;
}

bool key_is_uri(const char *text) {
    return strncasecmp(text, "pkcs11:", sizeof("pkcs11:") - 1) == 0;
}

enum result key_uri_check(const char *uri, struct error *err) {
    (void)uri;
    return refuse(err);
}

bool key_uri_has_pin(const char *uri) {
    (void)uri;
    return false;
}

bool key_uri_names_object(const char *uri) {
    (void)uri;
    return false;
}

enum result key_uri_for_new(const char *uri, const char *label, struct buf *out,
                            struct error *err) {
    (void)uri;
    (void)label;
    (void)out;
    return refuse(err);
}

enum result key_open_uri(const char *uri, struct key **out_key, struct error *err) {
    (void)uri;
    (void)out_key;
    return refuse(err);
}

enum result key_make_at_uri(const char *uri, enum key_algorithm algorithm, struct key **out_key,
                            struct error *err) {
    (void)uri;
    (void)algorithm;
    (void)out_key;
    return refuse(err);
}

enum result key_open_or_make(const char *uri, enum key_algorithm algorithm,
                             struct key **out_key, bool *out_is_made, struct error *err) {
    (void)uri;
    (void)algorithm;
    (void)out_key;
    (void)out_is_made;
    return refuse(err);
}

const char *key_uri(const struct key *key) {
    (void)key;
    return NULL;
}

enum result key_destroy_at_uri(const char *uri, struct error *err) {
    (void)uri;
    return refuse(err);
}

void key_pin_prompt_set(key_pin_prompt *prompt) {
    (void)prompt;
}
