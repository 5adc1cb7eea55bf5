/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm admission --tls: a CA and a certificate for the webhook, made here by openssl(1). */
#pragma once

#include "hook/cli/admission_webhook.h"

/*
 * Makes what is missing in the directory @dir: ca.key and ca.crt (ECDSA P-256, ten years), tls.key
 * and tls.crt (a year, for SERVICE.NAMESPACE.svc), and proves it with `openssl verify`. What is
 * there is kept; who wants a new certificate takes tls.crt away. Reads ca.crt, tls.crt and tls.key
 * into *ret. The keys are files of mode 0600.
 */
OCN_MUST_USE int ocn_admission_tls_make(const char *dir,
                                        const struct ocn_admission_webhook_service *service,
                                        struct ocn_admission_webhook_tls *ret,
                                        struct ocn_error *err);
