#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""formats.py BIN [SCHEMA]: every case of this folder in every format, held against what those who read it demand.

SCHEMA is that of SARIF 2.1.0 (tests/lint/schema.sh brings it); GitHub's own demands are checked without it.
"""
import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

HERE = os.path.dirname(os.path.abspath(__file__))
FORMATS = ["json", "sarif", "junit", "github", "gitlab"]
DROPPED = {"--format", "--output", "--write-baseline"}
FINDING = ["rule", "level", "message", "hint", "target", "file", "line", "column", "object", "path", "origin",
           "fingerprint", "ignored"]
complaints = 0


def complain(case, text):
    global complaints
    complaints += 1
    print(f"{case}: {text}", file=sys.stderr)


def expect(case, what, condition):
    if not condition:
        complain(case, f"does not hold: {what}")


def words_of(case):
    with open(os.path.join(HERE, case, "args"), encoding="utf-8") as file:
        words = file.read().splitlines()
    kept = []
    while words:
        word = words.pop(0)
        if word in DROPPED:
            words.pop(0)
        else:
            kept.append(word)
    return kept


def run(program, case, form):
    folder = os.path.join(HERE, case)
    stdin = os.path.join(folder, "stdin")
    with open(stdin if os.path.exists(stdin) else os.devnull, "rb") as file:
        return subprocess.run([program, "lint", *words_of(case), "--format", form], cwd=folder, stdin=file,
                              capture_output=True, check=False)


def check_json(case, text, _facts, _schema):
    report = json.loads(text)
    expect(case, "the members of a report", list(report) == ["version", "verdict", "inputs", "errors"])
    for one in report["inputs"]:
        expect(case, "the members of an input",
               list(one) == ["input", "kind", "digest", "platform", "findings"])
        for finding in one["findings"]:
            expect(case, "the members of a finding", list(finding) == FINDING)
            expect(case, "printable", all(" " <= c <= "~" for c in finding["message"]))
    return report


def check_sarif(case, text, facts, schema):
    log = json.loads(text)
    if schema is not None:
        import jsonschema
        for error in jsonschema.Draft4Validator(schema).iter_errors(log):
            complain(case, f"SARIF: {error.message}")
    run_ = log["runs"][0]
    rules = run_["tool"]["driver"]["rules"]
    expect(case, "version", log["version"] == "2.1.0" and log["$schema"])
    expect(case, "as many results as findings", len(run_["results"]) == len(facts))
    for rule in rules:
        for member in ("shortDescription", "fullDescription", "help"):
            expect(case, f"{member} of {rule['id']}", 0 < len(rule[member]["text"]) <= 1024)
    for result in run_["results"]:
        place = result["locations"][0]["physicalLocation"]
        region = place["region"]
        expect(case, "a message", result["message"]["text"])
        expect(case, "the rule's index", rules[result["ruleIndex"]]["id"] == result["ruleId"])
        expect(case, "a relative URI", re.fullmatch(r"[A-Za-z0-9._~%-][A-Za-z0-9._~/%-]*",
                                                    place["artifactLocation"]["uri"]))
        expect(case, "a region", all(region[key] >= 1 for key in
                                     ("startLine", "startColumn", "endLine", "endColumn")))
        expect(case, "a fingerprint", result["partialFingerprints"]["primaryLocationLineHash"])
    return None


def check_junit(case, text, _facts, _schema):
    root = xml.fromstring(text)
    total = {"tests": 0, "failures": 0, "errors": 0}
    expect(case, "testsuites", root.tag == "testsuites")
    for suite in root:
        expect(case, "testsuite", suite.tag == "testsuite" and suite.get("name"))
        found = {"tests": len(suite), "failures": len(suite.findall("testcase/failure")),
                 "errors": len(suite.findall("testcase/error"))}
        for key, count in found.items():
            expect(case, f"{key} counted", int(suite.get(key)) == count)
            total[key] += count
        expect(case, "skipped counted", int(suite.get("skipped")) == len(suite.findall("testcase/skipped")))
        for one in suite:
            expect(case, "testcase", one.tag == "testcase" and one.get("name") and one.get("classname"))
            for child in one:
                expect(case, child.tag, child.tag in ("failure", "error", "skipped", "system-out"))
    for key, count in total.items():
        expect(case, f"all {key} counted", int(root.get(key)) == count)


def check_github(case, text, facts, _schema):
    lines = text.splitlines()
    for line in lines:
        expect(case, f"a command: {line}",
               re.fullmatch(r"::(error|warning) (file=[^,:]+,line=\d+,col=\d+,)?title=[^,:]+::[ -~]+", line))
    expect(case, "a line for each finding", sum("file=" in line for line in lines) == len(facts))


def check_gitlab(case, text, facts, _schema):
    issues = json.loads(text)
    expect(case, "an issue for each finding", len(issues) == len(facts))
    expect(case, "fingerprints differ", len({one["fingerprint"] for one in issues}) == len(issues))
    for one in issues:
        expect(case, "members", set(one) == {"description", "check_name", "fingerprint", "severity", "location"})
        expect(case, "severity", one["severity"] in ("info", "minor", "major", "critical", "blocker"))
        expect(case, "a relative path", one["location"]["path"] and not one["location"]["path"].startswith("/"))
        expect(case, "a line", one["location"]["lines"]["begin"] >= 1)


CHECKS = {"json": check_json, "sarif": check_sarif, "junit": check_junit, "github": check_github,
          "gitlab": check_gitlab}


def main():
    program = os.path.join(os.path.abspath(sys.argv[1]), "ocinorm-image")
    schema = None
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as file:
            schema = json.load(file)
    count = 0
    for case in sorted(os.listdir(HERE)):
        if not os.path.exists(os.path.join(HERE, case, "args")):
            continue
        facts = []
        for form in FORMATS:
            result = run(program, case, form)
            if result.returncode == 2 and not result.stdout:
                break  # it was not begun
            report = CHECKS[form](case, result.stdout.decode("utf-8"), facts, schema)
            if form == "json":
                facts = [finding for one in report["inputs"] for finding in one["findings"]
                         if finding["ignored"] is None]
            count += 1
    expect("formats.py", "something was looked at", count > 100)
    print(f"{count} reports, {complaints} complaints")
    return 1 if complaints else 0


sys.exit(main())
