/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm admission: the cluster's gate from the node's policy. */
#include <string.h>

#include "hook/cli/cli.h"
#include "hook/policy/node_policy.h"
#include "hook/policy/policy_files.h"
#include "hook/sys/io.h"
#include "normalize/admission/manifest.h"
#include "normalize/workload/workload.h"

enum { EXIT_FINE = 0 };

struct request {
    struct ocn_world world;
    const char *kubernetes;
    const char *action;
    const char *name;
    const char *format;
    bool is_static;
    struct ocn_command_texts words;
};

/* In the order of enum ocn_manifest_action. */
static const char *const actions[] = { "deny", "warn", "audit", NULL };
static const char *const formats[] = { "yaml", "json", "text", NULL };

static const struct ocn_command_option options[] = {
    OCN_CLI_POLICY(struct request, "the policy, in place of " OCN_CONFIG_PATH),
    OCN_CLI_TEXT("kubernetes", "VERSION", struct request, kubernetes,
                 "the oldest Kubernetes that takes it: 1.30 (default) or newer"),
    { .name = "action",
      .takes = OCN_COMMAND_TAKES_WORD,
      .argument = "ACTION",
      .words = actions,
      .offset = offsetof(struct request, action),
      .text =
          "what a rule may do at most: deny (default: what the policy denies is denied, the rest "
          "warns), warn, or audit (nobody but the audit log hears of it)" },
    OCN_CLI_TEXT("name", "NAME", struct request, name,
                 "how the names of the objects begin: ocinorm by default"),
    { .name = "format",
      .takes = OCN_COMMAND_TAKES_WORD,
      .argument = "FORMAT",
      .words = formats,
      .offset = offsetof(struct request, format),
      .text = "of manifests: yaml (default) or json; of check: text (default) or json" },
    OCN_CLI_FLAG("static", struct request, is_static,
                 "for the API server's own directory (staticManifestsDir): names end in "
                 ".static.k8s.io"),
};

/* ---- making it --------------------------------------------------------------------------- */

static int overlay(void *ctx, const struct ocn_u32s *held, struct ocn_arena *arena,
                   struct ocn_policy *ret, struct ocn_error *err)
{
    return ocn_config_overlay(ctx, held, arena, ret, err);
}

static enum ocn_manifest_action action_of(const char *word)
{
    unsigned i = 0;

    while (word != NULL && actions[i + 1] != NULL && strcmp(actions[i], word) != 0) {
        i++;
    }
    return (enum ocn_manifest_action)i;
}

static int print_head(const struct request *request, struct ocn_buf *out)
{
    if (request->format == NULL || strcmp(request->format, "yaml") == 0) {
        ocn_buf_puts(out,
                     "# Made by `ocinorm admission` from the policy of the nodes: change that, "
                     "and make it again.\n");
    }
    return 0;
}

static int make(const struct request *request, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    json_auto_t *manifests = NULL;
    struct ocn_manifest_options how = {
        .kubernetes = OCN_MANIFEST_KUBERNETES,
        .action = action_of(request->action),
        .name = request->name != NULL ? request->name : "ocinorm",
        .is_static = request->is_static,
    };

    if (request->kubernetes != NULL &&
        ocn_workload_version(request->kubernetes, &how.kubernetes, err) < 0) {
        return -1;
    }
    if (ocn_node_policy_read(&request->world, &policy, err) < 0) {
        return -1;
    }
    const struct ocn_manifest_source source = { ocn_config_base(policy.config), overlay,
                                                policy.config };
    return print_head(request, &out) < 0 || ocn_manifest_make(&source, &how, &manifests, err) < 0 ||
                   ocn_manifest_print(manifests, ocn_cli_is_json(request->format), &out, err) < 0 ||
                   ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&out), err) < 0
               ? -1
               : 0;
}

/* ---- the command line -------------------------------------------------------------------- */

static int check_words(const struct request *request, struct ocn_error *err)
{
    if (request->words.len != 0) {
        return ocn_fail(err, OCN_E_USAGE, request->words.items[0],
                        "unexpected argument; files are judged by ocinorm admission check FILE...");
    }
    if (request->format != NULL && strcmp(request->format, "text") == 0) {
        return ocn_fail(err, OCN_E_USAGE, "--format",
                        "text is a format of check; use yaml or json");
    }
    return 0;
}

static int run_admission(int argc, char **argv)
{
    struct request request = { .world = { .any_owner = true } };
    struct ocn_error err = { 0 };
    bool helped = false;

    if (argc > 1 && strcmp(argv[1], "check") == 0) {
        return ocn_cli_start_image(argc, argv);
    }
    int status = ocn_command_read(&ocn_cli_admission, argc, argv, &request, &helped, &err);
    if (helped) {
        return EXIT_FINE;
    }
    return status < 0 || check_words(&request, &err) < 0 || make(&request, &err) < 0
               ? ocn_cli_complain(&err)
               : EXIT_FINE;
}

static const char *const synopsis[] = {
    "[--config FILE] [--kubernetes VERSION] [--action deny|warn|audit] [--name NAME] "
    "[--format yaml|json] [--static]",
    "check [--config FILE] [--format text|json] FILE...",
    NULL,
};

const struct ocn_command ocn_cli_admission = {
    .name = "admission",
    .summary = "make the cluster's gate from the policy, or ask it about files",
    .synopsis = synopsis,
    .about =
        "Prints ValidatingAdmissionPolicies and their bindings, made from the policy: what the "
        "node denies is denied, what it repairs is a warning. check judges objects by the "
        "same rules before a cluster sees them: FILE is YAML or JSON, \"-\" standard input, "
        "of objects, lists or AdmissionReviews; it needs the package ocinorm-image.",
    .options = options,
    .options_len = OCN_COUNT(options),
    .operand = { .takes = OCN_COMMAND_TAKES_FILE,
                 .repeats = true,
                 .argument = "FILE",
                 .offset = offsetof(struct request, words) },
    .exit_status = "0 made, or nothing is denied; 1 check: something is denied; 2 could not do it, "
                   "or CEL cannot say it.",
    .run = run_admission,
};
