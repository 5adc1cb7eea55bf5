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

/* There its map is not read: what would not map anything here is passed over. */
START_TEST(test_idmap__the_first_namespace_maps_all_to_themselves)
{
    static const struct {
        const char *name;
        uint64_t id;
        bool first, mapped;
    } rows[] = {
        { "user:[4026531837]", 0, true, true },
        { "user:[4026531837]", 4294967294, true, true },
        { "user:[4026531837]", 4294967295, true, false }, /* no id */
        { "user:[4026532000]", 0, false, false },
        { "user:[402653183]", 0, false, false },
        { "net:[4026531837]", 0, false, false },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        struct ocn_mem_view mem;
        uint64_t node = 12345;
        ocn_mem_view_init(&mem, json_pack("{s:{s:{s:s},s:{s:s}}}", "host", FILE_NAME, "text",
                                          "5 7 2\n", "/proc/self/ns/user", "link", rows[i].name));
        const struct ocn_view view = ocn_mem_view_as_view(&mem);
        ck_assert_int_eq(ocn_idmap_is_first(&view), rows[i].first);
        ck_assert_int_eq(ocn_idmap_of_runtime(&view, FILE_NAME, rows[i].id, &node), rows[i].mapped);
        ck_assert_uint_eq(node, rows[i].id);
        ocn_mem_view_done(&mem);
    }
}
END_TEST

START_TEST(test_idmap__two_ids_change_places)
{
    static const struct {
        uint32_t a, b;
        const char *json;
    } rows[] = {
        { 0, 1001,
          "[{\"containerID\":0,\"hostID\":1001,\"size\":1},{\"containerID\":1,\"hostID\":1,"
          "\"size\":"
          "1000},{\"containerID\":1001,\"hostID\":0,\"size\":1},{\"containerID\":1002,\"hostID\":"
          "1002,\"size\":4294966293}]" },
        { 1, 0,
          "[{\"containerID\":0,\"hostID\":1,\"size\":1},{\"containerID\":1,\"hostID\":0,\"size\":1}"
          ","
          "{\"containerID\":2,\"hostID\":2,\"size\":4294967293}]" },
        { 7, 7, "[{\"containerID\":0,\"hostID\":0,\"size\":4294967295}]" },
        { 4294967294, 4294967293,
          "[{\"containerID\":0,\"hostID\":0,\"size\":4294967293},{\"containerID\":4294967293,"
          "\"hostID\":4294967294,\"size\":1},{\"containerID\":4294967294,\"hostID\":4294967293,"
          "\"size\":1}]" },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
        const struct ocn_idmap map = ocn_idmap_swap(rows[i].a, rows[i].b);
        ck_assert_str_eq(ocn_idmap_json(&map, &arena), rows[i].json);
    }
}
END_TEST

/* Every id has one place, and only the two have another. */
START_TEST(test_idmap__all_other_ids_stay)
{
    static const uint32_t ids[] = { 0, 1, 2, 999, 1000, 1001, 1002, 65534, 4294967293, 4294967294 };

    for (size_t a = 0; a < OCN_COUNT(ids); a++) {
        for (size_t b = 0; b < OCN_COUNT(ids); b++) {
            struct ocn_idmap map = ocn_idmap_swap(ids[a], ids[b]);
            const struct ocn_list list = { map.ranges, map.len };
            for (size_t i = 0; i < OCN_COUNT(ids); i++) {
                uint32_t wanted = ids[i] == ids[a] ? ids[b] : ids[i] == ids[b] ? ids[a] : ids[i];
                uint64_t got = 0;
                ck_assert(ocn_idmap_of_container(&list, ids[i], &got));
                ck_assert_uint_eq(got, wanted);
            }
        }
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("idmap");
    Suite *suite = suite_create("idmap");

    tcase_add_test(tcase, test_idmap__of_the_runtime);
    tcase_add_test(tcase, test_idmap__the_first_namespace_maps_all_to_themselves);
    tcase_add_test(tcase, test_idmap__two_ids_change_places);
    tcase_add_test(tcase, test_idmap__all_other_ids_stay);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
