/* SPDX-License-Identifier: Apache-2.0 */
/* JSON texts to trees, strictly; and as runtimes read them. */
#pragma once

#include <jansson.h>

#include "normalize/base/error.h"

#define OCN_JSON_MAX_DEPTH 256

/*
 * Parses a whole document of at most @max_size bytes. Refuses duplicate keys, trailing garbage,
 * invalid UTF-8, NUL anywhere and nesting past OCN_JSON_MAX_DEPTH; the error's place is
 * "LINE:COLUMN". Numbers become reals: 18446744073709551615, which Docker writes for an unlimited
 * ulimit, does not fit into the library's integer. The caller owns *ret (json_decref).
 */
OCN_MUST_USE int ocn_json_load(struct ocn_bytes text, size_t max_size, json_t **ret,
                               struct ocn_error *err);

/*
 * The same as runtimes read it: a string may have \\u0000, and half of a surrogate pair, for which
 * there is NUL then, in a name U+FFFD. Whoever takes strings looks at json_string_length().
 */
OCN_MUST_USE int ocn_json_load_loose(struct ocn_bytes text, size_t max_size, json_t **ret,
                                     struct ocn_error *err);

/* And of a text that may also be a bare string, number or word. */
OCN_MUST_USE int ocn_json_load_loose_value(struct ocn_bytes text, size_t max_size, json_t **ret,
                                           struct ocn_error *err);

/* The same of a text that may also be a bare string, number or word. */
OCN_MUST_USE int ocn_json_load_value(struct ocn_bytes text, size_t max_size, json_t **ret,
                                     struct ocn_error *err);
