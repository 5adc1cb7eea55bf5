/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/policy/owner.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/sys/io.h"
#include "hook/sys/places.h"
#include "normalize/base/strings.h"

#define OVERFLOW_UID 65534 /* /proc/sys/kernel/overflowuid, which nobody changes */
#define WRITABLE (S_IWGRP | S_IWOTH)
#define MAX_LINKS 40 /* as the kernel */

/* user_namespaces(7): the first one maps every id to itself. */
bool ocn_owner_in_user_namespace(void)
{
    static const char first[] = "0 0 4294967295";
    char text[64] = "";
    char squeezed[sizeof(text)];
    size_t len = 0;

    ocn_autoclose int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0) {
        return false;
    }
    for (const char *c = text + strspn(text, " "); *c != '\0' && *c != '\n'; c++) {
        if (*c != ' ' || c[1] != ' ') {
            squeezed[len++] = *c;
        }
    }
    squeezed[len] = '\0';
    return strcmp(squeezed, first) != 0;
}

/*
 * In a user namespace root of the node is one of all those that are not mapped, and nobody can tell
 * which: what only root can put somewhere, and the directories on the way to it, count as root's.
 */
static const char *const systems_places[] = { OCN_CONFIG_DIR, OCN_VENDOR_DIR };

static bool is_systems_place(const char *path)
{
    for (size_t i = 0; i < OCN_COUNT(systems_places); i++) {
        if (ocn_strings_is_within(path, systems_places[i]) && strstr(path, "/..") == NULL) {
            return true;
        }
    }
    return false;
}

static bool is_unmapped(uid_t uid)
{
    return uid == OVERFLOW_UID && ocn_owner_in_user_namespace();
}

static int fail_foreign(uid_t uid, const char *path, struct ocn_error *err)
{
    return is_unmapped(uid)
               ? ocn_fail(
                     err, OCN_E_UNSUPPORTED, path,
                     "belongs to somebody outside of this user namespace, who may not be root; "
                     "chown it to the user, or put it into " OCN_CONFIG_DIR)
               : ocn_fail(err, OCN_E_UNSUPPORTED, path,
                          "belongs to uid %u, who could decide what runs as root here; chown it to "
                          "root (and see that it says what you want)",
                          uid);
}

/* @systems: whoever is not mapped counts as root. @passed: nothing but one name in it is asked for.
 */
static int check(const struct stat *st, const char *path, bool systems, bool passed,
                 struct ocn_error *err)
{
    bool sticky = passed && S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0;
    bool ours = st->st_uid == 0 || st->st_uid == geteuid();

    if (!ours && !(systems && is_unmapped(st->st_uid))) {
        return fail_foreign(st->st_uid, path, err);
    }
    if ((st->st_mode & WRITABLE) != 0 && !sticky && !S_ISLNK(st->st_mode)) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, path,
                        "can be written by its group or by others (mode %04o), who could decide "
                        "what runs as root here; chmod go-w (and see that it says what you want)",
                        (unsigned)st->st_mode & 07777);
    }
    return 0;
}

int ocn_owner_check_stat(const struct stat *st, const char *path, struct ocn_error *err)
{
    return check(st, path, is_systems_place(path), false, err);
}

int ocn_owner_check(int fd, const char *path, struct ocn_error *err)
{
    struct stat st;

    return fstat(fd, &st) < 0 ? ocn_fail_sys(err, errno, path, "cannot stat")
                              : ocn_owner_check_stat(&st, path, err);
}

static bool is_absent(int error)
{
    return error == ENOENT || error == ENOTDIR;
}

int ocn_owner_check_path(const char *path, struct ocn_error *err)
{
    struct stat st;

    if (lstat(path, &st) < 0) {
        return is_absent(errno) ? 0 : ocn_fail_sys(err, errno, path, "cannot stat");
    }
    return check(&st, path, is_systems_place(path), true, err);
}

/* ---- the way to a file -------------------------------------------------------------------- */

/* A path takes pages, so there is one: what was looked at, and behind it what is still to walk. */
struct way {
    const char *last; /* the last component counts, too, as of this path; NULL: it does not */
    size_t done;      /* bytes of .path that were looked at */
    int links;
    char path[PATH_MAX];
};

