#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What ocinorm costs:  tests/bench/bench.py [--pairs N] [--runs N] [--check]
    [--before LIBC=BIN-DIRECTORY]... [--before-core CORE] [--since COMMIT] CORE [LIBC=BIN-DIRECTORY ...]

CORE is ocn_bench_core of a build with -DOCN_STATIC=OFF -DOCN_INSTRUMENTED=ON. The others are builds
with glibc or musl, to be timed in pairs and as ratios, each beside a program with the same libc: the
wrapper beside the least that any wrapper does (limit.c; pass.c, where nothing is to be touched), the
hook beside a program that does nothing;
a whole `runc run`, with the hook's helper and ocinorm-entry, beside one without ocinorm. --before names
an older build, of --since, that is timed in the same rounds and shown beside the new one of that libc,
and --before-core its core. All is timed in --runs runs, which tell how far the ratios can be trusted.
Needs root and runc. Instructions, bytes, page faults and system calls are counted, so a loaded machine
does not touch them. Writes results.md and results.svg beside this file.
--check counts only, writes nothing, and fails where something takes more than LIMITS let it."""

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
MAX_RSS_KIB = 4096
RSS_LOT_KIB = 256  # the kernel counts pages by lots, on each CPU
COMPILERS = {"glibc": "cc", "musl": "musl-gcc"}  # of the programs that stand beside a build
RUNTIME = "/bin/true"  # of limit.c and pass.c, too

# What can be counted, and of what: the most that --check lets pass, and the aim. The first is what was
# measured, and 3 %; of page faults 10 %, for another CPU has libc choose other functions.
FAULTS, CALLS, CORE = "page faults of create", "system calls of create", "instructions of the core"
GROWTH = "input 10 x larger, times the instructions"
LIMITS = {
    (FAULTS, "glibc"): (170, 90),
    (FAULTS, "musl"): (130, 90),
    (CALLS, "glibc"): (168, 130),
    (CALLS, "musl"): (159, 130),
    (CORE, "docker-26.1.5-create"): (595e3, 0.7e6),
    (CORE, "podman-4.3.1-create"): (485e3, 0.7e6),
    (CORE, "crio-1.26-container"): (646e3, 0.7e6),
    (GROWTH, "any"): (10, 10),
}


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


@dataclasses.dataclass
class Counted:
    """A number of LIMITS: of this build and of the one before, if there is one."""
    what: str
    of: str
    now: float
    before: float | None = None

    def limit(self):
        return LIMITS[self.what, self.of][0]

    def aim(self):
        return LIMITS[self.what, self.of][1]


def count_samples(core, before, top):
    """The configurations that real engines wrote, on the same root file system: name, bytes,
    instructions of the older core, if there is one, and of this one, how often jansson asks for
    memory."""
    cores = [(of, count_instructions(of)) for of in (before, core) if of]
    fixtures = os.path.join(HERE, "..", "fixtures")
    rows = []
    for name in sorted(os.listdir(fixtures)):
        if name.endswith(".config.json"):
            bundle = make_bundle(top, "sample")
            shutil.copy(os.path.join(fixtures, name), os.path.join(bundle, "config.json"))
            rows.append((name.removesuffix(".config.json"),
                         os.path.getsize(os.path.join(bundle, "config.json")),
                         *(count_instructions(of, bundle) - base for of, base in cores),
                         int(run(core, bundle).split()[2])))
            shutil.rmtree(bundle)
    return rows


def core_numbers(samples, series):
    """What LIMITS hold of the core."""
    for name, _, *before, now, _ in samples:
        if (CORE, name) in LIMITS:
            yield Counted(CORE, name, now, *before)
    yield Counted(GROWTH, "any", max(growth for _, growth, _, _ in grow(series)))


def grow(rows):
    """Each step of a series: title, how many times the instructions, the row before, the row."""
    for title, _, _ in SERIES:
        of = [row for row in rows if row[0] == title]
        for before, after in zip(of, of[1:]):
            yield title, after[3] / before[3], before, after


def check_programs(rows):
    """The size of a program does not count: a list of where it does."""
    return [f"{title} {after[1]}: {growth:.2f} x the instructions, {after[4]} bytes read after "
            f"{before[4]}" for title, growth, before, after in grow(rows)
            if title.startswith("program") and (growth > 1.01 or after[4] > before[4] * 1.01)]


# ---- timed ----

# Times what the program beside takes.
EDITS_AIMS = {"glibc": 1.6, "musl": 1.5}
PASSES_AIMS = {"glibc": 1.3, "musl": 1.3}
VERIFIES_AIMS = {"glibc": 3.0, "musl": 3.0}
ENTERS_AIMS = {"glibc": 5.0, "musl": 5.0}
RUNS_AGREE = 1.1  # a ratio of one run is within so many times that of another


@dataclasses.dataclass
class Times:
    """What the rounds told of one program."""
    micros: list
    faults: list
    rss: int

    def p25(self):
        return statistics.quantiles(self.micros, n=4)[0]

    def add(self, other):
        self.micros += other.micros
        self.faults += other.faults
        self.rss = max(self.rss, other.rss)


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
    runs: list  # the ratio of p25 in each run

    def ratios(self, times):
        """Of p25, and the median of the rounds' own."""
        return (times.p25() / self.other.p25(),
                statistics.median(a / b for a, b in zip(times.micros, self.other.micros)))

    def holds(self, times):
        return max(self.ratios(times)) <= self.aim

    def add(self, other):
        """The same row of another run."""
        for own, more in ((self.other, other.other), (self.now, other.now),
                          (self.before, other.before)):
            if own:
                own.add(more)
        self.runs += other.runs

    def differs(self):
        return max(self.runs) / min(self.runs)


