/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/policy_text.h"

#include <string.h>

#include "hook/policy/node_policy.h"
#include "hook/policy/policy_files.h"

#define MAX_LAYERS 1000
#define NO_TEXT UINT32_MAX

/* ---- out --------------------------------------------------------------------------------- */

static void put_number(struct ocn_buf *out, uint32_t number)
{
    ocn_buf_add(out, (const char *)&number, sizeof(number));
}

static void put_text(struct ocn_buf *out, struct ocn_bytes text)
{
    put_number(out, text.ptr != NULL ? (uint32_t)text.len : NO_TEXT);
    ocn_buf_add(out, text.ptr != NULL ? text.ptr : "", text.len);
}

static struct ocn_bytes as_bytes(const char *text)
{
    return (struct ocn_bytes){ text, text != NULL ? strlen(text) : 0 };
}

static int put_layers(struct ocn_buf *out, const struct ocn_layer *layers, size_t count,
                      struct ocn_error *err)
{
    size_t before = out->len;

    if (count > MAX_LAYERS) {
        return ocn_fail(err, OCN_E_LIMIT, NULL, "the policy has more than %d files", MAX_LAYERS);
    }
    put_number(out, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        put_text(out, as_bytes(layers[i].name));
        put_text(out, as_bytes(layers[i].profile));
        put_text(out, layers[i].text);
    }
    return out->len - before > OCN_POLICY_TEXT_MAX
               ? ocn_fail(err, OCN_E_LIMIT, NULL, "the policy has more than %zu bytes",
                          OCN_POLICY_TEXT_MAX)
               : ocn_buf_check(out, err);
}

int ocn_policy_text_look(const struct ocn_world *world, struct ocn_buf *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_layer *layers = NULL;
    size_t count = 0;

    return ocn_policy_layers(world, &arena, &layers, &count, err) < 0 ||
                   ocn_arena_check(&arena, err) < 0
               ? -1
               : put_layers(ret, layers, count, err);
}

int ocn_policy_text_read(const struct ocn_world *world, struct ocn_buf *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };

    if (ocn_node_policy_read(world, &policy, err) < 0) {
        return -1;
    }
    size_t skip = policy.layers[0].text.ptr != NULL ? 0 : 1; /* the profile's place is empty */
    return put_layers(ret, policy.layers + skip, policy.layers_len - skip, err);
}

/* ---- in ---------------------------------------------------------------------------------- */

static bool take_number(struct ocn_bytes *left, uint32_t *ret)
{
    if (left->len < sizeof(*ret)) {
        return false;
    }
    memcpy(ret, left->ptr, sizeof(*ret));
    left->ptr += sizeof(*ret);
    left->len -= sizeof(*ret);
    return true;
}

static bool take_text(struct ocn_bytes *left, struct ocn_bytes *ret)
{
    uint32_t len;

    if (!take_number(left, &len) || (len != NO_TEXT && len > left->len)) {
        return false;
    }
    *ret = len == NO_TEXT ? (struct ocn_bytes){ NULL, 0 } : (struct ocn_bytes){ left->ptr, len };
    left->ptr += ret->len;
    left->len -= ret->len;
    return true;
}

static bool take_layer(struct ocn_bytes *left, struct ocn_arena *arena, struct ocn_layer *ret)
{
    struct ocn_bytes name;
    struct ocn_bytes profile;

    if (!take_text(left, &name) || !take_text(left, &profile) || !take_text(left, &ret->text)) {
        return false;
    }
    ret->name = name.ptr != NULL ? ocn_arena_copy(arena, name.ptr, name.len) : "";
    ret->profile = profile.ptr != NULL ? ocn_arena_copy(arena, profile.ptr, profile.len) : NULL;
    return true;
}

int ocn_policy_text_load(struct ocn_bytes text, struct ocn_config **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_bytes left = text;
    uint32_t count = 0;

    if (!take_number(&left, &count) || count > MAX_LAYERS) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "the policy came in pieces");
    }
    struct ocn_layer *layers = ocn_arena_alloc(&arena, (count + 1) * sizeof(*layers));
    if (layers == NULL) {
        return ocn_fail_nomem(err);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!take_layer(&left, &arena, &layers[i])) {
            return ocn_fail(err, OCN_E_FORMAT, NULL, "the policy came in pieces");
        }
    }
    return ocn_arena_check(&arena, err) < 0 ? -1 : ocn_config_load(layers, count, ret, err);
}
