/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory for programs that live for a millisecond. musl's malloc maps a page or two for each size
 * that it meets, and unmaps it when the last of that size is freed: thirty system calls in a
 * create, and with the page faults behind them a quarter of its time. Here memory is taken from one
 * stretch and given back by the end of the process: what is freed is only used again if nothing was
 * allocated behind it. What is large has a mapping of its own, so that a buffer that grows does not
 * leave its former selves behind.
 *
 * No thread is ever started.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define ALIGNMENT ((size_t)16)
#define HEAD sizeof(size_t)
#define STRETCH ((size_t)1 << 20)
#define LARGE ((size_t)1 << 16)
#define MAPPED ((size_t)1) /* in a size, which is even: a mapping of its own */

/* A block's size, without its head, stands before it. */
static struct {
    char *next; /* where the next block's head is: HEAD below a multiple of ALIGNMENT */
    char *end;
} stretch;

size_t malloc_usable_size(void *block);

static size_t *head_of(void *block)
{
    return (size_t *)(void *)((char *)block - HEAD);
}

static void *no_memory(void)
{
    errno = ENOMEM;
    return NULL;
}

static char *map(size_t size)
{
    char *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return mapping != MAP_FAILED ? mapping : NULL;
}

static void *adopt(char *mapping, size_t size)
{
    void *block = mapping + ALIGNMENT;

    *head_of(block) = (size - ALIGNMENT) | MAPPED;
    return block;
}

static void *allocate_large(size_t size)
{
    char *mapping = map(size + ALIGNMENT);

    return mapping != NULL ? adopt(mapping, size + ALIGNMENT) : no_memory();
}

static void *allocate_small(size_t size)
{
    if ((size_t)(stretch.end - stretch.next) < size + HEAD) {
        char *mapping = map(STRETCH);
        if (mapping == NULL) {
            return no_memory();
        }
        stretch.next = mapping + ALIGNMENT - HEAD;
        stretch.end = mapping + STRETCH;
    }
    void *block = stretch.next + HEAD;
    *head_of(block) = size;
    stretch.next += HEAD + size;
    return block;
}

/* A size that keeps the next block aligned. */
static size_t round_up(size_t size)
{
    return (size + HEAD + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - HEAD;
}

void *malloc(size_t size)
{
    if (size > PTRDIFF_MAX / 2) {
        return no_memory();
    }
    return size >= LARGE ? allocate_large(size / 2 * 2 + 2) : allocate_small(round_up(size));
}

size_t malloc_usable_size(void *block)
{
    return block != NULL ? *head_of(block) & ~MAPPED : 0;
}

void free(void *block)
{
    if (block == NULL) {
        return;
    }
    size_t size = malloc_usable_size(block);
    if ((*head_of(block) & MAPPED) != 0) {
        int saved = errno;
        (void)munmap((char *)block - ALIGNMENT, size + ALIGNMENT);
        errno = saved;
    } else if ((char *)block + size == stretch.next) {
        stretch.next = (char *)block - HEAD;
    }
}

void *calloc(size_t count, size_t size)
{
    if (size != 0 && count > PTRDIFF_MAX / 2 / size) {
        return no_memory();
    }
    void *block = malloc(count * size);
    return block != NULL ? memset(block, 0, count * size) : NULL;
}

static void *move(void *block, size_t size)
{
    void *other = malloc(size);

    if (other != NULL) {
        memcpy(other, block, malloc_usable_size(block));
        free(block);
    }
    return other;
}

void *realloc(void *block, size_t size)
{
    size_t old = malloc_usable_size(block);

    if (block == NULL) {
        return malloc(size);
    }
    if (size <= old) {
        return block;
    }
    if (size > PTRDIFF_MAX / 2) {
        return no_memory();
    }
    if ((*head_of(block) & MAPPED) != 0) {
        size = size / 2 * 2 + 2 + ALIGNMENT;
        char *mapping = mremap((char *)block - ALIGNMENT, old + ALIGNMENT, size, MREMAP_MAYMOVE);
        return mapping != MAP_FAILED ? adopt(mapping, size) : no_memory();
    }
    if ((char *)block + old == stretch.next &&
        (size_t)(stretch.end - (char *)block) >= round_up(size)) {
        *head_of(block) = round_up(size);
        stretch.next = (char *)block + round_up(size);
        return block;
    }
    return move(block, size);
}
