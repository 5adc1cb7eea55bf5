/* SPDX-License-Identifier: Apache-2.0 */
/* The numbers that Go's variables get from limits: the same on a node and at a cluster's gate. */
#pragma once

#include "normalize/policy/policy.h"

/* @value without its fraction, rounded as the policy says; at most 2^64. */
double ocn_go_values_whole(double value, enum ocn_round how);

/*
 * GOMAXPROCS for a limit of @cpus (> 0), as Go >= 1.25 makes it of its cgroup
 * (runtime.adjustCgroupGOMAXPROCS): rounded, at least the policy's min, at most the @available CPUs
 * (0: unknown), never 0.
 */
uint32_t ocn_go_values_procs(const struct ocn_policy_env *env, double cpus, uint32_t available);

/* GOMEMLIMIT in bytes for a memory limit of @limit bytes; 0: none, the limit is too small for one.
 */
uint64_t ocn_go_values_memory(const struct ocn_policy_env *env, double limit);
