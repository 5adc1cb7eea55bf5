/* SPDX-License-Identifier: Apache-2.0 */
/* The policy's layers as bytes: what the parent hands to workers, which can open nothing. */
#pragma once

#include "config/config.h"
#include "hook/policy/world.h"

#define OCN_POLICY_TEXT_MAX ((size_t)16 << 20)

/* Appends the layers that lie on disk now, to see whether they have changed; nothing is judged. */
OCN_MUST_USE int ocn_policy_text_look(const struct ocn_world *world, struct ocn_buf *ret,
                                      struct ocn_error *err);

/* Appends the layers with the profile below them. All of it has been loaded once by then. */
OCN_MUST_USE int ocn_policy_text_read(const struct ocn_world *world, struct ocn_buf *ret,
                                      struct ocn_error *err);

/* The reverse, in a worker. Free *ret with ocn_config_free(). */
OCN_MUST_USE int ocn_policy_text_load(struct ocn_bytes text, struct ocn_config **ret,
                                      struct ocn_error *err);
