/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/identity.h"

#include <string.h>

#include "normalize/base/glob.h"
#include "normalize/policy/policy.h"

#define MAX_WORDS 6 /* of a name that CRI-O puts together */
#define MAX_KEYS 2  /* the first that says something counts */
#define MAX_PATH 3  /* the last components of a bundle's path */

/*
 * An annotation, or a word of one: CRI-O's names are "k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT" and
 * "k8s_POD_NAMESPACE_UID_ATTEMPT", and none of these has a "_" in it (server/naming.go).
 */
struct key {
    char annotation[44]; /* "": nothing says it */
    uint8_t words;       /* 0: all of it is meant; else it has so many, */
    uint8_t word;        /* and this one of them is meant */
};

/* What an engine alone writes of a container, or of a sandbox. */
struct words {
    struct key namespace_;
    struct key pod;
    struct key pod_uid;
    struct key container;
    struct key name;
    struct key images[MAX_KEYS];
};

/*
 * containerd's CRI plugin adds the annotations of a pod and of a container that its configuration
 * lets through (pod_annotations, container_annotations) first, and its own after them: nobody
 * overwrites these. Read in 1.2 to 2.3: container-type and sandbox-id since 1.2, container-name
 * since 1.4, sandbox-namespace, sandbox-name and image-name since 1.5, sandbox-uid since 1.6.
 */
#define CONTAINERD_WORDS                                                                           \
    .namespace_ = { "io.kubernetes.cri.sandbox-namespace", 0, 0 },                                 \
    .pod = { "io.kubernetes.cri.sandbox-name", 0, 0 },                                             \
    .pod_uid = { "io.kubernetes.cri.sandbox-uid", 0, 0 },                                          \
    .container = { "io.kubernetes.cri.container-name", 0, 0 },                                     \
    .name = { "io.kubernetes.cri.container-name", 0, 0 },                                          \
    .images = { { "io.kubernetes.cri.image-name", 0, 0 },                                          \
                { "io.kubernetes.cri.podsandbox.image-name", 0, 0 } }

/*
 * CRI-O adds a pod's annotations to its containers first, and then its own: Name, SandboxName,
 * SandboxID, ContainerType, Image, ImageName. Namespace and KubeName are not among these, and so
 * are the pod author's on a container. On a sandbox the pod's annotations come last and overwrite
 * all of CRI-O's; only the kubelet's labels (io.kubernetes.pod.*) come after them. Read in 1.26,
 * 1.30, 1.33 and 1.36 (internal/factory/container, server/sandbox_run_linux.go).
 */
static const struct engine {
    char name[12];
    char path[MAX_PATH][32]; /* globs of the last components; "@" is the container's id */
    char unit[8];            /* what the id has before it in cgroupsPath; "": that may be any */
    bool in_pod;
    char type_key[36];    /* says "sandbox" for the pause container; "": nothing says it */
    char sandbox_key[32]; /* says the id of the pause container */
    struct words container;
    struct words sandbox;
} engines[] = {
    {
        .name = "containerd",
        .path = { "io.containerd.runtime.v[12].*", "k8s.io", "@" },
        .in_pod = true,
        .type_key = "io.kubernetes.cri.container-type",
        .sandbox_key = "io.kubernetes.cri.sandbox-id",
        .container = { CONTAINERD_WORDS },
        .sandbox = { CONTAINERD_WORDS },
    },
    {
        .name = "cri-o",
        .path = { "*-containers", "@", "userdata" },
        .unit = "crio",
        .in_pod = true,
        .type_key = "io.kubernetes.cri-o.ContainerType",
        .sandbox_key = "io.kubernetes.cri-o.SandboxID",
        .container = { .namespace_ = { "io.kubernetes.cri-o.SandboxName", 5, 2 },
                       .pod = { "io.kubernetes.cri-o.SandboxName", 5, 1 },
                       .pod_uid = { "io.kubernetes.cri-o.SandboxName", 5, 3 },
                       .container = { "io.kubernetes.cri-o.Name", 6, 1 },
                       .name = { "io.kubernetes.cri-o.Name", 0, 0 },
                       .images = { { "io.kubernetes.cri-o.ImageName", 0, 0 },
                                   { "io.kubernetes.cri-o.Image", 0, 0 } } },
        .sandbox = { .namespace_ = { "io.kubernetes.pod.namespace", 0, 0 },
                     .pod = { "io.kubernetes.pod.name", 0, 0 },
                     .pod_uid = { "io.kubernetes.pod.uid", 0, 0 } },
    },
    { .name = "podman", .path = { "*-containers", "@", "userdata" }, .unit = "libpod" },
    { .name = "docker", .path = { "io.containerd.runtime.v[12].*", "moby", "@" } },
};

