/* SPDX-License-Identifier: Apache-2.0 */
/* ocinorm buildinfo FILE: what `go version -m FILE` prints, without Go. */
#include "hook/cli/buildinfo_formats.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "hook/cli/cli.h"
#include "hook/sys/io.h"
#include "normalize/rules/derive.h"
#include "normalize/json/json.h"

enum { EXIT_FINE = 0, EXIT_NOTHING = 1, EXIT_TROUBLE = 2 };

struct request {
    const char *path;
    const char *format;
};

struct input {
    const char *path;
    int fd;
    struct ocn_arena arena;
    struct ocn_file file;
    struct ocn_elf elf;
    struct ocn_elf_segment *segments;
    size_t segments_len;
    struct ocn_gobuild build;
};

static void release(struct input *input)
{
    ocn_closep(&input->fd);
    ocn_arena_done(&input->arena);
}

/* ---- reading ---------------------------------------------------------------------------- */

static int read_at(void *ctx, struct ocn_ref ref, uint64_t offset, void *buf, size_t len,
                   size_t *ret_len, struct ocn_error *err)
{
    const struct input *input = ctx;
    size_t done = 0;

    (void)ref;
    bool possible = len <= INT64_MAX && offset <= (uint64_t)INT64_MAX - len;
    while (possible && done < len) {
        ssize_t got = pread(input->fd, (char *)buf + done, len - done, (off_t)(offset + done));
        if (got < 0 && errno != EINTR) {
            return ocn_fail_sys(err, errno, input->path, "cannot read it");
        }
        if (got == 0) {
            break;
        }
        done += got > 0 ? (size_t)got : 0;
    }
    *ret_len = done;
    return 0;
}

static int open_input(struct input *input, struct ocn_error *err)
{
    struct stat st;

    input->fd = open(input->path, OCN_IO_READING);
    if (input->fd < 0 || fstat(input->fd, &st) < 0) {
        return ocn_fail_sys(err, errno, input->path, "cannot open it");
    }
    return S_ISREG(st.st_mode) ? 0 : ocn_fail(err, OCN_E_FORMAT, input->path, "no regular file");
}

/* Not being a Go program, or no ELF file at all, leaves build.version NULL. */
static int read_input(struct input *input, const struct ocn_view *view, struct ocn_error *err)
{
    char head[OCN_ELF_HEADER_SIZE];
    size_t len = 0;

    input->file = (struct ocn_file){ .view = view };
    if (read_at(input, input->file.ref, 0, head, sizeof(head), &len, err) < 0) {
        return -1;
    }
    if (!ocn_elf_is((struct ocn_bytes){ head, len })) {
        return 0;
    }
    if (ocn_elf_read((struct ocn_bytes){ head, len }, &input->elf, err) < 0 ||
        ocn_elf_segments(&input->file, &input->elf, &input->arena, &input->segments,
                         &input->segments_len, err) < 0 ||
        ocn_gobuild_read(&input->file, &input->elf, input->segments, input->segments_len,
                         &input->arena, &input->build, err) < 0) {
        ocn_error_locate(err, input->path, 0);
        return -1;
    }
    return 0;
}

/* ---- printing --------------------------------------------------------------------------- */

/* As cmd/go: the version behind the file's name, every line of modinfo behind a tab. */
static int print_text(struct input *input, struct ocn_buf *out, struct ocn_error *err)
{
    const char *at = input->build.text != NULL ? input->build.text : "";

    (void)err;
    ocn_buf_printf(out, "%s: %s\n", input->path, input->build.version);
    for (const char *end = strchr(at, '\n'); end != NULL; end = strchr(at, '\n')) {
        ocn_buf_puts(out, "\t");
        ocn_buf_add(out, at, (size_t)(end - at) + 1);
        at = end + 1;
    }
    return 0;
}

