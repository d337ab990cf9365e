#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# traffic.sh STEPC SOURCES WORK: the step z = 0; 100 times z = a*cos(z+i) + z*sin(b-i) on vectors, and its gradient,
# move no more than their feeds and fetches through main memory, within 10 %: what `stepc compile --json` says, and what
# the emitted C does with its loads and stores counted (traffic.c). A step of one element is measured as 4096 steps in a
# row, each on an element of its own: alone it takes three cache lines for 12 bytes, as many as the records of pointers
# it is called with. Faults planted in the emitted C show that the count sees them: reading a feed once more, storing a
# fetch twice.
set -u
stepc=$1 sources=$2 work=$3
here=$sources/tests/bench
rm -rf "$work"
mkdir -p "$work" || exit 5
failed=0

fail() { echo "FAILED: $*"; failed=1; }

# write_graph N: text of the forward graph.
write_graph() {
    awk -v n="$1" '
        function node(name, op, inputs, attributes,   parts, count, i) {
            printf "node { name: \"%s\" op: \"%s\"", name, op
            count = split(inputs, parts, " ")
            for (i = 1; i <= count; i++)
                printf " input: \"%s\"", parts[i]
            print attributes " }"
        }
        function binary(name, op, x, y) {
            node(name, op, x " " y, " attr { key: \"T\" value { type: DT_FLOAT } }")
        }
        function constant(name, value) {
            node(name, "Const", "", " attr { key: \"dtype\" value { type: DT_FLOAT } } attr { key: \"value\" value { " \
                 "tensor { dtype: DT_FLOAT tensor_shape { } float_val: " value " } } }")
        }
        function placeholder(name) {
            node(name, "Placeholder", "", " attr { key: \"dtype\" value { type: DT_FLOAT } } attr { key: \"shape\" " \
                 "value { shape { dim { size: " n " } } } }")
        }
        BEGIN {
            placeholder("a"); placeholder("b"); constant("z", 0)
            z = "z"
            for (i = 0; i < 100; i++) {
                constant("i_" i, i)
                binary("add_" i, "AddV2", z, "i_" i)
                node("cos_" i, "Cos", "add_" i, " attr { key: \"T\" value { type: DT_FLOAT } }")
                binary("left_" i, "Mul", "a", "cos_" i)
                binary("sub_" i, "Sub", "b", "i_" i)
                node("sin_" i, "Sin", "sub_" i, " attr { key: \"T\" value { type: DT_FLOAT } }")
                binary("right_" i, "Mul", z, "sin_" i)
                z = i < 99 ? "z_" i : "out"
                binary(z, "AddV2", "left_" i, "right_" i)
            }
            print "versions { producer: 21 }"
        }' </dev/null
}

# figure NAME: its value in the report of the step at hand.
figure() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" "$report"; }

# build SOURCE PROGRAM FLAGS: with its loads and stores counted.
build() {
    # shellcheck disable=SC2086
    "$cc" -std=c11 -O2 $3 -Dmemcpy=counted_memcpy -Dmemset=counted_memset -I"$sources/include" \
        -I"$work/$name" -c "$1" -o "$2.o" &&
        "$cc" "$2.o" "$work/traffic.o" -o "$2" -lm ||
        { fail "$name: the C compiler refuses"; return 1; }
}

# check NAME MODEL LOCAL_BYTES CACHE_BYTES STEPS BYTES option...
check() {
    name=$1 model=$2 local_bytes=$3 cache=$4 steps=$5 bytes=$6
    shift 6
    report=$work/$name.json
    echo "$name"
    "$stepc" compile "$model" "$@" --name traffic_step --isa generic --json -o "$work/$name/" >"$report" ||
        { fail "$name does not compile"; return; }
    [ "$(figure bytes_inputs_outputs)" = "$bytes" ] || fail "$name: inputs and outputs are $bytes bytes"
    [ "$(figure bytes_moved)" = "$bytes" ] || fail "$name: bytes_moved is $(figure bytes_moved), not $bytes"
    [ "$(figure groups)" = 1 ] || [ "$(figure groups) $(figure nests)" = "0 1" ] || fail "$name: not one loop"
    [ "$(figure local_bytes)" -le "$local_bytes" ] || fail "$name: local_bytes is $(figure local_bytes)"
    build "$work/$name/traffic_step.c" "$work/$name.run" "$counted" || return
    "$work/$name.run" "$cache" 110 "$steps" || fail "$name: traffic"
    [ "$steps" -gt 1 ] && [ -n "$each" ] || return
    build "$work/$name/traffic_step.c" "$work/$name.each" "$each" || return
    "$work/$name.each" "$cache" 110 "$steps" >"$work/$name.txt" ||
        { cat "$work/$name.txt"; fail "$name: each load and store"; }
}

