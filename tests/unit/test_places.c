/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>

#include "normalize/policy/places.h"
#include "tests/lib/suite.h"

static const struct {
    const char *pattern, *path;
    bool holds;
} rows[] = {
    { "/srv", "/srv", true },
    { "/srv", "/srv/a/b", true },
    { "/srv", "/srvx", false },
    { "/srv/**", "/srv", true },
    { "/srv/**", "/srv/a", true },
    { "/srv/", "/srv/a", true },
    { "/srv/a", "/srv", false },
    { "/srv/*/data", "/srv/x/data", true },
    { "/srv/*/data", "/srv/x/data/y", true },
    { "/srv/*/data", "/srv/x/y/data", false },
    { "/srv/*/data", "/srv/x", false },
    { "/srv/v-?[0-9]", "/srv/v-a1", true },
    { "/srv/v-?[0-9]", "/srv/v-ab", false },
    { "/srv/*", "/srv/.hidden", false },
    { "/srv/.*", "/srv/.hidden", true },
    { "/srv/**/data", "/srv/a/data", true }, /* in the middle it is a name */
    { "/srv/**/data", "/srv/a/b/data", false },
    { "/var/lib/kubelet/pods/*/volumes/*/*/**",
      "/var/lib/kubelet/pods/8c1e/volumes/kubernetes.io~empty-dir/cache", true },
    { "/var/lib/kubelet/pods/*/volumes/*/*/**", "/var/lib/kubelet/pods/8c1e/etc-hosts", false },
    { "/var/lib/kubelet/pods/*/volumes/*/*/**",
      "/var/lib/kubelet/pods/8c1e/volume-subpaths/cache/app/0", false },
    { "/var/lib/containerd/io.containerd.*/containers/*/volumes/**",
      "/var/lib/containerd/io.containerd.grpc.v1.cri/containers/1/volumes/2", true },
    { "/var/lib/containerd/io.containerd.*/containers/*/volumes/**",
      "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/1/resolv.conf", false },
    /* what no pattern may be */
    { "/", "/srv", false },
    { "/**", "/srv", false },
    { "/*", "/srv", false },
    { "/s*/a", "/srv/a", false },
    { "srv", "/srv", false },
    { "", "/srv", false },
    { "/srv/../etc", "/etc", false },
    { "/srv/./a", "/srv/a", false },
    { "/etc", "/etc", false },
    { "/etc/app", "/etc/app", false },
    { "/usr/local/**", "/usr/local/a", false },
    { "/proc/self", "/proc/self", false },
};

START_TEST(test_places__a_pattern_holds)
{
    const char *patterns[] = { "/never/this", rows[_i].pattern };
    const struct ocn_strings list = { patterns, OCN_COUNT(patterns) };

    ck_assert_msg(ocn_places_hold(&list, rows[_i].path) == rows[_i].holds, "%s %s",
                  rows[_i].pattern, rows[_i].path);
}
END_TEST

START_TEST(test_places__the_nodes_own)
{
    static const char *const own[] = { "/",    "",          "/etc",  "/etc/shadow", "/usr/bin",
                                       "/dev", "/dev/null", "/proc", "/sys/fs",     "/boot" };
    static const char *const others[] = { "/srv", "/etcetera", "/var/etc", "/home/root", "/mnt" };

    for (size_t i = 0; i < OCN_COUNT(own); i++) {
        ck_assert_msg(ocn_places_are_own(own[i]), "%s", own[i]);
    }
    for (size_t i = 0; i < OCN_COUNT(others); i++) {
        ck_assert_msg(!ocn_places_are_own(others[i]), "%s", others[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("places");
    TCase *tcase = tcase_create("places");

    tcase_add_loop_test(tcase, test_places__a_pattern_holds, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tcase, test_places__the_nodes_own);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
