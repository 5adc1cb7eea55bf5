/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "normalize/program/launcher.h"
#include "tests/lib/suite.h"

#define MAX_ARGS 12

/* Words are separated by "|"; the first is the launcher. An empty result: not clear. */
static const struct {
    const char *args;
    const char *started; /* NULL: no launcher */
} lines[] = {
    { "/app|x", NULL },
    { "/usr/bin/tini-like|--|/app", NULL },
    { "/sbin/tini|--|/app|-x", "/app|-x" },
    { "tini|-s|-vvg|-e|143|-p|SIGTERM|/app", "/app" },
    { "tini|-e143|-g|app|--|x", "app|--|x" },
    { "tini|--version", "" },
    { "tini|-h", "" },
    { "tini|-e", "" },
    { "tini|--", "" },
    { "tini|--|--|x", "" },
    { "tini|-|x", "" },
    { "/dev/init|--|/app", NULL },
    { "/run/podman-init|--|/app", "/app" },
    { "docker-init|--|/app", "/app" },
    { "catatonit|-g|--|/app", "/app" },
    { "catatonit|-P", "" },
    { "dumb-init|-c|--rewrite|15:2|-r|9:3|--|/app", "/app" },
    { "dumb-init|--rewrite=15:2|--single-child|/app", "/app" },
    { "dumb-init|--verbose=1|/app", "" },
    { "su-exec|app:app|/app|x", "/app|x" },
    { "su-exec|app", "" },
    { "gosu|--version", "" },
    { "gosu|1000:1000|/app", "/app" },
    { "gosu|app|x", "x" },
    { "nice|-n|5|/app", "/app" },
    { "nice|-n5|/app", "/app" },
    { "nice|-5|/app", "" },
    { "timeout|-k|5|--signal=TERM|10m|/app", "/app" },
    { "numactl|--interleave=all|-C|0-3|/app", "/app" },
    { "chrt|--rr|10|/app", "/app" },
    { "softlimit|-m|1000|-o20|/app", "/app" },
    { "envuidgid|app|/app", "/app" },
    { "doas|-u|app|/app", "/app" },
    { "doas|-u|app|app", "" },
    { "taskset|-c|0-3|/app", "/app" },
    { "taskset|0x3|/app", "/app" },
    { "taskset|-p|1", "" },
    { "setpriv|--reuid|1001|--regid=1001|--clear-groups|--|/app", "/app" },
    { "setpriv|--reset-env|/app", "" },
    { "s6-setuidgid|app|/app", "/app" },
    { "s6-softlimit|-o|1024|/app", "/app" },
    { "chpst|-u|app|-o|10|/app", "/app" },
    { "chpst|-e|/env|/app", "" },
    /* env */
    { "env|/app", "/app" },
    { "env|A=b|C=|/app|D=e", "/app|D=e" },
    { "env|--|A=b|app", "app" },
    { "env|PATH=/x|app", "" },
    { "env|-i|app", "" },
    { "env|-|app", "" },
    { "env|-u|PATH|app", "" },
    { "env|A=b", "" },
    { "env|-S python3 -u|/run.py|x", "python3|-u|/run.py|x" },
    { "env|-Spython3|/run.py", "python3|/run.py" },
    { "env|--split-string=A=b python3|/run.py", "python3|/run.py" },
    { "env|-S -i python3|/run.py", "" },
    { "env|-S $X|/run.py", "" },
    { "env|-S 'a b'|/run.py", "" },
    { "env|-S a\\tb|/run.py", "" },
    { "env|-S", "" },
    { "env|-S |/run.py", "/run.py" },
    { "env|-vS python3|/run.py", "python3|/run.py" },
    { "env|-S|python3 -u|/run.py", "python3|-u|/run.py" },
    { "env|--split-string|python3 -u|/run.py", "python3|-u|/run.py" },
    { "env|-S-u A python3|/run.py", "python3|/run.py" },
    { "env|-i|/app|-i", "/app|-i" },
    { "env|-|A=b|/app", "/app" },
    { "env|-iu|A|/app", "/app" },
    { "env|-uPATH|app", "" },
    { "env|-u|A|app", "app" },
    { "env|--unset=A|--unset|B|app", "app" },
    { "env|--unset|PATH|app", "" },
    { "env|--ignore-environment|app", "" },
    { "env|-u", "" },
    { "env|-C|/srv|app", "" },
    { "env|PATH=/x|/app", "/app" },
    { "env|python3 -u|/run.py", "python3 -u|/run.py" },
    /* shells */
    { "sh|-c|/app", "/app" },
    { "sh|-c|exec app --a=b  c", "app|--a=b|c" },
    { "/bin/bash|-euo|pipefail|-c|exec /app|name|arg", "/app" },
    { "sh|-ec|exec /app", "/app" },
    { "sh|-c|--|/app", "/app" },
    { "sh|-c|app", "" },
    { "sh|-c|exec", "" },
    { "sh|-c|exec -a x /app", "" },
    { "sh|-c|A=b /app", "" },
    { "sh|-c|/a=b", "" },
    { "sh|-c|/app;/b", "" },
    { "sh|-c|/app > /x", "" },
    { "sh|-c|/app $X", "" },
    { "sh|-c|~/app", "" },
    { "sh|-c|/app *", "" },
    { "sh|-c|\"/app\"", "" },
    { "sh|-c|/app\n/b", "" },
    { "sh|-c|", "" },
    { "sh|-c", "" },
    { "sh|-lc|/app", "/app" },
    { "bash|--login|-c|/app", "/app" },
    { "sh|-lc|exec app", "" }, /* /etc/profile may set another PATH */
    { "sh|--login|-c|/app", "" },
    { "sh|-opipefail|-c|/app", "" },
    { "sh|/run.sh", "" },
    { "sh|-e|/run.sh", "" },
    { "sh", "" },
    /* a file with many names */
    { "busybox|sh|-c|/app", "/app" },
    { "/bin/busybox|env|A=b|app", "app" },
    { "busybox|nice|-n|5|/app", "/app" },
    { "busybox|httpd|-f", NULL },
    { "busybox|busybox|sh|-c|/app", NULL },
    { "busybox", NULL },
    /* loaders */
    { "/lib64/ld-linux-x86-64.so.2|/app|-x", "/app|-x" },
    { "/lib/ld-musl-x86_64.so.1|--library-path|/lib|/app", "/app" },
    { "ld.so|--library-path|/lib|--inhibit-cache|--preload|/x.so|/app", "/app" },
    { "/lib64/ld64.so.2|/app", "/app" },
    { "ld.so|app", "" }, /* of its libraries */
    { "ld.so|--list|/app", "" },
    { "ld.so|--argv0|x|/app", "" },
    /* that change the user */
    { "setuidgid|app|/app", "/app" },
    { "s6-applyuidgid|-u|5|-g|6|/app", "/app" },
    { "runuser|-u|app|--|/app|x", "/app|x" },
    { "runuser|app|-c|/app", "" },
    { "su|app|-c|/app", "" },
    { "sudo|-E|-u|app|/app", "/app" },
    { "sudo|-u|app|app", "" }, /* secure_path */
    { "sudo|-u|app|A=/b|/app", "" },
    { "sudo|-i|-u|app|/app", "" },
    { "chroot|--userspec=app:app|/|/app", "/app" },
    { "chroot|--userspec|app|/new|/app", "" },
};

