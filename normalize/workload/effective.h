/* SPDX-License-Identifier: Apache-2.0 */
/* What a container gets of its own securityContext and of its pod's. */
#pragma once

#include "normalize/workload/pod.h"

/* runAsUser: the container's own, else the pod's; NULL: neither says it. */
const json_t *ocn_effective_user(const struct ocn_pod *pod,
                                 const struct ocn_pod_container *container);

/* runAsNonRoot: the container's own, else the pod's, is true. */
bool ocn_effective_is_non_root(const struct ocn_pod *pod,
                               const struct ocn_pod_container *container);

/* Whether its process is root as far as the pod says: user 0, or none and no promise. */
bool ocn_effective_is_root(const struct ocn_pod *pod, const struct ocn_pod_container *container);
