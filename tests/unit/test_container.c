/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/base/buf.h"
#include "normalize/oci/container.h"
#include "tests/lib/suite.h"

/* A large configuration: @syscalls, then 5000 bytes of @pad, then @behind. */
static int parse(const char *syscalls, char pad, const char *behind, struct ocn_container **ret,
                 struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ocn_buf_printf(&text,
                   "{\"linux\": {\"seccomp\": {\n\"defaultAction\": \"A\",\n\"syscalls\": %s",
                   syscalls);
    for (int i = 0; i < 5000; i++) {
        ocn_buf_add(&text, &pad, 1);
    }
    ocn_buf_puts(&text, behind);
    return ocn_container_parse(ocn_buf_bytes(&text), ret, err);
}

static const char ends[] = "], \"architectures\": [\"B\"]}},\n\"process\": {\"args\": [\"run\"]}}";

START_TEST(test_oci__the_system_calls_of_a_large_configuration_are_not_parsed)
{
    static const char *const filters[] = {
        "[",
        "[ {\"names\": [\"read\", \"a]b\", \"c\\\"]\"], \"args\": [{\"value\": 1e5}]}",
        "[{\"names\": [\"twice\"], \"names\": [\"twice\"]}", /* parsed, it would be refused */
        "[\"\\\\\", true, null, -1.5E+3",
    };

    for (size_t i = 0; i < OCN_COUNT(filters); i++) {
        OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
        struct ocn_error err = { 0 };
        ck_assert_msg(parse(filters[i], ' ', ends, &container, &err) == 0, "%zu: %s: %s", i,
                      err.where, err.msg);
        ck_assert_str_eq(container->linux_.seccomp.default_action, "A");
        ck_assert_str_eq(container->linux_.seccomp.architectures.items[0], "B");
        ck_assert_str_eq(container->process.args.items[0], "run");
    }
}
END_TEST

/* Wherever another parser could see another end of the list, the whole is parsed, and refused. */
START_TEST(test_oci__what_another_parser_could_read_otherwise_is_refused)
{
    static const char *const filters[] = {
        "[ /* \" */ \"x\"", "[ 'a]b'",      "[ # ]",     "[\"a\nb\"",        "[\"\\\nb\"",
        "[\"\xff\"",        "[\"\x7f\", }", "[Infinity", "[\"\\u0000\x01\"", "[NaN",
    };

    for (size_t i = 0; i < OCN_COUNT(filters); i++) {
        struct ocn_container *container = NULL;
        struct ocn_error err = { 0 };
        ck_assert_msg(parse(filters[i], ' ', ends, &container, &err) == -1, "%zu", i);
        ck_assert_int_eq(err.code, OCN_E_FORMAT);
    }
}
END_TEST

START_TEST(test_oci__an_error_behind_them_has_the_line_of_the_whole)
{
    struct ocn_container *container = NULL;
    struct ocn_error err = { 0 };

    ck_assert_int_eq(parse("[1", '\n', "], \"architectures\": [\"B\"]}}\nx}", &container, &err),
                     -1);
    ck_assert_msg(strncmp(err.where, "5004:", 5) == 0, "%s: %s", err.where, err.msg);
    ck_assert_int_eq(parse("[1", '\n', "", &container, &err), -1);
}
END_TEST

