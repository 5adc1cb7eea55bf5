/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/idmap.h"

#include <string.h>

#include "normalize/base/number.h"

/* user_namespaces(7): at most 340 lines, each of three numbers in columns. */
#define ID_MAP_SIZE ((size_t)340 * 34)

bool ocn_idmap_of_container(const struct ocn_list *mappings, uint32_t id, uint64_t *ret)
{
    const struct ocn_oci_id_mapping *map = mappings->items;

    for (size_t i = 0; i < mappings->len; i++) {
        if (id >= map[i].container_id && id - map[i].container_id < map[i].size) {
            *ret = (uint64_t)map[i].host_id + (id - map[i].container_id);
            return true;
        }
    }
    return false;
}

/* Takes the next number off @text, which ends at a NUL; false if there is none. */
static bool next_number(const char **text, uint64_t *ret)
{
    const char *start = *text + strspn(*text, " \n");
    size_t len = strcspn(start, " \n");

    *text = start + len;
    return ocn_number_parse((struct ocn_bytes){ start, len }, UINT32_MAX, ret) == 0;
}

bool ocn_idmap_of_runtime(const struct ocn_view *view, const char *file, uint64_t id, uint64_t *ret)
{
    const struct ocn_ref ref = { .space = OCN_HOST, .path = file };
    char text[ID_MAP_SIZE + 1];
    const char *at = text;
    uint64_t inside = 0;
    uint64_t outside = 0;
    uint64_t count = 0;
    size_t len = 0;

    *ret = id;
    if (view->read_at(view->ctx, ref, 0, text, ID_MAP_SIZE, &len, NULL) < 0 || len == 0) {
        return true;
    }
    text[len] = '\0';
    while (next_number(&at, &inside) && next_number(&at, &outside) && next_number(&at, &count)) {
        if (id >= inside && id - inside < count) {
            *ret = outside + (id - inside);
            return true;
        }
    }
    return false;
}
