/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `ocinorm`, and what they have in common. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "hook/cli/command.h"

extern const struct ocn_command ocn_cli_admission;
extern const struct ocn_command ocn_cli_config;
extern const struct ocn_command ocn_cli_explain;
extern const struct ocn_command ocn_cli_apply;
extern const struct ocn_command ocn_cli_detect;
extern const struct ocn_command ocn_cli_doctor;
extern const struct ocn_command ocn_cli_lint;
extern const struct ocn_command ocn_cli_annotate;
extern const struct ocn_command ocn_cli_diff;
extern const struct ocn_command ocn_cli_buildinfo;
extern const struct ocn_command ocn_cli_install;
extern const struct ocn_command ocn_cli_uninstall;

/* Rows that several commands have; @type is the request. */
#define OCN_CLI_POLICY(type, sentence)                                                             \
    {                                                                                              \
        .name = "config", .takes = OCN_COMMAND_TAKES_FILE, .argument = "FILE",                     \
        .offset = offsetof(type, world.config), .text = (sentence)                                 \
    }
#define OCN_CLI_ROOT(type, member, sentence)                                                       \
    {                                                                                              \
        .name = "root", .takes = OCN_COMMAND_TAKES_DIR, .argument = "DIR",                         \
        .offset = offsetof(type, member), .text = (sentence)                                       \
    }
#define OCN_CLI_FORMAT(type, sentence)                                                             \
    {                                                                                              \
        .name = "format", .takes = OCN_COMMAND_TAKES_WORD, .argument = "FORMAT",                   \
        .words = ocn_cli_formats, .offset = offsetof(type, format), .text = (sentence)             \
    }
#define OCN_CLI_FLAG(option, type, member, sentence)                                               \
    {                                                                                              \
        .name = (option), .takes = OCN_COMMAND_TAKES_NOTHING, .offset = offsetof(type, member),    \
        .text = (sentence)                                                                         \
    }

/* What an image is explained for. */
struct ocn_cli_image {
    const char *as;
    const char *node;
    const char *platform;
    const char *cpus;
    const char *memory;
};

#define OCN_CLI_TEXT(option, what, type, member, sentence)                                         \
    {                                                                                              \
        .name = (option), .takes = OCN_COMMAND_TAKES_TEXT, .argument = (what),                     \
        .offset = offsetof(type, member), .text = (sentence)                                       \
    }
/* Of a request whose member `of` is a struct ocn_cli_image. */
#define OCN_CLI_IMAGE(type)                                                                        \
    OCN_CLI_TEXT("as", "PLATFORM[,PLATFORM...]", type, of.as,                                      \
                 "of an image: a column for each platform: aws-eks, aws-ecs, azure-aks ..."),      \
        OCN_CLI_TEXT("node", "OS/ARCH[/VARIANT]", type, of.node,                                   \
                     "of an image: the node that it is to run on; one of its own platform by "     \
                     "default"),                                                                   \
        OCN_CLI_TEXT("platform", "OS/ARCH[/VARIANT]", type, of.platform,                           \
                     "of an image: only that one of its platforms; all by default"),               \
        OCN_CLI_TEXT("cpus", "N", type, of.cpus, "of an image: its CPU limit, 1.5 or 1500m"),      \
        OCN_CLI_TEXT("memory", "SIZE", type, of.memory,                                            \
                     "of an image: its memory limit, 512Mi, 1G or bytes")

extern const char *const ocn_cli_formats[]; /* text, json */

/* true for "json"; NULL is text. */
bool ocn_cli_is_json(const char *format);

/* "auto" as ls has it: a terminal, and nobody has asked for NO_COLOR (no-color.org). */
bool ocn_cli_wants_colour(void);

/* Says on stderr what is wrong. Returns 2, the exit status of what could not be done. */
int ocn_cli_complain(const struct ocn_error *err);

#define OCN_CLI_MAX_WORDS 1024

/* Becomes `ocinorm-image` with these words; returns 2, having said why, where that cannot be. */
int ocn_cli_start_image(int argc, char **argv);
