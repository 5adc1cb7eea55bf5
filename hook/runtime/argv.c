/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/runtime/argv.h"

#include <string.h>

/*
 * Two parsers read the same words. runc's is Go's flag package: one dash is as good as two, a
 * one-letter name is a name like any other, "=VALUE" is allowed everywhere, nothing is abbreviated.
 * crun's is argp (getopt_long): letters are bundled, a value may stick to its letter, names may be
 * abbreviated. Where one accepts what the other refuses, the accepted meaning counts: the refusing
 * runtime starts nothing. Where both accept, they agree, but for "-bDIR" with a "=" in front of
 * DIR.
 */
enum { GO = 1, ARGP = 2, BOTH = GO | ARGP };

enum takes {
    NOTHING,
    VALUE,
    ATTACHED, /* argp's optional value: only what sticks to the flag */
};

enum meaning {
    IGNORED,
    ROOT,
    ROOTLESS,
    LOG,
    LOG_FORMAT,
    BUNDLE,
    CONFIG,
    PROCESS,
    HELP,
    VERSION,
    MEANINGS
};

struct flag {
    char name[20]; /* "" ends a table */
    char letter;   /* 0: none */
    unsigned parsers;
    enum takes takes;
    enum meaning meaning;
};

/* runc 1.1 to 1.3 and crun 1.8 to 1.28. Among argp's, an abbreviation means the first that fits. */
static const struct flag global_flags[] = {
    { "help", 'h', GO, NOTHING, HELP },
    { "help", '?', ARGP, NOTHING, HELP },
    { "usage", 0, ARGP, NOTHING, HELP },
    { "version", 'v', BOTH, NOTHING, VERSION },
    { "version", 'V', ARGP, NOTHING, VERSION },
    { "root", 0, BOTH, VALUE, ROOT },
    { "log", 0, BOTH, VALUE, LOG },
    { "log-format", 0, BOTH, VALUE, LOG_FORMAT },
    { "log-level", 0, ARGP, VALUE, IGNORED },
    { "debug", 0, BOTH, NOTHING, IGNORED },
    { "criu", 0, GO, VALUE, IGNORED },
    { "cgroup-manager", 0, ARGP, VALUE, IGNORED },
    { "systemd-cgroup", 0, BOTH, NOTHING, IGNORED },
    { "rootless", 0, BOTH, VALUE, ROOTLESS },
    { .name = "" },
};

static const struct flag create_flags[] = {
    { "help", 'h', GO, NOTHING, HELP },
    { "help", '?', ARGP, NOTHING, HELP },
    { "usage", 0, ARGP, NOTHING, HELP },
    { "bundle", 'b', BOTH, VALUE, BUNDLE },
    { "config", 'f', ARGP, VALUE, CONFIG },
    { "console-socket", 0, BOTH, VALUE, IGNORED },
    { "detach", 'd', BOTH, NOTHING, IGNORED },
    { "keep", 0, BOTH, NOTHING, IGNORED },
    { "no-new-keyring", 0, BOTH, NOTHING, IGNORED },
    { "no-pivot", 0, BOTH, NOTHING, IGNORED },
    { "no-subreaper", 0, BOTH, NOTHING, IGNORED },
    { "pid-file", 0, BOTH, VALUE, IGNORED },
    { "pidfd-socket", 0, GO, VALUE, IGNORED },
    { "preserve-fds", 0, BOTH, VALUE, IGNORED },
    { .name = "" },
};

