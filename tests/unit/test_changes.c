/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/changes.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "hook/install/record.h"
#include "hook/sys/replace.h"
#include "tests/lib/suite.h"

static char dir[64];
static struct ocn_node node;

static struct ocn_bytes bytes(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

static void shell(const char *format)
{
    char command[512];

    /* Every @ is the directory. */
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf buf = { 0 };
    for (const char *c = format; *c != '\0'; c++) {
        if (*c == '@') {
            ocn_buf_puts(&buf, dir);
        } else {
            ocn_buf_add(&buf, c, 1);
        }
    }
    (void)snprintf(command, sizeof(command), "%s", buf.ptr);
    ck_assert_msg(system(command) == 0, "%s", command); /* NOLINT(cert-env33-c) */
}

static void enter(void)
{
    strcpy(dir, "/tmp/ocn-change-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    shell("mkdir -p @/etc/e && printf 'one\\ntwo\\n' >@/etc/e/main && chmod 0640 @/etc/e/main &&"
          "cp -a @ @.before");
    ck_assert_int_eq(ocn_node_open(dir, &node, NULL), 0);
}

static void leave(void)
{
    ocn_node_done(&node);
    shell("rm -rf @ @.before");
}

static void expect_as_before(void)
{
    shell("diff -r --no-dereference @.before @ >&2 && test \"$(cd @ && find . -printf '%p %m\\n' | "
          "sort)\" = "
          "\"$(cd @.before && find . -printf '%p %m\\n' | sort)\"");
}

/* Begins, wants both files and applies; what is told is dropped. */
static int install(const char *engine, const char *ours, const char *shared, bool force,
                   struct ocn_error *err)
{
    OCN_CLEANUP(ocn_changes_done) struct ocn_changes changes = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };

    return ocn_changes_begin(&changes, &node, engine, force, &told, err) < 0 ||
                   ocn_changes_want(&changes, "/etc/e/d/ours", OCN_OURS, 0644, bytes(ours), err) <
                       0 ||
                   ocn_changes_want(&changes, "/etc/e/main", OCN_SHARED, 0644, bytes(shared), err) <
                       0 ||
                   ocn_changes_apply(&changes, err) < 0
               ? -1
               : 0;
}

static int uninstall(const char *engine, bool force, struct ocn_buf *told, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_changes_done) struct ocn_changes changes = { 0 };

    return ocn_changes_begin(&changes, &node, engine, force, told, err) < 0 ||
                   ocn_changes_apply(&changes, err) < 0
               ? -1
               : 0;
}

START_TEST(test_changes__uninstall_leaves_what_was_before)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };

    ck_assert_int_eq(install("x", "ours\n", "one\nNEW\ntwo\n", false, NULL), 0);
    shell("grep -q NEW @/etc/e/main && test -e @/etc/e/d/ours && test -e @" OCN_RECORD_PATH);
    shell("test $(stat -c %a @/etc/e/main) = 640");
    ck_assert_int_eq(uninstall("x", false, &told, NULL), 0);
    expect_as_before();
}
END_TEST

START_TEST(test_changes__a_second_install_is_measured_from_before_the_first)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };

    ck_assert_int_eq(install("x", "ours\n", "one\nNEW\ntwo\n", false, NULL), 0);
    ck_assert_int_eq(install("x", "other\n", "zero\none\ntwo\n", false, NULL), 0);
    shell(
        "! grep -q NEW @/etc/e/main && grep -q zero @/etc/e/main && grep -q other @/etc/e/d/ours");
    ck_assert_int_eq(uninstall("x", false, &told, NULL), 0);
    expect_as_before();
}
END_TEST

START_TEST(test_changes__what_others_write_around_our_lines_stays)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };

    ck_assert_int_eq(install("x", "ours\n", "one\nNEW\ntwo\n", false, NULL), 0);
    shell("printf 'zero\\none\\nNEW\\nthree\\n' >@/etc/e/main && touch @/etc/e/d/theirs");
    ck_assert_int_eq(uninstall("x", false, &told, NULL), 0);
    shell("test \"$(cat @/etc/e/main)\" = \"$(printf 'zero\\none\\nthree')\" &&"
          "test -e @/etc/e/d/theirs && ! test -e @/etc/e/d/ours && ! test -e @/var");
}
END_TEST

