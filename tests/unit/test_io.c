/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/io.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

static char dir[64];
static char path[128];

static void enter(void)
{
    strcpy(dir, "/tmp/ocn-io-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/file", dir);
}

static void leave(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

static void put(const char *text, size_t len)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, len, file), len);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(test_io__reads_a_file_behind_what_is_there)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    struct ocn_error err = { 0 };

    put("a\0b", 3);
    ocn_buf_puts(&buf, "x");
    ck_assert_int_eq(ocn_io_read_file(path, 3, &buf, &err), 0);
    ck_assert_uint_eq(buf.len, 4);
    ck_assert_mem_eq(buf.ptr, "xa\0b", 4);
}
END_TEST

START_TEST(test_io__reads_more_than_one_chunk)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    static char text[200001];

    memset(text, 'z', sizeof(text));
    text[sizeof(text) - 1] = '!';
    put(text, sizeof(text));
    ck_assert_int_eq(ocn_io_read_file(path, sizeof(text), &buf, NULL), 0);
    ck_assert_uint_eq(buf.len, sizeof(text));
    ck_assert_mem_eq(buf.ptr, text, sizeof(text));
}
END_TEST

/* It grew, or was cut, behind the look: the size is no more than a guess. */
START_TEST(test_io__reads_to_the_end_whatever_size_was_seen)
{
    static const off_t sizes[] = { 0, 1, 3, 9, 10, 11, 4096 };
    char name[] = "/tmp/ocn-io-XXXXXX";
    int fd = mkstemp(name);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "0123456789", 10), 10);
    for (size_t i = 0; i < OCN_COUNT(sizes); i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
        const struct stat st = { .st_mode = S_IFREG, .st_size = sizes[i] };
        ck_assert_int_eq(lseek(fd, 0, SEEK_SET), 0);
        ck_assert_int_eq(ocn_io_read_looked_at(fd, &st, name, 4096, &buf, NULL), 0);
        ck_assert_uint_eq(buf.len, 10);
        ck_assert_str_eq(buf.ptr, "0123456789");
    }
    ck_assert_int_eq(close(fd), 0);
    ck_assert_int_eq(unlink(name), 0);
}
END_TEST

/* A read that gives less than there is, as before a bad block or of a slow file system, is no end.
 */
START_TEST(test_io__less_than_was_seen_is_no_end)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    const struct stat st = { .st_mode = S_IFREG, .st_size = 10 };
    int ends[2];

    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
    ck_assert_int_eq(write(ends[1], "01234", 5), 5);
    ck_assert_int_eq(write(ends[1], "56789", 5), 5);
    ck_assert_int_eq(close(ends[1]), 0);
    ck_assert_int_eq(ocn_io_read_looked_at(ends[0], &st, "x", 4096, &buf, NULL), 0);
    ck_assert_str_eq(buf.ptr, "0123456789");
    ck_assert_int_eq(close(ends[0]), 0);
}
END_TEST

START_TEST(test_io__an_empty_file_is_empty)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };

    put("", 0);
    ck_assert_int_eq(ocn_io_read_file(path, 0, &buf, NULL), 0);
    ck_assert_uint_eq(buf.len, 0);
}
END_TEST

START_TEST(test_io__refuses_a_file_over_the_limit)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    struct ocn_error err = { 0 };

    put("four", 4);
    ck_assert_int_eq(ocn_io_read_file(path, 3, &buf, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
    ck_assert_str_eq(err.where, path);
    ck_assert_uint_eq(buf.len, 0);
}
END_TEST

/* Files of /proc have no size, so only the reading itself can bound them. */
START_TEST(test_io__bounds_a_file_that_claims_to_be_empty)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    struct ocn_error err = { 0 };

    ocn_buf_puts(&buf, "kept");
    ck_assert_int_eq(ocn_io_read_file("/proc/self/status", 20, &buf, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
    ck_assert_str_eq(buf.ptr, "kept");
    ck_assert_uint_eq(buf.len, 4);
}
END_TEST

START_TEST(test_io__a_missing_file_is_noent)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_io_read_file(path, 3, &buf, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_NOENT);
    ck_assert_int_eq(err.sys, ENOENT);
}
END_TEST

START_TEST(test_io__does_not_wait_for_a_fifo)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(ocn_io_read_file(path, 3, &buf, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    struct ocn_error device = { 0 };
    ck_assert_int_eq(ocn_io_read_file("/dev/zero", 3, &buf, &device), -1);
    ck_assert_int_eq(device.code, OCN_E_FORMAT);
    struct ocn_error directory = { 0 };
    ck_assert_int_eq(ocn_io_read_file(dir, 3, &buf, &directory), -1);
    ck_assert_int_eq(directory.code, OCN_E_FORMAT);
}
END_TEST

/* The writer's end is opened late, and the reader's is in non-blocking mode. */
START_TEST(test_io__waits_for_a_pipe)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    int ends[2];

    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)usleep(30000);
        _exit(ocn_io_write_fd(ends[1], "pipe", (struct ocn_bytes){ "late", 4 }, NULL) == 0 ? 0 : 1);
    }
    ck_assert_int_eq(close(ends[1]), 0);
    ck_assert_int_eq(ocn_io_read_fd(ends[0], "pipe", 4, &buf, NULL), 0);
    ck_assert_str_eq(buf.ptr, "late");
    ck_assert_int_eq(close(ends[0]), 0);
}
END_TEST

