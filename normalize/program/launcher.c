/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/launcher.h"

#include <string.h>

#include "normalize/base/glob.h"

enum kind { PLAIN, ENV, SHELL, APPLET, LOADER, IDS, SU, SUDO, CHROOT };

static const struct launcher {
    char name[20];
    enum kind kind;
    char flags[10]; /* short options */
    char takes[14]; /* short options with a value */
    char long_flags[68];
    char long_takes[100];
    size_t operands; /* before the program */
    bool drops;      /* changes the user */
    char user[20];   /* options that name it; "@": the first operand */
    char group[20];  /* the same */
} launchers[] = {
#define OCN_LAUNCHER(name, kind, flags, takes, long_flags, long_takes, operands)                   \
    { name, kind, flags, takes, long_flags, long_takes, operands, false, "", "" },
#define OCN_DROPPER(name, kind, flags, takes, long_flags, long_takes, operands, user, group)       \
    { name, kind, flags, takes, long_flags, long_takes, operands, true, user, group },
#include "normalize/program/launchers.def"
#undef OCN_LAUNCHER
#undef OCN_DROPPER
};

#define MAX_ENV_OPTIONS 64 /* -S brings new ones: somebody may mean it to go on for ever */

/* Characters without special meaning in any shell. */
#define SIMPLE "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:@%+,=-"

/* The reading of one command line. */
struct reading {
    const struct launcher *row;
    struct ocn_strings args;
    struct ocn_arena *arena;
    size_t at;    /* the next word */
    bool command; /* SHELL: -c was seen */
    bool login;   /* SHELL: -l was seen: /etc/profile may set another PATH */
    bool moved;   /* ENV: the program is looked for in another PATH */
    bool packed;  /* the words of one argument are in its place */
    struct ocn_step step;
};

static bool starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* true: the @len bytes of @word are one of the words of @list. */
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
        if (words.items == NULL) {
            return false;
        }
        words.items[words.len++] = word;
        at += len + strspn(at + len, " \t");
    }
    r->args = words;
    r->at = 0;
    r->packed = true;
    return true;
}

/* Of a launcher that changes the user, options that do nothing else. */
static const char harmless[] = "v clear-groups init-groups keep-groups nnp no-new-privs";

/* Which of two counts is the launcher's own affair. */
static void note_value(struct reading *r, const char **place, const char *value)
{
    r->step.more = r->step.more || (*place != NULL && strcmp(*place, value) != 0);
    r->step.taken = true;
    *place = *place != NULL ? *place : value;
}

/* Option @name (of @len bytes) has the @value, or is a flag (NULL). */
static void note_option(struct reading *r, const char *name, size_t len, const char *value)
{
    const struct launcher *row = r->row;

    if (!row->drops) {
        return;
    }
    if (value != NULL && is_among(row->user, name, len)) {
        note_value(r, &r->step.user, value);
    } else if (value != NULL && is_among(row->group, name, len)) {
        note_value(r, &r->step.group, value);
    } else {
        r->step.more = r->step.more || !is_among(harmless, name, len);
    }
}

/* "-abc", "-aVALUE", "-a VALUE". */
static bool take_short(struct reading *r, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        if (strchr(r->row->takes, *letters) != NULL) {
            bool attached = letters[1] != '\0';
            r->at += attached ? 1 : 2;
            if (r->at <= r->args.len) {
                note_option(r, letters, 1, attached ? letters + 1 : r->args.items[r->at - 1]);
            }
            return !(attached && r->row->kind == SHELL) && r->at <= r->args.len;
        }
        if (strchr(r->row->flags, *letters) == NULL) {
            return false;
        }
        note_option(r, letters, 1, NULL);
        r->command = r->command || *letters == 'c';
        r->login = r->login || *letters == 'l';
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
        if (r->at <= r->args.len) {
            note_option(r, name, len, name[len] == '=' ? name + len + 1 : r->args.items[r->at - 1]);
        }
        return r->at <= r->args.len;
    }
    r->login = r->login || strcmp(name, "login") == 0;
    r->at++;
    note_option(r, name, len, NULL);
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

/* Whether the program is named by its path, and not looked for. */
static bool names_path(const struct reading *r)
{
    return r->at < r->args.len && strchr(r->args.items[r->at], '/') != NULL;
}

/* "env -i", "env -u PATH": a name without a slash is looked for elsewhere. */
static void note_unset(struct reading *r, const char *name)
{
    r->moved = r->moved || name == NULL || strcmp(name, "PATH") == 0;
}

