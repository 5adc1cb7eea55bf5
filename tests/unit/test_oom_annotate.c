/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation of `ocinorm annotate` between an image's name and its new documents fails once:
 * each run ends in OCN_E_NOMEM with nothing leaked (LSan), or makes the same.
 */
#include <string.h>

#include "hook/image/annotate_plan.h"
#include "hook/image/input.h"
#include "normalize/json/json.h"
#include "tests/lib/starve.h"
#include "tests/lib/suite.h"

#define IMAGES OCN_CASES_DIR "/../fixtures/images/"

static void put_plan(const struct ocn_annotate_plan *plan, struct ocn_buf *out)
{
    const struct ocn_annotate_blob *blobs = plan->blobs.items;

    for (size_t i = 0; i < plan->blobs.len; i++) {
        ocn_buf_printf(out, "%s %.0f %s\n", blobs[i].digest, blobs[i].size,
                       blobs[i].member != NULL ? blobs[i].member : "-");
        ocn_buf_add(out, blobs[i].text.ptr != NULL ? blobs[i].text.ptr : "", blobs[i].text.len);
    }
    ocn_buf_add(out, plan->index.ptr, plan->index.len);
}

static int pipeline(void *ctx, struct ocn_buf *out, struct ocn_error *err)
{
    const char *name = ctx;
    static const char into[] = "{\"schemaVersion\":2,\"manifests\":[{\"digest\":\"x\"}]}";
    struct ocn_pair set[] = { { "a.b/c", "1" }, { "z", "\"" } };
    const struct ocn_annotate_wish wish = { .derive = true,
                                            .set = { set, 2 },
                                            .labels = true,
                                            .rewrite = true,
                                            .reference = "new",
                                            .into = { into, sizeof(into) - 1 } };
    OCN_CLEANUP(ocn_image_input_done) struct ocn_image_input input = OCN_IMAGE_INPUT_NONE;
    OCN_CLEANUP(ocn_select_done) struct ocn_selection selection = { 0 };
    OCN_CLEANUP(ocn_annotate_plan_done) struct ocn_annotate_plan plan = { 0 };

    if (ocn_image_input_open(name, &input, err) < 0 ||
        ocn_select(&input.blobs, input.reference, NULL, &selection, err) < 0 ||
        ocn_annotate_plan(&input.blobs, input.reference, &selection, &wish, &plan, err) < 0) {
        return -1;
    }
    put_plan(&plan, out);
    return ocn_json_dump(plan.report, JSON_COMPACT, out, err);
}

static const char *const names[] = { "oci:" IMAGES "docker-manifest-list",
                                     "oci:" IMAGES "nested-index-attestation",
                                     "dir:" IMAGES "skopeo-dir-docker-v2s2" };

START_TEST(test_oom_annotate__every_allocation)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf whole = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_msg(pipeline((void *)(uintptr_t)names[_i], &whole, &err) == 0, "%s: %s", err.where,
                  err.msg);
    ck_assert_int_eq(ocn_buf_check(&whole, NULL), 0);
    ck_assert_int_gt(ocn_starve_each(pipeline, (void *)(uintptr_t)names[_i], &whole), 400);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom_annotate");
    TCase *tests = tcase_create("oom_annotate");

    ocn_starve_begin();
    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_loop_test(tests, test_oom_annotate__every_allocation, 0, OCN_COUNT(names));
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
