/* SPDX-License-Identifier: Apache-2.0 */
/* What an engine makes of an image's configuration: config.json (OCI image-spec conversion.md). */
#pragma once

#include "normalize/image/object.h"
#include "normalize/image/user.h"

/* What an engine adds or leaves, as data: config/engines. Strings are borrowed from an object. */
struct ocn_engine {
    uint32_t version;
    const char *name;
    const char *why;             /* where it is known from */
    struct ocn_strings profiles; /* the platforms whose engine it is */
    struct ocn_strings env;      /* before the image's, which wins */
    struct ocn_strings capabilities;
    bool image_annotations; /* the image's labels and platform become annotations */
    bool no_new_privileges;
    bool leaves_group; /* of "USER:GROUP" it takes USER alone */
};

/* Reads one file of config/engines; strict, as the policy is. */
OCN_MUST_USE int ocn_engine_read(struct ocn_bytes text, struct ocn_object *object,
                                 struct ocn_engine *ret, struct ocn_error *err);

bool ocn_engine_serves(const struct ocn_engine *engine, const char *profile);

/* What @engine takes of an image's @user, which may be NULL. From @arena where it is a part. */
const char *ocn_engine_user(const struct ocn_engine *engine, const char *user,
                            struct ocn_arena *arena);

/* What whoever starts the container says. */
struct ocn_engine_limits {
    double cpus;   /* 0: no limit */
    double memory; /* bytes; 0: no limit */
};

/* Appends the config.json that @engine would write. */
OCN_MUST_USE int ocn_engine_convert(const struct ocn_engine *engine,
                                    const struct ocn_object_config *config,
                                    const struct ocn_image_user *user,
                                    const struct ocn_engine_limits *limits, struct ocn_buf *out,
                                    struct ocn_error *err);
