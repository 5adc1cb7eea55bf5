/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/emulation.h"

#include <string.h>

#define DIRECTORY "/proc/sys/fs/binfmt_misc"
#define ENTRY_SIZE 8192 /* of an entry's text: magic and mask in hexadecimal, two paths */

/* ---- an entry's text -------------------------------------------------------------------- */

/* The value of the line that begins with @key, from @arena; NULL: there is none. */
static const char *take_line(const char *text, const char *key, struct ocn_arena *arena)
{
    size_t len = strlen(key);

    while (text != NULL && *text != '\0') {
        if (strncmp(text, key, len) == 0) {
            return ocn_arena_copy(arena, text + len, strcspn(text + len, "\n"));
        }
        const char *end = strchr(text, '\n');
        text = end != NULL ? end + 1 : NULL;
    }
    return NULL;
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Hexadecimal digits as bytes; .len is 0 where they are none, .ptr NULL where there is no line. */
static struct ocn_bytes take_bytes(const char *text, const char *key, struct ocn_arena *arena)
{
    const char *hex = take_line(text, key, arena);
    char *bytes = hex != NULL ? ocn_arena_alloc(arena, strlen(hex) / 2 + 1) : NULL;
    size_t len = 0;

    for (; bytes != NULL && digit_of(hex[0]) >= 0 && digit_of(hex[1]) >= 0; hex += 2) {
        bytes[len++] = (char)(digit_of(hex[0]) << 4 | digit_of(hex[1]));
    }
    return (struct ocn_bytes){ bytes, len };
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

int ocn_emulation_parse(const char *name, const char *text, struct ocn_arena *arena,
                        struct ocn_handler *ret, struct ocn_error *err)
{
    const char *flags = take_line(text, "flags: ", arena);
    struct ocn_handler handler = {
        .name = name,
        .interpreter = take_line(text, "interpreter ", arena),
        .extension = take_line(text, "extension .", arena),
        .offset = offset_of(take_line(text, "offset ", arena)),
        .magic = take_bytes(text, "magic ", arena),
        .mask = take_bytes(text, "mask ", arena),
    };

    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
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

bool ocn_emulation_matches(const struct ocn_handler *handler, struct ocn_bytes head,
                           const char *path)
{
    const struct ocn_bytes *magic = &handler->magic;

    if (!handler->enabled) {
        return false;
    }
    if (handler->extension != NULL) {
        return has_extension(path, handler->extension);
    }
    if (handler->offset > head.len || magic->len > head.len - handler->offset) {
        return false;
    }
    for (size_t i = 0; i < magic->len; i++) {
        unsigned mask = handler->mask.ptr != NULL ? (unsigned char)handler->mask.ptr[i] : 0xff;
        unsigned differs =
            (unsigned char)head.ptr[handler->offset + i] ^ (unsigned char)magic->ptr[i];
        if ((differs & mask) != 0) {
            return false;
        }
    }
    return true;
}

/* ---- the handlers of this host ---------------------------------------------------------- */

/* A small file of the host as text; "" where it cannot be read or is too long to be an entry. */
static int read_entry(const struct ocn_view *view, const char *path, char text[ENTRY_SIZE],
                      struct ocn_error *err)
{
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
static int read_entries(const struct ocn_view *view, const char *const *names, size_t names_len,
                        struct ocn_arena *arena, struct ocn_handlers *ret, struct ocn_error *err)
{
    char text[ENTRY_SIZE];

    for (size_t i = 0; i < names_len; i++) {
        if (strcmp(names[i], "register") == 0) {
            continue;
        }
        const char *path = ocn_arena_printf(arena, DIRECTORY "/%s", names[i]);
        if (read_entry(view, path, text, err) < 0) {
            return -1;
        }
        if (strcmp(names[i], "status") == 0 && strncmp(text, "disabled", 8) == 0) {
            ret->len = 0;
            return 0;
        }
        if (ocn_emulation_parse(names[i], text, arena, &ret->items[ret->len], err) < 0) {
            return -1;
        }
        ret->len += ret->items[ret->len].enabled;
    }
    return 0;
}

int ocn_emulation_read(const struct ocn_view *view, struct ocn_arena *arena,
                       struct ocn_handlers *ret, struct ocn_error *err)
{
    const struct ocn_ref ref = { .space = OCN_HOST, .path = DIRECTORY };
    struct ocn_handlers handlers = { 0 };
    const char **names = NULL;
    size_t len = 0;

    if (view->list(view->ctx, ref, arena, &names, &len, err) < 0) {
        return -1;
    }
    handlers.items = ocn_arena_alloc(arena, (len + 1) * sizeof(*handlers.items));
    if (handlers.items == NULL) {
        return ocn_fail_nomem(err);
    }
    if (read_entries(view, names, len, arena, &handlers, err) < 0) {
        return -1;
    }
    *ret = handlers;
    return 0;
}
