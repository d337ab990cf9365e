#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The main job on a real graph: installs what is missing, builds stepc, compiles a frozen network to C, builds a small
# program around it, runs it on real pictures, and holds the answers and the times against the interpreter.
#   BUILD=DIR   where to build (default: build, at the top of the repository)
set -euf
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${BUILD:-$top/build}
cc=${CC:-cc}

say() { printf '\n== %s\n' "$*"; }
show() { printf '   $ %s\n' "$*"; "$@"; }

say "1. What is needed: a C compiler, cmake, make"
missing=
command -v "$cc" >/dev/null 2>&1 || missing="$missing build-essential"
command -v cmake >/dev/null 2>&1 || missing="$missing cmake"
command -v make >/dev/null 2>&1 || missing="$missing make"
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
if [ -n "$missing" ]; then
    echo "   installing:$missing"
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || { echo "   please run as root: apt-get install -y$missing" >&2; exit 5; }
        as_root=sudo
    fi
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
else
    echo "   all there"
fi

say "2. Build stepc in $build"
# No options: what is configured here is what a plain `cmake -B build` would be.
cmake -S "$top" -B "$build" >"$build.log" 2>&1 || { cat "$build.log"; exit 1; }
cmake --build "$build" --target stepc --parallel "$(nproc)" >>"$build.log" 2>&1 || { tail -40 "$build.log"; exit 1; }
rm -f "$build.log"
stepc=$build/bin/stepc
"$stepc" --version

work=$build/quickstart
rm -rf "$work"
mkdir -p "$work"
cd "$here"
signature="--feed images@X:0=float32[n<=8,784] --fetch scores@output:0 --name read_digits"

say "3. The graph: samples/quickstart/model.pb"
show "$stepc" inspect model.pb

say "4. Compile it to C"
# shellcheck disable=SC2086
show "$stepc" compile model.pb $signature -o "$work/"
( set +f && cd "$work" && wc -c read_digits* | sed 's/^/   /' )
echo "   the function:"
sed -n '/^typedef struct {/,/^int32_t read_digits(/p' "$work/read_digits.h" | sed 's/^/     /'

say "5. Build a program around it and run it on pictures drawn in text"
for source in read_digits main; do
    folder=$work
    [ $source = main ] && folder=$here
    show "$cc" -std=c11 -O2 -ffp-contract=off -Wall -Wextra -I"$work" -Wa,-I,"$work" -c "$folder/$source.c" -o "$work/$source.o"
done
show "$cc" "$work/main.o" "$work/read_digits.o" -o "$work/read_digits"
nm -S -t d "$work/read_digits.o" | awk 'NF == 4 && ($3 == "t" || $3 == "T") { all += $2 }
    $4 == "read_digits" { own = $2 }
    END { printf "   read_digits: %d bytes of code (%d with the kernels it calls); ", own, all }'
sed -n 's/^#define READ_DIGITS_\(WEIGHTS\|ARENA\)_BYTES \([0-9]*\)u.*/\1 \2/p' "$work/read_digits.h" | sort -r |
    awk '{ printf "%s%s %d bytes", (NR > 1 ? ", " : ""), tolower($1), $2 } END { print "" }'
sed 's/^/      |/' digits/3.txt | sed -n '6,25p'
show "$work/read_digits" digits/0.txt digits/1.txt digits/2.txt digits/3.txt digits/4.txt digits/7.txt

say "6. The same step interpreted (session_run) and compiled: equal?"
for case in cases/digits cases/000; do
    # shellcheck disable=SC2086
    show "$stepc" compare model.pb $signature --case $case --against interpreted
done

say "7. How long one step takes"
# shellcheck disable=SC2086
show "$stepc" bench model.pb $signature --case cases/digits --engine interpreted,compiled --seconds 1
say "done: $work holds the C text, the header and the program"
