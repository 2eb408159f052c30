// Keys on tokens: URIs, what is made there, signatures, and everything that a token refuses.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "x509/key_pkcs11.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/limits.h"
#include "support/token_fixture.h"
#include "x509/hash.h"

static struct key *make(const char *uri, enum key_algorithm algorithm) {
    struct key *key = NULL;
    struct error err = {0};
    assert_ok(key_make_at_uri(uri, algorithm, &key, &err), &err);
    return key;
}

static void assert_refused(const char *uri, enum result expected, const char *code,
                           const char *part) {
    AUTO(key_free_at) struct key *key = NULL;
    struct error err = {0};
    assert_result(expected, key_open_uri(uri, &key, &err), &err);
    assert_string_equal(err.code, code);
    if (strstr(err.message, part) == NULL && strstr(err.hint, part) == NULL) {
        print_error("no \"%s\" in: %s | %s\n", part, err.message, err.hint);
        fail();
    }
    assert_int_not_equal(err.hint[0], '\0');
}

static void assert_signs(const struct key *key) {
    AUTO(buf_clear) struct buf signature = {0};
    struct error err = {0};
    const struct bytes message = BYTES_LITERAL("to be signed");
    buf_init(&signature, 1024);
    assert_ok(key_sign(key, message, &signature, &err), &err);
    assert_ok(public_key_verify(key_public(key), key_signature_algorithm(key), message,
                                buf_bytes(&signature), &err),
              &err);
    assert_result(RESULT_DENIED,
                  public_key_verify(key_public(key), key_signature_algorithm(key),
                                    BYTES_LITERAL("to be sIgned"), buf_bytes(&signature), &err),
                  &err);
}

// --- URIs ------------------------------------------------------------------------------------

static void uris_are_read_strictly(void **state) {
    (void)state;
    static const struct {
        const char *uri;
        const char *refusal; // NULL: good
    } cases[] = {
        {"pkcs11:token=a;object=b", NULL},
        {"PKCS11:token=a", NULL},
        {"pkcs11:", NULL},
        {"pkcs11:token=a%20b;serial=12;model=m;manufacturer=x;slot-id=3", NULL},
        {"pkcs11:id=%01%02;type=private", NULL},
        {"pkcs11:token=a?module-path=/usr/lib/x.so&pin-source=file:/etc/pin", NULL},
        {"pkcs11:token=a?pin-source=file:///etc/pin", NULL},
        {"pkcs11:token=a?pin-source=/etc/pin", NULL},
        {"pkcs11:token=a?pin-value=1234", NULL},
        {"pkcs11:token=a?module-name=softhsm2", NULL},
        {"file:/etc/key.pem", "expected pkcs11:"},
        {"pkcs12:token=a", "expected pkcs11:"},
        {"pkcs11:token=a b", "no blanks"},
        {"pkcs11:token=a\n", "no blanks"},
        {"pkcs11:token=%zz", ""},
        {"pkcs11:token", ""},
        {"pkcs11:token=a;colour=red", "not known"},
        {"pkcs11:token=a;type=cert", "type is not private"},
        {"pkcs11:token=a;type=public", "type is not private"},
        {"pkcs11:token=a?module-path=x.so", "not an absolute path"},
        {"pkcs11:token=a?pin-source=|/bin/askpass", "not a file"},
        {"pkcs11:token=a?pin-source=https://pins.example/1", "not a file"},
        {"pkcs11:token=a?pin-source=file:pin", "not a file"},
        {"pkcs11:token=a?pin-source=file://host/pin", "not a file"},
        {"pkcs11:token=a?pin-value=1&pin-source=file:/etc/pin", "exclude each other"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct error err = {0};
        if (cases[i].refusal == NULL) {
            assert_ok(key_uri_check(cases[i].uri, &err), &err);
            continue;
        }
        print_message("%s\n", cases[i].uri);
        assert_result(RESULT_INVALID, key_uri_check(cases[i].uri, &err), &err);
        assert_string_equal(err.code, "key_uri");
        assert_non_null(strstr(err.message, cases[i].refusal));
        assert_null(strstr(err.message, "pin-value=1"));
        assert_int_not_equal(err.hint[0], '\0');
    }
}

// As a slip of the hand has it: the message goes to terminals and logs.
static void a_pin_before_the_query_is_refused_and_not_repeated(void **state) {
    (void)state;
    static const char *const uris[] = {
        "pkcs11:token=a;object=b;pin-value=87654321?module-path=rel.so",
        "pkcs11:token=a;pin-value=87654321",
        "pkcs11:pin-value=87654321;token=a?module-path=/usr/lib/x.so",
        "pkcs11:token=a;PIN-Value=87654321",
        "pkcs11:token=a;object=b&pin-value=87654321",
        "pkcs11:token=a; pin-value=87654321",
        "pkcs11:token=a;pin=87654321",
        "pkcs11:token=a;pin%2Dvalue=87654321",
        "pkcs12:token=a;pin-value=87654321",
        "pkcs11:token=a;pin-source=file:/etc/87654321",
    };
    for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
        struct error err = {0};
        print_message("%s\n", uris[i]);
        assert_result(RESULT_INVALID, key_uri_check(uris[i], &err), &err);
        assert_string_equal(err.code, "key_uri");
        assert_non_null(strstr(err.message, "behind the \"?\""));
        assert_null(strstr(err.message, "87654321"));
        assert_null(strstr(err.hint, "87654321"));
    }
    struct error err = {0};
    assert_ok(key_uri_check("pkcs11:token=pin-value=1;object=a:pin-value?pin-value=1", &err),
              &err);
}

