/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/host_level.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define V2 "fpu lm pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm"
#define V3 V2 " fma movbe xsave avx f16c abm bmi1 avx2 bmi2"
#define V4 V3 " avx512f avx512dq avx512cd avx512bw avx512vl"
#define N1                                                                                         \
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop "  \
    "asimddp ssbs"
#define V1_NEOVERSE                                                                                \
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm jscvt fcma "   \
    "lrcpc dcpop sha3 sm3 sm4 asimddp sha512 sve asimdfhm dit uscat ilrcpc flagm ssbs paca pacg "  \
    "dcpodp svei8mm svebf16 i8mm bf16 dgh rng"
#define N2 V1_NEOVERSE " sb sve2 flagm2 frint bti"

static const char *level_of_text(const char *arch, const char *key, const char *value)
{
    char text[4096];

    (void)snprintf(text, sizeof(text), "processor\t: 0\nmodel\t\t: 85\n%s\t\t: %s\nbogus\t: x\n\n",
                   key, value);
    return ocn_cpu_level_of_text(arch, text);
}

static void same(const char *got, const char *expected, const char *what)
{
    ck_assert_msg(got == NULL || expected == NULL ? got == expected : strcmp(got, expected) == 0,
                  "%s: got %s instead of %s", what, got != NULL ? got : "nothing",
                  expected != NULL ? expected : "nothing");
}

START_TEST(test_host_level__cpuinfo_names_the_level)
{
    static const struct {
        const char *arch, *key, *value, *level;
    } rows[] = {
        { "amd64", "flags", "fpu lm pni", "v1" },
        { "amd64", "flags", V2, "v2" },
        { "amd64", "flags", V3, "v3" },
        { "amd64", "flags", V4, "v4" },
        { "amd64", "flags", V3 " avx512f", "v3" },
        { "amd64", "flags", "fpu lm fma movbe xsave avx f16c abm bmi1 avx2 bmi2", "v1" },
        { "amd64", "flags", "", NULL },
        { "amd64", "Features", V4, NULL },
        { "arm64", "Features", "fp asimd evtstrm aes crc32 cpuid", "v8" },
        { "arm64", "Features", "fp asimd crc32 atomics", "v8.1" },
        { "arm64", "Features", N1, "v8.2" },
        { "arm64", "Features", V1_NEOVERSE, "v8.4" },
        { "arm64", "Features", N2, "v9.1" },
        { "arm64", "Features", "", NULL },
        { "ppc64le", "cpu", "POWER8 (architected), altivec supported", "power8" },
        { "ppc64le", "cpu", "POWER9, altivec supported", "power9" },
        { "ppc64le", "cpu", "POWER10 (raw), altivec supported", "power10" },
        { "ppc64le", "cpu", "POWER12", NULL },
        { "riscv64", "isa", "rv64imafdc", NULL },
        { "riscv64", "isa", "rv64imafdch_zicntr_zicsr_zifencei_zihpm", "rva20u64" },
        { "riscv64", "isa", "rv64imafdc_zicsr_zba_zbb_zbc_zbs", "rva22u64" },
        { "riscv64", "isa", "rv64imafdcv_zicsr_zicond_zba_zbb_zbs", "rva23u64" },
        { "s390x", "features", "esan3 zarch", NULL },
        { "386", "flags", V4, NULL },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        same(level_of_text(rows[i].arch, rows[i].key, rows[i].value), rows[i].level, rows[i].value);
    }
    same(ocn_cpu_level_of_text("amd64", ""), NULL, "empty");
    same(ocn_cpu_level_of_text("amd64", "flags"), NULL, "cut");
    same(ocn_cpu_level_of_text("amd64", "flags\t:"), NULL, "cut");
    same(ocn_cpu_level_of_text("amd64", "flags\t: lm"), "v1", "no line end");
    same(ocn_cpu_level_of_text("amd64", "vmx flags\t: lm\n"), NULL, "another key");
}
END_TEST

