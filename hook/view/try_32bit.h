/* SPDX-License-Identifier: Apache-2.0 */
/* Whether this kernel runs 32-bit programs, by trying. */
#pragma once

#include "normalize/view.h"

/*
 * Makes a system call of 32-bit x86 in a child of its own, which is gone afterwards, after
 * @nanoseconds at the latest. Files do not tell: a kernel that is built for 32-bit
 * programs may run none, by its default or in a guest that has no such entry. On other
 * architectures than amd64 there is no such try, and it is not known. Call it where no seccomp
 * filter of ours is.
 */
enum ocn_runs ocn_try_32bit(int64_t nanoseconds);
