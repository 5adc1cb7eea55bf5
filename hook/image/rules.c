/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/image/rules.h"

#include <string.h>
#include <sys/stat.h>

#include "hook/image/values.h"
#include "normalize/base/number.h"
#include "normalize/lint/target.h"
#include "normalize/program/arch.h"
#include "normalize/rootfs/path.h"

#define LAST_PRIVILEGED_PORT 1023
#define MAX_SCRIPT ((size_t)64 << 10)

/* What a rule looks at. */
struct subject {
    struct ocn_look *look;
    const struct ocn_outcome *outcome;
    struct ocn_lint *lint;
    struct ocn_arena *arena;
    struct ocn_who who; /* as whom it will run on a node */
    const char *origin; /* of the entrypoint */
    bool platform_told; /* image.platform has said what platform.arch would say again */
    bool root_told;
};

static int add(struct subject *subject, enum ocn_lint_rule_id rule, const char *path,
               const char *message, const char *hint, struct ocn_error *err)
{
    const struct ocn_lint_finding finding = {
        .rule = ocn_lint_rules[rule].name, .message = message, .hint = hint, .path = path
    };

    return ocn_lint_add(subject->lint, &finding, err);
}

/* What is about the entrypoint's file: with the layer that brought it. */
static int add_of_entry(struct subject *subject, enum ocn_lint_rule_id rule, const char *message,
                        const char *hint, struct ocn_error *err)
{
    const struct ocn_lint_finding finding = { .rule = ocn_lint_rules[rule].name,
                                              .message = message,
                                              .hint = hint,
                                              .path = "/config/Entrypoint",
                                              .origin = subject->origin };

    return ocn_lint_add(subject->lint, &finding, err);
}

/* ---- where a file comes from ----------------------------------------------------------------- */

/* The line of history of the layer @layer: those without a layer do not count. */
static const char *history_of(const struct ocn_object_config *config, size_t layer)
{
    const struct ocn_object_history *items = config->history.items;
    size_t seen = 0;

    for (size_t i = 0; i < config->history.len; i++) {
        if (items[i].empty_layer || seen++ != layer) {
            continue;
        }
        return items[i].created_by;
    }
    return NULL;
}

static const char *origin_of(struct subject *subject, const char *path)
{
    int layer = path != NULL ? ocn_image_rootfs_layer_of(&subject->look->rootfs, path) : -1;
    const struct ocn_selected *image = subject->look->image;

    if (layer < 0) {
        return NULL;
    }
    const char *line = history_of(&image->config, (size_t)layer);
    return ocn_arena_printf(subject->arena, "layer %d of %zu%s%s", layer + 1, image->layers_len,
                            line != NULL ? ": " : "", line != NULL ? line : "");
}

/* ---- image.platform -------------------------------------------------------------------------- */

static int judge_platform(struct subject *subject, struct ocn_error *err)
{
    const struct ocn_selected *image = subject->look->image;
    const struct ocn_object_platform *config = &image->config.platform;
    const char *arch = subject->outcome->facts.entry.arch;
    const char *own = ocn_object_platform_text(config, subject->arena);

    if (config->os == NULL || config->arch == NULL) {
        return add(subject, OCN_LINT_IMAGE_PLATFORM, config->os == NULL ? "/os" : "/architecture",
                   "the image's configuration does not say for which platform it is",
                   "build it with a tool that writes os and architecture (image-spec config.md)",
                   err);
    }
    if (image->has_declared && !ocn_object_same_platform(&image->declared, config) &&
        add(subject, OCN_LINT_IMAGE_PLATFORM, "/architecture",
            ocn_arena_printf(subject->arena,
                             "the index offers it as %s, and its configuration says %s",
                             ocn_object_platform_text(&image->declared, subject->arena), own),
            "build the image for each platform, and put each into the index as what it is",
            err) < 0) {
        return -1;
    }
    if (arch == NULL || ocn_arch_runs(config->arch, arch)) {
        return 0;
    }
    subject->platform_told = true;
    return add_of_entry(subject, OCN_LINT_IMAGE_PLATFORM,
                        ocn_arena_printf(subject->arena,
                                         "the image is for %s, and its entrypoint %s is a program "
                                         "for %s: it ends with \"exec format error\"",
                                         own, subject->outcome->facts.entry.path, arch),
                        "build the program for the image's platform (GOARCH, --platform)", err);
}

