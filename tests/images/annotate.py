#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`ocinorm annotate` on images that tools and people made: tests/images/annotate.py BIN

A Go program is built for two platforms and put into images of every form; what comes out is read by skopeo, umoci,
Podman and Buildah, and compared byte for byte where nothing had to change.
"""
import gzip
import hashlib
import io
import json
import os
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True
from layout import OCI, Layout, digest  # pylint: disable=wrong-import-position

BIN = os.path.abspath(sys.argv[1])
FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../fixtures/images")
DERIVED = ["golang.org/build-id", "golang.org/module", "golang.org/version", "org.opencontainers.image.created",
           "org.opencontainers.image.revision", "org.opencontainers.image.source"]
COMMITTED = "2024-05-06T07:08:09Z"
scratch = tempfile.mkdtemp()
passed = failed = 0


def case(function):
    """Runs it in a directory of its own."""
    global passed, failed  # pylint: disable=global-statement
    place = os.path.join(scratch, function.__name__)
    os.mkdir(place)
    os.chdir(place)
    try:
        function()
        passed += 1
    except Exception as error:  # pylint: disable=broad-except
        failed += 1
        print(f"FAILED  {function.__doc__}: {type(error).__name__}: {error}")


def equal(have, want, what="it"):
    if have != want:
        raise AssertionError(f"{what}: {have!r}, expected {want!r}")


def holds(text, part):
    if part not in text:
        raise AssertionError(f"{part!r} is not in {text!r}")


def run(*words, **more):
    return subprocess.run(words, capture_output=True, text=True, check=False, **more)


def good(*words, **more):
    done = run(*words, **more)
    equal(done.returncode, 0, f"{words}: {done.stderr}")
    return done.stdout


def annotate(source, target, *words, **more):
    report = json.loads(good(BIN + "/ocinorm", "annotate", source, "--output", target, "--format", "json", *words,
                             **more))
    if not target.startswith("oci:/nowhere") and "--dry-run" not in words:
        check_layout(target[4:].split(":")[0])
    return report


def refused(source, target, *words, says=""):
    done = run(BIN + "/ocinorm", "annotate", source, "--output", target, *words)
    equal(done.returncode, 2, f"{words}: {done.stdout}")
    holds(done.stderr, says)
    if any(ord(c) < 32 and c != "\n" for c in done.stderr) or done.stderr.count("\n") != 1:
        raise AssertionError(f"not one clean line: {done.stderr!r}")


def read(path):
    with open(path, "rb") as file:
        return file.read()


def blob(root, of):
    return read(f"{root}/blobs/{of.replace(':', '/')}")


def load(root, of):
    return json.loads(blob(root, of))


def entry(root, ref=None):
    for item in json.loads(read(root + "/index.json"))["manifests"]:
        if item.get("annotations", {}).get("org.opencontainers.image.ref.name") == ref:
            return item
    raise AssertionError(f"no {ref} in {root}")


def check_layout(root):
    """Every blob is what its name says, sizes are right, modes are usual; nothing temporary is left."""
    for at, _, files in os.walk(root):
        equal(stat.S_IMODE(os.stat(at).st_mode) & 0o755, 0o755, at)
        for name in files:
            path = os.path.join(at, name)
            holds("index.json oci-layout" + "".join(" " + hex for hex in files if len(hex) == 64), name)
            if os.path.basename(at) == "sha256":
                equal(hashlib.sha256(read(path)).hexdigest(), name, path)
            equal(stat.S_IMODE(os.lstat(path).st_mode), 0o644, path)

    def follow(descriptor):
        data = blob(root, descriptor["digest"])
        equal(len(data), descriptor["size"], descriptor["digest"])
        if "json" in descriptor["mediaType"] and data[:1] == b"{":
            value = json.loads(data)
            for below in value.get("manifests", []) + value.get("layers", []) + [value.get("config")]:
                if isinstance(below, dict) and "digest" in below:
                    follow(below)
    for item in json.loads(read(root + "/index.json"))["manifests"]:
        follow(item)


# ---- what there is to annotate ------------------------------------------------------------------------------

def build_programs():
    work = scratch + "/go"
    os.mkdir(work)
    with open(work + "/main.go", "w", encoding="utf-8") as file:
        file.write("package main\n\nfunc main() {}\n")
    with open(work + "/go.mod", "w", encoding="utf-8") as file:
        file.write("module example.com/shop/app/v2\n\ngo 1.19\n")
    who = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_COMMITTER_DATE": COMMITTED, "GIT_AUTHOR_DATE": COMMITTED,
           "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
           "HOME": work, "GOCACHE": work + "/.git/cache", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOFLAGS": ""}
    environment = {**os.environ, **who}
    for words in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "x"]):
        good("git", *words, cwd=work, env=environment)
    made = {}
    for arch in ("amd64", "arm64"):
        path = f"{scratch}/app-{arch}"
        good("go", "build", "-ldflags=-s -w", "-o", path, ".", cwd=work, env={**environment, "GOARCH": arch})
        made[arch] = read(path)
    made["revision"] = good("git", "rev-parse", "HEAD", cwd=work, env=environment).strip()
    return made


def layer_of(files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            if isinstance(data, str):
                info.type, info.linkname = tarfile.SYMTYPE, data
                archive.addfile(info)
            else:
                info.size, info.mode = len(data), 0o755
                archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def make_image(layout, arch, files=None, text=None, docker=False, config=None, **more):
    """An image; @text makes its manifest of (config, layers) as text."""
    data = layer_of(files or {"usr/bin/app": programs[arch], "bin": "usr/bin"})
    base = "application/vnd.docker." if docker else OCI
    kinds = ("container.image.v1+json", "image.rootfs.diff.tar.gzip", "distribution.manifest.v2+json") if docker else \
        ("config.v1+json", "layer.v1.tar+gzip", "manifest.v1+json")
    value = {"created": COMMITTED, "os": "linux", "architecture": arch,
             "config": {"Entrypoint": ["app"], "User": "1001:1001", "Env": ["PATH=/bin"]},
             "rootfs": {"type": "layers", "diff_ids": [digest(data)]},
             "history": [{"created": COMMITTED, "created_by": "test"}]}
    value["config"].update(config or {})
    parts = (layout.json(value, base + kinds[0]),
             [layout.blob(gzip.compress(data, 1, mtime=0), base + kinds[1])])
    if text is None:
        return layout.json({"schemaVersion": 2, "mediaType": base + kinds[2], "config": parts[0], "layers": parts[1],
                            **more}, base + kinds[2])
    return layout.blob(text(*parts).encode(), base + kinds[2])


def name(item, ref):
    return {**item, "annotations": {**item.get("annotations", {}), "org.opencontainers.image.ref.name": ref}}


def platform(item, arch):
    return {**item, "platform": {"os": "linux", "architecture": arch}}


def attestation(layout, target):
    statement = layout.blob(b'{"_type":"https://in-toto.io/Statement/v0.1"}', "application/vnd.in-toto+json")
    empty = layout.json({"os": "unknown", "architecture": "unknown", "config": {},
                         "rootfs": {"type": "layers", "diff_ids": [statement["digest"]]}}, OCI + "config.v1+json")
    manifest = layout.json({"schemaVersion": 2, "mediaType": OCI + "manifest.v1+json", "config": empty,
                            "layers": [statement], "subject": {k: target[k] for k in ("mediaType", "digest", "size")}},
                           OCI + "manifest.v1+json")
    return {**manifest, "platform": {"os": "unknown", "architecture": "unknown"},
            "annotations": {"vnd.docker.reference.type": "attestation-manifest",
                            "vnd.docker.reference.digest": target["digest"]}}


def make_index(root, ref="v1", docker=False, with_attestation=True):
    layout = Layout(root)
    images = [make_image(layout, arch, docker=docker) for arch in ("amd64", "arm64")]
    entries = [platform(images[0], "amd64"), platform(images[1], "arm64")]
    if with_attestation:
        entries.append(attestation(layout, images[0]))
    kind = "application/vnd.docker.distribution.manifest.list.v2+json" if docker else OCI + "index.v1+json"
    layout.index([name(layout.json({"schemaVersion": 2, "mediaType": kind, "manifests": entries}, kind), ref)])


programs = build_programs()
VERSION = "org.opencontainers.image.version=2.0.1"


# ---- cases --------------------------------------------------------------------------------------------------

@case
def derive():
    """what the program says stands in manifest, index and labels; lint has nothing to add; twice is once"""
    make_index("in")
    found = json.loads(run(BIN + "/ocinorm", "lint", "--for", "eks", "oci:in", "--format", "json").stdout)
    holds([f["rule"] for i in found["inputs"] for f in i["findings"]], "image.annotations")
    report = annotate("oci:in:v1", "oci:out:v2", "--derive", "--set", VERSION, "--labels")
    keys = sorted(DERIVED + [VERSION.split("=", maxsplit=1)[0]])
    for arch in ("amd64", "arm64"):
        for place in ("manifest", "index", "labels"):
            equal([r["key"] for r in report["changed"] if r["platform"] == "linux/" + arch and r["in"] == place], keys,
                  arch + " " + place)
    root = entry("out", "v2")
    equal(root["digest"], report["to"])
    for item in load("out", root["digest"])["manifests"]:
        manifest = load("out", item["digest"])
        config = load("out", manifest["config"]["digest"])
        equal(item["annotations"], manifest["annotations"])
        equal(config["config"]["Labels"], manifest["annotations"])
        equal(manifest["annotations"]["org.opencontainers.image.revision"], programs["revision"])
        equal(manifest["annotations"]["org.opencontainers.image.source"], "https://example.com/shop/app")
        equal(manifest["annotations"]["org.opencontainers.image.created"], COMMITTED)
        equal(manifest["annotations"]["golang.org/module"], "example.com/shop/app/v2")
    holds("\n".join(report["warnings"]), "an attestation of")
    found = json.loads(run(BIN + "/ocinorm", "lint", "--for", "eks", "oci:out", "--format", "json").stdout)
    equal([f for i in found["inputs"] for f in i["findings"] if f["rule"] == "image.annotations"], [], "findings")
    before = read("out/index.json")
    for target in ("oci:out", "oci:out:v2"):
        again = annotate("oci:out:v2", target, "--derive", "--set", VERSION, "--labels")
        equal((again["changed"], again["from"], again["to"]), ([], report["to"], report["to"]))
        equal(read("out/index.json"), before)
    equal(annotate("oci:in:v1", "oci:other", "--derive", "--set", VERSION, "--labels")["to"], report["to"])


@case
def tools():
    """skopeo, umoci, Podman and Buildah read it; copied back and forth it keeps its digest"""
    make_index("in")
    report = annotate("oci:in", "oci:out:v2", "--set", VERSION, "--derive", "--labels")
    good("skopeo", "copy", "--quiet", "--all", "oci:out:v2", "oci:copy:x")
    good("skopeo", "copy", "--quiet", "--all", "oci:copy:x", "oci:back:x")
    equal(entry("back", "x")["digest"], report["to"])
    equal(annotate("oci:back:x", "oci:back", "--set", VERSION, "--derive", "--labels")["changed"], [])
    said = json.loads(good("skopeo", "--override-arch", "arm64", "inspect", "oci:out:v2"))
    equal(said["Labels"]["org.opencontainers.image.version"], "2.0.1")
    equal(said["Architecture"], "arm64")
    # umoci knows no index: its one image is named by itself.
    layout = Layout("single")
    layout.index([name(make_image(layout, "amd64"), "v1")])
    annotate("oci:single", "oci:one:v2", "--labels")
    good("umoci", "unpack", "--rootless", "--image", "one:v2", "bundle")
    equal(read("bundle/rootfs/usr/bin/app"), programs["amd64"])
    equal(json.loads(read("bundle/config.json"))["annotations"]["golang.org/module"], "example.com/shop/app/v2")
    for tool in ("podman", "buildah"):
        store = ["--root", os.getcwd() + "/root", "--runroot", os.getcwd() + "/run", "--storage-driver", "vfs"]
        pulled = good(tool, *store, "pull", "--quiet", "oci:out:v2").split()[-1]
        if tool == "podman":
            image = json.loads(good(tool, *store, "image", "inspect", pulled))[0]
            equal(image["Annotations"]["org.opencontainers.image.version"], "2.0.1")
            equal(image["Labels"]["org.opencontainers.image.revision"], programs["revision"])
        else:
            holds(good(tool, *store, "inspect", "--type", "image", pulled), programs["revision"])
        good(tool, *store, "rmi", "--force", pulled)


@case
def byte_exact():
    """what does not change keeps every byte, in any spelling"""
    layout = Layout("in")
    before = []

    def odd(config, layers):
        before.append('{ "schemaVersion" : 2,\n\t"x-unknown" : [1e2, 18446744073709551615, "\\u00e9\\/", null],\n'
                      f'\t"config" : {json.dumps(config)},\n  "layers":{json.dumps(layers)} ,\n\n'
                      '  "annotations" : {\n    "com.example.own" : "\\u0041\\ud83d\\ude00"\n  }\n}\n')
        return before[0]
    layout.index([name(make_image(layout, "amd64", text=odd), "v1")])
    report = annotate("oci:in", "oci:out", "--set", "a.b/c~d=\"1\" \\ é", "--set", "z=")
    after = blob("out", report["to"]).decode()
    equal(after, before[0].replace('\\ude00"\n', '\\ude00",\n    "a.b/c~d":"\\"1\\" \\\\ é",\n    "z":""\n'))
    for at in os.listdir("in/blobs/sha256"):
        if at != report["from"][7:]:
            equal(read("out/blobs/sha256/" + at), read("in/blobs/sha256/" + at))
    equal(len(os.listdir("out/blobs/sha256")), 3)


@case
def existing():
    """an author's values win, and labels count; --overwrite replaces; what was kept is said"""
    layout = Layout("in")
    layout.index([name(make_image(layout, "amd64", annotations={"golang.org/version": "go0", "a": "1"},
                                  config={"Labels": {"org.opencontainers.image.source": "https://example.org/mine"}}),
                       "v1")])
    report = annotate("oci:in", "oci:out", "--derive", "--set", "a=2")
    said = load("out", report["to"])["annotations"]
    equal((said["golang.org/version"], said["a"]), ("go0", "1"))
    equal("org.opencontainers.image.source" in said, False, "an annotation beside the label")
    equal(sorted((k["key"], k["value"]) for k in report["kept"]),
          [("a", "1"), ("golang.org/version", "go0"), ("org.opencontainers.image.source", "https://example.org/mine")])
    report = annotate("oci:in", "oci:over", "--derive", "--set", "a=2", "--overwrite", "--labels")
    said = load("over", report["to"])
    equal(said["annotations"]["a"], "2")
    equal(said["annotations"]["org.opencontainers.image.source"], "https://example.com/shop/app")
    equal(load("over", said["config"]["digest"])["config"]["Labels"]["org.opencontainers.image.source"],
          "https://example.com/shop/app")
    equal(report["kept"], [])


