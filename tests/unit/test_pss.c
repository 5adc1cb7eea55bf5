/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pod Security Standards: of each control what the standard's text allows and forbids, by version,
 * in every kind of container (kubernetes.io/docs/concepts/security/pod-security-standards).
 */
#include <string.h>

#include "normalize/json/load.h"
#include "normalize/workload/pss.h"
#include "tests/lib/suite.h"

#define LATEST OCN_WORKLOAD_LATEST
#define SC(text) "{\"securityContext\":{" text "}}"
#define CAPS(text) SC("\"capabilities\":{" text "}")
#define SELINUX(text) SC("\"seLinuxOptions\":{" text "}")
#define TYPE(member, type) SC("\"" member "\":{\"type\":" type "}")
#define SYSCTL(name) SC("\"sysctls\":[{\"name\":\"" name "\",\"value\":\"1\"}]")
#define VOLUME(kind) "{\"volumes\":[{\"name\":\"v\",\"" kind "\":{}}]}"
#define WINDOWS(text) "{\"os\":{\"name\":\"windows\"}" text "}"
#define USERS(text) "{\"hostUsers\":false" text "}"

/* A pod and a container that restricted has nothing against, of any version. */
static const char good_pod[] = "{\"securityContext\":{\"runAsNonRoot\":true,"
                               "\"seccompProfile\":{\"type\":\"RuntimeDefault\"}}}";
static const char good_container[] =
    "{\"name\":\"good\",\"securityContext\":{\"allowPrivilegeEscalation\":false,"
    "\"runAsNonRoot\":true,\"capabilities\":{\"drop\":[\"ALL\"]}}}";

struct row {
    const char *rule;
    uint32_t version;
    const char *spec;      /* of the pod, besides its containers; NULL: the good one */
    const char *container; /* NULL: the good one */
    bool allowed;
};

#define ALLOWED true
#define FORBIDDEN false

/* A value of a container's field; of the pod's. */
#define C(rule_, version_, container_, allowed_)                                                   \
    {                                                                                              \
        .rule = (rule_), .version = (version_), .container = container_, .allowed = (allowed_)     \
    }
#define P(rule_, version_, spec_, allowed_)                                                        \
    {                                                                                              \
        .rule = (rule_), .version = (version_), .spec = spec_, .allowed = (allowed_)               \
    }
#define PC(rule_, version_, spec_, container_, allowed_)                                           \
    {                                                                                              \
        .rule = (rule_), .version = (version_), .spec = spec_, .container = container_,            \
        .allowed = (allowed_)                                                                      \
    }

#define PROBE_HOST(member, action, host)                                                           \
    "{\"" member "\":{\"" action "\":{\"port\":80,\"host\":" host "}}}"
#define HOOK_HOST(member, action, host)                                                            \
    "{\"lifecycle\":{\"" member "\":{\"" action "\":{\"port\":80,\"host\":" host "}}}}"
#define BOTH_HOSTS(version, make, member, action)                                                  \
    C("pod.host-probes", version, make(member, action, "\"10.0.0.1\""), FORBIDDEN),                \
        C("pod.host-probes", version, make(member, action, "\"127.0.0.1\""), FORBIDDEN),           \
        C("pod.host-probes", version, make(member, action, "\"\""), ALLOWED),                      \
        C("pod.host-probes", version, make(member, action, "null"), ALLOWED),                      \
        C("pod.host-probes", 33, make(member, action, "\"10.0.0.1\""), ALLOWED)

#define BASELINE_CAP(name) C("pod.capabilities", 0, CAPS("\"add\":[\"" name "\"]"), ALLOWED)

