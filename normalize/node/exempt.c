/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/node/exempt.h"

#include <stdio.h>
#include <string.h>

#include "normalize/base/glob.h"
#include "normalize/oci/capability.h"

struct candidate {
    const struct ocn_container *container;
    const struct ocn_policy_exempt *exempt;
    const struct ocn_view *view;
    const struct ocn_identity *identity;
};

static bool is_sandbox(const struct candidate *c)
{
    return c->identity->sandbox;
}

/* "Privileged" is no field of runtime-spec; every engine spells it as all devices and all powers.
 */
static bool is_privileged(const struct candidate *c)
{
    const struct ocn_list *devices = &c->container->linux_.resources.devices;
    const struct ocn_oci_device_rule *rules = devices->items;
    bool all_devices = false;

    for (size_t i = 0; i < devices->len; i++) {
        bool every_type = rules[i].type == NULL || strcmp(rules[i].type, "a") == 0;
        bool every_access = rules[i].access != NULL && strlen(rules[i].access) == 3;
        if (every_type && every_access) {
            all_devices = rules[i].allow;
        }
    }
    return all_devices &&
           ocn_capability_in(&c->container->process.capabilities.bounding, CAP_SYS_ADMIN);
}

/* Two names of one namespace are one inode of nsfs. Not knowing is not sharing. */
static bool is_own_namespace(const struct ocn_view *view, const char *file, const char *path)
{
    char own[32];
    struct ocn_stat theirs = { 0 };
    struct ocn_stat ours = { 0 };

    (void)snprintf(own, sizeof(own), "/proc/self/ns/%s", file);
    return view->stat(view->ctx, (struct ocn_ref){ OCN_HOST, path, NULL }, &theirs, NULL) == 0 &&
           theirs.mode != 0 &&
           view->stat(view->ctx, (struct ocn_ref){ OCN_HOST, own, NULL }, &ours, NULL) == 0 &&
           theirs.dev == ours.dev && theirs.ino == ours.ino;
}

static bool shares_host(const struct candidate *c, const char *type, const char *file)
{
    const struct ocn_oci_namespace *named = ocn_oci_namespace_get(c->container, type);

    if (named == NULL) {
        return true;
    }
    return named->path != NULL && named->path[0] != '\0' &&
           is_own_namespace(c->view, file, named->path);
}

/* The namespaces that Pod Security Standards call "host namespaces". */
static bool is_in_host_namespaces(const struct candidate *c)
{
    static const struct {
        const char *type; /* runtime-spec config-linux.md, namespaces */
        const char *file; /* proc(5), /proc/PID/ns */
    } kinds[] = { { "pid", "pid" }, { "network", "net" }, { "ipc", "ipc" } };

    for (size_t i = 0; i < OCN_COUNT(kinds); i++) {
        if (shares_host(c, kinds[i].type, kinds[i].file)) {
            return true;
        }
    }
    return false;
}

static bool is_in_exempt_namespace(const struct candidate *c)
{
    const struct ocn_strings *globs = &c->exempt->namespaces;

    for (size_t i = 0; c->identity->namespace_ != NULL && i < globs->len; i++) {
        if (ocn_glob_matches(globs->items[i], c->identity->namespace_)) {
            return true;
        }
    }
    return false;
}

static bool has_exempt_annotation(const struct candidate *c)
{
    const struct ocn_pairs *wanted = &c->exempt->annotations;

    for (size_t i = 0; i < wanted->len; i++) {
        const char *value = ocn_oci_annotation_get(c->container, wanted->items[i].name);
        if (value != NULL && ocn_glob_matches(wanted->items[i].value, value)) {
            return true;
        }
    }
    return false;
}

static bool wants_sandbox(const struct ocn_policy_exempt *exempt)
{
    return exempt->sandbox;
}

static bool wants_namespaces(const struct ocn_policy_exempt *exempt)
{
    return exempt->namespaces.len != 0;
}

static bool wants_annotations(const struct ocn_policy_exempt *exempt)
{
    return exempt->annotations.len != 0;
}

static bool wants_privileged(const struct ocn_policy_exempt *exempt)
{
    return exempt->privileged;
}

static bool wants_host_namespaces(const struct ocn_policy_exempt *exempt)
{
    return exempt->host_namespaces;
}

static const struct {
    const char *name;
    unsigned needs; /* OCN_IN: what cannot be read exempts nobody */
    bool (*is_wanted)(const struct ocn_policy_exempt *exempt);
    bool (*holds)(const struct candidate *c);
} reasons[] = {
    { "sandbox", OCN_IN(PLACE), wants_sandbox, is_sandbox },
    { "namespaces", OCN_IN(PLACE), wants_namespaces, is_in_exempt_namespace },
    { "annotations", OCN_IN(PLACE), wants_annotations, has_exempt_annotation },
    { "privileged", OCN_IN(DEVICES) | OCN_IN(USER), wants_privileged, is_privileged },
    { "hostNamespaces", OCN_IN(NAMESPACES), wants_host_namespaces, is_in_host_namespaces },
};

unsigned ocn_exempt_needs(const struct ocn_policy_exempt *exempt)
{
    unsigned needs = 0;

    for (size_t i = 0; i < OCN_COUNT(reasons); i++) {
        needs |= reasons[i].is_wanted(exempt) ? reasons[i].needs : 0;
    }
    return needs;
}

const char *ocn_exempt_reason(const struct ocn_container *container,
                              const struct ocn_identity *identity, const struct ocn_policy *policy,
                              const struct ocn_view *view)
{
    const struct candidate candidate = { container, &policy->exempt, view, identity };

    for (size_t i = 0; i < OCN_COUNT(reasons); i++) {
        if (reasons[i].is_wanted(&policy->exempt) &&
            ocn_container_fault(container, reasons[i].needs) == NULL &&
            reasons[i].holds(&candidate)) {
            return reasons[i].name;
        }
    }
    return NULL;
}