static void a_uri_of_any_length_is_no_key(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf uri = {0};
    struct error err = {0};
    buf_init(&uri, 2 * LIMIT_KEY_URI_BYTES);
    assert_int_equal(buf_append_string(&uri, "pkcs11:object="), RESULT_OK);
    while (uri.size < LIMIT_KEY_URI_BYTES) {
        assert_int_equal(buf_append_byte(&uri, 'x'), RESULT_OK);
    }
    assert_ok(key_uri_check(buf_string(&uri), &err), &err);
    assert_int_equal(buf_append_byte(&uri, 'x'), RESULT_OK);
    assert_result(RESULT_INVALID, key_uri_check(buf_string(&uri), &err), &err);
    assert_string_equal(err.code, "key_uri");
}

static void a_uri_for_a_new_key_has_an_id_of_its_own(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf first = {0}, second = {0};
    struct error err = {0};
    buf_init(&first, LIMIT_KEY_URI_BYTES);
    buf_init(&second, LIMIT_KEY_URI_BYTES);
    const char *uri = "pkcs11:token=t;id=%01?pin-source=file:/etc/pin";
    assert_ok(key_uri_for_new(uri, "lab el", &first, &err), &err);
    assert_ok(key_uri_for_new(buf_string(&first), "another", &second, &err), &err);
    assert_string_not_equal(buf_string(&first), buf_string(&second));
    assert_non_null(strstr(buf_string(&first), "object=lab%20el"));
    assert_non_null(strstr(buf_string(&second), "object=lab%20el"));
    assert_non_null(strstr(buf_string(&second), "token=t"));
    assert_non_null(strstr(buf_string(&second), "?pin-source=file:/etc/pin"));
    assert_null(strstr(buf_string(&first), "id=%01;"));
    assert_true(key_uri_names_object(uri));
    assert_false(key_uri_names_object("pkcs11:token=t"));
    assert_true(key_uri_has_pin("pkcs11:token=t?pin-value=1"));
    assert_false(key_uri_has_pin(uri));
}

// --- keys ------------------------------------------------------------------------------------