@case
def attestations():
    """what refers to a changed digest goes, or follows"""
    make_index("in")
    old = {item["digest"] for item in load("in", entry("in", "v1")["digest"])["manifests"]}
    report = annotate("oci:in", "oci:drop")
    left = load("drop", report["to"])["manifests"]
    equal(len(left), 2)
    equal([of for of in old if of.encode() in blob("drop", report["to"])], [], "old digests")
    report = annotate("oci:in", "oci:rewrite", "--attestations", "rewrite")
    left = load("rewrite", report["to"])["manifests"]
    equal(left[2]["annotations"]["vnd.docker.reference.digest"], left[0]["digest"])
    subject = load("rewrite", left[2]["digest"])["subject"]
    equal((subject["digest"], subject["size"]), (left[0]["digest"], left[0]["size"]))
    holds("\n".join(report["warnings"]), "speak of the old digest still")
    # Nothing changes: nothing goes.
    report = annotate("oci:rewrite", "oci:rewrite")
    equal((report["changed"], len(load("rewrite", report["to"])["manifests"])), ([], 3))
    # An image that only says that it refers to another stays.
    layout = Layout("odd")
    images = [make_image(layout, arch) for arch in ("amd64", "arm64")]
    images[1]["annotations"] = {"vnd.docker.reference.digest": images[0]["digest"]}
    layout.index([name(layout.json({"schemaVersion": 2, "manifests": images}, OCI + "index.v1+json"), "v1")])
    equal(len(load("odd2", annotate("oci:odd", "oci:odd2")["to"])["manifests"]), 2)


