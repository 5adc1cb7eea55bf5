/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/answer.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <string.h>

/* One answer of the usual kind, with one edit that a test may spoil. */
static struct ocn_edit edit;
static struct ocn_finding finding;
static struct ocn_kept kept;
static struct ocn_outcome outcome;
static struct ocn_container container;
static struct ocn_answer answer;
static struct ocn_buf told;
static struct ocn_answer got;
static struct ocn_error err;

static void enter(void)
{
    static const char *names[] = { "CAP_KILL", "CAP_SETUID" };
    static const char *options[] = { "rbind", "ro" };
    static struct ocn_oci_mount mounts[] = {
        { "/dev", "tmpfs", "tmpfs", { 0 } },
        { "/data", NULL, "/srv", { options, 2 } },
    };
    static uint32_t gids[] = { 5, 4294967295 };

    edit = (struct ocn_edit){ OCN_RULE_USER_ROOT, "/process/user/uid", "0", "1001", "because" };
    finding = (struct ocn_finding){ OCN_RULE_USER_ACCESS, OCN_LEVEL_WARN, "message", "hint" };
    kept = (struct ocn_kept){ OCN_RULE_ENV_GOMAXPROCS, "GOMAXPROCS", "7", "it is set" };
    outcome = (struct ocn_outcome){
        .profile = "auto",
        .facts = { .host = { .os = "linux", .arch = "amd64", .variant = "v3", .cpus = 4 },
                   .entry = { .path = "/a?b",
                              .real = "/a\xff"
                                      "b",
                              .dev = UINT64_MAX,
                              .ino = UINT64_MAX - 1,
                              .kind = OCN_ENTRY_SCRIPT,
                              .interpreter = "/bin/sh" },
                   .cpu_limit = 1.5 },
        .edits = &edit,
        .edits_len = 1,
        .findings = &finding,
        .findings_len = 1,
        .kept = &kept,
        .kept_len = 1,
    };
    container = (struct ocn_container){
        .process = { .user = { 0, 7, { gids, 2 } },
                     .capabilities = { .bounding = { names, 2 } },
                     .no_new_privileges = true },
        .root = { "rootfs" },
        .mounts = { mounts, 2 },
        .linux_ = { .mount_label = "system_u:object_r:x:s0" },
    };
    answer = (struct ocn_answer){ .on_error = OCN_ON_ERROR_WARN,
                                  .apply = OCN_APPLY_VERIFY,
                                  .outcome = &outcome,
                                  .container = &container };
}

static void leave(void)
{
    ocn_buf_done(&told);
    ocn_answer_done(&got);
}

static void tell(void)
{
    told.len = 0;
    ck_assert_int_eq(ocn_answer_write(&answer, &told, &err), 0);
}

static int hear(void)
{
    ocn_answer_done(&got);
    err = (struct ocn_error){ 0 };
    return ocn_answer_read(ocn_buf_bytes(&told), &got, &err);
}

static void expect_refused(const char *what)
{
    ck_assert_msg(hear() == -1, "accepted: %s", what);
    ck_assert_int_eq(err.code, OCN_E_FORMAT);
    ck_assert_str_ne(err.msg, "");
    ck_assert_ptr_null(got.outcome);
    ck_assert_ptr_null(got.container);
}