static const struct flag exec_flags[] = {
    { "help", 'h', GO, NOTHING, HELP },
    { "help", '?', ARGP, NOTHING, HELP },
    { "usage", 0, ARGP, NOTHING, HELP },
    { "process", 'p', BOTH, VALUE, PROCESS },
    { "additional-gids", 'g', GO, VALUE, IGNORED },
    { "apparmor", 0, BOTH, VALUE, IGNORED },
    { "cap", 'c', BOTH, VALUE, IGNORED },
    { "cgroup", 0, BOTH, VALUE, IGNORED },
    { "console-socket", 0, BOTH, VALUE, IGNORED },
    { "cwd", 0, BOTH, VALUE, IGNORED },
    { "detach", 'd', BOTH, NOTHING, IGNORED },
    { "env", 'e', BOTH, VALUE, IGNORED },
    { "ignore-paused", 0, GO, NOTHING, IGNORED },
    { "no-new-privs", 0, BOTH, NOTHING, IGNORED },
    { "pid-file", 0, BOTH, VALUE, IGNORED },
    { "pidfd-socket", 0, GO, VALUE, IGNORED },
    { "preserve-fds", 0, BOTH, VALUE, IGNORED },
    { "process-label", 0, BOTH, VALUE, IGNORED },
    { "tty", 't', BOTH, ATTACHED, IGNORED },
    { "user", 'u', BOTH, VALUE, IGNORED },
    { .name = "" },
};

static const struct flag restore_flags[] = {
    { "help", 'h', GO, NOTHING, HELP },
    { "help", '?', ARGP, NOTHING, HELP },
    { "usage", 0, ARGP, NOTHING, HELP },
    { "auto-dedup", 0, GO, NOTHING, IGNORED },
    { "bundle", 'b', BOTH, VALUE, BUNDLE },
    { "console-socket", 0, BOTH, VALUE, IGNORED },
    { "detach", 'd', BOTH, NOTHING, IGNORED },
    { "empty-ns", 0, GO, VALUE, IGNORED },
    { "ext-unix-sk", 0, BOTH, NOTHING, IGNORED },
    { "file-locks", 0, BOTH, NOTHING, IGNORED },
    { "image-path", 0, BOTH, VALUE, IGNORED },
    { "lazy-pages", 0, GO, NOTHING, IGNORED },
    { "link-remap", 0, GO, NOTHING, IGNORED },
    { "lsm-mount-context", 0, BOTH, VALUE, IGNORED },
    { "lsm-profile", 0, BOTH, VALUE, IGNORED },
    { "manage-cgroups-mode", 0, BOTH, VALUE, IGNORED },
    { "network-lock", 0, ARGP, NOTHING, IGNORED },
    { "no-pivot", 0, GO, NOTHING, IGNORED },
    { "no-subreaper", 0, GO, NOTHING, IGNORED },
    { "pid-file", 0, BOTH, VALUE, IGNORED },
    { "shell-job", 0, BOTH, NOTHING, IGNORED },
    { "tcp-close", 0, ARGP, NOTHING, IGNORED },
    { "tcp-established", 0, BOTH, NOTHING, IGNORED },
    { "work-path", 0, BOTH, VALUE, IGNORED },
    { .name = "" },
};

static const struct {
    char name[8];
    enum ocn_command command;
    const struct flag *flags;
    bool flags_after_id; /* runc sorts flags before words, but not where the words are a command */
} commands[] = {
    { "create", OCN_COMMAND_CREATE, create_flags, true },
    { "run", OCN_COMMAND_CREATE, create_flags, true },
    { "exec", OCN_COMMAND_EXEC, exec_flags, false },
    { "restore", OCN_COMMAND_RESTORE, restore_flags, true },
};

/* Every command of runc and crun: what tells one from the value of a flag that no table knows. */
static const char command_names[][12] = { "checkpoint", "create", "delete", "events",  "exec",
                                          "features",   "help",   "init",   "kill",    "list",
                                          "mounts",     "pause",  "ps",     "restore", "resume",
                                          "run",        "spec",   "start",  "state",   "update",
                                          "version" };

struct reader {
    int argc;
    char *const *argv;
    int at;              /* the next argument */
    bool words_only;     /* behind "--" */
    bool guessed;        /* a flag was met that no table knows */
    const char *unclear; /* a flag that the two read differently */
    bool seen[MEANINGS];
    const char *value[MEANINGS];
    int index[MEANINGS];
};