@case
def referrers():
    """what refers by a tag is named: it is of the old digest"""
    report = annotate("oci:" + FIXTURES + "/image-with-referrer", "oci:out", "--set", "a=1")
    holds("\n".join(report["warnings"]), "what refers to the image")
    equal(len(json.loads(read("out/index.json"))["manifests"]), 1)
    layout = Layout("in")
    image = make_image(layout, "amd64")
    signature = layout.json({"schemaVersion": 2, "artifactType": "application/x.sig",
                             "config": layout.blob(b"{}", "application/vnd.oci.empty.v1+json"), "layers": [],
                             "subject": {k: image[k] for k in ("mediaType", "digest", "size")}},
                            OCI + "manifest.v1+json")
    layout.index([layout.json({"schemaVersion": 2, "manifests": [signature, image]}, OCI + "index.v1+json")])
    equal(len(load("drop", annotate("oci:in", "oci:drop")["to"])["manifests"]), 1)
    moved = load("rewrite", annotate("oci:in", "oci:rewrite", "--attestations", "rewrite")["to"])["manifests"]
    equal(load("rewrite", moved[0]["digest"])["subject"]["digest"], moved[1]["digest"])


@case
def embedded():
    """a copy of a blob within a descriptor follows"""
    import base64  # pylint: disable=import-outside-toplevel
    layout = Layout("in")
    image = platform(make_image(layout, "amd64"), "amd64")
    image["data"] = base64.b64encode(blob("in", image["digest"])).decode()
    layout.index([name(layout.json({"schemaVersion": 2, "manifests": [image]}, OCI + "index.v1+json"), "v1")])
    item = load("out", annotate("oci:in", "oci:out", "--labels")["to"])["manifests"][0]
    equal(base64.b64decode(item["data"]), blob("out", item["digest"]))


