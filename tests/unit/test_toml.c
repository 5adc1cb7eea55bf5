/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/toml.h"

#include <check.h>
#include <string.h>

#include "tests/lib/suite.h"

#define DOT OCN_TOML_DOT

static struct ocn_toml toml;

static struct ocn_bytes bytes(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

static void scan(const char *text)
{
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_toml_scan(bytes(text), &toml, &err) == 0, "%s: %s", err.where, err.msg);
}

static void leave(void)
{
    ocn_arena_done(&toml.arena);
    toml = (struct ocn_toml){ 0 };
}

static void expect(const char *path, const char *value)
{
    const struct ocn_toml_row *row = ocn_toml_find(&toml, path);

    ck_assert_msg(row != NULL, "nothing at %s", path);
    ck_assert_uint_eq(row->value.len, strlen(value));
    ck_assert_mem_eq(row->value.ptr, value, row->value.len);
}

START_TEST(test_toml__paths_of_all_spellings_are_the_same)
{
    scan("a.b = 1\n[a.\"x.y\"]\n'b' = 2\r\nc . d = 3 # four\n[ 'e' ]\n\"\\u0066\" = 4");
    expect("a" DOT "b", "1");
    expect("a" DOT "x.y" DOT "b", "2");
    expect("a" DOT "x.y" DOT "c" DOT "d", "3");
    expect("e" DOT "f", "4");
    ck_assert_uint_eq(ocn_toml_find(&toml, "e" DOT "f")->line, 6);
}
END_TEST

START_TEST(test_toml__values_end_where_they_end)
{
    scan("a = [1, # ]\n  \"]\", ['x', {y = 1}], ]\nb = \"\"\"\n[c]\n\\\"\"\"\"\"\"\n"
         "d = 1979-05-27 07:32:00\ne = '''x''y'''\nf = +1.5e3");
    expect("a", "[1, # ]\n  \"]\", ['x', {y = 1}], ]");
    expect("b", "\"\"\"\n[c]\n\\\"\"\"\"\"\"");
    expect("d", "1979-05-27 07:32:00");
    expect("e", "'''x''y'''");
    expect("f", "+1.5e3");
    ck_assert_ptr_null(ocn_toml_find(&toml, "c"));
}
END_TEST

START_TEST(test_toml__inline_tables_have_rows_of_their_own)
{
    scan("[t]\no = { a = 1, b.c = \"x\", d = { } }");
    expect("t" DOT "o" DOT "a", "1");
    expect("t" DOT "o" DOT "b" DOT "c", "\"x\"");
    ck_assert(ocn_toml_find(&toml, "t" DOT "o")->is_table);
    ck_assert(!ocn_toml_find(&toml, "t" DOT "o")->is_nested);
    ck_assert(ocn_toml_find(&toml, "t" DOT "o" DOT "a")->is_nested);
}
END_TEST

START_TEST(test_toml__the_last_value_counts_and_comments_do_not)
{
    scan("# version = 1\nversion = 2\n[a]\nversion = 3\n[[b]]\nversion = 4\n");
    expect("version", "2");
    expect("b" DOT "version", "4");
}
END_TEST

static const struct bad {
    const char *text;
    const char *place;
} bad[] = {
    { "a", "1:2" },
    { "a = ", "1:5" },
    { "a = 1 b", "1:7" },
    { "= 1", "1:1" },
    { "[a", "1:3" },
    { "[[a]", "1:4" },
    { "\n[a]]", "2:4" },
    { "a = \"x", "1:7" },
    { "a = 'x\n'", "1:7" },
    { "a = [1 2]", "1:8" },
    { "a = {b = 1", "1:11" },
    { "a = \"\"\"x\"\"", "1:11" },
    { "\"a\tb\" = 1", "1:6" },
    { "\"\\q\" = 1", "1:5" },
    { "a.. = 1", "1:3" },
    { "a = [", "1:6" },
    { "\xef\xbb\xbf"
      "a = 1",
      "1:1" },
};

