/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/confine/confine.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "hook/confine/seccomp_filter.h"
#include "hook/sys/io.h"

#define NOBODY 65534U
#define MAX_DESCRIPTORS 32

/*
 * What instruments a process from within (a sanitizer, valgrind) makes system calls and reserves
 * address space of its own; such builds do without what is in their way.
 */
#ifdef OCN_SANITIZED
#define INSTRUMENTED true
#else
#define INSTRUMENTED false
#endif

/* ---- limits ------------------------------------------------------------------------------- */

#ifdef __GLIBC__
typedef __rlimit_resource_t resource_kind;
#else
typedef int resource_kind;
#endif

/* What is taken away step by step, and what has gone. */
struct state {
    const struct ocn_confine_limits *limits;
    struct ocn_confinement done;
};

static rlim_t lower(rlim_t a, rlim_t b)
{
    return a < b ? a : b;
}

static int limit(resource_kind resource, rlim_t soft, rlim_t hard)
{
    struct rlimit now = { soft, hard };

    if (setrlimit(resource, &now) == 0) {
        return 0;
    }
    /* A hard limit that is lower already must not be raised. */
    if (errno != EPERM || getrlimit(resource, &now) < 0) {
        return -1;
    }
    now.rlim_max = lower(now.rlim_max, hard);
    now.rlim_cur = lower(now.rlim_max, soft);
    return setrlimit(resource, &now);
}

/* The hard limit of CPU time kills what a blocked SIGXCPU would not. */
static int limit_resources(struct state *state)
{
    const struct {
        resource_kind resource;
        rlim_t soft;
        rlim_t hard;
        bool spares_instruments;
    } limits[] = {
        { RLIMIT_CPU, state->limits->cpu_seconds, state->limits->cpu_seconds + 1, false },
        { RLIMIT_AS, state->limits->memory, state->limits->memory, true },
        { RLIMIT_FSIZE, 0, 0, false },
        { RLIMIT_CORE, 0, 0, false },
        { RLIMIT_NOFILE, MAX_DESCRIPTORS, MAX_DESCRIPTORS, true },
        { RLIMIT_NPROC, 0, 0, true },
    };

    for (size_t i = 0; i < OCN_COUNT(limits); i++) {
        if (!(INSTRUMENTED && limits[i].spares_instruments) &&
            limit(limits[i].resource, limits[i].soft, limits[i].hard) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- user and capabilities ---------------------------------------------------------------- */

/* A user namespace without this user, or a root without CAP_SETUID, keeps the one that it has. */
static bool is_possible(int result)
{
    return result == 0 || errno == EPERM || errno == EINVAL;
}

/*
 * As the functions of libc of these names, which see to all threads; here is one. On 32-bit systems
 * the calls with the plain names have ids of 16 bits.
 */
#ifdef SYS_setresuid32
enum { SET_GROUPS = SYS_setgroups32, SET_GID = SYS_setresgid32, SET_UID = SYS_setresuid32 };
#else
enum { SET_GROUPS = SYS_setgroups, SET_GID = SYS_setresgid, SET_UID = SYS_setresuid };
#endif

static int keep_capabilities(uint32_t kept)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    const struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
        { .effective = kept, .permitted = kept },
    };

    return (int)syscall(SYS_capset, &header, data);
}

/* Reading an image needs CAP_DAC_READ_SEARCH: a rootfs and its bundle are closed to nobody. */
static int drop_user(struct state *state)
{
    (void)state;
    if (geteuid() != 0) {
        return keep_capabilities(0);
    }
    if (prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) < 0 ||
        !is_possible((int)syscall(SET_GROUPS, (size_t)0, NULL)) ||
        !is_possible((int)syscall(SET_GID, NOBODY, NOBODY, NOBODY)) ||
        !is_possible((int)syscall(SET_UID, NOBODY, NOBODY, NOBODY))) {
        return -1;
    }
    /* A root that never had it keeps nothing. */
    return keep_capabilities(UINT32_C(1) << CAP_DAC_READ_SEARCH) == 0 ? 0 : keep_capabilities(0);
}

/* After the user: a change of user undoes the last two. */
static int drop_privileges(struct state *state)
{
    (void)state;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 ||
        prctl(PR_SET_PDEATHSIG, (long)SIGKILL, 0L, 0L, 0L) < 0) {
        return -1;
    }
    return prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L);
}

/* ---- Landlock ----------------------------------------------------------------------------- */

/* Of linux/landlock.h, which is younger than some systems that we are built on. */
#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif
#define LANDLOCK_VERSION (1U << 0)
#define LANDLOCK_PATH_BENEATH 1
#define LANDLOCK_READ_FILE (UINT64_C(1) << 2)
#define LANDLOCK_READ_DIR (UINT64_C(1) << 3)
#define LANDLOCK_ABI_TRUNCATE 3 /* from here on O_TRUNC is held back too */

struct path_beneath {
    uint64_t allowed;
    int32_t parent_fd;
} __attribute__((packed));

/* Every right on files that version i + 1 of the interface knows. */
static const uint64_t rights[] = { 0x1fff, 0x3fff, 0x7fff, 0x7fff, 0xffff };

static int landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_VERSION);

    return abi > 0 ? (int)abi : 0;
}

