/* SPDX-License-Identifier: Apache-2.0 */
#include <fnmatch.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "normalize/policy/pattern.h"
#include "tests/lib/suite.h"

static const struct {
    const char *text;
    const char *value;
    bool holds;
} rows[] = {
    /* globs */
    { "", "", true },
    { "", "a", false },
    { "a.b", "a.b", true },
    { "a.b", "axb", false },
    { "*", "", true },
    { "*", "a\nb", true },
    { "a*c", "abcbc", true },
    { "a*c", "abcb", false },
    { "?", "", false },
    { "?", "\xc3\xbc", true }, /* one character */
    { "??", "\xc3\xbc", false },
    { "?", "\n", true },
    { "[a-c]x", "bx", true },
    { "[a-c]x", "dx", false },
    { "[!a-c]x", "dx", true },
    { "[^a-c]", "\xe2\x82\xac", true },
    { "[.*]", "*", true },
    { "[a-]", "-", true },
    { "\\*", "*", true },
    { "\\*", "a", false },
    { "a$", "a$", true },
    { "(a|b)", "(a|b)", true },
    /* patterns */
    { "^$", "", true },
    { "^$", "a", false },
    { "^a$", "ab", false },
    { "^a|b$", "b", true }, /* anchored as a whole */
    { "^a|b$", "ab", false },
    { "^a|bc|d$", "bc", true },
    { "^(a|b)*c$", "ababc", true },
    { "^(|x)y$", "y", true },
    { "^a{2,3}$", "a", false },
    { "^a{2,3}$", "aaa", true },
    { "^a{2,3}$", "aaaa", false },
    { "^a{2,}$", "aaaaa", true },
    { "^a{2,}$", "a", false },
    { "^a{0}b$", "b", true },
    { "^a{0,2}$", "aa", true },
    { "^(ab?){2}$", "aab", true },
    { "^(a*)*$", "aaa", true },
    { "^.$", "\n", false }, /* as RE2 has it */
    { "^.$", "\r", true },
    { "^[^a]$", "\n", true },
    { "^\\.\\$$", ".$", true },
    { "^[]$", "", false }, /* refused, holds never */
    { "^[a-z0-9._-]+@shop\\.example$", "an.na-b@shop.example", true },
    { "^[a-z0-9._-]+@shop\\.example$", "anna@shop-example", false },
};

START_TEST(test_pattern__holds)
{
    ck_assert_msg(ocn_pattern_holds(rows[_i].text, rows[_i].value) == rows[_i].holds,
                  "\"%s\" \"%s\"", rows[_i].text, rows[_i].value);
}
END_TEST

/* What RE2, or the glob of somebody else, could read otherwise. */
static const char *const refused[] = {
    "^a",
    "[a",
    "[]",
    "[!]",
    "[z-a]",
    "[[:alpha:]]",
    "[a\\d]",
    "\\",
    "a\\b",
    "\xc3\xbc",
    "a\tb",
    "^(a$",
    "^a)$",
    "^*a$",
    "^a**$",
    "^a+?$",
    "^a{2}{3}$",
    "^a{,3}$",
    "^a{3,2}$",
    "^a{x}$",
    "^a}$",
    "^a]$",
    "^[a]]$",
    "^\\d$",
    "^\\1$",
    "^(?:a)$",
    "^(?i)a$",
    "^a^b$",
    "^a$b$",
    "^[a-]b$x",
    "^[^]$",
    "^a{1001}$",
    "^(a{500}){3}$",
    "^((((((((((((((((((((((a))))))))))))))))))))))$",
    "^\\-$",
    "^[[a]$",
    "^{2}$",
    "^|*$",
    "^(*)$",
    "^a{2$",
};

START_TEST(test_pattern__refuses)
{
    ck_assert_msg(ocn_pattern_check(refused[_i]) != NULL, "\"%s\"", refused[_i]);
}
END_TEST

START_TEST(test_pattern__has_limits)
{
    char text[OCN_PATTERN_MAX_TEXT + 2];

    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    ck_assert_ptr_nonnull(ocn_pattern_check(text));
    text[sizeof(text) - 2] = '\0';
    ck_assert_ptr_null(ocn_pattern_check(text));
    ck_assert_ptr_null(ocn_pattern_check("^a{1000}$"));
    ck_assert_ptr_nonnull(ocn_pattern_check("^a{1000}b$"));
}
END_TEST

