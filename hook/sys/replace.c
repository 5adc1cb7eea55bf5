/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/replace.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "hook/sys/io.h"

#define TEMPORARY_TRIES 16

/*
 * A file beside the one to replace. It has no name until it is whole, so that whoever is killed
 * leaves nothing; not every file system can do that. A name that is not empty is unlinked when the
 * struct dies.
 */
struct temporary {
    int dir;
    int fd;
    char name[NAME_MAX + 1];
};

static void drop_temporary(struct temporary *temporary)
{
    int saved = errno;

    ocn_closep(&temporary->fd);
    if (temporary->name[0] != '\0') {
        (void)unlinkat(temporary->dir, temporary->name, 0);
    }
    errno = saved;
}

static int fail_step(struct ocn_error *err, const char *path, const char *step)
{
    int sys = errno;

    return ocn_fail_sys(err, sys, path, "cannot replace it, the old file is untouched: %s", step);
}

/* File systems without O_TMPFILE: a file with a name that nobody else has. */
static int create_named(struct temporary *temporary, const char *name)
{
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        char candidate[sizeof(temporary->name)];
        uint64_t number;
        if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number)) {
            return -1;
        }
        int len = snprintf(candidate, sizeof(candidate), ".%s.ocinorm.%016" PRIx64, name, number);
        if (len < 0 || (size_t)len >= sizeof(candidate)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        temporary->fd = openat(temporary->dir, candidate,
                               O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (temporary->fd >= 0) {
            memcpy(temporary->name, candidate, (size_t)len + 1);
            return 0;
        }
        if (errno != EEXIST) {
            return -1;
        }
    }
    return -1;
}

/* Of @mode; one with a name is nobody's but the owner's for now. */
static int create_temporary(struct temporary *temporary, const char *name, mode_t mode)
{
    temporary->fd = openat(temporary->dir, ".", O_WRONLY | O_TMPFILE | O_CLOEXEC, mode);
    if (temporary->fd >= 0) {
        return 0;
    }
    return errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL ? create_named(temporary, name)
                                                                     : -1;
}

/* The owner first: changing it clears the set-id bits of the mode. */
static int copy_attributes(int fd, const struct stat *old)
{
    struct stat new;

    if (fstat(fd, &new) < 0) {
        return -1;
    }
    if ((new.st_uid != old->st_uid || new.st_gid != old->st_gid) &&
        fchown(fd, old->st_uid, old->st_gid) < 0) {
        return -1;
    }
    bool same = new.st_mode == old->st_mode && (old->st_mode & (S_ISUID | S_ISGID)) == 0;
    return same ? 0 : fchmod(fd, old->st_mode & 07777);
}

static void sync_directory(int dir)
{
    /* Best effort: after the link the new file is in place, whatever the disk says. */
    ocn_autoclose int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd >= 0) {
        (void)fsync(fd);
    }
}

/* Gives the file the name @name, if nothing has it. */
static int link_temporary(const struct temporary *temporary, const char *name)
{
    char whole[OCN_IO_LINK_SIZE];

    if (temporary->name[0] != '\0') {
        return linkat(temporary->dir, temporary->name, temporary->dir, name, 0);
    }
    /* Root may name it by its descriptor alone. */
    int linked = linkat(temporary->fd, "", temporary->dir, name, AT_EMPTY_PATH);
    if (linked == 0 || errno == EEXIST) {
        return linked;
    }
    ocn_io_link_of(temporary->fd, whole);
    return linkat(AT_FDCWD, whole, temporary->dir, name, AT_SYMLINK_FOLLOW);
}

/* Always the same name: one that is there was left by who was killed before the rename. */
static int name_temporary(struct temporary *temporary, const char *name)
{
    char candidate[sizeof(temporary->name)];

    int len = snprintf(candidate, sizeof(candidate), ".%s.ocinorm", name);
    if (len < 0 || (size_t)len >= sizeof(candidate)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        if (link_temporary(temporary, candidate) == 0) {
            memcpy(temporary->name, candidate, (size_t)len + 1);
            return 0;
        }
        if (errno != EEXIST || (unlinkat(temporary->dir, candidate, 0) < 0 && errno != ENOENT)) {
            return -1;
        }
    }
    errno = EEXIST;
    return -1;
}

/* FAILED: and an error. LOST: another process took the new file for a left one. */
enum result { REPLACED, FAILED, LOST, IS_LINK };

static enum result fail(struct ocn_error *err, const char *path, const char *step)
{
    (void)fail_step(err, path, step);
    return FAILED;
}

static enum result replace_once(int dir, const char *name, const char *path, struct ocn_bytes bytes,
                                struct ocn_error *err)
{
    OCN_CLEANUP(drop_temporary) struct temporary temporary = { .dir = dir, .fd = -1 };
    struct stat old;

