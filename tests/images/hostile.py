#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Images that somebody made to hurt: tests/images/hostile.py BIN

Each is made here, explained and linted; it must be judged as it should, or refused with a reason that names
what is wrong, soon and in little memory, and nothing may be written but to standard output and error.
"""
import gzip
import hashlib
import io
import os
import resource
import shutil
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import zlib

sys.dont_write_bytecode = True
from layout import ELF, OCI, Layout, digest  # pylint: disable=wrong-import-position

BIN = os.path.abspath(sys.argv[1])
failed = passed = 0


class Image(Layout):
    def image(self, layers, config=None, user="1001:1001", diffs=None, **more):
        """layers: (bytes, media type, uncompressed bytes or their digest)."""
        value = {"os": "linux", "architecture": "amd64",
                 "config": {"Entrypoint": ["/app"], "User": user},
                 "rootfs": {"type": "layers", "diff_ids":
                            diffs if diffs is not None else
                            [d if isinstance(d, str) else digest(d) for _, _, d in layers]}}
        value.update(config or {})
        manifest = {"schemaVersion": 2, "config": self.json(value, OCI + "config.v1+json"),
                    "layers": [self.blob(data, kind) for data, kind, _ in layers], **more}
        return self.json(manifest, OCI + "manifest.v1+json")


def tar(*members):
    """(name, bytes) or a TarInfo."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size, info.mode = len(member[1]), 0o755
                archive.addfile(info, io.BytesIO(member[1]))
    return out.getvalue()


def plain(data):
    return (data, OCI + "layer.v1.tar", data)


def zipped(data):
    return (gzip.compress(data, 1), OCI + "layer.v1.tar+gzip", data)


APP = tar(("app", ELF))


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, 0o777
    return info


# ---- the images: NAME, how it is made, the exit status of explain, what it says -----------------------

