/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What limits a container in effect: its own limits (limits.h), and those of the cgroups above its
 * own, which the node shows below /sys/fs/cgroup. A pod's limits are such. Memory of a group that
 * holds more than this pod (the kubelet's "kubepods", systemd's system.slice) is not.
 */
#pragma once

#include "normalize/oci/container.h"
#include "normalize/view.h"

#define OCN_CGROUP_MAX_LEVELS 16 /* above the container's own; Kubernetes has four */

/* More than any quota of 64 bits comes to: amount / period may be infinite. */
#define OCN_MAX_CPUS 1e19

struct ocn_effective {
    double amount;    /* microseconds of CPU, or bytes; 0: no limit, or none that can be seen */
    double period;    /* microseconds; 1 for bytes */
    const char *file; /* of the cgroup above that says it; NULL: the container's own limit */
};

/*
 * The tightest limit, from linux.resources and from the cgroups above linux.cgroupsPath, on cgroup
 * v1, v2 and hybrids of them. Strings come from @arena. Fails only when memory is out: a path that
 * is relative (runc starts at its own cgroup, crun at the root) or hostile and a file that cannot
 * be read make no statement.
 */
OCN_MUST_USE int ocn_cgroup_cpu(const struct ocn_container *container, const struct ocn_view *view,
                                struct ocn_arena *arena, struct ocn_effective *ret,
                                struct ocn_error *err);
OCN_MUST_USE int ocn_cgroup_memory(const struct ocn_container *container,
                                   const struct ocn_view *view, struct ocn_arena *arena,
                                   struct ocn_effective *ret, struct ocn_error *err);
