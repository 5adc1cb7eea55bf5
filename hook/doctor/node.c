/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/doctor/doctor.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "hook/child.h"
#include "hook/confine.h"
#include "hook/io.h"
#include "hook/mounts.h"
#include "hook/node_policy.h"

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
    OCN_CLEANUP(ocn_judgement_done) struct ocn_judgement judgement = { 0 };
    const struct ocn_world world = { 0 };

    if (ocn_config_load(NULL, 0, &policy.config, err) < 0) {
        return -1;
    }
    return ocn_judge_create(&world, &policy, "/", NULL,
                            (struct ocn_bytes){ tiny, sizeof(tiny) - 1 }, &judgement, err);
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

/* ---- entry's mounts ----------------------------------------------------------------------- */

/* What the child says at its end. */
struct trial {
    bool done;
    bool forbidden; /* we may not try */
    struct ocn_error err;
};

static int make_file(const char *path, mode_t mode)
{
    ocn_autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);

    return fd < 0 ? -1 : 0;
}

/* A root file system with a /dev of its own and a program, in memory, where only we see it. */
static int make_container(const char *at, struct ocn_error *err)
{
    if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", at, "tmpfs", MS_NOSUID, "size=4m,mode=755") < 0 || chdir(at) < 0 ||
        mkdir("dev", 0755) < 0 || mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "size=4m") < 0 ||
        make_file("program", 0755) < 0) {
        return ocn_fail_sys(err, errno, at, "cannot make a file system to try with");
    }
    return 0;
}

static int install(const char *at, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf mountinfo = { 0 };
    const struct ocn_strings no_masks = { 0 };
    const struct ocn_bytes text = { "tried", 5 };
    struct stat dev;
    struct stat program;
    bool dirty = false;

    if (stat("/dev", &dev) < 0 || stat("program", &program) < 0) {
        return ocn_fail_sys(err, errno, "/dev", "cannot look at the mounts");
    }
    if (ocn_read_file("/proc/self/mountinfo", OCN_MOUNTINFO_MAX_SIZE, &mountinfo, err) < 0) {
        return -1;
    }
    const struct ocn_mounts_site site = {
        .rootfs = at,
        .entry = "/program",
        .entry_dev = program.st_dev,
        .entry_ino = program.st_ino,
        .masks = &no_masks,
        .program = text,
        .plan = text,
        .mountinfo = ocn_buf_bytes(&mountinfo),
        .host_dev = dev.st_dev,
    };
    if (ocn_mounts_install(&site, &dirty, err) < 0) {
        return -1;
    }
    return chdir(at) == 0 && stat("program", &program) == 0 && program.st_size == (off_t)text.len
               ? 0
               : ocn_fail(err, OCN_E_IO, NULL, "the program is not covered by what was mounted");
}

/* In a mount namespace of its own, which ends with the child. */
static int work(void *ctx)
{
    static const char *const places[] = { "/tmp", "/run", "/mnt", "/var" };
    struct trial trial = { 0 };
    struct stat st;
    size_t i = 0;

    (void)ctx;
    while (i + 1 < OCN_COUNT(places) && (stat(places[i], &st) < 0 || !S_ISDIR(st.st_mode))) {
        i++;
    }
    if (unshare(CLONE_NEWNS) < 0) {
        trial.forbidden = errno == EPERM;
        (void)ocn_fail_sys(&trial.err, errno, NULL, "cannot make a mount namespace");
    } else {
        trial.done =
            make_container(places[i], &trial.err) == 0 && install(places[i], &trial.err) == 0;
    }
    return ocn_child_send(0, (struct ocn_bytes){ (const char *)&trial, sizeof(trial) }, NULL);
}

static void run_trial(struct trial *ret)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf message = { 0 };
    uint32_t kind = 0;

    if (ocn_child_start(&child, work, NULL, NULL) < 0 ||
        ocn_child_receive(&child, &kind, &message, NULL) < 0 || message.len != sizeof(*ret)) {
        (void)ocn_fail(&ret->err, OCN_E_IO, NULL, "the attempt crashed, or took longer than %d s",
                       OCN_CHILD_SECONDS);
        return;
    }
    memcpy(ret, message.ptr, sizeof(*ret));
}

static void try_mounts(struct ocn_doctor *doctor)
{
    struct ocn_checkup *checkup = &doctor->checkup;
    struct trial trial = { 0 };

    run_trial(&trial);
    if (trial.done) {
        ocn_checkup_add(checkup, OCN_CHECK_OK, area, "entry mounts",
                        "tried: the hook can put ocinorm-entry over a program");
    } else if (trial.forbidden) {
        ocn_checkup_add(checkup, OCN_CHECK_UNKNOWN, area, "entry mounts",
                        "not tried: this takes CAP_SYS_ADMIN");
        ocn_checkup_fix(checkup, "run ocinorm doctor as root on the node");
    } else {
        ocn_checkup_add_error(checkup, OCN_CHECK_FAIL, area, "entry mounts", &trial.err);
        ocn_checkup_fix(checkup,
                        "the hook cannot change a container here (Linux 5.12 can): use the "
                        "runtime wrapper, which needs none of this");
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
    try_mounts(doctor);
    look_at_cgroups(doctor);
}
