/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mounts.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>

#include "hook/entry_plan.h"
#include "hook/io.h"

/* <sys/mount.h> and <linux/mount.h> do not go together everywhere. */
#define DETACH 2          /* MNT_DETACH */
#define NO_FOLLOW 8       /* UMOUNT_NOFOLLOW */
#define PRIVATE (1 << 18) /* MS_PRIVATE */
#define SEALED (MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)

#define EXECUTABLE 0111
#define SEARCHABLE 0001
#define NAME_SIZE 256 /* NAME_MAX + 1 */
#define SELINUX "/sys/fs/selinux/enforce"

/* Names in the private file system, as ocinorm-entry's paths have them. */
#define ROOT_NAME "root"
#define PLAN_NAME "plan"
#define PROGRAM_NAME "entry"
#define NO_FILE_NAME "none"
#define NO_DIR_NAME "empty"

/* A file, reached by its path without following a link, and the mount that it lies on. */
struct spot {
    int fd;
    int parent_fd;    /* the directory that it was found in */
    int mount_fd;     /* the root of its mount */
    size_t mount_len; /* how much of the path leads to that root */
    uint64_t mount_id;
    struct stat stat;
    char name[NAME_SIZE]; /* the last component */
};

struct job {
    const struct ocn_mounts_site *site;
    int rootfs_fd;
    int dev_fd;
    uid_t dev_uid;
    gid_t dev_gid;
    struct spot entry;
    int private_fd; /* our file system */
    bool made_dir;
    bool covered; /* the entrypoint */
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
    ocn_closep(&spot->mount_fd);
}

/* One step down; the place where a mount begins is remembered. */
static int step(struct spot *spot, size_t path_len)
{
    uint64_t mount_id = 0;

    int fd = openat(spot->fd, spot->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    ocn_closep(&spot->parent_fd);
    spot->parent_fd = spot->fd;
    spot->fd = fd;
    if (fstat(fd, &spot->stat) < 0 || read_mount_id(fd, &mount_id) < 0) {
        return -1;
    }
    if (mount_id != spot->mount_id) {
        ocn_closep(&spot->mount_fd);
        spot->mount_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        spot->mount_len = path_len;
        spot->mount_id = mount_id;
        return spot->mount_fd < 0 ? -1 : 0;
    }
    return 0;
}

static int begin_at(int root_fd, struct spot *spot)
{
    *spot = (struct spot){ .fd = -1, .parent_fd = -1, .mount_fd = -1 };
    spot->fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
    spot->mount_fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 0);
    if (spot->fd < 0 || spot->mount_fd < 0 || fstat(spot->fd, &spot->stat) < 0) {
        return -1;
    }
    return read_mount_id(spot->fd, &spot->mount_id);
}

/*
 * Walks down @path, component by component. No link is followed and no component goes up, so that
 * nothing that is renamed meanwhile can lead out of the tree: the core has resolved the links.
 */
static int walk(int root_fd, const char *path, struct spot *spot)
{
    size_t at = 0;

    if (begin_at(root_fd, spot) < 0) {
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
        if (step(spot, at) < 0) {
            return -1;
        }
    }
    if (S_ISLNK(spot->stat.st_mode)) {
        errno = ELOOP;
        return -1;
    }
    return 0;
}

int ocn_mounts_is_shared(struct ocn_bytes mountinfo, uint64_t id)
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
            return memmem(at, before, " shared:", 8) != NULL;
        }
        at += line + 1;
    }
    return -1;
}

/* A mount that were made on a shared one would also appear on the host. */
static int check_propagation(const struct job *job, uint64_t id, const char *what,
                             struct ocn_error *err)
{
    int shared = ocn_mounts_is_shared(job->site->mountinfo, id);

    if (shared < 0) {
        return ocn_fail(err, OCN_E_FORMAT, what, "its mount is not in the container's mountinfo");
    }
    return shared ? refuse(err, what, "lies on a mount that is shared with the host") : 0;
}

