/* SPDX-License-Identifier: Apache-2.0 */
/* One change of config.json that a rule plans. All that there can be are rows of edits.def. */
#pragma once

#include <stddef.h>

#include "normalize/policy/rule.h"

enum ocn_edit_id {
#define OCN_EDIT(symbol, path, rule, value, exec, entry, missing) OCN_EDIT_##symbol,
#include "normalize/outcome/edits.def"
#undef OCN_EDIT
    OCN_EDIT_COUNT
};

/* What a new value may be (hook/judge/edits.c checks it). */
enum ocn_edit_value {
    OCN_EDIT_IS_UID,
    OCN_EDIT_IS_GID,
    OCN_EDIT_IS_LAUNCHERS_ID, /* whom a launcher that goes would have become */
    OCN_EDIT_IS_CUT_ARGS,     /* the same words, without those of a launcher */
    OCN_EDIT_IS_GROUPS,       /* some of those that are there */
    OCN_EDIT_IS_OFF,          /* "0" for a directive that is there */
    OCN_EDIT_IS_TRUE,
    OCN_EDIT_IS_CAPABILITIES,  /* some of those that are there */
    OCN_EDIT_IS_VARIABLE,      /* as the policy can want it (policy/variables.h) */
    OCN_EDIT_IS_ORIGINAL_USER, /* "UID:GID" of the text */
    OCN_EDIT_IS_NAMES,         /* "NAME,NAME" */
    OCN_EDIT_IS_DERIVED,       /* of build info, where nothing is yet */
    OCN_EDIT_IS_MAPPING,       /* two ids of a mount change places (node/idmap.h) */
    OCN_EDIT_VALUES
};

/* What the hook makes of it (hook/entry/plan_build.c). */
enum ocn_edit_entry {
    OCN_EDIT_BY_NEVER,
    OCN_EDIT_BY_LEFT,
    OCN_EDIT_BY_LOST,
    OCN_EDIT_BY_UNDO,
    OCN_EDIT_BY_UID,
    OCN_EDIT_BY_GID,
    OCN_EDIT_BY_GROUPS,
    OCN_EDIT_BY_LOWER, /* a change of user empties that set */
    OCN_EDIT_BY_AMBIENT,
    OCN_EDIT_BY_BOUNDING, /* nothing can be given to it: rules/entry_mode.c says what to do */
    OCN_EDIT_BY_NO_NEW_PRIVS,
    OCN_EDIT_BY_VARIABLE,
    OCN_EDIT_BY_MOUNT, /* the helper mounts a mapped clone over it (hook/entry/remount.c) */
    OCN_EDIT_ENTRIES
};

/* What a mode does that cannot make it. */
enum ocn_edit_missing { OCN_EDIT_OR_REFUSE, OCN_EDIT_OR_WARN, OCN_EDIT_OR_LEAVE };

struct ocn_edit_row {
    char path[52];         /* JSON pointer; with a slash at its end: of each member below it; *: of
                              each element */
    enum ocn_rule_id rule; /* OCN_RULE_COUNT: any */
    enum ocn_edit_value value;
    bool exec; /* a process that joins gets it, too */
    enum ocn_edit_entry entry;
    enum ocn_edit_missing missing;
};

/* Indexed by enum ocn_edit_id. */
extern const struct ocn_edit_row ocn_edit_rows[OCN_EDIT_COUNT];

/* Values are JSON texts; @from is NULL where nothing was. An env edit's path is /process/env/NAME.
 */
struct ocn_edit {
    enum ocn_rule_id rule;
    const char *path; /* JSON pointer into config.json */
    const char *from;
    const char *to;
    const char *why;
};

/* Rule and path of an edit, for an initialiser: (struct ocn_edit){ OCN_EDIT_OF(USER_UID), ... } */
#define OCN_EDIT_OF(symbol)                                                                        \
    .rule = ocn_edit_rows[OCN_EDIT_##symbol].rule, .path = ocn_edit_rows[OCN_EDIT_##symbol].path

/* The row of @edit; NULL: ocinorm makes no such edit. */
const struct ocn_edit_row *ocn_edit_row(const struct ocn_edit *edit);

/* The edit of that id among @edits, or of another rule at the same path; NULL: there is none. */
const struct ocn_edit *ocn_edit_find(const struct ocn_edit *edits, size_t count,
                                     enum ocn_edit_id id);

/* The name of the annotation that the row is about. */
const char *ocn_edit_annotation(enum ocn_edit_id id);

/* NAME, if @edit is one of a variable, else NULL. */
const char *ocn_edit_env_name(const struct ocn_edit *edit);

/* What stands before NAME in the path of such an edit. */
const char *ocn_edit_env_path(void);

/* true: a mode that cannot make it leaves it out, for it changes no process. */
bool ocn_edit_is_note(const struct ocn_edit *edit);

/* true: no mode that cannot make it refuses a container over it; for most are made for everybody.
 */
bool ocn_edit_is_optional(const struct ocn_edit *edit);
