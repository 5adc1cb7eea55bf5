/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/image.h"

#include "hook/cli/cli.h"

static int run_explain(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 2;
}

static const char *const synopsis[] = { "INPUT", NULL };

const struct ocn_command ocn_image_explain = {
    .name = "explain",
    .summary = "show what an image will become on each platform, and why",
    .synopsis = synopsis,
    .about = "Shows as whom, with which program and which environment an image will run.",
    .exit_status = "0 allow, 1 deny, 2 could not decide.",
    .run = run_explain,
};
