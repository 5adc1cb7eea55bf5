/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One image, judged as the node will judge it: its configuration becomes the config.json that a
 * platform's engine writes, its layers the root file system, and the core answers. All of it runs
 * in the confined child.
 */
#pragma once

#include "config/config.h"
#include "hook/image/rootfs.h"
#include "hook/image/select.h"
#include "normalize/image/engine.h"
#include "normalize/outcome/outcome.h"

/* A platform to judge for. */
struct ocn_look_profile {
    const char *name; /* NULL: no platform; the policy alone */
    const struct ocn_config *config;
    const struct ocn_engine *engine;
};

/* The node, as somebody who asks describes it. */
struct ocn_look_place {
    const struct ocn_object_platform *node; /* NULL: one of the image's own platform */
    struct ocn_engine_limits limits;
};

/* Zero-initialise; release with ocn_look_done(). */
struct ocn_look {
    const struct ocn_selected *image;
    struct ocn_image_rootfs rootfs;
    struct ocn_strings likely;
    struct ocn_image_user user;  /* as the image says */
    struct ocn_image_user taken; /* as the engine of the profile that was judged last takes it */
    struct ocn_container *container; /* of the profile that was judged last */
    struct ocn_arena arena;
};

/* Begins to look at @image: who its user is. */
OCN_MUST_USE int ocn_look_open(const struct ocn_blobs *blobs, const struct ocn_selected *image,
                               const struct ocn_look_place *place, struct ocn_look *ret,
                               struct ocn_error *err);
void ocn_look_done(struct ocn_look *look);

/*
 * Judges it for @profile. *ret is borrowed from @look and @profile; the caller releases it, before
 * the next one is judged.
 */
OCN_MUST_USE int ocn_look_judge(struct ocn_look *look, const struct ocn_look_profile *profile,
                                const struct ocn_look_place *place, struct ocn_outcome **ret,
                                struct ocn_error *err);

/* Why no engine would start it as @user, one of the two of @look; NULL: they would. From
 * look->arena. */
const char *ocn_look_user_problem(struct ocn_look *look, const struct ocn_image_user *user);
