/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/shell.h"

#include <string.h>

#include "normalize/base/buf.h"

#define MAX_WORDS 32    /* of a command; what is behind them is not looked at */
#define MAX_DEPTH 32    /* blocks within one another; all that is deeper is guarded */
#define MAX_VARIABLES 8 /* that hold the user id */
#define MAX_PREFIXES 4  /* "exec env A=b tini --" */

/* ---- words -------------------------------------------------------------------------------- */

enum end { END_TEXT, END_LINE, END_AND, END_OR, END_PAREN, END_CASE };

/* A simple command and what ends it. Quotes are gone; "$(...)" is part of its word. */
struct command {
    struct ocn_strings words;
    const char *items[MAX_WORDS];
    enum end end;
    size_t line;
};

struct lexer {
    struct ocn_bytes text;
    size_t pos;
    size_t line;
    struct ocn_arena *arena;
    struct ocn_buf word;
    bool in_word;
    bool dropped;     /* the word is a redirection's */
    const char *here; /* the word that ends a here-document which begins with the next line */
    bool here_next;   /* the word being read is that one */
};

static char peek(const struct lexer *lexer, size_t ahead)
{
    size_t pos = lexer->pos + ahead;

    return pos < lexer->text.len ? lexer->text.ptr[pos] : '\0';
}

/* Takes one character, into the word if it is a @part of it. */
static void step(struct lexer *lexer, bool part)
{
    const char *at = lexer->text.ptr + lexer->pos++;

    lexer->line += *at == '\n' ? 1 : 0;
    if (part && *at != '\0') {
        ocn_buf_add(&lexer->word, at, 1);
    }
}

/* "$(...)", "${...}": up to what closes it. */
static void take_nested(struct lexer *lexer, char opens, char closes)
{
    size_t depth = 0;

    do {
        depth += peek(lexer, 0) == opens ? 1 : 0;
        depth -= peek(lexer, 0) == closes && depth != 0 ? 1 : 0;
        step(lexer, true);
    } while (lexer->pos < lexer->text.len && depth != 0);
}

static bool take_expansion(struct lexer *lexer)
{
    char next = peek(lexer, 1);

    if (peek(lexer, 0) != '$' || (next != '(' && next != '{')) {
        return false;
    }
    step(lexer, true);
    take_nested(lexer, next, next == '(' ? ')' : '}');
    return true;
}

static void take_quoted(struct lexer *lexer, char quote)
{
    step(lexer, false);
    while (lexer->pos < lexer->text.len && peek(lexer, 0) != quote) {
        if (quote == '"' && take_expansion(lexer)) {
            continue;
        }
        if (quote != '\'' && peek(lexer, 0) == '\\' && lexer->pos + 1 < lexer->text.len) {
            step(lexer, false);
        }
        step(lexer, true);
    }
    if (lexer->pos < lexer->text.len) {
        step(lexer, false);
    }
}

static void end_word(struct lexer *lexer, struct command *command)
{
    if (lexer->in_word) {
        const char *copy = ocn_buf_copy(&lexer->word, lexer->arena);
        if (lexer->here_next) {
            lexer->here = copy;
        } else if (!lexer->dropped && command->words.len < MAX_WORDS) {
            command->line = command->words.len == 0 ? lexer->line : command->line;
            command->items[command->words.len++] = copy;
        }
        lexer->dropped = false;
        lexer->here_next = false;
    }
    lexer->in_word = false;
    lexer->word.len = 0;
}

/* The lines of a here-document, which are no commands. */
static void skip_here(struct lexer *lexer)
{
    const size_t len = strlen(lexer->here);

    while (lexer->pos < lexer->text.len) {
        const char *at = lexer->text.ptr + lexer->pos;
        const size_t left = lexer->text.len - lexer->pos;
        const char *newline = memchr(at, '\n', left);
        size_t size = newline != NULL ? (size_t)(newline - at) : left;
        size_t tabs = 0;
        while (tabs < size && at[tabs] == '\t') {
            tabs++;
        }
        lexer->pos += size + (newline != NULL ? 1 : 0);
        lexer->line++;
        if (size - tabs == len && memcmp(at + tabs, lexer->here, len) == 0) {
            break;
        }
    }
    lexer->here = NULL;
}

