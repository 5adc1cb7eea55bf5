/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/answer.h"

#include <string.h>

#include "hook/judge/codec.h"
#include "normalize/json/json.h"
#include "normalize/policy/rule.h"

/* No answer of ours comes near these. */
#define MAX_EDITS 1024
#define MAX_FINDINGS 256
#define MAX_KEPT 1024
#define MAX_STRINGS 4096
#define MAX_IDS 65536 /* NGROUPS_MAX */
#define MAX_ERRNO 4095
#define MAX_CPUS (1U << 20)
#define MAX_NAME 255

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define DIGITS "0123456789"

#define MAGIC UINT32_C(0x314e434f)

/* ---- the members -------------------------------------------------------------------------- */

static void pass_ids(struct ocn_codec *codec, struct ocn_u32s *ids)
{
    void *items = ids->items;

    ocn_codec_list(codec, &items, &ids->len, sizeof(*ids->items), MAX_IDS);
    ids->items = items;
    for (size_t i = 0; i < ids->len; i++) {
        ocn_codec_u32(codec, &ids->items[i], 0, UINT32_MAX);
    }
}

static void pass_strings(struct ocn_codec *codec, struct ocn_strings *strings,
                         enum ocn_codec_kind kind)
{
    void *items = (void *)strings->items;

    ocn_codec_list(codec, &items, &strings->len, sizeof(*strings->items), MAX_STRINGS);
    strings->items = items;
    for (size_t i = 0; i < strings->len; i++) {
        ocn_codec_text(codec, &strings->items[i], kind);
    }
}

static void pass_rule(struct ocn_codec *codec, enum ocn_rule_id *rule)
{
    uint32_t number = (uint32_t)*rule;

    ocn_codec_u32(codec, &number, 0, OCN_RULE_COUNT - 1);
    *rule = (enum ocn_rule_id)number;
}

static void pass_edit(struct ocn_codec *codec, struct ocn_edit *edit)
{
    pass_rule(codec, &edit->rule);
    ocn_codec_text(codec, &edit->path, OCN_CODEC_PRINTABLE);
    /* hook/judge/edits.c reads these two as JSON. */
    ocn_codec_optional(codec, &edit->from, OCN_CODEC_BYTES);
    ocn_codec_text(codec, &edit->to, OCN_CODEC_BYTES);
    ocn_codec_text(codec, &edit->why, OCN_CODEC_PRINTABLE);
}

static void pass_finding(struct ocn_codec *codec, struct ocn_finding *finding)
{
    uint32_t level = (uint32_t)finding->level;

    pass_rule(codec, &finding->rule);
    ocn_codec_u32(codec, &level, OCN_LEVEL_WARN, OCN_LEVEL_DENY);
    finding->level = (enum ocn_level)level;
    ocn_codec_text(codec, &finding->message, OCN_CODEC_PRINTABLE);
    ocn_codec_text(codec, &finding->hint, OCN_CODEC_PRINTABLE);
}

static void pass_kept(struct ocn_codec *codec, struct ocn_kept *kept)
{
    pass_rule(codec, &kept->rule);
    ocn_codec_text(codec, &kept->name, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &kept->value, OCN_CODEC_PRINTABLE);
    ocn_codec_text(codec, &kept->why, OCN_CODEC_PRINTABLE);
}

static void pass_go(struct ocn_codec *codec, const struct ocn_go_facts **go)
{
    struct ocn_go_facts facts = *go != NULL ? **go : (struct ocn_go_facts){ 0 };
    bool there = *go != NULL;
    void *settings = facts.settings.items;

    ocn_codec_bool(codec, &there);
    if (!there) {
        *go = NULL;
        return;
    }
    ocn_codec_optional(codec, &facts.version, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts.module, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts.build_id, OCN_CODEC_PRINTABLE);
    ocn_codec_list(codec, &settings, &facts.settings.len, sizeof(*facts.settings.items),
                   MAX_STRINGS);
    facts.settings.items = settings;
    for (size_t i = 0; i < facts.settings.len; i++) {
        ocn_codec_text(codec, &facts.settings.items[i].name, OCN_CODEC_PRINTABLE);
        ocn_codec_text(codec, &facts.settings.items[i].value, OCN_CODEC_PRINTABLE);
    }
    if (codec->out == NULL) {
        struct ocn_go_facts *copy = ocn_arena_alloc(codec->arena, sizeof(*copy));
        if (copy != NULL) {
            *copy = facts;
        }
        *go = copy;
    }
}

