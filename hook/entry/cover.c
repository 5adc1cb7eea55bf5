/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/entry/cover.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>

#include "hook/sys/io.h"
#include "normalize/oci/container.h"

/* <sys/mount.h> and <linux/mount.h> do not go together everywhere. */
#define DETACH 2          /* MNT_DETACH */
#define NO_FOLLOW 8       /* UMOUNT_NOFOLLOW */
#define PRIVATE (1 << 18) /* MS_PRIVATE */
#define SEALED (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

#define EXECUTABLE 0111
#define SELINUX "/sys/fs/selinux/enforce"
#define ENTRY_NAME "entry" /* in our file system */
#define BLOCK ((size_t)4096)

/* A file, reached by its path without following a link, and the mount that it lies on. */
struct spot {
    int fd;
    int parent_fd; /* the directory that it was found in */
    uint64_t mount_id;
    struct stat stat;
    char name[OCN_COVER_NAME_SIZE]; /* the last component */
};

struct job {
    const struct ocn_cover_site *site;
    struct ocn_cover *cover;
    int rootfs_fd;
};

/* ---- system calls without a name in older libraries --------------------------------------- */

static int open_fs(const char *type)
{
    return (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);
}

static int set_option(int fs_fd, unsigned command, const char *key, const char *value)
{
    return (int)syscall(SYS_fsconfig, fs_fd, command, key, value, 0);
}

static int clone_mount(int fd, const char *path)
{
    return (int)syscall(SYS_open_tree, fd, path,
                        OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW);
}

/* Attaches the mount @fd over what @target_fd is. */
static int attach_mount(int fd, int target_fd)
{
    return (int)syscall(SYS_move_mount, fd, "", target_fd, "",
                        MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

static int seal_mount(int fd)
{
    struct mount_attr attr = { .attr_set = SEALED, .propagation = PRIVATE };

    return (int)syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH, &attr, sizeof(attr));
}

static int unmount_in(int dir_fd, const char *name)
{
    return fchdir(dir_fd) < 0 ? -1 : (int)syscall(SYS_umount2, name, DETACH | NO_FOLLOW);
}

/* What the kernel refuses here is refused for good: the rule's level decides, not onError. */
static int fail_call(struct ocn_error *err, const char *call)
{
    int number = errno;

    if (number == ENOSYS) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, NULL,
                        "this kernel does not know %s (Linux 5.12 and newer do)", call);
    }
    return ocn_fail(err, OCN_E_UNSUPPORTED, NULL, "%s: %s", call, strerror(number));
}

static int refuse(struct ocn_error *err, const char *what, const char *why)
{
    return ocn_fail(err, OCN_E_UNSUPPORTED, NULL, "%s %s", what, why);
}

/* ---- finding ------------------------------------------------------------------------------ */

static int read_mount_id(int fd, uint64_t *ret)
{
    struct statx st;

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &st) < 0) {
        return -1;
    }
    if ((st.stx_mask & STATX_MNT_ID) == 0) {
        errno = ENOSYS;
        return -1;
    }
    *ret = st.stx_mnt_id;
    return 0;
}

static void close_spot(struct spot *spot)
{
    ocn_closep(&spot->fd);
    ocn_closep(&spot->parent_fd);
}

