/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mounts/filesystem.h"

#include <check.h>
#include <linux/magic.h>

#include "normalize/base/base.h"
#include "tests/lib/suite.h"

static const struct {
    uint64_t magic;
    const char *release;
    bool maps;
} rows[] = {
    { EXT4_SUPER_MAGIC, "5.12.0", true },
    { EXT4_SUPER_MAGIC, "5.11.22-generic", false },
    { EXT4_SUPER_MAGIC, "6.1.0-18-amd64", true },
    { EXT4_SUPER_MAGIC, "4.19", false },
    { TMPFS_MAGIC, "6.2.16", false },
    { TMPFS_MAGIC, "6.3", true },
    { TMPFS_MAGIC, "7.0-rc1", true },
    { XFS_SUPER_MAGIC, "5.14.0-570.el9", true },
    { BTRFS_SUPER_MAGIC, "5.14.0", false },
    { BTRFS_SUPER_MAGIC, "10.0.0", true },
    { UINT64_C(0xffffffff9123683e), "6.1.0", true }, /* as a signed word of 32 bits */
    { NFS_SUPER_MAGIC, "6.18.0", false },
    { OVERLAYFS_SUPER_MAGIC, "6.18.0", false },
    { RAMFS_MAGIC, "6.18.0", false },
    { 0x12345, "6.18.0", false },
    { EXT4_SUPER_MAGIC, "", false },
    { EXT4_SUPER_MAGIC, "six", false },
    { EXT4_SUPER_MAGIC, "6", false },
    { EXT4_SUPER_MAGIC, "6-rc.1", false },
};

START_TEST(test_filesystem__maps_from_a_kernel_on)
{
    ck_assert_msg(ocn_filesystem_maps(rows[_i].magic, rows[_i].release) == rows[_i].maps, "%llx %s",
                  (unsigned long long)rows[_i].magic, rows[_i].release);
}
END_TEST

START_TEST(test_filesystem__names)
{
    ck_assert_str_eq(ocn_filesystem_name(NFS_SUPER_MAGIC), "nfs");
    ck_assert_str_eq(ocn_filesystem_name(RAMFS_MAGIC), "ramfs");
    ck_assert_ptr_null(ocn_filesystem_name(0x12345));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("filesystem");
    TCase *tcase = tcase_create("filesystem");

    tcase_add_loop_test(tcase, test_filesystem__maps_from_a_kernel_on, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tcase, test_filesystem__names);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
