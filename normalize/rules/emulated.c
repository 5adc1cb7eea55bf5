/* SPDX-License-Identifier: Apache-2.0 */
/* platform.emulated: a program that the kernel hands to another one, such as qemu. */
#include "normalize/rules/emulated.h"

#include "normalize/program/format.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/lookup.h"
#include "normalize/rules/rules.h"

/* Reads the handlers of this host when somebody first asks. */
static int need_handlers(struct ocn_judge *judge, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;

    if (judge->handlers != NULL) {
        return 0;
    }
    struct ocn_handlers *handlers = ocn_arena_alloc(arena, sizeof(*handlers));
    if (handlers == NULL) {
        return ocn_fail_nomem(err);
    }
    if (ocn_emulation_read(judge->view, arena, handlers, err) < 0) {
        return -1;
    }
    judge->handlers = handlers;
    return 0;
}

/* true in *ret if @handler's interpreter will be found, or may be. */
static int is_usable(struct ocn_judge *judge, const struct ocn_handler *handler, bool *ret,
                     struct ocn_error *err)
{
    struct ocn_path path = { 0 };

    if (handler->fixed) {
        *ret = true;
        return 0;
    }
    if (ocn_lookup_file(judge, handler->interpreter, &path, err) < 0) {
        return -1;
    }
    *ret = ocn_path_is_program(&path) || path.state == OCN_PATH_UNKNOWN;
    return 0;
}

int ocn_emulated_find(struct ocn_judge *judge, struct ocn_bytes head, const char *path,
                      struct ocn_emulated *ret, struct ocn_error *err)
{
    struct ocn_emulated found = { 0 };

    if (need_handlers(judge, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < judge->handlers->len && !found.usable; i++) {
        const struct ocn_handler *handler = &judge->handlers->items[i];
        if (!ocn_emulation_matches(handler, head, path)) {
            continue;
        }
        found.handler = handler;
        if (is_usable(judge, handler, &found.usable, err) < 0) {
            return -1;
        }
    }
    *ret = found;
    return 0;
}

int ocn_emulated_find_image(struct ocn_judge *judge, struct ocn_image *image, bool *ret_native,
                            struct ocn_emulated *ret, struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    char head[OCN_BINFMT_HEAD];
    size_t len = 0;

    *ret = (struct ocn_emulated){ 0 };
    if (ocn_image_is_native(judge, image, ret_native, err) < 0) {
        return -1;
    }
    if (*ret_native) {
        return 0;
    }
    if (view->read_at(view->ctx, image->file.ref, 0, head, sizeof(head), &len, err) < 0) {
        return -1;
    }
    return ocn_emulated_find(judge, (struct ocn_bytes){ head, len }, image->path, ret, err);
}

/* ---- the rule --------------------------------------------------------------------------- */

static int warn_emulated(struct ocn_judge *judge, const struct ocn_entry *entry, const char *is,
                         const struct ocn_handler *handler, struct ocn_error *err)
{
    const struct ocn_facts *facts = &judge->outcome->facts;
    struct ocn_arena *arena = &judge->outcome->arena;
    const char *what = ocn_entry_subject(judge, entry);
    const char *host = facts->host.arch != NULL ? facts->host.arch : facts->host.os;

    return ocn_judge_report(
        judge, OCN_RULE_PLATFORM_EMULATED,
        ocn_arena_printf(arena, "%s is %s: this %s host runs it by emulation (binfmt_misc %s, %s)",
                         what, is, host, handler->name, handler->interpreter),
        ocn_arena_printf(arena, "use an image for %s/%s: emulation is slow and not complete",
                         facts->host.os, host),
        err);
}

static int judge_emulated(struct ocn_judge *judge, const struct ocn_entry *entry,
                          struct ocn_error *err)
{
    struct ocn_emulated emulation = { 0 };
    struct ocn_image *image = entry->image;
    const char *is = NULL;
    bool native = false;

    if (image != NULL && image->problem == NULL) {
        if (ocn_emulated_find_image(judge, image, &native, &emulation, err) < 0) {
            return -1;
        }
        is = ocn_image_describe(judge, image);
    } else if (entry->chain.end == OCN_CHAIN_OTHER && entry->chain.head.len != 0) {
        const char *format = ocn_format_of(entry->chain.head);
        if (ocn_emulated_find(judge, entry->chain.head, entry->chain.file, &emulation, err) < 0) {
            return -1;
        }
        is = format != NULL ? format : "neither an ELF file nor a script";
    }
    return emulation.usable ? warn_emulated(judge, entry, is, emulation.handler, err) : 0;
}

int ocn_rule_platform_emulated(struct ocn_judge *judge, struct ocn_error *err)
{
    return ocn_entry_each(judge, judge_emulated, err);
}
