/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ocinorm-entry: lies over the entrypoint of a container that the prestart hook normalises, until
 * the runtime executes it. Then the hook's helper (hold.c) takes it away, and it lowers the process
 * as the plan in it says, and becomes the original. It has no libc, takes nothing from the
 * environment, and opens no file.
 */
#include <asm/stat.h>
#include <linux/auxvec.h>
#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>

#include "hook/entry/plan.h"
#include "hook/entry/sys.h"

/* As a shell and the runtimes say it. */
enum { EXIT_CANNOT_RUN = 126, EXIT_NOT_FOUND = 127 };

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

/* ---- memory, and the plan ------------------------------------------------------------------ */

/* The hook fills it in the copy that it puts into a container. */
__attribute__((used, section(".ocnplan"),
               aligned(4096))) static const struct ocn_entry_slot reserved = { .mark =
                                                                                   OCN_ENTRY_MARK };

/* The compiler must not take the slot for what it was when this was compiled: empty. */
static const struct ocn_entry_slot *find_slot(void)
{
    const struct ocn_entry_slot *slot = &reserved;

    __asm__("" : "+r"(slot));
    return slot;
}

static bool read_plan(struct ocn_entry_plan *ret)
{
    const char *plan = find_slot()->plan;
    const struct ocn_entry_head *head = (const struct ocn_entry_head *)(const void *)plan;

    return ocn_entry_plan_read(plan, head->size, ret);
}

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

/* ---- the original ------------------------------------------------------------------------- */

/* The path that the runtime executed, links and relative names as it used them (getauxval(3)). */
static const char *find_program(char *const *env)
{
    const unsigned long *aux = (const unsigned long *)(env + ocn_entry_env_count(env) + 1);

    for (; aux[0] != AT_NULL; aux += 2) {
        if (aux[0] == AT_EXECFN) {
            return (const char *)aux[1];
        }
    }
    return NULL;
}

/* Whether this path leads to an original now, and not to this program again, without end. */
static int check_program(const char *path, const struct ocn_entry_plan *plan)
{
#if defined(__NR_fstatat64)
    const long number = __NR_fstatat64;
    struct stat64 st;
#else
    const long number = __NR_newfstatat;
    struct stat st;
#endif

    st.st_dev = 0;
    st.st_ino = 0;
    long result = ocn_sys(number, AT_FDCWD, (long)path, (long)&st, 0, 0, 0);
    if (result < 0) {
        return complain("cannot look at ", path, result);
    }
    if (!ocn_entry_plan_has(plan, st.st_dev, st.st_ino)) {
        return complain(path,
                        ": not the file that was judged, or still covered: before the start "
                        "only the container's first process can run it",
                        0);
    }
    return 0;
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
    size_t room = ocn_entry_env_count(*env) + head->vars_len + 1;

    long merged = map_memory(room * sizeof(char *));
    if (is_error(merged)) {
        return complain("no memory for the environment", "", merged);
    }
    ocn_entry_env_merge(*env, plan, (char **)merged);
    *env = (char **)merged;
    if ((head->flags & OCN_ENTRY_LOWER) != 0) {
        if (ocn_sys(OCN_NR_GETUID, 0, 0, 0, 0, 0, 0) != (long)head->from_uid) {
            return complain("started by another user than config.json names", "", 0);
        }
        if (lower(plan) != 0) {
            return EXIT_CANNOT_RUN;
        }
    }
    if ((head->flags & OCN_ENTRY_NO_NEW_PRIVS) != 0) {
        long result = ocn_sys(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0);
        return result < 0 ? complain("cannot set no_new_privs", "", result) : 0;
    }
    return 0;
}

int ocn_entry_main(char **argv, char **env)
{
    const char *program = find_program(env);
    struct ocn_entry_plan plan;

    if (!read_plan(&plan)) {
        return complain("there is no plan: only ocinorm-hook puts this program to use", "", 0);
    }
    if (program == NULL) {
        return complain("the kernel does not tell what was executed", "", 0);
    }
    int status = check_program(program, &plan);
    if (status == 0) {
        status = apply(&plan, &env);
    }
    if (status != 0) {
        return status;
    }
    return complain("cannot start ", program,
                    ocn_sys(__NR_execve, (long)program, (long)argv, (long)env, 0, 0, 0));
}
