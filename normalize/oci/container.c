/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/oci/container.h"

#include <stdbool.h>
#include <string.h>

#include "normalize/json/bind_text.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

/* ---- the tables: a field of runtime-spec is a row --------------------------------------- */

static const struct ocn_bind user_fields[] = {
    { "uid", OCN_BIND_U32, .offset = offsetof(struct ocn_oci_user, uid), .max = UINT32_MAX },
    { "gid", OCN_BIND_U32, .offset = offsetof(struct ocn_oci_user, gid), .max = UINT32_MAX },
    { "additionalGids", OCN_BIND_U32S, .offset = offsetof(struct ocn_oci_user, additional_gids),
      .max = UINT32_MAX },
    { 0 },
};

static const struct ocn_bind capabilities_fields[] = {
    { "bounding", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_oci_capabilities, bounding) },
    { "effective", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_oci_capabilities, effective) },
    { "permitted", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_oci_capabilities, permitted) },
    { "inheritable", OCN_BIND_STRINGS,
      .offset = offsetof(struct ocn_oci_capabilities, inheritable) },
    { "ambient", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_oci_capabilities, ambient) },
    { 0 },
};

static const struct ocn_bind rlimit_fields[] = {
    { "type", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_rlimit, type) },
    { "soft", OCN_BIND_NUMBER, .offset = offsetof(struct ocn_oci_rlimit, soft) },
    { 0 },
};

const struct ocn_bind ocn_container_process_fields[] = {
    { "user", OCN_BIND_OBJECT, .offset = offsetof(struct ocn_oci_process, user),
      .fields = user_fields, .part = OCN_PART_USER },
    { "args", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_oci_process, args),
      .part = OCN_PART_PROGRAM },
    { "env", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_oci_process, env),
      .part = OCN_PART_PROGRAM },
    { "cwd", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_process, cwd),
      .part = OCN_PART_PROGRAM },
    { "capabilities", OCN_BIND_OBJECT, .offset = offsetof(struct ocn_oci_process, capabilities),
      .fields = capabilities_fields, .part = OCN_PART_USER },
    { "noNewPrivileges", OCN_BIND_BOOL,
      .offset = offsetof(struct ocn_oci_process, no_new_privileges), .part = OCN_PART_USER },
    { "rlimits", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_oci_process, rlimits),
      .fields = rlimit_fields, .size = sizeof(struct ocn_oci_rlimit), .part = OCN_PART_LIMITS },
    { 0 },
};

static const struct ocn_bind root_fields[] = {
    { "path", OCN_BIND_STRING, .offset = 0 },
    { 0 },
};

static const struct ocn_bind namespace_fields[] = {
    { "type", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_namespace, type) },
    { "path", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_namespace, path) },
    { 0 },
};

static const struct ocn_bind id_mapping_fields[] = {
    { "containerID", OCN_BIND_U32, .offset = offsetof(struct ocn_oci_id_mapping, container_id),
      .max = UINT32_MAX },
    { "hostID", OCN_BIND_U32, .offset = offsetof(struct ocn_oci_id_mapping, host_id),
      .max = UINT32_MAX },
    { "size", OCN_BIND_U32, .offset = offsetof(struct ocn_oci_id_mapping, size),
      .max = UINT32_MAX },
    { 0 },
};

static const struct ocn_bind mount_fields[] = {
    { "destination", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_mount, destination) },
    { "type", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_mount, type) },
    { "source", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_mount, source) },
    { "options", OCN_BIND_STRINGS, .offset = offsetof(struct ocn_oci_mount, options) },
    { "uidMappings", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_oci_mount, uid_mappings),
      .fields = id_mapping_fields, .size = sizeof(struct ocn_oci_id_mapping),
      .part = OCN_PART_VOLUMES },
    { "gidMappings", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_oci_mount, gid_mappings),
      .fields = id_mapping_fields, .size = sizeof(struct ocn_oci_id_mapping),
      .part = OCN_PART_VOLUMES },
    { 0 },
};

static const struct ocn_bind device_rule_fields[] = {
    { "allow", OCN_BIND_BOOL, .offset = offsetof(struct ocn_oci_device_rule, allow) },
    { "type", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_device_rule, type) },
    { "access", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_device_rule, access) },
    { 0 },
};

static const struct ocn_bind cpu_fields[] = {
    { "quota", OCN_BIND_NUMBER, .offset = offsetof(struct ocn_oci_resources, cpu.quota) },
    { "period", OCN_BIND_NUMBER, .offset = offsetof(struct ocn_oci_resources, cpu.period) },
    { "shares", OCN_BIND_NUMBER, .offset = offsetof(struct ocn_oci_resources, cpu.shares) },
    { "cpus", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_resources, cpu.cpus) },
    { 0 },
};

static const struct ocn_bind memory_fields[] = {
    { "limit", OCN_BIND_NUMBER, .offset = offsetof(struct ocn_oci_resources, memory.limit) },
    { 0 },
};

