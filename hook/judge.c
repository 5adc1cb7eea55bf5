/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge.h"

#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>

#include "hook/dir_view.h"

void ocn_judge_seed(void)
{
    const unsigned char *random = (const unsigned char *)getauxval(AT_RANDOM);
    size_t seed = 1; /* 0 would make the library look for a seed itself */

    if (random != NULL) {
        /* The second half of the 16 bytes; libc makes its stack canary of the first. */
        memcpy(&seed, random + 8, sizeof(seed));
    }
    json_object_seed(seed | 1);
}

void ocn_judgement_done(struct ocn_judgement *judgement)
{
    ocn_outcome_free(judgement->outcome);
    ocn_container_free(judgement->container);
    ocn_container_free(judgement->joined);
    ocn_arena_done(&judgement->arena);
    *judgement = (struct ocn_judgement){ 0 };
}

/* The root file system as a path: relative to the bundle, absolute below world->root. */
static const char *locate_rootfs(const struct ocn_world *world, const char *bundle,
                                 const struct ocn_container *container, struct ocn_arena *arena)
{
    const char *path = container->root.path != NULL ? container->root.path : "";

    if (path[0] != '/') {
        return ocn_arena_printf(arena, "%s/%s", bundle, path);
    }
    return ocn_arena_printf(arena, "%s%s", world->root != NULL ? world->root : "", path);
}

/* Names the file in an error that so far names a place in it. */
static int locate_config(struct ocn_error *err, const char *bundle)
{
    if (err != NULL) {
        char path[sizeof(err->where)];
        int len = snprintf(path, sizeof(path), "%s/config.json", bundle);
        ocn_error_locate(err, len > 0 && (size_t)len < sizeof(path) ? path : "config.json", 0);
    }
    return -1;
}

/* Judges ret->container; with ret->joined as a process that joins that one. */
static int judge(const struct ocn_world *world, const struct ocn_config *policy, const char *bundle,
                 struct ocn_judgement *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_dir_view_done)
    struct ocn_dir_view dir_view = { .rootfs_fd = -1, .host_fd = -1, .cached_fd = -1 };
    const struct ocn_container *known = ret->joined != NULL ? ret->joined : ret->container;
    struct ocn_identity identity;

    ocn_identity_read(known, &identity);
    if (ocn_config_select(policy, &identity, known, &ret->arena, &ret->policy, err) < 0) {
        return -1;
    }
    const char *rootfs = locate_rootfs(world, bundle, known, &ret->arena);
    if (rootfs == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_dir_view_open(&dir_view, rootfs, world->root, err) < 0) {
        return -1;
    }
    struct ocn_view view = ocn_dir_view_as_view(&dir_view);
    return ret->joined != NULL
               ? ocn_normalize_exec(ret->container, ret->joined, &ret->policy, &view, &ret->outcome,
                                    err)
               : ocn_normalize(ret->container, &ret->policy, &view, &ret->outcome, err);
}

int ocn_judge_create(const struct ocn_world *world, const struct ocn_config *policy,
                     const char *bundle, struct ocn_bytes config, struct ocn_judgement *ret,
                     struct ocn_error *err)
{
    ret->policy = *ocn_config_base(policy);
    if (ocn_container_parse(config, &ret->container, err) < 0) {
        return locate_config(err, bundle);
    }
    return judge(world, policy, bundle, ret, err);
}

int ocn_judge_exec(const struct ocn_world *world, const struct ocn_config *policy,
                   const char *bundle, struct ocn_bytes config, struct ocn_bytes process,
                   struct ocn_judgement *ret, struct ocn_error *err)
{
    ret->policy = *ocn_config_base(policy);
    if (ocn_container_parse(config, &ret->joined, err) < 0 ||
        ocn_container_parse(config, &ret->container, err) < 0) {
        return locate_config(err, bundle);
    }
    if (ocn_container_set_process(ret->container, process, err) < 0) {
        if (err != NULL) {
            ocn_error_locate(err, "process.json", 0);
        }
        return -1;
    }
    return judge(world, policy, bundle, ret, err);
}