/* "-S 'prog arg'", in one word as "#!" lines have it, or in two. */
static bool split_option(struct reading *r, const char *attached)
{
    bool own = attached[0] == '\0';

    if (own && r->at + 1 >= r->args.len) {
        return false;
    }
    return split(r, own ? r->args.items[r->at + 1] : attached, r->at + (own ? 2 : 1));
}

/* "-i", "-u NAME", "-iu NAME", "-vS PROGRAM". */
static bool take_env_short(struct reading *r, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        if (*letters == 'S') {
            return split_option(r, letters + 1);
        }
        if (*letters == 'u') {
            bool attached = letters[1] != '\0';
            r->at += attached ? 1 : 2;
            note_unset(r, attached               ? letters + 1
                          : r->at <= r->args.len ? r->args.items[r->at - 1]
                                                 : NULL);
            return r->at <= r->args.len;
        }
        if (strchr(r->row->flags, *letters) == NULL) {
            return false;
        }
        r->moved = r->moved || *letters == 'i';
    }
    r->at++;
    return true;
}

static bool take_env_long(struct reading *r, const char *name)
{
    static const char split_to[] = "split-string";
    size_t len = strcspn(name, "=");

    if (is_among(split_to, name, len)) {
        return split_option(r, name[len] == '=' ? name + len + 1 : "");
    }
    size_t from = r->at;
    if (!take_long(r, name)) {
        return false;
    }
    if (is_among("unset", name, len)) {
        note_unset(r, name[len] == '=' ? name + len + 1 : r->args.items[from + 1]);
    }
    r->moved = r->moved || is_among("ignore-environment", name, len);
    return true;
}

/* One option, or what ends them: *ret_more is false then. */
static bool take_env_option(struct reading *r, bool *ret_more)
{
    const char *arg = r->at < r->args.len ? r->args.items[r->at] : "";

    *ret_more = arg[0] == '-' && strcmp(arg, "--") != 0;
    if (!*ret_more) {
        r->at += arg[0] == '-' ? 1 : 0;
        return true;
    }
    if (arg[1] == '\0') {
        r->moved = true; /* "env -" is "env -i" */
        r->at++;
        return true;
    }
    return arg[1] == '-' ? take_env_long(r, arg + 2) : take_env_short(r, arg + 1);
}

/* Options, which -S may bring more of; NAME=value; the program. */
static bool read_env(struct reading *r)
{
    bool more = true;

    for (size_t i = 0; more && i < MAX_ENV_OPTIONS; i++) {
        if (!take_env_option(r, &more)) {
            return false;
        }
    }
    for (; r->at < r->args.len && strchr(r->args.items[r->at], '=') != NULL; r->at++) {
        r->moved = r->moved || starts(r->args.items[r->at], "PATH=");
    }
    return !more && (!r->moved || names_path(r));
}

/*
 * "sh -c 'exec /app --flag'". A word without a slash may be a built-in command or a function, if it
 * is not behind exec; one with "=" is a variable. A login shell's PATH is not known.
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
           ((exec && !r->login) || strchr(r->args.items[r->at], '/') != NULL);
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
        if (i == 0 && r->row->user[0] == '@') {
            note_option(r, "@", 1, r->args.items[r->at]);
            r->step.more = r->step.more || r->args.items[r->at][0] == ':'; /* only a group */
        }
    }
    r->step.ids = r->row->kind == IDS;
    return true;
}

/* The loader looks for a name without a slash among its libraries. */
static bool read_loader(struct reading *r)
{
    return take_options(r) && names_path(r);
}

/* A shell with the user's own environment, but for `runuser -u USER PROGRAM`. */
static bool read_su(struct reading *r)
{
    bool dash = r->at < r->args.len && strcmp(r->args.items[r->at], "-") == 0;

    r->at += dash ? 1 : 0;
    if (!take_options(r)) {
        return false;
    }
    r->step.taken = true;
    if (r->step.user != NULL) {
        return true;
    }
    dash = r->at < r->args.len && strcmp(r->args.items[r->at], "-") == 0;
    r->at += dash ? 1 : 0;
    r->step.user = r->at < r->args.len ? r->args.items[r->at] : "root";
    r->step.more = true;
    r->at = r->args.len;
    return true;
}

static bool read_sudo(struct reading *r)
{
    if (!take_options(r)) {
        return false;
    }
    r->step.taken = r->at < r->args.len;
    r->step.user = r->step.user != NULL ? r->step.user : "root";
    r->step.more = true;
    r->at = names_path(r) && strchr(r->args.items[r->at], '=') == NULL ? r->at : r->args.len;
    return true;
}

