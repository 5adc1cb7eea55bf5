/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cli/program.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hook/cli/cli.h"
#include "hook/judge/judge.h"
#include "hook/sys/io.h"
#include "normalize/base/nearest.h"

struct request {
    const char *format;
    const char *command;
};

static const struct ocn_command_option help_options[] = {
    OCN_CLI_FORMAT(struct request, "text (default), or json: every command with its options"),
};

static const char *const help_synopsis[] = { "[COMMAND] [--format text|json]", NULL };

static const struct ocn_command help = {
    .name = "help",
    .summary = "print this text",
    .synopsis = help_synopsis,
    .about = "Lists the commands, or prints the usage of one. As JSON it is what manual pages and "
             "completions are made of.",
    .options = help_options,
    .options_len = OCN_COUNT(help_options),
    .operand = { .takes = OCN_COMMAND_TAKES_TEXT,
                 .argument = "COMMAND",
                 .offset = offsetof(struct request, command) },
    .exit_status = "0 fine, 2 could not do it.",
};

static const char *const no_words[] = { "", NULL };

static const struct ocn_command version = {
    .name = "version",
    .summary = "print the version",
    .synopsis = no_words,
    .about = "Prints the version.",
    .exit_status = "0 fine, 2 could not do it.",
};

static const struct ocn_command *const own[] = { &help, &version };

/* Other spellings of a command, as every program has them. */
static const struct {
    const char *spelling;
    const struct ocn_command *command;
} spellings[] = {
    { "--help", &help }, { "-h", &help }, { "--version", &version }, { "-V", &version }
};

/* The program's commands, and those that every program has. */
struct list {
    const struct ocn_command *items[OCN_PROGRAM_MAX_COMMANDS + OCN_COUNT(own) + 1];
    size_t len;
};

static struct list list_of(const struct ocn_program *program)
{
    struct list list = { .len = 0 };

    for (size_t i = 0; i < OCN_PROGRAM_MAX_COMMANDS && program->commands[i] != NULL; i++) {
        list.items[list.len++] = program->commands[i];
    }
    for (size_t i = 0; i < OCN_COUNT(own); i++) {
        list.items[list.len++] = own[i];
    }
    list.items[list.len] = NULL;
    return list;
}

static const struct ocn_command *find(const struct list *list, const char *name)
{
    for (size_t i = 0; i < list->len; i++) {
        if (strcmp(name, list->items[i]->name) == 0) {
            return list->items[i];
        }
    }
    for (size_t i = 0; i < OCN_COUNT(spellings); i++) {
        if (strcmp(name, spellings[i].spelling) == 0) {
            return spellings[i].command;
        }
    }
    return NULL;
}

static int reject(const struct ocn_program *program, const struct list *list, const char *name)
{
    struct ocn_nearest nearest = ocn_nearest_to(name);

    for (size_t i = 0; i < list->len; i++) {
        ocn_nearest_offer(&nearest, list->items[i]->name);
    }
    (void)fprintf(stderr, "ocinorm: error: %s: no such command", name);
    if (nearest.best != NULL) {
        (void)fprintf(stderr, "; did you mean %s?", nearest.best);
    }
    (void)fprintf(stderr, " (%s help lists them)\n", program->name);
    return 2;
}

static void list_commands(const struct ocn_program *program, const struct list *list,
                          struct ocn_buf *out)
{
    ocn_buf_printf(out, "usage: %s COMMAND [OPTION...]\n\n%s\n\n", program->name, program->about);
    for (size_t i = 0; i < list->len; i++) {
        ocn_buf_printf(out, "  %-9s  %s\n", list->items[i]->name, list->items[i]->summary);
    }
    ocn_buf_printf(out,
                   "\n"
                   "%s COMMAND --help says more. Exit status: 0 fine, 1 findings or denied, "
                   "2 could\n"
                   "not do it.\n",
                   program->name);
}

static int print(const struct ocn_buf *text)
{
    struct ocn_error err = { 0 };

    return ocn_buf_check(text, &err) < 0 ||
                   ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(text), &err) < 0
               ? ocn_cli_complain(&err)
               : 0;
}

/* Another program's command says itself what it takes. */
static int ask_for_help(const struct ocn_command *command)
{
    char name[32];
    char option[] = "--help";

    (void)snprintf(name, sizeof(name), "%s", command->name);
    char *argv[] = { name, option, NULL };
    return command->run(2, argv);
}

static int run_help(const struct ocn_program *program, int argc, char **argv)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct list list = list_of(program);
    struct request request = { 0 };
    struct ocn_error err = { 0 };
    bool helped = false;
    int status = ocn_command_read(&help, argc, argv, &request, &helped, &err);

    if (helped) {
        return 0;
    }
    if (status < 0) {
        return ocn_cli_complain(&err);
    }
    const struct ocn_command *command =
        request.command != NULL ? find(&list, request.command) : NULL;
    if (request.command != NULL && command == NULL) {
        return reject(program, &list, request.command);
    }
    if (ocn_cli_is_json(request.format)) {
        const struct ocn_command *const one[] = { command, NULL };
        status = ocn_command_dump(command != NULL ? one : list.items, &out, &err);
    } else if (command != NULL && command->elsewhere) {
        return ask_for_help(command);
    } else if (command != NULL) {
        status = ocn_command_help(command, &out, &err);
    } else {
        list_commands(program, &list, &out);
    }
    return status < 0 ? ocn_cli_complain(&err) : print(&out);
}

static int run_version(const struct ocn_program *program, int argc, char **argv)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_error err = { 0 };
    bool helped = false;

    if (ocn_command_read(&version, argc, argv, NULL, &helped, &err) < 0) {
        return ocn_cli_complain(&err);
    }
    if (helped) {
        return 0;
    }
    ocn_buf_printf(&out, "%s %s\n", program->name, OCN_VERSION);
    return print(&out);
}

int ocn_program_main(const struct ocn_program *program, int argc, char **argv)
{
    const struct list list = list_of(program);

    ocn_judge_seed();
    if (argc < 2) {
        (void)fprintf(stderr, "ocinorm: error: name a command (%s help lists them)\n",
                      program->name);
        return 2;
    }
    const struct ocn_command *command = find(&list, argv[1]);
    if (command == NULL) {
        return reject(program, &list, argv[1]);
    }
    if (command == &help) {
        return run_help(program, argc - 1, argv + 1);
    }
    return command == &version ? run_version(program, argc - 1, argv + 1)
                               : command->run(argc - 1, argv + 1);
}
