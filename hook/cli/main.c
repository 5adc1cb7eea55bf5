/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm: the command line for people. */
#include "hook/cli/cli.h"
#include "hook/cli/program.h"

static const struct ocn_command *const commands[] = {
    &ocn_cli_explain,
    &ocn_cli_apply,
    &ocn_cli_detect,
    &ocn_cli_doctor,
    &ocn_cli_lint,
    &ocn_cli_annotate,
    &ocn_cli_diff,
    &ocn_cli_buildinfo,
    &ocn_cli_admission,
    &ocn_cli_config,
    &ocn_cli_install,
    &ocn_cli_uninstall,
    NULL,
};

static const struct ocn_program program = {
    .name = "ocinorm",
    .about = "Makes a container behave the same on every node.",
    .commands = commands,
};

int main(int argc, char **argv)
{
    return ocn_program_main(&program, argc, argv);
}
