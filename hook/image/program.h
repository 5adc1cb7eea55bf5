/* SPDX-License-Identifier: Apache-2.0 */
/* The program that an image starts in the end, and how it was built. */
#pragma once

#include "hook/image/look.h"

/*
 * What there is to say of the program that @outcome, of @look, found, as a new value in *ret:
 * {"path", "kind", "arch", "variant", "interpreter", "program", "go": null | {"version", "path",
 * "module", "moduleVersion", "buildId", "modules": {PATH: VERSION}, "settings"}}. All settings are
 * in it, also those that may be secret.
 */
OCN_MUST_USE int ocn_program_facts(struct ocn_look *look, const struct ocn_outcome *outcome,
                                   json_t **ret, struct ocn_error *err);