START_TEST(test_answer__everything_arrives)
{
    tell();
    ck_assert_int_eq(hear(), 0);
    ck_assert_int_eq(got.on_error, OCN_ON_ERROR_WARN);
    ck_assert_int_eq(got.apply, OCN_APPLY_VERIFY);
    const struct ocn_outcome *o = got.outcome;
    ck_assert_int_eq(o->verdict, OCN_ALLOW);
    ck_assert_ptr_null(o->exempt);
    ck_assert_str_eq(o->profile, "auto");
    ck_assert_str_eq(o->facts.host.arch, "amd64");
    ck_assert_uint_eq(o->facts.host.cpus, 4);
    ck_assert_str_eq(o->facts.entry.path, "/a?b");
    ck_assert_str_eq(o->facts.entry.real, outcome.facts.entry.real);
    ck_assert_uint_eq(o->facts.entry.dev, UINT64_MAX);
    ck_assert_uint_eq(o->facts.entry.ino, UINT64_MAX - 1);
    ck_assert_int_eq(o->facts.entry.kind, OCN_ENTRY_SCRIPT);
    ck_assert_ptr_null(o->facts.entry.arch);
    ck_assert_double_eq(o->facts.cpu_limit, 1.5);
    ck_assert_uint_eq(o->edits_len, 1);
    ck_assert_int_eq(o->edits[0].rule, OCN_RULE_USER_ROOT);
    ck_assert_str_eq(o->edits[0].to, "1001");
    ck_assert_str_eq(o->edits[0].from, "0");
    ck_assert_uint_eq(o->findings_len, 1);
    ck_assert_str_eq(o->findings[0].hint, "hint");
    ck_assert_uint_eq(o->kept_len, 1);
    ck_assert_int_eq(o->kept[0].rule, OCN_RULE_ENV_GOMAXPROCS);
    ck_assert_str_eq(o->kept[0].name, "GOMAXPROCS");
    ck_assert_str_eq(o->kept[0].value, "7");
    ck_assert_str_eq(o->kept[0].why, "it is set");
    const struct ocn_container *c = got.container;
    ck_assert_uint_eq(c->process.user.gid, 7);
    ck_assert_uint_eq(c->process.user.additional_gids.items[1], 4294967295);
    ck_assert_str_eq(c->process.capabilities.bounding.items[1], "CAP_SETUID");
    ck_assert(c->process.no_new_privileges);
    const struct ocn_oci_mount *mounts = c->mounts.items;
    ck_assert_uint_eq(c->mounts.len, 2);
    ck_assert_ptr_null(mounts[1].type);
    ck_assert_str_eq(mounts[1].options.items[1], "ro");
    ck_assert_str_eq(c->linux_.mount_label, container.linux_.mount_label);
}
END_TEST

START_TEST(test_answer__an_error_is_told)
{
    answer.outcome = NULL;
    answer.container = NULL;
    answer.error = (struct ocn_error){ OCN_E_LIMIT, 5, "a\nb", "forged\nline" };
    tell();
    ck_assert_int_eq(hear(), 0);
    ck_assert_ptr_null(got.outcome);
    ck_assert_int_eq(got.error.code, OCN_E_LIMIT);
    ck_assert_int_eq(got.error.sys, 5);
    ck_assert_str_eq(got.error.where, "a?b");
    ck_assert_str_eq(got.error.msg, "forged?line");
    ck_assert_int_eq(got.on_error, OCN_ON_ERROR_WARN);
}
END_TEST

