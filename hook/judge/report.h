/* SPDX-License-Identifier: Apache-2.0 */
/* An outcome for people and for programs. */
#pragma once

#include <stdbool.h>

#include <jansson.h>

#include "normalize/base/buf.h"
#include "normalize/outcome/outcome.h"

/* What the values of these enums are called, in text and JSON; "": it is not known. */
extern const char *const ocn_report_verdicts[]; /* enum ocn_verdict */
extern const char *const ocn_report_kinds[];    /* enum ocn_entry_kind */
extern const char *const ocn_report_levels[];   /* enum ocn_level */

/* The JSON of `ocinorm explain --format json` (see the interface's shape), indented, with newline.
 */
OCN_MUST_USE int ocn_report_json(const struct ocn_outcome *outcome, const char *bundle,
                                 struct ocn_buf *out, struct ocn_error *err);

/* The same as a value, to be released with json_decref(); NULL when memory is out. */
json_t *ocn_report_value(const struct ocn_outcome *outcome, const char *bundle);

/* The JSON Schema of that (running/report.h has the one of all that explain prints); to be released
 * with json_decref(); NULL when memory is out. */
json_t *ocn_report_schema(void);

/* A short before -> after table with the reason of each line; colour only if @colour. */
OCN_MUST_USE int ocn_report_text(const struct ocn_outcome *outcome, const char *bundle, bool colour,
                                 struct ocn_buf *out, struct ocn_error *err);

/*
 * One line: "denied [RULE]: REASON; FIX", or "warning [RULE]: ..." for a finding of that level,
 * without the "ocinorm: " before it.
 */
void ocn_report_denial(const struct ocn_finding *finding, char *buf, size_t size);
