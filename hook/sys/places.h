/* SPDX-License-Identifier: Apache-2.0 */
/* Where ocinorm's own files lie on a node (interface.md); --root DIR goes before each. */
#pragma once

#define OCN_CONFIG_DIR OCN_SYSCONFDIR "/ocinorm" /* the admin's: the directory of the policy */
#define OCN_CONFIG_PATH OCN_CONFIG_DIR "/config.json"
#define OCN_DISABLED_PATH OCN_CONFIG_DIR "/disabled" /* the break-glass file */
#define OCN_STATE_DIR                                                                              \
    "/run/ocinorm" /* what is known until the next boot; only root writes there                    \
                    */
#define OCN_VENDOR_DIR OCN_DATADIR "/ocinorm" /* what comes with the system */
