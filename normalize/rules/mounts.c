/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user.volumes: bind mounts of the user that the process loses. At `edit` its id and the new one
 * change places in the mount (mount_setattr(2), MOUNT_ATTR_IDMAP); else it is told what it loses.
 */
#include <string.h>
#include <sys/stat.h>

#include "normalize/node/idmap.h"
#include "normalize/policy/places.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"
#include "normalize/rules/volume.h"

#define MAX_MAPPED 128 /* mounts that are asked for; more stay as they are */
#define MAX_NAMES 16   /* files of a Secret that are looked at */

enum { MAY_READ = 4, MAY_WRITE = 2, MAY_SEARCH = 1 };

/* Why a mapping cannot be, in the order of enum ocn_mapping. */
static const struct {
    char before[72];
    char behind[56];
    char hint[124];
} mappings[OCN_MAPPING_COUNT] = {
#define OCN_MAPPING(symbol, before, behind, hint) { before, behind, hint },
#include "normalize/base/mapping.def"
#undef OCN_MAPPING
};

static const char engine_files[][24] = {
#define OCN_ENGINE_FILE(destination) destination,
#include "normalize/rules/engine_files.def"
#undef OCN_ENGINE_FILE
};

/* A bind mount that the process lost, or loses. */
struct volume {
    uint32_t index; /* in config.json */
    const struct ocn_oci_mount *mount;
    const char *source; /* on the node */
    struct ocn_stat stat;
};

struct volumes {
    struct volume items[MAX_MAPPED];
    size_t len;
};

/* ---- which mounts ------------------------------------------------------------------------- */

