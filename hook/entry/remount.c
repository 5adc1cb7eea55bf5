/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/entry/remount.h"

#include <fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "hook/entry/cover.h"
#include "hook/mounts/map.h"
#include "hook/sys/io.h"
#include "hook/sys/text.h"

void ocn_remount_init(struct ocn_remounts *remounts)
{
    *remounts = (struct ocn_remounts){ .len = 0 };
}

void ocn_remount_done(struct ocn_remounts *remounts)
{
    for (size_t i = 0; i < remounts->len; i++) {
        ocn_closep(&remounts->clone_fds[i]);
    }
    remounts->len = 0;
}

/* The first reason is told. */
static void leave(struct ocn_remounts *remounts, const struct ocn_grant *grant, const char *why)
{
    if (remounts->left++ == 0) {
        remounts->first = grant->mount;
        (void)snprintf(remounts->why, sizeof(remounts->why), "%s", why);
    }
}

/* Whether @fd is the top of a mount, and of which one. */
static bool read_mount(int fd, uint64_t *ret)
{
    struct statx st;

    if (syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &st) < 0 ||
        (st.stx_mask & STATX_MNT_ID) == 0 || (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0) {
        return false;
    }
    *ret = st.stx_mnt_id;
    return true;
}

/*
 * Whether what is mounted on that mount stays in the container. Looked up anew each time: what was
 * cloned before has brought new mounts with it.
 */
static bool is_private(const struct ocn_remount_site *site, uint64_t id)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf mountinfo = { 0 };

    ocn_autoclose int fd = openat(site->proc_fd, "mountinfo", O_RDONLY | O_CLOEXEC);
    return fd >= 0 &&
           ocn_io_read_fd(fd, "mountinfo", OCN_MOUNTINFO_MAX_SIZE, &mountinfo, NULL) == 0 &&
           ocn_cover_peers_of(ocn_buf_bytes(&mountinfo), id) == OCN_COVER_NOT_SHARED;
}

/* The mount in the container, or -1 and why it is not to be mapped. */
static int find(const struct ocn_remount_site *site, int rootfs_fd, const struct ocn_grant *grant,
                const char **ret_why)
{
    uint64_t id = 0;
    struct stat st;

    int fd = ocn_io_open_in(rootfs_fd, grant->destination, O_PATH);
    if (fd < 0 || fstat(fd, &st) < 0 || st.st_dev != grant->dev || st.st_ino != grant->ino ||
        !read_mount(fd, &id)) {
        ocn_closep(&fd);
        *ret_why = "something else is mounted there";
        return -1;
    }
    if (!is_private(site, id)) {
        ocn_closep(&fd);
        *ret_why = "it is shared with the node (mountPropagation: Bidirectional)";
        return -1;
    }
    return fd;
}

static void put_one(const struct ocn_remount_site *site, int rootfs_fd,
                    const struct ocn_grant *grant, struct ocn_remounts *ret)
{
    const char *why = "";

    ocn_autoclose int fd = find(site, rootfs_fd, grant, &why);
    if (fd < 0) {
        leave(ret, grant, why);
        return;
    }
    ocn_autoclose int clone_fd = ocn_map_clone(fd, site->users_fd, &grant->flags);
    if (clone_fd < 0 || ocn_map_attach(clone_fd, fd) < 0) {
        leave(ret, grant, strerror(errno));
        return;
    }
    ret->clone_fds[ret->len++] = clone_fd;
    clone_fd = -1;
}

void ocn_remount_put(const struct ocn_remount_site *site, struct ocn_remounts *ret)
{
    ocn_autoclose int rootfs_fd = open(site->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

    for (size_t i = 0; i < site->len; i++) {
        put_one(site, rootfs_fd, site->grants[i], ret);
    }
}

int ocn_remount_lift(struct ocn_remounts *remounts)
{
    while (remounts->len != 0) {
        if (ocn_map_detach(remounts->clone_fds[remounts->len - 1]) < 0) {
            return -1;
        }
        ocn_closep(&remounts->clone_fds[--remounts->len]);
    }
    return 0;
}
