/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/entry/hold.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/auxvec.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

#include "hook/sys/io.h"
#include "hook/sys/text.h"

#define BEAT_SECONDS 2                    /* how often we say that we are there */
#define STATUS_MAX_SIZE ((size_t)1 << 20) /* it lists the groups, of which there may be 65536 */
#define MAP_MAX_SIZE ((size_t)64 << 10)
#define PATH_SIZE 512
#define SENTENCE_SIZE 900
#define EVENT_STOP 128 /* PTRACE_EVENT_STOP, which not every library has */

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif

void ocn_hold_init(struct ocn_hold *hold)
{
    *hold = (struct ocn_hold){ .proc_fd = -1, .pid_fd = -1, .syslog = { .fd = -1 } };
    ocn_cover_init(&hold->cover);
}

void ocn_hold_done(struct ocn_hold *hold)
{
    ocn_closep(&hold->proc_fd);
    ocn_closep(&hold->pid_fd);
    ocn_syslog_close(&hold->syslog);
    if (hold->has_timer) {
        (void)timer_delete(hold->timer);
    }
    ocn_cover_done(&hold->cover);
}

/* ---- what /proc tells --------------------------------------------------------------------- */

static int read_at(int dir_fd, const char *name, size_t limit, struct ocn_buf *ret,
                   struct ocn_error *err)
{
    ocn_autoclose int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? ocn_fail_sys(err, errno, name, "cannot open it in /proc")
                  : ocn_io_read_fd(fd, name, limit, ret, err);
}

/* Behind @key in the status of a process; NULL: it is not there. */
static const char *find_status(const char *status, const char *key)
{
    const char *at = strstr(status, key);

    return at != NULL ? at + strlen(key) : NULL;
}

/* Who traces the process or thread of this status file, 0: nobody; -1: it does not say. */
static pid_t read_tracer(int dir_fd, const char *name)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    unsigned long tracer = 0;

    if (read_at(dir_fd, name, STATUS_MAX_SIZE, &text, NULL) < 0) {
        return -1;
    }
    const char *at = find_status(ocn_buf_bytes(&text).ptr, "\nTracerPid:");
    return at != NULL && ocn_io_take_number(&at, &tracer) ? (pid_t)tracer : -1;
}

/* The same program as this one? */
static bool is_same_program(pid_t pid)
{
    char path[64];
    struct stat theirs;
    struct stat ours;

    (void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
    return stat(path, &theirs) == 0 && stat("/proc/self/exe", &ours) == 0 &&
           theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
}

/* Whether the process is in our user namespace. */
static int shares_users(int proc_fd, bool *ret, struct ocn_error *err)
{
    struct stat theirs;
    struct stat ours;

    if (fstatat(proc_fd, "ns/user", &theirs, 0) < 0 || stat("/proc/self/ns/user", &ours) < 0) {
        return ocn_fail_sys(err, errno, "/proc", "cannot look at the user namespace");
    }
    *ret = theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino;
    return 0;
}

/* @id of the process, as we count. */
static int map_id(int proc_fd, const char *name, uint32_t *id, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf map = { 0 };
    unsigned long inside = 0;
    unsigned long outside = 0;
    unsigned long count = 0;

    if (read_at(proc_fd, name, MAP_MAX_SIZE, &map, err) < 0) {
        return -1;
    }
    const char *at = ocn_buf_bytes(&map).ptr;
    while (ocn_io_take_number(&at, &inside) && ocn_io_take_number(&at, &outside) &&
           ocn_io_take_number(&at, &count)) {
        if (*id >= inside && *id - inside < count) {
            *id = (uint32_t)(outside + (*id - inside));
            return 0;
        }
    }
    return ocn_fail(err, OCN_E_UNSUPPORTED, NULL, "id %u is not in the container's %s", *id, name);
}

/* The user and the group of @end, as we count: the map of our own namespace speaks of its parent.
 */
static int map_end(int proc_fd, struct ocn_hold_end *end, struct ocn_error *err)
{
    bool shared = false;

    if (shares_users(proc_fd, &shared, err) < 0) {
        return -1;
    }
    if (shared) {
        return 0;
    }
    return map_id(proc_fd, "uid_map", &end->uid, err) < 0 ||
                   map_id(proc_fd, "gid_map", &end->gid, err) < 0
               ? -1
               : 0;
}

int ocn_hold_open(struct ocn_hold *hold, pid_t pid, const struct ocn_hold_end *end,
                  const struct ocn_about *about, struct ocn_error *err)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    hold->pid = pid;
    hold->proc_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (hold->proc_fd < 0) {
        return ocn_fail_sys(err, errno, path, "cannot open the container's process");
    }
    hold->pid_fd = (int)syscall(SYS_pidfd_open, pid, 0U);
    if (hold->pid_fd < 0) {
        return ocn_fail(err, errno == ENOSYS ? OCN_E_UNSUPPORTED : OCN_E_IO, NULL, "pidfd_open: %s",
                        strerror(errno));
    }
    ocn_syslog_open(NULL, about, &hold->syslog);
    pid_t tracer = read_tracer(hold->proc_fd, "status");
    if (tracer < 0) {
        return ocn_fail(err, OCN_E_IO, path, "cannot tell who traces the container's process");
    }
    hold->traced = tracer != 0;
    hold->traced_by_us = tracer != 0 && is_same_program(tracer);
    hold->end = end != NULL ? *end : (struct ocn_hold_end){ 0 };
    return hold->end.lowered ? map_end(hold->proc_fd, &hold->end, err) : 0;
}

