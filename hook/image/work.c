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

/* A layer is inflated and hashed at some 100 MB/s; ten times as long is too long. */
#define LEAST_CPU 20
#define BYTES_A_SECOND ((uint64_t)10 << 20)
#define MOST_CPU 3600
#define MEMORY ((size_t)2 << 30) /* a program of OCN_LAYER_MAX_FILE, twice */

enum message { SAYS_RESULT = 1, SAYS_ERROR };

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

/* ---- the child ------------------------------------------------------------------------------- */

struct task {
    const struct ocn_work *work;
    struct ocn_confine_limits limits;
};

/* The image's files; those of other programs and users are none of its business. */
static int confine_reads(const struct ocn_confinement *confinement, const struct ocn_blobs *blobs,
                         struct ocn_error *err)
{
    ocn_autoclose int rules = -1;

    if (ocn_confine_reads_begin(confinement, &rules, err) < 0 ||
        ocn_confine_reads_allow(rules, blobs->fd, false, err) < 0 ||
        (blobs->shared_fd >= 0 &&
         ocn_confine_reads_allow(rules, blobs->shared_fd, false, err) < 0)) {
        return -1;
    }
    return ocn_confine_reads_end(&rules, err);
}

static int select_and_run(const struct ocn_work *work, const struct ocn_blobs *blobs,
                          struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_select_done) struct ocn_selection selection = { 0 };
    struct ocn_image_input input = *work->input;
    struct ocn_work own = *work;

    input.blobs = *blobs;
    own.input = &input;
    return ocn_select(&input.blobs, input.reference, work->platform, &selection, err) < 0
               ? -1
               : work->run(&own, &selection, out, err);
}

/* An archive is a layout, or what docker save writes: its members tell; a layout where it is both.
 */
static void settle_form(struct ocn_blobs *blobs)
{
    if (blobs->form == OCN_BLOBS_OCI_TAR && !ocn_blob_have(blobs, "index.json") &&
        (ocn_blob_have(blobs, "manifest.json") || ocn_blob_have(blobs, "repositories"))) {
        blobs->form = OCN_BLOBS_DOCKER_TAR;
    }
}

static int send_error(const struct ocn_error *err)
{
    const struct ocn_bytes bytes = { (const char *)err, sizeof(*err) };

    return ocn_child_send(SAYS_ERROR, bytes, NULL);
}

static int run(void *ctx)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    const struct task *task = ctx;
    struct ocn_confinement confinement;
    struct ocn_blobs blobs = task->work->input->blobs;
    struct ocn_error err = { 0 };

    blobs.fd = OCN_CHILD_FD + 1;
    blobs.shared_fd = blobs.shared_fd >= 0 ? OCN_CHILD_FD + 2 : -1;
    if (ocn_confine_within(&task->limits, &confinement, &err) < 0 ||
        confine_reads(&confinement, &blobs, &err) < 0) {
        return send_error(&err);
    }
    settle_form(&blobs);
    return select_and_run(task->work, &blobs, &out, &err) < 0
               ? send_error(&err)
               : ocn_child_send(SAYS_RESULT, ocn_buf_bytes(&out), &err);
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
static int take_error(struct ocn_bytes bytes, const char *input, struct ocn_error *err)
{
    struct ocn_error said;

    if (bytes.len != sizeof(said)) {
        return ocn_fail(err, OCN_E_FORMAT, input, "the confined parser answered what it may not");
    }
    memcpy(&said, bytes.ptr, sizeof(said));
    said.where[sizeof(said.where) - 1] = '\0';
    said.msg[sizeof(said.msg) - 1] = '\0';
    (void)ocn_fail(err, said.code != OCN_OK ? said.code : OCN_E_FORMAT, said.where, "%s", said.msg);
    ocn_error_locate(err, input, 0);
    return -1;
}

int ocn_work_send(uint32_t kind, struct ocn_bytes bytes, struct ocn_error *err)
{
    return ocn_child_send(kind, bytes, err);
}

/* The next message that is not for work->take. */
static int receive(const struct ocn_work *work, struct ocn_child *child, uint32_t *ret_kind,
                   struct ocn_buf *ret, struct ocn_error *err)
{
    for (;;) {
        ret->len = 0;
        if (ocn_child_receive(child, ret_kind, ret, err) < 0) {
            ocn_error_locate(err, work->input->name, 0);
            return -1;
        }
        if (*ret_kind < OCN_WORK_FIRST_KIND || work->take == NULL) {
            return 0;
        }
        if (work->take(work->ctx, *ret_kind, ocn_buf_bytes(ret), err) < 0) {
            return -1;
        }
    }
}

int ocn_work_confined(const struct ocn_work *work, struct ocn_buf *ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_child_end) struct ocn_child child = { .pid = -1, .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    const struct ocn_blobs *blobs = &work->input->blobs;
    uint64_t cpu = LEAST_CPU + size_of(blobs) / BYTES_A_SECOND;
    struct task task = { work, { (unsigned)(cpu < MOST_CPU ? cpu : MOST_CPU), MEMORY } };
    const int descriptors[] = { blobs->fd, blobs->shared_fd };
    const struct ocn_child_options options = { .seconds = task.limits.cpu_seconds * 10,
                                               .descriptors = descriptors,
                                               .descriptors_len = blobs->shared_fd >= 0 ? 2 : 1 };
    uint32_t kind = 0;

    /* Names in a tar are UTF-8; with it libarchive converts nothing, and opens nothing for that. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    if (ocn_child_start_with(&child, &options, run, &task, err) < 0) {
        ocn_error_locate(err, work->input->name, 0);
        return -1;
    }
    if (receive(work, &child, &kind, &bytes, err) < 0) {
        return -1;
    }
    if (kind != SAYS_RESULT) {
        return take_error(ocn_buf_bytes(&bytes), work->input->name, err);
    }
    ocn_buf_add(ret, ocn_buf_bytes(&bytes).ptr, bytes.len);
    return ocn_buf_check(ret, err);
}
