/* SPDX-License-Identifier: Apache-2.0 */
/* The common case of load.h: the tree of a text that leaves no doubt. */
#pragma once

#include <jansson.h>

#include "normalize/base/base.h"

/*
 * What ocn_json_load_value() makes of @text, in a third of the time; to be released with
 * json_decref(). NULL: it is for the library to read it, or to say what is wrong with it:
 * there is doubt (scan.h), or no memory.
 */
json_t *ocn_json_build(struct ocn_bytes text);