def compile_program(compiler, source, target):
    # musl-gcc has no start files for -static-pie; -static is no slower.
    how = ("-static",) if compiler == "musl-gcc" else ("-static-pie", "-fPIE")
    run(compiler, "-std=c11", "-D_GNU_SOURCE", "-O2", *how, "-o", target,
        os.path.join(HERE, source + ".c"))


def build_references(top, builds):
    """The programs to compare with, of the libc of each build: libc -> directory."""
    found = {libc: os.path.join(top, "reference-" + libc) for libc in builds}
    for libc, folder in found.items():
        os.makedirs(folder)
        for source in ("limit", "pass", "noop"):
            compile_program(COMPILERS[libc], source, os.path.join(folder, source))
    # A child begins with the memory of who starts it: the smaller that is, the truer RSS is.
    small = COMPILERS["musl" if "musl" in builds else "glibc"]
    for source in ("rounds", "calls"):
        compile_program(small, source, os.path.join(top, source))
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
    cells = [[cell.split("/") for cell in line] for line in lines]
    return [Times([float(micros) for micros, _ in column], [int(faults) for _, faults in column],
                  int(rss)) for column, rss in zip(zip(*cells), last)]


class Clock:
    """Times the builds in the rounds of one directory."""

    def __init__(self, top, count, builds, before):
        self.top, self.count = top, count
        self.builds, self.before = builds, before
        self.references = build_references(top, builds)
        self.runc = shutil.which("runc", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
        self.rows = []
        self.counted = []
        self.weights = []  # the KiB that a program held at most: what, build, now, before
        if self.runc is None or os.geteuid() != 0:
            sys.exit("bench: the hook is timed in real containers: needs root and runc")

    def path(self, name):
        return os.path.join(self.top, name)

    def noop(self):
        """Of the libc whose programs start faster."""
        return os.path.join(self.references["musl" if "musl" in self.builds else "glibc"], "noop")

    def policy(self, name, **keys):
        return write_file(self.path(name), json.dumps(keys))

    def subjects(self, build):
        """The directories to be timed: now, and before if there is one."""
        return [of[build] for of in (self.builds, self.before) if build in of]

    def add(self, what, build, times, beside, aim=None):
        """@times are the subjects', then those of the programs that @beside names."""
        now, *before = times[:len(times) - len(beside)]
        for name, other in zip(beside, times[len(times) - len(beside):]):
            self.rows.append(Row(what, build, name, other, now, before[0] if before else None, aim,
                                 [now.p25() / other.p25()]))

    def weigh(self, what, build, times):
        """@times are the subjects', and maybe of others behind those."""
        self.weights.append((what, build, *(each.rss for each, _ in zip(times, self.subjects(build)))))

    def words(self, stdin, programs, arguments):
        """The command line of `rounds`; @programs are pairs: what is run before, the program."""
        return [self.path("rounds"), str(self.count), stdin,
                *(word for pair in programs for word in pair), "--", *arguments]


# ---- programs, one by one ----


EDITS = "wrapper: create, edits"


def make_state(clock, bundle):
    """What runc keeps of a container, as far as somebody else reads it, and a process that it is to
    start, in which nothing is left to change: the words of that `exec`."""
    states, process = clock.path("states"), clock.path("process.json")
    os.makedirs(os.path.join(states, "bench"))
    with open(os.path.join(bundle, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    labels = [f"{key}={value}" for key, value in config["annotations"].items()]
    write_file(os.path.join(states, "bench/state.json"), json.dumps(
        {"id": "bench", "init_process_pid": os.getpid(), "init_process_start": 1,
         "config": config | {"rootfs": os.path.join(bundle, "rootfs"),
                             "labels": [*labels, "bundle=" + bundle]}}))
    write_file(process, json.dumps(config["process"]))
    return "--root", states, "exec", "--process", process, "bench"


def time_programs(clock):
    """The wrapper and the verifying hook, on a bundle that no runtime takes up."""
    bundle = make_bundle(clock.path("programs"), PLACE + "/bench")
    config, fresh = os.path.join(bundle, "config.json"), clock.path("fresh")
    shutil.copy(config, fresh)
    refresh = write_script(clock.path("refresh"), f"exec cp {fresh} {config}")
    policy = clock.policy("policy.json", runtimes=[RUNTIME], hook={"apply": "verify"})
    exempt = clock.policy("exempt.json", runtimes=[RUNTIME], exempt={"namespaces": ["default"]})
    with open(os.path.join(HERE, "policy.json"), encoding="utf-8") as file:
        whole = clock.policy("whole.json", **json.load(file), runtimes=[RUNTIME])
    state = write_file(clock.path("state"), json.dumps(
        {"ociVersion": "1.0.2", "id": "bench", "status": "creating", "pid": os.getpid(),
         "bundle": bundle}))
    create = ("create", "-b", bundle, "bench")

    def time(what, ours, theirs, words, aims, setting=policy, before="-"):
        for build in clock.builds:
            programs = [(before, os.path.join(folder, ours)) for folder in clock.subjects(build)]
            programs.append((before, os.path.join(clock.references[build], theirs)))
            # limit.c: with one fork, as confinement needs; without -b it edits what lies here
            text = run(*clock.words(state, programs, words), cwd=bundle,
                       env=dict(os.environ, OCINORM_CONFIG=setting, LIMIT_FORK="1"))
            times = read_rounds(text)
            clock.add(what, build, times, [theirs], aims[build])
            if theirs == "noop":  # behind the others comes a runtime, which holds more
                clock.weigh(what, build, times)

    time(EDITS, "ocinorm-runtime", "limit", create, EDITS_AIMS, before=refresh)
    time("wrapper: create, edits by a whole policy", "ocinorm-runtime", "limit", create,
         EDITS_AIMS, whole, before=refresh)
    time("wrapper: create, nothing to do", "ocinorm-runtime", "limit", create, PASSES_AIMS)
    time("wrapper: create, exempt", "ocinorm-runtime", "limit", create, PASSES_AIMS, exempt)
    time("wrapper: exec --process", "ocinorm-runtime", "limit", make_state(clock, bundle),
         PASSES_AIMS)
    time("wrapper: kill", "ocinorm-runtime", "pass", ("kill", "bench"), PASSES_AIMS)
    time("hook: prestart, verify", "ocinorm-hook", "noop", ("--config", policy, "prestart"),
         VERIFIES_AIMS)
    count_create(clock, policy, refresh, create)


def count_create(clock, policy, refresh, words):
    """What LIMITS hold of the wrapper, and its weight, with a runtime that has none."""
    light = clock.policy("light.json", runtimes=[clock.noop()])
    for row in clock.rows:
        if row.what == EDITS:
            clock.counted.append(Counted(FAULTS, row.build, *(
                statistics.median_low(times.faults) for times in (row.now, row.before) if times)))
    for build in clock.builds:
        calls = []
        programs = [os.path.join(of, "ocinorm-runtime") for of in clock.subjects(build)]
        for program in programs:
            run(refresh)
            calls.append(int(run(clock.path("calls"), program, *words,
                                 env=dict(os.environ, OCINORM_CONFIG=policy))))
        clock.counted.append(Counted(CALLS, build, *calls))
        told = run(*clock.words("/dev/null", [(refresh, program) for program in programs], words),
                   env=dict(os.environ, OCINORM_CONFIG=light))
        clock.weigh(EDITS, build, read_rounds(told))


# ---- in containers ----


def make_container(clock):
    """A bundle that runc can start, of a program that does nothing: its path, and its config."""
    bundle = make_bundle(clock.path("containers"), PLACE + "/bench")
    programs = os.path.join(bundle, "rootfs/bin")
    shutil.copy(clock.noop(), os.path.join(programs, "noop"))
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
            programs.append((renew, os.path.join(clock.references[build], "noop")))
            told = run(*clock.words(state, programs, ("--config", policy, "prestart")))
            times = read_rounds(told)
            clock.add("hook: prestart, covers and holds", build, times, ["noop"],
                      ENTERS_AIMS[build])
            clock.weigh("hook: prestart, covers and holds", build, times)
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
    empty = prepared("empty", with_hook(config, clock.noop()), clock.runc)
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
            clock.add(what, build, read_rounds(told), others)


def time_run(top, count, builds, before):
    os.makedirs(top)
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


def time_all(top, runs, *of):
    """The clock of the first run, with the rows of all."""
    clock, *others = (time_run(os.path.join(top, f"run-{number}"), *of) for number in range(runs))
    for other in others:
        for row, more in zip(clock.rows, other.rows):
            row.add(more)
    return clock


# ---- what a program takes before main ----


def measure_starts(clock):
    """What the start of a program that does nothing takes, for each libc: p25 in microseconds, CPUIDs,
    microseconds of these. None where there is no CPUID."""
    if platform.machine() != "x86_64":
        return []
    compile_program("cc", "cpuid", clock.path("cpuid"))
    programs = {libc: os.path.join(folder, "noop") for libc, folder in clock.references.items()}
    told = run(*clock.words("/dev/null", [("-", program) for program in programs.values()], ()))
    starts = []
    for (libc, program), times in zip(programs.items(), read_rounds(told)):
        number, one = run(clock.path("cpuid"), program).split()
        starts.append((libc, round(times.p25()), number, round(int(number) * float(one))))
    return starts


# ---- what a program weighs ----


def measure_sizes(clock):
    """Bytes of each program: name, libc, before if there is one, now."""
    rows = []
    for build in clock.builds:
        now, *before = clock.subjects(build)
        for name in sorted(os.listdir(now)):
            rows.append((name, build, *(os.path.getsize(os.path.join(of, name))
                                        for of in (*before, now))))
    return rows


# ---- told ----


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows])


def short(number):
    for unit, size in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if number >= size:
            return f"{number / size:.3g} {unit}"
    return f"{number:.3g}"


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


def tell_held(now, before):
    """@before is None where there is none."""
    said = "holds" if now else "missed"
    if before is not None and before != now:
        said += ", before " + ("held" if before else "missed")
    return said


def tell_rss(kib):
    return kib if kib > RSS_LOT_KIB else f"< {RSS_LOT_KIB}"


def tell_aims(clock, counted):
    rows = [(row.what, row.build, row.beside, tell_pair(row, row.before) if row.before else "",
             tell_pair(row, row.now), "{}: {}".format(row.aim, tell_held(
                 row.holds(row.now), row.before and row.holds(row.before))))
            for row in clock.rows if row.aim]
    rows += [(each.what, each.of, "", short(each.before) if each.before else "", short(each.now),
              "{}: {}".format(short(each.aim()), tell_held(
                  each.now <= each.aim(), each.before and each.before <= each.aim())))
             for each in counted]
    return table(("what", "of", "beside", "before", "now", "aim: at most"), rows)


def tell_agreement(rows):
    """How far the runs are apart in the worst row that has an aim."""
    worst = max((row for row in rows if row.aim), key=Row.differs)
    return (f"\nThe {len(worst.runs)} runs agree within {100 * worst.differs() - 100:.0f} % "
            f"({worst.what}, {worst.build}; aim: {100 * RUNS_AGREE - 100:.0f} %).\n")


def tell_containers(rows):
    return table(("what", "of", "beside", "before", "now"), [
        (row.what, row.build, row.beside, tell_pair(row, row.before) if row.before else "",
         tell_pair(row, row.now)) for row in rows if not row.aim])


def tell_weights(weights, sizes):
    compared = any(len(numbers) > 1 for _, _, *numbers in weights)
    rows = [("KiB held at most, " + what, build, *map(tell_rss, reversed(numbers)))
            for what, build, *numbers in weights]
    rows += [("bytes of " + name, *rest) for name, *rest in sizes]
    return table(("what", "of", *(["before"] * compared), "now"), rows)


STARTS = """
## Before main

A static program of glibc asks the CPU for its caches before main, by CPUID. In a virtual machine each one
leaves it for the hypervisor and comes back. Both sides of a ratio pay it, a build with musl neither. On a node
where CPUID takes no time (no virtual machine) the microseconds of glibc become fewer.

"""


def tell_starts(starts):
    head = ("libc", "does nothing, µs", "CPUID", "µs of these")
    return STARTS + table(head, starts) if starts else ""


HEAD = """# What ocinorm costs

Written by `tests/bench/bench.py`, {today}, commit {commit}, {cpu}, {cpus} CPUs, Linux {kernel}, load {load:.1f}.{since}

## Aims

Microseconds: ours / of the program beside = ratio, each the 25th percentile of {rounds} rounds; in parentheses
the median of the rounds' own ratios. An aim holds where both are within it. Beside the wrapper stands
the least that any wrapper which edits must do, with one fork (`limit.c`), or the least where nothing is to be
touched (`pass.c`), with the same libc and the same runtime, `/bin/true`; beside the hook a static program that does
nothing. Page faults are those of all processes, and of that runtime. System calls are
those of all processes until the runtime is executed.
{agree}"""


def write_results(clock, since, counted, starts, sizes, samples, series):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                if line.startswith("model name")), platform.machine())
    commit = run("git", "-C", HERE, "describe", "--always", "--dirty").strip()
    head = HEAD.format(
        today=datetime.date.today(), commit=commit, cpu=cpu, cpus=os.cpu_count(),
        kernel=platform.release(), load=os.getloadavg()[0], rounds=len(clock.rows[0].now.micros),
        since=f"\n`before` is {since}, in the same rounds." if clock.before else "",
        agree=tell_agreement(clock.rows))
    text = [head, tell_aims(clock, counted),
            "\n## Containers\n\nA whole `runc run`, of a program that does nothing.\n",
            tell_containers(clock.rows), tell_starts(starts), "\n## Weight\n\nPrograms are stripped.\n",
            tell_weights(clock.weights, sizes),
            "\n## Instructions of the core\n\nParse, normalise and splice, less what an empty run "
            "takes.\n", table(("config.json", "bytes", *(["before"] if clock.before else []),
                               "instructions", "jansson's allocations"),
                              [(name, size, *map(short, instructions), allocations)
                               for name, size, *instructions, allocations in samples]),
            "\n## Growth\n\n![instructions](results.svg)\n",
            table(("what grows", "to", "config.json", "instructions", "bytes read"),
                  [(t, v, c, short(i), r) for t, v, c, i, r in series])]
    write_file(os.path.join(HERE, "results.md"), "\n".join(text) + "\n")
    write_file(os.path.join(HERE, "results.svg"), plot_growth(series))