static const struct row rows[] = {
    C("pod.privileged", 0, SC("\"privileged\":true"), FORBIDDEN),
    C("pod.privileged", LATEST, SC("\"privileged\":true"), FORBIDDEN),
    C("pod.privileged", LATEST, SC("\"privileged\":false"), ALLOWED),
    C("pod.privileged", LATEST, SC("\"privileged\":null"), ALLOWED),
    C("pod.privileged", LATEST, "{}", ALLOWED),
    C("pod.privileged", LATEST, SC("\"privileged\":\"false\""), FORBIDDEN),
    C("pod.privileged", LATEST, "{\"securityContext\":[]}", FORBIDDEN),

    P("pod.host-namespaces", 0, "{\"hostNetwork\":true}", FORBIDDEN),
    P("pod.host-namespaces", LATEST, "{\"hostNetwork\":true}", FORBIDDEN),
    P("pod.host-namespaces", LATEST, "{\"hostPID\":true}", FORBIDDEN),
    P("pod.host-namespaces", LATEST, "{\"hostIPC\":true}", FORBIDDEN),
    P("pod.host-namespaces", LATEST, "{\"hostNetwork\":false,\"hostPID\":false,\"hostIPC\":null}",
      ALLOWED),

    C("pod.host-ports", LATEST, "{\"ports\":[{\"containerPort\":80,\"hostPort\":80}]}", FORBIDDEN),
    C("pod.host-ports", LATEST,
      "{\"ports\":[{\"containerPort\":80},{\"containerPort\":81,\"hostPort\":81}]}", FORBIDDEN),
    C("pod.host-ports", LATEST, "{\"ports\":[{\"containerPort\":80,\"hostPort\":0}]}", ALLOWED),
    C("pod.host-ports", LATEST, "{\"ports\":[{\"containerPort\":80}]}", ALLOWED),

    P("pod.host-path", LATEST, "{\"volumes\":[{\"name\":\"a\",\"hostPath\":{\"path\":\"/\"}}]}",
      FORBIDDEN),
    P("pod.host-path", LATEST,
      "{\"volumes\":[{\"name\":\"a\",\"emptyDir\":{}},{\"name\":\"b\",\"hostPath\":{}}]}",
      FORBIDDEN),
    P("pod.host-path", LATEST, "{\"volumes\":[{\"name\":\"a\",\"emptyDir\":{}}]}", ALLOWED),
    P("pod.host-path", LATEST, "{\"volumes\":[{\"name\":\"a\",\"hostPath\":null}]}", ALLOWED),

    BASELINE_CAP("AUDIT_WRITE"),
    BASELINE_CAP("CHOWN"),
    BASELINE_CAP("DAC_OVERRIDE"),
    BASELINE_CAP("FOWNER"),
    BASELINE_CAP("FSETID"),
    BASELINE_CAP("KILL"),
    BASELINE_CAP("MKNOD"),
    BASELINE_CAP("NET_BIND_SERVICE"),
    BASELINE_CAP("SETFCAP"),
    BASELINE_CAP("SETGID"),
    BASELINE_CAP("SETPCAP"),
    BASELINE_CAP("SETUID"),
    BASELINE_CAP("SYS_CHROOT"),
    C("pod.capabilities", LATEST, CAPS("\"add\":[\"NET_RAW\"]"), FORBIDDEN),
    C("pod.capabilities", LATEST, CAPS("\"add\":[\"CHOWN\",\"SYS_ADMIN\"]"), FORBIDDEN),
    C("pod.capabilities", LATEST, CAPS("\"add\":[\"ALL\"]"), FORBIDDEN),
    C("pod.capabilities", LATEST, CAPS("\"add\":[\"CAP_CHOWN\"]"), FORBIDDEN),
    C("pod.capabilities", LATEST, CAPS("\"add\":[\"chown\"]"), FORBIDDEN),
    C("pod.capabilities", LATEST, CAPS("\"add\":\"CHOWN\""), ALLOWED), /* no list: not ours */
    C("pod.capabilities", LATEST, CAPS("\"drop\":[\"ALL\"]"), ALLOWED),

    P("pod.apparmor", LATEST, TYPE("appArmorProfile", "\"Unconfined\""), FORBIDDEN),
    C("pod.apparmor", LATEST, TYPE("appArmorProfile", "\"Unconfined\""), FORBIDDEN),
    P("pod.apparmor", LATEST, TYPE("appArmorProfile", "\"RuntimeDefault\""), ALLOWED),
    C("pod.apparmor", LATEST, TYPE("appArmorProfile", "\"Localhost\""), ALLOWED),
    C("pod.apparmor", LATEST, TYPE("appArmorProfile", "null"), ALLOWED),

    P("pod.selinux", LATEST, SELINUX("\"type\":\"spc_t\""), FORBIDDEN),
    C("pod.selinux", LATEST, SELINUX("\"type\":\"spc_t\""), FORBIDDEN),
    C("pod.selinux", LATEST, SELINUX("\"type\":\"\""), ALLOWED),
    C("pod.selinux", LATEST, SELINUX("\"type\":\"container_t\""), ALLOWED),
    C("pod.selinux", LATEST, SELINUX("\"type\":\"container_init_t\""), ALLOWED),
    P("pod.selinux", LATEST, SELINUX("\"type\":\"container_kvm_t\""), ALLOWED),
    C("pod.selinux", 31, SELINUX("\"type\":\"container_engine_t\""), ALLOWED),
    C("pod.selinux", 30, SELINUX("\"type\":\"container_engine_t\""), FORBIDDEN),
    P("pod.selinux", LATEST, SELINUX("\"user\":\"system_u\""), FORBIDDEN),
    C("pod.selinux", LATEST, SELINUX("\"user\":\"system_u\""), FORBIDDEN),
    C("pod.selinux", LATEST, SELINUX("\"user\":\"\",\"role\":\"\""), ALLOWED),
    P("pod.selinux", LATEST, SELINUX("\"role\":\"system_r\""), FORBIDDEN),
    C("pod.selinux", LATEST, SELINUX("\"role\":\"system_r\""), FORBIDDEN),
    C("pod.selinux", LATEST, SELINUX("\"level\":\"s0:c1,c2\""), ALLOWED),

    C("pod.proc-mount", LATEST, SC("\"procMount\":\"Unmasked\""), FORBIDDEN),
    C("pod.proc-mount", LATEST, SC("\"procMount\":\"Default\""), ALLOWED),
    PC("pod.proc-mount", 34, USERS(""), SC("\"procMount\":\"Unmasked\""), FORBIDDEN),
    PC("pod.proc-mount", 35, USERS(""), SC("\"procMount\":\"Unmasked\""), ALLOWED),
    PC("pod.proc-mount", 35, "{\"hostUsers\":true}", SC("\"procMount\":\"Unmasked\""), FORBIDDEN),
    PC("pod.proc-mount-restricted", 35, USERS(""), SC("\"procMount\":\"Unmasked\""), FORBIDDEN),
    C("pod.proc-mount-restricted", 34, SC("\"procMount\":\"Unmasked\""), ALLOWED),
    C("pod.proc-mount-restricted", 35, SC("\"procMount\":\"Default\""), ALLOWED),

    P("pod.seccomp", LATEST, TYPE("seccompProfile", "\"Unconfined\""), FORBIDDEN),
    C("pod.seccomp", LATEST, TYPE("seccompProfile", "\"Unconfined\""), FORBIDDEN),
    C("pod.seccomp", 19, TYPE("seccompProfile", "\"Unconfined\""), FORBIDDEN),
    C("pod.seccomp", 18, TYPE("seccompProfile", "\"Unconfined\""), ALLOWED),
    P("pod.seccomp", LATEST, TYPE("seccompProfile", "\"RuntimeDefault\""), ALLOWED),
    C("pod.seccomp", LATEST, TYPE("seccompProfile", "\"Localhost\""), ALLOWED),
    C("pod.seccomp", LATEST, "{}", ALLOWED),

    P("pod.sysctls", LATEST, SYSCTL("kernel.msgmax"), FORBIDDEN),
    P("pod.sysctls", 0, SYSCTL("kernel.shm_rmid_forced"), ALLOWED),
    P("pod.sysctls", 0, SYSCTL("net.ipv4.ip_local_port_range"), ALLOWED),
    P("pod.sysctls", 0, SYSCTL("net.ipv4.tcp_syncookies"), ALLOWED),
    P("pod.sysctls", 0, SYSCTL("net.ipv4.ping_group_range"), ALLOWED),
    P("pod.sysctls", 0, SYSCTL("net.ipv4.ip_unprivileged_port_start"), ALLOWED),
    P("pod.sysctls", 26, SYSCTL("net.ipv4.ip_local_reserved_ports"), FORBIDDEN),
    P("pod.sysctls", 27, SYSCTL("net.ipv4.ip_local_reserved_ports"), ALLOWED),
    P("pod.sysctls", 28, SYSCTL("net.ipv4.tcp_keepalive_time"), FORBIDDEN),
    P("pod.sysctls", 29, SYSCTL("net.ipv4.tcp_keepalive_time"), ALLOWED),
    P("pod.sysctls", 28, SYSCTL("net.ipv4.tcp_fin_timeout"), FORBIDDEN),
    P("pod.sysctls", 29, SYSCTL("net.ipv4.tcp_fin_timeout"), ALLOWED),
    P("pod.sysctls", 28, SYSCTL("net.ipv4.tcp_keepalive_intvl"), FORBIDDEN),
    P("pod.sysctls", 29, SYSCTL("net.ipv4.tcp_keepalive_intvl"), ALLOWED),
    P("pod.sysctls", 28, SYSCTL("net.ipv4.tcp_keepalive_probes"), FORBIDDEN),
    P("pod.sysctls", 29, SYSCTL("net.ipv4.tcp_keepalive_probes"), ALLOWED),
    P("pod.sysctls", 31, SYSCTL("net.ipv4.tcp_rmem"), FORBIDDEN),
    P("pod.sysctls", 32, SYSCTL("net.ipv4.tcp_rmem"), ALLOWED),
    P("pod.sysctls", 31, SYSCTL("net.ipv4.tcp_wmem"), FORBIDDEN),
    P("pod.sysctls", 32, SYSCTL("net.ipv4.tcp_wmem"), ALLOWED),
    P("pod.sysctls", 36, SYSCTL("net.ipv4.tcp_slow_start_after_idle"), FORBIDDEN),
    P("pod.sysctls", 37, SYSCTL("net.ipv4.tcp_slow_start_after_idle"), ALLOWED),
    P("pod.sysctls", 36, SYSCTL("net.ipv4.tcp_notsent_lowat"), FORBIDDEN),
    P("pod.sysctls", 37, SYSCTL("net.ipv4.tcp_notsent_lowat"), ALLOWED),

    P("pod.host-process", LATEST, SC("\"windowsOptions\":{\"hostProcess\":true}"), FORBIDDEN),
    C("pod.host-process", LATEST, SC("\"windowsOptions\":{\"hostProcess\":true}"), FORBIDDEN),
    C("pod.host-process", LATEST, SC("\"windowsOptions\":{\"hostProcess\":false}"), ALLOWED),

    BOTH_HOSTS(34, PROBE_HOST, "livenessProbe", "httpGet"),
    BOTH_HOSTS(34, PROBE_HOST, "livenessProbe", "tcpSocket"),
    BOTH_HOSTS(34, PROBE_HOST, "readinessProbe", "httpGet"),
    BOTH_HOSTS(34, PROBE_HOST, "readinessProbe", "tcpSocket"),
    BOTH_HOSTS(34, PROBE_HOST, "startupProbe", "httpGet"),
    BOTH_HOSTS(LATEST, PROBE_HOST, "startupProbe", "tcpSocket"),
    BOTH_HOSTS(34, HOOK_HOST, "postStart", "httpGet"),
    BOTH_HOSTS(34, HOOK_HOST, "postStart", "tcpSocket"),
    BOTH_HOSTS(34, HOOK_HOST, "preStop", "httpGet"),
    BOTH_HOSTS(34, HOOK_HOST, "preStop", "tcpSocket"),

    P("pod.volume-types", LATEST, VOLUME("configMap"), ALLOWED),
    P("pod.volume-types", LATEST, VOLUME("csi"), ALLOWED),
    P("pod.volume-types", LATEST, VOLUME("downwardAPI"), ALLOWED),
    P("pod.volume-types", LATEST, VOLUME("emptyDir"), ALLOWED),
    P("pod.volume-types", LATEST, VOLUME("ephemeral"), ALLOWED),
    P("pod.volume-types", LATEST, VOLUME("image"), ALLOWED),
    P("pod.volume-types", LATEST, VOLUME("persistentVolumeClaim"), ALLOWED),
    P("pod.volume-types", LATEST, VOLUME("projected"), ALLOWED),
    P("pod.volume-types", LATEST, VOLUME("secret"), ALLOWED),
    P("pod.volume-types", LATEST, "{\"volumes\":[{\"name\":\"v\"}]}", ALLOWED),
    P("pod.volume-types", 0, VOLUME("hostPath"), FORBIDDEN),
    P("pod.volume-types", LATEST, VOLUME("nfs"), FORBIDDEN),
    P("pod.volume-types", LATEST, VOLUME("iscsi"), FORBIDDEN),
    P("pod.volume-types", LATEST, VOLUME("gitRepo"), FORBIDDEN),
    P("pod.volume-types", LATEST, VOLUME("awsElasticBlockStore"), FORBIDDEN),
    P("pod.volume-types", LATEST, VOLUME("azureFile"), FORBIDDEN),

    C("pod.privilege-escalation", LATEST, SC("\"allowPrivilegeEscalation\":false"), ALLOWED),
    C("pod.privilege-escalation", LATEST, SC("\"allowPrivilegeEscalation\":true"), FORBIDDEN),
    C("pod.privilege-escalation", LATEST, SC("\"allowPrivilegeEscalation\":null"), FORBIDDEN),
    C("pod.privilege-escalation", LATEST, "{}", FORBIDDEN),
    C("pod.privilege-escalation", 8, "{}", FORBIDDEN),
    C("pod.privilege-escalation", 7, "{}", ALLOWED),
    PC("pod.privilege-escalation", 24, WINDOWS(""), "{}", FORBIDDEN),
    PC("pod.privilege-escalation", 25, WINDOWS(""), "{}", ALLOWED),
    PC("pod.privilege-escalation", 25, "{\"os\":{\"name\":\"linux\"}}", "{}", FORBIDDEN),

    PC("pod.run-as-non-root", 0, "{}", "{}", FORBIDDEN),
    PC("pod.run-as-non-root", LATEST, "{}", "{}", FORBIDDEN),
    PC("pod.run-as-non-root", LATEST, "{}", SC("\"runAsNonRoot\":true"), ALLOWED),
    PC("pod.run-as-non-root", LATEST, SC("\"runAsNonRoot\":true"), "{}", ALLOWED),
    PC("pod.run-as-non-root", LATEST, SC("\"runAsNonRoot\":true"), SC("\"runAsNonRoot\":false"),
       FORBIDDEN),
    PC("pod.run-as-non-root", LATEST, SC("\"runAsNonRoot\":true"), SC("\"runAsNonRoot\":null"),
       ALLOWED),
    PC("pod.run-as-non-root", LATEST, SC("\"runAsNonRoot\":false"), SC("\"runAsNonRoot\":true"),
       FORBIDDEN),
    PC("pod.run-as-non-root", 34, USERS(""), "{}", FORBIDDEN),
    PC("pod.run-as-non-root", 35, USERS(""), "{}", ALLOWED),
    PC("pod.run-as-non-root", 35, "{\"hostUsers\":true}", "{}", FORBIDDEN),
    PC("pod.run-as-non-root", LATEST, WINDOWS(""), "{}", FORBIDDEN),

    P("pod.run-as-user", LATEST, SC("\"runAsUser\":0"), FORBIDDEN),
    C("pod.run-as-user", LATEST, SC("\"runAsUser\":0"), FORBIDDEN),
    C("pod.run-as-user", LATEST, SC("\"runAsUser\":1000"), ALLOWED),
    C("pod.run-as-user", LATEST, SC("\"runAsUser\":null"), ALLOWED),
    C("pod.run-as-user", LATEST, SC("\"runAsUser\":\"1000\""), FORBIDDEN),
    C("pod.run-as-user", 23, SC("\"runAsUser\":0"), FORBIDDEN),
    C("pod.run-as-user", 22, SC("\"runAsUser\":0"), ALLOWED),
    PC("pod.run-as-user", 34, USERS(""), SC("\"runAsUser\":0"), FORBIDDEN),
    PC("pod.run-as-user", 35, USERS(""), SC("\"runAsUser\":0"), ALLOWED),

    PC("pod.seccomp-restricted", LATEST, "{}", "{}", FORBIDDEN),
    PC("pod.seccomp-restricted", LATEST, TYPE("seccompProfile", "\"RuntimeDefault\""), "{}",
       ALLOWED),
    PC("pod.seccomp-restricted", LATEST, TYPE("seccompProfile", "\"Localhost\""), "{}", ALLOWED),
    PC("pod.seccomp-restricted", LATEST, TYPE("seccompProfile", "\"Unconfined\""),
       TYPE("seccompProfile", "\"RuntimeDefault\""), FORBIDDEN),
    PC("pod.seccomp-restricted", LATEST, TYPE("seccompProfile", "\"RuntimeDefault\""),
       TYPE("seccompProfile", "\"Unconfined\""), FORBIDDEN),
    PC("pod.seccomp-restricted", 19, "{}", "{}", FORBIDDEN),
    PC("pod.seccomp-restricted", 18, "{}", "{}", ALLOWED),
    PC("pod.seccomp-restricted", 24, WINDOWS(""), "{}", FORBIDDEN),
    PC("pod.seccomp-restricted", 25, WINDOWS(""), "{}", ALLOWED),

    C("pod.capabilities-restricted", LATEST, CAPS("\"drop\":[\"ALL\"]"), ALLOWED),
    C("pod.capabilities-restricted", LATEST, CAPS("\"drop\":[\"CHOWN\",\"ALL\"]"), ALLOWED),
    C("pod.capabilities-restricted", LATEST, "{}", FORBIDDEN),
    C("pod.capabilities-restricted", LATEST, CAPS("\"drop\":[]"), FORBIDDEN),
    C("pod.capabilities-restricted", LATEST, CAPS("\"drop\":[\"all\"]"), FORBIDDEN),
    C("pod.capabilities-restricted", LATEST, CAPS("\"drop\":[\"NET_RAW\"]"), FORBIDDEN),
    C("pod.capabilities-restricted", LATEST,
      CAPS("\"drop\":[\"ALL\"],\"add\":[\"NET_BIND_SERVICE\"]"), ALLOWED),
    C("pod.capabilities-restricted", LATEST, CAPS("\"drop\":[\"ALL\"],\"add\":[\"CHOWN\"]"),
      FORBIDDEN),
    C("pod.capabilities-restricted", 22, "{}", FORBIDDEN),
    C("pod.capabilities-restricted", 21, "{}", ALLOWED),
    C("pod.capabilities-restricted", 21, CAPS("\"add\":[\"CHOWN\"]"), ALLOWED),
    PC("pod.capabilities-restricted", 24, WINDOWS(""), "{}", FORBIDDEN),
    PC("pod.capabilities-restricted", 25, WINDOWS(""), "{}", ALLOWED),
};

