/* SPDX-License-Identifier: Apache-2.0 */
/* The CEL of a policy: the rows of admission.def with the policy's values in them. */
#pragma once

#include "normalize/admission/gate.h"

#define OCN_CEL_MAX_ROWS ((size_t)6) /* of match, that the gate reads: 2^6 policies */

/*
 * Every policy that `match` can make of the base: items[i] has the overlay of rows[j] where bit j
 * of i is set.
 */
struct ocn_cel_policies {
    const struct ocn_policy *items;
    uint32_t rows[OCN_CEL_MAX_ROWS]; /* their places in base->match */
    size_t rows_len;
};

/*
 * The text that @render makes of a policy, for all of them: where they differ, the conditions
 * variables.match_N decide. From @arena.
 */
const char *ocn_cel_tree(const struct ocn_cel_policies *policies,
                         void (*render)(const void *what, const struct ocn_policy *policy,
                                        struct ocn_buf *out),
                         const void *what, struct ocn_arena *arena);

/* @text as a CEL string in single quotes. */
void ocn_cel_quote(const char *text, struct ocn_buf *out);

/* Appends the row's CEL for one policy. */
void ocn_cel_row(const struct ocn_gate_row *row, const struct ocn_policy *policy,
                 struct ocn_buf *out);

/* Appends a bool: whether request.namespace or the annotations exempt the pod. @exact: names
 * without * ? [ \ count, too. "false" where nothing does. */
void ocn_cel_exempt(const struct ocn_policy *policy, bool exact, struct ocn_buf *out);

/* Appends a bool: whether the criteria of a row of match hold. */
void ocn_cel_when(const struct ocn_policy_when *when, struct ocn_buf *out);

/* Appends the containers that the node's rules are about. */
void ocn_cel_judged(const struct ocn_policy *policy, struct ocn_buf *out);

/* Appends where an object named @name ("object") has its pod. */
void ocn_cel_pod(const char *name, struct ocn_buf *out);

/* Appends a bool: something that a rule reads is new, or has changed. */
void ocn_cel_changed(struct ocn_buf *out);

/* Whether a glob names one thing only. */
bool ocn_cel_is_exact(const char *glob);