START_TEST(test_host_level__arm_says_its_architecture)
{
    static const struct {
        const char *model, *features, *architecture, *level;
    } rows[] = {
        { "ARMv7 Processor rev 4 (v7l)", "half thumb vfp neon vfpv3", "7", "v7" },
        { "ARMv7 Processor rev 4 (v7l)", "half thumb vfp", "7", "v6" },
        { "ARMv7 Processor rev 4 (v7l)", "half thumb", "7", "v5" },
        { "ARMv6-compatible processor rev 7 (v6l)", "vfp vfpv3", "7", "v6" },
        { "ARMv8 Processor rev 3 (v8l)", "vfp vfpv3 crc32", "8", "v8" },
        { "ARMv8 Processor", "vfp vfpv3", "AArch64", "v8" },
        { "ARM926EJ-S rev 5 (v5l)", "swp half", "5TEJ", "v5" },
        { "ARM920T", "swp half", "4T", NULL },
        { "odd", "vfp vfpv3", "?(12)", "v7" },
        { "odd", "vfp vfpv3", "", NULL },
    };
    char text[512];

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        (void)snprintf(text, sizeof(text),
                       "processor\t: 0\nmodel name\t: %s\nFeatures\t: %s\nCPU architecture: %s\n",
                       rows[i].model, rows[i].features, rows[i].architecture);
        same(ocn_cpu_level_of_text("arm", text), rows[i].level, rows[i].architecture);
    }
}
END_TEST

/* Bits as they stand in the manuals. */
#define LEAF1_V2 0x00982201ULL
#define LEAF1_V3 (LEAF1_V2 | 0x38401000ULL)
#define LEAF7_V3 0x00000128ULL
#define LEAF7_V4 (LEAF7_V3 | 0xd0030000ULL)

START_TEST(test_host_level__bits_name_the_level)
{
    static const struct {
        const char *arch;
        struct ocn_cpu cpu;
        const char *level;
    } rows[] = {
        { "amd64", { { 0, 0, 0, 1U << 29 }, 0, NULL }, "v1" },
        { "amd64", { { LEAF1_V2, 0, 1, 1U << 29 }, 0, NULL }, "v2" },
        { "amd64", { { LEAF1_V3, LEAF7_V3, 0x21, 1U << 29 }, 0x07, NULL }, "v3" },
        /* the kernel does not keep YMM: the bits are there, the registers are not */
        { "amd64", { { LEAF1_V3, LEAF7_V3, 0x21, 1U << 29 }, 0x03, NULL }, "v2" },
        { "amd64", { { LEAF1_V3, LEAF7_V4, 0x21, 1U << 29 }, 0xe7, NULL }, "v4" },
        { "amd64", { { LEAF1_V3, LEAF7_V4, 0x21, 1U << 29 }, 0x07, NULL }, "v3" },
        { "amd64", { { LEAF1_V3, LEAF7_V4, 0x01, 1U << 29 }, 0xe7, NULL }, "v2" },
        { "amd64", { { 0 }, 0, NULL }, NULL },
        { "arm", { { 1U << 6 | 1U << 13 }, 0, "v7l" }, "v7" },
        { "arm", { { 1U << 6 }, 0, "v7l" }, "v6" },
        { "arm", { { 1U << 6 | 1U << 13 }, 0, "v8l" }, "v8" },
        { "arm", { { 1U << 6 | 1U << 13 }, 0, NULL }, NULL },
        { "arm64", { { 3 }, 0, "aarch64" }, "v8" },
        { "arm64", { { 3 | 1U << 8 }, 0, "aarch64" }, "v8.1" },
        { "arm64", { { 3 | 1U << 8 | 1U << 16 }, 0, "aarch64" }, "v8.2" },
        { "ppc64le", { { 0 }, 0, "power9" }, "power9" },
        { "ppc64le", { { 0 }, 0, "power10" }, "power10" },
        { "ppc64le", { { 0 }, 0, NULL }, NULL },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        same(ocn_cpu_level(rows[i].arch, &rows[i].cpu), rows[i].level, rows[i].arch);
    }
}
END_TEST

/* On the machine itself both sources must agree. */
START_TEST(test_host_level__this_cpu_is_what_its_cpuinfo_says)
{
#if defined(__x86_64__)
    static char text[1 << 16];
    struct ocn_cpu cpu;
    FILE *file = fopen("/proc/cpuinfo", "r");

    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    ocn_cpu_read(&cpu);
    ck_assert_ptr_nonnull(ocn_cpu_level("amd64", &cpu));
    same(ocn_cpu_level("amd64", &cpu), ocn_cpu_level_of_text("amd64", text), "this CPU");
#endif
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("host_level");
    Suite *suite = suite_create("host_level");

    tcase_add_test(tcase, test_host_level__cpuinfo_names_the_level);
    tcase_add_test(tcase, test_host_level__arm_says_its_architecture);
    tcase_add_test(tcase, test_host_level__bits_name_the_level);
    tcase_add_test(tcase, test_host_level__this_cpu_is_what_its_cpuinfo_says);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
