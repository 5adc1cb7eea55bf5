/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/image/tree.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define WHITEOUT ".wh."
#define OPAQUE ".wh..wh..opq"
#define AUFS ".wh..wh." /* leftovers of AUFS: nothing in the image */
#define MAX_LINKS 40    /* MAXSYMLINKS of the kernel */
#define NOTHING UINT32_MAX
#define ROOT 0
#define MAX_NODES                                                                                  \
    (OCN_TREE_MAX_ENTRIES * 4) /* directories that no layer describes are nodes, too */

enum node_state {
    IMPLIED,  /* a directory, for something lies in it; what it is, a lower layer may say */
    EXPLICIT, /* an entry says what it is */
    WHITED,   /* a whiteout: nothing is there, whatever lies below */
    DANGLING, /* a hard link whose target is not in these layers */
    GONE,     /* what was here is replaced */
};

struct node {
    const char *name; /* with its end at a slash or NUL */
    uint32_t name_len;
    uint32_t parent;
    uint32_t next_hash;
    uint32_t first_child;
    uint32_t next_sibling;
    uint32_t layer; /* of what it is, which for a hard link may be a lower one */
    uint32_t entry;
    uint32_t id;
    uint32_t laid; /* the last layer that has it */
    enum node_state state;
    bool closed; /* a directory: nothing of lower layers shows through */
    bool opaque; /* the same, but whether it is a directory is not said */
};

struct ocn_tree {
    const struct ocn_tree_layer *layers;
    bool whole;
    struct node *nodes;
    size_t len;
    size_t size;
    uint32_t *buckets;
    size_t buckets_len; /* a power of two */
    struct ocn_arena arena;
    uint32_t now; /* the layer that is being laid on */
};

/* ---- names ----------------------------------------------------------------------------------- */

const char *ocn_tree_clean(const char *name, struct ocn_arena *arena, bool *ret_odd)
{
    size_t len = 0;
    char *clean = ocn_arena_copy(arena, name, strlen(name));
    const char *from = name;

    *ret_odd = name[0] == '/';
    if (arena->failed) {
        return clean;
    }
    while (*from != '\0') {
        size_t part = strcspn(from, "/");
        bool up = part == 2 && from[0] == '.' && from[1] == '.';
        if (up) {
            *ret_odd = *ret_odd || len == 0;
            while (len > 0 && clean[--len] != '/') {
            }
        } else if (part != 0 && !(part == 1 && from[0] == '.')) {
            if (len != 0) {
                clean[len++] = '/';
            }
            memmove(clean + len, from, part);
            len += part;
        }
        from += part + (from[part] == '/');
    }
    clean[len] = '\0';
    return clean;
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static const struct ocn_tree_entry *entry_of(const struct ocn_tree *tree, uint32_t node)
{
    const struct node *at = &tree->nodes[node];

    return at->state == EXPLICIT && at->entry != NOTHING
               ? &tree->layers[at->layer].entries[at->entry]
               : NULL;
}

static bool is_dir(const struct ocn_tree *tree, uint32_t node)
{
    const struct ocn_tree_entry *entry = entry_of(tree, node);

    return tree->nodes[node].state == IMPLIED ||
           (tree->nodes[node].state == EXPLICIT && (entry == NULL || S_ISDIR(entry->mode)));
}

static bool is_link(const struct ocn_tree *tree, uint32_t node)
{
    const struct ocn_tree_entry *entry = entry_of(tree, node);

    return entry != NULL && S_ISLNK(entry->mode);
}

/* FNV-1a, seeded with the directory. Names are hostile; chains are bounded by what is in a layer.
 */
static size_t hash_of(const struct ocn_tree *tree, uint32_t parent, const char *name, size_t len)
{
    uint64_t hash =
        UINT64_C(14695981039346656037) ^ ((uint64_t)parent * UINT64_C(0x9e3779b97f4a7c15));

    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ (unsigned char)name[i]) * UINT64_C(1099511628211);
    }
    return (size_t)(hash ^ hash >> 32) & (tree->buckets_len - 1);
}

