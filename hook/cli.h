/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of `ocinorm`; argv[0] is the command's name. Each returns the exit status. */
#pragma once

#include <stdbool.h>

#include "normalize/base.h"

int ocn_cli_config(int argc, char **argv);
int ocn_cli_explain(int argc, char **argv);
int ocn_cli_apply(int argc, char **argv);
int ocn_cli_detect(int argc, char **argv);
int ocn_cli_doctor(int argc, char **argv);
int ocn_cli_buildinfo(int argc, char **argv);
int ocn_cli_install(int argc, char **argv);
int ocn_cli_uninstall(int argc, char **argv);

/* "auto" as ls has it: a terminal, and nobody has asked for NO_COLOR (no-color.org). */
bool ocn_cli_wants_colour(void);

/* "text" or "json", of --format. */
OCN_MUST_USE int ocn_cli_read_format(const char *text, bool *ret_json, struct ocn_error *err);

/* Says on stderr what is wrong. Returns 2, the exit status of what could not be done. */
int ocn_cli_complain(const struct ocn_error *err);