static bool read_chroot(struct reading *r)
{
    if (!take_options(r)) {
        return false;
    }
    bool same = r->at < r->args.len && strcmp(r->args.items[r->at], "/") == 0;
    r->step.more = true;
    r->at = same ? r->at + 1 : r->args.len;
    return true;
}

static const struct launcher *find(const char *name)
{
    const char *base = ocn_strings_base_name(name);

    for (size_t i = 0; i < OCN_COUNT(launchers); i++) {
        if (ocn_glob_matches(launchers[i].name, base)) {
            return &launchers[i];
        }
    }
    return NULL;
}

bool ocn_launcher_may_step(const char *name)
{
    const struct launcher *row = find(name);

    return row != NULL && row->drops;
}

bool ocn_launcher_is_shell(const char *name)
{
    const struct launcher *row = find(name);

    return row != NULL && row->kind == SHELL;
}

/*
 * The row of an applet that args[1] names; it is started by the file itself. Called by another name
 * (a link), that is the applet, and args[1] is one of its arguments.
 */
static const struct launcher *find_applet(const struct launcher *self,
                                          const struct ocn_strings *args)
{
    const struct launcher *row =
        args->len > 1 && find(args->items[0]) == self ? find(args->items[1]) : NULL;

    return row != NULL && row->kind != APPLET && row->kind != LOADER ? row : NULL;
}

struct ocn_shell_words ocn_launcher_shell(const struct ocn_strings *args)
{
    const struct launcher *row = args->len != 0 ? find(args->items[0]) : NULL;
    const size_t skipped = row != NULL && row->kind == APPLET ? 1 : 0;
    struct ocn_shell_words words = { 0 };

    row = skipped != 0 ? find_applet(row, args) : row;
    if (row == NULL || row->kind != SHELL) {
        return words;
    }
    struct reading r = { .row = row, .args = *args, .at = skipped + 1 };
    if (take_options(&r) && r.at < r.args.len) {
        *(r.command ? &words.command : &words.script) = r.args.items[r.at];
    }
    return words;
}

/*
 * Of a launcher with an option that is not listed: whether it changes the user all the same. What
 * it starts is not known then.
 */
static struct ocn_step read_rest(const struct reading *r)
{
    struct ocn_step step = r->step;

    for (size_t i = 1; r->row->drops && i + 1 < r->args.len && !step.taken; i++) {
        const char *word = r->args.items[i];
        const char *option = word + strspn(word, "-");
        if (strcmp(word, "--") == 0) {
            break; /* what follows is the program's */
        }
        size_t len = strcspn(option, "=");
        if (option != word && is_among(r->row->user, option, len)) {
            step.user = option[len] == '=' ? option + len + 1 : r->args.items[i + 1];
            step.taken = true;
        }
    }
    step.more = true;
    return step.taken ? step : (struct ocn_step){ 0 };
}

int ocn_launcher_read(const char *name, const struct ocn_strings *args, struct ocn_arena *arena,
                      struct ocn_launch *ret, struct ocn_error *err)
{
    static bool (*const readers[])(struct reading *) = {
        [PLAIN] = read_plain,   [ENV] = read_env, [SHELL] = read_shell, [IDS] = read_plain,
        [LOADER] = read_loader, [SU] = read_su,   [SUDO] = read_sudo,   [CHROOT] = read_chroot,
    };
    const struct launcher *row = find(name);
    const size_t skipped = row != NULL && row->kind == APPLET ? 1 : 0;

    row = skipped != 0 ? find_applet(row, args) : row;
    if (row == NULL) {
        *ret = (struct ocn_launch){ 0 };
        return 0;
    }
    struct ocn_launch launch = { .launcher = row->name, .loads = row->kind == LOADER };
    struct reading r = { .row = row, .args = *args, .arena = arena, .at = skipped + 1 };
    bool clear = readers[row->kind](&r);
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    launch.step = clear ? r.step : read_rest(&r);
    if (clear && r.at < r.args.len && r.args.items[r.at][0] != '-' &&
        r.args.items[r.at][0] != '\0') {
        launch.args = (struct ocn_strings){ r.args.items + r.at, r.args.len - r.at };
        launch.packed = r.packed;
        launch.origin = r.packed ? skipped + 1 : r.at;
    }
    *ret = launch;
    return 0;
}
