#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Do the tests find faults? Plants the faults of faults.txt in a copy of the tree, one at a time, builds the tests that
should notice, and needs at least one of them to fail (and all of them to pass without the fault).

    sabotage.py [--work DIR] [--jobs N] all | rotate | check | NAME...

all: every fault. rotate: two of them, chosen by the commit (without git: by the day). check: only that each fault still
fits the sources exactly once."""
import argparse
import os
import re
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


class Fault:
    def __init__(self, name):
        self.name, self.what, self.file, self.targets, self.tests = name, "", "", [], ""
        self.before, self.after = [], []


def read_faults(path):
    """[name], then key: value lines, then "-" lines (removed) and "+" lines (put there instead)."""
    faults = []
    for number, line in enumerate(open(path), 1):
        line = line.rstrip("\n")
        if not line or line.startswith("#"):
            continue
        if line.startswith("["):
            faults.append(Fault(line.strip("[]")))
        elif line[0] in "-+":
            (faults[-1].before if line[0] == "-" else faults[-1].after).append(line[1:])
        else:
            key, _, value = line.partition(": ")
            if key not in ("what", "file", "targets", "tests"):
                sys.exit("%s:%d: what is \"%s\"?" % (path, number, key))
            setattr(faults[-1], key, value.split() if key == "targets" else value)
    return faults


def fits(fault, top):
    text = open(os.path.join(top, fault.file)).read()
    before = "\n".join(fault.before) + "\n"
    return text.count(before)


def check(faults):
    wrong = 0
    for fault in faults:
        count = fits(fault, TOP) if os.path.exists(os.path.join(TOP, fault.file)) else -1
        if count != 1 or not fault.tests or not fault.targets:
            wrong += 1
            print("%s: %s" % (fault.name, "no such file" if count < 0 else "its lines occur %d times in %s" % (count, fault.file)))
    print("%d faults, %d do not fit" % (len(faults), wrong))
    return 1 if wrong or not faults else 0


def run(command, cwd, log):
    with open(log, "w") as out:
        return subprocess.call(command, cwd=cwd, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)


class Workshop:
    """A copy of the tree and its build. Only files whose content differs are written, so that a second run builds little."""

    def __init__(self, work, jobs):
        self.tree, self.build, self.log = os.path.join(work, "tree"), os.path.join(work, "build"), os.path.join(work, "log")
        self.jobs = str(jobs)
        self.passing = {}
        self.copy()
        os.makedirs(self.build, exist_ok=True)
        if run(["cmake", "-S", self.tree, "-B", self.build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS_DEBUG=-O1"],
               work, self.log):
            sys.exit(open(self.log).read())

    def copy(self):
        wanted = set()
        for folder, folders, names in os.walk(TOP):
            folders[:] = [f for f in folders if not (folder == TOP and (f.startswith("build") or f.startswith(".git")))]
            for name in names:
                source = os.path.join(folder, name)
                target = os.path.join(self.tree, os.path.relpath(source, TOP))
                wanted.add(target)
                if os.path.exists(target) and open(target, "rb").read() == open(source, "rb").read():
                    continue
                os.makedirs(os.path.dirname(target), exist_ok=True)
                shutil.copy(source, target)
        for folder, _, names in os.walk(self.tree):
            for name in names:
                path = os.path.join(folder, name)
                if path not in wanted:
                    os.remove(path)

    def make(self, targets):
        return run(["ninja", "-j", self.jobs] + targets, self.build, self.log) == 0

    def test(self, pattern):
        """None when all pass, else the names of the tests that fail. STEPC_SHARED points nowhere: the small corpus must do."""
        environment = dict(os.environ, STEPC_SHARED="/nonexistent")
        result = subprocess.run(["ctest", "-j", self.jobs, "--no-tests=error", "--timeout", "300", "-R", pattern], cwd=self.build,
                                env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, stdin=subprocess.DEVNULL)
        if result.returncode == 0:
            return None
        failed = re.findall(r"^\s*\d+ - (\S+) \((?!Skipped)", result.stdout, re.M)
        return failed if failed else ["ctest: " + result.stdout.strip()[-300:]]

    def baseline(self, fault):
        key = (tuple(fault.targets), fault.tests)
        if key not in self.passing:
            self.passing[key] = self.make(fault.targets) and self.test(fault.tests) is None
        return self.passing[key]

    def plant(self, fault):
        """Returns (found, text)."""
        if not self.baseline(fault):
            return False, "the tests do not pass without the fault"
        path = os.path.join(self.tree, fault.file)
        whole = open(path).read()
        try:
            open(path, "w").write(whole.replace("\n".join(fault.before) + "\n", "".join(line + "\n" for line in fault.after)))
            if not self.make(fault.targets):
                tail = open(self.log).read()[-600:]
                return False, "does not build with the fault, which proves nothing:\n" + tail
            failed = self.test(fault.tests)
        finally:
            open(path, "w").write(whole)
        if failed is None:
            return False, "NOT FOUND by " + fault.tests
        return True, "found by " + ", ".join(failed[:4]) + (" and %d more" % (len(failed) - 4) if len(failed) > 4 else "")


def turn(count):
    """A number that changes with every commit, or with the day where there is no git."""
    try:
        text = subprocess.check_output(["git", "-C", TOP, "rev-parse", "HEAD"], stderr=subprocess.DEVNULL, text=True)
        return int(text.strip()[:8], 16) % count
    except (OSError, subprocess.CalledProcessError, ValueError):
        return int(time.time() // 86400) % count


def choose(faults, names):
    if names == ["all"]:
        return faults
    if names == ["rotate"]:
        first = turn(len(faults))
        return [faults[first], faults[(first + 1 + len(faults) // 2) % len(faults)]]
    known = {fault.name: fault for fault in faults}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit("no fault \"%s\"; there are: %s" % (unknown[0], ", ".join(known)))
    return [known[name] for name in names]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--work", default=os.path.join(TOP, "build-sabotage"))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    faults = read_faults(os.path.join(HERE, "faults.txt"))
    if options.names == ["check"]:
        return check(faults)
    os.makedirs(options.work, exist_ok=True)
    workshop = Workshop(os.path.abspath(options.work), options.jobs)
    missed = 0
    chosen = choose(faults, options.names)
    for fault in chosen:
        began = time.time()
        found, text = workshop.plant(fault)
        missed += not found
        print("%-22s %s (%.0f s): %s" % (fault.name, "ok  " if found else "FAIL", time.time() - began, text), flush=True)
    print("%d of %d faults found" % (len(chosen) - missed, len(chosen)))
    return 1 if missed or not chosen else 0


sys.exit(main())
