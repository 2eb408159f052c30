// Keys: made, saved, loaded from what OpenSSL writes, checked, signing and verifying.
// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/x509_fixture.h"

#include <stdlib.h>
#include <unistd.h>

#include "x509/der.h"
#include "x509/long_message.h"

static struct key *make(enum key_algorithm algorithm) {
    struct key *key = NULL;
    struct error err = {0};
    assert_ok(key_generate(algorithm, &key, &err), &err);
    return key;
}

static enum result load(const char *name, const char *passphrase, struct key **out_key,
                        struct error *err) {
    AUTO(buf_clear) struct buf pem = {0};
    read_data(name, &pem);
    return key_load_pem(buf_bytes(&pem), passphrase, out_key, err);
}

static void sign(const struct key *key, struct bytes message, struct buf *out) {
    struct error err = {0};
    buf_init(out, 1024);
    assert_ok(key_sign(key, message, out, &err), &err);
}

static void algorithms_have_names(void **state) {
    (void)state;
    for (int i = 0; i < KEY_ALGORITHM_COUNT; i++) {
        enum key_algorithm algorithm = KEY_ALGORITHM_COUNT;
        assert_true(
            key_algorithm_from_name(key_algorithm_name((enum key_algorithm)i), &algorithm));
        assert_int_equal(algorithm, i);
    }
    enum key_algorithm algorithm = KEY_P384;
    assert_false(key_algorithm_from_name("P256", &algorithm));
    assert_false(key_algorithm_from_name("rsa1024", &algorithm));
    assert_int_equal(algorithm, KEY_P384);
}

static const enum key_algorithm quick[] = {KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA2048};
#define QUICK_COUNT (sizeof(quick) / sizeof(quick[0]))

static void a_made_key_signs_and_survives_saving(void **state) {
    (void)state;
    for (size_t i = 0; i < QUICK_COUNT; i++) {
        AUTO(key_free_at) struct key *key = make(quick[i]), *loaded = NULL;
        AUTO(buf_clear) struct buf der = {0}, pem = {0}, signature = {0};
        struct error err = {0};
        enum key_algorithm algorithm = KEY_ALGORITHM_COUNT;
        buf_init_secret(&der, LIMIT_KEY_FILE_BYTES);
        buf_init_secret(&pem, LIMIT_KEY_FILE_BYTES);
        assert_ok(public_key_check(key_public(key), &algorithm, &err), &err);
        assert_int_equal(algorithm, quick[i]);
        assert_int_equal(key_algorithm(key), quick[i]);
        assert_int_equal(key_save_pkcs8(key, &der), RESULT_OK);
        assert_ok(key_load_pkcs8(buf_bytes(&der), &loaded, &err), &err);
        assert_bytes_equal(key_public(loaded), key_public(key));
        sign(loaded, BYTES_LITERAL("message"), &signature);
        assert_ok(public_key_verify(key_public(key), key_signature_algorithm(key),
                                    BYTES_LITERAL("message"), buf_bytes(&signature), &err),
                  &err);
        key_free_at(&loaded);
        assert_ok(key_save_pem(key, NULL, &pem, &err), &err);
        assert_ok(key_load_pem(buf_bytes(&pem), NULL, &loaded, &err), &err);
        assert_bytes_equal(key_public(loaded), key_public(key));
    }
}

static void larger_rsa_keys_work(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(KEY_RSA3072);
    AUTO(buf_clear) struct buf signature = {0};
    struct error err = {0};
    enum key_algorithm algorithm = KEY_ALGORITHM_COUNT;
    assert_ok(public_key_check(key_public(key), &algorithm, &err), &err);
    assert_int_equal(algorithm, KEY_RSA3072);
    sign(key, BYTES_LITERAL("message"), &signature);
    assert_int_equal(signature.size, 384);
    assert_ok(public_key_verify(key_public(key), key_signature_algorithm(key),
                                BYTES_LITERAL("message"), buf_bytes(&signature), &err),
              &err);
}

