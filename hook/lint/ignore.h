/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Findings that do not count: because somebody said so, with a reason (--ignore-file), or because
 * they were there before (--baseline). Nothing in an image or a manifest can say so.
 */
#pragma once

#include "normalize/lint/lint.h"

/* "2027-01-31" of today, in UTC. */
#define OCN_IGNORE_DATE_SIZE 11
void ocn_ignore_today(char ret[OCN_IGNORE_DATE_SIZE]);

/*
 * Reads the file @path: {"version": 1, "ignore": [{"rule", "input", "reason", "until"}]}. The
 * findings of @lint that a row speaks of, and whose date @today has not passed, get its reason.
 * "input" is a glob of the input's name; without it, all. Appends a line to @notes for each row
 * that has expired.
 */
OCN_MUST_USE int ocn_ignore_apply(const char *path, const char *today, struct ocn_lint *lint,
                                  struct ocn_buf *notes, struct ocn_error *err);

/* The name of a rule of either table, or an error with the nearest. */
OCN_MUST_USE int ocn_ignore_check_rule(const char *where, const char *rule, struct ocn_error *err);

/* Takes every finding of @rule out of @lint (--disable). */
void ocn_ignore_drop(const char *rule, struct ocn_lint *lint);
