#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# quickstart.sh STEPC CC REPOSITORY WORK: the steps of samples/quickstart/run.sh without installing and building stepc.
set -eu
stepc=$1 cc=$2 top=$3 work=$4
here=$top/samples/quickstart
rm -rf "$work"
mkdir -p "$work"
cd "$here"
set -f
signature='--feed images@X:0=float32[n<=8,784] --fetch scores@output:0 --name read_digits'
# shellcheck disable=SC2086
"$stepc" compile model.pb $signature -o "$work/"
# shellcheck disable=SC2086
for cases in cases/digits cases/000; do
    "$stepc" compare model.pb $signature --case $cases --against reference
done
set +f
"$cc" -std=c11 -O2 -ffp-contract=off -Wall -Wextra -Werror -I"$work" -Wa,-I,"$work" main.c "$work/read_digits.c" -o "$work/program"
"$work/program" digits/0.txt digits/1.txt digits/2.txt digits/3.txt digits/4.txt digits/7.txt >"$work/output"
cat "$work/output"
sed 's/.*is a \([0-9]\).*/\1/' "$work/output" | tr '\n' ' ' >"$work/read"
[ "$(cat "$work/read")" = "0 1 2 3 4 7 " ] || { echo "FAIL: the digits are read as $(cat "$work/read")"; exit 1; }
echo PASS
