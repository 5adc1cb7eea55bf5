/* SPDX-License-Identifier: Apache-2.0 */
/* Two texts, as diff -u shows them. */
#pragma once

#include "normalize/base/buf.h"

/*
 * Appends a unified diff from @old to @new (a NULL ptr: no such file) with one hunk, from the first
 * to the last line that differs and three lines around it; nothing where they are the same. What
 * ocinorm changes in a file lies close together, and patch(1) takes it.
 */
void ocn_unified_diff(struct ocn_buf *out, const char *path, struct ocn_bytes old,
                      struct ocn_bytes new);
