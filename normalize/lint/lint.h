/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `ocinorm lint` found, as plain data: inputs (an image's platform, a manifest) and their
 * findings. The confined child fills one, the parent reads it (wire.h), judges it and prints it.
 */
#pragma once

#include "normalize/base/arena.h"
#include "normalize/json/bind.h"
#include "normalize/lint/lint_rule.h"

#define OCN_LINT_MAX_FINDINGS ((size_t)2000) /* of an input */
#define OCN_LINT_MAX_INPUTS ((size_t)10000)
#define OCN_LINT_MAX_TEXT ((size_t)1000) /* of a message, as printed */

struct ocn_lint_finding {
    const char *rule; /* its name: of lint_rules.def, or of the node's rules.def */
    enum ocn_level
        level; /* WARN or DENY; given to ocn_lint_add() as OFF: as targets or table have it */
    const char *message; /* the reason, as a sentence without full stop */
    const char *hint;    /* what to do about it */
    const char *target;  /* the targets that want it, "eks, pss-baseline"; NULL: none was asked */
    const char *file;    /* that a person gave us; NULL: the finding is about no file of theirs */
    uint32_t line;       /* from 1; 0: unknown */
    uint32_t column;
    const char *object; /* "Deployment shop/web"; NULL: the input is one thing */
    const char *path;   /* JSON pointer into the object, or the image's config; or NULL */
    const char *origin; /* of images: the layer and the line of history that brought it; or NULL */
    const char *fingerprint; /* set by ocn_lint_add() */
    const char *ignored;     /* why it does not count, or NULL; only the parent sets it */
};

struct ocn_lint_input {
    const char *name;         /* as it was given: "oci:app:1.0", "deploy/web.yaml" */
    const char *kind;         /* "image", "kubernetes", "ecs", "bundle" */
    const char *digest;       /* of the manifest; NULL */
    const char *platform;     /* "linux/arm64/v8"; NULL */
    struct ocn_list findings; /* struct ocn_lint_finding */
};

struct ocn_lint_target;

/* Zero-initialise; release with ocn_lint_done(). */
struct ocn_lint {
    struct ocn_arena arena;                /* owns every text */
    struct ocn_list inputs;                /* struct ocn_lint_input */
    const struct ocn_lint_target *targets; /* chosen (target.h), borrowed */
    size_t targets_len;
};

void ocn_lint_done(struct ocn_lint *lint);

/* Begins an input: what is added from now on is about it. Its texts are copied; .findings is not
 * read. */
OCN_MUST_USE int ocn_lint_begin(struct ocn_lint *lint, const struct ocn_lint_input *input,
                                struct ocn_error *err);

/*
 * Adds a copy of @finding to the input that was begun last, with every text made printable
 * (ocn_lint_printable). With level OFF it gets the strictest level that the chosen targets, else
 * the table, have for its rule, and the names of the targets; where all say off, it is not added.
 * What was found before (same rule, object, path and message) becomes one with it; findings lie in
 * the order of lines. More than OCN_LINT_MAX_FINDINGS are an error: nobody hides a finding behind
 * many.
 */
OCN_MUST_USE int ocn_lint_add(struct ocn_lint *lint, const struct ocn_lint_finding *finding,
                              struct ocn_error *err);

/* As that, of what @target alone was asked about; NULL: as the table has it. */
OCN_MUST_USE int ocn_lint_add_for(struct ocn_lint *lint, const struct ocn_lint_target *target,
                                  const struct ocn_lint_finding *finding, struct ocn_error *err);

/* Whether the .target of a finding, "eks, pss-baseline" or NULL, names @target. */
bool ocn_lint_names(const char *list, const char *target);

/*
 * @text for a message: what is not printable ASCII is written \xNN, and what is longer than
 * OCN_LINT_MAX_TEXT is cut. Never NULL but for NULL; from @arena.
 */
const char *ocn_lint_printable(struct ocn_arena *arena, const char *text);
