/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/answer.h"

#include <string.h>

#include "normalize/json/json.h"
#include "normalize/policy/rule.h"

/* No answer of ours comes near these. */
#define MAX_TEXT ((size_t)1 << 20) /* 65536 groups, as text */
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
#define NO_TEXT UINT32_MAX /* the length of a string that is NULL */

/* ---- there and back ----------------------------------------------------------------------- */

/*
 * One walk over the members serves both ways, so that the two sides cannot differ: with out it
 * writes, without it reads. Parent and child are one program, so numbers are as they lie.
 */
struct codec {
    struct ocn_buf *out;
    struct ocn_bytes in;
    struct ocn_arena *arena;
    bool failed;
};

/* What a text may hold. */
enum text {
    TEXT_BYTES,     /* anything but NUL: a path, to be used and not to be shown */
    TEXT_LINE,      /* no control characters: to be cleaned by whoever shows it */
    TEXT_PRINTABLE, /* printable ASCII */
};

static void pass(struct codec *codec, void *place, size_t len)
{
    if (codec->out != NULL) {
        ocn_buf_add(codec->out, place, len);
    } else if (codec->failed || codec->in.len < len) {
        codec->failed = true;
        memset(place, 0, len);
    } else {
        memcpy(place, codec->in.ptr, len);
        codec->in.ptr += len;
        codec->in.len -= len;
    }
}

/* A number from @min to @max. */
static void pass_u32(struct codec *codec, uint32_t *number, uint32_t min, uint32_t max)
{
    pass(codec, number, sizeof(*number));
    if (*number < min || *number > max) {
        codec->failed = true;
        *number = min;
    }
}

static void pass_bool(struct codec *codec, bool *flag)
{
    uint32_t number = *flag;

    pass_u32(codec, &number, 0, 1);
    *flag = number != 0;
}

/* A finite number that is not negative. */
static void pass_amount(struct codec *codec, double *amount)
{
    pass(codec, amount, sizeof(*amount));
    if (!(*amount >= 0 && *amount < 1e300)) {
        codec->failed = true;
        *amount = 0;
    }
}

static bool is_text(const char *text, size_t len, enum text kind)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\0' || (kind != TEXT_BYTES && (c < 0x20 || c == 0x7f)) ||
            (kind == TEXT_PRINTABLE && c > 0x7e)) {
            return false;
        }
    }
    return true;
}

static void read_text(struct codec *codec, const char **text, uint32_t len, enum text kind)
{
    if (len > MAX_TEXT || len > codec->in.len || !is_text(codec->in.ptr, len, kind)) {
        codec->failed = true;
        return;
    }
    *text = ocn_arena_copy(codec->arena, codec->in.ptr, len);
    codec->in.ptr += len;
    codec->in.len -= len;
}

/* A string that may be NULL. */
static void pass_optional(struct codec *codec, const char **text, enum text kind)
{
    uint32_t len = NO_TEXT;

    if (codec->out != NULL && *text != NULL) {
        len = (uint32_t)strlen(*text);
    }
    pass(codec, &len, sizeof(len));
    if (codec->out != NULL) {
        ocn_buf_add(codec->out, *text, len != NO_TEXT ? len : 0);
        return;
    }
    *text = NULL;
    if (len != NO_TEXT && !codec->failed) {
        read_text(codec, text, len, kind);
    }
}

static void pass_text(struct codec *codec, const char **text, enum text kind)
{
    pass_optional(codec, text, kind);
    if (*text == NULL) {
        codec->failed = true;
        *text = "";
    }
}

/* The head of a list of at most @max elements of @size bytes; each takes a byte or more of input.
 */
static void pass_list(struct codec *codec, void **items, size_t *len, size_t size, uint32_t max)
{
    uint32_t count = (uint32_t)*len;

    pass_u32(codec, &count, 0, max);
    if (codec->out != NULL) {
        return;
    }
    *items = NULL;
    *len = 0;
    if (codec->failed || count > codec->in.len || count == 0) {
        codec->failed |= count != 0;
        return;
    }
    *items = ocn_arena_alloc(codec->arena, count * size);
    *len = *items != NULL ? count : 0;
}

