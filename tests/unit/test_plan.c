/* SPDX-License-Identifier: Apache-2.0 */
/* The plan for ocinorm-entry: what the hook writes, and what the program without libc makes of it.
 */
#include <check.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include "hook/entry/apply.h"
#include "hook/entry/plan.h"
#include "tests/lib/suite.h"

static uint32_t old_groups[] = { 0, 44 };
static const struct ocn_entry_site site = {
    .pid = 7,
    .rootfs = "/r",
    .user = { .uid = 0, .gid = 5, .additional_gids = { .items = old_groups, .len = 2 } },
    .targets = { { "/bin/app", 7, 8 }, { "/usr/bin/app", 7, 9 } },
    .targets_len = 2,
};

/* Of the first rule that makes such an edit; of any, where none does. */
static struct ocn_edit edit(const char *path, const char *from, const char *to)
{
    struct ocn_edit ret = { OCN_RULE_USER_ROOT, path, from, to, "why" };

    for (size_t i = 0; i < OCN_RULE_COUNT && ocn_edit_row(&ret) == NULL; i++) {
        ret.rule = (enum ocn_rule_id)i;
    }
    return ret;
}

static int build(struct ocn_edit *edits, size_t count, struct ocn_buf *ret, struct ocn_error *err)
{
    const struct ocn_outcome outcome = { .edits = edits, .edits_len = count };

    return ocn_entry_plan_build(&site, &outcome, ret, err);
}

static void build_one(struct ocn_edit *edits, size_t count, struct ocn_buf *ret_bytes,
                      struct ocn_entry_plan *ret)
{
    struct ocn_error err = { 0 };

    ck_assert_msg(build(edits, count, ret_bytes, &err) == 0, "%s", err.msg);
    ck_assert(ocn_entry_plan_read(ret_bytes->ptr, ret_bytes->len, ret));
}

START_TEST(test_plan__carries_what_the_edits_say)
{
    struct ocn_edit edits[] = {
        edit("/process/user/uid", "0", "1001"),
        edit("/process/user/gid", "5", "1002"),
        edit("/process/user/additionalGids", "[0,44]", "[44,4294967294]"),
        edit("/process/env/HOME", "\"/root\"", "\"/\""),
        edit("/process/env/A", NULL, "\"b=\\\"c\\\"\""),
        edit("/process/capabilities/ambient", "[]", "[\"CAP_NET_BIND_SERVICE\"]"),
        edit("/process/noNewPrivileges", "false", "true"),
        edit("/annotations/io.ocinorm.original-user", NULL, "\"0:0\""),
    };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    struct ocn_entry_plan plan;

    build_one(edits, OCN_COUNT(edits), &bytes, &plan);
    ck_assert_uint_eq(plan.head->flags, OCN_ENTRY_LOWER | OCN_ENTRY_NO_NEW_PRIVS);
    ck_assert_uint_eq(plan.head->from_uid, 0);
    ck_assert_uint_eq(plan.head->uid, 1001);
    ck_assert_uint_eq(plan.head->gid, 1002);
    ck_assert_uint_eq(plan.head->groups_len, 2);
    ck_assert_uint_eq(plan.groups[0], 44);
    ck_assert_uint_eq(plan.groups[1], 4294967294U);
    ck_assert_uint_eq(plan.head->ambient, UINT64_C(1) << CAP_NET_BIND_SERVICE);
    ck_assert_uint_eq(plan.head->vars_len, 2);
    ck_assert_mem_eq(plan.vars, "HOME=/\0A=b=\"c\"", 15);
    ck_assert(ocn_entry_plan_has(&plan, 7, 8));
    ck_assert(ocn_entry_plan_has(&plan, 7, 9));
    ck_assert(!ocn_entry_plan_has(&plan, 7, 10));
    ck_assert(!ocn_entry_plan_has(&plan, 8, 8));
    ck_assert(!ocn_entry_plan_has(&plan, 0, 0));
}
END_TEST

