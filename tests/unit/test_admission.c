/* SPDX-License-Identifier: Apache-2.0 */
/* The rules themselves are in tests/admission/cases; here is what no file can say. */
#include <string.h>

#include "hook/admission/document.h"
#include "hook/admission/select.h"
#include "normalize/admission/gate.h"
#include "normalize/json/load.h"
#include "tests/lib/suite.h"

static int note(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err)
{
    ocn_buf_printf(ctx, "%s %s %s\n", finding->level == OCN_LEVEL_DENY ? "deny" : "warn",
                   finding->rule, finding->path);
    return ocn_buf_check(ctx, err);
}

static json_t *load(const char *text)
{
    struct ocn_error err = { 0 };
    json_t *json = NULL;

    ck_assert_msg(
        ocn_json_load((struct ocn_bytes){ text, strlen(text) }, strlen(text), &json, &err) == 0,
        "%s: %s", err.where, err.msg);
    return json;
}

static struct ocn_config *load_policy(const char *text)
{
    const struct ocn_layer layer = { "policy.json", { text, strlen(text) }, NULL };
    struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_config_load(&layer, 1, &config, &err) == 0, "%s: %s", err.where, err.msg);
    return config;
}

#define QUIET                                                                                      \
    "\"rules\": {\"user.root\": \"off\", \"user.capabilities\": \"off\", \"env.gomaxprocs\": "     \
    "\"off\", \"env.gomemlimit\": \"off\"}"
#define DIGEST "{" QUIET ", \"admission\": {\"rules\": {\"image.digest\": \"deny\"}}}"
#define POD(name, image)                                                                           \
    "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"name\": \"" name                 \
    "\"}, \"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"" image "\"}]}}"

static const struct {
    const char *policy;
    const char *document;
    const char *found; /* or "error: " and a part of what is said */
} rows[] = {
    /* lists, also of items that leave out what they are */
    { DIGEST,
      "{\"apiVersion\": \"v1\", \"kind\": \"List\", \"items\": [" POD("a", "x") ", " POD("b",
                                                                                         "y") "]}",
      "deny image.digest /items/0/spec/containers/0/image\n"
      "deny image.digest /items/1/spec/containers/0/image\n" },
    { DIGEST,
      "{\"apiVersion\": \"apps/v1\", \"kind\": \"DeploymentList\", \"items\": [{\"spec\": "
      "{\"template\": {\"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"x\"}]}}}}]}",
      "deny image.digest /items/0/spec/template/spec/containers/0/image\n" },
    { DIGEST,
      "{\"apiVersion\": \"admission.k8s.io/v1\", \"kind\": \"AdmissionReview\", \"request\": "
      "{\"object\": " POD("a", "x") "}}",
      "deny image.digest /request/object/spec/containers/0/image\n" },
    { DIGEST,
      "{\"apiVersion\": \"admission.k8s.io/v1\", \"kind\": \"AdmissionReview\", \"request\": "
      "{\"operation\": \"CONNECT\", \"object\": " POD("a", "x") "}}",
      "" },
    { DIGEST, "{\"apiVersion\": \"admission.k8s.io/v1\", \"kind\": \"AdmissionReview\"}",
      "error: without a request" },
    /* what is not Kubernetes' own is not the gate's */
    { DIGEST,
      "{\"apiVersion\": \"argoproj.io/v1alpha1\", \"kind\": \"Rollout\", \"spec\": {\"template\": "
      "{\"spec\": {\"containers\": [{\"image\": \"x\"}]}}}}",
      "" },
    { DIGEST, "{\"apiVersion\": \"v1\", \"kind\": \"Service\", \"spec\": {}}", "" },
    { DIGEST, "{\"a\": 1}", "" },
    /* null is absence; what no check can see is an error */
    { "{" QUIET ", \"admission\": {\"rules\": {\"runtimeclass\": \"warn\", \"image.digest\": "
      "\"off\"}}}",
      "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": null, \"spec\": "
      "{\"runtimeClassName\": null, \"containers\": null, \"securityContext\": null}}",
      "warn runtimeclass /spec/runtimeClassName\n" },
    { DIGEST, "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": {}}}",
      "error: is no list" },
    { DIGEST, "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}", "error: no spec" },
    { "{\"rules\": {\"user.root\": \"off\"}}",
      "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"spec\": {\"containers\": [{\"resources\": "
      "{\"limits\": {\"cpu\": \"two\"}}}]}}",
      "error: is no amount" },
    /* keys of the policy */
    { "{\"admission\": {\"rules\": {\"image.registry\": \"warn\"}}}", POD("a", "x"),
      "error: no image could come from anywhere" },
    { "{\"match\": [{\"when\": {\"images\": [\"x\"]}, \"policy\": {\"rules\": {\"user.root\": "
      "\"off\"}}}]}",
      POD("a", "x"), "error: cannot match by image" },
    { DIGEST,
      "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"labels\": {\"a\": 1}}, "
      "\"spec\": {}}",
      "" },
    { "{" QUIET
      ", \"admission\": {\"rules\": {\"image.digest\": \"off\"}, \"labels\": {\"allowed\": "
      "{\"a\": \"*\"}, \"required\": [\"a\"]}}}",
      "{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"labels\": {\"a\": 1}}, "
      "\"spec\": {}}",
      "deny labels.required /metadata/labels/a\ndeny labels.allowed /metadata/labels/a\n" },
};

