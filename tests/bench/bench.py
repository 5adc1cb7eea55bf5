#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What ocinorm costs:  tests/bench/bench.py [--pairs N] [--check] [--before NAME=BIN-DIRECTORY]...
    [--before-core CORE] [--since COMMIT] CORE [NAME=BIN-DIRECTORY ...]

CORE is ocn_bench_core of a build with -DOCN_STATIC=OFF -DOCN_INSTRUMENTED=ON. Each NAME is a build
to be timed, in pairs and as ratios: the wrapper beside a static program that only execves, the hook
beside one that does nothing, each from cc and from musl-gcc; a whole `runc run`, with the hook's
helper and ocinorm-entry, beside one without ocinorm. --before names an older build, of --since,
that is timed in the same rounds and shown beside the new one of that NAME, and --before-core its
core. Needs root and runc. Instructions and bytes are counted by valgrind and the kernel, so a loaded
machine does not touch them. Writes results.md and results.svg beside this file.
--check counts only, writes nothing, and fails where an aim that can be counted does not hold."""

import argparse
import dataclasses
import datetime
import glob
import json
import math
import os
import platform
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
MAX_GROWTH = 12  # a config 10 x larger costs so many times the instructions at most
MAX_RSS_KIB = 4096
RSS_LOT_KIB = 256  # the kernel counts pages by lots, on each CPU


def run(*words, **options):
    return subprocess.run(words, check=True, text=True, stdout=subprocess.PIPE, **options).stdout


# ---- bundles ----


# Where containerd keeps a bundle: elsewhere its annotations count for nothing, and a warning is logged.
PLACE = "io.containerd.runtime.v2.task/k8s.io"


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


def count_samples(core, before, top):
    """The configurations that real engines wrote, on the same root file system: instructions of the
    older core, if there is one, and of this one, and how often jansson asks for memory."""
    cores = [(of, count_instructions(of)) for of in (before, core) if of]
    fixtures = os.path.join(HERE, "..", "fixtures")
    rows = []
    for name in sorted(os.listdir(fixtures)):
        if name.endswith(".config.json"):
            bundle = make_bundle(top, "sample")
            shutil.copy(os.path.join(fixtures, name), os.path.join(bundle, "config.json"))
            rows.append((name.removesuffix(".config.json"),
                         os.path.getsize(os.path.join(bundle, "config.json")),
                         *(short(count_instructions(of, bundle) - base) for of, base in cores),
                         run(core, bundle).split()[2]))
            shutil.rmtree(bundle)
    return rows


def grow(rows):
    """Each step of a series: title, how many times the instructions, the row before, the row."""
    for title, _, _ in SERIES:
        of = [row for row in rows if row[0] == title]
        for before, after in zip(of, of[1:]):
            yield title, after[3] / before[3], before, after


def check_growth(rows):
    """The aims that can be counted: a list of what does not hold."""
    wrong = []
    for title, growth, before, after in grow(rows):
        if title.startswith("program") and (growth > 1.01 or after[4] > before[4] * 1.01):
            wrong.append(f"{title} {after[1]}: {growth:.2f} x the instructions, "
                         f"{after[4]} bytes read after {before[4]}")
        if growth > MAX_GROWTH:
            wrong.append(f"{title} {before[1]} to {after[1]}: {growth:.1f} x the instructions")
    return wrong


# ---- timed ----

WRAPPER_AIM, HOOK_AIM = 1.35, 2.0  # times what the program beside takes


@dataclasses.dataclass
class Times:
    """What the rounds told of one program."""
    micros: list
    rss: int

    def p25(self):
        return statistics.quantiles(self.micros, n=4)[0]


@dataclasses.dataclass
class Row:
    """A program of ocinorm beside another one."""
    what: str
    build: str
    beside: str
    other: Times
    now: Times
    before: Times | None
    aim: float | None
    weighs: bool  # whether RSS says something of us

    def ratios(self, times):
        """Of p25, and the median of the rounds' own."""
        return (times.p25() / self.other.p25(),
                statistics.median(a / b for a, b in zip(times.micros, self.other.micros)))

    def holds(self, times):
        return max(self.ratios(times)) <= self.aim


