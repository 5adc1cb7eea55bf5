/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rules/lookup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "normalize/rules/judge.h"

#define EXECUTABLE 0111 /* for a runtime's look-up any bit will do */

/* Where an element of PATH that is no absolute directory leads to. */
enum place { FAILS, IN_CWD, IN_ROOT };

enum who { RUNC, CRUN, PROGRAM };

/*
 * How somebody reads PATH, as measured and as its source has it: Go's os/exec.LookPath for runc,
 * find_executable() of libcrun, execvp(3). A name with a slash is the kernel's for all of them.
 */
static const struct reader {
    const char *name;
    enum who who;
    bool cleans;         /* "DIR/NAME" by its text before it is looked at (filepath.Join) */
    enum place empty;    /* an empty element; FAILS: if the file is there (exec.ErrDot) */
    enum place relative; /* any other relative one */
    enum place blank;    /* PATH is there, and empty */
    bool dot_is_path;    /* ".NAME" is a path, from the working directory */
    bool as_root;        /* looks before it becomes the user, with all capabilities */
    bool takes_noexec;   /* what lies on a mount with "noexec", and what the user */
    bool takes_closed;   /* may not execute, is taken, and fails; else the search goes on */
} readers[] = {
    { .name = "runc built with Go 1.19",
      .who = RUNC,
      .cleans = true,
      .takes_noexec = true,
      .takes_closed = true },
    { .name = "runc built with Go 1.20 or newer", .who = RUNC, .cleans = true },
    { .name = "crun 1.8",
      .who = CRUN,
      .empty = IN_ROOT,
      .relative = IN_CWD,
      .blank = IN_ROOT,
      .dot_is_path = true,
      .as_root = true },
    { .name = "crun 1.28",
      .who = CRUN,
      .empty = IN_CWD,
      .relative = IN_CWD,
      .blank = IN_CWD,
      .as_root = true },
    { .name = "execvp", .who = PROGRAM, .empty = IN_CWD, .relative = IN_CWD, .blank = IN_CWD },
};

/* One search, and what came up that readers differ in. */
struct search {
    struct ocn_judge *judge;
    const struct reader *reader;
    const char *name;
    const char *list;   /* PATH, or NULL */
    bool known;         /* the runtime is runc or crun */
    bool errdot_is_off; /* GODEBUG of the container, which runc's init has by then */
    bool peculiar;
    struct ocn_path closed; /* the first program of the name that the user may not execute */
    struct ocn_lookup found;
};

/* ---- one element ------------------------------------------------------------------------ */

static bool has_dots(const char *dir, size_t len)
{
    for (size_t i = 0; i + 1 < len; i++) {
        if (dir[i] == '.' && dir[i + 1] == '.' && (i == 0 || dir[i - 1] == '/')) {
            return true;
        }
    }
    return false;
}

/* The file that @dir of @len bytes and the name make, absolute. */
static char *place_of(struct search *s, const char *dir, size_t len, enum place place)
{
    struct ocn_arena *arena = &s->judge->outcome->arena;
    int max = len < OCN_PATH_SIZE ? (int)len : OCN_PATH_SIZE;
    const char *base = dir[0] != '/' && place != IN_ROOT ? ocn_judge_cwd(s->judge) : "";
    /* A cwd that is no absolute path is one from the root; ocn_path_clean() needs the slash. */
    const char *root = base[0] == '/' || base[0] == '\0' ? "" : "/";
    char *path = ocn_arena_printf(arena, "%s%s/%.*s/%s", root, base, max, dir, s->name);

    if (s->reader->cleans) {
        ocn_path_clean(path);
    }
    return path;
}

/*
 * What the options of a mount say of "noexec". Recursive ones are set at last, on all that is
 * mounted there; of two that contradict each other runtimes make different things.
 */
