/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/doctor/doctor.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "hook/confine/child.h"
#include "hook/confine/confine.h"
#include "hook/entry/hold.h"
#include "hook/policy/node_policy.h"
#include "hook/sys/io.h"
#include "normalize/oci/capability.h"

#define CGROUP2_MAGIC 0x63677270L

static const char area[] = "kernel";

/* ---- confined reading --------------------------------------------------------------------- */

/* A container of nobody: what it is judged to be does not matter, only that there is an answer. */
static const char tiny[] = "{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\".\"},"
                           "\"process\":{\"cwd\":\"/\",\"args\":[\"/ocinorm-doctor\"],"
                           "\"user\":{\"uid\":0,\"gid\":0}}}";

static int judge_tiny(struct ocn_error *err)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };
    const struct ocn_world world = { 0 };

    if (ocn_config_load(NULL, 0, &policy.config, err) < 0) {
        return -1;
    }
    const struct ocn_subject subject = { .event = OCN_ON_CREATE,
                                         .bundle = "/",
                                         .config = { tiny, sizeof(tiny) - 1 } };
    return ocn_judge_container(&world, &policy, &subject, &judgement, err);
}

static void try_reading(struct ocn_doctor *doctor)
{
    struct ocn_checkup *checkup = &doctor->checkup;
    struct ocn_confinement found;
    struct ocn_error err = { 0 };
    char landlock[32] = "no Landlock";

    if (judge_tiny(&err) < 0) {
        ocn_checkup_add(checkup, OCN_CHECK_FAIL, area, "confined read", "%s", err.msg);
        ocn_checkup_fix(checkup, "every container would be refused: look for limits on this "
                                 "process (ulimit, a seccomp profile) and at dmesg");
        return;
    }
    ocn_confine_probe(&found);
    if (found.landlock_abi != 0) {
        (void)snprintf(landlock, sizeof(landlock), "Landlock ABI %d", found.landlock_abi);
    }
    ocn_checkup_add(checkup, OCN_CHECK_OK, area, "confined read",
                    "tried: the confined child answered; %s, %s, %s", landlock,
                    found.seccomp ? "seccomp" : "no seccomp",
                    found.openat2 ? "openat2" : "no openat2");
}

/* ---- what the hook needs ------------------------------------------------------------------ */

static int make_file(const char *path, mode_t mode)
{
    ocn_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    return fd < 0 ? -1 : 0;
}

/* A root file system with a program, in memory, where only we see it. */
static int make_container(const char *at, struct ocn_error *err)
{
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", at, "tmpfs", MS_NOSUID, "size=4m,mode=755") < 0 || chdir(at) < 0 ||
        make_file("program", 0755) < 0) {
        return ocn_fail_sys(err, errno, at, "cannot make a file system to try with");
    }
    return 0;
}

static int cover(const char *at, struct ocn_cover *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf mountinfo = { 0 };
    const struct ocn_bytes text = { "tried", 5 };
    struct stat program;
    bool dirty = false;

    if (stat("program", &program) < 0) {
        return ocn_fail_sys(err, errno, at, "cannot look at what was made");
    }
    if (ocn_io_read_file("/proc/self/mountinfo", OCN_MOUNTINFO_MAX_SIZE, &mountinfo, err) < 0) {
        return -1;
    }
    const struct ocn_cover_site site = {
        .rootfs = at,
        .targets = { { "/program", program.st_dev, program.st_ino } },
        .targets_len = 1,
        .program = text,
        .mountinfo = ocn_buf_bytes(&mountinfo),
    };
    return ocn_cover_put(&site, ret, &dirty, err);
}

/* A process that waits to be let go, and then executes a file. */
static pid_t start_process(int *ret_gate)
{
    int ends[2];
    char byte;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return -1;
    }
    ocn_autoclose int gate = ends[0];
    ocn_autoclose int ours = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(ours);
        ssize_t none = read(gate, &byte, 1);
        _exit(none == 0 ? execl("/proc/self/exe", "ocinorm", "--version", NULL) : EXIT_FAILURE);
    }
    *ret_gate = ours;
    ours = -1;
    return pid;
}

/* All that the hook mounts, in a mount namespace which ends with us, and on a container of none. */
static int try_mounts(struct ocn_error *err)
{
    static const char *const places[] = { "/tmp", "/run", "/mnt", "/var" };
    OCN_CLEANUP(ocn_cover_done) struct ocn_cover done;
    struct stat st;
    size_t i = 0;

    ocn_cover_init(&done);
    while (i + 1 < OCN_COUNT(places) && (stat(places[i], &st) < 0 || !S_ISDIR(st.st_mode))) {
        i++;
    }
    if (unshare(CLONE_NEWNS) < 0) {
        return ocn_fail_sys(err, errno, NULL, "cannot make a mount namespace");
    }
    if (make_container(places[i], err) < 0 || cover(places[i], &done, err) < 0) {
        return -1;
    }
    if (ocn_cover_lift(&done) < 0) {
        return ocn_fail_sys(err, errno, NULL, "cannot take away what was put over the program");
    }
    return chdir(places[i]) == 0 && stat("program", &st) == 0 && st.st_size == 0
               ? 0
               : ocn_fail(err, OCN_E_IO, NULL, "the program is still covered");
}

