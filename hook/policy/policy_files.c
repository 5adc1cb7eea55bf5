/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/policy/policy_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/policy/owner.h"
#include "hook/sys/io.h"
#include "normalize/base/sort.h"
#include "normalize/json/json.h"

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
    /* --config is used as given; --root prefixes default paths only. */
    return world->config != NULL ? world->config : locate(world, arena, OCN_CONFIG_PATH);
}

/* @name in the directory of the config file. */
static const char *locate_beside(const struct ocn_world *world, struct ocn_arena *arena,
                                 const char *name)
{
    const char *config = locate_config(world, arena);
    const char *slash = strrchr(config, '/');
    int dir = slash != NULL ? (int)(slash - config) + 1 : 0;
    return ocn_arena_printf(arena, "%.*s%s", dir, config, name);
}

/* The directory of the config file. */
static const char *locate_directory(const struct ocn_world *world, struct ocn_arena *arena)
{
    const char *path = locate_beside(world, arena, "");

    return path[0] == '\0' ? "." : path;
}

/* A captured tree, and what only informs, may be anybody's. */
static bool asks_owners(const struct ocn_world *world)
{
    return world->root == NULL && !world->any_owner;
}

/* A link may lead to where others can put another file. */
static int check_link(const char *path, struct ocn_error *err)
{
    char target;

    return readlink(path, &target, sizeof(target)) >= 0 ? ocn_owner_check_above(path, err) : 0;
}

static int read_layer(const struct ocn_world *world, struct ocn_arena *arena, const char *path,
                      struct ocn_layer *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct stat st;

    ocn_autoclose int fd = openat(AT_FDCWD, path, OCN_IO_READING | O_NOFOLLOW);
    const bool is_link = fd < 0 && errno == ELOOP;
    if (is_link) {
        fd = openat(AT_FDCWD, path, OCN_IO_READING);
    }
    if (fd < 0 || fstat(fd, &st) < 0) {
        return ocn_fail_sys(err, errno, path, "cannot open");
    }
    if ((asks_owners(world) && (ocn_owner_check_stat(&st, path, err) < 0 ||
                                (is_link && ocn_owner_check_above(path, err) < 0))) ||
        ocn_io_read_looked_at(fd, &st, path, OCN_POLICY_MAX_SIZE, &text, err) < 0) {
        return -1;
    }
    *ret = (struct ocn_layer){ path, ocn_arena_keep(arena, ocn_buf_bytes(&text)), NULL };
    return 0;
}

static int add_file(struct gathering *gathering, const char *path, struct ocn_error *err)
{
    struct ocn_layer *layers =
        ocn_arena_grow(gathering->arena, gathering->layers, gathering->len, sizeof(*layers));

    if (layers == NULL) {
        return ocn_fail_nomem(err);
    }
    gathering->layers = layers;
    if (read_layer(gathering->world, gathering->arena, path, &layers[gathering->len], err) < 0) {
        return -1;
    }
    gathering->len++;
    return 0;
}

static void closedirp(DIR **dir)
{
    if (*dir != NULL) {
        (void)closedir(*dir);
    }
}

static bool is_policy_name(const char *name)
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
        if (items == NULL) {
            return ocn_fail_nomem(err);
        }
        items[ret->len++] = ocn_arena_copy(arena, entry->d_name, strlen(entry->d_name));
        ret->items = items;
    }
    return errno != 0 ? ocn_fail_sys(err, errno, path, "cannot read the directory") : 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The policy files in the directory @path, in name order; no such directory has none. */
static int list_directory(const struct ocn_world *world, struct ocn_arena *arena, const char *path,
                          struct ocn_strings *ret, struct ocn_error *err)
{
    OCN_CLEANUP(closedirp) DIR *dir = opendir(path);
    if (dir == NULL) {
        return errno == ENOENT ? 0 : ocn_fail_sys(err, errno, path, "cannot open the directory");
    }
    if ((asks_owners(world) &&
         (ocn_owner_check(dirfd(dir), path, err) < 0 || check_link(path, err) < 0)) ||
        list_names(arena, dir, path, ret, err) < 0) {
        return -1;
    }
    ocn_sort(ret->items, ret->len, sizeof(*ret->items), compare_names);
    return 0;
}

