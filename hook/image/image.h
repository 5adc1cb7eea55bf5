/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `ocinorm-image`: what an image or a manifest will become on a platform. */
#pragma once

#include "hook/cli/command.h"

extern const struct ocn_command ocn_image_admission;
extern const struct ocn_command ocn_image_annotate;
extern const struct ocn_command ocn_image_diff;
extern const struct ocn_command ocn_image_explain;
extern const struct ocn_command ocn_image_lint;
