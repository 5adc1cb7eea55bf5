/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/program/script.h"
#include "tests/lib/suite.h"

static struct ocn_arena arena;

static struct ocn_script read_line(const char *text, size_t len)
{
    struct ocn_script script = { .state = OCN_SCRIPT_FOUND, .interpreter = "before" };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_script_read((struct ocn_bytes){ text, len }, &arena, &script, &err), 0);
    return script;
}

/* What the kernel makes of each line was seen with execve() on Linux 6.18. */
static const struct {
    const char *text;
    enum ocn_script_state state;
    const char *interpreter;
    const char *argument;
} lines[] = {
    { "#!/bin/sh\n", OCN_SCRIPT_FOUND, "/bin/sh", NULL },
    { "#!/bin/sh", OCN_SCRIPT_FOUND, "/bin/sh", NULL },
    { "#! \t /bin/sh \t \nx", OCN_SCRIPT_FOUND, "/bin/sh", NULL },
    { "#!/bin/sh -e\n", OCN_SCRIPT_FOUND, "/bin/sh", "-e" },
    { "#!/bin/sh\t-e -u \n", OCN_SCRIPT_FOUND, "/bin/sh", "-e -u" },
    { "#!/bin/sh\r\n", OCN_SCRIPT_FOUND, "/bin/sh\r", NULL },
    { "#!/bin/sh -e\r\n", OCN_SCRIPT_FOUND, "/bin/sh", "-e\r" },
    { "#!sh\n", OCN_SCRIPT_FOUND, "sh", NULL },
    { "#!\n", OCN_SCRIPT_NAMELESS, NULL, NULL },
    { "#! \t\n/bin/sh", OCN_SCRIPT_NAMELESS, NULL, NULL },
    { "#!", OCN_SCRIPT_NAMELESS, NULL, NULL },
    { "#", OCN_SCRIPT_NONE, NULL, NULL },
    { "", OCN_SCRIPT_NONE, NULL, NULL },
    { "# !/bin/sh\n", OCN_SCRIPT_NONE, NULL, NULL },
    { "\n#!/bin/sh\n", OCN_SCRIPT_NONE, NULL, NULL },
};

static void assert_text(const char *got, const char *want)
{
    if (want == NULL) {
        ck_assert_ptr_null(got);
    } else {
        ck_assert_ptr_nonnull(got);
        ck_assert_str_eq(got, want);
    }
}

START_TEST(test_script__line)
{
    struct ocn_script script = read_line(lines[_i].text, strlen(lines[_i].text));

    ck_assert_int_eq(script.state, lines[_i].state);
    assert_text(script.interpreter, lines[_i].interpreter);
    assert_text(script.argument, lines[_i].argument);
    ocn_arena_done(&arena);
}
END_TEST

START_TEST(test_script__nul_ends_a_word)
{
    struct ocn_script script = read_line("#!/bin/sh\0x -e\n", 15);

    assert_text(script.interpreter, "/bin/sh");
    ck_assert_ptr_null(script.argument);
    ocn_arena_done(&arena);
}
END_TEST

/* 256 bytes without a newline: the name must end within the first 255. */
START_TEST(test_script__longer_than_the_kernel_reads)
{
    char head[OCN_SCRIPT_HEAD_SIZE];

    memset(head, 'x', sizeof(head));
    memcpy(head, "#!/", 3);
    ck_assert_int_eq(read_line(head, sizeof(head)).state, OCN_SCRIPT_CUT);
    head[254] = ' ';
    ck_assert_int_eq(read_line(head, sizeof(head)).state, OCN_SCRIPT_FOUND);
    head[9] = ' ';
    struct ocn_script script = read_line(head, sizeof(head));
    assert_text(script.interpreter, "/xxxxxx");
    ck_assert_uint_eq(strlen(script.argument), 245);
    memset(head + 2, ' ', sizeof(head) - 2);
    ck_assert_int_eq(read_line(head, sizeof(head)).state, OCN_SCRIPT_NAMELESS);
    ocn_arena_done(&arena);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("script");
    TCase *tcase = tcase_create("script");

    tcase_add_loop_test(tcase, test_script__line, 0, (int)OCN_COUNT(lines));
    tcase_add_test(tcase, test_script__nul_ends_a_word);
    tcase_add_test(tcase, test_script__longer_than_the_kernel_reads);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
