/* SPDX-License-Identifier: Apache-2.0 */
/* pod.limits: amounts, and Go's variables against them. */
#include "normalize/image/quantity.h"
#include "normalize/workload/families.h"
#include "normalize/workload/field.h"
#include "normalize/workload/go_limits.h"

#define LEAST_MEMORY 1048576.0 /* bytes: no program starts with less */

struct asked {
    const struct ocn_workload_check *check;
    const struct ocn_pod_container *container;
};

static int tell(const struct asked *asked, const char *path, const char *message, const char *hint,
                struct ocn_error *err)
{
    struct ocn_arena *arena = asked->check->arena;

    return ocn_workload_found_at(asked->check, OCN_LINT_POD_LIMITS, OCN_LEVEL_DENY,
                                 ocn_field_pointer(arena, asked->container->pointer, path), message,
                                 hint, err);
}

bool ocn_workload_amount(const json_t *value, double *ret)
{
    const char *text = json_string_value(value);

    *ret = json_number_value(value);
    return value == NULL || json_is_number(value) ||
           (text != NULL && ocn_quantity_parse(text, ret, NULL) == 0);
}

static int read_amount(const struct asked *asked, const char *path, double *ret,
                       struct ocn_error *err)
{
    struct ocn_arena *arena = asked->check->arena;
    const json_t *value = ocn_field_get(asked->container->json, path);

    if (ocn_workload_amount(value, ret)) {
        return 0;
    }
    return tell(asked, path,
                ocn_arena_printf(arena,
                                 "%s: %s is %s, which is no amount: the API server refuses "
                                 "it",
                                 asked->container->noun, path, ocn_field_shown(arena, value)),
                "write it as 1.5, 1500m, 512Mi or 1G", err);
}

/* The pod's limit is its containers', too. What is no amount there is somebody else's affair. */
static double tightest(double own, const struct ocn_pod *pod, const char *path)
{
    double of_pod = 0;

    return !ocn_workload_amount(ocn_field_get(pod->spec, path), &of_pod) || !(of_pod > 0) ||
                   (own > 0 && own < of_pod)
               ? own
               : of_pod;
}

struct looking {
    const struct ocn_workload_check *check;
    const struct ocn_pod *pod;
};

static int ask(void *ctx, const struct ocn_pod_container *container, struct ocn_error *err)
{
    static const char memory[] = "resources.limits.memory";
    const struct looking *looking = ctx;
    const struct asked asked = { looking->check, container };
    struct ocn_arena *arena = asked.check->arena;
    struct ocn_go_limits limits = {
        .rule = OCN_LINT_POD_LIMITS,
        .noun = container->noun,
        .env = ocn_field_get(container->json, "env"),
        .pointer = ocn_field_pointer(arena, container->pointer, "env"),
    };

    if (read_amount(&asked, "resources.limits.cpu", &limits.cpus, err) < 0 ||
        read_amount(&asked, memory, &limits.memory, err) < 0) {
        return -1;
    }
    if (limits.memory > 0 && limits.memory < LEAST_MEMORY &&
        tell(&asked, memory,
             ocn_arena_printf(arena, "%s: %s is %.4g bytes: nothing starts with that",
                              container->noun, memory, limits.memory),
             "m is a thousandth: 512m of memory are half a byte; write 512Mi", err) < 0) {
        return -1;
    }
    limits.cpus = tightest(limits.cpus, looking->pod, "resources.limits.cpu");
    limits.memory = tightest(limits.memory, looking->pod, memory);
    return ocn_go_limits_check(asked.check, &limits, err);
}

int ocn_workload_limits(const struct ocn_workload_check *check, const struct ocn_pod *pod,
                        struct ocn_error *err)
{
    struct looking looking = { check, pod };

    return ocn_pod_each_container(pod, check->arena, ask, &looking, err);
}
