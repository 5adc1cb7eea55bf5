/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the confined child is asked: the container, and the policy of the node. It comes as bytes,
 * for the child is born, and has given up its power, while the parent still reads all that.
 */
#pragma once

#include "hook/judge/namespaces.h"
#include "hook/judge/subject.h"
#include "hook/policy/node_policy.h"

struct ocn_question {
    struct ocn_world world;         /* only .root and .all_facts are passed on */
    struct ocn_subject subject;     /* all but .follower and .lingers */
    struct ocn_namespaces seen;     /* of subject.config */
    struct ocn_node_policy *policy; /* its layers and what there is to choose from */
};

/*
 * Appends to @head all but subject.config and subject.process, which are to follow it as they are.
 */
OCN_MUST_USE int ocn_question_write(const struct ocn_question *question, struct ocn_buf *head,
                                    struct ocn_error *err);

/*
 * Reads the three. Texts are borrowed from @bytes, the rest is of ret->policy, which must be zeroed
 * and is to be released, also on failure, with ocn_node_policy_done(); it is loaded then.
 */
OCN_MUST_USE int ocn_question_read(struct ocn_bytes bytes, struct ocn_question *ret,
                                   struct ocn_error *err);
