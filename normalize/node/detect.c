/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/detect.h"

#include <string.h>

#include "normalize/base/glob.h"
#include "normalize/oci/container.h"

/* A file of the node that clues ask for; looked at once. */
struct fact {
    const char *path;
    size_t path_len;
    bool looked; /* whether it is there */
    bool there;
    bool read;        /* what is in it */
    const char *text; /* its beginning, up to the first NUL; NULL: not there, or not for us */
};

struct detection {
    const struct ocn_view *view;
    struct ocn_arena *arena;
    struct fact *facts;
    size_t facts_len;
    struct ocn_evidences *evidence;
};

/* ---- the node's files ------------------------------------------------------------------- */

static struct fact *find_fact(struct detection *detection, const char *path)
{
    const size_t len = strlen(path);

    for (size_t i = 0; i < detection->facts_len; i++) {
        struct fact *fact = &detection->facts[i];
        if (fact->path_len == len && memcmp(fact->path, path, len) == 0) {
            return fact;
        }
    }
    struct fact *facts =
        ocn_arena_grow(detection->arena, detection->facts, detection->facts_len, sizeof(*facts));
    if (facts == NULL) {
        return NULL;
    }
    detection->facts = facts;
    facts[detection->facts_len] = (struct fact){ .path = path, .path_len = len };
    return &facts[detection->facts_len++];
}

static bool is_there(const struct detection *detection, struct fact *fact)
{
    const struct ocn_ref ref = { .space = OCN_HOST, .path = fact->path };
    const struct ocn_view *view = detection->view;
    struct ocn_stat st = { 0 };

    if (!fact->looked) {
        fact->looked = true;
        fact->there = view->stat(view->ctx, ref, &st, NULL) == 0 && st.mode != 0;
    }
    return fact->there;
}

static void read_fact(const struct detection *detection, struct fact *fact)
{
    const struct ocn_ref ref = { .space = OCN_HOST, .path = fact->path };
    const struct ocn_view *view = detection->view;
    char window[OCN_CLUE_WINDOW];
    size_t len = 0;

    if (!fact->read && view->read_at(view->ctx, ref, 0, window, sizeof(window), &len, NULL) == 0) {
        fact->text = ocn_arena_copy(detection->arena, window, strnlen(window, len));
    }
    fact->read = true;
}

/* ---- values ----------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* @text without the blanks around it, and without quotes around that. */
static struct ocn_bytes strip(struct ocn_bytes text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.ptr[text.len - 1])) {
        text.len--;
    }
    if (text.len >= 2 && (text.ptr[0] == '"' || text.ptr[0] == '\'') &&
        text.ptr[text.len - 1] == text.ptr[0]) {
        text.ptr++;
        text.len -= 2;
    }
    return text;
}

/* The value behind @key in one line; .ptr is NULL if it is the line of another key. */
static struct ocn_bytes value_of_line(struct ocn_bytes line, const char *key)
{
    size_t sign = 0;

    while (sign < line.len && line.ptr[sign] != '=' && line.ptr[sign] != ':') {
        sign++;
    }
    const struct ocn_bytes name = strip((struct ocn_bytes){ line.ptr, sign });
    if (sign == line.len || name.len != strlen(key) || memcmp(name.ptr, key, name.len) != 0) {
        return (struct ocn_bytes){ NULL, 0 };
    }
    return strip((struct ocn_bytes){ line.ptr + sign + 1, line.len - sign - 1 });
}

static struct ocn_bytes find_value(const char *text, const char *key)
{
    struct ocn_bytes value = { NULL, 0 };

    if (key == NULL) {
        return strip((struct ocn_bytes){ text, strlen(text) });
    }
    while (value.ptr == NULL && *text != '\0') {
        size_t len = strcspn(text, "\n");
        value = value_of_line((struct ocn_bytes){ text, len }, key);
        text += len + (text[len] == '\n');
    }
    return value;
}

static bool fits(const struct ocn_clue *clue, const char *value)
{
    return (clue->is == NULL || ocn_glob_matches(clue->is, value)) &&
           (clue->is_not == NULL || !ocn_glob_matches(clue->is_not, value));
}

/* ---- clues of the node ------------------------------------------------------------------ */

