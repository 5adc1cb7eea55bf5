/* SPDX-License-Identifier: Apache-2.0 */
/* Interpreters that are told by a word of their own which file to read. */
#pragma once

#include "normalize/base/strings.h"

/*
 * The file that the command line @args names as what is to be read: "sh -e start.sh", "python3 -u
 * app.py". NULL where it is no interpreter's, names no file, or has an option that is not known.
 * Borrowed from @args.
 */
const char *ocn_operand_file(const struct ocn_strings *args);
