/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/apply_entry.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "hook/child.h"
#include "hook/entry_plan.h"
#include "hook/io.h"
#include "hook/mounts.h"
#include "normalize/entry_mouth.h"

#define PROGRAM_MAX_SIZE ((size_t)1 << 20)
#define PATH_SIZE 4096

/* All that the child needs is opened and read before it leaves the host's mounts. */
struct job {
    const struct ocn_entry_site *site;
    const struct ocn_outcome *outcome;
    char mounts[64]; /* the container's mount namespace, as a path in /proc */
    struct ocn_buf program;
    struct ocn_buf plan;
    struct ocn_buf mountinfo;
    dev_t host_dev;
};

/* What the child says at its end; without that, the worst is assumed. */
struct report {
    bool done;
    bool dirty;
    struct ocn_error err;
};

static void finish(struct job *job)
{
    ocn_buf_done(&job->program);
    ocn_buf_done(&job->plan);
    ocn_buf_done(&job->mountinfo);
}

/* ---- on the host -------------------------------------------------------------------------- */

/* Beside the hook, as it is built, or else where it is installed. */
static int read_program(struct ocn_buf *ret, struct ocn_error *err)
{
    struct ocn_error beside = { 0 };
    char path[PATH_SIZE];

    ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - sizeof("/" OCN_ENTRY_PROGRAM));
    char *slash = len > 0 ? memrchr(path, '/', (size_t)len) : NULL;
    if (slash != NULL) {
        memcpy(slash + 1, OCN_ENTRY_PROGRAM, sizeof(OCN_ENTRY_PROGRAM));
        if (ocn_read_file(path, PROGRAM_MAX_SIZE, ret, &beside) == 0) {
            return 0;
        }
        if (beside.code != OCN_E_NOENT) {
            *err = beside;
            return -1;
        }
    }
    return ocn_read_file(OCN_ENTRY_INSTALLED, PROGRAM_MAX_SIZE, ret, err);
}

static int read_mountinfo(uint32_t pid, struct ocn_buf *ret, struct ocn_error *err)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%u/mountinfo", pid);
    return ocn_read_file(path, OCN_MOUNTINFO_MAX_SIZE, ret, err);
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

static int prepare(struct job *job, struct ocn_error *err)
{
    struct stat dev;

    if (job->site->pid <= 1) {
        return ocn_fail(err, OCN_E_FORMAT, "the state on stdin", "/pid names no container process");
    }
    if (stat("/dev", &dev) < 0) {
        return ocn_fail_sys(err, errno, "/dev", "cannot stat");
    }
    job->host_dev = dev.st_dev;
    if (ocn_entry_plan_build(job->site, job->outcome, &job->plan, err) < 0 ||
        check_mounts(job, err) < 0 || read_mountinfo(job->site->pid, &job->mountinfo, err) < 0) {
        return -1;
    }
    return read_program(&job->program, err);
}

/* ---- in the container's mounts ------------------------------------------------------------ */

static bool changes_privileges(const struct job *job)
{
    struct ocn_entry_plan plan;

    return job->site->no_new_privileges ||
           (ocn_entry_plan_read(job->plan.ptr, job->plan.len, &plan) &&
            (plan.head->flags & (OCN_ENTRY_LOWER | OCN_ENTRY_NO_NEW_PRIVS)) != 0);
}

static int install(const struct job *job, bool *ret_dirty, struct ocn_error *err)
{
    const struct ocn_mounts_site site = {
        .rootfs = job->site->rootfs,
        .entry = job->outcome->facts.entry.real,
        .entry_dev = job->outcome->facts.entry.dev,
        .entry_ino = job->outcome->facts.entry.ino,
        .label = job->site->mount_label,
        .masks = &job->site->masked,
        .program = ocn_buf_bytes(&job->program),
        .plan = ocn_buf_bytes(&job->plan),
        .mountinfo = ocn_buf_bytes(&job->mountinfo),
        .host_dev = job->host_dev,
        .plain = changes_privileges(job),
    };

    ocn_autoclose int mounts_fd = open(job->mounts, O_RDONLY | O_CLOEXEC);
    if (mounts_fd < 0 || setns(mounts_fd, CLONE_NEWNS) < 0) {
        return errno == EPERM
                   ? ocn_fail(err, OCN_E_UNSUPPORTED, NULL,
                              "the hook may not enter the container's mount namespace")
                   : ocn_fail_sys(err, errno, NULL, "cannot enter the container's mount namespace");
    }
    return ocn_mounts_install(&site, ret_dirty, err);
}

/* In a child, so that whoever reports and decides stays outside. */
static int work(void *ctx)
{
    const struct job *job = ctx;
    struct report report = { 0 };

    /* A runtime that gives up on the hook must not leave half of it at work. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)umask(022);
    report.done = install(job, &report.dirty, &report.err) == 0;
    return ocn_child_send(0, (struct ocn_bytes){ (const char *)&report, sizeof(report) }, NULL);
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
        return ocn_entry_mouth_refuse(outcome, problem.msg, err);
    }
    *err = problem;
    return -1;
}
