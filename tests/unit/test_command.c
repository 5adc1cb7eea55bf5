/* SPDX-License-Identifier: Apache-2.0 */
/* A command's words by its table: read, refused with what is right, told as text and as JSON. */
#include "hook/cli/command.h"

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hook/install/engine.h"
#include "tests/lib/suite.h"

struct request {
    const char *bundle;
    const char *format;
    const char *file;
    struct ocn_command_texts env;
    bool all;
};

static const char *const formats[] = { "text", "json", "xml", NULL };

static const struct ocn_command_option options[] = {
    { .name = "bundle",
      .letter = 'b',
      .takes = OCN_COMMAND_TAKES_DIR,
      .argument = "DIR",
      .offset = offsetof(struct request, bundle),
      .text = "the directory of a file whose name is so long that this sentence needs two lines" },
    { .name = "format",
      .takes = OCN_COMMAND_TAKES_WORD,
      .argument = "FORMAT",
      .words = formats,
      .offset = offsetof(struct request, format),
      .text = "text (default), json or xml" },
    { .name = "env",
      .takes = OCN_COMMAND_TAKES_TEXT,
      .repeats = true,
      .argument = "NAME=VALUE",
      .offset = offsetof(struct request, env),
      .text = "a variable" },
    { .name = "all", .offset = offsetof(struct request, all), .text = "all of them" },
};

static const char *const synopsis[] = { "[OPTION...] FILE", NULL };

static const struct ocn_command show = {
    .name = "show",
    .summary = "show a file",
    .synopsis = synopsis,
    .about = "Shows a file.",
    .options = options,
    .options_len = OCN_COUNT(options),
    .operand = { .takes = OCN_COMMAND_TAKES_FILE,
                 .argument = "FILE",
                 .offset = offsetof(struct request, file) },
    .exit_status = "0 fine.",
};

static const struct ocn_command *const commands[] = { &show, NULL };
static const struct ocn_command group = { .name = "group",
                                          .summary = "of commands",
                                          .about = "Has one.",
                                          .exit_status = "0 fine.",
                                          .commands = commands };

static struct request request;
static bool helped;
static struct ocn_error err;

#define READ(...)                                                                                  \
    read_words((const char *[]){ "show", __VA_ARGS__, NULL },                                      \
               (int)OCN_COUNT(((const char *[]){ "show", __VA_ARGS__ })))

static int read_words(const char **words, int count)
{
    request = (struct request){ 0 };
    err = (struct ocn_error){ 0 };
    return ocn_command_read(&show, count, (char **)(uintptr_t)words, &request, &helped, &err);
}

static void expect_refusal(int status, const char *where, const char *message)
{
    ck_assert_int_eq(status, -1);
    ck_assert_int_eq(err.code, OCN_E_USAGE);
    ck_assert_str_eq(err.where, where);
    ck_assert_str_eq(err.msg, message);
}

START_TEST(test_command__words_of_every_kind_are_read)
{
    ck_assert_int_eq(READ("-b", "dir", "--format=json", "--env", "A=1", "--all", "--env=B=2", "x"),
                     0);
    ck_assert(!helped);
    ck_assert_str_eq(request.bundle, "dir");
    ck_assert_str_eq(request.format, "json");
    ck_assert_str_eq(request.file, "x");
    ck_assert(request.all);
    ck_assert_uint_eq(request.env.len, 2);
    ck_assert_str_eq(request.env.items[1], "B=2");
    ck_assert_int_eq(READ("--bundle", "other"), 0);
    ck_assert_str_eq(request.bundle, "other");
    ck_assert_ptr_null(request.format);
    ck_assert_ptr_null(request.file);
    ck_assert(!request.all);
}
END_TEST

START_TEST(test_command__what_is_no_word_of_it_is_refused_with_what_is_right)
{
    expect_refusal(READ("--format", "yaml"), "--format",
                   "no such value: yaml; use text, json or xml");
    expect_refusal(READ("--formt=json"), "--formt",
                   "no such option; did you mean --format? (ocinorm show --help)");
    expect_refusal(READ("-x"), "-x", "no such option (ocinorm show --help)");
    expect_refusal(READ("--bundle="), "--bundle", "DIR is missing");
    expect_refusal(READ("--format="), "--format", "FORMAT is missing");
    expect_refusal(READ(""), "FILE", "FILE is missing");
    expect_refusal(READ("--bundle"), "--bundle", "DIR is missing (ocinorm show --help)");
    expect_refusal(READ("-b"), "-b", "DIR is missing (ocinorm show --help)");
    expect_refusal(READ("x", "y"), "y", "unexpected argument (ocinorm show --help)");
    expect_refusal(READ("--all=yes"), "--all", "takes no value (ocinorm show --help)");
}
END_TEST

