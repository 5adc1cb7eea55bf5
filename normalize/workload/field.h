/* SPDX-License-Identifier: Apache-2.0 */
/* Values of a JSON document by a path such as "ports[].hostPort". */
#pragma once

#include <jansson.h>

#include "normalize/base/arena.h"

/* One value that a path leads to; @pointer is its JSON pointer, @value never null. */
typedef int ocn_field_visit(void *ctx, const json_t *value, const char *pointer,
                            struct ocn_error *err);

/*
 * Calls @visit for every value below @json, which stands at JSON pointer @pointer, that the path
 * names: members with '.' between them, "[]" for every element. What is absent or null is passed
 * over. Where a value on the way has not the kind that the path asks for, it is visited itself: an
 * API server would refuse it, and no check may be blind to it.
 */
OCN_MUST_USE int ocn_field_each(const json_t *json, const char *pointer, const char *path,
                                struct ocn_arena *arena, ocn_field_visit *visit, void *ctx,
                                struct ocn_error *err);

/* The value at a path without "[]"; NULL: absent, null, or something on the way is no object. */
const json_t *ocn_field_get(const json_t *json, const char *path);

/* The string there, or NULL. */
const char *ocn_field_string(const json_t *json, const char *path);

/* @pointer and the tokens of @path, from @arena. */
const char *ocn_field_pointer(struct ocn_arena *arena, const char *pointer, const char *path);

/* @pointer and one key of a document. */
const char *ocn_field_key(struct ocn_arena *arena, const char *pointer, const char *key);

/* A value for a message: a scalar as JSON has it, cut; "a list", "an object". */
const char *ocn_field_shown(struct ocn_arena *arena, const json_t *value);
