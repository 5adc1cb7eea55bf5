/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/confine/child.h"

#include <fcntl.h>
#include <linux/time_types.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>

#include "hook/confine/confine.h"
#include "hook/confine/seccomp_filter.h"
#include "hook/sys/io.h"

#define CHUNK ((size_t)4 << 10)               /* most answers are shorter */
#define HEARD ((size_t)8 << 10)               /* most questions are shorter */
#define MAX_PIECES (OCN_CHILD_MAX_PIECES + 1) /* and how much they are */
#define YIELDS_TO_GO 1                        /* that one which has answered may take */
#define MAX_YIELDS 50
#define MAX_MOMENTS 500 /* for a child that was killed */
#define MOMENT INT64_C(1000000)
#define NANOSECONDS INT64_C(1000000000)

/* The kernel's own ppoll(2) tells what is left of the time, which libc's keeps to itself. */
#ifdef SYS_ppoll_time64
#define PPOLL SYS_ppoll_time64
#else
#define PPOLL SYS_ppoll
#endif

struct header {
    uint32_t kind;
    uint32_t len;
};

/* Nanoseconds of the clock; only where something is out of the ordinary. */
static int64_t now(void)
{
    struct timespec time = { 0 };

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NANOSECONDS + time.tv_nsec;
}

/* ---- start -------------------------------------------------------------------------------- */

/* Leaves @fd alone of all descriptors, as OCN_CHILD_FD, and those of @options behind it. */
static int keep_only(int fd, const struct ocn_child_options *options)
{
    int first_free = OCN_CHILD_FD + 1 + OCN_CHILD_MAX_DESCRIPTORS;
    int moved[OCN_CHILD_MAX_DESCRIPTORS];

    if (options->descriptors_len > OCN_CHILD_MAX_DESCRIPTORS) {
        return -1;
    }
    /* Out of the way first: one of them may be where another is to be. */
    for (size_t i = 0; i < options->descriptors_len; i++) {
        moved[i] = fcntl(options->descriptors[i], F_DUPFD_CLOEXEC, first_free);
        if (moved[i] < 0) {
            return -1;
        }
    }
    if (fd != OCN_CHILD_FD && dup3(fd, OCN_CHILD_FD, O_CLOEXEC) < 0) {
        return -1;
    }
    for (size_t i = 0; i < options->descriptors_len; i++) {
        if (dup3(moved[i], OCN_CHILD_FD + 1 + (int)i, O_CLOEXEC) < 0) {
            return -1;
        }
    }
#ifdef OCN_SANITIZED
    ocn_io_close_range(0, STDERR_FILENO - 1); /* a sanitizer reports to stderr */
#else
    ocn_io_close_range(0, OCN_CHILD_FD - 1);
#endif
    ocn_io_close_range(OCN_CHILD_FD + 1 + (unsigned)options->descriptors_len, ~0U);
    return 0;
}

/* fork(2), but the parent hears nothing of the end: a SIGCHLD would be the runtime's to explain. */
static pid_t fork_silently(void)
{
    return (pid_t)syscall(SYS_clone, 0UL, NULL, NULL, NULL, 0UL);
}

int ocn_child_start(struct ocn_child *child, int (*work)(void *ctx), void *ctx,
                    struct ocn_error *err)
{
    const struct ocn_child_options none = { 0 };

    return ocn_child_start_with(child, &none, work, ctx, err);
}

int ocn_child_start_with(struct ocn_child *child, const struct ocn_child_options *options,
                         int (*work)(void *ctx), void *ctx, struct ocn_error *err)
{
    unsigned seconds = options->seconds != 0 ? options->seconds : OCN_CHILD_SECONDS;
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) {
        return ocn_fail_sys(err, errno, NULL, "cannot start the confined parser: no socket");
    }
    /* The first is where the child wants it, if nothing else was open. */
    ocn_autoclose int theirs = ends[0];
    ocn_autoclose int ours = ends[1];
    pid_t pid = fork_silently();
    if (pid < 0) {
        return ocn_fail_sys(err, errno, NULL, "cannot start the confined parser: no process");
    }
    if (pid == 0) {
        _exit(keep_only(theirs, options) == 0 && work(ctx) == 0 ? EXIT_SUCCESS : EXIT_FAILURE);
    }
    *child = (struct ocn_child){
        .pid = pid, .fd = ours, .left = seconds * NANOSECONDS, .seconds = seconds
    };
    ours = -1;
    return 0;
}

