/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/elf_file.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "tests/lib/mem_view.h"

#define HEADER 64
#define ADDRESS 0x400000 /* of byte 0 of the file */
#define CONTENT 512      /* where it begins: behind at most 8 program headers of 56 bytes */

struct maker {
    unsigned char *out;
    size_t size;
    size_t len;
    size_t segments;
    bool wide;
    bool big;
    bool full; /* something did not fit */
};

static void put(struct maker *maker, size_t at, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        size_t shift = 8 * (maker->big ? bytes - 1 - i : i);
        maker->out[at + i] = (unsigned char)(value >> shift);
    }
}

/* The member at @wide of the 64-bit struct, at @narrow of the 32-bit one, as wide as an address. */
static void put_word(struct maker *maker, size_t base, size_t wide, size_t narrow, uint64_t value)
{
    put(maker, base + (maker->wide ? wide : narrow), value, maker->wide ? 8 : 4);
}

static void put_half(struct maker *maker, size_t wide, size_t narrow, uint64_t value)
{
    put(maker, maker->wide ? wide : narrow, value, 2);
}

/* Appends @bytes at a multiple of 16; where they are. */
static size_t add(struct maker *maker, const void *bytes, size_t len)
{
    size_t at = (maker->len + 15) & ~(size_t)15;

    if (at + len > maker->size) {
        maker->full = true;
        return CONTENT;
    }
    memset(maker->out + maker->len, 0, at - maker->len);
    if (len != 0) {
        memcpy(maker->out + at, bytes, len);
    }
    maker->len = at + len;
    return at;
}

static void add_segment(struct maker *maker, uint32_t type, size_t offset, size_t len)
{
    size_t base = HEADER + maker->segments * (maker->wide ? 56 : 32);

    put(maker, base, type, 4);
    put(maker, base + (maker->wide ? 4 : 24), PF_R | PF_W, 4);
    put_word(maker, base, 8, 4, offset);
    put_word(maker, base, 16, 8, ADDRESS + offset);
    put_word(maker, base, 32, 16, len);
    put_word(maker, base, 40, 20, len);
    maker->segments++;
}

static void put_section(struct maker *maker, size_t base, uint32_t name, uint32_t type,
                        size_t offset, size_t len)
{
    put(maker, base, name, 4);
    put(maker, base + 4, type, 4);
    put_word(maker, base, 16, 12, ADDRESS + offset);
    put_word(maker, base, 24, 16, offset);
    put_word(maker, base, 32, 20, len);
}

/* The section table, with one section besides that of names. */
static void add_section(struct maker *maker, const char *name, uint32_t type, size_t content,
                        size_t len)
{
    static const char shstrtab[] = ".shstrtab";
    static const unsigned char empty[3 * 64] = { 0 };
    char names[64] = { 0 };
    size_t entry = maker->wide ? 64 : 40;
    size_t second = 1 + sizeof(shstrtab);

    memcpy(names + 1, shstrtab, sizeof(shstrtab));
    memcpy(names + second, name, strlen(name) + 1);
    size_t text = add(maker, names, sizeof(names));
    size_t table = add(maker, empty, 3 * entry);
    put_section(maker, table + entry, (uint32_t)second, type, content, len);
    put_section(maker, table + 2 * entry, 1, SHT_STRTAB, text, sizeof(names));
    put_word(maker, 0, 40, 32, table);
    put_half(maker, 58, 46, entry);
    put_half(maker, 60, 48, 3);
    put_half(maker, 62, 50, 2);
}

#define FRAME 16

/* The lines between two frames of 16 bytes. */
static size_t add_frame(const char *lines, unsigned char *out, size_t size)
{
    size_t len = strlen(lines);

    if (len == 0 || len + 2 * (size_t)FRAME > size) {
        return 0;
    }
    memset(out, 1, FRAME);
    memcpy(out + FRAME, lines, len);
    memset(out + FRAME + len, 2, FRAME);
    return len + 2 * (size_t)FRAME;
}

static size_t put_length(unsigned char *out, size_t len)
{
    size_t i = 0;

    for (; len >= 0x80; len >>= 7) {
        out[i++] = (unsigned char)(0x80 | (len & 0x7f));
    }
    out[i++] = (unsigned char)len;
    return i;
}

/* A Go string, {data, length}; its address. */
static size_t add_string(struct maker *maker, const void *bytes, size_t len)
{
    static const unsigned char empty[16] = { 0 };
    size_t data = add(maker, bytes, len);
    size_t at = add(maker, empty, sizeof(empty));

    put_word(maker, at, 0, 0, ADDRESS + data);
    put_word(maker, at, 8, 4, len);
    return ADDRESS + at;
}

