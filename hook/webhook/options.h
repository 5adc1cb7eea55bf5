/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the command line. */
#pragma once

#include <stdbool.h>

#include "hook/policy/world.h"
#include "hook/webhook/tls.h"

#define OCN_OPTIONS_LISTEN ":8443"

struct ocn_options {
    struct ocn_tls_files files;
    const char *listen;
    const char *metrics; /* NULL: /metrics is behind TLS */
    struct ocn_world world;
    bool help;
    bool version;
};

extern const char ocn_options_usage[];

OCN_MUST_USE int ocn_options_read(int argc, char **argv, struct ocn_options *ret,
                                  struct ocn_error *err);
