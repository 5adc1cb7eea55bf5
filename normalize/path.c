/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/path.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int ocn_who_may(const struct ocn_who *who, const struct ocn_stat *stat, unsigned want)
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

/* What of @path lies below directory @dir ("" for @dir itself), or NULL. */
static const char *below(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    while (len > 0 && dir[len - 1] == '/') {
        len--;
    }
    if (strncmp(path, dir, len) != 0 || (path[len] != '/' && path[len] != '\0')) {
        return NULL;
    }
    return path + len;
}

static bool is_bind(const struct ocn_oci_mount *mount)
{
    return (mount->type != NULL && strcmp(mount->type, "bind") == 0) ||
           ocn_strings_hold(&mount->options, "bind") || ocn_strings_hold(&mount->options, "rbind");
}

/* The mount that covers @path: a later one lies over an earlier one. */
static const struct ocn_oci_mount *covering(const struct ocn_container *container, const char *path,
                                            const char **ret_rest)
{
    const struct ocn_oci_mount *mounts = container->mounts.items;

    for (size_t i = container->mounts.len; i > 0; i--) {
        const char *destination = mounts[i - 1].destination;
        const char *rest = destination != NULL ? below(path, destination) : NULL;
        if (rest != NULL) {
            *ret_rest = rest;
            return &mounts[i - 1];
        }
    }
    return NULL;
}

/* The runtime makes the directories that lead to a mount, in images that do not have them too. */
static bool leads_to_mount(const struct ocn_container *container, const char *path)
{
    const struct ocn_oci_mount *mounts = container->mounts.items;

    for (size_t i = 0; i < container->mounts.len; i++) {
        const char *destination = mounts[i].destination;
        const char *rest = destination != NULL ? below(destination, path) : NULL;
        if (rest != NULL && rest[0] != '\0') {
            return true;
        }
    }
    return false;
}

/* Where @path, which has no links in it, lies. false: in a mount that cannot be seen yet. */
static bool locate(const struct ocn_path_context *context, const char *path, struct ocn_ref *ret)
{
    const char *rest = NULL;
    const struct ocn_oci_mount *mount = covering(context->container, path, &rest);

    if (mount == NULL) {
        *ret = (struct ocn_ref){ .space = OCN_ROOTFS, .path = path };
        return true;
    }
    if (!is_bind(mount) || mount->source == NULL || mount->source[0] != '/') {
        return false;
    }
    *ret = (struct ocn_ref){ .space = OCN_MOUNT,
                             .path = rest[0] != '\0' ? rest : "/",
                             .base = mount->source };
    return true;
}

/* ---- walking ---------------------------------------------------------------------------- */

struct walk {
    const struct ocn_path_context *context;
    char done[OCN_PATH_SIZE];    /* resolved: no links, no trailing slash; "" is the root */
    char pending[OCN_PATH_SIZE]; /* still to be walked */
    int links;
    struct ocn_path result;
};

/* Takes the next component off @pending into @name; false at the end. */
static bool next_component(char *pending, char name[OCN_PATH_SIZE])
{
    size_t start = strspn(pending, "/");
    size_t len = strcspn(pending + start, "/");

    memcpy(name, pending + start, len);
    name[len] = '\0';
    memmove(pending, pending + start + len, strlen(pending + start + len) + 1);
    return len != 0;
}

/* @a followed by @b, in place; false when the kernel would say ENAMETOOLONG. */
static bool join(char *a, const char *b)
{
    size_t a_len = strlen(a);
    size_t b_len = strlen(b);

    if (a_len + b_len + 1 > OCN_PATH_SIZE) {
        return false;
    }
    memcpy(a + a_len, b, b_len + 1);
    return true;
}

/* Replaces the link at w->done by its target; false for a loop or a name that is too long. */
static int follow(struct walk *w, struct ocn_ref ref, bool *ret_ok, struct ocn_error *err)
{
    char target[OCN_PATH_SIZE];
    const struct ocn_view *view = w->context->view;

    if (view->readlink(view->ctx, ref, target, sizeof(target), err) < 0) {
        return -1;
    }
    *ret_ok = ++w->links <= OCN_PATH_MAX_LINKS && join(target, "/") && join(target, w->pending);
    if (*ret_ok) {
        memcpy(w->pending, target, strlen(target) + 1);
        char *parent = strrchr(w->done, '/');
        *(target[0] == '/' || parent == NULL ? w->done : parent) = '\0';
    }
    return 0;
}

static int finish(struct walk *w, enum ocn_path_state state, struct ocn_error *err)
{
    const char *path = w->done[0] != '\0' ? w->done : "/";

    w->result.state = state;
    w->result.path = ocn_arena_copy(w->context->arena, path, strlen(path));
    if (w->result.path == NULL) {
        return ocn_fail_nomem(err);
    }
    if (state == OCN_PATH_FOUND && !locate(w->context, w->result.path, &w->result.ref)) {
        w->result.state = OCN_PATH_UNKNOWN; /* not reached: it was looked at on the way */
    }
    return 0;
}

