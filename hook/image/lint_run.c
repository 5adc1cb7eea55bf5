/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/lint_run.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/cli/cli.h"
#include "hook/image/lint_bundle.h"
#include "hook/image/lint_image.h"
#include "hook/judge/judge.h"
#include "hook/lint/baseline.h"
#include "hook/lint/ignore.h"
#include "hook/lint/manifest_child.h"
#include "hook/lint/report_write.h"
#include "hook/lint/save.h"
#include "hook/lint/targets.h"
#include "hook/lint/walk.h"
#include "hook/lint/yaml_tree.h"
#include "hook/sys/io.h"

enum { EXIT_FINE = 0, EXIT_FOUND = 1, EXIT_TROUBLE = 2 };

const char *const ocn_lint_run_fail_words[] = { "deny", "warn", "never", NULL };

/* All that a run holds; zero-initialise. */
struct run {
    const struct ocn_lint_request *request;
    struct ocn_arena arena;
    struct ocn_lint lint;
    struct ocn_targets targets;
    struct ocn_work_profiles profiles;
    struct ocn_object_platform platform;
    bool one_platform;
    struct ocn_lint_image images[OCN_COMMAND_MAX_TEXTS];
    bool named[OCN_COMMAND_MAX_TEXTS]; /* by some manifest */
    size_t images_len;
    struct ocn_list problems; /* struct ocn_lint_problem */
};

static void run_done(struct run *run)
{
    ocn_lint_done(&run->lint);
    ocn_targets_done(&run->targets);
    ocn_work_profiles_done(&run->profiles);
    ocn_arena_done(&run->arena);
}

/* "." and "./web.yaml" name the same as "web.yaml", also to a baseline. */
static const char *plain_name(const char *name)
{
    return strncmp(name, "./", 2) == 0 ? name + 2 : name;
}

/* What cannot be read is told, and the rest goes on. -1: there is no memory to tell it. */
static int note_problem(struct run *run, const char *input, const struct ocn_error *problem,
                        struct ocn_error *err)
{
    if (ocn_lint_report_problem(&run->problems, plain_name(input), problem, &run->arena, err) < 0) {
        return -1;
    }
    (void)ocn_cli_complain(problem);
    return 0;
}

/* ---- images ---------------------------------------------------------------------------------- */

static int lint_image(struct run *run, const char *input, struct ocn_lint_image_facts *facts,
                      struct ocn_error *err)
{
    if (run->profiles.len == 0 &&
        ocn_work_profiles(&run->request->world, NULL, &run->profiles, err) < 0) {
        return -1;
    }
    return ocn_lint_image(input, run->one_platform ? &run->platform : NULL, &run->profiles,
                          &run->lint, &run->arena, facts, err);
}

/* --image NAME=INPUT. A name may hold no "=", an input may. */
static int add_image(struct run *run, const char *word, struct ocn_error *err)
{
    struct ocn_lint_image_facts facts = { 0 };
    const char *gap = strchr(word, '=');

    if (gap == NULL || gap == word || gap[1] == '\0') {
        return ocn_fail(err, OCN_E_USAGE, "--image", "\"%s\" is not NAME=INPUT", word);
    }
    if (lint_image(run, gap + 1, &facts, err) < 0) {
        return -1;
    }
    run->images[run->images_len++] = (struct ocn_lint_image){
        .name = ocn_arena_copy(&run->arena, word, (size_t)(gap - word)),
        .user = facts.differs ? NULL : facts.user,
        .platforms = facts.platforms,
    };
    return ocn_arena_check(&run->arena, err);
}

/* ---- manifests ------------------------------------------------------------------------------- */

static bool holds(struct ocn_bytes text, const char *word)
{
    return memmem(text.ptr, text.len, word, strlen(word)) != NULL;
}

/* Which of the images some manifest may name: none is a slip of whoever wrote --image. */
static void note_images(struct run *run, struct ocn_bytes text)
{
    for (size_t i = 0; i < run->images_len; i++) {
        run->named[i] = run->named[i] || holds(text, run->images[i].name);
    }
}

