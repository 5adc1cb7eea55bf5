/* SPDX-License-Identifier: Apache-2.0 */
/* The rules that only an image has (image.* of normalize/lint/lint_rules.def). */
#pragma once

#include "hook/image/look.h"
#include "normalize/lint/lint.h"

/*
 * Adds to @lint what is wrong with the image of @look, which @outcome has judged: first the rules
 * of images, then what the node's rules found and no rule of images has said.
 */
OCN_MUST_USE int ocn_image_rules(struct ocn_look *look, const struct ocn_outcome *outcome,
                                 struct ocn_lint *lint, struct ocn_error *err);

/* What is asked of an image for Windows: its platform, annotations and blobs. No layer is opened.
 */
OCN_MUST_USE int ocn_image_rules_for_windows(const struct ocn_blobs *blobs,
                                             const struct ocn_selected *image,
                                             struct ocn_lint *lint, struct ocn_error *err);
