#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# graph_functions.sh PLATFORM STEPC REPOSITORY GENERATED WORK: a graph of all elementary functions in four types of floats,
# compiled to C; that text built without a warning by COMPILER for an ISA profile, and its results held to their bounds
# (graph_functions.c). PLATFORM is COMPILER-PROFILE-LEVEL, with "-exact" behind it for a step of --exact; for boards the text
# is built, not run. Exit status 77: the platform's tools are not installed (the text says which).
set -eu
platform=$1 stepc=$2 top=$3 generated=$4 work=$5
here=$top/tests/numbers
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
          -Wvla -Wwrite-strings -Wformat=2 -Wundef -Wcast-qual -Wswitch-enum -Wimplicit-fallthrough -Werror"
options= define=
case $platform in *-exact) options=--exact define=-DEXACT=1 ;; esac
plain=${platform%-exact}
cc=${plain%%-*} level=-${plain##*-}
isa=${plain#*-}
isa=${isa%-*}
runner= features= machine= standard=c11
case $isa in
host)   machine=-march=native ;;
avx2)   machine="-mavx2 -mfma" features=avx2 ;;
avx512) machine=-march=x86-64-v4 features=avx512dq ;;
sse2)   machine=-msse2 ;;
c99)    standard=c99 ;;
i686)   isa=generic cc=i686-linux-gnu-gcc machine="-static -msse2 -mfpmath=sse" ;;
neon)   cc=aarch64-linux-gnu-gcc machine=-static runner=qemu-aarch64 ;;
armv7m) cc=arm-none-eabi-gcc machine="-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16" runner=none ;;
# gcc 12 for it writes conditional moves of doubles that its assembler refuses.
helium) cc=arm-none-eabi-gcc machine="-mcpu=cortex-m55 -mthumb -mfloat-abi=hard -fno-if-conversion2" runner=none ;;
generic) ;;
*) echo "no platform \"$platform\"" >&2; exit 2 ;;
esac
for tool in "$cc" ${runner#none}; do
    command -v "$tool" >/dev/null 2>&1 || { echo "SKIP $platform: $tool is not installed"; exit 77; }
done
if [ -n "$features" ] && ! grep -q -w "$features" /proc/cpuinfo; then
    echo "SKIP $platform: this processor has no $features"
    exit 77
fi
rm -rf "$work"
mkdir -p "$work"

# names UNARY|BINARY: the operators of that list
names() {
    sed -n "/^#define $1_OPERATORS/,/^\$/s/^ *X(\([A-Za-z0-9]*\),.*/\1/p" "$here/graph_functions.h"
}

attr() { # NAME TYPE
    echo "  attr { key: '$1' value { type: DT_$2 } }"
}

row=70
signature=
for type in float double half bfloat16; do
    upper=$(echo $type | tr a-z A-Z)
    for feed in x y; do
        echo "node { name: '${feed}_$type' op: 'Placeholder' $(attr dtype "$upper") }"
        signature="$signature --feed ${feed}_$type=$type[n<=$row]"
    done
    for op in $(names UNARY); do
        echo "node { name: '${op}_$type' op: '$op' input: 'x_$type' $(attr T "$upper") }"
        signature="$signature --fetch ${op}_$type"
    done
    for op in $(names BINARY); do
        echo "node { name: '${op}_$type' op: '$op' input: 'x_$type' input: 'y_$type' $(attr T "$upper") }"
        signature="$signature --fetch ${op}_$type"
    done
done >"$work/model.pbtxt" 
echo "versions { producer: 26 }" >>"$work/model.pbtxt"

# The brackets of a signature are not patterns.
set -f
# shellcheck disable=SC2086
"$stepc" compile "$work/model.pbtxt" $signature --name step --isa "$isa" $options -o "$work/" --quiet
set +f
# shellcheck disable=SC2086
$cc -std=$standard -ffp-contract=off $warnings $level $machine -c "$work/step.c" -o "$work/step.o"
echo "-- $platform: $(wc -l <"$work/step.c") lines build without a warning"
[ "$runner" != none ] || exit 0
# shellcheck disable=SC2086
$cc -std=c11 -ffp-contract=off -O1 $machine $define -DSTEP_ROW=$row -w -I"$top" -I"$generated" -I"$work" -I"$top/include" \
    "$here/graph_functions.c" "$work/step.o" -o "$work/program" -lm
count=4000
[ -z "$runner" ] || count=0
timeout 250 $runner "$work/program" $count
