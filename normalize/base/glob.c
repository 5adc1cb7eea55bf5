/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/base/glob.h"

#include <fnmatch.h>
#include <string.h>

/* Stars and plain characters, from a star on, or nothing. What a piece between two stars matches
 * first leaves the most for those behind it. */
static bool matches_stars(const char *glob, const char *text)
{
    while (*glob == '*') {
        const size_t left = strlen(text);
        const size_t len = strcspn(++glob, "*");
        if (glob[len] == '\0') {
            return left >= len && memcmp(text + left - len, glob, len) == 0;
        }
        const char *found = memmem(text, left, glob, len);
        if (found == NULL) {
            return false;
        }
        text = found + len;
        glob += len;
    }
    return *text == '\0';
}

static bool is_plain(char c)
{
    return c != '\0' && c != '*' && c != '?' && c != '[' && c != '\\';
}

/*
 * Most globs are a name, or have stars alone, and many a start asks for dozens of them: musl's
 * fnmatch(3) decodes every character, and takes twenty times as long.
 */
bool ocn_glob_matches(const char *glob, const char *text)
{
    while (is_plain(*glob) && *glob == *text) {
        glob++;
        text++;
    }
    if (is_plain(*glob)) {
        return false;
    }
    return strpbrk(glob, "?[\\") == NULL ? matches_stars(glob, text) : fnmatch(glob, text, 0) == 0;
}
