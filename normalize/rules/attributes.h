/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The text of OTEL_RESOURCE_ATTRIBUTES: "KEY=VALUE,KEY=VALUE" (OpenTelemetry specification,
 * resource/sdk.md). SDKs differ in how they read it: the Go SDK trims, and decodes "%XX" in values
 * alone; others decode keys as well, or drop the whole variable over one mistake. What is written
 * here means the same to all of them.
 */
#pragma once

#include <stdbool.h>

#include "normalize/base/buf.h"

#define OCN_ATTRIBUTES "OTEL_RESOURCE_ATTRIBUTES"

/* NULL if every SDK reads the list @text; else what is wrong with it, as "has ...". */
const char *ocn_attributes_problem(const char *text);

/*
 * true: a key of the list @text may be read as @name by any SDK: what stands around it that no name
 * has is trimmed, and "%XX" is decoded. Wrong only in that it may say true of a key that nobody
 * reads.
 */
bool ocn_attributes_have(const char *text, const char *name);

/* true for a name that needs no encoding: an ASCII letter, then letters, digits and ".-_/". */
bool ocn_attributes_is_name(const char *name);

/*
 * Appends "NAME=VALUE", behind a comma if @buf holds something. @name is one that
 * ocn_attributes_is_name(); of @value only [A-Za-z0-9._~:/@-] is not encoded.
 */
void ocn_attributes_add(struct ocn_buf *buf, const char *name, struct ocn_bytes value);

/* true: env.otel made @value of variable @name out of @own: it begins with all of that. */
bool ocn_attributes_extend(const char *name, const char *value, const char *own);
