/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <ctype.h>
#include <sys/capability.h>

#include "normalize/oci/capability.h"
#include "tests/lib/suite.h"

/* Names as runtimes know them beside the kernel's numbers, without libcap. */
#define ROW(capability)                                                                            \
    {                                                                                              \
        capability, #capability                                                                    \
    }

static const struct {
    unsigned number;
    const char *name;
} rows[] = {
    ROW(CAP_CHOWN),           ROW(CAP_DAC_OVERRIDE),     ROW(CAP_DAC_READ_SEARCH),
    ROW(CAP_FOWNER),          ROW(CAP_FSETID),           ROW(CAP_KILL),
    ROW(CAP_SETGID),          ROW(CAP_SETUID),           ROW(CAP_SETPCAP),
    ROW(CAP_LINUX_IMMUTABLE), ROW(CAP_NET_BIND_SERVICE), ROW(CAP_SYS_PTRACE),
    ROW(CAP_SYS_ADMIN),       ROW(CAP_SYS_RESOURCE),     ROW(CAP_SETFCAP),
    ROW(CAP_MAC_OVERRIDE),    ROW(CAP_AUDIT_READ),       ROW(CAP_CHECKPOINT_RESTORE),
};

START_TEST(test_capability__a_number_has_the_kernels_name)
{
    ck_assert_str_eq(ocn_capability_name(rows[_i].number), rows[_i].name);
    ck_assert(ocn_capability_is(rows[_i].name, rows[_i].number));
    ck_assert(!ocn_capability_is(rows[_i].name, rows[_i].number + 1));
}
END_TEST

START_TEST(test_capability__all_names_are_libcaps)
{
    unsigned named = 0;

    for (unsigned number = 0; number < OCN_CAPABILITY_COUNT; number++) {
        const char *own = ocn_capability_name(number);
        cap_value_t back = -1;
        if (own == NULL) {
            continue;
        }
        named++;
        for (const char *c = own; *c != '\0'; c++) {
            ck_assert_msg(isupper((unsigned char)*c) || *c == '_', "%s", own);
        }
        ck_assert_msg(cap_from_name(own, &back) == 0 && back == (cap_value_t)number, "%s is %d",
                      own, back);
    }
    ck_assert_uint_gt(named, CAP_CHECKPOINT_RESTORE);
}
END_TEST

START_TEST(test_capability__no_name_is_nobodys)
{
    static const unsigned numbers[] = { OCN_CAPABILITY_COUNT - 1, OCN_CAPABILITY_COUNT, 1U << 31,
                                        UINT32_MAX };
    const char *items[] = { "" };
    const struct ocn_strings empty = { items, OCN_COUNT(items) };

    for (size_t i = 0; i < OCN_COUNT(numbers); i++) {
        ck_assert_ptr_null(ocn_capability_name(numbers[i]));
        ck_assert(!ocn_capability_is("", numbers[i]));
        ck_assert(!ocn_capability_in(&empty, numbers[i]));
    }
}
END_TEST

START_TEST(test_capability__other_spellings_are_no_names)
{
    const char *items[] = {
        "cap_kill", "KILL", "kill", "5", "CAP_KILL ", " CAP_KILL", "CAP_KILLS"
    };
    struct ocn_strings names = { items, OCN_COUNT(items) };

    for (size_t i = 0; i < OCN_COUNT(items); i++) {
        ck_assert_msg(!ocn_capability_is(items[i], CAP_KILL), "%s", items[i]);
    }
    ck_assert(!ocn_capability_in(&names, CAP_KILL));
    items[3] = "CAP_KILL";
    ck_assert(ocn_capability_in(&names, CAP_KILL));
    names.len = 3;
    ck_assert(!ocn_capability_in(&names, CAP_KILL));
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("capability");
    Suite *suite = suite_create("capability");

    tcase_add_loop_test(tcase, test_capability__a_number_has_the_kernels_name, 0,
                        (int)OCN_COUNT(rows));
    tcase_add_test(tcase, test_capability__all_names_are_libcaps);
    tcase_add_test(tcase, test_capability__no_name_is_nobodys);
    tcase_add_test(tcase, test_capability__other_spellings_are_no_names);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
