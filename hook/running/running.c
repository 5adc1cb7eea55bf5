/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/running/running.h"

#include <string.h>
#include <unistd.h>

#include "hook/policy/node_policy.h"
#include "hook/running/look.h"
#include "hook/sys/text.h"
#include "normalize/base/sort.h"

/* One container on its way from a directory to a line. */
struct hunt {
    const struct ocn_world *world;
    const struct ocn_node_policy *policy;
    const char *who;
    struct ocn_runnings *runnings;
};

/* @text as it can be shown; NULL for NULL. */
static const char *clean(struct ocn_arena *arena, const char *text)
{
    char *copy = text != NULL ? ocn_arena_copy(arena, text, strlen(text)) : NULL;

    if (copy != NULL) {
        ocn_text_defuse(copy);
    }
    return copy;
}

/* Podman, CRI-O and people use the same directories: what lies where tells them apart. */
static const char *name_engine(const struct ocn_place *place, const struct ocn_outcome *outcome)
{
    if (outcome != NULL && outcome->facts.who.engine != NULL) {
        return outcome->facts.who.engine;
    }
    return place->engine != NULL ? place->engine : place->runtime;
}

static const char *name_container(const struct ocn_look *look, const struct ocn_outcome *outcome,
                                  struct ocn_arena *arena)
{
    const char *pod = outcome != NULL ? outcome->facts.who.pod : NULL;
    const char *name = outcome != NULL ? outcome->facts.who.name : NULL;

    if (pod != NULL) {
        return name != NULL ? ocn_arena_printf(arena, "%s/%s", pod, name) : pod;
    }
    return look->name != NULL ? clean(arena, look->name) : name;
}

static const char *join_error(struct ocn_arena *arena, const struct ocn_error *err)
{
    return ocn_arena_printf(arena, "%s%s%s", err->where, err->where[0] != '\0' ? ": " : "",
                            err->msg);
}

/* What the look found, judged as its next start would be. */
static void judge(const struct hunt *hunt, const struct ocn_place *place,
                  const struct ocn_look *look, struct ocn_running *ret)
{
    const struct ocn_subject subject = { .event = OCN_ON_CREATE,
                                         .bundle = look->directory,
                                         .id = place->id,
                                         .runtime = look->runtime,
                                         .config = ocn_buf_bytes(&look->config) };
    struct ocn_error failed = { 0 };

    if (ocn_judge_container(hunt->world, hunt->policy, &subject, &ret->judgement, &failed) < 0) {
        ret->problem = join_error(&hunt->runnings->arena, &failed);
    }
}

static int add(const struct hunt *hunt, const struct ocn_place *place, const struct ocn_look *look,
               struct ocn_error *err)
{
    struct ocn_runnings *all = hunt->runnings;
    struct ocn_running *items = ocn_arena_grow(&all->arena, all->items, all->len, sizeof(*items));

    if (items == NULL) {
        return ocn_fail_nomem(err);
    }
    all->items = items;
    struct ocn_running *running = &items[all->len++];
    *running = (struct ocn_running){
        .id = clean(&all->arena, place->id),
        .bundle = clean(&all->arena, look->bundle),
        .pid = look->pid,
        .has_user = look->has_user,
        .uid = look->uid,
        .gid = look->gid,
        .problem = clean(&all->arena, look->problem),
    };
    if (look->problem == NULL) {
        judge(hunt, place, look, running);
    }
    const struct ocn_outcome *outcome = running->judgement.outcome;
    const char *namespace_ = outcome != NULL ? outcome->facts.who.namespace_ : NULL;
    running->engine = name_engine(place, outcome);
    running->namespace_ = namespace_ != NULL ? namespace_ : clean(&all->arena, place->namespace_);
    running->name = name_container(look, outcome, &all->arena);
    if (running->problem == NULL && outcome == NULL) {
        running->problem = "there is nothing that could be judged";
    }
    return ocn_arena_check(&all->arena, err);
}

/* Before it is judged. The names of pods are known only then. */
static bool may_be_meant(const char *who, const struct ocn_place *place,
                         const struct ocn_look *look)
{
    return who == NULL || strchr(who, '/') != NULL || strncmp(place->id, who, strlen(who)) == 0 ||
           (look->name != NULL && strcmp(look->name, who) == 0);
}

static int look_and_judge(const struct hunt *hunt, const struct ocn_place *place,
                          struct ocn_error *err)
{
    OCN_CLEANUP(ocn_look_done) struct ocn_look look = { 0 };

    if (ocn_look_at(hunt->world->root, place, &hunt->runnings->arena, &look, err) < 0) {
        return -1;
    }
    return look.state == OCN_LOOK_RUNS && may_be_meant(hunt->who, place, &look)
               ? add(hunt, place, &look, err)
               : 0;
}

/* NULL last. */
static int compare_text(const char *a, const char *b)
{
    if (a == NULL || b == NULL) {
        return (a == NULL) - (b == NULL);
    }
    return strcmp(a, b);
}

static int compare(const void *one, const void *other)
{
    const struct ocn_running *a = one;
    const struct ocn_running *b = other;
    int order = compare_text(a->engine, b->engine);

    order = order != 0 ? order : compare_text(a->namespace_, b->namespace_);
    order = order != 0 ? order : compare_text(a->name, b->name);
    return order != 0 ? order : compare_text(a->id, b->id);
}

