/* SPDX-License-Identifier: Apache-2.0 */
/* Of an image in a registry only what says what it is: indexes, manifests and configurations. */
#pragma once

#include "hook/image/input.h"

/* true: @text is an image of a registry, of which less than all can be fetched. */
bool ocn_fetch_lean_is(const char *text);

/*
 * Opens @text, fetched so: no layer comes with it. What the cache has already is not fetched again,
 * and what a registry serves in place of what a digest names is an error.
 */
OCN_MUST_USE int ocn_fetch_lean(const char *text, struct ocn_image_input *ret,
                                struct ocn_error *err);
