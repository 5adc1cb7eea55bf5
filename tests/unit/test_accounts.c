/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <string.h>

#include "normalize/base/buf.h"
#include "normalize/base/number.h"
#include "normalize/rootfs/accounts.h"
#include "tests/lib/suite.h"

static struct ocn_bytes bytes(const char *text)
{
    return (struct ocn_bytes){ text, strlen(text) };
}

START_TEST(test_passwd__numbers_are_strict)
{
    static const struct {
        const char *text;
        int result;
        uint64_t value;
    } rows[] = {
        { "0", 0, 0 },
        { "4294967295", 0, UINT32_MAX },
        { "0007", 0, 7 },
        { "4294967296", -1, 0 },
        { "99999999999999999999", -1, 0 },
        { "", -1, 0 },
        { "-1", -1, 0 },
        { "+1", -1, 0 },
        { "0x1", -1, 0 },
        { " 1", -1, 0 },
        { "1 ", -1, 0 },
        { "1.0", -1, 0 },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        uint64_t value = 0;
        ck_assert_msg(ocn_number_parse(bytes(rows[i].text), UINT32_MAX, &value) == rows[i].result,
                      "\"%s\"", rows[i].text);
        ck_assert_uint_eq(value, rows[i].value);
    }
    uint64_t digit = 0;
    ck_assert_int_eq(ocn_number_parse(bytes("7"), 3, &digit), -1);
    ck_assert_int_eq(ocn_number_parse(bytes("18446744073709551615"), UINT64_MAX, &digit), 0);
    ck_assert_int_eq(ocn_number_parse(bytes("18446744073709551616"), UINT64_MAX, &digit), -1);
}
END_TEST

START_TEST(test_passwd__first_entry_of_a_uid_counts)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_accounts accounts = { 0 };
    struct ocn_error err = { 0 };
    const char *text = "root:x:0:0:root:/root:/bin/sh\nbroken\n:x:1001:1:::\nshort:x:1001\n"
                       "app:x:1001:1001:a:/first:/x\nalso:x:1001:1001:a:/second:/x\n"
                       "toor:x:0:0:::";

    ck_assert_int_eq(ocn_accounts_read_passwd(bytes(text), 1001, &arena, &accounts, &err), 0);
    ck_assert_str_eq(accounts.home, "/first");
    ck_assert_str_eq(accounts.root_home, "/root");
    ck_assert_uint_eq(accounts.root_names.len, 2);
    ck_assert_str_eq(accounts.root_names.items[1], "toor");
}
END_TEST

START_TEST(test_passwd__groups_of_every_name_of_root)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_accounts accounts = { 0 };
    struct ocn_error err = { 0 };
    const char *passwd = "root:x:0:0::/:\ntoor:x:0:0::/:\n";
    const char *group = "root:x:0:\nbin:x:1:root,bin\nadm:x:4:toor\nx:x:5:roots\ny:x:6:,root\n"
                        "z:x:0x7:root\nshort:x:8\nlast:x:9:a,root";

    ck_assert_int_eq(ocn_accounts_read_passwd(bytes(passwd), 5, &arena, &accounts, &err), 0);
    ck_assert_ptr_null(accounts.home);
    ck_assert_int_eq(ocn_accounts_read_group(bytes(group), &arena, &accounts, &err), 0);
    static const uint32_t expected[] = { 1, 4, 6, 9 };
    ck_assert_uint_eq(accounts.root_groups.len, OCN_COUNT(expected));
    ck_assert_mem_eq(accounts.root_groups.items, expected, sizeof(expected));
}
END_TEST

