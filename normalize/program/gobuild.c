/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/gobuild.h"

#include <elf.h>
#include <string.h>

#include "normalize/base/number.h"

#define HEADER_SIZE 32
#define ALIGNMENT 16
#define MAX_SCAN ((uint64_t)16 << 20) /* in all: seen at most 0x77e00 into a segment */
#define SCAN_WINDOW ((size_t)16384)

static const char MAGIC[] = "\xff Go buildinf:"; /* 14 bytes and the NUL, which is not of it */
#define MAGIC_SIZE (sizeof(MAGIC) - 1)

enum { FLAG_BIG_ENDIAN = 1, FLAG_INLINE = 2 };

#define NOTE_BUILD_ID 4

/* The frame around modinfo (cmd/go/internal/modload build.go): 16 bytes before and behind it. */
#define FRAME_SIZE 16

struct source {
    struct ocn_file *file;
    const struct ocn_elf *elf;
    const struct ocn_elf_segment *segments;
    size_t count;
    struct ocn_arena *arena;
};

/* ---- finding the blob ------------------------------------------------------------------- */

/* true: the header at @at is one: the magic alone is also a constant in programs that look for it.
 */
static bool is_header(const char *at)
{
    unsigned char pointer_size = (unsigned char)at[14];
    unsigned char flags = (unsigned char)at[15];

    return memcmp(at, MAGIC, MAGIC_SIZE) == 0 && (pointer_size == 4 || pointer_size == 8) &&
           (flags & ~(FLAG_BIG_ENDIAN | FLAG_INLINE)) == 0;
}

/*
 * Searches @size bytes at @offset, whose first byte has address @addr, for an aligned header. *ret
 * stays as it is where there is none.
 */
static int scan(const struct source *s, uint64_t offset, uint64_t addr, uint64_t size,
                uint64_t *ret, struct ocn_error *err)
{
    char window[SCAN_WINDOW];
    uint64_t at = (ALIGNMENT - addr % ALIGNMENT) % ALIGNMENT;

    while (at < size && size - at >= HEADER_SIZE) {
        size_t want = size - at < sizeof(window) ? (size_t)(size - at) : sizeof(window);
        size_t got = 0;
        if (s->file->view->read_at(s->file->view->ctx, s->file->ref, offset + at, window, want,
                                   &got, err) < 0) {
            return -1;
        }
        for (size_t i = 0; i + HEADER_SIZE / 2 <= got; i += ALIGNMENT) {
            if (is_header(window + i)) {
                *ret = offset + at + i;
                return 0;
            }
        }
        if (got < want) {
            return 0;
        }
        at += want / ALIGNMENT * ALIGNMENT;
    }
    return 0;
}

/* Every loaded segment; the writable ones first, where linkers put it. */
static int scan_segments(const struct source *s, uint64_t *ret, struct ocn_error *err)
{
    uint64_t left = MAX_SCAN;

    for (int writable = 1; writable >= 0; writable--) {
        for (size_t i = 0; i < s->count && *ret == 0; i++) {
            const struct ocn_elf_segment *segment = &s->segments[i];
            bool wanted = ((segment->flags & PF_W) != 0) == (writable != 0);
            uint64_t size = segment->filesz < left ? segment->filesz : left;
            if (segment->type != PT_LOAD || !wanted) {
                continue;
            }
            left -= size;
            if (scan(s, segment->offset, segment->vaddr, size, ret, err) < 0) {
                return -1;
            }
        }
    }
    return 0;
}

/* The file offset of the blob, 0 where there is none (the ELF header is at 0). */
static int find_blob(const struct source *s, uint64_t *ret, struct ocn_error *err)
{
    struct ocn_elf_section section;

    *ret = 0;
    if (ocn_elf_section(s->file, s->elf, ".go.buildinfo", &section, err) < 0) {
        return -1;
    }
    if (section.type == SHT_PROGBITS) {
        uint64_t size = section.size < MAX_SCAN ? section.size : MAX_SCAN;
        return scan(s, section.offset, section.addr, size, ret, err);
    }
    return s->elf->shnum == 0 ? scan_segments(s, ret, err) : 0;
}

/* ---- its two strings -------------------------------------------------------------------- */

static int read_string(const struct source *s, uint64_t offset, uint64_t size, char **ret,
                       size_t *ret_len, struct ocn_error *err)
{
    if (size > OCN_GOBUILD_MAX_SIZE) {
        return ocn_fail(err, OCN_E_LIMIT, NULL,
                        "its Go build info has %llu bytes; the limit is 4 MiB",
                        (unsigned long long)size);
    }
    char *text = ocn_arena_alloc(s->arena, (size_t)size + 1);
    if (text == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_elf_read_at(s->file, offset, text, (size_t)size, err) < 0) {
        return -1;
    }
    *ret = text;
    *ret_len = (size_t)size;
    return 0;
}

