/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "hook/lint/manifest_child.h"
#include "normalize/lint/lint.h"
#include "tests/lib/suite.h"

static struct ocn_manifest manifest_of(const char *text,
                                       const struct ocn_manifest_settings *settings)
{
    return (struct ocn_manifest){ "m.yaml", { text, strlen(text) }, settings };
}

static const char pod[] = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n"
                          "  nodeSelector: {kubernetes.io/arch: arm64}\n"
                          "  securityContext: {runAsNonRoot: true}\n"
                          "  containers: [{name: c, image: app}]\n";

static const char task[] =
    "family: a\nrequiresCompatibilities: [FARGATE]\nnetworkMode: awsvpc\ncpu: '1'\nmemory: '512'\n"
    "containerDefinitions: [{name: c, image: app}]\n";

/* What an image's user and platforms make of a manifest: "RULE LEVEL;" for each finding. */
static const struct {
    const char *manifest;
    const char *user;
    const char *platforms[3];
    const char *findings;
} joined[] = {
    { pod, NULL, { NULL }, "" },
    { pod, "1001", { "linux/arm64/v8" }, "" },
    { pod, "1001:0", { "linux/amd64", "linux/arm64" }, "" },
    { pod, "", { "linux/arm64" }, "pod.run-as-non-root deny;" },
    { pod, "0", { "linux/arm64" }, "pod.run-as-non-root deny;" },
    { pod, "00:1001", { "linux/arm64" }, "pod.run-as-non-root deny;" },
    { pod, "app", { "linux/arm64" }, "pod.run-as-non-root deny;" },
    { pod, "app:1001", { "linux/arm64" }, "pod.run-as-non-root deny;" },
    { pod, "1001", { "linux/amd64" }, "pod.platform deny;" },
    { pod, "1001", { "windows/arm64" }, "pod.platform deny;" },
    { pod, "1001", { "linux/arm" }, "pod.platform deny;" },
    { task, NULL, { NULL }, "task.user warn;" },
    { task, "1001", { "linux/amd64" }, "" },
    { task, "root:0", { "linux/amd64" }, "task.user warn;" },
    { task, "", { "linux/amd64" }, "task.user warn;" },
    { task, "1001", { "linux/arm64" }, "task.platform deny;" },
};

static void list_findings(const struct ocn_lint *lint, struct ocn_buf *out)
{
    const struct ocn_lint_input *inputs = lint->inputs.items;

    for (size_t i = 0; i < lint->inputs.len; i++) {
        const struct ocn_lint_finding *findings = inputs[i].findings.items;
        for (size_t k = 0; k < inputs[i].findings.len; k++) {
            ocn_buf_printf(out, "%s %s;", findings[k].rule,
                           findings[k].level == OCN_LEVEL_DENY ? "deny" : "warn");
        }
    }
}

START_TEST(test_manifest__is_joined_with_its_image)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf findings = { 0 };
    const char *platforms[3];
    struct ocn_lint_image image = { .name = "app",
                                    .user = joined[_i].user,
                                    .platforms = { platforms, 0 } };
    const struct ocn_manifest_settings settings = { .images = &image, .images_len = 1 };
    const struct ocn_manifest manifest = manifest_of(joined[_i].manifest, &settings);
    struct ocn_error err = { 0 };
    const char *other = NULL;

    for (size_t i = 0; i < 3 && joined[_i].platforms[i] != NULL; i++) {
        platforms[image.platforms.len++] = joined[_i].platforms[i];
    }
    ck_assert_int_eq(ocn_manifest_judge(&manifest, &lint, &other, &err), 0);
    ck_assert_ptr_null(other);
    list_findings(&lint, &findings);
    ck_assert_str_eq(ocn_buf_bytes(&findings).ptr, joined[_i].findings);
}
END_TEST

START_TEST(test_manifest__says_the_same_from_the_child)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint here = { 0 };
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint there = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf a = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf b = { 0 };
    const struct ocn_manifest_settings settings = { 0 };
    const struct ocn_manifest manifest =
        manifest_of("apiVersion: v1\nkind: Pod\nspec: {hostPID: true, containers: [{image: a, "
                    "securityContext: {privileged: true}}]}",
                    &settings);
    struct ocn_error err = { 0 };
    const char *other = NULL;

    json_object_seed(1);
    ck_assert_int_eq(ocn_manifest_judge(&manifest, &here, &other, &err), 0);
    ck_assert_int_eq(ocn_manifest_child_judge(&manifest, &there, &other, &err), 0);
    list_findings(&here, &a);
    list_findings(&there, &b);
    ck_assert_str_eq(a.ptr, "pod.host-namespaces warn;pod.privileged warn;");
    ck_assert_str_eq(a.ptr, b.ptr);
}
END_TEST

static const struct {
    const char *text;
    const char *where;
    const char *msg;
} refusals[] = {
    { "a: [", "m.yaml:2:1", "not valid YAML" },
    { "apiVersion: v1\nkind: Pod\nspec:\n  volumes: 1\n", "m.yaml:4:3",
      "/spec/volumes: is no list" },
    { "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec: 1\n", "m.yaml:4:3",
      "no spec" },
    { "containerDefinitions: 1\n", "m.yaml:1:1", "no list" },
    { "taskDefinition:\n  containerDefinitions: [1]\n", "m.yaml:2:26", "is no object" },
};

START_TEST(test_manifest__names_the_line)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    const struct ocn_manifest_settings settings = { 0 };
    const struct ocn_manifest manifest = manifest_of(refusals[_i].text, &settings);
    struct ocn_error err = { 0 };
    const char *other = NULL;

    json_object_seed(1);
    ck_assert_int_eq(ocn_manifest_child_judge(&manifest, &lint, &other, &err), -1);
    ck_assert_str_eq(err.where, refusals[_i].where);
    ck_assert_msg(strstr(err.msg, refusals[_i].msg) != NULL, "%s", err.msg);
}
END_TEST

START_TEST(test_manifest__is_told_from_others)
{
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };
    const struct ocn_manifest_settings settings = { 0 };
    const struct ocn_manifest manifest = manifest_of("services: {}\n", &settings);
    struct ocn_error err = { 0 };
    const char *other = NULL;

    json_object_seed(1);
    ck_assert_int_eq(ocn_manifest_child_judge(&manifest, &lint, &other, &err), 0);
    ck_assert_str_eq(other, "a file of docker compose");
    ck_assert_uint_eq(lint.inputs.len, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("manifest");
    TCase *tests = tcase_create("manifest");

    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_loop_test(tests, test_manifest__is_joined_with_its_image, 0, OCN_COUNT(joined));
    tcase_add_test(tests, test_manifest__says_the_same_from_the_child);
    tcase_add_loop_test(tests, test_manifest__names_the_line, 0, OCN_COUNT(refusals));
    tcase_add_test(tests, test_manifest__is_told_from_others);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
