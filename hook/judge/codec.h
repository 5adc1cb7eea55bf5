/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values as bytes between parent and child. One walk over the members serves both ways, so that the
 * two sides cannot differ: with .out it writes, without it reads. Parent and child are one program,
 * so numbers are as they lie.
 */
#pragma once

#include "normalize/base/arena.h"
#include "normalize/base/buf.h"

struct ocn_codec {
    struct ocn_buf *out;
    struct ocn_bytes in;     /* what is left to be read */
    struct ocn_arena *arena; /* whose what is read becomes */
    bool failed;             /* what was read is not what a writer writes; the rest reads as zero */
};

/* What a text may hold. */
enum ocn_codec_kind {
    OCN_CODEC_BYTES,     /* anything but NUL: a path, to be used and not to be shown */
    OCN_CODEC_LINE,      /* no control characters: to be cleaned by whoever shows it */
    OCN_CODEC_PRINTABLE, /* printable ASCII */
};

/* @len bytes as they lie. */
void ocn_codec_raw(struct ocn_codec *codec, void *place, size_t len);

/* A number from @min to @max. */
void ocn_codec_u32(struct ocn_codec *codec, uint32_t *number, uint32_t min, uint32_t max);

void ocn_codec_bool(struct ocn_codec *codec, bool *flag);

/* A finite number that is not negative. */
void ocn_codec_amount(struct ocn_codec *codec, double *amount);

/* A string, of 1 MiB at most, and one that may be NULL. */
void ocn_codec_text(struct ocn_codec *codec, const char **text, enum ocn_codec_kind kind);
void ocn_codec_optional(struct ocn_codec *codec, const char **text, enum ocn_codec_kind kind);

/* The head of a list of at most @max elements of @size bytes; each takes a byte or more of input.
 */
void ocn_codec_list(struct ocn_codec *codec, void **items, size_t *len, size_t size, uint32_t max);

/* Any bytes, or none at all (NULL); what is read is borrowed from .in. */
void ocn_codec_bytes(struct ocn_codec *codec, struct ocn_bytes *bytes);
