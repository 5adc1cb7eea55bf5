/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A pod that is created, with names and keys that nobody meant: what is filled in applies as RFC
 * 6902 says, adds only where nothing is, and is all that there is to do.
 */
#include <string.h>

#include "config/config.h"
#include "normalize/admission/mutate.h"
#include "normalize/json/load.h"
#include "tests/fuzz/fuzz.h"
#include "tests/lib/patch.h"

#define MAX_SIZE ((size_t)1 << 20)

static const char POLICY[] = "{\"version\":1,\"user\":{\"when\":\"always\"},\"exempt\":{"
                             "\"privileged\":false},\"admission\":{"
                             "\"rules\":{\"runtimeclass\":\"deny\"},\"labels\":{\"required\":["
                             "\"app\",\"a.b/c\"],\"allowed\":"
                             "{}}}}";

static struct ocn_config *config;

static void load_policy(void)
{
    const struct ocn_layer layer = { "policy.json", { POLICY, sizeof(POLICY) - 1 }, NULL };
    struct ocn_error err = { 0 };

    ocn_fuzz_require(ocn_config_load(&layer, 1, &config, &err) == 0);
}

/* false: the object is malformed, with a reason. */
static bool make_patch(const json_t *object, json_t **ret)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const struct ocn_admission_request request = { .object = object };
    struct ocn_error err = { 0 };

    if (ocn_mutate_patch(ocn_config_base(config), &request, &arena, ret, &err) == 0) {
        return true;
    }
    ocn_fuzz_require(err.code != OCN_OK && err.msg[0] != '\0');
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_auto_t *object = NULL;
    json_auto_t *patch = NULL;
    json_auto_t *again = NULL;
    struct ocn_error err = { 0 };

    if (config == NULL) {
        load_policy();
    }
    if (ocn_json_load(ocn_fuzz_bytes(data, size), MAX_SIZE, &object, &err) < 0 ||
        !json_is_object(object) || !make_patch(object, &patch)) {
        return 0;
    }
    ocn_fuzz_require(ocn_patch_apply(object, patch));
    ocn_fuzz_require(make_patch(object, &again));
    ocn_fuzz_require(json_array_size(again) == 0);
    return 0;
}
