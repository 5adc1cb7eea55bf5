/* SPDX-License-Identifier: Apache-2.0 */
/* The platforms of an image against those that it has to run on. */
#pragma once

#include "normalize/workload/workload.h"

/* Whether one of @platforms is @platform ("linux/arm64"), of whatever variant. */
bool ocn_platforms_have(const struct ocn_strings *platforms, const char *platform);

/* "linux/amd64, linux/arm64/v8", from @arena. */
const char *ocn_platforms_list(struct ocn_arena *arena, const struct ocn_strings *platforms);

/* What the target's values for @rule name, and @image does not have, at JSON pointer @pointer. */
OCN_MUST_USE int ocn_platforms_check_target(const struct ocn_workload_check *check,
                                            enum ocn_lint_rule_id rule,
                                            const struct ocn_lint_image *image, const char *noun,
                                            const char *pointer, struct ocn_error *err);
