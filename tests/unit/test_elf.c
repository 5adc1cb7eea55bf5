/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <elf.h>

#include "normalize/program/elf.h"
#include "tests/lib/bytes_view.h"
#include "tests/lib/elf_file.h"
#include "tests/lib/mem_view.h"
#include "tests/lib/suite.h"

#define SIZE 16384

static struct ocn_arena arena;
static unsigned char bytes[SIZE];
static struct ocn_bytes_view source;
static struct ocn_view view;
static struct ocn_file file;
static struct ocn_elf elf;
static struct ocn_elf_segment *segments;
static size_t count;

static const char *const arches[] = { "386",     "amd64",   "arm",      "arm64",  "loong64",
                                      "mips",    "mips64",  "mips64le", "mipsle", "ppc64",
                                      "ppc64le", "riscv64", "s390x" };

static void setup(void)
{
    memset(bytes, 0, sizeof(bytes));
}

static void teardown(void)
{
    ocn_arena_done(&arena);
}

static void open_bytes(size_t len)
{
    source = (struct ocn_bytes_view){ .bytes = { (const char *)bytes, len }, .size = len };
    view = ocn_bytes_view_as_view(&source);
    file = (struct ocn_file){ .view = &view };
}

static int read_tables(struct ocn_error *err)
{
    const struct ocn_bytes head = { (const char *)bytes, 64 };

    return ocn_elf_read(head, &elf, err) == 0
               ? ocn_elf_segments(&file, &elf, &arena, &segments, &count, err)
               : -1;
}

/* The file as linkers would make it, with its tables read. */
static void build(const char *arch, const struct ocn_test_elf *parts)
{
    struct ocn_error err = { 0 };
    size_t len = ocn_test_elf_file(arch, parts, bytes, sizeof(bytes));

    ck_assert_uint_gt(len, 0);
    open_bytes(len);
    ck_assert_msg(read_tables(&err) == 0, "%s: %s", arch, err.msg);
}

START_TEST(test_elf__numbers_in_both_orders)
{
    const struct ocn_elf little = { .bits = 64 };
    const struct ocn_elf big = { .bits = 64, .big_endian = true };

    ck_assert_uint_eq(ocn_elf_number(&little, "\1\2\3\4\5\6\7\x88", 8), 0x8807060504030201U);
    ck_assert_uint_eq(ocn_elf_number(&big, "\1\2\3\4\5\6\7\x88", 8), 0x0102030405060788U);
    ck_assert_uint_eq(ocn_elf_number(&big, "\xff\xfe", 2), 0xfffe);
}
END_TEST

START_TEST(test_elf__interpreter_of_every_arch)
{
    const struct ocn_test_elf parts = { .interp = "/lib/ld.so", .build_id = "a/b" };
    struct ocn_error err = { 0 };
    const char *name = NULL;

    build(arches[_i], &parts);
    ck_assert_uint_eq(count, 2);
    ck_assert_int_eq(ocn_elf_interpreter(&file, segments, count, &arena, &name, &err), 0);
    ck_assert_str_eq(name, "/lib/ld.so");
}
END_TEST

START_TEST(test_elf__static_program_has_no_interpreter)
{
    const struct ocn_test_elf parts = { .build_id = "a/b" };
    struct ocn_error err = { 0 };
    const char *name = "x";

    build("amd64", &parts);
    ck_assert_int_eq(ocn_elf_interpreter(&file, segments, count, &arena, &name, &err), 0);
    ck_assert_ptr_null(name);
}
END_TEST

/* As the kernel: 2 to PATH_MAX bytes, the last of them NUL. */
START_TEST(test_elf__interpreter_that_the_kernel_refuses)
{
    const struct ocn_test_elf parts = { .interp = "/lib/ld.so" };
    const uint64_t sizes[] = { 0, 1, 10, 4097, UINT64_MAX };
    const char *name = NULL;

    build("amd64", &parts);
    for (size_t i = 0; i < OCN_COUNT(sizes); i++) {
        struct ocn_error err = { 0 };
        segments[0].filesz = sizes[i];
        ck_assert_int_eq(ocn_elf_interpreter(&file, segments, count, &arena, &name, &err), -1);
        ck_assert_int_eq(err.code, OCN_E_FORMAT);
    }
    ck_assert_ptr_null(name);
}
END_TEST

START_TEST(test_elf__note_of_every_arch)
{
    const struct ocn_test_elf parts = { .build_id = "aaa/bbb/ccc" };
    struct ocn_error err = { 0 };
    struct ocn_bytes note = { NULL, 0 };

    build(arches[_i], &parts);
    ck_assert_int_eq(ocn_elf_note(&file, &elf, segments, count, "Go", 4, &arena, &note, &err), 0);
    ck_assert_uint_eq(note.len, 11);
    ck_assert_str_eq(note.ptr, "aaa/bbb/ccc");
    ck_assert_int_eq(ocn_elf_note(&file, &elf, segments, count, "Go", 3, &arena, &note, &err), 0);
    ck_assert_ptr_null(note.ptr);
    ck_assert_int_eq(ocn_elf_note(&file, &elf, segments, count, "GNU", 4, &arena, &note, &err), 0);
    ck_assert_ptr_null(note.ptr);
}
END_TEST

