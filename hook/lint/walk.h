/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a directory that may be manifests. */
#pragma once

#include "normalize/base/arena.h"
#include "normalize/base/strings.h"

#define OCN_WALK_MAX_FILES ((size_t)10000)
#define OCN_WALK_MAX_DEPTH 32

/*
 * Every *.yaml, *.yml and *.json below @directory, sorted, as paths that begin with it. Symbolic
 * links are passed over, for they may lead anywhere, and so is what begins with a dot. From @arena.
 */
OCN_MUST_USE int ocn_walk(const char *directory, struct ocn_arena *arena, struct ocn_strings *ret,
                          struct ocn_error *err);
