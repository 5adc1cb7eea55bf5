/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/base/buf.h"
#include "normalize/program/shell.h"
#include "tests/lib/suite.h"

#define ROOT "[ \"$(id -u)\" = '0' ]"
#define OTHER "[ \"$(id -u)\" != \"0\" ]"
#define DROP "exec gosu app \"$0\" \"$@\"\n"

/* A script, and the line of the call that everybody comes to; 0: none. */
static const struct {
    const char *text;
    size_t line;
} scripts[] = {
    { "", 0 },
    { "#!/bin/sh\n" DROP, 2 },
    { "#!/bin/sh\ngosu app \"$@\"", 2 },
    { "/usr/local/bin/su-exec app:app /app\n", 1 },
    { "set -e; exec su-exec app /app\n", 1 },
    { "A=b C=\"d e\" exec su-exec app /app\n", 1 },
    { "set -- su-exec consul:consul \"$@\"\nexec \"$@\"\n", 1 },
    { "exec env A=b gosu app /app\n", 1 },
    { "exec tini -- su-exec app /app\n", 1 },
    { "exec setpriv --reuid app --regid app --clear-groups -- \"$0\" \"$@\"\n", 1 },
    { "exec chroot --userspec=1000:0 / \"$@\"\n", 1 },
    { "su -s /bin/sh -c 'x y' app\n", 1 },
    { "sudo -u app /app\n", 1 },
    { "exec \\\n  gosu \\\n  app /app\n", 1 },
    { "(cd /x; exec gosu app /app)\n", 1 },
    { "exec 3>&1 2>/dev/null\n" DROP, 2 },
    /* what is none */
    { "# gosu app /app\nexec \"$@\" # gosu app /app\n", 0 },
    { "echo gosu app /app; echo \"exec gosu app\" 'su-exec a b'\n", 0 },
    { "x='\ngosu app /app\n'\n", 0 },
    { "cat <<EOF\ngosu app /app\nEOF\ncat <<-'E'\n\tgosu a b\n\tE\n", 0 },
    { "cat <<EOF\nx\nEOF\n" DROP, 4 },
    { "command -v gosu >/dev/null; type su-exec\n", 0 },
    { "gosu() { :; }\n", 0 },
    { "case $1 in\n  su|gosu) x ;;\n (sudo) y ;;\n su) z\nesac\n", 0 },
    { "case $1 in su) x ;; esac\n", 0 },
    { "setpriv --no-new-privs /app; chpst -o 5 /app\n", 0 },
    { "tini -- /app\nsh -c '/app'\n", 0 },
    { "cat < gosu app x\n", 0 },
    { "$SU_EXEC app /app\n", 0 },
    { "${x#gosu} a b; y=${x:-gosu a b}\n", 0 },
    /* below what is not understood, tried only, or never come to */
    { "chown app /x && exec su-exec app /app\n", 0 },
    { "if [ -d /x ]; then\n" DROP "fi\n", 0 },
    { "if [ -d /x ]; then :; else\n" DROP "fi\n", 0 },
    { "case $1 in\napp)\n" DROP ";;\nesac\n", 0 },
    { "case \"$(id -u)\" in 0) exec gosu app \"$@\" ;; esac\n", 0 },
    { "f() {\n" DROP "}\nif [ \"$(id -u)\" = 0 ]; then f; fi\n", 0 },
    { "while true; do\n" DROP "done\n", 0 },
    { "if [ -n \"$PUID\" ]; then exec su-exec app /app; fi\n", 0 },
    { "((UID==0)) && exec gosu app /app\n", 0 },
    { "gosu app true 2>/dev/null || exec \"$@\"\n", 0 },
    { "exec \"$@\"\n" DROP, 0 },
    { "exit 0\n" DROP, 0 },
    { "# x; " DROP, 0 },
    { "echo \\; " DROP, 0 },
    { "echo `x; gosu app y`\n", 0 },
    /* for root only */
    { "if " ROOT "; then\n" DROP "fi\nexec \"$@\"\n", 0 },
    { "if test 0 -eq $(id -u)\nthen\n" DROP "fi\n", 0 },
    { "if [[ $EUID == 0 ]]; then\n" DROP "fi\n", 0 },
    { "if (( EUID == 0 )); then\n" DROP "fi\n", 0 },
    { "if [ `id -u` -eq 0 ]; then\n" DROP "fi\n", 0 },
    { "if [ \"$(whoami)\" = root ]; then\n" DROP "fi\n", 0 },
    { "if [ \"$1\" != 'x' -a \"$(id -u)\" = '0' ]; then\n" DROP "fi\n", 0 },
    { "if [ \"$1\" != 'x' ] && " ROOT "; then\n" DROP "fi\n", 0 },
    { "if am_i_root; then\n" DROP "fi\n", 0 },
    { "uid=\"$(id -u)\"\nif [ \"$uid\" = 0 ]; then\n" DROP "fi\n", 0 },
    { "local user=$(id -u)\nif [ \"${user}\" = 0 ]; then\n" DROP "fi\n", 0 },
    { "if " ROOT "; then if [ -d /x ]; then\n" DROP "fi; fi\n", 0 },
    { "if " OTHER "; then x; else\n" DROP "fi\n", 0 },
    { "if ! " ROOT "; then x; else\n" DROP "fi\n", 0 },
    { "if [ -d /x ]; then x; elif " ROOT "; then\n" DROP "fi\n", 0 },
    { ROOT " && " DROP, 0 },
    { ROOT " &&\n" DROP, 0 },
    { OTHER " || " DROP, 0 },
    { ROOT " && { chown x y; " DROP "}\n", 0 },
    { "if " OTHER "; then\nexec \"$@\"\nfi\n" DROP, 0 },
    { OTHER " && exec \"$@\"\n" DROP, 0 },
    { ROOT " || exec \"$@\"\n" DROP, 0 },
    { "f() {\n if ! is_root; then return; fi\n" DROP "}\n", 0 },
    { "if [ \"$(id -u)\" = \"$APP_UID\" ]; then\n" DROP "fi\n", 0 }, /* nobody knows */
    /* for those who are not root, or for all */
    { "if " ROOT "; then x; fi\n" DROP, 2 },
    { "if " ROOT "; then x; else\n" DROP "fi\n", 2 },
    { "if " OTHER "; then\nexec sudo \"$0\" \"$@\"\nfi\n", 2 },
    { "if " OTHER "; then\necho no; exit 1\nfi\n" DROP, 4 },
    { ROOT " || " DROP, 1 },
    { "x=`id`\n" DROP, 2 },
    { "cat <<-E\nx\n\tE\n" DROP, 4 },
    { ROOT " && x; " DROP, 1 },
    { "if [ -d /x ]; then x; elif " ROOT "; then x; else\n" DROP "fi\n", 2 },
    { "u=$(id -u)\nif [ \"$u\" = 0 ]; then x; else\n" DROP "fi\n", 3 },
    { "u=$(id -u)\nif [ \"${u}\" != 0 ]; then\n" DROP "fi\n", 3 },
    { "case $1 in\na)\nu=$(id -u) ;;\nesac\nif [ $u = 0 ]; then x; else\n" DROP "fi\n", 6 },
};

