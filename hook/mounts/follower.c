/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mounts/follower.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "hook/sys/io.h"
#include "hook/sys/replace.h"
#include "normalize/json/load.h"

#define SECONDS 5
#define ANSWER_MAX_SIZE ((size_t)256 << 10) /* runc's features take 20 KiB */
#define KEPT_MAX_SIZE ((size_t)128)
#define VERSION_PARTS 3

/* ---- what it is --------------------------------------------------------------------------- */

struct version {
    unsigned long parts[VERSION_PARTS];
};

static const struct row {
    char name[8];
    char from[8];
    char below[8];
    enum ocn_follower_maps maps;
} rows[] = {
#define OCN_FOLLOWER(name, from, below, maps, why) { name, from, below, OCN_FOLLOWER_MAPS_##maps },
#define OCN_FOLLOWER_APART(name)
#include "hook/mounts/followers.def"
#undef OCN_FOLLOWER
#undef OCN_FOLLOWER_APART
};

static const char *const apart[] = {
#define OCN_FOLLOWER(name, from, below, maps, why)
#define OCN_FOLLOWER_APART(name) name " ",
#include "hook/mounts/followers.def"
#undef OCN_FOLLOWER
#undef OCN_FOLLOWER_APART
};

/* By its name and version. */
static void look_apart(struct ocn_follower *follower)
{
    follower->apart = false;
    for (size_t i = 0; i < OCN_COUNT(apart); i++) {
        follower->apart |= strncmp(follower->name, apart[i], strlen(apart[i])) == 0;
    }
}

/* "1.27.1-dev": what follows the numbers says nothing here. */
static struct version read_version(const char *text)
{
    struct version version = { { 0 } };

    for (size_t i = 0; i < VERSION_PARTS && ocn_io_take_number(&text, &version.parts[i]); i++) {
        if (*text++ != '.') {
            break;
        }
    }
    return version;
}

static bool is_before(const struct version *a, const struct version *b)
{
    for (size_t i = 0; i < VERSION_PARTS; i++) {
        if (a->parts[i] != b->parts[i]) {
            return a->parts[i] < b->parts[i];
        }
    }
    return false;
}

/* The last row that @name in @text (a version) fits, or NULL. */
static const struct row *find_row(const char *name, const char *text)
{
    const struct version version = read_version(text);
    const struct row *found = NULL;

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct version from = read_version(rows[i].from);
        const struct version below = read_version(rows[i].below);
        if (strcmp(rows[i].name, name) == 0 && !is_before(&version, &from) &&
            is_before(&version, &below)) {
            found = &rows[i];
        }
    }
    return found;
}

/* The word that *at is at, behind blanks; only of letters, digits and what versions have. */
static bool take_word(const char **at, char *ret, size_t size)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  ".-+~_";
    size_t len;

    *at += strspn(*at, " ");
    len = strspn(*at, letters);
    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(ret, *at, len);
    ret[len] = '\0';
    *at += len;
    return true;
}

static bool says_idmap(struct ocn_bytes features)
{
    json_auto_t *json = NULL;

    if (features.len == 0 || ocn_json_load(features, ANSWER_MAX_SIZE, &json, NULL) < 0) {
        return false;
    }
    const json_t *extensions = json_object_get(json_object_get(json, "linux"), "mountExtensions");
    return json_is_true(json_object_get(json_object_get(extensions, "idmap"), "enabled"));
}

void ocn_follower_read(struct ocn_bytes version, struct ocn_bytes features,
                       struct ocn_follower *ret)
{
    char line[256];
    char name[24];
    char word[24];
    char number[24];
    const char *at = line;
    size_t len = version.len < sizeof(line) - 1 ? version.len : sizeof(line) - 1;

    memcpy(line, version.ptr, len);
    line[len] = '\0';
    ret->maps = says_idmap(features) ? OCN_FOLLOWER_MAPS_TREE : OCN_FOLLOWER_MAPS_NOT;
    if (!take_word(&at, name, sizeof(name)) || !take_word(&at, word, sizeof(word)) ||
        strcmp(word, "version") != 0 || !take_word(&at, number, sizeof(number))) {
        return; /* "NAME version NUMBER" is the first line of runc, crun and youki */
    }
    (void)snprintf(ret->name, sizeof(ret->name), "%s %s", name, number);
    look_apart(ret);
    const struct row *row = find_row(name, number);
    ret->maps = row != NULL ? row->maps : ret->maps;
}

/* ---- asking ------------------------------------------------------------------------------- */

static int64_t now_ms(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void become(const char *path, const char *word, int out)
{
    char *argv[] = { (char *)(uintptr_t)path, (char *)(uintptr_t)word, NULL };
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)setpgid(0, 0);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0 &&
        dup2(null, STDERR_FILENO) >= 0) {
        ocn_io_close_range(STDERR_FILENO + 1, ~0U);
        (void)execv(path, argv);
    }
    _exit(EXIT_FAILURE);
}

