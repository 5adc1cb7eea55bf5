/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mounts/source.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "hook/sys/io.h"
#include "normalize/policy/places.h"

#define MAX_LINKS 40 /* MAXSYMLINKS */
#define FINDING (O_PATH | O_CLOEXEC)
#define OTHERS_WRITE (S_IWGRP | S_IWOTH)

void ocn_source_done(struct ocn_source *source)
{
    ocn_closep(&source->fd);
    source->fd = -1;
}

/* ---- the way there ------------------------------------------------------------------------ */

/* A path that is walked: what is left of it, and how many links it had. */
struct way {
    char left[OCN_SOURCE_PATH_SIZE];
    unsigned links;
};

static bool set_left(struct way *way, const char *first, size_t len, const char *second)
{
    char joined[OCN_SOURCE_PATH_SIZE];
    size_t more = strlen(second);

    if (len + more >= sizeof(joined)) {
        return false;
    }
    memcpy(joined, first, len);
    memcpy(joined + len, second, more + 1);
    memcpy(way->left, joined, len + more + 1);
    return true;
}

/* Whether only root decides what @child of the directory @above is. */
static bool is_roots(const struct stat *above, const struct stat *child)
{
    return above->st_uid == 0 && ((above->st_mode & OTHERS_WRITE) == 0 ||
                                  ((above->st_mode & S_ISVTX) != 0 && child->st_uid == 0));
}

static bool begin(struct ocn_source *at)
{
    ocn_closep(&at->fd);
    at->path[0] = '\0';
    at->fd = openat(AT_FDCWD, "/", FINDING | O_DIRECTORY);
    return at->fd >= 0 && fstat(at->fd, &at->stat) == 0;
}

/* Goes on where the link @fd leads to. */
static bool follow(struct ocn_source *at, struct way *way, int fd)
{
    char target[OCN_SOURCE_PATH_SIZE];
    ssize_t len = readlinkat(fd, "", target, sizeof(target));

    return len > 0 && (size_t)len < sizeof(target) && ++way->links <= MAX_LINKS &&
           set_left(way, target, (size_t)len, way->left) && (target[0] != '/' || begin(at));
}

static bool add_name(struct ocn_source *at, const char *name, size_t len)
{
    size_t old = strlen(at->path);

    if (old + len + 2 > sizeof(at->path)) {
        return false;
    }
    at->path[old] = '/';
    memcpy(at->path + old + 1, name, len);
    at->path[old + 1 + len] = '\0';
    return true;
}

/* One component down, or along a link. */
static enum ocn_mapping step(struct ocn_source *at, struct way *way, const char *name, size_t len)
{
    char child[NAME_MAX + 1];
    struct stat stat;

    if (len > NAME_MAX || (len == 2 && memcmp(name, "..", 2) == 0)) {
        return OCN_MAPPING_NOT_SAFE;
    }
    memcpy(child, name, len);
    child[len] = '\0';
    ocn_autoclose int fd = openat(at->fd, child, FINDING | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &stat) < 0) {
        return OCN_MAPPING_CHANGED;
    }
    if (!is_roots(&at->stat, &stat)) {
        return OCN_MAPPING_NOT_SAFE;
    }
    if (S_ISLNK(stat.st_mode)) {
        return follow(at, way, fd) ? OCN_MAPPING_YES : OCN_MAPPING_CHANGED;
    }
    if (!add_name(at, child, len)) {
        return OCN_MAPPING_NOT_SAFE;
    }
    ocn_closep(&at->fd);
    at->fd = fd;
    at->stat = stat;
    fd = -1;
    return ocn_places_are_own(at->path) ? OCN_MAPPING_OWN : OCN_MAPPING_YES;
}

static enum ocn_mapping walk(const char *path, struct ocn_source *at)
{
    struct way way = { .links = 0 };