static bool forbids_execution(const struct ocn_strings *options, bool *ret_below)
{
    bool plain = false;
    bool below = false;
    bool allowed = false;

    for (size_t i = 0; i < options->len; i++) {
        const char *option = options->items[i];
        plain = strcmp(option, "noexec") == 0 || (plain && strcmp(option, "exec") != 0);
        below = below || strcmp(option, "rnoexec") == 0;
        allowed = allowed || strcmp(option, "rexec") == 0;
    }
    *ret_below = below;
    return !allowed && (plain || below);
}

/* Options that neither set nor clear a flag of a bind mount. */
static bool leave_flags(const struct ocn_strings *options)
{
    static const char *const words[] = {
        "bind",   "rbind",  "private", "rprivate",   "slave",
        "rslave", "shared", "rshared", "unbindable", "runbindable"
    };
    size_t known = 0;

    for (size_t i = 0; i < OCN_COUNT(words); i++) {
        for (size_t n = 0; n < options->len; n++) {
            known += strcmp(options->items[n], words[i]) == 0 ? 1 : 0;
        }
    }
    return known == options->len;
}

/*
 * A bind mount begins with the flags of what it binds. Where no option says anything of flags,
 * every runc leaves them so; else it sets them, and which stay differs between its versions, and
 * between those of crun (measured: runc 1.1.5, crun 1.8.1; read: rootfs_linux.go of runc 1.4).
 */
static bool is_noexec_as_source(const struct ocn_judge *judge, const struct ocn_oci_mount *mount,
                                struct ocn_ref file)
{
    const struct ocn_view *view = judge->view;
    const char *runtime = judge->container->runtime;

    if (mount == NULL || file.space != OCN_MOUNT || view->noexec == NULL || runtime == NULL ||
        strcmp(runtime, "runc") != 0 || !leave_flags(&mount->options)) {
        return false;
    }
    /* What is mounted below the source comes along with "rbind" only. */
    file.path = ocn_strings_hold(&mount->options, "rbind") ? file.path : "/";
    return view->noexec(view->ctx, file);
}

int ocn_lookup_noexec(struct ocn_judge *judge, const struct ocn_path *path, bool *ret,
                      struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    const struct ocn_path_context context = { .places = judge->places };
    const struct ocn_oci_mount *mount =
        path->state == OCN_PATH_FOUND ? ocn_path_mount_on(&context, path->path) : NULL;
    struct ocn_ref source = path->ref;
    struct ocn_stat top = { 0 };
    struct ocn_error problem = { 0 };
    bool below = false;

    *ret = mount != NULL && forbids_execution(&mount->options, &below);
    if (!*ret) {
        *ret = is_noexec_as_source(judge, mount, path->ref);
        return 0;
    }
    if (below || source.space != OCN_MOUNT) {
        return 0;
    }
    /* What is mounted below the source comes along with "rbind", and keeps its own flags. */
    source.path = "/";
    if (view->stat(view->ctx, source, &top, &problem) < 0 && problem.sys != EACCES) {
        *err = problem;
        return -1;
    }
    *ret = problem.sys == 0 && top.dev == path->stat.dev;
    return 0;
}

/* Whether the search ends at what lies at @path. */
static int try_path(struct search *s, const char *path, bool *ret_end, struct ocn_error *err)
{
    struct ocn_path *at = &s->found.path;
    const struct reader *reader = s->reader;

    if ((reader->who == PROGRAM ? ocn_judge_resolve(s->judge, path, at, err)
                                : ocn_judge_resolve_first(s->judge, path, at, err)) < 0) {
        return -1;
    }
    *ret_end = at->state == OCN_PATH_UNKNOWN;
    if (at->state != OCN_PATH_FOUND) {
        return 0;
    }
    bool closed = at->blocked != NULL;
    s->peculiar = s->peculiar || closed;
    if (closed && s->closed.state != OCN_PATH_FOUND && ocn_path_is_program(at)) {
        s->closed = *at;
    }
    if (closed && !reader->as_root && strcmp(at->blocked, at->path) != 0) {
        return 0; /* it is behind a directory that the user may not enter */
    }
    if (!S_ISREG(at->stat.mode)) {
        return 0;
    }
    if ((at->stat.mode & EXECUTABLE) == 0) {
        s->found.not_executable = true;
        return 0;
    }
    bool noexec = false;
    if (ocn_lookup_noexec(s->judge, at, &noexec, err) < 0) {
        return -1;
    }
    if (noexec) {
        s->peculiar = true;
        s->found.noexec = at->path;
        *ret_end = reader->takes_noexec;
        return 0;
    }
    *ret_end = !closed || reader->as_root || reader->takes_closed;
    return 0;
}

