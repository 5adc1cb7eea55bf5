/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/policy_files.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/io.h"
#include "normalize/json_text.h"

#define DISABLED_PATH "/etc/ocinorm/disabled"

/* The layers as they are gathered. */
struct gathering {
    const struct ocn_world *world;
    struct ocn_arena *arena;
    struct ocn_layer *layers;
    size_t len;
};

static const char *locate(const struct ocn_world *world, struct ocn_arena *arena, const char *path)
{
    return ocn_arena_printf(arena, "%s%s", world->root != NULL ? world->root : "", path);
}

static const char *locate_config(const struct ocn_world *world, struct ocn_arena *arena)
{
    /* Whoever names a file means that one; --root is where the others lie. */
    return world->config != NULL ? world->config : locate(world, arena, OCN_CONFIG_PATH);
}

/* @name in the directory of the config file. */
static const char *locate_beside(const struct ocn_world *world, struct ocn_arena *arena,
                                 const char *name)
{
    const char *config = locate_config(world, arena);

    if (config == NULL) {
        return NULL;
    }
    const char *slash = strrchr(config, '/');
    int dir = slash != NULL ? (int)(slash - config) + 1 : 0;
    return ocn_arena_printf(arena, "%.*s%s", dir, config, name);
}

static int read_layer(struct ocn_arena *arena, const char *path, struct ocn_layer *ret,
                      struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (path == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_read_file(path, OCN_POLICY_MAX_SIZE, &text, err) < 0) {
        return -1;
    }
    const char *copy = ocn_arena_copy(arena, text.ptr, text.len);
    if (copy == NULL) {
        return ocn_fail_nomem(err);
    }
    *ret = (struct ocn_layer){ path, { copy, text.len }, NULL };
    return 0;
}

static int add_layer(struct gathering *gathering, const struct ocn_layer *layer,
                     struct ocn_error *err)
{
    struct ocn_layer *layers =
        ocn_arena_grow(gathering->arena, gathering->layers, gathering->len, sizeof(*layers));

    if (layers == NULL) {
        return ocn_fail_nomem(err);
    }
    layers[gathering->len++] = *layer;
    gathering->layers = layers;
    return 0;
}

static int add_file(struct gathering *gathering, const char *path, struct ocn_error *err)
{
    struct ocn_layer layer;

    if (read_layer(gathering->arena, path, &layer, err) < 0) {
        return -1;
    }
    return add_layer(gathering, &layer, err);
}

static void closedirp(DIR **dir)
{
    if (*dir != NULL) {
        (void)closedir(*dir);
    }
}

static int is_policy_name(const char *name)
{
    const char *dot = strrchr(name, '.');

    return name[0] != '.' && dot != NULL && strcmp(dot, ".json") == 0;
}

/* The names of the policy files in @dir, in the order in which it has them. */
static int list_names(struct ocn_arena *arena, DIR *dir, const char *path, struct ocn_strings *ret,
                      struct ocn_error *err)
{
    const struct dirent *entry;

