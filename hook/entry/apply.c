/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/entry/apply.h"

#include <fcntl.h>
#if defined(__GLIBC__)
#include <malloc.h>
#endif
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "hook/confine/child.h"
#include "hook/confine/seccomp_filter.h"
#include "hook/entry/hold.h"
#include "hook/entry/plan.h"
#include "hook/entry/remount.h"
#include "hook/sys/io.h"
#include "normalize/json/json.h"
#include "normalize/node/idmap.h"
#include "normalize/rules/entry_mode.h"

#define PROGRAM_MAX_SIZE ((size_t)1 << 20)
#define PATH_SIZE 4096
#define HIGHEST_PRIORITY (-20)

/* A file, as private memory. */
struct mapping {
    char *ptr;
    size_t len;
};

/* All that the helper needs is opened and read before it leaves the host's mounts. */
struct job {
    const struct ocn_entry_site *site;
    struct ocn_outcome *outcome;
    char mounts[64];        /* the container's mount namespace, as a path in /proc */
    struct mapping program; /* with the plan in it */
    struct ocn_buf mountinfo;
    struct ocn_hold_end end;                         /* what the plan makes of the process */
    const struct ocn_grant *volumes[OCN_GRANTS_MAX]; /* that are to be mapped */
    size_t volumes_len;
    int users_fd; /* the user namespace that they are mapped by; -1: there are none */
};

/* What the child says at its end; without that, the worst is assumed. */
struct report {
    bool done;
    bool dirty;
    struct ocn_error err;
    size_t left; /* volumes that could not be mapped; the first of them, and why */
    uint32_t first;
    char why[OCN_REMOUNT_WHY_SIZE];
};

static void finish(struct job *job)
{
    if (job->program.ptr != NULL) {
        (void)munmap(job->program.ptr, job->program.len);
    }
    job->program = (struct mapping){ 0 };
    ocn_buf_done(&job->mountinfo);
    ocn_closep(&job->users_fd);
    job->users_fd = -1;
}

/* ---- on the host -------------------------------------------------------------------------- */

/*
 * Mapped, not read: most of it is the empty place of the plan, which then takes no memory. Whoever
 * cuts the node's program meanwhile ends the hook (SIGBUS), and with it the start.
 */
static int map_file(const char *path, struct mapping *ret, struct ocn_error *err)
{
    struct stat st;

    ocn_autoclose int fd = open(path, OCN_IO_READING);
    if (fd < 0 || fstat(fd, &st) < 0) {
        return ocn_fail_sys(err, errno, path, "cannot open");
    }
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || (uint64_t)st.st_size > PROGRAM_MAX_SIZE) {
        return ocn_fail(err, OCN_E_FORMAT, path, "is no program of at most %zu bytes",
                        PROGRAM_MAX_SIZE);
    }
    void *place = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (place == MAP_FAILED) {
        return ocn_fail_sys(err, errno, path, "cannot map");
    }
    *ret = (struct mapping){ place, (size_t)st.st_size };
    return 0;
}

/* Beside the hook, as it is built, or else where it is installed. */
static int map_program(struct mapping *ret, struct ocn_error *err)
{
    struct ocn_error beside = { 0 };
    char path[PATH_SIZE];

    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof("/" OCN_ENTRY_PROGRAM));
    char *slash = len > 0 ? memrchr(path, '/', (size_t)len) : NULL;
    if (slash != NULL) {
        memcpy(slash + 1, OCN_ENTRY_PROGRAM, sizeof(OCN_ENTRY_PROGRAM));
        if (map_file(path, ret, &beside) == 0) {
            return 0;
        }
        if (beside.code != OCN_E_NOENT) {
            *err = beside;
            return -1;
        }
    }
    return map_file(OCN_ENTRY_INSTALLED, ret, err);
}

static int read_mountinfo(uint32_t pid, struct ocn_buf *ret, struct ocn_error *err)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%u/mountinfo", pid);
    return ocn_io_read_file(path, OCN_MOUNTINFO_MAX_SIZE, ret, err);
}

