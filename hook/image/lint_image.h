/* SPDX-License-Identifier: Apache-2.0 */
/* Images as inputs of `ocinorm lint`. */
#pragma once

#include "hook/image/work.h"
#include "normalize/lint/lint.h"

/* What manifests want to know of an image; strings from the caller's arena. */
struct ocn_lint_image_facts {
    const char *user;             /* as the configuration has it; "" for none */
    struct ocn_strings platforms; /* "linux/amd64", all that there are */
    bool differs;                 /* the platforms have different users */
};

/*
 * Adds the images of @text (input.h) to @lint: an input for each platform, with what the rules of
 * images and of the node find, under the policy of @profiles, whose first is taken. @platform as in
 * struct ocn_work. @facts may be NULL.
 */
OCN_MUST_USE int ocn_lint_image(const char *text, const struct ocn_object_platform *platform,
                                const struct ocn_work_profiles *profiles, struct ocn_lint *lint,
                                struct ocn_arena *arena, struct ocn_lint_image_facts *facts,
                                struct ocn_error *err);
