/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/review.h"

#include <string.h>

#include "hook/admission/select.h"
#include "normalize/base/base64.h"
#include "normalize/admission/exempt.h"
#include "normalize/admission/gate.h"
#include "normalize/admission/mutate.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"
#include "normalize/workload/field.h"

#define MAX_UID ((size_t)256) /* of a UID, 36 */
#define MAX_MESSAGE ((size_t)2048)
#define MAX_NOTED ((size_t)120) /* of a name in the log */

static const char version[] = "admission.k8s.io/v1";
static const char kind_name[] = "AdmissionReview";

void ocn_review_done(struct ocn_review *review)
{
    ocn_buf_done(&review->body);
    ocn_buf_done(&review->note);
    *review = (struct ocn_review){ 0 };
}

const char *ocn_review_verdict_name(enum ocn_review_verdict verdict)
{
    static const char *const names[OCN_REVIEW_VERDICTS] = {
        [OCN_REVIEW_ALLOWED] = "allowed", [OCN_REVIEW_WARNED] = "warned",
        [OCN_REVIEW_DENIED] = "denied",   [OCN_REVIEW_PATCHED] = "patched",
        [OCN_REVIEW_REFUSED] = "refused", [OCN_REVIEW_FAILED] = "failed",
    };

    return names[verdict];
}

/* ---- the question ------------------------------------------------------------------------ */

/* A review that was read; strings are borrowed from the document. */
struct asked {
    const char *uid;
    const json_t *json; /* the member "request" */
    struct ocn_admission_request request;
};

/* A member that is a string, or NULL where it is absent or null. */
static int take_string(const json_t *object, const char *key, const char **ret,
                       struct ocn_error *err)
{
    const json_t *value = json_object_get(object, key);

    *ret = json_string_value(value);
    return value == NULL || json_is_null(value) || json_is_string(value)
               ? 0
               : ocn_fail(err, OCN_E_FORMAT, NULL, "request.%s is no string", key);
}

static int take_object(const json_t *request, const char *key, const json_t **ret,
                       struct ocn_error *err)
{
    const json_t *value = json_object_get(request, key);

    *ret = json_is_object(value) ? value : NULL;
    return value == NULL || json_is_null(value) || json_is_object(value)
               ? 0
               : ocn_fail(err, OCN_E_FORMAT, NULL, "request.%s is no object", key);
}

static int check_frame(const json_t *review, struct ocn_error *err)
{
    const char *said = ocn_field_string(review, "apiVersion");
    const char *kind = ocn_field_string(review, "kind");

    if (kind == NULL || strcmp(kind, kind_name) != 0) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "kind is not %s", kind_name);
    }
    if (said == NULL || strcmp(said, version) != 0) {
        return ocn_fail(err, OCN_E_FORMAT, NULL,
                        "apiVersion is not %s; set admissionReviewVersions: [v1]", version);
    }
    return json_is_object(json_object_get(review, "request"))
               ? 0
               : ocn_fail(err, OCN_E_FORMAT, NULL, "there is no request, which is an object");
}

static int check_operation(const char *operation, struct ocn_error *err)
{
    static const char *const known[] = { "CREATE", "UPDATE", "DELETE", "CONNECT" };

    for (size_t i = 0; operation != NULL && i < OCN_COUNT(known); i++) {
        if (strcmp(operation, known[i]) == 0) {
            return 0;
        }
    }
    return ocn_fail(err, OCN_E_FORMAT, NULL,
                    "request.operation is none of CREATE, UPDATE, DELETE, CONNECT");
}

/* Where a request is for a subresource that is no workload (scale, status), its object is another.
 */
static int read_review(const json_t *review, struct asked *ret, struct ocn_error *err)
{
    if (check_frame(review, err) < 0) {
        return -1;
    }
    ret->json = json_object_get(review, "request");
    if (take_string(ret->json, "uid", &ret->uid, err) < 0 ||
        take_string(ret->json, "operation", &ret->request.operation, err) < 0 ||
        take_string(ret->json, "subResource", &ret->request.subresource, err) < 0 ||
        take_string(ret->json, "namespace", &ret->request.namespace_, err) < 0 ||
        take_object(ret->json, "object", &ret->request.object, err) < 0 ||
        take_object(ret->json, "oldObject", &ret->request.old, err) < 0 ||
        check_operation(ret->request.operation, err) < 0) {
        return -1;
    }
    if (ret->uid == NULL || ret->uid[0] == '\0' || strlen(ret->uid) > MAX_UID) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "request.uid is missing, or no uid");
    }
    if (ret->request.namespace_ != NULL && ret->request.namespace_[0] == '\0') {
        ret->request.namespace_ = NULL; /* of a cluster's own objects */
    }
    return 0;
}

