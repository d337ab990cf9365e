#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""skips.py REPOSITORY JUNIT.xml: prints every test that was skipped and why, and holds the list of tests/skips.tsv exact.
Every tests/unit/FOLDER/test_NAME.c must have run, too: a test that nobody registers is a skip that nobody sees."""
import glob
import os
import sys
import xml.etree.ElementTree as xml


def conditions(top):
    shared = os.environ.get("STEPC_SHARED") or os.path.join(top, "..", "shared")
    return {"always": True, "no-shared-corpus": not os.path.exists(os.path.join(shared, "corpus", "VISIBLE.tsv"))}


def reason_of(case):
    lines = (case.findtext("system-out") or "").strip().splitlines()
    return next((line for line in lines if line.startswith("SKIP")), lines[-1] if lines else "no reason given")


def main():
    top, report = sys.argv[1], sys.argv[2]
    cases = {case.get("name"): case for case in xml.parse(report).getroot().iter("testcase")}
    skipped = {name: reason_of(case) for name, case in cases.items() if case.find("skipped") is not None}
    rows = [line.rstrip("\n").split("\t") for line in open(os.path.join(top, "tests", "skips.tsv")) if not line.startswith("#")]
    holds = conditions(top)
    failures = 0
    for name, when, why in rows:
        if name not in cases:
            skipped[name] = why
        if holds[when] != (name in skipped):
            print("%s: %s" % (name, "should be skipped, but ran" if holds[when] else "should have run"))
            failures += 1
    expected = {row[0] for row in rows}
    for name in sorted(skipped):
        print("skipped: %s: %s" % (name, skipped[name]))
        if name not in expected:
            print("%s: this skip is not in tests/skips.tsv" % name)
            failures += 1
    for path in sorted(glob.glob(os.path.join(top, "tests", "unit", "*", "test_*.c"))):
        name = "unit/%s/%s" % (os.path.basename(os.path.dirname(path)), os.path.basename(path)[:-2])
        if name not in cases:
            print("%s: its source is there, but the test did not run" % name)
            failures += 1
    print("%d tests, %d skipped" % (len(cases), len(skipped)))
    return 1 if failures or not cases else 0


sys.exit(main())
