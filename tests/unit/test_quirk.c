/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/doctor/quirk.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <stdbool.h>
#include <string.h>

static const struct {
    const char *line;
    bool has;
} lines[] = {
    { "crun version 1.2", false },
    { "crun version 1.3", true },
    { "crun version 1.8.1", true },
    { "crun version 1.14.3-dirty", true },
    { "crun version 1.23.1", true },
    { "crun version 1.24", false },
    { "crun version 1.28", false },
    { "crun version 0.21", false },
    { "crun version 2.0", false },
    { "crun version 10.8", false },
    { "crun version 4294967297.8", false }, /* 2^32 + 1 */
    { "crun version 1.4294967304", false },
    { "crun version 1", false },
    { "crun version 1.", false },
    { "crun version .8", false },
    { "crun version UNKNOWN", false },
    { "crun version ", false },
    { "crun 1.8.1", false },
    { "runc version 1.1.5+ds1", false },
    { "crunch version 1.8.1", false },
    { "", false },
};

START_TEST(test_quirk__of_crun)
{
    const struct ocn_quirk *quirk = ocn_quirk_find(lines[_i].line);

    ck_assert_msg((quirk != NULL) == lines[_i].has, "%s", lines[_i].line);
    if (quirk != NULL) {
        ck_assert_ptr_nonnull(strstr(quirk->text, "/dev/null"));
        ck_assert_ptr_nonnull(strstr(quirk->fix, "1.24"));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("quirk");
    TCase *tcase = tcase_create("quirk");

    tcase_add_loop_test(tcase, test_quirk__of_crun, 0, (int)OCN_COUNT(lines));
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
