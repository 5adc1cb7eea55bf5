/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm-image: what an image or a manifest will become, before it is on a node. */
#include "hook/cli/program.h"
#include "hook/image/image.h"

static const struct ocn_command *const commands[] = { &ocn_image_explain,   &ocn_image_lint,
                                                      &ocn_image_diff,      &ocn_image_annotate,
                                                      &ocn_image_admission, NULL };

static const struct ocn_program program = {
    .name = "ocinorm-image",
    .about = "Says what an image will become on a platform, before it is on a node.",
    .commands = commands,
};

int main(int argc, char **argv)
{
    return ocn_program_main(&program, argc, argv);
}
