/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The core alone, for an instrument that counts instructions: core BUNDLE
 * Reads BUNDLE/config.json, normalises it with the built-in policy over BUNDLE/rootfs and the
 * captured machine BUNDLE/node, and makes the edited text. Prints the bytes that were read, the
 * edits, and how often jansson asked for memory. Without a bundle it does nothing: what is to be
 * subtracted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "hook/sys/io.h"
#include "hook/view/dir_view.h"
#include "normalize/normalize.h"
#include "normalize/outcome/splice.h"

static size_t allocations;

static void *count_allocation(size_t size)
{
    allocations++;
    return malloc(size);
}

static int fail(const struct ocn_error *err)
{
    (void)fprintf(stderr, "core: %s: %s\n", err->where, err->msg);
    return EXIT_FAILURE;
}

/* Bytes that this process has read until now. */
static long long read_so_far(void)
{
    FILE *io = fopen("/proc/self/io", "r");
    long long bytes = -1;

    if (io != NULL) {
        if (fscanf(io, "rchar: %lld", &bytes) != 1) {
            bytes = -1;
        }
        (void)fclose(io);
    }
    return bytes;
}

static int run(struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf edited = { 0 };
    struct ocn_config *config = NULL;
    struct ocn_container *container = NULL;
    struct ocn_outcome *outcome = NULL;
    struct ocn_dir_view dir = { .rootfs_fd = -1, .host_fd = -1 };

    long long before = read_so_far();
    if (ocn_io_read_file("config.json", OCN_CONFIG_MAX_SIZE, &text, err) < 0 ||
        ocn_config_load(NULL, 0, &config, err) < 0 ||
        ocn_container_parse(ocn_buf_bytes(&text), &container, err) < 0 ||
        ocn_dir_view_open(&dir, "rootfs", "node", err) < 0) {
        return -1;
    }
    const struct ocn_view view = ocn_dir_view_as_view(&dir);
    if (ocn_normalize(container, ocn_config_base(config), &view, &outcome, err) < 0 ||
        ocn_splice_edits(ocn_buf_bytes(&text), "", outcome->edits, outcome->edits_len, &edited,
                         err) < 0) {
        return -1;
    }
    printf("%lld %zu %zu\n", read_so_far() - before, outcome->edits_len, allocations);
    ocn_outcome_free(outcome);
    ocn_dir_view_done(&dir);
    ocn_container_free(container);
    ocn_config_free(config);
    return 0;
}

int main(int argc, char **argv)
{
    struct ocn_error err = { 0 };

    json_object_seed(1); /* the same tables each time */
    json_set_alloc_funcs(count_allocation, free);
    if (argc > 1 && (chdir(argv[1]) < 0 || run(&err) < 0)) {
        return fail(&err);
    }
    return EXIT_SUCCESS;
}