/* ---- where it lies ---------------------------------------------------------------------- */

/* Takes the last component off @path of *@len bytes. */
static struct ocn_bytes last_component(const char *path, size_t *len)
{
    size_t end = *len;

    while (end > 0 && path[end - 1] == '/') {
        end--;
    }
    size_t start = end;
    while (start > 0 && path[start - 1] != '/') {
        start--;
    }
    *len = start;
    return (struct ocn_bytes){ path + start, end - start };
}

static bool is_like(struct ocn_bytes name, const char *glob)
{
    char text[256];

    if (name.len == 0 || name.len >= sizeof(text)) {
        return false;
    }
    memcpy(text, name.ptr, name.len);
    text[name.len] = '\0';
    return ocn_glob_matches(glob, text);
}

/* Whether the path of @bundle ends as @engine's do; *ret_id is then the id in it. */
static bool is_place(const struct engine *engine, const char *bundle, struct ocn_bytes *ret_id)
{
    size_t len = strlen(bundle);

    for (size_t i = MAX_PATH; i > 0; i--) {
        struct ocn_bytes name = last_component(bundle, &len);
        bool is_id = strcmp(engine->path[i - 1], "@") == 0;
        if (name.len == 0 || (!is_id && !is_like(name, engine->path[i - 1]))) {
            return false;
        }
        if (is_id) {
            *ret_id = name;
        }
    }
    return true;
}

static bool is_text(struct ocn_bytes bytes, const char *text)
{
    return text != NULL && bytes.ptr != NULL && strlen(text) == bytes.len &&
           memcmp(text, bytes.ptr, bytes.len) == 0;
}

/* "PARENT/crio-ID" (cgroupfs) or "SLICE:crio:ID" (systemd), which engines put together themselves.
 */
static bool is_unit(const char *unit, const char *cgroups_path, struct ocn_bytes id)
{
    size_t unit_len = strlen(unit);
    size_t len = cgroups_path != NULL ? strlen(cgroups_path) : 0;

    if (cgroups_path == NULL || id.ptr == NULL || len < id.len + unit_len + 2) {
        return false;
    }
    const char *at = cgroups_path + len - id.len;
    const char *name = at - 1 - unit_len;
    return memcmp(at, id.ptr, id.len) == 0 && strncmp(name, unit, unit_len) == 0 &&
           ((at[-1] == '-' && name[-1] == '/') || (at[-1] == ':' && name[-1] == ':'));
}

static const struct engine *find_engine(const struct ocn_container *container,
                                        struct ocn_bytes *ret_id)
{
    if (container->bundle == NULL || container->placeless) {
        return NULL;
    }
    for (size_t i = 0; i < OCN_COUNT(engines); i++) {
        struct ocn_bytes id = { NULL, 0 };
        if (is_place(&engines[i], container->bundle, &id) &&
            (container->id == NULL || is_text(id, container->id)) &&
            (engines[i].unit[0] == '\0' ||
             is_unit(engines[i].unit, container->linux_.cgroups_path, id))) {
            *ret_id = id;
            return &engines[i];
        }
    }
    return NULL;
}

/* ---- what its engine says --------------------------------------------------------------- */

/* What @key says; NULL: nothing. */
static const char *read_key(const struct ocn_container *container, const struct key *key,
                            struct ocn_arena *arena)
{
    const char *text =
        key->annotation[0] != '\0' ? ocn_oci_annotation_get(container, key->annotation) : NULL;
    struct ocn_bytes words[MAX_WORDS];
    size_t count = 0;

