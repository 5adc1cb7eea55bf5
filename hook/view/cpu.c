/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A level is a set of features by the names that /proc/cpuinfo has for them. Names come from two
 * sources: the bits that CPUID or the auxiliary vector have, or the text of a cpuinfo.
 */
#include "hook/view/cpu.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#else
#include <sys/auxv.h>
#endif
#if defined(__aarch64__)
#include <sys/personality.h>
#endif

#include "hook/sys/io.h"
#include "normalize/node/limits.h"

/*
 * A level is reached if @base is (a row before it) and all that it @needs is there; the last one
 * that is reached counts.
 * amd64: psABI levels by what Go's start-up tests (runtime/asm_amd64.s); XSAVE stands for OSXSAVE.
 * arm64: what the level makes mandatory and Linux names; v8.1 is LSE alone, which is what compilers
 *        and Go's runtime use of it.
 * arm:   "archN" (N or more) comes from "CPU architecture"; vfp and vfpv3 as Go's start-up tests
 * them. riscv64: zicsr is named by kernels (6.5) that also name what rva22u64 needs; older ones say
 * less than the CPU can, and so nothing is known there.
 */
static const struct row {
    char arch[8];
    char variant[12];
    char base[12]; /* "": none */
    char needs[52];
} rows[] = {
    { "amd64", "v1", "", "lm" },
    { "amd64", "v2", "v1", "pni ssse3 cx16 sse4_1 sse4_2 popcnt lahf_lm" },
    { "amd64", "v3", "v2", "fma movbe xsave avx f16c abm bmi1 avx2 bmi2" },
    { "amd64", "v4", "v3", "avx512f avx512dq avx512cd avx512bw avx512vl" },
    { "arm", "v5", "", "arch5" },
    { "arm", "v6", "v5", "arch6 vfp" },
    { "arm", "v7", "v6", "arch7 vfpv3" },
    { "arm", "v8", "v7", "arch8" },
    { "arm64", "v8", "", "fp asimd" },
    { "arm64", "v8.1", "v8", "atomics" },
    { "arm64", "v8.2", "v8.1", "dcpop" },
    { "arm64", "v8.3", "v8.2", "jscvt fcma lrcpc" },
    { "arm64", "v8.4", "v8.3", "dit flagm uscat ilrcpc asimddp" },
    { "arm64", "v8.5", "v8.4", "sb flagm2 frint" },
    { "arm64", "v8.6", "v8.5", "i8mm bf16" },
    { "arm64", "v8.7", "v8.6", "wfxt afp" },
    { "arm64", "v9", "v8.5", "sve2" },
    { "arm64", "v9.1", "v9", "i8mm bf16" },
    { "arm64", "v9.2", "v9.1", "wfxt afp" },
    { "ppc64", "power8", "", "power8" },
    { "ppc64", "power9", "", "power9" },
    { "ppc64", "power10", "", "power10" },
    { "ppc64", "power11", "", "power11" },
    { "ppc64le", "power8", "", "power8" },
    { "ppc64le", "power9", "", "power9" },
    { "ppc64le", "power10", "", "power10" },
    { "ppc64le", "power11", "", "power11" },
    { "riscv64", "rva20u64", "", "i m a f d c zicsr" },
    { "riscv64", "rva22u64", "rva20u64", "zba zbb zbs" },
    { "riscv64", "rva23u64", "rva22u64", "v zicond" },
};

#define AVX 0x06    /* XMM and YMM state */
#define AVX512 0xe6 /* and opmask, ZMM */

