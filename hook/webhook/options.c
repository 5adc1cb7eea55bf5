/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/webhook/options.h"

#include <stddef.h>
#include <string.h>

#include "hook/sys/places.h"

const char ocn_options_usage[] =
    "usage: ocinorm-webhook --cert FILE --key FILE [--listen ADDR] [--config FILE]\n"
    "                       [--metrics ADDR]\n"
    "\n"
    "Answers the API server of a Kubernetes cluster by the policy of ocinorm: POST\n"
    "/validate denies or warns, POST /mutate fills in what is absent, GET /healthz and\n"
    "GET /metrics are for whoever runs it. `ocinorm admission --webhook` prints the\n"
    "manifests. Certificate, key and policy are read again when they change.\n"
    "\n"
    "  --cert FILE     the certificate, and what comes between it and its CA (PEM)\n"
    "  --key FILE      its key (PEM)\n"
    "  --listen ADDR   where to serve HTTPS: " OCN_OPTIONS_LISTEN " by default; ADDR is PORT,\n"
    "                  :PORT, HOST:PORT or [HOST]:PORT\n"
    "  --config FILE   the policy, in place of " OCN_CONFIG_PATH "\n"
    "  --metrics ADDR  where to serve /metrics and /healthz by HTTP; without it,\n"
    "                  /metrics is behind HTTPS\n"
    "  --version       print the version\n"
    "  --help          print this text\n"
    "\n"
    "SIGTERM: /healthz says 503 for 5 seconds, then nobody is let in, what runs is\n"
    "finished, and the exit status is 0. Exit status: 2 it could not start.\n";

static const struct {
    const char *name;
    size_t offset;
} rows[] = {
    { "--cert", offsetof(struct ocn_options, files.cert) },
    { "--key", offsetof(struct ocn_options, files.key) },
    { "--listen", offsetof(struct ocn_options, listen) },
    { "--config", offsetof(struct ocn_options, world.config) },
    { "--metrics", offsetof(struct ocn_options, metrics) },
};

/* "--NAME VALUE" or "--NAME=VALUE" at *at, which is moved to the last word of it. */
static int read_row(int argc, char **argv, int *at, struct ocn_options *ret, struct ocn_error *err)
{
    const char *word = argv[*at];

    for (size_t i = 0; i < OCN_COUNT(rows); i++) {
        size_t len = strlen(rows[i].name);
        const char **place = (const char **)(void *)((char *)ret + rows[i].offset);
        if (strncmp(word, rows[i].name, len) != 0 || (word[len] != '\0' && word[len] != '=')) {
            continue;
        }
        if (word[len] == '\0' && *at + 1 >= argc) {
            return ocn_fail(err, OCN_E_USAGE, word, "a value is missing");
        }
        *place = word[len] == '=' ? word + len + 1 : argv[++*at];
        return 0;
    }
    return ocn_fail(err, OCN_E_USAGE, NULL, "unexpected argument \"%s\"; see --help", word);
}

int ocn_options_read(int argc, char **argv, struct ocn_options *ret, struct ocn_error *err)
{
    ret->listen = OCN_OPTIONS_LISTEN;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            ret->help = true;
            return 0;
        }
        if (strcmp(argv[i], "--version") == 0) {
            ret->version = true;
            return 0;
        }
        if (read_row(argc, argv, &i, ret, err) < 0) {
            return -1;
        }
    }
    if (ret->files.cert == NULL || ret->files.key == NULL) {
        return ocn_fail(err, OCN_E_USAGE, NULL, "--cert and --key are needed; see --help");
    }
    return 0;
}
