/* SPDX-License-Identifier: Apache-2.0 */
/* What was found before (--baseline, --write-baseline): only what is new fails. */
#pragma once

#include "normalize/lint/lint.h"

/*
 * Reads the file @path, and marks as ignored each finding of @lint that stands in it: the same
 * rule, input, platform, object, path and message, whatever its line. A row stands for one finding.
 */
OCN_MUST_USE int ocn_baseline_apply(const char *path, struct ocn_lint *lint, struct ocn_error *err);

/* Writes all findings of @lint that no ignore file speaks of to the file @path. */
OCN_MUST_USE int ocn_baseline_write(const char *path, const struct ocn_lint *lint,
                                    struct ocn_error *err);
