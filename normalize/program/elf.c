/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/program/elf.h"

#include <elf.h>
#include <endian.h>
#include <string.h>

#define MAX_INTERPRETER 4096 /* PATH_MAX, as in the kernel (fs/binfmt_elf.c) */
#define MAX_NAME 64          /* of a section that is asked for */

/* ---- windows ---------------------------------------------------------------------------- */

static int fail_short(uint64_t offset, struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_FORMAT, NULL, "it ends before byte %llu, which its headers name",
                    (unsigned long long)offset);
}

/* A read larger than the window goes past it. */
static int read_through(struct ocn_file *file, uint64_t offset, void *buf, size_t len,
                        struct ocn_error *err)
{
    size_t got = 0;

    if (file->view->read_at(file->view->ctx, file->ref, offset, buf, len, &got, err) < 0) {
        return -1;
    }
    return got == len ? 0 : fail_short(offset + len, err);
}

static bool holds(const struct ocn_file *file, uint64_t offset, size_t len)
{
    return offset >= file->at && offset + len <= file->at + file->len;
}

/* Where the window begins that is read for @offset: the last one ends where the file does. */
static uint64_t begin_window(const struct ocn_file *file, uint64_t offset)
{
    uint64_t last = file->size > sizeof(file->window) ? file->size - sizeof(file->window) : 0;

    return last != 0 && offset > last && offset < file->size ? last : offset;
}

int ocn_elf_read_at(struct ocn_file *file, uint64_t offset, void *buf, size_t len,
                    struct ocn_error *err)
{
    if (offset > UINT64_MAX - len) {
        return fail_short(offset, err);
    }
    if (len > sizeof(file->window)) {
        return read_through(file, offset, buf, len, err);
    }
    if (!holds(file, offset, len)) {
        const uint64_t at = begin_window(file, offset);
        size_t got = 0;
        file->len = 0; /* a read that fails may leave anything in the window */
        if (file->view->read_at(file->view->ctx, file->ref, at, file->window, sizeof(file->window),
                                &got, err) < 0) {
            return -1;
        }
        file->at = at;
        file->len = got;
        if (!holds(file, offset, len)) {
            return fail_short(offset + len, err);
        }
    }
    memcpy(buf, file->window + (offset - file->at), len);
    return 0;
}

/* ---- the header ------------------------------------------------------------------------- */

bool ocn_elf_is(struct ocn_bytes head)
{
    return head.len >= SELFMAG && memcmp(head.ptr, ELFMAG, SELFMAG) == 0;
}

uint64_t ocn_elf_number(const struct ocn_elf *elf, const void *at, size_t bytes)
{
    const bool swaps = elf->big_endian != (BYTE_ORDER == BIG_ENDIAN);
    uint64_t value = 0;

    /* As it would stand in eight bytes of that order. */
    memcpy((char *)&value + (elf->big_endian ? sizeof(value) - bytes : 0), at, bytes);
    return swaps ? __builtin_bswap64(value) : value;
}