@case
def docker():
    """Docker's manifests become OCI's, as skopeo makes them; archives and directories are taken too"""
    make_index("in", docker=True, with_attestation=False)
    report = annotate("oci:in", "oci:out:v1")
    equal([i["converted"] for i in report["images"]], [True, True])
    for of in [report["to"]] + [i["to"] for i in report["images"]]:
        equal(b"vnd.docker" in blob("out", of), False, "Docker's media type is left")
    equal(entry("out", "v1")["mediaType"], OCI + "index.v1+json")
    equal(annotate("oci:out", "oci:out")["changed"], [])
    for source in ("dir:" + FIXTURES + "/skopeo-dir-docker-v2s2",
                   "docker-archive:" + FIXTURES + "/skopeo-docker-archive.tar",
                   "oci-archive:" + FIXTURES + "/skopeo-oci-archive.tar"):
        kind = source.split(":", maxsplit=1)[0]
        report = annotate(source, f"oci:{kind}:v1", "--set", VERSION)
        equal(annotate(source, f"oci:{kind}:v1", "--set", VERSION)["to"], report["to"])
        equal(json.loads(read(kind + "/index.json"))["manifests"].__len__(), 1)
        good("skopeo", "copy", "--quiet", "--format", "oci", source, f"oci:{kind}-skopeo:v1")
        ours, theirs = (load(d, entry(d, "v1")["digest"]) for d in (kind, kind + "-skopeo"))
        equal(load(kind, ours["config"]["digest"])["rootfs"], load(kind + "-skopeo", theirs["config"]["digest"])["rootfs"])
        if kind == "oci-archive":  # of the others skopeo compresses the layers
            equal([l["digest"] for l in ours["layers"]], [l["digest"] for l in theirs["layers"]])
            equal([l["mediaType"] for l in ours["layers"]], [l["mediaType"] for l in theirs["layers"]])
        equal(ours["annotations"], {**theirs.get("annotations", {}), **dict([VERSION.split("=")])})
        good("skopeo", "inspect", f"oci:{kind}:v1")


