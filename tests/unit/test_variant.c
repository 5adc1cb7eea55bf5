/* SPDX-License-Identifier: Apache-2.0 */
/* What is expected was written down from containerd/platforms v1.0.0-rc.4, not from the table. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "normalize/program/variant.h"
#include "tests/lib/suite.h"

static struct ocn_platform platform(const char *arch, const char *variant)
{
    return (struct ocn_platform){ .os = "linux", .arch = arch, .variant = variant };
}

/* Absent is absent on both sides. */
static void same(const char *got, const char *expected)
{
    ck_assert_msg(got == NULL || expected == NULL ? got == expected : strcmp(got, expected) == 0,
                  "got %s instead of %s", got != NULL ? got : "nothing",
                  expected != NULL ? expected : "nothing");
}

START_TEST(test_variant__names_are_read_as_containerd_reads_them)
{
    static const struct {
        const char *os, *arch, *variant;
        const char *to_os, *to_arch, *to_variant;
    } rows[] = {
        { "macOS", "x86_64", NULL, "darwin", "amd64", NULL },
        { "linux", "x86-64", "", "linux", "amd64", NULL },
        { NULL, "X86_64", "v2", NULL, "amd64", "v2" },
        { "", "", "", NULL, NULL, NULL },
        { "linux", "i386", "v1", "linux", "386", NULL },
        { "linux", "aarch64", "8", "linux", "arm64", "v8" },
        { "linux", "arm64", "v8.0", "linux", "arm64", "v8" },
        { "linux", "arm64", "8.2", "linux", "arm64", "v8.2" },
        { "linux", "arm64", "9", "linux", "arm64", "v9" },
        { "linux", "arm64", "9.0", "linux", "arm64", "v9" },
        { "linux", "arm64", "V9.3", "linux", "arm64", "v9.3" },
        { "linux", "armhf", NULL, "linux", "arm", "v7" },
        { "linux", "armel", NULL, "linux", "arm", "v6" },
        { "linux", "arm", "5", "linux", "arm", "v5" },
        { "linux", "arm", "8", "linux", "arm", "v8" },
        { "linux", "ppc64le", "power9", "linux", "ppc64le", "power9" },
        { "windows", "vax", "v77", "windows", "vax", "v77" },
        { "linux", "arm64", "v8.77", "linux", "arm64", "v8.77" },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_platform got = ocn_variant_normalize(
            (struct ocn_platform){ rows[i].os, rows[i].arch, rows[i].variant });
        same(got.os, rows[i].to_os);
        same(got.arch, rows[i].to_arch);
        same(got.variant, rows[i].to_variant);
    }
}
END_TEST

START_TEST(test_variant__silence_counts_as_containerd_counts_it)
{
    same(ocn_variant_default("arm"), "v7");
    same(ocn_variant_default("arm64"), "v8");
    same(ocn_variant_default("amd64"), "v1");
    same(ocn_variant_default("s390x"), NULL);
    same(ocn_variant_default("ppc64le"), NULL);
}
END_TEST

START_TEST(test_variant__the_lowest_is_what_every_cpu_has)
{
    ck_assert_int_eq(ocn_variant_is_lowest("amd64", "v1"), 1);
    ck_assert_int_eq(ocn_variant_is_lowest("amd64", "v2"), 0);
    ck_assert_int_eq(ocn_variant_is_lowest("arm64", "v8"), 1);
    ck_assert_int_eq(ocn_variant_is_lowest("arm", "v5"), 0);
    ck_assert_int_eq(ocn_variant_is_lowest("s390x", "z13"), 0);
}
END_TEST

/* The minor number of "v8.3" behind major @major, 0 for "v8", or -1. */
static int minor_of(const char *variant, char major)
{
    if (variant[0] != 'v' || variant[1] != major) {
        return -1;
    }
    return variant[2] == '.' ? variant[3] - '0' : variant[2] == '\0' ? 0 : -1;
}

/* platformVector() of compare.go for arm64, by its words: v9.x, then v8.(x+5) at most 9, then arm.
 */
static int arm64_includes(const char *host, const char *program)
{
    int host9 = minor_of(host, '9');
    int host8 = minor_of(host, '8');
    int program9 = minor_of(program, '9');
    int program8 = minor_of(program, '8');

    if (host9 >= 0) {
        int reach = host9 + 5 < 9 ? host9 + 5 : 9;
        return program9 >= 0 ? program9 <= host9 : program8 <= reach;
    }
    return program8 >= 0 && program8 <= host8;
}