static int add_directory(struct gathering *gathering, const char *path, struct ocn_error *err)
{
    struct ocn_strings names = { 0 };

    if (list_directory(gathering->world, gathering->arena, path, &names, err) < 0) {
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
    const struct ocn_world *world = gathering->world;
    const char *path = locate_config(world, gathering->arena);
    const char *dir = locate_directory(world, gathering->arena);

    if (asks_owners(world) && ocn_owner_check_way(dir, err) < 0) {
        return -1;
    }
    if (add_file(gathering, path, &problem) < 0) {
        bool optional = world->config == NULL && problem.code == OCN_E_NOENT;
        return optional ? 0 : ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
    }
    return 0;
}

static int gather(struct gathering *gathering, struct ocn_error *err)
{
    const struct ocn_world *world = gathering->world;
    const char *vendor = locate(world, gathering->arena, OCN_VENDOR_DIR);

    /* The other directories lie below one of these two. */
    return (asks_owners(world) && ocn_owner_check_above(vendor, err) < 0) ||
                   add_directory(gathering, vendor, err) < 0 || add_config(gathering, err) < 0
               ? -1
               : add_directory(gathering, locate_beside(world, gathering->arena, "conf.d"), err);
}

/* A file that was passed over because memory was out for its path would be a policy that is not. */
int ocn_policy_layers(const struct ocn_world *world, struct ocn_arena *arena,
                      struct ocn_layer **ret, size_t *ret_count, struct ocn_error *err)
{
    struct gathering gathering = { .world = world, .arena = arena };
    int result = gather(&gathering, err);

    if (ocn_arena_check(arena, err) < 0 || result < 0) {
        return -1;
    }
    *ret = gathering.layers;
    *ret_count = gathering.len;
    return 0;
}

/* ---- profiles --------------------------------------------------------------------------- */

/* The directories that hold them; the first wins. */
static void find_places(const struct ocn_world *world, struct ocn_arena *arena,
                        const char *places[2])
{
    places[0] = locate_beside(world, arena, "profiles");
    places[1] = locate(world, arena, OCN_VENDOR_DIR "/profiles");
}

/* A directory that others can write can be given another file of root's under this name. */
static int check_directory(const struct ocn_world *world, const char *path, struct ocn_error *err)
{
    ocn_autoclose int fd = asks_owners(world) ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;

    if (fd < 0) {
        return 0;
    }
    return ocn_owner_check(fd, path, err) < 0 ? -1 : check_link(path, err);
}

int ocn_policy_profile(const struct ocn_world *world, const char *name, struct ocn_arena *arena,
                       struct ocn_layer *ret, const char *places[2], struct ocn_error *err)
{
    struct ocn_error problem = { .code = OCN_E_NOENT };
    struct ocn_layer layer = { 0 };

    find_places(world, arena, places);
    for (size_t i = 0; i < 2 && problem.code == OCN_E_NOENT; i++) {
        const char *path = ocn_arena_printf(arena, "%s/%s.json", places[i], name);
        problem = (struct ocn_error){ 0 };
        if (check_directory(world, places[i], &problem) == 0) {
            (void)read_layer(world, arena, path, &layer, &problem);
        }
    }
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    if (problem.code != OCN_OK) {
        return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
    }
    layer.profile = name;
    *ret = layer;
    return 0;
}

/* Drops ".json" and what stands twice, from a sorted list; and "", which memory was out for. */
static void shorten(struct ocn_strings *names, struct ocn_arena *arena)
{
    const char *last = "";
    size_t len = 0;

    for (size_t i = 0; i < names->len; i++) {
        const char *file = names->items[i];
        if (strcmp(file, last) == 0) {
            continue;
        }
        last = file;
        names->items[len++] = ocn_arena_copy(arena, file, strlen(file) - strlen(".json"));
    }
    names->len = len;
}

int ocn_policy_profile_names(const struct ocn_world *world, struct ocn_arena *arena,
                             struct ocn_strings *ret, struct ocn_error *err)
{
    struct ocn_strings names = { 0 };
    const char *places[2];

    find_places(world, arena, places);
    int result = list_directory(world, arena, places[0], &names, err) < 0
                     ? -1
                     : list_directory(world, arena, places[1], &names, err);
    if (result == 0) {
        shorten(&names, arena);
    }
    if (ocn_arena_check(arena, err) < 0 || result < 0) {
        return -1;
    }
    *ret = names;
    return 0;
}

/* What somebody else has put there switches nothing off. */
static bool is_there(const struct ocn_world *world, const char *dir, const char *path)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        return false;
    }
    return !asks_owners(world) ||
           (ocn_owner_check_way(dir, NULL) == 0 && ocn_owner_check_path(path, NULL) == 0);
}

bool ocn_policy_is_disabled(const struct ocn_world *world)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    bool disabled =
        is_there(world, locate(world, &arena, OCN_CONFIG_DIR),
                 locate(world, &arena, OCN_DISABLED_PATH)) ||
        is_there(world, locate_directory(world, &arena), locate_beside(world, &arena, "disabled"));
    return disabled && !arena.failed;
}
