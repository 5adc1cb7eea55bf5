/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/ia32.h"

#include <string.h>

#define CMDLINE_SIZE 4096 /* COMMAND_LINE_SIZE is 2048 on x86 */
#define BLANKS " \t\n"

/* kstrtobool(): the first letter counts, of "on" and "off" the second. Others change nothing. */
static const struct {
    char first[8];
    char second[4]; /* "": whatever it is */
    enum ocn_runs means;
} words[] = {
    { "0nNfF", "", OCN_RUNS_NOT },
    { "1yYtT", "", OCN_RUNS },
    { "oO", "fF", OCN_RUNS_NOT },
    { "oO", "nN", OCN_RUNS },
};

static bool is_one_of(char letter, const char *letters)
{
    return letter != '\0' && strchr(letters, letter) != NULL;
}

static enum ocn_runs read_value(const char *value)
{
    for (size_t i = 0; i < OCN_COUNT(words); i++) {
        if (is_one_of(value[0], words[i].first) &&
            (words[i].second[0] == '\0' || is_one_of(value[1], words[i].second))) {
            return words[i].means;
        }
    }
    return OCN_RUNS_UNKNOWN;
}

/* The value of the parameter at @at, or NULL: it is another. '-' and '_' are the same there. */
static const char *value_of(const char *at)
{
    static const char key[] = "ia32_emulation=";

    at += *at == '"';
    for (const char *want = key; *want != '\0'; want++, at++) {
        if (*at != *want && (*want != '_' || *at != '-')) {
            return NULL;
        }
    }
    return at + (*at == '"');
}

/* The end of the parameter at @at: the next blank outside of quotes. */
static const char *end_of(const char *at)
{
    for (bool quoted = false; *at != '\0' && (quoted || !is_one_of(*at, BLANKS)); at++) {
        quoted ^= *at == '"';
    }
    return at;
}

/* As parse_args() of the kernel goes through them; what is behind "--" is for init. */
enum ocn_runs ocn_ia32_at_boot(const char *cmdline)
{
    enum ocn_runs runs = OCN_RUNS_UNKNOWN;

    for (const char *at = cmdline + strspn(cmdline, BLANKS); *at != '\0';) {
        const char *end = end_of(at);
        const char *value = value_of(at);
        if (end - at == 2 && memcmp(at, "--", 2) == 0) {
            break;
        }
        enum ocn_runs said = value != NULL && value < end ? read_value(value) : OCN_RUNS_UNKNOWN;
        runs = said != OCN_RUNS_UNKNOWN ? said : runs;
        at = end + strspn(end, BLANKS);
    }
    return runs;
}

static int exists(const struct ocn_view *view, const char *path, bool *ret, struct ocn_error *err)
{
    const struct ocn_ref ref = { .space = OCN_HOST, .path = path };
    struct ocn_stat stat = { 0 };

    if (view->stat(view->ctx, ref, &stat, err) < 0) {
        return -1;
    }
    *ret = stat.mode != 0;
    return 0;
}

/*
 * The sysctl is there whenever the kernel is built for 32-bit programs (its vdso32-setup.c); that
 * nobody has mounted sysctls says nothing. That it is built for them does not say that it runs any:
 * the default of the parameter is a choice of who built it, and some guests have no such entry into
 * the kernel.
 */
int ocn_ia32_by_files(const struct ocn_view *view, enum ocn_runs *ret, struct ocn_error *err)
{
    const struct ocn_ref cmdline = { .space = OCN_HOST, .path = "/proc/cmdline" };
    char text[CMDLINE_SIZE];
    bool sysctls = false;
    bool built_in = false;
    size_t len = 0;

    if (exists(view, "/proc/sys/kernel/ostype", &sysctls, err) < 0 ||
        exists(view, "/proc/sys/abi/vsyscall32", &built_in, err) < 0) {
        return -1;
    }
    if (view->read_at(view->ctx, cmdline, 0, text, sizeof(text) - 1, &len, NULL) < 0) {
        len = 0; /* it cannot be read: then it says nothing */
    }
    text[len] = '\0';
    bool lacks = (sysctls && !built_in) || ocn_ia32_at_boot(text) == OCN_RUNS_NOT;
    *ret = lacks ? OCN_RUNS_NOT : OCN_RUNS_UNKNOWN;
    return 0;
}
