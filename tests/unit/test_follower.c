/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mounts/follower.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/lib/suite.h"

#define SAYS_YES                                                                                   \
    "{\"ociVersionMax\":\"1.2.1\",\"linux\":{\"mountExtensions\":{\"idmap\":{\"enabled\":true}}}}"
#define SAYS_NO "{\"linux\":{\"mountExtensions\":{\"idmap\":{\"enabled\":false}}}}"

static const struct {
    const char *version, *features;
    enum ocn_follower_maps maps;
    const char *name;
} rows[] = {
    { "runc version 1.1.5+ds1\ncommit: 1.1.5\nspec: 1.0.2-dev\n", "{\"linux\":{}}",
      OCN_FOLLOWER_MAPS_NOT, "runc 1.1.5+ds1" },
    { "runc version 1.1.15\n", SAYS_YES, OCN_FOLLOWER_MAPS_NOT, "runc 1.1.15" },
    { "runc version 1.2.0\n", SAYS_YES, OCN_FOLLOWER_MAPS_TREE, "runc 1.2.0" },
    { "runc version 1.3.6+ds1\n", SAYS_YES, OCN_FOLLOWER_MAPS_TREE, "runc 1.3.6+ds1" },
    { "runc version 1.2.0\n", SAYS_NO, OCN_FOLLOWER_MAPS_NOT, "runc 1.2.0" },
    { "runc version 1.2.0\n", "", OCN_FOLLOWER_MAPS_NOT, "runc 1.2.0" },
    { "crun version 1.8.1\ncommit: x\n", "", OCN_FOLLOWER_MAPS_TOP, "crun 1.8.1" },
    { "crun version 1.8\n", "", OCN_FOLLOWER_MAPS_NOT, "crun 1.8" },
    { "crun version 1.8.7\n", "", OCN_FOLLOWER_MAPS_TOP, "crun 1.8.7" },
    { "crun version 1.9\n", SAYS_YES, OCN_FOLLOWER_MAPS_TREE, "crun 1.9" },
    { "crun version 1.21\n", SAYS_YES, OCN_FOLLOWER_MAPS_TREE, "crun 1.21" },
    { "crun version 1.22\n", SAYS_YES, OCN_FOLLOWER_MAPS_NOT, "crun 1.22" },
    { "crun version 1.23.1\n", SAYS_YES, OCN_FOLLOWER_MAPS_TREE, "crun 1.23.1" },
    { "crun version 1.27\n", SAYS_YES, OCN_FOLLOWER_MAPS_NOT, "crun 1.27" },
    { "crun version 1.27.1\n", SAYS_YES, OCN_FOLLOWER_MAPS_TREE, "crun 1.27.1" },
    { "youki version 0.5.0\n", SAYS_YES, OCN_FOLLOWER_MAPS_TREE, "youki 0.5.0" },
    { "youki version 0.5.0\n", "{", OCN_FOLLOWER_MAPS_NOT, "youki 0.5.0" },
    { "somebody else\n", SAYS_YES, OCN_FOLLOWER_MAPS_TREE, "" },
    { "", "", OCN_FOLLOWER_MAPS_NOT, "" },
    { "runc version \033[1m\n", SAYS_YES, OCN_FOLLOWER_MAPS_TREE, "" },
    { "runc version 1.2.0\n", "[1]", OCN_FOLLOWER_MAPS_NOT, "runc 1.2.0" },
    { "runc version 1.2.0\n",
      "{\"linux\":{\"mountExtensions\":{\"idmap\":{\"enabled\":\"true\"}}}}", OCN_FOLLOWER_MAPS_NOT,
      "runc 1.2.0" },
};

START_TEST(test_follower__reads_what_it_says)
{
    struct ocn_follower got = { .maps = OCN_FOLLOWER_MAPS_NOT };

    ocn_follower_read((struct ocn_bytes){ rows[_i].version, strlen(rows[_i].version) },
                      (struct ocn_bytes){ rows[_i].features, strlen(rows[_i].features) }, &got);
    ck_assert_msg(got.maps == rows[_i].maps, "%s: %d", rows[_i].version, (int)got.maps);
    ck_assert_str_eq(got.name, rows[_i].name);
    ck_assert_int_eq(got.apart, strncmp(rows[_i].name, "runc ", 5) == 0);
}
END_TEST

