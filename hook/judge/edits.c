/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/edits.h"

#include <stdio.h>
#include <string.h>

#include "normalize/base/number.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"
#include "normalize/json/spelled.h"
#include "normalize/node/idmap.h"
#include "normalize/oci/capability.h"
#include "normalize/policy/rule.h"
#include "normalize/policy/variables.h"
#include "normalize/program/launcher.h"
#include "normalize/rootfs/accounts.h"

#define MAX_NUMBER 32 /* characters of a number in the text */
#define MAX_ELEMENTS 65536
#define MAX_DERIVED 512
#define MAX_VALUE ((size_t)128 << 10) /* MAX_ARG_STRLEN: a longer variable starts nothing */
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789"
#define PROCESS "/process"
#define PATH(symbol) ocn_edit_rows[OCN_EDIT_##symbol].path

/* ---- the text, walked --------------------------------------------------------------------- */

/* What @path of config.json names in the text that is edited. */
static struct ocn_bytes find(const struct ocn_edits_bounds *bounds, const char *path)
{
    if (bounds->event != OCN_ON_EXEC) {
        return ocn_json_value_at(bounds->text, path);
    }
    return strncmp(path, PROCESS "/", sizeof(PROCESS)) == 0
               ? ocn_json_value_at(bounds->text, path + sizeof(PROCESS) - 1)
               : (struct ocn_bytes){ NULL, 0 };
}

/* The number that @value spells; runtimes read none and null as 0. */
static bool read_u32(struct ocn_bytes value, uint32_t *ret)
{
    json_auto_t *json = NULL;
    uint64_t plain = 0;

    *ret = 0;
    if (value.ptr == NULL || (value.len == 4 && memcmp(value.ptr, "null", 4) == 0)) {
        return true;
    }
    /* Nearly all of them are digits; the library makes a double of each. */
    if (value.len != 0 && (value.ptr[0] != '0' || value.len == 1) &&
        ocn_number_parse(value, UINT32_MAX, &plain) == 0) {
        *ret = (uint32_t)plain;
        return true;
    }
    if (value.len > MAX_NUMBER || ocn_json_load_value(value, MAX_NUMBER, &json, NULL) < 0 ||
        !json_is_number(json)) {
        return false;
    }
    double number = json_number_value(json);
    if (!(number >= 0 && number <= UINT32_MAX)) {
        return false;
    }
    *ret = (uint32_t)number;
    return (double)*ret == number;
}

/* Whether @element of a list is the @wanted one. */
typedef bool element_is(struct ocn_bytes element, const void *wanted);

static bool is_that_string(struct ocn_bytes element, const void *wanted)
{
    return element.len != 0 && element.ptr[0] == '"' &&
           ocn_json_string_is(element, 0, wanted, strlen(wanted));
}

static bool is_that_number(struct ocn_bytes element, const void *wanted)
{
    uint32_t number = 0;

    return element.len != 0 && read_u32(element, &number) && number == *(const uint32_t *)wanted;
}

/* Where @list is read: its first element; behind its end if it is no list. */
static size_t begin_list(struct ocn_bytes list)
{
    return list.len != 0 && list.ptr[0] == '[' ? ocn_json_skip_space(list, 1) : list.len;
}

/* The element at *pos, and *pos behind it; false at the end of the list. */
static bool next_element(struct ocn_bytes list, size_t *pos, struct ocn_bytes *ret)
{
    if (*pos >= list.len || list.ptr[*pos] == ']') {
        return false;
    }
    size_t end = ocn_json_skip_value(list, *pos);
    *ret = (struct ocn_bytes){ list.ptr + *pos, end - *pos };
    *pos = ocn_json_skip_space(list, end);
    if (*pos < list.len && list.ptr[*pos] == ',') {
        *pos = ocn_json_skip_space(list, *pos + 1);
    }
    return true;
}

/* Whether one of the elements from *pos on is the wanted one; *pos is behind it then. */
static bool list_goes_on_with(struct ocn_bytes list, size_t *pos, element_is *is,
                              const void *wanted)
{
    struct ocn_bytes element;

    for (size_t i = 0; i < MAX_ELEMENTS && next_element(list, pos, &element); i++) {
        if (is(element, wanted)) {
            return true;
        }
    }
    return false;
}

static bool list_holds(struct ocn_bytes list, element_is *is, const void *wanted)
{
    size_t pos = begin_list(list);

    return list_goes_on_with(list, &pos, is, wanted);
}

/* ---- what a value may be ------------------------------------------------------------------ */