def read_builds(words):
    return {name: os.path.abspath(path) for name, path in (word.split("=", 1) for word in words)}


def install(top, builds):
    """Copies of the programs, stripped as packages have them, and in memory: how many pages a fault
    maps of a file on a disk goes by when it was written."""
    folders = {}
    for name, path in builds.items():
        folders[name] = os.path.join(top, name)
        os.makedirs(folders[name])
        for program in glob.glob(os.path.join(path, "ocinorm*")):
            run("strip", "-o", os.path.join(folders[name], os.path.basename(program)), program)
    return folders


def check(clock, counted, series):
    """What takes more than it may: a line each."""
    wrong = check_programs(series)
    wrong += [f"{each.what}, {each.of}: {short(each.now)}, more than {short(each.limit())}"
              for each in counted if each.now > each.limit()]
    return wrong + [f"{what}, {build}: {kib} KiB" for what, build, kib, *_ in clock.weights
                    if kib > MAX_RSS_KIB]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=200, help="rounds in a run")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--before", action="append", default=[], metavar="LIBC=BIN-DIRECTORY")
    parser.add_argument("--before-core", metavar="CORE")
    parser.add_argument("--since", default="an older commit", metavar="COMMIT")
    parser.add_argument("core")
    parser.add_argument("builds", nargs="+", metavar="LIBC=BIN-DIRECTORY")
    given = parser.parse_args()
    builds, before = read_builds(given.builds), read_builds(given.before)
    if not builds.keys() <= COMPILERS.keys():
        parser.error("a build is of glibc or of musl")
    if not before.keys() <= builds.keys():
        parser.error("--before names a build that is not timed")
    if bool(before) != bool(given.before_core):
        parser.error("--before and --before-core are of one older build")
    with tempfile.TemporaryDirectory(dir="/dev/shm", prefix="ocinorm-bench.") as top:
        series = count_series(given.core, top)
        samples = count_samples(given.core, given.before_core, top)
        builds = install(os.path.join(top, "now"), builds)
        before = install(os.path.join(top, "before"), before)
        clock = time_all(top, *((1, 20) if given.check else (given.runs, given.pairs)), builds, before)
        counted = [*clock.counted, *core_numbers(samples, series)]
        wrong = check(clock, counted, series)
        if not given.check:
            write_results(clock, given.since, counted, measure_starts(clock), measure_sizes(clock),
                          samples, series)
    for line in wrong:
        print("bench: " + line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