def compile_program(compiler, source, target):
    # musl-gcc has no start files for -static-pie; -static is no slower.
    how = ("-static",) if compiler == "musl-gcc" else ("-static-pie", "-fPIE")
    run(compiler, "-std=c11", "-D_GNU_SOURCE", "-O2", *how, "-o", target,
        os.path.join(HERE, source + ".c"))


def build_references(top):
    """The programs to compare with, from each compiler that is here: name -> directory."""
    found = {}
    for compiler in ("cc", "musl-gcc"):
        if shutil.which(compiler):
            found[compiler] = os.path.join(top, "reference-" + compiler)
            os.makedirs(found[compiler])
            for source in ("exec_only", "noop"):
                compile_program(compiler, source, os.path.join(found[compiler], source))
    # A child begins with the memory of who starts it: the smaller that is, the truer RSS is.
    compile_program(list(found)[-1], "rounds", os.path.join(top, "rounds"))
    return found


def write_file(path, text, mode=0o644):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)
    return path


def write_script(path, text):
    return write_file(path, "#!/bin/sh -e\n" + text + "\n", 0o755)


def read_rounds(text):
    """What `rounds` printed: Times per program."""
    *lines, last = (line.split() for line in text.splitlines())
    return [Times([float(cell) for cell in column], int(rss))
            for column, rss in zip(zip(*lines), last)]


