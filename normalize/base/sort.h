/* SPDX-License-Identifier: Apache-2.0 */
/* Sorting that makes no system call and takes no memory, whatever it is given. */
#pragma once

#include <stddef.h>

/*
 * Sorts the @len items of @size bytes at @items in place; equal ones in any order. For qsort(3)'s
 * arguments, but not qsort(3): from about 1 KiB on glibc's asks the kernel how much memory there is
 * (sysinfo(2)), which kills the confined child. At most O(len log len) steps, also for lists that
 * an image made to be slow.
 */
void ocn_sort(void *items, size_t len, size_t size, int (*compare)(const void *a, const void *b));
