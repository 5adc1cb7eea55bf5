/* SPDX-License-Identifier: Apache-2.0 */
/* env.gomaxprocs: GOMAXPROCS fits the CPU limit, where the Go runtime does not see it itself. */
#include <string.h>

#include "normalize/base/number.h"
#include "normalize/node/cgroup.h"
#include "normalize/node/limits.h"
#include "normalize/policy/go_values.h"
#include "normalize/rules/go_env.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

#define SHARES_PER_CPU 1024.0   /* cgroup v1 cpu.shares of one CPU request in Kubernetes */
#define FIRST_WITH_CPU_LIMIT 25 /* Go 1.25 reads the CPU limit of its cgroup */

/* ---- what the container brings ---------------------------------------------------------- */

/* Go reads a whole number above 0, and passes over anything else without a word. */
static int judge_maxprocs(struct ocn_judge *judge, const char *value, const char **ret_wrong,
                          const char **ret_fix, struct ocn_error *err)
{
    uint64_t number = 0;

    (void)err;
    if (value[0] == '\0' ||
        (ocn_number_parse((struct ocn_bytes){ value, strlen(value) }, INT32_MAX, &number) == 0 &&
         number > 0)) {
        return 0;
    }
    *ret_fix = "write a whole number above 0, or leave it out, so that it is made of the limit";
    *ret_wrong =
        ocn_arena_printf(&judge->outcome->arena,
                         "GOMAXPROCS=%s is not a whole number above 0: Go ignores it", value);
    return 0;
}

static const struct ocn_go_variable gomaxprocs = { OCN_RULE_ENV_GOMAXPROCS, "GOMAXPROCS", 0,
                                                   judge_maxprocs };

/* ---- what Go sees itself ---------------------------------------------------------------- */

/*
 * The number that @list, as GODEBUG has it ("a=1,b=2"), gives to @key; @otherwise where it gives
 * none. The last one counts, and what is no number does not: runtime parsegodebug().
 */
static int godebug(const char *list, const char *key, int otherwise)
{
    size_t key_len = strlen(key);
    int ret = otherwise;

    while (list != NULL && *list != '\0') {
        size_t len = strcspn(list, ",");
        if (len > key_len && strncmp(list, key, key_len) == 0 && list[key_len] == '=') {
            size_t from = key_len + 1;
            bool minus = from < len && list[from] == '-';
            uint64_t number = 0;
            from += minus;
            if (ocn_number_parse((struct ocn_bytes){ list + from, len - from }, INT32_MAX,
                                 &number) == 0) {
                ret = minus ? -(int)number : (int)number;
            }
        }
        list += len + (list[len] == ',');
    }
    return ret;
}

/* Whether a hierarchy of cgroups is mounted where the program can find it. */
static bool shows_cgroups(const struct ocn_judge *judge)
{
    static const char place[] = "/sys/fs/cgroup";
    const struct ocn_oci_mount *mounts = judge->container->mounts.items;

    for (size_t i = 0; i < judge->container->mounts.len; i++) {
        const char *type = mounts[i].type != NULL ? mounts[i].type : "";
        /* As a runtime reads it: from the root, without "//", "." and "..". */
        char *to = ocn_arena_printf(&judge->outcome->arena, "/%s",
                                    mounts[i].destination != NULL ? mounts[i].destination : "");
        ocn_path_clean(to);
        if (strncmp(type, "cgroup", strlen("cgroup")) == 0 || ocn_strings_is_within(to, place) ||
            (to[0] != '\0' && ocn_strings_is_within(place, to) && strcmp(type, "sysfs") != 0)) {
            return true;
        }
    }
    return false;
}

/*
 * NULL if the program follows @limit by itself, which the variable would freeze; otherwise why not.
 * Go 1.25 and newer read the limit of the cgroup that they are in, of none above, unless
 * containermaxprocs=0 says no: a go.mod below 1.25 brings that, GODEBUG has the last word.
 */
