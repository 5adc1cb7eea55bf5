/* SPDX-License-Identifier: Apache-2.0 */
/* An outcome for people and for programs. */
#pragma once

#include <stdbool.h>

#include "normalize/buf.h"
#include "normalize/outcome.h"

/* The JSON of `ocinorm explain --format json` (see the interface's shape), indented, with newline.
 */
OCN_MUST_USE int ocn_report_json(const struct ocn_outcome *outcome, const char *bundle,
                                 struct ocn_buf *out, struct ocn_error *err);

/* A short before -> after table with the reason of each line; colour only if @colour. */
OCN_MUST_USE int ocn_report_text(const struct ocn_outcome *outcome, const char *bundle, bool colour,
                                 struct ocn_buf *out, struct ocn_error *err);

/*
 * One line: "denied [RULE]: REASON; FIX", or "warning [RULE]: ..." for a finding of that level,
 * without the "ocinorm: " before it.
 */
void ocn_report_denial(const struct ocn_finding *finding, char *buf, size_t size);
