/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rootfs/path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define EXECUTABLE 0111 /* any bit will do */

bool ocn_path_may(const struct ocn_who *who, const struct ocn_stat *stat, unsigned want)
{
    unsigned bits = stat->mode;

    if (who->uid == stat->uid) {
        return ((bits >> 6) & want) == want;
    }
    bool in_group = who->gid == stat->gid;
    for (size_t i = 0; i < who->groups_len && !in_group; i++) {
        in_group = who->groups[i] == stat->gid;
    }
    return ((in_group ? bits >> 3 : bits) & want) == want;
}

/* ---- mounts ----------------------------------------------------------------------------- */

static bool is_bind(const struct ocn_oci_mount *mount)
{
    return (mount->type != NULL && strcmp(mount->type, "bind") == 0) ||
           ocn_strings_hold(&mount->options, "bind") || ocn_strings_hold(&mount->options, "rbind");
}

/* The mount that covers @path, which begins with a slash: a later one lies over an earlier one. */
static const struct ocn_place *covering(const struct ocn_places *places, const char *path,
                                        const char **ret_rest)
{
    uint32_t number = ocn_place_table_covering(&places->table, path, ret_rest);

    return number < places->len ? &places->items[number] : NULL;
}

/* Takes in the place behind the last one. */
static int add_place(struct ocn_places *places, struct ocn_arena *arena, struct ocn_error *err)
{
    const char *destination = places->items[places->len].destination;

    if (ocn_place_table_add(&places->table, destination, (uint32_t)places->len, arena)) {
        places->len++;
        return 0;
    }
    return arena->failed
               ? ocn_fail_nomem(err)
               : ocn_fail(err, OCN_E_LIMIT, "/mounts",
                          "its destinations are made to be hard to tell apart, up to \"%s\"",
                          destination);
}

/* Where @path, which has no links in it, lies. false: in a mount that cannot be seen yet. */
static bool locate(const struct ocn_path_context *context, const char *path, struct ocn_ref *ret)
{
    const char *rest = NULL;
    const struct ocn_place *place = covering(context->places, path, &rest);

    if (place == NULL) {
        *ret = (struct ocn_ref){ .space = OCN_ROOTFS, .path = path };
        return true;
    }
    if (place->source == NULL) {
        return false;
    }
    *ret = (struct ocn_ref){ .space = OCN_MOUNT,
                             .path = rest[0] != '\0' ? rest : "/",
                             .base = place->source };
    return true;
}

/* ---- walking ---------------------------------------------------------------------------- */

/* A path takes a page: what no link makes necessary is not written to. */
struct walk {
    const struct ocn_path_context *context;
    const char *pending; /* still to be walked: of the caller's path, or in .rest */
    bool makes;          /* what is not there, or cannot be seen, is a directory */
    int links;
    struct ocn_path result;
    char done[OCN_PATH_SIZE]; /* resolved: no links, no trailing slash; "" is the root */
    char rest[OCN_PATH_SIZE]; /* behind a link */
};

/* Takes the next component off @pending; nothing at the end. */
static struct ocn_bytes next_component(const char **pending)
{
    const char *name = *pending + strspn(*pending, "/");
    size_t len = strcspn(name, "/");

    *pending = name + len;
    return (struct ocn_bytes){ name, len };
}

static bool is_name(struct ocn_bytes name, const char *text)
{
    return name.len == strlen(text) && memcmp(name.ptr, text, name.len) == 0;
}

/* @a followed by @b, in place; false when the kernel would say ENAMETOOLONG. */
static bool join(char *a, struct ocn_bytes b)
{
    size_t a_len = strlen(a);

    if (a_len + b.len + 1 > OCN_PATH_SIZE) {
        return false;
    }
    memmove(a + a_len, b.ptr, b.len);
    a[a_len + b.len] = '\0';
    return true;
}

static const struct ocn_bytes slash = { "/", 1 };

/* Replaces the link at w->done by its target; false for a loop or a name that is too long. */
static int follow(struct walk *w, struct ocn_ref ref, bool *ret_ok, struct ocn_error *err)
{
    char target[OCN_PATH_SIZE];
    const struct ocn_view *view = w->context->view;

    if (view->readlink(view->ctx, ref, target, sizeof(target), err) < 0) {
        return -1;
    }
    *ret_ok = ++w->links <= OCN_PATH_MAX_LINKS && join(target, slash) &&
              join(target, (struct ocn_bytes){ w->pending, strlen(w->pending) });
    if (*ret_ok) {
        memcpy(w->rest, target, strlen(target) + 1);
        w->pending = w->rest;
        char *parent = strrchr(w->done, '/');
        *(target[0] == '/' || parent == NULL ? w->done : parent) = '\0';
    }
    return 0;
}

