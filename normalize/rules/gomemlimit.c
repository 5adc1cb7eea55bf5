/* SPDX-License-Identifier: Apache-2.0 */
/* env.gomemlimit: GOMEMLIMIT fits the memory limit, which the Go runtime does not see itself. */
#include <string.h>

#include "normalize/node/cgroup.h"
#include "normalize/program/go_memory.h"
#include "normalize/policy/go_values.h"
#include "normalize/rules/go_env.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

#define FIRST_WITH_MEMLIMIT 19 /* Go 1.19 reads GOMEMLIMIT */

/* ---- what the container brings ---------------------------------------------------------- */

/* What is wrong with a value of GOMEMLIMIT, and what to do. */
static int judge_memlimit(struct ocn_judge *judge, const char *value, const char **ret_wrong,
                          const char **ret_fix, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_effective limit = { 0 };
    double bytes = 0;

    if (!ocn_go_memory_parse(value, &bytes)) {
        *ret_fix = "write bytes, or KiB, MiB, GiB: Kubernetes' 512Mi is Go's 512MiB";
        *ret_wrong = ocn_arena_printf(
            arena, "GOMEMLIMIT=%s is malformed: Go 1.19 and newer refuse to start", value);
        return 0;
    }
    if (!(bytes > 0)) {
        return 0;
    }
    if (ocn_cgroup_memory(judge->container, judge->view, arena, &limit, err) < 0) {
        return -1;
    }
    if (limit.amount > 0 && bytes > limit.amount) {
        *ret_fix = "leave it out, so that it is made of the limit";
        *ret_wrong = ocn_arena_printf(
            arena, "GOMEMLIMIT=%s is above the memory limit of %.0f bytes%s%s", value, limit.amount,
            limit.file != NULL ? " in " : "", limit.file != NULL ? limit.file : "");
    }
    return 0;
}

static const struct ocn_go_variable gomemlimit = { OCN_RULE_ENV_GOMEMLIMIT, "GOMEMLIMIT",
                                                   FIRST_WITH_MEMLIMIT, judge_memlimit };

/* ---- the rule --------------------------------------------------------------------------- */

int ocn_rule_env_gomemlimit(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_policy_env *env = &judge->policy->env;
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_gobuild *build = NULL;
    struct ocn_effective limit;
    bool may = false;

    if (ocn_go_env_may_set(judge, &gomemlimit, &may, &build, err) < 0) {
        return -1;
    }
    if (!may) {
        return 0;
    }
    if (ocn_cgroup_memory(judge->container, judge->view, arena, &limit, err) < 0) {
        return -1;
    }
    if (!(limit.amount > 0)) {
        return ocn_go_env_leave(judge, &gomemlimit, "no memory limit", err);
    }
    const char *in = limit.file != NULL ? " in " : "";
    const char *file = limit.file != NULL ? limit.file : "";
    if (limit.amount < env->memlimit.min_limit) {
        const char *why =
            ocn_arena_printf(arena, "the limit of %.0f bytes%s%s is below minLimit %.0f",
                             limit.amount, in, file, env->memlimit.min_limit);
        return ocn_go_env_leave(judge, &gomemlimit, why, err);
    }
    /* Plain digits: Go ends a program at start over any other spelling but its own suffixes. */
    const char *value = ocn_arena_printf(
        arena, "%llu", (unsigned long long)ocn_go_values_memory(env, limit.amount));
    const char *why = ocn_arena_printf(arena, "%.4g of the memory limit of %.0f bytes%s%s",
                                       env->memlimit.ratio, limit.amount, in, file);
    return ocn_judge_set_env(judge, gomemlimit.rule, gomemlimit.name, value, why, err);
}
