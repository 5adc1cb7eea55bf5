/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/image/tree.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/lib/suite.h"

#define FILE_MODE (S_IFREG | 0755)
#define DIR_MODE (S_IFDIR | 0755)
#define LINK_MODE (S_IFLNK | 0777)
#define MAX_LAYERS 4

/* "d NAME", "f NAME", "l NAME TARGET", "h NAME TARGET", separated by commas: a layer. */
static void read_layer(const char *text, struct ocn_arena *arena, struct ocn_tree_layer *ret)
{
    char *copy = ocn_arena_copy(arena, text, strlen(text));
    char *save = NULL;

    ret->entries = ocn_arena_alloc(arena, 64 * sizeof(*ret->entries));
    ret->len = 0;
    for (char *item = strtok_r(copy, ",", &save); item != NULL; item = strtok_r(NULL, ",", &save)) {
        char kind = 0;
        char name[64] = "";
        char target[64] = "";
        bool odd = false;
        ck_assert_int_ge(sscanf(item, " %c %63s %63s", &kind, name, target), 2);
        struct ocn_tree_entry *entry = &ret->entries[ret->len++];
        *entry = (struct ocn_tree_entry){ .path = ocn_tree_clean(name, arena, &odd) };
        entry->mode = kind == 'd'   ? DIR_MODE
                      : kind == 'l' ? LINK_MODE
                      : kind == 'h' ? 0
                                    : FILE_MODE;
        entry->link = kind == 'h'   ? ocn_tree_clean(target, arena, &odd)
                      : kind == 'l' ? ocn_arena_copy(arena, target, strlen(target))
                                    : NULL;
    }
}

/* What is there, as "dir", "file 1" with the layer that it comes from, "link 0", "none", "?". */
static const char *look(const struct ocn_tree *tree, size_t first, const char *path, char buf[32])
{
    struct ocn_tree_found found = { 0 };
    enum ocn_tree_answer answer = ocn_tree_find(tree, path, &found);

    if (answer != OCN_TREE_FOUND) {
        return answer == OCN_TREE_UNDECIDED ? "?" : "none";
    }
    if (found.entry == NULL || S_ISDIR(found.entry->mode)) {
        return "dir";
    }
    (void)snprintf(buf, 32, "%s %zu", S_ISLNK(found.entry->mode) ? "link" : "file",
                   first + found.place.layer);
    return buf;
}

