/* SPDX-License-Identifier: Apache-2.0 */
/* The low-level runtime that the policy names. */
#pragma once

#include "config/config.h"

/*
 * The first of the policy's `runtimes` that there is: a path, or a name that PATH of our own
 * environment leads to. Never the program that runs this. *ret is borrowed from the layers or from
 * @arena. OCN_E_NOENT names those that were tried.
 */
OCN_MUST_USE int ocn_runtimes_find(const struct ocn_layer *layers, size_t layers_len,
                                   struct ocn_arena *arena, const char **ret,
                                   struct ocn_error *err);
