/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm annotate INPUT: an image that says what it is, without a build. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "hook/cli/cli.h"
#include "hook/image/annotate_run.h"
#include "hook/image/annotate_text.h"
#include "hook/image/annotate_values.h"
#include "hook/image/image.h"
#include "hook/sys/io.h"
#include "hook/sys/text.h"
#include "normalize/json/json.h"

#define OUTPUT "oci:"

enum { EXIT_FINE = 0 };

struct request {
    const char *input;
    const char *output;
    bool derive;
    struct ocn_command_texts set;
    bool labels;
    bool overwrite;
    const char *attestations;
    bool dry_run;
    const char *format;
};

static const char *const attestation_words[] = { "drop", "rewrite", NULL };

static const struct ocn_command_option options[] = {
    OCN_CLI_TEXT("output", "oci:DIR[:REF]", struct request, output,
                 "the layout that the result goes into, made or added to; without REF the image "
                 "keeps the name that it has"),
    OCN_CLI_FLAG("derive", struct request, derive,
                 "what each platform's Go program says of itself; also where neither this nor "
                 "--set is given"),
    { .name = "set",
      .takes = OCN_COMMAND_TAKES_TEXT,
      .repeats = true,
      .argument = "KEY=VALUE",
      .offset = offsetof(struct request, set),
      .text = "this annotation for every platform; wins over --derive" },
    OCN_CLI_FLAG("labels", struct request, labels, "into the configuration's labels, too"),
    OCN_CLI_FLAG("overwrite", struct request, overwrite,
                 "also where there is another value already, which is kept by default"),
    { .name = "attestations",
      .takes = OCN_COMMAND_TAKES_WORD,
      .argument = "WHAT",
      .words = attestation_words,
      .offset = offsetof(struct request, attestations),
      .text = "what refers to an image whose digest changes: drop (default) leaves it out, rewrite "
              "makes it refer to the new one" },
    OCN_CLI_FLAG("dry-run", struct request, dry_run, "only say what would change"),
    OCN_CLI_FORMAT(
        struct request,
        "text (default) or json: {\"version\": 1, \"from\", \"to\", \"changed\": "
        "[{\"platform\", \"in\": \"manifest\" | \"index\" | \"labels\", \"key\", \"from\", "
        "\"to\"}], \"kept\", \"images\", \"warnings\"}"),
};

/* ---- words ----------------------------------------------------------------------------------- */

static int check_reference(const char *reference, struct ocn_error *err)
{
    return ocn_annotate_values_is_reference(reference)
               ? 0
               : ocn_fail(err, OCN_E_USAGE, "--output",
                          "\"%s\" is no name in a layout: letters, digits and -._:@+/, %d at most, "
                          "a letter or digit first",
                          reference, OCN_ANNOTATE_MAX_REFERENCE);
}

/* oci:DIR[:REF], split as --help of explain has it: the whole text where that is a directory. */
static int read_output(const struct request *request, struct ocn_arena *arena,
                       const char **ret_path, const char **ret_reference, struct ocn_error *err)
{
    struct stat st;

    if (request->output == NULL || strncmp(request->output, OUTPUT, strlen(OUTPUT)) != 0) {
        return ocn_fail(err, OCN_E_USAGE, "--output",
                        "name a layout, as oci:DIR:REF; skopeo copy brings it to a registry");
    }
    const char *path = request->output + strlen(OUTPUT);
    const char *colon = strchr(path, ':');
    *ret_path = path;
    *ret_reference = NULL;
    if (colon != NULL && stat(path, &st) < 0) {
        *ret_path = ocn_arena_copy(arena, path, (size_t)(colon - path));
        *ret_reference = colon + 1;
    }
    if ((*ret_path)[0] == '\0') {
        return ocn_fail(err, OCN_E_USAGE, "--output", "no directory is named behind \"oci:\"");
    }
    return *ret_reference != NULL && check_reference(*ret_reference, err) < 0
               ? -1
               : ocn_arena_check(arena, err);
}

static bool is_printable(const char *text, struct ocn_arena *arena)
{
    char *clean = ocn_arena_copy(arena, text, strlen(text));

    ocn_text_defuse(clean);
    return strcmp(clean, text) == 0;
}

/* Keys that tools act on; an image that has one is another thing to them. */
static const char *const kept_back[] = { OCN_ANNOTATE_REF_NAME, "vnd.docker.reference.",
                                         "io.containerd.image.name" };

static int check_pair(const struct ocn_pair *pair, const char *word, struct ocn_arena *arena,
                      struct ocn_error *err)
{
    size_t len = strlen(pair->name);

    if (len == 0 || len > OCN_ANNOTATE_MAX_KEY) {
        return ocn_fail(err, OCN_E_USAGE, "--set", "\"%s\": a key has 1 to %d characters", word,
                        OCN_ANNOTATE_MAX_KEY);
    }
    for (size_t i = 0; i < len; i++) {
        if (pair->name[i] <= ' ' || pair->name[i] > '~') {
            return ocn_fail(err, OCN_E_USAGE, "--set",
                            "\"%s\": a key is printable ASCII without blanks", word);
        }
    }
    for (size_t i = 0; i < OCN_COUNT(kept_back); i++) {
        if (strncmp(pair->name, kept_back[i], strlen(kept_back[i])) == 0) {
            return ocn_fail(err, OCN_E_USAGE, "--set",
                            "%s: tools go by this key; a name is given as --output oci:DIR:REF",
                            pair->name);
        }
    }
    return strlen(pair->value) <= OCN_ANNOTATE_MAX_VALUE && is_printable(pair->value, arena)
               ? 0
               : ocn_fail(err, OCN_E_USAGE, "--set",
                          "%s: a value is one line of printable UTF-8, %d bytes at most",
                          pair->name, OCN_ANNOTATE_MAX_VALUE);
}

