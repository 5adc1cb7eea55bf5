/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "normalize/json/keys.h"
#include "tests/lib/suite.h"

#define KEY_LEN ((size_t)8)
#define KEYS ((size_t)4096)
#define PLACES ((uint64_t)1 << 10) /* as many as a table of 256 keys has, or more */

/* A text of keys of eight letters, each with its quotes. */
static char text[KEYS * (KEY_LEN + 2)];

static struct ocn_bytes key_of(size_t i)
{
    return (struct ocn_bytes){ text + i * (KEY_LEN + 2) + 1, KEY_LEN };
}

static void put_key(size_t i, const char *key)
{
    char *place = text + i * (KEY_LEN + 2);

    place[0] = '"';
    memcpy(place + 1, key, KEY_LEN);
    place[KEY_LEN + 1] = '"';
}

/* How many keys are taken until one is refused, and how many slots were tried. */
static size_t add_all(size_t *ret_tries)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_json_keys keys = { 0 };
    size_t i = 0;

    while (i < KEYS &&
           ocn_json_keys_add(&keys, (struct ocn_bytes){ text, sizeof(text) }, key_of(i), &arena)) {
        i++;
    }
    *ret_tries = keys.tries;
    return i;
}

START_TEST(test_keys__ordinary_keys_are_spread)
{
    char key[32];
    size_t tries = 0;

    for (size_t i = 0; i < KEYS; i++) {
        snprintf(key, sizeof(key), "key-%04zu", i);
        put_key(i, key);
    }
    ck_assert_uint_eq(add_all(&tries), KEYS);
    ck_assert_uint_lt(tries, 2 * KEYS);
    put_key(KEYS - 1, "key-0007");
    ck_assert_uint_eq(add_all(&tries), KEYS - 1);
    put_key(5, "key-0000");
    ck_assert_uint_eq(add_all(&tries), 5);
}
END_TEST

/* As keys.c does it: if that is changed, this test fails, and wants to be changed, too. */
static uint64_t mix(uint64_t hash)
{
    hash *= 0x9e3779b97f4a7c15;
    return hash ^ hash >> 32;
}

static uint64_t hash_of(const char *key)
{
    uint64_t word;

    memcpy(&word, key, sizeof(word));
    return mix(mix(KEY_LEN ^ word));
}

/* Whoever chooses keys so that all of them belong into one place gets no quadratic time. */
START_TEST(test_keys__keys_that_are_chosen_to_collide_are_given_up)
{
    char key[32];
    size_t found = 0;
    size_t tries = 0;

    for (unsigned long i = 0; found < 256; i++) {
        snprintf(key, sizeof(key), "%08lu", i);
        if (hash_of(key) % PLACES == 0) {
            put_key(found++, key);
        }
    }
    ck_assert_uint_lt(add_all(&tries), 256);
    ck_assert_uint_lt(tries, 4096);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("keys");
    Suite *suite = suite_create("keys");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_test(tcase, test_keys__ordinary_keys_are_spread);
    tcase_add_test(tcase, test_keys__keys_that_are_chosen_to_collide_are_given_up);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
