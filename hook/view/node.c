/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/view/node.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "hook/sys/io.h"

int ocn_node_open(const char *root, struct ocn_node *ret, struct ocn_error *err)
{
    const char *name = root != NULL ? root : "/";
    int fd = open(name, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return ocn_fail_sys(err, errno, name, "cannot open the root directory");
    }
    *ret = (struct ocn_node){ .root = name, .fd = fd };
    return 0;
}

void ocn_node_done(struct ocn_node *node)
{
    if (node->root != NULL) {
        ocn_closep(&node->fd);
    }
    node->root = NULL;
}

bool ocn_node_is_this_machine(const struct ocn_node *node)
{
    return ocn_io_leads_to("/", node->fd);
}

/* -1 and errno. Below another root there is no way around openat2: plain paths follow links out. */
static int open_in(const struct ocn_node *node, const char *path, int flags)
{
    int fd = ocn_io_open_in(node->fd, path, flags);

    if (fd < 0 && errno == ENOSYS && ocn_node_is_this_machine(node)) {
        fd = open(path, flags | O_CLOEXEC);
    }
    return fd;
}

static int path_of(int fd, struct ocn_arena *arena, const char *rest, const char **ret,
                   struct ocn_error *err)
{
    char place[PATH_MAX];

    if (ocn_io_path_of(fd, place) < 0) {
        int sys = errno;
        const char *link = ocn_arena_printf(arena, "/proc/self/fd/%d", fd);
        return ocn_fail_sys(err, sys, link, "cannot tell where a file lies");
    }
    const char *path =
        ocn_arena_printf(arena, "%s%s", place[1] == '\0' && rest[0] == '/' ? "" : place, rest);
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = path;
    return 0;
}

int ocn_node_real(const struct ocn_node *node, struct ocn_arena *arena, const char *path,
                  const char **ret, struct ocn_error *err)
{
    char *known = ocn_arena_copy(arena, path, strlen(path));

    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    for (;;) {
        ocn_autoclose int fd = open_in(node, known[0] != '\0' ? known : "/", O_PATH);
        if (fd >= 0) {
            return path_of(fd, arena, path + strlen(known), ret, err);
        }
        char *slash = strrchr(known, '/');
        if (errno != ENOENT || slash == NULL) {
            return ocn_fail_sys(err, errno, path, "cannot look it up");
        }
        *slash = '\0';
    }
}

int ocn_node_stat(const struct ocn_node *node, const char *path, struct stat *ret,
                  struct ocn_error *err)
{
    ocn_autoclose int fd = open_in(node, path, O_PATH);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) < 0) {
        return ocn_fail_sys(err, errno, path, "cannot look at it");
    }
    *ret = st;
    return 0;
}

bool ocn_node_has(const struct ocn_node *node, const char *path)
{
    struct stat st;

    return ocn_node_stat(node, path, &st, NULL) == 0;
}

int ocn_node_read(const struct ocn_node *node, const char *path, struct ocn_buf *ret,
                  struct ocn_error *err)
{
    /* Without O_NONBLOCK, a FIFO in the place of the file would hang us. */
    ocn_autoclose int fd = open_in(node, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);

    return ocn_io_read_regular(fd, path, OCN_NODE_MAX_FILE, ret, err);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

#define WALK_DEPTH 16

struct list {
    const char **paths;
    size_t count;
};

static void sort(struct list *list)
{
    if (list->count > 1) {
        qsort(list->paths, list->count, sizeof(*list->paths), compare);
    }
}

static void add(struct ocn_arena *arena, struct list *list, const char *path)
{
    const char **paths = ocn_arena_grow(arena, list->paths, list->count, sizeof(*paths));

    if (paths != NULL) {
        list->paths = paths;
        paths[list->count++] = path;
    }
}

static void close_directory(DIR **stream)
{
    if (*stream != NULL) {
        (void)closedir(*stream);
    }
}

/* As Go's filepath.Glob, which the engines use: a leading dot is nothing special. */
static int match_in(const struct ocn_node *node, struct ocn_arena *arena, const char *directory,
                    const char *pattern, struct list *list, struct ocn_error *err)
{
    ocn_autoclose int fd = open_in(node, directory, O_RDONLY | O_DIRECTORY);

    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return 0;
    }
    OCN_CLEANUP(close_directory) DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    if (stream == NULL) {
        return ocn_fail_sys(err, errno, directory, "cannot list it");
    }
    fd = -1; /* the stream's now */
    for (const struct dirent *entry = readdir(stream); entry != NULL; entry = readdir(stream)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            fnmatch(pattern, entry->d_name, 0) != 0) {
            continue;
        }
        add(arena, list, ocn_arena_printf(arena, "%s/%s", directory, entry->d_name));
    }
    return ocn_arena_check(arena, err);
}

int ocn_node_glob(const struct ocn_node *node, struct ocn_arena *arena, const char *pattern,
                  const char *const **ret, size_t *ret_count, struct ocn_error *err)
{
    struct list list = { 0 };
    const char *slash = strrchr(pattern, '/');
    size_t wild = strcspn(pattern, "*?[");

    if (pattern[wild] == '\0') {
        add(arena, &list, pattern);
    } else if (slash == NULL || slash > pattern + wild) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, pattern,
                        "a pattern with wildcards in a directory's name is not understood");
    } else {
        const char *directory = ocn_arena_copy(arena, pattern, (size_t)(slash - pattern));
        if (match_in(node, arena, directory, slash + 1, &list, err) < 0) {
            return -1;
        }
        sort(&list);
    }
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = list.paths;
    *ret_count = list.count;
    return 0;
}

/* A directory in which a link leads to one above it would have no end. */
static int walk(const struct ocn_node *node, struct ocn_arena *arena, const char *path, int depth,
                struct list *list, struct ocn_error *err)
{
    struct list entries = { 0 };
    struct stat st = { 0 };

    if (depth > WALK_DEPTH) {
        return ocn_fail(err, OCN_E_LIMIT, path, "directories nested deeper than %d", WALK_DEPTH);
    }
    if (match_in(node, arena, path, "*", &entries, err) < 0) {
        return -1;
    }
    sort(&entries);
    for (size_t i = 0; i < entries.count; i++) {
        bool is_directory =
            ocn_node_stat(node, entries.paths[i], &st, NULL) == 0 && S_ISDIR(st.st_mode);
        if (!is_directory) {
            add(arena, list, entries.paths[i]);
        } else if (walk(node, arena, entries.paths[i], depth + 1, list, err) < 0) {
            return -1;
        }
    }
    return ocn_arena_check(arena, err);
}

int ocn_node_walk(const struct ocn_node *node, struct ocn_arena *arena, const char *path,
                  const char *const **ret, size_t *ret_count, struct ocn_error *err)
{
    struct list list = { 0 };

    if (walk(node, arena, path, 0, &list, err) < 0) {
        return -1;
    }
    *ret = list.paths;
    *ret_count = list.count;
    return 0;
}
