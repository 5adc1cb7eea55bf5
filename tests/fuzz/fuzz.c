/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <string.h>

#include "hook/judge/answer.h"
#include "hook/judge/edits.h"
#include "normalize/outcome/splice.h"
#include "tests/lib/mem_view.h"

static const char policy_text[] =
    "{\"user\":{\"lowPorts\":true},\"env\":{\"maxprocs\":{\"fromShares\":true},"
    "\"set\":{\"ADDED\":\"a\\\\\\\"=\\u00e9\"}},"
    "\"match\":[{\"when\":{\"namespaces\":[\"shop-*\"]},\"policy\":{\"user\":{\"when\":\"always\","
    "\"groups\":\"clear\",\"home\":\"/srv\"},\"env\":{\"override\":true}}},"
    "{\"when\":{\"images\":[\"*/[a-c]?pp:*\"],\"annotations\":{\"team\":\"a*\"}},"
    "\"policy\":{\"rules\":{\"user.mapped\":\"warn\",\"entry.found\":\"off\"}}}]}";

static const char world_text[] =
    "{\"rootfs\":{\"/app\":{\"elf\":\"amd64\"},\"/bin/sh\":{\"elf\":\"amd64\"},"
    "\"/bin/arm\":{\"elf\":\"arm64\"},\"/bin/script\":{\"text\":\"#!/bin/sh -e\\n\",\"mode\":"
    "\"0755\"},\"/bin/self\":{\"text\":\"#!/bin/self\",\"mode\":\"0755\"},"
    "\"/bin/link\":{\"link\":\"../bin/sh\"},\"/usr/bin\":{\"link\":\"/bin\"},"
    "\"/loop\":{\"link\":\"loop\"},\"/up\":{\"link\":\"../../..\"},\"/fifo\":{\"fifo\":true},"
    "\"/root\":{\"dir\":true,\"mode\":\"0700\"},\"/root/app\":{\"elf\":\"amd64\"},"
    "\"/broken\":{\"fail\":\"EIO\"},"
    "\"/etc/passwd\":{\"text\":\"root:x:0:0::/root:/bin/sh\\napp:x:1001:1001::/home/app:\\n\"},"
    "\"/etc/group\":{\"text\":\"root:x:0:\\nadm:x:4:root,app\\n\"}},"
    "\"host\":{\"/proc/self/ns/net\":{\"ino\":7},\"/proc/1/ns/net\":{\"ino\":7},"
    "\"/sys/fs/cgroup/cpu/pod/cpu.cfs_quota_us\":{\"text\":\"250000\\n\"},"
    "\"/sys/fs/cgroup/cpu/pod/cpu.cfs_period_us\":{\"text\":\"100000\\n\"},"
    "\"/sys/fs/cgroup/cpu/a.slice/a-b.slice/cpu.cfs_quota_us\":{\"text\":\"150000\\n\"},"
    "\"/sys/fs/cgroup/unified/cgroup.controllers\":{\"text\":\"memory\\n\"},"
    "\"/sys/fs/cgroup/unified/pod/memory.max\":{\"text\":\"134217728\\n\"},"
    "\"/sys/fs/cgroup/unified/a.slice/memory.max\":{\"text\":\"268435456\\n\"}},"
    "\"mounts\":{\"/srv\":{\"/\":{\"dir\":true},\"/app\":{\"elf\":\"amd64\"}}}}";

/* Made once: a fuzzer calls its target millions of times in one process. */
static struct ocn_mem_view world;
static struct ocn_config *policy;

/* One judging's view: the world, but for what /app holds. */
struct window {
    struct ocn_view view;
    struct ocn_bytes app;
};

static int stat_in(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err)
{
    const struct window *window = ctx;

    return window->view.stat(window->view.ctx, ref, ret, err);
}

static int readlink_in(void *ctx, struct ocn_ref ref, char *buf, size_t size, struct ocn_error *err)
{
    const struct window *window = ctx;

    return window->view.readlink(window->view.ctx, ref, buf, size, err);
}

static int read_in(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                   size_t *ret_len, struct ocn_error *err)
{
    const struct window *window = ctx;

    if (window->app.ptr == NULL || ref.space != OCN_ROOTFS || strcmp(ref.path, "/app") != 0) {
        return window->view.read_at(window->view.ctx, ref, offset, buf, len, ret_len, err);
    }
    size_t left = offset < window->app.len ? window->app.len - (size_t)offset : 0;
    *ret_len = left < len ? left : len;
    if (*ret_len != 0) {
        memcpy(buf, window->app.ptr + offset, *ret_len);
    }
    return 0;
}