static const char *why_blind(const struct ocn_judge *judge, const struct ocn_gobuild *build,
                             const struct ocn_effective *limit)
{
    static const char key[] = "containermaxprocs";
    const struct ocn_container *container = judge->container;
    int minor = build != NULL ? ocn_gobuild_minor(build) : -1;

    if (minor < FIRST_WITH_CPU_LIMIT) {
        return "";
    }
    int on = godebug(ocn_gobuild_setting(build, "DefaultGODEBUG"), key, 1);
    if (godebug(ocn_oci_env_get(&container->process.env, "GODEBUG"), key, on) <= 0) {
        return "; Go does not look: containermaxprocs=0";
    }
    if (limit->file != NULL) {
        return "; Go looks at its own cgroup only";
    }
    if (!shows_cgroups(judge)) {
        return "; Go does not see it: the container mounts no cgroups";
    }
    if (minor == FIRST_WITH_CPU_LIMIT && ocn_oci_namespace_get(container, "cgroup") == NULL) {
        return "; Go 1.25 does not find it without a cgroup namespace (golang/go#76390)";
    }
    return NULL;
}

/* ---- the rule --------------------------------------------------------------------------- */

static const char *const round_names[] = { "up", "down", "nearest" };

static double bounded(double cpus)
{
    return cpus < OCN_MAX_CPUS ? cpus : OCN_MAX_CPUS;
}

/* The CPUs that the process may be scheduled on at all; 0: unknown. */
static uint32_t available_cpus(const struct ocn_judge *judge)
{
    uint32_t host = ocn_view_cpus(judge->view);
    struct ocn_cpu_limit own;

    ocn_limits_cpu(&judge->container->linux_.resources, &own);
    return own.cpus == 0 || (host != 0 && host < own.cpus) ? host : own.cpus;
}

/* A number of CPUs and where it comes from: .cpus of 0 for no limit. */
struct cpus {
    double cpus;
    const char *source;
    struct ocn_effective limit; /* .amount of 0: it comes from the shares */
};

static int find_cpus(const struct ocn_judge *judge, struct cpus *ret, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    double shares = judge->container->linux_.resources.cpu.shares;
    const struct ocn_effective *limit = &ret->limit;

    if (ocn_cgroup_cpu(judge->container, judge->view, arena, &ret->limit, err) < 0) {
        return -1;
    }
    ret->cpus = 0;
    ret->source = "";
    if (limit->amount > 0) {
        ret->cpus = bounded(limit->amount / limit->period);
        ret->source = ocn_arena_printf(arena, "quota %.0f/%.0f%s%s", limit->amount, limit->period,
                                       limit->file != NULL ? " in " : "",
                                       limit->file != NULL ? limit->file : "");
    } else if (judge->policy->env.maxprocs.from_shares && shares > 0) {
        ret->cpus = bounded(shares * 2 / SHARES_PER_CPU); /* twice the request, as CRI-O does */
        ret->source = ocn_arena_printf(arena, "2 x shares %.0f/1024", shares);
    }
    return 0;
}

int ocn_rule_env_gomaxprocs(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_policy_env *env = &judge->policy->env;
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_gobuild *build = NULL;
    struct cpus found;
    bool may = false;

    if (ocn_go_env_may_set(judge, &gomaxprocs, &may, &build, err) < 0) {
        return -1;
    }
    if (!may) {
        return 0;
    }
    if (find_cpus(judge, &found, err) < 0) {
        return -1;
    }
    if (!(found.cpus > 0)) {
        return ocn_go_env_leave(judge, &gomaxprocs, "no CPU limit", err);
    }
    const char *blind = found.limit.amount > 0 ? why_blind(judge, build, &found.limit) : "";
    if (blind == NULL) {
        return ocn_go_env_leave(judge, &gomaxprocs,
                                ocn_arena_printf(arena, "%s reads its CPU limit itself",
                                                 build != NULL ? build->version : "Go"),
                                err);
    }
    uint32_t available = available_cpus(judge);
    uint32_t procs = ocn_go_values_procs(env, found.cpus, available);
    const char *value = ocn_arena_printf(arena, "%u", procs);
    const char *why = ocn_arena_printf(arena, "%s = %.4g, %s = %.0f, at least %u, CPUs here %u%s",
                                       found.source, found.cpus, round_names[env->maxprocs.round],
                                       ocn_go_values_whole(found.cpus, env->maxprocs.round),
                                       env->maxprocs.min, available, blind);
    return ocn_judge_set_env(judge, gomaxprocs.rule, gomaxprocs.name, value, why, err);
}
