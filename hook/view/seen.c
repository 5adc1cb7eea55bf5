/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/view/seen.h"

#include <stdlib.h>
#include <string.h>

#include "hook/sys/io.h"

/* Absent bases are alike. */
static bool same_base(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

struct ocn_seen_place *ocn_seen_find(struct ocn_seen *seen, struct ocn_ref ref)
{
    const size_t len = strlen(ref.path);

    for (size_t i = 0; i < OCN_SEEN_MAX; i++) {
        struct ocn_seen_place *place = &seen->places[i];
        if (place->path != NULL && place->len == len && place->space == ref.space &&
            memcmp(place->path, ref.path, len) == 0 && same_base(place->base, ref.base)) {
            return place;
        }
    }
    return NULL;
}

static bool is_open(const struct ocn_seen_place *place)
{
    return place->path != NULL && (place->path_fd >= 0 || place->read_fd >= 0);
}

static void close_place(struct ocn_seen_place *place)
{
    ocn_closep(&place->path_fd);
    ocn_closep(&place->read_fd);
    place->path_fd = -1;
    place->read_fd = -1;
}

static void forget(struct ocn_seen_place *place)
{
    if (place->path != NULL) {
        close_place(place);
    }
    free(place->path);
    free(place->base);
    *place = (struct ocn_seen_place){ .path_fd = -1, .read_fd = -1 };
}

struct ocn_seen_place *ocn_seen_add(struct ocn_seen *seen, struct ocn_ref ref)
{
    struct ocn_seen_place *place = &seen->places[seen->next];
    char *path = strdup(ref.path);
    char *base = ref.base != NULL ? strdup(ref.base) : NULL;

    if (path == NULL || (ref.base != NULL && base == NULL)) {
        free(path);
        free(base);
        return NULL;
    }
    forget(place);
    place->path = path;
    place->len = strlen(path);
    place->base = base;
    place->space = ref.space;
    seen->next = (seen->next + 1) % OCN_SEEN_MAX;
    return place;
}

/* Closes the descriptors of the oldest places until one more may have some. */
static void make_room(struct ocn_seen *seen)
{
    size_t open = 0;

    for (size_t i = 0; i < OCN_SEEN_MAX; i++) {
        open += is_open(&seen->places[i]);
    }
    for (size_t i = 0; i < OCN_SEEN_MAX && open >= OCN_SEEN_OPEN; i++) {
        struct ocn_seen_place *oldest = &seen->places[(seen->next + i) % OCN_SEEN_MAX];
        if (is_open(oldest)) {
            close_place(oldest);
            open--;
        }
    }
}

void ocn_seen_keep(struct ocn_seen *seen, struct ocn_seen_place *place, int path_fd, int read_fd)
{
    if (!is_open(place)) {
        make_room(seen);
    }
    place->path_fd = path_fd >= 0 ? path_fd : place->path_fd;
    place->read_fd = read_fd >= 0 ? read_fd : place->read_fd;
}

void ocn_seen_done(struct ocn_seen *seen)
{
    for (size_t i = 0; i < OCN_SEEN_MAX; i++) {
        forget(&seen->places[i]);
    }
    seen->next = 0;
}