static uint32_t find_child(const struct ocn_tree *tree, uint32_t parent, const char *name,
                           size_t len)
{
    uint32_t at = tree->buckets[hash_of(tree, parent, name, len)];

    while (at != NOTHING) {
        const struct node *node = &tree->nodes[at];
        if (node->parent == parent && node->state != GONE && node->name_len == len &&
            memcmp(node->name, name, len) == 0) {
            return at;
        }
        at = node->next_hash;
    }
    return NOTHING;
}

/* Into its chain; the newest of a name is met first. */
static void hang_in(struct ocn_tree *tree, uint32_t id)
{
    struct node *node = &tree->nodes[id];
    uint32_t *bucket = &tree->buckets[hash_of(tree, node->parent, node->name, node->name_len)];

    node->next_hash = *bucket;
    *bucket = id;
}

/* As many chains as nodes: directories that no entry describes come by themselves. */
static bool spread(struct ocn_tree *tree)
{
    size_t len = tree->buckets_len * 2;
    uint32_t *more = malloc(len * sizeof(*more));

    if (more == NULL) {
        return false;
    }
    free(tree->buckets);
    tree->buckets = more;
    tree->buckets_len = len;
    memset(more, 0xff, len * sizeof(*more));
    for (uint32_t id = 1; id < tree->len; id++) {
        if (tree->nodes[id].state != GONE) {
            hang_in(tree, id);
        }
    }
    return true;
}

static bool make_place(struct ocn_tree *tree)
{
    if (tree->len == tree->size) {
        size_t size = tree->size * 2;
        struct node *more = size <= MAX_NODES ? realloc(tree->nodes, size * sizeof(*more)) : NULL;
        if (more == NULL) {
            return false;
        }
        tree->nodes = more;
        tree->size = size;
    }
    return tree->len < tree->buckets_len || spread(tree);
}

/* NOTHING: out of memory, or more than there may be; the arena is marked. */
static uint32_t add_child(struct ocn_tree *tree, uint32_t parent, const char *name, size_t len,
                          enum node_state state)
{
    if (!make_place(tree)) {
        (void)ocn_arena_fail(&tree->arena);
        return NOTHING;
    }
    uint32_t id = (uint32_t)tree->len++;
    tree->nodes[id] =
        (struct node){ .name = name,
                       .name_len = (uint32_t)len,
                       .parent = parent,
                       .first_child = NOTHING,
                       .next_sibling = tree->nodes[parent].first_child,
                       .layer = tree->now,
                       .laid = tree->now,
                       .entry = NOTHING,
                       .id = id,
                       .state = state,
                       .closed = tree->nodes[parent].closed || tree->nodes[parent].opaque };
    hang_in(tree, id);
    tree->nodes[parent].first_child = id;
    return id;
}

/*
 * Takes away what lower layers have of @node and below it. true: something of this layer is left,
 * as what the marker speaks of is the layers below it, whatever the order in the tar. Whoever is
 * gone is met no more: neither it nor what lies below it.
 */
static bool hide(struct ocn_tree *tree, uint32_t node)
{
    bool left = tree->nodes[node].laid == tree->now;

    for (uint32_t at = tree->nodes[node].first_child; at != NOTHING;
         at = tree->nodes[at].next_sibling) {
        left = (tree->nodes[at].state != GONE && hide(tree, at)) || left;
    }
    tree->nodes[node].state = left ? tree->nodes[node].state : GONE;
    tree->nodes[node].closed = true;
    return left;
}

/* A new node in the place of @old, which goes with all below it. */
static uint32_t replace(struct ocn_tree *tree, uint32_t old, enum node_state state)
{
    const struct node was = tree->nodes[old];

    tree->nodes[old].state = GONE;
    uint32_t node = add_child(tree, was.parent, was.name, was.name_len, state);
    if (node != NOTHING) {
        tree->nodes[node].closed = true;
    }
    return node;
}

/* What a whiteout makes is nothing that its layer has, and need not be a directory. */
static uint32_t mark(struct ocn_tree *tree, uint32_t node, bool whiteout)
{
    if (node != NOTHING && whiteout) {
        tree->nodes[node].laid = NOTHING;
        tree->nodes[node].closed = false;
    }
    return node;
}

