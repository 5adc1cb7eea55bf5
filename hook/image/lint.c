/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm lint: its words. */
#include "hook/cli/cli.h"
#include "hook/image/image.h"
#include "hook/image/lint_run.h"
#include "hook/lint/report_write.h"
#include "hook/policy/policy_files.h"

static const struct ocn_command_option options[] = {
    { .name = "for",
      .takes = OCN_COMMAND_TAKES_TEXT,
      .repeats = true,
      .argument = "TARGET",
      .offset = offsetof(struct ocn_lint_request, targets),
      .text = "where it is to run: eks, ecs, aks, gke, cloud-run, alibaba-ack, pss-baseline, "
              "pss-restricted, or a file of that form (./FILE)" },
    { .name = "image",
      .takes = OCN_COMMAND_TAKES_TEXT,
      .repeats = true,
      .argument = "NAME=INPUT",
      .offset = offsetof(struct ocn_lint_request, images),
      .text = "the image that manifests call NAME: both are judged together" },
    { .name = "platform",
      .takes = OCN_COMMAND_TAKES_TEXT,
      .argument = "OS/ARCH[/VARIANT]|all",
      .offset = offsetof(struct ocn_lint_request, platform),
      .text = "of an image for several platforms only that one; all by default" },
    OCN_CLI_POLICY(struct ocn_lint_request, "the policy for images, in place of " OCN_CONFIG_PATH),
    { .name = "format",
      .takes = OCN_COMMAND_TAKES_WORD,
      .argument = "FORMAT",
      .words = ocn_lint_report_formats,
      .offset = offsetof(struct ocn_lint_request, format),
      .text = "text (default), json, sarif, junit, github (workflow commands) or gitlab (code "
              "quality)" },
    { .name = "output",
      .takes = OCN_COMMAND_TAKES_FILE,
      .argument = "FILE",
      .offset = offsetof(struct ocn_lint_request, output),
      .text = "write the report there" },
    { .name = "fail-on",
      .takes = OCN_COMMAND_TAKES_WORD,
      .argument = "LEVEL",
      .words = ocn_lint_run_fail_words,
      .offset = offsetof(struct ocn_lint_request, fail_on),
      .text = "exit 1 for findings of deny (default), of warn too, or never" },
    { .name = "disable",
      .takes = OCN_COMMAND_TAKES_TEXT,
      .repeats = true,
      .argument = "RULE",
      .offset = offsetof(struct ocn_lint_request, disabled),
      .text = "leave out a rule" },
    { .name = "ignore-file",
      .takes = OCN_COMMAND_TAKES_FILE,
      .argument = "FILE",
      .offset = offsetof(struct ocn_lint_request, ignore_file),
      .text = "findings that do not count, each with a reason: {\"version\": 1, \"ignore\": "
              "[{\"rule\", \"input\", \"reason\", \"until\"}]}" },
    { .name = "baseline",
      .takes = OCN_COMMAND_TAKES_FILE,
      .argument = "FILE",
      .offset = offsetof(struct ocn_lint_request, baseline),
      .text = "only what is not in FILE counts" },
    { .name = "write-baseline",
      .takes = OCN_COMMAND_TAKES_FILE,
      .argument = "FILE",
      .offset = offsetof(struct ocn_lint_request, write_baseline),
      .text = "write what was found to FILE, for --baseline" },
    { .name = "sarif-uri",
      .takes = OCN_COMMAND_TAKES_FILE,
      .argument = "FILE",
      .offset = offsetof(struct ocn_lint_request, place),
      .text = "the file of the repository, such as its Dockerfile, at which forges show what was "
              "found in an image" },
};

static int run_lint(int argc, char **argv)
{
    struct ocn_lint_request request = { .world = { .all_facts = true, .any_owner = true } };
    struct ocn_error err = { 0 };
    bool helped = false;
    int status = ocn_command_read(&ocn_image_lint, argc, argv, &request, &helped, &err);

    if (helped) {
        return 0;
    }
    if (status == 0 && request.inputs.len == 0 && request.images.len == 0) {
        status = ocn_fail(&err, OCN_E_USAGE, "lint",
                          "name a manifest, a directory, \"-\", or an image as oci:DIR (ocinorm "
                          "lint --help)");
    }
    status = status < 0 ? -1 : ocn_lint_run(&request, &err);
    return status < 0 ? ocn_cli_complain(&err) : status;
}

static const char *const synopsis[] = {
    "[--for TARGET]... [--image NAME=INPUT]... [--platform OS/ARCH[/VARIANT]|all] [--config FILE] "
    "[--format text|json|sarif|junit|github|gitlab] [--output FILE] [--fail-on deny|warn|never] "
    "[--disable RULE]... [--ignore-file FILE] [--baseline FILE] [--write-baseline FILE] "
    "[--sarif-uri FILE] INPUT...",
    NULL,
};

const struct ocn_command ocn_image_lint = {
    .name = "lint",
    .summary = "judge images, manifests and task definitions before they are used",
    .synopsis = synopsis,
    .about = "Judges images by the node's rules and by those that only an image has, manifests of "
             "Kubernetes by Pod Security Standards and by what Go programs need, task definitions "
             "of ECS likewise. INPUT is a file, a directory of *.yaml, *.yml and *.json, \"-\" for "
             "standard input, or an image as oci:DIR[:REF], oci-archive:FILE[:REF], "
             "docker-archive:FILE[:REF], dir:DIR, docker://NAME, docker-daemon:NAME, "
             "containers-storage:NAME.",
    .options = options,
    .options_len = OCN_COUNT(options),
    .operand = { .takes = OCN_COMMAND_TAKES_FILE,
                 .repeats = true,
                 .argument = "INPUT",
                 .offset = offsetof(struct ocn_lint_request, inputs) },
    .more =
        "Without --for, what breaks a program is denied, and what Pod Security Standards' level "
        "baseline forbids is a warning. A target says what else counts there, and why.",
    .exit_status = "0 nothing found at or above --fail-on, 1 findings, 2 not everything could be "
                   "judged.",
    .run = run_lint,
};