/* Until its end, or the deadline; what is too long is nothing. */
static bool collect(int fd, struct ocn_buf *ret)
{
    const int64_t end = now_ms() + SECONDS * INT64_C(1000);
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    char chunk[4096];

    for (int64_t left = end - now_ms(); left > 0; left = end - now_ms()) {
        int count = poll(&ready, 1, (int)left);
        ssize_t len = count > 0 ? read(fd, chunk, sizeof(chunk)) : -1;
        if (len == 0) {
            return true;
        }
        if ((len < 0 && errno != EINTR && count != 0) || ret->len > ANSWER_MAX_SIZE) {
            return false;
        }
        ocn_buf_add(ret, chunk, len > 0 ? (size_t)len : 0);
    }
    return false;
}

/* Appends what `@path @word` prints; nothing where it fails. */
static void run(const char *path, const char *word, struct ocn_buf *ret)
{
    int ends[2];
    int status = 0;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        return;
    }
    ocn_autoclose int out = ends[0];
    ocn_autoclose int in = ends[1];
    pid_t pid = fork();
    if (pid == 0) {
        become(path, word, in);
    }
    ocn_closep(&in);
    in = -1;
    bool whole = pid > 0 && collect(out, ret);
    if (pid > 0 && !whole) {
        (void)kill(-pid, SIGKILL);
        (void)kill(pid, SIGKILL);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (!whole || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        ret->len = 0;
    }
}

/* false: it did not answer, for whatever reason of the moment. */
static bool ask(const char *path, struct ocn_follower *ret)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf version = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf features = { 0 };

    run(path, "--version", &version);
    run(path, "features", &features);
    ocn_follower_read(ocn_buf_bytes(&version), ocn_buf_bytes(&features), ret);
    return version.len != 0;
}

/* ---- remembering -------------------------------------------------------------------------- */

/* The directory, if only root writes there; it is made where there is none. -1: none to be used. */
static int open_state(const char *path)
{
    struct stat st;

    (void)mkdir(path, 0755);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && (fstat(fd, &st) < 0 || st.st_uid != 0 || (st.st_mode & 022) != 0)) {
        ocn_closep(&fd);
        return -1;
    }
    return fd;
}

/* "2 crun 1.28": the number is of enum ocn_follower_maps. */
static bool recall(int state_fd, const char *name, struct ocn_follower *ret)
{
    char text[KEPT_MAX_SIZE];

    ocn_autoclose int fd = openat(state_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    if (len < 3 || text[0] < '0' || text[0] > '2' || text[1] != ' ') {
        return false;
    }
    text[len] = '\0';
    text[strcspn(text, "\n")] = '\0';
    ret->maps = (enum ocn_follower_maps)(text[0] - '0');
    (void)snprintf(ret->name, sizeof(ret->name), "%.*s", OCN_FOLLOWER_NAME_SIZE - 1, text + 2);
    look_apart(ret);
    return true;
}

/* What cannot be kept is asked again. */
static void keep(const char *path, const struct ocn_follower *follower)
{
    char text[KEPT_MAX_SIZE];
    int len = snprintf(text, sizeof(text), "%d %s\n", (int)follower->maps, follower->name);

    if (len > 0 && (size_t)len < sizeof(text) &&
        ocn_replace_new_file(path, (struct ocn_bytes){ text, (size_t)len }, 0644, NULL) < 0) {
        return; /* somebody else was quicker, or it is full */
    }
}

void ocn_follower_ask(const char *path, const char *state, struct ocn_follower *ret)
{
    char name[160];
    char file[PATH_MAX];
    struct stat st;

    *ret = (struct ocn_follower){ .maps = OCN_FOLLOWER_MAPS_NOT };
    (void)snprintf(ret->name, sizeof(ret->name), "%.*s", OCN_FOLLOWER_NAME_SIZE - 1, path);
    if (stat(path, &st) < 0) {
        return;
    }
    (void)snprintf(name, sizeof(name),
                   "maps-%s-%" PRIx64 "-%" PRIx64 "-%" PRIx64 "-%" PRIx64 ".%09" PRId64,
                   OCN_VERSION, (uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_size,
                   (uint64_t)st.st_mtim.tv_sec, (int64_t)st.st_mtim.tv_nsec);
    ocn_autoclose int state_fd = open_state(state);
    if (state_fd >= 0 && recall(state_fd, name, ret)) {
        return;
    }
    if (!ask(path, ret) || state_fd < 0) {
        return;
    }
    int len = snprintf(file, sizeof(file), "%s/%s", state, name);
    if (len > 0 && (size_t)len < sizeof(file)) {
        keep(file, ret);
    }
}
