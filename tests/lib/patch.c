/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/patch.h"

#include <string.h>

#include "normalize/base/number.h"
#include "normalize/json/pointer.h"

#define MAX_TOKEN 1024

static json_t *step(json_t *at, const char *token)
{
    uint64_t index = 0;

    if (json_is_array(at)) {
        return ocn_number_parse((struct ocn_bytes){ token, strlen(token) }, UINT32_MAX, &index) < 0
                   ? NULL
                   : json_array_get(at, (size_t)index);
    }
    return json_object_get(at, token);
}

static bool add(json_t *at, const char *token, json_t *value)
{
    if (json_is_array(at)) {
        return strcmp(token, "-") == 0 && json_array_append(at, value) == 0;
    }
    const json_t *there = json_object_get(at, token);
    return json_is_object(at) && (there == NULL || json_is_null(there)) &&
           json_object_set(at, token, value) == 0;
}

static bool apply(json_t *document, const json_t *operation)
{
    const char *op = json_string_value(json_object_get(operation, "op"));
    const char *path = json_string_value(json_object_get(operation, "path"));
    json_t *value = json_object_get(operation, "value");
    json_t *at = document;
    char token[MAX_TOKEN];
    char next[MAX_TOKEN];

    if (op == NULL || strcmp(op, "add") != 0 || path == NULL || value == NULL ||
        json_object_size(operation) != 3 || !ocn_json_pointer_next(&path, token, sizeof(token))) {
        return false;
    }
    while (ocn_json_pointer_next(&path, next, sizeof(next))) {
        at = step(at, token);
        memcpy(token, next, sizeof(token));
    }
    return at != NULL && add(at, token, value);
}

bool ocn_patch_apply(json_t *document, const json_t *patch)
{
    size_t i;
    json_t *operation;

    json_array_foreach (patch, i, operation) {
        json_auto_t *copy = json_deep_copy(operation); /* the patch stays what it is */
        if (!apply(document, copy)) {
            return false;
        }
    }
    return json_is_array(patch);
}
