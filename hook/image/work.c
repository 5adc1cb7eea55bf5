/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/work.h"

#include <locale.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/confine/child.h"
#include "hook/confine/confine.h"
#include "hook/confine/seccomp_filter.h"
#include "hook/image/engines.h"
#include "hook/policy/node_policy.h"
#include "hook/policy/policy_files.h"
#include "hook/sys/io.h"
#include "normalize/image/quantity.h"

/* A layer is inflated and hashed at some 100 MB/s; ten times as long is too long. */
#define LEAST_CPU 20
#define BYTES_A_SECOND ((uint64_t)10 << 20)
#define MOST_CPU 3600
#define MOST_INPUTS 2
#define MEMORY ((size_t)2 << 30) /* a program of OCN_LAYER_MAX_FILE, twice */

enum message { SAYS_RESULT = 1, SAYS_ERROR, SAYS_MORE };

/* ---- policies -------------------------------------------------------------------------------- */

void ocn_work_profiles_done(struct ocn_work_profiles *profiles)
{
    for (size_t i = 0; i < OCN_WORK_MAX_PROFILES; i++) {
        ocn_config_free(profiles->configs[i]);
        ocn_object_done(&profiles->objects[i]);
    }
    ocn_arena_done(&profiles->arena);
    *profiles = (struct ocn_work_profiles){ 0 };
}

/* The engine of a platform: the last one where no other serves it. */
static int find_engine(const char *profile, struct ocn_object *object, struct ocn_engine *ret,
                       struct ocn_error *err)
{
    for (size_t i = 0; i < ocn_image_engines_len; i++) {
        ocn_object_done(object);
        if (ocn_engine_read(ocn_image_engines[i], object, ret, err) < 0) {
            return -1;
        }
        if (profile != NULL && ocn_engine_serves(ret, profile)) {
            return 0;
        }
    }
    return 0;
}

/* The layers of @world, and one more that names the profile. */
static int load_config(const struct ocn_world *world, const char *profile, struct ocn_arena *arena,
                       struct ocn_config **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    struct ocn_layer *layers = NULL;
    size_t count = 0;

    if (ocn_policy_layers(world, arena, &layers, &count, err) < 0) {
        return -1;
    }
    struct ocn_layer *all = ocn_arena_alloc(arena, (count + 1) * sizeof(*all));
    const char *text = ocn_arena_printf(arena, "{\"version\": 1, \"profile\": \"%s\"}",
                                        profile != NULL ? profile : OCN_PROFILE_UNKNOWN);
    if (all == NULL || ocn_arena_check(arena, err) < 0) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < count; i++) {
        all[i] = layers[i];
    }
    all[count] = (struct ocn_layer){ .name = "--as", .text = { text, strlen(text) } };
    if (ocn_node_policy_load(world, all, count + 1, &policy, err) < 0) {
        return -1;
    }
    *ret = policy.config;
    policy.config = NULL;
    return 0;
}

static int add_profile(const struct ocn_world *world, const char *name,
                       struct ocn_work_profiles *profiles, struct ocn_error *err)
{
    size_t at = profiles->len;

    if (at == OCN_WORK_MAX_PROFILES) {
        return ocn_fail(err, OCN_E_LIMIT, "--as", "more than %d platforms", OCN_WORK_MAX_PROFILES);
    }
    if (find_engine(name, &profiles->objects[at], &profiles->engines[at], err) < 0 ||
        load_config(world, name, &profiles->arena, &profiles->configs[at], err) < 0) {
        return -1;
    }
    profiles->items[at] =
        (struct ocn_look_profile){ name != NULL ? name : OCN_PROFILE_UNKNOWN, profiles->configs[at],
                                   &profiles->engines[at] };
    profiles->len++;
    return 0;
}

int ocn_work_profiles(const struct ocn_world *world, const char *names,
                      struct ocn_work_profiles *ret, struct ocn_error *err)
{
    if (names == NULL) {
        return add_profile(world, NULL, ret, err);
    }
    for (const char *at = names; at != NULL;) {
        size_t len = strcspn(at, ",");
        const char *name = ocn_arena_copy(&ret->arena, at, len);
        /* It becomes a part of JSON and of a path. */
        if (len == 0 || name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                          "0123456789._-")] != '\0') {
            return ocn_fail(err, OCN_E_USAGE, "--as", "\"%s\" is no name of a platform", name);
        }
        if (add_profile(world, name, ret, err) < 0) {
            return -1;
        }
        at = at[len] == ',' ? at + len + 1 : NULL;
    }
    return ocn_arena_check(&ret->arena, err);
}

