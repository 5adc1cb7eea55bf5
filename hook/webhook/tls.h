/* SPDX-License-Identifier: Apache-2.0 */
/* The certificate and its key, as files that are replaced under us. */
#pragma once

#include <time.h>

#include "normalize/base/buf.h"

/* Zero-initialise; release with ocn_tls_done(), which leaves nothing of the key in memory. */
struct ocn_tls_pair {
    struct ocn_buf cert; /* PEM, with NUL behind it */
    struct ocn_buf key;
    time_t not_after; /* of the first certificate; set by ocn_tls_check() */
};

struct ocn_tls_files {
    const char *cert;
    const char *key;
};

void ocn_tls_done(struct ocn_tls_pair *pair);

/* Reads both, whatever they are. */
OCN_MUST_USE int ocn_tls_read(const struct ocn_tls_files *files, struct ocn_tls_pair *ret,
                              struct ocn_error *err);

/* 0: they can serve: PEM that GnuTLS reads, and the key is the certificate's. */
OCN_MUST_USE int ocn_tls_check(const struct ocn_tls_files *files, struct ocn_tls_pair *pair,
                               struct ocn_error *err);
