/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/mem_view.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/elf_file.h"

#define MAX_CONTENT 65536

void ocn_mem_view_init(struct ocn_mem_view *mem, json_t *world)
{
    *mem = (struct ocn_mem_view){ .world = world };
}

void ocn_mem_view_done(struct ocn_mem_view *mem)
{
    json_decref(mem->world);
    mem->world = NULL;
}

/* Written down apart from arch.def on purpose: the table is what is tested. */
int ocn_test_elf_header(const char *arch, unsigned char header[64])
{
    static const struct {
        const char *arch;
        unsigned char class, data;
        uint16_t machine;
        uint32_t flags;
    } rows[] = {
        { "386", 1, 1, 3, 0 },
        { "amd64", 2, 1, 62, 0 },
        { "arm", 1, 1, 40, 0x05000002 },
        { "arm64", 2, 1, 183, 0 },
        { "loong64", 2, 1, 258, 0x3 },
        { "mips", 1, 2, 8, 0x50001004 },
        { "mipsle", 1, 1, 8, 0x50001004 },
        { "mips64", 2, 2, 8, 0x20000004 },
        { "mips64le", 2, 1, 8, 0x20000004 },
        { "ppc64", 2, 2, 21, 1 },
        { "ppc64le", 2, 1, 21, 2 },
        { "riscv64", 2, 1, 243, 4 },
        { "s390x", 2, 2, 22, 1 },
        { "x32", 1, 1, 62, 0 },
        { "aarch64_be", 2, 2, 183, 0 },
        { "arm64ilp32", 1, 1, 183, 0 },
        { "mipsn32", 1, 2, 8, 0x20000024 },
        { "armoabi", 1, 1, 40, 0x00000002 },
        { "ppc", 1, 2, 20, 0 },
        { "armhf", 1, 1, 40, 0x05000400 },
        { "armel", 1, 1, 40, 0x05000200 },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        if (strcmp(rows[i].arch, arch) != 0) {
            continue;
        }
        bool big = rows[i].data == 2;
        size_t flags_at = rows[i].class == 2 ? 48 : 36;
        memset(header, 0, 64);
        memcpy(header,
               "\x7f"
               "ELF",
               4);
        header[4] = rows[i].class;
        header[5] = rows[i].data;
        header[6] = 1;
        header[big ? 17 : 16] = ET_EXEC;
        header[big ? 18 : 19] = (unsigned char)(rows[i].machine >> 8);
        header[big ? 19 : 18] = (unsigned char)rows[i].machine;
        for (size_t b = 0; b < 4; b++) {
            header[flags_at + b] = (unsigned char)(rows[i].flags >> (8 * (big ? 3 - b : b)));
        }
        return 0;
    }
    return -1;
}

static json_t *tree_of(const struct ocn_mem_view *mem, struct ocn_ref ref)
{
    switch (ref.space) {
    case OCN_ROOTFS:
        return json_object_get(mem->world, "rootfs");
    case OCN_HOST:
        return json_object_get(mem->world, "host");
    case OCN_MOUNT:
        return json_object_get(json_object_get(mem->world, "mounts"), ref.base);
    default:
        return NULL;
    }
}

static bool is_parent(json_t *tree, const char *path)
{
    const char *key;
    json_t *file;
    size_t len = strcmp(path, "/") == 0 ? 0 : strlen(path);

    json_object_foreach (tree, key, file) {
        if (strncmp(key, path, len) == 0 && key[len] == '/' && key[len + 1] != '\0') {
            return true;
        }
    }
    return strcmp(path, "/") == 0 && tree != NULL && !json_is_object(json_object_get(tree, "/"));
}

static uint32_t number(json_t *file, const char *key)
{
    return (uint32_t)json_integer_value(json_object_get(file, key));
}

static uint32_t mode_of(json_t *file)
{
    static const struct {
        const char *key;
        mode_t type;
        mode_t permissions;
    } kinds[] = { { "dir", S_IFDIR, 0755 }, { "link", S_IFLNK, 0777 }, { "fifo", S_IFIFO, 0644 } };
    const char *text = json_string_value(json_object_get(file, "mode"));
    mode_t type = S_IFREG;
    mode_t permissions = json_object_get(file, "elf") != NULL ? 0755 : 0644;

    for (size_t i = 0; i < OCN_COUNT(kinds); i++) {
        if (json_object_get(file, kinds[i].key) != NULL) {
            type = kinds[i].type;
            permissions = kinds[i].permissions;
        }
    }
    if (text != NULL) {
        permissions = (mode_t)strtoul(text, NULL, 8);
    }
    return type | permissions;
}

