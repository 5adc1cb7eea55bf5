/* SPDX-License-Identifier: Apache-2.0 */
/* Where the policy's layers lie on a node. */
#pragma once

#include "config/config.h"
#include "hook/judge.h"

#define OCN_CONFIG_PATH OCN_SYSCONFDIR "/ocinorm/config.json"
#define OCN_VENDOR_DIR OCN_DATADIR "/ocinorm"

/*
 * The layers in order: the profile that the later ones name (PROFILE.json in profiles/ beside the
 * config file, else in OCN_VENDOR_DIR/profiles), every *.json of OCN_VENDOR_DIR, the config file,
 * conf.d beside it in name order. world->config names another config file, which must then exist;
 * world->root prefixes every path but that one. *ret comes from @arena.
 */
OCN_MUST_USE int ocn_policy_layers(const struct ocn_world *world, struct ocn_arena *arena,
                                   struct ocn_layer **ret, size_t *ret_count,
                                   struct ocn_error *err);

/* Layers and ocn_config_load() in one. Free *ret with ocn_config_free(). */
OCN_MUST_USE int ocn_policy_load(const struct ocn_world *world, struct ocn_config **ret,
                                 struct ocn_error *err);

/* 1 if the break-glass file /etc/ocinorm/disabled, or `disabled` beside the config file, is there.
 */
int ocn_policy_is_disabled(const struct ocn_world *world);