START_TEST(test_admission__document)
{
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = load_policy(rows[_i].policy);
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    json_auto_t *document = load(rows[_i].document);
    struct ocn_error err = { 0 };
    static const char error[] = "error: ";

    int status = ocn_admission_document(config, document, &arena, note, &out, &err);
    ocn_buf_add(&out, "", 1);
    if (strncmp(rows[_i].found, error, strlen(error)) == 0) {
        ck_assert_int_eq(status, -1);
        ck_assert_msg(strstr(err.msg, rows[_i].found + strlen(error)) != NULL, "%s: %s", err.where,
                      err.msg);
    } else {
        ck_assert_msg(status == 0, "%s: %s", err.where, err.msg);
        ck_assert_str_eq(out.ptr, rows[_i].found);
    }
}
END_TEST

/* Lists in lists have an end. */
START_TEST(test_admission__deep_lists)
{
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = load_policy(DIGEST);
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_error err = { 0 };
    json_t *document = load(POD("a", "x"));

    for (unsigned i = 0; i < 20; i++) {
        document =
            json_pack("{s:s, s:s, s:[o]}", "apiVersion", "v1", "kind", "List", "items", document);
    }
    ck_assert_int_eq(ocn_admission_document(config, document, &arena, note, &out, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
    json_decref(document);
}
END_TEST

/* The namespace of the request counts before that of the object, and default where none is told. */
START_TEST(test_admission__namespace)
{
    OCN_CLEANUP(ocn_config_freep)
    struct ocn_config *config = load_policy(
        "{\"match\": [{\"when\": {\"namespaces\": [\"default\"]}, \"policy\": {\"admission\": "
        "{\"runtimeClass\": \"a\"}}}, {\"when\": {\"namespaces\": [\"b*\"]}, \"policy\": "
        "{\"admission\": {\"runtimeClass\": \"b\"}}}]}");
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    json_auto_t *object = load(POD("a", "x"));
    struct ocn_admission_request request = { .object = object };
    struct ocn_policy policy;
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_admission_select(config, &request, &arena, &policy, &err), 0);
    ck_assert_str_eq(policy.admission.runtime_class, "a");
    json_object_set_new(json_object_get(object, "metadata"), "namespace", json_string("bank"));
    ck_assert_int_eq(ocn_admission_select(config, &request, &arena, &policy, &err), 0);
    ck_assert_str_eq(policy.admission.runtime_class, "b");
    request.namespace_ = "other";
    ck_assert_int_eq(ocn_admission_select(config, &request, &arena, &policy, &err), 0);
    ck_assert_str_eq(policy.admission.runtime_class, "ocinorm");
}
END_TEST

/* A row is a rule of the node's or of the gate's, with a text for both sides on one line. */
START_TEST(test_admission__rows)
{
    for (size_t i = 0; i < OCN_ROW_COUNT; i++) {
        const struct ocn_gate_row *row = &ocn_gate_rows[i];
        ck_assert_msg(ocn_lint_summary(row->rule) != NULL, "%s", row->rule);
        ck_assert_ptr_null(strpbrk(row->message, "\r\n"));
        ck_assert_ptr_null(strpbrk(row->fix, "\r\n"));
        ck_assert_msg(strchr(row->cel, '"') == NULL, "%s", row->symbol);
    }
    for (size_t i = 0; i < OCN_GATE_RULE_COUNT; i++) {
        OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = load_policy("{}");
        ck_assert_int_eq(ocn_config_base(config)->admission.level[i], ocn_rule_gate[i].level);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("admission");
    TCase *tests = tcase_create("admission");

    tcase_add_loop_test(tests, test_admission__document, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tests, test_admission__deep_lists);
    tcase_add_test(tests, test_admission__namespace);
    tcase_add_test(tests, test_admission__rows);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
