/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "hook/webhook/metrics.h"
#include "hook/webhook/policy_text.h"
#include "hook/webhook/review.h"
#include "hook/webhook/watch.h"
#include "normalize/base/base64.h"
#include "tests/lib/suite.h"

#define REVIEW(rest)                                                                               \
    "{\"apiVersion\":\"admission.k8s.io/v1\",\"kind\":\"AdmissionReview\",\"request\":{" rest "}}"
#define POD(containers)                                                                            \
    "{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"n\"},\"spec\":{"             \
    "\"containers\":" containers "}}"
#define CREATE(object) REVIEW("\"uid\":\"u-1\",\"operation\":\"CREATE\",\"object\":" object)

static struct ocn_config *load_policy(const char *text)
{
    const struct ocn_layer layer = { .name = "test", .text = { text, strlen(text) } };
    struct ocn_config *config = NULL;
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_config_load(&layer, 1, &config, &err) == 0, "%s: %s", err.where, err.msg);
    return config;
}

static void answer(const char *policy, enum ocn_review_kind kind, const char *body,
                   struct ocn_review *ret)
{
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = load_policy(policy);
    struct ocn_error err = { 0 };

    ck_assert_msg(
        ocn_review_answer(config, kind, (struct ocn_bytes){ body, strlen(body) }, ret, &err) == 0,
        "%s: %s", err.where, err.msg);
}

static const struct {
    const char *body;
    const char *why;
} refused[] = {
    { "", "" },
    { "[]", "kind is not AdmissionReview" },
    { "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1beta1\"}",
      "apiVersion is not admission.k8s.io/v1" },
    { "{\"kind\":\"AdmissionReview\",\"apiVersion\":\"admission.k8s.io/v1\"}", "no request" },
    { REVIEW("\"operation\":\"CREATE\""), "request.uid" },
    { REVIEW("\"operation\":\"CREATE\",\"uid\":\"\""), "request.uid" },
    { REVIEW("\"operation\":\"CREATE\",\"uid\":5"), "request.uid is no string" },
    { REVIEW("\"uid\":\"u\""), "request.operation" },
    { REVIEW("\"uid\":\"u\",\"operation\":\"create\""), "request.operation" },
    { REVIEW("\"uid\":\"u\",\"operation\":\"CREATE\",\"object\":[]"), "request.object" },
    { REVIEW("\"uid\":\"u\",\"operation\":\"UPDATE\",\"oldObject\":true"), "request.oldObject" },
    { REVIEW("\"uid\":\"u\",\"uid\":\"v\""), "duplicate" },
    { CREATE(POD("[]")) "x", "1:" },
};

START_TEST(test_review__refuses_what_is_none)
{
    for (unsigned kind = 0; kind < OCN_REVIEW_KINDS; kind++) {
        OCN_CLEANUP(ocn_review_done) struct ocn_review review = { 0 };
        answer("{\"version\":1}", (enum ocn_review_kind)kind, refused[_i].body, &review);
        ck_assert_uint_eq(review.status, 400);
        ck_assert_int_eq(review.verdict, OCN_REVIEW_REFUSED);
        ck_assert_msg(strstr(review.body.ptr, refused[_i].why) != NULL, "%.*s",
                      (int)review.body.len, review.body.ptr);
    }
}
END_TEST

static json_t *response_of(const struct ocn_review *review)
{
    json_auto_t *json = json_loadb(review->body.ptr, review->body.len, 0, NULL);
    json_t *response = json_incref(json_object_get(json, "response"));

    ck_assert_uint_eq(review->status, 200);
    ck_assert_str_eq(json_string_value(json_object_get(json, "kind")), "AdmissionReview");
    ck_assert_str_eq(json_string_value(json_object_get(json, "apiVersion")), "admission.k8s.io/v1");
    ck_assert_str_eq(json_string_value(json_object_get(response, "uid")), "u-1");
    return response;
}

static const struct {
    const char *policy;
    const char *body;
    enum ocn_review_verdict verdict;
} judged[] = {
    { "{\"version\":1}", REVIEW("\"uid\":\"u-1\",\"operation\":\"DELETE\""), OCN_REVIEW_ALLOWED },
    { "{\"version\":1}", CREATE("{\"apiVersion\":\"v1\",\"kind\":\"Secret\"}"),
      OCN_REVIEW_ALLOWED },
    { "{\"version\":1}", CREATE(POD("[{\"name\":\"a\"}]")), OCN_REVIEW_WARNED },
    { "{\"version\":1,\"rules\":{\"user.root\":\"deny\"}}", CREATE(POD("[{\"name\":\"a\"}]")),
      OCN_REVIEW_DENIED },
    { "{\"version\":1}", CREATE(POD("[5]")), OCN_REVIEW_DENIED },
    { "{\"version\":1}", CREATE("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"spec\":[]}"),
      OCN_REVIEW_DENIED },
};

