/* SPDX-License-Identifier: Apache-2.0 */
/* The confined child: what it is left with, how it ends, and what it still finds on poor kernels.
 */
#include "hook/confine/confine.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "hook/confine/child.h"
#include "hook/confine/seccomp_filter.h"
#include "hook/judge/judge.h"
#include "hook/judge/report.h"
#include "hook/policy/node_policy.h"
#include "hook/sys/io.h"
#include "hook/view/dir_view.h"
#include "hook/view/try_32bit.h"
#include "tests/lib/suite.h"

/* Of each more than fits into 1 KiB, as pointers and as numbers. */
#define ROOTS 200
#define GROUPS 300

static char dir[64];
static struct ocn_error err;

static void put(const char *path, const char *text, mode_t mode)
{
    char full[256];

    (void)snprintf(full, sizeof(full), "%s/%s", dir, path);
    if (text == NULL) {
        ck_assert_int_eq(mkdir(full, 0700), 0);
    } else {
        FILE *file = fopen(full, "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
        ck_assert_int_eq(fclose(file), 0);
    }
    ck_assert_int_eq(chmod(full, mode), 0);
}

/* The bundle and its files are closed to everybody but their owner, as containerd's are. */
static void enter(void)
{
    strcpy(dir, "/tmp/ocn-confine-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    put("secret", "outside", 0644);
    put("bound", "#!/bin/app\n", 0755);
    put("rootfs", NULL, 0700);
    put("rootfs/etc", NULL, 0700);
    put("rootfs/etc/passwd", "root:x:0:0::/root:/bin/sh\nme:x:1001:1001::/home/me:/bin/sh\n", 0600);
    put("rootfs/bin", NULL, 0755);
    put("rootfs/bin/app",
        "\x7f"
        "ELF\2\1\1 and no more than that",
        0755);
    put("rootfs/bin/bound", "", 0755);
}

static void leave(void)
{
    char command[128];

    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

/* ---- a child that does one thing ---------------------------------------------------------- */

/* Says @text to the parent. */
static int say(const char *text)
{
    return ocn_child_send(1, (struct ocn_bytes){ text, strlen(text) }, NULL);
}

/* Runs @work; what it says is appended to @said. -1: it said nothing, and err tells why. */
static int run(int (*work)(void *ctx), void *ctx, struct ocn_buf *said)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    uint32_t kind = 0;

    err = (struct ocn_error){ 0 };
    ck_assert_int_eq(ocn_child_start(&child, work, ctx, &err), 0);
    return ocn_child_receive(&child, &kind, said, &err);
}

static void expect_failure(int (*work)(void *ctx), void *ctx, const char *word)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };

    ck_assert_int_eq(run(work, ctx, &said), -1);
    ck_assert_msg(strstr(err.msg, word) != NULL, "no \"%s\" in: %s", word, err.msg);
}

/* ---- what it is left with ----------------------------------------------------------------- */

static int tell_status(void *ctx)
{
    struct ocn_confinement confinement;
    char text[4096];

    (void)ctx;
    if (ocn_confine(&confinement, NULL) < 0) {
        return -1;
    }
    int fd = openat(AT_FDCWD, "/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (len < 0) {
        return -1;
    }
    text[len] = '\0';
    return say(text);
}

/* The words behind @key in /proc/PID/status, without white space. */
static const char *status_of(const char *status, const char *key)
{
    static char value[128];
    char line[64];

    (void)snprintf(line, sizeof(line), "\n%s:", key);
    const char *at = strstr(status, line);
    ck_assert_msg(at != NULL, "no %s", key);
    at += strlen(line);
    size_t len = 0;
    for (; *at != '\n' && len < sizeof(value) - 1; at++) {
        value[len] = *at;
        len += *at != '\t' && *at != ' ';
    }
    value[len] = '\0';
    return value;
}

START_TEST(test_confine__the_kernel_says_that_no_power_is_left)
{
    static const char *const none[] = { "CapInh", "CapAmb" };
    static const char *const kept[] = { "CapPrm", "CapEff" };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    bool root = geteuid() == 0;
    char reading[17];

    (void)snprintf(reading, sizeof(reading), "%016llx", 1ULL << CAP_DAC_READ_SEARCH);
    ck_assert_msg(run(tell_status, NULL, &said) == 0, "%s", err.msg);
    const char *status = said.ptr;
#ifndef OCN_SANITIZED
    ck_assert_str_eq(status_of(status, "Seccomp"), "2");
#endif
    ck_assert_str_eq(status_of(status, "NoNewPrivs"), "1");
    for (size_t i = 0; i < OCN_COUNT(none); i++) {
        ck_assert_str_eq(status_of(status, none[i]), "0000000000000000");
        ck_assert_str_eq(status_of(status, kept[i]), root ? reading : "0000000000000000");
    }
    if (root) {
        ck_assert_str_eq(status_of(status, "Uid"), "65534655346553465534");
        ck_assert_str_eq(status_of(status, "Gid"), "65534655346553465534");
        ck_assert_str_eq(status_of(status, "Groups"), "");
    }
}
END_TEST

static int become_nobody_first(void *ctx)
{
    if (geteuid() == 0 &&
        (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)) {
        return -1;
    }
    return tell_status(ctx);
}

START_TEST(test_confine__without_root_no_capability_is_left)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };

    ck_assert_msg(run(become_nobody_first, NULL, &said) == 0, "%s", err.msg);
    ck_assert_str_eq(status_of(said.ptr, "CapEff"), "0000000000000000");
    ck_assert_str_eq(status_of(said.ptr, "CapPrm"), "0000000000000000");
    ck_assert_str_eq(status_of(said.ptr, "NoNewPrivs"), "1");
}
END_TEST

