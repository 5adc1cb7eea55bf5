/* SPDX-License-Identifier: Apache-2.0 */
#include "normalize/admission/admission.h"

#include <string.h>

#include "normalize/admission/exempt.h"
#include "normalize/admission/gate_judge.h"
#include "normalize/workload/field.h"

struct asked {
    const struct ocn_policy *policy;
    const struct ocn_admission_request *request;
    struct ocn_arena *arena;
    int (*found)(void *ctx, const struct ocn_lint_finding *finding, struct ocn_error *err);
    void *ctx;
};

/* A pod as it was stored. */
struct before {
    const json_t *meta;
    const json_t *spec;
};

static int take_pod(void *ctx, const struct ocn_pod *pod, struct ocn_error *err)
{
    (void)err;
    *(struct before *)ctx = (struct before){ pod->meta, pod->spec };
    return 0;
}

/* An object that was malformed is judged anew: whatever is wrong with it was not changed here. */
static int is_unchanged(const struct asked *asked, const struct ocn_pod *pod, bool *ret,
                        struct ocn_error *err)
{
    struct ocn_error problem = { 0 };
    struct before before = { 0 };

    *ret = false;
    if (ocn_pod_each(asked->request->old, asked->arena, take_pod, &before, &problem) < 0) {
        return problem.code == OCN_E_NOMEM ? ocn_fail_nomem(err) : 0;
    }
    *ret = before.spec != NULL &&
           ocn_admission_is_same(pod->meta, pod->spec, before.meta, before.spec);
    return 0;
}

static int judge(void *ctx, const struct ocn_pod *pod, struct ocn_error *err)
{
    const struct asked *asked = ctx;
    const struct ocn_gate_asked ask = {
        .policy = asked->policy,
        .pod = pod,
        .arena = asked->arena,
        .found = asked->found,
        .ctx = asked->ctx,
    };
    bool exempt = false;
    bool unchanged = false;

    if (!pod->own) {
        return 0;
    }
    if (ocn_admission_exempts(asked->policy, ocn_admission_namespace(asked->request),
                              ocn_field_get(pod->meta, "annotations"), &exempt, err) < 0 ||
        is_unchanged(asked, pod, &unchanged, err) < 0) {
        return -1;
    }
    return exempt || unchanged ? 0 : ocn_gate_judge(&ask, err);
}

static bool is_one_of(const char *text, const char *const *list)
{
    while (*list != NULL && strcmp(*list, text) != 0) {
        list++;
    }
    return *list != NULL;
}

/* CREATE and UPDATE, of what is not on its way out; of a status or a scale nobody asks. */
static bool is_judged(const struct ocn_admission_request *request)
{
    static const char *const operations[] = { "CREATE", "UPDATE", NULL };
    static const char *const subresources[] = { "", "ephemeralcontainers", "resize", NULL };
    const char *subresource = request->subresource != NULL ? request->subresource : "";
    const char *operation = request->operation != NULL ? request->operation : "CREATE";

    return is_one_of(operation, operations) && is_one_of(subresource, subresources) &&
           ocn_field_get(request->object, "metadata.deletionTimestamp") == NULL;
}

int ocn_admission_check(const struct ocn_policy *policy,
                        const struct ocn_admission_request *request, struct ocn_arena *arena,
                        int (*found)(void *ctx, const struct ocn_lint_finding *finding,
                                     struct ocn_error *err),
                        void *ctx, struct ocn_error *err)
{
    struct asked asked = { policy, request, arena, found, ctx };

    if (ocn_gate_check(policy, err) < 0) {
        return -1;
    }
    return is_judged(request) && request->object != NULL
               ? ocn_pod_each(request->object, arena, judge, &asked, err)
               : 0;
}
