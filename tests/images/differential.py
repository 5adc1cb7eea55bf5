#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Random layers, as umoci unpacks them and as we see them: tests/images/differential.py BIN [SECONDS [SEED]]

First half of the time:

An image of one to four layers of whiteouts, links, hard links, replaced kinds and double names is unpacked by umoci,
and an index that has the same layers with many entrypoints is explained. Of each path, both must find the same file
(each says its own number behind "#!"), or none, with or without the right to execute it for uid 1001.

Second half: two images, which may share layers, are unpacked by umoci, and `ocinorm diff --layers` must list the very
files that then differ in kind, mode, owner, content or target.
"""
import gzip
import io
import json
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import tarfile
import tempfile
import time

sys.dont_write_bytecode = True
from layout import ELF, OCI, Layout, digest  # pylint: disable=wrong-import-position

BIN = os.path.abspath(sys.argv[1])
SECONDS = float(sys.argv[2]) if len(sys.argv) > 2 else 20
SEED = int(sys.argv[3]) if len(sys.argv) > 3 else random.randrange(1 << 32)
UID = 1001
NAMES = ("a", "b", "c", "d")

# ---- a random layer ------------------------------------------------------------------------------

class Maker:
    def __init__(self, rng):
        self.rng = rng
        self.files = 0
        self.known = []  # names that some layer has had

    def path(self, kind):
        """Directories are mostly a and b, files c and d: else most images cannot be unpacked."""
        if self.known and (kind == "hard" or self.rng.random() < 0.3):
            return self.rng.choice(self.known)
        last = self.rng.choice(NAMES[:2] if (kind == "dir") == (self.rng.random() < 0.85) else NAMES[2:])
        return "/".join([self.rng.choice("aaabbbc") for _ in range(self.rng.choice((0, 1, 1, 2)))] + [last])

    def text(self):
        """Of a symbolic link."""
        parts = [self.rng.choice((*NAMES, *NAMES, "..", ".")) for _ in range(self.rng.choice((1, 1, 2, 3)))]
        return self.rng.choice(("", "", "/")) + "/".join(parts)

    def member(self):
        rng = self.rng
        kind = rng.choices(("file", "dir", "link", "hard", "whiteout", "opaque"), (30, 20, 20, 10, 12, 6))[0]
        info = tarfile.TarInfo(self.path(kind if kind != "opaque" else "dir"))
        info.uid = info.gid = rng.choice((0, 0, UID))
        data = b""
        if kind == "file":
            self.files += 1
            data = b"#!/i/%d\n" % self.files
            info.mode = rng.choice((0o755, 0o755, 0o755, 0o644, 0o700, 0o750))
        elif kind == "dir":
            info.type, info.mode = tarfile.DIRTYPE, rng.choice((0o755, 0o755, 0o755, 0o700, 0o711))
            info.name += rng.choice(("", "/"))
        elif kind == "link":
            info.type, info.linkname, info.mode = tarfile.SYMTYPE, self.text(), 0o777
        elif kind == "hard":
            info.type, info.linkname = tarfile.LNKTYPE, self.path("hard")
        elif kind == "whiteout":
            parent, _, name = info.name.rpartition("/")
            info.name = (parent + "/" if parent else "") + ".wh." + name
        else:
            info.name += "/.wh..wh..opq"
        if kind in ("file", "hard"):
            self.known.append(info.name.rstrip("/"))
        info.name = rng.choice(("", "", "", "./", "/")) + info.name
        info.size = len(data)
        return info, data

    def layer(self):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w", format=self.rng.choice((tarfile.GNU_FORMAT, tarfile.PAX_FORMAT))) as tar:
            names = set()
            for _ in range(self.rng.randint(1, 9)):
                info, data = self.member()
                # The specification has no name twice; what unpackers make of it is their own affair.
                key = re.sub(r"^(\./|/)|/$", "", info.name)
                if key in names:
                    continue
                names.add(key)
                tar.addfile(info, io.BytesIO(data))
        return out.getvalue()


def interpreters():
    """A program for each number."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for i in range(1, 40):
            info = tarfile.TarInfo(f"i/{i}")
            info.size, info.mode = len(ELF), 0o755
            tar.addfile(info, io.BytesIO(ELF))
    return out.getvalue()


INTERPRETERS = interpreters()


# ---- both answers --------------------------------------------------------------------------------

