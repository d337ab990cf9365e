# SPDX-License-Identifier: Apache-2.0
# What the scripts share: called with stepc, the folder of test data, check_tokens and bad_graphs.
set -u
STEPC=$1
DATA=$2
CHECK=$3
BAD=$4
FAILURES=0
PYTHON=/usr/bin/python3
[ -x "$PYTHON" ] || PYTHON=python3
HERE=$(cd "$(dirname "$0")" && pwd)
WORK=$(mktemp -d "${TMPDIR:-/tmp}/stepc-hostile-XXXXXX")
trap 'rm -rf "$WORK"' EXIT
cd "$WORK" || exit 1
WARNINGS="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla
 -Wwrite-strings -Wformat=2 -Wundef -Wcast-qual -Wswitch-enum -Wimplicit-fallthrough -Werror"

fail() {
    echo "FAIL: $*" | LC_ALL=C tr -c '[ -~\n]' '?' | cut -c1-300
    FAILURES=$((FAILURES + 1))
}
finish() {
    [ "$FAILURES" = 0 ] || { echo "$FAILURES failures"; exit 1; }
    exit 0
}
has() { command -v "$1" >/dev/null 2>&1; }

# judge STATUS ALLOWED WHAT: a run ended as it may (files out and err): one line of at most 512 bytes on stderr after a
# failure, nothing on stdout, no byte that a terminal could take for an order.
judge() {
    case " $2 " in *" $1 "*) ;; *) fail "status $1, not one of $2: $3"; head -c 300 err ;; esac
    if [ "$1" != 0 ]; then
        [ ! -s out ] || fail "stdout is not empty: $3"
        [ "$(wc -l <err)" = 1 ] || fail "$(wc -l <err) lines on stderr: $3"
        [ "$(wc -c <err)" -le 512 ] || fail "the line is longer than 512 bytes: $3"
        grep -q '^stepc: error: [A-Z_]*: ' err || fail "no error line: $3"
    fi
    ! LC_ALL=C grep -q '[^ -~]' err || fail "stderr is not printable: $3"
}

# options FOLDER [SIZE]: the signature of a corpus folder as options; SIZE for unknown dimensions, or one symbol.
options() {
    "$PYTHON" - "$1" "${2:-n}" <<'END'
import json, sys
s = json.load(open(sys.argv[1] + "/signature.json"))
for feed in s["feeds"]:
    dims = ",".join(sys.argv[2] if d < 0 else str(d) for d in feed["shape"])
    print("--feed\n%s=%s[%s]" % (feed["tensor"], feed["dtype"], dims))
for fetch in s["fetches"]:
    print("--fetch\n" + fetch["tensor"])
END
}
# Folders of the small corpus that compile.
models() {
    for model in "$DATA"/corpus/*/model.pb "$DATA"/corpus/dl4j/*/model.pb; do
        case $model in */bad_*) ;; *) dirname "$model" ;; esac
    done
}
