/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/doctor/doctor.h"
#include "hook/doctor/quirk.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "hook/entry/apply.h"
#include "hook/install/tool.h"
#include "hook/mounts/follower.h"
#include "hook/policy/policy_files.h"
#include "hook/sys/mark.h"

#define VERSION_SECONDS 5
#define VERSION_SIZE 120

static const char area[] = "programs";

/* ---- one program -------------------------------------------------------------------------- */

/* What keeps @path from being started; NULL if nothing does. */
static const char *find_obstacle(const struct ocn_doctor *doctor, const char *path)
{
    struct stat st;
    struct ocn_error err = { 0 };

    if (ocn_node_stat(&doctor->node, path, &st, &err) < 0) {
        return err.code == OCN_E_NOENT ? "does not exist" : "cannot be looked at";
    }
    if (!S_ISREG(st.st_mode)) {
        return "is no file";
    }
    if ((st.st_mode & 0111) == 0) {
        return "is not executable (chmod 0755)";
    }
    return doctor->live && access(path, X_OK) < 0
               ? "cannot be executed: is its file system mounted noexec?"
               : NULL;
}

bool ocn_doctor_program(struct ocn_doctor *doctor, const char *where, const char *row,
                        const char *path, const char *name)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf file = { 0 };
    char version[OCN_MARK_VERSION_SIZE];
    const char *obstacle = path[0] == '/' ? find_obstacle(doctor, path) : "is no absolute path";

    if (obstacle != NULL) {
        ocn_checkup_add(&doctor->checkup, OCN_CHECK_FAIL, where, row, "%s %s", path, obstacle);
        return false;
    }
    const char *found = ocn_node_read(&doctor->node, path, &file, NULL) == 0
                            ? ocn_mark_which(ocn_buf_bytes(&file), version)
                            : NULL;
    if (found == NULL || strcmp(found, name) != 0) {
        const char *other = found != NULL ? found : "none of ocinorm's programs";
        ocn_checkup_add(&doctor->checkup, OCN_CHECK_FAIL, where, row, "%s is not %s, but %s", path,
                        name, other);
        return false;
    }
    ocn_checkup_add(&doctor->checkup, OCN_CHECK_OK, where, row, "%s, version %s%s", path, version,
                    strcmp(version, OCN_VERSION) != 0 ? "; this is " OCN_VERSION : "");
    return true;
}

void ocn_doctor_version(const struct ocn_doctor *doctor, const char *path, char *ret, size_t size)
{
    OCN_CLEANUP(ocn_tool_done) struct ocn_tool_result result = { 0 };
    const char *const argv[] = { path, "--version", NULL };

    ret[0] = '\0';
    if (!doctor->live || ocn_tool_run(&doctor->node, argv, VERSION_SECONDS, &result, NULL) < 0) {
        return;
    }
    struct ocn_bytes out = ocn_buf_bytes(&result.out);
    const char *end = memchr(out.ptr, '\n', out.len);
    size_t len = end != NULL ? (size_t)(end - out.ptr) : out.len;
    (void)snprintf(ret, size, " (%.*s)", (int)(len < VERSION_SIZE ? len : VERSION_SIZE), out.ptr);
}

/* ---- entry -------------------------------------------------------------------------------- */

static const char *beside(struct ocn_doctor *doctor, const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? NULL
                         : ocn_arena_printf(&doctor->checkup.arena, "%.*s/" OCN_ENTRY_PROGRAM,
                                            (int)(slash - path), path);
}

/* As the hook looks for it: beside itself, else where it is installed. Without a hook, beside the
 * wrapper: so it was copied. */
static void check_entry(struct ocn_doctor *doctor)
{
    OCN_CLEANUP(ocn_buf_done) struct ocn_buf file = { 0 };
    const char *near = doctor->hook != NULL ? doctor->hook : doctor->wrapper;
    const char *path = near != NULL ? beside(doctor, near) : NULL;

    if (path == NULL || !ocn_node_has(&doctor->node, path)) {
        path = OCN_ENTRY_INSTALLED;
    }
    const char *obstacle = find_obstacle(doctor, path);
    if (obstacle == NULL && ocn_node_read(&doctor->node, path, &file, NULL) == 0 &&
        memmem(file.ptr, file.len, OCN_ENTRY_PROGRAM, strlen(OCN_ENTRY_PROGRAM)) != NULL) {
        ocn_checkup_add(&doctor->checkup, OCN_CHECK_OK, area, OCN_ENTRY_PROGRAM, "%s", path);
        return;
    }
    ocn_checkup_add(&doctor->checkup, doctor->hook != NULL ? OCN_CHECK_FAIL : OCN_CHECK_NOTE, area,
                    OCN_ENTRY_PROGRAM, "%s %s%s", path,
                    obstacle != NULL ? obstacle : "is not a program of ocinorm",
                    doctor->hook != NULL ? "" : "; only the hook needs it, and none is registered");
    if (doctor->hook != NULL) {
        ocn_checkup_fix(&doctor->checkup, "every container that the hook should change is refused: "
                                          "install ocinorm again, or copy the file there");
    }
}

