/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/policy/go_values.h"

#define MAX_PROCS 65536.0
#define MAX_MEMORY 9.0e18 /* below 2^63, which Go's number of bytes is */

/* The purity of this folder has no libm. */
double ocn_go_values_whole(double value, enum ocn_round how)
{
    double down = (double)(uint64_t)value;

    switch (how) {
    case OCN_ROUND_UP:
        return down < value ? down + 1 : down;
    case OCN_ROUND_NEAREST:
        return value - down < 0.5 ? down : down + 1;
    case OCN_ROUND_DOWN:
    default:
        return down;
    }
}

uint32_t ocn_go_values_procs(const struct ocn_policy_env *env, double cpus, uint32_t available)
{
    double procs = ocn_go_values_whole(cpus < MAX_PROCS ? cpus : MAX_PROCS, env->maxprocs.round);

    if (procs < env->maxprocs.min) {
        procs = env->maxprocs.min;
    }
    if (available != 0 && procs > available) {
        procs = available;
    }
    return procs < 1 ? 1 : (uint32_t)procs;
}

uint64_t ocn_go_values_memory(const struct ocn_policy_env *env, double limit)
{
    double bytes = limit * env->memlimit.ratio;

    if (!(limit > 0) || limit < env->memlimit.min_limit) {
        return 0;
    }
    return (uint64_t)(bytes < MAX_MEMORY ? bytes : MAX_MEMORY);
}
