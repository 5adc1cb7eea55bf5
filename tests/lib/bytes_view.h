/* SPDX-License-Identifier: Apache-2.0 */
/* A view in which every file is the same bytes, and which counts what is read of them. */
#pragma once

#include <string.h>

#include "normalize/view.h"

struct ocn_bytes_view {
    struct ocn_bytes bytes;
    uint64_t size;      /* of the file; behind bytes.len it is zero: sparse */
    uint64_t read;      /* bytes handed out so far */
    unsigned long fail; /* a read at this offset or behind it fails; 0: none does */
};

static inline int ocn_bytes_view_read(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf,
                                      size_t len, size_t *ret_len, struct ocn_error *err)
{
    struct ocn_bytes_view *view = ctx;
    uint64_t left = offset < view->size ? view->size - offset : 0;
    size_t got = left < len ? (size_t)left : len;

    (void)ref;
    if (view->fail != 0 && offset + len > view->fail) {
        return ocn_fail_sys(err, 5, "test", "cannot read");
    }
    memset(buf, 0, got);
    for (size_t i = 0; i < got && offset + i < view->bytes.len; i++) {
        ((char *)buf)[i] = view->bytes.ptr[offset + i];
    }
    view->read += got;
    *ret_len = got;
    return 0;
}

static inline struct ocn_view ocn_bytes_view_as_view(struct ocn_bytes_view *view)
{
    return (struct ocn_view){ .ctx = view, .read_at = ocn_bytes_view_read };
}
