/* SPDX-License-Identifier: Apache-2.0 */
/* Inputs and findings as JSON: from the confined child to its parent, and as report and baseline.
 */
#pragma once

#include "normalize/lint/lint.h"

/* The members of an input, and of a finding, as interface.md has them. */
extern const struct ocn_bind ocn_lint_input_fields[];
extern const struct ocn_bind ocn_lint_finding_fields[];

/* Appends all inputs of @lint: {"inputs": [...]}. */
OCN_MUST_USE int ocn_lint_dump(const struct ocn_lint *lint, struct ocn_buf *out,
                               struct ocn_error *err);

/*
 * Adds the inputs of such a text to @lint. What a confined child says is believed as far as it can
 * be checked: rules and levels must be known, texts are made printable anew, and nothing that it
 * ignores or fingerprints counts.
 */
OCN_MUST_USE int ocn_lint_load(struct ocn_lint *lint, struct ocn_bytes text, struct ocn_error *err);
