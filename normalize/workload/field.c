/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/workload/field.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/pointer.h"

#define MAX_WORD 64 /* of a path: paths are ours */

/* What one call carries through. */
struct walk {
    struct ocn_arena *arena;
    ocn_field_visit *visit;
    void *ctx;
    struct ocn_error *err;
};

static const json_t *member(const json_t *json, struct ocn_bytes key)
{
    char name[MAX_WORD] = "";

    if (key.len < sizeof(name)) {
        memcpy(name, key.ptr, key.len);
    }
    return json_object_get(json, name); /* NULL for what is no object */
}

/* The next word of a path, and what is behind its dot. */
static struct ocn_bytes next_word(const char **path)
{
    struct ocn_bytes word = { *path, strcspn(*path, ".") };

    *path += word.len + ((*path)[word.len] == '.');
    return word;
}

static const char *join(struct ocn_arena *arena, const char *pointer, struct ocn_bytes key)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    ocn_buf_puts(&out, pointer);
    ocn_json_pointer_add(&out, ocn_arena_copy(arena, key.ptr, key.len));
    return ocn_buf_copy(&out, arena);
}

static int walk(const struct walk *how, const json_t *json, const char *pointer, const char *path);

static int walk_list(const struct walk *how, const json_t *list, const char *pointer,
                     const char *path)
{
    size_t i;
    const json_t *value;

    if (!json_is_array(list)) {
        return how->visit(how->ctx, list, pointer, how->err);
    }
    json_array_foreach (list, i, value) {
        if (walk(how, value, ocn_arena_printf(how->arena, "%s/%zu", pointer, i), path) < 0) {
            return -1;
        }
    }
    return 0;
}

static int walk(const struct walk *how, const json_t *json, const char *pointer, const char *path)
{
    if (json == NULL || json_is_null(json)) {
        return 0;
    }
    if (*path == '\0' || !json_is_object(json)) {
        return how->visit(how->ctx, json, pointer, how->err);
    }
    struct ocn_bytes word = next_word(&path);
    bool list = word.len > 2 && strncmp(word.ptr + word.len - 2, "[]", 2) == 0;
    word.len -= list ? 2 : 0;
    const json_t *value = member(json, word);
    if (value == NULL || json_is_null(value)) {
        return 0;
    }
    pointer = join(how->arena, pointer, word);
    return list ? walk_list(how, value, pointer, path) : walk(how, value, pointer, path);
}

int ocn_field_each(const json_t *json, const char *pointer, const char *path,
                   struct ocn_arena *arena, ocn_field_visit *visit, void *ctx,
                   struct ocn_error *err)
{
    const struct walk how = { arena, visit, ctx, err };

    return walk(&how, json, pointer, path) < 0 ? -1 : ocn_arena_check(arena, err);
}

const json_t *ocn_field_get(const json_t *json, const char *path)
{
    while (json != NULL && *path != '\0') {
        json = member(json, next_word(&path));
    }
    return json_is_null(json) ? NULL : json;
}

const char *ocn_field_string(const json_t *json, const char *path)
{
    return json_string_value(ocn_field_get(json, path));
}

const char *ocn_field_pointer(struct ocn_arena *arena, const char *pointer, const char *path)
{
    while (*path != '\0') {
        pointer = join(arena, pointer, next_word(&path));
    }
    return pointer;
}

const char *ocn_field_key(struct ocn_arena *arena, const char *pointer, const char *key)
{
    return join(arena, pointer, (struct ocn_bytes){ key, strlen(key) });
}

const char *ocn_field_shown(struct ocn_arena *arena, const json_t *value)
{
    char buf[OCN_JSON_DESCRIBED];
    const char *shown = ocn_json_describe(value, buf, sizeof(buf));

    return ocn_arena_copy(arena, shown, strlen(shown));
}
