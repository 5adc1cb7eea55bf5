/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/log.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syslog.h>
#include <sys/un.h>
#include <time.h>

#include "hook/io.h"
#include "normalize/json_text.h"

#define TEXT_SIZE 1024
#define SYSLOG_SOCKET "/dev/log"

static const struct {
    const char *name; /* as logrus calls it */
    int priority;
} levels[] = {
    [OCN_LOG_WARNING] = { "warning", LOG_DAEMON | LOG_WARNING },
    [OCN_LOG_ERROR] = { "error", LOG_DAEMON | LOG_ERR },
};

/* The length of the UTF-8 sequence at @c (RFC 3629), or 0 if there is none. */
static size_t utf8_len(const unsigned char *c)
{
    static const struct {
        unsigned char first, last; /* range of the first byte */
        unsigned char second_min, second_max;
        size_t len;
    } forms[] = {
        { 0x20, 0x7e, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    for (size_t i = 0; i < OCN_COUNT(forms); i++) {
        if (c[0] < forms[i].first || c[0] > forms[i].last) {
            continue;
        }
        for (size_t at = 1; at < forms[i].len; at++) {
            unsigned char min = at == 1 ? forms[i].second_min : 0x80;
            unsigned char max = at == 1 ? forms[i].second_max : 0xbf;
            if (c[at] < min || c[at] > max) {
                return 0;
            }
        }
        return forms[i].len;
    }
    return 0;
}

/*
 * Hostile text forges no second record and drives no terminal: everything that is not printable
 * UTF-8 becomes '?', C1 controls (U+0080..U+009F) and the line separators of Unicode included.
 */
static void defuse(char *text)
{
    unsigned char *c = (unsigned char *)text;

    while (*c != '\0') {
        size_t len = utf8_len(c);
        int control = (len == 2 && c[0] == 0xc2 && c[1] < 0xa0) ||
                      (len == 3 && c[0] == 0xe2 && c[1] == 0x80 && (c[2] == 0xa8 || c[2] == 0xa9));
        if (len == 0) {
            *c = '?';
            len = 1;
        } else if (control) {
            memset(c, '?', len);
        }
        c += len;
    }
}

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

/* Not syslog(3): that one waits for a daemon that hangs, and a container must not. */
static void write_syslog(int priority, const char *text)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SYSLOG_SOCKET };
    char record[TEXT_SIZE + 64];

    ocn_autoclose int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return;
    }
    int len =
        snprintf(record, sizeof(record), "<%d>ocinorm[%d]: %s", priority, (int)getpid(), text);
    if (len > 0 && (size_t)len < sizeof(record)) {
        (void)sendto(fd, record, (size_t)len, MSG_NOSIGNAL, (const struct sockaddr *)&address,
                     sizeof(address));
    }
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
    defuse(text);

    /* A reader of stderr that went away must not keep the record from the log. */
    int ignored = sigaction(SIGPIPE, &ignore, &before) == 0;
    if (level == OCN_LOG_ERROR) {
        write_stderr(text);
    }
    if (log->file != NULL) {
        write_file(log, levels[level].name, text);
    }
    write_syslog(levels[level].priority, text + sizeof(prefix) - 1);
    if (ignored) {
        (void)sigaction(SIGPIPE, &before, NULL);
    }
}
