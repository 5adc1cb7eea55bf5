/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/policy/owner.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/sys/io.h"
#include "hook/sys/places.h"

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
        size_t len = strlen(systems_places[i]);
        if (strncmp(path, systems_places[i], len) == 0 && (path[len] == '/' || path[len] == '\0') &&
            strstr(path, "/..") == NULL) {
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

int ocn_owner_check(int fd, const char *path, struct ocn_error *err)
{
    struct stat st;

    return fstat(fd, &st) < 0 ? ocn_fail_sys(err, errno, path, "cannot stat")
                              : check(&st, path, is_systems_place(path), false, err);
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

struct way {
    char done[PATH_MAX];    /* looked at; "" is the root */
    char pending[PATH_MAX]; /* still to be walked */
    int links;
};

static int fail_way(const struct way *way, int number, struct ocn_error *err)
{
    return ocn_fail_sys(err, number, way->done[0] != '\0' ? way->done : "/",
                        "cannot look at the directories above");
}

/* Puts @head, a slash and @tail into @ret, which may be @tail's own place. */
static bool join(char ret[PATH_MAX], const char *head, const char *tail)
{
    char text[PATH_MAX];
    int len = snprintf(text, sizeof(text), "%s/%s", head, tail);

    if (len < 0 || (size_t)len >= sizeof(text)) {
        return false;
    }
    memcpy(ret, text, (size_t)len + 1);
    return true;
}

static void leave(struct way *way)
{
    char *slash = strrchr(way->done, '/');

    *(slash != NULL ? slash : way->done) = '\0';
}

/* The link at way->done, whose owner says where the way goes on. */
static int follow(struct way *way, struct ocn_error *err)
{
    char target[PATH_MAX];
    ssize_t len = readlink(way->done, target, sizeof(target) - 1);

    if (len < 0 || ++way->links > MAX_LINKS) {
        return fail_way(way, len < 0 ? errno : ELOOP, err);
    }
    target[len] = '\0';
    leave(way);
    if (target[0] == '/') {
        way->done[0] = '\0';
    }
    return join(way->pending, target, way->pending) ? 0 : fail_way(way, ENAMETOOLONG, err);
}

/* One component further; *ret_end where nothing lies there, or it is the last. */
static int take_component(struct way *way, bool *ret_end, struct ocn_error *err)
{
    size_t start = strspn(way->pending, "/");
    size_t len = strcspn(way->pending + start, "/");
    char name[NAME_MAX + 1];
    struct stat st;

    if (len > NAME_MAX) {
        return fail_way(way, ENAMETOOLONG, err);
    }
    memcpy(name, way->pending + start, len);
    name[len] = '\0';
    memmove(way->pending, way->pending + start + len, strlen(way->pending + start + len) + 1);
    bool last = way->pending[strspn(way->pending, "/")] == '\0';
    if (len == 0 || strcmp(name, ".") == 0) {
        *ret_end = len == 0;
        return 0;
    }
    if (strcmp(name, "..") == 0) {
        leave(way);
        return 0;
    }
    if (!join(way->done, way->done, name)) {
        return fail_way(way, ENAMETOOLONG, err);
    }
    if (lstat(way->done, &st) < 0) {
        *ret_end = is_absent(errno);
        return *ret_end ? 0 : fail_way(way, errno, err);
    }
    if (S_ISLNK(st.st_mode)) {
        return check(&st, way->done, true, true, err) < 0 ? -1 : follow(way, err);
    }
    *ret_end = last;
    return last ? 0 : check(&st, way->done, true, true, err);
}

int ocn_owner_check_above(const char *path, struct ocn_error *err)
{
    struct way way = { .links = 0 };
    char here[PATH_MAX] = "";
    struct stat st;
    bool end = false;

    if ((path[0] != '/' && getcwd(here, sizeof(here)) == NULL) || !join(way.pending, here, path)) {
        return fail_way(&way, errno, err);
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