/* ---- image.user ------------------------------------------------------------------------------ */

static int judge_user(struct subject *subject, struct ocn_error *err)
{
    static const char use_number[] = "write a number that is not 0: USER 1001:1001";
    const struct ocn_image_user *user = &subject->look->user;
    const char *problem = ocn_look_user_problem(subject->look, user);
    const char *message = NULL;

    if (problem != NULL) {
        const struct ocn_lint_finding finding = { .rule = "image.user",
                                                  .level = OCN_LEVEL_DENY,
                                                  .message = problem,
                                                  .hint = use_number,
                                                  .path = "/config/User" };
        return ocn_lint_add(subject->lint, &finding, err);
    }
    if (user->empty) {
        message = "no user is named: EKS, ECS, AKS and every other engine start it as root, and "
                  "the kubelet refuses it under runAsNonRoot";
    } else if (user->uid == 0) {
        message = "the user is root; the kubelet refuses it under runAsNonRoot";
    } else if (user->named) {
        message = ocn_arena_printf(subject->arena,
                                   "the user \"%s\" is a name: under runAsNonRoot the kubelet "
                                   "refuses it, for it cannot see that it is not root",
                                   subject->look->image->config.user);
    }
    return message == NULL
               ? 0
               : add(subject, OCN_LINT_IMAGE_USER, "/config/User", message, use_number, err);
}

/* ---- image.annotations ----------------------------------------------------------------------- */

static const char *pair_of(const struct ocn_pairs *pairs, const char *key)
{
    for (size_t i = 0; i < pairs->len; i++) {
        if (strcmp(pairs->items[i].name, key) == 0) {
            return pairs->items[i].value;
        }
    }
    return NULL;
}

/* Of the manifest; labels are what Docker has for it. */
static const char *annotation_of(const struct subject *subject, const char *key)
{
    const struct ocn_selected *image = subject->look->image;
    const char *value = pair_of(&image->manifest.annotations, key);

    return value != NULL ? value : pair_of(&image->config.labels, key);
}

static int judge_required(struct subject *subject, struct ocn_error *err)
{
    static const char *const usual[] = { "org.opencontainers.image.version",
                                         "org.opencontainers.image.revision",
                                         "org.opencontainers.image.source",
                                         "org.opencontainers.image.created" };
    const char *missing = "";
    size_t asked = 0;

    for (size_t t = 0; t < subject->lint->targets_len; t++) {
        const struct ocn_strings *values =
            &subject->lint->targets[t].want[OCN_LINT_IMAGE_ANNOTATIONS].values;
        asked += values->len;
        for (size_t i = 0; i < values->len; i++) {
            missing = annotation_of(subject, values->items[i]) != NULL
                          ? missing
                          : ocn_arena_printf(subject->arena, "%s%s%s", missing,
                                             missing[0] != '\0' ? ", " : "", values->items[i]);
        }
    }
    for (size_t i = 0; asked == 0 && i < OCN_COUNT(usual); i++) {
        missing = annotation_of(subject, usual[i]) != NULL
                      ? missing
                      : ocn_arena_printf(subject->arena, "%s%s%s", missing,
                                         missing[0] != '\0' ? ", " : "", usual[i]);
    }
    return missing[0] == '\0'
               ? 0
               : add(subject, OCN_LINT_IMAGE_ANNOTATIONS, "/annotations",
                     ocn_arena_printf(subject->arena, "neither annotation nor label: %s", missing),
                     "docker buildx build --annotation KEY=VALUE, or ocinorm annotate for what the "
                     "program itself says",
                     err);
}

