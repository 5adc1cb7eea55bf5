/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a container in every mode: what is told where, and what onError excuses. */
#include "hook/judge/decide.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hook/sys/io.h"
#include "tests/lib/told.h"

/* ---- a mode whose words are the test's --------------------------------------------------- */

struct script {
    const char *policy; /* its text */
    bool unreadable;    /* load(): with an error, */
    bool nothing;       /* or nothing is to be decided */
    bool fails;         /* judge(): with an error, */
    bool decided;       /* once all is decided, */
    bool warns;         /* by the onError of the container's own policy */
    const struct ocn_finding *findings;
    size_t findings_len;
    bool judged; /* it was asked */
};

static int load(void *ctx, struct ocn_node_policy *ret, bool *ret_nothing, struct ocn_error *err)
{
    static const struct ocn_world world = { 0 };
    const struct script *script = ctx;
    const struct ocn_layer layer = { "policy", { script->policy, strlen(script->policy) }, NULL };

    if (script->unreadable) {
        return ocn_fail(err, OCN_E_FORMAT, "/rules", "is no policy");
    }
    if (script->nothing) {
        *ret_nothing = true;
        return 0;
    }
    return ocn_node_policy_load(&world, &layer, 1, ret, err);
}

static int judge(void *ctx, struct ocn_decision *decision, struct ocn_error *err)
{
    struct script *script = ctx;

    script->judged = true;
    decision->decided = script->decided;
    if (script->warns) {
        decision->judgement.policy.on_error = OCN_ON_ERROR_WARN;
    }
    if (script->fails) {
        return ocn_fail(err, OCN_E_IO, "/bundle", "cannot be read");
    }
    struct ocn_outcome *outcome = calloc(1, sizeof(*outcome));
    ck_assert_ptr_nonnull(outcome);
    decision->judgement.outcome = outcome;
    for (size_t i = 0; i < script->findings_len; i++) {
        struct ocn_finding *list = ocn_arena_grow(&outcome->arena, outcome->findings,
                                                  outcome->findings_len, sizeof(*list));
        ck_assert_ptr_nonnull(list);
        list[outcome->findings_len++] = script->findings[i];
        outcome->findings = list;
    }
    return 0;
}

#define SCRIPT(...)                                                                                \
    (struct script)                                                                                \
    {                                                                                              \
        .policy = "{\"profile\": \"unknown\"}", __VA_ARGS__                                        \
    }

static enum ocn_decide_result decide(struct script *script, bool tells_all)
{
    const struct ocn_mode mode = { load, judge, tells_all };
    const struct ocn_log log = { .file = path, .json = true };
    OCN_CLEANUP(ocn_decide_done) struct ocn_decision decision = { 0 };

    return ocn_decide(&mode, script, &log, &decision);
}

/* Both texts are cut into lines that are only compared by how they begin. */
static void expect(const char *on_stderr, const char *in_log)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    char buf[4096];
    ssize_t len = read(told, buf, sizeof(buf) - 1);

    buf[len > 0 ? len : 0] = '\0';
    ck_assert_str_eq(buf, on_stderr);
    if (in_log == NULL) {
        ck_assert_int_eq(access(path, F_OK), -1);
        return;
    }
    ck_assert_int_eq(ocn_io_read_file(path, 100000, &text, NULL), 0);
    size_t at = 0;
    for (const char *line = text.ptr; *line != '\0'; line = strchr(line, '\n') + 1) {
        const char *level = strstr(line, "\"level\":\"");
        ck_assert_ptr_nonnull(level);
        ck_assert_int_eq(level[9], in_log[at++]); /* w or e */
    }
    ck_assert_int_eq(in_log[at], '\0');
}

static const struct ocn_finding findings[] = {
    { OCN_RULE_PLATFORM_EMULATED, OCN_LEVEL_WARN, "is emulated", NULL },
    { OCN_RULE_PLATFORM_ARCH, OCN_LEVEL_DENY, "is for arm64", "build it" },
    { OCN_RULE_ENTRY_FOUND, OCN_LEVEL_DENY, "is not there", NULL },
};

/* ---- tests ------------------------------------------------------------------------------- */

START_TEST(test_decide__a_policy_that_cannot_be_read_is_never_excused)
{
    struct script script = SCRIPT(.unreadable = true);

    ck_assert_int_eq(decide(&script, false), OCN_DECIDE_UNDECIDED);
    ck_assert(!script.judged);
    expect("ocinorm: error: /rules: is no policy\n", "e");
}
END_TEST

