/* SPDX-License-Identifier: Apache-2.0 */
/* The limits that linux.resources sets: v1 fields and cgroup v2's `unified`, the tighter of both.
 */
#pragma once

#include "normalize/oci.h"

struct ocn_cpu_limit {
    double quota;  /* microseconds per period; 0: no limit */
    double period; /* microseconds */
    uint32_t cpus; /* size of the cpuset; 0: none given */
};

void ocn_limits_cpu(const struct ocn_oci_resources *resources, struct ocn_cpu_limit *ret);

/* Bytes; 0: no limit. */
double ocn_limits_memory(const struct ocn_oci_resources *resources);
