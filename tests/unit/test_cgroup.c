/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of the node, and what never is; tests/cases/env.gom* have what comes of it. */
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "normalize/node/cgroup.h"
#include "tests/lib/suite.h"

/* A node where every file below the cgroups exists and says the same; it keeps what was asked. */
struct node {
    const char *probe; /* the only one that exists */
    const char *text;
    char asked[64][4200];
    size_t asked_len;
};

static struct node node;
static struct ocn_arena arena;
static struct ocn_error err;

static void note(struct ocn_ref ref)
{
    ck_assert_int_eq(ref.space, OCN_HOST);
    ck_assert_uint_lt(node.asked_len, OCN_COUNT(node.asked));
    ck_assert_uint_lt(strlen(ref.path), 4096);
    memcpy(node.asked[node.asked_len++], ref.path, strlen(ref.path) + 1);
}

static int stat_one(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *error)
{
    const struct node *world = ctx;

    (void)error;
    note(ref);
    *ret = (struct ocn_stat){ .mode = strcmp(ref.path, world->probe) == 0 ? S_IFREG | 0444 : 0 };
    return 0;
}

static int read_one(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                    size_t *ret_len, struct ocn_error *error)
{
    const struct node *world = ctx;
    size_t size = strlen(world->text);

    (void)error;
    note(ref);
    ck_assert_uint_eq(offset, 0);
    ck_assert_uint_le(len, 4096);
    *ret_len = size < len ? size : len;
    memcpy(buf, world->text, *ret_len);
    return 0;
}

static const struct ocn_view view = { .ctx = &node, .stat = stat_one, .read_at = read_one };

static void enter(void)
{
    memset(&node, 0, sizeof(node));
    node.probe = "/sys/fs/cgroup/cgroup.controllers";
    node.text = "250000 100000\n";
}

static void leave(void)
{
    ocn_arena_done(&arena);
}

static struct ocn_effective cpu_of(const char *path)
{
    const struct ocn_container container = { .linux_ = { .cgroups_path = path } };
    struct ocn_effective ret = { 0 };

    ck_assert_int_eq(ocn_cgroup_cpu(&container, &view, &arena, &ret, &err), 0);
    return ret;
}

static void expect_asked(const char *const *paths)
{
    for (size_t i = 0; paths[i] != NULL; i++) {
        ck_assert_uint_lt(i, node.asked_len);
        ck_assert_str_eq(node.asked[i], paths[i]);
        ck_assert(paths[i + 1] != NULL || node.asked_len == i + 1);
    }
}

START_TEST(test_cgroup__from_the_root_down_to_the_parent)
{
    static const char *const paths[] = { "/sys/fs/cgroup/cgroup.controllers",
                                         "/sys/fs/cgroup/cpu.max",
                                         "/sys/fs/cgroup/kubepods/cpu.max",
                                         "/sys/fs/cgroup/kubepods/pod7/cpu.max", NULL };
    const struct ocn_effective limit = cpu_of("/kubepods/pod7/app");

    ck_assert_double_eq(limit.amount, 250000);
    ck_assert_double_eq(limit.period, 100000);
    ck_assert_str_eq(limit.file, paths[1]);
    expect_asked(paths);
}
END_TEST

START_TEST(test_cgroup__slices_stand_for_their_parents)
{
    static const char *const paths[] = {
        "/sys/fs/cgroup/cgroup.controllers",
        "/sys/fs/cgroup/cpu.max",
        "/sys/fs/cgroup/kube.slice/cpu.max",
        "/sys/fs/cgroup/kube.slice/kube-pod_1\\x2d2.slice/cpu.max",
        NULL,
    };

    (void)cpu_of("kube-pod_1\\x2d2.slice:cri:app");
    expect_asked(paths);
}
END_TEST

START_TEST(test_cgroup__the_period_of_v1_is_a_file)
{
    static const char *const paths[] = { "/sys/fs/cgroup/cgroup.controllers",
                                         "/sys/fs/cgroup/cpu",
                                         "/sys/fs/cgroup/cpu,cpuacct",
                                         "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us",
                                         "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us",
                                         NULL };

    node.probe = paths[2];
    node.text = "50000\n";
    const struct ocn_effective limit = cpu_of("/app");
    ck_assert_double_eq(limit.amount, 50000);
    ck_assert_double_eq(limit.period, 50000);
    ck_assert_str_eq(limit.file, paths[3]);
    expect_asked(paths);
}
END_TEST