/* ---- walking --------------------------------------------------------------------------------- */

#define MAX_MISSING (PATH_MAX / 2) /* deeper lies nothing */

/* Where somebody who follows links is: in a directory, or below it in what is no directory yet. */
struct walk {
    uint32_t node; /* NOTHING: in no place */
    unsigned links;
    size_t missing_len;
    struct ocn_bytes missing[MAX_MISSING]; /* not zeroed */
};

static void follow(struct ocn_tree *tree, struct walk *walk, const char *text);

/* To @name in the directory where @walk is. */
static void walk_down(struct ocn_tree *tree, struct walk *walk, const char *name, size_t len)
{
    uint32_t child = walk->missing_len == 0 ? find_child(tree, walk->node, name, len) : NOTHING;

    if (child != NOTHING && is_link(tree, child)) {
        follow(tree, walk, entry_of(tree, child)->link);
    } else if (child != NOTHING && is_dir(tree, child)) {
        walk->node = child;
    } else if (walk->missing_len < MAX_MISSING) {
        walk->missing[walk->missing_len++] = (struct ocn_bytes){ name, len };
    } else {
        walk->node = NOTHING;
    }
}

static void walk_up(const struct ocn_tree *tree, struct walk *walk)
{
    if (walk->missing_len != 0) {
        walk->missing_len--;
    } else {
        walk->node = tree->nodes[walk->node].parent;
    }
}

/* Follows @text from the directory of a link. */
static void follow(struct ocn_tree *tree, struct walk *walk, const char *text)
{
    if (++walk->links > MAX_LINKS) {
        walk->node = NOTHING;
        return;
    }
    if (text[0] == '/') {
        walk->node = ROOT;
    }
    while (*text != '\0' && walk->node != NOTHING) {
        size_t part = strcspn(text, "/");
        if (part == 2 && text[0] == '.' && text[1] == '.') {
            walk_up(tree, walk);
        } else if (part != 0 && !(part == 1 && text[0] == '.')) {
            walk_down(tree, walk, text, part);
        }
        text += part + (text[part] == '/');
    }
}

/* The directory @name of @parent, which is none yet. */
static uint32_t make_directory(struct ocn_tree *tree, uint32_t parent, struct ocn_bytes name,
                               bool weak)
{
    uint32_t child = find_child(tree, parent, name.ptr, name.len);

    if (child == NOTHING) {
        return mark(tree, add_child(tree, parent, name.ptr, name.len, IMPLIED), weak);
    }
    return weak && tree->nodes[child].state == EXPLICIT
               ? NOTHING
               : mark(tree, replace(tree, child, IMPLIED), weak);
}

/*
 * The directory that @path of an entry lies in, and its last part; NOTHING: it lies in no place.
 * Directories that are missing in the end are made, as containerd and umoci do: not those that a
 * ".." of a link leaves again.
 */
static uint32_t parent_of(struct ocn_tree *tree, const char *path, bool weak, const char **ret_name)
{
    struct walk walk; /* not zeroed: what nobody writes is not touched */

    walk.node = ROOT;
    walk.links = 0;
    walk.missing_len = 0;
    for (size_t part; path[part = strcspn(path, "/")] != '\0'; path += part + 1) {
        walk_down(tree, &walk, path, part);
        if (walk.node == NOTHING) {
            return NOTHING;
        }
    }
    *ret_name = path;
    for (size_t i = 0; i < walk.missing_len && walk.node != NOTHING; i++) {
        walk.node = make_directory(tree, walk.node, walk.missing[i], weak);
    }
    return walk.node;
}

/* ---- laying a layer on ----------------------------------------------------------------------- */

static void lay_opaque(struct ocn_tree *tree, uint32_t dir)
{
    for (uint32_t at = tree->nodes[dir].first_child; at != NOTHING;
         at = tree->nodes[at].next_sibling) {
        if (tree->nodes[at].state != GONE) {
            (void)hide(tree, at);
        }
    }
    tree->nodes[dir].opaque = true;
}

