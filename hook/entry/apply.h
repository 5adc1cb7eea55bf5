/* SPDX-License-Identifier: Apache-2.0 */
/* Makes the edits of an outcome take effect from a prestart hook: by a program in front. */
#pragma once

#include <stdbool.h>

#include "hook/entry/cover.h"
#include "hook/mounts/grant.h"
#include "normalize/oci/container.h"
#include "normalize/outcome/outcome.h"

/* Beside the hook, or else where it is installed. */
#define OCN_ENTRY_PROGRAM "ocinorm-entry"
#define OCN_ENTRY_INSTALLED OCN_LIBEXECDIR "/ocinorm/" OCN_ENTRY_PROGRAM

/* What entry needs to know of a container, from its config.json and from the runtime. */
struct ocn_entry_site {
    uint32_t pid;             /* of its init, from the state */
    const char *rootfs;       /* an absolute path */
    struct ocn_oci_user user; /* that the runtime starts it with */
    const char *mount_label;  /* or NULL */
    struct ocn_list start_hooks;
    struct ocn_cover_target targets[OCN_COVER_MAX]; /* what the runtime may start */
    size_t targets_len;
    const struct ocn_about *about;   /* for the node's log, or NULL */
    const struct ocn_grants *grants; /* what may be mapped of its mounts (edits of user.volumes) */

    /* Frees what the caller has on the heap; in the helper, which lives on without it. */
    void (*forget)(void *ctx);
    void *ctx;
};

/*
 * Appends the plan for ocinorm-entry (entry_plan.h) that does the edits of @outcome. The edits are
 * checked to be of the known kinds, and their values to be of the right shape.
 */
OCN_MUST_USE int ocn_entry_plan_build(const struct ocn_entry_site *site,
                                      const struct ocn_outcome *outcome, struct ocn_buf *ret,
                                      struct ocn_error *err);

/* Puts the plan into ocinorm-entry, @len bytes at @program. */
OCN_MUST_USE int ocn_entry_plan_put(struct ocn_bytes plan, char *program, size_t len,
                                    struct ocn_error *err);

/*
 * Applies the edits, and leaves a helper that holds the container until it is started (hold.h).
 * What is not possible in this container becomes a denial in @outcome, and nothing is left mounted.
 * A volume that cannot be mapped stays as it is, and becomes a warning there.
 * *ret_unsafe says that the container must not start in any case: nobody knows what is in it.
 */
OCN_MUST_USE int ocn_apply_entry(const struct ocn_entry_site *site, struct ocn_outcome *outcome,
                                 bool *ret_unsafe, struct ocn_error *err);