static int read_set(const struct request *request, struct ocn_arena *arena, struct ocn_pairs *ret,
                    struct ocn_error *err)
{
    struct ocn_pairs pairs = {
        ocn_arena_alloc(arena, (request->set.len + 1) * sizeof(*pairs.items)), 0
    };

    if (pairs.items == NULL) {
        return ocn_fail_nomem(err);
    }
    for (size_t i = 0; i < request->set.len; i++) {
        const char *word = request->set.items[i];
        const char *sign = strchr(word, '=');
        if (sign == NULL) {
            return ocn_fail(err, OCN_E_USAGE, "--set", "\"%s\" is not KEY=VALUE", word);
        }
        const struct ocn_pair pair = { ocn_arena_copy(arena, word, (size_t)(sign - word)),
                                       sign + 1 };
        if (check_pair(&pair, word, arena, err) < 0) {
            return -1;
        }
        if (ocn_annotate_values_pair(&pairs, pair.name) != NULL) {
            return ocn_fail(err, OCN_E_USAGE, "--set", "%s is given twice", pair.name);
        }
        pairs.items[pairs.len++] = pair;
    }
    *ret = pairs;
    return ocn_arena_check(arena, err);
}

/* ---- the command ----------------------------------------------------------------------------- */

static int print_report(const struct request *request, const char *path, json_t *report,
                        struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf text = { 0 };

    ocn_json_make_whole(report);
    if (json_object_set_new(report, "input", ocn_json_text(request->input)) < 0 ||
        json_object_set_new(report, "output", ocn_json_text(path)) < 0 ||
        json_object_set_new(report, "dryRun", json_boolean(request->dry_run)) < 0) {
        return ocn_fail_nomem(err);
    }
    return (ocn_cli_is_json(request->format) ? ocn_json_print(report, &text, err)
                                             : ocn_annotate_text(report, &text, err)) < 0
               ? -1
               : ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&text), err);
}

static int annotate(const struct request *request, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_image_input_done) struct ocn_image_input input = OCN_IMAGE_INPUT_NONE;
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_annotate_wish wish = {
        .derive = request->derive || request->set.len == 0,
        .labels = request->labels,
        .overwrite = request->overwrite,
        .rewrite = request->attestations != NULL && strcmp(request->attestations, "rewrite") == 0,
        .dry = request->dry_run,
    };
    json_auto_t *report = NULL;
    const char *path = NULL;

    if (read_output(request, &arena, &path, &wish.reference, err) < 0 ||
        read_set(request, &arena, &wish.set, err) < 0 ||
        ocn_image_input_open(request->input, &input, err) < 0) {
        return -1;
    }
    wish.nameless = input.blobs.shared_fd >= 0;
    return ocn_annotate_run(&input, &wish, path, &report, err) < 0
               ? -1
               : print_report(request, request->output, report, err);
}

static int run_annotate(int argc, char **argv)
{
    struct request request = { 0 };
    struct ocn_error err = { 0 };
    bool helped = false;
    int status = ocn_command_read(&ocn_image_annotate, argc, argv, &request, &helped, &err);

    if (helped) {
        return EXIT_FINE;
    }
    if (status == 0 && request.input == NULL) {
        status = ocn_fail(&err, OCN_E_USAGE, "annotate",
                          "name an image, as oci:DIR (ocinorm annotate --help)");
    }
    status = status < 0 ? -1 : annotate(&request, &err);
    return status < 0 ? ocn_cli_complain(&err) : EXIT_FINE;
}

static const char *const synopsis[] = {
    "INPUT --output oci:DIR[:REF] [--derive] [--set KEY=VALUE]... [--labels] [--overwrite]",
    "INPUT --output oci:DIR[:REF] --attestations drop|rewrite [--dry-run] [--format text|json]",
    NULL,
};

const struct ocn_command ocn_image_annotate = {
    .name = "annotate",
    .summary = "write what a Go program says of itself into its image's annotations",
    .synopsis = synopsis,
    .about = "Writes an image with annotations into a layout: org.opencontainers.image.source, "
             "version, revision and created, golang.org/version, module and build-id, each as the "
             "program of that platform says, and what --set says. Nothing is built or unpacked: "
             "documents change where they have to and nowhere else, other blobs stay byte for "
             "byte. The same input gives the same digest. INPUT is what explain takes.",
    .options = options,
    .options_len = OCN_COUNT(options),
    .operand = { .takes = OCN_COMMAND_TAKES_TEXT,
                 .argument = "INPUT",
                 .offset = offsetof(struct request, input) },
    .more = "skopeo brings an image here and the result to its place: skopeo copy --all "
            "docker://NAME oci:in:v1, and skopeo copy --all oci:out:v1 docker://NAME. Docker's "
            "manifests have no annotations; they become OCI's.",
    .exit_status = "0 fine, 2 could not do it.",
    .run = run_annotate,
};
