/* SPDX-License-Identifier: Apache-2.0 */
/* Thompson's construction: steps instead of backtracking, so that no pattern takes for ever. */
#include "normalize/policy/pattern.h"

#include <string.h>

#define MAX_DEPTH 20    /* groups in each other */
#define MAX_REPEAT 1000 /* as RE2 has it */
#define ASCII 128

enum kind { STEP_TAKES, STEP_SPLITS, STEP_GOES };

static const char wrong_byte[] = "a pattern is made of printable ASCII";
static const char too_large[] = "the pattern is too large; write a shorter one";
static const char no_class[] =
    "a list of characters is written [a-z] or [^a-z], never empty; ], [, ^ and \\ have a \\ before "
    "them, and - stands last";
static const char no_operand[] =
    "a repetition (*, +, ?, {2,4}) stands behind one character, list or group";
static const char no_repeat[] = "a repetition is written {2}, {2,} or {2,4}, at most 1000";
static const char no_group[] = "a ( needs its ), and the other way round";
static const char no_escape[] = "a \\ stands only before punctuation; write [0-9] for \\d";
static const char no_anchor[] =
    "^ and $ stand only at the ends; write \\^ or \\$ for the character";

/* A text on the way to steps. */
struct reader {
    const char *at;
    const char *end;
    struct ocn_pattern *pattern;
    unsigned depth;
    const char *why; /* the first that is wrong */
};

static void refuse(struct reader *reader, const char *why)
{
    reader->why = reader->why != NULL ? reader->why : why;
}

static bool goes_on(const struct reader *reader)
{
    return reader->why == NULL && reader->at < reader->end;
}

/* The next character, or NUL. */
static char peek(const struct reader *reader)
{
    return goes_on(reader) ? *reader->at : '\0';
}

static bool skip(struct reader *reader, char c)
{
    bool there = peek(reader) == c && c != '\0';

    reader->at += there;
    return there;
}

/* ---- steps ------------------------------------------------------------------------------ */

static struct ocn_pattern_step *insert(struct reader *reader, size_t at, enum kind kind)
{
    static const struct ocn_pattern_step none = { 0 };
    struct ocn_pattern *pattern = reader->pattern;

    if (pattern->len >= OCN_PATTERN_MAX_STEPS) {
        refuse(reader, too_large);
        return NULL;
    }
    memmove(&pattern->steps[at + 1], &pattern->steps[at],
            (pattern->len - at) * sizeof(pattern->steps[0]));
    pattern->len++;
    pattern->steps[at] = none;
    pattern->steps[at].kind = (unsigned char)kind;
    pattern->steps[at].next[0] = 1;
    pattern->steps[at].next[1] = 1;
    return &pattern->steps[at];
}

static struct ocn_pattern_step *append(struct reader *reader, enum kind kind)
{
    return insert(reader, reader->pattern->len, kind);
}

static void aim(struct ocn_pattern_step *step, long first, long second)
{
    if (step != NULL) {
        step->next[0] = (short)first;
        step->next[1] = (short)second;
    }
}

static void add_to_set(struct ocn_pattern_step *step, unsigned char from, unsigned char to)
{
    for (unsigned c = from; step != NULL && c <= to; c++) {
        step->set[c / 32] |= UINT32_C(1) << (c % 32);
    }
}

static void invert(struct ocn_pattern_step *step)
{
    for (size_t i = 0; step != NULL && i < OCN_COUNT(step->set); i++) {
        step->set[i] = ~step->set[i];
    }
    if (step != NULL) {
        step->beyond = true;
    }
}

static void take_character(struct reader *reader, char c)
{
    add_to_set(append(reader, STEP_TAKES), (unsigned char)c, (unsigned char)c);
}

/* Any character; not the line feed, where @but_line says so. */
static void take_any(struct reader *reader, bool but_line)
{
    struct ocn_pattern_step *step = append(reader, STEP_TAKES);

    if (but_line) {
        add_to_set(step, '\n', '\n');
    }
    invert(step);
}

/* Appends a copy of the @len steps from @from on: what is relative stays right. */
static void copy(struct reader *reader, size_t from, size_t len)
{
    for (size_t i = 0; i < len && reader->why == NULL; i++) {
        struct ocn_pattern_step *step = append(reader, STEP_TAKES);
        if (step != NULL) {
            *step = reader->pattern->steps[from + i];
        }
    }
}

