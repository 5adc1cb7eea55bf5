/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation between a policy and its gate fails once, in C and where the CEL is made: each
 * run ends in OCN_E_NOMEM with nothing leaked (LSan), or says the same.
 */
#include <string.h>

#include "hook/admission/document.h"
#include "normalize/admission/manifest.h"
#include "normalize/json/load.h"
#include "tests/lib/starve.h"
#include "tests/lib/suite.h"

static const char POLICY[] =
    "{\"rules\": {\"user.root\": \"deny\"}, \"exempt\": {\"namespaces\": [\"kube-*\", \"x\"], "
    "\"annotations\": {\"a/b\": \"y*\"}}, \"admission\": {\"rules\": {\"image.registry\": "
    "\"deny\", \"runtimeclass\": \"warn\"}, \"labels\": {\"required\": [\"owner\"], \"allowed\": "
    "{\"tier\": \"^(a|b)$\"}}, \"annotations\": {\"required\": [\"owner\"], \"allowed\": "
    "{\"tier\": "
    "\"a*\"}}, \"registries\": [\"ghcr.io\"]}, \"match\": [{\"when\": {\"namespaces\": [\"s*\"], "
    "\"annotations\": {\"k\": \"?\"}}, \"policy\": {\"rules\": {\"user.root\": \"warn\"}}}]}";

static const char LIST[] =
    "{\"apiVersion\": \"v1\", \"kind\": \"PodList\", \"items\": [{\"metadata\": {\"name\": \"p\", "
    "\"namespace\": \"shop\", \"labels\": {\"tier\": \"c\"}, \"annotations\": {\"k\": \"v\", "
    "\"tier\": \"b\"}}, \"spec\": {\"containers\": [{\"name\": \"c\", \"image\": \"nginx\", "
    "\"env\": [{\"name\": \"GOMAXPROCS\", \"value\": \"9\"}, {\"name\": \"GOMEMLIMIT\", \"value\": "
    "\"512MB\"}], \"resources\": {\"limits\": {\"cpu\": \"1\", \"memory\": \"1Gi\"}}, "
    "\"securityContext\": {\"capabilities\": {\"add\": [\"CHOWN\"]}}}]}}]}";

static const char REVIEW[] =
    "{\"apiVersion\": \"admission.k8s.io/v1\", \"kind\": \"AdmissionReview\", \"request\": "
    "{\"operation\": \"UPDATE\", \"namespace\": \"other\", \"object\": {\"apiVersion\": \"v1\", "
    "\"kind\": \"Pod\", \"metadata\": {\"name\": \"q\"}, \"spec\": {\"containers\": [{\"name\": "
    "\"c\"}]}}, \"oldObject\": {\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": "
    "{\"name\": \"q\"}, \"spec\": {\"containers\": []}}}}";

static json_t *documents[2];
static struct ocn_config *config;

static int note(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err)
{
    ocn_buf_printf(ctx, "%d %s %s %s %s\n", (int)finding->level, finding->rule, finding->object,
                   finding->path, finding->message);
    return ocn_buf_check(ctx, err);
}

static int overlay(void *ctx, const struct ocn_u32s *held, struct ocn_arena *arena,
                   struct ocn_policy *ret, struct ocn_error *err)
{
    return ocn_config_overlay(ctx, held, arena, ret, err);
}

static int judge(void *ctx, struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    (void)ctx;
    for (size_t i = 0; i < OCN_COUNT(documents); i++) {
        if (ocn_admission_document(config, documents[i], &arena, note, out, err) < 0) {
            return -1;
        }
    }
    return ocn_arena_check(&arena, err);
}

static int make(void *ctx, struct ocn_buf *out, struct ocn_error *err)
{
    const struct ocn_manifest_source source = { ocn_config_base(config), overlay, config };
    const struct ocn_manifest_options options = { .kubernetes = OCN_MANIFEST_KUBERNETES,
                                                  .name = "ocinorm" };
    json_auto_t *manifests = NULL;

    (void)ctx;
    return ocn_manifest_make(&source, &options, &manifests, err) < 0 ||
                   ocn_manifest_print(manifests, false, out, err) < 0 ||
                   ocn_manifest_print(manifests, true, out, err) < 0
               ? -1
               : 0;
}

static long starve(int (*run)(void *ctx, struct ocn_buf *out, struct ocn_error *err),
                   const char *word)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf whole = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(run(NULL, &whole, &err), 0);
    ck_assert_ptr_nonnull(memmem(whole.ptr, whole.len, word, strlen(word)));
    return ocn_starve_each(run, NULL, &whole);
}

START_TEST(test_oom_admission__every_allocation)
{
    const struct ocn_layer layer = { "policy.json", { POLICY, sizeof(POLICY) - 1 }, NULL };
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_config_load(&layer, 1, &config, &err) == 0, "%s: %s", err.where, err.msg);
    ck_assert_int_eq(ocn_json_load((struct ocn_bytes){ LIST, sizeof(LIST) - 1 }, sizeof(LIST),
                                   &documents[0], &err),
                     0);
    ck_assert_int_eq(ocn_json_load((struct ocn_bytes){ REVIEW, sizeof(REVIEW) - 1 }, sizeof(REVIEW),
                                   &documents[1], &err),
                     0);
    ck_assert_int_gt(starve(judge, "512MB"), 50);
    ck_assert_int_gt(starve(make, "variables.match_0"), 200);
    json_decref(documents[0]);
    json_decref(documents[1]);
    ocn_config_free(config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom_admission");
    TCase *tests = tcase_create("oom_admission");

    ocn_starve_begin();
    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_test(tests, test_oom_admission__every_allocation);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
