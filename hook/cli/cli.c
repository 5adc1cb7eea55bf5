/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cli/cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *const ocn_cli_formats[] = { "text", "json", NULL };

bool ocn_cli_is_json(const char *format)
{
    return format != NULL && strcmp(format, "json") == 0;
}

int ocn_cli_complain(const struct ocn_error *err)
{
    (void)fprintf(stderr, "ocinorm: error: %s%s%s\n", err->where, err->where[0] != '\0' ? ": " : "",
                  err->msg);
    return 2;
}

bool ocn_cli_wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(STDOUT_FILENO) == 1 && (no_color == NULL || no_color[0] == '\0');
}
