/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mounts/source.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/suite.h"

/* ---- where it lies ------------------------------------------------------------------------ */

/* A node with its root, a disk that the kubelet has mounted, and what is bound of both. */
static const char mountinfo[] =
    "20 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n"
    "21 20 0:5 / /dev rw - devtmpfs udev rw\n"
    "30 20 8:1 /srv/pv /var/lib/kubelet/pods/u/volumes/kubernetes.io~local-volume/pv rw - ext4 "
    "/dev/sda1 rw\n"
    "31 20 8:1 /srv/pv/sub /var/lib/kubelet/pods/u/volume-subpaths/pv/app/0 rw - ext4 /dev/sda1 "
    "rw\n"
    "32 20 8:1 /home/alice /var/lib/kubelet/pods/u/volume-subpaths/host/app/0 rw - ext4 "
    "/dev/sda1 rw\n"
    "33 20 8:1 /etc/app /var/lib/kubelet/pods/u/volumes/kubernetes.io~local-volume/etc rw - ext4 "
    "/dev/sda1 rw\n"
    "40 20 8:16 / /var/lib/kubelet/pods/u/volumes/kubernetes.io~csi/pvc/mount rw - xfs /dev/sdb "
    "rw\n"
    "41 20 8:16 /with\\040blank /mnt/with\\040blank rw - xfs /dev/sdb rw\n"
    "50 20 0:44 / /var/lib/kubelet/pods/u/volumes/kubernetes.io~secret/s rw,relatime,idmapped "
    "shared:7 - tmpfs tmpfs rw\n"
    "garbage\n"
    "60 20 0:45 / /var/lib/kubelet/pods/u/volumes/kubernetes.io~secret/idmapped rw - tmpfs "
    "idmapped rw\n";