/* Where a program finds a feature by itself. The kernel must keep the register states of @xcr0. */
static const struct {
    char arch[8];
    char name[12];
    unsigned char word, bit;
    unsigned char xcr0;
} bits[] = {
    { "amd64", "pni", OCN_CPU_HWCAP, 0, 0 },
    { "amd64", "ssse3", OCN_CPU_HWCAP, 9, 0 },
    { "amd64", "fma", OCN_CPU_HWCAP, 12, AVX },
    { "amd64", "cx16", OCN_CPU_HWCAP, 13, 0 },
    { "amd64", "sse4_1", OCN_CPU_HWCAP, 19, 0 },
    { "amd64", "sse4_2", OCN_CPU_HWCAP, 20, 0 },
    { "amd64", "movbe", OCN_CPU_HWCAP, 22, 0 },
    { "amd64", "popcnt", OCN_CPU_HWCAP, 23, 0 },
    { "amd64", "xsave", OCN_CPU_HWCAP, 27, 0 },
    { "amd64", "avx", OCN_CPU_HWCAP, 28, AVX },
    { "amd64", "f16c", OCN_CPU_HWCAP, 29, AVX },
    { "amd64", "bmi1", OCN_CPU_HWCAP2, 3, 0 },
    { "amd64", "avx2", OCN_CPU_HWCAP2, 5, AVX },
    { "amd64", "bmi2", OCN_CPU_HWCAP2, 8, 0 },
    { "amd64", "avx512f", OCN_CPU_HWCAP2, 16, AVX512 },
    { "amd64", "avx512dq", OCN_CPU_HWCAP2, 17, AVX512 },
    { "amd64", "avx512cd", OCN_CPU_HWCAP2, 28, AVX512 },
    { "amd64", "avx512bw", OCN_CPU_HWCAP2, 30, AVX512 },
    { "amd64", "avx512vl", OCN_CPU_HWCAP2, 31, AVX512 },
    { "amd64", "lahf_lm", OCN_CPU_EXTENDED, 0, 0 },
    { "amd64", "abm", OCN_CPU_EXTENDED, 5, 0 },
    { "amd64", "lm", OCN_CPU_LOW, 29, 0 },
    { "arm", "vfp", OCN_CPU_HWCAP, 6, 0 },
    { "arm", "vfpv3", OCN_CPU_HWCAP, 13, 0 },
    { "arm64", "fp", OCN_CPU_HWCAP, 0, 0 },
    { "arm64", "asimd", OCN_CPU_HWCAP, 1, 0 },
    { "arm64", "atomics", OCN_CPU_HWCAP, 8, 0 },
    { "arm64", "jscvt", OCN_CPU_HWCAP, 13, 0 },
    { "arm64", "fcma", OCN_CPU_HWCAP, 14, 0 },
    { "arm64", "lrcpc", OCN_CPU_HWCAP, 15, 0 },
    { "arm64", "dcpop", OCN_CPU_HWCAP, 16, 0 },
    { "arm64", "asimddp", OCN_CPU_HWCAP, 20, 0 },
    { "arm64", "dit", OCN_CPU_HWCAP, 24, 0 },
    { "arm64", "uscat", OCN_CPU_HWCAP, 25, 0 },
    { "arm64", "ilrcpc", OCN_CPU_HWCAP, 26, 0 },
    { "arm64", "flagm", OCN_CPU_HWCAP, 27, 0 },
    { "arm64", "sb", OCN_CPU_HWCAP, 29, 0 },
    { "arm64", "sve2", OCN_CPU_HWCAP2, 1, 0 },
    { "arm64", "flagm2", OCN_CPU_HWCAP2, 7, 0 },
    { "arm64", "frint", OCN_CPU_HWCAP2, 8, 0 },
    { "arm64", "i8mm", OCN_CPU_HWCAP2, 13, 0 },
    { "arm64", "bf16", OCN_CPU_HWCAP2, 14, 0 },
    { "arm64", "afp", OCN_CPU_HWCAP2, 20, 0 },
    { "arm64", "wfxt", OCN_CPU_HWCAP2, 31, 0 },
};

/* The lines of /proc/cpuinfo that name features, and what stands between these. */
static const struct line {
    char arch[8];
    char key[12];
    char between[4];
} lines[] = {
    { "amd64", "flags", " " }, { "arm", "Features", " " },  { "arm64", "Features", " " },
    { "ppc64", "cpu", " ,(" }, { "ppc64le", "cpu", " ,(" }, { "riscv64", "isa", "_" },
};

/*
 * A cpuinfo may name less than a program finds: what a hypervisor tells the kernel need not be what
 * the CPU tells a process (PVM, Xen's PV guests), a kernel may hide a feature and cannot take it
 * away, and it may know the CPU by a name of its own. So a feature is also there where @by has all
 * the names of a row.
 * amd64: what has these four is a Haswell, an Excavator or younger than both, of which v3 was made;
 *        VIA's CPUs with AVX2 have no FMA. Bits of leaf 0x80000001 are hidden most (a Zen 5 without
 *        "abm").
 * ppc64: POWER8's sisters, whose AT_PLATFORM is "power8" (Linux, cpu_specs_book3s_64.h).
 */