static const struct {
    const char *text;
    const char *regex;
} regexes[] = {
    { "", "^(?:)$" },
    { "a.b*?", "^(?:a\\.b[\\s\\S]*[\\s\\S])$" },
    { "[!a-c][^x][.]", "^(?:[^a-c][^x][.])$" },
    { "\\*(a|b)+{2}", "^(?:\\*\\(a\\|b\\)\\+\\{2\\})$" },
    { "^a|b$", "^(?:a|b)$" },
    { "[\\]\\-]", "^(?:[\\]\\-])$" },
};

START_TEST(test_pattern__as_regex)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    ck_assert_ptr_null(ocn_pattern_check(regexes[_i].text));
    ocn_pattern_regex(regexes[_i].text, &out);
    ocn_buf_add(&out, "", 1);
    ck_assert_str_eq(out.ptr, regexes[_i].regex);
}
END_TEST

/* ---- against the libc ------------------------------------------------------------------- */

static unsigned state = 1;

static unsigned number(unsigned below)
{
    state = state * 1103515245U + 12345U;
    return (state >> 16) % below;
}

static void add_word(char *text, size_t size, const char *const *words, unsigned count,
                     unsigned most)
{
    text[0] = '\0';
    for (unsigned i = number(most + 1); i > 0; i--) {
        size_t len = strlen(text);
        (void)snprintf(text + len, size - len, "%s", words[number(count)]);
    }
}

static void add_value(char *text, size_t size)
{
    static const char *const words[] = { "a", "b", "c", "ab", ".", "-" };

    add_word(text, size, words, OCN_COUNT(words), 6);
}

/* Thousands of patterns of these words are right; what is refused proves nothing. */
START_TEST(test_pattern__as_regexec)
{
    static const char *const words[] = { "a", "b",   "ab",    ".",     "[ab]", "[^a]", "[a-c]",
                                         "(", "(",   ")",     ")",     "|",    "*",    "+",
                                         "?", "{2}", "{1,2}", "{0,1}", "{1,}", "\\.",  "[b.-]" };
    unsigned read = 0;
    unsigned held = 0;

    for (unsigned i = 0; i < 60000; i++) {
        char inner[64];
        char text[80];
        char value[64];
        regex_t regex;
        add_word(inner, sizeof(inner), words, OCN_COUNT(words), 8);
        (void)snprintf(text, sizeof(text), "^%s$", inner);
        if (ocn_pattern_check(text) != NULL) {
            continue;
        }
        (void)snprintf(text, sizeof(text), "^(%s)$", inner);
        ck_assert_msg(regcomp(&regex, text, REG_EXTENDED | REG_NOSUB) == 0, "%s", text);
        (void)snprintf(text, sizeof(text), "^%s$", inner);
        for (unsigned k = 0; k < 4; k++) {
            add_value(value, sizeof(value));
            bool ours = ocn_pattern_holds(text, value);
            ck_assert_msg(ours == (regexec(&regex, value, 0, NULL, 0) == 0), "%s of %s: %d", text,
                          value, ours);
            held += ours;
        }
        regfree(&regex);
        read++;
    }
    ck_assert_uint_gt(read, 5000);
    ck_assert_uint_gt(held, 500);
}
END_TEST

START_TEST(test_pattern__as_fnmatch)
{
    static const char *const words[] = { "a", "b", "c", "*", "?", "[ab]", "[!a]", "\\*", ".", "-" };
    unsigned held = 0;

    for (unsigned i = 0; i < 60000; i++) {
        char glob[64];
        char value[64];
        add_word(glob, sizeof(glob), words, OCN_COUNT(words), 6);
        add_value(value, sizeof(value));
        bool ours = ocn_pattern_holds(glob, value);
        ck_assert_msg(ours == (fnmatch(glob, value, 0) == 0), "%s of %s: %d", glob, value, ours);
        held += ours;
    }
    ck_assert_uint_gt(held, 1000);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pattern");
    TCase *tests = tcase_create("pattern");

    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_loop_test(tests, test_pattern__holds, 0, (int)OCN_COUNT(rows));
    tcase_add_loop_test(tests, test_pattern__refuses, 0, (int)OCN_COUNT(refused));
    tcase_add_test(tests, test_pattern__has_limits);
    tcase_add_loop_test(tests, test_pattern__as_regex, 0, (int)OCN_COUNT(regexes));
    tcase_add_test(tests, test_pattern__as_regexec);
    tcase_add_test(tests, test_pattern__as_fnmatch);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