static const char *text_at(json_t *file, const char *key)
{
    return json_string_value(json_object_get(file, key));
}

static size_t bytes_at(json_t *file, const char *key, unsigned char *out, size_t size)
{
    const char *hex = text_at(file, key);
    size_t len = 0;

    for (; hex != NULL && hex[0] != '\0' && hex[1] != '\0' && len < size; hex += 2) {
        const char digits[3] = { hex[0], hex[1], '\0' };
        out[len++] = (unsigned char)strtoul(digits, NULL, 16);
    }
    return len;
}

static size_t elf_at(json_t *file, unsigned char *out)
{
    unsigned char notes[512];
    unsigned char arm[512];
    const struct ocn_test_elf parts = {
        .interp = text_at(file, "interp"),
        .go = text_at(file, "go"),
        .go_version = text_at(file, "goVersion"),
        .build_id = text_at(file, "buildId"),
        .notes = { (const char *)notes, bytes_at(file, "notes", notes, sizeof(notes)) },
        .arm = { (const char *)arm, bytes_at(file, "armAttributes", arm, sizeof(arm)) },
        .isa = number(file, "isa"),
        .osabi = (int)number(file, "osabi"),
    };

    return ocn_test_elf_file(text_at(file, "elf"), &parts, out, MAX_CONTENT);
}

static size_t content_of(json_t *file, unsigned char *out)
{
    const char *text = text_at(file, "text");

    if (text != NULL && strlen(text) < MAX_CONTENT) {
        memcpy(out, text, strlen(text));
        return strlen(text);
    }
    return text_at(file, "elf") != NULL ? elf_at(file, out)
                                        : bytes_at(file, "hex", out, MAX_CONTENT);
}

static int injected(json_t *file, const char *path, struct ocn_error *err)
{
    const char *fail = json_string_value(json_object_get(file, "fail"));

    if (fail == NULL) {
        return 0;
    }
    return ocn_fail_sys(err, strcmp(fail, "EACCES") == 0 ? EACCES : EIO, path, "test");
}

static int mem_stat(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err)
{
    struct ocn_mem_view *mem = ctx;
    json_t *tree = tree_of(mem, ref);
    json_t *file = json_object_get(tree, ref.path);

    mem->calls++;
    if (injected(file, ref.path, err) < 0) {
        return -1;
    }
    *ret = (struct ocn_stat){ 0 };
    if (file != NULL) {
        *ret = (struct ocn_stat){ .mode = mode_of(file),
                                  .uid = number(file, "uid"),
                                  .gid = number(file, "gid"),
                                  .dev = number(file, "dev"),
                                  .ino = number(file, "ino") };
    } else if (is_parent(tree, ref.path)) {
        ret->mode = S_IFDIR | 0755;
    }
    return 0;
}

static int mem_readlink(void *ctx, struct ocn_ref ref, char *buf, size_t size,
                        struct ocn_error *err)
{
    const char *target =
        json_string_value(json_object_get(json_object_get(tree_of(ctx, ref), ref.path), "link"));

    if (target == NULL || strlen(target) >= size) {
        return ocn_fail(err, OCN_E_IO, ref.path, "no link of this size");
    }
    memcpy(buf, target, strlen(target) + 1);
    return 0;
}

