/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/task.h"

#include "normalize/workload/field.h"

bool ocn_task_is(const json_t *document)
{
    return json_is_array(ocn_field_get(document, "containerDefinitions")) ||
           json_is_array(ocn_field_get(document, "taskDefinition.containerDefinitions"));
}

int ocn_task_check_document(const struct ocn_workload_check *check, const json_t *document,
                            struct ocn_error *err)
{
    (void)check;
    (void)document;
    (void)err;
    return 0;
}
