/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm: the command line for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/cli/cli.h"
#include "hook/judge/judge.h"
#include "hook/sys/io.h"
#include "normalize/base/nearest.h"

static int run_help(int argc, char **argv);
static int run_version(int argc, char **argv);

const char *const ocn_cli_formats[] = { "text", "json", NULL };

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
    .run = run_help,
};

static const char *const no_words[] = { "", NULL };

static const struct ocn_command version = {
    .name = "version",
    .summary = "print the version",
    .synopsis = no_words,
    .about = "Prints the version.",
    .exit_status = "0 fine, 2 could not do it.",
    .run = run_version,
};

static const struct ocn_command *const commands[] = {
    &ocn_cli_explain,
    &ocn_cli_apply,
    &ocn_cli_detect,
    &ocn_cli_doctor,
    &ocn_cli_buildinfo,
    &ocn_cli_config,
    &ocn_cli_install,
    &ocn_cli_uninstall,
    &help,
    &version,
    NULL,
};

/* Other spellings of a command, as every program has them. */
static const struct {
    const char *spelling;
    const struct ocn_command *command;
} spellings[] = {
    { "--help", &help }, { "-h", &help }, { "--version", &version }, { "-V", &version }
};

static void list_commands(struct ocn_buf *out)
{
    ocn_buf_puts(out, "usage: ocinorm COMMAND [OPTION...]\n"
                      "\n"
                      "Makes a container behave the same on every node.\n"
                      "\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        ocn_buf_printf(out, "  %-9s  %s\n", commands[i]->name, commands[i]->summary);
    }
    ocn_buf_puts(out,
                 "\n"
                 "ocinorm COMMAND --help says more. Exit status: 0 fine, 1 findings or denied, "
                 "2 could\n"
                 "not do it.\n");
}

static int print(const struct ocn_buf *text)
{
    struct ocn_error err = { 0 };

    return ocn_buf_check(text, &err) < 0 ||
                   ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(text), &err) < 0
               ? ocn_cli_complain(&err)
               : 0;
}

static int reject(const char *name);
static const struct ocn_command *find_command(const char *name);

static int run_help(int argc, char **argv)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
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
        request.command != NULL ? find_command(request.command) : NULL;
    if (request.command != NULL && command == NULL) {
        return reject(request.command);
    }
    if (ocn_cli_is_json(request.format)) {
        const struct ocn_command *const one[] = { command, NULL };
        status = ocn_command_dump(command != NULL ? one : commands, &out, &err);
    } else if (command != NULL) {
        status = ocn_command_help(command, &out, &err);
    } else {
        list_commands(&out);
    }
    return status < 0 ? ocn_cli_complain(&err) : print(&out);
}

static int run_version(int argc, char **argv)
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
    ocn_buf_puts(&out, "ocinorm " OCN_VERSION "\n");
    return print(&out);
}

bool ocn_cli_is_json(const char *format)
{
    return format != NULL && strcmp(format, "json") == 0;
}

int ocn_cli_complain(const struct ocn_error *err)
{
    (void)fprintf(stderr, "ocinorm: error: %s%s%s\n", err->where, err->where[0] != '\0' ? ": " : "",
                  err->msg);
    return 2;
}

bool ocn_cli_wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0');
}

static int reject(const char *name)
{
    struct ocn_nearest nearest = ocn_nearest_to(name);

    for (size_t i = 0; commands[i] != NULL; i++) {
        ocn_nearest_offer(&nearest, commands[i]->name);
    }
    (void)fprintf(stderr, "ocinorm: error: %s: no such command", name);
    if (nearest.best != NULL) {
        (void)fprintf(stderr, "; did you mean %s?", nearest.best);
    }
    (void)fputs(" (ocinorm help lists them)\n", stderr);
    return 2;
}

static const struct ocn_command *find_command(const char *name)
{
    for (size_t i = 0; commands[i] != NULL; i++) {
        if (strcmp(name, commands[i]->name) == 0) {
            return commands[i];
        }
    }
    for (size_t i = 0; i < OCN_COUNT(spellings); i++) {
        if (strcmp(name, spellings[i].spelling) == 0) {
            return spellings[i].command;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    ocn_judge_seed();
    if (argc < 2) {
        (void)fputs("ocinorm: error: name a command (ocinorm help lists them)\n", stderr);
        return 2;
    }
    const struct ocn_command *command = find_command(argv[1]);
    return command != NULL ? command->run(argc - 1, argv + 1) : reject(argv[1]);
}