/* @named: somebody named it, so that it must be a manifest. */
static int lint_text(struct run *run, const char *name, struct ocn_bytes text, bool named,
                     struct ocn_error *err)
{
    const struct ocn_manifest_settings settings = { .images = run->images,
                                                    .images_len = run->images_len };
    const struct ocn_manifest manifest = { plain_name(name), text, &settings };
    struct ocn_error problem = { 0 };
    const char *other = NULL;

    note_images(run, text);
    if (ocn_manifest_child_judge(&manifest, &run->lint, &other, &problem) < 0) {
        /* What is no YAML and has no word of a manifest is for somebody else. */
        bool passed_over = !named && problem.code == OCN_E_FORMAT && !holds(text, "apiVersion") &&
                           !holds(text, "containerDefinitions");
        bool template = problem.code == OCN_E_FORMAT && holds(text, "{{");
        return passed_over ? 0
                           : ocn_fail(err, problem.code, problem.where, "%s%s", problem.msg,
                                      template ? "; is it a template? Render it first (helm "
                                                 "template ... | ocinorm lint -)"
                                               : "");
    }
    return other == NULL || !named
               ? 0
               : ocn_fail(err, OCN_E_FORMAT, name,
                          "is neither for Kubernetes nor a task definition of ECS; it seems to be "
                          "%s",
                          other);
}

static int lint_file(struct run *run, const char *path, bool named, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    return ocn_io_read_file(path, OCN_YAML_MAX_SIZE, &text, err) < 0
               ? -1
               : lint_text(run, path, ocn_buf_bytes(&text), named, err);
}

static int lint_stdin(struct run *run, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    return ocn_io_read_fd(STDIN_FILENO, "-", OCN_YAML_MAX_SIZE, &text, err) < 0
               ? -1
               : lint_text(run, "-", ocn_buf_bytes(&text), true, err);
}

/* Who names a directory without a manifest is told: nothing found would sound like nothing wrong.
 */
static int lint_directory(struct run *run, const char *path, struct ocn_error *err)
{
    size_t before = run->lint.inputs.len + run->problems.len;
    struct ocn_strings files = { 0 };

    if (ocn_walk(path, &run->arena, &files, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < files.len; i++) {
        struct ocn_error problem = { 0 };
        if (lint_file(run, files.items[i], false, &problem) < 0 &&
            note_problem(run, files.items[i], &problem, err) < 0) {
            return -1;
        }
    }
    return run->lint.inputs.len + run->problems.len != before
               ? 0
               : ocn_fail(err, OCN_E_NOENT, path,
                          "neither an image layout nor a bundle, and no manifest among its %zu "
                          "*.yaml, *.yml and *.json",
                          files.len);
}

/* ---- inputs ---------------------------------------------------------------------------------- */

static int lint_input(struct run *run, const char *input, struct ocn_error *err)
{
    struct stat st;

    if (strcmp(input, "-") == 0) {
        return lint_stdin(run, err);
    }
    if (ocn_image_input_is(input)) {
        return lint_image(run, input, NULL, err);
    }
    if (stat(input, &st) < 0) {
        return ocn_fail_sys(err, errno, input,
                            "no such file; an image is written docker://NAME:TAG, oci:DIR[:TAG], "
                            "oci-archive:FILE or docker-archive:FILE");
    }
    if (!S_ISDIR(st.st_mode)) {
        return lint_file(run, input, true, err);
    }
    return ocn_lint_bundle_is(input) ? ocn_lint_bundle(input, &run->request->world, &run->lint, err)
                                     : lint_directory(run, input, err);
}

static void note_unused_images(const struct run *run)
{
    for (size_t i = 0; i < run->images_len; i++) {
        if (run->request->inputs.len != 0 && !run->named[i]) {
            (void)fprintf(stderr, "ocinorm: note: no manifest names the image %s (--image)\n",
                          run->images[i].name);
        }
    }
}

static bool was_before(const struct ocn_command_texts *texts, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (strcmp(texts->items[i], texts->items[at]) == 0) {
            return true;
        }
    }
    return false;
}

