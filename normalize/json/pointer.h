/* SPDX-License-Identifier: Apache-2.0 */
/* JSON pointers (RFC 6901). */
#pragma once

#include <stdbool.h>

#include "normalize/base/buf.h"

/* Appends "/" and @key, escaped (RFC 6901), to the JSON pointer in @out. */
void ocn_json_pointer_add(struct ocn_buf *out, const char *key);

/*
 * The next reference token of a JSON pointer (RFC 6901), decoded into @token (cut when it is
 * longer than @size - 1, which no key of ours is). *@pointer moves behind it. false at the end.
 */
bool ocn_json_pointer_next(const char **pointer, char *token, size_t size);
