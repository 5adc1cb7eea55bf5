/* SPDX-License-Identifier: Apache-2.0 */
/* What was found, in the words of whoever reads it: a person, a script, a forge. */
#pragma once

#include <jansson.h>

#include "normalize/lint/lint.h"

/* What could not be read, and why. */
struct ocn_lint_problem {
    const char *input;
    const char *message;
};

/*
 * Adds to @problems (struct ocn_lint_problem, from @arena) what is wrong with @input, which is
 * borrowed.
 */
OCN_MUST_USE int ocn_lint_report_problem(struct ocn_list *problems, const char *input,
                                         const struct ocn_error *problem, struct ocn_arena *arena,
                                         struct ocn_error *err);

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

/*
 * The file that a forge shows a finding at: its own; else report->place; else the input, where that
 * is a name of a file and no transport's. Relative, as forges demand it: "./" and leading slashes
 * are gone. Never empty.
 */
const char *ocn_lint_report_file(const struct ocn_lint_report *report,
                                 const struct ocn_lint_input *input,
                                 const struct ocn_lint_finding *finding);

/* "Deployment shop/web: container web: ...", as far as there is an object; appended to @out. */
void ocn_lint_report_sentence(const struct ocn_lint_finding *finding, struct ocn_buf *out);

/* Appends @json, which is stolen and may be NULL for want of memory, indented. */
int ocn_lint_report_dump(json_t *json, struct ocn_buf *out, struct ocn_error *err);