static void a_key_made_on_a_token_signs_and_is_found_again(void **state) {
    (void)state;
    static const enum key_algorithm algorithms[] = {KEY_P256,    KEY_P384,    KEY_ED25519,
                                                    KEY_RSA2048, KEY_RSA3072, KEY_RSA4096};
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        AUTO(key_free_at) struct key *key = NULL, *again = NULL;
        struct error err = {0};
        char path[64];
        (void)snprintf(path, sizeof(path), "token=device;object=%s",
                       key_algorithm_name(algorithms[i]));
        key = make(token_uri(path), algorithms[i]);
        assert_int_equal(key_algorithm(key), algorithms[i]);
        assert_signs(key);
        assert_ok(key_open_uri(key_uri(key), &again, &err), &err);
        assert_bytes_equal(key_public(again), key_public(key));
        key_free_at(&key);
        assert_signs(again);
        key_free_at(&again);
        assert_ok(key_open_uri(token_uri(path), &again, &err), &err);
        assert_signs(again);
    }
}

static void pss_signatures_are_what_another_implementation_takes(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(token_uri("token=device;object=pss"), KEY_RSA2048);
    AUTO(buf_clear) struct buf signature = {0}, pem = {0};
    struct error err = {0};
    uint8_t digest[SHA256_SIZE];
    buf_init(&signature, 1024);
    assert_int_equal(hash_sha256(BYTES_LITERAL("message"), digest), RESULT_OK);
    assert_ok(key_sign_scheme(key, KEY_SCHEME_RSA_PSS_SHA256, bytes_of(digest, sizeof(digest)),
                              &signature, &err),
              &err);
    FILE *file = fopen(in_token_folder("signature"), "we");
    assert_int_equal(fwrite(signature.data, 1, signature.size, file), signature.size);
    assert_int_equal(fclose(file), 0);
    file = fopen(in_token_folder("public"), "we");
    assert_int_equal(fwrite(key_public(key).data, 1, key_public(key).size, file),
                     key_public(key).size);
    assert_int_equal(fclose(file), 0);
    write_token_file("message", "message");
    run_command("cd %s && openssl dgst -sha256 -keyform DER -verify public -sigopt "
                "rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -signature signature message "
                ">/dev/null",
                token_folder);
    assert_result(RESULT_INVALID,
                  key_sign_scheme(key, KEY_SCHEME_ECDSA, bytes_of(digest, sizeof(digest)),
                                  &signature, &err),
                  &err);
}

static void the_private_part_never_leaves(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(token_uri("token=device;object=kept"), KEY_P256);
    AUTO(key_free_at) struct key *file_key = NULL;
    AUTO(buf_clear) struct buf out = {0};
    struct error err = {0};
    buf_init_secret(&out, LIMIT_KEY_FILE_BYTES);
    assert_int_equal(key_save_pkcs8(key, &out), RESULT_DENIED);
    assert_result(RESULT_DENIED, key_save_pem(key, NULL, &out, &err), &err);
    assert_string_equal(err.code, "key_not_exportable");
    assert_int_equal(out.size, 0);
    run_command(
        "pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label device --login "
        "--pin " TOKEN_PIN " --list-objects --type privkey 2>/dev/null >%s",
        in_token_folder("listed"));
    run_command(
        "grep -A4 'label: *kept' %s | grep -q 'Access: *sensitive, always sensitive, never "
        "extractable, local'",
        in_token_folder("listed"));
    assert_ok(key_generate(KEY_P256, &file_key, &err), &err);
    assert_null(key_uri(file_key));
    assert_ok(key_save_text(file_key, &out, &err), &err);
    assert_non_null(strstr(buf_string(&out), "BEGIN PRIVATE KEY"));
}