/* cpu and memory are rows of the resources struct itself: their offsets are counted from there. */
static const struct ocn_bind resources_fields[] = {
    { "devices", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_oci_resources, devices),
      .fields = device_rule_fields, .size = sizeof(struct ocn_oci_device_rule),
      .part = OCN_PART_DEVICES },
    { "cpu", OCN_BIND_OBJECT, .fields = cpu_fields },
    { "memory", OCN_BIND_OBJECT, .fields = memory_fields },
    { "unified", OCN_BIND_PAIRS, .offset = offsetof(struct ocn_oci_resources, unified) },
    { 0 },
};

static const struct ocn_bind seccomp_fields[] = {
    { "defaultAction", OCN_BIND_STRING,
      .offset = offsetof(struct ocn_oci_linux, seccomp.default_action) },
    { "architectures", OCN_BIND_STRINGS,
      .offset = offsetof(struct ocn_oci_linux, seccomp.architectures) },
    { 0 },
};

/* seccomp is a row of the linux struct itself, too. */
static const struct ocn_bind linux_fields[] = {
    { "namespaces", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_oci_linux, namespaces),
      .fields = namespace_fields, .size = sizeof(struct ocn_oci_namespace),
      .part = OCN_PART_NAMESPACES },
    { "uidMappings", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_oci_linux, uid_mappings),
      .fields = id_mapping_fields, .size = sizeof(struct ocn_oci_id_mapping),
      .part = OCN_PART_NAMESPACES },
    { "gidMappings", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_oci_linux, gid_mappings),
      .fields = id_mapping_fields, .size = sizeof(struct ocn_oci_id_mapping),
      .part = OCN_PART_NAMESPACES },
    { "resources", OCN_BIND_OBJECT, .offset = offsetof(struct ocn_oci_linux, resources),
      .fields = resources_fields, .part = OCN_PART_LIMITS },
    { "cgroupsPath", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_linux, cgroups_path),
      .part = OCN_PART_PLACE },
    { "mountLabel", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_linux, mount_label) },
    { "seccomp", OCN_BIND_OBJECT, .fields = seccomp_fields },
    { 0 },
};

static const struct ocn_bind hook_fields[] = {
    { "path", OCN_BIND_STRING, .offset = offsetof(struct ocn_oci_hook, path) },
    { 0 },
};

/* hooks is a row of the container itself. */
static const struct ocn_bind hooks_fields[] = {
    { "startContainer", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_container, start_hooks),
      .fields = hook_fields, .size = sizeof(struct ocn_oci_hook) },
    { 0 },
};

const struct ocn_bind ocn_container_fields[] = {
    { "process", OCN_BIND_OBJECT, .offset = offsetof(struct ocn_container, process),
      .fields = ocn_container_process_fields },
    { "root", OCN_BIND_OBJECT, .offset = offsetof(struct ocn_container, root),
      .fields = root_fields, .part = OCN_PART_PROGRAM },
    { "mounts", OCN_BIND_OBJECTS, .offset = offsetof(struct ocn_container, mounts),
      .fields = mount_fields, .size = sizeof(struct ocn_oci_mount), .part = OCN_PART_PROGRAM },
    { "annotations", OCN_BIND_PAIRS, .offset = offsetof(struct ocn_container, annotations),
      .part = OCN_PART_PLACE },
    { "hooks", OCN_BIND_OBJECT, .fields = hooks_fields },
    { "linux", OCN_BIND_OBJECT, .offset = offsetof(struct ocn_container, linux_),
      .fields = linux_fields },
    { 0 },
};

/* ---- what is not read -------------------------------------------------------------------- */

/* No rule asks for it, and it is most of the text where an engine sets its filter. */
#define UNREAD "/linux/seccomp/syscalls"
#define WORTH_A_COPY ((size_t)4096)

/*
 * Loads @config without what nobody reads; false where that is little, or where there is any doubt
 * of its end. Whether it is well-formed is for the runtime to say, and so is what it means.
 */
static bool load_without(struct ocn_bytes config, json_t **ret)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (config.len < WORTH_A_COPY || config.len > OCN_CONFIG_MAX_SIZE) {
        return false;
    }
    const struct ocn_bytes unread = ocn_json_value_at(config, UNREAD);
    if (unread.len == 0 || unread.ptr[0] != '[' || !ocn_json_is_plain(unread)) {
        return false;
    }
    const char *behind = unread.ptr + unread.len;
    ocn_buf_add(&text, config.ptr, (size_t)(unread.ptr - config.ptr));
    ocn_buf_puts(&text, "[]");
    ocn_buf_add(&text, behind, (size_t)(config.ptr + config.len - behind));
    return !text.failed &&
           ocn_json_load_loose(ocn_buf_bytes(&text), OCN_CONFIG_MAX_SIZE, ret, NULL) == 0;
}

