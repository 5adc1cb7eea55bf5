/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that a handler of binfmt_misc would run here. */
#pragma once

#include "normalize/node/emulation.h"
#include "normalize/rules/image.h"

/* The first handler that takes a file; one whose interpreter the container does not have is not
 * usable. A handler of NULL: none. */
struct ocn_emulated {
    const struct ocn_handler *handler;
    bool usable;
};

/* The handler for a file at @path that begins with @head. */
OCN_MUST_USE int ocn_emulated_find(struct ocn_judge *judge, struct ocn_bytes head, const char *path,
                                   struct ocn_emulated *ret, struct ocn_error *err);

/*
 * The handler for @image. *ret is empty for one that runs natively, or of which nothing is known:
 * then *ret_native is true.
 */
OCN_MUST_USE int ocn_emulated_find_image(struct ocn_judge *judge, struct ocn_image *image,
                                         bool *ret_native, struct ocn_emulated *ret,
                                         struct ocn_error *err);