static void a_file_may_say_where_the_key_is(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(token_uri("token=device;object=file"), KEY_P256);
    AUTO(key_free_at) struct key *loaded = NULL;
    AUTO(buf_clear) struct buf text = {0};
    struct error err = {0};
    buf_init_secret(&text, LIMIT_KEY_FILE_BYTES);
    assert_ok(key_save_text(key, &text, &err), &err);
    write_token_file("key", buf_string(&text));
    assert_ok(key_load_file(in_token_folder("key"), NULL, &loaded, &err), &err);
    assert_bytes_equal(key_public(loaded), key_public(key));
    assert_int_equal(chmod(in_token_folder("key"), 0644), 0);
    key_free_at(&loaded);
    assert_result(RESULT_DENIED, key_load_file(in_token_folder("key"), NULL, &loaded, &err),
                  &err);
    assert_string_equal(err.code, "not_private");
    assert_int_equal(buf_append_string(&text, "more\n"), RESULT_OK);
    assert_result(RESULT_INVALID, key_load_text(buf_bytes(&text), NULL, &loaded, &err), &err);
    assert_string_equal(err.code, "key_uri");
}

static void a_key_that_is_there_is_used_and_one_that_is_not_is_made(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *made = NULL, *found = NULL;
    struct error err = {0};
    bool is_made = false;
    const char *uri = token_uri("token=device;object=once");
    assert_ok(key_open_or_make(uri, KEY_P256, &made, &is_made, &err), &err);
    assert_true(is_made);
    assert_ok(key_open_or_make(uri, KEY_P256, &found, &is_made, &err), &err);
    assert_false(is_made);
    assert_bytes_equal(key_public(found), key_public(made));
    // Not there is the only reason for making one.
    set_fault("removed");
    key_free_at(&found);
    assert_result(RESULT_NOT_FOUND, key_open_or_make(uri, KEY_P256, &found, &is_made, &err),
                  &err);
    assert_string_equal(err.code, "token_missing");
    set_fault("");
}

static void a_removed_key_is_gone_and_its_namesake_stays(void **state) {
    (void)state;
    AUTO(key_free_at)
    struct key *first = make(token_uri("token=device;object=twice"), KEY_P256);
    AUTO(key_free_at)
    struct key *second = make(token_uri("token=device;object=twice"), KEY_P256);
    AUTO(key_free_at) struct key *found = NULL;
    struct error err = {0};
    assert_refused(token_uri("token=device;object=twice"), RESULT_CONFLICT, "key_several",
                   "id=%01");
    assert_result(RESULT_INVALID,
                  key_destroy_at_uri(token_uri("token=device;object=twice"), &err), &err);
    assert_ok(key_destroy_at_uri(key_uri(first), &err), &err);
    assert_ok(key_destroy_at_uri(key_uri(first), &err), &err);
    assert_refused(key_uri(first), RESULT_NOT_FOUND, "key_missing", "no private key");
    assert_ok(key_open_uri(token_uri("token=device;object=twice"), &found, &err), &err);
    assert_bytes_equal(key_public(found), key_public(second));
    assert_signs(second);
}

static void another_owner_keeps_the_key(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(token_uri("token=device;object=shared"), KEY_P256);
    AUTO(key_free_at) struct key *shared = key_share(key);
    key_free_at(&key);
    assert_signs(shared);
}

// --- what is refused -------------------------------------------------------------------------

static void a_missing_module_token_or_key_is_named(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *kept = make(token_uri("token=other;object=k"), KEY_P256);
    char uri[512];
    assert_refused("pkcs11:token=device;object=k?module-path=/nowhere/m.so", RESULT_NOT_FOUND,
                   "token_module", "module-path");
    (void)snprintf(uri, sizeof(uri), "pkcs11:token=device?module-path=%s",
                   in_token_folder("pin"));
    assert_refused(uri, RESULT_NOT_FOUND, "token_module", "module");
    assert_refused(token_uri("token=nobody;object=k"), RESULT_NOT_FOUND, "token_missing",
                   "\"device\"");
    assert_refused(token_uri("object=k"), RESULT_CONFLICT, "token_several", "\"other\"");
    assert_refused(token_uri("token=other;object=nobody"), RESULT_NOT_FOUND, "key_missing",
                   "list-objects");
    assert_refused(token_uri("token=other;id=%99"), RESULT_NOT_FOUND, "key_missing",
                   "list-objects");
}

