/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/prefault.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/* Of linux/mman.h, which is younger than some systems that we are built on. */
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

#define PAGE ((uintptr_t)4096) /* where pages are larger, the kernel refuses what begins in one */

static void advise(uintptr_t from, uintptr_t to)
{
    from = from / PAGE * PAGE;
    (void)madvise((void *)from, to - from, MADV_POPULATE_WRITE);
}

void ocn_prefault(unsigned heap_pages, unsigned stack_pages)
{
    void *block = malloc(1);
    const uintptr_t heap = (uintptr_t)block;
    const uintptr_t stack = (uintptr_t)&block;

    if (block != NULL) {
        advise(heap, heap + heap_pages * PAGE);
    }
    if (stack_pages != 0) {
        advise(stack - stack_pages * PAGE, stack);
    }
    free(block);
}
