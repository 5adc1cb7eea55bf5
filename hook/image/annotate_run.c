/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/annotate_run.h"

#include "hook/image/annotate_layout.h"
#include "hook/image/work.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define MAX_REPORT ((size_t)4 << 20)
#define MAX_HEAD ((size_t)4 << 10)
#define CHUNK ((size_t)1 << 20)

enum {
    SAYS_BLOB = OCN_WORK_FIRST_KIND, /* {"digest", "size", "optional", "file"} */
    SAYS_BYTES,                      /* of that blob */
    SAYS_INDEX,                      /* index.json, behind the last blob */
};

/* Both sides have one; what one changes, the other does not see. */
struct task {
    struct ocn_annotate_wish wish;
    const struct ocn_image_input *input;
    struct ocn_annotate_layout layout;
    bool writes; /* a blob has been begun */
    struct ocn_buf index;
};

static void release(struct task *task)
{
    ocn_annotate_layout_done(&task->layout);
    ocn_buf_done(&task->index);
}

/* ---- in the child ---------------------------------------------------------------------------- */

static bool is_archive(const struct ocn_blobs *blobs)
{
    return blobs->form == OCN_BLOBS_OCI_TAR || blobs->form == OCN_BLOBS_DOCKER_TAR;
}

static int send_bytes(struct ocn_bytes bytes, struct ocn_error *err)
{
    for (size_t at = 0; at < bytes.len; at += CHUNK) {
        size_t len = bytes.len - at < CHUNK ? bytes.len - at : CHUNK;
        if (ocn_work_send(SAYS_BYTES, (struct ocn_bytes){ bytes.ptr + at, len }, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int send_head(const struct ocn_annotate_blob *blob, bool file, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    json_auto_t *head = json_pack("{s:s, s:f, s:b, s:b}", "digest", blob->digest, "size",
                                  blob->size, "optional", blob->optional, "file", file);

    return ocn_json_dump(head, JSON_COMPACT, &text, err) < 0
               ? -1
               : ocn_work_send(SAYS_BLOB, ocn_buf_bytes(&text), err);
}

/* A member of an archive: only the child reads those. */
static int send_member(const struct ocn_blobs *blobs, const struct ocn_annotate_blob *blob,
                       struct ocn_error *err)
{
    OCN_CLEANUP(ocn_stream_freep) struct ocn_stream *stream = NULL;
    const struct ocn_descriptor from = { .media_type = blob->member,
                                         .digest = blob->member != NULL ? NULL : blob->digest,
                                         .size = blob->size };
    struct ocn_error problem = { 0 };
    const void *chunk = NULL;
    size_t len = 0;

    if (ocn_stream_open(blobs, &from, &stream, &problem) < 0) {
        return blob->optional && problem.code == OCN_E_NOENT
                   ? 0
                   : ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
    }
    if (send_head(blob, false, err) < 0) {
        return -1;
    }
    do {
        if (ocn_stream_next(stream, &chunk, &len, err) < 0 ||
            send_bytes((struct ocn_bytes){ chunk, len }, err) < 0) {
            return -1;
        }
    } while (len != 0);
    return ocn_stream_verify(stream, err);
}

static int send_blob(const struct ocn_blobs *blobs, const struct ocn_annotate_blob *blob,
                     struct ocn_error *err)
{
    if (blob->text.ptr != NULL) {
        return send_head(blob, false, err) < 0 ? -1 : send_bytes(blob->text, err);
    }
    return is_archive(blobs) ? send_member(blobs, blob, err) : send_head(blob, true, err);
}

static int plan_and_send(const struct ocn_work *work, const struct ocn_selection *selection,
                         struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_annotate_plan_done) struct ocn_annotate_plan plan = { 0 };
    const struct task *task = work->ctx;
    const struct ocn_blobs *blobs = &work->input->blobs;

    if (ocn_annotate_plan(blobs, work->input->reference, selection, &task->wish, &plan, err) < 0) {
        return -1;
    }
    const struct ocn_annotate_blob *items = plan.blobs.items;
    for (size_t i = 0; i < plan.blobs.len && !task->wish.dry; i++) {
        if (send_blob(blobs, &items[i], err) < 0) {
            return -1;
        }
    }
    return ocn_work_send(SAYS_INDEX, plan.index, err) < 0
               ? -1
               : ocn_json_dump(plan.report, JSON_COMPACT, out, err);
}

/* ---- in the parent --------------------------------------------------------------------------- */

static int end_blob(struct task *task, struct ocn_error *err)
{
    bool writes = task->writes;

    task->writes = false;
    return writes ? ocn_annotate_layout_end(&task->layout, err) : 0;
}

static int begin_blob(struct task *task, struct ocn_bytes bytes, struct ocn_error *err)
{
    json_auto_t *head = NULL;

    if (ocn_json_load(bytes, MAX_HEAD, &head, err) < 0) {
        return -1;
    }
    const char *digest = json_string_value(json_object_get(head, "digest"));
    double size = json_number_value(json_object_get(head, "size"));
    bool optional = json_is_true(json_object_get(head, "optional"));
    bool file = json_is_true(json_object_get(head, "file"));
    /* Archives are not read here, nor is anything taken that has no end. */
    if (digest == NULL || (file ? is_archive(&task->input->blobs) : size < 0)) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "malformed message from the confined parser");
    }
    if (file) {
        return ocn_annotate_layout_copy(&task->layout, &task->input->blobs, digest, size, optional,
                                        err);
    }
    if (ocn_annotate_layout_has(&task->layout, digest)) {
        return 0;
    }
    task->writes = true;
    return ocn_annotate_layout_begin(&task->layout, digest, size, err);
}

static int take(void *ctx, uint32_t kind, struct ocn_bytes bytes, struct ocn_error *err)
{
    struct task *task = ctx;

    switch (kind) {
    case SAYS_BLOB:
        return end_blob(task, err) < 0 ? -1 : begin_blob(task, bytes, err);
    case SAYS_BYTES:
        return task->writes ? ocn_annotate_layout_add(&task->layout, bytes, err) : 0;
    case SAYS_INDEX:
        ocn_buf_add(&task->index, bytes.ptr, bytes.len);
        return end_blob(task, err) < 0 ? -1 : ocn_buf_check(&task->index, err);
    default:
        return ocn_fail(err, OCN_E_FORMAT, NULL, "malformed message from the confined parser");
    }
}

int ocn_annotate_run(const struct ocn_image_input *input, const struct ocn_annotate_wish *wish,
                     const char *path, json_t **ret_report, struct ocn_error *err)
{
    OCN_CLEANUP(release)
    struct task task = { .wish = *wish, .input = input, .layout = OCN_ANNOTATE_LAYOUT_NONE };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf before = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf report = { 0 };
    const struct ocn_work work = {
        .input = input, .run = plan_and_send, .ctx = &task, .take = take
    };
    json_auto_t *json = NULL;

    if (ocn_annotate_layout_open(path, wish->dry, input->digests, &task.layout, &before, err) < 0) {
        return -1;
    }
    task.wish.into = (struct ocn_bytes){ before.len != 0 ? before.ptr : NULL, before.len };
    if (ocn_work_confined(&work, &report, err) < 0 ||
        ocn_json_load(ocn_buf_bytes(&report), MAX_REPORT, &json, err) < 0) {
        return -1;
    }
    if (task.writes || task.index.len == 0) {
        return ocn_fail(err, OCN_E_FORMAT, NULL, "malformed message from the confined parser");
    }
    if (!wish->dry &&
        ocn_annotate_layout_finish(&task.layout, ocn_buf_bytes(&task.index), err) < 0) {
        return -1;
    }
    *ret_report = json;
    json = NULL;
    return 0;
}