static void root_loads_only_a_module_of_roots(void **state) {
    (void)state;
    char uri[512];
    struct error err = {0};
    AUTO(key_free_at) struct key *key = NULL;
    if (geteuid() != 0) {
        skip(); // others load what they like
    }
    run_command("mkdir %s/lib && cp " FAULTY_MODULE " %s/lib/m.so", token_folder, token_folder);
    run_command("ln -s lib/m.so %s/link.so", token_folder);
    (void)snprintf(uri, sizeof(uri),
                   "pkcs11:token=device;object=mine?module-path=%s/link.so&pin-source=file:%s",
                   token_folder, in_token_folder("pin"));
    static const struct {
        const char *spoil, *cure, *path;
    } cases[] = {{"chown 12345", "chown 0", "lib"},
                 {"chmod g+w", "chmod go-w", "lib"},
                 {"chown 12345", "chown 0", "lib/m.so"},
                 {"chmod o+w", "chmod go-w", "lib/m.so"}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        run_command("%s %s/%s", cases[i].spoil, token_folder, cases[i].path);
        assert_refused(uri, RESULT_DENIED, "token_module", cases[i].cure);
        run_command("%s %s/%s", cases[i].cure, token_folder, cases[i].path);
    }
    assert_ok(key_make_at_uri(uri, KEY_P256, &key, &err), &err);
}

static void a_wrong_pin_is_refused_and_never_shown(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(token_uri("token=other;object=pin"), KEY_P256);
    key_free_at(&key);
    write_token_file("pin", "987654\n");
    assert_refused(token_uri("token=other;object=pin"), RESULT_DENIED, "pin_wrong",
                   "pin-source");
    write_token_file("pin", "\n");
    AUTO(key_free_at) struct key *none = NULL;
    struct error err = {0};
    assert_result(RESULT_INVALID,
                  key_open_uri(token_uri("token=other;object=pin"), &none, &err), &err);
    assert_string_equal(err.code, "pin_needed");
    write_token_file("pin", TOKEN_PIN "\n");
    assert_int_equal(chmod(in_token_folder("pin"), 0644), 0);
    assert_refused(token_uri("token=other;object=pin"), RESULT_DENIED, "not_private", "chmod");
    write_token_file("pin", TOKEN_PIN);
    set_fault("pin-locked");
    assert_refused(token_uri("token=other;object=pin"), RESULT_DENIED, "pin_locked",
                   "--init-pin");
    set_fault("last-try");
    assert_refused(token_uri("token=other;object=pin"), RESULT_DENIED, "pin_last_try",
                   "left to you");
    set_fault("");
    assert_ok(key_open_uri(token_uri("token=other;object=pin"), &key, &err), &err);
}

static int times_asked;
static const char *typed;

static enum result type_pin(const char *question, struct buf *out_pin, struct error *err) {
    (void)err;
    assert_string_equal(question, "PIN of the token \"other\": ");
    times_asked++;
    return buf_append_string(out_pin, typed);
}