static const struct {
    uint64_t mount;
    const char *path;
    enum ocn_mapping mapping;
} placed[] = {
    { 20, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~empty-dir/x", OCN_MAPPING_YES },
    { 20, "/var/lib/kubelet/pods/u/etc-hosts", OCN_MAPPING_NOT_ALLOWED },
    { 20, "/home/alice", OCN_MAPPING_NOT_ALLOWED },
    { 20, "/srv/pv", OCN_MAPPING_YES }, /* it is a volume, by another name */
    { 20, "/srv", OCN_MAPPING_NOT_ALLOWED },
    { 20, "/etc", OCN_MAPPING_OWN },
    { 20, "/", OCN_MAPPING_OWN },
    { 21, "/dev", OCN_MAPPING_OWN },
    { 30, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~local-volume/pv", OCN_MAPPING_YES },
    { 30, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~local-volume/pv/a", OCN_MAPPING_YES },
    { 31, "/var/lib/kubelet/pods/u/volume-subpaths/pv/app/0", OCN_MAPPING_YES },
    { 32, "/var/lib/kubelet/pods/u/volume-subpaths/host/app/0", OCN_MAPPING_NOT_ALLOWED },
    { 33, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~local-volume/etc", OCN_MAPPING_OWN },
    { 40, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~csi/pvc/mount/d", OCN_MAPPING_YES },
    { 41, "/mnt/with blank", OCN_MAPPING_YES },
    { 50, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~secret/s", OCN_MAPPING_TWICE },
    { 60, "/var/lib/kubelet/pods/u/volumes/kubernetes.io~secret/idmapped", OCN_MAPPING_YES },
    { 99, "/srv/pv", OCN_MAPPING_CHANGED },
    { 30, "/elsewhere", OCN_MAPPING_CHANGED },
};

static const char *patterns[] = { "/var/lib/kubelet/pods/*/volumes/*/*/**" };
static const struct ocn_strings allow = { patterns, 1 };
static const struct ocn_bytes mounts = { mountinfo, sizeof(mountinfo) - 1 };

START_TEST(test_source__is_judged_by_all_its_places)
{
    struct ocn_source source = { .fd = -1, .mount_id = placed[_i].mount };

    (void)snprintf(source.path, sizeof(source.path), "%s", placed[_i].path);
    enum ocn_mapping got = ocn_source_place(&source, mounts, &allow);
    ck_assert_msg(got == placed[_i].mapping, "%s: %d", placed[_i].path, (int)got);
}
END_TEST

START_TEST(test_source__knows_what_is_mounted_below)
{
    struct ocn_source source = { .fd = -1 };

    strcpy(source.path, "/var/lib/kubelet/pods/u/volumes");
    ck_assert(ocn_source_has_mounts(&source, mounts));
    strcpy(source.path, "/mnt/with");
    ck_assert(!ocn_source_has_mounts(&source, mounts));
    strcpy(source.path, "/mnt/with blank");
    ck_assert(!ocn_source_has_mounts(&source, mounts));
}
END_TEST

START_TEST(test_source__knows_what_is_shared)
{
    static const char text[] = "20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                               "21 20 8:2 / /srv rw,relatime shared:7 - ext4 /dev/sdb shared:1\n"
                               "22 20 8:3 / /mnt rw master:3 propagate_from:2 - ext4 /dev/sdc rw\n"
                               "23 22 8:4 / /mnt/a/b rw shared:9 master:1 - ext4 /dev/sdd rw\n"
                               "24 20 8:5 / /opt rw - ext4 shared:5 rw\n";
    static const struct {
        uint64_t mount;
        const char *path;
        bool shared;
    } rows[] = { { 20, "/home", false }, { 21, "/srv/x", true },  { 22, "/mnt", true },
                 { 22, "/mnt/a", true }, { 22, "/mnt/c", false }, { 23, "/mnt/a/b", true },
                 { 24, "/opt/x", false } };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        struct ocn_source source = { .fd = -1, .mount_id = rows[i].mount };
        (void)snprintf(source.path, sizeof(source.path), "%s", rows[i].path);
        ck_assert_msg(ocn_source_is_shared(&source, (struct ocn_bytes){ text, sizeof(text) - 1 }) ==
                          rows[i].shared,
                      "%s", rows[i].path);
    }
}
END_TEST

/* ---- how it is reached -------------------------------------------------------------------- */

static char dir[64];

/* A shell script, with the directory as its working directory. */
static void run(const char *script)
{
    char command[1024];

    (void)snprintf(command, sizeof(command), "cd %s && %s", dir, script);
    ck_assert_int_eq(system(command), 0);
}

static void enter(void)
{
    strcpy(dir, "/tmp/ocn-source-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    run("umask 022 && chmod 755 . && mkdir -p a/b open/dir sticky/roots sticky/nobodys other/dir "
        "&& "
        "touch a/file && mkfifo a/fifo && ln -s b a/link && ln -s $PWD/a/b absolute && "
        "ln -s ../a open/up && ln -s loop loop && ln -s /etc/passwd to-etc && chmod 777 open && "
        "chmod 1777 sticky");
    run("{ chown 65534 other sticky/nobodys 2>/dev/null || true; }");
}

static void leave(void)
{
    run("rm -rf $PWD");
}

/* As the node's root; nobody else's directories are safe at all. */
static const struct {
    const char *path;
    enum ocn_mapping mapping;
    const char *found; /* the rest of its path */
} reached[] = {
    { "/a/b", OCN_MAPPING_YES, "/a/b" },
    { "//a/./b/", OCN_MAPPING_YES, "/a/b" },
    { "/a/link", OCN_MAPPING_YES, "/a/b" },
    { "/absolute", OCN_MAPPING_YES, "/a/b" },
    { "/a/file", OCN_MAPPING_YES, "/a/file" },
    { "/open", OCN_MAPPING_YES, "/open" },
    { "/open/dir", OCN_MAPPING_NOT_SAFE, NULL },
    { "/open/up", OCN_MAPPING_NOT_SAFE, NULL },
    { "/sticky/roots", OCN_MAPPING_YES, "/sticky/roots" },
    { "/sticky/nobodys", OCN_MAPPING_NOT_SAFE, NULL },
    { "/other/dir", OCN_MAPPING_NOT_SAFE, NULL },
    { "/a/../a/b", OCN_MAPPING_NOT_SAFE, NULL },
    { "/a/fifo", OCN_MAPPING_NO_VOLUME, NULL },
    { "/loop", OCN_MAPPING_CHANGED, NULL },
    { "/none", OCN_MAPPING_CHANGED, NULL },
    { "/a/file/x", OCN_MAPPING_CHANGED, NULL },
    { "/to-etc", OCN_MAPPING_OWN, NULL },
};

START_TEST(test_source__is_roots_all_the_way)
{
    OCN_CLEANUP(ocn_source_done) struct ocn_source source = { .fd = -1 };
    char path[256];
    char found[256];

    if (geteuid() != 0) {
        return;
    }
    (void)snprintf(path, sizeof(path), "%s%s", dir, reached[_i].path);
    enum ocn_mapping got = ocn_source_open(path, &source);
    ck_assert_msg(got == reached[_i].mapping, "%s: %d", path, (int)got);
    if (reached[_i].found != NULL) {
        (void)snprintf(found, sizeof(found), "%s%s", dir, reached[_i].found);
        ck_assert_str_eq(source.path, found);
        ck_assert_uint_ne(source.mount_id, 0);
    }
}
END_TEST

START_TEST(test_source__that_is_the_nodes_own_is_none)
{
    static const char *const own[] = { "/",         "/etc", "/usr/share", "/proc/self/root/srv",
                                       "/dev/null", "/sys" };

    for (size_t i = 0; i < OCN_COUNT(own); i++) {
        OCN_CLEANUP(ocn_source_done) struct ocn_source source = { .fd = -1 };
        ck_assert_int_eq(ocn_source_open(own[i], &source), OCN_MAPPING_OWN);
    }
}
END_TEST

START_TEST(test_source__that_is_relative_or_too_long_is_none)
{
    OCN_CLEANUP(ocn_source_done) struct ocn_source source = { .fd = -1 };
    char path[2 * OCN_SOURCE_PATH_SIZE];

    ck_assert_int_eq(ocn_source_open("srv", &source), OCN_MAPPING_CHANGED);
    memset(path, '/', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    ck_assert_int_eq(ocn_source_open(path, &source), OCN_MAPPING_CHANGED);
    memset(path + 1, 'a', 300);
    path[301] = '\0';
    ck_assert_int_eq(ocn_source_open(path, &source), OCN_MAPPING_NOT_SAFE);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("source");
    TCase *tcase = tcase_create("source");
    TCase *files = tcase_create("files");

    tcase_add_loop_test(tcase, test_source__is_judged_by_all_its_places, 0, (int)OCN_COUNT(placed));
    tcase_add_test(tcase, test_source__knows_what_is_mounted_below);
    tcase_add_test(tcase, test_source__knows_what_is_shared);
    tcase_add_test(tcase, test_source__that_is_the_nodes_own_is_none);
    tcase_add_test(tcase, test_source__that_is_relative_or_too_long_is_none);
    suite_add_tcase(suite, tcase);
    tcase_add_checked_fixture(files, enter, leave);
    tcase_add_loop_test(files, test_source__is_roots_all_the_way, 0, (int)OCN_COUNT(reached));
    suite_add_tcase(suite, files);
    return ocn_run_suite(suite);
}