static const struct {
    const char *layers[MAX_LAYERS]; /* lowest first */
    const char *path;
    const char *is;
    unsigned needs; /* layers from the top, until it is known */
} rows[] = {
    { { "d bin,f bin/app" }, "/bin/app", "file 0", 1 },
    { { "f ./bin//app" }, "/bin/app", "file 0", 1 },
    { { "f /bin/../bin/app" }, "bin/app", "file 0", 1 },
    { { "f ../../etc/passwd" }, "/etc/passwd", "file 0", 1 },
    /* The upper one wins; a directory that nobody describes is open. */
    { { "f a", "f a" }, "/a", "file 1", 1 },
    { { "d d,f d/a", "d d,f d/a" }, "/d/a", "file 1", 1 },
    { { "f d/a", "f d/a" }, "/d/a", "file 1", 2 },
    { { "d d,f d/a", "d d,f d/b" }, "/d/a", "file 0", 2 },
    { { "d d", "d d" }, "/d/none", "none", 2 },
    /* What a ".." of a link leaves again is not made, nor made a directory. */
    { { "l a /d/..,f a/c" }, "/c", "file 0", 1 },
    { { "l a /d/..,f a/c" }, "/d", "none", 1 },
    { { "l a /d/..,f a/d", "f a/x" }, "/d", "file 0", 2 },
    { { "l a d/e/../../b,f a/x" }, "/b/x", "file 0", 1 },
    { { "l a d/e/../../b,f a/x" }, "/d", "none", 1 },
    /* Whiteouts: of lower layers only, in any order, and of all below. */
    { { "f a", "f .wh.a" }, "/a", "none", 1 },
    { { "f a", "f .wh.a,f a" }, "/a", "file 1", 1 },
    { { "f a", "f a,f .wh.a" }, "/a", "file 1", 1 },
    { { "d d,f d/a", "f .wh.d" }, "/d/a", "none", 1 },
    { { "d d,f d/a", "f .wh.d,d d" }, "/d/a", "none", 1 },
    { { "d d,f d/a", "d d,f d/.wh..wh..opq,f d/b" }, "/d/a", "none", 1 },
    { { "d d,f d/a", "d d,f d/b,f d/.wh..wh..opq" }, "/d/b", "file 1", 1 },
    { { "d d,f d/a", "d d,f d/.wh..wh.plnk" }, "/d/a", "file 0", 2 },
    { { "f a", "f .wh." }, "/a", "file 0", 2 },
    { { "f .wh.a" }, "/.wh.a", "none", 1 },
    { { "f a", "f a/.wh..wh..opq" }, "/a", "file 0", 2 },
    { { "f a", "f a/.wh.b" }, "/a", "file 0", 2 },
    { { "d b,f b/c", "l a .,f a/b/.wh..wh..opq" }, "/b/c", "none", 2 },
    { { "d b,f b/c", "l a .,f a/.wh.b" }, "/b/c", "none", 1 },
    { { "d d,f d/a", "f d/b,f .wh.d" }, "/d/a", "none", 1 },
    { { "d d,f d/a", "f d/b,f .wh.d" }, "/d/b", "file 1", 1 },
    /* Replaced kinds. */
    { { "d d,f d/a", "f d" }, "/d", "file 1", 1 },
    { { "d d,f d/a", "f d" }, "/d/a", "none", 1 },
    { { "d d,f d/a", "f d", "d d" }, "/d/a", "none", 2 },
    { { "f d", "d d" }, "/d/a", "none", 2 },
    { { "d d,f d/a", "d d" }, "/d/a", "file 0", 2 },
    { { "d usr,d usr/bin,l bin usr/bin", "d bin,f bin/x" }, "/bin/x", "file 1", 1 },
    { { "d usr,d usr/bin,f usr/bin/y,l bin usr/bin", "d bin" }, "/bin/y", "none", 2 },
    /* A parent that is a link below: the file lands where it leads. */
    { { "d usr,d usr/bin,l bin usr/bin", "f bin/x" }, "/usr/bin/x", "file 1", 2 },
    { { "d usr,d usr/bin,l bin usr/bin", "f bin/x" }, "/bin/x", "file 1", 2 },
    { { "d usr,d usr/bin,l bin /usr/bin", "f bin/x" }, "/bin/x", "file 1", 2 },
    { { "d usr,d usr/bin,f usr/bin/x,l bin usr/bin", "f bin/.wh.x" }, "/usr/bin/x", "none", 2 },
    { { "d a,l a/l /b,d b", "f a/l/x" }, "/b/x", "file 1", 2 },
    { { "d a,l a/l b,d a/b,d b", "f a/l/x" }, "/a/b/x", "file 1", 2 },
    /* Links on the way, and not the last. */
    { { "d a,f a/x,l b a" }, "/b/x", "file 0", 1 },
    { { "d a,l b a" }, "/b", "link 0", 1 },
    { { "d a,f x,l a/b ../../../x,l c a/b" }, "/c/y", "none", 1 },
    { { "d a,l a/b ..,f x" }, "/a/b/x", "file 0", 1 },
    { { "l a b,l b a" }, "/a/x", "none", 1 },
    { { "l a a/a" }, "/a/x", "none", 1 },
    { { "f a", "l b a" }, "/b", "link 1", 1 },
    /* Hard links are what they lead to. */
    { { "f a,h b a" }, "/b", "file 0", 1 },
    { { "f a", "h b a" }, "/b", "file 0", 2 },
    { { "f a", "h b a,f a" }, "/b", "file 0", 2 },
    { { "f a,h b a", "f a" }, "/b", "file 0", 2 },
    { { "d d,h b d" }, "/b", "none", 1 },
    { { "h b none" }, "/b", "none", 1 },
    { { "h b b" }, "/b", "none", 1 },
    /* A file where a directory should be on the way. */
    { { "f a,f a/b" }, "/a/b", "file 0", 1 },
    { { "f a" }, "/a/b", "none", 1 },
    { { "d ." }, "/", "dir", 1 },
    { { "f ." }, "/", "dir", 1 },
};

