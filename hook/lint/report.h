/* SPDX-License-Identifier: Apache-2.0 */
/* What was found, in the words of whoever reads it: a person, a script, a forge. */
#pragma once

#include "normalize/lint/lint.h"

/* What could not be read, and why. */
struct ocn_lint_problem {
    const char *input;
    const char *message;
};

struct ocn_lint_report {
    const struct ocn_lint *lint;
    const struct ocn_list *problems; /* struct ocn_lint_problem */
    const char *place; /* a file of the repository, for findings that have none; NULL: the input */
    bool colour;
    enum ocn_level fail_on; /* from which on a finding fails; OFF: none does */
    const char *about;      /* what was chosen, "eks, pss-baseline"; NULL: nothing */
};

struct ocn_lint_counts {
    size_t deny;
    size_t warn;
    size_t ignored;
};

/* What counts, and what does not. */
struct ocn_lint_counts ocn_lint_report_count(const struct ocn_lint *lint);

/* "text", "json", ... up to a NULL; the first is the default. */
extern const char *const ocn_lint_report_formats[];

/* Appends @report in that format, one of those above; NULL: the first. */
OCN_MUST_USE int ocn_lint_report_write(const struct ocn_lint_report *report, const char *format,
                                       struct ocn_buf *out, struct ocn_error *err);