/* The hook must never mount anything on the host. */
static int check_mounts(struct job *job, struct ocn_error *err)
{
    struct stat theirs;
    struct stat ours;

    (void)snprintf(job->mounts, sizeof(job->mounts), "/proc/%u/ns/mnt", job->site->pid);
    if (stat(job->mounts, &theirs) < 0) {
        return ocn_fail_sys(err, errno, job->mounts, "cannot open the container's mount namespace");
    }
    if (stat("/proc/self/ns/mnt", &ours) < 0) {
        return ocn_fail_sys(err, errno, "/proc/self/ns/mnt", "cannot stat");
    }
    if (ours.st_dev == theirs.st_dev && ours.st_ino == theirs.st_ino) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, NULL,
                        "the container has no mount namespace of its own");
    }
    return 0;
}

/* What the process is to be, by the plan; all of it is false if there is none. */
static int read_end(struct ocn_bytes plan, struct ocn_hold_end *ret, struct ocn_error *err)
{
    struct ocn_entry_plan read;

    if (!ocn_entry_plan_read(plan.ptr, plan.len, &read)) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "the plan that was just built cannot be read");
    }
    const struct ocn_entry_head *head = read.head;
    *ret = (struct ocn_hold_end){
        .lowered = (head->flags & OCN_ENTRY_LOWER) != 0,
        .no_new_privs = (head->flags & OCN_ENTRY_NO_NEW_PRIVS) != 0,
        .uid = head->uid,
        .gid = head->gid,
        .groups_len = head->groups_len,
        .capabilities = head->ambient,
        .gives_stdio = head->uid != head->from_uid,
    };
    return 0;
}

/* ---- volumes ------------------------------------------------------------------------------ */

/* What is left as it is denies nobody; the user may find it closed. */
static int warn_unmapped(const struct job *job, const struct ocn_grant *first, bool more,
                         const char *why, struct ocn_error *err)
{
    struct ocn_outcome *outcome = job->outcome;

    return ocn_entry_mode_warn(outcome, OCN_RULE_USER_VOLUMES,
                               ocn_arena_printf(&outcome->arena, "volume %s%s is not mapped: %s",
                                                first != NULL ? first->destination : "",
                                                more ? " (and more)" : "", why),
                               "chown it, or start the container through ocinorm-runtime", err);
}

/* The id at which the edit of the user or of the group ends; @own where there is none. */
static uint32_t new_id(const struct ocn_outcome *outcome, enum ocn_edit_id id, uint32_t own)
{
    const struct ocn_edit *edit = ocn_edit_find(outcome->edits, outcome->edits_len, id);
    unsigned long number = 0;
    const char *at = edit != NULL ? edit->to : "";

    return ocn_io_take_number(&at, &number) ? (uint32_t)number : own;
}

/* The grants that edits are about: those edits were checked against them (judge/edits.c). */
static void choose_volumes(struct job *job)
{
    const struct ocn_outcome *outcome = job->outcome;
    const struct ocn_grants *grants = job->site->grants;

    for (size_t i = 0; grants != NULL && i < outcome->edits_len; i++) {
        const struct ocn_edit *edit = &outcome->edits[i];
        const char *at = edit->path + sizeof("/mounts/") - 1;
        unsigned long number = 0;
        if (ocn_edit_row(edit) != &ocn_edit_rows[OCN_EDIT_VOLUME_UIDS] ||
            !ocn_io_take_number(&at, &number)) {
            continue;
        }
        const struct ocn_grant *grant = ocn_grant_find(grants, (uint32_t)number);
        if (grant != NULL && job->volumes_len < OCN_GRANTS_MAX) {
            job->volumes[job->volumes_len++] = grant;
        }
    }
}

/* One map does for all: that of the container's user. */
static int prepare_volumes(struct job *job, struct ocn_error *err)
{
    const struct ocn_oci_user *user = &job->site->user;
    struct ocn_error problem = { 0 };

    choose_volumes(job);
    if (job->volumes_len == 0) {
        return 0;
    }
    const struct ocn_idmap uids =
        ocn_idmap_swap(user->uid, new_id(job->outcome, OCN_EDIT_USER_UID, user->uid));
    const struct ocn_idmap gids =
        ocn_idmap_swap(user->gid, new_id(job->outcome, OCN_EDIT_USER_GID, user->gid));
    if (ocn_map_open(&uids, &gids, &job->users_fd, &problem) == 0) {
        return 0;
    }
    job->volumes_len = 0;
    return warn_unmapped(job, job->volumes[0], false, problem.msg, err);
}