static int note_search_permission(struct walk *w, struct ocn_error *err)
{
    const struct ocn_who *who = w->context->who;
    const char *path = w->done[0] != '\0' ? w->done : "/";

    if (who == NULL || w->result.blocked != NULL || ocn_who_may(who, &w->result.stat, 1)) {
        return 0;
    }
    w->result.blocked = ocn_arena_copy(w->context->arena, path, strlen(path));
    return w->result.blocked != NULL ? 0 : ocn_fail_nomem(err);
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
    if (!*ret_seen) {
        return 0;
    }
    if (view->stat(view->ctx, *ret_ref, &w->result.stat, &problem) == 0) {
        if (w->result.stat.mode == 0 && leads_to_mount(w->context->container, w->done)) {
            w->result.stat = (struct ocn_stat){ .mode = S_IFDIR | 0755 }; /* and root's */
        }
        return 0;
    }
    if (problem.sys == EACCES) {
        *ret_seen = false;
        return 0;
    }
    *err = problem;
    return -1;
}

/* One component further. *ret_end is set when the walk is over. */
static int step(struct walk *w, const char *name, bool *ret_end, struct ocn_error *err)
{
    struct ocn_ref ref = { 0 };
    bool ok = true;

    if (strcmp(name, ".") == 0) {
        return 0;
    }
    if (strcmp(name, "..") == 0) {
        char *parent = strrchr(w->done, '/');
        *(parent != NULL ? parent : w->done) = '\0';
        return look(w, &ref, &ok, err);
    }
    if (!S_ISDIR(w->result.stat.mode)) {
        *ret_end = true;
        return finish(w, OCN_PATH_MISSING, err);
    }
    if (note_search_permission(w, err) < 0) {
        return -1;
    }
    if (!join(w->done, "/") || !join(w->done, name)) {
        *ret_end = true;
        return finish(w, OCN_PATH_MISSING, err);
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
    *ret_end = !ok || w->result.stat.mode == 0;
    return *ret_end ? finish(w, ok ? OCN_PATH_MISSING : OCN_PATH_UNKNOWN, err) : 0;
}

static int walk_path(struct walk *w, const char *path, struct ocn_error *err)
{
    char name[OCN_PATH_SIZE];
    struct ocn_ref ref = { 0 };
    bool end = false;

    if (!join(w->pending, path)) {
        return finish(w, OCN_PATH_MISSING, err);
    }
    if (look(w, &ref, &end, err) < 0) {
        return -1;
    }
    if (w->result.stat.mode == 0) {
        return finish(w, end ? OCN_PATH_MISSING : OCN_PATH_UNKNOWN, err);
    }
    for (end = false; !end && next_component(w->pending, name);) {
        if (step(w, name, &end, err) < 0) {
            return -1;
        }
    }
    return end ? 0 : finish(w, OCN_PATH_FOUND, err);
}

/* 1 in *ret if a mount will lie over @path although no destination says so literally. */
static int is_below_linked_mount(const struct ocn_path_context *context, const char *path,
                                 bool *ret, struct ocn_error *err)
{
    const struct ocn_container *container = context->container;
    const struct ocn_oci_mount *mounts = container->mounts.items;
    const struct ocn_container bare = { 0 };
    struct ocn_path_context plain = { .container = &bare,
                                      .view = context->view,
                                      .arena = context->arena };

    *ret = false;
    for (size_t i = 0; i < container->mounts.len && !*ret; i++) {
        struct walk w = { .context = &plain };
        if (mounts[i].destination == NULL) {
            continue;
        }
        if (walk_path(&w, mounts[i].destination, err) < 0) {
            return -1;
        }
        *ret = w.result.state == OCN_PATH_FOUND && strcmp(w.result.path, "/") != 0 &&
               strcmp(w.result.path, mounts[i].destination) != 0 &&
               below(path, w.result.path) != NULL;
    }
    return 0;
}

int ocn_path_resolve(const struct ocn_path_context *context, const char *path, struct ocn_path *ret,
                     struct ocn_error *err)
{
    struct walk w = { .context = context };
    bool unseen = false;

    if (walk_path(&w, path, err) < 0) {
        return -1;
    }
    if (w.result.state == OCN_PATH_MISSING && context->thorough) {
        if (is_below_linked_mount(context, w.result.path, &unseen, err) < 0) {
            return -1;
        }
        if (unseen) {
            w.result.state = OCN_PATH_UNKNOWN;
        }
    }
    *ret = w.result;
    return 0;
}