    if (text == NULL || text[0] == '\0' || key->words == 0) {
        return text != NULL && text[0] != '\0' ? text : NULL;
    }
    for (const char *at = text; count < MAX_WORDS; at++) {
        size_t len = strcspn(at, "_");
        words[count++] = (struct ocn_bytes){ at, len };
        at += len;
        if (*at == '\0') {
            break;
        }
    }
    const struct ocn_bytes last = words[count - 1];
    if (count != key->words || last.ptr[last.len] != '\0' || !is_text(words[0], "k8s") ||
        words[key->word].len == 0) {
        return NULL;
    }
    return ocn_arena_copy(arena, words[key->word].ptr, words[key->word].len);
}

static void read_words(const struct ocn_container *container, const struct words *words,
                       struct ocn_arena *arena, struct ocn_identity *ret)
{
    const struct {
        const struct key *key;
        const char **place;
    } rows[] = {
        { &words->namespace_, &ret->namespace_ },
        { &words->pod, &ret->pod },
        { &words->pod_uid, &ret->pod_uid },
        { &words->container, &ret->container },
        { &words->name, &ret->name },
        { &words->images[0], &ret->image },
        { &words->images[1], &ret->image },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        if (*rows[i].place == NULL) {
            *rows[i].place = read_key(container, rows[i].key, arena);
        }
    }
}

/* A key that says what a container is, but is not the word of @own, where it lies. */
static const char *find_forged(const struct ocn_container *container, const struct engine *own)
{
    for (size_t i = 0; i < OCN_COUNT(engines); i++) {
        const char *key = engines[i].type_key;
        if (&engines[i] != own && key[0] != '\0' &&
            ocn_oci_annotation_get(container, key) != NULL) {
            return key;
        }
    }
    return NULL;
}

int ocn_identity_read(const struct ocn_container *container, struct ocn_arena *arena,
                      struct ocn_identity *ret, struct ocn_error *err)
{
    struct ocn_bytes id = { NULL, 0 };
    const struct engine *engine = find_engine(container, &id);
    struct ocn_identity identity = { .forged = find_forged(container, engine) };

    if (engine != NULL) {
        const char *type = engine->type_key[0] != '\0'
                               ? ocn_oci_annotation_get(container, engine->type_key)
                               : NULL;
        identity.engine = engine->name;
        identity.in_pod = engine->in_pod;
        identity.sandbox = type != NULL && strcmp(type, "sandbox") == 0 &&
                           is_text(id, ocn_oci_annotation_get(container, engine->sandbox_key));
        read_words(container, identity.sandbox ? &engine->sandbox : &engine->container, arena,
                   &identity);
    }
    if (ocn_arena_check(arena, err) < 0) {
        return -1;
    }
    *ret = identity;
    return 0;
}

/* ---- match ------------------------------------------------------------------------------ */

/* An empty list holds; a value that nobody told does not match a list that asks for one. */
static enum ocn_match any_matches(const struct ocn_strings *globs, const char *value, bool owed)
{
    for (size_t i = 0; i < globs->len; i++) {
        if (value != NULL && ocn_glob_matches(globs->items[i], value)) {
            return OCN_MATCH_YES;
        }
    }
    return globs->len == 0         ? OCN_MATCH_YES
           : value == NULL && owed ? OCN_MATCH_UNKNOWN
                                   : OCN_MATCH_NO;
}

enum ocn_match ocn_identity_matches(const struct ocn_identity *identity,
                                    const struct ocn_container *container,
                                    const struct ocn_policy_when *when)
{
    bool owed = identity->in_pod && !identity->sandbox;

    for (size_t i = 0; i < when->annotations.len; i++) {
        const char *value = ocn_oci_annotation_get(container, when->annotations.items[i].name);
        if (value == NULL || !ocn_glob_matches(when->annotations.items[i].value, value)) {
            return OCN_MATCH_NO;
        }
    }
    const enum ocn_match namespace_ = any_matches(&when->namespaces, identity->namespace_, owed);
    const enum ocn_match image = any_matches(&when->images, identity->image, owed);
    if (namespace_ == OCN_MATCH_NO || image == OCN_MATCH_NO) {
        return OCN_MATCH_NO;
    }
    return namespace_ == OCN_MATCH_YES ? image : namespace_;
}
