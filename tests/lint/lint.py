#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rules of the house that a compiler does not see: include arrows, banned functions, SPDX lines,
names that must not appear. Prints every violation; exit status 1 when there is one."""
import os
import re
import sys

FLOORS = ["include/stepc", "include/tensorflow", "runtime/core", "runtime/module", "runtime/graph", "runtime/load", "runtime/ops",
          "runtime/session", "runtime/tensorflow", "compiler/frontend", "compiler/passes", "compiler/loops",
          "compiler/lower", "compiler/plan", "compiler/support", "compiler/emit", "compiler/driver", "compiler/jit", "compiler/cli"]
TOP = {"compiler", "runtime", "include", "tests", "samples", "docs", "CMakeLists.txt", "README.md", "LICENSE",
       "LICENSE.0BSD", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "CMakePresets.json"}
ZERO_BSD = ("include/", "runtime/core/", "runtime/module/", "compiler/support/snippets/", "tests/golden/cases/")
BANNED = re.compile(r"\b(sprintf|vsprintf|strcpy|strcat|strncpy|strtok|atoi|atol|atof|gets|setlocale|strtod|strtof|system|popen|alloca|"
                    r"abort|exit|_exit|assert)\s*\(")
MEMORY = re.compile(r"\b(malloc|calloc|realloc|free|aligned_alloc|posix_memalign|strdup)\s*\(")
STDERR = re.compile(r"\bstderr\b|\bprintf\s*\(|\bputs\s*\(")
MAY_ALLOCATE = {"runtime/core/host.c", "runtime/core/error.c", "include/tensorflow/c/tf_tstring.h"}
FREE_FOLDERS = ("compiler/cli/", "compiler/support/tool/", "runtime/graph/tools/", "tests/", "samples/")
FORBIDDEN_WORDS = re.compile(r"/(home|root|work)/\w|\bissue #?\d|\b(?:TODO|FIXME|XXX)\b")


def sources(top):
    for folder in ("include", "runtime", "compiler", "tests", "samples"):
        for path, folders, names in os.walk(os.path.join(top, folder)):
            folders[:] = sorted(f for f in folders if f not in ("data", "build"))
            for name in sorted(names):
                yield os.path.relpath(os.path.join(path, name), top)


def floor_of(path):
    for index, floor in enumerate(FLOORS):
        if path.startswith(floor + "/"):
            return index
    return None


def strip(text):
    """Blanks comments and string literals, keeping line numbers."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group(0))
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def check_includes(path, text, report):
    mine = floor_of(path)
    for number, line in enumerate(text.split("\n"), 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not match or mine is None:
            continue
        name = match.group(1)
        target = "include/" + name if name.startswith(("stepc/", "tensorflow/")) else name
        other = floor_of(target)
        if "/" not in name:
            continue  # a file of the build, or of the same folder
        if other is None:
            report(path, number, 'include "%s" is on no floor of the house' % name)
        elif other > mine:
            report(path, number, 'include "%s" looks up from %s to %s' % (name, FLOORS[mine], FLOORS[other]))


def check_code(path, text, report):
    if path.startswith(FREE_FOLDERS):
        return
    for number, line in enumerate(strip(text).split("\n"), 1):
        for pattern, allowed in ((BANNED, False), (MEMORY, path in MAY_ALLOCATE), (STDERR, False)):
            match = pattern.search(line)
            if match and not allowed:
                report(path, number, "%s is banned in the libraries" % match.group(0).strip("( "))


def check_text(path, text, report):
    head = text[:400]
    if path.endswith((".c", ".h", ".cmake", ".py", ".sh", ".S")) or os.path.basename(path) == "CMakeLists.txt":
        want = "0BSD" if path.startswith(ZERO_BSD) else "Apache-2.0"
        if "SPDX-License-Identifier: " + want not in head:
            report(path, 1, "lacks the line SPDX-License-Identifier: " + want)
    if path != "tests/lint/lint.py":
        for number, line in enumerate(text.split("\n"), 1):
            match = FORBIDDEN_WORDS.search(line)
            if match:
                report(path, number, '"%s" does not belong in the project' % match.group(0))


def main():
    top = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".")
    failures = []

    def report(path, number, what):
        failures.append("%s:%d: %s" % (path, number, what))

    for name in sorted(os.listdir(top)):
        if not name.startswith(".") and name not in TOP and not name.startswith("build"):
            report(name, 1, "is not part of the top level")
    count = 0
    for path in sources(top):
        if not path.endswith((".c", ".h", ".cmake", ".py", ".sh", ".S", ".txt", ".md")):
            continue
        text = open(os.path.join(top, path), encoding="utf-8", errors="replace").read()
        count += 1
        check_text(path, text, report)
        if path.endswith((".c", ".h")):
            check_includes(path, text, report)
            check_code(path, text, report)
    print("\n".join(failures) if failures else "lint: %d files, no violation" % count)
    return 1 if failures or count == 0 else 0


sys.exit(main())