/* A value that is checked: as JSON of our own, and where it is to stand. */
struct proposal {
    const struct ocn_edits_bounds *bounds;
    const struct ocn_outcome *outcome;
    const struct ocn_edit *edit;
    const json_t *to;
    struct ocn_arena *arena;
};

static bool is_u32(const json_t *value)
{
    return json_is_integer(value) && json_integer_value(value) >= 0 &&
           json_integer_value(value) <= UINT32_MAX;
}

/* true: the id that is proposed is that of the container which the process joins. */
static bool is_joined(const struct proposal *p, json_int_t id)
{
    uint32_t joined = 0;

    return p->bounds->event == OCN_ON_EXEC && p->bounds->policy->user.exec != OCN_EXEC_KEEP &&
           read_u32(ocn_json_value_at(p->bounds->joined, p->edit->path), &joined) && joined == id;
}

/* true: the policy's own user may be given, as far as the text tells. */
static bool is_policys_turn(const struct proposal *p)
{
    const struct ocn_policy_user *user = &p->bounds->policy->user;
    uint32_t uid = 0;

    if (p->bounds->event == OCN_ON_EXEC) {
        return user->exec == OCN_EXEC_STRICT;
    }
    return user->when == OCN_WHEN_ALWAYS ||
           (user->when == OCN_WHEN_ROOT && read_u32(find(p->bounds, PATH(USER_UID)), &uid) &&
            uid == 0);
}

/* Nobody is made root, nor is anybody left as it is (the largest id). */
static bool is_uid(const struct proposal *p)
{
    json_int_t id = json_integer_value(p->to);

    return is_u32(p->to) && id != 0 && id != UINT32_MAX &&
           (is_joined(p, id) || (is_policys_turn(p) && id == p->bounds->policy->user.uid));
}

static bool is_gid(const struct proposal *p)
{
    json_int_t id = json_integer_value(p->to);

    return is_u32(p->to) && id != UINT32_MAX &&
           (is_joined(p, id) || (is_policys_turn(p) && id == p->bounds->policy->user.gid));
}

/*
 * true: a launcher may be taken out of the args of the container that is created, and its user be
 * given, which is root's in the text. Whom the image's passwd names is not known here: like a USER
 * of the image, which is nobody's to change, it may be anybody but root.
 */
static bool is_launchers_turn(const struct proposal *p)
{
    uint32_t uid = 0;

    return p->bounds->event == OCN_ON_CREATE &&
           p->bounds->policy->level[OCN_RULE_USER_ROOT] == OCN_LEVEL_EDIT && is_policys_turn(p) &&
           read_u32(find(p->bounds, PATH(USER_UID)), &uid) && uid == 0;
}

/* Not that of the policy, which may be 0 for a group. */
static bool is_launchers_id(const struct proposal *p)
{
    json_int_t id = json_integer_value(p->to);

    return is_u32(p->to) && id != 0 && id != UINT32_MAX && is_launchers_turn(p);
}

/* Whether the string literal @element names a launcher that changes the user. */
static bool names_launcher(struct ocn_bytes element)
{
    json_auto_t *json = NULL;

    return element.len != 0 && element.ptr[0] == '"' && element.len <= MAX_VALUE &&
           ocn_json_load_value(element, MAX_VALUE, &json, NULL) == 0 &&
           ocn_launcher_may_step(json_string_value(json));
}

/*
 * The args of the text, without a run of words that begins with the first one that names such a
 * launcher; something is left behind it, and nothing is new. The text is walked twice.
 */
static bool is_cut_args(const struct proposal *p)
{
    const struct ocn_bytes own = find(p->bounds, p->edit->path);
    const size_t len = json_array_size(p->to);
    size_t pos = begin_list(own);
    struct ocn_bytes element = { NULL, 0 };
    size_t same = 0;
    size_t left = 0;

    while (next_element(own, &pos, &element) && !names_launcher(element)) {
        const char *word = json_string_value(json_array_get(p->to, same++));
        if (same == MAX_ELEMENTS || word == NULL || !is_that_string(element, word)) {
            return false;
        }
    }
    const size_t behind = pos;
    while (left < MAX_ELEMENTS && next_element(own, &pos, &element)) {
        left++;
    }
    if (left == MAX_ELEMENTS || same >= len || left <= len - same) {
        return false; /* the launcher has a word of its own, too: whom it names */
    }
    pos = behind;
    for (size_t i = left; next_element(own, &pos, &element); i--) {
        const char *word = i <= len - same ? json_string_value(json_array_get(p->to, len - i)) : "";
        if (word == NULL || (i <= len - same && !is_that_string(element, word))) {
            return false;
        }
    }
    return is_launchers_turn(p);
}

