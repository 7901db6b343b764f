/* A security key in software, for tests: what a FIDO token does, without one. OpenSSH loads it as SSH_SK_PROVIDER
 * (PROTOCOL.u2f and sk-api.h of OpenSSH). The "key handle" is the private key itself, so it protects nothing. */
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define USER_PRESENT 0x01

struct sk_enroll_response {
    uint8_t flags;
    uint8_t *public_key;
    size_t public_key_len;
    uint8_t *key_handle;
    size_t key_handle_len;
    uint8_t *signature;
    size_t signature_len;
    uint8_t *attestation_cert;
    size_t attestation_cert_len;
    uint8_t *authdata;
    size_t authdata_len;
};
struct sk_sign_response {
    uint8_t flags;
    uint32_t counter;
    uint8_t *sig_r;
    size_t sig_r_len;
    uint8_t *sig_s;
    size_t sig_s_len;
};
struct sk_option;
struct sk_resident_key;

static uint8_t *copy(const uint8_t *from, size_t length) {
    uint8_t *to = malloc(length ? length : 1);
    if (to && length) memcpy(to, from, length);
    return to;
}

uint32_t sk_api_version(void) { return 0x000a0000; }

int sk_enroll(uint32_t alg, const uint8_t *challenge, size_t challenge_len, const char *application, uint8_t flags,
              const char *pin, struct sk_option **options, struct sk_enroll_response **made) {
    (void)challenge, (void)challenge_len, (void)application, (void)pin, (void)options;
    uint8_t public_key[65], secret[32];
    size_t public_length = 0, secret_length = sizeof secret;
    if (alg == 1) {
        EVP_PKEY *key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        public_length = 32;
        if (!key || !EVP_PKEY_get_raw_public_key(key, public_key, &public_length) ||
            !EVP_PKEY_get_raw_private_key(key, secret, &secret_length))
            return -1;
        EVP_PKEY_free(key);
    } else {
        EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
        if (!key || !EC_KEY_generate_key(key) ||
            BN_bn2binpad(EC_KEY_get0_private_key(key), secret, sizeof secret) != sizeof secret)
            return -1;
        public_length = EC_POINT_point2oct(EC_KEY_get0_group(key), EC_KEY_get0_public_key(key),
                                           POINT_CONVERSION_UNCOMPRESSED, public_key, sizeof public_key, NULL);
        EC_KEY_free(key);
    }
    struct sk_enroll_response *all = calloc(1, sizeof *all);
    if (!all) return -1;
    all->flags = flags;
    all->public_key = copy(public_key, public_length), all->public_key_len = public_length;
    all->key_handle = copy(secret, sizeof secret), all->key_handle_len = sizeof secret;
    all->signature = copy(NULL, 0), all->attestation_cert = copy(NULL, 0), all->authdata = copy(NULL, 0);
    *made = all;
    return 0;
}

int sk_sign(uint32_t alg, const uint8_t *data, size_t length, const char *application, const uint8_t *handle,
            size_t handle_length, uint8_t flags, const char *pin, struct sk_option **options,
            struct sk_sign_response **made) {
    (void)flags, (void)pin, (void)options;
    uint8_t message[32 + 1 + 4 + 32];
    uint32_t counter = 7;
    if (handle_length != 32) return -1;
    SHA256((const uint8_t *)application, strlen(application), message);
    message[32] = USER_PRESENT;
    message[33] = message[34] = message[35] = 0, message[36] = (uint8_t)counter;
    SHA256(data, length, message + 37);
    struct sk_sign_response *all = calloc(1, sizeof *all);
    if (!all) return -1;
    all->flags = USER_PRESENT, all->counter = counter;
    if (alg == 1) {
        uint8_t signature[64];
        size_t size = sizeof signature;
        EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, handle, 32);
        EVP_MD_CTX *context = EVP_MD_CTX_new();
        if (!key || !context || !EVP_DigestSignInit(context, NULL, NULL, NULL, key) ||
            !EVP_DigestSign(context, signature, &size, message, sizeof message))
            return -1;
        EVP_MD_CTX_free(context);
        EVP_PKEY_free(key);
        all->sig_r = copy(signature, size), all->sig_r_len = size;
    } else {
        uint8_t digest[32], part[32];
        SHA256(message, sizeof message, digest);
        EC_KEY *key = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
        BIGNUM *secret = BN_bin2bn(handle, 32, NULL);
        if (!key || !secret || !EC_KEY_set_private_key(key, secret)) return -1;
        ECDSA_SIG *signature = ECDSA_do_sign(digest, sizeof digest, key);
        if (!signature) return -1;
        BN_bn2binpad(ECDSA_SIG_get0_r(signature), part, sizeof part);
        all->sig_r = copy(part, sizeof part), all->sig_r_len = sizeof part;
        BN_bn2binpad(ECDSA_SIG_get0_s(signature), part, sizeof part);
        all->sig_s = copy(part, sizeof part), all->sig_s_len = sizeof part;
        ECDSA_SIG_free(signature);
        BN_free(secret);
        EC_KEY_free(key);
    }
    *made = all;
    return 0;
}

int sk_load_resident_keys(const char *pin, struct sk_option **options, struct sk_resident_key ***keys, size_t *count) {
    (void)pin, (void)options, (void)keys, (void)count;
    return -1;
}