static struct ocn_strings split(const char *text, const char **items, struct ocn_arena *arena)
{
    struct ocn_strings list = { items, 0 };

    while (text != NULL && list.len < MAX_ARGS) {
        size_t len = strcspn(text, "|");
        items[list.len++] = ocn_arena_copy(arena, text, len);
        text = text[len] == '|' ? text + len + 1 : NULL;
    }
    return list;
}

START_TEST(test_launcher__line)
{
    struct ocn_arena arena = { 0 };
    struct ocn_launch launch = { 0 };
    struct ocn_error err = { 0 };
    const char *given[MAX_ARGS];
    const char *wanted[MAX_ARGS];
    const struct ocn_strings args = split(lines[_i].args, given, &arena);
    bool clear = lines[_i].started != NULL && lines[_i].started[0] != '\0';
    const struct ocn_strings want = split(clear ? lines[_i].started : NULL, wanted, &arena);

    ck_assert_int_eq(ocn_launcher_read(args.items[0], &args, &arena, &launch, &err), 0);
    ck_assert_msg((launch.launcher != NULL) == (lines[_i].started != NULL), "%s: %s",
                  lines[_i].args, launch.launcher != NULL ? launch.launcher : "no launcher");
    ck_assert_msg(launch.args.len == want.len, "%s: %zu words", lines[_i].args, launch.args.len);
    for (size_t i = 0; i < want.len; i++) {
        ck_assert_str_eq(launch.args.items[i], want.items[i]);
    }
    ocn_arena_done(&arena);
}
END_TEST

/* Which of the arguments names the program: for env it may be the one of the "#!" line. */
START_TEST(test_launcher__origin)
{
    struct ocn_arena arena = { 0 };
    struct ocn_launch launch = { 0 };
    struct ocn_error err = { 0 };
    const char *plain[] = { "env", "A=b", "/app" };
    const char *packed[] = { "env", "-S A=b python3", "/run.py" };
    const struct ocn_strings two[] = { { plain, 3 }, { packed, 3 } };
    const size_t origins[] = { 2, 1 };

    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(ocn_launcher_read("env", &two[i], &arena, &launch, &err), 0);
        ck_assert_uint_eq(launch.origin, origins[i]);
        ck_assert_int_eq(launch.packed, i == 1);
    }
    ocn_arena_done(&arena);
}
END_TEST

