/* SPDX-License-Identifier: Apache-2.0 */
/* Commands of `ocinorm` that another program runs, as git starts its own: images are no business of
 * a node, whose program stays small. */
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hook/cli/cli.h"
#include "hook/sys/io.h"

#define PROGRAM "ocinorm-image"

/* Beside this program where it has not been installed yet. */
static void execute_beside(char **argv)
{
    char self[PATH_MAX];
    char path[PATH_MAX + sizeof(PROGRAM)];
    ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (len > 0) {
        self[len] = '\0';
        (void)snprintf(path, sizeof(path), "%s/%s", dirname(self), PROGRAM);
        (void)execv(path, argv);
    }
}

int ocn_cli_start_image(int argc, char **argv)
{
    static const char installed[] = OCN_LIBEXECDIR "/ocinorm/" PROGRAM;
    char name[] = PROGRAM;
    char *words[OCN_CLI_MAX_WORDS + 2] = { name };
    struct ocn_error err = { 0 };

    if (argc > OCN_CLI_MAX_WORDS) {
        (void)ocn_fail(&err, OCN_E_LIMIT, argv[0], "more than %d words", OCN_CLI_MAX_WORDS);
        return ocn_cli_complain(&err);
    }
    memcpy(words + 1, argv, (size_t)argc * sizeof(*words));
    execute_beside(words);
    (void)execv(installed, words);
    (void)ocn_fail_sys(&err, errno, argv[0], "needs the package ocinorm-image: cannot start %s",
                       installed);
    return ocn_cli_complain(&err);
}

const struct ocn_command ocn_cli_diff = {
    .name = "diff",
    .summary = "say whether two images are the same, and where not",
    .elsewhere = true,
    .run = ocn_cli_start_image,
};

const struct ocn_command ocn_cli_lint = {
    .name = "lint",
    .summary = "judge images, manifests and task definitions before they are used",
    .elsewhere = true,
    .run = ocn_cli_start_image,
};

const struct ocn_command ocn_cli_annotate = {
    .name = "annotate",
    .summary = "write what a Go program says of itself into its image's annotations",
    .elsewhere = true,
    .run = ocn_cli_start_image,
};
