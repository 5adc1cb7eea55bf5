/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/diff/diff.h"

#include <string.h>

#include "normalize/base/glob.h"
#include "normalize/json/json.h"

const char *const ocn_diff_levels[] = {
    [OCN_DIFF_INDEX] = "index",     [OCN_DIFF_MANIFEST] = "manifest",
    [OCN_DIFF_CONFIG] = "config",   [OCN_DIFF_ANNOTATIONS] = "annotations",
    [OCN_DIFF_LAYERS] = "layers",   [OCN_DIFF_PROGRAM] = "program",
    [OCN_DIFF_OUTCOME] = "outcome", NULL,
};

const struct ocn_diff_noise_row ocn_diff_noises[] = {
    [OCN_DIFF_NO_NOISE] = { "", "" },
#define OCN_DIFF_NOISE(symbol, name, text) [OCN_DIFF_##symbol] = { name, text },
#include "normalize/diff/noise.def"
#undef OCN_DIFF_NOISE
};

static const struct {
    const char *word;
    enum ocn_diff_level level;
    const char *pointer;
} words[] = {
#define OCN_DIFF_WORD(word, level, pointer) { word, OCN_DIFF_##level, pointer },
#include "normalize/diff/words.def"
#undef OCN_DIFF_WORD
};

void ocn_diff_done(struct ocn_diff *diff)
{
    json_decref(diff->differences);
    ocn_arena_done(&diff->arena);
    *diff = (struct ocn_diff){ 0 };
}

/* ---- what is ignored ------------------------------------------------------------------------- */

int ocn_diff_check_word(const char *word, struct ocn_error *err)
{
    if (word[0] == '/') {
        return 0;
    }
    for (size_t i = 0; ocn_diff_levels[i] != NULL; i++) {
        if (strcmp(word, ocn_diff_levels[i]) == 0) {
            return 0;
        }
    }
    for (size_t i = OCN_DIFF_NO_NOISE + 1; i < OCN_DIFF_NOISES; i++) {
        if (strcmp(word, ocn_diff_noises[i].name) == 0) {
            return 0;
        }
    }
    for (size_t i = 0; i < OCN_COUNT(words); i++) {
        if (strcmp(word, words[i].word) == 0) {
            return 0;
        }
    }
    return ocn_fail(err, OCN_E_USAGE, "--ignore",
                    "\"%s\" is no level, no kind of noise and no JSON pointer: config, labels, "
                    "history, /config/Env/PATH ... (ocinorm diff --help lists them)",
                    word);
}

static bool is_word_for(const char *word, const struct ocn_diff_item *item)
{
    if (word[0] == '/') {
        return ocn_strings_is_within(item->path, word) || ocn_glob_matches(word, item->path);
    }
    if (strcmp(word, ocn_diff_levels[item->level]) == 0 ||
        strcmp(word, ocn_diff_noises[item->noise].name) == 0) {
        return true;
    }
    for (size_t i = 0; i < OCN_COUNT(words); i++) {
        if (strcmp(word, words[i].word) == 0) {
            return item->level == words[i].level &&
                   ocn_strings_is_within(item->path, words[i].pointer);
        }
    }
    return false;
}

static bool is_ignored(const struct ocn_diff *diff, const struct ocn_diff_item *item)
{
    for (size_t i = 0; i < diff->ignored.len; i++) {
        if (is_word_for(diff->ignored.items[i], item)) {
            return true;
        }
    }
    return false;
}

/* ---- adding ---------------------------------------------------------------------------------- */

static int set(json_t *object, const char *key, const json_t *value)
{
    return value != NULL ? json_object_set(object, key, (json_t *)value)
                         : json_object_set_new(object, key, json_null());
}

static json_t *item_json(const struct ocn_diff *diff, const struct ocn_diff_item *item)
{
    json_t *json = json_pack("{s:s, s:s?, s:s}", "level", ocn_diff_levels[item->level], "platform",
                             diff->platform, "path", item->path);

    if (json == NULL || set(json, "a", item->a) < 0 || set(json, "b", item->b) < 0 ||
        (diff->profile != NULL &&
         json_object_set_new(json, "profile", json_string(diff->profile)) < 0) ||
        (item->more != 0 &&
         json_object_set_new(json, "more", json_integer((json_int_t)item->more)) < 0)) {
        json_decref(json);
        return NULL;
    }
    return json;
}

void ocn_diff_add(struct ocn_diff *diff, const struct ocn_diff_item *item)
{
    size_t count = item->more + 1;

    if (is_ignored(diff, item)) {
        diff->ignored_count += count;
        return;
    }
    if (item->noise != OCN_DIFF_NO_NOISE && !diff->exact) {
        diff->noise[item->noise] += count;
        return;
    }
    if (diff->differences == NULL) {
        diff->differences = json_array();
    }
    if (json_array_size(diff->differences) == OCN_DIFF_MAX_ITEMS) {
        diff->left_out += count;
        return;
    }
    if (json_array_append_new(diff->differences, item_json(diff, item)) < 0) {
        (void)ocn_arena_fail(&diff->arena);
    }
}

void ocn_diff_add_text(struct ocn_diff *diff, const struct ocn_diff_item *item, const char *a,
                       const char *b)
{
    json_auto_t *from = ocn_json_text(a);
    json_auto_t *to = ocn_json_text(b);
    struct ocn_diff_item whole = *item;

    if (from == NULL || to == NULL) {
        (void)ocn_arena_fail(&diff->arena);
        return;
    }
    whole.a = from;
    whole.b = to;
    ocn_diff_add(diff, &whole);
}

/* ---- reporting ------------------------------------------------------------------------------- */

int ocn_diff_report(const struct ocn_diff *diff, json_t **ret, struct ocn_error *err)
{
    json_auto_t *noises = json_object();
    size_t noise = 0;

    if (ocn_arena_check(&diff->arena, err) < 0) {
        return -1;
    }
    for (size_t i = OCN_DIFF_NO_NOISE + 1; i < OCN_DIFF_NOISES; i++) {
        noise += diff->noise[i];
        if (diff->noise[i] != 0 &&
            json_object_set_new(noises, ocn_diff_noises[i].name,
                                json_integer((json_int_t)diff->noise[i])) < 0) {
            return ocn_fail_nomem(err);
        }
    }
    json_auto_t *differences =
        diff->differences != NULL ? json_incref(diff->differences) : json_array();
    json_t *json = json_pack("{s:b, s:I, s:O, s:I, s:I, s:O}", "same",
                             json_array_size(differences) == 0, "noise", (json_int_t)noise,
                             "noises", noises, "ignored", (json_int_t)diff->ignored_count,
                             "leftOut", (json_int_t)diff->left_out, "differences", differences);
    if (json == NULL) {
        return ocn_fail_nomem(err);
    }
    *ret = json;
    return 0;
}