/* The steps from @from on become a loop: none or more of them. */
static void loop(struct reader *reader, size_t from)
{
    long len = (long)(reader->pattern->len - from);

    aim(insert(reader, from, STEP_SPLITS), 1, len + 2);
    aim(append(reader, STEP_GOES), -(len + 1), -(len + 1));
}

static void make_optional(struct reader *reader, size_t from)
{
    long len = (long)(reader->pattern->len - from);

    aim(insert(reader, from, STEP_SPLITS), 1, len + 1);
}

/* @most 0: no end. */
static void repeat(struct reader *reader, size_t from, unsigned least, unsigned most, bool endless)
{
    size_t len = reader->pattern->len - from;
    size_t model = from;

    if (!endless && most == 0) {
        reader->pattern->len = from;
        return;
    }
    if (least == 0) {
        endless ? loop(reader, from) : make_optional(reader, from);
        model = from + 1;
    }
    for (unsigned i = 1; i < least && reader->why == NULL; i++) {
        copy(reader, model, len);
    }
    if (endless && least > 0) {
        size_t again = reader->pattern->len;
        copy(reader, model, len);
        loop(reader, again);
    }
    for (unsigned i = least > 1 ? least : 1; !endless && i < most && reader->why == NULL; i++) {
        size_t again = reader->pattern->len;
        copy(reader, model, len);
        make_optional(reader, again);
    }
}

/* ---- what both forms have --------------------------------------------------------------- */

static bool is_punctuation(char c)
{
    return c != '\0' && strchr("\\.+*?()|[]{}^$/-", c) != NULL;
}

/* A character of a list; a "-" is one where it is the last. */
static char read_member(struct reader *reader)
{
    char c = peek(reader);

    if (c == '\\') {
        reader->at++;
        c = peek(reader);
        if (!is_punctuation(c)) {
            refuse(reader, no_escape);
        }
    } else if (c == '\0' || strchr("[]^", c) != NULL || (c == '-' && reader->at[1] != ']')) {
        refuse(reader, no_class);
    }
    reader->at++;
    return c;
}

/* "-" and the end of a range, which begins with @from; @from where there is none. */
static char read_range(struct reader *reader, char from)
{
    bool is_range = peek(reader) == '-' && reader->at + 1 < reader->end && reader->at[1] != ']';
    char to = from;

    if (is_range) {
        reader->at++;
        to = read_member(reader);
    }
    if (to < from) {
        refuse(reader, no_class);
    }
    return to;
}

/* What stands behind "[", up to its "]". @no: what inverts it. */
static void read_class(struct reader *reader, const char *no)
{
    struct ocn_pattern_step *step = append(reader, STEP_TAKES);
    bool inverted = goes_on(reader) && strchr(no, peek(reader)) != NULL;

    reader->at += inverted;
    do {
        char from = read_member(reader);
        char to = read_range(reader, from);
        if (reader->why == NULL) {
            add_to_set(step, (unsigned char)from, (unsigned char)to);
        }
    } while (reader->why == NULL && !skip(reader, ']'));
    if (reader->why == NULL && inverted) {
        invert(step);
    }
}

/* ---- globs ------------------------------------------------------------------------------ */

static void read_glob(struct reader *reader)
{
    while (goes_on(reader)) {
        size_t from = reader->pattern->len;
        char c = *reader->at++;
        if (c == '*') {
            take_any(reader, false);
            loop(reader, from);
        } else if (c == '?') {
            take_any(reader, false);
        } else if (c == '[') {
            read_class(reader, "!^");
        } else if (c == '\\') {
            if (!is_punctuation(peek(reader))) {
                refuse(reader, no_escape);
                return;
            }
            take_character(reader, *reader->at++);
        } else {
            take_character(reader, c);
        }
    }
}

/* ---- patterns --------------------------------------------------------------------------- */

static void read_choice(struct reader *reader);

static void read_group(struct reader *reader)
{
    if (++reader->depth > MAX_DEPTH) {
        refuse(reader, too_large);
    }
    read_choice(reader);
    if (!skip(reader, ')')) {
        refuse(reader, no_group);
    }
    reader->depth--;
}