static void note(struct reader *reader, const struct flag *flag, const char *value, int index)
{
    reader->seen[flag->meaning] = true;
    reader->value[flag->meaning] = value;
    reader->index[flag->meaning] = index;
}

/* Go's strconv.ParseBool; argp refuses a value here. */
static bool is_false(const char *value)
{
    static const char words[][8] = { "0", "f", "F", "false", "FALSE", "False" };

    for (size_t i = 0; value != NULL && i < OCN_COUNT(words); i++) {
        if (strcmp(value, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* @attached: the value that sticks to the flag, or NULL. */
static void take(struct reader *reader, const struct flag *flag, const char *attached)
{
    if (flag->takes == VALUE && attached == NULL) {
        if (reader->at < reader->argc) {
            note(reader, flag, reader->argv[reader->at], reader->at);
            reader->at++;
        }
        return; /* the runtime complains about a missing value */
    }
    note(reader, flag, attached, reader->at - 1);
    if (flag->takes == NOTHING && is_false(attached)) {
        reader->seen[flag->meaning] = false; /* "--help=false" helps nobody: the runtime goes on */
    }
}

static const struct flag *find_name(const struct flag *flags, const char *name, size_t len,
                                    unsigned parsers)
{
    for (const struct flag *flag = flags; flag->name[0] != '\0'; flag++) {
        bool whole = strlen(flag->name) == len && memcmp(flag->name, name, len) == 0;
        bool letter = len == 1 && flag->letter == name[0] && (flag->parsers & GO) != 0;
        if ((flag->parsers & parsers) != 0 && (whole || (letter && (parsers & GO) != 0))) {
            return flag;
        }
    }
    return NULL;
}

static const struct flag *find_abbreviation(const struct flag *flags, const char *name, size_t len)
{
    for (const struct flag *flag = flags; flag->name[0] != '\0'; flag++) {
        if ((flag->parsers & ARGP) != 0 && strncmp(flag->name, name, len) == 0) {
            return flag;
        }
    }
    return NULL;
}

static const struct flag *find_letter(const struct flag *flags, char letter)
{
    for (const struct flag *flag = flags; flag->name[0] != '\0'; flag++) {
        if ((flag->parsers & ARGP) != 0 && flag->letter == letter) {
            return flag;
        }
    }
    return NULL;
}

/* "-dp FILE", "-bDIR": argp's bundled letters. */
static void read_letters(struct reader *reader, const struct flag *flags, const char *letters)
{
    for (const char *letter = letters; *letter != '\0'; letter++) {
        const struct flag *flag = find_letter(flags, *letter);
        if (flag == NULL) {
            reader->guessed = true;
            return;
        }
        const char *rest = letter[1] != '\0' ? letter + 1 : NULL;
        if (flag->takes != NOTHING) {
            take(reader, flag, rest);
            return;
        }
        take(reader, flag, NULL);
    }
}

/* A flag that no table knows counts as one without a value: the likeliest kind of a newer one. */
static void read_flag(struct reader *reader, const struct flag *flags, const char *word)
{
    bool two = word[1] == '-';
    const char *name = word + (two ? 2 : 1);
    const char *equals = strchr(name, '=');
    size_t len = equals != NULL ? (size_t)(equals - name) : strlen(name);

    const struct flag *flag = find_name(flags, name, len, two ? BOTH : GO);
    if (flag == NULL && two) {
        flag = find_abbreviation(flags, name, len);
    }
    if (flag != NULL) {
        if (!two && len == 1 && equals != NULL && flag->takes == VALUE) {
            reader->unclear = word; /* "-b=DIR": DIR to Go, "=DIR" to argp */
        }
        take(reader, flag, equals != NULL ? equals + 1 : NULL);
    } else if (!two) {
        read_letters(reader, flags, name);
    } else {
        reader->guessed = true;
    }
}

/* Reads flags up to the next word that is none, and returns that; NULL at the end. */
static const char *next_word(struct reader *reader, const struct flag *flags)
{
    while (reader->at < reader->argc) {
        const char *word = reader->argv[reader->at++];
        if (reader->words_only || word[0] != '-' || word[1] == '\0') {
            return word;
        }
        if (strcmp(word, "--") == 0) {
            reader->words_only = true;
        } else {
            read_flag(reader, flags, word);
        }
    }
    return NULL;
}

static bool is_command(const char *word)
{
    for (size_t i = 0; i < OCN_COUNT(command_names); i++) {
        if (strcmp(command_names[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/*
 * The first word behind the global flags. Behind a flag of a newer runtime it may be that flag's
 * value: taking it for a command would let a `create` pass unjudged.
 */
static const char *next_command(struct reader *reader)
{
    const char *word = next_word(reader, global_flags);

    while (word != NULL && reader->guessed && !is_command(word)) {
        word = next_word(reader, global_flags);
    }
    return word;
}

/* An empty directory of states is the working directory to both. */
static const char *states_of(const struct reader *reader, enum meaning meaning)
{
    const char *value = reader->value[meaning];

    return value != NULL && value[0] == '\0' ? "." : value;
}

/* Go and argp treat an empty path as none given. */
static const char *path_of(const struct reader *reader, enum meaning meaning)
{
    const char *value = reader->value[meaning];

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* crun's --log is [file:]PATH, journald:ID or syslog:ID. */
static const char *log_path(const char *log)
{
    static const struct {
        char prefix[12];
        bool is_file;
    } sinks[] = { { "file:", true }, { "journald:", false }, { "syslog:", false } };

    for (size_t i = 0; log != NULL && i < OCN_COUNT(sinks); i++) {
        size_t len = strlen(sinks[i].prefix);
        if (strncmp(log, sinks[i].prefix, len) == 0) {
            return sinks[i].is_file && log[len] != '\0' ? log + len : NULL;
        }
    }
    return log;
}

static void read_command(struct reader *reader, const char *name, struct ocn_argv *ret)
{
    for (size_t i = 0; i < OCN_COUNT(commands); i++) {
        if (strcmp(commands[i].name, name) != 0) {
            continue;
        }
        reader->words_only = false;
        const char *id = next_word(reader, commands[i].flags);
        while (commands[i].command == OCN_COMMAND_EXEC && reader->guessed && id != NULL &&
               path_of(reader, PROCESS) == NULL) {
            id = next_word(reader, commands[i].flags); /* that was the value of a newer flag */
        }
        while (commands[i].flags_after_id && next_word(reader, commands[i].flags) != NULL) {
        }
        /* Without an id, or to be helped, the runtime starts nothing. */
        bool whole = id != NULL && !reader->seen[HELP];
        if (whole &&
            (commands[i].command != OCN_COMMAND_EXEC || path_of(reader, PROCESS) != NULL)) {
            ret->command = commands[i].command;
            ret->id = id;
        }
    }
}

void ocn_argv_parse(int argc, char *const argv[], struct ocn_argv *ret)
{
    struct reader reader = { .argc = argc, .argv = argv, .at = 1 };

    *ret = (struct ocn_argv){ .command = OCN_COMMAND_OTHER };
    const char *name = next_command(&reader);
    if (reader.seen[VERSION] && !reader.seen[HELP]) {
        ret->command = OCN_COMMAND_VERSION;
    } else if (name != NULL && !reader.seen[HELP]) {
        read_command(&reader, name, ret);
    }
    const char *format = reader.value[LOG_FORMAT];
    ret->root = states_of(&reader, ROOT);
    ret->rootless = states_of(&reader, ROOTLESS);
    ret->log = log_path(path_of(&reader, LOG));
    ret->log_json = format != NULL && strcmp(format, "json") == 0;
    ret->bundle = path_of(&reader, BUNDLE);
    ret->config = path_of(&reader, CONFIG);
    ret->process = path_of(&reader, PROCESS);
    ret->process_index = (size_t)reader.index[PROCESS];
    ret->unclear = reader.unclear;
    ret->guessed = reader.guessed;
}
