/* SPDX-License-Identifier: Apache-2.0 */
/* Values that are spelled as we spell them ourselves: read without a parser. */
#pragma once

#include <jansson.h>

#include "normalize/base/base.h"

/*
 * The value of @text if that is, with not a byte more than it needs, a whole number (of 18 digits,
 * not negative), a string of ASCII without escapes, or a list of these; to be released with
 * json_decref(). NULL: it is something else, if it is JSON at all, or memory is out.
 * ocn_json_dump() makes exactly @text of it again.
 */
json_t *ocn_json_spelled(struct ocn_bytes text);
