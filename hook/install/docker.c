/* SPDX-License-Identifier: Apache-2.0 */
/* Docker has one file and no drop-ins: a snippet to put in, or a member added, byte for byte. */
#include <stdio.h>

#include "hook/install/install.h"
#include "hook/install/template.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"
#include "normalize/outcome/splice.h"

static const char empty[] = "{\n    \"runtimes\": {}\n}\n";

static int check_free(const struct ocn_install *install, struct ocn_bytes text,
                      struct ocn_error *err)
{
    json_auto_t *daemon = NULL;

    if (ocn_json_load(text, OCN_NODE_MAX_FILE, &daemon, err) < 0) {
        ocn_error_locate(err, install->engine->root_file, 0);
        return -1;
    }
    if (!json_is_object(daemon)) {
        return ocn_fail(err, OCN_E_FORMAT, install->engine->root_file, "is no JSON object");
    }
    const json_t *runtimes = json_object_get(daemon, "runtimes");
    if (runtimes != NULL && !json_is_object(runtimes) && !json_is_null(runtimes)) {
        return ocn_fail(err, OCN_E_FORMAT, install->engine->root_file, "/runtimes is no object");
    }
    if (json_object_get(runtimes, install->handler) != NULL) {
        return ocn_fail(err, OCN_E_UNSUPPORTED, install->engine->root_file,
                        "there is a runtime %s already, and it is not from ocinorm install; remove "
                        "it, or choose another name with --runtime-class",
                        install->handler);
    }
    return 0;
}

static int merge(struct ocn_install *install, const char *runtime, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    char path[128];
    char name[96];
    struct ocn_bytes text;
    const struct ocn_edit edits[] = {
        { .path = path, .to = runtime },
        { .path = "/default-runtime", .to = name },
    };

    (void)snprintf(path, sizeof(path), "/runtimes/%s", install->handler);
    (void)snprintf(name, sizeof(name), "\"%s\"", install->handler);
    if (ocn_changes_pristine(install->changes, install->engine->root_file, &text, err) < 0) {
        return -1;
    }
    /* dockerd takes an empty file for an empty object. */
    if (text.ptr == NULL || ocn_json_skip_space(text, 0) == text.len) {
        text = (struct ocn_bytes){ empty, sizeof(empty) - 1 };
    }
    if (check_free(install, text, err) < 0 ||
        ocn_splice_edits(text, "", edits, install->set_default ? 2 : 1, &out, err) < 0) {
        return -1;
    }
    return ocn_changes_want(install->changes, install->engine->root_file, OCN_SHARED, 0644,
                            ocn_buf_bytes(&out), err);
}

int ocn_install_docker(struct ocn_install *install, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf runtime = { 0 };
    const struct ocn_fill fills[] = { { "PROGRAM", install->program }, { NULL, NULL } };

    ocn_template_fill(&runtime, ocn_template_docker, fills);
    if (ocn_buf_check(&runtime, err) < 0) {
        return -1;
    }
    runtime.ptr[--runtime.len] = '\0'; /* its line end */
    if (install->merge || install->set_default) {
        return merge(install, runtime.ptr, err);
    }
    ocn_buf_printf(install->notes,
                   "Docker has no drop-ins. Add to %s, or let --merge do it:\n"
                   "  \"runtimes\": { \"%s\": %s }\n",
                   install->engine->root_file, install->handler, runtime.ptr);
    return 0;
}