/* LEB128 at *offset, which moves behind it. */
static int read_varint(const struct source *s, uint64_t *offset, uint64_t *ret,
                       struct ocn_error *err)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 63; shift += 7) {
        unsigned char byte = 0;
        if (ocn_elf_read_at(s->file, *offset, &byte, 1, err) < 0) {
            return -1;
        }
        (*offset)++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            *ret = value;
            return 0;
        }
    }
    return ocn_fail(err, OCN_E_FORMAT, NULL, "its Go build info has a length that is no number");
}

/* Since Go 1.18: both strings follow the header. */
static int read_inline(const struct source *s, uint64_t offset, char *strings[2], size_t lens[2],
                       struct ocn_error *err)
{
    offset += HEADER_SIZE;
    for (int i = 0; i < 2; i++) {
        uint64_t size = 0;
        if (read_varint(s, &offset, &size, err) < 0 ||
            read_string(s, offset, size, &strings[i], &lens[i], err) < 0) {
            return -1;
        }
        offset += size;
    }
    return 0;
}

/* The file offset of @size bytes at address @addr. */
static int to_offset(const struct source *s, uint64_t addr, uint64_t size, uint64_t *ret,
                     struct ocn_error *err)
{
    for (size_t i = 0; i < s->count; i++) {
        const struct ocn_elf_segment *segment = &s->segments[i];
        if (segment->type == PT_LOAD && addr >= segment->vaddr &&
            addr - segment->vaddr <= segment->filesz &&
            size <= segment->filesz - (addr - segment->vaddr)) {
            *ret = segment->offset + (addr - segment->vaddr);
            return 0;
        }
    }
    return ocn_fail(err, OCN_E_FORMAT, NULL, "its Go build info points outside the file");
}

/* Before Go 1.18: the header holds the addresses of two string headers, {data, length} each. */
static int read_pointed(const struct source *s, const char header[HEADER_SIZE], size_t pointer_size,
                        char *strings[2], size_t lens[2], struct ocn_error *err)
{
    char raw[16];

    for (size_t i = 0; i < 2; i++) {
        uint64_t at = ocn_elf_number(s->elf, header + 16 + i * pointer_size, pointer_size);
        uint64_t offset = 0;
        if (at == 0 && i == 1) {
            return 0; /* built outside a module */
        }
        if (to_offset(s, at, 2 * pointer_size, &offset, err) < 0 ||
            ocn_elf_read_at(s->file, offset, raw, 2 * pointer_size, err) < 0) {
            return -1;
        }
        uint64_t data = ocn_elf_number(s->elf, raw, pointer_size);
        uint64_t size = ocn_elf_number(s->elf, raw + pointer_size, pointer_size);
        if (size != 0 && (to_offset(s, data, size, &offset, err) < 0 ||
                          read_string(s, offset, size, &strings[i], &lens[i], err) < 0)) {
            return -1;
        }
    }
    return 0;
}

/* ---- the lines of modinfo --------------------------------------------------------------- */

/* Takes the part of *at up to @stop off its front; NULL at the end. Ends it with NUL. */
static char *take(char **at, char stop)
{
    char *start = *at;

    if (start == NULL) {
        return NULL;
    }
    char *end = strchr(start, stop);
    *at = end != NULL ? end + 1 : NULL;
    if (end != NULL) {
        *end = '\0';
    }
    return start;
}

static struct ocn_go_module parse_module(char *fields)
{
    struct ocn_go_module module = { .path = take(&fields, '\t') };

    module.version = take(&fields, '\t');
    const char *sum = take(&fields, '\t');
    module.sum = sum != NULL && sum[0] != '\0' ? sum : NULL;
    return module;
}

/* One escape of a Go string literal; *at is behind the backslash and moves on. */
static char unescape(char **at)
{
    static const char plain[] = "abfnrtv\\\"'";
    static const char meant[] = "\a\b\f\n\r\t\v\\\"'";
    const char *found = **at != '\0' ? strchr(plain, **at) : NULL;

    if (found == NULL) {
        return '?'; /* \x, \u and octal: rare enough not to be told */
    }
    (*at)++;
    return meant[found - plain];
}

/*
 * A key or a value: bare up to @stop, or a Go string literal. The result is in place; *at moves
 * behind it and behind @stop.
 */
static char *take_quoted(char **at, char stop)
{
    char quote = (*at)[0];
    char *out = *at;
    char *start = *at;

    if (quote != '"' && quote != '`') {
        return take(at, stop);
    }
    for ((*at)++; **at != '\0' && **at != quote;) {
        char c = *(*at)++;
        *out++ = c == '\\' && quote == '"' ? unescape(at) : c;
    }
    char *end = *at + (**at == quote);
    *at = *end == stop && stop != '\0' ? end + 1 : NULL;
    *out = '\0';
    return start;
}

static void add_setting(const struct source *s, struct ocn_pairs *settings, char *text)
{
    struct ocn_pair *items =
        ocn_arena_grow(s->arena, settings->items, settings->len, sizeof(*items));
    char *rest = text;

    if (items == NULL) {
        return;
    }
    const char *name = take_quoted(&rest, '=');
    const char *value = rest != NULL ? take_quoted(&rest, '\0') : "";
    items[settings->len++] = (struct ocn_pair){ name, value };
    settings->items = items;
}