static void pass_volumes(struct ocn_codec *codec, struct ocn_list *list)
{
    ocn_codec_list(codec, &list->items, &list->len, sizeof(struct ocn_volume_facts), MAX_STRINGS);
    for (size_t i = 0; i < list->len; i++) {
        struct ocn_volume_facts *facts = (struct ocn_volume_facts *)list->items + i;
        ocn_codec_text(codec, &facts->destination, OCN_CODEC_PRINTABLE);
        ocn_codec_text(codec, &facts->source, OCN_CODEC_PRINTABLE);
        ocn_codec_text(codec, &facts->owner, OCN_CODEC_PRINTABLE);
        ocn_codec_text(codec, &facts->mode, OCN_CODEC_PRINTABLE);
        ocn_codec_text(codec, &facts->shown, OCN_CODEC_PRINTABLE);
        ocn_codec_bool(codec, &facts->mapped);
    }
}

static void pass_facts(struct ocn_codec *codec, struct ocn_facts *facts)
{
    uint32_t kind = (uint32_t)facts->entry.kind;

    ocn_codec_text(codec, &facts->host.os, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts->host.arch, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts->host.variant, OCN_CODEC_PRINTABLE);
    ocn_codec_u32(codec, &facts->host.cpus, 0, MAX_CPUS);
    ocn_codec_optional(codec, &facts->entry.path, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts->entry.real, OCN_CODEC_BYTES);
    ocn_codec_raw(codec, &facts->entry.dev, sizeof(facts->entry.dev));
    ocn_codec_raw(codec, &facts->entry.ino, sizeof(facts->entry.ino));
    ocn_codec_optional(codec, &facts->entry.doubt, OCN_CODEC_PRINTABLE);
    ocn_codec_u32(codec, &kind, OCN_ENTRY_UNKNOWN, OCN_ENTRY_OTHER);
    facts->entry.kind = (enum ocn_entry_kind)kind;
    ocn_codec_optional(codec, &facts->entry.arch, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts->entry.variant, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts->entry.interpreter, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts->entry.program, OCN_CODEC_PRINTABLE);
    pass_go(codec, &facts->entry.go);
    ocn_codec_optional(codec, &facts->who.engine, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts->who.namespace_, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts->who.pod, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &facts->who.name, OCN_CODEC_PRINTABLE);
    ocn_codec_bool(codec, &facts->who.has_user);
    ocn_codec_u32(codec, &facts->who.uid, 0, UINT32_MAX);
    ocn_codec_u32(codec, &facts->who.gid, 0, UINT32_MAX);
    ocn_codec_amount(codec, &facts->cpu_limit);
    ocn_codec_amount(codec, &facts->memory_limit);
    pass_volumes(codec, &facts->volumes);
}

static void pass_outcome(struct ocn_codec *codec, struct ocn_outcome *outcome)
{
    uint32_t verdict = (uint32_t)outcome->verdict;
    void *edits = outcome->edits;
    void *findings = outcome->findings;
    void *kept = outcome->kept;

    ocn_codec_u32(codec, &verdict, OCN_ALLOW, OCN_DENY);
    outcome->verdict = (enum ocn_verdict)verdict;
    ocn_codec_optional(codec, &outcome->exempt, OCN_CODEC_PRINTABLE);
    ocn_codec_optional(codec, &outcome->profile, OCN_CODEC_LINE);
    pass_facts(codec, &outcome->facts);
    ocn_codec_list(codec, &edits, &outcome->edits_len, sizeof(*outcome->edits), MAX_EDITS);
    outcome->edits = edits;
    for (size_t i = 0; edits != NULL && i < outcome->edits_len; i++) {
        pass_edit(codec, &outcome->edits[i]);
    }
    ocn_codec_list(codec, &findings, &outcome->findings_len, sizeof(*outcome->findings),
                   MAX_FINDINGS);
    outcome->findings = findings;
    for (size_t i = 0; findings != NULL && i < outcome->findings_len; i++) {
        pass_finding(codec, &outcome->findings[i]);
    }
    ocn_codec_list(codec, &kept, &outcome->kept_len, sizeof(*outcome->kept), MAX_KEPT);
    outcome->kept = kept;
    for (size_t i = 0; kept != NULL && i < outcome->kept_len; i++) {
        pass_kept(codec, &outcome->kept[i]);
    }
}

