/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm detect: what this node has. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "hook/cli.h"
#include "hook/confine.h"

enum { EXIT_FINE = 0, EXIT_TROUBLE = 2 };

static const char usage[] =
    "usage: ocinorm detect [--format text|json]\n"
    "\n"
    "Shows what this kernel has to confine the part of ocinorm that reads images.\n"
    "\n"
    "      --format FORMAT text (default) or json\n"
    "\n"
    "Exit status: 0 fine, 2 could not do it.\n";

static int complain(const char *what)
{
    (void)fprintf(stderr, "ocinorm: error: %s; see ocinorm detect --help\n", what);
    return EXIT_TROUBLE;
}

static int print_json(const struct ocn_confinement *found)
{
    json_auto_t *json =
        json_pack("{s:i, s:{s:i, s:b, s:b}}", "version", 1, "confinement", "landlock",
                  found->landlock_abi, "seccomp", found->seccomp, "openat2", found->openat2);

    if (json == NULL || json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER) != 0 ||
        puts("") < 0) {
        return complain("cannot print");
    }
    return EXIT_FINE;
}

static int print_text(const struct ocn_confinement *found)
{
    if (found->landlock_abi != 0) {
        (void)printf("landlock  ABI %d\n", found->landlock_abi);
    } else {
        (void)puts("landlock  no");
    }
    (void)printf("seccomp   %s\nopenat2   %s\n", found->seccomp ? "yes" : "no",
                 found->openat2 ? "yes" : "no");
    return EXIT_FINE;
}

int ocn_cli_detect(int argc, char **argv)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "format", required_argument, NULL, 'f' },
        { 0 },
    };
    struct ocn_confinement found;
    const char *format = "text";
    int option = 0;

    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return EXIT_FINE;
        }
        if (option != 'f') {
            return complain("unexpected option"); /* getopt_long has said which */
        }
        format = optarg;
    }
    if (optind < argc) {
        return complain("unexpected argument");
    }
    ocn_confine_probe(&found);
    if (strcmp(format, "json") == 0) {
        return print_json(&found);
    }
    return strcmp(format, "text") == 0 ? print_text(&found) : complain("no such format");
}
