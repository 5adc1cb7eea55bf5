/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/launcher.h"

#include <string.h>

enum kind { PLAIN, ENV, SHELL };

static const struct launcher {
    const char *name;
    enum kind kind;
    const char *flags; /* short options */
    const char *takes; /* short options with a value */
    const char *long_flags;
    const char *long_takes;
    size_t operands; /* before the program */
} launchers[] = {
#define OCN_LAUNCHER(name, kind, flags, takes, long_flags, long_takes, operands)                   \
    { name, kind, flags, takes, long_flags, long_takes, operands },
#include "normalize/launchers.def"
#undef OCN_LAUNCHER
};

/* What a command may consist of for it to mean the same to every shell: itself. */
#define SIMPLE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,=-"

/* The reading of one command line. */
struct reading {
    const struct launcher *row;
    struct ocn_strings args;
    struct ocn_arena *arena;
    size_t at;    /* the next word */
    bool command; /* SHELL: -c was seen */
    bool out_of_memory;
};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* 1 if the @len bytes of @word are one of the words of @list. */
static bool is_among(const char *list, const char *word, size_t len)
{
    while (*list != '\0') {
        size_t next = strcspn(list, " ");
        if (next == len && memcmp(list, word, len) == 0) {
            return true;
        }
        list += next + strspn(list + next, " ");
    }
    return false;
}

/*
 * Splits @text, which must be plain words, and puts them in the place of the arguments from
 * r->at + 1 on, with those from @keep on behind them.
 */
static bool split(struct reading *r, const char *text, size_t keep)
{
    struct ocn_strings words = { 0 };

    if (text[strspn(text, SIMPLE " \t")] != '\0') {
        return false;
    }
    for (const char *at = text + strspn(text, " \t"); *at != '\0' || keep < r->args.len;) {
        words.items = ocn_arena_grow(r->arena, words.items, words.len, sizeof(*words.items));
        size_t len = strcspn(at, " \t");
        const char *word = *at != '\0' ? ocn_arena_copy(r->arena, at, len) : r->args.items[keep++];
        if (words.items == NULL || word == NULL) {
            r->out_of_memory = true;
            return false;
        }
        words.items[words.len++] = word;
        at += len + strspn(at + len, " \t");
    }
    r->args = words;
    r->at = 0;
    return true;
}

/* "-abc", "-aVALUE", "-a VALUE". */
static bool take_short(struct reading *r, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        if (strchr(r->row->takes, *letters) != NULL) {
            bool attached = letters[1] != '\0';
            r->at += attached ? 1 : 2;
            return !(attached && r->row->kind == SHELL) && r->at <= r->args.len;
        }
        if (strchr(r->row->flags, *letters) == NULL) {
            return false;
        }
        r->command = r->command || *letters == 'c';
    }
    r->at++;
    return true;
}

/* "--flag", "--name=VALUE", "--name VALUE". */
static bool take_long(struct reading *r, const char *name)
{
    size_t len = strcspn(name, "=");

    if (is_among(r->row->long_takes, name, len)) {
        r->at += name[len] == '=' ? 1 : 2;
        return r->at <= r->args.len;
    }
    r->at++;
    return name[len] == '\0' && is_among(r->row->long_flags, name, len);
}

/* Passes over the options; false if one of them is not known. */
static bool take_options(struct reading *r)
{
    while (r->at < r->args.len) {
        const char *arg = r->args.items[r->at];
        if (arg[0] != '-') {
            return true;
        }
        if (strcmp(arg, "--") == 0) {
            r->at++;
            return true;
        }
        if (arg[1] == '-' ? !take_long(r, arg + 2) : arg[1] == '\0' || !take_short(r, arg + 1)) {
            return false;
        }
    }
    return true;
}

/* The words of "env -S 'prog arg'", which "#!" lines use; then NAME=value. */
static bool read_env(struct reading *r)
{
    const char *arg = r->at < r->args.len ? r->args.items[r->at] : "";

    if (starts(arg, "-S") || starts(arg, "--split-string=")) {
        if (!split(r, arg + (arg[1] == 'S' ? strlen("-S") : strlen("--split-string=")),
                   r->at + 1)) {
            return false;
        }
    } else if (strcmp(arg, "--") == 0) {
        r->at++;
    }
    for (; r->at < r->args.len && strchr(r->args.items[r->at], '=') != NULL; r->at++) {
        if (starts(r->args.items[r->at], "PATH=")) {
            return false; /* the program is looked for elsewhere */
        }
    }
    return true;
}

/*
 * "sh -c 'exec /app --flag'". A word without a slash may be a built-in command or a function, if it
 * is not behind exec; one with "=" is a variable.
 */
static bool read_shell(struct reading *r)
{
    if (!take_options(r) || !r->command || r->at >= r->args.len ||
        !split(r, r->args.items[r->at], r->args.len) || r->args.len == 0) {
        return false;
    }
    bool exec = strcmp(r->args.items[0], "exec") == 0;
    r->at = exec ? 1 : 0;
    return r->at < r->args.len && strchr(r->args.items[r->at], '=') == NULL &&
           (exec || strchr(r->args.items[r->at], '/') != NULL);
}

static bool read_plain(struct reading *r)
{
    if (!take_options(r)) {
        return false;
    }
    for (size_t i = 0; i < r->row->operands; i++, r->at++) {
        if (r->at >= r->args.len || r->args.items[r->at][0] == '-') {
            return false;
        }
    }
    return true;
}

static const struct launcher *find(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *base = slash != NULL ? slash + 1 : name;

    for (size_t i = 0; i < OCN_COUNT(launchers); i++) {
        if (strcmp(launchers[i].name, base) == 0) {
            return &launchers[i];
        }
    }
    return NULL;
}

int ocn_launcher_read(const char *name, const struct ocn_strings *args, struct ocn_arena *arena,
                      struct ocn_launch *ret, struct ocn_error *err)
{
    static bool (*const readers[])(struct reading *) = {
        [PLAIN] = read_plain,
        [ENV] = read_env,
        [SHELL] = read_shell,
    };
    const struct launcher *row = find(name);
    struct ocn_launch launch = { .launcher = row != NULL ? row->name : NULL };

    if (row == NULL) {
        *ret = launch;
        return 0;
    }
    struct reading r = { .row = row, .args = *args, .arena = arena, .at = 1 };
    bool clear = readers[row->kind](&r);
    if (r.out_of_memory) {
        return ocn_fail_nomem(err);
    }
    if (clear && r.at < r.args.len && r.args.items[r.at][0] != '-' &&
        r.args.items[r.at][0] != '\0') {
        launch.args = (struct ocn_strings){ r.args.items + r.at, r.args.len - r.at };
        launch.origin = r.args.items == args->items ? r.at : 1;
    }
    *ret = launch;
    return 0;
}
