/* SPDX-License-Identifier: Apache-2.0 */
/* Directories of the node, as the policy names them (volumes.allow). */
#pragma once

#include <stdbool.h>

#include "normalize/base/strings.h"

/*
 * true: one of @patterns stands for absolute @path, which has no links, "//", "." or ".." in it. A
 * pattern stands for what it matches (fnmatch(3), by components: '*' crosses no slash) and for all
 * below that; a "**" at its end says nothing more.
 */
bool ocn_places_hold(const struct ocn_strings *patterns, const char *path);

/* true: the same kind of path is the node's own (own_places.def), or "/". */
bool ocn_places_are_own(const char *path);

/*
 * true: such a pattern can be meant: absolute, clean, its first component spelled out, and not the
 * node's own.
 */
bool ocn_places_is_pattern(const char *text);
