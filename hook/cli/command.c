/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cli/command.h"

#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "hook/judge/report.h"
#include "hook/sys/io.h"
#include "normalize/base/nearest.h"
#include "normalize/json/json.h"

#define MAX_OPTIONS 16
#define LINE 80
#define HELP_VALUE 'h'
#define FIRST_VALUE 256 /* of getopt_long's values: above every letter */

/* ---- reading ------------------------------------------------------------------------------ */

void ocn_command_words(const char *const *words, struct ocn_buf *ret)
{
    for (size_t i = 0; words[i] != NULL; i++) {
        ocn_buf_printf(ret, "%s%s", i == 0 ? "" : words[i + 1] == NULL ? " or " : ", ", words[i]);
    }
}

/* "--format: WHAT", or "ENGINE: WHAT" for what stands for itself. */
static int refuse(const struct ocn_command_option *option, const char *what, struct ocn_error *err)
{
    char where[64];

    (void)snprintf(where, sizeof(where), "%s%s", option->name != NULL ? "--" : "",
                   option->name != NULL ? option->name : option->argument);
    return ocn_fail(err, OCN_E_USAGE, where, "%s", what);
}

static int refuse_word(const struct ocn_command_option *option, const char *text,
                       struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf what = { 0 };

    ocn_buf_printf(&what, "no such value: %s; use ", text);
    ocn_command_words(option->words, &what);
    return ocn_buf_check(&what, err) < 0 ? -1 : refuse(option, what.ptr, err);
}

static int refuse_nothing(const struct ocn_command_option *option, struct ocn_error *err)
{
    char what[64];

    (void)snprintf(what, sizeof(what), "%s is missing", option->argument);
    return refuse(option, what, err);
}

static int read_word(const struct ocn_command_option *option, const char *text, const char **ret,
                     struct ocn_error *err)
{
    for (size_t i = 0; option->words[i] != NULL; i++) {
        if (strcmp(option->words[i], text) == 0) {
            *ret = option->words[i];
            return 0;
        }
    }
    return refuse_word(option, text, err);
}

static int add_text(const struct ocn_command_option *option, const char *text,
                    struct ocn_command_texts *ret, struct ocn_error *err)
{
    if (ret->len == OCN_COMMAND_MAX_TEXTS) {
        return ocn_fail(err, OCN_E_LIMIT, option->name, "is there more than %d times",
                        OCN_COMMAND_MAX_TEXTS);
    }
    ret->items[ret->len++] = text;
    return 0;
}

/* @text is borrowed: it is one of main()'s. */
static int take(const struct ocn_command_option *option, const char *text, void *request,
                struct ocn_error *err)
{
    void *at = (char *)request + option->offset;

    if (option->takes == OCN_COMMAND_TAKES_NOTHING) {
        *(bool *)at = true;
        return 0;
    }
    if (text[0] == '\0' && option->takes != OCN_COMMAND_TAKES_TEXT) {
        return refuse_nothing(option, err);
    }
    if (option->takes == OCN_COMMAND_TAKES_WORD) {
        return read_word(option, text, at, err);
    }
    if (option->repeats) {
        return add_text(option, text, at, err);
    }
    *(const char **)at = text;
    return 0;
}

/* @known: there is such an option, but it was given a value. */
static int refuse_option(const struct ocn_command *command, const char *word, bool known,
                         struct ocn_error *err)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
    if (known) {
        return ocn_fail(err, OCN_E_USAGE, name, "takes no value (ocinorm %s --help)",
                        command->name);
    }
    struct ocn_nearest nearest = ocn_nearest_to(name + strspn(name, "-"));

    for (size_t i = 0; i < command->options_len; i++) {
        ocn_nearest_offer(&nearest, command->options[i].name);
    }
    return ocn_fail(err, OCN_E_USAGE, name, "no such option%s%s%s (ocinorm %s --help)",
                    nearest.best != NULL ? "; did you mean --" : "",
                    nearest.best != NULL ? nearest.best : "", nearest.best != NULL ? "?" : "",
                    command->name);
}

/* The table as getopt_long(3) has it: values are FIRST_VALUE and the place in the table. */
static void lay_out(const struct ocn_command *command, struct option long_options[MAX_OPTIONS + 2],
                    char letters[2 * MAX_OPTIONS + 3])
{
    char *letter = letters;

    *letter++ = ':';
    *letter++ = HELP_VALUE;
    long_options[0] = (struct option){ "help", no_argument, NULL, HELP_VALUE };
    size_t count = command->options_len < MAX_OPTIONS ? command->options_len : MAX_OPTIONS;
    for (size_t i = 0; i < count; i++) {
        const struct ocn_command_option *option = &command->options[i];
        bool argument = option->takes != OCN_COMMAND_TAKES_NOTHING;
        long_options[i + 1] =
            (struct option){ option->name, argument ? required_argument : no_argument, NULL,
                             FIRST_VALUE + (int)i };
        if (option->letter != '\0') {
            *letter++ = option->letter;
            *letter = ':';
            letter += argument;
        }
    }
    long_options[count + 1] = (struct option){ 0 };
    *letter = '\0';
}

