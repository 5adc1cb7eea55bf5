/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/effective.h"

#include "normalize/workload/field.h"

static const json_t *get(const struct ocn_pod *pod, const struct ocn_pod_container *container,
                         const char *path)
{
    const json_t *own = ocn_field_get(container->json, path);

    return own != NULL ? own : ocn_field_get(pod->spec, path);
}

const json_t *ocn_effective_user(const struct ocn_pod *pod,
                                 const struct ocn_pod_container *container)
{
    return get(pod, container, "securityContext.runAsUser");
}

bool ocn_effective_is_non_root(const struct ocn_pod *pod, const struct ocn_pod_container *container)
{
    return json_is_true(get(pod, container, "securityContext.runAsNonRoot"));
}

bool ocn_effective_is_root(const struct ocn_pod *pod, const struct ocn_pod_container *container)
{
    const json_t *user = ocn_effective_user(pod, container);
    double uid = json_is_number(user) ? json_number_value(user) : -1;

    return uid == 0 || (uid < 0 && !ocn_effective_is_non_root(pod, container));
}
