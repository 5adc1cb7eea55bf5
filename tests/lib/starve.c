/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/starve.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include <check.h>
#include <jansson.h>

#include "hook/confine/child.h"
#include "normalize/base/arena.h"

#define MANY 100000

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

static long left = -1;       /* allocations until one fails; -1: none does */
static long child_left = -1; /* in a child */
static long children;        /* to be started before that one */
static bool *failed;         /* which children share */

static bool due(void)
{
    if (left < 0 || left-- > 0) {
        return false;
    }
    left = -1;
    *failed = true;
    return true;
}

void ocn_starve_at(long n)
{
    left = n;
    *failed = false;
}

void ocn_starve_child_at(long child, long n)
{
    children = child;
    child_left = n;
    *failed = false;
}

bool ocn_starve_end(void)
{
    left = -1;
    child_left = -1;
    return *failed;
}

/* What a child does, and before that the count that is its own. */
struct begun {
    int (*work)(void *ctx);
    void *ctx;
    long left;
};

static int begin_child(void *ctx)
{
    const struct begun *begun = ctx;

    left = begun->left;
    return begun->work(begun->ctx);
}

int __real_ocn_child_start(struct ocn_child *child, int (*work)(void *ctx), void *ctx,
                           struct ocn_error *err);
int __wrap_ocn_child_start(struct ocn_child *child, int (*work)(void *ctx), void *ctx,
                           struct ocn_error *err);

int __wrap_ocn_child_start(struct ocn_child *child, int (*work)(void *ctx), void *ctx,
                           struct ocn_error *err)
{
    struct begun begun = { work, ctx, children-- == 0 ? child_left : -1 };

    return __real_ocn_child_start(child, begin_child, &begun, err);
}

void *__wrap_malloc(size_t size)
{
    return due() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return due() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return due() ? NULL : __real_realloc(old, size);
}

void *__real_ocn_arena_alloc(struct ocn_arena *arena, size_t size);
void *__wrap_ocn_arena_alloc(struct ocn_arena *arena, size_t size);
char *__real_ocn_arena_copy(struct ocn_arena *arena, const char *text, size_t len);
char *__wrap_ocn_arena_copy(struct ocn_arena *arena, const char *text, size_t len);
void *__real_ocn_arena_grow(struct ocn_arena *arena, void *list, size_t len, size_t size);
void *__wrap_ocn_arena_grow(struct ocn_arena *arena, void *list, size_t len, size_t size);
char *__wrap_ocn_arena_printf(struct ocn_arena *arena, const char *fmt, ...) OCN_PRINTF(2, 3);

void *__wrap_ocn_arena_alloc(struct ocn_arena *arena, size_t size)
{
    arena->failed = due() || arena->failed;
    return __real_ocn_arena_alloc(arena, size);
}

char *__wrap_ocn_arena_copy(struct ocn_arena *arena, const char *text, size_t len)
{
    arena->failed = due() || arena->failed;
    return __real_ocn_arena_copy(arena, text, len);
}

void *__wrap_ocn_arena_grow(struct ocn_arena *arena, void *list, size_t len, size_t size)
{
    arena->failed = due() || arena->failed;
    return arena->failed ? NULL : __real_ocn_arena_grow(arena, list, len, size);
}

char *__wrap_ocn_arena_printf(struct ocn_arena *arena, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, fmt);
    int len = due() ? -1 : vasprintf(&text, fmt, args);
    va_end(args);
    char *copy = len >= 0 ? __real_ocn_arena_copy(arena, text, (size_t)len) : ocn_arena_fail(arena);
    free(text);
    return copy;
}

json_t *__real_json_loadb(const char *text, size_t len, size_t flags, json_error_t *problem);
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags, json_error_t *problem);

json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags, json_error_t *problem)
{
    if (due()) {
        memset(problem, 0, sizeof(*problem));
        return NULL;
    }
    long saved = left;
    left = -1;
    json_t *json = __real_json_loadb(text, len, flags, problem);
    left = saved;
    return json;
}

static void *counted_malloc(size_t size)
{
    return __wrap_malloc(size);
}

static void counted_free(void *place)
{
    free(place);
}

void ocn_starve_begin(void)
{
    failed = mmap(NULL, sizeof(*failed), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (failed == MAP_FAILED) {
        abort();
    }
    json_set_alloc_funcs(counted_malloc, counted_free);
}

long ocn_starve_each(int (*pipeline)(void *ctx, struct ocn_buf *out, struct ocn_error *err),
                     void *ctx, const struct ocn_buf *whole)
{
    for (long n = 0; n < MANY; n++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
        struct ocn_error problem = { 0 };
        ocn_starve_at(n);
        int status = pipeline(ctx, &out, &problem);
        bool starved = ocn_starve_end();
        bool same =
            out.len == whole->len && (out.len == 0 || memcmp(out.ptr, whole->ptr, out.len) == 0);
        ck_assert_msg(status == 0 ? same : problem.code == OCN_E_NOMEM,
                      "allocation %ld failed, and the answer was %d, %d: %s %s", n, status,
                      (int)problem.code, problem.where, problem.msg);
        if (!starved) {
            return n;
        }
    }
    ck_abort_msg("more than %d allocations", MANY);
    return -1;
}
