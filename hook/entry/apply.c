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
#include "hook/sys/io.h"
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
    const struct ocn_outcome *outcome;
    char mounts[64];        /* the container's mount namespace, as a path in /proc */
    struct mapping program; /* with the plan in it */
    struct ocn_buf mountinfo;
    struct ocn_hold_end end; /* what the plan makes of the process */
};

/* What the child says at its end; without that, the worst is assumed. */
struct report {
    bool done;
    bool dirty;
    struct ocn_error err;
};

static void finish(struct job *job)
{
    if (job->program.ptr != NULL) {
        (void)munmap(job->program.ptr, job->program.len);
    }
    job->program = (struct mapping){ 0 };
    ocn_buf_done(&job->mountinfo);
}

/* ---- on the host -------------------------------------------------------------------------- */

/*
 * Mapped, not read: most of it is the empty place of the plan, which then takes no memory. Whoever
 * cuts the node's program meanwhile ends the hook (SIGBUS), and with it the start.
 */
static int map_file(const char *path, struct mapping *ret, struct ocn_error *err)
{
    struct stat st;

    ocn_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
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

static int prepare(struct job *job, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf plan = { 0 };

    if (job->site->pid <= 1) {
        return ocn_fail(err, OCN_E_FORMAT, "the state on stdin", "/pid names no container process");
    }
    if (ocn_entry_plan_build(job->site, job->outcome, &plan, err) < 0 ||
        check_mounts(job, err) < 0 || read_mountinfo(job->site->pid, &job->mountinfo, err) < 0 ||
        map_program(&job->program, err) < 0 || read_end(ocn_buf_bytes(&plan), &job->end, err) < 0) {
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

/* Covers, and then seizes: what only lies there can be taken back. */
static int catch (struct job *job, struct ocn_hold *hold, bool *ret_dirty, struct ocn_error *err)
{
    struct ocn_cover_site site = {
        .rootfs = job->site->rootfs,
        .targets_len = job->site->targets_len,
        .start_hooks = &job->site->start_hooks,
        .label = job->site->mount_label,
        .program = { job->program.ptr, job->program.len },
        .mountinfo = ocn_buf_bytes(&job->mountinfo),
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
    if (enter(job, err) < 0 || ocn_cover_put(&site, &hold->cover, ret_dirty, err) < 0) {
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
    struct job *job = ctx;
    struct report report = { 0 };

    ocn_hold_init(&hold);
    /* A runtime that gives up on the hook must not leave half of it at work. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    become_helper();
    report.done = catch (job, &hold, &report.dirty, &report.err) == 0;
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

    if (ocn_child_start(&child, work, job, NULL) < 0) {
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
    return 0;
}

int ocn_apply_entry(const struct ocn_entry_site *site, struct ocn_outcome *outcome,
                    bool *ret_unsafe, struct ocn_error *err)
{
    OCN_CLEANUP(finish)
    struct job job = { .site = site, .outcome = outcome };
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
