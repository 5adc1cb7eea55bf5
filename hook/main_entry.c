/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocinorm-entry: lies over the entrypoint of a container that the prestart hook normalised, lowers
 * the process as the plan beside it says, and becomes the original. It has no libc, takes nothing
 * from the environment, and opens one file, on a read-only mount. Whoever runs it a second time
 * (the same file may be /bin/busybox) is lowered already and gets the original at once.
 */
#include <asm/statfs.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "hook/entry_plan.h"
#include "hook/entry_sys.h"

/* As a shell and the runtimes say it. */
enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

#define READ_ONLY 1 /* ST_RDONLY of statfs */
#define LINE_SIZE 512

OCN_ENTRY_BEGIN

/* ---- one line on stderr ------------------------------------------------------------------- */

struct line {
    char text[LINE_SIZE];
    size_t len;
};

static void add(struct line *line, const char *text)
{
    for (; *text != '\0' && line->len < LINE_SIZE - 1; text++) {
        line->text[line->len++] = (char)(*text >= 0x20 && *text < 0x7f ? *text : '?');
    }
}

static void add_number(struct line *line, long number)
{
    char digits[24];
    size_t at = sizeof(digits);

    digits[--at] = '\0';
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    add(line, digits + at);
}

static const struct {
    int number;
    const char *text;
} reasons[] = {
    { ENOENT, "no such file or interpreter" },
    { EACCES, "permission denied" },
    { EPERM, "operation not permitted" },
    { ENOEXEC, "not a program for this machine" },
    { ELIBBAD, "its interpreter is damaged" },
    { E2BIG, "too many arguments or variables" },
    { ENOMEM, "out of memory" },
    { EAGAIN, "too many processes of this user" },
    { ENOSYS, "not known to this kernel" },
};

/* "ocinorm-entry: WHAT NAME: REASON" */
static int complain(const char *what, const char *name, long result)
{
    struct line line;

    line.len = 0;
    add(&line, "ocinorm-entry: ");
    add(&line, what);
    add(&line, name);
    if (result < 0) {
        const char *reason = NULL;
        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
            if (reasons[i].number == -result) {
                reason = reasons[i].text;
            }
        }
        add(&line, reason != NULL ? ": " : ": error ");
        if (reason != NULL) {
            add(&line, reason);
        } else {
            add_number(&line, -result);
        }
    }
    line.text[line.len++] = '\n';
    (void)ocn_sys(__NR_write, 2, (long)line.text, (long)line.len, 0, 0, 0);
    return result == -ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN;
}

/* ---- the plan ----------------------------------------------------------------------------- */

/* Zeroed memory, or an error as the kernel returns it. Never given back: execve does that. */
static long map_memory(size_t size)
{
#if defined(__NR_mmap2)
    const long number = __NR_mmap2;
#else
    const long number = __NR_mmap;
#endif
    return ocn_sys(number, 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                   0);
}

static bool is_error(long result)
{
    return result < 0 && result > -4096;
}

/* Reads up to @size bytes of a file that nobody in the container could have written. */
static long read_sealed(const char *path, char *bytes, size_t size)
{
    struct statfs fs;
    size_t len = 0;
    long got;

    fs.f_flags = 0;
    long fd =
        ocn_sys(__NR_openat, AT_FDCWD, (long)path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW, 0, 0, 0);
    if (fd < 0) {
        return fd;
    }
#if defined(__NR_fstatfs64)
    struct statfs64 fs64;
    got = ocn_sys(__NR_fstatfs64, fd, sizeof(fs64), (long)&fs64, 0, 0, 0);
    fs.f_flags = fs64.f_flags;
#else
    got = ocn_sys(__NR_fstatfs, fd, (long)&fs, 0, 0, 0, 0);
#endif
    if (got < 0 || (fs.f_flags & READ_ONLY) == 0) {
        return got < 0 ? got : -EPERM;
    }
    do {
        got = ocn_sys(__NR_read, fd, (long)(bytes + len), (long)(size - len), 0, 0, 0);
        if (got < 0) {
            return got;
        }
        len += (size_t)got;
    } while (got > 0 && len < size);
    (void)ocn_sys(__NR_close, fd, 0, 0, 0, 0, 0);
    return (long)len;
}

/* ---- lowering ----------------------------------------------------------------------------- */

