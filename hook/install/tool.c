/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "hook/sys/io.h"

enum { CANNOT_START = 127, KILLED = 128 };

void ocn_tool_done(struct ocn_tool_result *result)
{
    ocn_buf_done(&result->out);
    ocn_buf_done(&result->err);
}

static void enter(const struct ocn_node *node, const char *const *argv, int out, int err)
{
    static const char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
    };

    /* A group of its own, so that what it starts can be killed with it. */
    (void)setpgid(0, 0);
    /* Ours, since the other root may have no /dev, and a Go program ends at once without its stdin.
     */
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
        (!ocn_node_is_this_machine(node) && (fchdir(node->fd) < 0 || chroot(".") < 0)) ||
        chdir("/") < 0) {
        return;
    }
    ocn_io_close_range(3, ~0U);
    (void)execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)environment);
}

static long now_ms(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* What came of one look at a pipe. */
enum taken { MORE_MAY_COME, AT_THE_END, TOO_MUCH };

static enum taken take(int fd, struct ocn_buf *buf)
{
    char chunk[4096];
    ssize_t len = read(fd, chunk, sizeof(chunk));

    if (len < 0) {
        return errno == EINTR || errno == EAGAIN ? MORE_MAY_COME : AT_THE_END;
    }
    ocn_buf_add(buf, chunk, (size_t)len);
    if (buf->failed || buf->len > OCN_NODE_MAX_FILE) {
        return TOO_MUCH;
    }
    return len > 0 ? MORE_MAY_COME : AT_THE_END;
}

/* Until both pipes end. */
static int collect(int out, int err, int seconds, struct ocn_tool_result *ret)
{
    struct pollfd pipes[2] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };
    struct ocn_buf *bufs[2] = { &ret->out, &ret->err };
    long end = now_ms() + seconds * 1000L;

    while (pipes[0].fd >= 0 || pipes[1].fd >= 0) {
        long left = end - now_ms();
        if (left <= 0) {
            return -1;
        }
        if (poll(pipes, 2, (int)left) < 0 && errno != EINTR) {
            return -1;
        }
        for (int i = 0; i < 2; i++) {
            enum taken taken = pipes[i].revents != 0 ? take(pipes[i].fd, bufs[i]) : MORE_MAY_COME;
            if (taken == TOO_MUCH) {
                return -1;
            }
            pipes[i].fd = taken == AT_THE_END ? -1 : pipes[i].fd;
            pipes[i].revents = 0;
        }
    }
    return 0;
}

/* What follows the program is killed as well: it may hold our pipes. */
static int finish(pid_t pid, int failed, int *ret_status)
{
    int status = 0;

    if (failed < 0) {
        (void)kill(-pid, SIGKILL);
        (void)kill(pid, SIGKILL);
    }
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) {
            return -1;
        }
    }
    *ret_status = WIFEXITED(status) ? WEXITSTATUS(status) : KILLED + WTERMSIG(status);
    return failed;
}

int ocn_tool_run(const struct ocn_node *node, const char *const *argv, int seconds,
                 struct ocn_tool_result *ret, struct ocn_error *err)
{
    int out[2] = { -1, -1 };
    int bad[2] = { -1, -1 };

    if (pipe2(out, O_CLOEXEC) < 0) {
        return ocn_fail_sys(err, errno, argv[0], "cannot make a pipe");
    }
    ocn_autoclose int out_read = out[0];
    ocn_autoclose int out_write = out[1];
    if (pipe2(bad, O_CLOEXEC) < 0) {
        return ocn_fail_sys(err, errno, argv[0], "cannot make a pipe");
    }
    ocn_autoclose int bad_read = bad[0];
    ocn_autoclose int bad_write = bad[1];
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        return ocn_fail_sys(err, errno, argv[0], "cannot fork");
    }
    if (pid == 0) {
        enter(node, argv, out_write, bad_write);
        _exit(CANNOT_START);
    }
    (void)close(out_write);
    (void)close(bad_write);
    out_write = -1;
    bad_write = -1;
    if (finish(pid, collect(out_read, bad_read, seconds, ret), &ret->status) < 0) {
        return ocn_fail(err, OCN_E_IO, argv[0],
                        "gave no answer within %d seconds, or too long a one; it was killed",
                        seconds);
    }
    return ocn_buf_check(&ret->out, err) < 0 || ocn_buf_check(&ret->err, err) < 0 ? -1 : 0;
}

const char *ocn_tool_reason(struct ocn_tool_result *result)
{
    char *text = result->err.ptr;
    size_t len = result->err.len;

    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == ' ')) {
        text[--len] = '\0';
    }
    if (len == 0) {
        return result->status == CANNOT_START ? "it could not be started" : "it did not say why";
    }
    const char *line = strrchr(text, '\n');
    return line != NULL ? line + 1 : text;
}