START_TEST(test_passwd__a_number_that_names_another_group_is_roots)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_accounts accounts = { 0 };
    struct ocn_error err = { 0 };
    const char *group = "2000:x:0:\n3000:x:6:\n4000:x:4000:\n \t5000:x:0:\n\xc2\xa0"
                        "5001:x:0:\n"
                        "6000\n7000:x:what:\n8000 :x:8000:\n#9000:x:0:\ng9001:x:0:\n9002 \r";
    static const uint32_t expected[] = { 2000, 3000, 5000, 5001, 6000, 7000, 9002 };

    ck_assert_int_eq(ocn_accounts_read_group(bytes(group), &arena, &accounts, &err), 0);
    ck_assert_uint_eq(accounts.root_groups.len, OCN_COUNT(expected));
    ck_assert_mem_eq(accounts.root_groups.items, expected, sizeof(expected));
    ck_assert_int_eq(ocn_accounts_is_roots_group(&accounts, 2000), 1);
    ck_assert_int_eq(ocn_accounts_is_roots_group(&accounts, 4000), 0);
}
END_TEST

START_TEST(test_passwd__many_names_and_groups_are_found)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf passwd = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf group = { 0 };
    struct ocn_accounts accounts = { 0 };
    struct ocn_error err = { 0 };

    for (unsigned i = 0; i < 20000; i++) {
        ocn_buf_printf(&passwd, "r%u:x:0:0::/:\n", 7919 * i % 20011);
        ocn_buf_printf(&group, "g%u:x:%u:nobody,%s%u\n", i, 40000 - i, i % 2 != 0 ? "r" : "u",
                       7919 * i % 20011);
    }
    ocn_buf_add(&group, "nul:x:7:r1\0x\n", 13);
    ck_assert_int_eq(ocn_accounts_read_passwd(ocn_buf_bytes(&passwd), 5, &arena, &accounts, &err),
                     0);
    ck_assert_int_eq(ocn_accounts_read_group(ocn_buf_bytes(&group), &arena, &accounts, &err), 0);
    ck_assert_uint_eq(accounts.root_groups.len, 10000);
    for (unsigned i = 0; i < 20000; i++) {
        ck_assert_int_eq(ocn_accounts_is_roots_group(&accounts, 40000 - i), i % 2 != 0);
    }
    ck_assert_int_eq(ocn_accounts_is_roots_group(&accounts, 7), 0);
    ck_assert_int_eq(ocn_accounts_is_roots_group(&accounts, 0), 1);
}
END_TEST

START_TEST(test_passwd__nothing_in_an_empty_file)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_accounts accounts = { 0 };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_accounts_read_passwd(bytes(""), 0, &arena, &accounts, &err), 0);
    ck_assert_int_eq(ocn_accounts_read_group(bytes("\n\n"), &arena, &accounts, &err), 0);
    ck_assert_ptr_null(accounts.root_home);
    ck_assert_uint_eq(accounts.root_groups.len, 0);
}
END_TEST

/* gosu's USER:GROUP, and chpst's :UID:GID. What lies behind the end is nobody's. */
START_TEST(test_passwd__the_group_that_is_named)
{
    static const struct {
        const char *spec;
        const char *group;
    } rows[] = {
        { "shop:data", "data" }, { ":999:998", "998" }, { ":999:998:997", "998" }, { "shop", "" },
        { "shop\0data", "" },    { ":\0data", "" },     { "shop:", "" },           { "", "" },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const struct ocn_bytes group = ocn_accounts_group_part(rows[i].spec);
        ck_assert_msg(group.len == strlen(rows[i].group) &&
                          memcmp(group.ptr, rows[i].group, group.len) == 0,
                      "%s: %.*s", rows[i].spec, (int)group.len, group.ptr);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("passwd");
    Suite *suite = suite_create("passwd");

    tcase_add_test(tcase, test_passwd__numbers_are_strict);
    tcase_add_test(tcase, test_passwd__first_entry_of_a_uid_counts);
    tcase_add_test(tcase, test_passwd__groups_of_every_name_of_root);
    tcase_add_test(tcase, test_passwd__a_number_that_names_another_group_is_roots);
    tcase_add_test(tcase, test_passwd__many_names_and_groups_are_found);
    tcase_add_test(tcase, test_passwd__nothing_in_an_empty_file);
    tcase_add_test(tcase, test_passwd__the_group_that_is_named);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
