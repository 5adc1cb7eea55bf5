/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/normalize.h"

#include <string.h>

#include "normalize/node/cgroup.h"
#include "normalize/node/exempt.h"
#include "normalize/policy/variables.h"
#include "normalize/program/arch.h"
#include "normalize/rules/attributes.h"
#include "normalize/rules/derive.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

static struct ocn_outcome *new_outcome(const struct ocn_policy *policy, const struct ocn_view *view)
{
    struct ocn_outcome *outcome = calloc(1, sizeof(*outcome));

    if (outcome != NULL) {
        outcome->profile = policy->profile;
        outcome->facts.host.os = "linux";
        outcome->facts.host.arch = ocn_arch_of_machine(view->machine);
        outcome->facts.host.cpus = view->all_facts ? ocn_view_cpus(view) : 0;
    }
    return outcome;
}

/* Annotations are hostile text. The engine is a word of ours, for every log. */
static void tell_identity(struct ocn_judge *judge)
{
    const struct ocn_identity *identity = &judge->identity;
    struct ocn_facts *facts = &judge->outcome->facts;
    const struct {
        const char *from;
        const char **to;
    } rows[] = {
        { identity->namespace_, &facts->who.namespace_ },
        { identity->pod, &facts->who.pod },
        { identity->container != NULL ? identity->container : identity->name, &facts->who.name },
    };

    facts->who.engine = identity->engine;
    facts->who.has_user = ocn_container_fault(judge->container, OCN_IN(USER)) == NULL;
    facts->who.uid = judge->container->process.user.uid;
    facts->who.gid = judge->container->process.user.gid;
    for (size_t i = 0; judge->view->all_facts && i < OCN_COUNT(rows); i++) {
        *rows[i].to = ocn_judge_printable(judge, rows[i].from);
    }
}

/* Who it is, and whether that exempts it. */
static int read_identity(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_container *known = judge->joined != NULL ? judge->joined : judge->container;

    if (ocn_identity_read(known, &judge->outcome->arena, &judge->identity, err) < 0) {
        return -1;
    }
    judge->outcome->exempt = ocn_exempt_reason(known, &judge->identity, judge->policy, judge->view);
    tell_identity(judge);
    return 0;
}

/* What the rules that are on need; 0 if none is. */
static unsigned needs_of_rules(const struct ocn_policy *policy, enum ocn_event event)
{
    unsigned needs = 0;

    for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
        bool on = policy->level[i] != OCN_LEVEL_OFF && (ocn_rules[i].events & event) != 0;
        needs |= on ? ocn_rules[i].needs : 0;
    }
    return needs;
}

/*
 * Whether all can be read that is needed. Who is exempt, and where no rule is on, nothing is: what
 * the runtime takes is not ours to refuse then.
 */
static int check_faults(const struct ocn_judge *judge, enum ocn_event event, struct ocn_error *err)
{
    /* What create added for its rules follows into exec. */
    const unsigned needs =
        needs_of_rules(judge->policy, event == OCN_ON_EXEC ? OCN_ON_CREATE_EXEC : event);
    const unsigned all = needs | ocn_exempt_needs(&judge->policy->exempt);
    const struct ocn_error *fault =
        judge->joined != NULL ? ocn_container_fault(judge->joined, all) : NULL;

    if (fault == NULL) {
        fault = ocn_container_fault(judge->container, all);
    }
    return needs == 0 || fault == NULL ? 0
                                       : ocn_fail(err, fault->code, fault->where, "%s", fault->msg);
}

