/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every allocation between an image's name and what is found of it fails once: each run ends in
 * OCN_E_NOMEM with nothing leaked (LSan), or finds the same. (Those of libarchive and libcrypto are
 * the libraries'.)
 */
#include <string.h>

#include "hook/image/diff_images.h"
#include "hook/image/rules.h"
#include "hook/image/work.h"
#include "hook/judge/report.h"
#include "normalize/lint/wire.h"
#include "tests/lib/starve.h"
#include "tests/lib/suite.h"

#define IMAGES "oci:" OCN_CASES_DIR "/../fixtures/images/"

static int judge(const struct ocn_image_input *input, const struct ocn_selected *image,
                 const struct ocn_work_profiles *profiles, struct ocn_lint *lint,
                 struct ocn_buf *out, struct ocn_error *err)
{
    const struct ocn_look_place place = { .limits = { 1.5, 1e9 } };
    const struct ocn_lint_input lint_input = { .name = "x",
                                               .kind = "image",
                                               .digest = image->digest };
    OCN_CLEANUP(ocn_look_done) struct ocn_look look = { 0 };
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;

    return ocn_look_open(&input->blobs, image, &place, &look, err) < 0 ||
                   ocn_look_judge(&look, &profiles->items[0], &place, &outcome, err) < 0 ||
                   ocn_lint_begin(lint, &lint_input, err) < 0 ||
                   ocn_image_rules(&look, outcome, lint, err) < 0 ||
                   ocn_report_json(outcome, "x", out, err) < 0
               ? -1
               : 0;
}

/* What `ocinorm diff --layers --as aws-eks` does in its child. */
static int compare(const char *const pair[2], struct ocn_buf *out, struct ocn_error *err)
{
    const struct ocn_world world = { .root = "/nowhere", .any_owner = true };
    OCN_CLEANUP(ocn_image_input_done) struct ocn_image_input a = OCN_IMAGE_INPUT_NONE;
    OCN_CLEANUP(ocn_image_input_done) struct ocn_image_input b = OCN_IMAGE_INPUT_NONE;
    OCN_CLEANUP(ocn_work_profiles_done) struct ocn_work_profiles profiles = { 0 };
    struct ocn_selection selections[2] = { { 0 } };
    struct ocn_diff_wants wants = { .layers = true, .outcome = true };
    const struct ocn_work work = {
        .input = &a, .second = &b, .profiles = &profiles, .ctx = &wants
    };

    int status = ocn_work_profiles(&world, "aws-eks", &profiles, err) < 0 ||
                         ocn_image_input_open(pair[0], &a, err) < 0 ||
                         ocn_image_input_open(pair[1], &b, err) < 0 ||
                         ocn_select(&a.blobs, a.reference, NULL, &selections[0], err) < 0 ||
                         ocn_select(&b.blobs, b.reference, NULL, &selections[1], err) < 0
                     ? -1
                     : ocn_diff_images(&work, selections, out, err);
    ocn_select_done(&selections[0]);
    ocn_select_done(&selections[1]);
    return status;
}

static int pipeline(const char *name, struct ocn_buf *out, struct ocn_error *err)
{
    const struct ocn_world world = { .root = "/nowhere", .any_owner = true };
    OCN_CLEANUP(ocn_image_input_done) struct ocn_image_input input = OCN_IMAGE_INPUT_NONE;
    OCN_CLEANUP(ocn_work_profiles_done) struct ocn_work_profiles profiles = { 0 };
    OCN_CLEANUP(ocn_select_done) struct ocn_selection selection = { 0 };
    OCN_CLEANUP(ocn_lint_done) struct ocn_lint lint = { 0 };

    if (ocn_work_profiles(&world, "aws-eks", &profiles, err) < 0 ||
        ocn_image_input_open(name, &input, err) < 0 ||
        ocn_select(&input.blobs, input.reference, NULL, &selection, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < selection.images_len; i++) {
        if (judge(&input, &selection.images[i], &profiles, &lint, out, err) < 0) {
            return -1;
        }
    }
    return ocn_lint_dump(&lint, out, err);
}

static const char *const names[] = { IMAGES "buildah-multi-index:v1",
                                     IMAGES "nested-index-attestation",
                                     IMAGES "buildah-two-layers-whiteout" };

static const char *const pairs[][2] = {
    { IMAGES "buildah-multi-index:v1", IMAGES "docker-manifest-list" },
    { IMAGES "buildah-two-layers-whiteout", IMAGES "entry-puzzle" },
    { "docker-archive:" OCN_CASES_DIR "/../fixtures/images/skopeo-docker-archive.tar",
      IMAGES "umoci-oci" },
};

static int run(void *ctx, struct ocn_buf *out, struct ocn_error *err)
{
    const int row = *(const int *)ctx;

    return row < (int)OCN_COUNT(names) ? pipeline(names[row], out, err)
                                       : compare(pairs[row - (int)OCN_COUNT(names)], out, err);
}

START_TEST(test_oom_image__every_allocation)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf whole = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_msg(run(&_i, &whole, &err) == 0, "%s: %s", err.where, err.msg);
    ck_assert_ptr_nonnull(
        strstr(whole.ptr, _i < (int)OCN_COUNT(names) ? "image.annotations" : "\"same\":false"));
    ck_assert_int_gt(ocn_starve_each(run, &_i, &whole), 500);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("oom_image");
    TCase *tests = tcase_create("oom_image");

    ocn_starve_begin();
    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_loop_test(tests, test_oom_image__every_allocation, 0,
                        OCN_COUNT(names) + OCN_COUNT(pairs));
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
