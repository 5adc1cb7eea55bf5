/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many CPUID instructions a program executes, and what one takes on this machine (x86-64):
 *   cpuid PROGRAM [ARGUMENT]...
 * A hypervisor has to answer CPUID itself, so that each one leaves the virtual machine and returns.
 * The program is traced instruction by instruction: children are not followed. Prints the number,
 * and the microseconds of one.
 */
#include <cpuid.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define OPCODE 0xa20f /* as it is read from memory */
#define TIMES 2000
#define LEAF_CACHES 4

static double time_one(void)
{
    struct timespec begin;
    struct timespec end;
    unsigned a;
    unsigned b;
    unsigned c;
    unsigned d;

    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < TIMES; i++) {
        __cpuid_count(LEAF_CACHES, 0, a, b, c, d);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    return ((double)(end.tv_sec - begin.tv_sec) * 1e6 +
            (double)(end.tv_nsec - begin.tv_nsec) / 1e3) /
           TIMES;
}

static void start(char **argv)
{
    int quiet = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (quiet >= 0 && dup2(quiet, 1) == 1 && ptrace(PTRACE_TRACEME, 0, 0, 0) == 0) {
        (void)execv(argv[0], argv);
    }
    _exit(127);
}

static long count(pid_t pid)
{
    struct user_regs_struct regs;
    long found = 0;
    int status = 0;

    while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
        if (ptrace(PTRACE_GETREGS, pid, NULL, &regs) == 0 &&
            (ptrace(PTRACE_PEEKTEXT, pid, regs.rip, NULL) & 0xffff) == OPCODE) {
            found++;
        }
        if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) != 0) {
            return -1;
        }
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? found : -1;
}

int main(int argc, char **argv)
{
    pid_t pid = argc > 1 ? fork() : -1;

    if (pid == 0) {
        start(argv + 1);
    }
    long found = pid > 0 ? count(pid) : -1;
    if (found < 0) {
        (void)fputs("usage: cpuid PROGRAM [ARGUMENT]..., which ends well\n", stderr);
        return 2;
    }
    (void)printf("%ld %.2f\n", found, time_one());
    return 0;
}
