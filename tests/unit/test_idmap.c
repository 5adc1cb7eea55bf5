/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/idmap.h"

#include <check.h>

#include "tests/lib/mem_view.h"
#include "tests/lib/suite.h"

#define FILE_NAME "/proc/self/uid_map"

START_TEST(test_idmap__of_the_runtime)
{
    static const struct {
        const char *text; /* NULL: there is no such file */
        uint64_t id, node;
        bool mapped;
    } rows[] = {
        { "0 1000 1\n1 100000 65536\n", 0, 1000, true },
        { "0 1000 1\n1 100000 65536\n", 1, 100000, true },
        { "0 1000 1\n1 100000 65536\n", 65536, 165535, true },
        { "0 1000 1\n1 100000 65536\n", 65537, 65537, false },
        { "  5  7  2  \n", 4, 4, false },
        { "  5  7  2  \n", 6, 8, true },
        { "0 0 4294967295\n", 4294967294, 4294967294, true },
        { "0 0 4294967295\n", 4294967295, 4294967295, false },
        { "0 1000 x\n", 0, 0, false },
        { "", 3, 3, true },
        { NULL, 3, 3, true },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        struct ocn_mem_view mem;
        uint64_t node = 12345;
        ocn_mem_view_init(&mem, rows[i].text != NULL ? json_pack("{s:{s:{s:s}}}", "host", FILE_NAME,
                                                                 "text", rows[i].text)
                                                     : json_object());
        const struct ocn_view view = ocn_mem_view_as_view(&mem);
        ck_assert_int_eq(ocn_idmap_of_runtime(&view, FILE_NAME, rows[i].id, &node), rows[i].mapped);
        ck_assert_uint_eq(node, rows[i].node);
        ocn_mem_view_done(&mem);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("idmap");
    Suite *suite = suite_create("idmap");

    tcase_add_test(tcase, test_idmap__of_the_runtime);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