static char dir[64];

static void enter(void)
{
    strcpy(dir, "/tmp/ocn-follower-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void leave(void)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

/* A program of this test's; the same text each time, so that only its time can tell them apart. */
static void ask(const char *script, struct ocn_follower *ret)
{
    char path[80];
    char state[80];

    (void)snprintf(path, sizeof(path), "%s/runtime", dir);
    (void)snprintf(state, sizeof(state), "%s/state", dir);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fprintf(file, "#!/bin/sh\n%s\n", script), 0);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(chmod(path, 0755), 0);
    ocn_follower_ask(path, state, ret);
}

START_TEST(test_follower__is_asked)
{
    struct ocn_follower got;

    ask("case $1 in --version) echo 'youki version 9.9.9';; features) echo '" SAYS_YES "';; esac",
        &got);
    ck_assert_int_eq(got.maps, OCN_FOLLOWER_MAPS_TREE);
    ck_assert_str_eq(got.name, "youki 9.9.9");
}
END_TEST

/* As root, who alone may write where it is remembered. */
START_TEST(test_follower__is_asked_once_where_only_root_writes)
{
    static const char asks[] = "echo x >>${0%/*}/asks; echo 'crun version 1.8.1'";
    struct ocn_follower got;
    struct stat st;
    char state[80];
    char count[80];

    (void)snprintf(state, sizeof(state), "%s/state", dir);
    (void)snprintf(count, sizeof(count), "%s/asks", dir);
    ask(asks, &got);
    for (int i = 0; i < 3; i++) {
        char path[80];
        (void)snprintf(path, sizeof(path), "%s/runtime", dir);
        ocn_follower_ask(path, state, &got);
        ck_assert_int_eq(got.maps, OCN_FOLLOWER_MAPS_TOP);
        ck_assert_str_eq(got.name, "crun 1.8.1");
        ck_assert_int_eq(stat(count, &st), 0);
        /* Two questions, --version and features, each time that it is asked. */
        ck_assert_int_eq(st.st_size,
                         (i == 2 || geteuid() != 0 ? 2 : 1) * 4 + (geteuid() != 0 ? i * 4 : 0));
        if (i == 1) {
            ck_assert_int_eq(chmod(state, 0777), 0);
        }
    }
}
END_TEST

START_TEST(test_follower__does_not_map_who_does_not_answer)
{
    static const char *const scripts[] = {
        "exit 1",
        "echo 'runc version 1.9.9'; echo '" SAYS_YES "'; exit 1",
        "kill -9 $$",
        "head -c 600000 /dev/zero",
        "echo 'runc version 1.9.9' >&2; exec >&-; exit 0",
    };

    for (size_t i = 0; i < OCN_COUNT(scripts); i++) {
        struct ocn_follower got;
        ask(scripts[i], &got);
        ck_assert_int_eq(got.maps, OCN_FOLLOWER_MAPS_NOT);
        ck_assert_msg(strncmp(got.name, dir, strlen(dir)) == 0, "%s", got.name);
    }
}
END_TEST

START_TEST(test_follower__one_that_is_not_there_does_not_map)
{
    struct ocn_follower got;

    ocn_follower_ask("/nowhere/runc", dir, &got);
    ck_assert_int_eq(got.maps, OCN_FOLLOWER_MAPS_NOT);
    ck_assert_str_eq(got.name, "/nowhere/runc");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("follower");
    TCase *tcase = tcase_create("follower");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_loop_test(tcase, test_follower__reads_what_it_says, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tcase, test_follower__is_asked);
    tcase_add_test(tcase, test_follower__is_asked_once_where_only_root_writes);
    tcase_add_test(tcase, test_follower__does_not_map_who_does_not_answer);
    tcase_add_test(tcase, test_follower__one_that_is_not_there_does_not_map);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
