/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/report.h"

#include <check.h>
#include <jansson.h>
#include <string.h>

#include "normalize/policy/rule.h"
#include "tests/lib/suite.h"

static struct ocn_edit edits[] = {
    { OCN_RULE_USER_ROOT, "/process/user/uid", "0", "1001", "the container would run as root" },
    { OCN_RULE_ENV_GOMAXPROCS, "/process/env/GOMAXPROCS", NULL, "\"2\"", "the limit is 1.5 CPUs" },
    { OCN_RULE_USER_CAPABILITIES, "/process/capabilities/ambient",
      "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"]", "[]", "lowered" },
};

static struct ocn_finding findings[] = {
    { OCN_RULE_USER_ACCESS, OCN_LEVEL_WARN, "uid 1001 may not enter /srv", NULL },
    { OCN_RULE_PLATFORM_ARCH, OCN_LEVEL_DENY, "/app is for arm64, this host is amd64",
      "pull the image for linux/amd64" },
};

static struct ocn_outcome sample(void)
{
    return (struct ocn_outcome){
        .verdict = OCN_DENY,
        .profile = "auto",
        .facts = { .host = { .os = "linux", .arch = "amd64", .cpus = 8 },
                   .entry = { .path = "/app", .kind = OCN_ENTRY_ELF, .arch = "arm64" },
                   .cpu_limit = 1.5,
                   .memory_limit = 134217728 },
        .edits = edits,
        .edits_len = OCN_COUNT(edits),
        .findings = findings,
        .findings_len = OCN_COUNT(findings),
    };
}

/* The report as JSON, read again; the caller releases it. */
static json_t *report_json(const struct ocn_outcome *outcome)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_error err = { 0 };
    json_t *ret = NULL;

    ck_assert_msg(ocn_report_json(outcome, "/run/b", &out, &err) == 0, "%s", err.msg);
    ck_assert_int_eq(out.ptr[out.len - 1], '\n');
    ret = json_loadb(out.ptr, out.len, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_ptr_nonnull(ret);
    return ret;
}

/* The report as text, terminated by NUL. */
static void report_text(const struct ocn_outcome *outcome, bool colour, struct ocn_buf *out)
{
    struct ocn_error err = { 0 };

    ck_assert_msg(ocn_report_text(outcome, "/run/b", colour, out, &err) == 0, "%s", err.msg);
    ocn_buf_add(out, "", 1);
    ck_assert_int_eq(ocn_buf_check(out, &err), 0);
}

static void assert_holds(const struct ocn_buf *out, const char *needle)
{
    ck_assert_msg(strstr(out->ptr, needle) != NULL, "no \"%s\" in:\n%s", needle, out->ptr);
}

START_TEST(test_report__json_has_the_fixed_shape)
{
    struct ocn_outcome outcome = sample();
    json_auto_t *report = report_json(&outcome);
    json_auto_t *expected = json_loads(
        "{\"version\":1,\"bundle\":\"/run/b\",\"profile\":\"auto\",\"exempt\":null,"
        "\"verdict\":\"deny\",\"facts\":{"
        "\"host\":{\"os\":\"linux\",\"arch\":\"amd64\",\"variant\":null,\"cpus\":8},"
        "\"entry\":{\"path\":\"/app\",\"kind\":\"elf\",\"arch\":\"arm64\",\"variant\":null,"
        "\"interpreter\":null,\"program\":null,\"go\":null},\"cpuLimit\":1.5,\"memoryLimit\":"
        "134217728},"
        "\"edits\":[{\"rule\":\"user.root\",\"path\":\"/process/user/uid\",\"from\":0,\"to\":1001,"
        "\"why\":\"the container would run as root\"},"
        "{\"rule\":\"env.gomaxprocs\",\"path\":\"/process/env/GOMAXPROCS\",\"from\":null,"
        "\"to\":\"2\",\"why\":\"the limit is 1.5 CPUs\"},"
        "{\"rule\":\"user.capabilities\",\"path\":\"/process/capabilities/ambient\",\"from\":"
        "[\"CAP_AUDIT_WRITE\",\"CAP_KILL\",\"CAP_NET_BIND_SERVICE\"],\"to\":[],"
        "\"why\":\"lowered\"}],"
        "\"findings\":[{\"rule\":\"user.access\",\"level\":\"warn\","
        "\"message\":\"uid 1001 may not enter /srv\",\"hint\":null},"
        "{\"rule\":\"platform.arch\",\"level\":\"deny\","
        "\"message\":\"/app is for arm64, this host is amd64\","
        "\"hint\":\"pull the image for linux/amd64\"}]}",
        0, NULL);

    ck_assert_ptr_nonnull(expected);
    ck_assert_msg(json_equal(report, expected), "%s", json_dumps(report, JSON_INDENT(2)));
}
END_TEST