START_TEST(test_tree__layers)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_tree_layer layers[MAX_LAYERS];
    size_t count = 0;
    char buf[32];

    for (; count < MAX_LAYERS && rows[_i].layers[count] != NULL; count++) {
        read_layer(rows[_i].layers[count], &arena, &layers[count]);
    }
    for (unsigned read = 0; read <= count; read++) {
        struct ocn_tree *tree = NULL;
        size_t first = count - read;
        ck_assert_int_eq(ocn_tree_make(layers + first, read, first == 0, &tree, NULL), 0);
        const char *is = look(tree, first, rows[_i].path, buf);
        if (read >= rows[_i].needs) {
            ck_assert_msg(strcmp(is, rows[_i].is) == 0, "row %d, %u layers: %s is %s", _i, read,
                          rows[_i].path, is);
        } else if (strcmp(rows[_i].path, "/") != 0) {
            ck_assert_msg(strcmp(is, "?") == 0, "row %d, %u layers: %s is %s", _i, read,
                          rows[_i].path, is);
        }
        ocn_tree_free(tree);
    }
}
END_TEST

/* ---- what some upper layers say, all say ----------------------------------------------------- */

static uint32_t draw(uint32_t *seed, uint32_t below)
{
    *seed = *seed * 1664525 + 1013904223;
    return (*seed >> 8) % below;
}

/*
 * A layer of a few names that are often the same. It describes its directories or does not, and
 * never names one file by two ways: what that would be, every tool says in another way.
 */
static void draw_layer(uint32_t *seed, struct ocn_arena *arena, struct ocn_tree_layer *ret)
{
    static const char *const names[] = {
        "a", "b", "c", "a/a", "a/b", "b/a", "b/c", "c/a/b", "a/b/c"
    };
    static const char *const targets[] = { "a", "b", "/c", "..", "../a", "a/b", "/b/c" };
    size_t len = 1 + draw(seed, 6);

    ret->entries = ocn_arena_alloc(arena, 16 * sizeof(*ret->entries));
    ret->len = 0;
    for (size_t i = 0; i < len; i++) {
        struct ocn_tree_entry *entry = &ret->entries[ret->len++];
        const char *name = names[draw(seed, OCN_COUNT(names))];
        *entry = (struct ocn_tree_entry){ .path = name, .mode = FILE_MODE };
        switch (draw(seed, 8)) {
        case 0:
        case 1:
        case 2:
            entry->mode = DIR_MODE;
            break;
        case 3:
            entry->mode = LINK_MODE;
            entry->link = targets[draw(seed, OCN_COUNT(targets))];
            break;
        case 4: {
            const char *slash = strrchr(name, '/');
            entry->path =
                ocn_arena_printf(arena, "%.*s.wh.%s", slash != NULL ? (int)(slash - name) + 1 : 0,
                                 name, slash != NULL ? slash + 1 : name);
            break;
        }
        case 5:
            entry->path = ocn_arena_printf(arena, "%s/.wh..wh..opq", name);
            break;
        default:
            break;
        }
    }
}

/* Whether some layer reaches a path through a link of any layer: then two names may be one file. */
static bool has_links(const struct ocn_tree_layer *layers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t e = 0; e < layers[i].len; e++) {
            if (S_ISLNK(layers[i].entries[e].mode)) {
                return true;
            }
        }
    }
    return false;
}

START_TEST(test_tree__upper_layers_agree_with_all)
{
    static const char *const asked[] = { "/a",   "/b",   "/c",     "/a/a",   "/a/b", "/b/a",
                                         "/b/c", "/c/a", "/c/a/b", "/a/b/c", "/b/b", "/a/x" };
    unsigned decided = 0;
    unsigned early = 0;

    for (uint32_t round = 0; round < 20000; round++) {
        OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
        struct ocn_tree_layer layers[3];
        struct ocn_tree *all = NULL;
        uint32_t seed = round;
        char want[32];
        char buf[32];
        for (size_t i = 0; i < OCN_COUNT(layers); i++) {
            draw_layer(&seed, &arena, &layers[i]);
        }
        if (has_links(layers, OCN_COUNT(layers)) && round % 4 != 0) {
            continue;
        }
        ck_assert_int_eq(ocn_tree_make(layers, OCN_COUNT(layers), true, &all, NULL), 0);
        for (size_t first = 1; first < OCN_COUNT(layers); first++) {
            struct ocn_tree *some = NULL;
            ck_assert_int_eq(
                ocn_tree_make(layers + first, OCN_COUNT(layers) - first, false, &some, NULL), 0);
            for (size_t i = 0; i < OCN_COUNT(asked); i++) {
                const char *by_all = look(all, 0, asked[i], want);
                const char *by_some = look(some, first, asked[i], buf);
                ck_assert_str_ne(by_all, "?");
                decided++;
                early += strcmp(by_some, "?") != 0;
                /* With links, a file that a lower link leads to may be named twice. */
                if (!has_links(layers, OCN_COUNT(layers)) && strcmp(by_some, "?") != 0) {
                    ck_assert_msg(strcmp(by_all, by_some) == 0,
                                  "round %u: %s is %s, and %s by %zu layers", round, asked[i],
                                  by_all, by_some, OCN_COUNT(layers) - first);
                }
            }
            ocn_tree_free(some);
        }
        ocn_tree_free(all);
    }
    ck_assert_uint_gt(early, decided / 10);
}
END_TEST

