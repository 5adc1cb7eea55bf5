/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/install/engine.h"

#include <string.h>

#include "hook/sys/places.h"

static const char *const usual_bin[] = {
    "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/opt/bin", NULL
};
static const char *const k3s_bin[] = { "/var/lib/rancher/k3s/data/current/bin", NULL };
static const char *const rke2_bin[] = { "/var/lib/rancher/rke2/bin", NULL };

/* The directory of k3s and rke2 below which both files and drop-ins lie (pkg/agent/templates). */
#define K3S_DIR "/var/lib/rancher/k3s/agent/etc/containerd"
#define RKE2_DIR "/var/lib/rancher/rke2/agent/etc/containerd"

/*
 * conf.d is what containerd 2.2 includes by default. 99- sorts behind what others call theirs,
 * which counts: containerd 1 takes a plugin's section from the last file that has one. The drop-in
 * of k3s and rke2 depends on the version of the file that they wrote; what stands here is for
 * version 3. Podman's hook file lies in a directory of its own, since the stage precreate in a
 * directory that CRI-O reads keeps CRI-O from starting.
 */
const struct ocn_engine ocn_engines[] = {
    {
        .name = "containerd",
        .kind = OCN_ENGINE_CONTAINERD,
        .modes = OCN_MODE_RUNTIME | OCN_MODE_HOOK,
        .home = "/etc/containerd",
        .root_file = "/etc/containerd/config.toml",
        .drop_in = "/etc/containerd/conf.d/99-ocinorm.toml",
        .include = "/etc/containerd/conf.d/*.toml",
        .spec = "/etc/containerd/ocinorm-spec.json",
        .bin = usual_bin,
        .program = "containerd",
        .helper = "ctr",
        .units = { "containerd.service" },
        .socket = "/run/containerd/containerd.sock",
    },
    {
        .name = "k3s",
        .kind = OCN_ENGINE_CONTAINERD,
        .modes = OCN_MODE_RUNTIME | OCN_MODE_HOOK,
        .home = K3S_DIR,
        .root_file = K3S_DIR "/config.toml",
        .is_generated = true,
        .drop_in = K3S_DIR "/config-v3.toml.d/99-ocinorm.toml",
        .include = K3S_DIR "/config-v3.toml.d/*.toml",
        .spec = K3S_DIR "/ocinorm-spec.json",
        .bin = k3s_bin,
        .program = "containerd",
        .helper = "ctr",
        .units = { "k3s.service", "k3s-agent.service" },
        .socket = "/run/k3s/containerd/containerd.sock",
    },
    {
        .name = "rke2",
        .kind = OCN_ENGINE_CONTAINERD,
        .modes = OCN_MODE_RUNTIME | OCN_MODE_HOOK,
        .home = RKE2_DIR,
        .root_file = RKE2_DIR "/config.toml",
        .is_generated = true,
        .drop_in = RKE2_DIR "/config-v3.toml.d/99-ocinorm.toml",
        .include = RKE2_DIR "/config-v3.toml.d/*.toml",
        .spec = RKE2_DIR "/ocinorm-spec.json",
        .bin = rke2_bin,
        .program = "containerd",
        .helper = "ctr",
        .units = { "rke2-server.service", "rke2-agent.service" },
        .socket = "/run/k3s/containerd/containerd.sock",
    },
    {
        .name = "crio",
        .kind = OCN_ENGINE_CRIO,
        .modes = OCN_MODE_RUNTIME | OCN_MODE_HOOK,
        .home = "/etc/crio",
        .root_file = "/etc/crio/crio.conf",
        .drop_in = "/etc/crio/crio.conf.d/99-ocinorm.conf",
        .spec = "/usr/share/containers/oci/hooks.d/99-ocinorm.json",
        .bin = usual_bin,
        .program = "crio",
        .units = { "crio.service" },
        .socket = "/run/crio/crio.sock",
    },
    {
        .name = "podman",
        .kind = OCN_ENGINE_PODMAN,
        .modes = OCN_MODE_RUNTIME | OCN_MODE_HOOK,
        .home = "/etc/containers",
        .root_file = "/etc/containers/containers.conf",
        .drop_in = "/etc/containers/containers.conf.d/99-ocinorm.conf",
        .spec = OCN_CONFIG_DIR "/podman/hooks.d/99-ocinorm.json",
        .bin = usual_bin,
        .program = "podman",
    },
    {
        .name = "docker",
        .kind = OCN_ENGINE_DOCKER,
        .modes = OCN_MODE_RUNTIME,
        .home = "/etc/docker",
        .root_file = "/etc/docker/daemon.json",
        .bin = usual_bin,
        .program = "dockerd",
        .units = { "docker.service" },
    },
};

const size_t ocn_engine_count = OCN_COUNT(ocn_engines);

const char *const ocn_engine_names[] = { "containerd", "k3s",    "rke2", "crio",
                                         "podman",     "docker", NULL };

const struct ocn_engine *ocn_engine_find(const char *name)
{
    for (size_t i = 0; i < ocn_engine_count; i++) {
        if (strcmp(ocn_engines[i].name, name) == 0) {
            return &ocn_engines[i];
        }
    }
    return NULL;
}
