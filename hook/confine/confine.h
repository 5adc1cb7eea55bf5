/* SPDX-License-Identifier: Apache-2.0 */
/* Giving up power, for good: what the child does before it looks at a byte that others wrote. */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

#define OCN_CONFINE_CPU_SECONDS 2
#define OCN_CONFINE_MEMORY ((size_t)256 << 20)

/* What holds the process; a kernel may lack any of it. */
struct ocn_confinement {
    int landlock_abi; /* 0: no Landlock */
    bool seccomp;
    bool openat2; /* the process may call it; else files are found step by step */
};

/* What the process may use up; OCN_CONFINE_CPU_SECONDS and OCN_CONFINE_MEMORY for a container. */
struct ocn_confine_limits {
    unsigned cpu_seconds;
    size_t memory; /* bytes of address space */
};

/*
 * Leaves this process with no new privileges, as nobody where that user exists, with no capability
 * but CAP_DAC_READ_SEARCH (none if it was not root), limits for CPU, memory and file size, no file
 * that could be written, and a list of system calls. What the kernel does not know is done without;
 * what it refuses is an error. Call it in a process of one thread, made for this.
 */
OCN_MUST_USE int ocn_confine(struct ocn_confinement *ret, struct ocn_error *err);

/* The same with other limits: an image may be large. */
OCN_MUST_USE int ocn_confine_within(const struct ocn_confine_limits *limits,
                                    struct ocn_confinement *ret, struct ocn_error *err);

/*
 * Then, once it is known which: reads nothing but what lies below the O_PATH descriptors that are
 * allowed between the two, and lists only directories for which @list says so. Without Landlock
 * *ret_rules is -1, and the rest does nothing.
 */
OCN_MUST_USE int ocn_confine_reads_begin(const struct ocn_confinement *confinement, int *ret_rules,
                                         struct ocn_error *err);
OCN_MUST_USE int ocn_confine_reads_allow(int rules, int fd, bool list, struct ocn_error *err);
OCN_MUST_USE int ocn_confine_reads_end(int *rules, struct ocn_error *err);

/* What this kernel has, for people; changes nothing. */
void ocn_confine_probe(struct ocn_confinement *ret);
