/* SPDX-License-Identifier: Apache-2.0 */
/*
 * musl's memcpy for x86-64 is `rep movsq`, which takes some thirty cycles to start also where there
 * is nothing to copy, and jansson copies the text that it parses byte by byte: a tenth of what a
 * create took. This one knows the short lengths; the long ones are as before.
 */
#include <stdint.h>
#include <string.h>

#define COPY_ENDS(type)                                                                            \
    do {                                                                                           \
        type first;                                                                                \
        type last;                                                                                 \
        __builtin_memcpy(&first, source, sizeof(type));                                            \
        __builtin_memcpy(&last, source + len - sizeof(type), sizeof(type));                        \
        __builtin_memcpy(target, &first, sizeof(type));                                            \
        __builtin_memcpy(target + len - sizeof(type), &last, sizeof(type));                        \
    } while (0)

typedef struct {
    uint64_t half[2];
} pair;

/* The linker calls it so: --wrap=memcpy. The two ends of what is to be copied overlap, or meet. */
void *__wrap_memcpy(void *restrict to, const void *restrict from, size_t len);

void *__wrap_memcpy(void *restrict to, const void *restrict from, size_t len)
{
    char *target = to;
    const char *source = from;

    if (len > 2 * sizeof(pair)) {
        __asm__ volatile("rep movsb" : "+D"(target), "+S"(source), "+c"(len) : : "memory");
    } else if (len >= sizeof(pair)) {
        COPY_ENDS(pair);
    } else if (len >= sizeof(uint64_t)) {
        COPY_ENDS(uint64_t);
    } else if (len >= sizeof(uint32_t)) {
        COPY_ENDS(uint32_t);
    } else if (len >= sizeof(uint16_t)) {
        COPY_ENDS(uint16_t);
    } else if (len == 1) {
        *target = *source;
    }
    return to;
}
