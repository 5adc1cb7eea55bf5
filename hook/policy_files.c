/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/policy_files.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/io.h"
#include "normalize/json_text.h"

#define DISABLED_PATH OCN_SYSCONFDIR "/ocinorm/disabled"

/* The layers as they are gathered; the first place is kept for the profile, found last. */
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
    *ret = (struct ocn_layer){ path, { copy, text.len } };
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

/* Adds *.json of the directory @path in name order; no such directory is no layer. */
static int add_directory(struct gathering *gathering, const char *path, struct ocn_error *err)
{
    struct ocn_strings names = { 0 };

    if (path == NULL) {
        return ocn_fail_nomem(err);
    }
    OCN_CLEANUP(closedirp) DIR *dir = opendir(path);
    if (dir == NULL) {
        return errno == ENOENT ? 0 : ocn_fail_sys(err, errno, path, "cannot open the directory");
    }
    if (list_names(gathering->arena, dir, path, &names, err) < 0) {
        return -1;
    }
    if (names.len != 0) {
        qsort(names.items, names.len, sizeof(*names.items), compare_names);
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

/*
 * The name of the profile that the last layer with one names, copied to the arena, and that layer;
 * "auto" if none does. A layer that is broken says so later, when it is loaded.
 */
static int find_profile(const struct gathering *gathering, const char **ret_name, size_t *ret_layer,
                        struct ocn_error *err)
{
    *ret_name = "auto";
    for (size_t i = gathering->len; i > 1; i--) {
        json_auto_t *json = NULL;
        if (ocn_json_load(gathering->layers[i - 1].text, OCN_POLICY_MAX_SIZE, &json, NULL) < 0) {
            continue;
        }
        const char *name = json_string_value(json_object_get(json, "profile"));
        if (name != NULL) {
            *ret_layer = i - 1;
            *ret_name = ocn_arena_copy(gathering->arena, name, strlen(name));
            return *ret_name != NULL ? 0 : ocn_fail_nomem(err);
        }
    }
    return 0;
}

static int refuse_profile(const struct ocn_layer *layer, const char *name,
                          const char *const *places, struct ocn_error *err)
{
    struct ocn_error problem = { 0 };

    (void)ocn_fail(&problem, OCN_E_FORMAT, "/profile",
                   "there is no profile \"%s\": neither %s nor %s exists", name, places[0],
                   places[1]);
    ocn_error_locate(&problem, layer->name, ocn_json_line_of(layer->text, "/profile"));
    return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
}

/* Reads the profile that @layer names into the place that is kept for it. */
static int read_profile(struct gathering *gathering, const char *name, size_t layer,
                        struct ocn_error *err)
{
    struct ocn_arena *arena = gathering->arena;
    const char *beside = ocn_arena_printf(arena, "profiles/%s.json", name);
    const char *vendor = ocn_arena_printf(arena, OCN_VENDOR_DIR "/profiles/%s.json", name);

    if (beside == NULL || vendor == NULL) {
        return ocn_fail_nomem(err);
    }
    const char *places[] = { locate_beside(gathering->world, arena, beside),
                             locate(gathering->world, arena, vendor) };
    for (size_t i = 0; i < OCN_COUNT(places); i++) {
        struct ocn_error problem = { 0 };
        if (read_layer(arena, places[i], &gathering->layers[0], &problem) == 0) {
            return 0;
        }
        if (problem.code != OCN_E_NOENT) {
            return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
        }
    }
    return refuse_profile(&gathering->layers[layer], name, places, err);
}

/* "auto" names no file, and what is no file's name is refused when its layer is loaded. */
static int names_file(const char *profile)
{
    return strcmp(profile, "auto") != 0 && profile[0] != '\0' && profile[0] != '.' &&
           strchr(profile, '/') == NULL;
}

int ocn_policy_layers(const struct ocn_world *world, struct ocn_arena *arena,
                      struct ocn_layer **ret, size_t *ret_count, struct ocn_error *err)
{
    const struct ocn_layer no_profile = { 0 };
    struct gathering gathering = { .world = world, .arena = arena };
    const char *profile;
    size_t layer = 0;

    if (add_layer(&gathering, &no_profile, err) < 0 ||
        add_directory(&gathering, locate(world, arena, OCN_VENDOR_DIR), err) < 0 ||
        add_config(&gathering, err) < 0 ||
        add_directory(&gathering, locate_beside(world, arena, "conf.d"), err) < 0 ||
        find_profile(&gathering, &profile, &layer, err) < 0) {
        return -1;
    }
    size_t skip = names_file(profile) ? 0 : 1;
    if (skip == 0 && read_profile(&gathering, profile, layer, err) < 0) {
        return -1;
    }
    *ret = gathering.layers + skip;
    *ret_count = gathering.len - skip;
    return 0;
}

int ocn_policy_load(const struct ocn_world *world, struct ocn_config **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_layer *layers;
    size_t count;

    if (ocn_policy_layers(world, &arena, &layers, &count, err) < 0) {
        return -1;
    }
    return ocn_config_load(layers, count, ret, err);
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
