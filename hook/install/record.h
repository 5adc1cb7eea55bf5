/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ocinorm has put on a node, kept there so that it can be taken back to the byte, by another
 * version as well: one JSON file for all engines.
 *
 *   { "version": 1,
 *     "engines": { "containerd": [ { "path": "...", "content": "..." },
 *                                  { "path": "...", "before": "...", "after": "..." } ] },
 *     "directories": [ "..." ] }
 *
 * "content" is a whole file of ours, "before" and "after" are the lines that were changed in
 * somebody else's; a file of theirs that was not there before has a content and "shared".
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "normalize/base/buf.h"

#define OCN_RECORD_PATH "/var/lib/ocinorm/installed.json"

/* Parses @text (NULL: there is none yet) into *ret, which the caller owns (json_decref). */
OCN_MUST_USE int ocn_record_parse(struct ocn_bytes text, json_t **ret, struct ocn_error *err);

/* Appends the text of @record. */
OCN_MUST_USE int ocn_record_print(const json_t *record, struct ocn_buf *out, struct ocn_error *err);

/* The entries of @engine, borrowed; NULL where it is not installed. */
json_t *ocn_record_entries(const json_t *record, const char *engine);

/* The text of @entry's @key as bytes, borrowed; a NULL ptr where it has none. */
struct ocn_bytes ocn_record_text(const json_t *entry, const char *key);

/* One entry for a file that goes from @pristine to @wanted; NULL when memory is out, or not UTF-8.
 */
json_t *ocn_record_entry(const char *path, bool shared, struct ocn_bytes pristine,
                         struct ocn_bytes wanted);
