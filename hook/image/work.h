/* SPDX-License-Identifier: Apache-2.0 */
/* Images in the confined child: who asks is the parent, and gets bytes. */
#pragma once

#include "hook/cli/cli.h"
#include "hook/image/input.h"
#include "hook/image/look.h"
#include "hook/policy/world.h"

#define OCN_WORK_MAX_PROFILES 16
#define OCN_WORK_MAX_RESULT ((size_t)64 << 20) /* bytes that the parent gets */

/* The platforms that are asked about, with their policies. Release with ocn_work_profiles_done().
 */
struct ocn_work_profiles {
    struct ocn_look_profile items[OCN_WORK_MAX_PROFILES];
    struct ocn_config *configs[OCN_WORK_MAX_PROFILES];
    struct ocn_engine engines[OCN_WORK_MAX_PROFILES];
    struct ocn_object objects[OCN_WORK_MAX_PROFILES];
    size_t len;
    struct ocn_arena arena;
};

/*
 * Reads the policy for each of @names, "NAME,NAME", or as it is where that is NULL. The policy's
 * files are those of @world.
 */
OCN_MUST_USE int ocn_work_profiles(const struct ocn_world *world, const char *names,
                                   struct ocn_work_profiles *ret, struct ocn_error *err);
void ocn_work_profiles_done(struct ocn_work_profiles *profiles);

/* The node and the limits that @of names, its platform as *node, with texts from @arena. */
OCN_MUST_USE int ocn_work_place(const struct ocn_cli_image *of, struct ocn_arena *arena,
                                struct ocn_object_platform *node, struct ocn_look_place *ret,
                                struct ocn_error *err);

struct ocn_work {
    const struct ocn_image_input *input;
    const struct ocn_image_input *second;       /* another image, read beside it; NULL: none */
    const struct ocn_object_platform *platform; /* only that one; NULL: all */
    bool may_miss;                              /* see select.h */
    struct ocn_look_place place;
    const struct ocn_work_profiles *profiles;
    /* Runs in the child, for all images at once; appends what the parent is to get. @selection: of
     * .input, and behind it of .second. */
    int (*run)(const struct ocn_work *work, const struct ocn_selection *selection,
               struct ocn_buf *out, struct ocn_error *err);
    void *ctx; /* of that function; what it changes there, the parent does not see */
    /* Runs in the parent, for each message of the child's before that, by ocn_work_send(); NULL:
     * there may be none. */
    int (*take)(void *ctx, uint32_t kind, struct ocn_bytes bytes, struct ocn_error *err);
};

/* In the child: hands @bytes to work->take. @kind: any number from OCN_WORK_FIRST_KIND on. */
OCN_MUST_USE int ocn_work_send(uint32_t kind, struct ocn_bytes bytes, struct ocn_error *err);

#define OCN_WORK_FIRST_KIND 16

/*
 * Reads the image in a confined child, and appends what work->run makes of it. The child has the
 * image's files and nothing else; CPU and time by the image's size.
 */
OCN_MUST_USE int ocn_work_confined(const struct ocn_work *work, struct ocn_buf *ret,
                                   struct ocn_error *err);