/* The second of two notes; the name of the first is padded. */
START_TEST(test_elf__note_behind_another)
{
    static const char notes[] = "\2\0\0\0\1\0\0\0\1\0\0\0X\0\0\0y\0\0\0"
                                "\4\0\0\0\2\0\0\0\3\0\0\0GNU\0\x12\xab";
    const struct ocn_test_elf parts = { .notes = { notes, sizeof(notes) - 1 } };
    struct ocn_error err = { 0 };
    struct ocn_bytes note = { NULL, 0 };

    build("amd64", &parts);
    ck_assert_int_eq(ocn_elf_note(&file, &elf, segments, count, "GNU", 3, &arena, &note, &err), 0);
    ck_assert_uint_eq(note.len, 2);
    ck_assert_mem_eq(note.ptr, "\x12\xab", 2);
}
END_TEST

START_TEST(test_elf__malformed_notes_end_the_search)
{
    static const char *const headers[] = {
        "\4\0\0\0\xff\xff\xff\xff\3\0\0\0GNU\0", /* longer than the segment */
        "\xff\xff\xff\xff\2\0\0\0\3\0\0\0GNU\0",
        "\xff\xff\xff\x7f\xff\xff\xff\x7f\3\0\0\0GNU\0",
        "\4\0\0\0\1\0\0\0\3\0\0\0GNU\0",
    };

    for (size_t i = 0; i < OCN_COUNT(headers); i++) {
        const struct ocn_test_elf parts = { .notes = { headers[i], 16 } };
        struct ocn_error err = { 0 };
        struct ocn_bytes note = { NULL, 0 };
        build("amd64", &parts);
        ck_assert_int_eq(ocn_elf_note(&file, &elf, segments, count, "GNU", 3, &arena, &note, &err),
                         0);
        ck_assert_ptr_null(note.ptr);
    }
}
END_TEST

/* 512 segments of 4 GiB of notes each, all of them the same sparse bytes. */
START_TEST(test_elf__notes_are_read_up_to_a_limit)
{
    struct ocn_elf_segment many[512];
    struct ocn_error err = { 0 };
    struct ocn_bytes note = { NULL, 0 };
    const struct ocn_test_elf parts = { .interp = "/x" };

    build("amd64", &parts);
    source.size = (uint64_t)8 << 30;
    for (size_t i = 0; i < OCN_COUNT(many); i++) {
        many[i] = (struct ocn_elf_segment){ .type = PT_NOTE,
                                            .offset = 8192,
                                            .filesz = (uint64_t)4 << 30 };
    }
    source.read = 0;
    ck_assert_int_eq(ocn_elf_note(&file, &elf, many, 512, "GNU", 3, &arena, &note, &err), 0);
    ck_assert_ptr_null(note.ptr);
    ck_assert_uint_le(source.read, 2 * OCN_ELF_MAX_NOTES);
}
END_TEST

START_TEST(test_elf__section_by_name)
{
    const struct ocn_test_elf parts = { .go = "path\tx\n", .go_section = true };
    struct ocn_elf_section section;
    struct ocn_error err = { 0 };

    build(arches[_i], &parts);
    ck_assert_int_eq(ocn_elf_section(&file, &elf, ".go.buildinfo", &section, &err), 0);
    ck_assert_uint_eq(section.type, SHT_PROGBITS);
    ck_assert_mem_eq(bytes + section.offset, "\xff Go buildinf:", 14);
    ck_assert_int_eq(ocn_elf_section(&file, &elf, ".go.build", &section, &err), 0);
    ck_assert_uint_eq(section.type, 0);
}
END_TEST

START_TEST(test_elf__section_tables_that_cannot_be_read_have_none)
{
    const struct ocn_test_elf parts = { .go = "path\tx\n", .go_section = true };
    struct ocn_elf_section section;
    struct ocn_error err = { 0 };

    build("amd64", &parts);
    const struct ocn_elf good = elf;
    const struct ocn_elf bad[] = {
        { .bits = 64, .shoff = good.shoff, .shentsize = 63, .shnum = 3, .shstrndx = 2 },
        { .bits = 64, .shoff = good.shoff, .shentsize = 64, .shnum = 3, .shstrndx = 3 },
        { .bits = 64, .shoff = good.shoff, .shentsize = 64, .shnum = 0xfeff, .shstrndx = 2 },
        { .bits = 64, .shoff = UINT64_MAX, .shentsize = 64, .shnum = 3, .shstrndx = 2 },
        { .bits = 64, .shoff = SIZE, .shentsize = 64, .shnum = 3, .shstrndx = 2 },
        { .bits = 64, .shoff = good.shoff, .shentsize = 64, .shnum = 3, .shstrndx = 0 },
    };
    for (size_t i = 0; i < OCN_COUNT(bad); i++) {
        ck_assert_int_eq(ocn_elf_section(&file, &bad[i], ".go.buildinfo", &section, &err), 0);
        ck_assert_uint_eq(section.type, 0);
    }
}
END_TEST