static json_t *load(const char *text)
{
    json_t *json = NULL;
    struct ocn_error err = { 0 };
    int status =
        ocn_json_load((struct ocn_bytes){ text, strlen(text) }, (size_t)1 << 20, &json, &err);

    ck_assert_msg(status == 0, "%s: %s: %s", text, err.where, err.msg);
    return json;
}

/* How often each rule was found. */
struct seen {
    const char *rule; /* that is asked for */
    unsigned count;
    unsigned others;
};

static int count(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err)
{
    struct seen *seen = ctx;

    (void)err;
    ck_assert_ptr_nonnull(finding->message);
    ck_assert_ptr_nonnull(finding->hint);
    ck_assert_ptr_nonnull(finding->path);
    ck_assert_str_eq(finding->object, "Pod p");
    *(strcmp(finding->rule, seen->rule) == 0 ? &seen->count : &seen->others) += 1;
    return 0;
}

struct judged {
    struct ocn_workload_check check;
    unsigned pods;
};

static int judge_pod(void *ctx, const struct ocn_pod *pod, struct ocn_error *err)
{
    struct judged *judged = ctx;

    judged->pods++;
    return ocn_pss_check(&judged->check, pod, err);
}

/* The pod of @spec with a good container, and @container in @list. */
static json_t *make_pod(const char *spec, const char *list, const char *container)
{
    json_t *pod = load("{\"apiVersion\":\"v1\",\"kind\":\"Pod\",\"metadata\":{\"name\":\"p\"}}");
    json_t *json = load(spec != NULL ? spec : good_pod);

    json_object_set_new(json, "containers", json_array());
    json_array_append_new(json_object_get(json, "containers"), load(good_container));
    if (json_object_get(json, list) == NULL) {
        json_object_set_new(json, list, json_array());
    }
    json_array_append_new(json_object_get(json, list),
                          load(container != NULL ? container : good_container));
    json_object_set_new(pod, "spec", json);
    return pod;
}

