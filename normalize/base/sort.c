/* SPDX-License-Identifier: Apache-2.0 */
/* A heapsort. */
#include "normalize/base/sort.h"

/* A list as a heap: no item is below one of its two children, 2i + 1 and 2i + 2. */
struct heap {
    char *items;
    size_t len;
    size_t size;
    int (*compare)(const void *a, const void *b);
};

static char *item(const struct heap *heap, size_t i)
{
    return heap->items + i * heap->size;
}

static int order(const struct heap *heap, size_t a, size_t b)
{
    return heap->compare(item(heap, a), item(heap, b));
}

static void swap(const struct heap *heap, size_t a, size_t b)
{
    char *left = item(heap, a);
    char *right = item(heap, b);

    for (size_t i = 0; i < heap->size; i++) {
        char byte = left[i];
        left[i] = right[i];
        right[i] = byte;
    }
}

/* Item @at goes down until it is below none of its children. */
static void sink(const struct heap *heap, size_t at)
{
    while (at < heap->len / 2) {
        size_t child = 2 * at + 1;
        if (child + 1 < heap->len && order(heap, child, child + 1) < 0) {
            child++;
        }
        if (order(heap, at, child) >= 0) {
            return;
        }
        swap(heap, at, child);
        at = child;
    }
}

void ocn_sort(void *items, size_t len, size_t size, int (*compare)(const void *a, const void *b))
{
    struct heap heap = { items, len, size, compare };

    for (size_t i = len / 2; i-- > 0;) {
        sink(&heap, i);
    }
    while (heap.len > 1) {
        swap(&heap, 0, --heap.len);
        sink(&heap, 0);
    }
}