START_TEST(test_changes__what_others_changed_of_ours_is_shown_and_kept)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(install("x", "ours\n", "one\nNEW\ntwo\n", false, NULL), 0);
    shell("echo theirs >>@/etc/e/d/ours");
    ck_assert_int_eq(uninstall("x", false, &told, &err), -1);
    ck_assert_str_eq(err.where, "/etc/e/d/ours");
    ck_assert_ptr_nonnull(strstr(told.ptr, "\n+theirs\n"));
    shell("grep -q NEW @/etc/e/main && grep -q theirs @/etc/e/d/ours");
    ck_assert_int_eq(install("x", "ours\n", "one\nNEW\ntwo\n", false, NULL), -1);
    ck_assert_int_eq(uninstall("x", true, &told, NULL), 0);
    expect_as_before();
}
END_TEST

START_TEST(test_changes__our_lines_changed_in_the_file_of_others)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(install("x", "ours\n", "one\nNEW\ntwo\n", false, NULL), 0);
    shell("sed -i s/NEW/NEWER/ @/etc/e/main");
    ck_assert_int_eq(uninstall("x", false, &told, &err), -1);
    ck_assert_str_eq(err.where, "/etc/e/main");
    ck_assert_int_eq(uninstall("x", true, &told, NULL), 0);
    shell("grep -q NEWER @/etc/e/main && ! test -e @/etc/e/d && ! test -e @/var");
}
END_TEST

START_TEST(test_changes__a_record_whose_files_were_never_written_is_no_trouble)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };

    ck_assert_int_eq(install("x", "ours\n", "one\nNEW\ntwo\n", false, NULL), 0);
    shell("rm @/etc/e/d/ours && cp -p @.before/etc/e/main @/etc/e/main");
    ck_assert_int_eq(uninstall("x", true, &told, NULL), 0);
    expect_as_before();
}
END_TEST

START_TEST(test_changes__a_file_in_our_place_is_not_touched)
{
    struct ocn_error err = { 0 };

    shell("mkdir @/etc/e/d && echo theirs >@/etc/e/d/ours && rm -r @.before && cp -a @ @.before");
    ck_assert_int_eq(install("x", "ours\n", "one\nNEW\ntwo\n", true, &err), -1);
    ck_assert_ptr_nonnull(strstr(err.msg, "not ocinorm's"));
    expect_as_before();
}
END_TEST

START_TEST(test_changes__a_failure_in_the_middle_leaves_nothing)
{
    OCN_CLEANUP(ocn_changes_done) struct ocn_changes changes = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_changes_begin(&changes, &node, "x", false, &told, NULL), 0);
    ck_assert_int_eq(
        ocn_changes_want(&changes, "/etc/e/d/ours", OCN_OURS, 0644, bytes("a\n"), NULL), 0);
    ck_assert_int_eq(ocn_changes_want(&changes, "/etc/e/f", OCN_OURS, 0644, bytes("b\n"), NULL), 0);
    /* Somebody is faster with the second file. */
    shell("echo theirs >@/etc/e/f; cp -a @/etc/e/f @.before/etc/e/f");
    ck_assert_int_eq(ocn_changes_apply(&changes, &err), -1);
    ck_assert_int_eq(err.sys, EEXIST);
    expect_as_before();
}
END_TEST

START_TEST(test_changes__revert_is_apply_backwards)
{
    OCN_CLEANUP(ocn_changes_done) struct ocn_changes changes = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };

    ck_assert_int_eq(ocn_changes_begin(&changes, &node, "x", false, &told, NULL), 0);
    ck_assert_int_eq(
        ocn_changes_want(&changes, "/etc/e/d/ours", OCN_OURS, 0644, bytes("a\n"), NULL), 0);
    ck_assert_int_eq(
        ocn_changes_want(&changes, "/etc/e/main", OCN_SHARED, 0644, bytes("b\n"), NULL), 0);
    ck_assert_int_eq(ocn_changes_apply(&changes, NULL), 0);
    ck_assert_int_eq(ocn_changes_revert(&changes, NULL), 0);
    expect_as_before();
}
END_TEST

