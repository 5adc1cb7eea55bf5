#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""cyclonedx.py BIN SCHEMAS: bills of materials against CycloneDX's schema (recipes.sh brings it), and what they list
against `go version -m`; the words for docker build through real shells."""
import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile

import jsonschema

OCINORM, SCHEMAS = os.path.abspath(sys.argv[1]) + "/ocinorm", os.path.abspath(sys.argv[2])
checks = complaints = 0


def expect(what, have, want):
    global checks, complaints
    checks += 1
    if have != want:
        complaints += 1
        print(f"FAILED  {what}: {have!r}, expected {want!r}")


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


def load(name):
    with open(os.path.join(SCHEMAS, name), encoding="utf-8") as file:
        return json.load(file)


def validator():
    schema = load("bom-1.6.SNAPSHOT.schema.json")
    store = {}
    for name in ("spdx.SNAPSHOT.schema.json", "jsf-0.82.SNAPSHOT.schema.json", "cryptography-defs.SNAPSHOT.schema.json"):
        other = load(name)
        for of in (other.get("$id", name), "http://cyclonedx.org/schema/" + name, name):
            store[of] = other
    return jsonschema.Draft7Validator(
        schema, resolver=jsonschema.RefResolver(schema["$id"], schema, store=store),
        format_checker=jsonschema.FormatChecker())


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(text if isinstance(text, bytes) else text.encode())


def publish(proxy, module, version):
    """A module as a proxy has it, on disk."""
    escaped = "".join("!" + c.lower() if c.isupper() else c for c in module)
    at = f"{proxy}/{escaped}/@v/{version}"
    mod = f"module {module}\n\ngo 1.19\n"
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(f"{module}@{version}/go.mod", mod)
        archive.writestr(f"{module}@{version}/x.go", "package x\n\nvar X = 1\n")
    write(at + ".info", json.dumps({"Version": version, "Time": "2024-01-01T00:00:00Z"}))
    write(at + ".mod", mod)
    write(at + ".zip", out.getvalue())


MAIN = """package main

import (
	a "example.com/A"
	b "example.com/b/v2"
	c "example.com/c"
	d "example.com/d"
)

func main() { println(a.X, b.X, c.X, d.X) }
"""
GO_MOD = """module example.com/shop/app

go 1.19

require (
	example.com/A v1.2.3
	example.com/b/v2 v2.0.0+incompatible
	example.com/c v0.0.0-20240101000000-0123456789ab
	example.com/d v1.0.0
)

replace example.com/c => example.com/fork/c v1.9.0