START_TEST(test_cgroup__memory_has_no_period)
{
    const struct ocn_container container = { .linux_ = { .cgroups_path = "/app" } };
    struct ocn_effective limit;

    node.text = "1000000 7\n";
    ck_assert_int_eq(ocn_cgroup_memory(&container, &view, &arena, &limit, &err), 0);
    ck_assert_double_eq(limit.amount, 1000000);
    ck_assert_double_eq(limit.period, 1);
    ck_assert_str_eq(limit.file, "/sys/fs/cgroup/memory.max");
}
END_TEST

START_TEST(test_cgroup__what_makes_no_statement_reads_nothing)
{
    static const char *const paths[] = { "",
                                         "app",
                                         "pod/app",
                                         "/",
                                         "//",
                                         "/..",
                                         "/.",
                                         "/../app",
                                         "/pod/../app",
                                         "/pod/./app",
                                         "/pod/..",
                                         "/pod//app",
                                         "//pod/app",
                                         "/pod/app/",
                                         "../app",
                                         "../../../etc:a:b",
                                         "a.slice:b",
                                         "a.slice:b:",
                                         "a.slice:b:c:d",
                                         "a.slice:b:c/../d",
                                         "a/b.slice:c:d",
                                         "..slice/:c:d",
                                         ":b:c",
                                         "::",
                                         ".slice:b:c",
                                         "a:b:c",
                                         "a.scope:b:c",
                                         "--.slice:b:c",
                                         "-a.slice:b:c",
                                         "a-.slice:b:c",
                                         "a--b.slice:b:c" };

    ck_assert_double_eq(cpu_of(NULL).amount, 0);
    for (size_t i = 0; i < OCN_COUNT(paths); i++) {
        const struct ocn_effective limit = cpu_of(paths[i]);
        ck_assert_msg(node.asked_len == 0, "%s: asked for %s", paths[i], node.asked[0]);
        ck_assert_double_eq(limit.amount, 0);
    }
}
END_TEST

/* A name of @each characters, @count times. */
static const char *path_of(size_t count, size_t each)
{
    static char path[8192];
    size_t len = 0;

    for (size_t i = 0; i < count; i++) {
        path[len++] = '/';
        memset(path + len, 'a', each);
        len += each;
    }
    path[len] = '\0';
    return path;
}

START_TEST(test_cgroup__depth_and_length_are_bounded)
{
    static const struct {
        size_t count, each;
        bool known;
    } rows[] = { { 17, 1, true },   { 18, 1, false },   { 2, 255, true },  { 2, 256, false },
                 { 12, 255, true }, { 13, 255, false }, { 2000, 1, false } };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        node.asked_len = 0;
        const struct ocn_effective limit = cpu_of(path_of(rows[i].count, rows[i].each));
        ck_assert_msg((limit.amount > 0) == rows[i].known, "row %zu", i);
        ck_assert_uint_eq(node.asked_len, rows[i].known ? rows[i].count + 1 : 0);
    }
}
END_TEST

START_TEST(test_cgroup__what_is_no_limit)
{
    static const char *const texts[] = {
        "",
        "max\n",
        "max 100000\n",
        "-1\n",
        "0 100000\n",
        "1e5 100000\n",
        "0x10 1",
        "\n",
        "lots",
        "250000,1\n",
        "4611686018427387904 1\n",
    };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        node.text = texts[i];
        node.asked_len = 0;
        ck_assert_msg(!(cpu_of("/pod/app").amount > 0), "\"%s\" limits", texts[i]);
    }
}
END_TEST

/* A file that goes on is none of the kernel's. */
START_TEST(test_cgroup__a_long_file_is_not_believed)
{
    static char text[200];

    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, "250000 100000", 13);
    text[127] = '\0';
    node.text = text;
    ck_assert_double_eq(cpu_of("/app").amount, 250000);
    text[127] = ' ';
    node.asked_len = 0;
    ck_assert_double_eq(cpu_of("/app").amount, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("cgroup");
    TCase *tcase = tcase_create("cgroup");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_cgroup__from_the_root_down_to_the_parent);
    tcase_add_test(tcase, test_cgroup__slices_stand_for_their_parents);
    tcase_add_test(tcase, test_cgroup__the_period_of_v1_is_a_file);
    tcase_add_test(tcase, test_cgroup__memory_has_no_period);
    tcase_add_test(tcase, test_cgroup__what_makes_no_statement_reads_nothing);
    tcase_add_test(tcase, test_cgroup__depth_and_length_are_bounded);
    tcase_add_test(tcase, test_cgroup__what_is_no_limit);
    tcase_add_test(tcase, test_cgroup__a_long_file_is_not_believed);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