/* Leaves the capabilities of @set permitted, effective and inheritable, and no other. */
static long set_capabilities(uint64_t set)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

    for (int i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
        uint32_t half = (uint32_t)(set >> (32 * i));
        data[i].effective = half;
        data[i].permitted = half;
        data[i].inheritable = half;
    }
    return ocn_sys(__NR_capset, (long)&header, (long)data, 0, 0, 0, 0);
}

static long set_ambient(uint64_t set)
{
    long result = ocn_sys(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0, 0);

    for (long cap = 0; cap < 64 && result >= 0; cap++) {
        if ((set >> cap & 1) != 0) {
            result = ocn_sys(__NR_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0, 0);
        }
    }
    return result;
}

/* Nothing may give the old user back: neither the saved ids nor a capability that was kept. */
static long prove_lowered(const struct ocn_entry_head *to)
{
    if (to->uid != to->from_uid &&
        ocn_sys(OCN_NR_SETRESUID, -1, (long)to->from_uid, -1, 0, 0, 0) >= 0) {
        return -EPERM;
    }
    return 0;
}

static int lower(const struct ocn_entry_plan *plan)
{
    const struct ocn_entry_head *to = plan->head;
    const long groups = (long)to->groups_len;
    long result;

    result = ocn_sys(OCN_NR_SETGROUPS, groups, (long)plan->groups, 0, 0, 0, 0);
    if (result >= 0) {
        result = ocn_sys(OCN_NR_SETRESGID, (long)to->gid, (long)to->gid, (long)to->gid, 0, 0, 0);
    }
    if (result < 0) {
        return complain("cannot change the groups (CAP_SETGID)", "", result);
    }
    /* Otherwise the change of user would also take the capability that shall be left. */
    if (to->ambient != 0) {
        (void)ocn_sys(__NR_prctl, PR_SET_KEEPCAPS, 1, 0, 0, 0, 0);
    }
    result = ocn_sys(OCN_NR_SETRESUID, (long)to->uid, (long)to->uid, (long)to->uid, 0, 0, 0);
    if (result < 0) {
        return complain("cannot change the user (CAP_SETUID)", "", result);
    }
    result = set_capabilities(to->ambient);
    if (result >= 0) {
        result = set_ambient(to->ambient);
    }
    if (result >= 0) {
        result = prove_lowered(to);
    }
    return result < 0 ? complain("cannot give up all capabilities", "", result) : 0;
}

/* ---- main --------------------------------------------------------------------------------- */

static int apply(const struct ocn_entry_plan *plan, char ***env)
{
    const struct ocn_entry_head *head = plan->head;
    bool lowering = (head->flags & OCN_ENTRY_LOWER) != 0;

    if (lowering && ocn_sys(OCN_NR_GETUID, 0, 0, 0, 0, 0, 0) != (long)head->from_uid) {
        return 0; /* done before, by a process that this one descends from */
    }
    size_t room = ocn_entry_env_count(*env) + head->vars_len + 1;
    long merged = map_memory(room * sizeof(char *));
    if (is_error(merged)) {
        return complain("no memory for the environment", "", merged);
    }
    ocn_entry_env_merge(*env, plan, lowering, (char **)merged);
    *env = (char **)merged;
    if (lowering && lower(plan) != 0) {
        return EXIT_CANNOT_RUN;
    }
    if ((head->flags & OCN_ENTRY_NO_NEW_PRIVS) != 0) {
        long result = ocn_sys(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
        return result < 0 ? complain("cannot set no_new_privs", "", result) : 0;
    }
    return 0;
}

int ocn_entry_main(char **argv, char **env)
{
    struct ocn_entry_plan plan;

    /* One byte more than a plan may have shows one that is too long. */
    long bytes = map_memory(OCN_ENTRY_PLAN_MAX + 1);
    if (is_error(bytes)) {
        return complain("no memory", "", bytes);
    }
    long len = read_sealed(OCN_ENTRY_PLAN, (char *)bytes, OCN_ENTRY_PLAN_MAX + 1);
    if (len < 0) {
        (void)complain("cannot read ", OCN_ENTRY_PLAN, len);
        return EXIT_CANNOT_RUN;
    }
    if (!ocn_entry_plan_read((const void *)bytes, (size_t)len, &plan)) {
        return complain(OCN_ENTRY_PLAN, " is damaged", 0);
    }
    int status = apply(&plan, &env);
    if (status != 0) {
        return status;
    }
    return complain("cannot start ", plan.program,
                    ocn_sys(__NR_execve, (long)plan.program, (long)argv, (long)env, 0, 0, 0));
}