static int tell_descriptors(void *ctx)
{
    char text[256] = "";

    (void)ctx;
    for (int fd = 0; fd < 128; fd++) {
        if (fcntl(fd, F_GETFD) >= 0) {
            (void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%d ", fd);
        }
    }
    return say(text);
}

/* A shim leaks its listening socket into us on purpose; it ends here. */
START_TEST(test_confine__it_has_no_descriptor_but_its_own)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    int leaked = fcntl(0, F_DUPFD, 100);

    ck_assert_int_ge(leaked, 100);
    ck_assert_int_eq(run(tell_descriptors, NULL, &said), 0);
#ifdef OCN_SANITIZED
    ck_assert_str_eq(said.ptr, "2 3 ");
#else
    ck_assert_str_eq(said.ptr, "3 ");
#endif
    (void)close(leaked);
}
END_TEST

#ifndef OCN_SANITIZED

/* What nobody who parses needs. A filter that let one through would return from it. */
static void open_a_socket(void)
{
    (void)socket(AF_UNIX, SOCK_STREAM, 0);
}

static void execute(void)
{
    char *argv[] = { (char *)(uintptr_t) "/bin/true", NULL };
    (void)execv(argv[0], argv);
}

static void fork_again(void)
{
    if (fork() == 0) {
        _exit(0);
    }
}

static void kill_the_parent(void)
{
    (void)kill(getppid(), 0);
}

static void trace_the_parent(void)
{
    (void)syscall(SYS_ptrace, 16L, 1L, NULL, NULL);
}

static void mount_something(void)
{
    (void)mount("none", "/", "tmpfs", 0, NULL);
}

static void open_to_write(void)
{
    (void)open("/dev/null", O_WRONLY);
}

static void open_to_truncate(void)
{
    (void)open("/dev/null", O_RDONLY | O_TRUNC);
}

static void open_to_create(void)
{
    (void)open("/tmp/ocn-never", O_RDONLY | O_CREAT, 0600);
}

static void write_to_its_socket(void)
{
    (void)!write(OCN_CHILD_FD, "x", 1);
}

static void send_elsewhere(void)
{
    (void)send(OCN_CHILD_FD + 1, "x", 1, 0);
}

static void map_code(void)
{
    (void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void make_code(void)
{
    (void)mprotect((void *)((uintptr_t)&err & ~(uintptr_t)4095), 4096, PROT_READ | PROT_EXEC);
}

static void lock_a_file(void)
{
    (void)fcntl(OCN_CHILD_FD, F_SETFL, O_ASYNC);
}

static void become_root(void)
{
    (void)!setuid(0);
}

static void wait_for_ever(void)
{
    (void)pause();
}

static void call_as_another_architecture(void)
{
#ifdef __x86_64__
    (void)syscall(0x40000000L | SYS_getpid); /* x32 */
#else
    become_root();
#endif
}

static void (*const forbidden[])(void) = {
    open_a_socket,
    execute,
    fork_again,
    kill_the_parent,
    trace_the_parent,
    mount_something,
    open_to_write,
    open_to_truncate,
    open_to_create,
    write_to_its_socket,
    send_elsewhere,
    map_code,
    make_code,
    lock_a_file,
    become_root,
    wait_for_ever,
    call_as_another_architecture,
};

static int transgress(void *ctx)
{
    struct ocn_confinement confinement;

    if (ocn_confine(&confinement, NULL) < 0) {
        return -1;
    }
    forbidden[*(int *)ctx]();
    return say("still here");
}

START_TEST(test_confine__a_forbidden_call_is_its_end)
{
    expect_failure(transgress, &_i, "SIGSYS");
    ck_assert_int_eq(err.code, OCN_E_IO);
}
END_TEST

static int eat_memory(void *ctx)
{
    struct ocn_confinement confinement;

    (void)ctx;
    if (ocn_confine(&confinement, NULL) < 0) {
        return -1;
    }
    void *volatile half =
        malloc(OCN_CONFINE_MEMORY / 2); /* a compiler may leave out what nobody reads */
    void *volatile all = malloc(OCN_CONFINE_MEMORY);
    return say(half != NULL && all == NULL ? "refused" : "had it all");
}

START_TEST(test_confine__memory_ends_before_the_nodes_does)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };

    ck_assert_int_eq(run(eat_memory, NULL, &said), 0);
    ck_assert_str_eq(said.ptr, "refused");
}
END_TEST

#endif /* OCN_SANITIZED */

/* openat2's flags are out of a filter's sight: this is Landlock's part, or the call is not there.
 */
static int write_past_the_filter(void *ctx)
{
    struct open_how how = { .flags = O_WRONLY | O_CREAT | O_CLOEXEC, .mode = 0600 };
    struct ocn_confinement confinement;
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/created", (const char *)ctx);
    if (ocn_confine(&confinement, NULL) < 0) {
        return -1;
    }
    long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    return say(fd >= 0 ? "created" : errno == EACCES ? "EACCES" : errno == ENOSYS ? "ENOSYS" : "?");
}

static void expect_no_creation(const char *how)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    char path[128];

    ck_assert_int_eq(chmod(dir, 0777), 0); /* so that it is not the mode that refuses */
    ck_assert_int_eq(run(write_past_the_filter, dir, &said), 0);
    ck_assert_str_eq(said.ptr, how);
    (void)snprintf(path, sizeof(path), "%s/created", dir);
    ck_assert_int_eq(access(path, F_OK), -1);
}