static const struct {
    const char *path;
    const char *to;
    const char *spelled; /* as it arrives; NULL: refused */
} edits[] = {
    { "/process/user/uid", "1", "1" },
    { "/process/user/uid", "4294967294", "4294967294" },
    { "/process/user/uid", " 1001\n", "1001" },
    { "/process/user/uid", "0", NULL },
    { "/process/user/uid", "-0", NULL },
    { "/process/user/uid", "-1", NULL },
    { "/process/user/uid", "4294967295", NULL },
    { "/process/user/uid", "4294967296", NULL },
    { "/process/user/uid", "18446744073709551617", NULL },
    { "/process/user/uid", "1001.0", NULL },
    { "/process/user/uid", "\"1001\"", NULL },
    { "/process/user/uid", "1001,\"x\":1", NULL },
    { "/process/user/uid", "", NULL },
    { "/process/user/gid", "0", "0" },
    { "/process/user/gid", "null", NULL },
    { "/process/user/username", "\"x\"", NULL },
    { "/process/user", "{\"uid\":1001,\"gid\":0}", NULL },
    { "/process/user/additionalGids", "[]", "[]" },
    { "/process/user/additionalGids", "[1, 2]", "[1,2]" },
    { "/process/user/additionalGids", "[0,4294967295]", "[0,4294967295]" },
    { "/process/user/additionalGids", "[4294967296]", NULL },
    { "/process/user/gid", "4294967295", NULL },
    { "/process/user/additionalGids", "[1,-2]", NULL },
    { "/process/user/additionalGids", "[[1]]", NULL },
    { "/process/user/additionalGids", "1", NULL },
    { "/process/noNewPrivileges", "true", "true" },
    { "/process/noNewPrivileges", "false", NULL },
    { "/process/capabilities/ambient", "[]", "[]" },
    { "/process/capabilities/bounding", "[\"CAP_NET_BIND_SERVICE\"]",
      "[\"CAP_NET_BIND_SERVICE\"]" },
    { "/process/capabilities/bounding", "[\"ALL\"]", NULL },
    { "/process/capabilities/bounding", "[\"CAP_KILL \"]", NULL },
    { "/process/capabilities/bounding", "[\"CAP_KILL\",1]", NULL },
    { "/process/capabilities/other", "[]", NULL },
    { "/process/env/HOME", "\"/\"", "\"/\"" },
    { "/process/env/HOME", " \"/\"", "\"/\"" },
    { "/process/env/HOME", "\"\\u0041\xc3\xa9\\\"\"", "\"A\xc3\xa9\\\"\"" },
    { "/process/env/_9", "\"\"", "\"\"" },
    { "/process/env/HOME", "\"a\\nb\"", NULL },
    { "/process/env/HOME", "\"a\\u000db\"", NULL },
    { "/process/env/HOME", "\"a\\u0000b\"", NULL },
    { "/process/env/HOME", "\"a\xff\"", NULL },
    { "/process/env/HOME", "\"a\",\"LD_PRELOAD=x\"", NULL },
    { "/process/env/HOME", "1", NULL },
    { "/process/env/", "\"x\"", NULL },
    { "/process/env/9A", "\"x\"", NULL },
    { "/process/env/A=B", "\"x\"", NULL },
    { "/process/env/A/0", "\"x\"", NULL },
    { "/process/env/A~1B", "\"x\"", NULL },
    { "/process/env", "[]", NULL },
    { "/process/args", "[\"/bin/sh\"]", NULL },
    { "/process/args/0", "\"/bin/sh\"", NULL },
    { "/hooks/prestart", "[]", NULL },
    { "/root/path", "\"/\"", NULL },
    { "/mounts", "[]", NULL },
    { "/linux/namespaces", "[]", NULL },
    { "", "{}", NULL },
    { "/annotations/io.ocinorm.original-user", "\"0:0\"", "\"0:0\"" },
    { "/annotations/io.ocinorm.original-user", "\"root\"", NULL },
    { "/annotations/io.ocinorm.added-env", "\"A,B_2\"", "\"A,B_2\"" },
    { "/annotations/io.ocinorm.added-env", "\"A B\"", NULL },
    { "/annotations/run.oci.handler", "\"x\"", NULL },
};

START_TEST(test_answer__only_our_own_edits_are_taken)
{
    edit.path = edits[_i].path;
    edit.to = edits[_i].to;
    tell();
    if (edits[_i].spelled == NULL) {
        expect_refused(edit.to);
    } else {
        ck_assert_msg(hear() == 0, "%s", err.msg);
        ck_assert_str_eq(got.outcome->edits[0].to, edits[_i].spelled);
    }
}
END_TEST

START_TEST(test_answer__a_long_value_or_name_is_refused)
{
    size_t size = ((size_t)128 << 10) + 3;
    char *value = malloc(size + 1);
    char name[300] = "/process/env/";

    ck_assert_ptr_nonnull(value);
    memset(value, 'x', size);
    value[0] = value[size - 1] = '"';
    value[size] = '\0';
    edit.path = "/process/env/HOME";
    edit.to = value;
    tell();
    expect_refused("a long value");
    value[size - 2] = '"';
    value[size - 1] = '\0';
    tell();
    ck_assert_int_eq(hear(), 0);
    free(value);

    memset(name + strlen(name), 'N', 270);
    edit.path = name;
    edit.to = "\"\"";
    tell();
    expect_refused("a long name");
}
END_TEST

static void spoil_from(void)
{
    edit.from = "1}";
}

static void spoil_rule(void)
{
    edit.rule = OCN_RULE_PLATFORM_ARCH; /* judges, and edits nothing */
}

static void spoil_why(void)
{
    edit.why = "a\033[2J";
}