static void lay_whiteout(struct ocn_tree *tree, const struct ocn_tree_entry *entry)
{
    const char *name = "";
    uint32_t parent = parent_of(tree, entry->path, true, &name);

    if (parent == NOTHING) {
        return;
    }
    if (strcmp(name, OPAQUE) == 0) {
        lay_opaque(tree, parent);
        return;
    }
    if (strncmp(name, AUFS, strlen(AUFS)) == 0 || strcmp(name, WHITEOUT) == 0) {
        return;
    }
    name += strlen(WHITEOUT);
    uint32_t child = find_child(tree, parent, name, strlen(name));
    if (child == NOTHING || !hide(tree, child)) {
        (void)mark(tree, add_child(tree, parent, name, strlen(name), WHITED), true);
    }
}

static bool is_whiteout(const struct ocn_tree_entry *entry)
{
    const char *slash = strrchr(entry->path, '/');

    return strncmp(slash != NULL ? slash + 1 : entry->path, WHITEOUT, strlen(WHITEOUT)) == 0;
}

static enum ocn_tree_answer go(const struct ocn_tree *tree, const char *path, bool last,
                               unsigned *links, uint32_t *node);

/* To what the target is now; its directories may be links. */
static void lay_hard_link(struct ocn_tree *tree, uint32_t node, const char *path)
{
    struct node *at = &tree->nodes[node];
    uint32_t target = ROOT;
    unsigned links = 0;

    if (go(tree, path, false, &links, &target) != OCN_TREE_FOUND ||
        entry_of(tree, target) == NULL || is_dir(tree, target)) {
        at->state = DANGLING;
        return;
    }
    at->layer = tree->nodes[target].layer;
    at->entry = tree->nodes[target].entry;
    at->id = tree->nodes[target].id;
}

static void lay_entry(struct ocn_tree *tree, uint32_t index)
{
    const struct ocn_tree_entry *entry = &tree->layers[tree->now].entries[index];
    const char *name = "";
    uint32_t node = ROOT;

    if (entry->path[0] != '\0') {
        uint32_t parent = parent_of(tree, entry->path, false, &name);
        if (parent == NOTHING) {
            return;
        }
        node = find_child(tree, parent, name, strlen(name));
        if (node == NOTHING) {
            node = add_child(tree, parent, name, strlen(name), EXPLICIT);
        } else if (!(S_ISDIR(entry->mode) && is_dir(tree, node))) {
            node = replace(tree, node, EXPLICIT);
        }
    }
    if (node == NOTHING || (node == ROOT && !S_ISDIR(entry->mode))) {
        return;
    }
    tree->nodes[node].laid = tree->now;
    if (entry->mode == 0) {
        lay_hard_link(tree, node, entry->link);
        return;
    }
    tree->nodes[node].state = EXPLICIT;
    tree->nodes[node].layer = tree->now;
    tree->nodes[node].entry = index;
}

static void lay(struct ocn_tree *tree, uint32_t layer)
{
    const struct ocn_tree_layer *on = &tree->layers[layer];

    tree->now = layer;
    for (uint32_t i = 0; i < on->len && !tree->arena.failed; i++) {
        if (is_whiteout(&on->entries[i])) {
            lay_whiteout(tree, &on->entries[i]);
        } else {
            lay_entry(tree, i);
        }
    }
}

/* ---- making ---------------------------------------------------------------------------------- */

void ocn_tree_free(struct ocn_tree *tree)
{
    if (tree == NULL) {
        return;
    }
    free(tree->nodes);
    free(tree->buckets);
    ocn_arena_done(&tree->arena);
    free(tree);
}

static void free_tree(struct ocn_tree **tree)
{
    ocn_tree_free(*tree);
}

