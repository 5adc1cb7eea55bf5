/* SPDX-License-Identifier: Apache-2.0 */
/* A fixture: what this process says on stderr is read by the test, and there is a file for a log.
 */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/lib/suite.h"

static char dir[64];
static char path[128]; /* of a log in it, which is not there yet */
static int told;       /* the reading end of the test's own stderr */

static inline void enter(void)
{
    int ends[2];

    strcpy(dir, "/tmp/ocn-told-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/log.json", dir);
    ck_assert_int_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
    ck_assert_int_eq(close(ends[1]), 0);
    told = ends[0];
}

static inline void leave(void)
{
    (void)close(told);
    (void)unlink(path);
    (void)rmdir(dir);
}
