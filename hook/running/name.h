/* SPDX-License-Identifier: Apache-2.0 */
/* What people call a container that has no name in config.json: Podman's and Docker's. */
#pragma once

#include "hook/running/runtime_state.h"
#include "hook/view/node.h"

/*
 * The name of container @id in its engine's own list, from @arena; NULL where there is none, or it
 * cannot be read. The list is found from where the container's state says that its files lie.
 */
const char *ocn_running_name(const struct ocn_node *node, struct ocn_arena *arena, const char *id,
                             const struct ocn_runtime_state *state);
