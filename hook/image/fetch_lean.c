/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/fetch_lean.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hook/image/fetch.h"
#include "hook/image/work.h"
#include "hook/sys/io.h"
#include "hook/sys/replace.h"
#include "normalize/json/json.h"
#include "normalize/json/load.h"

#define REGISTRY "docker://"
#define MAX_ROUNDS (OCN_SELECT_MAX_DEPTH + 2) /* each finds what the last one brought */
#define MAX_LISTED ((size_t)4 << 20)

/* What is fetched, and to where. */
struct fetching {
    const char *source; /* as it was given */
    const char *base;   /* without tag and digest */
    struct ocn_fetch_places places;
    const struct ocn_hash_digests *digests;
    struct ocn_arena *arena;
};

bool ocn_fetch_lean_is(const char *text)
{
    return strncmp(text, REGISTRY, strlen(REGISTRY)) == 0;
}

/* docker://HOST:PORT/NAME[:TAG][@DIGEST]: a colon behind the last slash begins a tag. */
static const char *base_of(const char *source, struct ocn_arena *arena)
{
    size_t len = strcspn(source, "@");
    const char *base = ocn_arena_copy(arena, source, len);
    const char *slash = strrchr(base, '/');
    const char *colon = slash != NULL ? strchr(slash, ':') : NULL;

    return colon != NULL ? ocn_arena_copy(arena, base, (size_t)(colon - base)) : base;
}

/* ---- one object ------------------------------------------------------------------------------ */

/* skopeo inspect --raw [--config] @name: the bytes as the registry has them. */
static int inspect(const struct fetching *fetching, const char *name, bool config,
                   struct ocn_buf *ret, struct ocn_error *err)
{
    ocn_autoclose int printed = memfd_create("skopeo", MFD_CLOEXEC);
    char *from = ocn_arena_copy(fetching->arena, name, strlen(name));
    char words[][16] = { "skopeo", "inspect", "--raw", "--config" };
    char *const plain[] = { words[0], words[1], words[2], from, NULL };
    char *const of_config[] = { words[0], words[1], words[2], words[3], from, NULL };

    if (printed < 0) {
        return ocn_fail_sys(err, errno, name, "cannot make room for what skopeo prints");
    }
    if (ocn_arena_check(fetching->arena, err) < 0 ||
        ocn_fetch_skopeo(config ? of_config : plain, fetching->source, printed, err) < 0) {
        return -1;
    }
    if (lseek(printed, 0, SEEK_SET) < 0) {
        return ocn_fail_sys(err, errno, name, "cannot read what skopeo printed");
    }
    return ocn_io_read_fd(printed, name, config ? OCN_IMAGE_MAX_CONFIG : OCN_IMAGE_MAX_MANIFEST,
                          ret, err);
}

static int check_digest(const struct fetching *fetching, struct ocn_bytes bytes, const char *digest,
                        struct ocn_error *err)
{
    OCN_CLEANUP(ocn_hash_freep) struct ocn_hash *hash = NULL;

    if (ocn_hash_new(fetching->digests, digest, &hash, err) < 0) {
        return -1;
    }
    ocn_hash_add(hash, bytes.ptr, bytes.len);
    return ocn_hash_is(hash, digest)
               ? 0
               : ocn_fail(err, OCN_E_FORMAT, fetching->base,
                          "the registry serves something else as %s: its digest does not match; "
                          "do not trust it",
                          digest);
}

/* @digest: that of sha256 or sha512 that it has. */
static int keep(const struct fetching *fetching, const char *digest, struct ocn_bytes bytes,
                struct ocn_error *err)
{
    struct ocn_error problem = { 0 };
    size_t algorithm = strcspn(digest, ":");
    const char *directory = ocn_arena_printf(fetching->arena, "%s/%.*s", fetching->places.blobs,
                                             (int)algorithm, digest);
    const char *path =
        ocn_arena_printf(fetching->arena, "%s/%s", directory, digest + algorithm + 1);

    if (ocn_arena_check(fetching->arena, err) < 0) {
        return -1;
    }
    if (mkdir(directory, 0700) < 0 && errno != EEXIST) {
        return ocn_fail_sys(err, errno, directory, "cannot make the cache's directory");
    }
    return ocn_replace_new_file(path, bytes, 0600, &problem) < 0 && problem.sys != EEXIST
               ? ocn_fail(err, problem.code, problem.where, "%s", problem.msg)
               : 0;
}

static int fetch_object(const struct fetching *fetching, const char *manifest, const char *config,
                        struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    const char *name = ocn_arena_printf(fetching->arena, "%s@%s", fetching->base, manifest);
    const char *digest = config != NULL ? config : manifest;

    return inspect(fetching, name, config != NULL, &bytes, err) < 0 ||
                   check_digest(fetching, ocn_buf_bytes(&bytes), digest, err) < 0
               ? -1
               : keep(fetching, digest, ocn_buf_bytes(&bytes), err);
}

/* ---- where it begins ------------------------------------------------------------------------- */

/* A layout whose only image is what the name stands for now; nobody has to read it to write that.
 */
