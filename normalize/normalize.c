/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/normalize.h"

#include <string.h>

#include "normalize/arch.h"
#include "normalize/cgroup.h"
#include "normalize/exempt.h"
#include "normalize/rules.h"

static struct ocn_outcome *new_outcome(const struct ocn_policy *policy, const struct ocn_view *view)
{
    struct ocn_outcome *outcome = calloc(1, sizeof(*outcome));

    if (outcome != NULL) {
        outcome->profile = policy->profile;
        outcome->facts.host.os = "linux";
        outcome->facts.host.arch = ocn_arch_of_machine(view->host.machine);
        outcome->facts.host.cpus = view->host.cpus;
    }
    return outcome;
}

static int judge_rules(struct ocn_judge *judge, struct ocn_error *err)
{
    for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
        const struct ocn_rule *rule = &ocn_rules[i];
        bool asked =
            judge->policy->level[i] != OCN_LEVEL_OFF && (judge->joined == NULL || rule->on_exec);
        if (asked && rule->judge(judge, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- what create leaves for exec -------------------------------------------------------- */

static int annotate(struct ocn_judge *judge, enum ocn_rule_id rule, const char *path,
                    const char *value, const char *why, struct ocn_error *err)
{
    if (value == NULL) {
        return ocn_fail_nomem(err);
    }
    const char *old = ocn_annotation_get(judge->container, path + sizeof("/annotations/") - 1);
    if (old != NULL && strcmp(old, value) == 0) {
        return 0;
    }
    return ocn_judge_change(judge,
                            (struct ocn_edit){ .rule = rule,
                                               .path = path,
                                               .from = ocn_judge_quote(judge, old),
                                               .to = ocn_judge_quote(judge, value),
                                               .why = why },
                            err);
}

#define NAME_MAX_SIZE 255
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"

/* Whether a text is "NAME,NAME" as we leave it. Anything else is forged, and goes no further. */
static bool is_name_list(const char *names)
{
    return names[strspn(names, NAME_CHARACTERS ",")] == '\0';
}

/* Whether @names, a list as above, has @name. */
static bool has_name(const char *names, const char *name)
{
    size_t len = strlen(name);

    while (*names != '\0') {
        size_t next = strcspn(names, ",");
        if (next == len && strncmp(names, name, len) == 0) {
            return true;
        }
        names += next + (names[next] == ',');
    }
    return false;
}

/* The names of the variables that the planned edits set, after those of an earlier pass. */
static const char *added_names(struct ocn_judge *judge, enum ocn_rule_id *ret_rule, size_t count)
{
    const char *earlier = ocn_annotation_get(judge->container, OCN_ANNOTATION_ADDED_ENV);
    const char *names = "";
    bool any = false;

    if (ocn_annotation_get(judge->container, OCN_ANNOTATION_ORIGINAL_USER) != NULL &&
        earlier != NULL && is_name_list(earlier) && !judge->lowered) {
        names = earlier;
    }
    for (size_t i = 0; i < count && names != NULL; i++) {
        const char *name = ocn_edit_env_name(&judge->outcome->edits[i]);
        if (name != NULL) {
            *ret_rule = judge->outcome->edits[i].rule;
            any = true;
            names = has_name(names, name)
                        ? names
                        : ocn_arena_printf(&judge->outcome->arena, "%s%s%s", names,
                                           names[0] != '\0' ? "," : "", name);
        }
    }
    return any ? names : "";
}

static int leave_annotations(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_oci_user *user = &judge->container->process.user;
    enum ocn_rule_id rule = OCN_RULE_USER_ROOT;

    if (judge->outcome->verdict == OCN_DENY) {
        return 0;
    }
    const char *names = added_names(judge, &rule, judge->outcome->edits_len);
    if (names == NULL) {
        return ocn_fail_nomem(err);
    }
    if (judge->lowered &&
        annotate(judge, OCN_RULE_USER_ROOT, OCN_ORIGINAL_USER_PATH,
                 ocn_arena_printf(&judge->outcome->arena, "%u:%u", user->uid, user->gid),
                 "lets exec follow, and tells who inspects", err) < 0) {
        return -1;
    }
    return names[0] == '\0' ? 0
                            : annotate(judge, rule, OCN_ADDED_ENV_PATH, names,
                                       "lets exec follow, and tells who inspects", err);
}

/* ---- for whoever shows the facts -------------------------------------------------------- */

static int fill_facts(struct ocn_judge *judge, struct ocn_error *err)
{
    struct ocn_facts *facts = &judge->outcome->facts;
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_effective cpu;
    struct ocn_effective memory;

    if (ocn_effective_cpu(judge->container, judge->view, arena, &cpu, err) < 0 ||
        ocn_effective_memory(judge->container, judge->view, arena, &memory, err) < 0) {
        return -1;
    }
    facts->cpu_limit =
        cpu.amount / cpu.period < OCN_MAX_CPUS ? cpu.amount / cpu.period : OCN_MAX_CPUS;
    facts->memory_limit = memory.amount;
    return ocn_judge_facts(judge, err);
}

/* ---- the container's own process -------------------------------------------------------- */

int ocn_normalize(const struct ocn_container *container, const struct ocn_policy *policy,
                  const struct ocn_view *view, struct ocn_outcome **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = new_outcome(policy, view);

    if (outcome == NULL) {
        return ocn_fail_nomem(err);
    }
    struct ocn_judge judge = {
        .container = container,
        .policy = policy,
        .view = view,
        .outcome = outcome,
        .user = container->process.user,
    };
    outcome->exempt = ocn_exempt_reason(container, policy, view);
    if (outcome->exempt == NULL &&
        (judge_rules(&judge, err) < 0 || leave_annotations(&judge, err) < 0 ||
         (view->all_facts && fill_facts(&judge, err) < 0))) {
        return -1;
    }
    *ret = outcome;
    outcome = NULL;
    return 0;
}

/* ---- a process that joins --------------------------------------------------------------- */

/* The uid before normalising, as create left it. Whoever forges it can only lower his own exec. */
static bool read_original_uid(const struct ocn_container *joined, uint32_t *ret)
{
    const char *text = ocn_annotation_get(joined, OCN_ANNOTATION_ORIGINAL_USER);
    uint64_t uid = 0;

    if (text == NULL ||
        ocn_parse_u64((struct ocn_bytes){ text, strcspn(text, ":") }, UINT32_MAX, &uid) < 0) {
        return false;
    }
    *ret = (uint32_t)uid;
    return true;
}

/* Whether create can have added it: names and values of the policy are plain (config/). */
static bool is_ours(const char *name, const char *value)
{
    size_t len = strspn(name, NAME_CHARACTERS);

    return len != 0 && len <= NAME_MAX_SIZE && name[len] == '\0' &&
           !(name[0] >= '0' && name[0] <= '9') && value != NULL && strpbrk(value, "\r\n") == NULL;
}

/*
 * The engine made the process of what it knows, so that a list which create appended to is the old
 * one there. A process with a list of its own keeps it.
 */
static int add_variable(struct ocn_judge *judge, const char *name, const char *value,
                        struct ocn_error *err)
{
    static const char why[] = "the container has this variable";
    const char *own = ocn_env_get(&judge->container->process.env, name);

    return own != NULL && ocn_otel_extends(name, value, own)
               ? ocn_judge_put_env(judge, OCN_RULE_USER_ROOT, name, value, why, err)
               : ocn_judge_set_env(judge, OCN_RULE_USER_ROOT, name, value, why, err);
}

/* Each variable that create added and that this process does not set itself. */
static int add_variables(struct ocn_judge *judge, struct ocn_error *err)
{
    const char *names = ocn_annotation_get(judge->joined, OCN_ANNOTATION_ADDED_ENV);

    while (names != NULL && *names != '\0') {
        size_t len = strcspn(names, ",");
        const char *name = ocn_arena_copy(&judge->outcome->arena, names, len);
        if (name == NULL) {
            return ocn_fail_nomem(err);
        }
        const char *value = ocn_env_get(&judge->joined->process.env, name);
        if (is_ours(name, value) && !ocn_judge_plans_env(judge, name) &&
            add_variable(judge, name, value, err) < 0) {
            return -1;
        }
        names += len + (names[len] == ',');
    }
    return 0;
}

int ocn_normalize_exec(const struct ocn_container *container, const struct ocn_container *joined,
                       const struct ocn_policy *policy, const struct ocn_view *view,
                       struct ocn_outcome **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = new_outcome(policy, view);
    const struct ocn_oci_user *user = &container->process.user;
    uint32_t original = 0;

    if (outcome == NULL) {
        return ocn_fail_nomem(err);
    }
    struct ocn_judge judge = {
        .container = container,
        .joined = joined,
        .policy = policy,
        .view = view,
        .outcome = outcome,
        .user = *user,
    };
    outcome->exempt = ocn_exempt_reason(joined, policy, view);
    bool follows = outcome->exempt == NULL && policy->user.exec == OCN_EXEC_FOLLOW &&
                   policy->level[OCN_RULE_USER_ROOT] == OCN_LEVEL_EDIT &&
                   read_original_uid(joined, &original) && user->uid == original &&
                   joined->process.user.uid != 0;
    if (follows && (judge_rules(&judge, err) < 0 || add_variables(&judge, err) < 0)) {
        return -1;
    }
    *ret = outcome;
    outcome = NULL;
    return 0;
}