static struct ocn_shell_call find(const char *text, size_t len)
{
    struct ocn_arena arena = { 0 };
    struct ocn_shell_call call = { 0 };
    struct ocn_error err = { 0 };
    char *copy = malloc(len + 1); /* no byte behind it is read: sanitizers see that */

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, len);
    char *exact = realloc(copy, len != 0 ? len : 1);
    ck_assert_ptr_nonnull(exact);
    ck_assert_msg(ocn_shell_find_step((struct ocn_bytes){ exact, len }, &arena, &call, &err) == 0,
                  "%s", err.msg);
    free(exact);
    ocn_arena_done(&arena);
    return call;
}

START_TEST(test_shell__script)
{
    struct ocn_shell_call call = find(scripts[_i].text, strlen(scripts[_i].text));

    ck_assert_msg(call.line == scripts[_i].line, "%s: line %zu", scripts[_i].text, call.line);
}
END_TEST

/* As it is cut off anywhere: it ends, and stays within its bytes. */
START_TEST(test_shell__cut)
{
    for (size_t len = 0; len < strlen(scripts[_i].text); len++) {
        (void)find(scripts[_i].text, len);
    }
}
END_TEST

START_TEST(test_shell__what_it_says)
{
    static const char text[] = "\n/sbin/su-exec \"${PUID:-5}\":b /app\n";
    struct ocn_arena arena = { 0 };
    struct ocn_shell_call call = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(
        ocn_shell_find_step((struct ocn_bytes){ text, sizeof(text) - 1 }, &arena, &call, &err), 0);
    ck_assert_str_eq(call.words, "/sbin/su-exec ${PUID:-5}:b");
    ocn_arena_done(&arena);
}
END_TEST

/* Deeper than it looks: nothing is said. */
START_TEST(test_shell__deep)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    for (int i = 0; i < 40; i++) {
        ocn_buf_puts(&text, "if x; then\n");
    }
    ocn_buf_puts(&text, DROP);
    ck_assert_uint_eq(find(text.ptr, text.len).line, 0);
    ocn_buf_puts(&text, "return\n");
    for (int i = 0; i < 40; i++) {
        ocn_buf_puts(&text, "fi\n");
    }
    ocn_buf_puts(&text, DROP);
    ck_assert_uint_eq(find(text.ptr, text.len).line, 83);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shell");
    TCase *tcase = tcase_create("shell");

    tcase_add_loop_test(tcase, test_shell__script, 0, (int)OCN_COUNT(scripts));
    tcase_add_loop_test(tcase, test_shell__cut, 0, (int)OCN_COUNT(scripts));
    tcase_add_test(tcase, test_shell__what_it_says);
    tcase_add_test(tcase, test_shell__deep);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