/* ---- the members -------------------------------------------------------------------------- */

static void pass_ids(struct codec *codec, struct ocn_u32s *ids)
{
    void *items = ids->items;

    pass_list(codec, &items, &ids->len, sizeof(*ids->items), MAX_IDS);
    ids->items = items;
    for (size_t i = 0; i < ids->len; i++) {
        pass_u32(codec, &ids->items[i], 0, UINT32_MAX);
    }
}

static void pass_strings(struct codec *codec, struct ocn_strings *strings, enum text kind)
{
    void *items = (void *)strings->items;

    pass_list(codec, &items, &strings->len, sizeof(*strings->items), MAX_STRINGS);
    strings->items = items;
    for (size_t i = 0; i < strings->len; i++) {
        pass_text(codec, &strings->items[i], kind);
    }
}

static void pass_rule(struct codec *codec, enum ocn_rule_id *rule)
{
    uint32_t number = (uint32_t)*rule;

    pass_u32(codec, &number, 0, OCN_RULE_COUNT - 1);
    *rule = (enum ocn_rule_id)number;
}

static void pass_edit(struct codec *codec, struct ocn_edit *edit)
{
    pass_rule(codec, &edit->rule);
    pass_text(codec, &edit->path, TEXT_PRINTABLE);
    pass_optional(codec, &edit->from, TEXT_BYTES); /* hook/judge/edits.c reads these two as JSON */
    pass_text(codec, &edit->to, TEXT_BYTES);
    pass_text(codec, &edit->why, TEXT_PRINTABLE);
}

static void pass_finding(struct codec *codec, struct ocn_finding *finding)
{
    uint32_t level = (uint32_t)finding->level;

    pass_rule(codec, &finding->rule);
    pass_u32(codec, &level, OCN_LEVEL_WARN, OCN_LEVEL_DENY);
    finding->level = (enum ocn_level)level;
    pass_text(codec, &finding->message, TEXT_PRINTABLE);
    pass_text(codec, &finding->hint, TEXT_PRINTABLE);
}

static void pass_kept(struct codec *codec, struct ocn_kept *kept)
{
    pass_rule(codec, &kept->rule);
    pass_text(codec, &kept->name, TEXT_PRINTABLE);
    pass_optional(codec, &kept->value, TEXT_PRINTABLE);
    pass_text(codec, &kept->why, TEXT_PRINTABLE);
}

static void pass_go(struct codec *codec, const struct ocn_go_facts **go)
{
    struct ocn_go_facts facts = *go != NULL ? **go : (struct ocn_go_facts){ 0 };
    bool there = *go != NULL;
    void *settings = facts.settings.items;

    pass_bool(codec, &there);
    if (!there) {
        *go = NULL;
        return;
    }
    pass_optional(codec, &facts.version, TEXT_PRINTABLE);
    pass_optional(codec, &facts.module, TEXT_PRINTABLE);
    pass_optional(codec, &facts.build_id, TEXT_PRINTABLE);
    pass_list(codec, &settings, &facts.settings.len, sizeof(*facts.settings.items), MAX_STRINGS);
    facts.settings.items = settings;
    for (size_t i = 0; i < facts.settings.len; i++) {
        pass_text(codec, &facts.settings.items[i].name, TEXT_PRINTABLE);
        pass_text(codec, &facts.settings.items[i].value, TEXT_PRINTABLE);
    }
    if (codec->out == NULL) {
        struct ocn_go_facts *copy = ocn_arena_alloc(codec->arena, sizeof(*copy));
        if (copy != NULL) {
            *copy = facts;
        }
        *go = copy;
    }
}

