/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm admission --webhook: manifests of the webhook, from webhook.yaml.in. */
#pragma once

#include <jansson.h>

#include "normalize/base/buf.h"

#define OCN_ADMISSION_WEBHOOK_MAX_NAME 63 /* of a namespace and of a Service (RFC 1123) */

/* webhook.yaml.in, as it is compiled in. */
extern const struct ocn_bytes ocn_admission_webhook_template;

/* Files that --tls made; zero-initialised: none. */
struct ocn_admission_webhook_tls {
    struct ocn_buf ca; /* PEM */
    struct ocn_buf cert;
    struct ocn_buf key;
};

void ocn_admission_webhook_tls_done(struct ocn_admission_webhook_tls *tls);

/* "NS/NAME", taken apart. */
struct ocn_admission_webhook_service {
    char namespace_[OCN_ADMISSION_WEBHOOK_MAX_NAME + 1];
    char name[OCN_ADMISSION_WEBHOOK_MAX_NAME + 1];
};

OCN_MUST_USE int ocn_admission_webhook_service(const char *text,
                                               struct ocn_admission_webhook_service *ret,
                                               struct ocn_error *err);

/*
 * Appends all manifests: a ConfigMap with @policy, as the webhook is to read it; a Secret, if
 * there is a certificate; caBundle from the CA, or cert-manager's annotation where there is none.
 */
OCN_MUST_USE int ocn_admission_webhook_print(const struct ocn_admission_webhook_service *service,
                                             const struct ocn_admission_webhook_tls *tls,
                                             const json_t *policy, struct ocn_buf *out,
                                             struct ocn_error *err);
