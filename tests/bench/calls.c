/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many system calls a program and its children make until it becomes another program:
 *   calls PROGRAM [ARGUMENT]...
 * What the other one does, and the children of that, is not counted; the call that executes it is.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLLOWED                                                                                   \
    (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |       \
     PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL)
#define STOPPED_BY_CALL (SIGTRAP | 0x80)

/* What a stop means to the count. */
struct tally {
    pid_t program;
    unsigned execs; /* of the program itself: the first makes it what is counted */
    long calls;
};

static void start(char **argv)
{
    int quiet = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (quiet >= 0 && dup2(quiet, STDOUT_FILENO) == STDOUT_FILENO &&
        ptrace(PTRACE_TRACEME, 0, 0, 0) == 0 && raise(SIGSTOP) == 0) {
        (void)execv(argv[0], argv);
    }
    _exit(127);
}

static bool enters_call(pid_t pid)
{
    struct __ptrace_syscall_info info;

    return ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof(info), &info) > 0 &&
           info.op == PTRACE_SYSCALL_INFO_ENTRY;
}

/* The signal to go on with: what stops for the tracer's sake goes on without one. */
static int look(struct tally *tally, pid_t pid, int status)
{
    int signal = WSTOPSIG(status);
    int event = status >> 16;

    if (event == PTRACE_EVENT_EXEC && pid == tally->program) {
        tally->execs++;
    }
    if (signal == STOPPED_BY_CALL && tally->execs == 1 && enters_call(pid)) {
        tally->calls++;
    }
    return event != 0 || signal == STOPPED_BY_CALL || signal == SIGSTOP ? 0 : signal;
}

/* -1: the program did not end well. */
static long count(pid_t program)
{
    struct tally tally = { .program = program };
    int status = 0;
    int ended = -1;
    pid_t pid;

    if (waitpid(program, &status, 0) != program ||
        ptrace(PTRACE_SETOPTIONS, program, NULL, (long)FOLLOWED) != 0 ||
        ptrace(PTRACE_SYSCALL, program, NULL, NULL) != 0) {
        return -1;
    }
    while ((pid = waitpid(-1, &status, __WALL)) > 0) {
        if (WIFSTOPPED(status)) {
            (void)ptrace(PTRACE_SYSCALL, pid, NULL, (long)look(&tally, pid, status));
        } else if (pid == program) {
            ended = status;
        }
    }
    return ended == 0 ? tally.calls : -1;
}

int main(int argc, char **argv)
{
    pid_t pid = argc > 1 ? fork() : -1;

    if (pid == 0) {
        start(argv + 1);
    }
    long calls = pid > 0 ? count(pid) : -1;
    if (calls < 0) {
        (void)fputs("usage: calls PROGRAM [ARGUMENT]..., which ends well\n", stderr);
        return 2;
    }
    (void)printf("%ld\n", calls);
    return 0;
}
