/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hook/sys/io.h"
#include "hook/sys/text.h"
#include "normalize/json/json.h"

#define TEXT_SIZE 1024

/* As logrus calls them. */
static const char *const levels[] = {
    [OCN_LOG_WARNING] = "warning",
    [OCN_LOG_ERROR] = "error",
};

/* One write(2): records of several processes in one file do not mix. */
static void write_once(int fd, const struct ocn_buf *record)
{
    if (record->failed) {
        return;
    }
    while (write(fd, record->ptr, record->len) < 0 && errno == EINTR) {
    }
}

static void format_time(char *buf, size_t size)
{
    time_t now = time(NULL);
    struct tm utc;

    if (gmtime_r(&now, &utc) == NULL || strftime(buf, size, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        (void)snprintf(buf, size, "1970-01-01T00:00:00Z");
    }
}

/* The quoting of JSON is also logrus's for text without control characters. */
static void format_record(struct ocn_buf *record, bool json, const char *level, const char *text)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf msg = { 0 };
    char when[32];

    format_time(when, sizeof(when));
    ocn_json_quote(&msg, text, strlen(text));
    if (msg.failed) {
        record->failed = 1;
        return;
    }
    if (json) {
        ocn_buf_printf(record, "{\"level\":\"%s\",\"msg\":%s,\"time\":\"%s\"}\n", level, msg.ptr,
                       when);
    } else {
        ocn_buf_printf(record, "time=\"%s\" level=%s msg=%s\n", when, level, msg.ptr);
    }
}

static void write_file(const struct ocn_log *log, const char *level, const char *text)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf record = { 0 };

    /* O_NONBLOCK: a FIFO that nobody reads must not hold up a container. */
    ocn_autoclose int fd =
        open(log->file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0644);
    if (fd < 0) {
        return;
    }
    format_record(&record, log->json, level, text);
    write_once(fd, &record);
}

static void write_stderr(const char *text)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf line = { 0 };

    ocn_buf_printf(&line, "%s\n", text);
    write_once(STDERR_FILENO, &line);
}

static void write_syslog(const struct ocn_log *log, enum ocn_log_level level, const char *text)
{
    OCN_CLEANUP(ocn_syslog_close) struct ocn_syslog syslog;

    ocn_syslog_open(&log->sockets, &log->about, &syslog);
    ocn_syslog_send(&syslog, level, text);
}

void ocn_log(const struct ocn_log *log, enum ocn_log_level level, const char *fmt, ...)
{
    static const char prefix[] = "ocinorm: ";
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    struct sigaction before;
    char text[TEXT_SIZE];
    va_list args;

    memcpy(text, prefix, sizeof(prefix));
    va_start(args, fmt);
    (void)vsnprintf(text + sizeof(prefix) - 1, sizeof(text) - sizeof(prefix) + 1, fmt, args);
    va_end(args);
    ocn_text_defuse(text);

    /* A reader of stderr that went away must not keep the record from the log. */
    bool ignored = sigaction(SIGPIPE, &ignore, &before) == 0;
    if (level == OCN_LOG_ERROR) {
        write_stderr(text);
    }
    if (log->file != NULL) {
        write_file(log, levels[level], text);
    }
    write_syslog(log, level, text + sizeof(prefix) - 1);
    if (ignored) {
        (void)sigaction(SIGPIPE, &before, NULL);
    }
}

void ocn_log_error(const struct ocn_log *log, enum ocn_log_level level, const struct ocn_error *err)
{
    ocn_log(log, level, "error: %s%s%s", err->where, err->where[0] != '\0' ? ": " : "", err->msg);
}
