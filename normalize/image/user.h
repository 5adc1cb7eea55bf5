/* SPDX-License-Identifier: Apache-2.0 */
/* Whom an image's `User` means, as engines find it (OCI image-spec config.md, "User"). */
#pragma once

#include <stdbool.h>

#include "normalize/json/bind.h"

enum ocn_image_user_state {
    OCN_IMAGE_USER_FOUND,
    OCN_IMAGE_USER_MISSING,    /* the user is in no passwd: every engine refuses to start it */
    OCN_IMAGE_GROUP_MISSING,   /* the same of the group */
    OCN_IMAGE_USER_TOO_LARGE,  /* an id above 2147483647, which engines refuse or wrap around */
    OCN_IMAGE_USER_UNREADABLE, /* passwd has a line that engines do not read */
};

struct ocn_image_user {
    enum ocn_image_user_state state;
    uint32_t uid;
    uint32_t gid;
    struct ocn_u32s additional_gids; /* those of /etc/group, where no group is named */
    bool empty;                      /* nobody is named: root */
    bool named;                      /* by a name, which no kubelet can check (runAsNonRoot) */
};

/* true: @user is "UID:GID", and no file of the image can say more. */
bool ocn_image_user_is_plain(const char *user);

/* @passwd and @group are the image's files; {NULL, 0} where there is none. Lists from @arena. */
OCN_MUST_USE int ocn_image_user_find(const char *user, struct ocn_bytes passwd,
                                     struct ocn_bytes group, struct ocn_arena *arena,
                                     struct ocn_image_user *ret, struct ocn_error *err);
