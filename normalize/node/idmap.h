/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of users and groups through user namespaces (user_namespaces(7)). */
#pragma once

#include "normalize/oci/container.h"
#include "normalize/view.h"

/* @id of the container by its own mappings (linux.uidMappings); false: it is not mapped. */
bool ocn_idmap_of_container(const struct ocn_list *mappings, uint32_t id, uint64_t *ret);

/* user_namespaces(7): ids of a map, all but the largest, which is none. */
#define OCN_IDMAP_IDS UINT32_MAX

/* The ranges of a map in which @a and @b change places and all else stays; ascending. */
struct ocn_idmap {
    struct ocn_oci_id_mapping ranges[5];
    size_t len; /* of the ranges that are not empty */
};

/* @a and @b may be equal: nothing changes places. Neither may be the largest id. */
struct ocn_idmap ocn_idmap_swap(uint32_t a, uint32_t b);

/*
 * The same as a mount of config.json has it (runtime-spec 1.1, config.md "Mounts"):
 * [{"containerID":ON_DISK,"hostID":SHOWN,"size":N}, ...]. From @arena.
 */
const char *ocn_idmap_json(const struct ocn_idmap *map, struct ocn_arena *arena);

/*
 * Whether the runtime runs in the first user namespace, which maps every id to itself
 * (user_namespaces(7)); false also where that cannot be seen.
 */
bool ocn_idmap_is_first(const struct ocn_view *view);

/*
 * @id through the namespace that the runtime runs in, by its map @file (/proc/self/uid_map);
 * without a readable map it is what it is. false: it is not mapped.
 */
bool ocn_idmap_of_runtime(const struct ocn_view *view, const char *file, uint64_t id,
                          uint64_t *ret);
