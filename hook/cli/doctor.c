/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm doctor: would ocinorm take effect on this node? */
#include <stdio.h>
#include <string.h>

#include "hook/cli/cli.h"
#include "hook/doctor/doctor.h"
#include "hook/policy/policy_files.h"
#include "hook/sys/io.h"

enum { EXIT_FINE = 0, EXIT_BROKEN = 1, EXIT_TROUBLE = 2 };

struct request {
    struct ocn_world world;
    const char *format;
};

static const struct ocn_command_option options[] = {
    OCN_CLI_POLICY(struct request, "the policy, in place of " OCN_CONFIG_PATH),
    OCN_CLI_ROOT(struct request, world.root,
                 "look at the tree below DIR: nothing of it is run, no kernel is tried"),
    OCN_CLI_FORMAT(
        struct request,
        "text (default) or json: {\"version\": 1, \"root\", \"verdict\": \"ok\" | "
        "\"unknown\" | \"broken\", \"checks\": [{\"area\", \"name\", \"status\": \"ok\" | "
        "\"note\" | \"unknown\" | \"fail\", \"text\", \"fix\"}]}"),
};

static const char *const synopsis[] = { "[--config FILE] [--root DIR] [--format text|json]", NULL };

static void examine(struct ocn_doctor *doctor)
{
    ocn_doctor_policy(doctor);
    ocn_doctor_kernel(doctor);
    ocn_doctor_engines(doctor);
    ocn_doctor_programs(doctor);
}

static int print_report(const struct ocn_doctor *doctor, bool json, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf report = { 0 };
    const char *root = doctor->node.root;
    int status =
        json ? ocn_checkup_json(&doctor->checkup, root, &report, err)
             : ocn_checkup_text(&doctor->checkup, root, ocn_cli_wants_colour(), &report, err);

    return status < 0
               ? -1
               : ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&report), err);
}

static void release(struct ocn_doctor *doctor)
{
    ocn_checkup_done(&doctor->checkup);
    ocn_node_done(&doctor->node);
}

static int run(int argc, char **argv)
{
    static const int exits[OCN_CHECK_STATUSES] = { [OCN_CHECK_OK] = EXIT_FINE,
                                                   [OCN_CHECK_UNKNOWN] = EXIT_TROUBLE,
                                                   [OCN_CHECK_FAIL] = EXIT_BROKEN };
    OCN_CLEANUP(release) struct ocn_doctor doctor = { 0 };
    struct request request = { 0 };
    struct ocn_error err = { 0 };
    bool helped = false;
    int status = ocn_command_read(&ocn_cli_doctor, argc, argv, &request, &helped, &err);

    if (helped) {
        return EXIT_FINE;
    }
    if (status < 0 || ocn_node_open(request.world.root, &doctor.node, &err) < 0) {
        return ocn_cli_complain(&err);
    }
    doctor.live = ocn_node_is_this_machine(&doctor.node);
    doctor.world = request.world;
    examine(&doctor);
    return print_report(&doctor, ocn_cli_is_json(request.format), &err) < 0
               ? ocn_cli_complain(&err)
               : exits[ocn_checkup_verdict(&doctor.checkup)];
}

const struct ocn_command ocn_cli_doctor = {
    .name = "doctor",
    .summary = "look at this node: would ocinorm take effect, and if not, why",
    .synopsis = synopsis,
    .about =
        "Looks at this node, as root, and says whether ocinorm takes effect: the policy, what "
        "the kernel can (tried in a child), the engines and what is registered in them, the "
        "programs. Each line that is wrong says what to do. Changes nothing; of other programs "
        "it runs only `PROGRAM --version` and `containerd config dump`.",
    .options = options,
    .options_len = OCN_COUNT(options),
    .exit_status =
        "0 fine, 1 something would not take effect, 2 not everything could be looked at.",
    .run = run,
};