def bomb(layout):
    """3 GB of zeros in 3 MB, above the program: all of it would have to be read."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    header = tarfile.TarInfo("zeros")
    header.size = 100 << 30
    data = [packer.compress(header.tobuf(tarfile.GNU_FORMAT))]
    chunk = packer.compress(bytes(1 << 20))
    for _ in range(3 << 10):
        data.append(packer.compress(bytes(1 << 20)))
    data += [chunk, packer.flush()]
    layout.index([layout.image([zipped(APP), (b"".join(data), OCI + "layer.v1.tar+gzip", digest(b""))])])


def zstd_window(layout):
    """A frame that asks for a window of 2 GiB."""
    frame = b"\x28\xb5\x2f\xfd" + bytes([0x00, (21 << 3)]) + b"\x01\x00\x00"
    layout.index([layout.image([plain(APP), (frame, OCI + "layer.v1.tar+zstd", digest(b""))])])


def many_entries(layout):
    """More than 10^6 files."""
    header = tarfile.TarInfo("f0000000").tobuf(tarfile.USTAR_FORMAT)
    head, tail = header[:148], header[156:512]
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    data, sha = [], hashlib.sha256()
    for i in range(1 << 20 | 1):
        name = b"f%07x" % i
        block = name + head[8:]
        total = sum(block) + sum(tail) + 8 * 32
        block = block + b"%06o\0 " % total + tail
        sha.update(block)
        data.append(packer.compress(block))
    data.append(packer.flush())
    layout.index([layout.image([zipped(APP), (b"".join(data), OCI + "layer.v1.tar+gzip",
                                              "sha256:" + sha.hexdigest())])])


def size_overflow(layout):
    """A member of 2^63 bytes, as base-256 has it."""
    header = bytearray(tarfile.TarInfo("app").tobuf(tarfile.GNU_FORMAT)[:512])
    header[124:136] = b"\x80\0\0\0" + struct.pack(">Q", (1 << 63) | 5)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    layout.index([layout.image([plain(bytes(header) + bytes(1024))])])


def wrong_size(layout):
    image = layout.image([plain(APP)])
    image["size"] += 1
    layout.index([image])


def wrong_layer(layout):
    layout.index([layout.image([plain(APP)])])
    path = layout.root + "/blobs/sha256/" + digest(APP)[7:]
    with open(path, "r+b") as file:
        file.seek(600)
        file.write(b"x")


def wrong_diff_id(layout):
    layout.index([layout.image([plain(APP)], diffs=[digest(b"other")])])


def lower_is_broken(layout):
    """Nobody asks for what lies there: the program is in the top layer."""
    lower = tar(("etc/passwd", b"root:x:0:0::/:\n"))
    layout.index([layout.image([plain(lower), plain(APP)])])
    with open(layout.root + "/blobs/sha256/" + digest(lower)[7:], "r+b") as file:
        file.write(b"x")


def lower_is_asked(layout):
    lower_is_broken(layout)
    layout.index([layout.image([plain(tar(("etc/passwd", b"root:x:0:0::/:\n"))), plain(APP)], user="app")])
    with open(layout.root + "/blobs/sha256/" + digest(tar(("etc/passwd", b"root:x:0:0::/:\n")))[7:], "r+b") as file:
        file.write(b"x")


def both_at_once(layout):
    manifest = {"schemaVersion": 2, "manifests": [], "layers": [], "config": {}}
    layout.index([layout.json(manifest, OCI + "index.v1+json")])


def self_index(layout):
    """Each index names the next one twice: 2^30 ways."""
    next_one = layout.image([plain(APP)])
    for level in range(7):
        next_one = layout.json({"schemaVersion": 2, "manifests": [next_one, next_one],
                                "annotations": {"level": str(level)}}, OCI + "index.v1+json")
    layout.index([next_one])


def fan_out(layout):
    images = [layout.image([plain(APP)], config={"author": str(i)}) for i in range(300)]
    layout.index([layout.json({"schemaVersion": 2, "manifests": images}, OCI + "index.v1+json")])


def traversal(layout):
    data = tar(("../../../tmp/ocinorm-escaped", b"x"), ("/tmp/ocinorm-escaped", b"x"),
               link("out", "/"), ("out/tmp/ocinorm-escaped", b"x"), ("app", ELF))
    layout.index([layout.image([zipped(data)])])


def digest_is_path(layout):
    layout.index([{"mediaType": OCI + "manifest.v1+json", "size": 5,
                   "digest": "sha256:../../../../../../etc/passwd"}])


def blob_is_link(layout):
    image = layout.image([plain(APP)])
    path = layout.root + "/blobs/sha256/" + digest(APP)[7:]
    os.remove(path)
    os.symlink("/etc/shadow", path)
    layout.index([image])


def blob_is_fifo(layout):
    image = layout.image([plain(APP)])
    path = layout.root + "/blobs/sha256/" + digest(APP)[7:]
    os.remove(path)
    os.mkfifo(path)
    layout.index([image])


def large_manifest(layout):
    layout.index([layout.json({"x": "y" * (5 << 20)}, OCI + "manifest.v1+json")])


def deep_json(layout):
    layout.index([layout.blob(b"[" * 100000 + b"]" * 100000, OCI + "manifest.v1+json")])


def twice_a_key(layout):
    layout.index([layout.blob(b'{"schemaVersion":2,"layers":[],"layers":[],"config":{}}', OCI + "manifest.v1+json")])


def links_in_circles(layout):
    data = tar(link("app", "b"), link("b", "c/../app"), link("c", "c"))
    layout.index([layout.image([plain(data)])])


def hard_links(layout):
    data = tar(link("a", "b", tarfile.LNKTYPE), link("b", "a", tarfile.LNKTYPE), link("app", "a", tarfile.LNKTYPE))
    layout.index([layout.image([plain(data)])])


def large_program(layout):
    """A program of 600 MB of zeros behind its header: it is not read into memory."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    info = tarfile.TarInfo("app")
    info.size, info.mode = 600 << 20, 0o755
    sha, data = hashlib.sha256(), []
    for part in [info.tobuf(tarfile.GNU_FORMAT), ELF + bytes((1 << 20) - len(ELF))] + [bytes(1 << 20)] * 599:
        sha.update(part)
        data.append(packer.compress(part))
    data.append(packer.flush())
    layout.index([layout.image([(b"".join(data), OCI + "layer.v1.tar+gzip", "sha256:" + sha.hexdigest())])])


