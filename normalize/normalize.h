/* SPDX-License-Identifier: Apache-2.0 */
/* All of it: configuration, policy and a view of the world in; an outcome out. */
#pragma once

#include "normalize/oci.h"
#include "normalize/outcome.h"
#include "normalize/view.h"

/* Annotations that `create` leaves in config.json for `exec`, and for whoever inspects the
 * container. */
#define OCN_ANNOTATION_ORIGINAL_USER "io.ocinorm.original-user" /* "UID:GID" before the change */
#define OCN_ANNOTATION_ADDED_ENV "io.ocinorm.added-env"         /* "NAME,NAME" */

/* The same as JSON pointers: these keys hold nothing that would need an escape. */
#define OCN_ORIGINAL_USER_PATH "/annotations/" OCN_ANNOTATION_ORIGINAL_USER
#define OCN_ADDED_ENV_PATH "/annotations/" OCN_ANNOTATION_ADDED_ENV

/*
 * Judges the container's own process. Pure: touches nothing but memory and @view. *ret borrows from
 * @container and @policy, which must outlive it; the caller releases it with ocn_outcome_free().
 */
OCN_MUST_USE int ocn_normalize(const struct ocn_container *container,
                               const struct ocn_policy *policy, const struct ocn_view *view,
                               struct ocn_outcome **ret, struct ocn_error *err);

/*
 * Judges a process that joins a running container (`runc exec --process`): one that asks for the
 * container's original uid gets the normalised user and the added variables, another one and every
 * process of a container that was not normalised is left alone. @joined is the container's
 * configuration as `create` left it; @container what ocn_container_join() made of it.
 * Edits are paths into config.json (/process/...) as ever.
 */
OCN_MUST_USE int ocn_normalize_exec(const struct ocn_container *container,
                                    const struct ocn_container *joined,
                                    const struct ocn_policy *policy, const struct ocn_view *view,
                                    struct ocn_outcome **ret, struct ocn_error *err);
