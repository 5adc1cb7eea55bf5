/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/normalize.h"
#include "tests/lib/suite.h"

static struct ocn_edit edits[] = {
    { OCN_RULE_USER_ROOT, "/process/user/uid", "0", "1001", "why" },
    { OCN_RULE_ENV_SET, "/process/env/TEAM", NULL, "\"a\"", "why" },
    { OCN_RULE_USER_ROOT, "/annotations/io.ocinorm.original-user", NULL, "\"0:0\"", "why" },
};
static struct ocn_finding warning = { OCN_RULE_USER_ACCESS, OCN_LEVEL_WARN, "m", "h" };

static struct ocn_outcome *make(size_t edit_count)
{
    struct ocn_outcome *outcome = calloc(1, sizeof(*outcome));

    ck_assert_ptr_nonnull(outcome);
    outcome->edits = edits;
    outcome->edits_len = edit_count;
    outcome->findings = &warning;
    outcome->findings_len = 1;
    return outcome;
}

START_TEST(test_outcome__nothing_pending_stays_allowed)
{
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = make(0);
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_outcome_verify_only(outcome, &err), 0);
    ck_assert_int_eq(outcome->verdict, OCN_ALLOW);
    ck_assert_ptr_null(ocn_outcome_denial(outcome));
}
END_TEST

START_TEST(test_outcome__a_pending_edit_is_a_denial_for_who_cannot_edit)
{
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = make(3);
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_outcome_verify_only(outcome, &err), 0);
    ck_assert_int_eq(outcome->verdict, OCN_DENY);
    ck_assert_uint_eq(outcome->edits_len, 0);
    ck_assert_uint_eq(outcome->findings_len, 3); /* the annotation is bookkeeping */
    const struct ocn_finding *denial = ocn_outcome_denial(outcome);
    ck_assert_int_eq(denial->rule, OCN_RULE_USER_ROOT);
    ck_assert_str_eq(denial->message, "/process/user/uid is 0 and should be 1001: why");
    ck_assert_ptr_nonnull(strstr(denial->hint, "ocinorm-runtime"));
    ck_assert_ptr_nonnull(strstr(denial->hint, "rules.user.root"));
    ck_assert_str_eq(outcome->findings[2].message,
                     "/process/env/TEAM is not set and should be \"a\": why");
}
END_TEST

/* What a process tells others of itself is worth a warning, and no container. */
START_TEST(test_outcome__attributes_alone_deny_nothing)
{
    struct ocn_edit attributes = { OCN_RULE_ENV_OTEL, "/process/env/OTEL_RESOURCE_ATTRIBUTES", NULL,
                                   "\"a=b\"", "why" };
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = make(0);
    struct ocn_error err = { 0 };

    outcome->edits = &attributes;
    outcome->edits_len = 1;
    ck_assert_int_eq(ocn_outcome_verify_only(outcome, &err), 0);
    ck_assert_int_eq(outcome->verdict, OCN_ALLOW);
    ck_assert_uint_eq(outcome->edits_len, 0);
    ck_assert_uint_eq(outcome->findings_len, 2);
    ck_assert_int_eq(outcome->findings[1].level, OCN_LEVEL_WARN);
    ck_assert_int_eq(outcome->findings[1].rule, OCN_RULE_ENV_OTEL);
}
END_TEST

/* No process misses an annotation: a hook that cannot add it lets the container start. */
START_TEST(test_outcome__annotations_alone_deny_nothing)
{
    struct ocn_edit derived = { OCN_RULE_ANNOTATIONS_DERIVE, "/annotations/golang.org~1version",
                                NULL, "\"go1.22.4\"", "why" };
    OCN_CLEANUP(ocn_outcome_freep) struct ocn_outcome *outcome = make(0);
    struct ocn_error err = { 0 };

    outcome->edits = &derived;
    outcome->edits_len = 1;
    ck_assert_int_eq(ocn_outcome_verify_only(outcome, &err), 0);
    ck_assert_int_eq(outcome->verdict, OCN_ALLOW);
    ck_assert_uint_eq(outcome->edits_len, 0);
    ck_assert_uint_eq(outcome->findings_len, 1);
}
END_TEST

START_TEST(test_outcome__names_the_variable_of_an_edit)
{
    ck_assert_str_eq(ocn_edit_env_name(&edits[1]), "TEAM");
    ck_assert_ptr_null(ocn_edit_env_name(&edits[0]));
    ocn_outcome_free(NULL);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("outcome");
    Suite *suite = suite_create("outcome");

    tcase_add_test(tcase, test_outcome__nothing_pending_stays_allowed);
    tcase_add_test(tcase, test_outcome__a_pending_edit_is_a_denial_for_who_cannot_edit);
    tcase_add_test(tcase, test_outcome__annotations_alone_deny_nothing);
    tcase_add_test(tcase, test_outcome__attributes_alone_deny_nothing);
    tcase_add_test(tcase, test_outcome__names_the_variable_of_an_edit);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