/* One step down. */
static int step(struct spot *spot)
{
    int fd = openat(spot->fd, spot->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    ocn_closep(&spot->parent_fd);
    spot->parent_fd = spot->fd;
    spot->fd = fd;
    return fstat(fd, &spot->stat);
}

/*
 * Walks down @path, component by component. No link is followed and no component goes up, so that
 * nothing that is renamed meanwhile can lead out of the tree: the core has resolved the links.
 */
static int walk(int root_fd, const char *path, struct spot *spot)
{
    size_t at = 0;

    *spot = (struct spot){ .fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0), .parent_fd = -1 };
    if (spot->fd < 0 || fstat(spot->fd, &spot->stat) < 0) {
        return -1;
    }
    while (path[at += strspn(path + at, "/")] != '\0') {
        size_t len = strcspn(path + at, "/");
        if (len >= sizeof(spot->name)) {
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(spot->name, path + at, len);
        spot->name[len] = '\0';
        at += len;
        if (strcmp(spot->name, "..") == 0) {
            errno = ELOOP;
            return -1;
        }
        if (step(spot) < 0) {
            return -1;
        }
    }
    if (S_ISLNK(spot->stat.st_mode)) {
        errno = ELOOP;
        return -1;
    }
    return read_mount_id(spot->fd, &spot->mount_id);
}

enum ocn_cover_peers ocn_cover_peers_of(struct ocn_bytes mountinfo, uint64_t id)
{
    const char *at = mountinfo.ptr;
    const char *end = at + mountinfo.len;
    char number[32];
    int len = snprintf(number, sizeof(number), "%llu ", (unsigned long long)id);

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t line = (size_t)((stop != NULL ? stop : end) - at);
        if (line > (size_t)len && memcmp(at, number, (size_t)len) == 0) {
            /* Blanks in paths are written as \040, so that these are the kernel's own words. */
            const char *options = memmem(at, line, " - ", 3);
            size_t before = options != NULL ? (size_t)(options - at) : line;
            return memmem(at, before, " shared:", 8) != NULL ? OCN_COVER_SHARED
                                                             : OCN_COVER_NOT_SHARED;
        }
        at += line + 1;
    }
    return OCN_COVER_NO_MOUNT;
}

/* A mount that were made on a shared one would also appear on the host. */
static int check_propagation(const struct job *job, uint64_t id, const char *what,
                             struct ocn_error *err)
{
    switch (ocn_cover_peers_of(job->site->mountinfo, id)) {
    case OCN_COVER_NO_MOUNT:
        return ocn_fail(err, OCN_E_FORMAT, what, "its mount is not in the container's mountinfo");
    case OCN_COVER_NOT_SHARED:
        return 0;
    case OCN_COVER_SHARED:
        break;
    }
    return refuse(err, what, "lies on a mount that is shared with the host");
}

/* Whether the file has the bytes of @text. */
static bool has_text(const struct spot *spot, struct ocn_bytes text)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf found = { 0 };

    ocn_autoclose int fd =
        openat(spot->parent_fd, spot->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && ocn_io_read_fd(fd, spot->name, text.len, &found, NULL) == 0 &&
           found.len == text.len && memcmp(found.ptr, text.ptr, text.len) == 0;
}

/*
 * Whether the same was done before, by a hook that is configured for two stages: our program, with
 * the same plan, on a mount that nobody in the container could have made.
 */
