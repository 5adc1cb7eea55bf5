/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/json_texts.h"

#include <check.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/sys/io.h"

#define FIXTURES OCN_CASES_DIR "/../fixtures"
#define MAX_SIZE ((size_t)64 << 20)

static struct {
    void (*visit)(const char *path, struct ocn_bytes text);
    struct ocn_json_texts seen;
} each; /* nftw(3) hands nothing on to its callback */

static void visit_changed(const char *path, struct ocn_buf *text)
{
    static const char bytes[] = { '"', '\\', '}', ',', 'N', '0', '\0', '\xc3', ':', ']', '-', '.' };

    for (size_t i = 0; i < 2 * sizeof(bytes) && text->len != 0; i++) {
        const size_t at = i * 7919 % text->len;
        const char byte = text->ptr[at];
        text->ptr[at] = bytes[i % sizeof(bytes)];
        each.visit(path, ocn_buf_bytes(text));
        text->ptr[at] = (char)(byte ^ 0x20); /* the other case, too */
        each.visit(path, ocn_buf_bytes(text));
        text->ptr[at] = byte;
        each.visit(path, (struct ocn_bytes){ text->ptr, at });
        each.seen.changed++;
    }
}

static int visit_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_error err = { 0 };

    (void)status;
    if (type == FTW_F && strstr(path + place->base, ".json") != NULL) {
        ck_assert_int_eq(ocn_io_read_file(path, MAX_SIZE, &text, &err), 0);
        each.visit(path, ocn_buf_bytes(&text));
        visit_changed(path, &text);
        each.seen.files++;
    }
    return 0;
}

void ocn_json_texts_each(void (*visit)(const char *path, struct ocn_bytes text),
                         struct ocn_json_texts *ret)
{
    memset(&each, 0, sizeof(each));
    each.visit = visit;
    ck_assert_int_eq(nftw(OCN_CASES_DIR, visit_file, 16, FTW_PHYS), 0);
    ck_assert_int_eq(nftw(FIXTURES, visit_file, 16, FTW_PHYS), 0);
    *ret = each.seen;
}