    while (errno = 0, (entry = readdir(dir)) != NULL) {
        if (!is_policy_name(entry->d_name)) {
            continue;
        }
        const char **items = ocn_arena_grow(arena, ret->items, ret->len, sizeof(*items));
        const char *name = ocn_arena_copy(arena, entry->d_name, strlen(entry->d_name));
        if (items == NULL || name == NULL) {
            return ocn_fail_nomem(err);
        }
        items[ret->len++] = name;
        ret->items = items;
    }
    return errno != 0 ? ocn_fail_sys(err, errno, path, "cannot read the directory") : 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The policy files in the directory @path, in name order; no such directory has none. */
static int list_directory(struct ocn_arena *arena, const char *path, struct ocn_strings *ret,
                          struct ocn_error *err)
{
    if (path == NULL) {
        return ocn_fail_nomem(err);
    }
    OCN_CLEANUP(closedirp) DIR *dir = opendir(path);
    if (dir == NULL) {
        return errno == ENOENT ? 0 : ocn_fail_sys(err, errno, path, "cannot open the directory");
    }
    if (list_names(arena, dir, path, ret, err) < 0) {
        return -1;
    }
    if (ret->len != 0) {
        qsort(ret->items, ret->len, sizeof(*ret->items), compare_names);
    }
    return 0;
}

static int add_directory(struct gathering *gathering, const char *path, struct ocn_error *err)
{
    struct ocn_strings names = { 0 };

    if (list_directory(gathering->arena, path, &names, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names.len; i++) {
        const char *file = ocn_arena_printf(gathering->arena, "%s/%s", path, names.items[i]);
        if (add_file(gathering, file, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The config file may be missing, unless somebody named it. */
static int add_config(struct gathering *gathering, struct ocn_error *err)
{
    struct ocn_error problem = { 0 };
    const char *path = locate_config(gathering->world, gathering->arena);

    if (add_file(gathering, path, &problem) < 0) {
        bool optional = gathering->world->config == NULL && problem.code == OCN_E_NOENT;
        return optional ? 0 : ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
    }
    return 0;
}

int ocn_policy_layers(const struct ocn_world *world, struct ocn_arena *arena,
                      struct ocn_layer **ret, size_t *ret_count, struct ocn_error *err)
{
    struct gathering gathering = { .world = world, .arena = arena };

    if (add_directory(&gathering, locate(world, arena, OCN_VENDOR_DIR), err) < 0 ||
        add_config(&gathering, err) < 0 ||
        add_directory(&gathering, locate_beside(world, arena, "conf.d"), err) < 0) {
        return -1;
    }
    *ret = gathering.layers;
    *ret_count = gathering.len;
    return 0;
}

/* ---- profiles --------------------------------------------------------------------------- */

/* The directories that hold them; the first wins. */
static int find_places(const struct ocn_world *world, struct ocn_arena *arena,
                       const char *places[2], struct ocn_error *err)
{
    places[0] = locate_beside(world, arena, "profiles");
    places[1] = locate(world, arena, OCN_VENDOR_DIR "/profiles");
    return places[0] != NULL && places[1] != NULL ? 0 : ocn_fail_nomem(err);
}

int ocn_policy_profile(const struct ocn_world *world, const char *name, struct ocn_arena *arena,
                       struct ocn_layer *ret, const char *places[2], struct ocn_error *err)
{
    struct ocn_error problem = { 0 };

    if (find_places(world, arena, places, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < 2; i++) {
        const char *path = ocn_arena_printf(arena, "%s/%s.json", places[i], name);
        problem = (struct ocn_error){ 0 };
        if (read_layer(arena, path, ret, &problem) == 0) {
            ret->profile = name;
            return 0;
        }
        if (problem.code != OCN_E_NOENT) {
            break;
        }
    }
    return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
}

/* Drops ".json" and what stands twice, from a sorted list. */
static int shorten(struct ocn_strings *names, struct ocn_arena *arena, struct ocn_error *err)
{
    const char *last = "";
    size_t len = 0;

    for (size_t i = 0; i < names->len; i++) {
        const char *file = names->items[i];
        if (strcmp(file, last) == 0) {
            continue;
        }
        last = file;
        names->items[len] = ocn_arena_copy(arena, file, strlen(file) - strlen(".json"));
        if (names->items[len++] == NULL) {
            return ocn_fail_nomem(err);
        }
    }
    names->len = len;
    return 0;
}

int ocn_policy_profile_names(const struct ocn_world *world, struct ocn_arena *arena,
                             struct ocn_strings *ret, struct ocn_error *err)
{
    struct ocn_strings names = { 0 };
    const char *places[2];

    if (find_places(world, arena, places, err) < 0 ||
        list_directory(arena, places[0], &names, err) < 0 ||
        list_directory(arena, places[1], &names, err) < 0 || shorten(&names, arena, err) < 0) {
        return -1;
    }
    *ret = names;
    return 0;
}

static int exists(const char *path)
{
    struct stat st;

    return path != NULL && lstat(path, &st) == 0;
}

int ocn_policy_is_disabled(const struct ocn_world *world)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    return exists(locate(world, &arena, DISABLED_PATH)) ||
           exists(locate_beside(world, &arena, "disabled"));
}
