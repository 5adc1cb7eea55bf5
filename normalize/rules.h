/* SPDX-License-Identifier: Apache-2.0 */
/* The rules, and what a rule sees and says. A rule is written once, for every mouth. */
#pragma once

#include "normalize/elf.h"
#include "normalize/normalize.h"
#include "normalize/passwd.h"
#include "normalize/path.h"

/* One judging: the inputs, the outcome in the making, and what earlier rules planned. */
struct ocn_judge {
    const struct ocn_container *container;
    const struct ocn_container *joined; /* exec: the configuration that the container runs by */
    const struct ocn_policy *policy;
    const struct ocn_view *view;
    struct ocn_outcome *outcome;

    struct ocn_oci_user user;      /* that the process will have */
    bool lowered;                  /* it is another than the process asked for */
    struct ocn_accounts *accounts; /* read when a rule first asks; see ocn_judge_accounts() */
    struct ocn_entry *entry;       /* found when a rule first asks; see ocn_judge_entry() */
};

/* The program that args[0] names, as far as it can be seen. */
struct ocn_entry {
    const char *name; /* args[0] */
    struct ocn_path path;
    bool not_executable; /* PATH or args[0] names a file, but without an execute bit */
    const char *image;   /* the ELF file that the kernel loads: the program or its interpreter */
    struct ocn_elf elf;  /* of image, if elf_problem is NULL */
    const char *elf_problem; /* why its header cannot be read, or NULL */
};

struct ocn_rule {
    const char *name;
    enum ocn_level level; /* built in */
    bool changes;         /* the level may be `edit` */
    bool on_exec;
    int (*judge)(struct ocn_judge *judge, struct ocn_error *err); /* NULL: not judged yet */
    const char *summary;
};

/* Indexed by enum ocn_rule_id. */
extern const struct ocn_rule ocn_rules[OCN_RULE_COUNT];

/*
 * What a rule says. At level `edit` a change is planned; at `warn` and `deny` the same change is a
 * finding; at `off` nothing is said (and the rule is not asked in the first place).
 * Strings are borrowed and must come from the outcome's arena or be literals; a NULL among them
 * means that memory was out, and fails. Where nothing was, edit.from is OCN_NOTHING.
 */
#define OCN_NOTHING "null"
OCN_MUST_USE int ocn_judge_change(struct ocn_judge *judge, struct ocn_edit edit,
                                  struct ocn_error *err);
OCN_MUST_USE int ocn_judge_find(struct ocn_judge *judge, enum ocn_rule_id rule, const char *message,
                                const char *hint, struct ocn_error *err);

/* A change of variable @name to @value, unless the container has it set and the policy leaves it.
 */
OCN_MUST_USE int ocn_judge_set_env(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name,
                                   const char *value, const char *why, struct ocn_error *err);

/*
 * @text as a JSON string literal from the outcome's arena, OCN_NOTHING for NULL; NULL when memory
 * is out.
 */
const char *ocn_judge_quote(struct ocn_judge *judge, const char *text);

/* The accounts of the image, read once. The rootfs without these files has none. */
OCN_MUST_USE int ocn_judge_accounts(struct ocn_judge *judge, struct ocn_error *err);

/* Finds the entrypoint once and fills facts.entry. */
OCN_MUST_USE int ocn_judge_entry(struct ocn_judge *judge, struct ocn_error *err);

/* Resolves @path for the user that the process will have; @thorough as in ocn_path_context. */
OCN_MUST_USE int ocn_judge_resolve(struct ocn_judge *judge, const char *path, bool thorough,
                                   struct ocn_path *ret, struct ocn_error *err);

/*
 * @text with everything but printable ASCII replaced by '?': bytes of an image reach logs,
 * terminals and JSON only so. NULL when memory is out, and for NULL.
 */
const char *ocn_judge_printable(struct ocn_judge *judge, const char *text);

/* process.cwd, or "/" when it is absent: the working directory as the runtimes read it. */
const char *ocn_judge_cwd(const struct ocn_judge *judge);

int ocn_rule_user_root(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_user_groups(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_user_home(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_user_capabilities(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_user_mapped(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_user_access(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_entry_found(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_platform_arch(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_env_gomaxprocs(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_env_gomemlimit(struct ocn_judge *judge, struct ocn_error *err);
int ocn_rule_env_set(struct ocn_judge *judge, struct ocn_error *err);
