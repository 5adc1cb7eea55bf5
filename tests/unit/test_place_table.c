/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rootfs/place_table.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lib/suite.h"

#define MANY 3000
#define NOWHERE UINT32_MAX

static struct ocn_arena arena;
static struct ocn_place_table table;
static const char *destinations[MANY];
static uint32_t count;

static void enter(void)
{
    table = (struct ocn_place_table){ 0 };
    count = 0;
}

static void leave(void)
{
    ocn_arena_done(&arena);
}

static void add(const char *destination)
{
    destinations[count] = destination;
    ck_assert(ocn_place_table_add(&table, destination, count, &arena));
    count++;
}

/* By looking at all of them, as it is meant. */
static bool lies_below(const char *path, const char *top)
{
    size_t len = strlen(top);

    return strncmp(path, top, len) == 0 && path[len] == '/' && path[len + 1] != '\0';
}

static uint32_t slowly_covering(const char *path, const char **ret_rest)
{
    for (uint32_t i = count; i > 0; i--) {
        const char *destination = destinations[i - 1];
        if (destination[0] == '\0' || strcmp(path, destination) == 0 ||
            lies_below(path, destination)) {
            *ret_rest = path + strlen(destination);
            return i - 1;
        }
    }
    return NOWHERE;
}

static bool slowly_leads_on(const char *path)
{
    bool leads = false;

    for (uint32_t i = 0; i < count; i++) {
        leads = leads || lies_below(destinations[i], path);
    }
    return leads;
}

static void expect_same(const char *path)
{
    const char *wanted_rest = NULL;
    const char *rest = NULL;
    const char *shown = path[0] != '\0' ? path : "/";

    ck_assert_msg(ocn_place_table_covering(&table, shown, &rest) ==
                      slowly_covering(shown, &wanted_rest),
                  "%s", path);
    ck_assert_ptr_eq(rest, wanted_rest);
    ck_assert_msg(ocn_place_table_leads_on(&table, path) == slowly_leads_on(path), "%s", path);
}

START_TEST(test_place_table__an_empty_one_covers_nothing)
{
    expect_same("");
    expect_same("/a");
}
END_TEST

START_TEST(test_place_table__the_last_one_on_the_way_covers)
{
    static const char *const paths[] = { "",   "/a",       "/a/b",    "/a/b/c", "/ab",
                                         "/b", "/a/bc",    "/a/b/d",  "/c/d/e", "/c/d",
                                         "/c", "/c/d/e/f", "/a/b/c/d" };
    static const char *const mounts[] = { "/a/b", "/c/d/e", "/a", "/a/b/c", "", "/a/b", "/c" };

    for (size_t i = 0; i < OCN_COUNT(mounts); i++) {
        add(mounts[i]);
        for (size_t k = 0; k < OCN_COUNT(paths); k++) {
            expect_same(paths[k]);
        }
    }
}
END_TEST

/* Paths of few names, of which most share a beginning, and many are there twice. */
START_TEST(test_place_table__as_if_all_were_looked_at)
{
    static char texts[2 * MANY][32];
    unsigned state = 1;

    for (size_t i = 0; i < 2 * MANY; i++) {
        size_t len = 0;
        state = state * 1103515245 + 12345;
        for (unsigned depth = state >> 16 & 7; depth > 0; depth--) {
            state = state * 1103515245 + 12345;
            len += (size_t)snprintf(texts[i] + len, sizeof(texts[i]) - len, "/%u", state >> 16 & 7);
        }
    }
    for (size_t i = 0; i < MANY; i++) {
        add(texts[i]);
        expect_same(texts[i]);
        expect_same(texts[MANY + i]);
    }
    for (size_t i = 0; i < 2 * MANY; i += 7) {
        expect_same(texts[i]);
    }
}
END_TEST

/* The hash of a name, as the table makes it of one below the root. */
static uint32_t hash_of(const char *path)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *path != '\0'; path++) {
        hash = (hash ^ (unsigned char)*path) * UINT64_C(0x100000001b3);
    }
    return (uint32_t)(hash ^ hash >> 32);
}

/* Names that all fall into one slot, as only somebody makes them: refused, not worked through. */
START_TEST(test_place_table__what_is_made_to_collide_is_refused)
{
    uint32_t number = 0;
    bool taken = true;

    for (unsigned i = 0; taken && number < MANY; i++) {
        char *path = ocn_arena_printf(&arena, "/%u", i);
        if ((hash_of(path) & 0xfff) == 0) {
            taken = ocn_place_table_add(&table, path, number++, &arena);
        }
    }
    ck_assert(!taken);
    ck_assert(!arena.failed);
    ck_assert_uint_gt(number, 20);
    ck_assert_uint_lt(number, 200);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("place_table");
    TCase *tcase = tcase_create("place_table");

    tcase_add_checked_fixture(tcase, enter, leave);
    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_test(tcase, test_place_table__an_empty_one_covers_nothing);
    tcase_add_test(tcase, test_place_table__the_last_one_on_the_way_covers);
    tcase_add_test(tcase, test_place_table__as_if_all_were_looked_at);
    tcase_add_test(tcase, test_place_table__what_is_made_to_collide_is_refused);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