static json_t *module_json(const struct ocn_go_module *module)
{
    json_t *ret = json_object();

    if (module->path == NULL) {
        json_decref(ret);
        return json_null();
    }
    int status = json_object_set_new(ret, "path", ocn_json_text(module->path));
    status |= json_object_set_new(ret, "version", ocn_json_text(module->version));
    status |= json_object_set_new(ret, "sum", ocn_json_text(module->sum));
    if (module->replaced_by != NULL) {
        status |= json_object_set_new(ret, "replacedBy", module_json(module->replaced_by));
    }
    if (status != 0) {
        json_decref(ret);
        return NULL;
    }
    return ret;
}

static json_t *modules_json(const struct ocn_list *modules)
{
    const struct ocn_go_module *items = modules->items;
    json_t *ret = json_array();
    int status = 0;

    for (size_t i = 0; i < modules->len; i++) {
        status |= json_array_append_new(ret, module_json(&items[i]));
    }
    if (status != 0) {
        json_decref(ret);
        return NULL;
    }
    return ret;
}

static json_t *pairs_json(const struct ocn_pairs *pairs)
{
    json_t *ret = json_object();
    int status = 0;

    for (size_t i = 0; i < pairs->len; i++) {
        json_t *value = ocn_json_text(pairs->items[i].value);
        const char *name = pairs->items[i].name;
        status |= value != NULL ? json_object_set_new(ret, name, value) : -1;
    }
    if (status != 0) {
        json_decref(ret);
        return NULL;
    }
    return ret;
}

/* The GNU build id as hex digits, or NULL in *ret. */
static int read_gnu_build_id(struct input *input, const char **ret, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf hex = { 0 };
    struct ocn_bytes note = { NULL, 0 };

    if (ocn_elf_note(&input->file, &input->elf, input->segments, input->segments_len, "GNU", 3,
                     &input->arena, &note, err) < 0) {
        return -1;
    }
    for (size_t i = 0; i < note.len; i++) {
        ocn_buf_printf(&hex, "%02x", (unsigned)(unsigned char)note.ptr[i]);
    }
    *ret = note.len != 0 ? ocn_buf_copy(&hex, &input->arena) : NULL;
    return ocn_arena_check(&input->arena, err);
}

static int print_json(struct input *input, struct ocn_buf *out, struct ocn_error *err)
{
    const struct ocn_gobuild *build = &input->build;
    json_auto_t *json = json_object();
    const char *gnu = NULL;

    if (read_gnu_build_id(input, &gnu, err) < 0) {
        return -1;
    }
    int status = json_object_set_new(json, "file", ocn_json_text(input->path));
    status |= json_object_set_new(json, "version", ocn_json_text(build->version));
    status |= json_object_set_new(json, "path", ocn_json_text(build->path));
    status |= json_object_set_new(json, "module", ocn_json_text(build->main.path));
    status |= json_object_set_new(json, "main", module_json(&build->main));
    status |= json_object_set_new(json, "deps", modules_json(&build->deps));
    status |= json_object_set_new(json, "settings", pairs_json(&build->settings));
    status |= json_object_set_new(json, "buildId", ocn_json_text(build->build_id));
    status |= json_object_set_new(json, "gnuBuildId", ocn_json_text(gnu));
    return status == 0 ? ocn_json_print(json, out, err) : ocn_fail_nomem(err);
}

static int print_annotations(struct input *input, struct ocn_buf *out, struct ocn_error *err)
{
    struct ocn_pairs pairs = { 0 };

    if (ocn_derive_annotations(&input->build, &input->arena, &pairs, err) < 0) {
        return -1;
    }
    json_auto_t *json = pairs_json(&pairs);
    return ocn_json_print(json, out, err);
}

static int print_labels(struct input *input, struct ocn_buf *out, struct ocn_error *err)
{
    return ocn_cli_labels(&input->build, &input->arena, out, err);
}

static int print_cyclonedx(struct input *input, struct ocn_buf *out, struct ocn_error *err)
{
    return ocn_cli_cyclonedx(&input->build, &input->arena, out, err);
}

