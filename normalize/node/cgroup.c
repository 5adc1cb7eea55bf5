/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/cgroup.h"

#include <string.h>

#include "normalize/node/limits.h"

#define ROOT "/sys/fs/cgroup"
#define SLICE ".slice"
#define MAX_NAME 255 /* NAME_MAX */
#define MAX_PATH                                                                                   \
    3072             /* of all names together; with what goes before and after: within PATH_MAX    \
                      */
#define MAX_TEXT 128 /* of a file: two numbers take 42 */

/* ---- which cgroups ----------------------------------------------------------------------- */

static bool is_name(const char *name, size_t len)
{
    bool dots = name[0] == '.' && (len == 1 || (len == 2 && name[1] == '.'));

    return len != 0 && len <= MAX_NAME && !dots;
}

/* "/kubepods/pod1/app" is below "/kubepods/pod1". */
static bool parent_of_path(const char *path, struct ocn_buf *ret)
{
    const char *last = strrchr(path, '/');
    size_t levels = 0;

    for (const char *at = path; *at != '\0';) {
        size_t len = strcspn(++at, "/");
        if (!is_name(at, len) || levels++ > OCN_CGROUP_MAX_LEVELS) {
            return false;
        }
        at += len;
    }
    ocn_buf_add(ret, path, (size_t)(last - path));
    return true;
}

/*
 * "a-b.slice" lies at /a.slice/a-b.slice, and "-.slice" is the root: systemd.slice(5). It is the
 * first part of "SLICE:PREFIX:NAME", as engines with the systemd driver write a path; the scope
 * that the others name is the container's own.
 */
static bool parent_of_scope(const char *path, struct ocn_buf *ret)
{
    size_t len = strcspn(path, ":");
    const char *prefix = path + len + (path[len] == ':');
    const char *name = prefix + strcspn(prefix, ":");
    size_t suffix = sizeof(SLICE) - 1;
    size_t levels = 0;

    if (path[len] != ':' || name[0] != ':' || name[1] == '\0' || strchr(name + 1, ':') != NULL ||
        strchr(path, '/') != NULL || len > MAX_NAME || len <= suffix ||
        memcmp(path + len - suffix, SLICE, suffix) != 0) {
        return false;
    }
    len -= suffix;
    if (len == 1 && path[0] == '-') {
        return true;
    }
    for (size_t end = 0; end < len; end++) {
        size_t part = strcspn(path + end, "-");
        part = part < len - end ? part : len - end;
        end += part;
        if (part == 0 || end + 1 == len || levels++ == OCN_CGROUP_MAX_LEVELS) {
            return false;
        }
        ocn_buf_puts(ret, "/");
        ocn_buf_add(ret, path, end);
        ocn_buf_puts(ret, SLICE);
    }
    return true;
}

/* Appends the path of the cgroup above the container's own, "" for the root; or false: unknown. */
static bool find_parent(const char *path, struct ocn_buf *ret)
{
    if (path == NULL || strlen(path) > MAX_PATH) {
        return false;
    }
    return path[0] == '/' ? parent_of_path(path, ret) : parent_of_scope(path, ret);
}

/* ---- where they are, and what they say --------------------------------------------------- */

/* A hierarchy is taken if @probe exists; a v1 controller may have a directory of several names. */
struct hierarchy {
    char probe[44];
    char dir[28];
    char file[24];   /* the limit; with a period behind it, or */
    char period[20]; /* the period in a file of its own; "": in none */
};

#define V2 "/cgroup.controllers"
#define CFS "cpu.cfs_quota_us", "cpu.cfs_period_us"

static const struct hierarchy cpu_hierarchies[] = {
    { ROOT V2, ROOT, "cpu.max", "" },
    { ROOT "/cpu", ROOT "/cpu", CFS },
    { ROOT "/cpu,cpuacct", ROOT "/cpu,cpuacct", CFS },
    { ROOT "/cpuacct,cpu", ROOT "/cpuacct,cpu", CFS },
    { ROOT "/unified" V2, ROOT "/unified", "cpu.max", "" },
};

static const struct hierarchy memory_hierarchies[] = {
    { ROOT V2, ROOT, "memory.max", "" },
    { ROOT "/memory", ROOT "/memory", "memory.limit_in_bytes", "" },
    { ROOT "/unified" V2, ROOT "/unified", "memory.max", "" },
};

/* One walk over the cgroups above a container. */
struct walk {
    const struct ocn_view *view;
    struct ocn_arena *arena;
    const struct hierarchy *hierarchy;
    bool has_period;
    bool own_only; /* cgroups that hold more than this pod make no statement */
};

static const struct hierarchy *find_hierarchy(const struct ocn_view *view,
                                              const struct hierarchy *list, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const struct ocn_ref ref = { .space = OCN_HOST, .path = list[i].probe };
        struct ocn_stat st = { 0 };
        if (view->stat(view->ctx, ref, &st, NULL) == 0 && st.mode != 0) {
            return &list[i];
        }
    }
    return NULL;
}

/*
 * Reads file @name of @cgroup, "" where that fails or it is longer than any of its kind. Returns
 * its path.
 */