def escapes(layout):
    layout.index([layout.image([plain(APP)], config={
        "config": {"Entrypoint": ["/app\x1b[31m\n::error::x"], "User": "1001:1001\x1b]0;x\x07"}})])


def passwd_by_links(layout):
    """Links to links in other layers, relative to where each of them lies, through a directory that is a link."""
    lower = tar(("usr/share/base/accounts", b"app:x:4321:77::/srv:\n"), link("usr/share/b", "base"))
    upper = tar(link("etc/passwd", "../usr/share/b/passwd"), link("usr/share/base/passwd", "accounts"), ("app", ELF))
    layout.index([layout.image([plain(lower), plain(upper)], user="app")])


def passwd_out_of_root(layout):
    """A link cannot leave the root: more ".." than there are directories end there."""
    data = tar(link("etc/passwd", "../../../../../../lib/accounts"), ("lib/accounts", b"app:x:4321:77::/srv:\n"),
               ("app", ELF))
    layout.index([layout.image([plain(data)], user="app")])


def group_of_user(layout):
    """Of USER the kubelet hands on the user; the group is then passwd's."""
    data = tar(("etc/passwd", b"app:x:4321:77::/srv:\n"), ("app", ELF))
    layout.index([layout.image([plain(data)], user="4321:1001")])


def group_of_nobody(layout):
    data = tar(("app", ELF))
    layout.index([layout.image([plain(data)], user="4321:1001")])


def group_is_missing(layout):
    """Which the kubelet does not see."""
    data = tar(("etc/passwd", b"app:x:4321:77::/srv:\n"), ("app", ELF))
    layout.index([layout.image([plain(data)], user="app:nobody")])


def not_a_layer(layout):
    layout.index([layout.image([(b"hello" * 1000, OCI + "layer.v1.tar", b"hello" * 1000)])])


def empty_layer(layout):
    layout.index([layout.image([(b"", OCI + "layer.v1.tar", b""), plain(APP)])])


def gzip_with_rest(layout):
    """gzip(1) leaves it out with a warning; Go's reader, and so every engine, fails."""
    layout.index([layout.image([(gzip.compress(APP) + b"junk", OCI + "layer.v1.tar+gzip", APP)])])


def gzip_with_zeros(layout):
    layout.index([layout.image([(gzip.compress(APP) + bytes(512), OCI + "layer.v1.tar+gzip", APP)])])


def gzip_in_members(layout):
    """As pigz and eStargz write it."""
    data = gzip.compress(APP[:700]) + gzip.compress(APP[700:]) + gzip.compress(b"")
    layout.index([layout.image([(data, OCI + "layer.v1.tar+gzip", APP)])])


def schema_1(layout):
    layout.index([layout.json({"schemaVersion": 1}, "application/vnd.docker.distribution.manifest.v1+prettyjws")])


def utf8_names(layout):
    data = tar(("caf\u00e9/\u4e16\u754c", b"x"), ("app", ELF))
    layout.index([layout.image([plain(data)])])


# ---- tars that engines (Go's archive/tar) read in another way than other programs do, or not at all -----

ARM = ELF[:18] + b"\xb7\0" + ELF[20:]
END = bytes(1024)


def padded(data):
    return data + bytes(-len(data) % 512)


def header(name, size=0, kind=b"0", target="", **fields):
    """A block; fields: at what offset lies what."""
    info = tarfile.TarInfo(name)
    info.mode, info.type, info.linkname = 0o755, kind, target
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT)[:512])
    block[0:100] = name.encode().ljust(100, b"\0")
    block[124:136] = b"%011o\0" % size
    for place, value in fields.items():
        at = {"uid": 108, "length": 124, "checksum": 148, "magic": 257, "prefix": 345, "trailer": 508}[place]
        block[at:at + len(value)] = value
    if "checksum" not in fields:
        block[148:156] = b" " * 8
        block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def member(name, data, **fields):
    return header(name, len(data), **fields) + padded(data)


def pax(*records, kind=b"x"):
    text = b""
    for record in records:
        record = b" " + (record if isinstance(record, bytes) else record.encode()) + b"\n"
        length = next(n for n in range(len(record), len(record) + 9) if n == len(record) + len(str(n)))
        text += str(length).encode() + record
    return member("pax", text, kind=kind)


