/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm-webhook: a cluster's gate, asked by its API server. */
#include <string.h>

#include "hook/judge/judge.h"
#include "hook/sys/io.h"
#include "hook/sys/mark.h"
#include "hook/webhook/loop.h"
#include "hook/webhook/say.h"
#include "hook/webhook/worker.h"

OCN_MARK_PROGRAM("ocinorm-webhook");

enum { EXIT_UNABLE = 2 };

static int print(const char *text)
{
    struct ocn_error err = { 0 };

    if (ocn_io_write_fd(STDOUT_FILENO, "stdout", (struct ocn_bytes){ text, strlen(text) }, &err) <
        0) {
        ocn_say_error(OCN_SAY_ERROR, "error", &err);
        return EXIT_UNABLE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct ocn_options options = { 0 };
    struct ocn_error err = { 0 };

    if (argc == 2 && strcmp(argv[1], OCN_WORKER_WORD) == 0) {
        return ocn_worker_main();
    }
    ocn_judge_seed();
    if (ocn_options_read(argc, argv, &options, &err) < 0) {
        ocn_say_error(OCN_SAY_ERROR, "error", &err);
        return EXIT_UNABLE;
    }
    if (options.help) {
        return print(ocn_options_usage);
    }
    if (options.version) {
        return print("ocinorm-webhook " OCN_VERSION "\n");
    }
    if (ocn_loop_run(&options, &err) < 0) {
        ocn_say_error(OCN_SAY_ERROR, "cannot start", &err);
        return EXIT_UNABLE;
    }
    return EXIT_SUCCESS;
}
