/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/view/cpu.h"
#include "hook/view/dir_view.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char dir[64];
static char rootfs[128];
static struct ocn_dir_view dir_view;
static struct ocn_view view;

/* Files of the tree, and beside it a secret that no path may reach. */
static const struct {
    const char *path;
    const char *text; /* NULL: a directory; "@TARGET": a link */
} tree[] = {
    { "secret", "outside" },
    { "rootfs", NULL },
    { "rootfs/bin", NULL },
    { "rootfs/bin/app", "0123456789" },
    { "rootfs/bin/up", "@../../secret" },
    { "rootfs/bin/sh", "@app" },
    { "rootfs/abs", "@/bin" },
    { "rootfs/lib", "@bin" },
    { "rootfs/magic", "@/proc/self/root" },
};

static void make(const char *path, const char *text)
{
    char full[256];

    (void)snprintf(full, sizeof(full), "%s/%s", dir, path);
    if (text == NULL) {
        ck_assert_int_eq(mkdir(full, 0755), 0);
    } else if (text[0] == '@') {
        ck_assert_int_eq(symlink(text + 1, full), 0);
    } else {
        FILE *file = fopen(full, "w");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_ge(fputs(text, file), 0);
        ck_assert_int_eq(fclose(file), 0);
    }
}

static void enter(void)
{
    strcpy(dir, "/tmp/ocn-view-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    for (size_t i = 0; i < OCN_COUNT(tree); i++) {
        make(tree[i].path, tree[i].text);
    }
    (void)snprintf(rootfs, sizeof(rootfs), "%s/rootfs", dir);
    ck_assert_int_eq(ocn_dir_view_open(&dir_view, rootfs, NULL, NULL), 0);
    view = ocn_dir_view_as_view(&dir_view);
}

static void leave(void)
{
    char command[128];

    ocn_dir_view_done(&dir_view);
    (void)snprintf(command, sizeof(command), "rm -rf %s", dir);
    ck_assert_int_eq(system(command), 0);
}

static struct ocn_ref in_rootfs(const char *path)
{
    return (struct ocn_ref){ .space = OCN_ROOTFS, .path = path };
}

static struct ocn_ref on_host(const char *path)
{
    return (struct ocn_ref){ .space = OCN_HOST, .path = path };
}

static struct ocn_ref in_mount(const char *base, const char *path)
{
    return (struct ocn_ref){ .space = OCN_MOUNT, .path = path, .base = base };
}

static uint32_t mode_of(struct ocn_ref ref)
{
    struct ocn_stat st = { .mode = 1 };
    struct ocn_error err = { 0 };

    ck_assert_msg(view.stat(view.ctx, ref, &st, &err) == 0, "%s: %s", ref.path, err.msg);
    return st.mode;
}

START_TEST(test_dir_view__stat_tells_what_is_there)
{
    char path[256];
    struct ocn_stat st;
    struct stat real;

    (void)snprintf(path, sizeof(path), "%s/bin/app", rootfs);
    ck_assert_int_eq(stat(path, &real), 0);
    ck_assert_int_eq(view.stat(view.ctx, in_rootfs("/bin/app"), &st, NULL), 0);
    ck_assert_uint_eq(st.mode, real.st_mode);
    ck_assert_uint_eq(st.uid, real.st_uid);
    ck_assert_uint_eq(st.gid, real.st_gid);
    ck_assert_uint_eq(st.size, 10);
    ck_assert_uint_eq(st.dev, real.st_dev);
    ck_assert_uint_eq(st.ino, real.st_ino);
    ck_assert(S_ISDIR(mode_of(in_rootfs("/"))));
}
END_TEST

START_TEST(test_dir_view__what_is_missing_has_no_mode)
{
    ck_assert_uint_eq(mode_of(in_rootfs("/none")), 0);
    ck_assert_uint_eq(mode_of(in_rootfs("/none/deeper")), 0);
    ck_assert_uint_eq(mode_of(in_rootfs("/bin/app/deeper")), 0);
    ck_assert_uint_eq(mode_of(on_host("/none-on-the-host")), 0);
}
END_TEST

START_TEST(test_dir_view__the_last_link_is_not_followed)
{
    char target[64];

    ck_assert(S_ISLNK(mode_of(in_rootfs("/bin/sh"))));
    ck_assert(S_ISLNK(mode_of(in_rootfs("/bin/up"))));
    ck_assert_int_eq(view.readlink(view.ctx, in_rootfs("/bin/up"), target, sizeof(target), NULL),
                     0);
    ck_assert_str_eq(target, "../../secret");
}
END_TEST