static bool is_ours(const struct job *job, const struct spot *spot)
{
    struct statfs fs;

    return job->site->again && fstatfs(spot->fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC &&
           (fs.f_flags & ST_RDONLY) != 0 && has_text(spot, job->site->program);
}

/* *ret_covered: it is covered already. */
static int find_target(const struct job *job, const struct ocn_cover_target *target,
                       struct spot *spot, bool *ret_covered, struct ocn_error *err)
{
    const char *path = target->path;

    if (walk(job->rootfs_fd, path, spot) < 0) {
        return ocn_fail_sys(err, errno, path,
                            "the entrypoint is not where it was a moment ago in the container");
    }
    if (!S_ISREG(spot->stat.st_mode) || (spot->stat.st_mode & EXECUTABLE) == 0) {
        return ocn_fail(err, OCN_E_FORMAT, path, "the entrypoint is no program any more");
    }
    if (is_ours(job, spot)) {
        *ret_covered = true;
        return 0;
    }
    if (spot->stat.st_dev != target->dev || spot->stat.st_ino != target->ino) {
        return ocn_fail(err, OCN_E_IO, path, "is not the file any more that was judged");
    }
    if (check_propagation(job, spot->mount_id, path, err) < 0) {
        return -1;
    }
    *ret_covered = false;
    return 0;
}

/* A startContainer hook runs in the container while the cover is there. */
static int check_start_hooks(const struct job *job, struct ocn_error *err)
{
    const struct ocn_list *list = job->site->start_hooks;
    const struct ocn_oci_hook *hooks = list != NULL ? list->items : NULL;
    struct stat st;

    for (size_t i = 0; hooks != NULL && i < list->len; i++) {
        const char *path = hooks[i].path != NULL ? hooks[i].path : "";
        ocn_autoclose int fd = ocn_io_open_in(job->rootfs_fd, path, O_PATH);
        if (fd < 0 && (errno == ENOSYS || errno == EAGAIN)) {
            return fail_call(err, "openat2");
        }
        for (size_t k = 0; fd >= 0 && fstat(fd, &st) == 0 && k < job->site->targets_len; k++) {
            if (st.st_dev == job->site->targets[k].dev && st.st_ino == job->site->targets[k].ino) {
                return refuse(err, path,
                              "is also a startContainer hook, which runs before the container's "
                              "own start");
            }
        }
    }
    return 0;
}

/* ---- the private file system -------------------------------------------------------------- */

static const struct option {
    const char *key;
    const char *value;
} options[] = {
    { "source", "ocinorm" },
    { "size", "256k" },
    { "nr_inodes", "4" },
    { "mode", "0755" }, /* its file is the host's root's: in a user namespace nobody's */
};

static int configure(int fs_fd, const char *label, struct ocn_error *err)
{
    for (size_t i = 0; i < OCN_COUNT(options); i++) {
        if (set_option(fs_fd, FSCONFIG_SET_STRING, options[i].key, options[i].value) < 0) {
            return fail_call(err, "fsconfig");
        }
    }
    /* As the runtimes do it: the label counts where SELinux does. */
    if (label != NULL && label[0] != '\0' && access(SELINUX, F_OK) == 0 &&
        set_option(fs_fd, FSCONFIG_SET_STRING, "context", label) < 0) {
        return fail_call(err, "linux.mountLabel");
    }
    if (set_option(fs_fd, FSCONFIG_CMD_CREATE, NULL, NULL) < 0) {
        return fail_call(err, "fsconfig");
    }
    return 0;
}

/* By words: not every library's memcmp(3) is quick. */
static bool is_zero(const char *bytes, size_t len)
{
    uint64_t some = 0;
    uint64_t word;
    size_t at = 0;

    for (; len - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, bytes + at, sizeof(word));
        some |= word;
    }
    for (; at < len; at++) {
        some |= (unsigned char)bytes[at];
    }
    return some == 0;
}

/* What is zero takes no memory. */
static int write_sparse(int fd, struct ocn_bytes bytes)
{
    if (ftruncate(fd, (off_t)bytes.len) < 0) {
        return -1;
    }
    for (size_t at = 0; at < bytes.len; at += BLOCK) {
        size_t len = bytes.len - at < BLOCK ? bytes.len - at : BLOCK;
        if (!is_zero(bytes.ptr + at, len) &&
            pwrite(fd, bytes.ptr + at, len, (off_t)at) != (ssize_t)len) {
            return -1;
        }
    }
    return 0;
}

static int write_entry(struct job *job, struct ocn_error *err)
{
    struct stat st;

    ocn_autoclose int fd =
        openat(job->cover->private_fd, ENTRY_NAME, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write_sparse(fd, job->site->program) < 0 || fchmod(fd, 0555) < 0 ||
        fstat(fd, &st) < 0) {
        return ocn_fail_sys(err, errno, ENTRY_NAME, "cannot write it for the container");
    }
    job->cover->dev = st.st_dev;
    job->cover->ino = st.st_ino;
    return 0;
}

