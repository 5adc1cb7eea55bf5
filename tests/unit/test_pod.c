/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "normalize/json/load.h"
#include "normalize/workload/field.h"
#include "normalize/workload/pod.h"
#include "tests/lib/suite.h"

#define SPEC "\"spec\":{\"containers\":[{\"name\":\"a\"}]}"
#define TEMPLATE "\"template\":{\"metadata\":{\"labels\":{\"x\":\"y\"}}," SPEC "}"
#define OBJECT(version, kind, rest)                                                                \
    "{\"apiVersion\":\"" version "\",\"kind\":\"" kind                                             \
    "\",\"metadata\":{\"name\":\"n\",\"namespace\":\"shop\"}," rest "}"
#define WORKLOAD(version, kind) OBJECT(version, kind, "\"spec\":{" TEMPLATE "}")
#define LIST(kind, items) "{\"apiVersion\":\"v1\",\"kind\":\"" kind "\",\"items\":[" items "]}"

static json_t *load(const char *text)
{
    json_t *json = NULL;
    struct ocn_error err = { 0 };
    int status =
        ocn_json_load((struct ocn_bytes){ text, strlen(text) }, (size_t)1 << 20, &json, &err);

    ck_assert_msg(status == 0, "%s: %s: %s", text, err.where, err.msg);
    return json;
}

/* What was found, as "OBJECT POINTER;" each. */
static int note(void *ctx, const struct ocn_pod *pod, struct ocn_error *err)
{
    (void)err;
    ocn_buf_printf(ctx, "%s %s;", pod->object, pod->pointer);
    return 0;
}

