/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The few system calls of ocinorm-entry, and where it begins. On the architectures below without
 * libc: the program then is a few KiB, and there is nothing in it that reads a locale, a loader's
 * variable or an allocator's tunable. Elsewhere a static libc does the same.
 */
#pragma once

#include <asm/unistd.h>

/* Called with what the kernel put on the stack; ends by execve, or with this exit status. */
int ocn_entry_main(char **argv, char **env);

#if !defined(__x86_64__) && !defined(__aarch64__)
#define OCN_ENTRY_LIBC /* as hook/CMakeLists.txt links it */
#endif

#if defined(OCN_ENTRY_LIBC)

#include <errno.h>
#include <unistd.h>

static inline long ocn_sys(long number, long a, long b, long c, long d, long e, long f)
{
    long ret = syscall(number, a, b, c, d, e, f);

    return ret == -1 ? -(long)errno : ret;
}

#elif defined(__x86_64__)

static inline long ocn_sys(long number, long a, long b, long c, long d, long e, long f)
{
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long ret;

    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
}

#define OCN_ENTRY_START                                                                            \
    __asm__(".text\n"                                                                              \
            ".globl _start\n"                                                                      \
            "_start:\n"                                                                            \
            "xor %ebp, %ebp\n"                                                                     \
            "mov %rsp, %rdi\n"                                                                     \
            "and $-16, %rsp\n"                                                                     \
            "call ocn_entry_begin\n"                                                               \
            "hlt\n")

#elif defined(__aarch64__)

static inline long ocn_sys(long number, long a, long b, long c, long d, long e, long f)
{
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;

    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
}

#define OCN_ENTRY_START                                                                            \
    __asm__(".text\n"                                                                              \
            ".globl _start\n"                                                                      \
            "_start:\n"                                                                            \
            "mov x29, #0\n"                                                                        \
            "mov x30, #0\n"                                                                        \
            "mov x0, sp\n"                                                                         \
            "bl ocn_entry_begin\n"                                                                 \
            "brk #0\n")

#endif

#if defined(OCN_ENTRY_LIBC)

#define OCN_ENTRY_BEGIN                                                                            \
    int main(int argc, char **argv, char **env)                                                    \
    {                                                                                              \
        (void)argc;                                                                                \
        return ocn_entry_main(argv, env);                                                          \
    }

#else

/* The stack of a new process: argc, the arguments, NULL, the variables, NULL. */
#define OCN_ENTRY_BEGIN                                                                            \
    OCN_ENTRY_START;                                                                               \
    _Noreturn void ocn_entry_begin(long *stack);                                                   \
    _Noreturn void ocn_entry_begin(long *stack)                                                    \
    {                                                                                              \
        char **argv = (char **)(stack + 1);                                                        \
        for (;;) {                                                                                 \
            (void)ocn_sys(__NR_exit_group, ocn_entry_main(argv, argv + stack[0] + 1), 0, 0, 0, 0,  \
                          0);                                                                      \
        }                                                                                          \
    }

#endif

/* 32-bit architectures keep the calls with 16-bit ids under the old names. */
#if defined(__NR_setgroups32)
#define OCN_NR_SETGROUPS __NR_setgroups32
#define OCN_NR_SETRESGID __NR_setresgid32
#define OCN_NR_SETRESUID __NR_setresuid32
#define OCN_NR_GETUID __NR_getuid32
#else
#define OCN_NR_SETGROUPS __NR_setgroups
#define OCN_NR_SETRESGID __NR_setresgid
#define OCN_NR_SETRESUID __NR_setresuid
#define OCN_NR_GETUID __NR_getuid
#endif
