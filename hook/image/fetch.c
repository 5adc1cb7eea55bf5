/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/fetch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "hook/sys/io.h"

#define MAX_PATH 4096
#define MAX_WORDS 16
#define MAX_SAID ((size_t)64 << 10) /* of skopeo's stderr */

/* $XDG_CACHE_HOME/ocinorm, or ~/.cache/ocinorm (basedir-spec). */
static int find_cache(struct ocn_arena *arena, const char **ret, struct ocn_error *err)
{
    const char *cache = getenv("XDG_CACHE_HOME");
    const char *home = getenv("HOME");

    if (cache != NULL && cache[0] == '/') {
        *ret = ocn_arena_printf(arena, "%s/ocinorm", cache);
    } else if (home != NULL && home[0] == '/') {
        *ret = ocn_arena_printf(arena, "%s/.cache/ocinorm", home);
    } else {
        return ocn_fail(err, OCN_E_USAGE, "XDG_CACHE_HOME",
                        "neither it nor HOME names a directory for what is fetched");
    }
    return ocn_arena_check(arena, err);
}

static int make_directories(const char *path, struct ocn_error *err)
{
    char part[MAX_PATH];

    if (strlen(path) >= sizeof(part)) {
        return ocn_fail(err, OCN_E_LIMIT, path, "the path is too long");
    }
    for (size_t i = 1; path[i - 1] != '\0'; i++) {
        if (path[i] != '/' && path[i] != '\0') {
            continue;
        }
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) < 0 && errno != EEXIST) {
            return ocn_fail_sys(err, errno, part, "cannot make the cache's directory");
        }
    }
    return 0;
}

/* Something short and safe for a directory's name: FNV-1a of the source. Another image of the same
 * name only costs a copy: which one lies there is said by its index. */
static unsigned long long name_of(const char *source)
{
    unsigned long long hash = 14695981039346656037ULL;

    for (; *source != '\0'; source++) {
        hash = (hash ^ (unsigned char)*source) * 1099511628211ULL;
    }
    return hash;
}

/* ---- skopeo ---------------------------------------------------------------------------------- */

static void start(char *const *argv, int printed, int said)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 &&
        dup2(printed >= 0 ? printed : nothing, STDOUT_FILENO) >= 0 &&
        dup2(said, STDERR_FILENO) >= 0) {
        (void)execvp(argv[0], argv);
    }
    _exit(errno == ENOENT ? 127 : 126);
}

/* The last line that it said is the reason. */
static const char *last_line(struct ocn_buf *said)
{
    ocn_buf_add(said, "", 1);
    if (said->failed) {
        return "";
    }
    size_t len = strlen(said->ptr);
    while (len > 0 && said->ptr[len - 1] == '\n') {
        said->ptr[--len] = '\0';
    }
    const char *line = strrchr(said->ptr, '\n');
    line = line != NULL ? line + 1 : said->ptr;
    const char *message = strstr(line, "msg=");
    return message != NULL ? message + 4 : line;
}

int ocn_fetch_skopeo(char *const *argv, const char *source, int printed, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    int ends[2];
    int status = 0;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return ocn_fail_sys(err, errno, source, "cannot start skopeo");
    }
    ocn_autoclose int ours = ends[0];
    ocn_autoclose int theirs = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        start(argv, printed, theirs);
    }
    ocn_closep(&theirs);
    theirs = -1;
    struct ocn_error unread = { 0 }; /* what it says only explains its status */
    if (ocn_io_read_fd(ours, "skopeo", MAX_SAID, &said, &unread) < 0) {
        said.len = 0;
    }
    ocn_closep(&ours);
    ours = -1;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (pid < 0) {
        return ocn_fail_sys(err, errno, source, "cannot start skopeo");
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        return 0;
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 127
               ? ocn_fail(err, OCN_E_UNSUPPORTED, source,
                          "needs skopeo, which is not installed (package skopeo)")
               : ocn_fail(err, OCN_E_IO, source, "skopeo: %s", last_line(&said));
}

/* ---- the cache ------------------------------------------------------------------------------- */

static int open_directory(const char *path, int *ret, struct ocn_error *err)
{
    *ret = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return *ret >= 0 ? 0 : ocn_fail_sys(err, errno, path, "cannot open it");
}

int ocn_fetch_places(const char *source, const char *kind, struct ocn_arena *arena,
                     struct ocn_fetch_places *ret, struct ocn_error *err)
{
    const char *cache = NULL;

    if (find_cache(arena, &cache, err) < 0) {
        return -1;
    }
    ret->blobs = ocn_arena_printf(arena, "%s/blobs", cache);
    ret->layout = ocn_arena_printf(arena, "%s/%s/%016llx", cache, kind, name_of(source));
    return ocn_arena_check(arena, err) < 0 || make_directories(ret->blobs, err) < 0
               ? -1
               : make_directories(ret->layout, err);
}

int ocn_fetch_open(const struct ocn_fetch_places *places, struct ocn_blobs *ret,
                   struct ocn_error *err)
{
    ret->form = OCN_BLOBS_OCI_DIR;
    return open_directory(places->layout, &ret->fd, err) < 0 ||
                   open_directory(places->blobs, &ret->shared_fd, err) < 0
               ? -1
               : 0;
}

int ocn_fetch(const char *source, struct ocn_blobs *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_fetch_places places;

    if (ocn_fetch_places(source, "images", &arena, &places, err) < 0) {
        return -1;
    }
    char *target = ocn_arena_printf(&arena, "oci:%s:" OCN_FETCH_REFERENCE, places.layout);
    char *from = ocn_arena_copy(&arena, source, strlen(source));
    char *shared = ocn_arena_copy(&arena, places.blobs, strlen(places.blobs));
    char words[][32] = { "skopeo", "copy", "--quiet", "--all", "--dest-shared-blob-dir" };
    char *const argv[] = { words[0], words[1], words[2], words[3], words[4],
                           shared,   from,     target,   NULL };

    return ocn_arena_check(&arena, err) < 0 || ocn_fetch_skopeo(argv, source, -1, err) < 0
               ? -1
               : ocn_fetch_open(&places, ret, err);
}
