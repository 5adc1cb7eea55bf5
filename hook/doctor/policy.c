/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/doctor/doctor.h"

#include <string.h>

#include "hook/policy/node_policy.h"
#include "hook/policy/policy_files.h"

static const char area[] = "policy";

/* "a, b, c" */
static void join(struct ocn_buf *out, const char *word)
{
    ocn_buf_puts(out, out->len != 0 ? ", " : "");
    ocn_buf_puts(out, word);
}

static const char *text_of(struct ocn_buf *buf, const char *empty)
{
    ocn_buf_add(buf, "", 1);
    return buf->failed || buf->len == 1 ? empty : buf->ptr;
}

static void refuse(struct ocn_doctor *doctor, const struct ocn_error *err)
{
    bool unreadable = err->code == OCN_E_IO || err->code == OCN_E_NOMEM;

    ocn_checkup_add_error(&doctor->checkup, unreadable ? OCN_CHECK_UNKNOWN : OCN_CHECK_FAIL, area,
                          "valid", err);
    ocn_checkup_fix(&doctor->checkup,
                    unreadable
                        ? "look again as root"
                        : "no container starts through ocinorm until this is right: correct the "
                          "file (ocinorm config check), or switch off: touch " OCN_DISABLED_PATH);
}

static void list_exempt(struct ocn_doctor *doctor, const struct ocn_policy_exempt *exempt)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf names = { 0 };
    const struct {
        bool on;
        const char *name;
    } kinds[] = {
        { exempt->sandbox, "sandboxes" },
        { exempt->privileged, "privileged" },
        { exempt->host_namespaces, "host namespaces" },
    };

    for (size_t i = 0; i < OCN_COUNT(kinds); i++) {
        if (kinds[i].on) {
            join(&names, kinds[i].name);
        }
    }
    for (size_t i = 0; i < exempt->namespaces.len; i++) {
        join(&names, "namespace ");
        ocn_buf_puts(&names, exempt->namespaces.items[i]);
    }
    for (size_t i = 0; i < exempt->annotations.len; i++) {
        join(&names, "annotation ");
        ocn_buf_puts(&names, exempt->annotations.items[i].name);
    }
    ocn_checkup_add(&doctor->checkup, OCN_CHECK_NOTE, area, "exempt", "%s",
                    text_of(&names, "nobody"));
}

/* The first layer is the profile's place, and the profile is named by itself. */
static void list_layers(struct ocn_doctor *doctor, const struct ocn_node_policy *policy)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf names = { 0 };
    const struct ocn_policy *base = ocn_config_base(policy->config);

    for (size_t i = 1; i < policy->layers_len; i++) {
        join(&names, policy->layers[i].name);
    }
    ocn_checkup_add(&doctor->checkup, OCN_CHECK_OK, area, "valid", "profile %s, onError %s; %s",
                    base->profile, base->on_error == OCN_ON_ERROR_WARN ? "warn" : "deny",
                    text_of(&names, "no file: the built-in default holds"));
}

static void check_switch(struct ocn_doctor *doctor)
{
    if (!ocn_policy_is_disabled(&doctor->world)) {
        return;
    }
    ocn_checkup_add(&doctor->checkup, OCN_CHECK_FAIL, area, "switched off",
                    "every container starts as if ocinorm were not there");
    ocn_checkup_fix(&doctor->checkup, "rm " OCN_DISABLED_PATH " (or `disabled` beside the file of "
                                      "--config) when the reason for it is gone");
}

void ocn_doctor_policy(struct ocn_doctor *doctor)
{
    OCN_CLEANUP(ocn_node_policy_done) struct ocn_node_policy policy = { 0 };
    struct ocn_error err = { 0 };

    if (ocn_node_policy_read(&doctor->world, &policy, &err) < 0) {
        refuse(doctor, &err);
    } else {
        list_layers(doctor, &policy);
        list_exempt(doctor, &ocn_config_base(policy.config)->exempt);
    }
    check_switch(doctor);
}
