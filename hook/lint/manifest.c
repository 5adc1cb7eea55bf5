/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/lint/manifest.h"

#include <stdio.h>

#include "hook/lint/yaml_place.h"
#include "normalize/workload/pod_check.h"
#include "normalize/workload/task.h"

/* A document that is being judged. */
struct judged {
    const struct ocn_manifest *manifest;
    const struct ocn_yaml_document *document;
    struct ocn_lint *lint;
    const struct ocn_lint_target *target; /* that asks; NULL: none is chosen */
    struct ocn_arena arena;
};

static void judged_done(struct judged *judged)
{
    ocn_arena_done(&judged->arena);
}

/* Puts a finding where it is written. */
static int found(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err)
{
    const struct judged *judged = ctx;
    struct ocn_lint_finding placed = *finding;
    struct ocn_yaml_place place =
        ocn_yaml_place_of(judged->document, finding->path != NULL ? finding->path : "");

    placed.file = judged->manifest->name;
    placed.line = place.line;
    placed.column = place.column;
    return ocn_lint_add_for(judged->lint, judged->target, &placed, err);
}

/* ---- kinds of documents ----------------------------------------------------------------- */

static const struct kind {
    const char *name;
    bool (*is)(const json_t *document);
    int (*check)(const struct ocn_workload_check *check, const json_t *document,
                 struct ocn_error *err);
} kinds[] = {
    { "kubernetes", ocn_pod_is_kubernetes, ocn_pod_check_document },
    { "ecs", ocn_task_is, ocn_task_check_document },
};

/* The first is the only one where somebody else judges. */
static const struct kind *find_kind(const struct ocn_manifest_settings *settings,
                                    const json_t *document)
{
    size_t count = settings->judge != NULL ? 1 : OCN_COUNT(kinds);

    for (size_t i = 0; i < count; i++) {
        if (kinds[i].is(document)) {
            return &kinds[i];
        }
    }
    return NULL;
}

/* What somebody may have meant to have read: a member, and what has one of that name. */
static const struct {
    const char *member;
    const char *what;
} others[] = {
    { "ociVersion", "a container's config.json: name its bundle's directory" },
    { "imageLayoutVersion", "a part of an image layout: write oci:DIR" },
    { "schemaVersion", "an image's manifest or index: write oci:DIR" },
    { "rootfs", "an image's configuration: write oci:DIR" },
    { "AWSTemplateFormatVersion", "a CloudFormation template: lint reads task definitions as "
                                  "RegisterTaskDefinition takes them" },
    { "Resources", "a CloudFormation template: lint reads task definitions as "
                   "RegisterTaskDefinition takes them" },
    { "services", "a file of docker compose" },
    { "jobs", "a workflow" },
    { "apiVersion", "an object of Kubernetes without kind" },
    { "kind", "an object of Kubernetes without apiVersion" },
    { "spec", "an object of Kubernetes without apiVersion and kind" },
};

static const char *seems(const struct ocn_yaml *yaml)
{
    if (yaml->len == 0) {
        return "empty";
    }
    for (size_t i = 0; i < OCN_COUNT(others); i++) {
        if (json_object_get(yaml->documents[0].json, others[i].member) != NULL) {
            return others[i].what;
        }
    }
    return json_is_object(yaml->documents[0].json)
               ? "YAML or JSON that has neither apiVersion and kind nor containerDefinitions"
               : "not an object";
}

/* ---- judging ---------------------------------------------------------------------------- */

static int judge_for(struct judged *judged, const struct kind *kind, struct ocn_error *err)
{
    const struct ocn_manifest_settings *settings = judged->manifest->settings;
    struct ocn_workload_check check = {
        .arena = &judged->arena,
        .target = judged->target,
        .images = settings->images,
        .images_len = settings->images_len,
        .found = found,
        .ctx = judged,
    };
    if (settings->judge != NULL) {
        return settings->judge(settings->ctx, judged->document->json, &judged->arena, found, judged,
                               err);
    }
    const char *version = judged->target != NULL ? judged->target->kubernetes : NULL;

    return ocn_workload_version(version, &check.kubernetes, err) < 0
               ? -1
               : kind->check(&check, judged->document->json, err);
}

/* A problem at a JSON pointer, which means little to a person: at its line. */
static int locate(const struct ocn_yaml_document *document, const struct ocn_error *problem,
                  struct ocn_error *err)
{
    struct ocn_yaml_place place = ocn_yaml_place_of(document, problem->where);
    char msg[sizeof(problem->msg) * 2];

    if (problem->code != OCN_E_FORMAT) {
        return ocn_fail(err, problem->code, problem->where, "%s", problem->msg);
    }
    (void)snprintf(msg, sizeof(msg), "%s%s%s", problem->where,
                   problem->where[0] != '\0' ? ": " : "", problem->msg);
    return ocn_yaml_tree_fail(place.line, place.column, problem->code, msg, err);
}

static int judge_document(const struct ocn_manifest *manifest,
                          const struct ocn_yaml_document *document, const struct kind *kind,
                          struct ocn_lint *lint, struct ocn_error *err)
{
    OCN_CLEANUP(judged_done)
    struct judged judged = { .manifest = manifest, .document = document, .lint = lint };
    struct ocn_error problem = { 0 };

    for (size_t i = 0; i < lint->targets_len; i++) {
        judged.target = &lint->targets[i];
        if (judge_for(&judged, kind, &problem) < 0) {
            return locate(document, &problem, err);
        }
    }
    return lint->targets_len != 0 || judge_for(&judged, kind, &problem) == 0
               ? 0
               : locate(document, &problem, err);
}

static int judge_all(const struct ocn_manifest *manifest, const struct ocn_yaml *yaml,
                     struct ocn_lint *lint, bool *ret_any, struct ocn_error *err)
{
    const struct kind *begun = NULL; /* the kind of the input that was begun last */

    for (size_t i = 0; i < yaml->len; i++) {
        const struct kind *kind = find_kind(manifest->settings, yaml->documents[i].json);
        if (kind == NULL) {
            continue;
        }
        const struct ocn_lint_input input = { .name = manifest->name, .kind = kind->name };
        if (kind != begun && ocn_lint_begin(lint, &input, err) < 0) {
            return -1;
        }
        begun = kind;
        if (judge_document(manifest, &yaml->documents[i], kind, lint, err) < 0) {
            return -1;
        }
    }
    *ret_any = begun != NULL;
    return 0;
}

int ocn_manifest_judge(const struct ocn_manifest *manifest, struct ocn_lint *lint,
                       const char **ret_other, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_yaml_done) struct ocn_yaml yaml = { 0 };
    bool any = false;

    if (ocn_yaml_read(manifest->text, &yaml, err) < 0 ||
        judge_all(manifest, &yaml, lint, &any, err) < 0) {
        return -1;
    }
    *ret_other = any ? NULL : seems(&yaml);
    return 0;
}
