/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/hash.h"

#include <string.h>

#include <openssl/evp.h>

#include "normalize/image/object.h"

static const char digits[] = "0123456789abcdef";

struct ocn_hash_digests {
    EVP_MD *sha256;
    EVP_MD *sha512;
};

struct ocn_hash {
    EVP_MD_CTX *context;
};

void ocn_hash_digests_free(struct ocn_hash_digests *digests)
{
    if (digests != NULL) {
        EVP_MD_free(digests->sha256);
        EVP_MD_free(digests->sha512);
        free(digests);
    }
}

void ocn_hash_digests_freep(struct ocn_hash_digests **digests)
{
    ocn_hash_digests_free(*digests);
}

static struct ocn_hash_digests *new_digests(void)
{
    struct ocn_hash_digests *digests = calloc(1, sizeof(*digests));

    return digests;
}

int ocn_hash_digests_new(struct ocn_hash_digests **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_hash_digests_freep)
    struct ocn_hash_digests *digests = new_digests();

    if (digests == NULL) {
        return ocn_fail_nomem(err);
    }
    digests->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    digests->sha512 = EVP_MD_fetch(NULL, "SHA512", NULL);
    if (digests->sha256 == NULL || digests->sha512 == NULL) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, NULL, "libcrypto has no SHA-256 or SHA-512");
    }
    *ret = digests;
    digests = NULL;
    return 0;
}

void ocn_hash_free(struct ocn_hash *hash)
{
    if (hash != NULL) {
        EVP_MD_CTX_free(hash->context);
        free(hash);
    }
}

void ocn_hash_freep(struct ocn_hash **hash)
{
    ocn_hash_free(*hash);
}

static int new_hash(const EVP_MD *algorithm, struct ocn_hash **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_hash_freep) struct ocn_hash *hash = calloc(1, sizeof(*hash));

    if (hash == NULL || (hash->context = EVP_MD_CTX_new()) == NULL ||
        EVP_DigestInit_ex2(hash->context, algorithm, NULL) != 1) {
        return ocn_fail_nomem(err);
    }
    *ret = hash;
    hash = NULL;
    return 0;
}

int ocn_hash_new(const struct ocn_hash_digests *digests, const char *digest, struct ocn_hash **ret,
                 struct ocn_error *err)
{
    enum ocn_digest_kind kind = ocn_object_digest_kind(digest, NULL);
    const EVP_MD *algorithm = kind == OCN_DIGEST_SHA256   ? digests->sha256
                              : kind == OCN_DIGEST_SHA512 ? digests->sha512
                                                          : NULL;

    if (algorithm == NULL) {
        *ret = NULL;
        return 0;
    }
    return new_hash(algorithm, ret, err);
}

int ocn_hash_new_sha256(const struct ocn_hash_digests *digests, struct ocn_hash **ret,
                        struct ocn_error *err)
{
    return new_hash(digests->sha256, ret, err);
}

void ocn_hash_add(struct ocn_hash *hash, const void *bytes, size_t len)
{
    if (hash != NULL) {
        (void)EVP_DigestUpdate(hash->context, bytes, len);
    }
}

bool ocn_hash_is(struct ocn_hash *hash, const char *digest)
{
    unsigned char made[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    const char *hex = NULL;

    if (hash == NULL) {
        return true;
    }
    if (ocn_object_digest_kind(digest, &hex) == OCN_DIGEST_MALFORMED ||
        EVP_DigestFinal_ex(hash->context, made, &len) != 1 || strlen(hex) != (size_t)len * 2) {
        return false;
    }
    for (unsigned i = 0; i < len; i++, hex += 2) {
        if (hex[0] != digits[made[i] >> 4] || hex[1] != digits[made[i] & 15]) {
            return false;
        }
    }
    return true;
}

bool ocn_hash_take(struct ocn_hash *hash, unsigned char ret[OCN_HASH_SHA256])
{
    unsigned char made[EVP_MAX_MD_SIZE];
    unsigned len = 0;

    if (EVP_DigestFinal_ex(hash->context, made, &len) != 1 || len != OCN_HASH_SHA256) {
        return false;
    }
    memcpy(ret, made, OCN_HASH_SHA256);
    return EVP_DigestInit_ex2(hash->context, NULL, NULL) == 1;
}

void ocn_hash_hex(const unsigned char bytes[OCN_HASH_SHA256], char ret[OCN_HASH_SHA256 * 2 + 1])
{
    for (size_t i = 0; i < OCN_HASH_SHA256; i++) {
        *ret++ = digits[bytes[i] >> 4];
        *ret++ = digits[bytes[i] & 15];
    }
    *ret = '\0';
}

int ocn_hash_text(const struct ocn_hash_digests *digests, struct ocn_bytes bytes,
                  char ret[OCN_HASH_TEXT], struct ocn_error *err)
{
    static const char algorithm[] = "sha256:";
    OCN_CLEANUP(ocn_hash_freep) struct ocn_hash *hash = NULL;
    unsigned char made[OCN_HASH_SHA256];

    if (ocn_hash_new_sha256(digests, &hash, err) < 0) {
        return -1;
    }
    ocn_hash_add(hash, bytes.ptr, bytes.len);
    if (hash == NULL || !ocn_hash_take(hash, made)) {
        return ocn_fail_nomem(err);
    }
    memcpy(ret, algorithm, sizeof(algorithm) - 1);
    ocn_hash_hex(made, ret + sizeof(algorithm) - 1);
    return 0;
}
