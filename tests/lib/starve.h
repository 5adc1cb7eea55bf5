/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that is out once: the n-th allocation of our code fails. For a test that the linker puts
 * these wrappers under (OCN_STARVED in tests/unit/CMakeLists.txt). What is taken of an arena counts
 * as one, though few of them need a new block; jansson's objects go through its own door. Its
 * parser counts as one allocation: out of memory inside, jansson 2.14 crashes, which stops a
 * container's start as any crash of ours does, but would end the test.
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/buf.h"

/* Once, before anything is allocated. */
void ocn_starve_begin(void);

/* The allocation after @n more fails, in this process; in its children none does. */
void ocn_starve_at(long n);

/* The same in the child that is started after @child more; in this process none does. */
void ocn_starve_child_at(long child, long n);

/* None fails any more. Returns whether one has. */
bool ocn_starve_end(void);

/*
 * Runs @pipeline, which appends the same bytes each time, once for each of its allocations, which
 * fails: every run must end in OCN_E_NOMEM, or in the bytes of @whole. Returns how many there are;
 * the test fails where one run ends otherwise.
 */
long ocn_starve_each(int (*pipeline)(void *ctx, struct ocn_buf *out, struct ocn_error *err),
                     void *ctx, const struct ocn_buf *whole);
