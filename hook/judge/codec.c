/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/codec.h"

#include <string.h>

#define MAX_TEXT ((size_t)1 << 20) /* 65536 groups, as text */
#define NO_TEXT UINT32_MAX         /* the length of a string that is NULL */

/* The next @len bytes that are read; NULL: there are not so many, or something failed before. */
static const char *take(struct ocn_codec *codec, size_t len)
{
    const char *bytes = codec->in.ptr;

    if (codec->failed || codec->in.len < len) {
        codec->failed = true;
        return NULL;
    }
    codec->in.ptr += len;
    codec->in.len -= len;
    return bytes;
}

void ocn_codec_raw(struct ocn_codec *codec, void *place, size_t len)
{
    if (codec->out != NULL) {
        ocn_buf_add(codec->out, place, len);
        return;
    }
    const char *bytes = take(codec, len);
    if (bytes != NULL) {
        memcpy(place, bytes, len);
    } else {
        memset(place, 0, len);
    }
}

void ocn_codec_u32(struct ocn_codec *codec, uint32_t *number, uint32_t min, uint32_t max)
{
    ocn_codec_raw(codec, number, sizeof(*number));
    if (*number < min || *number > max) {
        codec->failed = true;
        *number = min;
    }
}

void ocn_codec_bool(struct ocn_codec *codec, bool *flag)
{
    uint32_t number = *flag;

    ocn_codec_u32(codec, &number, 0, 1);
    *flag = number != 0;
}

void ocn_codec_amount(struct ocn_codec *codec, double *amount)
{
    ocn_codec_raw(codec, amount, sizeof(*amount));
    if (!(*amount >= 0 && *amount < 1e300)) {
        codec->failed = true;
        *amount = 0;
    }
}

static bool is_text(const char *text, size_t len, enum ocn_codec_kind kind)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\0' || (kind != OCN_CODEC_BYTES && (c < 0x20 || c == 0x7f)) ||
            (kind == OCN_CODEC_PRINTABLE && c > 0x7e)) {
            return false;
        }
    }
    return true;
}

static void read_text(struct ocn_codec *codec, const char **text, uint32_t len,
                      enum ocn_codec_kind kind)
{
    const char *bytes = take(codec, len);

    if (bytes == NULL || len > MAX_TEXT || !is_text(bytes, len, kind)) {
        codec->failed = true;
        return;
    }
    *text = ocn_arena_copy(codec->arena, bytes, len);
}

void ocn_codec_optional(struct ocn_codec *codec, const char **text, enum ocn_codec_kind kind)
{
    uint32_t len = NO_TEXT;

    if (codec->out != NULL && *text != NULL) {
        len = (uint32_t)strlen(*text);
    }
    ocn_codec_raw(codec, &len, sizeof(len));
    if (codec->out != NULL) {
        ocn_buf_add(codec->out, *text, len != NO_TEXT ? len : 0);
        return;
    }
    *text = NULL;
    if (len != NO_TEXT) {
        read_text(codec, text, len, kind);
    }
}

void ocn_codec_text(struct ocn_codec *codec, const char **text, enum ocn_codec_kind kind)
{
    ocn_codec_optional(codec, text, kind);
    if (*text == NULL) {
        codec->failed = true;
        *text = "";
    }
}

void ocn_codec_list(struct ocn_codec *codec, void **items, size_t *len, size_t size, uint32_t max)
{
    uint32_t count = (uint32_t)*len;

    ocn_codec_u32(codec, &count, 0, max);
    if (codec->out != NULL) {
        return;
    }
    *items = NULL;
    *len = 0;
    if (codec->failed || count > codec->in.len || count == 0) {
        codec->failed |= count != 0;
        return;
    }
    *items = ocn_arena_alloc(codec->arena, count * size);
    *len = *items != NULL ? count : 0;
}

void ocn_codec_bytes(struct ocn_codec *codec, struct ocn_bytes *bytes)
{
    uint32_t len = bytes->ptr != NULL ? (uint32_t)bytes->len : NO_TEXT;

    ocn_codec_raw(codec, &len, sizeof(len));
    if (codec->out != NULL) {
        ocn_buf_add(codec->out, bytes->ptr, len != NO_TEXT ? len : 0);
        return;
    }
    const char *taken = len != NO_TEXT ? take(codec, len) : NULL;
    *bytes = (struct ocn_bytes){ taken, taken != NULL ? len : 0 };
}