#define HASWELL "bmi1 avx2 bmi2 fma"
static const struct implied {
    char arch[8];
    char name[12];
    char by[24];
} implied[] = {
    { "amd64", "lahf_lm", HASWELL },    { "amd64", "abm", HASWELL },
    { "amd64", "movbe", HASWELL },      { "amd64", "f16c", HASWELL },
    { "ppc64", "power8", "power8e" },   { "ppc64", "power8", "power8nvl" },
    { "ppc64le", "power8", "power8e" }, { "ppc64le", "power8", "power8nvl" },
};

/* Somebody who knows which features there are: one of the two is not NULL. */
struct source {
    const char *arch;
    const struct ocn_cpu *cpu;
    const char *text;
};

/* Whether @knows every word of @list. */
static bool has_all(const struct source *source, const char *list,
                    bool (*knows)(const struct source *source, const char *name, size_t len))
{
    while (*list != '\0') {
        size_t len = strcspn(list, " ");
        if (!knows(source, list, len)) {
            return false;
        }
        list += len + (list[len] == ' ');
    }
    return true;
}

/* ---- what a program is told ------------------------------------------------------------- */

static bool has_bit(const struct source *source, const char *name, size_t len)
{
    const struct ocn_cpu *cpu = source->cpu;

    for (size_t i = 0; i < OCN_COUNT(bits); i++) {
        if (strcmp(bits[i].arch, source->arch) == 0 && strlen(bits[i].name) == len &&
            memcmp(bits[i].name, name, len) == 0) {
            return (cpu->words[bits[i].word] >> bits[i].bit & 1) != 0 &&
                   (cpu->xcr0 & bits[i].xcr0) == bits[i].xcr0;
        }
    }
    return cpu->platform != NULL && strlen(cpu->platform) == len &&
           strncasecmp(cpu->platform, name, len) == 0; /* "power9" */
}

/* ---- what a cpuinfo says ---------------------------------------------------------------- */

/* The value of the first line of @key, up to the end of the text; NULL: there is none. */
static const char *find_line(const char *text, const char *key)
{
    size_t len = strlen(key);

    while (text != NULL && *text != '\0') {
        if (strncmp(text, key, len) == 0) {
            const char *colon = text + len + strspn(text + len, " \t");
            if (*colon == ':') {
                return colon + 1 + strspn(colon + 1, " \t");
            }
        }
        text = strchr(text, '\n');
        text += text != NULL;
    }
    return NULL;
}

/* RISC-V's letters come first and stand together: "rv64imafdc_zba". */
static bool has_letter(const char *isa, char letter)
{
    size_t word = strcspn(isa, "_\n");

    return word > 4 && strncmp(isa, "rv64", 4) == 0 && memchr(isa + 4, letter, word - 4) != NULL;
}

static bool names(const struct source *source, const char *name, size_t len)
{
    const struct line *line = lines;

    while (line < lines + OCN_COUNT(lines) && strcmp(line->arch, source->arch) != 0) {
        line++;
    }
    const char *at = line < lines + OCN_COUNT(lines) ? find_line(source->text, line->key) : NULL;
    if (at != NULL && len == 1) {
        return has_letter(at, *name);
    }
    while (at != NULL && *at != '\0' && *at != '\n') {
        size_t word = strcspn(at, line->between);
        size_t rest = strcspn(at, "\n");
        word = word < rest ? word : rest;
        if (word == len && strncasecmp(at, name, len) == 0) {
            return true;
        }
        at += word;
        at += *at != '\n' && *at != '\0';
    }
    return false;
}

static bool has_word(const struct source *source, const char *name, size_t len)
{
    bool found = names(source, name, len);

    for (size_t i = 0; i < OCN_COUNT(implied) && !found; i++) {
        found = strcmp(implied[i].arch, source->arch) == 0 && strlen(implied[i].name) == len &&
                memcmp(implied[i].name, name, len) == 0 && has_all(source, implied[i].by, names);
    }
    return found;
}

/* ---- the architecture of 32-bit Arm ----------------------------------------------------- */

/*
 * "7", "7M", "5TEJ", "AArch64" of "CPU architecture"; "v7l" of AT_PLATFORM; what the kernel cannot
 * name ("?(12)") is v7 (containerd/platforms cpuinfo_linux.go). 0: not known.
 */
static int arm_number(const char *text)
{
    if (strncasecmp(text, "aarch64", 7) == 0) {
        return 8;
    }
    text += text[0] == 'v';
    return text[0] >= '1' && text[0] <= '9' ? text[0] - '0' : text[0] == '?' ? 7 : 0;
}