/* ---- seizing ------------------------------------------------------------------------------ */

static int fail_trace(int number, struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_UNSUPPORTED, NULL,
                    "it may not trace the container's process (ptrace: %s), as where "
                    "kernel.yama.ptrace_scope is 3, SELinux's deny_ptrace is on, or the runtime "
                    "runs under strace",
                    strerror(number));
}

/* What was seized, so that the next look need not ask again. */
struct seized {
    pid_t threads[64];
    size_t len;
};

static bool is_known(const struct seized *seized, pid_t thread)
{
    for (size_t i = 0; i < seized->len; i++) {
        if (seized->threads[i] == thread) {
            return true;
        }
    }
    return false;
}

enum seizure {
    NEWLY_SEIZED,
    NOT_TO_SEIZE, /* it is gone, or one of ours */
    SEIZE_REFUSED,
};

/* With errno where it is refused. */
static enum seizure seize_one(const struct ocn_hold *hold, pid_t thread, struct seized *seized)
{
    const unsigned long options = PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
    char status[64];

    if (ptrace(PTRACE_SEIZE, thread, NULL, (void *)options) == 0) {
        if (seized->len < OCN_COUNT(seized->threads)) {
            seized->threads[seized->len++] = thread;
        }
        return NEWLY_SEIZED;
    }
    if (errno == ESRCH) {
        return NOT_TO_SEIZE;
    }
    int number = errno;
    (void)snprintf(status, sizeof(status), "task/%d/status", (int)thread);
    pid_t tracer = read_tracer(hold->proc_fd, status);
    errno = number;
    /* Below 0: it has ended meanwhile. */
    return tracer == getpid() || tracer < 0 ? NOT_TO_SEIZE : SEIZE_REFUSED;
}

/* One look at all threads: how many are new, or -1 with errno. */
static int seize_threads(const struct ocn_hold *hold, DIR *tasks, struct seized *seized)
{
    int count = 0;

    rewinddir(tasks);
    for (struct dirent *entry = readdir(tasks); entry != NULL; entry = readdir(tasks)) {
        char *end = NULL;
        pid_t thread = (pid_t)strtol(entry->d_name, &end, 10);
        if (*end != '\0' || thread <= 0 || is_known(seized, thread)) {
            continue;
        }
        enum seizure seizure = seize_one(hold, thread, seized);
        if (seizure == SEIZE_REFUSED) {
            return -1;
        }
        count += seizure == NEWLY_SEIZED ? 1 : 0;
    }
    return count;
}