/* A name that no system takes is cleaned all the same, in its own bounds (found by fuzz_tree). */
START_TEST(test_tree__clean_long)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    static char name[4 * OCN_TREE_MAX_PATH];
    bool odd = false;

    memset(name, 'x', sizeof(name) - 1);
    ck_assert_str_eq(ocn_tree_clean(name, &arena, &odd), name);
    name[10] = '/';
    ck_assert_str_eq(ocn_tree_clean(name, &arena, &odd), name);
}
END_TEST

START_TEST(test_tree__clean)
{
    static const struct {
        const char *name;
        const char *clean;
        bool odd;
    } names[] = {
        { "a/b", "a/b", false },    { "./a//b/", "a/b", false }, { "/a", "a", true },
        { "../a", "a", true },      { "a/../b", "b", false },    { "a/../../b", "b", true },
        { "", "", false },          { ".", "", false },          { "..", "", true },
        { "a/b/../..", "", false }, { "...", "...", false },     { "a/.b", "a/.b", false },
    };
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };

    for (size_t i = 0; i < OCN_COUNT(names); i++) {
        bool odd = !names[i].odd;
        ck_assert_str_eq(ocn_tree_clean(names[i].name, &arena, &odd), names[i].clean);
        ck_assert_msg(odd == names[i].odd, "%s", names[i].name);
    }
}
END_TEST

/* Directories before what is in them; the newest of a directory first. */
static const struct {
    const char *layers[MAX_LAYERS];
    const char *listed;
} lists[] = {
    { { "" }, "" },
    { { "d ." }, "" },
    { { "f bin/app" }, "/bin? /bin/app" },
    { { "d bin,f bin/app,l app bin/app" }, "/app@ /bin /bin/app" },
    { { "d d,f d/a,f e", "f .wh.d" }, "/e" },
    { { "d d,f d/a", "f d" }, "/d" },
    { { "d d,f d/a", "f d", "d d,f d/b" }, "/d /d/b" },
    { { "d d,f d/a", "d d,f d/.wh..wh..opq,f d/b" }, "/d /d/b" },
    { { "d usr,l bin usr", "f bin/x" }, "/bin@ /usr /usr/x" },
    { { "f a,h b a" }, "/b /a" },
    { { "h b none" }, "" },
};

START_TEST(test_tree__listed)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf path = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf listed = { 0 };
    struct ocn_tree_layer layers[MAX_LAYERS];
    struct ocn_tree_found found;
    struct ocn_tree_found exact;
    struct ocn_tree *tree = NULL;
    size_t count = 0;
    size_t at = 0;

    for (; count < MAX_LAYERS && lists[_i].layers[count] != NULL; count++) {
        layers[count].len = 0;
        if (lists[_i].layers[count][0] != '\0') {
            read_layer(lists[_i].layers[count], &arena, &layers[count]);
        }
    }
    ck_assert_int_eq(ocn_tree_make(layers, count, true, &tree, NULL), 0);
    while (ocn_tree_next(tree, &at, &path, &found)) {
        ocn_buf_printf(&listed, "%s%s%s", listed.len != 0 ? " " : "", path.ptr,
                       found.entry == NULL          ? "?"
                       : S_ISLNK(found.entry->mode) ? "@"
                                                    : "");
        ck_assert_int_eq(ocn_tree_exact(tree, path.ptr, &exact), OCN_TREE_FOUND);
        ck_assert_ptr_eq(exact.entry, found.entry);
        ck_assert_uint_eq(exact.id, found.id);
    }
    ck_assert_str_eq(ocn_buf_bytes(&listed).ptr, lists[_i].listed);
    ocn_tree_free(tree);
}
END_TEST