static int lint_all(struct run *run, struct ocn_error *err)
{
    const struct ocn_command_texts *images = &run->request->images;
    const struct ocn_command_texts *inputs = &run->request->inputs;

    for (size_t i = 0; i < images->len; i++) {
        if (add_image(run, images->items[i], err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < inputs->len; i++) {
        struct ocn_error problem = { 0 };
        if (!was_before(inputs, i) && lint_input(run, inputs->items[i], &problem) < 0 &&
            note_problem(run, inputs->items[i], &problem, err) < 0) {
            return -1;
        }
    }
    note_unused_images(run);
    return 0;
}

/* ---- what counts ----------------------------------------------------------------------------- */

static int prepare(struct run *run, struct ocn_error *err)
{
    const struct ocn_lint_request *request = run->request;

    for (size_t i = 0; i < request->disabled.len; i++) {
        if (ocn_ignore_check_rule("--disable", request->disabled.items[i], err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < request->targets.len; i++) {
        if (ocn_targets_add(&run->targets, request->targets.items[i], err) < 0) {
            return -1;
        }
    }
    run->lint.targets = run->targets.items;
    run->lint.targets_len = run->targets.len;
    run->one_platform = request->platform != NULL && strcmp(request->platform, "all") != 0;
    return run->one_platform
               ? ocn_object_parse_platform(request->platform, &run->arena, &run->platform, err)
               : 0;
}

/* A baseline that is written has what an older one had, and not what is ignored for a reason. */
static int sort_out(struct run *run, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf notes = { 0 };
    const struct ocn_lint_request *request = run->request;
    char today[OCN_IGNORE_DATE_SIZE];

    for (size_t i = 0; i < request->disabled.len; i++) {
        ocn_ignore_drop(request->disabled.items[i], &run->lint);
    }
    ocn_ignore_today(today);
    if (request->ignore_file != NULL &&
        ocn_ignore_apply(request->ignore_file, today, &run->lint, &notes, err) < 0) {
        return -1;
    }
    if (notes.len != 0) {
        (void)fputs(notes.ptr, stderr);
    }
    if (request->write_baseline != NULL &&
        ocn_baseline_write(request->write_baseline, &run->lint, err) < 0) {
        return -1;
    }
    return request->baseline != NULL ? ocn_baseline_apply(request->baseline, &run->lint, err) : 0;
}

static enum ocn_level fail_level(const struct ocn_lint_request *request)
{
    static const enum ocn_level levels[] = { OCN_LEVEL_DENY, OCN_LEVEL_WARN, OCN_LEVEL_OFF };
    size_t i = 0;

    while (request->fail_on != NULL && i + 1 < OCN_COUNT(levels) &&
           strcmp(ocn_lint_run_fail_words[i], request->fail_on) != 0) {
        i++;
    }
    return levels[i];
}

static const char *name_targets(struct run *run)
{
    const char *names = NULL;

    for (size_t i = 0; i < run->targets.len; i++) {
        const char *name = run->targets.items[i].name;
        names = names == NULL ? name : ocn_arena_printf(&run->arena, "%s, %s", names, name);
    }
    return names;
}

static int print_report(struct run *run, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct ocn_lint_request *request = run->request;
    const struct ocn_lint_report report = {
        .lint = &run->lint,
        .problems = &run->problems,
        .place = request->place,
        .colour = request->output == NULL && ocn_cli_wants_colour(),
        .fail_on = fail_level(request),
        .about = name_targets(run),
    };

    if (ocn_lint_report_write(&report, request->format, &out, err) < 0) {
        return -1;
    }
    return request->output != NULL
               ? ocn_save(request->output, ocn_buf_bytes(&out), err)
               : ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&out), err);
}

static int status_of(const struct run *run)
{
    const struct ocn_lint_counts counts = ocn_lint_report_count(&run->lint);
    enum ocn_level level = fail_level(run->request);

    if (run->problems.len != 0) {
        return EXIT_TROUBLE;
    }
    return (level == OCN_LEVEL_DENY && counts.deny != 0) ||
                   (level == OCN_LEVEL_WARN && counts.deny + counts.warn != 0)
               ? EXIT_FOUND
               : EXIT_FINE;
}

int ocn_lint_run(const struct ocn_lint_request *request, struct ocn_error *err)
{
    OCN_CLEANUP(run_done) struct run run = { .request = request };

    ocn_judge_seed();
    return prepare(&run, err) < 0 || lint_all(&run, err) < 0 || sort_out(&run, err) < 0 ||
                   print_report(&run, err) < 0
               ? -1
               : status_of(&run);
}