static struct seen check(const json_t *pod, const char *rule, uint32_t version)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct seen seen = { .rule = rule };
    struct judged judged = {
        { .arena = &arena, .kubernetes = version, .found = count, .ctx = &seen }, 0
    };
    struct ocn_error err = { 0 };

    ck_assert_int_eq(ocn_pod_each(pod, &arena, judge_pod, &judged, &err), 0);
    ck_assert_uint_eq(judged.pods, 1);
    return seen;
}

static const char *const lists[] = { "containers", "initContainers", "ephemeralContainers" };

START_TEST(test_pss__allows_what_the_standard_allows)
{
    const struct row *row = &rows[_i];

    for (size_t i = 0; i < OCN_COUNT(lists); i++) {
        json_auto_t *pod = make_pod(row->spec, lists[i], row->container);
        struct seen seen = check(pod, row->rule, row->version);
        ck_assert_msg((seen.count == 0) == row->allowed, "%s, 1.%u, %s, pod %s, container %s: %u",
                      row->rule, row->version, lists[i], row->spec, row->container, seen.count);
    }
}
END_TEST

START_TEST(test_pss__has_nothing_against_a_restricted_pod)
{
    for (uint32_t version = 0; version < 50; version++) {
        for (size_t i = 0; i < OCN_COUNT(lists); i++) {
            json_auto_t *pod = make_pod(NULL, lists[i], NULL);
            struct seen seen = check(pod, "none", version);
            ck_assert_uint_eq(seen.others, 0);
        }
    }
}
END_TEST

