/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds the first process of a container until it runs what it is to run: a process of ours that
 * traces it (ptrace). If this process is killed, or stopped for OCN_HOLD_SECONDS, the kernel kills
 * the other one.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "hook/entry/cover.h"
#include "hook/sys/syslog.h"

#define OCN_HOLD_SECONDS 8

/* What the process is to be once it has become the original, with ids in its user namespace. */
struct ocn_hold_end {
    bool lowered; /* uid, gid, the number of groups, and capabilities are these */
    bool no_new_privs;
    uint32_t uid;
    uint32_t gid;
    size_t groups_len;
    uint64_t capabilities;
    bool gives_stdio; /* its standard files become its user's */
};

struct ocn_hold {
    pid_t pid;
    int proc_fd; /* /proc/PID of the host */
    int pid_fd;
    struct ocn_syslog syslog; /* of the host */
    timer_t timer;            /* kills this process unless it is set again */
    bool has_timer;
    bool traced;             /* somebody does trace it */
    bool traced_by_us;       /* and that is another process of this program */
    struct ocn_hold_end end; /* with ids as this process counts */
    struct ocn_cover cover;
};

/* Start with ocn_hold_init(); release with ocn_hold_done(), which lets nobody go. */
void ocn_hold_init(struct ocn_hold *hold);
void ocn_hold_done(struct ocn_hold *hold);

/*
 * Looks at the process, before we leave the mounts of the host: its /proc, who traces it, and where
 * its standard files go. @end may be NULL: it becomes nobody else. @about is copied for what may be
 * said of it; NULL: nothing is known.
 */
OCN_MUST_USE int ocn_hold_open(struct ocn_hold *hold, pid_t pid, const struct ocn_hold_end *end,
                               const struct ocn_about *about, struct ocn_error *err);

/*
 * Traces all of its threads, and blocks the signals of this process, whose children they become for
 * waitpid(2). What the kernel refuses is OCN_E_UNSUPPORTED. *ret_held says whether some are traced,
 * so that the container ends with us.
 */
OCN_MUST_USE int ocn_hold_seize(struct ocn_hold *hold, bool *ret_held, struct ocn_error *err);

/* True: it has executed a file and waits. False: it is gone. */
bool ocn_hold_await(struct ocn_hold *hold);

/*
 * Waits for the process to execute what is covered, takes the cover away, gives it its standard
 * files, waits until it has become the original, looks whether it is lowered as it is to be, and
 * lets it go. Kills it if it executes anything else or is not, and says so on its stderr and in the
 * node's log.
 */
void ocn_hold_run(struct ocn_hold *hold);
