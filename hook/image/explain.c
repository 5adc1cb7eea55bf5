/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm explain INPUT: what an image will become on each platform. */
#include <stdio.h>
#include <string.h>

#include "hook/cli/cli.h"
#include "hook/image/explain_text.h"
#include "hook/image/image.h"
#include "hook/image/work.h"
#include "hook/judge/report.h"
#include "hook/policy/policy_files.h"
#include "hook/sys/io.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

enum { EXIT_FINE = 0, EXIT_DENIED = 1, EXIT_TROUBLE = 2 };

struct request {
    const char *input;
    struct ocn_cli_image of;
    struct ocn_world world;
    const char *format;
};

static const struct ocn_command_option options[] = {
    OCN_CLI_IMAGE(struct request),
    OCN_CLI_POLICY(struct request, "the policy, in place of " OCN_CONFIG_PATH),
    OCN_CLI_FORMAT(struct request, "text (default) or json"),
};

/* ---- in the child ---------------------------------------------------------------------------- */

/* What no engine starts is denied, whatever the rules say. */
static int add_user_problem(json_t *report, const char *problem)
{
    json_t *finding =
        json_pack("{s:s, s:s, s:s, s:s}", "rule", "image.user", "level", "deny", "message", problem,
                  "hint", "name a user that the image has, or a number: USER 1001:1001");

    return json_array_append_new(json_object_get(report, "findings"), finding) < 0 ||
                   json_object_set_new(report, "verdict", json_string("deny")) < 0
               ? -1
               : 0;
}

static json_t *user_of(const struct ocn_look *look, const struct ocn_image_user *user)
{
    return json_pack("{s:s, s:b, s:I, s:I}", "text",
                     look->image->config.user != NULL ? look->image->config.user : "", "found",
                     user->state == OCN_IMAGE_USER_FOUND, "uid", (json_int_t)user->uid, "gid",
                     (json_int_t)user->gid);
}

static json_t *judge_for(struct ocn_look *look, const struct ocn_work *work,
                         const struct ocn_look_profile *profile, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;

    if (ocn_look_judge(look, profile, &work->place, &outcome, err) < 0) {
        return NULL;
    }
    const char *problem = ocn_look_user_problem(look, &look->taken);
    json_t *report = ocn_report_value(outcome, work->input->name);
    if (report == NULL || ocn_arena_check(&look->arena, err) < 0 ||
        json_object_set_new(report, "user", user_of(look, &look->taken)) < 0 ||
        (problem != NULL && add_user_problem(report, problem) < 0)) {
        json_decref(report);
        (void)ocn_fail_nomem(err);
        return NULL;
    }
    return report;
}

/* No layer is opened: whatever its user and its files are, no Linux node starts it. */
static json_t *judge_windows(struct ocn_look *look, const struct ocn_work *work,
                             const struct ocn_look_profile *profile, struct ocn_error *err)
{
    struct ocn_finding finding = {
        .rule = OCN_RULE_PLATFORM_OS,
        .level = OCN_LEVEL_DENY,
        .message = "the image is for Windows, and no Linux node starts it",
        .hint = "ask about one that is for Linux: --platform linux/amd64",
    };
    const struct ocn_outcome outcome = {
        .verdict = OCN_DENY,
        .profile = profile->name,
        .facts = { .host = { .os = "linux" } },
        .findings = &finding,
        .findings_len = 1,
    };
    json_t *report = ocn_report_value(&outcome, work->input->name);

    if (report == NULL || json_object_set_new(report, "user", user_of(look, &look->user)) < 0) {
        json_decref(report);
        (void)ocn_fail_nomem(err);
        return NULL;
    }
    return report;
}

static int open_look(const struct ocn_work *work, const struct ocn_selected *image,
                     struct ocn_look *ret, struct ocn_error *err)
{
    if (ocn_select_is_windows(image)) {
        ret->image = image;
        ret->user.state = OCN_IMAGE_USER_MISSING;
        return 0;
    }
    return ocn_look_open(&work->input->blobs, image, &work->place, ret, err);
}

static json_t *explain_image(const struct ocn_work *work, const struct ocn_selected *image,
                             struct ocn_error *err)
{
    OCN_CLEANUP(ocn_look_done) struct ocn_look look = { 0 };
    json_auto_t *profiles = json_object();

    if (open_look(work, image, &look, err) < 0) {
        return NULL;
    }
    const bool windows = ocn_select_is_windows(image);
    for (size_t i = 0; i < work->profiles->len; i++) {
        const struct ocn_look_profile *profile = &work->profiles->items[i];
        json_t *report = windows ? judge_windows(&look, work, profile, err)
                                 : judge_for(&look, work, profile, err);
        if (report == NULL || json_object_set_new(profiles, profile->name, report) < 0) {
            (void)ocn_fail_nomem(err);
            return NULL;
        }
    }
    const struct ocn_object_platform *platform =
        image->has_declared ? &image->declared : &image->config.platform;
    json_t *json = json_pack(
        "{s:s, s:s, s:o, s:O}", "platform", ocn_object_platform_text(platform, &look.arena),
        "digest", image->digest, "user", user_of(&look, &look.user), "profiles", profiles);
    if (json == NULL) {
        (void)ocn_fail_nomem(err);
    }
    return json;
}

