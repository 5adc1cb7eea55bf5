/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent allows to be idmapped. It has read no byte of an image: it goes by config.json's
 * text, the policy and the node, and its word counts where a confined child proposes a mapping.
 */
#pragma once

#include "hook/mounts/map.h"
#include "normalize/policy/policy.h"
#include "normalize/view.h"

#define OCN_GRANTS_MAX 128 /* mounts of one container */

/* A mount that may be mapped. */
struct ocn_grant {
    uint32_t mount; /* its number in config.json */
    uint64_t dev;   /* of its source */
    uint64_t ino;
    const char *destination; /* as config.json has it */
    struct ocn_map_flags flags;
};

struct ocn_grants {
    struct ocn_grant *items; /* with their texts from the arena that was given */
    size_t len;
    bool asked; /* once is enough */
};

/* By what is granted; all of it borrowed. */
struct ocn_grant_site {
    const struct ocn_policy *policy; /* of this container */
    struct ocn_bytes config;         /* config.json's text */
    const char *bundle;              /* what relative sources begin at */
    const char *runtime;             /* that maps: its absolute path; NULL: not known */
    bool by_us;                      /* the hook maps, whatever the runtime can */
};

/*
 * Whether each of the @len mounts that @mounts numbers may be mapped: into @answers, and those that
 * may be into @ret. A mount may be that binds a directory or file of the user whom config.json
 * starts, with no mapping of its own and in no user namespace, at a place that the policy allows
 * (source.h), on a file system and by a kernel and a runtime that can. Nobody else's word counts.
 */
OCN_MUST_USE int ocn_grant_look(const struct ocn_grant_site *site, const uint32_t *mounts,
                                size_t len, struct ocn_mapping_answer *answers,
                                struct ocn_arena *arena, struct ocn_grants *ret,
                                struct ocn_error *err);

/* The grant of the mount with this number, or NULL. */
const struct ocn_grant *ocn_grant_find(const struct ocn_grants *grants, uint32_t mount);
