/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/running/look.h"

#include <stdio.h>
#include <string.h>

#include "hook/confine/child.h"
#include "hook/running/name.h"
#include "hook/running/runtime_state.h"
#include "hook/sys/io.h"
#include "hook/view/node.h"
#include "normalize/oci/container.h"

#define CHUNK ((size_t)512 << 10) /* below OCN_CHILD_MAX_MESSAGE */
#define STATUS_LINE 128

/* What the child says, each as soon as it knows; the last word on a thing counts. */
enum message {
    SAYS_END = 1,
    SAYS_PROBLEM,
    SAYS_STATUS,
    SAYS_BUNDLE,
    SAYS_DIRECTORY,
    SAYS_RUNTIME,
    SAYS_NAME,
    SAYS_CONFIG, /* a part of it */
};

struct status {
    uint32_t state;
    uint32_t pid;
    uint32_t has_user;
    uint32_t uid;
    uint32_t gid;
};

/* What the child works with. */
struct work {
    const char *root;
    const struct ocn_place *place;
    struct ocn_node node;
    struct ocn_arena arena;
    struct ocn_runtime_state state;
    struct status status;
};

/* Which file a runtime keeps. youki's has runc's name, and its rules are nearer to runc's. */
static const struct {
    const char *name;
    const char *runtime;
} state_files[] = {
    { "state.json", "runc" },
    { "status", "crun" },
};

static int say(enum message kind, const char *text)
{
    return ocn_child_send(kind, (struct ocn_bytes){ text, strlen(text) }, NULL);
}

/* ---- the process -------------------------------------------------------------------------- */

/* Appends /proc/PID/@name and a NUL. A process is not gone for want of memory: the arena is told.
 */
static int read_proc(struct work *work, uint32_t pid, const char *name, struct ocn_buf *ret)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
    int result = ocn_node_read(&work->node, path, ret, NULL);
    ocn_buf_add(ret, "", 1);
    if (ret->failed) {
        (void)ocn_arena_fail(&work->arena);
    }
    return ret->failed ? -1 : result;
}

/* Field 22 of proc(5)'s stat; the second is a name in brackets, which may hold anything. */
static uint64_t read_start(const char *stat)
{
    const char *at = strrchr(stat, ')');

    for (int field = 2; at != NULL && field < 22; field++) {
        at = strchr(at + 1, ' ');
    }
    return at != NULL ? strtoull(at + 1, NULL, 10) : 0;
}

/* Whether the process is there, is the one that the runtime started, and not a zombie. */
static bool is_alive(struct work *work, const struct ocn_runtime_process *process)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf stat = { 0 };

    if (!ocn_node_has(&work->node, "/proc/version")) {
        return true; /* a tree of files: nothing of it runs, all of it is shown */
    }
    if (read_proc(work, process->pid, "stat", &stat) < 0) {
        return false;
    }
    const char *state = strrchr(stat.ptr, ')');
    return state != NULL && strncmp(state, ") Z", 3) != 0 && strncmp(state, ") X", 3) != 0 &&
           (process->start == 0 || read_start(stat.ptr) == process->start);
}

/* The second number behind @key, "Uid:" or "Gid:": the effective id. */
static bool read_id(const char *status, const char *key, uint32_t *ret)
{
    const char *at = strstr(status, key);
    unsigned long real = 0;
    unsigned long effective = 0;

    if (at == NULL) {
        return false;
    }
    at += strlen(key);
    if (!ocn_io_take_number(&at, &real) || !ocn_io_take_number(&at, &effective)) {
        return false;
    }
    *ret = (uint32_t)effective;
    return true;
}

/* What the user namespace of the process calls @id, by a map as user_namespaces(7) has it. */
static uint32_t map_id(const char *map, uint32_t id)
{
    unsigned long inside = 0;
    unsigned long outside = 0;
    unsigned long count = 0;

    while (ocn_io_take_number(&map, &inside) && ocn_io_take_number(&map, &outside) &&
           ocn_io_take_number(&map, &count)) {
        if (id >= outside && id - outside < count) {
            return (uint32_t)(inside + (id - outside));
        }
    }
    return id;
}

