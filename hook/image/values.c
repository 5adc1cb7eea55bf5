/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/values.h"

#include <string.h>

#define DIGITS "0123456789"

/* ---- annotations ----------------------------------------------------------------------------- */

/* A pattern: 9 is a digit, all else is itself. */
static bool fits_pattern(const char *value, const char *pattern)
{
    for (; *pattern != '\0'; pattern++, value++) {
        bool fits = *pattern == '9' ? *value >= '0' && *value <= '9' : *value == *pattern;
        if (!fits) {
            return false;
        }
    }
    return true;
}

/* RFC 3339: 2026-11-30T12:00:00[.5](Z|+01:00) */
static bool is_date(const char *value)
{
    static const char day[] = "9999-99-99T99:99:99";

    if (!fits_pattern(value, day)) {
        return false;
    }
    value += sizeof(day) - 1;
    if (*value == '.') {
        size_t digits = strspn(value + 1, DIGITS);
        if (digits == 0) {
            return false;
        }
        value += 1 + digits;
    }
    return strcmp(value, "Z") == 0 ||
           (strlen(value) == 6 && (fits_pattern(value, "+99:99") || fits_pattern(value, "-99:99")));
}

static bool is_url(const char *value)
{
    static const char *const schemes[] = { "https://", "http://",    "git://",
                                           "ssh://",   "git+ssh://", "git+https://" };

    for (size_t i = 0; i < OCN_COUNT(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (strncmp(value, schemes[i], len) == 0 && value[len] != '\0') {
            return strpbrk(value, " \t\n\"<>") == NULL;
        }
    }
    return false;
}

static bool is_word(const char *value)
{
    return value[0] != '\0' && strpbrk(value, " \t\r\n") == NULL;
}

static bool is_go_version(const char *value)
{
    return strncmp(value, "go1", 3) == 0 || strncmp(value, "devel ", 6) == 0;
}

const struct ocn_values_format ocn_values_formats[] = {
    { "org.opencontainers.image.created", is_date, "a date as RFC 3339 has it",
      "write it as 2026-11-30T12:00:00Z" },
    { "org.opencontainers.image.source", is_url, "the URL of a repository",
      "write it as https://HOST/PATH" },
    { "org.opencontainers.image.url", is_url, "a URL", "write it as https://HOST/PATH" },
    { "org.opencontainers.image.revision", is_word, "a revision",
      "write the commit's hash: git rev-parse HEAD" },
    { "org.opencontainers.image.version", is_word, "a version", "write it as 1.2.3" },
    { "golang.org/version", is_go_version, "a version of Go", "write it as go1.22.4" },
};
const size_t ocn_values_formats_len = OCN_COUNT(ocn_values_formats);

/* ---- Go -------------------------------------------------------------------------------------- */

/* "go1.21.5" as 1, 21; false: a development version, or something else. */
static bool read_release(const char *version, unsigned parts[2])
{
    if (strncmp(version, "go", 2) != 0) {
        return false;
    }
    version += 2;
    for (size_t i = 0; i < 2; i++) {
        size_t len = strspn(version, DIGITS);
        if (len == 0 || len > 4) {
            return false;
        }
        parts[i] = 0;
        for (size_t d = 0; d < len; d++) {
            parts[i] = parts[i] * 10 + (unsigned)(version[d] - '0');
        }
        version += len + (version[len] == '.' ? 1 : 0);
    }
    return true;
}

bool ocn_values_go_is_older(const char *version, const char *baseline)
{
    unsigned a[2];
    unsigned b[2];

    return read_release(version, a) && read_release(baseline, b) &&
           (a[0] < b[0] || (a[0] == b[0] && a[1] < b[1]));
}

/* ---- commands -------------------------------------------------------------------------------- */

static const char *const root_commands[] = {
    "chown",        "chgrp",    "su",       "sudo",   "runuser", "usermod", "groupmod", "useradd",
    "adduser",      "addgroup", "groupadd", "setcap", "mount",   "umount",  "chroot",   "s6-svscan",
    "s6-setuidgid", "iptables", "sysctl",   "gosu",   "su-exec", "setpriv",
};

static const char *find_command(const char *word, size_t len)
{
    for (size_t i = 0; i < OCN_COUNT(root_commands); i++) {
        if (strlen(root_commands[i]) == len && strncmp(root_commands[i], word, len) == 0) {
            return root_commands[i];
        }
    }
    return NULL;
}

const char *ocn_values_root_command(const char *name)
{
    return find_command(name, strlen(name));
}

/* Words behind which another command begins. */
static bool begins_command(const char *word, size_t len)
{
    static const char *const words[] = {
        "then", "do", "else", "exec", "!", "{", "time", "command"
    };

    for (size_t i = 0; i < OCN_COUNT(words); i++) {
        if (strlen(words[i]) == len && strncmp(words[i], word, len) == 0) {
            return true;
        }
    }
    return false;
}

/* The word at the beginning of a command, without directories. */
static const char *command_at(const char *word, size_t len)
{
    for (size_t i = len; i > 0; i--) {
        if (word[i - 1] == '/') {
            return find_command(word + i, len - i);
        }
    }
    return find_command(word, len);
}

const char *ocn_values_root_command_in(struct ocn_bytes script)
{
    bool command = true; /* the next word begins one */
    size_t i = 0;

    while (i < script.len) {
        char c = script.ptr[i];
        if (c == '#' && (i == 0 || strchr(" \t\n;", script.ptr[i - 1]) != NULL)) {
            while (i < script.len && script.ptr[i] != '\n') {
                i++;
            }
            continue;
        }
        if (c == '\0' || strchr("\n;|&()`", c) != NULL) {
            command = true;
            i++;
            continue;
        }
        if (c == ' ' || c == '\t') {
            i++;
            continue;
        }
        size_t begin = i;
        while (i < script.len && script.ptr[i] != '\0' &&
               strchr(" \t\n;|&()`", script.ptr[i]) == NULL) {
            i++;
        }
        const char *found = command ? command_at(script.ptr + begin, i - begin) : NULL;
        if (found != NULL) {
            return found;
        }
        command = command && begins_command(script.ptr + begin, i - begin);
    }
    return NULL;
}
