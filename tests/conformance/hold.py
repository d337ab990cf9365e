#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hold.py PROGRAM CORPUS [--engine E] [--cache DIR] [--jobs N] [--update]: runs every visible case of the large corpus on
one engine (or each) and holds the list of those that do not pass (expected.tsv beside this file) exact: a case that starts to fail
shows, and so does one that starts to pass, which must leave the list.

A row is engines, folder, cases, verdict, why: "all" or names with commas; a folder of the corpus; a case or "*" for all of
its cases; unsupported, folded, partial, fail or error; and the operators that are missing, or the code and the operator of
the message. --update writes the rows anew."""
import argparse
import collections
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ENGINES = ["reference", "interpreted", "compiled"]
HEAD = """# Cases of the visible corpus that do not pass: engines, folder, cases, verdict, why. tests/conformance/hold.py holds it
# exact; after a wanted change run it with --update and read the difference.
"""


def why(case):
    """Names of operators stay as they are; of messages the code and the operator of the node are kept."""
    if case["verdict"] == "folded":
        return "nothing is left to compute"
    message = re.match(r"([A-Z_]+): node \S+ \((\w+)\)", case["detail"])
    if message:
        return "%s %s" % message.groups()
    message = re.match(r"([A-Z_]+): ", case["detail"])
    return message.group(1) if message else " ".join(sorted(set(case["detail"].split()))) or "-"


def run(options, engine):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "result.json")
        command = [options.program, options.corpus, "--list", os.path.join(options.corpus, "VISIBLE.tsv"), "--engine",
                   engine, "--keep-going", "--jobs", str(options.jobs), "--json", path]
        if options.cache:
            command += ["--cache", options.cache]
        subprocess.run(command, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, check=False)
        with open(path) as file:
            return json.load(file)["cases"]


def read_rows(path, folders):
    """{engine: {(folder, case): (verdict, why)}}; "*" is spread over the cases in FOLDERS."""
    rows = {engine: {} for engine in ENGINES}
    if os.path.exists(path):
        for line in open(path):
            if line.startswith("#"):
                continue
            engines, folder, name, verdict, reason = line.rstrip("\n").split("\t")
            for engine in ENGINES if engines == "all" else engines.split(","):
                for case in folders.get(folder, ["*"]) if name == "*" else [name]:
                    rows[engine][folder, case] = (verdict, reason)
    return rows


def write_rows(path, rows, folders):
    merged = collections.defaultdict(list)
    for engine in ENGINES:
        for key, value in rows[engine].items():
            merged[key + value].append(engine)
    whole = collections.defaultdict(list)
    for (folder, case, verdict, reason), engines in merged.items():
        names = "all" if engines == ENGINES else ",".join(engines)
        whole[folder, names, verdict, reason].append(case)
    lines = []
    for (folder, names, verdict, reason), cases in whole.items():
        if sorted(cases) == sorted(folders.get(folder, [])) and len(cases) > 1:
            cases = ["*"]
        lines += ["\t".join([names, folder, case, verdict, reason]) for case in cases]
    with open(path, "w") as file:
        file.write(HEAD + "".join(line + "\n" for line in sorted(lines, key=lambda line: (line.split("\t")[1:3], line))))


def without_reason(found):
    """Errors and failures that reasons.tsv does not explain."""
    rows = [line.split("\t")[:2] for line in open(os.path.join(HERE, "reasons.tsv")) if not line.startswith("#")]
    known = {tuple(row) for row in rows}
    return ["%s %s: no row of reasons.tsv says why this %s stays" % (key + (value[0],)) for key, value in sorted(found.items())
            if value[0] in ("fail", "error") and key not in known and (key[0], "*") not in known]


def compare(found, expected):
    wrong = []
    for key in sorted(set(found) | set(expected)):
        have, want = found.get(key), expected.get(key)
        if have == want:
            continue
        name = "%s %s" % key
        if have is None:
            wrong.append("%s passes or is gone, but is listed as %s (%s): take the row out" % ((name,) + want))
        elif want is None:
            wrong.append("%s: %s (%s), but should pass" % ((name,) + have))
        else:
            wrong.append("%s: %s (%s), but is listed as %s (%s)" % ((name,) + have + want))
    return wrong


def hold(options, engine):
    """Returns whether all is as it is listed."""
    cases = run(options, engine)
    folders = collections.defaultdict(list)
    for case in cases:
        folders[case["folder"]].append(case["case"])
    details = {(case["folder"], case["case"]): case["detail"] for case in cases}
    found = {(case["folder"], case["case"]): (case["verdict"], why(case)) for case in cases if case["verdict"] != "pass"}
    path = os.path.join(HERE, "expected.tsv")
    rows = read_rows(path, folders)
    wrong = compare(found, rows[engine]) + without_reason(found)
    for line in wrong[:40]:
        print(line)
        key = tuple(line.split(":")[0].split(" ")[:2])
        if details.get(key):
            print("    " + details[key])
    if len(wrong) > 40:
        print("and %d more" % (len(wrong) - 40))
    counts = collections.Counter(case["verdict"] for case in cases)
    by_folder = collections.defaultdict(set)
    for case in cases:
        by_folder[case["folder"]].add(case["verdict"])
    print("%s: %d cases: %s; of %d graphs %d pass in all their cases" % (
        engine, len(cases), ", ".join("%s %d" % item for item in sorted(counts.items())), len(by_folder),
        sum(verdicts == {"pass"} for verdicts in by_folder.values())))
    if options.update:
        rows[engine] = found
        write_rows(path, rows, folders)
    return bool(cases) and (options.update or not wrong)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("corpus")
    parser.add_argument("--engine", default="all", choices=ENGINES + ["all"])
    parser.add_argument("--cache")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--update", action="store_true")
    options = parser.parse_args()
    results = [hold(options, engine) for engine in (ENGINES if options.engine == "all" else [options.engine])]
    return 0 if all(results) else 1


sys.exit(main())