/* What is made of the user: "USER", "USER GROUP"; NULL: nothing. */
static const struct {
    const char *args;
    const char *user;
    bool ids;
    bool more;
} steps[] = {
    { "tini|--|/app", NULL, false, false },
    { "gosu|app|/app", "app", false, false },
    { "gosu|--version", NULL, false, false },
    { "/sbin/su-exec|1:2|/app", "1:2", false, false },
    { "timeout|5|/app", NULL, false, false },
    { "setpriv|--nnp|/app", NULL, false, false },
    { "setpriv|--reuid=a|--regid|b|--|/app", "a b", true, false },
    { "setpriv|--regid|b|/app", "- b", true, false },
    { "setpriv|--reset-env|--reuid=a|/app", "a", false, true },
    { "setpriv|--reset-env|/app", NULL, false, false },
    { "setpriv|--reuid|a|--euid|b|/app", "a", true, true },
    { "setpriv|--reuid=a|--pdeathsig|KILL|/app", "a", true, true },
    { "chpst|-e|/env|-u|a|/app", "a", false, true },
    { "chpst|-u|a|-u|b|/app", "a", false, true },
    { "chpst|-u|a|-o|10|/app", "a", false, true },
    { "sudo|-i|-u|a|/app", "a", false, true },
    { "gosu|:a|/app", ":a", false, true },
    { "chpst|-u|a:b|/app", "a:b", false, false },
    { "chpst|-ua:b|/app", "a:b", false, false },
    { "chpst|-U|a|/app", NULL, false, false }, /* variables only */
    { "s6-envuidgid|a|/app", NULL, false, false },
    { "s6-applyuidgid|-u|5|-g|6|/app", "5 6", true, false },
    { "runuser|-u|a|-g|b|/app", "a b", false, false },
    { "runuser|-l|a", "a", false, true },
    { "su", "root", false, true },
    { "su|-", "root", false, true },
    { "su|-l|a", "a", false, true },
    { "su|-s|/bin/sh|-c|x|a", "a", false, true },
    { "su|--|-|a", "a", false, true },
    { "sudo|/app", "root", false, true },
    { "sudo|-g|b|/app", "root b", false, true },
    { "chroot|/|/app", NULL, false, true },
    { "chroot|--userspec=a:b|/|/app", "a:b", false, true },
    { "busybox|setuidgid|a|/app", "a", false, false },
    { "doas|/app", "root", false, true },
    { "doas|-u|a|/app", "a", false, true },
    { "capsh|--user=a|--|-c|/app", "a", false, true },
    { "capsh|--print", NULL, false, false },
    { "start-stop-daemon|-S|-c|a:b|-x|/app", "a:b", false, true },
    { "start-stop-daemon|--start|--chuid=a|--exec|/app", "a", false, true },
    { "start-stop-daemon|-S|-x|/app|--|-c|a", NULL, false, false },
    { "setpriv|--reset-env|--|--reuid=a|/app", NULL, false, false },
};

START_TEST(test_launcher__step)
{
    struct ocn_arena arena = { 0 };
    struct ocn_launch launch = { 0 };
    struct ocn_error err = { 0 };
    const char *given[MAX_ARGS];
    const struct ocn_strings args = split(steps[_i].args, given, &arena);
    char text[64] = "";

    ck_assert_int_eq(ocn_launcher_read(args.items[0], &args, &arena, &launch, &err), 0);
    ck_assert_msg(launch.step.taken == (steps[_i].user != NULL), "%s", steps[_i].args);
    if (launch.step.taken) {
        const char *user = launch.step.user != NULL ? launch.step.user : "-";
        const char *group = launch.step.group != NULL ? launch.step.group : "";
        (void)snprintf(text, sizeof(text), "%s%s%s", user, group[0] != '\0' ? " " : "", group);
        ck_assert_str_eq(text, steps[_i].user);
        ck_assert_int_eq(launch.step.ids, steps[_i].ids);
        ck_assert_int_eq(launch.step.more, steps[_i].more);
    }
    ocn_arena_done(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("launcher");
    TCase *tcase = tcase_create("launcher");

    tcase_add_loop_test(tcase, test_launcher__line, 0, (int)OCN_COUNT(lines));
    tcase_add_loop_test(tcase, test_launcher__step, 0, (int)OCN_COUNT(steps));
    tcase_add_test(tcase, test_launcher__origin);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
