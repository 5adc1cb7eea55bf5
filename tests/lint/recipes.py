#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""recipes.py BIN SCRATCH: see recipes.sh, which makes SCRATCH."""
import copy
import json
import os
import subprocess
import sys

import jsonschema
import yaml

BIN, SCRATCH = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
CI = os.path.join(ROOT, "integration/ci")
IMAGES = os.path.join(ROOT, "tests/fixtures/images")
CLEAN, BROKEN = (f"oci:{IMAGES}/{name}" for name in ("buildah-multi-index", "nested-index-attestation"))
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: a, image: x, securityContext: %s}\n"
checks = complaints = 0


def expect(what, have, want):
    global checks, complaints
    checks += 1
    if have != want:
        complaints += 1
        print(f"FAILED  {what}: {have!r}, expected {want!r}")


def run(words, cwd, **variables):
    """In nothing but the variables that the forge gives."""
    environment = {"PATH": BIN + ":/usr/sbin:/usr/bin:/sbin:/bin", "HOME": SCRATCH, "LC_ALL": "C", **variables}
    return subprocess.run(words, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          check=False)


def place(name):
    path = os.path.join(SCRATCH, name)
    os.makedirs(path, exist_ok=True)
    return path


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


# ---- GitHub -------------------------------------------------------------------------------------------------

def github():
    text = read(CI, "github/action.yml")
    expect("github: the action's schema", run(["node", SCRATCH + "/action.cjs", CI + "/github/action.yml"], SCRATCH).stdout,
           "[]\n")
    broken = write(SCRATCH + "/broken.yml", text.replace("using: composite", "using: shell"))
    expect("github: a broken one is found", run(["node", SCRATCH + "/action.cjs", broken], SCRATCH).returncode != 0, True)
    action = yaml.safe_load(text)
    for step in action["runs"]["steps"]:
        expect("github: no expression within a script", "${{" in step["run"], False)
    step = action["runs"]["steps"][-1]
    names = {name: value.split("inputs.")[1].rstrip(" }") for name, value in step["env"].items()}
    expect("github: inputs that are there", set(names.values()) <= set(action["inputs"]), True)

    def lint(**inputs):
        given = {**{key: row.get("default", "") for key, row in action["inputs"].items()}, **inputs}
        script = write(SCRATCH + "/step.sh", step["run"])
        # As runners start it: docs "Setting a shell".
        return run(["bash", "--noprofile", "--norc", "-eo", "pipefail", script], place("github"),
                   **{name: given[key] for name, key in names.items()})
    expect("github: a clean image", lint(input=CLEAN).returncode, 0)
    expect("github: with targets, two inputs", lint(input=f"{CLEAN}\n{CLEAN}\n", **{"for": "eks gke"}).returncode, 0)
    done = lint(input=BROKEN, **{"for": "eks"})
    expect("github: one with a finding", (done.returncode, "::error" in done.stdout), (1, True))
    expect("github: fail-on never", lint(input=BROKEN, **{"fail-on": "never"}).returncode, 0)
    expect("github: warnings", lint(input=CLEAN, **{"for": "eks", "fail-on": "warn"}).returncode, 1)
    expect("github: nothing is executed", lint(input="$(touch injected); `touch injected`",
                                              **{"for": "*"}).returncode, 2)
    expect("github: nothing was", os.path.exists(SCRATCH + "/github/injected"), False)
    install = action["runs"]["steps"][0]
    expect("github: the installing step", run(["bash", "-n", write(SCRATCH + "/install.sh", install["run"])],
                                             SCRATCH).returncode, 0)
    packages = place("packages")
    for name in ("ocinorm_1_amd64.deb", "ocinorm-image_1_amd64.deb", "ocinorm-webhook_1_amd64.deb"):
        write(os.path.join(packages, name), "")
    place("tools")
    os.chmod(write(SCRATCH + "/tools/sudo", '#!/bin/sh\nprintf "%s\\n" "$@"\n'), 0o755)
    done = run(["bash", "--noprofile", "--norc", "-eo", "pipefail", SCRATCH + "/install.sh"], SCRATCH,
               PACKAGE="packages", PATH=SCRATCH + "/tools:/usr/bin:/bin")
    expect("github: what is installed", done.stdout.split("\n")[-4:-1],
           ["skopeo", packages + "/ocinorm_1_amd64.deb", packages + "/ocinorm-image_1_amd64.deb"])


