/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/walk.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/sys/io.h"
#include "normalize/base/sort.h"

struct walk {
    struct ocn_arena *arena;
    struct ocn_strings files;
    struct ocn_error *err;
};

static bool is_manifest(const char *name)
{
    static const char *const suffixes[] = { ".yaml", ".yml", ".json" };
    size_t len = strlen(name);

    for (size_t i = 0; i < OCN_COUNT(suffixes); i++) {
        size_t suffix = strlen(suffixes[i]);
        if (len > suffix && strcmp(name + len - suffix, suffixes[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int add_file(struct walk *walk, const char *path)
{
    if (walk->files.len >= OCN_WALK_MAX_FILES) {
        return ocn_fail(walk->err, OCN_E_LIMIT, path,
                        "more than %zu files: name a smaller directory", OCN_WALK_MAX_FILES);
    }
    const char **list =
        ocn_arena_grow(walk->arena, walk->files.items, walk->files.len, sizeof(const char *));
    if (list == NULL) {
        return ocn_fail_nomem(walk->err);
    }
    list[walk->files.len++] = path;
    walk->files.items = list;
    return 0;
}

static void close_directory(DIR **directory)
{
    if (*directory != NULL) {
        (void)closedir(*directory);
    }
}

static int walk_directory(struct walk *walk, int fd, const char *path, unsigned depth);

static int walk_entry(struct walk *walk, int parent, const char *path, const char *name,
                      unsigned depth)
{
    size_t len = strlen(path);
    const char *gap = len > 0 && path[len - 1] == '/' ? "" : "/";
    const char *full = ocn_arena_printf(walk->arena, "%s%s%s", path, gap, name);
    struct stat st;

    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        return errno == ENOENT ? 0 : ocn_fail_sys(walk->err, errno, full, "cannot be looked at");
    }
    if (S_ISREG(st.st_mode)) {
        return is_manifest(name) ? add_file(walk, full) : 0;
    }
    if (!S_ISDIR(st.st_mode)) {
        return 0;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? ocn_fail_sys(walk->err, errno, full, "cannot be listed")
                  : walk_directory(walk, fd, full, depth + 1);
}

/* Takes @fd. */
static int walk_directory(struct walk *walk, int fd, const char *path, unsigned depth)
{
    OCN_CLEANUP(close_directory) DIR *directory = fdopendir(fd);

    if (directory == NULL) {
        int saved = errno;
        (void)close(fd);
        return ocn_fail_sys(walk->err, saved, path, "cannot be listed");
    }
    if (depth > OCN_WALK_MAX_DEPTH) {
        return ocn_fail(walk->err, OCN_E_LIMIT, path, "more than %d directories in each other",
                        OCN_WALK_MAX_DEPTH);
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(directory);
        if (entry == NULL) {
            return errno == 0 ? 0 : ocn_fail_sys(walk->err, errno, path, "cannot be listed");
        }
        if (entry->d_name[0] != '.' &&
            walk_entry(walk, dirfd(directory), path, entry->d_name, depth) < 0) {
            return -1;
        }
    }
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int ocn_walk(const char *directory, struct ocn_arena *arena, struct ocn_strings *ret,
             struct ocn_error *err)
{
    struct walk walk = { .arena = arena, .err = err };
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return ocn_fail_sys(err, errno, directory, "cannot be listed");
    }
    if (walk_directory(&walk, fd, directory, 0) < 0 || ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    ocn_sort(walk.files.items, walk.files.len, sizeof(*walk.files.items), compare);
    *ret = walk.files;
    return 0;
}
