/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/log.h"

#include <check.h>
#include <fcntl.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "hook/sys/io.h"
#include "normalize/json/load.h"
#include "tests/lib/told.h"

#define TIME "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"

static void read_log(struct ocn_buf *ret)
{
    ck_assert_int_eq(ocn_io_read_file(path, 100000, ret, NULL), 0);
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

/* ---- the node's log ----------------------------------------------------------------------- */

static char sockets[2][128]; /* the journal's and syslog's; bound in enter_node */
static int listeners[2];

static void enter_node(void)
{
    static const char *const names[] = { "journal", "syslog" };

    enter();
    for (int i = 0; i < 2; i++) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        (void)snprintf(sockets[i], sizeof(sockets[i]), "%s/%s", dir, names[i]);
        memcpy(address.sun_path, sockets[i], strlen(sockets[i]));
        listeners[i] = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        ck_assert_int_eq(bind(listeners[i], (struct sockaddr *)&address, sizeof(address)), 0);
    }
}

static void leave_node(void)
{
    for (int i = 0; i < 2; i++) {
        (void)close(listeners[i]);
        (void)unlink(sockets[i]);
    }
    leave();
}

static struct ocn_log node_log(struct ocn_about about)
{
    return (struct ocn_log){ .about = about,
                             .sockets = { .journal = sockets[0], .syslog = sockets[1] } };
}

/* The next record, terminated; "" if there is none. */
static void hear(int listener, char buf[4096])
{
    ssize_t len = recv(listener, buf, 4095, 0);

    buf[len > 0 ? len : 0] = '\0';
}

START_TEST(test_log__the_journal_gets_fields)
{
    struct ocn_log log =
        node_log((struct ocn_about){ "platform.arch", "4f5e", "/run/b/4f5e", "containerd" });
    char record[4096];
    char expected[4096];

    ocn_log(&log, OCN_LOG_ERROR, "denied [platform.arch]: no; b=c");
    hear(listeners[0], record);
    (void)snprintf(expected, sizeof(expected),
                   "MESSAGE=denied [platform.arch]: no; b=c\nPRIORITY=3\nSYSLOG_FACILITY=3\n"
                   "SYSLOG_IDENTIFIER=ocinorm\nSYSLOG_PID=%d\nOCINORM_RULE=platform.arch\n"
                   "OCINORM_CONTAINER=4f5e\nOCINORM_ENGINE=containerd\n"
                   "OCINORM_BUNDLE=/run/b/4f5e\n",
                   (int)getpid());
    ck_assert_str_eq(record, expected);
    hear(listeners[1], record);
    ck_assert_str_eq(record, ""); /* the journal's own socket: it would have the record twice */

    log.about = (struct ocn_about){ 0 };
    ocn_log(&log, OCN_LOG_WARNING, "w");
    hear(listeners[0], record);
    ck_assert_ptr_nonnull(strstr(record, "MESSAGE=w\nPRIORITY=4\n"));
    ck_assert_ptr_null(strstr(record, "OCINORM_"));
}
END_TEST

START_TEST(test_log__without_a_journal_syslog_gets_text)
{
    struct ocn_log log =
        node_log((struct ocn_about){ .rule = "user.root", .container = "a \"b=c", .bundle = "/b" });
    char record[4096];
    char expected[4096];

    ck_assert_int_eq(unlink(sockets[0]), 0);
    ocn_log(&log, OCN_LOG_WARNING, "warning [user.root]: w");
    hear(listeners[1], record);
    (void)snprintf(expected, sizeof(expected),
                   "<28>ocinorm[%d]: warning [user.root]: w rule=user.root container=a??b?c "
                   "bundle=/b",
                   (int)getpid());
    ck_assert_str_eq(record, expected);
}
END_TEST

/* An id, or a path, of somebody who wants to be another container, or no record at all. */
START_TEST(test_log__hostile_fields_forge_nothing)
{
    static char long_path[3000];
    char record[4096];

    memset(long_path, 'x', sizeof(long_path) - 1);
    struct ocn_log log = node_log((struct ocn_about){ .container = "a\nPRIORITY=0\nOCINORM_RULE=x",
                                                      .bundle = "/b\x1b[2J\xff",
                                                      .engine = "docker" });
    ocn_log(&log, OCN_LOG_ERROR, "m\nMESSAGE=n");
    hear(listeners[0], record);
    ck_assert_ptr_eq(strstr(record, "MESSAGE=m?MESSAGE=n\nPRIORITY=3\n"), record);
    ck_assert_ptr_nonnull(strstr(record, "\nOCINORM_CONTAINER=a?PRIORITY=0?OCINORM_RULE=x\n"));
    ck_assert_ptr_nonnull(strstr(record, "\nOCINORM_BUNDLE=/b?[2J?\n"));
    ck_assert_ptr_null(strstr(record, "\nOCINORM_RULE"));
    /* What is too long is left out, the rest stays. */
    log.about.bundle = long_path;
    ocn_log(&log, OCN_LOG_ERROR, "m");
    hear(listeners[0], record);
    ck_assert_ptr_null(strstr(record, "OCINORM_BUNDLE"));
    ck_assert_ptr_nonnull(strstr(record, "\nOCINORM_ENGINE=docker\n"));
}
END_TEST

/* A daemon that hangs holds up no container. */
START_TEST(test_log__nobody_waits_for_a_daemon)
{
    struct ocn_log log = node_log((struct ocn_about){ .container = "a" });

    for (int i = 0; i < 2000; i++) { /* more than any queue takes */
        ocn_log(&log, OCN_LOG_WARNING, "w");
    }
    ck_assert_int_eq(unlink(sockets[0]), 0);
    for (int i = 0; i < 2000; i++) {
        ocn_log(&log, OCN_LOG_WARNING, "w");
    }
}
END_TEST

/* Who leaves the mounts of the node keeps the socket, and what the record is about. */
START_TEST(test_log__an_open_socket_outlives_its_path)
{
    OCN_CLEANUP(ocn_syslog_close) struct ocn_syslog syslog;
    const struct ocn_syslog_sockets where = { sockets[0], sockets[1] };
    char id[] = "4f5e";
    char record[4096];
    const struct ocn_about about = { .container = id };

    ocn_syslog_open(&where, &about, &syslog);
    memset(id, 'x', 4);
    ck_assert_int_eq(unlink(sockets[0]), 0);
    ocn_syslog_send(&syslog, OCN_LOG_ERROR, "killed");
    hear(listeners[0], record);
    ck_assert_ptr_nonnull(strstr(record, "MESSAGE=killed\n"));
    ck_assert_ptr_nonnull(strstr(record, "\nOCINORM_CONTAINER=4f5e\n"));

    OCN_CLEANUP(ocn_syslog_close) struct ocn_syslog nobody;
    const struct ocn_syslog_sockets nowhere = { "/nonexistent/a", "/nonexistent/b" };
    ocn_syslog_open(&nowhere, &about, &nobody);
    ck_assert_int_eq(nobody.fd, -1);
    ocn_syslog_send(&nobody, OCN_LOG_ERROR, "lost");
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
    tcase = tcase_create("node");
    tcase_add_checked_fixture(tcase, enter_node, leave_node);
    tcase_add_test(tcase, test_log__the_journal_gets_fields);
    tcase_add_test(tcase, test_log__without_a_journal_syslog_gets_text);
    tcase_add_test(tcase, test_log__hostile_fields_forge_nothing);
    tcase_add_test(tcase, test_log__nobody_waits_for_a_daemon);
    tcase_add_test(tcase, test_log__an_open_socket_outlives_its_path);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