static int find_dev(struct job *job, struct ocn_error *err)
{
    static const char dev[] = "/dev";
    struct spot spot;
    struct statfs fs;

    int result = walk(job->rootfs_fd, dev, &spot);
    OCN_CLEANUP(close_spot) struct spot owned = spot;
    if (result < 0) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, NULL, "%s of the container cannot be entered: %s",
                        dev, strerror(errno));
    }
    if (!S_ISDIR(owned.stat.st_mode) || owned.mount_len != sizeof(dev) - 1 ||
        fstatfs(owned.fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC ||
        owned.stat.st_dev == job->site->host_dev) {
        return refuse(err, dev, "is not a tmpfs of the container's own");
    }
    if ((owned.stat.st_mode & SEARCHABLE) == 0) {
        return refuse(err, dev, "cannot be entered by another user than root (its mode)");
    }
    if (check_propagation(job, owned.mount_id, dev, err) < 0) {
        return -1;
    }
    job->dev_fd = fcntl(owned.fd, F_DUPFD_CLOEXEC, 0);
    job->dev_uid = owned.stat.st_uid;
    job->dev_gid = owned.stat.st_gid;
    return job->dev_fd < 0 ? ocn_fail_sys(err, errno, dev, "cannot keep it open") : 0;
}

static int find_entry(struct job *job, struct ocn_error *err)
{
    const char *path = job->site->entry;
    struct spot *entry = &job->entry;

    if (walk(job->rootfs_fd, path, entry) < 0) {
        return ocn_fail_sys(err, errno, path,
                            "the entrypoint is not where it was a moment ago in the container");
    }
    if (!S_ISREG(entry->stat.st_mode) || (entry->stat.st_mode & EXECUTABLE) == 0) {
        return ocn_fail(err, OCN_E_FORMAT, path, "the entrypoint is no program any more");
    }
    if (entry->stat.st_dev != job->site->entry_dev || entry->stat.st_ino != job->site->entry_ino) {
        return ocn_fail(err, OCN_E_IO, path, "is not the file any more that was judged");
    }
    if (!job->site->plain) {
        bool set_id = (entry->stat.st_mode & (S_ISUID | S_ISGID)) != 0;
        bool capable = fchdir(entry->parent_fd) == 0 &&
                       lgetxattr(entry->name, "security.capability", NULL, 0) > 0;
        if (set_id || capable) {
            return refuse(err, path,
                          "is set-uid or has file capabilities, which it would start without");
        }
    }
    return check_propagation(job, entry->mount_id, path, err);
}

/* ---- the private file system -------------------------------------------------------------- */

static const struct option {
    const char *key;
    const char *value;
} options[] = {
    { "source", "ocinorm" },
    { "size", "2m" },
    { "nr_inodes", "4200" }, /* as many directories as a path may have, and our files */
    { "mode", "0755" },      /* its files are the host's root's: in a user namespace nobody's */
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

static int write_file(int dir_fd, const char *name, mode_t mode, struct ocn_bytes bytes,
                      struct ocn_error *err)
{
    ocn_autoclose int fd =
        openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        return ocn_fail_sys(err, errno, name, "cannot create it for the container");
    }
    if (ocn_write_fd(fd, name, bytes, err) < 0) {
        return -1;
    }
    return fchmod(fd, mode) < 0 ? ocn_fail_sys(err, errno, name, "cannot set its mode") : 0;
}

static int make_dir(int dir_fd, const char *name, struct ocn_error *err)
{
    return mkdirat(dir_fd, name, 0755) < 0
               ? ocn_fail_sys(err, errno, name, "cannot create it for the container")
               : 0;
}

/* root/, and below it the directories down to where the original's mount is to be attached. */
static int make_mount_point(struct job *job, struct ocn_error *err)
{
    struct stat st;
    char path[4096 + sizeof(ROOT_NAME)];
    int len =
        snprintf(path, sizeof(path), ROOT_NAME "%.*s", (int)job->entry.mount_len, job->site->entry);

    if (len < 0 || (size_t)len >= sizeof(path)) {
        return refuse(err, job->site->entry, "is too long a path");
    }
    if (fstat(job->entry.mount_fd, &st) < 0) {
        return ocn_fail_sys(err, errno, job->site->entry, "cannot stat its mount");
    }
    for (char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (make_dir(job->private_fd, path, err) < 0) {
            return -1;
        }
        *slash = '/';
    }
    /* A file may be a mount, too. */
    return S_ISDIR(st.st_mode)
               ? make_dir(job->private_fd, path, err)
               : write_file(job->private_fd, path, 0555, (struct ocn_bytes){ "", 0 }, err);
}

