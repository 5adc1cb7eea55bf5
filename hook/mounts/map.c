/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mounts/map.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "hook/confine/child.h"
#include "hook/sys/io.h"

#define DETACH 2 /* MNT_DETACH: <sys/mount.h> and <linux/mount.h> do not go together everywhere */
#define NAMESPACES "/proc/sys/user/max_user_namespaces"

/* ---- a user namespace --------------------------------------------------------------------- */

/* Waits in it until its parent has opened it, and is killed. */
static int live_there(void *ctx)
{
    const int failed = unshare(CLONE_NEWUSER) < 0 ? errno : 0;
    char never;
    (void)ctx;

    return ocn_child_ask(0, (struct ocn_bytes){ (const char *)&failed, sizeof(failed) }, &never,
                         sizeof(never), NULL);
}

static int fail_users(int number, struct ocn_error *err)
{
    return ocn_fail_sys(err, number, NULL, "cannot make a user namespace");
}

static int write_map(pid_t pid, const char *name, const struct ocn_idmap *map,
                     struct ocn_error *err)
{
    char text[256];
    char path[64];
    size_t len = 0;

    for (size_t i = 0; i < map->len; i++) {
        const struct ocn_oci_id_mapping *range = &map->ranges[i];
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%u %u %u\n", range->container_id,
                                range->host_id, range->size);
    }
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    ocn_autoclose int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return ocn_fail_sys(err, errno, path, "cannot open the map");
    }
    return write(fd, text, len) == (ssize_t)len ? 0
                                                : ocn_fail_sys(err, errno, path, "cannot map ids");
}

int ocn_map_open(const struct ocn_idmap *uids, const struct ocn_idmap *gids, int *ret_fd,
                 struct ocn_error *err)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    uint32_t kind = 0;
    int failed = 0;
    char path[64];

    if (ocn_child_start(&child, live_there, NULL, err) < 0) {
        return -1;
    }
    if (ocn_child_receive(&child, &kind, &said, err) < 0 || said.len != sizeof(failed)) {
        return fail_users(EIO, err);
    }
    memcpy(&failed, said.ptr, sizeof(failed));
    if (failed != 0) {
        return fail_users(failed, err);
    }
    if (write_map(child.pid, "uid_map", uids, err) < 0 ||
        write_map(child.pid, "gid_map", gids, err) < 0) {
        return -1;
    }
    (void)snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)child.pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return ocn_fail_sys(err, errno, path, "cannot open the user namespace");
    }
    *ret_fd = fd;
    return 0;
}

/* ---- mounts ------------------------------------------------------------------------------- */

/* Without user namespaces there is nothing to map by; the file says how many there may be. */
static bool has_users(void)
{
    char first = '0';

    ocn_autoclose int fd = open(NAMESPACES, O_RDONLY | O_CLOEXEC);
    return fd >= 0 && read(fd, &first, 1) == 1 && first != '0';
}

const char *ocn_map_is_missing(void)
{
    /* No attributes at all: EINVAL, where the call is known and allowed. */
    if (syscall(SYS_mount_setattr, -1, "", 0U, NULL, (size_t)0) < 0 && errno != EINVAL) {
        return errno == ENOSYS ? "it has no mount_setattr" : "mount_setattr is forbidden";
    }
    return has_users() ? NULL : "user namespaces are switched off";
}

int ocn_map_clone(int fd, int users_fd, const struct ocn_map_flags *flags)
{
    struct mount_attr attr = {
        .attr_set = MOUNT_ATTR_IDMAP | (flags->read_only ? (uint64_t)MOUNT_ATTR_RDONLY : 0) |
                    (flags->no_suid ? (uint64_t)MOUNT_ATTR_NOSUID : 0) |
                    (flags->no_dev ? (uint64_t)MOUNT_ATTR_NODEV : 0) |
                    (flags->no_exec ? (uint64_t)MOUNT_ATTR_NOEXEC : 0),
        .userns_fd = (unsigned)users_fd,
    };

    int clone_fd = (int)syscall(SYS_open_tree, fd, "",
                                OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (clone_fd < 0) {
        return -1;
    }
    if (syscall(SYS_mount_setattr, clone_fd, "", AT_EMPTY_PATH, &attr, sizeof(attr)) < 0) {
        ocn_closep(&clone_fd);
        return -1;
    }
    return clone_fd;
}

int ocn_map_attach(int clone_fd, int fd)
{
    return (int)syscall(SYS_move_mount, clone_fd, "", fd, "",
                        MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int ocn_map_detach(int clone_fd)
{
    char path[OCN_IO_LINK_SIZE];

    ocn_io_link_of(clone_fd, path);
    return (int)syscall(SYS_umount2, path, DETACH);
}
