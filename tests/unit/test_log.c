/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/log.h"

#include <check.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/io.h"
#include "normalize/json_text.h"
#include "tests/lib/suite.h"

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"

static char dir[64];
static char path[128];
static int told; /* the reading end of the test's own stderr */

static void enter(void)
{
    int ends[2];

    strcpy(dir, "/tmp/ocn-log-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/log.json", dir);
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    ck_assert_int_eq(close(ends[1]), 0);
    told = ends[0];
}

static void leave(void)
{
    (void)close(told);
    (void)unlink(path);
    (void)rmdir(dir);
}

static void read_log(struct ocn_buf *ret)
{
    ck_assert_int_eq(ocn_read_file(path, 100000, ret, NULL), 0);
}

static void read_stderr(char *buf, size_t size)
{
    ssize_t len = read(told, buf, size - 1);

    buf[len > 0 ? len : 0] = '\0';
}

static void expect_match(const char *text, const char *pattern)
{
    regex_t regex;

    ck_assert_int_eq(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
    ck_assert_msg(regexec(&regex, text, 0, NULL, 0) == 0, "%s does not match %s", text, pattern);
    regfree(&regex);
}

START_TEST(test_log__json_record_is_logrus_shaped)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_log log = { .file = path, .json = true };

    ocn_log(&log, OCN_LOG_ERROR, "denied [%s]: \"no\"", "user.root");
    read_log(&text);
    expect_match(text.ptr, "^\\{\"level\":\"error\",\"msg\":\"ocinorm: denied \\[user.root\\]: "
                           "\\\\\"no\\\\\"\",\"time\":\"" TIME "\"\\}\n$");
}
END_TEST

START_TEST(test_log__text_record_is_logrus_shaped)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_log log = { .file = path };

    ocn_log(&log, OCN_LOG_WARNING, "a \"b\" c\\d");
    read_log(&text);
    expect_match(text.ptr,
                 "^time=\"" TIME "\" level=warning msg=\"ocinorm: a \\\\\"b\\\\\" c\\\\\\\\d\"\n$");
}
END_TEST

START_TEST(test_log__appends_and_keeps_what_is_there)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_log log = { .file = path, .json = true };
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs("before\n", file), 0);
    ck_assert_int_eq(fclose(file), 0);
    ocn_log(&log, OCN_LOG_WARNING, "one");
    ocn_log(&log, OCN_LOG_ERROR, "two");
    read_log(&text);
    expect_match(text.ptr, "^before\n\\{[^\n]*one[^\n]*\\}\n\\{[^\n]*two[^\n]*\\}\n$");
}
END_TEST

START_TEST(test_log__errors_reach_stderr_and_warnings_do_not)
{
    struct ocn_log log = { 0 };
    char text[256];

    ocn_log(&log, OCN_LOG_WARNING, "quiet");
    read_stderr(text, sizeof(text));
    ck_assert_str_eq(text, "");
    ocn_log(&log, OCN_LOG_ERROR, "loud");
    read_stderr(text, sizeof(text));
    ck_assert_str_eq(text, "ocinorm: loud\n");
}
END_TEST

/* Names and paths in a message are the attacker's. */
START_TEST(test_log__hostile_text_forges_nothing)
{
    static const char *const hostile[] = {
        "a\n{\"level\":\"error\",\"msg\":\"forged\"}\nb",
        "\r\x1b[2J\x07\x7f",
        "\xff\xfe\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", /* not UTF-8 */
        "cut \xe2\x82",
        "c1 \xc2\x9b[31m, separators \xe2\x80\xa8 \xe2\x80\xa9",
        "\"},\"level\":\"info",
    };

    for (size_t i = 0; i < OCN_COUNT(hostile); i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
        struct ocn_log log = { .file = path, .json = true };
        json_auto_t *record = NULL;
        char line[4096];

        (void)unlink(path);
        ocn_log(&log, OCN_LOG_ERROR, "%s", hostile[i]);
        read_log(&text);
        read_stderr(line, sizeof(line));
        ck_assert_ptr_eq(strchr(text.ptr, '\n'), text.ptr + text.len - 1);
        ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
        for (size_t at = 0; at + 1 < text.len; at++) {
            ck_assert_uint_ge((unsigned char)text.ptr[at], 0x20);
        }
        ck_assert_int_eq(ocn_json_load(ocn_buf_bytes(&text), 4096, &record, NULL), 0);
        ck_assert_uint_eq(json_object_size(record), 3);
        ck_assert_str_eq(json_string_value(json_object_get(record, "level")), "error");
        ck_assert_ptr_null(strstr(line, "\x1b"));
        ck_assert_ptr_null(strstr(line, "\xc2\x9b"));
        ck_assert_ptr_null(strstr(line, "\xe2\x80\xa8"));
    }
}
END_TEST

