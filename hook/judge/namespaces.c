/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/namespaces.h"

#include <string.h>
#include <sys/stat.h>

static bool skip(const char **at, const char *text)
{
    size_t len = strlen(text);
    bool there = strncmp(*at, text, len) == 0;

    *at += there ? len : 0;
    return there;
}

static bool skip_any(const char **at, const char *characters)
{
    size_t len = strspn(*at, characters);

    *at += len;
    return len != 0;
}

bool ocn_namespaces_has_form(const char *path)
{
    static const char digits[] = "0123456789";

    return skip(&path, "/proc/") && skip_any(&path, digits) &&
           (!skip(&path, "/task/") || skip_any(&path, digits)) && skip(&path, "/ns/") &&
           skip_any(&path, "abcdefghijklmnopqrstuvwxyz_") && *path == '\0';
}

struct ocn_namespace ocn_namespaces_look_at(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? (struct ocn_namespace){ st.st_mode, st.st_dev, st.st_ino }
                                : (struct ocn_namespace){ 0 };
}

const struct ocn_namespace *ocn_namespaces_find(const struct ocn_namespaces *namespaces,
                                                const char *path)
{
    for (size_t i = 0; i < namespaces->len; i++) {
        if (strcmp(namespaces->items[i].path, path) == 0) {
            return &namespaces->items[i].namespace;
        }
    }
    return NULL;
}

void ocn_namespaces_see(struct ocn_namespaces *namespaces, struct ocn_bytes config)
{
    static const char begin[] = "\"/proc/";
    const char *end = config.ptr + config.len;
    const char *at = config.ptr;

    while (namespaces->len < OCN_NAMESPACES_MAX &&
           (at = memmem(at, (size_t)(end - at), begin, sizeof(begin) - 1)) != NULL) {
        struct ocn_namespaces_seen *seen = &namespaces->items[namespaces->len];
        size_t left = (size_t)(end - ++at);
        const char *quote = memchr(at, '"', left < sizeof(seen->path) ? left : sizeof(seen->path));
        if (quote == NULL) {
            continue;
        }
        memcpy(seen->path, at, (size_t)(quote - at));
        seen->path[quote - at] = '\0';
        if (ocn_namespaces_has_form(seen->path) &&
            ocn_namespaces_find(namespaces, seen->path) == NULL) {
            seen->namespace = ocn_namespaces_look_at(seen->path);
            namespaces->len++;
        }
    }
}
