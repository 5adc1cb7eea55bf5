/* SPDX-License-Identifier: Apache-2.0 */
/* Where a low-level runtime remembers the bundle of a container that runs. */
#pragma once

#include "normalize/arena.h"

/*
 * Finds the bundle of container @id in the state directory @root of a runtime (its --root; NULL:
 * the default of the runtime named @runtime, e.g. /run/runc, rootless under XDG_RUNTIME_DIR).
 * No such container: OCN_E_NOENT. *ret comes from @arena.
 */
OCN_MUST_USE int ocn_runtime_bundle(const char *runtime, const char *root, const char *id,
                                    struct ocn_arena *arena, char **ret, struct ocn_error *err);

/* The bundle that the text of such a runtime's state file tells; @name is the file's, for errors.
 */
OCN_MUST_USE int ocn_runtime_state_read(struct ocn_bytes text, const char *name,
                                        struct ocn_arena *arena, char **ret, struct ocn_error *err);