/* A member of a struct that both classes have under the same name. */
#define MEMBER(elf, at, kind, member)                                                              \
    ((elf)->bits == 64 ? ocn_elf_number(elf, (at) + offsetof(Elf64_##kind, member),                \
                                        sizeof(((Elf64_##kind *)0)->member))                       \
                       : ocn_elf_number(elf, (at) + offsetof(Elf32_##kind, member),                \
                                        sizeof(((Elf32_##kind *)0)->member)))

static int read_ident(struct ocn_bytes head, struct ocn_elf *ret, struct ocn_error *err)
{
    const unsigned char *at = (const unsigned char *)head.ptr;

    if (head.len < EI_NIDENT) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "its ELF header is cut short after %zu bytes",
                        head.len);
    }
    unsigned char class = at[EI_CLASS];
    unsigned char data = at[EI_DATA];
    if ((class != ELFCLASS32 && class != ELFCLASS64) ||
        (data != ELFDATA2LSB && data != ELFDATA2MSB) || at[EI_VERSION] != EV_CURRENT) {
        return ocn_fail(err, OCN_E_FORMAT, NULL,
                        "its ELF header names class %u, byte order %u, version %u, which are none",
                        class, data, at[EI_VERSION]);
    }
    ret->bits = class == ELFCLASS64 ? 64 : 32;
    ret->big_endian = data == ELFDATA2MSB;
    ret->osabi = at[EI_OSABI];
    return 0;
}

int ocn_elf_read(struct ocn_bytes head, struct ocn_elf *ret, struct ocn_error *err)
{
    struct ocn_elf elf = { 0 };
    const char *at = head.ptr;

    if (read_ident(head, &elf, err) < 0) {
        return -1;
    }
    if (head.len < (elf.bits == 64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr))) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "its ELF header is cut short after %zu bytes",
                        head.len);
    }
    elf.type = (uint16_t)MEMBER(&elf, at, Ehdr, e_type);
    elf.machine = (uint16_t)MEMBER(&elf, at, Ehdr, e_machine);
    elf.flags = (uint32_t)MEMBER(&elf, at, Ehdr, e_flags);
    elf.phoff = MEMBER(&elf, at, Ehdr, e_phoff);
    elf.shoff = MEMBER(&elf, at, Ehdr, e_shoff);
    elf.phentsize = (uint16_t)MEMBER(&elf, at, Ehdr, e_phentsize);
    elf.phnum = (uint16_t)MEMBER(&elf, at, Ehdr, e_phnum);
    elf.shentsize = (uint16_t)MEMBER(&elf, at, Ehdr, e_shentsize);
    elf.shnum = (uint16_t)MEMBER(&elf, at, Ehdr, e_shnum);
    elf.shstrndx = (uint16_t)MEMBER(&elf, at, Ehdr, e_shstrndx);
    *ret = elf;
    return 0;
}

/* ---- segments --------------------------------------------------------------------------- */

int ocn_elf_segments(struct ocn_file *file, const struct ocn_elf *elf, struct ocn_arena *arena,
                     struct ocn_elf_segment **ret, size_t *ret_count, struct ocn_error *err)
{
    size_t size = elf->bits == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    char raw[sizeof(Elf64_Phdr)];

    if (elf->phnum > OCN_ELF_MAX_SEGMENTS) {
        return ocn_fail(err, OCN_E_LIMIT, NULL, "it has %u program headers; the limit is %d",
                        elf->phnum, OCN_ELF_MAX_SEGMENTS);
    }
    if (elf->phnum != 0 && elf->phentsize != size) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "its program headers have %u bytes instead of %zu",
                        elf->phentsize, size);
    }
    struct ocn_elf_segment *list = ocn_arena_alloc(arena, elf->phnum * sizeof(*list));
    if (list == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < elf->phnum; i++) {
        if (ocn_elf_read_at(file, elf->phoff + i * size, raw, size, err) < 0) {
            return -1;
        }
        list[i] = (struct ocn_elf_segment){
            .type = (uint32_t)MEMBER(elf, raw, Phdr, p_type),
            .flags = (uint32_t)MEMBER(elf, raw, Phdr, p_flags),
            .offset = MEMBER(elf, raw, Phdr, p_offset),
            .vaddr = MEMBER(elf, raw, Phdr, p_vaddr),
            .filesz = MEMBER(elf, raw, Phdr, p_filesz),
        };
    }
    *ret = list;
    *ret_count = elf->phnum;
    return 0;
}

int ocn_elf_interpreter(struct ocn_file *file, const struct ocn_elf_segment *segments, size_t count,
                        struct ocn_arena *arena, const char **ret, struct ocn_error *err)
{
    for (size_t i = 0; i < count; i++) {
        if (segments[i].type != PT_INTERP) {
            continue;
        }
        if (segments[i].filesz < 2 || segments[i].filesz > MAX_INTERPRETER) {
            return ocn_fail(err, OCN_E_FORMAT, NULL, "the name of its interpreter has %llu bytes",
                            (unsigned long long)segments[i].filesz);
        }
        char *name = ocn_arena_alloc(arena, (size_t)segments[i].filesz + 1);
        if (name == NULL) {
            return ocn_fail_nomem(err);
        }
        if (ocn_elf_read_at(file, segments[i].offset, name, (size_t)segments[i].filesz, err) < 0) {
            return -1;
        }
        if (name[segments[i].filesz - 1] != '\0') {
            return ocn_fail(err, OCN_E_FORMAT, NULL, "the name of its interpreter does not end");
        }
        *ret = name;
        return 0;
    }
    *ret = NULL;
    return 0;
}

/* ---- sections --------------------------------------------------------------------------- */

static int read_section(struct ocn_file *file, const struct ocn_elf *elf, size_t index,
                        struct ocn_elf_section *ret, uint64_t *ret_name, struct ocn_error *err)
{
    size_t size = elf->bits == 64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
    char raw[sizeof(Elf64_Shdr)];

    if (ocn_elf_read_at(file, elf->shoff + index * size, raw, size, err) < 0) {
        return -1;
    }
    *ret_name = MEMBER(elf, raw, Shdr, sh_name);
    *ret = (struct ocn_elf_section){
        .type = (uint32_t)MEMBER(elf, raw, Shdr, sh_type),
        .addr = MEMBER(elf, raw, Shdr, sh_addr),
        .offset = MEMBER(elf, raw, Shdr, sh_offset),
        .size = MEMBER(elf, raw, Shdr, sh_size),
    };
    return 0;
}

/* true: the section named @name is at @index. What cannot be read is not it. */
static bool is_named(struct ocn_file *file, struct ocn_file *names_file,
                     const struct ocn_elf_section *names, uint64_t at, const char *name)
{
    char found[MAX_NAME];
    size_t len = strlen(name) + 1;

    if (len > sizeof(found) || at >= names->size || len > names->size - at ||
        names->offset > UINT64_MAX - names->size) {
        return false;
    }
    struct ocn_file *from = holds(file, names->offset + at, len) ? file : names_file;
    return ocn_elf_read_at(from, names->offset + at, found, len, NULL) == 0 &&
           memcmp(found, name, len) == 0;
}

int ocn_elf_section(struct ocn_file *file, const struct ocn_elf *elf, const char *name,
                    struct ocn_elf_section *ret, struct ocn_error *err)
{
    size_t size = elf->bits == 64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
    struct ocn_file names_file; /* of a window of its own, which nobody zeroes */
    struct ocn_elf_section names;
    struct ocn_elf_section section;
    struct ocn_error problem = { 0 };
    uint64_t at = 0;

    names_file.view = file->view;
    names_file.ref = file->ref;
    names_file.size = file->size;
    names_file.at = 0;
    names_file.len = 0;
    *ret = (struct ocn_elf_section){ 0 };
    if (elf->shnum == 0 || elf->shnum > OCN_ELF_MAX_SECTIONS || elf->shentsize != size ||
        elf->shstrndx >= elf->shnum) {
        return 0;
    }
    if (read_section(file, elf, elf->shstrndx, &names, &at, &problem) < 0) {
        return problem.code == OCN_E_IO ? ocn_fail_sys(err, problem.sys, NULL, "cannot read") : 0;
    }
    for (size_t i = 0; i < elf->shnum; i++) {
        if (read_section(file, elf, i, &section, &at, NULL) < 0) {
            return 0;
        }
        if (is_named(file, &names_file, &names, at, name)) {
            *ret = section;
            return 0;
        }
    }
    return 0;
}

/* ---- notes ------------------------------------------------------------------------------ */

#define NOTE_HEADER 12 /* namesz, descsz, type */

static uint64_t padded(uint64_t size)
{
    return (size + 3) & ~(uint64_t)3;
}

/*
 * Looks for the note in the @end bytes at @offset; ret->ptr stays NULL if it is not there. Go
 * counts the padding of its name in ("Go", NUL, NUL).
 */
static int search_notes(struct ocn_file *file, const struct ocn_elf *elf, uint64_t offset,
                        uint64_t end, const char *owner, uint32_t type, struct ocn_arena *arena,
                        struct ocn_bytes *ret, struct ocn_error *err)
{
    size_t owner_size = strlen(owner) + 1;
    char header[NOTE_HEADER] = { 0 };
    char name[16];

    for (uint64_t at = 0; end - at >= NOTE_HEADER;) {
        if (ocn_elf_read_at(file, offset + at, header, sizeof(header), NULL) < 0) {
            return 0;
        }
        uint64_t name_size = ocn_elf_number(elf, header, 4);
        uint64_t size = ocn_elf_number(elf, header + 4, 4);
        uint64_t body = at + NOTE_HEADER + padded(name_size);
        if (body > end || size > end - body) {
            return 0;
        }
        if (ocn_elf_number(elf, header + 8, 4) == type && name_size >= owner_size &&
            name_size <= padded(owner_size) && owner_size <= sizeof(name) &&
            ocn_elf_read_at(file, offset + at + NOTE_HEADER, name, owner_size, NULL) == 0 &&
            memcmp(name, owner, owner_size) == 0) {
            char *bytes = ocn_arena_alloc(arena, (size_t)size + 1);
            if (bytes == NULL) {
                return ocn_fail_nomem(err);
            }
            if (ocn_elf_read_at(file, offset + body, bytes, (size_t)size, NULL) == 0) {
                *ret = (struct ocn_bytes){ bytes, (size_t)size };
            }
            return 0;
        }
        at = body + padded(size);
        if (at > end) {
            return 0;
        }
    }
    return 0;
}

int ocn_elf_note(struct ocn_file *file, const struct ocn_elf *elf,
                 const struct ocn_elf_segment *segments, size_t count, const char *owner,
                 uint32_t type, struct ocn_arena *arena, struct ocn_bytes *ret,
                 struct ocn_error *err)
{
    struct ocn_bytes found = { NULL, 0 };
    uint64_t left = OCN_ELF_MAX_NOTES; /* in all segments: they may overlap */

    for (size_t i = 0; i < count && found.ptr == NULL; i++) {
        uint64_t size = segments[i].filesz < left ? segments[i].filesz : left;
        if (segments[i].type != PT_NOTE) {
            continue;
        }
        left -= size;
        if (search_notes(file, elf, segments[i].offset, size, owner, type, arena, &found, err) <
            0) {
            return -1;
        }
    }
    *ret = found;
    return 0;
}