static void a_person_is_asked_once(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = NULL, *second = NULL;
    struct error err = {0};
    const char *uri = "pkcs11:token=other;object=asked?module-path=" FAULTY_MODULE;
    key = make(token_uri("token=other;object=asked"), KEY_P256);
    key_free_at(&key);
    assert_refused(uri, RESULT_DENIED, "pin_needed", "pin-source=file:");
    key_pin_prompt_set(type_pin);
    typed = "0000";
    assert_refused(uri, RESULT_DENIED, "pin_wrong", "Correct");
    assert_int_equal(times_asked, 1);
    typed = TOKEN_PIN;
    assert_ok(key_open_uri(uri, &key, &err), &err);
    assert_ok(key_open_uri(uri, &second, &err), &err);
    assert_int_equal(times_asked, 2);
    // A session that ended is opened again without asking.
    set_fault("session-lost");
    assert_signs(key);
    assert_signs(second);
    assert_int_equal(times_asked, 2);
    // A person may spend the last try.
    key_free_at(&key);
    key_free_at(&second);
    set_fault("last-try");
    assert_ok(key_open_uri(uri, &key, &err), &err);
    set_fault("");
    key_pin_prompt_set(NULL);
}

static void keys_that_may_not_sign_or_are_of_other_kinds_are_refused(void **state) {
    (void)state;
    static const char *const tool =
        "pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label other --login "
        "--pin " TOKEN_PIN " --keypairgen";
    run_command("%s --key-type RSA:2048 --usage-sign --label signs >/dev/null 2>&1", tool);
    set_fault("no-sign");
    assert_refused(token_uri("token=other;object=signs"), RESULT_DENIED, "key_no_sign",
                   "CKA_SIGN");
    set_fault("");
    run_command("%s --key-type RSA:1024 --usage-sign --label weak >/dev/null 2>&1", tool);
    assert_refused(token_uri("token=other;object=weak"), RESULT_INVALID, "key_weak", "2048");
    run_command("%s --key-type EC:secp521r1 --usage-sign --label p521 >/dev/null 2>&1", tool);
    assert_refused(token_uri("token=other;object=p521"), RESULT_INVALID, "key_no_public",
                   "P-256, P-384");
    run_command(
        "%s --key-type EC:prime256v1 --usage-sign --label always --always-auth >/dev/null "
        "2>&1",
        tool);
    AUTO(key_free_at) struct key *key = NULL;
    struct error err = {0};
    assert_ok(key_open_uri(token_uri("token=other;object=always"), &key, &err), &err);
    assert_signs(key);
    assert_signs(key);
}

static void a_mechanism_that_the_token_lacks_is_named(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = NULL;
    struct error err = {0};
    set_fault("no-mechanism");
    assert_result(RESULT_INVALID,
                  key_make_at_uri(token_uri("token=other;object=x"), KEY_ED25519, &key, &err),
                  &err);
    assert_string_equal(err.code, "token_mechanism");
    assert_non_null(strstr(err.message, "ed25519"));
    set_fault("");
}

// --- tokens that go away ---------------------------------------------------------------------

static void assert_unavailable(const struct key *key, const char *part) {
    AUTO(buf_clear) struct buf signature = {0};
    struct error err = {0};
    buf_init(&signature, 1024);
    assert_result(RESULT_UNAVAILABLE,
                  key_sign(key, BYTES_LITERAL("to be signed"), &signature, &err), &err);
    assert_string_equal(err.code, "key_unavailable");
    assert_non_null(strstr(err.message, part));
    assert_int_equal(signature.size, 0);
}

static void a_token_that_comes_back_signs_again(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(token_uri("token=device;object=back"), KEY_P256);
    AUTO(key_free_at)
    struct key *second = make(token_uri("token=device;object=back2"), KEY_RSA2048);
    set_fault("session-lost");
    assert_signs(key);
    assert_signs(second);
    set_fault("removed");
    assert_unavailable(key, "no token fits");
    assert_unavailable(second, "no token fits");
    set_fault("broken");
    assert_unavailable(key, "0x6");
    set_fault("");
    assert_signs(key);
    assert_signs(second);
}

static int64_t milliseconds;

static int64_t tell_milliseconds(void) {
    return milliseconds;
}

