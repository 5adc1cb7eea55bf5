/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/base64.h"

#define GROUP ((size_t)3)
#define LETTER_BITS 6U
#define LETTER_MASK 63U

static unsigned byte_at(struct ocn_bytes bytes, size_t at)
{
    return at < bytes.len ? (unsigned char)bytes.ptr[at] : 0U;
}

void ocn_base64_add(struct ocn_buf *out, struct ocn_bytes bytes)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t at = 0; at < bytes.len; at += GROUP) {
        unsigned group =
            byte_at(bytes, at) << 16 | byte_at(bytes, at + 1) << 8 | byte_at(bytes, at + 2);
        size_t left = bytes.len - at;
        char text[GROUP + 1];
        for (size_t i = 0; i < sizeof(text); i++) {
            unsigned shift = LETTER_BITS * (unsigned)(sizeof(text) - 1 - i);
            text[i] = i <= left ? letters[group >> shift & LETTER_MASK] : '=';
        }
        ocn_buf_add(out, text, sizeof(text));
    }
}