/* ---- what was found ---------------------------------------------------------------------- */

struct findings {
    struct ocn_arena *arena;
    struct ocn_buf message;   /* of all denials */
    struct ocn_buf rules;     /* their names, for the log */
    json_t *warnings;         /* texts */
    size_t warned;            /* bytes of them, all ASCII: as many runes */
    size_t left_out_warnings; /* for which there was no room */
    size_t left_out_denials;
};

static void findings_done(struct findings *findings)
{
    ocn_buf_done(&findings->message);
    ocn_buf_done(&findings->rules);
    json_decref(findings->warnings);
}

/* "RULE: MESSAGE; FIX". */
static const char *sentence(struct ocn_arena *arena, const struct ocn_lint_finding *finding)
{
    const char *text = ocn_arena_printf(arena, "%s: %s%s%s", finding->rule, finding->message,
                                        finding->hint != NULL ? "; " : "",
                                        finding->hint != NULL ? finding->hint : "");

    return ocn_lint_printable(arena, text);
}

static int warn(struct findings *findings, const char *text, struct ocn_error *err)
{
    static const char cut[] = "...";
    static const size_t reserve = 64; /* for how many more there are */
    size_t len = strlen(text);
    bool long_ = len > OCN_REVIEW_MAX_WARNING;
    size_t kept = long_ ? OCN_REVIEW_MAX_WARNING - (sizeof(cut) - 1) : len;

    if (findings->warned + OCN_REVIEW_MAX_WARNING + reserve > OCN_REVIEW_MAX_WARNINGS) {
        findings->left_out_warnings++;
        return 0;
    }
    const char *warning =
        ocn_arena_printf(findings->arena, "%.*s%s", (int)kept, text, long_ ? cut : "");
    findings->warned += strlen(warning);
    return ocn_arena_check(findings->arena, err) < 0 ||
                   json_array_append_new(findings->warnings, json_string(warning)) < 0
               ? ocn_fail_nomem(err)
               : 0;
}

static void deny(struct findings *findings, const char *rule, const char *text)
{
    if (findings->message.len + strlen(text) > MAX_MESSAGE) {
        findings->left_out_denials++;
        return;
    }
    ocn_buf_printf(&findings->message, "%s%s", findings->message.len != 0 ? ". " : "", text);
    ocn_buf_printf(&findings->rules, "%s%s", findings->rules.len != 0 ? "," : "", rule);
}

static int found(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err)
{
    struct findings *findings = ctx;
    const char *text = sentence(findings->arena, finding);

    if (ocn_arena_check(findings->arena, err) < 0) {
        return -1;
    }
    if (finding->level != OCN_LEVEL_DENY) {
        return warn(findings, text, err);
    }
    deny(findings, finding->rule, text);
    return 0;
}

static int close_findings(struct findings *findings, struct ocn_error *err)
{
    if (findings->left_out_denials != 0) {
        ocn_buf_printf(&findings->message, "%s%zu more", findings->message.len != 0 ? ". And " : "",
                       findings->left_out_denials);
    }
    if (findings->left_out_warnings != 0 &&
        json_array_append_new(findings->warnings, json_sprintf("ocinorm: %zu more warnings",
                                                               findings->left_out_warnings)) < 0) {
        return ocn_fail_nomem(err);
    }
    return ocn_buf_check(&findings->message, err) < 0 ? -1 : ocn_buf_check(&findings->rules, err);
}

/* ---- the answer -------------------------------------------------------------------------- */

static int set(json_t *object, const char *key, json_t *value, struct ocn_error *err)
{
    return json_object_set_new(object, key, value) < 0 ? ocn_fail_nomem(err) : 0;
}

/* What the API server shows to whoever asked. */
static int set_status(json_t *response, unsigned code, const char *reason, const char *message,
                      struct ocn_error *err)
{
    json_t *status = json_object();

