/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of an OCI runtime configuration (runtime-spec config.md) that the rules read. */
#pragma once

#include "normalize/json/bind.h"

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

struct ocn_oci_rlimit {
    const char *type;
    double soft;
};

struct ocn_oci_process {
    struct ocn_oci_user user;
    struct ocn_list rlimits; /* struct ocn_oci_rlimit */
    struct ocn_strings args;
    struct ocn_strings env;
    const char *cwd;
    struct ocn_oci_capabilities capabilities;
    bool inherits_capabilities; /* it names none, and joins: the container's are taken */
    bool no_new_privileges;
};

struct ocn_oci_mount {
    const char *destination;
    const char *type;
    const char *source;
    struct ocn_strings options;
    struct ocn_list uid_mappings; /* struct ocn_oci_id_mapping: of an idmapped mount */
    struct ocn_list gid_mappings;
};

struct ocn_oci_hook {
    const char *path;
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
    struct {
        const char *default_action; /* NULL: no filter */
        struct ocn_strings architectures;
    } seccomp;
};

/*
 * What of config.json may be unreadable by itself: a runtime takes it, and this reader does not (a
 * key in another case, a number in the place of a string). A rule names what it needs (rules.def);
 * all need OTHER.
 */
enum ocn_part {
    OCN_PART_OTHER,      /* what has no name of its own */
    OCN_PART_USER,       /* process.user, capabilities, noNewPrivileges */
    OCN_PART_PROGRAM,    /* args, env, cwd, root, mounts: what is executed, and how it is found */
    OCN_PART_LIMITS,     /* linux.resources, process.rlimits */
    OCN_PART_DEVICES,    /* linux.resources.devices */
    OCN_PART_NAMESPACES, /* linux.namespaces, uidMappings, gidMappings */
    OCN_PART_PLACE,      /* annotations, linux.cgroupsPath: who it is */
    OCN_PART_VOLUMES,    /* uidMappings and gidMappings of mounts */
};

#define OCN_IN(part) (1U << OCN_PART_##part)

/* Absent members are zero: root, no variable, no limit, as the runtimes read them. */
struct ocn_container {
    struct ocn_oci_process process;
    struct {
        const char *path;
    } root;
    struct ocn_list mounts; /* struct ocn_oci_mount */
    struct ocn_pairs annotations;
    struct ocn_list start_hooks; /* struct ocn_oci_hook: hooks.startContainer */
    struct ocn_oci_linux linux_; /* "linux" is a macro of GNU C */

    /* As whoever starts it says, borrowed; NULL: nobody did. */
    const char *id;      /* unchecked */
    const char *bundle;  /* the absolute path of its directory */
    bool placeless;      /* that path says nothing of the engine */
    const char *runtime; /* the name of the low-level runtime's program, without directories */
    bool unedited;       /* the runtime starts it as config.json has it: under a hook */

    struct ocn_bind_faults faults; /* by ocn_part */

    json_t *json; /* what the strings above are borrowed from; NULL: they are the arena's */
    struct ocn_arena arena;
};

/* The rows of config.json, of struct ocn_container; the row of its process. */
extern const struct ocn_bind ocn_container_fields[];
extern const struct ocn_bind ocn_container_process_fields[];

/*
 * Reads a config.json of at most OCN_CONFIG_MAX_SIZE. What a part of it has that cannot be read is
 * left out, and is in (*ret)->faults, with its JSON pointer: whoever needs that part fails with it.
 * The caller releases *ret with _free.
 */
OCN_MUST_USE int ocn_container_parse(struct ocn_bytes config, struct ocn_container **ret,
                                     struct ocn_error *err);

/*
 * The container @joined, but with the process of a process.json (`runc exec --process`): the same
 * rules then judge a process that joins. All else in *ret is borrowed from @joined, which must
 * outlive it. The caller releases *ret with _free.
 */
OCN_MUST_USE int ocn_container_join(const struct ocn_container *joined, struct ocn_bytes process,
                                    struct ocn_container **ret, struct ocn_error *err);

/* What is wrong in one of @parts (OCN_IN) of it, or in OTHER; NULL: they could be read. */
const struct ocn_error *ocn_container_fault(const struct ocn_container *container, unsigned parts);

/* Accepts NULL. */
void ocn_container_free(struct ocn_container *container);
void ocn_container_freep(struct ocn_container **container);

/* The value of the last NAME=value in @env (the one a program sees), or NULL. */
const char *ocn_oci_env_get(const struct ocn_strings *env, const char *name);

/* The row of linux.namespaces of @type, borrowed; NULL: the runtime's own namespace is shared. */
const struct ocn_oci_namespace *ocn_oci_namespace_get(const struct ocn_container *container,
                                                      const char *type);

/* The value of annotation @key, or NULL. */
const char *ocn_oci_annotation_get(const struct ocn_container *container, const char *key);
