/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/running/name.h"

#include <string.h>

#include "normalize/json/load.h"

/*
 * Podman (containers/storage) keeps a list beside the containers' directories, of which the bundle
 * is one: STORAGE/overlay-containers/ID/userdata. Names are words of letters, digits and "_.-".
 */
static const char *const podman_lists[] = { "../../containers.json",
                                            "../../volatile-containers.json" };

/* Docker keeps a file per container below its data-root, where its root file system lies, too. */
#define DOCKER_FILE "%.*s/containers/%s/config.v2.json"

static json_t *load(const struct ocn_node *node, const char *path)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_t *json = NULL;

    if (ocn_node_read(node, path, &text, NULL) < 0 ||
        ocn_json_load(ocn_buf_bytes(&text), OCN_NODE_MAX_FILE, &json, NULL) < 0) {
        return NULL;
    }
    return json;
}

static const char *copy(struct ocn_arena *arena, const char *name)
{
    return name != NULL && name[0] != '\0' ? ocn_arena_copy(arena, name, strlen(name)) : NULL;
}

static const char *find_in_podman(const struct ocn_node *node, struct ocn_arena *arena,
                                  const char *id, const char *bundle)
{
    for (size_t i = 0; i < OCN_COUNT(podman_lists); i++) {
        json_auto_t *list = load(node, ocn_arena_printf(arena, "%s/%s", bundle, podman_lists[i]));
        size_t at;
        json_t *item;

        json_array_foreach (list, at, item) {
            const char *own = json_string_value(json_object_get(item, "id"));
            if (own != NULL && strcmp(own, id) == 0) {
                const json_t *names = json_object_get(item, "names");
                return copy(arena, json_string_value(json_array_get(names, 0)));
            }
        }
    }
    return NULL;
}

/* Some directory above @rootfs is the data-root. */
static const char *find_in_docker(const struct ocn_node *node, struct ocn_arena *arena,
                                  const char *id, const char *rootfs)
{
    for (const char *end = strrchr(rootfs, '/'); end != NULL && end > rootfs;
         end = memrchr(rootfs, '/', (size_t)(end - rootfs))) {
        json_auto_t *own =
            load(node, ocn_arena_printf(arena, DOCKER_FILE, (int)(end - rootfs), rootfs, id));
        const char *name = json_string_value(json_object_get(own, "Name"));
        if (name != NULL) {
            return copy(arena, name[0] == '/' ? name + 1 : name);
        }
    }
    return NULL;
}

const char *ocn_running_name(const struct ocn_node *node, struct ocn_arena *arena, const char *id,
                             const struct ocn_runtime_state *state)
{
    const char *name = find_in_podman(node, arena, id, state->bundle);

    return name != NULL || state->rootfs == NULL ? name
                                                 : find_in_docker(node, arena, id, state->rootfs);
}
