/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm admission check: files judged as a cluster's gate would judge them. */
#include <string.h>

#include "hook/admission/document.h"
#include "hook/cli/cli.h"
#include "hook/image/image.h"
#include "hook/judge/judge.h"
#include "hook/lint/manifest_child.h"
#include "hook/lint/report_write.h"
#include "hook/lint/yaml_tree.h"
#include "hook/policy/node_policy.h"
#include "hook/policy/policy_files.h"
#include "hook/sys/io.h"

enum { EXIT_FINE = 0, EXIT_DENIED = 1, EXIT_TROUBLE = 2 };

struct request {
    struct ocn_world world;
    const char *format;
    struct ocn_command_texts files;
};

static const struct ocn_command_option options[] = {
    OCN_CLI_POLICY(struct request, "the policy, in place of " OCN_CONFIG_PATH),
    OCN_CLI_FORMAT(struct request, "text (default) or json"),
};

/* Zero-initialise. */
struct run {
    const struct request *request;
    struct ocn_node_policy policy;
    struct ocn_lint lint;
    struct ocn_list problems; /* struct ocn_lint_problem */
    struct ocn_arena arena;
};

static void run_done(struct run *run)
{
    ocn_node_policy_done(&run->policy);
    ocn_lint_done(&run->lint);
    ocn_arena_done(&run->arena);
}

static int judge(void *ctx, const json_t *document, struct ocn_arena *arena,
                 int (*found)(void *ctx, const struct ocn_lint_finding *finding,
                              struct ocn_error *err),
                 void *found_ctx, struct ocn_error *err)
{
    return ocn_admission_document(ctx, document, arena, found, found_ctx, err);
}

static int check_text(struct run *run, const char *name, struct ocn_bytes text,
                      struct ocn_error *err)
{
    const struct ocn_manifest_settings settings = { .judge = judge, .ctx = run->policy.config };
    const struct ocn_manifest manifest = { name, text, &settings };
    const char *other = NULL;

    if (ocn_manifest_child_judge(&manifest, &run->lint, &other, err) < 0) {
        return -1;
    }
    return other == NULL ? 0
                         : ocn_fail(err, OCN_E_FORMAT, name,
                                    "is no object of Kubernetes; it seems to be %s", other);
}

static int check_file(struct run *run, const char *name, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    int status = strcmp(name, "-") == 0
                     ? ocn_io_read_fd(STDIN_FILENO, name, OCN_YAML_MAX_SIZE, &text, err)
                     : ocn_io_read_file(name, OCN_YAML_MAX_SIZE, &text, err);

    return status < 0 ? -1 : check_text(run, name, ocn_buf_bytes(&text), err);
}

/* What cannot be judged is told, and the rest goes on. */
static int note_problem(struct run *run, const char *name, const struct ocn_error *problem,
                        struct ocn_error *err)
{
    if (ocn_lint_report_problem(&run->problems, name, problem, &run->arena, err) < 0) {
        return -1;
    }
    (void)ocn_cli_complain(problem);
    return 0;
}

static int print_report(struct run *run, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct ocn_lint_report report = {
        .lint = &run->lint,
        .problems = &run->problems,
        .colour = ocn_cli_wants_colour(),
        .fail_on = OCN_LEVEL_DENY,
    };

    return ocn_lint_report_write(&report, run->request->format, &out, err) < 0
               ? -1
               : ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&out), err);
}

static int check(const struct request *request, struct ocn_error *err)
{
    OCN_CLEANUP(run_done) struct run run = { .request = request };

    ocn_judge_seed();
    if (ocn_node_policy_read(&request->world, &run.policy, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < request->files.len; i++) {
        struct ocn_error problem = { 0 };
        if (check_file(&run, request->files.items[i], &problem) < 0 &&
            note_problem(&run, request->files.items[i], &problem, err) < 0) {
            return -1;
        }
    }
    if (print_report(&run, err) < 0) {
        return -1;
    }
    return run.problems.len != 0                        ? EXIT_TROUBLE
           : ocn_lint_report_count(&run.lint).deny != 0 ? EXIT_DENIED
                                                        : EXIT_FINE;
}

/* argv[1] is "check": the rest of the command is ocinorm's. */
static int run_check(int argc, char **argv)
{
    struct request request = { .world = { .any_owner = true } };
    struct ocn_error err = { 0 };
    bool helped = false;
    bool named = argc > 1 && strcmp(argv[1], "check") == 0;
    int status =
        ocn_command_read(&ocn_image_admission, argc - named, argv + named, &request, &helped, &err);

    if (helped) {
        return EXIT_FINE;
    }
    if (status == 0 && (!named || request.files.len == 0)) {
        status = ocn_fail(&err, OCN_E_USAGE, "admission check",
                          "name files to judge, or \"-\" (ocinorm admission check --help)");
    }
    status = status < 0 ? -1 : check(&request, &err);
    return status < 0 ? ocn_cli_complain(&err) : status;
}

static const char *const synopsis[] = {
    "check [--config FILE] [--format text|json] FILE...",
    NULL,
};

const struct ocn_command ocn_image_admission = {
    .name = "admission",
    .summary = "judge objects as the cluster's gate would",
    .synopsis = synopsis,
    .about = "Judges objects of Kubernetes by the rules that `ocinorm admission` makes a gate of. "
             "FILE is YAML or JSON, \"-\" standard input, of objects, lists or AdmissionReviews as "
             "API servers send them. An object without a namespace is judged as one of default.",
    .options = options,
    .options_len = OCN_COUNT(options),
    .operand = { .takes = OCN_COMMAND_TAKES_FILE,
                 .repeats = true,
                 .argument = "FILE",
                 .offset = offsetof(struct request, files) },
    .exit_status = "0 nothing is denied, 1 something is, 2 could not do it.",
    .run = run_check,
};