/* The value that makes @clue hold, "" where being there was enough; else NULL. */
static const char *try_clue(struct detection *detection, const struct ocn_clue *clue)
{
    struct fact *fact = find_fact(detection, clue->file);

    if (fact == NULL) {
        return NULL;
    }
    if (clue->key == NULL && clue->is == NULL && clue->is_not == NULL) {
        return is_there(detection, fact) ? "" : NULL;
    }
    read_fact(detection, fact);
    struct ocn_bytes bytes = { NULL, 0 };
    if (fact->text != NULL) {
        bytes = find_value(fact->text, clue->key);
    }
    if (bytes.ptr == NULL) {
        return NULL;
    }
    const char *value = ocn_arena_copy(detection->arena, bytes.ptr, bytes.len);
    return fits(clue, value) ? value : NULL;
}

static void add_evidence(struct detection *detection, struct ocn_evidence evidence)
{
    struct ocn_evidences *list = detection->evidence;

    if (list == NULL) {
        return;
    }
    struct ocn_evidence *items =
        ocn_arena_grow(detection->arena, list->items, list->len, sizeof(*items));
    if (items != NULL) {
        items[list->len++] = evidence;
        list->items = items;
    }
}

/* Whether a clue before clue @at has its weight and is among @found, too. */
static bool is_counted(const struct ocn_profile *profile, uint64_t found, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if ((found >> i & 1) != 0 && profile->clues[i].weight == profile->clues[at].weight) {
            return true;
        }
    }
    return false;
}

uint32_t ocn_detect_weight(const struct ocn_profile *profile, uint64_t found)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < profile->clues_len; i++) {
        if ((found >> i & 1) != 0 && !is_counted(profile, found, i)) {
            sum += profile->clues[i].weight;
        }
    }
    return sum;
}

/* Looks for the clues of one profile; gives up when they can no longer weigh more than @best. */
static void look(struct detection *detection, const struct ocn_profile *profile, uint32_t best,
                 struct ocn_score *score)
{
    uint64_t possible = ~UINT64_C(0);

    *score = (struct ocn_score){ .out = ocn_detect_weight(profile, possible) <= best };
    for (size_t i = 0; i < profile->clues_len; i++) {
        const struct ocn_clue *clue = &profile->clues[i];
        if (score->out && detection->evidence == NULL) {
            return;
        }
        if (clue->file == NULL) {
            continue;
        }
        const char *value = try_clue(detection, clue);
        if (value == NULL) {
            possible &= ~(UINT64_C(1) << i);
            score->out = ocn_detect_weight(profile, possible) <= best;
            continue;
        }
        score->found |= UINT64_C(1) << i;
        add_evidence(detection, (struct ocn_evidence){ profile, clue, value });
    }
}

int ocn_detect_node(const struct ocn_profile *profiles, size_t count, const struct ocn_view *view,
                    struct ocn_arena *arena, struct ocn_score *scores,
                    struct ocn_evidences *evidence, struct ocn_error *err)
{
    struct detection detection = { .view = view, .arena = arena, .evidence = evidence };
    uint32_t best = OCN_DETECT_ENOUGH - 1;

    for (size_t i = 0; i < count; i++) {
        look(&detection, &profiles[i], best, &scores[i]);
        uint32_t weight = ocn_detect_weight(&profiles[i], scores[i].found);
        best = weight > best ? weight : best;
    }
    return ocn_arena_check(arena, err);
}

/* ---- the choice ------------------------------------------------------------------------- */

uint64_t ocn_detect_env(const struct ocn_profile *profile, const struct ocn_strings *env)
{
    uint64_t found = 0;

    for (size_t i = 0; env != NULL && i < profile->clues_len; i++) {
        const struct ocn_clue *clue = &profile->clues[i];
        const char *value = clue->env != NULL ? ocn_oci_env_get(env, clue->env) : NULL;
        if (value != NULL && value[0] != '\0' && fits(clue, value)) {
            found |= UINT64_C(1) << i;
        }
    }
    return found;
}

const struct ocn_profile *ocn_detect_choose(const struct ocn_profile *profiles, size_t count,
                                            const struct ocn_score *scores,
                                            const struct ocn_strings *env)
{
    const struct ocn_profile *chosen = NULL;
    uint32_t best = OCN_DETECT_ENOUGH - 1;

    for (size_t i = 0; i < count; i++) {
        if (scores[i].out) {
            continue;
        }
        uint32_t weight =
            ocn_detect_weight(&profiles[i], scores[i].found | ocn_detect_env(&profiles[i], env));
        if (weight > best) {
            best = weight;
            chosen = &profiles[i];
        }
    }
    return chosen;
}
