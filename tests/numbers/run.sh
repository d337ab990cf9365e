#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh scalars|vectors PLATFORM REPOSITORY GENERATED WORK: elementary functions on other machines and with other options.
# scalars: the accurate scalars have the bits that gcc gets for this machine at -O2 (host: both compilers, -O0 and -O3).
# vectors: they keep their bounds.
# Exit status 77: the platform's tools are not installed (the text says which).
set -eu
what=$1 platform=$2 top=$3 generated=$4 work=$5
runner= sample=
case $platform in
host)    cc=clang ;;
gcc-*)   cc=gcc ;;
clang-*) cc=clang ;;
i686)    cc=i686-linux-gnu-gcc   flags="-O2 -static -msse2 -mfpmath=sse" ;;
aarch64) cc=aarch64-linux-gnu-gcc flags="-O2 -static" runner=qemu-aarch64 ;;
# gcc for s390x takes float_t to be double under -std=c11; the arithmetic itself is that of float.
s390x)   cc=s390x-linux-gnu-gcc  flags="-O2 -static -fexcess-precision=fast" runner=qemu-s390x ;;
*) echo "no platform \"$platform\"" >&2; exit 2 ;;
esac
case $platform in
*-O0)     flags="-O0" ;;
*-O3)     flags="-O3" ;;
*-avx2)   flags="-O3 -mavx2 -mfma" feature=avx2 ;;
*-avx512) flags="-O3 -march=x86-64-v4" feature=avx512dq ;;
esac
for tool in $cc $runner; do
    command -v "$tool" >/dev/null 2>&1 || { echo "SKIP $platform: $tool is not installed"; exit 77; }
done
if [ -n "${feature:-}" ] && ! grep -q -w "$feature" /proc/cpuinfo; then
    echo "-- $platform: this processor has no $feature; nothing to run"
    exit 0
fi
mkdir -p "$work"

# build COMPILER FLAGS PROGRAM OUT
build() {
    # shellcheck disable=SC2086
    $1 -std=c11 -ffp-contract=off $2 -w -I"$top" -I"$generated" "$top/tests/numbers/$3.c" -o "$4" -lm
}

# same_bits NAME PROGRAM [RUNNER]
same_bits() {
    timeout 200 ${3:-} "$2" $less >"$2.txt"
    diff "$work/here.txt" "$2.txt" || { echo "$1: other bits than here (<)"; exit 1; }
    echo "-- $1: the same bits in $(wc -l <"$work/here.txt") functions"
}

less= # emulators get fewer arguments
[ -z "$runner" ] || less="400009 3000"
case $what in
scalars)
    build gcc "-O2 -DV_LANES=1" scalar_bits "$work/here"
    # shellcheck disable=SC2086
    "$work/here" $less >"$work/here.txt"
    [ -s "$work/here.txt" ] || { echo "no scalars"; exit 1; }
    if [ "$platform" = host ]; then
        for compiler in gcc clang; do
            for level in -O0 -O3; do
                build $compiler "$level -DV_LANES=1" scalar_bits "$work/$compiler$level"
                same_bits "$compiler $level" "$work/$compiler$level"
            done
        done
        exit 0
    fi
    build "$cc" "$flags -DV_LANES=1" scalar_bits "$work/there"
    same_bits "$platform" "$work/there" "$runner" ;;
vectors)
    case $platform in gcc-* | clang-*) sample="30011 20000" ;; esac
    build "$cc" "$flags" vector_bounds "$work/there"
    # shellcheck disable=SC2086
    timeout 200 $runner "$work/there" $sample ;;
*) echo "scalars or vectors?" >&2; exit 2 ;;
esac