replace example.com/d => ./d
"""


def build(work):
    proxy = work + "/proxy"
    for module, version in (("example.com/A", "v1.2.3"), ("example.com/b/v2", "v2.0.0"), ("example.com/fork/c", "v1.9.0")):
        publish(proxy, module, version)
    source = work + "/source"
    write(source + "/main.go", MAIN)
    write(source + "/go.mod", GO_MOD.replace("+incompatible", ""))
    write(source + "/d/go.mod", "module example.com/d\n")
    write(source + "/d/x.go", "package d\n\nvar X = 1\n")
    environment = {**os.environ, "GOPROXY": "file://" + proxy, "GONOSUMDB": "*", "GONOSUMCHECK": "1", "GOSUMDB": "off",
                   "GOFLAGS": "-mod=mod -modcacherw -buildvcs=false", "GOCACHE": work + "/cache",
                   "GOMODCACHE": work + "/modules", "GOTOOLCHAIN": "local", "CGO_ENABLED": "0", "HOME": work}
    done = run("go", "build", "-o", work + "/app", ".", cwd=source, env=environment)
    expect("go build " + done.stderr, done.returncode, 0)
    return work + "/app"


def bill(path):
    done = run(OCINORM, "buildinfo", path, "--format", "cyclonedx")
    expect(f"{path}: status", done.returncode, 0)
    return json.loads(done.stdout)


def check_modules(path):
    made = {c["name"]: c for c in bill(path)["components"]}
    rows = [line.split("\t")[1:] for line in run("go", "version", "-m", path).stdout.splitlines()[1:]]
    wanted = [row for row in rows if row[0] in ("dep", "=>")]
    expect("modules", len(wanted), 6)
    for row in wanted:
        if row[1].startswith("./"):
            continue
        if row[1] in ("example.com/c", "example.com/d"):
            expect("a replaced module's own version", row[1] in made and "version" in made[row[1]], False)
            continue
        component = made[row[1]]
        expect(row[1], (component["version"], component["properties"][0]),
               (row[2], {"name": "golang.org/sum", "value": row[3]}))
    expect("small letters", made["example.com/A"]["purl"], "pkg:golang/example.com/a@v1.2.3")
    expect("a path of two", made["example.com/b/v2"]["purl"], "pkg:golang/example.com/b/v2@v2.0.0")
    expect("a fork", made["example.com/fork/c"]["properties"][1:],
           [{"name": "golang.org/replaces", "value": "example.com/c"},
            {"name": "golang.org/replaced-version", "value": "v0.0.0-20240101000000-0123456789ab"}])
    expect("a directory", ("purl" in made["example.com/d"], made["example.com/d"]["properties"][0]),
           (False, {"name": "golang.org/replaced-by", "value": "./d"}))
    expect("the library", "stdlib" in made, True)


def words_of(path, shell):
    """What a real shell makes of an unquoted $(...)."""
    script = f'cd /usr/bin; printf "%s\\n" $({OCINORM} buildinfo {path} --format docker-args)'
    return run(*shell, "-c", script).stdout.splitlines()


def check_words(path):
    labels = run(OCINORM, "buildinfo", path, "--format", "labels").stdout.splitlines()
    said = json.loads(run(OCINORM, "buildinfo", path, "--format", "annotations").stdout)
    expect("labels", labels, [f"{key}={value}" for key, value in said.items()])
    wanted = [word for label in labels for word in ("--label", label, "--annotation", label)]
    for shell in (["bash"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]):
        expect(f"the words of {shell}", words_of(path, shell), wanted)


def check_hostile(path, work):
    """Values that a shell would split or match: left out, and said."""
    with open(path, "rb") as file:
        program = file.read()
    begin = program.index(b"go1.", program.index(b"\xff Go buildinf:"))
    write(work + "/hurt", program[:begin + 6] + b"*" + program[begin + 7:])
    done = run(OCINORM, "buildinfo", work + "/hurt", "--format", "docker-args")
    expect("a pattern is left out", ("golang.org/version" in done.stdout, "golang.org/version" in done.stderr,
                                     done.returncode), (False, True, 0))
    expect("the words are whole", [word for word in words_of(work + "/hurt", ["bash"]) if "*" in word], [])
    expect("the label has it", "*" in run(OCINORM, "buildinfo", work + "/hurt", "--format", "labels").stdout, True)
    jsonschema_errors(work + "/hurt")


def jsonschema_errors(path):
    made = bill(path)
    expect(f"{path}: the schema", [e.message[:200] for e in CHECK.iter_errors(made)], [])
    expect(f"{path}: twice the same", bill(path), made)
    expect(f"{path}: neither moment nor number", ("serialNumber" in made, "timestamp" in made["metadata"]), (False, False))


CHECK = validator()
with tempfile.TemporaryDirectory() as scratch:
    app = build(scratch)
    jsonschema_errors(app)
    expect("a broken one is found", list(CHECK.iter_errors({**bill(app), "version": "x"})) != [], True)
    check_modules(app)
    check_words(app)
    check_hostile(app, scratch)
    expect("no Go program", run(OCINORM, "buildinfo", "/bin/true", "--format", "cyclonedx").returncode, 1)
print(f"{checks - complaints} passed, {complaints} failed")
sys.exit(complaints != 0 or checks == 0)
