/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/pod_check.h"

#include "normalize/workload/families.h"
#include "normalize/workload/pss.h"

static int check_pod(void *ctx, const struct ocn_pod *pod, struct ocn_error *err)
{
    static int (*const families[])(const struct ocn_workload_check *check,
                                   const struct ocn_pod *pod, struct ocn_error *err) = {
        ocn_pss_check,         ocn_workload_limits,  ocn_workload_platform,
        ocn_workload_non_root, ocn_workload_volumes, ocn_workload_demands,
    };
    struct ocn_workload_check check = *(const struct ocn_workload_check *)ctx;

    check.object = pod->object;
    for (size_t i = 0; i < OCN_COUNT(families); i++) {
        if (families[i](&check, pod, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_pod_check_document(const struct ocn_workload_check *check, const json_t *document,
                           struct ocn_error *err)
{
    struct ocn_workload_check copy = *check;

    return ocn_pod_each(document, check->arena, check_pod, &copy, err);
}