/* What each key's value must look like (image-spec annotations.md). */
static int judge_values(struct subject *subject, struct ocn_error *err)
{
    for (size_t i = 0; i < ocn_values_formats_len; i++) {
        const struct ocn_values_format *format = &ocn_values_formats[i];
        const char *value = annotation_of(subject, format->key);
        if (value == NULL || format->fits(value)) {
            continue;
        }
        if (add(subject, OCN_LINT_IMAGE_ANNOTATIONS, "/annotations",
                ocn_arena_printf(subject->arena, "%s is \"%s\", which is not %s", format->key,
                                 value, format->form),
                format->hint, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* What the image says of its program, and what the program says itself. */
static int judge_truth(struct subject *subject, struct ocn_error *err)
{
    const struct ocn_go_facts *go = subject->outcome->facts.entry.go;
    const char *revision = go != NULL ? pair_of(&go->settings, "vcs.revision") : NULL;
    const struct {
        const char *key;
        const char *truth;
    } rows[] = {
        { "golang.org/version", go != NULL ? go->version : NULL },
        { "golang.org/module", go != NULL ? go->module : NULL },
        { "golang.org/build-id", go != NULL ? go->build_id : NULL },
        { "org.opencontainers.image.revision", revision },
    };

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        const char *said = annotation_of(subject, rows[i].key);
        if (said == NULL || rows[i].truth == NULL || strcmp(said, rows[i].truth) == 0) {
            continue;
        }
        if (add_of_entry(subject, OCN_LINT_IMAGE_ANNOTATIONS,
                         ocn_arena_printf(subject->arena,
                                          "%s is \"%s\", and the program's build info says \"%s\"",
                                          rows[i].key, said, rows[i].truth),
                         "set it from the program: ocinorm buildinfo FILE --format annotations",
                         err) < 0) {
            return -1;
        }
    }
    return 0;
}

static int judge_annotations(struct subject *subject, struct ocn_error *err)
{
    return judge_required(subject, err) < 0 || judge_values(subject, err) < 0
               ? -1
               : judge_truth(subject, err);
}

/* ---- image.blobs ----------------------------------------------------------------------------- */

static int judge_layer(struct subject *subject, size_t index, struct ocn_error *err)
{
    const struct ocn_selected *image = subject->look->image;
    const struct ocn_descriptor *blob = &image->layers[index].blob;
    const char *path = ocn_arena_printf(subject->arena, "/layers/%zu", index);
    const char *hint = "build and push the image again";

    if (subject->look->rootfs.layers[index].odd_names != 0 &&
        add(subject, OCN_LINT_IMAGE_BLOBS, path,
            ocn_arena_printf(subject->arena,
                             "%zu names in it are absolute, lead out of the root or are "
                             "too long; tools differ in what they make of them",
                             subject->look->rootfs.layers[index].odd_names),
            "make the layer with a tool that writes relative names", err) < 0) {
        return -1;
    }
    if (blob->digest == NULL) {
        return 0;
    }
    if (ocn_object_kind_of(blob->media_type) != OCN_OBJECT_LAYER &&
        add(subject, OCN_LINT_IMAGE_BLOBS, path,
            ocn_arena_printf(subject->arena, "its media type %s is no layer's",
                             blob->media_type != NULL ? blob->media_type : "is missing, and"),
            hint, err) < 0) {
        return -1;
    }
    double size = ocn_stream_size(subject->look->rootfs.blobs, blob);
    if (size >= 0 && blob->size >= 0 && size != blob->size) {
        return add(subject, OCN_LINT_IMAGE_BLOBS, path,
                   ocn_arena_printf(subject->arena,
                                    "it has %.0f bytes, and its descriptor says %.0f", size,
                                    blob->size),
                   hint, err);
    }
    return ocn_object_digest_kind(blob->digest, NULL) == OCN_DIGEST_OTHER
               ? add(subject, OCN_LINT_IMAGE_BLOBS, path,
                     ocn_arena_printf(subject->arena, "nobody here can verify %s", blob->digest),
                     "use sha256, which every tool knows (image-spec descriptor.md)", err)
               : 0;
}

static int judge_blobs(struct subject *subject, struct ocn_error *err)
{
    const struct ocn_selected *image = subject->look->image;

    if (image->config.diff_ids.len != image->layers_len &&
        add(subject, OCN_LINT_IMAGE_BLOBS, "/rootfs/diff_ids",
            ocn_arena_printf(subject->arena, "there are %zu diff_ids for %zu layers",
                             image->config.diff_ids.len, image->layers_len),
            "build the image again: no engine can verify what it unpacks", err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < image->layers_len; i++) {
        if (judge_layer(subject, i, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* ---- image.ports, image.volumes -------------------------------------------------------------- */

static int judge_ports(struct subject *subject, struct ocn_error *err)
{
    json_t *ports = subject->look->image->config.exposed_ports;
    const char *key;
    json_t *value;

    if (subject->who.uid == 0) {
        return 0;
    }
    json_object_foreach (ports, key, value) {
        const struct ocn_bytes digits = { key, strspn(key, "0123456789") };
        uint64_t port = 0;
        if (ocn_number_parse(digits, LAST_PRIVILEGED_PORT, &port) < 0 || port == 0) {
            continue;
        }
        if (add(subject, OCN_LINT_IMAGE_PORTS, "/config/ExposedPorts",
                ocn_arena_printf(subject->arena,
                                 "port %u is EXPOSEd, and user %u may not listen on it",
                                 (unsigned)port, subject->who.uid),
                "listen on a port above 1023; or \"lowPorts\" in the policy; Docker, and "
                "containerd with "
                "enable_unprivileged_ports, allow it anyway",
                err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* Whether the user can write the directory @path of the image; engines make a missing one as root.
 */
static int can_write(struct subject *subject, const char *path, bool *ret, struct ocn_error *err)
{
    const struct ocn_view view = ocn_image_rootfs_as_view(&subject->look->rootfs);
    struct ocn_places places = { 0 };
    const struct ocn_path_context context = { .container = subject->look->container,
                                              .places = &places,
                                              .view = &view,
                                              .arena = subject->arena };
    struct ocn_path found = { 0 };

    if (ocn_path_resolve(&context, path, &found, err) < 0) {
        return -1;
    }
    *ret = found.state == OCN_PATH_UNKNOWN ||
           (found.state == OCN_PATH_FOUND && ocn_path_may(&subject->who, &found.stat, 2));
    return 0;
}

static int judge_directory(struct subject *subject, const char *what, const char *path,
                           const char *pointer, struct ocn_error *err)
{
    bool can = false;

    if (path[0] != '/' || strcmp(path, "/") == 0) {
        return 0;
    }
    if (can_write(subject, path, &can, err) < 0) {
        return -1;
    }
    return can ? 0
               : add(subject, OCN_LINT_IMAGE_VOLUMES, pointer,
                     ocn_arena_printf(subject->arena, "%s %s cannot be written by user %u:%u", what,
                                      path, subject->who.uid, subject->who.gid),
                     ocn_arena_printf(subject->arena,
                                      "RUN chown %u:%u %s, or mount something writable there%s",
                                      subject->who.uid, subject->who.gid, path,
                                      strcmp(what, "VOLUME") == 0 && subject->look->user.uid == 0
                                          ? "; a node can map the volume (rules.user.volumes "
                                            "\"edit\")"
                                          : ""),
                     err);
}

static int judge_volumes(struct subject *subject, struct ocn_error *err)
{
    const struct ocn_object_config *config = &subject->look->image->config;
    const char *key;
    json_t *value;

    if (subject->who.uid == 0) {
        return 0;
    }
    json_object_foreach (config->volumes, key, value) {
        if (judge_directory(subject, "VOLUME", key, "/config/Volumes", err) < 0) {
            return -1;
        }
    }
    return config->working_dir != NULL
               ? judge_directory(subject, "the working directory", config->working_dir,
                                 "/config/WorkingDir", err)
               : 0;
}

/* ---- image.needs-root ------------------------------------------------------------------------ */

static const struct ocn_finding *finding_of(const struct ocn_outcome *outcome,
                                            enum ocn_rule_id rule)
{
    for (size_t i = 0; i < outcome->findings_len; i++) {
        if (outcome->findings[i].rule == rule) {
            return &outcome->findings[i];
        }
    }
    return NULL;
}

static int judge_root(struct subject *subject, struct ocn_error *err)
{
    static const char hint[] =
        "let the image be right for its user when it is built (RUN chown), and "
        "name that user: USER 1001:1001";
    const struct ocn_finding *launcher = finding_of(subject->outcome, OCN_RULE_USER_LAUNCHER);
    const char *path = subject->outcome->facts.entry.path;
    struct ocn_bytes script = { NULL, 0 };

    if (subject->look->user.uid != 0 || subject->look->user.state != OCN_IMAGE_USER_FOUND) {
        return 0;
    }
    if (launcher != NULL) {
        subject->root_told = true;
        return add_of_entry(subject, OCN_LINT_IMAGE_NEEDS_ROOT, launcher->message, launcher->hint,
                            err);
    }
    if (path == NULL) {
        return 0;
    }
    const char *word = ocn_values_root_command(ocn_strings_base_name(path));
    if (word == NULL && subject->outcome->facts.entry.kind == OCN_ENTRY_SCRIPT) {
        struct ocn_error unread = { 0 }; /* too large to be a script: nothing to say */
        if (ocn_image_rootfs_read(&subject->look->rootfs, path, MAX_SCRIPT, &script, &unread) ==
            0) {
            word = ocn_values_root_command_in(script);
        }
    }
    return word == NULL
               ? 0
               : add_of_entry(subject, OCN_LINT_IMAGE_NEEDS_ROOT,
                              ocn_arena_printf(subject->arena,
                                               "the entrypoint %s calls %s, which needs root: it "
                                               "will fail as user %u",
                                               path, word, subject->who.uid),
                              hint, err);
}

/* ---- image.go -------------------------------------------------------------------------------- */

static const char *baseline_of(const struct subject *subject)
{
    for (size_t t = 0; t < subject->lint->targets_len; t++) {
        const struct ocn_strings *values =
            &subject->lint->targets[t].want[OCN_LINT_IMAGE_GO].values;
        if (values->len != 0) {
            return values->items[0];
        }
    }
    return OCN_VALUES_GO_BASELINE;
}

static int judge_go(struct subject *subject, struct ocn_error *err)
{
    const struct ocn_facts *facts = &subject->outcome->facts;
    const struct ocn_go_facts *go = facts->entry.go;
    const char *baseline = baseline_of(subject);
    const char *variant = subject->look->image->config.platform.variant;

    if (go == NULL) {
        return 0;
    }
    if (go->version != NULL && ocn_values_go_is_older(go->version, baseline) &&
        add_of_entry(subject, OCN_LINT_IMAGE_GO,
                     ocn_arena_printf(subject->arena,
                                      "the program was built with %s, older than %s", go->version,
                                      baseline),
                     "build it with a release of Go that is maintained", err) < 0) {
        return -1;
    }
    const char *level = pair_of(&go->settings, "GOAMD64");
    if (level != NULL && strcmp(level, "v1") != 0 &&
        (variant == NULL || strcmp(level, variant) != 0)) {
        return add_of_entry(
            subject, OCN_LINT_IMAGE_GO,
            ocn_arena_printf(subject->arena,
                             "the program needs a CPU of level %s (GOAMD64), and the "
                             "image does not say so: older nodes start it, and it dies",
                             level),
            "build with GOAMD64=v1, or give the platform its variant", err);
    }
    return 0;
}

/* ---- all ------------------------------------------------------------------------------------- */

/* What the image's own rules say in other words. */
static bool is_told(const struct subject *subject, enum ocn_rule_id rule)
{
    return (subject->platform_told &&
            (rule == OCN_RULE_PLATFORM_ARCH || rule == OCN_RULE_PLATFORM_DECLARED ||
             rule == OCN_RULE_PLATFORM_VARIANT || rule == OCN_RULE_PLATFORM_EMULATED)) ||
           (subject->root_told && rule == OCN_RULE_USER_LAUNCHER);
}

static int add_node_findings(struct subject *subject, struct ocn_error *err)
{
    for (size_t i = 0; i < subject->outcome->findings_len; i++) {
        const struct ocn_finding *from = &subject->outcome->findings[i];
        const struct ocn_lint_finding finding = { .rule = ocn_rules[from->rule].name,
                                                  .level = from->level,
                                                  .message = from->message,
                                                  .hint = from->hint,
                                                  .path = "/config",
                                                  .origin = subject->origin };
        if (!is_told(subject, from->rule) && ocn_lint_add(subject->lint, &finding, err) < 0) {
            return -1;
        }
    }
    return 0;
}

/* The number that an edit makes of it. */
static uint32_t id_after(const struct ocn_outcome *outcome, const char *path, uint32_t was)
{
    for (size_t i = 0; i < outcome->edits_len; i++) {
        const char *to = outcome->edits[i].to;
        uint64_t id = 0;
        if (strcmp(outcome->edits[i].path, path) == 0 && to != NULL &&
            ocn_number_parse((struct ocn_bytes){ to, strlen(to) }, UINT32_MAX, &id) == 0) {
            return (uint32_t)id;
        }
    }
    return was;
}

int ocn_image_rules(struct ocn_look *look, const struct ocn_outcome *outcome, struct ocn_lint *lint,
                    struct ocn_error *err)
{
    static int (*const rules[])(struct subject *, struct ocn_error *) = {
        judge_platform, judge_user, judge_annotations, judge_blobs,       judge_ports,
        judge_volumes,  judge_root, judge_go,          add_node_findings,
    };
    struct subject subject = {
        .look = look, .outcome = outcome, .lint = lint, .arena = &look->arena
    };

    subject.who.uid = id_after(outcome, "/process/user/uid", look->user.uid);
    subject.who.gid = id_after(outcome, "/process/user/gid", look->user.gid);
    subject.origin = origin_of(&subject, outcome->facts.entry.path);
    for (size_t i = 0; i < OCN_COUNT(rules); i++) {
        if (rules[i](&subject, err) < 0) {
            return -1;
        }
    }
    return ocn_arena_check(&look->arena, err);
}

/* ---- Windows --------------------------------------------------------------------------------- */

int ocn_image_rules_for_windows(const struct ocn_blobs *blobs, const struct ocn_selected *image,
                                struct ocn_lint *lint, struct ocn_error *err)
{
    static const struct ocn_outcome nothing = { 0 };
    OCN_CLEANUP(ocn_look_done) struct ocn_look look = { .image = image };
    struct subject subject = {
        .look = &look, .outcome = &nothing, .lint = lint, .arena = &look.arena
    };

    return ocn_image_rootfs_open(blobs, image->layers, image->layers_len, &look.likely,
                                 &look.rootfs, err) < 0 ||
                   judge_platform(&subject, err) < 0 || judge_annotations(&subject, err) < 0 ||
                   judge_blobs(&subject, err) < 0
               ? -1
               : ocn_arena_check(&look.arena, err);
}
