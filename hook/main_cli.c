/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm: the command line for people. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/cli.h"
#include "hook/judge.h"
#include "normalize/nearest.h"

static int print_help(int argc, char **argv);
static int print_version(int argc, char **argv);

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *summary; /* NULL: another spelling */
} commands[] = {
    { "explain", ocn_cli_explain, "show what would be changed in a bundle, and why" },
    { "apply", ocn_cli_apply, "edit the config.json of a bundle in place" },
    { "detect", ocn_cli_detect, "show the machine, its platform and the evidence for it" },
    { "doctor", ocn_cli_doctor, "look at this node: would ocinorm take effect, and if not, why" },
    { "buildinfo", ocn_cli_buildinfo, "print what the Go linker wrote into a program" },
    { "config", ocn_cli_config, "check or show the policy, or print its JSON Schema" },
    { "install", ocn_cli_install, "put ocinorm into a container engine of this node" },
    { "uninstall", ocn_cli_uninstall, "take it out again, to the byte" },
    { "help", print_help, "print this text" },
    { "version", print_version, "print the version" },
    { "--help", print_help, NULL },
    { "-h", print_help, NULL },
    { "--version", print_version, NULL },
    { "-V", print_version, NULL },
};

static int print_help(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    (void)fputs("usage: ocinorm COMMAND [OPTION...]\n"
                "\n"
                "Makes a container behave the same on every node.\n"
                "\n",
                stdout);
    for (size_t i = 0; i < OCN_COUNT(commands); i++) {
        if (commands[i].summary != NULL) {
            (void)printf("  %-9s  %s\n", commands[i].name, commands[i].summary);
        }
    }
    (void)fputs(
        "\n"
        "ocinorm COMMAND --help says more. Exit status: 0 fine, 1 findings or denied, 2 could\n"
        "not do it.\n",
        stdout);
    return 0;
}

static int print_version(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    (void)puts("ocinorm " OCN_VERSION);
    return 0;
}

int ocn_cli_read_format(const char *text, bool *ret_json, struct ocn_error *err)
{
    if (strcmp(text, "text") != 0 && strcmp(text, "json") != 0) {
        return ocn_fail(err, OCN_E_USAGE, "--format", "no such format: %s; use text or json", text);
    }
    *ret_json = strcmp(text, "json") == 0;
    return 0;
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

    for (size_t i = 0; i < OCN_COUNT(commands); i++) {
        if (commands[i].summary != NULL) {
            ocn_nearest_offer(&nearest, commands[i].name);
        }
    }
    (void)fprintf(stderr, "ocinorm: error: %s: no such command", name);
    if (nearest.best != NULL) {
        (void)fprintf(stderr, "; did you mean %s?", nearest.best);
    }
    (void)fputs(" (ocinorm help lists them)\n", stderr);
    return 2;
}

int main(int argc, char **argv)
{
    ocn_judge_seed();
    if (argc < 2) {
        (void)fputs("ocinorm: error: name a command (ocinorm help lists them)\n", stderr);
        return 2;
    }
    for (size_t i = 0; i < OCN_COUNT(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    return reject(argv[1]);
}