START_TEST(test_variant__arm64_includes_what_containerds_vector_lists)
{
    static const char *const variants[] = { "v8",   "v8.1", "v8.2", "v8.3", "v8.4", "v8.5",
                                            "v8.6", "v8.7", "v8.8", "v8.9", "v9",   "v9.1",
                                            "v9.2", "v9.3", "v9.4", "v9.5", "v9.6", "v9.7" };
    static const char *const arms[] = { "v5", "v6", "v7", "v8" };

    for (size_t host = 0; host < OCN_COUNT(variants); host++) {
        for (size_t program = 0; program < OCN_COUNT(variants); program++) {
            ck_assert_msg(
                ocn_variant_runs(platform("arm64", variants[host]),
                                 platform("arm64", variants[program])) ==
                    (arm64_includes(variants[host], variants[program]) ? OCN_RUNS : OCN_RUNS_NOT),
                "%s on %s", variants[program], variants[host]);
        }
        for (size_t i = 0; i < OCN_COUNT(arms); i++) {
            ck_assert_int_eq(
                ocn_variant_runs(platform("arm64", variants[host]), platform("arm", arms[i])),
                OCN_RUNS);
            ck_assert_int_eq(
                ocn_variant_runs(platform("arm", arms[i]), platform("arm64", variants[host])),
                OCN_RUNS_NOT);
        }
    }
}
END_TEST

START_TEST(test_variant__the_others_are_upwards_compatible)
{
    static const struct {
        const char *arch;
        const char *variants[5];
    } rows[] = {
        { "amd64", { "v1", "v2", "v3", "v4" } },
        { "arm", { "v5", "v6", "v7", "v8" } },
        { "ppc64", { "power8", "power9", "power10", "power11" } },
        { "ppc64le", { "power8", "power9", "power10", "power11" } },
        { "riscv64", { "rva20u64", "rva22u64", "rva23u64" } },
    };

    for (size_t row = 0; row < OCN_COUNT(rows); row++) {
        for (size_t host = 0; rows[row].variants[host] != NULL; host++) {
            for (size_t program = 0; rows[row].variants[program] != NULL; program++) {
                ck_assert_int_eq(
                    ocn_variant_runs(platform(rows[row].arch, rows[row].variants[host]),
                                     platform(rows[row].arch, rows[row].variants[program])),
                    host >= program ? OCN_RUNS : OCN_RUNS_NOT);
            }
        }
    }
    ck_assert_int_eq(ocn_variant_runs(platform("amd64", "v4"), platform("386", NULL)), OCN_RUNS);
    ck_assert_int_eq(ocn_variant_runs(platform("386", NULL), platform("amd64", "v1")),
                     OCN_RUNS_NOT);
    ck_assert_int_eq(ocn_variant_runs(platform("amd64", "v4"), platform("arm", "v5")),
                     OCN_RUNS_NOT);
}
END_TEST

START_TEST(test_variant__the_unknown_is_no_statement)
{
    ck_assert_int_eq(ocn_variant_runs(platform("arm64", "v8.77"), platform("arm64", "v8")),
                     OCN_RUNS_UNKNOWN);
    ck_assert_int_eq(ocn_variant_runs(platform("arm64", "v8"), platform("arm64", "v10")),
                     OCN_RUNS_UNKNOWN);
    ck_assert_int_eq(ocn_variant_runs(platform("amd64", NULL), platform("amd64", "v1")),
                     OCN_RUNS_UNKNOWN);
    ck_assert_int_eq(ocn_variant_runs(platform("s390x", "z15"), platform("s390x", "z16")),
                     OCN_RUNS_UNKNOWN);
    ck_assert_int_eq(ocn_variant_runs(platform("amd64", "v3"),
                                      platform("amd64", "v3333333333333333333333333333333333")),
                     OCN_RUNS_UNKNOWN);
}
END_TEST

START_TEST(test_variant__go_settings_are_levels)
{
    static const struct {
        const char *arch, *value, *variant;
    } rows[] = {
        { "amd64", "v1", "v1" },
        { "amd64", "v4", "v4" },
        { "amd64", "v5", NULL },
        { "amd64", "", NULL },
        { "arm", "5", "v5" },
        { "arm", "7", "v7" },
        { "arm", "6,softfloat", "v6" },
        { "arm", "7,hardfloat", "v7" },
        { "arm64", "v8.0", "v8" },
        { "arm64", "v8.0,lse", "v8.1" },
        { "arm64", "v8.0,crypto", "v8" },
        { "arm64", "v8.2,lse,crypto", "v8.2" },
        { "arm64", "v9.5", "v9.5" },
        { "arm64", ",lse", NULL },
        { "ppc64le", "power10", "power10" },
        { "ppc64", "power8", "power8" },
        { "riscv64", "rva22u64", "rva22u64" },
        { "arm64", "v8.000000000000000000000000000000000000000", NULL },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        same(ocn_variant_of_go(rows[i].arch, rows[i].value), rows[i].variant);
    }
    same(ocn_variant_go_key("amd64"), "GOAMD64");
    same(ocn_variant_go_key("ppc64le"), "GOPPC64");
    same(ocn_variant_go_key("s390x"), NULL);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("variant");
    Suite *suite = suite_create("variant");

    tcase_add_test(tcase, test_variant__names_are_read_as_containerd_reads_them);
    tcase_add_test(tcase, test_variant__silence_counts_as_containerd_counts_it);
    tcase_add_test(tcase, test_variant__the_lowest_is_what_every_cpu_has);
    tcase_add_test(tcase, test_variant__arm64_includes_what_containerds_vector_lists);
    tcase_add_test(tcase, test_variant__the_others_are_upwards_compatible);
    tcase_add_test(tcase, test_variant__the_unknown_is_no_statement);
    tcase_add_test(tcase, test_variant__go_settings_are_levels);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
