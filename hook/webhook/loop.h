/* SPDX-License-Identifier: Apache-2.0 */
/* All of the server: starts, waits, reads files again, ends. */
#pragma once

#include "hook/webhook/options.h"

#define OCN_LOOP_LINGER_SECONDS 5  /* from SIGTERM on, for those that have not heard of it */
#define OCN_LOOP_FINISH_SECONDS 10 /* then, for what runs */

/* Serves until a signal says otherwise. 0: it ended as it should. */
OCN_MUST_USE int ocn_loop_run(const struct ocn_options *options, struct ocn_error *err);
