/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times programs in rounds, so that whatever else the machine does meets all of them:
 *   rounds COUNT INPUT BEFORE PROGRAM [BEFORE PROGRAM]... -- [ARGUMENT]...
 * Each round runs every PROGRAM once, with the same arguments and INPUT as its standard input; none
 * always follows the same other one. BEFORE is a program that is run first, and not timed ("-":
 * none). Prints a line per round, of each program MICROSECONDS/PAGE-FAULTS; then a line with the
 * most KiB that each held. Faults and memory are those of its children, too.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PROGRAMS 16
#define WARM_ROUNDS 5

extern char **environ;

struct contest {
    char **programs; /* before each one lies its BEFORE */
    size_t len;
    char **argv; /* argv[0] is set for each program */
    posix_spawn_file_actions_t input;
    double times[MAX_PROGRAMS];
    long faults[MAX_PROGRAMS];
    long rss[MAX_PROGRAMS];
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

/* Runs @argv to its end, which must be a good one. */
static void run(struct contest *contest, char **argv, struct rusage *usage)
{
    pid_t pid = 0;
    int status = 0;
    int error = posix_spawn(&pid, argv[0], &contest->input, NULL, argv, environ);

    if (error != 0 || wait4(pid, &status, 0, usage) != pid) {
        die(argv[0]);
    }
    if (status != 0) {
        (void)fprintf(stderr, "%s failed: wait status %d\n", argv[0], status);
        exit(2);
    }
}

static void run_timed(struct contest *contest, size_t which)
{
    char *before[] = { contest->programs[2 * which], NULL };
    struct rusage usage;
    struct timespec begin;
    struct timespec end;

    if (strcmp(before[0], "-") != 0) {
        run(contest, before, &usage);
    }
    contest->argv[0] = contest->programs[2 * which + 1];
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    run(contest, contest->argv, &usage);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    contest->times[which] =
        (double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3;
    contest->faults[which] = usage.ru_minflt + usage.ru_majflt;
    if (usage.ru_maxrss > contest->rss[which]) {
        contest->rss[which] = usage.ru_maxrss;
    }
}

/* Every program is the first one at times, and the order turns round. */
static void run_round(struct contest *contest, size_t round)
{
    for (size_t i = 0; i < contest->len; i++) {
        size_t which = (round / 2 + i) % contest->len;
        run_timed(contest, round % 2 == 0 ? which : contest->len - 1 - which);
    }
}

int main(int argc, char **argv)
{
    static struct contest contest;
    int end = 3;

    while (end < argc && strcmp(argv[end], "--") != 0) {
        end++;
    }
    contest.programs = argv + 3;
    contest.len = (size_t)(end - 3) / 2;
    contest.argv = argv + end;
    if (end >= argc || contest.len == 0 || contest.len > MAX_PROGRAMS || end % 2 == 0) {
        (void)fputs("usage: rounds COUNT INPUT BEFORE|- PROGRAM ... -- ARGUMENT...\n", stderr);
        return 2;
    }
    if (posix_spawn_file_actions_init(&contest.input) != 0 ||
        posix_spawn_file_actions_addopen(&contest.input, 0, argv[2], O_RDONLY, 0) != 0) {
        die("memory");
    }
    size_t count = strtoul(argv[1], NULL, 10);
    for (size_t round = 0; round < WARM_ROUNDS; round++) {
        run_round(&contest, round);
    }
    for (size_t round = 0; round < count; round++) {
        run_round(&contest, round);
        for (size_t i = 0; i < contest.len; i++) {
            (void)printf("%.1f/%ld%c", contest.times[i], contest.faults[i],
                         i + 1 < contest.len ? ' ' : '\n');
        }
    }
    for (size_t i = 0; i < contest.len; i++) {
        (void)printf("%ld%c", contest.rss[i], i + 1 < contest.len ? ' ' : '\n');
    }
    return 0;
}
