/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/emulation.h"

#include <string.h>

#include "normalize/rules.h"

#define DIRECTORY "/proc/sys/fs/binfmt_misc"
#define ENTRY_SIZE 8192 /* of an entry's text: magic and mask in hexadecimal, two paths */

/* ---- an entry's text -------------------------------------------------------------------- */

/* The value of the line that begins with @key, from @arena; NULL in *ret: there is none. */
static int take_line(const char *text, const char *key, struct ocn_arena *arena, const char **ret,
                     struct ocn_error *err)
{
    size_t len = strlen(key);

    *ret = NULL;
    while (text != NULL && *text != '\0') {
        if (strncmp(text, key, len) == 0) {
            *ret = ocn_arena_copy(arena, text + len, strcspn(text + len, "\n"));
            return *ret != NULL ? 0 : ocn_fail_nomem(err);
        }
        text = strchr(text, '\n');
        text += text != NULL;
    }
    return 0;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hexadecimal digits as bytes; ret->len 0 where they are none. */
static int take_bytes(const char *text, const char *key, struct ocn_arena *arena,
                      struct ocn_bytes *ret, struct ocn_error *err)
{
    const char *hex = NULL;
    size_t len = 0;

    *ret = (struct ocn_bytes){ NULL, 0 };
    if (take_line(text, key, arena, &hex, err) < 0) {
        return -1;
    }
    if (hex == NULL) {
        return 0;
    }
    char *bytes = ocn_arena_alloc(arena, strlen(hex) / 2 + 1);
    if (bytes == NULL) {
        return ocn_fail_nomem(err);
    }
    for (; digit_of(hex[0]) >= 0 && digit_of(hex[1]) >= 0; hex += 2) {
        bytes[len++] = (char)(digit_of(hex[0]) << 4 | digit_of(hex[1]));
    }
    *ret = (struct ocn_bytes){ bytes, len };
    return 0;
}

/* A decimal number below OCN_BINFMT_HEAD; what is none is OCN_BINFMT_HEAD, where nothing matches.
 */
static size_t offset_of(const char *text)
{
    size_t value = 0;

    if (text == NULL) {
        return 0;
    }
    if (*text == '\0') {
        return OCN_BINFMT_HEAD;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || value >= OCN_BINFMT_HEAD) {
            return OCN_BINFMT_HEAD;
        }
        value = value * 10 + (size_t)(*text - '0');
    }
    return value;
}

int ocn_handler_parse(const char *name, const char *text, struct ocn_arena *arena,
                      struct ocn_handler *ret, struct ocn_error *err)
{
    struct ocn_handler handler = { .name = name };
    const char *flags = NULL;
    const char *offset = NULL;

    if (take_line(text, "interpreter ", arena, &handler.interpreter, err) < 0 ||
        take_line(text, "flags: ", arena, &flags, err) < 0 ||
        take_line(text, "extension .", arena, &handler.extension, err) < 0 ||
        take_line(text, "offset ", arena, &offset, err) < 0 ||
        take_bytes(text, "magic ", arena, &handler.magic, err) < 0 ||
        take_bytes(text, "mask ", arena, &handler.mask, err) < 0) {
        return -1;
    }
    handler.offset = offset_of(offset);
    handler.fixed = flags != NULL && strchr(flags, 'F') != NULL;
    handler.enabled = strncmp(text, "enabled\n", 8) == 0 && handler.interpreter != NULL &&
                      (handler.extension != NULL || handler.magic.len != 0) &&
                      (handler.mask.ptr == NULL || handler.mask.len == handler.magic.len);
    *ret = handler;
    return 0;
}

static bool has_extension(const char *path, const char *extension)
{
    const char *dot = strrchr(path, '.');

    return dot != NULL && strcmp(dot + 1, extension) == 0;
}

int ocn_handler_matches(const struct ocn_handler *handler, struct ocn_bytes head, const char *path)
{
    const struct ocn_bytes *magic = &handler->magic;

    if (!handler->enabled) {
        return 0;
    }
    if (handler->extension != NULL) {
        return has_extension(path, handler->extension) ? 1 : 0;
    }
    if (handler->offset > head.len || magic->len > head.len - handler->offset) {
        return 0;
    }
    for (size_t i = 0; i < magic->len; i++) {
        unsigned mask = handler->mask.ptr != NULL ? (unsigned char)handler->mask.ptr[i] : 0xff;
        unsigned differs =
            (unsigned char)head.ptr[handler->offset + i] ^ (unsigned char)magic->ptr[i];
        if ((differs & mask) != 0) {
            return 0;
        }
    }
    return 1;
}

