/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/replace.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "hook/sys/io.h"
#include "tests/lib/suite.h"

enum { WRITERS = 4, ROUNDS = 40 };

static char dir[64];
static char path[128];

static void put(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

static void expect(const char *name, const char *text)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };

    ck_assert_int_eq(ocn_io_read_file(name, 100, &buf, NULL), 0);
    ck_assert_str_eq(buf.ptr, text);
}

/* Files in the directory: a temporary file that stays behind shows here. */
static int count_files(void)
{
    DIR *stream = opendir(dir);
    int count = 0;

    ck_assert_ptr_nonnull(stream);
    while (readdir(stream) != NULL) {
        count++;
    }
    ck_assert_int_eq(closedir(stream), 0);
    return count - 2;
}

static int replace(const char *name, const char *text, struct ocn_error *err)
{
    return ocn_replace_file(name, (struct ocn_bytes){ text, strlen(text) }, err);
}

static void enter(void)
{
    strcpy(dir, "/tmp/ocn-replace-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/config.json", dir);
    put(path, "old");
}

static void leave(void)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(test_replace__keeps_the_mode_and_replaces_the_inode)
{
    struct stat before;
    struct stat after;

    /* Writing clears set-id bits, but for who has CAP_FSETID. */
    ck_assert_int_eq(chmod(path, geteuid() == 0 ? 06640 : 0640), 0);
    ck_assert_int_eq(stat(path, &before), 0);
    ck_assert_int_eq(replace(path, "new", NULL), 0);
    ck_assert_int_eq(stat(path, &after), 0);
    expect(path, "new");
    ck_assert_uint_eq(after.st_mode, before.st_mode);
    ck_assert_uint_ne(after.st_ino, before.st_ino);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(test_replace__keeps_the_mode_against_the_umask)
{
    struct stat st;

    ck_assert_int_eq(chmod(path, 0666), 0);
    (void)umask(077);
    ck_assert_int_eq(replace(path, "new", NULL), 0);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0666);
}
END_TEST

START_TEST(test_replace__keeps_the_owner)
{
    struct stat st;

    if (geteuid() != 0) {
        return;
    }
    ck_assert_int_eq(chown(path, 1234, 4321), 0);
    ck_assert_int_eq(replace(path, "new", NULL), 0);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_uid, 1234);
    ck_assert_uint_eq(st.st_gid, 4321);
}
END_TEST

START_TEST(test_replace__follows_a_link_and_keeps_it)
{
    char link[160];
    struct stat st;

    (void)snprintf(link, sizeof(link), "%s/link", dir);
    ck_assert_int_eq(symlink("config.json", link), 0);
    ck_assert_int_eq(replace(link, "new", NULL), 0);
    ck_assert_int_eq(lstat(link, &st), 0);
    ck_assert(S_ISLNK(st.st_mode));
    expect(path, "new");
    ck_assert_int_eq(count_files(), 2);
}
END_TEST

START_TEST(test_replace__works_beside_the_working_directory)
{
    ck_assert_int_eq(chdir(dir), 0);
    ck_assert_int_eq(replace("config.json", "new", NULL), 0);
    expect(path, "new");
    ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

/* Whoever has the old file open keeps reading the old bytes: nothing is written in place. */
START_TEST(test_replace__leaves_the_old_inode_alone)
{
    char text[4] = "";
    ocn_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);

    ck_assert_int_eq(replace(path, "new", NULL), 0);
    ck_assert_int_eq(read(fd, text, 3), 3);
    ck_assert_str_eq(text, "old");
}
END_TEST

/* Who is killed between giving the new file a name and renaming it leaves that name. */
START_TEST(test_replace__takes_away_what_a_killed_one_left)
{
    char left[160];

    (void)snprintf(left, sizeof(left), "%s/.config.json.ocinorm", dir);
    put(left, "left");
    ck_assert_int_eq(replace(path, "new", NULL), 0);
    expect(path, "new");
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

/* Nothing that cannot be taken away stands in the way silently. */
START_TEST(test_replace__a_directory_under_the_temporary_name_is_an_error)
{
    char left[160];
    struct ocn_error err = { 0 };

    (void)snprintf(left, sizeof(left), "%s/.config.json.ocinorm", dir);
    ck_assert_int_eq(mkdir(left, 0700), 0);
    ck_assert_int_eq(replace(path, "new", &err), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "the old file is untouched"));
    expect(path, "old");
}
END_TEST