static void read_user(struct work *work)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf status = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf uids = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf gids = { 0 };
    uint32_t pid = work->status.pid;
    uint32_t uid = 0;
    uint32_t gid = 0;

    if (pid == 0 || read_proc(work, pid, "status", &status) < 0 ||
        !read_id(status.ptr, "\nUid:", &uid) || !read_id(status.ptr, "\nGid:", &gid)) {
        return;
    }
    work->status.has_user = 1;
    work->status.uid = read_proc(work, pid, "uid_map", &uids) == 0 ? map_id(uids.ptr, uid) : uid;
    work->status.gid = read_proc(work, pid, "gid_map", &gids) == 0 ? map_id(gids.ptr, gid) : gid;
}

/* ---- the files ---------------------------------------------------------------------------- */

/* The text of the state file; *ret_runtime is NULL where there is none. */
static int read_state(struct work *work, struct ocn_buf *ret, const char **ret_path,
                      const char **ret_runtime, struct ocn_error *err)
{
    for (size_t i = 0; i < OCN_COUNT(state_files); i++) {
        struct ocn_error failed = { 0 };
        const char *path =
            ocn_arena_printf(&work->arena, "%s/%s", work->place->path, state_files[i].name);
        if (ocn_node_read(&work->node, path, ret, &failed) == 0) {
            *ret_path = path;
            *ret_runtime = state_files[i].runtime;
            return 0;
        }
        if (failed.code != OCN_E_NOENT) {
            *err = failed;
            return -1;
        }
    }
    *ret_runtime = NULL;
    return 0;
}

/* Where a path of the node that may be relative to the bundle lies for us; NULL: it failed. */
static const char *locate(struct work *work, const char *path, struct ocn_error *err)
{
    const char *ret = NULL;
    const char *whole =
        path[0] == '/' ? path : ocn_arena_printf(&work->arena, "%s/%s", work->state.bundle, path);

    return ocn_node_real(&work->node, &work->arena, whole, &ret, err) == 0 ? ret : NULL;
}

/*
 * A rootless engine, or one in a container of its own, mounts its images where nobody else sees
 * them: what lies at that path here is then another directory, and says nothing of the container.
 */
static int check_visible(struct work *work, struct ocn_error *err)
{
    const char *root = work->root != NULL ? work->root : "";
    struct stat seen;
    struct stat here;

    if (work->state.rootfs == NULL || work->status.pid == 0) {
        return 0;
    }
    const char *own = locate(work, work->state.rootfs, err);
    const char *link = ocn_arena_printf(&work->arena, "%s/proc/%u/root", root, work->status.pid);
    if (own == NULL) {
        return -1;
    }
    if (stat(link, &seen) < 0 ||
        (stat(own, &here) == 0 && here.st_dev == seen.st_dev && here.st_ino == seen.st_ino)) {
        return 0;
    }
    return ocn_fail(err, OCN_E_UNSUPPORTED, work->state.rootfs,
                    "the container's root file system is mounted where only its engine sees it "
                    "(rootless, or itself in a container); run ocinorm there");
}

/* The state names the bundle, and the bundle may have become another container's. */
static int tell_config(struct work *work, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf config = { 0 };
    const char *directory = locate(work, work->state.bundle, err);

    if (directory == NULL) {
        return -1;
    }
    const char *path = ocn_arena_printf(&work->arena, "%s/config.json", directory);
    if (say(SAYS_DIRECTORY, directory) < 0 ||
        ocn_io_read_file(path, OCN_CONFIG_MAX_SIZE, &config, err) < 0 ||
        (ocn_node_is_this_machine(&work->node) &&
         ocn_runtime_state_check(&work->state, ocn_buf_bytes(&config), &work->arena, err) < 0)) {
        return -1;
    }
    for (size_t done = 0; done < config.len;) {
        size_t left = config.len - done;
        const struct ocn_bytes part = { config.ptr + done, left < CHUNK ? left : CHUNK };
        if (ocn_child_send(SAYS_CONFIG, part, err) < 0) {
            return -1;
        }
        done += part.len;
    }
    return 0;
}

static int tell_status(const struct work *work)
{
    return ocn_child_send(
        SAYS_STATUS, (struct ocn_bytes){ (const char *)&work->status, sizeof(work->status) }, NULL);
}