START_TEST(test_tree__exact)
{
    static const struct {
        const char *path;
        enum ocn_tree_answer whole;
        enum ocn_tree_answer upper;
    } exact[] = {
        { "/bin/x", OCN_TREE_MISSING, OCN_TREE_UNDECIDED }, /* in the lower layer bin is a link */
        { "/usr/x", OCN_TREE_FOUND, OCN_TREE_UNDECIDED },
        { "/usr/none", OCN_TREE_MISSING, OCN_TREE_UNDECIDED },
        { "/top/y", OCN_TREE_FOUND, OCN_TREE_FOUND },
        { "/top/none", OCN_TREE_MISSING, OCN_TREE_UNDECIDED },
        { "/top/y/z", OCN_TREE_MISSING, OCN_TREE_MISSING },
        { "//top//y/", OCN_TREE_FOUND, OCN_TREE_FOUND },
        { "/gone", OCN_TREE_MISSING, OCN_TREE_MISSING },
    };
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_tree_layer layers[2];
    struct ocn_tree_found found;

    read_layer("d usr,l bin usr,f gone", &arena, &layers[0]);
    read_layer("f bin/x,d top,f top/y,f .wh.gone", &arena, &layers[1]);
    for (int whole = 0; whole < 2; whole++) {
        struct ocn_tree *tree = NULL;
        ck_assert_int_eq(
            ocn_tree_make(whole ? layers : layers + 1, whole ? 2 : 1, whole != 0, &tree, NULL), 0);
        for (size_t i = 0; i < OCN_COUNT(exact); i++) {
            ck_assert_msg(ocn_tree_exact(tree, exact[i].path, &found) ==
                              (whole ? exact[i].whole : exact[i].upper),
                          "%s, whole %d", exact[i].path, whole);
        }
        ocn_tree_free(tree);
    }
}
END_TEST

/* Directories that no entry describes are nodes, too: deep names must not make too many. */
START_TEST(test_tree__limits)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    static char deep[OCN_TREE_MAX_PATH];
    struct ocn_tree_entry entries[64];
    struct ocn_tree_layer layer = { entries, OCN_COUNT(entries) };
    struct ocn_tree *tree = NULL;
    struct ocn_tree_found found;
    struct ocn_error err = { 0 };

    for (size_t i = 0; i + 1 < sizeof(deep); i += 2) {
        memcpy(deep + i, "d/", 2);
    }
    deep[sizeof(deep) - 2] = '\0';
    for (size_t i = 0; i < OCN_COUNT(entries); i++) {
        char *path = ocn_arena_printf(&arena, "%03zu%s", i, deep);
        entries[i] = (struct ocn_tree_entry){ .path = path, .mode = FILE_MODE };
    }
    ck_assert_int_eq(ocn_tree_make(&layer, 1, true, &tree, NULL), 0);
    ck_assert_int_eq(ocn_tree_find(tree, entries[7].path, &found), OCN_TREE_FOUND);
    ocn_tree_free(tree);
    layer.len = OCN_TREE_MAX_ENTRIES + 1;
    ck_assert_int_eq(ocn_tree_make(&layer, 1, true, &tree, &err), -1);
    ck_assert_int_eq(err.code, OCN_E_LIMIT);
}
END_TEST

int main(void)
{
    TCase *tcase = tcase_create("tree");
    Suite *suite = suite_create("tree");

    tcase_set_timeout(tcase, OCN_TEST_SECONDS);
    tcase_add_loop_test(tcase, test_tree__layers, 0, OCN_COUNT(rows));
    tcase_add_test(tcase, test_tree__upper_layers_agree_with_all);
    tcase_add_test(tcase, test_tree__clean);
    tcase_add_test(tcase, test_tree__clean_long);
    tcase_add_loop_test(tcase, test_tree__listed, 0, OCN_COUNT(lists));
    tcase_add_test(tcase, test_tree__exact);
    tcase_add_test(tcase, test_tree__limits);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