static int try_element(struct search *s, const char *dir, size_t len, bool *ret_end,
                       struct ocn_error *err)
{
    const struct reader *reader = s->reader;
    bool absolute = len != 0 && dir[0] == '/';
    enum place place = absolute ? IN_CWD : len == 0 ? reader->empty : reader->relative;
    bool refused = !absolute && place == FAILS && !s->errdot_is_off;

    s->peculiar = s->peculiar || !absolute || has_dots(dir, len);
    const char *path = place_of(s, dir, len, place);
    if (try_path(s, path, ret_end, err) < 0) {
        return -1;
    }
    if (*ret_end && refused && s->found.path.state == OCN_PATH_FOUND) {
        s->found.relative = s->found.path.path;
        s->found.path = (struct ocn_path){ .state = OCN_PATH_MISSING };
    }
    return 0;
}

/* ---- all of PATH ------------------------------------------------------------------------ */

static int search_list(struct search *s, struct ocn_error *err)
{
    bool blank = s->list != NULL && s->list[0] == '\0';
    bool end = false;

    s->found = (struct ocn_lookup){ .path = { .state = OCN_PATH_MISSING } };
    s->closed = s->found.path;
    if (s->list == NULL) {
        /* An error for runc and crun; what another runtime has for it is not known. */
        s->found.path.state = s->known ? OCN_PATH_MISSING : OCN_PATH_UNKNOWN;
        return 0;
    }
    if (blank && s->reader->blank == FAILS) {
        s->peculiar = true;
        return 0;
    }
    for (const char *dir = s->list;; dir++) {
        size_t len = strcspn(dir, ":");
        if (try_element(s, dir, len, &end, err) < 0) {
            return -1;
        }
        dir += len;
        if (end || *dir == '\0') {
            break;
        }
    }
    if (!end) {
        /*
         * Where there is one that is closed to the user, that is why: user.access says so. Under
         * the hook it is somebody else who looks.
         */
        const struct ocn_path missing = { .state = OCN_PATH_MISSING };
        s->found.path = s->judge->container->unedited ? missing : s->closed;
    }
    return 0;
}

/* The kernel's own way to a name with a slash, which all of them go. */
static int take_path(struct search *s, struct ocn_error *err)
{
    s->found = (struct ocn_lookup){ .path = { .state = OCN_PATH_MISSING } };
    if (ocn_lookup_file(s->judge, s->name, &s->found.path, err) < 0) {
        return -1;
    }
    bool noexec = false;
    if (ocn_lookup_noexec(s->judge, &s->found.path, &noexec, err) < 0) {
        return -1;
    }
    s->found.noexec = noexec ? s->found.path.path : NULL;
    return 0;
}

static int run_search(struct search *s, const struct reader *reader, struct ocn_error *err)
{
    s->reader = reader;
    s->peculiar = s->peculiar || s->name[0] == '.';
    return strchr(s->name, '/') != NULL || (s->name[0] == '.' && reader->dot_is_path)
               ? take_path(s, err)
               : search_list(s, err);
}

/* ---- who differs ------------------------------------------------------------------------ */

static bool is_known(const char *runtime)
{
    return runtime != NULL && (strcmp(runtime, "runc") == 0 || strcmp(runtime, "crun") == 0);
}