/* Whether a process can be held until it executes a file. */
static int try_trace(struct ocn_error *err)
{
    OCN_CLEANUP(ocn_hold_done) struct ocn_hold hold;
    ocn_autoclose int gate = -1;
    bool held = false;

    ocn_hold_init(&hold);
    pid_t pid = start_process(&gate);
    if (pid < 0) {
        return ocn_fail_sys(err, errno, NULL, "cannot start a process to try with");
    }
    int result = ocn_hold_open(&hold, pid, NULL, NULL, err);
    if (result == 0) {
        result = ocn_hold_seize(&hold, &held, err);
    }
    ocn_closep(&gate);
    gate = -1;
    if (result == 0 && !ocn_hold_await(&hold)) {
        result = ocn_fail(err, OCN_E_IO, NULL, "a process that is traced executed a file unseen");
    }
    (void)kill(pid, SIGKILL);
    return result;
}

static const struct attempt {
    const char *name;
    int (*make)(struct ocn_error *err);
    cap_value_t power; /* what it takes, where that is not everybody's */
    const char *good;
    const char *fix;
    bool by_pid; /* looks a process up in /proc */
} attempts[] = {
    { "entry mounts", try_mounts, CAP_SYS_ADMIN,
      "tried: the hook can put ocinorm-entry over a program, and take it away",
      "the hook cannot change a container here (Linux 5.12 can): use the runtime wrapper, which "
      "needs none of this",
      false },
    { "entry trace", try_trace, CAP_SYS_PTRACE,
      "tried: the hook can hold a process until it executes a file",
      "the hook cannot change a container here: use the runtime wrapper, which needs no ptrace",
      true },
};

/* What the child says at its end. */
struct trial {
    bool done;
    bool forbidden; /* we may not try */
    struct ocn_error err;
};

/* Root has it not in every container. Where the kernel does not say, the failure stands. */
static bool lacks(cap_value_t power)
{
    cap_t own = cap_get_proc();
    cap_flag_value_t has = CAP_SET;
    bool known = own != NULL && cap_get_flag(own, power, CAP_EFFECTIVE, &has) == 0;

    (void)cap_free(own);
    return known && has == CAP_CLEAR;
}

static int work(void *ctx)
{
    const struct attempt *attempt = ctx;
    struct trial trial = { 0 };

    trial.done = attempt->make(&trial.err) == 0;
    trial.forbidden = !trial.done && trial.err.sys == EPERM && lacks(attempt->power);
    return ocn_child_send(0, (struct ocn_bytes){ (const char *)&trial, sizeof(trial) }, NULL);
}

static void run_trial(const struct attempt *attempt, struct trial *ret)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf message = { 0 };
    uint32_t kind = 0;

    if (ocn_child_start(&child, work, (void *)(uintptr_t)attempt, NULL) < 0 ||
        ocn_child_receive(&child, &kind, &message, NULL) < 0 || message.len != sizeof(*ret)) {
        (void)ocn_fail(&ret->err, OCN_E_IO, NULL, "the attempt crashed, or took longer than %d s",
                       OCN_CHILD_SECONDS);
        return;
    }
    memcpy(ret, message.ptr, sizeof(*ret));
}

/* In a pod that sees the node's /proc a number in there is another process than the one we mean. */
static bool proc_is_ours(void)
{
    char self[32] = "";
    ssize_t len = readlink("/proc/self", self, sizeof(self) - 1);

    return len < 0 || strtol(self, NULL, 10) == (long)getpid();
}

static void try_hook(struct ocn_doctor *doctor, const struct attempt *attempt)
{
    struct ocn_checkup *checkup = &doctor->checkup;
    struct trial trial = { 0 };

    if (attempt->by_pid && !proc_is_ours()) {
        ocn_checkup_add(checkup, OCN_CHECK_UNKNOWN, area, attempt->name,
                        "not tried: /proc is that of another PID namespace");
        ocn_checkup_fix(checkup, "run ocinorm doctor on the node, not in a container");
        return;
    }
    run_trial(attempt, &trial);
    if (trial.done) {
        ocn_checkup_add(checkup, OCN_CHECK_OK, area, attempt->name, "%s", attempt->good);
    } else if (trial.forbidden) {
        ocn_checkup_add(checkup, OCN_CHECK_UNKNOWN, area, attempt->name, "not tried: this takes %s",
                        ocn_capability_name((unsigned)attempt->power));
        ocn_checkup_fix(checkup, "run ocinorm doctor as root on the node");
    } else {
        ocn_checkup_add_error(checkup, OCN_CHECK_FAIL, area, attempt->name, &trial.err);
        ocn_checkup_fix(checkup, "%s", attempt->fix);
    }
}

/* ---- cgroups ------------------------------------------------------------------------------ */

static void look_at_cgroups(struct ocn_doctor *doctor)
{
    struct statfs fs;

    if (statfs("/sys/fs/cgroup", &fs) < 0) {
        ocn_checkup_add(&doctor->checkup, OCN_CHECK_NOTE, area, "cgroups",
                        "/sys/fs/cgroup is not there: %s", strerror(errno));
        return;
    }
    bool hybrid = access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0;
    ocn_checkup_add(&doctor->checkup, OCN_CHECK_NOTE, area, "cgroups", "%s",
                    fs.f_type == CGROUP2_MAGIC ? "version 2"
                    : hybrid                   ? "version 1, beside version 2 (hybrid)"
                                               : "version 1");
}

void ocn_doctor_kernel(struct ocn_doctor *doctor)
{
    if (!doctor->live) {
        ocn_checkup_add(&doctor->checkup, OCN_CHECK_NOTE, area, "not tried",
                        "this is not the kernel of the tree below --root");
        return;
    }
    try_reading(doctor);
    for (size_t i = 0; i < OCN_COUNT(attempts); i++) {
        try_hook(doctor, &attempts[i]);
    }
    look_at_cgroups(doctor);
}
