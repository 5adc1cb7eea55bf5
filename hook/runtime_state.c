/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/runtime_state.h"

#include <string.h>

#include "hook/io.h"
#include "normalize/json_text.h"

#define STATE_MAX_SIZE ((size_t)16 << 20)

/* Every runtime keeps one of these under ROOT/ID. */
static const char *const state_files[] = {
    "state.json", /* runc, youki */
    "status",     /* crun */
};

/* Strings that name the bundle, alone or among others. */
static const struct {
    const char *pointer;
    const char *prefix;
} places[] = {
    { "/bundle", "" },               /* crun, youki */
    { "/config/labels", "bundle=" }, /* runc: a label of its own configuration */
};

static const char *find_prefixed(const json_t *value, const char *prefix)
{
    const char *text = json_string_value(value);
    const char *found = NULL;
    size_t i;
    json_t *item;

    if (text != NULL && strncmp(text, prefix, strlen(prefix)) == 0) {
        return text + strlen(prefix);
    }
    json_array_foreach (value, i, item) {
        found = found != NULL ? found : find_prefixed(item, prefix);
    }
    return found;
}

/*
 * A runtime keeps all of the container's configuration in its state, and of that one member is
 * wanted: nothing else is parsed. That the file is damaged elsewhere is for the runtime to say.
 */
static int read_place(struct ocn_bytes state, size_t place, struct ocn_arena *arena, char **ret,
                      struct ocn_error *err)
{
    json_auto_t *json = NULL;
    const struct ocn_bytes value = ocn_json_value_at(state, places[place].pointer);

    if (value.ptr == NULL) {
        return 0;
    }
    if (ocn_json_load_value(value, STATE_MAX_SIZE, &json, err) < 0) {
        return -1;
    }
    const char *bundle = find_prefixed(json, places[place].prefix);
    if (bundle != NULL && bundle[0] == '/') {
        *ret = ocn_arena_copy(arena, bundle, strlen(bundle));
        return *ret != NULL ? 0 : ocn_fail_nomem(err);
    }
    return 0;
}

int ocn_runtime_state_read(struct ocn_bytes text, const char *name, struct ocn_arena *arena,
                           char **ret, struct ocn_error *err)
{
    char *bundle = NULL;

    for (size_t i = 0; i < OCN_COUNT(places) && bundle == NULL; i++) {
        struct ocn_error problem = { 0 };
        if (read_place(text, i, arena, &bundle, &problem) < 0) {
            return ocn_fail(err, problem.code, name, "cannot read %s: %s", places[i].pointer,
                            problem.msg);
        }
    }
    if (bundle == NULL) {
        return ocn_fail(err, OCN_E_FORMAT, name, "names no absolute bundle directory");
    }
    *ret = bundle;
    return 0;
}

static int read_file(const char *path, struct ocn_arena *arena, char **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    return ocn_read_file(path, STATE_MAX_SIZE, &text, err) == 0
               ? ocn_runtime_state_read(ocn_buf_bytes(&text), path, arena, ret, err)
               : -1;
}

static int pass_on(struct ocn_error *err, const struct ocn_error *failed)
{
    if (err != NULL && err->code == OCN_OK) {
        *err = *failed;
    }
    return -1;
}

/* The container's state in one state directory, whichever runtime wrote it. */
static int look_in(const char *root, const char *id, struct ocn_arena *arena, char **ret,
                   struct ocn_error *err)
{
    for (size_t i = 0; i < OCN_COUNT(state_files); i++) {
        struct ocn_error failed = { 0 };
        const char *path = ocn_arena_printf(arena, "%s/%s/%s", root, id, state_files[i]);
        if (path == NULL) {
            return ocn_fail_nomem(err);
        }
        if (read_file(path, arena, ret, &failed) == 0) {
            return 0;
        }
        /* The runtime has our credentials: what we may not read, it has not written. */
        if (failed.code != OCN_E_NOENT && failed.sys != EACCES) {
            return pass_on(err, &failed);
        }
    }
    return ocn_fail(err, OCN_E_NOENT, root, "no container \"%s\" there", id);
}

/*
 * Without --root, runc uses XDG_RUNTIME_DIR when it is not root, crun whenever the variable is set;
 * so both places are looked at, the likelier one first.
 */
static int look_in_defaults(const char *runtime, const char *id, struct ocn_arena *arena,
                            char **ret, struct ocn_error *err)
{
    const char *slash = strrchr(runtime, '/');
    const char *name = slash != NULL ? slash + 1 : runtime;
    const char *own = getenv("XDG_RUNTIME_DIR");
    int own_first = geteuid() != 0;

    for (int i = 0; i < 2; i++) {
        const char *base = (i == 0) == own_first ? own : "/run";
        if (base == NULL || base[0] != '/') {
            continue;
        }
        const char *root = ocn_arena_printf(arena, "%s/%s", base, name);
        if (root == NULL) {
            return ocn_fail_nomem(err);
        }
        struct ocn_error failed = { 0 };
        if (look_in(root, id, arena, ret, &failed) == 0) {
            return 0;
        }
        if (failed.code != OCN_E_NOENT) {
            return pass_on(err, &failed);
        }
    }
    return ocn_fail(err, OCN_E_NOENT, name, "no container \"%s\" in its state directories", id);
}

int ocn_runtime_bundle(const char *runtime, const char *root, const char *id,
                       struct ocn_arena *arena, char **ret, struct ocn_error *err)
{
    if (id[0] == '\0' || strchr(id, '/') != NULL || strcmp(id, ".") == 0 || strcmp(id, "..") == 0) {
        return ocn_fail(err, OCN_E_USAGE, NULL, "\"%s\" is no name of a container", id);
    }
    return root != NULL ? look_in(root, id, arena, ret, err)
                        : look_in_defaults(runtime, id, arena, ret, err);
}