static int fill(struct job *job, struct ocn_error *err)
{
    const struct ocn_bytes nothing = { "", 0 };

    if (write_file(job->private_fd, PROGRAM_NAME, 0555, job->site->program, err) < 0 ||
        write_file(job->private_fd, PLAN_NAME, 0444, job->site->plan, err) < 0 ||
        write_file(job->private_fd, NO_FILE_NAME, 0444, nothing, err) < 0 ||
        make_dir(job->private_fd, NO_DIR_NAME, err) < 0) {
        return -1;
    }
    return make_mount_point(job, err);
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
    job->private_fd =
        (int)syscall(SYS_fsmount, fs_fd, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    if (job->private_fd < 0) {
        return fail_call(err, "fsmount");
    }
    if (fill(job, err) < 0) {
        return -1;
    }
    return seal_mount(job->private_fd) < 0 ? fail_call(err, "mount_setattr") : 0;
}

/* ---- attaching ---------------------------------------------------------------------------- */

/* In the container's /dev, as its owner: with a user namespace our own ids mean nothing there. */
static int change_dev(const struct job *job, int (*change)(int dir_fd))
{
    (void)setfsgid(job->dev_gid);
    (void)setfsuid(job->dev_uid);
    int result = change(job->dev_fd);
    int saved = errno;
    (void)setfsuid(geteuid());
    (void)setfsgid(getegid());
    errno = saved;
    return result;
}

static int add_dir(int dev_fd)
{
    return mkdirat(dev_fd, OCN_ENTRY_NAME, 0755);
}

static int remove_dir(int dev_fd)
{
    return unlinkat(dev_fd, OCN_ENTRY_NAME, AT_REMOVEDIR);
}

/* Clones one mount, alone; seals it, and attaches it over @target_fd. */
static int cover(int from_fd, const char *from, int target_fd, struct ocn_error *err)
{
    ocn_autoclose int fd = clone_mount(from_fd, from);
    if (fd < 0) {
        return fail_call(err, "open_tree");
    }
    if (seal_mount(fd) < 0) {
        return fail_call(err, "mount_setattr");
    }
    return attach_mount(fd, target_fd) < 0 ? fail_call(err, "move_mount") : 0;
}

static int attach_private(struct job *job, struct ocn_error *err)
{
    if (change_dev(job, add_dir) < 0) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, NULL, "cannot make %s in the container: %s",
                        OCN_ENTRY_DIR, strerror(errno));
    }
    job->made_dir = true;
    ocn_autoclose int point_fd =
        openat(job->dev_fd, OCN_ENTRY_NAME, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (point_fd < 0) {
        return ocn_fail_sys(err, errno, OCN_ENTRY_DIR, "cannot open");
    }
    return attach_mount(job->private_fd, point_fd) < 0 ? fail_call(err, "move_mount") : 0;
}

/* What the runtime will mask in the container is masked in the clone, too. */
static int mask(struct job *job, int clone_fd, const char *path, struct ocn_error *err)
{
    struct open_how how = { .flags = O_PATH | O_CLOEXEC,
                            .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
    struct stat st;

    ocn_autoclose int fd = (int)syscall(SYS_openat2, clone_fd, path, &how, sizeof(how));
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR)) {
        return 0;
    }
    if (fd < 0 && errno == ENOSYS) {
        return fail_call(err, "openat2");
    }
    if (fd < 0 || fstat(fd, &st) < 0) {
        return ocn_fail_sys(err, errno, path, "cannot mask it (linux.maskedPaths)");
    }
    return cover(job->private_fd, S_ISDIR(st.st_mode) ? NO_DIR_NAME : NO_FILE_NAME, fd, err);
}