static int fail_way(const struct way *way, int number, struct ocn_error *err)
{
    return ocn_fail_sys(err, number, way->path[0] != '\0' ? way->path : "/",
                        "cannot look at the directories above");
}

/* Puts @text in place of the @len bytes that begin at @start; behind these is a slash or the end.
 */
static bool replace(struct way *way, size_t start, size_t len, const char *text)
{
    char *rest = way->path + start + len;
    size_t text_len = strlen(text);
    size_t rest_len = strlen(rest);

    if (start + text_len + rest_len >= sizeof(way->path)) {
        return false;
    }
    memmove(way->path + start + text_len, rest, rest_len + 1);
    memcpy(way->path + start, text, text_len);
    return true;
}

/* The link that the @len bytes of its name at @start are, whose owner says where the way goes on.
 */
static int follow(struct way *way, size_t start, size_t len, char behind, struct ocn_error *err)
{
    char target[PATH_MAX];
    ssize_t target_len = readlink(way->path, target, sizeof(target) - 1);

    if (target_len < 0 || ++way->links > MAX_LINKS) {
        return fail_way(way, target_len < 0 ? errno : ELOOP, err);
    }
    target[target_len] = '\0';
    way->path[start + len] = behind;
    way->done = target[0] == '/' ? 0 : start;
    return replace(way, way->done, start + len - way->done, target)
               ? 0
               : fail_way(way, ENAMETOOLONG, err);
}

/* One component further; *ret_end where nothing lies there, or it is the last. */
static int take_component(struct way *way, bool *ret_end, struct ocn_error *err)
{
    size_t start = way->done + strspn(way->path + way->done, "/");
    char *name = way->path + start;
    size_t len = strcspn(name, "/");
    const char behind = name[len];
    const bool last = name[len + strspn(name + len, "/")] == '\0';
    struct stat st;

    way->done = start + len;
    if (len == 0 || (len == 1 && name[0] == '.') ||
        (len == 2 && name[0] == '.' && name[1] == '.')) {
        *ret_end = len == 0;
        return 0;
    }
    name[len] = '\0';
    if (lstat(way->path, &st) < 0) {
        *ret_end = is_absent(errno);
        return *ret_end ? 0 : fail_way(way, errno, err);
    }
    const bool passed = S_ISLNK(st.st_mode) || !last;
    if ((passed || way->last != NULL) &&
        check(&st, way->path, passed || is_systems_place(way->last), true, err) < 0) {
        return -1;
    }
    if (S_ISLNK(st.st_mode)) {
        return follow(way, start, len, behind, err);
    }
    name[len] = behind;
    *ret_end = last;
    return 0;
}

static bool append(char path[PATH_MAX], const char *text)
{
    size_t len = strlen(path);
    size_t text_len = strlen(text);

    if (len + text_len >= PATH_MAX) {
        return false;
    }
    memcpy(path + len, text, text_len + 1);
    return true;
}

static int check_way(const char *path, const char *last, struct ocn_error *err)
{
    struct way way; /* not zeroed: what nobody writes is not touched */
    struct stat st;
    bool end = false;

    way.last = last;
    way.done = 0;
    way.links = 0;
    way.path[0] = '\0';
    if (path[0] != '/' && getcwd(way.path, sizeof(way.path)) == NULL) {
        return fail_way(&way, errno, err);
    }
    const char *slash = path[0] != '/' && strcmp(way.path, "/") != 0 ? "/" : "";
    if (!append(way.path, slash) || !append(way.path, path)) {
        return fail_way(&way, ENAMETOOLONG, err);
    }
    if (stat("/", &st) < 0) {
        return fail_way(&way, errno, err);
    }
    if (check(&st, "/", true, true, err) < 0) {
        return -1;
    }
    while (!end) {
        if (take_component(&way, &end, err) < 0) {
            return -1;
        }
    }
    return 0;
}

int ocn_owner_check_above(const char *path, struct ocn_error *err)
{
    return check_way(path, NULL, err);
}

int ocn_owner_check_way(const char *path, struct ocn_error *err)
{
    bool plain = path[0] == '/' && strstr(path, "/.") == NULL;

    if (!plain && ocn_owner_check_path(path, err) < 0) {
        return -1;
    }
    return check_way(path, plain ? path : NULL, err);
}