static const struct {
    const char *rule;
    uint32_t version;
    const char *key;
    const char *value;
    bool allowed;
} annotations[] = {
    { "pod.apparmor", 0, "container.apparmor.security.beta.kubernetes.io/web", "unconfined",
      false },
    { "pod.apparmor", LATEST, "container.apparmor.security.beta.kubernetes.io/web", "unconfined",
      false },
    { "pod.apparmor", LATEST, "container.apparmor.security.beta.kubernetes.io/web",
      "runtime/default", true },
    { "pod.apparmor", LATEST, "container.apparmor.security.beta.kubernetes.io/web",
      "localhost/mine", true },
    { "pod.apparmor", LATEST, "container.apparmor.security.beta.kubernetes.io/web", "", true },
    { "pod.apparmor", LATEST, "example.com/apparmor", "unconfined", true },
    { "pod.seccomp", 18, "seccomp.security.alpha.kubernetes.io/pod", "unconfined", false },
    { "pod.seccomp", 19, "seccomp.security.alpha.kubernetes.io/pod", "unconfined", true },
    { "pod.seccomp", 18, "container.seccomp.security.alpha.kubernetes.io/web", "unconfined",
      false },
    { "pod.seccomp", 18, "container.seccomp.security.alpha.kubernetes.io/web", "docker/default",
      true },
    { "pod.seccomp", 18, "seccomp.security.alpha.kubernetes.io/pod", "runtime/default", true },
    { "pod.seccomp", 18, "seccomp.security.alpha.kubernetes.io/pod", "localhost/mine", true },
    { "pod.seccomp", 18, "seccomp.security.alpha.kubernetes.io/pod", "", false },
};