START_TEST(test_elf__segments_behind_the_end)
{
    const struct ocn_test_elf parts = { .interp = "/lib/ld.so" };
    struct ocn_error err = { 0 };

    build("amd64", &parts);
    open_bytes(100);
    ck_assert_int_eq(read_tables(&err), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
}
END_TEST

START_TEST(test_elf__segments_of_another_size)
{
    const struct ocn_test_elf parts = { .interp = "/lib/ld.so" };
    struct ocn_error err = { 0 };

    build("amd64", &parts);
    bytes[54] = 32;
    ck_assert_int_eq(read_tables(&err), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
}
END_TEST

START_TEST(test_elf__too_many_segments)
{
    const struct ocn_test_elf parts = { .interp = "/lib/ld.so" };
    struct ocn_error err = { 0 };

    build("amd64", &parts);
    bytes[57] = 0xff;
    ck_assert_int_eq(read_tables(&err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
}
END_TEST

START_TEST(test_elf__file_is_read_in_windows)
{
    struct ocn_error err = { 0 };
    char got[3 * OCN_ELF_WINDOW];

    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (unsigned char)(i * 31 + i / 256);
    }
    open_bytes(sizeof(bytes));
    for (size_t at = 0; at < 64; at++) {
        ck_assert_int_eq(ocn_elf_read_at(&file, at, got, 8, &err), 0);
        ck_assert_mem_eq(got, bytes + at, 8);
    }
    ck_assert_uint_eq(source.read, OCN_ELF_WINDOW); /* one read for all */
    ck_assert_int_eq(ocn_elf_read_at(&file, OCN_ELF_WINDOW - 4, got, 8, &err), 0);
    ck_assert_mem_eq(got, bytes + OCN_ELF_WINDOW - 4, 8);
    ck_assert_int_eq(ocn_elf_read_at(&file, 5, got, sizeof(got), &err), 0); /* past the window */
    ck_assert_mem_eq(got, bytes + 5, sizeof(got));
    ck_assert_int_eq(ocn_elf_read_at(&file, SIZE - 8, got, 8, &err), 0);
    ck_assert_int_eq(ocn_elf_read_at(&file, SIZE - 8, got, 9, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_int_eq(ocn_elf_read_at(&file, UINT64_MAX - 2, got, 8, NULL), -1);
}
END_TEST

/* What a failed read left in the window is not taken for the file. */
START_TEST(test_elf__failed_read_is_not_remembered)
{
    struct ocn_error err = { 0 };
    char got[8];

    open_bytes(sizeof(bytes));
    ck_assert_int_eq(ocn_elf_read_at(&file, 0, got, 8, &err), 0);
    source.fail = 1;
    ck_assert_int_eq(ocn_elf_read_at(&file, 8192, got, 8, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_IO);
    ck_assert_int_eq(ocn_elf_read_at(&file, 0, got, 8, NULL), -1);
    source.fail = 0;
    ck_assert_int_eq(ocn_elf_read_at(&file, 0, got, 8, NULL), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("elf");
    TCase *tcase = tcase_create("elf");
    int all = (int)OCN_COUNT(arches);

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, test_elf__numbers_in_both_orders);
    tcase_add_loop_test(tcase, test_elf__interpreter_of_every_arch, 0, all);
    tcase_add_test(tcase, test_elf__static_program_has_no_interpreter);
    tcase_add_test(tcase, test_elf__interpreter_that_the_kernel_refuses);
    tcase_add_loop_test(tcase, test_elf__note_of_every_arch, 0, all);
    tcase_add_test(tcase, test_elf__note_behind_another);
    tcase_add_test(tcase, test_elf__malformed_notes_end_the_search);
    tcase_add_test(tcase, test_elf__notes_are_read_up_to_a_limit);
    tcase_add_loop_test(tcase, test_elf__section_by_name, 0, all);
    tcase_add_test(tcase, test_elf__section_tables_that_cannot_be_read_have_none);
    tcase_add_test(tcase, test_elf__segments_behind_the_end);
    tcase_add_test(tcase, test_elf__segments_of_another_size);
    tcase_add_test(tcase, test_elf__too_many_segments);
    tcase_add_test(tcase, test_elf__file_is_read_in_windows);
    tcase_add_test(tcase, test_elf__failed_read_is_not_remembered);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