static void pass_namespace(struct ocn_codec *codec, void *item)
{
    struct ocn_oci_namespace *namespace = item;

    ocn_codec_optional(codec, &namespace->type, OCN_CODEC_BYTES);
    ocn_codec_optional(codec, &namespace->path, OCN_CODEC_BYTES);
}

static void pass_hook(struct ocn_codec *codec, void *item)
{
    ocn_codec_optional(codec, &((struct ocn_oci_hook *)item)->path, OCN_CODEC_BYTES);
}

static void pass_structs(struct ocn_codec *codec, struct ocn_list *list, size_t size,
                         void (*pass_one)(struct ocn_codec *codec, void *item))
{
    ocn_codec_list(codec, &list->items, &list->len, size, MAX_STRINGS);
    for (size_t i = 0; i < list->len; i++) {
        pass_one(codec, (char *)list->items + i * size);
    }
}

static void pass_container(struct ocn_codec *codec, struct ocn_container *container)
{
    struct ocn_oci_process *process = &container->process;

    ocn_codec_u32(codec, &process->user.uid, 0, UINT32_MAX);
    ocn_codec_u32(codec, &process->user.gid, 0, UINT32_MAX);
    pass_ids(codec, &process->user.additional_gids);
    pass_strings(codec, &process->capabilities.bounding, OCN_CODEC_BYTES);
    pass_strings(codec, &process->capabilities.effective, OCN_CODEC_BYTES);
    pass_strings(codec, &process->capabilities.permitted, OCN_CODEC_BYTES);
    pass_strings(codec, &process->capabilities.inheritable, OCN_CODEC_BYTES);
    pass_strings(codec, &process->capabilities.ambient, OCN_CODEC_BYTES);
    ocn_codec_bool(codec, &process->no_new_privileges);
    ocn_codec_optional(codec, &container->root.path, OCN_CODEC_BYTES);
    pass_structs(codec, &container->linux_.namespaces, sizeof(struct ocn_oci_namespace),
                 pass_namespace);
    ocn_codec_optional(codec, &container->linux_.mount_label, OCN_CODEC_LINE);
    pass_structs(codec, &container->start_hooks, sizeof(struct ocn_oci_hook), pass_hook);
}

static void pass_head(struct ocn_codec *codec, bool *decided)
{
    uint32_t magic = MAGIC;

    ocn_codec_u32(codec, &magic, MAGIC, MAGIC);
    ocn_codec_bool(codec, decided);
}

/* ---- errors ------------------------------------------------------------------------------- */

static void write_error(struct ocn_codec *codec, const struct ocn_error *error)
{
    uint32_t code = (uint32_t)error->code;
    uint32_t sys = (uint32_t)error->sys;
    const char *where = error->where;
    const char *msg = error->msg;

    ocn_codec_u32(codec, &code, OCN_E_USAGE, OCN_E_UNSUPPORTED);
    ocn_codec_u32(codec, &sys, 0, MAX_ERRNO);
    ocn_codec_text(codec, &where, OCN_CODEC_BYTES);
    ocn_codec_text(codec, &msg, OCN_CODEC_BYTES);
}