static int read_here_and_there(void *ctx)
{
    struct ocn_confinement confinement;
    int rules = -1;

    if (ocn_confine(&confinement, NULL) < 0 ||
        ocn_confine_reads_begin(&confinement, &rules, NULL) < 0) {
        return -1;
    }
    int root = openat(AT_FDCWD, ctx, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int etc = openat(root, "rootfs/etc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (ocn_confine_reads_allow(rules, etc, false, NULL) < 0 ||
        ocn_confine_reads_end(&rules, NULL) < 0) {
        return -1;
    }
    bool inside = openat(etc, "passwd", O_RDONLY | O_CLOEXEC) >= 0;
    bool outside = openat(root, "secret", O_RDONLY | O_CLOEXEC) >= 0;
    return say(inside && !outside && errno == EACCES ? "inside only" : "wrong");
}

START_TEST(test_confine__landlock_keeps_it_from_other_files)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    struct ocn_confinement kernel;

    ocn_confine_probe(&kernel);
    if (kernel.landlock_abi == 0) {
        return;
    }
    expect_no_creation("EACCES");
    ck_assert_int_eq(run(read_here_and_there, dir, &said), 0);
    ck_assert_str_eq(said.ptr, "inside only");
}
END_TEST

/* ---- how it ends -------------------------------------------------------------------------- */

static int crash(void *ctx)
{
    (void)signal(SIGSEGV, SIG_DFL);
    (void)ctx;
    return raise(SIGSEGV);
}

static int give_up(void *ctx)
{
    (void)ctx;
    return -1;
}

static int spin(void *ctx)
{
    struct ocn_confinement confinement;
    volatile unsigned long count = 0;

    (void)ctx;
    if (ocn_confine(&confinement, NULL) < 0) {
        return -1;
    }
    for (;;) {
        count = count + 1;
    }
}

static int promise_too_much(void *ctx)
{
    const uint32_t header[2] = { 1, (uint32_t)OCN_CHILD_MAX_MESSAGE + 1 };

    (void)ctx;
    return send(OCN_CHILD_FD, header, sizeof(header), 0) == (ssize_t)sizeof(header) ? pause() : -1;
}

static int stop_in_the_middle(void *ctx)
{
    const uint32_t header[3] = { 1, 1000, 0 };

    (void)ctx;
    return send(OCN_CHILD_FD, header, sizeof(header), 0) == (ssize_t)sizeof(header) ? 0 : -1;
}

START_TEST(test_confine__its_end_is_told_in_words)
{
    static const struct {
        int (*work)(void *ctx);
        const char *word;
    } ends[] = {
        { crash, "crashed: SIGSEGV" },
        { give_up, "ended without an answer: status 1" },
        { promise_too_much, "larger than the limit" },
        { stop_in_the_middle, "ended without an answer: status 0" },
    };

    for (size_t i = 0; i < OCN_COUNT(ends); i++) {
        expect_failure(ends[i].work, NULL, ends[i].word);
    }
}
END_TEST

/* On a machine that is busy, two seconds of CPU take longer than the deadline. */
START_TEST(test_confine__it_does_not_compute_for_ever)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };

    ck_assert_int_eq(run(spin, NULL, &said), -1);
    ck_assert_msg(strstr(err.msg, "SIGXCPU") != NULL || strstr(err.msg, "within 10 s") != NULL,
                  "%s", err.msg);
}
END_TEST

static int sleep_on(void *ctx)
{
    (void)ctx;
    return pause();
}

static int close_and_sleep_on(void *ctx)
{
    (void)ctx;
    (void)close(OCN_CHILD_FD);
    return pause();
}

#define LONG_MESSAGE 100000
#define LONG_PIECE ((size_t)3 << 20) /* more than a socket holds */

/* One by one, or (*@ctx) two and two. */
static int say_much(void *ctx)
{
    static char text[LONG_MESSAGE];
    const bool together = *(const bool *)ctx;
    const struct ocn_bytes messages[] = {
        { "a", 1 }, { NULL, 0 }, { text, sizeof(text) }, { "b", 1 }
    };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf unsent = { 0 };

    memset(text, 't', sizeof(text));
    for (uint32_t i = 0; i < OCN_COUNT(messages); i++) {
        if (ocn_child_put(&unsent, i + 1, messages[i], NULL) < 0 ||
            ((!together || i % 2 != 0) && ocn_child_flush(&unsent, NULL) < 0)) {
            return -1;
        }
    }
    return ocn_child_flush(&unsent, NULL); /* nothing is left */
}

/* What comes at once is told apart, what comes in pieces is put together. */
START_TEST(test_confine__messages_are_told_apart)
{
    static const size_t lengths[] = { 1, 0, LONG_MESSAGE, 1 };
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    bool together = _i != 0;

    ck_assert_int_eq(ocn_child_start(&child, say_much, &together, &err), 0);
    for (uint32_t i = 0; i < OCN_COUNT(lengths); i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
        uint32_t kind = 0;
        (void)usleep(i == 0 ? 20000 : 0);
        ck_assert_int_eq(ocn_child_receive(&child, &kind, &said, &err), 0);
        ck_assert_uint_eq(kind, i + 1);
        ck_assert_uint_eq(said.len, lengths[i]);
        ck_assert(said.len != LONG_MESSAGE || strspn(said.ptr, "t") == LONG_MESSAGE);
    }
}
END_TEST

