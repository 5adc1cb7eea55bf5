/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/ocihook/state.h"

#include <stdio.h>
#include <string.h>

#include "normalize/json/bind.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define MAX_PID ((1 << 22) - 1) /* PID_MAX_LIMIT of the kernel, as far as a pid goes */

static const char source[] = "the state on stdin";

static const struct ocn_bind fields[] = {
    { "id", OCN_BIND_STRING, .offset = offsetof(struct ocn_state, id) },
    { "bundle", OCN_BIND_STRING, .offset = offsetof(struct ocn_state, bundle) },
    { "pid", OCN_BIND_U32, .offset = offsetof(struct ocn_state, pid), .max = MAX_PID },
    { 0 },
};

/*
 * Only what is wanted is parsed: the state has the container's annotations, too, with whatever
 * their author wrote there. NULL with an error: it is no such document.
 */
static json_t *load_members(struct ocn_bytes text, struct ocn_error *err)
{
    json_auto_t *members = json_object();
    size_t start = ocn_json_skip_space(text, 0);

    if (members == NULL) {
        (void)ocn_fail_nomem(err);
        return NULL;
    }
    if (text.len > OCN_STATE_MAX_SIZE) {
        (void)ocn_fail(err, OCN_E_LIMIT, NULL, "larger than %zu bytes", OCN_STATE_MAX_SIZE);
        return NULL;
    }
    if (start == text.len || text.ptr[start] != '{' ||
        ocn_json_skip_space(text, ocn_json_skip_value(text, start)) != text.len) {
        (void)ocn_fail(err, OCN_E_FORMAT, NULL, "is no JSON object");
        return NULL;
    }
    for (const struct ocn_bind *row = fields; row->key != NULL; row++) {
        char pointer[16];
        json_t *value = NULL;
        (void)snprintf(pointer, sizeof(pointer), "/%s", row->key);
        const struct ocn_bytes found = ocn_json_value_at(text, pointer);
        if (found.len == 0) {
            continue;
        }
        if (ocn_json_load_value(found, OCN_STATE_MAX_SIZE, &value, err) < 0) {
            return NULL;
        }
        if (json_object_set_new(members, row->key, value) < 0) {
            (void)ocn_fail_nomem(err);
            return NULL;
        }
    }
    return json_incref(members);
}

int ocn_state_read(struct ocn_bytes text, const char *cwd, struct ocn_arena *arena,
                   struct ocn_state *ret, struct ocn_error *err)
{
    struct ocn_state state = { 0 };
    json_auto_t *json = load_members(text, err);

    if (json == NULL || ocn_json_bind(json, fields, OCN_BIND_LENIENT, &state, arena, err) < 0) {
        if (err != NULL) {
            ocn_error_locate(err, source, 0);
        }
        return -1;
    }
    const char *id = state.id;
    const char *bundle = state.bundle != NULL && state.bundle[0] != '\0' ? state.bundle : cwd;
    if (bundle == NULL || bundle[0] != '/') {
        return ocn_fail(err, OCN_E_FORMAT, source, "/bundle is no absolute path");
    }
    state.bundle = ocn_arena_copy(arena, bundle, strlen(bundle));
    state.id = id != NULL ? ocn_arena_copy(arena, id, strlen(id)) : NULL;
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = state;
    return 0;
}