static int make_room(struct ocn_tree *tree, size_t entries, struct ocn_error *err)
{
    tree->size = 64;
    tree->buckets_len = 64;
    while (tree->buckets_len < entries) {
        tree->buckets_len *= 2;
    }
    tree->nodes = malloc(tree->size * sizeof(*tree->nodes));
    tree->buckets = malloc(tree->buckets_len * sizeof(*tree->buckets));
    if (tree->nodes == NULL || tree->buckets == NULL) {
        return ocn_fail_nomem(err);
    }
    memset(tree->buckets, 0xff, tree->buckets_len * sizeof(*tree->buckets));
    tree->nodes[ROOT] = (struct node){ .name = "",
                                       .parent = ROOT,
                                       .next_hash = NOTHING,
                                       .first_child = NOTHING,
                                       .next_sibling = NOTHING,
                                       .entry = NOTHING,
                                       .state = EXPLICIT };
    tree->len = 1;
    return 0;
}

int ocn_tree_make(const struct ocn_tree_layer *layers, size_t count, bool whole,
                  struct ocn_tree **ret, struct ocn_error *err)
{
    OCN_CLEANUP(free_tree) struct ocn_tree *tree = calloc(1, sizeof(*tree));
    size_t entries = 0;

    for (size_t i = 0; i < count; i++) {
        entries += layers[i].len;
    }
    if (entries > OCN_TREE_MAX_ENTRIES) {
        return ocn_fail(err, OCN_E_LIMIT, NULL,
                        "the layers hold %zu files, more than the limit of %zu", entries,
                        OCN_TREE_MAX_ENTRIES);
    }
    if (tree == NULL || make_room(tree, entries, err) < 0) {
        return ocn_fail_nomem(err);
    }
    tree->layers = layers;
    tree->whole = whole;
    for (uint32_t i = 0; i < count && !tree->arena.failed; i++) {
        lay(tree, i);
    }
    if (tree->arena.failed) {
        return tree->len < MAX_NODES / 2
                   ? ocn_fail_nomem(err)
                   : ocn_fail(err, OCN_E_LIMIT, NULL,
                              "the layers hold more than %zu files and directories", MAX_NODES);
    }
    *ret = tree;
    tree = NULL;
    return 0;
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* Whether what a node is may still be said by a lower layer. */
static bool is_open(const struct ocn_tree *tree, uint32_t node)
{
    const struct node *at = &tree->nodes[node];

    return !tree->whole && (at->state == DANGLING || (at->state == IMPLIED && !at->closed));
}

static enum ocn_tree_answer step(const struct ocn_tree *tree, const char *name, size_t len,
                                 uint32_t *node)
{
    uint32_t child = find_child(tree, *node, name, len);

    if (child == NOTHING) {
        return tree->whole || tree->nodes[*node].closed || tree->nodes[*node].opaque
                   ? OCN_TREE_MISSING
                   : OCN_TREE_UNDECIDED;
    }
    if (is_open(tree, child)) {
        return OCN_TREE_UNDECIDED;
    }
    if (tree->nodes[child].state == WHITED || tree->nodes[child].state == DANGLING) {
        return OCN_TREE_MISSING;
    }
    *node = child;
    return OCN_TREE_FOUND;
}

static enum ocn_tree_answer go_on(const struct ocn_tree *tree, uint32_t parent, unsigned *links,
                                  uint32_t *node)
{
    const char *text = entry_of(tree, *node)->link;

    if (++*links > MAX_LINKS) {
        return OCN_TREE_MISSING;
    }
    *node = text[0] == '/' ? ROOT : parent;
    return go(tree, text, true, links, node);
}

/*
 * From @node along @path; the last component is followed if @last. *links counts those that were
 * followed, over all levels: as many as there may be, it never goes deeper.
 */
static enum ocn_tree_answer go(const struct ocn_tree *tree, const char *path, bool last,
                               unsigned *links, uint32_t *node)
{
    while (*path == '/') {
        path++;
    }
    while (*path != '\0') {
        size_t part = strcspn(path, "/");
        const char *next = path + part + strspn(path + part, "/");
        uint32_t parent = *node;
        if (!is_dir(tree, *node)) {
            return OCN_TREE_MISSING;
        }
        if (part == 2 && path[0] == '.' && path[1] == '.') {
            *node = tree->nodes[*node].parent;
        } else if (!(part == 1 && path[0] == '.')) {
            enum ocn_tree_answer answer = step(tree, path, part, node);
            if (answer != OCN_TREE_FOUND) {
                return answer;
            }
        }
        enum ocn_tree_answer followed = is_link(tree, *node) && (*next != '\0' || last)
                                            ? go_on(tree, parent, links, node)
                                            : OCN_TREE_FOUND;
        if (followed != OCN_TREE_FOUND) {
            return followed;
        }
        path = next;
    }
    return OCN_TREE_FOUND;
}

static struct ocn_tree_found found_at(const struct ocn_tree *tree, uint32_t node)
{
    const struct node *at = &tree->nodes[node];