/* ---- low-level runtimes ------------------------------------------------------------------- */

/* Where @name of the policy lies; NULL if nowhere. The daemons' PATH is systemd's, so this one. */
static const char *find_runtime(struct ocn_doctor *doctor, const char *name)
{
    static const char *const dirs[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                        "/usr/bin",        "/sbin",          "/bin" };

    if (strchr(name, '/') != NULL) {
        return name[0] == '/' && find_obstacle(doctor, name) == NULL ? name : NULL;
    }
    for (size_t i = 0; i < OCN_COUNT(dirs); i++) {
        const char *path = ocn_arena_printf(&doctor->checkup.arena, "%s/%s", dirs[i], name);
        if (find_obstacle(doctor, path) == NULL) {
            return path;
        }
    }
    return NULL;
}

/* @version as ocn_doctor_version() has it. */
static void check_quirk(struct ocn_doctor *doctor, const char *version)
{
    const size_t skipped = strlen(" (");
    const struct ocn_quirk *quirk =
        strlen(version) > skipped ? ocn_quirk_find(version + skipped) : NULL;

    if (quirk != NULL) {
        ocn_checkup_add(&doctor->checkup, OCN_CHECK_NOTE, area, quirk->name, "%s", quirk->text);
        ocn_checkup_fix(&doctor->checkup, "%s", quirk->fix);
    }
}

/* Whether the runtime that the wrapper becomes makes idmapped mounts; nothing is remembered. */
static void check_volumes(struct ocn_doctor *doctor, const char *path)
{
    struct ocn_follower follower;

    if (!doctor->live) {
        return;
    }
    ocn_follower_ask(path, "", &follower);
    if (follower.maps == OCN_FOLLOWER_MAPS_NOT) {
        ocn_checkup_add(
            &doctor->checkup, OCN_CHECK_NOTE, area, "volumes",
            "%s makes no idmapped mounts: through the wrapper user.volumes maps nothing",
            follower.name);
        ocn_checkup_fix(&doctor->checkup, "where volumes of root's are to be mapped: update it "
                                          "(runc 1.2, crun 1.9), or use the createRuntime hook, "
                                          "which maps by itself");
    }
}

static void check_runtimes(struct ocn_doctor *doctor)
{
    OCN_CLEANUP(ocn_arena_done) struct ocn_arena arena = { 0 };
    struct ocn_error err = { 0 };
    struct ocn_strings names = { 0 };
    struct ocn_layer *layers = NULL;
    size_t count = 0;
    const char *first = NULL;

    /* A broken policy has been told of already, and the built-in list holds then. */
    if (ocn_policy_layers(&doctor->world, &arena, &layers, &count, &err) < 0) {
        count = 0;
    }
    if (ocn_config_runtimes(layers, count, &arena, &names, &err) < 0) {
        (void)ocn_arena_fail(&doctor->checkup.arena);
        return;
    }
    for (size_t i = 0; i < names.len; i++) {
        char version[VERSION_SIZE + 8];
        const char *path = find_runtime(doctor, names.items[i]);
        if (path == NULL) {
            continue;
        }
        ocn_doctor_version(doctor, path, version, sizeof(version));
        ocn_checkup_add(&doctor->checkup, OCN_CHECK_OK, area, names.items[i], "%s%s%s", path,
                        version, first == NULL ? ": the wrapper becomes it" : "");
        check_quirk(doctor, version);
        if (first == NULL) {
            check_volumes(doctor, path);
        }
        first = path;
    }
    if (first == NULL) {
        ocn_checkup_add(&doctor->checkup, OCN_CHECK_FAIL, area, "runtime",
                        "no low-level runtime is found (%s%s%s)",
                        names.len > 0 ? names.items[0] : "none is named", names.len > 1 ? ", " : "",
                        names.len > 1 ? names.items[1] : "");
        ocn_checkup_fix(&doctor->checkup, "install runc or crun, or name its path in \"runtimes\" "
                                          "of the policy");
    }
}

void ocn_doctor_programs(struct ocn_doctor *doctor)
{
    check_runtimes(doctor);
    check_entry(doctor);
}