START_TEST(test_report__json_keeps_the_order_of_its_members)
{
    struct ocn_outcome outcome = sample();
    json_auto_t *report = report_json(&outcome);
    static const char *const order[] = { "version", "bundle", "profile", "exempt",
                                         "verdict", "facts",  "edits",   "findings" };
    const char *key = NULL;
    json_t *value = NULL;
    size_t i = 0;

    json_object_foreach (report, key, value) {
        ck_assert_uint_lt(i, OCN_COUNT(order));
        ck_assert_str_eq(key, order[i++]);
    }
    ck_assert_uint_eq(i, OCN_COUNT(order));
}
END_TEST

START_TEST(test_report__json_says_null_for_what_is_unknown)
{
    struct ocn_outcome outcome = { .exempt = "sandbox", .profile = "auto" };
    json_auto_t *report = report_json(&outcome);
    const json_t *facts = json_object_get(report, "facts");
    const json_t *entry = json_object_get(facts, "entry");

    ck_assert(json_is_null(json_object_get(facts, "cpuLimit")));
    ck_assert(json_is_null(json_object_get(facts, "memoryLimit")));
    ck_assert(json_is_null(json_object_get(entry, "path")));
    ck_assert(json_is_null(json_object_get(entry, "kind")));
    ck_assert_str_eq(json_string_value(json_object_get(report, "exempt")), "sandbox");
    ck_assert_str_eq(json_string_value(json_object_get(report, "verdict")), "allow");
}
END_TEST

START_TEST(test_report__text_aligns_before_and_after)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_outcome outcome = sample();

    outcome.edits_len = 2;
    report_text(&outcome, false, &out);
    assert_holds(&out, "bundle    /run/b\n"
                       "host      linux/amd64, 8 CPUs\n"
                       "profile   auto\n"
                       "entry     /app (elf, arm64)\n"
                       "limit     1.5 CPUs\n"
                       "limit     134217728 bytes of memory\n"
                       "verdict   deny\n"
                       "  /process/user/uid        0 -> 1001  [user.root] the container would run "
                       "as root\n"
                       "  /process/env/GOMAXPROCS  - -> \"2\"   [env.gomaxprocs] the limit is 1.5 "
                       "CPUs\n"
                       "  warn [user.access] uid 1001 may not enter /srv\n"
                       "  deny [platform.arch] /app is for arm64, this host is amd64\n"
                       "       fix: pull the image for linux/amd64\n"
                       "pages     " OCN_DOCDIR "/rules/RULE.md\n");
    outcome.findings_len = 0;
    ocn_buf_done(&out);
    report_text(&outcome, false, &out);
    ck_assert_ptr_null(strstr(out.ptr, "RULE.md"));
}
END_TEST

START_TEST(test_report__text_cuts_long_values)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_outcome outcome = sample();

    report_text(&outcome, false, &out);
    assert_holds(&out, "[\"CAP_AUDIT_WRITE\",\"... -> []");
}
END_TEST

START_TEST(test_report__text_has_colour_only_if_asked)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf plain = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf coloured = { 0 };
    struct ocn_outcome outcome = sample();

    report_text(&outcome, false, &plain);
    report_text(&outcome, true, &coloured);
    ck_assert_ptr_null(strchr(plain.ptr, '\033'));
    assert_holds(&coloured, "\033[31mdeny\033[0m");
}
END_TEST

