#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# loops.sh BUILD LAB: what fused loops reach. Networks of a lab beside its peers (run.sh), each with the ratios of the
# peers' minima to ours, then sums and transposes beside the memory's own speed (memory_bench). Environment as for
# run.sh; NETS names other networks.
set -u
if [ $# -ne 2 ]; then
    sed -n '3,5s/^# //p' "$0" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
nets=${NETS:-trig100_n1 trig100_n4096 chain_n64 chain_1m blackscholes_1m softmax_layernorm trig100_n1m}

# shellcheck disable=SC2086 # one word each
sh "$here/run.sh" "$1" "$2" $nets | awk '
    function flush(  i) {
        for (i = 1; i <= count && (handc || ort); i++)
            printf "  %-24s %s %s\n", name[i], handc ? sprintf("hand-fused C / ours %.2f", handc / ours[i]) : "",
                   ort ? sprintf("onnxruntime / ours %.2f", ort / ours[i]) : ""
        count = handc = ort = 0
    }
    { print }
    /^compiled, / { count++; ours[count] = $4; name[count] = $2 " " $3 }
    /^hand-fused C/ { handc = $3 }
    /^onnxruntime/ { ort = $2 }
    /^$/ { flush() }
    END { flush() }'
builds=
for b in ${BUILDS:-host:gcc host:clang avx2:gcc avx2:clang}; do builds="$builds --build $b"; done
echo
# shellcheck disable=SC2086
"$1/bin/memory_bench" $builds --rounds "${ROUNDS:-5}"
