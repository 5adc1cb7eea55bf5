/* SPDX-License-Identifier: Apache-2.0 */
/* One request: what is at its path, what is wrong with it, its body, its answer. */
#pragma once

#include "hook/webhook/connection.h"

/* For libmicrohttpd; cls is a struct ocn_server_listener. */
enum MHD_Result ocn_request_handle(void *cls, struct MHD_Connection *mhd, const char *url,
                                   const char *method, const char *version, const char *upload,
                                   size_t *upload_len, void **context);
void ocn_request_completed(void *cls, struct MHD_Connection *mhd, void **context,
                           enum MHD_RequestTerminationCode code);
