/* SPDX-License-Identifier: Apache-2.0 */
/* A finding as one sentence: all that the programs of a node say of an outcome. */
#include <stdio.h>

#include "hook/judge/report.h"
#include "normalize/policy/rule.h"

void ocn_report_denial(const struct ocn_finding *finding, char *buf, size_t size)
{
    (void)snprintf(buf, size, "%s [%s]: %s%s%s",
                   finding->level == OCN_LEVEL_DENY ? "denied" : "warning",
                   ocn_rules[finding->rule].name, finding->message,
                   finding->hint != NULL ? "; " : "", finding->hint != NULL ? finding->hint : "");
    for (char *c = buf; size > 0 && *c != '\0'; c++) {
        *c = (unsigned char)*c >= 0x20 && *c != 0x7f ? *c : '?';
    }
}