START_TEST(test_changes__engines_share_the_record_and_its_directories)
{
    OCN_CLEANUP(ocn_changes_done) struct ocn_changes changes = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };

    ck_assert_int_eq(install("x", "ours\n", "one\nNEW\ntwo\n", false, NULL), 0);
    ck_assert_int_eq(ocn_changes_begin(&changes, &node, "y", false, &told, NULL), 0);
    ck_assert(!ocn_changes_installed(&changes));
    ck_assert_int_eq(ocn_changes_want(&changes, "/etc/e/d/y", OCN_OURS, 0644, bytes("y\n"), NULL),
                     0);
    ck_assert_int_eq(ocn_changes_apply(&changes, NULL), 0);
    ck_assert_int_eq(uninstall("x", false, &told, NULL), 0);
    shell("test -e @/etc/e/d/y && test -e @" OCN_RECORD_PATH);
    ck_assert_int_eq(uninstall("y", false, &told, NULL), 0);
    expect_as_before();
}
END_TEST

START_TEST(test_changes__a_damaged_record_stops_everything)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"version\": 2, \"engines\": {}, \"directories\": []}",
        "{\"version\": 1, \"engines\": {\"x\": [{}]}, \"directories\": []}",
        "{\"version\": 1, \"directories\": [], \"engines\": {\"x\": [{\"path\": \"a\"}]}}",
        "{\"version\": 1, \"engines\": {}, \"directories\": [\"a\"]}",
    };

    for (size_t i = 0; i < OCN_COUNT(texts); i++) {
        json_t *record = NULL;
        struct ocn_error err = { 0 };
        ck_assert_int_eq(ocn_record_parse(bytes(texts[i]), &record, &err), -1);
        ck_assert_ptr_nonnull(strstr(err.where, OCN_RECORD_PATH));
    }
    shell("mkdir -p @/var/lib/ocinorm && echo x >@" OCN_RECORD_PATH);
    ck_assert_int_eq(uninstall("x", true, &told, NULL), -1);
}
END_TEST

START_TEST(test_changes__links_stay_below_the_root)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf told = { 0 };

    shell("mv @/etc/e @/real && ln -s /real @/etc/e && ln -s ../../../../../../tmp @/etc/up &&"
          "rm -r @.before && cp -a @ @.before");
    ck_assert(!ocn_node_has(&node, "/etc/up/ocn-nothing"));
    ck_assert_int_eq(install("x", "ours\n", "one\nNEW\ntwo\n", false, NULL), 0);
    shell("test -e @/real/d/ours && grep -q NEW @/real/main && ! test -e /real");
    ck_assert_int_eq(uninstall("x", false, &told, NULL), 0);
    expect_as_before();
}
END_TEST

START_TEST(test_changes__create_does_not_overwrite)
{
    char path[128];
    struct ocn_error err = { 0 };

    (void)snprintf(path, sizeof(path), "%s/etc/e/main", dir);
    ck_assert_int_eq(ocn_replace_new_file(path, bytes("x"), 0600, &err), -1);
    ck_assert_int_eq(err.sys, EEXIST);
    (void)snprintf(path, sizeof(path), "%s/etc/e/new", dir);
    (void)umask(077);
    ck_assert_int_eq(ocn_replace_new_file(path, bytes("x"), 0644, NULL), 0);
    shell("test $(stat -c %a @/etc/e/new) = 644 && test $(ls -A @/etc/e | wc -l) = 2");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("change");
    TCase *tcase = tcase_create("change");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_add_test(tcase, test_changes__uninstall_leaves_what_was_before);
    tcase_add_test(tcase, test_changes__a_second_install_is_measured_from_before_the_first);
    tcase_add_test(tcase, test_changes__what_others_write_around_our_lines_stays);
    tcase_add_test(tcase, test_changes__what_others_changed_of_ours_is_shown_and_kept);
    tcase_add_test(tcase, test_changes__our_lines_changed_in_the_file_of_others);
    tcase_add_test(tcase, test_changes__a_record_whose_files_were_never_written_is_no_trouble);
    tcase_add_test(tcase, test_changes__a_file_in_our_place_is_not_touched);
    tcase_add_test(tcase, test_changes__a_failure_in_the_middle_leaves_nothing);
    tcase_add_test(tcase, test_changes__revert_is_apply_backwards);
    tcase_add_test(tcase, test_changes__engines_share_the_record_and_its_directories);
    tcase_add_test(tcase, test_changes__a_damaged_record_stops_everything);
    tcase_add_test(tcase, test_changes__links_stay_below_the_root);
    tcase_add_test(tcase, test_changes__create_does_not_overwrite);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
