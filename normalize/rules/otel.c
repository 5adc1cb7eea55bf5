/* SPDX-License-Identifier: Apache-2.0 */
/*
 * env.otel: what OpenTelemetry SDKs are to say of the container, in OTEL_RESOURCE_ATTRIBUTES. The
 * container's own list stays first, byte for byte; only keys that it lacks are appended. Of the
 * other sources an annotation of the pod wins over the policy, and the policy over what is derived
 * here.
 *
 * OTEL_SDK_DISABLED=true is no reason to stop: Go's SDK never reads it, and one that does ignores
 * the attributes as well.
 */
#include <string.h>

#include "normalize/rules/attributes.h"
#include "normalize/rules/entry.h"
#include "normalize/rules/go_env.h"
#include "normalize/rules/image.h"
#include "normalize/rules/judge.h"
#include "normalize/rules/rules.h"

#define PROBE "OTEL_GO_AUTO_INSTRUMENTATION_ENABLED"
#define ANNOTATION_PREFIX "resource.opentelemetry.io/"

#define MAX_ANNOTATIONS 64
#define MAX_ANNOTATION_NAME 63 /* what Kubernetes allows behind the slash */
#define MAX_ATTRIBUTE ((size_t)1024)
#define MAX_OURS ((size_t)16 << 10)
/* Of the whole list: half of what execve(2) takes as one string, so that others may edit it, too.
 */
#define MAX_LIST ((size_t)64 << 10)
#define MAX_ID 1024 /* as runc has it */
#define HASH_SIZE 64
#define HEX_DIGITS "0123456789abcdef"

/* An empty value is left out, and with it what weaker sources say: a way to drop an attribute. */
struct attribute {
    const char *name;
    struct ocn_bytes value;
    const char *source;
};

/* What is known, strongest source first; a name is there once. */
struct resource {
    struct ocn_judge *judge;
    const struct ocn_gobuild *build; /* NULL: no Go program, or it is not seen */
    struct attribute *items;
    size_t len;
};

static const struct ocn_bytes nothing = { NULL, 0 };

static struct ocn_bytes all_of(const char *text)
{
    return text != NULL ? (struct ocn_bytes){ text, strlen(text) } : nothing;
}

static int add(struct resource *resource, const char *name, struct ocn_bytes value,
               const char *source, struct ocn_error *err)
{
    struct ocn_arena *arena = &resource->judge->outcome->arena;

    if (value.ptr == NULL || value.len > MAX_ATTRIBUTE) {
        return 0;
    }
    for (size_t i = 0; i < resource->len; i++) {
        if (strcmp(resource->items[i].name, name) == 0) {
            return 0;
        }
    }
    struct attribute *items = ocn_arena_grow(arena, resource->items, resource->len, sizeof(*items));
    if (items == NULL) {
        return ocn_fail_nomem(err);
    }
    items[resource->len++] = (struct attribute){ name, value, source };
    resource->items = items;
    return 0;
}

/* ---- annotations and policy ------------------------------------------------------------- */