/* The option of getopt_long's @value; NULL: there is none. */
static const struct ocn_command_option *find_option(const struct ocn_command *command, int value)
{
    for (size_t i = 0; i < command->options_len; i++) {
        if (value == FIRST_VALUE + (int)i || value == command->options[i].letter) {
            return &command->options[i];
        }
    }
    return NULL;
}

static int print_help(const struct ocn_command *command, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    return ocn_command_help(command, &text, err) < 0 ||
                   ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&text), err) < 0
               ? -1
               : 0;
}

static int read_operand(const struct ocn_command *command, int count, char **words, void *request,
                        struct ocn_error *err)
{
    const struct ocn_command_option *operand = &command->operand;
    int most = operand->takes == OCN_COMMAND_TAKES_NOTHING ? 0 : operand->repeats ? count : 1;

    if (count > most) {
        return ocn_fail(err, OCN_E_USAGE, words[most], "unexpected argument (ocinorm %s --help)",
                        command->name);
    }
    for (int i = 0; i < count; i++) {
        if (take(operand, words[i], request, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_command_read(const struct ocn_command *command, int argc, char **argv, void *request,
                     bool *ret_helped, struct ocn_error *err)
{
    struct option long_options[MAX_OPTIONS + 2];
    char letters[2 * MAX_OPTIONS + 3];
    int value = 0;

    lay_out(command, long_options, letters);
    optind = 1;
    opterr = 0;
    while ((value = getopt_long(argc, argv, letters, long_options, NULL)) != -1) {
        const char letter[] = { '-', (char)optopt, '\0' };
        const struct ocn_command_option *option = find_option(command, value);
        if (value == HELP_VALUE) {
            if (print_help(command, err) < 0) {
                return -1;
            }
            *ret_helped = true;
            return 0;
        }
        if (value == ':') {
            option = find_option(command, optopt);
            return ocn_fail(err, OCN_E_USAGE, argv[optind - 1], "%s is missing (ocinorm %s --help)",
                            option != NULL ? option->argument : "its value", command->name);
        }
        if (option == NULL) {
            bool is_letter = optopt > 0 && optopt < FIRST_VALUE;
            return refuse_option(command, is_letter ? letter : argv[optind - 1],
                                 optopt >= FIRST_VALUE, err);
        }
        if (take(option, optarg, request, err) < 0) {
            return -1;
        }
    }
    if (read_operand(command, argc - optind, argv + optind, request, err) < 0) {
        return -1;
    }
    *ret_helped = false;
    return 0;
}

/* ---- help --------------------------------------------------------------------------------- */

/* @text behind what stands in @out's last line, in lines of their own width from @indent on. */
static void wrap(struct ocn_buf *out, const char *text, size_t at, size_t indent)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        if (at + len > LINE && at > indent) {
            ocn_buf_printf(out, "\n%*s", (int)indent, "");
            at = indent;
        }
        ocn_buf_add(out, text, len);
        at += len;
        text += len;
        if (*text == ' ') {
            text++;
            if (at + 1 + strcspn(text, " ") <= LINE) {
                ocn_buf_puts(out, " ");
                at++;
            } else {
                at = LINE + 1; /* the next word begins a line */
            }
        }
    }
    ocn_buf_puts(out, "\n");
}

static void add_synopsis(const struct ocn_command *command, bool *first, struct ocn_buf *out)
{
    for (size_t i = 0; command->commands != NULL && command->commands[i] != NULL; i++) {
        add_synopsis(command->commands[i], first, out);
    }
    for (size_t i = 0; command->synopsis != NULL && command->synopsis[i] != NULL; i++) {
        const char *gap = command->synopsis[i][0] != '\0' ? " " : "";
        ocn_buf_printf(out, "%s ocinorm %s%s%s\n", *first ? "usage:" : "      ", command->name, gap,
                       command->synopsis[i]);
        *first = false;
    }
}

static size_t width_of(const struct ocn_command_option *option)
{
    return strlen(option->name) + (option->argument != NULL ? strlen(option->argument) + 1 : 0);
}

/* Those of its own commands are options of a command, too; each once. */
static size_t list_options(const struct ocn_command *command,
                           const struct ocn_command_option *list[MAX_OPTIONS], size_t len)
{
    for (size_t i = 0; command->commands != NULL && command->commands[i] != NULL; i++) {
        len = list_options(command->commands[i], list, len);
    }
    for (size_t i = 0; i < command->options_len; i++) {
        bool there = false;
        for (size_t j = 0; j < len; j++) {
            there = there || strcmp(list[j]->name, command->options[i].name) == 0;
        }
        if (!there && len < MAX_OPTIONS) {
            list[len++] = &command->options[i];
        }
    }
    return len;
}

static void add_options(const struct ocn_command *command, struct ocn_buf *out)
{
    const struct ocn_command_option *list[MAX_OPTIONS];
    const size_t len = list_options(command, list, 0);
    size_t width = 0;

    for (size_t i = 0; i < len; i++) {
        width = width_of(list[i]) > width ? width_of(list[i]) : width;
    }
    const size_t indent = sizeof("  -b, --") - 1 + width + 2;
    for (size_t i = 0; i < len; i++) {
        const struct ocn_command_option *option = list[i];
        const char letter[] = { '-', option->letter, ',', '\0' };
        const char *argument = option->argument != NULL ? option->argument : "";
        ocn_buf_printf(out, "  %3s --%s%s%-*s  ", option->letter != '\0' ? letter : "",
                       option->name, argument[0] != '\0' ? " " : "",
                       (int)(width - width_of(option) + strlen(argument)), argument);
        wrap(out, option->text, indent, indent);
    }
    ocn_buf_puts(out, len != 0 ? "\n" : "");
}

static void add_commands(const struct ocn_command *command, struct ocn_buf *out)
{
    size_t width = 0;

    for (size_t i = 0; command->commands[i] != NULL; i++) {
        size_t len = strlen(command->commands[i]->name);
        width = len > width ? len : width;
    }
    for (size_t i = 0; command->commands[i] != NULL; i++) {
        ocn_buf_printf(out, "  %-*s  ", (int)width, command->commands[i]->name);
        wrap(out, command->commands[i]->summary, width + 4, width + 4);
    }
    ocn_buf_puts(out, "\n");
}

int ocn_command_help(const struct ocn_command *command, struct ocn_buf *out, struct ocn_error *err)
{
    bool first = true;

    add_synopsis(command, &first, out);
    ocn_buf_puts(out, "\n");
    wrap(out, command->about, 0, 0);
    ocn_buf_puts(out, "\n");
    if (command->commands != NULL) {
        add_commands(command, out);
    }
    add_options(command, out);
    if (command->more != NULL) {
        wrap(out, command->more, 0, 0);
        ocn_buf_puts(out, "\n");
    }
    ocn_buf_puts(out, "Exit status: ");
    wrap(out, command->exit_status, sizeof("Exit status: ") - 1, 0);
    return ocn_buf_check(out, err);
}

/* ---- as JSON ------------------------------------------------------------------------------ */

/* Every NULL of jansson's is found at the end, for it makes its parent NULL. */
static json_t *list_of(const char *const *texts)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && texts != NULL && texts[i] != NULL; i++) {
        if (json_array_append_new(list, json_string(texts[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *dump_option(const struct ocn_command_option *option)
{
    static const char *const takes[] = {
        [OCN_COMMAND_TAKES_NOTHING] = "nothing", [OCN_COMMAND_TAKES_DIR] = "dir",
        [OCN_COMMAND_TAKES_FILE] = "file",       [OCN_COMMAND_TAKES_TEXT] = "text",
        [OCN_COMMAND_TAKES_WORD] = "word",
    };
    const char letter[] = { option->letter, '\0' };

    return json_pack("{s:s?, s:s?, s:s, s:b, s:s?, s:o, s:s?}", "name", option->name, "letter",
                     letter[0] != '\0' ? letter : NULL, "takes", takes[option->takes], "repeats",
                     option->repeats, "argument", option->argument, "words", list_of(option->words),
                     "text", option->text);
}

static json_t *dump_options(const struct ocn_command *command)
{
    const struct ocn_command_option *options[MAX_OPTIONS];
    const size_t len = list_options(command, options, 0);
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && i < len; i++) {
        if (json_array_append_new(list, dump_option(options[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *dump_commands(const struct ocn_command *const *commands);

/* A line for each way to call it. */
static json_t *dump_synopsis(const struct ocn_command *command)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_auto_t *list = json_array();
    const size_t skipped = strlen("usage: ");
    bool first = true;

    add_synopsis(command, &first, &text);
    if (text.failed) {
        return NULL;
    }
    for (const char *line = text.ptr; line != NULL && *line != '\0';) {
        const size_t len = strcspn(line, "\n");
        if (json_array_append_new(list, json_stringn(line + skipped, len - skipped)) < 0) {
            return NULL;
        }
        line += len + (line[len] == '\n');
    }
    return json_incref(list);
}

static json_t *dump_command(const struct ocn_command *command)
{
    const bool has_operand = command->operand.takes != OCN_COMMAND_TAKES_NOTHING;

    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:o}", "name", command->name, "summary",
                     command->summary, "synopsis", dump_synopsis(command), "exit",
                     command->exit_status, "options", dump_options(command), "operand",
                     has_operand ? dump_option(&command->operand) : json_null(), "commands",
                     dump_commands(command->commands));
}

static json_t *dump_commands(const struct ocn_command *const *commands)
{
    json_t *list = json_array();

    for (size_t i = 0; list != NULL && commands != NULL && commands[i] != NULL; i++) {
        if (!commands[i]->elsewhere && json_array_append_new(list, dump_command(commands[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

int ocn_command_dump(const struct ocn_command *const *commands, struct ocn_buf *out,
                     struct ocn_error *err)
{
    json_auto_t *json = json_pack("{s:i, s:o}", "version", 1, "commands", dump_commands(commands));

    return json != NULL ? ocn_json_print(json, out, err) : ocn_fail_nomem(err);
}
