/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/limits.h"

#include <string.h>

#include "normalize/base/number.h"

#define MAX_CPUS 65536

static const char *unified_get(const struct ocn_oci_resources *resources, const char *key)
{
    for (size_t i = 0; i < resources->unified.len; i++) {
        if (strcmp(resources->unified.items[i].name, key) == 0) {
            return resources->unified.items[i].value;
        }
    }
    return NULL;
}

double ocn_limits_number(const char **text)
{
    const char *start = *text + strspn(*text, " \t\n");
    size_t len = strcspn(start, " \t\n");
    uint64_t value = 0;

    *text = start + len;
    if (ocn_number_parse((struct ocn_bytes){ start, len }, INT64_MAX, &value) < 0) {
        return 0;
    }
    return (double)value;
}

uint32_t ocn_limits_count_cpus(const char *list)
{
    uint64_t count = 0;

    while (list != NULL && *list != '\0') {
        size_t len = strcspn(list, ",");
        const char *dash = memchr(list, '-', len);
        size_t first_len = dash != NULL ? (size_t)(dash - list) : len;
        uint64_t first = 0;
        if (ocn_number_parse((struct ocn_bytes){ list, first_len }, MAX_CPUS, &first) < 0) {
            return 0;
        }
        uint64_t last = first;
        if (dash != NULL && (ocn_number_parse((struct ocn_bytes){ dash + 1, len - first_len - 1 },
                                              MAX_CPUS, &last) < 0 ||
                             last < first)) {
            return 0;
        }
        count += last - first + 1;
        list += len + (list[len] == ',');
    }
    return count <= MAX_CPUS ? (uint32_t)count : 0;
}

void ocn_limits_cpu(const struct ocn_oci_resources *resources, struct ocn_cpu_limit *ret)
{
    const char *max = unified_get(resources, "cpu.max");
    const char *cpus = unified_get(resources, "cpuset.cpus");
    struct ocn_cpu_limit limit = { .period = OCN_DEFAULT_PERIOD };

    if (resources->cpu.quota > 0) {
        limit.quota = resources->cpu.quota;
        limit.period = resources->cpu.period > 0 ? resources->cpu.period : OCN_DEFAULT_PERIOD;
    }
    if (max != NULL) {
        double quota = ocn_limits_number(&max);
        double period = ocn_limits_number(&max);
        period = period > 0 ? period : OCN_DEFAULT_PERIOD;
        if (quota > 0 && (!(limit.quota > 0) || quota / period < limit.quota / limit.period)) {
            limit.quota = quota;
            limit.period = period;
        }
    }
    limit.cpus = ocn_limits_count_cpus(cpus != NULL ? cpus : resources->cpu.cpus);
    *ret = limit;
}

double ocn_limits_memory(const struct ocn_oci_resources *resources)
{
    const char *max = unified_get(resources, "memory.max");
    double limit = resources->memory.limit > 0 ? resources->memory.limit : 0;
    double unified = max != NULL ? ocn_limits_number(&max) : 0;

    if (unified > 0 && (!(limit > 0) || unified < limit)) {
        limit = unified;
    }
    return limit < OCN_NO_MEMORY_LIMIT ? limit : 0;
}