static int add_annotations(struct resource *resource, struct ocn_error *err)
{
    const struct ocn_pairs *annotations = &resource->judge->container->annotations;
    const size_t prefix = sizeof(ANNOTATION_PREFIX) - 1;
    size_t count = 0;

    for (size_t i = 0; i < annotations->len && count < MAX_ANNOTATIONS; i++) {
        const struct ocn_pair *pair = &annotations->items[i];
        const char *name = pair->name + prefix;
        if (strncmp(pair->name, ANNOTATION_PREFIX, prefix) != 0 ||
            strlen(name) > MAX_ANNOTATION_NAME || !ocn_attributes_is_name(name)) {
            continue;
        }
        count++;
        if (add(resource, name, all_of(pair->value), "annotation", err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int add_policy(struct resource *resource, struct ocn_error *err)
{
    const struct ocn_pairs *set = &resource->judge->policy->env.resource;

    for (size_t i = 0; i < set->len; i++) {
        if (add(resource, set->items[i].name, all_of(set->items[i].value), "env.resource", err) <
            0) {
            return -1;
        }
    }
    return 0;
}

/* ---- what is derived -------------------------------------------------------------------- */

/* Semantic conventions, host.arch; they allow the GOARCH name where they have none of their own. */
static struct ocn_bytes host_arch(const struct resource *resource)
{
    static const struct {
        char goarch[8];
        char name[8];
    } names[] = { { "386", "x86" }, { "arm", "arm32" }, { "ppc64le", "ppc64" } };
    const char *arch = resource->judge->outcome->facts.host.arch;

    for (size_t i = 0; arch != NULL && i < OCN_COUNT(names); i++) {
        if (strcmp(arch, names[i].goarch) == 0) {
            return all_of(names[i].name);
        }
    }
    return all_of(arch);
}

/* As the runtimes accept it (runc, libcontainer validateID). */
static struct ocn_bytes given_id(const struct resource *resource)
{
    static const char characters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.+-";
    struct ocn_bytes id = all_of(resource->judge->container->id);

    return id.len != 0 && id.len <= MAX_ID && strspn(id.ptr, characters) == id.len ? id : nothing;
}

static bool is_hash(const char *text)
{
    return strspn(text, HEX_DIGITS) == HASH_SIZE && text[HASH_SIZE] == '\0';
}

/* Where no runtime tells it: every engine ends the cgroup with its id, as "libpod-ID" or "p:s:ID".
 */
static struct ocn_bytes id_of_cgroup(const struct resource *resource)
{
    struct ocn_bytes path = all_of(resource->judge->container->linux_.cgroups_path);

    if (path.len <= HASH_SIZE || strchr("/:-", path.ptr[path.len - HASH_SIZE - 1]) == NULL ||
        !is_hash(path.ptr + path.len - HASH_SIZE)) {
        return nothing;
    }
    return (struct ocn_bytes){ path.ptr + path.len - HASH_SIZE, HASH_SIZE };
}

static struct ocn_bytes container_name(const struct resource *resource)
{
    return all_of(resource->judge->identity.name);
}

/* "HOST:PORT/NAME" of "HOST:PORT/NAME:TAG@DIGEST"; an image that only has an id has no name. */
static struct ocn_bytes image_name(const struct resource *resource)
{
    const char *image = resource->judge->identity.image;

    if (image == NULL || is_hash(image) ||
        (strncmp(image, "sha256:", 7) == 0 && is_hash(image + 7))) {
        return nothing;
    }
    size_t len = strcspn(image, "@");
    size_t colon = len;
    while (colon > 0 && image[colon - 1] != ':' && image[colon - 1] != '/') {
        colon--;
    }
    bool tag = colon > 0 && image[colon - 1] == ':';
    return (struct ocn_bytes){ image, tag ? colon - 1 : len };
}

static struct ocn_bytes namespace_name(const struct resource *resource)
{
    return all_of(resource->judge->identity.namespace_);
}

static struct ocn_bytes pod_name(const struct resource *resource)
{
    return all_of(resource->judge->identity.pod);
}

static struct ocn_bytes pod_uid(const struct resource *resource)
{
    return all_of(resource->judge->identity.pod_uid);
}

static struct ocn_bytes k8s_container_name(const struct resource *resource)
{
    return all_of(resource->judge->identity.container);
}

static struct ocn_bytes declared_version(const struct resource *resource)
{
    return all_of(
        ocn_oci_annotation_get(resource->judge->container, "org.opencontainers.image.version"));
}

/* The image's words: a byte that is no UTF-8 would make exporters drop all that they have to say.
 */
static struct ocn_bytes printable(const char *text)
{
    struct ocn_bytes value = all_of(text);

    for (size_t i = 0; i < value.len; i++) {
        if (text[i] < ' ' || text[i] > '~') {
            return nothing;
        }
    }
    return value.len != 0 ? value : nothing;
}

static struct ocn_bytes module_version(const struct resource *resource)
{
    const char *version = resource->build != NULL ? resource->build->main.version : NULL;

    return version != NULL && strcmp(version, "(devel)") != 0 ? printable(version) : nothing;
}

/* "go" for the usual compiler, else runtime.Compiler. */
static struct ocn_bytes runtime_name(const struct resource *resource)
{
    const char *compiler = NULL;

    if (resource->build == NULL) {
        return nothing;
    }
    compiler = ocn_gobuild_setting(resource->build, "-compiler");
    return compiler == NULL || strcmp(compiler, "gc") == 0 ? all_of("go") : printable(compiler);
}

static struct ocn_bytes runtime_version(const struct resource *resource)
{
    return resource->build != NULL ? printable(resource->build->version) : nothing;
}

/* A source of NULL is the engine. service.name is not guessed: a wrong one is worse than none. */
static const struct {
    const char *name;
    const char *source;
    struct ocn_bytes (*value)(const struct resource *resource);
} derived[] = {
    { "host.arch", "node", host_arch },
    { "container.id", "runtime", given_id },
    { "container.id", "cgroupsPath", id_of_cgroup },
    { "container.name", NULL, container_name },
    { "container.image.name", NULL, image_name },
    { "k8s.namespace.name", NULL, namespace_name },
    { "k8s.pod.name", NULL, pod_name },
    { "k8s.pod.uid", NULL, pod_uid },
    { "k8s.container.name", NULL, k8s_container_name },
    { "service.version", "org.opencontainers.image.version", declared_version },
    { "service.version", "build info", module_version },
    { "process.runtime.name", "build info", runtime_name },
    { "process.runtime.version", "build info", runtime_version },
};

static int add_derived(struct resource *resource, struct ocn_error *err)
{
    for (size_t i = 0; i < OCN_COUNT(derived); i++) {
        const char *source = derived[i].source;
        struct ocn_bytes value = derived[i].value(resource);
        if (value.len != 0 &&
            add(resource, derived[i].name, value,
                source != NULL ? source : resource->judge->identity.engine, err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int collect(struct resource *resource, struct ocn_error *err)
{
    struct ocn_image *image = NULL;

    if (ocn_entry_read_program(resource->judge, &image, err) < 0) {
        return -1;
    }
    resource->build = image != NULL && image->build->version != NULL ? image->build : NULL;
    if (add_annotations(resource, err) < 0 || add_policy(resource, err) < 0 ||
        add_derived(resource, err) < 0) {
        return -1;
    }
    return 0;
}

/* ---- the list --------------------------------------------------------------------------- */

static bool is_given(const struct ocn_judge *judge, const char *name)
{
    const char *value = ocn_judge_env(judge, name);

    return value != NULL && value[0] != '\0'; /* an empty value is none, says the specification */
}

/* Its value may hold what is nobody's business. */
static int keep(struct ocn_judge *judge, const char *why, struct ocn_error *err)
{
    return ocn_judge_keep(judge, OCN_RULE_ENV_OTEL, OCN_ATTRIBUTES, NULL, why, err);
}

/*
 * Keeps of @resource what shall stand behind @list, which may be empty. What is too much for us to
 * say does not depend on @list: a second pass must not find room for more.
 */
static int select_missing(struct resource *resource, const char *list, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf ours = { 0 };
    bool named = is_given(resource->judge, "OTEL_SERVICE_NAME");
    size_t len = 0;

    for (size_t i = 0; i < resource->len; i++) {
        const struct attribute attribute = resource->items[i];
        size_t before = ours.len;
        if (attribute.value.len == 0 || (named && strcmp(attribute.name, "service.name") == 0)) {
            continue;
        }
        ocn_attributes_add(&ours, attribute.name, attribute.value);
        if (ocn_buf_check(&ours, err) < 0) {
            return -1;
        }
        if (ours.len > MAX_OURS) {
            ours.len = before;
        } else if (!ocn_attributes_have(list, attribute.name)) {
            resource->items[len++] = attribute;
        }
    }
    resource->len = len;
    return 0;
}

/* "node: host.arch; containerd: k8s.pod.name, k8s.pod.uid". */
static const char *tell_sources(const struct resource *resource)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    const struct attribute *items = resource->items;

    for (size_t i = 0; i < resource->len; i++) {
        size_t first = 0;
        while (strcmp(items[first].source, items[i].source) != 0) {
            first++;
        }
        if (first != i) {
            continue; /* told with that one */
        }
        ocn_buf_printf(&text, "%s%s: %s", i != 0 ? "; " : "", items[i].source, items[i].name);
        for (size_t next = i + 1; next < resource->len; next++) {
            if (strcmp(items[next].source, items[i].source) == 0) {
                ocn_buf_printf(&text, ", %s", items[next].name);
            }
        }
    }
    return ocn_buf_copy(&text, &resource->judge->outcome->arena);
}

/* Behind @list, which the container (or env.set) has and which stays as it is. */
static int append(struct resource *resource, const char *list, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };
    struct ocn_judge *judge = resource->judge;

    ocn_buf_puts(&text, list);
    for (size_t i = 0; i < resource->len; i++) {
        ocn_attributes_add(&text, resource->items[i].name, resource->items[i].value);
    }
    if (ocn_buf_check(&text, err) < 0) {
        return -1;
    }
    const char *own = ocn_oci_env_get(&judge->container->process.env, OCN_ATTRIBUTES);
    if (own != NULL && strcmp(own, text.ptr) == 0) {
        return keep(judge, "nothing to add", err);
    }
    if (text.len > MAX_LIST) {
        return keep(judge, "it would be longer than 64 KiB", err);
    }
    return ocn_judge_put_env(judge, OCN_RULE_ENV_OTEL, OCN_ATTRIBUTES, text.ptr,
                             tell_sources(resource), err);
}

static int merge(struct ocn_judge *judge, struct ocn_error *err)
{
    struct resource resource = { .judge = judge };
    const char *list = is_given(judge, OCN_ATTRIBUTES) ? ocn_judge_env(judge, OCN_ATTRIBUTES) : "";
    const char *problem = list[0] != '\0' ? ocn_attributes_problem(list) : NULL;

    if (problem != NULL) {
        /* SDKs differ in what they make of it; its author shall find it as it was. */
        return keep(judge, ocn_arena_printf(&judge->outcome->arena, "its own list %s", problem),
                    err);
    }
    if (collect(&resource, err) < 0 || select_missing(&resource, list, err) < 0) {
        return -1;
    }
    return resource.len != 0 ? append(&resource, list, err) : keep(judge, "nothing to add", err);
}

/* ---- the rule --------------------------------------------------------------------------- */

static int add_probe(struct ocn_judge *judge, struct ocn_error *err)
{
    bool reads = true;

    if (!judge->policy->env.otel_probe) {
        return 0;
    }
    if (ocn_go_env_reads(judge, &reads, err) < 0) {
        return -1;
    }
    return reads ? ocn_judge_set_env(judge, OCN_RULE_ENV_OTEL, PROBE, "true",
                                     "env.otelProbe of the policy", err)
                 : ocn_judge_keep(judge, OCN_RULE_ENV_OTEL, PROBE, NULL, "no Go program", err);
}

int ocn_rule_env_otel(struct ocn_judge *judge, struct ocn_error *err)
{
    /* With a configuration file an SDK must ignore every other variable (sdk-environment-variables,
     * declarative configuration), so that what is in this one would only mislead its reader. */
    static const char *const files[] = { "OTEL_CONFIG_FILE", "OTEL_EXPERIMENTAL_CONFIG_FILE" };

    for (size_t i = 0; i < OCN_COUNT(files); i++) {
        if (is_given(judge, files[i])) {
            return keep(judge,
                        ocn_arena_printf(&judge->outcome->arena,
                                         "%s is set, and SDKs then read "
                                         "nothing else",
                                         files[i]),
                        err);
        }
    }
    if (merge(judge, err) < 0) {
        return -1;
    }
    return add_probe(judge, err);
}