@case
def samples():
    """every sample of other tools is annotated, and again without change"""
    for sample in ("buildah-multi-index", "umoci-oci", "skopeo-oci", "skopeo-oci-zstd", "skopeo-oci-uncompressed",
                   "nested-index-attestation", "entry-puzzle", "parent-is-link", "buildah-two-layers-whiteout",
                   "docker-manifest-list"):
        before = {at: read(f"{FIXTURES}/{sample}/blobs/sha256/{at}")
                  for at in os.listdir(f"{FIXTURES}/{sample}/blobs/sha256")}
        report = annotate("oci:" + FIXTURES + "/" + sample, "oci:out:" + sample, "--set", VERSION, "--labels")
        equal(bool(report["changed"]), True, sample)
        equal(annotate("oci:out:" + sample, "oci:out:" + sample, "--set", VERSION, "--labels")["to"], report["to"])
        done = run(BIN + "/ocinorm", "explain", "oci:out:" + sample)
        equal(done.returncode in (0, 1), True, done.stderr)
        equal(before, {at: read(f"{FIXTURES}/{sample}/blobs/sha256/{at}") for at in before}, "the input")
        if sample != "nested-index-attestation":  # which skopeo cannot read
            good("skopeo", "copy", "--quiet", "--all", "--preserve-digests", "oci:out:" + sample,
                 "oci:copy:" + sample)
            equal(entry("copy", sample)["digest"], report["to"])
    equal(len(json.loads(read("out/index.json"))["manifests"]), 10)


