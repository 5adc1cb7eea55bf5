/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target once on every file below the directories that it is given: its main(). */
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>

#include "hook/sys/io.h"
#include "tests/fuzz/fuzz.h"

#define MAX_SIZE ((size_t)16 << 20)
#define MAX_OPEN 16

static unsigned long files; /* nftw(3) hands nothing on to its callback */

static int run_file(const char *path, const struct stat *status, int type, struct FTW *place)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_error err = { 0 };

    (void)status;
    (void)place;
    if (type != FTW_F) {
        return type == FTW_D ? 0 : -1;
    }
    if (ocn_io_read_file(path, MAX_SIZE, &text, &err) < 0) {
        (void)fprintf(stderr, "%s: %s\n", err.where, err.msg);
        return -1;
    }
    (void)fprintf(stderr, "%s\n", path); /* the last one is the one that failed */
    (void)LLVMFuzzerTestOneInput((const uint8_t *)ocn_buf_bytes(&text).ptr, text.len);
    files++;
    return 0;
}

int main(int argc, char **argv)
{
    (void)LLVMFuzzerInitialize(&argc, &argv);
    for (int i = 1; i < argc; i++) {
        unsigned long before = files;
        if (nftw(argv[i], run_file, MAX_OPEN, FTW_PHYS) != 0 || files == before) {
            (void)fprintf(stderr, "%s: cannot be walked, or holds no file\n", argv[i]);
            return 1;
        }
    }
    (void)printf("%lu files\n", files);
    return files != 0 ? 0 : 1;
}
