/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/mounts/grant.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "hook/mounts/filesystem.h"
#include "hook/mounts/follower.h"
#include "hook/mounts/source.h"
#include "hook/sys/io.h"
#include "hook/sys/places.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define MOUNT_MAX_SIZE ((size_t)64 << 10) /* the text of one mount */
#define MOUNTINFO_MAX_SIZE ((size_t)64 << 20)
#define PATH_SIZE 4096

/* What holds for all mounts of a container is looked at once. */
struct look {
    const struct ocn_grant_site *site;
    struct ocn_mapping_answer all; /* NO: no mount can be mapped at all */
    uint32_t uid;                  /* whom config.json starts */
    struct ocn_follower follower;  /* where the runtime maps */
    struct ocn_buf mountinfo;
    int users_fd; /* a user namespace to try with; -1: none yet */
};

static void finish(struct look *look)
{
    ocn_buf_done(&look->mountinfo);
    ocn_closep(&look->users_fd);
}

static void say(struct ocn_mapping_answer *answer, enum ocn_mapping mapping, const char *what)
{
    size_t len = 0;

    answer->mapping = mapping;
    for (; what[len] != '\0' && len + 1 < sizeof(answer->what); len++) {
        answer->what[len] = (char)(what[len] >= 0x20 && what[len] <= 0x7e ? what[len] : '?');
    }
    answer->what[len] = '\0';
}

/* ---- the container ------------------------------------------------------------------------ */

static bool is_nothing(struct ocn_bytes value)
{
    return value.len == 0 || value.ptr[0] == 'n' ||
           (value.ptr[0] == '[' && ocn_json_skip_space(value, 1) + 1 == value.len);
}

static bool has_user_namespace(struct ocn_bytes config)
{
    json_auto_t *list = NULL;
    const struct ocn_bytes text = ocn_json_value_at(config, "/linux/namespaces");
    const json_t *item;
    size_t i;

    if (!is_nothing(ocn_json_value_at(config, "/linux/uidMappings")) ||
        !is_nothing(ocn_json_value_at(config, "/linux/gidMappings"))) {
        return true;
    }
    if (is_nothing(text)) {
        return false;
    }
    if (ocn_json_load_value(text, MOUNT_MAX_SIZE, &list, NULL) < 0 || !json_is_array(list)) {
        return true; /* nobody here can tell */
    }
    json_array_foreach (list, i, item) {
        const char *type = json_string_value(json_object_get(item, "type"));
        if (type == NULL || strcmp(type, "user") == 0) {
            return true;
        }
    }
    return false;
}

/* Only where ids are the node's own does a map of them mean what it says. */
static bool are_ids_the_nodes(void)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf map = { 0 };
    unsigned long inside = 1;
    unsigned long outside = 1;
    unsigned long count = 0;

    if (geteuid() != 0 || ocn_io_read_file("/proc/self/uid_map", 4096, &map, NULL) < 0) {
        return false;
    }
    const char *at = ocn_buf_bytes(&map).ptr;
    return ocn_io_take_number(&at, &inside) && ocn_io_take_number(&at, &outside) &&
           ocn_io_take_number(&at, &count) && inside == 0 && outside == 0 && count == OCN_IDMAP_IDS;
}

static bool read_uid(struct ocn_bytes config, uint32_t *ret)
{
    json_auto_t *json = NULL;
    const struct ocn_bytes text = ocn_json_value_at(config, "/process/user/uid");

    *ret = 0;
    if (is_nothing(text)) {
        return true;
    }
    if (ocn_json_load_value(text, 32, &json, NULL) < 0 || !json_is_number(json)) {
        return false;
    }
    double number = json_number_value(json);
    if (!(number >= 0 && number < UINT32_MAX)) {
        return false;
    }
    *ret = (uint32_t)number;
    return (double)*ret == number;
}

/* Whether the runtime makes such mounts. */
static void look_at_runtime(struct look *look)
{
    struct ocn_follower *follower = &look->follower;

    if (look->site->by_us) {
        return;
    }
    if (look->site->runtime == NULL || look->site->runtime[0] != '/') {
        say(&look->all, OCN_MAPPING_NOT_KNOWN, "");
        return;
    }
    ocn_follower_ask(look->site->runtime, OCN_STATE_DIR, follower);
    if (follower->maps == OCN_FOLLOWER_MAPS_NOT) {
        say(&look->all, OCN_MAPPING_NO_RUNTIME, follower->name);
    }
}