@case
def names():
    """other names stay, the same one is replaced, the input's layout can be the output's"""
    make_index("in")
    shutil.copytree("in", "both")
    first = annotate("oci:both:v1", "oci:both:v2", "--set", "a=1")
    equal(entry("both", "v1"), entry("in", "v1"))
    second = annotate("oci:both:v1", "oci:both:v2", "--set", "a=2")
    equal((entry("both", "v2")["digest"], first["to"] != second["to"]), (second["to"], True))
    third = annotate("oci:both:v1", "oci:both", "--set", "a=3")
    equal(entry("both", "v1")["digest"], third["to"])
    equal(len(json.loads(read("both/index.json"))["manifests"]), 2)
    # What else is there stays, to the byte.
    text = read("both/index.json").decode()[:-1] + ', "x": 1e0 }\n'
    with open("both/index.json", "w", encoding="utf-8") as file:
        file.write(text)
    annotate("oci:in", "oci:both:v3")
    holds(read("both/index.json").decode(), ', "x": 1e0 }\n')
    layout = Layout("bare")
    layout.index([make_image(layout, "amd64")])
    annotate("oci:bare", "oci:bare", "--set", "a=1")
    annotate("oci:bare", "oci:bare", "--set", "b=1")
    equal(len(json.loads(read("bare/index.json"))["manifests"]), 1)


@case
def dry_run():
    """--dry-run says the same and writes nothing"""
    make_index("in")
    dry = annotate("oci:in", "oci:out:v2", "--labels", "--dry-run")
    equal(os.path.exists("out"), False, "out")
    wet = annotate("oci:in", "oci:out:v2", "--labels")
    equal({**dry, "dryRun": 0}, {**wet, "dryRun": 0})
    before = sorted(os.listdir("out/blobs/sha256")), read("out/index.json")
    annotate("oci:in", "oci:out:v2", "--set", "a=1", "--dry-run")
    equal((sorted(os.listdir("out/blobs/sha256")), read("out/index.json")), before)


@case
def launched():
    """behind a launcher, links and PATH the program is found; a shell that starts it is not it"""
    from layout import ELF  # pylint: disable=import-outside-toplevel
    layout = Layout("in")
    files = {"sbin/tini": ELF, "opt/app-1.2/app": programs["amd64"], "usr/local/bin/app": "../../../opt/app-1.2/app",
             "bin": "sbin"}
    image = make_image(layout, "amd64", files, config={"Entrypoint": ["tini", "--"], "Cmd": ["app", "serve"],
                                                       "Env": None, "User": "nobody-there"})
    layout.index([name(image, "v1")])
    report = annotate("oci:in", "oci:out")
    equal(sorted({r["key"] for r in report["changed"]}), DERIVED)
    equal(report["images"][0]["program"].rsplit("/", maxsplit=1)[-1], "app")
    layout = Layout("shell")
    image = make_image(layout, "amd64", {"bin/sh": ELF, "bin/app": programs["amd64"]},
                       config={"Entrypoint": ["/bin/sh", "-c", "app | tee log"]})
    layout.index([name(image, "v1")])
    equal(annotate("oci:shell", "oci:out2")["changed"], [])


@case
def no_program():
    """a script's interpreter is not its program; no program, nothing derived, and that is said"""
    layout = Layout("in")
    layout.index([name(make_image(layout, "amd64", {"bin/app": b"#!/bin/go\n", "bin/go": programs["amd64"]}), "v1")])
    report = annotate("oci:in", "oci:out")
    equal((report["changed"], report["from"]), ([], report["to"]))
    holds(report["warnings"][0], "nothing is derived")
    shutil.rmtree("in")
    layout = Layout("in")
    layout.index([name(make_image(layout, "amd64", {"opt/x": b"no"}), "v1")])
    holds(annotate("oci:in", "oci:out")["warnings"][0], "names no program")


