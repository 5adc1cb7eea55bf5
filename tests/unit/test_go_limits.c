/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "normalize/workload/go_limits.h"
#include "tests/lib/suite.h"

#define MIB 1048576.0

/* "W" for a warning, "D" for a denial. */
static int note(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err)
{
    (void)err;
    ck_assert_str_eq(finding->rule, "pod.limits");
    ck_assert_str_eq(finding->path, "/env/0/value");
    ocn_buf_puts(ctx, finding->level == OCN_LEVEL_DENY ? "D" : "W");
    return 0;
}

static const struct {
    const char *name;
    const char *value;
    double cpus;
    double memory;
    const char *found;
} rows[] = {
    { "GOMAXPROCS", "8", 0, 0, "" }, /* no limit */
    { "GOMAXPROCS", "1", 2, 0, "" }, /* fewer is never wrong */
    { "GOMAXPROCS", "2", 2, 0, "" },
    { "GOMAXPROCS", "3", 2, 0, "W" },
    { "GOMAXPROCS", "3", 2.1, 0, "" }, /* rounded up */
    { "GOMAXPROCS", "4", 2.1, 0, "W" },
    { "GOMAXPROCS", "2", 0.1, 0, "" }, /* two at least */
    { "GOMAXPROCS", "3", 0.1, 0, "W" },
    { "GOMAXPROCS", "", 2, 0, "" },
    { "GOMAXPROCS", "0", 0, 0, "W" },
    { "GOMAXPROCS", "two", 0, 0, "W" },
    { "GOMAXPROCS", "2.5", 4, 0, "W" },
    { "GOMEMLIMIT", "512MiB", 0, 0, "" },
    { "GOMEMLIMIT", "512MiB", 0, 512 * MIB, "" },
    { "GOMEMLIMIT", "513MiB", 0, 512 * MIB, "W" },
    { "GOMEMLIMIT", "off", 0, 512 * MIB, "" },
    { "GOMEMLIMIT", "", 0, 512 * MIB, "" },
    { "GOMEMLIMIT", "9223372036854775807", 0, 0, "" },
    { "GOMEMLIMIT", "9223372036854775808", 0, 0, "D" },
    { "GOMEMLIMIT", "8388607TiB", 0, 0, "" },
    { "GOMEMLIMIT", "8388608TiB", 0, 0, "D" },
    { "GOMEMLIMIT", "$(LIMIT)", 0, 512 * MIB, "" },
    { "GOMEMLIMIT", "$(LIMIT)MB", 0, 512 * MIB, "" },
    { "GOMEMLIMIT", "$LIMIT", 0, 0, "D" },
    { "GOMAXPROCS", "$(CPUS)", 1, 0, "" },
    { "GOMEMLIMIT", "512MB", 0, 0, "D" },
    { "GOMEMLIMIT", "512Mi", 0, 0, "D" },
    { "GOMEMLIMIT", "-1", 0, 0, "D" },
    { "gomemlimit", "512MB", 0, 0, "" },
};

START_TEST(test_go_limits__fit)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf found = { 0 };
    const struct ocn_workload_check check = { .arena = &arena, .found = note, .ctx = &found };
    json_auto_t *env = json_pack("[{s:s,s:s}]", "name", rows[_i].name, "value", rows[_i].value);
    const struct ocn_go_limits limits = { .rule = OCN_LINT_POD_LIMITS,
                                          .noun = "container a",
                                          .env = env,
                                          .pointer = "/env",
                                          .cpus = rows[_i].cpus,
                                          .memory = rows[_i].memory };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_go_limits_check(&check, &limits, &err), 0);
    ck_assert_msg(strcmp(ocn_buf_bytes(&found).ptr, rows[_i].found) == 0, "%s=%s, %g, %g: %s",
                  rows[_i].name, rows[_i].value, rows[_i].cpus, rows[_i].memory,
                  ocn_buf_bytes(&found).ptr);
}
END_TEST

START_TEST(test_go_limits__passes_over_what_is_no_value)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf found = { 0 };
    const struct ocn_workload_check check = { .arena = &arena, .found = note, .ctx = &found };
    json_auto_t *env = json_pack("[{s:s,s:{}},{s:i},i,{s:n,s:n}]", "name", "GOMAXPROCS",
                                 "valueFrom", "name", 1, 2, "name", "value");
    const struct ocn_go_limits limits = { .rule = OCN_LINT_POD_LIMITS, .env = env };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_go_limits_check(&check, &limits, &err), 0);
    ck_assert_uint_eq(found.len, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("go_limits");
    TCase *tests = tcase_create("go_limits");

    tcase_add_loop_test(tests, test_go_limits__fit, 0, OCN_COUNT(rows));
    tcase_add_test(tests, test_go_limits__passes_over_what_is_no_value);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