static int mem_read_at(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                       size_t *ret_len, struct ocn_error *err)
{
    unsigned char content[MAX_CONTENT];
    json_t *file = json_object_get(tree_of(ctx, ref), ref.path);

    if (file == NULL) {
        return ocn_fail_sys(err, ENOENT, ref.path, "test");
    }
    if (injected(json_object_get(file, "read"), ref.path, err) < 0) {
        return -1;
    }
    size_t size = content_of(file, content);
    size_t got = offset < size ? size - (size_t)offset : 0;
    if (got > len) {
        got = len;
    }
    if (got != 0) {
        memcpy(buf, content + offset, got);
    }
    *ret_len = got;
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Files only: worlds list what lies in a directory one by one. */
static int mem_list(void *ctx, struct ocn_ref ref, struct ocn_arena *arena, const char ***ret,
                    size_t *ret_len, struct ocn_error *err)
{
    json_t *tree = tree_of(ctx, ref);
    size_t dir = strlen(ref.path);
    const char **names = NULL;
    size_t len = 0;
    const char *key;
    json_t *file;

    if (injected(json_object_get(tree, ref.path), ref.path, err) < 0) {
        return -1;
    }
    json_object_foreach (tree, key, file) {
        if (strncmp(key, ref.path, dir) != 0 || key[dir] != '/' ||
            strchr(key + dir + 1, '/') != NULL) {
            continue;
        }
        const char **grown = ocn_arena_grow(arena, names, len, sizeof(*grown));
        const char *name = ocn_arena_copy(arena, key + dir + 1, strlen(key + dir + 1));
        if (grown == NULL || name == NULL) {
            return ocn_fail_nomem(err);
        }
        grown[len++] = name;
        names = grown;
    }
    if (len != 0) {
        qsort(names, len, sizeof(*names), compare_names);
    }
    *ret = names;
    *ret_len = len;
    return 0;
}

static bool mem_noexec(void *ctx, struct ocn_ref ref)
{
    return json_is_true(json_object_get(json_object_get(tree_of(ctx, ref), ref.path), "noexec"));
}

static const char *mem_variant(void *ctx)
{
    const struct ocn_mem_view *mem = ctx;

    return text_at(mem->world, "variant");
}

static enum ocn_runs mem_runs_32bit(void *ctx)
{
    const struct ocn_mem_view *mem = ctx;
    const json_t *lacks = json_object_get(mem->world, "no32bit");

    return lacks == NULL ? OCN_RUNS_UNKNOWN : json_is_true(lacks) ? OCN_RUNS_NOT : OCN_RUNS;
}

static enum ocn_mapping mapping_of(const char *word, size_t len)
{
    static const char *const words[] = {
#define OCN_MAPPING(symbol, before, behind, hint) #symbol,
#include "normalize/base/mapping.def"
#undef OCN_MAPPING
    };

    for (size_t i = 0; i < OCN_COUNT(words); i++) {
        if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0) {
            return (enum ocn_mapping)i;
        }
    }
    return len == 0 ? OCN_MAPPING_YES : OCN_MAPPING_NOT_KNOWN;
}

static int map(void *ctx, const uint32_t *mounts, size_t len, struct ocn_mapping_answer *ret,
               struct ocn_error *err)
{
    struct ocn_mem_view *mem = ctx;
    const json_t *maps = json_object_get(mem->world, "maps");
    char number[16];

    (void)err;
    mem->calls++;
    for (size_t i = 0; i < len && maps != NULL; i++) {
        (void)snprintf(number, sizeof(number), "%u", mounts[i]);
        const char *why = json_string_value(json_object_get(maps, number));
        size_t word = why != NULL ? strcspn(why, " ") : 0;
        ret[i].mapping = mapping_of(why != NULL ? why : "", word);
        (void)snprintf(ret[i].what, sizeof(ret[i].what), "%s",
                       why != NULL && why[word] != '\0' ? why + word + 1 : "");
    }
    return 0;
}

static uint32_t mem_cpus(void *ctx)
{
    const struct ocn_mem_view *mem = ctx;
    const json_t *cpus = json_object_get(mem->world, "cpus");

    return cpus != NULL ? (uint32_t)json_integer_value(cpus) : 4;
}

struct ocn_view ocn_mem_view_as_view(struct ocn_mem_view *mem)
{
    const char *machine = json_string_value(json_object_get(mem->world, "machine"));

    return (struct ocn_view){
        .ctx = mem,
        .machine = machine != NULL ? machine : "x86_64",
        .all_facts = true,
        .stat = mem_stat,
        .readlink = mem_readlink,
        .read_at = mem_read_at,
        .list = mem_list,
        .noexec = mem_noexec,
        .cpus = mem_cpus,
        .variant = mem_variant,
        .runs_32bit = mem_runs_32bit,
        .map = map,
    };
}
