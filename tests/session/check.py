#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the acceptance table: check.py FOLDER SPECIFICATION PROGRAM..

Every row of FOLDER/rows.txt stands in the table that the programs print, once, or in parts that differ; what waits for
operators is exactly FOLDER/needs.txt, a list that may only shrink; rows that concern a C library are not just talked
away. Where SPECIFICATION is there, rows.txt must be what it says."""
import os
import re
import subprocess
import sys

# Rows in running text below the tables, and how it marks them.
IN_TEXT = {
    "6.1": ("`session_list_devices_test.py`", [("ListDevices", "Y"), ("InvalidDeviceNumber", "Y"), ("Grpc", "DIST"),
                                               ("ClusterSpec", "DIST")]),
    "6.3": ("`direct_session_with_tracking_alloc_test.cc`",
            [(name, "optional") for name in ("CostModelTest", "CostModelWarmup", "CostModelForAccelerator",
                                             "CostModelWithHardwareStats", "CostGraph", "TrackMemoryAllocation")]),
    "6.3b": ("`session_test.cc`", [("InvalidTargetReturnsNull", "Y"), ("MultipleFactoriesForTarget", "n/a")]),
    "6.4": ("`hello_tf_c_api` tests", [("hello_tf_c_api", "client")]),
    "6.4b": ("`tensorflow/rust` session tests", [("tensorflow/rust", "client")]),
    "6.4c": ("Go tests", [("Go", "client")]),
}
# Marks of rows that may have nothing but a reason.
EXCUSED = re.compile(r"\b(PY|DIST|GPU|no|custom|optional|introspection)\b|n/a|n\.a\.")
KINDS = ("tested", "needs", "reason")


def read_tsv(path):
    with open(path, encoding="utf-8") as file:
        return [line.rstrip("\n").split("\t") for line in file if line.strip() and not line.startswith("#")]


def rows_of_specification(text):
    """(section, name, mark) of every row of sections 6.1 to 6.4, in order."""
    text = text[text.index("### 6.1"):text.index("### 6.5")]
    rows, section = [], ""
    for line in text.split("\n"):
        heading = re.match(r"### (6\.\d)", line)
        section = heading.group(1) if heading else section
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("| ") else []
        if len(cells) >= 3 and cells[0] != "Test":
            rows.append((section, cells[0], cells[-1].replace("**", "").replace("\\", "")))
        for key, (start, names) in IN_TEXT.items():
            if line.startswith(start) and key.startswith(section):
                missing = [name for name, _ in names if name not in line]
                if missing:
                    raise SystemExit("the line of %s does not name %s" % (start, ", ".join(missing)))
                rows += [(section, name, mark) for name, mark in names]
    return rows


class Checker:
    def __init__(self):
        self.passed = self.failed = 0

    def check(self, good, text):
        self.passed += bool(good)
        self.failed += not good
        if not good:
            print("FAILED: " + text)

    def specification(self, rows, path):
        if not os.path.exists(path):
            print("the specification is not there: rows.txt stands for it")
            return
        with open(path, encoding="utf-8") as file:
            said = rows_of_specification(file.read())
        for row in said:
            self.check(row in rows, "rows.txt lacks %s %s (%s)" % row)
        for row in rows:
            self.check(row in said, "the specification has no row %s %s (%s)" % row)
        self.check(len(said) == len(rows), "rows.txt has %d rows, the specification %d" % (len(rows), len(said)))

    def entries(self, entries):
        seen = set()
        for entry in entries:
            section, name, part, kind, text = entry
            self.check(kind in KINDS and (kind == "tested") == (text == ""), "%s %s %s: %s with text '%s'" % entry)
            self.check((section, name, part) not in seen, "%s %s %s stands twice" % (section, name, part))
            seen.add((section, name, part))

    def rows(self, rows, entries):
        table = {}
        for section, name, part, kind, _ in entries:
            table.setdefault((section, name), []).append((part, kind))
        for section, name, mark in rows:
            of_row = table.pop((section, name), [])
            self.check(of_row, "%s %s is not in the table" % (section, name))
            self.check(len(of_row) < 2 or all(part for part, _ in of_row), "%s %s has parts without a name" % (section, name))
            self.check(EXCUSED.search(mark) or any(kind != "reason" for _, kind in of_row),
                       "%s %s is marked %s, but has nothing but a reason" % (section, name, mark))
        for section, name in table:
            self.check(False, "%s %s is in the table, but not in rows.txt" % (section, name))

    def needs(self, listed, entries):
        waiting = [list(entry[:3]) + [entry[4]] for entry in entries if entry[3] == "needs"]
        for entry in waiting:
            self.check(entry in listed, "waits for operators and is not in needs.txt: %s" % "\t".join(entry))
        for entry in listed:
            self.check(entry in waiting, "does not wait as needs.txt says, take it out: %s" % "\t".join(entry))


def main():
    folder, specification, programs = sys.argv[1], sys.argv[2], sys.argv[3:]
    rows = [tuple(row) for row in read_tsv(os.path.join(folder, "rows.txt"))]
    entries = []
    for program in programs:
        output = subprocess.run([program, "--list"], stdout=subprocess.PIPE, check=True).stdout.decode("utf-8")
        entries += [tuple(line.split("\t")) for line in output.splitlines()]
    checker = Checker()
    checker.specification(rows, specification)
    checker.entries(entries)
    checker.rows(rows, entries)
    checker.needs(read_tsv(os.path.join(folder, "needs.txt")), entries)
    kinds = {}
    for section, name, _, kind, _ in entries:
        kinds.setdefault((section, name), set()).add(kind)
    print("%d rows: %d with a test, %d that wait for operators, %d with nothing but a reason"
          % (len(rows), sum("tested" in k for k in kinds.values()), sum("needs" in k for k in kinds.values()),
             sum(k == {"reason"} for k in kinds.values())))
    print("%d passed, %d failed" % (checker.passed, checker.failed))
    return checker.failed > 0 or checker.passed == 0


if __name__ == "__main__":
    sys.exit(main())
