/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/view/cpu.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* glibc 2.33 and younger say which CPU they search libraries for. */
#define LOADER "/lib64/ld-linux-x86-64.so.2"

#define V2 "fpu lm pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm"
#define V3 V2 " fma movbe xsave avx f16c abm bmi1 avx2 bmi2"
#define V4 V3 " avx512f avx512dq avx512cd avx512bw avx512vl"
#define V3_BUT_LZCNT V2 " fma movbe xsave avx f16c bmi1 avx2 bmi2"
/* A Zen 5 as a PVM guest's kernel sees it. */
#define ZEN5                                                                                       \
    "fpu vme de pse tsc msr pae mce cx8 apic sep pge mca cmov pat pse36 clflush mmx fxsr sse "     \
    "sse2 "                                                                                        \
    "ht syscall nx mmxext lm constant_tsc rep_good nopl cpuid pni pclmulqdq ssse3 fma cx16 "       \
    "sse4_1 "                                                                                      \
    "sse4_2 x2apic movbe popcnt aes xsave avx f16c rdrand hypervisor lahf_lm cr8_legacy "          \
    "misalignsse 3dnowprefetch topoext pti vmmcall bmi1 avx2 bmi2 erms avx512f avx512dq adx "      \
    "avx512ifma clflushopt clwb avx512cd sha_ni avx512bw avx512vl xsaveopt xsavec xgetbv1"
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
        { "amd64", "flags", V3_BUT_LZCNT, "v3" },
        { "amd64", "flags", ZEN5, "v4" },
        { "amd64", "flags",
          "lm pni ssse3 cx16 sse4_1 sse4_2 popcnt fma xsave avx bmi1 avx2 bmi2 avx512f avx512dq "
          "avx512cd avx512bw avx512vl",
          "v4" },
        { "amd64", "flags", V2 " movbe xsave avx f16c bmi1 avx2 bmi2", "v2" }, /* VIA's */
        { "amd64", "flags", V2 " fma movbe xsave avx f16c bmi1", "v2" },       /* Piledriver */
        { "amd64", "flags", V2 " movbe xsave avx f16c abm bmi1 avx2 bmi2", "v2" },
        { "amd64", "flags", "lm pni ssse3 cx16 sse4_1 sse4_2 popcnt", "v1" },
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
        { "ppc64le", "cpu", "POWER8E (raw), altivec supported", "power8" },
        { "ppc64le", "cpu", "POWER8NVL (raw), altivec supported", "power8" },
        { "ppc64", "cpu", "POWER8E (raw), altivec supported", "power8" },
        { "ppc64le", "cpu", "Power11 (architected), altivec supported", "power11" },
        { "ppc64le", "cpu", "POWER7+ (raw), altivec supported", NULL },
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

#if defined(__x86_64__)

/* "v3" if the dynamic loader of this system searches glibc-hwcaps/x86-64-v3; NULL: it has no word.
 */
static const char *level_of_loader(void)
{
    static char level[8];
    char line[256];

    if (access(LOADER, X_OK) != 0) {
        return NULL; /* a system of another libc */
    }
    FILE *said = popen(LOADER " --help", "r");
    ck_assert_ptr_nonnull(said);
    level[0] = '\0';
    while (fgets(line, sizeof(line), said) != NULL) {
        /* the best one comes first */
        if (level[0] == '\0' && strstr(line, "(supported") != NULL) {
            (void)sscanf(line, " x86-64-%7s", level);
        }
    }
    return pclose(said) != 0 ? NULL : level[0] != '\0' ? level : "v1";
}

START_TEST(test_host_level__this_cpu_is_what_the_loader_says)
{
    const char *loader = level_of_loader();
    struct ocn_cpu cpu;

    ocn_cpu_read(&cpu);
    ck_assert_ptr_nonnull(ocn_cpu_level("amd64", &cpu));
    if (loader != NULL) {
        same(ocn_cpu_level("amd64", &cpu), loader, "this CPU, beside " LOADER " --help");
    }
}
END_TEST

/* Whether @words, each between blanks, are all in @text. */
static bool names_all(const char *text, const char *words)
{
    char word[32];

    for (int len = 0; sscanf(words, " %29s%n", word + 1, &len) == 1; words += len) {
        word[0] = ' ';
        const char *at = strstr(text, word);
        while (at != NULL && strchr(" \n", at[strlen(word)]) == NULL) {
            at = strstr(at + 1, word);
        }
        if (at == NULL) {
            return false;
        }
    }
    return true;
}

/*
 * A cpuinfo may hide what a program finds; a tree that was captured here is judged no lower for it
 * where it names at least what nothing else tells of.
 */
START_TEST(test_host_level__the_cpuinfo_of_this_cpu_says_no_less)
{
    static const char *const needed[][2] = {
        { "v1", "lm" },
        { "v2", V2 },
        { "v3", "lm pni ssse3 cx16 sse4_1 sse4_2 popcnt xsave avx bmi1 avx2 bmi2 fma" },
        { "v4", "lm pni ssse3 cx16 sse4_1 sse4_2 popcnt xsave avx bmi1 avx2 bmi2 fma avx512f "
                "avx512dq avx512cd avx512bw avx512vl" },
    };
    static char text[1 << 16];
    struct ocn_cpu cpu;
    FILE *file = fopen("/proc/cpuinfo", "r");

    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    (void)fclose(file);
    ocn_cpu_read(&cpu);
    const char *live = ocn_cpu_level("amd64", &cpu);
    const char *captured = ocn_cpu_level_of_text("amd64", text);
    const char *flags = strstr(text, "\nflags");
    ck_assert_ptr_nonnull(flags);
    for (size_t i = 0; i < OCN_COUNT(needed); i++) {
        if (strcmp(needed[i][0], live) <= 0 && names_all(flags, needed[i][1])) {
            ck_assert_msg(captured != NULL && strcmp(captured, needed[i][0]) >= 0,
                          "cpuinfo says %s, CPUID says %s:%.*s",
                          captured != NULL ? captured : "nothing", live,
                          (int)strcspn(flags + 1, "\n"), flags + 1);
        }
    }
}
END_TEST

#endif

int main(void)
{
    TCase *tcase = tcase_create("cpu");
    Suite *suite = suite_create("cpu");

    tcase_add_test(tcase, test_host_level__cpuinfo_names_the_level);
    tcase_add_test(tcase, test_host_level__arm_says_its_architecture);
    tcase_add_test(tcase, test_host_level__bits_name_the_level);
#if defined(__x86_64__)
    tcase_add_test(tcase, test_host_level__this_cpu_is_what_the_loader_says);
    tcase_add_test(tcase, test_host_level__the_cpuinfo_of_this_cpu_says_no_less);
#endif
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