START_TEST(test_confine__it_is_not_waited_for_longer_than_the_deadline)
{
    static int (*const slow[])(void *ctx) = { sleep_on, close_and_sleep_on };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };

    for (size_t i = 0; i < OCN_COUNT(slow); i++) {
        struct ocn_child child = { .pid = -1, .fd = -1 };
        uint32_t kind = 0;
        err = (struct ocn_error){ 0 };
        ck_assert_int_eq(ocn_child_start(&child, slow[i], NULL, &err), 0);
        child.left = 200 * INT64_C(1000000);
        ck_assert_int_eq(ocn_child_receive(&child, &kind, &said, &err), -1);
        ck_assert_int_eq(err.code, OCN_E_LIMIT);
        ck_assert_ptr_nonnull(strstr(err.msg, "no answer within"));
        ocn_child_end(&child);
        ck_assert_int_eq(waitpid(-1, NULL, __WALL), -1);
        ck_assert_int_eq(errno, ECHILD);
    }
}
END_TEST

/* Hears one thing, and says it again. */
static int echo(void *ctx)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf heard = { 0 };

    (void)ctx;
    return ocn_child_hear(&heard, NULL) < 0 ? -1 : ocn_child_send(1, ocn_buf_bytes(&heard), NULL);
}

/* Pieces come as one, also where they are more than a socket holds. */
START_TEST(test_confine__it_hears_what_it_is_told)
{
    static char piece[LONG_PIECE];
    const struct ocn_bytes pieces[][3] = { { { "a", 1 }, { "", 0 }, { "bc", 2 } },
                                           { { "", 0 }, { NULL, 0 }, { "", 0 } },
                                           { { piece, 1 }, { piece, LONG_PIECE }, { "z", 1 } } };
    static const size_t lengths[] = { 3, 0, LONG_PIECE + 2 };
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    uint32_t kind = 0;

    memset(piece, 'y', sizeof(piece));
    ck_assert_int_eq(ocn_child_start(&child, echo, NULL, &err), 0);
    ck_assert_int_eq(ocn_child_tell(&child, pieces[_i], 3, &err), 0);
    ck_assert_int_eq(ocn_child_receive(&child, &kind, &said, &err), 0);
    ck_assert_uint_eq(said.len, lengths[_i]);
    size_t done = 0;
    for (size_t i = 0; i < 3; i++) {
        ck_assert(pieces[_i][i].len == 0 ||
                  memcmp(said.ptr + done, pieces[_i][i].ptr, pieces[_i][i].len) == 0);
        done += pieces[_i][i].len;
    }
}
END_TEST

