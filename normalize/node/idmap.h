/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of users and groups through user namespaces (user_namespaces(7)). */
#pragma once

#include "normalize/oci/container.h"
#include "normalize/view.h"

/* @id of the container by its own mappings (linux.uidMappings); false: it is not mapped. */
bool ocn_idmap_of_container(const struct ocn_list *mappings, uint32_t id, uint64_t *ret);

/*
 * @id through the namespace that the runtime runs in, by its map @file (/proc/self/uid_map);
 * without a readable map it is what it is. false: it is not mapped.
 */
bool ocn_idmap_of_runtime(const struct ocn_view *view, const char *file, uint64_t id,
                          uint64_t *ret);