static int mask_all(struct job *job, int clone_fd, struct ocn_error *err)
{
    const struct ocn_strings *masks = job->site->masks;
    size_t len = job->entry.mount_len;

    for (size_t i = 0; i < masks->len; i++) {
        const char *path = masks->items[i];
        if (strncmp(path, job->site->entry, len) == 0 && path[len] == '/' &&
            mask(job, clone_fd, path + len, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int attach_original(struct job *job, struct ocn_error *err)
{
    char path[4096 + sizeof(ROOT_NAME)];
    int len =
        snprintf(path, sizeof(path), ROOT_NAME "%.*s", (int)job->entry.mount_len, job->site->entry);
    int flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;

    if (len < 0 || (size_t)len >= sizeof(path)) {
        return refuse(err, job->site->entry, "is too long a path");
    }
    ocn_autoclose int point_fd = openat(job->private_fd, path, flags);
    if (point_fd < 0) {
        return ocn_fail_sys(err, errno, path, "cannot open the place of the original");
    }
    if (cover(job->entry.mount_fd, "", point_fd, err) < 0) {
        return -1;
    }
    ocn_autoclose int clone_fd = openat(job->private_fd, path, flags);
    if (clone_fd < 0) {
        return ocn_fail_sys(err, errno, path, "cannot open the clone of the original");
    }
    return mask_all(job, clone_fd, err);
}

/* Whether the entrypoint's path leads to the program in @private_fd; -1 if it leads nowhere. */
static int is_covered(const struct job *job, int private_fd)
{
    struct spot spot;
    struct stat ours;

    int result = walk(job->rootfs_fd, job->site->entry, &spot);
    OCN_CLEANUP(close_spot) struct spot owned = spot;
    if (result < 0 || fstatat(private_fd, PROGRAM_NAME, &ours, AT_SYMLINK_NOFOLLOW) < 0) {
        return -1;
    }
    return owned.stat.st_dev == ours.st_dev && owned.stat.st_ino == ours.st_ino;
}

/* Whoever moved files meanwhile has to start again. */
static int check_covered(const struct job *job, struct ocn_error *err)
{
    int covered = is_covered(job, job->private_fd);

    if (covered < 0) {
        return ocn_fail_sys(err, errno, job->site->entry, "the entrypoint went away");
    }
    return covered
               ? 0
               : ocn_fail(err, OCN_E_IO, job->site->entry, "the entrypoint was replaced meanwhile");
}

static bool has_text(int dir_fd, const char *name, struct ocn_bytes text)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf found = { 0 };

    ocn_autoclose int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    return fd >= 0 && ocn_read_fd(fd, name, text.len, &found, NULL) == 0 && found.len == text.len &&
           memcmp(found.ptr, text.ptr, text.len) == 0;
}

/*
 * Whether the same was done before, by a hook that is configured for two stages. An image could put
 * files there at best, but no read-only mount, and none over the entrypoint.
 */
static bool is_installed(const struct job *job)
{
    struct statfs fs;

    ocn_autoclose int fd =
        openat(job->dev_fd, OCN_ENTRY_NAME, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC &&
           (fs.f_flags & ST_RDONLY) != 0 && has_text(fd, PLAN_NAME, job->site->plan) &&
           has_text(fd, PROGRAM_NAME, job->site->program) && is_covered(job, fd) == 1;
}

static int attach_all(struct job *job, struct ocn_error *err)
{
    if (attach_private(job, err) < 0 || attach_original(job, err) < 0 ||
        cover(job->private_fd, PROGRAM_NAME, job->entry.fd, err) < 0) {
        return -1;
    }
    job->covered = true;
    return check_covered(job, err);
}

/* Not mounted (EINVAL) is as good as unmounted; the directory shows whether it is. */
static bool undo(struct job *job)
{
    bool clean = true;

    if (job->covered) {
        clean = unmount_in(job->entry.parent_fd, job->entry.name) == 0;
    }
    if (job->made_dir) {
        (void)unmount_in(job->dev_fd, OCN_ENTRY_NAME);
        clean = change_dev(job, remove_dir) == 0 && clean;
    }
    return clean;
}

static void finish(struct job *job)
{
    ocn_closep(&job->rootfs_fd);
    ocn_closep(&job->dev_fd);
    ocn_closep(&job->private_fd);
    close_spot(&job->entry);
}

int ocn_mounts_install(const struct ocn_mounts_site *site, bool *ret_dirty, struct ocn_error *err)
{
    OCN_CLEANUP(finish)
    struct job job = { .site = site,
                       .rootfs_fd = -1,
                       .dev_fd = -1,
                       .private_fd = -1,
                       .entry = { .fd = -1, .parent_fd = -1, .mount_fd = -1 } };

    *ret_dirty = false;
    job.rootfs_fd = open(site->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (job.rootfs_fd < 0) {
        return ocn_fail_sys(err, errno, site->rootfs, "cannot open the container's rootfs");
    }
    if (find_dev(&job, err) < 0) {
        return -1;
    }
    if (is_installed(&job)) {
        return 0;
    }
    if (find_entry(&job, err) < 0 || make_private(&job, err) < 0) {
        return -1;
    }
    if (attach_all(&job, err) < 0) {
        *ret_dirty = !undo(&job);
        return -1;
    }
    return 0;
}
