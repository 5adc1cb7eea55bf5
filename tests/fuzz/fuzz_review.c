/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The body of a request to the webhook, whoever sent it: refused with a printable reason, or
 * answered to the letter: uid, patch and patchType both or neither, warnings within their limits.
 */
#include <string.h>

#include "hook/webhook/review.h"
#include "tests/fuzz/fuzz.h"

static const char POLICY[] =
    "{\"version\":1,\"user\":{\"when\":\"always\"},\"rules\":{\"user.root\":\"deny\"},"
    "\"match\":[{\"when\":{\"namespaces\":[\"s*\"]},\"policy\":{\"rules\":{\"user.root\":\"edit\"}}"
    "}],"
    "\"admission\":{\"rules\":{\"runtimeclass\":\"deny\"},\"labels\":{\"required\":[\"app\"],"
    "\"allowed\":{}}}}";

static struct ocn_config *config;

static void load_policy(void)
{
    const struct ocn_layer layer = { "policy.json", { POLICY, sizeof(POLICY) - 1 }, NULL };
    struct ocn_error err = { 0 };

    ocn_fuzz_require(ocn_config_load(&layer, 1, &config, &err) == 0);
}

static void check_printable(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        ocn_fuzz_require(text[i] >= 0x20 && text[i] <= 0x7e);
    }
}

static void check_warnings(const json_t *warnings)
{
    size_t i;
    const json_t *warning;
    size_t sum = 0;

    json_array_foreach (warnings, i, warning) {
        ocn_fuzz_require(json_string_length(warning) <= OCN_REVIEW_MAX_WARNING);
        check_printable(json_string_value(warning), json_string_length(warning));
        sum += json_string_length(warning);
    }
    ocn_fuzz_require(sum <= OCN_REVIEW_MAX_WARNINGS);
}

static void check_answer(enum ocn_review_kind kind, const struct ocn_review *review)
{
    json_auto_t *json =
        json_loadb(review->body.ptr, review->body.len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *response = json_object_get(json, "response");
    bool allowed = json_is_true(json_object_get(response, "allowed"));
    bool patched = json_object_get(response, "patch") != NULL;

    ocn_fuzz_require(json_string_length(json_object_get(response, "uid")) != 0);
    ocn_fuzz_require(allowed || json_is_false(json_object_get(response, "allowed")));
    ocn_fuzz_require(allowed == (review->verdict != OCN_REVIEW_DENIED));
    ocn_fuzz_require(allowed == (json_object_get(response, "status") == NULL));
    ocn_fuzz_require(patched == (json_object_get(response, "patchType") != NULL));
    ocn_fuzz_require(patched == (review->verdict == OCN_REVIEW_PATCHED));
    ocn_fuzz_require(!patched || kind == OCN_REVIEW_MUTATE);
    check_warnings(json_object_get(response, "warnings"));
    check_printable(review->note.ptr, review->note.len);
}

static void ask(enum ocn_review_kind kind, struct ocn_bytes body)
{
    OCN_CLEANUP(ocn_review_done) struct ocn_review review = { 0 };
    struct ocn_error err = { 0 };

    ocn_fuzz_require(ocn_review_answer(config, kind, body, &review, &err) == 0);
    if (review.status == 200) {
        check_answer(kind, &review);
        return;
    }
    ocn_fuzz_require(review.status == 400 && review.verdict == OCN_REVIEW_REFUSED);
    ocn_fuzz_require(review.body.len > 1 && review.body.ptr[review.body.len - 1] == '\n');
    check_printable(review.body.ptr, review.body.len - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (config == NULL) {
        load_policy();
    }
    ask(OCN_REVIEW_VALIDATE, ocn_fuzz_bytes(data, size));
    ask(OCN_REVIEW_MUTATE, ocn_fuzz_bytes(data, size));
    return 0;
}
