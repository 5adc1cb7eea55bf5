/* SPDX-License-Identifier: Apache-2.0 */
/* What a rule sees, says and asks. A rule is written once, for every mode. */
#pragma once

#include "normalize/node/identity.h"
#include "normalize/outcome/outcome.h"
#include "normalize/policy/policy.h"
#include "normalize/rootfs/accounts.h"
#include "normalize/rootfs/path.h"
#include "normalize/view.h"

struct ocn_entry;
struct ocn_handlers;

/* One judging: the inputs, the outcome in the making, and what earlier rules planned. */
struct ocn_judge {
    const struct ocn_container *container;
    const struct ocn_container *joined; /* exec: the configuration that the container runs by */
    const struct ocn_policy *policy;
    const struct ocn_view *view;
    struct ocn_outcome *outcome;
    struct ocn_identity identity; /* of the container, or of the one that is joined */

    struct ocn_oci_user user;      /* that the process will have */
    bool lowered;                  /* it is another than the process asked for */
    bool by_mode;                  /* files' modes count for it, which they did not before */
    struct ocn_accounts *accounts; /* read when a rule first asks */
    struct ocn_places *places;     /* where mounts will lie; worked out when a rule first asks */
    struct ocn_entry *entry;       /* found when a rule first asks; see entry.h */
    struct ocn_handlers *handlers; /* read when a rule first asks; see emulated.h */
};

/* ---- what a rule says ------------------------------------------------------------------- */

/*
 * What a rule says. At level `edit` a change is planned; at `warn` and `deny` the same change is a
 * finding; at `off` nothing is said (and the rule is not asked in the first place).
 * Strings are borrowed and must come from the outcome's arena or be literals, and none is NULL:
 * these functions ask the arena. Where nothing was, edit.from is OCN_NOTHING.
 */
#define OCN_NOTHING "null"
OCN_MUST_USE int ocn_judge_change(struct ocn_judge *judge, struct ocn_edit edit,
                                  struct ocn_error *err);
OCN_MUST_USE int ocn_judge_report(struct ocn_judge *judge, enum ocn_rule_id rule,
                                  const char *message, const char *hint, struct ocn_error *err);

/* The same at level warn, whatever the policy has: for what only informs. */
OCN_MUST_USE int ocn_judge_warn(struct ocn_judge *judge, enum ocn_rule_id rule, const char *message,
                                const char *hint, struct ocn_error *err);

/*
 * Notes for `explain` that @rule leaves variable @name alone, and @why; does nothing where nobody
 * looks at the facts (ocn_view.all_facts). @value is the container's own, or NULL where it has none
 * or where it may be a secret; it is cut and made printable here.
 */
OCN_MUST_USE int ocn_judge_keep(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                                const char *value, const char *why, struct ocn_error *err);

/*
 * What ocinorm lets an environment grow to, well below what execve(2) takes: 128 KiB a string
 * (MAX_ARG_STRLEN), and 2 MiB with the arguments where the stack may have the usual 8 MiB.
 */
#define OCN_VARIABLE_MAX_SIZE ((size_t)120 << 10)
#define OCN_ENV_MAX_SIZE ((size_t)1 << 20)

/*
 * A change of variable @name to @value, unless the container has it set and the policy leaves it,
 * or it is too large: then it is noted as kept.
 */
OCN_MUST_USE int ocn_judge_set_env(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                                   const char *value, const char *why, struct ocn_error *err);

/* The same whatever the container sets: for a @value that holds what was there. */
OCN_MUST_USE int ocn_judge_put_env(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                                   const char *value, const char *why, struct ocn_error *err);

/*
 * @text with everything but printable ASCII replaced by '?': bytes of an image reach logs,
 * terminals and JSON only so. NULL for NULL, and for nothing else.
 */
const char *ocn_judge_printable(struct ocn_judge *judge, const char *text);

/* @text as a JSON string literal from the outcome's arena, OCN_NOTHING for NULL. */
const char *ocn_judge_quote(struct ocn_judge *judge, const char *text);

/* ---- what a rule asks ------------------------------------------------------------------- */

/* The value of variable @name that the container or env.set gives it, or NULL. */
const char *ocn_judge_env(const struct ocn_judge *judge, const char *name);

/* Whether there is a planned change of variable @name. */
bool ocn_judge_plans_env(const struct ocn_judge *judge, const char *name);

/* process.cwd, or "/" when it is absent: the working directory as the runtimes read it. */
const char *ocn_judge_cwd(const struct ocn_judge *judge);

/* Resolves @path for the user that the process will have. */
OCN_MUST_USE int ocn_judge_resolve(struct ocn_judge *judge, const char *path, struct ocn_path *ret,
                                   struct ocn_error *err);

/*
 * Resolves @path for whoever looks for the entrypoint: under the hook, the user that config.json
 * has; NULL of its capabilities are gone then.
 */
OCN_MUST_USE int ocn_judge_resolve_first(struct ocn_judge *judge, const char *path,
                                         struct ocn_path *ret, struct ocn_error *err);

/* Whether the process will have the permission bits @want on @stat, as ocn_path_may() has them. */
OCN_MUST_USE int ocn_judge_may(struct ocn_judge *judge, const struct ocn_stat *stat, unsigned want,
                               bool *ret, struct ocn_error *err);

/* The accounts of the image, read once. The rootfs without these files has none. */
OCN_MUST_USE int ocn_judge_accounts(struct ocn_judge *judge, struct ocn_error *err);

/* Who "USER" or "USER:GROUP" is by the image's /etc/passwd and /etc/group. */
OCN_MUST_USE int ocn_judge_named(struct ocn_judge *judge, const char *user, const char *group,
                                 struct ocn_named *ret, struct ocn_error *err);

/* true: whoever calls the runtime as uid 0 is the node's root, and not a rootless engine's user. */
bool ocn_judge_called_by_root(const struct ocn_judge *judge);