/* ---- reading ---------------------------------------------------------------------------- */

/* What is not in doubt, without a tree of the text, which takes ten times as long. */
static bool read_text(struct ocn_bytes text, size_t max_size, const struct ocn_bind *fields,
                      void *target, struct ocn_arena *arena)
{
    return text.len <= max_size && ocn_json_bind_text(text, fields, target, arena);
}

/* Without success the whole is loaded, so that an error names a line of it. */
static int read_tree(struct ocn_bytes config, struct ocn_container *container,
                     struct ocn_error *err)
{
    return (!load_without(config, &container->json) &&
            ocn_json_load_loose(config, OCN_CONFIG_MAX_SIZE, &container->json, err) < 0)
               ? -1
               : ocn_json_bind_most(container->json, ocn_container_fields, container,
                                    &container->arena, &container->faults, err);
}

int ocn_container_parse(struct ocn_bytes config, struct ocn_container **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_container_freep)
    struct ocn_container *container = calloc(1, sizeof(*container));

    if (container == NULL) {
        return ocn_fail_nomem(err);
    }
    if (!read_text(config, OCN_CONFIG_MAX_SIZE, ocn_container_fields, container,
                   &container->arena)) {
        ocn_arena_done(&container->arena);
        *container = (struct ocn_container){ 0 };
        if (read_tree(config, container, err) < 0) {
            return -1;
        }
    }
    *ret = container;
    container = NULL;
    return 0;
}

static int read_process_tree(struct ocn_bytes process, struct ocn_container *container,
                             struct ocn_error *err)
{
    return ocn_json_load_loose(process, OCN_PROCESS_MAX_SIZE, &container->json, err) < 0
               ? -1
               : ocn_json_bind_most(container->json, ocn_container_process_fields,
                                    &container->process, &container->arena, &container->faults,
                                    err);
}

int ocn_container_join(const struct ocn_container *joined, struct ocn_bytes process,
                       struct ocn_container **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_container_freep)
    struct ocn_container *container = calloc(1, sizeof(*container));

    if (container == NULL) {
        return ocn_fail_nomem(err);
    }
    *container = *joined;
    container->process = (struct ocn_oci_process){ 0 };
    container->json = NULL;
    container->arena = (struct ocn_arena){ 0 };
    container->faults = (struct ocn_bind_faults){ 0 };
    if (!read_text(process, OCN_PROCESS_MAX_SIZE, ocn_container_process_fields, &container->process,
                   &container->arena)) {
        ocn_arena_done(&container->arena);
        container->process = (struct ocn_oci_process){ 0 };
        if (read_process_tree(process, container, err) < 0) {
            return -1;
        }
    }
    const struct ocn_bytes capabilities = ocn_json_value_at(process, "/capabilities");
    if (capabilities.len == 0 || capabilities.ptr[0] != '{') {
        /* As runc and crun do where a process that joins names none. */
        container->process.capabilities = joined->process.capabilities;
        container->process.inherits_capabilities = true;
    }
    *ret = container;
    container = NULL;
    return 0;
}

const struct ocn_error *ocn_container_fault(const struct ocn_container *container, unsigned parts)
{
    for (size_t i = 0; i < OCN_BIND_PARTS; i++) {
        bool counts = i == OCN_PART_OTHER || (parts >> i & 1) != 0;
        if (counts && container->faults.of[i] != NULL) {
            return container->faults.of[i];
        }
    }
    return NULL;
}

void ocn_container_free(struct ocn_container *container)
{
    if (container == NULL) {
        return;
    }
    json_decref(container->json);
    ocn_arena_done(&container->arena);
    free(container);
}

void ocn_container_freep(struct ocn_container **container)
{
    ocn_container_free(*container);
}

const char *ocn_oci_env_get(const struct ocn_strings *env, const char *name)
{
    size_t len = strlen(name);

    for (size_t i = env->len; i > 0; i--) {
        const char *entry = env->items[i - 1];
        if (strncmp(entry, name, len) == 0 && entry[len] == '=') {
            return entry + len + 1;
        }
    }
    return NULL;
}

const struct ocn_oci_namespace *ocn_oci_namespace_get(const struct ocn_container *container,
                                                      const char *type)
{
    const struct ocn_oci_namespace *namespaces = container->linux_.namespaces.items;

    for (size_t i = 0; i < container->linux_.namespaces.len; i++) {
        if (namespaces[i].type != NULL && strcmp(namespaces[i].type, type) == 0) {
            return &namespaces[i];
        }
    }
    return NULL;
}

const char *ocn_oci_annotation_get(const struct ocn_container *container, const char *key)
{
    for (size_t i = 0; i < container->annotations.len; i++) {
        if (strcmp(container->annotations.items[i].name, key) == 0) {
            return container->annotations.items[i].value;
        }
    }
    return NULL;
}
