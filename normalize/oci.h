/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an OCI runtime configuration (runtime-spec config.md) that the rules read. */
#pragma once

#include "normalize/json_bind.h"

#define OCN_CONFIG_MAX_SIZE ((size_t)16 << 20)
#define OCN_PROCESS_MAX_SIZE ((size_t)16 << 20)

struct ocn_oci_user {
    uint32_t uid;
    uint32_t gid;
    struct ocn_u32s additional_gids;
};

struct ocn_oci_capabilities {
    struct ocn_strings bounding;
    struct ocn_strings effective;
    struct ocn_strings permitted;
    struct ocn_strings inheritable;
    struct ocn_strings ambient;
};

struct ocn_oci_process {
    struct ocn_oci_user user;
    struct ocn_strings args;
    struct ocn_strings env;
    const char *cwd;
    struct ocn_oci_capabilities capabilities;
    bool no_new_privileges;
};

struct ocn_oci_mount {
    const char *destination;
    const char *type;
    const char *source;
    struct ocn_strings options;
};

struct ocn_oci_namespace {
    const char *type;
    const char *path;
};

struct ocn_oci_id_mapping {
    uint32_t container_id;
    uint32_t host_id;
    uint32_t size;
};

struct ocn_oci_device_rule {
    bool allow;
    const char *type;
    const char *access;
    double major, minor; /* -1: any */
};

struct ocn_oci_resources {
    struct ocn_list devices; /* struct ocn_oci_device_rule */
    struct {
        double quota;  /* microseconds per period; <= 0: none */
        double period; /* microseconds */
        double shares;
        const char *cpus; /* list format, e.g. "0-3,8" */
    } cpu;
    struct {
        double limit; /* bytes; <= 0: none */
    } memory;
    struct ocn_pairs unified;
};

struct ocn_oci_linux {
    struct ocn_list namespaces;   /* struct ocn_oci_namespace */
    struct ocn_list uid_mappings; /* struct ocn_oci_id_mapping */
    struct ocn_list gid_mappings;
    struct ocn_oci_resources resources;
    const char *cgroups_path;
    const char *mount_label;
    struct ocn_strings masked_paths;
    struct {
        const char *default_action; /* NULL: no filter */
        struct ocn_strings architectures;
    } seccomp;
};

/* Absent members are zero: root, no variable, no limit, as the runtimes read them. */
struct ocn_container {
    struct ocn_oci_process process;
    struct {
        const char *path;
    } root;
    struct ocn_list mounts; /* struct ocn_oci_mount */
    struct ocn_pairs annotations;
    struct ocn_oci_linux linux_; /* "linux" is a macro of GNU C */

    const char *id; /* as whoever starts it says, borrowed and unchecked; NULL: nobody did */

    json_t *json; /* what the strings above are borrowed from */
    struct ocn_arena arena;
};

/* Reads a config.json of at most OCN_CONFIG_MAX_SIZE. The caller releases *ret with _free. */
OCN_MUST_USE int ocn_container_parse(struct ocn_bytes config, struct ocn_container **ret,
                                     struct ocn_error *err);

/*
 * The container @joined, but with the process of a process.json (`runc exec --process`): the same
 * rules then judge a process that joins. All else in *ret is borrowed from @joined, which must
 * outlive it. The caller releases *ret with _free.
 */
OCN_MUST_USE int ocn_container_join(const struct ocn_container *joined, struct ocn_bytes process,
                                    struct ocn_container **ret, struct ocn_error *err);

/* Accepts NULL. */
void ocn_container_free(struct ocn_container *container);
void ocn_container_freep(struct ocn_container **container);

/* The value of the last NAME=value in @env (the one a program sees), or NULL. */
const char *ocn_env_get(const struct ocn_strings *env, const char *name);

/* 1 if one of @strings is @text, else 0. */
int ocn_strings_hold(const struct ocn_strings *strings, const char *text);

/* The row of linux.namespaces of @type, borrowed; NULL: the runtime's own namespace is shared. */
const struct ocn_oci_namespace *ocn_namespace_get(const struct ocn_container *container,
                                                  const char *type);

/* The value of annotation @key, or NULL. */
const char *ocn_annotation_get(const struct ocn_container *container, const char *key);