    if (path[0] != '/' || !set_left(&way, path, strlen(path), "") || !begin(at)) {
        return OCN_MAPPING_CHANGED;
    }
    for (;;) {
        size_t blank = strspn(way.left, "/");
        size_t len = strcspn(way.left + blank, "/");
        char name[OCN_SOURCE_PATH_SIZE];
        if (len == 0) {
            return at->path[0] != '\0' ? OCN_MAPPING_YES : OCN_MAPPING_OWN;
        }
        memcpy(name, way.left + blank, len);
        memmove(way.left, way.left + blank + len, strlen(way.left + blank + len) + 1);
        if (len == 1 && name[0] == '.') {
            continue;
        }
        enum ocn_mapping stepped = step(at, &way, name, len);
        if (stepped != OCN_MAPPING_YES) {
            return stepped;
        }
    }
}

static bool read_mount_id(int fd, uint64_t *ret)
{
    struct statx st;

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 ||
        (st.stx_mask & STATX_MNT_ID) == 0) {
        return false;
    }
    *ret = st.stx_mnt_id;
    return true;
}

/* As the runtime opens it. */
static bool is_found_by_path(const char *path, const struct ocn_source *source)
{
    struct stat stat;
    uint64_t id = 0;

    ocn_autoclose int fd = openat(AT_FDCWD, path, FINDING);
    return fd >= 0 && fstat(fd, &stat) == 0 && read_mount_id(fd, &id) && id == source->mount_id &&
           stat.st_dev == source->stat.st_dev && stat.st_ino == source->stat.st_ino;
}

enum ocn_mapping ocn_source_open(const char *path, struct ocn_source *ret)
{
    enum ocn_mapping walked = walk(path, ret);

    if (walked != OCN_MAPPING_YES) {
        return walked;
    }
    if (!S_ISDIR(ret->stat.st_mode) && !S_ISREG(ret->stat.st_mode)) {
        return OCN_MAPPING_NO_VOLUME;
    }
    return read_mount_id(ret->fd, &ret->mount_id) && is_found_by_path(path, ret)
               ? OCN_MAPPING_YES
               : OCN_MAPPING_CHANGED;
}

/* ---- where else it lies ------------------------------------------------------------------- */

/* A line of mountinfo (proc(5)). */
struct mount {
    unsigned long id;
    char device[32]; /* "MAJOR:MINOR" */
    char root[OCN_SOURCE_PATH_SIZE];
    char point[OCN_SOURCE_PATH_SIZE];
    bool mapped;
    bool shared;
};

/* The next field of *at, which a blank ends, with its escapes (\040) undone. */
static bool take_field(struct ocn_bytes *at, char *ret, size_t size)
{
    size_t len = 0;

    while (at->len != 0 && *at->ptr != ' ') {
        char c = *at->ptr;
        size_t used = 1;
        if (c == '\\' && at->len >= 4) {
            c = (char)(((at->ptr[1] - '0') << 6) | ((at->ptr[2] - '0') << 3) | (at->ptr[3] - '0'));
            used = 4;
        }
        if (len + 1 >= size) {
            return false;
        }
        ret[len++] = c;
        at->ptr += used;
        at->len -= used;
    }
    ret[len] = '\0';
    if (at->len != 0) {
        at->ptr++;
        at->len--;
    }
    return len != 0;
}

static bool read_mount(struct ocn_bytes line, struct mount *ret)
{
    char number[32];
    char parent[32];
    char options[OCN_SOURCE_PATH_SIZE];
    const char *at = number;

    if (!take_field(&line, number, sizeof(number)) || !ocn_io_take_number(&at, &ret->id) ||
        !take_field(&line, parent, sizeof(parent)) ||
        !take_field(&line, ret->device, sizeof(ret->device)) ||
        !take_field(&line, ret->root, sizeof(ret->root)) ||
        !take_field(&line, ret->point, sizeof(ret->point)) ||
        !take_field(&line, options, sizeof(options))) {
        return false;
    }
    /* "rw,relatime,idmapped" */
    const char *word = strstr(options, ",idmapped");
    ret->mapped = word != NULL &&
                  (word[sizeof(",idmapped") - 1] == '\0' || word[sizeof(",idmapped") - 1] == ',');
    ret->shared = false;
    while (take_field(&line, options, sizeof(options)) && strcmp(options, "-") != 0) {
        ret->shared |= strncmp(options, "shared:", 7) == 0;
    }
    return true;
}