static int look_at_all(struct look *look, struct ocn_error *err)
{
    const char *missing = ocn_map_is_missing();
    struct ocn_error problem = { 0 };

    if (!are_ids_the_nodes()) {
        say(&look->all, OCN_MAPPING_NOT_ROOT, "");
    } else if (has_user_namespace(look->site->config) ||
               !read_uid(look->site->config, &look->uid)) {
        say(&look->all, OCN_MAPPING_HAS_ONE, "");
    } else if (missing != NULL) {
        say(&look->all, OCN_MAPPING_NO_KERNEL, missing);
    } else {
        look_at_runtime(look);
    }
    if (look->all.mapping == OCN_MAPPING_YES &&
        ocn_io_read_file("/proc/self/mountinfo", MOUNTINFO_MAX_SIZE, &look->mountinfo, &problem) <
            0) {
        if (problem.code == OCN_E_NOMEM) {
            return ocn_fail_nomem(err);
        }
        say(&look->all, OCN_MAPPING_NOT_KNOWN, ""); /* no reason to refuse anybody */
    }
    return 0;
}

/* ---- one mount ---------------------------------------------------------------------------- */

static bool has_option(const json_t *mount, const char *option)
{
    const json_t *options = json_object_get(mount, "options");
    const json_t *item;
    size_t i;

    json_array_foreach (options, i, item) {
        if (json_is_string(item) && strcmp(json_string_value(item), option) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_bind(const json_t *mount)
{
    const char *type = json_string_value(json_object_get(mount, "type"));

    return (type != NULL && strcmp(type, "bind") == 0) || has_option(mount, "bind") ||
           has_option(mount, "rbind");
}

static bool is_empty(const json_t *list)
{
    return list == NULL || json_is_null(list) ||
           (json_is_array(list) && json_array_size(list) == 0);
}

static json_t *read_mount(struct ocn_bytes config, uint32_t index)
{
    char path[32];
    json_t *mount = NULL;

    (void)snprintf(path, sizeof(path), "/mounts/%u", index);
    const struct ocn_bytes text = ocn_json_value_at(config, path);
    return text.len != 0 && ocn_json_load_value(text, MOUNT_MAX_SIZE, &mount, NULL) == 0 ? mount
                                                                                         : NULL;
}

static bool locate_source(const struct look *look, const json_t *mount, char path[PATH_SIZE])
{
    const char *source = json_string_value(json_object_get(mount, "source"));

    if (source == NULL || source[0] == '\0' ||
        strlen(source) != json_string_length(json_object_get(mount, "source"))) {
        return false;
    }
    int len = source[0] == '/' ? snprintf(path, PATH_SIZE, "%s", source)
                               : snprintf(path, PATH_SIZE, "%s/%s", look->site->bundle, source);
    return len > 0 && len < PATH_SIZE;
}

/* The kernel is asked itself: it maps a clone, which is attached nowhere and goes again. */
static bool try_to_map(struct look *look, const struct ocn_source *source, int *ret_errno)
{
    const struct ocn_idmap map = ocn_idmap_swap(0, 1);
    const struct ocn_map_flags none = { .read_only = false };

    if (look->users_fd < 0 && ocn_map_open(&map, &map, &look->users_fd, NULL) < 0) {
        *ret_errno = ENOSPC;
        return false;
    }
    ocn_autoclose int clone_fd = ocn_map_clone(source->fd, look->users_fd, &none);
    *ret_errno = errno;
    return clone_fd >= 0;
}

static void look_at_file_system(struct look *look, const struct ocn_source *source,
                                struct ocn_mapping_answer *answer)
{
    struct utsname kernel;
    struct statfs fs;
    char number[32];
    int failed = 0;

    if (fstatfs(source->fd, &fs) < 0 || uname(&kernel) < 0) {
        say(answer, OCN_MAPPING_CHANGED, "");
        return;
    }
    const uint64_t magic = (uint64_t)fs.f_type;
    if (ocn_filesystem_maps(magic, kernel.release) || try_to_map(look, source, &failed)) {
        return;
    }
    (void)snprintf(number, sizeof(number), "number 0x%llx", (unsigned long long)magic & UINT32_MAX);
    const char *name = ocn_filesystem_name(magic) != NULL ? ocn_filesystem_name(magic) : number;
    if (failed == EINVAL) {
        say(answer, OCN_MAPPING_NO_FILE_SYSTEM, name);
    } else {
        say(answer, OCN_MAPPING_NO_KERNEL, strerror(failed));
    }
}

/* What the runtime would do wrong with this one. */
static enum ocn_mapping look_at_follower(const struct look *look, const json_t *mount,
                                         const struct ocn_source *source)
{
    static const char *const apart[] = { "private", "rprivate", "slave", "rslave" };
    const struct ocn_bytes mountinfo = ocn_buf_bytes(&look->mountinfo);
    bool kept_apart = look->follower.apart;

    if (look->follower.maps == OCN_FOLLOWER_MAPS_TOP && has_option(mount, "rbind") &&
        ocn_source_has_mounts(source, mountinfo)) {
        return OCN_MAPPING_BELOW;
    }
    for (size_t i = 0; i < OCN_COUNT(apart); i++) {
        kept_apart = kept_apart || has_option(mount, apart[i]);
    }
    return kept_apart || !ocn_source_is_shared(source, mountinfo) ? OCN_MAPPING_YES
                                                                  : OCN_MAPPING_SHARED;
}

/* Fills *ret as far as it is no text of @mount. */
static void look_at_source(struct look *look, const json_t *mount, struct ocn_grant *ret,
                           struct ocn_mapping_answer *answer)
{
    OCN_CLEANUP(ocn_source_done) struct ocn_source source = { .fd = -1 };
    char path[PATH_SIZE];

    if (!locate_source(look, mount, path)) {
        say(answer, OCN_MAPPING_CHANGED, "");
        return;
    }
    enum ocn_mapping mapping = ocn_source_open(path, &source);
    if (mapping == OCN_MAPPING_YES && source.stat.st_uid != look->uid) {
        mapping = OCN_MAPPING_CHANGED;
    }
    if (mapping == OCN_MAPPING_YES) {
        mapping = ocn_source_place(&source, ocn_buf_bytes(&look->mountinfo),
                                   &look->site->policy->volumes.allow);
    }
    if (mapping != OCN_MAPPING_YES) {
        say(answer, mapping, mapping == OCN_MAPPING_NOT_ALLOWED ? path : source.path);
        return;
    }
    mapping = look->site->by_us ? OCN_MAPPING_YES : look_at_follower(look, mount, &source);
    if (mapping != OCN_MAPPING_YES) {
        say(answer, mapping, look->follower.name);
        return;
    }
    look_at_file_system(look, &source, answer);
    ret->dev = source.stat.st_dev;
    ret->ino = source.stat.st_ino;
}

static void look_at_mount(struct look *look, uint32_t index, struct ocn_arena *arena,
                          struct ocn_grant *ret, struct ocn_mapping_answer *answer)
{
    json_auto_t *mount = read_mount(look->site->config, index);
    const char *destination = json_string_value(json_object_get(mount, "destination"));

    *answer = (struct ocn_mapping_answer){ .mapping = OCN_MAPPING_YES };
    if (destination == NULL || !is_bind(mount)) {
        say(answer, OCN_MAPPING_NO_VOLUME, "");
        return;
    }
    if (!is_empty(json_object_get(mount, "uidMappings")) ||
        !is_empty(json_object_get(mount, "gidMappings")) || has_option(mount, "idmap") ||
        has_option(mount, "ridmap")) {
        say(answer, OCN_MAPPING_HAS_ONE, "");
        return;
    }
    *ret = (struct ocn_grant){
        .mount = index,
        .destination = ocn_arena_copy(arena, destination, strlen(destination)),
        .flags = { .read_only = has_option(mount, "ro") || has_option(mount, "rro"),
                   .no_suid = has_option(mount, "nosuid") || has_option(mount, "rnosuid"),
                   .no_dev = has_option(mount, "nodev") || has_option(mount, "rnodev"),
                   .no_exec = has_option(mount, "noexec") || has_option(mount, "rnoexec") },
    };
    look_at_source(look, mount, ret, answer);
}

/* ---- all of them -------------------------------------------------------------------------- */

int ocn_grant_look(const struct ocn_grant_site *site, const uint32_t *mounts, size_t len,
                   struct ocn_mapping_answer *answers, struct ocn_arena *arena,
                   struct ocn_grants *ret, struct ocn_error *err)
{
    OCN_CLEANUP(finish) struct look look = { .site = site, .users_fd = -1 };

    ret->asked = true;
    ret->items = ocn_arena_alloc(arena, (len + 1) * sizeof(*ret->items));
    if (ret->items == NULL) {
        return ocn_fail_nomem(err);
    }
    if (look_at_all(&look, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < len; i++) {
        if (look.all.mapping != OCN_MAPPING_YES) {
            answers[i] = look.all;
            continue;
        }
        look_at_mount(&look, mounts[i], arena, &ret->items[ret->len], &answers[i]);
        ret->len += answers[i].mapping == OCN_MAPPING_YES ? 1 : 0;
    }
    return ocn_arena_check(arena, err);
}

const struct ocn_grant *ocn_grant_find(const struct ocn_grants *grants, uint32_t mount)
{
    for (size_t i = 0; i < grants->len; i++) {
        if (grants->items[i].mount == mount) {
            return &grants->items[i];
        }
    }
    return NULL;
}