START_TEST(test_dir_view__a_long_link_is_an_error)
{
    struct ocn_error err = { 0 };
    char target[12] = "kept";

    ck_assert_int_eq(view.readlink(view.ctx, in_rootfs("/bin/up"), target, 12, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
    char enough[13];
    ck_assert_int_eq(view.readlink(view.ctx, in_rootfs("/bin/up"), enough, 13, NULL), 0);
    struct ocn_error no_link = { 0 };
    ck_assert_int_eq(view.readlink(view.ctx, in_rootfs("/bin/app"), enough, 13, &no_link), -1);
    ck_assert_int_eq(no_link.code, OCN_E_IO);
}
END_TEST

/* Links and ".." lead around within the root, never out of it; magic links lead nowhere. */
START_TEST(test_dir_view__no_path_leaves_the_rootfs)
{
    struct ocn_error err = { 0 };
    struct ocn_stat st;

    ck_assert_uint_eq(mode_of(in_rootfs("/../secret")), 0);
    ck_assert_uint_eq(mode_of(in_rootfs("/../../../../etc/passwd")), 0);
    ck_assert(S_ISREG(mode_of(in_rootfs("/abs/app"))));
    ck_assert_uint_eq(mode_of(in_rootfs("/magic/etc/passwd")), 0);
    ck_assert_int_eq(view.stat(view.ctx, in_rootfs("/bin/sh/x"), &st, &err), 0);
    ck_assert_uint_eq(st.mode, 0);
}
END_TEST

static void expect_read(struct ocn_ref ref, uint64_t offset, size_t len, const char *expected)
{
    char buf[32] = "";
    size_t got = 99;
    struct ocn_error err = { 0 };

    ck_assert_msg(view.read_at(view.ctx, ref, offset, buf, len, &got, &err) == 0, "%s: %s",
                  ref.path, err.msg);
    ck_assert_uint_eq(got, strlen(expected));
    ck_assert_mem_eq(buf, expected, got);
}

START_TEST(test_dir_view__reads_windows)
{
    expect_read(in_rootfs("/bin/app"), 0, 4, "0123");
    expect_read(in_rootfs("/bin/app"), 8, 10, "89");
    expect_read(in_rootfs("/bin/app"), 10, 10, "");
    expect_read(in_rootfs("/bin/app"), UINT64_MAX, 10, "");
    expect_read(in_rootfs("/bin/app"), INT64_MAX, 10, "");
    char secret[128];
    (void)snprintf(secret, sizeof(secret), "%s/secret", dir);
    expect_read(on_host(secret), 0, 20, "outside");
    expect_read(in_rootfs("/bin/app"), 2, 3, "234");
}
END_TEST

/* The same path in the other space is another file. */
START_TEST(test_dir_view__the_cache_knows_the_space)
{
    char etc[256];
    char buf[8] = "";
    size_t len;

    (void)snprintf(etc, sizeof(etc), "%s/etc", rootfs);
    ck_assert_int_eq(mkdir(etc, 0755), 0);
    make("rootfs/etc/passwd", "mine");
    expect_read(in_rootfs("/etc/passwd"), 0, 8, "mine");
    ck_assert_int_eq(view.read_at(view.ctx, on_host("/etc/passwd"), 0, buf, 4, &len, NULL), 0);
    ck_assert_uint_eq(len, 4);
    ck_assert_str_ne(buf, "mine");
}
END_TEST

START_TEST(test_dir_view__reads_regular_files_only)
{
    static const char *const names[] = { "/bin/fifo", "/bin", "/bin/up", "/none" };
    char fifo[256];
    char buf[4];
    size_t len = 77;

    (void)snprintf(fifo, sizeof(fifo), "%s/bin/fifo", rootfs);
    ck_assert_int_eq(mkfifo(fifo, 0600), 0);
    for (size_t i = 0; i < OCN_COUNT(names); i++) {
        struct ocn_error err = { 0 };
        ck_assert_int_eq(view.read_at(view.ctx, in_rootfs(names[i]), 0, buf, 4, &len, &err), -1);
        ck_assert_int_ne(err.code, OCN_OK);
        ck_assert_str_eq(err.where, names[i]);
    }
    struct ocn_error device = { 0 };
    ck_assert_int_eq(view.read_at(view.ctx, on_host("/dev/zero"), 0, buf, 4, &len, &device), -1);
    ck_assert_int_eq(device.code, OCN_E_FORMAT);
    ck_assert_uint_eq(len, 77);
}
END_TEST

static void put_in_place(const char *name, const char *place)
{
    char from[256];
    char to[256];

    (void)snprintf(from, sizeof(from), "%s/%s", dir, name);
    (void)snprintf(to, sizeof(to), "%s%s", rootfs, place);
    ck_assert_int_eq(rename(from, to), 0);
}

/* One decision has one answer of each place. */
START_TEST(test_dir_view__what_was_seen_first_holds)
{
    struct ocn_stat before = { 0 };
    struct ocn_stat after = { 0 };

    make("another", "another text");
    ck_assert_int_eq(view.stat(view.ctx, in_rootfs("/bin/app"), &before, NULL), 0);
    ck_assert_uint_eq(mode_of(in_rootfs("/late")), 0);
    put_in_place("another", "/bin/app");
    make("rootfs/late", "x");
    ck_assert_int_eq(view.stat(view.ctx, in_rootfs("/bin/app"), &after, NULL), 0);
    ck_assert_uint_eq(after.ino, before.ino);
    ck_assert_uint_eq(after.size, 10);
    ck_assert_uint_eq(mode_of(in_rootfs("/late")), 0);
    expect_read(in_rootfs("/bin/app"), 0, 20, "0123456789");
}
END_TEST

/* A file that is mounted may be replaced at any time. Of no other kind is one opened. */
START_TEST(test_dir_view__another_file_in_the_place_is_read_if_it_is_regular)
{
    static const char *const kinds[] = { "file", "link", "fifo" };

    for (size_t i = 0; i < OCN_COUNT(kinds); i++) {
        struct ocn_error err = { 0 };
        char fifo[256];
        char path[32];
        char name[64];
        char buf[8] = "";
        size_t len = 77;
        (void)snprintf(path, sizeof(path), "/top-%s", kinds[i]);
        (void)snprintf(name, sizeof(name), "rootfs%s", path);
        make(name, "seen");
        ck_assert_uint_ne(mode_of(in_rootfs(path)), 0);
        (void)snprintf(fifo, sizeof(fifo), "%s/new", dir);
        if (i == 2) {
            ck_assert_int_eq(mkfifo(fifo, 0600), 0);
        } else {
            make("new", i == 0 ? "swap" : "@secret");
        }
        put_in_place("new", path);
        int result = view.read_at(view.ctx, in_rootfs(path), 0, buf, 7, &len, &err);
        if (i == 0) {
            ck_assert_int_eq(result, 0);
            ck_assert_str_eq(buf, "swap");
        } else {
            ck_assert_int_eq(result, -1);
            ck_assert_int_eq(err.code, OCN_E_FORMAT);
            ck_assert_str_eq(buf, "");
        }
    }
}
END_TEST

/* A file that says it has no size is read to its end, one that has one is asked once. */
START_TEST(test_dir_view__files_without_a_size_are_read)
{
    char buf[64] = "";
    size_t len = 0;

    ck_assert_int_eq(
        view.read_at(view.ctx, on_host("/proc/sys/kernel/ostype"), 0, buf, 63, &len, NULL), 0);
    ck_assert_str_eq(buf, "Linux\n");
    ck_assert_int_eq(
        view.read_at(view.ctx, in_mount("/proc/sys/kernel/ostype", "/"), 0, buf, 63, &len, NULL),
        0);
    ck_assert_uint_eq(len, 6);
}
END_TEST

/* As a runtime does with the source of a mount, and with a namespace. */
START_TEST(test_dir_view__host_paths_are_followed)
{
    char path[256];
    char target[64];

    (void)snprintf(path, sizeof(path), "%s/bin/up", rootfs);
    ck_assert(S_ISREG(mode_of(on_host(path))));
    ck_assert(S_ISREG(mode_of(on_host("/proc/self/ns/net"))));
    ck_assert_int_eq(
        view.readlink(view.ctx, on_host("/proc/self/ns/net"), target, sizeof(target), NULL), 0);
    ck_assert_int_eq(strncmp(target, "net:[", 5), 0);
}
END_TEST

/* A source may be a file or be reached through a link; what lies in it stays in it. */
START_TEST(test_dir_view__a_mount_is_a_root_of_its_own)
{
    char link[256];
    char file[256];
    char other[256];

    (void)snprintf(link, sizeof(link), "%s/source", dir);
    (void)snprintf(file, sizeof(file), "%s/bin/sh", rootfs);
    (void)snprintf(other, sizeof(other), "%s/other", dir);
    ck_assert_int_eq(symlink("rootfs", link), 0);
    make("other", NULL);
    make("other/up", "@../secret");
    make("other/app", "another");
    ck_assert(S_ISDIR(mode_of(in_mount(link, "/"))));
    ck_assert(S_ISREG(mode_of(in_mount(link, "/abs/app"))));
    ck_assert(S_ISLNK(mode_of(in_mount(link, "/bin/up"))));
    ck_assert(S_ISLNK(mode_of(in_mount(other, "/up"))));
    ck_assert_uint_eq(mode_of(in_mount(other, "/../secret")), 0);
    ck_assert(S_ISREG(mode_of(in_mount(file, "/"))));
    ck_assert_uint_eq(mode_of(in_mount(file, "/below")), 0);
    ck_assert_uint_eq(mode_of(in_mount("/none/at/all", "/")), 0);
    expect_read(in_mount(file, "/"), 0, 3, "012");
    expect_read(in_mount(rootfs, "/bin/app"), 0, 3, "012");
    expect_read(in_mount(other, "/app"), 0, 3, "ano");
    char elsewhere[256];
    (void)snprintf(elsewhere, sizeof(elsewhere), "%s/bin", rootfs);
    expect_read(in_mount(elsewhere, "/app"), 0, 3, "012");
}
END_TEST

START_TEST(test_dir_view__a_captured_host_is_not_left)
{
    struct ocn_dir_view captured;

    ck_assert_int_eq(ocn_dir_view_open(&captured, rootfs, rootfs, NULL), 0);
    view = ocn_dir_view_as_view(&captured);
    ck_assert(S_ISREG(mode_of(on_host("/bin/app"))));
    ck_assert(S_ISREG(mode_of(on_host("/abs/sh"))));
    ck_assert_uint_eq(mode_of(on_host("/bin/up")), 0);
    ck_assert_uint_eq(mode_of(on_host("/../secret")), 0);
    ck_assert(S_ISREG(mode_of(in_mount("/abs", "/app"))));
    ck_assert_uint_eq(mode_of(in_mount("/bin/up", "/")), 0);
    ocn_dir_view_done(&captured);
}
END_TEST

START_TEST(test_dir_view__a_missing_rootfs_is_empty)
{
    struct ocn_dir_view empty;
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_dir_view_open(&empty, "/none/at/all", NULL, &err), 0);
    view = ocn_dir_view_as_view(&empty);
    ck_assert_uint_eq(mode_of(in_rootfs("/")), 0);
    ck_assert_uint_eq(mode_of(in_rootfs("/bin/sh")), 0);
    ocn_dir_view_done(&empty);
    ck_assert_int_eq(ocn_dir_view_open(&empty, rootfs, "/none/at/all", &err), -1);
    ck_assert_str_eq(err.where, "/none/at/all");
}
END_TEST

START_TEST(test_dir_view__the_machine_is_the_kernels_own)
{
    struct ocn_dir_view lied_to;

    /* What `setarch linux32` does; uname(2) then names a 32-bit machine. */
    ck_assert_int_ge(personality(PER_LINUX32), 0);
    ck_assert_int_eq(ocn_dir_view_open(&lied_to, rootfs, NULL, NULL), 0);
    ck_assert_int_ge(personality(PER_LINUX), 0);
    ck_assert_str_eq(lied_to.machine, dir_view.machine);
#ifdef __x86_64__
    ck_assert_str_eq(lied_to.machine, "x86_64");
#endif
    ck_assert_uint_ge(ocn_cpu_count(), 1);
    ocn_dir_view_done(&lied_to);
}
END_TEST

/* What holds without openat2: the same answers for paths without links, an error for the rest. */
static void expect_walked(void)
{
    static const char *const refused[] = { "/abs/app",  "/lib/app",   "/magic/etc",
                                           "/bin/sh/x", "/../secret", "/bin/../../secret" };
    char target[64];

    ck_assert(S_ISDIR(mode_of(in_rootfs("/"))));
    ck_assert(S_ISREG(mode_of(in_rootfs("/bin/app"))));
    ck_assert(S_ISREG(mode_of(in_rootfs("//bin//app"))));
    ck_assert(S_ISLNK(mode_of(in_rootfs("/bin/sh"))));
    ck_assert_uint_eq(mode_of(in_rootfs("/none/deeper")), 0);
    ck_assert_uint_eq(mode_of(in_rootfs("/bin/app/deeper")), 0);
    expect_read(in_rootfs("/bin/app"), 3, 4, "3456");
    ck_assert_int_eq(view.readlink(view.ctx, in_rootfs("/abs"), target, sizeof(target), NULL), 0);
    ck_assert_str_eq(target, "/bin");
    for (size_t i = 0; i < OCN_COUNT(refused); i++) {
        struct ocn_error err = { 0 };
        struct ocn_stat st = { .mode = 4711 };
        ck_assert_msg(view.stat(view.ctx, in_rootfs(refused[i]), &st, &err) == -1, "%s",
                      refused[i]);
        ck_assert_int_eq(err.code, OCN_E_IO);
        ck_assert_uint_eq(st.mode, 4711);
    }
}

START_TEST(test_dir_view__walks_without_openat2)
{
    dir_view.no_openat2 = true;
    expect_walked();
}
END_TEST

/* An old kernel answers ENOSYS, an old container runtime's filter EPERM. */
static void forbid_openat2(uint32_t sys)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | sys),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { .len = OCN_COUNT(code), .filter = code };
    struct open_how how = { 0 };

    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
    ck_assert_int_eq(syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how)), -1);
    ck_assert_int_eq(errno, (int)sys);
}

