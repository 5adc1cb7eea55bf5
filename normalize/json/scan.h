/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON text read once, from its beginning to its end, by a reader that is sure of all that it
 * reads, and of no more: what is not beyond dispute is in doubt, and for ocn_json_load() to judge.
 * It takes RFC 8259 but for nesting past OCN_JSON_SCAN_DEPTH; a fraction, an exponent, and whole
 * numbers of 65 bits; what is not ASCII; \\u0000 and surrogates; escapes in keys; and keys that are
 * there twice.
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"
#include "normalize/json/keys.h"

#define OCN_JSON_SCAN_DEPTH 64
#define OCN_JSON_SCAN_MAX_SIZE ((size_t)UINT32_MAX)

struct ocn_json_scan {
    struct ocn_bytes text; /* OCN_JSON_SCAN_MAX_SIZE at most */
    size_t pos;
    size_t depth;
    bool doubt; /* once true, pos is the end: whatever is asked for is not there */
    struct ocn_arena *arena;
};

/* Says that there is doubt. */
void ocn_json_scan_doubt(struct ocn_json_scan *scan);

/* The next character that is no white space, which is not taken; NUL: there is none. */
char ocn_json_scan_peek(struct ocn_json_scan *scan);

/* Into the list or the object that begins here with @opening. */
void ocn_json_scan_enter(struct ocn_json_scan *scan, char opening);

/* To the next element of a list, or out of it: false. @first: nothing of it was read yet. */
bool ocn_json_scan_element(struct ocn_json_scan *scan, bool first);

/* To the value of the next member of an object, or out of it: false. @ret: its key. */
bool ocn_json_scan_member(struct ocn_json_scan *scan, struct ocn_json_keys *keys,
                          struct ocn_bytes *ret);

/* A string as it is written, without its quotes; *ret_escaped: something in it is escaped. */
struct ocn_bytes ocn_json_scan_string(struct ocn_json_scan *scan, bool *ret_escaped);

/* The same as it is meant, from the arena; NULL where it is in doubt. */
const char *ocn_json_scan_text(struct ocn_json_scan *scan);

double ocn_json_scan_number(struct ocn_json_scan *scan);

/* Takes @word: true, false or null. */
void ocn_json_scan_word(struct ocn_json_scan *scan, const char *word);

/* Passes a value that nobody asks for; it is looked at as closely as all others. */
void ocn_json_scan_pass(struct ocn_json_scan *scan);

/* true: nothing is left, and there was no doubt. */
bool ocn_json_scan_ends(struct ocn_json_scan *scan);