/* Neither is it talked to for longer than the deadline, nor when it is gone. */
START_TEST(test_confine__who_does_not_listen_is_left)
{
    static char piece[LONG_PIECE];
    const struct ocn_bytes told = { piece, sizeof(piece) };
    struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    uint32_t kind = 0;

    ck_assert_int_eq(ocn_child_start(&child, sleep_on, NULL, &err), 0);
    child.left = 200 * INT64_C(1000000);
    ck_assert_int_eq(ocn_child_tell(&child, &told, 1, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
    ck_assert_ptr_nonnull(strstr(err.msg, "no answer within"));
    ocn_child_end(&child);

    /* What keeps us from telling is told at once. */
    struct ocn_child without_socket = { .pid = -1, .fd = -1, .left = INT64_MAX };
    err = (struct ocn_error){ 0 };
    ck_assert_int_eq(ocn_child_tell(&without_socket, &told, 1, &err), -1);
    ck_assert_int_eq(err.sys, EBADF);

    err = (struct ocn_error){ 0 };
    ck_assert_int_eq(ocn_child_start(&child, give_up, NULL, &err), 0);
    ck_assert_int_eq(ocn_child_tell(&child, &told, 1, &err), 0);
    ck_assert_int_eq(ocn_child_receive(&child, &kind, &said, &err), -1);
    ck_assert_msg(strstr(err.msg, "status 1") != NULL, "%s", err.msg);
    ocn_child_end(&child);
}
END_TEST

/* Who asks is gone: no question is no work. */
START_TEST(test_confine__nobody_to_hear_is_an_end)
{
    struct ocn_child child = { .pid = -1, .fd = -1 };
    int status = 0;

    ck_assert_int_eq(ocn_child_start(&child, echo, NULL, &err), 0);
    ck_assert_int_eq(close(child.fd), 0);
    ck_assert_int_eq(waitpid(child.pid, &status, __WALL), child.pid);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE);
}
END_TEST

static int trickle(void *ctx)
{
    const struct timespec moment = { .tv_nsec = 50000000 };

    (void)ctx;
    while (write(OCN_CHILD_FD, "", 1) == 1) {
        (void)nanosleep(&moment, NULL);
    }
    return 0;
}

/* A byte now and then, also where the kernel does not say what is left of the time. */
START_TEST(test_confine__who_trickles_is_not_waited_for_longer)
{
    static const unsigned long personalities[] = { 0, STICKY_TIMEOUTS };
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct ocn_child_options options = { .seconds = 1 };
    err = (struct ocn_error){ 0 };
    uint32_t kind;
    int result = 0;

    ck_assert_int_ge(personality(personalities[_i]), 0);
    ck_assert_int_eq(ocn_child_start_with(&child, &options, trickle, NULL, &err), 0);
    for (int i = 0; i < 100 && result == 0; i++) {
        result = ocn_child_receive(&child, &kind, &text, &err);
    }
    (void)personality(0);
    ck_assert_int_eq(result, -1);
    ck_assert_msg(strstr(err.msg, "within 1 s") != NULL, "%s", err.msg);
}
END_TEST

static void pass_over(int number)
{
    (void)number;
}

/* Engines start runtimes with SIGCHLD ignored or blocked; a runtime must find it as it was. */
START_TEST(test_confine__nothing_of_it_is_left)
{
    static void (*const handlers[])(int) = { SIG_DFL, SIG_IGN, pass_over };
    sigset_t blocked;
    sigset_t pending;

    ck_assert_int_eq(sigemptyset(&blocked), 0);
    ck_assert_int_eq(sigaddset(&blocked, SIGCHLD), 0);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
    for (size_t i = 0; i < OCN_COUNT(handlers); i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
        ck_assert(signal(SIGCHLD, handlers[i]) != SIG_ERR);
        ck_assert_int_eq(run(tell_descriptors, NULL, &said), 0);
        expect_failure(give_up, NULL, "status 1");
        ck_assert_int_eq(sigpending(&pending), 0);
        ck_assert_int_eq(sigismember(&pending, SIGCHLD), 0);
        ck_assert(signal(SIGCHLD, SIG_DFL) == handlers[i]);
        ck_assert_int_eq(waitpid(-1, NULL, __WALL), -1);
        ck_assert_int_eq(errno, ECHILD);
    }
}
END_TEST

/* ---- what it still finds ------------------------------------------------------------------ */

static const char config_text[] =
    "{\"process\":{\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[0,10]},"
    "\"args\":[\"/bin/%s\"],\"cwd\":\"/\",\"env\":[\"PATH=/bin\"]},\"root\":{\"path\":\"rootfs\"},"
    "\"mounts\":[{\"destination\":\"/bin/bound\",\"type\":\"bind\",\"source\":\"%s/bound\","
    "\"options\":[\"rbind\"]}],\"linux\":{\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"ipc\"},"
    "{\"type\":\"network\"%s}],\"resources\":{\"cpu\":{\"quota\":100000,\"period\":100000}}}}";

/* The report on the container of the bundle; @network is the rest of its network namespace. */
static void judge(const char *program, const char *network, struct ocn_buf *report)
{
    OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    /* Whose a volume is, is told; lack_root() gives it to somebody else. */
    static const char policy_text[] = "{\"rules\": {\"user.volumes\": \"off\"}}";
    const struct ocn_layer layer = { "policy.json",
                                     { policy_text, sizeof(policy_text) - 1 },
                                     NULL };
    const struct ocn_world world = { 0 };
    char config[2048];

    err = (struct ocn_error){ 0 };
    (void)snprintf(config, sizeof(config), config_text, program, dir, network);
    ck_assert_int_eq(ocn_node_policy_load(&world, &layer, 1, &policy, &err), 0);
    const struct ocn_subject subject = { .event = OCN_ON_CREATE,
                                         .bundle = dir,
                                         .config = { config, strlen(config) } };
    ck_assert_msg(ocn_judge_container(&world, &policy, &subject, &judgement, &err) == 0, "%s: %s",
                  err.where, err.msg);
    ck_assert_int_eq(ocn_report_json(judgement.outcome, "bundle", report, &err), 0);
}

/*
 * No list of the image's is too long for the calls that the child may make: libc's sort would ask
 * the kernel for more than the filter lets through.
 */
START_TEST(test_confine__long_lists_of_accounts_are_no_forbidden_call)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf passwd = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf group = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf report = { 0 };

    for (unsigned i = 0; i < ROOTS; i++) {
        ocn_buf_printf(&passwd, "root%u:x:0:0::/root:/bin/sh\n", i);
    }
    ocn_buf_printf(&passwd, "me:x:1001:1001::/home/me:/bin/sh\n");
    for (unsigned i = 0; i < GROUPS; i++) {
        ocn_buf_printf(&group, "g%u:x:%u:me,root%u\n", i, i + 1, i % ROOTS);
    }
    ck_assert_int_eq(ocn_buf_check(&passwd, &err), 0);
    ck_assert_int_eq(ocn_buf_check(&group, &err), 0);
    put("rootfs/etc/passwd", passwd.ptr, 0600);
    put("rootfs/etc/group", group.ptr, 0600);
    judge("app", "", &report);
    ck_assert_ptr_nonnull(strstr(report.ptr, "\"/process/user/uid\""));
    ck_assert_ptr_nonnull(strstr(report.ptr, "\"/process/user/additionalGids")); /* 10 is root's */
}
END_TEST

static int list_many(void *ctx)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_dir_view_done)
    struct ocn_dir_view view = { .rootfs_fd = -1, .host_fd = -1 };
    const struct ocn_ref ref = { .space = OCN_HOST, .path = "/many" };
    struct ocn_confinement confinement;
    const char **names = NULL;
    size_t len = 0;

    if (ocn_confine(&confinement, NULL) < 0 || ocn_dir_view_open(&view, NULL, ctx, NULL) < 0) {
        return -1;
    }
    const struct ocn_view all = ocn_dir_view_as_view(&view);
    if (all.list(all.ctx, ref, &arena, &names, &len, NULL) < 0) {
        return -1;
    }
    return say(len == GROUPS && strcmp(names[0], "f0") == 0 && strcmp(names[len - 1], "f99") == 0
                   ? "sorted"
                   : "wrong");
}