static bool is_arm(const struct source *source, int wanted)
{
    const char *text =
        source->cpu != NULL ? source->cpu->platform : find_line(source->text, "CPU architecture");
    const char *model = source->text != NULL ? find_line(source->text, "model name") : NULL;
    int number = text != NULL ? arm_number(text) : 0;

    /* The first Raspberry Pi says 7 and means 6. */
    if (number == 7 && model != NULL && strncasecmp(model, "armv6-compatible", 16) == 0) {
        number = 6;
    }
    return number >= wanted;
}

/* ---- levels ----------------------------------------------------------------------------- */

static bool has(const struct source *source, const char *name, size_t len)
{
    if (len == 5 && strncmp(name, "arch", 4) == 0) {
        return is_arm(source, name[4] - '0');
    }
    return source->cpu != NULL ? has_bit(source, name, len) : has_word(source, name, len);
}

/* The last row that is reached: bases stand before what builds on them. */
static const char *find_level(const struct source *source)
{
    bool reached[OCN_COUNT(rows)] = { false };
    const char *best = NULL;

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        if (strcmp(rows[i].arch, source->arch) != 0) {
            continue;
        }
        bool base = rows[i].base[0] == '\0';
        for (size_t j = 0; j < i && !base; j++) {
            base = reached[j] && strcmp(rows[j].variant, rows[i].base) == 0;
        }
        reached[i] = base && has_all(source, rows[i].needs, has);
        best = reached[i] ? rows[i].variant : best;
    }
    return best;
}

const char *ocn_cpu_level(const char *arch, const struct ocn_cpu *cpu)
{
    const struct source source = { .arch = arch, .cpu = cpu };

    return find_level(&source);
}

const char *ocn_cpu_level_of_text(const char *arch, const char *cpuinfo)
{
    const struct source source = { .arch = arch, .text = cpuinfo };

    return find_level(&source);
}

/* ---- this machine ----------------------------------------------------------------------- */

#if defined(__x86_64__) || defined(__i386__)

#define OSXSAVE (1U << 27)

/* Each CPUID is an exit to the hypervisor in a virtual machine: no leaf is asked twice. */
void ocn_cpu_read(struct ocn_cpu *ret)
{
    unsigned max = 0;
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;

    *ret = (struct ocn_cpu){ 0 };
    __cpuid(0, max, b, c, d);
    __cpuid(1, a, b, c, d);
    ret->words[OCN_CPU_HWCAP] = c;
    if ((c & OSXSAVE) != 0) {
        __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
        ret->xcr0 = (uint64_t)d << 32 | a;
    }
    if (max >= 7) {
        __cpuid_count(7, 0, a, b, c, d);
        ret->words[OCN_CPU_HWCAP2] = b;
    }
    __cpuid(0x80000001, a, b, c, d);
    ret->words[OCN_CPU_EXTENDED] = c;
    ret->words[OCN_CPU_LOW] = d;
}

#else

void ocn_cpu_read(struct ocn_cpu *ret)
{
    unsigned long platform = getauxval(AT_PLATFORM);
    unsigned long hwcap2 = 0;

#ifdef AT_HWCAP2
    hwcap2 = getauxval(AT_HWCAP2);
#endif
    *ret = (struct ocn_cpu){
        .words = { [OCN_CPU_HWCAP] = getauxval(AT_HWCAP), [OCN_CPU_HWCAP2] = hwcap2 },
        .platform = (const char *)platform,
    };
}

#endif

bool ocn_cpu_no_32bit(void)
{
#if defined(__aarch64__)
    /* The kernel refuses this personality where no CPU has AArch32 at EL0; it is put back at once.
     */
    int before = personality(0xffffffff);
    if (before < 0 || before == PER_LINUX32) {
        return false;
    }
    if (personality(PER_LINUX32) < 0) {
        return errno == EINVAL;
    }
    (void)personality((unsigned long)before);
#endif
    return false;
}

/* ---- how many --------------------------------------------------------------------------- */

uint32_t ocn_cpu_count(void)
{
    char list[1024] = "";
    ocn_autoclose int fd = openat(AT_FDCWD, "/sys/devices/system/cpu/online", O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, list, sizeof(list) - 1) : 0;

    list[len > 0 ? len : 0] = '\0';
    list[strcspn(list, "\n")] = '\0';
    uint32_t cpus = ocn_limits_count_cpus(list);
    /* Of sysconf(3), musl's counts our own affinity, which is not the container's. */
    long online = cpus == 0 ? sysconf(_SC_NPROCESSORS_ONLN) : (long)cpus;
    return online > 0 ? (uint32_t)online : 1;
}
