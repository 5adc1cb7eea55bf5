/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/cli/admission_tls.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/install/tool.h"
#include "hook/sys/io.h"
#include "hook/sys/replace.h"

#define SECONDS 60
#define MAX_WORDS 24
#define MAX_PEM ((size_t)1 << 20)
#define OPENSSL "/usr/bin/openssl"

/* A command of openssl's, whose words are told apart by blanks; @DIR@ stands for the directory. */
struct step {
    const char *makes; /* it is left out where this file is there; NULL: never */
    const char *words;
    mode_t mode; /* of what it makes */
};

static const struct step steps[] = {
    { "ca.key", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out @DIR@/ca.key", 0600 },
    { "ca.crt",
      "req -x509 -new -key @DIR@/ca.key -sha256 -days 3650 -config @DIR@/openssl.cnf "
      "-extensions ca -out @DIR@/ca.crt",
      0644 },
    { "tls.key", "genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out @DIR@/tls.key",
      0600 },
    { "tls.crt", "req -new -key @DIR@/tls.key -sha256 -config @DIR@/openssl.cnf -out @DIR@/tls.csr",
      0 },
    { "tls.crt",
      "x509 -req -in @DIR@/tls.csr -sha256 -CA @DIR@/ca.crt -CAkey @DIR@/ca.key -CAserial "
      "@DIR@/ca.srl -CAcreateserial -days 365 -extfile @DIR@/openssl.cnf -extensions leaf -out "
      "@DIR@/tls.crt",
      0644 },
    { NULL,
      "verify -x509_strict -purpose sslserver -CAfile @DIR@/ca.crt -verify_hostname @HOST@ "
      "@DIR@/tls.crt",
      0 },
};

/* One call. */
struct work {
    const char *dir; /* absolute */
    const char *host;
    struct ocn_node node;
    struct ocn_arena arena;
};

static void work_done(struct work *work)
{
    ocn_node_done(&work->node);
    ocn_arena_done(&work->arena);
}

static const char *path_of(struct work *work, const char *name)
{
    return ocn_arena_printf(&work->arena, "%s/%s", work->dir, name);
}

/* Every word may have one of the two, at its beginning. */
static const char *word_of(struct work *work, const char *word, size_t len)
{
    static const char dir[] = "@DIR@";
    static const char host[] = "@HOST@";
    size_t skip = sizeof(dir) - 1;

    if (len >= skip && memcmp(word, dir, skip) == 0) {
        return ocn_arena_printf(&work->arena, "%s%.*s", work->dir, (int)(len - skip), word + skip);
    }
    return len == sizeof(host) - 1 && memcmp(word, host, len) == 0
               ? work->host
               : ocn_arena_copy(&work->arena, word, len);
}

static int run_step(struct work *work, const struct step *step, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_tool_done) struct ocn_tool_result result = { 0 };
    const char *argv[MAX_WORDS + 1] = { OPENSSL };
    size_t count = 1;

    for (const char *at = step->words; *at != '\0' && count < MAX_WORDS;) {
        size_t len = strcspn(at, " ");
        argv[count++] = word_of(work, at, len);
        at += len + strspn(at + len, " ");
    }
    if (ocn_arena_check(&work->arena, err) < 0 ||
        ocn_tool_run(&work->node, argv, SECONDS, &result, err) < 0) {
        return -1;
    }
    if (result.status == 127) {
        return ocn_fail(err, OCN_E_NOENT, OPENSSL,
                        "is needed for --tls; install openssl, or use --ca-bundle");
    }
    return result.status != 0 ? ocn_fail(err, OCN_E_IO, work->dir, "openssl %s failed: %s", argv[1],
                                         ocn_tool_reason(&result))
                              : 0;
}

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static int write_config(struct work *work, struct ocn_error *err)
{
    const char *path = path_of(work, "openssl.cnf");
    const char *text = ocn_arena_printf(
        &work->arena,
        "[req]\nprompt = no\ndistinguished_name = name\n[name]\nCN = ocinorm-webhook\n"
        "[ca]\nbasicConstraints = critical, CA:TRUE, pathlen:0\n"
        "keyUsage = critical, keyCertSign, cRLSign\nsubjectKeyIdentifier = hash\n"
        "[leaf]\nbasicConstraints = critical, CA:FALSE\nkeyUsage = critical, digitalSignature\n"
        "extendedKeyUsage = serverAuth\nsubjectKeyIdentifier = hash\n"
        "authorityKeyIdentifier = keyid\nsubjectAltName = DNS:%s, DNS:%s.cluster.local\n",
        work->host, work->host);

    if (ocn_arena_check(&work->arena, err) < 0) {
        return -1;
    }
    (void)unlink(path);
    return ocn_replace_new_file(path, (struct ocn_bytes){ text, strlen(text) }, 0644, err);
}

/* What is made for others to read is so whatever the umask; a key never is. */
static int run_steps(struct work *work, struct ocn_error *err)
{
    bool missing[OCN_COUNT(steps)];

    for (size_t i = 0; i < OCN_COUNT(steps); i++) {
        missing[i] = steps[i].makes == NULL || !is_there(path_of(work, steps[i].makes));
    }
    for (size_t i = 0; i < OCN_COUNT(steps); i++) {
        if (!missing[i]) {
            continue;
        }
        if (run_step(work, &steps[i], err) < 0) {
            return -1;
        }
        const char *made = steps[i].mode != 0 ? path_of(work, steps[i].makes) : NULL;
        if (made != NULL && chmod(made, steps[i].mode) < 0) {
            return ocn_fail_sys(err, errno, made, "cannot set its mode");
        }
    }
    (void)unlink(path_of(work, "tls.csr"));
    (void)unlink(path_of(work, "openssl.cnf"));
    return 0;
}

static int read_all(struct work *work, struct ocn_admission_webhook_tls *ret, struct ocn_error *err)
{
    return ocn_io_read_file(path_of(work, "ca.crt"), MAX_PEM, &ret->ca, err) < 0 ||
                   ocn_io_read_file(path_of(work, "tls.crt"), MAX_PEM, &ret->cert, err) < 0 ||
                   ocn_io_read_file(path_of(work, "tls.key"), MAX_PEM, &ret->key, err) < 0
               ? -1
               : 0;
}

int ocn_admission_tls_make(const char *dir, const struct ocn_admission_webhook_service *service,
                           struct ocn_admission_webhook_tls *ret, struct ocn_error *err)
{
    OCN_CLEANUP(work_done) struct work work = { .node = { .fd = -1 } };
    char absolute[PATH_MAX];

    if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
        return ocn_fail_sys(err, errno, dir, "cannot make the directory");
    }
    if (realpath(dir, absolute) == NULL) {
        return ocn_fail_sys(err, errno, dir, "cannot find the directory");
    }
    work.dir = absolute;
    work.host = ocn_arena_printf(&work.arena, "%s.%s.svc", service->name, service->namespace_);
    return ocn_node_open(NULL, &work.node, err) < 0 || write_config(&work, err) < 0 ||
                   run_steps(&work, err) < 0 || ocn_arena_check(&work.arena, err) < 0
               ? -1
               : read_all(&work, ret, err);
}
