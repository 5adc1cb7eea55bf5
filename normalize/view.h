/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outside world as a parameter: the only door of the core. Real directories, a captured tree
 * and a table in memory are views of the same kind.
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/arena.h"

#define OCN_VIEW_MAX_NAMES 1024

enum ocn_space {
    OCN_ROOTFS, /* the container's root file system, as root.path names it */
    OCN_HOST,   /* the node itself: /proc, /sys */
    OCN_MOUNT,  /* below the source of a bind mount */
};

struct ocn_ref {
    enum ocn_space space;
    const char *path; /* absolute within its space; "/" of OCN_MOUNT is the source itself */
    const char *base; /* OCN_MOUNT: the source, an absolute path on the node */
};

struct ocn_stat {
    uint32_t mode; /* st_mode; 0 when there is no such file, which is no error */
    uint32_t uid;
    uint32_t gid;
    uint64_t size;
    uint64_t dev;
    uint64_t ino;
};

/* Whether a host runs programs of a kind. */
enum ocn_runs { OCN_RUNS_UNKNOWN, OCN_RUNS, OCN_RUNS_NOT };

/* Whether a bind mount can be idmapped; its sentences are in base/mapping.def. */
enum ocn_mapping {
#define OCN_MAPPING(symbol, before, behind, hint) OCN_MAPPING_##symbol,
#include "normalize/base/mapping.def"
#undef OCN_MAPPING
    OCN_MAPPING_COUNT
};

#define OCN_MAPPING_WHAT_SIZE 64

struct ocn_mapping_answer {
    enum ocn_mapping mapping;
    char what[OCN_MAPPING_WHAT_SIZE]; /* the runtime, the file system ...: printable, or "" */
};

/*
 * ROOTFS and MOUNT paths never leave their root, whatever links lie in it, and their last component
 * is never followed: the core walks links itself (path.h). HOST paths and the source of a MOUNT are
 * followed, as a runtime does.
 */
struct ocn_view {
    void *ctx;
    const char *machine; /* uname -m of the kernel, e.g. "x86_64" */
    bool all_facts; /* somebody will look at the facts: read also those that no rule asks for */
    bool in_first_user_namespace; /* where the runtime runs; false: look into /proc */
    /* Not finding a file is an answer (mode 0); failing to look is an error. */
    int (*stat)(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err);
    /* Puts the target of a link, NUL-terminated, into @buf of @size bytes; longer is an error. */
    int (*readlink)(void *ctx, struct ocn_ref ref, char *buf, size_t size, struct ocn_error *err);
    /* Reads up to @len bytes at @offset of a regular file; *ret_len is short only at its end. */
    int (*read_at)(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                   size_t *ret_len, struct ocn_error *err);
    /* Logical CPUs that a container could use; 0, as NULL: nobody knows. */
    uint32_t (*cpus)(void *ctx);
    /*
     * The variant of the host's CPU as OCI images write it ("v3", "power9"); NULL: not known. Asked
     * for only where something hangs on it: in a virtual machine CPUID is slow.
     */
    const char *(*variant)(void *ctx);
    /*
     * Whether the host's CPU and kernel run 32-bit programs, where somebody has tried it; its files
     * are not looked at. Asked for only where a 32-bit program is to be judged: trying costs a
     * process.
     */
    enum ocn_runs (*runs_32bit)(void *ctx);
    /*
     * Whether each of the mounts of config.json that @mounts numbers can be idmapped, by the node's
     * policy, its kernel and the runtime: into @ret, of the same length. Once, for all of them.
     * NULL: nobody here can tell.
     */
    int (*map)(void *ctx, const uint32_t *mounts, size_t len, struct ocn_mapping_answer *ret,
               struct ocn_error *err);
    /*
     * The names in a directory, sorted, without "." and "..", from @arena; none where there is no
     * such directory. More than OCN_VIEW_MAX_NAMES are an error.
     */
    int (*list)(void *ctx, struct ocn_ref ref, struct ocn_arena *arena, const char ***ret,
                size_t *ret_len, struct ocn_error *err);
    /*
     * Whether @ref lies on a mount of the node from which the kernel executes nothing (mount(2),
     * MS_NOEXEC); false also where that cannot be seen. NULL: nobody here can tell.
     */
    bool (*noexec)(void *ctx, struct ocn_ref ref);
};

static inline uint32_t ocn_view_cpus(const struct ocn_view *view)
{
    return view->cpus != NULL ? view->cpus(view->ctx) : 0;
}