// SoftHSM looks for tokens only when it begins: it begins anew, but not at every try.
static void a_token_whose_files_come_back_signs_again(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(token_uri("token=device;object=file"), KEY_P256);
    AUTO(key_free_at) struct key *other = make(token_uri("token=other;object=file"), KEY_P256);
    milliseconds = INT64_C(1) << 40; // long after whatever was tried before
    clock_use_sources(NULL, tell_milliseconds);
    run_command("mv %s %s", in_token_folder("tokens"), in_token_folder("away"));
    run_command("mkdir %s", in_token_folder("tokens"));
    assert_unavailable(key, "no token fits");
    assert_unavailable(other, "no token fits");
    run_command("rmdir %s", in_token_folder("tokens"));
    run_command("mv %s %s", in_token_folder("away"), in_token_folder("tokens"));
    milliseconds += 1000 * LIMIT_TOKEN_MODULE_SECONDS - 1;
    assert_unavailable(key, "no token fits");
    milliseconds += 1;
    assert_signs(key);
    assert_signs(other);
    assert_signs(key);
    clock_use_sources(NULL, NULL);
}

static void a_pin_that_was_changed_meanwhile_is_read_anew(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(token_uri("token=device;object=pin"), KEY_P256);
    write_token_file("pin", "000000\n");
    set_fault("session-lost");
    assert_unavailable(key, "refused the PIN");
    write_token_file("pin", TOKEN_PIN "\n");
    assert_signs(key);
}

// --- keys that want the PIN at each use ------------------------------------------------------

static void make_key_of_each_time(const char *label, struct key **out_key) {
    struct error err = {0};
    char path[64];
    run_command("pkcs11-tool --module /usr/lib/softhsm/libsofthsm2.so --token-label other "
                "--login --pin " TOKEN_PIN " --keypairgen --key-type EC:prime256v1 "
                "--usage-sign --always-auth --label %s >/dev/null 2>&1",
                label);
    (void)snprintf(path, sizeof(path), "token=other;object=%s", label);
    assert_ok(key_open_uri(token_uri(path), out_key, &err), &err);
}

static void a_refused_pin_leaves_no_signature_begun(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(key_free_at) struct key *plain = make(token_uri("token=other;object=p"), KEY_P256);
    make_key_of_each_time("each", &key);
    write_token_file("pin", "000000\n");
    assert_unavailable(key, "refused the PIN");
    // Its neighbour is still logged in, and wants no PIN.
    assert_signs(plain);
    assert_unavailable(key, "refused the PIN");
    write_token_file("pin", TOKEN_PIN "\n");
    assert_signs(key);
    assert_int_equal(unlink(in_token_folder("pin")), 0);
    assert_unavailable(key, "No such file");
    assert_signs(plain);
    write_token_file("pin", TOKEN_PIN "\n");
    assert_signs(key);
    assert_signs(plain);
}

static void a_wrong_pin_is_tried_once_and_the_last_try_is_left(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = NULL;
    make_key_of_each_time("counted", &key);
    set_fault("counts");
    write_token_file("pin", "000000\n");
    assert_unavailable(key, "refused the PIN");
    for (int i = 0; i < 5; i++) {
        assert_unavailable(key, "refused the PIN before; it is not tried again");
    }
    // Two tries are left, and the first of them is right: the token counts anew.
    write_token_file("pin", TOKEN_PIN "\n");
    assert_signs(key);
    write_token_file("pin", "000001\n");
    assert_unavailable(key, "refused the PIN");
    write_token_file("pin", "000002\n");
    assert_unavailable(key, "refused the PIN");
    write_token_file("pin", "000003\n");
    assert_unavailable(key, "allows one more try");
    write_token_file("pin", TOKEN_PIN "\n");
    assert_unavailable(key, "allows one more try");
    set_fault("");
    assert_signs(key);
}

static void set_time_of_pin(time_t seconds) {
    const struct timespec times[2] = {{.tv_sec = seconds}, {.tv_sec = seconds}};
    assert_int_equal(utimensat(AT_FDCWD, in_token_folder("pin"), times, 0), 0);
}