    if (fstatat(dir, name, &old, AT_SYMLINK_NOFOLLOW) < 0) {
        return fail(err, path, "stat");
    }
    if (!S_ISREG(old.st_mode)) {
        (void)ocn_fail(err, OCN_E_FORMAT, path, "cannot replace it: not a regular file");
        return S_ISLNK(old.st_mode) ? IS_LINK : FAILED;
    }
    if (create_temporary(&temporary, name, old.st_mode & 0777) < 0) {
        return fail(err, path, "creating a temporary file beside it");
    }
    if (copy_attributes(temporary.fd, &old) < 0) {
        return fail(err, path, "keeping its owner and mode");
    }
    struct ocn_error failed = { 0 };
    if (ocn_io_write_fd(temporary.fd, path, bytes, &failed) < 0) {
        errno = failed.sys;
        return fail(err, path, "writing the temporary file");
    }
    if (fsync(temporary.fd) < 0) {
        return fail(err, path, "syncing the temporary file");
    }
    if (temporary.name[0] == '\0' && name_temporary(&temporary, name) < 0) {
        return fail(err, path, "naming the temporary file");
    }
    if (renameat(dir, temporary.name, dir, name) < 0) {
        if (errno != ENOENT) {
            return fail(err, path, "renaming the temporary file");
        }
        temporary.name[0] = '\0';
        return LOST;
    }
    temporary.name[0] = '\0';
    /* Not synced: after a power cut the directory names one whole file or the other. */
    return REPLACED;
}

/* Splits @path in place; the root directory is no file, so a lone leading slash needs no care. */
static const char *split(char *path, const char **ret_name)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL) {
        *ret_name = path;
        return ".";
    }
    *ret_name = slash + 1;
    if (slash == path) {
        return "/";
    }
    *slash = '\0';
    return path;
}

static enum result replace(int dir, const char *name, const char *path, struct ocn_bytes bytes,
                           struct ocn_error *err)
{
    for (int i = 0; i < TEMPORARY_TRIES; i++) {
        enum result result = replace_once(dir, name, path, bytes, err);
        if (result != LOST) {
            return result;
        }
    }
    errno = ENOENT;
    return fail(err, path, "renaming the temporary file");
}

int ocn_replace_file(const char *path, struct ocn_bytes bytes, struct ocn_error *err)
{
    struct stat st;
    const char *name;

    if (lstat(path, &st) < 0) {
        return fail_step(err, path, "stat");
    }
    /* The rename would replace a link, and leave behind what it points to. */
    OCN_CLEANUP(ocn_freep) char *real = S_ISLNK(st.st_mode) ? realpath(path, NULL) : strdup(path);
    if (real == NULL) {
        return fail_step(err, path, "resolving the path");
    }
    const char *directory = split(real, &name);
    ocn_autoclose int dir = openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return fail_step(err, path, "opening its directory");
    }
    return replace(dir, name, path, bytes, err) == REPLACED ? 0 : -1;
}

int ocn_replace_in(int dir, const char *name, const char *path, struct ocn_bytes bytes,
                   struct ocn_error *err)
{
    struct ocn_error problem = { 0 };
    enum result result = replace(dir, name, path, bytes, &problem);

    if (result == IS_LINK) {
        return ocn_replace_file(path, bytes, err);
    }
    if (result != REPLACED && err != NULL) {
        *err = problem;
    }
    return result == REPLACED ? 0 : -1;
}

static int fail_create(struct ocn_error *err, const char *path, const char *step)
{
    int sys = errno;

    return ocn_fail_sys(err, sys, path, "cannot make it: %s", step);
}

int ocn_replace_new_file(const char *path, struct ocn_bytes bytes, mode_t mode,
                         struct ocn_error *err)
{
    const char *name;
    OCN_CLEANUP(ocn_freep) char *copy = strdup(path);

    if (copy == NULL) {
        return ocn_fail_nomem(err);
    }
    const char *directory = split(copy, &name);
    ocn_autoclose int dir = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        return fail_create(err, path, "opening its directory");
    }
    /* The name goes with the struct: what is left of it is the link. */
    OCN_CLEANUP(drop_temporary) struct temporary temporary = { .dir = dir, .fd = -1 };
    if (create_temporary(&temporary, name, 0600) < 0) {
        return fail_create(err, path, "creating a temporary file beside it");
    }
    if (fchmod(temporary.fd, mode) < 0) {
        return fail_create(err, path, "setting its mode");
    }
    struct ocn_error failed = { 0 };
    if (ocn_io_write_fd(temporary.fd, path, bytes, &failed) < 0) {
        errno = failed.sys;
        return fail_create(err, path, "writing the temporary file");
    }
    if (fsync(temporary.fd) < 0) {
        return fail_create(err, path, "syncing the temporary file");
    }
    if (link_temporary(&temporary, name) < 0) {
        return fail_create(err, path, "linking the temporary file");
    }
    sync_directory(dir);
    return 0;
}