static void pass_volumes(struct codec *codec, struct ocn_list *list)
{
    pass_list(codec, &list->items, &list->len, sizeof(struct ocn_volume_facts), MAX_STRINGS);
    for (size_t i = 0; i < list->len; i++) {
        struct ocn_volume_facts *facts = (struct ocn_volume_facts *)list->items + i;
        pass_text(codec, &facts->destination, TEXT_PRINTABLE);
        pass_text(codec, &facts->source, TEXT_PRINTABLE);
        pass_text(codec, &facts->owner, TEXT_PRINTABLE);
        pass_text(codec, &facts->mode, TEXT_PRINTABLE);
        pass_text(codec, &facts->shown, TEXT_PRINTABLE);
        pass_bool(codec, &facts->mapped);
    }
}

static void pass_facts(struct codec *codec, struct ocn_facts *facts)
{
    uint32_t kind = (uint32_t)facts->entry.kind;

    pass_text(codec, &facts->host.os, TEXT_PRINTABLE);
    pass_optional(codec, &facts->host.arch, TEXT_PRINTABLE);
    pass_optional(codec, &facts->host.variant, TEXT_PRINTABLE);
    pass_u32(codec, &facts->host.cpus, 0, MAX_CPUS);
    pass_optional(codec, &facts->entry.path, TEXT_PRINTABLE);
    pass_optional(codec, &facts->entry.real, TEXT_BYTES);
    pass(codec, &facts->entry.dev, sizeof(facts->entry.dev));
    pass(codec, &facts->entry.ino, sizeof(facts->entry.ino));
    pass_optional(codec, &facts->entry.doubt, TEXT_PRINTABLE);
    pass_u32(codec, &kind, OCN_ENTRY_UNKNOWN, OCN_ENTRY_OTHER);
    facts->entry.kind = (enum ocn_entry_kind)kind;
    pass_optional(codec, &facts->entry.arch, TEXT_PRINTABLE);
    pass_optional(codec, &facts->entry.variant, TEXT_PRINTABLE);
    pass_optional(codec, &facts->entry.interpreter, TEXT_PRINTABLE);
    pass_optional(codec, &facts->entry.program, TEXT_PRINTABLE);
    pass_go(codec, &facts->entry.go);
    pass_optional(codec, &facts->who.engine, TEXT_PRINTABLE);
    pass_optional(codec, &facts->who.namespace_, TEXT_PRINTABLE);
    pass_optional(codec, &facts->who.pod, TEXT_PRINTABLE);
    pass_optional(codec, &facts->who.name, TEXT_PRINTABLE);
    pass_bool(codec, &facts->who.has_user);
    pass_u32(codec, &facts->who.uid, 0, UINT32_MAX);
    pass_u32(codec, &facts->who.gid, 0, UINT32_MAX);
    pass_amount(codec, &facts->cpu_limit);
    pass_amount(codec, &facts->memory_limit);
    pass_volumes(codec, &facts->volumes);
}

static void pass_outcome(struct codec *codec, struct ocn_outcome *outcome)
{
    uint32_t verdict = (uint32_t)outcome->verdict;
    void *edits = outcome->edits;
    void *findings = outcome->findings;
    void *kept = outcome->kept;

    pass_u32(codec, &verdict, OCN_ALLOW, OCN_DENY);
    outcome->verdict = (enum ocn_verdict)verdict;
    pass_optional(codec, &outcome->exempt, TEXT_PRINTABLE);
    pass_optional(codec, &outcome->profile, TEXT_LINE);
    pass_facts(codec, &outcome->facts);
    pass_list(codec, &edits, &outcome->edits_len, sizeof(*outcome->edits), MAX_EDITS);
    outcome->edits = edits;
    for (size_t i = 0; edits != NULL && i < outcome->edits_len; i++) {
        pass_edit(codec, &outcome->edits[i]);
    }
    pass_list(codec, &findings, &outcome->findings_len, sizeof(*outcome->findings), MAX_FINDINGS);
    outcome->findings = findings;
    for (size_t i = 0; findings != NULL && i < outcome->findings_len; i++) {
        pass_finding(codec, &outcome->findings[i]);
    }
    pass_list(codec, &kept, &outcome->kept_len, sizeof(*outcome->kept), MAX_KEPT);
    outcome->kept = kept;
    for (size_t i = 0; kept != NULL && i < outcome->kept_len; i++) {
        pass_kept(codec, &outcome->kept[i]);
    }
}