static const char *variant_in(void *ctx)
{
    const struct window *window = ctx;

    return window->view.variant(window->view.ctx);
}

static uint32_t cpus_in(void *ctx)
{
    const struct window *window = ctx;

    return window->view.cpus(window->view.ctx);
}

static enum ocn_runs runs_32bit_in(void *ctx)
{
    const struct window *window = ctx;

    return window->view.runs_32bit(window->view.ctx);
}

static int list_in(void *ctx, struct ocn_ref ref, struct ocn_arena *arena, const char ***ret,
                   size_t *ret_len, struct ocn_error *err)
{
    const struct window *window = ctx;

    return window->view.list(window->view.ctx, ref, arena, ret, ret_len, err);
}

void ocn_fuzz_check(int holds, const char *promise, const char *file, int line)
{
    if (!holds) {
        (void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, promise);
        abort();
    }
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const struct ocn_layer layer = { "fuzz", { policy_text, sizeof(policy_text) - 1 }, NULL };
    struct ocn_error err = { 0 };

    (void)argc;
    (void)argv;
    json_object_seed(1); /* the same input takes the same way every time */
    ocn_mem_view_init(&world, json_loads(world_text, JSON_REJECT_DUPLICATES, NULL));
    ocn_fuzz_require(world.world != NULL);
    ocn_fuzz_require(ocn_config_load(&layer, 1, &policy, &err) == 0);
    return 0;
}

void ocn_fuzz_trial_done(struct ocn_fuzz_trial *trial)
{
    ocn_outcome_free(trial->outcome);
    ocn_arena_done(&trial->arena);
}

int ocn_fuzz_judge(struct ocn_fuzz_trial *trial, struct ocn_error *err)
{
    const struct ocn_container *known = trial->joined != NULL ? trial->joined : trial->container;
    struct window window = { ocn_mem_view_as_view(&world), trial->app };
    const struct ocn_view view = { .ctx = &window,
                                   .machine = window.view.machine,
                                   .all_facts = true,
                                   .stat = stat_in,
                                   .readlink = readlink_in,
                                   .read_at = read_in,
                                   .cpus = cpus_in,
                                   .variant = variant_in,
                                   .runs_32bit = runs_32bit_in,
                                   .list = list_in };
    struct ocn_identity identity;

    if (ocn_identity_read(known, &trial->arena, &identity, err) < 0 ||
        ocn_config_select(policy, &identity, known, &trial->arena, &trial->policy, err) < 0) {
        return -1;
    }
    return trial->joined != NULL
               ? ocn_normalize_exec(trial->container, trial->joined, &trial->policy, &view,
                                    &trial->outcome, err)
               : ocn_normalize(trial->container, &trial->policy, &view, &trial->outcome, err);
}

void ocn_fuzz_splice(const struct ocn_fuzz_trial *trial, struct ocn_bytes text, const char *root,
                     struct ocn_buf *out)
{
    const struct ocn_outcome *outcome = trial->outcome;
    struct ocn_error err = { 0 };

    ocn_fuzz_require(ocn_splice_edits(text, root, outcome->edits, outcome->edits_len, out, &err) ==
                     0);
    if (outcome->edits_len == 0) {
        ocn_fuzz_require(out->len == text.len && memcmp(out->ptr, text.ptr, text.len) == 0);
    }
}

void ocn_fuzz_answer(const struct ocn_fuzz_trial *trial, struct ocn_buf *out)
{
    /* The cast: what is written is not changed. */
    const struct ocn_answer answer = { .outcome = trial->outcome,
                                       .container = (struct ocn_container *)trial->container };
    OCN_CLEANUP(ocn_answer_done) struct ocn_answer read = { 0 };
    struct ocn_error err = { 0 };

    ocn_fuzz_require(ocn_answer_write(&answer, out, &err) == 0);
    ocn_fuzz_require(ocn_answer_read(ocn_buf_bytes(out), &read, &err) == 0);
    ocn_fuzz_require(read.outcome->edits_len == trial->outcome->edits_len);
    const struct ocn_edits_bounds bounds = {
        .policy = &trial->policy,
        .event = trial->joined != NULL ? OCN_ON_EXEC : OCN_ON_CREATE,
        .text = trial->text,
        .joined = trial->joined_text,
    };
    ocn_fuzz_require(ocn_edits_check(&bounds, read.outcome, &err) == 0);
    /* A user who cannot be read is told by nobody. */
    ocn_fuzz_require(trial->joined != NULL ||
                     ocn_container_fault(trial->container, OCN_IN(USER)) != NULL ||
                     ocn_edits_check_container(&bounds, read.container, &err) == 0);
}