static bool is_engines(const char *destination)
{
    for (size_t i = 0; i < OCN_COUNT(engine_files); i++) {
        if (strcmp(destination, engine_files[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_user_namespace(const struct ocn_container *container)
{
    return container->linux_.uid_mappings.len != 0 || container->linux_.gid_mappings.len != 0 ||
           ocn_oci_namespace_get(container, "user") != NULL;
}

/*
 * Whether the user that the process loses had more power over files of @uid than any: root's, which
 * reaches only ids of its own user namespace, or the owner's.
 */
static bool reached(const struct ocn_container *container, uint32_t uid)
{
    const struct ocn_list *list = &container->linux_.uid_mappings;
    const struct ocn_oci_id_mapping *map = list->items;

    if (container->process.user.uid != 0) {
        return uid == container->process.user.uid;
    }
    for (size_t i = 0; i < list->len; i++) {
        if (uid >= map[i].host_id && uid - map[i].host_id < map[i].size) {
            return true;
        }
    }
    return list->len == 0 && ocn_oci_namespace_get(container, "user") == NULL;
}

static bool has_mapping(const struct ocn_oci_mount *mount)
{
    return mount->uid_mappings.len != 0 || mount->gid_mappings.len != 0;
}

static bool is_read_only(const struct ocn_oci_mount *mount)
{
    return ocn_strings_hold(&mount->options, "ro") || ocn_strings_hold(&mount->options, "rro");
}

/*
 * What cannot be looked at is no volume: it denies nothing, and the runtime will say so. Nor is
 * what somebody has mapped, who knows why.
 */
static bool look(struct ocn_judge *judge, uint32_t index, struct volume *ret)
{
    const struct ocn_oci_mount *mounts = judge->container->mounts.items;
    const struct ocn_oci_mount *mount = &mounts[index];
    const char *source = ocn_path_source(judge->container, mount, &judge->outcome->arena);
    const struct ocn_ref ref = { OCN_MOUNT, "/", source };
    struct ocn_stat stat = { 0 };

    if (source == NULL || mount->destination == NULL || is_engines(mount->destination) ||
        has_mapping(mount) || judge->view->stat(judge->view->ctx, ref, &stat, NULL) < 0 ||
        !(S_ISDIR(stat.mode) || S_ISREG(stat.mode))) {
        return false;
    }
    *ret = (struct volume){ index, mount, source, stat };
    return true;
}

/* ---- what the user cannot do -------------------------------------------------------------- */

/* What is closed to the user: a file in the volume, or the volume itself (""). */
struct closed {
    const char *name;
    struct ocn_stat stat;
    const char *what; /* "read" or "write"; NULL: nothing is closed */
};

static int find_top(struct ocn_judge *judge, const struct volume *volume, struct closed *ret,
                    struct ocn_error *err)
{
    const unsigned reading = MAY_READ | (S_ISDIR(volume->stat.mode) ? MAY_SEARCH : 0);
    bool reads = true;
    bool writes = true;

    if (ocn_judge_may(judge, &volume->stat, reading, &reads, err) < 0 ||
        (!is_read_only(volume->mount) &&
         ocn_judge_may(judge, &volume->stat, MAY_WRITE, &writes, err) < 0)) {
        return -1;
    }
    *ret = (struct closed){ "", volume->stat, !reads ? "read" : !writes ? "write" : NULL };
    return 0;
}

/*
 * The kubelet's Secrets and projected volumes are open, but their files may not be: "..data" is a
 * link to the directory of the day. What cannot be seen there is not told.
 */
static int find_secret(struct ocn_judge *judge, const struct volume *volume, struct closed *ret,
                       struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_ref ref = { OCN_MOUNT, "/..data", volume->source };
    const char **names = NULL;
    char link[256];
    size_t len = 0;

    if (!S_ISDIR(volume->stat.mode) || !ocn_volume_is_secret(volume->source) ||
        view->readlink(view->ctx, ref, link, sizeof(link), NULL) < 0 || strchr(link, '/') != NULL) {
        return 0;
    }
    ref.path = ocn_arena_printf(arena, "/%s", link);
    if (view->list(view->ctx, ref, arena, &names, &len, NULL) < 0) {
        return ocn_arena_check(arena, err);
    }
    for (size_t i = 0; i < len && i < MAX_NAMES && ret->what == NULL; i++) {
        struct ocn_stat stat = { 0 };
        bool reads = true;
        ref.path = ocn_arena_printf(arena, "/%s/%s", link, names[i]);
        if (view->stat(view->ctx, ref, &stat, NULL) == 0 && S_ISREG(stat.mode) &&
            ocn_judge_may(judge, &stat, MAY_READ, &reads, err) < 0) {
            return -1;
        }
        if (!reads) {
            *ret = (struct closed){ names[i], stat, "read" };
        }
    }
    return ocn_arena_check(arena, err);
}

static int find_closed(struct ocn_judge *judge, const struct volume *volume, struct closed *ret,
                       struct ocn_error *err)
{
    if (!reached(judge->container, volume->stat.uid)) {
        *ret = (struct closed){ 0 };
        return 0;
    }
    if (find_top(judge, volume, ret, err) < 0) {
        return -1;
    }
    return ret->what == NULL ? find_secret(judge, volume, ret, err) : 0;
}

/* ---- what is said ------------------------------------------------------------------------- */

static bool is_kubelets(const struct volume *volume)
{
    return strstr(volume->source, "/kubernetes.io~") != NULL ||
           strstr(volume->source, "/volume-subpaths/") != NULL;
}

/* The ways out that there are for it, besides a mapping. */
static const char *cure(struct ocn_judge *judge, const struct volume *volume)
{
    return is_kubelets(volume)
               ? ocn_arena_printf(&judge->outcome->arena,
                                  "set securityContext.fsGroup for the pod, or chown it to %u",
                                  judge->user.uid)
               : ocn_arena_printf(&judge->outcome->arena, "chown %s to %u:%u", volume->source,
                                  judge->user.uid, judge->user.gid);
}

/* "volume /data: user 1001:1001 cannot write it; it is 0:0's with mode 0755 (/srv/data)" */
static const char *describe(struct ocn_judge *judge, const struct volume *volume,
                            const struct closed *closed)
{
    bool below = closed->name[0] != '\0';

    return ocn_arena_printf(&judge->outcome->arena,
                            "volume %s: user %u:%u cannot %s %s%s, which is %u:%u's with mode %04o "
                            "on the node (%s)",
                            volume->mount->destination, judge->user.uid, judge->user.gid,
                            closed->what, below ? "its file " : "it", closed->name,
                            closed->stat.uid, closed->stat.gid, closed->stat.mode & 07777U,
                            volume->source);
}

/* At `warn` and `deny`: nobody has asked whether it can be mapped, but where it never can be. */
static int report_closed(struct ocn_judge *judge, const struct volume *volume,
                         const struct closed *closed, struct ocn_error *err)
{
    bool may_map = !has_user_namespace(judge->container) &&
                   volume->stat.uid == judge->container->process.user.uid &&
                   ocn_places_hold(&judge->policy->volumes.allow, volume->source);

    return ocn_judge_report(
        judge, OCN_RULE_USER_VOLUMES, describe(judge, volume, closed),
        ocn_arena_printf(&judge->outcome->arena, "%s%s", cure(judge, volume),
                         may_map ? ", or let it be mapped: rules.user.volumes \"edit\"" : ""),
        err);
}

/* At `edit`: why it was not mapped. What cannot be repaired refuses nobody. */
static int warn_unmapped(struct ocn_judge *judge, const struct volume *volume,
                         const struct ocn_mapping_answer *answer, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    struct closed closed = { 0 };

    if (find_closed(judge, volume, &closed, err) < 0) {
        return -1;
    }
    if (closed.what == NULL) {
        return 0;
    }
    return ocn_judge_warn(
        judge, OCN_RULE_USER_VOLUMES,
        ocn_arena_printf(arena, "%s; it is not mapped: %s%s%s", describe(judge, volume, &closed),
                         mappings[answer->mapping].before, answer->what,
                         mappings[answer->mapping].behind),
        ocn_arena_printf(arena, "%s; or %s", mappings[answer->mapping].hint, cure(judge, volume)),
        err);
}

/* ---- what is shown ------------------------------------------------------------------------ */

static uint32_t swap(const uint32_t pair[2], uint32_t id)
{
    return id == pair[0] ? pair[1] : id == pair[1] ? pair[0] : id;
}

/* For whoever looks at the facts. */
static int note(struct ocn_judge *judge, const struct volume *volume, bool mapped,
                struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    struct ocn_list *list = &judge->outcome->facts.volumes;
    const struct ocn_stat *stat = &volume->stat;
    const uint32_t uids[2] = { judge->container->process.user.uid, judge->user.uid };
    const uint32_t gids[2] = { judge->container->process.user.gid, judge->user.gid };

    if (!judge->view->all_facts) {
        return 0;
    }
    const struct ocn_volume_facts facts = {
        .destination = ocn_judge_printable(judge, volume->mount->destination),
        .source = ocn_judge_printable(judge, volume->source),
        .owner = ocn_arena_printf(arena, "%u:%u", stat->uid, stat->gid),
        .mode = ocn_arena_printf(arena, "%04o", stat->mode & 07777U),
        .shown = ocn_arena_printf(arena, "%u:%u", mapped ? swap(uids, stat->uid) : stat->uid,
                                  mapped ? swap(gids, stat->gid) : stat->gid),
        .mapped = mapped,
    };
    struct ocn_volume_facts *items = ocn_arena_grow(arena, list->items, list->len, sizeof(*items));
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    items[list->len++] = facts;
    list->items = items;
    return 0;
}

/* ---- mapping ------------------------------------------------------------------------------ */

/* What the view shows of mounts that will be mapped: their ids as the container sees them. */
struct mapped_view {
    struct ocn_view view; /* first: what rules see */
    const struct ocn_view *inner;
    const char **sources;
    size_t len;
    uint32_t uid[2]; /* these change places */
    uint32_t gid[2];
};

static int stat_mapped(void *ctx, struct ocn_ref ref, struct ocn_stat *ret, struct ocn_error *err)
{
    const struct mapped_view *mapped = ctx;

    if (mapped->inner->stat(mapped->inner->ctx, ref, ret, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < mapped->len && ref.space == OCN_MOUNT; i++) {
        if (strcmp(mapped->sources[i], ref.base) == 0) {
            ret->uid = swap(mapped->uid, ret->uid);
            ret->gid = swap(mapped->gid, ret->gid);
            return 0;
        }
    }
    return 0;
}

static int readlink_mapped(void *ctx, struct ocn_ref ref, char *buf, size_t size,
                           struct ocn_error *err)
{
    const struct mapped_view *mapped = ctx;

    return mapped->inner->readlink(mapped->inner->ctx, ref, buf, size, err);
}

static int read_mapped(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                       size_t *ret_len, struct ocn_error *err)
{
    const struct mapped_view *mapped = ctx;

    return mapped->inner->read_at(mapped->inner->ctx, ref, offset, buf, len, ret_len, err);
}

static const char *variant_mapped(void *ctx)
{
    const struct mapped_view *mapped = ctx;

    return mapped->inner->variant(mapped->inner->ctx);
}

static enum ocn_runs runs_mapped(void *ctx)
{
    const struct mapped_view *mapped = ctx;

    return mapped->inner->runs_32bit(mapped->inner->ctx);
}

static int list_mapped(void *ctx, struct ocn_ref ref, struct ocn_arena *arena, const char ***ret,
                       size_t *ret_len, struct ocn_error *err)
{
    const struct mapped_view *mapped = ctx;

    return mapped->inner->list(mapped->inner->ctx, ref, arena, ret, ret_len, err);
}

/* From here on rules see the mounts of @sources as the container will. */
static int show_mapped(struct ocn_judge *judge, const char **sources, size_t len,
                       struct ocn_error *err)
{
    const struct ocn_oci_user *from = &judge->container->process.user;
    struct mapped_view *mapped = ocn_arena_alloc(&judge->outcome->arena, sizeof(*mapped));

    if (mapped == NULL) {
        return ocn_fail_nomem(err);
    }
    *mapped = (struct mapped_view){
        .view = *judge->view,
        .inner = judge->view,
        .sources = sources,
        .len = len,
        .uid = { from->uid, judge->user.uid },
        .gid = { from->gid, judge->user.gid },
    };
    mapped->view.ctx = mapped;
    mapped->view.stat = stat_mapped;
    mapped->view.readlink = readlink_mapped;
    mapped->view.read_at = read_mapped;
    mapped->view.variant = variant_mapped;
    mapped->view.runs_32bit = runs_mapped;
    mapped->view.list = list_mapped;
    mapped->view.map = NULL;
    judge->view = &mapped->view;
    judge->entry = NULL; /* who may do what on the way to it is another matter now */
    return 0;
}

static int change(struct ocn_judge *judge, const struct volume *volume, bool gids, uint32_t from,
                  uint32_t to, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_idmap map = ocn_idmap_swap(from, to);
    const char *why =
        from == to
            ? ocn_arena_printf(arena, "volume %s: %s stay as they are", volume->mount->destination,
                               gids ? "groups" : "users")
            : ocn_arena_printf(arena,
                               "volume %s: what is %s %u's on disk is %u's in the "
                               "container, and the other way round",
                               volume->mount->destination, gids ? "group" : "user", from, to);

    return ocn_judge_change(
        judge,
        (struct ocn_edit){ .rule = OCN_RULE_USER_VOLUMES,
                           .path = ocn_arena_printf(arena, "/mounts/%u/%sMappings", volume->index,
                                                    gids ? "gid" : "uid"),
                           .from = OCN_NOTHING,
                           .to = ocn_idmap_json(&map, arena),
                           .why = why },
        err);
}

/* Both ids: the kernel and the runtimes take no mapping of one kind alone. */
static int map_one(struct ocn_judge *judge, const struct volume *volume, struct ocn_error *err)
{
    const struct ocn_oci_user *from = &judge->container->process.user;

    return change(judge, volume, false, from->uid, judge->user.uid, err) < 0 ||
                   change(judge, volume, true, from->gid, judge->user.gid, err) < 0
               ? -1
               : 0;
}

/* Whether each can be mapped; without anybody to ask, none can. */
static int ask(const struct ocn_judge *judge, const struct volumes *volumes,
               struct ocn_mapping_answer answers[MAX_MAPPED], struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    uint32_t indexes[MAX_MAPPED];

    for (size_t i = 0; i < volumes->len; i++) {
        indexes[i] = volumes->items[i].index;
        answers[i] = (struct ocn_mapping_answer){ .mapping = OCN_MAPPING_NOT_KNOWN };
    }
    return view->map != NULL && volumes->len != 0
               ? view->map(view->ctx, indexes, volumes->len, answers, err)
               : 0;
}

static int map_all(struct ocn_judge *judge, const struct volumes *volumes, struct ocn_error *err)
{
    const char **sources =
        ocn_arena_alloc(&judge->outcome->arena, sizeof(*sources) * (volumes->len + 1));
    struct ocn_mapping_answer answers[MAX_MAPPED];
    size_t len = 0;

    if (sources == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ask(judge, volumes, answers, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < volumes->len; i++) {
        const struct volume *volume = &volumes->items[i];
        bool maps = answers[i].mapping == OCN_MAPPING_YES;
        if ((maps ? map_one(judge, volume, err) : warn_unmapped(judge, volume, &answers[i], err)) <
            0) {
            return -1;
        }
        if (note(judge, volume, maps, err) < 0) {
            return -1;
        }
        if (maps) {
            sources[len++] = volume->source;
        }
    }
    return len != 0 ? show_mapped(judge, sources, len, err) : 0;
}

/* ---- the rule ----------------------------------------------------------------------------- */

/* Of another than who loses it, or in a user namespace: access to it is all there is to say. */
static bool may_be_mapped(const struct ocn_judge *judge, const struct volume *volume)
{
    return !has_user_namespace(judge->container) &&
           volume->stat.uid == judge->container->process.user.uid &&
           judge->user.uid != judge->container->process.user.uid;
}

static int judge_closed(struct ocn_judge *judge, const struct volume *volume, struct ocn_error *err)
{
    bool edits = judge->policy->level[OCN_RULE_USER_VOLUMES] == OCN_LEVEL_EDIT;
    struct closed closed = { 0 };

    if (note(judge, volume, false, err) < 0 || find_closed(judge, volume, &closed, err) < 0) {
        return -1;
    }
    if (closed.what == NULL) {
        return 0;
    }
    return edits ? ocn_judge_warn(judge, OCN_RULE_USER_VOLUMES, describe(judge, volume, &closed),
                                  cure(judge, volume), err)
                 : report_closed(judge, volume, &closed, err);
}

int ocn_rule_user_volumes(struct ocn_judge *judge, struct ocn_error *err)
{
    static const struct ocn_mapping_answer too_many = { .mapping = OCN_MAPPING_TOO_MANY };
    bool edits = judge->policy->level[OCN_RULE_USER_VOLUMES] == OCN_LEVEL_EDIT;
    const unsigned reads = OCN_IN(PROGRAM) | OCN_IN(NAMESPACES) | OCN_IN(VOLUMES);
    struct volumes volumes = { .len = 0 };
    struct volume volume;

    if (!judge->lowered || ocn_container_fault(judge->container, reads) != NULL) {
        return 0; /* what cannot be read here says nothing, and is no reason to refuse */
    }
    for (size_t i = 0; i < judge->container->mounts.len; i++) {
        if (!look(judge, (uint32_t)i, &volume)) {
            continue;
        }
        if (!edits || !may_be_mapped(judge, &volume)) {
            if (judge_closed(judge, &volume, err) < 0) {
                return -1;
            }
        } else if (volumes.len == MAX_MAPPED) {
            if (warn_unmapped(judge, &volume, &too_many, err) < 0) {
                return -1;
            }
        } else {
            volumes.items[volumes.len++] = volume;
        }
    }
    return edits ? map_all(judge, &volumes, err) : 0;
}
