/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An object as an API server or a file brings it, and a pattern of a policy: judged by policies
 * that ask everything. What is found is a rule of ours, at a place in the text; what a pattern
 * refuses never holds, and what it takes is printable for RE2.
 */
#include <string.h>

#include "hook/admission/document.h"
#include "normalize/json/load.h"
#include "normalize/policy/pattern.h"
#include "tests/fuzz/fuzz.h"

#define MAX_SIZE ((size_t)1 << 20)

static const char POLICY[] =
    "{\"rules\": {\"user.root\": \"deny\"}, \"exempt\": {\"namespaces\": [\"kube-*\"], "
    "\"annotations\": {\"a\": \"[!b]*\"}}, \"admission\": {\"rules\": {\"image.registry\": "
    "\"deny\", \"runtimeclass\": \"warn\"}, \"labels\": {\"required\": [\"owner\"], \"allowed\": "
    "{\"tier\": \"^(a|b){1,3}$\"}}, \"annotations\": {\"required\": [\"owner\"], \"allowed\": "
    "{\"tier\": \"*a*\"}}, \"registries\": [\"ghcr.io\", \"*.example.com\"]}, \"match\": "
    "[{\"when\": {\"namespaces\": [\"s*\"], \"annotations\": {\"k\": \"?\"}}, \"policy\": "
    "{\"exempt\": {\"privileged\": false}}}]}";

static struct ocn_config *config;

static void load_policy(void)
{
    const struct ocn_layer layer = { "policy.json", { POLICY, sizeof(POLICY) - 1 }, NULL };
    struct ocn_error err = { 0 };

    ocn_fuzz_require(ocn_config_load(&layer, 1, &config, &err) == 0);
}

static int found(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err)
{
    (void)ctx;
    (void)err;
    ocn_fuzz_require(ocn_lint_summary(finding->rule) != NULL);
    ocn_fuzz_require(finding->level == OCN_LEVEL_WARN || finding->level == OCN_LEVEL_DENY);
    ocn_fuzz_require(finding->path != NULL && finding->path[0] == '/');
    ocn_fuzz_require(finding->message != NULL && finding->hint != NULL);
    return 0;
}

static void judge(struct ocn_bytes text)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    json_auto_t *document = NULL;
    struct ocn_error err = { 0 };

    if (ocn_json_load_value(text, MAX_SIZE, &document, &err) == 0 &&
        ocn_admission_document(config, document, &arena, found, NULL, &err) < 0) {
        ocn_fuzz_require(err.code != OCN_OK && err.msg[0] != '\0');
    }
}

/* The first line is a pattern, the rest its value. */
static void match(struct ocn_bytes text)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf regex = { 0 };
    const char *end = memchr(text.ptr, '\n', text.len);
    size_t len = end != NULL ? (size_t)(end - text.ptr) : text.len;
    const char *pattern = ocn_arena_copy(&arena, text.ptr, len);
    const char *value = end != NULL ? ocn_arena_copy(&arena, end + 1, text.len - len - 1) : pattern;

    if (ocn_pattern_check(pattern) != NULL) {
        ocn_fuzz_require(!ocn_pattern_holds(pattern, value));
        return;
    }
    (void)ocn_pattern_holds(pattern, value);
    ocn_pattern_regex(pattern, &regex);
    for (size_t i = 0; i < regex.len; i++) {
        ocn_fuzz_require(regex.ptr[i] >= ' ' && regex.ptr[i] <= '~');
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ocn_bytes text = ocn_fuzz_bytes(data, size);

    if (config == NULL) {
        load_policy();
    }
    judge(text);
    if (size < 4096) {
        match(text);
    }
    return 0;
}
