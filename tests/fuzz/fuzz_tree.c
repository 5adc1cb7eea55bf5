/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers as a tree: lines "KIND NAME[ TARGET]", an empty line between layers. It ends, in the
 * bounds of what it was given; a whole tree leaves nothing undecided.
 */
#include <string.h>
#include <sys/stat.h>

#include "normalize/image/tree.h"
#include "tests/fuzz/fuzz.h"

#define MAX_LAYERS 8
#define MAX_ENTRIES 64

static void add_line(char *line, struct ocn_arena *arena, struct ocn_tree_layer *layer)
{
    char *name = strchr(line, ' ');
    char *target = name != NULL ? strchr(name + 1, ' ') : NULL;
    bool odd = false;

    if (name == NULL || layer->len == MAX_ENTRIES) {
        return;
    }
    if (target != NULL) {
        *target++ = '\0';
    }
    struct ocn_tree_entry *entry = &layer->entries[layer->len++];
    *entry = (struct ocn_tree_entry){ .path = ocn_tree_clean(name + 1, arena, &odd),
                                      .link = target != NULL ? target : "" };
    switch (line[0]) {
    case 'd':
        entry->mode = S_IFDIR | 0755;
        break;
    case 'l':
        entry->mode = S_IFLNK | 0777;
        break;
    case 'h':
        entry->link = ocn_tree_clean(entry->link, arena, &odd);
        break;
    default:
        entry->mode = S_IFREG | 0644;
        break;
    }
}

static size_t read_layers(char *text, struct ocn_arena *arena, struct ocn_tree_layer *layers)
{
    static struct ocn_tree_entry entries[MAX_LAYERS][MAX_ENTRIES];
    size_t count = 1;

    layers[0] = (struct ocn_tree_layer){ entries[0], 0 };
    for (char *line = text; line != NULL;) {
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
        }
        if (line[0] == '\0' && count < MAX_LAYERS) {
            layers[count] = (struct ocn_tree_layer){ entries[count], 0 };
            count++;
        } else {
            add_line(line, arena, &layers[count - 1]);
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return count;
}

static void ask(const struct ocn_tree *tree, const struct ocn_tree_layer *layers, size_t count,
                bool whole)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t e = 0; e < layers[i].len; e++) {
            struct ocn_tree_found found = { 0 };
            enum ocn_tree_answer answer = ocn_tree_find(tree, layers[i].entries[e].path, &found);
            ocn_fuzz_require(!whole || answer != OCN_TREE_UNDECIDED);
            if (answer == OCN_TREE_FOUND && found.entry != NULL) {
                ocn_fuzz_require(found.place.layer < count &&
                                 found.place.entry < layers[found.place.layer].len);
                ocn_fuzz_require(found.entry->mode != 0);
            }
        }
    }
}

/* What is listed is there, each once; a whole tree lists all that it has. */
static void list(const struct ocn_tree *tree, const struct ocn_tree_layer *layers, size_t count,
                 bool whole)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf path = { 0 };
    struct ocn_tree_found found;
    struct ocn_tree_found exact;
    size_t at = 0;
    size_t listed = 0;
    size_t entries = 0;

    for (size_t i = 0; i < count; i++) {
        entries += layers[i].len;
    }
    while (ocn_tree_next(tree, &at, &path, &found)) {
        enum ocn_tree_answer answer = ocn_tree_exact(tree, path.ptr, &exact);
        ocn_fuzz_require(answer == OCN_TREE_FOUND || (!whole && answer == OCN_TREE_UNDECIDED));
        ocn_fuzz_require(answer != OCN_TREE_FOUND || exact.entry == found.entry);
        listed += found.entry != NULL ? 1 : 0;
        ocn_fuzz_require(listed <= entries);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_tree_layer layers[MAX_LAYERS];
    char *text = ocn_arena_copy(&arena, size != 0 ? (const char *)data : "", size);
    size_t count = read_layers(text, &arena, layers);

    for (int whole = 0; whole < 2; whole++) {
        struct ocn_tree *tree = NULL;
        ocn_fuzz_require(ocn_tree_make(layers, count, whole != 0, &tree, NULL) == 0);
        ask(tree, layers, count, whole != 0);
        list(tree, layers, count, whole != 0);
        ocn_tree_free(tree);
    }
    return 0;
}