static const char *read_text(const struct walk *walk, struct ocn_bytes cgroup, const char *name,
                             char text[MAX_TEXT])
{
    const char *path = ocn_arena_printf(walk->arena, "%s%.*s/%s", walk->hierarchy->dir,
                                        (int)cgroup.len, cgroup.ptr, name);
    const struct ocn_ref ref = { .space = OCN_HOST, .path = path };
    size_t len = 0;

    if (walk->view->read_at(walk->view->ctx, ref, 0, text, MAX_TEXT, &len, NULL) < 0 ||
        len == MAX_TEXT) {
        len = 0;
    }
    text[len] = '\0';
    return path;
}

static struct ocn_effective read_limit(const struct walk *walk, struct ocn_bytes cgroup)
{
    char text[MAX_TEXT];
    const char *at = text;
    const char *file = read_text(walk, cgroup, walk->hierarchy->file, text);
    struct ocn_effective limit = { ocn_limits_number(&at), 1, file };

    if (!walk->has_period || !(limit.amount > 0)) {
        return limit;
    }
    if (walk->hierarchy->period[0] != '\0') {
        at = text;
        (void)read_text(walk, cgroup, walk->hierarchy->period, text);
    }
    double period = ocn_limits_number(&at);
    limit.period = period > 0 ? period : OCN_DEFAULT_PERIOD;
    return limit;
}

/*
 * Cgroups that hold more than a pod, by the end of their path: the kubelet's, with --cgroup-root
 * too (kubelet's pkg/kubelet/cm names them), and the slices that systemd.special(7) has for
 * everybody. Memory there is what all of them have together, and does not say how much this one may
 * take. A quota of CPU there throttles each of them, and more threads than it allows help none.
 */
static const char *const shared[] = {
    "/kubepods",
    "/kubepods/burstable",
    "/kubepods/besteffort",
    "/kubepods.slice",
    "/kubepods-burstable.slice",
    "/kubepods-besteffort.slice",
    "-kubepods.slice",
    "-kubepods-burstable.slice",
    "-kubepods-besteffort.slice",
    "/system.slice",
    "/machine.slice",
    "/user.slice",
};

static bool is_shared(const char *path, size_t len)
{
    for (size_t i = 0; i < OCN_COUNT(shared); i++) {
        size_t end = strlen(shared[i]);
        if (len >= end && memcmp(path + len - end, shared[i], end) == 0) {
            return true;
        }
    }
    return false;
}

/* The end of the cgroup that is next below @parent up to @end; beyond @parent: there is none. */
static size_t next_below(const char *parent, size_t end)
{
    return end + 1 + (parent[end] == '\0' ? 0 : strcspn(parent + end + 1, "/"));
}

/* Where the cgroups begin that hold this pod alone: below the lowest that is shared. 0: the root.
 */
static size_t first_own(const char *parent, size_t len)
{
    size_t first = 0;

    for (size_t end = 0; end <= len; end = next_below(parent, end)) {
        if (is_shared(parent, end)) {
            first = next_below(parent, end);
        }
    }
    return first;
}

/* From the top down: of equal limits the uppermost is named, and the container's own before it. */
static void tighten(struct walk *walk, const char *parent, struct ocn_effective *ret)
{
    size_t len = strlen(parent);

    for (size_t end = walk->own_only ? first_own(parent, len) : 0; end <= len;
         end = next_below(parent, end)) {
        const struct ocn_effective limit = read_limit(walk, (struct ocn_bytes){ parent, end });
        bool there = limit.amount > 0 && limit.amount < OCN_NO_MEMORY_LIMIT;
        if (there &&
            (!(ret->amount > 0) || limit.amount / limit.period < ret->amount / ret->period)) {
            *ret = limit;
        }
    }
}

static int ask_parents(const struct ocn_container *container, struct walk *walk,
                       const struct hierarchy *list, size_t len, struct ocn_effective *ret,
                       struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf parent = { 0 };

    bool known = find_parent(container->linux_.cgroups_path, &parent);
    ocn_buf_add(&parent, "", 1);
    if (ocn_buf_check(&parent, err) < 0) {
        return -1;
    }
    walk->hierarchy = known ? find_hierarchy(walk->view, list, len) : NULL;
    if (walk->hierarchy != NULL) {
        tighten(walk, parent.ptr, ret);
    }
    return 0;
}

/* ---- all of it --------------------------------------------------------------------------- */

int ocn_cgroup_cpu(const struct ocn_container *container, const struct ocn_view *view,
                   struct ocn_arena *arena, struct ocn_effective *ret, struct ocn_error *err)
{
    struct walk walk = { .view = view, .arena = arena, .has_period = true };
    struct ocn_cpu_limit own;

    ocn_limits_cpu(&container->linux_.resources, &own);
    struct ocn_effective limit = { own.quota, own.period, NULL };
    if (ask_parents(container, &walk, cpu_hierarchies, OCN_COUNT(cpu_hierarchies), &limit, err) <
        0) {
        return -1;
    }
    *ret = limit;
    return 0;
}

int ocn_cgroup_memory(const struct ocn_container *container, const struct ocn_view *view,
                      struct ocn_arena *arena, struct ocn_effective *ret, struct ocn_error *err)
{
    struct walk walk = { .view = view, .arena = arena, .own_only = true };
    struct ocn_effective limit = { ocn_limits_memory(&container->linux_.resources), 1, NULL };

    if (ask_parents(container, &walk, memory_hierarchies, OCN_COUNT(memory_hierarchies), &limit,
                    err) < 0) {
        return -1;
    }
    *ret = limit;
    return 0;
}
