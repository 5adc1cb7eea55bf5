/* SPDX-License-Identifier: Apache-2.0 */
/* What a prestart hook can still bring about, by a program in front of the entrypoint. */
#pragma once

#include "normalize/oci/container.h"
#include "normalize/outcome/outcome.h"

/*
 * Looks through the edits of @outcome for what ocinorm-entry could not do in @container: each is a
 * finding at level deny (an edit counts as that), which names the mode that can. Nothing is found
 * where nothing is to be edited.
 */
OCN_MUST_USE int ocn_entry_mode_judge(const struct ocn_container *container,
                                      struct ocn_outcome *outcome, struct ocn_error *err);

/*
 * As one of these findings: the pending edits cannot be made, because of @reason (copied). For what
 * only the mounted container can tell. Edits that are all optional become warnings.
 */
OCN_MUST_USE int ocn_entry_mode_refuse(struct ocn_outcome *outcome, const char *reason,
                                       struct ocn_error *err);

/* Adds a warning to @outcome: @message and @hint, from its arena. */
OCN_MUST_USE int ocn_entry_mode_warn(struct ocn_outcome *outcome, enum ocn_rule_id rule,
                                     const char *message, const char *hint, struct ocn_error *err);
