/* SPDX-License-Identifier: Apache-2.0 */
/* env.*: variables that fit the limits, where the container sets none itself. */

#include <string.h>

#include "normalize/gobuild.h"
#include "normalize/limits.h"
#include "normalize/rules.h"

#define SHARES_PER_CPU 1024.0 /* cgroup v1 cpu.shares of one CPU request in Kubernetes */
#define MAX_PROCS 65536.0
#define FIRST_WITH_MEMLIMIT 19 /* Go 1.19 reads GOMEMLIMIT */
#define MAX_CPUS 1e19 /* more than any quota of 64 bits comes to; a quotient may be infinite */

static const char *const round_names[] = { "up", "down", "nearest" };

static double bounded(double cpus)
{
    return cpus < MAX_CPUS ? cpus : MAX_CPUS;
}

/* Whole part: the purity of this folder has no libm. */
static double whole(double value, int how)
{
    double down = (double)(uint64_t)value;

    switch ((enum ocn_round)how) {
    case OCN_ROUND_UP:
        return down < value ? down + 1 : down;
    case OCN_ROUND_NEAREST:
        return value - down < 0.5 ? down : down + 1;
    case OCN_ROUND_DOWN:
    default:
        return down;
    }
}

/* As Go >= 1.25 does it (runtime.adjustCgroupGOMAXPROCS): rounded, at least min, at most the CPUs.
 */
static uint32_t processors(const struct ocn_judge *judge, double cpus, uint32_t available)
{
    double procs = whole(cpus < MAX_PROCS ? cpus : MAX_PROCS, judge->policy->env.maxprocs.round);

    if (procs < judge->policy->env.maxprocs.min) {
        procs = judge->policy->env.maxprocs.min;
    }
    if (available != 0 && procs > available) {
        procs = available;
    }
    return procs < 1 ? 1 : (uint32_t)procs;
}

/* The CPUs that the process may be scheduled on at all; 0: unknown. */
static uint32_t available_cpus(const struct ocn_judge *judge, const struct ocn_cpu_limit *limit)
{
    uint32_t host = judge->view->host.cpus;

    if (limit->cpus == 0 || (host != 0 && host < limit->cpus)) {
        return host;
    }
    return limit->cpus;
}

/* ---- who would read them ---------------------------------------------------------------- */

/*
 * Whoever starts a shell starts something else in the end; it may well be a Go program. These are
 * the shells that are no row of launchers.def, which makes the others unknown programs.
 */
static const char *const shells[] = { "busybox", "ksh", "zsh" };

