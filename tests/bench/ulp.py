#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run by hand on x86-64: measures every vector function and writes the tables into docs/numerics.md.

    ulp.py BUILD [--step N] [--count N] [--rounds N] [--only NAME,NAME] [--print]

BUILD is a build folder (its generated/support_all.h is measured). --step: every N-th float32, 1 (the default) is all of
them; --count: pairs of float32 and random float64. libmvec and SLEEF are measured beside it where they are installed."""
import argparse
import math
import os
import platform
import subprocess
import sys
import tempfile

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BEGIN, END = "<!-- tests/bench/ulp.py: begin -->\n", "<!-- tests/bench/ulp.py: end -->\n"
ISAS = {"AVX2": ["-mavx2", "-mfma"], "AVX-512": ["-march=x86-64-v4"]}
NO_FMA = ["-mavx2", "-mno-fma"]


def can_link(library, folder):
    source = os.path.join(folder, "empty.c")
    with open(source, "w") as file:
        file.write("int main(void)\n{\n    return 0;\n}\n")
    return subprocess.run(["gcc", source, "-o", source + ".out", "-Wl,--no-as-needed", "-l" + library],
                          capture_output=True).returncode == 0


def build(compiler, flags, program, peers, generated, folder):
    out = os.path.join(folder, "-".join([compiler, program] + flags))
    command = [compiler, "-std=gnu11", "-O3", "-ffp-contract=off", "-w", *flags, "-I" + TOP, "-I" + generated]
    command += ["-DPEERS_" + {"mvec": "MVEC", "sleef": "SLEEF"}[peer] for peer in peers]
    command += [os.path.join(TOP, "tests", "bench", program + ".c"), "-o", out]
    subprocess.run(command + ["-l" + peer for peer in peers] + ["-lm"], check=True)
    return out


def lines_of(command, word):
    """The lines of the program's output that begin with `word`, as lists of words; shown while they come."""
    lines = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end="", file=sys.stderr, flush=True)
            if line.startswith(word + " "):
                lines.append(line.split()[1:])
    if process.returncode != 0:
        sys.exit("%s failed" % command[0])
    return lines


def errors_of(program, options, names):
    lines = lines_of([program, str(options.step), str(options.count), str(os.cpu_count() or 1)] + names, "error")
    return {(line[0], line[1]): line[2:] for line in lines}


def times_of(program, options, names):
    lines = []
    for name in names or [None]:
        lines += lines_of([program, str(options.rounds)] + ([name] if name else []), "time")
    return {(line[0], line[1]): [None if word == "-" else float(word) for word in line[2:]] for line in lines}


def unique(keys):
    return list(dict.fromkeys(name for name, _ in keys))


def error_table(fused, plain):
    def cell(table, key):
        return table[key][0].rstrip("0").rstrip(".") if key in table else "-"

    def place(table, key):
        if key not in table:
            return "-"
        return "%s, %s" % tuple(table[key][1:3]) if float.fromhex(table[key][2]) != 0 else table[key][1]

    rows = ["| function | float32 | at | not fused | float64 | at | not fused |", "|---|---|---|---|---|---|---|"]
    for name in unique(list(fused) + list(plain)):
        one, two = (name, "f32"), (name, "f64")
        rows.append("| %s | %s | %s | %s | %s | %s | %s |" % (
            name, cell(fused, one), place(fused, one), cell(plain, one), cell(fused, two), place(fused, two), cell(plain, two)))
    return rows


def time_table(times, type_):
    """One row per function, one column per build: nanoseconds of ours / libmvec / SLEEF / the C library's scalar."""
    builds = list(times)
    rows = ["| function | " + " | ".join(builds) + " |", "|---" * (len(builds) + 1) + "|"]
    logs = {name: [[], [], []] for name in builds}
    for name in unique(key for table in times.values() for key in table if key[1] == type_):
        cells = []
        for build_name in builds:
            figures = times[build_name].get((name, type_))
            cells.append(" / ".join("-" if value is None else "%.2f" % value for value in figures) if figures else "-")
            for i in range(3):
                if figures and figures[i + 1] is not None:
                    logs[build_name][i].append(math.log(figures[i + 1] / figures[0]))
        rows.append("| %s | %s |" % (name, " | ".join(cells)))
    means = [" / ".join(["1"] + ["%.2f" % math.exp(sum(some) / len(some)) if some else "-" for some in logs[name]])
             for name in builds]
    rows.append("| **geometric mean, ours = 1** | %s |" % " | ".join(means))
    return rows


def processor():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def tables(options, folder):
    generated = os.path.join(os.path.abspath(options.build), "generated")
    peers = [peer for peer in ("mvec", "sleef") if can_link(peer, folder)]
    print("peers: %s" % ", ".join("%s %s" % (peer, "yes" if peer in peers else "NOT INSTALLED") for peer in ("mvec", "sleef")),
          file=sys.stderr)
    names = options.only.split(",") if options.only else []
    wide = [isa for isa in ISAS if isa != "AVX-512" or "avx512dq" in open("/proc/cpuinfo").read()]
    times = {}
    for isa in wide:
        for compiler in ("gcc", "clang"):
            times["%s, %s" % (isa, compiler)] = times_of(build(compiler, ISAS[isa], "ulp_time", peers, generated, folder),
                                                         options, names)
    fused = errors_of(build("gcc", ISAS[wide[-1]], "ulp", peers, generated, folder), options, names)
    plain = errors_of(build("gcc", NO_FMA, "ulp", peers, generated, folder), options, names)
    every = "all 2^32 arguments" if options.step == 1 else "every %d-th of the 2^32 arguments" % options.step
    text = ["Largest errors in ULP and where: float32 at %s (pairs: %.0e random ones) against double, float64 at %.0e random "
            "arguments against long double; with and without fused multiply-add." % (every, options.count, options.count), ""]
    text += error_table(fused, plain)
    for type_, word in (("f32", "float32"), ("f64", "float64")):
        text += ["", "Nanoseconds per element of %s in the first level of cache: ours / libmvec / SLEEF u10 / the C library's "
                 "scalar, in turns, the least of %d rounds, on %s." % (word, options.rounds, processor()), ""]
        text += time_table(times, type_)
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build")
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--count", type=int, default=100000000)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--only", default="")
    parser.add_argument("--print", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        text = tables(options, folder)
    if options.print:
        print(text, end="")
        return
    page = os.path.join(TOP, "docs", "numerics.md")
    with open(page) as file:
        old = file.read()
    before, rest = old.split(BEGIN)
    with open(page, "w") as file:
        file.write(before + BEGIN + text + END + rest.split(END)[1])


main()