# ---- GitLab -------------------------------------------------------------------------------------------------

def gitlab():
    template = yaml.safe_load(read(CI, "gitlab/ocinorm.gitlab-ci.yml"))
    validator = jsonschema.Draft7Validator(json.loads(read(SCRATCH, "gitlab.json")))
    whole = {**template, "lint": {"extends": ".ocinorm-lint", "variables": {"OCINORM_INPUT": CLEAN}}}
    expect("gitlab: the schema", [e.message for e in validator.iter_errors(whole)], [])
    # What begins with a dot no schema looks into: the same as a job.
    expect("gitlab: the schema of the job",
           [e.message for e in validator.iter_errors({"lint": template[".ocinorm-lint"]})], [])
    broken = copy.deepcopy(template[".ocinorm-lint"])
    broken["artifacts"]["when"] = "sometimes"
    expect("gitlab: a broken one is found", list(validator.iter_errors({"lint": broken})) != [], True)
    job = template[".ocinorm-lint"]
    report = job["artifacts"]["reports"]["codequality"]

    def lint(shell, **variables):
        at = place("gitlab")
        if os.path.exists(os.path.join(at, report)):
            os.unlink(os.path.join(at, report))
        # The runner's bash, or sh where the image has none: set -eo pipefail (runner docs, "Shells").
        script = "\n".join(job["script"])
        options = ["-eo", "pipefail"] if shell == "bash" else ["-e"]
        done = run([shell, *options, write(SCRATCH + "/job.sh", script)], at,
                   **{**job["variables"], **variables})
        return done, json.loads(read(at, report)) if os.path.exists(os.path.join(at, report)) else None
    for shell in ("bash", "dash"):
        done, found = lint(shell, OCINORM_INPUT=CLEAN)
        expect("gitlab: a clean image", (done.returncode, [f for f in found if f["severity"] == "critical"]), (0, []))
        done, found = lint(shell, OCINORM_INPUT=BROKEN, OCINORM_FOR="eks gke")
        expect("gitlab: one with a finding", (done.returncode, found != [], "image.platform" in done.stdout),
               (1, True, True))
        expect("gitlab: fail-on never", lint(shell, OCINORM_INPUT=BROKEN, OCINORM_FAIL_ON="never")[0].returncode, 0)
        expect("gitlab: nothing is executed", lint(shell, OCINORM_INPUT="$(touch injected)")[0].returncode, 2)
    expect("gitlab: nothing was", os.path.exists(SCRATCH + "/gitlab/injected"), False)


# ---- Tekton -------------------------------------------------------------------------------------------------

def tekton_lint(path):
    done = run(["node", SCRATCH + "/node_modules/.bin/tekton-lint", path, "--format", "json"], SCRATCH)
    return json.loads(done.stdout)


