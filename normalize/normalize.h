/* SPDX-License-Identifier: Apache-2.0 */
/* All of it: configuration, policy and a view of the world in; an outcome out. */
#pragma once

#include "normalize/oci/container.h"
#include "normalize/outcome/outcome.h"
#include "normalize/view.h"

/*
 * Judges the container's own process. Pure: touches nothing but memory and @view. *ret borrows from
 * @container and @policy, which must outlive it; the caller releases it with ocn_outcome_free().
 */
OCN_MUST_USE int ocn_normalize(const struct ocn_container *container,
                               const struct ocn_policy *policy, const struct ocn_view *view,
                               struct ocn_outcome **ret, struct ocn_error *err);

/*
 * Judges a process that joins a running container (`runc exec --process`) by the rules that say so
 * (rules.def, on exec). One that asks for the container's original uid gets the normalised user, as
 * user.exec of the policy has it, and every one gets the variables that create added. @joined is
 * the container's configuration as `create` left it; @container what ocn_container_join() made of
 * it.
 * Edits are paths into config.json (/process/...) as ever.
 */
OCN_MUST_USE int ocn_normalize_exec(const struct ocn_container *container,
                                    const struct ocn_container *joined,
                                    const struct ocn_policy *policy, const struct ocn_view *view,
                                    struct ocn_outcome **ret, struct ocn_error *err);

/*
 * Judges a checkpoint that is restored in place of the container's own process: what its processes
 * are, their memory says and not config.json. No outcome has edits.
 */
OCN_MUST_USE int ocn_normalize_restore(const struct ocn_container *container,
                                       const struct ocn_policy *policy, const struct ocn_view *view,
                                       struct ocn_outcome **ret, struct ocn_error *err);