def all_paths():
    for a in NAMES:
        yield "/" + a
        for b in NAMES:
            yield f"/{a}/{b}"
            yield f"/{a}/{b}/{NAMES[(NAMES.index(a) + NAMES.index(b)) % len(NAMES)]}"


def truth(root, paths, whiteouts):
    """In a child below @root, as the user that would start it. "" is told of @whiteouts: whether each lies in a
    directory; umoci makes none for it, containerd, Docker and we do."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read)
        said = {}
        os.chroot(root)
        os.chdir("/")
        for path in paths:
            try:
                said[path] = [open(path, "rb").read().decode()[2:-1] if stat.S_ISREG(os.stat(path).st_mode) else "other", ""]
            except OSError:
                said[path] = ["none", ""]
        said[""] = all(os.path.isdir("/" + os.path.dirname(name)) for name in whiteouts)
        os.setgroups([])
        os.setresgid(UID, UID, UID)
        os.setresuid(UID, UID, UID)
        for path in paths:
            it = said[path]
            if it[0].startswith("/"):
                it[1] = all(os.access(path, right) for right in (os.X_OK, os.R_OK)) and os.path.exists(it[0])
        with os.fdopen(write, "w") as file:
            json.dump(said, file)
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        said = json.load(file)
    os.waitpid(child, 0)
    return said


def whiteouts_of(layers):
    for data in layers:
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            yield from (name for name in tar.getnames() if os.path.basename(name).startswith(".wh."))


def make_image(layout, layers, paths):
    blobs = [layout.blob(gzip.compress(data, 1), OCI + "layer.v1.tar+gzip") for data in layers]
    manifests = []
    for path in paths:
        config = {"os": "linux", "architecture": "amd64", "author": path,
                  "config": {"Entrypoint": [path], "User": "0:0"},
                  "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in layers]}}
        manifests.append(layout.json({"schemaVersion": 2, "config": layout.json(config, OCI + "config.v1+json"),
                                      "layers": blobs}, OCI + "manifest.v1+json",
                                     platform={"os": "linux", "architecture": "amd64", "variant": "v1"}))
    base = {**manifests[0], "annotations": {"org.opencontainers.image.ref.name": "base"}}
    everything = layout.json({"schemaVersion": 2, "manifests": manifests}, OCI + "index.v1+json",
                             annotations={"org.opencontainers.image.ref.name": "all"})
    layout.index([base, everything])
    return {m["digest"]: path for m, path in zip(manifests, paths)}


def foretold(said):
    """What stands behind #!, whether it starts, and what would not let it."""
    denied = sorted(f["rule"] for f in said["findings"] if f["level"] == "deny")
    return [said["facts"]["entry"]["interpreter"] or "none", said["verdict"] == "allow", denied]


def agree(want, got):
    if want[1] is True:
        return got[:2] == want
    if got[1]:
        return False
    return got[0] in (want[0], "none") and set(got[2]) <= {"entry.found", "entry.interpreter", "user.access"}


def tell(layers):
    for data in layers[1:]:
        print("  layer")
        with tarfile.open(fileobj=io.BytesIO(data)) as tar:
            for info in tar:
                print(f"    {info.type.decode()} {info.mode:o} {info.uid} {info.name!r} {info.linkname!r}")


# ---- two images ----------------------------------------------------------------------------------

def listing(root):
    """What each path is."""
    said = {}
    for directory, names, files in os.walk(root):
        for name in names + files:
            path = os.path.join(directory, name)
            st = os.lstat(path)
            what = [stat.S_IFMT(st.st_mode), st.st_uid, st.st_gid]
            if stat.S_ISLNK(st.st_mode):
                what.append(os.readlink(path))
            else:
                what.append(stat.S_IMODE(st.st_mode))
            if stat.S_ISREG(st.st_mode):
                with open(path, "rb") as file:
                    what.append(file.read())
            said[path[len(root):]] = what
    return said


def unpack(root, tag, into):
    return subprocess.run(["umoci", "unpack", "--image", f"{root}:{tag}", into], capture_output=True,
                          check=False).returncode == 0


