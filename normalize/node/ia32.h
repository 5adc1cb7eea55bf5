/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an amd64 host runs 32-bit programs, by what its files say. */
#pragma once

#include "normalize/view.h"

/* What the boot parameters @cmdline decide: ia32_emulation= of Linux 6.7, its last word. */
enum ocn_runs ocn_ia32_at_boot(const char *cmdline);

/*
 * What /proc of @view's host says. It proves the lack only: where nothing speaks against it, it is
 * not known.
 */
OCN_MUST_USE int ocn_ia32_by_files(const struct ocn_view *view, enum ocn_runs *ret,
                                   struct ocn_error *err);