/* "<", "2>&1", ">>FILE", "<<EOF": the word behind it is no argument. */
static void take_redirection(struct lexer *lexer, struct command *command)
{
    bool number = lexer->in_word && lexer->word.len == 1 && strchr("0123456789", *lexer->word.ptr);

    if (number) {
        lexer->in_word = false;
        lexer->word.len = 0;
    }
    end_word(lexer, command);
    lexer->here_next = peek(lexer, 0) == '<' && peek(lexer, 1) == '<' && peek(lexer, 2) != '<';
    lexer->dropped = true;
    while (lexer->pos < lexer->text.len && strchr("<>&|", peek(lexer, 0)) != NULL &&
           peek(lexer, 0) != '\0') {
        step(lexer, false);
    }
    if (lexer->here_next && peek(lexer, 0) == '-') {
        step(lexer, false);
    }
}

/* What ends a command, at the character @c that may do so. */
static enum end take_end(struct lexer *lexer, char c)
{
    bool twice = peek(lexer, 1) == c && c != '\n';
    static const struct {
        char c;
        enum end once, twice;
    } ends[] = {
        { '&', END_LINE, END_AND },  { '|', END_LINE, END_OR },     { ';', END_LINE, END_CASE },
        { '(', END_LINE, END_LINE }, { ')', END_PAREN, END_PAREN }, { '\n', END_LINE, END_LINE },
    };
    enum end end = END_LINE;

    for (size_t i = 0; i < OCN_COUNT(ends); i++) {
        if (ends[i].c == c) {
            end = twice ? ends[i].twice : ends[i].once;
        }
    }
    step(lexer, false);
    if (twice && c != '(' && c != ')') {
        step(lexer, false);
    }
    if (c == '\n' && lexer->here != NULL) {
        skip_here(lexer);
    }
    return end;
}

static void take_comment(struct lexer *lexer)
{
    while (lexer->pos < lexer->text.len && peek(lexer, 0) != '\n') {
        step(lexer, false);
    }
}

/* One more character of a word, or what stands for some. */
static void take_part(struct lexer *lexer, char c)
{
    lexer->in_word = true;
    if (c == '\'' || c == '"') {
        take_quoted(lexer, c);
    } else if (c == '`') {
        step(lexer, true);
        while (lexer->pos < lexer->text.len && peek(lexer, 0) != '`') {
            step(lexer, true);
        }
        if (lexer->pos < lexer->text.len) {
            step(lexer, true);
        }
    } else if (c == '\\') {
        step(lexer, false);
        if (lexer->pos < lexer->text.len) {
            step(lexer, true);
        }
    } else if (!take_expansion(lexer)) {
        step(lexer, true);
    }
}

/* The next command; one without words is nothing but its end. */
static void next_command(struct lexer *lexer, struct command *ret)
{
    *ret = (struct command){ .end = END_TEXT, .line = lexer->line };
    ret->words.items = ret->items;
    lexer->dropped = false;
    lexer->here_next = false;
    while (lexer->pos < lexer->text.len) {
        char c = peek(lexer, 0);
        if (c == '\\' && peek(lexer, 1) == '\n') {
            step(lexer, false);
            step(lexer, false);
        } else if (c == ' ' || c == '\t' || c == '\r') {
            end_word(lexer, ret);
            step(lexer, false);
        } else if (c == '#' && !lexer->in_word) {
            take_comment(lexer);
        } else if (c == '<' || c == '>') {
            take_redirection(lexer, ret);
        } else if (c != '\0' && strchr("&|;()\n", c) != NULL) {
            end_word(lexer, ret);
            ret->end = take_end(lexer, c);
            return;
        } else {
            take_part(lexer, c);
        }
    }
    end_word(lexer, ret);
}

/* ---- who gets there ----------------------------------------------------------------------- */

/* What a test of the user id holds for. */
enum test { TEST_NONE, TEST_ROOT, TEST_OTHERS, TEST_UNCLEAR };

struct block {
    bool condition; /* between "if" and "then" */
    bool otherwise; /* behind "else" */
    bool patterns;  /* of "case": between "in" or ";;" and ")" */
    bool leaves;    /* whoever is not root goes elsewhere */
    enum test test;
};