static const struct {
    const char *document;
    const char *pods;
} kinds[] = {
    { OBJECT("v1", "Pod", SPEC), "Pod shop/n ;" },
    { "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"," SPEC "}", "Pod (no name) ;" },
    { "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"generateName\":\"job-\"}," SPEC "}",
      "Pod job- ;" },
    { OBJECT("v1", "PodTemplate", TEMPLATE), "PodTemplate shop/n /template;" },
    { WORKLOAD("v1", "ReplicationController"), "ReplicationController shop/n /spec/template;" },
    { WORKLOAD("apps/v1", "Deployment"), "Deployment shop/n /spec/template;" },
    { WORKLOAD("apps/v1beta2", "ReplicaSet"), "ReplicaSet shop/n /spec/template;" },
    { WORKLOAD("apps/v1", "StatefulSet"), "StatefulSet shop/n /spec/template;" },
    { WORKLOAD("extensions/v1beta1", "DaemonSet"), "DaemonSet shop/n /spec/template;" },
    { WORKLOAD("batch/v1", "Job"), "Job shop/n /spec/template;" },
    { OBJECT("batch/v1", "CronJob", "\"spec\":{\"jobTemplate\":{\"spec\":{" TEMPLATE "}}}"),
      "CronJob shop/n /spec/jobTemplate/spec/template;" },
    { WORKLOAD("serving.knative.dev/v1", "Service"), "Service shop/n /spec/template;" },
    { OBJECT("run.googleapis.com/v1", "Job", "\"spec\":{\"template\":{\"spec\":{" TEMPLATE "}}}"),
      "Job shop/n /spec/template/spec/template;" },
    { WORKLOAD("argoproj.io/v1alpha1", "Rollout"), "Rollout shop/n /spec/template;" },
    { OBJECT("argoproj.io/v1alpha1", "Rollout", "\"spec\":{\"workloadRef\":{}}"), "" },
    { WORKLOAD("apps.kruise.io/v1alpha1", "CloneSet"), "CloneSet shop/n /spec/template;" },
    { OBJECT("apps.kruise.io/v1alpha1", "AdvancedCronJob",
             "\"spec\":{\"template\":{\"broadcastJobTemplate\":{\"spec\":{" TEMPLATE "}}}}"),
      "AdvancedCronJob shop/n /spec/template/broadcastJobTemplate/spec/template;" },
    { OBJECT("apps.kruise.io/v1alpha1", "AdvancedCronJob",
             "\"spec\":{\"template\":{\"jobTemplate\":{\"spec\":{" TEMPLATE "}}}}"),
      "AdvancedCronJob shop/n /spec/template/jobTemplate/spec/template;" },
    { WORKLOAD("apps.openshift.io/v1", "DeploymentConfig"),
      "DeploymentConfig shop/n /spec/template;" },
    { OBJECT("keda.sh/v1alpha1", "ScaledJob", "\"spec\":{\"jobTargetRef\":{" TEMPLATE "}}"),
      "ScaledJob shop/n /spec/jobTargetRef/template;" },
    { OBJECT("jobset.x-k8s.io/v1alpha2", "JobSet",
             "\"spec\":{\"replicatedJobs\":[{\"template\":{\"spec\":{" TEMPLATE "}}},"
             "{\"template\":{\"spec\":{" TEMPLATE "}}}]}"),
      "JobSet shop/n /spec/replicatedJobs/0/template/spec/template;"
      "JobSet shop/n /spec/replicatedJobs/1/template/spec/template;" },
    { OBJECT("leaderworkerset.x-k8s.io/v1", "LeaderWorkerSet",
             "\"spec\":{\"leaderWorkerTemplate\":{\"workerTemplate\":{" SPEC "}}}"),
      "LeaderWorkerSet shop/n /spec/leaderWorkerTemplate/workerTemplate;" },
    { OBJECT("batch.volcano.sh/v1alpha1", "Job", "\"spec\":{\"tasks\":[{" TEMPLATE "}]}"),
      "Job shop/n /spec/tasks/0/template;" },
    { OBJECT("ray.io/v1", "RayCluster",
             "\"spec\":{\"headGroupSpec\":{" TEMPLATE "},\"workerGroupSpecs\":[{" TEMPLATE "}]}"),
      "RayCluster shop/n /spec/headGroupSpec/template;"
      "RayCluster shop/n /spec/workerGroupSpecs/0/template;" },
    { OBJECT("v1", "Service", "\"spec\":{\"ports\":[]}"), "" },
    { OBJECT("example.com/v1", "Deployment", "\"spec\":{}"), "" },
    { OBJECT("appsx/v1", "Deployment", "\"spec\":{}"), "" },
    { "{\"kind\":\"Pod\"}", "" },
    { "[]", "" },
    { LIST("List", OBJECT("v1", "Pod", SPEC) "," WORKLOAD("apps/v1", "Deployment")),
      "Pod shop/n /items/0;Deployment shop/n /items/1/spec/template;" },
    { LIST("List", LIST("List", OBJECT("v1", "Pod", SPEC))), "Pod shop/n /items/0/items/0;" },
    { LIST("PodList", "{\"metadata\":{\"name\":\"n\"}," SPEC "}"), "Pod n /items/0;" },
    { "{\"apiVersion\":\"apps/v1\",\"kind\":\"DeploymentList\",\"items\":[{\"spec\":{" TEMPLATE
      "}}]}",
      "Deployment (no name) /items/0/spec/template;" },
    { LIST("List", "1"), "" },
};

START_TEST(test_pod__is_found_in_every_kind)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf pods = { 0 };
    json_auto_t *document = load(kinds[_i].document);
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_pod_each(document, &arena, note, &pods, &err), 0);
    ck_assert_str_eq(ocn_buf_bytes(&pods).ptr, kinds[_i].pods);
}
END_TEST

static const struct {
    const char *document;
    const char *where;
    const char *msg;
} refusals[] = {
    { "{\"apiVersion\":\"v1\",\"kind\":\"Pod\"}", "", "no spec" },
    { "{\"apiVersion\":\"apps/v1\",\"kind\":\"Deployment\",\"spec\":{\"template\":[]}}",
      "/spec/template", "no spec" },
    { "{\"apiVersion\":\"argoproj.io/v1alpha1\",\"kind\":\"Rollout\",\"spec\":{}}",
      "/spec/template", "no spec" },
    { "{\"apiVersion\":\"apps.kruise.io/v1\",\"kind\":\"AdvancedCronJob\",\"spec\":{}}",
      "/spec/template/jobTemplate/spec/template", "no spec" },
    { "{\"apiVersion\":\"batch.volcano.sh/v1alpha1\",\"kind\":\"Job\",\"spec\":{\"tasks\":{}}}",
      "/spec/tasks", "no spec" },
    { "{\"apiVersion\":\"batch.volcano.sh/v1alpha1\",\"kind\":\"Job\","
      "\"spec\":{\"tasks\":[{\"template\":{\"spec\":{\"containers\":{}}}}]}}",
      "/spec/tasks/0/template/spec/containers", "is no list" },
    { "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"containers\":{}}}", "/spec/containers",
      "is no list" },
    { "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"initContainers\":[1]}}",
      "/spec/initContainers", "element 0 is no object" },
    { "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"ephemeralContainers\":\"x\"}}",
      "/spec/ephemeralContainers", "is no list" },
    { "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"volumes\":[{},null]}}", "/spec/volumes",
      "element 1 is no object" },
};

