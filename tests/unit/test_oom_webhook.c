/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation between a review and its answer fails once: each run ends in OCN_E_NOMEM with
 * nothing leaked (LSan), or answers the same.
 */
#include <string.h>

#include "hook/webhook/review.h"
#include "tests/lib/starve.h"
#include "tests/lib/suite.h"

#define REVIEW(object)                                                                             \
    "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{\"uid\":"   \
    "\"u\",\"name\":\"n\",\"namespace\":\"shop\",\"operation\":\"CREATE\",\"object\":" object "}}"

static const char POLICY[] =
    "{\"version\":1,\"user\":{\"when\":\"always\"},\"rules\":{\"user.root\":\"deny\"},"
    "\"match\":[{\"when\":{\"namespaces\":[\"shop\"]},\"policy\":{\"rules\":{\"user.root\":"
    "\"edit\"}}"
    "}],\"admission\":{\"rules\":{\"runtimeclass\":\"deny\"},\"labels\":{\"required\":[\"app\"],"
    "\"allowed\":{}}}}";

static const char *const bodies[] = {
    REVIEW("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"annotations\":{\"app\":\"a\"}},"
           "\"spec\":{\"containers\":[{\"name\":\"a\",\"image\":\"b\",\"resources\":{\"limits\":{"
           "\"cpu\":\"2\",\"memory\":\"1Gi\"}}}]}}"),
    REVIEW("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":{\"containers\":[7]}}"),
    "{\"kind\":\"AdmissionReview\"}",
};

static int pipeline(void *ctx, struct ocn_buf *out, struct ocn_error *err)
{
    for (size_t i = 0; i < OCN_COUNT(bodies); i++) {
        for (unsigned kind = 0; kind < OCN_REVIEW_KINDS; kind++) {
            OCN_CLEANUP(ocn_review_done) struct ocn_review review = { 0 };
            const struct ocn_bytes body = { bodies[i], strlen(bodies[i]) };
            if (ocn_review_answer(ctx, (enum ocn_review_kind)kind, body, &review, err) < 0) {
                return -1;
            }
            ocn_buf_add(out, review.body.ptr, review.body.len);
            ocn_buf_add(out, ocn_buf_bytes(&review.note).ptr, review.note.len);
        }
    }
    return ocn_buf_check(out, err);
}

START_TEST(test_oom_webhook__every_allocation)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf whole = { 0 };
    const struct ocn_layer layer = { .name = "test", .text = { POLICY, sizeof(POLICY) - 1 } };
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_config_load(&layer, 1, &config, &err) == 0, "%s: %s", err.where, err.msg);
    ck_assert_int_eq(pipeline(config, &whole, &err), 0);
    ocn_buf_add(&whole, "", 1);
    ck_assert_ptr_nonnull(strstr(whole.ptr, "JSONPatch"));
    ck_assert_ptr_nonnull(strstr(whole.ptr, "runtimeclass"));
    whole.len--;
    ck_assert_int_gt(ocn_starve_each(pipeline, config, &whole), 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom_webhook");
    TCase *tests = tcase_create("oom_webhook");

    ocn_starve_begin();
    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_test(tests, test_oom_webhook__every_allocation);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