START_TEST(test_pss__reads_annotations)
{
    json_auto_t *pod = make_pod(NULL, "containers", NULL);

    json_object_set_new(json_object_get(pod, "metadata"), "annotations",
                        json_pack("{s:s}", annotations[_i].key, annotations[_i].value));
    struct seen seen = check(pod, annotations[_i].rule, annotations[_i].version);
    ck_assert_msg((seen.count == 0) == annotations[_i].allowed, "%s: %s", annotations[_i].key,
                  annotations[_i].value);
    ck_assert_uint_eq(seen.others, 0);
}
END_TEST

START_TEST(test_pss__reads_versions)
{
    struct ocn_error err = { 0 };
    uint32_t version = 0;

    ck_assert_int_eq(ocn_workload_version("1.30", &version, &err), 0);
    ck_assert_uint_eq(version, 30);
    ck_assert_int_eq(ocn_workload_version("latest", &version, &err), 0);
    ck_assert_uint_eq(version, LATEST);
    ck_assert_int_eq(ocn_workload_version(NULL, &version, &err), 0);
    ck_assert_uint_eq(version, LATEST);
    ck_assert_int_eq(ocn_workload_version("v1.30", &version, &err), -1);
    ck_assert_int_eq(ocn_workload_version("1.x", &version, NULL), -1);
    ck_assert_int_eq(ocn_workload_version("2", &version, NULL), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pss");
    TCase *tests = tcase_create("pss");

    tcase_add_loop_test(tests, test_pss__allows_what_the_standard_allows, 0, OCN_COUNT(rows));
    tcase_add_test(tests, test_pss__has_nothing_against_a_restricted_pod);
    tcase_add_loop_test(tests, test_pss__reads_annotations, 0, OCN_COUNT(annotations));
    tcase_add_test(tests, test_pss__reads_versions);
    suite_add_tcase(suite, tests);
    return ocn_run_suite(suite);
}