static void finish(struct walk *w, enum ocn_path_state state)
{
    const char *path = w->done[0] != '\0' ? w->done : "/";

    w->result.state = state;
    w->result.path = ocn_arena_copy(w->context->arena, path, strlen(path));
    if (state == OCN_PATH_FOUND && !locate(w->context, w->result.path, &w->result.ref)) {
        w->result.state = OCN_PATH_UNKNOWN; /* not reached: it was looked at on the way */
    }
}

static void note_search_permission(struct walk *w)
{
    const struct ocn_who *who = w->context->who;
    const char *path = w->done[0] != '\0' ? w->done : "/";

    if (who != NULL && w->result.blocked == NULL && !ocn_path_may(who, &w->result.stat, 1)) {
        w->result.blocked = ocn_arena_copy(w->context->arena, path, strlen(path));
    }
}

/*
 * Looks at w->done; *ret_seen is false if it cannot be seen: not yet, or not by us (rootless, and
 * the directory belongs to a subordinate uid).
 */
static int look(struct walk *w, struct ocn_ref *ret_ref, bool *ret_seen, struct ocn_error *err)
{
    const struct ocn_view *view = w->context->view;
    struct ocn_error problem = { 0 };

    *ret_seen = locate(w->context, w->done[0] != '\0' ? w->done : "/", ret_ref);
    if (*ret_seen && view->stat(view->ctx, *ret_ref, &w->result.stat, &problem) == 0) {
        /* The runtime makes the directories that lead to a mount, also where an image has none. */
        if (w->result.stat.mode == 0 &&
            (w->makes || ocn_place_table_leads_on(&w->context->places->table, w->done))) {
            w->result.stat = (struct ocn_stat){ .mode = S_IFDIR | 0755 }; /* and root's */
        }
        return 0;
    }
    if (!*ret_seen || problem.sys == EACCES) {
        *ret_seen = w->makes;
        w->result.stat = (struct ocn_stat){ .mode = w->makes ? S_IFDIR | 0755 : 0 };
        return 0;
    }
    *err = problem;
    return -1;
}

/* One component further. *ret_state is not OCN_PATH_FOUND any more when the walk is over. */
static int step(struct walk *w, struct ocn_bytes name, enum ocn_path_state *ret_state,
                struct ocn_error *err)
{
    struct ocn_ref ref = { 0 };
    bool ok = true;

    /* For "." and "..", too: path_resolution(7). */
    if (!S_ISDIR(w->result.stat.mode)) {
        *ret_state = OCN_PATH_MISSING;
        return 0;
    }
    note_search_permission(w);
    if (is_name(name, ".")) {
        return 0;
    }
    if (is_name(name, "..")) {
        char *parent = strrchr(w->done, '/');
        *(parent != NULL ? parent : w->done) = '\0';
        return look(w, &ref, &ok, err);
    }
    if (!join(w->done, slash) || !join(w->done, name)) {
        *ret_state = OCN_PATH_MISSING;
        return 0;
    }
    if (look(w, &ref, &ok, err) < 0) {
        return -1;
    }
    if (ok && S_ISLNK(w->result.stat.mode)) {
        if (follow(w, ref, &ok, err) < 0 || (ok && look(w, &ref, &ok, err) < 0)) {
            return -1;
        }
        if (!ok) {
            w->result.stat.mode = 0;
            ok = true;
        }
    }
    *ret_state = !ok                        ? OCN_PATH_UNKNOWN
                 : w->result.stat.mode == 0 ? OCN_PATH_MISSING
                                            : OCN_PATH_FOUND;
    return 0;
}

