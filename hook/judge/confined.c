/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/confined.h"

#include <stdio.h>
#include <string.h>

#include "hook/confine/child.h"
#include "hook/confine/confine.h"
#include "hook/judge/answer.h"
#include "hook/judge/question.h"
#include "hook/mounts/grant.h"
#include "hook/sys/io.h"
#include "hook/sys/prefault.h"
#include "hook/view/cpu.h"
#include "hook/view/dir_view.h"
#include "normalize/node/idmap.h"
#include "normalize/rootfs/path.h"
#include "normalize/rules/volume.h"

/* Pages that a decision takes. */
#define HEAP_PAGES 9
#define STACK_PAGES 6

/* ---- what it works with ------------------------------------------------------------------- */

struct work;

/*
 * The child's view: real directories, and the parent for what it cannot see itself. Nothing is
 * opened before the first look: who is exempt, is so by config.json.
 */
struct child_view {
    struct ocn_dir_view dir; /* first: the view's ctx is both */
    struct ocn_view of_dir;  /* what it is of .dir alone */
    struct ocn_view whole;   /* what the core is given */
    struct work *work;
    bool begun; /* and what came of it */
    int status;
    struct ocn_error problem;
    uint32_t cpus;
    bool has_tried; /* and what came of it */
    enum ocn_runs tried;
};

struct work {
    struct ocn_buf unsent; /* what the parent is told as soon as something is looked at */
    struct ocn_buf heard;  /* whose texts the question has */
    struct ocn_question question;
    struct ocn_node_policy node; /* its policy */
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
    ocn_node_policy_done(&work->node);
    ocn_buf_done(&work->heard);
    ocn_buf_done(&work->unsent);
}

/* The container that the files belong to. */
static const struct ocn_container *known(const struct work *work)
{
    return work->joined != NULL ? work->joined : work->container;
}

/* ---- what it may read --------------------------------------------------------------------- */

/* A program asks its CPU itself, see dir_view.c: only a captured machine and RISC-V have a file. */
static bool reads_cpuinfo(const struct ocn_view *view)
{
    const struct ocn_dir_view *dir = view->ctx;

    return dir->captured || strcmp(view->machine, "riscv64") == 0;
}