    if (set(response, "status", status, err) < 0) {
        return -1;
    }
    return set(status, "status", json_string("Failure"), err) < 0 ||
                   set(status, "code", json_integer((json_int_t)code), err) < 0 ||
                   set(status, "reason", json_string(reason), err) < 0 ||
                   set(status, "message", json_string(message), err) < 0
               ? -1
               : 0;
}

/* What would make a check blind is denied: no API server would take it either. */
static int deny_malformed(const struct ocn_error *problem, json_t *response, struct ocn_review *ret,
                          struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const char *text = ocn_lint_printable(
        &arena, ocn_arena_printf(&arena, "the object is malformed: %s%s%s", problem->where,
                                 problem->where[0] != '\0' ? ": " : "", problem->msg));

    ret->verdict = OCN_REVIEW_DENIED;
    return ocn_arena_check(&arena, err) < 0 || set(response, "allowed", json_false(), err) < 0 ||
                   set_status(response, 422, "Invalid", text, err) < 0
               ? -1
               : 0;
}

static int validate(const struct ocn_policy *policy, const struct asked *asked,
                    struct ocn_arena *arena, json_t *response, struct ocn_review *ret,
                    struct ocn_error *err)
{
    OCN_CLEANUP(findings_done)
    struct findings findings = { .arena = arena, .warnings = json_array() };

    if (ocn_admission_check(policy, &asked->request, arena, found, &findings, err) < 0 ||
        close_findings(&findings, err) < 0) {
        return -1;
    }
    bool denied = findings.message.len != 0;
    bool warned = json_array_size(findings.warnings) != 0;
    ret->verdict = denied ? OCN_REVIEW_DENIED : warned ? OCN_REVIEW_WARNED : OCN_REVIEW_ALLOWED;
    if (denied) {
        ocn_buf_printf(&ret->note, "denied by %s: ", findings.rules.ptr);
    }
    if (set(response, "allowed", json_boolean(!denied), err) < 0 ||
        (denied && set_status(response, 403, "Forbidden", findings.message.ptr, err) < 0)) {
        return -1;
    }
    return warned ? set(response, "warnings", json_incref(findings.warnings), err) : 0;
}

static int mutate(const struct ocn_policy *policy, const struct asked *asked,
                  struct ocn_arena *arena, json_t *response, struct ocn_review *ret,
                  struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf encoded = { 0 };
    json_auto_t *patch = NULL;

    ret->verdict = OCN_REVIEW_ALLOWED;
    if (ocn_mutate_patch(policy, &asked->request, arena, &patch, err) < 0 ||
        set(response, "allowed", json_true(), err) < 0) {
        return -1;
    }
    if (json_array_size(patch) == 0) {
        return 0;
    }
    if (ocn_json_dump(patch, JSON_COMPACT, &text, err) < 0) {
        return -1;
    }
    ocn_base64_add(&encoded, ocn_buf_bytes(&text));
    ret->verdict = OCN_REVIEW_PATCHED;
    return ocn_buf_check(&encoded, err) < 0 ||
                   set(response, "patchType", json_string("JSONPatch"), err) < 0 ||
                   set(response, "patch", json_stringn(encoded.ptr, encoded.len), err) < 0
               ? -1
               : 0;
}

static int write_answer(json_t *response, struct ocn_review *ret, struct ocn_error *err)
{
    json_auto_t *review = json_object();

    return set(review, "apiVersion", json_string(version), err) < 0 ||
                   set(review, "kind", json_string(kind_name), err) < 0 ||
                   set(review, "response", json_incref(response), err) < 0
               ? -1
               : ocn_json_dump(review, JSON_COMPACT, &ret->body, err);
}

/* "CREATE Deployment shop/web, uid U, by USER". */
static void note(const struct asked *asked, struct ocn_arena *arena, struct ocn_buf *out)
{
    const struct {
        const char *before;
        const char *text;
    } parts[] = {
        { "", asked->request.operation },
        { " ", ocn_field_string(asked->json, "kind.kind") },
        { " ", asked->request.namespace_ },
        { "/", ocn_field_string(asked->json, "name") },
        { " uid=", asked->uid },
        { " user=", ocn_field_string(asked->json, "userInfo.username") },
        { " ", json_is_true(json_object_get(asked->json, "dryRun")) ? "dry-run" : NULL },
    };

    for (size_t i = 0; i < OCN_COUNT(parts); i++) {
        if (parts[i].text != NULL) {
            ocn_buf_printf(out, "%s%.*s", parts[i].before, (int)MAX_NOTED,
                           ocn_lint_printable(arena, parts[i].text));
        }
    }
}

