/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/look.h"

#include <string.h>

#include "normalize/normalize.h"
#include "normalize/program/arch.h"
#include "normalize/rootfs/accounts.h"

/* Files that most starts pass by: shells, what links lead to, loaders of libc. */
static const char *const usual_names[] = {
    "passwd",
    "group",
    "sh",
    "bash",
    "dash",
    "busybox",
    "env",
    "tini",
    "dumb-init",
    "ld-linux-x86-64.so.2",
    "ld-linux-aarch64.so.1",
    "ld-linux-armhf.so.3",
    "ld-linux.so.2",
    "ld-musl-x86_64.so.1",
    "ld-musl-aarch64.so.1",
    "ld-musl-armhf.so.1",
    "ld-musl-i386.so.1",
    "libc.so",
    "libc.musl-x86_64.so.1",
    "ld64.so.1",
    "ld64.so.2",
    "ld-linux-riscv64-lp64d.so.1",
};

static void add_likely(struct ocn_look *look, const char *name)
{
    const char **items =
        ocn_arena_grow(&look->arena, look->likely.items, look->likely.len, sizeof(*items));

    if (items != NULL) {
        look->likely.items = items;
        items[look->likely.len++] = ocn_strings_base_name(name);
    }
}

static int list_likely(struct ocn_look *look, struct ocn_error *err)
{
    const struct ocn_object_config *config = &look->image->config;

    for (size_t i = 0; i < OCN_COUNT(usual_names); i++) {
        add_likely(look, usual_names[i]);
    }
    for (size_t i = 0; i < config->entrypoint.len; i++) {
        add_likely(look, config->entrypoint.items[i]);
    }
    for (size_t i = 0; i < config->cmd.len; i++) {
        add_likely(look, config->cmd.items[i]);
    }
    return ocn_arena_check(&look->arena, err);
}

/* Nobody has said which node: one that the image is made for. */
static void describe_node(struct ocn_look *look, const struct ocn_look_place *place)
{
    const struct ocn_object_platform *node =
        place->node != NULL ? place->node : &look->image->config.platform;
    struct ocn_image_node *to = &look->rootfs.node;

    (void)ocn_arch_machine(node->arch != NULL ? node->arch : "", to->machine, sizeof(to->machine));
    to->variant = place->node != NULL ? node->variant : NULL;
}

/* Names have to be looked up; a number has no need of passwd, but engines take its group from
 * there. */
static int find_user(struct ocn_look *look, const char *user, struct ocn_image_user *ret,
                     struct ocn_error *err)
{
    struct ocn_bytes passwd = { NULL, 0 };
    struct ocn_bytes group = { NULL, 0 };

    if (!ocn_image_user_is_plain(user) &&
        (ocn_image_rootfs_read(&look->rootfs, "/etc/passwd", OCN_PASSWD_MAX_SIZE, &passwd, err) <
             0 ||
         ocn_image_rootfs_read(&look->rootfs, "/etc/group", OCN_PASSWD_MAX_SIZE, &group, err) <
             0)) {
        return -1;
    }
    return ocn_image_user_find(user, passwd, group, &look->arena, ret, err);
}

/* For the kubelet "1001:1001" is 1001, whose group is passwd's, or 0. */
static int take_user(struct ocn_look *look, const struct ocn_engine *engine, struct ocn_error *err)
{
    const char *user = look->image->config.user;
    const char *taken = ocn_engine_user(engine, user, &look->arena);

    if (taken == user) {
        look->taken = look->user;
        return 0;
    }
    return ocn_arena_check(&look->arena, err) < 0 ? -1 : find_user(look, taken, &look->taken, err);
}

int ocn_look_open(const struct ocn_blobs *blobs, const struct ocn_selected *image,
                  const struct ocn_look_place *place, struct ocn_look *ret, struct ocn_error *err)
{
    ret->image = image;
    if (list_likely(ret, err) < 0 || ocn_image_rootfs_open(blobs, image->layers, image->layers_len,
                                                           &ret->likely, &ret->rootfs, err) < 0) {
        return -1;
    }
    describe_node(ret, place);
    return find_user(ret, image->config.user, &ret->user, err);
}

void ocn_look_done(struct ocn_look *look)
{
    ocn_container_free(look->container);
    if (look->rootfs.layers != NULL) {
        ocn_image_rootfs_done(&look->rootfs);
    }
    ocn_arena_done(&look->arena);
    *look = (struct ocn_look){ 0 };
}

int ocn_look_judge(struct ocn_look *look, const struct ocn_look_profile *profile,
                   const struct ocn_look_place *place, struct ocn_outcome **ret,
                   struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_identity identity;
    struct ocn_policy policy;

    ocn_container_free(look->container);
    look->container = NULL;
    if (take_user(look, profile->engine, err) < 0 ||
        ocn_engine_convert(profile->engine, &look->image->config, &look->taken, &place->limits,
                           &text, err) < 0 ||
        ocn_container_parse(ocn_buf_bytes(&text), &look->container, err) < 0) {
        return -1;
    }
    look->container->placeless = true;
    if (ocn_identity_read(look->container, &look->arena, &identity, err) < 0 ||
        ocn_config_select(profile->config, &identity, look->container, &look->arena, &policy, err) <
            0) {
        return -1;
    }
    const struct ocn_view view = ocn_image_rootfs_as_view(&look->rootfs);
    return ocn_normalize(look->container, &policy, &view, ret, err);
}

const char *ocn_look_user_problem(struct ocn_look *look, const struct ocn_image_user *user)
{
    const char *text = look->image->config.user != NULL ? look->image->config.user : "";

    switch (user->state) {
    case OCN_IMAGE_USER_MISSING:
        return ocn_arena_printf(
            &look->arena, "the image's /etc/passwd has no user \"%s\", and no engine starts it",
            text);
    case OCN_IMAGE_GROUP_MISSING:
        return ocn_arena_printf(&look->arena,
                                "the image's /etc/group has no group of \"%s\", and no engine "
                                "starts it",
                                text);
    case OCN_IMAGE_USER_TOO_LARGE:
        return ocn_arena_printf(&look->arena,
                                "\"%s\" has an id above 2147483647, which engines refuse", text);
    case OCN_IMAGE_USER_UNREADABLE:
        return "the image's /etc/passwd has a line of more than 64 KiB, and no engine reads it";
    case OCN_IMAGE_USER_FOUND:
    default:
        return NULL;
    }
}