@case
def interrupted():
    """who is stopped leaves the old index, and the next run does it"""
    make_index("in")
    annotate("oci:in", "oci:out:v1", "--set", "a=1")
    before = read("out/index.json")
    for at in os.listdir("out/blobs/sha256"):  # the layers are to be written again
        if os.path.getsize("out/blobs/sha256/" + at) > 100000:
            os.unlink("out/blobs/sha256/" + at)
    for at in os.listdir("in/blobs/sha256"):  # and copied, for they are not ours alone
        os.chmod("in/blobs/sha256/" + at, 0o666)
    done = run("bash", "-c", 'ulimit -f 64; exec "$@"', "x", BIN + "/ocinorm", "annotate", "oci:in", "--output",
               "oci:out:v1", "--set", "a=2")
    equal(done.returncode == 0, False, "a run without room")
    equal(read("out/index.json"), before)
    report = annotate("oci:in", "oci:out:v1", "--set", "a=2")
    equal(entry("out", "v1")["digest"], report["to"])
    # And one that ends before there is any index.
    run("bash", "-c", 'ulimit -f 64; exec "$@"', "x", BIN + "/ocinorm", "annotate", "oci:in", "--output", "oci:new:v1")
    equal(os.path.exists("new/index.json"), False, "an index of nothing")
    annotate("oci:in", "oci:new:v1")


@case
def links():
    """no link in the output is followed: what it leads to stays as it is"""
    make_index("in")
    to = annotate("oci:in", "oci:plain:v1", "--set", "a=1")["to"]
    with open("victim", "w", encoding="utf-8") as file:
        file.write("mine")
    annotate("oci:in", "oci:out:v0")
    os.unlink("out/index.json")
    os.symlink(os.getcwd() + "/plain/index.json", "out/index.json")
    refused("oci:in", "oci:out:v1", says="no layout")
    os.unlink("out/index.json")
    shutil.copy("plain/index.json", "out/index.json")
    os.symlink(os.getcwd() + "/victim", "out/.ocinorm.tmp")
    place = "out/blobs/" + to.replace(":", "/")
    os.symlink(os.getcwd() + "/victim", place)
    annotate("oci:in", "oci:out:v1", "--set", "a=1")
    equal((os.path.islink(place), os.path.islink("out/.ocinorm.tmp")), (False, False))
    with open(place, "a", encoding="utf-8") as file:
        file.write("damaged")
    annotate("oci:in", "oci:out:v1", "--set", "a=1")
    os.mkdir("elsewhere")
    shutil.rmtree("out/blobs/sha256")
    os.symlink(os.getcwd() + "/elsewhere", "out/blobs/sha256")
    refused("oci:in", "oci:out:v1", says="is one of them a link?")
    equal((os.listdir("elsewhere"), read("victim")), ([], b"mine"))


@case
def copies():
    """a blob that others may write is copied; one that is ours alone has two names"""
    make_index("in")
    layers = [at for at in os.listdir("in/blobs/sha256") if os.path.getsize("in/blobs/sha256/" + at) > 100000]
    os.chmod("in/blobs/sha256/" + layers[0], 0o666)
    annotate("oci:in", "oci:out")
    equal([os.path.samefile(f"{d}/blobs/sha256/{layers[0]}", f"in/blobs/sha256/{layers[0]}") for d in ("out",)], [False])
    equal(os.path.samefile(f"out/blobs/sha256/{layers[1]}", f"in/blobs/sha256/{layers[1]}"), True)


# ---- what is refused ----------------------------------------------------------------------------------------

def hostile_manifest(text, says):
    shutil.rmtree("in", ignore_errors=True)
    shutil.rmtree("out", ignore_errors=True)
    layout = Layout("in")
    layout.index([name(make_image(layout, "amd64", text=text), "v1")])
    refused("oci:in", "oci:out", "--set", "a=1", says=says)
    equal(os.path.exists("out/index.json"), False, "an index")


@case
def documents():
    """documents that two readers read in two ways are refused, and nothing is written"""
    def text(more):
        return lambda config, layers: ('{"schemaVersion":2,"config":' + json.dumps(config) + ',"layers":'
                                       + json.dumps(layers) + more + "}")
    hostile_manifest(text(',"annotations":{},"annotations":{}'), "duplicate")
    hostile_manifest(text(',"Annotations":{"a":"2"}'), "spelled otherwise")
    hostile_manifest(text(',"annotations":["a"]'), "annotations")
    hostile_manifest(text(',"annotations":{"a":{"b":1}}'), "annotations")
    hostile_manifest(text(',"manifests":[]'), "an index and a manifest at once")
    hostile_manifest(text(',"x":' + "[" * 300 + "]" * 300), "")
    hostile_manifest(text(',"x":"' + "y" * (4 << 20) + '"'), "limit")
    hostile_manifest(lambda config, layers: '{"schemaVersion":2,"config":' + json.dumps(config) + "}trailing", "")
    hostile_manifest(lambda config, layers: text("")(config, [{**layers[0], "size": 1}]), "bytes")
    hostile_manifest(lambda config, layers: text("")(config, [{**layers[0], "digest": "sha256:" + "0" * 64}]), "")
    hostile_manifest(lambda config, layers: text("")(config, [{**layers[0], "digest": "sha256:../../../etc/x"}]), "")
    hostile_manifest(lambda config, layers: text("")({**config, "digest": "sha256:" + "1" * 64}, layers), "")