class Clock:
    """Times the builds in the rounds of one directory."""

    def __init__(self, top, count, builds, before):
        self.top, self.count = top, count
        self.builds, self.before = builds, before
        self.references = build_references(top)
        self.runtime = os.path.join(self.references.get("musl-gcc", self.references["cc"]), "noop")
        self.runc = shutil.which("runc", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        self.rows = []
        if self.runc is None or os.geteuid() != 0:
            sys.exit("bench: the hook is timed in real containers: needs root and runc")

    def path(self, name):
        return os.path.join(self.top, name)

    def policy(self, name, **keys):
        return write_file(self.path(name), json.dumps(keys))

    def subjects(self, build):
        """The directories to be timed: now, and before if there is one."""
        return [of[build] for of in (self.builds, self.before) if build in of]

    def add(self, what, build, times, beside, aim=None, weighs=True):
        """@times are the subjects', then those of the programs that @beside names."""
        now, *before = times[:len(times) - len(beside)]
        for name, other in zip(beside, times[len(times) - len(beside):]):
            self.rows.append(Row(what, build, name, other, now, before[0] if before else None, aim,
                                 weighs))

    def words(self, stdin, programs, arguments):
        """The command line of `rounds`; @programs are pairs: what is run before, the program."""
        return [self.path("rounds"), str(self.count), stdin,
                *(word for pair in programs for word in pair), "--", *arguments]


# ---- programs, one by one ----


def time_programs(clock):
    """The wrapper and the verifying hook, on a bundle that no runtime takes up."""
    bundle = make_bundle(clock.path("programs"), PLACE + "/bench")
    config, fresh = os.path.join(bundle, "config.json"), clock.path("fresh")
    shutil.copy(config, fresh)
    refresh = write_script(clock.path("refresh"), f"exec cp {fresh} {config}")
    policy = clock.policy("policy.json", runtimes=[clock.runtime], hook={"apply": "verify"})
    state = write_file(clock.path("state"), json.dumps(
        {"ociVersion": "1.0.2", "id": "bench", "status": "creating", "pid": os.getpid(),
         "bundle": bundle}))
    environment = dict(os.environ, OCINORM_CONFIG=policy, EXEC_ONLY=clock.runtime)
    create = ("create", "--bundle", bundle, "bench")
    for what, before, ours, theirs, words, aim in (
            ("wrapper: create, edits", refresh, "ocinorm-runtime", "exec_only", create, WRAPPER_AIM),
            ("wrapper: create, nothing to do", "-", "ocinorm-runtime", "exec_only", create,
             WRAPPER_AIM),
            ("wrapper: kill", "-", "ocinorm-runtime", "exec_only", ("kill", "bench"), WRAPPER_AIM),
            ("hook: prestart, verify", "-", "ocinorm-hook", "noop",
             ("--config", policy, "prestart"), HOOK_AIM)):
        for build in clock.builds:
            folders = clock.subjects(build)
            programs = [(before, os.path.join(folder, ours)) for folder in folders]
            programs += [(before, os.path.join(folder, theirs))
                         for folder in clock.references.values()]
            told = run(*clock.words(state, programs, words), env=environment)
            clock.add(what, build, read_rounds(told), clock.references, aim)


# ---- in containers ----


def make_container(clock):
    """A bundle that runc can start, of a program that does nothing: its path, and its config."""
    bundle = make_bundle(clock.path("containers"), PLACE + "/bench")
    programs = os.path.join(bundle, "rootfs/bin")
    shutil.copy(clock.runtime, os.path.join(programs, "noop"))
    with open(os.path.join(bundle, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    config["process"]["args"] = ["/bin/noop"]
    config["mounts"] = [mount for mount in config["mounts"] if mount["type"] != "bind"]
    config["linux"]["namespaces"] = [{"type": kind}
                                     for kind in ("pid", "ipc", "uts", "mount", "network")]
    config["linux"]["cgroupsPath"] = f"/ocinorm-bench/{os.getpid()}"
    config["linux"]["resources"]["memory"].pop("swap")  # not every kernel counts it
    config["linux"]["resources"]["cpu"].pop("cpus")
    return bundle, config


def with_hook(config, *words):
    return json.dumps(config | {"hooks": {"prestart": [
        {"path": words[0], "args": list(words), "env": [f"PATH={os.environ['PATH']}"]}]}})


def time_hook(clock, bundle, policy):
    """As the hook of a container that waits: before each run a process takes the place of its init,
    in mounts of its own. It ends with the helper of the run before."""
    state, holder = clock.path("state"), clock.path("holder")
    os.makedirs(os.path.join(bundle, "rootfs/dev"), exist_ok=True)
    renew = write_script(clock.path("renew"), f"""
        test ! -e {holder} || kill -9 $(cat {holder}) 2>/dev/null || true
        unshare --mount --propagation private sh -c \
            'mount -t tmpfs tmpfs {bundle}/rootfs/dev && exec sleep 1000' </dev/null >/dev/null 2>&1 &
        echo $! >{holder}
        until test "$(cat /proc/$!/comm)" = sleep; do :; done
        echo '{{"bundle": "{bundle}", "pid": '$!'}}' >{state}""")
    run(renew)
    try:
        for build in clock.builds:
            programs = [(renew, os.path.join(folder, "ocinorm-hook"))
                        for folder in clock.subjects(build)]
            programs += [(renew, os.path.join(folder, "noop"))
                         for folder in clock.references.values()]
            told = run(*clock.words(state, programs, ("--config", policy, "prestart")))
            clock.add("hook: prestart, covers and holds", build, read_rounds(told),
                      clock.references, HOOK_AIM)
    finally:
        with open(holder, encoding="ascii") as file:
            os.kill(int(file.read()), signal.SIGKILL)


def time_containers(clock, bundle, config, policy):
    """What a user waits for: a whole `runc run`."""
    words = ("--root", clock.path("runc"), "run", "--bundle", bundle, "bench")
    environment = dict(os.environ, OCINORM_CONFIG=policy)

    def prepared(name, text, program):
        fresh = write_file(clock.path(name + ".json"), text)
        return (write_script(clock.path(name), f"exec cp {fresh} {bundle}/config.json"), program)

    bare = prepared("bare", json.dumps(config), clock.runc)
    empty = prepared("empty", with_hook(config, clock.runtime), clock.runc)
    for build in clock.builds:
        hooked, wrapped = [], []
        for number, folder in enumerate(clock.subjects(build)):
            hook = with_hook(config, os.path.join(folder, "ocinorm-hook"), "--config", policy,
                             "prestart")
            hooked.append(prepared(f"hooked-{number}", hook, clock.runc))
            wrapped.append((bare[0], os.path.join(folder, "ocinorm-runtime")))
        for what, subjects, others in (
                ("container: runc run, hook and entry", hooked, {"runc run": bare,
                                                                 "runc run, empty hook": empty}),
                ("container: runc run through wrapper", wrapped, {"runc run": bare})):
            told = run(*clock.words("/dev/null", [*subjects, *others.values()], words),
                       env=environment)
            clock.add(what, build, read_rounds(told), others, weighs=False)


def time_all(top, count, builds, before):
    clock = Clock(top, count, builds, before)
    time_programs(clock)
    bundle, config = make_container(clock)
    policy = clock.policy("container.json", runtimes=[clock.runc])
    try:
        write_file(os.path.join(bundle, "config.json"), json.dumps(config))
        time_hook(clock, bundle, policy)
        time_containers(clock, bundle, config, policy)
    finally:
        for folder in glob.glob("/sys/fs/cgroup/**/ocinorm-bench", recursive=True):
            os.rmdir(folder)
    return clock


# ---- what a program takes before main ----


@dataclasses.dataclass
class Starts:
    """What the start of a program takes: the CPUIDs of each compiler and build, what one takes."""
    nothing: dict  # compiler: p25 of its program that does nothing
    number: dict
    one: float


def measure_starts(clock):
    """None where there is no CPUID."""
    if platform.machine() != "x86_64":
        return None
    compile_program("cc", "cpuid", clock.path("cpuid"))
    programs = {name: (os.path.join(folder, "noop"),)
                for name, folder in clock.references.items()}
    told = run(*clock.words("/dev/null", [("-", *program) for program in programs.values()], ()))
    starts = Starts({name: times.p25() for name, times in zip(programs, read_rounds(told))}, {}, 0)
    programs |= {name: (os.path.join(folder, "ocinorm-hook"), "--version")
                 for name, folder in clock.builds.items()}
    for name, words in programs.items():
        number, one = run(clock.path("cpuid"), *words).split()
        starts.number[name], starts.one = int(number), float(one)
    return starts


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


def tell_pair(row, times):
    ratio, median = row.ratios(times)
    return f"{times.p25():.0f} / {row.other.p25():.0f} = {ratio:.2f} ({median:.2f})"


def tell_aim(row):
    if row.aim is None:
        return ""
    said = "holds" if row.holds(row.now) else "missed"
    if row.before and row.holds(row.before) != row.holds(row.now):
        said += ", before " + ("held" if row.holds(row.before) else "missed")
    return f"≤ {row.aim}: {said}"


def tell_rss(row):
    if not row.weighs:
        return ""
    return row.now.rss if row.now.rss > RSS_LOT_KIB else f"< {RSS_LOT_KIB}"


def tell_times(rows):
    compared = any(row.before for row in rows)
    head = ["what", "build", "beside", *(["before"] * compared), "now", "aim", "RSS"]
    return table(head, [
        [row.what, row.build, row.beside,
         *([tell_pair(row, row.before) if row.before else ""] * compared), tell_pair(row, row.now),
         tell_aim(row), tell_rss(row)] for row in rows])


STARTS = """
## Before main

A static program of glibc asks the CPU for its caches before main, by CPUID. In a virtual machine each one
leaves it for the hypervisor and comes back: {one:.1f} µs here.

{nothing}

A build with glibc pays that, and so does a program of `cc` beside it: it pulls their ratio to 1. A musl build
does not pay it, and looks better beside `cc` than its code is. On a node where CPUID takes no time (no virtual
machine) it is gone from both sides: the microseconds become fewer, and the ratios beside `cc` become about

{without}

"""


def tell_starts(starts, rows):
    if starts is None:
        return ""

    def traps(name):
        return starts.number[name] * starts.one

    nothing = [(name, f"{micros:.0f}", starts.number[name], f"{traps(name):.0f}")
               for name, micros in starts.nothing.items()]
    without = [(row.what, row.build, f"{row.ratios(row.now)[0]:.2f}", "{:.1f}".format(
        (row.now.p25() - traps(row.build)) / (row.other.p25() - traps("cc"))))
               for row in rows if row.beside == "cc" and row.aim]
    return STARTS.format(one=starts.one, nothing=table(
        ("compiler", "does nothing, µs", "CPUID", "µs of these"), nothing), without=table(
            ("what", "build", "beside cc", "without, estimated"), without))


HEAD = """# What ocinorm costs

Written by `tests/bench/bench.py`, {today}, commit {commit}, {cpu}, {cpus} CPUs, Linux {kernel}, load {load:.1f}.

Microseconds: ours / of the program beside = ratio, each the 25th percentile of {rounds} rounds; in parentheses
the median of the rounds' own ratios. An aim holds where both are within it.
Beside the wrapper stands a static program of that compiler that only executes, beside the hook one that
does nothing. `RSS` is the most KiB held (aim: {rss}). Input 10 x larger takes at most {growth:.1f} x the
instructions (aim: {most}).
"""


def write_results(clock, since, starts, samples, series):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    commit = run("git", "-C", HERE, "describe", "--always", "--dirty").strip()
    head = HEAD.format(
        today=datetime.date.today(), commit=commit, cpu=cpu, cpus=os.cpu_count(),
        kernel=platform.release(), load=os.getloadavg()[0], rounds=clock.count,
        rss=MAX_RSS_KIB, growth=max(growth for _, growth, _, _ in grow(series)),
        most=MAX_GROWTH)
    if clock.before:
        head += f"`before` is {since}, in the same rounds.\n"
    text = [head,
            tell_times(clock.rows), tell_starts(starts, clock.rows),
            "## Instructions of the core\n\nParse, normalise and splice, less what an empty run "
            "takes.\n", table(("config.json", "bytes", *(["before"] if clock.before else []),
                               "instructions", "jansson's allocations"), samples),
            "\n## Growth\n\n![instructions](results.svg)\n",
            table(("what grows", "to", "config.json", "instructions", "bytes read"),
                  [(t, v, c, short(i), r) for t, v, c, i, r in series])]
    write_file(os.path.join(HERE, "results.md"), "\n".join(text) + "\n")
    write_file(os.path.join(HERE, "results.svg"), plot_growth(series))


def read_builds(words):
    return {name: os.path.abspath(path) for name, path in (word.split("=", 1) for word in words)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--before", action="append", default=[], metavar="NAME=BIN-DIRECTORY")
    parser.add_argument("--before-core", metavar="CORE")
    parser.add_argument("--since", default="an older commit", metavar="COMMIT")
    parser.add_argument("core")
    parser.add_argument("builds", nargs="*", metavar="NAME=BIN-DIRECTORY")
    given = parser.parse_args()
    builds, before = read_builds(given.builds), read_builds(given.before)
    if not before.keys() <= builds.keys():
        parser.error("--before names a build that is not timed")
    if bool(before) != bool(given.before_core):
        parser.error("--before and --before-core are of one older build")
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="ocinorm-bench.") as top:
        series = count_series(given.core, top)
        wrong = check_growth(series)
        clock = time_all(top, 20 if given.check else given.pairs, builds, before)
        wrong += sorted({f"{row.what}, {row.build}: {row.now.rss} KiB" for row in clock.rows
                         if row.weighs and row.now.rss > MAX_RSS_KIB})
        if not given.check:
            write_results(clock, given.since, measure_starts(clock),
                          count_samples(given.core, given.before_core, top), series)
    for line in wrong:
        print("bench: " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