/* ---- all of it --------------------------------------------------------------------------- */

static int refuse(const struct ocn_error *problem, struct ocn_review *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    if (problem->code == OCN_E_NOMEM) {
        return ocn_fail_nomem(err);
    }
    ret->status = 400;
    ret->verdict = OCN_REVIEW_REFUSED;
    ocn_buf_printf(&ret->body, "no AdmissionReview: %s%s%s\n",
                   ocn_lint_printable(&arena, problem->where),
                   problem->where[0] != '\0' ? ": " : "", ocn_lint_printable(&arena, problem->msg));
    return ocn_arena_check(&arena, err) < 0 ? -1 : ocn_buf_check(&ret->body, err);
}

/* What is malformed is let through by /mutate as it is: /validate, and the API server, come after.
 */
static int judge_malformed(enum ocn_review_kind kind, const struct ocn_error *problem,
                           json_t *response, struct ocn_review *ret, struct ocn_error *err)
{
    if (problem->code == OCN_E_NOMEM) {
        return ocn_fail_nomem(err);
    }
    if (kind == OCN_REVIEW_VALIDATE) {
        return deny_malformed(problem, response, ret, err);
    }
    ret->verdict = OCN_REVIEW_ALLOWED;
    return set(response, "allowed", json_true(), err);
}

/* An error of @problem's is the object's, one of @err's is ours. */
static int judge(const struct ocn_config *config, enum ocn_review_kind kind,
                 const struct asked *asked, struct ocn_arena *arena, json_t *response,
                 struct ocn_review *ret, struct ocn_error *err)
{
    struct ocn_error problem = { 0 };
    const json_t *annotations = NULL;
    struct ocn_policy policy;

    if (ocn_admission_annotations(&asked->request, arena, &annotations, &problem) < 0) {
        return judge_malformed(kind, &problem, response, ret, err);
    }
    if (ocn_admission_select(config, &asked->request, arena, &policy, err) < 0 ||
        ocn_gate_check(&policy, err) < 0) {
        return -1;
    }
    if ((kind == OCN_REVIEW_MUTATE
             ? mutate(&policy, asked, arena, response, ret, &problem)
             : validate(&policy, asked, arena, response, ret, &problem)) == 0) {
        return 0;
    }
    json_object_clear(response);
    return set(response, "uid", json_string(asked->uid), err) < 0
               ? -1
               : judge_malformed(kind, &problem, response, ret, err);
}

static int answer(const struct ocn_config *config, enum ocn_review_kind kind,
                  const struct asked *asked, struct ocn_review *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    json_auto_t *response = json_object();

    if (set(response, "uid", json_string(asked->uid), err) < 0 ||
        judge(config, kind, asked, &arena, response, ret, err) < 0) {
        return -1;
    }
    ret->status = 200;
    note(asked, &arena, &ret->note);
    return ocn_arena_check(&arena, err) < 0 || ocn_buf_check(&ret->note, err) < 0
               ? -1
               : write_answer(response, ret, err);
}

int ocn_review_answer(const struct ocn_config *config, enum ocn_review_kind kind,
                      struct ocn_bytes body, struct ocn_review *ret, struct ocn_error *err)
{
    json_auto_t *review = NULL;
    struct ocn_error problem = { 0 };
    struct asked asked = { 0 };

    if (ocn_json_load(body, OCN_REVIEW_MAX_BODY, &review, &problem) < 0 ||
        read_review(review, &asked, &problem) < 0) {
        return refuse(&problem, ret, err);
    }
    return answer(config, kind, &asked, ret, err);
}

int ocn_review_check(const struct ocn_config *config, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    json_auto_t *object = json_pack("{s:s, s:s, s:{s:s}, s:{s:[]}}", "apiVersion", "v1", "kind",
                                    "Pod", "metadata", "name", "probe", "spec", "containers");
    const struct ocn_admission_request request = { .object = object };
    struct ocn_policy policy;

    return object == NULL ? ocn_fail_nomem(err)
           : ocn_admission_select(config, &request, &arena, &policy, err) < 0
               ? -1
               : ocn_gate_check(&policy, err);
}