/* Rules that take every right on files away; -1 with errno. */
static int create_rules(int abi)
{
    size_t known = (size_t)abi < OCN_COUNT(rights) ? (size_t)abi : OCN_COUNT(rights);
    const uint64_t handled = rights[known - 1];

    return (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0U);
}

/* The same by all that this kernel knows, which is *abi: the last version of ours is tried first.
 */
static int create_all_rules(int *abi)
{
    int rules = create_rules((int)OCN_COUNT(rights));

    *abi = rules >= 0 ? (int)OCN_COUNT(rights) : landlock_abi();
    return rules < 0 && *abi != 0 ? create_rules(*abi) : rules;
}

static int allow_reading(int rules, int fd, bool list)
{
    const struct path_beneath rule = { LANDLOCK_READ_FILE | (list ? LANDLOCK_READ_DIR : 0), fd };

    return (int)syscall(SYS_landlock_add_rule, rules, LANDLOCK_PATH_BENEATH, &rule, 0U);
}

/* Reading is allowed everywhere for now: what to read is not known before config.json is. */
static int drop_writing(struct state *state)
{
    int abi = 0;

    ocn_autoclose int rules = create_all_rules(&abi);
    if (abi == 0) {
        return 0;
    }
    ocn_autoclose int root = openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0 || rules < 0 || allow_reading(rules, root, true) < 0) {
        return -1;
    }
    if (syscall(SYS_landlock_restrict_self, rules, 0U) == 0) {
        state->done.landlock_abi = abi;
        return 0;
    }
    return errno == E2BIG ? 0 : -1; /* somebody stacked as many layers as there can be */
}

static int fail_reads(struct ocn_error *err)
{
    return ocn_fail_sys(err, errno, NULL, "cannot confine the parser to the container's files");
}

int ocn_confine_reads_begin(const struct ocn_confinement *confinement, int *ret_rules,
                            struct ocn_error *err)
{
    int rules = confinement->landlock_abi != 0 ? create_rules(confinement->landlock_abi) : -1;

    if (rules < 0 && confinement->landlock_abi != 0) {
        return fail_reads(err);
    }
    *ret_rules = rules;
    return 0;
}

int ocn_confine_reads_allow(int rules, int fd, bool list, struct ocn_error *err)
{
    /* EBADFD: a namespace or the like, whose file system has no rules. */
    return rules < 0 || allow_reading(rules, fd, list) == 0 || errno == EBADFD ? 0
                                                                               : fail_reads(err);
}

int ocn_confine_reads_end(int *rules, struct ocn_error *err)
{
    ocn_autoclose int fd = *rules;

    *rules = -1;
    return fd < 0 || syscall(SYS_landlock_restrict_self, fd, 0U) == 0 || errno == E2BIG
               ? 0
               : fail_reads(err);
}

/* ---- seccomp ------------------------------------------------------------------------------ */

static int drop_system_calls(struct state *state)
{
    bool openat2 = state->done.landlock_abi >= LANDLOCK_ABI_TRUNCATE;
    const struct ocn_seccomp_filter *filter =
        openat2 ? &ocn_seccomp_with_openat2 : &ocn_seccomp_without_openat2;
    const struct sock_fprog program = { filter->len,
                                        (struct sock_filter *)(uintptr_t)filter->code };

    state->done.openat2 = true;
    if (INSTRUMENTED) {
        return 0;
    }
    if (prctl(PR_SET_SECCOMP, (long)SECCOMP_MODE_FILTER, &program, 0L, 0L) == 0) {
        state->done.seccomp = true;
        state->done.openat2 = openat2;
        return 0;
    }
    return errno == EINVAL || errno == ENOSYS ? 0 : -1; /* a kernel without filters */
}

/* ---- all of it ---------------------------------------------------------------------------- */

int ocn_confine(struct ocn_confinement *ret, struct ocn_error *err)
{
    static const struct ocn_confine_limits limits = { OCN_CONFINE_CPU_SECONDS, OCN_CONFINE_MEMORY };

    return ocn_confine_within(&limits, ret, err);
}

int ocn_confine_within(const struct ocn_confine_limits *limits, struct ocn_confinement *ret,
                       struct ocn_error *err)
{
    static const struct {
        const char *what;
        int (*take)(struct state *state);
    } steps[] = {
        { "limiting its resources", limit_resources },
        { "giving up its user and capabilities", drop_user },
        { "giving up new privileges", drop_privileges },
        { "giving up files with Landlock", drop_writing },
        { "giving up system calls with seccomp", drop_system_calls },
    };
    struct state state = { .limits = limits };

    for (size_t i = 0; i < OCN_COUNT(steps); i++) {
        if (steps[i].take(&state) < 0) {
            return ocn_fail_sys(err, errno, NULL, "cannot confine the parser: %s", steps[i].what);
        }
    }
    *ret = state.done;
    return 0;
}

void ocn_confine_probe(struct ocn_confinement *ret)
{
    static const uint32_t kill_process = SECCOMP_RET_KILL_PROCESS;
    const struct open_how how = { .flags = O_PATH };

    ocn_autoclose int fd = (int)syscall(SYS_openat2, AT_FDCWD, "/", &how, sizeof(how));
    *ret = (struct ocn_confinement){
        .landlock_abi = landlock_abi(),
        .seccomp = syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0U, &kill_process) == 0,
        .openat2 = fd >= 0,
    };
}