@case
def others():
    """hostile samples, names and words"""
    for sample in ("hostile-digest", "hostile-self-index"):
        refused("oci:" + FIXTURES + "/" + sample, "oci:out")
    refused("oci:" + FIXTURES + "/artifact-helm", "oci:out", says="no image")
    # The name with an escape in it is the input's; it is not handed on.
    refused("oci:" + FIXTURES + "/hostile-names", "oci:named", "--set", "a=1", says="give another")
    holds(annotate("oci:" + FIXTURES + "/hostile-names", "oci:named:v1", "--set", "a=1")["to"], "sha256:")
    make_index("in")
    for ref in ("", "../x", "a b", "\x1b[31m", "x\ny", "é", "-x", "a" * 300, "a;rm"):
        refused("oci:in", "oci:out:" + ref, says="--output")
    for words, says in ((["--set", "a"], "KEY=VALUE"), (["--set", "=a"], "a key has"), (["--set", "a=1", "--set", "a=2"], "twice"),
                        (["--set", "a b=c"], "printable"), (["--set", "a=\x1b[31m"], "one line"),
                        (["--set", "a=x\ny"], "one line"), (["--set", "a=" + "x" * 5000], "4096"),
                        (["--set", "k" * 300 + "=1"], "a key has"), (["--set", "vnd.docker.reference.type=x"], "tools go by"),
                        (["--set", "org.opencontainers.image.ref.name=x"], "tools go by"),
                        (["--attestations", "keep"], "attestations"), (["--format", "xml"], "format")):
        refused("oci:in", "oci:out", *words, says=says)
    refused("oci:in", "docker://example.com/x", says="skopeo")
    refused("oci:in", "oci:", says="no directory")
    refused("oci:in", "oci:none/below", says="none/below")
    os.mkdir("full")
    with open("full/x", "w", encoding="utf-8"):
        pass
    refused("oci:in", "oci:full", says="not empty")
    refused("oci:in", "oci:full/x", says="full/x")
    equal(os.path.exists("out"), False, "out")


@case
def missing():
    """a layer that is not there, is no file, or is another: nothing is named"""
    make_index("in", with_attestation=False)
    layers = [at for at in os.listdir("in/blobs/sha256") if os.path.getsize("in/blobs/sha256/" + at) > 100000]
    path = "in/blobs/sha256/" + layers[0]
    data = read(path)
    os.unlink(path)
    refused("oci:in", "oci:out", "--set", "a=1", says=layers[0][:20])
    os.mkfifo(path)
    refused("oci:in", "oci:out", "--set", "a=1", says=layers[0][:20])
    os.unlink(path)
    with open(path, "wb") as file:
        file.write(data[:-1] + bytes([data[-1] ^ 1]))
    refused("oci:in", "oci:out", "--set", "a=1", says="another digest")
    equal(os.path.exists("out/index.json"), False, "an index")


@case
def windows():
    """of an image for Windows nothing is derived, and its layers, which may lie elsewhere, are not asked for"""
    report = annotate("oci:" + FIXTURES + "/../../lint/image-for-windows/layout", "oci:out", "--dry-run")
    equal(report["changed"], [])


@case
def build_info():
    """build info that somebody wrote by hand gives no value that is not of its form"""
    program = programs["amd64"]
    for old, new in ((b"vcs.time=" + COMMITTED.encode(), b"vcs.time=2024-05-06T07:08:0\x1b["),
                     (b"vcs.revision=" + programs["revision"].encode(), b"vcs.revision=" + b"$" * 40),
                     (b"mod\texample.com/shop/app/v2", b"mod\texample.com/shop/a\x07p/v2")):
        equal(old in program, True, old)
        program = program.replace(old, new)
    layout = Layout("in")
    layout.index([name(make_image(layout, "amd64", {"bin/app": program}), "v1")])
    report = annotate("oci:in", "oci:out")
    equal([r["key"] for r in report["changed"]], ["golang.org/build-id", "golang.org/version"])


shutil.rmtree(scratch, ignore_errors=True)
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0 or passed == 0)
