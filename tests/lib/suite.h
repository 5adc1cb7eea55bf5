/* SPDX-License-Identifier: Apache-2.0 */
/* The end of every unit test's main. */
#pragma once

#include <check.h>
#include <stdlib.h>

/* Of one test that is slow on slow machines: against what hangs, not a measure. */
#define OCN_TEST_SECONDS 600

/* Runs @suite, prints what failed, and gives the exit status. */
static inline int ocn_run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);

    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