static void read_atom(struct reader *reader)
{
    char c = *reader->at++;

    switch (c) {
    case '(':
        read_group(reader);
        break;
    case '[':
        read_class(reader, "^");
        break;
    case '.':
        take_any(reader, true);
        break;
    case '\\':
        if (!is_punctuation(peek(reader)) || peek(reader) == '-') {
            refuse(reader, no_escape);
            return;
        }
        take_character(reader, *reader->at++);
        break;
    case '^':
    case '$':
        refuse(reader, no_anchor);
        break;
    case '*':
    case '+':
    case '?':
    case '{':
        refuse(reader, no_operand);
        break;
    case ']':
        refuse(reader, no_class);
        break;
    case '}':
        refuse(reader, no_repeat);
        break;
    default:
        take_character(reader, c);
        break;
    }
}

static unsigned read_count(struct reader *reader)
{
    unsigned count = 0;

    if (peek(reader) < '0' || peek(reader) > '9') {
        refuse(reader, no_repeat);
    }
    while (peek(reader) >= '0' && peek(reader) <= '9' && count <= MAX_REPEAT) {
        count = count * 10 + (unsigned)(*reader->at++ - '0');
    }
    if (count > MAX_REPEAT) {
        refuse(reader, no_repeat);
    }
    return count;
}

/* What stands behind "{". */
static void read_repeat(struct reader *reader, size_t from)
{
    unsigned least = read_count(reader);
    unsigned most = least;
    bool endless = false;

    if (skip(reader, ',')) {
        endless = peek(reader) == '}';
        most = endless ? 0 : read_count(reader);
    }
    if (!skip(reader, '}') || (!endless && most < least)) {
        refuse(reader, no_repeat);
        return;
    }
    repeat(reader, from, least, most, endless);
}

static void read_repetition(struct reader *reader, size_t from)
{
    if (skip(reader, '*')) {
        repeat(reader, from, 0, 0, true);
    } else if (skip(reader, '+')) {
        repeat(reader, from, 1, 0, true);
    } else if (skip(reader, '?')) {
        repeat(reader, from, 0, 1, false);
    } else if (skip(reader, '{')) {
        read_repeat(reader, from);
    }
}

static void read_sequence(struct reader *reader)
{
    while (goes_on(reader) && peek(reader) != '|' && peek(reader) != ')') {
        size_t from = reader->pattern->len;
        read_atom(reader);
        if (reader->why == NULL) {
            read_repetition(reader, from);
        }
    }
}

/* a|b|c: each but the last gets a step before it that splits, and one behind it that leaves. */
static void read_choice(struct reader *reader)
{
    size_t from = reader->pattern->len;

    read_sequence(reader);
    while (skip(reader, '|')) {
        long len = (long)(reader->pattern->len - from);
        aim(insert(reader, from, STEP_SPLITS), 1, len + 2);
        size_t leaves = reader->pattern->len;
        struct ocn_pattern_step *step = append(reader, STEP_GOES);
        read_sequence(reader);
        long rest = (long)(reader->pattern->len - leaves);
        aim(step, rest, rest);
    }
}

static void read_pattern(struct reader *reader)
{
    read_choice(reader);
    if (goes_on(reader)) { /* a ")" */
        refuse(reader, no_group);
    }
}

/* ---- public ----------------------------------------------------------------------------- */

static bool is_anchored(const char *text)
{
    size_t len = strlen(text);

    return len >= 2 && text[0] == '^' && text[len - 1] == '$';
}

const char *ocn_pattern_read(const char *text, struct ocn_pattern *ret)
{
    size_t len = strlen(text);
    bool anchored = is_anchored(text);
    struct reader reader = { .at = text + anchored, .end = text + len - anchored, .pattern = ret };

    ret->len = 0;
    if (len > OCN_PATTERN_MAX_TEXT) {
        return too_large;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            return wrong_byte;
        }
    }
    if (!anchored && text[0] == '^') {
        return "a pattern stands between ^ and $; write \\^ for a glob that begins so";
    }
    anchored ? read_pattern(&reader) : read_glob(&reader);
    return reader.why;
}

