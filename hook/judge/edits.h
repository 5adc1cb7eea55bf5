/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parent takes of the edits that its confined child proposes. The child has read bytes of
 * an image and may be in their author's hands; the parent has read none. It knows the policy, and
 * the configuration as text: so each edit is bound to what these two allow, and what is left to a
 * hostile child is to say "nothing to change".
 */
#pragma once

#include "hook/mounts/grant.h"
#include "normalize/normalize.h"

/* All borrowed. */
struct ocn_edits_bounds {
    const struct ocn_policy *policy; /* that holds for this container */
    enum ocn_event event;
    struct ocn_bytes text;           /* what is edited: config.json, or with EXEC process.json */
    struct ocn_bytes joined;         /* EXEC: config.json of the container that the process joins */
    const struct ocn_grants *grants; /* the mounts that may be mapped; NULL: none */
};

/*
 * Checks each edit of @outcome and puts our own spelling in the place of its values. An edit is of
 * a path that ocinorm edits and of the rule that edits it, at level `edit`; ids are the policy's
 * (or, with EXEC, the container's), and never root's; groups and capabilities are some of those
 * that the text has (and CAP_NET_BIND_SERVICE with lowPorts); a variable has a name that the policy
 * can produce, and a value of its form (with EXEC: the container's own); a mount
 * is mapped that was granted, and only so that the id of config.json and the one that the same
 * edits give change places (node/idmap.h), users and groups together; no path stands twice.
 * Anything else fails all of it with OCN_E_FORMAT. The text is only walked; lists in it may have
 * 65536 elements.
 */
OCN_MUST_USE int ocn_edits_check(const struct ocn_edits_bounds *bounds, struct ocn_outcome *outcome,
                                 struct ocn_error *err);

/*
 * Checks what the plan of a hook is made of beside edits: all of @container is as config.json has
 * it. Else OCN_E_FORMAT. Not with EXEC.
 */
OCN_MUST_USE int ocn_edits_check_container(const struct ocn_edits_bounds *bounds,
                                           const struct ocn_container *container,
                                           struct ocn_error *err);
