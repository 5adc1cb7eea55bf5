/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/say.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "hook/sys/io.h"
#include "normalize/json/json.h"

#define TEXT_SIZE 1024

static const char *const levels[] = {
    [OCN_SAY_INFO] = "info", [OCN_SAY_WARNING] = "warning", [OCN_SAY_ERROR] = "error"
};

static void put_time(struct ocn_buf *line)
{
    struct timespec now = { 0 };
    struct tm utc = { 0 };
    char text[32] = "";

    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) != NULL) {
        (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    }
    ocn_buf_printf(line, "{\"time\":\"%s.%03ldZ\"", text, now.tv_nsec / 1000000);
}

/* What is not printable ASCII is a question mark: a terminal may show this. */
static void put_text(struct ocn_buf *line, const char *key, struct ocn_bytes text)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf plain = { 0 };

    for (size_t i = 0; i < text.len; i++) {
        bool shown = text.ptr[i] >= 0x20 && text.ptr[i] <= 0x7e;
        ocn_buf_add(&plain, shown ? &text.ptr[i] : "?", 1);
    }
    ocn_buf_printf(line, ",\"%s\":", key);
    ocn_json_quote(line, ocn_buf_bytes(&plain).ptr, plain.len);
}

static struct ocn_bytes as_bytes(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

/* What cannot be told is not: nothing may fail because of it. */
static void end_line(struct ocn_buf *line)
{
    struct ocn_error err = { 0 };

    ocn_buf_puts(line, "}\n");
    if (line->failed || ocn_io_write_fd(STDERR_FILENO, "stderr", ocn_buf_bytes(line), &err) < 0) {
        return;
    }
}

void ocn_say(enum ocn_say_level level, const char *fmt, ...)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf line = { 0 };
    char text[TEXT_SIZE];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    put_time(&line);
    put_text(&line, "level", as_bytes(levels[level]));
    put_text(&line, "msg", as_bytes(text));
    end_line(&line);
}

void ocn_say_error(enum ocn_say_level level, const char *what, const struct ocn_error *err)
{
    ocn_say(level, "%s: %s%s%s", what, err->where, err->where[0] != '\0' ? ": " : "", err->msg);
}

void ocn_say_request(const char *path, const char *verdict, double seconds, struct ocn_bytes note)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf line = { 0 };

    put_time(&line);
    put_text(&line, "level", as_bytes("info"));
    put_text(&line, "msg", as_bytes("request"));
    put_text(&line, "path", as_bytes(path));
    put_text(&line, "verdict", as_bytes(verdict));
    ocn_buf_printf(&line, ",\"seconds\":%.6f", seconds);
    put_text(&line, "request", note);
    end_line(&line);
}
