/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm doctor: would ocinorm take effect on this node? */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "hook/cli.h"
#include "hook/doctor/doctor.h"
#include "hook/io.h"

enum { EXIT_FINE = 0, EXIT_BROKEN = 1, EXIT_TROUBLE = 2 };

static const char usage[] =
    "usage: ocinorm doctor [--config FILE] [--root DIR] [--format text|json]\n"
    "\n"
    "Looks at this node, as root, and says whether ocinorm takes effect: the policy, what the\n"
    "kernel can (tried in a child), the engines and what is registered in them, the programs.\n"
    "Each line that is wrong says what to do. Changes nothing; of other programs it runs only\n"
    "`PROGRAM --version` and `containerd config dump`.\n"
    "\n"
    "      --config FILE   the policy, in place of /etc/ocinorm/config.json\n"
    "      --root DIR      look at the tree below DIR: nothing of it is run, no kernel is tried\n"
    "      --format FORMAT text (default) or json: {\"version\": 1, \"root\", \"verdict\": \"ok\" "
    "|\n"
    "                      \"unknown\" | \"broken\", \"checks\": [{\"area\", \"name\", "
    "\"status\":\n"
    "                      \"ok\" | \"note\" | \"unknown\" | \"fail\", \"text\", \"fix\"}]}\n"
    "\n"
    "Exit status: 0 fine, 1 something would not take effect, 2 not everything could be looked "
    "at.\n";

struct request {
    struct ocn_world world;
    bool json;
};

/* 1: help was asked for. */
static int read_arguments(int argc, char **argv, struct request *request, struct ocn_error *err)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "config", required_argument, NULL, 'c' },
        { "root", required_argument, NULL, 'r' },
        { "format", required_argument, NULL, 'f' },
        { 0 },
    };
    int option = 0;

    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            return 1;
        }
        if (option == 'c') {
            request->world.config = optarg;
        } else if (option == 'r') {
            request->world.root = optarg;
        } else if (option == '?') { /* getopt_long has said what is wrong */
            return ocn_fail(err, OCN_E_USAGE, argv[0], "see ocinorm doctor --help");
        } else if (ocn_cli_read_format(optarg, &request->json, err) < 0) {
            return -1;
        }
    }
    return optind == argc ? 0 : ocn_fail(err, OCN_E_USAGE, argv[optind], "unexpected argument");
}

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

    return status < 0 ? -1
                      : ocn_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&report), err);
}

static void release(struct ocn_doctor *doctor)
{
    ocn_checkup_done(&doctor->checkup);
    ocn_node_done(&doctor->node);
}

int ocn_cli_doctor(int argc, char **argv)
{
    static const int exits[OCN_CHECK_STATUSES] = { [OCN_CHECK_OK] = EXIT_FINE,
                                                   [OCN_CHECK_UNKNOWN] = EXIT_TROUBLE,
                                                   [OCN_CHECK_FAIL] = EXIT_BROKEN };
    OCN_CLEANUP(release) struct ocn_doctor doctor = { 0 };
    struct request request = { 0 };
    struct ocn_error err = { 0 };
    int status = read_arguments(argc, argv, &request, &err);

    if (status == 1) {
        (void)fputs(usage, stdout);
        return EXIT_FINE;
    }
    if (status < 0 || ocn_node_open(request.world.root, &doctor.node, &err) < 0) {
        return ocn_cli_complain(&err);
    }
    doctor.live = ocn_node_is_this_machine(&doctor.node) != 0;
    doctor.world = request.world;
    examine(&doctor);
    return print_report(&doctor, request.json, &err) < 0
               ? ocn_cli_complain(&err)
               : exits[ocn_checkup_verdict(&doctor.checkup)];
}