/* More than a pipe holds: short writes and EAGAIN on one side, a reader on the other. */
START_TEST(test_io__writes_all_of_it)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    static char text[300000];
    int ends[2];

    memset(text, 'w', sizeof(text));
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct ocn_bytes bytes = { text, sizeof(text) };
        _exit(ocn_io_write_fd(ends[1], "pipe", bytes, NULL) == 0 ? 0 : 1);
    }
    ck_assert_int_eq(close(ends[1]), 0);
    ck_assert_int_eq(ocn_io_read_fd(ends[0], "pipe", sizeof(text), &buf, NULL), 0);
    ck_assert_uint_eq(buf.len, sizeof(text));
    ck_assert_mem_eq(buf.ptr, text, sizeof(text));
    ck_assert_int_eq(close(ends[0]), 0);
}
END_TEST

START_TEST(test_io__names_what_it_cannot_write)
{
    struct ocn_error err = { 0 };
    ocn_autoclose int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ocn_io_write_fd(fd, "the name", (struct ocn_bytes){ "x", 1 }, &err), -1);
    ck_assert_int_eq(err.sys, ENOSPC);
    ck_assert_str_eq(err.where, "the name");
}
END_TEST

static void rename_for_ever(const char *name)
{
    char other[160];

    (void)snprintf(other, sizeof(other), "%s.other", name);
    for (;;) {
        (void)rename(name, other);
        (void)rename(other, name);
    }
}

/* Renames anywhere on the machine make the kernel give up on "..", which is no reason for us. */
START_TEST(test_io__opens_in_a_root_while_others_rename)
{
    char renamed[140];
    pid_t children[2];

    put("x", 1);
    for (size_t i = 0; i < OCN_COUNT(children); i++) {
        (void)snprintf(renamed, sizeof(renamed), "%s.%zu", path, i);
        ck_assert_int_eq(link(path, renamed), 0);
        children[i] = fork();
        ck_assert_int_ge(children[i], 0);
        if (children[i] == 0) {
            rename_for_ever(renamed);
        }
    }
    int root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int failed = 0;
    for (int i = 0; i < 100000; i++) {
        ocn_autoclose int fd = ocn_io_open_in(root, "../.././../file", O_RDONLY);
        failed += fd < 0;
    }
    for (size_t i = 0; i < OCN_COUNT(children); i++) {
        ck_assert_int_eq(kill(children[i], SIGKILL), 0);
        ck_assert_int_eq(waitpid(children[i], NULL, 0), children[i]);
        (void)snprintf(renamed, sizeof(renamed), "%s.%zu", path, i);
        (void)unlink(renamed);
        strcat(renamed, ".other");
        (void)unlink(renamed);
    }
    ck_assert_int_eq(close(root), 0);
    ck_assert_int_eq(failed, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("io");
    TCase *tcase = tcase_create("io");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_io__reads_a_file_behind_what_is_there);
    tcase_add_test(tcase, test_io__reads_more_than_one_chunk);
    tcase_add_test(tcase, test_io__reads_to_the_end_whatever_size_was_seen);
    tcase_add_test(tcase, test_io__less_than_was_seen_is_no_end);
    tcase_add_test(tcase, test_io__an_empty_file_is_empty);
    tcase_add_test(tcase, test_io__refuses_a_file_over_the_limit);
    tcase_add_test(tcase, test_io__bounds_a_file_that_claims_to_be_empty);
    tcase_add_test(tcase, test_io__a_missing_file_is_noent);
    tcase_add_test(tcase, test_io__does_not_wait_for_a_fifo);
    tcase_add_test(tcase, test_io__waits_for_a_pipe);
    tcase_add_test(tcase, test_io__writes_all_of_it);
    tcase_add_test(tcase, test_io__names_what_it_cannot_write);
    tcase_add_test(tcase, test_io__opens_in_a_root_while_others_rename);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