static bool is_shell(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;

    for (size_t i = 0; i < OCN_COUNT(shells); i++) {
        if (strcmp(name, shells[i]) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * *ret_reads is false for a program that is known not to be Go's: an ELF file with sections but
 * without build info (a packed one has no sections). *ret is its build info, NULL where there is
 * none or nobody asked.
 */
static int ask_program(struct ocn_judge *judge, bool *ret_reads, const struct ocn_gobuild **ret,
                       struct ocn_error *err)
{
    struct ocn_image *image = NULL;

    *ret_reads = true;
    *ret = NULL;
    if (judge->policy->env.when == OCN_ENV_WHEN_ALWAYS) {
        return 0;
    }
    if (ocn_judge_program(judge, &image, err) < 0) {
        return -1;
    }
    if (image == NULL) {
        return 0;
    }
    if (image->build->version != NULL) {
        *ret = image->build;
    } else {
        *ret_reads = image->elf.shnum == 0 || is_shell(image->path);
    }
    return 0;
}

int ocn_judge_reads_go(struct ocn_judge *judge, bool *ret, struct ocn_error *err)
{
    const struct ocn_gobuild *build = NULL;

    return ask_program(judge, ret, &build, err);
}

/*
 * Go 1.25 and newer read the CPU limit themselves and follow its changes; the variable would freeze
 * it. Not so with containermaxprocs=0, which a go.mod below 1.25 brings, and in 1.25 only where the
 * cgroup is the root of its namespace (golang/go#76390).
 */
static bool sees_its_cpu_limit(const struct ocn_judge *judge, const struct ocn_gobuild *build)
{
    const char *baked = build != NULL ? ocn_gobuild_setting(build, "DefaultGODEBUG") : NULL;
    const char *given = ocn_env_get(&judge->container->process.env, "GODEBUG");
    int minor = build != NULL ? ocn_gobuild_minor(build) : -1;

    if ((baked != NULL && strstr(baked, "containermaxprocs=0") != NULL) ||
        (given != NULL && strstr(given, "containermaxprocs=0") != NULL)) {
        return false;
    }
    return minor > 25 || (minor == 25 && ocn_namespace_get(judge->container, "cgroup") != NULL);
}

static int keep(struct ocn_judge *judge, enum ocn_rule_id rule, const char *name, const char *why,
                struct ocn_error *err)
{
    const char *value = ocn_env_get(&judge->container->process.env, name);

    return ocn_judge_keep(judge, rule, name, value, value != NULL ? "the container sets it" : why,
                          err);
}

/* ---- the rules -------------------------------------------------------------------------- */

int ocn_rule_env_gomaxprocs(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_gobuild *build = NULL;
    bool reads = true;
    const struct ocn_oci_resources *resources = &judge->container->linux_.resources;
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_cpu_limit limit;
    const char *source;
    double cpus;

    ocn_limits_cpu(resources, &limit);
    if (limit.quota > 0) {
        cpus = bounded(limit.quota / limit.period);
        source = ocn_arena_printf(arena, "quota %.0f/%.0f", limit.quota, limit.period);
        judge->outcome->facts.cpu_limit = cpus;
    } else if (judge->policy->env.maxprocs.from_shares && resources->cpu.shares > 0) {
        cpus = bounded(resources->cpu.shares * 2 /
                       SHARES_PER_CPU); /* twice the request, as CRI-O does */
        source = ocn_arena_printf(arena, "2 x shares %.0f/1024", resources->cpu.shares);
    } else {
        return keep(judge, OCN_RULE_ENV_GOMAXPROCS, "GOMAXPROCS", "no CPU limit", err);
    }
    if (ask_program(judge, &reads, &build, err) < 0) {
        return -1;
    }
    if (!reads) {
        return keep(judge, OCN_RULE_ENV_GOMAXPROCS, "GOMAXPROCS", "no Go program", err);
    }
    if (limit.quota > 0 && sees_its_cpu_limit(judge, build)) {
        return keep(judge, OCN_RULE_ENV_GOMAXPROCS, "GOMAXPROCS",
                    ocn_arena_printf(arena, "%s reads its CPU limit itself", build->version), err);
    }
    uint32_t available = available_cpus(judge, &limit);
    uint32_t procs = processors(judge, cpus, available);
    const char *value = ocn_arena_printf(arena, "%u", procs);
    if (value == NULL || source == NULL) {
        return ocn_fail_nomem(err);
    }
    const char *why = ocn_arena_printf(arena, "%s = %.4g, %s = %.0f, at least %u, CPUs here %u",
                                       source, cpus, round_names[judge->policy->env.maxprocs.round],
                                       whole(cpus, judge->policy->env.maxprocs.round),
                                       judge->policy->env.maxprocs.min, available);
    return ocn_judge_set_env(judge, OCN_RULE_ENV_GOMAXPROCS, "GOMAXPROCS", value, why, err);
}

int ocn_rule_env_gomemlimit(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_policy_env *env = &judge->policy->env;
    struct ocn_arena *arena = &judge->outcome->arena;
    double limit = ocn_limits_memory(&judge->container->linux_.resources);
    const struct ocn_gobuild *build = NULL;
    bool reads = true;

    judge->outcome->facts.memory_limit = limit;
    if (!(limit > 0)) {
        return keep(judge, OCN_RULE_ENV_GOMEMLIMIT, "GOMEMLIMIT", "no memory limit", err);
    }
    if (limit < env->memlimit.min_limit) {
        return keep(judge, OCN_RULE_ENV_GOMEMLIMIT, "GOMEMLIMIT",
                    ocn_arena_printf(arena, "the limit of %.0f bytes is below minLimit %.0f", limit,
                                     env->memlimit.min_limit),
                    err);
    }
    if (ask_program(judge, &reads, &build, err) < 0) {
        return -1;
    }
    int minor = build != NULL ? ocn_gobuild_minor(build) : -1;
    if (!reads) {
        return keep(judge, OCN_RULE_ENV_GOMEMLIMIT, "GOMEMLIMIT", "no Go program", err);
    }
    if (minor >= 0 && minor < FIRST_WITH_MEMLIMIT) {
        return keep(judge, OCN_RULE_ENV_GOMEMLIMIT, "GOMEMLIMIT",
                    ocn_arena_printf(arena, "%s does not know it", build->version), err);
    }
    /* Plain digits: Go ends a program at start over any other spelling but its own suffixes. */
    const char *value =
        ocn_arena_printf(arena, "%llu", (unsigned long long)(limit * env->memlimit.ratio));
    if (value == NULL) {
        return ocn_fail_nomem(err);
    }
    const char *why = ocn_arena_printf(arena, "%.4g of the memory limit of %.0f bytes",
                                       env->memlimit.ratio, limit);
    return ocn_judge_set_env(judge, OCN_RULE_ENV_GOMEMLIMIT, "GOMEMLIMIT", value, why, err);
}

int ocn_rule_env_set(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_pairs *set = &judge->policy->env.set;

    for (size_t i = 0; i < set->len; i++) {
        if (ocn_judge_set_env(judge, OCN_RULE_ENV_SET, set->items[i].name, set->items[i].value,
                              "env.set of the policy", err) < 0) {
            return -1;
        }
    }
    return 0;
}
