/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a value may be, written so that C and a Kubernetes API server (CEL's RE2) read it alike: a
 * glob, or a pattern between ^ and $. Always the whole value is compared.
 *
 * A glob: * any characters, ? one, [a-z] [!a-z] one of a list, \ before one that means itself.
 * A pattern: characters, . [a-z] [^a-z] ( | ) * + ? {2} {2,} {2,4}, and \ before punctuation. No
 * look-around, no back-references, no lazy or doubled repetition, no names of classes as \d: the
 * rest of RE2, of which the other reader of a policy could make something else.
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/buf.h"

#define OCN_PATTERN_MAX_TEXT 256
#define OCN_PATTERN_MAX_STEPS 1000

struct ocn_pattern_step {
    unsigned char kind;
    bool beyond;     /* a character that is not ASCII is one of the set */
    short next[2];   /* relative: where it goes on */
    uint32_t set[4]; /* the ASCII characters that it takes, a bit each */
};

struct ocn_pattern {
    struct ocn_pattern_step steps[OCN_PATTERN_MAX_STEPS];
    size_t len;
};

/* Reads @text into *ret. NULL, or the sentence why it is refused: a literal. */
const char *ocn_pattern_read(const char *text, struct ocn_pattern *ret);

/* The same, for who only wants to know. */
const char *ocn_pattern_check(const char *text);

/* Whether all of @value (UTF-8) is what @pattern says; takes as long as both are long. */
bool ocn_pattern_matches(const struct ocn_pattern *pattern, const char *value);

/* Reads and matches; false for a @text that is refused. */
bool ocn_pattern_holds(const char *text, const char *value);

/* Appends what RE2 has for @text, which was not refused: ^(?:...)$, of printable ASCII. */
void ocn_pattern_regex(const char *text, struct ocn_buf *out);