static bool is_true(const struct proposal *p)
{
    return json_is_true(p->to);
}

/* Some of the groups that the text has, in its order: a pod may have tens of thousands. */
static bool is_groups(const struct proposal *p)
{
    const struct ocn_bytes own = find(p->bounds, p->edit->path);
    size_t pos = begin_list(own);

    for (size_t i = 0; i < json_array_size(p->to); i++) {
        const json_t *item = json_array_get(p->to, i);
        const uint32_t gid = is_u32(item) ? (uint32_t)json_integer_value(item) : UINT32_MAX;
        if (gid == UINT32_MAX || !list_goes_on_with(own, &pos, is_that_number, &gid)) {
            return false;
        }
    }
    return json_is_array(p->to);
}

/* The set in the text; where a process that joins has none at all, the container's is taken. */
static struct ocn_bytes find_set(const struct proposal *p)
{
    if (p->bounds->event == OCN_ON_EXEC) {
        const struct ocn_bytes sets = find(p->bounds, PROCESS "/capabilities");
        if (sets.len == 0 || sets.ptr[0] != '{') {
            return ocn_json_value_at(p->bounds->joined, p->edit->path);
        }
    }
    return find(p->bounds, p->edit->path);
}

/* Some of the capabilities that the text has in the same set, in its order: it is walked once. */
static bool is_capabilities(const struct proposal *p)
{
    const struct ocn_bytes own = find_set(p);
    size_t pos = begin_list(own);

    for (size_t i = 0; i < json_array_size(p->to); i++) {
        const char *name = json_string_value(json_array_get(p->to, i));
        bool given = name != NULL && p->bounds->policy->user.low_ports &&
                     ocn_capability_is(name, CAP_NET_BIND_SERVICE);
        if (name == NULL || !(given || list_goes_on_with(own, &pos, is_that_string, name))) {
            return false;
        }
    }
    return json_is_array(p->to);
}

/* "UID:GID", as the text has it. */
static bool is_original_user(const struct proposal *p)
{
    uint32_t uid = 0;
    uint32_t gid = 0;
    char text[sizeof("4294967295:4294967295")];

    if (!read_u32(find(p->bounds, PATH(USER_UID)), &uid) ||
        !read_u32(find(p->bounds, PATH(USER_GID)), &gid)) {
        return false;
    }
    (void)snprintf(text, sizeof(text), "%u:%u", uid, gid);
    return json_is_string(p->to) && strcmp(json_string_value(p->to), text) == 0;
}

/* "NAME,NAME" */
static bool is_names(const struct proposal *p)
{
    const char *names = json_string_value(p->to);

    return names != NULL && names[0] != '\0' && names[strspn(names, NAME_CHARACTERS ",")] == '\0';
}

/* A directive that is there is switched off; see normalize/oci/directives.c. */
static bool is_off(const struct proposal *p)
{
    return json_is_string(p->to) && strcmp(json_string_value(p->to), "0") == 0 &&
           find(p->bounds, p->edit->path).ptr != NULL;
}

/* What the build info of a program says of itself, where nobody else says it. */
static bool is_derived(const struct proposal *p)
{
    const char *text = json_string_value(p->to);

    for (const char *c = text; c != NULL && *c != '\0'; c++) {
        if (*c < 0x20 || *c > 0x7e) {
            return false;
        }
    }
    return text != NULL && json_string_length(p->to) <= MAX_DERIVED &&
           find(p->bounds, p->edit->path).ptr == NULL;
}

/* ---- mounts ------------------------------------------------------------------------------- */

/* The mount of @path, "/mounts/N/...", if it was granted. */
static const struct ocn_grant *find_grant(const struct proposal *p, bool uids)
{
    const struct ocn_grants *grants = p->bounds->grants;
    char path[64];

    for (size_t i = 0; grants != NULL && i < grants->len; i++) {
        (void)snprintf(path, sizeof(path), "/mounts/%u/%s", grants->items[i].mount,
                       uids ? "uidMappings" : "gidMappings");
        if (strcmp(path, p->edit->path) == 0) {
            return &grants->items[i];
        }
    }
    return NULL;
}

