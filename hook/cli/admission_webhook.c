/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cli/admission_webhook.h"

#include <stdbool.h>
#include <string.h>

#include "normalize/base/base64.h"
#include "normalize/json/json.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define MAX_SERVICE 50 /* names of the objects around it are longer */

void ocn_admission_webhook_tls_done(struct ocn_admission_webhook_tls *tls)
{
    ocn_buf_done(&tls->ca);
    ocn_buf_done(&tls->cert);
    ocn_buf_done(&tls->key);
}

/* ---- NS/NAME ----------------------------------------------------------------------------- */

/* A label of DNS, as Kubernetes wants a Service to be called. */
static bool take_label(const char *text, size_t len, size_t most, char *ret)
{
    if (len == 0 || len > most || strspn(text, LOWER "0123456789-") < len || text[0] == '-' ||
        text[len - 1] == '-') {
        return false;
    }
    memcpy(ret, text, len);
    ret[len] = '\0';
    return true;
}

int ocn_admission_webhook_service(const char *text, struct ocn_admission_webhook_service *ret,
                                  struct ocn_error *err)
{
    const char *slash = text != NULL ? strchr(text, '/') : NULL;

    if (slash == NULL ||
        !take_label(text, (size_t)(slash - text), OCN_ADMISSION_WEBHOOK_MAX_NAME,
                    ret->namespace_) ||
        !take_label(slash + 1, strlen(slash + 1), MAX_SERVICE, ret->name) ||
        strchr(LOWER, ret->name[0]) == NULL) {
        return ocn_fail(err, OCN_E_USAGE, "--service",
                        "is written NAMESPACE/NAME, in lower case letters, digits and \"-\", as "
                        "ocinorm-system/ocinorm-webhook");
    }
    return strncmp(ret->namespace_, "kube-", strlen("kube-")) == 0
               ? ocn_fail(err, OCN_E_USAGE, "--service",
                          "%s is not asked about, and not for this: give it a namespace of its own",
                          ret->namespace_)
               : 0;
}

/* ---- the template ------------------------------------------------------------------------ */

struct token {
    const char *name;
    const char *text;
};

static size_t put_token(const struct token *tokens, struct ocn_bytes rest, struct ocn_buf *out)
{
    for (size_t i = 0; tokens[i].name != NULL; i++) {
        size_t len = strlen(tokens[i].name);
        if (rest.len >= len && memcmp(rest.ptr, tokens[i].name, len) == 0) {
            ocn_buf_puts(out, tokens[i].text);
            return len;
        }
    }
    ocn_buf_add(out, rest.ptr, 1);
    return 1;
}

static void fill(struct ocn_bytes template, const struct token *tokens, struct ocn_buf *out)
{
    while (template.len != 0) {
        const char *at = memchr(template.ptr, '@', template.len);
        size_t plain = at != NULL ? (size_t)(at - template.ptr) : template.len;
        ocn_buf_add(out, template.ptr, plain);
        template.ptr += plain;
        template.len -= plain;
        if (template.len != 0) {
            size_t taken = put_token(tokens, template, out);
            template.ptr += taken;
            template.len -= taken;
        }
    }
}

static void put_base64(struct ocn_buf *out, const char *key, const struct ocn_buf *bytes)
{
    ocn_buf_puts(out, key);
    ocn_base64_add(out, ocn_buf_bytes(bytes));
    ocn_buf_puts(out, "\n");
}

static void put_secret(const struct ocn_admission_webhook_service *service,
                       const struct ocn_admission_webhook_tls *tls, struct ocn_buf *out)
{
    ocn_buf_printf(out,
                   "---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s-tls\n"
                   "  namespace: %s\ntype: kubernetes.io/tls\ndata:\n",
                   service->name, service->namespace_);
    put_base64(out, "  tls.crt: ", &tls->cert);
    put_base64(out, "  tls.key: ", &tls->key);
}

/* A string of JSON is one of YAML. */
static int put_policy(const struct ocn_admission_webhook_service *service, const json_t *policy,
                      struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    if (ocn_json_dump(policy, JSON_COMPACT | JSON_REAL_PRECISION(15), &text, err) < 0) {
        return -1;
    }
    ocn_buf_printf(out,
                   "---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: %s-policy\n"
                   "  namespace: %s\ndata:\n  config.json: ",
                   service->name, service->namespace_);
    ocn_json_quote(out, ocn_buf_bytes(&text).ptr, text.len);
    ocn_buf_puts(out, "\n");
    return 0;
}

int ocn_admission_webhook_print(const struct ocn_admission_webhook_service *service,
                                const struct ocn_admission_webhook_tls *tls, const json_t *policy,
                                struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf annotations = { 0 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf ca = { 0 };

    ocn_buf_puts(&annotations, "");
    ocn_buf_puts(&ca, "");
    if (tls->ca.len != 0) {
        put_base64(&ca, "      caBundle: ", &tls->ca);
    } else {
        ocn_buf_printf(&annotations,
                       "  annotations:\n    cert-manager.io/inject-ca-from: %s/%s-tls\n",
                       service->namespace_, service->name);
    }
    if (ocn_buf_check(&annotations, err) < 0 || ocn_buf_check(&ca, err) < 0) {
        return -1;
    }
    const struct token tokens[] = {
        { "@NS@", service->namespace_ },
        { "@NAME@", service->name },
        { "@ANNOTATIONS@", ocn_buf_bytes(&annotations).ptr },
        { "@CA@", ocn_buf_bytes(&ca).ptr },
        { NULL, NULL },
    };
    fill(ocn_admission_webhook_template, tokens, out);
    if (tls->cert.len != 0) {
        put_secret(service, tls, out);
    }
    return put_policy(service, policy, out, err) < 0 ? -1 : ocn_buf_check(out, err);
}
