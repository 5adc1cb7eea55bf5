/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/judge.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "hook/confine/child.h"
#include "hook/confine/confine.h"
#include "hook/judge/answer.h"
#include "hook/judge/edits.h"
#include "hook/policy/node_policy.h"
#include "hook/sys/io.h"
#include "hook/sys/prefault.h"
#include "hook/view/cpu.h"
#include "hook/view/dir_view.h"
#include "hook/view/try_32bit.h"
#include "normalize/node/idmap.h"
#include "normalize/rootfs/path.h"
#include "normalize/rules/volume.h"

/* Pages that a decision takes, of the child and then of the parent. */
#define CHILD_HEAP 9
#define CHILD_STACK 6
#define PARENT_HEAP 8
#define PARENT_STACK 3

/* Of one child; more is an attack. */
#define MAX_MESSAGES 64

/* What the child says. */
enum message {
    SAYS_ANSWER = 1,    /* hook/judge/answer.h; the last one */
    SAYS_POLICY,        /* numbers: a profile and rows of match; once, before the image is read */
    ASKS_FOR_NAMESPACE, /* a path; the reply is a struct namespace */
    ASKS_FOR_32BIT,     /* nothing; the reply is an enum ocn_runs: whether they run is tried */
    ASKS_FOR_MAPPING, /* numbers of mounts; the reply is as many struct ocn_mapping_answer; once */
};

/* A namespace is known by its inode; mode 0: it cannot be told. */
struct namespace
{
    uint64_t mode;
    uint64_t dev;
    uint64_t ino;
};

#define NAMESPACE_PATH_SIZE 64
#define MAX_SEEN 8 /* a pod shares five kinds of them at most */

/* Namespaces that config.json names, looked at before the child is there: asking costs two
 * wake-ups. */
struct seen {
    char path[NAMESPACE_PATH_SIZE];
    struct namespace namespace;
};

/* What to judge, as a mode asks. */
struct task {
    const struct ocn_world *world;
    const struct ocn_node_policy *policy;
    const struct ocn_subject *subject;
    struct seen seen[MAX_SEEN];
    size_t seen_len;
};

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

void ocn_judge_reap(struct ocn_judgement *judgement)
{
    if (judgement->has_child) {
        ocn_child_end(&judgement->child);
    }
    judgement->has_child = false;
}

void ocn_judge_done(struct ocn_judgement *judgement)
{
    ocn_judge_reap(judgement);
    ocn_outcome_free(judgement->outcome);
    ocn_container_free(judgement->container);
    ocn_config_free(judgement->config);
    ocn_arena_done(&judgement->arena);
    *judgement = (struct ocn_judgement){ 0 };
}

/* ---- namespaces of other processes -------------------------------------------------------- */

static bool skip(const char **at, const char *text)
{
    size_t len = strlen(text);
    bool there = strncmp(*at, text, len) == 0;

    *at += there ? len : 0;
    return there;
}

static bool skip_any(const char **at, const char *characters)
{
    size_t len = strspn(*at, characters);

    *at += len;
    return len != 0;
}

/*
 * /proc/PID/ns/NAME and /proc/PID/task/TID/ns/NAME. Looking at another process takes more power
 * than the child has; these paths are all that it may ask for, and no look at them ever waits.
 */
static bool is_namespace(const char *path)
{
    static const char digits[] = "0123456789";

    return skip(&path, "/proc/") && skip_any(&path, digits) &&
           (!skip(&path, "/task/") || skip_any(&path, digits)) && skip(&path, "/ns/") &&
           skip_any(&path, "abcdefghijklmnopqrstuvwxyz_") && *path == '\0';
}

static struct namespace look_at(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (struct namespace){ st.st_mode, st.st_dev, st.st_ino }
                                : (struct namespace){ 0 };
}

static const struct namespace *find_seen(const struct task *task, const char *path)
{
    for (size_t i = 0; i < task->seen_len; i++) {
        if (strcmp(task->seen[i].path, path) == 0) {
            return &task->seen[i].namespace;
        }
    }
    return NULL;
}

/*
 * Looks for string literals that are such a path, wherever they stand: no JSON is parsed here, and
 * a literal that means something else costs one stat(2). What is missed, the child asks for.
 */
