/* SPDX-License-Identifier: Apache-2.0 */
/* Byte-exact editing of the objects in a list: the descriptors of a manifest or an index. */
#pragma once

#include "normalize/outcome/splice.h"

/* What becomes of one entry. */
struct ocn_splice_entry {
    bool drop;                    /* it goes, and a comma with it */
    const struct ocn_edit *edits; /* of it; their paths begin at the entry */
    size_t edits_len;
};

/*
 * Appends @text to @out with @entries applied to the list at JSON pointer @pointer, one for each of
 * its @count entries. All other bytes stay as they are. @text must have passed ocn_json_load().
 * Fails with OCN_E_FORMAT where there is no such list, or it has another number of entries.
 */
OCN_MUST_USE int ocn_splice_list(struct ocn_bytes text, const char *pointer,
                                 const struct ocn_splice_entry *entries, size_t count,
                                 struct ocn_buf *out, struct ocn_error *err);

/* The entries of that list, in it: @count of them as *ret, in one pass. Errors as above. */
OCN_MUST_USE int ocn_splice_list_entries(struct ocn_bytes text, const char *pointer,
                                         struct ocn_bytes *ret, size_t count,
                                         struct ocn_error *err);

/*
 * Appends @text to @out with the JSON text @entry as the last of the list at @pointer, which may be
 * empty.
 */
OCN_MUST_USE int ocn_splice_list_append(struct ocn_bytes text, const char *pointer,
                                        struct ocn_bytes entry, struct ocn_buf *out,
                                        struct ocn_error *err);
