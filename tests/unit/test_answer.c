/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/answer.h"
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
    static struct ocn_oci_hook hooks[] = { { "/bin/first" }, { NULL } };
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
                   .who = { .engine = "containerd",
                            .namespace_ = "shop",
                            .name = "web",
                            .has_user = true,
                            .uid = 7,
                            .gid = UINT32_MAX },
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
        .start_hooks = { hooks, 2 },
        .linux_ = { .mount_label = "system_u:object_r:x:s0" },
    };
    answer = (struct ocn_answer){ .outcome = &outcome, .container = &container };
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
    ck_assert_str_eq(o->facts.who.engine, "containerd");
    ck_assert_str_eq(o->facts.who.namespace_, "shop");
    ck_assert_ptr_null(o->facts.who.pod);
    ck_assert_str_eq(o->facts.who.name, "web");
    ck_assert(o->facts.who.has_user);
    ck_assert_uint_eq(o->facts.who.uid, 7);
    ck_assert_uint_eq(o->facts.who.gid, UINT32_MAX);
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
    ck_assert_str_eq(c->linux_.mount_label, container.linux_.mount_label);
    const struct ocn_oci_hook *hooks = c->start_hooks.items;
    ck_assert_uint_eq(c->start_hooks.len, 2);
    ck_assert_str_eq(hooks[0].path, "/bin/first");
    ck_assert_ptr_null(hooks[1].path);
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
}
END_TEST

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

static void spoil_who(void)
{
    outcome.facts.who.name = "a\nb";
}

static void spoil_label(void)
{
    container.linux_.mount_label = "a\nb";
}

START_TEST(test_answer__contradictions_and_forged_text_are_refused)
{
    static void (*const spoil[])(
        void) = { spoil_why,   spoil_message,     spoil_verdict,   spoil_finding,    spoil_exempt,
                  spoil_label, spoil_exempt_kept, spoil_kept_name, spoil_kept_value, spoil_who };

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

/* Another version's, or not the child's at all. */
START_TEST(test_answer__begins_with_its_mark)
{
    tell();
    for (size_t i = 0; i < 4; i++) {
        told.ptr[i] ^= 1;
        expect_refused("another mark");
        told.ptr[i] ^= 1;
    }
    ck_assert_int_eq(hear(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("answer");
    TCase *tcase = tcase_create("answer");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_answer__everything_arrives);
    tcase_add_test(tcase, test_answer__an_error_is_told);
    tcase_add_test(tcase, test_answer__contradictions_and_forged_text_are_refused);
    tcase_add_test(tcase, test_answer__numbers_out_of_range_are_not_written);
    tcase_add_test(tcase, test_answer__a_part_of_it_is_nothing);
    tcase_add_test(tcase, test_answer__any_wrong_byte_is_survived);
    tcase_add_test(tcase, test_answer__too_many_are_refused);
    tcase_add_test(tcase, test_answer__begins_with_its_mark);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
