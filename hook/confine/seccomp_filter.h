/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls of the confined child, as hook/confine/seccomp_gen.c compiles them when we are
 * built. */
#pragma once

#include <linux/filter.h>

/* Descriptors and flags that the filters and the child must agree on. */
#define OCN_CHILD_FD 3 /* the child's end of the socket: the only thing that it can send to */

struct ocn_seccomp_filter {
    unsigned short len;
    const struct sock_filter *code;
};

/*
 * A call that is not on the list kills the process. No filter sees the flags that openat2 gets in
 * memory, so that call is there only where Landlock keeps every file from being written to;
 * elsewhere it is ENOSYS, as on an old kernel.
 */
extern const struct ocn_seccomp_filter ocn_seccomp_with_openat2;
extern const struct ocn_seccomp_filter ocn_seccomp_without_openat2;
