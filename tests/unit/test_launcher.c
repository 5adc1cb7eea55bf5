/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/launcher.h"
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
    { "nice|-n|5|/app", "/app" },
    { "nice|-n5|/app", "/app" },
    { "nice|-5|/app", "" },
    { "timeout|-k|5|--signal=TERM|10m|/app", "/app" },
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
    { "env|-vS python3|/run.py", "" },
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
    { "sh|-lc|/app", "" },
    { "sh|-opipefail|-c|/app", "" },
    { "sh|/run.sh", "" },
    { "sh|-e|/run.sh", "" },
    { "sh", "" },
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
    }
    ocn_arena_done(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("launcher");
    TCase *tcase = tcase_create("launcher");

    tcase_add_loop_test(tcase, test_launcher__line, 0, (int)OCN_COUNT(lines));
    tcase_add_test(tcase, test_launcher__origin);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
