/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/workload.h"

#include <string.h>

#include "normalize/base/number.h"

#define MAX_MINOR 1000

int ocn_workload_version(const char *text, uint32_t *ret, struct ocn_error *err)
{
    static const char major[] = "1.";
    uint64_t minor = 0;

    if (text == NULL || strcmp(text, "latest") == 0) {
        *ret = OCN_WORKLOAD_LATEST;
        return 0;
    }
    const char *rest = text + sizeof(major) - 1;
    if (strncmp(text, major, sizeof(major) - 1) != 0 ||
        ocn_number_parse((struct ocn_bytes){ rest, strlen(rest) }, MAX_MINOR, &minor) < 0) {
        return ocn_fail(err, OCN_E_FORMAT, text,
                        "not a version of Kubernetes: write \"1.30\", or \"latest\"");
    }
    *ret = OCN_WORKLOAD_MINOR(minor);
    return 0;
}

int ocn_workload_found_at(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                          enum ocn_level level, const char *path, const char *message,
                          const char *hint, struct ocn_error *err)
{
    const struct ocn_lint_finding finding = {
        .rule = ocn_lint_rules[rule].name,
        .level = level,
        .message = message,
        .hint = hint,
        .object = check->object,
        .path = path,
    };

    if (ocn_arena_check(check->arena, err) < 0) {
        return -1;
    }
    return check->found(check->ctx, &finding, err);
}

int ocn_workload_found(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                       const char *path, const char *message, const char *hint,
                       struct ocn_error *err)
{
    return ocn_workload_found_at(check, rule, OCN_LEVEL_OFF, path, message, hint, err);
}

const struct ocn_lint_image *ocn_workload_image(const struct ocn_workload_check *check,
                                                const char *name)
{
    for (size_t i = 0; name != NULL && i < check->images_len; i++) {
        if (strcmp(check->images[i].name, name) == 0) {
            return &check->images[i];
        }
    }
    return NULL;
}
