# SPDX-License-Identifier: Apache-2.0
# What all scripts share. Each is called with the program and the folder of test data, works
# in a folder of its own, and ends with status 1 after any failure.
set -u
STEPC=$1
DATA=$2
FAILURES=0
WORK=$(mktemp -d "${TMPDIR:-/tmp}/stepc-cli-test-XXXXXX")
trap 'rm -rf "$WORK" "$WORK.cache"' EXIT
XDG_CACHE_HOME=$WORK.cache # of --engine jit
export XDG_CACHE_HOME
cd "$WORK" || exit 1
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3

fail() {
    echo "FAIL: $*" | cut -c1-300
    head -5 out 2>/dev/null | cut -c1-200 | sed 's/^/    out: /'
    head -5 err 2>/dev/null | cut -c1-300 | sed 's/^/    err: /'
    FAILURES=$((FAILURES + 1))
}

# want STATUS ARGUMENTS...: runs stepc; output in files out and err.
want() {
    wanted=$1
    shift
    timeout 120 "$STEPC" "$@" >out 2>err
    status=$?
    [ "$status" = "$wanted" ] || fail "status $status, not $wanted: stepc $*"
    if [ "$wanted" -ge 2 ]; then
        grep -q '^stepc: error: [A-Z_]*: ' err || fail "no error line: stepc $*"
        [ "$(grep -c '^stepc: error: ' err)" = 1 ] || fail "several error lines: stepc $*"
    fi
    if LC_ALL=C grep -q '[^ -~]' err; then
        fail "stderr is not printable: stepc $*"
    fi
}

# prints TEXT: stdout holds the line. says TEXT: stderr holds the words.
prints() { grep -qxF -- "$1" out || fail "stdout lacks the line: $1"; }
says() { grep -qF -- "$1" err || fail "stderr lacks: $1"; }
# json EXPRESSION: stdout is one JSON object J for which the Python expression is true.
json() {
    "$PYTHON" -c 'import json, sys
J = json.load(open("out"), parse_constant=lambda name: sys.exit("constant " + name))
assert isinstance(J, dict) and J["schema"].startswith("stepc.")
assert eval(sys.argv[1]), sys.argv[1]' "$1" 2>>err || fail "JSON is not as wanted: $1"
}
# leaves NAME...: the folder holds these and nothing else but out and err.
leaves() {
    found=$(ls -A | grep -vx -e out -e err | sort | tr '\n' ' ')
    expected=$(for name in "$@"; do echo "$name"; done | sort | tr '\n' ' ')
    [ "$found" = "$expected" ] || fail "the folder holds $found, not $expected"
}
has_numpy() { "$PYTHON" -c 'import numpy' 2>/dev/null; }
finish() {
    [ "$FAILURES" = 0 ] || { echo "$FAILURES failures"; exit 1; }
    exit 0
}

constant() {
    printf 'node { name: "%s" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } }' "$1"
    printf ' attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape {} float_val: %s } } } }\n' "$2"
}
# placeholder NAME TYPE SHAPE-TEXT
placeholder() {
    printf 'node { name: "%s" op: "Placeholder" attr { key: "dtype" value { type: %s } }' "$1" "$2"
    printf ' attr { key: "shape" value { shape { %s } } } }\n' "$3"
}
binary() {
    printf 'node { name: "%s" op: "%s" input: "%s" input: "%s"' "$1" "$2" "$3" "$4"
    printf ' attr { key: "T" value { type: %s } } }\n' "${5:-DT_FLOAT}"
}
# The programs that tutorials begin with.
write_graphs() {
    { constant a 10; constant b 5; binary c Add a b; } >const.pbtxt
    { placeholder x DT_FLOAT 'unknown_rank: true'; constant two 2; binary y Mul x two; } >times2.pbtxt
    { placeholder x DT_FLOAT 'dim { size: -1 } dim { size: 3 }'; constant two 2; binary y Mul x two; } >rows.pbtxt
}
