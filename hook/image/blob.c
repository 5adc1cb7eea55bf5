/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/blob.h"

static int read_all(struct ocn_stream *stream, const char *name, size_t max_size,
                    struct ocn_buf *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    const void *chunk = NULL;
    size_t len = 0;

    do {
        if (ocn_stream_next(stream, &chunk, &len, err) < 0) {
            return -1;
        }
        if (len > max_size - bytes.len) {
            return ocn_fail(err, OCN_E_LIMIT, name, "is larger than the limit of %zu bytes",
                            max_size);
        }
        ocn_buf_add(&bytes, chunk, len);
    } while (len != 0);
    if (ocn_buf_check(&bytes, err) < 0 || ocn_stream_verify(stream, err) < 0) {
        return -1;
    }
    ocn_buf_add(ret, ocn_buf_bytes(&bytes).ptr, bytes.len);
    return ocn_buf_check(ret, err);
}

/* What cannot be opened is not there, but for want of memory. */
static int is_open(int status, const struct ocn_error *problem, bool *ret, struct ocn_error *err)
{
    *ret = status == 0;
    return problem->code == OCN_E_NOMEM ? ocn_fail_nomem(err) : 0;
}

int ocn_blob_have(const struct ocn_blobs *blobs, const char *name, bool *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *stream = NULL;
    struct ocn_error problem = { 0 };
    int status = ocn_stream_open_file(blobs, name, &stream, &problem);

    return is_open(status, &problem, ret, err);
}

int ocn_blob_read_file(const struct ocn_blobs *blobs, const char *name, size_t max_size,
                       struct ocn_buf *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *stream = NULL;

    return ocn_stream_open_file(blobs, name, &stream, err) < 0
               ? -1
               : read_all(stream, name, max_size, ret, err);
}

int ocn_blob_read(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob, size_t max_size,
                  struct ocn_buf *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *stream = NULL;

    return ocn_stream_open(blobs, blob, &stream, err) < 0
               ? -1
               : read_all(stream, blob->digest, max_size, ret, err);
}

int ocn_blob_is_there(const struct ocn_blobs *blobs, const struct ocn_descriptor *blob, bool *ret,
                      struct ocn_error *err)
{
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *stream = NULL;
    struct ocn_error problem = { 0 };

    *ret = true;
    if ((blobs->form != OCN_BLOBS_OCI_DIR && blobs->form != OCN_BLOBS_DIR) ||
        ocn_stream_open(blobs, blob, &stream, &problem) == 0) {
        return 0;
    }
    if (problem.code == OCN_E_NOENT) {
        *ret = false;
        return 0;
    }
    return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
}
