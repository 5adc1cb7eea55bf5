/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/running/runtime_state.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/confine/child.h"
#include "hook/policy/owner.h"
#include "hook/sys/io.h"
#include "normalize/base/strings.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define STATE_MAX_SIZE ((size_t)16 << 20)

/* Every runtime keeps one of these under ROOT/ID. */
static const char *const state_files[] = {
    "state.json", /* runc, youki */
    "status",     /* crun */
};

/* Strings that tell a path, alone or behind others. */
struct place {
    const char *pointer;
    const char *prefix;
};

static const struct place bundle_places[] = {
    { "/bundle", "" },               /* crun, youki */
    { "/config/labels", "bundle=" }, /* runc: a label of its own configuration */
};

static const struct place rootfs_places[] = {
    { "/rootfs", "" },        /* crun */
    { "/config/rootfs", "" }, /* runc */
};

/* The last one wins: what stands before it may be a container's annotation. */
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
        const char *here = find_prefixed(item, prefix);
        found = here != NULL ? here : found;
    }
    return found;
}

/*
 * A runtime keeps all of the container's configuration in its state, and of that two members are
 * wanted: nothing else is parsed. That the file is damaged elsewhere is for the runtime to say.
 */
static int read_place(struct ocn_bytes state, const struct place *place, struct ocn_arena *arena,
                      const char **ret, struct ocn_error *err)
{
    json_auto_t *json = NULL;
    const struct ocn_bytes value = ocn_json_value_at(state, place->pointer);

    if (value.ptr == NULL) {
        return 0;
    }
    /* Labels are annotations, too: what is in these is their author's. */
    if (ocn_json_load_loose_value(value, STATE_MAX_SIZE, &json, err) < 0) {
        return -1;
    }
    const char *path = find_prefixed(json, place->prefix);
    *ret = path != NULL ? ocn_arena_copy(arena, path, strlen(path)) : NULL;
    return 0;
}

static int read_places(struct ocn_bytes state, const char *name, const struct place places[2],
                       struct ocn_arena *arena, const char **ret, struct ocn_error *err)
{
    for (size_t i = 0; i < 2 && *ret == NULL; i++) {
        struct ocn_error problem = { 0 };
        if (read_place(state, &places[i], arena, ret, &problem) < 0) {
            return ocn_fail(err, problem.code, name, "cannot read %s: %s", places[i].pointer,
                            problem.msg);
        }
    }
    return 0;
}

int ocn_runtime_state_read(struct ocn_bytes text, const char *name, struct ocn_arena *arena,
                           struct ocn_runtime_state *ret, struct ocn_error *err)
{
    struct ocn_runtime_state state = { 0 };

    if (read_places(text, name, bundle_places, arena, &state.bundle, err) < 0 ||
        read_places(text, name, rootfs_places, arena, &state.rootfs, err) < 0) {
        return -1;
    }
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    if (state.bundle == NULL || state.bundle[0] != '/') {
        return ocn_fail(err, OCN_E_FORMAT, name, "names no absolute bundle directory");
    }
    *ret = state;
    return 0;
}

/* runc, then crun, then youki. */
static const char *const pid_places[] = { "/init_process_pid", "/pid" };
static const char *const start_places[] = { "/init_process_start", "/process-start-time" };

/* The number at the first of two places that has one from 1 to @max, else 0. */
static double read_number(struct ocn_bytes text, const char *const pointers[2], double max)
{
    double number = 0;

    for (size_t i = 0; i < 2 && number == 0; i++) {
        json_auto_t *json = NULL;
        const struct ocn_bytes value = ocn_json_value_at(text, pointers[i]);
        if (value.ptr != NULL && ocn_json_load_value(value, STATE_MAX_SIZE, &json, NULL) == 0) {
            double told = json_number_value(json);
            number = told >= 1 && told <= max ? told : 0;
        }
    }
    return number;
}

void ocn_runtime_state_process(struct ocn_bytes text, struct ocn_runtime_process *ret)
{
    ret->pid = (uint32_t)read_number(text, pid_places, INT32_MAX);
    ret->start = (uint64_t)read_number(text, start_places, 9007199254740992.0); /* 2^53 */
}

/* @path, which may be relative to the bundle. */
static const char *locate(const struct ocn_runtime_state *state, const char *path,
                          struct ocn_arena *arena)
{
    return path[0] == '/' ? path : ocn_arena_printf(arena, "%s/%s", state->bundle, path);
}

/* Two paths that may be the same directory, and what a child found. */
struct comparison {
    const char *paths[2];
};

static int compare(void *ctx)
{
    const struct comparison *comparison = ctx;
    struct stat one;
    struct stat other;

    const uint32_t same = stat(comparison->paths[0], &one) == 0 &&
                          stat(comparison->paths[1], &other) == 0 && one.st_dev == other.st_dev &&
                          one.st_ino == other.st_ino;
    return ocn_child_send(same, (struct ocn_bytes){ NULL, 0 }, NULL);
}

/*
 * Whether two paths lead to one place. Mostly they are one text; else a child looks, which may wait
 * for ever where a file system never answers, and we do not.
 */
static int are_same(const char *a, const char *b, bool *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf message = { 0 };
    struct comparison comparison = { { a, b } };
    uint32_t same = 1;

    if (strcmp(a, b) != 0 && (ocn_child_start(&child, compare, &comparison, err) < 0 ||
                              ocn_child_receive(&child, &same, &message, NULL) < 0)) {
        return ocn_fail(err, OCN_E_IO, a, "cannot be looked at within %d s", OCN_CHILD_SECONDS);
    }
    *ret = same != 0;
    return 0;
}

