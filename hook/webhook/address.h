/* SPDX-License-Identifier: Apache-2.0 */
/* Where a server listens: "8443", ":8443", "127.0.0.1:8443", "[::1]:8443". */
#pragma once

#include "normalize/base/error.h"

/* A listening socket of @address, non-blocking; ":PORT" is every address, IPv4 and IPv6. */
OCN_MUST_USE int ocn_address_listen(const char *address, int *ret, struct ocn_error *err);

/* "[::]:8443", as the kernel has it: with the port that it chose for 0. */
void ocn_address_show(int fd, char *ret, size_t size);
