/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command and kills one process below it at a given moment:
 *   strike REPORT SECONDS PROGRAM WHICH DELAY-US HOLD-MS COMMAND...
 * The victim runs PROGRAM ("-": nobody is killed); WHICH is "parent" or "child", a child being one
 * whose parent runs PROGRAM too. DELAY-US after it was seen it is stopped, and HOLD-MS later
 * killed. A process that has become another program meanwhile goes on untouched.
 *
 * REPORT gets "struck", "missed" or "calm", and a line "left: PID NAME" for each process that is
 * still there when the command has ended, "late" if the command did not end in SECONDS. The status
 * is the command's. Whatever is left is killed.
 */
#include <dirent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* For what a runtime still clears up when its command has ended; busy machines look slower. */
#define GRACE_MS 5000
#define GRACE_LOOKS 1000
#define STOP_MS 200

struct strike {
    FILE *report;
    long deadline_ms;
    off_t size; /* of PROGRAM: its copies in containers have no other mark; 0: nobody is killed */
    bool child;
    long delay_us;
    long hold_ms;
    bool done;
};

static void die(const char *what)
{
    perror(what);
    exit(2);
}

static long now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sleep_us(long us)
{
    const struct timespec time = { us / 1000000, us % 1000000 * 1000 };

    (void)nanosleep(&time, NULL);
}

/* ---- processes ---------------------------------------------------------------------------- */

struct process {
    pid_t parent;
    char state;
    char name[32];
};

static bool look_at(pid_t pid, struct process *ret)
{
    char path[64];
    char text[512];
    int parent = 0;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    size_t len = file != NULL ? fread(text, 1, sizeof(text) - 1, file) : 0;
    if (file != NULL) {
        (void)fclose(file);
    }
    text[len] = '\0';
    char *name = strchr(text, '(');
    char *end = strrchr(text, ')');
    if (name == NULL || end == NULL || sscanf(end + 1, " %c %d", &ret->state, &parent) != 2) {
        return false;
    }
    (void)snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(end - name - 1), name + 1);
    ret->parent = parent;
    return true;
}

static bool is_below(pid_t pid, pid_t top)
{
    struct process process;

    while (pid > 1 && pid != top && look_at(pid, &process)) {
        pid = process.parent;
    }
    return pid == top;
}

static bool runs_program(pid_t pid, off_t size)
{
    char path[64];
    struct stat st;

    (void)snprintf(path, sizeof(path), "/proc/%d/exe", pid);
    return stat(path, &st) == 0 && st.st_size == size;
}

static bool is_victim(const struct strike *strike, pid_t pid)
{
    struct process process;

    return runs_program(pid, strike->size) && is_below(pid, getpid()) && look_at(pid, &process) &&
           runs_program(process.parent, strike->size) == strike->child;
}

/* The next process that @test accepts, or 0. */
static pid_t find(const struct strike *strike, bool (*test)(const struct strike *strike, pid_t pid))
{
    pid_t found = 0;
    DIR *proc = opendir("/proc");

    if (proc == NULL) {
        die("/proc");
    }
    for (struct dirent *entry = readdir(proc); entry != NULL && found == 0; entry = readdir(proc)) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        found = pid > 0 && pid != getpid() && test(strike, pid) ? pid : 0;
    }
    (void)closedir(proc);
    return found;
}

/* ---- the strike --------------------------------------------------------------------------- */

static bool is_stopped(pid_t pid)
{
    struct process process;

    for (long end = now_ms() + STOP_MS; now_ms() < end; sleep_us(50)) {
        if (!look_at(pid, &process) || process.state == 'Z') {
            return false;
        }
        if (process.state == 'T') {
            return true;
        }
    }
    return false;
}

static bool kill_victim(const struct strike *strike, pid_t pid)
{
    int fd = pidfd_open(pid, 0);
    bool struck = false;

    if (fd < 0) {
        return false;
    }
    sleep_us(strike->delay_us);
    if (runs_program(pid, strike->size) && pidfd_send_signal(fd, SIGSTOP, NULL, 0) == 0) {
        /* Only now it cannot become the runtime any more. */
        if (is_stopped(pid) && runs_program(pid, strike->size)) {
            sleep_us(strike->hold_ms * 1000);
            struck = pidfd_send_signal(fd, SIGKILL, NULL, 0) == 0;
        }
        (void)pidfd_send_signal(fd, SIGCONT, NULL, 0);
    }
    (void)close(fd);
    return struck;
}

static void watch(struct strike *strike)
{
    pid_t pid = strike->size != 0 && !strike->done ? find(strike, is_victim) : 0;

    if (pid != 0) {
        strike->done = true;
        (void)fprintf(strike->report, "%s\n", kill_victim(strike, pid) ? "struck" : "missed");
    }
    sleep_us(strike->size != 0 && !strike->done ? 50 : 2000);
}

/* ---- the end ------------------------------------------------------------------------------ */

static bool is_left(const struct strike *strike, pid_t pid)
{
    struct process process;

    (void)strike;
    return look_at(pid, &process) && process.state != 'Z' && is_below(pid, getpid());
}

static void reap(void)
{
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
}

/* Orphans come to us: what is not gone in time was left behind. */
static void clear_up(struct strike *strike)
{
    struct process process;
    pid_t pid = 0;

    long end = now_ms() + GRACE_MS;
    for (int looks = 0; looks < GRACE_LOOKS || now_ms() < end; looks++, sleep_us(2000)) {
        reap();
        pid = find(strike, is_left);
        if (pid == 0) {
            return;
        }
    }
    while (pid != 0) {
        (void)fprintf(strike->report, "left: %d %s\n", pid,
                      look_at(pid, &process) ? process.name : "?");
        (void)kill(pid, SIGKILL);
        sleep_us(10000);
        reap();
        pid = find(strike, is_left);
    }
}

static int run(struct strike *strike, char **argv)
{
    int status = 0;
    pid_t pid = fork();

    if (pid < 0) {
        die("fork");
    }
    if (pid == 0) {
        (void)execvp(argv[0], argv);
        die(argv[0]);
    }
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (now_ms() > strike->deadline_ms) {
            (void)fprintf(strike->report, "late\n");
            (void)kill(pid, SIGKILL);
        }
        watch(strike);
    }
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int main(int argc, char **argv)
{
    struct stat st = { 0 };

    if (argc < 8) {
        (void)fprintf(stderr,
                      "usage: strike REPORT SECONDS PROGRAM WHICH DELAY-US HOLD-MS COMMAND\n");
        return 2;
    }
    struct strike strike = {
        .report = fopen(argv[1], "we"),
        .deadline_ms = now_ms() + strtol(argv[2], NULL, 10) * 1000,
        .child = strcmp(argv[4], "child") == 0,
        .delay_us = strtol(argv[5], NULL, 10),
        .hold_ms = strtol(argv[6], NULL, 10),
    };
    if (strike.report == NULL || prctl(PR_SET_CHILD_SUBREAPER, 1UL) != 0) {
        die(argv[1]);
    }
    if (strcmp(argv[3], "-") != 0 && stat(argv[3], &st) != 0) {
        die(argv[3]);
    }
    strike.size = st.st_size;
    int status = run(&strike, argv + 7);
    if (!strike.done) {
        (void)fprintf(strike.report, "%s\n", strike.size != 0 ? "missed" : "calm");
    }
    clear_up(&strike);
    return fclose(strike.report) == 0 ? status : 2;
}
