/* SPDX-License-Identifier: Apache-2.0 */
/* Build info as what pipelines take: labels, words of `docker build`, a bill of materials. */
#pragma once

#include "normalize/program/gobuild.h"

/* "KEY=VALUE" lines of what annotations.derive would add. */
OCN_MUST_USE int ocn_cli_labels(const struct ocn_gobuild *build, struct ocn_arena *arena,
                                struct ocn_buf *out, struct ocn_error *err);

/*
 * One line of --label and --annotation words that an unquoted $(...) of a shell hands on as they
 * are. A value that it would change is left out and named, a line of its own, in @ret_left_out.
 */
OCN_MUST_USE int ocn_cli_docker_args(const struct ocn_gobuild *build, struct ocn_arena *arena,
                                     struct ocn_buf *out, struct ocn_buf *ret_left_out,
                                     struct ocn_error *err);

/*
 * CycloneDX 1.6 (JSON): the program, the standard library, every module. Nothing in it is of this
 * machine or moment: the time is the commit's, there is no serial number.
 */
OCN_MUST_USE int ocn_cli_cyclonedx(const struct ocn_gobuild *build, struct ocn_arena *arena,
                                   struct ocn_buf *out, struct ocn_error *err);