static void spoil_message(void)
{
    finding.message = "a\nocinorm: denied";
}

static void spoil_verdict(void)
{
    outcome.verdict = OCN_DENY;
}

static void spoil_finding(void)
{
    finding.level = OCN_LEVEL_DENY;
}

static void spoil_exempt(void)
{
    outcome.exempt = "sandbox";
}

/* Nothing else of it is wrong. */
static void spoil_exempt_kept(void)
{
    outcome.exempt = "sandbox";
    outcome.edits_len = 0;
    outcome.findings_len = 0;
}

static void spoil_kept_name(void)
{
    kept.name = "A=B";
}

static void spoil_kept_value(void)
{
    kept.value = "7\n  deny";
}

static void spoil_label(void)
{
    container.linux_.mount_label = "a\nb";
}

START_TEST(test_answer__contradictions_and_forged_text_are_refused)
{
    static void (*const spoil[])(void) = { spoil_from,      spoil_rule,      spoil_why,
                                           spoil_message,   spoil_verdict,   spoil_finding,
                                           spoil_exempt,    spoil_label,     spoil_exempt_kept,
                                           spoil_kept_name, spoil_kept_value };

    for (size_t i = 0; i < OCN_COUNT(spoil); i++) {
        enter();
        spoil[i]();
        tell();
        char what[32];
        (void)snprintf(what, sizeof(what), "spoilt %zu", i);
        expect_refused(what);
    }
}
END_TEST

/* What cannot be written cannot be told either, and the writer says so. */
START_TEST(test_answer__numbers_out_of_range_are_not_written)
{
    finding.level = OCN_LEVEL_EDIT;
    ck_assert_int_eq(ocn_answer_write(&answer, &told, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
    expect_refused("a level that no finding has");
}
END_TEST

START_TEST(test_answer__a_part_of_it_is_nothing)
{
    tell();
    size_t len = told.len;
    for (told.len = 0; told.len < len; told.len++) {
        expect_refused("a part");
    }
    ocn_buf_add(&told, "", 1);
    expect_refused("one byte more");
}
END_TEST

/* Whatever byte is wrong, nothing is read beyond the end, and nothing huge is allocated. */
START_TEST(test_answer__any_wrong_byte_is_survived)
{
    static const unsigned char wrong[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };

    tell();
    for (size_t i = 0; i < told.len; i++) {
        char right = told.ptr[i];
        for (size_t j = 0; j < OCN_COUNT(wrong); j++) {
            told.ptr[i] = (char)wrong[j];
            if (hear() < 0) {
                ck_assert_int_eq(err.code, OCN_E_FORMAT);
                ck_assert_ptr_null(got.outcome);
            }
        }
        told.ptr[i] = right;
    }
    ck_assert_int_eq(hear(), 0);
}
END_TEST

START_TEST(test_answer__too_many_are_refused)
{
    static struct ocn_edit many[1025];

    for (size_t i = 0; i < OCN_COUNT(many); i++) {
        many[i] = edit;
    }
    outcome.edits = many;
    outcome.edits_len = OCN_COUNT(many) - 1;
    tell();
    ck_assert_int_eq(hear(), 0);
    outcome.edits_len = OCN_COUNT(many);
    told.len = 0;
    ck_assert_int_eq(ocn_answer_write(&answer, &told, &err), -1);
    expect_refused("1025 edits");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("answer");
    TCase *tcase = tcase_create("answer");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_answer__everything_arrives);
    tcase_add_test(tcase, test_answer__an_error_is_told);
    tcase_add_loop_test(tcase, test_answer__only_our_own_edits_are_taken, 0, (int)OCN_COUNT(edits));
    tcase_add_test(tcase, test_answer__a_long_value_or_name_is_refused);
    tcase_add_test(tcase, test_answer__contradictions_and_forged_text_are_refused);
    tcase_add_test(tcase, test_answer__numbers_out_of_range_are_not_written);
    tcase_add_test(tcase, test_answer__a_part_of_it_is_nothing);
    tcase_add_test(tcase, test_answer__any_wrong_byte_is_survived);
    tcase_add_test(tcase, test_answer__too_many_are_refused);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
