/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that a short-lived process is about to touch, asked for in one go. The first touch of a
 * page is a page fault, half a microsecond on a bare machine and ten in a virtual one; a process
 * that is gone after a millisecond has little else to do. It is advice: where the kernel does not
 * know it (before 5.14, MADV_POPULATE_WRITE in madvise(2)), or it is wrong, nothing happens.
 */
#pragma once

/*
 * What malloc(3) will hand out next, so many pages of it, and of the stack below here. Of memory
 * that another process shares since a fork, a copy is made.
 */
void ocn_prefault(unsigned heap_pages, unsigned stack_pages);
