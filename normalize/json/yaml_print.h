/* SPDX-License-Identifier: Apache-2.0 */
/* JSON as YAML, for files that people read and change: the little of YAML that any reader takes
 * alike. */
#pragma once

#include <jansson.h>

#include "normalize/base/buf.h"

/*
 * Appends @json as a document: members and elements a line each, indented by two. Plain is only
 * what no reader takes for anything but a string; what is long and printable is a block, the rest
 * is quoted. Numbers are integers.
 */
void ocn_yaml_print(const json_t *json, struct ocn_buf *out);
