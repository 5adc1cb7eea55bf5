/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/ocihook/state.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <string.h>

static int read_text(const char *text, const char *cwd, struct ocn_arena *arena,
                     struct ocn_state *ret, struct ocn_error *err)
{
    return ocn_state_read((struct ocn_bytes){ text, strlen(text) }, cwd, arena, ret, err);
}

START_TEST(test_state__reads_bundle_and_pid)
{
    static const struct {
        const char *text;
        const char *cwd;
        const char *bundle;
        uint32_t pid;
        const char *id;
    } rows[] = {
        { "{\"ociVersion\":\"1.0.2\",\"id\":\"c\",\"pid\":42,\"bundle\":\"/b\"}", "/w", "/b", 42,
          "c" },
        { "{\"pid\":4194303,\"bundle\":\"/b\"}", NULL, "/b", 4194303, NULL },
        { "{\"bundle\":\"\",\"id\":null}", "/w", "/w", 0, NULL },
        { "{\"bundle\":null,\"id\":\"\"}", "/w", "/w", 0, "" },
        /* annotations are their author's */
        { "{\"annotations\":{\"a\\u0000\":\"\\ud800\",\"bundle\":\"/evil\",\"b\":\"\\u0000\"},"
          "\"pid\":42,\"bundle\":\"/b\",\"id\":\"c\"}",
          "/w", "/b", 42, "c" },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
        struct ocn_state state = { 0 };
        struct ocn_error err = { 0 };
        ck_assert_int_eq(read_text(rows[i].text, rows[i].cwd, &arena, &state, &err), 0);
        ck_assert_str_eq(state.bundle, rows[i].bundle);
        ck_assert_uint_eq(state.pid, rows[i].pid);
        ck_assert_pstr_eq(state.id, rows[i].id);
    }
}
END_TEST

START_TEST(test_state__refuses_what_names_no_container)
{
    static const struct {
        const char *text;
        const char *cwd;
        const char *where; /* a part of it, and so on */
        const char *msg;
    } rows[] = {
        { "", "/w", "the state on stdin", "object" },
        { "[]", "/w", "the state on stdin", "object" },
        { "{} x", "/w", "the state on stdin", "object" },
        { "{\"bundle\":\"/b\\u0000c\"}", "/w", "the state on stdin", "NUL" },
        { "{}", NULL, "the state on stdin", "/bundle" },
        { "{\"bundle\":\"../b\"}", "/w", "the state on stdin", "/bundle" },
        { "{\"bundle\":7}", "/w", "/bundle", "string" },
        { "{\"bundle\":\"/b\",\"pid\":-1}", "/w", "/pid", "" },
        { "{\"bundle\":\"/b\",\"pid\":4194304}", "/w", "/pid", "4194303" },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
        struct ocn_state state = { 0 };
        struct ocn_error err = { 0 };
        ck_assert_int_eq(read_text(rows[i].text, rows[i].cwd, &arena, &state, &err), -1);
        ck_assert_int_eq(err.code, OCN_E_FORMAT);
        ck_assert_msg(strstr(err.where, rows[i].where) != NULL, "%s", err.where);
        ck_assert_msg(strstr(err.msg, rows[i].msg) != NULL, "%s", err.msg);
        ck_assert_ptr_null(state.bundle);
    }
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("state");
    Suite *suite = suite_create("state");

    tcase_add_test(tcase, test_state__reads_bundle_and_pid);
    tcase_add_test(tcase, test_state__refuses_what_names_no_container);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