static int clean_problems(const struct ocn_places *places, struct ocn_runnings *ret,
                          struct ocn_error *err)
{
    for (size_t i = 0; i < places->problems_len; i++) {
        places->problems[i] = clean(&ret->arena, places->problems[i]);
    }
    ret->problems = places->problems;
    ret->problems_len = places->problems_len;
    return ocn_arena_check(&ret->arena, err);
}

static bool has_id(const struct ocn_running *item, const char *who)
{
    return strcmp(item->id, who) == 0;
}

static bool has_name(const struct ocn_running *item, const char *who)
{
    return item->name != NULL && strcmp(item->name, who) == 0;
}

static bool has_beginning(const struct ocn_running *item, const char *who)
{
    return strncmp(item->id, who, strlen(who)) == 0;
}

/* What @who may be, the surest first: a name is its author's. */
static const struct {
    bool (*is)(const struct ocn_running *item, const char *who);
    const char *what;
} ways[] = {
    { has_id, "have this id" },
    { has_name, "have this name" },
    { has_beginning, "have an id that begins so" },
};

/* Leaves the one whose id, or else name, is @who, or else whose id begins so: which of several is
 * asked. */
static int choose(const char *who, struct ocn_runnings *ret, struct ocn_error *err)
{
    size_t chosen = 0;
    size_t count = 0;

    for (size_t way = 0; way < OCN_COUNT(ways) && count == 0; way++) {
        for (size_t i = 0; i < ret->len; i++) {
            bool is = ways[way].is(&ret->items[i], who);
            chosen = is ? i : chosen;
            count += is ? 1 : 0;
        }
        if (count > 1) {
            return ocn_fail(
                err, OCN_E_USAGE, who,
                "%zu containers %s; ocinorm explain --running lists them with their ids", count,
                ways[way].what);
        }
    }
    if (count == 0) {
        return ocn_fail(err, OCN_E_NOENT, who,
                        "no container of this id or name runs here; ocinorm explain --running "
                        "lists them%s",
                        ret->problems_len != 0 ? ", as root" : "");
    }
    const struct ocn_running first = ret->items[0];
    ret->items[0] = ret->items[chosen];
    ret->items[chosen] = first;
    for (size_t i = 1; i < ret->len; i++) {
        ocn_judge_done(&ret->items[i].judgement);
    }
    ret->len = 1;
    return 0;
}

/* Rootless, a runtime's own directory may lie elsewhere than in /run/user. */
static const char *own_directory(const struct ocn_world *world)
{
    const char *own = geteuid() != 0 && world->root == NULL ? getenv("XDG_RUNTIME_DIR") : NULL;

    return own != NULL && own[0] == '/' && strncmp(own, "/run/user/", 10) != 0 ? own : NULL;
}

int ocn_running_read(const struct ocn_world *world, const char *who, struct ocn_runnings *ret,
                     struct ocn_error *err)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    const struct hunt hunt = { world, &policy, who, ret };
    struct ocn_places places = { 0 };

    if (ocn_node_policy_read(world, &policy, err) < 0 ||
        ocn_place_find(world->root, own_directory(world), &ret->arena, &places, err) < 0 ||
        clean_problems(&places, ret, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < places.len; i++) {
        if (look_and_judge(&hunt, &places.items[i], err) < 0) {
            return -1;
        }
    }
    ocn_sort(ret->items, ret->len, sizeof(*ret->items), compare);
    return who != NULL ? choose(who, ret, err) : 0;
}

void ocn_running_done(struct ocn_runnings *runnings)
{
    for (size_t i = 0; i < runnings->len; i++) {
        ocn_judge_done(&runnings->items[i].judgement);
    }
    ocn_arena_done(&runnings->arena);
    *runnings = (struct ocn_runnings){ 0 };
}

/* ---- users ------------------------------------------------------------------------------ */

bool ocn_running_user_now(const struct ocn_running *running, uint32_t *ret_uid, uint32_t *ret_gid)
{
    const struct ocn_outcome *outcome = running->judgement.outcome;

    if (!running->has_user && (outcome == NULL || !outcome->facts.who.has_user)) {
        return false;
    }
    *ret_uid = running->has_user ? running->uid : outcome->facts.who.uid;
    *ret_gid = running->has_user ? running->gid : outcome->facts.who.gid;
    return true;
}

bool ocn_running_user_then(const struct ocn_running *running, uint32_t *ret_uid, uint32_t *ret_gid)
{
    const struct ocn_outcome *outcome = running->judgement.outcome;

    if (outcome == NULL || outcome->verdict == OCN_DENY || !outcome->facts.who.has_user) {
        return false;
    }
    const struct ocn_edit *uid =
        ocn_edit_find(outcome->edits, outcome->edits_len, OCN_EDIT_USER_UID);
    const struct ocn_edit *gid =
        ocn_edit_find(outcome->edits, outcome->edits_len, OCN_EDIT_USER_GID);
    *ret_uid = uid != NULL ? (uint32_t)strtoul(uid->to, NULL, 10) : outcome->facts.who.uid;
    *ret_gid = gid != NULL ? (uint32_t)strtoul(gid->to, NULL, 10) : outcome->facts.who.gid;
    return true;
}