static int write_layout(const struct fetching *fetching, const char *digest, size_t size,
                        struct ocn_error *err)
{
    static const char version[] = "{\"imageLayoutVersion\": \"1.0.0\"}";
    const char *marker =
        ocn_arena_printf(fetching->arena, "%s/oci-layout", fetching->places.layout);
    const char *index = ocn_arena_printf(fetching->arena, "%s/index.json", fetching->places.layout);
    const char *text = ocn_arena_printf(
        fetching->arena,
        "{\"schemaVersion\": 2, \"manifests\": [{\"digest\": \"%s\", \"size\": %zu, "
        "\"annotations\": {\"org.opencontainers.image.ref.name\": \"" OCN_FETCH_REFERENCE "\"}}]}",
        digest, size);
    struct ocn_error problem = { 0 };

    if (ocn_arena_check(fetching->arena, err) < 0 ||
        (ocn_replace_new_file(marker, (struct ocn_bytes){ version, strlen(version) }, 0600,
                              &problem) < 0 &&
         problem.sys != EEXIST)) {
        return ocn_fail(err, problem.code, problem.where, "%s", problem.msg);
    }
    if (unlink(index) < 0 && errno != ENOENT) {
        return ocn_fail_sys(err, errno, index, "cannot replace it");
    }
    return ocn_replace_new_file(index, (struct ocn_bytes){ text, strlen(text) }, 0600, err);
}

static int fetch_first(const struct fetching *fetching, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf bytes = { 0 };
    char digest[OCN_HASH_TEXT] = "";

    return inspect(fetching, fetching->source, false, &bytes, err) < 0 ||
                   ocn_hash_text(fetching->digests, ocn_buf_bytes(&bytes), digest, err) < 0 ||
                   keep(fetching, digest, ocn_buf_bytes(&bytes), err) < 0
               ? -1
               : write_layout(fetching, digest, bytes.len, err);
}

/* ---- what it names --------------------------------------------------------------------------- */

/* In the child: [{"manifest", "config"}]. */
static int list_missed(const struct ocn_work *work, const struct ocn_selection *selection,
                       struct ocn_buf *out, struct ocn_error *err)
{
    const struct ocn_missed *items = selection->missed.items;
    json_auto_t *list = json_array();

    (void)work;
    for (size_t i = 0; i < selection->missed.len; i++) {
        if (json_array_append_new(list, json_pack("{s:s, s:s?}", "manifest", items[i].manifest,
                                                  "config", items[i].config)) < 0) {
            return ocn_fail_nomem(err);
        }
    }
    return ocn_json_dump(list, JSON_COMPACT, out, err);
}

/* What the child says becomes a name and a path: only digests that can be verified do. */
static bool is_digest(const char *text)
{
    enum ocn_digest_kind kind = ocn_object_digest_kind(text, NULL);

    return kind == OCN_DIGEST_SHA256 || kind == OCN_DIGEST_SHA512;
}

static int fetch_missed(const struct fetching *fetching, const json_t *list, struct ocn_error *err)
{
    const json_t *item;
    size_t i;

    json_array_foreach (list, i, item) {
        const char *manifest = json_string_value(json_object_get(item, "manifest"));
        const char *config = json_string_value(json_object_get(item, "config"));
        if (!is_digest(manifest) || (config != NULL && !is_digest(config))) {
            return ocn_fail(err, OCN_E_UNSUPPORTED, fetching->source,
                            "a digest in it is neither of sha256 nor of sha512, and cannot be "
                            "verified");
        }
        if (i == OCN_SELECT_MAX_OBJECTS) {
            return ocn_fail(err, OCN_E_LIMIT, fetching->source, "names more than %d manifests",
                            OCN_SELECT_MAX_OBJECTS);
        }
        if (fetch_object(fetching, manifest, config, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int fetch_round(const struct fetching *fetching, const struct ocn_image_input *input,
                       size_t *ret_fetched, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf said = { 0 };
    const struct ocn_work work = { .input = input, .may_miss = true, .run = list_missed };
    json_auto_t *list = NULL;

    if (ocn_work_confined(&work, &said, err) < 0 ||
        ocn_json_load_value(ocn_buf_bytes(&said), MAX_LISTED, &list, err) < 0) {
        return -1;
    }
    *ret_fetched = json_array_size(list);
    return fetch_missed(fetching, list, err);
}

int ocn_fetch_lean(const char *text, struct ocn_image_input *ret, struct ocn_error *err)
{
    size_t fetched = 1;

    ret->name = text;
    if (ocn_hash_digests_new(&ret->digests, err) < 0) {
        return -1;
    }
    ret->blobs.digests = ret->digests;
    ret->reference = OCN_FETCH_REFERENCE;
    struct fetching fetching = { .source = text,
                                 .base = base_of(text, &ret->arena),
                                 .digests = ret->digests,
                                 .arena = &ret->arena };
    if (ocn_fetch_places(text, "lean", &ret->arena, &fetching.places, err) < 0 ||
        fetch_first(&fetching, err) < 0 || ocn_fetch_open(&fetching.places, &ret->blobs, err) < 0) {
        return -1;
    }
    for (int i = 0; i < MAX_ROUNDS && fetched != 0; i++) {
        if (fetch_round(&fetching, ret, &fetched, err) < 0) {
            return -1;
        }
    }
    return ocn_arena_check(&ret->arena, err);
}