static void close_dir(DIR **dir)
{
    if (*dir != NULL) {
        (void)closedir(*dir);
    }
}

/* A timer of the kernel's kills also who is stopped; whoever runs sets it anew. */
static int make_timer(struct ocn_hold *hold, struct ocn_error *err)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };

    if (timer_create(CLOCK_MONOTONIC, &event, &hold->timer) < 0) {
        return ocn_fail_sys(err, errno, NULL, "cannot make a timer");
    }
    hold->has_timer = true;
    return 0;
}

/* The signals are waited for (sleep_a_beat()), and nothing else may come between. */
static void block_signals(void)
{
    const struct sigaction usual = { .sa_handler = SIG_DFL };
    sigset_t all;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_BLOCK, &all, NULL);
    (void)sigaction(SIGCHLD, &usual, NULL);
}

int ocn_hold_seize(struct ocn_hold *hold, bool *ret_held, struct ocn_error *err)
{
    int tasks_fd = openat(hold->proc_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    OCN_CLEANUP(close_dir) DIR *tasks = tasks_fd >= 0 ? fdopendir(tasks_fd) : NULL;
    struct seized seized = { .len = 0 };
    int count;

    *ret_held = false;
    if (tasks == NULL) {
        ocn_closep(&tasks_fd);
        return ocn_fail_sys(err, errno, NULL, "cannot list the threads of the container's process");
    }
    if (make_timer(hold, err) < 0) {
        return -1;
    }
    block_signals();
    do {
        count = seize_threads(hold, tasks, &seized);
        *ret_held = *ret_held || count > 0;
    } while (count > 0);
    if (count < 0) {
        return fail_trace(errno, err);
    }
    return *ret_held ? 0 : ocn_fail(err, OCN_E_NOENT, NULL, "the container's process has ended");
}

/* ---- waiting ------------------------------------------------------------------------------ */

static void set_timer(const struct ocn_hold *hold)
{
    const struct itimerspec limit = { .it_value = { .tv_sec = OCN_HOLD_SECONDS } };

    (void)timer_settime(hold->timer, 0, &limit, NULL);
}

static bool stops(int signal)
{
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

/* Lets a thread go on, as if nobody looked: with its signal, or in its stop. */
static void resume(pid_t thread, int status)
{
    int event = status >> 16;
    int signal = WSTOPSIG(status);

    if (event == EVENT_STOP && stops(signal)) {
        (void)ptrace(PTRACE_LISTEN, thread, NULL, NULL);
    } else if (event == PTRACE_EVENT_EXEC) {
        (void)ptrace(PTRACE_DETACH, thread, NULL, NULL); /* a child's: no business of ours */
    } else {
        (void)ptrace(PTRACE_CONT, thread, NULL, (void *)(long)(event != 0 ? 0 : signal));
    }
}

/* Until there is something to wait for, or the timer is to be set again. */
static void sleep_a_beat(void)
{
    const struct timespec beat = { .tv_sec = BEAT_SECONDS };
    sigset_t child;

    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigtimedwait(&child, NULL, &beat);
}

bool ocn_hold_await(struct ocn_hold *hold)
{
    int status = 0;

    set_timer(hold);
    for (;;) {
        pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);
        if (pid < 0) {
            return false;
        }
        if (pid == 0) {
            set_timer(hold);
            sleep_a_beat();
        } else if (WIFSTOPPED(status)) {
            if (pid == hold->pid && status >> 16 == PTRACE_EVENT_EXEC) {
                return true;
            }
            resume(pid, status);
        }
    }
}

/* ---- what it has executed ----------------------------------------------------------------- */

static bool runs_cover(const struct ocn_hold *hold)
{
    struct stat st;

    return fstatat(hold->proc_fd, "exe", &st, 0) == 0 && st.st_dev == hold->cover.dev &&
           st.st_ino == hold->cover.ino;
}

/* Its descriptor @number, as one of ours. */
static int get_fd(const struct ocn_hold *hold, int number)
{
    return (int)syscall(SYS_pidfd_getfd, hold->pid_fd, number, 0U);
}

/* What would block is not written: the container is to end now. */
static void write_stderr(const struct ocn_hold *hold, const char *text)
{
    ocn_autoclose int fd = get_fd(hold, STDERR_FILENO);
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    char line[SENTENCE_SIZE + 32];
    int len = snprintf(line, sizeof(line), "ocinorm: %s\n", text);

    if (fd >= 0 && len > 0 && (size_t)len < sizeof(line) && poll(&ready, 1, 0) == 1 &&
        (ready.revents & POLLOUT) != 0) {
        ssize_t written = write(fd, line, (size_t)len);
        (void)written;
    }
}

/* The path that it gave to execve(2): getauxval(3) of AT_EXECFN, seen from outside. */
static bool read_executed(const struct ocn_hold *hold, char *ret, size_t size)
{
    unsigned long aux[2 * 64]; /* more than the kernel has */
    ocn_autoclose int aux_fd = openat(hold->proc_fd, "auxv", O_RDONLY | O_CLOEXEC);
    ocn_autoclose int memory_fd = openat(hold->proc_fd, "mem", O_RDONLY | O_CLOEXEC);
    ssize_t len = aux_fd >= 0 ? read(aux_fd, aux, sizeof(aux)) : -1;

    for (size_t i = 0; len > 0 && i + 1 < (size_t)len / sizeof(aux[0]); i += 2) {
        if (aux[i] == AT_EXECFN && memory_fd >= 0) {
            ssize_t got = pread(memory_fd, ret, size - 1, (off_t)aux[i + 1]);
            ret[got > 0 ? got : 0] = '\0';
            return ret[0] != '\0';
        }
    }
    return false;
}

static void stop(const struct ocn_hold *hold, const char *why)
{
    char program[PATH_SIZE];
    char sentence[SENTENCE_SIZE];

    if (!read_executed(hold, program, sizeof(program))) {
        ssize_t len = readlinkat(hold->proc_fd, "exe", program, sizeof(program) - 1);
        program[len > 0 ? len : 0] = '\0';
    }
    (void)snprintf(sentence, sizeof(sentence),
                   "error: the container was killed before it could run as root: the runtime "
                   "executed %s, %s; start it through ocinorm-runtime",
                   program, why);
    ocn_text_defuse(sentence);
    write_stderr(hold, sentence);
    (void)kill(hold->pid, SIGKILL);
    ocn_syslog_send(&hold->syslog, OCN_LOG_ERROR, sentence);
}

/* What the new user gets of its standard files: no device of the node, but terminals. */
static const struct {
    mode_t type;
    unsigned first; /* of the major numbers, which only devices have */
    unsigned last;
} takes[] = {
    { S_IFIFO, 0, 0 },
    { S_IFSOCK, 0, 0 },
    { S_IFREG, 0, 0 },
    { S_IFCHR, 136, 143 }, /* Unix98 pseudo-terminals, the container's side */
};

static bool is_given(const struct stat *st)
{
    for (size_t i = 0; i < OCN_COUNT(takes); i++) {
        if ((st->st_mode & S_IFMT) == takes[i].type && major(st->st_rdev) >= takes[i].first &&
            major(st->st_rdev) <= takes[i].last) {
            return true;
        }
    }
    return false;
}

/* As the runtimes do for another user, and as they do it: no failure where that is not allowed. */
static void give_stdio(const struct ocn_hold *hold)
{
    struct stat st;

    for (int number = STDIN_FILENO; number <= STDERR_FILENO; number++) {
        ocn_autoclose int fd = get_fd(hold, number);
        if (fd >= 0 && fstat(fd, &st) == 0 && is_given(&st) && st.st_uid != hold->end.uid) {
            int given = fchown(fd, hold->end.uid, (gid_t)-1);
            (void)given;
        }
    }
}

/* ---- what it has become ------------------------------------------------------------------- */

/* Whether the first @count of the four ids behind @key are all @id. */
static bool has_ids(const char *status, const char *key, int count, uint32_t id)
{
    const char *at = find_status(status, key);
    unsigned long number = 0;

    for (int i = 0; i < count; i++) {
        if (at == NULL || !ocn_io_take_number(&at, &number) || number != id) {
            return false;
        }
    }
    return true;
}

static size_t count_groups(const char *status)
{
    const char *at = find_status(status, "\nGroups:");
    size_t count = 0;

    while (at != NULL && *at != '\n' && *at != '\0') {
        at += strspn(at, " \t");
        count += *at >= '0' && *at <= '9' ? 1 : 0;
        at += strcspn(at, " \t\n");
    }
    return at != NULL ? count : SIZE_MAX;
}

/*
 * Whether no set of capabilities holds more than @set. Less may be in it: of a program whose file
 * has capabilities of its own the kernel clears the ambient set, and permits what file and process
 * have in common (capabilities(7)).
 */
static bool has_no_more_than(const char *status, uint64_t set)
{
    static const char *const keys[] = { "\nCapInh:", "\nCapPrm:", "\nCapEff:", "\nCapAmb:" };

    for (size_t i = 0; i < OCN_COUNT(keys); i++) {
        const char *at = find_status(status, keys[i]);
        if (at == NULL || (strtoull(at, NULL, 16) & ~set) != 0) {
            return false;
        }
    }
    return true;
}

/*
 * Whether it is what the plan makes of it. ocinorm-entry runs below the container's seccomp
 * profile, which can answer for the kernel (SCMP_ACT_ERRNO with errnoRet 0): what it heard proves
 * nothing. Without no_new_privs a set-uid file or capabilities of a file count, as by policy; then
 * only who called is known.
 */
static bool is_as_planned(const struct ocn_hold *hold)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct ocn_hold_end *end = &hold->end;

    if (!end->lowered && !end->no_new_privs) {
        return true;
    }
    if (read_at(hold->proc_fd, "status", STATUS_MAX_SIZE, &text, NULL) < 0) {
        return false;
    }
    const char *status = ocn_buf_bytes(&text).ptr;
    const char *at = find_status(status, "\nNoNewPrivs:");
    unsigned long strict = 0;
    if (at == NULL || !ocn_io_take_number(&at, &strict) || (end->no_new_privs && strict == 0)) {
        return false;
    }
    const int ids = strict != 0 ? 4 : 1;
    return !end->lowered ||
           (has_ids(status, "\nUid:", ids, end->uid) && has_ids(status, "\nGid:", ids, end->gid) &&
            count_groups(status) == end->groups_len &&
            (strict == 0 || has_no_more_than(status, end->capabilities)));
}

void ocn_hold_run(struct ocn_hold *hold)
{
    if (!ocn_hold_await(hold)) {
        return;
    }
    if (!runs_cover(hold)) {
        stop(hold, "which is not the program that was judged and covered");
        return;
    }
    if (ocn_cover_lift(&hold->cover) < 0) {
        stop(hold, "and what was put over the program could not be taken away");
        return;
    }
    if (hold->end.gives_stdio) {
        give_stdio(hold);
    }
    (void)ptrace(PTRACE_CONT, hold->pid, NULL, NULL);
    if (!ocn_hold_await(hold)) {
        return;
    }
    if (runs_cover(hold)) {
        stop(hold, "whose original names it as its own interpreter");
        return;
    }
    if (!is_as_planned(hold)) {
        stop(hold,
             "and the process is not lowered as it was decided, as where the container's seccomp "
             "profile answers in place of the kernel");
        return;
    }
    (void)ptrace(PTRACE_DETACH, hold->pid, NULL, NULL);
}