/* ---- the handlers of this host ---------------------------------------------------------- */

struct ocn_handlers {
    struct ocn_handler *items;
    size_t len;
};

/* A small file of the host as text; "" where it cannot be read or is too long to be an entry. */
static int read_entry(struct ocn_judge *judge, const char *path, char text[ENTRY_SIZE],
                      struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    const struct ocn_ref ref = { .space = OCN_HOST, .path = path };
    struct ocn_error problem = { 0 };
    size_t len = 0;

    if (view->read_at(view->ctx, ref, 0, text, ENTRY_SIZE - 1, &len, &problem) < 0) {
        if (problem.code == OCN_E_NOMEM) {
            *err = problem;
            return -1;
        }
        len = 0; /* it was removed meanwhile: then it handles nothing */
    }
    text[len] = '\0';
    return 0;
}

/* "register" is a door without content; "status" switches all of them. */
static int read_handlers(struct ocn_judge *judge, const char *const *names, size_t names_len,
                         struct ocn_handlers *ret, struct ocn_error *err)
{
    struct ocn_arena *arena = &judge->outcome->arena;
    char text[ENTRY_SIZE];

    for (size_t i = 0; i < names_len; i++) {
        const char *path = ocn_arena_printf(arena, DIRECTORY "/%s", names[i]);
        if (path == NULL) {
            return ocn_fail_nomem(err);
        }
        if (strcmp(names[i], "register") == 0) {
            continue;
        }
        if (read_entry(judge, path, text, err) < 0) {
            return -1;
        }
        if (strcmp(names[i], "status") == 0 && strncmp(text, "disabled", 8) == 0) {
            ret->len = 0;
            return 0;
        }
        if (ocn_handler_parse(names[i], text, arena, &ret->items[ret->len], err) < 0) {
            return -1;
        }
        ret->len += ret->items[ret->len].enabled;
    }
    return 0;
}

static int need_handlers(struct ocn_judge *judge, struct ocn_error *err)
{
    const struct ocn_view *view = judge->view;
    struct ocn_arena *arena = &judge->outcome->arena;
    const struct ocn_ref ref = { .space = OCN_HOST, .path = DIRECTORY };
    const char **names = NULL;
    size_t len = 0;

    if (judge->handlers != NULL) {
        return 0;
    }
    if (view->list(view->ctx, ref, arena, &names, &len, err) < 0) {
        return -1;
    }
    struct ocn_handlers *handlers = ocn_arena_alloc(arena, sizeof(*handlers));
    struct ocn_handler *items = ocn_arena_alloc(arena, (len + 1) * sizeof(*items));
    if (handlers == NULL || items == NULL) {
        return ocn_fail_nomem(err);
    }
    handlers->items = items;
    judge->handlers = handlers;
    return read_handlers(judge, names, len, handlers, err);
}

/* 1 in *ret if @handler's interpreter will be found, or may be. */
static int is_usable(struct ocn_judge *judge, const struct ocn_handler *handler, bool *ret,
                     struct ocn_error *err)
{
    struct ocn_path path = { 0 };

    if (handler->fixed) {
        *ret = true;
        return 0;
    }
    if (ocn_judge_file(judge, handler->interpreter, &path, err) < 0) {
        return -1;
    }
    *ret = ocn_path_is_program(&path) || path.state == OCN_PATH_UNKNOWN;
    return 0;
}

int ocn_judge_emulation(struct ocn_judge *judge, struct ocn_bytes head, const char *path,
                        struct ocn_emulation *ret, struct ocn_error *err)
{
    struct ocn_emulation found = { 0 };

    if (need_handlers(judge, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < judge->handlers->len && !found.usable; i++) {
        const struct ocn_handler *handler = &judge->handlers->items[i];
        if (!ocn_handler_matches(handler, head, path)) {
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
