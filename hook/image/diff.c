/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm diff A B: whether two images are the same, where not, and what becomes of it. */
#include <stdio.h>
#include <string.h>

#include "hook/cli/cli.h"
#include "hook/image/diff_images.h"
#include "hook/image/diff_text.h"
#include "hook/image/fetch_lean.h"
#include "hook/image/image.h"
#include "hook/policy/policy_files.h"
#include "hook/sys/io.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

enum { EXIT_SAME = 0, EXIT_DIFFERENT = 1 };

static const char *const formats[] = { "text", "json", "unified", NULL };

struct request {
    struct ocn_command_texts inputs;
    struct ocn_command_texts ignored;
    struct ocn_cli_image of;
    struct ocn_world world;
    bool layers;
    bool history;
    bool exact;
    const char *format;
};

static const struct ocn_command_option options[] = {
    OCN_CLI_TEXT("platform", "OS/ARCH[/VARIANT]|all", struct request, of.platform,
                 "only that one; all by default"),
    OCN_CLI_TEXT("as", "PLATFORM[,PLATFORM...]", struct request, of.as,
                 "what becomes of both there, too: aws-eks, aws-ecs, azure-aks ..."),
    OCN_CLI_TEXT("node", "OS/ARCH[/VARIANT]", struct request, of.node,
                 "with --as: the node that they are to run on"),
    OCN_CLI_TEXT("cpus", "N", struct request, of.cpus, "with --as: the CPU limit, 1.5 or 1500m"),
    OCN_CLI_TEXT("memory", "SIZE", struct request, of.memory,
                 "with --as: the memory limit, 512Mi, 1G or bytes"),
    OCN_CLI_FLAG("layers", struct request, layers,
                 "list the files that differ: mode, owner, size, digest"),
    OCN_CLI_FLAG("history", struct request, history, "list every step of the history that differs"),
    { .name = "ignore",
      .takes = OCN_COMMAND_TAKES_TEXT,
      .repeats = true,
      .argument = "WHAT[,WHAT...]",
      .offset = offsetof(struct request, ignored),
      .text = "leave out a level (index, manifest, config, annotations, layers, program, outcome), "
              "what a word stands for (platforms, user, env, entrypoint, cmd, workdir, ports, "
              "volumes, labels, history, author, modules), a kind of noise, or a JSON pointer "
              "(/config/Labels/org.example.*)" },
    OCN_CLI_FLAG("exact", struct request, exact,
                 "nothing is noise: times, compression, media types count, too"),
    OCN_CLI_POLICY(struct request, "with --as: the policy, in place of " OCN_CONFIG_PATH),
    { .name = "format",
      .takes = OCN_COMMAND_TAKES_WORD,
      .argument = "FORMAT",
      .words = formats,
      .offset = offsetof(struct request, format),
      .text = "text (default), json or unified" },
};

/* ---- what is asked for ----------------------------------------------------------------------- */

/* "a,b" is a and b, in a pointer, too: none of image-spec's members has a comma. */
static int read_ignored(const struct ocn_command_texts *texts, struct ocn_arena *arena,
                        struct ocn_strings *ret, struct ocn_error *err)
{
    for (size_t i = 0; i < texts->len; i++) {
        for (const char *at = texts->items[i]; at != NULL;) {
            size_t len = strcspn(at, ",");
            const char *word = ocn_arena_copy(arena, at, len);
            const char **items = ocn_arena_grow(arena, ret->items, ret->len, sizeof(*items));
            if (items == NULL) {
                return ocn_fail_nomem(err);
            }
            if (ocn_diff_check_word(word, err) < 0) {
                return -1;
            }
            ret->items = items;
            items[ret->len++] = word;
            at = at[len] == ',' ? at + len + 1 : NULL;
        }
    }
    return ocn_arena_check(arena, err);
}

static int read_wants(const struct request *request, struct ocn_arena *arena,
                      struct ocn_object_platform *platform, struct ocn_diff_wants *ret,
                      struct ocn_error *err)
{
    const char *name = request->of.platform;
    bool all = name == NULL || strcmp(name, "all") == 0;

    if ((!all && ocn_object_parse_platform(name, arena, platform, err) < 0) ||
        read_ignored(&request->ignored, arena, &ret->ignored, err) < 0) {
        return -1;
    }
    ret->platform = all ? NULL : platform;
    ret->exact = request->exact;
    ret->history = request->history;
    ret->layers = request->layers;
    ret->outcome = request->of.as != NULL;
    return 0;
}

