# SPDX-License-Identifier: Apache-2.0
"""stack.py HEADER.h FILE.ci...: the deepest stack of every step, by the C compiler's own account (gcc -fcallgraph-info=su), is
at most what the header states. Prints each; exit status 1 when one is deeper, unbounded or recursive."""
import re
import sys


def read(paths):
    size, calls = {}, {}
    for path in paths:
        for line in open(path):
            node = re.match(r'node: \{ title: "([^"]*)" label: "([^"]*)"', line)
            edge = re.match(r'edge: \{ sourcename: "([^"]*)" targetname: "([^"]*)"', line)
            if node:
                own = re.search(r"(\d+) bytes \((\w+(?:,\w+)?)\)", node.group(2))
                if own:
                    size[node.group(1)] = (int(own.group(1)), own.group(2))
            elif edge:
                calls.setdefault(edge.group(1), []).append(edge.group(2))
    return size, calls


def depth(name, size, calls, known, above):
    if name in above:
        raise SystemExit("recursion through " + name)
    if name not in known:
        own, kind = size.get(name, (0, "static"))
        if kind not in ("static", "dynamic,bounded"):  # bounded: locals aligned to 64 bytes
            raise SystemExit("%s has a stack that is %s" % (name, kind))
        known[name] = own + max([depth(c, size, calls, known, above | {name}) for c in calls.get(name, [])] or [0])
    return known[name]


def main():
    sys.setrecursionlimit(10000)
    header = open(sys.argv[1]).read()
    size, calls = read(sys.argv[2:])
    known, bad, count = {}, 0, 0
    for name in re.findall(r"^int32_t (\w+)\(const \1_feeds \*feeds, \1_fetches \*fetches, const stepc_env \*env\);", header, re.M):
        stated = int(re.search(r"#define %s_STACK_BYTES (\d+)u" % name.upper(), header).group(1))
        title = next(t for t in size if t == name or t.endswith(":" + name))
        deepest = depth(title, size, calls, known, frozenset())
        print("%s: stack %d of %d bytes%s" % (name, deepest, stated, "" if deepest <= stated else ": TOO DEEP"))
        bad += deepest > stated
        count += 1
    return 1 if bad or count == 0 else 0


sys.exit(main())