START_TEST(test_review__validates)
{
    OCN_CLEANUP(ocn_review_done) struct ocn_review review = { 0 };

    answer(judged[_i].policy, OCN_REVIEW_VALIDATE, judged[_i].body, &review);
    json_auto_t *response = response_of(&review);
    ck_assert_int_eq(review.verdict, judged[_i].verdict);
    bool denied = judged[_i].verdict == OCN_REVIEW_DENIED;
    ck_assert_int_eq(json_is_true(json_object_get(response, "allowed")), !denied);
    ck_assert_int_eq(json_object_get(response, "status") != NULL, denied);
    ck_assert_ptr_null(json_object_get(response, "patch"));
    ck_assert_ptr_null(json_object_get(response, "patchType"));
    ck_assert_int_eq(judged[_i].verdict == OCN_REVIEW_WARNED,
                     !denied && json_array_size(json_object_get(response, "warnings")) != 0);
}
END_TEST

/* A thousand containers, each with a name of its own: what there is no room for is counted. */
START_TEST(test_review__limits_of_warnings_and_message)
{
    static const char *const policies[] = { "{\"version\":1}",
                                            "{\"version\":1,\"rules\":{\"user.root\":\"deny\"}}" };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf body = { 0 };
    OCN_CLEANUP(ocn_review_done) struct ocn_review review = { 0 };
    size_t i;
    json_t *warning;
    size_t sum = 0;

    ocn_buf_puts(&body,
                 REVIEW("\"uid\":\"u-1\",\"operation\":\"CREATE\",\"object\":{\"apiVersion\":"
                        "\"v1\",\"kind\":\"Pod\",\"spec\":{\"containers\":[{\"name\":\"a\"}"));
    body.len -= 2; /* the end of REVIEW's frame */
    for (unsigned n = 0; n < 1000; n++) {
        ocn_buf_printf(&body, ",{\"name\":\"c%0300u\"}", n);
    }
    ocn_buf_puts(&body, "]}}}}");
    ocn_buf_add(&body, "", 1);
    answer(policies[_i], OCN_REVIEW_VALIDATE, body.ptr, &review);
    json_auto_t *response = response_of(&review);
    json_array_foreach (json_object_get(response, "warnings"), i, warning) {
        ck_assert_uint_le(json_string_length(warning), OCN_REVIEW_MAX_WARNING);
        sum += json_string_length(warning);
    }
    ck_assert_uint_le(sum, OCN_REVIEW_MAX_WARNINGS);
    ck_assert_uint_gt(sum, OCN_REVIEW_MAX_WARNINGS / 2);
    const char *message =
        json_string_value(json_object_get(json_object_get(response, "status"), "message"));
    ck_assert_int_eq(message != NULL, _i == 1);
    ck_assert(message == NULL || (strlen(message) < 4096 && strstr(message, " more") != NULL));
}
END_TEST

START_TEST(test_review__mutates)
{
    OCN_CLEANUP(ocn_review_done) struct ocn_review review = { 0 };
    static const char body[] =
        CREATE(POD("[{\"name\":\"a\",\"resources\":{\"limits\":{\"cpu\":\"3\"}}}]"));

    answer("{\"version\":1}", OCN_REVIEW_MUTATE, body, &review);
    json_auto_t *response = response_of(&review);
    ck_assert_int_eq(review.verdict, OCN_REVIEW_PATCHED);
    ck_assert_str_eq(json_string_value(json_object_get(response, "patchType")), "JSONPatch");
    ck_assert_str_eq(json_string_value(json_object_get(response, "patch")),
                     "W3sib3AiOiJhZGQiLCJwYXRoIjoiL3NwZWMvY29udGFpbmVycy8wL2VudiIsInZhbHVlIjpbeyJu"
                     "YW1lIjoiR09NQVhQUk9DUyIsInZhbHVlIjoiMyJ9XX1d");
    ck_assert(json_is_true(json_object_get(response, "allowed")));
}
END_TEST

