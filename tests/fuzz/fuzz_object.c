/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What registries hold: index, manifest, configuration, docker-archive's manifest.json. What is
 * read is read, or refused with a reason; a configuration becomes a config.json that our reader
 * takes.
 */
#include "normalize/image/engine.h"
#include "tests/fuzz/fuzz.h"

static void convert(const struct ocn_object_config *config)
{
    static const char *const capabilities[] = { "CAP_CHOWN" };
    static const char *const env[] = { "PATH=/bin" };
    const struct ocn_engine engine = { .env = { (const char **)(uintptr_t)env, 1 },
                                       .capabilities = { (const char **)(uintptr_t)capabilities,
                                                         1 },
                                       .image_annotations = true };
    static const char passwd[] = "root:x:0:0::/root:\napp:x:1001:1001::/:\n";
    static const char group[] = "root:x:0:\nwheel:x:10:app\n";
    const struct ocn_engine_limits limits = { 1.5, 1e9 };
    OCN_CLEANUP(ocn_container_freep) struct ocn_container *container = NULL;
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_image_user user = { 0 };

    ocn_fuzz_require(ocn_image_user_find(
                         config->user, (struct ocn_bytes){ passwd, sizeof(passwd) - 1 },
                         (struct ocn_bytes){ group, sizeof(group) - 1 }, &arena, &user, NULL) == 0);
    ocn_fuzz_require(ocn_engine_convert(&engine, config, &user, &limits, &text, NULL) == 0);
    ocn_fuzz_require(ocn_container_parse(ocn_buf_bytes(&text), &container, NULL) == 0);
    ocn_fuzz_require(container->process.user.uid == user.uid);
    ocn_fuzz_require(container->process.args.len == config->entrypoint.len + config->cmd.len);
}

static void read_as(int kind, struct ocn_bytes text)
{
    OCN_CLEANUP(ocn_object_done) struct ocn_object object = { 0 };
    struct ocn_object_manifest manifest;
    struct ocn_object_config config;
    struct ocn_object_index index;
    struct ocn_list saved;
    struct ocn_error err = { 0 };
    int status = -1;

    switch (kind) {
    case 0:
        status = ocn_object_read_index(text, &object, &index, &err);
        break;
    case 1:
        status = ocn_object_read_manifest(text, &object, &manifest, &err);
        break;
    case 2:
        status = ocn_object_read_saved(text, &object, &saved, &err);
        break;
    default:
        status = ocn_object_read_config(text, &object, &config, &err);
        if (status == 0) {
            convert(&config);
        }
        break;
    }
    ocn_fuzz_require(status == 0 || (err.code != OCN_OK && err.msg[0] != '\0'));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct ocn_bytes text = ocn_fuzz_bytes(data, size);
    enum ocn_object_kind kind = OCN_OBJECT_UNKNOWN;
    struct ocn_error err = { 0 };

    if (ocn_object_sniff(text, &kind, &err) < 0) {
        ocn_fuzz_require(err.code != OCN_OK);
    }
    for (int i = 0; i < 4; i++) {
        read_as(i, text);
    }
    return 0;
}
