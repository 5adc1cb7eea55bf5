/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/rules/volume.h"

#include <string.h>

#include "normalize/rules/judge.h"

/* The bind mount that @path lies on, or NULL. */
static const struct ocn_oci_mount *volume_of(const struct ocn_judge *judge, const char *path)
{
    const struct ocn_path_context context = { .places = judge->places };
    const struct ocn_oci_mount *mount =
        judge->places != NULL ? ocn_path_mount_on(&context, path) : NULL;

    return mount != NULL && mount->source != NULL && mount->destination != NULL ? mount : NULL;
}

/* The kubelet's directory in @path, "/..TIMESTAMP/...", or NULL. */
static const char *kubelet_part(const char *path)
{
    const char *part = strstr(path, "/..");

    while (part != NULL && (part[3] == '/' || part[3] == '\0')) {
        part = strstr(part + 1, "/..");
    }
    return part != NULL && strchr(part + 1, '/') != NULL ? part : NULL;
}

bool ocn_volume_is_secret(const char *source)
{
    return strstr(source, "/kubernetes.io~secret/") != NULL ||
           strstr(source, "/kubernetes.io~projected/") != NULL;
}

const char *ocn_volume_name(const struct ocn_judge *judge, const char *path)
{
    const char *part = kubelet_part(path);

    if (part == NULL || volume_of(judge, path) == NULL) {
        return path;
    }
    return ocn_arena_printf(&judge->outcome->arena, "%.*s%s", (int)(part - path), path,
                            strchr(part + 1, '/'));
}

const char *ocn_volume_cure(const struct ocn_judge *judge, const char *path, char bit,
                            const char *in_image)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_oci_mount *volume = volume_of(judge, path);

    if (volume == NULL) {
        return in_image;
    }
    if (kubelet_part(path) != NULL) {
        return ocn_arena_printf(
            arena,
            "set defaultMode: 0755 for the ConfigMap, Secret or projected volume "
            "that is mounted at %s",
            volume->destination);
    }
    return ocn_arena_printf(arena,
                            "chmod a+%c %s on the volume that is mounted at %s (a ConfigMap or "
                            "Secret: defaultMode: 0755)",
                            bit, path, volume->destination);
}
