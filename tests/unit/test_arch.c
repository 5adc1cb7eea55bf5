/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/program/arch.h"
#include "tests/lib/mem_view.h"
#include "tests/lib/suite.h"

/* Headers as they were measured of real Go binaries (tests/lib/mem_view.c), not as the table has
 * them. */
static const char *const ports[] = { "386",     "amd64",   "arm",      "arm64",  "loong64",
                                     "mips",    "mips64",  "mips64le", "mipsle", "ppc64",
                                     "ppc64le", "riscv64", "s390x" };
static const char *const strangers[] = { "x32",     "aarch64_be", "arm64ilp32",
                                         "mipsn32", "armoabi",    "ppc" };

static const char *arch_of(const char *name)
{
    unsigned char header[64];
    struct ocn_elf elf;
    struct ocn_error err = { 0 };
    const struct ocn_bytes bytes = { (const char *)header, sizeof(header) };

    ck_assert_int_eq(ocn_test_elf_header(name, header), 0);
    ck_assert_int_eq(ocn_elf_is(bytes), 1);
    ck_assert_int_eq(ocn_elf_read(bytes, &elf, &err), 0);
    return ocn_arch_of_elf(&elf);
}

START_TEST(test_arch__every_linux_port_of_go_is_known_by_its_header)
{
    for (size_t i = 0; i < OCN_COUNT(ports); i++) {
        ck_assert_str_eq(arch_of(ports[i]), ports[i]);
    }
    for (size_t i = 0; i < OCN_COUNT(strangers); i++) {
        ck_assert_msg(arch_of(strangers[i]) == NULL, "%s", strangers[i]);
    }
}
END_TEST

START_TEST(test_arch__what_is_no_port_of_go_has_a_name_for_messages)
{
    static const struct {
        uint16_t machine;
        unsigned bits;
        bool big_endian;
        uint32_t flags;
        const char *name;
    } rows[] = {
        { 62, 32, false, 0, "x32" },
        { 62, 64, false, 0, "amd64" },
        { 8, 32, true, 0x20000024, "mips64 n32" },
        { 8, 32, false, 0x80000027, "mips64le n32" },
        { 8, 32, false, 0x70001007, "mipsle" },
        { 183, 32, false, 0, "arm64 ILP32" },
        { 183, 64, true, 0, "aarch64_be" },
        { 40, 32, false, 0x05000200, "arm" },
        { 40, 32, false, 0x05000400, "arm" },
        { 40, 32, false, 0, "arm OABI" },
        { 40, 32, true, 0x05800000, "armeb" },
        { 20, 32, true, 0, "ppc" },
        { 2, 32, true, 0, "sparc" },
        { 43, 64, true, 0, "sparc64" },
        { 15, 32, true, 0x210, "hppa" },
        { 42, 32, false, 0x16, "sh4" },
        { 4, 32, true, 0x01000000, "m68k" },
        { 0x9026, 64, false, 0, "alpha" },
        { 50, 64, false, 0x10, "ia64" },
        { 22, 32, true, 0, "s390" },
        { 243, 32, false, 5, "riscv32" },
        { 0xfeed, 64, false, 0, NULL },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_elf elf = { .bits = rows[i].bits,
                                     .big_endian = rows[i].big_endian,
                                     .machine = rows[i].machine,
                                     .flags = rows[i].flags };
        const char *name = ocn_arch_or_abi(&elf);
        ck_assert_msg((name == NULL) == (rows[i].name == NULL), "%u", rows[i].machine);
        if (name != NULL) {
            ck_assert_str_eq(name, rows[i].name);
        }
    }
}
END_TEST

START_TEST(test_arch__hosts_are_known_by_uname)
{
    static const struct {
        const char *machine;
        const char *arch;
    } rows[] = { { "x86_64", "amd64" }, { "i386", "386" },
                 { "i686", "386" },     { "aarch64", "arm64" },
                 { "armv7l", "arm" },   { "armv8l", "arm" },
                 { "armv5tel", "arm" }, { "ppc64le", "ppc64le" },
                 { "ppc64", "ppc64" },  { "riscv64", "riscv64" },
                 { "s390x", "s390x" },  { "loongarch64", "loong64" },
                 { "mips", NULL },      { "mips64", NULL },
                 { "vax", NULL },       { "", NULL },
                 { "armv7b", NULL },    { "s390", NULL } };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const char *arch = ocn_arch_of_machine(rows[i].machine);
        ck_assert_msg((arch == NULL) == (rows[i].arch == NULL), "%s", rows[i].machine);
        if (arch != NULL) {
            ck_assert_str_eq(arch, rows[i].arch);
        }
    }
}
END_TEST

START_TEST(test_arch__a_host_runs_itself_and_its_32_bit_sibling)
{
    for (size_t host = 0; host < OCN_COUNT(ports); host++) {
        for (size_t program = 0; program < OCN_COUNT(ports); program++) {
            int sibling =
                (strcmp(ports[host], "amd64") == 0 && strcmp(ports[program], "386") == 0) ||
                (strcmp(ports[host], "arm64") == 0 && strcmp(ports[program], "arm") == 0);
            ck_assert_msg(ocn_arch_runs(ports[host], ports[program]) ==
                              (sibling || host == program),
                          "%s on %s", ports[program], ports[host]);
        }
    }
    ck_assert_int_eq(ocn_arch_runs("vax", "386"), 0);
    ck_assert_int_eq(ocn_arch_runs("s390x", "s390"), 1);
    ck_assert_int_eq(ocn_arch_runs("ppc64", "ppc"), 1);
    ck_assert_int_eq(ocn_arch_runs("ppc64le", "ppc"), 0);
    ck_assert_int_eq(ocn_arch_runs("amd64", "38"), 0);
    ck_assert_int_eq(ocn_arch_runs("amd64", "x32"), 0);
}
END_TEST

START_TEST(test_arch__a_header_cut_anywhere_is_refused)
{
    unsigned char header[64];
    struct ocn_elf elf;

    ck_assert_int_eq(ocn_test_elf_header("s390x", header), 0);
    for (size_t len = 4; len < sizeof(header); len++) {
        struct ocn_error err = { 0 };
        ck_assert_int_eq(ocn_elf_read((struct ocn_bytes){ (const char *)header, len }, &elf, &err),
                         -1);
        ck_assert_ptr_nonnull(strstr(err.msg, "cut short"));
    }
    ck_assert_int_eq(ocn_elf_is((struct ocn_bytes){ "\x7f"
                                                    "EL",
                                                    3 }),
                     0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("arch");
    Suite *suite = suite_create("arch");

    tcase_add_test(tcase, test_arch__every_linux_port_of_go_is_known_by_its_header);
    tcase_add_test(tcase, test_arch__what_is_no_port_of_go_has_a_name_for_messages);
    tcase_add_test(tcase, test_arch__hosts_are_known_by_uname);
    tcase_add_test(tcase, test_arch__a_host_runs_itself_and_its_32_bit_sibling);
    tcase_add_test(tcase, test_arch__a_header_cut_anywhere_is_refused);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
