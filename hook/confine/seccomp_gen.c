/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs when ocinorm is built: prints the C source of the filters that hook/confine/seccomp_filter.h
 * declares. At run time they are only installed, so nothing of libseccomp is in our programs.
 */
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hook/confine/seccomp_filter.h"
#include "normalize/base/error.h"

#define MAX_INSTRUCTIONS 4096

/* musl adds the kernel's O_LARGEFILE on every system, and glibc's is 0 on those of 64 bits. */
#if defined(__aarch64__) || defined(__arm__)
#define KERNEL_O_LARGEFILE 0400000
#elif defined(__powerpc__)
#define KERNEL_O_LARGEFILE 0200000
#else
#define KERNEL_O_LARGEFILE 0100000
#endif

/*
 * What dir_view.c opens with, and what libc adds. Anything else would create, write or wait. Here
 * is no open(2), only openat(2): musl's open(3) would make that call, so the child says openat
 * itself.
 */
#define OPEN_FLAGS                                                                                 \
    ((unsigned)(O_PATH | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_DIRECTORY |            \
                KERNEL_O_LARGEFILE))

/* An argument of which only the bits of @mask are looked at, and must be @value. */
struct condition {
    unsigned argument;
    uint64_t mask; /* 0: any argument will do */
    uint64_t value;
};

#define LOW_WORD UINT64_C(0xffffffff) /* of an int, the rest of the register means nothing */

static const struct row {
    const char *name;
    struct condition condition;
} rows[] = {
    { "brk", { 0 } },
    { "munmap", { 0 } },
    { "mremap", { 0 } },
    { "madvise", { 0 } },
    { "mmap", { 2, PROT_EXEC, 0 } },
    { "mprotect", { 2, PROT_EXEC, 0 } },
    { "openat", { 2, LOW_WORD & ~(uint64_t)OPEN_FLAGS, 0 } },
    { "read", { 0 } },
    { "pread64", { 0 } },
    { "readlinkat", { 0 } },
    { "fstat", { 0 } },
    { "newfstatat", { 0 } },
    { "statx", { 0 } },
    { "fstatfs", { 0 } }, /* these two: whether a mount is noexec, which no stat(2) says */
    { "fstatfs64", { 0 } },
    { "close", { 0 } },
    { "fcntl", { 1, LOW_WORD, F_DUPFD_CLOEXEC } },
    { "fcntl", { 1, LOW_WORD, F_GETFL } }, /* these two: fdopendir(3) */
    { "fcntl", { 1, LOW_WORD, F_SETFD } },
    { "getdents64", { 0 } },  /* the handlers of binfmt_misc */
    { "personality", { 0 } }, /* whether an arm64 kernel runs 32-bit programs */
    { "sendto", { 0, LOW_WORD, OCN_CHILD_FD } },
    { "recvfrom", { 0, LOW_WORD, OCN_CHILD_FD } },
    { "uname", { 0 } },
    { "sched_getaffinity", { 0 } }, /* sysconf(_SC_NPROCESSORS_ONLN) without /sys and /proc */
    { "landlock_create_ruleset", { 0 } },
    { "landlock_add_rule", { 0 } },
    { "landlock_restrict_self", { 0 } },
    { "exit", { 0 } },
    { "exit_group", { 0 } },
};

static int allow(scmp_filter_ctx filter, const struct row *row)
{
    const struct condition *want = &row->condition;
    int number = seccomp_syscall_resolve_name(row->name);

    if (number == __NR_SCMP_ERROR) {
        return -ENOSYS;
    }
    if (number < 0) {
        return 0; /* this architecture spells it another way, which is on the list too */
    }
    if (want->mask == 0) {
        return seccomp_rule_add_exact(filter, SCMP_ACT_ALLOW, number, 0);
    }
    return seccomp_rule_add_exact(
        filter, SCMP_ACT_ALLOW, number, 1,
        SCMP_CMP64(want->argument, SCMP_CMP_MASKED_EQ, want->mask, want->value));
}

static int fill(scmp_filter_ctx filter, uint32_t openat2)
{
    int status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);

    /* As a tree: it is walked for each call. */
    status = status != 0 ? status : seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    for (size_t i = 0; status == 0 && i < OCN_COUNT(rows); i++) {
        status = allow(filter, &rows[i]);
        if (status != 0) {
            (void)fprintf(stderr, "seccomp_gen: %s: %s\n", rows[i].name, strerror(-status));
        }
    }
    return status != 0 ? status : seccomp_rule_add_exact(filter, openat2, SCMP_SYS(openat2), 0);
}

/* The library writes filters to descriptors only. */
static size_t export_code(scmp_filter_ctx filter, struct sock_filter code[MAX_INSTRUCTIONS])
{
    size_t size = sizeof(*code) * MAX_INSTRUCTIONS;
    int fd = memfd_create("filter", MFD_CLOEXEC);
    ssize_t len = -1;

    if (fd >= 0 && seccomp_export_bpf(filter, fd) == 0) {
        len = pread(fd, code, size, 0);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return len > 0 && (size_t)len < size ? (size_t)len / sizeof(*code) : 0;
}

/*
 * Installed, a filter is asked by the kernel (seccomp_cache_prepare() in kernel/seccomp.c) for each
 * of its 900 calls whether that is allowed whatever the arguments. That takes longer than our few
 * calls save by it, and it ends at once where the filter begins with an argument.
 */
static const struct sock_filter unforeseeable =
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args));

static void print_instruction(const struct sock_filter *instruction)
{
    printf("    { 0x%02x, %u, %u, 0x%08x },\n", instruction->code, instruction->jt, instruction->jf,
           instruction->k);
}

static int print_filter(const char *name, uint32_t openat2)
{
    static struct sock_filter code[MAX_INSTRUCTIONS];
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    size_t len = 0;

    if (filter != NULL && fill(filter, openat2) == 0) {
        len = export_code(filter, code);
    }
    seccomp_release(filter);
    if (len == 0) {
        (void)fprintf(stderr, "seccomp_gen: cannot make %s\n", name);
        return -1;
    }
    printf("\nstatic const struct sock_filter %s_code[] = {\n", name);
    print_instruction(&unforeseeable);
    for (size_t i = 0; i < len; i++) {
        print_instruction(&code[i]);
    }
    printf("};\n\nconst struct ocn_seccomp_filter ocn_seccomp_%s = { %zu, %s_code };\n", name,
           len + 1, name);
    return 0;
}

int main(void)
{
    printf("/* SPDX-License-Identifier: Apache-2.0 */\n"
           "/* Made by hook/confine/seccomp_gen.c. */\n"
           "#include \"hook/confine/seccomp_filter.h\"\n");
    if (print_filter("with_openat2", SCMP_ACT_ALLOW) < 0 ||
        print_filter("without_openat2", SCMP_ACT_ERRNO(ENOSYS)) < 0 || fflush(stdout) != 0) {
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