    return (struct ocn_tree_found){ .entry = entry_of(tree, node),
                                    .place = { at->layer, at->entry },
                                    .id = (uint64_t)at->id + 1 };
}

static enum ocn_tree_answer find(const struct ocn_tree *tree, const char *path, bool follow,
                                 struct ocn_tree_found *ret)
{
    uint32_t node = ROOT;
    unsigned links = 0;
    enum ocn_tree_answer answer = go(tree, path, follow, &links, &node);

    if (answer == OCN_TREE_FOUND) {
        *ret = found_at(tree, node);
    }
    return answer;
}

enum ocn_tree_answer ocn_tree_find(const struct ocn_tree *tree, const char *path,
                                   struct ocn_tree_found *ret)
{
    return find(tree, path, false, ret);
}

enum ocn_tree_answer ocn_tree_follow(const struct ocn_tree *tree, const char *path,
                                     struct ocn_tree_found *ret)
{
    return find(tree, path, true, ret);
}

enum ocn_tree_answer ocn_tree_exact(const struct ocn_tree *tree, const char *path,
                                    struct ocn_tree_found *ret)
{
    uint32_t node = ROOT;

    while (*(path += strspn(path, "/")) != '\0') {
        size_t part = strcspn(path, "/");
        enum ocn_tree_answer answer =
            is_dir(tree, node) ? step(tree, path, part, &node) : OCN_TREE_MISSING;
        if (answer != OCN_TREE_FOUND) {
            return answer;
        }
        path += part;
    }
    *ret = found_at(tree, node);
    return OCN_TREE_FOUND;
}

/* ---- listing --------------------------------------------------------------------------------- */

/* @node or the first of its siblings behind it that is there. */
static uint32_t live(const struct ocn_tree *tree, uint32_t node)
{
    while (node != NOTHING && tree->nodes[node].state != EXPLICIT &&
           tree->nodes[node].state != IMPLIED) {
        node = tree->nodes[node].next_sibling;
    }
    return node;
}

/* Down, else aside, else aside from whatever lies above. */
static uint32_t next_of(const struct ocn_tree *tree, uint32_t node)
{
    uint32_t next = is_dir(tree, node) ? live(tree, tree->nodes[node].first_child) : NOTHING;

    while (next == NOTHING && node != ROOT) {
        next = live(tree, tree->nodes[node].next_sibling);
        node = tree->nodes[node].parent;
    }
    return next;
}

/* From its end to its beginning, for that is how nodes lead. */
static void write_path(const struct ocn_tree *tree, uint32_t node, struct ocn_buf *path)
{
    size_t len = 0;

    for (uint32_t at = node; at != ROOT; at = tree->nodes[at].parent) {
        len += tree->nodes[at].name_len + 1;
    }
    path->len = 0;
    for (size_t i = 0; i < len; i++) {
        ocn_buf_add(path, "/", 1);
    }
    for (uint32_t at = node; at != ROOT && !path->failed; at = tree->nodes[at].parent) {
        len -= tree->nodes[at].name_len;
        memcpy(path->ptr + len--, tree->nodes[at].name, tree->nodes[at].name_len);
    }
}

bool ocn_tree_next(const struct ocn_tree *tree, size_t *at, struct ocn_buf *path,
                   struct ocn_tree_found *ret)
{
    uint32_t node = next_of(tree, (uint32_t)*at);

    if (node == NOTHING) {
        return false;
    }
    *at = node;
    write_path(tree, node, path);
    *ret = found_at(tree, node);
    return true;
}
