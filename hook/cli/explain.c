/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cli/cli.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/judge/judge.h"
#include "hook/judge/report.h"
#include "hook/policy/node_policy.h"
#include "hook/policy/policy_files.h"
#include "hook/policy/runtimes.h"
#include "hook/running/report.h"
#include "hook/sys/io.h"
#include "hook/sys/replace.h"
#include "normalize/outcome/splice.h"
#include "normalize/json/json.h"

enum { EXIT_FINE = 0, EXIT_DENIED = 1, EXIT_TROUBLE = 2 };

struct request {
    const char *bundle;
    const char *id; /* or a name */
    struct ocn_cli_image of;
    bool running;
    struct ocn_world world;
    const char *format;
    bool schema;
};

#define BUNDLE                                                                                     \
    {                                                                                              \
        .name = "bundle", .letter = 'b', .takes = OCN_COMMAND_TAKES_DIR, .argument = "DIR",        \
        .offset = offsetof(struct request, bundle),                                                \
        .text = "the bundle: the directory of config.json"                                         \
    }
#define POLICY OCN_CLI_POLICY(struct request, "the policy, in place of " OCN_CONFIG_PATH)
#define ROOT OCN_CLI_ROOT(struct request, world.root, "look up the node's files below DIR")

static const struct ocn_command_option explain_options[] = {
    BUNDLE,
    OCN_CLI_FLAG("running", struct request, running,
                 "a line for each container of this node, as root: user now and then, what would "
                 "deny it"),
    POLICY,
    ROOT,
    OCN_CLI_IMAGE(struct request),
    OCN_CLI_FORMAT(struct request, "text (default) or json"),
    OCN_CLI_FLAG("schema", struct request, schema, "print the JSON Schema of that JSON"),
};

static const struct ocn_command_option apply_options[] = { BUNDLE, POLICY, ROOT };

static const char *const explain_synopsis[] = {
    "--bundle DIR [--config FILE] [--root DIR] [--format text|json]",
    "--running [--config FILE] [--root DIR] [--format text|json]",
    "ID [--config FILE] [--root DIR] [--format text|json]",
    "IMAGE [--as PLATFORM,...] [--node OS/ARCH] [--platform OS/ARCH] [--cpus N] [--memory SIZE]",
    "--schema",
    NULL,
};

static const char *const apply_synopsis[] = { "--bundle DIR [--config FILE] [--root DIR]", NULL };

/* Exactly one container, or all that run. */
static int check_subject(const struct request *request, const char *command, const char *others,
                         struct ocn_error *err)
{
    int subjects =
        (request->bundle != NULL) + (request->id != NULL) + request->running + request->schema;

    if (request->id != NULL && request->id[0] == '\0') {
        return ocn_fail(err, OCN_E_USAGE, request->id,
                        "unexpected argument; the bundle is named by --bundle DIR");
    }
    if (subjects > 1) {
        return ocn_fail(
            err, OCN_E_USAGE, command,
            "use one of --bundle DIR, --running, an ID and --schema (ocinorm %s --help)", command);
    }
    if (subjects == 0) {
        return ocn_fail(err, OCN_E_USAGE, "--bundle",
                        "missing: name the directory of config.json%s (ocinorm %s --help)", others,
                        command);
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
    ocn_judge_done(&judged->judgement);
    ocn_node_policy_done(&judged->policy);
    ocn_buf_done(&judged->text);
    ocn_arena_done(&judged->arena);
}

static int judge(const struct request *request, struct judged *ret, struct ocn_error *err)
{
    ret->path = ocn_arena_printf(&ret->arena, "%s/config.json", request->bundle);
    if (ocn_arena_check(&ret->arena, err) < 0 ||
        ocn_node_policy_read(&request->world, &ret->policy, err) != 0 ||
        ocn_io_read_file(ret->path, OCN_CONFIG_MAX_SIZE, &ret->text, err) != 0) {
        return -1;
    }
    /* What the wrapper's runtime can, it is asked; whom somebody else's policy names, is not. */
    struct ocn_layer *layers = NULL;
    size_t layers_len = 0;
    const char *runtime = NULL;
    if (request->world.root == NULL && !request->world.any_owner &&
        ocn_policy_layers(&request->world, &ret->arena, &layers, &layers_len, NULL) == 0 &&
        ocn_runtimes_find(layers, layers_len, &ret->arena, &runtime, NULL) < 0) {
        runtime = NULL; /* none is here, and nobody can tell */
    }
    /* Who a container is, is told by where it lies. */
    OCN_CLEANUP(ocn_freep) char *bundle = realpath(request->bundle, NULL);
    const struct ocn_subject subject = { .event = OCN_ON_CREATE,
                                         .bundle = bundle != NULL ? bundle : request->bundle,
                                         .follower = runtime,
                                         .config = ocn_buf_bytes(&ret->text) };
    return ocn_judge_container(&request->world, &ret->policy, &subject, &ret->judgement, err);
}

static int print(const struct ocn_buf *text, struct ocn_error *err)
{
    return ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(text), err);
}

