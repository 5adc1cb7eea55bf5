/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/running/place.h"

#include <stdio.h>
#include <string.h>

#include "hook/confine/child.h"
#include "hook/view/node.h"

/*
 * The last component is the container's id, and with a namespace the one before it that. Where the
 * directories come from:
 *   /run/runc, /run/crun, /run/youki   the runtimes' own defaults; Podman gives no other, CRI-O's
 *                                      runtime_root names these two
 *   /run/containerd/runc/NAMESPACE     containerd's shim for runc, whatever runtime it calls
 *                                      (pkg/process RuncRoot); k3s and rke2 have the same shim
 *   EXEC-ROOT/runtime-NAME/moby        Docker (daemon/runtime_unix.go), by the runtime's name
 *   /run/user/UID                      the same of rootless engines: XDG_RUNTIME_DIR
 */
static const struct row {
    const char *engine;
    bool has_namespace;
    const char *pattern;
    const char *runtime;
} rows[] = {
    { "containerd", true, "/run/containerd/runc/*/*", NULL },
    { "docker", false, "/run/docker/runtime-*/moby/*", NULL },
    { NULL, false, "/run/runc/*", "runc" },
    { NULL, false, "/run/crun/*", "crun" },
    { NULL, false, "/run/youki/*", "youki" },
    { "docker", false, "/run/user/*/docker/runtime-*/moby/*", NULL },
    { NULL, false, "/run/user/*/runc/*", "runc" },
    { NULL, false, "/run/user/*/crun/*", "crun" },
};

static const char *const own_rows[] = { "runc", "crun" };

enum message { SAYS_END = 1, SAYS_FOUND, SAYS_PROBLEM };

/* One row being listed, in a child: a file system of a rootless user's may never answer. */
struct listing {
    const char *root;
    const char *pattern;
    struct ocn_node node;
    struct ocn_arena arena;
};

static int say(enum message kind, const char *text)
{
    return ocn_child_send(kind, (struct ocn_bytes){ text, strlen(text) }, NULL);
}

static int say_problem(const struct ocn_error *err)
{
    char line[sizeof(err->where) + sizeof(err->msg) + 2];

    (void)snprintf(line, sizeof(line), "%s: %s", err->where, err->msg);
    return say(SAYS_PROBLEM, line);
}

/* A name with a wildcard in it would be read as one. Of the runtimes only crun takes such an id. */
static bool is_pattern(const char *path)
{
    return path[strcspn(path, "*?[")] != '\0';
}

static int say_odd(const char *path)
{
    struct ocn_error err = { 0 };

    (void)ocn_fail(&err, OCN_E_UNSUPPORTED, path, "a name with wildcards is not looked at");
    return say_problem(&err);
}

/* Lists @rest below @prefix, which is no pattern any more. */
static int expand(struct listing *listing, const char *prefix, const char *rest)
{
    size_t wild = strcspn(rest, "*");
    size_t end = wild + strcspn(rest + wild, "/");
    struct ocn_error err = { 0 };
    const char *const *paths = NULL;
    size_t count = 0;

    if (rest[wild] == '\0') {
        return say(SAYS_FOUND, prefix);
    }
    const char *pattern = ocn_arena_printf(&listing->arena, "%s%.*s", prefix, (int)end, rest);
    if (ocn_arena_check(&listing->arena, &err) < 0 ||
        ocn_node_glob(&listing->node, &listing->arena, pattern, &paths, &count, &err) < 0) {
        return say_problem(&err);
    }
    for (size_t i = 0; i < count; i++) {
        if ((is_pattern(paths[i]) ? say_odd(paths[i]) : expand(listing, paths[i], rest + end)) <
            0) {
            return -1;
        }
    }
    return 0;
}

static int list_row(void *ctx)
{
    struct listing *listing = ctx;
    struct ocn_error err = { 0 };

    if (ocn_node_open(listing->root, &listing->node, &err) < 0) {
        return say_problem(&err) < 0 ? -1 : say(SAYS_END, "");
    }
    return expand(listing, "", listing->pattern) < 0 ? -1 : say(SAYS_END, "");
}

/* ---- the parent --------------------------------------------------------------------------- */

static void add_problem(struct ocn_places *places, const char *text, struct ocn_arena *arena)
{
    const char **problems =
        ocn_arena_grow(arena, places->problems, places->problems_len, sizeof(*problems));

    if (problems != NULL) {
        places->problems = problems;
        problems[places->problems_len++] = ocn_arena_copy(arena, text, strlen(text));
    }
}

/* The component of @path that ends at @end, which moves before it. */
static const char *take_component(const char *path, size_t *end, struct ocn_arena *arena)
{
    size_t start = *end;

    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    const char *ret = ocn_arena_copy(arena, path + start, *end - start);
    *end = start > 0 ? start - 1 : 0;
    return ret;
}

static void add_place(struct ocn_places *places, const struct row *row, const char *path,
                      struct ocn_arena *arena)
{
    struct ocn_place *items = ocn_arena_grow(arena, places->items, places->len, sizeof(*items));
    struct ocn_place place = { .engine = row->engine, .runtime = row->runtime };
    size_t end = strlen(path);

    place.path = ocn_arena_copy(arena, path, end);
    place.id = take_component(path, &end, arena);
    place.namespace_ = row->has_namespace ? take_component(path, &end, arena) : NULL;
    if (items != NULL) {
        places->items = items;
        items[places->len++] = place;
    }
}

/* One message of the child's. *ret_end is set: all of the row was told. */
static int hear(struct ocn_child *child, const struct row *row, struct ocn_places *places,
                struct ocn_arena *arena, bool *ret_end, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_error late = { 0 };
    uint32_t kind = 0;

    if (ocn_child_receive(child, &kind, &text, &late) < 0) {
        add_problem(places, ocn_arena_printf(arena, "%s: gives no answer", row->pattern), arena);
        *ret_end = true;
        return 0;
    }
    ocn_buf_add(&text, "", 1);
    if (ocn_buf_check(&text, err) < 0) {
        return -1;
    }
    if (kind == SAYS_FOUND && places->len < OCN_PLACES_MAX) {
        add_place(places, row, text.ptr, arena);
        return 0;
    }
    if (kind == SAYS_PROBLEM) {
        add_problem(places, text.ptr, arena);
        return 0;
    }
    if (kind == SAYS_FOUND) {
        add_problem(places, "there are more containers than can be listed", arena);
    }
    *ret_end = true;
    return 0;
}

static int find_row(const char *root, const struct row *row, struct ocn_arena *arena,
                    struct ocn_places *places, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    struct listing listing = { .root = root, .pattern = row->pattern };
    bool end = false;

    if (ocn_child_start(&child, list_row, &listing, err) < 0) {
        return -1;
    }
    while (!end) {
        if (hear(&child, row, places, arena, &end, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_place_find(const char *root, const char *own, struct ocn_arena *arena,
                   struct ocn_places *ret, struct ocn_error *err)
{
    struct ocn_places places = { 0 };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        if (find_row(root, &rows[i], arena, &places, err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; own != NULL && !is_pattern(own) && i < OCN_COUNT(own_rows); i++) {
        const char *pattern = ocn_arena_printf(arena, "%s/%s/*", own, own_rows[i]);
        const struct row row = { .pattern = pattern, .runtime = own_rows[i] };
        if (find_row(root, &row, arena, &places, err) < 0) {
            return -1;
        }
    }
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = places;
    return 0;
}
