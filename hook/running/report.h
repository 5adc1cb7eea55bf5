/* SPDX-License-Identifier: Apache-2.0 */
/* The containers of a node as a table for people and as JSON for programs. */
#pragma once

#include <jansson.h>

#include "hook/running/running.h"

/* How many there are of which kind. */
struct ocn_running_count {
    size_t all;
    size_t denied;    /* would not be started */
    size_t lowered;   /* would have another user */
    size_t undecided; /* nobody can tell */
};

struct ocn_running_count ocn_running_count(const struct ocn_runnings *runnings);

/*
 * A line each: engine, namespace, name (or id), user now -> then, and what would deny or break it
 * or why it is left alone; then the problems and a sum. Colour only if @colour.
 */
OCN_MUST_USE int ocn_running_text(const struct ocn_runnings *runnings, bool colour,
                                  struct ocn_buf *out, struct ocn_error *err);

/* The JSON of `ocinorm explain --running --format json`. */
OCN_MUST_USE int ocn_running_json(const struct ocn_runnings *runnings, struct ocn_buf *out,
                                  struct ocn_error *err);

/*
 * JSON Schema of all that `ocinorm explain --format json` prints: a report (of --bundle or an ID),
 * or the list of --running. To be released with json_decref(); NULL when memory is out.
 */
json_t *ocn_running_schema(void);

/*
 * One container as `explain ID` tells it: who it is and its users, before the report of its
 * outcome, which must be there (ocn_report_text, ocn_report_json).
 */
OCN_MUST_USE int ocn_running_one(const struct ocn_running *running, bool json, bool colour,
                                 struct ocn_buf *out, struct ocn_error *err);