START_TEST(test_oci__what_is_too_large_is_refused_whatever_makes_it_so)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_container *container = NULL;
    struct ocn_error err = { 0 };

    ocn_buf_puts(&text, "{\"linux\": {\"seccomp\": {\"syscalls\": [");
    while (text.len < OCN_CONFIG_MAX_SIZE) {
        ocn_buf_puts(&text, "                                                                ");
    }
    ocn_buf_puts(&text, "]}}}");
    ck_assert_int_eq(ocn_container_parse(ocn_buf_bytes(&text), &container, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
}
END_TEST

START_TEST(test_oci__a_process_that_joins_borrows_all_else)
{
    static const char config[] =
        "{\"process\": {\"args\": [\"init\"], \"env\": [\"A=b\"]}, "
        "\"root\": {\"path\": \"rootfs\"}, \"annotations\": {\"k\": \"v\"}}";
    static const char process[] = "{\"args\": [\"id\"], \"user\": {\"uid\": 7}}";
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *joined = NULL;
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
    struct ocn_error err = { 0 };

    ck_assert_int_eq(
        ocn_container_parse((struct ocn_bytes){ config, strlen(config) }, &joined, &err), 0);
    ck_assert_int_eq(ocn_container_join(joined, (struct ocn_bytes){ process, strlen(process) },
                                        &container, &err),
                     0);
    ck_assert_str_eq(container->process.args.items[0], "id");
    ck_assert_uint_eq(container->process.user.uid, 7);
    ck_assert_uint_eq(container->process.env.len, 0);
    ck_assert_str_eq(container->root.path, "rootfs");
    ck_assert_str_eq(ocn_oci_annotation_get(container, "k"), "v");
    ck_assert_str_eq(joined->process.args.items[0], "init");
    ck_assert_uint_eq(joined->process.env.len, 1);

    struct ocn_container *none = NULL;
    ck_assert_int_eq(ocn_container_join(joined, (struct ocn_bytes){ "{", 1 }, &none, &err), -1);
    ck_assert_ptr_null(none);
}
END_TEST

/* What is odd is read, too, and so is what is wrong; the same text without it needs no tree. */
START_TEST(test_oci__what_is_in_doubt_is_read_from_a_tree)
{
    static const struct {
        const char *config;
        bool tree;
        bool fault;
    } rows[] = {
        { "{\"process\":{\"cwd\":\"/a\"}}", false, false },
        { "{\"process\":{\"cwd\":\"/a\"},\"unknown\":1.5}", true, false },
        { "{\"process\":{\"cwd\":\"/a\"},\"unknown\":\"\xc3\xa9\"}", true, false },
        { "{\"process\":{\"cwd\":\"/a\",\"user\":{\"uid\":\"0\"}}}", true, true },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
        const struct ocn_bytes config = { rows[i].config, strlen(rows[i].config) };
        ck_assert_int_eq(ocn_container_parse(config, &container, NULL), 0);
        ck_assert_str_eq(container->process.cwd, "/a");
        ck_assert_int_eq(container->json != NULL, rows[i].tree);
        ck_assert_int_eq(ocn_container_fault(container, OCN_IN(USER)) != NULL, rows[i].fault);
    }
}
END_TEST

/* Without an object of capabilities, in either reader's hands, the container's are taken. */
START_TEST(test_oci__a_process_that_names_no_capabilities_inherits_them)
{
    static const struct {
        const char *process;
        bool inherits;
        bool tree;
    } rows[] = {
        { "{\"args\":[\"a\"]}", true, false },
        { "{\"args\":[\"a\"],\"capabilities\":null}", true, false },
        { "{\"args\":[\"a\"],\"capabilities\":{}}", false, false },
        { "{\"args\":[\"a\"],\"unknown\":1.5}", true, true },
        { "{\"args\":[\"a\"],\"capabilities\":[]}", true, true },
        { "{\"args\":[\"a\"],\"unknown\":1.5,\"capabilities\":{}}", false, true },
    };
    static const char config[] = "{\"process\":{\"capabilities\":{\"bounding\":[\"CAP_KILL\"]}}}";
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *joined = NULL;

    ck_assert_int_eq(
        ocn_container_parse((struct ocn_bytes){ config, strlen(config) }, &joined, NULL), 0);
    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
        const struct ocn_bytes process = { rows[i].process, strlen(rows[i].process) };
        ck_assert_int_eq(ocn_container_join(joined, process, &container, NULL), 0);
        ck_assert_str_eq(container->process.args.items[0], "a");
        ck_assert_int_eq(container->process.inherits_capabilities, rows[i].inherits);
        ck_assert_uint_eq(container->process.capabilities.bounding.len, rows[i].inherits ? 1 : 0);
        ck_assert_int_eq(container->json != NULL, rows[i].tree);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("oci");
    Suite *suite = suite_create("oci");

    tcase_add_test(tcase, test_oci__the_system_calls_of_a_large_configuration_are_not_parsed);
    tcase_add_test(tcase, test_oci__what_another_parser_could_read_otherwise_is_refused);
    tcase_add_test(tcase, test_oci__an_error_behind_them_has_the_line_of_the_whole);
    tcase_add_test(tcase, test_oci__what_is_too_large_is_refused_whatever_makes_it_so);
    tcase_add_test(tcase, test_oci__a_process_that_joins_borrows_all_else);
    tcase_add_test(tcase, test_oci__what_is_in_doubt_is_read_from_a_tree);
    tcase_add_test(tcase, test_oci__a_process_that_names_no_capabilities_inherits_them);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