def tekton():
    text = read(CI, "tekton/task.yaml")
    expect("tekton: the linter", tekton_lint(CI + "/tekton/task.yaml"), [])
    broken = write(SCRATCH + "/broken.yaml", text.replace("$(params.image)", "$(params.imag)"))
    expect("tekton: a broken one is found", tekton_lint(broken) != [], True)
    task = yaml.safe_load(text)
    spec = task["spec"]
    # The fields of pkg/apis/pipeline/v1, TaskSpec, Step, ParamSpec, WorkspaceDeclaration, TaskResult.
    expect("tekton: kind", (task["apiVersion"], task["kind"]), ("tekton.dev/v1", "Task"))
    allowed = {"spec": (spec, "description params workspaces results steps volumes stepTemplate sidecars displayName")}
    for i, step in enumerate(spec["steps"]):
        allowed[f"step {i}"] = (step, "name image command args workingDir env envFrom script computeResources onError "
                                      "securityContext volumeMounts timeout results params when ref")
    for i, param in enumerate(spec["params"]):
        allowed[f"param {i}"] = (param, "name type description default enum properties")
    for i, workspace in enumerate(spec["workspaces"]):
        allowed[f"workspace {i}"] = (workspace, "name description mountPath readOnly optional")
    for i, result in enumerate(spec["results"]):
        allowed[f"result {i}"] = (result, "name type description properties value")
    for what, (value, words) in allowed.items():
        expect(f"tekton: fields of {what}", set(value) - set(words.split()), set())
    step = spec["steps"][0]
    expect("tekton: no expression within a script", "$(params" in step["script"] or "$(work" in step["script"], False)
    names = {row["name"]: row["value"] for row in step["env"]}
    verdict = SCRATCH + "/verdict"

    def lint(**params):
        given = {**{row["name"]: row.get("default", "") for row in spec["params"]}, **params}
        values = {name: verdict if value == "$(results.verdict.path)" else given[value[len("$(params."):-1]]
                  for name, value in names.items()}
        script = write(SCRATCH + "/step", step["script"])
        os.chmod(script, 0o755)
        done = run([script], place("tekton"), **values)
        return done.returncode, read(verdict)
    expect("tekton: a clean image", lint(input=CLEAN), (0, "allow"))
    expect("tekton: one with a finding", lint(input=BROKEN, **{"for": "eks gke"}), (1, "deny"))
    expect("tekton: fail-on never", lint(input=BROKEN, **{"fail-on": "never"})[0], 0)
    expect("tekton: nothing is executed", lint(input="$(touch injected)"), (2, "unknown"))
    expect("tekton: nothing was", os.path.exists(SCRATCH + "/tekton/injected"), False)


# ---- pre-commit ---------------------------------------------------------------------------------------------

def pre_commit():
    manifest = CI + "/pre-commit/.pre-commit-hooks.yaml"
    expect("pre-commit: its own validator", run(["pre-commit", "validate-manifest", manifest], SCRATCH).returncode, 0)
    broken = write(SCRATCH + "/broken-hooks.yaml", read(manifest).replace("language: system", "language: sytem"))
    expect("pre-commit: a broken one is found", run(["pre-commit", "validate-manifest", broken], SCRATCH).returncode, 1)
    work = place("repository")
    hooks = yaml.safe_load(read(manifest))
    write(work + "/.pre-commit-config.yaml", yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    run(["git", "init", "-q"], work)

    def commit(security):
        place("repository/deploy")
        write(work + "/deploy/pod.yaml", POD % security)
        write(work + "/deploy/values.yaml", "a: 1\n")  # none of ours: passed over
        run(["git", "add", "-A"], work)
        return run(["pre-commit", "run", "--all-files"], work, PRE_COMMIT_HOME=SCRATCH + "/pre-commit")
    done = commit("{allowPrivilegeEscalation: false, runAsNonRoot: true}")
    expect("pre-commit: a clean manifest " + done.stdout, done.returncode, 0)
    hooks[0]["args"] = ["--for", "pss-baseline", "deploy/"]
    write(work + "/.pre-commit-config.yaml", yaml.safe_dump({"repos": [{"repo": "local", "hooks": hooks}]}))
    done = commit("{privileged: true}")
    expect("pre-commit: one with a finding", (done.returncode, "pod.privileged" in done.stdout), (1, True))


for recipe in (github, gitlab, tekton, pre_commit):
    recipe()
print(f"{checks - complaints} passed, {complaints} failed")
sys.exit(complaints != 0 or checks == 0)