static void a_passphrase_protects_a_saved_key(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(KEY_P256), *loaded = NULL;
    AUTO(buf_clear) struct buf pem = {0};
    struct error err = {0};
    buf_init_secret(&pem, LIMIT_KEY_FILE_BYTES);
    assert_ok(key_save_pem(key, "secret", &pem, &err), &err);
    assert_true(text_starts_with(buf_string(&pem), "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    assert_result(RESULT_DENIED, key_load_pem(buf_bytes(&pem), NULL, &loaded, &err), &err);
    assert_string_equal(err.code, "passphrase_needed");
    assert_result(RESULT_DENIED, key_load_pem(buf_bytes(&pem), "Secret", &loaded, &err), &err);
    assert_string_equal(err.code, "passphrase_wrong");
    assert_result(RESULT_DENIED, key_load_pem(buf_bytes(&pem), "", &loaded, &err), &err);
    assert_null(loaded);
    assert_ok(key_load_pem(buf_bytes(&pem), "secret", &loaded, &err), &err);
    assert_bytes_equal(key_public(loaded), key_public(key));
    assert_result(RESULT_INVALID, key_save_pem(key, "", &pem, &err), &err);
}

static void keys_that_openssl_writes_are_loaded(void **state) {
    (void)state;
    static const struct {
        const char *file, *passphrase;
        enum key_algorithm algorithm;
    } cases[] = {
        {"genrsa-2048.key", NULL, KEY_RSA2048},
        {"genrsa-2048-traditional.key", NULL, KEY_RSA2048},
        {"ecparam-p256.key", NULL, KEY_P256},
        {"ecparam-p384.key", NULL, KEY_P384},
        {"genpkey-p256.key", NULL, KEY_P256},
        {"genpkey-p256.key", "not needed", KEY_P256},
        {"genpkey-ed25519.key", NULL, KEY_ED25519},
        {"genpkey-p256-aes256.key", "secret", KEY_P256},
        {"req-newkey-rsa2048.key", "secret", KEY_RSA2048}, // triple DES
        {"p256-aes128-sha1.key", "secret", KEY_P256},
        {"p256-aes256-sha384.key", "secret", KEY_P256},
        {"p256-aes256-sha512.key", "secret", KEY_P256},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(key_free_at) struct key *key = NULL;
        struct error err = {0};
        print_message("%s\n", cases[i].file);
        assert_ok(load(cases[i].file, cases[i].passphrase, &key, &err), &err);
        assert_int_equal(key_algorithm(key), cases[i].algorithm);
    }
}

static void the_public_part_is_that_of_openssl(void **state) {
    (void)state;
    static const char *const names[] = {"genrsa-2048", "genpkey-p256", "genpkey-ed25519"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        AUTO(key_free_at) struct key *key = NULL;
        AUTO(buf_clear) struct buf spki = {0};
        struct error err = {0};
        char file[64];
        snprintf(file, sizeof(file), "%s.key", names[i]);
        assert_ok(load(file, NULL, &key, &err), &err);
        snprintf(file, sizeof(file), "%s.pub", names[i]);
        read_data_der(file, &spki);
        assert_bytes_equal(key_public(key), buf_bytes(&spki));
    }
}

static void keys_of_other_kinds_are_refused_with_the_reason(void **state) {
    (void)state;
    static const struct {
        const char *file, *passphrase;
        enum result expected;
        const char *code;
    } cases[] = {
        {"rsa-1024.key", NULL, RESULT_INVALID, "key_weak"},
        {"rsa-exponent-3.key", NULL, RESULT_INVALID, "key_weak"},
        {"p521.key", NULL, RESULT_INVALID, "key_unknown"},
        {"secp256k1.key", NULL, RESULT_INVALID, "key_unknown"},
        {"p256-explicit.key", NULL, RESULT_INVALID, "key_unknown"},
        {"ed448.key", NULL, RESULT_INVALID, "key_unknown"},
        {"p256-scrypt.key", "secret", RESULT_INVALID, "key_encryption_unknown"},
        {"p256-pbes1.key", "secret", RESULT_INVALID, "key_encryption_unknown"},
        {"p256-traditional-encrypted.key", "secret", RESULT_INVALID, "key_encryption_unknown"},
        {"req-newkey-rsa2048.key", "wrong", RESULT_DENIED, "passphrase_wrong"},
        {"req-newkey-rsa2048.key", NULL, RESULT_DENIED, "passphrase_needed"},
        {"genpkey-p256.pub", NULL, RESULT_INVALID, "invalid"},
        {"openssl-root.crt", NULL, RESULT_INVALID, "invalid"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(key_free_at) struct key *key = NULL;
        struct error err = {0};
        print_message("%s\n", cases[i].file);
        assert_result(cases[i].expected, load(cases[i].file, cases[i].passphrase, &key, &err),
                      &err);
        assert_string_equal(err.code, cases[i].code);
        assert_null(key);
        if (strcmp(cases[i].code, "key_encryption_unknown") == 0) {
            assert_non_null(strstr(err.hint, "openssl pkcs8 -topk8"));
        }
    }
}

static void too_many_iterations_are_refused_before_they_are_made(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0}, pem = {0};
    AUTO(key_free_at) struct key *key = NULL;
    struct error err = {0};
    read_data_der("genpkey-p256-aes256.key", &der);
    buf_init(&pem, LIMIT_KEY_FILE_BYTES);
    // INTEGER 2048 of OpenSSL becomes, with two octets of the salt, one of four octets.
    bool is_changed = false;
    for (size_t i = 0; i + 14 < der.size && !is_changed; i++) {
        if (memcmp(der.data + i, "\x04\x08", 2) == 0 &&
            memcmp(der.data + i + 10, "\x02\x02\x08\x00", 4) == 0) {
            memcpy(der.data + i, "\x04\x06", 2);
            memcpy(der.data + i + 8, "\x02\x04\x7f\xff\xff\xff", 6);
            is_changed = true;
        }
    }
    assert_true(is_changed);
    assert_int_equal(pem_encode("ENCRYPTED PRIVATE KEY", buf_bytes(&der), &pem), RESULT_OK);
    assert_result(RESULT_INVALID, key_load_pem(buf_bytes(&pem), "secret", &key, &err), &err);
    assert_non_null(strstr(err.message, "iterations"));
}

// Every byte of the private key's DER is changed once.
static void an_ec_key_with_any_byte_changed_is_refused(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    AUTO(key_free_at) struct key *whole = NULL;
    struct error err = {0};
    read_data_der("genpkey-p256.key", &der);
    assert_ok(key_load_pkcs8(buf_bytes(&der), &whole, &err), &err);
    for (size_t i = 0; i < der.size; i++) {
        AUTO(key_free_at) struct key *key = NULL;
        der.data[i] ^= 0x02;
        assert_result(RESULT_INVALID, key_load_pkcs8(buf_bytes(&der), &key, &err), &err);
        der.data[i] ^= 0x02;
    }
}

static void a_damaged_rsa_key_is_found_when_it_is_loaded(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf der = {0};
    struct error err = {0};
    read_data_der("genrsa-2048.key", &der);
    // Bytes within modulus, private exponent, primes and coefficients.
    for (size_t i = 60; i + 20 < der.size; i += 97) {
        AUTO(key_free_at) struct key *key = NULL;
        der.data[i] ^= 0x10;
        enum result result = key_load_pkcs8(buf_bytes(&der), &key, &err);
        der.data[i] ^= 0x10;
        // The private exponent itself is not used where the primes are there.
        if (result == RESULT_OK) {
            AUTO(buf_clear) struct buf signature = {0};
            sign(key, BYTES_LITERAL("x"), &signature);
            assert_ok(public_key_verify(key_public(key), key_signature_algorithm(key),
                                        BYTES_LITERAL("x"), buf_bytes(&signature), &err),
                      &err);
        } else {
            assert_int_equal(result, RESULT_INVALID);
        }
    }
}

static void public_keys_are_checked(void **state) {
    (void)state;
    static const struct {
        const char *file, *code; // NULL: fine
    } cases[] = {
        {"genpkey-p256.pub", NULL},
        {"genrsa-2048.pub", NULL},
        {"genpkey-ed25519.pub", NULL},
        {"rsa-1024.pub", "key_weak"},
        {"rsa-exponent-3.pub", "key_weak"},
        {"secp256k1.pub", "key_unknown"},
        {"p521.pub", "key_unknown"},
        {"p256-explicit.pub", "key_unknown"},
        {"p256-compressed.pub", "key_unknown"},
        {"ed448.pub", "key_unknown"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf spki = {0};
        struct error err = {0};
        enum key_algorithm algorithm = KEY_ALGORITHM_COUNT;
        read_data_der(cases[i].file, &spki);
        print_message("%s\n", cases[i].file);
        enum result expected = cases[i].code == NULL ? RESULT_OK : RESULT_INVALID;
        assert_result(expected, public_key_check(buf_bytes(&spki), &algorithm, &err), &err);
        if (cases[i].code != NULL) {
            assert_string_equal(err.code, cases[i].code);
        }
    }
}

static void a_point_off_the_curve_is_refused(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf spki = {0}, signature = {0};
    struct error err = {0};
    enum key_algorithm algorithm = KEY_ALGORITHM_COUNT;
    buf_init(&signature, 16);
    read_data_der("genpkey-p256.pub", &spki);
    spki.data[spki.size - 1] ^= 0x01;
    assert_result(RESULT_INVALID, public_key_check(buf_bytes(&spki), &algorithm, &err), &err);
    assert_string_equal(err.code, "key_weak");
    static const uint8_t ecdsa[] = {0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86,
                                    0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
    assert_result(RESULT_INVALID,
                  public_key_verify(buf_bytes(&spki), bytes_of(ecdsa, sizeof(ecdsa)),
                                    BYTES_LITERAL("x"), BYTES_LITERAL("y"), &err),
                  &err);
    // Coordinates that are not reduced: (p, y) is no encoding of (0, y).
    memset(spki.data + spki.size - 64, 0xff, 64);
    assert_result(RESULT_INVALID, public_key_check(buf_bytes(&spki), &algorithm, &err), &err);
}

static void weak_ed25519_keys_are_refused(void **state) {
    (void)state;
    static const char *const points[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "0700000000000000000000000000000000000000000000000000000000000000", // no point
    };
    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        AUTO(buf_clear) struct buf spki = {0};
        struct error err = {0};
        enum key_algorithm algorithm = KEY_ALGORITHM_COUNT;
        buf_init(&spki, 64);
        append_hex(&spki, "302a300506032b6570032100");
        append_hex(&spki, points[i]);
        assert_result(RESULT_INVALID, public_key_check(buf_bytes(&spki), &algorithm, &err),
                      &err);
        assert_string_equal(err.code, "key_weak");
    }
}

static void a_changed_message_or_signature_is_denied(void **state) {
    (void)state;
    for (size_t i = 0; i < QUICK_COUNT; i++) {
        AUTO(key_free_at) struct key *key = make(quick[i]), *other = make(KEY_P256);
        AUTO(buf_clear) struct buf signature = {0};
        struct error err = {0};
        sign(key, BYTES_LITERAL("message"), &signature);
        struct bytes algorithm = key_signature_algorithm(key), spki = key_public(key);
        assert_result(RESULT_DENIED,
                      public_key_verify(spki, algorithm, BYTES_LITERAL("messagf"),
                                        buf_bytes(&signature), &err),
                      &err);
        assert_string_equal(err.code, "signature_wrong");
        for (size_t k = 0; k < signature.size; k++) {
            signature.data[k] ^= 0x01;
            assert_result(RESULT_DENIED,
                          public_key_verify(spki, algorithm, BYTES_LITERAL("message"),
                                            buf_bytes(&signature), &err),
                          &err);
            signature.data[k] ^= 0x01;
        }
        if (quick[i] == KEY_P256) {
            assert_result(RESULT_DENIED,
                          public_key_verify(key_public(other), algorithm,
                                            BYTES_LITERAL("message"), buf_bytes(&signature),
                                            &err),
                          &err);
        }
        // One byte too many, one too few, none.
        assert_int_equal(buf_append_byte(&signature, 0), RESULT_OK);
        struct bytes longer = buf_bytes(&signature);
        struct bytes cases[] = {longer, bytes_slice(longer, 0, longer.size - 2), {0}};
        for (size_t k = 0; k < 3; k++) {
            assert_result(
                RESULT_DENIED,
                public_key_verify(spki, algorithm, BYTES_LITERAL("message"), cases[k], &err),
                &err);
        }
    }
}

static void an_ecdsa_signature_has_one_encoding(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(KEY_P256);
    AUTO(buf_clear) struct buf signature = {0}, padded = {0};
    struct error err = {0};
    struct der der = {0}, inside = {0};
    struct bytes r = {0}, s = {0};
    size_t mark = 0;
    sign(key, BYTES_LITERAL("message"), &signature);
    der = der_of(buf_bytes(&signature));
    assert_ok(der_enter(&der, DER_SEQUENCE, &inside, &err), &err);
    assert_ok(der_read_unsigned(&inside, &r, &err), &err);
    assert_ok(der_read_unsigned(&inside, &s, &err), &err);
    assert_ok(der_expect_end(&inside, &err), &err);
    // The same numbers with a needless zero in front of r.
    buf_init(&padded, 256);
    assert_int_equal(der_begin(&padded, DER_SEQUENCE, &mark), RESULT_OK);
    size_t number = 0;
    assert_int_equal(der_begin(&padded, DER_INTEGER, &number), RESULT_OK);
    assert_int_equal(buf_append(&padded, BYTES_LITERAL("\0\0")), RESULT_OK);
    assert_int_equal(buf_append(&padded, r), RESULT_OK);
    assert_int_equal(der_end(&padded, number), RESULT_OK);
    assert_int_equal(der_write_unsigned(&padded, DER_INTEGER, s), RESULT_OK);
    assert_int_equal(der_end(&padded, mark), RESULT_OK);
    assert_result(RESULT_DENIED,
                  public_key_verify(key_public(key), key_signature_algorithm(key),
                                    BYTES_LITERAL("message"), buf_bytes(&padded), &err),
                  &err);
}

static void signature_algorithms_must_be_known_and_fit_the_key(void **state) {
    (void)state;
    static const struct {
        const char *what, *hex;
        enum result expected;
    } cases[] = {
        {"ECDSA with SHA-256", "300a06082a8648ce3d040302", RESULT_OK},
        {"ECDSA with SHA-384: another digest", "300a06082a8648ce3d040303", RESULT_DENIED},
        {"ECDSA with SHA-1", "300906072a8648ce3d0401", RESULT_INVALID},
        {"ECDSA with SHA-256 and NULL", "300c06082a8648ce3d0403020500", RESULT_INVALID},
        {"RSA with SHA-256", "300d06092a864886f70d01010b0500", RESULT_INVALID},
        {"RSA with SHA-1", "300d06092a864886f70d0101050500", RESULT_INVALID},
        {"RSA with MD5", "300d06092a864886f70d0101040500", RESULT_INVALID},
        {"Ed25519", "300506032b6570", RESULT_INVALID},
        {"trailing byte", "300a06082a8648ce3d04030200", RESULT_INVALID},
        {"nothing", "", RESULT_INVALID},
    };
    AUTO(key_free_at) struct key *key = make(KEY_P256);
    AUTO(buf_clear) struct buf signature = {0};
    sign(key, BYTES_LITERAL("message"), &signature);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(buf_clear) struct buf algorithm = {0};
        struct error err = {0};
        buf_init(&algorithm, 64);
        append_hex(&algorithm, cases[i].hex);
        print_message("%s\n", cases[i].what);
        assert_result(cases[i].expected,
                      public_key_verify(key_public(key), buf_bytes(&algorithm),
                                        BYTES_LITERAL("message"), buf_bytes(&signature), &err),
                      &err);
    }
}

static void a_key_file_must_be_private(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = NULL;
    AUTO(buf_clear) struct buf pem = {0}, path = {0};
    struct error err = {0};
    char folder[] = "/tmp/test_key_XXXXXX";
    assert_non_null(mkdtemp(folder));
    buf_init(&path, 256);
    assert_int_equal(path_join(&path, folder, "x.key"), RESULT_OK);
    read_data("genpkey-p256.key", &pem);
    assert_ok(file_replace(buf_string(&path), buf_bytes(&pem), 0644, &err), &err);
    assert_result(RESULT_DENIED, key_load_file(buf_string(&path), NULL, &key, &err), &err);
    assert_ok(file_replace(buf_string(&path), buf_bytes(&pem), 0600, &err), &err);
    assert_ok(key_load_file(buf_string(&path), NULL, &key, &err), &err);
    assert_int_equal(key_algorithm(key), KEY_P256);
    (void)unlink(buf_string(&path));
    assert_result(RESULT_NOT_FOUND, key_load_file(buf_string(&path), NULL, &key, &err), &err);
    (void)rmdir(folder);
}

static void the_key_identifier_is_the_sha1_of_the_bits(void **state) {
    (void)state;
    AUTO(key_free_at) struct key *key = make(KEY_P256);
    struct error err = {0};
    uint8_t identifier[SHA1_SIZE], expected[SHA1_SIZE];
    struct bytes bits = {0};
    assert_ok(public_key_bits(key_public(key), &bits, &err), &err);
    assert_int_equal(bits.size, 65);
    assert_int_equal(hash_sha1(bits, expected), RESULT_OK);
    assert_int_equal(public_key_identifier(key_public(key), identifier), RESULT_OK);
    assert_memory_equal(identifier, expected, SHA1_SIZE);
    assert_int_equal(public_key_identifier(BYTES_LITERAL("\x30\x00"), identifier),
                     RESULT_INVALID);
}

static void digests_are_those_of_the_standards(void **state) {
    (void)state;
    AUTO(buf_clear) struct buf hex = {0};
    uint8_t digest[SHA256_SIZE];
    buf_init(&hex, 64);
    assert_int_equal(hash_sha256_hex(BYTES_LITERAL("abc"), &hex), RESULT_OK);
    assert_string_equal(buf_string(&hex),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_int_equal(hash_sha256((struct bytes){0}, digest), RESULT_OK);
    assert_hex(bytes_of(digest, SHA256_SIZE),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_int_equal(hash_sha1(BYTES_LITERAL("abc"), digest), RESULT_OK);
    assert_hex(bytes_of(digest, SHA1_SIZE), "a9993e364706816aba3e25717850c26c9cd0d89d");
    // RFC 4231, case 2.
    assert_int_equal(hash_hmac_sha256(BYTES_LITERAL("Jefe"),
                                      BYTES_LITERAL("what do ya want for nothing?"), digest),
                     RESULT_OK);
    assert_hex(bytes_of(digest, SHA256_SIZE),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void a_code_is_made_from_the_whole_key(void **state) {
    (void)state;
    char code[PUBLIC_KEY_CODE_SIZE];
    // Computed by Python's hashlib.
    assert_int_equal(RESULT_OK, public_key_code(BYTES_LITERAL("abc"), code));
    assert_string_equal("5CBK-CVEA", code);
    assert_int_equal(RESULT_OK, public_key_code(BYTES_LITERAL("abd"), code));
    assert_string_not_equal("5CBK-CVEA", code);
}

static void a_message_in_pieces_is_signed_as_the_whole_one(void **state) {
    (void)state;
    static const struct {
        enum key_algorithm algorithm;
        bool is_hashed;
    } cases[] = {{KEY_P256, true}, {KEY_P384, true}, {KEY_RSA2048, true}, {KEY_ED25519, false}};
    struct error err = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        AUTO(key_free_at) struct key *key = NULL;
        AUTO(long_message_free_at) struct long_message *signs = NULL, *verifies = NULL;
        AUTO(buf_clear) struct buf signature = {0};
        buf_init(&signature, 1024);
        assert_ok(key_generate(cases[i].algorithm, &key, &err), &err);
        struct bytes algorithm = key_signature_algorithm(key);
        assert_int_equal(long_message_suits(algorithm), cases[i].is_hashed);
        if (!cases[i].is_hashed) {
            assert_result(RESULT_INVALID, long_message_new(algorithm, &signs, &err), &err);
            continue;
        }
        assert_ok(long_message_new(algorithm, &signs, &err), &err);
        assert_ok(long_message_add(signs, BYTES_LITERAL("mess"), &err), &err);
        assert_ok(long_message_add(signs, BYTES_LITERAL("age"), &err), &err);
        assert_ok(long_message_sign(signs, key, &signature, &err), &err);
        assert_ok(public_key_verify(key_public(key), algorithm, BYTES_LITERAL("message"),
                                    buf_bytes(&signature), &err),
                  &err);
        for (int is_right = 0; is_right < 2; is_right++) {
            long_message_free_at(&verifies);
            assert_ok(long_message_new(algorithm, &verifies, &err), &err);
            assert_ok(long_message_add(verifies, BYTES_LITERAL("messag"), &err), &err);
            assert_ok(long_message_add(
                          verifies, is_right ? BYTES_LITERAL("e") : BYTES_LITERAL("f"), &err),
                      &err);
            assert_result(
                is_right ? RESULT_OK : RESULT_DENIED,
                long_message_verify(verifies, key_public(key), buf_bytes(&signature), &err),
                &err);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(algorithms_have_names),
        cmocka_unit_test(a_made_key_signs_and_survives_saving),
        cmocka_unit_test(larger_rsa_keys_work),
        cmocka_unit_test(a_message_in_pieces_is_signed_as_the_whole_one),
        cmocka_unit_test(a_passphrase_protects_a_saved_key),
        cmocka_unit_test(keys_that_openssl_writes_are_loaded),
        cmocka_unit_test(the_public_part_is_that_of_openssl),
        cmocka_unit_test(keys_of_other_kinds_are_refused_with_the_reason),
        cmocka_unit_test(too_many_iterations_are_refused_before_they_are_made),
        cmocka_unit_test(an_ec_key_with_any_byte_changed_is_refused),
        cmocka_unit_test(a_damaged_rsa_key_is_found_when_it_is_loaded),
        cmocka_unit_test(public_keys_are_checked),
        cmocka_unit_test(a_point_off_the_curve_is_refused),
        cmocka_unit_test(weak_ed25519_keys_are_refused),
        cmocka_unit_test(a_changed_message_or_signature_is_denied),
        cmocka_unit_test(an_ecdsa_signature_has_one_encoding),
        cmocka_unit_test(signature_algorithms_must_be_known_and_fit_the_key),
        cmocka_unit_test(a_key_file_must_be_private),
        cmocka_unit_test(the_key_identifier_is_the_sha1_of_the_bits),
        cmocka_unit_test(a_code_is_made_from_the_whole_key),
        cmocka_unit_test(digests_are_those_of_the_standards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
