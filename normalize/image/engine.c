/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/image/engine.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/json/load.h"
#include "normalize/node/limits.h"

#define MAX_ENGINE ((size_t)64 << 10)

static const struct ocn_bind fields[] = {
    { "version", OCN_BIND_U32, .offset = offsetof(struct ocn_engine, version), .min = 1, .max = 1 },
    OCN_BIND_STRING_AT(struct ocn_engine, "engine", name),
    OCN_BIND_STRING_AT(struct ocn_engine, "why", why),
    { "profiles", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_engine, profiles) },
    { "env", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_engine, env) },
    { "capabilities", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_engine, capabilities) },
    { "imageAnnotations", OCN_BIND_BOOL, .offset = offsetof(struct ocn_engine, image_annotations) },
    { "noNewPrivileges", OCN_BIND_BOOL, .offset = offsetof(struct ocn_engine, no_new_privileges) },
    { "leavesGroup", OCN_BIND_BOOL, .offset = offsetof(struct ocn_engine, leaves_group) },
    { 0 },
};

int ocn_engine_read(struct ocn_bytes text, struct ocn_object *object, struct ocn_engine *ret,
                    struct ocn_error *err)
{
    struct ocn_engine engine = { 0 };

    if (ocn_json_load(text, MAX_ENGINE, &object->json, err) < 0 ||
        ocn_json_bind(object->json, fields, OCN_BIND_STRICT, &engine, &object->arena, err) < 0 ||
        ocn_arena_check(&object->arena, err) < 0) {
        return -1;
    }
    *ret = engine;
    return 0;
}

bool ocn_engine_serves(const struct ocn_engine *engine, const char *profile)
{
    return ocn_strings_hold(&engine->profiles, profile);
}

const char *ocn_engine_user(const struct ocn_engine *engine, const char *user,
                            struct ocn_arena *arena)
{
    const char *colon = user != NULL && engine->leaves_group ? strchr(user, ':') : NULL;

    return colon != NULL && colon != user ? ocn_arena_copy(arena, user, (size_t)(colon - user))
                                          : user;
}

/* ---- config.json ----------------------------------------------------------------------------- */

/*
 * What is made of pieces is made as a whole or not at all: a piece that memory was not there for
 * takes the list with it, and json_pack() then all of it.
 */
static json_t *append(json_t *list, json_t *item)
{
    if (json_array_append_new(list, item) == 0) {
        return list;
    }
    json_decref(list);
    return NULL;
}

/* A member of an object, on the terms of append(). */
static json_t *put(json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) == 0) {
        return object;
    }
    json_decref(object);
    return NULL;
}

static json_t *add_strings(json_t *list, const struct ocn_strings *strings)
{
    for (size_t i = 0; i < strings->len; i++) {
        list = append(list, json_string(strings->items[i]));
    }
    return list;
}

static json_t *list_of(const struct ocn_strings *strings)
{
    return add_strings(json_array(), strings);
}

static json_t *args_of(const struct ocn_object_config *config)
{
    return add_strings(list_of(&config->entrypoint), &config->cmd);
}

/* "NAME=", with its length. */
static size_t name_len(const char *entry)
{
    return strcspn(entry, "=") + 1;
}

static bool has_name_of(const struct ocn_strings *env, const char *entry)
{
    for (size_t i = 0; i < env->len; i++) {
        if (strncmp(env->items[i], entry, name_len(entry)) == 0) {
            return true;
        }
    }
    return false;
}

static json_t *env_of(const struct ocn_engine *engine, const struct ocn_object_config *config)
{
    json_t *env = json_array();

    for (size_t i = 0; i < engine->env.len; i++) {
        if (!has_name_of(&config->env, engine->env.items[i])) {
            env = append(env, json_string(engine->env.items[i]));
        }
    }
    return add_strings(env, &config->env);
}

static json_t *user_of(const struct ocn_image_user *user)
{
    json_t *gids = json_array();

    for (size_t i = 0; i < user->additional_gids.len; i++) {
        gids = append(gids, json_integer(user->additional_gids.items[i]));
    }
    return json_pack("{s:I, s:I, s:o}", "uid", (json_int_t)user->uid, "gid", (json_int_t)user->gid,
                     "additionalGids", gids);
}

