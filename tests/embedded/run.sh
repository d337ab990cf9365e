#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh PLATFORM STEPC VECTORS REPOSITORY WORK: compiles five graphs to C, builds each for the platform together with its
# recorded cases, runs it there, and needs every answer to be the recorded one. One of them once more with --exact: the
# answers must have the bits that the host gets. Exit status 77: the platform's tools are not installed (the text says
# which).
set -eu
platform=$1 stepc=$2 vectors=$3 top=$4 work=$5
here=$top/tests/embedded
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
          -Wvla -Wwrite-strings -Wformat=2 -Wundef -Wcast-qual -Wswitch-enum -Wimplicit-fallthrough -Werror"
bare="-ffreestanding -nostdlib -static -DBARE_METAL -I$here -Wl,-T,$here/mps2.ld $here/startup.c"
tail= extra= nm=nm
weights= # large ones come through the assembler
allowed='memcpy|memset|memmove|__aeabi_.*|__(add|sub|mul|div|mod|udiv|umod|fix|fixuns|float|floatun|extend|trunc|clz|ctz|ash|lsh)[a-z]*[0-9]'
case $platform in
host)      cc=${CC:-cc}                 isa=generic flags="-O2"                 runner= ;;
host-c99)  cc=${CC:-cc}                 isa=c99     flags="-O2"                 runner= ;;
aarch64)   cc=aarch64-linux-gnu-gcc     isa=neon    flags="-O2 -static"         runner=qemu-aarch64 ;;
# gcc for s390x takes float_t to be double under -std=c11; the arithmetic itself is that of float.
s390x)     cc=s390x-linux-gnu-gcc       isa=generic flags="-O2 -static -fexcess-precision=fast" runner=qemu-s390x
           weights="--weights inline" ;;
cortex-m4) cc=arm-none-eabi-gcc         isa=armv7m  flags="-O2 -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16"
           extra=$bare tail=-lgcc
           runner="qemu-system-arm -M mps2-an386 -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel" ;;
cortex-m3) cc=arm-none-eabi-gcc         isa=armv7m  flags="-O2 -mcpu=cortex-m3 -mthumb"
           extra=$bare tail=-lgcc
           runner="qemu-system-arm -M mps2-an385 -nographic -monitor none -serial none -semihosting-config enable=on,target=native -kernel" ;;
*) echo "no platform \"$platform\"" >&2; exit 2 ;;
esac
case $cc in *-gcc) nm=${cc%gcc}nm ;; esac
# The 100-step gradient runs on vectors of 4096 elements; the boards' memory takes those of 64 that are kept here.
python= trig100=$top/tests/data/seed/trig100_grad_n64
case $platform in cortex-*) ;; *) python=python3 ;; esac
for tool in "$cc" "$nm" $python ${runner%% *}; do
    command -v "$tool" >/dev/null 2>&1 || { echo "SKIP $platform: $tool is not installed"; exit 77; }
done

gradient="--feed in0@a:0 --feed in1@b:0 --fetch out0@add_199:0 --fetch out1@gradients/AddN_99:0"
gradient="$gradient --fetch out2@gradients/AddN_100:0"
# name | folder | feeds | fetches | absolute | relative | signature (in0.., out0.., n)
models() {
    cat <<TABLE
wine_quality|$top/tests/data/corpus/mleap_wine_quality|1|1|1e-5|1e-4|--feed in0@dense_1_input:0=float32[n<=8,11] --fetch out0@dense_3/Sigmoid:0
mnist|$top/tests/data/corpus/nnstreamer_mnist|1|1|1e-5|1e-4|--feed in0@input:0=float32[n<=4,784] --fetch out0@softmax:0
fc_layers|$top/samples/quickstart|1|1|1e-5|1e-4|--feed in0@X:0=float32[n<=8,784] --fetch out0@output:0
ae0|$top/tests/data/corpus/tf2onnx_ae0|1|1|1e-5|1e-4|--feed in0@X:0=float32[n<=4,784] --fetch out0@output:0
trig100|$trig100|2|3|5e-4|0.0|$gradient
exact|$trig100|2|3|5e-4|0.0|$gradient --exact
TABLE
}

# The line `bits` of the same step for the host.
host_bits() {
    mkdir -p "$out/host"
    set -f
    # shellcheck disable=SC2086
    "$stepc" compile "$folder/model.pb" $signature --name step --isa generic -o "$out/host/" --quiet
    set +f
    cp "$out/vectors.h" "$out/host/"
    "${CC:-cc}" -std=c11 -ffp-contract=off -O2 -I"$out/host" "$here/program.c" "$out/host/step.c" -o "$out/host/program"
    "$out/host/program" | grep '^bits '
}

rm -rf "$work"
mkdir -p "$work"
if [ -n "$python" ]; then
    "$python" "$top/tests/data/seed/resize.py" "$trig100/model.pb" 64 4096 "$work/trig100_grad_n4096" >"$work/resize.log"
    trig100=$work/trig100_grad_n4096
fi
models >"$work/models"
failures=0
while IFS='|' read -r name folder feeds fetches absolute relative signature; do
    [ -z "${MODEL:-}" ] || [ "$MODEL" = "$name" ] || continue
    out=$work/$name
    mkdir -p "$out"
    # The brackets of a signature are not patterns.
    set -f
    # shellcheck disable=SC2086
    "$stepc" compile "$folder/model.pb" $signature --name step --isa "$isa" $weights -o "$out/" --quiet
    set +f
    "$vectors" step "$feeds" "$fetches" "$absolute" "$relative" "$folder"/cases/* >"$out/vectors.h"
    # shellcheck disable=SC2086
    $cc -std=c11 -ffp-contract=off $warnings $flags -Wa,-I,"$out" -c "$out/step.c" -o "$out/step.o"
    # shellcheck disable=SC2086
    $cc -std=c11 -ffp-contract=off $flags -Wall -Wextra -I"$out" "$here/program.c" "$out/step.o" $extra $tail -o "$out/program"
    # Only memcpy and its kin, and what the compiler itself calls for arithmetic that the CPU lacks.
    undefined=$($nm -u "$out/step.o" | awk '{print $2}' | grep -v -x -E "$allowed" | tr '\n' ' ' || true)
    [ -z "$undefined" ] || { echo "$name: needs $undefined"; failures=$((failures + 1)); }
    echo "-- $platform $name"
    # shellcheck disable=SC2086
    if ! timeout 120 $runner "$out/program" >"$out/output" 2>&1 </dev/null || ! grep -q -x PASS "$out/output"; then
        failures=$((failures + 1))
    fi
    cat "$out/output"
    if [ "$name" = exact ] && [ "$platform" != host ]; then
        host=$(host_bits) || host="no answer"
        grep -q -x "$host" "$out/output" || { echo "$name: the host has $host"; failures=$((failures + 1)); }
    fi
done <"$work/models"
[ "$failures" = 0 ] || { echo "$failures models fail on $platform"; exit 1; }