static int make_private(struct job *job, struct ocn_error *err)
{
    ocn_autoclose int fs_fd = open_fs("tmpfs");
    if (fs_fd < 0) {
        return fail_call(err, "fsopen");
    }
    if (configure(fs_fd, job->site->label, err) < 0) {
        return -1;
    }
    job->cover->private_fd =
        (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (job->cover->private_fd < 0) {
        return fail_call(err, "fsmount");
    }
    return write_entry(job, err);
}

/* ---- covering ----------------------------------------------------------------------------- */

/* Clones the mount of our file, seals the clone, and attaches it over @target_fd. */
static int attach(const struct job *job, int target_fd, struct ocn_error *err)
{
    ocn_autoclose int fd = clone_mount(job->cover->private_fd, ENTRY_NAME);
    if (fd < 0) {
        return fail_call(err, "open_tree");
    }
    if (seal_mount(fd) < 0) {
        return fail_call(err, "mount_setattr");
    }
    return attach_mount(fd, target_fd) < 0 ? fail_call(err, "move_mount") : 0;
}

static bool is_cover(const struct ocn_cover *cover, const struct stat *st)
{
    return st->st_dev == cover->dev && st->st_ino == cover->ino;
}

/* Whoever moved files meanwhile has to start again. */
static int check_covered(const struct job *job, const char *path, struct ocn_error *err)
{
    struct spot spot;

    int result = walk(job->rootfs_fd, path, &spot);
    OCN_CLEANUP(close_spot) struct spot owned = spot;
    if (result < 0) {
        return ocn_fail_sys(err, errno, path, "the entrypoint went away");
    }
    return is_cover(job->cover, &owned.stat)
               ? 0
               : ocn_fail(err, OCN_E_IO, path, "the entrypoint was replaced meanwhile");
}

static int put_one(struct job *job, const struct ocn_cover_target *target, struct ocn_error *err)
{
    struct ocn_cover *cover = job->cover;
    struct spot spot;
    bool covered = false;

    int found = find_target(job, target, &spot, &covered, err);
    OCN_CLEANUP(close_spot) struct spot owned = spot;
    if (found < 0) {
        return -1;
    }
    if (covered) {
        cover->found = true;
        return 0;
    }
    if ((job->cover->private_fd < 0 && make_private(job, err) < 0) ||
        attach(job, owned.fd, err) < 0) {
        return -1;
    }
    cover->at[cover->len].parent_fd = owned.parent_fd;
    memcpy(cover->at[cover->len].name, owned.name, sizeof(owned.name));
    owned.parent_fd = -1;
    cover->len++;
    return check_covered(job, target->path, err);
}

static int put_all(struct job *job, struct ocn_error *err)
{
    for (size_t i = 0; i < job->site->targets_len; i++) {
        if (put_one(job, &job->site->targets[i], err) < 0) {
            return -1;
        }
    }
    return 0;
}

static void finish(struct job *job)
{
    ocn_closep(&job->rootfs_fd);
}

int ocn_cover_put(const struct ocn_cover_site *site, struct ocn_cover *ret, bool *ret_dirty,
                  struct ocn_error *err)
{
    OCN_CLEANUP(finish)
    struct job job = { .site = site, .cover = ret, .rootfs_fd = -1 };

    *ret_dirty = false;
    job.rootfs_fd = open(site->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (job.rootfs_fd < 0) {
        return ocn_fail_sys(err, errno, site->rootfs, "cannot open the container's rootfs");
    }
    if (check_start_hooks(&job, err) < 0) {
        return -1;
    }
    if (put_all(&job, err) < 0) {
        *ret_dirty = ocn_cover_lift(ret) < 0;
        return -1;
    }
    return 0;
}

/* ---- lifting ------------------------------------------------------------------------------ */

/* The name may lead to nothing, or to something else, but not to our program. */
static bool is_gone(const struct ocn_cover *cover, int parent_fd, const char *name)
{
    struct stat st;

    return fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !is_cover(cover, &st);
}

int ocn_cover_lift(const struct ocn_cover *cover)
{
    for (size_t i = 0; i < cover->len; i++) {
        int parent_fd = cover->at[i].parent_fd;
        const char *name = cover->at[i].name;
        if (unmount_in(parent_fd, name) < 0) {
            return -1;
        }
        if (!is_gone(cover, parent_fd, name)) {
            errno = EBUSY;
            return -1;
        }
    }
    return 0;
}

void ocn_cover_init(struct ocn_cover *cover)
{
    *cover = (struct ocn_cover){ .private_fd = -1 };
    for (size_t i = 0; i < OCN_COVER_MAX; i++) {
        cover->at[i].parent_fd = -1;
    }
}

void ocn_cover_done(struct ocn_cover *cover)
{
    ocn_closep(&cover->private_fd);
    for (size_t i = 0; i < OCN_COVER_MAX; i++) {
        ocn_closep(&cover->at[i].parent_fd);
    }
}