START_TEST(test_toml__what_is_not_understood_has_a_place)
{
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_toml_scan(bytes(bad[_i].text), &toml, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_str_eq(err.where, bad[_i].place);
    ck_assert_uint_eq(toml.count, 0);
}
END_TEST

START_TEST(test_toml__depth_has_a_limit)
{
    char text[256] = "a = ";

    memset(text + 4, '[', 200);
    ck_assert_int_eq(ocn_toml_scan(bytes(text), &toml, NULL), -1);
    memset(text + 4, '{', 200);
    ck_assert_int_eq(ocn_toml_scan(bytes(text), &toml, NULL), -1);
}
END_TEST

START_TEST(test_toml__every_cut_is_an_error_or_a_shorter_text)
{
    const char *text = "[a.'b']\nc = [ \"x\\u00e9\", '''y''' ] # d\ne = { f = 1 }\n";

    for (size_t len = 0; len < strlen(text); len++) {
        (void)!ocn_toml_scan((struct ocn_bytes){ text, len }, &toml, NULL);
        leave();
    }
}
END_TEST

START_TEST(test_toml__strings_are_decoded)
{
    struct ocn_arena arena = { 0 };

    ck_assert_str_eq(ocn_toml_string(&arena, bytes("\"a\\\"b\\\\c\\u00e9\\t\"")),
                     "a\"b\\c\xc3\xa9\t");
    ck_assert_str_eq(ocn_toml_string(&arena, bytes("'a\\b'")), "a\\b");
    ck_assert_str_eq(ocn_toml_string(&arena, bytes("\"\"")), "");
    ck_assert_ptr_null(ocn_toml_string(&arena, bytes("\"\"\"a\"\"\"")));
    ck_assert_ptr_null(ocn_toml_string(&arena, bytes("\"\\u0000\"")));
    ck_assert_ptr_null(ocn_toml_string(&arena, bytes("\"\\ud800\"")));
    ck_assert_ptr_null(ocn_toml_string(&arena, bytes("1")));
    ocn_arena_done(&arena);
}
END_TEST

START_TEST(test_toml__lists_of_strings_are_walked)
{
    struct ocn_arena arena = { 0 };
    struct ocn_bytes list = bytes("[ # one\n 'a',\n \"b\" # two\n ]");
    const char *text = NULL;
    size_t pos = 0;

    ck_assert_int_eq(ocn_toml_next_string(&arena, list, &pos, &text), OCN_TOML_NEXT);
    ck_assert_str_eq(text, "a");
    ck_assert_int_eq(ocn_toml_next_string(&arena, list, &pos, &text), OCN_TOML_NEXT);
    ck_assert_str_eq(text, "b");
    ck_assert_int_eq(ocn_toml_next_string(&arena, list, &pos, &text), OCN_TOML_END);
    pos = 0;
    ck_assert_int_eq(ocn_toml_next_string(&arena, bytes("[1]"), &pos, &text), OCN_TOML_NO_LIST);
    pos = 0;
    ck_assert_int_eq(ocn_toml_next_string(&arena, bytes("\"a\""), &pos, &text), OCN_TOML_NO_LIST);
    ocn_arena_done(&arena);
}
END_TEST

static const struct grown {
    const char *list;
    const char *with_x;
} grown[] = {
    { "[]", "[\"x\"]" },
    { "[ ]", "[\"x\" ]" },
    { "['a']", "['a', \"x\"]" },
    { "[\n  1, # one\n]", "[\n  1, \"x\" # one\n]" },
    { "['a' # , ]\n]", "['a', \"x\" # , ]\n]" },
    { "[{a = 1}, ['b']]", "[{a = 1}, ['b'], \"x\"]" },
};

START_TEST(test_toml__a_list_grows_at_its_end)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    ocn_toml_list_add(&out, bytes(grown[_i].list), "x");
    ck_assert_str_eq(out.ptr, grown[_i].with_x);
}
END_TEST

START_TEST(test_toml__keys_are_quoted_where_they_must_be)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    ocn_toml_key(&out, "plugins" DOT "io.containerd.x" DOT "a-b_1" DOT "" DOT "q\"\\");
    ck_assert_str_eq(out.ptr, "plugins.\"io.containerd.x\".a-b_1.\"\".\"q\\\"\\\\\"");
}
END_TEST

START_TEST(test_toml__below_is_not_beside)
{
    ck_assert_str_eq(ocn_toml_below("a" DOT "b" DOT "c", "a" DOT "b"), "c");
    ck_assert_str_eq(ocn_toml_below("a", "a"), "");
    ck_assert_ptr_null(ocn_toml_below("ab", "a"));
    ck_assert_ptr_null(ocn_toml_below("a", "a" DOT "b"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("toml");
    TCase *tcase = tcase_create("toml");

    tcase_add_checked_fixture(tcase, NULL, leave);
    tcase_add_test(tcase, test_toml__paths_of_all_spellings_are_the_same);
    tcase_add_test(tcase, test_toml__values_end_where_they_end);
    tcase_add_test(tcase, test_toml__inline_tables_have_rows_of_their_own);
    tcase_add_test(tcase, test_toml__the_last_value_counts_and_comments_do_not);
    tcase_add_loop_test(tcase, test_toml__what_is_not_understood_has_a_place, 0,
                        (int)OCN_COUNT(bad));
    tcase_add_test(tcase, test_toml__depth_has_a_limit);
    tcase_add_test(tcase, test_toml__every_cut_is_an_error_or_a_shorter_text);
    tcase_add_test(tcase, test_toml__strings_are_decoded);
    tcase_add_test(tcase, test_toml__lists_of_strings_are_walked);
    tcase_add_loop_test(tcase, test_toml__a_list_grows_at_its_end, 0, (int)OCN_COUNT(grown));
    tcase_add_test(tcase, test_toml__keys_are_quoted_where_they_must_be);
    tcase_add_test(tcase, test_toml__below_is_not_beside);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
