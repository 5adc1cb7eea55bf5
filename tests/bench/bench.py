#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What ocinorm costs:  tests/bench/bench.py [--pairs N] [--check] CORE [NAME=BIN-DIRECTORY ...]

CORE is ocn_bench_core of a build with -DOCN_STATIC=OFF -DOCN_INSTRUMENTED=ON. Each NAME is a build
to be timed: the wrapper beside a static program that only execves, the hook beside one that does
nothing, in pairs and as ratios, against those programs from cc and from musl-gcc. Instructions and
bytes are counted by valgrind and the kernel, so a loaded machine does not touch them. Writes
results.md and results.svg beside this file. --check counts only, writes nothing, and fails where
an aim that can be counted does not hold."""

import argparse
import datetime
import json
import math
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_GROWTH = 12  # a config 10 x larger costs so many times the instructions at most
MAX_RSS_KIB = 4096


def run(*words, **options):
    return subprocess.run(words, check=True, text=True, capture_output=True, **options).stdout


# ---- bundles ----


def make_bundle(top, name, pad=0, mounts=0, env=0, passwd=0, binary=0):
    """config.json of a CRI container, grown; a root file system; a machine that tells nothing."""
    path = os.path.join(top, name)
    for folder in ("rootfs/bin", "rootfs/etc", "node/proc/sys/kernel"):
        os.makedirs(os.path.join(path, folder))
    with open(os.path.join(path, "node/proc/sys/kernel/arch"), "w", encoding="ascii") as file:
        file.write(platform.machine() + "\n")
    with open(os.path.join(HERE, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    size = len(json.dumps(config))
    config["annotations"].update(
        {f"org.example.k{i:07}": "v" * 70 for i in range(max(0, pad - size) // 100)})
    for i in range(mounts):
        config["mounts"].append({"destination": f"/mnt/{i}", "type": "tmpfs", "source": "tmpfs",
                                 "options": ["nosuid"]})
    config["process"]["env"] += [f"VARIABLE_{i}=value" for i in range(env)]
    with open(os.path.join(path, "config.json"), "w", encoding="utf-8") as file:
        json.dump(config, file)
    with open(os.path.join(path, "rootfs/etc/passwd"), "w", encoding="ascii") as file:
        file.write("root:x:0:0:root:/root:/bin/sh\n")
        while file.tell() < passwd:
            number = file.tell() + 100000
            file.write(f"u{number}:x:{number}:{number}::/home/u{number}:/bin/sh\n")
    with open(os.path.join(path, "rootfs/etc/group"), "w", encoding="ascii") as file:
        file.write("root:x:0:\n")
    program = os.path.join(path, "rootfs/bin/sh")
    shutil.copy(shutil.which("busybox"), program)
    if binary:
        os.truncate(program, max(binary, os.path.getsize(program)))
    return path


# ---- counted ----


def count_instructions(core, *words):
    told = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", core, *words],
        check=True, text=True, capture_output=True)
    return int(re.search(r"Collected : (\d+)", told.stderr).group(1))


KIB, MIB = 1024, 1024 * 1024
SERIES = (  # what grows, its argument, its values
    ("config.json, bytes", "pad", (10 * KIB, 100 * KIB, MIB, 10 * MIB)),
    ("mounts", "mounts", (10, 100, 1000, 10000)),
    ("variables", "env", (10, 100, 1000, 10000)),
    ("/etc/passwd, bytes", "passwd", (KIB, 10 * KIB, 100 * KIB, MIB)),
    ("program, bytes (sparse)", "binary", (2 * MIB, 20 * MIB, 200 * MIB, 2048 * MIB)),
)


def count_series(core, top):
    base = count_instructions(core)
    rows = []
    for title, argument, values in SERIES:
        for value in values:
            bundle = make_bundle(top, f"{argument}-{value}", **{argument: value})
            text = os.path.getsize(os.path.join(bundle, "config.json"))
            instructions = count_instructions(core, bundle) - base
            read = int(run(core, bundle).split()[0])
            rows.append((title, value, text, instructions, read))
            shutil.rmtree(bundle)
    return rows


def count_samples(core, top):
    """The configurations that real engines wrote, on the same root file system."""
    base = count_instructions(core)
    fixtures = os.path.join(HERE, "..", "fixtures")
    rows = []
    for name in sorted(os.listdir(fixtures)):
        if name.endswith(".config.json"):
            bundle = make_bundle(top, "sample")
            shutil.copy(os.path.join(fixtures, name), os.path.join(bundle, "config.json"))
            rows.append((name.removesuffix(".config.json"),
                         os.path.getsize(os.path.join(bundle, "config.json")),
                         count_instructions(core, bundle) - base))
            shutil.rmtree(bundle)
    return rows


def check_growth(rows):
    """The aims that can be counted: a list of what does not hold."""
    wrong = []
    for title, _, _ in SERIES:
        of = [row for row in rows if row[0] == title]
        for before, after in zip(of, of[1:]):
            growth = after[3] / before[3]
            if title.startswith("program") and (growth > 1.01 or after[4] > before[4] * 1.01):
                wrong.append(f"{title} {after[1]}: {growth:.2f} x the instructions, "
                             f"{after[4]} bytes read after {before[4]}")
            if growth > MAX_GROWTH:
                wrong.append(f"{title} {before[1]} to {after[1]}: {growth:.1f} x the instructions")
    return wrong


# ---- timed ----


def build_references(top):
    """The programs to compare with, from each compiler that is here: name -> directory."""
    found = {}
    for name, compiler in (("cc", "cc"), ("musl-gcc", "musl-gcc")):
        if not shutil.which(compiler):
            continue
        found[name] = os.path.join(top, "reference-" + name)
        os.makedirs(found[name])
        # musl-gcc has no start files for -static-pie; -static is no slower.
        how = ("-static-pie", "-fPIE") if name == "cc" else ("-static",)
        for source in ("exec_only", "noop"):
            run(compiler, "-std=c11", "-D_GNU_SOURCE", "-O2", *how, "-o",
                os.path.join(found[name], source), os.path.join(HERE, source + ".c"))
    run("cc", "-std=c11", "-D_GNU_SOURCE", "-O2", "-o", os.path.join(top, "pairs"),
        os.path.join(HERE, "pairs.c"))
    return found


def time_pairs(top, count, builds):
    references = build_references(top)
    bundle = make_bundle(top, "bundle")
    config = os.path.join(bundle, "config.json")
    fresh, policy, state = (os.path.join(top, name) for name in ("fresh", "policy.json", "state"))
    shutil.copy(config, fresh)
    runtime = os.path.join(references.get("musl-gcc", references["cc"]), "noop")
    with open(policy, "w", encoding="utf-8") as file:
        json.dump({"runtimes": [runtime], "hook": {"apply": "verify"}}, file)
    with open(state, "w", encoding="utf-8") as file:
        json.dump({"ociVersion": "1.0.2", "id": "bench", "status": "creating", "pid": os.getpid(),
                   "bundle": bundle}, file)
    environment = dict(os.environ, OCINORM_CONFIG=policy, EXEC_ONLY=runtime)
    rows = []
    for build, folder in builds:
        wrapper = os.path.join(folder, "ocinorm-runtime")
        hook = os.path.join(folder, "ocinorm-hook")
        create = ("create", "--bundle", bundle, "bench")
        for reference, beside in references.items():
            execs, nothing = (os.path.join(beside, name) for name in ("exec_only", "noop"))
            for what, source, a, b, words in (
                    ("wrapper: create, edits", fresh, wrapper, execs, create),
                    ("wrapper: create, nothing to do", "-", wrapper, execs, create),
                    ("wrapper: kill", "-", wrapper, execs, ("kill", "bench")),
                    ("hook: prestart, verify", "-", hook, nothing,
                     ("--config", policy, "prestart"))):
                told = run(os.path.join(top, "pairs"), str(count), source, config, state, a, b,
                           *words, env=environment).split()
                rows.append((what, build, reference, *told))
    return rows


# ---- told ----


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def short(number):
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return str(number)


def plot_growth(rows):
    """Log-log: each series from its first value, so that a line of slope 1 is linear cost."""
    colours = ("#4063d8", "#389826", "#9558b2", "#cb3c33", "#666666")
    left, top, width, height, decades = 60, 20, 420, 300, 3.1
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 210} '
             f'{top + height + 50}" font-family="sans-serif" font-size="12">',
             '<rect width="100%" height="100%" fill="white"/>']

    def place(log_x, log_y):
        return f"{left + width * log_x / decades:.1f},{top + height * (1 - log_y / decades):.1f}"

    for power in range(4):
        x, y = place(power, 0).split(",")[0], place(0, power).split(",")[1]
        parts.append(f'<path d="M{left},{y}h{width}M{x},{top}v{height}" stroke="#ddd"/>'
                     f'<text x="{left - 8}" y="{y}" text-anchor="end">{10 ** power} x</text>'
                     f'<text x="{x}" y="{top + height + 18}" text-anchor="middle">'
                     f'{10 ** power} x</text>')
    parts.append(f'<text x="{left + width / 2}" y="{top + height + 40}" text-anchor="middle">'
                 "input, times the first</text>"
                 f'<path d="M{place(0, 0)}L{place(3, 3)}" stroke="#bbb" stroke-dasharray="4"/>')
    for (title, _, _), colour, line in zip(SERIES, colours, range(9)):
        of = [row for row in rows if row[0] == title]
        points = " ".join(place(len(str(round(row[1] / of[0][1]))) - 1,
                                max(0, math.log10(row[3] / of[0][3]))) for row in of)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" '
                     f'stroke-width="2"/><text x="{left + width + 12}" y="{top + 20 + 20 * line}" '
                     f'fill="{colour}">{title}</text>')
    return "\n".join(parts + ["</svg>"]) + "\n"


def write_results(times, samples, series, pairs):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    commit = run("git", "-C", HERE, "describe", "--always", "--dirty").strip()
    text = [f"# What ocinorm costs\n\nWritten by `tests/bench/bench.py`, "
            f"{datetime.date.today()}, commit {commit}, {cpu}, {os.cpu_count()} CPUs, Linux {platform.release()}, load "
            f"{os.getloadavg()[0]:.1f}.\nTimes are microseconds of {pairs} pairs; ratios compare with "
            "a static program of that compiler\n(wrapper: it only executes; hook: it does nothing). "
            "`RSS` is the most KiB held.\n",
            table(("what", "build", "beside", "p10", "p25", "median", "p90", "its p10", "p25",
                   "median", "p90", "ratio of p10", "of p25", "median of ratios", "RSS"), times),
            "\n## Instructions of the core\n\nParse, normalise and splice, less what an empty run "
            "takes.\n", table(("config.json", "bytes", "instructions"),
                              [(n, s, short(i)) for n, s, i in samples]),
            "\n## Growth\n\n![instructions](results.svg)\n",
            table(("what grows", "to", "config.json", "instructions", "bytes read"),
                  [(t, v, c, short(i), r) for t, v, c, i, r in series])]
    with open(os.path.join(HERE, "results.md"), "w", encoding="utf-8") as file:
        file.write("\n".join(text) + "\n")
    with open(os.path.join(HERE, "results.svg"), "w", encoding="utf-8") as file:
        file.write(plot_growth(series))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("core")
    parser.add_argument("builds", nargs="*", metavar="NAME=BIN-DIRECTORY")
    given = parser.parse_args()
    builds = [build.split("=", 1) for build in given.builds]
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="ocinorm-bench.") as top:
        series = count_series(given.core, top)
        wrong = check_growth(series)
        times = time_pairs(top, 20 if given.check else given.pairs, builds)
        wrong += [f"{row[0]}, {row[1]}: {row[-1]} KiB" for row in times
                  if int(row[-1]) > MAX_RSS_KIB]
        if not given.check:
            write_results(times, count_samples(given.core, top), series, given.pairs)
    for line in wrong:
        print("bench: " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
