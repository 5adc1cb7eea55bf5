/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/program/operand.h"
#include "tests/lib/suite.h"

#define MAX_ARGS 12

/* Words are separated by "|". */
static const struct {
    const char *args;
    const char *file; /* NULL: none */
} lines[] = {
    { "", NULL },
    { "/app|x", NULL },
    { "sh", NULL },
    { "sh|start.sh|x", "start.sh" },
    { "/bin/bash|-eo|pipefail|--|/srv/start.sh", "/srv/start.sh" },
    { "busybox|ash|-x|start.sh", "start.sh" },
    { "busybox|start.sh", NULL },
    { "sh|-c|start.sh", NULL },
    { "sh|-ec|start.sh", NULL },
    { "sh|-", NULL },
    { "bash|--posix|start.sh", NULL },
    { "python3|app.py|-c", "app.py" },
    { "/opt/venv/bin/python3.12|-uB|-W|ignore|-Xdev|app.py", "app.py" },
    { "python|-m|app", NULL },
    { "python|-c|app", NULL },
    { "python|-um|app", NULL },
    { "python|-", NULL },
    { "python|-W", NULL },
    { "python|", NULL },
    { "pypy3|app.py", "app.py" },
    { "node|--max-old-space-size=64|-r|./tracing|app.js", "app.js" },
    { "node|--import|./tracing|app.js", NULL },
    { "node|-e|app", NULL },
    { "perl|-wT|app.pl", "app.pl" },
    { "perl|-e|app", NULL },
    { "ruby|-I|lib|app.rb", "app.rb" },
    { "php|-d|a=b|app.php", "app.php" },
    { "php-fpm|-F", NULL },
};

START_TEST(test_operand__file)
{
    char text[256];
    const char *words[MAX_ARGS];
    struct ocn_strings args = { words, 0 };
    char *rest = strcpy(text, lines[_i].args);

    for (char *word = strsep(&rest, "|"); word != NULL && lines[_i].args[0] != '\0';
         word = strsep(&rest, "|")) {
        words[args.len++] = word;
    }
    const char *file = ocn_operand_file(&args);
    ck_assert_msg((file == NULL) == (lines[_i].file == NULL) &&
                      (file == NULL || strcmp(file, lines[_i].file) == 0),
                  "%s: %s", lines[_i].args, file != NULL ? file : "none");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("operand");
    TCase *tcase = tcase_create("operand");

    tcase_add_loop_test(tcase, test_operand__file, 0, (int)OCN_COUNT(lines));
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
