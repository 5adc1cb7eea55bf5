/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The bytes of a layer, compressed or not: read, and looked into again; or refused with a reason.
 * They come as a file of a directory, as skopeo's dir: has them, whose digest nobody knows.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/image/layer.h"
#include "tests/fuzz/fuzz.h"

/* An algorithm that nobody verifies: what is flipped is not found out by that. */
#define NAME "fuzz"
#define DIGEST "none:" NAME

static char path[] = "/tmp/ocinorm-fuzz-layer.XXXXXX";
static int directory = -1;
static struct ocn_hash_digests *digests;

static void end(void)
{
    (void)unlinkat(directory, NAME, 0);
    (void)rmdir(path);
}

/* One directory for the whole run. */
static void begin(void)
{
    if (directory < 0) {
        ocn_fuzz_require(mkdtemp(path) != NULL && atexit(end) == 0);
        directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ocn_fuzz_require(directory >= 0 && ocn_hash_digests_new(&digests, NULL) == 0);
    }
}

static void put(const uint8_t *data, size_t size)
{
    begin();
    int fd = openat(directory, NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    ocn_fuzz_require(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    (void)close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const likely[] = { "app", "passwd" };

    put(size != 0 ? data : (const uint8_t *)"", size);
    const struct ocn_strings names = { (const char **)(uintptr_t)likely, OCN_COUNT(likely) };
    const struct ocn_blobs blobs = {
        .form = OCN_BLOBS_DIR, .fd = directory, .shared_fd = -1, .digests = digests
    };
    const struct ocn_layer_name name = { .blob = { .digest = DIGEST, .size = -1 } };
    OCN_CLEANUP(ocn_image_layer_done) struct ocn_image_layer layer = { 0 };
    struct ocn_error err = { 0 };

    if (ocn_image_layer_read(&blobs, &name, &names, &layer, &err) < 0) {
        ocn_fuzz_require(err.code != OCN_OK && err.msg[0] != '\0');
        return 0;
    }
    for (size_t i = 0; i < layer.table.len && i < 16; i++) {
        struct ocn_bytes bytes = { NULL, 0 };
        if (S_ISREG(layer.table.entries[i].mode) && layer.table.entries[i].size < (1 << 20) &&
            ocn_image_layer_file(&blobs, &name, i, &layer, &bytes, &err) == 0) {
            ocn_fuzz_require(bytes.len <= layer.table.entries[i].size);
        }
    }
    return 0;
}
