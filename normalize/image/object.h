/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What registries and layouts hold (OCI image-spec: image-index.md, manifest.md, config.md,
 * descriptor.md), and Docker's twins of it, as structs. Nothing here has been verified yet but
 * form.
 */
#pragma once

#include "normalize/json/bind.h"

/* As the libraries of skopeo, Podman and CRI-O have it (iolimits); ECR stops at 4 MiB, too. */
#define OCN_IMAGE_MAX_MANIFEST ((size_t)4 << 20)
#define OCN_IMAGE_MAX_CONFIG ((size_t)8 << 20)

/* What a media type says. Docker's twin is the same kind. */
enum ocn_object_kind {
    OCN_OBJECT_UNKNOWN,
    OCN_OBJECT_INDEX,
    OCN_OBJECT_MANIFEST,
    OCN_OBJECT_CONFIG,
    OCN_OBJECT_LAYER,
    OCN_OBJECT_EMPTY,    /* `{}`: an artifact's config */
    OCN_OBJECT_SCHEMA_1, /* Docker's first manifests: obsolete, and not read */
};

struct ocn_object_platform {
    const char *os;
    const char *arch;
    const char *variant; /* NULL: none is named */
    const char *os_version;
};

/* descriptor.md */
struct ocn_descriptor {
    const char *media_type;
    const char *digest; /* ALGORITHM:ENCODED */
    double size;        /* bytes; -1: not said */
    struct ocn_object_platform platform;
    struct ocn_pairs annotations;
    const char *artifact_type;
};

/* image-index.md */
struct ocn_object_index {
    const char *media_type;
    struct ocn_list manifests; /* struct ocn_descriptor */
    struct ocn_pairs annotations;
};

/* manifest.md */
struct ocn_object_manifest {
    const char *media_type;
    const char *artifact_type;
    struct ocn_descriptor config;
    struct ocn_list layers; /* struct ocn_descriptor, lowest first */
    struct ocn_pairs annotations;
};

struct ocn_object_history {
    const char *created_by;
    const char *comment;
    bool empty_layer;
};

/* config.md; the members that only Docker has are left out. */
struct ocn_object_config {
    struct ocn_object_platform platform;
    const char *created;
    const char *rootfs_type;
    struct ocn_strings diff_ids; /* of the uncompressed layers, lowest first */
    struct ocn_list history;     /* struct ocn_object_history */
    const char *user;
    struct ocn_strings env;
    struct ocn_strings entrypoint;
    struct ocn_strings cmd;
    const char *working_dir;
    json_t *exposed_ports; /* an object; NULL: none */
    json_t *volumes;
    struct ocn_pairs labels;
    const char *stop_signal;
};

/* A document that one of the above borrows from; release with ocn_object_done(). */
struct ocn_object {
    json_t *json;
    struct ocn_arena arena;
};

void ocn_object_done(struct ocn_object *object);

enum ocn_object_kind ocn_object_kind_of(const char *media_type);

/* "an image index", for messages. */
const char *ocn_object_kind_name(enum ocn_object_kind kind);

/* true: Docker's name of the kind, not OCI's. */
bool ocn_object_is_docker(const char *media_type);

/*
 * What a document is by its members, where no media type tells. One that has both `manifests` and
 * `layers` or `config` is ambiguous, and an error (CVE-2021-41190).
 */
OCN_MUST_USE int ocn_object_sniff(struct ocn_bytes text, enum ocn_object_kind *ret,
                                  struct ocn_error *err);

/*
 * Each reads one document. The strings of @ret are borrowed from @object, which the caller releases
 * also when this fails.
 */
OCN_MUST_USE int ocn_object_read_index(struct ocn_bytes text, struct ocn_object *object,
                                       struct ocn_object_index *ret, struct ocn_error *err);
OCN_MUST_USE int ocn_object_read_manifest(struct ocn_bytes text, struct ocn_object *object,
                                          struct ocn_object_manifest *ret, struct ocn_error *err);
OCN_MUST_USE int ocn_object_read_config(struct ocn_bytes text, struct ocn_object *object,
                                        struct ocn_object_config *ret, struct ocn_error *err);

/* One row of docker-archive's manifest.json. */
struct ocn_object_saved {
    const char *config; /* a name in the archive */
    struct ocn_strings tags;
    struct ocn_strings layers;
};

/* manifest.json of a docker-archive: *ret is a list of struct ocn_object_saved. */
OCN_MUST_USE int ocn_object_read_saved(struct ocn_bytes text, struct ocn_object *object,
                                       struct ocn_list *ret, struct ocn_error *err);

/* What a digest is: sha256 and sha512 can be verified, others are valid and cannot. */
enum ocn_digest_kind {
    OCN_DIGEST_MALFORMED,
    OCN_DIGEST_OTHER,
    OCN_DIGEST_SHA256,
    OCN_DIGEST_SHA512
};

/* By descriptor.md, "Digests". *ret_hex: what stands behind the colon; NULL: nobody asks. */
enum ocn_digest_kind ocn_object_digest_kind(const char *digest, const char **ret_hex);

/* "OS/ARCH[/VARIANT]" from @arena, printable as it came. */
const char *ocn_object_platform_text(const struct ocn_object_platform *platform,
                                     struct ocn_arena *arena);

/*
 * Whether two are the same platform: a variant that is not named is the usual one of its
 * architecture (arm64: v8, arm: v7, amd64: v1), as containerd's platforms package has it.
 */
bool ocn_object_same_platform(const struct ocn_object_platform *a,
                              const struct ocn_object_platform *b);

/* Reads "OS/ARCH[/VARIANT]" into @arena; "ARCH" alone is Linux's. */
OCN_MUST_USE int ocn_object_parse_platform(const char *text, struct ocn_arena *arena,
                                           struct ocn_object_platform *ret, struct ocn_error *err);