/* ---- end ---------------------------------------------------------------------------------- */

/* true and *ret_status: the child is gone. */
static bool reap(struct ocn_child *child, int flags, int *ret_status)
{
    pid_t pid;

    do {
        pid = waitpid(child->pid, ret_status, __WALL | flags);
    } while (pid < 0 && errno == EINTR);
    if (pid == 0) {
        return false;
    }
    child->pid = -1;
    return true;
}

/*
 * One that has answered is about to go, and one that was killed takes a moment. Who sleeps
 * meanwhile is often woken on another CPU, whose caches know nothing of it, and that costs more
 * than the moment: so let the child go first.
 * One that waits for a file system which does not answer cannot be killed at all: it is left to
 * whoever inherits it from us, so that no volume holds a runtime for ever.
 */
static void see_off(struct ocn_child *child)
{
    const struct timespec moment = { .tv_nsec = MOMENT };
    int status = 0;

    for (int i = 0; i < MAX_YIELDS && !reap(child, WNOHANG, &status); i++) {
        if (i == YIELDS_TO_GO) {
            (void)kill(child->pid, SIGKILL);
        }
        (void)sched_yield();
    }
    for (int i = 0; i < MAX_MOMENTS && child->pid > 0 && !reap(child, WNOHANG, &status); i++) {
        (void)nanosleep(&moment, NULL);
    }
}

void ocn_child_end(struct ocn_child *child)
{
    int saved = errno;

    if (child->pid > 0) {
        see_off(child);
    }
    ocn_closep(&child->fd);
    child->fd = -1;
    ocn_buf_done(&child->heard);
    child->taken = 0;
    errno = saved;
}

void ocn_child_leave(struct ocn_child *child)
{
    child->pid = -1;
    ocn_child_end(child);
}

static const struct {
    int number;
    enum ocn_code code;
    const char *what;
} ends_by_signal[] = {
    { SIGSYS, OCN_E_IO, "was stopped by the kernel: SIGSYS, a system call that it may not make" },
    { SIGXCPU, OCN_E_LIMIT, "was stopped by the kernel: SIGXCPU, its CPU time is used up" },
    { SIGKILL, OCN_E_IO, "was killed: SIGKILL, maybe for want of memory" },
    { SIGXFSZ, OCN_E_IO, "was stopped by the kernel: SIGXFSZ, it may not write files" },
    { SIGSEGV, OCN_E_IO, "crashed: SIGSEGV" },
    { SIGBUS, OCN_E_IO, "crashed: SIGBUS; was a file cut while it was read?" },
    { SIGABRT, OCN_E_IO, "crashed: SIGABRT" },
    { SIGILL, OCN_E_IO, "crashed: SIGILL" },
    { SIGFPE, OCN_E_IO, "crashed: SIGFPE" },
};