static json_t *list_passed_over(const struct ocn_selection *selection)
{
    const struct ocn_passed_over *items = selection->passed_over.items;
    json_t *list = json_array();

    for (size_t i = 0; i < selection->passed_over.len; i++) {
        if (json_array_append_new(list, json_pack("{s:s, s:s}", "digest", items[i].digest, "is",
                                                  items[i].what)) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static int explain_all(const struct ocn_work *work, const struct ocn_selection *selection,
                       struct ocn_buf *out, struct ocn_error *err)
{
    json_auto_t *images = json_array();

    for (size_t i = 0; i < selection->images_len; i++) {
        struct ocn_error problem = { 0 };
        json_t *image = explain_image(work, &selection->images[i], &problem);
        if (image == NULL) {
            ocn_error_locate(&problem, selection->images[i].digest, 0);
            return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
        }
        if (json_array_append_new(images, image) < 0) {
            return ocn_fail_nomem(err);
        }
    }
    json_auto_t *json = json_pack("{s:i, s:s, s:O, s:o}", "version", 1, "input", work->input->name,
                                  "images", images, "passedOver", list_passed_over(selection));
    return ocn_json_print(json, out, err);
}

/* ---- in the parent --------------------------------------------------------------------------- */

static int read_place(const struct request *request, struct ocn_object_platform platforms[2],
                      struct ocn_arena *arena, struct ocn_work *work, struct ocn_error *err)
{
    bool all = request->of.platform == NULL || strcmp(request->of.platform, "all") == 0;

    if (ocn_work_place(&request->of, arena, &platforms[0], &work->place, err) < 0 ||
        (!all && ocn_object_parse_platform(request->of.platform, arena, &platforms[1], err) < 0)) {
        return -1;
    }
    work->platform = all ? NULL : &platforms[1];
    return 0;
}

/* The exit status: whether some column denies. */
static int status_of(const json_t *report)
{
    const json_t *image;
    const json_t *profile;
    const char *name;
    size_t i;
    int status = EXIT_FINE;

    json_array_foreach (json_object_get(report, "images"), i, image) {
        json_object_foreach ((json_t *)json_object_get(image, "profiles"), name, profile) {
            const char *verdict = json_string_value(json_object_get(profile, "verdict"));
            if (verdict == NULL || strcmp(verdict, "allow") != 0) {
                status = EXIT_DENIED;
            }
        }
    }
    return status;
}

static int print_report(const struct request *request, const struct ocn_buf *report,
                        struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_auto_t *json = NULL;

    if (ocn_json_load(ocn_buf_bytes(report), OCN_EXPLAIN_MAX_REPORT, &json, err) < 0) {
        return -1;
    }
    ocn_json_make_whole(json);
    if ((ocn_cli_is_json(request->format)
             ? ocn_json_print(json, &text, err)
             : ocn_explain_text(json, ocn_cli_wants_colour(), &text, err)) < 0 ||
        ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&text), err) < 0) {
        return -1;
    }
    return status_of(json);
}

static int explain(const struct request *request, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_image_input_done) struct ocn_image_input input = OCN_IMAGE_INPUT_NONE;
    OCN_CLEANUP(ocn_work_profiles_done) struct ocn_work_profiles profiles = { 0 };
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf report = { 0 };
    struct ocn_object_platform platforms[2] = { { 0 } };
    struct ocn_work work = { .input = &input, .profiles = &profiles, .run = explain_all };

    return read_place(request, platforms, &arena, &work, err) < 0 ||
                   ocn_work_profiles(&request->world, request->of.as, &profiles, err) < 0 ||
                   ocn_image_input_open(request->input, &input, err) < 0 ||
                   ocn_work_confined(&work, &report, err) < 0
               ? -1
               : print_report(request, &report, err);
}

static int run_explain(int argc, char **argv)
{
    struct request request = { .world = { .all_facts = true, .any_owner = true } };
    struct ocn_error err = { 0 };
    bool helped = false;
    int status = ocn_command_read(&ocn_image_explain, argc, argv, &request, &helped, &err);

    if (helped) {
        return EXIT_FINE;
    }
    if (status == 0 && request.input == NULL) {
        status = ocn_fail(&err, OCN_E_USAGE, "explain",
                          "name an image, as oci:DIR (ocinorm-image explain --help)");
    }
    status = status < 0 ? -1 : explain(&request, &err);
    return status < 0 ? ocn_cli_complain(&err) : status;
}

static const char *const synopsis[] = {
    "INPUT [--as PLATFORM,...] [--node OS/ARCH] [--platform OS/ARCH] [--cpus N] [--memory SIZE]",
    NULL,
};

const struct ocn_command ocn_image_explain = {
    .name = "explain",
    .summary = "show what an image will become on each platform, and why",
    .synopsis = synopsis,
    .about = "Shows as whom, with which program and which environment an image will run: a column "
             "for each platform. INPUT is oci:DIR[:REF], oci-archive:FILE[:REF], "
             "docker-archive:FILE[:REF], dir:DIR, or what skopeo fetches: docker://NAME, "
             "docker-daemon:NAME, containers-storage:NAME.",
    .options = options,
    .options_len = OCN_COUNT(options),
    .operand = { .takes = OCN_COMMAND_TAKES_TEXT,
                 .argument = "INPUT",
                 .offset = offsetof(struct request, input) },
    .exit_status = "0 allow, 1 some platform denies it, 2 could not decide.",
    .run = run_explain,
};
