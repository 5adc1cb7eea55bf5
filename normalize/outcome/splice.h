/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Byte-exact editing. A runtime reads numbers and fields that no library of ours knows; whatever an
 * edit does not name keeps its bytes: number spelling, escapes, white space, key order.
 */
#pragma once

#include "normalize/base/buf.h"
#include "normalize/outcome/edit.h"

/*
 * Appends @text with @edits applied to @out, in one pass over the text.
 *
 * @root is the JSON pointer at which @text stands in the document that the edits speak of: "" for
 * config.json, "/process" for a process.json.
 *
 * An edit replaces the value at its path, or inserts it (before the closing brace, in the white
 * space of the member before it); absent or null parents are created. A path below an array of
 * strings names an entry of the form NAME=value (process.env): every such entry is replaced, or one
 * is appended.
 *
 * @text must have passed ocn_json_load(). Fails with OCN_E_FORMAT when a path leads through a value
 * that is no object and no array.
 */
OCN_MUST_USE int ocn_splice_edits(struct ocn_bytes text, const char *root,
                                  const struct ocn_edit *edits, size_t count, struct ocn_buf *out,
                                  struct ocn_error *err);