/* What does not survive a shell is named, for it is missing in the image then. */
static int print_docker_args(struct input *input, struct ocn_buf *out, struct ocn_error *err)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf left_out = { 0 };

    if (ocn_cli_docker_args(&input->build, &input->arena, out, &left_out, err) < 0) {
        return -1;
    }
    if (left_out.len != 0) {
        (void)fprintf(stderr,
                      "ocinorm: warning: %s: left out, for an unquoted $(...) would change it "
                      "(--format labels has it):\n%.*s",
                      input->path, (int)left_out.len, left_out.ptr);
    }
    return 0;
}

static const struct format {
    const char *name;
    int (*print)(struct input *input, struct ocn_buf *out, struct ocn_error *err);
} formats[] = {
    { "text", print_text },
    { "json", print_json },
    { "annotations", print_annotations },
    { "labels", print_labels },
    { "docker-args", print_docker_args },
    { "cyclonedx", print_cyclonedx },
};

static const char *const format_names[] = { "text",        "json",      "annotations", "labels",
                                            "docker-args", "cyclonedx", NULL };

/* ---- the command ------------------------------------------------------------------------ */

static const struct ocn_command_option options[] = {
    { .name = "format",
      .takes = OCN_COMMAND_TAKES_WORD,
      .argument = "FORMAT",
      .words = format_names,
      .offset = offsetof(struct request, format),
      .text = "text (default): as `go version -m FILE`; json: the same, and the build ids; "
              "annotations: what annotations.derive would add, as JSON; labels: the same as lines "
              "KEY=VALUE; docker-args: as words for docker build $(...); cyclonedx: the modules, "
              "as CycloneDX 1.6" },
};

static const char *const synopsis[] = {
    "FILE [--format text|json|annotations|labels|docker-args|cyclonedx]", NULL
};

static const struct format *find_format(const char *name)
{
    for (size_t i = 0; name != NULL && i < OCN_COUNT(formats); i++) {
        if (strcmp(formats[i].name, name) == 0) {
            return &formats[i];
        }
    }
    return &formats[0];
}

static int run(int argc, char **argv)
{
    OCN_CLEANUP(release) struct input input = { .path = "", .fd = -1 };
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf out = { 0 };
    struct request request = { 0 };
    struct ocn_error err = { 0 };
    const struct ocn_view view = { .ctx = &input, .read_at = read_at };
    bool helped = false;
    int status = ocn_command_read(&ocn_cli_buildinfo, argc, argv, &request, &helped, &err);

    if (helped) {
        return EXIT_FINE;
    }
    if (status < 0) {
        return ocn_cli_complain(&err);
    }
    if (request.path == NULL) {
        (void)ocn_fail(&err, OCN_E_USAGE, argv[0], "name one program (ocinorm %s --help)", argv[0]);
        return ocn_cli_complain(&err);
    }
    input.path = request.path;
    if (open_input(&input, &err) < 0 || read_input(&input, &view, &err) < 0) {
        return ocn_cli_complain(&err);
    }
    if (input.build.version == NULL) {
        (void)fprintf(stderr, "ocinorm: %s: no Go program, or one without build info\n",
                      input.path);
        return EXIT_NOTHING;
    }
    if (find_format(request.format)->print(&input, &out, &err) < 0 ||
        ocn_buf_check(&out, &err) < 0 ||
        ocn_io_write_fd(STDOUT_FILENO, "standard output", ocn_buf_bytes(&out), &err) < 0) {
        return ocn_cli_complain(&err);
    }
    return EXIT_FINE;
}

const struct ocn_command ocn_cli_buildinfo = {
    .name = "buildinfo",
    .summary = "print what the Go linker wrote into a program",
    .synopsis = synopsis,
    .about = "Prints what the Go linker wrote into a program.",
    .options = options,
    .options_len = OCN_COUNT(options),
    .operand = { .takes = OCN_COMMAND_TAKES_FILE,
                 .argument = "FILE",
                 .offset = offsetof(struct request, path) },
    .more =
        "Text and json show all build settings, also -ldflags. docker build $(ocinorm buildinfo "
        "--format docker-args ./app) . labels and annotates the image (buildx 0.12, Podman, "
        "Buildah); a value that an unquoted $(...) would change is left out, and named on "
        "stderr.",
    .exit_status = "0 fine, 1 no Go program, 2 could not do it.",
    .run = run,
};