static const struct {
    const char *plain;
    const char *encoded;
} vectors[] = { /* RFC 4648, section 10 */
                { "", "" },
                { "f", "Zg==" },
                { "fo", "Zm8=" },
                { "foo", "Zm9v" },
                { "foob", "Zm9vYg==" },
                { "fooba", "Zm9vYmE=" },
                { "foobar", "Zm9vYmFy" },
                { "\xff\xfe\xfd", "//79" }
};

START_TEST(test_review__base64)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };

    ocn_base64_add(&out, (struct ocn_bytes){ vectors[_i].plain, strlen(vectors[_i].plain) });
    ck_assert_uint_eq(out.len, strlen(vectors[_i].encoded));
    ck_assert(memcmp(ocn_buf_bytes(&out).ptr, vectors[_i].encoded, out.len) == 0);
}
END_TEST

/* What a worker gets in pieces, or with lengths that lie, is refused. */
START_TEST(test_review__policy_text)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct ocn_world world = { .root = "/nonexistent-root", .any_owner = true };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_policy_text_look(&world, &text, &err), 0);
    for (size_t len = 0; len <= text.len; len++) {
        OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = NULL;
        struct ocn_error problem = { 0 };
        int status = ocn_policy_text_load((struct ocn_bytes){ text.ptr, len }, &config, &problem);
        ck_assert_int_eq(status, len == text.len ? 0 : -1);
    }
    const uint32_t lie[] = { 1, 5 };
    struct ocn_config *config = NULL;
    ck_assert_int_eq(
        ocn_policy_text_load((struct ocn_bytes){ (const char *)lie, sizeof(lie) }, &config, &err),
        -1);
}
END_TEST

static bool look(struct ocn_watch *watch, const char *text)
{
    struct ocn_buf now = { 0 };

    ocn_buf_puts(&now, text);
    return ocn_watch_look(watch, &now);
}

/* A file is taken when it has been the same at two looks. */
START_TEST(test_review__watch)
{
    OCN_CLEANUP(ocn_watch_done) struct ocn_watch watch = { 0 };
    struct ocn_buf first = { 0 };

    ocn_buf_puts(&first, "a");
    ocn_watch_begin(&watch, &first);
    ck_assert(!look(&watch, "a"));
    ck_assert(!look(&watch, "b"));
    ck_assert(!look(&watch, "bb"));
    ck_assert(look(&watch, "bb"));
    ck_assert(!look(&watch, "bb"));
    ck_assert(!look(&watch, "c"));
    ck_assert(!look(&watch, "bb"));
    ck_assert(!look(&watch, "c"));
    ck_assert(look(&watch, "c"));
}
END_TEST

START_TEST(test_review__histogram)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_metrics metrics = { 0 };
    const struct ocn_pool pool = { 0 };

    ocn_metrics_count(&metrics, OCN_REVIEW_MUTATE, OCN_REVIEW_PATCHED, 0.004);
    ocn_metrics_count(&metrics, OCN_REVIEW_MUTATE, OCN_REVIEW_FAILED, 60);
    ocn_metrics_write(&metrics, &pool, &text);
    ocn_buf_add(&text, "", 1);
    ck_assert(!text.failed);
    ck_assert_ptr_nonnull(strstr(text.ptr, "bucket{path=\"/mutate\",le=\"0.0025\"} 0\n"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "bucket{path=\"/mutate\",le=\"0.005\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "bucket{path=\"/mutate\",le=\"2.5\"} 1\n"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "bucket{path=\"/mutate\",le=\"+Inf\"} 2\n"));
    ck_assert_ptr_nonnull(strstr(text.ptr, "{path=\"/mutate\",verdict=\"failed\"} 1\n"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("review");
    TCase *tests = tcase_create("review");

    tcase_set_timeout(tests, OCN_TEST_SECONDS);
    tcase_add_loop_test(tests, test_review__refuses_what_is_none, 0, (int)OCN_COUNT(refused));
    tcase_add_loop_test(tests, test_review__validates, 0, (int)OCN_COUNT(judged));
    tcase_add_loop_test(tests, test_review__limits_of_warnings_and_message, 0, 2);
    tcase_add_test(tests, test_review__mutates);
    tcase_add_loop_test(tests, test_review__base64, 0, (int)OCN_COUNT(vectors));
    tcase_add_test(tests, test_review__policy_text);
    tcase_add_test(tests, test_review__watch);
    tcase_add_test(tests, test_review__histogram);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
