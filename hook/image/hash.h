/* SPDX-License-Identifier: Apache-2.0 */
/* Digests of bytes, by libcrypto. */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

/*
 * The algorithms, asked of the library once: it reads its configuration for that, which the
 * confined child cannot. Release with _free.
 */
struct ocn_hash_digests;

OCN_MUST_USE int ocn_hash_digests_new(struct ocn_hash_digests **ret, struct ocn_error *err);
void ocn_hash_digests_free(struct ocn_hash_digests *digests);
void ocn_hash_digests_freep(struct ocn_hash_digests **digests);

/* Bytes and a digest that is made of them. */
struct ocn_hash;

/* By a digest's algorithm; *ret is NULL where it is one that nobody can verify. */
OCN_MUST_USE int ocn_hash_new(const struct ocn_hash_digests *digests, const char *digest,
                              struct ocn_hash **ret, struct ocn_error *err);
/* Of SHA-256, whoever asks for it. */
OCN_MUST_USE int ocn_hash_new_sha256(const struct ocn_hash_digests *digests, struct ocn_hash **ret,
                                     struct ocn_error *err);
void ocn_hash_add(struct ocn_hash *hash, const void *bytes, size_t len);
/* Whether they are what @digest says. Accepts NULL: then they are. */
bool ocn_hash_is(struct ocn_hash *hash, const char *digest);

#define OCN_HASH_TEXT (sizeof("sha256:") + 64)

/* The digest of @bytes, "sha256:HEX". */
OCN_MUST_USE int ocn_hash_text(const struct ocn_hash_digests *digests, struct ocn_bytes bytes,
                               char ret[OCN_HASH_TEXT], struct ocn_error *err);

#define OCN_HASH_SHA256 32 /* bytes */

/* The digest of what came, and begins anew. false: libcrypto failed. */
bool ocn_hash_take(struct ocn_hash *hash, unsigned char ret[OCN_HASH_SHA256]);
void ocn_hash_free(struct ocn_hash *hash);
void ocn_hash_freep(struct ocn_hash **hash);

/* As small hexadecimal digits, with NUL. */
void ocn_hash_hex(const unsigned char bytes[OCN_HASH_SHA256], char ret[OCN_HASH_SHA256 * 2 + 1]);