static int print_report(const struct request *request, const struct ocn_outcome *outcome,
                        struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf report = { 0 };
    int status =
        ocn_cli_is_json(request->format)
            ? ocn_report_json(outcome, request->bundle, &report, err)
            : ocn_report_text(outcome, request->bundle, ocn_cli_wants_colour(), &report, err);

    if (status != 0) {
        return -1;
    }
    return print(&report, err);
}

static void note_disabled(const struct request *request)
{
    if (ocn_policy_is_disabled(&request->world)) {
        (void)fputs(
            "ocinorm: note: a `disabled` file switches ocinorm off on this node: nothing of "
            "this happens until it is removed\n",
            stderr);
    }
}

static int explain_bundle(const struct request *request, struct ocn_error *err)
{
    OCN_CLEANUP(release) struct judged judged = { 0 };

    if (judge(request, &judged, err) != 0 ||
        print_report(request, judged.judgement.outcome, err) != 0) {
        return -1;
    }
    return judged.judgement.outcome->verdict == OCN_ALLOW ? EXIT_FINE : EXIT_DENIED;
}

/* All that run here. */
static int explain_running(const struct request *request, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_running_done) struct ocn_runnings runnings = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (ocn_running_read(&request->world, NULL, &runnings, err) < 0 ||
        (ocn_cli_is_json(request->format)
             ? ocn_running_json(&runnings, &text, err)
             : ocn_running_text(&runnings, ocn_cli_wants_colour(), &text, err)) < 0 ||
        print(&text, err) < 0) {
        return -1;
    }
    const struct ocn_running_count count = ocn_running_count(&runnings);
    if (count.denied != 0) {
        return EXIT_DENIED;
    }
    return count.undecided == 0 && runnings.problems_len == 0 ? EXIT_FINE : EXIT_TROUBLE;
}

/* The one of that id or name. */
static int explain_id(const struct request *request, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_running_done) struct ocn_runnings runnings = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (ocn_running_read(&request->world, request->id, &runnings, err) < 0) {
        return -1;
    }
    const struct ocn_running *running = &runnings.items[0];
    if (running->judgement.outcome == NULL) {
        return ocn_fail(err, OCN_E_IO, running->id, "%s", running->problem);
    }
    if (ocn_running_one(running, ocn_cli_is_json(request->format), ocn_cli_wants_colour(), &text,
                        err) < 0 ||
        print(&text, err) < 0) {
        return -1;
    }
    return running->judgement.outcome->verdict == OCN_ALLOW ? EXIT_FINE : EXIT_DENIED;
}

static int explain(const struct request *request, struct ocn_error *err)
{
    if (request->running) {
        return explain_running(request, err);
    }
    return request->id != NULL ? explain_id(request, err) : explain_bundle(request, err);
}

static int print_schema(struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_auto_t *schema = ocn_running_schema();

    return ocn_json_print(schema, &text, err) < 0 ? -1 : print(&text, err);
}

/* ---- what is explained ---------------------------------------------------------------------- */