static int prepare(struct job *job, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf plan = { 0 };

    if (job->site->pid <= 1) {
        return ocn_fail(err, OCN_E_FORMAT, "the state on stdin", "/pid names no container process");
    }
    if (ocn_entry_plan_build(job->site, job->outcome, &plan, err) < 0 ||
        check_mounts(job, err) < 0 || read_mountinfo(job->site->pid, &job->mountinfo, err) < 0 ||
        map_program(&job->program, err) < 0 || read_end(ocn_buf_bytes(&plan), &job->end, err) < 0 ||
        prepare_volumes(job, err) < 0) {
        return -1;
    }
    return ocn_entry_plan_put(ocn_buf_bytes(&plan), job->program.ptr, job->program.len, err);
}

/* ---- the helper, in the container's mounts ------------------------------------------------ */

static int enter(const struct job *job, struct ocn_error *err)
{
    ocn_autoclose int mounts_fd = open(job->mounts, O_RDONLY | O_CLOEXEC);

    if (mounts_fd < 0 || setns(mounts_fd, CLONE_NEWNS) < 0) {
        return errno == EPERM
                   ? ocn_fail(err, OCN_E_UNSUPPORTED, NULL,
                              "the hook may not enter the container's mount namespace")
                   : ocn_fail_sys(err, errno, NULL, "cannot enter the container's mount namespace");
    }
    return 0;
}

/* Before the program is covered, which may lie on one of them: its mount is another one then. */
static int map_volumes(struct job *job, const struct ocn_hold *hold, struct ocn_remounts *remounts,
                       struct ocn_error *err)
{
    const struct ocn_remount_site site = { .rootfs = job->site->rootfs,
                                           .grants = job->volumes,
                                           .len = job->volumes_len,
                                           .users_fd = job->users_fd,
                                           .proc_fd = hold->proc_fd };

    ocn_remount_put(&site, remounts);
    if (remounts->len == 0) {
        return 0;
    }
    ocn_buf_done(&job->mountinfo);
    ocn_autoclose int fd = openat(hold->proc_fd, "mountinfo", O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? ocn_io_read_fd(fd, "mountinfo", OCN_MOUNTINFO_MAX_SIZE, &job->mountinfo, err)
                   : ocn_fail_sys(err, errno, "mountinfo", "cannot read the container's mounts");
}

/* Covers, and then seizes: what only lies there can be taken back. */
static int catch (struct job *job, struct ocn_hold *hold, struct ocn_remounts *remounts,
                  bool *ret_dirty, struct ocn_error *err)
{
    struct ocn_cover_site site = {
        .rootfs = job->site->rootfs,
        .targets_len = job->site->targets_len,
        .start_hooks = &job->site->start_hooks,
        .label = job->site->mount_label,
        .program = { job->program.ptr, job->program.len },
    };
    bool held = false;

    memcpy(site.targets, job->site->targets, sizeof(site.targets));
    if (ocn_hold_open(hold, (pid_t)job->site->pid, &job->end, job->site->about, err) < 0) {
        return -1;
    }
    if (hold->traced && !hold->traced_by_us) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, NULL,
                        "the container's process is traced already (strace?)");
    }
    site.again = hold->traced_by_us;
    if (enter(job, err) < 0) {
        return -1;
    }
    if (!site.again && map_volumes(job, hold, remounts, err) < 0) {
        return -1;
    }
    site.mountinfo = ocn_buf_bytes(&job->mountinfo);
    if (ocn_cover_put(&site, &hold->cover, ret_dirty, err) < 0) {
        return -1;
    }
    if (hold->cover.found || ocn_hold_seize(hold, &held, err) == 0) {
        return 0;
    }
    *ret_dirty = ocn_cover_lift(&hold->cover) < 0 || held;
    return -1;
}

