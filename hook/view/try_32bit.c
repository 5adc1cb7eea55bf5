/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/view/try_32bit.h"

#include "hook/confine/child.h"

#if defined(__x86_64__)

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define NR_GETPID_I386 20

static void say(enum ocn_runs runs)
{
    _exit(ocn_child_send(runs, (struct ocn_bytes){ NULL, 0 }, NULL) == 0 ? EXIT_SUCCESS
                                                                         : EXIT_FAILURE);
}

/* Caught, it leaves no line in the kernel's log and no core. */
static void on_fault(int number)
{
    (void)number;
    say(OCN_RUNS_NOT);
}

/*
 * What the call returns does not matter: where it enters the kernel, the kernel runs 32-bit
 * programs. A filter of the engine's that knows no 32-bit calls may kill here (SIGSYS): then
 * nothing is known.
 */
static int call_as_32bit(void *ctx)
{
    const struct sigaction fault = { .sa_handler = on_fault };
    sigset_t faults;
    long result = NR_GETPID_I386;

    (void)ctx;
    if (sigemptyset(&faults) < 0 || sigaddset(&faults, SIGSEGV) < 0 ||
        sigaction(SIGSEGV, &fault, NULL) < 0 || sigprocmask(SIG_UNBLOCK, &faults, NULL) < 0) {
        return -1;
    }
    /* Kernels before 4.14 leave other values in r8 to r11. */
    __asm__ volatile("int $0x80" : "+a"(result) : : "r8", "r9", "r10", "r11", "cc", "memory");
    say(OCN_RUNS);
    return -1;
}

enum ocn_runs ocn_try_32bit(int64_t nanoseconds)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf nothing = { 0 };
    uint32_t said = OCN_RUNS_UNKNOWN;

    if (ocn_child_start(&child, call_as_32bit, NULL, NULL) < 0) {
        return OCN_RUNS_UNKNOWN;
    }
    child.left = nanoseconds < child.left ? nanoseconds : child.left;
    if (ocn_child_receive(&child, &said, &nothing, NULL) < 0) {
        return OCN_RUNS_UNKNOWN;
    }
    return said == OCN_RUNS ? OCN_RUNS : said == OCN_RUNS_NOT ? OCN_RUNS_NOT : OCN_RUNS_UNKNOWN;
}

#else

enum ocn_runs ocn_try_32bit(int64_t nanoseconds)
{
    (void)nanoseconds;
    return OCN_RUNS_UNKNOWN;
}

#endif