/* They take each other's file for a left one: all succeed, and what is there is whole. */
START_TEST(test_replace__several_at_once_all_succeed)
{
    for (int i = 0; i < WRITERS; i++) {
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            int failed = 0;
            for (int n = 0; n < ROUNDS; n++) {
                failed += replace(path, i % 2 == 0 ? "even" : "odd, longer", NULL) != 0;
            }
            _exit(failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
        }
    }
    for (int i = 0; i < WRITERS; i++) {
        int status = -1;
        ck_assert_int_gt(wait(&status), 0);
        ck_assert_int_eq(status, 0);
    }
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    ck_assert_int_eq(ocn_io_read_file(path, 100, &buf, NULL), 0);
    ck_assert(strcmp(buf.ptr, "even") == 0 || strcmp(buf.ptr, "odd, longer") == 0);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(test_replace__refuses_what_is_no_file)
{
    char fifo[160];
    struct ocn_error err = { 0 };
    struct ocn_error missing = { 0 };

    (void)snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    ck_assert_int_eq(replace(fifo, "new", &err), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    (void)unlink(fifo);
    ck_assert_int_eq(replace(fifo, "new", &missing), -1);
    ck_assert_int_eq(missing.code, OCN_E_NOENT);
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

/* RLIMIT_FSIZE stands in for a full disk: the write comes to its end in the middle. */
START_TEST(test_replace__a_failed_write_leaves_the_old_file_whole)
{
    struct rlimit limit = { 2, 2 };
    struct ocn_error err = { 0 };

    (void)signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(replace(path, "longer than two", &err), -1);
    ck_assert_int_eq(err.code, OCN_E_IO);
    ck_assert_int_eq(err.sys, EFBIG);
    ck_assert_str_eq(err.where, path);
    ck_assert_ptr_nonnull(strstr(err.msg, "the old file is untouched"));
    ck_assert_ptr_nonnull(strstr(err.msg, "writing"));
    expect(path, "old");
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

START_TEST(test_replace__a_directory_that_cannot_be_written_is_named)
{
    struct ocn_error err = { 0 };
    int root = geteuid() == 0;

    /* Root may write anywhere; nobody may not. */
    if (root) {
        ck_assert_int_eq(chmod(dir, 0755), 0);
        ck_assert_int_eq(seteuid(65534), 0);
    } else {
        ck_assert_int_eq(chmod(dir, 0555), 0);
    }
    ck_assert_int_eq(replace(path, "new", &err), -1);
    if (root) {
        ck_assert_int_eq(seteuid(0), 0);
    } else {
        ck_assert_int_eq(chmod(dir, 0755), 0);
    }
    ck_assert_int_eq(err.sys, EACCES);
    ck_assert_ptr_nonnull(strstr(err.msg, "temporary file"));
    expect(path, "old");
    ck_assert_int_eq(count_files(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("replace");
    TCase *tcase = tcase_create("replace");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_replace__keeps_the_mode_and_replaces_the_inode);
    tcase_add_test(tcase, test_replace__keeps_the_mode_against_the_umask);
    tcase_add_test(tcase, test_replace__keeps_the_owner);
    tcase_add_test(tcase, test_replace__follows_a_link_and_keeps_it);
    tcase_add_test(tcase, test_replace__works_beside_the_working_directory);
    tcase_add_test(tcase, test_replace__leaves_the_old_inode_alone);
    tcase_add_test(tcase, test_replace__takes_away_what_a_killed_one_left);
    tcase_add_test(tcase, test_replace__a_directory_under_the_temporary_name_is_an_error);
    tcase_add_test(tcase, test_replace__several_at_once_all_succeed);
    tcase_add_test(tcase, test_replace__refuses_what_is_no_file);
    tcase_add_test(tcase, test_replace__a_failed_write_leaves_the_old_file_whole);
    tcase_add_test(tcase, test_replace__a_directory_that_cannot_be_written_is_named);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
