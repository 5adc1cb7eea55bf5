/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/emulation.h"

#include <check.h>
#include <string.h>

#include "tests/lib/mem_view.h"
#include "tests/lib/suite.h"

/* As tonistiigi/binfmt registers it, and as /proc shows it then. */
#define QEMU_ARM64                                                                                 \
    "enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: POCF\noffset 0\n"                          \
    "magic 7f454c460201010000000000000000000200b700\n"                                             \
    "mask ffffffffffffff00fffffffffffffffffeffffff\n"

static struct ocn_arena arena;

static void leave(void)
{
    ocn_arena_done(&arena);
}

static struct ocn_handler parse(const char *text)
{
    struct ocn_handler handler;

    ck_assert_int_eq(ocn_emulation_parse("test", text, &arena, &handler, NULL), 0);
    return handler;
}

static int matches(const struct ocn_handler *handler, const char *arch, size_t len)
{
    unsigned char header[64];

    ck_assert_int_eq(ocn_test_elf_header(arch, header), 0);
    return ocn_emulation_matches(handler, (struct ocn_bytes){ (const char *)header, len }, "/app");
}

START_TEST(test_emulation__an_entry_is_read)
{
    const struct ocn_handler handler = parse(QEMU_ARM64);

    ck_assert(handler.enabled);
    ck_assert(handler.fixed);
    ck_assert_str_eq(handler.interpreter, "/usr/bin/qemu-aarch64");
    ck_assert_uint_eq(handler.offset, 0);
    ck_assert_uint_eq(handler.magic.len, 20);
    ck_assert_uint_eq(handler.mask.len, 20);
    ck_assert_ptr_null(handler.extension);
    ck_assert(!parse("enabled\ninterpreter /x\nflags: OC\noffset 0\nmagic 4d5a\n").fixed);
}
END_TEST

START_TEST(test_emulation__magic_and_mask_decide)
{
    const struct ocn_handler handler = parse(QEMU_ARM64);

    ck_assert_int_eq(matches(&handler, "arm64", 64), 1);
    ck_assert_int_eq(matches(&handler, "arm64", 20), 1);
    ck_assert_int_eq(matches(&handler, "arm64", 19), 0);
    ck_assert_int_eq(matches(&handler, "amd64", 64), 0);
    ck_assert_int_eq(matches(&handler, "aarch64_be", 64), 0);
    ck_assert_int_eq(matches(&handler, "arm64ilp32", 64), 0);
}
END_TEST

START_TEST(test_emulation__every_bit_of_the_mask_counts)
{
    const struct ocn_handler handler = parse(QEMU_ARM64);
    unsigned char header[64];
    const struct ocn_bytes head = { (const char *)header, sizeof(header) };

    ck_assert_int_eq(ocn_test_elf_header("arm64", header), 0);
    header[16] = 3; /* ET_DYN: the mask leaves its bit out */
    ck_assert_int_eq(ocn_emulation_matches(&handler, head, "/app"), 1);
    header[16] = 4; /* a core file */
    ck_assert_int_eq(ocn_emulation_matches(&handler, head, "/app"), 0);
    header[16] = 2;
    header[7] = 3; /* EI_OSABI: left out */
    ck_assert_int_eq(ocn_emulation_matches(&handler, head, "/app"), 1);
    header[8] = 1; /* EI_ABIVERSION: not */
    ck_assert_int_eq(ocn_emulation_matches(&handler, head, "/app"), 0);
}
END_TEST

START_TEST(test_emulation__an_offset_moves_the_magic)
{
    const struct ocn_handler handler =
        parse("enabled\ninterpreter /x\nflags: \noffset 3\nmagic 4142\n");

    ck_assert_int_eq(ocn_emulation_matches(&handler, (struct ocn_bytes){ "xyzAB", 5 }, "/app"), 1);
    ck_assert_int_eq(ocn_emulation_matches(&handler, (struct ocn_bytes){ "xyzA", 4 }, "/app"), 0);
    ck_assert_int_eq(ocn_emulation_matches(&handler, (struct ocn_bytes){ "AB", 2 }, "/app"), 0);
    ck_assert_int_eq(ocn_emulation_matches(&handler, (struct ocn_bytes){ "ABxyz", 5 }, "/app"), 0);
}
END_TEST

START_TEST(test_emulation__an_extension_is_the_text_behind_the_last_dot)
{
    const struct ocn_handler handler =
        parse("enabled\ninterpreter /usr/bin/wine\nflags: \nextension .exe\n");
    const struct ocn_bytes head = { "MZ", 2 };

    ck_assert_int_eq(ocn_emulation_matches(&handler, head, "/app.exe"), 1);
    ck_assert_int_eq(ocn_emulation_matches(&handler, head, "/app.exe.old"), 0);
    ck_assert_int_eq(ocn_emulation_matches(&handler, head, "/exe"), 0);
    ck_assert_int_eq(ocn_emulation_matches(&handler, head, "/app.EXE"), 0);
}
END_TEST

START_TEST(test_emulation__what_is_no_entry_handles_nothing)
{
    static const char *const texts[] = {
        "",
        "enabled",
        "enabled\n",
        "disabled\ninterpreter /x\nflags: F\noffset 0\nmagic 41\n",
        "enabled\nflags: F\noffset 0\nmagic 41\n",
        "enabled\ninterpreter /x\nflags: F\noffset 0\n",
        "enabled\ninterpreter /x\nflags: F\noffset 0\nmagic \n",
        "enabled\ninterpreter /x\nflags: F\noffset 0\nmagic zz\n",
        "enabled\ninterpreter /x\nflags: F\noffset 0\nmagic 41\nmask ffff\n",
        "enabled\ninterpreter /x\nflags: F\noffset -1\nmagic 41\n",
        "enabled\ninterpreter /x\nflags: F\noffset 99999999999999999999999999\nmagic 41\n",
        "enabled\ninterpreter /x\nflags: F\noffset \nmagic 41\n",
    };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        const struct ocn_handler handler = parse(texts[i]);
        ck_assert_msg(ocn_emulation_matches(&handler, (struct ocn_bytes){ "AAAA", 4 }, "/app") == 0,
                      "%s", texts[i]);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("emulation");
    Suite *suite = suite_create("emulation");

    tcase_add_test(tcase, test_emulation__an_entry_is_read);
    tcase_add_test(tcase, test_emulation__magic_and_mask_decide);
    tcase_add_test(tcase, test_emulation__every_bit_of_the_mask_counts);
    tcase_add_test(tcase, test_emulation__an_offset_moves_the_magic);
    tcase_add_test(tcase, test_emulation__an_extension_is_the_text_behind_the_last_dot);
    tcase_add_test(tcase, test_emulation__what_is_no_entry_handles_nothing);
    tcase_add_checked_fixture(tcase, NULL, leave);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