static bool has_id_maps(const struct ocn_view *view)
{
    return !view->in_first_user_namespace;
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

/* ---- what it sees ------------------------------------------------------------------------- */

/* The root file system as a path: relative to the bundle, absolute below world->root. */
static const char *locate_rootfs(struct work *work)
{
    const char *path = known(work)->root.path != NULL ? known(work)->root.path : "";
    const char *root = work->question.world.root;

    if (path[0] != '/') {
        return ocn_arena_printf(&work->arena, "%s/%s", work->question.subject.bundle, path);
    }
    return ocn_arena_printf(&work->arena, "%s%s", root != NULL ? root : "", path);
}

/* The file that says it is none that may be read once the view is open. */
static uint32_t count_cpus(void *ctx)
{
    struct child_view *own = ctx;

    own->cpus = own->cpus != 0 ? own->cpus : ocn_cpu_count();
    return own->cpus;
}

static int open_view(struct work *work, struct ocn_error *err)
{
    const char *rootfs = locate_rootfs(work);

    if (ocn_arena_check(&work->arena, err) < 0 || ocn_child_flush(&work->unsent, err) < 0 ||
        ocn_dir_view_set_rootfs(&work->own.dir, rootfs, err) < 0) {
        return -1;
    }
    (void)count_cpus(&work->own);
    /* The kernel makes two files of a namespace for who asks: once. */
    work->own.whole.in_first_user_namespace = ocn_idmap_is_first(&work->own.of_dir);
    return confine_reads(work, &work->own.whole, err);
}

/* To be called before every look. What is in the way is an error of all, see normalize(). */
static int begin(struct child_view *own, struct ocn_error *err)
{
    if (!own->begun) {
        own->begun = true;
        own->status = open_view(own->work, &own->problem);
    }
    if (own->status < 0 && err != NULL) {
        *err = own->problem;
    }
    return own->status;
}

static int ask(struct child_view *own, uint32_t kind, struct ocn_bytes question, void *reply,
               size_t len, struct ocn_error *err)
{
    return ocn_child_flush(&own->work->unsent, err) < 0
               ? -1
               : ocn_child_ask(kind, question, reply, len, err);
}

static int stat_or_ask(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err)
{
    struct child_view *own = ctx;
    struct ocn_namespace reply = { 0 };

    if (ref.space != OCN_HOST || own->dir.captured || !ocn_namespaces_has_form(ref.path)) {
        return begin(own, err) < 0 ? -1 : own->of_dir.stat(ctx, ref, ret, err);
    }
    const struct ocn_namespace *seen = ocn_namespaces_find(&own->work->question.seen, ref.path);
    if (seen != NULL) {
        reply = *seen;
    } else if (ask(own, OCN_ASKS_FOR_NAMESPACE, (struct ocn_bytes){ ref.path, strlen(ref.path) },
                   &reply, sizeof(reply), err) < 0) {
        return -1;
    }
    *ret = (struct ocn_stat){ .mode = (uint32_t)reply.mode, .dev = reply.dev, .ino = reply.ino };
    return 0;
}

static int readlink_then(void *ctx, struct ocn_ref ref, char *buf, size_t size,
                         struct ocn_error *err)
{
    struct child_view *own = ctx;

    return begin(own, err) < 0 ? -1 : own->of_dir.readlink(ctx, ref, buf, size, err);
}

static int read_then(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                     size_t *ret_len, struct ocn_error *err)
{
    struct child_view *own = ctx;

    return begin(own, err) < 0 ? -1 : own->of_dir.read_at(ctx, ref, offset, buf, len, ret_len, err);
}

static int list_then(void *ctx, struct ocn_ref ref, struct ocn_arena *arena, const char ***ret,
                     size_t *ret_len, struct ocn_error *err)
{
    struct child_view *own = ctx;

    return begin(own, err) < 0 ? -1 : own->of_dir.list(ctx, ref, arena, ret, ret_len, err);
}

/* The filter lets no process be made here, and no call of another architecture. */
static enum ocn_runs try_or_ask(void *ctx)
{
    struct child_view *own = ctx;
    const struct ocn_bytes nothing = { NULL, 0 };

    if (!own->has_tried) {
        own->tried = own->of_dir.runs_32bit(ctx);
        if (own->tried == OCN_RUNS_UNKNOWN && !own->dir.captured &&
            ask(own, OCN_ASKS_FOR_32BIT, nothing, &own->tried, sizeof(own->tried), NULL) < 0) {
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
    struct child_view *own = ctx;
    const struct ocn_bytes question = { (const char *)mounts, len * sizeof(*mounts) };

    if (own->dir.captured || len > OCN_GRANTS_MAX) {
        return 0; /* nobody can tell */
    }
    if (ask(own, OCN_ASKS_FOR_MAPPING, question, ret, len * sizeof(*ret), err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        ret[i].what[sizeof(ret[i].what) - 1] = '\0';
    }
    return 0;
}

/* ---- config.json ------------------------------------------------------------------------- */

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
    const struct ocn_subject *subject = &work->question.subject;
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

/* ---- the policy --------------------------------------------------------------------------- */

/*
 * Tells the parent, who makes the same policy of it: before the first byte of the image is read
 * (of who is exempt none is, so that it goes with the answer), and also where it is the base, so
 * that nothing which an image makes of this process can choose another.
 */
static int tell_policy(struct work *work, uint32_t profile, const struct ocn_u32s *held,
                       struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf numbers = { 0 };

    ocn_buf_add(&numbers, (const char *)&profile, sizeof(profile));
    ocn_buf_add(&numbers, (const char *)held->items, held->len * sizeof(*held->items));
    return ocn_buf_check(&numbers, err) < 0
               ? -1
               : ocn_child_put(&work->unsent, OCN_SAYS_POLICY, ocn_buf_bytes(&numbers), err);
}

static int select_policy(struct work *work, struct ocn_error *err)
{
    const struct ocn_node_policy *node = &work->node;
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
    return tell_policy(work, profile, &held, err);
}

/* ---- the outcome -------------------------------------------------------------------------- */

static int ask_core(struct work *work, struct ocn_outcome **ret, struct ocn_error *err)
{
    const struct ocn_view *view = &work->own.whole;

    switch (work->question.subject.event) {
    case OCN_ON_EXEC:
        return ocn_normalize_exec(work->container, work->joined, &work->policy, view, ret, err);
    case OCN_ON_RESTORE:
        return ocn_normalize_restore(work->container, &work->policy, view, ret, err);
    case OCN_ON_CREATE:
    case OCN_ON_CREATE_EXEC:
    default:
        return ocn_normalize(work->container, &work->policy, view, ret, err);
    }
}

static int fail_view(const struct child_view *own, struct ocn_error *err)
{
    *err = own->problem;
    return -1;
}

static int normalize(struct work *work, struct ocn_outcome **ret, struct ocn_error *err)
{
    struct child_view *own = &work->own; /* it is closed by the end of the process */

    if (ocn_dir_view_open(&own->dir, NULL, work->question.world.root, err) < 0) {
        return -1;
    }
    own->of_dir = ocn_dir_view_as_view(&own->dir);
    own->work = work;
    own->whole = own->of_dir;
    own->whole.stat = stat_or_ask;
    own->whole.readlink = readlink_then;
    own->whole.read_at = read_then;
    own->whole.list = list_then;
    own->whole.cpus = count_cpus;
    own->whole.runs_32bit = try_or_ask;
    own->whole.map = ask_for_mapping;
    own->whole.all_facts = work->question.world.all_facts;
    if (ask_core(work, ret, err) < 0) {
        return own->status < 0 ? fail_view(own, err) : -1;
    }
    /* Who is exempt needs no root file system; of all others it is asked for, and whoever looked
     * may have done without. */
    return (*ret)->exempt != NULL || begin(own, NULL) == 0 ? 0 : fail_view(own, err);
}

static int hear(struct work *work, struct ocn_error *err)
{
    work->question.policy = &work->node;
    return ocn_child_hear(&work->heard, err) < 0
               ? -1
               : ocn_question_read(ocn_buf_bytes(&work->heard), &work->question, err);
}

static int judge(struct work *work, struct ocn_outcome **ret, struct ocn_error *err)
{
    if (ocn_confine(&work->confinement, err) < 0 || hear(work, err) < 0 || parse(work, err) < 0 ||
        select_policy(work, err) < 0) {
        return -1;
    }
    return normalize(work, ret, err);
}

int ocn_confined_run(void *ctx)
{
    OCN_CLEANUP(finish_work)
    struct work work = { .own = { .dir = { .rootfs_fd = -1, .host_fd = -1 } } };
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = NULL;
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    struct ocn_container nothing = { 0 }; /* for whom no applier asks */
    struct ocn_answer answer = { 0 };

    (void)ctx;
    /* Also the first allocation, for which a libc may ask for what the filter forbids. */
    ocn_prefault(HEAP_PAGES, STACK_PAGES);
    if (judge(&work, &outcome, &answer.error) == 0) {
        for (size_t i = 0; work.question.subject.untold && i < outcome->edits_len; i++) {
            outcome->edits[i].from = NULL;
        }
        answer.outcome = outcome;
        answer.container = work.question.subject.unedited ? work.container : &nothing;
    }
    if (ocn_answer_write(&answer, &bytes, &answer.error) < 0) {
        answer.outcome = NULL;
        bytes.len = 0;
        if (ocn_answer_write(&answer, &bytes, NULL) < 0) {
            return -1;
        }
    }
    if (ocn_child_put(&work.unsent, OCN_SAYS_ANSWER, ocn_buf_bytes(&bytes), NULL) < 0 ||
        ocn_child_flush(&work.unsent, NULL) < 0) {
        return -1;
    }
    _exit(EXIT_SUCCESS); /* nobody waits for memory to be freed that goes with the process */
}