START_TEST(test_command__what_repeats_has_a_limit)
{
    const char *words[2 * OCN_COMMAND_MAX_TEXTS + 4] = { "show" };
    int count = 1;

    for (size_t i = 0; i < OCN_COMMAND_MAX_TEXTS; i++) {
        words[count++] = "--env";
        words[count++] = "A=1";
    }
    ck_assert_int_eq(read_words(words, count), 0);
    ck_assert_uint_eq(request.env.len, OCN_COMMAND_MAX_TEXTS);
    words[count++] = "--env=B=1";
    ck_assert_int_eq(read_words(words, count), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
}
END_TEST

START_TEST(test_command__help_is_the_table_in_lines_of_eighty_columns)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ck_assert_int_eq(ocn_command_help(&show, &text, &err), 0);
    ck_assert_str_eq(
        text.ptr,
        "usage: ocinorm show [OPTION...] FILE\n"
        "\n"
        "Shows a file.\n"
        "\n"
        "  -b, --bundle DIR      the directory of a file whose name is so long that this\n"
        "                        sentence needs two lines\n"
        "      --format FORMAT   text (default), json or xml\n"
        "      --env NAME=VALUE  a variable\n"
        "      --all             all of them\n"
        "\n"
        "Exit status: 0 fine.\n");
    ck_assert_int_eq(READ("--all", "--help", "--nonsense"), 0);
    ck_assert(helped);
}
END_TEST

START_TEST(test_command__a_group_has_the_options_of_its_commands)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ck_assert_int_eq(ocn_command_help(&group, &text, &err), 0);
    ck_assert_ptr_nonnull(strstr(text.ptr, "usage: ocinorm show [OPTION...] FILE\n"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "\n  show  show a file\n"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "\n      --all "));
}
END_TEST

START_TEST(test_command__as_json_nothing_is_lost)
{
    const struct ocn_command *const all[] = { &group, NULL };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const char *name;
    const char *letter;
    const char *argument;
    const char *takes;
    int repeats = 0;

    ck_assert_int_eq(ocn_command_dump(all, &text, &err), 0);
    json_auto_t *json = json_loadb(text.ptr, text.len, 0, NULL);
    json_t *own = NULL;
    ck_assert_int_eq(json_unpack(json, "{s:[{s:[o]}]}", "commands", "commands", &own), 0);
    const json_t *list = json_object_get(own, "options");
    ck_assert_uint_eq(json_array_size(list), OCN_COUNT(options));
    ck_assert_int_eq(json_unpack(json_array_get(list, 0), "{s:s, s:s, s:s, s:s}", "name", &name,
                                 "letter", &letter, "argument", &argument, "takes", &takes),
                     0);
    ck_assert_str_eq(name, "bundle");
    ck_assert_str_eq(letter, "b");
    ck_assert_str_eq(argument, "DIR");
    ck_assert_str_eq(takes, "dir");
    ck_assert_uint_eq(json_array_size(json_object_get(json_array_get(list, 1), "words")), 3);
    ck_assert_int_eq(json_unpack(json_array_get(list, 2), "{s:b}", "repeats", &repeats), 0);
    ck_assert_int_eq(repeats, 1);
    ck_assert(json_is_null(json_object_get(json_array_get(list, 3), "argument")));
    ck_assert(json_is_object(json_object_get(own, "operand")));
}
END_TEST

START_TEST(test_command__engines_are_those_of_the_table)
{
    for (size_t i = 0; i < ocn_engine_count; i++) {
        ck_assert_str_eq(ocn_engine_names[i], ocn_engines[i].name);
    }
    ck_assert_ptr_null(ocn_engine_names[ocn_engine_count]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("command");
    TCase *tcase = tcase_create("command");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_test(tcase, test_command__words_of_every_kind_are_read);
    tcase_add_test(tcase, test_command__what_is_no_word_of_it_is_refused_with_what_is_right);
    tcase_add_test(tcase, test_command__what_repeats_has_a_limit);
    tcase_add_test(tcase, test_command__help_is_the_table_in_lines_of_eighty_columns);
    tcase_add_test(tcase, test_command__a_group_has_the_options_of_its_commands);
    tcase_add_test(tcase, test_command__as_json_nothing_is_lost);
    tcase_add_test(tcase, test_command__engines_are_those_of_the_table);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