static void see_namespaces(struct task *task)
{
    static const char begin[] = "\"/proc/";
    const char *end = task->subject->config.ptr + task->subject->config.len;
    const char *at = task->subject->config.ptr;

    while (task->seen_len < MAX_SEEN &&
           (at = memmem(at, (size_t)(end - at), begin, sizeof(begin) - 1)) != NULL) {
        struct seen *seen = &task->seen[task->seen_len];
        size_t left = (size_t)(end - ++at);
        const char *quote = memchr(at, '"', left < sizeof(seen->path) ? left : sizeof(seen->path));
        if (quote == NULL) {
            continue;
        }
        memcpy(seen->path, at, (size_t)(quote - at));
        seen->path[quote - at] = '\0';
        if (is_namespace(seen->path) && find_seen(task, seen->path) == NULL) {
            seen->namespace = look_at(seen->path);
            task->seen_len++;
        }
    }
}

/* ---- the child ---------------------------------------------------------------------------- */

/* The child's view: real directories, and the parent for what it cannot see itself. */
struct child_view {
    struct ocn_dir_view dir; /* first: the view's ctx is both */
    const struct task *task;
    int (*stat)(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err);
    enum ocn_runs (*runs_32bit)(void *ctx);
    bool has_tried; /* and what came of it */
    enum ocn_runs tried;
};

static int stat_or_ask(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err)
{
    const struct child_view *own = ctx;
    struct namespace reply = { 0 };

    if (ref.space != OCN_HOST || own->dir.captured || !is_namespace(ref.path)) {
        return own->stat(ctx, ref, ret, err);
    }
    const struct namespace *seen = find_seen(own->task, ref.path);
    if (seen != NULL) {
        reply = *seen;
    } else if (ocn_child_ask(ASKS_FOR_NAMESPACE, (struct ocn_bytes){ ref.path, strlen(ref.path) },
                             &reply, sizeof(reply), err) < 0) {
        return -1;
    }
    *ret = (struct ocn_stat){ .mode = (uint32_t)reply.mode, .dev = reply.dev, .ino = reply.ino };
    return 0;
}

/* The filter lets no process be made here, and no call of another architecture. */
static enum ocn_runs try_or_ask(void *ctx)
{
    struct child_view *own = ctx;
    const struct ocn_bytes nothing = { NULL, 0 };

    if (!own->has_tried) {
        own->tried = own->runs_32bit(ctx);
        if (own->tried == OCN_RUNS_UNKNOWN && !own->dir.captured &&
            ocn_child_ask(ASKS_FOR_32BIT, nothing, &own->tried, sizeof(own->tried), NULL) < 0) {
            own->tried = OCN_RUNS_UNKNOWN;
        }
        own->has_tried = true;
    }
    return own->tried;
}

/* What may be mapped is for the parent to say. */
static int ask_for_mapping(void *ctx, const uint32_t *mounts, size_t len,
                           struct ocn_mapping_answer *ret, struct ocn_error *err)
{
    const struct child_view *own = ctx;
    const struct ocn_bytes question = { (const char *)mounts, len * sizeof(*mounts) };

    if (own->dir.captured || len > OCN_GRANTS_MAX) {
        return 0; /* nobody can tell */
    }
    if (ocn_child_ask(ASKS_FOR_MAPPING, question, ret, len * sizeof(*ret), err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        ret[i].what[sizeof(ret[i].what) - 1] = '\0';
    }
    return 0;
}

/* The root file system as a path: relative to the bundle, absolute below world->root. */
static const char *locate_rootfs(const struct task *task, const struct ocn_container *container,
                                 struct ocn_arena *arena)
{
    const char *path = container->root.path != NULL ? container->root.path : "";
    const char *root = task->world->root;