PADDING = -len(ARM) % 512
OTHER = member("app", ARM)  # who reads this one finds another program than who does not

TRICKS = [
    ("sparse name", pax("GNU.sparse.name=other") + OTHER), ("two real sizes", pax("SCHILY.realsize=10") + OTHER),
    ("sparse size", pax("GNU.sparse.realsize=10") + OTHER), ("two pax headers", pax("path=app") + pax("mtime=1") + OTHER),
    ("long name and pax", member("L", b"other\0", kind=b"L") + pax("path=app") + OTHER),
    ("pax and long name", pax("path=app") + member("L", b"other\0", kind=b"L") + OTHER),
    ("hard link with bytes", header("h", 1024, b"1", "app") + OTHER),
    ("hard link with pax size", pax("size=1024") + header("h", 0, b"1", "app") + OTHER),
    ("hard link with pax", pax("mtime=1") + header("h", 1024, b"1", "app") + OTHER),
    ("link with bytes", header("h", 1024, b"2", "app") + OTHER), ("directory with bytes", header("h", 1024, b"5") + OTHER),
    ("directory with pax size", pax("size=1024") + header("h", 0, b"5") + OTHER),
    ("device with bytes", header("h", 1024, b"3") + OTHER), ("file with a slash", member("app/", ARM)),
    ("file with a slash in pax", pax("path=app/") + OTHER), ("contiguous", member("app", ARM, kind=b"7")),
    ("unknown kind", member("app", ARM, kind=b"Z")), ("sun's pax", pax("path=other", kind=b"X") + OTHER),
    ("one block of zeros", bytes(512) + OTHER), ("checksum at the end", OTHER + header("x", checksum=b"0000000\0")),
    ("nul in a name", pax(b"path=app\0x") + OTHER), ("broken pax", member("pax", b"99 path=a\n", kind=b"x") + OTHER),
    ("odd magic", member("app", ARM, magic=b"ustarX00", prefix=b"other")),
    ("star", member("app", ARM, prefix=b"other", trailer=b"tar\0")), ("uid that is none", member("app", ARM, uid=b"zzz\0")),
    ("cut within a header", OTHER + header("x")[:300]), ("cut within a file", OTHER[:-(PADDING + 1)]), ("cut at a file", OTHER[:512]),
    ("whiteout of nothing", member(".wh.", b"")), ("whiteout of itself", member(".wh..", b"")),
    ("whiteout of what is above", member("a/.wh...", b"")),
]

PLAIN = [
    ("global pax", pax("path=other", kind=b"g") + OTHER), ("pax name", pax("path=app") + member("other", ARM)),
    ("long name", member("L", b"app\0", kind=b"L") + member("other", ARM)), ("no end", OTHER),
    ("pax size", pax(f"size={len(ARM)}") + header("app") + padded(ARM)), ("no magic", member("app", ARM, magic=bytes(8))),
    ("blanks", member("app", ARM, length=b" %010o " % len(ARM))), ("base 256", header("app", length=b"\x80" + bytes(9) +
     struct.pack(">H", len(ARM))) + padded(ARM)), ("gnu", member("app", ARM, magic=b"ustar  \0")),
    ("entries behind the end", OTHER + END + member("app", ELF)),
    # Go reads it, and so do engines; umoci insert writes it.
    ("cut at the padding", OTHER[:-PADDING]), ("cut within the padding", OTHER[:-1]),
]


def trick(name, layer, is_plain):
    """Above the program for amd64."""
    def make(layout):
        top = layer if name in ("no end",) or name.startswith("cut ") else layer + END
        layout.index([layout.image([plain(APP), plain(top)])])
    make.__name__ = name.replace(" ", "_").replace("'", "")
    return (make, 1, "for arm64") if is_plain else (make, 2, "build the image anew|[Tt]runcated|Unrecognized")


