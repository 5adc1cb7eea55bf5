/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/state.h"

#include <string.h>

#include "normalize/json_bind.h"
#include "normalize/json_text.h"

#define MAX_PID ((1 << 22) - 1) /* PID_MAX_LIMIT of the kernel, as far as a pid goes */

static const char source[] = "the state on stdin";

static const struct ocn_bind fields[] = {
    { "id", OCN_BIND_STRING, .offset = offsetof(struct ocn_state, id) },
    { "bundle", OCN_BIND_STRING, .offset = offsetof(struct ocn_state, bundle) },
    { "pid", OCN_BIND_U32, .offset = offsetof(struct ocn_state, pid), .max = MAX_PID },
    { 0 },
};

int ocn_state_read(struct ocn_bytes text, const char *cwd, struct ocn_arena *arena,
                   struct ocn_state *ret, struct ocn_error *err)
{
    struct ocn_state state = { 0 };
    json_auto_t *json = NULL;

    if (ocn_json_load(text, OCN_STATE_MAX_SIZE, &json, err) < 0 ||
        ocn_json_bind(json, fields, OCN_BIND_LENIENT, &state, arena, err) < 0) {
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
    if (state.bundle == NULL || (id != NULL && state.id == NULL)) {
        return ocn_fail_nomem(err);
    }
    *ret = state;
    return 0;
}
