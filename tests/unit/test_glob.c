/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/glob.h"

#include <check.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "normalize/base/base.h"
#include "tests/lib/suite.h"

START_TEST(test_glob__all_of_the_text_is_compared)
{
    static const struct {
        const char *glob;
        const char *text;
        bool matches;
    } rows[] = {
        { "kube-system", "kube-system", true },
        { "kube-system", "kube-systems", false },
        { "kube-system", "kube-syste", false },
        { "", "", true },
        { "", "a", false },
        { "*", "", true },
        { "*", "a/b", true },
        { "**", "a", true },
        { "ec2*", "ec2f0", true },
        { "ec2*", "ec", false },
        { "*.amazon", "4.11.amazon", true },
        { "*.amazon", "amazon", false },
        { "a*a", "a", false },
        { "a*a", "aa", true },
        { "*ab*b", "ab", false },
        { "*ab*b", "abab", true },
        { "* hypervisor *", "fpu hypervisor lahf", true },
        { "* hypervisor *", "fpu hypervisor", false },
        { "*ab*ab*ab", "abcab", false },
        { "*ab*ab*ab", "abxabxabxab", true },
        { "*", "\xff\xfe", true },
        { "\xff*", "\xff\xfe", true },
        { "i?86", "i686", true },
        { "a?b", "a/b", true },
        { "[a-c]*", "bz", true },
        { "\\*", "*", true },
        { "\\*", "a", false },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        ck_assert_msg(ocn_glob_matches(rows[i].glob, rows[i].text) == rows[i].matches, "%s of %s",
                      rows[i].glob, rows[i].text);
        ck_assert_msg((fnmatch(rows[i].glob, rows[i].text, 0) == 0) == rows[i].matches, "%s of %s",
                      rows[i].glob, rows[i].text);
    }
}
END_TEST

/* The text that @number stands for: each of its digits, but 0, is one of the characters. */
static void spell(unsigned number, const char *characters, char *ret)
{
    const unsigned count = (unsigned)strlen(characters) + 1;
    size_t len = 0;

    for (; number != 0; number /= count) {
        if (number % count != 0) {
            ret[len++] = characters[number % count - 1];
        }
    }
    ret[len] = '\0';
}

static const struct {
    const char *characters;
    unsigned count;
} globs[] = { { "ab*", 4096 } /* of six characters */, { "ab*?", 3125 } /* of five */ };

START_TEST(test_glob__as_fnmatch)
{
    unsigned held = 0;

    for (unsigned i = 0; i < globs[_i].count; i++) {
        char glob[16];
        spell(i, globs[_i].characters, glob);
        for (unsigned k = 0; k < 729; k++) {
            char text[16];
            spell(k, "ab", text);
            const bool ours = ocn_glob_matches(glob, text);
            ck_assert_msg(ours == (fnmatch(glob, text, 0) == 0), "%s of %s: %d", glob, text, ours);
            held += ours;
        }
    }
    ck_assert_uint_gt(held, 10000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("glob");
    TCase *tests = tcase_create("glob");

    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_test(tests, test_glob__all_of_the_text_is_compared);
    tcase_add_loop_test(tests, test_glob__as_fnmatch, 0, OCN_COUNT(globs));
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
