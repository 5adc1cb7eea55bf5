/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation between a manifest and its report fails once: each run ends in OCN_E_NOMEM with
 * nothing leaked (LSan), or finds and prints the same. (libyaml's own are the library's.)
 */
#include <stdio.h>
#include <string.h>

#include "hook/lint/manifest.h"
#include "hook/lint/report_write.h"
#include "hook/lint/targets.h"
#include "normalize/lint/wire.h"
#include "tests/lib/starve.h"
#include "tests/lib/suite.h"

static const char MANIFEST[] =
    "base: &base {securityContext: {privileged: true}}\n---\n"
    "apiVersion: v1\nkind: List\nitems:\n"
    "- apiVersion: v1\n  kind: Pod\n  metadata: {name: p, annotations: "
    "{container.apparmor.security.beta.kubernetes.io/x: unconfined}}\n"
    "  spec:\n    hostPID: true\n    nodeSelector: {kubernetes.io/arch: x86_64}\n"
    "    securityContext: {runAsNonRoot: true}\n"
    "    volumes: [{name: v, nfs: {}}]\n"
    "    containers:\n    - <<: {name: c}\n      image: app\n      securityContext: {privileged: "
    "true}\n      env: [{name: GOMAXPROCS, value: '8'}, {name: GOMEMLIMIT, value: 512MB}]\n"
    "      resources: {limits: {cpu: 1500m, memory: 1GB}}\n---\n"
    "family: t\nrequiresCompatibilities: [FARGATE]\ncontainerDefinitions:\n"
    "- {name: c, image: app, privileged: true, environment: [{name: A_TOKEN, value: x}]}\n";

static struct ocn_targets targets;

/* All formats one after the other. */
static int pipeline(void *ctx, struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_lint_done)
    struct ocn_lint child = { .targets = targets.items, .targets_len = targets.len };
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint parent = child;
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf wire = { 0 };
    const char *platforms[] = { "linux/amd64" };
    const struct ocn_lint_image image = { .name = "app",
                                          .user = "",
                                          .platforms = { platforms, 1 } };
    const struct ocn_manifest_settings settings = { .images = &image, .images_len = 1 };
    const struct ocn_manifest manifest = { "m.yaml",
                                           { MANIFEST, sizeof(MANIFEST) - 1 },
                                           &settings };
    struct ocn_lint_problem problem = { "broken.yaml", "is broken" };
    const struct ocn_list problems = { &problem, 1 };
    const struct ocn_lint_report report = { .lint = &parent, .problems = &problems };
    const char *other = NULL;

    (void)ctx;
    if (ocn_manifest_judge(&manifest, &child, &other, err) < 0 ||
        ocn_lint_dump(&child, &wire, err) < 0 ||
        ocn_lint_load(&parent, ocn_buf_bytes(&wire), err) < 0) {
        return -1;
    }
    for (size_t i = 0; ocn_lint_report_formats[i] != NULL; i++) {
        if (ocn_lint_report_write(&report, ocn_lint_report_formats[i], out, err) < 0) {
            return -1;
        }
    }
    return 0;
}

START_TEST(test_oom_lint__every_allocation)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf whole = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_targets_add(&targets, "pss-restricted", &err), 0);
    ck_assert_int_eq(ocn_targets_add(&targets, "ecs", &err), 0);
    ck_assert_int_eq(pipeline(NULL, &whole, &err), 0);
    ck_assert_ptr_nonnull(strstr(whole.ptr, "pod.run-as-non-root"));
    ck_assert_ptr_nonnull(strstr(whole.ptr, "task.secrets"));
    ck_assert_int_gt(ocn_starve_each(pipeline, NULL, &whole), 1000);
    ocn_targets_done(&targets);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom_lint");
    TCase *tests = tcase_create("oom_lint");

    ocn_starve_begin();
    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_test(tests, test_oom_lint__every_allocation);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