struct walk {
    struct lexer lexer;
    struct block blocks[MAX_DEPTH];
    size_t depth;   /* may be above MAX_DEPTH */
    enum test list; /* of "TEST && COMMAND" */
    enum end joint; /* between the two */
    bool rest;      /* only root comes to what follows */
    const char *variables[MAX_VARIABLES];
    size_t variables_len;
};

#define WORD_SIZE 12 /* of what is looked for */

static bool is_one_of(const char (*list)[WORD_SIZE], size_t len, const char *word)
{
    for (size_t i = 0; i < len; i++) {
        if (strcmp(list[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether @word asks who runs this. */
static bool asks(const struct walk *walk, const char *word)
{
    static const char questions[][WORD_SIZE] = { "id -u",   "EUID",   "$UID",
                                                 "${UID",   "whoami", "am_i_root",
                                                 "is_root", "isroot", "isRoot" };

    for (size_t i = 0; i < OCN_COUNT(questions); i++) {
        if (strstr(word, questions[i]) != NULL) {
            return true;
        }
    }
    for (size_t i = 0; i < walk->variables_len; i++) {
        const char *name = walk->variables[i];
        for (const char *at = strchr(word, '$'); at != NULL; at = strchr(at + 1, '$')) {
            const char *start = at + (at[1] == '{' ? 2 : 1);
            if (strncmp(start, name, strlen(name)) == 0) {
                return true;
            }
        }
    }
    return false;
}

static enum test compare(const char *operator, const char * value)
{
    static const char same[][WORD_SIZE] = { "=", "==", "-eq" };
    static const char other[][WORD_SIZE] = { "!=", "-ne", "-gt" };
    static const char roots[][WORD_SIZE] = { "0", "root" };

    if (operator== NULL || value == NULL || !is_one_of(roots, OCN_COUNT(roots), value)) {
        return TEST_UNCLEAR;
    }
    return is_one_of(same, OCN_COUNT(same), operator)     ? TEST_ROOT
           : is_one_of(other, OCN_COUNT(other), operator) ? TEST_OTHERS
                                                          : TEST_UNCLEAR;
}

static const char *word_at(const struct ocn_strings *words, size_t index)
{
    return index < words->len ? words->items[index] : NULL;
}

/* "[ "$(id -u)" = 0 ]", "[ 0 -ne "$UID" ]", "! is_root" */
static enum test read_test(const struct walk *walk, const struct ocn_strings *words)
{
    size_t at = 0;

    while (at < words->len && !asks(walk, words->items[at])) {
        at++;
    }
    if (at == words->len) {
        return TEST_NONE;
    }
    bool inverted =
        strcmp(words->items[0], "!") == 0 || (at > 0 && strcmp(words->items[at - 1], "!") == 0);
    enum test test = compare(word_at(words, at + 1), word_at(words, at + 2));
    if (test == TEST_UNCLEAR && at >= 2) {
        test = compare(words->items[at - 1], words->items[at - 2]);
    }
    if (test == TEST_UNCLEAR && words->len == at + 1 && at <= 1) {
        test = strstr(words->items[at], "!=") != NULL ? TEST_OTHERS : TEST_ROOT;
    }
    return !inverted || test == TEST_UNCLEAR ? test : test == TEST_ROOT ? TEST_OTHERS : TEST_ROOT;
}

/* The test that whoever is in @block has passed. */
static enum test passed(const struct block *block)
{
    static const enum test opposite[] = { TEST_NONE, TEST_OTHERS, TEST_ROOT, TEST_UNCLEAR };

    return block->condition ? TEST_NONE : block->otherwise ? opposite[block->test] : block->test;
}

/* The same of "TEST && COMMAND" and "TEST || COMMAND". */
static enum test passed_list(const struct walk *walk)
{
    const struct block list = { .test = walk->list, .otherwise = walk->joint == END_OR };

    return passed(&list);
}

/*
 * Whether somebody may not come to @command, or may fail there and go on: it is below a condition,
 * in a function, or one of "A && B". Only what is plainly for whoever is not root counts as if it
 * stood alone.
 */
static bool is_guarded(const struct walk *walk, const struct command *command)
{
    bool joined = walk->joint == END_AND || walk->joint == END_OR;
    bool tried = command->end == END_AND || command->end == END_OR;
    bool guarded = walk->rest || walk->depth > MAX_DEPTH || tried ||
                   (joined && passed_list(walk) != TEST_OTHERS);

    for (size_t i = 0; i < walk->depth && i < MAX_DEPTH; i++) {
        guarded = guarded || passed(&walk->blocks[i]) != TEST_OTHERS;
    }
    return guarded;
}

static struct block *top(struct walk *walk)
{
    return walk->depth != 0 && walk->depth <= MAX_DEPTH ? &walk->blocks[walk->depth - 1] : NULL;
}

/* ---- keywords ----------------------------------------------------------------------------- */

enum act { OPEN_IF, OPEN_CASE, OPEN, THEN, ELSE, CLOSE, PASS };

static const struct {
    char word[8];
    enum act act;
} keywords[] = {
    { "if", OPEN_IF }, { "case", OPEN_CASE }, { "for", OPEN },  { "select", OPEN },
    { "while", OPEN }, { "until", OPEN },     { "{", OPEN },    { "then", THEN },
    { "else", ELSE },  { "elif", ELSE },      { "fi", CLOSE },  { "esac", CLOSE },
    { "done", CLOSE }, { "}", CLOSE },        { "time", PASS }, { "do", PASS },
};

/* "TEST && { COMMANDS }" passes its test on. */
static void open_block(struct walk *walk, enum act act)
{
    if (walk->depth++ < MAX_DEPTH) {
        walk->blocks[walk->depth - 1] = (struct block){
            .condition = act == OPEN_IF,
            .patterns = act == OPEN_CASE,
            .test = act == OPEN ? passed_list(walk) : TEST_NONE,
        };
    }
}

static void close_block(struct walk *walk)
{
    const struct block *block = top(walk);

    walk->rest = walk->rest || (block != NULL && block->leaves);
    walk->depth -= walk->depth != 0 ? 1 : 0;
}

static void act_on(struct walk *walk, enum act act, const char *word)
{
    struct block *block = top(walk);

    if (act <= OPEN) {
        open_block(walk, act);
    } else if (act == CLOSE) {
        close_block(walk);
    } else if (block != NULL && act == THEN) {
        block->condition = false;
    } else if (block != NULL && act == ELSE) {
        bool anew = strcmp(word, "elif") == 0 && block->test == TEST_NONE;
        block->condition = anew;
        block->otherwise = !anew;
    }
}

/* Passes over the keywords that @words begin with. */
static void take_keywords(struct walk *walk, struct ocn_strings *words)
{
    for (bool found = true; found && words->len != 0;) {
        found = false;
        for (size_t i = 0; i < OCN_COUNT(keywords) && !found; i++) {
            found = strcmp(words->items[0], keywords[i].word) == 0;
            if (found) {
                act_on(walk, keywords[i].act, words->items[0]);
                words->items++;
                words->len--;
            }
        }
    }
}

/* ---- commands ----------------------------------------------------------------------------- */

static bool is_assignment(const char *word)
{
    static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";
    size_t len = strspn(word, name);

    return len != 0 && word[len] == '=';
}

/* NAME=$(id -u): what asks for $NAME asks for the user from here on. */
static void note_variable(struct walk *walk, const char *word)
{
    if (walk->variables_len == MAX_VARIABLES || !asks(walk, strchr(word, '='))) {
        return;
    }
    walk->variables[walk->variables_len++] =
        ocn_arena_copy(walk->lexer.arena, word, strcspn(word, "="));
}

/* Passes over "A=b", "exec", "set --" and their like before the program's name. */
static void take_prefixes(struct walk *walk, struct ocn_strings *words)
{
    static const char prefixes[][WORD_SIZE] = { "exec", "command", "export", "local", "readonly",
                                                "set",  "declare", "--",     "!" };

    while (words->len != 0) {
        bool assignment = is_assignment(words->items[0]);
        if (assignment) {
            note_variable(walk, words->items[0]);
        }
        if (!assignment && !is_one_of(prefixes, OCN_COUNT(prefixes), words->items[0])) {
            return;
        }
        words->items++;
        words->len--;
    }
}

/* Whether @words, or what they start, is a launcher that changes the user. */
static int read_step(struct walk *walk, struct ocn_strings words, struct ocn_shell_call *ret,
                     struct ocn_error *err)
{
    struct ocn_launch launch = { 0 };

    for (int i = 0; i < MAX_PREFIXES && words.len > 1; i++) {
        if (ocn_launcher_read(words.items[0], &words, walk->lexer.arena, &launch, err) < 0) {
            return -1;
        }
        if (launch.step.taken) {
            const char *user = launch.step.user != NULL ? launch.step.user : launch.step.group;
            ret->words = ocn_arena_printf(walk->lexer.arena, "%.64s %.64s", words.items[0], user);
            return 0;
        }
        words = launch.args;
    }
    return 0;
}

/*
 * Whoever is not root goes elsewhere: only root comes to what follows, and nobody where all go. Who
 * is not root and exits has failed: that is no other way.
 */
static void note_leaving(struct walk *walk, const struct ocn_strings *words)
{
    bool joined = walk->joint == END_AND || walk->joint == END_OR;
    bool exits = words->len != 0 && strcmp(words->items[0], "exit") == 0;
    bool leaves = words->len != 0 && (strcmp(words->items[0], "return") == 0 ||
                                      (strcmp(words->items[0], "exec") == 0 && words->len > 1));

    walk->rest = walk->rest || ((leaves || exits) && walk->depth == 0 && !joined);
    if (!leaves) {
        return;
    }
    walk->rest = walk->rest || passed_list(walk) == TEST_OTHERS;
    for (size_t i = 0; i < walk->depth && i < MAX_DEPTH; i++) {
        struct block *block = &walk->blocks[i];
        block->leaves = block->leaves || passed(block) == TEST_OTHERS;
    }
}

static int take_command(struct walk *walk, const struct command *command,
                        struct ocn_shell_call *ret, struct ocn_error *err)
{
    struct ocn_strings words = command->words;
    struct ocn_shell_call call = { 0 };

    take_keywords(walk, &words);
    struct block *block = top(walk);
    enum test test = read_test(walk, &words);
    if (block != NULL && block->condition && test != TEST_NONE) {
        block->test = block->test == TEST_NONE || block->test == test ? test : TEST_UNCLEAR;
        return 0;
    }
    const struct ocn_strings all = words;
    take_prefixes(walk, &words);
    if (read_step(walk, words, &call, err) < 0) {
        return -1;
    }
    if (call.words == NULL) {
        note_leaving(walk, &all);
    } else if (!is_guarded(walk, command)) {
        *ret = (struct ocn_shell_call){ command->line, call.words };
    }
    walk->list = test != TEST_NONE ? test : walk->list;
    return 0;
}

/* What the end of @command changes. */
static void take_joint(struct walk *walk, const struct command *command)
{
    struct block *block = top(walk);
    bool goes_on = walk->joint == END_AND || walk->joint == END_OR;

    if (command->words.len == 0 && command->end == END_LINE && goes_on) {
        return; /* "TEST &&", and the rest on the next line */
    }
    walk->joint = command->end;
    if (command->end != END_AND && command->end != END_OR) {
        walk->list = TEST_NONE;
    }
    if (block != NULL && command->end == END_CASE) {
        block->patterns = true;
    }
    if (block != NULL && command->end == END_PAREN) {
        block->patterns = false;
    }
}

static bool is_pattern(struct walk *walk, const struct command *command)
{
    const struct block *block = top(walk);
    bool closes = command->words.len != 0 && strcmp(command->words.items[0], "esac") == 0;

    return block != NULL && block->patterns && !closes;
}

int ocn_shell_find_step(struct ocn_bytes text, struct ocn_arena *arena, struct ocn_shell_call *ret,
                        struct ocn_error *err)
{
    struct walk walk = { .lexer = { .text = text, .line = 1, .arena = arena }, .joint = END_LINE };
    struct ocn_shell_call call = { 0 };
    struct command command = { .end = END_LINE };
    int status = 0;

    while (status == 0 && call.line == 0 && command.end != END_TEXT) {
        next_command(&walk.lexer, &command);
        if (command.words.len != 0 && !is_pattern(&walk, &command)) {
            status = take_command(&walk, &command, &call, err);
        }
        take_joint(&walk, &command);
    }
    ocn_buf_done(&walk.lexer.word);
    if (ocn_arena_check(arena, err) < 0 || status < 0) {
        return -1;
    }
    *ret = call;
    return 0;
}