static bool lies_in(const char *directory, const char *name)
{
    char path[PATH_MAX];
    struct stat st;
    int len = snprintf(path, sizeof(path), "%s/%s", directory, name);

    return len > 0 && (size_t)len < sizeof(path) && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/*
 * No engine has a container with a colon or a slash in its id or name. What lies here as a file or
 * a layout is meant where somebody names it.
 */
static bool is_image(const char *id)
{
    struct stat st;

    return strchr(id, ':') != NULL || (stat(id, &st) == 0 && S_ISREG(st.st_mode)) ||
           lies_in(id, "oci-layout") || (lies_in(id, "version") && lies_in(id, "manifest.json"));
}

static bool is_of_image(const struct request *request)
{
    const struct ocn_cli_image *of = &request->of;

    return of->as != NULL || of->node != NULL || of->platform != NULL || of->cpus != NULL ||
           of->memory != NULL || (request->id != NULL && is_image(request->id));
}

/* A bundle may be named without its option. */
static void take_bundle(struct request *request)
{
    if (request->id != NULL && request->bundle == NULL && lies_in(request->id, "config.json")) {
        request->bundle = request->id;
        request->id = NULL;
    }
}

static int run_explain(int argc, char **argv)
{
    struct request request = { .world = { .all_facts = true } };
    struct ocn_error err = { 0 };
    bool helped = false;
    int status = ocn_command_read(&ocn_cli_explain, argc, argv, &request, &helped, &err);

    if (helped) {
        return EXIT_FINE;
    }
    if (status == 0 && is_of_image(&request)) {
        return ocn_cli_start_image(argc, argv);
    }
    take_bundle(&request);
    request.world.any_owner = request.world.config != NULL;
    if (status < 0 ||
        check_subject(&request, "explain", ", a container's id, an image as oci:DIR, or --running",
                      &err) < 0) {
        return ocn_cli_complain(&err);
    }
    status = request.schema ? print_schema(&err) : explain(&request, &err);
    if (status < 0) {
        return ocn_cli_complain(&err);
    }
    if (!request.schema) {
        note_disabled(&request);
    }
    return status;
}

const struct ocn_command ocn_cli_explain = {
    .name = "explain",
    .summary = "show what would be changed in a container, and why",
    .synopsis = explain_synopsis,
    .about =
        "Shows what ocinorm would do to the container of a bundle, to every container that "
        "runs on this node, to the one of that id or name, or what it will do to an image, and "
        "why. Changes nothing. An image is named as oci:DIR[:REF], oci-archive:FILE, "
        "docker-archive:FILE, dir:DIR, or docker://NAME and others that skopeo fetches; it needs "
        "the package ocinorm-image.",
    .options = explain_options,
    .options_len = OCN_COUNT(explain_options),
    .operand = { .takes = OCN_COMMAND_TAKES_TEXT,
                 .argument = "ID|DIR|IMAGE",
                 .offset = offsetof(struct request, id) },
    .exit_status = "0 allow, 1 deny, 2 could not decide.",
    .run = run_explain,
};

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
    if (ocn_splice_edits(ocn_buf_bytes(&judged->text), "", outcome->edits, outcome->edits_len,
                         &edited, err) != 0) {
        return -1;
    }
    return ocn_replace_file(judged->path, ocn_buf_bytes(&edited), err);
}

static int run_apply(int argc, char **argv)
{
    OCN_CLEANUP(release) struct judged judged = { 0 };
    struct request request = { 0 };
    struct ocn_error err = { 0 };
    bool helped = false;
    int status = ocn_command_read(&ocn_cli_apply, argc, argv, &request, &helped, &err);

    if (helped) {
        return EXIT_FINE;
    }
    if (status < 0 || check_subject(&request, "apply", "", &err) < 0) {
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

const struct ocn_command ocn_cli_apply = {
    .name = "apply",
    .summary = "edit the config.json of a bundle in place",
    .synopsis = apply_synopsis,
    .about = "Edits the config.json of a bundle in place, for `runc run` by hand. A second pass "
             "changes nothing, and a denial changes nothing either.",
    .options = apply_options,
    .options_len = OCN_COUNT(apply_options),
    .exit_status = "0 done, 1 denied, 2 could not do it.",
    .run = run_apply,
};