static int fail_ended(int status, struct ocn_error *err)
{
    for (size_t i = 0; WIFSIGNALED(status) && i < OCN_COUNT(ends_by_signal); i++) {
        if (WTERMSIG(status) == ends_by_signal[i].number) {
            return ocn_fail(err, ends_by_signal[i].code, NULL, "the confined parser %s",
                            ends_by_signal[i].what);
        }
    }
    return ocn_fail(err, OCN_E_IO, NULL, "the confined parser ended without an answer: %s %d",
                    WIFSIGNALED(status) ? "signal" : "status",
                    WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static int fail_late(const struct ocn_child *child, struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_LIMIT, NULL, "the confined parser gave no answer within %u s",
                    child->seconds);
}

/* The socket is closed: the child is about to be gone, or pretends to be. */
static int explain_end(struct ocn_child *child, struct ocn_error *err)
{
    const struct timespec moment = { .tv_nsec = MOMENT };
    const int64_t end = now() + child->left;
    int status = 0;

    while (!reap(child, WNOHANG, &status)) {
        if (now() >= end) {
            return fail_late(child, err);
        }
        (void)nanosleep(&moment, NULL);
    }
    return fail_ended(status, err);
}

/* ---- messages, the parent's side ---------------------------------------------------------- */

/* A kernel whom personality(2) told STICKY_TIMEOUTS, which is inherited, does not say what is left.
 */
static void count_time(struct ocn_child *child, int64_t before)
{
    if (child->left == before) {
        const int64_t here = now();
        child->left -= child->since != 0 ? here - child->since : 0;
        child->since = here;
    }
}

/*
 * Waits until there is something to read, or room to write, or no time is left. Nobody asks for the
 * time: the first question costs a program that has just begun three page faults.
 */
static int wait_for(struct ocn_child *child, short events, struct ocn_error *err)
{
    struct pollfd ready = { .fd = child->fd, .events = events };

    for (;;) {
        struct __kernel_timespec left = { child->left / NANOSECONDS, child->left % NANOSECONDS };
        const int64_t before = child->left;
        long count = child->left > 0 ? syscall(PPOLL, &ready, 1UL, &left, NULL, 0UL) : 0;
        if (count < 0 && (errno == ENOSYS || errno == EPERM)) {
            count = poll(&ready, 1, (int)(child->left / MOMENT) + 1); /* on 32 bits, before 5.1 */
        }
        child->left = left.tv_sec * NANOSECONDS + left.tv_nsec;
        count_time(child, before);
        if (count > 0) {
            return 0;
        }
        if (count == 0) {
            return fail_late(child, err);
        }
        if (errno != EINTR) {
            return ocn_fail_sys(err, errno, NULL, "cannot wait for the confined parser");
        }
    }
}

/* Waits for more of what the child says, and puts it behind what was not taken yet. */
static int hear_more(struct ocn_child *child, struct ocn_error *err)
{
    char *place = ocn_buf_reserve(&child->heard, CHUNK);

    if (place == NULL) {
        return ocn_fail_nomem(err);
    }
    for (;;) {
        if (wait_for(child, POLLIN, err) < 0) {
            return -1;
        }
        ssize_t len = recv(child->fd, place, CHUNK, MSG_DONTWAIT);
        if (len > 0) {
            child->heard.len += (size_t)len;
            return 0;
        }
        if (len == 0 || errno == ECONNRESET) {
            return explain_end(child, err);
        }
        if (errno != EINTR && errno != EAGAIN) {
            return ocn_fail_sys(err, errno, NULL, "cannot read from the confined parser");
        }
    }
}

/* The next @want bytes, into @place. */
static int take_bytes(struct ocn_child *child, size_t want, char *place, struct ocn_error *err)
{
    while (want != 0) {
        if (child->taken == child->heard.len) {
            child->taken = 0;
            child->heard.len = 0;
            if (hear_more(child, err) < 0) {
                return -1;
            }
        }
        size_t here = child->heard.len - child->taken;
        size_t len = here < want ? here : want;
        memcpy(place, child->heard.ptr + child->taken, len);
        child->taken += len;
        place += len;
        want -= len;
    }
    return 0;
}

int ocn_child_receive(struct ocn_child *child, uint32_t *ret_kind, struct ocn_buf *ret,
                      struct ocn_error *err)
{
    struct header header;

    if (take_bytes(child, sizeof(header), (char *)&header, err) < 0) {
        return -1;
    }
    if (header.len > OCN_CHILD_MAX_MESSAGE) {
        return ocn_fail(err, OCN_E_LIMIT, NULL,
                        "the confined parser's answer is larger than the limit of %zu bytes",
                        OCN_CHILD_MAX_MESSAGE);
    }
    char *place = ocn_buf_reserve(ret, header.len);
    if (place == NULL) {
        return ocn_fail_nomem(err);
    }
    if (take_bytes(child, header.len, place, err) < 0) {
        return -1;
    }
    ret->len += header.len;
    ret->ptr[ret->len] = '\0';
    *ret_kind = header.kind;
    return 0;
}

/* How much of the message has gone, of which @done bytes had; 0: there is no room now; -1: errno.
 */
static ssize_t tell_some(const struct ocn_child *child, const struct ocn_bytes *pieces, size_t len,
                         size_t done)
{
    struct iovec parts[MAX_PIECES];
    struct msghdr message = { .msg_iov = parts };

    for (size_t i = 0; i < len; i++) {
        size_t gone = done < pieces[i].len ? done : pieces[i].len;
        done -= gone;
        if (pieces[i].len != gone) {
            parts[message.msg_iovlen++] =
                (struct iovec){ (char *)(uintptr_t)pieces[i].ptr + gone, pieces[i].len - gone };
        }
    }
    ssize_t sent = sendmsg(child->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

int ocn_child_tell(struct ocn_child *child, const struct ocn_bytes *pieces, size_t len,
                   struct ocn_error *err)
{
    struct ocn_bytes all[MAX_PIECES];
    size_t total = 0;

    for (size_t i = 0; i < len; i++) {
        all[i + 1] = pieces[i];
        total += pieces[i].len;
    }
    all[0] = (struct ocn_bytes){ (const char *)&total, sizeof(total) };
    for (size_t done = 0; done < sizeof(total) + total;) {
        ssize_t sent = tell_some(child, all, len + 1, done);
        if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) {
            return 0; /* what became of the child is found out by the next receive */
        }
        if (sent < 0) {
            return ocn_fail_sys(err, errno, NULL, "cannot write to the confined parser");
        }
        if (sent == 0 && wait_for(child, POLLOUT, err) < 0) {
            return -1;
        }
        done += (size_t)sent;
    }
    return 0;
}

void ocn_child_reply(const struct ocn_child *child, const void *bytes, size_t len)
{
    (void)send(child->fd, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* ---- messages, the child's side ----------------------------------------------------------- */

static int send_all(const char *bytes, size_t len, struct ocn_error *err)
{
    for (size_t done = 0; done < len;) {
        ssize_t sent = send(OCN_CHILD_FD, bytes + done, len - done, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return ocn_fail_sys(err, errno, NULL, "cannot answer");
        }
        done += sent > 0 ? (size_t)sent : 0;
    }
    return 0;
}

int ocn_child_put(struct ocn_buf *out, uint32_t kind, struct ocn_bytes bytes, struct ocn_error *err)
{
    if (bytes.len > OCN_CHILD_MAX_MESSAGE) {
        return ocn_fail(err, OCN_E_LIMIT, NULL, "what was found is larger than %zu bytes",
                        OCN_CHILD_MAX_MESSAGE);
    }
    const struct header header = { kind, (uint32_t)bytes.len };
    ocn_buf_add(out, (const char *)&header, sizeof(header));
    ocn_buf_add(out, bytes.ptr, bytes.len);
    return ocn_buf_check(out, err);
}

int ocn_child_flush(struct ocn_buf *out, struct ocn_error *err)
{
    const size_t len = out->len;

    out->len = 0;
    return send_all(out->ptr, len, err);
}

int ocn_child_send(uint32_t kind, struct ocn_bytes bytes, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf message = { 0 };

    return ocn_child_put(&message, kind, bytes, err) < 0 ? -1 : ocn_child_flush(&message, err);
}

/* What has come, up to @size bytes, which is one at least; -1 and an error. */
static ssize_t hear_some(char *place, size_t size, struct ocn_error *err)
{
    for (;;) {
        ssize_t got = recv(OCN_CHILD_FD, place, size, 0);
        if (got > 0) {
            return got;
        }
        if (got == 0 || errno != EINTR) {
            return ocn_fail_sys(err, got == 0 ? EPIPE : errno, NULL, "no reply");
        }
    }
}

/* Most of what is told comes at once: how much it is, and all of it. */
int ocn_child_hear(struct ocn_buf *ret, struct ocn_error *err)
{
    const size_t start = ret->len;
    size_t len = 0;

    for (size_t here = 0, whole = sizeof(len); here < whole; here = ret->len - start) {
        size_t room = whole - here < HEARD ? HEARD : whole - here;
        char *place = ocn_buf_reserve(ret, room);
        ssize_t got = place != NULL ? hear_some(place, room, err) : ocn_fail_nomem(err);
        if (got < 0) {
            return -1;
        }
        ret->len += (size_t)got;
        if (ret->len - start >= sizeof(len)) {
            memcpy(&len, ret->ptr + start, sizeof(len));
            whole = sizeof(len) + len;
        }
    }
    memmove(ret->ptr + start, ret->ptr + start + sizeof(len), len);
    ret->len = start + len;
    ret->ptr[ret->len] = '\0';
    return 0;
}

int ocn_child_ask(uint32_t kind, struct ocn_bytes question, void *reply, size_t len,
                  struct ocn_error *err)
{
    if (ocn_child_send(kind, question, err) < 0) {
        return -1;
    }
    for (size_t done = 0; done < len;) {
        ssize_t got = hear_some((char *)reply + done, len - done, err);
        if (got < 0) {
            return -1;
        }
        done += (size_t)got;
    }
    return 0;
}