/* An engine starts root with them, and gives another user the bounding set alone. */
static json_t *capabilities_of(const struct ocn_engine *engine, const struct ocn_image_user *user)
{
    static const char *const sets[] = { "bounding", "effective", "permitted" };
    json_t *object = json_object();

    for (size_t i = 0; i < (user->uid == 0 ? OCN_COUNT(sets) : 1); i++) {
        object = put(object, sets[i], list_of(&engine->capabilities));
    }
    return object;
}

static json_t *resources_of(const struct ocn_engine_limits *limits)
{
    json_t *resources = json_object();

    if (limits->cpus > 0) {
        resources =
            put(resources, "cpu",
                json_pack("{s:I, s:I}", "quota", (json_int_t)(limits->cpus * OCN_DEFAULT_PERIOD),
                          "period", (json_int_t)OCN_DEFAULT_PERIOD));
    }
    if (limits->memory > 0) {
        resources =
            put(resources, "memory", json_pack("{s:I}", "limit", (json_int_t)limits->memory));
    }
    return resources;
}

static json_t *annotate(json_t *annotations, const char *key, const char *value)
{
    return value != NULL && value[0] != '\0' ? put(annotations, key, json_string(value))
                                             : annotations;
}

/* conversion.md, "Annotation Fields": labels win over what is derived. */
static json_t *annotations_of(const struct ocn_engine *engine,
                              const struct ocn_object_config *config)
{
    json_t *annotations = json_object();

    if (!engine->image_annotations) {
        return annotations;
    }
    annotations = annotate(annotations, "org.opencontainers.image.os", config->platform.os);
    annotations =
        annotate(annotations, "org.opencontainers.image.architecture", config->platform.arch);
    annotations =
        annotate(annotations, "org.opencontainers.image.variant", config->platform.variant);
    annotations = annotate(annotations, "org.opencontainers.image.created", config->created);
    annotations = annotate(annotations, "org.opencontainers.image.stopSignal", config->stop_signal);
    for (size_t i = 0; i < config->labels.len; i++) {
        annotations =
            annotate(annotations, config->labels.items[i].name, config->labels.items[i].value);
    }
    return annotations;
}

static bool any_has(const struct ocn_strings *strings, const char *part)
{
    for (size_t i = 0; i < strings->len; i++) {
        if (strstr(strings->items[i], part) != NULL) {
            return true;
        }
    }
    return false;
}

/*
 * What every engine mounts, where the image's words speak of it: to find out what lies below a
 * mount's destination costs layers that nobody else would read, and no program lies there.
 */
static json_t *mounts_of(const struct ocn_object_config *config)
{
    static const struct {
        const char *destination;
        const char *type;
    } rows[] = { { "/proc", "proc" },         { "/dev", "tmpfs" }, { "/dev/pts", "devpts" },
                 { "/dev/mqueue", "mqueue" }, { "/sys", "sysfs" }, { "/sys/fs/cgroup", "cgroup" } };
    const char *cwd = config->working_dir != NULL ? config->working_dir : "";
    json_t *list = json_array();

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const char *destination = rows[i].destination;
        if (any_has(&config->entrypoint, destination) || any_has(&config->cmd, destination) ||
            any_has(&config->env, destination) || strstr(cwd, destination) != NULL) {
            list = append(list, json_pack("{s:s, s:s, s:s}", "destination", destination, "type",
                                          rows[i].type, "source", rows[i].type));
        }
    }
    return list;
}

int ocn_engine_convert(const struct ocn_engine *engine, const struct ocn_object_config *config,
                       const struct ocn_image_user *user, const struct ocn_engine_limits *limits,
                       struct ocn_buf *out, struct ocn_error *err)
{
    const char *cwd = config->working_dir;

    json_auto_t *json = json_pack(
        "{s:s, s:{s:o, s:o, s:o, s:s, s:o, s:b}, s:{s:s}, s:o, s:o, "
        "s:{s:[{s:s}, {s:s}, {s:s}, {s:s}, {s:s}], s:o}}",
        "ociVersion", "1.0.2", "process", "user", user_of(user), "args", args_of(config), "env",
        env_of(engine, config), "cwd", cwd != NULL && cwd[0] == '/' ? cwd : "/", "capabilities",
        capabilities_of(engine, user), "noNewPrivileges", engine->no_new_privileges, "root", "path",
        "/", "mounts", mounts_of(config), "annotations", annotations_of(engine, config), "linux",
        "namespaces", "type", "pid", "type", "ipc", "type", "uts", "type", "mount", "type",
        "network", "resources", resources_of(limits));
    return ocn_json_dump(json, JSON_COMPACT, out, err);
}
