/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: attack PID says, a line each, what a process that means ill may do to another one;
 * attack hold PID traces it until it has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, long result)
{
    printf("%s: %s\n", what, result < 0 ? strerror(errno) : "DONE");
}

static long open_in(int pid, const char *name, int flags)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
    return open(path, flags);
}

/* It goes on as if nobody traced it; 600 s at most. */
static int trace(int pid)
{
    int status = 0;

    alarm(600);
    while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {
        int event = status >> 16;
        ptrace(PTRACE_CONT, pid, NULL, (long)(event == 0 ? WSTOPSIG(status) : 0));
    }
    return 0;
}

int main(int argc, char **argv)
{
    int hold = argc > 2 && strcmp(argv[1], "hold") == 0;
    int pid = argc > 1 + hold ? atoi(argv[1 + hold]) : 0;

    if (hold) {
        say("seize", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
        fflush(stdout);
        return trace(pid);
    }
    long pid_fd = syscall(SYS_pidfd_open, pid, 0);
    say("getfd", pid_fd < 0 ? -1 : syscall(SYS_pidfd_getfd, pid_fd, 0, 0));
    say("memory", open_in(pid, "mem", O_RDWR));
    say("exe", open_in(pid, "exe", O_RDONLY));
    say("descriptors", open_in(pid, "fd/0", O_RDONLY));
    say("seize", ptrace(PTRACE_SEIZE, pid, NULL, NULL));
    return 0;
}