/* @w is all this function's: what is in it before counts for nothing. */
static int walk_path(struct walk *w, const struct ocn_path_context *context, bool makes,
                     const char *path, struct ocn_error *err)
{
    enum ocn_path_state state = OCN_PATH_FOUND;
    struct ocn_ref ref = { 0 };
    bool seen = true;

    w->context = context;
    w->pending = path;
    w->makes = makes;
    w->links = 0;
    w->result = (struct ocn_path){ 0 };
    w->done[0] = '\0';
    if (strlen(path) >= OCN_PATH_SIZE) {
        state = OCN_PATH_MISSING;
    } else if (look(w, &ref, &seen, err) < 0) {
        return -1;
    } else if (w->result.stat.mode == 0) {
        state = seen ? OCN_PATH_MISSING : OCN_PATH_UNKNOWN;
    }
    while (state == OCN_PATH_FOUND) {
        const struct ocn_bytes name = next_component(&w->pending);
        if (name.len == 0) {
            break;
        }
        if (step(w, name, &state, err) < 0) {
            return -1;
        }
    }
    finish(w, state);
    return 0;
}

int ocn_path_resolve(const struct ocn_path_context *context, const char *path, struct ocn_path *ret,
                     struct ocn_error *err)
{
    struct walk w;

    if (walk_path(&w, context, false, path, err) < 0) {
        return -1;
    }
    *ret = w.result;
    return 0;
}

/* ---- where mounts will lie -------------------------------------------------------------- */

void ocn_path_clean(char *path)
{
    const char *from = path;
    char *to = path;

    while (*from != '\0') {
        size_t slashes = strspn(from, "/");
        size_t len = strcspn(from + slashes, "/");
        const char *name = from + slashes;
        from = name + len;
        if (len == 0 || (len == 1 && name[0] == '.')) {
            continue;
        }
        if (len == 2 && name[0] == '.' && name[1] == '.') {
            while (to > path && *--to != '/') {
            }
            continue;
        }
        if (name != to + 1 || *to != '/') {
            memmove(to + 1, name, len);
            *to = '/';
        }
        to += len + 1;
    }
    *to = '\0';
}

const char *ocn_path_source(const struct ocn_container *container,
                            const struct ocn_oci_mount *mount, struct ocn_arena *arena)
{
    const char *source = is_bind(mount) ? mount->source : NULL;

    if (source == NULL || source[0] == '/') {
        return source;
    }
    return source[0] != '\0' && container->bundle != NULL
               ? ocn_arena_printf(arena, "%s/%s", container->bundle, source)
               : NULL;
}

/* Walks to where the runtime will mount, in what is there by then; only links need looking at. */
static int find_place(const struct ocn_path_context *context, const struct ocn_oci_mount *mount,
                      struct ocn_place *ret, struct ocn_error *err)
{
    struct walk w;
    char *destination = ocn_arena_printf(context->arena, "/%s", mount->destination);

    if (walk_path(&w, context, true, destination, err) < 0) {
        return -1;
    }
    ocn_path_clean(destination);
    const char *found = strcmp(w.result.path, "/") != 0 ? w.result.path : "";
    *ret =
        (struct ocn_place){ .destination = w.result.state != OCN_PATH_MISSING ? found : destination,
                            .source = ocn_path_source(context->container, mount, context->arena),
                            .mount = mount };
    return 0;
}

int ocn_path_places(const struct ocn_container *container, const struct ocn_view *view,
                    struct ocn_arena *arena, struct ocn_places *ret, struct ocn_error *err)
{
    const struct ocn_oci_mount *mounts = container->mounts.items;
    struct ocn_places places = { 0 };
    const struct ocn_path_context context = {
        .container = container, .places = &places, .view = view, .arena = arena
    };

    places.items = ocn_arena_alloc(arena, (container->mounts.len + 1) * sizeof(*places.items));
    if (places.items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < container->mounts.len; i++) {
        if (mounts[i].destination != NULL) {
            if (find_place(&context, &mounts[i], &places.items[places.len], err) < 0 ||
                add_place(&places, arena, err) < 0) {
                return -1;
            }
        }
    }
    *ret = places;
    return 0;
}

const struct ocn_oci_mount *ocn_path_mount_on(const struct ocn_path_context *context,
                                              const char *path)
{
    const char *rest = NULL;
    const struct ocn_place *place = covering(context->places, path, &rest);

    return place != NULL ? place->mount : NULL;
}

bool ocn_path_is_program(const struct ocn_path *path)
{
    return path->state == OCN_PATH_FOUND && S_ISREG(path->stat.mode) &&
           (path->stat.mode & EXECUTABLE) != 0;
}
