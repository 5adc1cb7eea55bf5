/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/outcome/edit.h"

#include <string.h>

#define ANNOTATIONS_PATH "/annotations/"
#define OCN_RULE_ANY OCN_RULE_COUNT

const struct ocn_edit_row ocn_edit_rows[OCN_EDIT_COUNT] = {
#define OCN_EDIT(symbol, path, rule, value, exec, entry, missing)                                  \
    [OCN_EDIT_##symbol] = { path, OCN_RULE_##rule,     OCN_EDIT_IS_##value,                        \
                            exec, OCN_EDIT_BY_##entry, OCN_EDIT_OR_##missing },
#include "normalize/outcome/edits.def"
#undef OCN_EDIT
};

/* Such as that of the uidMappings of a mount: the star is the number of an element. */
static bool is_element(const char *pattern, const char *star, const char *path)
{
    size_t before = (size_t)(star - pattern);

    if (strncmp(path, pattern, before) != 0) {
        return false;
    }
    size_t digits = strspn(path + before, "0123456789");
    return digits != 0 && (digits == 1 || path[before] != '0') &&
           strcmp(path + before + digits, star + 1) == 0;
}

static bool is_at(const struct ocn_edit_row *row, const char *path)
{
    const char *star = strchr(row->path, '*');
    size_t len = strlen(row->path);

    if (star != NULL) {
        return is_element(row->path, star, path);
    }

    return row->path[len - 1] == '/' ? strncmp(path, row->path, len) == 0 && path[len] != '\0'
                                     : strcmp(path, row->path) == 0;
}

const struct ocn_edit_row *ocn_edit_row(const struct ocn_edit *edit)
{
    for (size_t i = 0; i < OCN_EDIT_COUNT; i++) {
        const struct ocn_edit_row *row = &ocn_edit_rows[i];
        if ((row->rule == edit->rule || row->rule == OCN_RULE_ANY) && is_at(row, edit->path)) {
            return row;
        }
    }
    return NULL;
}

const struct ocn_edit *ocn_edit_find(const struct ocn_edit *edits, size_t count,
                                     enum ocn_edit_id id)
{
    for (size_t i = 0; i < count; i++) {
        if (is_at(&ocn_edit_rows[id], edits[i].path)) {
            return &edits[i];
        }
    }
    return NULL;
}

const char *ocn_edit_annotation(enum ocn_edit_id id)
{
    return ocn_edit_rows[id].path + sizeof(ANNOTATIONS_PATH) - 1;
}

const char *ocn_edit_env_path(void)
{
    return ocn_edit_rows[OCN_EDIT_SET].path;
}

const char *ocn_edit_env_name(const struct ocn_edit *edit)
{
    size_t len = strlen(ocn_edit_env_path());

    return strncmp(edit->path, ocn_edit_env_path(), len) == 0 ? edit->path + len : NULL;
}

bool ocn_edit_is_note(const struct ocn_edit *edit)
{
    const struct ocn_edit_row *row = ocn_edit_row(edit);

    return row != NULL && row->missing == OCN_EDIT_OR_LEAVE;
}

bool ocn_edit_is_optional(const struct ocn_edit *edit)
{
    const struct ocn_edit_row *row = ocn_edit_row(edit);

    return row != NULL && row->missing == OCN_EDIT_OR_WARN;
}