START_TEST(test_confine__long_directories_are_no_forbidden_call)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    char name[32];

    put("many", NULL, 0755);
    for (unsigned i = 0; i < GROUPS; i++) {
        (void)snprintf(name, sizeof(name), "many/f%u", i);
        put(name, "", 0600);
    }
    ck_assert_msg(run(list_many, dir, &said) == 0, "%s", err.msg);
    ck_assert_str_eq(said.ptr, "sorted");
}
END_TEST

/* Answers @number calls with @sys, as a kernel without them would. */
static void answer_calls(const uint32_t *numbers, size_t count, uint32_t sys)
{
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    for (size_t i = 0; i < count; i++) {
        struct sock_filter code[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i], 0, 1),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | sys),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { .len = OCN_COUNT(code), .filter = code };
        ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    }
}

static void lack_landlock(void)
{
    static const uint32_t calls[] = { SYS_landlock_create_ruleset };

    answer_calls(calls, OCN_COUNT(calls), ENOSYS);
#ifndef OCN_SANITIZED
    expect_no_creation("ENOSYS"); /* without Landlock there is no openat2 either */
#endif
}

static void lack_openat2(void)
{
    static const uint32_t calls[] = { SYS_openat2 };

    answer_calls(calls, OCN_COUNT(calls), ENOSYS);
}

/* prctl(PR_SET_SECCOMP) alone: a filter that looks at the first argument. */
static void lack_seccomp(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_prctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PR_SET_SECCOMP, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = OCN_COUNT(code), .filter = code };

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), -1);
}

static void lack_close_range(void)
{
    static const uint32_t calls[] = { SYS_close_range };

    answer_calls(calls, OCN_COUNT(calls), ENOSYS);
}

static void lack_proc(void)
{
#ifndef OCN_SANITIZED /* LeakSanitizer looks into /proc at the end */
    /* Who builds packages may be no root, or in a chroot that is no mount: /proc stays. */
    if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
        ck_assert_int_eq(errno, geteuid() == 0 ? EINVAL : EPERM);
        return;
    }
    ck_assert_int_eq(umount2("/proc", MNT_DETACH), 0);
    ck_assert_int_eq(access("/proc/self", F_OK), -1);
#endif
}

static void lack_root(void)
{
    char command[128];

    if (geteuid() != 0) {
        return;
    }
    (void)snprintf(command, sizeof(command), "chown -R 65534:65534 %s", dir);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(setresgid(65534, 65534, 65534), 0);
    ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
}

static void lack_everything(void)
{
    lack_proc();
    lack_landlock();
    lack_openat2();
    lack_close_range();
    lack_seccomp();
}

static void (*const lacks[])(void) = { lack_landlock,    lack_openat2, lack_seccomp,
                                       lack_close_range, lack_proc,    lack_root,
                                       lack_everything };

/* The same container on a poorer kernel: the same report, byte for byte. */
START_TEST(test_confine__poorer_kernels_see_the_same)
{
    static const char *const programs[] = { "app", "bound" };
    struct ocn_buf rich[OCN_COUNT(programs)] = { { 0 } };

    for (size_t i = 0; i < OCN_COUNT(programs); i++) {
        judge(programs[i], "", &rich[i]);
        ck_assert_ptr_nonnull(strstr(rich[i].ptr, "\"/process/user/uid\""));
        ck_assert_ptr_nonnull(strstr(rich[i].ptr, "\"/home/me\"")); /* passwd was read */
    }
    ck_assert_ptr_nonnull(strstr(rich[0].ptr, "\"kind\": \"elf\""));
    ck_assert_ptr_nonnull(strstr(rich[1].ptr, "\"interpreter\": \"/bin/app\""));
    lacks[_i]();
    for (size_t i = 0; i < OCN_COUNT(programs); i++) {
        OCN_CLEANUP(ocn_buf_done) struct ocn_buf poor = { 0 };
        judge(programs[i], "", &poor);
        ck_assert_str_eq(poor.ptr, rich[i].ptr);
        ocn_buf_done(&rich[i]);
    }
}
END_TEST

/* A path that names the network namespace of @pid. */
static const char *network_of(pid_t pid)
{
    static char text[128];

    (void)snprintf(text, sizeof(text), ",\"path\":\"/proc/%d/ns/net\"", pid);
    return text;
}

/* The child may not look at another process; the parent looks for it. */
START_TEST(test_confine__a_host_network_is_recognised)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf host = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf own = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf gone = { 0 };
    int ready[2];
    char byte = 0;

    judge("app", network_of(getpid()), &host);
    ck_assert_ptr_nonnull(strstr(host.ptr, "\"exempt\": \"hostNamespaces\""));

    int flags = geteuid() == 0 ? CLONE_NEWNET : CLONE_NEWUSER | CLONE_NEWNET;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        _exit(unshare(flags) == 0 && write(ready[1], "x", 1) == 1 ? pause() : 1);
    }
    ck_assert_int_eq(close(ready[1]), 0);
    if (read(ready[0], &byte, 1) != 1) {
        ck_assert_int_ne(geteuid(), 0); /* a node may keep namespaces from its users */
        return;
    }
    judge("app", network_of(pid), &own);
    ck_assert_ptr_nonnull(strstr(own.ptr, "\"exempt\": null"));
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    judge("app", network_of(pid), &gone);
    ck_assert_ptr_nonnull(strstr(gone.ptr, "\"exempt\": null"));
}
END_TEST

#ifdef __x86_64__