/* Nothing of the runtime's. The container waits for us, shortly, and on a busy node too. */
static void become_helper(void)
{
    (void)setpriority(PRIO_PROCESS, 0, HIGHEST_PRIORITY);
    (void)prctl(PR_SET_DUMPABLE, 0);
    (void)prctl(PR_SET_NAME, "ocinorm-hold");
    (void)setsid();
    (void)umask(022);
}

/* The memory of the hook that it was is not the helper's. */
static void forget(struct job *job)
{
    finish(job);
    if (job->site->forget != NULL) {
        job->site->forget(job->site->ctx);
    }
#if defined(__GLIBC__)
    (void)malloc_trim(0);
#endif
}

static int work(void *ctx)
{
    OCN_CLEANUP(ocn_hold_done) struct ocn_hold hold;
    OCN_CLEANUP(ocn_remount_done) struct ocn_remounts remounts;
    struct job *job = ctx;
    struct report report = { 0 };

    job->users_fd = job->users_fd >= 0 ? OCN_CHILD_FD + 1 : -1; /* where it is here */
    ocn_hold_init(&hold);
    ocn_remount_init(&remounts);
    /* A runtime that gives up on the hook must not leave half of it at work. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    become_helper();
    report.done = catch (job, &hold, &remounts, &report.dirty, &report.err) == 0;
    if (!report.done) {
        /* Who starts all the same, by policy, starts as root, and finds what root had. */
        report.dirty = ocn_remount_lift(&remounts) < 0 || report.dirty;
    }
    report.left = remounts.left;
    report.first = remounts.first;
    memcpy(report.why, remounts.why, sizeof(report.why));
    ocn_remount_done(&remounts);
    (void)prctl(PR_SET_PDEATHSIG, 0);
    if (ocn_child_send(0, (struct ocn_bytes){ (const char *)&report, sizeof(report) }, NULL) < 0 ||
        !report.done || hold.cover.found) {
        return 0;
    }
    (void)close(OCN_CHILD_FD);
    forget(job);
    ocn_hold_run(&hold);
    return 0;
}

static int run(struct job *job, bool *ret_unsafe, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf message = { 0 };
    struct report report;
    uint32_t kind = 0;

    const struct ocn_child_options options = { .descriptors = &job->users_fd,
                                               .descriptors_len = job->users_fd >= 0 ? 1 : 0 };

    if (ocn_child_start_with(&child, &options, work, job, NULL) < 0) {
        return ocn_fail_sys(err, errno, NULL, "cannot start a process to prepare the container");
    }
    *ret_unsafe = true; /* until it says otherwise */
    if (ocn_child_receive(&child, &kind, &message, NULL) < 0 || message.len != sizeof(report)) {
        return ocn_fail(err, OCN_E_IO, NULL,
                        "preparing the container crashed, or took longer than %d s",
                        OCN_CHILD_SECONDS);
    }
    memcpy(&report, message.ptr, sizeof(report));
    *ret_unsafe = report.dirty;
    if (!report.done) {
        *err = report.err;
        return -1;
    }
    ocn_child_leave(&child);
    if (report.left == 0) {
        return 0;
    }
    report.why[sizeof(report.why) - 1] = '\0';
    return warn_unmapped(job, ocn_grant_find(job->site->grants, report.first), report.left > 1,
                         report.why, err);
}

int ocn_apply_entry(const struct ocn_entry_site *site, struct ocn_outcome *outcome,
                    bool *ret_unsafe, struct ocn_error *err)
{
    OCN_CLEANUP(finish)
    struct job job = { .site = site, .outcome = outcome, .users_fd = -1 };
    struct ocn_error problem = { 0 };

    *ret_unsafe = false;
    if (prepare(&job, &problem) == 0 && run(&job, ret_unsafe, &problem) == 0) {
        return 0;
    }
    if (problem.code == OCN_E_UNSUPPORTED && !*ret_unsafe) {
        return ocn_entry_mode_refuse(outcome, problem.msg, err);
    }
    *err = problem;
    return -1;
}
