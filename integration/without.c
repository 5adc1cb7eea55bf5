/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: without NUMBER[,NUMBER...] PROGRAM [ARGUMENT...] runs a program on a kernel that does
 * not know these system calls (ENOSYS); with ! before the numbers, it dies of them.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define MAX_CALLS 32

int main(int argc, char **argv)
{
    struct sock_filter code[2 * MAX_CALLS + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    };
    unsigned short len = 1;
    int deadly = argc > 2 && argv[1][0] == '!';
    unsigned refusal = deadly ? SECCOMP_RET_KILL_PROCESS : SECCOMP_RET_ERRNO | ENOSYS;

    for (char *at = argc > 2 ? argv[1] + deadly : NULL;
         at != NULL && *at != '\0' && len < 2 * MAX_CALLS;) {
        unsigned number = (unsigned)strtoul(at, &at, 10);
        code[len++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
        code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refusal);
        at += *at == ',';
    }
    code[len++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = { .len = len, .filter = code };
    if (argc <= 2 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
        perror("without");
        return 125;
    }
    execv(argv[2], argv + 2);
    perror(argv[2]);
    return 127;
}