/* The module that was added; NULL when memory is out. */
static struct ocn_go_module *add_dep(const struct source *s, struct ocn_list *deps, char *fields)
{
    struct ocn_go_module *items = ocn_arena_grow(s->arena, deps->items, deps->len, sizeof(*items));

    if (items == NULL) {
        return NULL;
    }
    items[deps->len] = parse_module(fields);
    deps->items = items;
    return &items[deps->len++];
}

/* A "=>" line: what was built in the place of the module before it. */
static void replace(const struct source *s, struct ocn_go_module *module, char *fields)
{
    struct ocn_go_module *other = ocn_arena_alloc(s->arena, sizeof(*other));

    if (other != NULL) {
        *other = parse_module(fields);
        module->replaced_by = other;
    }
}

static void parse_line(const struct source *s, char *line, struct ocn_go_module **last,
                       struct ocn_gobuild *build)
{
    char *fields = line;
    const char *word = take(&fields, '\t');

    if (fields == NULL) {
        return;
    }
    if (strcmp(word, "path") == 0) {
        build->path = fields;
    } else if (strcmp(word, "mod") == 0) {
        build->main = parse_module(fields);
        *last = &build->main;
    } else if (strcmp(word, "dep") == 0) {
        *last = add_dep(s, &build->deps, fields);
    } else if (strcmp(word, "=>") == 0 && *last != NULL) {
        replace(s, *last, fields);
    } else if (strcmp(word, "build") == 0) {
        add_setting(s, &build->settings, fields);
    }
}

/* @text is what the frame holds; lines that nobody knows are passed over, as Go does. */
static void parse_modinfo(const struct source *s, const char *text, size_t len,
                          struct ocn_gobuild *build)
{
    struct ocn_go_module *last = NULL;
    char *rest = ocn_arena_copy(s->arena, text, len);

    build->text = ocn_arena_copy(s->arena, text, len);
    for (char *line = take(&rest, '\n'); line != NULL && rest != NULL; line = take(&rest, '\n')) {
        parse_line(s, line, &last, build);
    }
}

/* The linker's note (cmd/link/internal/ld elf.go): owner "Go", type 4, text. */
static int read_build_id(const struct source *s, const char **ret, struct ocn_error *err)
{
    struct ocn_bytes note = { NULL, 0 };

    if (ocn_elf_note(s->file, s->elf, s->segments, s->count, "Go", NOTE_BUILD_ID, s->arena, &note,
                     err) < 0) {
        return -1;
    }
    *ret = note.len != 0 ? note.ptr : NULL; /* what comes from the arena ends in NUL */
    return 0;
}

/* ---- */

int ocn_gobuild_read(struct ocn_file *file, const struct ocn_elf *elf,
                     const struct ocn_elf_segment *segments, size_t count, struct ocn_arena *arena,
                     struct ocn_gobuild *ret, struct ocn_error *err)
{
    const struct source s = { file, elf, segments, count, arena };
    struct ocn_gobuild build = { 0 };
    char header[HEADER_SIZE];
    char *strings[2] = { NULL, NULL };
    size_t lens[2] = { 0, 0 };
    uint64_t offset = 0;

    if (find_blob(&s, &offset, err) < 0) {
        return -1;
    }
    if (offset == 0) {
        *ret = build;
        return 0;
    }
    if (ocn_elf_read_at(file, offset, header, sizeof(header), err) < 0) {
        return -1;
    }
    int result = (header[15] & FLAG_INLINE) != 0
                     ? read_inline(&s, offset, strings, lens, err)
                     : read_pointed(&s, header, (unsigned char)header[14], strings, lens, err);
    if (result < 0) {
        return -1;
    }
    build.version = lens[0] != 0 ? strings[0] : NULL;
    bool framed = lens[1] >= 2 * FRAME_SIZE + 1 && strings[1][lens[1] - FRAME_SIZE - 1] == '\n';
    if (framed) {
        parse_modinfo(&s, strings[1] + FRAME_SIZE, lens[1] - 2 * (size_t)FRAME_SIZE, &build);
    }
    if ((build.version != NULL && read_build_id(&s, &build.build_id, err) < 0) ||
        ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = build;
    return 0;
}

const char *ocn_gobuild_setting(const struct ocn_gobuild *build, const char *key)
{
    for (size_t i = 0; i < build->settings.len; i++) {
        if (strcmp(build->settings.items[i].name, key) == 0) {
            return build->settings.items[i].value;
        }
    }
    return NULL;
}

int ocn_gobuild_minor(const struct ocn_gobuild *build)
{
    const char *at = build->version != NULL ? strstr(build->version, "go1.") : NULL;
    uint64_t minor = 0;

    if (at == NULL) {
        return -1;
    }
    at += strlen("go1.");
    if (ocn_number_parse((struct ocn_bytes){ at, strspn(at, "0123456789") }, 9999, &minor) < 0) {
        return -1;
    }
    return (int)minor;
}
