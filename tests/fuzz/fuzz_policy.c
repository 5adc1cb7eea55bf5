/* SPDX-License-Identifier: Apache-2.0 */
/* A layer of the policy: one that is accepted can be shown, and what is shown means the same. */
#include <string.h>

#include "normalize/json/load.h"
#include "tests/fuzz/fuzz.h"

/* The policy as `ocinorm config show` has it, or NULL if @text is none. */
static json_t *show(struct ocn_bytes text)
{
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = NULL;
    const struct ocn_layer layer = { "layer", text, NULL };
    struct ocn_error err = { 0 };

    if (ocn_config_load(&layer, 1, &config, &err) < 0) {
        ocn_fuzz_require(err.code != OCN_OK && err.msg[0] != '\0');
        return NULL;
    }
    json_auto_t *all = ocn_config_show(config);
    ocn_fuzz_require(json_is_object(json_object_get(all, "layers")));
    return json_incref(json_object_get(all, "policy"));
}

/* The same bytes as a profile: a copy of its clues must hold without its JSON. */
static void read_as_profile(struct ocn_bytes text)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const struct ocn_layer layer = { "profile", text, "profile" };
    const char *items[] = { "K_SERVICE=a", "A=b" };
    const struct ocn_strings env = { items, 2 };
    struct ocn_profile profile = { 0 };

    if (ocn_profile_read(&layer, &arena, &profile, NULL) == 0) {
        uint64_t found = ocn_detect_env(&profile, &env);
        ocn_fuzz_require(ocn_detect_weight(&profile, found) <=
                         ocn_detect_weight(&profile, ~UINT64_C(0)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    const struct ocn_layer layer = { "layer", ocn_fuzz_bytes(data, size), NULL };
    struct ocn_strings runtimes = { 0 };
    struct ocn_error err = { 0 };

    /* Loading begins with the built-in policy each time: too long for what is no JSON at all. */
    json_auto_t *json = NULL;
    if (ocn_json_load(layer.text, OCN_POLICY_MAX_SIZE, &json, &err) < 0) {
        return 0;
    }
    read_as_profile(layer.text);
    ocn_fuzz_require(ocn_config_runtimes(&layer, 1, &arena, &runtimes, &err) == 0);
    ocn_fuzz_require(runtimes.len != 0);
    json_auto_t *first = show(layer.text);
    if (first != NULL) {
        char *text = json_dumps(first, 0);
        json_auto_t *second = show((struct ocn_bytes){ text, strlen(text) });
        ocn_fuzz_require(json_equal(first, second));
        free(text);
    }
    return 0;
}
