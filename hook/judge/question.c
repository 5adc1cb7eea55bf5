/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/judge/question.h"

#include <string.h>

#include "hook/judge/codec.h"

/* Of files on a node: each has bytes that are counted, too. */
#define MAX_LAYERS (1U << 24)
#define MAX_PROFILES (1U << 24)

/* ---- profiles and layers ------------------------------------------------------------------ */

/* Where the text is that of a built-in profile, which is returned then, its number says it all. */
static const struct ocn_profile *pass_layer(struct ocn_codec *codec, struct ocn_layer *layer)
{
    size_t number = ocn_profile_find(layer->text);

    ocn_codec_optional(codec, &layer->name, OCN_CODEC_BYTES);
    ocn_codec_optional(codec, &layer->profile, OCN_CODEC_BYTES);
    ocn_codec_raw(codec, &number, sizeof(number));
    if (number >= ocn_profiles_built_in_len) {
        ocn_codec_bytes(codec, &layer->text);
        return NULL;
    }
    layer->text = ocn_profiles_built_in[number].text;
    return &ocn_profiles_built_in[number];
}

/* Where it is not built in, what there is beside its text is read of that, as it was before. */
static void pass_profile(struct ocn_codec *codec, struct ocn_profile *profile)
{
    struct ocn_layer layer = { profile->origin, profile->text, profile->name };
    const struct ocn_profile *built_in = pass_layer(codec, &layer);

    if (codec->out != NULL || codec->failed) {
        return;
    }
    if (built_in != NULL) {
        *profile = *built_in;
        profile->origin = layer.name;
    } else if (ocn_profile_read(&layer, codec->arena, profile, NULL) < 0) {
        codec->failed = true;
    }
}

static void pass_score(struct ocn_codec *codec, struct ocn_score *score)
{
    ocn_codec_raw(codec, &score->found, sizeof(score->found));
    ocn_codec_bool(codec, &score->out);
}

static void pass_policy(struct ocn_codec *codec, struct ocn_node_policy *policy)
{
    uint32_t chosen =
        policy->profile != NULL ? (uint32_t)(policy->profile - policy->profiles) : UINT32_MAX;
    size_t scores_len = policy->profiles_len;
    void *layers = policy->layers;
    void *profiles = policy->profiles;
    void *scores = policy->scores;

    ocn_codec_list(codec, &layers, &policy->layers_len, sizeof(*policy->layers), MAX_LAYERS);
    policy->layers = layers;
    for (size_t i = 0; i < policy->layers_len; i++) {
        (void)pass_layer(codec, &policy->layers[i]);
    }
    ocn_codec_list(codec, &profiles, &policy->profiles_len, sizeof(*policy->profiles),
                   MAX_PROFILES);
    policy->profiles = profiles;
    for (size_t i = 0; i < policy->profiles_len; i++) {
        pass_profile(codec, &policy->profiles[i]);
    }
    ocn_codec_list(codec, &scores, &scores_len, sizeof(*policy->scores), MAX_PROFILES);
    policy->scores = scores;
    for (size_t i = 0; i < scores_len; i++) {
        pass_score(codec, &policy->scores[i]);
    }
    ocn_codec_raw(codec, &chosen, sizeof(chosen));
    policy->profile = chosen < policy->profiles_len ? &policy->profiles[chosen] : NULL;
}

/* ---- the container ------------------------------------------------------------------------ */

static void pass_subject(struct ocn_codec *codec, struct ocn_subject *subject)
{
    uint32_t event = (uint32_t)subject->event;

    ocn_codec_raw(codec, &event, sizeof(event));
    subject->event = (enum ocn_event)event;
    ocn_codec_text(codec, &subject->bundle, OCN_CODEC_BYTES);
    ocn_codec_bool(codec, &subject->placeless);
    ocn_codec_optional(codec, &subject->id, OCN_CODEC_BYTES);
    ocn_codec_optional(codec, &subject->runtime, OCN_CODEC_BYTES);
    ocn_codec_bool(codec, &subject->untold);
    ocn_codec_bool(codec, &subject->unedited);
}

static void pass_question(struct ocn_codec *codec, struct ocn_question *question)
{
    uint32_t lens[] = { (uint32_t)question->subject.config.len,
                        (uint32_t)question->subject.process.len };

    pass_policy(codec, question->policy);
    ocn_codec_optional(codec, &question->world.root, OCN_CODEC_BYTES);
    ocn_codec_bool(codec, &question->world.all_facts);
    pass_subject(codec, &question->subject);
    ocn_codec_u32(codec, &question->seen.len, 0, OCN_NAMESPACES_MAX);
    ocn_codec_raw(codec, question->seen.items,
                  question->seen.len * sizeof(question->seen.items[0]));
    ocn_codec_raw(codec, lens, sizeof(lens));
    if (codec->out == NULL && !codec->failed) {
        codec->failed = codec->in.len != (size_t)lens[0] + lens[1];
        question->subject.config = (struct ocn_bytes){ codec->in.ptr, lens[0] };
        question->subject.process = (struct ocn_bytes){ codec->in.ptr + lens[0], lens[1] };
    }
}

/* ---- both ways ---------------------------------------------------------------------------- */

int ocn_question_write(const struct ocn_question *question, struct ocn_buf *head,
                       struct ocn_error *err)
{
    struct ocn_codec codec = { .out = head };
    struct ocn_question copy = *question;

    pass_question(&codec, &copy);
    if (codec.failed) {
        return ocn_fail(err, OCN_E_LIMIT, NULL,
                        "the policy is too large to pass to the confined parser");
    }
    return ocn_buf_check(head, err);
}

int ocn_question_read(struct ocn_bytes bytes, struct ocn_question *ret, struct ocn_error *err)
{
    struct ocn_codec codec = { .in = bytes, .arena = &ret->policy->arena };

    pass_question(&codec, ret);
    if (ocn_arena_check(&ret->policy->arena, err) < 0) {
        return -1;
    }
    return codec.failed ? ocn_fail(err, OCN_E_FORMAT, NULL, "malformed question to the parser")
                        : ocn_node_policy_bind(ret->policy, err);
}