/* A program for 386 that exits with 0, in one segment. */
static const unsigned char program_386[] = {
    0x7f, 'E',  'L',  'F',  1,    1,    1,    0,                   /* ident */
    0,    0,    0,    0,    0,    0,    0,    0,                   /* */
    2,    0,    3,    0,    1,    0,    0,    0,                   /* EXEC, 386 */
    0x54, 0x80, 0x04, 0x08, 0x34, 0,    0,    0,                   /* entry, program headers */
    0,    0,    0,    0,    0,    0,    0,    0,                   /* no sections, flags */
    0x34, 0,    0x20, 0,    1,    0,    0x28, 0,    0,    0, 0, 0, /* sizes */
    1,    0,    0,    0,    0,    0,    0,    0,                   /* LOAD, from 0 */
    0,    0x80, 0x04, 0x08, 0,    0x80, 0x04, 0x08,                /* to 0x08048000 */
    0x5d, 0,    0,    0,    0x5d, 0,    0,    0,                   /* all of it */
    5,    0,    0,    0,    0,    0x10, 0,    0,                   /* R and X, a page */
    0x31, 0xc0, 0x40, 0x31, 0xdb, 0xcd, 0x80, 0xeb, 0xfe,          /* exit(0) */
};

/* What the kernel itself says to such a program: the file system that it lies on does not matter.
 */
static bool executes_386(void)
{
    static char *const argv[] = { "program", NULL };
    int status = -1;
    int fd = memfd_create("program", MFD_CLOEXEC);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, program_386, sizeof(program_386)), (ssize_t)sizeof(program_386));
    pid_t pid = fork();
    if (pid == 0) {
        (void)fexecve(fd, argv, argv + 1);
        _exit(errno == ENOEXEC ? 126 : 125);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(close(fd), 0);
    ck_assert_msg(status == 0 || (WIFEXITED(status) && WEXITSTATUS(status) == 126),
                  "this test needs to execute a memfd: status %x", (unsigned)status);
    return status == 0;
}

START_TEST(test_confine__whether_32_bit_programs_run_is_tried)
{
    static void (*const handlers[])(int) = { SIG_DFL, SIG_IGN, pass_over };
    const enum ocn_runs expected = executes_386() ? OCN_RUNS : OCN_RUNS_NOT;
    sigset_t all;
    sigset_t before;

    ck_assert_int_eq(sigfillset(&all), 0);
    for (size_t i = 0; i < OCN_COUNT(handlers); i++) {
        ck_assert(signal(SIGSEGV, handlers[i]) != SIG_ERR);
        ck_assert_int_eq(sigprocmask(SIG_SETMASK, i % 2 != 0 ? &all : NULL, &before), 0);
        ck_assert_int_eq(ocn_try_32bit(INT64_MAX), expected);
        ck_assert_int_eq(sigprocmask(SIG_SETMASK, &before, NULL), 0);
        ck_assert(signal(SIGSEGV, SIG_DFL) == handlers[i]);
        ck_assert_int_eq(waitpid(-1, NULL, __WALL), -1);
        ck_assert_int_eq(errno, ECHILD);
    }
    /* No time is left: it may have been quick enough, and is gone. */
    const enum ocn_runs late = ocn_try_32bit(0);
    ck_assert(late == OCN_RUNS_UNKNOWN || late == expected);
    ck_assert_int_eq(waitpid(-1, NULL, __WALL), -1);
}
END_TEST

/* The child may not try; the parent does. What a kernel is built for says nothing. */
START_TEST(test_confine__a_program_for_386_is_judged_as_the_kernel_judges_it)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf report = { 0 };
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/rootfs/bin/app", dir);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(program_386, 1, sizeof(program_386), file), sizeof(program_386));
    ck_assert_int_eq(fclose(file), 0);
    judge("app", "", &report);
    ck_assert_ptr_nonnull(strstr(report.ptr, "\"arch\": \"386\""));
    ck_assert_msg((strstr(report.ptr, "runs no 32-bit programs") == NULL) == executes_386(), "%s",
                  report.ptr);
}
END_TEST

#endif /* __x86_64__ */

#define OWN_NAMESPACES                                                                             \
    "\"root\":{\"path\":\"rootfs\"},\"linux\":{\"namespaces\":[{\"type\":\"pid\"},"                \
    "{\"type\":\"ipc\"},{\"type\":\"network\"}]}"

/* An error in the child's words, with the container's own onError. */
START_TEST(test_confine__what_fails_there_fails_here)
{
    static const char policy_text[] = "{\"match\":[{\"when\":{\"annotations\":{\"a\":\"b\"}},"
                                      "\"policy\":{\"onError\":\"warn\"}}]}";
    static const char *const configs[] = {
        "{\"annotations\":{\"a\":\"b\"}," OWN_NAMESPACES "}",
        "{\"annotations\":{\"a\":\"c\"}," OWN_NAMESPACES "}",
        "{\"annotations\":",
    };
    static const int on_error[] = { OCN_ON_ERROR_WARN, OCN_ON_ERROR_DENY, OCN_ON_ERROR_DENY };
    struct ocn_layer layer = { "policy", { policy_text, sizeof(policy_text) - 1 }, NULL };
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    const struct ocn_world world = { 0 };

    ck_assert_int_eq(ocn_node_policy_load(&world, &layer, 1, &policy, &err), 0);
    put("rootfs/etc/passwd", "x", 0600);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/rootfs/etc/passwd", dir);
    ck_assert_int_eq(truncate(path, (off_t)5 << 20), 0); /* past the limit of 4 MiB */
    for (size_t i = 0; i < OCN_COUNT(configs); i++) {
        OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };
        err = (struct ocn_error){ 0 };
        const struct ocn_subject subject = { .event = OCN_ON_CREATE,
                                             .bundle = dir,
                                             .config = { configs[i], strlen(configs[i]) } };
        ck_assert_int_eq(ocn_judge_container(&world, &policy, &subject, &judgement, &err), -1);
        ck_assert_int_eq(judgement.policy.on_error, on_error[i]);
        ck_assert_ptr_null(judgement.outcome);
        ck_assert_ptr_nonnull(strstr(err.where, i < 2 ? "/etc/passwd" : "config.json"));
    }
}
END_TEST

