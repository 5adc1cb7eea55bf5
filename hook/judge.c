/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "hook/answer.h"
#include "hook/child.h"
#include "hook/confine.h"
#include "hook/dir_view.h"
#include "hook/io.h"
#include "hook/node_policy.h"

/* Of one child; more is an attack. */
#define MAX_MESSAGES 64

/* What the child says. */
enum message {
    SAYS_ANSWER = 1,    /* hook/answer.h; the last one */
    SAYS_ON_ERROR,      /* an int: the container's own onError, before its image is looked at */
    ASKS_FOR_NAMESPACE, /* a path; the reply is a struct namespace */
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

/* What to judge, as a mouth asks. */
struct task {
    const struct ocn_world *world;
    const struct ocn_node_policy *policy;
    const char *bundle;
    const char *id; /* NULL: not known */
    struct ocn_bytes config;
    const struct ocn_bytes *process; /* exec only */
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

void ocn_judgement_done(struct ocn_judgement *judgement)
{
    ocn_outcome_free(judgement->outcome);
    ocn_container_free(judgement->container);
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
    const char *end = task->config.ptr + task->config.len;
    const char *at = task->config.ptr;

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
struct eyes {
    struct ocn_dir_view dir; /* first: the view's ctx is both */
    const struct task *task;
    int (*stat)(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err);
};

static int stat_or_ask(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err)
{
    const struct eyes *eyes = ctx;
    struct namespace reply = { 0 };

    if (ref.space != OCN_HOST || eyes->dir.captured || !is_namespace(ref.path)) {
        return eyes->stat(ctx, ref, ret, err);
    }
    const struct namespace *seen = find_seen(eyes->task, ref.path);
    if (seen != NULL) {
        reply = *seen;
    } else if (ocn_child_ask(ASKS_FOR_NAMESPACE, (struct ocn_bytes){ ref.path, strlen(ref.path) },
                             &reply, sizeof(reply), err) < 0) {
        return -1;
    }
    *ret = (struct ocn_stat){ .mode = (uint32_t)reply.mode, .dev = reply.dev, .ino = reply.ino };
    return 0;
}

/* The root file system as a path: relative to the bundle, absolute below world->root. */
static const char *locate_rootfs(const struct task *task, const struct ocn_container *container,
                                 struct ocn_arena *arena)
{
    const char *path = container->root.path != NULL ? container->root.path : "";
    const char *root = task->world->root;

    if (path[0] != '/') {
        return ocn_arena_printf(arena, "%s/%s", task->bundle, path);
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

/* What the child works with. */
struct work {
    const struct task *task;
    struct ocn_confinement confinement;
    struct ocn_container *container;
    struct ocn_container *joined; /* exec only */
    struct ocn_config *config;    /* where the container's environment tells of another profile */
    struct ocn_policy policy;
    struct ocn_arena arena;
};

static void finish_work(struct work *work)
{
    ocn_config_free(work->config);
    ocn_container_free(work->container);
    ocn_container_free(work->joined);
    ocn_arena_done(&work->arena);
}

static int parse(struct work *work, struct ocn_error *err)
{
    const struct task *task = work->task;
    struct ocn_container **named = task->process != NULL ? &work->joined : &work->container;

    if (ocn_container_parse(task->config, named, err) < 0) {
        return locate_config(err, task->bundle);
    }
    if (task->process != NULL &&
        ocn_container_join(work->joined, *task->process, &work->container, err) < 0) {
        ocn_error_locate(err, "process.json", 0);
        return -1;
    }
    work->container->id = task->id;
    return 0;
}

/* The container that the files belong to. */
static const struct ocn_container *known(const struct work *work)
{
    return work->joined != NULL ? work->joined : work->container;
}

/* The parent must know onError also if the image brings this process down. */
static int select_policy(struct work *work, struct ocn_error *err)
{
    const struct ocn_node_policy *node = work->task->policy;
    struct ocn_identity identity;

    if (ocn_node_policy_for(node, &known(work)->process.env, &work->config, err) < 0) {
        return -1;
    }
    ocn_identity_read(known(work), &identity);
    if (ocn_config_select(work->config != NULL ? work->config : node->config, &identity,
                          known(work), &work->arena, &work->policy, err) < 0) {
        return -1;
    }
    int on_error = work->policy.on_error;
    const struct ocn_bytes bytes = { (const char *)&on_error, sizeof(on_error) };
    return on_error == ocn_config_base(node->config)->on_error
               ? 0
               : ocn_child_send(SAYS_ON_ERROR, bytes, err);
}

/*
 * Where the node says what it can run (emulators, 32-bit support, its CPU), which ids we have, and
 * how pods are limited.
 */
static const struct {
    const char *path;
    bool is_dir;
} node_facts[] = { { "/proc/sys", true },           { "/proc/cmdline", false },
                   { "/proc/cpuinfo", false },      { "/proc/self/uid_map", false },
                   { "/proc/self/gid_map", false }, { "/sys/fs/cgroup", true } };

/*
 * The root file system and the sources of bind mounts, for a program of the image lies nowhere
 * else, and what the node says of itself.
 */
static int confine_reads(struct work *work, struct ocn_dir_view *dir, struct ocn_error *err)
{
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
        ocn_autoclose int fact = ocn_dir_view_find_host(dir, node_facts[i].path);
        if (fact >= 0 && ocn_confine_reads_allow(rules, fact, node_facts[i].is_dir, err) < 0) {
            return -1;
        }
    }
    for (size_t i = 0; i < known(work)->mounts.len; i++) {
        bool named = mounts[i].source != NULL && mounts[i].source[0] == '/';
        ocn_autoclose int source = named ? ocn_dir_view_find_host(dir, mounts[i].source) : -1;
        if (source >= 0 && ocn_confine_reads_allow(rules, source, false, err) < 0) {
            return -1;
        }
    }
    return ocn_confine_reads_end(&rules, err);
}

static void close_eyes(struct eyes *eyes)
{
    ocn_dir_view_done(&eyes->dir);
}

static int normalize(struct work *work, struct ocn_outcome **ret, struct ocn_error *err)
{
    OCN_CLEANUP(close_eyes)
    struct eyes eyes = { .dir = { .rootfs_fd = -1, .host_fd = -1, .cached_fd = -1 },
                         .task = work->task };
    const char *rootfs = locate_rootfs(work->task, known(work), &work->arena);

    if (rootfs == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_dir_view_open(&eyes.dir, rootfs, work->task->world->root, err) < 0) {
        return -1;
    }
    struct ocn_view view = ocn_dir_view_as_view(&eyes.dir);
    view.host.cpus = ocn_host_cpus();
    eyes.stat = view.stat;
    view.stat = stat_or_ask;
    view.all_facts = work->task->world->all_facts;
    if (confine_reads(work, &eyes.dir, err) < 0) {
        return -1;
    }
    return work->joined != NULL
               ? ocn_normalize_exec(work->container, work->joined, &work->policy, &view, ret, err)
               : ocn_normalize(work->container, &work->policy, &view, ret, err);
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
    OCN_CLEANUP(finish_work) struct work work = { .task = ctx };
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    struct ocn_answer answer = { 0 };

    work.policy = *ocn_config_base(work.task->policy->config);
    if (judge(&work, &outcome, &answer.error) == 0) {
        answer.outcome = outcome;
        answer.container = work.container;
    }
    answer.on_error = work.policy.on_error;
    answer.apply = work.policy.hook.apply;
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
    return ocn_fail(err, OCN_E_FORMAT, NULL, "the confined parser says what makes no sense");
}

static int take_answer(struct ocn_bytes bytes, struct ocn_judgement *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_answer_done) struct ocn_answer answer = { 0 };

    if (ocn_answer_read(bytes, &answer, err) < 0) {
        return -1;
    }
    ret->policy.on_error = answer.on_error;
    ret->policy.hook.apply = answer.apply;
    if (answer.outcome == NULL) {
        if (err != NULL) {
            *err = answer.error;
        }
        return -1;
    }
    ret->outcome = answer.outcome;
    ret->container = answer.container;
    answer = (struct ocn_answer){ 0 };
    return 0;
}

static int take_on_error(struct ocn_bytes bytes, struct ocn_judgement *ret, struct ocn_error *err)
{
    int on_error = 0;

    if (bytes.len != sizeof(on_error)) {
        return fail_garbage(err);
    }
    memcpy(&on_error, bytes.ptr, sizeof(on_error));
    if (on_error != OCN_ON_ERROR_DENY && on_error != OCN_ON_ERROR_WARN) {
        return fail_garbage(err);
    }
    ret->policy.on_error = on_error;
    return 0;
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

static int converse(struct ocn_child *child, struct ocn_judgement *ret, struct ocn_error *err)
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
            return take_answer(ocn_buf_bytes(&bytes), ret, err);
        case SAYS_ON_ERROR:
            status = take_on_error(ocn_buf_bytes(&bytes), ret, err);
            break;
        case ASKS_FOR_NAMESPACE:
            status = tell_namespace(child, ocn_buf_bytes(&bytes), err);
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
    return converse(&child, ret, err);
}

int ocn_judge_create(const struct ocn_world *world, const struct ocn_node_policy *policy,
                     const char *bundle, const char *id, struct ocn_bytes config,
                     struct ocn_judgement *ret, struct ocn_error *err)
{
    struct task task = {
        .world = world, .policy = policy, .bundle = bundle, .id = id, .config = config
    };

    return judge_confined(&task, ret, err);
}

int ocn_judge_exec(const struct ocn_world *world, const struct ocn_node_policy *policy,
                   const char *bundle, struct ocn_bytes config, struct ocn_bytes process,
                   struct ocn_judgement *ret, struct ocn_error *err)
{
    struct task task = {
        .world = world, .policy = policy, .bundle = bundle, .config = config, .process = &process
    };

    return judge_confined(&task, ret, err);
}