START_TEST(test_plan__without_edits_of_the_user_leaves_it)
{
    struct ocn_edit edits[] = { edit("/process/env/A", NULL, "\"b\"") };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    struct ocn_entry_plan plan;

    build_one(edits, 1, &bytes, &plan);
    ck_assert_uint_eq(plan.head->flags, 0);
    ck_assert_uint_eq(plan.head->uid, 0);
    ck_assert_uint_eq(plan.head->gid, 5);
    ck_assert_uint_eq(plan.head->groups_len, 2); /* as configured */
    ck_assert_uint_eq(plan.groups[1], 44);
}
END_TEST

static const struct {
    const char *path;
    const char *to;
} bad[] = {
    { "/process/user/uid", "-1" },
    { "/process/user/uid", "4294967295" },
    { "/process/user/uid", "\"0\"" },
    { "/process/user/uid", "" },
    { "/process/user/additionalGids", "[4294967295]" },
    { "/process/user/additionalGids", "[1.5]" },
    { "/process/user/additionalGids", "[\"1\"]" },
    { "/process/user/additionalGids", "{}" },
    { "/process/user/additionalGids", "[" },
    { "/process/capabilities/ambient", "[\"CAP_SYS_ADMIN\"]" },
    { "/process/capabilities/ambient", "[1]" },
    { "/process/noNewPrivileges", "false" },
    { "/process/env/A", "\"a\\u0000b\"" },
    { "/process/env/A", "1" },
    { "/process/env/A", "\"a\",\"b\"" },
    { "/process/env/A=B", "\"a\"" },
    { "/process/env/", "\"a\"" },
    { "/process/capabilities/bounding", "[]" },
    { "/process/args", "[\"sh\"]" },
    { "/hostname", "\"a\"" },
};

START_TEST(test_plan__takes_no_other_edit_and_no_other_value)
{
    struct ocn_edit edits[] = { edit(bad[_i].path, NULL, bad[_i].to) };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(build(edits, 1, &bytes, &err), -1);
    ck_assert_int_ne(err.code, OCN_OK);
    ck_assert_uint_eq(bytes.len, 0);
}
END_TEST

/* Any cut, any longer file, and every changed byte of the head: refused, or at least in bounds. */
START_TEST(test_plan__a_damaged_one_is_no_plan)
{
    struct ocn_edit edits[] = { edit("/process/user/uid", "0", "1001"),
                                edit("/process/env/A", "\"x\"", "\"b\"") };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    struct ocn_entry_plan plan;

    build_one(edits, 2, &bytes, &plan);
    for (size_t len = 0; len < bytes.len; len++) {
        char *part = malloc(len + 1); /* exact, for ASan */
        ck_assert_ptr_nonnull(part);
        memcpy(part, bytes.ptr, len);
        ck_assert(!ocn_entry_plan_read(part, len, &plan));
        if (len >= sizeof(struct ocn_entry_head)) { /* a head that believes in the cut */
            ((struct ocn_entry_head *)(void *)part)->size = (uint32_t)len;
            ck_assert(!ocn_entry_plan_read(part, len, &plan));
        }
        free(part);
    }
    struct ocn_entry_head *head = (struct ocn_entry_head *)(void *)bytes.ptr;
    head->groups_len = UINT32_MAX;
    ck_assert(!ocn_entry_plan_read(bytes.ptr, bytes.len, &plan));
    head->groups_len = 1;
    ck_assert(!ocn_entry_plan_read(bytes.ptr, bytes.len, &plan));
    head->groups_len = 2;
    head->vars_len = 2;
    ck_assert(!ocn_entry_plan_read(bytes.ptr, bytes.len, &plan));
    head->vars_len = 0;
    ck_assert(!ocn_entry_plan_read(bytes.ptr, bytes.len, &plan));
    head->vars_len = 1;
    head->files_len = OCN_ENTRY_FILES_MAX + 1;
    ck_assert(!ocn_entry_plan_read(bytes.ptr, bytes.len, &plan));
    head->files_len = 1;
    ck_assert(ocn_entry_plan_read(bytes.ptr, bytes.len, &plan));
    head->magic[7] = '1';
    ck_assert(!ocn_entry_plan_read(bytes.ptr, bytes.len, &plan));
}
END_TEST