/* The next mount of @text that can be read, and @text behind it. */
static bool next_mount(struct ocn_bytes *text, struct mount *ret)
{
    while (text->len != 0) {
        const char *stop = memchr(text->ptr, '\n', text->len);
        size_t len = stop != NULL ? (size_t)(stop - text->ptr) : text->len;
        const struct ocn_bytes line = { text->ptr, len };
        text->ptr += len + (stop != NULL ? 1 : 0);
        text->len -= len + (stop != NULL ? 1 : 0);
        if (read_mount(line, ret)) {
            return true;
        }
    }
    return false;
}

/* What of @path lies below the directory @above, with its slash, "" for that very one; or NULL. */
static const char *below(const char *path, const char *above)
{
    size_t len = strcmp(above, "/") == 0 ? 0 : strlen(above);

    return strncmp(path, above, len) == 0 && (path[len] == '/' || path[len] == '\0') ? path + len
                                                                                     : NULL;
}

static bool join(char *ret, size_t size, const char *above, const char *rest)
{
    int len = snprintf(ret, size, "%s%s", strcmp(above, "/") == 0 ? "" : above, rest);

    return len >= 0 && (size_t)len < size;
}

/* Its mount, and its path in the file system that is mounted there. */
static enum ocn_mapping find_mount(const struct ocn_source *source, struct ocn_bytes mountinfo,
                                   struct mount *ret, char *inner, size_t size)
{
    while (next_mount(&mountinfo, ret)) {
        if (ret->id == source->mount_id) {
            const char *rest = below(source->path, ret->point);
            if (ret->mapped) {
                return OCN_MAPPING_TWICE;
            }
            return rest != NULL && join(inner, size, ret->root, rest) ? OCN_MAPPING_YES
                                                                      : OCN_MAPPING_CHANGED;
        }
    }
    return OCN_MAPPING_CHANGED;
}

enum ocn_mapping ocn_source_place(const struct ocn_source *source, struct ocn_bytes mountinfo,
                                  const struct ocn_strings *allow)
{
    struct mount own;
    struct mount other;
    char inner[OCN_SOURCE_PATH_SIZE];
    char alias[OCN_SOURCE_PATH_SIZE];
    bool allowed = false;

    enum ocn_mapping found = find_mount(source, mountinfo, &own, inner, sizeof(inner));
    if (found != OCN_MAPPING_YES) {
        return found;
    }
    while (next_mount(&mountinfo, &other)) {
        const char *rest = strcmp(other.device, own.device) == 0 ? below(inner, other.root) : NULL;
        if (rest == NULL) {
            continue;
        }
        if (!join(alias, sizeof(alias), other.point, rest) || ocn_places_are_own(alias)) {
            return OCN_MAPPING_OWN;
        }
        allowed = allowed || ocn_places_hold(allow, alias);
    }
    return allowed ? OCN_MAPPING_YES : OCN_MAPPING_NOT_ALLOWED;
}

bool ocn_source_has_mounts(const struct ocn_source *source, struct ocn_bytes mountinfo)
{
    struct mount other;

    while (next_mount(&mountinfo, &other)) {
        const char *rest = below(other.point, source->path);
        if (rest != NULL && rest[0] == '/') {
            return true;
        }
    }
    return false;
}

bool ocn_source_is_shared(const struct ocn_source *source, struct ocn_bytes mountinfo)
{
    struct mount other;

    while (next_mount(&mountinfo, &other)) {
        const char *rest = below(other.point, source->path);
        if (other.shared && (other.id == source->mount_id || (rest != NULL && rest[0] == '/'))) {
            return true;
        }
    }
    return false;
}