START_TEST(test_dir_view__walks_where_a_filter_forbids_openat2)
{
    static const uint32_t answers[] = { ENOSYS, EPERM };

    forbid_openat2(answers[_i]);
    expect_walked();
    ck_assert(dir_view.no_openat2);
}
END_TEST

START_TEST(test_dir_view__a_directory_is_listed_in_order)
{
    struct ocn_arena arena = { 0 };
    const char **names = NULL;
    size_t len = 0;

    ck_assert_int_eq(view.list(view.ctx, in_rootfs("/bin"), &arena, &names, &len, NULL), 0);
    ck_assert_uint_eq(len, 3);
    ck_assert_str_eq(names[0], "app");
    ck_assert_str_eq(names[1], "sh");
    ck_assert_str_eq(names[2], "up");
    ck_assert_int_eq(view.list(view.ctx, in_rootfs("/nowhere"), &arena, &names, &len, NULL), 0);
    ck_assert_uint_eq(len, 0);
    ck_assert_int_eq(view.list(view.ctx, in_rootfs("/bin/app"), &arena, &names, &len, NULL), 0);
    ck_assert_uint_eq(len, 0);
    ocn_arena_done(&arena);
}
END_TEST

START_TEST(test_dir_view__a_directory_of_too_many_names_is_an_error)
{
    struct ocn_arena arena = { 0 };
    struct ocn_error err = { 0 };
    const char **names = NULL;
    size_t len = 0;

    make("rootfs/many", NULL);
    for (int i = 0; i <= OCN_VIEW_MAX_NAMES; i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), "rootfs/many/%d", i);
        make(path, "");
    }
    ck_assert_int_eq(view.list(view.ctx, in_rootfs("/many"), &arena, &names, &len, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
    ck_assert_uint_eq(len, 0);
    ocn_arena_done(&arena);
}
END_TEST

START_TEST(test_dir_view__a_captured_tree_says_which_machine_it_is)
{
    static const struct {
        const char *path;
        const char *text;
    } files[] = {
        { "machine", NULL },
        { "machine/proc", NULL },
        { "machine/proc/sys", NULL },
        { "machine/proc/sys/kernel", NULL },
        { "machine/proc/sys/kernel/arch", "ppc64le\n" },
        { "machine/proc/cpuinfo", "processor\t: 0\ncpu\t\t: POWER9, altivec supported\n" },
    };
    struct ocn_dir_view captured;
    char root[128];

    for (size_t i = 0; i < OCN_COUNT(files); i++) {
        make(files[i].path, files[i].text);
    }
    (void)snprintf(root, sizeof(root), "%s/machine", dir);
    ck_assert_int_eq(ocn_dir_view_open(&captured, rootfs, root, NULL), 0);
    const struct ocn_view machine = ocn_dir_view_as_view(&captured);
    ck_assert_str_eq(machine.machine, "ppc64le");
    ck_assert_str_eq(machine.variant(machine.ctx), "power9");
    ck_assert_int_eq(machine.runs_32bit(machine.ctx), OCN_RUNS_UNKNOWN);
    ocn_dir_view_done(&captured);
}
END_TEST

START_TEST(test_dir_view__a_captured_tree_without_cpuinfo_has_no_level)
{
    struct ocn_dir_view captured;

    ck_assert_int_eq(ocn_dir_view_open(&captured, rootfs, dir, NULL), 0);
    const struct ocn_view machine = ocn_dir_view_as_view(&captured);
    ck_assert_ptr_null(machine.variant(machine.ctx));
    ocn_dir_view_done(&captured);
}
END_TEST

/* ---- where /proc is not mounted ----------------------------------------------------------- */

static bool without_proc;
static void (*at_proc)(void); /* what happens between the look at a file and its opening */

/* The linker puts it in the place of openat(). */
int open_without_proc(int from, const char *path, int flags, ...) __asm__("__wrap_openat");
int open64_without_proc(int from, const char *path, int flags, ...) __asm__("__wrap_openat64")
    __attribute__((alias("__wrap_openat")));

int open_without_proc(int from, const char *path, int flags, ...)
{
    va_list more;

    if (without_proc && strncmp(path, "/proc/", 6) == 0) {
        if (at_proc != NULL) {
            at_proc();
        }
        errno = ENOENT;
        return -1;
    }
    va_start(more, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
    va_end(more);
    return (int)syscall(SYS_openat, from, path, flags, mode);
}

static int read_app(struct ocn_error *err)
{
    char text[16] = "";
    size_t len;

    int result = view.read_at(view.ctx, in_rootfs("/bin/app"), 0, text, sizeof(text), &len, err);
    ck_assert(result < 0 || strcmp(text, "0123456789") == 0);
    return result;
}

static void exchange_app(void)
{
    char app[256];
    char other[256];

    (void)snprintf(app, sizeof(app), "%s/bin/app", rootfs);
    (void)snprintf(other, sizeof(other), "%s/bin/other", rootfs);
    make("rootfs/bin/other", "0123456789");
    ck_assert_int_eq(rename(other, app), 0);
}

START_TEST(test_dir_view__reads_without_proc)
{
    struct ocn_error err = { 0 };

    without_proc = true;
    ck_assert_msg(read_app(&err) == 0, "%s: %s", err.where, err.msg);
}
END_TEST

START_TEST(test_dir_view__without_proc_a_file_that_was_exchanged_is_not_read)
{
    struct ocn_error err = { 0 };

    without_proc = true;
    at_proc = exchange_app;
    ck_assert_int_eq(read_app(&err), -1);
    ck_assert_msg(err.sys == ESTALE, "%s: %s", err.where, err.msg);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dir_view");
    TCase *tcase = tcase_create("dir_view");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_dir_view__stat_tells_what_is_there);
    tcase_add_test(tcase, test_dir_view__what_is_missing_has_no_mode);
    tcase_add_test(tcase, test_dir_view__the_last_link_is_not_followed);
    tcase_add_test(tcase, test_dir_view__a_long_link_is_an_error);
    tcase_add_test(tcase, test_dir_view__no_path_leaves_the_rootfs);
    tcase_add_test(tcase, test_dir_view__reads_windows);
    tcase_add_test(tcase, test_dir_view__the_cache_knows_the_space);
    tcase_add_test(tcase, test_dir_view__reads_regular_files_only);
    tcase_add_test(tcase, test_dir_view__what_was_seen_first_holds);
    tcase_add_test(tcase, test_dir_view__another_file_in_the_place_is_read_if_it_is_regular);
    tcase_add_test(tcase, test_dir_view__files_without_a_size_are_read);
    tcase_add_test(tcase, test_dir_view__host_paths_are_followed);
    tcase_add_test(tcase, test_dir_view__a_mount_is_a_root_of_its_own);
    tcase_add_test(tcase, test_dir_view__a_captured_host_is_not_left);
    tcase_add_test(tcase, test_dir_view__a_missing_rootfs_is_empty);
    tcase_add_test(tcase, test_dir_view__the_machine_is_the_kernels_own);
    tcase_add_test(tcase, test_dir_view__walks_without_openat2);
    tcase_add_test(tcase, test_dir_view__a_directory_is_listed_in_order);
    tcase_add_test(tcase, test_dir_view__a_directory_of_too_many_names_is_an_error);
    tcase_add_test(tcase, test_dir_view__a_captured_tree_says_which_machine_it_is);
    tcase_add_test(tcase, test_dir_view__a_captured_tree_without_cpuinfo_has_no_level);
    tcase_add_test(tcase, test_dir_view__reads_without_proc);
    tcase_add_test(tcase, test_dir_view__without_proc_a_file_that_was_exchanged_is_not_read);
    tcase_add_loop_test(tcase, test_dir_view__walks_where_a_filter_forbids_openat2, 0, 2);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
