/* SPDX-License-Identifier: Apache-2.0 */
/* What a cluster's gate is asked about. */
#pragma once

#include <jansson.h>

/* What the API server was asked to do; zero-initialise what is not known. */
struct ocn_admission_request {
    const json_t *object;    /* as it would be stored; NULL or null: there is none (DELETE) */
    const json_t *old;       /* as it is stored; NULL or null: it is created */
    const char *operation;   /* "CREATE", "UPDATE", "DELETE", "CONNECT"; NULL: CREATE */
    const char *subresource; /* "ephemeralcontainers", "resize"; NULL, "": the object itself */
    const char *namespace_;  /* of the request; NULL: the object's own, else "default" */
};
