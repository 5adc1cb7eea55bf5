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

static void add_range(struct ocn_idmap *map, uint32_t from, uint32_t to, uint32_t size)
{
    if (size != 0) {
        map->ranges[map->len++] = (struct ocn_oci_id_mapping){ from, to, size };
    }
}

struct ocn_idmap ocn_idmap_swap(uint32_t a, uint32_t b)
{
    const uint32_t low = a < b ? a : b;
    const uint32_t high = a < b ? b : a;
    struct ocn_idmap map = { .len = 0 };

    if (low == high) {
        add_range(&map, 0, 0, OCN_IDMAP_IDS);
        return map;
    }
    add_range(&map, 0, 0, low);
    add_range(&map, low, high, 1);
    add_range(&map, low + 1, low + 1, high - low - 1);
    add_range(&map, high, low, 1);
    add_range(&map, high + 1, high + 1, OCN_IDMAP_IDS - high - 1);
    return map;
}

const char *ocn_idmap_json(const struct ocn_idmap *map, struct ocn_arena *arena)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ocn_buf_puts(&text, "[");
    for (size_t i = 0; i < map->len; i++) {
        const struct ocn_oci_id_mapping *range = &map->ranges[i];
        ocn_buf_printf(&text, "%s{\"containerID\":%u,\"hostID\":%u,\"size\":%u}", i != 0 ? "," : "",
                       range->container_id, range->host_id, range->size);
    }
    ocn_buf_puts(&text, "]");
    return ocn_buf_copy(&text, arena);
}

/* Takes the next number off @text, which ends at a NUL; false if there is none. */
static bool next_number(const char **text, uint64_t *ret)
{
    const char *start = *text + strspn(*text, " \n");
    size_t len = strcspn(start, " \n");

    *text = start + len;
    return ocn_number_parse((struct ocn_bytes){ start, len }, UINT32_MAX, ret) == 0;
}

/* By its inode, on every kernel since 3.8 (include/linux/proc_ns.h); of others they begin above. */
#define FIRST_USER_NAMESPACE "user:[4026531837]"

bool ocn_idmap_is_first(const struct ocn_view *view)
{
    const struct ocn_ref ref = { .space = OCN_HOST, .path = "/proc/self/ns/user" };
    char name[64];

    if (view->in_first_user_namespace) {
        return true;
    }
    /* The kernel makes a file of a namespace for who looks at it, and none for who reads its name.
     */
    return view->readlink(view->ctx, ref, name, sizeof(name), NULL) == 0 &&
           strcmp(name, FIRST_USER_NAMESPACE) == 0;
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
    if (ocn_idmap_is_first(view)) {
        return id < OCN_IDMAP_IDS;
    }
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
