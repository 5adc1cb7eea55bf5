/* SPDX-License-Identifier: Apache-2.0 */
/* What build info tells whoever inspects a container, and nothing that it must not. */
#pragma once

#include "normalize/program/gobuild.h"
#include "normalize/rules/judge.h"

/*
 * The annotations that @build says: golang.org/{version,module,build-id} and
 * org.opencontainers.image.{source,version,revision,created}, each only where its value has the
 * shape that it must have. None for no Go program. Strings are borrowed from @build or come from
 * @arena.
 */
OCN_MUST_USE int ocn_derive_annotations(const struct ocn_gobuild *build, struct ocn_arena *arena,
                                        struct ocn_pairs *ret, struct ocn_error *err);

/*
 * Fills what of facts.entry no rule needs, with the files' reading that this takes: for whoever
 * shows the facts (ocn_view.all_facts).
 */
OCN_MUST_USE int ocn_derive_facts(struct ocn_judge *judge, struct ocn_error *err);