static bool is_asked(const struct reader *reader, const struct ocn_judge *judge,
                     enum ocn_lookup_by by)
{
    const char *runtime = judge->container->runtime;

    if (by == OCN_LOOKUP_BY_PROGRAM || reader->who == PROGRAM) {
        return by == OCN_LOOKUP_BY_PROGRAM && reader->who == PROGRAM;
    }
    return !is_known(runtime) || (reader->who == RUNC) == (strcmp(runtime, "runc") == 0);
}

/* Nothing is found, or what the kernel will not execute. */
static bool fails(const struct ocn_lookup *lookup)
{
    const struct ocn_path *path = &lookup->path;

    return path->state == OCN_PATH_MISSING ||
           (path->state == OCN_PATH_FOUND &&
            (path->blocked != NULL || path->path == lookup->noexec));
}

static bool is_same(const struct ocn_lookup *a, const struct ocn_lookup *b)
{
    if (fails(a) || fails(b)) {
        return fails(a) && fails(b);
    }
    return a->path.state == b->path.state &&
           (a->path.state != OCN_PATH_FOUND || (a->path.path != NULL && b->path.path != NULL &&
                                                strcmp(a->path.path, b->path.path) == 0));
}

static const char *describe(const struct ocn_path *path)
{
    return path->state == OCN_PATH_FOUND     ? path->path
           : path->state == OCN_PATH_MISSING ? "nothing"
                                             : "what cannot be seen";
}

/* Asks whoever else may be the one; the first one's answer is in @s. */
static int compare(struct search *s, size_t first, enum ocn_lookup_by by, struct ocn_lookup *ret,
                   struct ocn_error *err)
{
    *ret = s->found;
    for (size_t i = first + 1; i < OCN_COUNT(readers); i++) {
        if (!is_asked(&readers[i], s->judge, by)) {
            continue;
        }
        if (run_search(s, &readers[i], err) < 0) {
            return -1;
        }
        if (!is_same(ret, &s->found)) {
            ret->doubt = ocn_judge_printable(
                s->judge,
                ocn_arena_printf(&s->judge->outcome->arena, "%s takes %s for %s, and %s takes %s",
                                 readers[first].name, describe(&ret->path), s->name,
                                 readers[i].name, describe(&s->found.path)));
            ret->path = (struct ocn_path){ .state = OCN_PATH_UNKNOWN };
            return 0;
        }
        if (ret->path.state == OCN_PATH_MISSING) {
            *ret = s->found; /* the one that fails at a file can say at which */
        }
    }
    return 0;
}

int ocn_lookup(struct ocn_judge *judge, const char *name, enum ocn_lookup_by by,
               struct ocn_lookup *ret, struct ocn_error *err)
{
    const struct ocn_strings *env = &judge->container->process.env;
    const char *godebug = ocn_oci_env_get(env, "GODEBUG");
    struct search s = {
        .judge = judge,
        .name = name,
        .list = ocn_oci_env_get(env, "PATH"),
        .known = is_known(judge->container->runtime),
        .errdot_is_off = godebug != NULL && strstr(godebug, "execerrdot=0") != NULL,
    };
    size_t first = 0;

    while (!is_asked(&readers[first], judge, by)) {
        first++;
    }
    if (run_search(&s, &readers[first], err) < 0) {
        return -1;
    }
    if (s.peculiar) {
        return compare(&s, first, by, ret, err);
    }
    *ret = s.found;
    return 0;
}

int ocn_lookup_file(struct ocn_judge *judge, const char *name, struct ocn_path *ret,
                    struct ocn_error *err)
{
    const char *cwd = name[0] == '/' ? "" : ocn_judge_cwd(judge);

    return ocn_judge_resolve(judge, ocn_arena_printf(&judge->outcome->arena, "%s/%s", cwd, name),
                             ret, err);
}