int ocn_work_place(const struct ocn_cli_image *of, struct ocn_arena *arena,
                   struct ocn_object_platform *node, struct ocn_look_place *ret,
                   struct ocn_error *err)
{
    if ((of->node != NULL && ocn_object_parse_platform(of->node, arena, node, err) < 0) ||
        (of->cpus != NULL && ocn_quantity_parse(of->cpus, &ret->limits.cpus, err) < 0) ||
        (of->memory != NULL && ocn_quantity_parse(of->memory, &ret->limits.memory, err) < 0)) {
        return -1;
    }
    ret->node = of->node != NULL ? node : NULL;
    return 0;
}

/* ---- the child ------------------------------------------------------------------------------- */

struct task {
    const struct ocn_work *work;
    struct ocn_confine_limits limits;
};

/* The image's files; those of other programs and users are none of its business. */
static int confine_reads(const struct ocn_confinement *confinement, const struct ocn_blobs *blobs,
                         size_t count, struct ocn_error *err)
{
    ocn_autoclose int rules = -1;

    if (ocn_confine_reads_begin(confinement, &rules, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (ocn_confine_reads_allow(rules, blobs[i].fd, false, err) < 0 ||
            (blobs[i].shared_fd >= 0 &&
             ocn_confine_reads_allow(rules, blobs[i].shared_fd, false, err) < 0)) {
            return -1;
        }
    }
    return ocn_confine_reads_end(&rules, err);
}

/* What is wrong with one of two is said of that one; the parent adds the name of an only one. */
static int select_of(const struct ocn_work *work, const struct ocn_image_input *input,
                     struct ocn_selection *ret, struct ocn_error *err)
{
    ret->may_miss = work->may_miss;
    int status = ocn_select(&input->blobs, input->reference, work->platform, ret, err);

    if (status < 0 && work->second != NULL) {
        ocn_error_locate(err, input->name, 0);
    }
    return status;
}

static int select_and_run(const struct ocn_work *work, const struct ocn_blobs *blobs,
                          struct ocn_buf *out, struct ocn_error *err)
{
    struct ocn_selection selections[MOST_INPUTS] = { { 0 } };
    struct ocn_image_input inputs[MOST_INPUTS] = { *work->input };
    struct ocn_work own = *work;

    inputs[0].blobs = blobs[0];
    own.input = &inputs[0];
    if (work->second != NULL) {
        inputs[1] = *work->second;
        inputs[1].blobs = blobs[1];
        own.second = &inputs[1];
    }
    int status =
        select_of(work, own.input, &selections[0], err) < 0 ||
                (own.second != NULL && select_of(work, own.second, &selections[1], err) < 0)
            ? -1
            : work->run(&own, selections, out, err);
    for (size_t i = 0; i < MOST_INPUTS; i++) {
        ocn_select_done(&selections[i]);
    }
    return status;
}

/* An archive is a layout, or what docker save writes: its members tell; a layout where it is both.
 */
static int settle_form(struct ocn_blobs *blobs, struct ocn_error *err)
{
    static const char *const docker[] = { "manifest.json", "repositories" };
    bool have = blobs->form != OCN_BLOBS_OCI_TAR;

    if (!have && ocn_blob_have(blobs, "index.json", &have, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < OCN_COUNT(docker) && !have; i++) {
        if (ocn_blob_have(blobs, docker[i], &have, err) < 0) {
            return -1;
        }
        blobs->form = have ? OCN_BLOBS_DOCKER_TAR : blobs->form;
    }
    return 0;
}

static int send_error(const struct ocn_error *err)
{
    const struct ocn_bytes bytes = { (const char *)err, sizeof(*err) };

    return ocn_child_send(SAYS_ERROR, bytes, NULL);
}

/* In messages as long as they may be; the last one is another. */
static int send_result(const struct ocn_buf *out)
{
    struct ocn_bytes left = ocn_buf_bytes(out);

    for (; left.len > OCN_CHILD_MAX_MESSAGE;
         left.ptr += OCN_CHILD_MAX_MESSAGE, left.len -= OCN_CHILD_MAX_MESSAGE) {
        const struct ocn_bytes part = { left.ptr, OCN_CHILD_MAX_MESSAGE };
        if (ocn_child_send(SAYS_MORE, part, NULL) < 0) {
            return -1;
        }
    }
    return ocn_child_send(SAYS_RESULT, left, NULL);
}

/* The descriptors as they lie in the child, in the order in which the parent gave them. */
static void place_blobs(const struct ocn_work *work, struct ocn_blobs blobs[MOST_INPUTS])
{
    const struct ocn_image_input *const inputs[MOST_INPUTS] = { work->input, work->second };
    int next = OCN_CHILD_FD + 1;

    for (size_t i = 0; i < MOST_INPUTS && inputs[i] != NULL; i++) {
        blobs[i] = inputs[i]->blobs;
        blobs[i].fd = next++;
        blobs[i].shared_fd = blobs[i].shared_fd >= 0 ? next++ : -1;
    }
}

static int run(void *ctx)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct task *task = ctx;
    struct ocn_confinement confinement;
    struct ocn_blobs blobs[MOST_INPUTS] = { { .fd = -1 }, { .fd = -1 } };
    size_t count = task->work->second != NULL ? 2 : 1;
    struct ocn_error err = { 0 };

    place_blobs(task->work, blobs);
    if (ocn_confine_within(&task->limits, &confinement, &err) < 0 ||
        confine_reads(&confinement, blobs, count, &err) < 0) {
        return send_error(&err);
    }
    for (size_t i = 0; i < count; i++) {
        if (settle_form(&blobs[i], &err) < 0) {
            return send_error(&err);
        }
    }
    return select_and_run(task->work, blobs, &out, &err) < 0 ? send_error(&err) : send_result(&out);
}

/* ---- the parent ------------------------------------------------------------------------------ */

/* Bytes that there are to read at most: of an archive its size. */
static uint64_t size_of(const struct ocn_blobs *blobs)
{
    struct stat st;

    return fstat(blobs->fd, &st) == 0 && S_ISREG(st.st_mode) ? (uint64_t)st.st_size
                                                             : (uint64_t)4 << 30;
}

/* What a hostile child says is a struct, with two texts that end. */
static int take_error(struct ocn_bytes bytes, const struct ocn_work *work, struct ocn_error *err)
{
    struct ocn_error said;

    if (bytes.len != sizeof(said)) {
        return ocn_fail(err, OCN_E_FORMAT, work->input->name,
                        "the confined parser answered what it may not");
    }
    memcpy(&said, bytes.ptr, sizeof(said));
    said.where[sizeof(said.where) - 1] = '\0';
    said.msg[sizeof(said.msg) - 1] = '\0';
    (void)ocn_fail(err, said.code != OCN_OK ? said.code : OCN_E_FORMAT, said.where, "%s", said.msg);
    if (work->second == NULL) {
        ocn_error_locate(err, work->input->name, 0);
    }
    return -1;
}

int ocn_work_send(uint32_t kind, struct ocn_bytes bytes, struct ocn_error *err)
{
    return ocn_child_send(kind, bytes, err);
}

/* The next message that is not for work->take, appended to @ret. */
static int receive(const struct ocn_work *work, struct ocn_child *child, uint32_t *ret_kind,
                   struct ocn_buf *ret, struct ocn_error *err)
{
    const size_t before = ret->len;

    for (;;) {
        ret->len = before;
        if (ocn_child_receive(child, ret_kind, ret, err) < 0) {
            ocn_error_locate(err, work->input->name, 0);
            return -1;
        }
        if (*ret_kind < OCN_WORK_FIRST_KIND || work->take == NULL) {
            return 0;
        }
        const struct ocn_bytes all = ocn_buf_bytes(ret);
        if (work->take(work->ctx, *ret_kind,
                       (struct ocn_bytes){ all.ptr + before, all.len - before }, err) < 0) {
            return -1;
        }
    }
}

/* In the order in which place_blobs() counts them. */
static size_t list_descriptors(const struct ocn_work *work, int ret[MOST_INPUTS * 2])
{
    const struct ocn_image_input *const inputs[MOST_INPUTS] = { work->input, work->second };
    size_t count = 0;

    for (size_t i = 0; i < MOST_INPUTS && inputs[i] != NULL; i++) {
        ret[count++] = inputs[i]->blobs.fd;
        if (inputs[i]->blobs.shared_fd >= 0) {
            ret[count++] = inputs[i]->blobs.shared_fd;
        }
    }
    return count;
}

int ocn_work_confined(const struct ocn_work *work, struct ocn_buf *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    uint64_t size =
        size_of(&work->input->blobs) + (work->second != NULL ? size_of(&work->second->blobs) : 0);
    uint64_t cpu = LEAST_CPU + size / BYTES_A_SECOND;
    struct task task = { work, { (unsigned)(cpu < MOST_CPU ? cpu : MOST_CPU), MEMORY } };
    int descriptors[MOST_INPUTS * 2];
    size_t count = list_descriptors(work, descriptors);
    const struct ocn_child_options options = { .seconds = task.limits.cpu_seconds * 10,
                                               .descriptors = descriptors,
                                               .descriptors_len = count };
    uint32_t kind = 0;

    /* Names in a tar are UTF-8; with it libarchive converts nothing, and opens nothing for that. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (ocn_child_start_with(&child, &options, run, &task, err) < 0) {
        ocn_error_locate(err, work->input->name, 0);
        return -1;
    }
    do {
        if (receive(work, &child, &kind, &bytes, err) < 0) {
            return -1;
        }
    } while (kind == SAYS_MORE && bytes.len <= OCN_WORK_MAX_RESULT);
    if (kind != SAYS_RESULT) {
        return take_error(ocn_buf_bytes(&bytes), work, err);
    }
    ocn_buf_add(ret, ocn_buf_bytes(&bytes).ptr, bytes.len);
    return ocn_buf_check(ret, err);
}
