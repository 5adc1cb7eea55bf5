/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of two images on a node, compared. */
#pragma once

#include "hook/image/look.h"
#include "normalize/diff/diff.h"

/* Both images of a platform, as far as they have been looked at; see look.h. */
struct ocn_diff_looks {
    struct ocn_look of[2];
    const char *names[2]; /* as they were given, for errors */
};

/*
 * Judges both for @profile and adds to @diff what differs. *ret: a new list of what is decided and
 * the same in both.
 */
OCN_MUST_USE int ocn_diff_outcome(struct ocn_diff *diff, struct ocn_diff_looks *looks,
                                  const struct ocn_look_profile *profile,
                                  const struct ocn_look_place *place, json_t **ret,
                                  struct ocn_error *err);