const char *ocn_pattern_check(const char *text)
{
    struct ocn_pattern pattern;

    return ocn_pattern_read(text, &pattern);
}

/* The steps that a match may be at, each once. */
struct states {
    unsigned short items[OCN_PATTERN_MAX_STEPS + 1];
    size_t len;
    bool has[OCN_PATTERN_MAX_STEPS + 1];
};

static void states_add(struct states *states, size_t at)
{
    if (!states->has[at]) {
        states->has[at] = true;
        states->items[states->len++] = (unsigned short)at;
    }
}

/* Adds what is reached without taking a character: the list grows while it is walked. */
static void spread(const struct ocn_pattern *pattern, struct states *states)
{
    for (size_t i = 0; i < states->len; i++) {
        size_t at = states->items[i];
        if (at < pattern->len && pattern->steps[at].kind != STEP_TAKES) {
            states_add(states, (size_t)((long)at + pattern->steps[at].next[0]));
            states_add(states, (size_t)((long)at + pattern->steps[at].next[1]));
        }
    }
}

static bool takes(const struct ocn_pattern_step *step, unsigned char c)
{
    return step->kind == STEP_TAKES &&
           (c < ASCII ? (step->set[c / 32] >> (c % 32) & 1) != 0 : step->beyond);
}

bool ocn_pattern_matches(const struct ocn_pattern *pattern, const char *value)
{
    struct states states[2] = { 0 };
    struct states *now = &states[0];
    struct states *then = &states[1];

    states_add(now, 0);
    spread(pattern, now);
    while (*value != '\0' && now->len != 0) {
        unsigned char c = (unsigned char)*value++;
        while (c >= ASCII && ((unsigned char)*value & 0xC0) == 0x80) {
            value++; /* one character, whatever it is: no set tells them apart */
        }
        memset(then, 0, sizeof(*then));
        for (size_t i = 0; i < now->len; i++) {
            size_t at = now->items[i];
            if (at < pattern->len && takes(&pattern->steps[at], c)) {
                states_add(then, at + 1);
            }
        }
        spread(pattern, then);
        struct states *swap = now;
        now = then;
        then = swap;
    }
    return *value == '\0' && now->has[pattern->len];
}

bool ocn_pattern_holds(const char *text, const char *value)
{
    struct ocn_pattern pattern;

    return ocn_pattern_read(text, &pattern) == NULL && ocn_pattern_matches(&pattern, value);
}

/* ---- for RE2 ---------------------------------------------------------------------------- */

static void add_quoted(struct ocn_buf *out, char c)
{
    if (strchr("\\.+*?()|[]{}^$", c) != NULL) {
        ocn_buf_puts(out, "\\");
    }
    ocn_buf_add(out, &c, 1);
}

/* The list of a glob, from "[" on, is RE2's but for its "!". Returns what stands behind it. */
static const char *add_class(struct ocn_buf *out, const char *at)
{
    ocn_buf_puts(out, "[");
    if (*++at == '!' || *at == '^') {
        ocn_buf_puts(out, "^");
        at++;
    }
    for (; *at != ']'; at++) {
        if (*at == '\\') {
            ocn_buf_add(out, at++, 1);
        }
        ocn_buf_add(out, at, 1);
    }
    ocn_buf_puts(out, "]");
    return at + 1;
}

static void add_glob(struct ocn_buf *out, const char *at)
{
    while (*at != '\0') {
        switch (*at) {
        case '*':
            ocn_buf_puts(out, "[\\s\\S]*");
            at++;
            break;
        case '?':
            ocn_buf_puts(out, "[\\s\\S]");
            at++;
            break;
        case '[':
            at = add_class(out, at);
            break;
        case '\\':
            add_quoted(out, at[1]);
            at += 2;
            break;
        default:
            add_quoted(out, *at++);
            break;
        }
    }
}

void ocn_pattern_regex(const char *text, struct ocn_buf *out)
{
    ocn_buf_puts(out, "^(?:");
    if (is_anchored(text)) {
        ocn_buf_add(out, text + 1, strlen(text) - 2);
    } else {
        add_glob(out, text);
    }
    ocn_buf_puts(out, ")$");
}