START_TEST(test_log__keeps_valid_utf8)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_log log = { .file = path, .json = true };

    ocn_log(&log, OCN_LOG_ERROR, "%s", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xb3");
    read_log(&text);
    ck_assert_ptr_nonnull(strstr(text.ptr, "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x90\xb3\""));
}
END_TEST

START_TEST(test_log__a_long_message_is_cut_and_stays_a_record)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_log log = { .file = path, .json = true };
    json_auto_t *record = NULL;
    static char message[5000];

    /* Two-byte letters: the cut may fall into one. */
    for (size_t i = 0; i + 2 < sizeof(message); i += 2) {
        memcpy(message + i, "\xc3\xbc", 2);
    }
    ocn_log(&log, OCN_LOG_ERROR, "%s", message);
    ocn_log(&log, OCN_LOG_ERROR, "x%s", message);
    read_log(&text);
    size_t first = strcspn(text.ptr, "\n");
    struct ocn_bytes one = { text.ptr, first };
    struct ocn_bytes two = { text.ptr + first, text.len - first };
    ck_assert_int_eq(ocn_json_load(one, 4096, &record, NULL), 0);
    json_decref(record);
    record = NULL;
    ck_assert_int_eq(ocn_json_load(two, 4096, &record, NULL), 0);
}
END_TEST

START_TEST(test_log__sinks_that_fail_are_skipped)
{
    char text[256];
    struct ocn_log missing = { .file = "/nonexistent/log.json", .json = true };
    struct ocn_log fifo = { .file = path, .json = true };

    ocn_log(&missing, OCN_LOG_ERROR, "one");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ocn_log(&fifo, OCN_LOG_ERROR, "two"); /* nobody reads it: this must not hang */
    read_stderr(text, sizeof(text));
    ck_assert_str_eq(text, "ocinorm: one\nocinorm: two\n");
}
END_TEST

/* A reader that hung up kills nobody, and what the process wants of SIGPIPE stays as it was. */
START_TEST(test_log__a_closed_stderr_does_not_lose_the_record)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_log log = { .file = path, .json = true };
    struct sigaction after;

    ck_assert_int_eq(close(told), 0);
    ocn_log(&log, OCN_LOG_ERROR, "still here");
    told = -1;
    read_log(&text);
    ck_assert_ptr_nonnull(strstr(text.ptr, "still here"));
    ck_assert_int_eq(sigaction(SIGPIPE, NULL, &after), 0);
    ck_assert(after.sa_handler == SIG_DFL);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("log");
    TCase *tcase = tcase_create("log");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_log__json_record_is_logrus_shaped);
    tcase_add_test(tcase, test_log__text_record_is_logrus_shaped);
    tcase_add_test(tcase, test_log__appends_and_keeps_what_is_there);
    tcase_add_test(tcase, test_log__errors_reach_stderr_and_warnings_do_not);
    tcase_add_test(tcase, test_log__hostile_text_forges_nothing);
    tcase_add_test(tcase, test_log__keeps_valid_utf8);
    tcase_add_test(tcase, test_log__a_long_message_is_cut_and_stays_a_record);
    tcase_add_test(tcase, test_log__sinks_that_fail_are_skipped);
    tcase_add_test(tcase, test_log__a_closed_stderr_does_not_lose_the_record);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
