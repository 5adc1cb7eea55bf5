/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/sys/io.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "normalize/base/format.h"

#define CHUNK ((size_t)4 << 10)
#define MANY_DESCRIPTORS 65536

/* openat2 gives up with EAGAIN on a path with "..", also in a link, while anybody on the machine
 * renames or mounts. */
#define OPEN_TRIES 1000

int ocn_io_open_in(int root, const char *path, int flags)
{
    struct open_how how = {
        .flags = (unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };

    for (int i = 0; i < OPEN_TRIES; i++) {
        long fd = syscall(SYS_openat2, root, path, &how, sizeof(how));
        if (fd >= 0 || errno != EAGAIN) {
            return (int)fd;
        }
    }
    return -1;
}

/* Whether the last component, or any before it, is none, "." or "..". */
static bool has_detour(const char *path)
{
    while (*path == '/') {
        size_t len = strcspn(++path, "/");
        if (len == 0 || strncmp(path, "..", len) == 0) {
            return true;
        }
        path += len;
    }
    return false;
}

int ocn_io_open_plain(const char *path, int flags)
{
    const struct open_how how = { .flags = (unsigned)(flags | O_CLOEXEC),
                                  .resolve = RESOLVE_NO_SYMLINKS };

    errno = EINVAL;
    return path[0] == '/' && !has_detour(path)
               ? (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how))
               : -1;
}

void ocn_io_link_of(int fd, char ret[OCN_IO_LINK_SIZE])
{
    (void)ocn_format_into(ret, OCN_IO_LINK_SIZE, "/proc/self/fd/%d", fd);
}

int ocn_io_path_of(int fd, char ret[PATH_MAX])
{
    char link[OCN_IO_LINK_SIZE];

    ocn_io_link_of(fd, link);
    ssize_t len = readlink(link, ret, PATH_MAX - 1);
    if (len < 0) {
        return -1;
    }
    ret[len] = '\0';
    errno = EINVAL;
    return ret[0] == '/' ? 0 : -1;
}

bool ocn_io_leads_to(const char *path, int fd)
{
    struct stat there;
    struct stat here;

    return stat(path, &there) == 0 && fstat(fd, &here) == 0 && there.st_dev == here.st_dev &&
           there.st_ino == here.st_ino;
}

/* An inherited pipe may be in non-blocking mode; only the open description can tell, so just wait.
 */
static int wait_for(int fd, short events)
{
    struct pollfd ready = { .fd = fd, .events = events };

    return poll(&ready, 1, -1) < 0 && errno != EINTR ? -1 : 0;
}

/* 0 and *ret_len bytes (0 at the end), or -1 with errno. */
static int read_some(int fd, char *place, size_t size, size_t *ret_len)
{
    for (;;) {
        ssize_t len = read(fd, place, size);
        if (len >= 0) {
            *ret_len = (size_t)len;
            return 0;
        }
        if (errno == EAGAIN && wait_for(fd, POLLIN) == 0) {
            continue;
        }
        if (errno != EINTR) {
            return -1;
        }
    }
}

static int fail_limit(const char *name, size_t limit, struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_LIMIT, name, "larger than the limit of %zu bytes", limit);
}

/* How many bytes to ask for next, with @done there: one more than are @expected, which 0 says of a
 * file whose size nobody knows. */
static size_t next_chunk(size_t done, size_t expected)
{
    if (done < expected) {
        return expected - done + 1;
    }
    return done < CHUNK ? CHUNK : done;
}

/*
 * A regular file that is as large as it was gives less than was asked for at its end only. Less
 * than it has is what stands before a block that cannot be read, and what some file systems give at
 * once.
 */
static int append_all(int fd, const char *name, size_t limit, size_t expected, struct ocn_buf *ret,
                      struct ocn_error *err)
{
    const size_t start = ret->len;

