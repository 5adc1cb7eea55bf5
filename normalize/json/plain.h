/* SPDX-License-Identifier: Apache-2.0 */
/* Where a run of characters ends, eight bytes at a time: of ordinary ones within a string literal,
 * or of one and the same, as indentation is. */
#pragma once

#include <endian.h>
#include <stdbool.h>
#include <string.h>

#include "normalize/base/base.h"

/* true: @c stands for itself in a string literal, and is ASCII. */
static inline bool ocn_json_is_plain_char(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x80 && c != '"' && c != '\\';
}

/*
 * The same of eight bytes at once: the top bit of each that is not plain, and up to the lowest of
 * these of no other. A byte is below N where it borrows as N is subtracted; who is equal is below 1
 * by exclusive or.
 */
static inline uint64_t ocn_json_not_plain(uint64_t bytes)
{
    const uint64_t ones = 0x0101010101010101;
    const uint64_t quotes = bytes ^ ones * '"';
    const uint64_t slashes = bytes ^ ones * '\\';

    return (((quotes - ones) & ~quotes) | ((slashes - ones) & ~slashes) |
            ((bytes - ones * 0x20) & ~bytes) | bytes) &
           ones << 7;
}

/* The first position at or behind @pos whose character is not plain; the end of @text if none is.
 */
static inline size_t ocn_json_plain_end(struct ocn_bytes text, size_t pos)
{
    uint64_t bytes;

    for (; pos < text.len && text.len - pos >= sizeof(bytes); pos += sizeof(bytes)) {
        memcpy(&bytes, text.ptr + pos, sizeof(bytes));
        uint64_t found = ocn_json_not_plain(le64toh(bytes));
        if (found != 0) {
            return pos + (size_t)__builtin_ctzll(found) / 8;
        }
    }
    while (pos < text.len && ocn_json_is_plain_char(text.ptr[pos])) {
        pos++;
    }
    return pos;
}

/* The first position behind @pos, which is within @text, with another character. */
static inline size_t ocn_json_run_end(struct ocn_bytes text, size_t pos)
{
    const char c = text.ptr[pos];
    uint64_t bytes;

    for (pos++; text.len - pos >= sizeof(bytes); pos += sizeof(bytes)) {
        memcpy(&bytes, text.ptr + pos, sizeof(bytes));
        bytes = le64toh(bytes) ^ (unsigned char)c * (uint64_t)0x0101010101010101;
        if (bytes != 0) {
            return pos + (size_t)__builtin_ctzll(bytes) / 8;
        }
    }
    while (pos < text.len && text.ptr[pos] == c) {
        pos++;
    }
    return pos;
}
