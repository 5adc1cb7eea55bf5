/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/go_limits.h"

#include <string.h>

#include "normalize/base/number.h"
#include "normalize/program/go_memory.h"
#include "normalize/workload/field.h"

/* One variable of the list. */
struct variable {
    const struct ocn_workload_check *check;
    const struct ocn_go_limits *limits;
    const char *value;
    const char *pointer;
};

/* DENY for what keeps the program from starting, WARN for what makes it slow or have it killed. */
static int tell(const struct variable *variable, enum ocn_level level, const char *message,
                const char *hint, struct ocn_error *err)
{
    return ocn_workload_found_at(variable->check, variable->limits->rule, level, variable->pointer,
                                 message, hint, err);
}

/* runtime.adjustCgroupGOMAXPROCS rounds up; and as Go has it, not beyond what it reads. */
static double most_of(const struct ocn_go_limits *limits)
{
    double least = limits->least > 0 ? limits->least : OCN_GO_LIMITS_LEAST;
    double cpus = limits->cpus < INT32_MAX ? limits->cpus : INT32_MAX;
    double down = (double)(uint64_t)cpus;
    double up = down < cpus ? down + 1 : down;

    return up > least ? up : least;
}

static int judge_procs(const struct variable *variable, struct ocn_error *err)
{
    struct ocn_arena *arena = variable->check->arena;
    const struct ocn_go_limits *limits = variable->limits;
    const char *value = variable->value;
    uint64_t number = 0;

    if (value[0] == '\0') {
        return 0;
    }
    if (ocn_number_parse((struct ocn_bytes){ value, strlen(value) }, INT32_MAX, &number) < 0 ||
        number == 0) {
        return tell(variable, OCN_LEVEL_WARN,
                    ocn_arena_printf(arena,
                                     "%s: GOMAXPROCS=%s is not a whole number above 0: Go "
                                     "ignores it",
                                     limits->noun, value),
                    "leave it out: ocinorm, or Go 1.25, makes it of the limit", err);
    }
    double most = most_of(limits);
    if (!(limits->cpus > 0) || (double)number <= most) {
        return 0;
    }
    return tell(variable, OCN_LEVEL_WARN,
                ocn_arena_printf(arena,
                                 "%s: GOMAXPROCS=%s with a limit of %.4g CPUs: more threads run "
                                 "than the quota pays for, and all of them are throttled",
                                 limits->noun, value, limits->cpus),
                ocn_arena_printf(arena,
                                 "write %.0f, or leave it out: ocinorm, or Go 1.25, makes "
                                 "it of the limit",
                                 most),
                err);
}

static int judge_memory(const struct variable *variable, struct ocn_error *err)
{
    struct ocn_arena *arena = variable->check->arena;
    const struct ocn_go_limits *limits = variable->limits;
    double bytes = 0;

    if (!ocn_go_memory_parse(variable->value, &bytes)) {
        return tell(variable, OCN_LEVEL_DENY,
                    ocn_arena_printf(arena,
                                     "%s: GOMEMLIMIT=%s is malformed: a Go program ends at "
                                     "its start",
                                     limits->noun, variable->value),
                    "write bytes, or KiB, MiB, GiB: Kubernetes' 512Mi is Go's 512MiB", err);
    }
    if (!(limits->memory > 0) || bytes <= limits->memory) {
        return 0;
    }
    return tell(variable, OCN_LEVEL_WARN,
                ocn_arena_printf(arena,
                                 "%s: GOMEMLIMIT=%s is above the memory limit of %.0f bytes: the "
                                 "kernel kills the program before Go collects",
                                 limits->noun, variable->value, limits->memory),
                "leave it out: ocinorm makes it of the limit; by hand, 90 % of the limit", err);
}

static const struct {
    const char *name;
    int (*judge)(const struct variable *variable, struct ocn_error *err);
} variables[] = { { "GOMAXPROCS", judge_procs }, { "GOMEMLIMIT", judge_memory } };

/* The kubelet puts another variable's value there, which may come from anywhere: "$(LIMIT)". */
static bool is_made_later(const char *value)
{
    return strstr(value, "$(") != NULL;
}

static int judge(const struct ocn_workload_check *check, const struct ocn_go_limits *limits,
                 const json_t *entry, size_t at, struct ocn_error *err)
{
    const char *name = ocn_field_string(entry, "name");
    const json_t *value = ocn_field_get(entry, "value");
    struct variable variable = {
        .check = check,
        .limits = limits,
        .value = json_string_value(value),
        .pointer = ocn_arena_printf(check->arena, "%s/%zu/value", limits->pointer, at),
    };

    for (size_t i = 0; name != NULL && value != NULL && i < OCN_COUNT(variables); i++) {
        if (strcmp(variables[i].name, name) != 0 ||
            (limits->only != NULL && strcmp(limits->only, name) != 0)) {
            continue;
        }
        if (variable.value != NULL) {
            return is_made_later(variable.value) ? 0 : variables[i].judge(&variable, err);
        }
        return tell(&variable, OCN_LEVEL_DENY,
                    ocn_arena_printf(check->arena, "%s: the value of %s is %s, which is no string",
                                     limits->noun, name, ocn_field_shown(check->arena, value)),
                    "write it in quotes: value: \"4\"", err);
    }
    return 0;
}

int ocn_go_limits_check(const struct ocn_workload_check *check, const struct ocn_go_limits *limits,
                        struct ocn_error *err)
{
    size_t i;
    const json_t *entry;

    json_array_foreach (limits->env, i, entry) {
        if (judge(check, limits, entry, i, err) < 0) {
            return -1;
        }
    }
    return 0;
}