START_TEST(test_report__text_defuses_what_would_drive_a_terminal)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_outcome outcome = sample();

    outcome.facts.entry.path = "/a\033[2J\nverdict allow\xc2\x9b\x31m \xc3\xa9";
    report_text(&outcome, false, &out);
    ck_assert_ptr_null(strchr(out.ptr, '\033'));
    assert_holds(&out, "/a?[2J?verdict allow?1m \xc3\xa9 (elf");
}
END_TEST

START_TEST(test_report__text_says_why_nothing_changes)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf exempt = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf same = { 0 };
    struct ocn_outcome outcome = { .exempt = "sandbox" };

    report_text(&outcome, false, &exempt);
    assert_holds(&exempt, "verdict   allow, nothing is changed: exempt (sandbox)\n");
    outcome.exempt = NULL;
    report_text(&outcome, false, &same);
    assert_holds(&same, "verdict   allow, nothing to change\n");
}
END_TEST

START_TEST(test_report__what_is_left_alone_is_shown_where_there_is_any)
{
    static struct ocn_kept kept[] = {
        { OCN_RULE_ENV_GOMAXPROCS, "GOMAXPROCS", "7", "the container sets it" },
        { OCN_RULE_ENV_GOMEMLIMIT, "GOMEMLIMIT", NULL, "no memory limit" },
    };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct ocn_outcome outcome = sample();
    json_auto_t *without = report_json(&outcome);

    ck_assert_ptr_null(json_object_get(without, "kept"));
    outcome.kept = kept;
    outcome.kept_len = OCN_COUNT(kept);
    json_auto_t *with = report_json(&outcome);
    json_auto_t *expected =
        json_loads("[{\"rule\":\"env.gomaxprocs\",\"path\":\"/process/env/GOMAXPROCS\","
                   "\"value\":\"7\",\"why\":\"the container sets it\"},"
                   "{\"rule\":\"env.gomemlimit\",\"path\":\"/process/env/GOMEMLIMIT\","
                   "\"value\":null,\"why\":\"no memory limit\"}]",
                   0, NULL);
    ck_assert(json_equal(json_object_get(with, "kept"), expected));
    report_text(&outcome, false, &out);
    assert_holds(&out, "  left alone: GOMAXPROCS=7  [env.gomaxprocs] the container sets it\n"
                       "  left alone: GOMEMLIMIT  [env.gomemlimit] no memory limit\n"
                       "  warn [");
}
END_TEST

START_TEST(test_report__denial_is_one_line)
{
    char line[128];
    struct ocn_finding finding = { OCN_RULE_PLATFORM_ARCH, OCN_LEVEL_DENY, "for\narm64", "pull" };

    ocn_report_denial(&finding, line, sizeof(line));
    ck_assert_str_eq(line, "denied [platform.arch]: for?arm64; pull");
    finding.level = OCN_LEVEL_WARN;
    finding.hint = NULL;
    ocn_report_denial(&finding, line, sizeof(line));
    ck_assert_str_eq(line, "warning [platform.arch]: for?arm64");
    ocn_report_denial(&finding, line, 8);
    ck_assert_str_eq(line, "warning");
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("report");
    Suite *suite = suite_create("report");

    tcase_add_test(tcase, test_report__json_has_the_fixed_shape);
    tcase_add_test(tcase, test_report__json_keeps_the_order_of_its_members);
    tcase_add_test(tcase, test_report__json_says_null_for_what_is_unknown);
    tcase_add_test(tcase, test_report__text_aligns_before_and_after);
    tcase_add_test(tcase, test_report__text_cuts_long_values);
    tcase_add_test(tcase, test_report__text_has_colour_only_if_asked);
    tcase_add_test(tcase, test_report__text_defuses_what_would_drive_a_terminal);
    tcase_add_test(tcase, test_report__text_says_why_nothing_changes);
    tcase_add_test(tcase, test_report__what_is_left_alone_is_shown_where_there_is_any);
    tcase_add_test(tcase, test_report__denial_is_one_line);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
