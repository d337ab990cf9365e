#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# makefile.sh COMPILER STEPC REPOSITORY WORK: builds samples/makefile in parallel with that compiler, twice, runs it, and
# checks that a touched signature rebuilds what hangs on it and nothing else.
set -eu
compiler=$1 stepc=$2 top=$3 work=$4
for tool in make "$compiler"; do
    command -v "$tool" >/dev/null 2>&1 || { echo "SKIP: $tool is not installed"; exit 77; }
done
fail() { echo "FAIL: $*"; exit 1; }

rm -rf "$work"
mkdir -p "$work"
cp "$top"/samples/makefile/* "$work"
cd "$work"
build() { make -j4 STEPC="$stepc" CC="$compiler" CFLAGS="-O2 -Wall -Wextra" "$@"; }

build
case $compiler in
arm-none-eabi-gcc)
    arm-none-eabi-size demo ;;
*)
    ./demo >output
    cat output
    # Sums in float64 by hand: 0.692352, 0.768583, 0.684684, 0.392219.
    cat >expected <<'TEXT'
wine 0: class 5, score 0.6924
wine 1: class 5, score 0.7686
wine 2: class 5, score 0.6847
wine 3: class 6, score 0.3922
plus3: 4 5 6
TEXT
    cmp output expected || fail "the answers differ" ;;
esac

[ -z "$(build -q 2>&1)" ] && build -q || fail "a second make finds something to do"
[ -s wine.o.d ] || fail "no depfile"
sleep 1
touch wine.sig
build >again
grep -q 'wine\.pb' again || fail "a touched signature does not rebuild its object"
! grep -q 'plus3\.pb' again || fail "a touched signature rebuilds other objects"

build text
[ -s wine.c ] && [ -s plus3.c ] || fail "no C text"
build clean
left=$(ls | grep -v -x -E 'Makefile|SOURCE.txt|main\.c|(wine|plus3)\.(pb|sig)|again|output|expected' || true)
[ -z "$left" ] || fail "left behind: $left"
echo PASS