    for (;;) {
        size_t done = ret->len - start;
        size_t left = limit - done;
        size_t chunk = next_chunk(done, expected);
        size_t len = 0;
        chunk = chunk <= left ? chunk : left + 1;
        char *place = ocn_buf_reserve(ret, chunk);
        if (place == NULL) {
            return ocn_fail_nomem(err);
        }
        if (read_some(fd, place, chunk, &len) < 0) {
            return ocn_fail_sys(err, errno, name, "cannot read");
        }
        if (len > left) {
            return fail_limit(name, limit, err);
        }
        ret->len += len;
        ret->ptr[ret->len] = '\0';
        if (len == 0 || (done < expected && done + len >= expected && len < chunk)) {
            return 0;
        }
    }
}

static int read_expected(int fd, const char *name, size_t limit, size_t expected,
                         struct ocn_buf *ret, struct ocn_error *err)
{
    size_t start = ret->len;

    if (append_all(fd, name, limit, expected, ret, err) < 0) {
        if (ret->ptr != NULL) {
            ret->len = start;
            ret->ptr[start] = '\0';
        }
        return -1;
    }
    return 0;
}

int ocn_io_read_fd(int fd, const char *name, size_t limit, struct ocn_buf *ret,
                   struct ocn_error *err)
{
    return read_expected(fd, name, limit, 0, ret, err);
}

int ocn_io_read_looked_at(int fd, const struct stat *st, const char *path, size_t limit,
                          struct ocn_buf *ret, struct ocn_error *err)
{
    if (!S_ISREG(st->st_mode)) {
        return ocn_fail(err, OCN_E_FORMAT, path, "not a regular file");
    }
    if ((uint64_t)st->st_size > limit) {
        return fail_limit(path, limit, err);
    }
    return read_expected(fd, path, limit, (size_t)st->st_size, ret, err);
}

int ocn_io_read_regular(int fd, const char *path, size_t limit, struct ocn_buf *ret,
                        struct ocn_error *err)
{
    struct stat st;

    if (fd < 0) {
        return ocn_fail_sys(err, errno, path, "cannot open");
    }
    if (fstat(fd, &st) < 0) {
        return ocn_fail_sys(err, errno, path, "cannot stat");
    }
    return ocn_io_read_looked_at(fd, &st, path, limit, ret, err);
}

int ocn_io_read_in(int dir, const char *name, const char *path, size_t limit, struct ocn_buf *ret,
                   struct ocn_error *err)
{
    /* Not open(3): musl's asks the kernel twice to close it on exec. */
    ocn_autoclose int fd = openat(dir, name, OCN_IO_READING);

    return ocn_io_read_regular(fd, path, limit, ret, err);
}

int ocn_io_read_file(const char *path, size_t limit, struct ocn_buf *ret, struct ocn_error *err)
{
    return ocn_io_read_in(AT_FDCWD, path, path, limit, ret, err);
}

int ocn_io_write_fd(int fd, const char *name, struct ocn_bytes bytes, struct ocn_error *err)
{
    for (size_t done = 0; done < bytes.len;) {
        ssize_t len = write(fd, bytes.ptr + done, bytes.len - done);
        if (len >= 0) {
            done += (size_t)len;
        } else if (errno == EAGAIN && wait_for(fd, POLLOUT) == 0) {
            continue;
        } else if (errno != EINTR) {
            return ocn_fail_sys(err, errno, name, "cannot write");
        }
    }
    return 0;
}

void ocn_io_close_range(unsigned first, unsigned last)
{
    struct rlimit limit;

    if (first > last || syscall(SYS_close_range, first, last, 0U) == 0) {
        return;
    }
    /* Before Linux 5.9, one by one. */
    rlim_t end = getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : MANY_DESCRIPTORS;
    for (unsigned fd = first; fd <= last && fd < MANY_DESCRIPTORS && fd < end; fd++) {
        (void)close((int)fd);
    }
}

bool ocn_io_take_number(const char **at, unsigned long *ret)
{
    char *end = NULL;
    unsigned long number = strtoul(*at, &end, 10);

    if (end == *at || number > UINT32_MAX) {
        return false;
    }
    *at = end;
    *ret = number;
    return true;
}
