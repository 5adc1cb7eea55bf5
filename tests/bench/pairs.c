/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times two programs in pairs, so that whatever else the machine does meets both:
 *   pairs COUNT FRESH TARGET INPUT PROGRAM_A PROGRAM_B ARGUMENT...
 * Before each run, and not timed, TARGET is replaced by a copy of FRESH ("-": left as it is); INPUT
 * is the programs' standard input. Prints, for each, p10, p25, median and p90 in microseconds; then
 * p10/p10, p25/p25 and the median of the ratios A/B of the pairs; then the most KiB that A or a
 * child of it held.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_PAIRS 100000

extern char **environ;

struct plan {
    const char *fresh; /* NULL: TARGET is left as it is */
    const char *target;
    posix_spawn_file_actions_t *input;
    char **argv; /* argv[0] is set for each program */
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void refresh(const struct plan *plan)
{
    int from = open(plan->fresh, O_RDONLY | O_CLOEXEC);
    int to = open(plan->target, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    struct stat st;

    if (from < 0 || to < 0 || fstat(from, &st) != 0 ||
        sendfile(to, from, NULL, (size_t)st.st_size) != st.st_size) {
        die(plan->target);
    }
    (void)close(from);
    (void)close(to);
}

static double run_once(const struct plan *plan, char *program, long *rss)
{
    struct rusage usage;
    struct timespec begin;
    struct timespec end;
    pid_t pid = 0;
    int status = 0;

    if (plan->fresh != NULL) {
        refresh(plan);
    }
    plan->argv[0] = program;
    (void)clock_gettime(CLOCK_MONOTONIC, &begin);
    if (posix_spawn(&pid, program, plan->input, NULL, plan->argv, environ) != 0 ||
        wait4(pid, &status, 0, &usage) != pid) {
        die(program);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    if (status != 0) {
        (void)fprintf(stderr, "%s failed: wait status %d\n", program, status);
        exit(2);
    }
    *rss = usage.ru_maxrss > *rss ? usage.ru_maxrss : *rss;
    return (double)(end.tv_sec - begin.tv_sec) * 1e6 + (double)(end.tv_nsec - begin.tv_nsec) / 1e3;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

/* Sorts, and takes the value below which @share of them lie. */
static double quantile(double *values, size_t count, double share)
{
    qsort(values, count, sizeof(*values), compare);
    return values[(size_t)((double)(count - 1) * share)];
}

/* Sorts @times; prints their quantiles. */
static void print_times(double *times, size_t count)
{
    (void)printf("%.0f %.0f %.0f %.0f ", quantile(times, count, 0.1), quantile(times, count, 0.25),
                 quantile(times, count, 0.5), quantile(times, count, 0.9));
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    posix_spawn_file_actions_t input;

    if (argc < 7 || count == 0 || count > MAX_PAIRS) {
        (void)fputs("usage: pairs COUNT FRESH|- TARGET INPUT PROGRAM_A PROGRAM_B ARGUMENT...\n",
                    stderr);
        return 2;
    }
    struct plan plan = { strcmp(argv[2], "-") != 0 ? argv[2] : NULL, argv[3], &input, argv + 6 };
    char *programs[2] = { argv[5], argv[6] };
    double *times[2] = { calloc(count, sizeof(double)), calloc(count, sizeof(double)) };
    double *ratios = calloc(count, sizeof(double));
    long rss[2] = { 0, 0 };

    if (times[0] == NULL || times[1] == NULL || ratios == NULL ||
        posix_spawn_file_actions_init(&input) != 0 ||
        posix_spawn_file_actions_addopen(&input, 0, argv[4], O_RDONLY, 0) != 0) {
        die("memory");
    }
    for (size_t warm = 0; warm < 20; warm++) {
        (void)run_once(&plan, programs[warm % 2], &rss[warm % 2]);
    }
    for (size_t i = 0; i < count; i++) {
        size_t first = i % 2; /* neither program always follows the other */

        times[first][i] = run_once(&plan, programs[first], &rss[first]);
        times[1 - first][i] = run_once(&plan, programs[1 - first], &rss[1 - first]);
        ratios[i] = times[0][i] / times[1][i];
    }
    print_times(times[0], count);
    print_times(times[1], count);
    (void)printf("%.2f %.2f %.2f %ld\n",
                 quantile(times[0], count, 0.1) / quantile(times[1], count, 0.1),
                 quantile(times[0], count, 0.25) / quantile(times[1], count, 0.25),
                 quantile(ratios, count, 0.5), rss[0]);
    (void)posix_spawn_file_actions_destroy(&input);
    free(times[0]);
    free(times[1]);
    free(ratios);
    return 0;
}