    if (path[0] != '/') {
        return ocn_arena_printf(arena, "%s/%s", task->subject->bundle, path);
    }
    return ocn_arena_printf(arena, "%s%s", root != NULL ? root : "", path);
}

/* Names the file in an error that so far names a place in it. */
static int locate_config(struct ocn_error *err, const char *bundle)
{
    char path[sizeof(err->where)];
    int len = snprintf(path, sizeof(path), "%s/config.json", bundle);

    ocn_error_locate(err, len > 0 && (size_t)len < sizeof(path) ? path : "config.json", 0);
    return -1;
}

/* Of config.json in @bundle; NULL: of process.json. */
static void locate_faults(struct ocn_container *container, const char *bundle)
{
    for (size_t i = 0; i < OCN_BIND_PARTS; i++) {
        struct ocn_error *fault = container->faults.of[i];
        if (fault != NULL && bundle != NULL) {
            (void)locate_config(fault, bundle);
        } else if (fault != NULL) {
            ocn_error_locate(fault, "process.json", 0);
        }
    }
}

/* What the child works with. */
struct work {
    const struct task *task;
    struct ocn_confinement confinement;
    struct ocn_container *container;
    struct ocn_container *joined; /* exec only */
    struct ocn_config *config;    /* where the container's environment tells of another profile */
    struct ocn_policy policy;
    struct ocn_arena arena;
    struct child_view own;
};

static void finish_work(struct work *work)
{
    ocn_config_free(work->config);
    ocn_container_free(work->container);
    ocn_container_free(work->joined);
    ocn_dir_view_done(&work->own.dir);
    ocn_arena_done(&work->arena);
}

/* What config.json does not say. */
static void describe(struct ocn_container *container, const struct ocn_subject *subject)
{
    container->id = subject->id;
    container->bundle = subject->bundle;
    container->placeless = subject->placeless;
    container->runtime = subject->runtime != NULL ? ocn_strings_base_name(subject->runtime) : NULL;
    container->unedited = subject->unedited;
}

static int parse(struct work *work, struct ocn_error *err)
{
    const struct ocn_subject *subject = work->task->subject;
    bool exec = subject->event == OCN_ON_EXEC;
    struct ocn_container **named = exec ? &work->joined : &work->container;

    if (ocn_container_parse(subject->config, named, err) < 0) {
        return locate_config(err, subject->bundle);
    }
    describe(*named, subject);
    locate_faults(*named, subject->bundle);
    if (exec && ocn_container_join(work->joined, subject->process, &work->container, err) < 0) {
        ocn_error_locate(err, "process.json", 0);
        return -1;
    }
    if (exec) {
        locate_faults(work->container, NULL);
    }
    return 0;
}

/* The container that the files belong to. */
static const struct ocn_container *known(const struct work *work)
{
    return work->joined != NULL ? work->joined : work->container;
}

/*
 * Tells the parent, who makes the same policy of it: before the first byte of the image is read,
 * and also where it is the base, so that nothing which an image makes of this process can choose
 * another.
 */
static int tell_policy(uint32_t profile, const struct ocn_u32s *held, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf numbers = { 0 };

    ocn_buf_add(&numbers, (const char *)&profile, sizeof(profile));
    ocn_buf_add(&numbers, (const char *)held->items, held->len * sizeof(*held->items));
    return ocn_buf_check(&numbers, err) < 0
               ? -1
               : ocn_child_send(SAYS_POLICY, ocn_buf_bytes(&numbers), err);
}

static int select_policy(struct work *work, struct ocn_error *err)
{
    const struct ocn_node_policy *node = work->task->policy;
    uint32_t profile = ocn_node_policy_choose(node, &known(work)->process.env);
    struct ocn_identity identity;
    struct ocn_u32s held;

    if (ocn_node_policy_under(node, profile, &work->config, err) < 0) {
        return -1;
    }
    const struct ocn_config *config = work->config != NULL ? work->config : node->config;
    if (ocn_identity_read(known(work), &work->arena, &identity, err) < 0 ||
        ocn_config_match(config, &identity, known(work), &work->arena, &held, err) < 0 ||
        ocn_config_overlay(config, &held, &work->arena, &work->policy, err) < 0) {
        return -1;
    }
    return tell_policy(profile, &held, err);
}

/* A program asks its CPU itself, see dir_view.c: only a captured machine and RISC-V have a file. */
static bool reads_cpuinfo(const struct ocn_view *view)
{
    const struct ocn_dir_view *dir = view->ctx;

    return dir->captured || strcmp(view->host.machine, "riscv64") == 0;
}

static bool has_id_maps(const struct ocn_view *view)
{
    return !ocn_idmap_is_first(view);
}

/*
 * Where the node says what it can run (emulators, 32-bit support, its CPU), which ids we have, and
 * how pods are limited.
 */
static const struct {
    const char *path;
    bool is_dir;
    bool (*is_read)(const struct ocn_view *view); /* NULL: always, or nobody knows yet */
} node_facts[] = {
    { "/proc/sys", true, NULL },
    { "/proc/cmdline", false, NULL },
    { "/proc/cpuinfo", false, reads_cpuinfo },
    { "/proc/self/uid_map", false, has_id_maps },
    { "/proc/self/gid_map", false, has_id_maps },
    { "/sys/fs/cgroup", true, NULL },
};

/*
 * The root file system and the sources of bind mounts, for a program of the image lies nowhere
 * else, and what the node says of itself.
 */
static int confine_reads(struct work *work, const struct ocn_view *view, struct ocn_error *err)
{
    struct ocn_dir_view *dir = view->ctx;
    const struct ocn_oci_mount *mounts = known(work)->mounts.items;
    ocn_autoclose int rules = -1;

    if (ocn_confine_reads_begin(&work->confinement, &rules, err) < 0) {
        return -1;
    }
    if (rules < 0) {
        return 0;
    }
    if (dir->rootfs_fd >= 0 && ocn_confine_reads_allow(rules, dir->rootfs_fd, false, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < OCN_COUNT(node_facts); i++) {
        bool read = node_facts[i].is_read == NULL || node_facts[i].is_read(view);
        /* These few are closed by the end of the process. */
        int fact = read ? ocn_dir_view_find_host(dir, node_facts[i].path) : -1;
        if (fact >= 0 && ocn_confine_reads_allow(rules, fact, node_facts[i].is_dir, err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < known(work)->mounts.len; i++) {
        const char *path = ocn_path_source(known(work), &mounts[i], &work->arena);
        ocn_autoclose int source = path != NULL ? ocn_dir_view_find_host(dir, path) : -1;
        if (source >= 0 &&
            ocn_confine_reads_allow(rules, source, ocn_volume_is_secret(path), err) < 0) {
            return -1;
        }
    }
    return ocn_arena_check(&work->arena, err) < 0 ? -1 : ocn_confine_reads_end(&rules, err);
}

static int normalize(struct work *work, struct ocn_outcome **ret, struct ocn_error *err)
{
    struct child_view *own = &work->own; /* it is closed by the end of the process */
    const char *rootfs = locate_rootfs(work->task, known(work), &work->arena);

    if (ocn_arena_check(&work->arena, err) < 0 ||
        ocn_dir_view_open(&own->dir, rootfs, work->task->world->root, err) < 0) {
        return -1;
    }
    struct ocn_view view = ocn_dir_view_as_view(&own->dir);
    view.host.cpus = ocn_cpu_count();
    own->stat = view.stat;
    view.stat = stat_or_ask;
    own->runs_32bit = view.runs_32bit;
    view.runs_32bit = try_or_ask;
    view.map = ask_for_mapping;
    view.all_facts = work->task->world->all_facts;
    if (confine_reads(work, &view, err) < 0) {
        return -1;
    }
    switch (work->task->subject->event) {
    case OCN_ON_EXEC:
        return ocn_normalize_exec(work->container, work->joined, &work->policy, &view, ret, err);
    case OCN_ON_RESTORE:
        return ocn_normalize_restore(work->container, &work->policy, &view, ret, err);
    case OCN_ON_CREATE:
    case OCN_ON_CREATE_EXEC:
    default:
        return ocn_normalize(work->container, &work->policy, &view, ret, err);
    }
}

static int judge(struct work *work, struct ocn_outcome **ret, struct ocn_error *err)
{
    if (ocn_confine(&work->confinement, err) < 0 || parse(work, err) < 0 ||
        select_policy(work, err) < 0) {
        return -1;
    }
    return normalize(work, ret, err);
}

/* Everything that the child does. */
static int work_and_answer(void *ctx)
{
    OCN_CLEANUP(finish_work)
    struct work work = { .task = ctx,
                         .own = { .dir = { .rootfs_fd = -1, .host_fd = -1 }, .task = ctx } };
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    struct ocn_container nothing = { 0 }; /* for whom no applier asks */
    struct ocn_answer answer = { 0 };

    ocn_prefault(CHILD_HEAP, CHILD_STACK);
    work.policy = *ocn_config_base(work.task->policy->config);
    if (judge(&work, &outcome, &answer.error) == 0) {
        for (size_t i = 0; work.task->subject->untold && i < outcome->edits_len; i++) {
            outcome->edits[i].from = NULL;
        }
        answer.outcome = outcome;
        answer.container = work.task->subject->unedited ? work.container : &nothing;
    }
    if (ocn_answer_write(&answer, &bytes, &answer.error) < 0) {
        answer.outcome = NULL;
        bytes.len = 0;
        if (ocn_answer_write(&answer, &bytes, NULL) < 0) {
            return -1;
        }
    }
    if (ocn_child_send(SAYS_ANSWER, ocn_buf_bytes(&bytes), NULL) < 0) {
        return -1;
    }
    _exit(EXIT_SUCCESS); /* nobody waits for memory to be freed that goes with the process */
}

/* ---- the parent --------------------------------------------------------------------------- */

static int fail_garbage(struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_FORMAT, NULL, "malformed message from the confined parser");
}

/* Whether the child has told which policy holds. */
static bool has_policy(const struct ocn_judgement *judgement)
{
    return judgement->arena.head != NULL;
}

static int take_answer(const struct task *task, struct ocn_bytes bytes, struct ocn_judgement *ret,
                       struct ocn_error *err)
{
    OCN_CLEANUP(ocn_answer_done) struct ocn_answer answer = { 0 };
    bool exec = task->subject->event == OCN_ON_EXEC;
    const struct ocn_edits_bounds bounds = { .policy = &ret->policy,
                                             .event = task->subject->event,
                                             .text = exec ? task->subject->process
                                                          : task->subject->config,
                                             .joined = task->subject->config,
                                             .grants = &ret->grants };

    if (ocn_answer_read(bytes, &answer, err) < 0) {
        return -1;
    }
    if (answer.outcome == NULL) {
        if (err != NULL) {
            *err = answer.error;
        }
        return -1;
    }
    if (!has_policy(ret)) {
        return fail_garbage(err);
    }
    if (ocn_edits_check(&bounds, answer.outcome, err) < 0) {
        return -1;
    }
    if (task->subject->unedited && answer.outcome->edits_len != 0) {
        if (ocn_edits_check_container(&bounds, answer.container, err) < 0) {
            return -1;
        }
        ret->container = answer.container;
        answer.container = NULL;
    }
    ret->outcome = answer.outcome;
    answer.outcome = NULL;
    return 0;
}

/* Once: a second choice could only be an attacker's. */
static int take_policy(const struct task *task, struct ocn_bytes bytes, struct ocn_judgement *ret,
                       struct ocn_error *err)
{
    const struct ocn_node_policy *node = task->policy;
    struct ocn_u32s held = { .len = bytes.len / sizeof(uint32_t) };
    uint32_t profile;

    if (held.len-- == 0 || bytes.len % sizeof(uint32_t) != 0 || has_policy(ret)) {
        return fail_garbage(err);
    }
    held.items = ocn_arena_alloc(&ret->arena, bytes.len);
    if (held.items == NULL) {
        return ocn_fail_nomem(err);
    }
    memcpy(&profile, bytes.ptr, sizeof(profile));
    memcpy(held.items, bytes.ptr + sizeof(profile), held.len * sizeof(*held.items));
    if (ocn_node_policy_under(node, profile, &ret->config, err) < 0) {
        return -1;
    }
    return ocn_config_overlay(ret->config != NULL ? ret->config : node->config, &held, &ret->arena,
                              &ret->policy, err);
}

static int tell_namespace(const struct ocn_child *child, struct ocn_bytes path,
                          struct ocn_error *err)
{
    char text[NAMESPACE_PATH_SIZE] = "";

    if (path.len >= sizeof(text)) {
        return fail_garbage(err);
    }
    memcpy(text, path.ptr, path.len);
    if (strlen(text) != path.len || !is_namespace(text)) {
        return fail_garbage(err);
    }
    const struct namespace reply = look_at(text);
    ocn_child_reply(child, &reply, sizeof(reply));
    return 0;
}

static int tell_32bit(const struct ocn_child *child)
{
    const enum ocn_runs reply = ocn_try_32bit(child->left);

    ocn_child_reply(child, &reply, sizeof(reply));
    return 0;
}

/* Once, of a container that is created: what is granted bounds what the child may propose. */
static int tell_mapping(const struct task *task, const struct ocn_child *child,
                        struct ocn_bytes bytes, struct ocn_judgement *ret, struct ocn_error *err)
{
    const struct ocn_subject *subject = task->subject;
    const struct ocn_grant_site site = { .policy = &ret->policy,
                                         .config = subject->config,
                                         .bundle = subject->bundle,
                                         .runtime = subject->follower != NULL ? subject->follower
                                                                              : subject->runtime,
                                         .by_us = subject->unedited };
    struct ocn_mapping_answer answers[OCN_GRANTS_MAX] = { { .mapping = OCN_MAPPING_YES } };
    uint32_t mounts[OCN_GRANTS_MAX];
    const size_t len = bytes.len / sizeof(*mounts);

    if (bytes.len == 0 || bytes.len % sizeof(*mounts) != 0 || len > OCN_GRANTS_MAX ||
        ret->grants.asked || !has_policy(ret) || subject->event != OCN_ON_CREATE ||
        ret->policy.level[OCN_RULE_USER_VOLUMES] != OCN_LEVEL_EDIT) {
        return fail_garbage(err);
    }
    memcpy(mounts, bytes.ptr, bytes.len);
    if (ocn_grant_look(&site, mounts, len, answers, &ret->arena, &ret->grants, err) < 0) {
        return -1;
    }
    ocn_child_reply(child, answers, len * sizeof(*answers));
    return 0;
}

static int converse(const struct task *task, struct ocn_child *child, struct ocn_judgement *ret,
                    struct ocn_error *err)
{
    for (int i = 0; i < MAX_MESSAGES; i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
        uint32_t kind = 0;
        if (ocn_child_receive(child, &kind, &bytes, err) < 0) {
            return -1;
        }
        int status = 0;
        switch (kind) {
        case SAYS_ANSWER:
            return take_answer(task, ocn_buf_bytes(&bytes), ret, err);
        case SAYS_POLICY:
            status = take_policy(task, ocn_buf_bytes(&bytes), ret, err);
            break;
        case ASKS_FOR_NAMESPACE:
            status = tell_namespace(child, ocn_buf_bytes(&bytes), err);
            break;
        case ASKS_FOR_32BIT:
            status = tell_32bit(child);
            break;
        case ASKS_FOR_MAPPING:
            status = tell_mapping(task, child, ocn_buf_bytes(&bytes), ret, err);
            break;
        default:
            return fail_garbage(err);
        }
        if (status < 0) {
            return -1;
        }
    }
    return fail_garbage(err);
}

static int judge_confined(struct task *task, struct ocn_judgement *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };

    ret->policy = *ocn_config_base(task->policy->config);
    see_namespaces(task);
    if (ocn_child_start(&child, work_and_answer, task, err) < 0) {
        return -1;
    }
    ocn_prefault(PARENT_HEAP, PARENT_STACK); /* while the child is at it */
    if (converse(task, &child, ret, err) < 0) {
        return -1;
    }
    if (task->subject->lingers) {
        ocn_child_stop(&child);
        ret->child = child;
        ret->has_child = true;
        child = (struct ocn_child){ .pid = -1, .fd = -1 };
    }
    return 0;
}

int ocn_judge_container(const struct ocn_world *world, const struct ocn_node_policy *policy,
                        const struct ocn_subject *subject, struct ocn_judgement *ret,
                        struct ocn_error *err)
{
    struct task task = { .world = world, .policy = policy, .subject = subject };

    return judge_confined(&task, ret, err);
}
