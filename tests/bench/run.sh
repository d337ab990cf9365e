#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh BUILD [LAB [NET...]]: what a call of a scalar step costs, and then times of networks of a lab (nets/NET.pb,
# nets/NET.meta, build/handc/NET.so, build/ort_c), with BUILD/bin/bench. Environment: BUILDS (default "host:gcc
# host:clang avx2:gcc avx2:clang"), ROUNDS, MS, ONNXRUNTIME (its library).
set -u
if [ $# -lt 1 ]; then
    sed -n '3,5s/^# //p' "$0" >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
build=$(cd "$1" && pwd) || exit 2
builds=
for b in ${BUILDS:-host:gcc host:clang avx2:gcc avx2:clang}; do builds="$builds --build $b"; done

# shellcheck disable=SC2086 # one word each
"$build/bin/bench" "$here/scalar.pbtxt" --feed x:0 --fetch y:0 $builds --net 'scalar x * 2' --rounds "${ROUNDS:-5}" \
    --ms "${MS:-100}" || exit 1
[ $# -gt 1 ] || exit 0
lab=$(cd "$2" && pwd) || exit 2
shift 2
[ $# -gt 0 ] || set -- trig100_n1 trig100_n4096 trig100_n1m chain_n64 chain_1m mlp_b1 mlp_b64 autoencoder
ort=${ONNXRUNTIME:-$(find "$lab/js/node_modules" -name 'libonnxruntime.so.1' -path '*x64*' 2>/dev/null | head -1)}
for net; do
    echo
    arguments=$builds peer=
    [ -f "$lab/nets/$net.meta" ] || { echo "run.sh: no network $net in $lab/nets" >&2; continue; }
    while read -r kind name file rest; do
        case $kind in
        in) arguments="$arguments --feed $name:0=$lab/nets/$file" ;;
        out) arguments="$arguments --fetch $name:0" ;;
        esac
    done <"$lab/nets/$net.meta"
    [ -f "$lab/build/handc/$net.so" ] && arguments="$arguments --handc $lab/build/handc/$net.so"
    [ -n "$ort" ] && [ -x "$lab/build/ort_c" ] && peer="onnxruntime=cd '$lab' && exec build/ort_c '$ort' 1 2>/dev/null"
    case $net in *_n1m) arguments="$arguments --no-interpreted" ;; esac # minutes
    # shellcheck disable=SC2086
    OMP_NUM_THREADS=1 "$build/bin/bench" "$lab/nets/$net.pb" $arguments --net "$net" --rounds "${ROUNDS:-5}" \
        --ms "${MS:-100}" ${peer:+--lab "$peer"} || echo "$net: no figures"
done
