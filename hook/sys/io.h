/* SPDX-License-Identifier: Apache-2.0 */
/* Files, read whole within a limit and replaced whole or not at all. */
#pragma once

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <unistd.h>

#include "normalize/base/buf.h"

/* Closes and keeps errno; for OCN_CLEANUP. Descriptors start at -1. */
static inline void ocn_closep(int *fd)
{
    int saved = errno;

    if (*fd >= 0) {
        (void)close(*fd);
    }
    errno = saved;
}
#define ocn_autoclose OCN_CLEANUP(ocn_closep)

/* Frees a string; for OCN_CLEANUP. */
static inline void ocn_freep(char **text)
{
    free(*text);
}

/*
 * What a file is opened with that somebody else may have put there: a FIFO in its place is not
 * waited for, and a terminal does not become ours.
 */
#define OCN_IO_READING (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* Closes the descriptors from @first to @last, one by one on kernels without close_range(2). */
void ocn_io_close_range(unsigned first, unsigned last);

/*
 * A descriptor of @path as a process with the root @root would open it; no link leads out, nor do
 * the magic ones of /proc. -1 and errno: ENOSYS where the kernel, or a filter above us, has no
 * openat2.
 */
int ocn_io_open_in(int root, const char *path, int flags);

/*
 * The same of a path that is already as plain as the one which /proc would tell: absolute, with no
 * link in it, and no "." or "..". -1 and errno: it is not, or there is no openat2.
 */
int ocn_io_open_plain(const char *path, int flags);

#define OCN_IO_LINK_SIZE 32

/* The path by which /proc leads to what @fd is, of this process. */
void ocn_io_link_of(int fd, char ret[OCN_IO_LINK_SIZE]);

/*
 * The path of what @fd is, as /proc has it, into @ret; -1 and errno: EINVAL where no path from the
 * root leads there. Somebody may have moved it, or put another in its place, since.
 */
OCN_MUST_USE int ocn_io_path_of(int fd, char ret[PATH_MAX]);

/* Whether @path, its links followed, leads to what @fd is. */
bool ocn_io_leads_to(const char *path, int fd);

/*
 * Appends all of @fd to @ret; more than @limit bytes are OCN_E_LIMIT. @name is for the error.
 */
OCN_MUST_USE int ocn_io_read_fd(int fd, const char *name, size_t limit, struct ocn_buf *ret,
                                struct ocn_error *err);

/*
 * Appends a regular file; anything else (a FIFO, a device) is an error and is not waited for.
 * A missing file is OCN_E_NOENT.
 */
OCN_MUST_USE int ocn_io_read_file(const char *path, size_t limit, struct ocn_buf *ret,
                                  struct ocn_error *err);

/* The same of @name in the directory @dir; @path is for the error. */
OCN_MUST_USE int ocn_io_read_in(int dir, const char *name, const char *path, size_t limit,
                                struct ocn_buf *ret, struct ocn_error *err);

/* The same of a descriptor whose @st is known. */
OCN_MUST_USE int ocn_io_read_looked_at(int fd, const struct stat *st, const char *path,
                                       size_t limit, struct ocn_buf *ret, struct ocn_error *err);

/* The same of a descriptor, opened without waiting; -1: with the errno of the open that failed. */
OCN_MUST_USE int ocn_io_read_regular(int fd, const char *path, size_t limit, struct ocn_buf *ret,
                                     struct ocn_error *err);

/* Writes all of @bytes to @fd, across short writes and EINTR. */
OCN_MUST_USE int ocn_io_write_fd(int fd, const char *name, struct ocn_bytes bytes,
                                 struct ocn_error *err);

/*
 * The number of at most 32 bits that *at begins with, behind blanks, as /proc has it; *at is behind
 * it then. false: there is none.
 */
bool ocn_io_take_number(const char **at, unsigned long *ret);