static void pass_namespace(struct codec *codec, void *item)
{
    struct ocn_oci_namespace *namespace = item;

    pass_optional(codec, &namespace->type, TEXT_BYTES);
    pass_optional(codec, &namespace->path, TEXT_BYTES);
}

static void pass_hook(struct codec *codec, void *item)
{
    pass_optional(codec, &((struct ocn_oci_hook *)item)->path, TEXT_BYTES);
}

static void pass_structs(struct codec *codec, struct ocn_list *list, size_t size,
                         void (*pass_one)(struct codec *codec, void *item))
{
    pass_list(codec, &list->items, &list->len, size, MAX_STRINGS);
    for (size_t i = 0; i < list->len; i++) {
        pass_one(codec, (char *)list->items + i * size);
    }
}

static void pass_container(struct codec *codec, struct ocn_container *container)
{
    struct ocn_oci_process *process = &container->process;

    pass_u32(codec, &process->user.uid, 0, UINT32_MAX);
    pass_u32(codec, &process->user.gid, 0, UINT32_MAX);
    pass_ids(codec, &process->user.additional_gids);
    pass_strings(codec, &process->capabilities.bounding, TEXT_BYTES);
    pass_strings(codec, &process->capabilities.effective, TEXT_BYTES);
    pass_strings(codec, &process->capabilities.permitted, TEXT_BYTES);
    pass_strings(codec, &process->capabilities.inheritable, TEXT_BYTES);
    pass_strings(codec, &process->capabilities.ambient, TEXT_BYTES);
    pass_bool(codec, &process->no_new_privileges);
    pass_optional(codec, &container->root.path, TEXT_BYTES);
    pass_structs(codec, &container->linux_.namespaces, sizeof(struct ocn_oci_namespace),
                 pass_namespace);
    pass_optional(codec, &container->linux_.mount_label, TEXT_LINE);
    pass_structs(codec, &container->start_hooks, sizeof(struct ocn_oci_hook), pass_hook);
}

static void pass_head(struct codec *codec, bool *decided)
{
    uint32_t magic = MAGIC;

    pass_u32(codec, &magic, MAGIC, MAGIC);
    pass_bool(codec, decided);
}

/* ---- errors ------------------------------------------------------------------------------- */

static void write_error(struct codec *codec, const struct ocn_error *error)
{
    uint32_t code = (uint32_t)error->code;
    uint32_t sys = (uint32_t)error->sys;
    const char *where = error->where;
    const char *msg = error->msg;

    pass_u32(codec, &code, OCN_E_USAGE, OCN_E_UNSUPPORTED);
    pass_u32(codec, &sys, 0, MAX_ERRNO);
    pass_text(codec, &where, TEXT_BYTES);
    pass_text(codec, &msg, TEXT_BYTES);
}

/* As one of ours: ocn_fail() cuts and cleans it. */
static void read_error(struct codec *codec, struct ocn_error *ret)
{
    uint32_t code = 0;
    uint32_t sys = 0;
    const char *where = "";
    const char *msg = "";

    pass_u32(codec, &code, OCN_E_USAGE, OCN_E_UNSUPPORTED);
    pass_u32(codec, &sys, 0, MAX_ERRNO);
    pass_text(codec, &where, TEXT_BYTES);
    pass_text(codec, &msg, TEXT_BYTES);
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
    struct codec codec = { .out = out };
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
    struct codec codec = { .in = bytes };
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
