/* SPDX-License-Identifier: Apache-2.0 */
/* A manifest, judged without power. */
#pragma once

#include "hook/lint/manifest.h"

/* As ocn_manifest_judge(), in a confined child; *ret_other is from lint->arena. Errors name the
 * file. */
OCN_MUST_USE int ocn_manifest_child_judge(const struct ocn_manifest *manifest,
                                          struct ocn_lint *lint, const char **ret_other,
                                          struct ocn_error *err);
