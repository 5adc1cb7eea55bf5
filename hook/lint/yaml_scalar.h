/* SPDX-License-Identifier: Apache-2.0 */
/* What an unquoted word of YAML means: go-yaml v2's resolve(), which Kubernetes goes by. */
#pragma once

#include <stdbool.h>

#include "normalize/base/error.h"

enum ocn_yaml_kind {
    OCN_YAML_STRING,
    OCN_YAML_NULL,
    OCN_YAML_BOOL,
    OCN_YAML_NUMBER,
    OCN_YAML_NO_JSON, /* .nan, .inf: a number that JSON does not have */
};

struct ocn_yaml_scalar {
    enum ocn_yaml_kind kind;
    bool truth;
    double number;
};

/* What the NUL-terminated @text means where neither quotes nor a tag say it. */
struct ocn_yaml_scalar ocn_yaml_scalar_of(const char *text);
