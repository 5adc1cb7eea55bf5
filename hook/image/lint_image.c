/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/lint_image.h"

#include <string.h>

#include "hook/image/rules.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"
#include "normalize/lint/wire.h"

#define MAX_REPORT ((size_t)4 << 20)

/* ---- in the child ---------------------------------------------------------------------------- */

static const char *platform_text(const struct ocn_selected *image, struct ocn_arena *arena)
{
    return ocn_object_platform_text(
        image->has_declared ? &image->declared : &image->config.platform, arena);
}

static int lint_for_linux(const struct ocn_work *work, const struct ocn_selected *image,
                          struct ocn_lint *lint, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_look_done) struct ocn_look look = { 0 };
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;

    return ocn_look_open(&work->input->blobs, image, &work->place, &look, err) < 0 ||
                   ocn_look_judge(&look, &work->profiles->items[0], &work->place, &outcome, err) <
                       0 ||
                   ocn_image_rules(&look, outcome, lint, err) < 0
               ? -1
               : 0;
}

static int lint_one(const struct ocn_work *work, const struct ocn_selected *image,
                    struct ocn_lint *lint, struct ocn_error *err)
{
    const struct ocn_lint_input input = { .name = work->input->name,
                                          .kind = "image",
                                          .digest = image->digest,
                                          .platform = platform_text(image, &lint->arena) };

    if (ocn_lint_begin(lint, &input, err) < 0) {
        return -1;
    }
    return ocn_select_is_windows(image)
               ? ocn_image_rules_for_windows(&work->input->blobs, image, lint, err)
               : lint_for_linux(work, image, lint, err);
}

static int lint_all(const struct ocn_work *work, const struct ocn_selection *selection,
                    struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf findings = { 0 };
    const struct ocn_lint *asked = work->ctx;
    json_auto_t *images = json_array();

    lint.targets = asked->targets;
    lint.targets_len = asked->targets_len;
    for (size_t i = 0; i < selection->images_len; i++) {
        const struct ocn_selected *image = &selection->images[i];
        struct ocn_error problem = { 0 };
        if (lint_one(work, image, &lint, &problem) < 0) {
            ocn_error_locate(&problem, image->digest, 0);
            return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
        }
        const char *user = image->config.user != NULL ? image->config.user : "";
        if (json_array_append_new(images,
                                  json_pack("{s:s, s:s}", "platform",
                                            platform_text(image, &lint.arena), "user", user)) < 0) {
            return ocn_fail_nomem(err);
        }
    }
    if (ocn_lint_dump(&lint, &findings, err) < 0) {
        return -1;
    }
    json_auto_t *json = json_pack("{s:O, s:s%}", "images", images, "findings",
                                  ocn_buf_bytes(&findings).ptr, findings.len);
    return ocn_json_dump(json, JSON_COMPACT, out, err);
}

/* ---- in the parent --------------------------------------------------------------------------- */

static void take_facts(const json_t *images, struct ocn_arena *arena,
                       struct ocn_lint_image_facts *facts)
{
    const json_t *image;
    size_t i;

    facts->user = "";
    json_array_foreach (images, i, image) {
        const char *platform = json_string_value(json_object_get(image, "platform"));
        const char *user = json_string_value(json_object_get(image, "user"));
        const char **items =
            ocn_arena_grow(arena, facts->platforms.items, facts->platforms.len, sizeof(*items));
        if (items == NULL || platform == NULL || user == NULL) {
            return;
        }
        facts->platforms.items = items;
        items[facts->platforms.len++] = ocn_arena_copy(arena, platform, strlen(platform));
        facts->differs = facts->differs || (i != 0 && strcmp(facts->user, user) != 0);
        facts->user = ocn_arena_copy(arena, user, strlen(user));
    }
}

int ocn_lint_image(const char *text, const struct ocn_object_platform *platform,
                   const struct ocn_work_profiles *profiles, struct ocn_lint *lint,
                   struct ocn_arena *arena, struct ocn_lint_image_facts *facts,
                   struct ocn_error *err)
{
    OCN_CLEANUP(ocn_image_input_done) struct ocn_image_input input = OCN_IMAGE_INPUT_NONE;
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    struct ocn_work work = {
        .input = &input, .platform = platform, .profiles = profiles, .run = lint_all, .ctx = lint
    };
    json_auto_t *json = NULL;

    if (ocn_image_input_open(text, &input, err) < 0 || ocn_work_confined(&work, &said, err) < 0 ||
        ocn_json_load(ocn_buf_bytes(&said), MAX_REPORT, &json, err) < 0) {
        return -1;
    }
    const json_t *findings = json_object_get(json, "findings");
    const struct ocn_bytes bytes = { json_string_value(findings), json_string_length(findings) };
    if (bytes.ptr == NULL || ocn_lint_load(lint, bytes, err) < 0) {
        return ocn_fail(err, OCN_E_FORMAT, text, "the confined parser answered what it may not");
    }
    if (facts != NULL) {
        take_facts(json_object_get(json, "images"), arena, facts);
    }
    return ocn_arena_check(arena, err);
}