# plant WHAT STATEMENT: the step checked last, with the statement before its work, must be refused for its traffic (1).
plant() {
    sed "s|^    traffic_step_part0(|    for (int i = 0; i < $n; i++)\n        $2\n&|" "$work/$name/traffic_step.c" \
        >"$work/planted.c"
    cmp -s "$work/$name/traffic_step.c" "$work/planted.c" && { fail "$name: no place to plant \"$1\""; return; }
    build "$work/planted.c" "$work/planted.run" "$each" || return
    "$work/planted.run" "$cache" 110 "$steps" >"$work/planted.txt"
    [ $? = 1 ] || fail "$name: $1 is not seen"
}

# What is asked of the compiler: a call at each load and store, and nothing else.
printf 'float f(const float *p);\nfloat f(const float *p)\n{\n    return *p;\n}\n' >"$work/probe.c"
counted=
for cc in "${CC:-cc}" gcc clang; do
    for flags in "--param asan-instrumentation-with-call-threshold=0 --param asan-stack=0 --param asan-globals=0" \
        "-mllvm -asan-instrumentation-with-call-threshold=0 -mllvm -asan-stack=0 -mllvm -asan-globals=0"; do
        # shellcheck disable=SC2086
        if [ -z "$counted" ] && "$cc" -O2 -fsanitize=kernel-address $flags -S "$work/probe.c" -o "$work/probe.s" \
            2>/dev/null && grep -q __asan_load4_noabort "$work/probe.s"; then
            counted="-fsanitize=kernel-address $flags" chosen=$cc
        fi
    done
done
if [ -z "$counted" ]; then
    echo "skipped: no C compiler that can count loads and stores"
    exit 77
fi
cc=$chosen
# Repeated loads from one address too, for steps of few elements; constants are left out.
each=
for flags in "-fsanitize=thread -mllvm -tsan-instrument-read-before-write" "-fsanitize=thread"; do
    # shellcheck disable=SC2086
    if [ -z "$each" ] && "$cc" -O2 $flags -S "$work/probe.c" -o "$work/probe.s" 2>/dev/null &&
        grep -q __tsan_read4 "$work/probe.s"; then
        each=$flags
    fi
done
[ -n "$each" ] || echo "left out: that a step of one element loads each input by one instruction ($cc cannot count)"
"$cc" -std=c11 -O2 -I"$sources/include" -c "$here/traffic.c" -o "$work/traffic.o" || exit 5

for n in 1 4096 1048576; do
    write_graph $n >"$work/forward_$n.pbtxt"
    if [ $n = 1 ]; then steps=4096; else steps=1; fi
    check forward_$n "$work/forward_$n.pbtxt" 16384 32768 $steps $((n * 12)) --feed a:0 --feed b:0 --fetch out:0
    [ $n -le 4096 ] && [ -n "$each" ] || continue
    plant "reading a feed once more" "(void)((const volatile float *)feeds->a)[i];"
    plant "storing a fetch twice" "((volatile float *)fetches->out)[i] = 0.0f;"
done
# The counter sees: the same step in a cache smaller than its strip moves more.
"$work/forward_4096.run" 1024 110 >"$work/small" && fail "a cache of 1 KB cannot be enough"

gradient=$work/gradient/model.pb
python3 "$sources/tests/data/seed/resize.py" "$sources/tests/data/seed/trig100_grad_n64/model.pb" 64 4096 \
    "$work/gradient" >"$work/resize.log" 2>&1
if [ -f "$gradient" ]; then
    check gradient_4096 "$gradient" 262144 524288 1 81920 --feed a:0 --feed b:0 --fetch add_199:0 \
        --fetch gradients/AddN_99:0 --fetch gradients/AddN_100:0
else
    echo "the gradient is left out: resize.py needs python3"
fi
[ $failed = 0 ] && echo "all hold"
exit $failed