static const struct {
    const char *env; /* the variables, with blanks between */
    const char *want;
} merges[] = {
    { "HOME=/root PATH=/bin", "PATH=/bin HOME=/ A=b" },
    { "HOME=/other A=x", "HOME=/ A=b" },
    { "", "HOME=/ A=b" },
    { "A=1 HOME=/x A=2 HOME=/y", "HOME=/ A=b" },
    { "AB=1 HOM=2 HOMES=3 =A", "AB=1 HOM=2 HOMES=3 =A HOME=/ A=b" },
    { "A HOME", "A HOME HOME=/ A=b" },
};

START_TEST(test_plan__merges_the_environment)
{
    struct ocn_edit edits[] = { edit("/process/env/HOME", "\"/root\"", "\"/\""),
                                edit("/process/env/A", NULL, "\"b\"") };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    struct ocn_entry_plan plan;
    char text[256];
    char *env[16] = { 0 };
    char *merged[16 + 3];
    char got[512] = "";
    size_t count = 0;

    build_one(edits, 2, &bytes, &plan);
    (void)snprintf(text, sizeof(text), "%s", merges[_i].env);
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " ")) {
        env[count++] = word;
    }
    ck_assert_uint_eq(ocn_entry_env_count(env), count);
    ocn_entry_env_merge(env, &plan, merged);
    for (char **var = merged; *var != NULL; var++) {
        strcat(strcat(got, var != merged ? " " : ""), *var);
    }
    ck_assert_str_eq(got, merges[_i].want);
}
END_TEST

/* As the file of the program has it, and one that has no place, or too little. */
START_TEST(test_plan__goes_into_the_program)
{
    const size_t size = sizeof(struct ocn_entry_slot);
    const struct ocn_bytes plan = { "plan", 4 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf program = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf cut = { 0 };
    struct ocn_error err = { 0 };
    char *slot = calloc(1, size);

    ck_assert_ptr_nonnull(slot);
    memcpy(slot, OCN_ENTRY_MARK, sizeof(OCN_ENTRY_MARK));
    ocn_buf_puts(&program, "text");
    ocn_buf_add(&program, slot, size);
    ocn_buf_add(&cut, slot, size - 1);
    free(slot);
    ck_assert_int_eq(ocn_entry_plan_put(plan, program.ptr, program.len, &err), 0);
    ck_assert_uint_eq(program.len, size + 4);
    ck_assert_mem_eq(program.ptr + 4 + sizeof(OCN_ENTRY_MARK), "plan", 5);
    ck_assert_int_eq(ocn_entry_plan_put((struct ocn_bytes){ "", OCN_ENTRY_PLAN_MAX + 1 },
                                        program.ptr, program.len, NULL),
                     -1);
    ck_assert_int_eq(ocn_entry_plan_put(plan, cut.ptr, cut.len, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
}
END_TEST

START_TEST(test_plan__needs_a_file_to_cover)
{
    struct ocn_entry_site none = site;
    const struct ocn_outcome outcome = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    struct ocn_error err = { 0 };

    none.targets_len = 0;
    ck_assert_int_eq(ocn_entry_plan_build(&none, &outcome, &bytes, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_UNSUPPORTED);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plan");
    TCase *tests = tcase_create("plan");

    tcase_add_test(tests, test_plan__carries_what_the_edits_say);
    tcase_add_test(tests, test_plan__without_edits_of_the_user_leaves_it);
    tcase_add_loop_test(tests, test_plan__takes_no_other_edit_and_no_other_value, 0,
                        (int)OCN_COUNT(bad));
    tcase_add_test(tests, test_plan__a_damaged_one_is_no_plan);
    tcase_add_loop_test(tests, test_plan__merges_the_environment, 0, (int)OCN_COUNT(merges));
    tcase_add_test(tests, test_plan__goes_into_the_program);
    tcase_add_test(tests, test_plan__needs_a_file_to_cover);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
