/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/policy/places.h"

#include <fnmatch.h>
#include <string.h>

#define MAX_NAME 255 /* NAME_MAX */

static const char own_places[][8] = {
#define OCN_OWN_PLACE(path) path,
#include "normalize/policy/own_places.def"
#undef OCN_OWN_PLACE
};

/* The component that *at is at, behind slashes, and *at behind it; false at the end, or if it is
 * too long to be one. */
static bool next(const char **at, char name[MAX_NAME + 1])
{
    *at += strspn(*at, "/");
    size_t len = strcspn(*at, "/");
    if (len == 0 || len > MAX_NAME) {
        return false;
    }
    memcpy(name, *at, len);
    name[len] = '\0';
    *at += len;
    return true;
}

static bool is_at_end(const char *pattern)
{
    return pattern[strspn(pattern, "/")] == '\0' || strcmp(pattern, "/**") == 0;
}

/* Whether @pattern stands for @path or for a directory above it. */
static bool stands_for(const char *pattern, const char *path)
{
    char wanted[MAX_NAME + 1];
    char name[MAX_NAME + 1];

    while (!is_at_end(pattern)) {
        if (!next(&pattern, wanted) || !next(&path, name) ||
            fnmatch(wanted, name, FNM_NOESCAPE | FNM_PERIOD) != 0) {
            return false;
        }
    }
    return true;
}

bool ocn_places_hold(const struct ocn_strings *patterns, const char *path)
{
    for (size_t i = 0; i < patterns->len; i++) {
        if (ocn_places_is_pattern(patterns->items[i]) && stands_for(patterns->items[i], path)) {
            return true;
        }
    }
    return false;
}

bool ocn_places_are_own(const char *path)
{
    for (size_t i = 0; i < OCN_COUNT(own_places); i++) {
        if (stands_for(own_places[i], path)) {
            return true;
        }
    }
    return path[strspn(path, "/")] == '\0';
}

bool ocn_places_is_pattern(const char *text)
{
    char name[MAX_NAME + 1];
    const char *at = text;
    bool first = true;

    if (text[0] != '/' || ocn_places_are_own(text)) {
        return false;
    }
    while (!is_at_end(at)) {
        if (!next(&at, name) || strcmp(name, "..") == 0 || strcmp(name, ".") == 0 ||
            (first && strpbrk(name, "*?[") != NULL)) {
            return false;
        }
        first = false;
    }
    return !first;
}
