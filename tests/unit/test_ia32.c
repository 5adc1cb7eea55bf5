/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/ia32.h"

#include <check.h>

#include "tests/lib/suite.h"

#define KEY "ia32_emulation="

START_TEST(test_ia32__boot_parameters_are_read_as_the_kernel_does)
{
    static const struct {
        const char *cmdline;
        enum ocn_runs means;
    } rows[] = {
        { "", OCN_RUNS_UNKNOWN },
        { "BOOT_IMAGE=/vmlinuz root=/dev/vda1 ro quiet\n", OCN_RUNS_UNKNOWN },
        /* every first letter that kstrtobool() knows */
        { KEY "0", OCN_RUNS_NOT },
        { KEY "n", OCN_RUNS_NOT },
        { KEY "N", OCN_RUNS_NOT },
        { KEY "no", OCN_RUNS_NOT },
        { KEY "f", OCN_RUNS_NOT },
        { KEY "F", OCN_RUNS_NOT },
        { KEY "false", OCN_RUNS_NOT },
        { KEY "off", OCN_RUNS_NOT },
        { KEY "oFF", OCN_RUNS_NOT },
        { KEY "Off", OCN_RUNS_NOT },
        { KEY "of", OCN_RUNS_NOT },
        { KEY "1", OCN_RUNS },
        { KEY "y", OCN_RUNS },
        { KEY "Y", OCN_RUNS },
        { KEY "t", OCN_RUNS },
        { KEY "True", OCN_RUNS },
        { KEY "on", OCN_RUNS },
        { KEY "ON", OCN_RUNS },
        /* and what it refuses: the default stays, which nobody knows */
        { KEY, OCN_RUNS_UNKNOWN },
        { KEY " 0", OCN_RUNS_UNKNOWN },
        { KEY "o", OCN_RUNS_UNKNOWN },
        { KEY "o ff", OCN_RUNS_UNKNOWN },
        { KEY "2", OCN_RUNS_UNKNOWN },
        { KEY "-1", OCN_RUNS_UNKNOWN },
        { KEY "x", OCN_RUNS_UNKNOWN },
        { "ia32_emulation", OCN_RUNS_UNKNOWN },
        { "ia32_emulation off", OCN_RUNS_UNKNOWN },
        /* other parameters */
        { "xia32_emulation=0", OCN_RUNS_UNKNOWN },
        { "x.ia32_emulation=0", OCN_RUNS_UNKNOWN },
        { "ia32_emulationx=0", OCN_RUNS_UNKNOWN },
        { "IA32_EMULATION=0", OCN_RUNS_UNKNOWN },
        { "dyndbg=\"x ia32_emulation=0\" ro", OCN_RUNS_UNKNOWN },
        { "ro -- ia32_emulation=0", OCN_RUNS_UNKNOWN },
        /* where it stands, and how it is spelled */
        { "ro\tia32_emulation=0\n", OCN_RUNS_NOT },
        { "  ro  ia32_emulation=0  quiet", OCN_RUNS_NOT },
        { "ia32-emulation=0", OCN_RUNS_NOT },
        { "ia32_emulation=\"0\"", OCN_RUNS_NOT },
        { "\"ia32_emulation=0\"", OCN_RUNS_NOT },
        { "--x ia32_emulation=0", OCN_RUNS_NOT },
        /* the last word counts, if it is one */
        { KEY "0 " KEY "1", OCN_RUNS },
        { KEY "1 ro " KEY "off", OCN_RUNS_NOT },
        { KEY "off " KEY "maybe", OCN_RUNS_NOT },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        ck_assert_msg(ocn_ia32_at_boot(rows[i].cmdline) == rows[i].means, "%s", rows[i].cmdline);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("ia32");
    Suite *suite = suite_create("ia32");

    tcase_add_test(tcase, test_ia32__boot_parameters_are_read_as_the_kernel_does);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
