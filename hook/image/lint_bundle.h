/* SPDX-License-Identifier: Apache-2.0 */
/* A bundle as an input of `ocinorm lint`: what the node's rules find, as explain --bundle does. */
#pragma once

#include "hook/policy/world.h"
#include "normalize/lint/lint.h"

/* Whether the directory @path has a config.json of the runtime-spec. */
bool ocn_lint_bundle_is(const char *path);

/* Adds it to @lint, judged under the policy of @world; what would be edited is no finding. */
OCN_MUST_USE int ocn_lint_bundle(const char *path, const struct ocn_world *world,
                                 struct ocn_lint *lint, struct ocn_error *err);