/* Whether the same outcome has an edit of that kind of this mount. */
static bool maps_also(const struct proposal *p, uint32_t mount, const char *kind)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/mounts/%u/%s", mount, kind);
    for (size_t i = 0; i < p->outcome->edits_len; i++) {
        if (strcmp(p->outcome->edits[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* What the same edits, which are checked as this one is, make of the id at @path. */
static bool find_new_id(const struct proposal *p, enum ocn_edit_id id, uint32_t *ret)
{
    const struct ocn_edit *edit = ocn_edit_find(p->outcome->edits, p->outcome->edits_len, id);

    return edit != NULL && read_u32((struct ocn_bytes){ edit->to, strlen(edit->to) }, ret);
}

/* The one shape: the id that the text has and the one that is given change places. */
static bool is_mapping(const struct proposal *p)
{
    const bool uids = ocn_edit_row(p->edit) == &ocn_edit_rows[OCN_EDIT_VOLUME_UIDS];
    const struct ocn_grant *grant = find_grant(p, uids);
    uint32_t uid = 0;
    uint32_t from = 0;
    uint32_t to = 0;

    if (grant == NULL || !maps_also(p, grant->mount, uids ? "gidMappings" : "uidMappings") ||
        !find_new_id(p, OCN_EDIT_USER_UID, &uid) ||
        !read_u32(find(p->bounds, uids ? PATH(USER_UID) : PATH(USER_GID)), &from)) {
        return false;
    }
    if (uids) {
        to = uid;
    } else if (!find_new_id(p, OCN_EDIT_USER_GID, &to)) {
        to = from;
    }
    if (from == UINT32_MAX || to == UINT32_MAX) {
        return false;
    }
    const struct ocn_idmap map = ocn_idmap_swap(from, to);
    const char *wanted = ocn_idmap_json(&map, p->arena);
    json_error_t problem;
    json_auto_t *json = json_loadb(wanted, strlen(wanted), 0, &problem);
    return json != NULL && json_equal(p->to, json);
}

/* ---- what may be edited ------------------------------------------------------------------- */

/* Whether the container that the process joins has exactly this variable. */
static bool has_variable(struct ocn_bytes config, const char *name, const char *value,
                         struct ocn_arena *arena)
{
    const char *entry = ocn_arena_printf(arena, "%s=%s", name, value);

    return list_holds(ocn_json_value_at(config, PROCESS "/env"), is_that_string, entry);
}

/* HOME of a process that joins is worked out anew, all else is what create has added. */
static bool is_variable(const struct proposal *p)
{
    const char *name = ocn_edit_env_name(p->edit);
    const char *value = json_string_value(p->to);
    enum ocn_rule_id rule = p->edit->rule;

    if (value == NULL || json_string_length(p->to) > MAX_VALUE || strpbrk(value, "\r\n") != NULL) {
        return false;
    }
    if (p->bounds->event == OCN_ON_EXEC && rule != OCN_RULE_USER_HOME) {
        return rule == ocn_variables_rule(p->bounds->policy, name) &&
               has_variable(p->bounds->joined, name, value, p->arena);
    }
    return ocn_variables_may_be(p->bounds->policy, rule, name, value);
}

/* By what a value may be (edits.def). */
static bool (*const fits[OCN_EDIT_VALUES])(const struct proposal *proposal) = {
    [OCN_EDIT_IS_UID] = is_uid,
    [OCN_EDIT_IS_GID] = is_gid,
    [OCN_EDIT_IS_LAUNCHERS_ID] = is_launchers_id,
    [OCN_EDIT_IS_CUT_ARGS] = is_cut_args,
    [OCN_EDIT_IS_GROUPS] = is_groups,
    [OCN_EDIT_IS_OFF] = is_off,
    [OCN_EDIT_IS_TRUE] = is_true,
    [OCN_EDIT_IS_CAPABILITIES] = is_capabilities,
    [OCN_EDIT_IS_VARIABLE] = is_variable,
    [OCN_EDIT_IS_ORIGINAL_USER] = is_original_user,
    [OCN_EDIT_IS_NAMES] = is_names,
    [OCN_EDIT_IS_DERIVED] = is_derived,
    [OCN_EDIT_IS_MAPPING] = is_mapping,
};

static bool may_be(const struct proposal *p)
{
    const struct ocn_edit *edit = p->edit;
    const struct ocn_edit_row *row = ocn_edit_row(edit);

    return row != NULL && (row->exec || p->bounds->event != OCN_ON_EXEC) &&
           ocn_rules[edit->rule].changes &&
           p->bounds->policy->level[edit->rule] == OCN_LEVEL_EDIT && fits[row->value](p);
}

/* Puts our own spelling of the JSON value *text in its place. NULL: it is none, or memory is out.
 */
static json_t *respell(const char **text, struct ocn_arena *arena)
{
    json_error_t problem;
    json_t *value = ocn_json_spelled((struct ocn_bytes){ *text, strlen(*text) });
    if (value != NULL) {
        return value;
    }
    value = json_loadb(*text, strlen(*text), JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &problem);
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf printed = { 0 };

    if (value == NULL || ocn_json_dump(value, JSON_ENCODE_ANY | JSON_COMPACT, &printed, NULL) < 0) {
        if (value != NULL || json_error_code(&problem) == json_error_out_of_memory ||
            problem.text[0] == '\0') {
            (void)ocn_arena_fail(arena);
        }
        json_decref(value);
        return NULL;
    }
    *text = ocn_buf_copy(&printed, arena);
    return value;
}

static int fail_never_made(const char *path, const char *to, struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_FORMAT, NULL,
                    "the confined parser asks for an edit that is never made: %.120s to %.120s",
                    path, to);
}

static int check_edit(const struct ocn_edits_bounds *bounds, struct ocn_outcome *outcome,
                      struct ocn_edit *edit, struct ocn_error *err)
{
    struct ocn_arena *arena = &outcome->arena;
    const char *to = edit->to;
    json_auto_t *value = respell(&edit->to, arena);
    json_auto_t *old = edit->from != NULL ? respell(&edit->from, arena) : json_null();
    const struct proposal proposal = { bounds, outcome, edit, value, arena };

    return value == NULL || old == NULL || !may_be(&proposal) ? fail_never_made(edit->path, to, err)
                                                              : 0;
}

/* ---- what is said of the container -------------------------------------------------------- */

/* Whether @value spells @text; what is no string, which the child has left out, is none. */
static bool is_text(struct ocn_bytes value, const char *text)
{
    return text == NULL || text[0] == '\0'
               ? value.len == 0 || value.ptr[0] != '"' || is_that_string(value, "")
               : is_that_string(value, text);
}

static bool is_flag(struct ocn_bytes value, bool flag)
{
    return (value.len != 0 && value.ptr[0] == 't') == flag;
}

static bool is_text_element(struct ocn_bytes element, const void *item)
{
    return is_text(element, *(const char *const *)item);
}

static bool is_number_element(struct ocn_bytes element, const void *item)
{
    return is_that_number(element, item);
}

static bool is_namespace_element(struct ocn_bytes element, const void *item)
{
    const struct ocn_oci_namespace *namespace = item;

    return is_text(ocn_json_value_at(element, "/type"), namespace->type) &&
           is_text(ocn_json_value_at(element, "/path"), namespace->path);
}

static bool is_hook_element(struct ocn_bytes element, const void *item)
{
    return is_text(ocn_json_value_at(element, "/path"), ((const struct ocn_oci_hook *)item)->path);
}

/* Whether the list at @path has exactly these @len items of @size bytes. */
static bool has_exactly(const struct ocn_edits_bounds *bounds, const char *path, element_is *is,
                        const void *items, size_t len, size_t size)
{
    const struct ocn_bytes list = find(bounds, path);
    size_t pos = begin_list(list);
    struct ocn_bytes element;

    for (size_t i = 0; i < len; i++) {
        if (!next_element(list, &pos, &element) || !is(element, (const char *)items + i * size)) {
            return false;
        }
    }
    return !next_element(list, &pos, &element);
}

#define SET(symbol, name)                                                                          \
    {                                                                                              \
        OCN_EDIT_##symbol, offsetof(struct ocn_oci_capabilities, name)                             \
    }

static bool has_capabilities(const struct ocn_edits_bounds *bounds,
                             const struct ocn_oci_capabilities *capabilities)
{
    static const struct {
        enum ocn_edit_id id;
        size_t offset;
    } sets[] = { SET(BOUNDING, bounding), SET(EFFECTIVE, effective), SET(PERMITTED, permitted),
                 SET(INHERITABLE, inheritable), SET(AMBIENT, ambient) };

    for (size_t i = 0; i < OCN_COUNT(sets); i++) {
        const struct ocn_strings *set = (const void *)((const char *)capabilities + sets[i].offset);
        if (!has_exactly(bounds, ocn_edit_rows[sets[i].id].path, is_text_element, set->items,
                         set->len, sizeof(*set->items))) {
            return false;
        }
    }
    return true;
}

static bool has_user(const struct ocn_edits_bounds *bounds, const struct ocn_oci_user *user)
{
    uint32_t uid = 0;
    uint32_t gid = 0;

    return read_u32(find(bounds, PATH(USER_UID)), &uid) && uid == user->uid &&
           read_u32(find(bounds, PATH(USER_GID)), &gid) && gid == user->gid &&
           has_exactly(bounds, PATH(GROUPS), is_number_element, user->additional_gids.items,
                       user->additional_gids.len, sizeof(*user->additional_gids.items));
}

int ocn_edits_check_container(const struct ocn_edits_bounds *bounds,
                              const struct ocn_container *container, struct ocn_error *err)
{
    const struct ocn_list *namespaces = &container->linux_.namespaces;
    const struct ocn_list *hooks = &container->start_hooks;

    bool same =
        has_user(bounds, &container->process.user) &&
        has_capabilities(bounds, &container->process.capabilities) &&
        is_flag(find(bounds, PATH(NO_NEW_PRIVILEGES)), container->process.no_new_privileges) &&
        is_text(find(bounds, "/root/path"), container->root.path) &&
        is_text(find(bounds, "/linux/mountLabel"), container->linux_.mount_label) &&
        has_exactly(bounds, "/linux/namespaces", is_namespace_element, namespaces->items,
                    namespaces->len, sizeof(struct ocn_oci_namespace)) &&
        has_exactly(bounds, "/hooks/startContainer", is_hook_element, hooks->items, hooks->len,
                    sizeof(struct ocn_oci_hook));
    return same ? 0
                : ocn_fail(err, OCN_E_FORMAT, NULL,
                           "the confined parser describes another container than config.json");
}

/* ---- all edits ---------------------------------------------------------------------------- */

/* No place is edited twice: so there are as many edits at most as places, and each is looked for
 * once. */
static bool is_repeated(const struct ocn_outcome *outcome, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(outcome->edits[i].path, outcome->edits[index].path) == 0) {
            return true;
        }
    }
    return false;
}

/* Of an edit that is one rule's. */
static bool edits(const struct ocn_outcome *outcome, enum ocn_edit_id id)
{
    for (size_t i = 0; i < outcome->edits_len; i++) {
        if (outcome->edits[i].rule == ocn_edit_rows[id].rule &&
            ocn_edit_row(&outcome->edits[i]) == &ocn_edit_rows[id]) {
            return true;
        }
    }
    return false;
}

/*
 * What user.launcher edits stands and falls together: a program is not started without its launcher
 * by root or with root's group, and nobody's user is chosen where no launcher goes.
 */
static int check_launcher(const struct ocn_edits_bounds *bounds, const struct ocn_outcome *outcome,
                          struct ocn_error *err)
{
    bool args = edits(outcome, OCN_EDIT_LAUNCHER_ARGS);
    bool uid = edits(outcome, OCN_EDIT_LAUNCHER_UID);
    bool gid = edits(outcome, OCN_EDIT_LAUNCHER_GID);
    uint32_t own_gid = 0;

    if (!args && !uid && !gid) {
        return 0;
    }
    bool grouped = gid || (!edits(outcome, OCN_EDIT_USER_GID) &&
                           read_u32(find(bounds, PATH(USER_GID)), &own_gid) && own_gid != 0 &&
                           own_gid != UINT32_MAX);
    return args && uid && grouped ? 0 : fail_never_made(PATH(LAUNCHER_ARGS), "a part of it", err);
}

static int check_edits(const struct ocn_edits_bounds *bounds, struct ocn_outcome *outcome,
                       struct ocn_error *err)
{
    if (bounds->event == OCN_ON_RESTORE && outcome->edits_len != 0) {
        return ocn_fail(err, OCN_E_FORMAT, NULL,
                        "the confined parser would edit a container that is restored");
    }
    for (size_t i = 0; i < outcome->edits_len; i++) {
        if (is_repeated(outcome, i)) {
            return fail_never_made(outcome->edits[i].path, "two values", err);
        }
        if (check_edit(bounds, outcome, &outcome->edits[i], err) < 0) {
            return -1;
        }
    }
    return check_launcher(bounds, outcome, err);
}

int ocn_edits_check(const struct ocn_edits_bounds *bounds, struct ocn_outcome *outcome,
                    struct ocn_error *err)
{
    int result = check_edits(bounds, outcome, err);

    return ocn_arena_check(&outcome->arena, err) < 0 ? -1 : result;
}
