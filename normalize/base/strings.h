/* SPDX-License-Identifier: Apache-2.0 */
/* A list of strings; parts of a path. */
#pragma once

#include <stdbool.h>

#include "normalize/base/base.h"

struct ocn_strings {
    const char **items;
    size_t len;
};

/* true: one of @strings is @text. */
bool ocn_strings_hold(const struct ocn_strings *strings, const char *text);

/* What stands behind the last slash of @path, in it; all of it where there is none. */
const char *ocn_strings_base_name(const char *path);

/* true: @path is @above, which is not "/", or lies below it. */
bool ocn_strings_is_within(const char *path, const char *above);