static int judge_rules(struct ocn_judge *judge, enum ocn_event event, struct ocn_error *err)
{
    for (enum ocn_rule_id i = 0; i < OCN_RULE_COUNT; i++) {
        bool asked = judge->policy->level[i] != OCN_LEVEL_OFF && (ocn_rules[i].events & event) != 0;
        if (asked && ocn_rules_ask(i, judge, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- what create leaves for exec -------------------------------------------------------- */

static int annotate(struct ocn_judge *judge, enum ocn_rule_id rule, enum ocn_edit_id id,
                    const char *value, struct ocn_error *err)
{
    const char *old = ocn_oci_annotation_get(judge->container, ocn_edit_annotation(id));

    if (old != NULL && strcmp(old, value) == 0) {
        return 0;
    }
    return ocn_judge_change(judge,
                            (struct ocn_edit){ .rule = rule,
                                               .path = ocn_edit_rows[id].path,
                                               .from = ocn_judge_quote(judge, old),
                                               .to = ocn_judge_quote(judge, value),
                                               .why = "lets exec use the same user and variables; "
                                                      "shown to whoever inspects the container" },
                            err);
}

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
    const char *earlier =
        ocn_oci_annotation_get(judge->container, ocn_edit_annotation(OCN_EDIT_ADDED_ENV));
    const char *names = "";
    bool any = false;

    if (earlier != NULL && is_name_list(earlier) && !judge->lowered) {
        names = earlier;
    }
    for (size_t i = 0; i < count; i++) {
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
    if (judge->lowered &&
        annotate(judge, OCN_RULE_USER_ROOT, OCN_EDIT_ORIGINAL_USER,
                 ocn_arena_printf(&judge->outcome->arena, "%u:%u", user->uid, user->gid),
                 err) < 0) {
        return -1;
    }
    return names[0] == '\0' ? 0 : annotate(judge, rule, OCN_EDIT_ADDED_ENV, names, err);
}

/* ---- for whoever shows the facts -------------------------------------------------------- */

static int fill_facts(struct ocn_judge *judge, struct ocn_error *err)
{
    struct ocn_facts *facts = &judge->outcome->facts;
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_effective cpu;
    struct ocn_effective memory;

    if (ocn_cgroup_cpu(judge->container, judge->view, arena, &cpu, err) < 0 ||
        ocn_cgroup_memory(judge->container, judge->view, arena, &memory, err) < 0) {
        return -1;
    }
    facts->cpu_limit =
        cpu.amount / cpu.period < OCN_MAX_CPUS ? cpu.amount / cpu.period : OCN_MAX_CPUS;
    facts->memory_limit = memory.amount;
    return ocn_derive_facts(judge, err);
}

/* ---- the container's own process -------------------------------------------------------- */

/* Nothing but rules is asked of a checkpoint: annotations and facts are of who starts anew. */
static int judge_first(struct ocn_judge *judge, enum ocn_event event, struct ocn_error *err)
{
    bool anew = event == OCN_ON_CREATE;

    if (check_faults(judge, event, err) < 0 || judge_rules(judge, event, err) < 0 ||
        (anew && leave_annotations(judge, err) < 0)) {
        return -1;
    }
    return anew && judge->view->all_facts ? fill_facts(judge, err) : 0;
}

/* ---- a process that joins --------------------------------------------------------------- */

/*
 * The rule by which a joining process gets variable @name; OCN_RULE_COUNT: it does not. HOME is
 * that of the user who was lowered.
 */
static enum ocn_rule_id rule_of(const struct ocn_judge *judge, const char *name)
{
    enum ocn_rule_id rule = ocn_variables_rule(judge->policy, name);
    bool holds = rule != OCN_RULE_COUNT && judge->policy->level[rule] == OCN_LEVEL_EDIT &&
                 (rule != OCN_RULE_USER_HOME || judge->lowered);

    return holds ? rule : OCN_RULE_COUNT;
}

/*
 * The engine made the process of what it knows, so that a list which create appended to is the old
 * one there. A process with a list of its own keeps it.
 */
static int add_variable(struct ocn_judge *judge, const char *name, const char *value,
                        struct ocn_error *err)
{
    static const char why[] = "the container has this variable";
    const char *own = ocn_oci_env_get(&judge->container->process.env, name);
    enum ocn_rule_id rule = rule_of(judge, name);

    if (rule == OCN_RULE_COUNT || value == NULL || ocn_judge_plans_env(judge, name)) {
        return 0;
    }
    return own != NULL && ocn_attributes_extend(name, value, own)
               ? ocn_judge_put_env(judge, rule, name, value, why, err)
               : ocn_judge_set_env(judge, rule, name, value, why, err);
}

/* Each variable that create added and that this process does not set itself. */
static int add_variables(struct ocn_judge *judge, struct ocn_error *err)
{
    const char *names =
        ocn_oci_annotation_get(judge->joined, ocn_edit_annotation(OCN_EDIT_ADDED_ENV));

    while (names != NULL && *names != '\0') {
        size_t len = strcspn(names, ",");
        const char *name = ocn_arena_copy(&judge->outcome->arena, names, len);
        const char *value = ocn_oci_env_get(&judge->joined->process.env, name);
        if (add_variable(judge, name, value, err) < 0) {
            return -1;
        }
        names += len + (names[len] == ',');
    }
    return 0;
}

static int judge_joining(struct ocn_judge *judge, enum ocn_event event, struct ocn_error *err)
{
    if (check_faults(judge, event, err) < 0 || judge_rules(judge, event, err) < 0) {
        return -1;
    }
    return judge->policy->user.exec != OCN_EXEC_KEEP ? add_variables(judge, err) : 0;
}

/* ---- all of it --------------------------------------------------------------------------- */

static int judge_process(struct ocn_judge *judge, enum ocn_event event, struct ocn_error *err)
{
    if (read_identity(judge, err) < 0) {
        return -1;
    }
    if (judge->outcome->exempt != NULL) {
        return 0;
    }
    return judge->joined != NULL ? judge_joining(judge, event, err)
                                 : judge_first(judge, event, err);
}

/* The outcome leaves only if there was memory for all of it. */
static int normalize(const struct ocn_container *container, const struct ocn_container *joined,
                     const struct ocn_policy *policy, const struct ocn_view *view,
                     enum ocn_event event, struct ocn_outcome **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = new_outcome(policy, view);

    if (outcome == NULL) {
        return ocn_fail_nomem(err);
    }
    struct ocn_judge judge = {
        .container = container,
        .joined = joined,
        .policy = policy,
        .view = view,
        .outcome = outcome,
        .user = container->process.user,
    };
    int result = judge_process(&judge, event, err);
    if (ocn_arena_check(&outcome->arena, err) < 0 || result < 0) {
        return -1;
    }
    *ret = outcome;
    outcome = NULL;
    return 0;
}

int ocn_normalize(const struct ocn_container *container, const struct ocn_policy *policy,
                  const struct ocn_view *view, struct ocn_outcome **ret, struct ocn_error *err)
{
    return normalize(container, NULL, policy, view, OCN_ON_CREATE, ret, err);
}

int ocn_normalize_restore(const struct ocn_container *container, const struct ocn_policy *policy,
                          const struct ocn_view *view, struct ocn_outcome **ret,
                          struct ocn_error *err)
{
    return normalize(container, NULL, policy, view, OCN_ON_RESTORE, ret, err);
}

int ocn_normalize_exec(const struct ocn_container *container, const struct ocn_container *joined,
                       const struct ocn_policy *policy, const struct ocn_view *view,
                       struct ocn_outcome **ret, struct ocn_error *err)
{
    return normalize(container, joined, policy, view, OCN_ON_EXEC, ret, err);
}
