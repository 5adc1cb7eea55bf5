/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>

#include "normalize/node/limits.h"
#include "tests/lib/suite.h"

static struct ocn_oci_resources unified(const char *key, const char *value)
{
    static struct ocn_pair pair;
    struct ocn_oci_resources resources = { .unified = { &pair, 1 } };

    pair = (struct ocn_pair){ key, value };
    return resources;
}

START_TEST(test_limits__cpu_max)
{
    static const struct {
        const char *text;
        double quota, period;
    } rows[] = { { "250000 100000", 250000, 100000 }, { "250000", 250000, 100000 },
                 { "250000\n", 250000, 100000 },      { "max", 0, 100000 },
                 { "max 100000", 0, 100000 },         { "", 0, 100000 },
                 { "-1 100000", 0, 100000 },          { "1e5 100000", 0, 100000 },
                 { "50000 0", 50000, 100000 },        { " 10  20 ", 10, 20 } };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_oci_resources resources = unified("cpu.max", rows[i].text);
        struct ocn_cpu_limit limit;
        ocn_limits_cpu(&resources, &limit);
        ck_assert_double_eq(limit.quota, rows[i].quota);
        ck_assert_double_eq(limit.period, rows[i].period);
    }
}
END_TEST

START_TEST(test_limits__cpusets_are_counted_strictly)
{
    static const struct {
        const char *list;
        uint32_t cpus;
    } rows[] = { { NULL, 0 },
                 { "", 0 },
                 { "0", 1 },
                 { "0-3", 4 },
                 { "0-1,3", 3 },
                 { "0-3,8-9", 6 },
                 { "3-1", 0 },
                 { "0-", 0 },
                 { "-3", 0 },
                 { "a", 0 },
                 { "0, 1", 0 },
                 { "0-99999999999999999999", 0 },
                 { "0-65536,0-65536", 0 } };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_oci_resources resources = { .cpu = { .cpus = rows[i].list } };
        struct ocn_cpu_limit limit;
        ocn_limits_cpu(&resources, &limit);
        ck_assert_msg(limit.cpus == rows[i].cpus, "\"%s\" is %u", rows[i].list, limit.cpus);
    }
}
END_TEST

START_TEST(test_limits__memory)
{
    struct ocn_oci_resources resources = unified("memory.max", "536870912");

    ck_assert_double_eq(ocn_limits_memory(&resources), 536870912);
    resources.memory.limit = 268435456;
    ck_assert_double_eq(ocn_limits_memory(&resources), 268435456);
    resources = unified("memory.max", "max");
    ck_assert_double_eq(ocn_limits_memory(&resources), 0);
    resources.memory.limit = -1;
    ck_assert_double_eq(ocn_limits_memory(&resources), 0);
    resources.memory.limit = 9223372036854771712.0;
    ck_assert_double_eq(ocn_limits_memory(&resources), 0);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("limits");
    Suite *suite = suite_create("limits");

    tcase_add_test(tcase, test_limits__cpu_max);
    tcase_add_test(tcase, test_limits__cpusets_are_counted_strictly);
    tcase_add_test(tcase, test_limits__memory);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
