/* SPDX-License-Identifier: Apache-2.0 */
/* The limits that linux.resources sets: v1 fields and cgroup v2's `unified`, the tighter of both.
 */
#pragma once

#include "normalize/oci/container.h"

/* Microseconds; kernel Documentation/scheduler/sched-bwc.rst. */
#define OCN_DEFAULT_PERIOD 100000.0

/*
 * "No limit" is the largest multiple of a page in int64 on cgroup v1, and pages differ; no machine
 * has half as much memory.
 */
#define OCN_NO_MEMORY_LIMIT 4611686018427387904.0

struct ocn_cpu_limit {
    double quota;  /* microseconds per period; 0: no limit */
    double period; /* microseconds */
    uint32_t cpus; /* size of the cpuset; 0: none given */
};

void ocn_limits_cpu(const struct ocn_oci_resources *resources, struct ocn_cpu_limit *ret);

/* Bytes; 0: no limit. */
double ocn_limits_memory(const struct ocn_oci_resources *resources);

/* The next number of @text, as a file of a cgroup holds it; "max" and what is no number give 0. */
double ocn_limits_number(const char **text);

/* How many a list in the kernel's format ("0-3,8") names; 0 when it is malformed, empty or NULL. */
uint32_t ocn_limits_count_cpus(const char *list);
