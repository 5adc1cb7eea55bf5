/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cli.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "hook/io.h"
#include "hook/judge.h"
#include "hook/node_policy.h"
#include "hook/policy_files.h"
#include "hook/replace.h"
#include "hook/report.h"
#include "normalize/json_splice.h"

enum { EXIT_FINE = 0, EXIT_DENIED = 1, EXIT_TROUBLE = 2 };

struct request {
    const char *bundle;
    struct ocn_world world;
    bool json;
};

static const char explain_usage[] =
    "usage: ocinorm explain --bundle DIR [--config FILE] [--root DIR] [--format text|json]\n"
    "\n"
    "Shows what ocinorm would do to the container of a bundle, and why. Changes nothing.\n"
    "\n"
    "  -b, --bundle DIR    the bundle: the directory of config.json\n"
    "      --config FILE   the policy, in place of " OCN_CONFIG_PATH "\n"
    "      --root DIR      look up the node's files below DIR\n"
    "      --format FORMAT text (default) or json\n"
    "\n"
    "Exit status: 0 allow, 1 deny, 2 could not decide.\n";

static const char apply_usage[] =
    "usage: ocinorm apply --bundle DIR [--config FILE] [--root DIR]\n"
    "\n"
    "Edits the config.json of a bundle in place, for `runc run` by hand. A second pass changes\n"
    "nothing, and a denial changes nothing either.\n"
    "\n"
    "  -b, --bundle DIR    the bundle: the directory of config.json\n"
    "      --config FILE   the policy, in place of " OCN_CONFIG_PATH "\n"
    "      --root DIR      look up the node's files below DIR\n"
    "\n"
    "Exit status: 0 done, 1 denied, 2 could not do it.\n";

/* @formats: the command knows --format. 1: help was asked for. */
static int read_options(int argc, char **argv, bool formats, struct request *request,
                        struct ocn_error *err)
{
    static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "bundle", required_argument, NULL, 'b' },
        { "config", required_argument, NULL, 'c' },
        { "root", required_argument, NULL, 'r' },
        { "format", required_argument, NULL, 'f' }, /* the last: not every command knows it */
        { 0 },
    };
    struct option known[OCN_COUNT(options)] = { 0 };
    int option = 0;

    memcpy(known, options, sizeof(options) - (formats ? 1 : 2) * sizeof(options[0]));
    optind = 1;
    while ((option = getopt_long(argc, argv, "hb:", known, NULL)) != -1) {
        switch (option) {
        case 'h':
            return 1;
        case 'b':
            request->bundle = optarg;
            break;
        case 'c':
            request->world.config = optarg;
            break;
        case 'r':
            request->world.root = optarg;
            break;
        case 'f':
            if (ocn_cli_read_format(optarg, &request->json, err) != 0) {
                return -1;
            }
            break;
        default: /* getopt_long has said what is wrong */
            return ocn_fail(err, OCN_E_USAGE, argv[0], "see ocinorm %s --help", argv[0]);
        }
    }
    if (optind < argc) {
        return ocn_fail(err, OCN_E_USAGE, argv[optind],
                        "unexpected argument; the bundle is named by --bundle DIR");
    }
    if (request->bundle == NULL) {
        return ocn_fail(err, OCN_E_USAGE, "--bundle",
                        "missing: name the directory of config.json (ocinorm %s --help)", argv[0]);
    }
    return 0;
}

/* One bundle, read and judged; zero-initialise. */
struct judged {
    const char *path; /* of config.json */
    struct ocn_buf text;
    struct ocn_node_policy policy;
    struct ocn_judgement judgement;
    struct ocn_arena arena;
};

static void release(struct judged *judged)
{
    ocn_judgement_done(&judged->judgement);
    ocn_node_policy_done(&judged->policy);
    ocn_buf_done(&judged->text);
    ocn_arena_done(&judged->arena);
}

static int judge(const struct request *request, struct judged *ret, struct ocn_error *err)
{
    ret->path = ocn_arena_printf(&ret->arena, "%s/config.json", request->bundle);
    if (ret->path == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_node_policy_read(&request->world, &ret->policy, err) != 0 ||
        ocn_read_file(ret->path, OCN_CONFIG_MAX_SIZE, &ret->text, err) != 0) {
        return -1;
    }
    return ocn_judge_create(&request->world, &ret->policy, request->bundle, NULL,
                            ocn_buf_bytes(&ret->text), &ret->judgement, err);
}

static int print_report(const struct request *request, const struct ocn_outcome *outcome,
                        struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf report = { 0 };
    int status = request->json ? ocn_report_json(outcome, request->bundle, &report, err)
                               : ocn_report_text(outcome, request->bundle, ocn_cli_wants_colour(),
                                                 &report, err);

    if (status != 0) {
        return -1;
    }
    return ocn_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&report), err);
}

int ocn_cli_explain(int argc, char **argv)
{
    OCN_CLEANUP(release) struct judged judged = { 0 };
    struct request request = { .world = { .all_facts = true } };
    struct ocn_error err = { 0 };
    int status = read_options(argc, argv, true, &request, &err);

    if (status == 1) {
        (void)fputs(explain_usage, stdout);
        return EXIT_FINE;
    }
    if (status != 0 || judge(&request, &judged, &err) != 0 ||
        print_report(&request, judged.judgement.outcome, &err) != 0) {
        return ocn_cli_complain(&err);
    }
    if (ocn_policy_is_disabled(&request.world)) {
        (void)fputs(
            "ocinorm: note: a `disabled` file switches ocinorm off on this node: nothing of "
            "this happens until it is removed\n",
            stderr);
    }
    return judged.judgement.outcome->verdict == OCN_ALLOW ? EXIT_FINE : EXIT_DENIED;
}

static void print_finding(const struct ocn_finding *finding)
{
    char line[1024];

    ocn_report_denial(finding, line, sizeof(line));
    (void)fprintf(stderr, "ocinorm: %s\n", line);
}

static int apply(const struct judged *judged, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf edited = { 0 };
    const struct ocn_outcome *outcome = judged->judgement.outcome;

    for (size_t i = 0; i < outcome->findings_len; i++) {
        print_finding(&outcome->findings[i]); /* warnings: a denial does not come here */
    }
    if (outcome->edits_len == 0) {
        return 0;
    }
    if (ocn_json_splice(ocn_buf_bytes(&judged->text), "", outcome->edits, outcome->edits_len,
                        &edited, err) != 0) {
        return -1;
    }
    return ocn_replace_file(judged->path, ocn_buf_bytes(&edited), err);
}

int ocn_cli_apply(int argc, char **argv)
{
    OCN_CLEANUP(release) struct judged judged = { 0 };
    struct request request = { 0 };
    struct ocn_error err = { 0 };
    int status = read_options(argc, argv, false, &request, &err);

    if (status == 1) {
        (void)fputs(apply_usage, stdout);
        return EXIT_FINE;
    }
    if (status != 0) {
        return ocn_cli_complain(&err);
    }
    if (ocn_policy_is_disabled(&request.world)) {
        (void)fputs("ocinorm: note: a `disabled` file switches ocinorm off on this node: nothing "
                    "was changed\n",
                    stderr);
        return EXIT_FINE;
    }
    if (judge(&request, &judged, &err) != 0) {
        return ocn_cli_complain(&err);
    }
    if (judged.judgement.outcome->verdict == OCN_DENY) {
        print_finding(ocn_outcome_denial(judged.judgement.outcome));
        return EXIT_DENIED;
    }
    return apply(&judged, &err) == 0 ? EXIT_FINE : ocn_cli_complain(&err);
}
