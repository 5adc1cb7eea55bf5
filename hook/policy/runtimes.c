/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/policy/runtimes.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "hook/sys/io.h"

/* As the shells have it where PATH is unset. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static bool is_runtime(const char *path, const struct stat *self)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0 &&
           (st.st_dev != self->st_dev || st.st_ino != self->st_ino);
}

/* The first directory of PATH that holds @name; relative ones would be the bundle's, so they are
 * passed over. */
static bool search_path(const char *name, const struct stat *self, struct ocn_arena *arena,
                        const char **ret)
{
    const char *path = getenv("PATH");

    for (const char *at = path != NULL ? path : DEFAULT_PATH; *at != '\0'; at += *at == ':') {
        size_t len = strcspn(at, ":");
        char candidate[PATH_MAX];
        int full = snprintf(candidate, sizeof(candidate), "%.*s/%s", (int)len, at, name);
        if (*at == '/' && full > 0 && (size_t)full < sizeof(candidate) &&
            is_runtime(candidate, self)) {
            *ret = ocn_arena_copy(arena, candidate, (size_t)full);
            return true;
        }
        at += len;
    }
    return false;
}

/* A file of the kind that can be a program's own; a descriptor may mean another one by now. */
static bool is_lasting(const char *path)
{
    return path != NULL && path[0] == '/' && strncmp(path, "/proc/", strlen("/proc/")) != 0 &&
           strncmp(path, "/dev/fd/", strlen("/dev/fd/")) != 0;
}

/*
 * The file that this program was started as. Its path comes first: for who looks into /proc/self
 * the kernel makes a directory, and where an upgrade has put another file there, it is that one
 * which must not be started as the runtime.
 */
static int look_at_self(struct stat *ret)
{
    const char *path = (const char *)getauxval(AT_EXECFN);

    return is_lasting(path) && stat(path, ret) == 0 ? 0 : stat("/proc/self/exe", ret);
}

int ocn_runtimes_find(const struct ocn_layer *layers, size_t layers_len, struct ocn_arena *arena,
                      const char **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf tried = { 0 };
    struct ocn_strings names = { 0 };
    struct stat self;

    if (look_at_self(&self) < 0) {
        return ocn_fail_sys(err, errno, "/proc/self/exe", "cannot tell which program I am");
    }
    if (ocn_config_runtimes(layers, layers_len, arena, &names, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < names.len; i++) {
        const char *name = names.items[i];
        if (name[0] == '/' && is_runtime(name, &self)) {
            *ret = name;
            return 0;
        }
        if (strchr(name, '/') == NULL && search_path(name, &self, arena, ret)) {
            return ocn_arena_check(arena, err);
        }
        ocn_buf_printf(&tried, "%s\"%s\"", i != 0 ? ", " : "", name);
    }
    return ocn_fail(
        err, OCN_E_NOENT, NULL,
        "no low-level runtime found (tried %s); install one, or name it in \"runtimes\" "
        "of the policy",
        tried.failed || tried.len == 0 ? "none" : tried.ptr);
}
