/* SPDX-License-Identifier: Apache-2.0 */
/* The common case of bind.h: straight from a text that leaves no doubt, without a tree of it. */
#pragma once

#include "normalize/json/bind.h"

/*
 * true: @text was bound to @target, which is zeroed, as ocn_json_load_loose() and
 * ocn_json_bind_most() bind it, without a fault; strings and lists come from @arena. false: it is
 * for them to bind it, or to say what is wrong with it: there is doubt (scan.h), something that
 * does not fit its row, a row that is more than a type, or no memory. @target and @arena are then
 * half filled.
 */
OCN_MUST_USE bool ocn_json_bind_text(struct ocn_bytes text, const struct ocn_bind *fields,
                                     void *target, struct ocn_arena *arena);