/* Of a registry no more than it takes. */
static int open_input(const char *text, struct ocn_diff_wants *wants, struct ocn_image_input *ret,
                      struct ocn_error *err)
{
    if (wants->layers || wants->outcome || !ocn_fetch_lean_is(text)) {
        return ocn_image_input_open(text, ret, err);
    }
    wants->lean = true;
    return ocn_fetch_lean(text, ret, err);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static int print_report(const char *format, const struct ocn_buf *said, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_auto_t *report = NULL;

    if (ocn_json_load(ocn_buf_bytes(said), OCN_WORK_MAX_RESULT, &report, err) < 0) {
        return -1;
    }
    ocn_json_make_whole(report);
    int status = ocn_cli_is_json(format) ? ocn_json_print(report, &text, err)
                 : format != NULL && strcmp(format, "unified") == 0
                     ? ocn_diff_text_unified(report, &text, err)
                     : ocn_diff_text(report, &text, err);
    if (status < 0 ||
        ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&text), err) < 0) {
        return -1;
    }
    return json_is_true(json_object_get(report, "same")) ? EXIT_SAME : EXIT_DIFFERENT;
}

static int diff(const struct request *request, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_image_input_done) struct ocn_image_input a = OCN_IMAGE_INPUT_NONE;
    OCN_CLEANUP(ocn_image_input_done) struct ocn_image_input b = OCN_IMAGE_INPUT_NONE;
    OCN_CLEANUP(ocn_work_profiles_done) struct ocn_work_profiles profiles = { 0 };
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    struct ocn_object_platform platforms[2] = { { 0 } };
    struct ocn_diff_wants wants = { .exact = false };
    struct ocn_work work = {
        .input = &a, .second = &b, .profiles = &profiles, .run = ocn_diff_images, .ctx = &wants
    };

    return read_wants(request, &arena, &platforms[0], &wants, err) < 0 ||
                   ocn_work_place(&request->of, &arena, &platforms[1], &work.place, err) < 0 ||
                   ocn_work_profiles(&request->world, request->of.as, &profiles, err) < 0 ||
                   open_input(request->inputs.items[0], &wants, &a, err) < 0 ||
                   open_input(request->inputs.items[1], &wants, &b, err) < 0 ||
                   ocn_work_confined(&work, &said, err) < 0
               ? -1
               : print_report(request->format, &said, err);
}

static int run_diff(int argc, char **argv)
{
    struct request request = { .world = { .all_facts = true, .any_owner = true } };
    struct ocn_error err = { 0 };
    bool helped = false;
    int status = ocn_command_read(&ocn_image_diff, argc, argv, &request, &helped, &err);

    if (helped) {
        return EXIT_SAME;
    }
    if (status == 0 && request.inputs.len != 2) {
        status = ocn_fail(&err, OCN_E_USAGE, "diff",
                          "name two images, as oci:DIR or docker://NAME (ocinorm diff --help)");
    }
    status = status < 0 ? -1 : diff(&request, &err);
    return status < 0 ? ocn_cli_complain(&err) : status;
}

static const char *const synopsis[] = {
    "[--platform OS/ARCH[/VARIANT]|all] [--as PLATFORM[,PLATFORM...]] [--layers] [--history] "
    "[--ignore WHAT]... [--exact] [--format text|json|unified] A B",
    NULL,
};

const struct ocn_command ocn_image_diff = {
    .name = "diff",
    .summary = "say whether two images are the same, and where not",
    .synopsis = synopsis,
    .about =
        "Compares two images in meaning: platforms, manifests, configuration, annotations, layers "
        "by what they hold, and how the entrypoint's Go program was built. A and B are images as "
        "`ocinorm explain` takes them. Of a registry only manifests and configurations are "
        "fetched, unless --layers or --as asks for more. What differs between two builds of the "
        "same thing (times, compression, media types of Docker and OCI) is counted as noise.",
    .options = options,
    .options_len = OCN_COUNT(options),
    .operand = { .takes = OCN_COMMAND_TAKES_TEXT,
                 .repeats = true,
                 .argument = "A B",
                 .offset = offsetof(struct request, inputs) },
    .exit_status = "0 the same in meaning, 1 different, 2 could not compare them.",
    .run = run_diff,
};