CASES = [trick(name, layer, False) for name, layer in TRICKS] + [trick(name, layer, True) for name, layer in PLAIN] + [
    (bomb, 2, "Truncated|limit|CPU"), (zstd_window, 2, "[Ww]indow|[Zz]std|memory"),
    (many_entries, 2, "limit of 1048576 files"), (size_overflow, 2, "."),
    (wrong_size, 2, "descriptor says"), (wrong_layer, 2, "another digest"), (wrong_diff_id, 2, "diff_id"),
    (lower_is_broken, 0, "allow"), (lower_is_asked, 2, "another digest"), (both_at_once, 2, "at once"),
    (self_index, 0, "allow"), (fan_out, 2, "limit of 256"), (traversal, 0, "allow"),
    (digest_is_path, 2, "digest"), (blob_is_link, 2, "cannot open|symbolic"), (blob_is_fifo, 2, "cannot open"),
    (large_manifest, 2, "limit of 4194304"), (deep_json, 2, "."), (twice_a_key, 2, "duplicate|twice"),
    (links_in_circles, 1, "entry.found"), (hard_links, 1, "entry.found"),
    (large_program, 2, "limit of"), (escapes, 1, "."), (not_a_layer, 2, "."), (empty_layer, 0, "allow"),
    (gzip_with_rest, 2, "has 4 bytes behind its compressed end"), (gzip_with_zeros, 2, "has 512 bytes behind"),
    (gzip_in_members, 0, "allow"),
    (passwd_by_links, 0, "4321:77"), (passwd_out_of_root, 0, "4321:77"),
    (group_of_user, 0, r"\| 4321:77 \(USER 4321:1001, .*\| 4321:1001 \(USER 4321:1001\)"),
    (group_of_nobody, 0, r"\| 4321:0 \(USER 4321:1001, .*\| 4321:1001 \(USER 4321:1001\)"),
    (group_is_missing, 1, r"\| 4321:77 \(USER app:nobody\) *\| \(USER app:nobody\): not found"),
    (schema_1, 2, "schema 1"), (utf8_names, 0, "allow"),
]


LARGE = (bomb, many_entries, large_program)  # both commands read layers by the same code: once is enough


def run(words, env):
    begin = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(words, env=env, capture_output=True, timeout=600, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done, time.monotonic() - begin, after.ru_utime - before.ru_utime, after.ru_maxrss


def check(name, holds, said):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAILED  {name}\n{said[:2000]}")


def main():
    import re
    scratch = tempfile.mkdtemp(prefix="ocinorm-hostile-")
    home = scratch + "/home"
    os.mkdir(home)
    env = {"PATH": os.environ["PATH"], "HOME": home, "TMPDIR": home, "LC_ALL": "C", "NO_COLOR": "1"}
    only = sys.argv[2:]
    good = scratch + "/good"
    layout = Image(good)
    layout.index([layout.image([plain(tar(("etc/passwd", b"root:x:0:0::/:\n"))), plain(APP)], user="65532")])
    for make, want, pattern in CASES:
        name = make.__name__
        if only and name not in only:
            continue
        root = f"{scratch}/{name}"
        make(Image(root))
        before = sorted(os.walk(root))
        for command in ("explain",) if make in LARGE else ("explain", "lint", "diff"):
            where = ["--as", "aws-eks,aws-ecs"] if command == "explain" and name.startswith("group_") else []
            where = ["oci:" + good, "--layers"] if command == "diff" else where
            done, _, cpu, rss = run([BIN + "/ocinorm", command, "oci:" + root, *where], env)
            said = (done.stdout + done.stderr).decode("utf-8", "replace")
            told = f"{command}: status {done.returncode}, {cpu:.1f} s of CPU, {rss >> 10} MiB\n{said}"
            if command == "explain":
                check(name, done.returncode == want and re.search(pattern, said), told)
            elif command == "diff":
                check(name + " diff", done.returncode == 2 if want == 2 else done.returncode in (1, 2), told)
            else:
                # What cannot be read is 2; what can is judged, and nothing of it is worse than a finding.
                check(name + " lint", (done.returncode == 2) == (want == 2), told)
            check(name + " is printable", not re.search("[\x00-\x08\x0b-\x1f\x7f]", said.replace("\n", "")), told)
            check(name + " writes nothing", sorted(os.walk(root)) == before and os.listdir(home) == []
                  and not os.path.exists("/tmp/ocinorm-escaped"), told)
            check(name + " ends soon", cpu < 60, told)
        shutil.rmtree(root)
    check("memory", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < (400 << 10),
          f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10} MiB at most")
    shutil.rmtree(scratch)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


main()