static int examine(struct work *work, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_runtime_process process;
    const char *path = NULL;
    const char *runtime = NULL;

    if (ocn_node_open(work->root, &work->node, err) < 0 ||
        read_state(work, &text, &path, &runtime, err) < 0) {
        return -1;
    }
    if (runtime == NULL) {
        return 0;
    }
    ocn_runtime_state_process(ocn_buf_bytes(&text), &process);
    if (process.pid == 0) {
        return ocn_fail(err, OCN_E_FORMAT, path, "names no process");
    }
    if (!is_alive(work, &process)) {
        work->status.state = OCN_LOOK_ENDED;
        return 0;
    }
    work->status.state = OCN_LOOK_RUNS;
    work->status.pid = process.pid;
    read_user(work);
    if (ocn_runtime_state_read(ocn_buf_bytes(&text), path, &work->arena, &work->state, err) < 0) {
        return -1;
    }
    /* What is known is told before a volume is touched that may keep us. */
    if (tell_status(work) < 0 || say(SAYS_RUNTIME, runtime) < 0 ||
        say(SAYS_BUNDLE, work->state.bundle) < 0) {
        return -1;
    }
    const char *name = ocn_running_name(&work->node, &work->arena, work->place->id, &work->state);
    if (name != NULL && say(SAYS_NAME, name) < 0) {
        return -1;
    }
    return check_visible(work, err) < 0 ? -1 : tell_config(work, err);
}

static int work_and_tell(void *ctx)
{
    struct work *work = ctx;
    struct ocn_error err = { 0 };
    char line[sizeof(err.where) + sizeof(err.msg) + 2];

    work->status.state = OCN_LOOK_NONE;
    int result = examine(work, &err);
    if (ocn_arena_check(&work->arena, &err) < 0 || result < 0) {
        /* What is there and cannot be read is a container, until it is known to be none. */
        work->status.state = OCN_LOOK_RUNS;
        (void)snprintf(line, sizeof(line), "%s%s%s", err.where, err.where[0] != '\0' ? ": " : "",
                       err.msg);
        if (say(SAYS_PROBLEM, line) < 0) {
            return -1;
        }
    }
    return tell_status(work) < 0 ? -1 : say(SAYS_END, "");
}

/* ---- the parent --------------------------------------------------------------------------- */

static int take_text(struct ocn_bytes text, const char **place, struct ocn_arena *arena,
                     struct ocn_error *err)
{
    *place = ocn_arena_copy(arena, text.ptr, text.len);
    return ocn_arena_check(arena, err);
}

static void take_status(struct ocn_bytes bytes, struct ocn_look *ret)
{
    struct status status = { 0 };

    memcpy(&status, bytes.ptr, bytes.len < sizeof(status) ? bytes.len : sizeof(status));
    ret->state = (enum ocn_look_state)status.state;
    ret->pid = status.pid;
    ret->has_user = status.has_user != 0;
    ret->uid = status.uid;
    ret->gid = status.gid;
}

/* *ret_end is set: that was all. */
static int take(uint32_t kind, struct ocn_bytes bytes, struct ocn_arena *arena,
                struct ocn_look *ret, bool *ret_end, struct ocn_error *err)
{
    switch (kind) {
    case SAYS_PROBLEM:
        return take_text(bytes, &ret->problem, arena, err);
    case SAYS_STATUS:
        take_status(bytes, ret);
        return 0;
    case SAYS_BUNDLE:
        return take_text(bytes, &ret->bundle, arena, err);
    case SAYS_DIRECTORY:
        return take_text(bytes, &ret->directory, arena, err);
    case SAYS_RUNTIME:
        return take_text(bytes, &ret->runtime, arena, err);
    case SAYS_NAME:
        return take_text(bytes, &ret->name, arena, err);
    case SAYS_CONFIG:
        ocn_buf_add(&ret->config, bytes.ptr, bytes.len);
        return ocn_buf_check(&ret->config, err);
    case SAYS_END:
    default:
        *ret_end = true;
        return 0;
    }
}

int ocn_look_at(const char *root, const struct ocn_place *place, struct ocn_arena *arena,
                struct ocn_look *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    struct work work = { .root = root, .place = place };
    bool end = false;

    if (ocn_child_start(&child, work_and_tell, &work, err) < 0) {
        return -1;
    }
    while (!end) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
        uint32_t kind = 0;
        if (ocn_child_receive(&child, &kind, &bytes, NULL) < 0) {
            ret->state = OCN_LOOK_RUNS;
            ret->problem = "its files give no answer: on a volume that is gone, maybe";
            return 0;
        }
        if (take(kind, ocn_buf_bytes(&bytes), arena, ret, &end, err) < 0) {
            return -1;
        }
    }
    return 0;
}

void ocn_look_done(struct ocn_look *look)
{
    ocn_buf_done(&look->config);
    *look = (struct ocn_look){ 0 };
}