START_TEST(test_pod__is_refused_where_a_check_would_be_blind)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf pods = { 0 };
    json_auto_t *document = load(refusals[_i].document);
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_pod_each(document, &arena, note, &pods, &err), -1);
    ck_assert_str_eq(err.where, refusals[_i].where);
    ck_assert_msg(strstr(err.msg, refusals[_i].msg) != NULL, "%s", err.msg);
}
END_TEST

START_TEST(test_pod__lists_end)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf pods = { 0 };
    json_auto_t *document = load(OBJECT("v1", "Pod", SPEC));
    struct ocn_error err = { 0 };

    for (int i = 0; i <= OCN_POD_MAX_LISTS; i++) {
        json_t *list =
            json_pack("{s:s,s:s,s:[O]}", "apiVersion", "v1", "kind", "List", "items", document);
        json_decref(document);
        document = list;
    }
    ck_assert_int_eq(ocn_pod_each(document, &arena, note, &pods, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
}
END_TEST

static int note_value(void *ctx, const json_t *value, const char *pointer, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    (void)err;
    ocn_buf_printf(ctx, "%s=%s;", pointer, ocn_field_shown(&arena, value));
    return 0;
}

static const struct {
    const char *json;
    const char *path;
    const char *values;
} fields[] = {
    { "{\"a\":{\"b\":1}}", "a.b", "/p/a/b=1;" },
    { "{\"a\":{\"b\":null}}", "a.b", "" },
    { "{\"a\":null}", "a.b", "" },
    { "{}", "a.b", "" },
    { "{\"a\":\"x\"}", "a.b", "/p/a=\"x\";" }, /* no object: shown itself */
    { "{\"a\":[{\"b\":1},{\"c\":2},{\"b\":true}]}", "a[].b", "/p/a/0/b=1;/p/a/2/b=true;" },
    { "{\"a\":[1,\"x\",null]}", "a[]", "/p/a/0=1;/p/a/1=\"x\";" },
    { "{\"a\":{\"b\":1}}", "a[].b", "/p/a=an object;" },
    { "{\"a\":[[1]]}", "a[].b", "/p/a/0=a list;" },
};

START_TEST(test_pod__fields)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf values = { 0 };
    json_auto_t *json = load(fields[_i].json);
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_field_each(json, "/p", fields[_i].path, &arena, note_value, &values, &err),
                     0);
    ck_assert_str_eq(ocn_buf_bytes(&values).ptr, fields[_i].values);
}
END_TEST

START_TEST(test_pod__field_pointers)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    ck_assert_str_eq(ocn_field_pointer(&arena, "/spec", "a.b"), "/spec/a/b");
    ck_assert_str_eq(ocn_field_pointer(&arena, "/spec", ""), "/spec");
    ck_assert_str_eq(ocn_field_key(&arena, "/m", "example.com/a~b"), "/m/example.com~1a~0b");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pod");
    TCase *tests = tcase_create("pod");

    tcase_add_loop_test(tests, test_pod__is_found_in_every_kind, 0, OCN_COUNT(kinds));
    tcase_add_loop_test(tests, test_pod__is_refused_where_a_check_would_be_blind, 0,
                        OCN_COUNT(refusals));
    tcase_add_test(tests, test_pod__lists_end);
    tcase_add_loop_test(tests, test_pod__fields, 0, OCN_COUNT(fields));
    tcase_add_test(tests, test_pod__field_pointers);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
