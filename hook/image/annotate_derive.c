/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/annotate_derive.h"

#include <string.h>

#include "config/config.h"
#include "hook/image/look.h"
#include "normalize/json/load.h"
#include "normalize/json/pointer.h"
#include "normalize/normalize.h"

#define MAX_KEY 256
#define MAX_LITERAL ((size_t)16 << 10)

/* Nothing but annotations.derive; nobody is exempt from it. */
static int make_policy(struct ocn_config **ret_config, struct ocn_policy *ret,
                       struct ocn_error *err)
{
    if (ocn_config_load(NULL, 0, ret_config, err) < 0) {
        return -1;
    }
    *ret = *ocn_config_base(*ret_config);
    ret->exempt = (struct ocn_policy_exempt){ 0 };
    for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
        ret->level[i] = OCN_LEVEL_OFF;
    }
    ret->level[OCN_RULE_ANNOTATIONS_DERIVE] = OCN_LEVEL_EDIT;
    return 0;
}

/* An engine that takes no annotations from the image: what is there already is not asked here. */
static int make_container(struct ocn_look *look, struct ocn_error *err)
{
    const char *path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    static const struct ocn_engine_limits no_limits = { 0 };
    static const struct ocn_image_user root = { 0 };
    const struct ocn_engine engine = { .version = 1, .name = "annotate", .env = { &path, 1 } };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (ocn_engine_convert(&engine, &look->image->config, &root, &no_limits, &text, err) < 0 ||
        ocn_container_parse(ocn_buf_bytes(&text), &look->container, err) < 0) {
        return -1;
    }
    look->container->placeless = true;
    return 0;
}

/* The value of an edit, out of its JSON. */
static const char *value_of(const struct ocn_edit *edit, struct ocn_arena *arena,
                            struct ocn_error *err)
{
    const struct ocn_bytes text = { edit->to, strlen(edit->to) };
    json_auto_t *json = NULL;

    if (ocn_json_load_value(text, MAX_LITERAL, &json, err) < 0 || !json_is_string(json)) {
        (void)ocn_fail(err, OCN_E_FORMAT, edit->path, "what was derived is no text");
        return NULL;
    }
    return ocn_arena_copy(arena, json_string_value(json), json_string_length(json));
}

static int take_edits(const struct ocn_outcome *outcome, struct ocn_arena *arena,
                      struct ocn_pairs *ret, struct ocn_error *err)
{
    struct ocn_pair *items = ocn_arena_alloc(arena, (outcome->edits_len + 1) * sizeof(*items));
    char key[MAX_KEY];
    size_t len = 0;

    if (items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < outcome->edits_len; i++) {
        const struct ocn_edit *edit = &outcome->edits[i];
        const char *rest = edit->path;
        if (edit->rule != OCN_RULE_ANNOTATIONS_DERIVE ||
            !ocn_json_pointer_next(&rest, key, sizeof(key)) ||
            !ocn_json_pointer_next(&rest, key, sizeof(key))) {
            continue;
        }
        const char *value = value_of(edit, arena, err);
        if (value == NULL) {
            return -1;
        }
        items[len++] = (struct ocn_pair){ ocn_arena_copy(arena, key, strlen(key)), value };
    }
    *ret = (struct ocn_pairs){ items, len };
    return 0;
}

static const char *program_of(const struct ocn_outcome *outcome, struct ocn_arena *arena)
{
    const char *program = outcome->facts.entry.program != NULL ? outcome->facts.entry.program
                                                               : outcome->facts.entry.path;

    return program != NULL ? ocn_arena_copy(arena, program, strlen(program)) : NULL;
}

int ocn_annotate_derive(const struct ocn_blobs *blobs, const struct ocn_selected *image,
                        struct ocn_arena *arena, struct ocn_annotate_derived *ret,
                        struct ocn_error *err)
{
    static const struct ocn_look_place anywhere = { 0 };
    OCN_CLEANUP(ocn_config_freep) struct ocn_config *config = NULL;
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;
    OCN_CLEANUP(ocn_look_done) struct ocn_look look = { 0 };
    struct ocn_annotate_derived derived = { { 0 }, NULL };
    struct ocn_policy policy;

    if (ocn_select_is_windows(image)) { /* a program of Windows says nothing that is read here */
        *ret = derived;
        return 0;
    }
    if (make_policy(&config, &policy, err) < 0 ||
        ocn_look_open(blobs, image, &anywhere, &look, err) < 0 || make_container(&look, err) < 0) {
        return -1;
    }
    const struct ocn_view view = ocn_image_rootfs_as_view(&look.rootfs);
    if (ocn_normalize(look.container, &policy, &view, &outcome, err) < 0 ||
        take_edits(outcome, arena, &derived.values, err) < 0) {
        return -1;
    }
    derived.program = program_of(outcome, arena);
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = derived;
    return 0;
}