START_TEST(test_decide__where_nothing_is_to_be_decided_nothing_is_asked)
{
    struct script script = SCRIPT(.nothing = true, .fails = true);

    ck_assert_int_eq(decide(&script, true), OCN_DECIDE_START);
    ck_assert(!script.judged);
    expect("", NULL);
}
END_TEST

START_TEST(test_decide__where_every_rule_is_off_nothing_is_asked)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf policy = { 0 };

    ocn_buf_puts(&policy, "{\"profile\": \"unknown\", \"rules\": {");
    for (size_t i = 0; i < OCN_RULE_COUNT; i++) {
        static const char *const names[] = {
#define OCN_RULE(symbol, name, level, changes, event, needs, function, summary) name,
#include "normalize/policy/rules.def"
#undef OCN_RULE
        };
        ocn_buf_printf(&policy, "%s\"%s\": \"off\"", i != 0 ? "," : "", names[i]);
    }
    ocn_buf_puts(&policy, "}}");
    struct script script = SCRIPT(.fails = true);
    script.policy = policy.ptr;
    ck_assert_int_eq(decide(&script, true), OCN_DECIDE_START);
    ck_assert(!script.judged);
    expect("", NULL);
}
END_TEST

START_TEST(test_decide__what_nobody_could_decide_ends_as_on_error_has_it)
{
    struct script denies = SCRIPT(.fails = true);
    struct script warns = SCRIPT(.fails = true, .warns = true);

    ck_assert_int_eq(decide(&denies, false), OCN_DECIDE_UNDECIDED);
    expect("ocinorm: error: /bundle: cannot be read\n", "e");
    ck_assert_int_eq(decide(&warns, false), OCN_DECIDE_START);
    expect("", "ew");
}
END_TEST

/* It would start as root: that it was to be lowered is no doubt. */
START_TEST(test_decide__what_fails_after_the_decision_is_not_excused)
{
    struct script script = SCRIPT(.fails = true, .decided = true, .warns = true);

    ck_assert_int_eq(decide(&script, false), OCN_DECIDE_UNDECIDED);
    expect("ocinorm: error: /bundle: cannot be read\n", "e");
}
END_TEST

START_TEST(test_decide__warnings_reach_the_log_and_never_stderr)
{
    struct script script = SCRIPT(.findings = findings, .findings_len = 1);

    ck_assert_int_eq(decide(&script, true), OCN_DECIDE_START);
    expect("", "w");
}
END_TEST

/* An engine takes the last error of a log for the reason. */
START_TEST(test_decide__a_log_ends_with_the_reason)
{
    struct script script = SCRIPT(.findings = findings, .findings_len = OCN_COUNT(findings));

    ck_assert_int_eq(decide(&script, false), OCN_DECIDE_DENIED);
    expect("ocinorm: denied [platform.arch]: is for arm64; build it\n", "we");
}
END_TEST

START_TEST(test_decide__stderr_begins_with_the_reason)
{
    struct script script = SCRIPT(.findings = findings, .findings_len = OCN_COUNT(findings));

    ck_assert_int_eq(decide(&script, true), OCN_DECIDE_DENIED);
    expect("ocinorm: denied [platform.arch]: is for arm64; build it\n"
           "ocinorm: warning [platform.emulated]: is emulated\n"
           "ocinorm: denied [entry.found]: is not there\n",
           "eee");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("decide");
    TCase *tcase = tcase_create("decide");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_decide__a_policy_that_cannot_be_read_is_never_excused);
    tcase_add_test(tcase, test_decide__where_nothing_is_to_be_decided_nothing_is_asked);
    tcase_add_test(tcase, test_decide__where_every_rule_is_off_nothing_is_asked);
    tcase_add_test(tcase, test_decide__what_nobody_could_decide_ends_as_on_error_has_it);
    tcase_add_test(tcase, test_decide__what_fails_after_the_decision_is_not_excused);
    tcase_add_test(tcase, test_decide__warnings_reach_the_log_and_never_stderr);
    tcase_add_test(tcase, test_decide__a_log_ends_with_the_reason);
    tcase_add_test(tcase, test_decide__stderr_begins_with_the_reason);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