def one_image(layout, layers, tag):
    config = {"os": "linux", "architecture": "amd64", "config": {"Entrypoint": ["/c"], "User": "0:0"},
              "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in layers]}}
    return layout.json({"schemaVersion": 2, "config": layout.json(config, OCI + "config.v1+json"),
                        "layers": [layout.blob(gzip.compress(data, 1), OCI + "layer.v1.tar+gzip") for data in layers]},
                       OCI + "manifest.v1+json", annotations={"org.opencontainers.image.ref.name": tag})


PLAIN_DIR = [stat.S_IFDIR, 0, 0, 0o755]


def is_implied(path, sides, item):
    """A directory in which a layer has nothing but whiteouts: umoci makes none, containerd and we do."""
    if item is not None:
        one = item["a"] or item["b"]
        return not (item["a"] and item["b"]) and (one["type"], one["mode"], one["uid"]) == ("directory", "0755", 0) \
            and all(path not in side for side in sides)
    return sorted([sides[0].get(path) or [], sides[1].get(path) or []]) == [[], PLAIN_DIR]


def compare_pairs(rng, scratch, end):
    pairs = failed = files = 0
    while time.monotonic() < end and failed < 5:
        maker = Maker(rng)
        shared = [maker.layer() for _ in range(rng.randint(0, 2))]
        uppers = [[maker.layer() for _ in range(rng.randint(0, 2))] for _ in range(2)]
        root = scratch + "/layout"
        layout = Layout(root)
        stacks = [shared + upper for upper in uppers]
        layout.index([one_image(layout, stack, tag) for stack, tag in zip(stacks, "ab")])
        if all(stacks) and all(unpack(root, tag, f"{scratch}/{tag}") for tag in "ab"):
            pairs += 1
            a, b = (listing(f"{scratch}/{tag}/rootfs") for tag in "ab")
            want = sorted(path for path in {*a, *b} if a.get(path) != b.get(path))
            answer = subprocess.run([BIN + "/ocinorm", "diff", "--layers", "--ignore", "program", "--format", "json",
                                     f"oci:{root}:a", f"oci:{root}:b"], capture_output=True, check=False)
            got = {item["path"]: item for item in json.loads(answer.stdout or "{}").get("differences", [])
                   if isinstance(item["a"] or item["b"], dict)}
            files += len(want)
            wrong = [path for path in {*got} ^ {*want} if not is_implied(path, (a, b), got.get(path))]
            if wrong or answer.returncode == 2:
                failed += 1
                print(f"FAILED  pair {pairs}: {want} differ, said {list(got)}: {wrong} {answer.stderr.decode()}")
                for stack in stacks:
                    print("  image")
                    tell([b""] + stack)
        shutil.rmtree(root)
        for tag in "ab":
            shutil.rmtree(f"{scratch}/{tag}", ignore_errors=True)
    print(f"{pairs} pairs, {files} files that differ, {failed} disagree (seed {SEED})")
    return failed + (pairs < 5)


def main():
    rng = random.Random(SEED)
    begin = time.monotonic()
    end = begin + SECONDS / 2
    images = asked = failed = refused = 0
    scratch = tempfile.mkdtemp(prefix="ocinorm-differential-")
    paths = list(all_paths())
    while time.monotonic() < end and failed < 5:
        maker = Maker(rng)
        layers = [maker.layer() for _ in range(rng.randint(1, 4))]
        layers.insert(0, INTERPRETERS)
        root = scratch + "/layout"
        names = make_image(Layout(root), layers, paths)
        done = subprocess.run(["umoci", "unpack", "--image", root + ":base", scratch + "/bundle"],
                              capture_output=True, check=False)
        if done.returncode == 0:
            answer = subprocess.run([BIN + "/ocinorm", "explain", f"oci:{root}:all", "--platform", "all",
                                     "--format", "json"], capture_output=True, check=False)
            images += 1
            want = truth(scratch + "/bundle/rootfs", paths, list(whiteouts_of(layers)))
            bad = False
            if answer.returncode == 2:
                print(f"FAILED  image {images}: {answer.stderr.decode()}")
                failed += 1
            else:
                for image in json.loads(answer.stdout)["images"]:
                    path = names[image["digest"]]
                    got = foretold(next(iter(image["profiles"].values())))
                    asked += 1
                    if not agree(want[path], got) and want[""]:
                        failed += 1
                        print(f"FAILED  image {images}: {path} is {want[path]}, foretold {got}")
                        bad = True
                if bad:
                    tell(layers)
        else:
            refused += 1
        shutil.rmtree(root)
        shutil.rmtree(scratch + "/bundle", ignore_errors=True)
    print(f"{images} images, {asked} paths, {failed} disagree, {refused} that umoci refuses (seed {SEED})")
    failed += compare_pairs(rng, scratch, begin + SECONDS)
    shutil.rmtree(scratch)
    sys.exit(1 if failed or images < 10 else 0)


main()
