/* SPDX-License-Identifier: Apache-2.0 */
#include "hook/runtime/argv.h"
#include "tests/lib/suite.h"

#include <check.h>
#include <string.h>

#define MAX_WORDS 32

/* The global flags of containerd's shim. */
#define G "--root /R --log /B/log.json --log-format json "
#define SHIM .root = "/R", .log = "/B/log.json", .log_json = true

#define CREATE .command = OCN_COMMAND_CREATE
#define EXEC .command = OCN_COMMAND_EXEC
#define VERSION .command = OCN_COMMAND_VERSION
#define OTHER .command = OCN_COMMAND_OTHER

/* Words are parted by blanks; "%" is an empty word. Of OTHER only the command is compared. */
static const struct {
    const char *line;
    struct ocn_argv expected;
} rows[] = {
    /* A flag of a newer runtime: its value is not the command. */
    { "--newer create id", { CREATE, .id = "id" } },
    { "--newer V create -b /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "--newer=V create id", { CREATE, .id = "id" } },
    { "-N V --root /R run id", { CREATE, .root = "/R", .id = "id" } },
    { "--newer V delete create", { OTHER } },
    { "--newer V", { OTHER } },
    { "nosuch create id", { OTHER } },
    /* Every command line of shared/samples/trace-*.txt: containerd 1.6, 1.7 and 2.1, ctr and CRI.
     */
    { G "create --bundle /B --pid-file /B/init.pid id",
      { CREATE, SHIM, .bundle = "/B", .id = "id" } },
    { G "create --bundle /B --pid-file /B/init.pid tr1",
      { CREATE, SHIM, .bundle = "/B", .id = "tr1" } },
    { G "exec --process /tmp/runc-process1 --detach --pid-file /B/id.pid id",
      { EXEC, SHIM, .process = "/tmp/runc-process1", .id = "id" } },
    { G "exec --process /tmp/runc-process1 --detach --pid-file /B/e1.pid tr1",
      { EXEC, SHIM, .process = "/tmp/runc-process1", .id = "tr1" } },
    { G "delete --force id", { OTHER } },
    { G "delete --force tr1", { OTHER } },
    { G "delete id", { OTHER } },
    { G "delete tr1", { OTHER } },
    { G "kill --all id 9", { OTHER } },
    { G "kill id 9", { OTHER } },
    { G "kill tr1 9", { OTHER } },
    { G "start id", { OTHER } },
    { G "start tr1", { OTHER } },
    { G "update --resources - id", { OTHER } },
    { G "update --resources=- id", { OTHER } },
    { G "ps --format json tr1", { OTHER } },

    /* The other engines (lab.md): containerd with terminals, systemd, Podman, CRI-O. */
    { G "--systemd-cgroup create --bundle /B --pid-file /B/p --console-socket /tmp/pty1/s id",
      { CREATE, SHIM, .bundle = "/B", .id = "id" } },
    { G "exec --process /tmp/p --console-socket /tmp/pty1/s --detach --pid-file /B/p id",
      { EXEC, SHIM, .process = "/tmp/p", .id = "id" } },
    { G "checkpoint --image-path D --work-path W --leave-running id", { OTHER } },
    { "--log-format=json --log /u/oci-log create --bundle /u --pid-file F id",
      { CREATE, .log = "/u/oci-log", .log_json = true, .bundle = "/u", .id = "id" } },
    { "exec --pid-file F --process /u/x/exec-process-1 --detach id",
      { EXEC, .process = "/u/x/exec-process-1", .id = "id" } },
    { "--root=/R create --bundle /u --pid-file /u/pidfile id",
      { CREATE, .root = "/R", .bundle = "/u", .id = "id" } },
    { "--root=/R exec --pid-file /tmp/p --process /tmp/exec-process-1 --detach id",
      { EXEC, .root = "/R", .process = "/tmp/exec-process-1", .id = "id" } },
    { "--root /R state id", { OTHER } },
    { "--root= exec -p /p id", { EXEC, .root = ".", .process = "/p", .id = "id" } },
    { "--root /R --rootless /S exec -p /p id",
      { EXEC, .root = "/R", .rootless = "/S", .process = "/p", .id = "id" } },

    /* The bundle's spellings. */
    { "create id", { CREATE, .id = "id" } },
    { "run id", { CREATE, .id = "id" } },
    { "run -b /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run --bundle=/B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run --bundle /A -b /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run -b % id", { CREATE, .id = "id" } },
    { "run --bundle= id", { CREATE, .id = "id" } },
    { "run -d --keep --no-pivot --preserve-fds 3 -b /B id",
      { CREATE, .bundle = "/B", .id = "id" } },
    { "run --preserve-fds=3 --no-new-keyring --no-subreaper -b /B id",
      { CREATE, .bundle = "/B", .id = "id" } },
    { "run --pid-file -b id", { CREATE, .id = "id" } },
    /* Go's parser */
    { "run -bundle /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run -bundle=/B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run -b=/B id", { CREATE, .bundle = "/B", .id = "id", .unclear = "-b=/B" } },
    { "run --b /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run -detach=true -b /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run --pidfd-socket S -b /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run id --bundle /B", { CREATE, .bundle = "/B", .id = "id" } },
    { "run id -b=/B", { CREATE, .bundle = "/B", .id = "id", .unclear = "-b=/B" } },
    { "-root=/R -log=/L -debug=false run -b /B id",
      { CREATE, .root = "/R", .log = "/L", .bundle = "/B", .id = "id" } },
    { "-root /R -systemd-cgroup create id", { CREATE, .root = "/R", .id = "id" } },
    { "--criu create create id", { CREATE, .id = "id" } },
    { "--help=false --version=0 run -h=False --help=F -b /B id",
      { CREATE, .bundle = "/B", .id = "id" } },
    { "--version=true run id", { VERSION } },
    { "--version --version=false run id", { CREATE, .id = "id" } },
    { "run --help=1 id", { OTHER } },
    { "exec --help=false -p F id", { EXEC, .process = "F", .id = "id" } },
    /* crun's parser */
    { "run -b/B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run -db/B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run -db /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run --bund /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run --bund=/B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run --config other.json id", { CREATE, .config = "other.json", .id = "id" } },
    { "run -f /C/other.json -b /B id",
      { CREATE, .config = "/C/other.json", .bundle = "/B", .id = "id" } },
    { "--cgroup-manager=disabled --rootless=true --log-level debug create id",
      { CREATE, .rootless = "true", .id = "id" } },
    { "--cgroup-manager create --sys --deb create id", { CREATE, .id = "id" } },

    /* "--" */
    { "run -b /B -- id", { CREATE, .bundle = "/B", .id = "id" } },
    { "-- run -b /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "run -b /B -- --bundle", { CREATE, .bundle = "/B", .id = "--bundle" } },
    { "-- --root create id", { OTHER } },

    /* Words that only look like a command. */
    { "create create", { CREATE, .id = "create" } },
    { "run exec", { CREATE, .id = "exec" } },
    { "delete create", { OTHER } },
    { "--root create list", { OTHER } },
    { "--root=create list", { OTHER } },
    { "--log create --root run list", { OTHER } },
    { "kill create KILL", { OTHER } },
    { "--rootless run state x", { OTHER } },
    { "exec id create", { OTHER } },
    { "start run", { OTHER } },
    { "help create", { OTHER } },
    { "Create id", { OTHER } },
    { "% create id", { OTHER } },
    { "- create id", { OTHER } },

    /* exec: behind the id stands the container's own command line. */
    { "exec id sh -p x", { OTHER } },
    { "exec --newer V --process /p id", { EXEC, .process = "/p", .guessed = true, .id = "id" } },
    { "exec --newer --process /p id", { EXEC, .process = "/p", .guessed = true, .id = "id" } },
    { "exec -p /p --newer V id",
      { EXEC, .process = "/p", .guessed = true, .id = "V" } }, /* refused: not found */
    { "exec --newer V id sh", { OTHER } },
    { "exec id sh --process x", { OTHER } },
    { "exec -t id sh -p x", { OTHER } },
    { "exec --user 0 -e A=b id sh", { OTHER } },
    { "exec -p F id", { EXEC, .process = "F", .id = "id" } },
    { "exec -p F -d id", { EXEC, .process = "F", .id = "id" } },
    { "exec --process=F id", { EXEC, .process = "F", .id = "id" } },
    { "exec -process F id", { EXEC, .process = "F", .id = "id" } },
    { "exec -process=F id", { EXEC, .process = "F", .id = "id" } },
    { "exec -p=F id", { EXEC, .process = "F", .id = "id", .unclear = "-p=F" } },
    { "run -b=/B --bundle=/C id", { CREATE, .bundle = "/C", .id = "id", .unclear = "-b=/B" } },
    { "run -d=true -b /B id", { CREATE, .bundle = "/B", .id = "id" } },
    { "exec -pF id", { EXEC, .process = "F", .id = "id" } },
    { "exec -dpF id", { EXEC, .process = "F", .id = "id" } },
    { "exec -dp F id", { EXEC, .process = "F", .id = "id" } },
    { "exec --proc F id", { EXEC, .process = "F", .id = "id" } },
    { "exec --process-label L --process F id", { EXEC, .process = "F", .id = "id" } },
    { "exec --process-label=L id", { OTHER } },
    { "exec --tty --process F id", { EXEC, .process = "F", .id = "id" } },
    { "exec --tty=T -tT --process F id", { EXEC, .process = "F", .id = "id" } },
    { "exec -e -p --process F id", { EXEC, .process = "F", .id = "id" } },
    { "exec -c CAP -u 0:0 -g 5 --cwd / --cgroup c --apparmor a --ignore-paused -p F id",
      { EXEC, .process = "F", .id = "id" } },
    { "exec --process /dev/fd/63 id -p other", { EXEC, .process = "/dev/fd/63", .id = "id" } },
    { "exec --process F -- id", { EXEC, .process = "F", .id = "id" } },
    { "exec --process F", { OTHER } },
    { "exec id --process F", { OTHER } },
    { "exec --process= id", { OTHER } },
    { "exec --process", { OTHER } },

    /* Logs. */
    { "--log file:/L create id", { CREATE, .log = "/L", .id = "id" } },
    { "--log journald:x create id", { CREATE, .id = "id" } },
    { "--log syslog:x --log-format text create id", { CREATE, .id = "id" } },
    { "--log /L --log-format text create id", { CREATE, .log = "/L", .id = "id" } },
    { "--log /a:b create id", { CREATE, .log = "/a:b", .id = "id" } },

    /* Versions and help; without an id nothing starts. */
    { "--version", { VERSION } },
    { "-v", { VERSION } },
    { "-V", { VERSION } },
    { "-version", { VERSION } },
    { "--root /R --version", { VERSION, .root = "/R" } },
    { "--version create id", { VERSION } },
    { "create --version id", { CREATE, .id = "id" } },
    { "--help", { OTHER } },
    { "-h create id", { OTHER } },
    { "-? --version", { OTHER } },
    { "create --help id", { OTHER } },
    { "run id -h", { OTHER } },
    { "exec -p F --usage id", { OTHER } },
    { "create", { OTHER } },
    { "create --bundle /B", { OTHER } },
    { "--root", { OTHER } },
    { "features", { OTHER } },
    { "list", { OTHER } },
    { "spec --bundle /B", { OTHER } },

    /* A flag of a later version: counts as one without a value. */
    { "--new-flag create --another -z id", { CREATE, .id = "id" } },
    { "create --new-flag V --bundle /B id", { CREATE, .bundle = "/B", .id = "V" } },
};

static int split(char *line, char *words[MAX_WORDS])
{
    int count = 0;
    char *rest = NULL;

    words[count++] = line; /* whatever argv[0] is, it is not read */
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        ck_assert_int_lt(count, MAX_WORDS);
        words[count++] = strcmp(word, "%") == 0 ? word + 1 : word;
    }
    return count;
}

static void expect_same(const char *line, const char *what, const char *actual,
                        const char *expected)
{
    ck_assert_msg((actual == NULL) == (expected == NULL) &&
                      (actual == NULL || strcmp(actual, expected) == 0),
                  "%s: %s is %s, not %s", line, what, actual != NULL ? actual : "(none)",
                  expected != NULL ? expected : "(none)");
}

START_TEST(test_argv__command_lines)
{
    const char *line = rows[_i].line;
    const struct ocn_argv *expected = &rows[_i].expected;
    struct ocn_argv actual;
    char copy[512];
    char *words[MAX_WORDS];

    ck_assert_uint_lt(strlen(line), sizeof(copy));
    strcpy(copy, line);
    int count = split(copy, words);
    ocn_argv_parse(count, words, &actual);
    ck_assert_msg(actual.command == expected->command, "%s: command %d, not %d", line,
                  (int)actual.command, (int)expected->command);
    if (expected->command == OCN_COMMAND_OTHER) {
        return;
    }
    expect_same(line, "root", actual.root, expected->root);
    expect_same(line, "rootless", actual.rootless, expected->rootless);
    expect_same(line, "log", actual.log, expected->log);
    expect_same(line, "bundle", actual.bundle, expected->bundle);
    expect_same(line, "config", actual.config, expected->config);
    expect_same(line, "process", actual.process, expected->process);
    expect_same(line, "id", actual.id, expected->id);
    expect_same(line, "unclear", actual.unclear, expected->unclear);
    ck_assert_msg(actual.command != OCN_COMMAND_EXEC || actual.guessed == expected->guessed,
                  "%s: guessed", line);
    ck_assert_msg(actual.log_json == expected->log_json, "%s: log_json", line);
    if (actual.process != NULL) {
        /* The path is the tail of the argument that process_index names. */
        const char *word = words[actual.process_index];
        ck_assert_msg(actual.process >= word && actual.process <= word + strlen(word),
                      "%s: process_index", line);
    }
}
END_TEST

START_TEST(test_argv__no_words_at_all)
{
    char *words[] = { NULL };
    struct ocn_argv actual;

    ocn_argv_parse(0, words, &actual);
    ck_assert_int_eq(actual.command, OCN_COMMAND_OTHER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("argv");
    TCase *tcase = tcase_create("argv");

    tcase_add_loop_test(tcase, test_argv__command_lines, 0, (int)OCN_COUNT(rows));
    tcase_add_test(tcase, test_argv__no_words_at_all);
    suite_add_tcase(suite, tcase);
    return ocn_run_suite(suite);
}