/* cmd/link/internal/ld data.go, buildinfo(): both strings inline, or pointers to them. */
static void add_go(struct maker *maker, const struct ocn_test_elf *parts)
{
    const char *version = parts->go_version != NULL ? parts->go_version : "go1.22.4";
    unsigned char blob[8192] = "\xff Go buildinf:";
    unsigned char mod[4096];
    size_t mod_len = add_frame(parts->go, mod, sizeof(mod));
    size_t len = 32;
    size_t first = maker->len;
    size_t strings[2] = { 0, 0 };

    blob[14] = (unsigned char)(maker->wide ? 8 : 4);
    blob[15] = (unsigned char)((parts->go_pointers ? 0 : 2) | maker->big);
    if (parts->go_pointers) {
        strings[0] = add_string(maker, version, strlen(version));
        strings[1] = mod_len != 0 ? add_string(maker, mod, mod_len) : 0;
    } else {
        len += put_length(blob + len, strlen(version));
        memcpy(blob + len, version, strlen(version));
        len += strlen(version);
        len += put_length(blob + len, mod_len);
        memcpy(blob + len, mod, mod_len);
        len += mod_len;
    }
    size_t at = add(maker, blob, len);
    if (parts->go_pointers) {
        put_word(maker, at, 16, 16, strings[0]);
        put_word(maker, at, 24, 20, strings[1]);
    }
    if (parts->go_section) {
        add_section(maker, ".go.buildinfo", SHT_PROGBITS, at, len);
    } else {
        add_segment(maker, PT_LOAD, first, at + len - first);
    }
}

/* cmd/link/internal/ld elf.go: owner "Go", type 4. */
static void add_build_id(struct maker *maker, const char *id)
{
    unsigned char note[256] = { 0 };
    size_t len = strlen(id);
    size_t at = add(maker, note, 16 + len);

    put(maker, at, 4, 4);
    put(maker, at + 4, len, 4);
    put(maker, at + 8, 4, 4);
    memcpy(maker->out + at + 12, "Go", 2);
    memcpy(maker->out + at + 16, id, len);
    add_segment(maker, PT_NOTE, at, 16 + len);
}

static void put_property(struct maker *maker, size_t at, unsigned type, unsigned bits)
{
    put(maker, at, type, 4);
    put(maker, at + 4, 4, 4);
    put(maker, at + 8, bits, 4); /* and four bytes to the next multiple of eight */
}

/* A note of type 5 with two properties, in the linkers' order: X86_FEATURE_1_AND and the ISA. */
static void add_isa(struct maker *maker, unsigned isa)
{
    unsigned char note[48] = { 0 };
    size_t at = add(maker, note, sizeof(note));

    put(maker, at, 4, 4);
    put(maker, at + 4, 32, 4);
    put(maker, at + 8, NT_GNU_PROPERTY_TYPE_0, 4);
    memcpy(maker->out + at + 12, "GNU", 4);
    put_property(maker, at + 16, 0xc0000002U, 3);
    put_property(maker, at + 32, 0xc0008002U, isa);
    add_segment(maker, PT_NOTE, at, sizeof(note));
}

static void add_parts(struct maker *maker, const struct ocn_test_elf *parts)
{
    if (parts->interp != NULL) {
        size_t len = strlen(parts->interp) + 1;
        size_t at = add(maker, parts->interp, len);
        add_segment(maker, PT_INTERP, at, len);
    }
    if (parts->isa != 0) {
        add_isa(maker, parts->isa);
    }
    if (parts->build_id != NULL) {
        add_build_id(maker, parts->build_id);
    }
    if (parts->notes.len != 0) {
        size_t at = add(maker, parts->notes.ptr, parts->notes.len);
        add_segment(maker, PT_NOTE, at, parts->notes.len);
    }
    if (parts->go != NULL) {
        add_go(maker, parts);
    }
    if (parts->arm.len != 0) {
        size_t at = add(maker, parts->arm.ptr, parts->arm.len);
        add_section(maker, ".ARM.attributes", 0x70000003U, at, parts->arm.len);
    }
}

size_t ocn_test_elf_file(const char *arch, const struct ocn_test_elf *parts, unsigned char *out,
                         size_t size)
{
    bool bare = parts->interp == NULL && parts->go == NULL && parts->notes.len == 0 &&
                parts->arm.len == 0 && parts->isa == 0 && parts->build_id == NULL;

    if (size < CONTENT || ocn_test_elf_header(arch, out) < 0) {
        return 0;
    }
    out[EI_OSABI] = (unsigned char)parts->osabi;
    if (bare) {
        return HEADER;
    }
    struct maker maker = {
        .out = out,
        .size = size,
        .len = CONTENT,
        .wide = out[EI_CLASS] == ELFCLASS64,
        .big = out[EI_DATA] == ELFDATA2MSB,
    };
    memset(out + HEADER, 0, CONTENT - HEADER);
    add_parts(&maker, parts);
    put_word(&maker, 0, 32, 28, HEADER);
    put_half(&maker, 54, 42, maker.wide ? 56 : 32);
    put_half(&maker, 56, 44, maker.segments);
    return maker.full ? 0 : maker.len;
}
