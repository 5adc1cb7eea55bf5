/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/platforms.h"

#include <string.h>

bool ocn_platforms_have(const struct ocn_strings *platforms, const char *platform)
{
    for (size_t i = 0; i < platforms->len; i++) {
        if (ocn_strings_is_within(platforms->items[i], platform)) {
            return true;
        }
    }
    return false;
}

const char *ocn_platforms_list(struct ocn_arena *arena, const struct ocn_strings *platforms)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    for (size_t i = 0; i < platforms->len; i++) {
        ocn_buf_printf(&out, "%s%s", i != 0 ? ", " : "", platforms->items[i]);
    }
    return ocn_buf_copy(&out, arena);
}

int ocn_platforms_check_target(const struct ocn_workload_check *check, enum ocn_lint_rule_id rule,
                               const struct ocn_lint_image *image, const char *noun,
                               const char *pointer, struct ocn_error *err)
{
    const struct ocn_strings none = { 0 };
    const struct ocn_strings *values =
        check->target != NULL ? &check->target->want[rule].values : &none;

    for (size_t i = 0; i < values->len; i++) {
        if (ocn_platforms_have(&image->platforms, values->items[i])) {
            continue;
        }
        const char *message =
            ocn_arena_printf(check->arena, "%s: %s runs %s, which image %s does not have: %s", noun,
                             check->target->name, values->items[i], image->name,
                             ocn_platforms_list(check->arena, &image->platforms));
        if (ocn_workload_found(check, rule, pointer, message, "build the image for it", err) < 0) {
            return -1;
        }
    }
    return 0;
}
