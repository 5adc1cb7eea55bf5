/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/operand.h"

#include <string.h>

#include "normalize/base/glob.h"
#include "normalize/program/launcher.h"

/* Shells are rows of launchers.def. An option that is not here may name the program itself (-c, -e,
 * -m), or lead elsewhere: it ends the search. */
static const struct interpreter {
    char name[12];   /* a pattern */
    char flags[20];  /* short options */
    char takes[8];   /* short options with a value */
    bool long_pairs; /* "--name=value" says nothing of the file */
} interpreters[] = {
    { "node", "", "r", true },
    { "nodejs", "", "r", true },
    { "perl", "TWXntwp", "I", false },
    { "php", "nq", "cd", false },
    { "pypy*", "BEIOSbdiqsuv", "WX", false },
    { "python*", "BEIOPSbdiqsuv", "WX", false },
    { "ruby", "UWlnpvw", "Ir", false },
};

static const struct interpreter *find(const char *name)
{
    const char *base = ocn_strings_base_name(name);

    for (size_t i = 0; i < OCN_COUNT(interpreters); i++) {
        if (ocn_glob_matches(interpreters[i].name, base)) {
            return &interpreters[i];
        }
    }
    return NULL;
}

/* How many words option @word of @row takes; 0: it is not known. */
static size_t count_words(const struct interpreter *row, const char *word)
{
    if (word[1] == '-') {
        return row->long_pairs && strchr(word, '=') != NULL ? 1 : 0;
    }
    for (const char *letter = word + 1; *letter != '\0'; letter++) {
        if (strchr(row->takes, *letter) != NULL) {
            return letter[1] != '\0' ? 1 : 2;
        }
        if (strchr(row->flags, *letter) == NULL) {
            return 0;
        }
    }
    return word[1] != '\0' ? 1 : 0;
}

const char *ocn_operand_file(const struct ocn_strings *args)
{
    const struct interpreter *row = args->len != 0 ? find(args->items[0]) : NULL;
    size_t at = 1;

    if (row == NULL) {
        return ocn_launcher_shell(args).script;
    }
    while (at < args->len && args->items[at][0] == '-') {
        size_t words = count_words(row, args->items[at]);
        if (words == 0) {
            return NULL;
        }
        at += words;
    }
    return at < args->len && args->items[at][0] != '\0' ? args->items[at] : NULL;
}
