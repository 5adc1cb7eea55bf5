/* SPDX-License-Identifier: Apache-2.0 */
/* Globs, as fnmatch(3) without flags has them: '*' crosses a slash, too. */
#pragma once

#include <stdbool.h>

/* Whether all of @text is what @glob says. */
bool ocn_glob_matches(const char *glob, const char *text);