/*
 * A root file system that cannot be opened is in the way of every container but an exempt one,
 * whether some rule looks there or not, and whether somebody wants all facts or not.
 */
START_TEST(test_confine__only_who_is_exempt_needs_no_root)
{
    static const char policy_text[] =
        "{\"rules\": {\"user.root\": \"off\", \"user.groups\": \"off\"}}";
    static const char user[] = "\"root\":{\"path\":\"loop\"},\"process\":{\"user\":{\"uid\":7,"
                               "\"gid\":7},\"args\":[\"/bin/app\"],\"cwd\":\"/\"}";
    static const struct {
        const char *namespaces;
        bool starts;
    } rows[] = {
        { "{\"type\":\"pid\"},{\"type\":\"ipc\"},{\"type\":\"network\"}", false },
        { "{\"type\":\"pid\"}", true }, /* hostNamespaces */
    };
    const struct ocn_layer layer = { "policy", { policy_text, sizeof(policy_text) - 1 }, NULL };
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    char loop[128];
    char config[512];

    (void)snprintf(loop, sizeof(loop), "%s/loop", dir);
    ck_assert_int_eq(symlink("loop", loop), 0);
    const struct ocn_world plain = { 0 };
    ck_assert_int_eq(ocn_node_policy_load(&plain, &layer, 1, &policy, &err), 0);
    for (size_t i = 0; i < 2 * OCN_COUNT(rows); i++) {
        OCN_CLEANUP(ocn_judge_done) struct ocn_judgement judgement = { 0 };
        const struct ocn_world world = { .all_facts = i % 2 == 0 };
        err = (struct ocn_error){ 0 };
        (void)snprintf(config, sizeof(config), "{%s,\"linux\":{\"namespaces\":[%s]}}", user,
                       rows[i / 2].namespaces);
        const struct ocn_subject subject = { .event = OCN_ON_CREATE,
                                             .bundle = dir,
                                             .config = { config, strlen(config) } };
        int result = ocn_judge_container(&world, &policy, &subject, &judgement, &err);
        if (rows[i / 2].starts) {
            ck_assert_msg(result == 0, "%s", err.msg);
            ck_assert_str_eq(judgement.outcome->exempt, "hostNamespaces");
            ck_assert_uint_eq(judgement.outcome->facts.host.cpus != 0, world.all_facts);
        } else {
            ck_assert_int_eq(result, -1);
            ck_assert_msg(strstr(err.msg, "root file system") != NULL, "%s", err.msg);
        }
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("confine");
    TCase *tcase = tcase_create("confine");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_confine__the_kernel_says_that_no_power_is_left);
    tcase_add_test(tcase, test_confine__without_root_no_capability_is_left);
    tcase_add_test(tcase, test_confine__it_has_no_descriptor_but_its_own);
    tcase_add_test(tcase, test_confine__only_who_is_exempt_needs_no_root);
#ifndef OCN_SANITIZED
    tcase_add_loop_test(tcase, test_confine__a_forbidden_call_is_its_end, 0,
                        (int)OCN_COUNT(forbidden));
    tcase_add_test(tcase, test_confine__memory_ends_before_the_nodes_does);
#endif
    tcase_add_test(tcase, test_confine__landlock_keeps_it_from_other_files);
    tcase_add_test(tcase, test_confine__its_end_is_told_in_words);
    tcase_add_test(tcase, test_confine__it_does_not_compute_for_ever);
    tcase_add_loop_test(tcase, test_confine__messages_are_told_apart, 0, 2);
    tcase_add_test(tcase, test_confine__it_is_not_waited_for_longer_than_the_deadline);
    tcase_add_loop_test(tcase, test_confine__it_hears_what_it_is_told, 0, 3);
    tcase_add_test(tcase, test_confine__who_does_not_listen_is_left);
    tcase_add_test(tcase, test_confine__nobody_to_hear_is_an_end);
    tcase_add_loop_test(tcase, test_confine__who_trickles_is_not_waited_for_longer, 0, 2);
    tcase_add_test(tcase, test_confine__nothing_of_it_is_left);
    tcase_add_loop_test(tcase, test_confine__poorer_kernels_see_the_same, 0, (int)OCN_COUNT(lacks));
    tcase_add_test(tcase, test_confine__long_lists_of_accounts_are_no_forbidden_call);
    tcase_add_test(tcase, test_confine__long_directories_are_no_forbidden_call);
    tcase_add_test(tcase, test_confine__a_host_network_is_recognised);
#ifdef __x86_64__
    tcase_add_test(tcase, test_confine__whether_32_bit_programs_run_is_tried);
    tcase_add_test(tcase, test_confine__a_program_for_386_is_judged_as_the_kernel_judges_it);
#endif
    tcase_add_test(tcase, test_confine__what_fails_there_fails_here);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
