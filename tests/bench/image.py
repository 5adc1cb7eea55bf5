#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What looking at an image costs: tests/bench/image.py BIN [PAIRS]

Makes an image of 1 GB in three layers, as gzip and as zstd, and runs in pairs, one beside the other:
  all      ocinorm explain, where every layer has to be read (USER is a name that is in none of them),
           beside gzip -dc or zstd -dc of those layers
  top      ocinorm explain of a numeric user, whose program is in the top layer, beside skopeo inspect
  diff     ocinorm diff of two such images, beside skopeo copy of both, umoci unpack of both and diff -r:
           what manifests say; --layers where only the top differs; --layers where the lowest differs, too
and once umoci unpack. CPU time (user and system) counts, not the clock: the machine may be busy.
"""
import os
import random
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile

BIN = os.path.abspath(sys.argv[1])
PAIRS = int(sys.argv[2]) if len(sys.argv) > 2 else 5


def cost(*words):
    """(CPU seconds, peak MiB) of a command."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        os.write(write, f"{done.returncode} {used.ru_utime + used.ru_stime} {used.ru_maxrss}".encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as file:
        status, cpu, peak = file.read().split()
    os.waitpid(pid, 0)
    return int(status), float(cpu), int(peak) / 1024


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_layer(path, files):
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as archive:
        import io
        for name, data, mode in files:
            parts = name.split("/")
            for depth in range(1, len(parts)):
                info = tarfile.TarInfo("/".join(parts[:depth]))
                info.type, info.mode = tarfile.DIRTYPE, 0o755
                archive.addfile(info)
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), mode
            archive.addfile(info, io.BytesIO(data))


def make_image(work):
    rng = random.Random(1)

    def data(size):
        return rng.randbytes(size // 3) + bytes(size - size // 3)

    layout = work + "/gzip"
    run("umoci", "init", "--layout", layout)
    run("umoci", "new", "--image", layout + ":named")
    layers = [[(f"data/f{i}", data(100000), 0o644) for i in range(3000)],
              [(f"opt/f{i}", data(1400000), 0o644) for i in range(500)],
              [("usr/bin/app", open(shutil.which("busybox"), "rb").read(), 0o755)]]
    for number, files in enumerate(layers):
        make_layer(f"{work}/{number}.tar", files)
        run("umoci", "raw", "add-layer", "--image", layout + ":named", f"{work}/{number}.tar")
        os.remove(f"{work}/{number}.tar")
    run("umoci", "config", "--image", layout + ":named", "--config.entrypoint", "/usr/bin/app", "--config.user", "x")
    run("umoci", "config", "--image", layout + ":named", "--tag", "plain", "--config.user", "1001:1001")
    # The same image with another program; and that above another lowest layer.
    make_layer(f"{work}/app.tar", [("usr/bin/app", open(BIN + "/ocinorm-entry", "rb").read(), 0o755)])
    for tag, below in (("top", layers[:2]), ("apart", [layers[0][1:], layers[1]])):
        run("umoci", "new", "--image", f"{layout}:{tag}")
        for files in below:
            make_layer(f"{work}/below.tar", files)
            run("umoci", "raw", "add-layer", "--image", f"{layout}:{tag}", f"{work}/below.tar")
        run("umoci", "raw", "add-layer", "--image", f"{layout}:{tag}", f"{work}/app.tar")
        run("umoci", "config", "--image", f"{layout}:{tag}", "--config.entrypoint", "/usr/bin/app", "--config.user", "1001:1001")
    run("skopeo", "copy", "--dest-compress-format", "zstd", "--dest-compress", f"oci:{layout}:named", f"oci:{work}/zstd:named")


def largest(directory):
    paths = [os.path.join(directory, name) for name in os.listdir(directory)]
    return [path for path in paths if os.path.getsize(path) > 100000]


def median(values):
    return sorted(values)[len(values) // 2]


def row(name, ours, beside, what):
    ratio = median([a[1] / max(b[1], 0.001) for a, b in zip(ours, beside)])
    print(f"| {name} | {median([a[1] for a in ours]):.2f} s | {what} {median([b[1] for b in beside]):.2f} s "
          f"| {ratio:.2f} | {max(a[2] for a in ours):.0f} MiB |", flush=True)


def by_hand(work):
    """What people do without a diff: CPU and peak of all of it."""
    spent = [cost("skopeo", "copy", f"oci:{work}/gzip:{tag}", f"oci:{work}/copy:{tag}") for tag in ("plain", "apart")]
    spent += [cost("umoci", "unpack", "--image", f"{work}/copy:{tag}", f"{work}/hand-{tag}") for tag in ("plain", "apart")]
    spent.append(cost("diff", "-r", f"{work}/hand-plain/rootfs", f"{work}/hand-apart/rootfs"))
    return 0, sum(one[1] for one in spent), max(one[2] for one in spent)


def main():
    work = tempfile.mkdtemp(prefix="ocinorm-bench-image-")
    # In a process of its own: what it takes would be counted as every command's that is started later.
    maker = os.fork()
    if maker == 0:
        make_image(work)
        os._exit(0)
    if os.waitpid(maker, 0)[1] != 0:
        sys.exit("cannot make the images")
    explain = [BIN + "/ocinorm", "explain"]
    print("| image of 1 GB | CPU | beside | ratio | peak |\n|---|---|---|---|---|")
    for form, tool in (("gzip", ["gzip", "-dc"]), ("zstd", ["zstd", "-dc"])):
        blobs = largest(f"{work}/{form}/blobs/sha256")
        ours, beside = [], []
        for _ in range(PAIRS):
            ours.append(cost(*explain, f"oci:{work}/{form}:named"))
            beside.append(cost(*tool, *blobs))
        row(f"explain, every layer read, {form}", ours, beside, " ".join(tool))
    ours, beside = [], []
    for _ in range(PAIRS):
        ours.append(cost(*explain, f"oci:{work}/gzip:plain"))
        beside.append(cost("skopeo", "inspect", f"oci:{work}/gzip:plain"))
    row("explain, top layer read", ours, beside, "skopeo inspect")
    row("the same", ours, [cost("umoci", "unpack", "--image", f"{work}/gzip:plain", work + "/bundle")], "umoci unpack")
    hand = by_hand(work)
    for name, tag, words in (("diff", "apart", []), ("diff --layers, another top layer", "top", ["--layers"]),
                             ("diff --layers, every layer read", "apart", ["--layers"])):
        ours = [cost(BIN + "/ocinorm", "diff", *words, f"oci:{work}/gzip:plain", f"oci:{work}/gzip:{tag}")
                for _ in range(PAIRS)]
        row(name, ours, [hand], "skopeo copy, umoci unpack, diff -r")
    shutil.rmtree(work)


main()
