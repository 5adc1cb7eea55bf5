#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""vectors.py BIN TESTDATA: Pod Security Standards against the API server's own test pods.

TESTDATA is test/testdata of github.com/kubernetes/pod-security-admission: LEVEL/vVERSION/{pass,fail}/CONTROL*.yaml.
Each pod is judged for its level and version; of one that must fail, the control that its name says must be found.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

CONTROLS = {
    "allowprivilegeescalation": "pod.privilege-escalation",
    "apparmorprofile": "pod.apparmor",
    "capabilities_baseline": "pod.capabilities",
    "capabilities_restricted": "pod.capabilities-restricted",
    "hostnamespaces": "pod.host-namespaces",
    "hostpathvolumes": "pod.host-path",
    "hostports": "pod.host-ports",
    "hostprobesandhostlifecycle": "pod.host-probes",
    "privileged": "pod.privileged",
    "procmount": "pod.proc-mount",
    "procmount_restricted": "pod.proc-mount-restricted",
    "restrictedvolumes": "pod.volume-types",
    "runasnonroot": "pod.run-as-non-root",
    "runasuser": "pod.run-as-user",
    "seccompprofile_baseline": "pod.seccomp",
    "seccompprofile_restricted": "pod.seccomp-restricted",
    "selinuxoptions": "pod.selinux",
    "sysctls": "pod.sysctls",
    "windowshostprocess": "pod.host-process",
}
TARGETS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../config/targets")


def lint(program, target, folder):
    result = subprocess.run([program, "lint", "--for", target, "--format", "json", folder],
                            capture_output=True, check=False)
    report = json.loads(result.stdout)
    assert not report["errors"], report["errors"]
    return {os.path.basename(one["input"]): {finding["rule"] for finding in one["findings"]}
            for one in report["inputs"]}


def main():
    program = os.path.join(os.path.abspath(sys.argv[1]), "ocinorm-image")
    count = wrong = 0
    with tempfile.TemporaryDirectory() as scratch:
        for level in ("baseline", "restricted"):
            with open(os.path.join(TARGETS, f"pss-{level}.json"), encoding="utf-8") as file:
                target = json.load(file)
            for version in os.listdir(os.path.join(sys.argv[2], level)):
                target["kubernetes"] = version[1:]
                path = os.path.join(scratch, "target.json")
                with open(path, "w", encoding="utf-8") as file:
                    json.dump(target, file)
                for verdict in ("pass", "fail"):
                    found = lint(program, path, os.path.join(sys.argv[2], level, version, verdict))
                    for name, rules in found.items():
                        count += 1
                        control = CONTROLS.get(re.sub(r"\d+\.yaml$", "", name))
                        right = not rules if verdict == "pass" else control in rules if control else bool(rules)
                        if not right:
                            wrong += 1
                            print(f"{level} {version} {verdict}/{name}: {sorted(rules)}", file=sys.stderr)
    print(f"{count} pods, {wrong} wrong")
    return 1 if wrong or count == 0 else 0


sys.exit(main())