int ocn_runtime_state_check(const struct ocn_runtime_state *state, struct ocn_bytes config,
                            struct ocn_arena *arena, struct ocn_error *err)
{
    json_auto_t *json = NULL;
    const struct ocn_bytes value = ocn_json_value_at(config, "/root/path");

    if (state->rootfs == NULL) {
        return 0;
    }
    if (value.ptr != NULL && ocn_json_load_value(value, STATE_MAX_SIZE, &json, err) < 0) {
        return -1;
    }
    const char *path = json_is_string(json) ? json_string_value(json) : "";
    const char *own = locate(state, state->rootfs, arena);
    const char *told = locate(state, path, arena);
    bool same = false;
    if (ocn_arena_check(arena, err) < 0 || are_same(own, told, &same, err) < 0) {
        return -1;
    }
    return same ? 0
                : ocn_fail(err, OCN_E_FORMAT, state->bundle,
                           "is the bundle of another container: root.path is %.100s, and the "
                           "container runs in %.100s",
                           path, state->rootfs);
}

static int read_file(const char *path, struct ocn_arena *arena, struct ocn_runtime_state *ret,
                     struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    return ocn_io_read_file(path, STATE_MAX_SIZE, &text, err) == 0
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

/* crun goes by the copy beside its state, whatever its --config was, and what became of the bundle
 * since. */
static const char *find_config(const char *root, const char *id, struct ocn_arena *arena)
{
    const char *path = ocn_arena_printf(arena, "%s/%s/config.json", root, id);

    return access(path, F_OK) == 0 ? path : NULL;
}

/* The container's state in one state directory, whichever runtime wrote it. */
static int look_in(const char *root, const char *id, struct ocn_arena *arena,
                   struct ocn_runtime_state *ret, struct ocn_error *err)
{
    for (size_t i = 0; i < OCN_COUNT(state_files); i++) {
        struct ocn_error failed = { 0 };
        const char *path = ocn_arena_printf(arena, "%s/%s/%s", root, id, state_files[i]);
        if (read_file(path, arena, ret, &failed) == 0) {
            ret->config = find_config(root, id, arena);
            return 0;
        }
        /* The runtime runs as our user, so an unreadable file is not its own. */
        if (failed.code != OCN_E_NOENT && failed.sys != EACCES) {
            return pass_on(err, &failed);
        }
    }
    return ocn_fail(err, OCN_E_NOENT, root, "no container \"%s\" there", id);
}

/* runc's shouldHonorXDGRuntimeDir(): who is root by a user namespace only is not root. */
static bool runc_goes_by_xdg(void)
{
    const char *user = getenv("USER");

    return geteuid() != 0 ||
           (ocn_owner_in_user_namespace() && (user == NULL || strcmp(user, "root") != 0));
}

/*
 * Without --root, crun uses XDG_RUNTIME_DIR whenever it is set, and runc where it is not root. The
 * other place is looked at, too: a runtime that looks there for nothing starts nothing.
 */
static int look_below(const char *name, const char *id, struct ocn_arena *arena,
                      struct ocn_runtime_state *ret, struct ocn_error *err)
{
    const char *own = getenv("XDG_RUNTIME_DIR");
    bool own_first = strcmp(name, "crun") == 0 || runc_goes_by_xdg();

    for (int i = 0; i < 2; i++) {
        const char *base = (i == 0) == own_first ? own : "/run";
        if (base == NULL || base[0] == '\0') {
            continue;
        }
        const char *root = ocn_arena_printf(arena, "%s/%s", base, name);
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

/* The directory has the name that the runtime was built with, whatever its file is called. */
static int look_in_defaults(const char *runtime, const char *id, struct ocn_arena *arena,
                            struct ocn_runtime_state *ret, struct ocn_error *err)
{
    const char *name = ocn_strings_base_name(runtime);
    bool is_crun = strstr(name, "crun") != NULL;
    const char *const names[] = { name, is_crun ? "crun" : "runc", is_crun ? "runc" : "crun" };

    for (size_t i = 0; i < OCN_COUNT(names); i++) {
        struct ocn_error failed = { 0 };
        if (look_below(names[i], id, arena, ret, &failed) == 0) {
            return 0;
        }
        if (failed.code != OCN_E_NOENT) {
            return pass_on(err, &failed);
        }
    }
    return ocn_fail(err, OCN_E_NOENT, name, "no container \"%s\" in its state directories", id);
}

bool ocn_runtime_state_is_known(const char *runtime)
{
    static const char *const names[] = { "runc", "crun", "youki" };

    for (size_t i = 0; i < OCN_COUNT(names); i++) {
        if (strstr(ocn_strings_base_name(runtime), names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

int ocn_runtime_state_find(const char *runtime, const char *root, const char *id,
                           struct ocn_arena *arena, struct ocn_runtime_state *ret,
                           struct ocn_error *err)
{
    if (id[0] == '\0' || strchr(id, '/') != NULL || strcmp(id, ".") == 0 || strcmp(id, "..") == 0) {
        return ocn_fail(err, OCN_E_USAGE, NULL, "\"%s\" is no name of a container", id);
    }
    struct ocn_runtime_state state = { 0 };
    int found = root != NULL ? look_in(root, id, arena, &state, err)
                             : look_in_defaults(runtime, id, arena, &state, err);
    /* A container that is not found for want of a path is another answer than "there is none". */
    if (ocn_arena_check(arena, err) < 0 || found < 0) {
        return -1;
    }
    *ret = state;
    return 0;
}