/* As one of ours: ocn_fail() cuts and cleans it. */
static void read_error(struct ocn_codec *codec, struct ocn_error *ret)
{
    uint32_t code = 0;
    uint32_t sys = 0;
    const char *where = "";
    const char *msg = "";

    ocn_codec_u32(codec, &code, OCN_E_USAGE, OCN_E_UNSUPPORTED);
    ocn_codec_u32(codec, &sys, 0, MAX_ERRNO);
    ocn_codec_text(codec, &where, OCN_CODEC_BYTES);
    ocn_codec_text(codec, &msg, OCN_CODEC_BYTES);
    (void)ocn_fail(ret, (enum ocn_code)code, where, "%s", msg);
    ret->sys = (int)sys;
}

/* ---- contradictions ----------------------------------------------------------------------- */

static bool is_variable_name(const char *name)
{
    return name[0] != '\0' && strchr(LETTERS, name[0]) != NULL && strlen(name) <= MAX_NAME &&
           name[strspn(name, LETTERS DIGITS)] == '\0';
}

static int check_outcome(const struct ocn_outcome *outcome, struct ocn_error *err)
{
    bool denied = ocn_outcome_denial(outcome) != NULL;

    if (denied != (outcome->verdict == OCN_DENY) ||
        (outcome->exempt != NULL &&
         (outcome->edits_len != 0 || outcome->findings_len != 0 || outcome->kept_len != 0))) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "the confined parser contradicts itself");
    }
    for (size_t i = 0; i < outcome->kept_len; i++) {
        if (!is_variable_name(outcome->kept[i].name)) {
            return ocn_fail(err, OCN_E_FORMAT, NULL,
                            "the confined parser leaves a variable alone that is none");
        }
    }
    return 0;
}

/* ---- all of it ---------------------------------------------------------------------------- */

void ocn_answer_done(struct ocn_answer *answer)
{
    ocn_outcome_free(answer->outcome);
    ocn_container_free(answer->container);
    *answer = (struct ocn_answer){ 0 };
}

int ocn_answer_write(const struct ocn_answer *answer, struct ocn_buf *out, struct ocn_error *err)
{
    struct ocn_codec codec = { .out = out };
    bool decided = answer->outcome != NULL;

    pass_head(&codec, &decided);
    if (decided) {
        pass_outcome(&codec, answer->outcome);
        pass_container(&codec, answer->container);
    } else {
        write_error(&codec, &answer->error);
    }
    if (codec.failed) {
        return ocn_fail(err, OCN_E_LIMIT, NULL,
                        "the result is too large to pass to the parent process");
    }
    return ocn_buf_check(out, err);
}

static int fail_garbage(struct ocn_error *err)
{
    return ocn_fail(err, OCN_E_FORMAT, NULL, "malformed answer from the confined parser");
}

int ocn_answer_read(struct ocn_bytes bytes, struct ocn_answer *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_answer_done) struct ocn_answer answer = { 0 };
    struct ocn_codec codec = { .in = bytes };
    bool decided = false;

    answer.outcome = calloc(1, sizeof(*answer.outcome));
    answer.container = calloc(1, sizeof(*answer.container));
    if (answer.outcome == NULL || answer.container == NULL) {
        return ocn_fail_nomem(err);
    }
    codec.arena = &answer.outcome->arena;
    pass_head(&codec, &decided);
    if (decided) {
        pass_outcome(&codec, answer.outcome);
        codec.arena = &answer.container->arena;
        pass_container(&codec, answer.container);
    } else {
        read_error(&codec, &answer.error);
    }
    if (ocn_arena_check(&answer.outcome->arena, err) < 0 ||
        ocn_arena_check(&answer.container->arena, err) < 0) {
        return -1;
    }
    if (codec.failed || codec.in.len != 0) {
        return fail_garbage(err);
    }
    if (decided && check_outcome(answer.outcome, err) < 0) {
        return -1;
    }
    if (!decided) {
        ocn_outcome_free(answer.outcome);
        ocn_container_free(answer.container);
        answer.outcome = NULL;
        answer.container = NULL;
    }
    *ret = answer;
    answer = (struct ocn_answer){ 0 };
    return 0;
}
