/* SPDX-License-Identifier: Apache-2.0 */
/* user.mapped: the ids that a process will have, through two user namespaces to the node. */
#include <string.h>

#include "normalize/node/idmap.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

/* One kind of ids, and where it is mapped. */
struct kind {
    const char *what;
    const struct ocn_list *mappings; /* of the container's user namespace; empty: it has none */
    const char *key;                 /* where they stand in config.json */
    const char *ours;                /* the map of the namespace that the runtime runs in */
};

static int report_unmapped(struct ocn_judge *judge, const struct kind *kind, uint32_t id,
                           struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    bool own = kind->mappings->len != 0;

    return ocn_judge_report(
        judge, OCN_RULE_USER_MAPPED,
        ocn_arena_printf(arena, "%s %u is not mapped in the %s user namespace (%s)", kind->what, id,
                         own ? "container's" : "rootless engine's", own ? kind->key : kind->ours),
        ocn_arena_printf(arena,
                         "map it (/etc/sub%s for a rootless engine), or set "
                         "user.%s of the policy to an id that is mapped",
                         kind->what, kind->what),
        err);
}

static int report_root(struct ocn_judge *judge, const struct kind *kind, uint32_t id,
                       struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;

    return ocn_judge_report(judge, OCN_RULE_USER_MAPPED,
                            ocn_arena_printf(arena,
                                             "%s %u of the container is %s 0 of the node (%s)",
                                             kind->what, id, kind->what, kind->key),
                            "map it to another id of the node", err);
}

/* @required: the policy chose it, so that it must be there. */
static int judge_id(struct ocn_judge *judge, const struct kind *kind, uint32_t id, bool required,
                    struct ocn_error *err)
{
    bool own = kind->mappings->len != 0;
    uint64_t outer = id;
    uint64_t node = id;

    if (!own && !required) {
        return 0;
    }
    if ((own && !ocn_idmap_of_container(kind->mappings, id, &outer)) ||
        (!own && !ocn_idmap_of_runtime(judge->view, kind->ours, id, &node))) {
        return required ? report_unmapped(judge, kind, id, err) : 0;
    }
    bool root = own && outer == 0 && ocn_idmap_of_runtime(judge->view, kind->ours, outer, &node) &&
                node == 0;
    return root && id != 0 ? report_root(judge, kind, id, err) : 0;
}

/* Another's user namespace: nobody here can tell how it maps. */
static bool joins_namespace(const struct ocn_container *container)
{
    const struct ocn_oci_namespace *user = ocn_oci_namespace_get(container, "user");

    return user != NULL && user->path != NULL && user->path[0] != '\0';
}

int ocn_rule_user_mapped(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_oci_linux *linux_ = &judge->container->linux_;
    const struct ocn_u32s *groups = &judge->user.additional_gids;
    const struct kind uids = { "uid", &linux_->uid_mappings, "linux.uidMappings",
                               "/proc/self/uid_map" };
    const struct kind gids = { "gid", &linux_->gid_mappings, "linux.gidMappings",
                               "/proc/self/gid_map" };

    bool chosen = judge->lowered && judge->joined == NULL;

    if (joins_namespace(judge->container) && linux_->uid_mappings.len == 0 &&
        linux_->gid_mappings.len == 0) {
        return 0;
    }
    if (judge_id(judge, &uids, judge->user.uid, chosen, err) < 0 ||
        judge_id(judge, &gids, judge->user.gid, chosen, err) < 0) {
        return -1;
    }
    size_t before = judge->outcome->findings_len;
    for (size_t i = 0; i < groups->len && judge->outcome->findings_len == before; i++) {
        if (groups->items[i] != judge->user.gid &&
            judge_id(judge, &gids, groups->items[i], false, err) < 0) {
            return -1;
        }
    }
    return 0;
}
