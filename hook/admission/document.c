/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/admission/document.h"

#include <stdio.h>
#include <string.h>

#include "hook/admission/select.h"
#include "normalize/workload/field.h"

#define MAX_LISTS 8 /* in each other */

struct judged {
    const struct ocn_config *config;
    struct ocn_arena *arena;
    int (*found)(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err);
    void *ctx;
    const char *pointer; /* of the object in the document */
    unsigned depth;
};

static int place(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err)
{
    const struct judged *judged = ctx;
    struct ocn_lint_finding placed = *finding;

    placed.path = ocn_arena_printf(judged->arena, "%s%s", judged->pointer,
                                   finding->path != NULL ? finding->path : "");
    return ocn_arena_check(judged->arena, err) < 0 ? -1 : judged->found(judged->ctx, &placed, err);
}

/* An error's place is a pointer into the object, too; a key of the policy stays as it is. */
static int judge_request(struct judged *judged, const struct ocn_admission_request *request,
                         struct ocn_error *err)
{
    struct ocn_error problem = { 0 };
    char where[2 * sizeof(problem.where)];
    struct ocn_policy policy;

    if (ocn_admission_select(judged->config, request, judged->arena, &policy, err) < 0) {
        return -1;
    }
    if (ocn_admission_check(&policy, request, judged->arena, place, judged, &problem) == 0) {
        return 0;
    }
    (void)snprintf(where, sizeof(where), "%s%s", judged->pointer, problem.where);
    return ocn_fail(err, problem.code, problem.code == OCN_E_FORMAT ? where : problem.where, "%s",
                    problem.msg);
}

static int judge_review(struct judged *judged, const json_t *review, struct ocn_error *err)
{
    const struct ocn_admission_request request = {
        .object = ocn_field_get(review, "request.object"),
        .old = ocn_field_get(review, "request.oldObject"),
        .operation = ocn_field_string(review, "request.operation"),
        .subresource = ocn_field_string(review, "request.subResource"),
        .namespace_ = ocn_field_string(review, "request.namespace"),
    };

    judged->pointer = "/request/object";
    if (ocn_field_get(review, "request") == NULL) {
        return ocn_fail(err, OCN_E_FORMAT, "/request", "an AdmissionReview without a request");
    }
    return judge_request(judged, &request, err);
}

static bool is_list(const json_t *object, const char *kind)
{
    size_t len = strlen(kind);

    return len >= 4 && strcmp(kind + len - 4, "List") == 0 &&
           json_is_array(json_object_get(object, "items"));
}

static int judge_object(struct judged *judged, const json_t *object, struct ocn_error *err);

/* Not json_copy(): where memory fails in it, jansson 2.14 leaves out a member and goes on. */
static json_t *copy_item(json_t *item)
{
    json_auto_t *copy = json_object();
    const char *key;
    json_t *value;

    json_object_foreach (item, key, value) {
        if (json_object_set(copy, key, value) < 0) {
            return NULL;
        }
    }
    return json_incref(copy);
}

/* Items of a typed list (PodList) may leave out what they are. */
static int judge_items(const struct judged *judged, const json_t *list, const char *kind,
                       struct ocn_error *err)
{
    size_t i;
    json_t *item;

    json_array_foreach (json_object_get(list, "items"), i, item) {
        struct judged inner = *judged;
        json_auto_t *copy = copy_item(item);
        json_auto_t *name = json_stringn(kind, strlen(kind) - 4);
        inner.pointer = ocn_arena_printf(judged->arena, "%s/items/%zu", judged->pointer, i);
        inner.depth++;
        if (inner.depth > MAX_LISTS) {
            return ocn_fail(err, OCN_E_LIMIT, inner.pointer, "more than %d lists in each other",
                            MAX_LISTS);
        }
        if (copy == NULL || name == NULL ||
            (json_object_get(copy, "kind") == NULL && json_object_set(copy, "kind", name) < 0) ||
            (json_object_get(copy, "apiVersion") == NULL &&
             json_object_set(copy, "apiVersion", json_object_get(list, "apiVersion")) < 0)) {
            return ocn_fail_nomem(err);
        }
        if (judge_object(&inner, copy, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int judge_object(struct judged *judged, const json_t *object, struct ocn_error *err)
{
    const struct ocn_admission_request request = { .object = object };
    const char *kind = ocn_field_string(object, "kind");
    const char *version = ocn_field_string(object, "apiVersion");

    if (kind == NULL || version == NULL) {
        return 0;
    }
    if (is_list(object, kind)) {
        return judge_items(judged, object, kind, err);
    }
    if (strcmp(kind, "AdmissionReview") == 0 && strncmp(version, "admission.k8s.io/", 17) == 0) {
        return judge_review(judged, object, err);
    }
    return judge_request(judged, &request, err);
}

int ocn_admission_document(const struct ocn_config *config, const json_t *document,
                           struct ocn_arena *arena,
                           int (*found)(void *ctx, const struct ocn_lint_finding *finding,
                                        struct ocn_error *err),
                           void *ctx, struct ocn_error *err)
{
    struct judged judged = { config, arena, found, ctx, "", 0 };

    return judge_object(&judged, document, err);
}