// Opening and freeing keys does not make the program forget; another time of the file does.
static void a_wrong_pin_is_known_again_by_its_file(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(token_uri("token=other;object=time"), KEY_P256);
    key_free_at(&key);
    const char *uri = token_uri("token=other;object=time");
    write_token_file("pin", "000000\n");
    set_time_of_pin(1000000000);
    set_fault("counts");
    assert_refused(uri, RESULT_DENIED, "pin_wrong", "the token \"other\" refused the PIN");
    assert_refused(uri, RESULT_DENIED, "pin_wrong", "it is not tried again");
    assert_refused(uri, RESULT_DENIED, "pin_wrong", "when the file has changed");
    set_time_of_pin(1000000001);
    assert_refused(uri, RESULT_DENIED, "pin_wrong", "One try is left");
    assert_refused(uri, RESULT_DENIED, "pin_wrong", "it is not tried again");
    write_token_file("pin", TOKEN_PIN "\n");
    set_fault("");
    key = make(token_uri("token=other;object=time2"), KEY_P256);
    assert_signs(key);
}

static void a_signature_that_somebody_left_begun_is_no_hindrance(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(token_uri("token=device;object=open"), KEY_P256);
    set_fault("left-open");
    assert_signs(key);
    assert_signs(key);
}

static void another_key_of_the_same_name_does_not_sign(void **state) {
    (void)state;
    AUTO(key_free_at)
    struct key *key = make(token_uri("token=device;object=same;id=%77"), KEY_P256);
    AUTO(key_free_at) struct key *other = NULL;
    struct error err = {0};
    assert_ok(key_destroy_at_uri(key_uri(key), &err), &err);
    other = make(token_uri("token=device;object=same;id=%77"), KEY_P256);
    set_fault("session-lost");
    assert_unavailable(key, "another key");
    assert_signs(other);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris_are_read_strictly),
        cmocka_unit_test(a_pin_before_the_query_is_refused_and_not_repeated),
        cmocka_unit_test(a_uri_of_any_length_is_no_key),
        cmocka_unit_test(a_uri_for_a_new_key_has_an_id_of_its_own),
        cmocka_unit_test(a_key_made_on_a_token_signs_and_is_found_again),
        cmocka_unit_test(pss_signatures_are_what_another_implementation_takes),
        cmocka_unit_test(the_private_part_never_leaves),
        cmocka_unit_test(a_file_may_say_where_the_key_is),
        cmocka_unit_test(a_key_that_is_there_is_used_and_one_that_is_not_is_made),
        cmocka_unit_test(a_removed_key_is_gone_and_its_namesake_stays),
        cmocka_unit_test(another_owner_keeps_the_key),
        cmocka_unit_test(a_missing_module_token_or_key_is_named),
        cmocka_unit_test(root_loads_only_a_module_of_roots),
        cmocka_unit_test(a_wrong_pin_is_refused_and_never_shown),
        cmocka_unit_test(a_person_is_asked_once),
        cmocka_unit_test(keys_that_may_not_sign_or_are_of_other_kinds_are_refused),
        cmocka_unit_test(a_mechanism_that_the_token_lacks_is_named),
        cmocka_unit_test(a_token_that_comes_back_signs_again),
        cmocka_unit_test(a_token_whose_files_come_back_signs_again),
        cmocka_unit_test(a_pin_that_was_changed_meanwhile_is_read_anew),
        cmocka_unit_test(a_refused_pin_leaves_no_signature_begun),
        cmocka_unit_test(a_wrong_pin_is_tried_once_and_the_last_try_is_left),
        cmocka_unit_test(a_wrong_pin_is_known_again_by_its_file),
        cmocka_unit_test(a_signature_that_somebody_left_begun_is_no_hindrance),
        cmocka_unit_test(another_key_of_the_same_name_does_not_sign),
    };
    return cmocka_run_group_tests(tests, make_tokens, remove_tokens);
}
